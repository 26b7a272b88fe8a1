//! Languages that nlq does not read yet: nothing is known of a query, so nothing is passed.

use nlq_catalog::{Catalog, Dialect};
use nlq_text::{Diagnostic, Span};

use crate::{
    Completion, Outline, QueryContext, ReadOnlyQuery, Refusal, SensitiveOutputs, Symbol,
    joins::JoinGraph,
    language::{Language, Unwritable},
    plan::Plan,
};

pub(crate) struct Unread;

impl Language for Unread {
    fn statements(&self, text: &str, _: Dialect) -> Vec<Span> {
        vec![Span::new(0, text.len())]
    }

    fn guard(&self, text: &str, dialect: Dialect) -> Result<ReadOnlyQuery, Refusal> {
        let message = format!("nlq does not read {} yet", dialect.language().title());
        Err(Refusal::new(Span::new(0, text.len()), "not-a-query", message))
    }

    fn check(&self, _: &str, _: QueryContext<'_>) -> Vec<Diagnostic> {
        Vec::new()
    }

    fn symbols(&self, _: &str, _: QueryContext<'_>) -> Vec<Symbol> {
        Vec::new()
    }

    fn complete(&self, _: &str, _: usize, _: QueryContext<'_>) -> Vec<Completion> {
        Vec::new()
    }

    fn write(&self, _: &Plan, catalog: &Catalog, _: &JoinGraph) -> Result<String, Unwritable> {
        Err(Unwritable::Beyond(format!("nlq does not write {} yet", catalog.dialect.language().title())))
    }

    fn outline(&self, _: &str, _: Dialect) -> Option<Outline> {
        None
    }

    fn sensitive_outputs(&self, _: &str, _: QueryContext<'_>) -> SensitiveOutputs {
        SensitiveOutputs::Unknown { named: true }
    }

    fn sensitive_literals(&self, _: &str, _: QueryContext<'_>) -> Vec<String> {
        Vec::new()
    }
}
