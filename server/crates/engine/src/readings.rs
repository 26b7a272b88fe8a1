//! All readings of a question: frames bound, rendered, described by features and ranked.

use std::collections::{HashMap, hash_map::Entry};

use nlq_catalog::TableId;
use nlq_query::{
    plan::{Comparison, Expr, Plan, Predicate},
    render::{Rendered, render},
};
use nlq_text::Span;

use crate::{
    bind::{Binding, Bound, Context, bind},
    cues::Cue,
    demands,
    frame::{Frame, frames},
    index::{NameEntry, SchemaIndex, Target},
    learned::{
        evidence::Evidence,
        fill::{Scorer, fill},
        judge,
        parts::Parts,
        phrases::phrases,
        roles,
        structure::Shapes,
    },
    linker::{Chunk, ChunkKind, link},
    meaning, pool,
    results::{Compared, Gave},
    sound::is_sound,
    spelling,
    time::Clock,
    weights::{self, Weights},
    words::Token,
};

/// Readings kept that the rules propose.
const BY_RULES: usize = 24;
/// Readings kept that the models propose besides.
const BY_MODELS: usize = 36;

/// A question as it was understood.
#[derive(Debug, Clone)]
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
    /// Why the connection's language cannot say the best reading: one sentence.
    pub(crate) beyond: Option<String>,
    /// What running the likeliest readings came to, when they were run.
    pub(crate) compared: Option<Compared>,
}

/// One reading.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    /// The parts that phrases play; none when the models proposed it.
    pub(crate) frame: Option<Frame>,
    pub(crate) bound: Bound,
    pub(crate) rendered: Rendered,
    /// In the order of [`weights::names`].
    pub(crate) features: Vec<f32>,
    pub(crate) score: f32,
    /// What its run gave, when it was run.
    pub(crate) gave: Option<Gave>,
}

impl Reading {
    /// A phrase plays a part.
    pub(crate) fn uses(&self, at: usize, chunk: &Chunk) -> bool {
        if let Some(frame) = &self.frame {
            return at >= 64 || frame.used >> at & 1 == 1;
        }
        let parts = Parts::of(&self.bound.plan);
        let says = |text: &str| parts.literals.iter().any(|(_, literal, _)| literal.eq_ignore_ascii_case(text));
        self.bound.bindings.iter().any(|b| b.chunk == at)
            || match &chunk.kind {
                ChunkKind::Value(text, _) => says(text) || chunk.values.iter().any(|(_, value)| says(value)),
                ChunkKind::Number(text) => {
                    says(text) || self.bound.plan.limit.is_some_and(|limit| limit.to_string() == *text)
                }
                ChunkKind::Time(_) => !parts.literals.is_empty(),
                _ => false,
            }
    }
}

