//! Splunk as a provider, against the stand-in of `tests/doubles/splunk`.

#[path = "../../../../tests/support/splunk.rs"]
mod double;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use double::Double;
use nlq_catalog::{Annotations, Catalog, ColumnAnnotation, Dialect, ObjectKind, TableKind, TypeKind};
use nlq_config::{ConnectionConfig, ConnectionKind, HttpTls, SecretRef, SplunkConfig, TrustStore, Trusted};
use nlq_providers::{
    Limits, Problem, ProblemKind, ProviderError, QueryProvider, Rows, SchemaOptions, Truncated, Value, connect,
};
use nlq_query::guard;
use nlq_text::Span;
use tokio_util::sync::CancellationToken;

const LIMITS: Limits = Limits { rows: 100, bytes: 1 << 20, timeout: Duration::from_secs(20) };

fn trusted() -> Trusted {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nlq.yaml");
    std::fs::write(&file, "workspace: test\n").unwrap();
    TrustStore::in_folder(folder.path()).accept(&file, "workspace: test\n").unwrap()
}

fn literal(text: &str) -> SecretRef {
    SecretRef::Literal(text.to_owned())
}

fn config(url: &str) -> SplunkConfig {
    SplunkConfig {
        url: literal(url),
        token: None,
        user: Some(literal("analyst")),
        password: Some(literal("pass-of-analyst")),
        basic: false,
        app: None,
        owner: "nobody".to_owned(),
        indexes: Vec::new(),
        earliest: "0".to_owned(),
        tls: HttpTls::default(),
    }
}

async fn open(config: SplunkConfig, root: &Path) -> Result<Arc<dyn QueryProvider>, ProviderError> {
    let kind = ConnectionKind::Splunk(config);
    connect(&ConnectionConfig { span: Span::default(), kind, sample_values: true }, root, &trusted()).await
}

async fn provider(double: &Double) -> Arc<dyn QueryProvider> {
    open(config(&double.url), Path::new("/")).await.unwrap()
}

async fn run(provider: &dyn QueryProvider, search: &str, limits: Limits) -> Result<Rows, Problem> {
    let query = guard(search, Dialect::Splunk).unwrap_or_else(|refusal| panic!("{search}: {refusal}"));
    provider.execute(&query, limits, CancellationToken::new()).await.map_err(|error| error.0)
}

async fn validate(provider: &dyn QueryProvider, search: &str) -> Result<(), Problem> {
    let query = guard(search, Dialect::Splunk).unwrap_or_else(|refusal| panic!("{search}: {refusal}"));
    provider.validate(&query, LIMITS.timeout, CancellationToken::new()).await.map_err(|error| error.0)
}

async fn schema(provider: &dyn QueryProvider, annotations: &Annotations) -> Result<Catalog, Problem> {
    let options = SchemaOptions { sample_values: true, annotations };
    provider.schema(options, CancellationToken::new()).await.map_err(|error| error.0)
}

/// How many searches the server knows of.
async fn jobs(double: &Double) -> usize {
    let url = format!("{}/services/search/jobs?output_mode=json&count=0", double.url);
    let reply = reqwest::Client::new().get(url).bearer_auth("token-of-analyst").send().await.unwrap();
    let list: serde_json::Value = serde_json::from_slice(&reply.bytes().await.unwrap()).unwrap();
    list["entry"].as_array().unwrap().len()
}

#[tokio::test]
async fn sourcetypes_and_datasets_are_tables() {
    let double = Double::start(&[]);
    let mut annotations = Annotations::default();
    let secret = ColumnAnnotation { sensitive: true, ..ColumnAnnotation::default() };
    annotations.columns.insert("app.payments.user".to_owned(), secret);
    let catalog = schema(&*provider(&double).await, &annotations).await.unwrap();
    let column = |schema: &str, table: &str, column: &str| {
        let table = catalog.find_table(Some(schema), table).unwrap_or_else(|| panic!("{table} is missing"));
        let id = catalog.find_column(table, column).unwrap_or_else(|| panic!("{column} is missing"));
        (catalog.table(table).clone(), catalog.column(id).clone())
    };
    let (web, status) = column("web", "access_combined", "status");
    assert_eq!((web.kind, web.row_estimate, status.kind), (TableKind::Events, Some(3000), TypeKind::Integer));
    assert_eq!((web.columns[0].name.as_str(), web.columns[0].kind), ("_time", TypeKind::Timestamp));
    assert!(!web.columns.iter().any(|column| ["linecount", "index", "_raw", "_cd"].contains(&column.name.as_str())));
    let (_, method) = column("web", "access_combined", "method");
    let values = method.values.expect("values");
    assert_eq!((values.values.as_slice(), values.complete), (&["GET", "HEAD", "POST"].map(str::to_owned)[..], true));
    let (_, user) = column("web", "access_combined", "user");
    assert!(user.presence.is_some_and(|share| (0.25..0.45).contains(&share)), "{:?}", user.presence);
    assert_eq!(column("app", "payments", "amount").1.kind, TypeKind::Float);
    assert_eq!(column("app", "payments", "transaction_id").1.values, None);
    assert!(column("app", "app:json", "user").1.values.is_some());
    assert_eq!(column("app", "payments", "user").1.values, None, "a sensitive field is not sampled");
    let (model, _) = column("Authentication", "Authentication.Failed_Authentication", "user");
    assert_eq!(model.kind, TableKind::DataModel);
    let named: Vec<_> = catalog.objects.iter().map(|object| (object.kind, object.name.as_str())).collect();
    for expected in [
        (ObjectKind::Macro, "slow"),
        (ObjectKind::Lookup, "products"),
        (ObjectKind::SavedSearch, "Failed logins by user"),
    ] {
        assert!(named.contains(&expected), "{expected:?} in {named:?}");
    }
    let slow = catalog.objects.iter().find(|object| object.name == "slow").unwrap();
    assert_eq!(slow.arguments, ["ms"]);
}

