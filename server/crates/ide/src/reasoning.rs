//! The reasoning stream as a document.

use std::fmt::Write;

use nlq_config::ConnectionRef;
use nlq_engine::{Answer, LinkKind, Outcome, ReasoningStage, SchemaIndex};

use crate::{
    derivation::losers,
    diagnostics::boundary_title,
    evidence::evidence_lines,
    joins::joins,
    markdown::{code, fenced, percent, prose},
    stream::{best_query, reasoning_stream},
};

/// The whole way from a question to its answer, as Markdown: what came of it, the confidence with its factors, how each
/// word was understood, what is not known, every stage with its steps, and the readings that were not taken.
pub fn reasoning_markdown(
    answer: &Answer,
    prompt: &str,
    connection: &ConnectionRef,
    index: Option<&SchemaIndex>,
) -> String {
    let fence = index.map_or("sql", |index| index.catalog().dialect.fence());
    let mut out = Vec::new();
    out.push(format!("# {}", prose(prompt)));
    out.push(format!("Asked of {}.", code(&connection.to_string())));
    match &answer.outcome {
        Outcome::Query { sql, description } => {
            out.push(format!("**{} sure:** {}", percent(answer.confidence), prose(description)));
            out.push(fenced(fence, sql));
        }
        Outcome::Clarification(clarification) => {
            out.push(format!("**Asks:** {}", prose(&clarification.question)));
            for option in &clarification.options {
                out.push(format!("- {}", prose(&option.label)));
                out.push(fenced(fence, &option.sql));
            }
        }
        Outcome::Abstention { reason } => out.push(format!("**No answer:** {}", prose(reason))),
    }
    section(
        &mut out,
        "Confidence",
        answer.factors.iter().map(|factor| {
            format!(
                "- {} {}: {}",
                percent(factor.value),
                prose(&factor.name.replace('_', " ")),
                prose(&factor.explanation)
            )
        }),
    );
    section(
        &mut out,
        "Not known",
        answer.boundaries.iter().map(|boundary| {
            let mut line = format!(
                "- *{}:* {} ({})",
                boundary_title(boundary.boundary_type),
                prose(&boundary.explanation),
                percent(boundary.confidence)
            );
            for suggestion in &boundary.suggestions {
                let _ = write!(line, "\n  - {}", prose(suggestion));
            }
            line
        }),
    );
    section(
        &mut out,
        "Words",
        answer.links.iter().map(|link| {
            let word = code(link.span.of(prompt));
            match &link.kind {
                LinkKind::Unknown => format!("- {word} was not understood"),
                kind => format!("- {word} as {}, {}: {}", link_kind(kind), percent(link.score), prose(&link.evidence)),
            }
        }),
    );
    if let (Some(sql), Some(index)) = (best_query(answer), index) {
        let joins = joins(sql, index).unwrap_or_default();
        let tied = joins.tied.then(|| "- The tables could have been joined in another way of equal length.".to_owned());
        let told = joins.joins.iter().map(|join| {
            format!("- {} ({}): {}", code(&join.condition()), join.source.strategy(), prose(join.source.why()))
        });
        section(&mut out, "Joins", told.chain(tied));
    }
    let stream = index.map_or_else(|| answer.reasoning.clone(), |index| reasoning_stream(answer, index));
    out.extend(stream.stages.iter().map(stage));
    if !answer.reasoning.complete && !answer.reasoning.stages.is_empty() {
        out.push("It ended here, early.".into());
    }
    if !answer.alternatives.is_empty() {
        out.push("## Other readings".into());
        for (alternative, lost) in losers(answer) {
            let why = lost.map(|lost| format!(": {}", prose(&lost.reason))).unwrap_or_default();
            out.push(format!("- {} ({}){why}", prose(&alternative.description), percent(alternative.confidence)));
            out.push(fenced(fence, &alternative.sql));
        }
    }
    let mut text = out.join("\n\n");
    text.push('\n');
    text
}

