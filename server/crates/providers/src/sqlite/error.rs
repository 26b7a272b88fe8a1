use std::path::Path;

use nlq_text::Span;

use crate::{ProblemKind, ProviderError};

/// SQLite's error as one sentence, with the place in `sql` where its words name one.
pub(super) fn of(error: sqlx::Error, path: &Path, sql: &str) -> ProviderError {
    let path = path.display();
    let sqlx::Error::Database(error) = error else {
        return ProviderError::new(ProblemKind::Connection, format!("cannot use the SQLite file {path}: {error}"));
    };
    let code: i64 = error.code().and_then(|code| code.parse().ok()).unwrap_or(1);
    let message = error.message();
    // The low byte is the primary result code: https://sqlite.org/rescode.html
    let (kind, message) = match code & 0xff {
        1 => (of_message(message), message.to_owned()),
        3 | 23 => (ProblemKind::Permission, format!("SQLite refuses it: {message}")),
        5 | 6 => (
            ProblemKind::Timeout,
            format!("{path} is locked by another program ({message}): try again when it is done"),
        ),
        // Extended codes: a journal or log that only a writer may recover.
        7 | 18 => (ProblemKind::Data, "the query makes texts or blobs that need too much memory: narrow it".to_owned()),
        8 if code != 8 => (
            ProblemKind::Connection,
            format!("{path} was left in the middle of a write ({message}): open it once with the program that owns it"),
        ),
        8 => (ProblemKind::Permission, format!("the query would write, and {path} is opened for reading only")),
        9 => (
            ProblemKind::Timeout,
            "the query took longer than the timeout: narrow it, or raise `execution_timeout` in nlq.yaml".to_owned(),
        ),
        11 => (ProblemKind::Data, format!("{path} is damaged ({message}): restore it from a backup")),
        14 => (
            ProblemKind::Connection,
            format!(
                "cannot open {path} ({message}): check `path` in nlq.yaml and the rights of the file and its folder"
            ),
        ),
        26 => (
            ProblemKind::Connection,
            format!("{path} is not a SQLite database (or is encrypted): check `path` in nlq.yaml"),
        ),
        _ => (ProblemKind::Data, message.to_owned()),
    };
    let span = span_of(&message, sql);
    ProviderError::new(kind, message).at(span)
}

fn of_message(message: &str) -> ProblemKind {
    const SCHEMA: [&str; 6] = [
        "no such ",
        "ambiguous column",
        "misuse of",
        "wrong number of arguments",
        "cannot join using column",
        "has no column",
    ];
    const SYNTAX: [&str; 8] = [
        "syntax error",
        "unrecognized token",
        "incomplete input",
        "GROUP BY",
        "ORDER BY",
        "HAVING",
        "same number of result columns",
        "sub-select returns",
    ];
    if SCHEMA.iter().any(|part| message.contains(part)) {
        ProblemKind::Schema
    } else if SYNTAX.iter().any(|part| message.contains(part)) {
        ProblemKind::Syntax
    } else {
        ProblemKind::Data
    }
}

/// Where the identifier or token that the message names stands in the query, when it stands there as a whole word.
///
/// SQLite gives names after the message's last colon (`no such column: o.total`) and tokens in quotes
/// (`near "FORM": syntax error`).
fn span_of(message: &str, sql: &str) -> Option<Span> {
    if let Some(rest) = message.strip_prefix("near \"") {
        let token = rest.rsplit_once('"')?.0;
        // The parser stops at the last token it read; a repeated token is most likely the later one of two.
        return find_word(sql, token);
    }
    if message == "incomplete input" {
        let end = sql.trim_end().len();
        return Some(Span::at(end));
    }
    let name = message
        .split_once("function ")
        .map(|(_, rest)| rest.trim_end_matches("()"))
        .or_else(|| message.rsplit_once(": ").map(|(_, name)| name))?
        .split(" - should this be")
        .next()?
        .trim_matches(['"', '\'']);
    find_word(sql, name)
        .or_else(|| find_quoted(sql, name))
        // `no such table: main.users` may stand as `users`.
        .or_else(|| name.rsplit_once('.').and_then(|(_, last)| find_word(sql, last).or_else(|| find_quoted(sql, last))))
}

fn find_quoted(sql: &str, name: &str) -> Option<Span> {
    [('"', '"'), ('`', '`'), ('[', ']')].iter().find_map(|(open, close)| find(sql, &format!("{open}{name}{close}")))
}

/// The first place of `word`, without regard to ASCII case, that is not a part of a longer word or of a string.
fn find_word(sql: &str, word: &str) -> Option<Span> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let starts = word.starts_with(is_part);
    let ends = word.ends_with(is_part);
    matches(sql, word).find(|span| {
        let before = sql[..span.start].chars().next_back();
        let after = sql[span.end..].chars().next();
        let is_cut = starts && before.is_some_and(is_part) || ends && after.is_some_and(is_part);
        !is_cut && sql[..span.start].matches('\'').count().is_multiple_of(2)
    })
}

fn find(sql: &str, text: &str) -> Option<Span> {
    matches(sql, text).next()
}

fn matches<'a>(sql: &'a str, text: &'a str) -> impl Iterator<Item = Span> + 'a {
    let length = text.len();
    sql.char_indices()
        .filter(move |(start, _)| {
            length > 0 && sql.get(*start..start + length).is_some_and(|part| part.eq_ignore_ascii_case(text))
        })
        .map(move |(start, _)| Span::new(start, start + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_from_the_words_of_the_message() {
        for (message, sql, at) in [
            ("no such column: totl", "SELECT 'totl', subtotl, totl FROM t", Some("totl")),
            ("no such column: o.totl", "SELECT O.TOTL FROM orders o", Some("O.TOTL")),
            (
                "no such column: \"x y\" - should this be a string literal in single-quotes?",
                "SELECT \"x y\"",
                Some("x y"),
            ),
            ("no such table: main.users", "SELECT * FROM users", Some("users")),
            ("near \"FORM\": syntax error", "SELECT é FORM t", Some("FORM")),
            ("no such function: foo", "SELECT foo(1)", Some("foo")),
            ("wrong number of arguments to function abs()", "SELECT abs(1,2)", Some("abs")),
            ("incomplete input", "SELECT ( ", Some("")),
            ("no such column: gone", "SELECT 1", None),
        ] {
            assert_eq!(span_of(message, sql).map(|span| span.of(sql)), at, "{message}");
        }
    }
}
