use expect_test::expect;

use super::*;
use crate::{
    OpenAi,
    wire_double::{question, reply, stream},
};

fn chunk(data: &str) -> String {
    format!("data: {data}\n\n")
}

fn answer() -> Vec<String> {
    vec![
        chunk(
            r#"{"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":null},"finish_reason":null}],"usage":null}"#,
        ),
        ": a comment, as gateways send to keep a connection\n\n".into(),
        chunk(
            r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_9","type":"function","function":{"name":"answer","arguments":""}}]},"finish_reason":null}]}"#,
        ),
        chunk(
            r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"query\":"}}]},"finish_reason":null}]}"#,
        ),
        chunk(
            r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"SELECT 1\"}"}}]},"finish_reason":null}]}"#,
        ),
        chunk(r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#),
        chunk(
            r#"{"choices":[],"usage":{"prompt_tokens":1100,"completion_tokens":20,"total_tokens":1120,"prompt_tokens_details":{"cached_tokens":1024}}}"#,
        ),
        chunk("[DONE]"),
    ]
}

#[tokio::test]
async fn a_form_is_filled_in_and_counted() {
    let double = Double::start(vec![stream(answer())]).await;
    let (reply, heard) = ask(&model(OpenAi::default(), &double), &question()).await;
    expect![[r#"ToolUse "" [call_9 answer({"query":"SELECT 1"})] in 76 out 20 read 1024 write 0"#]]
        .assert_eq(&shown(&reply.unwrap()));
    expect![[r#"{"query":|"SELECT 1"}|"#]].assert_eq(&heard);
    let asked = &double.asked()[0];
    assert!(asked.head.starts_with("POST /chat/completions HTTP/1.1"), "{}", asked.head);
    assert!(asked.head.contains(&format!("authorization: Bearer {KEY}")));
    expect![[r#"{"model":"some-model","messages":[{"role":"system","content":"You write SQL."},{"role":"user","content":"how many orders"}],"stream":true,"max_tokens":100,"stream_options":{"include_usage":true},"temperature":0.1,"tools":[{"type":"function","function":{"name":"answer","description":"The answer.","parameters":{"type":"object","properties":{"query":{"type":"string"}},"required":["query"]}}}],"tool_choice":{"type":"function","function":{"name":"answer"}}}"#]]
        .assert_eq(&asked.body.to_string());
}

#[tokio::test]
async fn azure_has_its_own_header_and_version() {
    let double = Double::start(vec![stream(answer())]).await;
    let wire = OpenAi { key_header: Some("api-key".into()), api_version: Some("2024-10-21".into()) };
    ask(&model(wire, &double), &question()).await.0.unwrap();
    let head = &double.asked()[0].head;
    assert!(head.starts_with("POST /chat/completions?api-version=2024-10-21 "), "{head}");
    assert!(head.contains(&format!("api-key: {KEY}")) && !head.contains("authorization"), "{head}");
}

#[tokio::test]
async fn a_filter_that_answers_with_an_error_is_a_refusal() {
    let body = r#"{"error":{"message":"The response was filtered","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#;
    let double = Double::start(vec![reply("400 Bad Request", "", body)]).await;
    let (reply, _) = ask(&model(OpenAi::default(), &double), &question()).await;
    expect![[r#"Refusal "The response was filtered" [] in 0 out 0 read 0 write 0"#]].assert_eq(&shown(&reply.unwrap()));
}

#[tokio::test]
async fn newer_models_and_older_servers_teach_what_they_take() {
    let refuse = |message: &str| {
        let body = serde_json::json!({ "error": { "message": message, "type": "invalid_request_error", "code": "unsupported_parameter" } });
        reply("400 Bad Request", "", &body.to_string())
    };
    let double = Double::start(vec![
        refuse("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."),
        refuse("Unsupported value: 'temperature' does not support 0.1 with this model."),
        refuse("Invalid tool_choice type: 'object'. Supported string values: none, auto, required"),
        stream(answer()),
    ])
    .await;
    ask(&model(OpenAi::default(), &double), &question()).await.0.unwrap();
    let last = &double.asked()[3].body;
    assert_eq!((&last["max_completion_tokens"], &last["tool_choice"]), (&100.into(), &"required".into()));
    assert!(last.get("max_tokens").is_none() && last.get("temperature").is_none());
}

#[tokio::test]
async fn a_server_without_done_is_understood_and_one_without_reason_was_cut() {
    let whole = answer();
    let double = Double::start(vec![stream(&whole[..6]), stream(&whole[..5])]).await;
    let model = model(OpenAi::default(), &double);
    assert_eq!(ask(&model, &question()).await.0.unwrap().calls.len(), 1);
    let error = ask(&model, &question()).await.0.unwrap_err();
    expect!["the connection to the OpenAI service broke in the middle of its reply: ask again"]
        .assert_eq(&error.message);
}
