//! The settings of the VS Code extension.

use serde_json::{Value, json};

/// One setting of the editor.
#[derive(Debug, Clone, PartialEq)]
pub struct EditorSetting {
    /// Its full name, such as `nlq.server.path`.
    pub name: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// Its JSON Schema: type, words, default.
    pub schema: Value,
}

/// All settings of the editor.
pub fn editor_settings() -> Vec<EditorSetting> {
    let setting = |name, schema, doc| EditorSetting { name, doc, schema };
    vec![
        setting(
            "nlq.server.path",
            json!({ "type": "string", "default": "", "scope": "machine" }),
            "The nlq program. When empty, the one that comes with the extension, else the one on the PATH.",
        ),
        setting(
            "nlq.server.extraArgs",
            json!({ "type": "array", "items": { "type": "string" }, "default": [], "scope": "machine" }),
            "More arguments for `nlq lsp`.",
        ),
        setting(
            "nlq.trace.server",
            json!({ "type": "string", "enum": ["off", "messages", "verbose"], "default": "off", "scope": "window" }),
            "Log what the editor and the server say to each other.",
        ),
        setting(
            "nlq.diagnostics.allStatements",
            json!({ "type": "boolean", "default": false, "scope": "window" }),
            "Check all statements of SQL files, not only those below a prompt.",
        ),
        setting(
            "nlq.inlayHints.enabled",
            json!({ "type": "boolean", "default": true, "scope": "window" }),
            "Show confidence, row count and staleness beside answers.",
        ),
        setting(
            "nlq.codeLens.enabled",
            json!({ "type": "boolean", "default": true, "scope": "window" }),
            "Show Generate, Run and other actions above prompts.",
        ),
    ]
}

/// The `contributes.configuration` of `editors/vscode/package.json`: that file holds exactly this value, and
/// `tests/vscode.rs` fails with what to copy when it does not.
pub fn editor_configuration() -> Value {
    let properties = editor_settings().into_iter().map(|setting| {
        let mut schema = setting.schema;
        schema["markdownDescription"] = setting.doc.into();
        (setting.name.to_owned(), schema)
    });
    json!({ "title": "nlq", "properties": properties.collect::<serde_json::Map<_, _>>() })
}