#[tokio::test]
async fn only_the_named_indexes_are_read() {
    let double = Double::start(&[]);
    let config = SplunkConfig { indexes: vec!["web".to_owned()], ..config(&double.url) };
    let provider = open(config, Path::new("/")).await.unwrap();
    let catalog = schema(&*provider, &Annotations::default()).await.unwrap();
    let events: Vec<_> = catalog.tables.iter().filter(|table| table.kind == TableKind::Events).collect();
    assert_eq!(events.len(), 1);
}

#[tokio::test]
async fn every_way_to_say_who_asks_is_taken() {
    let double = Double::start(&[]);
    let token =
        SplunkConfig { token: Some(literal("token-of-analyst")), user: None, password: None, ..config(&double.url) };
    let basic = SplunkConfig { basic: true, ..config(&double.url) };
    let app = SplunkConfig { app: Some("search".to_owned()), ..config(&double.url) };
    for config in [token, basic, app] {
        let provider = open(config, Path::new("/")).await.unwrap();
        let rows = run(&*provider, "index=web | stats count", LIMITS).await.unwrap();
        assert_eq!(rows.rows, [[Value::Int(3000)]]);
    }
}

#[tokio::test]
async fn a_wrong_password_is_one_sentence_without_it() {
    let double = Double::start(&[]);
    let wrong = SplunkConfig { password: Some(literal("canary-of-a-password")), ..config(&double.url) };
    let token = SplunkConfig { token: Some(literal("canary-of-a-token")), ..config(&double.url) };
    let basic = SplunkConfig { basic: true, ..wrong.clone() };
    for config in [wrong, token, basic] {
        let provider = open(config, Path::new("/")).await.unwrap();
        let problem = schema(&*provider, &Annotations::default()).await.unwrap_err();
        assert_eq!(problem.kind, ProblemKind::Permission, "{problem:?}");
        assert!(!problem.message.contains("canary") && problem.message.contains("nlq.yaml"), "{problem:?}");
        assert!(!format!("{provider:?}").contains("canary"));
    }
    let nobody = SplunkConfig { user: None, ..config(&double.url) };
    let error = open(nobody, Path::new("/")).await.unwrap_err();
    assert!(error.to_string().contains("`token`"), "{error}");
}

#[tokio::test]
async fn a_user_without_rights_is_told_which() {
    let double = Double::start(&[]);
    let config = SplunkConfig { token: Some(literal("token-of-nobody")), ..config(&double.url) };
    let provider = open(config, Path::new("/")).await.unwrap();
    let problem = schema(&*provider, &Annotations::default()).await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Permission);
    assert!(problem.message.contains("insufficient permission"), "{problem:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_by_its_address() {
    let provider = open(config("http://127.0.0.1:9"), Path::new("/")).await.unwrap();
    let problem = schema(&*provider, &Annotations::default()).await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Connection);
    assert!(problem.message.contains("127.0.0.1:9"), "{problem:?}");
}

#[tokio::test]
async fn a_certificate_is_checked_unless_that_is_off() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let double = Double::start(&["--tls", file.to_str().unwrap()]);
    let with = |tls: HttpTls| SplunkConfig { tls, ..config(&double.url) };
    let search = "| makeresults | eval n=1 | table n";
    for tls in [HttpTls { verify: false, ca_file: None }, HttpTls { verify: true, ca_file: Some("ca.pem".into()) }] {
        let provider = open(with(tls), folder.path()).await.unwrap();
        assert_eq!(run(&*provider, search, LIMITS).await.unwrap().rows, [[Value::Int(1)]]);
    }
    let provider = open(with(HttpTls::default()), folder.path()).await.unwrap();
    let problem = run(&*provider, search, LIMITS).await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Connection);
    assert!(problem.message.contains("certificate"), "{problem:?}");
}

