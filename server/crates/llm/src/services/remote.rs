use std::fmt;

use reqwest::Client;
use tokio_util::sync::CancellationToken;

use super::quirks::Quirks;
use crate::{Chat, Deadlines, LanguageModel, LlmError, LlmErrorKind, OnDelta, Reply, Secret, http::Http};

/// A model behind a service's HTTP interface.
#[derive(Debug)]
pub struct Remote<W> {
    wire: W,
    http: Http,
    model: String,
    key: Option<Secret>,
    base_url: Option<Secret>,
    quirks: Quirks,
}

/// A service's way to ask and to reply.
#[async_trait::async_trait]
pub trait Wire: fmt::Debug + Send + Sync {
    /// The service's name in sentences.
    fn service(&self) -> &'static str;

    /// What stands before the model's name in [`LanguageModel::id`].
    fn family(&self) -> &'static str;

    /// One request and its reply.
    async fn exchange(&self, ask: Ask<'_>) -> Result<Reply, LlmError>;
}

/// One request, with everything that is resolved.
pub struct Ask<'a> {
    pub(super) http: &'a Http,
    pub(super) model: &'a str,
    pub(super) key: Option<&'a str>,
    /// None stands for the service's usual address.
    pub(super) base_url: Option<&'a str>,
    pub(super) quirks: &'a Quirks,
    pub(super) chat: &'a Chat,
    pub(super) on_delta: OnDelta<'a>,
}

impl<W: Wire> Remote<W> {
    /// A model of a service.
    pub fn new(client: Client, wire: W, model: impl Into<String>) -> Self {
        let http = Http { service: wire.service(), client, deadlines: Deadlines::default() };
        Self { wire, http, model: model.into(), key: None, base_url: None, quirks: Quirks::default() }
    }

    /// With a key.
    pub fn key(self, key: Option<Secret>) -> Self {
        Self { key, ..self }
    }

    /// At another address than the service's usual one.
    pub fn base_url(self, base_url: Option<Secret>) -> Self {
        Self { base_url, ..self }
    }

    /// With other deadlines.
    pub fn deadlines(mut self, deadlines: Deadlines) -> Self {
        self.http.deadlines = deadlines;
        self
    }

    async fn attempts(&self, chat: &Chat, on_delta: OnDelta<'_>) -> Result<Reply, LlmError> {
        let key = resolve(self.key.as_ref()).await?;
        let base_url = resolve(self.base_url.as_ref()).await?;
        loop {
            let ask = Ask {
                http: &self.http,
                model: &self.model,
                key: key.as_deref(),
                base_url: base_url.as_deref(),
                quirks: &self.quirks,
                chat,
                on_delta,
            };
            let error = match self.wire.exchange(ask).await {
                Ok(reply) => return Ok(reply),
                Err(error) => error.without(key.as_deref().unwrap_or_default()),
            };
            if self.quirks.learn(&error) {
                continue;
            }
            if let (LlmErrorKind::Authentication, Some(key)) = (error.kind, &self.key) {
                key.forget().await;
            }
            return Err(error);
        }
    }
}

/// A setting's text, when it is given.
pub(super) async fn resolve(secret: Option<&Secret>) -> Result<Option<std::sync::Arc<str>>, LlmError> {
    match secret {
        Some(secret) => secret.get().await.map(Some),
        None => Ok(None),
    }
}

#[async_trait::async_trait]
impl<W: Wire> LanguageModel for Remote<W> {
    fn id(&self) -> String {
        format!("{}/{}", self.wire.family(), self.model)
    }

    async fn chat(&self, chat: &Chat, on_delta: OnDelta<'_>, cancel: CancellationToken) -> Result<Reply, LlmError> {
        self.http.exchange(&cancel, self.attempts(chat, on_delta)).await
    }
}
