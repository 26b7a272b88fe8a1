//! A small shop in which features are tested: `check(fixture, expect![...])`.
//!
//! A fixture is a document's text, `$0` where the cursor is, and in its first line `//- /name` when it is not SQL.
//! Where a test is about what becomes of an answer, not about how the engine finds it, it brings its own answer.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use chrono::NaiveDate;
use nlq_catalog::{Annotations, Catalog, Column, ColumnId, Dialect, ForeignKey, Table, TableId, TypeKind, ValueSample};
use nlq_config::{ConnectionRef, merge_annotations, parse_annotations, parse_config};
use nlq_engine::{
    Alternative, Answer, BoundaryType, Clarification, ClarificationOption, Engine, Factor, KnowledgeBoundary, Link,
    LinkKind, Outcome, ReasoningAlternative, ReasoningStage, ReasoningStep, ReasoningStream, SchemaIndex,
};
use nlq_syntax::{Document, Language};
use nlq_text::Span;
use serde_json::json;

use crate::{AnnotationSource, ConnectionState, ConnectionView, Options, Snapshot, WorkspaceView};

/// What no output may ever show: sampled values and enum values of sensitive columns.
pub(crate) const SECRETS: [&str; 3] = ["ada@example.org", "grace@example.org", "topsecret"];

pub(crate) const CONFIG: &str = "\
workspace: test
providers:
  shop:
    type: sqlite
    connections:
      dev:
        path: shop.db
  warehouse:
    type: postgresql
    connections:
      prod:
        database: shop
        user: reader
default_connection: shop/dev
";

pub(crate) const ANNOTATIONS: &str = "\
annotations:
  - table: orders
    description: What customers bought, one row a purchase
    business_terms: [purchases, sales]
  - column: orders.total_amount
    description: What the customer paid, with *taxes* included
    business_terms: [revenue]
  - column: orders.status
    enum_values: [new, paid, shipped]
  - column: orders.placed_at
    date_format: YYYY-MM-DD
  - column: customers.email
    description: Where to write to
    enum_values: [topsecret]
    examples: [topsecret]
    sensitive: true
";

/// A document in the shop.
pub(crate) struct Fixture {
    pub(crate) snapshot: Snapshot,
    pub(crate) offset: usize,
}

/// Reads a fixture.
pub(crate) fn fixture(text: &str) -> Fixture {
    let (path, text) = match text.strip_prefix("//- ").and_then(|rest| rest.split_once('\n')) {
        Some((path, text)) => (path.trim_end(), text),
        None => ("/query.sql", text),
    };
    let offset = text.find("$0").unwrap_or(text.len());
    let text = text.replacen("$0", "", 1);
    let language = Language::from_path(Path::new(path)).expect("a language by its file name");
    let snapshot = Snapshot {
        document: Arc::new(Document::new(&text, language, nlq_syntax::Options::default())),
        workspace: Arc::new(workspace()),
        runs: Arc::default(),
        today: NaiveDate::from_ymd_opt(2026, 3, 14).expect("a day"),
        options: Options::default(),
    };
    Fixture { snapshot, offset }
}

impl Fixture {
    /// Lets the engine answer a prompt so.
    pub(crate) fn answering(self, prompt: usize, answer: Answer) -> Self {
        let connection = self.snapshot.workspace.connections.values().next().expect("a connection");
        self.snapshot.remembered(prompt, connection, |_| answer);
        self
    }

    /// Changes the workspace.
    pub(crate) fn with_workspace(mut self, change: impl FnOnce(&mut WorkspaceView)) -> Self {
        let mut workspace = workspace();
        change(&mut workspace);
        self.snapshot.workspace = Arc::new(workspace);
        self
    }

    pub(crate) fn text(&self) -> &str {
        self.snapshot.document.text()
    }
}

fn workspace() -> WorkspaceView {
    let config = parse_config(CONFIG);
    assert_eq!(config.diagnostics, [], "the fixture's nlq.yaml is right");
    let file = parse_annotations(ANNOTATIONS);
    assert_eq!(file.diagnostics, [], "the fixture's annotations are right");
    let annotations: Arc<Annotations> = Arc::new(merge_annotations([&file.value]));
    let index = Arc::new(SchemaIndex::new(Arc::new(catalog()), annotations.clone()));
    let connection = |provider: &str, connection: &str, dialect, index| {
        let reference = ConnectionRef { provider: provider.into(), connection: connection.into() };
        (reference.clone(), Arc::new(ConnectionView::new(reference, dialect, index, None, ConnectionState::Idle)))
    };
    WorkspaceView {
        root: Some(PathBuf::from("/shop")),
        config: Arc::new(config.value),
        config_diagnostics: Vec::new(),
        trusted: true,
        example_files: Vec::new(),
        annotation_files: vec![AnnotationSource {
            path: PathBuf::from("/shop/shop.annotations.yaml"),
            text: ANNOTATIONS.into(),
            file: Arc::new(file.value),
            diagnostics: Vec::new(),
        }],
        annotations,
        connections: BTreeMap::from([
            connection("shop", "dev", Dialect::Sqlite, Some(index)),
            connection("warehouse", "prod", Dialect::Postgresql, None),
        ]),
        engine: Engine::default(),
    }
}

