//! Results of queries as tables of a database of their own, so that another query can combine them.

use std::{path::PathBuf, sync::Arc};

use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};

use crate::{ProblemKind, ProviderError, QueryProvider, Rows, Value, sqlite_file};

/// Result tables in a temporary SQLite file that only this user can read; it is gone when this is dropped.
#[derive(Debug)]
pub struct Scratch {
    folder: tempfile::TempDir,
}

/// More columns than SQLite takes in one statement's parameters would be a mistake, not a result.
const MAX_COLUMNS: usize = 1000;

impl Scratch {
    /// Makes a table of each result. Columns of the same name are told apart by a number.
    pub async fn new(tables: &[(String, Rows)]) -> Result<Self, ProviderError> {
        let folder = tempfile::tempdir().map_err(|error| failed(&error))?;
        let scratch = Self { folder };
        let options = SqliteConnectOptions::new().filename(scratch.path()).create_if_missing(true);
        let mut connection = options.disable_statement_logging().connect().await.map_err(|error| failed(&error))?;
        let mut transaction = connection.begin().await.map_err(|error| failed(&error))?;
        for (name, rows) in tables {
            let columns = columns(rows);
            if columns.is_empty() || columns.len() > MAX_COLUMNS {
                continue;
            }
            let declared: Vec<String> = columns
                .iter()
                .enumerate()
                .map(|(at, name)| format!("{} {}", quoted(name), affinity(rows, at)))
                .collect();
            let create = format!("CREATE TABLE {} ({})", quoted(name), declared.join(", "));
            sqlx::query(sqlx::AssertSqlSafe(create))
                .execute(&mut *transaction)
                .await
                .map_err(|error| failed(&error))?;
            let places = vec!["?"; columns.len()].join(", ");
            let insert = format!("INSERT INTO {} VALUES ({places})", quoted(name));
            for row in &rows.rows {
                let mut query = sqlx::query(sqlx::AssertSqlSafe(insert.clone()));
                for cell in row {
                    query = match cell {
                        Value::Null => query.bind(None::<i64>),
                        Value::Bool(truth) => query.bind(*truth),
                        Value::Int(number) => query.bind(*number),
                        Value::Float(number) => query.bind(*number),
                        Value::Text(text) => query.bind(text.clone()),
                    };
                }
                query.execute(&mut *transaction).await.map_err(|error| failed(&error))?;
            }
        }
        transaction.commit().await.map_err(|error| failed(&error))?;
        connection.close().await.map_err(|error| failed(&error))?;
        Ok(scratch)
    }

    /// The file.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("results.db")
    }

    /// The database, read-only like every other.
    pub fn provider(&self) -> Arc<dyn QueryProvider> {
        sqlite_file(&self.path())
    }
}

fn failed(error: &dyn std::fmt::Display) -> ProviderError {
    ProviderError::new(ProblemKind::Data, format!("the results of the steps could not be put together: {error}"))
}

/// The columns' names, each its own.
fn columns(rows: &Rows) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (at, column) in rows.columns.iter().enumerate() {
        let plain = if column.name.trim().is_empty() { format!("column_{}", at + 1) } else { column.name.clone() };
        let is_taken = |name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        let numbered = (2..).map(|number| format!("{plain}_{number}"));
        let name = std::iter::once(plain.clone()).chain(numbered).find(|name| !is_taken(name)).unwrap_or(plain);
        names.push(name);
    }
    names
}

/// The type that the column's first value has.
fn affinity(rows: &Rows, at: usize) -> &'static str {
    match rows.rows.iter().map(|row| &row[at]).find(|cell| **cell != Value::Null) {
        Some(Value::Int(_) | Value::Bool(_)) => "INTEGER",
        Some(Value::Float(_)) => "REAL",
        _ => "TEXT",
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use nlq_catalog::{Annotations, Dialect};
    use nlq_query::guard;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{ColumnHead, Limits, SchemaOptions, sqlite_catalog};

    #[tokio::test]
    async fn results_can_be_asked_like_tables() {
        let head = |name: &str| ColumnHead { name: name.into(), type_name: String::new() };
        let rows = |columns: &[&str], rows: Vec<Vec<Value>>| Rows {
            columns: columns.iter().map(|name| head(name)).collect(),
            rows,
            truncated: None,
            elapsed: Duration::ZERO,
        };
        let text = |text: &str| Value::Text(text.into());
        let scratch = Scratch::new(&[
            ("step_1".into(), rows(&["id", "na\"me", "id"], vec![vec![Value::Int(1), text("Ann"), Value::Null]])),
            ("step_2".into(), rows(&["", "total"], vec![vec![Value::Int(1), Value::Float(2.5)]])),
        ])
        .await
        .unwrap();
        let annotations = Annotations::default();
        let options = SchemaOptions { sample_values: false, annotations: &annotations };
        let catalog = sqlite_catalog(&scratch.path(), options).await.unwrap();
        let names: Vec<String> = catalog
            .tables
            .iter()
            .flat_map(|table| table.columns.iter().map(move |c| format!("{}.{} {}", table.name, c.name, c.type_name)))
            .collect();
        assert_eq!(
            names,
            [
                "step_1.id INTEGER",
                "step_1.na\"me TEXT",
                "step_1.id_2 TEXT",
                "step_2.column_1 INTEGER",
                "step_2.total REAL"
            ]
        );
        let sql = "SELECT \"na\"\"me\", total FROM step_1 JOIN step_2 ON step_1.id = step_2.column_1";
        let limits = Limits { rows: 10, bytes: 1000, timeout: Duration::from_secs(5) };
        let query = guard(sql, Dialect::Sqlite).unwrap();
        let found = scratch.provider().execute(&query, limits, CancellationToken::new()).await.unwrap();
        assert_eq!(found.rows, [[text("Ann"), Value::Float(2.5)]]);
        let path = scratch.path();
        drop(scratch);
        assert!(!path.exists());
    }
}
