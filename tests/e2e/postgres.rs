//! The main job on a real PostgreSQL server: command line and editor, from the configuration to the rows.

use std::{fs, sync::Arc, time::Duration};

use serde_json::{Value, json};

use crate::{
    cli_support::Sandbox,
    client::{Client, apply, range},
    postgres_server::{Server, server},
};

const BINARY: &str = env!("CARGO_BIN_EXE_nlq");

const SHOP: &str = "
    CREATE TYPE order_status AS ENUM ('open', 'shipped', 'cancelled');
    CREATE TABLE customers (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL, country text NOT NULL);
    CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        customer_id uuid NOT NULL REFERENCES customers, placed_at timestamptz NOT NULL, status order_status NOT NULL,
        total_amount numeric(10, 2) NOT NULL);
    COMMENT ON COLUMN orders.placed_at IS 'When the customer paid';
    INSERT INTO customers (name, country) VALUES ('Ada', 'Germany'), ('Bo', 'Germany'), ('Cy', 'France'), ('Di', 'Spain');
    INSERT INTO orders (customer_id, placed_at, status, total_amount)
        SELECT id, '2023-02-03 10:00+00'::timestamptz + n * interval '1 month', 'shipped', 100.25 * n
        FROM customers, generate_series(1, 3) n WHERE name IN ('Ada', 'Cy');
    INSERT INTO orders (customer_id, placed_at, status, total_amount)
        SELECT id, '2024-06-01 00:00+00', 'cancelled', 7 FROM customers WHERE name = 'Bo';
    CREATE ROLE reader LOGIN PASSWORD 'p@:/%#&+ss'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
";

const ANNOTATIONS: &str = "
annotations:
  - column: orders.total_amount
    description: What the customer paid
    business_terms: [revenue, turnover]
";

/// A trusted workspace over a database of its own; none where PostgreSQL is not installed.
fn workspace(database: &str) -> Option<(Arc<Server>, Sandbox)> {
    let server = server()?;
    let role = format!("reader_{database}");
    server.database(database, &SHOP.replace("reader", &role));
    let sandbox = Sandbox::new();
    let config = format!(
        "workspace: shop\nproviders:\n  shop:\n    type: postgresql\n    connections:\n      dev:\n        host: 127.0.0.1\n        \
         port: {}\n        database: {database}\n        user: {role}\n        password: \"${{file:password}}\"\n",
        server.port
    );
    sandbox.write("nlq.yaml", &config);
    sandbox.write("password", "p@:/%#&+ss\n");
    sandbox.write("shop.annotations.yaml", ANNOTATIONS);
    sandbox.ok(&["trust", "--yes"]);
    sandbox.ok(&["schema", "refresh"]);
    Some((server, sandbox))
}

#[test]
fn questions_are_answered_with_the_right_rows() {
    let Some((_server, shop)) = workspace("answers") else { return };
    for (question, rows) in [
        ("how many customers are there", json!([[4]])),
        ("number of orders per country, most first", json!([["Germany", 4], ["France", 3]])),
        ("total revenue in 2023", json!([["1203.00"]])),
        ("average total amount of shipped orders", json!([["200.5000000000000000"]])),
        ("how many orders were placed since May 2023", json!([[3]])),
        ("names of customers without any orders", json!([["Di"]])),
        ("how many orders are cancelled", json!([[1]])),
        ("how many orders in Q2 2023", json!([[4]])),
        ("what is the maximum revenue", json!([["300.75"]])),
    ] {
        let asked = shop.nlq(&["ask", question, "--run", "--json", "--today", "2024-07-01"]).json();
        assert_eq!(asked["validation"]["status"], "passed", "{question}: {asked:#}");
        assert_eq!(asked["rows"]["rows"], rows, "{question}: {}", asked["sql"]);
    }
}

