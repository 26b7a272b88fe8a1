//! Over a real server: DynamoDB Local.

use std::time::{Duration, Instant};

use nlq_catalog::{Annotations, Catalog, ColumnAnnotation, Dialect};
use nlq_config::{DynamoDbConfig, HttpTls, SecretRef, TrustStore, Trusted};
use nlq_query::guard;
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{ProblemKind, Truncated, Value};

#[path = "../../../../../tests/support/systems.rs"]
mod systems;

fn trusted() -> Trusted {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("nlq.yaml");
    std::fs::write(&file, "workspace: test\n").expect("a file");
    TrustStore::in_folder(folder.path()).accept(&file, "workspace: test\n").expect("trust")
}

fn config(url: &str) -> DynamoDbConfig {
    let literal = |text: &str| SecretRef::Literal(text.to_owned());
    DynamoDbConfig {
        region: literal("us-east-1"),
        endpoint: Some(literal(url)),
        access_key_id: Some(literal("tests")),
        secret_access_key: Some(literal("tests")),
        session_token: None,
        tables: Vec::new(),
        sample_size: 1_000,
        scan_limit: 50,
        tls: HttpTls::default(),
    }
}

async fn ask(own: &DynamoDb, operation: &str, body: Json) -> Json {
    let end = Instant::now() + Duration::from_mins(1);
    own.client.ask(operation, &body, end, &CancellationToken::new()).await.expect(operation)
}

/// A table of orders with 120 items in three partitions, each test's under its own name; none without a server.
async fn orders(name: &str) -> Option<DynamoDb> {
    let server = systems::System::dynamodb()?;
    let mut config = config(server.url());
    config.tables = vec![name.to_owned()];
    let own = DynamoDb::new(&config, Path::new("/"), &trusted()).await.expect("a client");
    let key = |names: &[&str]| {
        let kinds = names.iter().zip(["HASH", "RANGE"]);
        kinds.map(|(name, kind)| json!({ "AttributeName": name, "KeyType": kind })).collect::<Vec<_>>()
    };
    let table = json!({
        "TableName": name, "BillingMode": "PAY_PER_REQUEST", "KeySchema": key(&["customer", "placed"]),
        "AttributeDefinitions": [
            { "AttributeName": "customer", "AttributeType": "N" }, { "AttributeName": "placed", "AttributeType": "S" },
            { "AttributeName": "state", "AttributeType": "S" }, { "AttributeName": "total", "AttributeType": "N" },
        ],
        "GlobalSecondaryIndexes": [{ "IndexName": "by_state", "KeySchema": key(&["state", "placed"]),
            "Projection": { "ProjectionType": "INCLUDE", "NonKeyAttributes": ["total"] } }],
        "LocalSecondaryIndexes": [{ "IndexName": "by_total", "KeySchema": key(&["customer", "total"]),
            "Projection": { "ProjectionType": "KEYS_ONLY" } }],
    });
    ask(&own, "CreateTable", table).await;
    for n in 0..120 {
        let mut item = json!({
            "customer": { "N": (n % 3).to_string() }, "placed": { "S": format!("2024-{:02}-{:02}T10:00:00", 1 + n / 28, 1 + n % 28) },
            "state": { "S": if n % 4 == 0 { "open" } else { "done" } }, "total": { "N": format!("{}.5", n) },
            "ship": { "M": { "city": { "S": "Ulm" }, "name": { "S": "Ann" } } }, "email": { "S": format!("canary{n}@example.org") },
        });
        if n % 2 == 0 {
            item["tags"] = json!({ "SS": ["a", "b"] });
        }
        ask(&own, "PutItem", json!({ "TableName": name, "Item": item })).await;
    }
    Some(own)
}

fn query(text: &str) -> ReadOnlyQuery {
    guard(text, Dialect::Dynamodb).expect(text)
}

const LIMITS: Limits = Limits { rows: 1_000, bytes: 1 << 20, timeout: Duration::from_mins(1) };

