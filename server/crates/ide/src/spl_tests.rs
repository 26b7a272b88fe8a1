//! Files of SPL in an editor: the same features over Splunk's language, through the connection's dialect.

use std::sync::Arc;

use nlq_catalog::{Annotations, Catalog, Column, Dialect, Object, ObjectKind, Table, TableKind};
use nlq_config::{ConnectionRef, parse_config};
use nlq_engine::SchemaIndex;
use nlq_text::Span;

use crate::{
    ConnectionState, ConnectionView, actions, completions, diagnostics,
    fixture::{CONFIG, Fixture, fixture, sure},
    hover,
};

/// A file of SPL whose connection `logs/main` is a Splunk server with web logs and one macro.
fn logs(text: &str) -> Fixture {
    let column = |name: &str| Column { name: name.into(), type_name: "string".into(), ..Column::default() };
    let access = Table {
        schema: Some("web".into()),
        name: "access".into(),
        kind: TableKind::Events,
        columns: ["clientip", "status", "uri"].map(column).to_vec(),
        ..Table::default()
    };
    let web = Object {
        kind: ObjectKind::Macro,
        name: "web".into(),
        definition: Some("index=web sourcetype=access".into()),
        ..Object::default()
    };
    let catalog = Catalog { dialect: Dialect::Splunk, tables: vec![access], objects: vec![web], ..Catalog::default() };
    let index = Arc::new(SchemaIndex::new(Arc::new(catalog), Arc::new(Annotations::default())));
    // Which system a connection is of is told by its view; what its file says of it does not matter here.
    let logs = "  logs:\n    type: sqlite\n    connections:\n      main:\n        path: x\n  warehouse:";
    let config = CONFIG.replace("  warehouse:", logs);
    fixture(&format!("//- /errors.spl\n-- nlq-file: connection=logs/main\n{text}")).with_workspace(|workspace| {
        workspace.config = Arc::new(parse_config(&config).value);
        let reference = ConnectionRef { provider: "logs".into(), connection: "main".into() };
        let view = ConnectionView::new(reference.clone(), Dialect::Splunk, Some(index), None, ConnectionState::Idle);
        workspace.connections.insert(reference, Arc::new(view));
    })
}

/// Each finding in a query: code, place, title of its first fix.
fn found(text: &str) -> Vec<(&'static str, String, Option<String>)> {
    let fixture = logs(text);
    let query = fixture.snapshot.document.queries()[0].span;
    diagnostics(&fixture.snapshot)
        .into_iter()
        .filter(|diagnostic| query.covers(diagnostic.span))
        .map(|it| (it.code, it.span.of(fixture.text()).to_owned(), it.fixes.first().map(|fix| fix.title.clone())))
        .collect()
}

fn offered(text: &str) -> Vec<String> {
    let fixture = logs(text);
    completions(&fixture.snapshot, fixture.offset).into_iter().map(|item| item.label).collect()
}

#[test]
fn mistakes_in_a_search_are_told_where_they_stand() {
    assert_eq!(
        found("-- nlq: errors by address of the client\nindex=web\n| statz count BY clientip\n"),
        [("unknown-command", "statz".into(), Some("Change to `stats`".into()))]
    );
    assert_eq!(
        found("``` nlq: errors by address of the client ```\n`web` | stats count BY\n| head 5"),
        [("syntax", "BY".into(), None)]
    );
    assert_eq!(found("-- nlq: errors by address of the client\n`web` | stats count BY clientip\n"), []);
}

#[test]
fn commands_macros_and_fields_are_explained() {
    let said = |text: &str| {
        let fixture = logs(text);
        hover(&fixture.snapshot, fixture.offset).map(|hover| (hover.span.of(fixture.text()).to_owned(), hover.markdown))
    };
    let (word, text) = said("-- nlq: top\nindex=web | stre$0amstats count").unwrap();
    assert_eq!(word, "streamstats");
    assert!(text.contains("adds statistics over the events so far"), "{text}");
    let (word, text) = said("-- nlq: top\nindex=web `we$0b`").unwrap();
    assert_eq!(word, "web");
    assert!(text.contains("sourcetype=access"), "{text}");
    let (word, text) = said("-- nlq: top\nindex=web sourcetype=access stat$0us=500").unwrap();
    assert_eq!(word, "status");
    assert!(text.contains("access"), "{text}");
}

#[test]
fn an_action_writes_the_answer_as_a_search_below_its_prompt() {
    let search = "index=web sourcetype=access status>=500\n| stats count BY clientip";
    let fixture =
        logs("``` nlq: errors$0 by address ```\n\n-- nlq: other\n").answering(0, sure("errors by address", search));
    let titles: Vec<String> =
        actions(&fixture.snapshot, Span::at(fixture.offset)).into_iter().map(|action| action.title).collect();
    assert!(titles.iter().any(|title| title.starts_with("Generate")), "{titles:?}");
    let document = &fixture.snapshot.document;
    let edit = document.answer_edit(0, search, "spl");
    assert_eq!(
        nlq_text::apply_edits(document.text(), &[edit]),
        format!("-- nlq-file: connection=logs/main\n``` nlq: errors by address ```\n{search}\n\n-- nlq: other\n")
    );
}

#[test]
fn commands_macros_and_fields_are_completed() {
    assert_eq!(offered("-- nlq: top\nindex=web | dedu$0")[0], "dedup");
    assert_eq!(offered("-- nlq: top\nindex=$0")[0], "web");
    assert_eq!(offered("-- nlq: top\nindex=web `$0")[0], "web");
    assert_eq!(offered("-- nlq: top\nindex=web | stats count BY cl$0")[0], "clientip");
}
