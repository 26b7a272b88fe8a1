use nlq_catalog::Catalog;
use sqlparser::ast::Statement;

use super::{
    QueryContext, Symbol,
    lexer::lex,
    parse::{parse, prepare},
    resolve::Resolver,
    sketch, statements,
};

/// All names of a statement that were understood, in order.
pub(crate) fn symbols(text: &str, context: QueryContext<'_>) -> Vec<Symbol> {
    let Some(catalog) = context.catalog else { return Vec::new() };
    let mut found: Vec<Symbol> = Vec::new();
    for span in statements(text, context.dialect) {
        let symbols = symbols_of_one(span.of(text), context, catalog);
        found.extend(symbols.into_iter().map(|symbol| Symbol { span: symbol.span.shift(span.start), ..symbol }));
    }
    found
}

fn symbols_of_one(text: &str, context: QueryContext<'_>, catalog: &Catalog) -> Vec<Symbol> {
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
