use nlq_config::ConnectionRef;
use nlq_text::Span;

use crate::Snapshot;

/// A command above a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lens {
    /// The line it stands above.
    pub span: Span,
    /// What the user reads.
    pub title: String,
    /// What it does.
    pub command: LensCommand,
}

/// What a lens does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum LensCommand {
    Generate { prompt: usize, connection: ConnectionRef },
    Run { query: usize, connection: ConnectionRef },
    ExplainPlan { query: usize, connection: ConnectionRef },
    ShowReasoning { prompt: usize, connection: ConnectionRef },
    Trust,
}

/// The lenses of a document: what can be done with each prompt and, in a workspace that may not connect yet, the way to
/// trust it.
pub fn lenses(snapshot: &Snapshot) -> Vec<Lens> {
    if !snapshot.options.code_lens {
        return Vec::new();
    }
    let (workspace, prompts) = (&snapshot.workspace, snapshot.document.prompts());
    let mut lenses = Vec::new();
    if !workspace.trusted && !workspace.connections.is_empty() && !prompts.is_empty() {
        let title = "Trust this workspace to connect".into();
        lenses.push(Lens { span: Span::at(0), title, command: LensCommand::Trust });
    }
    for (index, prompt) in prompts.iter().enumerate() {
        let Some(reading) = snapshot.reading(index) else { continue };
        let mut lens = |title: String, command| lenses.push(Lens { span: prompt.span, title, command });
        let connection = || reading.connection.reference.clone();
        let verb = if prompt.answer.is_some() { "Regenerate" } else { "Generate" };
        // Without trust, only a schema that is in the repository can be asked.
        if workspace.trusted || reading.answer.is_some() {
            let generate = LensCommand::Generate { prompt: index, connection: connection() };
            lens(format!("{verb} for {}", reading.connection.reference), generate);
        }
        if let Some(query) = prompt.answer.filter(|_| workspace.trusted) {
            lens("Run".into(), LensCommand::Run { query, connection: connection() });
            lens("Explain plan".into(), LensCommand::ExplainPlan { query, connection: connection() });
        }
        if reading.answer.is_some() {
            lens("Why".into(), LensCommand::ShowReasoning { prompt: index, connection: connection() });
        }
    }
    lenses
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::fixture::{Fixture, fixture};

    fn check(fixture: &Fixture, expected: Expect) {
        let lines = lenses(&fixture.snapshot)
            .into_iter()
            .map(|lens| format!("{} | {:?}\n", lens.title, lens.span.of(fixture.text())));
        expected.assert_eq(&lines.collect::<String>());
    }

    const TEXT: &str =
        "-- nlq: orders\nSELECT id FROM orders;\n\n-- nlq(warehouse/prod): customers\n\n-- nlq(nowhere): x\n";

    #[test]
    fn prompts_offer_what_can_be_done_with_them() {
        check(
            &fixture(TEXT),
            expect![[r#"
            Regenerate for shop/dev | "-- nlq: orders"
            Run | "-- nlq: orders"
            Explain plan | "-- nlq: orders"
            Why | "-- nlq: orders"
            Generate for warehouse/prod | "-- nlq(warehouse/prod): customers"
        "#]],
        );
    }

    #[test]
    fn an_untrusted_workspace_asks_for_trust_and_runs_nothing() {
        check(
            &fixture(TEXT).with_workspace(|workspace| workspace.trusted = false),
            expect![[r#"
                Trust this workspace to connect | ""
                Regenerate for shop/dev | "-- nlq: orders"
                Why | "-- nlq: orders"
            "#]],
        );
        check(&fixture("SELECT 1;\n").with_workspace(|workspace| workspace.trusted = false), expect![[""]]);
    }

    #[test]
    fn who_does_not_want_lenses_has_none() {
        let mut fixture = fixture(TEXT);
        fixture.snapshot.options.code_lens = false;
        assert_eq!(lenses(&fixture.snapshot), []);
    }
}
