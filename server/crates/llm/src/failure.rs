//! What a service says went wrong, and what kind of failure that is. One table for all services: gateways pass one
//! service's words on in another's form.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::{LlmError, LlmErrorKind};

/// Characters of a service's own words that a message repeats.
const MAX_WORDS: usize = 300;

/// How services say that a prompt is too long.
const TOO_LONG: [&str; 14] = [
    "context_length_exceeded",            // OpenAI, Azure
    "maximum context length",             // OpenAI, vLLM
    "string_above_max_length",            // OpenAI
    "prompt is too long",                 // Anthropic
    "exceed context limit",               // Anthropic: input and max_tokens together
    "request_too_large",                  // Anthropic
    "input is too long",                  // Bedrock
    "too many input tokens",              // Bedrock
    "input token count",                  // Gemini
    "exceed_context_size_error",          // llama.cpp
    "exceeds the available context size", // llama.cpp
    "context size has been exceeded",     // LM Studio
    "reduce the length of the messages",  // Groq
    "contextwindowexceedederror",         // LiteLLM
];

/// How services say that the account pays no more: waiting does not help, another account does.
const NO_CREDIT: [&str; 4] =
    ["insufficient_quota", "credit balance is too low", "billing_error", "billing_hard_limit_reached"];

/// How services say that a key is wrong where the status does not.
const BAD_KEY: [&str; 10] = [
    "no_db_connection", // LiteLLM, for a key that is not its own
    "authentication_error",
    "permission_error",
    "invalid_api_key",
    "api_key_invalid",
    "api key not valid",
    "accessdenied",
    "unrecognizedclient",
    "expiredtoken",
    "invalidsignature",
];

/// How services say in the middle of a stream that there were too many requests.
const RATE_LIMITED: [&str; 4] = ["rate_limit", "throttling", "resource_exhausted", "too_many_requests"];

/// A service's failure in its own words.
#[derive(Debug, Default)]
pub(crate) struct Failure {
    /// The status; none for a failure in the middle of a stream.
    pub(crate) status: Option<u16>,
    /// Its codes and types.
    pub(crate) code: String,
    /// Its sentence.
    pub(crate) message: String,
    /// When to come back.
    pub(crate) retry_after: Option<Duration>,
}

impl Failure {
    pub(crate) fn of_response(status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let mut failure = match serde_json::from_str::<Value>(&text) {
            Ok(json) => Self::of_json(&json),
            // A gateway's page says nothing that the status does not.
            Err(_) if text.trim_start().starts_with('<') => Self::default(),
            Err(_) => Self { message: text.into_owned(), ..Self::default() },
        };
        let aws = headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
        failure.code += aws.unwrap_or_default();
        failure.retry_after = retry_after(headers, Utc::now()).or(failure.retry_after);
        Self { status: Some(status), ..failure }
    }

    /// From `{"error": {…}}`, `{"error": "…"}`, `{"message": "…"}`, a list of such, or a gateway's `{"detail": …}`.
    pub(crate) fn of_json(json: &Value) -> Self {
        let json = json.get(0).unwrap_or(json);
        let error = json.get("error").or_else(|| json.get("detail")).unwrap_or(json);
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let message = ["message", "Message", "detail"].iter().find_map(|key| error.get(key)).unwrap_or(error);
        let codes = ["type", "code", "status", "__type"].iter().filter_map(|key| error.get(key));
        let mut code = codes.map(text).filter(|code| !code.is_empty()).collect::<Vec<_>>().join(" ");
        // Azure tells its filter apart from other bad requests only in here.
        if let Some(inner) = error.pointer("/innererror/code").and_then(Value::as_str) {
            code = format!("{code} {inner}");
        }
        let mut details = error.get("details").and_then(Value::as_array).into_iter().flatten();
        let delay = details.find_map(|detail| detail.get("retryDelay")?.as_str()?.strip_suffix('s')?.parse().ok());
        let retry_after = delay.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        Self { status: None, code, message: text(message), retry_after }
    }

    /// The service's content filter stands against the prompt: a refusal, not a mistake.
    pub(crate) fn is_refusal(&self) -> bool {
        let words = self.words();
        ["content_filter", "responsibleaipolicyviolation", "content_policy_violation", "contentpolicyviolation"]
            .iter()
            .any(|word| words.contains(word))
    }

    fn words(&self) -> String {
        format!("{} {}", self.code, self.message).to_ascii_lowercase()
    }

