//! More of what the ranker sees of a plan: which words each of its parts has for itself, and whether they stand where such a
//! part is said: what is counted after `number of`, what orders beside `highest`, what is tested behind `whose`.

use nlq_catalog::{ColumnId, TableId};
use nlq_query::{
    plan::{Aggregate, Expr, Plan, Predicate},
    render::Rendered,
};

use super::{
    evidence::{Evidence, Match},
    parts::Parts,
};
use crate::{
    cues::Cue,
    index::SchemaIndex,
    linker::{Chunk, ChunkKind},
};

/// Names of the features, in order.
pub(crate) const NAMES: &[&str] = &[
    "shown_unclaimed",
    "tests_unclaimed",
    "columns_unclaimed",
    "tables_unclaimed",
    "tables_idle",
    "tables_idle_unclaimed",
    "counted_named",
    "counted_other",
    "order_distance",
    "order_before",
    "group_distance",
    "shown_late",
    "tests_early",
    "columns_beaten",
    "columns_gap",
    "shown_beaten",
    "said_like",
    "miss_like",
    "extra_like",
    "shown_few",
    "shown_values",
    "rows",
    "shown_repeated",
    "group_unshown",
];

/// Places of the cues in [`Evidence::cues`].
const EACH: usize = 0;
const MOST: usize = 1;
const SORTED: usize = 2;
const COUNT: usize = 8;
const WHERE: usize = 11;
/// In place of a distance, when there is none.
const FAR: f32 = 12.0;
/// Words between `number of` and what is counted, at most.
const NEAR: usize = 4;
/// Values of a column that tells kinds, at most.
const FEW: usize = 20;

/// The features of a plan, in the order of [`NAMES`].
pub(crate) fn features(plan: &Plan, rendered: &Rendered, evidence: &Evidence<'_>, chunks: &[Chunk]) -> Vec<f32> {
    let flag = |b: bool| f32::from(u8::from(b));
    let index = evidence.index;
    let parts = Parts::of(plan);
    let mut columns = parts.columns.clone();
    columns.sort_unstable();
    columns.dedup();
    let plain = |expr: &Expr| match expr {
        Expr::Column(id) => Some(*id),
        _ => None,
    };
    let shown: Vec<ColumnId> = plan.select.iter().filter_map(|item| plain(&item.expr)).collect();
    let grouped: Vec<ColumnId> = plan.group.iter().filter_map(plain).collect();
    let mut own = Parts::default();
    plan.filter.iter().for_each(|predicate| own.predicate(predicate));
    let mut out = Vec::with_capacity(NAMES.len());

    let claims = Claims::new(&columns, &rendered.tables, evidence);
    let free = |ids: &[ColumnId]| ids.iter().filter(|id| claims.lost_columns.contains(id)).count() as f32;
    let idle: Vec<TableId> = idle(&columns, &rendered.tables, index);
    let lost = |id: &&TableId| claims.lost_tables.contains(id) || evidence.of_table(**id).score < 0.3;
    out.extend([
        free(&shown),
        free(&own.columns),
        free(&columns),
        rendered.tables.iter().filter(|id| claims.lost_tables.contains(id)).count() as f32,
        idle.len() as f32,
        idle.iter().filter(lost).count() as f32,
    ]);

    // What is counted, and what is said to be.
    let rows = index.graph().rows_of(&rendered.tables);
    let counted = counted(plan, &rows);
    let named = evidence.cues[COUNT].iter().filter_map(|at| {
        let near = |id: &TableId| evidence.of_table(*id).places.iter().any(|p| p.0 > *at && p.0 - at <= NEAR);
        evidence.table_after(*at).filter(near)
    });
    let named: Vec<TableId> = named.collect();
    let is_said = |id: &TableId| named.contains(id);
    out.extend([
        flag(counted.iter().any(is_said)),
        flag(!counted.is_empty() && !named.is_empty() && !counted.iter().any(is_said)),
    ]);

    // Where orders, groups and conditions are said.
    let ordered: Vec<&Match> = plan.order.iter().flat_map(|key| spoken(&key.expr, &rows, evidence)).collect();
    let by: Vec<usize> = evidence.cues[MOST].iter().chain(&evidence.cues[SORTED]).copied().collect();
    let group: Vec<&Match> = plan.group.iter().flat_map(|expr| spoken(expr, &rows, evidence)).collect();
    let starts = |m: &Match, want: &dyn Fn(usize) -> bool| !m.places.is_empty() && m.places.iter().all(|p| want(p.0));
    let first = evidence.cues[WHERE].first().copied();
    let late = |id: &&ColumnId| first.is_some_and(|at| starts(evidence.of(**id), &|place| place > at));
    let early = |id: &&ColumnId| first.is_some_and(|at| starts(evidence.of(**id), &|place| place < at));
    out.extend([
        if plan.order.is_empty() { -1.0 } else { distance(&by, &ordered) },
        flag(by.iter().min().is_some_and(|at| ordered.iter().any(|m| starts(m, &|place| place < *at)))),
        if plan.group.is_empty() { -1.0 } else { distance(&evidence.cues[EACH], &group) },
        shown.iter().filter(late).count() as f32,
        own.columns.iter().filter(early).count() as f32,
    ]);

    // Words that say another column better.
    let gap = |id: &ColumnId| evidence.of(*id).score - evidence.best_at(evidence.of(*id));
    out.extend([
        columns.iter().filter(|id| gap(id) < -0.05).count() as f32,
        columns.iter().map(gap).fold(0.0, f32::min),
        shown.iter().filter(|id| gap(id) < -0.05).count() as f32,
    ]);

    let like = chunks.iter().any(|c| matches!(c.kind, ChunkKind::Cue(Cue::Like(_))));
    let likes = plan.filter.as_ref().is_some_and(has_like);
    out.extend([flag(like), flag(like && !likes), flag(!like && likes)]);

    // How many rows and how many different values it shows.
    let held = |id: &ColumnId| {
        let sample = index.column(*id).values.as_ref().filter(|sample| sample.complete);
        sample.map(|sample| sample.values.len())
    };
    let plain = plan.group.is_empty() && !plan.distinct && parts.aggregates == 0;
    let estimate = rows.first().and_then(|id| index.catalog().table(*id).row_estimate).unwrap_or(0);
    let shows = |id: &ColumnId| {
        shown.contains(id)
            || index.column_facts(*id).key
                && shown.iter().any(|other| other.table == id.table && index.facts(id.table).display == Some(*other))
    };
    out.extend([
        shown.iter().filter_map(held).filter(|n| *n <= FEW).count() as f32,
        shown.iter().filter_map(held).min().map_or(-1.0, |n| (n as f32).ln_1p()),
        (estimate as f32).ln_1p(),
        flag(
            plain && !shown.is_empty() && rendered.tables.len() > 1 && shown.iter().all(|id| !rows.contains(&id.table)),
        ),
        grouped.iter().filter(|id| !shows(id)).count() as f32,
    ]);
    debug_assert_eq!(out.len(), NAMES.len(), "every feature has its name");
    out
}

