//! Requests to a cluster, and who makes them.

use std::{path::Path, time::Duration};

use nlq_catalog::Dialect;
use nlq_config::{SearchConfig, SecretRef, Trusted};
use reqwest::{
    Method,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use super::error;
use crate::{ProblemKind, ProviderError, http::Http};

/// A cluster of OpenSearch or Elasticsearch.
pub(crate) struct Search {
    pub(super) dialect: Dialect,
    pub(super) indices: Vec<String>,
    http: Http,
    credentials: Credentials,
}

enum Credentials {
    None,
    Basic {
        user: String,
        password: String,
    },
    /// The whole header, marked as sensitive.
    Key(HeaderValue),
}

impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Search").field("http", &self.http).finish_non_exhaustive()
    }
}

/// One request: the segments of its path, its parameters and its body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) post: bool,
    pub(super) path: &'a [&'a str],
    pub(super) parameters: &'a [(&'a str, &'a str)],
    pub(super) body: Option<&'a Json>,
    /// A name by which the cluster's tasks can be told.
    pub(super) id: Option<&'a str>,
}

impl Search {
    /// Resolves secrets; the cluster is reached on the first use.
    pub(crate) async fn new(config: &SearchConfig, root: &Path, trusted: &Trusted) -> Result<Self, ProviderError> {
        let wrong = |message: String| ProviderError::new(ProblemKind::Connection, message);
        let (settings, folder, proof) = (config.clone(), root.to_owned(), trusted.clone());
        // A secret may be a program that runs for seconds.
        let resolved = tokio::task::spawn_blocking(move || {
            let get = |secret: &SecretRef| secret.resolve(&folder, &proof).map_err(|error| error.to_string());
            let optional = |secret: &Option<SecretRef>| secret.as_ref().map(get).transpose();
            let (url, user) = (get(&settings.url)?, optional(&settings.user)?);
            Ok::<_, String>((url, user, optional(&settings.password)?, optional(&settings.api_key)?))
        });
        let (url, user, password, key) = resolved.await.map_err(|error| wrong(error.to_string()))?.map_err(wrong)?;
        let credentials = match (key, user, password) {
            (Some(key), ..) => {
                let header = HeaderValue::from_str(&format!("ApiKey {key}"));
                let mut header = header.map_err(|_| {
                    wrong("`api_key` holds signs that no key has: check what nlq.yaml refers to".to_owned())
                })?;
                header.set_sensitive(true);
                Credentials::Key(header)
            }
            (None, Some(user), Some(password)) => Credentials::Basic { user, password },
            (None, None, None) => Credentials::None,
            _ => return Err(wrong("`user` and `password` belong together: set both in nlq.yaml, or none".to_owned())),
        };
        let http = Http::new(config.dialect.title(), &url, &config.tls, root)?;
        Ok(Self { dialect: config.dialect, indices: config.indices.clone(), http, credentials })
    }

    /// Sends a request and reads the answer, which must be one of success.
    pub(super) async fn ask(
        &self,
        request: Request<'_>,
        query: &str,
        timeout: Duration,
        cancel: &CancellationToken,
    ) -> Result<Json, ProviderError> {
        let mut url = self.http.url(request.path);
        if !request.parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(request.parameters);
        }
        let method = if request.post { Method::POST } else { Method::GET };
        let mut sent = self.http.client().request(method, url);
        sent = match &self.credentials {
            Credentials::None => sent,
            Credentials::Basic { user, password } => sent.basic_auth(user, Some(password)),
            Credentials::Key(header) => sent.header(AUTHORIZATION, header),
        };
        if let Some(id) = request.id {
            sent = sent.header("X-Opaque-Id", id);
        }
        if let Some(body) = request.body {
            sent = sent.header(CONTENT_TYPE, HeaderValue::from_static("application/json")).body(body.to_string());
        }
        let reply = self.http.send(sent, timeout, cancel).await?;
        if reply.is_success() {
            return Ok(reply.json());
        }
        Err(error::of_reply(&reply, self.dialect, query))
    }
}
