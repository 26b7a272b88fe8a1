//! The provider against a real PostgreSQL server.

#[path = "../../../../tests/support/postgres.rs"]
mod support;

use std::{path::Path, sync::Arc, time::Duration};

use expect_test::expect;
use nlq_catalog::{Annotations, Catalog, ColumnAnnotation, Dialect, TableKind, TypeKind};
use nlq_config::{ConnectionConfig, ConnectionKind, PostgresConfig, SecretRef, TlsMode, TrustStore, Trusted};
use nlq_providers::{
    Limits, ProblemKind, ProviderError, QueryProvider, Rows, SchemaOptions, Truncated, Value, connect,
};
use nlq_query::{ReadOnlyQuery, guard};
use nlq_text::Span;
use support::Server;
use tokio_util::sync::CancellationToken;

const TIMEOUT: Duration = Duration::from_secs(20);
const LIMITS: Limits = Limits { rows: 100, bytes: 1 << 20, timeout: TIMEOUT };
const PASSWORD: &str = "p@ss #$&%+/?:'\"\\ é";

fn trusted() -> Trusted {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nlq.yaml");
    std::fs::write(&file, "workspace: test\n").unwrap();
    TrustStore::in_folder(folder.path()).accept(&file, "workspace: test\n").unwrap()
}

fn literal(text: &str) -> SecretRef {
    SecretRef::Literal(text.to_owned())
}

/// Over the socket, as the superuser.
fn config(server: &Server, database: &str) -> PostgresConfig {
    PostgresConfig {
        host: literal(&server.folder().display().to_string()),
        port: server.port,
        database: literal(database),
        user: literal("postgres"),
        password: None,
        tls: TlsMode::Prefer,
        schemas: Vec::new(),
    }
}

async fn open(config: PostgresConfig, root: &Path) -> Result<Arc<dyn QueryProvider>, ProviderError> {
    let kind = ConnectionKind::Postgresql(config);
    connect(&ConnectionConfig { span: Span::default(), kind, sample_values: true }, root, &trusted()).await
}

async fn provider(server: &Server, database: &str) -> Arc<dyn QueryProvider> {
    open(config(server, database), Path::new("/")).await.unwrap()
}

fn query(sql: &str) -> ReadOnlyQuery {
    guard(sql, Dialect::Postgresql).unwrap_or_else(|refusal| panic!("{sql}: {refusal}"))
}

async fn run(provider: &dyn QueryProvider, sql: &str, limits: Limits) -> Result<Rows, ProviderError> {
    provider.execute(&query(sql), limits, CancellationToken::new()).await
}

async fn validate(provider: &dyn QueryProvider, sql: &str) -> Result<(), ProviderError> {
    provider.validate(&query(sql), TIMEOUT, CancellationToken::new()).await
}

async fn schema(provider: &dyn QueryProvider, annotations: &Annotations) -> Catalog {
    let options = SchemaOptions { sample_values: true, annotations };
    provider.schema(options, CancellationToken::new()).await.unwrap()
}

/// Queries of nlq that the server is still working on in a database.
fn running(server: &Server, database: &str) -> String {
    let sql = "SELECT query FROM pg_stat_activity WHERE application_name = 'nlq' AND state = 'active'";
    server.psql("postgres", &format!("{sql} AND datname = '{database}'"))
}

