//! The engine's answers to the questions.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use chrono::NaiveDate;
use nlq_catalog::Annotations;
use nlq_config::Config;
use nlq_engine::{Answer, Engine, Outcome, Question, SchemaIndex, Settings};
use nlq_providers::{QueryProvider, sqlite_file};
use rayon::prelude::*;

use super::{
    ablation::{self, Part},
    databases::{Database, Databases, Runner},
    evidence::with_evidence,
    questions::{Asked, Prediction},
};
use crate::session::{limits, runs_on, worth_running};

/// An engine with what it knows of every database.
pub(super) struct Answerer {
    engine: Engine,
    databases: BTreeMap<String, Known>,
    today: NaiveDate,
    /// The default settings of a workspace.
    config: Config,
    without: Vec<Part>,
    runner: Runner,
}

/// A database as the engine knows it.
pub(super) struct Known {
    index: Arc<SchemaIndex>,
    annotations: Arc<Annotations>,
    provider: Arc<dyn QueryProvider>,
}

impl Answerer {
    /// An engine without some parts.
    pub(super) fn new(databases: &Databases, today: NaiveDate, without: &[Part], runner: &Runner) -> Self {
        let known = |database: &Database| Known {
            index: Arc::new(ablation::index(&database.catalog, &database.annotations, without)),
            annotations: Arc::clone(&database.annotations),
            provider: sqlite_file(&database.path),
        };
        Self {
            engine: Engine::new(Settings::default()),
            databases: databases.iter().map(|(name, database)| (name.to_owned(), known(database))).collect(),
            today,
            config: Config::default(),
            without: without.to_vec(),
            runner: runner.clone(),
        }
    }

    fn question<'a>(&self, asked: &'a Asked) -> Question<'a> {
        Question { text: &asked.question, earlier: &[], replies: &[], today: self.today }
    }

    /// Answers every question; the best reading is given also where the engine would ask back, with its low confidence.
    pub(super) fn answers(&self, asked: &[Asked], step: &(dyn Fn() + Sync)) -> Vec<Prediction> {
        let answer = |asked: &Asked| {
            step();
            let begun = Instant::now();
            let answer = self.known(asked).map(|known| self.runner.wait(self.answer(asked, known)));
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
    pub(super) fn known(&self, asked: &Asked) -> Option<&Known> {
        self.databases.get(&asked.db_file)
    }

    fn has(&self, part: Part) -> bool {
        !self.without.contains(&part)
    }

    /// What the engine knows of a database when a question says something of its words.
    pub(super) fn index(&self, asked: &Asked, known: &Known) -> Arc<SchemaIndex> {
        let catalog = known.index.catalog();
        let said = match asked.evidence.as_str() {
            evidence if !evidence.is_empty() && self.has(Part::Evidence) => {
                with_evidence(&known.annotations, evidence, catalog)
            }
            _ => return Arc::clone(&known.index),
        };
        Arc::new(ablation::index(catalog, &said, &self.without))
    }

    /// The engine's answer to one question, as a session of a workspace that has only defaults gives it.
    pub(super) async fn answer(&self, asked: &Asked, known: &Known) -> Answer {
        let index = &*self.index(asked, known);
        let question = self.question(asked);
        let (answer, thought) = self.engine.think(question, index);
        let (agents, sure) = (&self.config.agents, self.config.orchestrator.confidence_threshold);
        let queries = if self.has(Part::Results) { worth_running(&answer, agents, sure) } else { Vec::new() };
        if queries.is_empty() {
            return answer;
        }
        let runs = runs_on(&*known.provider, &queries, limits(agents), self.runner.cancel()).await;
        self.engine.answer_after(question, index, thought, &runs)
    }

    /// The queries of all readings of a question, best first.
    pub(super) fn queries(&self, asked: &Asked) -> Vec<String> {
        let Some(known) = self.known(asked) else { return Vec::new() };
        self.engine
            .candidates(self.question(asked), &self.index(asked, known))
            .into_iter()
            .map(|candidate| candidate.sql)
            .collect()
    }
}
