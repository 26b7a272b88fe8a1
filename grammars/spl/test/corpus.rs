//! The corpus without the tree-sitter command line: every example has the tree that it names, and no error; what is broken has one.

use std::fmt::Write;

use tree_sitter::{Language, Parser, Query, QueryCursor, StreamingIterator, Tree};

const CORPUS: &str = include_str!("corpus/searches.txt");

fn parse(text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_spl::LANGUAGE.into()).unwrap();
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
    assert!(examples.len() >= 40);
    for (name, input, expected) in examples {
        let tree = parse(input).root_node().to_sexp();
        let expected = expected.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(tree, expected, "{name}");
        assert!(!tree.contains("ERROR") && !tree.contains("MISSING"), "{name}");
    }
}

#[test]
fn what_is_no_search_has_an_error() {
    for broken in [
        "index=a | | head 5",
        "index=a | head 5 |",
        "index= | head 5",
        "index=a AND | head 5",
        "(index=a OR | head 5",
        "index=a host=\"b",
        "index=a `m | head 5",
        "index=a [search b | head 5",
        "index=a ] | head 5",
        "| eval",
        "| eval a",
        "| eval a=",
        "| eval a=b,",
        "| eval a=b+",
        "| eval a=f(b,)",
        "| eval a=f(b",
        "| where a b",
        "| where a IN ()",
        "| stats count by",
        "| stats count AS",
        "| stats count AS by host",
        "| stats dc(a, by host",
        "| rename a b",
        "| rename a AS",
        "| sort",
        "| lookup",
        "| lookup t a OUTPUT",
        "| regex a=",
        "| bin _time span=",
        "index=a | head 5 ```never closed",
    ] {
        assert!(parse(broken).root_node().has_error(), "{broken}");
    }
}

/// The captures of a query, one a line: its name and the text.
fn captures(query: &str, text: &str) -> String {
    let language: Language = tree_sitter_spl::LANGUAGE.into();
    let query = Query::new(&language, query).unwrap();
    let tree = parse(text);
    let mut cursor = QueryCursor::new();
    let mut matches = cursor.captures(&query, tree.root_node(), text.as_bytes());
    let mut out = String::new();
    while let Some((found, index)) = matches.next() {
        let capture = found.captures()[*index];
        let name = query.capture_names()[capture.index as usize];
        writeln!(out, "{name} {}", &text[capture.node.byte_range()]).unwrap();
    }
    out
}

#[test]
fn highlights_name_what_a_reader_sees() {
    let found = captures(tree_sitter_spl::HIGHLIGHTS_QUERY, "host=a `m(b)` | stats span=1h dc(c) AS d ```why```");
    assert_eq!(
        found,
        "variable host\noperator =\nstring a\npunctuation.special `\nfunction.macro m\npunctuation.bracket (\n\
         variable.parameter b\npunctuation.bracket )\npunctuation.special `\npunctuation.special |\nkeyword stats\n\
         property span\noperator =\nconstant 1h\nfunction dc\npunctuation.bracket (\nvariable c\npunctuation.bracket )\n\
         keyword AS\nvariable d\ncomment ```why```\n"
    );
}
