//! Macros, lookups and saved searches that the user may see.

use std::time::Duration;

use nlq_catalog::{Object, ObjectKind};
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use super::{Splunk, client::Endpoint};
use crate::{ProblemKind, ProviderError};

/// Entries of a kind that are read.
const MOST: &str = "1000";
/// Time for one list.
const TIME: Duration = Duration::from_secs(30);

/// The entries of a list. One that the user may not see, or that this version has not, is empty.
pub(super) async fn entries(
    splunk: &Splunk,
    path: &[&str],
    cancel: &CancellationToken,
) -> Result<Vec<Json>, ProviderError> {
    match splunk.ask(Endpoint::List(path), &[("count", MOST)], "", TIME, cancel).await {
        Ok(list) => {
            let all = list["entry"].as_array().cloned().unwrap_or_default();
            Ok(all.into_iter().filter(|entry| entry["content"]["disabled"].as_bool() != Some(true)).collect())
        }
        Err(error) if [ProblemKind::Cancelled, ProblemKind::Timeout].contains(&error.0.kind) => Err(error),
        Err(error) => {
            tracing::warn!("{} cannot be listed: {error}", path.join("/"));
            Ok(Vec::new())
        }
    }
}

/// All of them, by kind and name.
pub(super) async fn read(splunk: &Splunk, cancel: &CancellationToken) -> Result<Vec<Object>, ProviderError> {
    let mut all = Vec::new();
    for (kind, path) in [
        (ObjectKind::Macro, &["admin", "macros"][..]),
        (ObjectKind::Lookup, &["data", "transforms", "lookups"]),
        (ObjectKind::SavedSearch, &["saved", "searches"]),
    ] {
        let entries = entries(splunk, path, cancel).await?;
        let mut some: Vec<Object> = entries.iter().filter_map(|entry| object(kind, entry)).collect();
        some.sort_by(|a, b| (&a.name, a.arguments.len()).cmp(&(&b.name, b.arguments.len())));
        all.append(&mut some);
    }
    Ok(all)
}

fn object(kind: ObjectKind, entry: &Json) -> Option<Object> {
    let name = entry["name"].as_str()?;
    let content = &entry["content"];
    let text = |key: &str| content[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let listed = |key: &str| -> Vec<String> {
        let text = text(key).unwrap_or_default();
        text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
    };
    let (name, arguments, definition) = match kind {
        // A macro's name carries the number of its arguments.
        ObjectKind::Macro => (name.split_once('(').map_or(name, |(name, _)| name), listed("args"), text("definition")),
        ObjectKind::Lookup => (name, listed("fields_list"), text("filename")),
        ObjectKind::SavedSearch => (name, Vec::new(), text("search")),
    };
    Some(Object { kind, name: name.to_owned(), arguments, definition })
}
