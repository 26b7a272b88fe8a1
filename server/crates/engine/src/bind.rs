//! From frames to plans: phrases are bound to columns and tables, the few best bindings of a frame at a time (a beam),
//! and a bound frame becomes a join-free plan.

use nlq_catalog::{ColumnId, TableId, TableKind, TypeKind};
use nlq_query::plan::{Aggregate, Comparison, Expr, Item, Literal, Moment, OrderKey, Plan, Predicate, SetOperation};

use crate::{
    cues::Place,
    frame::{Condition, Frame, GroupBy, Operand, OrderBy, Shown, What, marks},
    index::{NameEntry, SchemaIndex, Target},
    linker::{Chunk, ChunkKind},
    time::TimeRange,
};

/// Bindings kept while a frame is bound.
const BEAM: usize = 10;
/// Bindings of one frame that become plans.
const KEPT: usize = 5;
/// Candidates of one phrase.
const CANDIDATES: usize = 7;

/// A phrase and what it is bound to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Binding {
    /// The chunk.
    pub(crate) chunk: usize,
    /// What it names.
    pub(crate) target: Target,
    /// How well.
    pub(crate) score: f32,
}

/// A frame with its bindings and the plan that comes of it.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    pub(crate) plan: Plan,
    pub(crate) bindings: Vec<Binding>,
    /// Sum over the bindings, with context.
    pub(crate) score: f32,
    /// Values compared with a column that is not known to hold them.
    pub(crate) unknown_values: usize,
    /// Values compared with a column that holds them.
    pub(crate) known_values: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Show,
    Numeric,
    Ordered,
    Compared,
    Valued,
    Group,
    Table,
    Hint,
    Held,
    Time,
}

/// What binding needs beside the frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) index: &'a SchemaIndex,
    pub(crate) chunks: &'a [Chunk],
    /// Tables named in the question, with the chunk and the score.
    pub(crate) mentions: &'a [(TableId, usize, f32)],
}

/// The best bindings of a frame, each with its plan.
pub(crate) fn bind(frame: &Frame, context: Context<'_>) -> Vec<Bound> {
    let slots = slots(frame);
    // A span of time belongs to what the other phrases are about, so it is bound after them.
    let (times, others): (Vec<Slot>, Vec<Slot>) = slots.into_iter().partition(|slot| is_time(slot, context));
    let measured = measured(frame);
    let mut beam: Vec<(f32, Vec<Binding>)> = vec![(0.0, Vec::new())];
    for slot in others.into_iter().chain(times) {
        let (chunk, role, hints, partner) = slot;
        let candidates = candidates(chunk, role, hints, partner, context);
        if candidates.is_empty() {
            continue;
        }
        let said: Vec<Target> = if is_time(&slot, context) {
            candidates.iter().map(|(target, _)| *target).filter(|target| is_said(*target, context)).collect()
        } else {
            Vec::new()
        };
        let mut next: Vec<(f32, Vec<Binding>)> = Vec::new();
        for (score, bindings) in &beam {
            let near = is_time(&slot, context).then(|| near_times(&candidates, &said, &measured, bindings, context));
            for (target, own) in near.as_ref().unwrap_or(&candidates) {
                let total = score + own + fit(*target, chunk, role, bindings, context);
                let mut all = bindings.clone();
                all.push(Binding { chunk, target: *target, score: *own });
                next.push((total, all));
            }
        }
        // A stable sort keeps equal scores in the order of the candidates.
        next.sort_by(|a, b| b.0.total_cmp(&a.0));
        next.truncate(BEAM);
        beam = next;
    }
    beam.into_iter()
        .take(KEPT)
        .filter_map(|(score, bindings)| {
            let mut builder = Builder { frame, context, bindings: &bindings, unknown: 0, known: 0 };
            let plan = builder.plan()?;
            let (unknown_values, known_values) = (builder.unknown, builder.known);
            Some(Bound { plan, bindings, score, unknown_values, known_values })
        })
        .collect()
}

fn is_time(slot: &Slot, context: Context<'_>) -> bool {
    slot.1 == Role::Time && context.chunks[slot.0].kind != ChunkKind::Name
}

/// Of the columns that a span of time may mean those of tables that are needed anyway, or that the words name; of one
/// table only the likeliest, unless another is about as likely.
fn near_times(
    candidates: &[(Target, f32)],
    said: &[Target],
    measured: &[usize],
    bound: &[Binding],
    context: Context<'_>,
) -> Vec<(Target, f32)> {
    /// Less between two columns of one table is an open question.
    const CLOSE: f32 = 0.04;
    let used: Vec<TableId> = bound.iter().filter_map(|b| table_of(b.target, context)).collect();
    let table = |target: Target| table_of(target, context);
    let near = |target: Target| table(target).is_some_and(|table| used.contains(&table)) || said.contains(&target);
    let mut kept: Vec<(Target, f32)> = candidates.iter().filter(|(t, _)| near(*t)).copied().collect();
    if kept.is_empty() {
        kept = candidates.to_vec();
    }
    // `revenue by country last year`: the time of what is measured, not of what it is grouped by.
    let is_measured = |b: &&Binding| measured.contains(&b.chunk) || matches!(b.target, Target::Metric(_));
    let own: Vec<TableId> = bound.iter().filter(is_measured).filter_map(|b| table(b.target)).collect();
    let of_own = |target: Target| table(target).is_some_and(|table| own.contains(&table));
    if kept.iter().any(|(t, _)| of_own(*t)) {
        kept.retain(|(t, _)| of_own(*t) || is_named(*t, context));
    }
    // Sorted, the best first: the first of a table leads it.
    let lead = |of: Target| kept.iter().find(|(t, _)| table(*t) == table(of)).map_or(0.0, |(_, score)| *score);
    let mut likely: Vec<_> = kept.iter().filter(|(t, score)| *score >= lead(*t) - CLOSE).copied().collect();
    likely.truncate(CANDIDATES);
    likely
}

/// Phrases whose rows are counted or whose values are put together.
fn measured(frame: &Frame) -> Vec<usize> {
    let mut all: Vec<usize> = Vec::new();
    all.extend(frame.shown.iter().filter(|s| s.aggregate.is_some()).filter_map(|s| match s.what {
        What::Chunk(chunk) => Some(chunk),
        _ => None,
    }));
    all.extend(frame.having.iter().filter_map(|having| having.of));
    all.extend(frame.order.iter().filter_map(|(by, _)| match by {
        OrderBy::Count(chunk) => *chunk,
        OrderBy::What(What::Chunk(chunk), Some(_)) => Some(*chunk),
        OrderBy::What(..) => None,
    }));
    all
}