/// Reads a question.
pub(crate) fn understand(text: &str, index: &SchemaIndex, clock: Clock, weights: &Weights) -> Understood {
    let (tokens, cut) = spelling::words(text, index);
    let chunks = link(text, &tokens, index, clock);
    let mut pool = Pool { index, readings: Vec::new(), meanings: HashMap::new(), unjoined: None };
    propose_by_rules(&mut pool, &chunks, &tokens);
    let evidence = Evidence::new(&tokens, &chunks, index);
    let shapes = weights.structure.shapes(&phrases(&evidence));
    let mut scorer = Scorer::new(&evidence, &weights.slots);
    propose_by_models(&mut pool, &shapes, &mut scorer, &evidence, &chunks);
    let Pool { mut readings, unjoined, .. } = pool;
    for reading in &mut readings {
        let written_out = index.declared().written_out(&reading.bound.plan, index.annotations());
        let plan = written_out.as_ref().unwrap_or(&reading.bound.plan);
        let raw = Parts::of(&reading.bound.plan).raw;
        let mut all = judge::features(plan, raw, &reading.rendered, &evidence, &chunks, &shapes, &mut scorer);
        all.extend(roles::features(plan, &reading.rendered, &evidence, &chunks));
        all.append(&mut reading.features);
        reading.features = all;
    }
    pool::compare(&mut readings);
    for reading in &mut readings {
        reading.score = weights.rank(&reading.features);
    }
    demands::charge(&mut readings, &chunks, &tokens, index);
    // Stable: readings of equal score stay in the order of the rules, the plainest first.
    readings.sort_by(|a, b| b.score.total_cmp(&a.score));
    // What leaves out one of two tables that are both named, because nothing joins them, is no answer.
    let apart = |(a, b): (TableId, TableId)| {
        // `failed logins` is a name of its own: nobody speaks of `logins` besides; nor of rentals by a film's `rental rate`.
        let inside = |id: TableId, place: &(usize, usize)| {
            chunks.iter().any(|chunk| {
                let other = |e: &NameEntry| match e.target {
                    Target::Table(table) => table != id && e.score >= 0.9,
                    Target::Column(column) => column.table != id && e.score >= 0.9,
                    Target::Term(_) | Target::Metric(_) => e.score >= 0.9,
                    Target::Person(_) => false,
                };
                let longer = chunk.from <= place.0 && place.1 <= chunk.to && chunk.to - chunk.from > place.1 - place.0;
                longer && chunk.names.first().is_some_and(other)
            })
        };
        let named = |id: TableId| {
            let own = evidence.of_table(id);
            own.kind >= 5 && !own.places.iter().all(|place| inside(id, place))
        };
        let lacks = |r: &Reading, id: TableId| !r.rendered.tables.contains(&id);
        named(a) && named(b) && readings.first().is_some_and(|best| lacks(best, a) || lacks(best, b))
    };
    if unjoined.is_some_and(apart) {
        readings.clear();
    }
    Understood { tokens, cut, chunks, readings, chosen: false, change: None, unjoined, beyond: None, compared: None }
}

/// Readings with different results, in the order in which they were proposed.
struct Pool<'a> {
    index: &'a SchemaIndex,
    readings: Vec<Reading>,
    /// Where the reading of a meaning stands.
    meanings: HashMap<String, usize>,
    unjoined: Option<(TableId, TableId)>,
}

impl Pool<'_> {
    /// Adds a reading, unless its plan cannot be asked or means the same as an earlier one: where that one stands.
    fn add(&mut self, frame: Option<Frame>, mut bound: Bound) -> Option<usize> {
        bound.plan.filter.iter_mut().for_each(said_once);
        if !is_sound(&bound.plan, self.index.catalog()) {
            return None;
        }
        let rendered = match render(&bound.plan, self.index.catalog(), self.index.graph()) {
            Ok(rendered) => rendered,
            Err(gap) => {
                self.unjoined = Some((gap.from, gap.to));
                return None;
            }
        };
        let meaning = meaning::result(&bound.plan, &rendered.tables, self.index);
        let next = self.readings.len();
        match self.meanings.entry(meaning) {
            Entry::Occupied(known) => Some(*known.get()),
            Entry::Vacant(place) => {
                place.insert(next);
                self.readings.push(Reading { frame, bound, rendered, features: Vec::new(), score: 0.0, gave: None });
                Some(next)
            }
        }
    }
}

/// Drops what a condition says twice.
fn said_once(predicate: &mut Predicate) {
    let (Predicate::And(parts) | Predicate::Or(parts)) = predicate else { return };
    let mut kept: Vec<Predicate> = Vec::with_capacity(parts.len());
    for mut part in parts.drain(..) {
        said_once(&mut part);
        if !kept.contains(&part) {
            kept.push(part);
        }
    }
    *parts = kept;
    if let [_] = parts.as_slice()
        && let Some(only) = parts.pop()
    {
        *predicate = only;
    }
}

