//! PostgreSQL servers: a few pooled connections, and everything in read-only transactions that are rolled back.
//!
//! Times with a zone are shown in UTC, whatever the server's own setting is, so that results do not depend on a machine.

mod connect;
mod error;
mod run;
mod samples;
mod schema;
mod session;
mod text;

use std::time::Duration;

use async_trait::async_trait;
use nlq_catalog::Catalog;
use nlq_query::ReadOnlyQuery;
use tokio_util::sync::CancellationToken;

pub(crate) use session::Postgres;

use crate::{Capability, Limits, ProviderError, QueryProvider, Rows, SchemaOptions};

#[async_trait]
impl QueryProvider for Postgres {
    fn provider_id(&self) -> &'static str {
        "sql_postgresql"
    }

    fn query_language(&self) -> &'static str {
        "SQL"
    }

    fn capabilities(&self) -> &'static [Capability] {
        &[
            Capability::SchemaIntrospection,
            Capability::QueryValidation,
            Capability::QueryExecution,
            Capability::QueryExplanation,
        ]
    }

    async fn schema(&self, options: SchemaOptions<'_>, cancel: CancellationToken) -> Result<Catalog, ProviderError> {
        schema::read(self, options, cancel).await
    }

    async fn validate(
        &self,
        query: &ReadOnlyQuery,
        timeout: Duration,
        cancel: CancellationToken,
    ) -> Result<(), ProviderError> {
        run::explain(self, query.text(), timeout, cancel).await.map(|_| ())
    }

    async fn explain(
        &self,
        query: &ReadOnlyQuery,
        timeout: Duration,
        cancel: CancellationToken,
    ) -> Result<String, ProviderError> {
        run::explain(self, query.text(), timeout, cancel).await
    }

    async fn execute(
        &self,
        query: &ReadOnlyQuery,
        limits: Limits,
        cancel: CancellationToken,
    ) -> Result<Rows, ProviderError> {
        run::execute(self, query.text(), limits, cancel).await
    }

    async fn close(&self) {
        self.close_idle().await;
    }
}
