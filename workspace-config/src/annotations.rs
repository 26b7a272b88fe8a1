use nlq_catalog::{Annotations, ColumnAnnotation, Metric, TableAnnotation, Term};
use nlq_text::{Diagnostic, Span};

use crate::{Parsed, check, declared::annotations::FILE, read::Reader, yaml};

/// One `*.annotations.yaml`, with source ranges.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AnnotationFile {
    /// Its content.
    pub annotations: Annotations,
    /// Where each target is named.
    pub places: Vec<Place>,
}

/// Where a table, column, term or metric is annotated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `table`, `table.column`, or the name of a term or metric; lower case.
    pub target: String,
    /// The range of its name in the file.
    pub span: Span,
}

/// Reads an annotation file (seeds: section 11.2). Never fails: broken YAML gives what stands before the mistake and
/// one diagnostic.
pub fn parse_annotations(text: &str) -> Parsed<AnnotationFile> {
    let tree = yaml::parse(text);
    let mut diagnostics = tree.diagnostics;
    let mut file = AnnotationFile::default();
    let root = Reader::new(Some(&tree.root), &FILE);
    let mut problems = Vec::new();
    for item in root.list("annotations") {
        read_annotation(item, &mut file, &mut problems);
    }
    for item in root.list("terms") {
        if let Some(term) = read_term(item) {
            file.place(item, "name", &term.name);
            file.annotations.terms.push(term);
        }
    }
    for item in root.list("metrics") {
        if let Some(metric) = read_metric(item) {
            file.place(item, "name", &metric.name);
            file.annotations.metrics.push(metric);
        }
    }
    if !tree.broken {
        diagnostics.extend(check::check(&tree.root, &FILE));
        diagnostics.extend(problems);
    }
    Parsed { value: file, diagnostics: check::sorted(diagnostics) }
}

impl AnnotationFile {
    fn place(&mut self, item: Reader<'_>, key: &str, target: &str) {
        if let Some(entry) = item.entry(key) {
            self.places.push(Place { target: target.to_lowercase(), span: entry.place() });
        }
    }
}

fn read_annotation(item: Reader<'_>, file: &mut AnnotationFile, problems: &mut Vec<Diagnostic>) {
    let (table, column) = (item.text("table"), item.text("column"));
    let (key, target) = match (&table, &column) {
        (_, Some(column)) if column.contains('.') => ("column", column.clone()),
        (Some(table), Some(column)) => ("column", format!("{table}.{column}")),
        (Some(table), None) => ("table", table.clone()),
        (None, Some(_)) => {
            bad_target(item, "column", "write the column as `table.column`", problems);
            return;
        }
        (None, None) if item.node().is_some_and(|node| node.text().is_some()) => return,
        (None, None) => {
            let span = item.node().map_or(Span::default(), |n| n.entries().first().map_or(n.span, |e| e.key_span));
            let message = "this says nothing of what it is about: add `table: name` or `column: table.name`";
            problems.push(Diagnostic::error(span, "bad-target", message));
            return;
        }
    };
    if table.is_some() && column.is_some() {
        bad_target(
            item,
            "table",
            "name a table or a column: leave out `table` and write `column: table.name`",
            problems,
        );
    }
    let name = target.to_lowercase();
    let known = if key == "table" {
        let known = file.annotations.tables.contains_key(&name);
        let annotation = TableAnnotation {
            description: item.text("description"),
            business_terms: item.texts("business_terms"),
            examples: item.texts("examples"),
            relationships: item.texts("relationships"),
            sensitive: item.bool("sensitive"),
        };
        merge_table(file.annotations.tables.entry(name).or_default(), &annotation);
        known
    } else {
        let known = file.annotations.columns.contains_key(&name);
        let annotation = ColumnAnnotation {
            description: item.text("description"),
            business_terms: item.texts("business_terms"),
            examples: item.texts("examples"),
            relationships: item.texts("relationships"),
            date_format: item.text("date_format"),
            enum_values: item.texts("enum_values"),
            sensitive: item.bool("sensitive"),
        };
        merge_column(file.annotations.columns.entry(name).or_default(), &annotation);
        known
    };
    if known && let Some(entry) = item.entry(key) {
        let message = "this is annotated above already: put the two together";
        problems.push(Diagnostic::warning(entry.place(), "duplicate-annotation", message));
    }
    file.place(item, key, &target);
}

