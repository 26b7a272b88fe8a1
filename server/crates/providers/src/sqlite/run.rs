use std::{
    path::Path,
    time::{Duration, Instant},
};

use futures::StreamExt;
use sqlx::{
    AssertSqlSafe, Column, Executor, Row, SqlSafeStr, SqliteConnection, Statement, TypeInfo, ValueRef,
    sqlite::{SqliteColumn, SqliteRow},
};
use tokio_util::sync::CancellationToken;

use super::{
    error,
    open::{Session, int, text},
};
use crate::{ColumnHead, Limits, ProviderError, Rows, Truncated, Value, wait::until};

/// Prepares the query, which resolves every name in it.
pub(super) async fn validate(
    path: &Path,
    sql: &str,
    timeout: Duration,
    cancel: CancellationToken,
) -> Result<(), ProviderError> {
    let mut session = Session::open(path, timeout, &cancel).await?;
    let prepared = session.connection().prepare(AssertSqlSafe(sql).into_sql_str());
    until(&cancel, timeout, prepared).await?.map(|_| ()).map_err(|e| error::of(e, path, sql))
}

/// The plan as an indented tree, one step a line.
pub(super) async fn explain(
    path: &Path,
    sql: &str,
    timeout: Duration,
    cancel: CancellationToken,
) -> Result<String, ProviderError> {
    const PREFIX: &str = "EXPLAIN QUERY PLAN ";
    let mut session = Session::open(path, timeout, &cancel).await?;
    let rows = session.rows(&format!("{PREFIX}{sql}"), &[]).await.map_err(|mut e| {
        e.0.span =
            e.0.span
                .filter(|span| span.start >= PREFIX.len())
                .map(|span| nlq_text::Span::new(span.start - PREFIX.len(), span.end - PREFIX.len()));
        e
    })?;
    let mut depths = std::collections::HashMap::from([(0, 0)]);
    let mut plan = String::new();
    for row in &rows {
        let (id, parent) = (int(row, 0).unwrap_or(0), int(row, 1).unwrap_or(0));
        let depth = depths.get(&parent).copied().unwrap_or(0);
        depths.insert(id, depth + 1);
        plan.push_str(&"  ".repeat(depth));
        plan.push_str(&text(row, 3).unwrap_or_default());
        plan.push('\n');
    }
    Ok(plan)
}

/// Runs the query within its limits.
pub(super) async fn execute(
    path: &Path,
    sql: &str,
    limits: Limits,
    cancel: CancellationToken,
) -> Result<Rows, ProviderError> {
    let started = Instant::now();
    let mut session = Session::open(path, limits.timeout, &cancel).await?;
    let fetched = until(&cancel, limits.timeout, fetch(session.connection(), sql, limits)).await?;
    let (columns, rows, truncated) = fetched.map_err(|e| error::of(e, path, sql))?;
    Ok(Rows { columns, rows, truncated, elapsed: started.elapsed() })
}

type Fetched = (Vec<ColumnHead>, Vec<Vec<Value>>, Option<Truncated>);

async fn fetch(connection: &mut SqliteConnection, sql: &str, limits: Limits) -> Result<Fetched, sqlx::Error> {
    let statement = (&mut *connection).prepare(AssertSqlSafe(sql).into_sql_str()).await?;
    let columns = statement.columns().iter().map(head).collect();
    let mut stream = sqlx::query(AssertSqlSafe(sql)).persistent(false).fetch(connection);
    let (mut rows, mut bytes) = (Vec::new(), 0);
    while let Some(row) = stream.next().await {
        let row = row?;
        if rows.len() == limits.rows {
            return Ok((columns, rows, Some(Truncated::Rows)));
        }
        bytes += (0..row.len()).map(|index| size(&row, index)).sum::<usize>();
        if bytes > limits.bytes {
            return Ok((columns, rows, Some(Truncated::Bytes)));
        }
        rows.push((0..row.len()).map(|index| value(&row, index)).collect());
    }
    Ok((columns, rows, None))
}

fn head(column: &SqliteColumn) -> ColumnHead {
    let type_name = match column.type_info().name() {
        "NULL" => "",
        name => name,
    };
    ColumnHead { name: column.name().to_owned(), type_name: type_name.to_owned() }
}

/// Bytes of a cell as text, near enough for a limit, before it is turned into text.
fn size(row: &SqliteRow, index: usize) -> usize {
    let Ok(value) = row.try_get_raw(index) else { return 0 };
    match value.type_info().name() {
        "BLOB" => 3 + 2 * bytes(row, index).len(),
        "TEXT" => bytes(row, index).len(),
        _ => 8,
    }
}

fn bytes(row: &SqliteRow, index: usize) -> &[u8] {
    row.try_get_unchecked(index).unwrap_or_default()
}

fn value(row: &SqliteRow, index: usize) -> Value {
    let Ok(raw) = row.try_get_raw(index) else { return Value::Null };
    if raw.is_null() {
        return Value::Null;
    }
    let type_info = raw.type_info().into_owned();
    match type_info.name() {
        "INTEGER" => int(row, index).map_or(Value::Null, Value::Int),
        "REAL" => match row.try_get_unchecked::<f64, _>(index) {
            Ok(number) if number.is_finite() => Value::Float(number),
            // As SQLite's shell shows them; JSON has no such numbers.
            Ok(number) => Value::Text(if number > 0.0 { "Inf" } else { "-Inf" }.to_owned()),
            Err(_) => Value::Null,
        },
        "BLOB" => {
            let mut hex = "X'".to_owned();
            for byte in bytes(row, index) {
                hex.push_str(&format!("{byte:02X}"));
            }
            Value::Text(hex + "'")
        }
        _ => Value::Text(text(row, index).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ProblemKind;

    #[tokio::test]
    async fn what_writes_is_refused_even_without_the_guard() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let mut writer = sqlx::ConnectOptions::connect(&options).await.unwrap();
        writer.execute("CREATE TABLE t (a); INSERT INTO t VALUES (1)").await.unwrap();
        let limits = Limits { rows: 10, bytes: 1000, timeout: Duration::from_secs(5) };
        for sql in [
            "INSERT INTO t VALUES (2)",
            "DELETE FROM t RETURNING a",
            "DROP TABLE t",
            "PRAGMA query_only = OFF; INSERT INTO t VALUES (2)",
            "PRAGMA user_version = 7",
        ] {
            let error = execute(&path, sql, limits, CancellationToken::new()).await.unwrap_err();
            assert_eq!(error.0.kind, ProblemKind::Permission, "{sql}: {error}");
        }
        let rows = execute(&path, "SELECT count(*) FROM t", limits, CancellationToken::new()).await.unwrap();
        assert_eq!(rows.rows, [[Value::Int(1)]]);
    }
}
