//! Tables, their keys and indexes, and the attributes that a sample of their items has.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use nlq_catalog::{Catalog, Dialect, Index, Table};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;

use super::{DynamoDb, sample::Sample};
use crate::{ProviderError, SchemaOptions};

/// What reading the whole schema may take: accounts with hundreds of tables take minutes.
const TIME: Duration = Duration::from_mins(10);
/// Tables at most; DynamoDB's own limit is 2,500 unless an account has asked for more.
const MAX_TABLES: usize = 2_500;

/// What DynamoDB tells of a table without reading it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Description {
    /// Its name, keys and indexes; only key attributes are its columns.
    pub(super) table: Table,
    /// Key attributes with their types.
    pub(super) keys: Vec<(String, String)>,
    /// Items, as DynamoDB counts them every six hours.
    pub(super) items: u64,
    /// Bytes of all items, counted as often.
    pub(super) bytes: u64,
    /// Names of indexes with their items and bytes.
    pub(super) indexes: Vec<(String, u64, u64)>,
}

/// Reads the schema.
pub(super) async fn read(
    own: &DynamoDb,
    options: SchemaOptions<'_>,
    cancel: &CancellationToken,
) -> Result<Catalog, ProviderError> {
    let end = Instant::now() + TIME;
    let names = if own.tables.is_empty() { list(own, end, cancel).await? } else { own.tables.clone() };
    let mut tables = Vec::new();
    for name in names {
        let described = describe(own, &name, end, cancel).await?;
        own.remember(&name, &described);
        tables.push(table(own, described, options, end, cancel).await?);
    }
    tables.sort_by(|a: &Table, b| a.name.cmp(&b.name));
    Ok(Catalog {
        dialect: Dialect::Dynamodb,
        taken_at: chrono::Utc::now(),
        tables,
        scan_limit: Some(own.scan_limit),
        ..Catalog::default()
    })
}

async fn list(own: &DynamoDb, end: Instant, cancel: &CancellationToken) -> Result<Vec<String>, ProviderError> {
    let mut names = Vec::new();
    let mut body = json!({ "Limit": 100 });
    loop {
        let reply = own.client.ask("ListTables", &body, end, cancel).await?;
        let page = reply["TableNames"].as_array().into_iter().flatten();
        names.extend(page.filter_map(Json::as_str).map(str::to_owned));
        let last = &reply["LastEvaluatedTableName"];
        if last.is_null() || names.len() >= MAX_TABLES {
            return Ok(names);
        }
        body["ExclusiveStartTableName"] = last.clone();
    }
}

impl DynamoDb {
    fn remember(&self, name: &str, described: &Description) {
        let mut known = self.described.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.insert(name.to_owned(), Arc::new(described.clone()));
    }

    /// What a table was described as, asked where it is not known yet.
    pub(super) async fn description(
        &self,
        name: &str,
        end: Instant,
        cancel: &CancellationToken,
    ) -> Result<Arc<Description>, ProviderError> {
        let known = self.described.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get(name).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let found = describe(self, name, end, cancel).await?;
        self.remember(name, &found);
        Ok(Arc::new(found))
    }
}

async fn describe(
    own: &DynamoDb,
    name: &str,
    end: Instant,
    cancel: &CancellationToken,
) -> Result<Description, ProviderError> {
    let reply = own.client.ask("DescribeTable", &json!({ "TableName": name }), end, cancel).await?;
    Ok(description(name, &reply["Table"]))
}

