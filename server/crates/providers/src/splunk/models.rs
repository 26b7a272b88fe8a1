//! Data models: each dataset is a table.

use nlq_catalog::{Column, Table, TableKind, TypeKind};
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use super::{Splunk, objects};
use crate::ProviderError;

/// The datasets that the user may see.
pub(super) async fn read(splunk: &Splunk, cancel: &CancellationToken) -> Result<Vec<Table>, ProviderError> {
    let entries = objects::entries(splunk, &["datamodel", "model"], cancel).await?;
    Ok(entries.iter().flat_map(tables).collect())
}

/// The tables of a model, which is described by JSON within JSON.
fn tables(entry: &Json) -> Vec<Table> {
    let model = entry["name"].as_str().unwrap_or_default();
    let described = entry["content"]["description"].as_str().unwrap_or_default();
    let described: Json = serde_json::from_str(described).unwrap_or_default();
    let datasets = described["objects"].as_array().into_iter().flatten();
    let table = |dataset: &Json| {
        let own = dataset["objectName"].as_str()?;
        // A child is named by its line of descent, as `tstats` names it.
        let name = dataset["lineage"].as_str().filter(|lineage| !lineage.is_empty()).unwrap_or(own);
        let fields = dataset["fields"].as_array().into_iter().flatten();
        let calculated = dataset["calculations"].as_array().into_iter().flatten();
        let calculated = calculated.filter_map(|calculation| calculation["outputFields"].as_array()).flatten();
        let mut columns: Vec<Column> = Vec::new();
        for field in fields.chain(calculated).filter(|field| field["hidden"].as_bool() != Some(true)) {
            let column = column(field);
            if !column.name.is_empty() && !columns.iter().any(|known| known.name == column.name) {
                columns.push(column);
            }
        }
        let comment = dataset["comment"].as_str().filter(|comment| !comment.is_empty());
        Some(Table {
            schema: Some(model.to_owned()),
            name: name.to_owned(),
            kind: TableKind::DataModel,
            comment: comment.map(str::to_owned),
            columns,
            ..Table::default()
        })
    };
    datasets.filter_map(table).collect()
}

fn column(field: &Json) -> Column {
    let text = |name: &str| field[name].as_str().unwrap_or_default();
    let kind = match text("type") {
        "number" => TypeKind::Float,
        "timestamp" => TypeKind::Timestamp,
        _ => TypeKind::Text,
    };
    let comment = Some(text("comment").to_owned()).filter(|comment| !comment.is_empty() && !comment.starts_with('{'));
    Column {
        name: text("fieldName").to_owned(),
        type_name: text("type").to_owned(),
        kind,
        nullable: field["required"].as_bool() != Some(true),
        comment,
        ..Column::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn datasets_are_tables_by_their_descent() {
        let described = json!({ "objects": [
            { "objectName": "Root", "lineage": "Root", "comment": "All of it", "fields": [
                { "fieldName": "_time", "type": "timestamp", "required": true },
                { "fieldName": "bytes", "type": "number" },
                { "fieldName": "inside", "type": "string", "hidden": true },
            ], "calculations": [{ "outputFields": [{ "fieldName": "made", "type": "string" }] }] },
            { "objectName": "Child", "lineage": "Root.Child", "fields": [{ "fieldName": "bytes", "type": "number" }] },
        ] });
        let entry = json!({ "name": "M", "content": { "description": described.to_string() } });
        let told: Vec<String> = tables(&entry)
            .into_iter()
            .map(|t| {
                let columns: Vec<String> = t.columns.iter().map(|c| format!("{}:{:?}", c.name, c.kind)).collect();
                format!("{}/{} {}", t.schema.unwrap_or_default(), t.name, columns.join(" "))
            })
            .collect();
        assert_eq!(told, ["M/Root _time:Timestamp bytes:Float made:Text", "M/Root.Child bytes:Float"]);
        assert!(tables(&json!({ "name": "M", "content": { "description": "not JSON" } })).is_empty());
    }
}
