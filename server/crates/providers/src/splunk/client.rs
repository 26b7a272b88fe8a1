//! Requests to the REST interface, and who makes them.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use nlq_config::{SecretRef, SplunkConfig, Trusted};
use reqwest::{
    Method, Url,
    header::{CONTENT_TYPE, HeaderValue},
};
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use super::error;
use crate::{
    ProblemKind, ProviderError,
    http::{Http, Reply},
};

/// Signing in is one short request.
const SIGN_IN: Duration = Duration::from_secs(15);

/// How requests say who makes them.
enum Credentials {
    Token(String),
    Basic { user: String, password: String },
    Session { user: String, password: String },
}

/// A Splunk deployment.
#[derive(Clone)]
pub(crate) struct Splunk {
    inner: Arc<Inner>,
}

struct Inner {
    http: Http,
    credentials: Credentials,
    /// The key of the session, once there is one.
    session: Mutex<Option<String>>,
    /// A server from before version 2 of the search endpoints (Splunk 9.0.1).
    old: AtomicBool,
    /// `services`, or `servicesNS/OWNER/APP`.
    below: Vec<String>,
    indexes: Vec<String>,
    earliest: String,
}

impl std::fmt::Debug for Splunk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Splunk").field("http", &self.inner.http).finish_non_exhaustive()
    }
}

/// An endpoint, below the namespace.
#[derive(Debug, Clone, Copy)]
pub(super) enum Endpoint<'a> {
    /// One whose version 2 takes POST, and whose version 1 takes GET; the segments after `search/v2` or `search`.
    Search(&'a [&'a str]),
    /// Creating a job: POST in both versions.
    Jobs,
    /// Ending and forgetting a job.
    Remove(&'a str),
    /// A list of things.
    List(&'a [&'a str]),
}

