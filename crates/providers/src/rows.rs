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
            Value::Float(value) => write!(f, "{value}"),
            Value::Text(value) => f.write_str(value),
        }
    }
}
