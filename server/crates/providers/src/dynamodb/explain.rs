//! What running a statement would do, told from what DynamoDB says of the table: nothing of the statement is sent.

use std::time::{Duration, Instant};

use nlq_catalog::{Annotations, Catalog, Dialect};
use nlq_query::{
    QueryContext, check,
    partiql::{Access, Select, access},
};
use nlq_text::Severity;
use tokio_util::sync::CancellationToken;

use super::{DynamoDb, run::read, schema::Description};
use crate::{ProblemKind, ProviderError};

/// Bytes that one read unit reads, when a read need not see the very last write: two times 4 KB.
const UNIT: u64 = 8 << 10;
/// Bytes that a key lookup is rounded up to; it costs half a unit.
const BLOCK: u64 = 4 << 10;

/// Checks a statement against the keys, indexes and projections of its table.
pub(super) async fn validate(
    own: &DynamoDb,
    text: &str,
    timeout: Duration,
    cancel: &CancellationToken,
) -> Result<(), ProviderError> {
    let select = read(text)?;
    let described = described(own, &select, timeout, cancel).await?;
    let catalog = Catalog { dialect: Dialect::Dynamodb, tables: vec![described.table.clone()], ..Catalog::default() };
    let annotations = Annotations::default();
    let context = QueryContext { dialect: Dialect::Dynamodb, catalog: Some(&catalog), annotations: &annotations };
    // Attributes that are no keys are not known here, and only doubted.
    match check(text, context).into_iter().find(|one| one.severity == Severity::Error) {
        None => Ok(()),
        Some(found) => {
            let kind = match found.code {
                "syntax" | "unsupported" | "reserved-word" | "too-large" => ProblemKind::Syntax,
                _ => ProblemKind::Schema,
            };
            Err(ProviderError::new(kind, found.message).at(Some(found.span)))
        }
    }
}

async fn described(
    own: &DynamoDb,
    select: &Select,
    timeout: Duration,
    cancel: &CancellationToken,
) -> Result<std::sync::Arc<Description>, ProviderError> {
    let found = own.description(&select.table.text, Instant::now() + timeout, cancel).await;
    found.map_err(|error| match error.0.kind {
        ProblemKind::Schema => error.at(Some(select.table.span)),
        _ => error,
    })
}

/// The way to the items and what it costs, as text.
pub(super) async fn explain(
    own: &DynamoDb,
    text: &str,
    timeout: Duration,
    cancel: &CancellationToken,
) -> Result<String, ProviderError> {
    validate(own, text, timeout, cancel).await?;
    let select = read(text)?;
    let described = described(own, &select, timeout, cancel).await?;
    let mut plan = told(&select, &described);
    let consumed = own.consumed.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
    if let Some((_, units)) = consumed.filter(|(of, _)| of == text) {
        plan.push_str(&format!("\nThe last run read {units} units."));
    }
    Ok(plan)
}

fn told(select: &Select, described: &Description) -> String {
    let index = select.index.as_ref().and_then(|name| {
        let index = described.table.indexes.iter().find(|index| index.name == name.text)?;
        let (_, items, bytes) = described.indexes.iter().find(|(known, ..)| *known == name.text)?;
        Some((index, *items, *bytes))
    });
    let (keys, items, bytes) = match index {
        Some((index, items, bytes)) => (&index.columns, items, bytes),
        None => (&described.table.primary_key, described.items, described.bytes),
    };
    let place = match index {
        Some((index, ..)) => format!("the index {} of the table {}", index.name, select.table.text),
        None => format!("the table {}", select.table.text),
    };
    let partition = keys.first().map_or("", String::as_str);
    let size = bytes.checked_div(items).unwrap_or(0);
    let way = match access(select, keys) {
        Access::Lookup(count) => {
            let units = (size.div_ceil(BLOCK).max(1) * count as u64) as f64 / 2.0;
            format!(
                "Key lookup in {place}: {count} {}, about {units} read units.",
                if count == 1 { "item" } else { "items" }
            )
        }
        Access::Query { partitions, sorted } => {
            let values = if partitions == 1 { "one value".to_owned() } else { format!("{partitions} values") };
            let within = match keys.get(1).filter(|_| sorted) {
                Some(sort) => format!(", within a range of its sort key {sort}"),
                None => String::new(),
            };
            format!(
                "Query of {place} by {values} of its partition key {partition}{within}. It reads the items of \
                 {}, some {size} bytes each: a read unit for {} of them.",
                if partitions == 1 { "that partition" } else { "those partitions" },
                UNIT.checked_div(size).unwrap_or(UNIT).max(1)
            )
        }
        Access::Scan => format!(
            "Scan of {place}: all of its about {items} items, {bytes} bytes, about {} read units.",
            bytes.div_ceil(UNIT).max(1)
        ),
    };
    let filtered = match (&select.filter, access(select, keys)) {
        (None, _) | (_, Access::Lookup(_)) => "",
        _ => "\nConditions on other attributes are applied after reading, and spare no read units.",
    };
    format!("{way}{filtered}\nItems and bytes are as DynamoDB counted them within the last six hours.")
}

#[cfg(test)]
mod tests {
    use nlq_catalog::{Index, Table};

    use super::*;

    #[test]
    fn the_way_and_its_cost_are_told() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let table = Table {
            name: "orders".into(),
            primary_key: names(&["customer", "placed"]),
            indexes: vec![Index { name: "by_state".into(), columns: names(&["state"]), includes: Vec::new() }],
            ..Table::default()
        };
        let described = Description {
            table,
            keys: Vec::new(),
            items: 1_000,
            bytes: 1_000_000,
            indexes: vec![("by_state".into(), 500, 50_000)],
        };
        for (condition, parts) in [
            (
                "orders WHERE customer = 1 AND placed = 'x'",
                &["Key lookup in the table orders: 1 item, about 0.5 read units"][..],
            ),
            (
                "orders WHERE customer IN [1, 2] AND placed > 'x'",
                &["2 values of its partition key customer", "sort key placed", "for 8 of"],
            ),
            ("orders.by_state WHERE state = 'x'", &["the index by_state of the table orders", "some 100 bytes"]),
            (
                "orders WHERE total > 3",
                &["Scan of the table orders: all of its about 1000 items", "123 read units", "spare no"],
            ),
        ] {
            let text = told(&read(&format!("SELECT * FROM {condition}")).unwrap(), &described);
            for part in parts {
                assert!(text.contains(part), "{part}: {text}");
            }
        }
    }
}
