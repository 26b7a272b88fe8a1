//! What every language's test does with its fixture.
#![allow(dead_code, reason = "each test binary uses its part")]

use nlq_syntax::{Document, Language, Options};
use nlq_text::{Edit, Span, apply_edits};

/// A query with everything that some literal must escape.
pub(crate) const HOSTILE: &str = "SELECT 'it''s', \"größe\", `a`, \\'\\\\n\\u0041', '${x} #{y} $z $$', a[b[1]]\n  , ']]', ']=]', '\"#', '\"\"\"', '''', '*/', '-- no', '💣'\nFROM t -- ende: ß\nWHERE {{p}} > 1 AND name LIKE '%\\_%' AND x = {y}";

pub(crate) fn document(text: &str, language: Language) -> Document {
    Document::new(text, language, Options::default())
}

/// Applies `edit` to a copy of `before`, both ways, and asserts that they agree.
pub(crate) fn edited(before: &Document, edit: &Edit) -> Document {
    let mut after = before.clone();
    assert!(after.edit(edit), "{edit:?} fits");
    let whole = document(&apply_edits(before.text(), std::slice::from_ref(edit)), before.language());
    assert_same(&after, &whole);
    after
}

/// All that can be seen of two documents is the same.
pub(crate) fn assert_same(a: &Document, b: &Document) {
    assert_eq!(a.text(), b.text());
    assert_eq!(a.lines(), b.lines());
    assert_eq!(a.prompts(), b.prompts(), "prompts of {:?}", a.text());
    assert_eq!(a.queries(), b.queries(), "queries of {:?}", a.text());
    assert_eq!(a.sections(), b.sections());
    assert_eq!(a.directives(), b.directives());
    assert_eq!(a.diagnostics(), b.diagnostics());
}

/// The text of the answer of a prompt.
pub(crate) fn answer(document: &Document, prompt: usize) -> &str {
    let answer = document.prompts()[prompt].answer.unwrap_or_else(|| panic!("no answer in {}", document.text()));
    let query = &document.queries()[answer];
    assert_eq!(query.prompt, Some(prompt));
    &query.text
}

/// Writes `query` as the answer of a prompt, finds it again, replaces it, edits inside it and maps places of it.
pub(crate) fn round_trip(before: &Document, prompt: usize, query: &str) -> Document {
    let inserted = edited(before, &before.answer_edit(prompt, query, "sql"));
    assert_eq!(answer(&inserted, prompt), query, "{}", inserted.text());
    assert_eq!(inserted.prompts().len(), before.prompts().len());

    let again = inserted.answer_edit(prompt, query, "sql");
    assert_eq!(edited(&inserted, &again).text(), inserted.text(), "writing the same again changes nothing");

    let other = "SELECT 2\nFROM ß";
    let replaced = edited(&inserted, &inserted.answer_edit(prompt, other, "sql"));
    assert_eq!(answer(&replaced, prompt), other, "{}", replaced.text());
    let back = edited(&replaced, &replaced.answer_edit(prompt, query, "sql"));
    assert_eq!(answer(&back, prompt), query, "{}", back.text());

    let index = inserted.prompts()[prompt].answer.unwrap();
    let found = &inserted.queries()[index];
    for name in ["FROM", "ende", "WHERE"] {
        let Some(at) = found.text.find(name) else { continue };
        let outer = found.map.to_document(Span::new(at, at + name.len()));
        assert_eq!(outer.of(inserted.text()), name, "{}", inserted.text());
        assert_eq!(found.map.to_extracted(outer.start), Some(at));
        // Quotes that open and never close are no edit of a SQL file that leaves the statement one.
        let escaped = !matches!(inserted.language(), Language::Sql);
        for new in ["x", "\"a\" 'b' `c` \\ ${d} ]] #\" */ ä💣", ""] {
            if !escaped && new.len() > 1 {
                continue;
            }
            let edit = Edit { span: Span::new(at, at + name.len()), text: new.into() };
            let expected = apply_edits(&found.text, std::slice::from_ref(&edit));
            let Some(outer) = inserted.query_edit(index, &edit) else { continue };
            let after = edited(&inserted, &outer);
            assert_eq!(answer(&after, prompt), expected.trim_end(), "{}", after.text());
        }
    }
    inserted
}
