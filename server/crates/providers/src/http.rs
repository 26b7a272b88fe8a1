//! What systems that are reached over HTTP have in common: one client a connection, deadlines, cancelling, capped replies
//! and failures as [`ProviderError`].

use std::{error::Error, time::Duration};

use nlq_config::HttpTls;
use reqwest::{Certificate, Client, RequestBuilder, Url, redirect};
use tokio_util::sync::CancellationToken;

use crate::{ProblemKind, ProviderError, wait::until};

/// Longer than any healthy handshake across the world.
const CONNECT: Duration = Duration::from_secs(10);
/// Bytes of a reply at most: rows are limited far below, and metadata of the largest systems stays below too.
const MAX_REPLY: usize = 64 << 20;

/// A system that is reached over HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    /// Its name in sentences.
    system: &'static str,
    base: Url,
    client: Client,
}

/// What came back, whatever its status.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    /// The status.
    pub(crate) status: u16,
    /// The whole body.
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// A status of success.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Http {
    /// A client for one server. It follows no redirects: credentials must not travel to another host. Proxies are the
    /// environment's.
    pub(crate) fn new(
        system: &'static str,
        url: &str,
        tls: &HttpTls,
        root: &std::path::Path,
    ) -> Result<Self, ProviderError> {
        let wrong = |what: String| ProviderError::new(ProblemKind::Connection, what);
        let mut base = Url::parse(url).map_err(|error| wrong(format!("`{url}` is no address of {system}: {error}")))?;
        if !matches!(base.scheme(), "http" | "https") || !base.username().is_empty() || base.password().is_some() {
            return Err(wrong(format!(
                "the address of {system} must begin with https:// and hold no user or password"
            )));
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        // Fails only when a provider was installed before, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT)
            .user_agent(concat!("nlq/", env!("CARGO_PKG_VERSION")))
            .danger_accept_invalid_certs(!tls.verify);
        if let Some(file) = &tls.ca_file {
            let path = root.join(file);
            let bytes = std::fs::read(&path)
                .map_err(|error| wrong(format!("cannot read the certificates in {}: {error}", path.display())))?;
            let certificates = Certificate::from_pem_bundle(&bytes)
                .map_err(|error| wrong(format!("{} holds no certificates: {error}", path.display())))?;
            for certificate in certificates {
                builder = builder.add_root_certificate(certificate);
            }
        }
        let client = builder.build();
        let client = client.map_err(|error| wrong(format!("cannot set up HTTPS: {}", root_cause(&error))))?;
        Ok(Self { system, base, client })
    }

    /// The client, to start a request with.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The address of a path below the server's own, of segments that are escaped here.
    pub(crate) fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// Sends a request and reads the whole reply, whatever its status.
    pub(crate) async fn send(
        &self,
        request: RequestBuilder,
        timeout: Duration,
        cancel: &CancellationToken,
    ) -> Result<Reply, ProviderError> {
        until(cancel, timeout, self.exchange(request)).await?
    }

    async fn exchange(&self, request: RequestBuilder) -> Result<Reply, ProviderError> {
        let mut response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreachable(&error))? {
            if body.len() + chunk.len() > MAX_REPLY {
                let message = format!("{} sent more than {} MiB: narrow the query", self.system, MAX_REPLY >> 20);
                return Err(ProviderError::new(ProblemKind::Data, message));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, body })
    }

    fn unreachable(&self, error: &reqwest::Error) -> ProviderError {
        if error.is_timeout() && !error.is_connect() {
            return ProviderError::timed_out();
        }
        let host = self.base.host_str().unwrap_or_default();
        let port = self.base.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
        let message = format!(
            "cannot reach {} at {host}{port}: {}; check the address and the network",
            self.system,
            root_cause(error)
        );
        ProviderError::new(ProblemKind::Connection, message)
    }
}

/// The innermost cause: the outer ones repeat the address, which may hold a query.
fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn http(url: &str) -> Result<Http, ProviderError> {
        Http::new("the system", url, &HttpTls::default(), std::path::Path::new("/"))
    }

    #[test]
    fn addresses_keep_their_path_and_escape_segments() {
        let http = http("https://h:8089/base").unwrap();
        assert_eq!(http.url(&["a b", "c/d"]).as_str(), "https://h:8089/base/a%20b/c%2Fd");
    }

    #[test]
    fn an_address_with_credentials_is_refused_without_telling_them() {
        let error = http("https://me:secret@h").unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
        assert!(http("ftp://h").is_err());
    }

    #[tokio::test]
    async fn what_cannot_be_reached_is_a_connection_problem() {
        let http = http("http://127.0.0.1:9").unwrap();
        let request = http.client().get(http.url(&["x"]));
        let error = http.send(request, Duration::from_secs(5), &CancellationToken::new()).await.unwrap_err();
        assert_eq!(error.0.kind, ProblemKind::Connection);
    }
}
