//! The collections of a database, their fields learnt from a sample of their documents.

use std::time::Duration;

use chrono::Utc;
use futures::StreamExt;
use mongodb::{
    Database,
    bson::{Bson, Document, doc},
};
use nlq_catalog::{Catalog, Dialect, Table, TableKind, TypeKind};
use tokio_util::sync::CancellationToken;

use super::{
    Mongodb, error,
    shape::{Making, Shape},
    validator,
};
use crate::{ProblemKind, ProviderError, SchemaOptions, wait::until};

/// Time for one collection; a view may compute for long.
const COLLECTION_BUDGET: Duration = Duration::from_secs(15);
/// Time for the whole database.
const BUDGET: Duration = Duration::from_mins(5);
/// Collections at most: more are written by programs for themselves.
const MAX_COLLECTIONS: usize = 2_000;

pub(super) async fn read(
    server: &Mongodb,
    options: SchemaOptions<'_>,
    cancel: CancellationToken,
) -> Result<Catalog, ProviderError> {
    until(&cancel, BUDGET, all(server, options)).await?
}

async fn all(server: &Mongodb, options: SchemaOptions<'_>) -> Result<Catalog, ProviderError> {
    let database = server.database().await?;
    let mut found = Vec::new();
    let mut listed = database
        .run_cursor_command(doc! { "listCollections": 1, "authorizedCollections": true, "nameOnly": false })
        .await
        .map_err(|e| error::of(&e, server))?;
    while let Some(collection) = listed.next().await {
        found.push(collection.map_err(|e| error::of(&e, server))?);
    }
    let name = |collection: &Document| collection.get_str("name").unwrap_or_default().to_owned();
    found.retain(|collection| {
        let name = name(collection);
        !name.starts_with("system.") && (server.collections.is_empty() || server.collections.contains(&name))
    });
    found.sort_by_key(name);
    if let Some(missing) = server.collections.iter().find(|wanted| !found.iter().any(|c| name(c) == **wanted)) {
        let message = format!("{} has no collection {missing}: check `collections` in nlq.yaml", server.database);
        return Err(ProviderError::new(ProblemKind::Schema, message));
    }
    let mut tables = Vec::new();
    for collection in found.iter().take(MAX_COLLECTIONS) {
        let view = collection.get_str("type").is_ok_and(|kind| kind == "view");
        match tokio::time::timeout(COLLECTION_BUDGET, one(server, &database, collection, view, options)).await {
            Ok(Ok(found)) => tables.extend(found),
            // Such as a view over something that is gone, or a collection that the user may not read.
            Ok(Err(error)) if error.0.kind != ProblemKind::Connection => {
                tracing::warn!("left out {}: {error}", name(collection));
            }
            Ok(Err(error)) => return Err(error),
            Err(_) => tracing::warn!("left out {}: it took too long to look at", name(collection)),
        }
    }
    tables.sort_by(|a: &Table, b| a.name.cmp(&b.name));
    Ok(Catalog { dialect: Dialect::Mongodb, taken_at: Utc::now(), tables, ..Catalog::default() })
}

/// The tables of one collection.
async fn one(
    server: &Mongodb,
    database: &Database,
    collection: &Document,
    view: bool,
    options: SchemaOptions<'_>,
) -> Result<Vec<Table>, ProviderError> {
    let name = collection.get_str("name").unwrap_or_default();
    let failed = |e: mongodb::error::Error| error::of(&e, server);
    // From the collection's own figures; a view would be computed.
    let rows = if view {
        None
    } else {
        let counted = database.run_command(doc! { "count": name }).await.map_err(failed)?;
        counted.get("n").and_then(number)
    };
    let size = i64::from(server.sample_size);
    let all = rows.is_some_and(|rows| rows <= size as u64);
    let budget = i64::try_from(COLLECTION_BUDGET.as_millis()).unwrap_or(i64::MAX);
    // All of them where they are few, and the first of a view, of which any other would have it computed whole.
    let command = if all || view {
        doc! { "find": name, "limit": size, "maxTimeMS": budget }
    } else {
        doc! { "aggregate": name, "pipeline": [{ "$sample": { "size": size } }], "cursor": {}, "maxTimeMS": budget }
    };
    let mut shape = Shape::default();
    let mut documents = database.run_cursor_command(command).await.map_err(failed)?;
    while let Some(document) = documents.next().await {
        shape.add(&document.map_err(failed)?);
    }
    let keeps =
        |table: &str, column: &str| options.sample_values && !options.annotations.is_sensitive(None, table, column);
    let mut tables = shape.tables(name, &Making { all, keeps: &keeps });
    tables[0].row_estimate = rows;
    if view {
        tables[0].kind = TableKind::View;
    }
    if let Ok(options) = collection.get_document("options")
        && let Ok(validator) = options.get_document("validator")
        && let Ok(schema) = validator.get_document("$jsonSchema")
    {
        validator::apply(schema, &mut tables);
    }
    // Values that a validator lists are of the schema; those of sensitive columns are not kept all the same.
    for table in &mut tables {
        let name = table.name.clone();
        for column in table.columns.iter_mut().filter(|column| column.kind == TypeKind::Text || column.values.is_some())
        {
            if options.annotations.is_sensitive(None, &name, &column.name) {
                column.values = None;
            }
        }
    }
    Ok(tables)
}

fn number(value: &Bson) -> Option<u64> {
    match value {
        Bson::Int32(number) => u64::try_from(*number).ok(),
        Bson::Int64(number) => u64::try_from(*number).ok(),
        Bson::Double(number) => Some(*number as u64),
        _ => None,
    }
}
