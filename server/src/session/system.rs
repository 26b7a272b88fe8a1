//! Systems as the validator of the pipeline sees them.

use std::{sync::Arc, time::Duration};

use nlq_agents::{Category, Failure, System};
use nlq_catalog::Dialect;
use nlq_config::ConnectionRef;
use nlq_providers::{Limits, QueryProvider, Rows};
use nlq_query::guard;
use tokio_util::sync::CancellationToken;

use super::{Session, SessionError};

/// A connection of the workspace: under its limits, sensitive values masked.
pub(super) struct Connected<'a> {
    pub(super) session: &'a Session,
    pub(super) connection: &'a ConnectionRef,
}

#[async_trait::async_trait]
impl System for Connected<'_> {
    async fn validate(&self, sql: &str, cancel: CancellationToken) -> Result<(), Failure> {
        self.session.validate(self.connection, sql, cancel).await.map_err(Failure::from)
    }

    async fn run(&self, sql: &str, cancel: CancellationToken) -> Result<Rows, Failure> {
        self.session.run(self.connection, sql, None, cancel).await.map_err(Failure::from)
    }
}

/// A SQLite file that is no connection: results of steps, databases of an evaluation.
pub(crate) struct Direct {
    pub(crate) provider: Arc<dyn QueryProvider>,
}

impl Direct {
    /// What one run may take: as the validator of a workspace has it by default.
    const LIMITS: Limits = Limits { rows: 100, bytes: 16 << 20, timeout: Duration::from_secs(30) };
}

#[async_trait::async_trait]
impl System for Direct {
    async fn validate(&self, sql: &str, cancel: CancellationToken) -> Result<(), Failure> {
        let query = guard(sql, Dialect::Sqlite).map_err(SessionError::from)?;
        let timeout = Self::LIMITS.timeout;
        Ok(self.provider.validate(&query, timeout, cancel).await.map_err(SessionError::from)?)
    }

    async fn run(&self, sql: &str, cancel: CancellationToken) -> Result<Rows, Failure> {
        let query = guard(sql, Dialect::Sqlite).map_err(SessionError::from)?;
        Ok(self.provider.execute(&query, Self::LIMITS, cancel).await.map_err(SessionError::from)?)
    }
}

/// The categories that errors of a session are told by.
const CATEGORIES: [Category; 8] = [
    Category::Syntax,
    Category::Schema,
    Category::Data,
    Category::Timeout,
    Category::Permission,
    Category::Connection,
    Category::Cancelled,
    Category::Refused,
];

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        let known = CATEGORIES.into_iter().find(|category| category.name() == error.code);
        // What has no category of its own, such as lost trust, ends the work like a lost connection.
        Self { category: known.unwrap_or(Category::Connection), message: error.message, span: error.span }
    }
}

impl From<Failure> for SessionError {
    fn from(failure: Failure) -> Self {
        Self { code: failure.category.name(), message: failure.message, span: failure.span }
    }
}