#[tokio::test]
async fn the_servers_parser_says_what_is_wrong_and_where() {
    for options in [&[][..], &["--old"]] {
        let double = Double::start(options);
        let provider = provider(&double).await;
        validate(&*provider, "index=web status>=500 | stats count by host").await.unwrap();
        validate(&*provider, "index=security action=failure | top limit=3 user").await.unwrap();
        for (search, kind, place) in [
            ("index=web | eval a=nosuch(b)", ProblemKind::Syntax, Some("nosuch")),
            ("index=web | lookup nosuch user", ProblemKind::Schema, Some("nosuch")),
            ("| tstats count from datamodel=Nosuch", ProblemKind::Schema, Some("Nosuch")),
        ] {
            let problem = validate(&*provider, search).await.unwrap_err();
            assert_eq!((problem.kind, problem.span.map(|span| span.of(search))), (kind, place), "{problem:?}");
        }
        assert_eq!(jobs(&double).await, 0, "nothing was run");
        let query = guard("index=web | stats count by host", Dialect::Splunk).unwrap();
        let plan = provider.explain(&query, LIMITS.timeout, CancellationToken::new()).await.unwrap();
        assert!(plan.contains("events: search index=web") && plan.contains("2. stats"), "{plan}");
    }
}

#[tokio::test]
async fn searches_run_within_limits_and_leave_no_job() {
    for options in [&[][..], &["--old"]] {
        let double = Double::start(options);
        let provider = provider(&double).await;
        let rows = run(&*provider, "index=web | stats count, avg(bytes) AS size by method | sort method", LIMITS)
            .await
            .unwrap();
        let names: Vec<_> = rows.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!((names, rows.rows.len()), (vec!["method", "count", "size"], 3));
        assert!(matches!(rows.rows[0][..], [Value::Text(_), Value::Int(_), Value::Float(_)]), "{rows:?}");
        let few = run(&*provider, "index=web | table _time, uri", Limits { rows: 3, ..LIMITS }).await.unwrap();
        assert_eq!((few.rows.len(), few.truncated), (3, Some(Truncated::Rows)));
        let small = run(&*provider, "index=web | table _time, uri", Limits { bytes: 200, ..LIMITS }).await.unwrap();
        assert_eq!(small.truncated, Some(Truncated::Bytes));
        let exactly = run(&*provider, "index=web | head 3 | table uri", Limits { rows: 3, ..LIMITS }).await.unwrap();
        assert_eq!((exactly.rows.len(), exactly.truncated), (3, None));
        let none = run(&*provider, "index=web nosuchfield=1", LIMITS).await.unwrap();
        assert!(none.rows.is_empty());
        let mut left = jobs(&double).await;
        for _ in 0..100 {
            if left > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
                left = jobs(&double).await;
            }
        }
        assert_eq!(left, 0);
    }
}

#[tokio::test]
async fn what_fails_while_it_runs_is_told_in_the_servers_words() {
    let double = Double::start(&[]);
    let problem = run(&*provider(&double).await, "index=web | trendline sma2(bytes)", LIMITS).await.unwrap_err();
    assert!(problem.message.starts_with("Error in 'trendline' command"), "{problem:?}");
    assert_eq!(problem.span, Some(Span::new(12, 21)));
}

#[tokio::test]
async fn a_search_with_no_time_begins_where_the_connection_says() {
    let double = Double::start(&[]);
    let config = SplunkConfig { earliest: "-1d".to_owned(), ..config(&double.url) };
    let recent = open(config, Path::new("/")).await.unwrap();
    let count = |rows: Rows| match rows.rows[0][0] {
        Value::Int(count) => count,
        ref other => panic!("{other:?}"),
    };
    let day = count(run(&*recent, "index=web | stats count", LIMITS).await.unwrap());
    assert!((1..1000).contains(&day), "{day}");
    assert_eq!(count(run(&*recent, "index=web earliest=-14d | stats count", LIMITS).await.unwrap()), 3000);
}

#[tokio::test]
async fn a_slow_search_is_stopped_in_the_server_by_the_time_limit() {
    let double = Double::start(&[]);
    let begun = Instant::now();
    let limits = Limits { timeout: Duration::from_millis(300), ..LIMITS };
    let problem = run(&*provider(&double).await, "index=archive | stats count", limits).await.unwrap_err();
    assert_eq!(problem.kind, ProblemKind::Timeout);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(jobs(&double).await, 0);
}

#[tokio::test]
async fn a_cancelled_search_is_stopped_in_the_server() {
    let double = Double::start(&[]);
    let provider = provider(&double).await;
    let query = guard("index=archive | stats count", Dialect::Splunk).unwrap();
    let token = CancellationToken::new();
    let (asked, stop) = (Arc::clone(&provider), token.clone());
    let running = tokio::spawn(async move { asked.execute(&query, LIMITS, token).await });
    let mut known = 0;
    for _ in 0..200 {
        known = jobs(&double).await;
        if known == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(known, 1, "the search never ran");
    stop.cancel();
    assert_eq!(running.await.unwrap().unwrap_err().0.kind, ProblemKind::Cancelled);
    assert_eq!(jobs(&double).await, 0);
    assert_eq!(run(&*provider, "index=web | stats count", LIMITS).await.unwrap().rows, [[Value::Int(3000)]]);
}

#[test]
fn what_writes_is_refused_before_it_is_sent() {
    for search in
        ["index=web | delete", "index=web | outputlookup a.csv", "index=web | collect index=x", "| rest /services/apps"]
    {
        assert!(guard(search, Dialect::Splunk).is_err(), "{search}");
    }
}
