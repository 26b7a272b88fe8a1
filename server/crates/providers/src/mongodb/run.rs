use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures::StreamExt;
use mongodb::{
    Database,
    bson::{Bson, Document, doc},
};
use nlq_query::{
    ReadOnlyQuery,
    mongo::{self, MongoQuery, Operation},
};
use tokio_util::sync::CancellationToken;

use super::{Mongodb, bson, error};
use crate::{ColumnHead, Limits, ProblemKind, ProviderError, Rows, Truncated, Value, wait::until};

/// Documents asked for at a time: few exchanges, and no flood behind a byte limit.
const BATCH: usize = 500;
/// Time for stopping an operation on the server; its own time limit stands behind it.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// The query of a guarded text.
fn read(query: &ReadOnlyQuery) -> Result<MongoQuery, ProviderError> {
    mongo::read(query).ok_or_else(|| ProviderError::new(ProblemKind::Syntax, "this is no query of MongoDB"))
}

/// The command that runs a query.
fn command(query: &MongoQuery) -> Result<Document, ProviderError> {
    let name = &query.collection;
    let mut command = match &query.operation {
        Operation::Aggregate { pipeline } => {
            let stages: Vec<Bson> = pipeline.iter().map(bson::bson).collect::<Result<_, _>>()?;
            doc! { "aggregate": name, "pipeline": stages, "cursor": {} }
        }
        Operation::Find { filter, projection, sort, skip, limit } => {
            let mut command = doc! { "find": name, "filter": bson::document(filter.as_ref())? };
            if projection.is_some() {
                command.insert("projection", bson::document(projection.as_ref())?);
            }
            if sort.is_some() {
                command.insert("sort", bson::document(sort.as_ref())?);
            }
            if let Some(skip) = skip {
                command.insert("skip", *skip);
            }
            if let Some(limit) = limit {
                command.insert("limit", *limit);
            }
            command
        }
        Operation::Count { filter } => {
            let filter = bson::document(filter.as_ref())?;
            let pipeline = vec![doc! { "$match": filter }, doc! { "$group": { "_id": null, "count": { "$sum": 1 } } }];
            doc! { "aggregate": name, "pipeline": pipeline, "cursor": {} }
        }
        Operation::Distinct { field, filter, .. } => {
            doc! { "distinct": name, "key": field, "query": bson::document(filter.as_ref())? }
        }
    };
    for (key, value) in &query.options {
        command.insert(key.name.clone(), bson::bson(value)?);
    }
    Ok(command)
}

/// The server's plan, which it makes only for a query that it understands.
pub(super) async fn explain(
    server: &Mongodb,
    query: &ReadOnlyQuery,
    timeout: Duration,
    cancel: CancellationToken,
) -> Result<String, ProviderError> {
    let command = command(&read(query)?)?;
    let explained = async {
        let database = server.database().await?;
        let asked = doc! { "explain": command, "verbosity": "queryPlanner", "maxTimeMS": millis(timeout) };
        database.run_command(asked).await.map_err(|e| error::of(&e, server))
    };
    let mut plan = until(&cancel, timeout, explained).await??;
    // What every reply of the server holds besides.
    for idle in ["ok", "$clusterTime", "operationTime", "serverInfo", "serverParameters", "command"] {
        plan.remove(idle);
    }
    Ok(lines(&Bson::Document(plan), 0) + "\n")
}

/// A document on as many lines as it has entries.
fn lines(value: &Bson, indent: usize) -> String {
    let (inner, outer) = (" ".repeat(indent + 2), " ".repeat(indent));
    match value {
        Bson::Document(document) if !document.is_empty() => {
            let entries: Vec<String> =
                document.iter().map(|(key, value)| format!("{inner}{key}: {}", lines(value, indent + 2))).collect();
            format!("{{\n{}\n{outer}}}", entries.join(",\n"))
        }
        Bson::Array(items) if items.iter().any(|item| matches!(item, Bson::Document(_))) => {
            let items: Vec<String> = items.iter().map(|item| format!("{inner}{}", lines(item, indent + 2))).collect();
            format!("[\n{}\n{outer}]", items.join(",\n"))
        }
        other => bson::json(other),
    }
}

fn millis(timeout: Duration) -> i64 {
    // 0 would mean no limit at all.
    i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX).clamp(1, i64::from(i32::MAX))
}

