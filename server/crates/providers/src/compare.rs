//! A few queries run one after the other, to see what they find and which of them find the same.

use std::time::Instant;

use nlq_catalog::Dialect;
use nlq_query::guard;
use tokio_util::sync::CancellationToken;

use crate::{Limits, Problem, ProblemKind, ProviderError, QueryProvider, Rows, Value, same_results};

/// What one of the queries found.
#[derive(Debug)]
pub struct Found {
    /// Its rows, or what the system or the read-only guard said against it.
    pub result: Result<Rows, ProviderError>,
    /// The place of the first query that found the same rows: its own, when none before it did.
    pub same_as: usize,
}

impl Found {
    /// True when there are rows and every cell of them is NULL.
    pub fn is_null(&self) -> bool {
        self.result.as_ref().is_ok_and(|rows| {
            let mut cells = rows.rows.iter().flatten().peekable();
            cells.peek().is_some() && cells.all(|cell| *cell == Value::Null)
        })
    }
}

/// Runs queries, read-only; the timeout of `limits` is for all of them together, its rows and bytes for each. Ends early
/// when the system is away or `cancel` is cancelled.
pub async fn compare(
    provider: &dyn QueryProvider,
    dialect: Dialect,
    queries: &[&str],
    limits: Limits,
    cancel: CancellationToken,
) -> Vec<Found> {
    let begun = Instant::now();
    let mut all: Vec<Found> = Vec::with_capacity(queries.len());
    for (at, sql) in queries.iter().enumerate() {
        let left = Limits { timeout: limits.timeout.saturating_sub(begun.elapsed()), ..limits };
        let result = match guard(sql, dialect) {
            Err(refusal) => {
                let (span, message) = (Some(refusal.span), refusal.message);
                Err(ProviderError(Problem { kind: ProblemKind::Permission, span, message }))
            }
            Ok(_) if left.timeout.is_zero() => Err(ProviderError::timed_out()),
            Ok(query) => provider.execute(&query, left, cancel.clone()).await,
        };
        let away = |error: &ProviderError| matches!(error.0.kind, ProblemKind::Connection | ProblemKind::Cancelled);
        if result.as_ref().is_err_and(away) {
            break;
        }
        let same = |before: &usize| match (&all[*before].result, &result) {
            // Of long results the first rows alone are often the same whatever else was asked.
            (Ok(one), Ok(other)) if one.truncated.is_some() || other.truncated.is_some() => false,
            (Ok(one), Ok(other)) => same_results((queries[*before], one), (sql, other)),
            _ => false,
        };
        let same_as = (0..at).find(same).unwrap_or(at);
        all.push(Found { result, same_as });
    }
    all
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Scratch;

    fn head(name: &str) -> crate::ColumnHead {
        crate::ColumnHead { name: name.to_owned(), type_name: String::new() }
    }

    async fn scratch() -> Scratch {
        let rows = (1..=5).map(|n| vec![Value::Int(n), Value::Null]).collect();
        let table = Rows { columns: vec![head("n"), head("gone")], rows, truncated: None, elapsed: Duration::ZERO };
        Scratch::new(&[("t".to_owned(), table)]).await.expect("a table of five rows")
    }

    const LIMITS: Limits = Limits { rows: 3, bytes: 1 << 16, timeout: Duration::from_secs(5) };

    #[tokio::test]
    async fn queries_with_the_same_rows_are_told_and_no_error_stops_the_others() {
        let scratch = scratch().await;
        let queries = [
            "SELECT n FROM t WHERE n > 3",
            "SELECT n FROM t WHERE n > 9",
            "SELECT nobody FROM t",
            "DELETE FROM t",
            "SELECT n AS m FROM t WHERE n IN (5, 4)",
            "SELECT n FROM t WHERE n > 8",
            "SELECT max(gone) FROM t",
            "SELECT n FROM t",
            "SELECT n FROM t",
        ];
        let provider = scratch.provider();
        let found = compare(&*provider, Dialect::Sqlite, &queries, LIMITS, CancellationToken::new()).await;
        let same: Vec<usize> = found.iter().map(|found| found.same_as).collect();
        // Empty results say nothing about each other.
        assert_eq!(same, [0, 1, 2, 3, 0, 5, 6, 7, 8]);
        let count = |at: usize| found[at].result.as_ref().ok().map(|rows| (rows.rows.len(), rows.truncated.is_some()));
        assert_eq!([0, 1, 2, 3, 7].map(count), [Some((2, false)), Some((0, false)), None, None, Some((3, true))]);
        assert_eq!([0, 1, 6].map(|at| found[at].is_null()), [false, false, true]);
    }

    #[tokio::test]
    async fn the_time_is_for_all_of_them() {
        let endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c";
        let scratch = scratch().await;
        let limits = Limits { timeout: Duration::from_millis(200), ..LIMITS };
        let begun = Instant::now();
        let provider = scratch.provider();
        let queries = [endless, endless, "SELECT n FROM t"];
        let found = compare(&*provider, Dialect::Sqlite, &queries, limits, CancellationToken::new()).await;
        let kinds: Vec<ProblemKind> = found.iter().filter_map(|f| f.result.as_ref().err()).map(|e| e.0.kind).collect();
        assert_eq!(kinds, [ProblemKind::Timeout; 3]);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn who_cancels_waits_for_nothing() {
        let cancel = CancellationToken::new();
        cancel.cancel();
        let scratch = scratch().await;
        let provider = scratch.provider();
        assert!(compare(&*provider, Dialect::Sqlite, &["SELECT n FROM t"], LIMITS, cancel).await.is_empty());
    }
}
