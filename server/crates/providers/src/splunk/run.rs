//! Parsing and running searches as jobs.
//!
//! A job gets an id that is chosen here, so that it can be stopped before the server has told anything of it; it ends by
//! itself soon after the time limit, should the connection be lost.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use super::{Splunk, client::Endpoint, error};
use crate::{ColumnHead, Limits, ProblemKind, ProviderError, Rows, Truncated, Value};

/// The server gets this long beyond the time limit before it ends a job by itself.
const BEYOND: Duration = Duration::from_secs(2);
/// Stopping a job is one short request.
const STOP: Duration = Duration::from_secs(5);

/// A search as the interface takes it: it must begin with a command.
fn sent(text: &str) -> String {
    let text = text.trim();
    let word = text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    let named = word.eq_ignore_ascii_case("search") && text[word.len()..].starts_with(char::is_whitespace);
    if text.starts_with('|') || named { text.to_owned() } else { format!("search {text}") }
}

/// What the server's parser makes of a search. Nothing is run: no subsearch, no lookup.
pub(super) async fn parse(
    splunk: &Splunk,
    text: &str,
    timeout: Duration,
    cancel: &CancellationToken,
) -> Result<Json, ProviderError> {
    let sent = sent(text);
    let parameters = [("q", sent.as_str()), ("parse_only", "true"), ("enable_lookups", "false")];
    splunk.ask(Endpoint::Search(&["parser"]), &parameters, text, timeout, cancel).await
}

/// The parser's view as text: what is read from indexes, what is reported, command by command.
pub(super) fn explained(view: &Json) -> String {
    let mut lines = Vec::new();
    for (title, key) in [("events", "eventsSearch"), ("report", "reportsSearch"), ("sent to indexers", "remoteSearch")]
    {
        if let Some(text) = view[key].as_str().filter(|text| !text.is_empty()) {
            lines.push(format!("{title}: {text}"));
        }
    }
    for (index, command) in view["commands"].as_array().into_iter().flatten().enumerate() {
        let text = |key: &str| command[key].as_str().unwrap_or_default();
        lines.push(
            format!("{}. {} ({}) {}", index + 1, text("command"), text("streamType"), text("rawargs"))
                .trim_end()
                .to_owned(),
        );
    }
    lines.join("\n")
}

/// Runs a search within limits.
pub(super) async fn execute(
    splunk: &Splunk,
    text: &str,
    limits: Limits,
    cancel: &CancellationToken,
) -> Result<Rows, ProviderError> {
    let begun = Instant::now();
    let found = job(splunk, text, limits.rows.saturating_add(1), limits.timeout, cancel).await?;
    Ok(rows(&found, limits, begun.elapsed()))
}

/// Runs a search as a job and gives the first results as the server wrote them. However it ends, no job is left behind.
pub(super) async fn job(
    splunk: &Splunk,
    text: &str,
    count: usize,
    timeout: Duration,
    cancel: &CancellationToken,
) -> Result<Json, ProviderError> {
    let begun = Instant::now();
    let sid = new_id();
    let ran = results(splunk, &sid, text, count, timeout, begun, cancel).await;
    // In the background: its result is there, or nobody waits for it.
    let (splunk, sid) = (splunk.clone(), sid.clone());
    let stop = async move {
        let endpoint = Endpoint::Remove(&sid);
        match splunk.ask(endpoint, &[], "", STOP, &CancellationToken::new()).await {
            // A job that never was cannot be stopped; one that ended by itself neither.
            Ok(_) => {}
            Err(error) => tracing::debug!("a search job was not removed: {error}"),
        }
    };
    if matches!(&ran, Err(error) if [ProblemKind::Timeout, ProblemKind::Cancelled].contains(&error.0.kind)) {
        // Whoever cancelled is told once the server has heard of it.
        stop.await;
    } else {
        tokio::spawn(stop);
    }
    ran
}

async fn results(
    splunk: &Splunk,
    sid: &str,
    text: &str,
    count: usize,
    timeout: Duration,
    begun: Instant,
    cancel: &CancellationToken,
) -> Result<Json, ProviderError> {
    let (sent, count) = (sent(text), count.to_string());
    let seconds = (timeout + BEYOND).as_secs().to_string();
    let parameters = [
        ("search", sent.as_str()),
        ("id", sid),
        ("exec_mode", "blocking"),
        ("earliest_time", splunk.earliest()),
        ("max_count", &count),
        ("max_time", &seconds),
        ("auto_cancel", &seconds),
    ];
    splunk.ask(Endpoint::Jobs, &parameters, text, timeout, cancel).await?;
    let left = timeout.saturating_sub(begun.elapsed());
    let parameters = [("count", count.as_str()), ("offset", "0")];
    let found = splunk.ask(Endpoint::Search(&["jobs", sid, "results"]), &parameters, text, left, cancel).await?;
    match error::fatal(&found) {
        Some(told) => Err(error::of_message(&told, text)),
        None => Ok(found),
    }
}

/// Unique among this user's jobs.
fn new_id() -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("nlq_{:x}_{:x}_{:x}", since.as_nanos(), std::process::id(), MADE.fetch_add(1, Ordering::Relaxed))
}

