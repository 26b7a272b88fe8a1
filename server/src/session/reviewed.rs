//! What people have decided before: a reviewed example of the same words answers at once, and a query that was marked wrong
//! for a question like this one is not given again.

use nlq_config::ConnectionRef;
use nlq_engine::{Answer, LinkKind, Outcome, ReasoningStage, ReasoningStep};
use nlq_knowledge::{Example, Found};
use serde_json::json;

use super::{Ask, Session, SessionError};

/// From this similarity on the words are the same.
const SAME: f64 = 0.999;
/// A person found the query right, for a schema and a day that may be past.
const REVIEWED: f64 = 0.97;

impl Session {
    /// The reviewed examples like a question of which the engine makes `answer`.
    pub(super) fn examples_for(&self, ask: &Ask, connection: &ConnectionRef, answer: &Answer) -> Vec<Found> {
        let agents = self.view().config.agents;
        let mut found = self.examples_like(&ask.text, connection, Some(answer), agents.max_examples);
        found.retain(|found| found.similarity >= agents.min_similarity);
        found
    }
}

/// The answer that a reviewed example gives at once: the same words, nothing said before, and no time in them, which would
/// be another time today.
pub(super) fn reviewed(ask: &Ask, answer: &Answer, examples: &[Found]) -> Option<Answer> {
    let is_timed = answer.links.iter().any(|link| matches!(link.kind, LinkKind::Time(_)));
    if is_timed || !ask.earlier.is_empty() || !ask.replies.is_empty() {
        return None;
    }
    let found = examples.iter().find(|found| found.example.good && found.similarity >= SAME)?;
    let example = &found.example;
    let by = example.reviewer.as_deref().map_or(String::new(), |reviewer| format!(" by {reviewer}"));
    let mut answer = answer.clone();
    answer.outcome =
        Outcome::Query { sql: example.query.clone(), description: format!("the reviewed example {}{by}", example.id) };
    answer.confidence = REVIEWED;
    answer.factors.clear();
    answer.boundaries.clear();
    answer.alternatives.clear();
    answer.reasoning.stages.push(ReasoningStage {
        name: "Example Retrieval".into(),
        description: "Reviewed examples like the question".into(),
        steps: vec![ReasoningStep {
            description: example.question.clone(),
            evidence: json!({ "example": example.id, "reviewer": example.reviewer, "strategies": found.strategies }),
            confidence: found.similarity,
        }],
        conclusion: "A reviewed example has the same words: its query is the answer".into(),
        ..ReasoningStage::default()
    });
    Some(answer)
}

/// Why a query is not given: it was marked wrong for a question like this one.
pub(super) fn rejected(sql: &str, examples: &[Found]) -> Option<SessionError> {
    let bad = examples.iter().map(|found| &found.example).find(|example| !example.good && same(&example.query, sql))?;
    Some(SessionError::new("refused", why(bad)))
}

fn why(example: &Example) -> String {
    let note = example.note.as_deref().map_or(String::new(), |note| format!(": {note}"));
    format!("the reviewed example {} says that this query is wrong{note}", example.id)
}

/// The same query but for space and the case of letters outside quotes.
fn same(one: &str, other: &str) -> bool {
    let plain = |sql: &str| {
        let mut quoted = false;
        let text: String = sql
            .trim()
            .trim_end_matches(';')
            .chars()
            .map(|ch| {
                quoted ^= ch == '\'' || ch == '"';
                if quoted { ch } else { ch.to_ascii_lowercase() }
            })
            .collect();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    plain(one) == plain(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_the_same_but_for_space_and_case() {
        assert!(same("SELECT a\nFROM t;", "select a from  T"));
        assert!(!same("SELECT a FROM t WHERE b = 'X'", "SELECT a FROM t WHERE b = 'x'"));
    }
}
