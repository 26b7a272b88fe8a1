//! Language models: one trait, one module a service, prompts as files, retries, budgets and prices.
//!
//! What a model says is data: callers parse and check it, nothing runs it as it came.

mod call;
mod error;
mod model;
mod models;
mod prompt;

pub use call::ModelCall;
pub use error::{LlmError, LlmErrorKind};
pub use model::{Chat, Delta, LanguageModel, Message, OnDelta, Reply, Role, Stop, Tool, ToolCall, ToolResult, Usage};
pub use models::{Meter, Models, Profile};
pub use prompt::Rendered;
