//! Conditions.

use nlq_catalog::{ColumnId, Dialect};
use sqlparser::ast::{BinaryOperator, DataType, Expr as Sql, UnaryOperator};

use super::{Lifter, Unliftable};
use crate::{
    plan::{Comparison, Expr, Literal, Predicate},
    sql::{conjuncts, unnested},
};

impl Lifter<'_> {
    /// Sorts the parts of a condition of ON or WHERE: what makes columns of two tables equal, and the rest.
    pub(super) fn conditions(
        &mut self,
        condition: &Sql,
        equal: &mut Vec<(ColumnId, ColumnId)>,
        rest: &mut Vec<Predicate>,
    ) -> Result<(), Unliftable> {
        for part in conjuncts(condition) {
            if let Sql::BinaryOp { left, op: BinaryOperator::Eq, right } = unnested(part)
                && let (Some(left), Some(right)) = (self.column(left), self.column(right))
                && left.table != right.table
            {
                equal.push((left, right));
            } else {
                rest.extend(ands([self.predicate(part)?]));
            }
        }
        Ok(())
    }

    pub(super) fn predicate(&mut self, condition: &Sql) -> Result<Predicate, Unliftable> {
        let unsaid = || Unliftable::Expression(condition.to_string());
        Ok(match unnested(condition) {
            Sql::BinaryOp { op: BinaryOperator::And, .. } => {
                let parts = conjuncts(condition).into_iter().map(|part| self.predicate(part));
                Predicate::And(ands(parts.collect::<Result<Vec<_>, _>>()?))
            }
            Sql::BinaryOp { op: BinaryOperator::Or, .. } => {
                let parts = disjuncts(condition).into_iter().map(|part| self.predicate(part));
                Predicate::Or(ors(parts.collect::<Result<Vec<_>, _>>()?))
            }
            Sql::BinaryOp { left, op, right } => {
                let op = comparison(op).ok_or_else(unsaid)?;
                if let Some(ago) = self.ago(right) {
                    let (from, until) = match op {
                        Comparison::GreaterOrEqual => (Some(ago), None),
                        Comparison::Less => (None, Some(ago)),
                        _ => return Err(unsaid()),
                    };
                    return Ok(Predicate::Within { expr: self.value(left)?, from, until });
                }
                compare(self.value(left)?, op, self.value(right)?)
            }
            Sql::Between { expr, negated, low, high } => {
                let (expr, low, high) = (self.value(expr)?, self.value(low)?, self.value(high)?);
                negate(between(expr, low, high), *negated)
            }
            Sql::InSubquery { expr, subquery, negated } => {
                Predicate::InPlan { expr: self.value(expr)?, plan: Box::new(self.query(subquery)?), negated: *negated }
            }
            Sql::InList { expr, list, negated } => {
                let expr = self.value(expr)?;
                let mut parts = Vec::new();
                for value in list {
                    parts.push(compare(expr.clone(), Comparison::Equal, self.value(value)?));
                }
                let any = if parts.len() == 1 { parts.pop() } else { Some(Predicate::Or(parts)) };
                negate(any.ok_or_else(unsaid)?, *negated)
            }
            Sql::Like { negated, any: false, expr, pattern, escape_char: None }
                if self.catalog.dialect == Dialect::Sqlite =>
            {
                self.like(expr, pattern, *negated)?
            }
            Sql::ILike { negated, any: false, expr, pattern, escape_char: None } => {
                self.like(expr, pattern, *negated)?
            }
            Sql::IsNull(expr) => Predicate::IsNull { expr: self.value(expr)?, negated: false },
            Sql::IsNotNull(expr) => Predicate::IsNull { expr: self.value(expr)?, negated: true },
            Sql::UnaryOp { op: UnaryOperator::Not, expr } => negate(self.predicate(expr)?, true),
            _ => return Err(unsaid()),
        })
    }

    fn like(&mut self, expr: &Sql, pattern: &Sql, negated: bool) -> Result<Predicate, Unliftable> {
        let Expr::Literal(Literal::Text(pattern)) = self.value(pattern)? else {
            return Err(Unliftable::Expression(format!("LIKE {pattern}")));
        };
        // PostgreSQL compares only text with patterns; the renderer writes the cast again.
        let expr = match unnested(expr) {
            Sql::Cast { expr, data_type: DataType::Text, .. } if self.catalog.dialect == Dialect::Postgresql => expr,
            other => other,
        };
        Ok(Predicate::Like { expr: self.value(expr)?, pattern, negated })
    }
}

