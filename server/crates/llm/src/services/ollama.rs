use serde_json::{Value, json};

use super::{
    gather::{Gather, answered, count, object, text, tool_of},
    openai::function,
    remote::{Ask, Wire},
};
use crate::{
    Chat, LlmError, LlmErrorKind, Message, Reply, Role, Stop, budget::estimate, failure::Failure, lines::Lines,
};

/// Tokens that Ollama is asked to read at least: loading a model anew for each size costs more than the memory.
const LEAST_CONTEXT: u64 = 8192;

/// Ollama's own interface. Its OpenAI-compatible one cannot say how much to read, and what is longer is cut in silence.
#[derive(Debug)]
pub struct Ollama {
    /// Tokens that it may be asked to read at once.
    pub context_tokens: u32,
}

#[async_trait::async_trait]
impl Wire for Ollama {
    fn service(&self) -> &'static str {
        "Ollama"
    }

    fn family(&self) -> &'static str {
        "ollama"
    }

    async fn exchange(&self, ask: Ask<'_>) -> Result<Reply, LlmError> {
        let base_url = ask.base_url.unwrap_or("http://localhost:11434");
        let mut request = ask.http.client.post(format!("{}/api/chat", base_url.trim_end_matches('/')));
        if let Some(key) = ask.key {
            request = request.bearer_auth(key);
        }
        let body = self.body(&ask)?;
        let response = ask.http.send(request.json(&body)).await?;
        let mut lines = Lines::new(ask.http, response);
        let mut gather = Gather::new(ask.on_delta);
        while let Some(line) = lines.json().await? {
            if line.get("error").is_some() {
                return Err(Failure::of_json(&line).error(ask.http.service));
            }
            let content = text(&line, "/message/content");
            match &ask.chat.must_call {
                Some(name) if !content.is_empty() => {
                    gather.call(0, None, Some(name));
                    gather.arguments(0, content);
                }
                _ => gather.text(content),
            }
            for call in line.pointer("/message/tool_calls").and_then(Value::as_array).into_iter().flatten() {
                gather.whole_call(call["id"].as_str(), text(call, "/function/name"), &call["function"]["arguments"]);
            }
            if line.get("done") == Some(&Value::Bool(true)) {
                gather.stop = Some(if text(&line, "/done_reason") == "length" { Stop::Length } else { Stop::End });
                gather.usage.input = count(&line, "/prompt_eval_count");
                gather.usage.output = count(&line, "/eval_count");
                return Ok(gather.finish());
            }
        }
        Err(ask.http.cut())
    }
}

impl Ollama {
    fn body(&self, ask: &Ask<'_>) -> Result<Value, LlmError> {
        let Ask { model, chat, .. } = ask;
        let mut messages = Vec::new();
        if !chat.system.is_empty() {
            messages.push(json!({ "role": "system", "content": chat.system }));
        }
        for message in answered(chat) {
            said(chat, &message, &mut messages);
        }
        let mut options = json!({ "num_predict": chat.max_tokens, "num_ctx": self.context(chat)? });
        if let Some(temperature) = chat.temperature {
            options["temperature"] = temperature.into();
        }
        let mut body = json!({ "model": model, "messages": messages, "stream": true, "options": options });
        // A grammar holds a small model to the form; a tool only invites it to.
        match chat.must_call.as_ref().and_then(|name| chat.tools.iter().find(|tool| tool.name == *name)) {
            Some(tool) => body["format"] = tool.parameters.clone(),
            None if !chat.tools.is_empty() => body["tools"] = chat.tools.iter().map(function).collect(),
            None => {}
        }
        Ok(body)
    }

    /// The window to ask for: a power of two, so that few sizes are loaded.
    fn context(&self, chat: &Chat) -> Result<u64, LlmError> {
        let (needed, most) = (estimate(chat) + u64::from(chat.max_tokens), u64::from(self.context_tokens));
        if needed > most {
            let message = format!(
                "the prompt takes about {needed} tokens with its reply and `context_tokens` allows {most}: ask with fewer \
                 tables or examples, or raise it in nlq.yaml"
            );
            return Err(LlmError::new(LlmErrorKind::ContextLength, message));
        }
        Ok(needed.next_power_of_two().max(LEAST_CONTEXT).min(most))
    }
}

fn said(chat: &Chat, message: &Message, out: &mut Vec<Value>) {
    out.extend(
        message
            .results
            .iter()
            .map(|result| json!({ "role": "tool", "tool_name": tool_of(chat, &result.id), "content": result.text })),
    );
    if message.role == Role::User {
        if !message.text.is_empty() || message.results.is_empty() {
            out.push(json!({ "role": "user", "content": message.text }));
        }
        return;
    }
    let mut said = json!({ "role": "assistant", "content": message.text });
    if !message.calls.is_empty() {
        let calls = message.calls.iter();
        let calls =
            calls.map(|call| json!({ "function": { "name": call.name, "arguments": object(&call.arguments) } }));
        said["tool_calls"] = calls.collect();
    }
    out.push(said);
}
