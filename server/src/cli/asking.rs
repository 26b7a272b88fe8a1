//! A question as arguments say it: what `nlq ask` and `nlq explain` share.

use std::io::Read;

use chrono::NaiveDate;
use nlq_engine::Outcome;

use super::{
    context::Context,
    error::{CliError, Exit},
    output::Progress,
};
use crate::session::{Ask, Checked, Session, Validation};

#[derive(Debug, clap::Args)]
pub(super) struct Asking {
    /// The question; `-` reads it from standard input
    question: String,
    /// Connection, such as shop/dev (default: the workspace's default connection)
    #[arg(long, short)]
    connection: Option<String>,
    /// Use the schema snapshot only, do not connect
    #[arg(long)]
    offline: bool,
    /// Reply to the question that nlq asked back; may be repeated
    #[arg(long, value_name = "TEXT")]
    reply: Vec<String>,
    /// What "today" is, as YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    today: Option<NaiveDate>,
    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,
}

impl Asking {
    /// What is to be asked.
    pub(super) fn read(&self) -> Result<Ask, CliError> {
        Ok(Ask {
            text: question(&self.question)?,
            replies: self.reply.clone(),
            connection: self.connection.clone(),
            offline: self.offline,
            today: self.today,
            ..Ask::default()
        })
    }
}

/// How the program ends after an answer: cleanly only with a query that nothing refused.
pub(super) fn exit(checked: &Checked) -> Exit {
    match (&checked.answer.outcome, &checked.validation) {
        (Outcome::Query { .. }, Validation::Failed(_)) => Exit::Findings,
        (Outcome::Query { .. }, _) => Exit::Clean,
        _ => Exit::Findings,
    }
}

/// The question as it was meant: from standard input for `-`, never empty.
fn question(argument: &str) -> Result<String, CliError> {
    let mut text = argument.to_owned();
    if argument == "-" {
        text.clear();
        let read = std::io::stdin().lock().read_to_string(&mut text);
        read.map_err(|error| CliError::Usage(format!("cannot read the question from standard input: {error}")))?;
    }
    let text = text.trim();
    if text.is_empty() {
        return Err(CliError::Usage("the question is empty: say what you want to know".into()));
    }
    Ok(text.to_owned())
}

/// Asks, and shows on a terminal how far it is. A failure closes the session: the program ends with it.
pub(super) async fn answer(session: &Session, ask: &Ask, context: &Context) -> Result<Checked, CliError> {
    let progress = Progress::spinner("");
    let asked = session.ask(ask, context.cancel.clone(), &|event| progress.say(&event.words())).await;
    if asked.is_err() {
        session.close().await;
    }
    let mut checked = asked?;
    if let Some(index) = session.index(&checked.connection) {
        checked.answer.reasoning = nlq_ide::reasoning_stream(&checked.answer, &index);
    }
    Ok(checked)
}
