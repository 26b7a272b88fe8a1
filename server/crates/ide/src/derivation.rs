//! How an answer came about, as plain data: what each word became, and why each other reading lost.

use nlq_engine::{Alternative, Answer, LinkKind, ReasoningAlternative, SchemaIndex};
use nlq_text::Span;

use crate::{
    evidence::{strategy_of, strategy_words},
    meanings::{Meaning, other_meanings},
    reasoning::link_kind,
    schema_card::Schema,
};

/// A phrase of a question and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// Where in the question.
    pub span: Span,
    /// `table`, `column`, `value`, `number`, `time`, `operation`, `term` or `unknown`.
    pub kind: &'static str,
    /// A name, a value, a time or an operation in words; empty when nothing explains it.
    pub stands_for: String,
    /// Which strategy found it, such as `DirectTableMatchStrategy`.
    pub strategy: Option<String>,
    /// How it was found, in words.
    pub why: String,
    /// 0 to 1.
    pub sure: f64,
    /// What else it may stand for, best first.
    pub others: Vec<Meaning>,
}

impl Word {
    /// False when nothing explains it.
    pub fn is_known(&self) -> bool {
        self.kind != kind(&LinkKind::Unknown)
    }
}

/// What became of each phrase of a question that says more than how others belong together. Values of sensitive columns
/// are told as the question says them.
pub fn words(answer: &Answer, question: &str, index: &SchemaIndex) -> Vec<Word> {
    let schema = Schema { catalog: index.catalog(), annotations: index.annotations() };
    let word = |link: &nlq_engine::Link| {
        let said = link.span.of(question);
        let mut is_secret = false;
        let stands_for = match &link.kind {
            LinkKind::Table(id) => schema.table_name(*id),
            LinkKind::Column(id) => schema.column_name(*id),
            LinkKind::Value { value, columns } => {
                is_secret = columns.iter().any(|id| schema.is_sensitive(*id));
                let value = if is_secret { said } else { value };
                let names: Vec<String> = columns.iter().map(|id| schema.column_name(*id)).collect();
                if names.is_empty() { format!("'{value}'") } else { format!("'{value}' in {}", names.join(", ")) }
            }
            LinkKind::Number(number) => number.to_string(),
            LinkKind::Time(words) | LinkKind::Operation(words) => words.clone(),
            LinkKind::Term(name) => match strategy_of(&link.evidence) {
                (Some(_), expression) if !expression.is_empty() => format!("{name}: {expression}"),
                _ => name.clone(),
            },
            LinkKind::Unknown => String::new(),
        };
        let (strategy, rest) = strategy_of(&link.evidence);
        let why = match strategy.and_then(strategy_words) {
            Some(words) => words,
            None if is_secret => "",
            None => rest,
        };
        Word {
            span: link.span,
            kind: kind(&link.kind),
            stands_for,
            strategy: strategy.map(str::to_owned),
            why: why.to_owned(),
            sure: link.score,
            others: other_meanings(said, &link.kind, index),
        }
    };
    answer.links.iter().map(word).collect()
}

/// What a word was understood as, in one word.
fn kind(kind: &LinkKind) -> &'static str {
    link_kind(kind).trim_start_matches("an ").trim_start_matches("a ")
}

/// The other readings of an answer, each with why it lost, where the stream tells.
pub fn losers(answer: &Answer) -> Vec<(&Alternative, Option<&ReasoningAlternative>)> {
    let stages = answer.reasoning.stages.iter().rev();
    let told = stages.map(|stage| stage.alternatives.as_slice()).find(|told| !told.is_empty()).unwrap_or_default();
    // Both lists are of the same readings in the same order.
    let told = if told.len() == answer.alternatives.len() { told } else { &[] };
    answer.alternatives.iter().enumerate().map(|(at, other)| (other, told.get(at))).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::fixture::{SECRETS, fixture, sure};

    #[test]
    fn every_word_tells_what_it_became() {
        let question = "revenue of customers in Zürich last year for ada and wombats";
        let answer = sure(question, "SELECT 1");
        let fixture = fixture("-- nlq: x\n");
        let connection = fixture.snapshot.workspace.connections.values().next().expect("a connection");
        let found = words(&answer, question, connection.index.as_ref().expect("a schema"));
        let lines: Vec<String> = found
            .iter()
            .map(|word| {
                let others: Vec<String> = word.others.iter().map(|m| format!("{} {}", m.kind, m.name)).collect();
                let said = word.span.of(question);
                format!("{said} | {} | {} | {} | {}\n", word.kind, word.stands_for, word.why, others.join(", "))
            })
            .collect();
        let shown = lines.concat();
        assert!(SECRETS.iter().all(|secret| !shown.contains(secret)), "{shown}");
        expect![[r#"
            revenue | column | orders.total_amount | the team calls it so | 
            customers | table | customers | the name of a table | column orders.customer_id
            Zürich | value | 'Zürich' in customers.city | a known value | 
            last year | time | 2025 | before 2026 | 
            ada | value | 'ada' in customers.email |  | 
            wombats | unknown |  |  | 
        "#]]
        .assert_eq(&shown);
    }

    #[test]
    fn a_reading_that_lost_says_why() {
        let answer = sure("orders", "SELECT 1");
        let why: Vec<Option<&str>> = losers(&answer).iter().map(|(_, told)| told.map(|t| t.reason.as_str())).collect();
        assert_eq!(why, [Some("revenue is an amount")]);
    }
}
