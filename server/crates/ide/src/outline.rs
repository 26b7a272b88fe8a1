use std::{cmp::Reverse, iter::Peekable};

use nlq_syntax::{Language, Section};
use nlq_text::Span;

use crate::{Snapshot, markdown::one_line};

/// Questions are cut at this many characters: an outline is narrow.
const LONGEST: usize = 60;

/// An entry of the outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlineItem {
    /// What is shown.
    pub name: String,
    /// One line beside it.
    pub detail: String,
    /// All of it.
    pub span: Span,
    /// Its head.
    pub head: Span,
    /// Entries inside it.
    pub children: Vec<OutlineItem>,
}

/// A range that folds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fold {
    /// All of it; the first line stays visible.
    pub span: Span,
}

/// Headings with their prompts, prompts with their answers.
pub fn outline(snapshot: &Snapshot) -> Vec<OutlineItem> {
    let mut sections: Vec<&Section> = snapshot.document.sections().iter().collect();
    sections.sort_by_key(|section| (section.span.start, Reverse(section.span.end)));
    nest(snapshot, &mut sections.into_iter().peekable(), None)
}

/// The sections that stand inside `parent`, each with those inside it.
fn nest<'a>(
    snapshot: &Snapshot,
    sections: &mut Peekable<impl Iterator<Item = &'a Section>>,
    parent: Option<Span>,
) -> Vec<OutlineItem> {
    let mut items = Vec::new();
    while let Some(section) = sections.next_if(|next| parent.is_none_or(|parent| parent.covers(next.span))) {
        let children = nest(snapshot, sections, Some(section.span));
        let head = if section.span.covers(section.head) { section.head } else { Span::at(section.span.start) };
        let (name, detail) = if section.level == 0 { of_prompt(snapshot, section) } else { (section.name.clone(), "") };
        items.push(OutlineItem { name, detail: detail.into(), span: section.span, head, children });
    }
    items
}

/// The question of a section, and how it stands. Its words, not its name: that is the heading above it in .nlq files.
fn of_prompt(snapshot: &Snapshot, section: &Section) -> (String, &'static str) {
    let prompt = snapshot.document.prompts().iter().find(|prompt| section.span.covers(prompt.span));
    let words = prompt.map(|prompt| one_line(&prompt.text, LONGEST)).filter(|words| !words.is_empty());
    let detail = prompt.map_or("", |prompt| if prompt.answer.is_some() { "answered" } else { "not answered yet" });
    (words.unwrap_or_else(|| section.name.clone()), detail)
}

/// What folds: sections, prompts with their answers, fenced blocks, front matter.
pub fn folds(snapshot: &Snapshot) -> Vec<Fold> {
    let document = &snapshot.document;
    let mut spans: Vec<Span> = document.sections().iter().map(|section| section.span).collect();
    if document.language() == Language::Nlq {
        spans.extend(document.queries().iter().map(|query| query.span));
        spans.extend(front_matter(document.text()));
    }
    let lines = document.lines();
    for span in &mut spans {
        // A fold does not swallow the empty lines below it.
        span.end = span.start + span.of(document.text()).trim_end().len();
    }
    spans.retain(|span| lines.line_of(span.start) < lines.line_of(span.end));
    spans.sort_by_key(|span| (span.start, Reverse(span.end)));
    spans.dedup();
    spans.into_iter().map(|span| Fold { span }).collect()
}

/// The front matter with both its fences.
pub(crate) fn front_matter(text: &str) -> Option<Span> {
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let is_fence = line.trim_end() == "---";
        if number == 0 && !is_fence {
            return None;
        }
        at += line.len();
        if number > 0 && is_fence {
            return Some(Span::new(0, at));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::fixture::{Fixture, fixture};

    fn check(fixture: &Fixture, expected_outline: Expect, expected_folds: Expect) {
        fn show(items: &[OutlineItem], depth: usize, out: &mut String) {
            for item in items {
                assert!(item.span.covers(item.head), "editors refuse a head outside its item");
                out.push_str(&format!("{}{} ({})\n", "  ".repeat(depth), item.name, item.detail));
                show(&item.children, depth + 1, out);
            }
        }
        let mut shown = String::new();
        show(&outline(&fixture.snapshot), 0, &mut shown);
        expected_outline.assert_eq(&shown);
        let lines = fixture.snapshot.document.lines();
        let folds = folds(&fixture.snapshot).into_iter();
        let folds: Vec<String> =
            folds.map(|f| format!("{}-{}", lines.line_of(f.span.start), lines.line_of(f.span.end))).collect();
        expected_folds.assert_eq(&folds.join(" "));
    }

    #[test]
    fn prompts_of_code_stand_with_their_answers() {
        let text = "-- nlq: orders\nSELECT id\nFROM orders;\n\n-- nlq: customers in 💣\n";
        check(
            &fixture(text),
            expect![[r#"
            orders (answered)
            customers in 💣 (not answered yet)
        "#]],
            expect!["0-2"],
        );
    }

    #[test]
    fn headings_hold_their_prompts() {
        let text = "//- /a.nlq\n---\nconnection: shop/dev\n---\n# Orders\n\nall orders\n\n```sql\nSELECT id\nFROM orders\n```\n\n## Late\n\nlate orders\n\n# Customers\n\nall customers\n";
        check(
            &fixture(text),
            expect![[r#"
            Orders ()
              all orders (answered)
              Late ()
                late orders (not answered yet)
            Customers ()
              all customers (not answered yet)
        "#]],
            expect!["0-2 3-14 5-10 7-10 12-14 16-18"],
        );
    }
}
