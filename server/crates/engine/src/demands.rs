//! What a question demands outright, so that a reading that does not do it while another does is passed over, however likely
//! its shape is: these demands are rare or missing in the questions that the ranker learned from.

use nlq_catalog::ColumnId;
use nlq_query::plan::{Aggregate, Expr, Item, Literal, OrderKey, Plan, Predicate};

use crate::{
    cues::Cue,
    index::{SchemaIndex, Target},
    learned::parts::Parts,
    linker::{Chunk, ChunkKind},
    readings::Reading,
    words::Token,
};

/// What each unmet demand costs; between the readings of one question that is a great deal.
const COST: f32 = 6.0;

/// What `DISTINCT` costs that nobody asked for, where no join repeats rows or they are grouped: it hides how many there are.
const UNASKED: f32 = 0.6;

/// Takes the cost of unmet demands from the scores.
pub(crate) fn charge(readings: &mut [Reading], chunks: &[Chunk], tokens: &[Token], index: &SchemaIndex) {
    let met: Vec<Vec<bool>> = readings.iter().map(|reading| met(&reading.bound.plan, chunks, tokens, index)).collect();
    let asked = chunks.iter().any(|chunk| chunk.kind == ChunkKind::Cue(Cue::Distinct));
    let truths: Vec<Vec<ColumnId>> = readings.iter().map(|reading| truths(&reading.bound.plan)).collect();
    let conditions: Vec<ColumnId> = truths.iter().flatten().copied().collect();
    for (at, reading) in readings.iter_mut().enumerate() {
        let unmet = (0..met[at].len()).filter(|demand| !met[at][*demand] && met.iter().any(|met| met[*demand])).count();
        // A column of truth values that can be a condition is one: `products in stock`.
        let shown = conditions.iter().any(|id| !truths[at].contains(id));
        reading.score -= COST * (unmet + usize::from(shown)) as f32;
        let plan = &reading.bound.plan;
        if plan.distinct && !asked && (reading.rendered.tables.len() == 1 || !plan.group.is_empty()) {
            reading.score -= UNASKED;
        }
    }
    // Ratios are so rare that only the rules know them: those stay in the order in which the rules propose them.
    if chunks.iter().any(|chunk| chunk.kind == ChunkKind::Cue(Cue::Ratio)) {
        let ratios = readings.iter_mut().filter(|reading| Parts::of(&reading.bound.plan).ratios > 0);
        for (place, reading) in ratios.enumerate() {
            reading.score = -(place as f32) / 2.0;
        }
    }
}

/// For each demand of the question whether a plan meets it; as many for every plan.
fn met(plan: &Plan, chunks: &[Chunk], tokens: &[Token], index: &SchemaIndex) -> Vec<bool> {
    let parts = Parts::of(plan);
    let mut out = Vec::new();
    let ranks =
        |cue: Cue| matches!(cue, Cue::OrderBy | Cue::Direction(_) | Cue::Top | Cue::Superlative(..) | Cue::First(..));
    let ranked = chunks.iter().any(|chunk| matches!(chunk.kind, ChunkKind::Cue(cue) if ranks(cue)));
    let events = index.holds_events();
    for (at, chunk) in chunks.iter().enumerate() {
        if events {
            out.extend(picks(chunk, at.checked_sub(1).map(|at| &chunks[at]), &parts));
        }
        match &chunk.kind {
            ChunkKind::Cue(Cue::First(down, hints)) => {
                let limited = chunks.iter().any(|c| matches!(c.kind, ChunkKind::Cue(Cue::Top | Cue::Superlative(..))));
                out.push(parts.orders > 0);
                out.push(!turned(plan, *down, hints, index) && (limited || plan.limit.is_none()));
            }
            ChunkKind::Cue(Cue::Direction(_) | Cue::OrderBy) => out.push(parts.orders > 0),
            ChunkKind::Time(_) => {
                let numbers = || tokens[chunk.from..chunk.to].iter().filter_map(Token::number);
                let year = parts.literals.iter().any(|(_, text, _)| numbers().any(|number| number == *text));
                out.push(parts.within > 0 || year);
            }
            // `most expensive` is told by a price, `oldest` also by a day, where there is one.
            ChunkKind::Cue(Cue::Superlative(down, hints)) if !hints.is_empty() => {
                out.push(!turned(plan, *down, hints, index));
                let dated = hints.contains(&"date") || hints.contains(&"age");
                let told = |id: &ColumnId| {
                    index.column_facts(*id).words.iter().any(|word| hints.contains(&word.as_str()))
                        || dated && index.column(*id).kind.is_temporal()
                };
                out.push(parts.columns.iter().any(told));
                // Nothing but its time makes an event the last one.
                let timed = |key: &OrderKey| {
                    matches!(key.expr, Expr::Column(id) if index.column(id).kind.is_temporal())
                        && key.descending == *down
                };
                out.push(!(events && dated) || plan.order.first().is_some_and(timed));
            }
            ChunkKind::Cue(Cue::Ratio) => out.push(parts.ratios > 0),
            ChunkKind::Cue(Cue::Common(down)) if events => {
                let most = |key: &OrderKey| key.expr.is_aggregate() && key.descending == *down;
                out.push(plan.order.first().is_some_and(most));
            }
            ChunkKind::Cue(Cue::Distinct) if events => {
                let of_values = |item: &Item| matches!(item.expr, Expr::Aggregate { distinct: true, .. });
                out.push(plan.distinct || plan.select.iter().any(of_values));
            }
            // `how many failed logins`: the events; `and how many` at the end: how many of them.
            ChunkKind::Cue(Cue::Count) if events => {
                let rows = chunks.get(at + 1).and_then(|next| next.names.first());
                let of_rows = rows.is_some_and(|e| matches!(e.target, Target::Table(_) | Target::Term(_)));
                let counts = |item: &Item| match &item.expr {
                    Expr::Aggregate { function: Aggregate::Count, argument, .. } => !of_rows || argument.is_none(),
                    _ => false,
                };
                // `the top 5 by number of requests`
                let ranks = plan.order.iter().any(|key| key.expr.is_aggregate());
                out.push(plan.select.iter().any(counts) || ranks);
            }
            // `log entries by level`: events have no order but their time, so that they are counted for each.
            ChunkKind::Cue(Cue::By | Cue::Each) if events && !ranked => out.push(!plan.group.is_empty()),
            // `per month`: a phrase that names nothing but a unit of time.
            ChunkKind::Name if chunk.names.is_empty() => out.push(parts.buckets > 0),
            // `monthly sales`
            _ if is_unit(&tokens[chunk.from].lower) => out.push(parts.buckets > 0),
            // What the team declared is used where it is named, and shown with what it is told for.
            ChunkKind::Name => {
                if is_added(chunk, tokens) {
                    out.push(shows(plan, chunk));
                }
                if chunk.names.iter().any(|e| e.score >= 1.0 && matches!(e.target, Target::Metric(_))) {
                    out.push(plan.limit.is_some() || plan.group.iter().all(|expr| is_shown(expr, plan)));
                }
                let declared = chunk.names.iter().filter(|entry| entry.score >= 1.0).find_map(|e| match e.target {
                    Target::Term(at) => Some(&index.annotations().terms[at as usize].condition),
                    Target::Metric(at) => Some(&index.annotations().metrics[at as usize].expression),
                    _ => None,
                });
                out.extend(declared.map(|text| parts.raw.contains(text)));
            }
            _ => {}
        }
    }
    out
}

