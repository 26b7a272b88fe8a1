//! SQLite files: opened read-only, one connection a call.
//!
//! Opening a file takes well under a millisecond, so nothing is pooled: a call that was cancelled or timed out leaves
//! nothing behind, and a file that was replaced on disk is seen at once.

mod error;
mod kinds;
mod open;
mod run;
mod schema;
mod values;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use nlq_catalog::Catalog;
use nlq_config::SqliteConfig;
use nlq_query::ReadOnlyQuery;
use tokio_util::sync::CancellationToken;

use crate::{Capability, Limits, ProviderError, QueryProvider, Rows, SchemaOptions};

/// Reading a schema stops here at the latest.
const SCHEMA_TIMEOUT: Duration = Duration::from_mins(1);

/// A SQLite file of a workspace.
#[derive(Debug)]
pub(crate) struct Sqlite {
    path: PathBuf,
}

impl Sqlite {
    pub(crate) fn new(config: &SqliteConfig, root: &Path) -> Self {
        Self { path: root.join(&config.path) }
    }
}

/// Reads the schema of a SQLite file, without any workspace.
pub async fn sqlite_catalog(path: &Path, options: SchemaOptions<'_>) -> Result<Catalog, ProviderError> {
    schema::read(path, options, CancellationToken::new()).await
}

/// A SQLite file, without any workspace: what measures the engine runs on, read-only like every other.
pub fn sqlite_file(path: &Path) -> Arc<dyn QueryProvider> {
    Arc::new(Sqlite { path: path.to_owned() })
}

#[async_trait]
impl QueryProvider for Sqlite {
    fn provider_id(&self) -> &'static str {
        "sql_sqlite"
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
        schema::read(&self.path, options, cancel).await
    }

    async fn validate(
        &self,
        query: &ReadOnlyQuery,
        timeout: Duration,
        cancel: CancellationToken,
    ) -> Result<(), ProviderError> {
        run::validate(&self.path, query.text(), timeout, cancel).await
    }

    async fn explain(
        &self,
        query: &ReadOnlyQuery,
        timeout: Duration,
        cancel: CancellationToken,
    ) -> Result<String, ProviderError> {
        run::explain(&self.path, query.text(), timeout, cancel).await
    }

    async fn execute(
        &self,
        query: &ReadOnlyQuery,
        limits: Limits,
        cancel: CancellationToken,
    ) -> Result<Rows, ProviderError> {
        run::execute(&self.path, query.text(), limits, cancel).await
    }

    async fn close(&self) {}
}
