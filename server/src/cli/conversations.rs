use chrono::Local;
use nlq_knowledge::state::{AuditRow, Conversation, ConversationFilter};
use serde_json::json;

use super::{
    audit::{outcome, when},
    context::Context,
    error::{CliError, Exit},
    output::{Align, Style, Table, count, indent, visible},
};
use crate::session::since;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List the conversations of this workspace, the newest first
    List {
        /// Continued since then: 7d, 24h, or a day such as 2026-11-20
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// As many at most
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
    /// Show the turns of one conversation
    Show {
        /// Its id, or how it begins
        id: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(command: Command, context: &Context) -> Result<Exit, CliError> {
    let session = context.session()?;
    let state = session.state().await?;
    let filter = ConversationFilter { workspace: session.root(), ..ConversationFilter::default() };
    match command {
        Command::List { since: asked, limit, json } => {
            let since = asked.as_deref().map(since).transpose().map_err(CliError::Usage)?;
            let found = state.conversations(&ConversationFilter { since, limit: Some(limit), ..filter }).await?;
            if json {
                context.out.json(&json!(found))?;
            } else {
                list(&found, context)?;
            }
        }
        Command::Show { id, json } => {
            let found = state.conversations(&ConversationFilter { id: Some(id.clone()), ..filter }).await?;
            let [conversation] = found.as_slice() else {
                let what = if found.is_empty() { "no conversation has" } else { "several conversations have" };
                return Err(CliError::Failed(format!("{what} an id that begins {id}: see `nlq conversations list`")));
            };
            let turns = state.turns(&conversation.id).await?;
            if json {
                context.out.json(&json!({ "conversation": conversation, "turns": turns }))?;
            } else {
                show(conversation, &turns, context)?;
            }
        }
    }
    session.close().await;
    Ok(Exit::Clean)
}

fn list(found: &[Conversation], context: &Context) -> Result<(), CliError> {
    let left = |name| (name, Align::Left);
    let mut table = Table::new(&[
        left("id"),
        left("last turn"),
        left("status"),
        ("turns", Align::Right),
        left("connection"),
        left("begins"),
    ]);
    for one in found {
        let turns = one.turns.to_string();
        table.row([&one.id, &when(one.updated_at), &one.status, &turns, &one.connection, &one.opening]);
    }
    context.out.line(table.render(context.out))?;
    context.out.line(context.out.paint(Style::Dim, format!("({})", count(found.len(), "conversation"))))
}

fn show(conversation: &Conversation, turns: &[AuditRow], context: &Context) -> Result<(), CliError> {
    let out = context.out;
    let begun = conversation.created_at.with_timezone(&Local).format("%Y-%m-%d %H:%M");
    let head = format!("{} on {}, {}, begun {begun}", conversation.id, conversation.connection, conversation.status);
    out.line(out.paint(Style::Dim, head))?;
    for turn in turns {
        let record = &turn.record;
        let question = out.paint(Style::Bold, visible(&record.user_input, true));
        out.line(format!("\n{}. {question}", turn.turn_number))?;
        for reply in &record.replies {
            out.line(format!("   → {}", visible(reply, true)))?;
        }
        let said = [&record.query, &record.clarification, &record.reason].into_iter().flatten().next();
        if let Some(said) = said {
            out.line(indent(&visible(said, true), 3))?;
        }
        let note = format!("{}, turn {}", outcome(record), turn.turn_id);
        out.line(out.paint(Style::Dim, indent(&note, 3)))?;
    }
    Ok(())
}
