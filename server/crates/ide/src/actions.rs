use nlq_config::ConnectionRef;
use nlq_engine::Outcome;
use nlq_text::{Edit, Span};

use crate::{
    Snapshot, diagnostics,
    markdown::one_line,
    view::{Reading, same_query},
};

/// Titles are cut at this many characters: a menu entry is one short line.
const TITLE: usize = 80;

/// One entry of the code-action menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// What the user reads; names the connection where one is used.
    pub title: String,
    /// What kind of entry it is.
    pub kind: ActionKind,
    /// Comes first and is taken by "fix it".
    pub preferred: bool,
    /// What happens when it is picked.
    pub target: ActionTarget,
}

/// Kinds that editors group by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionKind {
    /// Mends a diagnostic.
    QuickFix,
    /// Writes or replaces an answer.
    Rewrite,
}

/// What happens when an action is picked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionTarget {
    /// These edits, ready.
    Edits(Vec<Edit>),
    /// The answer of a prompt is generated, validated and written; done in `codeAction/resolve`.
    Generate {
        /// Index of the prompt in the document.
        prompt: usize,
        /// The connection it is asked of.
        connection: ConnectionRef,
    },
    /// An alternative of a prompt's answer is written: its place in `Answer::alternatives`.
    Alternative {
        /// Index of the prompt.
        prompt: usize,
        /// The connection it is asked of.
        connection: ConnectionRef,
        /// Index of the alternative.
        alternative: usize,
    },
    /// An option of a clarification is picked: its query is written, and the reply beside the prompt.
    Clarify {
        /// Index of the prompt.
        prompt: usize,
        /// The connection it is asked of.
        connection: ConnectionRef,
        /// Index of the option.
        option: usize,
    },
}

/// Alternatives offered at most: more are in the reasoning document.
const ALTERNATIVES: usize = 3;

/// The actions that touch `range`, best first: fixes, then what can be done with a prompt. From memory only.
pub fn actions(snapshot: &Snapshot, range: Span) -> Vec<Action> {
    let mut actions = fixes(snapshot, range);
    let has_fixes = !actions.is_empty();
    for (index, prompt) in snapshot.document.prompts().iter().enumerate() {
        let answer = prompt.answer.and_then(|answer| snapshot.document.queries().get(answer));
        // A broken answer can be mended by asking again.
        let is_broken = has_fixes && answer.is_some_and(|query| query.span.intersects(range));
        if (prompt.span.intersects(range) || is_broken)
            && let Some(reading) = snapshot.reading(index)
        {
            of_prompt(snapshot, index, &reading, &mut actions);
        }
    }
    actions
}

fn fixes(snapshot: &Snapshot, range: Span) -> Vec<Action> {
    let touching = diagnostics(snapshot).into_iter().filter(|diagnostic| diagnostic.span.intersects(range));
    let fixes = touching.flat_map(|diagnostic| {
        let is_only = diagnostic.fixes.len() == 1;
        diagnostic.fixes.into_iter().map(move |fix| Action {
            title: fix.title,
            kind: ActionKind::QuickFix,
            preferred: is_only,
            target: ActionTarget::Edits(fix.edits),
        })
    });
    fixes.collect()
}

