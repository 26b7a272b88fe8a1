use serde_json::{Value, json};

use super::{
    gather::{Gather, answered, count, object, text, tool_of},
    remote::{Ask, Wire},
};
use crate::{
    Chat, LlmError, Message, Reply, Role, Stop,
    failure::Failure,
    lines::{Event, Lines},
};

/// Google's Gemini API, version v1beta.
#[derive(Debug)]
pub struct Gemini;

#[async_trait::async_trait]
impl Wire for Gemini {
    fn service(&self) -> &'static str {
        "Gemini"
    }

    fn family(&self) -> &'static str {
        "gemini"
    }

    async fn exchange(&self, ask: Ask<'_>) -> Result<Reply, LlmError> {
        let base_url = ask.base_url.unwrap_or("https://generativelanguage.googleapis.com");
        let model = ask.model.trim_start_matches("models/");
        let url = format!("{}/v1beta/models/{model}:streamGenerateContent?alt=sse", base_url.trim_end_matches('/'));
        let mut request = ask.http.client.post(url).json(&body(ask.chat));
        if let Some(key) = ask.key {
            // In a header and not in the address, which proxies log.
            request = request.header("x-goog-api-key", key);
        }
        let response = ask.http.send(request).await?;
        let mut lines = Lines::new(ask.http, response);
        let mut gather = Gather::new(ask.on_delta);
        while let Some(event) = lines.event().await? {
            let Event::Data(event) = event else { continue };
            if event.get("error").is_some() {
                return Err(Failure::of_json(&event).error(ask.http.service));
            }
            if event.pointer("/promptFeedback/blockReason").is_some() {
                gather.stop = Some(Stop::Refusal);
            }
            let parts = event.pointer("/candidates/0/content/parts").and_then(Value::as_array);
            for part in parts.into_iter().flatten() {
                if let Some(call) = part.get("functionCall") {
                    gather.whole_call(call["id"].as_str(), text(call, "/name"), &call["args"]);
                } else if part.get("thought") != Some(&Value::Bool(true)) {
                    gather.text(text(part, "/text"));
                }
            }
            gather.stop = match text(&event, "/candidates/0/finishReason") {
                "" => gather.stop,
                "MAX_TOKENS" => Some(Stop::Length),
                "SAFETY" | "RECITATION" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "LANGUAGE" => {
                    Some(Stop::Refusal)
                }
                "MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" => {
                    return Err(ask.http.invalid("a call of a tool that cannot be read"));
                }
                _ => Some(Stop::End),
            };
            if let Some(usage) = event.get("usageMetadata") {
                let cached = count(usage, "/cachedContentTokenCount");
                gather.usage.input = count(usage, "/promptTokenCount").saturating_sub(cached);
                gather.usage.output = count(usage, "/candidatesTokenCount") + count(usage, "/thoughtsTokenCount");
                gather.usage.cache_read = cached;
            }
        }
        if gather.stop.is_some() { Ok(gather.finish()) } else { Err(ask.http.cut()) }
    }
}

fn body(chat: &Chat) -> Value {
    let contents = answered(chat).iter().map(|message| said(chat, message)).collect::<Vec<_>>();
    let mut body = json!({ "contents": contents, "generationConfig": { "maxOutputTokens": chat.max_tokens } });
    if !chat.system.is_empty() {
        body["systemInstruction"] = json!({ "parts": [{ "text": chat.system }] });
    }
    if let Some(temperature) = chat.temperature {
        body["generationConfig"]["temperature"] = temperature.into();
    }
    if !chat.tools.is_empty() {
        let tools = chat.tools.iter().map(|tool| {
            json!({ "name": tool.name, "description": tool.description, "parametersJsonSchema": tool.parameters })
        });
        body["tools"] = json!([{ "functionDeclarations": tools.collect::<Vec<_>>() }]);
    }
    if let Some(name) = &chat.must_call {
        body["toolConfig"] = json!({ "functionCallingConfig": { "mode": "ANY", "allowedFunctionNames": [name] } });
    }
    body
}

fn said(chat: &Chat, message: &Message) -> Value {
    let mut parts: Vec<Value> = Vec::new();
    parts.extend(message.results.iter().map(|result| {
        let response = if result.is_error { json!({ "error": result.text }) } else { json!({ "output": result.text }) };
        json!({ "functionResponse": { "name": tool_of(chat, &result.id), "response": response } })
    }));
    if !message.text.is_empty() {
        parts.push(json!({ "text": message.text }));
    }
    parts.extend(
        message
            .calls
            .iter()
            .map(|call| json!({ "functionCall": { "name": call.name, "args": object(&call.arguments) } })),
    );
    json!({ "role": if message.role == Role::User { "user" } else { "model" }, "parts": parts })
}
