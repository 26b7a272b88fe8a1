//! Asking whether a request is valid, and running it.
//!
//! Every run goes under a name of its own, so that its tasks can be found and stopped. An answer that is not whole is no answer:
//! shards that failed or ran out of time are errors.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use nlq_query::dsl::{Parts, parts};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;

use super::{
    Search,
    client::Request,
    error,
    rows::{self, Table},
};
use crate::{ColumnHead, Limits, ProblemKind, ProviderError, Rows, Truncated, Value};

/// Stopping a run is two short requests.
const STOP: Duration = Duration::from_secs(5);
/// A composite of so many groups or more is a page of all of them; fewer are what was asked for.
const PAGE: u64 = 1_000;
/// Documents that a search shows unless it is told how many.
const USUAL: u64 = 10;

/// A query in parts, its body as JSON.
fn read(text: &str) -> Result<(Parts, Json), ProviderError> {
    let wrong = || ProviderError::new(ProblemKind::Syntax, "this is no search: write `GET index/_search` and a body");
    let parts = parts(text).ok_or_else(wrong)?;
    let body = serde_json::from_str(&parts.body).map_err(|_| wrong())?;
    Ok((parts, body))
}

/// Asks the cluster what it makes of a request; gives its explanation. No document is shown.
pub(super) async fn validate(
    search: &Search,
    text: &str,
    timeout: Duration,
    cancel: &CancellationToken,
) -> Result<String, ProviderError> {
    let (parts, body) = read(text)?;
    // Without a query all documents are meant, but that must be said here.
    let query = match &body["query"] {
        Json::Null => json!({ "query": { "match_all": {} } }),
        query => json!({ "query": query }),
    };
    let request = Request {
        post: true,
        path: &[&parts.index, "_validate", "query"],
        parameters: &[("explain", "true")],
        body: Some(&query),
        id: None,
    };
    let answer = search.ask(request, text, timeout, cancel).await?;
    if answer["valid"] != true {
        let told = answer["explanations"].as_array().into_iter().flatten().find_map(|one| one["error"].as_str());
        let told = told.or(answer["error"].as_str()).unwrap_or("the query is not valid");
        // The message begins with index and exception.
        let told = told.rsplit("Exception: ").next().unwrap_or(told).trim().to_owned();
        let span = error::place(&told, text);
        return Err(ProviderError::new(ProblemKind::Syntax, told).at(span));
    }
    if parts.endpoint == "_search" {
        // Aggregations and sorting are only looked at when they run: over one document of a shard.
        let mut tried = body.clone();
        (tried["size"], tried["terminate_after"]) = (json!(0), json!(1));
        if let Some(members) = tried.as_object_mut() {
            members.remove("from");
        }
        run(search, &parts, &tried, text, timeout, cancel).await?;
    }
    let lines = answer["explanations"].as_array().into_iter().flatten();
    let lines = lines.filter_map(|one| Some(format!("{}: {}", one["index"].as_str()?, one["explanation"].as_str()?)));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// Runs a request within limits.
pub(super) async fn execute(
    search: &Search,
    text: &str,
    limits: Limits,
    cancel: &CancellationToken,
) -> Result<Rows, ProviderError> {
    let begun = Instant::now();
    let (parts, mut body) = read(text)?;
    let wanted = limits.rows as u64 + 1;
    if parts.endpoint == "_count" {
        let answer = run(search, &parts, &body, text, limits.timeout, cancel).await?;
        let table =
            Table { columns: vec!["count".to_owned()], rows: vec![vec![rows::value(&answer["count"])]], more: false };
        return Ok(limited(table, limits, begun.elapsed()));
    }
    let asked = body.clone();
    let size = body["size"].as_u64().unwrap_or(USUAL);
    body["size"] = json!(size.min(wanted));
    if body["timeout"].is_null() {
        body["timeout"] = json!(format!("{}ms", limits.timeout.as_millis()));
    }
    let pages = composite(&asked);
    if let Some(way) = &pages {
        at(&mut body, way)["composite"]["size"] = json!(PAGE.min(wanted));
    }
    let made =
        |answer: &Json| rows::of(&asked, answer).map_err(|message| ProviderError::new(ProblemKind::Data, message));
    let answer = run(search, &parts, &body, text, limits.timeout, cancel).await?;
    if let Some(way) = &pages {
        follow(&mut body, way, &answer);
    }
    let mut table = made(&answer)?;
    while let Some(way) = &pages {
        if at(&mut body, way)["composite"]["after"].is_null() || table.rows.len() > limits.rows {
            break;
        }
        let left = limits.timeout.saturating_sub(begun.elapsed());
        if left.is_zero() {
            return Err(ProviderError::timed_out());
        }
        let answer = run(search, &parts, &body, text, left, cancel).await?;
        follow(&mut body, way, &answer);
        let next = made(&answer)?;
        if table.columns.is_empty() {
            table.columns = next.columns;
        }
        table.rows.extend(next.rows);
    }
    Ok(limited(table, limits, begun.elapsed()))
}

/// The way to a composite that is to be read to its end: the names of the aggregations down to it.
fn composite(body: &Json) -> Option<Vec<String>> {
    let mut way = Vec::new();
    let mut of = body;
    loop {
        let (name, agg) = rows::inner(of)?.iter().next()?;
        way.push(name.clone());
        match rows::kind(agg)? {
            ("composite", asked) => return asked["size"].as_u64().is_some_and(|size| size >= PAGE).then_some(way),
            ("nested" | "filter", _) => of = agg,
            _ => return None,
        }
    }
}

/// The aggregation at the end of a way.
fn at<'b>(body: &'b mut Json, way: &[String]) -> &'b mut Json {
    way.iter().fold(body, |of, name| {
        let key = if of["aggs"].is_object() { "aggs" } else { "aggregations" };
        &mut of[key][name]
    })
}

