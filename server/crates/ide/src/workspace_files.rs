//! Features of the workspace's own files: `nlq.yaml` and annotation files.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use nlq_config::CompletionKind;
use nlq_text::Diagnostic;

use crate::{
    CompletionItem, CompletionItemKind, ConnectionState, ConnectionView, Hover, WorkspaceView,
    markdown::{count, prose},
    schema_card::Schema,
};

/// Everything to say about the text of an `nlq.yaml`.
pub fn config_diagnostics(text: &str) -> Vec<Diagnostic> {
    nlq_config::parse_config(text).diagnostics
}

/// Everything to say about the text of an annotation file, checked against the schemas that are known.
pub fn annotation_diagnostics(text: &str, workspace: &WorkspaceView) -> Vec<Diagnostic> {
    let parsed = nlq_config::parse_annotations(text);
    let mut diagnostics = parsed.diagnostics;
    let catalogs = workspace.connections.values().filter_map(|connection| connection.index.as_ref());
    // A file may be about any of the connections: what one of them knows is not unknown.
    let unknown = catalogs.map(|index| nlq_config::check_annotations(&parsed.value, text, index.catalog())).reduce(
        |all, other| {
            let known = |d: &Diagnostic| !other.iter().any(|o| o.span == d.span && o.code == d.code);
            all.into_iter().filter(|diagnostic| !known(diagnostic)).collect()
        },
    );
    diagnostics.extend(unknown.unwrap_or_default());
    diagnostics
}

/// What could stand at `offset` of an `nlq.yaml`: keys, words, connections.
pub fn config_completions(text: &str, offset: usize) -> Vec<CompletionItem> {
    nlq_config::config_completions(text, offset).into_iter().map(item).collect()
}

/// What could stand at `offset` of an annotation file: keys, words, the tables and columns of all schemas that are known.
pub fn annotation_completions(text: &str, offset: usize, workspace: &WorkspaceView) -> Vec<CompletionItem> {
    let mut found = nlq_config::annotation_completions(text, offset, None);
    let mut known: HashSet<String> = found.iter().map(|offer| offer.label.clone()).collect();
    for index in workspace.connections.values().filter_map(|connection| connection.index.as_ref()) {
        let offers = nlq_config::annotation_completions(text, offset, Some(index.catalog()));
        found.extend(offers.into_iter().filter(|offer| known.insert(offer.label.clone())));
    }
    found.into_iter().map(item).collect()
}

pub(crate) fn item(offer: nlq_config::Completion) -> CompletionItem {
    CompletionItem {
        label: offer.label,
        insert: offer.insert,
        span: offer.span,
        kind: match offer.kind {
            CompletionKind::Key => CompletionItemKind::Key,
            CompletionKind::Word => CompletionItemKind::Value,
            CompletionKind::Connection => CompletionItemKind::Connection,
            CompletionKind::Table => CompletionItemKind::Table,
            CompletionKind::Column => CompletionItemKind::Column,
        },
        detail: String::new(),
        documentation: Some(offer.doc).filter(|doc| !doc.is_empty()),
        rank: 0,
    }
}

/// What the key, word or connection at `offset` of an `nlq.yaml` means, and how a connection stands.
pub fn config_hover(text: &str, offset: usize, workspace: &WorkspaceView) -> Option<Hover> {
    let parsed = nlq_config::parse_config(text).value;
    let named = parsed.connections().find(|(_, config)| config.span.touches(offset));
    if let Some((reference, config)) = named
        && let Some(connection) = workspace.connections.get(&reference)
    {
        return Some(Hover { span: config.span, markdown: connection_card(connection, workspace.trusted) });
    }
    let (span, markdown) = nlq_config::config_hover(text, offset)?;
    Some(Hover { span, markdown })
}

/// How a connection stands and what is known of its schema.
fn connection_card(connection: &ConnectionView, trusted: bool) -> String {
    let mut parts = vec![format!("**{}**", prose(&connection.title()))];
    parts.push(match &connection.state {
        _ if !trusted => "Not trusted yet: nothing is connected to before `nlq trust`.".into(),
        ConnectionState::Idle => "Not used yet.".into(),
        ConnectionState::Connecting => "Connecting.".into(),
        ConnectionState::Ready => "Connected.".into(),
        ConnectionState::Failed(why) => format!("Failed: {}", prose(why)),
    });
    parts.push(match (&connection.index, connection.schema_taken_at) {
        (Some(index), Some(taken)) => {
            let day = DateTime::<Utc>::from(taken).format("%Y-%m-%d %H:%M UTC");
            format!("Schema of {} tables, read {day}.", count(index.catalog().tables.len() as u64))
        }
        _ => "The schema has not been read yet: run `nlq schema refresh`.".into(),
    });
    parts.join("\n\n")
}

