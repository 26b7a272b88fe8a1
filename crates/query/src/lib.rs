//! The dialect-neutral plan, its renderers, and parsing, checking and guarding of SQL.

pub mod joins;
pub mod plan;
pub mod render;
pub mod sql;
