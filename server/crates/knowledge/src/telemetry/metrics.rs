use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{Attribute, CALLS, attributes, nanoseconds, of_nlq, word};
use crate::state::{TurnRecord, ValidationStatus};

/// OTLP's temporality of numbers that count since the last ones were sent: programs that answer one question and end have
/// no sum of their own.
const DELTA: u8 = 1;

/// Seconds: from the embedded engine's milliseconds to a model's minute.
const SECONDS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// Queries for one answer: `orchestrator.max_iterations` ends at 20.
const ITERATIONS: &[f64] = &[1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 20.0];

/// The metrics of the source design (seeds/000, section 10) that these turns add, told between two times. Its rates are the
/// shares of an attribute, so that any number of programs can be added up.
pub fn metrics<'a>(
    turns: impl IntoIterator<Item = &'a TurnRecord>,
    (since, until): (DateTime<Utc>, DateTime<Utc>),
) -> Value {
    let mut questions = Metric::sum("nlq.questions_total", "{question}");
    let mut validations = Metric::sum("nlq.validations_total", "{query}");
    let mut latency = Metric::histogram("nlq.query_latency_seconds", "s", SECONDS);
    let mut iterations = Metric::histogram("nlq.iterations_per_query", "{query}", ITERATIONS);
    let mut agents = Metric::histogram("nlq.agent_latency_by_type", "s", SECONDS);
    let mut calls = Metric::sum("nlq.model_calls_total", "{call}");
    let mut tokens = Metric::sum("nlq.tokens_used_total", "{token}");
    let mut cost = Metric::sum("nlq.cost_usd_total", "{USD}");
    let mut retrievals = Metric::sum("nlq.rag_retrieval_count", "{question}");
    let mut examples = Metric::sum("nlq.rag_examples_total", "{example}");
    for turn in turns {
        questions.add([("outcome", word(turn.outcome))], 1.0);
        if matches!(turn.validation, ValidationStatus::Passed | ValidationStatus::Failed) {
            validations.add([("status", word(turn.validation))], 1.0);
        }
        latency.add([], turn.latency_ms / 1000.0);
        if turn.iterations > 0 {
            iterations.add([], turn.iterations.into());
        }
        for agent in turn.agents.iter().filter(|agent| agent.agent != CALLS) {
            agents.add([("agent", agent.agent.as_str().into())], agent.latency_ms / 1000.0);
        }
        for call in &turn.calls {
            let who = || [("agent", call.agent.as_str().into()), ("model", call.model.as_str().into())];
            calls.add(who().into_iter().chain([("failed", call.error.is_some().into())]), 1.0);
            let usage = call.usage;
            for (kind, count) in [
                ("input", usage.input),
                ("cache_read", usage.cache_read),
                ("cache_write", usage.cache_write),
                ("output", usage.output),
            ] {
                if count > 0 {
                    tokens.add(who().into_iter().chain([("type", kind.into())]), count as f64);
                }
            }
            if let Some(usd) = call.cost_usd {
                cost.add(who(), usd);
            }
        }
        if turn.examples_searched {
            retrievals.add([("hit", (!turn.examples_retrieved.is_empty()).into())], 1.0);
            let used = turn.examples_retrieved.iter().filter(|id| turn.examples_used.contains(id)).count();
            for (is_used, count) in [(true, used), (false, turn.examples_retrieved.len() - used)] {
                if count > 0 {
                    examples.add([("used", is_used.into())], count as f64);
                }
            }
        }
    }
    let all = [questions, validations, latency, iterations, agents, calls, tokens, cost, retrievals, examples];
    let counted = all.into_iter().filter(|metric| !metric.points.is_empty());
    let counted = counted.map(|metric| metric.json(&nanoseconds(since), &nanoseconds(until))).collect();
    of_nlq("resourceMetrics", "scopeMetrics", "metrics", counted)
}

/// A metric with the values that were seen, by their attributes.
struct Metric {
    name: &'static str,
    unit: &'static str,
    /// None for a sum.
    bounds: Option<&'static [f64]>,
    /// By the attributes as text: JSON has no order.
    points: BTreeMap<String, (Value, Vec<f64>)>,
}

impl Metric {
    fn sum(name: &'static str, unit: &'static str) -> Self {
        Self { name, unit, bounds: None, points: BTreeMap::new() }
    }

