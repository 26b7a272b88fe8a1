//! What nlq did: turns, conversations, audit rows and metrics.

mod record;

pub use record::{AgentTrace, TraceLevel, TurnOutcome, TurnRecord, ValidationStatus};
