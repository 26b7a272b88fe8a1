use nlq_catalog::{Catalog, Dialect};
use nlq_text::{Diagnostic, Span};

use super::{check, complete, guard, outline, sensitive_literals, sensitive_outputs, statements, symbols};
use crate::{
    Completion, Outline, QueryContext, ReadOnlyQuery, Refusal, SensitiveOutputs, Symbol,
    joins::JoinGraph,
    language::{Language, Unwritable},
    plan::Plan,
    render::render,
};

/// SQL as a [`Language`].
pub(crate) struct Sql;

impl Language for Sql {
    fn statements(&self, text: &str, dialect: Dialect) -> Vec<Span> {
        statements(text, dialect)
    }

    fn guard(&self, text: &str, dialect: Dialect) -> Result<ReadOnlyQuery, Refusal> {
        guard(text, dialect)
    }

    fn check(&self, text: &str, context: QueryContext<'_>) -> Vec<Diagnostic> {
        check(text, context)
    }

    fn symbols(&self, text: &str, context: QueryContext<'_>) -> Vec<Symbol> {
        symbols(text, context)
    }

    fn complete(&self, text: &str, offset: usize, context: QueryContext<'_>) -> Vec<Completion> {
        complete(text, offset, context)
    }

    fn write(&self, plan: &Plan, catalog: &Catalog, graph: &JoinGraph) -> Result<String, Unwritable> {
        Ok(render(plan, catalog, graph)?.sql)
    }

    fn outline(&self, text: &str, dialect: Dialect) -> Option<Outline> {
        outline(text, dialect)
    }

    fn sensitive_outputs(&self, text: &str, context: QueryContext<'_>) -> SensitiveOutputs {
        sensitive_outputs(text, context)
    }

    fn sensitive_literals(&self, text: &str, context: QueryContext<'_>) -> Vec<String> {
        sensitive_literals(text, context)
    }
}
