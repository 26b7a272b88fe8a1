use nlq_text::Span;

use crate::Snapshot;

/// What is shown under the pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    /// What it is about, in the document.
    pub span: Span,
    /// Markdown.
    pub markdown: String,
}

/// On a name in a query: annotation, type, keys, known values. On a word of a prompt: how it was understood. On the
/// trigger: the reading of the whole prompt with confidence, factors and boundaries.
pub fn hover(snapshot: &Snapshot, offset: usize) -> Option<Hover> {
    let _ = (snapshot, offset);
    None
}
