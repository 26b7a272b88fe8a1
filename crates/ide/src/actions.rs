use nlq_config::ConnectionRef;
use nlq_text::{Edit, Span};

use crate::Snapshot;

/// One entry of the code-action menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// What the user reads; names the connection where one is used.
    pub title: String,
    /// What kind of entry it is.
    pub kind: ActionKind,
    /// Comes first and is taken by "fix it".
    pub preferred: bool,
    /// What happens when it is picked.
    pub target: ActionTarget,
}

/// Kinds that editors group by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionKind {
    /// Mends a diagnostic.
    QuickFix,
    /// Writes or replaces an answer.
    Rewrite,
}

/// What happens when an action is picked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionTarget {
    /// These edits, ready.
    Edits(Vec<Edit>),
    /// The answer of a prompt is generated, validated and written; done in `codeAction/resolve`.
    Generate {
        /// Index of the prompt in the document.
        prompt: usize,
        /// The connection it is asked of.
        connection: ConnectionRef,
    },
    /// An alternative of a prompt's answer is written: its place in `Answer::alternatives`.
    Alternative {
        /// Index of the prompt.
        prompt: usize,
        /// The connection it is asked of.
        connection: ConnectionRef,
        /// Index of the alternative.
        alternative: usize,
    },
    /// An option of a clarification is picked: its query is written, and the reply beside the prompt.
    Clarify {
        /// Index of the prompt.
        prompt: usize,
        /// The connection it is asked of.
        connection: ConnectionRef,
        /// Index of the option.
        option: usize,
    },
}

/// The actions that touch `range`, best first. From memory only.
pub fn actions(snapshot: &Snapshot, range: Span) -> Vec<Action> {
    let _ = (snapshot, range);
    Vec::new()
}
