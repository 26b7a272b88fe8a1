//! Answers measured by the real binary.

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use crate::cli_support::{Ran, Sandbox};

/// Ten guests of three towns. Everybody from Ulm is older than 60, so a filter by town looks right where age was asked for,
/// until ages change places.
const DATABASE: &str = "
CREATE TABLE guests (guest_id INTEGER PRIMARY KEY, name TEXT, town TEXT, age INTEGER);
INSERT INTO guests VALUES
    (1, 'Ada', 'Ulm', 71), (2, 'Bruno', 'Bonn', 22), (3, 'Clara', 'Ulm', 66), (4, 'Dora', 'Kiel', 35),
    (5, 'Emil', 'Bonn', 41), (6, 'Fritz', 'Kiel', 19), (7, 'Gerd', 'Bonn', 53), (8, 'Hanna', 'Kiel', 47),
    (9, 'Ida', 'Bonn', 30), (10, 'Jan', 'Kiel', 58);
";

const GOLDS: [(&str, &str); 5] = [
    ("How many guests are there?", "SELECT count(*) FROM guests"),
    ("What are the names of guests older than 60?", "SELECT name FROM guests WHERE age > 60"),
    ("List the names of all guests ordered by age.", "SELECT name FROM guests ORDER BY age"),
    ("How many guests are there for each town?", "SELECT town, count(*) FROM guests GROUP BY town"),
    ("What is the shoe size of the oldest guest?", "SELECT shoe FROM guests"),
];

fn hotel() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.sql("hotel.sqlite", DATABASE);
    let lines = GOLDS.iter().enumerate().map(|(at, (question, gold))| {
        json!({"id": format!("q{at}"), "question": question, "gold": gold, "db_file": "hotel.sqlite"}).to_string()
    });
    sandbox.write("questions.jsonl", &lines.collect::<Vec<_>>().join("\n"));
    sandbox
}

/// Predictions for the questions, in order.
fn predictions(sandbox: &Sandbox, name: &str, queries: &[Option<&str>]) {
    let line = |(at, query): (usize, Option<&str>)| json!({"id": format!("q{at}"), "query": query}).to_string();
    sandbox.write(name, &queries.iter().copied().enumerate().map(line).collect::<Vec<_>>().join("\n"));
}

fn eval(sandbox: &Sandbox, more: &[&str]) -> Ran {
    let mut arguments = vec!["eval", "--questions", "questions.jsonl", "--databases", "."];
    arguments.extend(more);
    sandbox.nlq(&arguments)
}

#[test]
fn the_report_has_its_tables_and_pictures() {
    let sandbox = hotel();
    let ran = eval(&sandbox, &["--out", "p.jsonl", "--report", "report", "--perturbed", "5", "--ablations"]);
    assert_eq!(ran.code, 0, "{ran:#?}");
    assert!(ran.stdout.contains("right (ex)") && ran.stdout.contains("4 of 4"), "{ran:#?}");
    let report = sandbox.read("report/report.md");
    for part in [
        "on 4 questions; 1 whose gold does not run",
        "| right (ex) | 100.0 % | 4 of 4 |",
        "| right also on 5 perturbed copies | 100.0 % | 4 of 4 |",
        "| easy | 3 | 3 | 100.0 % | 100.0 % |",
        "| medium | 1 | 1 | 100.0 % | 100.0 % |",
        "| order by | 1 | 100.0 % | 1 | 1 | 100.0 % | 100.0 % | 0 |",
        "| ranking | 0 | 0.0 % |",
        "| nothing more | 4 | 100.0 % | - |",
        "| synonyms |",
        "(reliability.svg)",
    ] {
        assert!(report.contains(part), "no {part:?} in {report}");
    }
    for picture in ["report/reliability.svg", "report/risk-coverage.svg"] {
        let svg = sandbox.read(picture);
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
    }
    assert_eq!(sandbox.read("report/errors.jsonl"), "");
    assert_eq!(sandbox.read("p.jsonl").lines().count(), 5);
}

#[test]
fn wrong_answers_have_a_cause() {
    let sandbox = hotel();
    let gold = r#"{"id": 1, "question": "How many guests are there?", "gold": "SELECT 0", "db_file": "hotel.sqlite"}"#;
    sandbox.write("questions.jsonl", gold);
    let ran = eval(&sandbox, &["--report", "report"]);
    assert_eq!(ran.code, 0, "{ran:#?}");
    let wrong: Value = serde_json::from_str(&sandbox.read("report/errors.jsonl")).expect("one wrong answer");
    assert_eq!((&wrong["id"], &wrong["cause"], &wrong["runs"]), (&json!(1), &json!("structure"), &json!(true)));
    assert!(sandbox.read("report/report.md").contains("### structure\n- `1` (hotel.sqlite): How many guests"));
}

#[test]
fn two_runs_are_compared() {
    let sandbox = hotel();
    let [count, older, ordered, towns, _] = GOLDS.map(|(_, gold)| Some(gold));
    predictions(&sandbox, "a.jsonl", &[count, older, None, None]);
    predictions(&sandbox, "b.jsonl", &[count, Some("SELECT town FROM guests"), ordered, towns]);
    let ran = eval(&sandbox, &["--compare", "a.jsonl", "b.jsonl", "--report", "report"]);
    assert_eq!(ran.code, 0, "{ran:#?}");
    let comparison = sandbox.read("report/comparison.md");
    for part in [
        "| a.jsonl | 2 | 4 | 50.0 % |",
        "| b.jsonl | 3 | 4 | 75.0 % |",
        "2 became right, 1 became wrong: +25.0 points, 95 % interval +25.0 to +25.0 (bootstrap over 1 database), \
         sign test p = 1.0000",
        "## Became right\n- `q2` (hotel.sqlite): List the names of all guests ordered by age.\n  - before: no query\n",
        "## Became wrong\n- `q1`",
    ] {
        assert!(comparison.contains(part), "no {part:?} in {comparison}");
    }
    assert!(ran.stdout.contains("sign test"), "{ran:#?}");
}

