//! However a document came to be, it is the same.

mod common;

use common::*;
use nlq_syntax::{Change, Language};
use nlq_text::{Edit, Encoding, LineIndex, Position, Span};
use proptest::prelude::*;

const SQL: &str = "-- nlq-file: check=all\r\n-- nlq: größte Städte 💣\n-- je Land\nSELECT 'a;b' FROM t;\n\n/* nlq(shop/dev): zwei */\n-- nlq-ignore: x\nSELECT $$ ; $$;\nSELECT 1\n";
const PYTHON: &str = "def f():\n    # nlq: größte 💣\n    # je Land\n    q = f\"\"\"\n    SELECT {x} 'ß'\n    \"\"\"\n\n# nlq: b\r\nrun('SELECT 1' 'x')\n";
const RUST: &str = "// nlq: größte 💣\nconst A: &str = r#\"SELECT 'ß'\"#;\nfn f() {\n    /* nlq(a/b): zwei\n     * drei */\n    g(\"SELECT \\\"a\\\"\");\n}\n";
const JAVASCRIPT: &str =
    "function f() {\n  // nlq: größte 💣\n  const q = `SELECT ${a} \\`b\\``;\n}\n// nlq: b\nq = 'SELECT ' + x;\n";
const RUBY: &str = "# nlq: größte 💣\nq = <<~SQL\n  SELECT 'ß'\n    FROM t\nSQL\n# nlq: b\nputs 'SELECT 1'\n";
const YAML: &str = "a:\n  # nlq: größte 💣\n  b: |-\n    SELECT 'ß'\n    FROM t\n  # nlq: c\n  d: SELECT 1\n";

/// Languages whose reading is the same code as above, for what can go wrong in their literals.
const OTHERS: &[(Language, &str)] = &[
    (Language::TypeScript, "// nlq: größte 💣\nlet q = `SELECT ${a}\n  FROM t`;\n"),
    (Language::Tsx, "// nlq: größte 💣\nconst A = <b>{f('SELECT 1')}</b>;\n"),
    (Language::Go, "package a\n\n// nlq: größte 💣\nvar q = \"SELECT \\\"a\\\"\" +\n\t`FROM t`\n"),
    (Language::Java, "class A {\n  // nlq: größte 💣\n  String q = \"\"\"\n    SELECT 'ß'\n    \"\"\";\n}\n"),
    (Language::CSharp, "class A {\n  // nlq: größte 💣\n  string q = $@\"SELECT \"\"a\"\" {x}\";\n}\n"),
    (Language::Php, "<?php\n// nlq: größte 💣\n$q = <<<SQL\n  SELECT $a\n  SQL;\n"),
    (Language::Bash, "# nlq: größte 💣\nq=\"SELECT \\\"a\\\" $x $(y)\"\n"),
    (Language::Lua, "-- nlq: größte 💣\nlocal q = [[\nSELECT 'ß'\n]]\n--[[ nlq: b ]]\nq = 'SELECT 1'\n"),
    (Language::C, "// nlq: größte 💣\nconst char *q =\n  \"SELECT a\\n\"\n  \"FROM t\";\n"),
    (Language::Cpp, "// nlq: größte 💣\nauto q = R\"sql(\nSELECT 'ß'\n)sql\";\n"),
];

const NLQ: &str = "---\nconnection: shop/dev\n---\n# Größe\nUmsatz je {{monat}} 💣\nund Land\n\n```sql\nSELECT 'ß'\n```\n> Welcher?\ndieser\n\nnur für Köln\n\n## Zwei\r\n<!-- nlq-ignore: x -->\r\nliste\n- eins\n";

const SNIPPETS: &[&str] = &[
    "",
    "",
    "x",
    " ",
    "\n",
    "\r\n",
    "'",
    "\"",
    "\"\"\"",
    "`",
    ";",
    "ß",
    "💣",
    "\\",
    "(",
    ")",
    "{",
    "}",
    "$",
    "#",
    "-- ",
    "-- nlq: neu\n",
    "# nlq: neu\n",
    "// nlq: neu\n",
    "nlq:",
    "/*",
    "*/",
    "```\n",
    "```sql\n",
    "> ",
    "# ",
    "---\n",
    "SELECT 1;\n",
    "q = 'SELECT 2'\n",
    "\n\n",
];

