use chrono::{DateTime, Local, Utc};
use nlq_knowledge::state::{AuditFilter, AuditRow, TurnOutcome, TurnRecord, ValidationStatus};
use serde_json::{Value, json};

use super::{
    context::Context,
    error::{CliError, Exit},
    output::{Align, Output, Style, Table, count, indent, visible},
};
use crate::session::since;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Asked since then: 7d, 24h, or a day such as 2026-11-20
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Of this conversation: its id, or how it begins
    #[arg(long, value_name = "ID")]
    conversation: Option<String>,
    /// The whole of one turn: its id, or how it begins
    #[arg(long, value_name = "ID")]
    turn: Option<String>,
    /// As many at most
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Print one JSON array; with --turn, one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, CliError> {
    let session = context.session()?;
    let state = session.state().await?;
    let filter = AuditFilter {
        workspace: session.root(),
        since: args.since.as_deref().map(since).transpose().map_err(CliError::Usage)?,
        conversation: args.conversation,
        reasoning: args.turn.is_some(),
        turn: args.turn.clone(),
        limit: Some(args.limit),
    };
    let rows = state.audit(&filter).await?;
    session.close().await;
    let Some(turn) = args.turn else {
        if args.json {
            context.out.json(&json!(rows))?;
        } else {
            list(&rows, context)?;
        }
        return Ok(Exit::Clean);
    };
    let [row] = rows.as_slice() else {
        let what = if rows.is_empty() { "no turn has" } else { "several turns have" };
        return Err(CliError::Failed(format!("{what} an id that begins {turn}: see `nlq audit`")));
    };
    if args.json {
        context.out.json(&json!(row))?;
    } else {
        context.out.line(trace(row, context.out))?;
    }
    Ok(Exit::Clean)
}

fn list(rows: &[AuditRow], context: &Context) -> Result<(), CliError> {
    let (left, right) = (|name| (name, Align::Left), |name| (name, Align::Right));
    let mut table = Table::new(&[
        left("turn"),
        left("asked"),
        left("question"),
        left("outcome"),
        right("sure"),
        right("tokens"),
        right("USD"),
        right("ms"),
    ]);
    for row in rows {
        let record = &row.record;
        table.row([
            row.turn_id.clone(),
            when(record.created_at),
            record.user_input.clone(),
            outcome(record),
            format!("{:.2}", record.confidence),
            record.usage().total().to_string(),
            format!("{:.4}", row.total_cost_usd),
            format!("{:.0}", record.latency_ms),
        ]);
    }
    context.out.line(table.render(context.out))?;
    context.out.line(context.out.paint(Style::Dim, format!("({})", count(rows.len(), "turn"))))
}

/// Everything that is known of one turn.
fn trace(row: &AuditRow, out: Output) -> String {
    let record = &row.record;
    let mut text = out.paint(Style::Bold, visible(&record.user_input, true));
    let mut field = |name: &str, value: &str| {
        if !value.is_empty() {
            text.push_str(&format!("\n{}  {}", out.paint(Style::Cyan, format!("{name:<12}")), visible(value, true)));
        }
    };
    field("Turn", &format!("{} ({} of conversation {})", row.turn_id, row.turn_number, row.conversation_id));
    field("Asked", &format!("{}, of {}", when(record.created_at), record.connection));
    field("Document", record.document.as_deref().unwrap_or_default());
    field("Replies", &record.replies.join("; "));
    field("Outcome", &outcome(record));
    field("Confidence", &format!("{:.2}", record.confidence));
    field("Said back", record.clarification.as_deref().or(record.reason.as_deref()).unwrap_or_default());
    field("Validation", record.validation_message.as_deref().unwrap_or_default());
    field("Run", record.execution_success.map_or("", |ok| if ok { "it ran" } else { "it failed" }));
    field("Iterations", &record.iterations.to_string());
    field("Tables", &record.schema_context.join(", "));
    field("Examples", &record.examples_retrieved.join(", "));
    field("Models", &row.models_used.join(", "));
    field("Prompts", &row.prompt_versions.join(", "));
    let tokens = format!("{} in, {} out", row.total_tokens_input, row.total_tokens_output);
    field("Tokens", if row.models_used.is_empty() { "" } else { &tokens });
    let cost = format!("{:.4} USD", row.total_cost_usd);
    field("Cost", if row.models_used.is_empty() { "" } else { &cost });
    field("Time", &format!("{:.1} ms", record.latency_ms));
    if let Some(query) = &record.query {
        text.push_str(&format!("\n\n{}", indent(&visible(query, true), 2)));
    }
    if !record.agents.is_empty() {
        text.push_str(&format!("\n\n{}", agents(record).render(out)));
    }
    if !record.calls.is_empty() {
        text.push_str(&format!("\n\n{}", calls(record).render(out)));
    }
    for stage in record.reasoning["stages"].as_array().into_iter().flatten() {
        text.push_str(&stage_text(stage, out));
    }
    text
}

fn agents(record: &TurnRecord) -> Table {
    let mut table = Table::new(&[("agent", Align::Left), ("ms", Align::Right), ("came to", Align::Left)]);
    for trace in &record.agents {
        table.row([trace.agent.clone(), format!("{:.1}", trace.latency_ms), trace.conclusion.clone()]);
    }
    table
}

fn calls(record: &TurnRecord) -> Table {
    let (left, right) = (|name| (name, Align::Left), |name| (name, Align::Right));
    let mut table = Table::new(&[
        left("call of"),
        left("model"),
        left("prompt"),
        right("in"),
        right("cached"),
        right("out"),
        right("USD"),
        right("ms"),
        left(""),
    ]);
    for call in &record.calls {
        table.row([
            call.agent.clone(),
            call.model.clone(),
            format!("{}@{}", call.prompt, call.prompt_version),
            (call.usage.input + call.usage.cache_write).to_string(),
            call.usage.cache_read.to_string(),
            call.usage.output.to_string(),
            call.cost_usd.map_or_else(|| "?".into(), |cost| format!("{cost:.4}")),
            call.latency_ms.to_string(),
            call.error.clone().unwrap_or_default(),
        ]);
    }
    table
}

fn stage_text(stage: &Value, out: Output) -> String {
    let said = |value: &Value| visible(value.as_str().unwrap_or_default(), true);
    let name = out.paint(Style::Bold, said(&stage["name"]));
    let mut text = format!("\n\n{name}: {}", said(&stage["conclusion"]));
    for step in stage["steps"].as_array().into_iter().flatten() {
        text.push_str(&format!("\n  {}", said(&step["description"])));
        for line in nlq_ide::evidence_lines(&step["evidence"]) {
            text.push_str(
                &out.paint(Style::Dim, format!("\n    {}{}", "  ".repeat(line.depth), visible(&line.text, false))),
            );
        }
    }
    text
}

/// What came of a turn, in a few words.
pub(super) fn outcome(record: &TurnRecord) -> String {
    let validation = match record.validation {
        ValidationStatus::Passed => "query, accepted",
        ValidationStatus::Failed => "query, refused",
        ValidationStatus::Offline | ValidationStatus::None => "query, not validated",
    };
    match record.outcome {
        TurnOutcome::Query => validation,
        TurnOutcome::Clarification => "question back",
        TurnOutcome::Abstention => "no answer",
        TurnOutcome::Error => "error",
    }
    .to_owned()
}

/// In the user's own time.
pub(super) fn when(time: DateTime<Utc>) -> String {
    time.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string()
}
