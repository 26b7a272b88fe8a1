use nlq_catalog::Dialect;
use nlq_text::Span;

use super::{
    parse,
    segments::filtered_token,
    statements,
    tree::{Body, Command, Search, Value},
    vocabulary::{command, denied},
};
use crate::{ReadOnlyQuery, Refusal};

/// Passes a text that is exactly one search of documented commands that only read, also in its subsearches. A macro may hold any
/// command, so a search is passed only after [`expand`](super::expand) has put in its text.
pub(crate) fn guard(text: &str, dialect: Dialect) -> Result<ReadOnlyQuery, Refusal> {
    let whole = Span::new(0, text.len());
    let span = match statements(text).as_slice() {
        [] => return Err(Refusal::new(whole, "syntax", "there is no search: write one")),
        [one] => *one,
        [_, second, ..] => {
            let message = "nlq runs one search at a time: remove this one";
            return Err(Refusal::new(*second, "several-statements", message));
        }
    };
    let search = span.of(text);
    if let Some(at) = search.find(|c: char| c.is_control() && !c.is_ascii_whitespace()) {
        let message = "the search holds an invisible character: remove it";
        return Err(Refusal::new(Span::new(span.start + at, span.start + at + 1), "syntax", message));
    }
    doubtful(search)
        .or_else(|| refusal(&parse(search)))
        .map_or(Ok(()), |refusal| Err(Refusal { span: refusal.span.shift(span.start), ..refusal }))?;
    Ok(ReadOnlyQuery::new(search, dialect))
}

/// What Splunk might read otherwise than nlq does: where one sees a character, the other could see the start of a command.
fn doubtful(search: &str) -> Option<Refusal> {
    let mut at = 0;
    while at < search.len() {
        let rest = &search[at..];
        let end = if let Some(inner) = rest.strip_prefix("```") {
            inner.find("```").map_or(rest.len(), |end| end + 6)
        } else if rest.starts_with('"') {
            // Splunk puts the text of macros also into strings, and it may end them.
            let end = string_end(rest);
            if let Some(tick) = rest[..end].find('`') {
                let message = "a macro in a string may hold any command: write its text in its place";
                return Some(Refusal::new(Span::new(at + tick, at + tick + 1), "denied-command", message));
            }
            end
        } else {
            let escape = rest.starts_with('\\') && rest.trim_start_matches('\\').starts_with(['"', '|']);
            let note =
                rest.strip_prefix("--").is_some_and(|rest| rest.trim_start_matches([' ', '\t']).starts_with("nlq"));
            if escape || note || filtered_token(rest).is_some() {
                let message =
                    "this cannot be read without doubt: write it without the escape, the filter or the comment";
                return Some(Refusal::new(Span::new(at, at + 1), "denied-syntax", message));
            }
            rest.chars().next().map_or(1, char::len_utf8)
        };
        at += end;
    }
    None
}

/// The length of the string that starts a text.
fn string_end(rest: &str) -> usize {
    let mut bytes = rest.bytes().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn refusal(search: &Search) -> Option<Refusal> {
    if let Some(error) = search.errors.first() {
        return Some(Refusal::new(error.span, "syntax", error.message.clone()));
    }
    if let Some(call) = search.macros.first() {
        let message = format!("macro `{}` may hold any command: write its text in its place", call.name.text);
        return Some(Refusal::new(call.span, "denied-command", message));
    }
    search.pipeline.all_commands().into_iter().find_map(refused)
}

/// Why a command is not run.
pub(super) fn refused(one: &Command) -> Option<Refusal> {
    let name = one.name.text.as_str();
    if let Some(reason) = denied(name) {
        let message = format!("nlq does not run `{name}`, which {reason}");
        return Some(Refusal::new(one.name.span, "denied-command", message));
    }
    if command(name).is_none() && !matches!(one.body, Body::Macro { .. }) {
        let message = format!("nlq does not run `{name}`, of which it is not known that it only reads");
        return Some(Refusal::new(one.name.span, "denied-command", message));
    }
    // What these name is a search of its own, whose text is not here.
    let named = |text: &str| text.to_ascii_lowercase().starts_with("savedsearch:");
    let dataset = matches!(name, "from" | "union" | "multisearch").then(|| words(one)).unwrap_or_default();
    let saved = dataset.iter().any(|word| named(word)) || saved_search(one);
    saved.then(|| {
        let message = "nlq does not run a saved search, which may hold any command: write its text in its place";
        Refusal::new(one.span, "denied-command", message)
    })
}

/// `search savedsearch=..` runs a saved search too.
fn saved_search(one: &Command) -> bool {
    let Body::Search(Some(term)) = &one.body else { return false };
    !super::references::demanded(term, "savedsearch").is_empty()
        || !super::references::demanded(term, "savedsplunk").is_empty()
}

fn words(one: &Command) -> Vec<String> {
    let listed = match &one.body {
        Body::Combine { words, .. } => words.iter().map(|name| name.text.clone()).collect(),
        _ => one.words().map(|name| name.text.clone()).collect::<Vec<_>>(),
    };
    let values = one.options.iter().filter_map(|setting| match &setting.value {
        Value::Literal(literal) => Some(literal.text.clone()),
        _ => None,
    });
    listed.into_iter().chain(values).collect()
}
