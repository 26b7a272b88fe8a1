//! Language models in the editor: replies are watched, cancelled and written by the language server, and the editor's own model
//! is asked through `nlq/llm/complete`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{
    cli_support::{SHOP, Sandbox},
    client::{Client, apply, capabilities},
    scripted_models::Models,
};

const BINARY: &str = env!("CARGO_BIN_EXE_nlq");
/// A question that the embedded engine has no answer to.
const QUESTION: &str = "-- nlq: what share of purchases fell through\n";
const SQL: &str = "SELECT round(100.0 * sum(status = 'cancelled') / count(*), 1) AS percent FROM orders";

/// A trusted workspace whose questions all go to one model; no answer is left open that another call would judge.
fn shop(profile: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.database("shop.db");
    sandbox.write("key", "sk-test");
    let config = format!(
        "{SHOP}orchestrator: {{ use_model: always, confidence_threshold: 0.6 }}\nagents: {{ query_builder: {{ candidates: 1 }} }}\nmodels:\n  default: {{ {profile} }}\n"
    );
    sandbox.write("nlq.yaml", &config);
    sandbox.ok(&["trust", "--yes"]);
    sandbox.ok(&["schema", "refresh"]);
    sandbox
}

/// With the scripted model.
fn scripted(model: &str) -> Sandbox {
    let models = Models::scripted();
    models.script(&json!({ "gold": [{ "question": "what share of purchases fell through", "sql": SQL }] }));
    let url = models.url("upstream");
    shop(&format!("service: openai, base_url: \"{url}/v1\", api_key: \"${{file:key}}\", model: {model}"))
}

/// An editor that lends its models.
fn editor(sandbox: &Sandbox) -> Client {
    Client::start_with(BINARY, &sandbox.root(), &sandbox.state(), capabilities(), json!({ "llm": true }))
}

/// Opens the question and asks for its query under the progress token `t`.
fn generate(client: &mut Client, sandbox: &Sandbox) -> (String, i64) {
    let uri = client.open(&sandbox.path("new.sql"), "sql", QUESTION);
    let arguments = json!([{ "uri": uri, "prompt": 0 }]);
    let params = json!({ "command": "nlq.generate", "arguments": arguments, "workDoneToken": "t" });
    (uri, client.ask("workspace/executeCommand", params))
}

/// Waits for a report of progress that holds a text.
fn watched(client: &mut Client, text: &str) -> Instant {
    let fits = |params: &Value| {
        let message = params["value"]["message"].as_str().unwrap_or_default();
        params["token"] == "t" && message.contains(text)
    };
    client.timed_notification("$/progress", fits).0
}

/// The document with what the server wrote.
fn written(client: &mut Client) -> String {
    while client.applied.is_empty() {
        client.settle(Duration::from_millis(5));
    }
    apply(QUESTION, &client.applied[0])
}

/// A reply of the editor's model in the form that was asked for.
fn reply(params: &Value, sql: &str) -> Value {
    let query = json!({
        "query": sql, "explanation": "The cancelled of all.", "confidence": 0.9, "ambiguities": [], "unanswerable": null,
    });
    let usage = json!({ "input": 800, "output": 50, "cache_read": 0, "cache_write": 0 });
    let calls = json!([{ "id": "1", "name": params["must_call"], "arguments": query }]);
    json!({ "text": "", "calls": calls, "stop": "tool_use", "usage": usage, "model": "test/model" })
}

#[test]
fn a_reply_can_be_watched_while_it_comes() {
    let sandbox = scripted("slow.watched");
    let mut client = Client::start(BINARY, &sandbox.root(), &sandbox.state());
    let (_, id) = generate(&mut client, &sandbox);
    let first = watched(&mut client, "SELECT round");
    let second = watched(&mut client, "sum(status");
    let (done, result) = client.reply(id);
    assert_eq!(result.expect("it is written")["written"], true);
    assert!(first < second && second < done, "{first:?} {second:?} {done:?}");
    assert!(written(&mut client).contains("AS percent"));
    client.shutdown();
}

#[test]
fn a_cancel_ends_a_reply_at_once_and_writes_nothing() {
    let sandbox = scripted("slow.cancelled");
    let mut client = Client::start(BINARY, &sandbox.root(), &sandbox.state());
    for by_progress in [false, true] {
        let (_, id) = generate(&mut client, &sandbox);
        watched(&mut client, "SELECT round");
        let begin = Instant::now();
        if by_progress {
            client.notify("window/workDoneProgress/cancel", json!({ "token": "t" }));
        } else {
            client.notify("$/cancelRequest", json!({ "id": id }));
        }
        let (at, result) = client.reply(id);
        assert_eq!(result.expect_err("cancelled")["code"], -32800);
        assert!(at - begin < Duration::from_millis(250), "{:?}", at - begin);
        client.settle(Duration::from_secs(3));
        assert_eq!(client.applied, [] as [Value; 0]);
    }
    client.shutdown();
}

