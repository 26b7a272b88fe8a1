use nlq_engine::Outcome;
use nlq_text::Span;

use crate::{
    LastRun, Snapshot,
    markdown::{count, one_line, percent, prose},
    view::Reading,
};

/// A question back is cut at this many characters: a hint stands at the end of a line of text.
const LONGEST: usize = 60;

/// A note at the end of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Where it is shown.
    pub offset: usize,
    /// A few words: the confidence, the rows and time of the last run.
    pub label: String,
    /// Markdown.
    pub tooltip: Option<String>,
}

/// Hints inside `range`: after a prompt how sure the engine is, what it asks, or that it has no answer; after a query how its last run went.
pub fn hints(snapshot: &Snapshot, range: Span) -> Vec<Hint> {
    if !snapshot.options.inlay_hints {
        return Vec::new();
    }
    let document = &snapshot.document;
    let mut hints = Vec::new();
    for (index, prompt) in document.prompts().iter().enumerate() {
        let offset = line_end(document.text(), prompt.span);
        if range.touches(offset) {
            hints.extend(snapshot.reading(index).and_then(|reading| confidence(&reading, offset)));
        }
    }
    for query in document.queries() {
        let offset = line_end(document.text(), query.span);
        if let Some(run) = snapshot.runs.get(&query.text).filter(|_| range.touches(offset)) {
            hints.push(last_run(run, offset));
        }
    }
    hints.sort_by_key(|hint| hint.offset);
    hints
}

fn confidence(reading: &Reading<'_>, offset: usize) -> Option<Hint> {
    let answer = reading.answer.as_ref()?;
    match &answer.outcome {
        Outcome::Clarification(clarification) if reading.standing.is_none() => {
            let options = clarification.options.iter().map(|option| format!("- {}", prose(&option.label)));
            Some(Hint {
                offset,
                label: format!("asks: {}", one_line(&clarification.question, LONGEST)),
                tooltip: Some(options.collect::<Vec<_>>().join("\n")),
            })
        }
        // A refusal is said in full by a diagnostic; here it is only seen at a glance.
        Outcome::Abstention { reason } if reading.standing.is_none() => {
            Some(Hint { offset, label: "no answer".into(), tooltip: Some(prose(reason)) })
        }
        _ => {
            let sure = reading.confidence()?;
            let factors = answer.factors.iter().map(|f| format!("- {} {}", percent(f.value), prose(&f.explanation)));
            let tooltip = Some(factors.collect::<Vec<_>>().join("\n")).filter(|text| !text.is_empty());
            Some(Hint { offset, label: format!("{} sure", percent(sure)), tooltip })
        }
    }
}

fn last_run(run: &LastRun, offset: usize) -> Hint {
    Hint { offset, label: run_words(run), tooltip: run.error.as_ref().map(|error| prose(error)) }
}

/// How a run went: `12 rows, 3 ms`.
pub(crate) fn run_words(run: &LastRun) -> String {
    if run.error.is_some() {
        return "failed".into();
    }
    let rows = match (run.rows, run.truncated) {
        (1, false) => "1 row".into(),
        (rows, false) => format!("{} rows", count(rows as u64)),
        (rows, true) => format!("first {} rows", count(rows as u64)),
    };
    let millis = run.elapsed.as_millis();
    let time = if millis < 1000 { format!("{millis} ms") } else { format!("{:.1} s", run.elapsed.as_secs_f64()) };
    format!("{rows}, {time}")
}

/// The end of the last line of a range, before its line end and white space.
fn line_end(text: &str, span: Span) -> usize {
    let last = span.start + span.of(text).trim_end().len();
    let rest = text.get(last..).unwrap_or_default();
    last + rest.find(['\r', '\n']).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use expect_test::{Expect, expect};

    use super::*;
    use crate::fixture::{Fixture, abstains, asks, fixture, sure};

    fn check(fixture: &Fixture, expected: Expect) {
        let text = fixture.text();
        let lines = hints(&fixture.snapshot, Span::new(0, text.len())).into_iter().map(|hint| {
            let line = text[..hint.offset].lines().last().unwrap_or_default();
            format!("{line} <{}>\n", hint.label)
        });
        expected.assert_eq(&lines.collect::<String>());
    }

    #[test]
    fn a_prompt_says_how_sure_the_engine_is_or_what_it_asks() {
        let text = "-- nlq: revenue\r\n-- of orders\r\n";
        check(
            &fixture(text).answering(0, sure("revenue of orders", "SELECT 1")),
            expect![[r#"
            -- of orders <92 % sure>
        "#]],
        );
        check(
            &fixture(text).answering(0, asks("revenue of orders")),
            expect![[r#"
            -- of orders <asks: Which amount is meant?>
        "#]],
        );
        check(
            &fixture(text).answering(0, abstains("revenue of orders")),
            expect![[r#"
            -- of orders <no answer>
        "#]],
        );
    }

    #[test]
    fn of_a_query_changed_by_hand_the_engine_is_not_sure() {
        let answer = || sure("orders", "SELECT id\nFROM orders");
        check(
            &fixture("-- nlq: orders\nSELECT id FROM orders;\n").answering(0, answer()),
            expect![[r#"
            -- nlq: orders <92 % sure>
        "#]],
        );
        check(
            &fixture("-- nlq: orders\nSELECT count(*) FROM orders;\n").answering(0, answer()),
            expect![[r#"
            -- nlq: orders <40 % sure>
        "#]],
        );
        check(&fixture("-- nlq: orders\nSELECT status FROM orders;\n").answering(0, answer()), expect![[""]]);
    }

    #[test]
    fn a_query_says_how_its_last_run_went() {
        let ran = |rows, truncated, millis, error: Option<&str>| {
            let mut fixture = fixture("SELECT id\nFROM orders;\n");
            let run = LastRun { rows, truncated, elapsed: Duration::from_millis(millis), error: error.map(Into::into) };
            let query = fixture.snapshot.document.queries()[0].text.clone();
            fixture.snapshot.runs = Arc::new([(query, run)].into());
            fixture
        };
        check(
            &ran(1, false, 3, None),
            expect![[r#"
            FROM orders; <1 row, 3 ms>
        "#]],
        );
        check(
            &ran(1000, true, 2345, None),
            expect![[r#"
            FROM orders; <first 1,000 rows, 2.3 s>
        "#]],
        );
        check(
            &ran(0, false, 3, Some("no such column")),
            expect![[r#"
            FROM orders; <failed>
        "#]],
        );
    }
}
