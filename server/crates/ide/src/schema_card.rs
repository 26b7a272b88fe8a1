//! What is known of a table or column, as Markdown.

use nlq_catalog::{Annotations, Catalog, Column, ColumnId, Table, TableId};

use crate::markdown::{code, code_list, count, prose};

/// Columns, values and terms listed at most: a card is read at a glance.
const LISTED: usize = 12;

/// What stands in place of a sensitive column's values.
const SENSITIVE: &str = "Sensitive: values are not shown.";

/// A schema with what the team says about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schema<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) annotations: &'a Annotations,
}

impl<'a> Schema<'a> {
    /// The table of an id; none when the id is of another catalog.
    pub(crate) fn table(self, id: TableId) -> Option<&'a Table> {
        self.catalog.tables.get(id.0 as usize)
    }

    /// The table and column of an id; none when the id is of another catalog.
    pub(crate) fn column(self, id: ColumnId) -> Option<(&'a Table, &'a Column)> {
        let table = self.table(id.table)?;
        Some((table, table.columns.get(id.column as usize)?))
    }

    /// True when the values of a column must not be shown.
    pub(crate) fn is_sensitive(self, id: ColumnId) -> bool {
        self.column(id).is_none_or(|(table, column)| {
            self.annotations.is_sensitive(table.schema.as_deref(), &table.name, &column.name)
        })
    }

    /// The values that a column is known to hold: the annotated ones, else the sampled ones, and whether these are all.
    /// Nothing for sensitive columns.
    pub(crate) fn values(self, id: ColumnId) -> (&'a [String], bool) {
        let Some((table, column)) = self.column(id).filter(|_| !self.is_sensitive(id)) else { return (&[], false) };
        let annotation = self.annotations.column(table.schema.as_deref(), &table.name, &column.name);
        match (annotation, &column.values) {
            (Some(annotation), _) if !annotation.enum_values.is_empty() => (&annotation.enum_values, true),
            (_, Some(sample)) => (&sample.values, sample.complete),
            _ => (&[], false),
        }
    }

    /// A table's name as it must be written: with its schema where needed.
    pub(crate) fn table_name(self, id: TableId) -> String {
        let Some(table) = self.table(id) else { return String::new() };
        match &table.schema {
            Some(schema) if self.catalog.needs_schema(id) => format!("{schema}.{}", table.name),
            _ => table.name.clone(),
        }
    }

    /// `table.column`.
    pub(crate) fn column_name(self, id: ColumnId) -> String {
        let column = self.column(id).map_or("", |(_, column)| column.name.as_str());
        format!("{}.{column}", self.table_name(id.table))
    }

    /// The card of a table: what it is, its description, terms, keys, columns.
    pub(crate) fn table_card(self, id: TableId) -> String {
        let Some(table) = self.table(id) else { return String::new() };
        let annotation = self.annotations.table(table.schema.as_deref(), &table.name);
        let kind = table.kind.title();
        let rows = table.row_estimate.map(|rows| format!(", about {} rows", count(rows))).unwrap_or_default();
        let mut card = Card::new(format!("**{}** {kind}{rows}", code(&self.table_name(id))));
        let described = annotation.and_then(|a| a.description.as_ref()).or(table.comment.as_ref());
        card.paragraph(described.map(|text| prose(text)));
        if let Some(annotation) = annotation {
            card.list("Also called", &annotation.business_terms);
        }
        card.line("Key", code_list(table.primary_key.iter().map(String::as_str), LISTED));
        let (mut to, mut from) = (Vec::new(), Vec::new());
        for (source, target) in self.catalog.references() {
            if source.table == id {
                to.push(format!("{} → {}", self.column_name(source), self.column_name(target)));
            } else if target.table == id {
                from.push(self.column_name(source));
            }
        }
        card.line("References", code_list(to.iter().map(String::as_str), LISTED));
        card.line("Referenced by", code_list(from.iter().map(String::as_str), LISTED));
        let columns: Vec<String> = table.columns.iter().map(|c| format!("{} {}", c.name, c.type_name)).collect();
        card.line("Columns", code_list(columns.iter().map(String::as_str), LISTED));
        if annotation.is_some_and(|annotation| annotation.sensitive) {
            card.paragraph(Some(SENSITIVE.into()));
        }
        card.0
    }

    /// The card of a column: type, keys, description, terms, values.
    pub(crate) fn column_card(self, id: ColumnId) -> String {
        let Some((table, column)) = self.column(id) else { return String::new() };
        let annotation = self.annotations.column(table.schema.as_deref(), &table.name, &column.name);
        let null = if column.nullable { "may be NULL" } else { "never NULL" };
        let mut card = Card::new(format!("**{}** {}, {null}", code(&self.column_name(id)), code(&column.type_name)));
        let described = annotation.and_then(|a| a.description.as_ref()).or(column.comment.as_ref());
        card.paragraph(described.map(|text| prose(text)));
        if let Some(annotation) = annotation {
            card.list("Also called", &annotation.business_terms);
        }
        let is_named = |name: &String| name.eq_ignore_ascii_case(&column.name);
        if table.primary_key.iter().any(is_named) {
            card.paragraph(Some(
                if table.primary_key.len() == 1 { "Primary key." } else { "Part of the primary key." }.into(),
            ));
        } else if table.unique.iter().any(|columns| columns.len() == 1 && columns.iter().any(is_named)) {
            card.paragraph(Some("Unique.".into()));
        }
        let targets: Vec<String> = self
            .catalog
            .references()
            .into_iter()
            .filter(|(source, _)| *source == id)
            .map(|(_, target)| self.column_name(target))
            .collect();
        card.line("References", code_list(targets.iter().map(String::as_str), LISTED));
        if let Some(format) = annotation.and_then(|a| a.date_format.as_ref()) {
            card.line("Date format", code(format));
        }
        if self.is_sensitive(id) {
            card.paragraph(Some(SENSITIVE.into()));
            return card.0;
        }
        let (values, complete) = self.values(id);
        card.line(
            if complete { "Values" } else { "Values such as" },
            code_list(values.iter().map(String::as_str), LISTED),
        );
        if let (Some(annotation), true) = (annotation, values.is_empty()) {
            card.line("Examples", code_list(annotation.examples.iter().map(String::as_str), LISTED));
        }
        card.0
    }
}

/// Paragraphs under a head line; what is empty is left out.
struct Card(String);

impl Card {
    fn new(head: String) -> Self {
        Self(head)
    }

    fn paragraph(&mut self, text: Option<String>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.0.push_str("\n\n");
            self.0.push_str(&text);
        }
    }

    fn line(&mut self, label: &str, text: String) {
        self.paragraph((!text.is_empty()).then(|| format!("{label}: {text}")));
    }

    fn list(&mut self, label: &str, texts: &[String]) {
        let shown: Vec<String> = texts.iter().take(LISTED).map(|text| prose(text)).collect();
        self.line(label, shown.join(", "));
    }
}
