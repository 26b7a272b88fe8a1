use std::collections::HashMap;

use nlq_catalog::Dialect;
use nlq_text::{Diagnostic, Span};

use crate::{
    Parsed, check,
    declared::examples::FILE,
    place::Written,
    read::Reader,
    yaml::{self, Entry},
};

/// One file of `.nlq/examples`, with source ranges.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExampleFile {
    /// Its examples, in order; those without a question or a query are left out.
    pub examples: Vec<ExampleEntry>,
}

/// One example as it is written; what is not written is none.
#[derive(Debug, Clone, PartialEq)]
pub struct ExampleEntry {
    /// Where it stands.
    pub span: Span,
    /// Its place in the file, from 1.
    pub number: usize,
    /// Its own name.
    pub id: Option<Written>,
    /// The question.
    pub question: String,
    /// The query.
    pub query: Written,
    /// To follow; else to avoid.
    pub good: bool,
    /// `provider/connection`, or a provider.
    pub connection: Option<Written>,
    /// The query's SQL.
    pub dialect: Option<Dialect>,
    /// Tables that it is about.
    pub tables: Vec<Written>,
    /// One of the words that `intent` may be.
    pub intent: Option<String>,
    /// One of the words that `complexity` may be.
    pub complexity: Option<String>,
    /// Who reviewed it.
    pub reviewer: Option<String>,
    /// When.
    pub date: Option<String>,
    /// Why it is good or bad.
    pub note: Option<String>,
}

/// Reads an example file. Never fails: broken YAML gives what stands before the mistake and one diagnostic.
pub fn parse_examples(text: &str) -> Parsed<ExampleFile> {
    let tree = yaml::parse(text);
    let mut diagnostics = tree.diagnostics;
    let items = Reader::new(Some(&tree.root), &FILE).list("examples");
    let examples: Vec<ExampleEntry> =
        items.into_iter().enumerate().filter_map(|(at, item)| read(item, at + 1, text)).collect();
    if !tree.broken {
        diagnostics.extend(check::check(&tree.root, &FILE));
        diagnostics.extend(duplicates(&examples));
    }
    Parsed { value: ExampleFile { examples }, diagnostics: check::sorted(diagnostics) }
}

fn read(item: Reader<'_>, number: usize, text: &str) -> Option<ExampleEntry> {
    let written = |entry: &Entry| Written::of(&entry.node, text);
    let of = |key: &str| item.text(key).and_then(|_| item.entry(key)).and_then(written);
    Some(ExampleEntry {
        span: item.node()?.span,
        number,
        id: of("id"),
        question: item.text("question")?,
        query: of("query")?,
        good: item.bool("good"),
        connection: of("connection"),
        dialect: item.text("dialect").as_deref().and_then(Dialect::from_name),
        tables: item
            .entry("tables")
            .map_or(&[][..], |entry| entry.node.items())
            .iter()
            .filter_map(|node| Written::of(node, text))
            .collect(),
        intent: item.text("intent"),
        complexity: item.text("complexity"),
        reviewer: item.text("reviewer"),
        date: item.text("date"),
        note: item.text("note"),
    })
}

/// An id that an earlier example of the file has.
fn duplicates(examples: &[ExampleEntry]) -> Vec<Diagnostic> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut found = Vec::new();
    for example in examples {
        let Some(id) = &example.id else { continue };
        let first = *seen.entry(id.text.as_str()).or_insert(example.number);
        if first != example.number {
            let message = format!("example {first} of this file has this id already: give this one another");
            found.push(Diagnostic::error(id.span, "duplicate-id", message));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: Expect) {
        let shown = parse_examples(text).diagnostics.into_iter().map(|found| {
            let line = text[..found.span.start].matches('\n').count();
            format!("{line} {:?} [{}] {}\n", found.span.of(text), found.code, found.message)
        });
        expected.assert_eq(&shown.collect::<String>());
    }

    #[test]
    fn an_example_is_read_with_what_is_written() {
        let text = "\
examples:
  - id: revenue-by-month
    question: revenue per month
    connection: shop
    query: |
      SELECT month, sum(total)
      FROM orders
    tables: [orders, \"customers\"]
    reviewer: ana
    date: 2026-11-20
    note: cancelled orders do not count
  - { question: 'all of them', query: SELECT 1, good: false, intent: lookup, dialect: sqlite }
";
        check(text, expect![[""]]);
        let examples = parse_examples(text).value.examples;
        let first = &examples[0];
        assert_eq!(first.query.text, "SELECT month, sum(total)\nFROM orders\n");
        assert_eq!(first.tables[1].span.of(text), "customers");
        assert_eq!((first.good, first.date.as_deref(), first.number), (true, Some("2026-11-20"), 1));
        let second = &examples[1];
        assert_eq!(
            (second.good, second.dialect, second.intent.as_deref()),
            (false, Some(Dialect::Sqlite), Some("lookup"))
        );
        assert_eq!(second.span.of(text).split(',').next(), Some("{ question: 'all of them'"));
    }

    #[test]
    fn mistakes_are_shown_at_their_place() {
        let text = "\
examples:
  - question: one
    sql: SELECT 1
  - query: SELECT 1
    intent: ranked
  - { id: a, question: q, query: SELECT 1, good: maybe }
  - { id: a, question: q, query: SELECT 1, tables: orders }
  - text
";
        check(
            text,
            expect![[r#"
                1 "question" [missing-key] `query` is missing: it must be text
                2 "sql" [unknown-key] `sql` is not a key here: did you mean `query`?
                3 "query" [missing-key] `question` is missing: it must be text
                4 "ranked" [unknown-word] `intent` must be `lookup`, `filter`, `aggregation`, `ranking`, `trend` or `comparison`
                5 "maybe" [wrong-type] `good` must be `true` or `false`
                6 "a" [duplicate-id] example 3 of this file has this id already: give this one another
                6 "orders" [wrong-type] `tables` must be a list of texts
                7 "text" [wrong-type] each of `examples` must be a mapping of `id`, `question`, `query`, `good`, `connection`, `dialect`, `tables`, `intent`, `complexity`, `reviewer`, `date`, `note`
            "#]],
        );
        check("", expect![[""]]);
        check(
            "examples: [",
            expect![[r#"
            0 "[" [yaml-syntax] this is not valid YAML: unclosed bracket '['
        "#]],
        );
    }
}
