//! An understood question becomes an [`Answer`]: the outcome, the links, the boundaries and the reasoning stream in the
//! words of the agents.

use std::time::Instant;

use nlq_catalog::{ColumnId, TableId};
use nlq_query::plan::Moment;
use nlq_text::{Span, did_you_mean_all};
use serde_json::json;

use crate::{
    Alternative, Answer, BoundaryType, KnowledgeBoundary, Link, LinkKind, Outcome, Question, ReasoningAlternative,
    ReasoningStage, ReasoningStep, ReasoningStream, SchemaIndex, Settings,
    clarify::{clarification, difference, doubt, is_tied},
    confidence::confidence,
    cues::Cue,
    describe::{self, describe},
    index::Target,
    learned::parts::Parts,
    linker::{Chunk, ChunkKind, STRATEGIES},
    readings::{Reading, Understood},
    results, similar,
    weights::Weights,
};

/// Other readings shown.
const MAX_ALTERNATIVES: usize = 5;
/// From this confidence on even a tie of readings is no reason to ask.
const SURE: f64 = 0.85;
/// Below this confidence a reading is a guess: it is offered, never given as the answer.
const GUESS: f64 = 0.2;
/// Suggestions of one boundary.
const MAX_SUGGESTIONS: usize = 3;
/// Boundaries of one question; more say no more.
const MAX_BOUNDARIES: usize = 8;
/// Nothing linked as well as this means that the question is not about this schema.
const ANY_LINK: f32 = 0.5;

/// Puts the answer together.
pub(crate) fn answer(
    question: Question<'_>,
    settings: Settings,
    index: &SchemaIndex,
    understood: &Understood,
    weights: &Weights,
    begun: Instant,
) -> Answer {
    let (sure, factors) = confidence(understood, index, weights);
    let links = links(index, understood);
    let linked = understood.chunks.iter().any(|chunk| match &chunk.kind {
        ChunkKind::Name => chunk.names.iter().any(|e| e.score >= ANY_LINK),
        ChunkKind::Value(_, known) => *known,
        _ => false,
    });
    let best = understood.readings.first().filter(|_| linked);
    let boundaries = boundaries(question.text, index, understood, best);
    let alternatives = best.map_or_else(Vec::new, |best| alternatives(best, index, understood, sure));
    let open =
        !understood.chosen && (sure < settings.clarification_threshold || sure < SURE && is_tied(understood, index));
    let guessed = !understood.chosen && sure < GUESS;
    let asked = if open { clarification(understood, index) } else { None };
    let asked = asked.or_else(|| if guessed { doubt(understood, index) } else { None });
    let outcome = match (best.filter(|_| !guessed || asked.is_some()), asked) {
        (None, _) => Outcome::Abstention { reason: refusal(question.text, index, understood) },
        (Some(_), Some(asked)) => Outcome::Clarification(asked),
        (Some(best), None) => {
            Outcome::Query { sql: best.rendered.sql.clone(), description: describe(&best.bound.plan, index) }
        }
    };
    let confidence = if best.is_some() { sure } else { 0.0 };
    let reasoning = reasoning(question.text, index, understood, best, &boundaries, confidence, begun);
    Answer { outcome, confidence, factors, links, boundaries, alternatives, reasoning }
}

fn alternatives(best: &Reading, index: &SchemaIndex, understood: &Understood, sure: f64) -> Vec<Alternative> {
    let top = best.score;
    let mass: f64 = results::different(&understood.readings).map(|r| f64::from((r.score - top).exp())).sum();
    let mut found: Vec<Alternative> = Vec::new();
    for reading in understood.readings.iter().skip(1).take(MAX_ALTERNATIVES) {
        let share = f64::from((reading.score - top).exp()) / mass;
        let phrase = difference(best, reading, index).phrase();
        let is_taken = phrase.is_empty() || found.iter().any(|a| a.description == phrase);
        found.push(Alternative {
            sql: reading.rendered.sql.clone(),
            description: if is_taken { describe(&reading.bound.plan, index) } else { phrase },
            // What the best reading leaves over is shared by weight.
            confidence: ((1.0 - sure).min(sure) * share * 1000.0).round() / 1000.0,
        });
    }
    found
}

