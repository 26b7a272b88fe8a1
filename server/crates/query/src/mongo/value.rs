//! Values of a pipeline or filter as people write them in the shell, with the place of every key and value.

use nlq_text::Span;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The whole value.
    pub span: Span,
    /// What it is.
    pub value: Value,
}

/// A key of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Where it stands, with its quotes.
    pub span: Span,
    /// Its name.
    pub name: String,
}

/// A value of BSON, or a place where one is missing.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names are BSON's own")]
pub enum Value {
    Document(Vec<(Key, Node)>),
    Array(Vec<Node>),
    Text(String),
    Int(i32),
    Long(i64),
    Double(f64),
    /// Exact digits, as written.
    Decimal(String),
    Boolean(bool),
    Null,
    /// Milliseconds since 1970, UTC.
    Date(i64),
    /// 24 hexadecimal digits.
    ObjectId(String),
    /// A UUID as written.
    Uuid(String),
    Regex {
        pattern: String,
        options: String,
    },
    MinKey,
    MaxKey,
    /// `{{name}}`: a value that is given when the query is run.
    Parameter(String),
    /// Something that could not be read.
    Broken,
}

impl Node {
    /// The entries of a document.
    pub fn entries(&self) -> Option<&[(Key, Node)]> {
        match &self.value {
            Value::Document(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items of an array.
    pub fn items(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The text of a string.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number as a whole number, of those that are whole.
    pub fn whole(&self) -> Option<i64> {
        match self.value {
            Value::Int(number) => Some(number.into()),
            Value::Long(number) => Some(number),
            Value::Double(number) if number.fract() == 0.0 && number.abs() < 9e15 => Some(number as i64),
            _ => None,
        }
    }

    /// The value of a key of a document.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entries()?.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
    }

    /// The only key and value of a document such as `{ $match: {...} }`.
    pub fn only(&self) -> Option<(&Key, &Node)> {
        match self.entries()? {
            [(key, node)] => Some((key, node)),
            _ => None,
        }
    }
}
