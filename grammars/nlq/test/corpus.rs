//! The corpus without the tree-sitter command line: every example has the tree that it names, and no error.

use std::fmt::Write;

use tree_sitter::{Language, Parser, Query, QueryCursor, StreamingIterator, Tree};

const CORPUS: &str = include_str!("corpus/documents.txt");

fn parse(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_nlq::LANGUAGE.into()).unwrap();
    parser.parse(text, None).unwrap()
}

/// The examples: name, input, tree.
fn examples() -> Vec<(&'static str, &'static str, &'static str)> {
    let bar = "====================\n";
    let mut parts = CORPUS.trim_start().split(bar).skip(1);
    let mut examples = Vec::new();
    while let (Some(name), Some(body)) = (parts.next(), parts.next()) {
        let (input, tree) = body.split_once("\n------------------\n").unwrap();
        examples.push((name.trim(), input, tree));
    }
    examples
}

#[test]
fn every_example_has_its_tree() {
    let examples = examples();
    assert!(examples.len() >= 12);
    for (name, input, expected) in examples {
        let tree = parse(input).root_node().to_sexp();
        let expected = expected.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(tree, expected, "{name}");
        assert!(!tree.contains("ERROR"), "{name}");
    }
}

#[test]
fn any_text_parses_without_an_error() {
    for (_, input, _) in examples() {
        let ends = input.char_indices().map(|(at, _)| at);
        for end in ends {
            for text in [&input[..end], &input[..end].replace('\n', "\r\n")] {
                assert!(!parse(text).root_node().has_error(), "{text:?}");
            }
        }
    }
}

fn captures(query: &str, text: &str) -> String {
    let language: Language = tree_sitter_nlq::LANGUAGE.into();
    let query = Query::new(&language, query).unwrap();
    let tree = parse(text);
    let mut cursor = QueryCursor::new();
    let mut matches = cursor.captures(&query, tree.root_node(), text.as_bytes());
    let mut out = String::new();
    while let Some((found, index)) = matches.next() {
        let capture = found.captures()[*index];
        let name = query.capture_names()[capture.index as usize];
        writeln!(out, "{name} {:?}", &text[capture.node.byte_range()]).unwrap();
    }
    out
}

#[test]
fn answers_and_front_matter_are_injected() {
    let found = captures(tree_sitter_nlq::INJECTIONS_QUERY, "---\na: b\n---\nquestion\n```sql\nSELECT 1\n```\n");
    assert_eq!(found, "injection.content \"a: b\\n\"\ninjection.language \"sql\"\ninjection.content \"SELECT 1\\n\"\n");
}

#[test]
fn highlights_name_what_a_reader_sees() {
    let found = captures(tree_sitter_nlq::HIGHLIGHTS_QUERY, "# A\nrevenue in {{year}}\n> which?\n");
    assert_eq!(
        found,
        "punctuation.special \"# \"\nmarkup.heading \"A\"\nvariable.parameter \"{{year}}\"\n\
         punctuation.special \"> \"\nmarkup.quote \"which?\"\n"
    );
}
