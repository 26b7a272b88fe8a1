use expect_test::expect;

use super::*;
use crate::{
    Anthropic, Message, Role, ToolCall,
    wire_double::{question, reply, stream},
};

fn event(kind: &str, data: &str) -> String {
    format!("event: {kind}\ndata: {data}\n\n")
}

/// A reply with a text and a call, as documented.
pub(super) fn answer() -> Vec<String> {
    vec![
        event(
            "message_start",
            r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"model":"m","stop_reason":null,"usage":{"input_tokens":12,"cache_creation_input_tokens":300,"cache_read_input_tokens":1024,"output_tokens":1}}}"#,
        ),
        event(
            "content_block_start",
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        ),
        event("ping", r#"{"type": "ping"}"#),
        event(
            "content_block_delta",
            r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Let me"}}"#,
        ),
        event("content_block_stop", r#"{"type":"content_block_stop","index":0}"#),
        event(
            "content_block_start",
            r#"{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"answer","input":{}}}"#,
        ),
        event(
            "content_block_delta",
            r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}"#,
        ),
        event(
            "content_block_delta",
            r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"query\": \"SEL"}}"#,
        ),
        event(
            "content_block_delta",
            r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"ECT 'ü'\"}"}}"#,
        ),
        event("content_block_stop", r#"{"type":"content_block_stop","index":1}"#),
        event(
            "message_delta",
            r#"{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":89}}"#,
        ),
        event("message_stop", r#"{"type":"message_stop"}"#),
    ]
}

#[tokio::test]
async fn a_form_is_filled_in_and_counted() {
    let double = Double::start(vec![stream(answer())]).await;
    let (reply, heard) = ask(&model(Anthropic, &double), &question()).await;
    expect![[r#"ToolUse "Let me" [toolu_1 answer({"query":"SELECT 'ü'"})] in 12 out 89 read 1024 write 300"#]]
        .assert_eq(&shown(&reply.unwrap()));
    expect![[r#"Let me|{"query": "SEL|ECT 'ü'"}|"#]].assert_eq(&heard);
    let asked = &double.asked()[0];
    assert!(asked.head.starts_with("POST /v1/messages HTTP/1.1"), "{}", asked.head);
    assert!(asked.head.contains(&format!("x-api-key: {KEY}")) && asked.head.contains("anthropic-version: 2023-06-01"));
    expect![[r#"
        {
          "model": "some-model",
          "max_tokens": 100,
          "stream": true,
          "messages": [
            {
              "role": "user",
              "content": [
                {
                  "type": "text",
                  "text": "how many orders"
                }
              ]
            }
          ],
          "system": [
            {
              "type": "text",
              "text": "You write SQL.",
              "cache_control": {
                "type": "ephemeral"
              }
            }
          ],
          "temperature": 0.1,
          "tools": [
            {
              "name": "answer",
              "description": "The answer.",
              "input_schema": {
                "type": "object",
                "properties": {
                  "query": {
                    "type": "string"
                  }
                },
                "required": [
                  "query"
                ]
              }
            }
          ],
          "tool_choice": {
            "type": "tool",
            "name": "answer",
            "disable_parallel_tool_use": true
          }
        }"#]]
    .assert_eq(&format!("{:#}", asked.body));
}

#[tokio::test]
async fn a_form_that_is_talked_about_further_gets_its_result() {
    let double = Double::start(vec![stream(answer())]).await;
    let mut chat = question();
    let call = ToolCall { id: "t1".into(), name: "answer".into(), arguments: serde_json::json!({"query": "x"}) };
    chat.messages.push(Message { role: Role::Assistant, calls: vec![call], ..Message::default() });
    chat.messages.push(Message::user("that failed"));
    ask(&model(Anthropic, &double), &chat).await.0.unwrap();
    expect![[
        r#"[{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"answer","input":{"query":"x"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":"received","is_error":false},{"type":"text","text":"that failed"}]}]"#
    ]]
    .assert_eq(&serde_json::Value::from(double.asked()[0].body["messages"].as_array().unwrap()[1..].to_vec()).to_string());
}

#[tokio::test]
async fn a_parameter_that_a_model_refuses_is_left_out_from_then_on() {
    let refusal = r#"{"type":"error","error":{"type":"invalid_request_error","message":"`temperature` is not supported by this model"}}"#;
    let double = Double::start(vec![
        reply("400 Bad Request", "content-type: application/json\r\n", refusal),
        stream(answer()),
        stream(answer()),
    ])
    .await;
    let model = model(Anthropic, &double);
    for _ in 0..2 {
        ask(&model, &question()).await.0.unwrap();
    }
    let temperatures: Vec<bool> = double.asked().iter().map(|asked| asked.body.get("temperature").is_some()).collect();
    assert_eq!(temperatures, [true, false, false]);
}
