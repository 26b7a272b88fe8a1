//! Every reading of every question with its features.

use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    path::PathBuf,
};

use anyhow::Result;
use nlq_engine::{Candidate, Question, training::feature_names};
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
    /// Where to write readings.jsonl and readings.f32 (rows)
    #[arg(long)]
    out: PathBuf,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let folds = Folds::read(&args.folds)?;
    let mut asked = read(&args.questions)?;
    asked.retain(|asked| folds.engine(&asked.db_id).is_some());
    let indexes = indexes(&asked, &args.databases).await?;
    let read: Vec<Vec<Candidate>> = asked
        .par_iter()
        .map(|asked| {
            let question = Question { text: &asked.question, earlier: &[], replies: &[], today: today() };
            folds.engine(&asked.db_id).map_or_else(Vec::new, |e| e.candidates(question, &indexes[&asked.db_file]))
        })
        .collect();
    fs::create_dir_all(&args.out)?;
    let mut heads = BufWriter::new(File::create(args.out.join("readings.jsonl"))?);
    let mut rows = BufWriter::new(File::create(args.out.join("readings.f32"))?);
    writeln!(heads, "{}", serde_json::to_string(&feature_names())?)?;
    for (asked, readings) in asked.iter().zip(&read) {
        let queries: Vec<&str> = readings.iter().map(|r| r.sql.as_str()).collect();
        let scores: Vec<f32> = readings.iter().map(|r| r.score).collect();
        let head = serde_json::json!({
            "id": asked.id, "db_id": asked.db_id, "db_file": asked.db_file, "gold": asked.gold, "queries": queries,
            "scores": scores,
        });
        writeln!(heads, "{head}")?;
        for reading in readings {
            reading.features.iter().try_for_each(|x| rows.write_all(&x.to_le_bytes()))?;
        }
    }
    println!("{} questions, {} readings", asked.len(), read.iter().map(Vec::len).sum::<usize>());
    Ok(())
}
