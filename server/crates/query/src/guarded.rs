//! What the read-only guards pass, and why they refuse.

use nlq_catalog::Dialect;
use nlq_text::Span;

/// A statement that the read-only guard has passed: exactly one statement, parsed, a query, free of denied functions, commands and stages.
/// Providers run nothing else, and [`crate::guard`] is the only way to make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOnlyQuery {
    text: String,
    dialect: Dialect,
}

impl ReadOnlyQuery {
    /// What a language's guard has passed.
    pub(crate) fn new(text: &str, dialect: Dialect) -> Self {
        Self { text: text.to_owned(), dialect }
    }

    /// The statement's text, without a closing `;` and without comments after it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it was parsed as.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }
}

/// Why a statement was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Where, in bytes of the text.
    pub span: Span,
    /// A stable name: `syntax`, `several-statements`, `not-a-query`, `denied-function`, `denied-table`,
    /// `denied-command`, `denied-syntax`.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
}

impl Refusal {
    pub(crate) fn new(span: Span, code: &'static str, message: impl Into<String>) -> Self {
        Self { span, code, message: message.into() }
    }
}
