//! The services over recorded shapes of their replies.

mod anthropic;
mod bedrock;
mod editor;
mod failures;
mod gemini;
mod ollama;
mod openai;

use std::sync::Mutex;

use tokio_util::sync::CancellationToken;

use crate::{Chat, Delta, LanguageModel, LlmError, Remote, Reply, Secret, Wire, http_client, wire_double::Double};

pub(super) const KEY: &str = "sk-very-secret-0123456789";

pub(super) fn model<W: Wire>(wire: W, double: &Double) -> Remote<W> {
    Remote::new(http_client().unwrap(), wire, "some-model")
        .key(Some(Secret::known(KEY)))
        .base_url(Some(Secret::known(&double.url)))
}

/// What came of a question, and what was heard of it on the way: `|` between pieces.
pub(super) async fn ask(model: &dyn LanguageModel, chat: &Chat) -> (Result<Reply, LlmError>, String) {
    let heard = Mutex::new(String::new());
    let on_delta = |delta: Delta<'_>| {
        *heard.lock().unwrap() += &match delta {
            Delta::Text(text) => format!("{text}|"),
            Delta::Arguments(text) => format!("{text}|"),
            Delta::Restart => "RESTART|".to_owned(),
        };
    };
    let result = model.chat(chat, &on_delta, CancellationToken::new()).await;
    if let Err(error) = &result {
        assert!(!format!("{error} {error:?} {model:?}").contains(KEY), "{error}");
    }
    (result, heard.into_inner().unwrap())
}

/// A reply in one line.
pub(super) fn shown(reply: &Reply) -> String {
    let calls: Vec<String> =
        reply.calls.iter().map(|call| format!("{} {}({})", call.id, call.name, call.arguments)).collect();
    let usage = &reply.usage;
    format!(
        "{:?} {:?} [{}] in {} out {} read {} write {}",
        reply.stop,
        reply.text,
        calls.join(", "),
        usage.input,
        usage.output,
        usage.cache_read,
        usage.cache_write
    )
}
