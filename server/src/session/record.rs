//! What is kept of a question: its turn, without secrets and without values of sensitive columns.

use std::{sync::Arc, time::Instant};

use chrono::Utc;
use nlq_config::ConnectionRef;
use nlq_engine::{Answer, LinkKind, Outcome};
use nlq_knowledge::{
    Found,
    state::{AgentTrace, StateStore, Stats, TurnOutcome, TurnRecord, ValidationStatus},
};
use nlq_providers::Rows;
use nlq_query::{QueryContext, sensitive_literals};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    Ask, Checked, Session, SessionError, Validation, ask::Events, mask::MASK, recorder::Entry, unread::guarded,
};

impl Session {
    /// Answers a question: the embedded engine first; a model where one is configured and the engine is not sure enough.
    /// Whatever is answered was checked as far as the workspace allows. `events` hears what happens. The turn is recorded
    /// beside it.
    pub(crate) async fn ask(
        &self,
        ask: &Ask,
        cancel: CancellationToken,
        events: Events<'_>,
    ) -> Result<Checked, SessionError> {
        let (begun, created_at) = (Instant::now(), Utc::now());
        // What an answer needs on its way is large: its callers need not carry it.
        let result = Box::pin(self.answered(ask, cancel, events)).await;
        // A step is a part of the turn that takes it.
        let Some(workspace) = self.root().filter(|_| !ask.is_step) else { return result };
        let turn = TurnRecord {
            workspace,
            document: ask.document.clone(),
            opening: ask.earlier.first().unwrap_or(&ask.text).clone(),
            user_input: ask.text.clone(),
            replies: ask.replies.clone(),
            latency_ms: begun.elapsed().as_secs_f64() * 1000.0,
            created_at,
            ..TurnRecord::default()
        };
        let turn = match &result {
            Ok(checked) => Some(self.of_answer(turn, checked)),
            // Who cancelled did not want an answer.
            Err(error) if error.code == "cancelled" => None,
            Err(error) => Some(self.of_failure(turn, ask, error)),
        };
        if let Some(turn) = turn {
            let (record, config) = (Arc::new(turn), Arc::clone(&self.view().config));
            self.export(&record);
            let (level, days) = (config.orchestrator.trace_level, config.observability.trace_retention_days);
            self.recorder.note(Entry::Turn { record, level, days });
        }
        result
    }

    /// Notes how the run of a query went, in the turn that gave it.
    pub(super) fn note_run(&self, reference: &ConnectionRef, sql: &str, result: &Result<Rows, SessionError>) {
        let said = !matches!(result, Err(error) if error.code == "cancelled");
        if let Some(workspace) = self.root().filter(|_| said) {
            let (connection, query) = (reference.to_string(), self.without_secrets(reference, sql));
            self.recorder.note(Entry::Run { workspace, connection, query, ok: result.is_ok() });
        }
    }

    /// What was recorded, of all workspaces.
    pub(crate) async fn state(&self) -> Result<StateStore, SessionError> {
        self.recorder.store().await
    }

    /// The workspace as the state knows it.
    pub(crate) fn root(&self) -> Option<String> {
        let root = self.view().root.clone()?;
        // One name however the folder is reached.
        Some(std::fs::canonicalize(&root).unwrap_or(root).display().to_string())
    }

    fn of_failure(&self, turn: TurnRecord, ask: &Ask, error: &SessionError) -> TurnRecord {
        let connection = self.find_connection(ask.connection.as_deref()).ok();
        let turn = TurnRecord {
            connection: connection
                .as_ref()
                .map_or_else(|| ask.connection.clone().unwrap_or_default(), ToString::to_string),
            outcome: TurnOutcome::Error,
            reason: Some(error.message.clone()),
            ..turn
        };
        if connection.is_some_and(|connection| self.has_no_secrets(&connection)) {
            return turn;
        }
        TurnRecord {
            opening: guarded(&turn.opening),
            user_input: guarded(&turn.user_input),
            replies: turn.replies.iter().map(|reply| guarded(reply)).collect(),
            ..turn
        }
    }

