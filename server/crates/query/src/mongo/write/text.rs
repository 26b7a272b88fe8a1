//! Values as text: one line where it fits, else one entry a line.

use std::fmt::Write as _;

/// Columns of a line at most.
const WIDTH: usize = 100;

/// A value to write.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Out {
    /// A document.
    Doc(Vec<(String, Out)>),
    /// An array.
    Array(Vec<Out>),
    /// Text as it stands: a number, a quoted string, a constructor.
    Bare(String),
}

impl Out {
    /// A document of one key.
    pub(super) fn one(key: impl Into<String>, value: Out) -> Self {
        Out::Doc(vec![(key.into(), value)])
    }

    /// A quoted text.
    pub(super) fn text(text: &str) -> Self {
        Out::Bare(quoted(text))
    }

    /// A field of the document as an expression names it.
    pub(super) fn field(path: &str) -> Self {
        Out::text(&format!("${path}"))
    }

    /// A whole number, `null`, ...
    pub(super) fn bare(what: impl ToString) -> Self {
        Out::Bare(what.to_string())
    }

    /// On one line.
    pub(super) fn line(&self) -> String {
        match self {
            Out::Bare(text) => text.clone(),
            Out::Array(items) => {
                format!("[{}]", items.iter().map(Out::line).collect::<Vec<_>>().join(", "))
            }
            Out::Doc(entries) if entries.is_empty() => "{}".to_owned(),
            Out::Doc(entries) => {
                let entries: Vec<String> =
                    entries.iter().map(|(name, value)| format!("{}: {}", key(name), value.line())).collect();
                format!("{{ {} }}", entries.join(", "))
            }
        }
    }

    /// On as many lines as it takes, from a column on with so much indentation.
    pub(super) fn pretty(&self, indent: usize, column: usize) -> String {
        let line = self.line();
        if column + line.chars().count() <= WIDTH {
            return line;
        }
        let inner = " ".repeat(indent + 2);
        let mut out = String::new();
        match self {
            Out::Bare(text) => out.push_str(text),
            Out::Array(items) => {
                out.push_str("[\n");
                for (at, item) in items.iter().enumerate() {
                    let comma = if at + 1 < items.len() { "," } else { "" };
                    let _ = writeln!(out, "{inner}{}{comma}", item.pretty(indent + 2, indent + 3));
                }
                let _ = write!(out, "{}]", " ".repeat(indent));
            }
            Out::Doc(entries) => {
                out.push_str("{\n");
                for (at, (name, value)) in entries.iter().enumerate() {
                    let (name, comma) = (key(name), if at + 1 < entries.len() { "," } else { "" });
                    let text = value.pretty(indent + 2, indent + 5 + name.chars().count());
                    let _ = writeln!(out, "{inner}{name}: {text}{comma}");
                }
                let _ = write!(out, "{}}}", " ".repeat(indent));
            }
        }
        out
    }
}

/// A key, in quotes only where it must be.
fn key(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$'))
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty();
    if plain { name.to_owned() } else { quoted(name) }
}

/// A text in single quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("'");
    for c in text.chars() {
        match c {
            '\'' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// The beginning of a query: `db.orders`.
pub(super) fn collection(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name.starts_with(|c: char| c.is_ascii_alphabetic());
    if plain { format!("db.{name}") } else { format!("db.getCollection({})", quoted(name)) }
}
