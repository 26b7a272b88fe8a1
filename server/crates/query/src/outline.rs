//! What a query does, in broad strokes: for filing it, not for judging it.

/// A query in broad strokes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outline {
    /// The tables it reads, as it names them, each once, in order; common table expressions are none.
    pub tables: Vec<String>,
    /// It reads more than one relation side by side.
    pub joined: bool,
    /// It groups rows or computes an aggregate.
    pub aggregated: bool,
    /// The outermost query takes the first of an order.
    pub ranked: bool,
    /// The outermost query groups by a time.
    pub by_time: bool,
    /// It sets rows against each other: a set operation, or CASE inside an aggregate.
    pub compared: bool,
    /// It has conditions.
    pub filtered: bool,
    /// It nests queries, combines them, or looks over windows of rows.
    pub nested: bool,
}