    fn of_answer(&self, turn: TurnRecord, checked: &Checked) -> TurnRecord {
        let Checked { answer, connection, validation, calls, examples, .. } = checked;
        let (outcome, query, clarification, reason) = match &answer.outcome {
            Outcome::Query { sql, .. } => (TurnOutcome::Query, Some(sql.clone()), None, None),
            Outcome::Clarification(asked) => (TurnOutcome::Clarification, None, Some(asked.question.clone()), None),
            Outcome::Abstention { reason } => (TurnOutcome::Abstention, None, None, Some(reason.clone())),
        };
        let (validation, validation_message) = match validation {
            Validation::Passed => (ValidationStatus::Passed, None),
            Validation::Offline(why) => (ValidationStatus::Offline, Some(why.clone())),
            Validation::Failed(error) => (ValidationStatus::Failed, Some(error.message.clone())),
            Validation::NotApplicable => (ValidationStatus::None, None),
        };
        let stages = &answer.reasoning.stages;
        // Models see all that were found; the engine alone gives one's query as it is.
        let used = |found: &&Found| !calls.is_empty() || query.as_ref() == Some(&found.example.query);
        let ids = |found: &Found| found.example.id.clone();
        let agents = stages.iter().map(|stage| AgentTrace {
            agent: agent(&stage.name),
            conclusion: stage.conclusion.clone(),
            latency_ms: stage.micros as f64 / 1000.0,
        });
        let turn = TurnRecord {
            connection: connection.to_string(),
            outcome,
            iterations: checked.iterations,
            examples_searched: !self.examples.examples().is_empty(),
            examples_retrieved: examples.iter().map(ids).collect(),
            examples_used: examples.iter().filter(used).map(ids).collect(),
            calls: calls.clone(),
            query,
            confidence: answer.confidence,
            validation,
            validation_message,
            clarification,
            reason,
            reasoning: json!(answer.reasoning),
            schema_context: self.tables(connection, answer),
            agents: agents.collect(),
            ..turn
        };
        hidden(turn, &self.secrets(connection, answer))
    }

    /// The tables that the question was linked to.
    fn tables(&self, connection: &ConnectionRef, answer: &Answer) -> Vec<String> {
        let Some(index) = self.index(connection) else { return Vec::new() };
        let mut tables = Vec::new();
        for link in &answer.links {
            let linked = match &link.kind {
                LinkKind::Table(table) => vec![*table],
                LinkKind::Column(column) => vec![column.table],
                LinkKind::Value { columns, .. } => columns.iter().map(|column| column.table).collect(),
                _ => Vec::new(),
            };
            for table in linked {
                let name = &index.catalog().table(table).name;
                if !tables.contains(name) {
                    tables.push(name.clone());
                }
            }
        }
        tables
    }

    /// What may be a value of a sensitive column: literals of readings that name one, and what the question says beside
    /// a word that was linked to one.
    fn secrets(&self, connection: &ConnectionRef, answer: &Answer) -> Vec<String> {
        let Some(index) = self.index(connection) else { return Vec::new() };
        let (catalog, annotations) = (index.catalog(), index.annotations());
        let context = QueryContext { dialect: catalog.dialect, catalog: Some(catalog), annotations };
        let best = nlq_ide::best_query(answer).into_iter();
        let options = match &answer.outcome {
            Outcome::Clarification(asked) => asked.options.as_slice(),
            _ => &[],
        };
        let readings = best.chain(answer.alternatives.iter().map(|other| other.sql.as_str()));
        let readings = readings.chain(options.iter().map(|option| option.sql.as_str()));
        let mut secrets: Vec<String> = readings.flat_map(|sql| sensitive_literals(sql, context)).collect();
        let sensitive = |column: &nlq_catalog::ColumnId| {
            let table = catalog.table(column.table);
            annotations.is_sensitive(table.schema.as_deref(), &table.name, &catalog.column(*column).name)
        };
        let touches = answer.links.iter().any(|link| match &link.kind {
            LinkKind::Column(column) => sensitive(column),
            LinkKind::Value { columns, .. } => columns.iter().any(sensitive),
            _ => false,
        });
        for link in answer.links.iter().filter(|_| touches) {
            let said = link.span.of(&answer.reasoning.query_text).trim_matches(['"', '\'']).to_owned();
            match &link.kind {
                LinkKind::Value { value, .. } => secrets.extend([value.clone(), said]),
                LinkKind::Number(_) | LinkKind::Unknown => secrets.push(said),
                _ => {}
            }
        }
        secrets.retain(|secret| !secret.trim().is_empty());
        // The longest first: a part of another must not leave the rest.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        secrets
    }

