//! Columns of a sourcetype out of what `fieldsummary` says of its fields.

use nlq_catalog::{Column, TypeKind};
use serde_json::Value as Json;

use crate::samples::sample_of;

/// Values of a field that are asked for: one with more is no label.
pub(super) const VALUES: usize = 100;
/// A field is a number when this share of its values is: a few are `-` in many logs.
const NUMERIC: f64 = 0.98;
/// A field whose values nearly all differ names nothing that questions name: ids, messages, addresses of requests.
const DIFFERENT: f64 = 0.5;

/// Fields that the server adds to every event and that say nothing of what happened.
const ADDED: [&str; 9] = [
    "index",
    "sourcetype",
    "linecount",
    "punct",
    "splunk_server",
    "splunk_server_group",
    "timestartpos",
    "timeendpos",
    "eventtype",
];

fn is_added(name: &str) -> bool {
    ADDED.contains(&name)
        || name.starts_with('_')
        || name.starts_with("date_")
        || name == "tag"
        || name.starts_with("tag::")
}

/// The columns of a sourcetype, the time first; `complete` says that every event was looked at, `sampled` whose values may be
/// kept.
pub(super) fn columns(summary: &[&Json], complete: bool, sampled: impl Fn(&str) -> bool) -> Vec<Column> {
    let time = Column {
        name: "_time".to_owned(),
        type_name: "time".to_owned(),
        kind: TypeKind::Timestamp,
        presence: Some(1.0),
        ..Column::default()
    };
    let number = |row: &Json, name: &str| row[name].as_str().and_then(|text| text.parse::<f64>().ok());
    let name = |row: &Json| row["field"].as_str().unwrap_or_default().to_owned();
    // Every event has these, so their count is how many events there were.
    let whole = summary.iter().filter(|row| ["host", "source", "sourcetype"].contains(&name(row).as_str()));
    let events = whole.filter_map(|row| number(row, "count")).fold(0.0, f64::max);
    let rest = summary.iter().filter(|row| !is_added(&name(row))).filter_map(|row| {
        let (name, count) = (name(row), number(row, "count").filter(|count| *count > 0.0)?);
        let kind = kind(row, count);
        let distinct = number(row, "distinct_count").unwrap_or(f64::INFINITY);
        let label =
            kind == TypeKind::Text && distinct <= VALUES as f64 && (distinct <= count * DIFFERENT || distinct <= 2.0);
        let values = if label && sampled(&name) { sample_of(values(row), complete) } else { None };
        Some(Column {
            type_name: if kind == TypeKind::Text { "string" } else { "number" }.to_owned(),
            kind,
            nullable: count < events,
            values,
            presence: Some(if events > 0.0 { (count / events).min(1.0) } else { 1.0 }),
            name,
            ..Column::default()
        })
    });
    let mut rest: Vec<Column> = rest.collect();
    rest.sort_by(|a, b| a.name.cmp(&b.name));
    std::iter::once(time).chain(rest).collect()
}

/// Numbers by their share of the values, whole ones when none that is known has a fraction.
fn kind(row: &Json, count: f64) -> TypeKind {
    let text = |name: &str| row[name].as_str().unwrap_or_default();
    let numeric = text("numeric_count").parse::<f64>().unwrap_or_default();
    if numeric < count * NUMERIC {
        return TypeKind::Text;
    }
    // A number that is written with zeros before it is a label.
    let known = values(row);
    if known.iter().any(|value| value.len() > 1 && value.starts_with('0') && !value.starts_with("0.")) {
        return TypeKind::Text;
    }
    let fraction = |text: &str| text.contains('.') && text.parse::<f64>().is_ok_and(|number| number.fract() != 0.0);
    if known.iter().any(|value| fraction(value)) || fraction(text("min")) || fraction(text("max")) {
        TypeKind::Float
    } else {
        TypeKind::Integer
    }
}

/// The values that a row of a summary lists.
fn values(row: &Json) -> Vec<String> {
    let listed: Json = row["values"].as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let values = listed.as_array().into_iter().flatten();
    values.filter_map(|entry| entry["value"].as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_and_values_follow_from_the_summary() {
        let field = |name: &str, count: u32, distinct: u32, numeric: u32, values: &[&str]| {
            let values: Vec<Json> = values.iter().map(|value| json!({ "value": value, "count": 1 })).collect();
            json!({
                "field": name, "count": count.to_string(), "distinct_count": distinct.to_string(),
                "numeric_count": numeric.to_string(), "values": Json::Array(values).to_string(),
            })
        };
        let rows = [
            field("host", 100, 2, 0, &["b", "a"]),
            field("date_hour", 100, 24, 100, &["1"]),
            field("tag::action", 100, 1, 0, &["x"]),
            field("bytes", 99, 50, 98, &["12", "-"]),
            field("ratio", 100, 50, 100, &["1", "1.5"]),
            field("zip", 100, 50, 100, &["01067", "10115"]),
            field("level", 40, 2, 0, &["INFO", "ERROR"]),
            field("secret", 100, 2, 0, &["x", "y"]),
            field("id", 100, 100, 0, &["p", "q"]),
        ];
        let rows: Vec<&Json> = rows.iter().collect();
        let told: Vec<String> = columns(&rows, false, |name| name != "secret")
            .into_iter()
            .map(|c| {
                let values = c.values.map(|v| v.values.join(",")).unwrap_or_default();
                format!("{} {:?} {:?} {values}", c.name, c.kind, c.presence.unwrap_or_default())
            })
            .collect();
        assert_eq!(
            told,
            [
                "_time Timestamp 1.0 ",
                "bytes Integer 0.99 ",
                "host Text 1.0 a,b",
                "id Text 1.0 ",
                "level Text 0.4 ERROR,INFO",
                "ratio Float 1.0 ",
                "secret Text 1.0 ",
                "zip Text 1.0 01067,10115",
            ]
        );
    }
}
