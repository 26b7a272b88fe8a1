//! The main job on the stand-in for a Splunk server: from the configuration to the rows.

use serde_json::{Value, json};

use crate::{cli_support::Sandbox, splunk_double::Double};

/// A trusted workspace over the stand-in, its schema read.
fn workspace(double: &Double) -> Sandbox {
    let sandbox = Sandbox::new();
    let config = format!(
        "workspace: logs\nproviders:\n  logs:\n    type: splunk\n    connections:\n      dev:\n        url: {}\n        \
         token: \"${{file:token}}\"\n",
        double.url
    );
    sandbox.write("nlq.yaml", &config);
    sandbox.write("token", "token-of-analyst\n");
    sandbox.ok(&["trust", "--yes"]);
    sandbox.ok(&["schema", "refresh"]);
    sandbox
}

#[test]
fn questions_are_answered_with_the_right_rows() {
    let double = Double::start(&[]);
    let logs = workspace(&double);
    let snapshot = logs.read(".nlq/schema/logs.dev.json");
    assert!(snapshot.contains("access_combined") && !snapshot.contains("token-of"), "{snapshot}");
    for (question, rows) in [
        ("how many payments are there", json!([[800]])),
        ("number of payments per currency, most first", json!([["EUR", 410], ["USD", 292], ["GBP", 98]])),
    ] {
        let asked = logs.nlq(&["ask", question, "--run", "--json", "--today", "2024-06-20"]).json();
        assert_eq!(asked["validation"]["status"], "passed", "{question}: {asked:#}");
        assert_eq!(asked["rows"]["rows"], rows, "{question}: {}", asked["sql"]);
    }
}

#[test]
fn a_search_in_a_document_is_checked_and_never_writes() {
    let double = Double::start(&[]);
    let logs = workspace(&double);
    let document = "---\nconnection: logs/dev\n---\npayments that were declined\n\n```spl\nindex=app status=declined | delete\n```\n";
    logs.write("ask.nlq", document);
    let ran = logs.nlq(&["check", "--json"]);
    let told: Vec<Value> = ran.json_lines();
    assert!(ran.stdout.contains("delete"), "{told:#?}");
    assert_ne!(ran.code, 0, "{}", ran.stdout);
}

#[test]
fn a_token_that_is_refused_is_one_sentence_without_it() {
    let double = Double::start(&[]);
    let logs = workspace(&double);
    logs.write("token", "canary-of-a-token\n");
    let ran = logs.nlq(&["schema", "refresh"]);
    assert_ne!(ran.code, 0);
    assert!(ran.stderr.contains("token") && !ran.stderr.contains("canary"), "{}", ran.stderr);
    assert_eq!(ran.stderr.trim().lines().count(), 1, "{}", ran.stderr);
}
