use std::time::Duration;

use serde::Serialize;

/// What a run gave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rows {
    /// Columns in order.
    pub columns: Vec<ColumnHead>,
    /// Rows in order, each as long as `columns`.
    pub rows: Vec<Vec<Value>>,
    /// Set when there was more than the limits let through.
    pub truncated: Option<Truncated>,
    /// How long the system took.
    pub elapsed: Duration,
}

/// A result column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnHead {
    /// Its name.
    pub name: String,
    /// The system's type name; empty when it has none.
    #[serde(rename = "type")]
    pub type_name: String,
}

/// Which limit cut the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Truncated {
    /// The row limit.
    Rows,
    /// The byte limit.
    Bytes,
}

/// One cell. Whatever has no natural JSON form is readable text, exactly as the system's own client shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// NULL.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// An approximate number.
    Float(f64),
    /// Anything else.
    Text(String),
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Null => f.write_str("NULL"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Int(value) => write!(f, "{value}"),
            // As PostgreSQL writes them: with an exponent where digits alone would mislead.
            Value::Float(value) if *value != 0.0 && !(1e-4..1e15).contains(&value.abs()) => {
                let text = format!("{value:e}");
                let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |rest| ('-', rest));
                write!(f, "{digits}e{sign}{exponent:0>2}")
            }
            Value::Float(value) => write!(f, "{value}"),
            Value::Text(value) => f.write_str(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_as_in_postgresql() {
        for (number, text) in [
            (0.0, "0"),
            (1.5, "1.5"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (-2.5e-7, "-2.5e-07"),
            (123456789012345.0, "123456789012345"),
            (1e15, "1e+15"),
            (1.2345678901234568e300, "1.2345678901234568e+300"),
        ] {
            assert_eq!(Value::Float(number).to_string(), text);
        }
    }
}
