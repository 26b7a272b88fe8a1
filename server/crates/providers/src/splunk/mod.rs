//! Splunk, by the REST interface of a search head. Only a [`ReadOnlyQuery`] and the constant searches of `schema.rs` are sent.

mod client;
mod error;
mod fields;
mod models;
mod objects;
mod run;
mod schema;

use std::time::Duration;

use async_trait::async_trait;
use nlq_catalog::Catalog;
use nlq_query::ReadOnlyQuery;
use tokio_util::sync::CancellationToken;

pub(crate) use client::Splunk;

use crate::{Capability, Limits, ProviderError, QueryProvider, Rows, SchemaOptions};

#[async_trait]
impl QueryProvider for Splunk {
    fn provider_id(&self) -> &'static str {
        "splunk"
    }

    fn query_language(&self) -> &'static str {
        "SPL"
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
        run::parse(self, query.text(), timeout, &cancel).await.map(|_| ())
    }

    async fn explain(
        &self,
        query: &ReadOnlyQuery,
        timeout: Duration,
        cancel: CancellationToken,
    ) -> Result<String, ProviderError> {
        let view = run::parse(self, query.text(), timeout, &cancel).await?;
        Ok(run::explained(&view))
    }

    async fn execute(
        &self,
        query: &ReadOnlyQuery,
        limits: Limits,
        cancel: CancellationToken,
    ) -> Result<Rows, ProviderError> {
        run::execute(self, query.text(), limits, &cancel).await
    }

    async fn close(&self) {
        self.sign_out();
    }
}