/// Which of the used names find no words of their own: each word is given to the name that says the most with it.
#[derive(Default)]
struct Claims {
    lost_columns: Vec<ColumnId>,
    lost_tables: Vec<TableId>,
}

impl Claims {
    fn new(columns: &[ColumnId], tables: &[TableId], evidence: &Evidence<'_>) -> Self {
        enum Name {
            Column(ColumnId),
            Table(TableId),
        }
        let columns = columns.iter().map(|id| (evidence.of(*id), Name::Column(*id)));
        let tables = tables.iter().map(|id| (evidence.of_table(*id), Name::Table(*id)));
        let mut names: Vec<(&Match, Name)> = columns.chain(tables).filter(|(m, _)| !m.places.is_empty()).collect();
        let length = |m: &Match| m.places.iter().map(|p| p.1 - p.0).max().unwrap_or(0);
        names.sort_by(|(a, _), (b, _)| length(b).cmp(&length(a)).then(b.score.total_cmp(&a.score)));
        let mut taken = vec![false; evidence.tokens.len()];
        let mut claims = Self::default();
        for (m, name) in names {
            match m.places.iter().find(|p| !taken[p.0..p.1].contains(&true)) {
                Some(place) => taken[place.0..place.1].fill(true),
                None => match name {
                    Name::Column(id) => claims.lost_columns.push(id),
                    Name::Table(id) => claims.lost_tables.push(id),
                },
            }
        }
        claims
    }
}

/// Joined tables that no column of the plan is of and without which the others hang together.
fn idle(columns: &[ColumnId], tables: &[TableId], index: &SchemaIndex) -> Vec<TableId> {
    let connected = |without: TableId| {
        let rest: Vec<TableId> = tables.iter().copied().filter(|id| *id != without).collect();
        let mut reached: Vec<TableId> = rest.iter().take(1).copied().collect();
        let mut at = 0;
        while at < reached.len() {
            let next: Vec<TableId> =
                rest.iter().copied().filter(|id| !reached.contains(id) && index.hops(reached[at], *id) == 1).collect();
            reached.extend(next);
            at += 1;
        }
        reached.len() == rest.len()
    };
    let unused = |id: &&TableId| columns.iter().all(|column| column.table != **id);
    tables.iter().filter(unused).copied().filter(|id| tables.len() > 1 && connected(*id)).collect()
}

/// The tables whose rows a plan counts.
fn counted(plan: &Plan, rows: &[TableId]) -> Vec<TableId> {
    let exprs = plan.select.iter().map(|item| &item.expr).chain(plan.order.iter().map(|key| &key.expr));
    let mut out = Vec::new();
    for expr in exprs {
        match expr {
            Expr::Aggregate { function: Aggregate::Count, argument: None, .. } => out.extend(rows),
            Expr::Aggregate { function: Aggregate::Count, argument: Some(argument), .. } => argument.tables(&mut out),
            _ => {}
        }
    }
    out
}

/// What of the question says an expression: its columns, or the tables whose rows it counts.
fn spoken<'e>(expr: &Expr, rows: &[TableId], evidence: &'e Evidence<'_>) -> Vec<&'e Match> {
    match expr {
        Expr::Column(id) => vec![evidence.of(*id)],
        Expr::Aggregate { argument: None, .. } => rows.iter().map(|id| evidence.of_table(*id)).collect(),
        Expr::Aggregate { argument: Some(argument), .. } | Expr::Bucket { argument, .. } => {
            spoken(argument, rows, evidence)
        }
        Expr::Minus(left, right) | Expr::Ratio(left, right) => {
            [spoken(left, rows, evidence), spoken(right, rows, evidence)].concat()
        }
        _ => Vec::new(),
    }
}

/// Words between the nearest of some cues and the nearest of some names.
fn distance(cues: &[usize], names: &[&Match]) -> f32 {
    let places = names.iter().flat_map(|m| &m.places);
    let between = places.flat_map(|place| {
        cues.iter().map(|at| if *at < place.0 { place.0 - at } else { at.saturating_sub(place.1 - 1) })
    });
    between.min().map_or(FAR, |words| (words as f32).min(FAR))
}

fn has_like(predicate: &Predicate) -> bool {
    match predicate {
        Predicate::And(parts) | Predicate::Or(parts) => parts.iter().any(has_like),
        Predicate::Like { .. } => true,
        Predicate::InPlan { plan, .. } => plan.filter.as_ref().is_some_and(has_like),
        _ => false,
    }
}