fn refusal(text: &str, index: &SchemaIndex, understood: &Understood) -> String {
    if text.trim().is_empty() {
        return "There is no question yet: write one after the trigger.".to_owned();
    }
    if index.catalog().tables.is_empty() {
        return "The schema has no tables: refresh it with `nlq schema refresh`.".to_owned();
    }
    if understood.change.is_some() {
        return "nlq only reads: it writes no query that changes data; ask for the rows instead.".to_owned();
    }
    if let Some(why) = &understood.beyond {
        return why.clone();
    }
    if let Some((from, to)) = understood.unjoined.filter(|_| understood.readings.is_empty()) {
        let name = |id: TableId| index.catalog().table(id).name.clone();
        return format!(
            "No relationship is known between {} and {}: declare a foreign key or annotate one.",
            name(from),
            name(to)
        );
    }
    let linked = understood.chunks.iter().any(|c| c.names.iter().any(|e| e.score >= ANY_LINK));
    if linked {
        return "What the question names could not be put together into one query: name the column that is meant."
            .to_owned();
    }
    "Nothing in the question names a table, a column or a value of this schema.".to_owned()
}

fn span_of(understood: &Understood, chunk: &Chunk) -> Span {
    Span::new(understood.tokens[chunk.from].span.start, understood.tokens[chunk.to - 1].span.end)
}

fn links(index: &SchemaIndex, understood: &Understood) -> Vec<Link> {
    let best = understood.readings.first();
    let bound = |at: usize| best.and_then(|r| r.bound.bindings.iter().find(|b| b.chunk == at));
    let mut links = Vec::new();
    for (at, chunk) in understood.chunks.iter().enumerate() {
        let span = span_of(understood, chunk);
        // Words of an earlier question have no place in this one.
        if span.is_empty() {
            continue;
        }
        let target = bound(at).map(|b| b.target).or(chunk.names.first().map(|e| e.target));
        let entry = chunk.names.iter().find(|e| Some(e.target) == target);
        let score = entry.map_or(0.5, |e| f64::from(e.score).min(1.0));
        let strategy = entry.map_or("SemanticConceptMatchStrategy", |e| e.strategy);
        let (kind, score, evidence) = match &chunk.kind {
            ChunkKind::Name => match target {
                Some(Target::Table(id) | Target::Person(id)) => {
                    (LinkKind::Table(id), score, format!("{strategy}: table {}", index.catalog().table(id).name))
                }
                Some(Target::Column(id)) => {
                    (LinkKind::Column(id), score, format!("{strategy}: column {}", column_name(id, index)))
                }
                Some(Target::Term(at)) => {
                    let term = &index.annotations().terms[at as usize];
                    (LinkKind::Term(term.name.clone()), 1.0, format!("{strategy}: {}", term.condition))
                }
                Some(Target::Metric(at)) => {
                    let metric = &index.annotations().metrics[at as usize];
                    (LinkKind::Term(metric.name.clone()), 1.0, format!("{strategy}: {}", metric.expression))
                }
                None => (LinkKind::Operation("unit of time".to_owned()), 1.0, "TimeStrategy".to_owned()),
            },
            ChunkKind::Value(text, known) => {
                let mut columns: Vec<ColumnId> = chunk.values.iter().map(|(id, _)| *id).collect();
                columns.sort_unstable();
                columns.dedup();
                let value = chunk.values.first().map_or_else(|| text.clone(), |(_, v)| v.clone());
                let evidence = match columns.first() {
                    Some(id) if chunk.similar.is_some() => {
                        format!("{}: like \u{2018}{value}\u{2019} in {}", similar::STRATEGY, column_name(*id, index))
                    }
                    Some(id) if *known => format!("ValueMatchStrategy: held by {}", column_name(*id, index)),
                    _ => "CapitalizedValueStrategy: not known in the database".to_owned(),
                };
                let score = match chunk.similar {
                    Some(score) => f64::from(score).min(0.95),
                    None if *known => 0.95,
                    None => 0.5,
                };
                (LinkKind::Value { value, columns }, score, evidence)
            }
            ChunkKind::Number(digits) => {
                (LinkKind::Number(digits.parse().unwrap_or(0.0)), 1.0, "NumberStrategy".to_owned())
            }
            ChunkKind::Time(range) => {
                let end = |end: Option<Moment>, open: &str| end.map_or(open.to_owned(), describe::moment);
                let words =
                    format!("from {} to before {}", end(range.from, "the beginning"), end(range.until, "the end"));
                (LinkKind::Time(words), 1.0, "TimeStrategy".to_owned())
            }
            ChunkKind::Cue(cue) => match operation(*cue) {
                Some(words) => (LinkKind::Operation(words.to_owned()), 1.0, "CueStrategy".to_owned()),
                None => continue,
            },
            ChunkKind::Unknown => (LinkKind::Unknown, 0.0, "no strategy explains it".to_owned()),
        };
        let evidence = match understood.tokens[chunk.from..chunk.to].iter().find(|token| token.misspelt) {
            Some(token) => {
                format!("{evidence}, \u{2018}{}\u{2019} taken for \u{2018}{}\u{2019}", token.text, token.lower)
            }
            None => evidence,
        };
        links.push(Link { span, kind, score, evidence });
    }
    links
}

