use std::{path::PathBuf, sync::Arc};

use nlq_query::Outline;
use serde::{Deserialize, Serialize};

/// A reviewed example (seeds/000, section 6.2): one entry of a file under `.nlq/examples/`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Example {
    /// Stable name: the file's stem and the place in it, or the `id` that the entry gives itself.
    pub id: String,
    /// The question.
    pub question: String,
    /// The query; of a bad example, the query to avoid.
    pub query: String,
    /// `provider/connection`, or the provider alone; any when none.
    pub connection: Option<String>,
    /// The dialect's name; that of the connection when none.
    pub dialect: Option<String>,
    /// To follow; else to avoid.
    pub good: bool,
    /// Tables that the query reads, as it names them.
    pub tables: Vec<String>,
    /// What the query does.
    pub intent: Intent,
    /// How hard it is.
    pub complexity: Complexity,
    /// Who reviewed it.
    pub reviewer: Option<String>,
    /// Why, for people and models: "revenue excludes cancelled orders".
    pub note: Option<String>,
    /// The file it stands in.
    pub file: PathBuf,
    /// The first byte of the entry in the file.
    pub at: usize,
}

/// What a query does (seeds/000, section 6.2: `query_intent`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Rows as they are.
    #[default]
    Lookup,
    /// Rows under conditions.
    Filter,
    /// Counts, sums, averages.
    Aggregation,
    /// The first of an order.
    Ranking,
    /// Over time.
    Trend,
    /// Sets against each other.
    Comparison,
}

/// How hard a query is (seeds/000, section 6.2: `complexity_level`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Complexity {
    /// One table.
    #[default]
    Simple,
    /// Joins or groups.
    Medium,
    /// Nested queries, set operations, windows.
    Complex,
}

/// What examples are looked for by.
#[derive(Debug, Clone, Default)]
pub struct ExampleQuery<'a> {
    /// The question.
    pub question: &'a str,
    /// The connection asked, as `provider/connection`: examples of other providers do not count.
    pub connection: &'a str,
    /// Its dialect's name: examples of other dialects do not count; of all when none.
    pub dialect: Option<&'a str>,
    /// Tables that the question was linked to, best first.
    pub tables: &'a [String],
    /// What the question asks for, when that is known.
    pub intent: Option<Intent>,
    /// Good ones, and as many bad ones, at most.
    pub limit: usize,
}

/// An example that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The example.
    pub example: Arc<Example>,
    /// How like the questions are, 0 to 1: 1 for the same words.
    pub similarity: f64,
    /// Rank in the fusion, higher is better.
    pub score: f64,
    /// The strategies that found it: `keyword`, `schema_aware`, `intent`.
    pub strategies: Vec<&'static str>,
}

impl Intent {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Intent::Lookup => "lookup",
            Intent::Filter => "filter",
            Intent::Aggregation => "aggregation",
            Intent::Ranking => "ranking",
            Intent::Trend => "trend",
            Intent::Comparison => "comparison",
        }
    }

    /// That of a query: what it does last counts most.
    pub fn of(query: &Outline) -> Self {
        match query {
            Outline { by_time: true, .. } => Intent::Trend,
            Outline { ranked: true, .. } => Intent::Ranking,
            Outline { compared: true, .. } => Intent::Comparison,
            Outline { aggregated: true, .. } => Intent::Aggregation,
            Outline { filtered: true, .. } => Intent::Filter,
            _ => Intent::Lookup,
        }
    }
}

impl Complexity {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Complexity::Simple => "simple",
            Complexity::Medium => "medium",
            Complexity::Complex => "complex",
        }
    }

    /// That of a query.
    pub fn of(query: &Outline) -> Self {
        match query {
            Outline { nested: true, .. } => Complexity::Complex,
            Outline { joined, aggregated, .. } if *joined || *aggregated => Complexity::Medium,
            _ => Complexity::Simple,
        }
    }
}
