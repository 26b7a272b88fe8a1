use chrono::{DateTime, TimeDelta, Utc};
use nlq_llm::ModelCall;
use serde_json::{Value, json};

use super::{Attribute, CALLS, attributes, nanoseconds, of_nlq, word};
use crate::state::{TurnOutcome, TurnRecord};

/// OTLP's kinds of spans.
const INTERNAL: u8 = 1;
const CLIENT: u8 = 3;

/// A trace for each turn: its span, below it one for each agent's part and each call of a model. `random` makes the ids.
pub fn traces<'a>(turns: impl IntoIterator<Item = &'a TurnRecord>, random: &mut fastrand::Rng) -> Value {
    let spans = turns.into_iter().flat_map(|turn| spans(turn, random)).collect();
    of_nlq("resourceSpans", "scopeSpans", "spans", spans)
}

struct Span {
    name: String,
    kind: u8,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    attributes: Vec<Attribute>,
    failed: bool,
}

impl Span {
    fn json(self, trace: &str, id: &str, parent: Option<&str>) -> Value {
        let mut span = json!({
            "traceId": trace,
            "spanId": id,
            "name": self.name,
            "kind": self.kind,
            "startTimeUnixNano": nanoseconds(self.from),
            "endTimeUnixNano": nanoseconds(self.to),
            "attributes": attributes(self.attributes),
        });
        if let Some(parent) = parent {
            span["parentSpanId"] = parent.into();
        }
        if self.failed {
            span["status"] = json!({ "code": 2 });
        }
        span
    }
}

fn spans(turn: &TurnRecord, random: &mut fastrand::Rng) -> Vec<Value> {
    // An id of zeros means none.
    let trace = format!("{:032x}", random.u128(1..));
    let mut id = || format!("{:016x}", random.u64(1..));
    let whole = of_turn(turn);
    let (from, to) = (whole.from, whole.to);
    let root = id();
    let mut spans = vec![whole.json(&trace, &root, None)];
    // Agents take turns: each begins where the one before ended.
    let mut begins = from;
    for agent in turn.agents.iter().filter(|agent| agent.agent != CALLS) {
        let ends = (begins + milliseconds(agent.latency_ms)).min(to);
        let attributes = vec![("nlq.agent", agent.agent.as_str().into())];
        let name = agent.agent.clone();
        let part = Span { name, kind: INTERNAL, from: begins, to: ends, attributes, failed: false };
        spans.push(part.json(&trace, &id(), Some(&root)));
        begins = ends;
    }
    spans.extend(turn.calls.iter().map(|call| of_call(call, from).json(&trace, &id(), Some(&root))));
    spans
}

fn of_turn(turn: &TurnRecord) -> Span {
    let attributes = vec![
        ("nlq.outcome", word(turn.outcome)),
        ("nlq.validation", word(turn.validation)),
        ("nlq.confidence", turn.confidence.into()),
        ("nlq.iterations", turn.iterations.into()),
        ("nlq.replies", turn.replies.len().into()),
        ("nlq.examples_retrieved", turn.examples_retrieved.len().into()),
        ("nlq.examples_used", turn.examples_used.len().into()),
        ("nlq.tokens", turn.usage().total().into()),
        ("nlq.cost_usd", turn.cost_usd().into()),
    ];
    Span {
        name: "question".into(),
        kind: INTERNAL,
        from: turn.created_at,
        to: turn.created_at + milliseconds(turn.latency_ms),
        attributes,
        failed: turn.outcome == TurnOutcome::Error,
    }
}

/// The attributes that OpenTelemetry's conventions name for generative models, and nlq's own.
fn of_call(call: &ModelCall, turn: DateTime<Utc>) -> Span {
    let (service, model) = call.model.split_once('/').unwrap_or(("", &call.model));
    let from = call.started_at.unwrap_or(turn);
    let read = call.usage.input + call.usage.cache_read + call.usage.cache_write;
    let mut attributes = vec![
        ("gen_ai.operation.name", "chat".into()),
        ("gen_ai.provider.name", service.into()),
        ("gen_ai.request.model", model.into()),
        ("gen_ai.usage.input_tokens", read.into()),
        ("gen_ai.usage.output_tokens", call.usage.output.into()),
        ("nlq.agent", call.agent.as_str().into()),
        ("nlq.profile", call.profile.as_str().into()),
        ("nlq.prompt", call.prompt.as_str().into()),
        ("nlq.prompt_version", call.prompt_version.as_str().into()),
        ("nlq.attempts", call.attempts.into()),
    ];
    attributes.extend(call.cost_usd.map(|cost| ("nlq.cost_usd", cost.into())));
    Span {
        name: format!("chat {model}"),
        kind: CLIENT,
        from,
        to: from + milliseconds(call.latency_ms as f64),
        attributes,
        failed: call.error.is_some(),
    }
}

fn milliseconds(count: f64) -> TimeDelta {
    TimeDelta::microseconds((count * 1000.0) as i64)
}

#[cfg(test)]
mod tests {
    use nlq_llm::Usage;

    use super::*;
    use crate::state::AgentTrace;

    #[test]
    fn a_turn_is_a_span_with_its_agents_and_calls_below_it() {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let agent = |agent: &str, latency_ms| AgentTrace { agent: agent.into(), latency_ms, ..AgentTrace::default() };
        let turn = TurnRecord {
            outcome: TurnOutcome::Error,
            agents: vec![agent("intent_analysis", 2.0), agent("validation", 90.0), agent(CALLS, 4.0)],
            calls: vec![ModelCall {
                agent: "query_builder".into(),
                model: "ollama/qwen3:8b".into(),
                usage: Usage { input: 10, output: 5, cache_read: 2, cache_write: 0 },
                started_at: Some(at + TimeDelta::milliseconds(3)),
                latency_ms: 4,
                error: Some("it said no".into()),
                ..ModelCall::default()
            }],
            latency_ms: 10.0,
            created_at: at,
            ..TurnRecord::default()
        };
        let body = traces([&turn], &mut fastrand::Rng::with_seed(7));
        let spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
        let told = spans.iter().map(|span| {
            let nanoseconds = |key: &str| span[key].as_str().unwrap().parse::<i64>().unwrap();
            let (from, to) = (nanoseconds("startTimeUnixNano"), nanoseconds("endTimeUnixNano"));
            let milliseconds = |at: i64| (at - 1_800_000_000_000_000_000) / 1_000_000;
            (span["name"].as_str().unwrap(), milliseconds(from), milliseconds(to), span["status"]["code"].as_i64())
        });
        // The agent that says more than there was ends with the turn.
        let expected = [
            ("question", 0, 10, Some(2)),
            ("intent_analysis", 0, 2, None),
            ("validation", 2, 10, None),
            ("chat qwen3:8b", 3, 7, Some(2)),
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected);
        assert!(spans.iter().all(|span| span["traceId"] == spans[0]["traceId"]));
        assert!(spans[1..].iter().all(|span| span["parentSpanId"] == spans[0]["spanId"]));
        let tokens = json!({ "key": "gen_ai.usage.input_tokens", "value": { "intValue": "12" } });
        assert!(spans[3]["attributes"].as_array().unwrap().contains(&tokens), "{body:#}");
        assert!(!body.to_string().contains("it said no"));
    }
}