fn check(language: Language, text: &str, edits: &[(f64, f64, usize)]) -> Result<(), TestCaseError> {
    let mut it = document(text, language);
    for (place, length, snippet) in edits {
        let boundary = |at: usize| it.text().floor_char_boundary(at);
        let start = boundary((place * it.text().len() as f64) as usize);
        let end = boundary((start + (length * length * 30.0) as usize).min(it.text().len()));
        let edit = Edit { span: Span::new(start, end), text: SNIPPETS[snippet % SNIPPETS.len()].into() };
        prop_assert!(it.edit(&edit));
        assert_same(&it, &document(it.text(), language));
        for (index, prompt) in it.prompts().iter().enumerate() {
            prop_assert!(it.text().get(prompt.span.start..prompt.span.end).is_some());
            let answer = it.answer_edit(index, HOSTILE, "sql");
            prop_assert!(it.clone().edit(&answer));
            prop_assert!(it.clone().edit(&it.reply_edit(index, "was?", "das")));
        }
        for query in it.queries() {
            prop_assert!(query.span.end <= it.text().len());
            for (inner, outer) in query.map.pieces() {
                prop_assert!(query.text.get(inner.start..inner.end).is_some());
                prop_assert!(it.text().get(outer.start..outer.end).is_some());
            }
        }
    }
    Ok(())
}

/// What an editor may send in one notification, places outside the text and inside its characters included.
fn batch() -> impl Strategy<Value = Vec<Change>> {
    let position = || (0..26u32, prop_oneof![0..40u32, Just(u32::MAX)]);
    let range = prop::option::weighted(0.95, (position(), position()));
    let snippets = [SNIPPETS, &["\r", "\r\r\n", "\u{2028}", "\u{85}", "# nlq: 💣ß💣\r\nx"]].concat();
    let change = (range, prop::sample::select(snippets)).prop_map(|(range, text)| Change {
        range: range.map(|(a, b)| {
            let place = |(line, character)| Position { line, character };
            // Mostly within a line or two, so that some text is left for the next change.
            (place(a), place((a.0 + b.0 / 12, b.1)))
        }),
        text: text.into(),
    });
    prop::collection::vec(change, 0..8)
}

fn check_changes(
    language: Language,
    text: &str,
    batches: &[Vec<Change>],
    encoding: Encoding,
) -> Result<(), TestCaseError> {
    let (mut it, mut expected) = (document(text, language), text.to_owned());
    for batch in batches {
        for Change { range, text } in batch {
            let lines = LineIndex::new(&expected);
            let span = range.map_or(Span::new(0, expected.len()), |(start, end)| {
                let offset = |position| lines.offset(&expected, position, encoding);
                Span::new(offset(start), offset(end))
            });
            expected.replace_range(span.start..span.end, text);
        }
        prop_assert_eq!(it.change(batch.clone(), encoding), !batch.is_empty());
        assert_same(&it, &document(&expected, language));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edits_give_what_a_fresh_reading_gives(
        edits in prop::collection::vec((0.0..1.0f64, 0.0..1.0f64, 0usize..SNIPPETS.len()), 1..25)
    ) {
        check(Language::Sql, SQL, &edits)?;
        check(Language::Nlq, NLQ, &edits)?;
        check(Language::Python, PYTHON, &edits)?;
        check(Language::Rust, RUST, &edits)?;
        check(Language::JavaScript, JAVASCRIPT, &edits)?;
        check(Language::Ruby, RUBY, &edits)?;
        check(Language::Yaml, YAML, &edits)?;
        for (language, text) in OTHERS {
            check(*language, text, &edits)?;
        }
    }
    #[test]
    fn a_batch_of_changes_gives_what_a_fresh_reading_gives(batches in prop::collection::vec(batch(), 1..5)) {
        let crlf = |text: &str| text.replace("\r\n", "\n").replace('\n', "\r\n");
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            for (language, text) in [(Language::Sql, SQL), (Language::Nlq, NLQ), (Language::Python, PYTHON)] {
                check_changes(language, text, &batches, encoding)?;
                check_changes(language, &crlf(text), &batches, encoding)?;
            }
        }
    }
}
