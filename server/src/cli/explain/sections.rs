//! The parts of a derivation, each under its title; an empty text where there is nothing to tell.

use nlq_engine::{Answer, Outcome, ReasoningStage, ReasoningStream};
use nlq_ide::{Joins, boundary_title, evidence_lines};

use super::{
    super::output::{Output, Style, confidence_words, indent, visible},
    listed,
};

/// A title and its text below it.
pub(super) fn titled(title: &str, text: &str, out: Output) -> String {
    format!("{}\n{}", out.paint(Style::Bold, title), indent(text, 2))
}

/// What joins the tables, and who says so; none for a query that joins in a way of its own.
pub(super) fn joins(joins: Option<&Joins>) -> String {
    let Some(found) = joins else {
        return "joined in another way than the schema's references say: read the query".to_owned();
    };
    let mut lines: Vec<String> = found
        .joins
        .iter()
        .map(|j| format!("{}: {} ({})", j.condition(), j.source.why(), j.source.strategy()))
        .collect();
    if lines.is_empty() {
        lines.push("none: one table is enough".to_owned());
    }
    if found.tied {
        lines.push("the tables could have been joined in another way of equal length".to_owned());
    }
    visible(&lines.join("\n"), true)
}

/// How sure, and what that is made of.
pub(super) fn confidence(answer: &Answer, out: Output) -> String {
    if matches!(answer.outcome, Outcome::Abstention { .. }) && answer.factors.is_empty() {
        return String::new();
    }
    let factors = answer.factors.iter().map(|f| format!("{:.2}  {}: {}", f.value, f.name, f.explanation));
    let head = format!(
        "{} {:.2}, {}",
        out.paint(Style::Bold, "Confidence"),
        answer.confidence,
        confidence_words(answer.confidence)
    );
    format!("{head}\n{}", listed(factors))
}

/// What nlq knows it does not know, with what can be done about it.
pub(super) fn boundaries(answer: &Answer, out: Output) -> String {
    let question = &answer.reasoning.query_text;
    let lines = answer.boundaries.iter().map(|boundary| {
        let word = boundary.span.of(question);
        let about = if word.is_empty() || word == question { String::new() } else { format!(" \"{word}\"") };
        let kind = boundary_title(boundary.boundary_type);
        let mut text = format!("{kind}{about} ({:.2}): {}", boundary.confidence, boundary.explanation);
        for suggestion in &boundary.suggestions {
            text.push_str(&format!("\n  → {suggestion}"));
        }
        text
    });
    let lines = listed(lines);
    if lines.is_empty() { lines } else { format!("{}\n{lines}", out.paint(Style::Bold, "Knowledge boundaries")) }
}

/// Each other reading with how it differs and why it lost.
pub(super) fn losers(answer: &Answer, out: Output) -> String {
    let told = nlq_ide::losers(answer);
    if told.is_empty() {
        return String::new();
    }
    let mut text = out.paint(Style::Bold, "Other readings, and why they lost");
    for (number, (other, lost)) in told.into_iter().enumerate() {
        let confidence = out.paint(Style::Dim, format!("({:.2})", other.confidence));
        text.push_str(&format!("\n{:>3}. {} {confidence}", number + 1, visible(&other.description, true)));
        if let Some(lost) = lost {
            let why = visible(&format!("lost: {}", lost.reason), true);
            text.push_str(&format!("\n{}", out.paint(Style::Yellow, indent(&why, 5))));
        }
        text.push_str(&format!("\n{}", out.paint(Style::Dim, indent(&visible(&other.sql, true), 5))));
    }
    text
}

/// The reasoning stream: stages, steps, their evidence, conclusions.
pub(super) fn stages(stream: &ReasoningStream, out: Output) -> String {
    if stream.stages.is_empty() {
        return String::new();
    }
    let mut text = out.paint(Style::Bold, "How it came about");
    for (number, stage) in stream.stages.iter().enumerate() {
        text.push_str(if number == 0 { "\n" } else { "\n\n" });
        text.push_str(&indent(&self::stage(stage, out), 2));
    }
    text
}

fn stage(stage: &ReasoningStage, out: Output) -> String {
    let description = out.paint(Style::Dim, visible(&stage.description, true));
    let mut text = format!("{}  {description}", out.paint(Style::Blue, visible(&stage.name, false)));
    for step in &stage.steps {
        text.push_str(&format!("\n  {} ({:.2})", visible(&step.description, true), step.confidence));
        for line in evidence_lines(&step.evidence) {
            let line = indent(&visible(&format!("- {}", line.text), false), 4 + 2 * line.depth);
            text.push_str(&format!("\n{}", out.paint(Style::Dim, line)));
        }
    }
    if !stage.conclusion.is_empty() {
        text.push_str(&format!("\n  {} {}", out.paint(Style::Green, "⇒"), visible(&stage.conclusion, true)));
    }
    text
}
