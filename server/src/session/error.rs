use nlq_config::ConnectionRef;
use nlq_knowledge::state::StateError;
use nlq_providers::{ProblemKind, ProviderError};
use nlq_query::Refusal;
use nlq_text::Span;

/// One sentence: what is wrong and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct SessionError {
    /// Stable name: `untrusted`, `unknown-connection`, `no-schema`, `refused`, `syntax`, `schema`, `permission`,
    /// `connection`, `timeout`, `data`, `cancelled`, `unsupported`, `io`.
    pub(crate) code: &'static str,
    /// The sentence.
    pub(crate) message: String,
    /// Where in the query, when it is about one.
    pub(crate) span: Option<Span>,
}

impl SessionError {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), span: None }
    }

    pub(crate) fn untrusted(connection: &ConnectionRef) -> Self {
        let message = format!(
            "this workspace is not trusted, so {connection} is not connected to; run `nlq trust`, or trust it in the editor"
        );
        Self::new("untrusted", message)
    }

    pub(crate) fn cancelled() -> Self {
        Self::new("cancelled", "cancelled")
    }

    /// True when another reading of the question may fare better with the system.
    pub(crate) fn is_repairable(&self) -> bool {
        matches!(self.code, "refused" | "syntax" | "schema" | "data")
    }
}

impl From<ProviderError> for SessionError {
    fn from(ProviderError(problem): ProviderError) -> Self {
        let code = match problem.kind {
            ProblemKind::Syntax => "syntax",
            ProblemKind::Schema => "schema",
            ProblemKind::Permission => "permission",
            ProblemKind::Connection => "connection",
            ProblemKind::Timeout => "timeout",
            ProblemKind::Data => "data",
            ProblemKind::Cancelled => "cancelled",
            ProblemKind::Unsupported => "unsupported",
        };
        Self { code, message: problem.message, span: problem.span }
    }
}

impl From<StateError> for SessionError {
    fn from(error: StateError) -> Self {
        Self::new("io", error.to_string())
    }
}

impl From<Refusal> for SessionError {
    fn from(refusal: Refusal) -> Self {
        Self { code: "refused", span: Some(refusal.span), message: refusal.message }
    }
}
