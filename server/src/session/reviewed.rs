//! What people have decided before: a reviewed example of the same words answers at once, one of like words says which reading
//! is taken, and a query that was marked wrong for a question like this one is not given again.

use nlq_catalog::Catalog;
use nlq_config::ConnectionRef;
use nlq_engine::{Alternative, Answer, LinkKind, Outcome, ReasoningStage, ReasoningStep};
use nlq_knowledge::{Example, Found};
use nlq_query::sql::{Detail, clauses};
use serde_json::json;

use super::{Ask, Session, SessionError};

/// From this similarity on the words are the same.
const SAME: f64 = 0.999;
/// A person found the query right, for a schema and a day that may be past.
const REVIEWED: f64 = 0.97;

/// From this similarity on a reading that says the same as the example, but for its values, is taken.
const ALIKE: f64 = 0.8;
/// Such a reading is likely right; whether the questions mean the same nobody has looked at, so it is never sure.
const FOLLOWED: f64 = 0.8;

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

/// The answer in which the reading that says what a reviewed example of a like question says, but for values, stands first;
/// the readings' own values are those of this question.
pub(super) fn guided(mut answer: Answer, examples: &[Found], catalog: &Catalog) -> Answer {
    let said = |sql: &str| clauses(sql, catalog, Detail::NoLiterals);
    let Some(found) = examples.iter().find(|found| found.example.good && found.similarity >= ALIKE) else {
        return answer;
    };
    let Some(wanted) = said(&found.example.query) else { return answer };
    let fits = |sql: &str| said(sql).is_some_and(|said| said.differences(&wanted).next().is_none());
    let (sql, description, replaced) = match &answer.outcome {
        Outcome::Query { sql, description } if fits(sql) => (sql.clone(), description.clone(), None),
        Outcome::Query { sql, description } => match answer.alternatives.iter().position(|other| fits(&other.sql)) {
            Some(at) => {
                let before = Alternative {
                    sql: sql.clone(),
                    description: description.clone(),
                    confidence: answer.confidence.min(1.0 - FOLLOWED),
                };
                let other = answer.alternatives.remove(at);
                (other.sql, other.description, Some(before))
            }
            None => return answer,
        },
        Outcome::Clarification(asked) => match asked.options.iter().find(|option| fits(&option.sql)) {
            Some(option) => (option.sql.clone(), option.label.clone(), None),
            None => return answer,
        },
        Outcome::Abstention { .. } => return answer,
    };
    answer.alternatives.retain(|other| other.sql != sql);
    answer.alternatives.splice(0..0, replaced);
    answer.outcome = Outcome::Query { sql, description };
    answer.confidence = answer.confidence.max(FOLLOWED);
    answer.reasoning.stages.push(ReasoningStage {
        name: "Example Retrieval".into(),
        description: "Reviewed examples like the question".into(),
        steps: vec![ReasoningStep {
            description: found.example.question.clone(),
            evidence: json!({ "example": found.example.id, "strategies": found.strategies }),
            confidence: found.similarity,
        }],
        conclusion: "The reading that says the same as a reviewed example, but for values, is taken".into(),
        ..ReasoningStage::default()
    });
    answer
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
    use std::sync::Arc;

    use nlq_catalog::{Column, Table};
    use nlq_engine::{Engine, Question, SchemaIndex};

    use super::*;

    #[test]
    fn a_like_example_says_which_reading_is_taken() {
        let column = |name: &str| Column { name: name.into(), type_name: "TEXT".into(), ..Column::default() };
        let columns = vec![column("id"), column("city"), column("home_city")];
        let catalog = Catalog {
            tables: vec![Table { name: "guests".into(), columns, ..Table::default() }],
            ..Catalog::default()
        };
        let index = SchemaIndex::new(Arc::new(catalog.clone()), Arc::default());
        let question = Question { text: "guests of 'Ulm'", earlier: &[], replies: &[], today: Default::default() };
        let answer = Engine::default().answer(question, &index);
        let example = |query: &str, similarity| Found {
            example: Arc::new(Example { query: query.into(), good: true, ..Example::default() }),
            similarity,
            score: 1.0,
            strategies: vec!["keyword"],
        };
        let home = "SELECT * FROM guests WHERE home_city = 'Bern'";
        let taken = guided(answer.clone(), &[example(home, 0.9)], &catalog);
        let Outcome::Query { sql, .. } = &taken.outcome else { panic!("{:?}", taken.outcome) };
        assert_eq!(
            sql.split_whitespace().collect::<Vec<_>>().join(" "),
            "SELECT * FROM guests WHERE home_city = 'Ulm'"
        );
        assert!(taken.confidence >= FOLLOWED && taken.alternatives.iter().all(|other| other.sql != *sql));
        // Neither a question that is less alike nor a query that no reading says changes anything.
        assert_eq!(guided(answer.clone(), &[example(home, 0.7)], &catalog), answer);
        let other = "SELECT id FROM guests GROUP BY id";
        assert_eq!(guided(answer.clone(), &[example(other, 0.9)], &catalog), answer);
    }

    #[test]
    fn queries_are_the_same_but_for_space_and_case() {
        assert!(same("SELECT a\nFROM t;", "select a from  T"));
        assert!(!same("SELECT a FROM t WHERE b = 'X'", "SELECT a FROM t WHERE b = 'x'"));
    }
}