fn of_prompt(snapshot: &Snapshot, prompt: usize, reading: &Reading<'_>, actions: &mut Vec<Action>) {
    let connection = &reading.connection.reference;
    let outcome = reading.answer.as_ref().map(|answer| &answer.outcome);
    if let (Some(Outcome::Clarification(clarification)), None) = (outcome, reading.standing) {
        for (option, choice) in clarification.options.iter().enumerate() {
            let target = ActionTarget::Clarify { prompt, connection: connection.clone(), option };
            let title = format!("I mean {}", one_line(&choice.label, TITLE));
            // They mend the question's diagnostic, so they stand where editors show the mends of one; none is preferred,
            // because only the user can say which is meant.
            actions.push(Action { title, kind: ActionKind::QuickFix, preferred: false, target });
        }
    }
    let mut rewrite = |title, preferred, target| {
        actions.push(Action { title, kind: ActionKind::Rewrite, preferred, target });
    };
    let generate = |connection: &ConnectionRef| ActionTarget::Generate { prompt, connection: connection.clone() };
    let verb = if reading.standing.is_some() { "Regenerate" } else { "Generate" };
    // "Fix it" writes a query only where none stands and the engine does not have to ask first.
    let is_ready = !matches!(outcome, Some(Outcome::Clarification(_) | Outcome::Abstention { .. }));
    let preferred = reading.standing.is_none() && is_ready;
    rewrite(format!("{verb} SQL for {}", reading.connection.title()), preferred, generate(connection));
    if let (Some(query), Some(answer)) = (reading.standing, &reading.answer) {
        let others = answer.alternatives.iter().enumerate().filter(|(_, other)| !same_query(&other.sql, &query.text));
        for (alternative, other) in others.take(ALTERNATIVES) {
            let target = ActionTarget::Alternative { prompt, connection: connection.clone(), alternative };
            rewrite(format!("Use instead: {}", one_line(&other.description, TITLE)), false, target);
        }
    }
    for other in snapshot.workspace.connections.values().filter(|other| other.reference != *connection) {
        rewrite(format!("{verb} SQL for {}", other.title()), false, generate(&other.reference));
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::fixture::{Fixture, abstains, asks, fixture, sure};

    fn check(fixture: Fixture, expected: Expect) {
        let mut shown = String::new();
        for action in actions(&fixture.snapshot, Span::at(fixture.offset)) {
            let star = if action.preferred { "*" } else { "-" };
            shown.push_str(&format!("{star} {:?} {}\n", action.kind, action.title));
        }
        expected.assert_eq(&shown);
    }

    #[test]
    fn an_unanswered_prompt_is_generated_for_its_connection_first() {
        check(
            fixture("-- nlq: orders$0\n").answering(0, sure("orders", "SELECT 1")),
            expect![[r#"
            * Rewrite Generate SQL for shop/dev (SQLite)
            - Rewrite Generate SQL for warehouse/prod (PostgreSQL)
        "#]],
        );
        check(
            fixture("-- nlq(warehouse/prod): orders$0\n"),
            expect![[r#"
            * Rewrite Generate SQL for warehouse/prod (PostgreSQL)
            - Rewrite Generate SQL for shop/dev (SQLite)
        "#]],
        );
    }

    #[test]
    fn a_clarification_offers_its_options() {
        check(
            fixture("-- nlq: rev$0enue\n").answering(0, asks("revenue")),
            expect![[r#"
                - QuickFix I mean total_amount
                - QuickFix I mean id
                - Rewrite Generate SQL for shop/dev (SQLite)
                - Rewrite Generate SQL for warehouse/prod (PostgreSQL)
            "#]],
        );
        check(
            fixture("-- nlq: wom$0bats\n").answering(0, abstains("wombats")),
            expect![[r#"
                - Rewrite Generate SQL for shop/dev (SQLite)
                - Rewrite Generate SQL for warehouse/prod (PostgreSQL)
            "#]],
        );
    }

    #[test]
    fn an_answered_prompt_offers_other_readings() {
        let text = "-- nlq: orders$0\nSELECT 1;\n";
        check(
            fixture(text).answering(0, sure("orders", "SELECT 1")),
            expect![[r#"
                - Rewrite Regenerate SQL for shop/dev (SQLite)
                - Rewrite Use instead: Counts orders.
                - Rewrite Regenerate SQL for warehouse/prod (PostgreSQL)
            "#]],
        );
        let other = "-- nlq: orders$0\nSELECT  count(*)\nFROM orders;\n";
        check(
            fixture(other).answering(0, sure("orders", "SELECT 1")),
            expect![[r#"
                - Rewrite Regenerate SQL for shop/dev (SQLite)
                - Rewrite Regenerate SQL for warehouse/prod (PostgreSQL)
            "#]],
        );
    }

    #[test]
    fn a_broken_answer_is_mended_or_asked_again() {
        check(
            fixture("-- nlq: orders\nSELECT totl_am$0ount FROM orders;\n").answering(0, sure("orders", "SELECT 1")),
            expect![[r#"
                * QuickFix Change to `total_amount`
                - Rewrite Regenerate SQL for shop/dev (SQLite)
                - Rewrite Use instead: Counts orders.
                - Rewrite Regenerate SQL for warehouse/prod (PostgreSQL)
            "#]],
        );
    }

    #[test]
    fn elsewhere_there_is_no_noise() {
        check(fixture("-- nlq: orders\nSELECT id FROM $0orders;\n\n-- a comment\n"), expect![[""]]);
        check(fixture("-- nlq: orders\nSELECT id FROM orders;\n\n-- a com$0ment\n"), expect![[""]]);
        check(fixture("-- nlq:$0 \n"), expect![[""]]);
    }
}
