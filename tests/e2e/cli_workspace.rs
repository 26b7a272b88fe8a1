//! Making a workspace, trusting it, reading its schema, finding what is wrong with it.

use crate::cli_support::{SHOP, Sandbox};

#[test]
fn from_an_empty_folder_to_rows() {
    let sandbox = Sandbox::new();
    sandbox.database("shop.db");
    sandbox.ok(&["init", "--provider", "shop", "--type", "sqlite", "--path", "shop.db", "--yes"]);
    assert!(sandbox.read("nlq.yaml").contains("path: shop.db"));
    sandbox.ok(&["check"]);

    let shown = sandbox.ok(&["trust", "--show"]);
    assert!(shown.stdout.contains("shop/dev") && shown.stdout.contains("not trusted yet"), "{shown:#?}");
    sandbox.nlq(&["schema", "refresh"]).refused(1, &["not trusted", "nlq trust"]);
    sandbox.ok(&["trust", "--yes"]);

    let first = sandbox.ok(&["schema", "refresh"]);
    assert!(first.stdout.contains("shop/dev: 2 tables, 9 columns"), "{first:#?}");
    assert!(sandbox.path(".nlq/schema/shop.dev.json").is_file());

    let asked = sandbox.ok(&["ask", "how many customers are there", "--run", "--json"]).json();
    assert_eq!(asked["outcome"], "query", "{asked:#}");
    assert_eq!(asked["validation"]["status"], "passed");
    assert_eq!(asked["rows"]["rows"], serde_json::json!([[3]]));

    let people = sandbox.ok(&["ask", "how many customers are there", "--run"]);
    for part in ["SELECT", "Confidence", "shop/dev accepts it", "(1 row;"] {
        assert!(people.stdout.contains(part), "no {part:?} in {people:#?}");
    }
    assert!(!people.stdout.contains('\x1b'), "no colours without a terminal: {people:#?}");
}

#[test]
fn init_overwrites_nothing_and_takes_no_password() {
    let sandbox = Sandbox::new();
    sandbox.write("nlq.yaml", "mine");
    sandbox.nlq(&["init", "--type", "sqlite", "--path", "a.db", "--yes"]).refused(2, &["nlq.yaml", "--force"]);
    assert_eq!(sandbox.read("nlq.yaml"), "mine");

    let sandbox = Sandbox::new();
    let postgres =
        ["init", "--provider", "shop", "--type", "postgresql", "--user", "reader", "--yes", "--password-ref"];
    let refused = sandbox.nlq(&[&postgres[..], &["hunter2"]].concat());
    refused.refused(2, &["reference", "${env:NAME}"]);
    assert!(!refused.stderr.contains("hunter2"), "a password is never repeated: {refused:#?}");
    assert!(!sandbox.path("nlq.yaml").exists());

    sandbox.ok(&[&postgres[..], &["${env:SHOP_PASSWORD}"]].concat());
    assert!(sandbox.read("nlq.yaml").contains("password: \"${env:SHOP_PASSWORD}\""));
    sandbox.ok(&["check"]);
}

#[test]
fn init_without_a_terminal_says_which_flag_is_missing() {
    let sandbox = Sandbox::new();
    sandbox.nlq(&["init", "--type", "sqlite"]).refused(2, &["--path"]);
    assert!(!sandbox.path("nlq.yaml").exists());
}

#[test]
fn an_untrusted_workspace_does_nothing() {
    let sandbox = Sandbox::new();
    sandbox.database("shop.db");
    sandbox.write("nlq.yaml", &evil(&sandbox));
    sandbox.write("report.sql", "-- nlq: how many customers are there\n");
    let before = sandbox.files();
    for arguments in [
        &["ask", "how many customers are there", "--run"][..],
        &["ask", "how many customers are there", "-c", "evil/prod"],
        &["schema", "refresh", "--all"],
        &["schema", "show"],
        &["annotate", "list"],
        &["check"],
        &["doctor"],
        &["trust", "--show"],
        &["trust"],
    ] {
        sandbox.nlq(arguments);
        assert_eq!(before, sandbox.files(), "nlq {} changed something", arguments.join(" "));
    }
    let trust = sandbox.nlq(&["trust"]);
    trust.refused(2, &["--yes"]);
    assert!(trust.stdout.contains("run the program touch"), "what would run is shown: {trust:#?}");

    // The proof that the test can fail: once trusted, the program runs.
    sandbox.ok(&["trust", "--yes"]);
    sandbox.nlq(&["schema", "refresh", "evil/prod"]);
    assert!(sandbox.path("ran").exists());
}

fn evil(sandbox: &Sandbox) -> String {
    let file = sandbox.path("ran");
    let port = closed_port();
    format!(
        "{SHOP}  evil:
    type: postgresql
    connections:
      prod:
        host: 127.0.0.1
        port: {port}
        database: x
        user: x
        password: \"${{command:touch {}}}\"
",
        file.display()
    )
}

/// A port that nothing listens on.
fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its number").port()
}

#[test]
fn trust_is_for_the_exact_content_and_can_be_taken_back() {
    let sandbox = Sandbox::shop();
    sandbox.write("nlq.yaml", &format!("{SHOP}# changed\n"));
    sandbox.nlq(&["schema", "refresh"]).refused(1, &["not trusted"]);
    sandbox.ok(&["trust", "--yes"]);
    sandbox.ok(&["schema", "refresh"]);
    sandbox.ok(&["trust", "--revoke"]);
    sandbox.nlq(&["schema", "refresh"]).refused(1, &["not trusted"]);
}

