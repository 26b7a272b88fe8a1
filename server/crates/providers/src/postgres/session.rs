use std::{
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use nlq_config::{PostgresConfig, Trusted};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, postgres::PgConnectOptions};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

use super::{connect, error, text::TypeNames};
use crate::{ProblemKind, ProviderError, wait::GRACE};

/// Connections of one workspace to one server: an editor asks little at a time, and servers have few to give.
const MAX_CONNECTIONS: usize = 4;

/// How long a statement waits for another's lock.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// Ending a transaction takes one exchange; a server that takes longer is not worth keeping.
const END_TIMEOUT: Duration = Duration::from_secs(2);

/// A server and the connections that are open to it.
pub(crate) struct Postgres {
    options: PgConnectOptions,
    pub(super) schemas: Vec<String>,
    pub(super) type_names: TypeNames,
    permits: Semaphore,
    idle: Mutex<Vec<PgConnection>>,
}

impl std::fmt::Debug for Postgres {
    /// Without the options: they hold the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postgres").field("schemas", &self.schemas).finish_non_exhaustive()
    }
}

/// A read-only transaction on a connection. Dropped before its end, it stops what the server is doing and gives the
/// connection up.
pub(super) struct Session<'p> {
    server: &'p Postgres,
    connection: Option<PgConnection>,
    backend: i32,
    _permit: SemaphorePermit<'p>,
}

impl Postgres {
    pub(crate) async fn new(config: &PostgresConfig, root: &Path, trusted: &Trusted) -> Result<Self, ProviderError> {
        Ok(Self {
            options: connect::options(config, root, trusted).await?,
            schemas: config.schemas.clone(),
            type_names: TypeNames::default(),
            permits: Semaphore::new(MAX_CONNECTIONS),
            idle: Mutex::default(),
        })
    }

    /// Begins a read-only transaction whose statements may take `timeout` each.
    pub(super) async fn begin(
        &self,
        timeout: Duration,
        cancel: &CancellationToken,
    ) -> Result<Session<'_>, ProviderError> {
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(ProviderError::cancelled()),
            session = self.begin_uncancelled(timeout) => session,
        }
    }

    async fn begin_uncancelled(&self, timeout: Duration) -> Result<Session<'_>, ProviderError> {
        let closed = |_| ProviderError::new(ProblemKind::Connection, "the connection is closed");
        let permit = self.permits.acquire().await.map_err(closed)?;
        // An idle connection may have died since: the server restarted, a firewall forgot it.
        while let Some(mut connection) = self.take_idle() {
            let begun = tokio::time::timeout(END_TIMEOUT, begin(&mut connection, timeout)).await;
            if let Ok(Ok(backend)) = begun {
                return Ok(Session { server: self, connection: Some(connection), backend, _permit: permit });
            }
        }
        let mut connection = connect::open(&self.options).await?;
        let backend = begin(&mut connection, timeout).await.map_err(|e| error::of_connect(e, &self.options))?;
        Ok(Session { server: self, connection: Some(connection), backend, _permit: permit })
    }

    fn take_idle(&self) -> Option<PgConnection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    pub(super) async fn close_idle(&self) {
        self.permits.close();
        while let Some(connection) = self.take_idle() {
            let _ = tokio::time::timeout(END_TIMEOUT, connection.close()).await;
        }
    }
}

/// Begins a transaction in one exchange; gives the backend's number.
async fn begin(connection: &mut PgConnection, timeout: Duration) -> Result<i32, sqlx::Error> {
    // Strings as the guard reads them, whatever the database's own setting: with it off, a backslash before a quote would
    // move a string's end. At least 1 ms: 0 would mean no timeout at all.
    let (statement, lock) = (timeout.as_millis().max(1), LOCK_TIMEOUT.as_millis());
    let idle = (timeout + GRACE).as_millis();
    let sql = format!(
        "BEGIN READ ONLY; SET LOCAL standard_conforming_strings = on; \
         SET LOCAL statement_timeout = {statement}; SET LOCAL lock_timeout = {lock}; \
         SET LOCAL idle_in_transaction_session_timeout = {idle}; SELECT pg_backend_pid()::text"
    );
    let row = connection.fetch_one(sqlx::raw_sql(AssertSqlSafe(sql))).await?;
    let backend: String = row.try_get(0)?;
    backend.parse().map_err(|e| sqlx::Error::Decode(Box::new(e)))
}

impl Session<'_> {
    pub(super) fn connection(&mut self) -> &mut PgConnection {
        self.connection.as_mut().expect("a session has its connection until its end")
    }

    /// Ends after `done`: what was interrupted is stopped on the server, before the caller hears of it.
    pub(super) async fn settle<T>(self, done: Result<T, ProviderError>) -> Result<T, ProviderError> {
        match done {
            Ok(done) => {
                self.end().await;
                Ok(done)
            }
            Err(error) => {
                self.stop().await;
                Err(error)
            }
        }
    }

    /// Stops what the server is doing and gives the connection up.
    pub(super) async fn stop(mut self) {
        // The connection stays until then: where even this is dropped half-way, the drop below takes over.
        connect::cancel(&self.server.options, self.backend).await;
        self.connection = None;
    }

    /// Rolls back and keeps the connection for the next.
    async fn end(mut self) {
        // Taken first: a rollback that is dropped half-way must not leave a connection to the next user.
        let Some(mut connection) = self.connection.take() else { return };
        let ended = tokio::time::timeout(END_TIMEOUT, sqlx::raw_sql("ROLLBACK").execute(&mut connection)).await;
        if matches!(ended, Ok(Ok(_))) && !self.server.permits.is_closed() {
            self.server.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (options, backend) = (self.server.options.clone(), self.backend);
        runtime.spawn(async move {
            connect::cancel(&options, backend).await;
            drop(connection);
        });
    }
}
