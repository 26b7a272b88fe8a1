//! What a team learned and what nlq did: reviewed examples with their index, and the state store with conversations, turns,
//! audit rows and metrics, and what of it collectors of telemetry are told.

mod example;
mod index;
pub mod state;
pub mod telemetry;

pub use example::{Complexity, Example, ExampleQuery, Found, Intent};
pub use index::ExampleIndex;
