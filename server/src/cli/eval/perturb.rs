//! Perturbed copies of a database: an answer that was right by luck on the few rows of the original is wrong on one of them.
//!
//! The copies are files that nlq itself makes in a temporary folder; the originals are only read.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use super::random::Random;

/// Of five copies three lose rows and two have columns shuffled, in turn.
const DROPPING: usize = 3;
const KINDS: usize = 5;
/// How many rows a table loses.
const DROPPED: f64 = 0.35;
/// Tables of fewer rows keep them: an empty table tells nothing.
const FEWEST_TO_DROP: usize = 5;
/// Fewer rows have no other order worth the name.
const FEWEST_TO_SHUFFLE: usize = 3;

/// Makes `copies` perturbed copies of a database in a folder. The same database name gives the same copies.
pub(super) async fn perturbed(database: &Path, copies: usize, folder: &Path, at: usize) -> Result<Vec<PathBuf>> {
    let name = database.file_name().unwrap_or_default().to_string_lossy();
    let mut made = Vec::new();
    for copy in 0..copies {
        let path = folder.join(format!("{at}-{copy}.sqlite"));
        perturb(database, &path, copy, Random::of(&format!("{name} {copy}")))
            .await
            .with_context(|| format!("cannot make a perturbed copy of {}", database.display()))?;
        made.push(path);
    }
    Ok(made)
}

async fn perturb(from: &Path, to: &Path, copy: usize, mut random: Random) -> Result<()> {
    // Written anew and not copied: the original may be protected against writing, and the copy must not be.
    fs::write(to, fs::read(from)?)?;
    let options = SqliteConnectOptions::new().filename(to).foreign_keys(false).disable_statement_logging();
    // What the schema brings along is trusted as little as in the original.
    let options = options.pragma("trusted_schema", "OFF").pragma("synchronous", "OFF");
    let mut connection = options.connect().await?;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )
    .fetch_all(&mut connection)
    .await?;
    sqlx::query("BEGIN").execute(&mut connection).await?;
    for name in tables {
        let table = quoted(&name);
        // A virtual table, or one without row ids, stays as it is.
        let Ok(rows) = row_ids(&mut connection, &table).await else { continue };
        if copy % KINDS < DROPPING {
            drop_rows(&mut connection, &table, &rows, &mut random).await?;
        } else {
            let columns = plain_columns(&mut connection, &name).await?;
            shuffle(&mut connection, &table, &columns, &rows, &mut random).await?;
        }
    }
    sqlx::query("COMMIT").execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

async fn row_ids(connection: &mut SqliteConnection, table: &str) -> Result<Vec<i64>> {
    let sql = format!("SELECT rowid FROM {table} ORDER BY rowid");
    Ok(sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(connection).await?)
}

async fn drop_rows(connection: &mut SqliteConnection, table: &str, rows: &[i64], random: &mut Random) -> Result<()> {
    if rows.len() < FEWEST_TO_DROP {
        return Ok(());
    }
    let dropped: Vec<i64> = rows.iter().copied().filter(|_| random.chance(DROPPED)).collect();
    let sql = format!("DELETE FROM {table} WHERE rowid IN (SELECT value FROM json_each(?))");
    // A trigger may refuse it; the rows then stay.
    let _ = sqlx::query(AssertSqlSafe(sql)).bind(serde_json::to_string(&dropped)?).execute(connection).await;
    Ok(())
}

