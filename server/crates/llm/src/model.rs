use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::LlmError;

/// One service's model. Cheap to share; every call stands alone.
#[async_trait::async_trait]
pub trait LanguageModel: Send + Sync + fmt::Debug {
    /// The service and the model, such as `anthropic/claude-sonnet-4-5`: what audits and prices go by.
    fn id(&self) -> String;

    /// One exchange. Streams: `on_delta` hears each piece as it comes (never a secret). Returns within 250 ms of a cancel
    /// and drops the connection then. Retries, fallbacks and budgets are not its business.
    async fn chat(&self, chat: &Chat, on_delta: OnDelta<'_>, cancel: CancellationToken) -> Result<Reply, LlmError>;
}

/// Hears the pieces of a reply.
pub type OnDelta<'a> = &'a (dyn Fn(Delta<'_>) + Send + Sync);

/// A piece of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delta<'a> {
    /// Of the text.
    Text(&'a str),
    /// Of the JSON arguments of a tool call, or of a structured output.
    Arguments(&'a str),
    /// The reply begins anew: what was heard so far does not count.
    Restart,
}

/// What is asked of a model.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Chat {
    /// Instructions and context that stay the same from call to call: the prefix that services cache.
    pub system: String,
    /// The conversation, oldest first; ends with a user's message or with tool results.
    pub messages: Vec<Message>,
    /// Tools that the model may call.
    pub tools: Vec<Tool>,
    /// The model must reply with this tool's arguments: structured output. The name is one of `tools`.
    pub must_call: Option<String>,
    /// 0 to 1; the service's own default when none.
    pub temperature: Option<f64>,
    /// Tokens of the reply at most.
    pub max_tokens: u32,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub text: String,
    /// Tools that the assistant calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<ToolCall>,
    /// What the called tools gave, in a user's message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<ToolResult>,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// nlq.
    #[default]
    User,
    /// The model.
    Assistant,
}

/// A tool, or the form of a structured output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// Letters, digits and `_`.
    pub name: String,
    /// What it is for, for the model.
    pub description: String,
    /// JSON Schema of its arguments: an object.
    pub parameters: Value,
}

/// A tool that the model calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The service's name of the call.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments, as JSON; `Null` when what the model wrote is no JSON (then it stands in [`Reply::text`]).
    pub arguments: Value,
}

/// What a tool gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolResult {
    /// The call's id.
    pub id: String,
    /// What it gave, as text.
    pub text: String,
    /// It failed.
    pub is_error: bool,
}

/// What a model said.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Reply {
    /// Its text.
    pub text: String,
    /// Tools that it calls.
    pub calls: Vec<ToolCall>,
    /// Why it ended.
    pub stop: Stop,
    /// What it took.
    pub usage: Usage,
}

/// Why a reply ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// It was done.
    #[default]
    End,
    /// It calls tools.
    ToolUse,
    /// `max_tokens` was reached.
    Length,
    /// The model or the service declines.
    Refusal,
}

/// Tokens of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Read anew: neither from nor into the cache.
    pub input: u64,
    /// Written.
    pub output: u64,
    /// Read from the service's prompt cache.
    pub cache_read: u64,
    /// Written into the service's prompt cache.
    pub cache_write: u64,
}

impl Usage {
    /// All tokens, read and written.
    pub fn total(self) -> u64 {
        self.input + self.output + self.cache_read + self.cache_write
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input += other.input;
        self.output += other.output;
        self.cache_read += other.cache_read;
        self.cache_write += other.cache_write;
    }
}

impl Message {
    /// A user's message.
    pub fn user(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// The model's.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self { role: Role::Assistant, ..Self::user(text) }
    }
}
