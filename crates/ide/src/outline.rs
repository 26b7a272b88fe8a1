use nlq_text::Span;

use crate::Snapshot;

/// An entry of the outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlineItem {
    /// What is shown.
    pub name: String,
    /// One line beside it.
    pub detail: String,
    /// All of it.
    pub span: Span,
    /// Its head.
    pub head: Span,
    /// Entries inside it.
    pub children: Vec<OutlineItem>,
}

/// A range that folds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fold {
    /// All of it; the first line stays visible.
    pub span: Span,
}

/// Headings with their prompts, prompts with their answers.
pub fn outline(snapshot: &Snapshot) -> Vec<OutlineItem> {
    let _ = snapshot;
    Vec::new()
}

/// What folds: sections, prompts with their answers, fenced blocks, front matter.
pub fn folds(snapshot: &Snapshot) -> Vec<Fold> {
    let _ = snapshot;
    Vec::new()
}
