//! JSON as people lay it out: what is short stays on one line.

use crate::dsl::json::quoted;

/// Longer lines are broken.
const WIDTH: usize = 100;

/// JSON that is written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Object(Vec<(String, Json)>),
    List(Vec<Json>),
    Text(String),
    /// A number, or true or false.
    Bare(String),
}

/// An object of one key.
pub(super) fn one(key: &str, value: Json) -> Json {
    Json::Object(vec![(key.to_owned(), value)])
}

/// An object.
pub(super) fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
    Json::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

pub(super) fn text(text: impl Into<String>) -> Json {
    Json::Text(text.into())
}

pub(super) fn number(number: u64) -> Json {
    Json::Bare(number.to_string())
}

impl Json {
    /// As it stands from a column on, with `after` characters behind it.
    pub(super) fn pretty(&self, indent: usize) -> String {
        let mut out = String::new();
        self.lay(indent, indent, &mut out);
        out
    }

    fn flat(&self) -> String {
        let join = |parts: Vec<String>, open: &str, close: &str| format!("{open}{}{close}", parts.join(", "));
        match self {
            Json::Object(members) if members.is_empty() => "{}".to_owned(),
            Json::Object(members) => join(
                members.iter().map(|(key, value)| format!("{}: {}", quoted(key), value.flat())).collect(),
                "{ ",
                " }",
            ),
            Json::List(elements) => join(elements.iter().map(Json::flat).collect(), "[", "]"),
            Json::Text(text) => quoted(text),
            Json::Bare(text) => text.clone(),
        }
    }

    /// How many objects and lists stand inside each other.
    fn depth(&self) -> usize {
        match self {
            Json::Object(members) => 1 + members.iter().map(|(_, value)| value.depth()).max().unwrap_or(0),
            Json::List(elements) => 1 + elements.iter().map(Json::depth).max().unwrap_or(0),
            _ => 0,
        }
    }

    fn lay(&self, indent: usize, column: usize, out: &mut String) {
        let flat = self.flat();
        if column + flat.len() < WIDTH && self.depth() < 4 && indent > 0 {
            out.push_str(&flat);
            return;
        }
        let inner = indent + 2;
        let line = |out: &mut String, at: usize| {
            out.push_str(if at > 0 { ",\n" } else { "\n" });
            out.push_str(&" ".repeat(inner));
        };
        match self {
            Json::Object(members) if !members.is_empty() => {
                out.push('{');
                for (at, (key, value)) in members.iter().enumerate() {
                    line(out, at);
                    let key = quoted(key);
                    out.push_str(&format!("{key}: "));
                    value.lay(inner, inner + key.len() + 2, out);
                }
                out.push_str(&format!("\n{}}}", " ".repeat(indent)));
            }
            Json::List(elements) if !elements.is_empty() => {
                out.push('[');
                for (at, element) in elements.iter().enumerate() {
                    line(out, at);
                    element.lay(inner, inner, out);
                }
                out.push_str(&format!("\n{}]", " ".repeat(indent)));
            }
            _ => out.push_str(&flat),
        }
    }
}
