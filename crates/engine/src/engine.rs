use crate::{Answer, Outcome, ReasoningStream, SchemaIndex, readings::understand};
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
}

impl Engine {
    /// An engine with settings.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Answers a question. Never fails: what cannot be answered is an abstention with its boundaries.
    pub fn answer(&self, question: Question<'_>, index: &SchemaIndex) -> Answer {
        let understood = understand(question.text, index, question.today, u32::from(self.settings.fiscal_year_start));
        let outcome = match understood.readings.first() {
            Some(best) => Outcome::Query { sql: best.rendered.sql.clone(), description: String::new() },
            None => Outcome::Abstention { reason: String::from("nothing") },
        };
        Answer {
            outcome,
            confidence: 0.5,
            factors: Vec::new(),
            links: Vec::new(),
            boundaries: Vec::new(),
            alternatives: Vec::new(),
            reasoning: ReasoningStream { query_text: question.text.to_owned(), ..ReasoningStream::default() },
        }
    }

    /// Every reading with its features, for fitting the ranker: not part of an answer.
    #[doc(hidden)]
    pub fn candidates(&self, question: Question<'_>, index: &SchemaIndex) -> Vec<(String, Vec<f32>)> {
        let understood = understand(question.text, index, question.today, u32::from(self.settings.fiscal_year_start));
        understood.readings.into_iter().map(|r| (r.rendered.sql, r.features.to_vec())).collect()
    }
}
