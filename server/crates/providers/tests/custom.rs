//! Programs that are providers, good ones and bad ones. They are written in Python.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use nlq_catalog::{Annotations, ColumnAnnotation, Dialect};
use nlq_config::{ConnectionConfig, ConnectionKind, CustomConfig, SecretRef, TrustStore, Trusted};
use nlq_providers::{
    Capability, Limits, ProblemKind, ProviderError, QueryProvider, Rows, SchemaOptions, Truncated, Value, connect,
};
use nlq_query::guard;
use nlq_text::Span;
use tokio_util::sync::CancellationToken;

const LIMITS: Limits = Limits { rows: 100, bytes: 1 << 20, timeout: Duration::from_secs(10) };

/// Does what the query says.
const PROGRAM: &str = r#"
import json, os, sys, time
def receive():
    length = 0
    while (line := sys.stdin.buffer.readline()) not in (b"\r\n", b""):
        length = int(line.split(b":")[1])
    return json.loads(sys.stdin.buffer.read(length)) if length else sys.exit()
def send(**message):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    sys.stdout.buffer.flush()
def execute(id, query):
    if "crash" in query: os._exit(3)
    if "junk" in query: print("hello, this is no message", flush=True); time.sleep(30)
    if "sleep" in query: return
    if "refuse" in query: return send(id=id, error={"code": 1, "message": "no\nsuch table", "data": {"kind": "schema", "start": 7, "end": 9}})
    if "short" in query: return send(id=id, result={"columns": [{"name": "a"}, {"name": "b"}], "rows": [[1]]})
    send(id=id, result={"columns": [{"name": "pid", "type": "int"}, "text"], "rows": [[os.getpid(), settings.get("word")]] * (9 if "many" in query else 1)})
settings = {}
while message := receive():
    id, params = message.get("id"), message.get("params")
    if message["method"] == "initialize":
        settings = params["settings"]
        version = int(settings.get("version", 1))
        send(id=id, result={"protocolVersion": version, "capabilities": ["schema_introspection", "query_execution", "telepathy"]})
    elif message["method"] == "schema":
        values = {"values": ["x", "y"], "complete": True}
        columns = [{"name": name, "type": "TEXT", "kind": "text", "values": values} for name in ("open", "secret")]
        send(id=id, result={"tables": [{"name": "z", "columns": columns}, {"name": "a", "columns": columns}]})
    elif message["method"] == "execute": execute(id, params["query"])
    elif message["method"] == "exit": sys.exit()
"#;

fn trusted() -> Trusted {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nlq.yaml");
    std::fs::write(&file, "workspace: test\n").unwrap();
    TrustStore::in_folder(folder.path()).accept(&file, "workspace: test\n").unwrap()
}

async fn provider(command: &[&str], settings: &[(&str, &str)]) -> Arc<dyn QueryProvider> {
    let settings: BTreeMap<_, _> =
        settings.iter().map(|(name, text)| ((*name).to_owned(), SecretRef::Literal((*text).to_owned()))).collect();
    let command = command.iter().map(ToString::to_string).collect();
    let kind = ConnectionKind::Custom(CustomConfig { command, dialect: Dialect::Sqlite, settings });
    let connection = ConnectionConfig { span: Span::default(), kind, sample_values: true };
    connect(&connection, Path::new("/"), &trusted()).await.unwrap()
}

async fn python(settings: &[(&str, &str)]) -> Arc<dyn QueryProvider> {
    provider(&["python3", "-c", PROGRAM], settings).await
}

async fn run(provider: &dyn QueryProvider, word: &str, limits: Limits) -> Result<Rows, ProviderError> {
    let query = guard(&format!("SELECT '{word}'"), Dialect::Sqlite).unwrap();
    provider.execute(&query, limits, CancellationToken::new()).await
}

async fn failed(provider: &dyn QueryProvider, word: &str, limits: Limits) -> (ProblemKind, String) {
    let ProviderError(problem) = run(provider, word, limits).await.unwrap_err();
    (problem.kind, problem.message)
}

