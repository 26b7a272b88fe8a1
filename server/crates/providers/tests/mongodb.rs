//! The provider against a real server of MongoDB's protocol.

#[path = "../../../../tests/support/systems.rs"]
mod support;

use std::{path::Path, sync::Arc, time::Duration};

use mongodb::{
    Client, Collection,
    bson::{DateTime, Document, doc, oid::ObjectId},
};
use nlq_catalog::{Annotations, Catalog, ColumnAnnotation, Dialect, TableKind, TypeKind};
use nlq_config::{ConnectionConfig, ConnectionKind, MongodbConfig, SecretRef, TrustStore, Trusted};
use nlq_providers::{
    Limits, ProblemKind, ProviderError, QueryProvider, Rows, SchemaOptions, Truncated, Value, connect,
};
use nlq_query::{ReadOnlyQuery, guard};
use nlq_text::Span;
use support::System;
use tokio_util::sync::CancellationToken;

const TIMEOUT: Duration = Duration::from_secs(20);
const LIMITS: Limits = Limits { rows: 100, bytes: 1 << 20, timeout: TIMEOUT };

fn trusted() -> Trusted {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nlq.yaml");
    std::fs::write(&file, "workspace: test\n").unwrap();
    TrustStore::in_folder(folder.path()).accept(&file, "workspace: test\n").unwrap()
}

fn literal(text: &str) -> SecretRef {
    SecretRef::Literal(text.to_owned())
}

fn config(uri: &str, database: &str) -> MongodbConfig {
    MongodbConfig {
        uri: Some(literal(uri)),
        host: literal("localhost"),
        port: 27017,
        database: literal(database),
        user: None,
        password: None,
        auth_source: "admin".to_owned(),
        tls: false,
        ca_file: None,
        replica_set: None,
        direct: false,
        collections: Vec::new(),
        sample_size: 1000,
    }
}

async fn open(config: MongodbConfig) -> Result<Arc<dyn QueryProvider>, ProviderError> {
    let kind = ConnectionKind::Mongodb(config);
    let connection = ConnectionConfig { span: Span::default(), kind, sample_values: true };
    connect(&connection, Path::new("/"), &trusted()).await
}

/// A database of its own with orders and customers.
async fn shop(system: &System, database: &str) -> Arc<dyn QueryProvider> {
    let client = Client::with_uri_str(system.url()).await.unwrap();
    let filled = client.database(database);
    filled.drop().await.unwrap();
    let orders: Collection<Document> = filled.collection("orders");
    let order = |id: i32| {
        doc! {
            "_id": id, "customer_id": id % 3, "total": f64::from(id) + 0.5, "status": if id % 2 == 0 { "open" } else { "late" },
            "placed_at": DateTime::from_millis(86_400_000 * i64::from(id)), "ship": { "city": "Oslo" },
            "lines": [{ "sku": "a", "quantity": id }, { "sku": "b", "quantity": 1 }], "tags": ["x", "y"],
        }
    };
    orders.insert_many((1..=30).map(order)).await.unwrap();
    let customers: Collection<Document> = filled.collection("customers");
    let customer = |id: i32| doc! { "_id": id, "name": format!("c{id}"), "email": format!("c{id}@x.y"), "key": ObjectId::from_bytes([7; 12]) };
    customers.insert_many((0..3).map(customer)).await.unwrap();
    open(config(system.url(), database)).await.unwrap()
}

fn query(text: &str) -> ReadOnlyQuery {
    guard(text, Dialect::Mongodb).unwrap_or_else(|refusal| panic!("{text}: {refusal}"))
}

async fn run(provider: &dyn QueryProvider, text: &str, limits: Limits) -> Result<Rows, ProviderError> {
    provider.execute(&query(text), limits, CancellationToken::new()).await
}

async fn schema(provider: &dyn QueryProvider, annotations: &Annotations) -> Catalog {
    let options = SchemaOptions { sample_values: true, annotations };
    provider.schema(options, CancellationToken::new()).await.unwrap()
}

#[tokio::test]
async fn collections_become_tables() {
    let Some(system) = System::mongodb() else { return };
    let provider = shop(system, "nlq_schema").await;
    let mut annotations = Annotations::default();
    let secret = ColumnAnnotation { sensitive: true, ..ColumnAnnotation::default() };
    annotations.columns.insert("customers.name".into(), secret);
    let catalog = schema(&*provider, &annotations).await;
    let names: Vec<(&str, TableKind)> = catalog.tables.iter().map(|t| (t.name.as_str(), t.kind)).collect();
    assert_eq!(
        names,
        [("customers", TableKind::Documents), ("orders", TableKind::Documents), ("orders.lines", TableKind::Nested)]
    );
    let column = |table: &str, column: &str| {
        let table = catalog.find_table(None, table).unwrap();
        catalog.column(catalog.find_column(table, column).unwrap_or_else(|| panic!("{column}"))).clone()
    };
    assert_eq!(column("orders", "total").kind, TypeKind::Float);
    assert_eq!(column("orders", "placed_at").kind, TypeKind::Timestamp);
    assert_eq!(column("orders", "ship.city").kind, TypeKind::Text);
    assert_eq!(column("orders", "tags").kind, TypeKind::Array);
    assert_eq!(column("orders.lines", "quantity").kind, TypeKind::Integer);
    assert_eq!(column("orders", "status").values.unwrap().values, ["late", "open"]);
    assert_eq!(column("customers", "name").values, None);
    assert_eq!(catalog.tables[1].row_estimate, Some(30));
    assert_eq!(catalog.tables[1].primary_key, ["_id"]);
}

