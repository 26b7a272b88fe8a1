//! The schema: an index, or the alias under which several are read, is a table; its fields are columns by their paths, and a
//! nested list is a table of its own that refers to its documents.

use std::{collections::BTreeMap, time::Duration};

use chrono::Utc;
use nlq_catalog::{Catalog, Column, ForeignKey, Nested, Table, TableKind, TypeKind};
use nlq_query::dsl::text_type;
use serde_json::{Map, Value as Json, json};
use tokio_util::sync::CancellationToken;

use super::{Search, client::Request};
use crate::{
    ProblemKind, ProviderError, SchemaOptions,
    samples::{MAX_VALUES, sample_of},
};

/// Time for one request.
const TIME: Duration = Duration::from_mins(1);
/// Fields that are looked at in one request: a cluster allows so many groups in an answer.
const AT_ONCE: usize = 30;
/// Documents in which the field is looked for that repeats their identifier.
const LOOKED_AT: usize = 100;

/// Reads it.
pub(super) async fn read(
    search: &Search,
    options: SchemaOptions<'_>,
    cancel: &CancellationToken,
) -> Result<Catalog, ProviderError> {
    let wanted = if search.indices.is_empty() { "*".to_owned() } else { search.indices.join(",") };
    let get = |path: &'static str| {
        let wanted = wanted.clone();
        async move {
            let request = Request {
                post: false,
                path: &[&wanted, path],
                parameters: &[("expand_wildcards", "open")],
                body: None,
                id: None,
            };
            search.ask(request, "", TIME, cancel).await
        }
    };
    let (mappings, aliases) = (get("_mapping").await?, get("_alias").await?);
    let mut tables = Vec::new();
    for (name, properties) in readable(&mappings, &aliases) {
        let made = tables_of(&name, &properties);
        tables.extend(looked_at(search, made, options, cancel).await?);
    }
    tables.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Catalog { dialect: search.dialect, taken_at: Utc::now(), tables, ..Catalog::default() })
}

/// What can be read by name, with its fields: indices, and an alias instead of the indices that it alone stands for.
fn readable(mappings: &Json, aliases: &Json) -> BTreeMap<String, Map<String, Json>> {
    let mut found: BTreeMap<String, Map<String, Json>> = BTreeMap::new();
    for (index, mapping) in mappings.as_object().into_iter().flatten() {
        let told = aliases[index]["aliases"].as_object();
        let mut names = told.into_iter().flatten().filter(|(name, alias)| {
            !name.starts_with('.') && alias.get("filter").is_none() && alias["is_hidden"] != true
        });
        let name = match (names.next(), names.next()) {
            (Some((alias, _)), None) => alias,
            _ => index,
        };
        if name.starts_with('.') {
            continue;
        }
        let properties = mapping["mappings"]["properties"].as_object().cloned().unwrap_or_default();
        found.entry(name.clone()).or_default().extend(properties);
    }
    found
}

/// The family of a field's type; none for what holds no values that could be asked for.
fn family(type_name: &str) -> Option<TypeKind> {
    Some(match type_name {
        "keyword" | "constant_keyword" | "wildcard" | "text" | "match_only_text" | "version" => TypeKind::Text,
        "long" | "integer" | "short" | "byte" | "unsigned_long" => TypeKind::Integer,
        "double" | "float" | "half_float" | "scaled_float" => TypeKind::Float,
        "boolean" => TypeKind::Boolean,
        "date" | "date_nanos" => TypeKind::Timestamp,
        "binary" => TypeKind::Binary,
        "flattened" | "flat_object" => TypeKind::Json,
        "alias" | "join" | "percolator" | "dense_vector" | "knn_vector" | "rank_feature" | "rank_features"
        | "completion" => {
            return None;
        }
        _ => TypeKind::Other,
    })
}

/// A table and those of its nested lists.
fn tables_of(name: &str, properties: &Map<String, Json>) -> Vec<Table> {
    let mut made = vec![Table { name: name.to_owned(), kind: TableKind::Documents, ..Table::default() }];
    fields(properties, "", 0, &mut made);
    made
}

/// Adds the fields below a path to a table.
fn fields(properties: &Map<String, Json>, prefix: &str, table: usize, made: &mut Vec<Table>) {
    for (key, field) in properties {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        let below = field["properties"].as_object();
        if field["type"] == "nested" {
            let nested = Nested { table: made[table].name.clone(), path: path.clone() };
            let name = format!("{}.{path}", made[table].name);
            made.push(Table { name, kind: TableKind::Nested, nested: Some(nested), ..Table::default() });
            let own = made.len() - 1;
            fields(below.unwrap_or(&Map::new()), "", own, made);
            continue;
        }
        if let Some(below) = below {
            fields(below, &path, table, made);
            continue;
        }
        let type_name = field["type"].as_str().unwrap_or("object");
        let Some(kind) = family(type_name).filter(|_| type_name != "object" && field["index"] != false) else {
            continue;
        };
        let whole = field["fields"].as_object().into_iter().flatten().find(|(_, sub)| sub["type"] == "keyword");
        let type_name = match type_name {
            "text" => text_type(whole.map(|(name, _)| name.as_str())),
            other => other.to_owned(),
        };
        made[table].columns.push(Column { name: path, type_name, kind, ..Column::default() });
    }
}

