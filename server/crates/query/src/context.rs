use nlq_catalog::{Annotations, Catalog, Dialect};

/// What the text of a query is checked against.
#[derive(Debug, Clone, Copy)]
pub struct QueryContext<'a> {
    /// What is spoken.
    pub dialect: Dialect,
    /// The schema; none when no snapshot exists yet, and then only syntax is checked.
    pub catalog: Option<&'a Catalog>,
    /// What the team says about it.
    pub annotations: &'a Annotations,
}
