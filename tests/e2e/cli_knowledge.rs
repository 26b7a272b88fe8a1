//! What a team learned and what nlq did: `nlq examples`, and what is kept of questions.

use crate::cli_support::Sandbox;

const EXAMPLES: &str = "\
examples:
  - id: by-country
    question: number of customers per country
    query: SELECT country, count(*) FROM customers GROUP BY country
  - question: orders that were delivered
    query: |
      SELECT * FROM orders
      WHERE status = 'delivered'
    note: pending ones are on their way
  - question: customers of each country
    query: SELECT country FROM customers
    good: false
";

#[test]
fn examples_are_listed_and_found_by_what_they_are_about() {
    let sandbox = Sandbox::shop();
    assert!(sandbox.ok(&["examples", "list"]).stdout.contains(".nlq/examples/"));
    sandbox.write(".nlq/examples/shop.yaml", EXAMPLES);
    let listed = sandbox.ok(&["examples", "list", "--json"]).json();
    let about = |at: usize| (listed[at]["id"].clone(), listed[at]["tables"].clone(), listed[at]["intent"].clone());
    assert_eq!(about(0), ("by-country".into(), serde_json::json!(["customers"]), "aggregation".into()));
    assert_eq!(about(1), ("shop/2".into(), serde_json::json!(["orders"]), "filter".into()));
    assert_eq!(listed[0]["dialect"], "sqlite");

    let found = sandbox.ok(&["examples", "search", "how many customers per country", "--json"]).json();
    let found = found.as_array().expect("an array");
    assert_eq!(found[0]["id"], "by-country", "{found:#?}");
    assert_eq!(found.last().expect("the bad one")["good"], false);
    assert!(found[0]["strategies"].as_array().is_some_and(|by| by.len() == 3), "{found:#?}");
    let same = sandbox.ok(&["examples", "search", "Orders that were delivered?", "--json"]).json();
    assert_eq!((&same[0]["id"], &same[0]["similarity"]), (&"shop/2".into(), &1.0.into()));
    let people = sandbox.ok(&["examples", "search", "delivered orders"]).stdout;
    assert!(people.contains("good") && people.contains("pending ones are on their way"), "{people}");
    sandbox.nlq(&["examples", "search", "x", "-c", "shop/prod"]).refused(2, &["shop/prod"]);
}

#[test]
fn examples_are_checked_like_the_other_files() {
    let sandbox = Sandbox::shop();
    sandbox.write(".nlq/examples/shop.yaml", EXAMPLES);
    sandbox.ok(&["check", "--strict"]);
    let wrong = EXAMPLES.replace("WHERE status", "WHERE statsu").replace("note:", "notes:");
    sandbox.write(".nlq/examples/shop.yaml", &wrong);
    for arguments in [&["check", "--json"][..], &["check", ".nlq/examples/shop.yaml", "--json"]] {
        let ran = sandbox.nlq(arguments);
        assert_eq!(ran.code, 1, "{ran:#?}");
        let lines = ran.json_lines();
        let codes: Vec<_> = lines.iter().map(|line| (&line["code"], &line["range"]["start"]["line"])).collect();
        assert_eq!(codes, [(&"unknown-column".into(), &8.into()), (&"unknown-key".into(), &9.into())]);
        assert_eq!(lines[0]["range"]["start"]["column"], 13, "{lines:#?}");
    }
    assert!(sandbox.ok(&["schemas", "examples"]).json()["properties"]["examples"].is_object());
}

#[test]
fn questions_are_kept_and_told() {
    let sandbox = Sandbox::shop();
    assert_eq!(sandbox.ok(&["audit", "--json"]).json(), serde_json::json!([]));
    sandbox.ok(&["ask", "how many customers are there", "--run"]);
    sandbox.ok(&["ask", "how many orders are there", "--offline"]);
    let rows = sandbox.ok(&["audit", "--json"]).json();
    let (offline, ran) = (&rows[0], &rows[1]);
    assert_eq!((&offline["validation"], &offline["execution_success"]), (&"offline".into(), &serde_json::Value::Null));
    assert_eq!((&ran["validation"], &ran["execution_success"]), (&"passed".into(), &true.into()), "{ran:#}");
    assert_eq!((&ran["outcome"], &ran["schema_context"]), (&"query".into(), &serde_json::json!(["customers"])));
    assert!(ran["reasoning"].is_null() && ran["latency_ms"].as_f64() > Some(0.0), "{ran:#}");

    let id = ran["turn_id"].as_str().expect("an id");
    let turn = sandbox.ok(&["audit", "--turn", &id[..8], "--json"]).json();
    assert!(turn["reasoning"]["stages"].as_array().is_some_and(|stages| stages.len() > 3), "{turn:#}");
    let people = sandbox.ok(&["audit", "--turn", id]).stdout;
    for part in ["how many customers are there", "count(*)", "it ran", "validation", "Intent Analysis"] {
        assert!(people.to_lowercase().contains(&part.to_lowercase()), "no {part:?} in {people}");
    }
    sandbox.nlq(&["audit", "--turn", "zz"]).refused(1, &["zz", "nlq audit"]);
    sandbox.nlq(&["audit", "--since", "soon"]).refused(2, &["soon", "7d"]);

    let conversations = sandbox.ok(&["conversations", "list", "--json"]).json();
    assert_eq!(conversations.as_array().map(Vec::len), Some(2));
    let first = conversations[1]["id"].as_str().expect("an id");
    let shown = sandbox.ok(&["conversations", "show", &first[..8], "--json"]).json();
    assert_eq!((&shown["conversation"]["status"], &shown["turns"][0]["turn_id"]), (&"completed".into(), &id.into()));
    assert!(sandbox.ok(&["conversations", "show", first]).stdout.contains("1. how many customers are there"));

    let stats = sandbox.ok(&["stats", "--since", "1h", "--json"]).json();
    assert_eq!((&stats["questions_total"], &stats["validation_pass_rate"]), (&2.into(), &1.0.into()), "{stats:#}");
    assert_eq!(stats["targets"][0]["met"], true);
    assert!(sandbox.ok(&["stats"]).stdout.contains("validation_pass_rate"));
}

