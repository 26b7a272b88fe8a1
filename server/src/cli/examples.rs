use super::{
    context::{Context, short},
    error::{CliError, Exit},
    output::{Align, Output, Style, Table, count, indent, visible},
};
use crate::session::found_json;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List the reviewed examples
    List {
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Search the examples that are like a question: good ones, best first, then bad ones
    Search {
        /// The question
        question: String,
        /// Connection, such as shop/dev (default: the workspace's default connection)
        #[arg(long, short)]
        connection: Option<String>,
        /// Good ones, and as many bad ones, at most
        #[arg(long, default_value_t = 5)]
        limit: usize,
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: &Command, context: &Context) -> Result<Exit, CliError> {
    match command {
        Command::List { json } => list(*json, context),
        Command::Search { question, connection, limit, json } => {
            search(question, connection.as_deref(), *limit, *json, context)
        }
    }
}

fn list(json: bool, context: &Context) -> Result<Exit, CliError> {
    let session = context.session()?;
    let examples = session.examples().examples();
    if json {
        context.out.json(&serde_json::json!(examples))?;
        return Ok(Exit::Clean);
    }
    if examples.is_empty() {
        context
            .out
            .line("There are no examples: write some into .nlq/examples/, such as .nlq/examples/orders.yaml.")?;
        return Ok(Exit::Clean);
    }
    let left = |name| (name, Align::Left);
    let mut table =
        Table::new(&[left("id"), left(""), left("question"), left("connection"), left("intent"), left("file")]);
    for example in &examples {
        let verdict = if example.good { "good" } else { "bad" };
        let connection = example.connection.as_deref().unwrap_or("any");
        let file = short(&example.file);
        table.row([&example.id, verdict, &example.question, connection, example.intent.name(), &file]);
    }
    context.out.line(table.render(context.out))?;
    context.out.line(context.out.paint(Style::Dim, format!("({})", count(examples.len(), "example"))))?;
    Ok(Exit::Clean)
}

fn search(
    question: &str,
    connection: Option<&str>,
    limit: usize,
    json: bool,
    context: &Context,
) -> Result<Exit, CliError> {
    let session = context.session()?;
    let found = session.find_examples(question, connection, limit)?;
    if json {
        context.out.json(&found.iter().map(found_json).collect())?;
    } else if found.is_empty() {
        context.out.line("No example is like this question.")?;
    } else {
        for found in &found {
            context.out.line(text(found, context.out))?;
        }
    }
    Ok(Exit::Clean)
}

fn text(found: &nlq_knowledge::Found, out: Output) -> String {
    let example = &found.example;
    let verdict = if example.good { out.paint(Style::Green, "good") } else { out.paint(Style::Red, "bad") };
    let by = out.paint(Style::Dim, format!("({:.2}, {})", found.similarity, found.strategies.join(", ")));
    let mut text = format!("{verdict}  {} {by}\n", out.paint(Style::Bold, visible(&example.question, false)));
    text.push_str(&out.paint(Style::Dim, indent(&visible(&example.query, true), 6)));
    if let Some(note) = &example.note {
        text.push_str(&format!("\n{}", indent(&visible(note, true), 6)));
    }
    text.push('\n');
    text
}
