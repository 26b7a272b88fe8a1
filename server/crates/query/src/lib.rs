//! The dialect-neutral plan, its renderers, and parsing, checking and guarding of SQL.

mod identifier;
pub mod joins;
pub mod lift;
pub mod plan;
pub mod render;
pub mod sql;

pub use identifier::identifier;
