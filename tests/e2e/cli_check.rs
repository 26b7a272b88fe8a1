//! `nlq check`: what CI sees.

use crate::cli_support::Sandbox;

#[test]
fn a_clean_workspace_ends_with_zero() {
    let sandbox = Sandbox::shop();
    sandbox.write("good.sql", "-- nlq: how many orders are there\nSELECT count(*) FROM orders;\n");
    let ran = sandbox.ok(&["check"]);
    assert!(ran.stdout.contains("1 prompt and 1 answer: all good"), "{ran:#?}");
    assert_eq!(sandbox.ok(&["check", "--json"]).stdout, "");
}

#[test]
fn an_unknown_column_is_shown_with_its_line_and_the_fix() {
    let sandbox = Sandbox::shop();
    sandbox.write("ä.sql", "-- nlq: how many orders are there\nSELECT 'größe 💣', total_amout FROM orders;\n");
    let ran = sandbox.nlq(&["check", "--offline"]);
    assert_eq!(ran.code, 1, "{ran:#?}");
    for part in ["ä.sql:2:19: error[unknown-column]", "^^^^^^^^^^^", "total_amount", "1 error"] {
        assert!(ran.stdout.contains(part), "no {part:?} in {}", ran.stdout);
    }
    let lines = sandbox.nlq(&["check", "--offline", "--json"]).json_lines();
    let found = lines.iter().find(|line| line["code"] == "unknown-column").expect("the finding");
    assert_eq!(found["range"]["start"]["line"], 2);
    assert_eq!(found["range"]["start"]["column"], 19);
    assert_eq!(found["fixes"][0]["edits"][0]["text"], "total_amount");
}

#[test]
fn an_answer_that_writes_is_told() {
    let sandbox = Sandbox::shop();
    sandbox.write("bad.nlq", "# Remove\nremove old orders\n\n```sql\nDELETE FROM orders\n```\n");
    let ran = sandbox.nlq(&["check", "--strict"]);
    assert_eq!(ran.code, 1, "{ran:#?}");
    assert!(ran.stdout.contains("bad.nlq:5:1: warning[not-a-query]"), "{ran:#?}");
}

#[test]
fn the_database_itself_is_asked_where_it_can_be() {
    let sandbox = Sandbox::shop();
    // The snapshot still has the column, the database does not: only the system can tell.
    sandbox.sql("shop.db", "ALTER TABLE orders RENAME COLUMN status TO state");
    sandbox.write(
        "drift.sql",
        "-- nlq: how many orders are there by status\nSELECT status, count(*) FROM orders GROUP BY status;\n",
    );
    sandbox.ok(&["check", "--offline"]);
    let ran = sandbox.nlq(&["check"]);
    assert_eq!(ran.code, 1, "{ran:#?}");
    assert!(ran.stdout.contains("refused-by-system") && ran.stdout.contains("status"), "{ran:#?}");

    std::fs::remove_file(sandbox.path("shop.db")).expect("the database");
    let away = sandbox.ok(&["check"]);
    assert!(away.stderr.contains("warning") && away.stderr.contains("shop/dev"), "{away:#?}");
}

#[test]
fn every_kind_of_file_is_checked() {
    let sandbox = Sandbox::shop();
    sandbox.write("nlq.yaml", &format!("{}agentss: {{}}\n", crate::cli_support::SHOP));
    sandbox.write("shop.annotations.yaml", "annotations:\n  - column: orders.stats\n    description: State\n");
    sandbox.write("app.py", "# nlq: how many orders are there\nq = \"\"\"SELECT count(*) FROM ordres\"\"\"\n");
    sandbox.write("q.nlq", "# Orders\nhow many orders are there\n\n```sql\nSELECT cont FROM orders\n```\n");
    sandbox.write("node_modules/x.py", "# nlq: x\nq = \"SELECT nothing FROM nowhere\"\n");
    sandbox.write("plain.py", "print('no prompts here')\n");
    let lines = sandbox.nlq(&["check", "--json"]).json_lines();
    let mut paths: Vec<&str> = lines.iter().filter_map(|line| line["path"].as_str()).collect();
    paths.dedup();
    assert_eq!(paths, ["app.py", "nlq.yaml", "q.nlq", "shop.annotations.yaml"], "{lines:#?}");
    let only = sandbox.nlq(&["check", "app.py", "--json"]).json_lines();
    assert!(!only.is_empty() && only.iter().all(|line| line["path"] == "app.py"), "{only:#?}");
}

#[test]
fn warnings_count_when_asked_and_bad_paths_are_told() {
    let sandbox = Sandbox::shop();
    sandbox.write("nlq.yaml", &format!("{}agentss: {{}}\n", crate::cli_support::SHOP));
    sandbox.write("big.sql", &"-- x\n".repeat(10));
    std::fs::write(sandbox.path("latin.sql"), b"-- nlq: caf\xe9\n").expect("the file");
    let ran = sandbox.nlq(&["check", "--strict", "latin.sql"]);
    assert_eq!(ran.code, 1, "{ran:#?}");
    assert!(ran.stdout.contains("UTF-8"), "{ran:#?}");
    sandbox.nlq(&["check", "nowhere.sql"]).refused(2, &["nowhere.sql"]);
}

#[test]
fn line_ends_and_size_do_no_harm() {
    let sandbox = Sandbox::shop();
    let crlf = "-- nlq: how many orders are there\r\nSELECT count(*) FROM ordres;\r\n";
    sandbox.write("crlf.sql", crlf);
    let ran = sandbox.nlq(&["check", "--offline", "crlf.sql"]);
    assert!(ran.stdout.contains("crlf.sql:2:22: error[unknown-table]"), "{ran:#?}");
    assert!(!ran.stdout.contains("\\r"), "{ran:#?}");
    assert_eq!(sandbox.read("crlf.sql"), crlf);

    let mut large = String::from("-- nlq: how many orders are there\nSELECT count(*) FROM orders;\n");
    large.push_str(&"INSERT INTO orders VALUES (1, 1, '2023-01-15', 'delivered', 10.5);\n".repeat(75_000));
    sandbox.write("large.sql", &large);
    sandbox.ok(&["check", "--offline", "large.sql"]);
}
