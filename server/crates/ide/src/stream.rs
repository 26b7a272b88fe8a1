//! The reasoning stream with the evidence that an answer holds besides: what each word became, what joins the tables, what
//! each clause of the query is made of, in the words of the agents (seeds/004).

use nlq_engine::{Answer, Outcome, ReasoningStage, ReasoningStep, ReasoningStream, SchemaIndex};
use nlq_query::sql::{Clause, Clauses, Detail, clauses};
use serde_json::{Value, json};

use crate::{
    derivation::{Word, words},
    joins::joins,
};

/// The query that a derivation is about: of a question back, that of the best reading.
pub fn best_query(answer: &Answer) -> Option<&str> {
    match &answer.outcome {
        Outcome::Query { sql, .. } => Some(sql),
        Outcome::Clarification(asked) => asked.options.first().map(|option| option.sql.as_str()),
        Outcome::Abstention { .. } => None,
    }
}

/// The stream of an answer, each agent's stage with its evidence. Stages of other names stay as they are.
pub fn reasoning_stream(answer: &Answer, index: &SchemaIndex) -> ReasoningStream {
    let mut stream = answer.reasoning.clone();
    let words = words(answer, &stream.query_text, index);
    // The embedded agents' stages tell of their own query, not of a model's.
    let by_model = stream.stages.iter().any(|stage| stage.name == "Query Builder");
    let sql = best_query(answer).filter(|_| !by_model);
    let clauses = sql.and_then(|sql| clauses(sql, index.catalog(), Detail::Full)).unwrap_or_default();
    let question = stream.query_text.clone();
    for stage in &mut stream.stages {
        match stage.name.as_str() {
            "Intent Analysis" => add(stage, "pattern_matches", patterns(&words, &question)),
            "Entity Recognition" => {
                let asks = matches!(answer.outcome, Outcome::Clarification(_));
                add_last(stage, "requires_clarification", json!(asks));
                stage.steps.insert(0, mentions(&words, &question));
            }
            "Relationship Discovery" => add(stage, "join_paths_found", paths(sql, index)),
            "Attribute Processing" => add(stage, "resolution_details", attributes(&clauses)),
            "SQL Generation" if sql.is_some() => stage.steps.insert(0, context(&clauses, index)),
            _ => {}
        }
    }
    stream
}

fn add(stage: &mut ReasoningStage, name: &str, value: Value) {
    insert(stage.steps.first_mut(), name, value);
}

fn add_last(stage: &mut ReasoningStage, name: &str, value: Value) {
    insert(stage.steps.last_mut(), name, value);
}

fn insert(step: Option<&mut ReasoningStep>, name: &str, value: Value) {
    // What the engine tells itself stands.
    if let Some(evidence) = step.and_then(|step| step.evidence.as_object_mut()) {
        evidence.entry(name).or_insert(value);
    }
}

/// The words that tell what kind of answer is wanted.
fn patterns(words: &[Word], question: &str) -> Value {
    let mut found = json!({});
    for kind in ["aggregation", "comparison", "trend", "ranking"] {
        let said: Vec<&str> = words.iter().filter(|w| pattern(w) == Some(kind)).map(|w| w.span.of(question)).collect();
        if !said.is_empty() {
            found[kind] = json!(said);
        }
    }
    if found.as_object().is_some_and(serde_json::Map::is_empty) {
        return json!("none but selection");
    }
    found
}

fn pattern(word: &Word) -> Option<&'static str> {
    match (word.kind, word.stands_for.as_str()) {
        ("operation", "count" | "sum" | "avg" | "average" | "min" | "max" | "one row for each") => Some("aggregation"),
        (
            "operation",
            "the largest" | "the smallest" | "the most frequent" | "the least frequent" | "the first rows",
        ) => Some("ranking"),
        ("operation", "order") => Some("ranking"),
        ("operation", "unit of time") => Some("trend"),
        ("operation", said) if said.starts_with(['<', '>', '=']) || said.starts_with("from ") => Some("comparison"),
        _ => None,
    }
}

/// What may be entities, before any is resolved.
fn mentions(words: &[Word], question: &str) -> ReasoningStep {
    let is_entity = |word: &&Word| !matches!(word.kind, "operation" | "number" | "time");
    let entities: Vec<&str> = words.iter().filter(is_entity).map(|word| word.span.of(question)).collect();
    let known = words.iter().filter(is_entity).filter(|word| word.is_known()).count();
    let confidence = if entities.is_empty() { 0.0 } else { known as f64 / entities.len() as f64 };
    ReasoningStep {
        description: "Extracting potential entity mentions from query".into(),
        evidence: json!({ "potential_entities": entities }),
        confidence,
    }
}

