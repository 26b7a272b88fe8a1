use serde_json::{Value, json};

use super::{
    gather::{Gather, answered, count, object, text},
    quirks::Quirks,
    remote::{Ask, Wire},
};
use crate::{
    LlmError, Message, Reply, Role, Stop,
    failure::Failure,
    lines::{Event, Lines},
};

/// Anthropic's Messages API, version 2023-06-01.
#[derive(Debug)]
pub struct Anthropic;

#[async_trait::async_trait]
impl Wire for Anthropic {
    fn service(&self) -> &'static str {
        "Anthropic"
    }

    fn family(&self) -> &'static str {
        "anthropic"
    }

    async fn exchange(&self, ask: Ask<'_>) -> Result<Reply, LlmError> {
        let base_url = ask.base_url.unwrap_or("https://api.anthropic.com");
        let url = format!("{}/v1/messages", base_url.trim_end_matches('/').trim_end_matches("/v1"));
        let mut request = ask.http.client.post(url).header("anthropic-version", "2023-06-01").json(&body(&ask));
        if let Some(key) = ask.key {
            request = request.header("x-api-key", key);
        }
        let response = ask.http.send(request).await?;
        let mut lines = Lines::new(ask.http, response);
        let mut gather = Gather::new(ask.on_delta);
        while let Some(event) = lines.event().await? {
            let Event::Data(event) = event else { continue };
            let index = count(&event, "/index");
            match text(&event, "/type") {
                "message_start" => usage(&mut gather, &event["message"]["usage"]),
                "content_block_start" if text(&event, "/content_block/type") == "tool_use" => {
                    let (id, name) = (text(&event, "/content_block/id"), text(&event, "/content_block/name"));
                    gather.call(index, Some(id), Some(name));
                }
                "content_block_start" => gather.text(text(&event, "/content_block/text")),
                "content_block_delta" => {
                    gather.text(text(&event, "/delta/text"));
                    gather.arguments(index, text(&event, "/delta/partial_json"));
                }
                "message_delta" => {
                    usage(&mut gather, &event["usage"]);
                    gather.stop = match text(&event, "/delta/stop_reason") {
                        "" => gather.stop,
                        "tool_use" => Some(Stop::ToolUse),
                        "max_tokens" | "model_context_window_exceeded" => Some(Stop::Length),
                        "refusal" => Some(Stop::Refusal),
                        _ => Some(Stop::End),
                    };
                }
                "message_stop" => return Ok(gather.finish()),
                "error" => return Err(Failure::of_json(&event).error(ask.http.service)),
                // `ping`, the ends of blocks, and what is added to the API later.
                _ => {}
            }
        }
        Err(ask.http.cut())
    }
}

fn body(ask: &Ask<'_>) -> Value {
    let Ask { model, chat, quirks, .. } = ask;
    let mut body = json!({
        "model": model,
        "max_tokens": chat.max_tokens,
        "stream": true,
        "messages": answered(chat).iter().map(|message| said(message)).collect::<Vec<_>>(),
    });
    if !chat.system.is_empty() {
        let mut block = json!({ "type": "text", "text": chat.system });
        if !Quirks::has(&quirks.no_cache) {
            // Tools stand before the system text, so this one mark caches both.
            block["cache_control"] = json!({ "type": "ephemeral" });
        }
        body["system"] = json!([block]);
    }
    if let Some(temperature) = chat.temperature.filter(|_| !Quirks::has(&quirks.no_temperature)) {
        body["temperature"] = temperature.min(1.0).into();
    }
    if !chat.tools.is_empty() {
        let tools = chat
            .tools
            .iter()
            .map(|tool| json!({ "name": tool.name, "description": tool.description, "input_schema": tool.parameters }));
        body["tools"] = tools.collect();
    }
    if let Some(name) = chat.must_call.as_ref().filter(|_| !Quirks::has(&quirks.no_named_tool)) {
        body["tool_choice"] = json!({ "type": "tool", "name": name, "disable_parallel_tool_use": true });
    }
    body
}

/// Counts come at the start and again, grown, at the end.
fn usage(gather: &mut Gather<'_>, usage: &Value) {
    let known = |name: &str, before: u64| usage.get(name).and_then(Value::as_u64).unwrap_or(before);
    gather.usage.input = known("input_tokens", gather.usage.input);
    gather.usage.output = known("output_tokens", gather.usage.output);
    gather.usage.cache_read = known("cache_read_input_tokens", gather.usage.cache_read);
    gather.usage.cache_write = known("cache_creation_input_tokens", gather.usage.cache_write);
}

fn said(message: &Message) -> Value {
    let mut content: Vec<Value> = Vec::new();
    // Results must stand first.
    content.extend(message.results.iter().map(|result| {
        json!({
            "type": "tool_result", "tool_use_id": result.id, "content": result.text, "is_error": result.is_error,
        })
    }));
    if !message.text.trim().is_empty() {
        content.push(json!({ "type": "text", "text": message.text }));
    }
    content.extend(
        message.calls.iter().map(
            |call| json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": object(&call.arguments) }),
        ),
    );
    let role = if message.role == Role::User { "user" } else { "assistant" };
    json!({ "role": role, "content": content })
}