#[test]
fn a_perturbed_copy_shows_what_was_right_by_luck() {
    let sandbox = hotel();
    let [count, older, ..] = GOLDS.map(|(_, gold)| Some(gold));
    let lucky = Some("SELECT name FROM guests WHERE town = 'Ulm'");
    predictions(&sandbox, "honest.jsonl", &[count, older]);
    predictions(&sandbox, "lucky.jsonl", &[count, lucky]);
    let compare = ["--compare", "honest.jsonl", "lucky.jsonl"];
    let plain = eval(&sandbox, &compare);
    assert!(plain.stdout.contains("0 became right, 0 became wrong"), "{plain:#?}");
    let ran = eval(&sandbox, &[&compare[..], &["--perturbed", "5"]].concat());
    assert!(ran.stdout.contains("0 became right, 1 became wrong, on 5 perturbed copies too"), "{ran:#?}");
}

#[test]
fn annotations_are_understood() {
    let sandbox = hotel();
    let asked =
        r#"{"id": 1, "question": "How many visitors are regulars?", "db_file": "hotel.sqlite", "db_id": "hotel"}"#;
    sandbox.write("questions.jsonl", asked);
    let said = "annotations:\n  - table: guests\n    business_terms: [visitors]\n\
                terms:\n  - name: regulars\n    table: guests\n    condition: age > 60\n";
    sandbox.write("said/hotel.annotations.yaml", said);
    sandbox.write("said/other.annotations.yaml", "no annotations of this database");
    let arguments = ["--annotations", "said", "--out", "p.jsonl"];
    assert_eq!(eval(&sandbox, &arguments).code, 0);
    let answer = sandbox.read("p.jsonl");
    assert!(answer.contains("FROM guests\\nWHERE (age > 60)"), "{answer}");
    sandbox.write("said/hotel.annotations.yaml", &said.replace("table: guests\n    cond", "table: gests\n    cond"));
    eval(&sandbox, &arguments).refused(2, &["hotel.annotations.yaml, line 6: ", "guests"]);
}

#[test]
fn what_cannot_be_measured_is_said() {
    let sandbox = hotel();
    eval(&sandbox, &["--compare", "a.jsonl", "b.jsonl"]).refused(2, &["cannot read a.jsonl"]);
    sandbox.write("other.jsonl", r#"{"id": "x", "query": "SELECT 1"}"#);
    eval(&sandbox, &["--compare", "other.jsonl", "other.jsonl"])
        .refused(2, &["answers no question of questions.jsonl"]);
    let without = eval(&sandbox, &["--out", "p.jsonl", "--without", "luck"]);
    assert!(without.code == 2 && without.stderr.contains("the parts are values, synonyms"), "{without:#?}");
    sandbox.write("questions.jsonl", r#"{"id": 1, "question": "How many guests?", "db_file": "hotel.sqlite"}"#);
    eval(&sandbox, &["--report", "report"]).refused(2, &["no question of questions.jsonl can be measured", "`gold`"]);
}

/// The figures must be those of the independent score, where it and its questions are at hand.
#[test]
fn the_score_says_the_same() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/eval");
    let (score, data) = (shared.join("score.py"), shared.join("data"));
    let Ok(questions) = std::fs::read_to_string(data.join("spider/questions.jsonl")) else {
        eprintln!("SKIPPED the_score_says_the_same: there is no {}", data.display());
        return;
    };
    let sandbox = Sandbox::new();
    let some: Vec<&str> = questions.lines().step_by(20).collect();
    sandbox.write("questions.jsonl", &some.join("\n"));
    let data = data.to_string_lossy();
    let arguments = ["--questions", "questions.jsonl", "--databases", &data, "--out", "p.jsonl", "--report", "report"];
    sandbox.ok(&[&["eval"], &arguments[..]].concat());
    let scored = Command::new("python3")
        .arg(score)
        .args(["questions.jsonl", "p.jsonl", "--databases", &data])
        .current_dir(sandbox.root())
        .output();
    let Ok(scored) = scored else {
        eprintln!("SKIPPED the_score_says_the_same: there is no python3");
        return;
    };
    let text = String::from_utf8_lossy(&scored.stdout);
    let score: Value = serde_json::from_str(text.lines().last().unwrap_or_default()).expect("figures");
    let figure = |name: &str| score[name].as_f64().unwrap_or_else(|| panic!("{name} in {score}"));
    let report = sandbox.read("report/report.md");
    let (n, right) = (figure("n"), (figure("ex") * figure("n")).round());
    for part in [
        format!("| {right} of {n} |"),
        format!("(ECE) | {:.4} |", figure("ece")),
        format!("(AURC) | {:.4} |", figure("aurc")),
        format!("precision of 95 % | {:.1} % |", figure("coverage_at_95") * 100.0),
    ] {
        assert!(report.contains(&part), "no {part:?} in {report}");
    }
}
