//! The schema: a sourcetype of an index is a table, its fields are what a bounded number of its newest events have; a dataset
//! of a data model is a table too.

use std::time::Duration;

use chrono::Utc;
use futures::{StreamExt, stream};
use nlq_catalog::{Catalog, Dialect, Table, TableKind};
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use super::{Splunk, fields, models, objects, run};
use crate::{ProviderError, SchemaOptions};

/// Events of a sourcetype that fields are looked for in, newest first.
const EVENTS: usize = 5_000;
/// Sourcetypes whose fields are looked for; the largest first.
const TABLES: usize = 200;
/// Searches at once: a role may run three by default, and the user has others.
const AT_ONCE: usize = 2;
/// Time for one search.
const TIME: Duration = Duration::from_mins(1);

/// Which events there are, by index and sourcetype: from the index files, without reading an event.
fn sourcetypes(indexes: &[String]) -> String {
    let wanted: Vec<String> = indexes.iter().map(|index| format!("index={}", quoted(index))).collect();
    let wanted = if wanted.is_empty() { "index=*".to_owned() } else { format!("({})", wanted.join(" OR ")) };
    format!("| tstats count where {wanted} by index, sourcetype")
}

/// The fields of a sourcetype's newest events, with counts and the most frequent values.
fn summary(index: &str, sourcetype: &str, values: usize) -> String {
    format!(
        "search index={} sourcetype={} | head {EVENTS} | fieldsummary maxvals={values}",
        quoted(index),
        quoted(sourcetype)
    )
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Reads it.
pub(super) async fn read(
    splunk: &Splunk,
    options: SchemaOptions<'_>,
    cancel: &CancellationToken,
) -> Result<Catalog, ProviderError> {
    let counted = run::job(splunk, &sourcetypes(splunk.indexes()), 10_000, TIME, cancel).await?;
    let mut found: Vec<(String, String, u64)> = results(&counted)
        .filter_map(|row| {
            let text = |name: &str| row[name].as_str().map(str::to_owned);
            Some((text("index")?, text("sourcetype")?, text("count")?.parse().ok()?))
        })
        .collect();
    found.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.cmp(b)));
    found.truncate(TABLES);
    let tables = stream::iter(found.into_iter().map(|(index, sourcetype, count)| {
        let search = summary(&index, &sourcetype, if options.sample_values { fields::VALUES } else { 1 });
        async move {
            let summary = run::job(splunk, &search, 10_000, TIME, cancel).await?;
            let rows: Vec<&Json> = results(&summary).collect();
            let complete = count <= EVENTS as u64;
            let sampled = |column: &str| {
                options.sample_values && !options.annotations.is_sensitive(Some(&index), &sourcetype, column)
            };
            let columns = fields::columns(&rows, complete, sampled);
            Ok::<_, ProviderError>(Table {
                schema: Some(index),
                name: sourcetype,
                kind: TableKind::Events,
                row_estimate: Some(count),
                columns,
                ..Table::default()
            })
        }
    }));
    let mut all = Vec::new();
    let mut tables = tables.buffered(AT_ONCE);
    while let Some(table) = tables.next().await {
        all.push(table?);
    }
    all.extend(models::read(splunk, cancel).await?);
    all.sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    let objects = objects::read(splunk, cancel).await?;
    Ok(Catalog { dialect: Dialect::Splunk, taken_at: Utc::now(), tables: all, objects, ..Catalog::default() })
}

fn results(found: &Json) -> impl Iterator<Item = &Json> {
    found["results"].as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_quotes() {
        assert_eq!(
            summary("a\" | delete", "s\\", 1),
            r#"search index="a\" | delete" sourcetype="s\\" | head 5000 | fieldsummary maxvals=1"#
        );
        assert_eq!(sourcetypes(&[]), "| tstats count where index=* by index, sourcetype");
        assert_eq!(
            sourcetypes(&["a".to_owned(), "b".to_owned()]),
            "| tstats count where (index=\"a\" OR index=\"b\") by index, sourcetype"
        );
    }
}
