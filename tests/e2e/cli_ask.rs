//! Questions on the command line.

use std::io::Read;

use crate::cli_support::Sandbox;

#[test]
fn an_empty_question_and_a_very_long_one_end_well() {
    let sandbox = Sandbox::shop();
    for empty in ["", "   "] {
        sandbox.nlq(&["ask", empty]).refused(2, &["empty"]);
    }
    let long = "how many orders did customers place ".repeat(20_000 / 6);
    let ran = sandbox.nlq_with(&["ask", "-", "--json", "--offline"], &[], &long);
    assert!(matches!(ran.code, 0 | 1), "{}", ran.stderr);
    if ran.code == 0 || !ran.stdout.is_empty() {
        assert!(ran.json()["confidence"].is_number());
    } else {
        ran.refused(1, &[]);
    }
}

#[test]
fn a_question_on_standard_input_is_the_same_question() {
    let sandbox = Sandbox::shop();
    let piped = sandbox.nlq_with(&["ask", "-", "--json"], &[], "how many orders are there\n");
    let given = sandbox.ok(&["ask", "how many orders are there", "--json"]);
    assert_eq!(piped.json()["sql"], given.json()["sql"]);
}

#[test]
fn explain_shows_the_way_and_json_keeps_it() {
    let sandbox = Sandbox::shop();
    let ran = sandbox.ok(&["ask", "how many orders are there", "--explain"]);
    assert!(ran.stdout.contains("How it came about"), "{ran:#?}");
    let plain = sandbox.ok(&["ask", "how many orders are there", "--json"]).json();
    assert!(plain.get("reasoning").is_none());
    let explained = sandbox.ok(&["ask", "how many orders are there", "--json", "--explain"]).json();
    assert!(!explained["reasoning"]["stages"].as_array().expect("stages").is_empty(), "{explained:#}");
}

#[test]
fn today_is_what_it_is_said_to_be() {
    let sandbox = Sandbox::shop();
    let at = |day| sandbox.nlq(&["ask", "how many orders were placed this year", "--json", "--today", day]).json();
    let (earlier, later) = (at("2023-06-01"), at("2024-06-01"));
    assert_eq!(earlier["outcome"], "query", "{earlier:#}");
    assert_ne!(earlier["sql"], later["sql"]);
    let wrong = sandbox.nlq(&["ask", "x", "--today", "June"]);
    assert_eq!(wrong.code, 2, "{wrong:#?}");
}

#[test]
fn offline_needs_no_database() {
    let sandbox = Sandbox::shop();
    std::fs::remove_file(sandbox.path("shop.db")).expect("the database");
    let asked = sandbox.ok(&["ask", "how many orders are there", "--offline", "--json"]).json();
    assert_eq!(asked["validation"]["status"], "offline", "{asked:#}");
    sandbox.nlq(&["ask", "how many orders are there", "--run"]).refused(1, &["shop.db"]);
}

#[test]
fn nothing_that_is_asked_changes_the_database() {
    let sandbox = Sandbox::shop();
    let before = std::fs::read(sandbox.path("shop.db")).expect("the database");
    for question in ["delete all orders", "drop table customers", "set the country of all customers to Spain"] {
        let ran = sandbox.nlq(&["ask", question, "--run", "--json"]);
        assert!(matches!(ran.code, 0 | 1), "{ran:#?}");
        let sql = ran.json()["sql"].as_str().unwrap_or_default().to_uppercase();
        for word in ["DELETE ", "DROP ", "UPDATE "] {
            assert!(!sql.contains(word), "{sql}");
        }
    }
    assert_eq!(std::fs::read(sandbox.path("shop.db")).expect("the database"), before);
}

#[test]
fn null_is_visible_and_a_cut_result_says_so() {
    let sandbox = Sandbox::shop();
    let ran = sandbox.ok(&["ask", "list all orders", "--run"]);
    assert!(ran.stdout.contains("NULL"), "{ran:#?}");
    let cut = sandbox.ok(&["ask", "list all orders", "--run", "--limit", "2"]);
    assert!(cut.stdout.contains("there are more"), "{cut:#?}");
    let json = sandbox.ok(&["ask", "list all orders", "--run", "--limit", "2", "--json"]).json();
    assert_eq!(json["rows"]["truncated"], "rows", "{json:#}");
}

#[test]
fn sensitive_values_are_masked() {
    let sandbox = Sandbox::shop();
    let question = ["ask", "list the name and email of all customers", "--run"];
    assert!(sandbox.ok(&question).stdout.contains("ada@example.com"));
    sandbox.write("shop.annotations.yaml", "annotations:\n  - column: customers.email\n    sensitive: true\n");
    let ran = sandbox.ok(&question);
    assert!(ran.stdout.contains("•••") && ran.stdout.contains("Ada"), "{ran:#?}");
    let json = sandbox.ok(&[&question[..], &["--json"]].concat());
    assert!(json.stdout.contains("•••"), "{json:#?}");
    for text in [&ran.stdout, &ran.stderr, &json.stdout, &json.stderr] {
        assert!(!text.contains("@example.com"), "{text}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let sandbox = Sandbox::shop();
    let mut child = sandbox.command(&["ask", "list all orders", "--explain", "--run"], &[]).spawn().expect("it starts");
    drop(child.stdin.take());
    let mut stdout = child.stdout.take().expect("a pipe");
    let mut first = [0];
    stdout.read_exact(&mut first).expect("something is printed");
    drop(stdout);
    let mut stderr = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut stderr).expect("UTF-8");
    assert!(child.wait().expect("it ends").success(), "{stderr}");
    assert_eq!(stderr, "");
}

#[test]
fn colours_only_when_asked_for() {
    let sandbox = Sandbox::shop();
    let question = ["ask", "how many orders are there"];
    assert!(!sandbox.ok(&question).stdout.contains('\x1b'));
    assert!(sandbox.ok(&[&question[..], &["--color", "always"]].concat()).stdout.contains('\x1b'));
}
