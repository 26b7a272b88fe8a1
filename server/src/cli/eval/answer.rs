//! The engine's answers to the questions.

use std::{collections::BTreeMap, time::Instant};

use chrono::NaiveDate;
use nlq_engine::{Answer, Engine, Outcome, Question, SchemaIndex, Settings};
use rayon::prelude::*;

use super::{
    ablation::{self, Part},
    databases::{Database, Databases},
    questions::{Asked, Prediction},
};

/// An engine with what it knows of every database.
pub(super) struct Answerer {
    engine: Engine,
    indexes: BTreeMap<String, SchemaIndex>,
    today: NaiveDate,
}

impl Answerer {
    /// An engine without some parts.
    pub(super) fn new(databases: &Databases, today: NaiveDate, without: &[Part]) -> Self {
        let index = |database: &Database| ablation::index(&database.catalog, &database.annotations, without);
        let indexes = databases.iter().map(|(name, database)| (name.to_owned(), index(database)));
        Self { engine: Engine::new(Settings::default()), indexes: indexes.collect(), today }
    }

    fn question<'a>(&self, asked: &'a Asked) -> Question<'a> {
        Question { text: &asked.question, earlier: &[], replies: &[], today: self.today }
    }

    /// Answers every question; the best reading is given also where the engine would ask back, with its low confidence.
    pub(super) fn answers(&self, asked: &[Asked], step: &(dyn Fn() + Sync)) -> Vec<Prediction> {
        let answer = |asked: &Asked| {
            step();
            let index = self.indexes.get(&asked.db_file);
            let begun = Instant::now();
            let answer = index.map(|index| self.engine.answer(self.question(asked), index));
            let latency_ms = (begun.elapsed().as_secs_f64() * 1e6).round() / 1e3;
            let confidence = answer.as_ref().map_or(0.0, |a| a.confidence);
            let query = answer.and_then(|answer| match answer.outcome {
                Outcome::Query { sql, .. } => Some(sql),
                Outcome::Clarification(asked) => asked.options.into_iter().next().map(|option| option.sql),
                Outcome::Abstention { .. } => None,
            });
            Prediction { id: asked.id.clone(), query, confidence, latency_ms, model: None }
        };
        asked.par_iter().map(answer).collect()
    }

    /// What is known of a question's database.
    pub(super) fn index(&self, asked: &Asked) -> Option<&SchemaIndex> {
        self.indexes.get(&asked.db_file)
    }

    /// The engine's answer to one question.
    pub(super) fn answer(&self, asked: &Asked, index: &SchemaIndex) -> Answer {
        self.engine.answer(self.question(asked), index)
    }

    /// The queries of all readings of a question, best first.
    pub(super) fn queries(&self, asked: &Asked) -> Vec<String> {
        let Some(index) = self.indexes.get(&asked.db_file) else { return Vec::new() };
        self.engine.candidates(self.question(asked), index).into_iter().map(|candidate| candidate.sql).collect()
    }
}
