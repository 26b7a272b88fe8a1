//! Documents: prompts in code comments and .nlq files, and where their answers stand.

mod comment;
mod document;
mod found;
mod host;
mod language;
mod layout;
mod limits;
mod name;
mod nlq;
mod parse;
mod prompt;
mod rope;
mod spl;
mod sql;
mod tame;
mod text_map;
mod write;

pub use document::{Change, Document, Options};
pub use language::Language;
pub use prompt::{FileDirectives, Named, Prompt, Query, Reply, Section};
pub use text_map::TextMap;