/// A value that is held, and a number that is compared, pick some of the events. None for other phrases.
fn picks(chunk: &Chunk, before: Option<&Chunk>, parts: &Parts) -> Option<bool> {
    let said = |text: &str| parts.literals.iter().any(|(_, literal, _)| literal == text);
    match &chunk.kind {
        ChunkKind::Value(..) if !chunk.values.is_empty() => Some(chunk.values.iter().any(|(_, value)| said(value))),
        ChunkKind::Number(number) => matches!(before?.kind, ChunkKind::Cue(Cue::Compare(..))).then(|| said(number)),
        _ => None,
    }
}

/// `products with their category`, `the name and their age`: it is to be shown too.
fn is_added(chunk: &Chunk, tokens: &[Token]) -> bool {
    let before = |back: usize| chunk.from.checked_sub(back).map(|at| &tokens[at]);
    before(1).is_some_and(|token| matches!(token.lower.as_str(), "their" | "its") && !token.after_stop)
        && before(2).is_some_and(|token| matches!(token.lower.as_str(), "with" | "and"))
        && tokens.get(chunk.to).is_none_or(|token| token.after_comma || token.after_stop || token.lower == "and")
}

/// Shows something of what a phrase names.
fn shows(plan: &Plan, chunk: &Chunk) -> bool {
    plan.select.iter().any(|item| {
        let mut tables = Vec::new();
        item.expr.tables(&mut tables);
        chunk.names.iter().any(|entry| match entry.target {
            Target::Column(id) => item.expr == Expr::Column(id) || item.expr == Expr::AllOf(id.table),
            Target::Table(id) | Target::Person(id) => tables.contains(&id),
            Target::Term(_) | Target::Metric(_) => item.expr.is_aggregate(),
        })
    })
}

/// A group is shown: by itself, or by another column of its rows.
fn is_shown(group: &Expr, plan: &Plan) -> bool {
    plan.select.iter().any(|item| match (&item.expr, group) {
        (Expr::Column(shown), Expr::Column(id)) => shown.table == id.table,
        (shown, group) => shown == group,
    })
}

/// The first rows are those that the question puts last: `most expensive` with the lowest price first. The oldest are of
/// the first day but of the highest age, and the best have the lowest rank, so that those tell nothing.
fn turned(plan: &Plan, down: bool, hints: &[&str], index: &SchemaIndex) -> bool {
    let plain = |id: &ColumnId| {
        let words = &index.column_facts(*id).words;
        !index.column(*id).kind.is_temporal() && !words.iter().any(|word| word == "rank" || word == "posit")
    };
    let told = |id: &ColumnId| {
        hints.is_empty() || index.column_facts(*id).words.iter().any(|word| hints.contains(&word.as_str()))
    };
    let dated = hints.contains(&"date") || hints.contains(&"age");
    plan.order.first().filter(|_| !dated).is_some_and(|key| {
        let mut parts = Parts::default();
        parts.expr(&key.expr);
        key.descending != down && parts.columns.iter().all(plain) && parts.columns.iter().any(told)
    })
}

/// An adjective of time.
fn is_unit(word: &str) -> bool {
    matches!(word, "daily" | "weekly" | "monthly" | "quarterly" | "yearly" | "annual")
}

/// Columns that a plan takes as conditions by themselves.
fn truths(plan: &Plan) -> Vec<ColumnId> {
    let of = |predicate: &Predicate| match predicate {
        Predicate::Compare { left: Expr::Column(id), right: Expr::Literal(Literal::Boolean(_)), .. } => Some(*id),
        _ => None,
    };
    match &plan.filter {
        Some(Predicate::And(parts)) => parts.iter().filter_map(of).collect(),
        Some(part) => of(part).into_iter().collect(),
        None => Vec::new(),
    }
}
