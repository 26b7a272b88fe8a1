//! Follow-ups and replies. A follow-up (`now only for Germany`, `same by month`) is read together with the question that
//! it continues; a reply puts the readings that it names first.

use nlq_text::Span;

use crate::{
    Question,
    clarify::{clarification, difference},
    describe::describe,
    index::{SchemaIndex, Target, bag},
    readings::Understood,
    time::{Clock, time_at},
    words::tokenize,
};

/// Beginnings of questions that go on with the one before.
const CONTINUING: &[&str] = &[
    "now",
    "and",
    "same",
    "only",
    "just",
    "but",
    "also",
    "instead",
    "then",
    "by",
    "per",
    "for",
    "what about",
    "how about",
];
/// What one named target adds to a reading's score: more than any difference of the ranker.
const PINNED: f32 = 25.0;

/// The whole question that a follow-up asks, with the place where its own words begin; none when it stands alone.
pub(crate) fn continued(question: Question<'_>, clock: Clock) -> Option<(String, usize)> {
    let own = question.text.trim_start().to_lowercase();
    let begins = |text: &str, phrase: &str| {
        text.strip_prefix(phrase).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    };
    if !CONTINUING.iter().any(|phrase| begins(&own, phrase)) {
        return None;
    }
    // The last question that stood alone, then every follow-up since.
    let first = question.earlier.iter().rposition(|q| {
        let lower = q.trim_start().to_lowercase();
        !CONTINUING.iter().any(|phrase| begins(&lower, phrase))
    })?;
    let mut whole = String::new();
    for part in &question.earlier[first..] {
        whole = combined(&whole, part, clock);
    }
    let mut text = combined(&whole, "", clock);
    if has_time(question.text, clock) {
        text = without_time(&text, clock);
    }
    text = text.trim_end_matches(['?', '.', '!', ' ']).to_owned();
    text.push(' ');
    let offset = text.len();
    text.push_str(question.text);
    Some((text, offset))
}

fn combined(before: &str, part: &str, clock: Clock) -> String {
    let before = if has_time(part, clock) { without_time(before, clock) } else { before.to_owned() };
    format!("{} {part}", before.trim_end_matches(['?', '.', '!', ' '])).trim().to_owned()
}

fn times(text: &str, clock: Clock) -> Vec<Span> {
    let (tokens, _) = tokenize(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match time_at(text, &tokens, at, clock) {
            Some((taken, _)) => {
                found.push(Span::new(tokens[at].span.start, tokens[at + taken - 1].span.end));
                at += taken;
            }
            None => at += 1,
        }
    }
    found
}

fn has_time(text: &str, clock: Clock) -> bool {
    !times(text, clock).is_empty()
}

/// A new time takes the place of the one before.
fn without_time(text: &str, clock: Clock) -> String {
    let mut out = text.to_owned();
    for span in times(text, clock).into_iter().rev() {
        out.replace_range(std::ops::Range::from(span), "");
    }
    out
}

/// Moves the spans of an understood follow-up to where its own text stands; chunks of earlier questions stay, without a
/// place of their own.
pub(crate) fn own_part(understood: &mut Understood, offset: usize) {
    for token in &mut understood.tokens {
        token.span = Span::new(token.span.start.saturating_sub(offset), token.span.end.saturating_sub(offset));
    }
    understood.cut = understood.cut.map(|at| at.saturating_sub(offset));
}

/// Puts the readings first that replies name: by an option's label, their description, their query, or by a table, column
/// or value.
pub(crate) fn pin(replies: &[&str], index: &SchemaIndex, understood: &mut Understood) {
    if replies.is_empty() || understood.readings.is_empty() {
        return;
    }
    for reply in replies {
        let reply = reply.trim();
        if choose(reply, index, understood) {
            continue;
        }
        let (tokens, _) = tokenize(reply);
        let mut targets: Vec<Target> = Vec::new();
        for from in 0..tokens.len() {
            for to in from + 1..=tokens.len().min(from + 4) {
                let stems: Vec<String> = tokens[from..to].iter().map(|t| t.stem.clone()).collect();
                targets.extend(index.named(&bag(&stems)).iter().filter(|e| e.score >= 0.89).map(|e| e.target));
            }
        }
        // `orders.total_amount`
        if let Some((table, column)) = reply.split_whitespace().next().and_then(|w| w.rsplit_once('.'))
            && let Some(table) = index.catalog().find_table(None, table)
            && let Some(column) = index.catalog().find_column(table, column)
        {
            targets = vec![Target::Column(column)];
        }
        for reading in &mut understood.readings {
            let named = reading.bound.bindings.iter().filter(|b| targets.contains(&b.target)).count();
            reading.score += PINNED * named.min(2) as f32;
        }
        understood.readings.sort_by(|a, b| b.score.total_cmp(&a.score));
    }
}

/// A reply that repeats an option of what would be asked, or tells a reading whole, picks that reading.
fn choose(reply: &str, index: &SchemaIndex, understood: &mut Understood) -> bool {
    let asked = clarification(understood, index);
    let option = asked.iter().flat_map(|a| &a.options).find(|o| o.label.eq_ignore_ascii_case(reply));
    let best = &understood.readings[0];
    let picked = understood.readings.iter().position(|r| match option {
        Some(option) => r.rendered.sql == option.sql,
        None => {
            r.rendered.sql == reply
                || describe(&r.bound.plan, index) == reply
                || difference(best, r, index).phrase() == reply
        }
    });
    let Some(at) = picked else { return false };
    let mut reading = understood.readings.remove(at);
    reading.score = understood.readings.first().map_or(reading.score, |first| reading.score.max(first.score) + PINNED);
    understood.readings.insert(0, reading);
    understood.chosen = true;
    true
}
