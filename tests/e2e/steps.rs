//! A question that takes several queries: each step on its own connection, the last over what the others found.

use serde_json::{Value, json};

use crate::{cli_support::Sandbox, scripted_models::Models};

const QUESTION: &str = "which of our customers has the most open tickets at the help desk, and from where";
const TICKETS: &str = "count of open tickets for every client";
const PLACES: &str = "name and country of each one who buys";
const COMBINED: &str = "the person of the first with the second's place, most tickets first";

/// A workspace of two databases that share customers, and a question of which the model makes `plan`. The model is shared by
/// all tests, so each has a question of its own.
fn workspace(name: &str, plan: &Value) -> (Sandbox, String) {
    let question = format!("{QUESTION}, for {name}");
    let models = Models::scripted();
    let tickets = "SELECT client, count(*) AS open_tickets FROM tickets WHERE state = 'open' GROUP BY client";
    let places = "SELECT name, country FROM customers";
    let combined = "SELECT p.name, p.country, t.open_tickets FROM tickets_found AS t JOIN places AS p ON p.name = t.client \
                    ORDER BY t.open_tickets DESC";
    let gold = [(TICKETS, tickets), (PLACES, places), (COMBINED, combined)];
    let gold = gold.map(|(question, sql)| json!({ "question": question, "sql": sql }));
    let planned = json!({ "question": question, "sql": "", "plan": plan });
    models.script(&json!({ "gold": gold.into_iter().chain([planned]).collect::<Vec<_>>() }));
    let sandbox = Sandbox::new();
    sandbox.database("shop.db");
    sandbox.sql(
        "desk.db",
        "CREATE TABLE tickets (id INTEGER PRIMARY KEY, client TEXT, state TEXT);
         INSERT INTO tickets (client, state) VALUES ('Bruno', 'open'), ('Ada', 'open'), ('Bruno', 'open'), ('Ada', 'closed')",
    );
    let upstream = models.url("upstream");
    sandbox.write("key", "sk-master");
    sandbox.write(
        "nlq.yaml",
        &format!(
            "default_connection: shop/dev
providers:
  shop: {{ type: sqlite, connections: {{ dev: {{ path: shop.db }} }} }}
  desk: {{ type: sqlite, connections: {{ dev: {{ path: desk.db }} }} }}
orchestrator: {{ use_model: always }}
models:
  default: {{ service: openai, model: right.{name}, base_url: \"{upstream}/v1\", api_key: \"${{file:key}}\" }}
"
        ),
    );
    sandbox.ok(&["trust", "--yes"]);
    sandbox.ok(&["schema", "refresh", "shop/dev"]);
    sandbox.ok(&["schema", "refresh", "desk/dev"]);
    (sandbox, question)
}

fn step(id: &str, connection: &str, question: &str) -> Value {
    json!({ "id": id, "description": question, "connection": connection, "question": question, "depends_on": [] })
}

#[test]
fn each_step_runs_on_its_connection_and_the_last_combines_them() {
    let plan = json!({
        "steps": [step("tickets_found", "desk/dev", TICKETS), step("places", "shop/dev", PLACES)],
        "combine": { "kind": "query", "question": COMBINED },
    });
    let (sandbox, question) = workspace("steps", &plan);
    let asked = sandbox.nlq(&["ask", &question, "--json"]).json();
    assert_eq!(asked["steps"][0]["connection"], "desk/dev", "{asked:#}");
    assert_eq!(asked["steps"][0]["rows"]["rows"].as_array().map(Vec::len), Some(2), "{asked:#}");
    assert_eq!(asked["steps"][1]["connection"], "shop/dev", "{asked:#}");
    let rows = &asked["combined"]["rows"]["rows"];
    assert_eq!(rows[0][0], "Bruno", "{asked:#}");
    assert_eq!(rows[0][2], 2, "{asked:#}");
    // What no single query can answer has none that could be written into a document.
    assert_eq!(asked["outcome"], "abstention", "{asked:#}");
    let told = sandbox.nlq(&["ask", &question]).stdout;
    assert!(told.contains("Combined") && told.contains("(desk/dev)"), "{told}");
}

#[test]
fn results_can_be_told_in_words() {
    let plan = json!({
        "steps": [step("tickets_found", "desk/dev", TICKETS)],
        "combine": { "kind": "answer", "question": "" },
    });
    let (sandbox, question) = workspace("words", &plan);
    let asked = sandbox.nlq(&["ask", &question, "--json"]).json();
    assert_eq!(asked["combined"]["answer"], "The rows answer it.", "{asked:#}");
}

#[test]
fn a_plan_that_cannot_be_used_is_one_sentence() {
    let plan = json!({ "steps": [step("a", "nowhere/dev", TICKETS)], "combine": { "kind": "none", "question": "" } });
    let (sandbox, question) = workspace("nowhere", &plan);
    let asked = sandbox.nlq(&["ask", &question, "--json"]).json();
    assert!(asked["steps"].is_null(), "{asked:#}");
    let notes = asked["notes"].to_string();
    assert!(notes.contains("there is no connection `nowhere/dev`"), "{notes}");
}