impl Splunk {
    /// Resolves secrets; the server is reached on the first use.
    pub(crate) async fn new(config: &SplunkConfig, root: &Path, trusted: &Trusted) -> Result<Self, ProviderError> {
        let wrong = |message: String| ProviderError::new(ProblemKind::Connection, message);
        let (settings, folder, proof) = (config.clone(), root.to_owned(), trusted.clone());
        // A secret may be a program that runs for seconds.
        let resolved = tokio::task::spawn_blocking(move || {
            let get = |secret: &SecretRef| secret.resolve(&folder, &proof).map_err(|error| error.to_string());
            let optional = |secret: &Option<SecretRef>| secret.as_ref().map(get).transpose();
            let url = get(&settings.url)?;
            let (token, user) = (optional(&settings.token)?, optional(&settings.user)?);
            Ok::<_, String>((url, token, user, optional(&settings.password)?))
        });
        let (url, token, user, password) = resolved.await.map_err(|error| wrong(error.to_string()))?.map_err(wrong)?;
        let credentials = match (token, user, password) {
            (Some(token), ..) => Credentials::Token(token),
            (None, Some(user), Some(password)) if config.basic => Credentials::Basic { user, password },
            (None, Some(user), Some(password)) => Credentials::Session { user, password },
            _ => {
                return Err(wrong(
                    "Splunk asks who you are: set `token`, or `user` and `password`, in nlq.yaml".to_owned(),
                ));
            }
        };
        let below = match &config.app {
            None => vec!["services".to_owned()],
            Some(app) => vec!["servicesNS".to_owned(), config.owner.clone(), app.clone()],
        };
        let inner = Inner {
            http: Http::new("Splunk", &url, &config.tls, root)?,
            credentials,
            session: Mutex::new(None),
            old: AtomicBool::new(false),
            below,
            indexes: config.indexes.clone(),
            earliest: config.earliest.clone(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Indexes to read; all when empty.
    pub(super) fn indexes(&self) -> &[String] {
        &self.inner.indexes
    }

    /// From when searches look.
    pub(super) fn earliest(&self) -> &str {
        &self.inner.earliest
    }

    /// Forgets the session; the server ends it by itself.
    pub(super) fn sign_out(&self) {
        self.inner.session.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Asks, and gives the reply as JSON; `query` is what spans of errors are ranges of.
    pub(super) async fn ask(
        &self,
        endpoint: Endpoint<'_>,
        parameters: &[(&str, &str)],
        query: &str,
        timeout: Duration,
        cancel: &CancellationToken,
    ) -> Result<Json, ProviderError> {
        let reply = self.reply(endpoint, parameters, timeout, cancel).await?;
        if reply.is_success() { Ok(reply.json()) } else { Err(error::of_reply(&reply, query)) }
    }

    async fn reply(
        &self,
        endpoint: Endpoint<'_>,
        parameters: &[(&str, &str)],
        timeout: Duration,
        cancel: &CancellationToken,
    ) -> Result<Reply, ProviderError> {
        let mut signed_in_again = false;
        loop {
            let old = self.inner.old.load(Ordering::Relaxed);
            let authorization = self.authorization(cancel).await?;
            let request = self.request(endpoint, parameters, old).header("Authorization", authorization);
            let reply = self.inner.http.send(request, timeout, cancel).await?;
            let versioned = matches!(endpoint, Endpoint::Search(_) | Endpoint::Jobs | Endpoint::Remove(_));
            // A job that is gone is a 404 too, but by then the version is known.
            let unknown_path = reply.status == 404 && !old && !error::tells(&reply, "sid");
            if versioned && unknown_path {
                self.inner.old.store(true, Ordering::Relaxed);
                continue;
            }
            // A session ends by itself after some time.
            let is_session = matches!(self.inner.credentials, Credentials::Session { .. });
            if reply.status == 401 && is_session && !signed_in_again {
                signed_in_again = true;
                self.sign_out();
                continue;
            }
            return Ok(reply);
        }
    }

    fn request(&self, endpoint: Endpoint<'_>, parameters: &[(&str, &str)], old: bool) -> reqwest::RequestBuilder {
        let search: &[&str] = if old { &["search"] } else { &["search", "v2"] };
        let (method, path) = match endpoint {
            Endpoint::Search(rest) => (if old { Method::GET } else { Method::POST }, [search, rest].concat()),
            Endpoint::Jobs => (Method::POST, [search, &["jobs"]].concat()),
            Endpoint::Remove(sid) => (Method::DELETE, [search, &["jobs", sid]].concat()),
            Endpoint::List(path) => (Method::GET, path.to_vec()),
        };
        let below = self.inner.below.iter().map(String::as_str);
        let all: Vec<&str> = below.chain(path).collect();
        let mut url = self.inner.http.url(&all);
        let parameters: Vec<(&str, &str)> =
            parameters.iter().copied().chain(std::iter::once(("output_mode", "json"))).collect();
        if method == Method::POST {
            let request = self.inner.http.client().request(method, url);
            return form(request, &parameters);
        }
        url.query_pairs_mut().extend_pairs(parameters);
        self.inner.http.client().request(method, url)
    }

    async fn authorization(&self, cancel: &CancellationToken) -> Result<HeaderValue, ProviderError> {
        let text = match &self.inner.credentials {
            Credentials::Token(token) => format!("Bearer {token}"),
            Credentials::Basic { user, password } => {
                // Only the client library encodes it.
                let request = self.inner.http.client().get(self.inner.http.url(&[])).basic_auth(user, Some(password));
                let built = request.build().ok().and_then(|request| request.headers().get("Authorization").cloned());
                return built.ok_or_else(unsendable);
            }
            Credentials::Session { user, password } => {
                let known = self.inner.session.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let key = match known {
                    Some(key) => key,
                    None => self.sign_in(user, password, cancel).await?,
                };
                format!("Splunk {key}")
            }
        };
        let mut value = HeaderValue::from_str(&text).map_err(|_| unsendable())?;
        value.set_sensitive(true);
        Ok(value)
    }

    async fn sign_in(&self, user: &str, password: &str, cancel: &CancellationToken) -> Result<String, ProviderError> {
        let url = self.inner.http.url(&["services", "auth", "login"]);
        let parameters = [("username", user), ("password", password), ("output_mode", "json")];
        let request = form(self.inner.http.client().post(url), &parameters);
        let reply = self.inner.http.send(request, SIGN_IN, cancel).await?;
        if !reply.is_success() {
            return Err(error::of_sign_in(&reply, user));
        }
        let key = reply.json()["sessionKey"].as_str().map(str::to_owned);
        let key = key.ok_or_else(|| {
            let message = "what answers there is no Splunk management port: check `url` in nlq.yaml";
            ProviderError::new(ProblemKind::Connection, message)
        })?;
        *self.inner.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(key.clone());
        Ok(key)
    }
}

fn unsendable() -> ProviderError {
    let message = "the token or password holds characters that cannot be sent: check what nlq.yaml refers to";
    ProviderError::new(ProblemKind::Connection, message)
}

/// A request with a form as its body.
fn form(request: reqwest::RequestBuilder, parameters: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let mut url = Url::parse("http://form/").expect("a constant");
    url.query_pairs_mut().extend_pairs(parameters);
    let body = url.query().unwrap_or_default().to_owned();
    request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)
}