/// Waits until nothing of nlq runs on the server, for at most two seconds.
async fn assert_quiet(server: &Server, database: &str) {
    for _ in 0..40 {
        if running(server, database).is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("still running: {}", running(server, database));
}

/// A query that takes minutes.
const SLOW: &str = "SELECT count(*) FROM generate_series(1, 100000000) AS a, generate_series(1, 1000) AS b";

#[tokio::test]
async fn passwords_with_any_characters_are_checked_and_never_shown() {
    let Some(server) = support::server() else { return };
    server.database("passwords", "SELECT 1");
    let escaped = PASSWORD.replace('\'', "''");
    server.psql("postgres", &format!("CREATE ROLE scram_user LOGIN PASSWORD '{escaped}'"));
    let md5 = format!("SET password_encryption = md5; CREATE ROLE md5_user LOGIN PASSWORD '{escaped}'");
    server.psql("postgres", &md5);
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("right"), format!("{PASSWORD}\n")).unwrap();
    std::fs::write(root.path().join("wrong"), "hunter2 secret").unwrap();
    for user in ["scram_user", "md5_user"] {
        let with = |file: &str| PostgresConfig {
            host: literal("127.0.0.1"),
            user: literal(user),
            password: Some(SecretRef::File(file.to_owned())),
            ..config(&server, "passwords")
        };
        let right = open(with("right"), root.path()).await.unwrap();
        assert_eq!(run(&*right, "SELECT 1", LIMITS).await.unwrap().rows, [[Value::Int(1)]]);
        assert!(!format!("{right:?}").contains("p@ss"));
        right.close().await;

        let wrong = open(with("wrong"), root.path()).await.unwrap();
        let error = run(&*wrong, "SELECT 1", LIMITS).await.unwrap_err();
        assert_eq!(error.0.kind, ProblemKind::Permission);
        let port = server.port;
        assert_eq!(
            error.to_string(),
            format!("127.0.0.1:{port} refuses the password of {user}: check what `password` in nlq.yaml refers to")
        );
        assert!(open(with("missing"), root.path()).await.is_err());
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_had_says_why() {
    let Some(server) = support::server() else { return };
    let tcp = |host: &str, port: u16| PostgresConfig { host: literal(host), port, ..config(&server, "postgres") };
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (config, words) in [
        (tcp("127.0.0.1", closed), "nothing answers at"),
        (tcp("no-such-host.invalid", 5432), "the host no-such-host.invalid is unknown"),
        (tcp("/no/such/folder", 5432), "there is no PostgreSQL socket in"),
        (PostgresConfig { tls: TlsMode::Require, ..tcp("127.0.0.1", server.port) }, "does not offer TLS"),
        (config(&server, "nowhere"), "has no database nowhere"),
        (PostgresConfig { user: literal("nobody"), ..config(&server, "postgres") }, "role \"nobody\" does not exist"),
    ] {
        let provider = open(config, Path::new("/")).await.unwrap();
        let error = validate(&*provider, "SELECT 1").await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn the_catalog_holds_what_the_database_declares() {
    let Some(server) = support::server() else { return };
    server.database(
        "introspect",
        r#"
        CREATE TYPE status AS ENUM ('new', 'paid', 'lost');
        CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%');
        CREATE DOMAIN work_email AS email;
        CREATE TABLE customers (
            id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            "Full Name" text NOT NULL, mail work_email UNIQUE, country varchar(2), note text);
        COMMENT ON TABLE customers IS 'Who buys';
        COMMENT ON COLUMN customers.country IS 'ISO code';
        INSERT INTO customers ("Full Name", mail, country, note)
            SELECT 'name ' || i, i || '@x.org', (ARRAY['DE', 'FR'])[1 + i % 2], repeat('x', 200) || i
            FROM generate_series(1, 1500) AS i;
        CREATE TABLE orders (
            shop int, number int, customer_id int REFERENCES customers, state status, total numeric(10,2),
            tags text[], placed_at timestamptz, PRIMARY KEY (shop, number));
        CREATE TABLE items (shop int, number int, line int, FOREIGN KEY (shop, number) REFERENCES orders);
        CREATE TABLE events (at date, kind text) PARTITION BY RANGE (at);
        CREATE TABLE events_2023 PARTITION OF events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
        INSERT INTO events VALUES ('2023-05-01', 'click');
        CREATE VIEW paid AS SELECT * FROM orders WHERE state = 'paid';
        CREATE MATERIALIZED VIEW totals AS SELECT country, count(*) AS n FROM customers GROUP BY country;
        CREATE SCHEMA other; CREATE TABLE other.customers (id int);
        ANALYZE;
        "#,
    );
    let provider = provider(&server, "introspect").await;
    let mut annotations = Annotations::default();
    annotations
        .columns
        .insert("customers.country".to_owned(), ColumnAnnotation { sensitive: true, ..ColumnAnnotation::default() });
    let catalog = schema(&*provider, &annotations).await;
    assert_eq!(catalog.search_path, ["public"]);
    let mut shown = String::new();
    for table in &catalog.tables {
        shown.push_str(&format!(
            "{}.{} {:?} rows {:?} {:?}\n",
            table.schema.as_deref().unwrap(),
            table.name,
            table.kind,
            table.row_estimate,
            table.comment
        ));
        for column in &table.columns {
            let values = column.values.as_ref().map(|v| (v.values.join(","), v.complete));
            shown.push_str(&format!("  {} {} {:?}", column.name, column.type_name, column.kind));
            shown.push_str(if column.nullable { "" } else { " not null" });
            shown.push_str(&column.comment.as_ref().map(|c| format!(" -- {c}")).unwrap_or_default());
            shown.push_str(&values.map(|v| format!(" {v:?}")).unwrap_or_default());
            shown.push('\n');
        }
        shown.push_str(&format!("  key {:?} unique {:?}\n", table.primary_key, table.unique));
        for key in &table.foreign_keys {
            shown.push_str(&format!(
                "  {:?} -> {:?}.{} {:?}\n",
                key.columns, key.to_schema, key.to_table, key.to_columns
            ));
        }
    }
    expect![[r#"
        other.customers Table rows Some(0) None
          id integer Integer
          key [] unique []
        public.customers Table rows Some(1500) Some("Who buys")
          id integer Integer not null
          Full Name text Text not null
          mail work_email Text
          country character varying(2) Text -- ISO code
          note text Text
          key ["id"] unique [["mail"]]
        public.events Table rows Some(1) None
          at date Date
          kind text Text ("click", true)
          key [] unique []
        public.items Table rows Some(0) None
          shop integer Integer
          number integer Integer
          line integer Integer
          key [] unique []
          ["shop", "number"] -> Some("public").orders ["shop", "number"]
        public.orders Table rows Some(0) None
          shop integer Integer not null
          number integer Integer not null
          customer_id integer Integer
          state status Text ("lost,new,paid", true)
          total numeric(10,2) Decimal
          tags text[] Array
          placed_at timestamp with time zone Timestamp
          key ["shop", "number"] unique []
          ["customer_id"] -> Some("public").customers ["id"]
        public.paid View rows None None
          shop integer Integer
          number integer Integer
          customer_id integer Integer
          state status Text ("lost,new,paid", true)
          total numeric(10,2) Decimal
          tags text[] Array
          placed_at timestamp with time zone Timestamp
          key [] unique []
        public.totals MaterializedView rows Some(2) None
          country character varying(2) Text ("DE,FR", true)
          n bigint Integer
          key [] unique []
    "#]]
    .assert_eq(&shown);

    let only = PostgresConfig { schemas: vec!["other".to_owned()], ..config(&server, "introspect") };
    let only = schema(&*open(only, Path::new("/")).await.unwrap(), &Annotations::default()).await;
    assert_eq!(
        only.tables.iter().map(|t| (t.schema.as_deref(), &*t.name)).collect::<Vec<_>>(),
        [(Some("other"), "customers")]
    );
}

#[tokio::test]
async fn values_come_without_statistics_too() {
    let Some(server) = support::server() else { return };
    server.database("fresh", "CREATE TABLE t (c text, n int); INSERT INTO t VALUES ('b', 1), ('a', 2), (NULL, 3)");
    let catalog = schema(&*provider(&server, "fresh").await, &Annotations::default()).await;
    let table = &catalog.tables[0];
    assert_eq!((table.kind, table.row_estimate), (TableKind::Table, Some(3)));
    assert_eq!(table.columns[1].kind, TypeKind::Integer);
    let values = table.columns[0].values.as_ref().unwrap();
    assert_eq!((values.values.join(","), values.complete), ("a,b".to_owned(), true));
}

#[tokio::test]
async fn the_server_judges_queries_and_says_where() {
    let Some(server) = support::server() else { return };
    server.database("judge", "CREATE TABLE orders (id int, total numeric, placed date)");
    let provider = provider(&server, "judge").await;
    assert_eq!(validate(&*provider, "SELECT sum(total) FROM orders -- all of them").await, Ok(()));
    for (sql, kind, place) in [
        ("SELECT 'é', totl FROM orders", ProblemKind::Schema, "totl"),
        ("SELECT o.totl FROM orders AS o", ProblemKind::Schema, "o.totl"),
        ("SELECT 1 FROM order_s", ProblemKind::Schema, "order_s"),
        ("SELECT id, sum(total) FROM orders", ProblemKind::Syntax, "id"),
        ("SELECT nosuch(id) FROM orders", ProblemKind::Schema, "nosuch"),
        ("SELECT * FROM orders WHERE placed > 'soon'", ProblemKind::Data, "'soon'"),
    ] {
        let problem = validate(&*provider, sql).await.unwrap_err().0;
        assert_eq!((problem.kind, problem.span.map(|span| span.of(sql))), (kind, Some(place)), "{sql}: {problem:?}");
        let problem = run(&*provider, sql, LIMITS).await.unwrap_err().0;
        assert_eq!((problem.kind, problem.span.map(|span| span.of(sql))), (kind, Some(place)), "{sql}: {problem:?}");
    }
    let plan = provider.explain(&query("SELECT * FROM orders WHERE id = 1"), TIMEOUT, CancellationToken::new()).await;
    let plan = plan.unwrap();
    assert!(plan.starts_with("Seq Scan on orders") && plan.contains("\n  Filter: (id = 1)"), "{plan}");
}

#[tokio::test]
async fn runs_stop_at_their_limits() {
    let Some(server) = support::server() else { return };
    let provider = provider(&server, "postgres").await;
    let numbers = "SELECT n, repeat('x', 1000) AS x FROM generate_series(1, 2000) AS n";
    let limited = |rows, bytes| Limits { rows, bytes, timeout: TIMEOUT };
    for (limits, rows, truncated) in [
        (limited(5000, 1 << 30), 2000, None),
        (limited(2000, 1 << 30), 2000, None),
        (limited(1999, 1 << 30), 1999, Some(Truncated::Rows)),
        (limited(0, 1 << 30), 0, Some(Truncated::Rows)),
        (limited(5000, 10_100), 10, Some(Truncated::Bytes)),
        (limited(5000, 10), 0, Some(Truncated::Bytes)),
    ] {
        let result = run(&*provider, numbers, limits).await.unwrap();
        assert_eq!((result.rows.len(), result.truncated), (rows, truncated), "{limits:?}");
        let heads: Vec<_> = result.columns.iter().map(|c| (&*c.name, &*c.type_name)).collect();
        assert_eq!(heads, [("n", "integer"), ("x", "text")]);
    }
    let empty = "SELECT 1 AS a, 'x'::varchar AS a, now() FROM pg_class WHERE false ORDER BY 1 -- none";
    let none = run(&*provider, empty, LIMITS).await.unwrap();
    let heads: Vec<_> = none.columns.iter().map(|c| (&*c.name, &*c.type_name)).collect();
    assert_eq!(
        (heads, none.rows.len()),
        (vec![("a", "integer"), ("a", "character varying"), ("now", "timestamp with time zone")], 0)
    );
}

#[tokio::test]
async fn a_url_in_a_setting_is_refused_without_its_password() {
    for host in ["postgres://me:hunter2@db.example/shop", "me:hunter2@db.example"] {
        let config = PostgresConfig {
            host: literal(host),
            port: 5432,
            database: literal("shop"),
            user: literal("me"),
            password: None,
            tls: TlsMode::Prefer,
            schemas: Vec::new(),
        };
        let error = open(config, Path::new("/")).await.unwrap_err().to_string();
        assert!(error.contains("`host`") && !error.contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn no_rows_of_a_type_of_the_databases_own_have_heads() {
    let Some(server) = support::server() else { return };
    server.database("own_types", "CREATE TYPE mood AS ENUM ('glad'); CREATE TABLE t (m mood, ms mood[])");
    let none = run(&*provider(&server, "own_types").await, "SELECT * FROM t", LIMITS).await.unwrap();
    let heads: Vec<_> = none.columns.iter().map(|c| (&*c.name, &*c.type_name)).collect();
    assert_eq!((heads, none.rows.len()), (vec![("m", "mood"), ("ms", "mood[]")], 0));
}

#[tokio::test]
async fn strings_end_where_the_guard_sees_them_end() {
    let Some(server) = support::server() else { return };
    server.database("old_strings", "ALTER DATABASE old_strings SET standard_conforming_strings = off");
    let provider = provider(&server, "old_strings").await;
    // With the old setting the string would end at the second quote, and the call would run.
    let rows = run(&*provider, r"SELECT 'a\'', pg_sleep(1) --' AS x", LIMITS).await.unwrap();
    assert_eq!(rows.rows, [[Value::Text(r"a\', pg_sleep(1) --".into())]]);
}

#[tokio::test]
async fn a_timeout_stops_the_server_and_the_connection_goes_on() {
    let Some(server) = support::server() else { return };
    server.database("timeouts", "SELECT 1");
    let provider = provider(&server, "timeouts").await;
    let short = Limits { timeout: Duration::from_millis(200), ..LIMITS };
    let error = run(&*provider, SLOW, short).await.unwrap_err();
    assert_eq!(error.0.kind, ProblemKind::Timeout, "{error}");
    assert_quiet(&server, "timeouts").await;
    assert_eq!(run(&*provider, "SELECT 1", LIMITS).await.unwrap().rows, [[Value::Int(1)]]);
}

#[tokio::test]
async fn cancelling_and_dropping_stop_the_server() {
    let Some(server) = support::server() else { return };
    server.database("cancels", "SELECT 1");
    let provider = provider(&server, "cancels").await;
    for drops in [false, true] {
        let cancel = CancellationToken::new();
        let task = tokio::spawn({
            let (provider, cancel) = (Arc::clone(&provider), cancel.clone());
            async move { provider.execute(&query(SLOW), LIMITS, cancel).await }
        });
        while !running(&server, "cancels").contains("FETCH") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if drops {
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        } else {
            cancel.cancel();
            assert_eq!(task.await.unwrap().unwrap_err().0.kind, ProblemKind::Cancelled);
        }
        assert_quiet(&server, "cancels").await;
        assert_eq!(run(&*provider, "SELECT 1", LIMITS).await.unwrap().rows, [[Value::Int(1)]]);
    }
}

#[tokio::test]
async fn a_function_that_writes_is_refused_by_the_server() {
    let Some(server) = support::server() else { return };
    server.database(
        "writes",
        "CREATE TABLE log (n int);
         CREATE FUNCTION innocent() RETURNS int LANGUAGE sql VOLATILE AS 'INSERT INTO log VALUES (1) RETURNING n'",
    );
    let provider = provider(&server, "writes").await;
    let error = run(&*provider, "SELECT innocent()", LIMITS).await.unwrap_err();
    assert_eq!(error.0.kind, ProblemKind::Permission, "{error}");
    assert_eq!(server.psql("writes", "SELECT count(*) FROM log"), "0");
}

#[tokio::test]
async fn connections_that_died_are_replaced() {
    let Some(server) = support::server() else { return };
    server.database("deaths", "SELECT 1");
    let provider = provider(&server, "deaths").await;
    run(&*provider, "SELECT 1", LIMITS).await.unwrap();
    server.psql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'deaths'");
    assert_eq!(run(&*provider, "SELECT 1", LIMITS).await.unwrap().rows, [[Value::Int(1)]]);
}

#[tokio::test]
async fn every_type_reads_as_in_psql() {
    let Some(server) = support::server() else { return };
    server.database(
        "types",
        "CREATE EXTENSION IF NOT EXISTS hstore;
         CREATE FUNCTION nothing() RETURNS void LANGUAGE sql AS '';
         CREATE TYPE mood AS ENUM ('sad', 'very happy');
         CREATE TYPE pair AS (a int, b text);
         CREATE DOMAIN posint AS int CHECK (VALUE > 0);
         CREATE TYPE floatrange AS RANGE (subtype = float8)",
    );
    let provider = provider(&server, "types").await;
    for cell in [
        "1::int2",
        "(-2147483648)::int4",
        "9223372036854775807::int8",
        "true",
        "false",
        "NULL",
        "NULL::int",
        "1.5::float4",
        "0.1::float8",
        "1e300::float8",
        "'NaN'::float8",
        "'-Infinity'::float8",
        "1e-7::float8",
        "12345678901234567890.123456789::numeric",
        "'NaN'::numeric",
        "1.50::numeric(10,2)",
        "1e100::numeric",
        "12.34::money",
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid",
        "'{\"b\": 1,  \"a\": [null]}'::json",
        "'{\"b\": 1,  \"a\": [null]}'::jsonb",
        "ARRAY[1,NULL,3]",
        "ARRAY[['a','b c'],['\"q\"',NULL]]",
        "ARRAY[]::text[]",
        "'{x,NULL,\"NULL\"}'::text[]",
        "int4range(1, 5)",
        "numrange(NULL, 5.5, '()')",
        "tstzrange('2023-01-01', 'infinity')",
        "'{[1,3),[5,7)}'::int4multirange",
        "'[1.5,2.5]'::floatrange",
        "'very happy'::mood",
        "ARRAY['sad','very happy']::mood[]",
        "7::posint",
        "'2023-07-01 12:00:00.123456+02'::timestamptz",
        "'2023-07-01 12:00:00'::timestamp",
        "'infinity'::timestamp",
        "'0044-03-15 BC'::date",
        "'2023-02-28'::date",
        "'infinity'::date",
        "'12:34:56.7'::time",
        "'12:34:56+05:30'::timetz",
        "'1 year 2 mons -3 days 04:05:06.7'::interval",
        "'0'::interval",
        "'\\xdeadbeef'::bytea",
        "''::bytea",
        "ROW(1, 'x y', NULL)",
        "ROW(1, 'a\"b')::pair",
        "ARRAY[ROW(1,'a')::pair]",
        "'192.168.0.1/24'::inet",
        "'10.0.0.0/8'::cidr",
        "'::1'::inet",
        "'08:00:2b:01:02:03'::macaddr",
        "'08:00:2b:01:02:03:04:05'::macaddr8",
        "B'1010'",
        "'101'::varbit",
        "'<a>é</a>'::xml",
        "to_tsvector('simple', 'a fat cat')",
        "'fat & cat'::tsquery",
        "point(1.5, 2)",
        "box '(1,1),(0,0)'",
        "circle '((0,0),5)'",
        "polygon '((0,0),(1,1),(1,0))'",
        "path '[(0,0),(1,1)]'",
        "lseg '[(0,0),(1,1)]'",
        "line '{1,2,3}'",
        "nothing()",
        "'a=>1, b=>NULL'::hstore",
        "'pg_class'::name",
        "1259::oid",
        "'pg_class'::regclass",
        "'int4'::regtype",
        "'1/16B374D8'::pg_lsn",
        "'x'::\"char\"",
        "'ab'::char(5)",
        "''",
        "'été 😀'",
        "E'two\\nlines'",
        "'(0,1)'::tid",
        "txid_current_snapshot() IS NULL",
        "1::bit(4)",
    ] {
        let sql = format!("SELECT {cell} AS v");
        let result = run(&*provider, &sql, LIMITS).await.unwrap_or_else(|e| panic!("{cell}: {e}"));
        let shown = match &result.rows[0][0] {
            Value::Bool(value) => if *value { "t" } else { "f" }.to_owned(),
            value => value.to_string(),
        };
        assert_eq!(shown, server.psql("types", &sql), "{cell}");
        assert!(!result.columns[0].type_name.is_empty(), "{cell}");
    }
}
