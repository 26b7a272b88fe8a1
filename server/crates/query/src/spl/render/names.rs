//! How SPL writes names and values: it reads the same word differently in a search, in an expression and in a list of fields.

use crate::plan::Literal;

/// A field in a list (`by`, `table`, `sort`) or before an operator of a search.
pub(super) fn field(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':');
    if !name.is_empty() && name.chars().all(plain) && !is_word(name) { name.to_owned() } else { text(name) }
}

/// Fields that every event is indexed with; a data model gives them no name of its own.
const INDEXED: [&str; 6] = ["_time", "host", "source", "sourcetype", "index", "splunk_server"];

/// A field as a data model calls it: after the dataset that brought it. Without one it is called as it is.
pub(super) fn of_model(name: &str, dataset: &str) -> String {
    if dataset.is_empty() || name.contains('.') || INDEXED.contains(&name) {
        name.to_owned()
    } else {
        format!("{dataset}.{name}")
    }
}

/// A field in an expression, where a dot joins texts and a hyphen subtracts.
pub(super) fn operand(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins && name.chars().all(plain) && !is_word(name) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', ""))
    }
}

/// Text in quotes.
pub(super) fn text(text: &str) -> String {
    // A NUL cannot stand in a search.
    format!("\"{}\"", text.replace('\0', "").replace('\\', "\\\\").replace('"', "\\\""))
}

/// A value after an operator of a search: in quotes only where it must.
pub(super) fn word(value: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '-' | '/' | '*' | '%' | '@' | '+');
    if !value.is_empty() && value.chars().all(plain) && !is_word(value) { value.to_owned() } else { text(value) }
}

/// A literal in an expression.
pub(super) fn literal(literal: &Literal) -> String {
    match literal {
        Literal::Text(value) => text(value),
        Literal::Number(digits) => digits.clone(),
        Literal::Boolean(truth) => text(if *truth { "true" } else { "false" }),
    }
}

/// A literal as it stands in the events.
pub(super) fn bare(literal: &Literal) -> String {
    match literal {
        Literal::Text(value) | Literal::Number(value) => value.clone(),
        Literal::Boolean(truth) => truth.to_string(),
    }
}

/// A name that needs no quotes anywhere, made of words of another.
pub(super) fn simple(name: &str) -> String {
    let mut out = String::new();
    for ch in name.chars() {
        if ch.is_ascii_alphanumeric() {
            out.push(ch.to_ascii_lowercase());
        } else if !out.ends_with('_') {
            out.push('_');
        }
    }
    let out = out.trim_matches('_').to_owned();
    if out.is_empty() || out.starts_with(|c: char| c.is_ascii_digit()) || is_word(&out) {
        format!("value_{out}").trim_end_matches('_').to_owned()
    } else {
        out
    }
}

/// Words of the language itself.
fn is_word(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "and",
        "or",
        "not",
        "in",
        "by",
        "as",
        "where",
        "xor",
        "like",
        "over",
        "output",
        "outputnew",
        "true",
        "false",
        "null",
    ];
    WORDS.iter().any(|word| name.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_stand_only_where_they_must() {
        assert_eq!(field("request.region"), "request.region");
        assert_eq!(field("user name"), r#""user name""#);
        assert_eq!(field("by"), r#""by""#);
        assert_eq!(operand("request.region"), "'request.region'");
        assert_eq!(operand("uri_path"), "uri_path");
        assert_eq!(operand("9to5"), "'9to5'");
        assert_eq!(word("10.1.0.12"), "10.1.0.12");
        assert_eq!(word("a \"b\" \\c"), r#""a \"b\" \\c""#);
        assert_eq!(word("OR"), r#""OR""#);
        assert_eq!(word(""), r#""""#);
        assert_eq!(simple("WinEventLog:Security"), "wineventlog_security");
        assert_eq!(simple("95"), "value_95");
    }
}