/// A description as DynamoDB sends it.
fn description(name: &str, told: &Json) -> Description {
    let types: Vec<(String, String)> = list_of(&told["AttributeDefinitions"])
        .filter_map(|one| Some((one["AttributeName"].as_str()?.to_owned(), one["AttributeType"].as_str()?.to_owned())))
        .collect();
    let primary_key = key(&told["KeySchema"]);
    let local = list_of(&told["LocalSecondaryIndexes"]).map(|index| (index, true));
    let shared = list_of(&told["GlobalSecondaryIndexes"]).map(|index| (index, false));
    let (mut indexes, mut sizes) = (Vec::new(), Vec::new());
    for (index, local) in local.chain(shared) {
        let name = index["IndexName"].as_str().unwrap_or_default().to_owned();
        let columns = key(&index["KeySchema"]);
        let projection = &index["Projection"];
        // A local index fetches from the table what it does not carry.
        let all = local || projection["ProjectionType"].as_str() == Some("ALL");
        let mut includes: Vec<String> = Vec::new();
        if !all {
            let more = list_of(&projection["NonKeyAttributes"]).filter_map(Json::as_str).map(str::to_owned);
            for carried in columns.iter().chain(&primary_key).cloned().chain(more) {
                if !includes.contains(&carried) {
                    includes.push(carried);
                }
            }
        }
        sizes.push((name.clone(), count(&index["ItemCount"]), count(&index["IndexSizeBytes"])));
        indexes.push(Index { name, columns, includes });
    }
    indexes.sort_by(|a, b| a.name.cmp(&b.name));
    let (items, bytes) = (count(&told["ItemCount"]), count(&told["TableSizeBytes"]));
    let columns = Sample::default().columns(&types, true, |_| false);
    let table =
        Table { name: name.to_owned(), row_estimate: Some(items), columns, primary_key, indexes, ..Table::default() };
    Description { table, keys: types, items, bytes, indexes: sizes }
}

fn list_of(json: &Json) -> impl Iterator<Item = &Json> {
    json.as_array().into_iter().flatten()
}

fn count(json: &Json) -> u64 {
    json.as_u64().unwrap_or_default()
}

/// The attributes of a key, the partition key first.
fn key(schema: &Json) -> Vec<String> {
    let of = |kind: &'static str| list_of(schema).filter(move |one| one["KeyType"] == kind);
    of("HASH").chain(of("RANGE")).filter_map(|one| one["AttributeName"].as_str()).map(str::to_owned).collect()
}

/// A table with the attributes of a sample of its items.
async fn table(
    own: &DynamoDb,
    described: Description,
    options: SchemaOptions<'_>,
    end: Instant,
    cancel: &CancellationToken,
) -> Result<Table, ProviderError> {
    let Description { mut table, mut keys, items, indexes, .. } = described;
    // The table's own keys first, then what indexes are by.
    keys.sort_by_key(|(name, _)| table.primary_key.iter().position(|key| key == name).unwrap_or(usize::MAX));
    let (sample, all) = sample(own, &table.name, end, cancel).await?;
    let seen = sample.items();
    let keeps = |name: &str| options.sample_values && !options.annotations.is_sensitive(None, &table.name, name);
    let mut columns = sample.columns(&keys, all, keeps);
    for column in &mut columns {
        // Every item has the table's own key; and an index that has as many items as the table misses none of them.
        let of_full = |index: &&Index| {
            let size = indexes.iter().find(|(name, ..)| *name == index.name);
            index.columns.contains(&column.name) && size.is_some_and(|(_, there, _)| *there == items && items > 0)
        };
        if table.primary_key.contains(&column.name)
            || (column.presence.is_none() && table.indexes.iter().any(|index| of_full(&index)))
        {
            column.nullable = false;
        }
    }
    table.columns = columns;
    table.row_estimate = Some(items.max(seen as u64));
    Ok(table)
}

/// Some items of a table, and whether they are all.
async fn sample(
    own: &DynamoDb,
    name: &str,
    end: Instant,
    cancel: &CancellationToken,
) -> Result<(Sample, bool), ProviderError> {
    let mut sample = Sample::default();
    let wanted = own.sample_size as usize;
    let mut body = json!({ "TableName": name });
    while sample.items() < wanted {
        body["Limit"] = (wanted - sample.items()).into();
        let reply = own.client.ask("Scan", &body, end, cancel).await?;
        list_of(&reply["Items"]).for_each(|item| sample.add(item));
        let last = &reply["LastEvaluatedKey"];
        if last.is_null() {
            return Ok((sample, true));
        }
        body["ExclusiveStartKey"] = last.clone();
    }
    Ok((sample, false))
}
