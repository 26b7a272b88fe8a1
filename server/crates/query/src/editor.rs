//! What editors are told of a query: names and what they mean, and what could be typed next.

use nlq_catalog::{ColumnId, TableId};
use nlq_text::Span;

/// A name in a statement and what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// The name's own range (the last part of a qualified name).
    pub span: Span,
    /// What it means.
    pub kind: SymbolKind,
}

/// What a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SymbolKind {
    /// A table of the catalog.
    Table(TableId),
    /// A column of the catalog.
    Column(ColumnId),
    /// An alias of a table.
    TableAlias {
        /// The alias.
        name: String,
        /// What it stands for; none for a derived table or common table expression.
        table: Option<TableId>,
    },
    /// A name the statement itself made: a common table expression, or an output column.
    Derived {
        /// The name.
        name: String,
    },
    /// A function.
    Function {
        /// Its name in lower case.
        name: String,
    },
    /// A word of the language itself, or an object that is no table, explained: a command, a macro, an operator.
    Word {
        /// What it is and does, Markdown.
        explanation: String,
    },
}

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
    /// A command or stage.
    Command,
}
