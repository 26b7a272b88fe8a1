//! `nlq conformance`: one set of scenarios over every connection, for whoever writes a provider or sets one up.

mod denied;
mod scenarios;

use std::{collections::BTreeMap, time::Duration};

use clap::ValueEnum as _;
use nlq_config::ConnectionRef;
use serde::Serialize;
use serde_json::json;

use self::scenarios::{Outcome, Scenario, Subject};
use super::{
    context::Context,
    error::{CliError, Exit},
    output::{Align, Style, Table, count},
};
use crate::session::Session;

/// A connection of this name is one with a wrong password: it must be refused.
const WRONG_PASSWORD: &str = "wrong_password";
/// A connection of this name leads nowhere: it must fail, soon.
const UNREACHABLE: &str = "unreachable";

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Providers or connections, such as shop or shop/dev (default: all). Of a provider its default or only connection is
    /// tried, and those that are called wrong_password and unreachable
    names: Vec<String>,
    /// A query that takes seconds, to try the time limit and cancelling with
    #[arg(long, value_name = "QUERY")]
    slow: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What came of one scenario.
#[derive(Debug, Clone, Serialize)]
struct Tried {
    scenario: Scenario,
    #[serde(flatten)]
    outcome: Outcome,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, CliError> {
    let session = context.session()?;
    let mut all: BTreeMap<ConnectionRef, Vec<Tried>> = BTreeMap::new();
    for main in chosen(&session, &args.names)? {
        let mut subject = Subject::new(&session, &main, args.slow.as_deref(), &context.cancel);
        let mut tried = Vec::new();
        for scenario in Scenario::value_variants() {
            let outcome = match scenario {
                Scenario::WrongPassword => refused(&session, &main, WRONG_PASSWORD, context).await,
                Scenario::Unreachable => refused(&session, &main, UNREACHABLE, context).await,
                scenario => subject.try_one(*scenario).await,
            };
            tried.push(Tried { scenario: *scenario, outcome });
            if context.cancel.is_cancelled() {
                session.close().await;
                return Err(CliError::Failed("cancelled".to_owned()));
            }
        }
        all.insert(main, tried);
    }
    session.close().await;
    let failed = all.values().flatten().filter(|tried| matches!(tried.outcome, Outcome::Failed { .. })).count();
    if args.json {
        let named: BTreeMap<String, &Vec<Tried>> = all.iter().map(|(name, tried)| (name.to_string(), tried)).collect();
        context.out.json(&json!({ "failed": failed, "connections": named }))?;
    } else {
        show(&all, context)?;
    }
    Ok(if failed > 0 { Exit::Findings } else { Exit::Clean })
}

/// The connections to try: for a provider one of its own.
fn chosen(session: &Session, names: &[String]) -> Result<Vec<ConnectionRef>, CliError> {
    let view = session.view();
    let usable = |reference: &ConnectionRef| ![WRONG_PASSWORD, UNREACHABLE].contains(&reference.connection.as_str());
    let mut found: Vec<ConnectionRef> = Vec::new();
    if names.is_empty() {
        for (reference, _) in view.config.connections().filter(|(reference, _)| usable(reference)) {
            if !found.iter().any(|known| known.provider == reference.provider) {
                found.push(reference);
            }
        }
    }
    for name in names {
        let of_provider = view.config.providers.get(name).and_then(|provider| {
            let own = provider.default_connection.clone();
            let first =
                || view.config.connections().map(|(reference, _)| reference).find(|r| r.provider == *name && usable(r));
            own.map(|connection| ConnectionRef { provider: name.clone(), connection }).or_else(first)
        });
        let reference = match of_provider {
            Some(reference) => reference,
            None => session.find_connection(Some(name)).map_err(|error| CliError::Usage(error.to_string()))?,
        };
        found.push(reference);
    }
    if found.is_empty() {
        return Err(CliError::Usage("nlq.yaml names no connection: add one under `providers`".to_owned()));
    }
    Ok(found)
}

/// A connection that must fail, and say why.
async fn refused(session: &Session, main: &ConnectionRef, name: &str, context: &Context) -> Outcome {
    /// Longer waits nobody in an editor: connecting gives up before.
    const SOON: Duration = Duration::from_secs(20);
    let reference = ConnectionRef { provider: main.provider.clone(), connection: name.to_owned() };
    if session.find_connection(Some(&reference.to_string())).is_err() {
        return Outcome::Untried { why: format!("there is no connection {reference}") };
    }
    let mut subject = Subject::new(session, &reference, None, &context.cancel);
    match tokio::time::timeout(SOON, subject.schema()).await {
        Err(_) => Outcome::failed("nothing was said for 20 s"),
        Ok(Ok(_)) => Outcome::failed("it was connected to all the same"),
        Ok(Err(error)) if matches!(error.code, "connection" | "permission" | "timeout") => {
            Outcome::passed(error.message)
        }
        Ok(Err(error)) => Outcome::failed(format!("it failed as {}: {error}", error.code)),
    }
}

fn show(all: &BTreeMap<ConnectionRef, Vec<Tried>>, context: &Context) -> Result<(), CliError> {
    let out = context.out;
    let names: Vec<String> = all.keys().map(ToString::to_string).collect();
    let head: Vec<(&str, Align)> = std::iter::once(("scenario", Align::Left))
        .chain(names.iter().map(|name| (name.as_str(), Align::Left)))
        .collect();
    let mut table = Table::new(&head);
    for scenario in Scenario::value_variants() {
        let cell = |tried: &Vec<Tried>| {
            let found = tried.iter().find(|tried| tried.scenario == *scenario);
            found.map_or("", |tried| tried.outcome.word()).to_owned()
        };
        table.row(std::iter::once(scenario.title().to_owned()).chain(all.values().map(cell)));
    }
    out.line(table.render(out))?;
    for (name, tried) in all {
        for Tried { scenario, outcome } in tried {
            let style = match outcome {
                Outcome::Passed { .. } => continue,
                Outcome::Failed { .. } => Style::Red,
                Outcome::Untried { .. } => Style::Dim,
            };
            out.line(format!("{} {name}, {}: {}", out.paint(style, outcome.word()), scenario.title(), outcome.why()))?;
        }
    }
    let of = |word: &str| all.values().flatten().filter(|tried| tried.outcome.word() == word).count();
    let words = [("ok", "passed"), ("FAILED", "failed"), ("untried", "not tried")];
    let told: Vec<String> = words.iter().map(|(word, told)| format!("{} {told}", of(word))).collect();
    out.line(out.paint(Style::Dim, format!("({}, {})", count(all.len(), "connection"), told.join(", "))))?;
    Ok(())
}