/// What a word was understood as, in a word or two.
pub(crate) fn link_kind(kind: &LinkKind) -> &'static str {
    match kind {
        LinkKind::Table(_) => "a table",
        LinkKind::Column(_) => "a column",
        LinkKind::Value { .. } => "a value",
        LinkKind::Number(_) => "a number",
        LinkKind::Time(_) => "a time",
        LinkKind::Operation(_) => "an operation",
        LinkKind::Term(_) => "a term",
        LinkKind::Unknown => "unknown",
    }
}

fn section(out: &mut Vec<String>, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        out.push(format!("## {title}"));
        out.push(lines.join("\n"));
    }
}

fn stage(stage: &ReasoningStage) -> String {
    let mut out = format!("## {}", prose(&stage.name));
    let millis = stage.micros as f64 / 1000.0;
    let _ = write!(out, "\n\n{} ({millis:.1} ms)", prose(&stage.description));
    for (number, step) in stage.steps.iter().enumerate() {
        let start = if number == 0 { "\n\n" } else { "\n" };
        let _ = write!(out, "{start}{}. {} ({})", number + 1, prose(&step.description), percent(step.confidence));
        for line in evidence_lines(&step.evidence) {
            let _ = write!(out, "\n   {}- {}", "  ".repeat(line.depth), prose(&line.text));
        }
    }
    if !stage.conclusion.is_empty() {
        let _ = write!(out, "\n\n**So:** {}", prose(&stage.conclusion));
    }
    for (number, alternative) in stage.alternatives.iter().enumerate() {
        let start = if number == 0 { "\n\n" } else { "\n" };
        let sure = percent(alternative.confidence);
        let _ =
            write!(out, "{start}- Not {} ({sure}): {}", prose(&alternative.description), prose(&alternative.reason));
    }
    out
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::fixture::{abstains, asks, sure};

    #[test]
    fn the_whole_way_is_told() {
        let connection = ConnectionRef { provider: "shop".into(), connection: "dev".into() };
        let question = "revenue of *all* orders";
        expect![[r#"
            # revenue of \*all\* orders

            Asked of `shop/dev`.

            **92 % sure:** Sums `orders.total_amount`.

            ```sql
            SELECT sum(total_amount)
            FROM orders
            ```

            ## Confidence

            - 92 % schema coverage: Most words are known.

            ## Words

            - `revenue` as a column, 90 %: the team calls it so
            - `orders` as a table, 90 %: the name of a table

            ## Intent Analysis

            What is wanted (1.2 ms)

            1. Looked for an aggregate (95 %)
               - found words: revenue
               - as: sum

            **So:** A sum

            - Not a count (40 %): revenue is an amount

            ## Other readings

            - Counts orders. (40 %): revenue is an amount

            ```sql
            SELECT count(*) FROM orders
            ```
        "#]]
        .assert_eq(&reasoning_markdown(
            &sure(question, "SELECT sum(total_amount)\nFROM orders"),
            question,
            &connection,
            None,
        ));
        expect![[r#"
            # revenue

            Asked of `shop/dev`.

            **Asks:** Which amount is meant?

            - total_amount

            ```sql
            SELECT total_amount FROM orders
            ```

            - id

            ```sql
            SELECT id FROM orders
            ```

            ## Confidence

            - 50 % schema coverage: Most words are known.

            ## Words

            - `revenue` as a column, 90 %: the team calls it so
        "#]]
        .assert_eq(&reasoning_markdown(&asks("revenue"), "revenue", &connection, None));
        expect![[r#"
            # wombats

            Asked of `shop/dev`.

            **No answer:** A word is not known.

            ## Confidence

            - 10 % schema coverage: Most words are known.

            ## Not known

            - *unknown entity:* Something is odd. (50 %)
              - Name a table.
            - *unknown entity:* `wombats` names nothing in shop/dev. (90 %)
              - Name a table.

            ## Words

            - `wombats` was not understood
        "#]]
        .assert_eq(&reasoning_markdown(&abstains("wombats"), "wombats", &connection, None));
    }
}
