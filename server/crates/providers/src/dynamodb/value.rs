//! Attribute values as cells and as JSON.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::Value;

/// The type and the content of an attribute value.
pub(super) fn parts(attribute: &Json) -> Option<(&str, &Json)> {
    attribute.as_object()?.iter().next().map(|(kind, content)| (kind.as_str(), content))
}

/// A value as a cell: maps, lists and sets as JSON text.
pub(super) fn cell(attribute: &Json) -> Value {
    let Some((kind, content)) = parts(attribute) else { return Value::Null };
    match (kind, content) {
        ("NULL", _) => Value::Null,
        ("BOOL", Json::Bool(value)) => Value::Bool(*value),
        ("S" | "B", Json::String(text)) => Value::Text(text.clone()),
        ("N", Json::String(digits)) => number(digits),
        _ => Value::Text(json(attribute).to_string()),
    }
}

/// DynamoDB keeps 38 digits: what a cell cannot hold exactly stays text.
fn number(digits: &str) -> Value {
    if let Ok(whole) = digits.parse() {
        return Value::Int(whole);
    }
    let significant = digits.bytes().filter(u8::is_ascii_digit).count();
    match digits.parse::<f64>() {
        Ok(value) if value.is_finite() && significant <= 15 => Value::Float(value),
        _ => Value::Text(digits.to_owned()),
    }
}

/// A value as plain JSON.
fn json(attribute: &Json) -> Json {
    let Some((kind, content)) = parts(attribute) else { return Json::Null };
    match (kind, content) {
        ("NULL", _) => Json::Null,
        ("N", Json::String(digits)) => match number(digits) {
            Value::Int(whole) => whole.into(),
            Value::Float(value) => value.into(),
            _ => digits.clone().into(),
        },
        // A map has no order: its entries are shown by name.
        ("M", Json::Object(entries)) => {
            let sorted: BTreeMap<&String, Json> = entries.iter().map(|(name, value)| (name, json(value))).collect();
            Json::Object(sorted.into_iter().map(|(name, value)| (name.clone(), value)).collect())
        }
        ("L", Json::Array(items)) => items.iter().map(json).collect(),
        ("NS", Json::Array(items)) => items.iter().map(|item| json(&serde_json::json!({ "N": item }))).collect(),
        (_, other) => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_type_has_a_cell() {
        for (attribute, wanted) in [
            (json!({"S": "x"}), Value::Text("x".into())),
            (json!({"N": "12"}), Value::Int(12)),
            (json!({"N": "1.50"}), Value::Float(1.5)),
            (json!({"N": "12345678901234567890123.5"}), Value::Text("12345678901234567890123.5".into())),
            (json!({"BOOL": true}), Value::Bool(true)),
            (json!({"NULL": true}), Value::Null),
            (json!({"SS": ["a", "b"]}), Value::Text(r#"["a","b"]"#.into())),
            (json!({"NS": ["1", "2.5"]}), Value::Text("[1,2.5]".into())),
            (json!({"M": {"a": {"L": [{"N": "1"}, {"NULL": true}]}}}), Value::Text(r#"{"a":[1,null]}"#.into())),
            (json!({}), Value::Null),
        ] {
            assert_eq!(cell(&attribute), wanted, "{attribute}");
        }
    }
}
