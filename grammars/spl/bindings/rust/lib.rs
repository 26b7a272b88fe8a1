//! tree-sitter grammar for SPL, the Search Processing Language of Splunk.

use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    fn tree_sitter_spl() -> *const ();
}

/// The grammar.
#[allow(unsafe_code, reason = "a generated parser is C; its one function takes nothing and returns a constant")]
pub const LANGUAGE: LanguageFn = unsafe { LanguageFn::from_raw(tree_sitter_spl) };

/// Which node is highlighted as what.
pub const HIGHLIGHTS_QUERY: &str = include_str!("../../queries/highlights.scm");