#[tokio::test]
async fn queries_run_within_their_limits() {
    let Some(system) = System::mongodb() else { return };
    let provider = shop(system, "nlq_run").await;
    let text = "db.orders.aggregate([{ $group: { _id: '$status', n: { $sum: 1 } } }, { $sort: { _id: 1 } }, { $project: { _id: 0, n: 1, status: '$_id' } }])";
    let rows = run(&*provider, text, LIMITS).await.unwrap();
    assert_eq!(rows.columns.iter().map(|head| head.name.as_str()).collect::<Vec<_>>(), ["n", "status"]);
    assert_eq!(rows.rows, [[Value::Int(15), Value::Text("late".into())], [Value::Int(15), Value::Text("open".into())]]);
    let rows = run(&*provider, "db.orders.find({ _id: 1 })", LIMITS).await.unwrap();
    let cell = |name: &str| rows.rows[0][rows.columns.iter().position(|head| head.name == name).unwrap()].to_string();
    assert_eq!(cell("placed_at"), "1970-01-02T00:00:00Z");
    assert_eq!(cell("ship"), "{\"city\": \"Oslo\"}");
    assert_eq!(cell("tags"), "[\"x\", \"y\"]");
    let rows = run(&*provider, "db.customers.find({ _id: 0 }, { key: 1, _id: 0 })", LIMITS).await.unwrap();
    assert_eq!(rows.rows, [[Value::Text("07".repeat(12))]]);
    for (text, count) in
        [("db.orders.countDocuments({ status: 'open' })", 15), ("db.orders.countDocuments({ status: 'none' })", 0)]
    {
        assert_eq!(run(&*provider, text, LIMITS).await.unwrap().rows, [[Value::Int(count)]], "{text}");
    }
    assert_eq!(run(&*provider, "db.orders.distinct('status')", LIMITS).await.unwrap().rows.len(), 2);
    let few = Limits { rows: 7, ..LIMITS };
    let rows = run(&*provider, "db.orders.find({})", few).await.unwrap();
    assert_eq!((rows.rows.len(), rows.truncated), (7, Some(Truncated::Rows)));
    let small = Limits { bytes: 600, ..LIMITS };
    let rows = run(&*provider, "db.orders.find({})", small).await.unwrap();
    assert_eq!(rows.truncated, Some(Truncated::Bytes));
    assert!(!rows.rows.is_empty());
    let nothing = "db.orders.aggregate([{ $match: { total: { $lt: 0 } } }, { $project: { _id: 0, total: 1 } }])";
    let rows = run(&*provider, nothing, LIMITS).await.unwrap();
    assert_eq!((rows.columns.len(), rows.rows.len()), (1, 0));
}

#[tokio::test]
async fn the_server_judges_queries() {
    let Some(system) = System::mongodb() else { return };
    let provider = shop(system, "nlq_valid").await;
    let validate = async |text: &str| provider.validate(&query(text), TIMEOUT, CancellationToken::new()).await;
    validate("db.orders.aggregate([{ $match: { status: 'open' } }])").await.unwrap();
    validate("db.orders.find({}).sort({ total: -1 })").await.unwrap();
    let error = validate("db.orders.aggregate([{ $group: { n: { $sum: 1 } } }])").await.unwrap_err();
    assert_eq!(error.0.kind, ProblemKind::Syntax, "{error}");
    let plan = provider.explain(&query("db.orders.find({ _id: 1 })"), TIMEOUT, CancellationToken::new()).await.unwrap();
    assert!(plan.contains("queryPlanner") || plan.contains("stage"), "{plan}");
    let error = run(&*provider, "db.orders.aggregate([{ $project: { x: { $divide: [1, 0] } } }])", LIMITS).await;
    assert!(
        matches!(error, Err(ProviderError(problem)) if matches!(problem.kind, ProblemKind::Data | ProblemKind::Syntax))
    );
    let error = run(&*provider, "db.orders.find({ total: {{least}} })", LIMITS).await.unwrap_err();
    assert!(error.to_string().contains("least"), "{error}");
    assert_eq!(guard("db.orders.deleteMany({})", Dialect::Mongodb).unwrap_err().code, "denied-command");
}

#[tokio::test]
async fn what_takes_too_long_ends() {
    let Some(system) = System::mongodb() else { return };
    let provider = shop(system, "nlq_slow").await;
    // Thirty documents joined with all others, four times over: millions.
    let lookup = "{ $lookup: { from: 'orders', pipeline: [{ $unwind: '$lines' }], as: 'o' } }, { $unwind: '$o' }";
    let text = format!("db.orders.aggregate([{}, {{ $count: 'n' }}])", [lookup; 5].join(", "));
    let slow = Limits { timeout: Duration::from_millis(300), ..LIMITS };
    let started = std::time::Instant::now();
    let error = run(&*provider, &text, slow).await.unwrap_err();
    assert_eq!(error.0.kind, ProblemKind::Timeout, "{error}");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        stop.cancel();
    });
    let error = provider.execute(&query(&text), LIMITS, cancel).await.unwrap_err();
    assert_eq!(error.0.kind, ProblemKind::Cancelled, "{error}");
    // The connection is as good as before.
    run(&*provider, "db.orders.countDocuments()", LIMITS).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_reached_says_so_without_secrets() {
    let closed = "mongodb://me:hidden@127.0.0.1:9";
    let provider = open(config(closed, "x")).await.unwrap();
    let error = run(&*provider, "db.x.find({})", LIMITS).await.unwrap_err();
    assert_eq!(error.0.kind, ProblemKind::Connection, "{error}");
    assert!(!error.to_string().contains("hidden"), "{error}");
    for wrong in ["mongodb+srv://me:hidden@h", "no://me:hidden@h"] {
        let error = open(config(wrong, "x")).await.unwrap_err();
        assert!(!error.to_string().contains("hidden"), "{error}");
    }
    assert!(!format!("{provider:?}").contains("hidden"));
}