/// The words of the question name the column.
fn is_named(target: Target, context: Context<'_>) -> bool {
    context.chunks.iter().any(|c| c.names.iter().any(|e| e.target == target && e.score >= 0.3))
}

/// The words of the question name the column, or its table.
fn is_said(target: Target, context: Context<'_>) -> bool {
    is_named(target, context) || table_of(target, context).is_some_and(|table| mention(table, context) >= 0.6)
}

/// How likely a column of days is the one that people mean by the time of a table's rows: the first, unless the name of
/// another says that the row came to be then.
fn time_worth(id: ColumnId, context: Context<'_>) -> f32 {
    const MADE: &[&str] = &["creat", "place", "order", "made", "purchas", "book", "issu", "post", "written", "rental"];
    let index = context.index;
    let facts = index.column_facts(id);
    let own = &index.facts(id.table).words;
    let first = index.catalog().column_ids(id.table).find(|(_, c)| c.kind.is_temporal()).map(|(id, _)| id);
    let made = facts.words.iter().any(|w| own.contains(w) || MADE.contains(&w.as_str()));
    let kept = facts.words.iter().any(|w| matches!(w.as_str(), "updat" | "modifi" | "chang"));
    let mut worth = if first == Some(id) { 0.06 } else { 0.0 };
    worth += if made { 0.08 } else { 0.0 };
    worth - if kept { 0.1 } else { 0.0 }
}

type Slot = (usize, Role, &'static [&'static str], Option<usize>);

/// The phrases to bind, each once, in the order of the question.
fn slots(frame: &Frame) -> Vec<Slot> {
    let mut all: Vec<Slot> = Vec::new();
    let mut add = |what: What, role: Role, partner: Option<usize>| match what {
        What::Chunk(chunk) => all.push((chunk, role, &[], partner)),
        What::Hint(hints, chunk) => all.push((chunk, Role::Hint, hints, None)),
        What::Subject => {}
    };
    for shown in &frame.shown {
        let role = match shown.aggregate {
            Some(Aggregate::Sum | Aggregate::Avg) => Role::Numeric,
            Some(Aggregate::Min | Aggregate::Max) => Role::Ordered,
            Some(Aggregate::Count) | None => Role::Show,
        };
        add(shown.what, role, None);
    }
    for group in &frame.groups {
        if let GroupBy::What(what) = group {
            add(*what, Role::Group, None);
        }
    }
    for (by, _) in &frame.order {
        match by {
            OrderBy::What(what, Some(Aggregate::Sum | Aggregate::Avg)) => add(*what, Role::Numeric, None),
            OrderBy::What(what, _) => add(*what, Role::Ordered, None),
            OrderBy::Count(Some(chunk)) => add(What::Chunk(*chunk), Role::Show, None),
            OrderBy::Count(None) => {}
        }
    }
    for condition in &frame.conditions {
        let partner = match condition.operand {
            Operand::Value(chunk) | Operand::Pattern(chunk, _) => Some(chunk),
            _ => None,
        };
        let role = match condition.operand {
            Operand::Value(_) | Operand::Pattern(..) | Operand::Missing | Operand::True => Role::Valued,
            Operand::Time(_) => Role::Time,
            _ => Role::Compared,
        };
        if let Some(what) = condition.what {
            add(what, role, partner);
        } else if let Operand::Value(chunk) = condition.operand {
            add(What::Chunk(chunk), Role::Held, None);
        } else if let Operand::Time(chunk) = condition.operand {
            add(What::Chunk(chunk), Role::Time, None);
        }
        if let Operand::Column(what) = condition.operand {
            add(what, Role::Compared, None);
        }
    }
    for chunk in frame.absent.iter().chain(&frame.tables).chain(frame.having.iter().filter_map(|h| h.of.as_ref())) {
        add(What::Chunk(*chunk), Role::Table, None);
    }

    let mut seen: Vec<usize> = Vec::new();
    all.retain(|slot| {
        !seen.contains(&slot.0) && {
            seen.push(slot.0);
            true
        }
    });
    all.sort_by_key(|slot| slot.0);
    all
}