async fn run(own: &DynamoDb, text: &str) -> Result<Rows, ProviderError> {
    own.execute(&query(text), LIMITS, CancellationToken::new()).await
}

async fn schema(own: &DynamoDb, annotations: &Annotations) -> Catalog {
    let options = SchemaOptions { sample_values: true, annotations };
    own.schema(options, CancellationToken::new()).await.expect("a schema")
}

#[tokio::test]
async fn the_schema_has_keys_indexes_and_what_items_show() {
    let Some(own) = orders("schema").await else { return };
    let mut annotations = Annotations::default();
    annotations
        .columns
        .insert("schema.email".into(), ColumnAnnotation { sensitive: true, ..ColumnAnnotation::default() });
    let catalog = schema(&own, &annotations).await;
    assert_eq!(catalog.scan_limit, Some(50));
    let table = &catalog.tables[0];
    assert_eq!(table.primary_key, ["customer", "placed"]);
    assert_eq!(table.row_estimate, Some(120));
    let index = |name: &str| table.indexes.iter().find(|index| index.name == name).expect(name);
    assert_eq!(index("by_state").includes, ["state", "placed", "customer", "total"]);
    assert!(index("by_total").includes.is_empty(), "a local index fetches the rest");
    let told: Vec<String> =
        table.columns.iter().map(|c| format!("{} {} {:?} {:?}", c.name, c.type_name, c.kind, c.presence)).collect();
    assert_eq!(
        told,
        [
            "customer N Integer None",
            "placed S Timestamp None",
            "state S Text None",
            "total N Decimal None",
            "email S Text None",
            "ship.city S Text None",
            "ship.name S Text None",
            "tags SS Array Some(0.5)",
        ]
    );
    let values = |name: &str| {
        let column = table.columns.iter().find(|column| column.name == name).expect(name);
        column.values.as_ref().map(|sample| sample.values.clone())
    };
    assert_eq!(values("state"), Some(vec!["done".to_owned(), "open".to_owned()]));
    assert_eq!(values("email"), None);
    assert!(!serde_json::to_string(&catalog).expect("JSON").contains("canary"));
}

#[tokio::test]
async fn a_bounded_sample_says_that_it_is_one() {
    let Some(mut own) = orders("bounded").await else { return };
    own.sample_size = 30;
    let catalog = schema(&own, &Annotations::default()).await;
    let table = &catalog.tables[0];
    assert_eq!(table.row_estimate, Some(120));
    let column = |name: &str| table.columns.iter().find(|column| column.name == name).expect(name);
    assert!(column("email").nullable && !column("customer").nullable && !column("state").nullable);
    assert!(column("state").values.as_ref().is_none_or(|sample| !sample.complete));
    own.sample_size = 0;
    let keys = schema(&own, &Annotations::default()).await;
    assert_eq!(keys.tables[0].columns.len(), 4);
}

