//! The agent pipeline with a language model (seeds/000, section 3): what the embedded engine derives of a question is context
//! for the model and an independent check on what it answers.
//!
//! | agent | what it does | where |
//! |---|---|---|
//! | schema expert | which tables and columns the model sees, within a token budget | `context.rs`, `hints.rs` |
//! | retrieval | reviewed examples like the question | `nlq_knowledge` |
//! | query builder | asks for a query, reads the reply as data, asks again with what was wrong | `builder.rs`, `draft.rs` |
//! | validator | the read-only guard, the checker, the system itself, a bounded run, a look at the result | `validator.rs`, `system.rs` |
//! | orchestrator | the loop, when it ends, when it asks the user | `orchestrator.rs`, `answering.rs`, `consistency.rs`, `steps.rs`, `confidence.rs` |
//!
//! The model never sees the embedded engine's query: what it had been shown it could not confirm.

#![cfg_attr(test, allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them"))]

mod answering;
mod builder;
mod confidence;
mod consistency;
mod context;
mod draft;
mod hints;
mod orchestrator;
mod redact;
mod steps;
mod stream;
mod system;
mod task;
#[cfg(test)]
mod tests;
mod trail;
mod validator;

pub use confidence::{Calibration, FACTORS, Signals};
pub use context::outline;
pub use orchestrator::{AGENTS, Agents, Completed, Ended, Settings};
pub use redact::redacted;
pub use steps::{Combine, CombineKind, Plan, Step};
pub use system::{Category, Failure, Recovery, System};
pub use task::{Event, Task};
