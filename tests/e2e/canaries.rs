//! Secrets and sensitive values go nowhere but where they must: planted ones are looked for in everything that nlq writes and
//! in everything that a model is sent.

use std::{fs, path::PathBuf, process::Command};

use serde_json::{Value, json};

use crate::{
    cli_support::Sandbox,
    client::{Client, capabilities},
    postgres_server::server,
    scripted_models::Models,
};

const KEY: &str = "sk-canary-f7e1c2";
const PASSWORD: &str = "canary-pass-91ab";
const VALUE: &str = "canary-value-55d0@example.com";
const WRONG_KEY: &str = "sk-canary-0d4b88";
const CANARIES: [&str; 4] = [KEY, WRONG_KEY, PASSWORD, VALUE];

const TABLES: &str = "
    CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, email text, country text);
    CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers (id), status text, total_amount numeric);
    INSERT INTO customers VALUES (1, 'Ada', 'CANARY', 'Germany'), (2, 'Bo', 'CANARY', 'France');
    INSERT INTO orders VALUES (1, 1, 'shipped', 10), (2, 2, 'cancelled', 20);
    CREATE ROLE canary LOGIN PASSWORD 'canary-pass-91ab';
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO canary;
";

/// What models are asked, with the scenario that each question plays, the service and its key.
const QUESTIONS: [(&str, &str, &str, &str); 5] = [
    // The value itself stands in what PostgreSQL says about this query.
    ("which mail counts most", "leaky", "openai", KEY),
    ("what are the mails of our people", "mails", "anthropic", KEY),
    ("what share of purchases fell through", "broken-json-once", "openai", KEY),
    ("how many orders are there", "refusal", "anthropic", KEY),
    // A service that is given a wrong key says which.
    ("how many customers are there", "right", "openai", WRONG_KEY),
];

#[test]
fn nothing_secret_or_sensitive_is_written_or_sent() {
    let Some(server) = server() else { return };
    server.database("canaries", &TABLES.replace("CANARY", VALUE));
    let models = Models::start(&["--key", KEY]);
    models.script(&json!({
        "gold": QUESTIONS.map(|(question, ..)| json!({ "question": question, "sql": "SELECT count(*) FROM orders" })),
        "scenarios": {
            "leaky": [{ "sql": "SELECT max(email::integer) FROM customers" }, { "after_error": true }],
            "mails": [{ "sql": "SELECT name, email FROM customers" }],
        },
    }));
    let sandbox = Sandbox::new();
    sandbox.write("password", PASSWORD);
    sandbox.write("shop.annotations.yaml", "annotations:\n  - column: customers.email\n    sensitive: true\n");
    let mut seen = Vec::new();
    for (question, scenario, service, key) in QUESTIONS {
        sandbox.write("key", key);
        sandbox.write("nlq.yaml", &config(server.port, models.url("upstream"), scenario, service));
        for arguments in [
            &["trust", "--yes"][..],
            &["schema", "refresh"],
            &["ask", question, "--json", "--explain", "--run"],
            &["ask", question, "--explain", "--run"],
            &["doctor"],
        ] {
            let ran = sandbox.nlq_with(&[&["-vvv"], arguments].concat(), &[("RUST_LOG", "trace")], "");
            seen.push((format!("standard output of {arguments:?}"), ran.stdout));
            seen.push((format!("standard error of {arguments:?}"), ran.stderr));
        }
        seen.push(("the language server".to_owned(), in_the_editor(&sandbox, question)));
    }
    let requests = models.received();
    assert!(requests.contains("which mail counts most") && requests.contains("invalid input syntax"), "{requests}");
    seen.push(("the requests to the model".to_owned(), requests));
    for (path, text) in files(&sandbox) {
        seen.push((path.display().to_string(), text));
    }
    for (place, text) in seen {
        for canary in CANARIES {
            let line = text.lines().find(|line| line.contains(canary));
            assert_eq!(line, None, "{canary} stands in {place}");
        }
    }
}

fn config(port: u16, upstream: &str, model: &str, service: &str) -> String {
    format!(
        "workspace: shop\norchestrator: {{ use_model: always, trace_level: full }}\nagents: {{ query_builder: {{ candidates: 1 }} }}\nmodels:\n  default: {{ service: {service}, \
         base_url: \"{upstream}/v1\", api_key: \"${{file:key}}\", model: {model} }}\nproviders:\n  shop:\n    type: \
         postgresql\n    connections:\n      dev: {{ host: 127.0.0.1, port: {port}, database: canaries, user: canary, password: \
         \"${{file:password}}\" }}\n"
    )
}

/// Everything that the server says to an editor that has the question answered, run and explained.
fn in_the_editor(sandbox: &Sandbox, question: &str) -> String {
    // What it logs stands among the files of the state.
    let log = fs::File::options().append(true).create(true).open(sandbox.state().join("lsp.log")).expect("a log");
    let mut server = Command::new(env!("CARGO_BIN_EXE_nlq"));
    server
        .args(["lsp", "--log-level", "trace"])
        .current_dir(sandbox.root())
        .env("NLQ_STATE_DIR", sandbox.state())
        .stderr(log);
    let mut client = Client::over(&mut server);
    client.initialize(&sandbox.root(), capabilities(), Value::Null);
    let uri = client.open(&sandbox.path("new.sql"), "sql", &format!("-- nlq: {question}\nSELECT * FROM customers;\n"));
    let mut said = String::new();
    for (command, argument) in [
        ("nlq.generate", json!({ "uri": uri, "prompt": 0 })),
        ("nlq.run", json!({ "uri": uri, "query": 0 })),
        ("nlq.explainPlan", json!({ "uri": uri, "query": 0 })),
        ("nlq.showReasoning", json!({ "uri": uri, "prompt": 0 })),
    ] {
        let id = client.ask("workspace/executeCommand", json!({ "command": command, "arguments": [argument] }));
        said += &format!("{command}: {:?}\n", client.reply(id).1);
    }
    said += &format!("{:?}\n{:?}\n", client.notifications, client.applied);
    client.shutdown();
    said
}

/// The files of the workspace and of the user's state, except those that hold the secrets; what is no UTF-8 as far as it goes.
fn files(sandbox: &Sandbox) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![sandbox.root(), sandbox.state()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path != sandbox.path("key") && path != sandbox.path("password") {
                let text = String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned();
                found.push((path, text));
            }
        }
    }
    assert!(found.iter().any(|(path, _)| path.starts_with(sandbox.state())), "there is a state");
    found
}
