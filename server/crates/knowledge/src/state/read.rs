use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::{Row, sqlite::SqliteRow};

use super::{StateError, StateStore, TurnRecord, write::day};

/// Questions that belong together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Conversation {
    /// Its id.
    pub id: String,
    /// The workspace's root folder.
    pub workspace: String,
    /// `provider/connection`.
    pub connection: String,
    /// URI of the document that it stands in; none on the command line.
    pub document: Option<String>,
    /// Its first question.
    pub opening: String,
    /// `active` while an answer is owed, `completed` with one, `abandoned` when nobody came back.
    pub status: String,
    /// Turns so far.
    pub turns: u32,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last continued.
    pub updated_at: DateTime<Utc>,
}

/// A turn with what its audit asks for (seeds/000, section 6.3).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AuditRow {
    /// The turn.
    pub turn_id: String,
    /// Its conversation.
    pub conversation_id: String,
    /// Its place there, from 1.
    pub turn_number: u32,
    /// Everything that was recorded; the reasoning only when it was asked for and kept.
    #[serde(flatten)]
    pub record: TurnRecord,
    /// Tokens that models read, from their caches too.
    pub total_tokens_input: u64,
    /// Tokens that models wrote.
    pub total_tokens_output: u64,
    /// US dollars.
    pub total_cost_usd: f64,
    /// The models, in order of their first call.
    pub models_used: Vec<String>,
    /// The prompts as `name@version`, in order of their first call.
    pub prompt_versions: Vec<String>,
}

/// Which conversations.
#[derive(Debug, Clone, Default)]
pub struct ConversationFilter {
    /// Of one workspace; of all when none.
    pub workspace: Option<String>,
    /// Of one document.
    pub document: Option<String>,
    /// The one whose id begins so.
    pub id: Option<String>,
    /// Continued since then.
    pub since: Option<DateTime<Utc>>,
    /// As many at most, the newest; all when none.
    pub limit: Option<u32>,
}

/// Which turns.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Of one workspace; of all when none.
    pub workspace: Option<String>,
    /// Of the conversation whose id begins so.
    pub conversation: Option<String>,
    /// The one whose id begins so.
    pub turn: Option<String>,
    /// Asked since then.
    pub since: Option<DateTime<Utc>>,
    /// With their reasoning.
    pub reasoning: bool,
    /// As many at most, the newest; all when none.
    pub limit: Option<u32>,
}

/// What models have cost a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Spent {
    /// Tokens of this day, read and written.
    pub tokens_today: u64,
    /// US dollars of this day.
    pub usd_today: f64,
    /// US dollars since the beginning.
    pub usd_workspace: f64,
}

impl StateStore {
    /// Conversations, the newest first.
    pub async fn conversations(&self, filter: &ConversationFilter) -> Result<Vec<Conversation>, StateError> {
        let select = "SELECT c.*, (SELECT count(*) FROM turns t WHERE t.conversation_id = c.id) AS turns
            FROM conversations c
            WHERE (?1 IS NULL OR workspace = ?1) AND (?2 IS NULL OR document = ?2)
              AND (?3 IS NULL OR substr(id, 1, length(?3)) = ?3) AND (?4 IS NULL OR updated_at >= ?4)
            ORDER BY updated_at DESC LIMIT ?5";
        let rows = sqlx::query(select)
            .bind(&filter.workspace)
            .bind(&filter.document)
            .bind(&filter.id)
            .bind(filter.since.map(|since| since.timestamp_millis()))
            .bind(limit(filter.limit))
            .fetch_all(&self.pool)
            .await;
        let rows = self.done(rows)?;
        self.done(rows.iter().map(conversation).collect())
    }

    /// The turns of a conversation, in order, with their reasoning.
    pub async fn turns(&self, conversation: &str) -> Result<Vec<AuditRow>, StateError> {
        let filter =
            AuditFilter { conversation: Some(conversation.to_owned()), reasoning: true, ..AuditFilter::default() };
        let mut turns = self.audit(&filter).await?;
        turns.reverse();
        Ok(turns)
    }

