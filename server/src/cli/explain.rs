//! `nlq explain`: the whole way from a question to its answer.

mod question;
mod sections;

use nlq_engine::{Outcome, SchemaIndex};
use nlq_ide::{Join, Word, best_query};
use serde_json::{Value, json};

use super::{
    ask::{clarification_text, to_json},
    asking::{self, Asking},
    context::Context,
    error::{CliError, Exit},
    output::{Output, Style, indent, visible},
};
use crate::session::{Checked, Session, Validation};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    asking: Asking,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit, CliError> {
    let ask = args.asking.read()?;
    let session = context.session()?;
    let checked = asking::answer(&session, &ask, context).await?;
    session.close().await;
    if args.asking.json {
        let mut object = to_json(&ask, &checked, None, true);
        if let Some(index) = session.index(&checked.connection) {
            add_derivation(&mut object, &checked, &index);
        }
        context.out.json(&object)?;
    } else {
        context.out.line(sections(&checked, &session, true, context.out).join("\n\n"))?;
    }
    Ok(asking::exit(&checked))
}

/// What came of the question.
fn outcome(checked: &Checked, out: Output) -> String {
    match &checked.answer.outcome {
        Outcome::Query { sql, .. } => {
            let verdict = match &checked.validation {
                Validation::Passed => format!("{} accepts it", checked.connection),
                Validation::Offline(why) => format!("checked against the schema snapshot only: {why}"),
                Validation::Failed(error) => format!("{} refuses it: {error}", checked.connection),
                Validation::NotApplicable => String::new(),
            };
            let verdict = out.paint(Style::Dim, visible(&verdict, true));
            sections::titled("Query", &format!("{}\n{verdict}", visible(sql, true)), out)
        }
        Outcome::Clarification(asked) => clarification_text(asked, out),
        Outcome::Abstention { reason } => {
            format!("{} {}", out.paint(Style::Yellow, "No answer:"), visible(reason, true))
        }
    }
}

/// The derivation as people read it below an answer that is already shown.
pub(super) fn derivation(checked: &Checked, session: &Session, out: Output) -> String {
    format!("\n{}", sections(checked, session, false, out).join("\n\n"))
}

/// The parts of the derivation, in the order of the way: the question first, why others lost last but for the stream.
fn sections(checked: &Checked, session: &Session, with_outcome: bool, out: Output) -> Vec<String> {
    let answer = &checked.answer;
    let index = session.index(&checked.connection);
    let mut parts = Vec::new();
    if let Some(index) = &index {
        let words = nlq_ide::words(answer, &answer.reasoning.query_text, index);
        parts.push(sections::titled("Question", &question::text(&answer.reasoning.query_text, &words, out), out));
    }
    if let Outcome::Query { description, .. } = &answer.outcome
        && !description.is_empty()
    {
        parts.push(sections::titled("In words", &visible(description, true), out));
    }
    if let (Some(index), Some(sql)) = (&index, best_query(&checked.answer)) {
        parts.push(sections::titled("Joins", &sections::joins(nlq_ide::joins(sql, index).as_ref()), out));
    }
    if with_outcome {
        parts.push(outcome(checked, out));
    }
    parts.push(sections::confidence(answer, out));
    parts.push(sections::boundaries(answer, out));
    parts.push(sections::losers(answer, out));
    parts.push(sections::stages(&answer.reasoning, out));
    parts.retain(|part| !part.is_empty());
    parts
}

/// Documented in docs/cli.md.
fn add_derivation(object: &mut Value, checked: &Checked, index: &SchemaIndex) {
    let answer = &checked.answer;
    let question = &answer.reasoning.query_text;
    let word = |word: &Word| {
        let others = word.others.iter().map(|other| json!({ "kind": other.kind, "name": other.name }));
        json!({
            "text": word.span.of(question),
            "span": word.span,
            "kind": word.kind,
            "stands_for": word.stands_for,
            "strategy": word.strategy,
            "why": word.why,
            "sure": word.sure,
            "others": others.collect::<Vec<_>>(),
        })
    };
    object["words"] = nlq_ide::words(answer, question, index).iter().map(word).collect();
    let joins = best_query(answer).and_then(|sql| nlq_ide::joins(sql, index));
    let join =
        |join: &Join| json!({ "on": join.condition(), "strategy": join.source.strategy(), "why": join.source.why() });
    object["joins"] = joins.as_ref().map_or(Value::Null, |found| found.joins.iter().map(join).collect());
    object["joins_tied"] = json!(joins.is_some_and(|found| found.tied));
    let losers = nlq_ide::losers(answer).into_iter().map(|(other, lost)| {
        json!({
            "sql": other.sql,
            "description": other.description,
            "confidence": other.confidence,
            "lost_because": lost.map(|lost| lost.reason.as_str()),
        })
    });
    object["alternatives"] = losers.collect();
}

/// Lines of a list, each moved right.
fn listed(lines: impl IntoIterator<Item = String>) -> String {
    lines.into_iter().map(|line| indent(&visible(&line, true), 2)).collect::<Vec<_>>().join("\n")
}
