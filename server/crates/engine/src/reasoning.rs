use serde::Serialize;
use serde_json::Value;

/// The chain of thought behind an answer (seeds/004, appendix B).
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ReasoningStream {
    /// The question.
    pub query_text: String,
    /// Stages in order.
    pub stages: Vec<ReasoningStage>,
    /// False while, or when, it ended early.
    pub complete: bool,
}

/// One agent's part.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ReasoningStage {
    /// Such as `Intent Analysis`.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Steps in order.
    pub steps: Vec<ReasoningStep>,
    /// What came of it.
    pub conclusion: String,
    /// Readings it did not take.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<ReasoningAlternative>,
    /// How long it took, microseconds.
    pub micros: u64,
}

/// One step with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReasoningStep {
    /// What was done.
    pub description: String,
    /// What was found: a JSON object.
    pub evidence: Value,
    /// How sure.
    pub confidence: f64,
}

/// A reading that was not taken.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReasoningAlternative {
    /// The reading.
    pub description: String,
    /// How sure.
    pub confidence: f64,
    /// Why it lost.
    pub reason: String,
}
