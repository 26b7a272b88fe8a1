use serde_json::{Map, Value};

use crate::{Rendered, Reply, Stop, Tool};

impl Rendered {
    /// The structured output of a reply: the arguments of the call that was asked for, else JSON that stands in the text,
    /// else, when the form asks for a `query`, the only fenced block of the text. It has the form's required keys with the
    /// declared types (a lone fenced block gives `query` alone). The error is one sentence that can be said to the model.
    pub fn read_output(&self, reply: &Reply) -> Result<Value, String> {
        match self.chat.tools.iter().find(|tool| Some(&tool.name) == self.chat.must_call.as_ref()) {
            Some(tool) => read_output(reply, tool),
            None => Err(format!("the prompt `{}` asks for free text", self.name)),
        }
    }
}

fn read_output(reply: &Reply, tool: &Tool) -> Result<Value, String> {
    if reply.stop == Stop::Refusal {
        return Err("the model declined to answer".into());
    }
    let call = reply.calls.iter().find(|call| call.name == tool.name).map(|call| &call.arguments);
    let mut wrong = None;
    for candidate in call.filter(|arguments| arguments.is_object()).cloned().into_iter().chain(objects(&reply.text)) {
        match fits(unwrapped(&candidate, tool), &tool.parameters, "the reply") {
            Ok(value) => return Ok(value),
            Err(error) => wrong = wrong.or(Some(error)),
        }
    }
    if tool.parameters.pointer("/properties/query").is_some()
        && let Some(query) = only_block(&reply.text)
    {
        return Ok(Value::Object(Map::from_iter([("query".into(), query.into())])));
    }
    if reply.stop == Stop::Length {
        return Err("the reply was cut at `max_tokens`: answer shorter".into());
    }
    Err(wrong.unwrap_or_else(|| format!("the reply is not JSON: call `{}` with its arguments", tool.name)))
}

/// Models without tools sometimes write the call itself: `{"name": …, "arguments": {…}}`.
fn unwrapped<'a>(value: &'a Value, tool: &Tool) -> &'a Value {
    let named = value.get("name").and_then(Value::as_str) == Some(&tool.name);
    let inner =
        ["arguments", "parameters", "input"].iter().find_map(|key| value.get(key)).filter(|inner| inner.is_object());
    inner.filter(|_| named).unwrap_or(value)
}

/// Every JSON object of a text, outermost only, the last first: models think first and answer last.
fn objects(text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find('{').map(|offset| at + offset) {
        let mut stream = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
        at = match stream.next() {
            Some(Ok(value)) => {
                found.push(value);
                start + stream.byte_offset()
            }
            _ => start + 1,
        };
    }
    found.reverse();
    found
}

/// The content of the only fenced block.
fn only_block(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split("```").collect();
    let [_, block, _] = parts[..] else { return None };
    // The first line is the language.
    let query = block.split_once('\n').map_or(block, |(_, query)| query).trim();
    (!query.is_empty()).then(|| query.to_owned())
}

/// The part of JSON Schema that forms of replies use: `type`, `required`, `properties`, `items`, `enum`. A number where
/// text is asked for, and the like, is brought into form; everything else that does not fit is said.
fn fits(value: &Value, schema: &Value, place: &str) -> Result<Value, String> {
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let value = match types.iter().find_map(|name| of_type(value, name)) {
        Some(value) => value,
        None if types.is_empty() => value.clone(),
        None => return Err(format!("{place} must be {}", types.join(" or "))),
    };
    if let Some(words) = schema.get("enum").and_then(Value::as_array)
        && !words.contains(&value)
    {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        return Err(format!("{place} must be one of {}", words.join(", ")));
    }
    match value {
        Value::Object(mut map) => {
            let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
            if let Some(missing) = required.filter_map(Value::as_str).find(|name| !map.contains_key(*name)) {
                return Err(format!("`{missing}` is missing in {place}"));
            }
            for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
                if let Some(inner) = map.get_mut(name) {
                    *inner = fits(inner, schema, &format!("`{name}`"))?;
                }
            }
            Ok(Value::Object(map))
        }
        Value::Array(items) => {
            let Some(schema) = schema.get("items") else { return Ok(Value::Array(items)) };
            items.iter().map(|item| fits(item, schema, &format!("each of {place}"))).collect()
        }
        value => Ok(value),
    }
}

/// The value as this type, when it is or plainly stands for one.
fn of_type(value: &Value, name: &str) -> Option<Value> {
    let fits = match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => true,
    };
    if fits {
        return Some(value.clone());
    }
    // Some models write nested JSON as text, and numbers too.
    let inner: Value = serde_json::from_str(value.as_str()?).ok()?;
    matches!(
        (name, &inner),
        ("object", Value::Object(_))
            | ("array", Value::Array(_))
            | ("number", Value::Number(_))
            | ("boolean", Value::Bool(_))
    )
    .then_some(inner)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;
    use crate::ToolCall;

    fn tool() -> Tool {
        let parameters = json!({
            "type": "object",
            "properties": {
                "query": { "type": "string" },
                "confidence": { "type": "number" },
                "options": { "type": "array", "items": { "type": "object", "required": ["label"] } },
                "why": { "type": ["string", "null"] },
            },
            "required": ["query", "confidence"],
        });
        Tool { name: "answer".into(), description: String::new(), parameters }
    }

    fn read(reply: Reply) -> String {
        read_output(&reply, &tool()).map_or_else(|error| format!("ERROR {error}\n"), |value| format!("{value}\n"))
    }

    #[test]
    fn calls_prose_fences_and_bare_queries_are_read() {
        let text = |text: &str| Reply { text: text.into(), ..Reply::default() };
        let call = |arguments: Value| {
            let call = ToolCall { id: "1".into(), name: "answer".into(), arguments };
            Reply { calls: vec![call], ..Reply::default() }
        };
        let replies = [
            call(json!({"query": "x", "confidence": 0.5, "why": null})),
            call(json!({"query": "x", "confidence": "0.5", "options": "[{\"label\": \"a\"}]"})),
            call(json!({"query": "x"})),
            call(json!({"query": "x", "confidence": 1, "options": [{}]})),
            text(
                "First {a} thought: {\"query\": \"draft\", \"confidence\": 0}. Then\n```json\n{\"query\": \"x {}\", \"confidence\": 1}\n```",
            ),
            text("{\"name\": \"answer\", \"arguments\": {\"query\": \"x\", \"confidence\": 1}}"),
            text("Here it is:\n```sql\nSELECT 1\n```\nGood luck."),
            text("```sql\nSELECT 1\n```\nor\n```sql\nSELECT 2\n```"),
            text("I do not know."),
            Reply { stop: Stop::Length, ..text("{\"query\": \"SEL") },
            Reply { stop: Stop::Refusal, ..text("{\"query\": \"x\", \"confidence\": 1}") },
        ];
        expect![[r#"
            {"query":"x","confidence":0.5,"why":null}
            {"query":"x","confidence":0.5,"options":[{"label":"a"}]}
            ERROR `confidence` is missing in the reply
            ERROR `label` is missing in each of `options`
            {"query":"x {}","confidence":1}
            {"query":"x","confidence":1}
            {"query":"SELECT 1"}
            ERROR the reply is not JSON: call `answer` with its arguments
            ERROR the reply is not JSON: call `answer` with its arguments
            ERROR the reply was cut at `max_tokens`: answer shorter
            ERROR the model declined to answer
        "#]]
        .assert_eq(&replies.map(read).concat());
    }
}
