//! `nlq demo`: a workspace to try, with a shop's database, whose questions are answered before your eyes.

mod database;

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Instant,
};

use nlq_config::{CONFIG_FILE, TrustStore};
use nlq_engine::Outcome;
use nlq_syntax::{Document, Language};
use nlq_text::apply_edits;

use super::{
    ask::{answer_text, rows_text},
    check::snapshot,
    context::{Context, short},
    error::{CliError, Exit},
    output::{Progress, Style, count, indent},
};
use crate::session::{Ask, Checked, Session, Validation};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to make it
    #[arg(default_value = "nlq-demo")]
    folder: PathBuf,
    /// Answer and validate the questions, do not run the queries
    #[arg(long)]
    no_run: bool,
}

/// In the folder of every demo: nlq made it, and may complete it.
const MARKER: &str = ".nlq/demo";
const MARKER_TEXT: &str = "Made by `nlq demo`, which completes this folder and never replaces what is in it.\n";
const DATABASE: &str = "shop.db";
const CONFIG: &str = include_str!("demo/files/nlq.yaml");
const ANNOTATIONS: &str = include_str!("demo/files/shop.annotations.yaml");
const PYTHON: &str = include_str!("demo/files/report.py");

/// Rows shown of each result.
const SHOWN_ROWS: usize = 5;

/// A file with questions.
struct Questions {
    file: &'static str,
    language: Language,
    text: &'static str,
    /// Write the answers into it; the other one is left to the user to try.
    write: bool,
}

const QUESTIONS: [Questions; 3] = [
    Questions {
        file: "questions.nlq",
        language: Language::Nlq,
        text: include_str!("demo/files/questions.nlq"),
        write: true,
    },
    Questions { file: "report.sql", language: Language::Sql, text: include_str!("demo/files/report.sql"), write: true },
    Questions { file: "report.py", language: Language::Python, text: PYTHON, write: false },
];

/// How the questions went.
#[derive(Debug, Default)]
struct Tally {
    questions: usize,
    queries: usize,
    refused: usize,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, CliError> {
    let start = Instant::now();
    let folder = context.folder().join(&args.folder);
    let shown = short(&folder);
    prepare(&folder, &shown).await?;
    let session = open_trusted(&folder, &shown)?;
    let reference = session.find_connection(None)?;
    let progress = Progress::spinner(format!("Reading the schema of {reference}"));
    let catalog = session.refresh_schema(&reference, context.cancel.clone()).await?;
    drop(progress);
    let out = context.out;
    let rows: u64 = catalog.tables.iter().filter_map(|table| table.row_estimate).sum();
    let size = format!("{} with about {rows} rows", count(catalog.tables.len(), "table"));
    out.line(format!("A demo workspace is in {}: a shop's database of {size}.", out.paint(Style::Bold, &shown)))?;

    let mut tally = Tally::default();
    for questions in &QUESTIONS {
        answer(questions, &folder, &session, &args, context, &mut tally).await?;
    }
    session.close().await;
    let refused =
        if tally.refused == 0 { String::new() } else { format!(", {} refused by the database", tally.refused) };
    let took = start.elapsed().as_secs_f64();
    out.line(format!(
        "\n{} asked, {} answered with a query{refused}, in {took:.1} s.\n",
        count(tally.questions, "question"),
        tally.queries
    ))?;
    out.line(next_steps(&shown, context))?;
    Ok(if tally.refused == 0 && tally.queries > 0 { Exit::Clean } else { Exit::Findings })
}

/// Writes what is missing. A folder with other things in it is left alone.
async fn prepare(folder: &Path, shown: &str) -> Result<(), CliError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => {
            if entries.next().is_some() && !folder.join(MARKER).is_file() {
                let message = format!("{shown} is not empty and not an earlier demo: name another folder");
                return Err(CliError::Usage(message));
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(CliError::file("use", folder, &error)),
    }
    write_missing(&folder.join(MARKER), MARKER_TEXT)?;
    write_missing(&folder.join(CONFIG_FILE), CONFIG)?;
    write_missing(&folder.join("shop.annotations.yaml"), ANNOTATIONS)?;
    for questions in &QUESTIONS {
        write_missing(&folder.join(questions.file), questions.text)?;
    }
    let database = folder.join(DATABASE);
    if !database.exists() {
        let _progress = Progress::spinner("Making the shop's database");
        // Made beside its place and moved there, so that an interrupted demo leaves no half a shop.
        let draft = folder.join(format!("{DATABASE}.{}.tmp", std::process::id()));
        database::create(&draft)
            .await
            .map_err(|error| CliError::Usage(format!("cannot make {}: {error}", database.display())))?;
        fs::rename(&draft, &database).map_err(|error| CliError::file("write", &database, &error))?;
    }
    Ok(())
}

fn write_missing(file: &Path, text: &str) -> Result<(), CliError> {
    if file.exists() {
        return Ok(());
    }
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder).map_err(|error| CliError::file("make", folder, &error))?;
    fs::write(file, text).map_err(|error| CliError::file("write", file, &error))
}

