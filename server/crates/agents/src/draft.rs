//! What a model replied, as data.

use serde::Deserialize;
use serde_json::Value;

/// A model's proposal.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Draft {
    pub(crate) query: String,
    pub(crate) explanation: String,
    /// As the model says it; one sign among others.
    pub(crate) confidence: Option<f64>,
    pub(crate) ambiguities: Vec<Ambiguity>,
    /// Why the schema cannot answer.
    pub(crate) unanswerable: Option<String>,
    /// Why it takes several queries, or other connections.
    pub(crate) several_queries: Option<String>,
}

/// Something that the model would rather ask.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ambiguity {
    pub(crate) question: String,
    pub(crate) options: Vec<Choice>,
}

/// One way to answer it.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Choice {
    pub(crate) label: String,
    pub(crate) query: String,
}

impl Draft {
    /// Reads an output; the error says what is wrong with it, for the model.
    pub(crate) fn read(output: Value) -> Result<Self, String> {
        let draft: Self =
            serde_json::from_value(output).map_err(|error| format!("the reply cannot be read: {error}"))?;
        let unanswerable = draft.unanswerable.filter(|why| !why.trim().is_empty());
        let query = draft.query.trim().trim_end_matches(';').trim_end().to_owned();
        let several_queries = draft.several_queries.filter(|why| !why.trim().is_empty());
        if query.is_empty() && unanswerable.is_none() && several_queries.is_none() {
            return Err("the reply has neither a query nor a reason why there is none".to_owned());
        }
        Ok(Self {
            query,
            unanswerable,
            several_queries,
            confidence: draft.confidence.map(|sure| sure.clamp(0.0, 1.0)),
            ..draft
        })
    }
}