    fn kind(&self) -> LlmErrorKind {
        let words = self.words();
        let says = |list: &[&str]| list.iter().any(|word| words.contains(word));
        // In the middle of a stream, gateways write the status that it would have been into the code.
        let written =
            || self.code.split_whitespace().filter_map(|word| word.parse().ok()).find(|code| (400..600).contains(code));
        match self.status.or_else(written) {
            _ if says(&NO_CREDIT) => LlmErrorKind::Authentication,
            Some(401..=403) => LlmErrorKind::Authentication,
            Some(429) => LlmErrorKind::RateLimited(self.retry_after),
            Some(413) => LlmErrorKind::ContextLength,
            _ if says(&TOO_LONG) => LlmErrorKind::ContextLength,
            _ if says(&BAD_KEY) => LlmErrorKind::Authentication,
            Some(404) => LlmErrorKind::Configuration,
            Some(408 | 504) => LlmErrorKind::Timeout,
            Some(424 | 500..=599) => LlmErrorKind::Overloaded(self.retry_after),
            Some(300..=399) => LlmErrorKind::Configuration,
            Some(_) => LlmErrorKind::BadRequest,
            None if says(&RATE_LIMITED) => LlmErrorKind::RateLimited(self.retry_after),
            None if says(&["invalid_request", "validationexception", "not_found"]) => LlmErrorKind::BadRequest,
            // A stream that had begun: the request was good.
            None => LlmErrorKind::Overloaded(self.retry_after),
        }
    }

    /// The failure as callers know it.
    pub(crate) fn error(&self, service: &str) -> LlmError {
        let kind = self.kind();
        let said = self.said();
        let message = match kind {
            LlmErrorKind::RateLimited(_) => format!("{service} takes no more requests for now{said}: ask again later"),
            LlmErrorKind::Overloaded(_) => format!("{service} is overloaded or broken for now{said}: ask again later"),
            LlmErrorKind::Timeout => format!("{service} did not answer in time{said}: ask again"),
            LlmErrorKind::Authentication => {
                format!("{service} does not take the key or the account{said}: check the model's key in nlq.yaml")
            }
            LlmErrorKind::ContextLength => {
                format!(
                    "the prompt is longer than the model of {service} reads{said}: ask with fewer tables or examples"
                )
            }
            LlmErrorKind::Configuration => {
                format!("{service} has no such model or address{said}: check `model` and `base_url` in nlq.yaml")
            }
            _ => format!("{service} refuses the request{said}: check the model's settings in nlq.yaml"),
        };
        LlmError::new(kind, message)
    }

    /// ` (429 rate_limit_error: …)`.
    fn said(&self) -> String {
        let status = self.status.map(|status| status.to_string());
        // Gateways repeat the status as the code.
        let codes = self.code.split_whitespace().filter(|&code| Some(code) != status.as_deref() && code.len() < 80);
        let head = status.as_deref().into_iter().chain(codes).collect::<Vec<_>>().join(" ");
        let words = self.message.split_whitespace().collect::<Vec<_>>().join(" ");
        let message: String = words.trim_end_matches('.').chars().take(MAX_WORDS).collect();
        match (head.is_empty(), message.is_empty()) {
            (true, true) => String::new(),
            (false, false) => format!(" ({head}: {message})"),
            _ => format!(" ({head}{message})"),
        }
    }
}

