//! One set of scenarios over every system that is at hand, its table printed; and a provider in another language.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{cli_support::Sandbox, postgres_server::server, splunk_double::Double, systems::System};

const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

/// A workspace over CSV files, read by the example provider.
fn files() -> Sandbox {
    let sandbox = Sandbox::new();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/custom-provider/csv_provider.py");
    sandbox.write("tools/csv_provider.py", &std::fs::read_to_string(example).expect("the example provider"));
    let order = |n: u32| format!("{n},{},{}.5,2024-0{}-11\n", ["Ann", "Bo", "Cy"][n as usize % 3], n * 2, 1 + n % 9);
    let orders: String = (1..=60).map(order).collect();
    sandbox.write("data/orders.csv", &format!("id,customer,total,placed\n{orders}"));
    sandbox.write(
        "nlq.yaml",
        "workspace: files\nproviders:\n  files:\n    type: custom\n    connections:\n      dev:\n        \
         command: [python3, tools/csv_provider.py]\n        dialect: sqlite\n        settings: { folder: data }\n      \
         wrong_password:\n        command: [python3, tools/csv_provider.py]\n        dialect: sqlite\n      \
         unreachable:\n        command: [tools/none]\n        dialect: sqlite\n",
    );
    sandbox.ok(&["trust", "--yes"]);
    sandbox
}

/// Runs the scenarios over one provider, prints their table, and lets none fail, nor more go untried than are named.
pub(crate) fn conforms(sandbox: &Sandbox, provider: &str, slow: &str, untried: &[&str]) {
    let mut arguments = vec!["conformance", provider];
    if !slow.is_empty() {
        arguments.extend(["--slow", slow]);
    }
    let ran = sandbox.nlq(&arguments);
    println!("{}", ran.stdout);
    assert_eq!(ran.code, 0, "{ran:#?}");
    arguments.push("--json");
    let told = sandbox.ok(&arguments);
    let told: Value = serde_json::from_str(&told.stdout).expect("JSON");
    let tried =
        told["connections"].as_object().expect("connections").values().flat_map(|all| all.as_array().expect("a list"));
    let left: Vec<&str> =
        tried.filter(|it| it["outcome"] == "untried").map(|it| it["scenario"].as_str().expect("a name")).collect();
    assert_eq!(left, untried, "{provider}");
}

#[test]
fn a_provider_in_another_language_conforms() {
    let sandbox = files();
    conforms(&sandbox, "files", ENDLESS, &[]);
    sandbox.ok(&["schema", "refresh", "files/dev"]);
    let asked = sandbox.ok(&["ask", "-c", "files/dev", "--run", "how many orders did the customer Ann place?"]);
    assert!(asked.stdout.contains("20"), "{}", asked.stdout);
}

#[test]
fn a_program_is_not_started_before_the_workspace_is_trusted() {
    let sandbox = files();
    sandbox.write("tools/csv_provider.py", "open('started', 'w')\n");
    let config = sandbox.read("nlq.yaml");
    sandbox.write("nlq.yaml", &format!("{config}x-changed: true\n"));
    let ran = sandbox.nlq(&["conformance", "files"]);
    assert_ne!(ran.code, 0, "{ran:#?}");
    assert!(!sandbox.path("started").exists());
}

#[test]
fn sqlite_conforms() {
    let sandbox = Sandbox::shop();
    let config = sandbox.read("nlq.yaml");
    sandbox.write(
        "nlq.yaml",
        &config.replace("    connections:\n", "    connections:\n      unreachable: { path: none.db }\n"),
    );
    sandbox.ok(&["trust", "--yes"]);
    conforms(&sandbox, "shop", ENDLESS, &["wrong_password"]);
}

#[test]
fn postgresql_conforms() {
    let Some(server) = server() else { return };
    server.database(
        "conformance",
        "CREATE TABLE t AS SELECT n AS id, n * 2.5 AS price FROM generate_series(1, 100) n; ANALYZE t; \
        CREATE ROLE reader_conformance LOGIN PASSWORD 'right'; GRANT SELECT ON t TO reader_conformance;",
    );
    let sandbox = Sandbox::new();
    let connection = |name: &str, port: u16, password: &str| {
        format!(
            "      {name}: {{ host: 127.0.0.1, port: {port}, database: conformance, user: reader_conformance, \
             password: \"${{file:{password}}}\" }}\n"
        )
    };
    sandbox.write("right", "right\n");
    sandbox.write("wrong", "canary-of-a-wrong-password\n");
    sandbox.write(
        "nlq.yaml",
        &format!(
            "workspace: shop\nproviders:\n  shop:\n    type: postgresql\n    connections:\n{}{}{}",
            connection("dev", server.port, "right"),
            connection("wrong_password", server.port, "wrong"),
            connection("unreachable", 9, "right"),
        ),
    );
    sandbox.ok(&["trust", "--yes"]);
    conforms(&sandbox, "shop", "SELECT count(*) FROM generate_series(1, 1000000000)", &[]);
    let ran = sandbox.nlq(&["conformance", "shop", "--json"]);
    assert!(!ran.stdout.contains("canary"), "{}", ran.stdout);
}