fn bad_target(item: Reader<'_>, key: &str, message: &str, problems: &mut Vec<Diagnostic>) {
    if let Some(entry) = item.entry(key) {
        problems.push(Diagnostic::error(entry.place(), "bad-target", message));
    }
}

fn read_term(item: Reader<'_>) -> Option<Term> {
    Some(Term {
        name: item.text("name")?,
        synonyms: item.texts("synonyms"),
        description: item.text("description"),
        table: item.text("table")?,
        condition: item.text("condition")?,
    })
}

fn read_metric(item: Reader<'_>) -> Option<Metric> {
    Some(Metric {
        name: item.text("name")?,
        synonyms: item.texts("synonyms"),
        description: item.text("description"),
        table: item.text("table")?,
        expression: item.text("expression")?,
    })
}

/// The two columns of `table.column -> table.column`.
pub(crate) fn join_sides(text: &str) -> Option<(&str, &str)> {
    let (left, right) = text.split_once("->")?;
    let (left, right) = (left.trim(), right.trim());
    let column = |side: &str| {
        side.split('.').count() >= 2
            && side.split('.').all(|part| !part.is_empty() && !part.contains(char::is_whitespace))
    };
    (column(left) && column(right)).then_some((left, right))
}

/// All files' annotations as one; later files add to earlier ones: lists grow, a later description stands.
pub fn merge_annotations<'a>(files: impl IntoIterator<Item = &'a AnnotationFile>) -> Annotations {
    let mut all = Annotations::default();
    for file in files {
        let Annotations { tables, columns, terms, metrics } = &file.annotations;
        for (name, table) in tables {
            merge_table(all.tables.entry(name.clone()).or_default(), table);
        }
        for (name, column) in columns {
            merge_column(all.columns.entry(name.clone()).or_default(), column);
        }
        add_new(&mut all.terms, terms);
        add_new(&mut all.metrics, metrics);
    }
    all
}

fn merge_table(into: &mut TableAnnotation, more: &TableAnnotation) {
    into.description = more.description.clone().or(into.description.take());
    add_new(&mut into.business_terms, &more.business_terms);
    add_new(&mut into.examples, &more.examples);
    add_new(&mut into.relationships, &more.relationships);
    into.sensitive |= more.sensitive;
}

fn merge_column(into: &mut ColumnAnnotation, more: &ColumnAnnotation) {
    into.description = more.description.clone().or(into.description.take());
    add_new(&mut into.business_terms, &more.business_terms);
    add_new(&mut into.examples, &more.examples);
    add_new(&mut into.relationships, &more.relationships);
    into.date_format = more.date_format.clone().or(into.date_format.take());
    add_new(&mut into.enum_values, &more.enum_values);
    into.sensitive |= more.sensitive;
}

