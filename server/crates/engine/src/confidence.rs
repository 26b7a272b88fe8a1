//! How sure the engine is of its best reading: a logistic model over the reading's features and its lead, then hard caps
//! for what nobody explained.

use nlq_catalog::TableId;
use nlq_query::plan::{Aggregate, Expr, Plan};

use crate::{
    Factor,
    index::{SchemaIndex, Target},
    linker::ChunkKind,
    readings::Understood,
    results,
    weights::{self, Weights},
};

/// A content word that nothing explains keeps the confidence below this.
const UNKNOWN_WORD_CAP: f64 = 0.75;
/// Two or more of them.
const UNKNOWN_WORDS_CAP: f64 = 0.55;
/// A value that no column is known to hold.
const UNKNOWN_VALUE_CAP: f64 = 0.8;
/// A value, or a word of the schema, that is only written nearly so.
const SIMILAR_CAP: f64 = 0.8;
/// A number, value or time that plays no part in the query.
const UNUSED_VALUE_CAP: f64 = 0.4;
/// `discontinued products` read as the column that says so of each, when it may well say which.
const ADJECTIVE_CAP: f64 = 0.6;
/// A sum or average over rows that a join repeats.
const REPEATED_CAP: f64 = 0.55;
/// Two ways to join that are equally short, or a join by a guessed reference.
const JOIN_CAP: f64 = 0.7;
/// What a soft cap leaves of the confidence above it: such answers are more often right than the cap says, and it still
/// stands below what is shown as sure.
const SOFT: f64 = 0.25;
/// Nothing is ever certain.
const TOP: f64 = 0.985;

