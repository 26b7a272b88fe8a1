use std::{sync::Arc, time::Instant};

use crate::{
    Answer, Ran, SchemaIndex, answering, changes, conversation,
    readings::{Understood, understand},
    results,
    time::Clock,
    weights::Weights,
    written,
};
use chrono::NaiveDate;

/// A question with what it is asked of.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The question's text.
    pub text: &'a str,
    /// Earlier questions of the same conversation, oldest first.
    pub earlier: &'a [&'a str],
    /// Replies to clarifications, oldest first.
    pub replies: &'a [&'a str],
    /// What "today" is.
    pub today: NaiveDate,
}

/// When to stop and ask, and how to read time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Ask below this confidence.
    pub clarification_threshold: f64,
    /// First month of the fiscal year, 1 to 12.
    pub fiscal_year_start: u8,
}

impl Default for Settings {
    fn default() -> Self {
        Self { clarification_threshold: 0.6, fiscal_year_start: 1 }
    }
}

/// The embedded engine: deterministic, without model or network.
#[derive(Debug, Clone, Default)]
pub struct Engine {
    settings: Settings,
    /// Others than the embedded ones, which are read at the first question.
    weights: Option<Arc<Weights>>,
}

impl Engine {
    /// An engine with settings.
    pub fn new(settings: Settings) -> Self {
        Self { settings, weights: None }
    }

    /// The engine with other weights: what training measures.
    pub fn with_weights(settings: Settings, weights: Arc<Weights>) -> Self {
        Self { settings, weights: Some(weights) }
    }

    /// Answers a question. Never fails: what cannot be answered is an abstention with its boundaries. When the outcome is
    /// a clarification, its first option is the best reading.
    pub fn answer(&self, question: Question<'_>, index: &SchemaIndex) -> Answer {
        self.think(question, index).0
    }

    /// Answers a question, and keeps what was thought for [`Engine::answer_after`].
    pub fn think(&self, question: Question<'_>, index: &SchemaIndex) -> (Answer, Thought) {
        let begun = Instant::now();
        let understood = self.understand(question, index);
        let answer = answering::answer(question, self.settings, index, &understood, &self.weights(), begun);
        (answer, Thought { understood, begun })
    }

    /// Answers a question anew, knowing what running some of its readings gave ([`Answer::queries`]). A reading that the user
    /// has picked stays.
    pub fn answer_after(&self, question: Question<'_>, index: &SchemaIndex, thought: Thought, runs: &[Ran]) -> Answer {
        let Thought { mut understood, begun } = thought;
        if !understood.chosen {
            results::weigh(&mut understood, runs);
        }
        answering::answer(question, self.settings, index, &understood, &self.weights(), begun)
    }

    /// Every reading with its features, best first: what the weights are fitted on (`nlq eval --candidates`).
    pub fn candidates(&self, question: Question<'_>, index: &SchemaIndex) -> Vec<Candidate> {
        let readings = self.understand(question, index).readings.into_iter();
        readings.map(|r| Candidate { sql: r.rendered.sql, features: r.features, score: r.score }).collect()
    }

    fn weights(&self) -> Arc<Weights> {
        self.weights.clone().unwrap_or_else(Weights::embedded)
    }

    fn understand(&self, question: Question<'_>, index: &SchemaIndex) -> Understood {
        let fiscal = u32::from(self.settings.fiscal_year_start.clamp(1, 12));
        let clock = Clock { today: question.today, fiscal_start: fiscal };
        let weights = self.weights();
        let mut understood = match conversation::continued(question, clock) {
            Some((text, offset)) => {
                let mut understood = understand(&text, index, clock, &weights);
                conversation::own_part(&mut understood, offset);
                understood
            }
            None => understand(question.text, index, clock, &weights),
        };
        if let Some(verb) = changes::asked(question.text, index) {
            understood.change = Some(verb);
            understood.readings.clear();
        }
        conversation::pin(question.replies, index, &mut understood);
        written::write_all(&mut understood, index);
        understood
    }
}

/// What was thought of a question.
#[derive(Debug, Clone)]
pub struct Thought {
    understood: Understood,
    begun: Instant,
}

/// A reading as the ranker sees it.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Candidate {
    /// The query.
    pub sql: String,
    /// In the order of the names in `weights.rs`.
    pub features: Vec<f32>,
    /// Its worth: only differences between readings of one question mean anything.
    pub score: f32,
}
