use nlq_text::Span;

use crate::Snapshot;

/// One completion in a prompt or a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletionItem {
    /// Shown and typed.
    pub label: String,
    /// What it replaces, in the document.
    pub span: Span,
    /// What it is.
    pub kind: CompletionItemKind,
    /// One line beside it.
    pub detail: String,
    /// Markdown.
    pub documentation: Option<String>,
    /// Smaller comes first.
    pub rank: u8,
}

/// What a completion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum CompletionItemKind {
    Table,
    Column,
    Term,
    Value,
    Join,
    Alias,
    Keyword,
    Function,
    Connection,
    Key,
}

/// What could stand at `offset`: in prompts terms, tables, columns and values; in queries what `nlq_query` offers; after
/// `nlq(` the connections.
pub fn completions(snapshot: &Snapshot, offset: usize) -> Vec<CompletionItem> {
    let _ = (snapshot, offset);
    Vec::new()
}
