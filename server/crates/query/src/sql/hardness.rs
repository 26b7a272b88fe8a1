//! How hard a query is, as the Spider benchmark counts it: by its clauses, its nested queries and what comes in numbers.

use nlq_catalog::{Catalog, Dialect};
use sqlparser::ast::{
    BinaryOperator, Expr, GroupByExpr, JoinConstraint, Query, Select, SelectItem, SetExpr, UnaryOperator,
};

use super::{
    children::{arguments, function_name},
    clauses::read,
    functions::is_aggregate,
    joined::constraint,
};

/// Spider's four steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Hardness {
    Easy,
    Medium,
    Hard,
    Extra,
}

impl Hardness {
    /// As Spider writes it.
    pub fn name(self) -> &'static str {
        match self {
            Hardness::Easy => "easy",
            Hardness::Medium => "medium",
            Hardness::Hard => "hard",
            Hardness::Extra => "extra",
        }
    }
}

/// The hardness of a query, after `eval_hardness` of Spider's evaluation (Yu et al. 2018); none when it cannot be read. Of a
/// set operation only the first query's clauses count, and the operation itself as a nested query.
pub fn hardness(sql: &str, catalog: &Catalog) -> Option<Hardness> {
    let query = read(sql, catalog)?;
    let (select, sets) = first(&query.body)?;
    // Spider reads ORDER BY and LIMIT after a set operation as a part of the last query.
    let (ordered, limited) = match sets {
        0 => (query.order_by.is_some(), query.limit_clause.is_some()),
        _ => (false, false),
    };
    let on = Conditions::of(joins(select));
    let filter = Conditions::of(select.selection.iter());
    let having = Conditions::of(select.having.iter());
    let groups = match &select.group_by {
        GroupByExpr::Expressions(keys, _) => keys.len(),
        GroupByExpr::All(_) => 1,
    };
    let relations: usize = select.from.iter().map(|from| 1 + from.joins.len()).sum();
    let components = usize::from(filter.count > 0)
        + usize::from(groups > 0)
        + usize::from(ordered)
        + usize::from(limited)
        + relations.saturating_sub(1)
        + [&on, &filter, &having].iter().map(|c| c.ors + c.likes).sum::<usize>();
    let nested = [&on, &filter, &having].iter().map(|c| c.queries).sum::<usize>() + usize::from(sets > 0);
    // Spider's count takes a negated condition, and a connective of HAVING, for an aggregate.
    let aggregates = shown(select).filter(|expr| aggregated(expr)).count()
        + filter.negated
        + keys(&query, ordered).filter(|expr| aggregated(expr)).count()
        + having.negated
        + having.count.saturating_sub(1);
    let others = usize::from(aggregates > 1)
        + usize::from(select.projection.len() > 1)
        + usize::from(filter.count > 1)
        + usize::from(groups > 1);
    Some(match (components, others, nested) {
        (0..=1, 0, 0) => Hardness::Easy,
        (0..=1, 0..=2, 0) | (0..=2, 0..=1, 0) => Hardness::Medium,
        (0..=2, 3.., 0) | (3, 0..=2, 0) | (0..=1, 0, 0..=1) => Hardness::Hard,
        _ => Hardness::Extra,
    })
}

/// The first SELECT, and how many set operations it stands in.
fn first(body: &SetExpr) -> Option<(&Select, usize)> {
    match body {
        SetExpr::Select(select) => Some((select, 0)),
        SetExpr::Query(query) => first(&query.body),
        SetExpr::SetOperation { left, .. } => first(left).map(|(select, sets)| (select, sets + 1)),
        _ => None,
    }
}

fn joins(select: &Select) -> impl Iterator<Item = &Expr> {
    let joins = select.from.iter().flat_map(|from| &from.joins);
    joins.filter_map(|join| match constraint(&join.join_operator)? {
        JoinConstraint::On(on) => Some(on),
        _ => None,
    })
}

