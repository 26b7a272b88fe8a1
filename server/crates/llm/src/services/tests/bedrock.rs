use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message as Frame};
use expect_test::expect;

use super::*;
use crate::{
    Bedrock, Credentials, LlmErrorKind,
    wire_double::{question, reply, stream},
};

fn frame(headers: &[(&'static str, &'static str)], payload: &'static str) -> Vec<u8> {
    let mut message = Frame::new(payload.as_bytes());
    for (name, value) in headers {
        message = message.add_header(Header::new(*name, HeaderValue::String((*value).into())));
    }
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).unwrap();
    bytes
}

fn event(kind: &'static str, payload: &'static str) -> Vec<u8> {
    frame(&[(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")], payload)
}

fn answer() -> Vec<Vec<u8>> {
    vec![
        event("messageStart", r#"{"role":"assistant"}"#),
        event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"So"}}"#),
        event("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        event(
            "contentBlockStart",
            r#"{"contentBlockIndex":1,"start":{"toolUse":{"name":"answer","toolUseId":"tooluse_1"}}}"#,
        ),
        event("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"toolUse":{"input":"{\"query\":\"SEL"}}}"#),
        event("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"toolUse":{"input":"ECT 1\"}"}}}"#),
        event("messageStop", r#"{"stopReason":"tool_use"}"#),
        event(
            "metadata",
            r#"{"metrics":{"latencyMs":5},"usage":{"inputTokens":9,"outputTokens":8,"totalTokens":17,"cacheReadInputTokens":7,"cacheWriteInputTokens":6}}"#,
        ),
    ]
}

fn bedrock(double: &Double, name: &str) -> Remote<Bedrock> {
    let secret = |text: &str| Some(Secret::known(text));
    let credentials = Credentials {
        region: secret("eu-central-1"),
        access_key_id: secret("AKIDEXAMPLE"),
        secret_access_key: secret(KEY),
        session_token: secret("a-session-token"),
        profile: None,
    };
    Remote::new(http_client().unwrap(), Bedrock { credentials }, name).base_url(secret(&double.url))
}

#[tokio::test]
async fn a_form_is_filled_in_over_a_signed_request() {
    let double = Double::start(vec![stream(answer())]).await;
    let model = bedrock(&double, "eu.anthropic.claude-sonnet-4-5-20250929-v1:0");
    let (reply, heard) = ask(&model, &question()).await;
    expect![[r#"ToolUse "So" [tooluse_1 answer({"query":"SELECT 1"})] in 9 out 8 read 7 write 6"#]]
        .assert_eq(&shown(&reply.unwrap()));
    expect![[r#"So|{"query":"SEL|ECT 1"}|"#]].assert_eq(&heard);
    let asked = &double.asked()[0];
    assert!(
        asked.head.starts_with("POST /model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream "),
        "{}",
        asked.head
    );
    assert!(asked.head.contains("authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{}", asked.head);
    assert!(asked.head.contains("/eu-central-1/bedrock/aws4_request"), "{}", asked.head);
    assert!(asked.head.contains("x-amz-security-token: a-session-token") && !asked.head.contains(KEY));
    expect![[r#"{"messages":[{"role":"user","content":[{"text":"how many orders"}]}],"inferenceConfig":{"maxTokens":100,"temperature":0.1},"system":[{"text":"You write SQL."},{"cachePoint":{"type":"default"}}],"toolConfig":{"tools":[{"toolSpec":{"name":"answer","description":"The answer.","inputSchema":{"json":{"type":"object","properties":{"query":{"type":"string"}},"required":["query"]}}}}],"toolChoice":{"tool":{"name":"answer"}}}}"#]].assert_eq(&asked.body.to_string());
}

#[tokio::test]
async fn failures_before_and_within_a_stream_are_told() {
    let throttled = frame(
        &[
            (":exception-type", "throttlingException"),
            (":content-type", "application/json"),
            (":message-type", "exception"),
        ],
        r#"{"message":"Too many tokens, please wait before trying again."}"#,
    );
    let double = Double::start(vec![
        stream(vec![answer().remove(0), throttled]),
        stream(answer().drain(..4)),
        reply(
            "400 Bad Request",
            "x-amzn-errortype: ValidationException:http://x/\r\n",
            r#"{"message":"Input is too long for requested model."}"#,
        ),
        reply(
            "403 Forbidden",
            "x-amzn-errortype: UnrecognizedClientException\r\n",
            r#"{"message":"The security token a-session-token included in the request is invalid."}"#,
        ),
    ])
    .await;
    let model = bedrock(&double, "amazon.nova-lite-v1:0");
    let mut errors = String::new();
    for _ in 0..4 {
        let error = ask(&model, &question()).await.0.unwrap_err();
        errors += &format!("{:?} {error}\n", error.kind);
    }
    expect![[r#"
        RateLimited(None) Bedrock takes no more requests for now (throttlingException: Too many tokens, please wait before trying again): ask again later
        Connection the connection to Bedrock broke in the middle of its reply: ask again
        ContextLength the prompt is longer than the model of Bedrock reads (400 ValidationException:http://x/: Input is too long for requested model): ask with fewer tables or examples
        Authentication Bedrock does not take the key or the account (403 UnrecognizedClientException: The security token [key] included in the request is invalid): check the model's key in nlq.yaml
    "#]]
    .assert_eq(&errors);
}

#[tokio::test]
async fn a_missing_region_says_what_to_set() {
    let double = Double::start(Vec::new()).await;
    let model = Remote::new(http_client().unwrap(), Bedrock { credentials: Credentials::default() }, "m")
        .base_url(Some(Secret::known(&double.url)));
    if std::env::var("AWS_REGION").or(std::env::var("AWS_DEFAULT_REGION")).is_err() {
        let error = ask(&model, &question()).await.0.unwrap_err();
        assert_eq!(error.kind, LlmErrorKind::Configuration);
        expect!["no AWS region is known: set the model's `region` in nlq.yaml, or AWS_REGION"]
            .assert_eq(&error.message);
    }
}
