//! What stands in a plan, its inner plans included.

use nlq_catalog::{ColumnId, TableId};
use nlq_query::plan::{Aggregate, Comparison, Expr, Literal, Plan, Predicate, SetOperation};

/// What is in a plan, its inner plans included.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) columns: Vec<ColumnId>,
    pub(crate) tables: Vec<TableId>,
    pub(crate) literals: Vec<(Option<ColumnId>, String, bool)>,
    /// Texts of annotations.
    pub(crate) raw: Vec<String>,
    pub(crate) buckets: usize,
    pub(crate) ratios: usize,
    pub(crate) orders: usize,
    pub(crate) functions: Vec<Aggregate>,
    /// Of every key of an order.
    pub(crate) descending: Vec<bool>,
    /// Columns compared by size.
    pub(crate) sized: Vec<ColumnId>,
    pub(crate) nested: usize,
    pub(crate) negated: usize,
    pub(crate) compared: usize,
    pub(crate) or: usize,
    pub(crate) tests: usize,
    /// Conditions on time.
    pub(crate) within: usize,
    pub(crate) aggregates: usize,
    pub(crate) counts: usize,
}

impl Parts {
    pub(crate) fn of(plan: &Plan) -> Self {
        let mut parts = Self::default();
        parts.plan(plan);
        parts
    }

    pub(crate) fn names_table(&self, id: TableId) -> bool {
        self.tables.contains(&id) || self.columns.iter().any(|column| column.table == id)
    }

    pub(crate) fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Column(id) => self.columns.push(*id),
            Expr::AllOf(table) => self.tables.push(*table),
            Expr::Aggregate { function, argument, .. } => {
                self.aggregates += 1;
                self.functions.push(*function);
                self.counts += usize::from(*function == Aggregate::Count);
                if let Some(argument) = argument {
                    self.expr(argument);
                }
            }
            Expr::Plan(plan) => {
                self.nested += 1;
                self.plan(plan);
            }
            Expr::Bucket { argument, .. } => {
                self.buckets += 1;
                self.expr(argument);
            }
            Expr::Minus(left, right) | Expr::Ratio(left, right) => {
                self.ratios += usize::from(matches!(expr, Expr::Ratio(..)));
                self.expr(left);
                self.expr(right);
            }
            Expr::Raw { table, sql } => {
                self.tables.push(*table);
                self.raw.push(sql.clone());
            }
            Expr::Literal(_) => {}
        }
    }

    pub(crate) fn predicate(&mut self, predicate: &Predicate) {
        let column = |expr: &Expr| match expr {
            Expr::Column(id) => Some(*id),
            _ => None,
        };
        let text = |literal: &Literal| match literal {
            Literal::Text(text) => (text.clone(), true),
            Literal::Number(text) => (text.clone(), false),
            Literal::Boolean(value) => (value.to_string(), true),
        };
        match predicate {
            Predicate::And(parts) => parts.iter().for_each(|part| self.predicate(part)),
            Predicate::Or(parts) => {
                self.or += 1;
                for part in parts {
                    self.predicate(part);
                }
            }
            Predicate::Compare { left, op, right } => {
                use Comparison::{Equal, NotEqual};
                self.tests += 1;
                self.negated += usize::from(*op == NotEqual);
                self.compared += usize::from(!matches!(op, Equal | NotEqual));
                self.expr(left);
                self.expr(right);
                if let Expr::Literal(literal) = right {
                    if !matches!(op, Equal | NotEqual) {
                        self.sized.extend(column(left));
                    }
                    let (text, is_text) = text(literal);
                    self.literals.push((column(left), text, is_text));
                }
            }
            Predicate::Between { expr, low, high } => {
                self.tests += 1;
                self.compared += 1;
                self.expr(expr);
                for literal in [low, high] {
                    let (text, is_text) = text(literal);
                    self.literals.push((column(expr), text, is_text));
                }
            }
            Predicate::InPlan { expr, plan, negated } => {
                self.tests += 1;
                self.nested += 1;
                self.negated += usize::from(*negated);
                self.expr(expr);
                self.plan(plan);
            }
            Predicate::Like { expr, pattern, negated } => {
                self.tests += 1;
                self.negated += usize::from(*negated);
                self.expr(expr);
                self.literals.push((column(expr), pattern.trim_matches('%').to_owned(), true));
            }
            Predicate::IsNull { expr, negated } => {
                self.tests += 1;
                self.negated += usize::from(!negated);
                self.expr(expr);
            }
            Predicate::Within { expr, from, until } => {
                self.tests += 1;
                self.within += 1;
                self.compared += 1;
                self.expr(expr);
                for day in from.iter().chain(until).filter_map(|end| end.date()) {
                    self.literals.push((column(expr), day.format("%Y").to_string(), false));
                }
            }
            Predicate::Raw { table, sql } => {
                self.tests += 1;
                self.tables.push(*table);
                let term = sql.strip_prefix("NOT (").and_then(|sql| sql.strip_suffix(')')).unwrap_or(sql);
                self.raw.push(term.to_owned());
            }
        }
    }

    fn plan(&mut self, plan: &Plan) {
        plan.select.iter().for_each(|item| self.expr(&item.expr));
        self.tables.extend(&plan.tables);
        plan.filter.iter().chain(&plan.having).for_each(|predicate| self.predicate(predicate));
        plan.group.iter().for_each(|expr| self.expr(expr));
        plan.order.iter().for_each(|key| self.expr(&key.expr));
        self.orders += plan.order.len();
        self.descending.extend(plan.order.iter().map(|key| key.descending));
        if let Some(set) = &plan.set {
            self.negated += usize::from(set.0 == SetOperation::Except);
            self.plan(&set.1);
        }
    }
}
