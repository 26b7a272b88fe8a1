use nlq_engine::{Clarification, Outcome};
use nlq_providers::{Limits, Rows};
use serde_json::{Value, json};

use super::{
    asking::{self, Asking},
    context::Context,
    error::{CliError, Exit},
    explain,
    output::{Output, Progress, Style, Table, confidence_words, indent, summary, visible},
    terminal,
};
use crate::session::{Ask, Checked, Combined, Session, SessionError, Stepped, Validation, calls_in_words, totals};

/// Clarifications that one question may lead to before it is left to the user to ask anew.
const MAX_CLARIFICATIONS: usize = 5;

/// Rows of one step that are shown: the whole is in `--json`.
const MAX_STEP_ROWS: usize = 10;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    asking: Asking,
    /// Show the whole derivation
    #[arg(long)]
    explain: bool,
    /// Run the query and show its rows
    #[arg(long, conflicts_with = "offline")]
    run: bool,
    /// Rows to show at most (default: the workspace's `max_result_rows`)
    #[arg(long, value_name = "ROWS", requires = "run")]
    limit: Option<usize>,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, CliError> {
    let mut ask = args.asking.read()?;
    let session = context.session()?;
    let interactive = !args.asking.json && terminal::is_interactive();
    let mut checked = asking::answer(&session, &ask, context).await?;
    while let Outcome::Clarification(asked) = &checked.answer.outcome
        && interactive
        && ask.replies.len() < MAX_CLARIFICATIONS
    {
        context.out.line(clarification_text(asked, context.out))?;
        let Some(choice) = terminal::choose("Which one is meant?", asked.options.len())? else {
            session.close().await;
            return Ok(Exit::Findings);
        };
        ask.replies.push(asked.options[choice].label.clone());
        context.out.line("")?;
        checked = asking::answer(&session, &ask, context).await?;
    }
    let rows = match (&checked.answer.outcome, &checked.validation) {
        (Outcome::Query { .. }, Validation::Failed(_)) => None,
        (Outcome::Query { sql, .. }, _) if args.run => Some(rows(&session, &checked, sql, &args, context).await),
        _ => None,
    };
    session.close().await;
    let failed = matches!(rows, Some(Err(_)));
    let exit = if failed { Exit::Findings } else { asking::exit(&checked) };
    if args.asking.json {
        context.out.json(&to_json(&ask, &checked, rows.as_ref(), args.explain))?;
        return Ok(exit);
    }
    context.out.line(answer_text(&checked, context.out))?;
    if args.explain {
        context.out.line(explain::derivation(&checked, &session, context.out))?;
    }
    match rows {
        Some(Ok(rows)) => {
            context.out.line("")?;
            context.out.line(rows_text(&rows, rows.rows.len(), context.out))?;
        }
        Some(Err(error)) => return Err(error.into()),
        None => {}
    }
    Ok(exit)
}

async fn rows(
    session: &Session,
    checked: &Checked,
    sql: &str,
    args: &Args,
    context: &Context,
) -> Result<Rows, SessionError> {
    let _progress = Progress::spinner(format!("Running on {}", checked.connection));
    let agents = session.view().config.agents;
    let limits =
        args.limit.map(|rows| Limits { rows, bytes: agents.max_result_bytes, timeout: agents.execution_timeout });
    session.run(&checked.connection, sql, limits, context.cancel.clone()).await
}

/// The answer as people read it.
pub(super) fn answer_text(checked: &Checked, out: Output) -> String {
    let answer = &checked.answer;
    let mut text = match &answer.outcome {
        Outcome::Query { sql, description } => {
            let mut text = visible(sql, true);
            text.push('\n');
            if !description.is_empty() {
                field(&mut text, out, "In words", description);
            }
            let words = confidence_words(answer.confidence);
            field(&mut text, out, "Confidence", &format!("{:.2}, {words}", answer.confidence));
            text
        }
        Outcome::Clarification(asked) => clarification_text(asked, out),
        Outcome::Abstention { reason } => {
            format!("{} {}", out.paint(Style::Yellow, "No answer:"), visible(reason, true))
        }
    };
    match &checked.validation {
        Validation::Passed => {
            field(&mut text, out, "Validated", &format!("{} accepts it", checked.connection));
        }
        Validation::Offline(why) => {
            let said = format!("against the schema snapshot of {} only: {why}", checked.connection);
            field(&mut text, out, "Validated", &said);
        }
        Validation::Failed(error) => {
            field(&mut text, out, "Refused", &format!("{} says: {error}", checked.connection));
        }
        Validation::NotApplicable => {}
    }
    if !checked.calls.is_empty() {
        let mut models: Vec<&str> = checked.calls.iter().map(|call| call.model.as_str()).collect();
        models.dedup();
        field(&mut text, out, "Model", &format!("{}: {}", models.join(", "), calls_in_words(&checked.calls)));
    }
    if let Some(steps) = &checked.steps {
        steps_text(steps, &mut text, out);
    }
    for note in &checked.notes {
        field(&mut text, out, "Note", note);
    }
    for boundary in &answer.boundaries {
        let word = boundary.span.of(&answer.reasoning.query_text);
        let about = if word.is_empty() { String::new() } else { format!("\"{word}\": ") };
        field(&mut text, out, "Not sure", &format!("{about}{}", boundary.explanation));
        for suggestion in &boundary.suggestions {
            field(&mut text, out, "", &format!("→ {suggestion}"));
        }
    }
    if matches!(answer.outcome, Outcome::Query { .. }) && !answer.alternatives.is_empty() {
        text.push_str("\nOther readings");
        for (number, other) in answer.alternatives.iter().enumerate() {
            let confidence = out.paint(Style::Dim, format!("({:.2})", other.confidence));
            let head = format!("\n{:>3}. {} {confidence}\n", number + 1, visible(&other.description, true));
            text.push_str(&head);
            text.push_str(&out.paint(Style::Dim, indent(&visible(&other.sql, true), 5)));
        }
    }
    text
}