/// The session; trusted at once only while nlq.yaml is exactly what nlq wrote.
fn open_trusted(folder: &Path, shown: &str) -> Result<Session, CliError> {
    let session = Session::open(folder, TrustStore::open());
    if session.view().trusted {
        return Ok(session);
    }
    let file = folder.join(CONFIG_FILE);
    let text = fs::read_to_string(&file).map_err(|error| CliError::file("read", &file, &error))?;
    if text != CONFIG {
        let message = format!("{shown}/{CONFIG_FILE} was changed: look at it, then run `nlq trust {shown}`");
        return Err(CliError::Failed(message));
    }
    session.trust()?;
    Ok(session)
}

/// Asks every question of a file, shows what came of it, and writes answers where there were none.
async fn answer(
    questions: &Questions,
    folder: &Path,
    session: &Session,
    args: &Args,
    context: &Context,
    tally: &mut Tally,
) -> Result<(), CliError> {
    let out = context.out;
    let file = folder.join(questions.file);
    let before = fs::read_to_string(&file).map_err(|error| CliError::file("read", &file, &error))?;
    let mut text = before.clone();
    out.line(format!("\n{}", out.paint(Style::Blue, format!("── {}", questions.file))))?;
    let mut number = 0;
    loop {
        let view = session.view();
        let options = nlq_syntax::Options { trigger: view.config.trigger.clone() };
        let shot = snapshot(Document::new(&text, questions.language, options), &view);
        let Some(prompt) = shot.document.prompts().get(number) else { break };
        tally.questions += 1;
        out.line(format!("\n{}", out.paint(Style::Bold, &prompt.text)))?;
        let conversation = shot.conversation(number);
        let ask = Ask {
            text: prompt.text.clone(),
            earlier: conversation.earlier.into_iter().map(str::to_owned).collect(),
            replies: conversation.replies.into_iter().map(str::to_owned).collect(),
            connection: prompt.connection.as_ref().map(|named| named.name.clone()),
            runs_nothing: args.no_run,
            ..Ask::default()
        };
        let checked = session.ask(&ask, context.cancel.clone(), &|_| {}).await?;
        show(&checked, session, args, context, tally).await?;
        if let Outcome::Query { sql, .. } = &checked.answer.outcome
            && questions.write
            && prompt.answer.is_none()
            && !matches!(checked.validation, Validation::Failed(_))
        {
            text = apply_edits(&text, &[shot.document.answer_edit(number, sql, "sql")]);
        }
        number += 1;
    }
    if text != before {
        fs::write(&file, &text).map_err(|error| CliError::file("write", &file, &error))?;
    }
    Ok(())
}

async fn show(
    checked: &Checked,
    session: &Session,
    args: &Args,
    context: &Context,
    tally: &mut Tally,
) -> Result<(), CliError> {
    let out = context.out;
    // The first reading is enough here; `nlq ask` shows the others.
    let mut first = checked.clone();
    first.answer.alternatives.clear();
    out.line(indent(&answer_text(&first, out), 2))?;
    let Outcome::Query { sql, .. } = &checked.answer.outcome else { return Ok(()) };
    tally.queries += 1;
    if matches!(checked.validation, Validation::Failed(_)) {
        tally.refused += 1;
        return Ok(());
    }
    if args.no_run {
        return Ok(());
    }
    match session.run(&checked.connection, sql, None, context.cancel.clone()).await {
        Ok(rows) => {
            out.line("")?;
            out.line(indent(&rows_text(&rows, SHOWN_ROWS, out), 2))
        }
        Err(error) if error.code == "cancelled" => Err(error.into()),
        Err(error) => {
            tally.refused += 1;
            out.error(&error.message);
            Ok(())
        }
    }
}

fn next_steps(folder: &str, context: &Context) -> String {
    let head = context.out.paint(Style::Bold, "Open it in an editor");
    let more = context.out.paint(Style::Bold, "Or stay here");
    format!(
        "{head}
  VS Code   code {folder}
            (with the extension of editors/vscode; then the light bulb on a question of report.py)
  Neovim    nvim {folder}/report.py
            (0.11 or later, with editors/nvim in the runtime path; then gra on a question)

{more}
  nlq -w {folder} ask \"revenue per country\" --run
  nlq -w {folder} check
  nlq -w {folder} doctor"
    )
}
