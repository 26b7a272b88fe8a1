use nlq_text::Span;
use serde::Serialize;

/// Why something in a question could not be understood (seeds/004, appendix A).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BoundaryType {
    /// A word that names nothing in the schema.
    UnknownEntity,
    /// Two things must be joined and no path is known.
    MissingRelationship,
    /// More than one reading is about as good.
    AmbiguousIntent,
    /// Something that no table, column or condition can stand for.
    UnmappableConcept,
    /// More complex than this engine can build.
    ComplexImplementation,
    /// Something is missing that only the user can say.
    UncertainAttribute,
}

/// One thing that the engine knows it does not know.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KnowledgeBoundary {
    /// Which of the six types.
    pub boundary_type: BoundaryType,
    /// What part of the reading, such as `entity_Q2`.
    pub component: String,
    /// Where in the question.
    pub span: Span,
    /// How sure the engine is of the boundary.
    pub confidence: f64,
    /// One sentence.
    pub explanation: String,
    /// What the user could do or say.
    pub suggestions: Vec<String>,
}
