//! What running the likeliest readings found, and what that says of them: a reading that fails is out, one that finds nothing
//! gives way to a near one that finds rows, and readings that find the same rows stand for one answer together. The runs are
//! the caller's; what they gave comes here as plain data.

use serde::Serialize;
use serde_json::json;

use crate::{
    Outcome, ReasoningStage, ReasoningStep,
    answer::Answer,
    describe::describe,
    index::SchemaIndex,
    readings::{Reading, Understood},
    weights::place,
};

/// What no rows, or nothing but NULL, take from a reading beside others that find rows, in log odds: a seventh is left. Of
/// the wrong readings that stood first on held-out databases 14 % found nothing; this is what follows when two right queries of
/// a hundred find nothing. It cannot be fitted where every known answer has rows.
const NOTHING: f32 = -2.0;
/// The same of a reading whose value is not known to be in its column: that it finds nothing is what is to be expected of a
/// wrong column, and of nine right ones in ten not.
const NOT_HELD: f32 = -4.0;
/// The share of the runs with the same rows that says nothing for or against them: what is above it adds to the confidence,
/// what is below takes from it, in log odds. Fitted by folds, the share counts 1.5 to 1.9 times over, with a zero at 0.35 to
/// 0.46; it is taken once, so that of the answers shown as sure 95 % stay right.
const EVEN: f64 = 0.4;
/// Takes a reading out: more than any difference of the ranker or of a reply.
const OUT: f32 = -100.0;

/// What the run of one reading gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ran {
    /// The reading's query.
    pub query: String,
    /// What came of it.
    pub gave: Gave,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gave {
    /// The system refuses the query, or fails while it runs: what it said.
    Failed(String),
    /// It was stopped before its end, and nothing is known.
    Unfinished,
    /// No rows.
    Nothing,
    /// Rows of nothing but NULL.
    Nulls,
    /// Rows.
    Rows {
        /// How many were fetched.
        count: usize,
        /// There are more than were fetched.
        more: bool,
        /// The place of the first run that gave the same rows: its own, when none before it did.
        same_as: usize,
    },
}

impl Gave {
    /// What came of a run that went through: how many rows were fetched, whether there are more, and whether they hold
    /// nothing but NULL, and the place of the first run with the same rows.
    pub fn fetched(count: usize, more: bool, is_null: bool, same_as: usize) -> Self {
        match count {
            0 => Gave::Nothing,
            _ if is_null => Gave::Nulls,
            _ => Gave::Rows { count, more, same_as },
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Gave::Nothing | Gave::Nulls)
    }

    fn words(&self) -> String {
        match self {
            Gave::Failed(message) => format!("it fails: {message}"),
            Gave::Unfinished => "it takes too long to compare".to_owned(),
            Gave::Nothing => "it finds no rows".to_owned(),
            Gave::Nulls => "it finds nothing but NULL".to_owned(),
            Gave::Rows { count: 1, more: false, .. } => "it finds one row".to_owned(),
            Gave::Rows { count, more: false, .. } => format!("it finds {count} rows"),
            Gave::Rows { count, more: true, .. } => format!("it finds more than {count} rows"),
        }
    }
}

impl Answer {
    /// The queries of the likeliest readings, the best first, whatever the outcome: those worth comparing by what they find.
    pub fn queries(&self) -> Vec<&str> {
        let best = match &self.outcome {
            Outcome::Query { sql, .. } => Some(sql.as_str()),
            Outcome::Clarification(asked) => asked.options.first().map(|option| option.sql.as_str()),
            Outcome::Abstention { .. } => None,
        };
        let others = self.alternatives.iter().map(|other| other.sql.as_str());
        let mut queries: Vec<&str> = Vec::new();
        for query in best.into_iter().chain(others) {
            if !queries.contains(&query) {
                queries.push(query);
            }
        }
        queries
    }
}

/// What the runs came to.
#[derive(Debug, Clone)]
pub(crate) struct Compared {
    runs: Vec<Ran>,
    /// What the reading gave that was the likeliest before, when it is not any more.
    passed_over: Option<Gave>,
}

