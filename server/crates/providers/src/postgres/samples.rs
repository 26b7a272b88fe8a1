//! Distinct values of text columns: from the planner's statistics where they tell enough, else from the first rows.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use nlq_catalog::{Annotations, Table, TableKind, TypeKind, ValueSample};
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row};

use crate::samples::{MAX_ROWS, MAX_VALUE_CHARS, MAX_VALUES, quoted, sample_of};

/// Rows that ANALYZE looks at with the default statistics target; of a smaller table it has seen every value.
const ANALYZED_ROWS: u64 = 30_000;

/// Time for one table; a sample is a help, never worth a wait.
const TABLE_BUDGET: Duration = Duration::from_millis(500);

/// Time for the whole database.
pub(super) const BUDGET: Duration = Duration::from_secs(10);

/// What ANALYZE knows of columns: `$1` are schemas, `$2` tables.
const STATISTICS: &str = "
    SELECT s.schemaname::text, s.tablename::text, s.attname::text, s.n_distinct::float8,
        s.most_common_vals::text::text[]
    FROM pg_stats AS s JOIN unnest($1::text[], $2::text[]) AS t (schema, name)
        ON t.schema = s.schemaname AND t.name = s.tablename
    WHERE NOT s.inherited";

struct Statistic {
    distinct: f64,
    common: Vec<String>,
}

/// Adds values to text columns that may be looked at.
pub(super) async fn add(
    tables: &mut [Table],
    annotations: &Annotations,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    let end = Instant::now() + BUDGET;
    let statistics = statistics(tables, connection).await?;
    let budget = TABLE_BUDGET.as_millis();
    let prepare = format!("SET LOCAL statement_timeout = {budget}; SAVEPOINT nlq_samples");
    connection.execute(sqlx::raw_sql(AssertSqlSafe(prepare))).await?;
    for table in tables {
        // What lives elsewhere, or is computed, may take any time to read.
        if !matches!(table.kind, TableKind::Table | TableKind::MaterializedView) {
            continue;
        }
        let mut ask = Vec::new();
        for index in 0..table.columns.len() {
            let column = &table.columns[index];
            let sensitive = annotations.is_sensitive(table.schema.as_deref(), &table.name, &column.name);
            if column.kind != TypeKind::Text || column.values.is_some() || sensitive {
                continue;
            }
            let key = (table.schema.clone().unwrap_or_default(), table.name.clone(), column.name.clone());
            match of_statistics(statistics.get(&key), table.row_estimate) {
                Known::Values(values) => table.columns[index].values = values,
                Known::TooMany => {}
                Known::Nothing => ask.push(index),
            }
        }
        if !ask.is_empty() && Instant::now() < end {
            look(table, &ask, connection).await?;
        }
    }
    Ok(())
}

enum Known {
    Values(Option<ValueSample>),
    TooMany,
    Nothing,
}

fn of_statistics(statistic: Option<&Statistic>, rows: Option<u64>) -> Known {
    let (Some(statistic), Some(rows)) = (statistic, rows) else { return Known::Nothing };
    // A negative figure is a share of the rows.
    let distinct = if statistic.distinct < 0.0 { -statistic.distinct * rows as f64 } else { statistic.distinct };
    if distinct > MAX_VALUES as f64 {
        Known::TooMany
    } else if !statistic.common.is_empty() && statistic.common.len() as f64 >= distinct {
        Known::Values(sample_of(statistic.common.clone(), rows <= ANALYZED_ROWS))
    } else {
        Known::Nothing
    }
}

async fn statistics(
    tables: &[Table],
    connection: &mut PgConnection,
) -> Result<HashMap<(String, String, String), Statistic>, sqlx::Error> {
    let schemas: Vec<&str> = tables.iter().map(|table| table.schema.as_deref().unwrap_or_default()).collect();
    let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    let rows = sqlx::query(STATISTICS).bind(schemas).bind(names).persistent(false).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let common = row.try_get::<Option<Vec<Option<String>>>, _>(4)?.unwrap_or_default();
            let statistic = Statistic { distinct: row.try_get(3)?, common: common.into_iter().flatten().collect() };
            Ok(((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?), statistic))
        })
        .collect()
}

/// Looks at the first rows of a table, once for all columns. A table that takes too long stays without values.
async fn look(table: &mut Table, columns: &[usize], connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let name = |index: &usize| quoted(&table.columns[*index].name);
    let names: Vec<String> = columns.iter().map(name).collect();
    // Cut one character past the limit, so that a long value shows as long without crossing the wire whole.
    let cut = MAX_VALUE_CHARS + 1;
    let values: Vec<String> = names
        .iter()
        .map(|name| {
            let value = format!("left({name}::text, {cut})");
            format!("CASE WHEN count(DISTINCT {value}) <= {MAX_VALUES} THEN array_agg(DISTINCT {value}) END")
        })
        .collect();
    let from = format!("{}.{}", quoted(table.schema.as_deref().unwrap_or_default()), quoted(&table.name));
    let sql = format!(
        "SELECT count(*), {} FROM (SELECT {} FROM {from} LIMIT {MAX_ROWS}) AS sample",
        values.join(", "),
        names.join(", ")
    );
    let row = sqlx::query(AssertSqlSafe(sql)).persistent(false).fetch_one(&mut *connection).await;
    let row = match row {
        Ok(row) => row,
        Err(sqlx::Error::Database(_)) => {
            connection.execute(sqlx::raw_sql("ROLLBACK TO SAVEPOINT nlq_samples")).await?;
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let rows = u64::try_from(row.try_get::<i64, _>(0)?).unwrap_or(MAX_ROWS);
    let all_rows = rows < MAX_ROWS;
    if all_rows {
        table.row_estimate = Some(rows);
    }
    for (place, index) in columns.iter().enumerate() {
        let values: Option<Vec<Option<String>>> = row.try_get(place + 1)?;
        let values = values.unwrap_or_default().into_iter().flatten().collect();
        table.columns[*index].values = sample_of(values, all_rows);
    }
    Ok(())
}
