//! Completion and hover in `nlq.yaml` and `*.annotations.yaml`, from the declared keys.

mod completion;
mod cursor;
mod hover;

pub use completion::{Completion, CompletionKind, annotation_completions, config_completions};
pub use hover::{annotation_hover, config_hover};