fn catalog() -> Catalog {
    let column = |name: &str, type_name: &str, kind, nullable| Column {
        name: name.into(),
        type_name: type_name.into(),
        kind,
        nullable,
        ..Column::default()
    };
    let sampled = |column, values: &[&str]| Column {
        values: Some(ValueSample { values: values.iter().map(|&value| value.into()).collect(), complete: false }),
        ..column
    };
    let customers = Table {
        name: "customers".into(),
        row_estimate: Some(1234),
        comment: Some("People who bought".into()),
        columns: vec![
            column("id", "INTEGER", TypeKind::Integer, false),
            column("name", "TEXT", TypeKind::Text, false),
            // Sampled before somebody marked it sensitive.
            sampled(column("email", "TEXT", TypeKind::Text, true), &SECRETS),
            sampled(column("city", "TEXT", TypeKind::Text, true), &["Berlin", "Zürich"]),
        ],
        primary_key: vec!["id".into()],
        unique: vec![vec!["email".into()]],
        ..Table::default()
    };
    let orders = Table {
        name: "orders".into(),
        row_estimate: Some(56789),
        columns: vec![
            column("id", "INTEGER", TypeKind::Integer, false),
            column("customer_id", "INTEGER", TypeKind::Integer, false),
            column("status", "TEXT", TypeKind::Text, false),
            column("total_amount", "NUMERIC(10,2)", TypeKind::Decimal, false),
            column("placed_at", "TEXT", TypeKind::Timestamp, true),
        ],
        primary_key: vec!["id".into()],
        foreign_keys: vec![ForeignKey {
            columns: vec!["customer_id".into()],
            to_schema: None,
            to_table: "customers".into(),
            to_columns: vec!["id".into()],
        }],
        ..Table::default()
    };
    Catalog { dialect: Dialect::Sqlite, tables: vec![customers, orders], ..Catalog::default() }
}

const CUSTOMERS: TableId = TableId(0);
const ORDERS: TableId = TableId(1);

fn column(table: TableId, column: u32) -> ColumnId {
    ColumnId { table, column }
}

/// How the words of the tests' questions are understood.
fn links(question: &str) -> Vec<Link> {
    let value = |value: &str, columns: &[ColumnId]| LinkKind::Value { value: value.into(), columns: columns.to_vec() };
    let known = [
        ("revenue", LinkKind::Column(column(ORDERS, 3)), "the team calls it so"),
        ("orders", LinkKind::Table(ORDERS), "the name of a table"),
        ("customers", LinkKind::Table(CUSTOMERS), "the name of a table"),
        ("mails", LinkKind::Column(column(CUSTOMERS, 2)), "near `email`"),
        ("Zürich", value("Zürich", &[column(CUSTOMERS, 3)]), "a known value"),
        ("ada", value(SECRETS[0], &[column(CUSTOMERS, 2)]), "looks like ada@example.org"),
        ("per month", LinkKind::Operation("group by month".into()), "`per`"),
        ("last year", LinkKind::Time("2025".into()), "before 2026"),
        ("wombats", LinkKind::Unknown, ""),
        ("💣", LinkKind::Unknown, ""),
    ];
    let mut links: Vec<Link> = known
        .into_iter()
        .filter_map(|(word, kind, evidence)| {
            let start = question.find(word)?;
            let span = Span::new(start, start + word.len());
            Some(Link { span, kind, score: 0.9, evidence: evidence.into() })
        })
        .collect();
    links.sort_by_key(|link| link.span);
    links
}

fn answer(question: &str, outcome: Outcome, confidence: f64) -> Answer {
    Answer {
        outcome,
        confidence,
        factors: vec![Factor {
            name: "schema_coverage".into(),
            value: confidence,
            explanation: "Most words are known.".into(),
        }],
        links: links(question),
        boundaries: Vec::new(),
        alternatives: Vec::new(),
        reasoning: ReasoningStream { query_text: question.into(), ..ReasoningStream::default() },
    }
}

/// An engine that is sure of `sql`, and knows another reading.
pub(crate) fn sure(question: &str, sql: &str) -> Answer {
    let outcome = Outcome::Query { sql: sql.into(), description: "Sums `orders.total_amount`.".into() };
    let alternatives = vec![Alternative {
        sql: "SELECT count(*) FROM orders".into(),
        description: "Counts orders.".into(),
        confidence: 0.4,
    }];
    let reasoning = ReasoningStream {
        query_text: question.into(),
        stages: vec![ReasoningStage {
            name: "Intent Analysis".into(),
            description: "What is wanted".into(),
            steps: vec![ReasoningStep {
                description: "Looked for an aggregate".into(),
                evidence: json!({ "found_words": ["revenue"], "as": "sum" }),
                confidence: 0.95,
            }],
            conclusion: "A sum".into(),
            alternatives: vec![ReasoningAlternative {
                description: "a count".into(),
                confidence: 0.4,
                reason: "revenue is an amount".into(),
            }],
            micros: 1234,
        }],
        complete: true,
    };
    Answer { alternatives, reasoning, ..answer(question, outcome, 0.923) }
}

/// An engine that must ask.
pub(crate) fn asks(question: &str) -> Answer {
    let option = |label: &str| ClarificationOption { label: label.into(), sql: format!("SELECT {label} FROM orders") };
    let clarification = Clarification {
        question: "Which amount is meant?".into(),
        options: vec![option("total_amount"), option("id")],
    };
    answer(question, Outcome::Clarification(clarification), 0.5)
}

/// An engine that does not know the word `wombats`.
pub(crate) fn abstains(question: &str) -> Answer {
    let start = question.find("wombats").unwrap_or(0);
    let boundary = |span, confidence, explanation: &str| KnowledgeBoundary {
        boundary_type: BoundaryType::UnknownEntity,
        component: "entity".into(),
        span,
        confidence,
        explanation: explanation.into(),
        suggestions: vec!["Name a table.".into()],
    };
    let boundaries = vec![
        boundary(Span::at(0), 0.5, "Something is odd."),
        boundary(Span::new(start, start + 7), 0.9, "`wombats` names nothing in shop/dev."),
    ];
    let outcome = Outcome::Abstention { reason: "A word is not known.".into() };
    Answer { boundaries, ..answer(question, outcome, 0.1) }
}
