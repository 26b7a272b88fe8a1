//! The dialect-neutral plan, its renderers, and parsing, checking and guarding of SQL.

pub mod sql;
