use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::{Chat, Delta, LanguageModel, LlmError, LlmErrorKind, Message, OnDelta, Reply, Stop, Tool, ToolCall, Usage};

/// Asks the editor. The language server sends the request as `nlq/llm/complete` and passes the texts of its
/// `nlq/llm/delta` notifications on.
#[async_trait::async_trait]
pub trait EditorTransport: fmt::Debug + Send + Sync {
    /// One exchange; `on_text` hears the pieces of the text. When `cancel` fires, the editor is told and nothing is waited
    /// for.
    async fn complete(
        &self,
        request: EditorRequest,
        on_text: OnText<'_>,
        cancel: CancellationToken,
    ) -> Result<EditorReply, EditorFailure>;
}

/// Hears the pieces of a text.
pub type OnText<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// What the editor's model is asked: the parameters of `nlq/llm/complete`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EditorRequest {
    /// Names the exchange in `nlq/llm/delta`.
    pub id: String,
    /// The profile.
    pub profile: String,
    /// A model or family that is wanted.
    pub model: Option<String>,
    /// Instructions and context.
    pub system: String,
    /// The conversation, oldest first.
    pub messages: Vec<Message>,
    /// Tools that the model may call.
    pub tools: Vec<Tool>,
    /// The tool whose arguments the reply must be.
    pub must_call: Option<String>,
    /// How freely it chooses its words.
    pub temperature: Option<f64>,
    /// Tokens of the reply at most.
    pub max_tokens: u32,
}

/// What the editor's model said: the result of `nlq/llm/complete`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct EditorReply {
    /// The whole text.
    #[serde(default)]
    pub text: String,
    /// Tools that it calls.
    #[serde(default)]
    pub calls: Vec<ToolCall>,
    /// Why it ended.
    #[serde(default)]
    pub stop: Stop,
    /// Tokens, where the editor knows them.
    #[serde(default)]
    pub usage: Option<Usage>,
    /// Who answered, as vendor and family.
    #[serde(default)]
    pub model: String,
}

/// Why the editor's model did not answer: the data of the error of `nlq/llm/complete`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EditorFailure {
    /// What kind of failure.
    pub kind: EditorFailureKind,
    /// The editor's sentence.
    #[serde(default)]
    pub message: String,
}

/// What kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EditorFailureKind {
    /// The editor offers no such model, or the user has not allowed nlq to use it.
    NotAvailable,
    /// The model declines.
    Refused,
    /// Too many requests.
    RateLimited,
    /// The prompt is too long.
    ContextLength,
    /// The user cancelled.
    Cancelled,
    /// Anything else.
    Failed,
}

/// The model that the editor offers.
#[derive(Debug)]
pub struct EditorModel {
    transport: Option<Arc<dyn EditorTransport>>,
    profile: String,
    model: String,
    deadline: Duration,
    requests: AtomicU64,
}

impl EditorModel {
    /// The editor's model for a profile; `model` is a model or family that is wanted, any when it is empty. Without a
    /// transport, as on the command line, it says so when it is asked.
    pub fn new(transport: Option<Arc<dyn EditorTransport>>, profile: &str, model: &str, deadline: Duration) -> Self {
        let (profile, model) = (profile.to_owned(), model.to_owned());
        Self { transport, profile, model, deadline, requests: AtomicU64::new(0) }
    }

    fn request(&self, chat: &Chat) -> EditorRequest {
        EditorRequest {
            id: format!("{}-{}", self.profile, self.requests.fetch_add(1, Relaxed)),
            profile: self.profile.clone(),
            model: (!self.model.is_empty()).then(|| self.model.clone()),
            system: chat.system.clone(),
            messages: chat.messages.clone(),
            tools: chat.tools.clone(),
            must_call: chat.must_call.clone(),
            temperature: chat.temperature,
            max_tokens: chat.max_tokens,
        }
    }
}

#[async_trait::async_trait]
impl LanguageModel for EditorModel {
    fn id(&self) -> String {
        format!("editor/{}", if self.model.is_empty() { "any" } else { &self.model })
    }

    async fn chat(&self, chat: &Chat, on_delta: OnDelta<'_>, cancel: CancellationToken) -> Result<Reply, LlmError> {
        let on_text = |text: &str| on_delta(Delta::Text(text));
        let Some(transport) = &self.transport else {
            let message = "`service: editor` is asked only in an editor that lends its model: name another profile as \
                           `fallback` in nlq.yaml";
            return Err(LlmError::new(LlmErrorKind::Configuration, message));
        };
        let asked = transport.complete(self.request(chat), &on_text, cancel.clone());
        let done = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(LlmError::cancelled()),
            done = tokio::time::timeout(self.deadline, asked) => done,
        };
        match done {
            Ok(Ok(EditorReply { text, calls, stop, usage, .. })) => {
                Ok(Reply { text, calls, stop, usage: usage.unwrap_or_default() })
            }
            Ok(Err(failure)) if failure.kind == EditorFailureKind::Refused => {
                Ok(Reply { text: failure.message, stop: Stop::Refusal, ..Reply::default() })
            }
            Ok(Err(failure)) => Err(failure.error()),
            Err(_) => {
                let message = format!(
                    "the editor's model did not answer within {} s: ask again, or raise `timeout_seconds` of the model in \
                     nlq.yaml",
                    self.deadline.as_secs()
                );
                Err(LlmError::new(LlmErrorKind::Timeout, message))
            }
        }
    }
}

impl EditorFailure {
    fn error(self) -> LlmError {
        let said =
            if self.message.is_empty() { String::new() } else { format!(" ({})", self.message.trim_end_matches('.')) };
        let (kind, message) = match self.kind {
            EditorFailureKind::NotAvailable => (
                LlmErrorKind::Configuration,
                format!("the editor offers no such model{said}: allow nlq to use it, or change `models` in nlq.yaml"),
            ),
            EditorFailureKind::RateLimited => (
                LlmErrorKind::RateLimited(None),
                format!("the editor's model takes no more requests for now{said}: ask again later"),
            ),
            EditorFailureKind::ContextLength => (
                LlmErrorKind::ContextLength,
                format!("the prompt is longer than the editor's model reads{said}: ask with fewer tables or examples"),
            ),
            EditorFailureKind::Cancelled => return LlmError::cancelled(),
            EditorFailureKind::Refused | EditorFailureKind::Failed => (
                LlmErrorKind::BadRequest,
                format!("the editor's model failed{said}: ask again, or choose another model in nlq.yaml"),
            ),
        };
        LlmError::new(kind, message)
    }
}
