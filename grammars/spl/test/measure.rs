//! Reads searches as lines of JSON strings; writes one line for each: how long the parse took in nanoseconds, whether the tree
//! is without an error, and where its first error stands.

use std::io::{BufRead, Write};
use std::time::Instant;

use tree_sitter::{Node, Parser};

fn main() {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_spl::LANGUAGE.into()).expect("the grammar fits this tree-sitter");
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        let search: String = serde_json::from_str(&line).expect("a JSON string");
        let start = Instant::now();
        let tree = parser.parse(&search, None).expect("a parser without a time limit ends");
        let took = start.elapsed().as_nanos();
        let error = first_error(tree.root_node()).map_or("-1".to_owned(), |node| node.start_byte().to_string());
        writeln!(out, "{took} {error}").expect("standard output takes it");
    }
}

/// The first node that is an error or stands for a missing token.
fn first_error(node: Node<'_>) -> Option<Node<'_>> {
    if !node.has_error() {
        return None;
    }
    if node.is_error() || node.is_missing() {
        return Some(node);
    }
    let mut cursor = node.walk();
    node.children(&mut cursor).find_map(first_error)
}
