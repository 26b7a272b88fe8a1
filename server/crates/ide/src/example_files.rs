//! Features of example files: `.nlq/examples/*.yaml`.

use std::{collections::HashSet, path::Path, sync::Arc};

use nlq_catalog::Dialect;
use nlq_config::{ExampleEntry, Written};
use nlq_query::{self, QueryContext, outline};
use nlq_text::{Diagnostic, Fix, Severity, did_you_mean};

use crate::{CompletionItem, ConnectionView, Hover, WorkspaceView, markdown::prose, workspace_files::item};

/// Everything to say about the text of an example file, checked against the connections and schemas that are known.
/// `path` tells it from the other example files.
pub fn example_diagnostics(text: &str, path: &Path, workspace: &WorkspaceView) -> Vec<Diagnostic> {
    let parsed = nlq_config::parse_examples(text);
    let mut diagnostics = parsed.diagnostics;
    for example in &parsed.value.examples {
        duplicate(example, path, workspace, &mut diagnostics);
        match connections(example, workspace) {
            Ok(connections) => {
                query(example, &connections, workspace, &mut diagnostics);
                tables(example, &connections, &mut diagnostics);
            }
            Err(unknown) => diagnostics.push(unknown),
        }
    }
    diagnostics.sort_by_key(|found| (found.span.start, found.span.end));
    diagnostics
}

/// What could stand at `offset` of an example file: keys, words, connections, tables.
pub fn example_completions(text: &str, offset: usize, workspace: &WorkspaceView) -> Vec<CompletionItem> {
    let config = &workspace.config;
    let mut found = nlq_config::example_completions(text, offset, config, None);
    let mut known: HashSet<String> = found.iter().map(|offer| offer.label.clone()).collect();
    for index in workspace.connections.values().filter_map(|connection| connection.index.as_ref()) {
        let offers = nlq_config::example_completions(text, offset, config, Some(index.catalog()));
        found.extend(offers.into_iter().filter(|offer| known.insert(offer.label.clone())));
    }
    found.into_iter().map(item).collect()
}

/// What the key or word at `offset` of an example file means; on a query what nlq tells of it.
pub fn example_hover(text: &str, offset: usize, workspace: &WorkspaceView) -> Option<Hover> {
    let parsed = nlq_config::parse_examples(text).value;
    let touched = parsed.examples.iter().find(|example| example.query.span.touches(offset));
    let card = touched.and_then(|example| {
        let connections = connections(example, workspace).ok()?;
        let outline = outline(&example.query.text, dialect(example, &connections)?)?;
        let tables = if outline.tables.is_empty() { "no table".into() } else { prose(&outline.tables.join(", ")) };
        let verdict = if example.good { "An example to follow" } else { "An example to avoid" };
        Some(Hover { span: example.query.span, markdown: format!("{verdict}. It reads {tables}.") })
    });
    card.or_else(|| {
        let (span, markdown) = nlq_config::example_hover(text, offset)?;
        Some(Hover { span, markdown })
    })
}

/// The connections that an example holds for.
fn connections<'a>(
    example: &ExampleEntry,
    workspace: &'a WorkspaceView,
) -> Result<Vec<&'a Arc<ConnectionView>>, Diagnostic> {
    let all = || workspace.connections.values();
    let spoken = |view: &&Arc<ConnectionView>| example.dialect.is_none_or(|dialect| dialect == view.dialect);
    let Some(named) = &example.connection else { return Ok(all().filter(spoken).collect()) };
    if workspace.config.providers.contains_key(&named.text) {
        return Ok(all().filter(|view| view.reference.provider == named.text).collect());
    }
    match workspace.config.find_connection(Some(&named.text)) {
        Ok((reference, _)) => Ok(all().filter(|view| view.reference == reference).collect()),
        Err(message) => Err(Diagnostic::error(named.span, "unknown-connection", message)),
    }
}

fn dialect(example: &ExampleEntry, connections: &[&Arc<ConnectionView>]) -> Option<Dialect> {
    example.dialect.or_else(|| connections.first().map(|view| view.dialect))
}

/// An id that an example of another file has.
fn duplicate(example: &ExampleEntry, path: &Path, workspace: &WorkspaceView, found: &mut Vec<Diagnostic>) {
    let Some(id) = &example.id else { return };
    let others = workspace.example_files.iter().filter(|source| source.path != path);
    let has = |other: &ExampleEntry| other.id.as_ref().is_some_and(|other| other.text == id.text);
    if let Some(other) = others.into_iter().find(|source| source.file.examples.iter().any(has)) {
        let name = other.path.file_name().unwrap_or_default().to_string_lossy();
        let message = format!("an example in {name} has this id already: give this one another");
        found.push(Diagnostic::error(id.span, "duplicate-id", message));
    }
}

/// A query that is none, or that names what no schema has. What is shown as bad may be wrong; that is worth a note.
fn query(
    example: &ExampleEntry,
    connections: &[&Arc<ConnectionView>],
    workspace: &WorkspaceView,
    found: &mut Vec<Diagnostic>,
) {
    let Some(dialect) = dialect(example, connections) else { return };
    let text = &example.query.text;
    let mut add = |span, code, message: String, fixes: Vec<Fix>| {
        let severity = if example.good { Severity::Error } else { Severity::Information };
        let fixes = fixes.into_iter().filter_map(|fix| placed(fix, &example.query, text)).collect();
        found.push(Diagnostic { severity, fixes, ..Diagnostic::error(example.query.place(span), code, message) });
    };
    if let Err(refusal) = nlq_query::guard(text, dialect) {
        return add(refusal.span, refusal.code, refusal.message, Vec::new());
    }
    let known = connections.iter().filter_map(|view| view.index.as_ref());
    let checked = known.map(|index| {
        let (catalog, annotations) = (Some(&**index.catalog()), &*workspace.annotations);
        nlq_query::check(text, QueryContext { dialect, catalog, annotations })
    });
    // An example for several connections is right where one of them knows its names.
    let unknown = checked.reduce(|all, other| {
        all.into_iter().filter(|one| other.iter().any(|o| o.span == one.span && o.code == one.code)).collect()
    });
    for one in unknown.unwrap_or_default().into_iter().filter(|one| one.severity == Severity::Error) {
        add(one.span, one.code, one.message, one.fixes);
    }
}