/// Weighs the readings by what their runs gave, and orders them anew.
pub(crate) fn weigh(understood: &mut Understood, runs: &[Ran]) {
    let Some(first) = understood.readings.first() else { return };
    let before = first.rendered.sql.clone();
    for reading in &mut understood.readings {
        reading.gave = runs.iter().find(|ran| ran.query == reading.rendered.sql).map(|ran| ran.gave.clone());
    }
    let fails = |reading: &Reading| matches!(reading.gave, Some(Gave::Failed(_)));
    // What fails for every one of them says nothing about any.
    if understood.readings.iter().all(|reading| reading.gave.is_none() || fails(reading)) {
        understood.compared = Some(Compared { runs: runs.to_vec(), passed_over: None });
        return;
    }
    let found = understood.readings.iter().any(|reading| matches!(reading.gave, Some(Gave::Rows { .. })));
    for reading in &mut understood.readings {
        match &reading.gave {
            Some(Gave::Failed(_)) => reading.score += OUT,
            Some(gave) if gave.is_empty() && found => {
                let is_known = reading.features[place("unknown_values")] == 0.0;
                reading.score += if is_known { NOTHING } else { NOT_HELD };
            }
            _ => {}
        }
    }
    understood.readings.sort_by(|a, b| b.score.total_cmp(&a.score));
    // Scores are log odds, so that readings with the same rows are together as likely as their sum.
    let mut groups: Vec<(usize, usize, f32)> = Vec::new();
    for (at, reading) in understood.readings.iter().enumerate() {
        let Some(Gave::Rows { same_as, .. }) = reading.gave else { continue };
        match groups.iter_mut().find(|(_, group, _)| *group == same_as) {
            Some((first, _, together)) => *together += (reading.score - understood.readings[*first].score).exp(),
            None => groups.push((at, same_as, 1.0)),
        }
    }
    for (first, _, together) in groups {
        understood.readings[first].score += together.ln();
    }
    understood.readings.sort_by(|a, b| b.score.total_cmp(&a.score));
    let passed_over = understood.readings.iter().find(|reading| reading.rendered.sql == before);
    let passed_over = passed_over.filter(|_| understood.readings[0].rendered.sql != before);
    let passed_over = passed_over.and_then(|reading| reading.gave.clone());
    understood.compared = Some(Compared { runs: runs.to_vec(), passed_over });
}

/// True when two readings were run and found the same rows.
pub(crate) fn same_rows(one: &Reading, other: &Reading) -> bool {
    match (&one.gave, &other.gave) {
        (Some(Gave::Rows { same_as: a, .. }), Some(Gave::Rows { same_as: b, .. })) => a == b,
        _ => false,
    }
}

/// The readings that find rows which no reading before them finds.
pub(crate) fn different(readings: &[Reading]) -> impl Iterator<Item = &Reading> {
    let is_new = |at: usize| !readings[..at].iter().any(|before| same_rows(before, &readings[at]));
    readings.iter().enumerate().filter(move |(at, reading)| reading.gave.is_none() || is_new(*at)).map(|(_, r)| r)
}

/// Why a reading lost by what it found, in words.
pub(crate) fn reason(best: &Reading, other: &Reading) -> Option<String> {
    if same_rows(best, other) {
        return Some("it finds the same rows".to_owned());
    }
    let gave = other.gave.as_ref().filter(|gave| gave.is_empty() || matches!(gave, Gave::Failed(_)))?;
    (best.gave.as_ref() != Some(gave)).then(|| gave.words())
}

/// How far the runs speak for the best reading, from 0 to 1, in words; none when it was not run to its end.
pub(crate) fn agreement(understood: &Understood) -> Option<(f64, String)> {
    let best = understood.readings.first()?;
    let runs = understood.compared.as_ref()?.runs.len();
    match best.gave.as_ref()? {
        Gave::Rows { .. } => {
            let agree = agreeing(understood);
            let words = match agree {
                1 => format!("it finds other rows than the other {} readings that were run", runs - 1),
                _ => format!("{agree} of the {runs} readings that were run find the same rows"),
            };
            let words = if runs > 1 { words } else { "it finds rows".to_owned() };
            Some((agree as f64 / runs as f64, words))
        }
        Gave::Unfinished => None,
        gave => Some((0.0, gave.words())),
    }
}

