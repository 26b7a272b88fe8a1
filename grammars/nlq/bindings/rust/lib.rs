//! tree-sitter grammar for .nlq files: questions, their answers and clarifications as one document.

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_nlq() -> *const ();
}

/// The grammar.
#[allow(unsafe_code, reason = "a generated parser is C; its one function takes nothing and returns a constant")]
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_nlq) };

/// Which node is highlighted as what.
pub const HIGHLIGHTS_QUERY: &str = include_str!("../../queries/highlights.scm");

/// Which nodes hold text of another language: front matter and answers.
pub const INJECTIONS_QUERY: &str = include_str!("../../queries/injections.scm");