fn column_name(id: ColumnId, index: &SchemaIndex) -> String {
    format!("{}.{}", index.catalog().table(id.table).name, index.column(id).name)
}

/// What an operation does, in words; none for words that only connect.
fn operation(cue: Cue) -> Option<&'static str> {
    Some(match cue {
        Cue::Count => "count",
        Cue::Aggregate(aggregate) => aggregate.name(),
        Cue::Ratio => "divided by",
        Cue::Each => "one row for each",
        Cue::OrderBy | Cue::Direction(_) | Cue::First(..) => "order",
        Cue::Superlative(true, _) => "the largest",
        Cue::Superlative(false, _) => "the smallest",
        Cue::Common(true) => "the most frequent",
        Cue::Common(false) => "the least frequent",
        Cue::Top => "the first rows",
        Cue::Compare(op, _) => op.symbol(),
        Cue::Between => "from ... to ...",
        Cue::Not | Cue::Without => "not",
        Cue::Both => "both",
        Cue::Or => "or",
        Cue::Distinct => "only different ones",
        Cue::Like(_) => "contains",
        Cue::Missing => "no value",
        Cue::Everything => "all columns",
        Cue::By | Cue::And | Cue::Which | Cue::Have | Cue::Of | Cue::Show | Cue::Asked(_) | Cue::Is => return None,
    })
}

fn boundaries(
    text: &str,
    index: &SchemaIndex,
    understood: &Understood,
    best: Option<&Reading>,
) -> Vec<KnowledgeBoundary> {
    if let Some(span) = understood.change {
        let rest = text.get(span.end..).unwrap_or_default().trim().trim_end_matches(['.', '!', '?']);
        return vec![KnowledgeBoundary {
            boundary_type: BoundaryType::ComplexImplementation,
            component: "change".to_owned(),
            span,
            confidence: 1.0,
            explanation: "nlq only reads: it writes no query that changes data".to_owned(),
            suggestions: vec![format!("Ask for the rows instead: show {rest}")],
        }];
    }
    let mut found = Vec::new();
    let names = || {
        let tables = index.catalog().tables.iter();
        tables.flat_map(|t| std::iter::once(t.name.as_str()).chain(t.columns.iter().map(|c| c.name.as_str())))
    };
    for chunk in understood.chunks.iter().filter(|c| c.kind == ChunkKind::Unknown) {
        let word = &understood.tokens[chunk.from].text;
        let near: Vec<String> = did_you_mean_all(word, names())
            .into_iter()
            .take(MAX_SUGGESTIONS)
            .map(|n| format!("Did you mean {n}?"))
            .collect();
        let suggestions = if near.is_empty() {
            vec![format!("Add \u{201c}{word}\u{201d} as a business term to an annotation.")]
        } else {
            near
        };
        found.push(KnowledgeBoundary {
            boundary_type: BoundaryType::UnknownEntity,
            component: format!("entity_{word}"),
            span: span_of(understood, chunk),
            confidence: 0.8,
            explanation: format!("Could not map '{word}' to any table, column or value"),
            suggestions,
        });
    }
    for token in understood.tokens.iter().filter(|token| token.misspelt) {
        found.push(KnowledgeBoundary {
            boundary_type: BoundaryType::UnknownEntity,
            component: format!("entity_{}", token.text),
            span: token.span,
            confidence: 0.8,
            explanation: format!("'{}' is taken for '{}'", token.text, token.lower),
            suggestions: vec![format!("Did you mean {}?", token.lower)],
        });
    }
    found.sort_by_key(|boundary| boundary.span.start);
    if let Some(best) = best {
        for (at, chunk) in understood.chunks.iter().enumerate() {
            let unused = !best.uses(at, chunk);
            if unused && matches!(chunk.kind, ChunkKind::Value(..) | ChunkKind::Number(_) | ChunkKind::Time(_)) {
                let span = span_of(understood, chunk);
                found.push(KnowledgeBoundary {
                    boundary_type: BoundaryType::UncertainAttribute,
                    component: format!("filter_{}", span.of(text)),
                    span,
                    confidence: 0.8,
                    explanation: format!("'{}' could not be tied to a column", span.of(text)),
                    suggestions: vec!["Name the column that it is a value of.".to_owned()],
                });
            }
        }
        if best.rendered.tied {
            found.push(KnowledgeBoundary {
                boundary_type: BoundaryType::AmbiguousIntent,
                component: "join_path".to_owned(),
                span: Span::new(0, text.len()),
                confidence: 0.7,
                explanation: "The tables can be joined in more than one way of equal length".to_owned(),
                suggestions: vec!["Name the column that relates them, or annotate the relationship.".to_owned()],
            });
        }
    } else if let Some(why) = &understood.beyond {
        found.push(KnowledgeBoundary {
            boundary_type: BoundaryType::ComplexImplementation,
            component: "language".to_owned(),
            span: Span::new(0, text.len()),
            confidence: 1.0,
            explanation: why.trim_end_matches('.').to_owned(),
            suggestions: vec!["Ask one part of it at a time.".to_owned()],
        });
    } else if let Some((from, to)) = understood.unjoined {
        let name = |id: TableId| index.catalog().table(id).name.clone();
        found.push(KnowledgeBoundary {
            boundary_type: BoundaryType::MissingRelationship,
            component: format!("relationship_{}_{}", name(from), name(to)),
            span: Span::new(0, text.len()),
            confidence: 0.9,
            explanation: format!("No relationship is known between {} and {}", name(from), name(to)),
            suggestions: vec!["Declare a foreign key, or annotate a relationship `a.x -> b.y`.".to_owned()],
        });
    } else if understood.tokens.is_empty() || !text.trim().is_empty() {
        found.push(KnowledgeBoundary {
            boundary_type: BoundaryType::UnmappableConcept,
            component: "question".to_owned(),
            span: Span::new(0, text.len()),
            confidence: 0.9,
            explanation: "What the question says could not be mapped to the schema".to_owned(),
            suggestions: index
                .catalog()
                .tables
                .iter()
                .take(MAX_SUGGESTIONS)
                .map(|t| format!("Ask about {}.", t.name))
                .collect(),
        });
    }
    if let Some(at) = understood.cut {
        found.push(KnowledgeBoundary {
            boundary_type: BoundaryType::ComplexImplementation,
            component: "question".to_owned(),
            span: Span::new(at, text.len()),
            confidence: 1.0,
            explanation: format!("Only the first {} words of the text are read", crate::words::MAX_WORDS),
            suggestions: vec!["Ask one thing in fewer words.".to_owned()],
        });
    }
    found.truncate(MAX_BOUNDARIES);
    found
}