    /// Audit rows, the newest first.
    pub async fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StateError> {
        let select = "SELECT id, conversation_id, turn_number, record, CASE WHEN ?5 THEN reasoning END AS reasoning
            FROM turns
            WHERE (?1 IS NULL OR workspace = ?1) AND (?2 IS NULL OR substr(conversation_id, 1, length(?2)) = ?2)
              AND (?3 IS NULL OR substr(id, 1, length(?3)) = ?3) AND (?4 IS NULL OR created_at >= ?4)
            ORDER BY created_at DESC, turn_number DESC LIMIT ?6";
        let rows = sqlx::query(select)
            .bind(&filter.workspace)
            .bind(&filter.conversation)
            .bind(&filter.turn)
            .bind(filter.since.map(|since| since.timestamp_millis()))
            .bind(filter.reasoning)
            .bind(limit(filter.limit))
            .fetch_all(&self.pool)
            .await;
        let rows = self.done(rows)?;
        self.done(rows.iter().map(audit_row).collect())
    }

    /// What models have cost a workspace, for its budget.
    pub async fn spent(&self, workspace: &str) -> Result<Spent, StateError> {
        let select = "SELECT coalesce(sum(tokens) FILTER (WHERE day = ?2), 0),
                coalesce(sum(cost_usd) FILTER (WHERE day = ?2), 0.0), coalesce(sum(cost_usd), 0.0)
            FROM spending WHERE workspace = ?1";
        let row = sqlx::query_as(select).bind(workspace).bind(day(Utc::now())).fetch_one(&self.pool).await;
        let (tokens, usd_today, usd_workspace): (i64, f64, f64) = self.done(row)?;
        Ok(Spent { tokens_today: tokens.max(0) as u64, usd_today, usd_workspace })
    }
}

/// SQLite takes a negative limit for none.
fn limit(limit: Option<u32>) -> i64 {
    limit.map_or(-1, i64::from)
}

fn conversation(row: &SqliteRow) -> sqlx::Result<Conversation> {
    Ok(Conversation {
        id: row.try_get("id")?,
        workspace: row.try_get("workspace")?,
        connection: row.try_get("connection")?,
        document: row.try_get("document")?,
        opening: row.try_get("opening")?,
        status: row.try_get("status")?,
        turns: row.try_get("turns")?,
        created_at: time(row.try_get("created_at")?),
        updated_at: time(row.try_get("updated_at")?),
    })
}

fn audit_row(row: &SqliteRow) -> sqlx::Result<AuditRow> {
    let decode = |error: serde_json::Error| sqlx::Error::Decode(error.into());
    let mut record: TurnRecord = serde_json::from_str(row.try_get("record")?).map_err(decode)?;
    if let Some(reasoning) = row.try_get::<Option<&str>, _>("reasoning")? {
        record.reasoning = serde_json::from_str(reasoning).map_err(decode)?;
    }
    let usage = record.usage();
    Ok(AuditRow {
        turn_id: row.try_get("id")?,
        conversation_id: row.try_get("conversation_id")?,
        turn_number: row.try_get("turn_number")?,
        total_tokens_input: usage.input + usage.cache_read + usage.cache_write,
        total_tokens_output: usage.output,
        total_cost_usd: record.cost_usd(),
        models_used: once(record.calls.iter().map(|call| call.model.clone())),
        prompt_versions: once(record.calls.iter().map(|call| format!("{}@{}", call.prompt, call.prompt_version))),
        record,
    })
}

fn once(items: impl Iterator<Item = String>) -> Vec<String> {
    items.fold(Vec::new(), |mut all, item| {
        if !all.contains(&item) {
            all.push(item);
        }
        all
    })
}

fn time(milliseconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(milliseconds).unwrap_or_default()
}
