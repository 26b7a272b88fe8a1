use std::cmp::Reverse;

use nlq_engine::{Link, LinkKind};
use nlq_syntax::Prompt;
use nlq_text::Span;

use crate::Snapshot;

/// A word of a prompt and how it was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Its range; never crosses a line.
    pub span: Span,
    /// As what.
    pub kind: TokenKind,
    /// Whether it was understood; none for the trigger.
    pub modifier: Option<TokenModifier>,
}

/// Kinds of tokens, in the order of the legend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum TokenKind {
    Trigger,
    Table,
    Column,
    Value,
    Number,
    Time,
    Operation,
    Term,
    Unknown,
}

/// Modifiers, in the order of the legend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenModifier {
    /// Not understood.
    Unresolved,
    /// Understood. Editors know the kinds from code; this tells a link of a prompt from code, so that it can have a look
    /// of its own.
    Resolved,
}

/// The tokens of all prompts that touch `range` (all prompts when none), in order, without overlap.
pub fn tokens(snapshot: &Snapshot, range: Option<Span>) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (index, prompt) in snapshot.document.prompts().iter().enumerate() {
        if range.is_none_or(|range| prompt.span.intersects(range)) {
            tokens.extend(trigger(snapshot, prompt));
            if let Some(answer) = snapshot.reading(index).and_then(|reading| reading.answer) {
                words(snapshot, prompt, &answer.links, &mut tokens);
            }
            tokens.extend(replies(snapshot, prompt));
        }
    }
    // A question may go on below a reply.
    tokens.sort_by_key(|token| token.span);
    tokens
}

/// `nlq:` or `nlq(shop/prod):`, between the comment marker and the question.
fn trigger(snapshot: &Snapshot, prompt: &Prompt) -> Option<Token> {
    let question = prompt.map.pieces().first().map_or(prompt.span.end, |(_, document)| document.start);
    let head = Span::new(prompt.span.start, question).of(snapshot.document.text());
    let start = head.to_ascii_lowercase().find(&snapshot.document.options().trigger.to_ascii_lowercase())?;
    let span = Span::new(prompt.span.start + start, prompt.span.start + head.trim_end().len());
    (!span.is_empty()).then_some(Token { span, kind: TokenKind::Trigger, modifier: None })
}

/// `nlq-reply:` of each reply in a comment.
fn replies(snapshot: &Snapshot, prompt: &Prompt) -> impl Iterator<Item = Token> {
    let (trigger, text) = (&snapshot.document.options().trigger, snapshot.document.text());
    prompt.replies.iter().filter_map(move |reply| {
        let said = reply.span.of(text);
        let head = said.split_inclusive(':').next()?;
        let is_trigger = head.get(..trigger.len()).is_some_and(|start| start.eq_ignore_ascii_case(trigger));
        let span = Span::new(reply.span.start, reply.span.start + head.len());
        (is_trigger && reply.question.is_empty()).then_some(Token { span, kind: TokenKind::Trigger, modifier: None })
    })
}

fn words(snapshot: &Snapshot, prompt: &Prompt, links: &[Link], tokens: &mut Vec<Token>) {
    let mut links: Vec<&Link> = links.iter().filter(|link| !link.span.is_empty()).collect();
    // Of two that overlap, the one that begins first and says more.
    links.sort_by_key(|link| (link.span.start, Reverse(link.span.end)));
    let mut done = 0;
    for link in links {
        if link.span.start < done {
            continue;
        }
        done = link.span.end;
        let kind = kind(&link.kind);
        let is_known = kind != TokenKind::Unknown;
        let modifier = Some(if is_known { TokenModifier::Resolved } else { TokenModifier::Unresolved });
        let spans = prompt.map.pieces().iter().filter_map(|piece| part(*piece, link.span));
        let lines = spans.flat_map(|span| lines(span, snapshot.document.text()));
        tokens.extend(lines.map(|span| Token { span, kind, modifier }));
    }
}

/// The part of a range of the question that stands in one piece of the document.
fn part((extracted, document): (Span, Span), range: Span) -> Option<Span> {
    let (start, end) = (range.start.max(extracted.start), range.end.min(extracted.end));
    if start >= end {
        return None;
    }
    if extracted.len() != document.len() {
        return Some(document);
    }
    Some(Span::new(start - extracted.start, end - extracted.start).shift(document.start))
}

