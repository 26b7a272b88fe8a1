//! What turns took, as OpenTelemetry's collectors read it: the bodies of OTLP over HTTP in JSON.
//!
//! Names of agents, models and prompts, outcomes and numbers are in them; never a text that a user, a model or a database
//! said.

mod metrics;
mod traces;

use chrono::{DateTime, Utc};
pub use metrics::metrics;
use serde_json::{Value, json};
pub use traces::traces;

/// An attribute's name and value.
type Attribute = (&'static str, Value);

/// The stage in which calls of models are listed; they are told one by one.
const CALLS: &str = "model_calls";

/// One of the two signals, as nlq's.
fn of_nlq(signals: &str, scoped: &str, key: &str, items: Vec<Value>) -> Value {
    let version = env!("CARGO_PKG_VERSION");
    let resource = attributes([("service.name", "nlq".into()), ("service.version", version.into())]);
    json!({ signals: [{
        "resource": { "attributes": resource },
        scoped: [{ "scope": { "name": "nlq", "version": version }, key: items }],
    }] })
}

fn attributes(all: impl IntoIterator<Item = Attribute>) -> Value {
    let all = all.into_iter().map(|(key, value)| {
        let value = match value {
            Value::Bool(value) => json!({ "boolValue": value }),
            // Protocol Buffers' JSON writes 64-bit integers as text.
            Value::Number(number) if number.is_f64() => json!({ "doubleValue": number }),
            Value::Number(number) => json!({ "intValue": number.to_string() }),
            Value::String(text) => json!({ "stringValue": text }),
            other => json!({ "stringValue": other.to_string() }),
        };
        json!({ "key": key, "value": value })
    });
    all.collect()
}

/// A word of an enumeration as it is stored.
fn word(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn nanoseconds(at: DateTime<Utc>) -> String {
    at.timestamp_nanos_opt().unwrap_or_default().to_string()
}