#[test]
fn an_editor_writes_checks_runs_and_explains() {
    let Some((server, shop)) = workspace("editor") else { return };
    let question = "-- nlq: number of customers in each country\n";
    let root = shop.root().canonicalize().expect("the workspace");
    let mut client = Client::start(BINARY, &root, &shop.state());
    let uri = client.open(&root.join("report.sql"), "sql", question);
    let actions = client.actions(&uri, range((0, 5), (0, 5)));
    assert!(actions[0]["title"].as_str().is_some_and(|title| title.contains("PostgreSQL")), "{actions:#?}");
    let text = apply(question, &client.request("codeAction/resolve", actions[0].clone())["edit"]);
    let version = client.change(&uri, None, &text);
    assert_eq!(client.diagnostics(&uri, version), [] as [Value; 0], "{text}");
    let argument = json!({ "uri": uri, "query": 0 });
    let command = |name: &str| json!({ "command": name, "arguments": [argument] });
    let rows = client.request("workspace/executeCommand", command("nlq.run"));
    assert_eq!(rows["rows"].as_array().map(Vec::len), Some(3), "{rows}");
    let plan = client.request("workspace/executeCommand", command("nlq.explainPlan"));
    assert!(plan["plan"].as_str().is_some_and(|plan| plan.contains("cost=")), "{plan}");

    // A cancelled run stops in the server too.
    client.change(&uri, None, "-- nlq: x\nSELECT count(*) FROM generate_series(1, 10000000000) a\n");
    let running = client.ask("workspace/executeCommand", command("nlq.run"));
    // Rows are fetched by a cursor, so the text of the query itself is not what is seen of it.
    let busy = || {
        server.psql("editor", "SELECT count(*) FROM pg_stat_activity WHERE datname = 'editor' AND state = 'active' AND pid <> pg_backend_pid()")
    };
    let began = (0..500).any(|_| {
        client.settle(Duration::from_millis(20));
        busy() != "0"
    });
    assert!(began, "the query never ran in the server: {:?}", client.reply(running).1);
    client.notify("$/cancelRequest", json!({ "id": running }));
    assert_eq!(client.reply(running).1.expect_err("cancelled")["code"], -32800);
    let stopped = (0..50).any(|_| {
        client.settle(Duration::from_millis(20));
        busy() == "0"
    });
    assert!(stopped, "the server still runs the query");
    client.shutdown();
}

#[test]
fn a_changed_schema_is_noticed_when_the_server_refuses() {
    let Some((server, shop)) = workspace("drift") else { return };
    server.psql("drift", "ALTER TABLE customers RENAME COLUMN country TO nation");
    // The old snapshot's reading is refused, the schema is read again, and the question is read against what is there.
    let asked = shop.nlq(&["ask", "number of customers in each country", "--json"]).json();
    assert!(!asked["sql"].as_str().unwrap_or_default().contains("country"), "{asked:#}");
    let fresh = fs::read_to_string(shop.path(".nlq/schema/shop.dev.json")).expect("a snapshot");
    assert!(fresh.contains("\"nation\"") && !fresh.contains("\"country\""), "{fresh}");
}

#[test]
fn wrong_passwords_and_missing_servers_are_one_sentence() {
    let Some((server, shop)) = workspace("refusals") else { return };
    shop.write("password", "wrong-Secret");
    let ran = shop.nlq(&["schema", "refresh"]);
    assert_ne!(ran.code, 0);
    assert!(ran.stderr.contains("password") && !ran.stderr.contains("wrong-Secret"), "{}", ran.stderr);
    let config = shop.read("nlq.yaml").replace(&format!("port: {}", server.port), "port: 1");
    shop.write("nlq.yaml", &config);
    shop.ok(&["trust", "--yes"]);
    let ran = shop.nlq(&["schema", "refresh"]);
    assert!(
        ran.code != 0 && ran.stderr.contains("127.0.0.1") && ran.stderr.trim().lines().count() == 1,
        "{}",
        ran.stderr
    );
}