#[allow(clippy::too_many_arguments, reason = "the stream tells of everything that was found")]
fn reasoning(
    text: &str,
    index: &SchemaIndex,
    understood: &Understood,
    best: Option<&Reading>,
    boundaries: &[KnowledgeBoundary],
    confidence: f64,
    begun: Instant,
) -> ReasoningStream {
    let words = |chunk: &Chunk| span_of(understood, chunk).of(text).to_owned();
    let step = |description: &str, evidence: serde_json::Value, confidence: f64| ReasoningStep {
        description: description.to_owned(),
        evidence,
        confidence,
    };
    let cues: Vec<_> = understood
        .chunks
        .iter()
        .filter_map(|c| match c.kind {
            ChunkKind::Cue(cue) => operation(cue).map(|op| json!({ "words": words(c), "means": op })),
            _ => None,
        })
        .collect();
    let intent = best.map_or("unknown", |r| {
        let plan = &r.bound.plan;
        if plan.select.iter().any(|i| i.expr.is_aggregate()) {
            "aggregation"
        } else if plan.limit.is_some() && !plan.order.is_empty() {
            "ranked_list"
        } else {
            "selection"
        }
    });
    let table = |id: TableId| index.catalog().table(id).name.clone();
    let resolved: Vec<_> = understood.chunks.iter().enumerate().filter(|(_, c)| c.kind == ChunkKind::Name).map(|(at, c)| {
        let target = best.and_then(|r| r.bound.bindings.iter().find(|b| b.chunk == at)).map(|b| b.target).or(c.names.first().map(|e| e.target));
        let entry = c.names.iter().find(|e| Some(e.target) == target);
        let to = match target {
            Some(Target::Table(id) | Target::Person(id)) => table(id),
            Some(Target::Column(id)) => column_name(id, index),
            Some(Target::Term(at)) => index.annotations().terms[at as usize].condition.clone(),
            Some(Target::Metric(at)) => index.annotations().metrics[at as usize].expression.clone(),
            None => "time".to_owned(),
        };
        json!({ "mention": words(c), "resolved_to": to, "confidence": entry.map_or(0.5, |e| e.score), "strategy": entry.map_or("none", |e| e.strategy) })
    }).collect();
    let unknown: Vec<String> = understood.chunks.iter().filter(|c| c.kind == ChunkKind::Unknown).map(words).collect();
    let strategies: Vec<&str> = STRATEGIES.iter().map(|(name, _)| *name).collect();
    let stage = |name: &str, description: &str, steps: Vec<ReasoningStep>, conclusion: String| ReasoningStage {
        name: name.to_owned(),
        description: description.to_owned(),
        steps,
        conclusion,
        alternatives: Vec::new(),
        micros: 0,
    };
    let tables: Vec<String> = best.map_or_else(Vec::new, |r| r.rendered.tables.iter().map(|t| table(*t)).collect());
    let joins = tables.len().saturating_sub(1);
    let conditions = best.map_or(0, |r| Parts::of(&r.bound.plan).tests);
    let mut stages = vec![
        stage(
            "Intent Analysis",
            "Determining the primary purpose of the query",
            vec![step("Analyzing query structure and patterns", json!({ "patterns": cues }), confidence)],
            format!("Query intent determined to be {intent} with {confidence:.2} confidence"),
        ),
        stage(
            "Entity Recognition",
            "Identifying and resolving database entities in the query",
            vec![
                step(
                    "Resolving entities using multiple resolution strategies",
                    json!({ "strategies_used": strategies, "entities_resolved": resolved }),
                    confidence,
                ),
                step(
                    "Identifying unknown or unmappable entities",
                    json!({ "unknown_entities": unknown, "boundary_count": boundaries.len() }),
                    1.0,
                ),
            ],
            format!("Identified {} entities and {} unmappable concepts", resolved.len(), unknown.len()),
        ),
        stage(
            "Relationship Discovery",
            "Discovering relationships between entities for join path determination",
            vec![step(
                "Discovering join paths between entities",
                json!({ "tables": tables, "inferred": best.map_or(0, |r| r.rendered.inferred_joins), "tied": best.is_some_and(|r| r.rendered.tied) }),
                confidence,
            )],
            format!("Discovered {joins} join paths between {} entities", tables.len()),
        ),
        stage(
            "Attribute Processing",
            "Identifying and resolving query attributes like filters, aggregations, and groupings",
            vec![step(
                "Resolving attributes to SQL components",
                json!({ "filters": conditions, "groupings": best.map_or(0, |r| r.bound.plan.group.len()), "sortings": best.map_or(0, |r| r.bound.plan.order.len()), "limit": best.and_then(|r| r.bound.plan.limit) }),
                confidence,
            )],
            format!(
                "Processed {} query attributes",
                conditions + best.map_or(0, |r| r.bound.plan.group.len() + r.bound.plan.order.len())
            ),
        ),
        stage(
            "SQL Generation",
            "Generating SQL query from intent, entities, and relationships",
            vec![step(
                "Ranking readings of the question",
                json!({ "readings": understood.readings.len(), "sql": best.map(|r| r.rendered.sql.clone()) }),
                confidence,
            )],
            match best {
                Some(_) => "Generated SQL based on intent and entities with necessary joins".to_owned(),
                None => "No SQL was generated".to_owned(),
            },
        ),
    ];
    if let (Some(best), Some(last)) = (best, stages.last_mut()) {
        last.alternatives = understood
            .readings
            .iter()
            .skip(1)
            .take(MAX_ALTERNATIVES)
            .map(|r| ReasoningAlternative {
                description: describe(&r.bound.plan, index),
                confidence: f64::from((r.score - best.score).exp()).min(1.0),
                reason: reason(best, r),
            })
            .collect();
        last.micros = begun.elapsed().as_micros() as u64;
    }
    stages.extend(best.and_then(|_| results::stage(understood, index)));
    ReasoningStream { query_text: text.to_owned(), stages, complete: best.is_some() }
}

/// Why a reading lost: by what it found, else by the feature that weighs most between the two.
fn reason(best: &Reading, other: &Reading) -> String {
    let by_words = || crate::weights::why(&best.features, &other.features).unwrap_or("it is a little less likely");
    results::reason(best, other).unwrap_or_else(|| by_words().to_owned())
}
