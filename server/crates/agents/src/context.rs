//! The schema expert: which tables and columns the model sees, in which words, within a budget. The text is the same for the
//! same tables, so that services can cache it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use nlq_catalog::{Annotations, Catalog, Column, ColumnId, Table, TableId, TableKind};
use nlq_engine::{LinkKind, Outcome, SchemaIndex};
use nlq_query::{identifier, lift::lift_with};

use crate::Task;

/// About as many bytes of schema text make one token.
const BYTES_PER_TOKEN: usize = 4;
/// A column shows this many of its values at most.
const MAX_VALUES: usize = 12;
/// A value or comment is cut here: longer ones are text, not names, and may be anything.
const MAX_TEXT: usize = 120;
/// A table this narrow is shown whole: what could be left out is not worth the risk.
const NARROW: usize = 30;

/// What the model sees of the schema.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct SchemaContext {
    /// The tables, as their names are written in queries.
    pub(crate) tables: Vec<String>,
    /// The schema in words.
    pub(crate) text: String,
}

/// How much of a schema fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) tables: usize,
    pub(crate) tokens: usize,
}

/// Tables that the question was linked to, best first: those of the embedded engine's readings, then those of single words.
pub(crate) fn linked(task: Task<'_>) -> Vec<TableId> {
    let catalog = task.index.catalog();
    let answer = task.embedded;
    let best = match &answer.outcome {
        Outcome::Query { sql, .. } => vec![sql.as_str()],
        Outcome::Clarification(asked) => asked.options.iter().map(|option| option.sql.as_str()).collect(),
        Outcome::Abstention { .. } => Vec::new(),
    };
    let mut found = Vec::new();
    for sql in best.into_iter().chain(answer.alternatives.iter().map(|other| other.sql.as_str())) {
        if let Ok(plan) = lift_with(sql, catalog, task.index.graph()) {
            found.extend(plan.own_tables());
        }
    }
    for link in &answer.links {
        match &link.kind {
            LinkKind::Table(id) => found.push(*id),
            LinkKind::Column(id) => found.push(id.table),
            LinkKind::Value { columns, .. } => found.extend(columns.iter().map(|id| id.table)),
            _ => {}
        }
    }
    unique(found)
}

/// The tables that are shown: all when they fit, else the linked and the chosen ones, those between them, and neighbours.
pub(crate) fn chosen(task: Task<'_>, picked: &[String], room: Room) -> Vec<TableId> {
    let catalog = task.index.catalog();
    if catalog.tables.len() <= room.tables {
        return catalog.table_ids().map(|(id, _)| id).collect();
    }
    let graph = task.index.graph();
    let mut tables = picked.iter().filter_map(|name| find(catalog, name)).collect::<Vec<_>>();
    tables.extend(linked(task));
    let mut tables = unique(tables);
    tables.truncate(room.tables);
    if let Ok(tree) = graph.tree(&tables, &[]) {
        tables.extend(tree.tables);
    }
    let neighbours: Vec<TableId> = tables
        .iter()
        .flat_map(|&table| graph.of(table))
        .flat_map(|edge| edge.on.iter().flat_map(|(from, to)| [from.table, to.table]))
        .collect();
    tables.extend(neighbours);
    let mut tables = unique(tables);
    tables.truncate(room.tables);
    tables
}

fn find(catalog: &Catalog, name: &str) -> Option<TableId> {
    let bare = |name: &str| name.trim().trim_matches(['"', '`']).to_owned();
    match name.rsplit_once('.') {
        Some((schema, table)) => catalog.find_table(Some(&bare(schema)), &bare(table)),
        None => catalog.find_table(None, &bare(name)),
    }
}

fn unique(tables: Vec<TableId>) -> Vec<TableId> {
    let mut seen = BTreeSet::new();
    tables.into_iter().filter(|table| seen.insert(*table)).collect()
}

