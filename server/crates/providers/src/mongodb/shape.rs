//! What documents look like: which fields they have, of which types, how often, with which values.

use std::collections::{BTreeMap, BTreeSet};

use mongodb::bson::{Bson, Document};
use nlq_catalog::{Column, ForeignKey, Nested, Table, TableKind, TypeKind};

use super::bson::type_name;
use crate::samples::{MAX_VALUES, sample_of};

/// Fields of one level at most: documents whose keys are data would make a column of each value.
const MAX_FIELDS: usize = 300;
/// Levels of documents in documents that are looked into.
const MAX_DEPTH: usize = 8;

/// The fields of documents of one kind.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// Documents seen.
    seen: u64,
    fields: Vec<(String, Field)>,
}

/// One field.
#[derive(Debug, Default)]
struct Field {
    /// Documents that have it, with whatever value but null.
    present: u64,
    /// How often each type was met, other than documents and arrays.
    types: BTreeMap<&'static str, u64>,
    /// The documents that stand in it.
    object: Option<Box<Shape>>,
    /// It was an array, with how many types of elements.
    elements: Option<BTreeSet<&'static str>>,
    /// The documents that stand in its arrays.
    items: Option<Box<Shape>>,
    /// Its different texts, until there are too many.
    texts: BTreeSet<String>,
}

impl Shape {
    /// Looks at one more document.
    pub(super) fn add(&mut self, document: &Document) {
        self.add_at(document, 0);
    }

    fn add_at(&mut self, document: &Document, depth: usize) {
        self.seen += 1;
        for (name, value) in document {
            let at = self.fields.iter().position(|(known, _)| known == name);
            let at = match at {
                Some(at) => at,
                // What cannot be written as a path cannot be asked for.
                None if self.fields.len() >= MAX_FIELDS || name.contains(['.', '$', '\0']) || name.is_empty() => {
                    continue;
                }
                None => {
                    self.fields.push((name.clone(), Field::default()));
                    self.fields.len() - 1
                }
            };
            self.fields[at].1.add(value, depth);
        }
    }
}

impl Field {
    fn add(&mut self, value: &Bson, depth: usize) {
        match value {
            Bson::Null | Bson::Undefined => return,
            Bson::Document(document) if depth < MAX_DEPTH => {
                self.object.get_or_insert_default().add_at(document, depth + 1);
            }
            Bson::Array(items) => {
                let elements = self.elements.get_or_insert_default();
                for item in items {
                    match item {
                        Bson::Document(document) if depth < MAX_DEPTH => {
                            self.items.get_or_insert_default().add_at(document, depth + 1);
                        }
                        Bson::Null | Bson::Undefined => {}
                        other => {
                            elements.insert(type_name(other));
                            if let Bson::String(text) = other {
                                note(&mut self.texts, text);
                            }
                        }
                    }
                }
            }
            other => {
                *self.types.entry(type_name(other)).or_default() += 1;
                if let Bson::String(text) = other {
                    note(&mut self.texts, text);
                }
            }
        }
        self.present += 1;
    }
}

/// One more than are kept shows that there are too many.
fn note(texts: &mut BTreeSet<String>, text: &str) {
    if texts.len() <= MAX_VALUES {
        texts.insert(text.to_owned());
    }
}

/// What tables of documents are made with.
pub(super) struct Making<'a> {
    /// Every document of the collection was seen.
    pub(super) all: bool,
    /// Whether the values of a column of a table may be kept.
    pub(super) keeps: &'a dyn Fn(&str, &str) -> bool,
}

impl Shape {
    /// The tables of a collection: its documents, and the elements of the arrays in them.
    pub(super) fn tables(&self, collection: &str, making: &Making<'_>) -> Vec<Table> {
        let mut tables = vec![Table { name: collection.to_owned(), kind: TableKind::Documents, ..Table::default() }];
        self.columns(0, "", 1.0, &mut tables, making);
        let keys = tables[0].columns.iter().map(|column| column.name.clone());
        tables[0].primary_key = keys.filter(|name| name == "_id" || name.starts_with("_id.")).collect();
        tables
    }

    /// Adds the columns of these documents to a table, whose documents hold them below a path.
    fn columns(&self, table: usize, path: &str, share: f64, tables: &mut Vec<Table>, making: &Making<'_>) {
        for (name, field) in &self.fields {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let presence = share * field.present as f64 / self.seen.max(1) as f64;
            if let Some(object) = &field.object {
                let within = share * object.seen as f64 / self.seen.max(1) as f64;
                object.columns(table, &path, within, tables, making);
            }
            if let Some(items) = &field.items {
                items.nested(table, &path, tables, making);
            }
            if let Some((type_name, kind)) = field.own_type() {
                let values = (making.keeps)(&tables[table].name, &path) && field.texts.len() <= MAX_VALUES;
                let sample = values.then(|| sample_of(field.texts.iter().cloned().collect(), making.all)).flatten();
                tables[table].columns.push(Column {
                    name: path,
                    type_name,
                    kind,
                    nullable: presence < 1.0,
                    comment: None,
                    values: sample,
                    presence: (presence < 1.0).then(|| ((presence * 10_000.0).round() / 10_000.0).max(0.0001)),
                });
            }
        }
    }

