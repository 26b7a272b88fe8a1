//! Answers as rows: documents with their fields, or groups with their keys and metrics.

use serde_json::{Map, Value as Json};

use crate::Value;

/// Columns by name, and rows as long as these.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Table {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Value>>,
    /// The answer says that there is more.
    pub(super) more: bool,
}

/// Where a size is as large as it gets, what lies beyond was meant too.
const MANY: u64 = 10_000;

/// The key of single groups.
const COUNT: &str = "count";

/// A cell under its name. Hidden ones are shown only where the request names them.
#[derive(Debug, Clone)]
struct Cell {
    name: String,
    value: Value,
    shown: bool,
}

type Row = Vec<Cell>;

fn shown(name: impl Into<String>, value: Value) -> Cell {
    Cell { name: name.into(), value, shown: true }
}

/// A cell of JSON.
pub(super) fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Int(whole),
            (None, Some(float)) => Value::Float(float),
            (None, None) => Value::Text(number.to_string()),
        },
        Json::String(text) => Value::Text(text.clone()),
        // One value is kept as if it were no list.
        Json::Array(all) if all.len() == 1 => value(&all[0]),
        other => Value::Text(other.to_string()),
    }
}

/// The aggregations of a body, or what stands inside one.
pub(super) fn inner(of: &Json) -> Option<&Map<String, Json>> {
    of["aggs"].as_object().or_else(|| of["aggregations"].as_object())
}

/// What an aggregation is.
pub(super) fn kind(of: &Json) -> Option<(&str, &Json)> {
    let members = of.as_object()?;
    let named = members.iter().find(|(key, _)| !matches!(key.as_str(), "aggs" | "aggregations" | "meta"));
    named.map(|(key, value)| (key.as_str(), value))
}

/// The rows of an answer to a body.
pub(super) fn of(body: &Json, answer: &Json) -> Result<Table, String> {
    match inner(body).filter(|aggs| !aggs.is_empty()) {
        Some(aggs) => Ok(computed(body, aggs, answer)),
        None => documents(body, answer),
    }
}

fn computed(body: &Json, aggs: &Map<String, Json>, answer: &Json) -> Table {
    let mut more = false;
    let mut rows = level(aggs, &answer["aggregations"], &mut more);
    if body["size"] == 0 && body["track_total_hits"] == true {
        for row in &mut rows {
            row.insert(0, shown(COUNT, value(&answer["hits"]["total"]["value"])));
        }
    }
    let wanted: Option<Vec<String>> = aggs
        .values()
        .find_map(|agg| agg["meta"]["columns"].as_array())
        .map(|names| names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect());
    // Lists that groups were made in count rows, not columns.
    let columns = wanted.unwrap_or_else(|| {
        let mut names: Vec<String> = Vec::new();
        for cell in rows.iter().flatten().filter(|cell| cell.shown) {
            if !names.contains(&cell.name) {
                names.push(cell.name.clone());
            }
        }
        names
    });
    let cell = |row: &Row, name: &String| {
        row.iter().find(|cell| cell.name == *name).map_or(Value::Null, |cell| cell.value.clone())
    };
    let rows = rows.iter().map(|row| columns.iter().map(|name| cell(row, name)).collect()).collect();
    Table { columns, rows, more }
}

