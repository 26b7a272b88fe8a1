//! Completion and hover in the workspace's own files, from the declared keys.

mod completion;
mod cursor;
mod hover;

pub use completion::{
    Completion, CompletionKind, annotation_completions, config_completions, example_completions, prompt_completions,
};
pub use hover::{annotation_hover, config_hover, example_hover, prompt_hover};
