//! Examples, conversations, audit and metrics over the language server.

use std::{
    fs,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::client::{Client, Shop, apply, range};

const BINARY: &str = env!("CARGO_BIN_EXE_nlq");

#[test]
fn a_generated_answer_is_a_turn() {
    let shop = Shop::new(BINARY);
    let mut client = Client::start(BINARY, &shop.root(), &shop.state());
    let text = "-- nlq: how many orders are there\n";
    let uri = client.open(&shop.root().join("new.sql"), "sql", text);
    let actions = client.actions(&uri, range((0, 5), (0, 5)));
    let generate = actions.iter().find(|action| action["title"].as_str().is_some_and(|t| t.starts_with("Generate")));
    let resolved = client.request("codeAction/resolve", generate.expect("the action").clone());
    assert!(apply(text, &resolved["edit"]).to_lowercase().contains("count(*)"));

    // The turn is written beside the answer.
    let begun = Instant::now();
    let rows = loop {
        let rows = client.request("nlq/audit", json!({ "uri": uri, "limit": 1 }));
        if rows[0]["document"] == json!(uri) || begun.elapsed() > Duration::from_secs(10) {
            break rows;
        }
    };
    assert_eq!((&rows[0]["document"], &rows[0]["outcome"]), (&json!(uri), &json!("query")), "{rows:#}");
    let conversations = client.request("nlq/conversations/list", json!({ "document": uri }));
    let id = conversations[0]["id"].clone();
    let shown = client.request("nlq/conversations/turns", json!({ "conversation": id }));
    assert!(shown["turns"][0]["reasoning"]["stages"].is_array(), "{shown:#}");
    let asked = client.request("nlq/audit", json!({})).as_array().map(Vec::len);
    assert_eq!(
        client.request("nlq/metrics", json!({ "since": "1d" }))["questions_total"].as_u64(),
        asked.map(|n| n as u64)
    );
    let refused = client.ask("nlq/audit", json!({ "since": "soon" }));
    assert!(client.reply(refused).1.unwrap_err()["message"].as_str().unwrap().contains("7d"));
    client.shutdown();
}

#[test]
fn examples_are_files_like_the_others() {
    let shop = Shop::new(BINARY);
    let folder = shop.root().join(".nlq/examples");
    fs::create_dir_all(&folder).expect("the folder");
    let file = folder.join("shop.yaml");
    let text = "examples:\n  - question: how many orders are there\n    query: SELECT count(*) FROM ordrs\n";
    fs::write(&file, text).expect("the file");
    let mut client = Client::start(BINARY, &shop.root(), &shop.state());
    let uri = client.open(&file, "yaml", text);
    let found = client.diagnostics(&uri, 1);
    assert_eq!((found.len(), &found[0]["code"]), (1, &json!("unknown-table")), "{found:#?}");
    let hover = client.request(
        "textDocument/hover",
        json!({ "textDocument": { "uri": uri }, "position": { "line": 1, "character": 6 } }),
    );
    assert!(hover["contents"]["value"].as_str().is_some_and(|text| text.contains("as people ask it")), "{hover}");
    let search = json!({ "question": "how many orders are there", "limit": 2 });
    assert_eq!(client.request("nlq/examples/search", search.clone())[0]["similarity"], 1.0);

    fs::write(&file, text.replace("orders are", "customers are")).expect("the file");
    client.notify("workspace/didChangeWatchedFiles", json!({ "changes": [{ "uri": uri, "type": 2 }] }));
    let begun = Instant::now();
    while client.request("nlq/examples/search", search.clone())[0]["question"] != "how many customers are there" {
        assert!(begun.elapsed() < Duration::from_secs(10), "the change is not seen");
    }
    assert!(client.request("nlq/examples/search", search)[0]["similarity"].as_f64() < Some(1.0));
    assert_eq!(client.request("nlq/examples/list", json!({})).as_array().map(Vec::len), Some(1));
    client.shutdown();
}
