//! A stand-in for a Splunk server, for tests: see README.md beside this crate.
#![allow(
    clippy::cast_possible_wrap,
    clippy::format_collect,
    clippy::unnecessary_wraps,
    clippy::needless_for_each,
    reason = "counts of a few thousand events; every command has the same signature; clarity before speed"
)]

mod events;
mod objects;
mod rest;
mod search;
mod serve;
mod time;
mod tree;
mod value;

use std::{
    io::{self, Write},
    path::PathBuf,
    time::Duration,
};

use clap::{Args, Parser, Subcommand};

use rest::Options;

#[derive(Parser)]
#[command(version, about = "A stand-in for a Splunk server, for tests.")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Subcommand)]
enum Command {
    /// Write the events and lookups to a folder: a JSON Lines file a sourcetype, a CSV file a lookup.
    Events {
        /// The folder, which is made.
        folder: PathBuf,
        /// The moment at which the events end.
        #[arg(long, default_value = NOW)]
        now: String,
    },
    /// Run one search and print its results, a JSON object a line.
    Search {
        /// The search.
        text: String,
        /// The moment at which the events end.
        #[arg(long, default_value = NOW)]
        now: String,
    },
}

/// A Thursday.
const NOW: &str = "2024-06-20T12:00:00Z";

#[derive(Args)]
struct Serve {
    /// The port on 127.0.0.1; 0 for a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The moment at which the events end, and that searches take for the present.
    #[arg(long, default_value = NOW)]
    now: String,
    /// How long every search takes at least, in milliseconds.
    #[arg(long, default_value_t = 0)]
    slow: u64,
    /// The user who may sign in.
    #[arg(long, default_value = "analyst")]
    username: String,
    /// That user's password.
    #[arg(long, default_value = "pass-of-analyst")]
    password: String,
    /// An authentication token.
    #[arg(long, default_value = "token-of-analyst")]
    token: String,
    /// A token that may do nothing.
    #[arg(long, default_value = "token-of-nobody")]
    powerless: String,
    /// Answer as a version that has no v2 endpoints.
    #[arg(long)]
    old: bool,
    /// Answer over TLS with a certificate for 127.0.0.1 and localhost, which is written to this file.
    #[arg(long)]
    tls: Option<PathBuf>,
}

fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    match arguments.command {
        Some(Command::Events { folder, now }) => write_events(&folder, moment(&now)?),
        Some(Command::Search { text, now }) => print(&text, moment(&now)?),
        None => {
            let serve = arguments.serve;
            let now = moment(&serve.now)?;
            let options = Options {
                now,
                slow: Duration::from_millis(serve.slow),
                username: serve.username,
                password: serve.password,
                token: serve.token,
                powerless: serve.powerless,
                old: serve.old,
            };
            let rows = search::rows(&events::generate(now));
            serve::serve(rest::Server::new(options, rows), serve.port, serve.tls)
        }
    }
}

fn moment(text: &str) -> io::Result<i64> {
    let at = time::modified(0.0, text).ok_or_else(|| io::Error::other(format!("`{text}` is no time")))?;
    Ok(at as i64)
}

fn write_events(folder: &std::path::Path, now: i64) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let records = events::generate(now);
    let mut kinds: Vec<&str> = records.iter().map(|record| record.sourcetype).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let mut file = std::fs::File::create(folder.join(format!("{}.jsonl", kind.replace(':', "_"))))?;
        for record in records.iter().filter(|record| record.sourcetype == kind) {
            let mut line = serde_json::Map::new();
            for (name, value) in [
                ("_time", serde_json::json!(record.time)),
                ("index", serde_json::json!(record.index)),
                ("sourcetype", serde_json::json!(record.sourcetype)),
                ("source", serde_json::json!(record.source)),
                ("host", serde_json::json!(record.host)),
                ("_raw", serde_json::json!(record.raw)),
            ] {
                line.insert(name.to_owned(), value);
            }
            line.extend(record.fields.clone());
            writeln!(file, "{}", serde_json::Value::Object(line))?;
        }
    }
    for lookup in &events::LOOKUPS {
        let mut file = std::fs::File::create(folder.join(lookup.file))?;
        writeln!(file, "{}", lookup.columns.join(","))?;
        for row in lookup.rows {
            writeln!(file, "{}", row.join(","))?;
        }
    }
    Ok(())
}

fn print(text: &str, now: i64) -> io::Result<()> {
    let rows = search::rows(&events::generate(now));
    let stop = std::sync::atomic::AtomicBool::new(false);
    let search = search::Search { events: &rows, now: now as f64, earliest: None, latest: None, stop: &stop };
    let found = search::run(&search, text).map_err(|search::Fatal(text)| io::Error::other(text))?;
    for line in rest::lines(&found) {
        writeln!(io::stdout(), "{line}")?;
    }
    Ok(())
}
