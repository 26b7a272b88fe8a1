//! Every editor feature as a pure function on an immutable snapshot.
//!
//! No LSP types, no input or output: a [`Snapshot`] goes in, plain data with byte ranges comes out. The language server
//! and the command line both call these functions.
#![cfg_attr(test, allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them"))]

mod actions;
mod completion;
mod definition;
mod derivation;
mod diagnostics;
mod evidence;
mod example_files;
#[cfg(test)]
mod fixture;
mod hints;
mod hover;
mod joins;
mod lenses;
mod markdown;
mod meanings;
mod memo;
mod outline;
mod prompt_completion;
mod prompt_files;
mod reasoning;
mod schema_card;
#[cfg(test)]
mod secrecy_tests;
#[cfg(test)]
mod spl_tests;
mod stream;
mod tokens;
mod view;
mod workspace_files;

pub use actions::{Action, ActionKind, ActionTarget, actions};
pub use completion::{CompletionItem, CompletionItemKind, completions};
pub use definition::{Location, definition};
pub use derivation::{Word, losers, words};
pub use diagnostics::{MAX_DIAGNOSTICS, boundary_title, diagnostics};
pub use evidence::{EvidenceLine, evidence_lines, strategy_of, strategy_words};
pub use example_files::{example_completions, example_diagnostics, example_hover};
pub use hints::{Hint, hints};
pub use hover::{Hover, hover};
pub use joins::{Join, JoinSource, Joins, joins};
pub use lenses::{Lens, LensCommand, lenses};
pub use meanings::{Meaning, other_meanings};
pub use outline::{Fold, OutlineItem, folds, outline};
pub use prompt_files::{prompt_file_completions, prompt_file_diagnostics, prompt_file_hover};
pub use reasoning::reasoning_markdown;
pub use stream::{best_query, reasoning_stream};
pub use tokens::{Token, TokenKind, TokenModifier, tokens};
pub use view::{
    AnnotationSource, ConnectionState, ConnectionView, Conversation, ExampleSource, LastRun, Options, Snapshot,
    WorkspaceView, speaks,
};
pub use workspace_files::{
    annotation_completions, annotation_diagnostics, annotation_hover, config_completions, config_diagnostics,
    config_hover,
};