/// A range of the document cut at line ends.
fn lines(span: Span, text: &str) -> impl Iterator<Item = Span> {
    let mut start = span.start;
    span.of(text).split_inclusive('\n').filter_map(move |line| {
        let found = Span::new(start, start + line.trim_end_matches(['\r', '\n']).len());
        start += line.len();
        (!found.is_empty()).then_some(found)
    })
}

fn kind(link: &LinkKind) -> TokenKind {
    match link {
        LinkKind::Table(_) => TokenKind::Table,
        LinkKind::Column(_) => TokenKind::Column,
        LinkKind::Value { .. } => TokenKind::Value,
        LinkKind::Number(_) => TokenKind::Number,
        LinkKind::Time(_) => TokenKind::Time,
        LinkKind::Operation(_) => TokenKind::Operation,
        LinkKind::Term(_) => TokenKind::Term,
        LinkKind::Unknown => TokenKind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::fixture::{Fixture, fixture, sure};

    fn check(fixture: Fixture, expected: Expect) {
        let text = fixture.text();
        let lines = tokens(&fixture.snapshot, None).into_iter().map(|token| {
            format!(
                "{:?} {:?}{}\n",
                token.kind,
                token.span.of(text),
                match token.modifier {
                    Some(TokenModifier::Unresolved) => " unresolved",
                    Some(TokenModifier::Resolved) => " resolved",
                    None => "",
                }
            )
        });
        expected.assert_eq(&lines.collect::<String>());
    }

    #[test]
    fn words_are_marked_as_they_were_understood() {
        let question = "revenue per month of customers in Zürich last year for wombats";
        check(
            fixture(&format!("-- nlq: {question}\n")).answering(0, sure(question, "SELECT 1")),
            expect![[r#"
                Trigger "nlq:"
                Column "revenue" resolved
                Operation "per month" resolved
                Table "customers" resolved
                Value "Zürich" resolved
                Time "last year" resolved
                Unknown "wombats" unresolved
            "#]],
        );
    }

    #[test]
    fn a_word_group_over_two_lines_is_two_tokens() {
        let text = "//- /a.py\r\n# nlq(shop/dev): 💣 revenue per\r\n# month last\r\n# year\r\n".replacen('\r', "", 1);
        let question = "💣 revenue per month last year";
        check(
            fixture(&text).answering(0, sure(question, "SELECT 1")),
            expect![[r#"
                Trigger "nlq(shop/dev):"
                Unknown "💣" unresolved
                Column "revenue" resolved
                Operation "per" resolved
                Operation "month" resolved
                Time "last" resolved
                Time "year" resolved
            "#]],
        );
    }

    #[test]
    fn a_reply_in_a_comment_has_its_trigger() {
        let text = "-- nlq: revenue\n-- nlq-reply: total\n-- of orders\n";
        check(
            fixture(text).answering(0, sure("revenue of orders", "SELECT 1")),
            expect![[r#"
            Trigger "nlq:"
            Column "revenue" resolved
            Trigger "nlq-reply:"
            Table "orders" resolved
        "#]],
        );
    }

    #[test]
    fn paragraphs_have_no_trigger_and_a_range_picks_its_prompts() {
        let text = "//- /a.nlq\n# One\n\nrevenue of orders\n\n# Two\n\nmails of customers\n";
        let fixture = fixture(text).answering(0, sure("revenue of orders", "SELECT 1"));
        check(
            fixture.answering(1, sure("mails of customers", "SELECT 1")),
            expect![[r#"
                Column "revenue" resolved
                Table "orders" resolved
                Column "mails" resolved
                Table "customers" resolved
            "#]],
        );
        let fixture =
            crate::fixture::fixture("-- nlq: orders\n\n-- nlq: orders\n").answering(0, sure("orders", "SELECT 1"));
        assert_eq!(
            tokens(&fixture.snapshot, Some(Span::at(2))).len(),
            tokens(&fixture.snapshot, Some(Span::at(18))).len()
        );
        assert!(tokens(&fixture.snapshot, None).len() > tokens(&fixture.snapshot, Some(Span::at(2))).len());
    }
}