fn candidates(
    chunk: usize,
    role: Role,
    hints: &[&str],
    partner: Option<usize>,
    context: Context<'_>,
) -> Vec<(Target, f32)> {
    let index = context.index;
    let at = &context.chunks[chunk];
    let mut found: Vec<(Target, f32)> = Vec::new();
    match role {
        Role::Hint => {
            for (table, _) in index.catalog().table_ids() {
                let mentioned = mention(table, context);
                for (id, column) in index.catalog().column_ids(table) {
                    let facts = index.column_facts(id);
                    let place = hints.iter().position(|h| facts.words.iter().any(|w| w == h));
                    // `newest` is told by any day or moment.
                    let dated = hints.contains(&"date") || hints.contains(&"age");
                    let day = || (dated && column.kind.is_temporal()).then_some(hints.len());
                    let Some(place) = place.or_else(day) else { continue };
                    let kind = if column.kind.is_numeric() || column.kind.is_temporal() { 0.2 } else { 0.0 };
                    let key = if facts.reference || facts.key { -0.4 } else { 0.0 };
                    found.push((Target::Column(id), 0.5 - 0.04 * place as f32 + kind + key + 0.3 * mentioned));
                }
            }
        }
        Role::Held => {
            for (id, value) in &at.values {
                let named = mention(id.table, context);
                let facts = index.column_facts(*id);
                let display = index.facts(id.table).display == Some(*id);
                let exact = if at.kind == ChunkKind::Value(value.clone(), true) { 0.1 } else { 0.0 };
                let score = 0.7 + 0.2 * named + exact + if display { 0.05 } else { 0.0 }
                    - if facts.reference { 0.02 } else { 0.0 };
                found.push((Target::Column(*id), score));
            }
        }
        Role::Time if at.kind != ChunkKind::Name => {
            for (table, _) in index.catalog().table_ids() {
                let mentioned = mention(table, context);
                for (id, column) in index.catalog().column_ids(table) {
                    let words = &index.column_facts(id).words;
                    let has = |word: &str| words.iter().any(|w| w == word);
                    let score = if column.kind.is_temporal() {
                        0.6
                    } else if has("year") || has("date") {
                        0.5
                    } else {
                        continue;
                    };
                    found.push((Target::Column(id), score + 0.3 * mentioned + time_worth(id, context)));
                }
            }
            // All of them: which tables are needed is known only when the other phrases are bound.
            found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            return found;
        }
        _ => {
            let held: &[(ColumnId, String)] = partner.map_or(&[], |p| context.chunks[p].values.as_slice());
            for entry in &at.names {
                let score = entry.score;
                match entry.target {
                    Target::Table(table) => {
                        let score = match role {
                            Role::Numeric => continue,
                            Role::Ordered | Role::Compared => score - 0.5,
                            Role::Valued if !held.is_empty() => {
                                if held.iter().any(|(id, _)| id.table == table) {
                                    score + 0.1
                                } else {
                                    score - 0.4
                                }
                            }
                            _ => score,
                        };
                        found.push((entry.target, score));
                    }
                    Target::Column(id) => {
                        let kind = index.column(id).kind;
                        let facts = index.column_facts(id);
                        let mut score = score;
                        match role {
                            Role::Table => score -= if facts.reference { 0.3 } else { 0.5 },
                            Role::Numeric if !kind.is_numeric() => score -= 0.5,
                            Role::Numeric | Role::Ordered if facts.key || facts.reference => score -= 0.25,
                            Role::Ordered if !kind.is_numeric() && !kind.is_temporal() => score -= 0.12,
                            Role::Compared if !kind.is_numeric() && !kind.is_temporal() => score -= 0.25,
                            Role::Time if !kind.is_temporal() => {
                                let day = |e: &NameEntry| matches!(e.target, Target::Column(id) if index.column(id).kind.is_temporal());
                                score -= if kind == TypeKind::Text && at.names.iter().any(day) { 0.5 } else { 0.1 };
                            }
                            Role::Valued if !held.is_empty() => {
                                score += if held.iter().any(|(held, _)| *held == id) { 0.5 } else { -0.3 };
                            }
                            Role::Group if kind.is_numeric() && !facts.id_like => score -= 0.05,
                            _ => {}
                        }
                        found.push((entry.target, score));
                    }
                    Target::Metric(_) => found.push((entry.target, if role == Role::Table { 0.0 } else { score })),
                    Target::Person(_) => {
                        if matches!(role, Role::Show | Role::Valued) {
                            found.push((entry.target, score));
                        }
                    }
                    Target::Term(_) => found.push((entry.target, score)),
                }
            }
            // A value beside a name that does not hold it: the columns that do hold it.
            if role == Role::Valued && !held.is_empty() {
                for (id, _) in held {
                    if !found.iter().any(|(t, _)| *t == Target::Column(*id)) {
                        found.push((Target::Column(*id), 0.35 + 0.2 * mention(id.table, context)));
                    }
                }
            }
        }
    }
    // A view repeats what its tables hold: it is meant when it is named.
    for (target, score) in &mut found {
        let is_view =
            |id: TableId| matches!(index.catalog().table(id).kind, TableKind::View | TableKind::MaterializedView);
        if table_of(*target, context).is_some_and(|table| is_view(table) && mention(table, context) < 0.9) {
            *score -= 0.15;
        }
    }
    found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    // A table mentioned elsewhere may lift a weaker match of its own column: keep those that can still win.
    let (lifted, rest): (Vec<_>, Vec<_>) = found.into_iter().partition(|(t, _)| match t {
        Target::Column(id) => mention(id.table, context) > 0.0,
        Target::Person(table) => mention(*table, context) > 0.0,
        _ => true,
    });
    let mut kept: Vec<_> = lifted.into_iter().take(CANDIDATES).collect();
    kept.extend(rest.into_iter().take(CANDIDATES - kept.len().min(CANDIDATES - 3)));
    kept
}

/// How surely a table is named.
fn mention(table: TableId, context: Context<'_>) -> f32 {
    context.mentions.iter().filter(|m| m.0 == table).map(|m| m.2).fold(0.0, f32::max)
}

/// How well a target fits what is bound already and the tables named nearby.
fn fit(target: Target, chunk: usize, role: Role, bound: &[Binding], context: Context<'_>) -> f32 {
    let Some(table) = table_of(target, context) else { return 0.0 };
    let mut score = 0.0;
    if matches!(target, Target::Column(_) | Target::Person(_)) {
        let own = context.mentions.iter().filter(|m| m.0 == table && m.1 != chunk);
        let named = own.clone().map(|m| m.2).fold(0.0, f32::max);
        // Named right beside: `the name of the student`, `student name`.
        let beside = own.map(|m| m.2 / (1.0 + m.1.abs_diff(chunk) as f32)).fold(0.0, f32::max);
        score += 0.3 * named + 0.5 * beside;
    }
    let used: Vec<TableId> = bound.iter().filter_map(|b| table_of(b.target, context)).collect();
    if !used.is_empty() && !used.contains(&table) {
        let far = used.iter().filter_map(|&u| context.index.graph().distance(u, table)).min();
        score -= match far {
            None => 1.0,
            Some(cost) => 0.1 + 0.0012 * cost as f32,
        };
    }
    if role == Role::Held && used.contains(&table) {
        score += 0.1;
    }
    if bound.iter().any(|b| b.target == target && matches!(target, Target::Column(_))) {
        score -= 0.3;
    }
    score
}

fn table_of(target: Target, context: Context<'_>) -> Option<TableId> {
    match target {
        Target::Table(table) | Target::Person(table) => Some(table),
        Target::Column(id) => Some(id.table),
        Target::Term(at) => {
            context.index.catalog().find_table(None, &context.index.annotations().terms.get(at as usize)?.table)
        }
        Target::Metric(at) => {
            context.index.catalog().find_table(None, &context.index.annotations().metrics.get(at as usize)?.table)
        }
    }
}

struct Builder<'a> {
    frame: &'a Frame,
    context: Context<'a>,
    bindings: &'a [Binding],
    unknown: usize,
    known: usize,
}