/// What is known of the table, column or key at `offset` of an annotation file.
pub fn annotation_hover(text: &str, offset: usize, workspace: &WorkspaceView) -> Option<Hover> {
    let file = nlq_config::parse_annotations(text).value;
    let place = file.places.iter().find(|place| place.span.touches(offset));
    let card = place.and_then(|place| {
        let mut schemas = workspace.connections.values().filter_map(|connection| connection.schema());
        Some(Hover { span: place.span, markdown: schemas.find_map(|schema| card_of(&place.target, schema))? })
    });
    card.or_else(|| {
        let (span, markdown) = nlq_config::annotation_hover(text, offset)?;
        Some(Hover { span, markdown })
    })
}

/// The card of `table`, `schema.table`, `table.column` or `schema.table.column`.
fn card_of(target: &str, schema: Schema<'_>) -> Option<String> {
    let find = |name: &str| match name.rsplit_once('.') {
        Some((namespace, table)) => schema.catalog.find_table(Some(namespace), table),
        None => schema.catalog.find_table(None, name),
    };
    if let Some(table) = find(target) {
        return Some(schema.table_card(table));
    }
    let (table, column) = target.rsplit_once('.')?;
    Some(schema.column_card(schema.catalog.find_column(find(table)?, column)?))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use nlq_engine::SchemaIndex;

    use super::*;
    use crate::fixture::{ANNOTATIONS, CONFIG, fixture};

    fn hovered(hover: fn(&str, usize, &WorkspaceView) -> Option<Hover>, text: &str, at: &str, expected: Expect) {
        let workspace = fixture("").snapshot.workspace;
        let found = hover(text, text.find(at).expect("the text has it"), &workspace);
        let shown = found.map(|hover| format!("{:?}\n{}\n", hover.span.of(text), hover.markdown));
        expected.assert_eq(&shown.unwrap_or_default());
    }

    #[test]
    fn connections_tell_how_they_stand() {
        hovered(
            config_hover,
            CONFIG,
            "dev:",
            expect![[r#"
            "dev"
            **shop/dev (SQLite)**

            Not used yet.

            Schema of 2 tables, read 1970-01-01 00:00 UTC.
        "#]],
        );
        hovered(
            config_hover,
            CONFIG,
            "path:",
            expect![[r#"
            "path"
            **path**

            The database file, relative to this file. It is opened read-only.

            Must be text. Required.
        "#]],
        );
        hovered(
            config_hover,
            CONFIG,
            "prod:",
            expect![[r#"
            "prod"
            **warehouse/prod (PostgreSQL)**

            Not used yet.

            The schema has not been read yet: run `nlq schema refresh`.
        "#]],
        );
    }

    #[test]
    fn annotated_names_show_what_the_schema_knows() {
        hovered(
            annotation_hover,
            ANNOTATIONS,
            "orders\n",
            expect![[r#"
            "orders"
            **`orders`** table, about 56,789 rows

            What customers bought, one row a purchase

            Also called: purchases, sales

            Key: `id`

            References: `orders.customer_id → customers.id`

            Columns: `id INTEGER`, `customer_id INTEGER`, `status TEXT`, `total_amount NUMERIC(10,2)`, `placed_at TEXT`
        "#]],
        );
        hovered(
            annotation_hover,
            ANNOTATIONS,
            "customers.email",
            expect![[r#"
            "customers.email"
            **`customers.email`** `TEXT`, may be NULL

            Where to write to

            Unique.

            Sensitive: values are not shown.
        "#]],
        );
    }

    #[test]
    fn names_of_the_schema_complete_in_annotations() {
        let workspace = fixture("").snapshot.workspace;
        let text = "annotations:\n  - column: orders.st\n    \n";
        let labels = |offset| -> Vec<String> {
            annotation_completions(text, offset, &workspace).into_iter().map(|item| item.label).collect()
        };
        assert!(labels(text.find(".st").unwrap() + 3).contains(&"orders.status".into()));
        assert!(labels(text.len() - 1).contains(&"description".into()));
        let config = config_completions("providers:\n  shop:\n    ty\n", "providers:\n  shop:\n    ty".len());
        assert!(config.iter().any(|item| item.insert.starts_with("type:")), "{config:?}");
    }

    #[test]
    fn a_name_that_one_connection_knows_is_not_unknown() {
        let view = |change: fn(&mut WorkspaceView)| fixture("").with_workspace(change).snapshot.workspace;
        let text = "annotations:\n  - table: ordres\n  - table: orders\n";
        let shown = |found: Vec<Diagnostic>| {
            let lines = found.into_iter().map(|d| format!("{} {:?}", d.code, d.span.of(text)));
            lines.collect::<Vec<_>>().join("\n")
        };
        let both = view(|workspace| {
            let empty = SchemaIndex::new(Default::default(), Default::default());
            let (reference, prod) = workspace.connections.pop_last().expect("two connections");
            let prod = ConnectionView::new(
                prod.reference.clone(),
                prod.dialect,
                Some(empty.into()),
                None,
                ConnectionState::Idle,
            );
            workspace.connections.insert(reference, prod.into());
        });
        expect![[r#"unknown-table "ordres""#]].assert_eq(&shown(annotation_diagnostics(text, &both)));
        let none = view(|workspace| workspace.connections.clear());
        expect![[""]].assert_eq(&shown(annotation_diagnostics(text, &none)));
    }
}
