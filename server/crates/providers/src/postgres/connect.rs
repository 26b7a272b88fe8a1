use std::{path::Path, time::Duration};

use nlq_config::{PostgresConfig, SecretRef, TlsMode, Trusted};
use sqlx::{
    ConnectOptions, Connection, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};

use super::error;
use crate::{ProblemKind, ProviderError};

/// A server that does not answer by then is not there, as far as someone who waits in an editor is concerned.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The options of a connection, its secrets resolved.
pub(super) async fn options(
    config: &PostgresConfig,
    root: &Path,
    trusted: &Trusted,
) -> Result<PgConnectOptions, ProviderError> {
    // A secret may be a program that runs for seconds.
    let (config, root, trusted) = (config.clone(), root.to_owned(), trusted.clone());
    let resolved = tokio::task::spawn_blocking(move || {
        let get = |secret: &SecretRef| {
            let value = secret.resolve(&root, &trusted);
            value.map_err(|e| ProviderError::new(ProblemKind::Connection, e.to_string()))
        };
        // Never another password than the configured one, such as the environment's: an empty one stands for none.
        let password = config.password.as_ref().map_or(Ok(String::new()), &get)?;
        Ok(PgConnectOptions::new_without_pgpass()
            .host(&no_url("host", get(&config.host)?)?)
            .port(config.port)
            .database(&no_url("database", get(&config.database)?)?)
            .username(&no_url("user", get(&config.user)?)?)
            .password(&password)
            .ssl_mode(match config.tls {
                TlsMode::Disable => PgSslMode::Disable,
                TlsMode::Prefer => PgSslMode::Prefer,
                TlsMode::Require => PgSslMode::Require,
                TlsMode::VerifyFull => PgSslMode::VerifyFull,
            })
            .application_name("nlq")
            // The server's own setting shows floats as psql does.
            .extra_float_digits(None)
            .disable_statement_logging())
    });
    resolved.await.map_err(|e| ProviderError::new(ProblemKind::Connection, e.to_string()))?
}

/// A whole `DATABASE_URL` in one setting is refused without its text: these settings stand in errors, and the URL's
/// password would stand there with them.
fn no_url(setting: &str, value: String) -> Result<String, ProviderError> {
    if value.contains("://") || (setting == "host" && value.contains('@')) {
        let message = format!(
            "`{setting}` in nlq.yaml stands for a whole URL: give host, port, database, user and password each in its \
             own setting"
        );
        return Err(ProviderError::new(ProblemKind::Connection, message));
    }
    Ok(value)
}

/// A new connection.
pub(super) async fn open(options: &PgConnectOptions) -> Result<PgConnection, ProviderError> {
    let timed_out = || {
        ProviderError::new(
            ProblemKind::Timeout,
            format!(
                "{}:{} did not answer within {} s: check `host` and `port` in nlq.yaml, the network and the firewall",
                options.get_host(),
                options.get_port(),
                CONNECT_TIMEOUT.as_secs()
            ),
        )
    };
    let connecting = async {
        // Behind the read-only transactions, for whatever might slip out of one. Set at the start of the session,
        // because a pooler would hand a later SET on to other programs; one that refuses such settings goes without.
        let read_only = options.clone().options([("default_transaction_read_only", "on")]);
        match read_only.connect().await {
            Err(sqlx::Error::Database(e)) if e.message().contains("startup parameter") => options.connect().await,
            connected => connected,
        }
    };
    match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
        Ok(connection) => connection.map_err(|e| error::of_connect(e, options)),
        Err(_) => Err(timed_out()),
    }
}

/// Stops what a backend is doing, from a connection of its own.
pub(super) async fn cancel(options: &PgConnectOptions, backend: i32) {
    let cancelling = async {
        let mut connection = open(options).await?;
        let done = sqlx::query("SELECT pg_cancel_backend($1)").bind(backend).execute(&mut connection).await;
        let _ = connection.close().await;
        done.map(|_| ()).map_err(|e| error::of_connect(e, options))
    };
    if let Err(error) = cancelling.await {
        // The server's own statement timeout is still set.
        tracing::warn!("could not cancel a query on the server: {error}");
    }
}
