use nlq_providers::Rows;
use nlq_text::Span;
use tokio_util::sync::CancellationToken;

/// The system that a question is about, as the validator sees it. Everything goes through the read-only guard, under the
/// workspace's limits, and sensitive values are masked.
#[async_trait::async_trait]
pub trait System: Send + Sync {
    /// Asks the system itself whether a query is valid.
    async fn validate(&self, sql: &str, cancel: CancellationToken) -> Result<(), Failure>;

    /// Runs a query.
    async fn run(&self, sql: &str, cancel: CancellationToken) -> Result<Rows, Failure>;
}

/// Why a query failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure.
    pub category: Category,
    /// One sentence.
    pub message: String,
    /// Where in the query.
    pub span: Option<Span>,
}

/// Error categories (seeds/003, step executor), with one more for what the read-only guard refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the seeds' own")]
pub enum Category {
    Syntax,
    Schema,
    Data,
    Timeout,
    Permission,
    Connection,
    Cancelled,
    /// Not a single query that only reads.
    Refused,
}

/// What a failure is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// The model is told and tries again.
    Repair,
    /// Once more, narrower; then the user is told.
    RepairOnce,
    /// The user is told: no query would fare better.
    End,
}

impl Category {
    /// What this failure is answered with.
    pub fn recovery(self) -> Recovery {
        match self {
            Category::Syntax | Category::Schema | Category::Data | Category::Refused => Recovery::Repair,
            Category::Timeout => Recovery::RepairOnce,
            Category::Permission | Category::Connection | Category::Cancelled => Recovery::End,
        }
    }

    /// As prompts and traces write it.
    pub fn name(self) -> &'static str {
        match self {
            Category::Syntax => "syntax",
            Category::Schema => "schema",
            Category::Data => "data",
            Category::Timeout => "timeout",
            Category::Permission => "permission",
            Category::Connection => "connection",
            Category::Cancelled => "cancelled",
            Category::Refused => "refused",
        }
    }
}

impl Failure {
    pub(crate) fn new(category: Category, message: impl Into<String>) -> Self {
        Self { category, message: message.into(), span: None }
    }
}
