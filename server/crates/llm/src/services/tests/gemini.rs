use expect_test::expect;

use super::*;
use crate::{
    Gemini,
    wire_double::{question, stream},
};

#[tokio::test]
async fn a_form_is_filled_in_and_counted() {
    let double = Double::start(vec![stream([
        "data: {\"candidates\": [{\"content\": {\"parts\": [{\"text\": \"hm\", \"thought\": true},{\"text\": \"So\"}],\"role\": \"model\"},\"index\": 0}],\"usageMetadata\": {\"promptTokenCount\": 30,\"totalTokenCount\": 30}}\r\n\r\n",
        "data: {\"candidates\": [{\"content\": {\"parts\": [{\"functionCall\": {\"name\": \"answer\",\"args\": {\"query\": \"SELECT 1\"}}}],\"role\": \"model\"},\"finishReason\": \"STOP\",\"index\": 0}],\"usageMetadata\": {\"promptTokenCount\": 30,\"cachedContentTokenCount\": 10,\"candidatesTokenCount\": 7,\"thoughtsTokenCount\": 5,\"totalTokenCount\": 42}}\r\n\r\n",
    ])])
    .await;
    let (reply, heard) = ask(&model(Gemini, &double), &question()).await;
    expect![[r#"ToolUse "So" [call_0 answer({"query":"SELECT 1"})] in 20 out 12 read 10 write 0"#]]
        .assert_eq(&shown(&reply.unwrap()));
    expect![[r#"So|{"query":"SELECT 1"}|"#]].assert_eq(&heard);
    let asked = &double.asked()[0];
    assert!(asked.head.starts_with("POST /v1beta/models/some-model:streamGenerateContent?alt=sse "), "{}", asked.head);
    assert!(asked.head.contains(&format!("x-goog-api-key: {KEY}")));
    expect![[r#"{"contents":[{"role":"user","parts":[{"text":"how many orders"}]}],"generationConfig":{"maxOutputTokens":100,"temperature":0.1},"systemInstruction":{"parts":[{"text":"You write SQL."}]},"tools":[{"functionDeclarations":[{"name":"answer","description":"The answer.","parametersJsonSchema":{"type":"object","properties":{"query":{"type":"string"}},"required":["query"]}}]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["answer"]}}}"#]].assert_eq(&asked.body.to_string());
}

#[tokio::test]
async fn a_blocked_prompt_is_a_refusal() {
    let blocked = "data: {\"promptFeedback\": {\"blockReason\": \"PROHIBITED_CONTENT\"},\"usageMetadata\": {\"promptTokenCount\": 9}}\n\n";
    let double = Double::start(vec![stream([blocked])]).await;
    let (reply, _) = ask(&model(Gemini, &double), &question()).await;
    expect![[r#"Refusal "" [] in 9 out 0 read 0 write 0"#]].assert_eq(&shown(&reply.unwrap()));
}
