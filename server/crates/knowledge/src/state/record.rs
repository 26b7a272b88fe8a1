use chrono::{DateTime, Utc};
use nlq_config::TraceLevel;
use nlq_llm::{ModelCall, Usage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One question and everything that came of it: what a turn of a conversation and its audit row are made of (seeds/000,
/// sections 6.1 and 6.3).
///
/// It is stored as it is: whoever fills it takes out secrets and values of sensitive columns first. Tables are named,
/// never quoted from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TurnRecord {
    /// The workspace's root folder.
    pub workspace: String,
    /// `provider/connection`.
    pub connection: String,
    /// URI of the document that the prompt stands in; none on the command line.
    pub document: Option<String>,
    /// The conversation that the turn is known to belong to. When none, the store finds it by `document` and `opening`,
    /// or begins one.
    pub conversation: Option<String>,
    /// The conversation's first question; that of this turn when it begins one.
    pub opening: String,
    /// The question.
    pub user_input: String,
    /// Replies to clarifications so far, oldest first.
    pub replies: Vec<String>,
    /// What came of it.
    pub outcome: TurnOutcome,
    /// The query that the user was shown.
    pub query: Option<String>,
    /// 0 to 1.
    pub confidence: f64,
    /// What validation said of the query.
    pub validation: ValidationStatus,
    /// Its message, where it has one.
    pub validation_message: Option<String>,
    /// Queries that were built and validated until this one stood.
    pub iterations: u32,
    /// What was asked back.
    pub clarification: Option<String>,
    /// Why there is no answer, when it is an abstention or an error: one sentence.
    pub reason: Option<String>,
    /// The reasoning stream as JSON: an object with `stages`.
    pub reasoning: Value,
    /// Tables that were in the context, as they are named.
    pub schema_context: Vec<String>,
    /// Whether examples were looked for.
    pub examples_searched: bool,
    /// Ids of the examples that were found.
    pub examples_retrieved: Vec<String>,
    /// Ids of those that went into the prompt or the answer.
    pub examples_used: Vec<String>,
    /// The agents' parts, in order.
    pub agents: Vec<AgentTrace>,
    /// Whether the query ran without an error; none when it was not run.
    pub execution_success: Option<bool>,
    /// Calls of models, in order; none for the embedded engine alone.
    pub calls: Vec<ModelCall>,
    /// From the question to the answer, milliseconds.
    pub latency_ms: f64,
    /// When it was asked.
    pub created_at: DateTime<Utc>,
}

/// What came of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnOutcome {
    /// A query.
    #[default]
    Query,
    /// A question back.
    Clarification,
    /// No answer, and why.
    Abstention,
    /// Something failed on the way.
    Error,
}

/// What validation said of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValidationStatus {
    /// The system itself accepted it.
    Passed,
    /// The system refused it.
    Failed,
    /// It was checked against the schema snapshot only.
    Offline,
    /// There was nothing to validate.
    #[default]
    None,
}

/// One agent's part in an answer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentTrace {
    /// Such as `schema_expert`, `query_builder`, `validator`, `rag_retrieval`.
    pub agent: String,
    /// What it came to, in one sentence.
    pub conclusion: String,
    /// Its own time, milliseconds.
    pub latency_ms: f64,
}

impl TurnRecord {
    /// Tokens of all calls.
    pub fn usage(&self) -> Usage {
        self.calls.iter().fold(Usage::default(), |mut sum, call| {
            sum += call.usage;
            sum
        })
    }

    /// US dollars of all calls that have a price.
    pub fn cost_usd(&self) -> f64 {
        self.calls.iter().filter_map(|call| call.cost_usd).fold(0.0, |sum, cost| sum + cost)
    }
}

/// What a level keeps of a reasoning stream; none when nothing.
pub(super) fn kept(level: TraceLevel, reasoning: &Value) -> Option<Value> {
    let mut stream = Some(reasoning.clone()).filter(|stream| !stream.is_null() && level != TraceLevel::None)?;
    if level == TraceLevel::Summary {
        let stages = stream.get_mut("stages").and_then(Value::as_array_mut);
        for stage in stages.into_iter().flatten().filter_map(Value::as_object_mut) {
            stage.remove("steps");
            stage.remove("alternatives");
        }
    }
    Some(stream)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_summary_keeps_stages_and_conclusions_without_evidence() {
        let stream = json!({ "query_text": "q", "stages": [
            { "name": "Intent", "conclusion": "a count", "steps": [{ "evidence": { "value": "secret" } }] },
        ]});
        let summary = kept(TraceLevel::Summary, &stream).unwrap();
        assert_eq!(summary, json!({ "query_text": "q", "stages": [{ "name": "Intent", "conclusion": "a count" }] }));
        assert_eq!(kept(TraceLevel::Full, &stream), Some(stream.clone()));
        assert_eq!(kept(TraceLevel::None, &stream), None);
        assert_eq!(kept(TraceLevel::Summary, &Value::Null), None);
    }
}
