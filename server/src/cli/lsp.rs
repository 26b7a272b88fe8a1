use std::{fs::OpenOptions, path::PathBuf, sync::Mutex};

use tracing_subscriber::{EnvFilter, fmt};

use super::error::{CliError, Exit};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Accepted because many editors pass it; standard input and output are always used
    #[arg(long)]
    stdio: bool,
    /// Write the log to a file (default: standard error)
    #[arg(long, value_name = "PATH")]
    log_file: Option<PathBuf>,
    /// How much to log: error, warn, info, debug, trace, or a filter such as `nlq=debug`
    #[arg(long, env = "NLQ_LOG", default_value = "warn", value_name = "LEVEL")]
    log_level: String,
}

pub(super) async fn run(args: Args) -> Result<Exit, CliError> {
    let filter = EnvFilter::try_new(&args.log_level)
        .map_err(|error| CliError::Usage(format!("--log-level {}: {error}", args.log_level)))?;
    // What is said to the editor and to databases holds rows and documents; it stays out at every level.
    let filter = ["tower_lsp_server=warn", "sqlx=warn"]
        .into_iter()
        .fold(filter, |filter, quiet| filter.add_directive(quiet.parse().expect("a directive of ours")));
    match &args.log_file {
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path);
            let file = file.map_err(|error| CliError::file("write the log to", path, &error))?;
            fmt().with_env_filter(filter).with_ansi(false).with_writer(Mutex::new(file)).init();
        }
        None => fmt().with_env_filter(filter).with_ansi(false).with_writer(std::io::stderr).init(),
    }
    crate::lsp::serve().await.map_err(|error| CliError::Failed(format!("{error:#}")))?;
    Ok(Exit::Clean)
}

/// The log of the other commands: warnings, or more with `-v`.
pub(super) fn log_to_stderr(verbose: u8) {
    let level = ["error", "info", "debug"][usize::from(verbose.min(2))];
    // Statement logs of the database driver would show values; they stay out at every level.
    let filter = EnvFilter::new(format!("{level},sqlx=warn"));
    fmt().with_env_filter(filter).with_writer(std::io::stderr).without_time().init();
}
