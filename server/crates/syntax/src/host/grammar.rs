//! What the nodes of the grammars are called.

use tree_sitter::Node;

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