/// `retry-after-ms`, or `retry-after` in seconds or as a date; LiteLLM passes its service's on under another name.
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let header = |name: &str| {
        let value = headers.get(name).or_else(|| headers.get(format!("llm_provider-{name}")))?;
        value.to_str().ok().map(str::trim)
    };
    let seconds = match header("retry-after-ms").and_then(|text| text.parse::<f64>().ok()) {
        Some(milliseconds) => milliseconds / 1000.0,
        None => {
            let text = header("retry-after")?;
            match text.parse::<f64>() {
                Ok(seconds) => seconds,
                Err(_) => (DateTime::parse_from_rfc2822(text).ok()?.to_utc() - now).as_seconds_f64().max(0.0),
            }
        }
    };
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use expect_test::expect;
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn when_to_come_back_is_read_in_every_form() {
        let now = Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).unwrap();
        let seconds =
            |pairs: &[(&'static str, &'static str)]| retry_after(&headers(pairs), now).map(|wait| wait.as_secs_f64());
        assert_eq!(seconds(&[("retry-after", "2.5")]), Some(2.5));
        assert_eq!(seconds(&[("retry-after", "9"), ("retry-after-ms", "1500")]), Some(1.5));
        assert_eq!(seconds(&[("retry-after", "Fri, 20 Nov 2026 12:00:42 GMT")]), Some(42.0));
        assert_eq!(seconds(&[("retry-after", "Fri, 20 Nov 2026 11:00:00 GMT")]), Some(0.0));
        assert_eq!(seconds(&[("llm_provider-retry-after", "600")]), Some(600.0));
        assert_eq!(seconds(&[("retry-after", "soon")]), None);
        assert_eq!(seconds(&[("retry-after", "-1")]), None);
    }

    #[test]
    fn each_service_has_its_own_words() {
        let said = [
            (
                400,
                r#"{"error":{"message":"This model's maximum context length is 8192 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
            ),
            (
                400,
                r#"{"object":"error","message":"This model's maximum context length is 4096 tokens.","type":"BadRequestError","code":400}"#,
            ),
            (
                400,
                r#"{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}"#,
            ),
            (
                400,
                r#"[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]"#,
            ),
            (
                429,
                r#"{"error":{"code":429,"message":"Resource has been exhausted","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.5s"}]}}"#,
            ),
            (
                400,
                r#"{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}"#,
            ),
            (
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}"#,
            ),
            (400, r#"{"error":{"message":"No connected db.","type":"no_db_connection","param":null,"code":"400"}}"#),
            (
                413,
                r#"{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}"#,
            ),
            (422, r#"{"detail":[{"loc":["body"],"msg":"field required"}]}"#),
            (503, "upstream connect error\n  or disconnect"),
        ];
        let all = said.map(|(status, body)| {
            let error = Failure::of_response(status, &HeaderMap::new(), body.as_bytes()).error("it");
            format!("{:?} {error}\n", error.kind)
        });
        expect![[r#"
            ContextLength the prompt is longer than the model of it reads (400 invalid_request_error context_length_exceeded: This model's maximum context length is 8192 tokens): ask with fewer tables or examples
            ContextLength the prompt is longer than the model of it reads (400 BadRequestError: This model's maximum context length is 4096 tokens): ask with fewer tables or examples
            ContextLength the prompt is longer than the model of it reads (400 INVALID_ARGUMENT: The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)): ask with fewer tables or examples
            Authentication it does not take the key or the account (400 INVALID_ARGUMENT: API key not valid. Please pass a valid API key): check the model's key in nlq.yaml
            RateLimited(Some(34.5s)) it takes no more requests for now (429 RESOURCE_EXHAUSTED: Resource has been exhausted): ask again later
            ContextLength the prompt is longer than the model of it reads (400 exceed_context_size_error: the request exceeds the available context size): ask with fewer tables or examples
            Authentication it does not take the key or the account (400 invalid_request_error: Your credit balance is too low to access the Anthropic API): check the model's key in nlq.yaml
            Authentication it does not take the key or the account (400 no_db_connection: No connected db): check the model's key in nlq.yaml
            ContextLength the prompt is longer than the model of it reads (413 request_too_large: Request exceeds the maximum size): ask with fewer tables or examples
            BadRequest it refuses the request (422: [{"loc":["body"],"msg":"field required"}]): check the model's settings in nlq.yaml
            Overloaded(None) it is overloaded or broken for now (503: upstream connect error or disconnect): ask again later
        "#]].assert_eq(&all.concat());
    }

    #[test]
    fn failures_within_a_stream_have_no_status_of_their_own() {
        let said = [
            r#"{"error":{"message":"Rate limit reached","type":"tokens","code":"rate_limit_exceeded"}}"#,
            r#"{"error":{"message":"litellm.BadRequestError","type":null,"param":null,"code":"400"}}"#,
            r#"{"error":{"message":"bad key","code":401}}"#,
            r#"{"error":{"message":"The server had an error","type":"server_error"}}"#,
            r#"{"error":"model runner has unexpectedly stopped"}"#,
        ];
        let kinds = said.map(|body| format!("{:?}", Failure::of_json(&serde_json::from_str(body).unwrap()).kind()));
        assert_eq!(
            kinds,
            ["RateLimited(None)", "BadRequest", "Authentication", "Overloaded(None)", "Overloaded(None)"]
        );
    }
}
