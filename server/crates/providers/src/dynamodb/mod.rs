//! Amazon DynamoDB over its JSON protocol: tables and their keys, attributes as a sample of items shows them, and PartiQL.
//!
//! There is no dry run, so validating reads nothing: the statement is checked against the keys, indexes and projections that
//! `DescribeTable` tells, and nothing of it is sent. Running sends `ExecuteStatement`, page by page.

mod client;
mod error;
mod explain;
mod run;
mod sample;
mod schema;
mod value;

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use nlq_catalog::Catalog;
use nlq_config::{DynamoDbConfig, Trusted};
use nlq_query::ReadOnlyQuery;
use tokio_util::sync::CancellationToken;

use self::{client::Client, schema::Description};
use crate::{Capability, Limits, ProviderError, QueryProvider, Rows, SchemaOptions};

/// Tables of DynamoDB.
#[derive(Debug)]
pub(crate) struct DynamoDb {
    client: Client,
    tables: Vec<String>,
    sample_size: u32,
    scan_limit: u64,
    /// What tables were described as; asked once a connection.
    described: Mutex<HashMap<String, Arc<Description>>>,
    /// The read units that the last run of a statement took, where DynamoDB told them.
    consumed: Mutex<Option<(String, f64)>>,
}

impl DynamoDb {
    /// Resolves address and keys; nothing is reached yet.
    pub(crate) async fn new(config: &DynamoDbConfig, root: &Path, trusted: &Trusted) -> Result<Self, ProviderError> {
        Ok(Self {
            client: Client::new(config, root, trusted).await?,
            tables: config.tables.clone(),
            sample_size: config.sample_size,
            scan_limit: config.scan_limit,
            described: Mutex::default(),
            consumed: Mutex::default(),
        })
    }
}

#[async_trait]
impl QueryProvider for DynamoDb {
    fn provider_id(&self) -> &'static str {
        "dynamodb"
    }

    fn query_language(&self) -> &'static str {
        "PartiQL"
    }

    fn capabilities(&self) -> &'static [Capability] {
        &[
            Capability::SchemaIntrospection,
            Capability::QueryValidation,
            Capability::QueryExecution,
            Capability::QueryExplanation,
            Capability::CostEstimation,
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
        explain::validate(self, query.text(), timeout, &cancel).await
    }

    async fn explain(
        &self,
        query: &ReadOnlyQuery,
        timeout: Duration,
        cancel: CancellationToken,
    ) -> Result<String, ProviderError> {
        explain::explain(self, query.text(), timeout, &cancel).await
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

#[cfg(test)]
mod tests;
