use expect_test::expect;

use super::*;
use crate::{
    LlmErrorKind, Ollama,
    wire_double::{question, reply, stream},
};

fn answer() -> [&'static str; 3] {
    [
        "{\"model\":\"m\",\"created_at\":\"2025-01-01T00:00:00Z\",\"message\":{\"role\":\"assistant\",\"content\":\"{\\\"query\\\":\"},\"done\":false}\n",
        "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\" \\\"SELECT 1\\\"}\"},\"done\":false}\n",
        "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"total_duration\":1,\"prompt_eval_count\":26,\"eval_count\":9}\n",
    ]
}

#[tokio::test]
async fn a_form_is_a_grammar_and_the_window_is_asked_for() {
    let double = Double::start(vec![stream(answer())]).await;
    let (reply, heard) = ask(&model(Ollama { context_tokens: 32768 }, &double), &question()).await;
    expect![[r#"ToolUse "" [call_0 answer({"query":"SELECT 1"})] in 26 out 9 read 0 write 0"#]]
        .assert_eq(&shown(&reply.unwrap()));
    expect![[r#"{"query":| "SELECT 1"}|"#]].assert_eq(&heard);
    let asked = &double.asked()[0];
    assert!(asked.head.starts_with("POST /api/chat "), "{}", asked.head);
    expect![[r#"{"model":"some-model","messages":[{"role":"system","content":"You write SQL."},{"role":"user","content":"how many orders"}],"stream":true,"options":{"num_predict":100,"num_ctx":8192,"temperature":0.1},"format":{"type":"object","properties":{"query":{"type":"string"}},"required":["query"]}}"#]].assert_eq(&asked.body.to_string());
}

#[tokio::test]
async fn what_would_be_cut_in_silence_is_refused() {
    let double = Double::start(Vec::new()).await;
    let mut chat = question();
    chat.system = "x".repeat(100_000);
    let error = ask(&model(Ollama { context_tokens: 16384 }, &double), &chat).await.0.unwrap_err();
    assert_eq!(error.kind, LlmErrorKind::ContextLength);
    expect!["the prompt takes about 33468 tokens with its reply and `context_tokens` allows 16384: ask with fewer tables or examples, or raise it in nlq.yaml"].assert_eq(&error.message);
}

#[tokio::test]
async fn failures_are_told_before_and_within_a_stream() {
    let double = Double::start(vec![
        reply("404 Not Found", "", r#"{"error":"model 'some-model' not found"}"#),
        stream(["{\"error\":\"an error was encountered while running the model\"}\n"]),
    ])
    .await;
    let model = model(Ollama { context_tokens: 16384 }, &double);
    let errors = [ask(&model, &question()).await.0.unwrap_err(), ask(&model, &question()).await.0.unwrap_err()];
    expect![[r#"
        Configuration Ollama has no such model or address (404: model 'some-model' not found): check `model` and `base_url` in nlq.yaml
        Overloaded(None) Ollama is overloaded or broken for now (an error was encountered while running the model): ask again later
    "#]].assert_eq(&errors.map(|error| format!("{:?} {error}\n", error.kind)).concat());
}
