//! The VS Code extension declares exactly the settings that nlq has.

use serde_json::Value;

#[test]
fn the_manifest_declares_the_settings() {
    let manifest: Value = serde_json::from_str(include_str!("../../editors/vscode/package.json")).expect("JSON");
    let wanted = nlq_config::editor_configuration();
    assert_eq!(
        manifest["contributes"]["configuration"],
        wanted,
        "set contributes.configuration of editors/vscode/package.json to:\n{}",
        serde_json::to_string_pretty(&wanted).expect("JSON")
    );
}
