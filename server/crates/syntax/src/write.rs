//! Edits that write into a document: answers and replies.

use nlq_text::{Edit, Span};

use crate::{
    Language, Prompt, Query, comment,
    found::Form,
    host::{self, Scope},
    layout::{indent, indentation, line_end, line_ending, unix},
    name, spl, sql,
};

/// A query as it is written: without the `;` and white space at its ends, `\n` between lines.
pub(crate) fn bare(query: &str) -> String {
    unix(query).trim().trim_end_matches(|c: char| c == ';' || c.is_whitespace()).to_owned()
}

/// Writes the answer of a prompt in a file of SQL, where a `;` ends it, or of SPL.
pub(crate) fn statement(
    text: &str,
    language: Language,
    prompt: &Prompt,
    existing: Option<(&Query, &Form)>,
    query: &str,
) -> Edit {
    let query = bare(query);
    let (lexed, terminator) =
        if language == Language::Spl { (spl::lex(&query, ""), "") } else { (sql::lex(&query, ""), ";") };
    let untouched = lexed.multi_line;
    let eol = line_ending(text);
    if let Some((answer, form)) = existing {
        let end = if matches!(form, Form::Statement { terminated: true }) { "" } else { terminator };
        // The first line keeps the indentation that it has.
        let margin = indentation(text, answer.span.start);
        let query = indent(&query, margin, &untouched);
        let query = query.strip_prefix(margin).unwrap_or(&query);
        return Edit { span: answer.span, text: format!("{query}{end}").replace('\n', eol) };
    }
    let query = indent(&query, indentation(text, prompt.span.start), &untouched);
    let place = line_end(text, prompt.span.end);
    let below = text[place..].trim_start_matches('\r').strip_prefix('\n').unwrap_or("");
    // A blank line keeps what follows apart.
    let gap = if below.lines().next().is_some_and(|line| !line.trim().is_empty()) { "\n" } else { "" };
    Edit { span: Span::at(place), text: format!("\n{query}{terminator}{gap}").replace('\n', eol) }
}

/// Declares the answer of a prompt in a host language.
pub(crate) fn declaration(text: &str, language: Language, scope: Scope, prompt: &Prompt, query: &str) -> Edit {
    let margin = indentation(text, prompt.span.start);
    let name = name::variable(&prompt.text, host::case(language, scope), text);
    let declared = host::declaration(language, scope, &name, &bare(query), margin);
    let place = line_end(text, prompt.span.end);
    Edit { span: Span::at(place), text: format!("\n{margin}{declared}").replace('\n', line_ending(text)) }
}

/// A reply as one more line of the comment in which a prompt stands.
pub(crate) fn comment_reply(text: &str, prompt: &Prompt, trigger: &str, reply: &str) -> Edit {
    let reply = reply.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = format!("{trigger}{} {reply}", comment::REPLY);
    let eol = line_ending(text);
    let question = prompt.map.pieces().last().map_or(prompt.span, |(_, outer)| *outer);
    let last = prompt.replies.iter().fold(question, |last, reply| last.to(reply.span));
    let comment = prompt.span.of(text);
    if comment::is_block(comment) {
        let margin = indentation(text, prompt.span.start);
        // A comment that would end inside the reply ends the prompt too early.
        let line = line.replace("*/", "* /").replace("]]", "] ]").replace("```", "` ` `");
        // A comment that is the argument of a macro ends with a quote.
        let line = if comment.starts_with('`') && !comment.starts_with("```") { line.replace('"', "'") } else { line };
        return Edit { span: Span::at(last.end), text: format!("{eol}{margin}   {line}") };
    }
    let margin = indentation(text, prompt.span.start);
    let marker: String = comment.chars().take_while(|c| "/#-!".contains(*c)).collect();
    Edit { span: Span::at(line_end(text, prompt.span.end)), text: format!("{eol}{margin}{marker} {line}") }
}
