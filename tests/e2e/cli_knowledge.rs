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
