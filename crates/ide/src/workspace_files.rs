//! Features of the workspace's own files: `nlq.yaml` and annotation files.

use nlq_text::Diagnostic;

use crate::{CompletionItem, Hover, WorkspaceView};

/// Everything to say about the text of an `nlq.yaml`.
pub fn config_diagnostics(text: &str) -> Vec<Diagnostic> {
    nlq_config::parse_config(text).diagnostics
}

/// Everything to say about the text of an annotation file, checked against the schemas that are known.
pub fn annotation_diagnostics(text: &str, workspace: &WorkspaceView) -> Vec<Diagnostic> {
    let parsed = nlq_config::parse_annotations(text);
    let mut diagnostics = parsed.diagnostics;
    let catalogs = workspace.connections.values().filter_map(|connection| connection.index.as_ref());
    // A file may be about any of the connections: what one of them knows is not unknown.
    let unknown = catalogs.map(|index| nlq_config::check_annotations(&parsed.value, text, index.catalog())).reduce(
        |all, other| {
            let known = |d: &Diagnostic| !other.iter().any(|o| o.span == d.span && o.code == d.code);
            all.into_iter().filter(|diagnostic| !known(diagnostic)).collect()
        },
    );
    diagnostics.extend(unknown.unwrap_or_default());
    diagnostics
}

/// What could stand at `offset` of an `nlq.yaml`.
pub fn config_completions(text: &str, offset: usize, workspace: &WorkspaceView) -> Vec<CompletionItem> {
    let _ = (text, offset, workspace);
    Vec::new()
}

/// What could stand at `offset` of an annotation file: keys, tables, columns.
pub fn annotation_completions(text: &str, offset: usize, workspace: &WorkspaceView) -> Vec<CompletionItem> {
    let _ = (text, offset, workspace);
    Vec::new()
}

/// What is known of the setting or connection at `offset` of an `nlq.yaml`.
pub fn config_hover(text: &str, offset: usize, workspace: &WorkspaceView) -> Option<Hover> {
    let _ = (text, offset, workspace);
    None
}

/// What is known of the table or column at `offset` of an annotation file.
pub fn annotation_hover(text: &str, offset: usize, workspace: &WorkspaceView) -> Option<Hover> {
    let _ = (text, offset, workspace);
    None
}