/// Fields that the server adds for itself; what an event is and when it was are none of them.
fn is_internal(name: &str) -> bool {
    name.starts_with('_') && !["_time", "_raw"].contains(&name)
}

fn rows(found: &Json, limits: Limits, elapsed: Duration) -> Rows {
    let names = found["fields"].as_array().into_iter().flatten();
    let names = names.filter_map(|field| field["name"].as_str().or(field.as_str())).filter(|name| !is_internal(name));
    let names: Vec<&str> = names.collect();
    let mut rows: Vec<Vec<Option<String>>> = Vec::new();
    let (mut truncated, mut bytes) = (None, 0);
    for result in found["results"].as_array().into_iter().flatten() {
        if rows.len() == limits.rows {
            truncated = Some(Truncated::Rows);
            break;
        }
        let cells: Vec<Option<String>> = names.iter().map(|name| text(&result[*name])).collect();
        bytes += cells.iter().flatten().map(String::len).sum::<usize>();
        if bytes > limits.bytes {
            truncated = Some(Truncated::Bytes);
            break;
        }
        rows.push(cells);
    }
    let kinds: Vec<Kind> =
        (0..names.len()).map(|column| Kind::of(rows.iter().map(|row| row[column].as_deref()))).collect();
    let columns = names.iter().zip(&kinds).map(|(name, kind)| ColumnHead {
        name: (*name).to_owned(),
        type_name: if *name == "_time" { "time" } else { kind.name() }.to_owned(),
    });
    let columns = columns.collect();
    let rows = rows.into_iter().map(|row| row.into_iter().zip(&kinds).map(|(cell, kind)| kind.value(cell)).collect());
    Rows { columns, rows: rows.collect(), truncated, elapsed }
}

/// A cell; several values are lines, as the server's own clients show them.
fn text(cell: &Json) -> Option<String> {
    match cell {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        Json::Array(values) => Some(values.iter().filter_map(text).collect::<Vec<_>>().join("\n")),
        other => Some(other.to_string()),
    }
}

/// What a column's texts all are: everything is text here, and numbers among them are told by how they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Int,
    Float,
    Text,
}

impl Kind {
    fn of<'a>(cells: impl Iterator<Item = Option<&'a str>>) -> Self {
        let mut kind = None;
        for cell in cells.flatten() {
            let this = if is_int(cell) {
                Kind::Int
            } else if is_float(cell) {
                Kind::Float
            } else {
                return Kind::Text;
            };
            kind = Some(if kind == Some(Kind::Float) { Kind::Float } else { this });
        }
        kind.unwrap_or(Kind::Text)
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Int | Kind::Float => "number",
            Kind::Text => "string",
        }
    }

    fn value(self, cell: Option<String>) -> Value {
        let Some(text) = cell else { return Value::Null };
        match self {
            Kind::Int => text.parse().map_or(Value::Text(text), Value::Int),
            Kind::Float => text.parse().map_or(Value::Text(text), Value::Float),
            Kind::Text => Value::Text(text),
        }
    }
}

/// Written as nlq would write it: `007` and `+1` are labels.
fn is_int(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|number| number.to_string() == text)
}

fn is_float(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    plain(whole)
        && plain(fraction)
        && (whole == "0" || !whole.starts_with('0'))
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const LIMITS: Limits = Limits { rows: 2, bytes: 1000, timeout: Duration::from_secs(1) };

    #[test]
    fn a_search_begins_with_a_command() {
        for (text, expected) in [
            ("index=a", "search index=a"),
            (" | makeresults", "| makeresults"),
            ("search index=a", "search index=a"),
            ("SEARCH x", "SEARCH x"),
            ("searching", "search searching"),
            ("search=1", "search search=1"),
            ("`m` x", "search `m` x"),
        ] {
            assert_eq!(sent(text), expected);
        }
    }

    #[test]
    fn cells_are_what_their_column_is() {
        let found = json!({
            "fields": [{ "name": "_time" }, { "name": "n" }, { "name": "x" }, { "name": "id" }, { "name": "m" }, { "name": "_span" }],
            "results": [
                { "_time": "2024-01-01T00:00:00.000+00:00", "n": "1", "x": "1.50", "id": "007", "m": ["a", "b"], "_span": "60" },
                { "_time": "2024-01-02T00:00:00.000+00:00", "x": "2", "id": "8" },
                { "n": "3" },
            ],
        });
        let made = rows(&found, LIMITS, Duration::ZERO);
        let text = |text: &str| Value::Text(text.to_owned());
        assert_eq!(made.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["_time", "n", "x", "id", "m"]);
        assert_eq!(
            made.rows,
            [
                vec![
                    text("2024-01-01T00:00:00.000+00:00"),
                    Value::Int(1),
                    Value::Float(1.5),
                    text("007"),
                    text("a\nb")
                ],
                vec![text("2024-01-02T00:00:00.000+00:00"), Value::Null, Value::Float(2.0), text("8"), Value::Null],
            ]
        );
        assert_eq!(made.truncated, Some(Truncated::Rows));
        let few = rows(&found, Limits { bytes: 50, ..LIMITS }, Duration::ZERO);
        assert_eq!((few.rows.len(), few.truncated), (1, Some(Truncated::Bytes)));
    }
}
