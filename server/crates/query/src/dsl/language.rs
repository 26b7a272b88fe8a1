use nlq_catalog::{Catalog, Dialect};
use nlq_text::{Diagnostic, Span};

use super::{check, complete, editor, guard, write};
use crate::{
    Completion, Outline, QueryContext, ReadOnlyQuery, Refusal, SensitiveOutputs, Symbol,
    joins::JoinGraph,
    language::{Language, Unwritable},
    plan::Plan,
};

/// Query DSL as a [`Language`].
pub(crate) struct Dsl;

impl Language for Dsl {
    fn statements(&self, text: &str, _: Dialect) -> Vec<Span> {
        editor::statements(text)
    }

    fn guard(&self, text: &str, dialect: Dialect) -> Result<ReadOnlyQuery, Refusal> {
        guard::guard(text, dialect)
    }

    fn check(&self, text: &str, context: QueryContext<'_>) -> Vec<Diagnostic> {
        check::check(text, context)
    }

    fn symbols(&self, text: &str, context: QueryContext<'_>) -> Vec<Symbol> {
        editor::symbols(text, context)
    }

    fn complete(&self, text: &str, offset: usize, context: QueryContext<'_>) -> Vec<Completion> {
        complete::complete(text, offset, context)
    }

    fn write(&self, plan: &Plan, catalog: &Catalog, graph: &JoinGraph) -> Result<String, Unwritable> {
        write::write(plan, catalog, graph)
    }

    fn outline(&self, text: &str, dialect: Dialect) -> Option<Outline> {
        editor::outline(text, dialect)
    }

    fn sensitive_outputs(&self, text: &str, context: QueryContext<'_>) -> SensitiveOutputs {
        editor::sensitive_outputs(text, context)
    }

    fn sensitive_literals(&self, text: &str, context: QueryContext<'_>) -> Vec<String> {
        editor::sensitive_literals(text, context)
    }
}
