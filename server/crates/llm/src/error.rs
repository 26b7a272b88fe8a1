use std::time::Duration;

/// Why a model did not answer: one sentence that names what to do next and never a secret.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct LlmError {
    /// What kind of failure.
    pub kind: LlmErrorKind,
    /// The sentence.
    pub message: String,
}

/// What kind of failure, which says what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LlmErrorKind {
    /// 429: too many requests; the service may say when to come back.
    RateLimited(Option<Duration>),
    /// 5xx, 529: the service is overloaded or broken.
    Overloaded(Option<Duration>),
    /// Nothing came in time.
    Timeout,
    /// The network, or a stream that was cut.
    Connection,
    /// 401, 403: the key.
    Authentication,
    /// The prompt is longer than the model reads: shrink it.
    ContextLength,
    /// The service refuses the request as it stands.
    BadRequest,
    /// A reply that is not what the service documents.
    InvalidReply,
    /// The prompt's, the day's or the workspace's budget is spent.
    Budget,
    /// The user cancelled.
    Cancelled,
    /// No such profile, a setting is missing, a secret could not be resolved.
    Configuration,
}

impl LlmError {
    /// A failure.
    pub fn new(kind: LlmErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// The user's cancel.
    pub fn cancelled() -> Self {
        Self::new(LlmErrorKind::Cancelled, "cancelled")
    }

    /// The same without a secret, which some services repeat in what they say of it.
    pub(crate) fn without(mut self, secret: &str) -> Self {
        if !secret.is_empty() {
            self.message = self.message.replace(secret, "[key]");
        }
        self
    }

    /// Another model may do what this one could not: worth the fallback.
    pub(crate) fn asks_for_another_model(&self) -> bool {
        self.is_transient() || matches!(self.kind, LlmErrorKind::Authentication | LlmErrorKind::Configuration)
    }

    /// The same request may fare better a little later.
    pub fn is_transient(&self) -> bool {
        use LlmErrorKind::{Connection, Overloaded, RateLimited, Timeout};
        matches!(self.kind, RateLimited(_) | Overloaded(_) | Timeout | Connection)
    }
}