/// The aggregations of a search, wrapped in the nested lists that lead to a table.
fn inside(lists: &[String], aggs: Json) -> Json {
    match lists.last() {
        None => aggs,
        Some(path) => json!({ "rows": { "nested": { "path": path }, "aggs": aggs } }),
    }
}

/// The paths of the lists that lead to a table, each from the document on.
fn lists(tables: &[Table], at: usize) -> Vec<String> {
    let Some(nested) = &tables[at].nested else { return Vec::new() };
    let parent = tables.iter().position(|table| table.name == nested.table).unwrap_or(0);
    let mut found = lists(tables, parent);
    let path = found.last().map_or_else(|| nested.path.clone(), |list| format!("{list}.{}", nested.path));
    found.push(path);
    found
}

/// Counts rows, tells which fields may be missing, samples values, and finds the key.
async fn looked_at(
    search: &Search,
    mut tables: Vec<Table>,
    options: SchemaOptions<'_>,
    cancel: &CancellationToken,
) -> Result<Vec<Table>, ProviderError> {
    let index = tables[0].name.clone();
    let ask = |body: Json| {
        let index = index.clone();
        async move {
            let request =
                Request { post: true, path: &[&index, "_search"], parameters: &[], body: Some(&body), id: None };
            let answer = search.ask(request, "", TIME, cancel).await?;
            if answer["_shards"]["failed"].as_u64().is_some_and(|failed| failed > 0) {
                let message = format!("a part of the index {index} cannot be read now: try again later");
                return Err(ProviderError::new(ProblemKind::Connection, message));
            }
            Ok(answer)
        }
    };
    for at in 0..tables.len() {
        let lists = lists(&tables, at);
        let name = tables[at].name.clone();
        let prefix = lists.last().map_or_else(String::new, |list| format!("{list}."));
        let mut total = None;
        let columns: Vec<usize> = (0..tables[at].columns.len()).collect();
        // Also of a table without columns: its rows are counted.
        let chunks: Vec<&[usize]> = if columns.is_empty() { vec![&[]] } else { columns.chunks(AT_ONCE).collect() };
        for chunk in chunks {
            let mut aggs = Map::new();
            for &column in chunk {
                let of = &tables[at].columns[column];
                let path = format!("{prefix}{}", of.name);
                aggs.insert(format!("has{column}"), json!({ "filter": { "exists": { "field": path } } }));
                let whole = match of.type_name.as_str() {
                    "keyword" | "constant_keyword" => Some(path.clone()),
                    text => text.strip_prefix("text with .").map(|sub| format!("{path}.{sub}")),
                };
                let sensitive = options.annotations.is_sensitive(None, &name, &of.name)
                    || options.annotations.is_sensitive(None, &index, &path);
                if let Some(field) = whole.filter(|_| options.sample_values && !sensitive) {
                    let terms = json!({ "field": field, "size": MAX_VALUES + 1 });
                    aggs.insert(format!("values{column}"), json!({ "terms": terms }));
                }
            }
            let mut body = json!({ "size": 0, "track_total_hits": true });
            if !aggs.is_empty() || !lists.is_empty() {
                body["aggs"] = inside(&lists, Json::Object(aggs));
            }
            let answer = ask(body).await?;
            let (found, rows) = if lists.is_empty() {
                (&answer["aggregations"], answer["hits"]["total"]["value"].as_u64())
            } else {
                let rows = &answer["aggregations"]["rows"];
                (rows, rows["doc_count"].as_u64())
            };
            total = rows;
            for &column in chunk {
                tell(&mut tables[at].columns[column], column, found, rows.unwrap_or(0));
            }
        }
        tables[at].row_estimate = total;
        // A field that nothing has asks for nothing.
        tables[at].columns.retain(|column| column.presence != Some(0.0));
    }
    let seen = ask(json!({ "size": LOOKED_AT })).await?;
    let key = key(&tables[0], seen["hits"]["hits"].as_array().map_or(&[][..], Vec::as_slice));
    tables[0].primary_key.extend(key.clone());
    for at in 1..tables.len() {
        refer(&mut tables, at, key.as_deref());
    }
    Ok(tables)
}

/// What an answer tells of a column.
fn tell(column: &mut Column, at: usize, found: &Json, rows: u64) {
    let has = found[format!("has{at}")]["doc_count"].as_u64().unwrap_or(0);
    column.nullable = has < rows;
    if has < rows {
        #[allow(clippy::cast_precision_loss, reason = "a share needs few digits")]
        let share = has as f64 / rows as f64;
        column.presence = Some(share);
    }
    let values = &found[format!("values{at}")];
    let Some(buckets) = values["buckets"].as_array().filter(|buckets| buckets.len() <= MAX_VALUES) else { return };
    let all = buckets.iter().filter_map(|bucket| bucket["key"].as_str().map(str::to_owned)).collect();
    // The whole values of a text may leave out long ones.
    let complete = values["sum_other_doc_count"] == 0 && !column.type_name.starts_with("text");
    column.values = sample_of(all, complete);
}