/// Makes a body ask for the page after an answer's; for none when that was the last.
fn follow(body: &mut Json, way: &[String], answer: &Json) {
    let result = way.iter().enumerate().fold(
        answer,
        |of, (depth, name)| {
            if depth == 0 { &of["aggregations"][name] } else { &of[name] }
        },
    );
    let full = result["buckets"].as_array().is_some_and(|buckets| !buckets.is_empty());
    let after = if full { result["after_key"].clone() } else { Json::Null };
    at(body, way)["composite"]["after"] = after;
}

/// Sends a search or count. However it ends, nothing is left running.
async fn run(
    search: &Search,
    parts: &Parts,
    body: &Json,
    text: &str,
    timeout: Duration,
    cancel: &CancellationToken,
) -> Result<Json, ProviderError> {
    let id = new_id();
    let mut body = body.clone();
    drop_nothing(&mut body);
    let whole = [("allow_partial_search_results", "false")];
    let request = Request {
        post: true,
        path: &[&parts.index, &parts.endpoint],
        parameters: if parts.endpoint == "_search" { &whole } else { &[] },
        body: Some(&body),
        id: Some(&id),
    };
    let answer = search.ask(request, text, timeout, cancel).await;
    if matches!(&answer, Err(error) if [ProblemKind::Timeout, ProblemKind::Cancelled].contains(&error.0.kind)) {
        stop(search, &id).await;
    }
    let answer = answer?;
    if answer["timed_out"] == true {
        return Err(ProviderError::timed_out());
    }
    if answer["_shards"]["failed"].as_u64().is_some_and(|failed| failed > 0) {
        let failure = &answer["_shards"]["failures"][0]["reason"];
        return Err(error::of_error(failure, text));
    }
    Ok(answer)
}

/// Leaves out an `after` of nothing, which stands for the first page.
fn drop_nothing(body: &mut Json) {
    if let Some(members) = body.as_object_mut() {
        members.retain(|key, value| key != "after" || !value.is_null());
        members.values_mut().for_each(drop_nothing);
    }
}

