//! Parsing with tree-sitter.

use tree_sitter::{Parser, Tree};

use crate::{Language, tame::tame};

/// An incremental parse that met an error may differ from a fresh one, and a document must not depend on the way it
/// was typed: then the text is parsed anew, which takes milliseconds.
pub(crate) fn parse(text: &str, language: Language, old: Option<&Tree>) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&of(language)?).ok()?;
    let text = tame(text, language)?;
    let tree = parser.parse(&*text, old)?;
    if old.is_some() && tree.root_node().has_error() {
        parser.reset();
        return parser.parse(&*text, None);
    }
    Some(tree)
}

/// The grammar of a language: loaded when the first document of the language is parsed.
fn of(language: Language) -> Option<tree_sitter::Language> {
    let grammar = match language {
        Language::Sql | Language::Spl => return None,
        Language::Nlq => tree_sitter_nlq::LANGUAGE,
        Language::Python => tree_sitter_python::LANGUAGE,
        Language::Rust => tree_sitter_rust::LANGUAGE,
        Language::JavaScript => tree_sitter_javascript::LANGUAGE,
        Language::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
        Language::Tsx => tree_sitter_typescript::LANGUAGE_TSX,
        Language::Go => tree_sitter_go::LANGUAGE,
        Language::Java => tree_sitter_java::LANGUAGE,
        Language::CSharp => tree_sitter_c_sharp::LANGUAGE,
        Language::Ruby => tree_sitter_ruby::LANGUAGE,
        Language::Php => tree_sitter_php::LANGUAGE_PHP,
        Language::Bash => tree_sitter_bash::LANGUAGE,
        Language::Lua => tree_sitter_lua::LANGUAGE,
        Language::C => tree_sitter_c::LANGUAGE,
        Language::Cpp => tree_sitter_cpp::LANGUAGE,
        Language::Yaml => tree_sitter_yaml::LANGUAGE,
    };
    Some(grammar.into())
}
