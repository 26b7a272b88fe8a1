//! Running a statement page by page.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use nlq_query::partiql::{Items, Select, parse};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;

use super::{DynamoDb, value};
use crate::{ColumnHead, Limits, ProblemKind, ProviderError, Rows, Truncated, Value};

/// Items that one request looks at, at most: enough for few requests, few enough to be cancelled between them.
const PAGE: usize = 1_000;

/// A statement that the guard has passed, read again.
pub(super) fn read(text: &str) -> Result<Select, ProviderError> {
    parse(text, false)
        .map_err(|error| ProviderError::new(ProblemKind::Syntax, error.message.clone()).at(Some(error.span)))
}

/// Runs a statement within limits.
pub(super) async fn execute(
    own: &DynamoDb,
    text: &str,
    limits: Limits,
    cancel: &CancellationToken,
) -> Result<Rows, ProviderError> {
    let begun = Instant::now();
    let end = begun + limits.timeout;
    let select = read(text)?;
    // `*` shows keys first: DynamoDB sends attributes in no order.
    let keys = match &select.items {
        Items::All(_) => own.description(&select.table.text, end, cancel).await?.table.primary_key.clone(),
        Items::Paths(_) => Vec::new(),
    };
    let mut items: Vec<Json> = Vec::new();
    let (mut bytes, mut truncated, mut units) = (0, None, None);
    let mut body = json!({ "Statement": text, "ReturnConsumedCapacity": "TOTAL" });
    'pages: loop {
        // With ORDER BY a limit is known to disturb the order. A limit is of items that are looked at, not of those found.
        if select.order.is_empty() {
            let left = limits.rows - items.len() + 1;
            body["Limit"] = if select.filter.is_none() { left.min(PAGE) } else { PAGE }.into();
        }
        let reply = own.client.ask("ExecuteStatement", &body, end, cancel).await?;
        if let Some(read) = reply["ConsumedCapacity"]["CapacityUnits"].as_f64() {
            units = Some(units.unwrap_or(0.0) + read);
        }
        for item in reply["Items"].as_array().into_iter().flatten() {
            if items.len() == limits.rows {
                truncated = Some(Truncated::Rows);
                break 'pages;
            }
            bytes += item.to_string().len();
            if bytes > limits.bytes {
                truncated = Some(Truncated::Bytes);
                break 'pages;
            }
            items.push(item.clone());
        }
        let next = &reply["NextToken"];
        if next.is_null() {
            break;
        }
        body["NextToken"] = next.clone();
    }
    if let Some(units) = units {
        let mut consumed = own.consumed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *consumed = Some((text.to_owned(), units));
    }
    Ok(rows(&select, &keys, &items, truncated, begun.elapsed()))
}

fn rows(select: &Select, keys: &[String], items: &[Json], truncated: Option<Truncated>, elapsed: Duration) -> Rows {
    let names: Vec<String> = match &select.items {
        Items::Paths(paths) => paths.iter().map(nlq_query::partiql::Path::output).collect(),
        Items::All(_) => {
            let mut rest: BTreeSet<&String> =
                items.iter().filter_map(Json::as_object).flat_map(|one| one.keys()).collect();
            rest.retain(|name| !keys.contains(name));
            keys.iter().chain(rest).cloned().collect()
        }
    };
    let type_of = |name: &String| {
        let mut types = items.iter().filter_map(|item| value::parts(item.get(name)?)).map(|(kind, _)| kind);
        types.find(|kind| *kind != "NULL").unwrap_or_default().to_owned()
    };
    let cell = |item: &Json, name: &String| item.get(name).map_or(Value::Null, value::cell);
    Rows {
        columns: names.iter().map(|name| ColumnHead { name: name.clone(), type_name: type_of(name) }).collect(),
        rows: items.iter().map(|item| names.iter().map(|name| cell(item, name)).collect()).collect(),
        truncated,
        elapsed,
    }
}