    fn without_secrets(&self, connection: &ConnectionRef, sql: &str) -> String {
        let Some(index) = self.index(connection) else { return sql.to_owned() };
        let (catalog, annotations) = (index.catalog(), index.annotations());
        let mut secrets =
            sensitive_literals(sql, QueryContext { dialect: catalog.dialect, catalog: Some(catalog), annotations });
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.iter().fold(sql.to_owned(), |text, secret| hide(&text, secret))
    }
}

/// The metrics with the source design's targets; documented in docs/cli.md.
pub(crate) fn stats_json(stats: &Stats) -> Value {
    let mut object = json!(stats);
    object["targets"] = json!(stats.targets());
    object
}

/// An agent by the name of its stage. Steps of a plan are named by the model that planned them: they are one agent.
fn agent(stage: &str) -> String {
    if stage.starts_with("Step ") { "step".to_owned() } else { stage.to_lowercase().replace(' ', "_") }
}

/// The turn with every secret in what people or the engine said masked.
fn hidden(turn: TurnRecord, secrets: &[String]) -> TurnRecord {
    if secrets.is_empty() {
        return turn;
    }
    let text = |text: String| secrets.iter().fold(text, |text, secret| hide(&text, secret));
    TurnRecord {
        opening: text(turn.opening),
        user_input: text(turn.user_input),
        replies: turn.replies.into_iter().map(text).collect(),
        query: turn.query.map(text),
        validation_message: turn.validation_message.map(text),
        clarification: turn.clarification.map(text),
        reason: turn.reason.map(text),
        reasoning: within(turn.reasoning, secrets),
        agents: turn
            .agents
            .into_iter()
            .map(|trace| AgentTrace { conclusion: text(trace.conclusion), ..trace })
            .collect(),
        ..turn
    }
}

fn within(value: Value, secrets: &[String]) -> Value {
    match value {
        Value::String(text) => secrets.iter().fold(text, |text, secret| hide(&text, secret)).into(),
        Value::Number(number) if secrets.contains(&number.to_string()) => MASK.into(),
        Value::Array(items) => items.into_iter().map(|item| within(item, secrets)).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, field)| (name, within(field, secrets))).collect(),
        other => other,
    }
}

/// Masks a secret wherever it stands as whole words, in whatever letter case.
fn hide(text: &str, secret: &str) -> String {
    let (lower, wanted) = (text.to_lowercase(), secret.to_lowercase());
    // Where lower case has another length, places do not agree: only the exact spelling is found then.
    let (within, wanted) = if lower.len() == text.len() { (lower.as_str(), wanted.as_str()) } else { (text, secret) };
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, found) in within.match_indices(wanted) {
        let end = at + found.len();
        let joined = |ch: Option<char>| ch.is_some_and(char::is_alphanumeric);
        if at < done || joined(text[..at].chars().next_back()) || joined(text[end..].chars().next()) {
            continue;
        }
        out.push_str(&text[done..at]);
        out.push_str(MASK);
        done = end;
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_as_whole_words() {
        assert_eq!(hide("mail of Ada@Example.org?", "ada@example.org"), "mail of •••?");
        assert_eq!(hide("adam and ada", "ada"), "adam and •••");
        assert_eq!(hide("İ ada", "ada"), "İ •••");
        assert_eq!(
            within(json!({ "a": ["x ada", 42], "n": 7 }), &["ada".into(), "42".into()]),
            json!({ "a": ["x •••", "•••"], "n": 7 })
        );
    }
}