impl Builder<'_> {
    fn target(&self, chunk: usize) -> Option<Target> {
        self.bindings.iter().find(|b| b.chunk == chunk).map(|b| b.target)
    }

    /// The table that the question is about.
    fn subject(&self) -> Option<TableId> {
        let of = |what: &What| match what {
            What::Chunk(chunk) | What::Hint(_, chunk) => self.target(*chunk).and_then(|t| table_of(t, self.context)),
            What::Subject => None,
        };
        let shown = self.frame.shown.iter().find_map(|s| of(&s.what));
        let tables = || self.frame.tables.iter().find_map(|&c| of(&What::Chunk(c)));
        let conditions = || {
            self.frame.conditions.iter().find_map(|c| {
                c.what.as_ref().and_then(of).or(match c.operand {
                    Operand::Value(chunk) => of(&What::Chunk(chunk)),
                    _ => None,
                })
            })
        };
        let order = || {
            self.frame.order.iter().find_map(|(by, _)| match by {
                OrderBy::What(what, _) => of(what),
                OrderBy::Count(chunk) => chunk.and_then(|c| of(&What::Chunk(c))),
            })
        };
        let groups = || {
            self.frame.groups.iter().find_map(|g| match g {
                GroupBy::What(what) => of(what),
                GroupBy::Time(..) => None,
            })
        };
        let mentioned = || self.context.mentions.first().map(|m| m.0);
        shown.or_else(tables).or_else(groups).or_else(order).or_else(conditions).or_else(mentioned)
    }

    /// `the most orders` as the last order by its key or its name: no one means that.
    fn is_empty_superlative(&self) -> bool {
        let of_name = |by: &OrderBy| match by {
            OrderBy::What(What::Chunk(chunk), None) => match self.target(*chunk) {
                Some(Target::Table(table)) => {
                    let facts = self.context.index.facts(table);
                    facts.display.or(facts.key).is_none_or(|id| {
                        let kind = self.context.index.column(id).kind;
                        Some(id) == facts.key || !kind.is_numeric() && !kind.is_temporal()
                    })
                }
                _ => false,
            },
            _ => false,
        };
        self.frame.marks & marks::SUPERLATIVE_ROW != 0 && self.frame.order.iter().any(|(by, _)| of_name(by))
    }

    fn plan(&mut self) -> Option<Plan> {
        if let Some((condition, chunk)) = self.frame.ratio {
            return self.ratio(condition, chunk);
        }
        if self.is_empty_superlative() {
            return None;
        }
        let subject = self.subject()?;
        let mut plan = Plan { distinct: self.frame.distinct, limit: self.frame.limit, ..Plan::default() };
        plan.prefer = self
            .bindings
            .iter()
            .filter_map(|b| match b.target {
                Target::Column(id) => Some(id),
                _ => None,
            })
            .collect();
        for &chunk in &self.frame.tables {
            match self.target(chunk) {
                Some(Target::Table(table)) => plan.tables.push(table),
                Some(Target::Column(id)) => plan.tables.push(id.table),
                _ => {}
            }
        }
        for shown in &self.frame.shown {
            self.show(shown, subject, &mut plan);
        }
        if plan.select.is_empty() {
            return None;
        }
        let mut inner: Vec<(Predicate, bool)> = Vec::new();
        let mut outer: Vec<(Predicate, bool)> = Vec::new();
        for (at, condition) in self.frame.conditions.iter().enumerate() {
            let Some(predicate) = self.condition(condition, subject) else { continue };
            let inside = !self.frame.absent.is_empty() && at >= self.frame.absent_from;
            if inside { inner.push((predicate, condition.or)) } else { outer.push((predicate, condition.or)) }
        }
        self.absent(subject, inner, &mut outer)?;
        if !self.frame.both {
            either(&mut outer);
        }
        let both = self.frame.both && outer.len() >= 2;
        let second = if both { outer.pop() } else { None };
        let common: Vec<(Predicate, bool)> = if both { outer[..outer.len() - 1].to_vec() } else { Vec::new() };
        plan.filter = join(outer);
        self.show_metrics(subject, &mut plan);
        self.group(subject, &mut plan);
        self.order(subject, &mut plan);
        if let Some(second) = second {
            let mut right = Plan { order: Vec::new(), limit: None, set: None, ..plan.clone() };
            let mut parts = common;
            parts.push((second.0, false));
            right.filter = join(parts);
            plan.set = Some(Box::new((SetOperation::Intersect, right)));
        }
        if plan.distinct && plan.order.iter().any(|key| !plan.select.iter().any(|item| item.expr == key.expr)) {
            plan.distinct = false;
        }
        if plan.select.len() == 1 && plan.select[0].expr.is_aggregate() && plan.group.is_empty() {
            plan.distinct = false;
            // One row needs no order.
            if plan.order.iter().all(|key| !key.expr.is_aggregate()) {
                plan.order.clear();
                plan.limit = None;
            }
        }
        // Groups that are shown differ already.
        if !plan.group.is_empty() && plan.select.iter().any(|item| item.expr.is_aggregate()) {
            plan.distinct = false;
        }
        plan.tables.sort_unstable();
        plan.tables.dedup();
        Some(plan)
    }

    /// One thing divided by another: in each group, or each with the conditions that are said of it.
    fn ratio(&mut self, condition: usize, chunk: usize) -> Option<Plan> {
        let [first, second] = [*self.frame.shown.first()?, *self.frame.shown.get(1)?];
        if !self.frame.groups.is_empty() {
            let whole = Frame { ratio: None, ..self.frame.clone() };
            let mut plan = self.part(&whole)?;
            let sides = [self.side(first)?, self.side(second)?];
            plan.select.retain(|item| !item.expr.is_aggregate() && !sides.contains(&item.expr));
            plan.group.retain(|expr| !sides.contains(expr));
            plan.order.clear();
            let [left, right] = sides.map(Box::new);
            plan.select.push(Item { expr: Expr::Ratio(left, right), alias: Some("ratio".to_owned()) });
            return Some(plan);
        }
        let (before, behind) = self.frame.conditions.split_at(condition.min(self.frame.conditions.len()));
        let tables = |second: bool| self.frame.tables.iter().copied().filter(|&t| (t >= chunk) == second).collect();
        // Where several rows fit, their sum is meant; one row is its own sum.
        let summed = |shown: Shown| match shown.what {
            What::Chunk(chunk) if matches!(self.target(chunk), Some(Target::Column(_))) => {
                Shown { aggregate: shown.aggregate.or(Some(Aggregate::Sum)), ..shown }
            }
            _ => shown,
        };
        let part = |shown: Shown, conditions: &[Condition], tables: Vec<usize>| Frame {
            shown: vec![summed(shown)],
            conditions: conditions.to_vec(),
            tables,
            choices: self.frame.choices,
            ..Frame::default()
        };
        let (left, right) = (part(first, before, tables(false)), part(second, behind, tables(true)));
        let [left, right] = [self.part(&left)?, self.part(&right)?].map(|plan| Box::new(Expr::Plan(Box::new(plan))));
        let item = Item { expr: Expr::Ratio(left, right), alias: Some("ratio".to_owned()) };
        Some(Plan { select: vec![item], ..Plan::default() })
    }

    /// The plan of a part of the frame, or of another like it.
    fn part(&mut self, frame: &Frame) -> Option<Plan> {
        let mut builder = Builder { frame, context: self.context, bindings: self.bindings, unknown: 0, known: 0 };
        let plan = builder.plan()?;
        self.unknown += builder.unknown;
        self.known += builder.known;
        (plan.select.len() == 1 || !frame.groups.is_empty()).then_some(plan)
    }

    /// One side of a ratio within a group; rows are counted by their key, because joins repeat them.
    fn side(&self, shown: Shown) -> Option<Expr> {
        let What::Chunk(chunk) = shown.what else { return None };
        let (column, distinct) = match self.target(chunk)? {
            Target::Table(table) => {
                let facts = self.context.index.facts(table);
                (facts.key.or(facts.display)?, true)
            }
            Target::Column(id) => (id, shown.distinct),
            _ => return None,
        };
        let argument = Box::new(Expr::Column(column));
        Some(match shown.aggregate {
            Some(function) => Expr::Aggregate { function, distinct, argument: Some(argument) },
            None => *argument,
        })
    }

    /// The key of a table that a number stands beside: the number says which row, not what it is called.
    fn keyed(&self, what: What, op: Comparison) -> Option<ColumnId> {
        let What::Chunk(chunk) = what else { return None };
        let Some(Target::Table(table)) = self.target(chunk) else { return None };
        let key = self.context.index.facts(table).key?;
        (op == Comparison::Equal && self.context.index.column(key).kind.is_numeric()).then_some(key)
    }

    fn column_of(&self, what: What, subject: TableId) -> Option<ColumnId> {
        match what {
            What::Chunk(chunk) | What::Hint(_, chunk) => match self.target(chunk)? {
                Target::Column(id) => Some(id),
                Target::Table(table) | Target::Person(table) => {
                    self.context.index.facts(table).display.or(self.context.index.facts(table).key)
                }
                _ => None,
            },
            What::Subject => self.context.index.facts(subject).display.or(self.context.index.facts(subject).key),
        }
    }

    /// The columns that a table's rows are shown by.
    fn shown_by(&self, table: TableId) -> Vec<Expr> {
        let facts = self.context.index.facts(table);
        // All columns of a row only where rows are not put together.
        let rows = self.frame.groups.is_empty()
            && self.frame.having.is_none()
            && self.frame.shown.iter().all(|s| s.aggregate.is_none())
            && !self.bindings.iter().any(|b| matches!(b.target, Target::Metric(_)))
            && !self.frame.order.iter().any(|(by, _)| matches!(by, OrderBy::Count(_) | OrderBy::What(_, Some(_))));
        // No field of an event says which one it is.
        let is_event = self.context.index.catalog().table(table).kind == TableKind::Events;
        if (self.frame.star || is_event) && rows {
            return vec![Expr::AllOf(table)];
        }
        if self.frame.show_key
            && let Some(key) = facts.key
        {
            return vec![Expr::Column(key)];
        }
        if let Some((first, last)) = facts.person {
            return vec![Expr::Column(first), Expr::Column(last)];
        }
        match facts.display {
            Some(column) => vec![Expr::Column(column)],
            None if rows => vec![Expr::AllOf(table)],
            None => vec![Expr::Column(facts.key.unwrap_or(ColumnId { table, column: 0 }))],
        }
    }

    fn show(&self, shown: &Shown, subject: TableId, plan: &mut Plan) {
        let index = self.context.index;
        let mut push = |expr: Expr, alias: Option<String>| {
            if !plan.select.iter().any(|item| item.expr == expr) {
                plan.select.push(Item { expr, alias });
            }
        };
        let target = match shown.what {
            What::Subject => Some(Target::Table(subject)),
            What::Chunk(chunk) | What::Hint(_, chunk) => self.target(chunk),
        };
        let Some(target) = target else { return };
        match (shown.aggregate, target) {
            (_, Target::Metric(at)) => {
                let metric = &index.annotations().metrics[at as usize];
                if let Some(table) = index.catalog().find_table(None, &metric.table) {
                    let alias: Vec<String> = nlq_catalog::split_name(&metric.name);
                    push(Expr::Raw { table, sql: metric.expression.clone() }, Some(alias.join("_")));
                }
            }
            (None, Target::Term(_)) => {
                if let Some(table) = table_of(target, self.context) {
                    self.shown_by(table).into_iter().for_each(|expr| push(expr, None));
                }
            }
            (Some(Aggregate::Sum | Aggregate::Avg | Aggregate::Min | Aggregate::Max), Target::Term(_)) => {}
            (None, Target::Column(id)) => push(Expr::Column(id), None),
            (_, Target::Person(table)) => {
                if let Some((first, last)) = index.facts(table).person {
                    push(Expr::Column(first), None);
                    push(Expr::Column(last), None);
                }
            }
            (None, Target::Table(table)) => self.shown_by(table).into_iter().for_each(|expr| push(expr, None)),
            (Some(Aggregate::Count), target) => {
                let (table, column) = match target {
                    Target::Table(table) => (table, index.facts(table).key.or(index.facts(table).display)),
                    Target::Column(id) => (id.table, Some(id)),
                    Target::Term(_) | Target::Metric(_) | Target::Person(_) => match table_of(target, self.context) {
                        Some(table) => (table, index.facts(table).key),
                        None => return,
                    },
                };
                let argument = column.filter(|_| shown.distinct).map(|id| Box::new(Expr::Column(id)));
                let name = match target {
                    Target::Column(id) if shown.distinct => &index.column(id).name,
                    _ => &index.catalog().table(table).name,
                };
                let alias = alias(Aggregate::Count, name);
                push(
                    Expr::Aggregate { function: Aggregate::Count, distinct: argument.is_some(), argument },
                    Some(alias),
                );
                plan.tables.push(table);
            }
            (Some(function), Target::Column(id)) => {
                let alias = alias(function, &index.column(id).name);
                let argument = Some(Box::new(Expr::Column(id)));
                push(Expr::Aggregate { function, distinct: false, argument }, Some(alias));
            }
            (Some(_), Target::Table(table)) => self.shown_by(table).into_iter().for_each(|expr| push(expr, None)),
        }
    }

    /// A metric that orders is shown too: `top 5 customers by revenue` tells the revenue.
    fn show_metrics(&self, subject: TableId, plan: &mut Plan) {
        for (by, _) in &self.frame.order {
            if let OrderBy::What(what @ What::Chunk(chunk), _) = by
                && matches!(self.target(*chunk), Some(Target::Metric(_)))
            {
                self.show(&Shown { what: *what, aggregate: None, distinct: false }, subject, plan);
            }
        }
    }

    fn condition(&mut self, condition: &Condition, subject: TableId) -> Option<Predicate> {
        let index = self.context.index;
        if let Some(What::Chunk(chunk)) = condition.what
            && let Some(Target::Term(at)) = self.target(chunk)
        {
            let term = &index.annotations().terms[at as usize];
            let table = index.catalog().find_table(None, &term.table)?;
            let sql = if condition.op == Comparison::NotEqual {
                format!("NOT ({})", term.condition)
            } else {
                term.condition.clone()
            };
            return Some(Predicate::Raw { table, sql });
        }
        match &condition.operand {
            Operand::Value(chunk) => self.valued(condition, *chunk, subject),
            Operand::Number(number, _) => {
                let what = condition.what?;
                let column = self.keyed(what, condition.op).or_else(|| self.column_of(what, subject))?;
                Some(compare(Expr::Column(column), condition.op, Literal::Number(number.clone())))
            }
            Operand::Range(low, high) => {
                let column = self.column_of(condition.what?, subject)?;
                let expr = Expr::Column(column);
                Some(Predicate::Between {
                    expr,
                    low: Literal::Number(low.clone()),
                    high: Literal::Number(high.clone()),
                })
            }
            Operand::Overall(function) => {
                let column = self.column_of(condition.what?, subject)?;
                let argument = Some(Box::new(Expr::Column(column)));
                let expr = Expr::Aggregate { function: *function, distinct: false, argument };
                let inner = Plan { select: vec![Item { expr, alias: None }], ..Plan::default() };
                Some(Predicate::Compare {
                    left: Expr::Column(column),
                    op: condition.op,
                    right: Expr::Plan(Box::new(inner)),
                })
            }
            Operand::Pattern(chunk, place) => {
                let column = self.column_of(condition.what.unwrap_or(What::Subject), subject)?;
                let text = self.raw_text(*chunk)?;
                let pattern = match place {
                    Place::Start => format!("{text}%"),
                    Place::End => format!("%{text}"),
                    Place::Anywhere => format!("%{text}%"),
                };
                Some(Predicate::Like {
                    expr: Expr::Column(column),
                    pattern,
                    negated: condition.op == Comparison::NotEqual,
                })
            }
            Operand::Column(what) => {
                let left = self.column_of(condition.what?, subject)?;
                let right = self.column_of(*what, subject)?;
                Some(Predicate::Compare { left: Expr::Column(left), op: condition.op, right: Expr::Column(right) })
            }
            Operand::True => {
                let column = self.column_of(condition.what?, subject)?;
                let is_true = condition.op != Comparison::NotEqual;
                Some(compare(Expr::Column(column), Comparison::Equal, Literal::Boolean(is_true)))
            }
            Operand::Missing => {
                let column = self.column_of(condition.what?, subject)?;
                Some(Predicate::IsNull { expr: Expr::Column(column), negated: condition.op == Comparison::NotEqual })
            }
            Operand::Time(chunk) => {
                let column = match condition.what {
                    Some(what) => self.timed_column(what, subject)?,
                    None => match self.target(*chunk)? {
                        Target::Column(id) => id,
                        _ => return None,
                    },
                };
                match &self.context.chunks[*chunk].kind {
                    ChunkKind::Time(range) => {
                        within(column, self.context.index.column(column).kind, range, condition.op)
                    }
                    _ => None,
                }
            }
        }
    }

    fn raw_text(&self, chunk: usize) -> Option<String> {
        match &self.context.chunks[chunk].kind {
            ChunkKind::Value(text, _) | ChunkKind::Number(text) => Some(text.clone()),
            _ => None,
        }
    }

    fn valued(&mut self, condition: &Condition, chunk: usize, subject: TableId) -> Option<Predicate> {
        let held = &self.context.chunks[chunk].values;
        let text = self.raw_text(chunk)?;
        let target = match condition.what {
            None => self.target(chunk),
            Some(What::Chunk(name) | What::Hint(_, name)) => self.target(name),
            Some(What::Subject) => Some(Target::Table(subject)),
        };
        let target = target.unwrap_or(Target::Table(subject));
        let column = match target {
            Target::Column(id) => id,
            Target::Table(table) | Target::Person(table) => {
                let inside = held.iter().find(|(id, _)| id.table == table).map(|(id, _)| *id);
                let facts = self.context.index.facts(table);
                if inside.is_none()
                    && let Some((first, last)) = facts.person
                    && let Some((given, family)) = text.split_once(' ')
                {
                    if self.context.chunks[chunk].names.is_empty() {
                        self.unknown += 1;
                    } else {
                        self.known += 1;
                    }
                    let part =
                        |id, text: &str| compare(Expr::Column(id), Comparison::Equal, Literal::Text(text.to_owned()));
                    return Some(Predicate::And(vec![part(first, given), part(last, family)]));
                }
                inside.or(facts.display).or(facts.key)?
            }
            _ => return None,
        };
        let known = held.iter().find(|(id, _)| *id == column).map(|(_, value)| value.clone());
        if known.is_some() {
            self.known += 1;
        } else {
            self.unknown += 1;
        }
        let kind = self.context.index.column(column).kind;
        let digits = text.chars().all(|c| c.is_ascii_digit() || c == '.') && !text.is_empty();
        let literal = match known {
            Some(value) => Literal::Text(value),
            None if digits => Literal::Number(text),
            // A word compared with a number is an error in PostgreSQL and never true elsewhere.
            None if kind.is_numeric() || kind.is_temporal() => return None,
            None if kind == TypeKind::Boolean => match text.to_lowercase().as_str() {
                "true" | "yes" => Literal::Boolean(true),
                "false" | "no" => Literal::Boolean(false),
                _ => return None,
            },
            None => Literal::Text(text),
        };
        Some(compare(Expr::Column(column), condition.op, literal))
    }

    /// The column that a phrase gives a span of time: one of days, where the phrase may mean one.
    fn timed_column(&self, what: What, subject: TableId) -> Option<ColumnId> {
        let column = self.column_of(what, subject)?;
        let index = self.context.index;
        let kind = index.column(column).kind;
        if let What::Chunk(chunk) = what
            && !kind.is_temporal()
            && !kind.is_numeric()
        {
            let mut named = self.context.chunks[chunk].names.iter().filter_map(|e| match e.target {
                Target::Column(id) if index.column(id).kind.is_temporal() && id.table == column.table => Some(id),
                _ => None,
            });
            return Some(named.next().unwrap_or(column));
        }
        Some(column)
    }

    /// Rows of the subject to which no row of the absent tables belongs.
    fn absent(
        &self,
        subject: TableId,
        inner: Vec<(Predicate, bool)>,
        outer: &mut Vec<(Predicate, bool)>,
    ) -> Option<()> {
        let mut inner = Some(inner);
        for &chunk in &self.frame.absent {
            let table = match self.target(chunk)? {
                Target::Table(table) => table,
                Target::Column(id) => id.table,
                _ => return None,
            };
            if table == subject {
                return None;
            }
            let tree = self.context.index.graph().tree(&[subject, table], &[]).ok()?;
            let first = tree.edges.first()?;
            let &(from, into) = first.on.first()?;
            let (own, other) = if from.table == subject { (from, into) } else { (into, from) };
            let mut plan = Plan { select: vec![Item { expr: Expr::Column(other), alias: None }], ..Plan::default() };
            if table != other.table {
                plan.tables.push(table);
            }
            plan.filter = join(inner.take().unwrap_or_default());
            let predicate = Predicate::InPlan { expr: Expr::Column(own), plan: Box::new(plan), negated: true };
            outer.push((predicate, false));
        }
        Some(())
    }

    fn group(&self, subject: TableId, plan: &mut Plan) {
        let index = self.context.index;
        for group in &self.frame.groups {
            match group {
                GroupBy::Time(count, unit) => {
                    // A day has no hours.
                    let fits = |id: &ColumnId| unit.seconds().is_none() || has_hours(index.column(*id).kind);
                    if let Some(column) = self.time_column(subject).filter(fits) {
                        let argument = Box::new(Expr::Column(column));
                        let expr = Expr::Bucket { unit: *unit, count: *count, argument };
                        // Days beside their month would make groups of days.
                        plan.select.retain(|item| item.expr != Expr::Column(column));
                        plan.select.insert(0, Item { expr: expr.clone(), alias: Some(unit.name().to_owned()) });
                        plan.group.push(expr.clone());
                        if plan.order.is_empty() && self.frame.order.is_empty() {
                            plan.order.push(OrderKey { expr, descending: false });
                        }
                    }
                }
                GroupBy::What(What::Chunk(chunk)) => match self.target(*chunk) {
                    Some(Target::Column(id)) => plan.group.push(Expr::Column(id)),
                    Some(Target::Table(table)) => {
                        let facts = index.facts(table);
                        if let Some(key) = facts.key.or(facts.display) {
                            plan.group.push(Expr::Column(key));
                        }
                    }
                    _ => {}
                },
                GroupBy::What(_) => {}
            }
        }
        let counted = self.frame.having.is_some()
            || self.frame.order.iter().any(|(by, _)| matches!(by, OrderBy::Count(_) | OrderBy::What(_, Some(_))));
        let aggregated = plan.select.iter().any(|item| item.expr.is_aggregate());
        if plan.group.is_empty() && (counted || aggregated) {
            let plain: Vec<Expr> = plan.select.iter().map(|i| i.expr.clone()).filter(|e| !e.is_aggregate()).collect();
            let tables: Vec<TableId> = {
                let mut all = Vec::new();
                for expr in &plain {
                    expr.tables(&mut all);
                }
                all.dedup();
                all
            };
            let mut measured = Vec::new();
            plan.select.iter().filter(|i| i.expr.is_aggregate()).for_each(|i| i.expr.tables(&mut measured));
            let counts_other = counted && self.counted_table().is_some_and(|t| !tables.contains(&t))
                || plan.tables.iter().chain(&measured).any(|t| !tables.contains(t));
            let refers = |e: &Expr| matches!(e, Expr::Column(id) if index.column_facts(*id).reference && !index.column_facts(*id).key);
            // `the country with the most orders`: not one of its customers.
            let is_row = |table: TableId| {
                let facts = index.facts(table);
                let named = [facts.display, facts.key, facts.person.map(|p| p.0), facts.person.map(|p| p.1)];
                let names = |e: &Expr| matches!(e, Expr::Column(id) if named.contains(&Some(*id)));
                let shown = self.frame.shown.iter().filter(|s| s.aggregate.is_none()).filter_map(|s| match s.what {
                    What::Chunk(chunk) => Some(chunk),
                    _ => None,
                });
                let mut said = shown.chain(self.frame.tables.iter().copied());
                plain.iter().any(names) || said.any(|chunk| self.target(chunk) == Some(Target::Table(table)))
            };
            let key = match tables.as_slice() {
                [only] if counts_other && !plain.iter().any(refers) && is_row(*only) => index.facts(*only).key,
                _ => None,
            };
            match key {
                Some(key) if !plain.is_empty() => plan.group.push(Expr::Column(key)),
                _ => plan.group.extend(plain.into_iter().filter(|e| matches!(e, Expr::Column(_)))),
            }
        }
        if let Some(having) = &self.frame.having {
            let mut argument = None;
            if let Some(chunk) = having.of {
                match self.target(chunk) {
                    Some(Target::Table(table)) => plan.tables.push(table),
                    Some(Target::Column(id)) => {
                        plan.tables.push(id.table);
                        if !index.column_facts(id).key {
                            argument = Some(Box::new(Expr::Column(id)));
                        }
                    }
                    _ => {}
                }
            }
            let distinct = argument.is_some();
            let count = Expr::Aggregate { function: Aggregate::Count, distinct, argument };
            plan.having = Some(compare(count, having.op, Literal::Number(having.number.clone())));
        }
    }

    fn counted_table(&self) -> Option<TableId> {
        let having = self.frame.having.as_ref().and_then(|h| h.of);
        let ordered = self.frame.order.iter().find_map(|(by, _)| match by {
            OrderBy::Count(chunk) => *chunk,
            OrderBy::What(..) => None,
        });
        table_of(self.target(having.or(ordered)?)?, self.context)
    }

    fn time_column(&self, subject: TableId) -> Option<ColumnId> {
        let bound = self.bindings.iter().filter_map(|b| match b.target {
            Target::Column(id) => Some(id),
            _ => None,
        });
        let index = self.context.index;
        let mut tables = vec![subject];
        tables.extend(self.bindings.iter().filter_map(|b| table_of(b.target, self.context)));
        let of_table = |table: &TableId| {
            let days = index.catalog().column_ids(*table).filter(|(_, c)| c.kind.is_temporal()).map(|(id, _)| id);
            // The first of those that are as likely.
            days.min_by(|a, b| time_worth(*b, self.context).total_cmp(&time_worth(*a, self.context)))
        };
        bound.clone().find(|id| index.column(*id).kind.is_temporal()).or_else(|| tables.iter().find_map(of_table))
    }

    fn order(&self, subject: TableId, plan: &mut Plan) {
        for (by, descending) in &self.frame.order {
            // The oldest has the earliest day.
            let mut descending = *descending;
            if let OrderBy::What(What::Hint(hints, chunk), _) = by
                && hints.contains(&"age")
                && matches!(self.target(*chunk), Some(Target::Column(id)) if self.context.index.column(id).kind.is_temporal())
            {
                descending = !descending;
            }
            let expr = match by {
                OrderBy::Count(chunk) => {
                    let target = chunk.and_then(|c| self.target(c));
                    let mut argument = None;
                    match target {
                        Some(Target::Table(table)) => plan.tables.push(table),
                        Some(Target::Column(id)) => {
                            plan.tables.push(id.table);
                            let shown = plan.select.iter().any(|i| i.expr == Expr::Column(id));
                            if !shown && !self.context.index.column_facts(id).key {
                                argument = Some(Box::new(Expr::Column(id)));
                            }
                        }
                        _ => {}
                    }
                    // A count that is shown already is the one that orders.
                    let shown = plan
                        .select
                        .iter()
                        .find(|i| matches!(i.expr, Expr::Aggregate { function: Aggregate::Count, .. }));
                    match shown {
                        Some(item) if argument.is_none() => item.expr.clone(),
                        _ => Expr::Aggregate { function: Aggregate::Count, distinct: false, argument },
                    }
                }
                OrderBy::What(what, aggregate) => {
                    if let What::Chunk(chunk) = what
                        && let Some(Target::Metric(at)) = self.target(*chunk)
                    {
                        let metric = &self.context.index.annotations().metrics[at as usize];
                        let Some(table) = self.context.index.catalog().find_table(None, &metric.table) else {
                            continue;
                        };
                        plan.order
                            .push(OrderKey { expr: Expr::Raw { table, sql: metric.expression.clone() }, descending });
                        continue;
                    }
                    let Some(column) = self.column_of(*what, subject) else { continue };
                    let column = Expr::Column(column);
                    // Grouped rows are ordered by what is shown of the column.
                    let shown = plan
                        .select
                        .iter()
                        .find(|i| matches!(&i.expr, Expr::Aggregate { argument: Some(a), .. } if **a == column));
                    match (aggregate, shown) {
                        (Some(function), _) => {
                            Expr::Aggregate { function: *function, distinct: false, argument: Some(Box::new(column)) }
                        }
                        (None, Some(item)) if !plan.group.is_empty() => item.expr.clone(),
                        _ => column,
                    }
                }
            };
            plan.order.push(OrderKey { expr, descending });
        }
    }
}

