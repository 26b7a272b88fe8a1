use serde_json::{Value, json};

use super::{
    gather::{Gather, answered, count, object, text},
    quirks::Quirks,
    remote::{Ask, Wire},
};
use crate::{
    LlmError, Message, Reply, Role, Stop, Tool,
    failure::Failure,
    lines::{Event, Lines},
};

/// OpenAI's chat completions, which Azure, vLLM, LM Studio, LiteLLM and many more speak too.
#[derive(Debug, Default)]
pub struct OpenAi {
    /// The header that carries the key; `Authorization: Bearer` when none.
    pub key_header: Option<String>,
    /// Azure's `api-version`.
    pub api_version: Option<String>,
}

#[async_trait::async_trait]
impl Wire for OpenAi {
    fn service(&self) -> &'static str {
        "the OpenAI service"
    }

    fn family(&self) -> &'static str {
        "openai"
    }

    async fn exchange(&self, ask: Ask<'_>) -> Result<Reply, LlmError> {
        let base_url = ask.base_url.unwrap_or("https://api.openai.com/v1");
        let mut request = ask.http.client.post(format!("{}/chat/completions", base_url.trim_end_matches('/')));
        if let Some(version) = &self.api_version {
            request = request.query(&[("api-version", version)]);
        }
        if let Some(key) = ask.key {
            request = match &self.key_header {
                Some(name) => request.header(name, key),
                None => request.bearer_auth(key),
            };
        }
        let response = match ask.http.ask(request.json(&body(&ask))).await? {
            Ok(response) => response,
            // Azure's filter answers with an error what is a refusal.
            Err(failure) if failure.is_refusal() => {
                return Ok(Reply { text: failure.message, stop: Stop::Refusal, ..Reply::default() });
            }
            Err(failure) => return Err(failure.error(ask.http.service)),
        };
        let mut lines = Lines::new(ask.http, response);
        let mut gather = Gather::new(ask.on_delta);
        while let Some(event) = lines.event().await? {
            let Event::Data(event) = event else { return Ok(gather.finish()) };
            if event.get("error").is_some_and(|error| !error.is_null()) {
                return Err(Failure::of_json(&event).error(ask.http.service));
            }
            if event.get("usage").is_some_and(Value::is_object) {
                usage(&mut gather, &event["usage"]);
            }
            let Some(choice) = event.pointer("/choices/0") else { continue };
            gather.text(text(choice, "/delta/content"));
            gather.text(text(choice, "/delta/refusal"));
            let calls = choice.pointer("/delta/tool_calls").and_then(Value::as_array).into_iter().flatten();
            for call in calls {
                let index = count(call, "/index");
                gather.call(index, call["id"].as_str(), call.pointer("/function/name").and_then(Value::as_str));
                gather.arguments(index, text(call, "/function/arguments"));
            }
            if choice.pointer("/delta/refusal").is_some_and(Value::is_string) {
                gather.stop = Some(Stop::Refusal);
            }
            gather.stop = match text(choice, "/finish_reason") {
                "" => gather.stop,
                "content_filter" => Some(Stop::Refusal),
                "length" => Some(Stop::Length),
                "tool_calls" | "function_call" => Some(Stop::ToolUse),
                _ => Some(gather.stop.unwrap_or(Stop::End)),
            };
        }
        // Some servers close after the reason without a `[DONE]`.
        if gather.stop.is_some() { Ok(gather.finish()) } else { Err(ask.http.cut()) }
    }
}

/// `prompt_tokens` counts what came from the cache too.
fn usage(gather: &mut Gather<'_>, usage: &Value) {
    let cached = count(usage, "/prompt_tokens_details/cached_tokens");
    // LiteLLM's, for services that count what they write to the cache.
    let written = count(usage, "/cache_creation_input_tokens");
    gather.usage.input = count(usage, "/prompt_tokens").saturating_sub(cached + written);
    gather.usage.output = count(usage, "/completion_tokens");
    gather.usage.cache_read = cached;
    gather.usage.cache_write = written;
}

fn body(ask: &Ask<'_>) -> Value {
    let Ask { model, chat, quirks, .. } = ask;
    let mut messages = Vec::new();
    if !chat.system.is_empty() {
        messages.push(json!({ "role": "system", "content": chat.system }));
    }
    for message in answered(chat) {
        said(&message, &mut messages);
    }
    let mut body = json!({ "model": model, "messages": messages, "stream": true });
    let limit = if Quirks::has(&quirks.completion_tokens) { "max_completion_tokens" } else { "max_tokens" };
    body[limit] = chat.max_tokens.into();
    if !Quirks::has(&quirks.no_stream_options) {
        body["stream_options"] = json!({ "include_usage": true });
    }
    if let Some(temperature) = chat.temperature.filter(|_| !Quirks::has(&quirks.no_temperature)) {
        body["temperature"] = temperature.into();
    }
    if !chat.tools.is_empty() {
        body["tools"] = chat.tools.iter().map(function).collect();
    }
    if let Some(name) = &chat.must_call {
        body["tool_choice"] = if Quirks::has(&quirks.no_named_tool) {
            "required".into()
        } else {
            json!({ "type": "function", "function": { "name": name } })
        };
    }
    body
}

/// A tool in the form that Ollama took over.
pub(super) fn function(tool: &Tool) -> Value {
    let Tool { name, description, parameters } = tool;
    json!({ "type": "function", "function": { "name": name, "description": description, "parameters": parameters } })
}

/// One message is several here: each result is one of its own.
fn said(message: &Message, out: &mut Vec<Value>) {
    out.extend(
        message
            .results
            .iter()
            .map(|result| json!({ "role": "tool", "tool_call_id": result.id, "content": result.text })),
    );
    if message.role == Role::User {
        if !message.text.is_empty() || message.results.is_empty() {
            out.push(json!({ "role": "user", "content": message.text }));
        }
        return;
    }
    let mut said = json!({ "role": "assistant", "content": message.text });
    if !message.calls.is_empty() {
        let calls = message.calls.iter().map(|call| {
            let arguments = object(&call.arguments).to_string();
            json!({ "id": call.id, "type": "function", "function": { "name": call.name, "arguments": arguments } })
        });
        said["tool_calls"] = calls.collect();
    }
    out.push(said);
}