#[tokio::test]
async fn rows_come_in_the_order_that_was_asked_for() {
    let Some(own) = orders("in_order").await else { return };
    let rows = run(
        &own,
        "SELECT customer, total, ship.city FROM in_order WHERE customer = 1 AND placed < '2024-01-10' ORDER BY placed DESC",
    )
    .await
    .unwrap();
    let names: Vec<&str> = rows.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["customer", "total", "city"]);
    let text = |text: &str| Value::Text(text.into());
    assert_eq!(rows.rows, [7.5, 4.5, 1.5].map(|total| vec![Value::Int(1), Value::Float(total), text("Ulm")]));
    let all = run(&own, "SELECT * FROM in_order WHERE customer = 0 AND placed = '2024-01-01T10:00:00'").await.unwrap();
    let names: Vec<&str> = all.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["customer", "placed", "email", "ship", "state", "tags", "total"]);
    assert_eq!(all.rows[0][3], text(r#"{"city":"Ulm","name":"Ann"}"#));
    let missing = run(&own, "SELECT tags FROM in_order WHERE customer = 1 AND tags IS MISSING").await.unwrap();
    assert!(!missing.rows.is_empty() && missing.rows.iter().all(|row| row == &[Value::Null]));
}

#[tokio::test]
async fn limits_hold_over_pages_and_are_told() {
    let Some(own) = orders("limits").await else { return };
    let limited = |rows, bytes| Limits { rows, bytes, ..LIMITS };
    let take = async |text: &str, limits| own.execute(&query(text), limits, CancellationToken::new()).await.unwrap();
    let rows = take("SELECT total FROM limits", limited(7, 1 << 20)).await;
    assert_eq!((rows.rows.len(), rows.truncated), (7, Some(Truncated::Rows)));
    let rows = take("SELECT total FROM limits", limited(120, 1 << 20)).await;
    assert_eq!((rows.rows.len(), rows.truncated), (120, None));
    let rows = take("SELECT total FROM limits WHERE total > 100", limited(5, 1 << 20)).await;
    assert_eq!((rows.rows.len(), rows.truncated), (5, Some(Truncated::Rows)));
    let rows = take("SELECT * FROM limits", limited(1_000, 500)).await;
    assert!(rows.rows.len() < 4 && rows.truncated == Some(Truncated::Bytes));
}

#[tokio::test]
async fn validation_reads_nothing_and_knows_keys_and_indexes() {
    let Some(own) = orders("valid").await else { return };
    for (text, kind, part) in [
        ("SELECT * FROM elsewhere WHERE a = 1", ProblemKind::Schema, "no such table"),
        ("SELECT * FROM valid.by_sate WHERE state = 'x'", ProblemKind::Schema, "did you mean `by_state`?"),
        ("SELECT * FROM valid WHERE customer = 'x'", ProblemKind::Schema, "`customer` holds numbers"),
        ("SELECT email FROM valid.by_state WHERE state = 'x'", ProblemKind::Schema, "does not carry `email`"),
        ("SELECT * FROM valid WHERE customer = 1 ORDER BY total", ProblemKind::Schema, "sort key `placed`"),
    ] {
        let error = own.validate(&query(text), LIMITS.timeout, CancellationToken::new()).await.expect_err(text);
        assert_eq!(error.0.kind, kind, "{text}: {error}");
        assert!(error.to_string().contains(part), "{text}: {error}");
        assert!(error.0.span.is_some(), "{text}");
        // The system itself says the same.
        run(&own, text).await.expect_err(text);
    }
    let fine = query("SELECT email FROM valid WHERE customer = 1 AND email = 'x'");
    own.validate(&fine, LIMITS.timeout, CancellationToken::new()).await.unwrap();
    let plan = own.explain(&fine, LIMITS.timeout, CancellationToken::new()).await.unwrap();
    assert!(plan.starts_with("Query of the table valid by one value of its partition key customer"), "{plan}");
}

#[tokio::test]
async fn what_is_slow_is_stopped_and_what_is_cancelled_ends() {
    let Some(own) = orders("slow").await else { return };
    let token = CancellationToken::new();
    token.cancel();
    let error = own.execute(&query("SELECT * FROM slow"), LIMITS, token).await.expect_err("cancelled");
    assert_eq!(error.0.kind, ProblemKind::Cancelled);
    // Nothing answers at an address that only listens.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", silent.local_addr().expect("an address"));
    let own = DynamoDb::new(&config(&url), Path::new("/"), &trusted()).await.expect("a client");
    let limits = Limits { timeout: Duration::from_millis(300), ..LIMITS };
    let begun = Instant::now();
    let error = own.execute(&query("SELECT a FROM t"), limits, CancellationToken::new()).await.expect_err("silence");
    assert_eq!(error.0.kind, ProblemKind::Timeout, "{error}");
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn half_a_pair_of_keys_is_told() {
    let mut config = config("http://127.0.0.1:9");
    config.secret_access_key = None;
    let error = DynamoDb::new(&config, Path::new("/"), &trusted()).await.expect_err("half a pair");
    assert!(error.to_string().contains("both"), "{error}");
}