async fn shuffle(
    connection: &mut SqliteConnection,
    table: &str,
    columns: &[String],
    rows: &[i64],
    random: &mut Random,
) -> Result<()> {
    if rows.len() < FEWEST_TO_SHUFFLE {
        return Ok(());
    }
    for column in columns {
        let column = quoted(column);
        let mut other = rows.to_vec();
        random.shuffle(&mut other);
        let pairs: Vec<(i64, i64)> = rows.iter().copied().zip(other).collect();
        for sql in [
            "CREATE TEMP TABLE nlq_taken (row INTEGER PRIMARY KEY, other INTEGER)".to_owned(),
            "CREATE TEMP TABLE nlq_kept (row INTEGER PRIMARY KEY, value)".to_owned(),
            format!("INSERT INTO temp.nlq_kept SELECT rowid, {column} FROM {table}"),
        ] {
            sqlx::query(AssertSqlSafe(sql)).execute(&mut *connection).await?;
        }
        let taken = "INSERT INTO temp.nlq_taken SELECT value ->> 0, value ->> 1 FROM json_each(?)";
        sqlx::query(taken).bind(serde_json::to_string(&pairs)?).execute(&mut *connection).await?;
        let update = format!(
            "UPDATE {table} SET {column} = (SELECT k.value FROM temp.nlq_taken t JOIN temp.nlq_kept k ON k.row = t.other \
             WHERE t.row = {table}.rowid)"
        );
        // A constraint may refuse it; the column then keeps its order.
        let _ = sqlx::query(AssertSqlSafe(update)).execute(&mut *connection).await;
        for sql in ["DROP TABLE temp.nlq_taken", "DROP TABLE temp.nlq_kept"] {
            sqlx::query(sql).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

/// The columns that neither name a row nor refer to one.
async fn plain_columns(connection: &mut SqliteConnection, table: &str) -> Result<Vec<String>> {
    let columns = sqlx::query_as("SELECT name, pk FROM pragma_table_info(?)").bind(table);
    let columns: Vec<(String, i64)> = columns.fetch_all(&mut *connection).await?;
    let references = sqlx::query_scalar("SELECT lower(\"from\") FROM pragma_foreign_key_list(?)").bind(table);
    let references: Vec<String> = references.fetch_all(connection).await?;
    let plain = columns.into_iter().filter(|(name, key)| {
        let lower = name.to_lowercase();
        *key == 0 && !lower.ends_with("id") && !references.contains(&lower)
    });
    Ok(plain.map(|(name, _)| name).collect())
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "
        CREATE TABLE towns (id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, age INTEGER, town INTEGER REFERENCES towns (id));
        INSERT INTO towns VALUES (1, 'Ulm'), (2, 'Bonn');
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
        INSERT INTO people SELECT i, 'p' || i, i, 1 + i % 2 FROM n;";

    async fn people(path: &Path) -> Vec<(i64, String, i64, i64)> {
        let mut connection = SqliteConnectOptions::new().filename(path).connect().await.expect("it opens");
        let rows = sqlx::query_as("SELECT id, name, age, town FROM people ORDER BY id");
        rows.fetch_all(&mut connection).await.expect("it runs")
    }

    #[tokio::test]
    async fn rows_go_and_columns_are_shuffled_the_same_way_each_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("towns.sqlite");
        let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
        let mut connection = options.connect().await.expect("it opens");
        sqlx::raw_sql(TABLE).execute(&mut connection).await.expect("it runs");
        connection.close().await.expect("it closes");

        let copies = perturbed(&path, 5, folder.path(), 0).await.expect("copies");
        let original = people(&path).await;
        for copy in &copies[..3] {
            let rows = people(copy).await;
            assert!((25..55).contains(&rows.len()), "{}", rows.len());
            assert!(rows.iter().all(|row| original.contains(row)));
        }
        for copy in &copies[3..] {
            let rows = people(copy).await;
            assert_eq!(rows.len(), 60);
            assert!(rows.iter().zip(&original).all(|(row, old)| (row.0, row.3) == (old.0, old.3)), "keys stay");
            assert!(rows.iter().zip(&original).filter(|(row, old)| row.2 != old.2).count() > 40);
            let mut ages: Vec<i64> = rows.iter().map(|row| row.2).collect();
            ages.sort_unstable();
            assert_eq!(ages, (1..=60).collect::<Vec<_>>());
        }
        assert_ne!(people(&copies[0]).await, people(&copies[1]).await);
        let again = perturbed(&path, 5, folder.path(), 1).await.expect("copies");
        for (one, other) in copies.iter().zip(&again) {
            assert_eq!(people(one).await, people(other).await);
        }
    }
}
