//! What is text before a search is parsed: macros, and subsearches, which become the filter that their results spell.

use super::{Fatal, Results, Row, Search, pipeline};
use crate::{
    objects,
    tree::{self, Part},
    value::Value,
};

/// Deeper macros are taken to call themselves.
const DEPTH: usize = 20;
/// Results of a subsearch at most, as limits.conf has it.
pub(super) const SUBSEARCH_ROWS: usize = 10_000;

/// Puts the text of macros in the place of their calls.
pub(crate) fn macros(text: &str) -> Result<String, Fatal> {
    let mut text = text.to_owned();
    for _ in 0..DEPTH {
        let Some((start, end)) = call(&text) else { return Ok(text) };
        let inside = text[start + 1..end].trim();
        let (name, arguments) = match inside.split_once('(') {
            Some((name, rest)) => (name.trim(), split(rest.strip_suffix(')').unwrap_or(rest))),
            None => (inside, Vec::new()),
        };
        if name == "comment" {
            text.replace_range(start..=end, "");
            continue;
        }
        let found = objects::MACROS.iter().find(|m| m.name == name && m.arguments.len() == arguments.len());
        let Some(found) = found else {
            let shown = if arguments.is_empty() { name.to_owned() } else { format!("{name}({})", arguments.len()) };
            return Err(Fatal::new(format!(
                "Error in 'SearchParser': The search specifies a macro '{shown}' that cannot be found. Reasons include: \
                 the macro name is misspelled, you do not have \"read\" permission for the macro, or the macro has not \
                 been shared with this application. Click Settings, Advanced search, Search Macros to view macro \
                 information."
            )));
        };
        let mut body = found.definition.to_owned();
        for (name, argument) in found.arguments.iter().zip(arguments) {
            body = body.replace(&format!("${name}$"), &tree::unquoted(argument.trim()));
        }
        text.replace_range(start..=end, &body);
    }
    Err(Fatal::new("Error in 'SearchParser': Reached maximum recursion depth while expanding macros."))
}

/// Where a macro is called; not within a comment of three backticks or within quotes.
fn call(text: &str) -> Option<(usize, usize)> {
    let mut at = 0;
    let mut quoted = false;
    while at < text.len() {
        let rest = &text[at..];
        if quoted || !rest.starts_with('`') {
            let escaped = rest.starts_with('\\') && rest.len() > 1;
            quoted ^= rest.starts_with('"');
            at += rest.chars().take(if escaped { 2 } else { 1 }).map(char::len_utf8).sum::<usize>();
        } else if let Some(comment) = rest.strip_prefix("```") {
            at += 6 + comment.find("```")?;
        } else {
            return rest[1..].find('`').map(|end| (at, at + 1 + end));
        }
    }
    None
}

fn split(arguments: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut quoted, mut depth) = (false, 0);
    for c in arguments.chars() {
        match c {
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts
}

/// Commands whose subsearch is a search of its own and no text.
const KEEP: [&str; 7] = ["append", "appendcols", "join", "appendpipe", "union", "multisearch", "set"];

/// Runs the subsearches that stand for text and puts that text in their place.
pub(super) fn subsearches(search: &Search<'_>, text: &str) -> Result<String, Fatal> {
    let parsed = tree::parse(text)?;
    let mut text = text.to_owned();
    for part in parsed.root().outermost("subsearch").into_iter().rev() {
        if part.owner().is_some_and(|owner| KEEP.contains(&owner.command().as_str())) {
            continue;
        }
        let found = subsearch(search, part)?;
        let formatted =
            if found.fields.first().is_some_and(|field| field == "search") { found } else { format(&found) };
        let row = formatted.rows.first().and_then(|row| row.get("search"));
        text.replace_range(part.range(), &row.map(Value::text).unwrap_or_default());
    }
    Ok(text)
}

/// Runs what stands between brackets.
pub(super) fn subsearch(search: &Search<'_>, part: Part<'_>) -> Result<Results, Fatal> {
    let inner = part.text().trim_start_matches('[').trim_end_matches(']').trim();
    // A search within brackets names its first command; one that starts with a filter is the macro's.
    let inner = subsearches(search, inner.strip_prefix("search ").unwrap_or(inner))?;
    let inner = if inner.starts_with('|') || !starts_with_command(&inner) { inner } else { format!("| {inner}") };
    let parsed = tree::parse(&inner)?;
    let mut results = pipeline(search, &parsed.commands()?, Results::default())?;
    results.rows.truncate(SUBSEARCH_ROWS);
    Ok(results)
}

fn starts_with_command(text: &str) -> bool {
    let word = text.split_whitespace().next().unwrap_or_default();
    super::GENERATING.contains(&word) && word != "search"
}

/// `format`: results as a filter.
pub(super) fn format(from: &Results) -> Results {
    let names = from.shown();
    let of_row = |row: &Row| {
        let pairs = names.iter().filter(|name| !name.starts_with('_')).filter_map(|name| {
            let values = row.get(name)?.each();
            let parts: Vec<String> = values.iter().map(|value| format!("{name}={}", quoted(value))).collect();
            match parts.len() {
                0 => None,
                1 => Some(parts[0].clone()),
                _ => Some(format!("( {} )", parts.join(" OR "))),
            }
        });
        let pairs: Vec<String> = pairs.collect();
        (!pairs.is_empty()).then(|| format!("( {} )", pairs.join(" AND ")))
    };
    let rows: Vec<String> = from.rows.iter().filter_map(of_row).collect();
    let text = if rows.is_empty() { "NOT ()".to_owned() } else { format!("( {} )", rows.join(" OR ")) };
    one("search", text)
}

/// `return`: the first results as a filter, or as bare values.
pub(super) fn returned(part: Part<'_>, from: Results) -> Result<Results, Fatal> {
    let words: Vec<Part<'_>> = part.fields("argument");
    let mut count = 1;
    let mut rows = Vec::new();
    let mut wanted = Vec::new();
    for word in &words {
        let text = word.text();
        match text.parse() {
            Ok(number) => count = number,
            Err(_) => wanted.push(text.to_owned()),
        }
    }
    if wanted.is_empty() {
        return Err(Fatal::of("return", "No fields are specified."));
    }
    for row in from.rows.iter().take(count) {
        let parts: Vec<String> = wanted
            .iter()
            .filter_map(|name| {
                let bare = name.strip_prefix('$');
                let value = row.get(bare.unwrap_or(name))?.text();
                Some(if bare.is_some() { value } else { format!("{name}={}", quoted(&value)) })
            })
            .collect();
        let bare = wanted.iter().all(|name| name.starts_with('$'));
        rows.push(if bare { parts.join(" ") } else { format!("({})", parts.join(" ")) });
    }
    Ok(one("search", rows.join(" OR ")))
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

fn one(field: &str, value: String) -> Results {
    Results::table(vec![field.to_owned()], vec![Row::from([(field.to_owned(), Value::Text(value))])])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_become_their_text() {
        let expanded = macros("index=app `slow(500)` \"`kept`\" ```a `comment` ```").unwrap();
        assert_eq!(expanded, "index=app duration_ms>500 \"`kept`\" ```a `comment` ```");
        let error = macros("`nosuch(1, 2)`").unwrap_err().0;
        assert!(error.contains("a macro 'nosuch(2)' that cannot be found"), "{error}");
    }
}
