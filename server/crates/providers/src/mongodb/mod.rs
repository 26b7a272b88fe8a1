//! MongoDB servers. Everything that runs is an aggregation, a `find` or a `distinct` that the guard has passed, built here
//! as a command of its own: no text reaches the server, and nothing that is not one of these commands.

mod bson;
mod connect;
mod error;
mod run;
mod schema;
mod shape;
mod validator;

use std::{path::Path, time::Duration};

use async_trait::async_trait;
use mongodb::{Client, Database, options::ClientOptions};
use nlq_catalog::Catalog;
use nlq_config::{MongodbConfig, Trusted};
use nlq_query::ReadOnlyQuery;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::{Capability, Limits, ProviderError, QueryProvider, Rows, SchemaOptions};

/// A connection to a database of a MongoDB server.
pub(crate) struct Mongodb {
    options: ClientOptions,
    /// The database's name.
    database: String,
    /// The servers, for sentences.
    place: String,
    collections: Vec<String>,
    sample_size: u32,
    /// Made on the first use: the driver begins to connect at once.
    client: OnceCell<Client>,
}

impl std::fmt::Debug for Mongodb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The driver's options would show the password.
        f.debug_struct("Mongodb").field("place", &self.place).field("database", &self.database).finish_non_exhaustive()
    }
}

impl Mongodb {
    /// The connection that the settings describe; nothing is reached yet.
    pub(crate) async fn new(config: &MongodbConfig, root: &Path, trusted: &Trusted) -> Result<Self, ProviderError> {
        let connect::Target { options, database } = connect::target(config, root, trusted).await?;
        let place = options.hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        Ok(Self {
            options,
            database,
            place,
            collections: config.collections.clone(),
            sample_size: config.sample_size,
            client: OnceCell::new(),
        })
    }

    async fn client(&self) -> Result<&Client, ProviderError> {
        let new = || async { Client::with_options(self.options.clone()) };
        self.client.get_or_try_init(new).await.map_err(|e| error::of(&e, self))
    }

    async fn database(&self) -> Result<Database, ProviderError> {
        Ok(self.client().await?.database(&self.database))
    }
}

#[async_trait]
impl QueryProvider for Mongodb {
    fn provider_id(&self) -> &'static str {
        "mongodb"
    }

    fn query_language(&self) -> &'static str {
        "MongoDB aggregation"
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
        run::explain(self, query, timeout, cancel).await.map(|_| ())
    }

    async fn explain(
        &self,
        query: &ReadOnlyQuery,
        timeout: Duration,
        cancel: CancellationToken,
    ) -> Result<String, ProviderError> {
        run::explain(self, query, timeout, cancel).await
    }

    async fn execute(
        &self,
        query: &ReadOnlyQuery,
        limits: Limits,
        cancel: CancellationToken,
    ) -> Result<Rows, ProviderError> {
        run::execute(self, query, limits, cancel).await
    }

    async fn close(&self) {
        if let Some(client) = self.client.get() {
            client.clone().shutdown().immediate(true).await;
        }
    }
}
