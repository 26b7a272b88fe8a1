mod credentials;

use std::time::SystemTime;

use aws_credential_types::Credentials as AwsCredentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use aws_smithy_types::event_stream::Message as Frame;
use bytes::BytesMut;
use reqwest::Response;
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

pub use self::credentials::Credentials;
use super::{
    gather::{Gather, answered, count, object, text},
    quirks::Quirks,
    remote::{Ask, Wire},
};
use crate::{LlmError, LlmErrorKind, Message, Reply, Role, Stop, failure::Failure, http::Http};

/// Amazon Bedrock's ConverseStream, which has one form for all of its models.
#[derive(Debug)]
pub struct Bedrock {
    /// Who asks, unless there is an API key.
    pub credentials: Credentials,
}

#[async_trait::async_trait]
impl Wire for Bedrock {
    fn service(&self) -> &'static str {
        "Bedrock"
    }

    fn family(&self) -> &'static str {
        "bedrock"
    }

    async fn exchange(&self, ask: Ask<'_>) -> Result<Reply, LlmError> {
        let region = self.credentials.region().await?;
        let base_url = match ask.base_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("https://bedrock-runtime.{region}.amazonaws.com"),
        };
        // Colons and slashes of a model's ARN are part of its name.
        let model: String = byte_serialize(ask.model.as_bytes()).collect();
        let url = format!("{base_url}/model/{model}/converse-stream");
        let body = body(&ask).to_string();
        let mut request = ask.http.client.post(&url).header("content-type", "application/json");
        let mut token = String::new();
        if let Some(key) = ask.key {
            request = request.bearer_auth(key);
        } else {
            let credentials = self.credentials.keys().await?;
            token.push_str(credentials.session_token().unwrap_or_default());
            for (name, value) in signed(&url, &body, &region, credentials)? {
                request = request.header(name, value);
            }
        }
        // A signature that does not fit is answered with all that was signed.
        let response = ask.http.send(request.body(body)).await.map_err(|error| error.without(&token))?;
        read(&ask, response).await
    }
}

/// The headers that sign a request (Signature Version 4).
fn signed(url: &str, body: &str, region: &str, credentials: AwsCredentials) -> Result<Vec<(String, String)>, LlmError> {
    let failed = |error: &dyn std::fmt::Display| {
        LlmError::new(
            LlmErrorKind::Configuration,
            format!("cannot sign the request to Bedrock: {error}; check `base_url` in nlq.yaml"),
        )
    };
    let identity = credentials.into();
    let settings = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("bedrock")
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| failed(&error))?
        .into();
    let headers = [("content-type", "application/json")].into_iter();
    let request = SignableRequest::new("POST", url, headers, SignableBody::Bytes(body.as_bytes()));
    let signed = sign(request.map_err(|error| failed(&error))?, &settings).map_err(|error| failed(&error))?;
    let (instructions, _) = signed.into_parts();
    Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

async fn read(ask: &Ask<'_>, mut response: Response) -> Result<Reply, LlmError> {
    let (mut decoder, mut buffer) = (MessageFrameDecoder::new(), BytesMut::new());
    let mut gather = Gather::new(ask.on_delta);
    while let Some(chunk) = ask.http.idle(response.chunk()).await? {
        buffer.extend_from_slice(&chunk);
        loop {
            match decoder.decode_frame(&mut buffer) {
                Ok(DecodedFrame::Complete(frame)) => event(ask.http, &frame, &mut gather)?,
                Ok(DecodedFrame::Incomplete) => break,
                Err(_) => return Err(ask.http.invalid("an event that cannot be read")),
            }
        }
    }
    if gather.stop.is_some() { Ok(gather.finish()) } else { Err(ask.http.cut()) }
}