    fn histogram(name: &'static str, unit: &'static str, bounds: &'static [f64]) -> Self {
        Self { bounds: Some(bounds), ..Self::sum(name, unit) }
    }

    fn add(&mut self, by: impl IntoIterator<Item = Attribute>, value: f64) {
        let by = attributes(by);
        self.points.entry(by.to_string()).or_insert((by, Vec::new())).1.push(value);
    }

    fn json(self, since: &str, until: &str) -> Value {
        let points = self.points.into_values().map(|(by, values)| {
            let mut point = json!({ "attributes": by, "startTimeUnixNano": since, "timeUnixNano": until });
            let sum: f64 = values.iter().sum();
            match self.bounds {
                None => point["asDouble"] = sum.into(),
                Some(bounds) => {
                    let mut buckets = vec![0_u64; bounds.len() + 1];
                    for value in &values {
                        // A bound belongs to the bucket below it.
                        buckets[bounds.partition_point(|bound| bound < value)] += 1;
                    }
                    point["count"] = values.len().to_string().into();
                    point["sum"] = sum.into();
                    point["bucketCounts"] = buckets.iter().map(u64::to_string).collect();
                    point["explicitBounds"] = bounds.into();
                }
            }
            point
        });
        let points: Vec<Value> = points.collect();
        let (kind, data) = match self.bounds {
            None => ("sum", json!({ "aggregationTemporality": DELTA, "isMonotonic": true, "dataPoints": points })),
            Some(_) => ("histogram", json!({ "aggregationTemporality": DELTA, "dataPoints": points })),
        };
        json!({ "name": self.name, "unit": self.unit, kind: data })
    }
}

#[cfg(test)]
mod tests {
    use nlq_llm::{ModelCall, Usage};

    use super::*;
    use crate::state::AgentTrace;

    #[test]
    fn turns_add_up_by_their_attributes() {
        let turn = TurnRecord {
            validation: ValidationStatus::Passed,
            iterations: 2,
            agents: vec![AgentTrace { agent: "validation".into(), latency_ms: 30.0, ..AgentTrace::default() }],
            calls: vec![ModelCall {
                agent: "query_builder".into(),
                model: "ollama/q".into(),
                usage: Usage { input: 10, output: 5, cache_read: 0, cache_write: 0 },
                cost_usd: Some(0.5),
                ..ModelCall::default()
            }],
            examples_searched: true,
            examples_retrieved: vec!["a".into(), "b".into()],
            examples_used: vec!["a".into()],
            latency_ms: 100.0,
            ..TurnRecord::default()
        };
        let slow = TurnRecord { latency_ms: 90_000.0, ..TurnRecord::default() };
        let body = metrics([&turn, &turn, &slow], (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH));
        let told = body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().unwrap().iter();
        let lines = told.flat_map(|metric| {
            let name = metric["name"].as_str().unwrap();
            let data = metric.get("sum").or(metric.get("histogram")).unwrap();
            data["dataPoints"].as_array().unwrap().iter().map(move |point| {
                let by = point["attributes"].as_array().unwrap().iter();
                let by = by.map(|one| one["value"].as_object().unwrap().values().next().unwrap().to_string());
                let counts = point.get("bucketCounts").map(|counts| format!(" {counts}")).unwrap_or_default();
                let sum = point.get("asDouble").or(point.get("sum")).unwrap();
                format!("{name} {:?} {sum}{counts}", by.collect::<Vec<_>>().join(" ")).replace(['"', '\\'], "")
            })
        });
        let expected = [
            "nlq.questions_total query 3.0",
            "nlq.validations_total passed 2.0",
            "nlq.query_latency_seconds  90.2 [0,0,0,0,2,0,0,0,0,0,0,0,0,1]",
            "nlq.iterations_per_query  4.0 [0,2,0,0,0,0,0,0]",
            "nlq.agent_latency_by_type validation 0.06 [0,0,0,2,0,0,0,0,0,0,0,0,0,0]",
            "nlq.model_calls_total query_builder ollama/q false 2.0",
            "nlq.tokens_used_total query_builder ollama/q input 20.0",
            "nlq.tokens_used_total query_builder ollama/q output 10.0",
            "nlq.cost_usd_total query_builder ollama/q 1.0",
            "nlq.rag_retrieval_count true 2.0",
            "nlq.rag_examples_total false 2.0",
            "nlq.rag_examples_total true 2.0",
        ];
        assert_eq!(lines.collect::<Vec<_>>(), expected);
    }
}
