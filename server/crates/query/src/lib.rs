//! The dialect-neutral plan, its renderers, and parsing, checking and guarding of queries.

#![cfg_attr(test, allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them"))]

mod context;
pub mod dsl;
mod editor;
mod guarded;
mod identifier;
pub mod joins;
mod language;
pub mod lift;
mod masked;
pub mod mongo;
mod outline;
pub mod partiql;
pub mod plan;
pub mod render;
pub mod spl;
pub mod sql;

pub use context::QueryContext;
pub use editor::{Completion, CompletionKind, Symbol, SymbolKind};
pub use guarded::{ReadOnlyQuery, Refusal};
pub use identifier::identifier;
pub use language::{
    Unwritable, check, complete, expand, guard, outline, sensitive_literals, sensitive_outputs, statements, symbol_at,
    symbols, write,
};
pub use masked::SensitiveOutputs;
pub use outline::Outline;
