use std::sync::Arc;

use chrono::NaiveDate;
use nlq_catalog::{Annotations, Catalog};

use crate::{Answer, Outcome, ReasoningStream};

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

/// Names, terms and values of one catalog with its annotations, prepared for linking. Made once a schema, shared by all
/// questions.
#[derive(Debug)]
pub struct SchemaIndex {
    catalog: Arc<Catalog>,
    annotations: Arc<Annotations>,
}

impl SchemaIndex {
    /// Prepares a catalog.
    pub fn new(catalog: Arc<Catalog>, annotations: Arc<Annotations>) -> Self {
        Self { catalog, annotations }
    }

    /// The catalog.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// The annotations.
    pub fn annotations(&self) -> &Arc<Annotations> {
        &self.annotations
    }
}

/// The embedded engine: deterministic, without model or network.
#[derive(Debug, Clone, Default)]
pub struct Engine {
    settings: Settings,
}

impl Engine {
    /// An engine with settings.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Answers a question. Never fails: what cannot be answered is an abstention with its boundaries.
    pub fn answer(&self, question: Question<'_>, index: &SchemaIndex) -> Answer {
        let _ = (index, self.settings);
        Answer {
            outcome: Outcome::Abstention { reason: String::new() },
            confidence: 0.0,
            factors: Vec::new(),
            links: Vec::new(),
            boundaries: Vec::new(),
            alternatives: Vec::new(),
            reasoning: ReasoningStream { query_text: question.text.to_owned(), ..ReasoningStream::default() },
        }
    }
}