#[test]
fn splunk_conforms() {
    let double = Double::start(&[]);
    let sandbox = Sandbox::new();
    let connection = |name: &str, url: &str, password: &str| {
        format!("      {name}: {{ url: \"{url}\", user: analyst, password: \"${{file:{password}}}\" }}\n")
    };
    sandbox.write("right", "pass-of-analyst\n");
    sandbox.write("wrong", "canary-of-a-wrong-password\n");
    sandbox.write(
        "nlq.yaml",
        &format!(
            "workspace: logs\nproviders:\n  logs:\n    type: splunk\n    connections:\n{}{}{}",
            connection("dev", &double.url, "right"),
            connection("wrong_password", &double.url, "wrong"),
            connection("unreachable", "http://127.0.0.1:9", "right"),
        ),
    );
    sandbox.ok(&["trust", "--yes"]);
    conforms(&sandbox, "logs", "index=archive | stats count", &[]);
    let ran = sandbox.nlq(&["conformance", "logs", "--json"]);
    assert!(!ran.stdout.contains("canary"), "{}", ran.stdout);
}

/// Runs a Python script, which gets the arguments.
fn python(program: &Path, script: &str, arguments: &[&str]) {
    let ran = Command::new(program).args(["-c", script]).args(arguments).output().expect("Python runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn mongodb_conforms() {
    let Some(server) = System::mongodb() else { return };
    let tools = PathBuf::from(std::env::var_os("NLQ_TEST_TOOLS").expect("the server came from there"));
    let fill = "import pymongo, sys
pymongo.MongoClient(sys.argv[1]).conformance.orders.insert_many({'number': n, 'country': 'DE FR ES'.split()[n % 3]} for n in range(3000))";
    python(&tools.join("clients/bin/python"), fill, &[server.url()]);
    let sandbox = Sandbox::new();
    let connection = |name: &str, url: &str| format!("      {name}: {{ uri: \"{url}\", database: conformance }}\n");
    sandbox.write(
        "nlq.yaml",
        &format!(
            "workspace: shop\nproviders:\n  shop:\n    type: mongodb\n    connections:\n{}{}",
            connection("dev", server.url()),
            connection("unreachable", "mongodb://127.0.0.1:9/"),
        ),
    );
    sandbox.ok(&["trust", "--yes"]);
    // Every three orders side by side.
    let slow = "db.orders.aggregate([{ $lookup: { from: 'orders', pipeline: [], as: 'b' } }, { $unwind: '$b' }, \
                { $lookup: { from: 'orders', pipeline: [], as: 'c' } }, { $unwind: '$c' }, \
                { $group: { _id: '$country', sum: { $sum: { $add: ['$b.number', '$c.number'] } } } }])";
    conforms(&sandbox, "shop", slow, &["wrong_password"]);
}

/// Puts orders into an index, over the REST interface that both systems have.
const FILL: &str = "import base64, json, sys, urllib.request
url, user, password = sys.argv[1:]
lines = [json.dumps(line) for n in range(300) for line in ({'index': {}}, {'number': n, 'country': 'DE FR ES'.split()[n % 3]})]
request = urllib.request.Request(url + '/orders/_bulk?refresh=true', '\\n'.join([*lines, '']).encode(), {'Content-Type': 'application/x-ndjson'})
if user: request.add_header('Authorization', 'Basic ' + base64.b64encode(f'{user}:{password}'.encode()).decode())
assert not json.load(urllib.request.urlopen(request))['errors']";

/// Neither system has a query that takes long without a script: time limit and cancel are not tried.
fn search_conforms(system: &str, server: &System, untried: &[&str]) {
    let told = |key: &str| server.told[key].as_str().unwrap_or_default();
    python(Path::new("python3"), FILL, &[server.url(), told("user"), told("password")]);
    let sandbox = Sandbox::new();
    sandbox.write("right", told("password"));
    sandbox.write("wrong", "canary-of-a-wrong-password");
    let connection = |name: &str, url: &str, password: &str| match told("user") {
        "" => format!("      {name}: {{ url: \"{url}\", indices: [orders] }}\n"),
        user => format!(
            "      {name}: {{ url: \"{url}\", indices: [orders], user: {user}, password: \"${{file:{password}}}\" }}\n"
        ),
    };
    let mut connections =
        connection("dev", server.url(), "right") + &connection("unreachable", "http://127.0.0.1:9", "right");
    if !told("user").is_empty() {
        connections += &connection("wrong_password", server.url(), "wrong");
    }
    let head = format!("workspace: shop\nproviders:\n  shop:\n    type: {system}\n    connections:\n");
    sandbox.write("nlq.yaml", &(head + &connections));
    sandbox.ok(&["trust", "--yes"]);
    conforms(&sandbox, "shop", "", untried);
    let ran = sandbox.nlq(&["conformance", "shop", "--json"]);
    assert!(!ran.stdout.contains("canary"), "{}", ran.stdout);
}

#[test]
fn opensearch_conforms() {
    let Some(server) = System::opensearch() else { return };
    search_conforms("opensearch", server, &["wrong_password", "timeout", "cancel"]);
}

#[test]
fn elasticsearch_conforms() {
    let Some(server) = System::elasticsearch() else { return };
    search_conforms("elasticsearch", server, &["timeout", "cancel"]);
}
