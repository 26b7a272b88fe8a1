//! Questions to logs: what users of events say, and what nlq writes for it in SPL.

use std::sync::Arc;

use chrono::NaiveDate;
use nlq_catalog::{
    Annotations, Catalog, Column, ColumnAnnotation, Dialect, Metric, Table, TableAnnotation, TableKind, Term, TypeKind,
    ValueSample,
};
use nlq_engine::{Answer, Engine, Outcome, Question, SchemaIndex, Settings};

fn column(name: &str, kind: TypeKind) -> Column {
    Column { name: name.to_owned(), kind, ..Column::default() }
}

fn held(name: &str, values: &[&str]) -> Column {
    let values = values.iter().map(|v| (*v).to_owned()).collect();
    Column { values: Some(ValueSample { values, complete: true }), ..column(name, TypeKind::Text) }
}

fn events(index: &str, name: &str, kind: TableKind, fields: Vec<Column>) -> Table {
    let mut columns = vec![column("_time", TypeKind::Timestamp), held("host", &["edge1", "edge2"])];
    columns.extend(fields);
    Table { schema: Some(index.to_owned()), name: name.to_owned(), kind, columns, ..Table::default() }
}

fn logs() -> SchemaIndex {
    use TypeKind::{Float, Integer, Text};
    let tables = vec![
        events("Sessions", "Sessions", TableKind::DataModel, vec![column("user", Text), column("result", Text)]),
        events("Sessions", "Sessions.Expired", TableKind::DataModel, vec![column("user", Text)]),
        events(
            "mail",
            "smtp",
            TableKind::Events,
            vec![
                held("verb", &["DATA", "GET", "MAIL"]),
                held("folder", &["/inbox", "/spam"]),
                held("outcome", &["accepted", "bounced"]),
                column("user", Text),
                column("size", Integer),
                column("delay", Float),
            ],
        ),
    ];
    let said = |terms: &[&str]| terms.iter().map(|term| (*term).to_owned()).collect();
    let mut annotations = Annotations::default();
    let names = [("smtp", "messages"), ("sessions.sessions", "sessions"), ("sessions.expired", "expired sessions")];
    for (table, name) in names {
        let annotation = TableAnnotation { business_terms: said(&[name]), ..TableAnnotation::default() };
        annotations.tables.insert(table.to_owned(), annotation);
    }
    let sender = ColumnAnnotation { business_terms: said(&["sender"]), ..ColumnAnnotation::default() };
    annotations.columns.insert("smtp.user".to_owned(), sender);
    annotations.terms.push(Term {
        name: "bounce".into(),
        synonyms: said(&["bounced message"]),
        table: "smtp".into(),
        condition: "outcome=\"bounced\"".into(),
        ..Term::default()
    });
    annotations.metrics.push(Metric {
        name: "bounce rate".into(),
        table: "smtp".into(),
        expression: "100*count(eval(outcome=\"bounced\"))/count".into(),
        ..Metric::default()
    });
    let catalog = Catalog { dialect: Dialect::Splunk, tables, ..Catalog::default() };
    SchemaIndex::new(Arc::new(catalog), Arc::new(annotations))
}

fn ask(text: &str, index: &SchemaIndex) -> Answer {
    let today = NaiveDate::from_ymd_opt(2024, 5, 15).unwrap_or_default();
    Engine::new(Settings::default()).answer(Question { text, earlier: &[], replies: &[], today }, index)
}

#[test]
fn what_users_of_logs_say() {
    let index = logs();
    let mut wrong = Vec::new();
    for (question, expected) in [
        ("how many messages in the last 15 minutes", "index=mail sourcetype=smtp earliest=-15m\n| stats count"),
        ("messages per hour today", "index=mail sourcetype=smtp earliest=@d\n| timechart span=1h cont=false count"),
        ("messages every 5 minutes", "index=mail sourcetype=smtp\n| timechart span=5m cont=false count"),
        ("bounces per sender", "index=mail sourcetype=smtp outcome=bounced\n| stats count BY user"),
        (
            "how many messages between 14:00 and 15:00 on March 3",
            "index=mail sourcetype=smtp earliest=\"03/03/2024:14:00:00\" latest=\"03/03/2024:15:00:00\"\n| stats count",
        ),
        (
            "top 3 senders of bounces",
            "index=mail sourcetype=smtp outcome=bounced\n| top limit=3 showperc=false showcount=false user",
        ),
        (
            "which senders had more than 20 bounces",
            "index=mail sourcetype=smtp outcome=bounced\n| stats count BY user\n| where count>20\n| table user",
        ),
        ("how many GET messages", "index=mail sourcetype=smtp verb=GET\n| stats count"),
        ("how many messages in /spam", "index=mail sourcetype=smtp folder=/spam\n| stats count"),
        ("the last 5 bounces", "index=mail sourcetype=smtp outcome=bounced\n| head 5"),
        (
            "expired sessions by user",
            "| tstats count FROM datamodel=Sessions.Sessions.Expired BY Sessions.user\n| rename Sessions.* AS *\n| sort 0 user",
        ),
        (
            "bounce rate per host",
            "index=mail sourcetype=smtp\n| stats count(eval(outcome=\"bounced\")) AS count_eval_outcome_bounced, count BY host\n\
             | eval bounce_rate=100*count_eval_outcome_bounced/count\n| table bounce_rate, host",
        ),
    ] {
        let answer = ask(question, &index);
        let found = match &answer.outcome {
            Outcome::Query { sql, .. } => sql.clone(),
            Outcome::Clarification(asked) => asked.options.first().map(|o| o.sql.clone()).unwrap_or_default(),
            Outcome::Abstention { reason } => reason.clone(),
        };
        if found != expected {
            wrong.push(format!("{question}\n{found}\n"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_spl_cannot_say_is_no_answer() {
    let index = logs();
    let answer = ask("users of expired sessions", &index);
    assert!(matches!(&answer.outcome, Outcome::Abstention { .. } | Outcome::Clarification(_)), "{:?}", answer.outcome);
}