#[test]
fn what_may_be_a_value_of_a_sensitive_column_is_not_kept() {
    let sandbox = Sandbox::shop();
    sandbox.write("shop.annotations.yaml", "annotations:\n  - column: customers.email\n    sensitive: true\n");
    sandbox.ok(&["schema", "refresh"]);
    sandbox.nlq(&["ask", "customers with email 'ada@example.com'", "--run"]);
    sandbox.nlq(&["ask", "customers whose email is bruno@example.com"]);
    let kept = std::fs::read_dir(sandbox.state()).expect("the state").filter_map(|entry| {
        let path = entry.expect("an entry").path();
        path.file_name()?.to_str()?.starts_with("nlq.db").then(|| std::fs::read(&path).expect("a file"))
    });
    let kept = kept.collect::<Vec<_>>().concat();
    let holds = |text: &str| kept.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("customers with email '"), "the question is kept");
    assert!(!holds("ada@example.com") && !holds("bruno@example.com"));
}

#[test]
fn what_may_be_a_value_is_not_kept_of_a_question_that_nobody_read() {
    let sandbox = Sandbox::new();
    sandbox.write("nlq.yaml", crate::cli_support::SHOP);
    sandbox.nlq(&["ask", "orders of 'Ada Lovelace' with card 4111111111111111"]).refused(1, &["not trusted"]);
    let row = &sandbox.ok(&["audit", "--json"]).json()[0];
    let kept = (&row["outcome"], &row["connection"], &row["user_input"], &row["opening"]);
    let masked = "orders of '•••' with card •••".into();
    assert_eq!(kept, (&"error".into(), &"shop/dev".into(), &masked, &masked));
}

#[test]
fn a_state_that_cannot_be_used_never_fails_a_question() {
    let sandbox = Sandbox::shop();
    let file = sandbox.state().join("nlq.db");
    std::fs::write(&file, "no database at all ".repeat(100)).expect("the file");
    let asked = sandbox.ok(&["ask", "how many customers are there"]);
    assert!(asked.stdout.contains("count(*)") || asked.stdout.contains("COUNT(*)"), "{asked:#?}");
    sandbox.nlq(&["stats"]).refused(2, &["nlq.db", "damaged"]);
    std::fs::remove_file(&file).expect("the file");

    sandbox.write("nlq.yaml", &format!("{}orchestrator: {{ trace_level: none }}\n", crate::cli_support::SHOP));
    sandbox.ok(&["ask", "how many customers are there", "--offline"]);
    let id = sandbox.ok(&["audit", "--json"]).json()[0]["turn_id"].as_str().expect("an id").to_owned();
    let turn = sandbox.ok(&["audit", "--turn", &id, "--json"]).json();
    assert!(turn["reasoning"].is_null() && turn["agents"][0]["conclusion"] == "", "{turn:#}");
}

#[test]
fn what_people_reviewed_is_followed() {
    let sandbox = Sandbox::shop();
    let question = "number of customers in Germany";
    let asked = || sandbox.nlq(&["ask", question, "--json"]).json();
    let own = asked()["sql"].as_str().expect("a query").to_owned();
    let write = |good: bool, query: &str| {
        let query = serde_json::json!(query);
        let example =
            format!("examples:\n  - {{ question: {question}, query: {query}, good: {good}, reviewer: ann }}\n");
        sandbox.write(".nlq/examples/shop.yaml", &example);
    };
    let reviewed = "SELECT count(id) FROM customers WHERE country = 'Germany'";
    write(true, reviewed);
    let followed = asked();
    assert_eq!(followed["sql"], reviewed, "{followed:#}");
    assert!(followed["description"].as_str().is_some_and(|said| said.contains("ann")), "{followed:#}");
    // A reviewed query that the system refuses is not given.
    write(true, "SELECT count(no_such) FROM customers");
    assert_eq!(asked()["sql"], own);
    write(false, &own);
    let avoided = asked();
    assert_ne!(avoided["sql"], own, "{avoided:#}");
    assert!(avoided["notes"].to_string().contains("says that this query is wrong"), "{avoided:#}");
}
