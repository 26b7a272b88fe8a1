use std::{path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use nlq_catalog::{Annotations, Catalog};
use nlq_config::{ConnectionConfig, ConnectionKind, Trusted};
use nlq_query::ReadOnlyQuery;
use nlq_text::Span;
use tokio_util::sync::CancellationToken;

use crate::{
    Rows, custom::Custom, dynamodb::DynamoDb, mongodb::Mongodb, postgres::Postgres, search::Search, splunk::Splunk,
    sqlite::Sqlite,
};

/// What a provider can do (seeds: provider interface).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the seeds' own")]
pub enum Capability {
    SchemaIntrospection,
    QueryValidation,
    QueryExecution,
    QueryExplanation,
    DryRun,
    CostEstimation,
}

impl Capability {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::SchemaIntrospection,
        Self::QueryValidation,
        Self::QueryExecution,
        Self::QueryExplanation,
        Self::DryRun,
        Self::CostEstimation,
    ];

    /// As the seeds, and programs that are providers, name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::SchemaIntrospection => "schema_introspection",
            Self::QueryValidation => "query_validation",
            Self::QueryExecution => "query_execution",
            Self::QueryExplanation => "query_explanation",
            Self::DryRun => "dry_run",
            Self::CostEstimation => "cost_estimation",
        }
    }

    /// The capability of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|capability| capability.name() == name)
    }
}

/// How much a run may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Rows at most.
    pub rows: usize,
    /// Bytes of cell text at most.
    pub bytes: usize,
    /// Time at most, kept by the server too where it can.
    pub timeout: Duration,
}

/// What introspection may look at.
#[derive(Debug, Clone, Copy)]
pub struct SchemaOptions<'a> {
    /// Sample the distinct values of low-cardinality text columns.
    pub sample_values: bool,
    /// Whose sensitive columns are never sampled.
    pub annotations: &'a Annotations,
}

/// What the system itself says against a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Error category (seeds: error analyser).
    pub kind: ProblemKind,
    /// Where, when the system says so; bytes of the query.
    pub span: Option<Span>,
    /// Its words, without any secret.
    pub message: String,
}

/// Error categories (seeds/003).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the seeds' own")]
pub enum ProblemKind {
    Syntax,
    Schema,
    Permission,
    Connection,
    Timeout,
    Data,
    Cancelled,
    /// The provider has not the capability.
    Unsupported,
}

/// Why a provider could not do what was asked. One sentence; never contains a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.message)]
pub struct ProviderError(pub Problem);

impl ProviderError {
    pub(crate) fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self(Problem { kind, span: None, message: message.into() })
    }

    pub(crate) fn at(mut self, span: Option<Span>) -> Self {
        self.0.span = span;
        self
    }

    pub(crate) fn timed_out() -> Self {
        Self::new(
            ProblemKind::Timeout,
            "the query took longer than the timeout: narrow it, or raise `execution_timeout` in nlq.yaml",
        )
    }

    pub(crate) fn cancelled() -> Self {
        Self::new(ProblemKind::Cancelled, "the query was cancelled")
    }
}

/// One open connection to a system.
#[async_trait]
pub trait QueryProvider: Send + Sync + std::fmt::Debug {
    /// Such as `sql_postgresql`.
    fn provider_id(&self) -> &str;

    /// Such as `SQL`.
    fn query_language(&self) -> &str;

    /// What it can do.
    fn capabilities(&self) -> &[Capability];

    /// Reads the schema.
    async fn schema(&self, options: SchemaOptions<'_>, cancel: CancellationToken) -> Result<Catalog, ProviderError>;

    /// Asks the system itself whether the query is valid, without running it.
    async fn validate(
        &self,
        query: &ReadOnlyQuery,
        timeout: Duration,
        cancel: CancellationToken,
    ) -> Result<(), ProviderError>;

    /// The system's plan, as text.
    async fn explain(
        &self,
        query: &ReadOnlyQuery,
        timeout: Duration,
        cancel: CancellationToken,
    ) -> Result<String, ProviderError>;

    /// Runs it, read-only, within limits; cancelling stops it in the system too.
    async fn execute(
        &self,
        query: &ReadOnlyQuery,
        limits: Limits,
        cancel: CancellationToken,
    ) -> Result<Rows, ProviderError>;

    /// Closes what is open.
    async fn close(&self);
}

/// Opens a connection (lazily: the system is reached on the first use) of the workspace at `root`.
///
/// `trusted` is asked for even where no secret is needed: nothing is opened in a workspace that nobody trusts.
pub async fn connect(
    connection: &ConnectionConfig,
    root: &Path,
    trusted: &Trusted,
) -> Result<Arc<dyn QueryProvider>, ProviderError> {
    match &connection.kind {
        ConnectionKind::Sqlite(config) => Ok(Arc::new(Sqlite::new(config, root))),
        ConnectionKind::Postgresql(config) => Ok(Arc::new(Postgres::new(config, root, trusted).await?)),
        ConnectionKind::Mongodb(config) => Ok(Arc::new(Mongodb::new(config, root, trusted).await?)),
        ConnectionKind::Splunk(config) => Ok(Arc::new(Splunk::new(config, root, trusted).await?)),
        ConnectionKind::DynamoDb(config) => Ok(Arc::new(DynamoDb::new(config, root, trusted).await?)),
        ConnectionKind::Search(config) => Ok(Arc::new(Search::new(config, root, trusted).await?)),
        ConnectionKind::Custom(config) => Ok(Arc::new(Custom::new(config, root, trusted).await?)),
    }
}
