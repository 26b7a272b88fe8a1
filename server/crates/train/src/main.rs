//! `nlq-train`: turns questions with known answers into the rows that `fit.py` fits the engine's weights on.

mod answers;
mod lessons;
mod questions;
mod readings;
mod results;

use anyhow::Result;
use clap::Parser;

/// Prepares what the engine's weights are fitted on
#[derive(Debug, Parser)]
enum Command {
    /// Write the shapes and the rows of columns of questions with known answers
    Lessons(lessons::Args),
    /// Answer every question with the weights that have not seen its database
    Answers(answers::Args),
    /// Write every reading of every question with its features
    Readings(readings::Args),
}

#[tokio::main]
async fn main() -> Result<()> {
    match Command::parse() {
        Command::Answers(args) => answers::run(args).await,
        Command::Lessons(args) => lessons::run(args).await,
        Command::Readings(args) => readings::run(args).await,
    }
}