/// The schema in words, at most as long as there is room: values go first, then columns that nothing speaks for, then
/// tables from the end.
pub(crate) fn write(task: Task<'_>, tables: &[TableId], room: Room) -> SchemaContext {
    let limit = room.tokens * BYTES_PER_TOKEN;
    let linked = linked_columns(task);
    let writer = Writer { task, linked, limit };
    let mut shown = tables.to_vec();
    loop {
        for detail in [Detail::Values, Detail::Columns, Detail::Linked] {
            let text = writer.schema(&shown, detail);
            if text.len() <= limit || (shown.len() == 1 && detail == Detail::Linked) {
                let catalog = task.index.catalog();
                let tables = shown.iter().map(|&id| written(catalog, id)).collect();
                return SchemaContext { tables, text };
            }
        }
        shown.truncate((shown.len() * 3 / 4).max(1));
    }
}

/// All tables with what they are about, one a line: what a model picks from when there are too many to show.
pub(crate) fn overview(task: Task<'_>) -> String {
    let catalog = task.index.catalog();
    let mut out = String::new();
    for (id, table) in catalog.table_ids() {
        let about = about_table(task.index.annotations(), table);
        let _ = writeln!(out, "{}{}", written(catalog, id), about.map_or(String::new(), |about| format!(": {about}")));
    }
    out
}

/// A whole schema in a few words: what a plan over several connections is made from.
pub fn outline(index: &SchemaIndex) -> String {
    let catalog = index.catalog();
    let mut out = String::new();
    for (id, table) in catalog.table_ids() {
        let columns: Vec<String> =
            table.columns.iter().map(|column| identifier(&column.name, catalog.dialect)).collect();
        let about = about_table(index.annotations(), table).map_or(String::new(), |about| format!(": {about}"));
        let _ = writeln!(out, "{} ({}){about}", written(catalog, id), columns.join(", "));
    }
    out
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    Values,
    Columns,
    Linked,
}

struct Writer<'a> {
    task: Task<'a>,
    linked: BTreeSet<ColumnId>,
    limit: usize,
}

