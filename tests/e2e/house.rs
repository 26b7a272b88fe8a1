//! The invariants of docs/architecture.md that the sources themselves can show.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All Rust sources below a folder, with their path from the root.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
                found.push((name, fs::read_to_string(path).expect("text")));
            }
        }
    }
    found
}

fn naming(word: &str, folders: &[&str], but: &[&str]) -> Vec<String> {
    let all = folders.iter().flat_map(|folder| sources(folder));
    all.filter(|(name, text)| text.contains(word) && !but.iter().any(|but| name.starts_with(but)))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn only_its_own_folder_knows_lsp() {
    assert_eq!(
        naming("tower_lsp_server::", &["server/crates", "workspace-config", "server/src"], &["server/src/lsp/"]),
        [""; 0]
    );
}

#[test]
fn only_providers_open_connections() {
    // The state is a file of nlq's own, the demo makes a database, and the evaluation perturbed copies; they reach nobody's.
    let but = [
        "server/crates/providers/",
        "server/crates/knowledge/src/state/",
        "server/src/cli/demo/",
        "server/src/cli/eval/perturb.rs",
    ];
    assert_eq!(naming("sqlx::", &["server/crates", "workspace-config", "server/src"], &but), [""; 0]);
}

#[test]
fn each_floor_stands_only_on_those_below() {
    let floors =
        ["text", "catalog", "query", "syntax", "config", "llm", "knowledge", "providers", "engine", "agents", "ide"];
    for (height, floor) in floors.iter().enumerate() {
        let folder = if *floor == "config" { "workspace-config".to_owned() } else { format!("server/crates/{floor}") };
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("a manifest");
        let needed = manifest.split("[dev-dependencies]").next().unwrap_or_default();
        for line in needed.lines().filter_map(|line| line.strip_prefix("nlq-")) {
            let below = line.split(['.', ' ', '=']).next().unwrap_or_default();
            let place = floors.iter().position(|known| *known == below);
            assert!(place.is_some_and(|place| place < height), "nlq-{floor} stands on nlq-{below}");
        }
    }
    // The engine knows traits, not services; features know no input or output.
    for (folder, word) in [
        ("server/crates/engine/src", "nlq_providers"),
        ("server/crates/ide/src", "std::fs"),
        ("server/crates/ide/src", "nlq_providers"),
    ] {
        assert_eq!(naming(word, &[folder], &[]), [""; 0]);
    }
}
