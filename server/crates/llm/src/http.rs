//! What all services have in common on the wire: one client, deadlines, cancelling, and failures as [`LlmError`].

use std::{error::Error, future::Future, time::Duration};

use reqwest::{Client, RequestBuilder, Response, redirect};
use tokio_util::sync::CancellationToken;

use crate::{LlmError, LlmErrorKind, failure::Failure};

/// Longer than any healthy handshake across the world, short enough to try elsewhere.
const CONNECT: Duration = Duration::from_secs(10);

/// Bytes of an error's body that are read: services explain themselves in far less.
const MAX_ERROR_BODY: usize = 64 << 10;

/// How long a service may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// For a whole reply, connecting included.
    pub total: Duration,
    /// Between two pieces of a reply.
    pub idle: Duration,
}

impl Default for Deadlines {
    /// The declared defaults of `timeout_seconds` and `idle_timeout_seconds`.
    fn default() -> Self {
        Self { total: Duration::from_mins(1), idle: Duration::from_secs(30) }
    }
}

/// A service as it is reached over HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    /// Its name in sentences.
    pub(crate) service: &'static str,
    pub(crate) client: Client,
    pub(crate) deadlines: Deadlines,
}

/// The HTTP client of all services of a workspace. It follows no redirects: a key must not travel to another host.
/// Proxies are the environment's.
pub fn http_client() -> Result<Client, LlmError> {
    // Fails only when a provider was installed before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT)
        .user_agent(concat!("nlq/", env!("CARGO_PKG_VERSION")))
        .build();
    client.map_err(|error| {
        let message = format!("cannot set up HTTPS: {}; check the system's certificates", root_cause(&error));
        LlmError::new(LlmErrorKind::Configuration, message)
    })
}

impl Http {
    /// Runs an exchange until it is done, cancelled or late; dropping it closes its connection.
    pub(crate) async fn exchange<T>(
        &self,
        cancel: &CancellationToken,
        work: impl Future<Output = Result<T, LlmError>>,
    ) -> Result<T, LlmError> {
        let total = self.deadlines.total;
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(LlmError::cancelled()),
            done = tokio::time::timeout(total, work) => done.unwrap_or_else(|_| {
                let seconds = total.as_secs();
                let message = format!(
                    "{} did not finish its reply within {seconds} s: ask again, or raise `timeout_seconds` of the model \
                     in nlq.yaml",
                    self.service
                );
                Err(LlmError::new(LlmErrorKind::Timeout, message))
            }),
        }
    }

    /// Sends a request and waits for the head of the reply; a status that is no success is an error.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Response, LlmError> {
        self.ask(request).await?.map_err(|failure| failure.error(self.service))
    }

    /// The same, with the service's failure in its own words.
    pub(crate) async fn ask(&self, request: RequestBuilder) -> Result<Result<Response, Failure>, LlmError> {
        let mut response = request.send().await.map_err(|error| self.unreachable(error))?;
        if response.status().is_success() {
            return Ok(Ok(response));
        }
        let mut body = Vec::new();
        while let Ok(Ok(Some(chunk))) = tokio::time::timeout(self.deadlines.idle, response.chunk()).await {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ERROR_BODY {
                break;
            }
        }
        Ok(Err(Failure::of_response(response.status().as_u16(), response.headers(), &body)))
    }

    /// The next piece of a reply's body, within the idle deadline; none at its end.
    pub(crate) async fn idle<T, E>(&self, next: impl Future<Output = Result<T, E>>) -> Result<T, LlmError> {
        let idle = self.deadlines.idle;
        match tokio::time::timeout(idle, next).await {
            Ok(Ok(piece)) => Ok(piece),
            Ok(Err(_)) => Err(self.cut()),
            Err(_) => {
                let message = format!(
                    "{} fell silent for {} s in the middle of its reply: ask again",
                    self.service,
                    idle.as_secs()
                );
                Err(LlmError::new(LlmErrorKind::Timeout, message))
            }
        }
    }

    /// The connection ended before the reply did.
    pub(crate) fn cut(&self) -> LlmError {
        let message = format!("the connection to {} broke in the middle of its reply: ask again", self.service);
        LlmError::new(LlmErrorKind::Connection, message)
    }

    /// A reply that is not what the service documents.
    pub(crate) fn invalid(&self, what: &str) -> LlmError {
        let message =
            format!("{} sent {what}: check that `service` and `base_url` in nlq.yaml belong together", self.service);
        LlmError::new(LlmErrorKind::InvalidReply, message)
    }

    fn unreachable(&self, error: reqwest::Error) -> LlmError {
        let service = self.service;
        if error.is_builder() {
            let message =
                format!("cannot ask {service}: {}; check `base_url` in nlq.yaml", root_cause(&error.without_url()));
            return LlmError::new(LlmErrorKind::Configuration, message);
        }
        let host = error.url().and_then(|url| url.host_str()).map(|host| format!(" at {host}")).unwrap_or_default();
        let kind = if error.is_timeout() { LlmErrorKind::Timeout } else { LlmErrorKind::Connection };
        let cause = root_cause(&error.without_url());
        let message = format!("cannot reach {service}{host}: {cause}; check the network and `base_url` in nlq.yaml");
        LlmError::new(kind, message)
    }
}

/// The innermost cause, which is the one that says something.
fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
