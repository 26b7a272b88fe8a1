//! Whether the join graph joins a plan's tables as the query did.

use nlq_catalog::{ColumnId, TableId};

use super::Unliftable;
use crate::{
    joins::{JoinGraph, JoinTree},
    plan::{Comparison, Expr, Plan, Predicate},
};

type Pair = (ColumnId, ColumnId);

/// Completes a plan so that it is joined over exactly `tables`, by `equal` columns: with tables that it does not name,
/// with columns that its joins should prefer, and with equalities that no reference explains as conditions.
pub(super) fn fit(plan: Plan, tables: &[TableId], equal: &[Pair], graph: &JoinGraph) -> Result<Plan, Unliftable> {
    let query = Query { tables, equal, classes: classes(equal), graph };
    let plain = query.fit(plan.clone());
    let fitted = plain.or_else(|| {
        let prefer = equal.iter().flat_map(|&(left, right)| [left, right]).filter(|&column| query.leads_right(column));
        query.fit(Plan { prefer: prefer.collect(), ..plan })
    });
    fitted.ok_or(Unliftable::Joins)
}

struct Query<'a> {
    tables: &'a [TableId],
    equal: &'a [Pair],
    /// Columns that hold the same value in every row.
    classes: Vec<Vec<ColumnId>>,
    graph: &'a JoinGraph,
}

impl Query<'_> {
    /// True when no reference of this column joins the query's tables in another way.
    fn leads_right(&self, column: ColumnId) -> bool {
        let own = |at: ColumnId| self.tables.contains(&at.table);
        let uses = |pairs: &[Pair]| pairs.iter().any(|&(a, b)| a == column || b == column);
        let within = self.graph.of(column.table).filter(|edge| edge.on.iter().all(|&(a, b)| own(a) && own(b)));
        within.filter(|edge| uses(&edge.on)).all(|edge| edge.on.iter().all(|&(a, b)| together(&self.classes, a, b)))
    }

    fn fit(&self, mut plan: Plan) -> Option<Plan> {
        let own = plan.own_tables();
        plan.tables = self.tables.iter().copied().filter(|table| !own.contains(table)).collect();
        let joined = pairs(&self.tree(&plan)?);
        let mut left = Vec::new();
        for &(a, b) in self.equal {
            let said: Vec<Pair> = joined.iter().chain(&left).copied().collect();
            if !together(&classes(&said), a, b) {
                left.push((a, b));
            }
        }
        if !left.is_empty() {
            let equal = left.iter().map(|&(a, b)| Predicate::Compare {
                left: Expr::Column(a),
                op: Comparison::Equal,
                right: Expr::Column(b),
            });
            plan.filter = Predicate::all(match plan.filter.take() {
                None => equal.collect(),
                Some(Predicate::And(parts)) => parts.into_iter().chain(equal).collect(),
                Some(other) => std::iter::once(other).chain(equal).collect(),
            });
        }
        let own = Plan { tables: Vec::new(), ..plan.clone() }.own_tables();
        plan.tables.retain(|table| !own.contains(table));
        // What lies between other tables is joined anyway.
        for table in plan.tables.clone() {
            let mut without = plan.clone();
            without.tables.retain(|kept| *kept != table);
            if self.says(&without, &left) {
                plan = without;
            }
        }
        self.says(&plan, &left).then_some(plan)
    }

    /// The plan's joins, when they are over the query's tables and say nothing that the query does not.
    fn tree(&self, plan: &Plan) -> Option<JoinTree> {
        let tree = self.graph.tree(&plan.own_tables(), &plan.prefer).ok()?;
        let same =
            tree.tables.len() == self.tables.len() && tree.tables.iter().all(|table| self.tables.contains(table));
        (same && pairs(&tree).iter().all(|&(a, b)| together(&self.classes, a, b))).then_some(tree)
    }

    /// True when the plan's joins and the conditions that are `left` say all that the query says, and no more.
    fn says(&self, plan: &Plan, left: &[Pair]) -> bool {
        self.tree(plan).is_some_and(|tree| {
            let said = classes(&[pairs(&tree).as_slice(), left].concat());
            self.equal.iter().all(|&(a, b)| together(&said, a, b))
        })
    }
}

fn pairs(tree: &JoinTree) -> Vec<Pair> {
    tree.edges.iter().flat_map(|edge| edge.on.iter().copied()).collect()
}

/// Columns that are equal to one another, in groups.
fn classes(equal: &[Pair]) -> Vec<Vec<ColumnId>> {
    let mut all: Vec<Vec<ColumnId>> = Vec::new();
    for &(a, b) in equal {
        let (touched, rest) = all.into_iter().partition(|class: &Vec<_>| class.contains(&a) || class.contains(&b));
        all = rest;
        let mut merged: Vec<ColumnId> = touched.concat();
        merged.extend([a, b]);
        all.push(merged);
    }
    all
}

fn together(classes: &[Vec<ColumnId>], a: ColumnId, b: ColumnId) -> bool {
    a == b || classes.iter().any(|class| class.contains(&a) && class.contains(&b))
}
