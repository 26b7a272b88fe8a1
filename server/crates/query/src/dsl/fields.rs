//! The fields of indices as columns of the catalog: nested lists are tables of their own there, and here paths.

use nlq_catalog::{Catalog, Column, ColumnId, TableId};
use nlq_text::Span;

use super::request::Request;

/// Fields that every document has besides its own.
pub(super) const META: &[&str] =
    &["_id", "_index", "_score", "_doc", "_source", "_seq_no", "_shard_doc", "_count", "_key"];

/// Where the rows of a table stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The index.
    pub(super) index: TableId,
    /// The paths of the nested lists from the document down to the rows; none for documents.
    pub(super) lists: Vec<String>,
}

/// Where the rows of a table stand; none when its parent is not known.
pub(super) fn place(catalog: &Catalog, table: TableId) -> Option<Place> {
    let mut lists: Vec<String> = Vec::new();
    let mut at = table;
    // A chain of parents that never ends is no chain.
    for _ in 0..16 {
        let Some(nested) = &catalog.table(at).nested else {
            for deeper in 1..lists.len() {
                lists[deeper] = format!("{}.{}", lists[deeper - 1], lists[deeper]);
            }
            return Some(Place { index: at, lists });
        };
        lists.insert(0, nested.path.clone());
        at = catalog.find_table(catalog.table(at).schema.as_deref(), &nested.table)?;
    }
    None
}

/// The column of a parent that a column of a nested table only repeats.
pub(super) fn carried(catalog: &Catalog, column: ColumnId) -> Option<ColumnId> {
    let table = catalog.table(column.table);
    let nested = table.nested.as_ref()?;
    let name = &catalog.column(column).name;
    let key = table.foreign_keys.iter().find(|key| key.to_table == nested.table)?;
    let at = key.columns.iter().position(|own| own == name)?;
    catalog.find_column(catalog.find_table(table.schema.as_deref(), &nested.table)?, key.to_columns.get(at)?)
}

/// A field that a request may name.
#[derive(Debug, Clone)]
pub(super) struct Field<'a> {
    /// From the document.
    pub(super) path: String,
    pub(super) id: ColumnId,
    pub(super) column: &'a Column,
}

/// What the indices of a request hold.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    pub(super) all: Vec<Field<'a>>,
    /// Paths of nested lists.
    pub(super) lists: Vec<String>,
    /// Indices that the catalog knows, with their places in the text.
    pub(super) indices: Vec<(Span, TableId)>,
    /// Those that it does not know.
    pub(super) unknown: Vec<Span>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(request: &Request, text: &str, catalog: &'a Catalog) -> Self {
        let mut fields = Self::default();
        for span in request.indices(text) {
            let name = span.of(text);
            let before = fields.indices.len();
            let documents = catalog.table_ids().filter(|(_, table)| table.nested.is_none());
            let found = documents.filter(|(_, table)| fits(name, &table.name)).map(|(id, _)| (span, id));
            fields.indices.extend(found);
            if fields.indices.len() == before {
                fields.unknown.push(span);
            }
        }
        for (id, _) in catalog.table_ids() {
            let Some(place) = place(catalog, id) else { continue };
            if !fields.indices.iter().any(|(_, index)| *index == place.index) {
                continue;
            }
            let prefix = place.lists.last().map_or_else(String::new, |list| format!("{list}."));
            fields.lists.extend(place.lists.last().cloned());
            for (id, column) in catalog.column_ids(id).filter(|(id, _)| carried(catalog, *id).is_none()) {
                fields.all.push(Field { path: format!("{prefix}{}", column.name), id, column });
            }
        }
        fields
    }

    /// The field of a name, and whether the name means its sub-field with whole values.
    pub(super) fn find(&self, name: &str) -> Option<(&Field<'a>, bool)> {
        if let Some(field) = self.all.iter().find(|field| field.path == name) {
            return Some((field, false));
        }
        let (path, sub) = name.rsplit_once('.')?;
        let field = self.all.iter().find(|field| field.path == path)?;
        (super::keyword_of(field.column) == Some(sub)).then_some((field, true))
    }

    /// True of a list, of an object of which fields are known, of what every document has, and of patterns.
    pub(super) fn is_other(&self, name: &str) -> bool {
        let inside =
            |path: &str| path.len() > name.len() && path.starts_with(name) && path.as_bytes()[name.len()] == b'.';
        META.contains(&name)
            || name.contains('*')
            || self.lists.iter().any(|list| list == name)
            || self.all.iter().any(|field| inside(&field.path))
    }
}

/// True when a name with `*` for anything fits.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or("")) else { return false };
    let mut last = None;
    for part in parts {
        last = Some(part);
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    match last {
        None => rest.is_empty(),
        Some(last) => name.ends_with(last) && name.len() + 1 >= pattern.len() - pattern.matches('*').count(),
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_of_names() {
        for (pattern, name, expected) in [
            ("orders", "orders", true),
            ("orders", "orders-1", false),
            ("orders*", "orders-1", true),
            ("o*-1", "orders-1", true),
            ("o*-2", "orders-1", false),
            ("*s*1", "orders-1", true),
            ("x*", "orders", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
