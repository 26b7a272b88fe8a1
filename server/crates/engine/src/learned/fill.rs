//! Fills the likeliest shapes of a question with columns, values and tables: plans with what the models think of them.

use std::collections::HashMap;

use nlq_catalog::{ColumnId, TableId};
use nlq_query::plan::{Aggregate, Expr, Plan, Predicate};

use super::{
    evidence::Evidence,
    sketch::{Limit, Sketch, Slot, Term},
    slots::{Columns, WIDTH},
    structure::Shapes,
    trees::Trees,
    values,
};
use crate::{bind::alias, index::SchemaIndex};

/// Shapes that are filled.
const SHAPES: usize = 12;
/// Shapes whose log probability is so much below that of the likeliest are not.
const UNLIKELY: f32 = 7.0;
/// Fillings kept while slots are filled.
const BEAM: usize = 5;
/// Less likely than this is zero.
const FLOOR: f32 = 1e-6;

/// The slots before one, with what fills them.
type Before = Vec<(Slot, ColumnId)>;

/// The probability of each column in a slot, by the slots before it; each computed once a question.
pub(crate) struct Scorer<'e> {
    pub(crate) columns: Columns<'e>,
    trees: &'e Trees,
    known: HashMap<(Slot, Before), Vec<(ColumnId, f32)>>,
    rows: Vec<f32>,
}

impl<'e> Scorer<'e> {
    pub(crate) fn new(evidence: &'e Evidence<'e>, trees: &'e Trees) -> Self {
        Self { columns: Columns::new(evidence), trees, known: HashMap::new(), rows: Vec::new() }
    }

    /// Log probabilities of the columns worth weighing, likeliest first.
    fn slot(&mut self, slot: Slot, before: &[(Slot, ColumnId)]) -> &[(ColumnId, f32)] {
        let key = (slot, before.to_vec());
        if !self.known.contains_key(&key) {
            self.rows.clear();
            let around = self.columns.around(slot, before);
            for &id in &self.columns.worthwhile {
                self.columns.row(&around, id, &mut self.rows);
            }
            let scores = self.trees.scores(&self.rows, WIDTH).into_iter().map(|s| 1.0 / (1.0 + (-s).exp()));
            let mut all: Vec<(ColumnId, f32)> = self.columns.worthwhile.iter().copied().zip(scores).collect();
            let total: f32 = all.iter().map(|(_, p)| p).sum::<f32>().max(FLOOR);
            for (_, p) in &mut all {
                *p = (*p / total).max(FLOOR).ln();
            }
            all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            self.known.insert(key.clone(), all);
        }
        &self.known[&key]
    }

    /// The log probability of each column of a filled shape.
    pub(crate) fn judge(&mut self, slots: &[Slot], columns: &[ColumnId]) -> Vec<f32> {
        let mut before: Vec<(Slot, ColumnId)> = Vec::new();
        let mut out = Vec::new();
        for (slot, id) in slots.iter().zip(columns) {
            let scored = self.slot(*slot, &before);
            out.push(scored.iter().find(|(c, _)| c == id).map_or(FLOOR.ln(), |(_, p)| *p));
            before.push((*slot, *id));
        }
        out
    }
}

/// Every plan that the likeliest shapes give, likeliest first.
pub(crate) fn fill(shapes: &Shapes<'_>, scorer: &mut Scorer<'_>, evidence: &Evidence<'_>) -> Vec<Plan> {
    let named = named_tables(evidence);
    let mut out: Vec<(f32, Plan)> = Vec::new();
    let top = shapes.ranked.first().map_or(0.0, |(_, likely)| *likely);
    for (at, likely) in shapes.ranked.iter().take(SHAPES).take_while(|(_, likely)| *likely > top - UNLIKELY) {
        let sketch = shapes.sketch(*at);
        let slots = sketch.slots();
        let mut beam: Vec<(f32, Vec<ColumnId>)> = vec![(0.0, Vec::new())];
        for (position, slot) in slots.iter().enumerate() {
            let mut next: Vec<(f32, Vec<ColumnId>)> = Vec::new();
            for (score, columns) in &beam {
                let before: Vec<_> = slots[..position].iter().copied().zip(columns.iter().copied()).collect();
                for (id, p) in scorer.slot(*slot, &before).iter().take(BEAM + 1) {
                    let mut columns = columns.clone();
                    columns.push(*id);
                    next.push((score + p, columns));
                }
            }
            next.sort_by(|a, b| b.0.total_cmp(&a.0));
            next.truncate(BEAM);
            beam = next;
        }
        for (score, columns) in beam {
            plans(sketch, &columns, &named, evidence, likely + score, &mut out);
        }
    }
    // Stable: plans of equal worth stay in the order of their shapes.
    out.sort_by(|a, b| b.0.total_cmp(&a.0));
    out.into_iter().map(|(_, plan)| plan).collect()
}