/// Every way in which the rules read the phrases.
fn propose_by_rules(pool: &mut Pool<'_>, chunks: &[Chunk], tokens: &[Token]) {
    let mentions = mentions(chunks, pool.index);
    let context = Context { index: pool.index, chunks, mentions: &mentions };
    for (order, frame) in frames(chunks, tokens, pool.index).into_iter().enumerate() {
        for bound in bind(&frame, context) {
            let known = pool.readings.len();
            if pool.add(Some(frame.clone()), bound) == Some(known) {
                let reading = &mut pool.readings[known];
                reading.features = features(&frame, &reading.bound, &reading.rendered, tokens, context).to_vec();
                // By rules; its place among them; by models.
                reading.features.extend([1.0, order as f32, known as f32, 0.0, 99.0]);
            }
        }
        if pool.readings.len() >= BY_RULES {
            break;
        }
    }
}

/// The likeliest shapes with the likeliest columns.
fn propose_by_models(
    pool: &mut Pool<'_>,
    shapes: &Shapes<'_>,
    scorer: &mut Scorer<'_>,
    evidence: &Evidence<'_>,
    chunks: &[Chunk],
) {
    let plans = fill(shapes, scorer, evidence);
    let most = pool.readings.len() + BY_MODELS;
    for (place, plan) in plans.into_iter().enumerate() {
        let known = pool.readings.len();
        let bindings = bindings(&plan, chunks);
        let bound = Bound { plan, bindings, score: 0.0, unknown_values: 0, known_values: 0 };
        let Some(at) = pool.add(None, bound) else { continue };
        let reading = &mut pool.readings[at];
        if at == known {
            reading.features = vec![0.0; weights::RULES.len()];
            reading.features.extend([0.0, 99.0, 99.0, 1.0, place as f32]);
        } else {
            let end = reading.features.len();
            let by_models = &mut reading.features[end - 2..];
            if by_models[0] == 0.0 {
                by_models.copy_from_slice(&[1.0, place as f32]);
            }
        }
        if pool.readings.len() >= most {
            break;
        }
    }
}

/// Which phrase names which part of a plan.
fn bindings(plan: &Plan, chunks: &[Chunk]) -> Vec<Binding> {
    let parts = Parts::of(plan);
    let names = chunks.iter().enumerate().filter(|(_, c)| !c.names.is_empty() || !c.values.is_empty());
    names
        .filter_map(|(chunk, c)| {
            let used = |target: &Target| match target {
                Target::Column(id) => parts.columns.contains(id),
                Target::Table(id) => parts.names_table(*id),
                _ => false,
            };
            let name = c.names.iter().find(|e| used(&e.target)).map(|e| (e.target, e.score));
            let value = || {
                let held = c.values.iter().find(|(id, _)| parts.columns.contains(id));
                held.map(|(id, _)| (Target::Column(*id), 1.0))
            };
            let (target, score) = if c.kind == ChunkKind::Name { name } else { value() }?;
            Some(Binding { chunk, target, score })
        })
        .collect()
}

/// Tables named in the question; of one phrase only those named about as well as its best.
fn mentions(chunks: &[Chunk], index: &SchemaIndex) -> Vec<(TableId, usize, f32)> {
    let mut all = Vec::new();
    for (at, chunk) in chunks.iter().enumerate().filter(|(_, c)| c.kind == ChunkKind::Name) {
        let declared = |table: &str, score| Some((index.catalog().find_table(None, table)?, score));
        let tables = chunk.names.iter().filter_map(|e| match e.target {
            Target::Table(table) => Some((table, e.score)),
            // Rows of a table that have a name of their own.
            Target::Term(at) => declared(&index.annotations().terms[at as usize].table, e.score),
            _ => None,
        });
        let best = tables.clone().map(|(_, s)| s).fold(0.0, f32::max);
        all.extend(tables.filter(|(_, s)| *s >= 0.35 && *s >= best - 0.15).map(|(t, s)| (t, at, s)));
    }
    all
}

/// What the ranker and the confidence see of a reading, in the order of [`weights::RULES`].
fn features(
    frame: &Frame,
    bound: &Bound,
    rendered: &Rendered,
    tokens: &[Token],
    context: Context<'_>,
) -> [f32; weights::RULES.len()] {
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
    let mut out = [0.0; weights::RULES.len()];
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