/// A fix of the query as one of the file; none where the file's text is not the query's.
fn placed(mut fix: Fix, query: &Written, text: &str) -> Option<Fix> {
    for edit in &mut fix.edits {
        let place = query.place(edit.span);
        if place.end - place.start != edit.span.of(text).len() {
            return None;
        }
        edit.span = place;
    }
    Some(fix)
}

/// Tables that no schema of the connections has.
fn tables(example: &ExampleEntry, connections: &[&Arc<ConnectionView>], found: &mut Vec<Diagnostic>) {
    let catalogs: Vec<_> =
        connections.iter().filter_map(|view| view.index.as_ref()).map(|index| index.catalog()).collect();
    if catalogs.is_empty() {
        return;
    }
    for table in &example.tables {
        let (schema, name) =
            table.text.rsplit_once('.').map_or((None, table.text.as_str()), |(schema, name)| (Some(schema), name));
        if catalogs.iter().any(|catalog| catalog.find_table(schema, name).is_some()) {
            continue;
        }
        let names = catalogs.iter().flat_map(|catalog| &catalog.tables).map(|table| table.name.as_str());
        let near = did_you_mean(name, names);
        let meant = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let message = format!("there is no table `{}`{meant}", table.text);
        let diagnostic = Diagnostic::warning(table.span, "unknown-table", message);
        found.push(near.into_iter().fold(diagnostic, |diagnostic, near| {
            diagnostic.with_fix(Fix::replace(format!("Change to `{near}`"), table.span, near))
        }));
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::{ExampleSource, fixture::fixture};

    fn shown(text: &str, workspace: &WorkspaceView) -> String {
        let found = example_diagnostics(text, Path::new("/.nlq/examples/a.yaml"), workspace);
        let shown = found.into_iter().map(|found| {
            let line = text[..found.span.start].matches('\n').count();
            let fix = found.fixes.first().map(|fix| format!(" -> {}", fix.edits[0].text)).unwrap_or_default();
            format!("{line} {:?} {:?} [{}] {}{fix}\n", found.span.of(text), found.severity, found.code, found.message)
        });
        shown.collect()
    }

    fn check(text: &str, expected: Expect) {
        expected.assert_eq(&shown(text, &fixture("").snapshot.workspace));
    }

    #[test]
    fn queries_are_checked_where_they_stand() {
        check(
            "examples:
  - question: right
    query: SELECT total_amount FROM orders
    connection: shop
    tables: [orders, custmers]
  - question: wrong
    connection: shop/dev
    query: |
      SELECT id,
        total_amout FROM orders
  - { question: writes, query: 'DELETE FROM orders', connection: shop/dev }
  - { question: avoid, query: SELECT x FROM nowhere, connection: shop/dev, good: false }
  - { question: whose, query: SELECT 1, connection: shop/prod }
",
            expect![[r#"
                4 "custmers" Warning [unknown-table] there is no table `custmers`; did you mean `customers`? -> customers
                9 "total_amout" Error [unknown-column] there is no column `total_amout` in `orders`: did you mean `total_amount`? -> total_amount
                10 "DELETE" Error [not-a-query] nlq runs only queries, and DELETE is not one
                11 "nowhere" Information [unknown-table] there is no table `nowhere` in the schema
                12 "shop/prod" Error [unknown-connection] there is no connection `shop/prod`: did you mean `shop/dev` or `warehouse/prod`?
            "#]],
        );
    }

    #[test]
    fn an_id_is_one_examples_in_all_files() {
        let text = "examples:\n  - { id: a, question: q, query: SELECT 1 }\n";
        let fixture = fixture("").with_workspace(|workspace| {
            let file = Arc::new(nlq_config::parse_examples(text).value);
            let source = |path: &str| ExampleSource { path: path.into(), text: text.into(), file: Arc::clone(&file) };
            workspace.example_files = vec![source("/.nlq/examples/a.yaml"), source("/.nlq/examples/b.yaml")];
        });
        expect![[r#"
            1 "a" Error [duplicate-id] an example in b.yaml has this id already: give this one another
        "#]]
        .assert_eq(&shown(text, &fixture.snapshot.workspace));
    }

    #[test]
    fn a_query_tells_what_is_derived_from_it() {
        let workspace = fixture("").snapshot.workspace;
        let text = "examples:\n  - question: q\n    query: SELECT count(*) FROM orders\n    intent: trend\n";
        let hover = |word: &str| example_hover(text, text.find(word).unwrap() + 1, &workspace).unwrap().markdown;
        assert_eq!(hover("count"), "An example to follow. It reads orders.");
        assert!(hover("trend").contains("Over time"));
        let labels = |text: &str| -> Vec<String> {
            example_completions(text, text.len(), &workspace).into_iter().map(|item| item.label).collect()
        };
        assert_eq!(labels("examples:\n  - connection: sh")[..2], ["shop/dev", "warehouse/prod"]);
        assert!(labels("examples:\n  - tables:\n      - ord").contains(&"orders".to_owned()));
    }
}
