//! `nlq eval`: answers a file of questions over a folder of databases, in the form that the score reads.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufWriter, IsTerminal, Write},
    path::PathBuf,
    sync::Arc,
    time::Instant,
};

use anyhow::{Context as _, Result};
use chrono::NaiveDate;
use indicatif::{ProgressBar, ProgressStyle};
use nlq_catalog::Annotations;
use nlq_engine::{Candidate, Engine, Outcome, Question, SchemaIndex, Settings};
use nlq_providers::SchemaOptions;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Questions, a JSON object a line: id, question, db_file (and evidence)
    #[arg(long, value_name = "FILE")]
    questions: PathBuf,
    /// Folder that db_file is relative to
    #[arg(long, value_name = "DIR")]
    databases: PathBuf,
    /// Where to write the predictions, a JSON object a line
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Answer only the first questions
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Threads (default: one a core)
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// What "today" is, as YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    today: Option<NaiveDate>,
    /// Also write every reading with its features: what the engine's weights are fitted on
    #[arg(long, value_name = "FILE")]
    candidates: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Asked {
    id: serde_json::Value,
    question: String,
    db_file: String,
    #[serde(default)]
    db_id: String,
    #[serde(default)]
    gold: String,
}

#[derive(Debug, Serialize)]
struct Prediction<'a> {
    id: &'a serde_json::Value,
    query: Option<String>,
    confidence: f64,
    latency_ms: f64,
}

#[derive(Debug, Serialize)]
struct Read<'a> {
    id: &'a serde_json::Value,
    db_id: &'a str,
    db_file: &'a str,
    gold: &'a str,
    question: &'a str,
    candidates: Vec<(String, Vec<f32>)>,
}

/// Answers every question; the best reading is written also where the engine would ask back, with its low confidence.
pub(crate) async fn run(args: Args) -> Result<()> {
    let text =
        fs::read_to_string(&args.questions).with_context(|| format!("cannot read {}", args.questions.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let asked: Vec<Asked> = lines
        .take(args.limit.unwrap_or(usize::MAX))
        .map(|(at, line)| {
            serde_json::from_str(line).with_context(|| format!("line {} of {}", at + 1, args.questions.display()))
        })
        .collect::<Result<_>>()?;
    let mut indexes: BTreeMap<&str, Option<SchemaIndex>> = BTreeMap::new();
    for question in &asked {
        if !indexes.contains_key(question.db_file.as_str()) {
            let path = args.databases.join(&question.db_file);
            let index = if path.is_file() {
                let options = SchemaOptions { sample_values: true, annotations: &Annotations::default() };
                match nlq_providers::sqlite_catalog(&path, options).await {
                    Ok(catalog) => Some(SchemaIndex::new(Arc::new(catalog), Arc::default())),
                    Err(error) => {
                        eprintln!("nlq: {}: {error}", path.display());
                        None
                    }
                }
            } else {
                eprintln!("nlq: {} is missing: its questions stay unanswered", path.display());
                None
            };
            indexes.insert(&question.db_file, index);
        }
    }
    let engine = Engine::new(Settings::default());
    let today = args.today.unwrap_or_else(|| chrono::Local::now().date_naive());
    let bar =
        if std::io::stderr().is_terminal() { ProgressBar::new(asked.len() as u64) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.jobs.unwrap_or(0)).build()?;
    let predictions: Vec<Prediction<'_>> = pool.install(|| {
        asked
            .par_iter()
            .map(|asked| {
                bar.inc(1);
                predict(&engine, asked, indexes.get(asked.db_file.as_str()).and_then(Option::as_ref), today)
            })
            .collect()
    });
    bar.finish_and_clear();
    write_lines(&args.out, &predictions)?;
    if let Some(file) = &args.candidates {
        let readings: Vec<Read<'_>> = asked
            .iter()
            .filter_map(|asked| {
                let index = indexes.get(asked.db_file.as_str())?.as_ref()?;
                let candidates = engine.candidates(question(asked, today), index).into_iter();
                let candidates = candidates.map(|Candidate { sql, features }| (sql, features)).collect();
                Some(Read {
                    id: &asked.id,
                    db_id: &asked.db_id,
                    db_file: &asked.db_file,
                    gold: &asked.gold,
                    question: &asked.question,
                    candidates,
                })
            })
            .collect();
        write_lines(file, &readings)?;
    }
    let mut times: Vec<f64> = predictions.iter().map(|p| p.latency_ms).collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or(0.0);
    let answered = predictions.iter().filter(|p| p.query.is_some()).count();
    println!(
        "{} questions, {answered} answered, {} not; p50 {:.3} ms, p95 {:.3} ms",
        predictions.len(),
        predictions.len() - answered,
        at(0.5),
        at(0.95)
    );
    Ok(())
}

fn question(asked: &Asked, today: NaiveDate) -> Question<'_> {
    Question { text: &asked.question, earlier: &[], replies: &[], today }
}

fn predict<'a>(engine: &Engine, asked: &'a Asked, index: Option<&SchemaIndex>, today: NaiveDate) -> Prediction<'a> {
    let begun = Instant::now();
    let answer = index.map(|index| engine.answer(question(asked, today), index));
    let latency_ms = (begun.elapsed().as_secs_f64() * 1e6).round() / 1e3;
    let confidence = answer.as_ref().map_or(0.0, |a| a.confidence);
    let query = answer.and_then(|answer| match answer.outcome {
        Outcome::Query { sql, .. } => Some(sql),
        Outcome::Clarification(asked) => asked.options.into_iter().next().map(|option| option.sql),
        Outcome::Abstention { .. } => None,
    });
    Prediction { id: &asked.id, query, confidence, latency_ms }
}

fn write_lines<T: Serialize>(path: &PathBuf, rows: &[T]) -> Result<()> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut out = BufWriter::new(file);
    for row in rows {
        serde_json::to_writer(&mut out, row)?;
        out.write_all(b"\n")?;
    }
    out.flush().with_context(|| format!("cannot write {}", path.display()))
}