/// The confidence in the best reading, and what it is made of, heaviest first.
pub(crate) fn confidence(understood: &Understood, index: &SchemaIndex, weights: &Weights) -> (f64, Vec<Factor>) {
    let Some(best) = understood.readings.first() else { return (0.0, Vec::new()) };
    // Readings that find the same rows are one answer.
    let scores: Vec<f32> = results::different(&understood.readings).map(|r| r.score).collect();
    let top = scores[0];
    let mass: f32 = scores.iter().map(|s| (s - top).exp()).sum();
    let second = scores.get(1).copied().unwrap_or(top - 3.0);
    let margin = (top - second).min(3.0);
    let agree = scores.iter().skip(1).take(5).map(|s| (s - top).exp()).sum::<f32>();
    // The order is the one in `nlq-train`, `fit/fit.py`, `lead`.
    let lead = [1.0 / mass, margin, (scores.len() as f32).ln() / 4.0, top, agree, second];
    let mut confidence = weights.confidence(&best.features, lead);

    confidence = results::surer(confidence, understood);

    let unknown = understood.chunks.iter().filter(|c| c.kind == ChunkKind::Unknown).count();
    let feature = |name: &str| best.features[weights::place(name)];
    let mut factors = Vec::new();
    let mut factor = |name: &str, value: f64, explanation: String| {
        factors.push(Factor { name: name.to_owned(), value: (value * 1000.0).round() / 1000.0, explanation });
    };
    let content = f64::from(feature("words")).max(1.0);
    factor(
        "schema_coverage",
        1.0 - (unknown as f64 / content).min(1.0),
        match unknown {
            0 => "every content word is understood".to_owned(),
            1 => "one word is not understood".to_owned(),
            n => format!("{n} words are not understood"),
        },
    );
    factor(
        "margin",
        f64::from(1.0 / mass),
        if scores.len() == 1 {
            "no other reading was found".to_owned()
        } else {
            format!("{} other readings were weighed", scores.len() - 1)
        },
    );
    let said = best.bound.bindings.iter().map(|binding| f64::from(binding.score));
    let weakest = said.fold(1.0, f64::min).max(0.0);
    factor(
        "weakest_link",
        weakest,
        if weakest >= 0.9 {
            "every name is matched whole".to_owned()
        } else {
            "a name is matched only in part".to_owned()
        },
    );
    let joins = best.rendered.tables.len().saturating_sub(1);
    factor(
        "joins",
        1.0 / (1.0 + joins as f64 * 0.25),
        match joins {
            0 => "one table is enough".to_owned(),
            1 => "two tables are joined".to_owned(),
            n => format!("{} tables are joined", n + 1),
        },
    );
    if let Some((value, explanation)) = results::agreement(understood) {
        factor("results", value, explanation);
    }
    let softened = |at: f64, sure: f64| at + (sure - at).max(0.0) * SOFT;
    let word_cap = softened(UNKNOWN_WORD_CAP, confidence);
    let value_cap = softened(UNKNOWN_VALUE_CAP, confidence);
    let mut cap = |holds: bool, at: f64, name: &str, explanation: &str| {
        if holds {
            confidence = confidence.min(at);
            factors.push(Factor {
                name: name.to_owned(),
                value: (at * 1000.0).round() / 1000.0,
                explanation: explanation.to_owned(),
            });
        }
    };
    let misspelt = understood.tokens.iter().filter(|token| token.misspelt).count();
    cap(unknown == 1, word_cap, "unexplained_word", "a word that nothing explains keeps the confidence down");
    cap(
        unknown > 0 && unknown + misspelt > 1,
        UNKNOWN_WORDS_CAP,
        "unexplained_words",
        "words that nothing explains keep the confidence down",
    );
    cap(feature("unknown_values") > 0.0, value_cap, "unknown_value", "a value is not known to be in its column");
    let similar = understood.chunks.iter().enumerate().any(|(at, c)| c.similar.is_some() && best.uses(at, c));
    cap(similar, SIMILAR_CAP, "similar_value", "a value is not in the database as it is written, only one like it");
    cap(misspelt > 0, SIMILAR_CAP, "misspelt_word", "a word is taken for one of the schema that is written nearly so");
    cap(feature("texts_unused") > 0.0, UNUSED_VALUE_CAP, "unused_value", "a value of the question plays no part");
    cap(feature("numbers_unused") > 0.0, UNUSED_VALUE_CAP, "unused_number", "a number of the question plays no part");
    cap(
        adjective(understood),
        ADJECTIVE_CAP,
        "adjective",
        "a word before a table is shown, though it may tell which rows",
    );
    cap(
        repeated(&best.bound.plan, &best.rendered.tables, index),
        REPEATED_CAP,
        "repeated_rows",
        "the joins repeat the rows that are summed or averaged",
    );
    cap(best.rendered.tied, JOIN_CAP, "join_tie", "the tables can be joined in more than one way");
    cap(best.rendered.inferred_joins > 0, JOIN_CAP, "guessed_join", "a join rests on names, no key declares it");
    cap(understood.cut.is_some(), UNUSED_VALUE_CAP, "cut", "the text is too long to be read to its end");
    factors.sort_by(|a, b| a.value.total_cmp(&b.value));
    ((confidence.min(TOP) * 10_000.0).round() / 10_000.0, factors)
}

/// A joined table refers to the one whose values are summed, so that they count more than once.
fn repeated(plan: &Plan, joined: &[TableId], index: &SchemaIndex) -> bool {
    let rows = index.graph().rows_of(joined);
    let shown = plan.select.iter().map(|item| &item.expr).chain(plan.order.iter().map(|key| &key.expr));
    shown.into_iter().any(|expr| {
        let is_total = match expr {
            Expr::Aggregate { function: Aggregate::Sum | Aggregate::Avg, distinct, .. } => !distinct,
            Expr::Raw { .. } => true,
            _ => false,
        };
        let mut tables = Vec::new();
        expr.tables(&mut tables);
        is_total && joined.len() > 1 && tables.iter().any(|table| !rows.contains(table))
    })
}

/// A shown column whose word is a participle right before a table's name.
fn adjective(understood: &Understood) -> bool {
    let Some(best) = understood.readings.first() else { return false };
    let shown = |target: Target| match target {
        Target::Column(id) => best.bound.plan.select.iter().any(|item| item.expr == Expr::Column(id)),
        _ => false,
    };
    best.bound.bindings.iter().filter(|binding| shown(binding.target)).any(|binding| {
        let (Some(chunk), Some(next)) =
            (understood.chunks.get(binding.chunk), understood.chunks.get(binding.chunk + 1))
        else {
            return false;
        };
        let is_table = next.names.first().is_some_and(|e| matches!(e.target, Target::Table(_)));
        chunk.to == next.from && is_table && understood.tokens[chunk.to - 1].lower.ends_with("ed")
    })
}
