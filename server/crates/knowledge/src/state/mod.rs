//! What nlq did: conversations, turns, audit rows and metrics, in one SQLite file of the user's.

mod error;
mod read;
mod record;
mod stats;
mod store;
#[cfg(test)]
mod tests;
mod write;

pub use error::StateError;
pub use nlq_config::TraceLevel;
pub use read::{AuditFilter, AuditRow, Conversation, ConversationFilter, Spent};
pub use record::{AgentTrace, TurnOutcome, TurnRecord, ValidationStatus};
pub use stats::{Histogram, ModelUse, Stats, Target};
pub use store::StateStore;
pub use write::TurnId;
