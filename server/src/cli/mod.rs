//! The command line: one file per command, over the same session as the language server.

mod annotate;
mod ask;
mod asking;
mod audit;
mod check;
mod conformance;
mod context;
mod conversations;
mod demo;
mod doctor;
mod error;
mod eval;
mod examples;
mod explain;
mod init;
mod lsp;
mod output;
mod schema;
mod schemas;
mod stats;
mod terminal;
mod trust;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use context::Context;
use error::{CliError, Exit};
use output::{ColorChoice, Output};

/// Plain questions become checked queries.
#[derive(Debug, Parser)]
#[command(name = "nlq", version, about, long_about = None, propagate_version = true)]
struct Cli {
    /// Folder of the workspace (default: the nearest folder with an nlq.yaml, from here upwards)
    #[arg(long, short = 'w', global = true, value_name = "PATH")]
    workspace: Option<PathBuf>,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: ColorChoice,
    /// Say more on standard error; twice says everything
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the language server on standard input and output
    Lsp(lsp::Args),
    /// Make a workspace here: nlq.yaml and a first annotation file
    Init(init::Args),
    /// Show what nlq.yaml would connect to and run, and allow it
    Trust(trust::Args),
    /// Turn a question into a query
    Ask(ask::Args),
    /// Show how a question is understood: words, joins, query, confidence, and why other readings lost
    Explain(explain::Args),
    /// Check every prompt, answer, configuration, annotation and example file
    Check(check::Args),
    /// Read the database's schema, or show it
    #[command(subcommand)]
    Schema(schema::Command),
    /// What the team says about tables and columns
    #[command(subcommand)]
    Annotate(annotate::Command),
    /// Reviewed examples: list them, or search those that are like a question
    #[command(subcommand)]
    Examples(examples::Command),
    /// What was asked and answered, with the whole trace of one turn
    Audit(audit::Args),
    /// How questions fare: rates, times, tokens, cost, and the targets
    Stats(stats::Args),
    /// Questions that belong together
    #[command(subcommand)]
    Conversations(conversations::Command),
    /// Find what is wrong with this set-up, and how to mend it
    Doctor(doctor::Args),
    /// Try every connection by one set of scenarios: for whoever writes a provider or sets one up
    Conformance(conformance::Args),
    /// Make a demo workspace with a shop database, and answer its questions
    Demo(demo::Args),
    /// Answer a file of questions over a folder of SQLite databases, measure the answers, compare runs
    Eval(eval::Args),
    /// Print the JSON Schema of nlq.yaml, of annotation files or of example files
    Schemas(schemas::Args),
}

/// Reads the arguments and runs what they ask for.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let out = Output::new(cli.color);
    let result = runtime().and_then(|runtime| {
        let result = runtime.block_on(run(cli, out));
        // A query that was cancelled may still hold a thread; the process ends all the same.
        runtime.shutdown_background();
        result
    });
    match result {
        Ok(Exit::Clean) => ExitCode::SUCCESS,
        Ok(Exit::Findings) => ExitCode::from(1),
        Err(error) => error.report(out),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    built.map_err(|error| CliError::Usage(format!("cannot start the runtime: {error}")))
}

async fn run(cli: Cli, out: Output) -> Result<Exit, CliError> {
    if let Command::Lsp(args) = cli.command {
        return lsp::run(args).await;
    }
    lsp::log_to_stderr(cli.verbose);
    let context = Context::new(out, cli.workspace)?;
    match cli.command {
        Command::Lsp(_) => unreachable!("handled above"),
        Command::Init(args) => init::run(&args, &context),
        Command::Trust(args) => trust::run(&args, &context),
        Command::Ask(args) => ask::run(args, &context).await,
        Command::Explain(args) => explain::run(&args, &context).await,
        Command::Check(args) => check::run(args, &context).await,
        Command::Schema(command) => schema::run(command, &context).await,
        Command::Annotate(command) => annotate::run(&command, &context),
        Command::Examples(command) => examples::run(&command, &context),
        Command::Audit(args) => audit::run(args, &context).await,
        Command::Stats(args) => stats::run(args, &context).await,
        Command::Conversations(command) => conversations::run(command, &context).await,
        Command::Doctor(args) => doctor::run(args, &context).await,
        Command::Conformance(args) => conformance::run(args, &context).await,
        Command::Demo(args) => demo::run(args, &context).await,
        Command::Eval(args) => {
            eval::run(args, &context).await.map_err(|error| CliError::Usage(format!("{error:#}")))?;
            Ok(Exit::Clean)
        }
        Command::Schemas(args) => schemas::run(&args, &context),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        super::Cli::command().debug_assert();
    }
}
