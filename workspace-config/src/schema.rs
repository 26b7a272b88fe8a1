//! JSON Schemas and the settings page, from the declared keys.

use serde_json::{Map, Value, json};

use crate::{
    declared::{Key, Object, Presence, Shape, annotations::FILE, config::CONFIG, examples, prompts::PROMPT},
    yaml::{self, Node},
};

const DRAFT: &str = "http://json-schema.org/draft-07/schema#";

/// The JSON Schema (draft 7, which editors' YAML support reads) of `nlq.yaml`.
pub fn config_schema() -> Value {
    schema(&CONFIG, "nlq.yaml")
}

/// The JSON Schema (draft 7) of `*.annotations.yaml`.
pub fn annotations_schema() -> Value {
    schema(&FILE, "nlq annotations")
}

/// The JSON Schema (draft 7) of `.nlq/examples/*.yaml`.
pub fn examples_schema() -> Value {
    schema(&examples::FILE, "nlq examples")
}

/// The JSON Schema (draft 7) of a prompt file.
pub fn prompt_schema() -> Value {
    schema(&PROMPT, "nlq prompt")
}

fn schema(root: &'static Object, title: &str) -> Value {
    let mut definitions = Map::new();
    let mut out = object_schema(root, &mut definitions);
    out["$schema"] = DRAFT.into();
    out["title"] = title.into();
    out["definitions"] = definitions.into();
    out
}

fn object_schema(object: &'static Object, definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    let mut conditions = Vec::new();
    for key in object.keys {
        let mut property = key_schema(key, definitions);
        property["description"] = key.doc.into();
        if let Presence::Default(yaml) = key.presence {
            property["default"] = json_of(&yaml::parse(yaml).root);
        }
        properties.insert(key.name.into(), property);
        if let Shape::NamedBySystem(variants) = key.shape {
            conditions.extend(variants.iter().map(|(system, variant)| {
                let named = json!({ "type": "object", "additionalProperties": reference(variant, definitions) });
                json!({ "if": is_system(system), "then": { "properties": { key.name: named } } })
            }));
        }
    }
    let required = object.keys.iter().filter(|key| key.presence == Presence::Required);
    let required: Vec<&str> = required.map(|key| key.name).collect();
    let mut out = json!({
        "description": object.doc,
        "type": "object",
        "properties": properties,
        "patternProperties": { "^x-": {} },
        "additionalProperties": false,
    });
    if !required.is_empty() {
        out["required"] = required.into();
    }
    if !conditions.is_empty() {
        out["allOf"] = conditions.into();
    }
    out
}

/// Holds for `type: system` and for `type: sql` with `dialect: system`.
fn is_system(system: &str) -> Value {
    json!({ "anyOf": [
        { "properties": { "type": { "const": system } }, "required": ["type"] },
        { "properties": { "type": { "const": "sql" }, "dialect": { "const": system } }, "required": ["type", "dialect"] },
    ] })
}

fn reference(object: &'static Object, definitions: &mut Map<String, Value>) -> Value {
    if !definitions.contains_key(object.name) {
        definitions.insert(object.name.into(), Value::Null);
        let schema = object_schema(object, definitions);
        definitions.insert(object.name.into(), schema);
    }
    json!({ "$ref": format!("#/definitions/{}", object.name) })
}

fn key_schema(key: &Key, definitions: &mut Map<String, Value>) -> Value {
    // What is read as text may be written without quotes, as a number or a truth value.
    let text = json!({ "type": ["string", "number", "boolean"] });
    match &key.shape {
        Shape::Text | Shape::TextOrReference => text,
        // Letters of all scripts, told by what is not one: `\p{L}` is not known everywhere.
        Shape::Name => json!({ "type": "string", "pattern": "^[^\\s!-,./:-@\\[-^`{-~]+$" }),
        Shape::Password => json!({ "type": "string", "pattern": "^\\$\\{(env|file|keyring|command):.+\\}$" }),
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Shape::Number { min, max } => json!({ "type": "number", "minimum": min, "maximum": max }),
        Shape::Word(words) => {
            let (names, docs): (Vec<&str>, Vec<&str>) = words.iter().copied().unzip();
            json!({ "enum": names, "markdownEnumDescriptions": docs })
        }
        Shape::Texts | Shape::Globs => json!({ "type": "array", "items": text }),
        Shape::Joins => {
            json!({ "type": "array", "items": { "type": "string", "pattern": "^\\S+\\.\\S+\\s*->\\s*\\S+\\.\\S+$" } })
        }
        // A description beside `$ref` is passed over in draft 7.
        Shape::Object(object) => json!({ "allOf": [reference(object, definitions)] }),
        Shape::List(object) => json!({ "type": "array", "items": reference(object, definitions) }),
        Shape::Named(object) => json!({ "type": "object", "additionalProperties": reference(object, definitions) }),
        Shape::Settings => json!({ "type": "object", "additionalProperties": text }),
        Shape::Free | Shape::NamedBySystem(_) => json!({ "type": "object" }),
    }
}

