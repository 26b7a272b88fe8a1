//! The provider against real SQLite files.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use expect_test::expect;
use nlq_catalog::{Annotations, ColumnAnnotation, Dialect, TypeKind};
use nlq_config::{ConnectionConfig, ConnectionKind, SqliteConfig, TrustStore};
use nlq_providers::{
    Limits, ProblemKind, ProviderError, QueryProvider, Rows, SchemaOptions, Truncated, Value, connect, sqlite_catalog,
};
use nlq_query::{ReadOnlyQuery, guard};
use nlq_text::Span;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, SqliteConnection, sqlite::SqliteConnectOptions};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const TIMEOUT: Duration = Duration::from_secs(20);
const LIMITS: Limits = Limits { rows: 100, bytes: 1 << 20, timeout: TIMEOUT };

/// A query that takes minutes.
const SLOW: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

async fn writer(path: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).create_if_missing(true).foreign_keys(false).connect().await.unwrap()
}

/// A file of statements' making, in a folder of its own.
async fn file(sql: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("it's 100% \"ours\" & é.sqlite");
    writer(&path).await.execute(AssertSqlSafe(sql)).await.unwrap();
    (folder, path)
}

async fn provider(path: &Path) -> Arc<dyn QueryProvider> {
    let state = tempfile::tempdir().unwrap();
    let config = state.path().join("nlq.yaml");
    std::fs::write(&config, "").unwrap();
    let trusted = TrustStore::in_folder(state.path()).accept(&config, "").unwrap();
    let kind = ConnectionKind::Sqlite(SqliteConfig { path: path.file_name().unwrap().into() });
    let connection = ConnectionConfig { span: Span::default(), kind, sample_values: true };
    connect(&connection, path.parent().unwrap(), &trusted).await.unwrap()
}

fn query(sql: &str) -> ReadOnlyQuery {
    guard(sql, Dialect::Sqlite).unwrap_or_else(|refusal| panic!("{sql}: {refusal}"))
}

async fn run(provider: &dyn QueryProvider, sql: &str, limits: Limits) -> Result<Rows, ProviderError> {
    provider.execute(&query(sql), limits, CancellationToken::new()).await
}

async fn describe(path: &Path, annotations: &Annotations) -> String {
    let catalog = sqlite_catalog(path, SchemaOptions { sample_values: true, annotations }).await.unwrap();
    let mut shown = String::new();
    for table in &catalog.tables {
        shown.push_str(&format!("{} {:?} rows {:?}\n", table.name, table.kind, table.row_estimate));
        for column in &table.columns {
            let values = column.values.as_ref().map(|v| format!(" {:?} {}", v.values, v.complete));
            let null = if column.nullable { "" } else { " not null" };
            let (name, type_name, kind) = (&column.name, &column.type_name, column.kind);
            shown.push_str(&format!("  {name} [{type_name}] {kind:?}{null}{}\n", values.unwrap_or_default()));
        }
        shown.push_str(&format!("  key {:?} unique {:?}\n", table.primary_key, table.unique));
        for key in &table.foreign_keys {
            shown.push_str(&format!("  {:?} -> {} {:?}\n", key.columns, key.to_table, key.to_columns));
        }
    }
    shown
}

