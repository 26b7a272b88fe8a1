use std::time::{Duration, Instant};

use futures::StreamExt;
use sqlx::{AssertSqlSafe, Executor, PgConnection, Row, postgres::PgRow};
use tokio_util::sync::CancellationToken;

use super::{error, session::Postgres, text};
use crate::{Limits, ProviderError, Rows, Truncated, Value, wait::until};

/// Before the query where it is only planned.
const EXPLAIN: &str = "EXPLAIN ";

/// Before the query where it runs. PostgreSQL takes nothing but a query here.
const CURSOR: &str = "DECLARE nlq NO SCROLL CURSOR FOR ";

/// Rows asked for at a time: few exchanges, and no flood behind a byte limit.
const BATCH: usize = 500;

/// The plan, which the server makes only for a valid query.
pub(super) async fn explain(
    server: &Postgres,
    sql: &str,
    timeout: Duration,
    cancel: CancellationToken,
) -> Result<String, ProviderError> {
    let mut session = server.begin(timeout, &cancel).await?;
    // As a prepared statement: the server itself refuses a second statement in it.
    let query = sqlx::query(AssertSqlSafe(format!("{EXPLAIN}{sql}"))).persistent(false);
    let plan = until(&cancel, timeout, query.fetch_all(session.connection())).await;
    let lines: Vec<String> = session
        .settle(plan)
        .await?
        .map_err(|e| error::of(e, EXPLAIN, sql))?
        .iter()
        .filter_map(|row| row.try_get_unchecked::<String, _>(0).ok())
        .collect();
    Ok(lines.join("\n") + "\n")
}

/// Runs the query within its limits.
pub(super) async fn execute(
    server: &Postgres,
    sql: &str,
    limits: Limits,
    cancel: CancellationToken,
) -> Result<Rows, ProviderError> {
    let started = Instant::now();
    let mut session = server.begin(limits.timeout, &cancel).await?;
    let rows = until(&cancel, limits.timeout, fetch(server, session.connection(), sql, limits, started)).await;
    let rows = match rows {
        // What is left of a batch that the byte limit cut is not worth waiting for.
        Ok(Ok(cut @ Rows { truncated: Some(Truncated::Bytes), .. })) => {
            session.stop().await;
            Ok(cut)
        }
        rows => session.settle(rows).await?,
    };
    rows.map_err(|e| error::of(e, CURSOR, sql))
}

async fn fetch(
    server: &Postgres,
    connection: &mut PgConnection,
    sql: &str,
    limits: Limits,
    started: Instant,
) -> Result<Rows, sqlx::Error> {
    let declare = sqlx::query(AssertSqlSafe(format!("{CURSOR}{sql}"))).persistent(false);
    connection.execute(declare).await?;
    // The first row alone, because only a row tells what the columns are.
    let Some(first) = connection.fetch_optional(batch(1)).await? else {
        let elapsed = started.elapsed();
        // Joined to nothing, the query gives one row of NULLs, without being run. Not prepared: while the driver asks what
        // a type of the database's own is, the server forgets an unnamed statement.
        let heads = format!("SELECT q.* FROM (SELECT) AS one LEFT JOIN ({sql}\n) AS q ON false");
        let row = connection.fetch_one(sqlx::raw_sql(AssertSqlSafe(heads))).await?;
        let columns = server.type_names.heads(row.columns(), connection).await?;
        return Ok(Rows { columns, rows: Vec::new(), truncated: None, elapsed });
    };
    let columns = server.type_names.heads(first.columns(), connection).await?;
    let mut taken = Taken { rows: Vec::new(), bytes: 0, limits };
    let mut truncated = taken.take(&first);
    while truncated.is_none() {
        // One more than the limit shows whether there is more.
        let wanted = (limits.rows - taken.rows.len()).saturating_add(1).min(BATCH);
        let mut got = 0;
        let mut rows = sqlx::Executor::fetch(&mut *connection, batch(wanted));
        while let (None, Some(row)) = (truncated, rows.next().await) {
            truncated = taken.take(&row?);
            got += 1;
        }
        if got < wanted {
            break;
        }
    }
    Ok(Rows { columns, rows: taken.rows, truncated, elapsed: started.elapsed() })
}

fn batch(rows: usize) -> sqlx::RawSql {
    sqlx::raw_sql(AssertSqlSafe(format!("FETCH FORWARD {rows} FROM nlq")))
}

/// What was taken of a result so far.
struct Taken {
    rows: Vec<Vec<Value>>,
    bytes: usize,
    limits: Limits,
}

impl Taken {
    /// Takes a row, unless that would pass a limit.
    fn take(&mut self, row: &PgRow) -> Option<Truncated> {
        if self.rows.len() >= self.limits.rows {
            return Some(Truncated::Rows);
        }
        let cells: Vec<_> = (0..row.len()).map(|index| text::text(row, index)).collect();
        self.bytes += cells.iter().flatten().map(|cell| cell.len()).sum::<usize>();
        if self.bytes > self.limits.bytes {
            return Some(Truncated::Bytes);
        }
        let types = row.columns().iter().map(text::type_of);
        self.rows.push(cells.into_iter().zip(types).map(|(cell, oid)| text::value(cell, oid)).collect());
        None
    }
}
