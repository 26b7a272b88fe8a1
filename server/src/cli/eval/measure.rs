//! Every question with its gold, its answer, and what is to be said about the two.

use std::collections::HashMap;

use nlq_providers::{Value, is_ordered, same_rows};
use nlq_query::sql::{Clauses, Detail, clauses, hardness};
use rayon::prelude::*;

use super::{
    cause::Cause,
    databases::{Database, Databases, Runner},
    questions::{Asked, Prediction},
};

/// A question whose gold runs.
#[derive(Debug)]
pub(super) struct Scored<'a> {
    pub(super) asked: &'a Asked,
    /// None for no answer.
    pub(super) query: Option<&'a str>,
    pub(super) confidence: f64,
    /// The answer runs.
    pub(super) valid: bool,
    pub(super) right: bool,
    /// Right on the perturbed copies too; the same as `right` without copies.
    pub(super) right_on_copies: bool,
    /// What the gold says; none when it is beyond nlq's parser.
    pub(super) gold: Option<Clauses>,
    /// What the answer says.
    pub(super) said: Option<Clauses>,
    /// The question's own word, or Spider's hardness of the gold.
    pub(super) difficulty: String,
    /// Why it is wrong.
    pub(super) cause: Option<Cause>,
}

/// Measures answers.
pub(super) struct Measure<'a> {
    pub(super) databases: &'a Databases,
    pub(super) runner: Runner,
}

impl Measure<'_> {
    /// All questions whose gold runs, in order, with their answers; a missing answer is none. `step` is called for each.
    pub(super) fn score<'q>(
        &self,
        asked: &'q [Asked],
        predictions: &'q [Prediction],
        step: &(dyn Fn() + Sync),
    ) -> Vec<Scored<'q>> {
        let by_id: HashMap<String, &Prediction> = predictions.iter().map(|p| (p.id.to_string(), p)).collect();
        let scored = asked.par_iter().map(|asked| {
            step();
            self.one(asked, by_id.get(&asked.id.to_string()).copied())
        });
        scored.collect::<Vec<_>>().into_iter().flatten().collect()
    }

    fn one<'q>(&self, asked: &'q Asked, prediction: Option<&'q Prediction>) -> Option<Scored<'q>> {
        let database = self.databases.get(&asked.db_file)?;
        let wanted = self.runner.rows(&database.path, &asked.gold, None).ok()?;
        let query = prediction.and_then(|p| p.query.as_deref()).filter(|query| !query.is_empty());
        let found = query.and_then(|query| self.runner.rows(&database.path, query, Some(wanted.len())).ok());
        let right = found.as_ref().is_some_and(|found| same_rows(&wanted, found, is_ordered(&asked.gold)));
        let difficulty = asked
            .difficulty
            .clone()
            .or_else(|| hardness(&asked.gold, &database.catalog).map(|hardness| hardness.name().to_owned()));
        Some(Scored {
            asked,
            query,
            confidence: prediction.map_or(0.0, |p| p.confidence),
            valid: found.is_some(),
            right,
            right_on_copies: right && query.is_some_and(|query| self.on_copies(database, &asked.gold, query)),
            gold: clauses(&asked.gold, &database.catalog, Detail::Full),
            said: query.and_then(|query| clauses(query, &database.catalog, Detail::Full)),
            difficulty: difficulty.unwrap_or_else(|| "unknown".to_owned()),
            cause: None,
        })
    }

    /// True when the answer is right on every copy where the gold runs.
    fn on_copies(&self, database: &Database, gold: &str, query: &str) -> bool {
        let keep_order = is_ordered(gold);
        database.copies.iter().all(|copy| {
            let Ok(wanted) = self.runner.rows(copy, gold, None) else { return true };
            self.matches(copy, query, &wanted, keep_order)
        })
    }

    /// True when a query runs and finds these rows.
    pub(super) fn matches(&self, path: &std::path::Path, query: &str, wanted: &[Vec<Value>], keep_order: bool) -> bool {
        let found = self.runner.rows(path, query, Some(wanted.len()));
        found.is_ok_and(|found| same_rows(wanted, &found, keep_order))
    }
}