#[tokio::test]
async fn what_the_program_says_is_taken_within_limits() {
    let provider = python(&[("word", "hi")]).await;
    let rows = run(&*provider, "many", Limits { rows: 4, ..LIMITS }).await.unwrap();
    assert_eq!((rows.rows.len(), rows.truncated), (4, Some(Truncated::Rows)));
    assert_eq!(rows.rows[0][1], Value::Text("hi".to_owned()));
    assert_eq!(rows.columns[0].type_name, "int");
    let known = [Capability::SchemaIntrospection, Capability::QueryExecution];
    assert_eq!(provider.capabilities(), known);
    let rows = run(&*provider, "many", Limits { bytes: 25, ..LIMITS }).await.unwrap();
    assert_eq!((rows.rows.len(), rows.truncated), (2, Some(Truncated::Bytes)));
    let (kind, message) = failed(&*provider, "short", LIMITS).await;
    assert_eq!(
        (kind, message.as_str()),
        (ProblemKind::Data, "the program's result is damaged: a row has not one cell a column")
    );
    provider.close().await;
}

#[tokio::test]
async fn a_problem_keeps_its_kind_and_its_place() {
    let provider = python(&[]).await;
    let ProviderError(problem) = run(&*provider, "refuse", LIMITS).await.unwrap_err();
    assert_eq!((problem.kind, problem.span), (ProblemKind::Schema, Some(Span::new(7, 9))));
    assert_eq!(problem.message, "no such table");
}

#[tokio::test]
async fn values_of_sensitive_columns_are_not_kept_whatever_is_sent() {
    let mut annotations = Annotations::default();
    let secret = ColumnAnnotation { sensitive: true, ..ColumnAnnotation::default() };
    annotations.columns.insert("z.secret".to_owned(), secret);
    let provider = python(&[]).await;
    let options = SchemaOptions { sample_values: true, annotations: &annotations };
    let catalog = provider.schema(options, CancellationToken::new()).await.unwrap();
    let sampled: Vec<_> = catalog.tables.iter().map(|t| (t.name.as_str(), t.columns[1].values.is_some())).collect();
    assert_eq!(sampled, [("a", true), ("z", false)]);
}

#[tokio::test]
async fn what_the_program_cannot_do_is_not_asked_for() {
    let provider = python(&[]).await;
    let query = guard("SELECT 1", Dialect::Sqlite).unwrap();
    let asked = provider.validate(&query, LIMITS.timeout, CancellationToken::new()).await;
    assert_eq!(asked.unwrap_err().0.kind, ProblemKind::Unsupported);
}

#[tokio::test]
async fn a_program_that_crashes_is_started_again_but_not_for_ever() {
    let provider = python(&[]).await;
    let first = run(&*provider, "who", LIMITS).await.unwrap().rows[0][0].clone();
    for _ in 0..3 {
        let (kind, message) = failed(&*provider, "crash", LIMITS).await;
        assert_eq!(kind, ProblemKind::Connection);
        assert!(message.ends_with("has ended"), "{message}");
        let ran = run(&*provider, "who", LIMITS).await.unwrap();
        assert_ne!(ran.rows[0][0], first);
    }
    failed(&*provider, "crash", LIMITS).await;
    let (_, message) = failed(&*provider, "who", LIMITS).await;
    assert!(message.contains("ended 4 times within a minute"), "{message}");
}

#[tokio::test]
async fn a_program_that_is_late_is_not_waited_for() {
    let provider = python(&[]).await;
    let begun = Instant::now();
    let (kind, _) = failed(&*provider, "sleep", Limits { timeout: Duration::from_millis(200), ..LIMITS }).await;
    assert_eq!(kind, ProblemKind::Timeout);
    assert!(begun.elapsed() < Duration::from_secs(5));
    let query = guard("SELECT 'sleep'", Dialect::Sqlite).unwrap();
    let token = CancellationToken::new();
    let stop = token.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        stop.cancel();
    });
    let cancelled = provider.execute(&query, LIMITS, token).await.unwrap_err();
    assert_eq!(cancelled.0.kind, ProblemKind::Cancelled);
    run(&*provider, "who", LIMITS).await.unwrap();
}

#[tokio::test]
async fn a_program_that_speaks_otherwise_is_told_from_one_that_is_not_there() {
    let (_, message) = failed(&*python(&[]).await, "junk", LIMITS).await;
    assert!(message.contains("Content-Length"), "{message}");
    let (_, message) = failed(&*python(&[("version", "7")]).await, "who", LIMITS).await;
    assert!(message.contains("speaks protocol version 7, nlq speaks 1"), "{message}");
    let (kind, message) = failed(&*provider(&["/no/such/program"], &[]).await, "who", LIMITS).await;
    assert_eq!(kind, ProblemKind::Connection);
    assert!(message.contains("cannot be started"), "{message}");
    let (_, message) = failed(&*provider(&["true"], &[]).await, "who", LIMITS).await;
    assert!(message.contains("ended"), "{message}");
}
