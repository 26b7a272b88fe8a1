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
mod language;
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

use nlq_catalog::Dialect;

use crate::{
    Completion, CompletionKind, Outline, QueryContext, ReadOnlyQuery, Refusal, SensitiveOutputs, Symbol, SymbolKind,
};

pub use clauses::{Clause, Clauses, Detail, clauses};
pub use hardness::{Hardness, hardness};

pub(crate) use check::check;
pub(crate) use complete::complete;
pub(crate) use guard::guard;
pub(crate) use language::Sql;
pub(crate) use outline::outline;
pub(crate) use sensitive::{sensitive_literals, sensitive_outputs};
pub(crate) use statements::statements;
pub(crate) use symbols::symbols;

pub(crate) use children::{arguments, function_name};
pub(crate) use resolve::{conjuncts, unnested};

/// The tree of a text that is one query, else a sentence that says what it is.
pub(crate) fn read_query(text: &str, dialect: Dialect) -> Result<Box<sqlparser::ast::Query>, String> {
    let tokens = lexer::lex(text, dialect);
    match parse::parse(&parse::prepare(text, &tokens, dialect, false), &tokens, dialect) {
        Ok(sqlparser::ast::Statement::Query(query)) => Ok(query),
        Ok(_) => Err("it is another statement".to_owned()),
        Err(error) => Err(error.message),
    }
}
