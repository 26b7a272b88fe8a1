use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use nlq_llm::Usage;
use serde::Serialize;

use super::{AuditFilter, AuditRow, StateError, StateStore, TurnOutcome, ValidationStatus};

/// The metrics of the source design (seeds/000, section 10), over the turns of a period. A rate is none where nothing was
/// counted.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Stats {
    /// Since when.
    pub since: Option<DateTime<Utc>>,
    /// Turns.
    pub questions_total: u64,
    /// Turns that ended with a query.
    pub queries: u64,
    /// Turns that ended with a question back.
    pub clarifications: u64,
    /// Turns without an answer.
    pub abstentions: u64,
    /// Turns on which something failed.
    pub errors: u64,
    /// Of all turns, those with a query that nothing refused.
    pub query_success_rate: Option<f64>,
    /// Of the queries that a system was asked about, those it accepted.
    pub validation_pass_rate: Option<f64>,
    /// Of the queries that were run, those without an error.
    pub execution_success_rate: Option<f64>,
    /// Of all turns, those that ended with a question back.
    pub clarification_rate: Option<f64>,
    /// From question to answer.
    pub query_latency_seconds: Histogram,
    /// Queries built and validated for one answer.
    pub iterations_per_query: Histogram,
    /// Each agent's own time, in seconds.
    pub agent_latency_by_type: BTreeMap<String, Histogram>,
    /// Tokens of all calls of models.
    pub tokens_used_total: Usage,
    /// US dollars of all calls of models.
    pub cost_usd_total: f64,
    /// Tokens by the agent that asked.
    pub tokens_by_agent: BTreeMap<String, u64>,
    /// What each model was used for.
    pub models: BTreeMap<String, ModelUse>,
    /// Turns on which examples were looked for.
    pub rag_retrieval_count: u64,
    /// Of these, those on which one was found.
    pub rag_hit_rate: Option<f64>,
    /// Of the examples that were found, those that went into a prompt or an answer.
    pub rag_example_usage_rate: Option<f64>,
}

/// What one model was used for.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct ModelUse {
    /// Calls.
    pub calls: u64,
    /// Of these, those that failed.
    pub failed: u64,
    /// Tokens, read and written.
    pub tokens: u64,
    /// US dollars, where the model has a price.
    pub cost_usd: f64,
}

/// How values spread.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Histogram {
    /// How many.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Half of them are at most this.
    pub p50: f64,
    /// 95 of 100 are at most this.
    pub p95: f64,
    /// The largest.
    pub max: f64,
}

/// A target of the source design (seeds/000, section 13) and how it stands.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Target {
    /// What is measured.
    pub metric: &'static str,
    /// What it should be, in words.
    pub target: &'static str,
    /// What it is; none where nothing was counted.
    pub value: Option<f64>,
    /// Whether that is met.
    pub met: Option<bool>,
}

impl StateStore {
    /// The metrics of a workspace's turns (of all workspaces when none) since a time.
    pub async fn stats(&self, workspace: Option<&str>, since: Option<DateTime<Utc>>) -> Result<Stats, StateError> {
        let filter = AuditFilter { workspace: workspace.map(str::to_owned), since, ..AuditFilter::default() };
        let rows = self.audit(&filter).await?;
        Ok(Stats { since, ..Stats::of(&rows) })
    }
}

impl Stats {
    /// The metrics of these turns.
    pub fn of(rows: &[AuditRow]) -> Self {
        let records = || rows.iter().map(|row| &row.record);
        let ended = |outcome| records().filter(|record| record.outcome == outcome).count() as u64;
        let said = |status| records().filter(|record| record.validation == status).count() as u64;
        let (passed, failed) = (said(ValidationStatus::Passed), said(ValidationStatus::Failed));
        let (ran, ran_well) = (
            records().filter(|record| record.execution_success.is_some()).count() as u64,
            records().filter(|record| record.execution_success == Some(true)).count() as u64,
        );
        let (questions, queries, clarifications) =
            (rows.len() as u64, ended(TurnOutcome::Query), ended(TurnOutcome::Clarification));
        let searched = || records().filter(|record| record.examples_searched);
        let hits = searched().filter(|record| !record.examples_retrieved.is_empty()).count() as u64;
        let found: usize = searched().map(|record| record.examples_retrieved.len()).sum();
        let used: usize = searched().map(|record| record.examples_used.len()).sum();
        let mut stats = Self {
            since: None,
            questions_total: questions,
            queries,
            clarifications,
            abstentions: ended(TurnOutcome::Abstention),
            errors: ended(TurnOutcome::Error),
            query_success_rate: rate(queries - failed.min(queries), questions),
            validation_pass_rate: rate(passed, passed + failed),
            execution_success_rate: rate(ran_well, ran),
            clarification_rate: rate(clarifications, questions),
            query_latency_seconds: Histogram::of(records().map(|record| record.latency_ms / 1000.0)),
            iterations_per_query: Histogram::of(
                records().filter(|record| record.iterations > 0).map(|record| f64::from(record.iterations)),
            ),
            rag_retrieval_count: searched().count() as u64,
            rag_hit_rate: rate(hits, searched().count() as u64),
            rag_example_usage_rate: rate(used as u64, found as u64),
            ..Self::default()
        };
        let traces = || records().flat_map(|record| &record.agents);
        let agents: BTreeSet<&str> = traces().map(|trace| trace.agent.as_str()).collect();
        for agent in agents {
            let times = traces().filter(|trace| trace.agent == agent).map(|trace| trace.latency_ms / 1000.0);
            stats.agent_latency_by_type.insert(agent.to_owned(), Histogram::of(times));
        }
        for call in records().flat_map(|record| &record.calls) {
            stats.tokens_used_total += call.usage;
            stats.cost_usd_total += call.cost_usd.unwrap_or_default();
            *stats.tokens_by_agent.entry(call.agent.clone()).or_default() += call.usage.total();
            let model = stats.models.entry(call.model.clone()).or_default();
            model.calls += 1;
            model.failed += u64::from(call.error.is_some());
            model.tokens += call.usage.total();
            model.cost_usd += call.cost_usd.unwrap_or_default();
        }
        stats
    }

    /// The source design's targets that turns can be measured by.
    pub fn targets(&self) -> [Target; 4] {
        let iterations = &self.iterations_per_query;
        let mean = (iterations.count > 0).then(|| iterations.sum / iterations.count as f64);
        let target = |metric, target, value: Option<f64>, met: fn(f64) -> bool| Target {
            metric,
            target,
            value,
            met: value.map(met),
        };
        [
            target("validation_pass_rate", "at least 0.98", self.validation_pass_rate, |rate| rate >= 0.98),
            target("clarification_rate", "below 0.15", self.clarification_rate, |rate| rate < 0.15),
            target("rag_hit_rate", "at least 0.80", self.rag_hit_rate, |rate| rate >= 0.8),
            target("iterations_per_query", "below 2.5 on average", mean, |mean| mean < 2.5),
        ]
    }
}

impl Histogram {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        // The nearest rank: always a value that was seen.
        let at = |share: f64| {
            let rank = (share * values.len() as f64).ceil() as usize;
            values.get(rank.saturating_sub(1)).copied().unwrap_or_default()
        };
        Self { count: values.len() as u64, sum: values.iter().sum(), p50: at(0.5), p95: at(0.95), max: at(1.0) }
    }
}

fn rate(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
