//! Checks queries that are known to be right: any error is a false one.
//!
//! `cargo run --release -p nlq-query --example check_queries -- SNAPSHOTS QUESTIONS.jsonl`, where SNAPSHOTS is a folder of
//! schema snapshots named `<db_id>.json`, and each line of the questions has `db_id` and `gold`.

use std::{collections::BTreeMap, fs, path::Path, time::Instant};

use nlq_catalog::{Annotations, Catalog};
use nlq_query::{QueryContext, check, guard};
use nlq_text::Severity;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(folder), Some(questions)) = (args.next(), args.next()) else {
        return Err("give a folder of snapshots and a file of questions".into());
    };
    let annotations = Annotations::default();
    let mut catalogs: BTreeMap<String, Catalog> = BTreeMap::new();
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut queries, mut refused, mut time, mut slowest) = (0, 0, 0.0_f64, 0.0_f64);
    for line in fs::read_to_string(questions)?.lines() {
        let question: serde_json::Value = serde_json::from_str(line)?;
        let (Some(database), Some(gold)) = (question["db_id"].as_str(), question["gold"].as_str()) else { continue };
        if !catalogs.contains_key(database) {
            let text = fs::read_to_string(Path::new(&folder).join(format!("{database}.json")))?;
            catalogs.insert(database.to_owned(), Catalog::from_snapshot(&text)?);
        }
        let catalog = &catalogs[database];
        let started = Instant::now();
        let found =
            check(gold, QueryContext { dialect: catalog.dialect, catalog: Some(catalog), annotations: &annotations });
        let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
        time += milliseconds;
        slowest = slowest.max(milliseconds);
        queries += 1;
        for diagnostic in &found {
            *codes.entry(diagnostic.code).or_default() += 1;
            if diagnostic.severity == Severity::Error {
                println!(
                    "{database}: {}: {} at `{}`\n  {gold}",
                    diagnostic.code,
                    diagnostic.message,
                    diagnostic.span.of(gold)
                );
            }
        }
        if let Err(refusal) = guard(gold, catalog.dialect) {
            refused += 1;
            println!("{database}: refused: {refusal}\n  {gold}");
        }
    }
    println!(
        "{queries} queries, {refused} refused, mean {:.3} ms, slowest {slowest:.3} ms",
        time / f64::from(queries.max(1))
    );
    println!("{codes:?}");
    Ok(())
}