/// The rows of aggregations side by side: their metrics, once for each group that stands beside them.
fn level(aggs: &Map<String, Json>, found: &Json, more: &mut bool) -> Vec<Row> {
    let mut beside: Row = Vec::new();
    let mut groups: Option<Vec<Row>> = None;
    for (name, agg) in aggs {
        let (Some((kind, asked)), result) = (kind(agg), &found[name]) else { continue };
        if result.is_null() {
            continue;
        }
        let below = inner(agg).filter(|below| !below.is_empty());
        let inside =
            |bucket: &Json, more: &mut bool| below.map_or_else(|| vec![Vec::new()], |below| level(below, bucket, more));
        if result["buckets"].is_null() {
            match result["doc_count"].as_i64() {
                Some(count) => {
                    let cell = Cell { name: name.clone(), value: Value::Int(count), shown: below.is_none() };
                    let rows = inside(result, more);
                    if let [row] = rows.as_slice() {
                        beside.push(cell);
                        beside.extend(row.iter().cloned());
                    } else {
                        groups.get_or_insert_default().extend(rows);
                    }
                }
                None => beside.extend(metric(name, result)),
            }
            continue;
        }
        let whole = asked["size"].as_u64().is_some_and(|size| size >= MANY);
        *more |= whole && result["sum_other_doc_count"].as_i64().is_some_and(|others| others > 0);
        let mut made = Vec::new();
        for (keys, bucket) in buckets(name, kind, asked, &result["buckets"]) {
            for row in inside(bucket, more) {
                let counted = !row.iter().any(|cell| cell.shown);
                let count = Cell { name: COUNT.to_owned(), value: value(&bucket["doc_count"]), shown: counted };
                made.push(keys.iter().cloned().chain([count]).chain(row).collect::<Row>());
            }
        }
        groups.get_or_insert_default().extend(made);
    }
    match groups {
        None => vec![beside],
        Some(groups) => groups.into_iter().map(|row| beside.iter().cloned().chain(row).collect()).collect(),
    }
}

