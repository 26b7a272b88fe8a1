use nlq_catalog::{Catalog, ColumnId, TableId};
use nlq_text::Span;
use sqlparser::ast::Statement;

use super::{
    SqlContext,
    lexer::lex,
    parse::{parse, prepare},
    resolve::Resolver,
    sketch, statements,
};

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
    let Some(catalog) = context.catalog else { return Vec::new() };
    let mut found: Vec<Symbol> = Vec::new();
    for span in statements(text, context.dialect) {
        let symbols = symbols_of_one(span.of(text), context, catalog);
        found.extend(symbols.into_iter().map(|symbol| Symbol { span: symbol.span.shift(span.start), ..symbol }));
    }
    found
}

fn symbols_of_one(text: &str, context: SqlContext<'_>, catalog: &Catalog) -> Vec<Symbol> {
    let tokens = lex(text, context.dialect);
    let prepared = prepare(text, &tokens, context.dialect, true);
    match parse(&prepared, &tokens, context.dialect) {
        Ok(Statement::Query(query)) => {
            let mut resolver = Resolver::new(text, &prepared, &tokens, context, catalog);
            resolver.query(&query, false);
            let mut found = resolver.symbols;
            found.sort_by_key(|symbol| symbol.span);
            found.dedup_by_key(|symbol| symbol.span);
            found
        }
        _ => sketch::symbols(text, &tokens, context, catalog),
    }
}

/// The name that the cursor touches.
pub fn symbol_at(text: &str, offset: usize, context: SqlContext<'_>) -> Option<Symbol> {
    symbols(text, context).into_iter().find(|symbol| symbol.span.touches(offset))
}
