//! What the readings of a question find in its database, within the limits that a workspace has by default.

use std::{path::Path, time::Duration};

use nlq_catalog::Dialect;
use nlq_engine::{Gave, Ran};
use nlq_providers::{Limits, ProblemKind, compare, sqlite_file};
use tokio_util::sync::CancellationToken;

const LIMITS: Limits = Limits { rows: 100, bytes: 1 << 20, timeout: Duration::from_secs(2) };

/// Runs queries, one after the other.
pub(crate) async fn runs(file: &Path, queries: &[&str]) -> Vec<Ran> {
    let found = compare(&*sqlite_file(file), Dialect::Sqlite, queries, LIMITS, CancellationToken::new()).await;
    let gave = found.into_iter().map(|found| match &found.result {
        Ok(rows) => Gave::fetched(rows.rows.len(), rows.truncated.is_some(), found.is_null(), found.same_as),
        Err(error) if error.0.kind == ProblemKind::Timeout => Gave::Unfinished,
        Err(error) => Gave::Failed(error.to_string()),
    });
    queries.iter().zip(gave).map(|(query, gave)| Ran { query: (*query).to_owned(), gave }).collect()
}