/// The confidence in the best reading, knowing what the runs gave.
pub(crate) fn surer(confidence: f64, understood: &Understood) -> f64 {
    let Some((best, compared)) = understood.readings.first().zip(understood.compared.as_ref()) else {
        return confidence;
    };
    let shift = match &best.gave {
        Some(gave) if gave.is_empty() => f64::from(NOTHING),
        Some(Gave::Rows { .. }) if compared.runs.len() > 1 => {
            agreeing(understood) as f64 / compared.runs.len() as f64 - EVEN
        }
        _ => return confidence,
    };
    let odds = (confidence / (1.0 - confidence).max(f64::MIN_POSITIVE)).ln() + shift;
    1.0 / (1.0 + (-odds).exp())
}

/// The readings that find the rows of the best one, itself counted.
fn agreeing(understood: &Understood) -> usize {
    let Some(best) = understood.readings.first() else { return 0 };
    understood.readings.iter().filter(|reading| same_rows(best, reading)).count()
}

/// What the runs gave and why the winner won, for the reasoning stream.
pub(crate) fn stage(understood: &Understood, index: &SchemaIndex) -> Option<ReasoningStage> {
    let compared = understood.compared.as_ref()?;
    let best = understood.readings.first()?;
    let steps = compared.runs.iter().map(|ran| {
        let reading = understood.readings.iter().find(|reading| reading.rendered.sql == ran.query);
        let same = match ran.gave {
            Gave::Rows { same_as, .. } if compared.runs[same_as].query != ran.query => Some(same_as + 1),
            _ => None,
        };
        ReasoningStep {
            description: reading.map_or_else(|| ran.query.clone(), |reading| describe(&reading.bound.plan, index)),
            evidence: json!({ "query": ran.query, "found": ran.gave.words(), "same_rows_as_run": same }),
            confidence: if matches!(ran.gave, Gave::Rows { .. }) { 1.0 } else { 0.0 },
        }
    });
    let agree = agreeing(understood);
    let taken = match (&compared.passed_over, &best.gave) {
        (Some(gave), _) if gave.is_empty() || matches!(gave, Gave::Failed(_)) => {
            format!("Another reading is taken than the one that the words alone speak for: {}", gave.words())
        }
        (Some(_), _) => {
            format!("Another reading is taken: the {agree} readings that find its rows are together the likeliest")
        }
        (None, Some(Gave::Rows { .. })) if agree > 1 => {
            format!("The likeliest reading is taken: {agree} of {} readings find its rows", compared.runs.len())
        }
        (None, Some(Gave::Rows { .. })) => "The likeliest reading is taken: it finds rows".to_owned(),
        (None, Some(gave)) if gave.is_empty() => format!("The likeliest reading is taken, though {}", gave.words()),
        (None, _) => "The likeliest reading is taken: the runs say nothing against it".to_owned(),
    };
    Some(ReasoningStage {
        name: "Result Comparison".to_owned(),
        description: "Running the likeliest readings for a few rows each, read-only".to_owned(),
        steps: steps.collect(),
        conclusion: taken,
        ..ReasoningStage::default()
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use nlq_catalog::{Catalog, Column, Table};

    use super::*;
    use crate::{Engine, Question, Thought};

    const QUESTION: Question<'static> = Question {
        text: "guests of 'Ulm'",
        earlier: &[],
        replies: &[],
        today: chrono::NaiveDate::from_ymd_opt(2024, 5, 15).expect("a day"),
    };

    /// Guests have two cities, and nothing says which of them is meant.
    fn index() -> SchemaIndex {
        let column = |name: &str| Column { name: name.into(), type_name: "TEXT".into(), ..Column::default() };
        let columns = vec![column("birth_city"), column("home_city")];
        let table = Table { name: "guests".into(), columns, ..Table::default() };
        SchemaIndex::new(Arc::new(Catalog { tables: vec![table], ..Catalog::default() }), Arc::default())
    }

    /// The answer before and after the runs of its readings gave something each.
    fn answered(gave: impl Fn(usize) -> Gave) -> (Answer, Answer) {
        let (engine, index) = (Engine::default(), index());
        let (before, thought) = engine.think(QUESTION, &index);
        let runs = before.queries().into_iter().enumerate();
        let runs: Vec<Ran> = runs.map(|(at, query)| Ran { query: query.to_owned(), gave: gave(at) }).collect();
        assert!(runs.len() > 2, "{before:#?}");
        let after = engine.answer_after(QUESTION, &index, thought, &runs);
        (before, after)
    }

    fn rows(same_as: usize) -> Gave {
        Gave::Rows { count: 3, more: false, same_as }
    }

    fn conclusion(answer: &Answer) -> &str {
        let stage = answer.reasoning.stages.iter().find(|stage| stage.name == "Result Comparison");
        stage.map_or("", |stage| &stage.conclusion)
    }

    #[test]
    fn a_reading_that_finds_nothing_gives_way_to_a_near_one_with_rows() {
        for nothing in [Gave::Nothing, Gave::Nulls] {
            let (before, after) = answered(|at| if at == 0 { nothing.clone() } else { rows(at) });
            assert_eq!(after.queries()[0], before.queries()[1], "{after:#?}");
            assert!(conclusion(&after).contains(&nothing.words()), "{after:#?}");
        }
    }

    #[test]
    fn when_no_reading_finds_anything_their_order_stays_and_the_answer_is_less_sure() {
        let (before, after) = answered(|_| Gave::Nothing);
        assert_eq!(before.queries(), after.queries());
        assert!(after.confidence < before.confidence, "{} {}", before.confidence, after.confidence);
    }

    #[test]
    fn a_reading_that_fails_is_out_but_not_when_all_fail() {
        let failed = || Gave::Failed("no such function".to_owned());
        let (before, after) = answered(|at| if at == 0 { failed() } else { Gave::Nothing });
        assert_ne!(after.queries()[0], before.queries()[0]);
        assert!(conclusion(&after).contains("no such function"), "{after:#?}");
        let (before, after) = answered(|_| failed());
        assert_eq!((before.queries(), before.confidence), (after.queries(), after.confidence));
    }

    #[test]
    fn readings_with_the_same_rows_support_each_other() {
        let (_, apart) = answered(rows);
        let (before, together) = answered(|_| rows(0));
        assert_eq!(before.queries(), together.queries());
        assert!(together.confidence > apart.confidence, "{} {}", together.confidence, apart.confidence);
        // The second and the third together outweigh the first, which is about as likely as each of them.
        let (before, after) = answered(|at| rows(at.min(1)));
        assert_eq!(after.queries()[0], before.queries()[1], "{after:#?}");
        assert!(conclusion(&after).contains("together"), "{after:#?}");
    }

    #[test]
    fn the_same_rows_are_no_reason_to_ask() {
        let (before, after) = answered(|_| rows(0));
        assert!(matches!(before.outcome, Outcome::Clarification(_)), "{before:#?}");
        assert!(!matches!(after.outcome, Outcome::Clarification(_)), "{after:#?}");
    }

    #[test]
    fn a_run_that_was_stopped_says_nothing() {
        let (before, after) = answered(|_| Gave::Unfinished);
        assert_eq!((&before.outcome, before.confidence), (&after.outcome, after.confidence));
    }

    #[test]
    fn what_the_user_has_picked_stays() {
        let (engine, index) = (Engine::default(), index());
        let picked = engine.answer(QUESTION, &index).queries()[1].to_owned();
        let replies = [picked.as_str()];
        let question = Question { replies: &replies, ..QUESTION };
        let (before, thought): (Answer, Thought) = engine.think(question, &index);
        let runs = before.queries().into_iter().map(|query| {
            let gave = if query == picked { Gave::Nothing } else { rows(1) };
            Ran { query: query.to_owned(), gave }
        });
        let after = engine.answer_after(question, &index, thought, &runs.collect::<Vec<_>>());
        assert_eq!(after.queries()[0], picked);
    }
}