#[tokio::test]
async fn a_file_that_cannot_be_read_says_why_and_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.sqlite");
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "not a database, but long enough to look at. ".repeat(50)).unwrap();
    for (path, words) in [
        (&missing, "there is no SQLite file at"),
        (&text, "is not a SQLite database"),
        (&folder.path().to_owned(), "is a folder"),
    ] {
        let annotations = Annotations::default();
        let options = SchemaOptions { sample_values: true, annotations: &annotations };
        let error = sqlite_catalog(path, options).await.unwrap_err();
        assert_eq!(error.0.kind, ProblemKind::Connection);
        assert!(error.to_string().contains(words) && error.to_string().contains("nlq.yaml"), "{error}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
    assert!(!missing.exists());
}

#[tokio::test]
async fn the_catalog_holds_what_the_file_declares() {
    let (_folder, path) = file(
        r#"
        CREATE TABLE "Order ""Lines"".x" ("select" INTEGER PRIMARY KEY, "a b" TEXT NOT NULL UNIQUE, [c.d] REFERENCES Parts);
        CREATE TABLE parts (id INTEGER, code TEXT, size REAL GENERATED ALWAYS AS (id * 2.0), PRIMARY KEY (code, id))
            WITHOUT ROWID;
        CREATE TABLE child (id INTEGER PRIMARY KEY, code TEXT, part INT, parent INT REFERENCES child,
            FOREIGN KEY (code, part) REFERENCES parts, FOREIGN KEY (part) REFERENCES gone (id));
        CREATE UNIQUE INDEX child_part ON child (part, parent);
        CREATE UNIQUE INDEX child_some ON child (code) WHERE part > 3;
        CREATE UNIQUE INDEX child_lower ON child (lower(code));
        INSERT INTO parts (id, code) VALUES (1, 'b'), (2, 'a'), (3, 'a');
        CREATE VIEW heavy AS SELECT code, count(*) AS n FROM parts GROUP BY code;
        CREATE TABLE going (a, b); CREATE VIEW broken AS SELECT g.a, g.b + 1 AS more FROM going AS g;
        CREATE VIEW broken_named (x, y) AS SELECT a, b FROM going; DROP TABLE going;
        CREATE VIRTUAL TABLE words USING fts5(body);
        "#,
    )
    .await;
    expect![[r#"
        Order "Lines".x Table rows Some(0)
          select [INTEGER] Integer not null
          a b [TEXT] Text not null
          c.d [] Other
          key ["select"] unique [["a b"]]
        broken View rows None
          a [] Other
          more [] Other
          key [] unique []
        broken_named View rows None
          x [] Other
          y [] Other
          key [] unique []
        child Table rows Some(0)
          id [INTEGER] Integer not null
          code [TEXT] Text
          part [INT] Integer
          parent [INT] Integer
          key ["id"] unique [["part", "parent"]]
          ["parent"] -> child ["id"]
          ["code", "part"] -> parts ["code", "id"]
          ["part"] -> gone ["id"]
        heavy View rows None
          code [TEXT] Text
          n [] Integer
          key [] unique []
        parts Table rows Some(3)
          id [INTEGER] Integer not null
          code [TEXT] Text not null ["a", "b"] true
          size [REAL] Float
          key ["code", "id"] unique []
    "#]]
    .assert_eq(&describe(&path, &Annotations::default()).await);
}

#[tokio::test]
async fn values_settle_kinds_and_are_sampled() {
    let (_folder, path) = file(
        "CREATE TABLE t (day TEXT, at VARCHAR(30), born DATE, stamp DATETIME, untyped, mixed TEXT, bytes TEXT, many TEXT,
            prose TEXT, secret TEXT, empty TEXT, flag BOOLEAN);
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
         INSERT INTO t SELECT '2023-01-' || printf('%02d', 1 + i % 28), '2023-01-31 10:00:' || printf('%02d', i % 60), '1999-12-31',
            '2020-02-29', i, CASE i % 3 WHEN 0 THEN 'soon' WHEN 1 THEN '2023-01-01' END, CAST(x'61ff62' AS TEXT),
            'name ' || i, printf('%0200d', i), 'hidden', NULL, i % 2 FROM n;",
    )
    .await;
    let mut annotations = Annotations::default();
    let sensitive = ColumnAnnotation { sensitive: true, ..ColumnAnnotation::default() };
    annotations.columns.insert("t.secret".to_owned(), sensitive);
    expect![[r#"
        t Table rows Some(1200)
          day [TEXT] Date
          at [VARCHAR(30)] Timestamp
          born [DATE] Date
          stamp [DATETIME] Date
          untyped [] Integer
          mixed [TEXT] Text ["2023-01-01", "soon"] true
          bytes [TEXT] Text ["a�b"] true
          many [TEXT] Text
          prose [TEXT] Text
          secret [TEXT] Text
          empty [TEXT] Text
          flag [BOOLEAN] Boolean
          key [] unique []
    "#]]
    .assert_eq(&describe(&path, &annotations).await);
    let without = SchemaOptions { sample_values: false, annotations: &annotations };
    let catalog = sqlite_catalog(&path, without).await.unwrap();
    assert!(catalog.tables[0].columns.iter().all(|column| column.values.is_none()));
    assert_eq!(catalog.tables[0].columns[0].kind, TypeKind::Date);
}

#[tokio::test]
async fn sqlite_judges_queries_and_says_where() {
    let (_folder, path) = file("CREATE TABLE orders (id INTEGER, total REAL)").await;
    let provider = provider(&path).await;
    let validate = async |sql: &str| provider.validate(&query(sql), TIMEOUT, CancellationToken::new()).await;
    assert_eq!(validate("SELECT sum(total) FROM orders -- all of them").await, Ok(()));
    for (sql, kind, place) in [
        ("SELECT 'é', totl FROM orders", ProblemKind::Schema, "totl"),
        ("SELECT o.totl FROM orders AS o", ProblemKind::Schema, "o.totl"),
        ("SELECT 1 FROM order_s", ProblemKind::Schema, "order_s"),
        ("SELECT nosuch(id) FROM orders", ProblemKind::Schema, "nosuch"),
        ("SELECT id FROM orders AS a, orders AS b", ProblemKind::Schema, "id"),
    ] {
        let problem = validate(sql).await.unwrap_err().0;
        assert_eq!((problem.kind, problem.span.map(|span| span.of(sql))), (kind, Some(place)), "{sql}: {problem:?}");
        let problem = run(&*provider, sql, LIMITS).await.unwrap_err().0;
        assert_eq!((problem.kind, problem.span.map(|span| span.of(sql))), (kind, Some(place)), "{sql}: {problem:?}");
    }
    let sql = "SELECT * FROM orders AS o JOIN (SELECT max(id) AS id FROM orders) AS m ON m.id = o.id";
    let plan = provider.explain(&query(sql), TIMEOUT, CancellationToken::new()).await.unwrap();
    expect![[r"
        CO-ROUTINE m
          SEARCH orders
        SCAN m
        SCAN o
    "]]
    .assert_eq(&plan);
}

#[tokio::test]
async fn cells_read_as_what_they_are() {
    let (_folder, path) = file("CREATE TABLE t (a INTEGER, b REAL, c TEXT, d BLOB, e)").await;
    writer(&path).await.execute("INSERT INTO t VALUES (9223372036854775807, 0.5, 'é😀', x'00ff', NULL)").await.unwrap();
    let provider = provider(&path).await;
    let sql = "SELECT *, CAST(x'61ff' AS TEXT), '', x'', 9e999, -9e999, a = 1 AS is_one FROM t";
    let rows = run(&*provider, sql, LIMITS).await.unwrap();
    let text = |text: &str| Value::Text(text.to_owned());
    assert_eq!(
        rows.rows,
        [[
            Value::Int(i64::MAX),
            Value::Float(0.5),
            text("é😀"),
            text("X'00FF'"),
            Value::Null,
            text("a\u{fffd}"),
            text(""),
            text("X''"),
            text("Inf"),
            text("-Inf"),
            Value::Int(0),
        ]]
    );
    let none = run(&*provider, "SELECT a, c, 1 + 1 AS two FROM t WHERE false", LIMITS).await.unwrap();
    let heads: Vec<_> = none.columns.iter().map(|c| (&*c.name, &*c.type_name)).collect();
    assert_eq!((heads, none.rows.len()), (vec![("a", "INTEGER"), ("c", "TEXT"), ("two", "")], 0));
}

#[tokio::test]
async fn runs_stop_at_their_limits() {
    let (_folder, path) = file("CREATE TABLE t (a)").await;
    let provider = provider(&path).await;
    let numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) \
                   SELECT i, printf('%0992d', i) FROM n";
    let limited = |rows, bytes| Limits { rows, bytes, timeout: TIMEOUT };
    for (limits, rows, truncated) in [
        (limited(5000, 1 << 30), 2000, None),
        (limited(2000, 1 << 30), 2000, None),
        (limited(1999, 1 << 30), 1999, Some(Truncated::Rows)),
        (limited(0, 1 << 30), 0, Some(Truncated::Rows)),
        (limited(5000, 10_100), 10, Some(Truncated::Bytes)),
    ] {
        let result = run(&*provider, numbers, limits).await.unwrap();
        assert_eq!((result.rows.len(), result.truncated), (rows, truncated), "{limits:?}");
    }
}

#[tokio::test]
async fn timeouts_cancels_and_drops_end_a_run() {
    let (_folder, path) = file("CREATE TABLE t (a)").await;
    let provider = provider(&path).await;
    let short = Limits { timeout: Duration::from_millis(100), ..LIMITS };
    assert_eq!(run(&*provider, SLOW, short).await.unwrap_err().0.kind, ProblemKind::Timeout);
    for drops in [false, true] {
        let cancel = CancellationToken::new();
        let task = tokio::spawn({
            let (provider, cancel) = (Arc::clone(&provider), cancel.clone());
            async move { provider.execute(&query(SLOW), LIMITS, cancel).await }
        });
        tokio::time::sleep(Duration::from_millis(100)).await;
        if drops {
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        } else {
            cancel.cancel();
            assert_eq!(task.await.unwrap().unwrap_err().0.kind, ProblemKind::Cancelled);
        }
    }
    // The threads that ran them end, instead of running on for minutes.
    #[cfg(target_os = "linux")]
    for attempt in 0.. {
        let names = std::fs::read_dir("/proc/self/task").unwrap().flatten().map(|task| {
            let times = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            let busy = times.contains(") R ");
            let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            name.starts_with("sqlx-sqlite") && busy
        });
        if names.filter(|is_running| *is_running).count() == 0 {
            break;
        }
        assert!(attempt < 100, "a query still runs");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(run(&*provider, "SELECT 1", LIMITS).await.unwrap().rows, [[Value::Int(1)]]);
}

#[tokio::test]
async fn a_locked_file_says_so() {
    let (_folder, path) = file("CREATE TABLE t (a)").await;
    let mut writer = writer(&path).await;
    writer.execute("BEGIN EXCLUSIVE").await.unwrap();
    let error = run(&*provider(&path).await, "SELECT * FROM t", LIMITS).await.unwrap_err();
    assert_eq!(error.0.kind, ProblemKind::Timeout);
    assert!(error.to_string().contains("is locked by another program"), "{error}");
}
