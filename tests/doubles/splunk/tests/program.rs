//! The program from its command line.

use std::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_splunk-double");

#[test]
fn events_are_written_with_their_lookups() {
    let folder = tempfile::tempdir().unwrap();
    let ran = Command::new(PROGRAM).arg("events").arg(folder.path()).status().unwrap();
    assert!(ran.success());
    let lines = |file: &str| std::fs::read_to_string(folder.path().join(file)).unwrap().lines().count();
    assert_eq!((lines("access_combined.jsonl"), lines("payments.jsonl"), lines("users.csv")), (3000, 800, 13));
}

#[test]
fn one_search_is_a_line_a_row() {
    let ran = Command::new(PROGRAM).args(["search", "index=web | stats count by host"]).output().unwrap();
    let shown = String::from_utf8(ran.stdout).unwrap();
    let count = |line: &str| {
        serde_json::from_str::<serde_json::Value>(line).unwrap()["count"].as_str().unwrap().parse::<u32>().unwrap()
    };
    assert_eq!((shown.lines().count(), shown.lines().map(count).sum::<u32>()), (3, 3000));
    let ran = Command::new(PROGRAM).args(["search", "index=web | xyzzy"]).output().unwrap();
    assert!(!ran.status.success() && String::from_utf8_lossy(&ran.stderr).contains("Unknown search command 'xyzzy'."));
}