/// Runs the query within its limits.
pub(super) async fn execute(
    server: &Mongodb,
    query: &ReadOnlyQuery,
    limits: Limits,
    cancel: CancellationToken,
) -> Result<Rows, ProviderError> {
    let started = Instant::now();
    let query = read(query)?;
    let mut command = command(&query)?;
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    // By this the operation is found again, to be stopped.
    let tag = format!("nlq-{}-{nanos}", std::process::id());
    command.insert("maxTimeMS", millis(limits.timeout));
    command.insert("comment", tag.clone());
    let fetched = async {
        let database = server.database().await?;
        match &query.operation {
            Operation::Distinct { field, .. } => {
                let reply = database.run_command(command).await.map_err(|e| error::of(&e, server))?;
                let mut taken = Taken::new(Some(vec![field.clone()]), limits);
                for value in reply.get_array("values").into_iter().flatten() {
                    let mut document = Document::new();
                    document.insert(field.clone(), value.clone());
                    if taken.take(document) {
                        break;
                    }
                }
                Ok(taken)
            }
            _ => fetch(server, &database, command, &query, limits).await,
        }
    };
    let taken = match until(&cancel, limits.timeout, fetched).await {
        Ok(done) => done?,
        Err(error) => {
            stop(server, &tag).await;
            return Err(error);
        }
    };
    Ok(taken.rows(started))
}

async fn fetch(
    server: &Mongodb,
    database: &Database,
    mut command: Document,
    query: &MongoQuery,
    limits: Limits,
) -> Result<Taken, ProviderError> {
    // One more than the limit shows whether there is more.
    let batch = i64::try_from(limits.rows.saturating_add(1).min(BATCH)).unwrap_or(i64::MAX);
    if command.contains_key("find") {
        command.insert("batchSize", batch);
    } else {
        command.insert("cursor", doc! { "batchSize": batch });
    }
    // The cursor ends on the server when it is dropped.
    let cursor = database.run_cursor_command(command).batch_size(u32::try_from(batch).unwrap_or(u32::MAX)).await;
    let mut cursor = cursor.map_err(|e| error::of(&e, server))?;
    let mut taken = Taken::new(mongo::columns(query), limits);
    let counts = matches!(query.operation, Operation::Count { .. });
    while let Some(document) = cursor.next().await {
        let mut document: Document = document.map_err(|e| error::of(&e, server))?;
        if counts {
            document.remove("_id");
        }
        if taken.take(document) {
            break;
        }
    }
    if counts && taken.rows.is_empty() {
        // A group of no documents is no document.
        taken.take(doc! { "count": 0 });
    }
    Ok(taken)
}

/// Stops the operation of a tag on the server, where that is allowed; its own time limit stands behind it.
async fn stop(server: &Mongodb, tag: &str) {
    let stopping = async {
        let admin = server.client().await?.database("admin");
        let pipeline =
            vec![doc! { "$currentOp": { "allUsers": false } }, doc! { "$match": { "command.comment": tag } }];
        let mut found = admin
            .run_cursor_command(doc! { "aggregate": 1, "pipeline": pipeline, "cursor": {} })
            .await
            .map_err(|e| error::of(&e, server))?;
        while let Some(Ok(operation)) = found.next().await {
            if let Some(id) = operation.get("opid") {
                let killed = admin.run_command(doc! { "killOp": 1, "op": id.clone() }).await;
                killed.map_err(|e| error::of(&e, server))?;
            }
        }
        Ok::<(), ProviderError>(())
    };
    match tokio::time::timeout(STOP_TIMEOUT, stopping).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!("could not stop an operation on the server: {error}"),
        Err(_) => tracing::warn!("the server did not stop an operation in time"),
    }
}

/// What was taken of a result so far.
struct Taken {
    heads: Vec<ColumnHead>,
    rows: Vec<Vec<Value>>,
    bytes: usize,
    truncated: Option<Truncated>,
    limits: Limits,
}

impl Taken {
    fn new(names: Option<Vec<String>>, limits: Limits) -> Self {
        let head = |name: String| ColumnHead { name, type_name: String::new() };
        let heads = names.into_iter().flatten().map(head).collect();
        Self { heads, rows: Vec::new(), bytes: 0, truncated: None, limits }
    }

    /// Takes a document, unless that would pass a limit; true when no more is wanted.
    fn take(&mut self, document: Document) -> bool {
        if self.rows.len() >= self.limits.rows {
            self.truncated = Some(Truncated::Rows);
            return true;
        }
        let mut row = vec![Value::Null; self.heads.len()];
        let mut bytes = 0;
        for (name, value) in &document {
            let at = self.heads.iter().position(|head| head.name == *name);
            let at = at.unwrap_or_else(|| {
                self.heads.push(ColumnHead { name: name.clone(), type_name: String::new() });
                row.push(Value::Null);
                self.heads.len() - 1
            });
            if self.heads[at].type_name.is_empty() && *value != Bson::Null {
                bson::type_name(value).clone_into(&mut self.heads[at].type_name);
            }
            row[at] = bson::cell(value);
            bytes += match &row[at] {
                Value::Text(text) => text.len(),
                _ => 8,
            };
        }
        self.bytes += bytes;
        if self.bytes > self.limits.bytes {
            self.truncated = Some(Truncated::Bytes);
            return true;
        }
        self.rows.push(row);
        false
    }

    fn rows(mut self, started: Instant) -> Rows {
        // Later documents may have brought more columns.
        for row in &mut self.rows {
            row.resize(self.heads.len(), Value::Null);
        }
        Rows { columns: self.heads, rows: self.rows, truncated: self.truncated, elapsed: started.elapsed() }
    }
}
