//! How names are written, and which tables can be joined how.

use nlq_catalog::{Catalog, ColumnId, Dialect, ForeignKey, TableId};

use super::QueryContext;
use crate::identifier;

/// A table's name as it must be written after FROM, with its schema where that is needed.
pub(super) fn written_table(catalog: &Catalog, id: TableId, dialect: Dialect) -> String {
    let table = catalog.table(id);
    let outside = |schema: &String| !catalog.search_path.is_empty() && !catalog.search_path.contains(schema);
    match &table.schema {
        Some(schema) if catalog.needs_schema(id) || outside(schema) => {
            format!("{}.{}", identifier(schema, dialect), identifier(&table.name, dialect))
        }
        _ => identifier(&table.name, dialect),
    }
}

/// Every way two tables refer to one another, each a list of column pairs from `a` to `b`: foreign keys, then the
/// relationships that annotations tell.
pub(super) fn links(
    context: QueryContext<'_>,
    catalog: &Catalog,
    a: TableId,
    b: TableId,
) -> Vec<Vec<(ColumnId, ColumnId)>> {
    let mut found: Vec<Vec<(ColumnId, ColumnId)>> = Vec::new();
    let mut add = |pairs: Vec<(ColumnId, ColumnId)>| {
        if !pairs.is_empty() && !found.contains(&pairs) {
            found.push(pairs);
        }
    };
    for key in &catalog.table(a).foreign_keys {
        add(key_pairs(catalog, a, key, b));
    }
    if a != b {
        for key in &catalog.table(b).foreign_keys {
            add(key_pairs(catalog, b, key, a).into_iter().map(|(from, to)| (to, from)).collect());
        }
    }
    for table in [a, b] {
        let described = catalog.table(table);
        let (schema, name) = (described.schema.as_deref(), described.name.as_str());
        let of_table = context.annotations.table(schema, name).into_iter().flat_map(|t| &t.relationships);
        let of_columns = described.columns.iter();
        let of_columns = of_columns.filter_map(|column| context.annotations.column(schema, name, &column.name));
        for told in of_table.chain(of_columns.flat_map(|column| &column.relationships)) {
            let Some((from, to)) =
                told.split_once("->").and_then(|(from, to)| Some((column(catalog, from)?, column(catalog, to)?)))
            else {
                continue;
            };
            if (from.table, to.table) == (a, b) {
                add(vec![(from, to)]);
            } else if (from.table, to.table) == (b, a) {
                add(vec![(to, from)]);
            }
        }
    }
    found
}

fn key_pairs(catalog: &Catalog, from: TableId, key: &ForeignKey, to: TableId) -> Vec<(ColumnId, ColumnId)> {
    let schema = key.to_schema.as_deref().or(catalog.table(from).schema.as_deref());
    if catalog.find_table(schema, &key.to_table) != Some(to) {
        return Vec::new();
    }
    let pairs = key.columns.iter().zip(&key.to_columns);
    pairs.filter_map(|(a, b)| Some((catalog.find_column(from, a)?, catalog.find_column(to, b)?))).collect()
}

/// `table.column` or `schema.table.column`.
fn column(catalog: &Catalog, path: &str) -> Option<ColumnId> {
    let (table, column) = path.trim().rsplit_once('.')?;
    let (schema, table) = table.rsplit_once('.').map_or((None, table), |(schema, table)| (Some(schema), table));
    catalog.find_column(catalog.find_table(schema, table)?, column)
}

/// True when at most one row has given values in these columns.
pub(super) fn is_key(catalog: &Catalog, table: TableId, columns: &[&str]) -> bool {
    let table = catalog.table(table);
    let covers = |key: &Vec<String>| {
        !key.is_empty() && key.iter().all(|name| columns.iter().any(|column| column.eq_ignore_ascii_case(name)))
    };
    covers(&table.primary_key) || table.unique.iter().any(covers)
}
