//! One face for every query language: what nlq must be able to do with the text of a query, whatever it is written in.
//! Callers use the functions here; which language answers follows from the connection's dialect.

use std::borrow::Cow;

use nlq_catalog::{Catalog, Dialect, QueryLanguage};
use nlq_text::{Diagnostic, Span};

use crate::{
    Completion, Outline, QueryContext, ReadOnlyQuery, Refusal, SensitiveOutputs, Symbol,
    dsl::Dsl,
    joins::{JoinGraph, NoPath},
    mongo::Mongo,
    partiql::Partiql,
    plan::Plan,
    spl::Spl,
    sql::Sql,
};

/// What nlq does with a query language. Everything takes text and answers with plain data; nothing fails or panics on
/// half-typed input. Ranges are bytes of the text.
pub(crate) trait Language: Sync {
    /// The queries of a text, each without its terminator and without the space and comments around it.
    fn statements(&self, text: &str, dialect: Dialect) -> Vec<Span>;

    /// Passes a text that is exactly one query which can neither write nor reach outside the system: an allow-list.
    fn guard(&self, text: &str, dialect: Dialect) -> Result<ReadOnlyQuery, Refusal>;

    /// A text with what its macros stand for, where the catalog tells: what is guarded and sent.
    fn expand<'a>(&self, text: &'a str, _: &Catalog) -> Cow<'a, str> {
        Cow::Borrowed(text)
    }

    /// Everything that is wrong or doubtful in a text, by place. `{{name}}` may stand wherever a value may.
    fn check(&self, text: &str, context: QueryContext<'_>) -> Vec<Diagnostic>;

    /// All names that were understood, by place.
    fn symbols(&self, text: &str, context: QueryContext<'_>) -> Vec<Symbol>;

    /// What could stand at `offset`, best first, at most some 200.
    fn complete(&self, text: &str, offset: usize, context: QueryContext<'_>) -> Vec<Completion>;

    /// A plan as the text of a query, formatted, without a terminator: always one that [`Language::guard`] passes.
    fn write(&self, plan: &Plan, catalog: &Catalog, graph: &JoinGraph) -> Result<String, Unwritable>;

    /// What a query does, in broad strokes; none for what is no query.
    fn outline(&self, text: &str, dialect: Dialect) -> Option<Outline>;

    /// Which columns of the result show values of sensitive columns.
    fn sensitive_outputs(&self, text: &str, context: QueryContext<'_>) -> SensitiveOutputs;

    /// The literals of a query that name sensitive columns: what must not be written down.
    fn sensitive_literals(&self, text: &str, context: QueryContext<'_>) -> Vec<String>;
}

/// Why a plan cannot be written in a language.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// Its tables cannot be joined.
    #[error(transparent)]
    NoPath(#[from] NoPath),
    /// The language has no way to say it; a sentence that names what, and what to ask instead.
    #[error("{0}")]
    Beyond(String),
}

/// Every language with what reads and writes it.
fn of(dialect: Dialect) -> &'static dyn Language {
    match dialect.language() {
        QueryLanguage::Sql => &Sql,
        QueryLanguage::Spl => &Spl,
        QueryLanguage::Mongodb => &Mongo,
        QueryLanguage::QueryDsl => &Dsl,
        QueryLanguage::Partiql => &Partiql,
    }
}

/// The queries of a text, each without its terminator and without the space and comments around it.
pub fn statements(text: &str, dialect: Dialect) -> Vec<Span> {
    of(dialect).statements(text, dialect)
}

/// Passes a text that is exactly one query which can neither write nor reach outside the system.
pub fn guard(text: &str, dialect: Dialect) -> Result<ReadOnlyQuery, Refusal> {
    of(dialect).guard(text, dialect)
}

/// A text with what its macros stand for, where the catalog tells: what is guarded and sent.
pub fn expand<'a>(text: &'a str, catalog: &Catalog) -> Cow<'a, str> {
    of(catalog.dialect).expand(text, catalog)
}

/// Everything that is wrong or doubtful in a text, by place.
pub fn check(text: &str, context: QueryContext<'_>) -> Vec<Diagnostic> {
    of(context.dialect).check(text, context)
}

/// All names that were understood, by place.
pub fn symbols(text: &str, context: QueryContext<'_>) -> Vec<Symbol> {
    of(context.dialect).symbols(text, context)
}

/// The name that the cursor touches.
pub fn symbol_at(text: &str, offset: usize, context: QueryContext<'_>) -> Option<Symbol> {
    symbols(text, context).into_iter().find(|symbol| symbol.span.touches(offset))
}

/// What could stand at `offset` of a query that may be half-typed; best first.
pub fn complete(text: &str, offset: usize, context: QueryContext<'_>) -> Vec<Completion> {
    of(context.dialect).complete(text, offset, context)
}

/// A plan as the text of a query in the catalog's dialect.
pub fn write(plan: &Plan, catalog: &Catalog, graph: &JoinGraph) -> Result<String, Unwritable> {
    of(catalog.dialect).write(plan, catalog, graph)
}

/// What a query does, in broad strokes; none for what is no query.
pub fn outline(text: &str, dialect: Dialect) -> Option<Outline> {
    of(dialect).outline(text, dialect)
}

/// Which columns of the result show values of sensitive columns.
pub fn sensitive_outputs(text: &str, context: QueryContext<'_>) -> SensitiveOutputs {
    of(context.dialect).sensitive_outputs(text, context)
}

/// The literals of a query that name sensitive columns: what must not be written down.
pub fn sensitive_literals(text: &str, context: QueryContext<'_>) -> Vec<String> {
    of(context.dialect).sensitive_literals(text, context)
}