/// The steps of a question with what they found.
fn steps_text(stepped: &Stepped, text: &mut String, out: Output) {
    for (number, done) in stepped.steps.iter().enumerate() {
        let head = format!("\n\n{}. {}", number + 1, visible(&done.step.description, true));
        text.push_str(&out.paint(Style::Bold, head));
        text.push_str(&out.paint(Style::Dim, format!(" ({})", done.step.connection)));
        text.push_str(&format!("\n{}\n", indent(&visible(&done.sql, true), 3)));
        text.push_str(&rows_text(&done.rows, MAX_STEP_ROWS, out));
    }
    match &stepped.combined {
        Some(Combined::Query { sql, rows }) => {
            text.push_str(&out.paint(Style::Bold, "\n\nCombined"));
            text.push_str(&format!("\n{}\n", indent(&visible(sql, true), 3)));
            text.push_str(&rows_text(rows, rows.rows.len(), out));
        }
        Some(Combined::Answer(said)) => text.push_str(&format!("\n\n{}\n", visible(said, true))),
        None => {}
    }
}

fn field(text: &mut String, out: Output, name: &str, value: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    let name = out.paint(Style::Cyan, format!("{name:<10}"));
    text.push_str(&format!("{name}  {}", visible(value, true)));
}

pub(super) fn clarification_text(asked: &Clarification, out: Output) -> String {
    let mut text = format!("{} {}", out.paint(Style::Yellow, "nlq asks:"), visible(&asked.question, true));
    for (number, option) in asked.options.iter().enumerate() {
        text.push_str(&format!("\n{:>3}. {}\n", number + 1, out.paint(Style::Bold, visible(&option.label, true))));
        text.push_str(&out.paint(Style::Dim, indent(&visible(&option.sql, true), 5)));
    }
    text
}

/// Rows as an aligned table with what a limit left out.
pub(super) fn rows_text(rows: &Rows, limit: usize, out: Output) -> String {
    let note = out.paint(Style::Dim, summary(rows, limit.min(rows.rows.len())));
    if rows.columns.is_empty() { note } else { format!("{}\n{note}", Table::of(rows, limit).render(out)) }
}

/// Documented in docs/cli.md.
pub(super) fn to_json(ask: &Ask, checked: &Checked, rows: Option<&Result<Rows, SessionError>>, explain: bool) -> Value {
    let answer = &checked.answer;
    let mut object = json!({
        "question": ask.text,
        "connection": checked.connection.to_string(),
        "outcome": match &answer.outcome {
            Outcome::Query { .. } => "query",
            Outcome::Clarification(_) => "clarification",
            Outcome::Abstention { .. } => "abstention",
        },
        "confidence": answer.confidence,
    });
    match &answer.outcome {
        Outcome::Query { sql, description } => {
            object["sql"] = json!(sql);
            object["description"] = json!(description);
        }
        Outcome::Clarification(asked) => object["clarification"] = json!(asked),
        Outcome::Abstention { reason } => object["reason"] = json!(reason),
    }
    object["validation"] = match &checked.validation {
        Validation::Passed => json!({ "status": "passed" }),
        Validation::Offline(why) => json!({ "status": "offline", "message": why }),
        Validation::Failed(error) => json!({ "status": "failed", "code": error.code, "message": error.message }),
        Validation::NotApplicable => json!({ "status": "none" }),
    };
    object["iterations"] = json!(checked.iterations);
    if !checked.calls.is_empty() {
        let (tokens, cost) = totals(&checked.calls);
        object["model"] = json!({ "calls": checked.calls, "tokens": tokens, "cost_usd": cost });
    }
    if let Some(stepped) = &checked.steps {
        let step = |done: &crate::session::DoneStep| {
            json!({
                "id": done.step.id,
                "description": done.step.description,
                "connection": done.step.connection,
                "question": done.step.question,
                "sql": done.sql,
                "confidence": done.confidence,
                "rows": rows_json(&done.rows),
            })
        };
        object["steps"] = stepped.steps.iter().map(step).collect();
        object["combined"] = match &stepped.combined {
            Some(Combined::Query { sql, rows }) => json!({ "sql": sql, "rows": rows_json(rows) }),
            Some(Combined::Answer(said)) => json!({ "answer": said }),
            None => Value::Null,
        };
    }
    if !checked.notes.is_empty() {
        object["notes"] = json!(checked.notes);
    }
    object["boundaries"] = json!(answer.boundaries);
    object["alternatives"] = json!(answer.alternatives);
    if explain {
        object["factors"] = json!(answer.factors);
        object["reasoning"] = json!(answer.reasoning);
    }
    match rows {
        Some(Ok(rows)) => object["rows"] = rows_json(rows),
        Some(Err(error)) => object["error"] = json!({ "code": error.code, "message": error.message }),
        None => {}
    }
    object
}

fn rows_json(rows: &Rows) -> Value {
    json!({
        "columns": rows.columns,
        "rows": rows.rows,
        "truncated": rows.truncated,
        "elapsed_ms": rows.elapsed.as_secs_f64() * 1000.0,
    })
}