/// A tree as JSON.
pub(crate) fn json_of(node: &Node) -> Value {
    match &node.value {
        yaml::Value::Null => Value::Null,
        yaml::Value::Scalar { text, plain: true } => {
            serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into())
        }
        yaml::Value::Scalar { text, .. } => text.as_str().into(),
        yaml::Value::List(items) => items.iter().map(json_of).collect(),
        yaml::Value::Map(entries) => {
            entries.iter().map(|entry| (entry.key.clone(), json_of(&entry.node))).collect::<Map<_, _>>().into()
        }
    }
}

/// `docs/settings.md`: every setting with its default and meaning.
#[cfg(test)]
fn settings_page() -> String {
    use crate::editor_settings;

    let mut out = String::from(
        "<!-- Generated from workspace-config/src/declared by its tests; `UPDATE_EXPECT=1` writes it anew. -->\n# Settings\n",
    );
    let head = "\n| setting | value | default | meaning |\n|---|---|---|---|\n";
    out +=
        "\n## nlq.yaml\nThe file that makes a folder a workspace. Keys that begin with `x-` are free, for anchors.\n";
    out += head;
    rows(&mut out, "", &CONFIG);
    out += "\n## *.annotations.yaml\n";
    out += head;
    rows(&mut out, "", &FILE);
    out += "\n## .nlq/examples/*.yaml\n";
    out += head;
    rows(&mut out, "", &examples::FILE);
    out += "\n## .nlq/prompts/*.yaml\nA prompt of the same name stands above nlq's own.\n";
    out += head;
    rows(&mut out, "", &PROMPT);
    out += "\n## VS Code\n\n| setting | default | meaning |\n|---|---|---|\n";
    for setting in editor_settings() {
        out += &format!("| `{}` | `{}` | {} |\n", setting.name, setting.schema["default"], setting.doc);
    }
    out
}

#[cfg(test)]
fn rows(out: &mut String, path: &str, object: &Object) {
    for key in object.keys {
        let path = format!("{path}{}", key.name);
        let row = |out: &mut String| {
            let default = match key.presence {
                Presence::Required => "required".into(),
                Presence::Optional => String::new(),
                Presence::Default(yaml) => format!("`{yaml}`"),
            };
            *out += &format!("| `{path}` | {} | {default} | {} |\n", key.shape.describe(), key.doc);
        };
        match &key.shape {
            Shape::Object(object) => rows(out, &format!("{path}."), object),
            Shape::List(object) => {
                row(out);
                rows(out, &format!("{path}[]."), object);
            }
            Shape::Named(object) => {
                row(out);
                rows(out, &format!("{path}.NAME."), object);
            }
            Shape::NamedBySystem(variants) => {
                row(out);
                for (system, object) in *variants {
                    rows(out, &format!("{path}.NAME.({system})."), object);
                }
            }
            _ => row(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect_file;

    use super::*;

    fn pretty(value: &Value) -> String {
        format!("{value:#}\n")
    }

    #[test]
    fn generated_files_are_up_to_date() {
        expect_file!["../schemas/nlq.schema.json"].assert_eq(&pretty(&config_schema()));
        expect_file!["../schemas/annotations.schema.json"].assert_eq(&pretty(&annotations_schema()));
        expect_file!["../schemas/examples.schema.json"].assert_eq(&pretty(&examples_schema()));
        expect_file!["../schemas/prompt.schema.json"].assert_eq(&pretty(&prompt_schema()));
        expect_file!["../../docs/settings.md"].assert_eq(&settings_page());
    }

    #[test]
    fn every_default_fits_its_own_declaration() {
        fn walk(object: &'static Object) {
            for key in object.keys {
                if let Presence::Default(yaml) = key.presence {
                    assert!(crate::check::problem(key, &yaml::parse(yaml).root).is_none(), "{}", key.name);
                }
                match key.shape {
                    Shape::Object(object) | Shape::List(object) | Shape::Named(object) => walk(object),
                    Shape::NamedBySystem(variants) => variants.iter().for_each(|(_, object)| walk(object)),
                    _ => {}
                }
            }
        }
        walk(&CONFIG);
        walk(&FILE);
        walk(&examples::FILE);
        walk(&PROMPT);
    }
}
