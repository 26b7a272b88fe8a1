//! Answers by weights that have not seen the database: what the model card's figures are measured on.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufWriter, Write as _},
    path::PathBuf,
    time::Instant,
};

use anyhow::Result;
use nlq_engine::{Outcome, Question};
use rayon::prelude::*;
use tokio::runtime::Handle;

use crate::{
    questions::{Folds, indexes, read, today},
    results,
};

/// From this confidence on nothing is run: as the workspace's `orchestrator.confidence_threshold` has it by default.
const SURE: f64 = 0.85;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Questions, a JSON object a line: id, question, gold, db_id, db_file
    #[arg(required = true)]
    questions: Vec<PathBuf>,
    /// Folder that db_file is relative to
    #[arg(long)]
    databases: PathBuf,
    /// The folder of the weights for each database: a JSON object
    #[arg(long)]
    folds: PathBuf,
    /// Run the likeliest readings of a question that is not sure, and weigh what they find
    #[arg(long)]
    execute: bool,
    /// Where to write the predictions, a JSON object a line, as the score reads them
    #[arg(long)]
    out: PathBuf,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let folds = Folds::read(&args.folds)?;
    let asked = read(&args.questions)?;
    let indexes = indexes(&asked, &args.databases).await?;
    let runtime = args.execute.then(Handle::current);
    let lines: Vec<serde_json::Value> = asked
        .par_iter()
        .filter_map(|asked| {
            let question = Question { text: &asked.question, earlier: &[], replies: &[], today: today() };
            let (engine, index) = (folds.engine(&asked.db_id)?, &indexes[&asked.db_file]);
            let begun = Instant::now();
            let (mut answer, thought) = engine.think(question, index);
            if let Some(runtime) = runtime.as_ref().filter(|_| answer.confidence < SURE) {
                let runs = runtime.block_on(results::runs(&args.databases.join(&asked.db_file), &answer.queries()));
                answer = engine.answer_after(question, index, thought, &runs);
            }
            let latency = begun.elapsed().as_secs_f64() * 1e3;
            let query = match answer.outcome {
                Outcome::Query { sql, .. } => Some(sql),
                Outcome::Clarification(asked) => asked.options.into_iter().next().map(|option| option.sql),
                Outcome::Abstention { .. } => None,
            };
            Some(serde_json::json!({
                "id": asked.id, "query": query, "confidence": answer.confidence, "latency_ms": latency,
                "factors": answer.factors.iter().map(|f| (f.name.as_str(), f.value)).collect::<BTreeMap<_, _>>(),
            }))
        })
        .collect();
    let mut out = BufWriter::new(File::create(args.out)?);
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    Ok(())
}
