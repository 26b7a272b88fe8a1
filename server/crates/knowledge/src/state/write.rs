use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::SqliteConnection;

use super::{StateError, StateStore, TraceLevel, TurnOutcome, TurnRecord, ValidationStatus, record::kept};

/// Turns in which a query that is run is looked for: what was asked longer ago is hardly what is run now.
const RECENT: i64 = 500;

/// Where a turn was put.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TurnId {
    /// Its conversation.
    pub conversation: String,
    /// The turn.
    pub turn: String,
    /// Its place in the conversation, from 1.
    pub number: u32,
}

impl StateStore {
    /// Stores a turn with its audit row, whole or not at all; of its reasoning what `level` keeps.
    pub async fn record(&self, record: &TurnRecord, level: TraceLevel) -> Result<TurnId, StateError> {
        let recorded = async {
            let mut writing = self.pool.begin_with("BEGIN IMMEDIATE").await?;
            let conversation = conversation(&mut writing, record).await?;
            let id = turn(&mut writing, &conversation, record, level).await?;
            spend(&mut writing, record).await?;
            writing.commit().await?;
            Ok(id)
        };
        self.done(recorded.await)
    }

    /// Notes how the run of a query went, in the last turn that gave it; nothing when no recent one did.
    pub async fn executed(&self, workspace: &str, connection: &str, query: &str, ok: bool) -> Result<(), StateError> {
        let update = "UPDATE turns SET record = json_set(record, '$.execution_success', json(?4)) WHERE id = (
                SELECT id FROM (SELECT * FROM turns WHERE workspace = ?1 ORDER BY created_at DESC LIMIT ?5)
                WHERE record ->> 'query' = ?3 AND record ->> 'connection' = ?2
                ORDER BY created_at DESC LIMIT 1)";
        let updated = sqlx::query(update)
            .bind(workspace)
            .bind(connection)
            .bind(query)
            .bind(if ok { "true" } else { "false" })
            .bind(RECENT)
            .execute(&self.pool)
            .await;
        self.done(updated).map(|_| ())
    }
}

/// The conversation that a turn continues or begins, brought up to date.
async fn conversation(writing: &mut SqliteConnection, record: &TurnRecord) -> sqlx::Result<String> {
    let found: Option<(String,)> = if let Some(id) = &record.conversation {
        let find = "SELECT id FROM conversations WHERE id = ? AND workspace = ?";
        sqlx::query_as(find).bind(id).bind(&record.workspace).fetch_optional(&mut *writing).await?
    } else if record.document.is_some() || !record.replies.is_empty() {
        // A prompt in a document stays itself however often it is asked; without a document only a reply continues.
        let find = "SELECT id FROM conversations
            WHERE workspace = ? AND connection = ? AND document IS ? AND opening = ?
              AND (document IS NOT NULL OR status = 'active')
            ORDER BY updated_at DESC LIMIT 1";
        sqlx::query_as(find)
            .bind(&record.workspace)
            .bind(&record.connection)
            .bind(&record.document)
            .bind(&record.opening)
            .fetch_optional(&mut *writing)
            .await?
    } else {
        None
    };
    let answered = record.outcome == TurnOutcome::Query && record.validation != ValidationStatus::Failed;
    let status = if answered { "completed" } else { "active" };
    let now = record.created_at.timestamp_millis();
    if let Some((id,)) = found {
        let update = "UPDATE conversations SET status = ?, updated_at = max(updated_at, ?) WHERE id = ?";
        sqlx::query(update).bind(status).bind(now).bind(&id).execute(&mut *writing).await?;
        return Ok(id);
    }
    let insert =
        "INSERT INTO conversations (id, workspace, connection, document, opening, status, created_at, updated_at)
        VALUES (lower(hex(randomblob(8))), ?, ?, ?, ?, ?, ?, ?) RETURNING id";
    let (id,): (String,) = sqlx::query_as(insert)
        .bind(&record.workspace)
        .bind(&record.connection)
        .bind(&record.document)
        .bind(&record.opening)
        .bind(status)
        .bind(now)
        .bind(now)
        .fetch_one(&mut *writing)
        .await?;
    Ok(id)
}

async fn turn(
    writing: &mut SqliteConnection,
    conversation: &str,
    record: &TurnRecord,
    level: TraceLevel,
) -> sqlx::Result<TurnId> {
    let reasoning = kept(level, &record.reasoning).map(|stream| stream.to_string());
    let mut bare = TurnRecord { reasoning: serde_json::Value::Null, ..record.clone() };
    if level == TraceLevel::None {
        // What agents took is counted all the same.
        bare.agents.iter_mut().for_each(|trace| trace.conclusion.clear());
    }
    let bare = serde_json::to_string(&bare).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let insert = "INSERT INTO turns (id, conversation_id, turn_number, workspace, created_at, record, reasoning)
        SELECT lower(hex(randomblob(8))), ?1, 1 + coalesce(max(turn_number), 0), ?2, ?3, ?4, ?5
        FROM turns WHERE conversation_id = ?1
        RETURNING id, turn_number";
    let (turn, number): (String, i64) = sqlx::query_as(insert)
        .bind(conversation)
        .bind(&record.workspace)
        .bind(record.created_at.timestamp_millis())
        .bind(bare)
        .bind(reasoning)
        .fetch_one(&mut *writing)
        .await?;
    Ok(TurnId { conversation: conversation.to_owned(), turn, number: number as u32 })
}

/// Adds the calls of a turn to its day.
async fn spend(writing: &mut SqliteConnection, record: &TurnRecord) -> sqlx::Result<()> {
    if record.calls.is_empty() {
        return Ok(());
    }
    let insert = "INSERT INTO spending (workspace, day, tokens, cost_usd) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET tokens = tokens + excluded.tokens, cost_usd = cost_usd + excluded.cost_usd";
    sqlx::query(insert)
        .bind(&record.workspace)
        .bind(day(record.created_at))
        .bind(i64::try_from(record.usage().total()).unwrap_or(i64::MAX))
        .bind(record.cost_usd())
        .execute(&mut *writing)
        .await?;
    Ok(())
}

/// The day, in UTC: what budgets count by.
pub(super) fn day(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d").to_string()
}
