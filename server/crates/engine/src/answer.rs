use nlq_catalog::{ColumnId, TableId};
use nlq_text::Span;
use serde::Serialize;

use crate::{KnowledgeBoundary, ReasoningStream};

/// What the engine makes of a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The query, a question back, or a refusal.
    pub outcome: Outcome,
    /// Calibrated probability that the (best) query is right; of answers shown with 0.9, nine in ten are right.
    pub confidence: f64,
    /// What the confidence is made of, heaviest first.
    pub factors: Vec<Factor>,
    /// How each word was understood, by place.
    pub links: Vec<Link>,
    /// What the engine knows it does not know.
    pub boundaries: Vec<KnowledgeBoundary>,
    /// Other readings, best first, each a complete query.
    pub alternatives: Vec<Alternative>,
    /// The chain of thought.
    pub reasoning: ReasoningStream,
}

/// What comes of a question.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A query.
    Query {
        /// The text, formatted, without a closing `;`.
        sql: String,
        /// What it does, in words.
        description: String,
    },
    /// The engine must ask; the first option is the best reading.
    Clarification(Clarification),
    /// The engine cannot answer; the boundaries say why.
    Abstention {
        /// One sentence.
        reason: String,
    },
}

/// A question back to the user.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Clarification {
    /// One sentence.
    pub question: String,
    /// Two to four, each a complete query.
    pub options: Vec<ClarificationOption>,
}

/// One way to answer a clarification.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClarificationOption {
    /// What the user reads, and what is written as the reply: "orders.total_amount".
    pub label: String,
    /// The query that comes of it.
    pub sql: String,
}

/// Another reading.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alternative {
    /// The query.
    pub sql: String,
    /// How it differs, in words.
    pub description: String,
    /// Probability that it is the right one.
    pub confidence: f64,
}

/// One part of the confidence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Factor {
    /// Such as `schema_coverage`.
    pub name: String,
    /// 0 to 1.
    pub value: f64,
    /// In words.
    pub explanation: String,
}

/// How one span of the question was understood.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Link {
    /// Where in the question.
    pub span: Span,
    /// As what.
    pub kind: LinkKind,
    /// 0 to 1.
    pub score: f64,
    /// By what, such as `DirectTableMatchStrategy`, and why, in words.
    pub evidence: String,
}

/// What a span of a question was understood as.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// A table.
    Table(TableId),
    /// A column.
    Column(ColumnId),
    /// A value, and the columns that hold it.
    Value {
        /// As it stands in the database or, when it is not known there, in the question.
        value: String,
        /// Columns that hold it.
        columns: Vec<ColumnId>,
    },
    /// A number.
    Number(f64),
    /// A span of time, in words.
    Time(String),
    /// An aggregate, an order, a comparison or another operation, in words.
    Operation(String),
    /// A glossary term or metric.
    Term(String),
    /// Not understood.
    Unknown,
}
