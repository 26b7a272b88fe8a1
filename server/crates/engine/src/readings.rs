//! All readings of a question: frames bound, rendered, described by features and ranked.

use std::collections::HashSet;

use nlq_catalog::TableId;
use nlq_query::{
    plan::{Comparison, Expr, Plan, Predicate},
    render::{Rendered, render},
};
use nlq_text::Span;

use crate::{
    bind::{Bound, Context, bind},
    cues::Cue,
    frame::{Frame, frames},
    index::{SchemaIndex, Target},
    linker::{Chunk, ChunkKind, link},
    meaning,
    sound::is_sound,
    time::Clock,
    weights,
    words::{Token, tokenize},
};

/// Readings kept of one question.
const MAX_READINGS: usize = 80;

/// A question as it was understood.
#[derive(Debug)]
pub(crate) struct Understood {
    pub(crate) tokens: Vec<Token>,
    /// Where reading stopped, when the text is too long.
    pub(crate) cut: Option<usize>,
    pub(crate) chunks: Vec<Chunk>,
    /// Best first, each with different SQL.
    pub(crate) readings: Vec<Reading>,
    /// The user has picked the best reading from what was asked.
    pub(crate) chosen: bool,
    /// The verb by which the question asks for a change.
    pub(crate) change: Option<Span>,
    /// Tables that a reading would have needed and that nothing joins.
    pub(crate) unjoined: Option<(TableId, TableId)>,
}

/// One reading.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    pub(crate) frame: Frame,
    pub(crate) bound: Bound,
    pub(crate) rendered: Rendered,
    pub(crate) features: [f32; weights::FEATURES.len()],
    pub(crate) score: f32,
}

/// Reads a question.
pub(crate) fn understand(text: &str, index: &SchemaIndex, clock: Clock) -> Understood {
    let (tokens, cut) = tokenize(text);
    let chunks = link(text, &tokens, index, clock);
    let mentions = mentions(&chunks);
    let context = Context { index, chunks: &chunks, mentions: &mentions };
    let mut readings: Vec<Reading> = Vec::new();
    let mut unjoined = None;
    for frame in frames(&chunks, &tokens, index) {
        for bound in bind(&frame, context) {
            if !is_sound(&bound.plan, index.catalog()) {
                continue;
            }
            match render(&bound.plan, index.catalog(), index.graph()) {
                Ok(rendered) => {
                    if readings.iter().any(|r| r.rendered.sql == rendered.sql) {
                        continue;
                    }
                    let features = features(&frame, &bound, &rendered, &tokens, context);
                    let score = weights::rank(&features);
                    readings.push(Reading { frame: frame.clone(), bound, rendered, features, score });
                }
                Err(gap) => unjoined = Some((gap.from, gap.to)),
            }
        }
        if readings.len() >= MAX_READINGS {
            break;
        }
    }
    // Stable: readings of equal score stay in the order of the frames, the plainest first.
    readings.sort_by(|a, b| b.score.total_cmp(&a.score));
    // Of readings with the same result the best stands for all.
    let mut seen: HashSet<String> = HashSet::new();
    readings.retain(|reading| seen.insert(meaning::result(reading, index)));
    Understood { tokens, cut, chunks, readings, chosen: false, change: None, unjoined }
}

/// Tables named in the question; of one phrase only those named about as well as its best.
fn mentions(chunks: &[Chunk]) -> Vec<(TableId, usize, f32)> {
    let mut all = Vec::new();
    for (at, chunk) in chunks.iter().enumerate().filter(|(_, c)| c.kind == ChunkKind::Name) {
        let tables = chunk.names.iter().filter_map(|e| match e.target {
            Target::Table(table) => Some((table, e.score)),
            _ => None,
        });
        let best = tables.clone().map(|(_, s)| s).fold(0.0, f32::max);
        all.extend(tables.filter(|(_, s)| *s >= 0.35 && *s >= best - 0.15).map(|(t, s)| (t, at, s)));
    }
    all
}

