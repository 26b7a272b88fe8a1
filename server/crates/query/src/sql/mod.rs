//! Reading SQL: statements and their places, syntax and semantic checks, what stands under a cursor, and the read-only
//! guard. Everything takes text and answers with plain data; nothing here fails or panics on half-typed input.

mod check;
mod children;
mod clauses;
mod complete;
mod denied;
#[cfg(test)]
pub(crate) mod fixture;
mod functions;
mod guard;
mod hardness;
mod joined;
mod lexer;
mod lints;
mod missing;
mod names;
mod outline;
mod parse;
mod resolve;
mod scope;
mod sensitive;
mod sketch;
mod statements;
mod symbols;

use nlq_catalog::{Annotations, Catalog, Dialect};

pub use check::check;
pub use clauses::{Clause, Clauses, Detail, clauses};
pub use complete::{Completion, CompletionKind, complete};
pub use guard::{ReadOnlyQuery, Refusal, guard};
pub use hardness::{Hardness, hardness};
pub use outline::{Outline, outline};
pub use sensitive::{SensitiveOutputs, sensitive_literals, sensitive_outputs};
pub use statements::statements;
pub use symbols::{Symbol, SymbolKind, symbol_at, symbols};

pub(crate) use children::{arguments, function_name};
pub(crate) use resolve::{conjuncts, unnested};

/// What SQL text is checked against.
#[derive(Debug, Clone, Copy)]
pub struct SqlContext<'a> {
    /// The SQL that is spoken.
    pub dialect: Dialect,
    /// The schema; none when no snapshot exists yet, and then only syntax is checked.
    pub catalog: Option<&'a Catalog>,
    /// What the team says about it.
    pub annotations: &'a Annotations,
}

/// The tree of a text that is one query, else a sentence that says what it is.
pub(crate) fn read_query(text: &str, dialect: Dialect) -> Result<Box<sqlparser::ast::Query>, String> {
    let tokens = lexer::lex(text, dialect);
    match parse::parse(&parse::prepare(text, &tokens, dialect, false), &tokens, dialect) {
        Ok(sqlparser::ast::Statement::Query(query)) => Ok(query),
        Ok(_) => Err("it is another statement".to_owned()),
        Err(error) => Err(error.message),
    }
}
