//! OpenSearch and Elasticsearch, by their REST interface. Only a [`ReadOnlyQuery`] and the constant requests of `schema.rs` are
//! sent.

mod client;
mod error;
mod rows;
mod run;
mod schema;

use std::time::Duration;

use async_trait::async_trait;
use nlq_catalog::{Catalog, Dialect};
use nlq_query::ReadOnlyQuery;
use tokio_util::sync::CancellationToken;

pub(crate) use client::Search;

use crate::{Capability, Limits, ProviderError, QueryProvider, Rows, SchemaOptions};

#[async_trait]
impl QueryProvider for Search {
    fn provider_id(&self) -> &'static str {
        match self.dialect {
            Dialect::Elasticsearch => "elasticsearch",
            _ => "opensearch",
        }
    }

    fn query_language(&self) -> &'static str {
        "Query DSL"
    }

    fn capabilities(&self) -> &[Capability] {
        &[
            Capability::SchemaIntrospection,
            Capability::QueryValidation,
            Capability::QueryExecution,
            Capability::QueryExplanation,
        ]
    }

    async fn schema(&self, options: SchemaOptions<'_>, cancel: CancellationToken) -> Result<Catalog, ProviderError> {
        schema::read(self, options, &cancel).await
    }

    async fn validate(
        &self,
        query: &ReadOnlyQuery,
        timeout: Duration,
        cancel: CancellationToken,
    ) -> Result<(), ProviderError> {
        run::validate(self, query.text(), timeout, &cancel).await.map(|_| ())
    }

    async fn explain(
        &self,
        query: &ReadOnlyQuery,
        timeout: Duration,
        cancel: CancellationToken,
    ) -> Result<String, ProviderError> {
        run::validate(self, query.text(), timeout, &cancel).await
    }

    async fn execute(
        &self,
        query: &ReadOnlyQuery,
        limits: Limits,
        cancel: CancellationToken,
    ) -> Result<Rows, ProviderError> {
        run::execute(self, query.text(), limits, &cancel).await
    }

    async fn close(&self) {}
}