/// The plans of one shape with these columns: one for each table that may take part.
fn plans(
    sketch: &Sketch,
    columns: &[ColumnId],
    named: &[TableId],
    evidence: &Evidence<'_>,
    likely: f32,
    out: &mut Vec<(f32, Plan)>,
) {
    let Some(assigned) = values::assign(sketch, columns, evidence) else { return };
    let top = sketch.slots();
    let own: Vec<TableId> = top
        .iter()
        .zip(columns)
        .filter(|(slot, _)| slot.level == super::sketch::Level::Top)
        .map(|(_, id)| id.table)
        .collect();
    let whole = sketch.select.contains(&Term::All);
    // A value of the question that no test takes, or that its column is not known to hold, is worth little.
    let unused = (evidence.mentions.len() - assigned.used.len().min(evidence.mentions.len())) as f32;
    let worth = likely + 0.3 * assigned.fit.min(0.0) - 0.7 * unused;
    let missing = |tables: &[TableId]| named.iter().take(3).filter(|t| !tables.contains(t)).count() as f32;
    let mut add = |table: Option<TableId>, extra: &[TableId]| {
        if let Some(mut plan) = sketch.plan(&assigned.filling, table, extra, &|id| evidence.index.column(id).kind)
            && !is_empty(&plan)
        {
            plan.distinct &= !is_different(&plan, evidence.index);
            name_aggregates(&mut plan, evidence.index);
            out.push((worth - 0.5 * missing(&plan.own_tables()), plan));
        }
    };
    if own.is_empty() {
        named.iter().take(3).for_each(|table| add(Some(*table), &[]));
        return;
    }
    let main = if whole { None } else { own.first().copied() };
    add(main, &[]);
    for table in named.iter().filter(|t| !own.contains(t)).take(2) {
        if whole {
            add(Some(*table), &[]);
        } else {
            add(main, &[*table]);
        }
    }
    debug_assert!(sketch.limit != Limit::Some || assigned.filling.limit > 1, "a limit takes a number");
}

/// Tables that the question names, best first.
fn named_tables(evidence: &Evidence<'_>) -> Vec<TableId> {
    let mut all: Vec<(f32, TableId)> = evidence
        .index
        .catalog()
        .table_ids()
        .map(|(id, _)| (evidence.of_table(id).score, id))
        .filter(|(score, _)| *score >= 0.3)
        .collect();
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    all.into_iter().map(|(_, id)| id).collect()
}

/// Rows of one table that show its key are different already.
fn is_different(plan: &Plan, index: &SchemaIndex) -> bool {
    let [table] = plan.own_tables()[..] else { return false };
    let key = index.facts(table).key;
    let tells = |expr: &Expr| match expr {
        Expr::AllOf(_) => key.is_some(),
        Expr::Column(id) => key == Some(*id) && index.column_facts(*id).key,
        _ => false,
    };
    plan.set.is_none() && plan.select.iter().any(|item| tells(&item.expr))
}

/// Whether a column is in all of itself says nothing.
fn is_empty(plan: &Plan) -> bool {
    let of_itself = |predicate: &Predicate| match predicate {
        Predicate::InPlan { expr, plan, .. } => {
            plan.filter.is_none()
                && plan.having.is_none()
                && plan.limit.is_none()
                && plan.tables.is_empty()
                && plan.select.first().is_some_and(|item| item.expr == *expr)
        }
        _ => false,
    };
    match &plan.filter {
        Some(Predicate::And(parts)) => parts.iter().any(of_itself),
        Some(part) => of_itself(part),
        None => false,
    }
}

/// Aggregates are called by what they are of; a name is not given twice.
fn name_aggregates(plan: &mut Plan, index: &SchemaIndex) {
    let rows = index.graph().rows_of(&plan.own_tables());
    let mut given: Vec<String> = Vec::new();
    for item in &mut plan.select {
        let Expr::Aggregate { function, argument, distinct } = &item.expr else { continue };
        let of = match argument.as_deref() {
            Some(Expr::Column(id)) if *distinct || *function != Aggregate::Count => &index.column(*id).name,
            _ => match rows.first() {
                Some(table) => &index.catalog().table(*table).name,
                None => continue,
            },
        };
        let name = alias(*function, of);
        if !given.contains(&name) {
            given.push(name.clone());
            item.alias = Some(name);
        }
    }
}