fn event(http: &Http, frame: &Frame, gather: &mut Gather<'_>) -> Result<(), LlmError> {
    let header = |name: &str| {
        let found = frame.headers().iter().find(|header| header.name().as_str() == name);
        found.and_then(|header| header.value().as_string().ok()).map_or("", |value| value.as_str())
    };
    let data: Value = serde_json::from_slice(frame.payload()).unwrap_or_default();
    if matches!(header(":message-type"), "exception" | "error") {
        let mut failure = Failure::of_json(&data);
        failure.code = format!("{}{}", header(":exception-type"), header(":error-code"));
        return Err(failure.error(http.service));
    }
    let index = count(&data, "/contentBlockIndex");
    match header(":event-type") {
        "contentBlockStart" => {
            if let Some(tool) = data.pointer("/start/toolUse") {
                gather.call(index, tool["toolUseId"].as_str(), tool["name"].as_str());
            }
        }
        "contentBlockDelta" => {
            gather.text(text(&data, "/delta/text"));
            gather.arguments(index, text(&data, "/delta/toolUse/input"));
        }
        "messageStop" => {
            gather.stop = Some(match text(&data, "/stopReason") {
                "tool_use" => Stop::ToolUse,
                "max_tokens" | "model_context_window_exceeded" => Stop::Length,
                "guardrail_intervened" | "content_filtered" | "refusal" => Stop::Refusal,
                _ => Stop::End,
            });
        }
        "metadata" => {
            gather.usage.input = count(&data, "/usage/inputTokens");
            gather.usage.output = count(&data, "/usage/outputTokens");
            gather.usage.cache_read = count(&data, "/usage/cacheReadInputTokens");
            gather.usage.cache_write = count(&data, "/usage/cacheWriteInputTokens");
        }
        _ => {}
    }
    Ok(())
}

fn body(ask: &Ask<'_>) -> Value {
    let Ask { model, chat, quirks, .. } = ask;
    let messages = answered(chat).iter().map(|message| said(message)).collect::<Vec<_>>();
    let mut body = json!({ "messages": messages, "inferenceConfig": { "maxTokens": chat.max_tokens } });
    if !chat.system.is_empty() {
        let mut system = vec![json!({ "text": chat.system })];
        // Other models refuse the mark.
        let caches = ["anthropic.claude", "amazon.nova"].iter().any(|family| model.contains(family));
        if caches && !Quirks::has(&quirks.no_cache) {
            system.push(json!({ "cachePoint": { "type": "default" } }));
        }
        body["system"] = system.into();
    }
    if let Some(temperature) = chat.temperature.filter(|_| !Quirks::has(&quirks.no_temperature)) {
        body["inferenceConfig"]["temperature"] = temperature.min(1.0).into();
    }
    if !chat.tools.is_empty() {
        let tools = chat.tools.iter().map(|tool| {
            let (name, description) = (&tool.name, &tool.description);
            json!({ "toolSpec": { "name": name, "description": description, "inputSchema": { "json": tool.parameters } } })
        });
        body["toolConfig"] = json!({ "tools": tools.collect::<Vec<_>>() });
        if let Some(name) = chat.must_call.as_ref().filter(|_| !Quirks::has(&quirks.no_named_tool)) {
            body["toolConfig"]["toolChoice"] = json!({ "tool": { "name": name } });
        }
    }
    body
}

fn said(message: &Message) -> Value {
    let mut content: Vec<Value> = Vec::new();
    content.extend(message.results.iter().map(|result| {
        let status = if result.is_error { "error" } else { "success" };
        json!({ "toolResult": { "toolUseId": result.id, "content": [{ "text": result.text }], "status": status } })
    }));
    if !message.text.trim().is_empty() {
        content.push(json!({ "text": message.text }));
    }
    content.extend(message.calls.iter().map(
        |call| json!({ "toolUse": { "toolUseId": call.id, "name": call.name, "input": object(&call.arguments) } }),
    ));
    json!({ "role": if message.role == Role::User { "user" } else { "assistant" }, "content": content })
}