/// What the ranker and the confidence see of a reading, in the order of [`weights::FEATURES`].
fn features(
    frame: &Frame,
    bound: &Bound,
    rendered: &Rendered,
    tokens: &[Token],
    context: Context<'_>,
) -> [f32; weights::FEATURES.len()] {
    let flag = |b: bool| f32::from(u8::from(b));
    let plan = &bound.plan;
    let scores: Vec<f32> = bound.bindings.iter().map(|b| b.score.min(1.2)).collect();
    let slots = scores.len() as f32;
    let mean = if scores.is_empty() { 0.0 } else { scores.iter().sum::<f32>() / slots };
    let weakest = scores.iter().copied().fold(1.2, f32::min);
    let used = |at: usize| at >= 64 || frame.used >> at & 1 == 1;
    let unused = |want: &dyn Fn(&Chunk) -> bool| {
        context.chunks.iter().enumerate().filter(|(at, c)| !used(*at) && want(c)).count() as f32
    };
    let bound_chunk = |at: usize| bound.bindings.iter().any(|b| b.chunk == at);
    let loose = context
        .chunks
        .iter()
        .enumerate()
        .filter(|(at, c)| {
            c.kind == ChunkKind::Name && !bound_chunk(*at) && c.names.first().is_some_and(|e| e.score >= 0.6)
        })
        .count() as f32;
    let strong: Vec<TableId> = context.mentions.iter().filter(|m| m.2 >= 0.9).map(|m| m.0).collect();
    let named = |t: &TableId| context.mentions.iter().any(|m| m.0 == *t);
    let unnamed = rendered.tables.iter().filter(|t| !named(t)).count() as f32;
    let missing =
        strong.iter().filter(|t| !rendered.tables.contains(t) && !sql_tables(plan).contains(t)).count() as f32;
    let aggregates = plan.select.iter().filter(|i| i.expr.is_aggregate()).count() as f32;
    let keys = plan
        .select
        .iter()
        .filter(|i| matches!(&i.expr, Expr::Column(id) if context.index.column_facts(*id).id_like))
        .count() as f32;
    let unknown = context.chunks.iter().filter(|c| c.kind == ChunkKind::Unknown).count() as f32;
    let content = tokens.iter().filter(|t| !crate::words::is_stop(&t.lower)).count() as f32;
    let ties = bound
        .bindings
        .iter()
        .filter(|b| {
            let names = &context.chunks[b.chunk].names;
            let own = names.iter().find(|e| e.target == b.target).map_or(0.0, |e| e.score);
            names.iter().filter(|e| e.target != b.target && e.score >= own - 0.02).count() > 0
        })
        .count() as f32;
    let first = tokens.first().map_or("", |t| t.lower.as_str());
    let how = flag(first == "how" || first == "count");
    let tables = rendered.tables.len() as f32;
    let choice = |bit: u32| flag(frame.choices >> bit & 1 == 1);
    let mark = |bit: u32| flag(frame.marks >> bit & 1 == 1);
    let grouped = flag(!plan.group.is_empty());
    let said = Said::of(context.chunks);
    let different =
        plan.distinct || plan.select.iter().any(|i| matches!(i.expr, Expr::Aggregate { distinct: true, .. }));
    let mut out = [0.0; weights::FEATURES.len()];
    let values = [
        bound.score / slots.max(1.0),
        mean,
        weakest,
        slots,
        unused(&|c| c.kind == ChunkKind::Name),
        unused(&|c| matches!(c.kind, ChunkKind::Value(..) | ChunkKind::Number(_) | ChunkKind::Time(_))),
        loose,
        unknown,
        unknown / content.max(1.0),
        tables,
        flag(tables > 1.0),
        flag(tables > 2.0),
        flag(tables > 3.0),
        rendered.inferred_joins as f32,
        flag(rendered.tied),
        unnamed,
        missing,
        ties,
        bound.unknown_values as f32,
        bound.known_values as f32,
        plan.select.len() as f32,
        aggregates,
        keys,
        flag(frame.star),
        flag(frame.show_key),
        flag(plan.distinct),
        flag(plan.distinct) * flag(tables > 1.0),
        grouped,
        flag(plan.having.is_some()),
        flag(!plan.order.is_empty()),
        flag(plan.limit.is_some()),
        frame.absent.len() as f32,
        flag(frame.both),
        frame.conditions.len() as f32,
        flag(frame.conditions.is_empty()),
        grouped * flag(tables > 1.0),
        how * aggregates.min(1.0),
        how,
        mark(0),
        mark(1),
        mark(2),
        mark(3),
        mark(4),
        mark(5),
        mark(6),
        mark(7),
        mark(8),
        choice(0),
        choice(1),
        choice(2),
        choice(3),
        choice(4),
        choice(5),
        choice(6),
        choice(7),
        choice(8),
        choice(9),
        choice(10),
        choice(11),
        choice(12),
        choice(13),
        content,
        flag(plan.limit.is_some() && plan.order.is_empty()),
        frame.tables.len() as f32,
        choice(3) * flag(tables > 1.0),
        choice(4) * how,
        choice(4) * flag(tables > 1.0),
        flag(weakest < 0.5),
        flag(weakest >= 0.89),
        flag(unknown == 0.0),
        flag(loose == 0.0),
        flag(said.distinct && !different),
        flag(!said.distinct && different),
        flag(said.not && !negated(plan)),
        flag(!said.not && negated(plan)),
        flag(plan.order.len() > 1),
        flag(said.order && plan.order.is_empty()),
        flag(!said.order && !said.most && !plan.order.is_empty()),
        flag(said.most && plan.limit.is_none() && aggregates == 0.0),
        flag(said.each && plan.group.is_empty()),
        flag(
            said.count
                && aggregates == 0.0
                && plan.having.is_none()
                && !plan.order.iter().any(|k| k.expr.is_aggregate()),
        ),
        flag(said.compare && !compared(plan)),
        flag(said.or && !either(plan)),
        plan.group.len().saturating_sub(1) as f32,
    ];
    for (to, from) in out.iter_mut().zip(values) {
        *to = from;
    }
    out
}

