//! Answers by weights that have not seen the database: what the model card's figures are measured on.

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    path::PathBuf,
    time::Instant,
};

use anyhow::Result;
use nlq_engine::{Outcome, Question};
use rayon::prelude::*;

use crate::questions::{Folds, indexes, read, today};

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
    /// Where to write the predictions, a JSON object a line, as the score reads them
    #[arg(long)]
    out: PathBuf,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let folds = Folds::read(&args.folds)?;
    let asked = read(&args.questions)?;
    let indexes = indexes(&asked, &args.databases).await?;
    let lines: Vec<serde_json::Value> = asked
        .par_iter()
        .filter_map(|asked| {
            let question = Question { text: &asked.question, earlier: &[], replies: &[], today: today() };
            let begun = Instant::now();
            let answer = folds.engine(&asked.db_id)?.answer(question, &indexes[&asked.db_file]);
            let latency = begun.elapsed().as_secs_f64() * 1e3;
            let query = match answer.outcome {
                Outcome::Query { sql, .. } => Some(sql),
                Outcome::Clarification(asked) => asked.options.into_iter().next().map(|option| option.sql),
                Outcome::Abstention { .. } => None,
            };
            Some(serde_json::json!({
                "id": asked.id, "query": query, "confidence": answer.confidence, "latency_ms": latency,
                "factors": answer.factors.iter().map(|factor| factor.name.as_str()).collect::<Vec<_>>(),
            }))
        })
        .collect();
    let mut out = BufWriter::new(File::create(args.out)?);
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    Ok(())
}
