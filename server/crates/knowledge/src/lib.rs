//! What a team learned and what nlq did: reviewed examples with their index, and the state store with conversations, turns,
//! audit rows and metrics.

mod example;
mod index;
pub mod state;

pub use example::{Complexity, Example, ExampleQuery, Found, Intent};
pub use index::ExampleIndex;
