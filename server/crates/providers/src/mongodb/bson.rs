//! Values of queries as BSON, and BSON as cells.

use mongodb::bson::{Bson, DateTime, Decimal128, Document, Regex, oid::ObjectId, spec::BinarySubtype};
use nlq_query::mongo;

use crate::{ProblemKind, ProviderError, Value};

/// A value of a query.
pub(super) fn bson(node: &mongo::Node) -> Result<Bson, ProviderError> {
    let wrong = |what: String| ProviderError::new(ProblemKind::Syntax, what).at(Some(node.span));
    Ok(match &node.value {
        mongo::Value::Document(entries) => {
            let mut document = Document::new();
            for (key, value) in entries {
                if document.contains_key(&key.name) {
                    let message = format!("`{}` stands twice in one document: only the last would count", key.name);
                    return Err(ProviderError::new(ProblemKind::Syntax, message).at(Some(key.span)));
                }
                document.insert(key.name.clone(), bson(value)?);
            }
            Bson::Document(document)
        }
        mongo::Value::Array(items) => Bson::Array(items.iter().map(bson).collect::<Result<_, _>>()?),
        mongo::Value::Text(text) => Bson::String(text.clone()),
        mongo::Value::Int(number) => Bson::Int32(*number),
        mongo::Value::Long(number) => Bson::Int64(*number),
        mongo::Value::Double(number) => Bson::Double(*number),
        mongo::Value::Decimal(digits) => Bson::Decimal128(
            digits.parse::<Decimal128>().map_err(|_| wrong(format!("`{digits}` is no decimal number")))?,
        ),
        mongo::Value::Boolean(value) => Bson::Boolean(*value),
        mongo::Value::Null => Bson::Null,
        mongo::Value::Date(millis) => Bson::DateTime(DateTime::from_millis(*millis)),
        mongo::Value::ObjectId(hex) => {
            Bson::ObjectId(ObjectId::parse_str(hex).map_err(|_| wrong(format!("`{hex}` is no ObjectId")))?)
        }
        mongo::Value::Uuid(text) => {
            let uuid = mongodb::bson::Uuid::parse_str(text).map_err(|_| wrong(format!("`{text}` is no UUID")))?;
            Bson::Binary(uuid.into())
        }
        mongo::Value::Regex { pattern, options } => {
            let regex = || -> Option<Regex> {
                Some(Regex { pattern: pattern.as_str().try_into().ok()?, options: options.as_str().try_into().ok()? })
            };
            Bson::RegularExpression(regex().ok_or_else(|| wrong("a regular expression holds a NUL".to_owned()))?)
        }
        mongo::Value::MinKey => Bson::MinKey,
        mongo::Value::MaxKey => Bson::MaxKey,
        mongo::Value::Parameter(name) => return Err(wrong(format!("the parameter {name} has no value yet"))),
        mongo::Value::Broken => return Err(wrong("this value cannot be read".to_owned())),
    })
}

/// A document of a query; empty when none is given.
pub(super) fn document(node: Option<&mongo::Node>) -> Result<Document, ProviderError> {
    match node.map(bson).transpose()? {
        Some(Bson::Document(document)) => Ok(document),
        None | Some(Bson::Null) => Ok(Document::new()),
        Some(_) => {
            Err(ProviderError::new(ProblemKind::Syntax, "a document is expected here").at(node.map(|node| node.span)))
        }
    }
}

/// A cell: what has a natural form has it, documents and arrays are JSON.
pub(super) fn cell(value: &Bson) -> Value {
    match value {
        Bson::Null | Bson::Undefined => Value::Null,
        Bson::Boolean(value) => Value::Bool(*value),
        Bson::Int32(number) => Value::Int(i64::from(*number)),
        Bson::Int64(number) => Value::Int(*number),
        Bson::Double(number) if number.is_finite() => Value::Float(*number),
        Bson::Double(number) => Value::Text(number.to_string()),
        Bson::String(text) => Value::Text(text.clone()),
        Bson::DateTime(at) => Value::Text(moment(*at)),
        Bson::ObjectId(id) => Value::Text(id.to_hex()),
        Bson::Decimal128(number) => Value::Text(number.to_string()),
        Bson::Binary(binary) if binary.subtype == BinarySubtype::Uuid => {
            Value::Text(binary.to_uuid().map_or_else(|_| json(value), |uuid| uuid.to_string()))
        }
        other => Value::Text(json(other)),
    }
}

/// A moment in ISO form.
fn moment(at: DateTime) -> String {
    at.try_to_rfc3339_string().unwrap_or_else(|_| at.timestamp_millis().to_string())
}

/// Relaxed Extended JSON on one line.
pub(super) fn json(value: &Bson) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    match value {
        Bson::Document(document) => {
            let entries: Vec<String> =
                document.iter().map(|(key, value)| format!("{}: {}", text(key), json(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Bson::Array(items) => format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(", ")),
        Bson::String(string) => text(string),
        Bson::Null | Bson::Undefined => "null".to_owned(),
        Bson::Boolean(value) => value.to_string(),
        Bson::Int32(number) => number.to_string(),
        Bson::Int64(number) => number.to_string(),
        Bson::Double(number) if number.is_finite() => serde_json::Value::from(*number).to_string(),
        Bson::Double(number) => format!("{{\"$numberDouble\": \"{number}\"}}"),
        Bson::DateTime(at) => format!("{{\"$date\": {}}}", text(&moment(*at))),
        Bson::ObjectId(id) => format!("{{\"$oid\": {}}}", text(&id.to_hex())),
        Bson::Decimal128(number) => format!("{{\"$numberDecimal\": {}}}", text(&number.to_string())),
        Bson::RegularExpression(regex) => format!(
            "{{\"$regularExpression\": {{\"pattern\": {}, \"options\": {}}}}}",
            text(regex.pattern.as_str()),
            text(regex.options.as_str())
        ),
        Bson::Binary(binary) => format!("{{\"$binary\": \"{} bytes\"}}", binary.bytes.len()),
        Bson::Timestamp(at) => format!("{{\"$timestamp\": {{\"t\": {}, \"i\": {}}}}}", at.time, at.increment),
        Bson::MinKey => "{\"$minKey\": 1}".to_owned(),
        Bson::MaxKey => "{\"$maxKey\": 1}".to_owned(),
        other => text(&other.to_string()),
    }
}

/// The name of a value's type, as `$type` gives it.
pub(super) fn type_name(value: &Bson) -> &'static str {
    match value {
        Bson::Double(_) => "double",
        Bson::String(_) | Bson::Symbol(_) => "string",
        Bson::Document(_) => "object",
        Bson::Array(_) => "array",
        Bson::Binary(_) => "binData",
        Bson::ObjectId(_) => "objectId",
        Bson::Boolean(_) => "bool",
        Bson::DateTime(_) => "date",
        Bson::Null | Bson::Undefined => "null",
        Bson::RegularExpression(_) => "regex",
        Bson::Int32(_) => "int",
        Bson::Int64(_) => "long",
        Bson::Timestamp(_) => "timestamp",
        Bson::Decimal128(_) => "decimal",
        _ => "other",
    }
}