    /// A table of the elements of an array, with a copy of its parent's key that joins them.
    fn nested(&self, parent: usize, path: &str, tables: &mut Vec<Table>, making: &Making<'_>) {
        let outer = &tables[parent];
        let (outer_name, outer_key) = match outer.kind {
            TableKind::Nested => {
                // The parent's own copy of the key is its first column.
                let Some(copy) = outer.columns.first() else { return };
                (outer.name.clone(), (copy.name.clone(), copy.type_name.clone(), copy.kind))
            }
            _ => {
                let key = outer.columns.iter().find(|column| column.name == "_id");
                let Some(key) = key else { return };
                (outer.name.clone(), ("_id".to_owned(), key.type_name.clone(), key.kind))
            }
        };
        let root = outer_name.split('.').next().unwrap_or(&outer_name);
        let one = root.strip_suffix('s').filter(|one| one.len() > 1).unwrap_or(root);
        let taken = |name: &str| self.fields.iter().any(|(field, _)| field.eq_ignore_ascii_case(name));
        let mut wanted = [format!("{one}_id"), format!("{root}_id"), format!("{one}_key")].into_iter();
        let Some(copy) = wanted.find(|name| !taken(name)) else { return };
        let (into, type_name, kind) = outer_key;
        let table = Table {
            name: format!("{outer_name}.{path}"),
            kind: TableKind::Nested,
            columns: vec![Column { name: copy.clone(), type_name, kind, ..Column::default() }],
            foreign_keys: vec![ForeignKey {
                columns: vec![copy],
                to_schema: None,
                to_table: outer_name.clone(),
                to_columns: vec![into],
            }],
            nested: Some(Nested { table: outer_name, path: path.to_owned() }),
            ..Table::default()
        };
        tables.push(table);
        self.columns(tables.len() - 1, "", 1.0, tables, making);
    }
}

impl Field {
    /// The type of a field as a column; none for what is only documents.
    fn own_type(&self) -> Option<(String, TypeKind)> {
        let mut names: Vec<&str> = self.types.keys().copied().collect();
        if let Some(elements) = &self.elements
            && (self.items.is_none() || !elements.is_empty())
        {
            let inside: Vec<&str> = elements.iter().copied().collect();
            let array = if inside.is_empty() { "array".to_owned() } else { format!("array<{}>", inside.join("|")) };
            names.push(&array);
            return Some((names.join("|"), TypeKind::Array));
        }
        let kind = match names[..] {
            // Only null, or only documents.
            [] if self.object.is_some() || self.items.is_some() => return None,
            [] => return Some(("null".to_owned(), TypeKind::Other)),
            _ => {
                let mut kinds = names.iter().map(|name| kind_of(name));
                let first = kinds.next()?;
                kinds.fold(first, common)
            }
        };
        Some((names.join("|"), kind))
    }
}

/// The family of a BSON type.
pub(super) fn kind_of(name: &str) -> TypeKind {
    match name {
        "int" | "long" => TypeKind::Integer,
        "double" | "number" => TypeKind::Float,
        "decimal" => TypeKind::Decimal,
        "string" => TypeKind::Text,
        "bool" => TypeKind::Boolean,
        "date" | "timestamp" => TypeKind::Timestamp,
        "objectId" => TypeKind::Uuid,
        "binData" => TypeKind::Binary,
        "array" => TypeKind::Array,
        _ => TypeKind::Other,
    }
}

/// The family of values of two families: numbers are numbers.
fn common(a: TypeKind, b: TypeKind) -> TypeKind {
    match (a, b) {
        (a, b) if a == b => a,
        (a, b) if a.is_numeric() && b.is_numeric() => TypeKind::Float,
        _ => TypeKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{DateTime, doc};

    use super::*;

    #[test]
    fn documents_become_tables() {
        let mut shape = Shape::default();
        shape.add(&doc! {
            "_id": 1, "name": "a", "when": DateTime::from_millis(0), "at": { "city": "x", "zip": 1 }, "tags": ["p", "q"],
            "lines": [{ "n": 1 }, { "n": 2.5, "parts": [{ "k": true }] }], "odd": 1, "none": null,
        });
        shape
            .add(&doc! { "_id": 2, "name": null, "at": { "city": "y" }, "tags": [], "lines": [], "odd": "b", "$x": 1 });
        let tables = shape
            .tables("orders", &Making { all: true, keeps: &|table, column| (table, column) != ("orders", "at.city") });
        let column = |column: &Column| {
            let share = column.presence.map(|share| format!(" {share}")).unwrap_or_default();
            let values = column.values.as_ref().map(|sample| format!(" {:?}", sample.values)).unwrap_or_default();
            format!("{}: {} {:?}{share}{values}", column.name, column.type_name, column.kind)
        };
        let shown: Vec<String> = tables
            .iter()
            .map(|table| {
                format!("{} [{}]", table.name, table.columns.iter().map(column).collect::<Vec<_>>().join(", "))
            })
            .collect();
        assert_eq!(
            shown,
            [
                "orders [_id: int Integer, name: string Text 0.5 [\"a\"], when: date Timestamp 0.5, at.city: string Text, \
                 at.zip: int Integer 0.5, tags: array<string> Array [\"p\", \"q\"], odd: int|string Other [\"b\"], \
                 none: null Other 0.0001]",
                "orders.lines [order_id: int Integer, n: double|int Float]",
                "orders.lines.parts [order_id: int Integer, k: bool Boolean]",
            ]
        );
        assert_eq!(tables[0].primary_key, ["_id"]);
        assert_eq!(tables[2].nested.as_ref().unwrap().path, "parts");
        assert_eq!(tables[2].foreign_keys[0].to_table, "orders.lines");
    }
}
