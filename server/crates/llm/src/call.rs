use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::Usage;

/// One call of a model, as audits keep it: what it was for and what it took, never what was said.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ModelCall {
    /// The agent that asked, such as `query_builder`.
    pub agent: String,
    /// The profile.
    pub profile: String,
    /// Service and model.
    pub model: String,
    /// The prompt's name.
    pub prompt: String,
    /// The prompt's version: the beginning of its text's hash.
    pub prompt_version: String,
    /// Tokens; of attempts that broke in the middle of their reply, what was sent, about.
    pub usage: Usage,
    /// US dollars; none when the model has no price.
    pub cost_usd: Option<f64>,
    /// When it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// From the first request to the end of the reply, waits between retries included; milliseconds.
    pub latency_ms: u64,
    /// Requests made: 1 when none was repeated.
    pub attempts: u32,
    /// What went wrong, when the call failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
