//! Names of a statement and what they mean in the schema. DynamoDB keeps names letter for letter.

use nlq_catalog::{Catalog, ColumnId, Index, Table, TableId};

use super::ast::{Path, Select};

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// An attribute of the schema, or an element of it.
    Column(ColumnId),
    /// A map that holds these attributes of the schema.
    Map(Vec<ColumnId>),
    /// What the schema does not tell: it stands inside a list, or of a map of which nothing is known.
    Inside(ColumnId),
    /// No item that was looked at has it.
    Unknown,
}

/// The table of a name, letter for letter.
pub(super) fn table(catalog: &Catalog, name: &str) -> Option<TableId> {
    catalog.table_ids().find(|(_, table)| table.name == name).map(|(id, _)| id)
}

/// The index that a statement reads.
pub(super) fn index<'a>(table: &'a Table, select: &Select) -> Option<&'a Index> {
    let name = select.index.as_ref()?;
    table.indexes.iter().find(|index| index.name == name.text)
}

/// The key attributes of what a statement reads, the partition key first.
pub(super) fn keys<'a>(table: &'a Table, select: &Select) -> &'a [String] {
    index(table, select).map_or(&table.primary_key, |index| &index.columns)
}

/// What a path names in a table.
pub(super) fn meaning(catalog: &Catalog, table: TableId, path: &Path) -> Meaning {
    let dotted = path.dotted();
    let mut inside = Vec::new();
    for (id, column) in catalog.column_ids(table) {
        if column.name == dotted {
            return if path.has_element() { Meaning::Inside(id) } else { Meaning::Column(id) };
        }
        if dotted.strip_prefix(&column.name).is_some_and(|rest| rest.starts_with('.'))
            && ["L", "M"].iter().any(|open| column.type_name.contains(open))
        {
            return Meaning::Inside(id);
        }
        if column.name.strip_prefix(&dotted).is_some_and(|rest| rest.starts_with('.')) {
            inside.push(id);
        }
    }
    if inside.is_empty() { Meaning::Unknown } else { Meaning::Map(inside) }
}

/// A name in double quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The path of an attribute as the schema names it.
pub(super) fn path(dotted: &str) -> String {
    dotted.split('.').map(quoted).collect::<Vec<_>>().join(".")
}

/// A text in single quotes.
pub(super) fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}