/// A comparison, a fixed value on the right.
fn compare(left: Expr, op: Comparison, right: Expr) -> Predicate {
    let turned = match op {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    };
    match (&left, &right) {
        (Expr::Literal(_), Expr::Literal(_)) => Predicate::Compare { left, op, right },
        (Expr::Literal(_), _) => Predicate::Compare { left: right, op: turned, right: left },
        _ => Predicate::Compare { left, op, right },
    }
}

fn between(expr: Expr, low: Expr, high: Expr) -> Predicate {
    match (low, high) {
        (Expr::Literal(low), Expr::Literal(high)) => Predicate::Between { expr, low, high },
        (low, high) => Predicate::And(vec![
            compare(expr.clone(), Comparison::GreaterOrEqual, low),
            compare(expr, Comparison::LessOrEqual, high),
        ]),
    }
}

/// What holds when a condition is false, if `negated`. Where values are missing both are unknown, so the same rows stay.
fn negate(condition: Predicate, negated: bool) -> Predicate {
    if !negated {
        return condition;
    }
    let turned = |parts: Vec<Predicate>| parts.into_iter().map(|part| negate(part, true));
    match condition {
        Predicate::And(parts) => Predicate::Or(ors(turned(parts))),
        Predicate::Or(parts) => Predicate::And(ands(turned(parts))),
        Predicate::Compare { left, op, right } => Predicate::Compare { left, op: op.negated(), right },
        Predicate::Between { expr, low, high } => Predicate::Or(vec![
            compare(expr.clone(), Comparison::Less, Expr::Literal(low)),
            compare(expr, Comparison::Greater, Expr::Literal(high)),
        ]),
        Predicate::InPlan { expr, plan, negated } => Predicate::InPlan { expr, plan, negated: !negated },
        Predicate::Like { expr, pattern, negated } => Predicate::Like { expr, pattern, negated: !negated },
        Predicate::IsNull { expr, negated } => Predicate::IsNull { expr, negated: !negated },
        // Not read from SQL: spans between two moments are read as comparisons, and annotations' text is not known as such.
        Predicate::Within { expr, from: Some(from), until: None } => {
            Predicate::Within { expr, from: None, until: Some(from) }
        }
        Predicate::Within { expr, from: None, until: Some(until) } => {
            Predicate::Within { expr, from: Some(until), until: None }
        }
        kept @ (Predicate::Within { .. } | Predicate::Raw { .. }) => kept,
    }
}

fn comparison(op: &BinaryOperator) -> Option<Comparison> {
    Some(match op {
        BinaryOperator::Eq => Comparison::Equal,
        BinaryOperator::NotEq => Comparison::NotEqual,
        BinaryOperator::Lt => Comparison::Less,
        BinaryOperator::LtEq => Comparison::LessOrEqual,
        BinaryOperator::Gt => Comparison::Greater,
        BinaryOperator::GtEq => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

/// The conditions, with the parts of those that are AND in their place.
fn ands(parts: impl IntoIterator<Item = Predicate>) -> Vec<Predicate> {
    let parts = parts.into_iter().map(|part| match part {
        Predicate::And(parts) => parts,
        other => vec![other],
    });
    parts.flatten().collect()
}

/// The conditions, with the parts of those that are OR in their place.
fn ors(parts: impl IntoIterator<Item = Predicate>) -> Vec<Predicate> {
    let parts = parts.into_iter().map(|part| match part {
        Predicate::Or(parts) => parts,
        other => vec![other],
    });
    parts.flatten().collect()
}

/// The parts of a condition that OR joins.
fn disjuncts(condition: &Sql) -> Vec<&Sql> {
    let (mut parts, mut rest) = (Vec::new(), vec![condition]);
    while let Some(expr) = rest.pop() {
        match unnested(expr) {
            Sql::BinaryOp { left, op: BinaryOperator::Or, right } => rest.extend([&**right, &**left]),
            part => parts.push(part),
        }
    }
    parts
}