impl Writer<'_> {
    fn schema(&self, tables: &[TableId], detail: Detail) -> String {
        // Catalog order, whatever spoke for a table: the same tables give the same prefix.
        let sorted: BTreeSet<TableId> = tables.iter().copied().collect();
        let references: BTreeMap<ColumnId, ColumnId> = self.task.index.catalog().references().into_iter().collect();
        let mut out = String::new();
        for &id in &sorted {
            self.table(id, detail, &references, &mut out);
            if out.len() > self.limit && detail != Detail::Linked {
                break;
            }
        }
        self.glossary(&sorted, &mut out);
        out
    }

    fn table(&self, id: TableId, detail: Detail, references: &BTreeMap<ColumnId, ColumnId>, out: &mut String) {
        let catalog = self.task.index.catalog();
        let table = catalog.table(id);
        let annotations = self.task.index.annotations();
        let _ = write!(out, "{}", written(catalog, id));
        if matches!(table.kind, TableKind::View | TableKind::MaterializedView) {
            out.push_str(" (view)");
        }
        if let Some(rows) = table.row_estimate {
            let _ = write!(out, " (about {rows} rows)");
        }
        if let Some(about) = about_table(annotations, table) {
            let _ = write!(out, ": {about}");
        }
        out.push('\n');
        let mut left_out = 0;
        for (column_id, column) in catalog.column_ids(id) {
            let key = table.primary_key.contains(&column.name);
            let reference = references.get(&column_id);
            let speaks = key || reference.is_some() || self.linked.contains(&column_id);
            if detail == Detail::Linked && !speaks && table.columns.len() > NARROW {
                left_out += 1;
                continue;
            }
            let _ = write!(out, "- {} {}", identifier(&column.name, catalog.dialect), column.type_name);
            if key {
                out.push_str(", primary key");
            }
            if let Some(to) = reference {
                let name = identifier(&catalog.column(*to).name, catalog.dialect);
                let _ = write!(out, ", refers to {}.{name}", written(catalog, to.table));
            }
            self.about_column(table, column, detail, out);
            out.push('\n');
        }
        if left_out > 0 {
            let _ = writeln!(out, "- and {left_out} more columns");
        }
        for hint in annotations.table(table.schema.as_deref(), &table.name).iter().flat_map(|t| &t.relationships) {
            let _ = writeln!(out, "- joins: {}", plain(hint));
        }
        out.push('\n');
    }

    fn about_column(&self, table: &Table, column: &Column, detail: Detail, out: &mut String) {
        let annotations = self.task.index.annotations();
        let schema = table.schema.as_deref();
        let said = annotations.column(schema, &table.name, &column.name);
        let sensitive = annotations.is_sensitive(schema, &table.name, &column.name);
        if sensitive {
            out.push_str(", sensitive: show it only when it is asked for by name");
        }
        if let Some(format) = said.and_then(|said| said.date_format.as_deref()) {
            let _ = write!(out, ", dates written as {}", plain(format));
        }
        let declared = said.map(|said| said.enum_values.as_slice()).unwrap_or_default();
        let sampled = column.values.as_ref().filter(|_| self.task.may_sample).map(|sample| sample.values.as_slice());
        let values = if declared.is_empty() { sampled.unwrap_or_default() } else { declared };
        if !values.is_empty() && !sensitive && detail == Detail::Values {
            let shown: Vec<String> =
                values.iter().take(MAX_VALUES).map(|value| format!("'{}'", plain(value))).collect();
            let more = if values.len() > MAX_VALUES { " ..." } else { "" };
            let _ = write!(out, ", such as {}{more}", shown.join(" "));
        }
        let about = said.and_then(|said| said.description.as_deref()).or(column.comment.as_deref());
        if let Some(about) = about.map(plain).filter(|about| !about.is_empty()) {
            let _ = write!(out, "; {about}");
        }
        if let Some(said) = said.filter(|said| !said.business_terms.is_empty()) {
            let terms: Vec<String> = said.business_terms.iter().map(|term| plain(term)).collect();
            let _ = write!(out, "; also called {}", terms.join(", "));
        }
    }

    fn glossary(&self, shown: &BTreeSet<TableId>, out: &mut String) {
        let (catalog, annotations) = (self.task.index.catalog(), self.task.index.annotations());
        let is_shown = |table: &str| find(catalog, table).is_some_and(|id| shown.contains(&id));
        for term in annotations.terms.iter().filter(|term| is_shown(&term.table)) {
            let _ =
                writeln!(out, "term \"{}\" of {}: {}", plain(&term.name), plain(&term.table), plain(&term.condition));
        }
        for metric in annotations.metrics.iter().filter(|metric| is_shown(&metric.table)) {
            let (name, table) = (plain(&metric.name), plain(&metric.table));
            let _ = writeln!(out, "metric \"{name}\" of {table}: {}", plain(&metric.expression));
        }
    }
}

fn linked_columns(task: Task<'_>) -> BTreeSet<ColumnId> {
    let links = task.embedded.links.iter();
    links
        .flat_map(|link| match &link.kind {
            LinkKind::Column(id) => vec![*id],
            LinkKind::Value { columns, .. } => columns.clone(),
            _ => Vec::new(),
        })
        .collect()
}

fn about_table(annotations: &Annotations, table: &Table) -> Option<String> {
    let said = annotations.table(table.schema.as_deref(), &table.name);
    let about = said.and_then(|said| said.description.as_deref()).or(table.comment.as_deref()).map(plain);
    let terms: Vec<String> = said.iter().flat_map(|said| &said.business_terms).map(|term| plain(term)).collect();
    match (about.filter(|about| !about.is_empty()), terms.is_empty()) {
        (about, true) => about,
        (Some(about), false) => Some(format!("{about}; also called {}", terms.join(", "))),
        (None, false) => Some(format!("also called {}", terms.join(", "))),
    }
}

/// A table's name as queries write it.
pub(crate) fn written(catalog: &Catalog, id: TableId) -> String {
    let table = catalog.table(id);
    let name = identifier(&table.name, catalog.dialect);
    match table.schema.as_deref().filter(|_| catalog.needs_schema(id)) {
        Some(schema) => format!("{}.{name}", identifier(schema, catalog.dialect)),
        None => name,
    }
}

/// Text of a database or of a file on one line, cut: it may have been written by anyone.
pub(crate) fn plain(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.char_indices().nth(MAX_TEXT) {
        Some((at, _)) => format!("{}...", &one_line[..at]),
        None => one_line,
    }
}
