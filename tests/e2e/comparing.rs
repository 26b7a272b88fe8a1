//! What readings find when they are run bears on which of them is the answer.

use serde_json::Value;

use crate::cli_support::Sandbox;

const QUESTION: &str = "names of guests from 'Ulm'";
const GUESTS: &str = "CREATE TABLE guests (guest_id INTEGER PRIMARY KEY, name TEXT, birth_city TEXT, home_city TEXT);";

/// A trusted workspace over guests whose cities nlq has not sampled, so that only a run tells which of the two columns holds
/// a city.
fn inn(rows: &'static str, more: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sql("inn.db", GUESTS);
    sandbox.sql("inn.db", rows);
    let connection =
        "providers: { inn: { type: sqlite, connections: { dev: { path: inn.db, sample_values: false } } } }";
    sandbox.write("nlq.yaml", &format!("{connection}\n{more}\n"));
    sandbox.ok(&["trust", "--yes"]);
    sandbox.ok(&["schema", "refresh"]);
    sandbox
}

fn asked(sandbox: &Sandbox, more: &[&str]) -> Value {
    sandbox.nlq(&[&["ask", QUESTION, "--json", "--explain"], more].concat()).json()
}

/// The query of the likeliest reading, on one line.
fn best(answer: &Value) -> String {
    let sql = answer["sql"].as_str().or_else(|| answer["clarification"]["options"][0]["sql"].as_str());
    sql.unwrap_or_else(|| panic!("{answer:#}")).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn comparison(answer: &Value) -> Option<&Value> {
    let stages = answer["reasoning"]["stages"].as_array().unwrap_or_else(|| panic!("{answer:#}"));
    stages.iter().find(|stage| stage["name"] == "Result Comparison")
}

const BY_HOME: &str = "INSERT INTO guests VALUES (1, 'Ada', 'Bonn', 'Ulm'), (2, 'Bruno', 'Kiel', 'Ulm');";
const BY_BIRTH: &str = "INSERT INTO guests VALUES (1, 'Ada', 'Ulm', 'Bonn'), (2, 'Bruno', 'Ulm', 'Kiel');";

#[test]
fn of_two_near_readings_the_one_that_finds_rows_wins_and_the_trail_says_so() {
    for (rows, column) in [(BY_HOME, "home_city"), (BY_BIRTH, "birth_city")] {
        let answer = asked(&inn(rows, ""), &[]);
        assert_eq!(best(&answer), format!("SELECT name FROM guests WHERE {column} = 'Ulm'"), "{answer:#}");
        let stage = comparison(&answer).unwrap_or_else(|| panic!("{answer:#}"));
        let found: Vec<(&str, &str)> = stage["steps"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|step| Some((step["evidence"]["query"].as_str()?, step["evidence"]["found"].as_str()?)))
            .collect();
        let of = |column: &str| found.iter().find(|(query, _)| query.ends_with(&format!("WHERE {column} = 'Ulm'")));
        assert_eq!(of(column).map(|(_, found)| *found), Some("it finds 2 rows"), "{stage:#}");
        assert_eq!(of("name").map(|(_, found)| *found), Some("it finds no rows"), "{stage:#}");
        let conclusion = stage["conclusion"].as_str().unwrap_or_default();
        assert!(conclusion.contains("Another reading is taken") && conclusion.contains("no rows"), "{stage:#}");
    }
}

#[test]
fn nothing_is_run_that_a_setting_or_the_user_rules_out() {
    let off = inn(BY_HOME, "agents: { validator: { compared_readings: 0 } }");
    let sandbox = inn(BY_HOME, "");
    let unread = [asked(&off, &[]), asked(&sandbox, &["--offline"])];
    for answer in &unread {
        assert!(comparison(answer).is_none(), "{answer:#}");
        assert_ne!(best(answer), best(&asked(&sandbox, &[])), "the run decides nothing here");
    }
    let two = inn(BY_HOME, "agents: { validator: { compared_readings: 2 } }");
    let answer = asked(&two, &[]);
    let steps = comparison(&answer).and_then(|stage| stage["steps"].as_array()).map(Vec::len);
    assert_eq!(steps, Some(2), "{answer:#}");
}