fn paths(sql: Option<&str>, index: &SchemaIndex) -> Value {
    let found = sql.and_then(|sql| joins(sql, index)).unwrap_or_default();
    let path = |join: &crate::Join| json!({ "path": join.condition(), "strategy": join.source.strategy() });
    found.joins.iter().map(path).collect()
}

/// What each attribute of the question became in the query.
fn attributes(clauses: &Clauses) -> Value {
    let is_aggregate = |item: &&String| {
        let item = item.to_lowercase();
        ["count(", "sum(", "avg(", "min(", "max("].iter().any(|function| item.contains(function))
    };
    let mut found: Vec<Value> = Vec::new();
    let mut tell = |attribute: &str, text: &String| {
        found.push(json!({ "attribute_type": attribute, "resolved_to": text }));
    };
    clauses.get(Clause::Where).iter().for_each(|text| tell("filter", text));
    clauses.get(Clause::Select).iter().filter(is_aggregate).for_each(|text| tell("aggregation", text));
    clauses.get(Clause::Group).iter().for_each(|text| tell("grouping", text));
    clauses.get(Clause::Having).iter().for_each(|text| tell("filter of groups", text));
    clauses.get(Clause::Order).iter().for_each(|text| tell("sorting", text));
    clauses.get(Clause::Limit).iter().for_each(|text| tell("limit", text));
    Value::Array(found)
}

fn context(clauses: &Clauses, index: &SchemaIndex) -> ReasoningStep {
    let tables: Vec<&str> = clauses.tables.iter().map(|id| index.catalog().table(*id).name.as_str()).collect();
    ReasoningStep {
        description: "Preparing schema context for SQL generation".into(),
        evidence: json!({ "tables_included": tables, "has_joins": !clauses.get(Clause::Joins).is_empty() }),
        confidence: 1.0,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use expect_test::expect;

    use super::*;
    use crate::{
        evidence_lines,
        fixture::{fixture, sure},
    };

    #[test]
    fn every_stage_shows_its_evidence() {
        let question = "revenue of orders of customers in Zürich for wombats";
        let sql = "SELECT c.city, sum(o.total_amount) FROM orders o JOIN customers c ON o.customer_id = c.id \
                   WHERE c.city = 'Zürich' GROUP BY c.city ORDER BY 2 DESC LIMIT 3";
        let mut answer = sure(question, sql);
        let stages = ["Intent Analysis", "Entity Recognition", "Relationship Discovery", "Attribute Processing"];
        let stage = |name: &str| ReasoningStage {
            name: name.to_owned(),
            steps: vec![ReasoningStep { description: "own".into(), evidence: json!({}), confidence: 1.0 }],
            ..ReasoningStage::default()
        };
        answer.reasoning.stages = stages.into_iter().chain(["SQL Generation", "Validation"]).map(stage).collect();
        let fixture = fixture("-- nlq: x\n");
        let connection = fixture.snapshot.workspace.connections.values().next().expect("a connection");
        let mut shown = String::new();
        for stage in reasoning_stream(&answer, connection.index.as_ref().expect("a schema")).stages {
            let _ = writeln!(shown, "{}", stage.name);
            for step in stage.steps {
                let _ = writeln!(shown, "- {}", step.description);
                for line in evidence_lines(&step.evidence) {
                    let _ = writeln!(shown, "  {}{}", "  ".repeat(line.depth), line.text);
                }
            }
        }
        expect![[r#"
            Intent Analysis
            - own
              pattern matches: none but selection
            Entity Recognition
            - Extracting potential entity mentions from query
              potential entities: revenue, orders, customers, Zürich, wombats
            - own
              requires clarification: no
            Relationship Discovery
            - own
              join paths found:
                path orders.customer_id = customers.id, strategy DirectForeignKeyStrategy
            Attribute Processing
            - own
              resolution details:
                attribute type filter, resolved to customers.city = 'Zürich'
                attribute type aggregation, resolved to sum(orders.total_amount)
                attribute type grouping, resolved to customers.city
                attribute type sorting, resolved to sum(orders.total_amount) desc
                attribute type limit, resolved to limit 3
            SQL Generation
            - Preparing schema context for SQL generation
              tables included: customers, orders
              has joins: yes
            - own
            Validation
            - own
        "#]]
        .assert_eq(&shown);
    }
}
