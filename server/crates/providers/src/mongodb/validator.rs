//! What a collection's validator says of its fields.

use mongodb::bson::{Bson, Document};
use nlq_catalog::{Column, Table, TypeKind, ValueSample};

use super::shape::kind_of;

/// Levels that are followed.
const MAX_DEPTH: usize = 8;

/// Adds to a collection's tables what its JSON Schema says: descriptions, all allowed values, fields that must be there,
/// and fields that no document has yet.
pub(super) fn apply(schema: &Document, tables: &mut [Table]) {
    if let Ok(text) = schema.get_str("description")
        && let Some(table) = tables.first_mut()
    {
        table.comment = Some(text.to_owned());
    }
    level(schema, 0, "", true, tables, 0);
}

fn level(schema: &Document, table: usize, before: &str, present: bool, tables: &mut [Table], depth: usize) {
    let Ok(properties) = schema.get_document("properties") else { return };
    if depth > MAX_DEPTH {
        return;
    }
    let required: Vec<&str> = schema.get_array("required").into_iter().flatten().filter_map(Bson::as_str).collect();
    for (name, told) in properties {
        let Bson::Document(told) = told else { continue };
        let path = if before.is_empty() { name.clone() } else { format!("{before}.{name}") };
        let must = present && required.contains(&name.as_str());
        if told.contains_key("properties") {
            level(told, table, &path, must, tables, depth + 1);
            continue;
        }
        if let Ok(items) = told.get_document("items")
            && items.contains_key("properties")
        {
            let owner = tables[table].name.clone();
            let holds = |inner: &Table| inner.nested.as_ref().is_some_and(|n| n.table == owner && n.path == path);
            if let Some(inner) = tables.iter().position(holds) {
                if let Ok(text) = told.get_str("description") {
                    tables[inner].comment = Some(text.to_owned());
                }
                level(items, inner, "", true, tables, depth + 1);
            }
            continue;
        }
        let column = match tables[table].columns.iter().position(|column| column.name == path) {
            Some(at) => &mut tables[table].columns[at],
            None => {
                let types = types(told);
                let kind = types.first().map_or(TypeKind::Other, |name| kind_of(name));
                let one = types.len() == 1;
                tables[table].columns.push(Column {
                    name: path,
                    type_name: types.join("|"),
                    kind: if one { kind } else { TypeKind::Other },
                    nullable: true,
                    presence: Some(0.0001),
                    ..Column::default()
                });
                let last = tables[table].columns.len() - 1;
                &mut tables[table].columns[last]
            }
        };
        if let Ok(text) = told.get_str("description") {
            column.comment = Some(text.to_owned());
        }
        if must && column.presence.is_none() {
            column.nullable = false;
        }
        if let Ok(values) = told.get_array("enum") {
            let mut values: Vec<String> = values.iter().filter_map(Bson::as_str).map(str::to_owned).collect();
            values.sort_unstable();
            if !values.is_empty() {
                column.values = Some(ValueSample { values, complete: true });
            }
        }
    }
}

fn types(told: &Document) -> Vec<String> {
    match told.get("bsonType").or_else(|| told.get("type")) {
        Some(Bson::String(one)) => vec![one.clone()],
        Some(Bson::Array(several)) => {
            several.iter().filter_map(Bson::as_str).filter(|name| *name != "null").map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::doc;

    use super::*;
    use crate::mongodb::shape::{Making, Shape};

    #[test]
    fn what_is_declared_is_told() {
        let mut shape = Shape::default();
        shape.add(&doc! { "_id": 1, "status": "open", "lines": [{ "n": 1 }] });
        let mut tables = shape.tables("orders", &Making { all: true, keeps: &|_, _| true });
        let schema = doc! {
            "description": "What was ordered", "required": ["status"],
            "properties": {
                "status": { "bsonType": "string", "enum": ["open", "done"], "description": "How far it is" },
                "note": { "bsonType": ["string", "null"] },
                "lines": { "bsonType": "array", "items": { "properties": { "n": { "description": "How many" } } } },
            },
        };
        apply(&schema, &mut tables);
        let column =
            |table: &Table, name: &str| table.columns.iter().find(|column| column.name == name).cloned().unwrap();
        assert_eq!(tables[0].comment.as_deref(), Some("What was ordered"));
        let status = column(&tables[0], "status");
        assert_eq!(status.values, Some(ValueSample { values: vec!["done".into(), "open".into()], complete: true }));
        assert_eq!((status.comment.as_deref(), status.nullable), (Some("How far it is"), false));
        assert_eq!(column(&tables[0], "note").kind, TypeKind::Text);
        assert_eq!(column(&tables[1], "n").comment.as_deref(), Some("How many"));
    }
}
