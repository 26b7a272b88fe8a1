//! How long an answer takes over a schema of 100 tables, without execution: percentiles over questions of every shape.
//! `cargo bench -p nlq-engine`.

mod large;

use std::{sync::Arc, time::Instant};

use chrono::NaiveDate;
use large::{questions, schema};
use nlq_engine::{Engine, Question, SchemaIndex, Settings};

fn main() {
    let begun = Instant::now();
    let index = SchemaIndex::new(Arc::new(schema()), Arc::default());
    println!(
        "schema of {} tables prepared in {:.1} ms",
        index.catalog().tables.len(),
        begun.elapsed().as_secs_f64() * 1e3
    );
    let engine = Engine::new(Settings::default());
    let today = NaiveDate::from_ymd_opt(2024, 6, 1).expect("a day");
    let time = |text: &str| {
        let begun = Instant::now();
        std::hint::black_box(engine.answer(Question { text, earlier: &[], replies: &[], today }, &index));
        begun.elapsed().as_secs_f64() * 1e3
    };
    println!("first question, weights read: {:.1} ms", time("how many store orders are there?"));
    let mut times: Vec<f64> = questions().iter().map(|text| time(text)).collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[(times.len() as f64 * share) as usize];
    println!("{} questions: p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms", times.len(), at(0.5), at(0.95), at(0.99));
}