fn shown(select: &Select) -> impl Iterator<Item = &Expr> {
    select.projection.iter().filter_map(|item| match item {
        SelectItem::UnnamedExpr(expr)
        | SelectItem::ExprWithAlias { expr, .. }
        | SelectItem::ExprWithAliases { expr, .. } => Some(expr),
        _ => None,
    })
}

fn keys(query: &Query, ordered: bool) -> impl Iterator<Item = &Expr> {
    let keys = query.order_by.as_ref().filter(|_| ordered).map(|order| &order.kind);
    keys.into_iter()
        .flat_map(|kind| match kind {
            sqlparser::ast::OrderByKind::Expressions(keys) => keys.as_slice(),
            sqlparser::ast::OrderByKind::All(_) => &[],
        })
        .map(|key| &key.expr)
}

fn aggregated(expr: &Expr) -> bool {
    match expr {
        Expr::Function(function) => is_aggregate(&function_name(function), arguments(function).len(), Dialect::Sqlite),
        Expr::Nested(inner) => aggregated(inner),
        Expr::BinaryOp { left, right, .. } => aggregated(left) || aggregated(right),
        _ => false,
    }
}

/// What Spider counts of the conditions of a clause.
#[derive(Debug, Default)]
struct Conditions {
    count: usize,
    ors: usize,
    likes: usize,
    negated: usize,
    queries: usize,
}

impl Conditions {
    fn of<'e>(conditions: impl Iterator<Item = &'e Expr>) -> Self {
        let mut counted = Self::default();
        conditions.for_each(|condition| counted.add(condition));
        counted
    }

    fn add(&mut self, condition: &Expr) {
        let query = |expr: &Expr| usize::from(matches!(expr, Expr::Subquery(_)));
        match condition {
            Expr::Nested(inner) => return self.add(inner),
            Expr::BinaryOp { left, op: op @ (BinaryOperator::And | BinaryOperator::Or), right } => {
                self.ors += usize::from(*op == BinaryOperator::Or);
                self.add(left);
                return self.add(right);
            }
            Expr::UnaryOp { op: UnaryOperator::Not, expr } => {
                self.negated += 1;
                return self.add(expr);
            }
            Expr::Like { negated, .. } | Expr::ILike { negated, .. } => {
                self.likes += 1;
                self.negated += usize::from(*negated);
            }
            Expr::InSubquery { negated, .. } | Expr::Exists { negated, .. } => {
                self.queries += 1;
                self.negated += usize::from(*negated);
            }
            Expr::InList { negated, .. } => self.negated += usize::from(*negated),
            Expr::Between { negated, low, high, .. } => {
                self.queries += query(low) + query(high);
                self.negated += usize::from(*negated);
            }
            Expr::BinaryOp { right, .. } => self.queries += query(right),
            _ => {}
        }
        self.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::fixture::shop;

    #[test]
    fn the_steps_are_spiders() {
        let catalog = shop(Dialect::Sqlite);
        for (sql, step) in [
            ("SELECT count(*) FROM customers", "easy"),
            ("SELECT name FROM customers WHERE credit > 3", "easy"),
            ("SELECT name, email FROM customers WHERE credit > 3", "medium"),
            ("SELECT country, count(*) FROM customers GROUP BY country", "medium"),
            (
                "SELECT T1.name FROM customers AS T1 JOIN orders AS T2 ON T1.id = T2.customer_id WHERE T2.id = 1",
                "medium",
            ),
            ("SELECT name FROM customers WHERE id NOT IN (SELECT customer_id FROM orders)", "hard"),
            ("SELECT id FROM customers UNION SELECT customer_id FROM orders", "hard"),
            ("SELECT country FROM customers GROUP BY country ORDER BY count(*) DESC LIMIT 1", "hard"),
            (
                "SELECT name FROM customers WHERE credit > (SELECT avg(credit) FROM customers) ORDER BY name LIMIT 1",
                "extra",
            ),
            ("SELECT name, email FROM customers WHERE id IN (SELECT customer_id FROM orders)", "extra"),
        ] {
            assert_eq!(hardness(sql, &catalog).map(Hardness::name), Some(step), "{sql}");
        }
        assert_eq!(hardness("DROP TABLE customers", &catalog), None);
    }
}