/// Knows hours and minutes; a text may be a moment in ISO form.
fn has_hours(kind: TypeKind) -> bool {
    matches!(kind, TypeKind::Timestamp | TypeKind::Text)
}

/// The condition that a column of days, or of years, lies in a span of time.
pub(crate) fn within(column: ColumnId, kind: TypeKind, range: &TimeRange, op: Comparison) -> Option<Predicate> {
    let expr = Expr::Column(column);
    if !has_hours(kind) && range.from.into_iter().chain(range.until).any(|end| end.as_day().is_none()) {
        return None;
    }
    if kind.is_numeric() {
        use chrono::Datelike as _;
        let number = |year: i32| Literal::Number(year.to_string());
        if let Some(year) = range.year {
            return Some(compare(expr, op, number(year)));
        }
        return match (range.from.and_then(Moment::as_day), range.until.and_then(Moment::as_day)) {
            (Some(from), None) => Some(compare(expr, Comparison::GreaterOrEqual, number(from.year()))),
            (None, Some(until)) => Some(compare(expr, Comparison::Less, number(until.year()))),
            (Some(from), Some(until)) => {
                let last = until.pred_opt()?.year();
                if from.year() == last {
                    return Some(compare(expr, Comparison::Equal, number(last)));
                }
                Some(Predicate::Between { expr, low: number(from.year()), high: number(last) })
            }
            (None, None) => None,
        };
    }
    let (from, until) = match op {
        // A span has no outside that is one span.
        Comparison::NotEqual => return None,
        // `since May` says itself on which side.
        _ if range.from.is_none() || range.until.is_none() => (range.from, range.until),
        Comparison::Greater => (range.until, None),
        Comparison::GreaterOrEqual => (range.from, None),
        Comparison::Less => (None, range.from),
        Comparison::LessOrEqual => (None, range.until),
        Comparison::Equal => (range.from, range.until),
    };
    Some(Predicate::Within { expr, from, until })
}