fn add_new<T: Clone + PartialEq>(into: &mut Vec<T>, more: &[T]) {
    for item in more {
        if !into.contains(item) {
            into.push(item.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const SEEDS: &str = r#"
annotations:
  - table: orders
    description: "Customer purchase orders"
    business_terms: ["purchases", "sales", "transactions"]

  - column: orders.status
    description: "Order fulfillment status"
    enum_values: ["pending", "processing", "shipped", "delivered", "cancelled"]
    business_terms: ["order state", "fulfillment status"]

  - column: Orders.Created_At
    description: "When the order was placed"
    date_format: "TIMESTAMP WITH TIME ZONE"
    sensitive: true
    created_by: ana
terms:
  - { name: big spender, table: orders, condition: "total_amount > 1000" }
metrics:
  - name: Umsatz 💶
    synonyms: [revenue]
    table: orders
    expression: sum(total_amount)
"#;

    fn check(text: &str, expected: Expect) {
        let shown = parse_annotations(text).diagnostics.into_iter().map(|found| {
            let line = text[..found.span.start].matches('\n').count();
            format!("{line} {:?} [{}] {}\n", found.span.of(text), found.code, found.message)
        });
        expected.assert_eq(&shown.collect::<String>());
    }

    #[test]
    fn the_source_designs_example_is_read() {
        check(SEEDS, expect![[""]]);
        let AnnotationFile { annotations, places } = parse_annotations(SEEDS).value;
        assert_eq!(annotations.table(None, "orders").unwrap().business_terms, ["purchases", "sales", "transactions"]);
        assert_eq!(annotations.column(None, "orders", "status").unwrap().enum_values.len(), 5);
        assert!(annotations.is_sensitive(Some("public"), "orders", "created_at"));
        assert_eq!((annotations.terms.len(), annotations.metrics[0].expression.as_str()), (1, "sum(total_amount)"));
        let shown: Vec<_> = places.iter().map(|place| (place.target.as_str(), place.span.of(SEEDS))).collect();
        expect![[r#"
            [
                (
                    "orders",
                    "orders",
                ),
                (
                    "orders.status",
                    "orders.status",
                ),
                (
                    "orders.created_at",
                    "Orders.Created_At",
                ),
                (
                    "big spender",
                    "big spender",
                ),
                (
                    "umsatz 💶",
                    "Umsatz 💶",
                ),
            ]
        "#]]
        .assert_debug_eq(&shown);
    }

    #[test]
    fn mistakes_are_shown_at_their_place() {
        let text = r#"
annotations:
  - description: of nothing
  - column: status
  - table: orders
    column: status
    busines_terms: [x]
    relationships: [orders to customers, "orders.customer_id -> customers.id"]
  - column: orders.status
    sensitive: maybe
  - just text
  -
terms: { name: x }
metrics:
  - name: revenue
"#;
        check(
            text,
            expect![[r#"
                2 "description" [bad-target] this says nothing of what it is about: add `table: name` or `column: table.name`
                3 "status" [bad-target] write the column as `table.column`
                4 "orders" [bad-target] name a table or a column: leave out `table` and write `column: table.name`
                6 "busines_terms" [unknown-key] `busines_terms` is not a key here: did you mean `business_terms`?
                7 "orders to customers" [bad-relationship] write a relationship as `table.column -> table.column`
                8 "orders.status" [duplicate-annotation] this is annotated above already: put the two together
                9 "maybe" [wrong-type] `sensitive` must be `true` or `false`
                10 "just text" [wrong-type] each of `annotations` must be a mapping of `table`, `column`, `description`, `business_terms`, `examples`, `relationships`, `date_format`, `enum_values`, `sensitive`, `provider_id`, `created_by`, `created_at`, `updated_at`
                11 "" [bad-target] this says nothing of what it is about: add `table: name` or `column: table.name`
                12 "{ name: x }" [wrong-type] `terms` must be a list of mappings
                14 "name" [missing-key] `table` is missing: it must be text
                14 "name" [missing-key] `expression` is missing: it must be text
            "#]],
        );
        let file = parse_annotations(text).value;
        assert!(file.annotations.columns.contains_key("orders.status"));
        check(
            "annotations: [",
            expect![[r#"
            0 "[" [yaml-syntax] this is not valid YAML: unclosed bracket '['
        "#]],
        );
        check("", expect![[""]]);
        check(
            "- table: x",
            expect![[r#"
            0 "- table: x" [wrong-type] the file must be a mapping of `annotations`, `terms`, `metrics`
        "#]],
        );
    }

    #[test]
    fn later_files_add_to_earlier_ones() {
        let read = |text: &str| parse_annotations(text).value;
        let one = read(
            "annotations: [{table: t, description: old, business_terms: [a]}]\nterms: [{name: n, table: t, condition: c}]",
        );
        let two = read("annotations: [{table: T, description: new, business_terms: [b, a], sensitive: true}]");
        let merged = merge_annotations([&one, &two]);
        let table = &merged.tables["t"];
        assert_eq!((table.description.as_deref(), table.sensitive, merged.terms.len()), (Some("new"), true, 1));
        assert_eq!(table.business_terms, ["a", "b"]);
    }
}
