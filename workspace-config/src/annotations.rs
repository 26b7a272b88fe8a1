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
