use nlq_text::Span;

use super::SqlContext;

/// One thing that could stand at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// What is typed and shown, quoted where the dialect needs it; a join brings its whole condition.
    pub label: String,
    /// What it replaces.
    pub span: Span,
    /// What kind of thing it is.
    pub kind: CompletionKind,
    /// One line beside it: the type, the table.
    pub detail: String,
    /// What the team says about it, Markdown.
    pub documentation: Option<String>,
    /// Smaller comes first.
    pub rank: u8,
}

/// What a completion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompletionKind {
    /// A table.
    Table,
    /// A column.
    Column,
    /// A join along a foreign key, with its condition.
    Join,
    /// An alias or a common table expression.
    Alias,
    /// A value that the column is known to hold.
    Value,
    /// A keyword.
    Keyword,
    /// A function.
    Function,
}

/// What could stand at `offset` of a statement that may be half-typed; best first, at most 200.
pub fn complete(text: &str, offset: usize, context: SqlContext<'_>) -> Vec<Completion> {
    let _ = (text, offset, context);
    Vec::new()
}