fn compare(left: Expr, op: Comparison, right: Literal) -> Predicate {
    Predicate::Compare { left, op, right: Expr::Literal(right) }
}

/// One column cannot be two values at once: `the Tokyo and Paris offices` are those of either.
fn either(parts: &mut [(Predicate, bool)]) {
    let column = |p: &Predicate| match p {
        Predicate::Compare { left: Expr::Column(id), op: Comparison::Equal, right: Expr::Literal(_) } => Some(*id),
        _ => None,
    };
    for at in 1..parts.len() {
        if column(&parts[at].0).is_some() && column(&parts[at].0) == column(&parts[at - 1].0) {
            parts[at].1 = true;
        }
    }
}

/// `a and b or c`: an `or` binds to the condition before it.
pub(crate) fn join(parts: Vec<(Predicate, bool)>) -> Option<Predicate> {
    let mut all: Vec<Predicate> = Vec::new();
    for (predicate, or) in parts {
        match all.pop() {
            Some(Predicate::Or(mut any)) if or => {
                any.push(predicate);
                all.push(Predicate::Or(any));
            }
            Some(last) if or => all.push(Predicate::Or(vec![last, predicate])),
            Some(last) => all.extend([last, predicate]),
            None => all.push(predicate),
        }
    }
    Predicate::all(all)
}

/// What an aggregate of a column, or a count of a table's rows or a column's values, is called.
pub(crate) fn alias(function: Aggregate, of: &str) -> String {
    let name = nlq_catalog::split_name(of).join("_");
    let prefix = match function {
        Aggregate::Count => return format!("{}_count", singular(&name)),
        Aggregate::Sum => "total",
        Aggregate::Avg => "average",
        Aggregate::Min => "lowest",
        Aggregate::Max => "highest",
    };
    if name.starts_with(prefix) { name } else { format!("{prefix}_{name}") }
}

/// A name for one of many, good enough for an alias.
fn singular(name: &str) -> String {
    match name.strip_suffix("ies") {
        Some(base) if base.len() > 1 => format!("{base}y"),
        _ => name.strip_suffix('s').filter(|b| !b.ends_with('s') && b.len() > 1).unwrap_or(name).to_owned(),
    }
}
