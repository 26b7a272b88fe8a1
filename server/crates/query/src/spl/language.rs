use std::borrow::Cow;

use nlq_catalog::{Catalog, Dialect};
use nlq_text::{Diagnostic, Span};

use super::{
    check::check,
    complete::complete,
    expand::expand,
    guard::guard,
    outline::outline,
    render,
    sensitive::{sensitive_literals, sensitive_outputs},
    statements::statements,
    symbols::symbols,
};
use crate::{
    Completion, Outline, QueryContext, ReadOnlyQuery, Refusal, SensitiveOutputs, Symbol,
    joins::JoinGraph,
    language::{Language, Unwritable},
    plan::Plan,
};

/// SPL as a [`Language`].
pub(crate) struct Spl;

impl Language for Spl {
    fn statements(&self, text: &str, _: Dialect) -> Vec<Span> {
        statements(text)
    }

    fn guard(&self, text: &str, dialect: Dialect) -> Result<ReadOnlyQuery, Refusal> {
        guard(text, dialect)
    }

    fn expand<'a>(&self, text: &'a str, catalog: &Catalog) -> Cow<'a, str> {
        if text.contains('`') { Cow::Owned(expand(text, catalog)) } else { Cow::Borrowed(text) }
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
        render::write(plan, catalog, graph)
    }

    fn outline(&self, text: &str, _: Dialect) -> Option<Outline> {
        outline(text)
    }

    fn sensitive_outputs(&self, text: &str, context: QueryContext<'_>) -> SensitiveOutputs {
        sensitive_outputs(text, context)
    }

    fn sensitive_literals(&self, text: &str, context: QueryContext<'_>) -> Vec<String> {
        sensitive_literals(text, context)
    }
}