/// What the words ask for, whatever a reading makes of it.
#[derive(Debug, Default)]
struct Said {
    distinct: bool,
    not: bool,
    order: bool,
    most: bool,
    each: bool,
    count: bool,
    compare: bool,
    or: bool,
}

impl Said {
    fn of(chunks: &[Chunk]) -> Self {
        let mut said = Self::default();
        for chunk in chunks {
            let ChunkKind::Cue(cue) = chunk.kind else { continue };
            match cue {
                Cue::Distinct => said.distinct = true,
                Cue::Not | Cue::Without => said.not = true,
                Cue::OrderBy | Cue::Direction(_) | Cue::First(..) => said.order = true,
                Cue::Superlative(..) | Cue::Common(_) | Cue::Top => said.most = true,
                Cue::Each => said.each = true,
                Cue::Count => said.count = true,
                Cue::Compare(..) | Cue::Between => said.compare = true,
                Cue::Or => said.or = true,
                _ => {}
            }
        }
        said
    }
}

/// Any predicate of the plan, also inside `and` and `or`, for which `want` holds.
fn any(plan: &Plan, want: &dyn Fn(&Predicate) -> bool) -> bool {
    fn inside(predicate: &Predicate, want: &dyn Fn(&Predicate) -> bool) -> bool {
        want(predicate)
            || match predicate {
                Predicate::And(parts) | Predicate::Or(parts) => parts.iter().any(|p| inside(p, want)),
                _ => false,
            }
    }
    plan.filter.iter().chain(&plan.having).any(|p| inside(p, want))
}

fn negated(plan: &Plan) -> bool {
    any(plan, &|p| match p {
        Predicate::Compare { op, .. } => *op == Comparison::NotEqual,
        Predicate::InPlan { negated, .. } | Predicate::Like { negated, .. } => *negated,
        Predicate::IsNull { negated, .. } => !*negated,
        Predicate::Raw { sql, .. } => sql.starts_with("NOT "),
        _ => false,
    })
}

fn compared(plan: &Plan) -> bool {
    any(plan, &|p| match p {
        Predicate::Compare { op, .. } => !matches!(op, Comparison::Equal | Comparison::NotEqual),
        Predicate::Between { .. } | Predicate::Within { .. } => true,
        _ => false,
    })
}

fn either(plan: &Plan) -> bool {
    any(plan, &|p| matches!(p, Predicate::Or(_)))
}

fn sql_tables(plan: &Plan) -> Vec<TableId> {
    fn inside(predicate: &Predicate, out: &mut Vec<TableId>) {
        match predicate {
            Predicate::And(parts) | Predicate::Or(parts) => parts.iter().for_each(|p| inside(p, out)),
            Predicate::InPlan { plan, .. } => out.extend(plan.own_tables()),
            _ => {}
        }
    }
    let mut out = plan.own_tables();
    plan.filter.iter().for_each(|p| inside(p, &mut out));
    if let Some(set) = &plan.set {
        out.extend(set.1.own_tables());
    }
    out
}
