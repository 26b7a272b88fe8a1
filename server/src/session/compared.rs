//! The likeliest readings of a question that is not sure are run, read-only and for a few rows, and what they find bears on
//! which of them is taken.

use std::time::Instant;

use nlq_agents::Event;
use nlq_catalog::Dialect;
use nlq_config::{AgentSettings, ConnectionRef};
use nlq_engine::{Answer, Gave, Outcome, Ran, Thought};
use nlq_providers::{Capability, Found, Limits, QueryProvider, compare};
use tokio_util::sync::CancellationToken;

use super::{Ask, Session, SessionError, ask::Events, mask::mask_error};

/// Rows of a reading that are compared, at most.
const MAX_ROWS: usize = 100;
/// Bytes of them.
const MAX_BYTES: usize = 1 << 20;

impl Session {
    /// The answer, knowing what its readings find on a connection that is there. As it was when it is sure, when the user has
    /// said which reading is meant, when the system charges for what it runs, and when the best reading names what the system
    /// does not know, which most often means that the schema moved on.
    pub(super) async fn compared(
        &self,
        ask: &Ask,
        connection: &ConnectionRef,
        (answer, thought): (Answer, Thought),
        cancel: &CancellationToken,
        events: Events<'_>,
    ) -> Result<Answer, SessionError> {
        let view = self.view();
        let (agents, sure) = (view.config.agents, view.config.orchestrator.confidence_threshold);
        let queries: Vec<String> = worth_running(&answer, &agents, sure).into_iter().map(ToOwned::to_owned).collect();
        if queries.is_empty() || ask.runs_nothing || !ask.replies.is_empty() {
            return Ok(answer);
        }
        // What is wrong with the connection is for validation to say.
        let Ok(provider) = self.provider(connection).await else { return Ok(answer) };
        if !is_free(&*provider) {
            return Ok(answer);
        }
        events(Event::Stage(&format!("Comparing what readings find on {connection}")));
        let begun = Instant::now();
        let queries: Vec<&str> = queries.iter().map(String::as_str).collect();
        let found = compare(&*provider, self.dialect(connection)?, &queries, limits(&agents), cancel.clone()).await;
        if cancel.is_cancelled() {
            return Err(SessionError::cancelled());
        }
        let runs = runs(&queries, found, &|error, sql| mask_error(error, sql, &view));
        if runs.first().is_none_or(|(_, code)| *code == Some("schema")) {
            return Ok(answer);
        }
        let runs: Vec<Ran> = runs.into_iter().map(|(ran, _)| ran).collect();
        tracing::debug!("{} readings were run in {:?}", runs.len(), begun.elapsed());
        self.think_on(ask, connection, thought, runs).await
    }
}

/// The readings whose results are compared: none of a sure answer, and none when there is nothing to compare.
pub(crate) fn worth_running<'a>(answer: &'a Answer, agents: &AgentSettings, sure: f64) -> Vec<&'a str> {
    let is_sure = answer.confidence >= sure && matches!(answer.outcome, Outcome::Query { .. });
    let mut queries = if is_sure { Vec::new() } else { answer.queries() };
    queries.truncate(agents.compared_readings);
    if queries.len() < 2 { Vec::new() } else { queries }
}

/// What all runs of one question may take.
pub(crate) fn limits(agents: &AgentSettings) -> Limits {
    Limits {
        rows: agents.max_result_rows.min(MAX_ROWS),
        bytes: agents.max_result_bytes.min(MAX_BYTES),
        timeout: agents.comparison_timeout.min(agents.execution_timeout),
    }
}

/// A system that tells what a query costs charges for it: nothing is run there that nobody asked for.
fn is_free(provider: &dyn QueryProvider) -> bool {
    let can = provider.capabilities();
    can.contains(&Capability::QueryExecution) && !can.contains(&Capability::CostEstimation)
}

/// What runs gave, as the engine takes it, each with the code of its error; `said` is what may be told of an error.
pub(crate) fn runs(
    queries: &[&str],
    found: Vec<Found>,
    said: &dyn Fn(SessionError, &str) -> SessionError,
) -> Vec<(Ran, Option<&'static str>)> {
    let ran = |(query, found): (&&str, Found)| {
        let (is_null, same_as) = (found.is_null(), found.same_as);
        let (gave, code) = match found.result.map_err(|error| said(error.into(), query)) {
            Ok(rows) => (Gave::fetched(rows.rows.len(), rows.truncated.is_some(), is_null, same_as), None),
            Err(error) if error.code == "timeout" => (Gave::Unfinished, Some(error.code)),
            Err(error) => (Gave::Failed(error.message), Some(error.code)),
        };
        (Ran { query: (*query).to_owned(), gave }, code)
    };
    queries.iter().zip(found).map(ran).collect()
}

/// The same for a SQLite file that is no connection: what `nlq eval` measures.
pub(crate) async fn runs_on(
    provider: &dyn QueryProvider,
    queries: &[&str],
    limits: Limits,
    cancel: CancellationToken,
) -> Vec<Ran> {
    let found = compare(provider, Dialect::Sqlite, queries, limits, cancel).await;
    runs(queries, found, &|error, _| error).into_iter().map(|(ran, _)| ran).collect()
}
