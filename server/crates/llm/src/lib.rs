//! Language models: one trait, one module a service, prompts as files, retries, budgets and prices.
//!
//! Start reading at `models`: [`Models::ask`] is what agents call. What a model says is data: callers parse and check it,
//! nothing runs it as it came.

#![cfg_attr(test, allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them"))]

mod budget;
mod call;
mod configured;
mod error;
mod failure;
mod http;
mod lines;
mod listener;
mod meter;
mod model;
mod models;
#[cfg(test)]
mod models_tests;
mod output;
mod prices;
mod prompt;
mod prompts;
mod retry;
mod secret;
mod services;
mod template;
#[cfg(test)]
mod wire_double;

pub use budget::{Budget, InMemoryLedger, Ledger, Spent};
pub use call::ModelCall;
pub use configured::configured;
pub use error::{LlmError, LlmErrorKind};
pub use http::{Deadlines, http_client};
pub use meter::Meter;
pub use model::{Chat, Delta, LanguageModel, Message, OnDelta, Reply, Role, Stop, Tool, ToolCall, ToolResult, Usage};
pub use models::{Models, Profile};
pub use prices::{Price, Prices};
pub use prompt::Rendered;
pub use prompts::{PromptProblem, Prompts};
pub use secret::Secret;
pub use services::*;