#[test]
fn a_silent_model_holds_nothing_up() {
    let sandbox = scripted("stall.held");
    let mut client = Client::start(BINARY, &sandbox.root(), &sandbox.state());
    let (uri, id) = generate(&mut client, &sandbox);
    watched(&mut client, "SELECT");
    let begin = Instant::now();
    client.request("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri } }));
    client.actions(&uri, crate::client::range((0, 5), (0, 5)));
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    client.notify("$/cancelRequest", json!({ "id": id }));
    assert!(client.reply(id).1.is_err());
    assert!(client.shutdown() < Duration::from_secs(2));
}

#[test]
fn the_editors_own_model_is_asked() {
    let sandbox = shop("service: editor, model: family-7");
    let mut client = editor(&sandbox);
    let (_, id) = generate(&mut client, &sandbox);
    let (request, params) = client.asked();
    assert_eq!((&params["profile"], &params["model"]), (&json!("default"), &json!("family-7")), "{params:#}");
    let tool = params["must_call"].as_str().expect("a form");
    let tools = params["tools"].as_array().expect("tools");
    assert!(
        tools.iter().any(|one| one["name"] == tool && one["parameters"]["properties"]["query"].is_object()),
        "{params:#}"
    );
    assert!(params["messages"].to_string().contains("what share of purchases"), "{params:#}");
    for piece in ["{\"query\": \"SELECT", " round(100"] {
        client.notify("nlq/llm/delta", json!({ "id": params["id"], "text": piece }));
    }
    watched(&mut client, "SELECT round(100");
    client.respond(&request, Ok(reply(&params, SQL)));
    assert_eq!(client.reply(id).1.expect("it is written")["written"], true);
    assert!(written(&mut client).contains("AS percent"));
    client.shutdown();
}

#[test]
fn the_editors_own_model_is_told_what_was_wrong() {
    let sandbox = shop("service: editor");
    let mut client = editor(&sandbox);
    let (_, id) = generate(&mut client, &sandbox);
    let (request, params) = client.asked();
    assert_eq!(params.get("model").cloned().unwrap_or_default(), Value::Null);
    client.respond(&request, Ok(reply(&params, "SELECT wrong_column FROM orders")));
    let (request, params) = client.asked();
    assert!(params["messages"].to_string().contains("no such column"), "{params:#}");
    client.respond(&request, Ok(reply(&params, SQL)));
    assert_eq!(client.reply(id).1.expect("it is written")["written"], true);
    client.shutdown();
}

#[test]
fn a_cancel_reaches_the_editors_own_model() {
    let sandbox = shop("service: editor");
    let mut client = editor(&sandbox);
    let (_, id) = generate(&mut client, &sandbox);
    let (request, params) = client.asked();
    assert_eq!(params["id"], request.to_string(), "one name in all messages");
    client.notify("$/cancelRequest", json!({ "id": id }));
    assert_eq!(client.reply(id).1.expect_err("cancelled")["code"], -32800);
    client.notification("$/cancelRequest", |params| params["id"] == request);
    // What still comes is nobody's any more.
    client.notify("nlq/llm/delta", json!({ "id": params["id"], "text": "late" }));
    client.respond(&request, Ok(reply(&params, SQL)));
    client.settle(Duration::from_millis(500));
    assert_eq!(client.applied, [] as [Value; 0]);
    client.shutdown();
}

#[test]
fn failures_of_the_editors_own_model_are_told() {
    let sandbox = shop("service: editor");
    for (kind, told) in [
        ("not_available", "offers no such model"),
        ("refused", "declined"),
        ("failed", "the model's own words"),
        ("made-up", "the model's own words"),
    ] {
        let mut client = editor(&sandbox);
        let (_, id) = generate(&mut client, &sandbox);
        let (request, _) = client.asked();
        let error = json!({ "code": -32603, "message": "the model's own words", "data": { "kind": kind } });
        client.respond(&request, Err(error));
        let _ = client.reply(id);
        let says = |params: &Value| params["message"].as_str().is_some_and(|message| message.contains(told));
        client.notification("window/showMessage", says);
        assert_eq!(client.applied, [] as [Value; 0], "{kind}");
        client.shutdown();
    }
}

#[test]
fn an_editor_that_lends_no_model_is_told_so() {
    let sandbox = shop("service: editor");
    let mut client = Client::start(BINARY, &sandbox.root(), &sandbox.state());
    let (_, id) = generate(&mut client, &sandbox);
    let _ = client.reply(id);
    client.notification("window/showMessage", |params| params["message"].to_string().contains("editor"));
    client.shutdown();
}
