use nlq_catalog::{ColumnId, TableId};
use nlq_text::Span;

use super::SqlContext;

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
}

/// All names of a statement that were understood, in order.
pub fn symbols(text: &str, context: SqlContext<'_>) -> Vec<Symbol> {
    let _ = (text, context);
    Vec::new()
}

/// The name that the cursor touches.
pub fn symbol_at(text: &str, offset: usize, context: SqlContext<'_>) -> Option<Symbol> {
    symbols(text, context).into_iter().find(|symbol| symbol.span.touches(offset))
}
