//! What a field of an event holds.

use std::cmp::Ordering;

/// A value. What comes out of events is text, also where it looks like a number.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Value {
    #[default]
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    /// Several values.
    Many(Vec<String>),
}

impl Value {
    pub(crate) fn text_of(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// One value, several, or none.
    pub(crate) fn many(mut values: Vec<String>) -> Self {
        match values.len() {
            0 => Self::Null,
            1 => Self::Text(values.remove(0)),
            _ => Self::Many(values),
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        *self == Value::Null
    }

    /// As results show it; several values are lines.
    pub(crate) fn text(&self) -> String {
        match self {
            Value::Null => String::new(),
            Value::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
            Value::Number(number) => number_text(*number),
            Value::Text(text) => text.clone(),
            Value::Many(values) => values.join("\n"),
        }
    }

    /// Its values, one by one.
    pub(crate) fn each(&self) -> Vec<String> {
        match self {
            Value::Null => Vec::new(),
            Value::Many(values) => values.clone(),
            one => vec![one.text()],
        }
    }

    /// Adds another value.
    pub(crate) fn push(&mut self, other: Value) {
        let mut values = self.each();
        values.extend(other.each());
        *self = Value::many(values);
    }

    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Text(text) => number_of(text),
            _ => None,
        }
    }
}

/// A number as text, whole ones without a fraction.
pub(crate) fn number_text(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    if number.fract() == 0.0 && number.abs() < 1e15 { format!("{number:.0}") } else { format!("{number}") }
}

/// A text that is a number as a whole.
pub(crate) fn number_of(text: &str) -> Option<f64> {
    let text = text.trim();
    let starts = text.trim_start_matches(['-', '+']).starts_with(|c: char| c.is_ascii_digit() || c == '.');
    text.parse::<f64>().ok().filter(|number| starts && number.is_finite())
}

/// Numbers by size before texts by characters.
pub(crate) fn order(a: &str, b: &str) -> Ordering {
    match (number_of(a), number_of(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

/// Whether a text fits a pattern in which `*` stands for anything; without regard to case where that is asked for.
pub(crate) fn fits(pattern: &str, text: &str, any_case: bool) -> bool {
    let fold = |text: &str| if any_case { text.to_lowercase() } else { text.to_owned() };
    let (pattern, text) = (fold(pattern), fold(text));
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_stand_for_anything() {
        for (pattern, text, fit) in [
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "abcd", false),
            ("*b*", "abc", true),
            ("A", "a", true),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(fits(pattern, text, true), fit, "{pattern} {text}");
        }
        assert!(!fits("A", "a", false));
    }

    #[test]
    fn numbers_are_written_short_and_sorted_by_size() {
        assert_eq!([3.0, 2.5, -0.0, 1e16].map(number_text), ["3", "2.5", "0", "10000000000000000"]);
        assert_eq!(order("9", "10"), Ordering::Less);
        assert_eq!(order("9", "x"), Ordering::Less);
    }
}