/// Stops the tasks of a run. Losing the connection stops them too, but not in every version.
async fn stop(search: &Search, id: &str) {
    let never = CancellationToken::new();
    let ask = |post: bool, path: Vec<String>, parameters: &'static [(&'static str, &'static str)]| {
        let never = never.clone();
        async move {
            let path: Vec<&str> = path.iter().map(String::as_str).collect();
            search.ask(Request { post, path: &path, parameters, body: None, id: None }, "", STOP, &never).await
        }
    };
    let tasks = match ask(false, vec!["_tasks".to_owned()], &[("actions", "*search*"), ("detailed", "true")]).await {
        Ok(tasks) => tasks,
        Err(error) => {
            tracing::debug!("the tasks of a run were not listed: {error}");
            return;
        }
    };
    let nodes = tasks["nodes"].as_object().into_iter().flatten();
    let ours = nodes.flat_map(|(_, node)| node["tasks"].as_object().into_iter().flatten());
    let ours = ours.filter(|(_, task)| task["headers"]["X-Opaque-Id"] == id && task["parent_task_id"].is_null());
    for (task, _) in ours {
        if let Err(error) = ask(true, vec!["_tasks".to_owned(), task.clone(), "_cancel".to_owned()], &[]).await {
            tracing::debug!("a task was not stopped: {error}");
        }
    }
}

/// Unique among the runs of this and other programs.
fn new_id() -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("nlq-{:x}-{:x}-{:x}", since.as_nanos(), std::process::id(), MADE.fetch_add(1, Ordering::Relaxed))
}

/// A table within limits.
fn limited(table: Table, limits: Limits, elapsed: Duration) -> Rows {
    let mut truncated = table.more.then_some(Truncated::Rows);
    let (mut rows, mut bytes) = (Vec::new(), 0);
    for row in table.rows {
        if rows.len() == limits.rows {
            truncated = Some(Truncated::Rows);
            break;
        }
        bytes += row.iter().map(|cell| cell.to_string().len()).sum::<usize>();
        if bytes > limits.bytes {
            truncated = Some(Truncated::Bytes);
            break;
        }
        rows.push(row);
    }
    let kind = |column: usize| {
        let cells = rows.iter().map(|row: &Vec<Value>| &row[column]);
        let mut kinds = cells.filter_map(|cell| match cell {
            Value::Null => None,
            Value::Bool(_) => Some("boolean"),
            Value::Int(_) => Some("long"),
            Value::Float(_) => Some("double"),
            Value::Text(_) => Some("keyword"),
        });
        let first = kinds.next().unwrap_or_default();
        if kinds.all(|kind| kind == first) { first } else { "" }
    };
    let columns = table.columns.iter().enumerate();
    let columns = columns.map(|(at, name)| ColumnHead { name: name.clone(), type_name: kind(at).to_owned() }).collect();
    Rows { columns, rows, truncated, elapsed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_pages_of_a_composite_are_asked_for() {
        let mut body = json!({"aggs": {"lines": {"nested": {"path": "lines"}, "aggs": {"groups": {"composite": {"size": 1000}}}}}});
        let way = composite(&body).unwrap();
        assert_eq!(way, ["lines", "groups"]);
        follow(
            &mut body,
            &way,
            &json!({"aggregations": {"lines": {"groups": {"buckets": [1], "after_key": {"a": 1}}}}}),
        );
        assert_eq!(at(&mut body, &way)["composite"]["after"], json!({"a": 1}));
        follow(&mut body, &way, &json!({"aggregations": {"lines": {"groups": {"buckets": []}}}}));
        drop_nothing(&mut body);
        assert_eq!(at(&mut body, &way)["composite"], json!({"size": 1000}));
        // As many as were asked for.
        assert_eq!(composite(&json!({"aggs": {"groups": {"composite": {"size": 5}}}})), None);
    }

    #[test]
    fn limits_cut_and_tell() {
        let table =
            |more| Table { columns: vec!["a".into()], rows: vec![vec![Value::Int(1)], vec![Value::Int(22)]], more };
        let limits = |rows, bytes| Limits { rows, bytes, timeout: Duration::ZERO };
        assert_eq!(limited(table(false), limits(2, 100), Duration::ZERO).truncated, None);
        assert_eq!(limited(table(true), limits(2, 100), Duration::ZERO).truncated, Some(Truncated::Rows));
        assert_eq!(limited(table(false), limits(1, 100), Duration::ZERO).truncated, Some(Truncated::Rows));
        assert_eq!(limited(table(false), limits(2, 2), Duration::ZERO).truncated, Some(Truncated::Bytes));
    }
}
