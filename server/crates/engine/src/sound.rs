//! What a plan may not ask of a database: sums of text, comparisons of things of different kinds, groups that no engine
//! takes. Such readings are never offered.

use chrono::NaiveDate;
use nlq_catalog::{Catalog, Column, ColumnId, Dialect, QueryLanguage, TypeKind};
use nlq_query::plan::{Aggregate, Expr, Literal, Plan, Predicate};

/// True when the catalog's system takes the plan as it is rendered.
pub(crate) fn is_sound(plan: &Plan, catalog: &Catalog) -> bool {
    let strict = Strict { catalog, checks_types: catalog.dialect != Dialect::Sqlite };
    strict.plan(plan)
}

struct Strict<'a> {
    catalog: &'a Catalog,
    /// SQLite compares anything; what another system makes of a comparison of different types is an error or surprising.
    checks_types: bool,
}

impl Strict<'_> {
    fn plan(&self, plan: &Plan) -> bool {
        let exprs = || {
            let shown = plan.select.iter().map(|item| &item.expr);
            shown.chain(&plan.group).chain(plan.order.iter().map(|key| &key.expr))
        };
        let grouped = !plan.group.is_empty() || plan.having.is_some() || exprs().any(Expr::is_aggregate);
        let is_grouped_by_key = |table| {
            let key = &self.catalog.table(table).primary_key;
            let held = |name: &String| {
                self.catalog.find_column(table, name).is_some_and(|id| plan.group.contains(&Expr::Column(id)))
            };
            !key.is_empty() && key.iter().all(held)
        };
        // Rows cannot be shown whole once they are put together, unless each group is one of them.
        let whole = |expr: &Expr| match expr {
            Expr::AllOf(table) => !grouped || is_grouped_by_key(*table),
            _ => true,
        };
        let comparable = !plan.distinct && plan.set.is_none() || plan.select.iter().all(|i| self.comparable(&i.expr));
        let of_result = |expr: &Expr| plan.select.iter().any(|item| item.expr == *expr);
        // A condition on groups where there are none: the whole is no group that anyone asks for.
        let one_group = plan.having.is_some() && plan.group.is_empty() && exprs().all(Expr::is_aggregate);
        !one_group
            && exprs().all(|expr| self.expr(expr) && whole(expr))
            && comparable
            && plan.group.iter().chain(plan.order.iter().map(|key| &key.expr)).all(|expr| self.comparable(expr))
            && plan.filter.iter().chain(&plan.having).all(|predicate| self.predicate(predicate))
            && plan
                .set
                .as_ref()
                .is_none_or(|set| self.plan(&set.1) && plan.order.iter().all(|key| of_result(&key.expr)))
    }

    fn column(&self, id: ColumnId) -> &Column {
        self.catalog.column(id)
    }

    fn kind(&self, expr: &Expr) -> Option<TypeKind> {
        match expr {
            Expr::Column(id) => Some(self.column(*id).kind),
            Expr::Plan(plan) => plan.select.first().and_then(|item| self.kind(&item.expr)),
            Expr::Aggregate { function: Aggregate::Count, .. } => Some(TypeKind::Integer),
            Expr::Aggregate { argument, .. } => argument.as_ref().and_then(|argument| self.kind(argument)),
            _ => None,
        }
    }

    fn expr(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Aggregate { function, distinct, argument: Some(argument) } => {
                let kind = self.kind(argument);
                let fits = match function {
                    Aggregate::Sum | Aggregate::Avg => match kind {
                        Some(TypeKind::Other) => !self.checks_types,
                        Some(kind) => kind.is_numeric() || self.checks_types && kind == TypeKind::Interval,
                        None => true,
                    },
                    Aggregate::Min | Aggregate::Max => {
                        !self.checks_types
                            || !matches!(kind, Some(TypeKind::Boolean | TypeKind::Uuid | TypeKind::Binary))
                    }
                    Aggregate::Count => true,
                };
                let counts = *function == Aggregate::Count && !distinct;
                fits && self.expr(argument) && (counts || self.comparable(argument))
            }
            Expr::Bucket { argument, .. } => {
                !self.checks_types || self.kind(argument).is_none_or(TypeKind::is_temporal)
            }
            Expr::Minus(left, right) => self.expr(left) && self.expr(right),
            Expr::Ratio(left, right) => {
                let number = |side: &Expr| self.expr(side) && self.kind(side).is_none_or(TypeKind::is_numeric);
                // A thing beside itself is one.
                left != right && number(left) && number(right)
            }
            Expr::Plan(plan) => self.plan(plan),
            _ => true,
        }
    }

    /// Can be told apart and ordered.
    fn comparable(&self, expr: &Expr) -> bool {
        let fits = |kind| !matches!(kind, TypeKind::Json | TypeKind::Other);
        match expr {
            _ if !self.checks_types => true,
            Expr::Column(id) => fits(self.column(*id).kind),
            Expr::AllOf(table) => self.catalog.table(*table).columns.iter().all(|column| fits(column.kind)),
            _ => true,
        }
    }

    fn predicate(&self, predicate: &Predicate) -> bool {
        match predicate {
            Predicate::And(parts) | Predicate::Or(parts) => parts.iter().all(|part| self.predicate(part)),
            Predicate::Compare { left, right, .. } => {
                self.expr(left)
                    && self.expr(right)
                    && match right {
                        Expr::Literal(literal) => self.takes(left, literal),
                        _ => self.alike(left, right),
                    }
            }
            Predicate::Between { expr, low, high } => {
                self.expr(expr) && self.takes(expr, low) && self.takes(expr, high)
            }
            Predicate::InPlan { expr, plan, .. } => {
                self.plan(plan) && plan.select.first().is_none_or(|item| self.alike(expr, &item.expr))
            }
            Predicate::Within { expr, .. } => {
                !self.checks_types || self.kind(expr).is_none_or(|kind| kind.is_temporal() || kind == TypeKind::Text)
            }
            // A moment is no text but in SQL's databases.
            Predicate::Like { expr, .. } => {
                let sql = self.catalog.dialect.language() == QueryLanguage::Sql;
                self.expr(expr) && (sql || !self.kind(expr).is_some_and(TypeKind::is_temporal))
            }
            Predicate::IsNull { expr, .. } => self.expr(expr),
            Predicate::Raw { .. } => true,
        }
    }

    /// Two expressions of kinds that PostgreSQL compares.
    fn alike(&self, left: &Expr, right: &Expr) -> bool {
        match (self.kind(left), self.kind(right)) {
            (Some(a), Some(b)) if self.checks_types => {
                a == b || a.is_numeric() && b.is_numeric() || a.is_temporal() && b.is_temporal()
            }
            _ => true,
        }
    }

    /// PostgreSQL reads a literal as the type that it is compared with.
    fn takes(&self, expr: &Expr, literal: &Literal) -> bool {
        // SQLite would compare a day with a number, and always find the same.
        let is_day = matches!(expr, Expr::Column(id) if self.column(*id).kind.is_temporal());
        if is_day && matches!(literal, Literal::Number(_)) {
            return false;
        }
        let Some(kind) = self.kind(expr).filter(|_| self.checks_types) else { return true };
        let text = match literal {
            Literal::Text(text) | Literal::Number(text) => text.as_str(),
            Literal::Boolean(_) => return kind == TypeKind::Boolean,
        };
        let is_number = text.parse::<f64>().is_ok_and(f64::is_finite);
        match kind {
            TypeKind::Integer | TypeKind::Decimal | TypeKind::Float => is_number,
            TypeKind::Date | TypeKind::Timestamp => text.get(..10).is_some_and(|day| day.parse::<NaiveDate>().is_ok()),
            TypeKind::Boolean => {
                matches!(text.to_lowercase().as_str(), "true" | "false" | "yes" | "no" | "t" | "f" | "0" | "1")
            }
            TypeKind::Text => match expr {
                Expr::Column(id) => self.is_member(*id, text),
                _ => true,
            },
            TypeKind::Binary => true,
            _ => false,
        }
    }

    /// An enum takes only its own values.
    fn is_member(&self, id: ColumnId, text: &str) -> bool {
        let column = self.column(id);
        let name = column.type_name.to_lowercase();
        let free = name.is_empty() || ["char", "text", "name"].iter().any(|plain| name.contains(plain));
        free || column.values.as_ref().is_none_or(|held| !held.complete || held.values.iter().any(|v| v == text))
    }
}
