//! The grammars and what their nodes are called.

use tree_sitter::Node;

use crate::Language;

/// The grammar of a host language: loaded when the first document of the language is parsed.
pub(super) fn of(language: Language) -> Option<tree_sitter::Language> {
    let grammar = match language {
        Language::Nlq | Language::Sql => return None,
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

/// A node that holds statements: another statement's string is none of a prompt's.
pub(super) fn is_container(kind: &str) -> bool {
    matches!(
        kind,
        "ERROR"
            | "block"
            | "block_body"
            | "block_mapping"
            | "block_node"
            | "block_sequence"
            | "begin_block"
            | "body_statement"
            | "chunk"
            | "class_body"
            | "colon_block"
            | "compilation_unit"
            | "compound_statement"
            | "constructor_body"
            | "declaration_list"
            | "do_block"
            | "do_group"
            | "document"
            | "enum_body"
            | "field_declaration_list"
            | "flow_mapping"
            | "flow_sequence"
            | "interface_body"
            | "module"
            | "parenthesized_statements"
            | "program"
            | "source_file"
            | "statement_block"
            | "statement_list"
            | "stream"
            | "switch_block"
            | "switch_body"
            | "then"
            | "translation_unit"
    )
}

/// A string literal.
pub(super) fn is_string(kind: &str) -> bool {
    matches!(
        kind,
        "string"
            | "string_literal"
            | "raw_string_literal"
            | "interpreted_string_literal"
            | "verbatim_string_literal"
            | "interpolated_string_expression"
            | "template_string"
            | "encapsed_string"
            | "nowdoc"
            | "heredoc"
            | "heredoc_beginning"
            | "raw_string"
            | "block_scalar"
            | "double_quote_scalar"
            | "single_quote_scalar"
            | "plain_scalar"
    )
}

/// Strings that the language joins: side by side, or by its operator.
pub(super) fn is_join(node: Node, text: &str) -> bool {
    match node.kind() {
        "concatenated_string" | "chained_string" => true,
        "binary_expression" | "binary_operator" | "binary" => node
            .child(1)
            .and_then(|operator| text.get(operator.byte_range()))
            .is_some_and(|operator| matches!(operator, "+" | ".." | ".")),
        _ => false,
    }
}