#[test]
fn what_cannot_be_read_is_not_trusted() {
    let sandbox = Sandbox::new();
    sandbox.write("nlq.yaml", "providers:\n  shop:\n    type: sqlite\n   connections: [\n");
    let ran = sandbox.nlq(&["trust", "--yes"]);
    ran.refused(1, &["nlq.yaml"]);
    sandbox.nlq(&["schema", "refresh"]).refused(2, &["nlq.yaml:"]);
}

#[test]
fn broken_yaml_is_told_with_line_and_column() {
    let sandbox = Sandbox::new();
    sandbox.write("nlq.yaml", "workspace: shop\nproviders:\n  shop:\n    type: oracle\n    connections: {}\n");
    sandbox.nlq(&["ask", "how many orders"]).refused(2, &["nlq.yaml:4:11: "]);
    sandbox.write("nlq.yaml", "workspace: \"shop\nproviders: {");
    sandbox.nlq(&["ask", "how many orders"]).refused(2, &["nlq.yaml:"]);
}

#[test]
fn connections_that_do_not_work_say_why() {
    let sandbox = Sandbox::new();
    let port = closed_port();
    sandbox.write(
        "nlq.yaml",
        &format!(
            "{SHOP}  away:
    type: postgresql
    connections:
      closed: {{ host: 127.0.0.1, port: {port}, database: x, user: x }}
      secret: {{ host: 127.0.0.1, port: {port}, database: x, user: x, password: \"${{env:NLQ_TEST_NOT_SET}}\" }}
"
        ),
    );
    sandbox.ok(&["trust", "--yes"]);
    sandbox.nlq(&["schema", "refresh", "shop/dev"]).refused(1, &["shop.db"]);
    assert!(!sandbox.path("shop.db").exists(), "a missing database is not made");
    sandbox.nlq(&["schema", "refresh", "away/closed"]).refused(1, &["127.0.0.1"]);
    sandbox.nlq(&["schema", "refresh", "away/secret"]).refused(1, &["NLQ_TEST_NOT_SET"]);
    sandbox.nlq(&["schema", "refresh", "shop/devv"]).refused(2, &["shop/dev"]);
    sandbox.nlq(&["ask", "how many", "-c", "nowhere"]).refused(2, &["nowhere"]);

    let report = sandbox.nlq(&["doctor", "--json"]);
    assert_eq!(report.code, 1, "{report:#?}");
    let report = report.json();
    let failed: Vec<_> =
        report["checks"].as_array().unwrap().iter().filter(|check| check["status"] == "fail").collect();
    for subject in ["shop/dev", "away/closed", "away/secret"] {
        let check = failed.iter().find(|check| check["subject"] == subject).unwrap_or_else(|| panic!("{report:#}"));
        assert!(!check["mend"].as_str().unwrap().is_empty(), "{check:#}");
    }
}

#[test]
fn outside_a_workspace_every_command_says_how_to_make_one() {
    let sandbox = Sandbox::new();
    for arguments in [&["ask", "x"][..], &["check"], &["schema", "refresh"], &["trust"], &["annotate", "list"]] {
        sandbox.nlq(arguments).refused(2, &["nlq.yaml", "nlq init"]);
    }
    let ran = sandbox.nlq(&["-w", "missing", "check"]);
    ran.refused(2, &["missing"]);
}

#[test]
fn refresh_says_what_changed() {
    let sandbox = Sandbox::shop();
    assert!(sandbox.ok(&["schema", "refresh"]).stdout.contains("nothing changed"));
    sandbox.sql(
        "shop.db",
        "ALTER TABLE orders RENAME COLUMN total_amount TO total; CREATE TABLE returns (id INTEGER PRIMARY KEY);",
    );
    let ran = sandbox.ok(&["schema", "refresh"]);
    for part in ["+ table returns", "+ column orders.total", "- column orders.total_amount"] {
        assert!(ran.stdout.contains(part), "no {part:?} in {ran:#?}");
    }
    let table = sandbox.ok(&["schema", "show", "orders"]);
    assert!(table.stdout.contains("→ customers.id"), "{table:#?}");
    sandbox.nlq(&["schema", "show", "order"]).refused(1, &["orders"]);
    assert_eq!(sandbox.ok(&["schema", "show", "--json"]).json().as_array().unwrap().len(), 3);
}

#[test]
fn annotations_are_listed_with_what_is_missing() {
    let sandbox = Sandbox::shop();
    sandbox.write(
        "shop.annotations.yaml",
        "annotations:\n  - column: customers.email\n    description: Login\n    sensitive: true\n",
    );
    let lines = sandbox.ok(&["annotate", "list", "--json"]).json_lines();
    let email = lines.iter().find(|line| line["target"] == "customers.email").expect("the column");
    assert_eq!((&email["annotated"], &email["sensitive"]), (&true.into(), &true.into()));
    assert_eq!(lines.len(), 2 + 9);
    let missing = sandbox.ok(&["annotate", "list", "--missing", "--json"]).json_lines();
    assert_eq!(missing.len(), lines.len() - 1);
}

#[test]
fn doctor_is_content_with_a_working_workspace() {
    let sandbox = Sandbox::shop();
    let report = sandbox.ok(&["doctor", "--json"]).json();
    let status = |name: &str| {
        let checks = report["checks"].as_array().unwrap();
        checks.iter().find(|check| check["name"] == name).map(|check| check["status"].clone())
    };
    for name in ["config", "trust", "connection", "schema"] {
        assert_eq!(status(name), Some("ok".into()), "{name} in {report:#}");
    }
    sandbox.sql("shop.db", "ALTER TABLE orders ADD COLUMN note TEXT");
    let before = sandbox.read(".nlq/schema/shop.dev.json");
    let report = sandbox.ok(&["doctor"]);
    assert!(report.stdout.contains("the schema changed since"), "{report:#?}");
    assert_eq!(sandbox.read(".nlq/schema/shop.dev.json"), before, "a doctor changes nothing");
}
