//! Documents: prompts in code comments and .nlq files, and where their answers stand.

mod document;
mod language;
mod prompt;
mod text_map;

pub use document::{Document, Options};
pub use language::Language;
pub use prompt::{FileDirectives, Named, Prompt, Query, Reply, Section};
pub use text_map::TextMap;
