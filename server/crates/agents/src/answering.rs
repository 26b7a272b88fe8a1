//! What the pipeline found becomes an [`Answer`], in the form that the embedded engine's answers have.

use nlq_engine::{
    Alternative, Answer, BoundaryType, Clarification, Factor, KnowledgeBoundary, Outcome, ReasoningStream,
};
use nlq_text::Span;

use crate::{
    Completed, Ended, FACTORS, Failure, Signals, Task, consistency::Candidate, context::plain, draft::Draft,
    trail::Trail, validator::Verdict,
};

/// Other queries shown.
const MAX_ALTERNATIVES: usize = 5;

/// What the pipeline found; queries are indices of candidates.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    pub(crate) chosen: Option<usize>,
    pub(crate) failure: Option<Failure>,
    pub(crate) unanswerable: Option<String>,
    pub(crate) needs_steps: bool,
    pub(crate) confidence: f64,
    pub(crate) signals: Option<Signals>,
    pub(crate) asked: Option<Clarification>,
}

impl Found {
    pub(crate) fn query(at: usize, confidence: f64, signals: Signals) -> Self {
        Self { chosen: Some(at), confidence, signals: Some(signals), ..Self::default() }
    }

    pub(crate) fn failed(at: usize, failure: Failure) -> Self {
        Self { chosen: Some(at), failure: Some(failure), ..Self::default() }
    }

    pub(crate) fn none(why: String, needs_steps: bool) -> Self {
        Self { unanswerable: Some(why), needs_steps, ..Self::default() }
    }
}

/// Puts the answer together.
pub(crate) fn completed(
    task: Task<'_>,
    found: Found,
    candidates: &[Candidate],
    trail: Trail,
    iterations: u32,
) -> Completed {
    let mut boundaries = task.embedded.boundaries.clone();
    let chosen = found.chosen.map(|at| &candidates[at]);
    let outcome = match (found.asked, chosen, &found.unanswerable) {
        (Some(asked), ..) => Outcome::Clarification(asked),
        (None, Some(chosen), _) => {
            Outcome::Query { sql: chosen.draft.query.clone(), description: plain(&chosen.draft.explanation) }
        }
        (None, None, why) => {
            let why = plain(why.as_deref().unwrap_or_default());
            boundaries.push(KnowledgeBoundary {
                boundary_type: BoundaryType::UnmappableConcept,
                component: "model".to_owned(),
                span: Span::new(0, task.question.len()),
                confidence: 0.8,
                explanation: why.clone(),
                suggestions: Vec::new(),
            });
            Outcome::Abstention { reason: why }
        }
    };
    let is_query = matches!(outcome, Outcome::Query { .. });
    let ended = match (is_query, found.failure, chosen.map(|chosen| &chosen.checked.verdict)) {
        (true, Some(failure), _) => Ended::Failed(failure),
        (true, None, Some(Verdict::Passed(_))) => Ended::Passed,
        (true, None, _) => Ended::Unasked,
        (false, ..) => Ended::NoQuery,
    };
    let query = chosen.map(|chosen| chosen.draft.query.as_str());
    let alternatives = alternatives(task, candidates, query, found.confidence);
    let confidence = (found.confidence * 1000.0).round() / 1000.0;
    let factors = found.signals.map(factors).unwrap_or_default();
    let mut stages = task.embedded.reasoning.stages.clone();
    stages.extend(trail.into_stages());
    let reasoning = ReasoningStream { query_text: task.question.to_owned(), stages, complete: true };
    let links = task.embedded.links.clone();
    let answer = Answer { outcome, confidence, factors, links, boundaries, alternatives, reasoning };
    Completed { answer, ended, iterations, signals: found.signals, needs_steps: found.needs_steps }
}

/// The queries that a user could mean: the model's and the embedded engine's, with words for each.
pub(crate) fn readings(task: Task<'_>, chosen: Option<&Draft>) -> Vec<(String, String)> {
    let mut readings: Vec<(String, String)> = Vec::new();
    let model = chosen.map(|draft| (plain(&draft.explanation), draft.query.clone()));
    let embedded = match &task.embedded.outcome {
        Outcome::Query { sql, description } => vec![(description.clone(), sql.clone())],
        Outcome::Clarification(asked) => {
            asked.options.iter().map(|option| (option.label.clone(), option.sql.clone())).collect()
        }
        Outcome::Abstention { .. } => Vec::new(),
    };
    for (label, sql) in model.into_iter().chain(embedded) {
        if !label.is_empty() && readings.iter().all(|(_, known)| *known != sql) {
            readings.push((label, sql));
        }
    }
    readings
}

/// Queries that stand and were not taken, then the embedded engine's readings.
fn alternatives(task: Task<'_>, candidates: &[Candidate], taken: Option<&str>, sure: f64) -> Vec<Alternative> {
    let mut found: Vec<Alternative> = Vec::new();
    let mut add = |sql: &str, description: &str, confidence: f64| {
        let known = taken == Some(sql) || found.iter().any(|other| other.sql == sql);
        if !known && found.len() < MAX_ALTERNATIVES {
            // What the answer leaves over is all that another can have.
            let confidence = (confidence.min(1.0 - sure) * 1000.0).round() / 1000.0;
            found.push(Alternative { sql: sql.to_owned(), description: description.to_owned(), confidence });
        }
    };
    for candidate in candidates.iter().filter(|candidate| !candidate.checked.verdict.is_failure()) {
        let sure = candidate.draft.confidence.unwrap_or(0.5);
        add(&candidate.draft.query, &plain(&candidate.draft.explanation), sure / 2.0);
    }
    for (label, sql) in readings(task, None) {
        add(&sql, &label, task.embedded.confidence);
    }
    for other in &task.embedded.alternatives {
        add(&other.sql, &other.description, other.confidence);
    }
    found
}

fn factors(signals: Signals) -> Vec<Factor> {
    let said = [
        "whether the system accepted and ran the query",
        "whether the embedded engine finds the same rows by itself",
        "how many of the model's candidates give the same rows",
        "how much of the question names something in the schema",
        "how like the question the nearest reviewed example is",
        "how easy the query is",
        "whether the model sees only one meaning, and the query has it",
        "how sure the model says it is",
        "how few tries it took",
        "whether the result has rows and values",
    ];
    let values = FACTORS.iter().zip(signals.values()).zip(said);
    values
        .map(|((name, value), explanation)| Factor {
            name: (*name).to_owned(),
            // Shown as a share: full disagreement is 0.
            value: if *name == "embedded_agreement" { f64::midpoint(1.0, value) } else { value },
            explanation: explanation.to_owned(),
        })
        .collect()
}
