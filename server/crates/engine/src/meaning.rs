//! When two readings mean the same: the same rows with the same values, or the same rows shown by other columns.

use nlq_catalog::TableId;
use nlq_query::plan::{Aggregate, Expr, Plan};

use crate::{index::SchemaIndex, readings::Reading};

/// Equal for readings whose results are equal wherever references hold: a reference and the key it refers to are one.
pub(crate) fn result(plan: &Plan, joined: &[TableId], index: &SchemaIndex) -> String {
    format!("{:?}", canonical(plan, joined, index))
}

/// Equal for readings that find the same rows (or groups with the same figures), whichever columns show them.
pub(crate) fn rows(reading: &Reading, index: &SchemaIndex) -> String {
    let mut plan = canonical(&reading.bound.plan, &reading.rendered.tables, index);
    plan.distinct = false;
    strip(&mut plan);
    format!("{plan:?}")
}

fn strip(plan: &mut Plan) {
    // All of them in another order are the same rows.
    if plan.limit.is_none() {
        plan.order.clear();
    }
    plan.select.retain(|item| item.expr.is_aggregate());
    if let Some(set) = &mut plan.set {
        strip(&mut set.1);
    }
}

fn canonical(plan: &Plan, joined: &[TableId], index: &SchemaIndex) -> Plan {
    let mut plan = plan.clone();
    let rows = index.graph().rows_of(joined);
    let is_counted = |expr: &Expr| match expr {
        // Different keys of the only table whose rows these are: its rows.
        Expr::Aggregate { function: Aggregate::Count, distinct: true, argument: Some(argument) } => {
            matches!(**argument, Expr::Column(id) if rows == [id.table] && index.facts(id.table).key == Some(id))
        }
        _ => false,
    };
    let count = || Expr::Aggregate { function: Aggregate::Count, distinct: false, argument: None };
    for item in &mut plan.select {
        item.alias = None;
        if is_counted(&item.expr) {
            item.expr = count();
        }
    }
    for key in &mut plan.order {
        if is_counted(&key.expr) {
            key.expr = count();
        }
    }
    plan.map_columns(&|id| index.graph().referred(id));
    let mut groups: Vec<Expr> = Vec::new();
    for expr in plan.group.drain(..) {
        if !groups.contains(&expr) {
            groups.push(expr);
        }
    }
    plan.group = groups;
    plan.prefer.clear();
    plan.tables = rows;
    plan
}

/// The one table whose rows a plan counts, if there is one.
pub(crate) fn counted(plan: &Plan, index: &SchemaIndex) -> Option<TableId> {
    match index.graph().rows_of(&plan.own_tables()).as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}
