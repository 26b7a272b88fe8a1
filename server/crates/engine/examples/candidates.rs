//! Every reading of every question with its features, a JSON line each: what `train/fit.py` fits the weights on.
//! `candidates QUESTIONS.jsonl SNAPSHOTS OUT.jsonl`; SNAPSHOTS holds a catalog per database as JSON.

use std::{collections::BTreeMap, io::Write as _, sync::Arc};

use nlq_engine::{Engine, Question, SchemaIndex, Settings};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let questions = std::fs::read_to_string(&args[1]).expect("questions");
    let mut out = std::io::BufWriter::new(std::fs::File::create(&args[3]).expect("out"));
    let mut indexes: BTreeMap<String, Option<SchemaIndex>> = BTreeMap::new();
    let engine = Engine::new(Settings::default());
    let today = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).expect("a day");
    let mut times = Vec::new();
    for line in questions.lines() {
        let q: serde_json::Value = serde_json::from_str(line).expect("json");
        let file = q["db_file"].as_str().expect("db_file");
        let index = indexes.entry(file.to_owned()).or_insert_with(|| {
            let path = format!("{}/{}.json", args[2], file.replace('/', "__"));
            let catalog = serde_json::from_str(&std::fs::read_to_string(path).ok()?).expect("catalog");
            Some(SchemaIndex::new(Arc::new(catalog), Arc::default()))
        });
        let Some(index) = index else { continue };
        let text = q["question"].as_str().expect("question");
        let question = Question { text, earlier: &[], replies: &[], today };
        let start = std::time::Instant::now();
        let candidates: Vec<_> = engine.candidates(question, index).into_iter().map(|c| (c.sql, c.features)).collect();
        times.push(start.elapsed().as_micros());
        let line = serde_json::json!({"id": q["id"], "db_id": q["db_id"], "db_file": file, "gold": q["gold"], "question": text, "candidates": candidates});
        writeln!(out, "{line}").expect("write");
    }
    times.sort_unstable();
    eprintln!("p50 {} us, p95 {} us", times[times.len() / 2], times[times.len() * 95 / 100]);
}