/// The field that repeats the identifier of documents: their key, as people name it.
fn key(table: &Table, documents: &[Json]) -> Option<String> {
    let plain = |value: &Json| match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let repeats = |column: &&Column| {
        documents.iter().all(|document| {
            let id = document["_id"].as_str();
            id.is_some() && plain(&document["_source"][column.name.as_str()]).as_deref() == id
        })
    };
    let of = |column: &&Column| matches!(column.kind, TypeKind::Integer | TypeKind::Text) && !column.nullable;
    table.columns.iter().filter(of).find(repeats).filter(|_| !documents.is_empty()).map(|column| column.name.clone())
}

/// Makes a nested table refer to its parent's key, by a column that carries it. Of a list within a list the parent has none.
fn refer(tables: &mut [Table], at: usize, key: Option<&str>) {
    let Some(nested) = tables[at].nested.clone() else { return };
    let Some(parent) = tables.iter().position(|table| table.name == nested.table) else { return };
    // Without a field of its own, a document is known by its identifier.
    let key = key.unwrap_or("_id").to_owned();
    if !tables[parent].columns.iter().any(|column| column.name == key) {
        let id = Column { name: key.clone(), type_name: "keyword".into(), kind: TypeKind::Text, ..Column::default() };
        tables[parent].columns.insert(0, id);
        tables[parent].primary_key = vec![key.clone()];
    }
    let carried = tables[parent].columns.iter().find(|column| column.name == key).cloned().unwrap_or_default();
    let own = &mut tables[at];
    own.columns.retain(|column| column.name != key);
    own.columns.insert(0, Column { nullable: false, presence: None, values: None, ..carried });
    own.foreign_keys.push(ForeignKey {
        columns: vec![key.clone()],
        to_schema: None,
        to_table: nested.table,
        to_columns: vec![key],
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_become_tables() {
        let mappings = json!({
            "logs-1": {"mappings": {"properties": {"a": {"type": "long"}}}},
            "logs-2": {"mappings": {"properties": {"b": {"type": "keyword"}}}},
            ".kibana": {"mappings": {}},
            "orders": {"mappings": {"properties": {
                "id": {"type": "long"},
                "title": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
                "note": {"type": "text"},
                "customer": {"properties": {"name": {"type": "keyword"}}},
                "vector": {"type": "knn_vector"},
                "lines": {"type": "nested", "properties": {
                    "quantity": {"type": "integer"}, "parts": {"type": "nested", "properties": {"n": {"type": "date"}}}}}}}}});
        let aliases = json!({"logs-1": {"aliases": {"logs": {}}}, "logs-2": {"aliases": {"logs": {}}}, "orders": {"aliases": {}}});
        let found = readable(&mappings, &aliases);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["logs", "orders"]);
        assert_eq!(found["logs"].len(), 2);
        let mut tables = tables_of("orders", &found["orders"]);
        let columns = |table: &Table| -> Vec<String> {
            table.columns.iter().map(|column| format!("{} {}", column.name, column.type_name)).collect()
        };
        assert_eq!(columns(&tables[0]), ["id long", "title text with .raw", "note text", "customer.name keyword"]);
        assert_eq!(tables[2].name, "orders.lines.parts");
        assert_eq!(lists(&tables, 2), ["lines", "lines.parts"]);
        refer(&mut tables, 1, Some("id"));
        refer(&mut tables, 2, Some("id"));
        assert_eq!(columns(&tables[1]), ["id long", "quantity integer"]);
        assert_eq!(columns(&tables[2]), ["id long", "n date"]);
        assert_eq!(tables[2].foreign_keys[0].to_table, "orders.lines");
    }

    #[test]
    fn the_key_is_what_repeats_the_identifier() {
        let table = &tables_of(
            "t",
            &json!({"n": {"type": "long"}, "id": {"type": "long"}}).as_object().cloned().unwrap_or_default(),
        )[0];
        let documents =
            [json!({"_id": "1", "_source": {"n": 1, "id": 1}}), json!({"_id": "2", "_source": {"n": 1, "id": 2}})];
        assert_eq!(key(table, &documents).as_deref(), Some("id"));
        assert_eq!(key(table, &[]), None);
        assert_eq!(key(table, &[json!({"_id": "x", "_source": {"n": 1, "id": 1}})]), None);
    }

    #[test]
    fn columns_are_told_how_often_they_stand_there() {
        let mut column = Column { type_name: "keyword".into(), kind: TypeKind::Text, ..Column::default() };
        let found = json!({"has0": {"doc_count": 1}, "values0": {"sum_other_doc_count": 0, "buckets": [{"key": "x"}]}});
        tell(&mut column, 0, &found, 4);
        assert_eq!((column.presence, column.nullable), (Some(0.25), true));
        assert!(column.values.is_some_and(|values| values.complete && values.values == ["x"]));
    }
}
