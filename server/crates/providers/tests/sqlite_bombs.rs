//! Queries that are one endless or enormous step of SQLite. A program of their own, because the endless one keeps its
//! thread until the program ends.

use std::{path::PathBuf, time::Duration};

use nlq_catalog::Dialect;
use nlq_config::{ConnectionConfig, ConnectionKind, SqliteConfig, TrustStore};
use nlq_providers::{Limits, ProblemKind, ProviderError, connect};
use nlq_query::guard;
use nlq_text::Span;
use tokio_util::sync::CancellationToken;

async fn run(sql: &str, timeout: Duration) -> ProviderError {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("empty.db"), "").unwrap();
    let trusted = TrustStore::in_folder(folder.path()).accept(&folder.path().join("nlq.yaml"), "").unwrap();
    let kind = ConnectionKind::Sqlite(SqliteConfig { path: PathBuf::from("empty.db") });
    let connection = ConnectionConfig { span: Span::default(), kind, sample_values: true };
    let provider = connect(&connection, folder.path(), &trusted).await.unwrap();
    let limits = Limits { rows: 10, bytes: 1000, timeout };
    provider.execute(&guard(sql, Dialect::Sqlite).unwrap(), limits, CancellationToken::new()).await.unwrap_err()
}

#[tokio::test]
async fn an_endless_step_is_not_waited_for() {
    // Hours in one step, where SQLite never looks at its clock.
    let error =
        run("SELECT instr(hex(zeroblob(20000000)), hex(zeroblob(2000000)) || '1')", Duration::from_millis(100)).await;
    assert_eq!(error.0.kind, ProblemKind::Timeout, "{error}");
}

#[tokio::test]
async fn memory_has_a_bound() {
    let error = run("SELECT printf('%900000000d', 1), printf('%900000000d', 2)", Duration::from_mins(1)).await;
    assert!(error.to_string().contains("too much memory"), "{error}");
}