/// Groups with the cells of their keys.
fn buckets<'a>(name: &str, kind: &str, asked: &Json, found: &'a Json) -> Vec<(Row, &'a Json)> {
    let single = |bucket: &Json| value(bucket.get("key_as_string").unwrap_or(&bucket["key"]));
    match found {
        Json::Object(named) => {
            named.iter().map(|(key, bucket)| (vec![shown(name, Value::Text(key.clone()))], bucket)).collect()
        }
        Json::Array(all) => all
            .iter()
            .map(|bucket| {
                let keys = match (&bucket["key"], kind) {
                    (Json::Object(keys), _) => {
                        keys.iter().map(|(key, part)| shown(key, source(asked, key, part))).collect()
                    }
                    (Json::Array(parts), "multi_terms") => {
                        let names: Vec<&str> = name.split(", ").collect();
                        let fits = names.len() == parts.len();
                        let named = |at: usize| if fits { names[at].to_owned() } else { format!("{name}_{}", at + 1) };
                        parts.iter().enumerate().map(|(at, part)| shown(named(at), value(part))).collect()
                    }
                    _ => vec![shown(name, single(bucket))],
                };
                (keys, bucket)
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// A key of a composite: times without a format are milliseconds.
fn source(asked: &Json, name: &str, part: &Json) -> Value {
    let sources = asked["sources"].as_array().into_iter().flatten();
    let timed = sources
        .filter_map(|source| source.get(name))
        .any(|source| source.get("date_histogram").is_some_and(|histogram| histogram["format"].is_null()));
    match part.as_i64().filter(|_| timed).and_then(chrono::DateTime::from_timestamp_millis) {
        Some(moment) => Value::Text(moment.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)),
        None => value(part),
    }
}

/// A metric of one value or of several.
fn metric(name: &str, result: &Json) -> Row {
    if let Some(values) = result["values"].as_object() {
        let named = values.iter().filter(|(key, _)| !key.ends_with("_as_string"));
        return named.map(|(key, part)| shown(format!("{name}.{key}"), value(part))).collect();
    }
    if let Some(hits) = result.get("hits") {
        let sources: Vec<Json> =
            hits["hits"].as_array().into_iter().flatten().map(|hit| hit["_source"].clone()).collect();
        return vec![shown(name, Value::Text(Json::Array(sources).to_string()))];
    }
    if let Some(text) = result.get("value_as_string") {
        return vec![shown(name, value(text))];
    }
    match result.get("value") {
        Some(number) => {
            // Whole numbers come with a fraction of nothing.
            let whole = number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 9e15);
            #[allow(clippy::cast_possible_truncation, reason = "it is whole and small enough")]
            let made = whole.map_or_else(|| value(number), |n| Value::Int(n as i64));
            vec![shown(name, made)]
        }
        None => {
            let members = result.as_object().into_iter().flatten();
            let plain = members.filter(|(key, part)| !key.ends_with("_as_string") && !part.is_object());
            plain.map(|(key, part)| shown(format!("{name}.{key}"), value(part))).collect()
        }
    }
}

/// Documents, or the objects that they show of a list, as rows.
fn documents(body: &Json, answer: &Json) -> Result<Table, String> {
    let hits = answer["hits"]["hits"].as_array().map_or(&[][..], Vec::as_slice);
    let mut columns: Vec<String> = listed(&body["_source"]);
    columns.extend(listed(&body["fields"]));
    columns.extend(listed(&body["docvalue_fields"]));
    let mut found: Vec<Row> = Vec::new();
    for hit in hits {
        let mut row: Row = Vec::new();
        flatten("", &hit["_source"], &mut row);
        for (name, values) in hit["fields"].as_object().into_iter().flatten() {
            row.push(shown(name, value(values)));
        }
        let Some(lists) = hit["inner_hits"].as_object() else {
            found.push(row);
            continue;
        };
        for list in lists.values() {
            let objects = list["hits"]["hits"].as_array().map_or(&[][..], Vec::as_slice);
            let total = list["hits"]["total"]["value"].as_u64().unwrap_or(0);
            if total > objects.len() as u64 {
                return Err(format!(
                    "a document holds {total} objects that fit, and only {} of them may be shown: ask for fewer",
                    objects.len()
                ));
            }
            for object in objects {
                let path = object["_nested"]["field"].as_str().unwrap_or_default();
                let mut cells = row.clone();
                flatten(path, &object["_source"], &mut cells);
                found.push(cells);
            }
        }
    }
    let named = !columns.is_empty();
    let inside = !named || hits.iter().any(|hit| hit["inner_hits"].is_object());
    if inside {
        for cell in found.iter().flatten() {
            if !columns.contains(&cell.name) {
                columns.push(cell.name.clone());
            }
        }
    }
    let cell = |row: &Row, name: &String| {
        let exact = row.iter().find(|cell| cell.name == *name).map(|cell| cell.value.clone());
        exact.unwrap_or_else(|| {
            // An object that was asked for as a whole.
            let below: Map<String, Json> = row
                .iter()
                .filter_map(|cell| {
                    let rest = cell.name.strip_prefix(name.as_str())?.strip_prefix('.')?;
                    Some((rest.to_owned(), serde_json::to_value(&cell.value).ok()?))
                })
                .collect();
            if below.is_empty() { Value::Null } else { Value::Text(Json::Object(below).to_string()) }
        })
    };
    let rows = found.iter().map(|row| columns.iter().map(|name| cell(row, name)).collect()).collect();
    let all = body["size"].as_u64().is_some_and(|size| size >= MANY);
    let more = all && answer["hits"]["total"]["value"].as_u64().is_some_and(|total| total > hits.len() as u64);
    Ok(Table { columns, rows, more })
}

/// The names of a list of fields; none when one of them is a pattern.
fn listed(fields: &Json) -> Vec<String> {
    let all = match fields {
        Json::String(_) => std::slice::from_ref(fields),
        Json::Array(all) => all.as_slice(),
        _ => return Vec::new(),
    };
    let names: Option<Vec<String>> = all
        .iter()
        .map(|field| {
            field.as_str().or_else(|| field["field"].as_str()).filter(|name| !name.contains('*')).map(str::to_owned)
        })
        .collect();
    names.unwrap_or_default()
}

/// Fields by their whole paths; lists stay as they are.
fn flatten(prefix: &str, source: &Json, out: &mut Row) {
    for (key, part) in source.as_object().into_iter().flatten() {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match part {
            Json::Object(inner) if !inner.is_empty() => flatten(&path, part, out),
            _ => out.push(shown(path, value(part))),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(body: &Json, answer: &Json, columns: &[&str], rows: &Json) {
        let table = of(body, answer).unwrap();
        assert_eq!(table.columns, columns);
        assert_eq!(serde_json::to_value(&table.rows).unwrap(), *rows);
    }

    #[test]
    fn documents_have_their_fields_by_path() {
        let answer = json!({"hits": {"total": {"value": 2}, "hits": [
            {"_source": {"id": 1, "customer": {"name": "Ann"}, "tags": ["a", "b"]}}, {"_source": {"id": 2}}]}});
        check(
            &json!({"_source": ["id", "customer.name"]}),
            &answer,
            &["id", "customer.name"],
            &json!([[1, "Ann"], [2, null]]),
        );
        check(
            &json!({}),
            &answer,
            &["id", "customer.name", "tags"],
            &json!([[1, "Ann", "[\"a\",\"b\"]"], [2, null, null]]),
        );
        assert!(of(&json!({"size": 10000}), &json!({"hits": {"total": {"value": 20000}, "hits": []}})).unwrap().more);
    }

    #[test]
    fn objects_of_lists_are_rows_and_none_is_lost() {
        let hit = |total: u64| {
            json!({"hits": {"hits": [{"_source": {"id": 7}, "inner_hits": {"lines": {"hits": {
            "total": {"value": total}, "hits": [
                {"_nested": {"field": "lines"}, "_source": {"quantity": 1}},
                {"_nested": {"field": "lines"}, "_source": {"quantity": 3}}]}}}}]}})
        };
        check(&json!({"_source": ["id"]}), &hit(2), &["id", "lines.quantity"], &json!([[7, 1], [7, 3]]));
        assert!(of(&json!({"_source": ["id"]}), &hit(3)).is_err());
    }

    #[test]
    fn groups_are_rows() {
        let buckets = json!({"aggregations": {"country": {"buckets": [
            {"key": "France", "doc_count": 2, "total": {"value": 5.0}, "lines": {"doc_count": 9, "q": {"value": 1.5}}}]}}});
        let terms = json!({"terms": {"field": "country"}});
        check(&json!({"aggs": {"country": terms}}), &buckets, &["country", "count"], &json!([["France", 2]]));
        let with = json!({"terms": {"field": "country"}, "aggs": {
            "total": {"sum": {"field": "total"}},
            "lines": {"nested": {"path": "lines"}, "aggs": {"q": {"avg": {"field": "lines.quantity"}}}}}});
        check(&json!({"aggs": {"country": with}}), &buckets, &["country", "total", "q"], &json!([["France", 5, 1.5]]));
        let mut told = with.clone();
        told["meta"] = json!({"columns": ["q", "lines", "count"]});
        check(&json!({"aggs": {"country": told}}), &buckets, &["q", "lines", "count"], &json!([[1.5, 9, 2]]));
    }

    #[test]
    fn keys_are_readable() {
        let months =
            json!({"aggregations": {"month": {"buckets": [{"key_as_string": "2024-01", "key": 1, "doc_count": 3}]}}});
        let histogram = json!({"aggs": {"month": {"date_histogram": {"field": "d"}}}});
        check(&histogram, &months, &["month", "count"], &json!([["2024-01", 3]]));
        let pages = json!({"aggregations": {"groups": {"buckets": [{"key": {"day": 86_400_000, "paid": true}, "doc_count": 3}]}}});
        let composite =
            json!({"aggs": {"groups": {"composite": {"sources": [{"day": {"date_histogram": {"field": "d"}}}]}}}});
        check(&composite, &pages, &["day", "paid", "count"], &json!([["1970-01-02T00:00:00.000Z", true, 3]]));
        let many = json!({"aggregations": {"a, b": {"buckets": [{"key": ["x", 2], "doc_count": 3}]}}});
        check(&json!({"aggs": {"a, b": {"multi_terms": {}}}}), &many, &["a", "b", "count"], &json!([["x", 2, 3]]));
    }

    #[test]
    fn metrics_alone_are_one_row() {
        let answer = json!({"hits": {"total": {"value": 4}}, "aggregations": {
            "last": {"value": 1.0, "value_as_string": "2024-01-01T00:00:00.000Z"}, "s": {"count": 2, "sum": 3.5}, "none": {"value": null}}});
        let body = json!({"size": 0, "track_total_hits": true, "aggs": {
            "last": {"max": {}}, "s": {"stats": {}}, "none": {"avg": {}}}});
        check(
            &body,
            &answer,
            &["count", "last", "s.count", "s.sum", "none"],
            &json!([[4, "2024-01-01T00:00:00.000Z", 2, 3.5, null]]),
        );
    }
}
