//! The inverse of [`crate::render`]: SQL text as a plan without joins, where a plan can say the same. A query that would
//! be joined in another way when rendered again is refused with the reason. Only groups may become finer: SQLite allows
//! shown columns that do not follow from the group and takes any row's value, the renderer adds them to the group.

mod from;
mod joins;
mod predicate;
#[cfg(test)]
mod tests;
mod time;
mod value;

use nlq_catalog::{Annotations, Catalog};
use sqlparser::ast::{
    Distinct, Expr as Sql, GroupByExpr, LimitClause, OrderByExpr, OrderByKind, OrderBySort, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, SetOperator, SetQuantifier, Value,
};

use crate::{
    joins::JoinGraph,
    plan::{Expr, Item, OrderKey, Plan, Predicate, SetOperation},
    sql::{read_query, unnested},
};
use from::{Condition, Scope};

/// Why a query is not a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unliftable {
    /// Not SQL, or not a query.
    #[error("the text cannot be read as one query: {0}")]
    Syntax(String),
    /// A clause that plans do not have.
    #[error("a plan cannot say {0}")]
    Clause(&'static str),
    /// An expression or condition that plans do not have.
    #[error("a plan cannot say `{0}`")]
    Expression(String),
    /// A table that the catalog does not have.
    #[error("`{0}` is no table of the schema")]
    UnknownTable(String),
    /// A name that is not exactly one column of the tables in FROM.
    #[error("`{0}` is not the name of one column of the tables in FROM")]
    UnknownColumn(String),
    /// A table that stands twice in FROM.
    #[error("a plan cannot join the table `{0}` with itself")]
    SelfJoin(String),
    /// A subquery that names a column of the query around it.
    #[error("the subquery depends on `{0}` of the query around it")]
    Correlated(String),
    /// Tables that the join graph joins over other columns or tables, or not at all.
    #[error("the schema's references would join these tables in another way")]
    Joins,
    /// A column beside an aggregate without GROUP BY: which row's value it is depends on the system.
    #[error("a column stands beside an aggregate without GROUP BY")]
    Ungrouped,
}

/// Reads a query in the catalog's dialect as a plan, joined by the schema's own references.
pub fn lift(sql: &str, catalog: &Catalog) -> Result<Plan, Unliftable> {
    lift_with(sql, catalog, &JoinGraph::new(catalog, &Annotations::default()))
}

/// Reads a query in the catalog's dialect as a plan that [`crate::render::render`] with the same graph writes with the
/// same joins.
pub fn lift_with(sql: &str, catalog: &Catalog, graph: &JoinGraph) -> Result<Plan, Unliftable> {
    let query = read_query(sql, catalog.dialect).map_err(Unliftable::Syntax)?;
    Lifter { catalog, graph, scopes: Vec::new() }.query(&query)
}

struct Lifter<'a> {
    catalog: &'a Catalog,
    graph: &'a JoinGraph,
    /// The queries around the present place, innermost last.
    scopes: Vec<Scope>,
}

impl Lifter<'_> {
    fn query(&mut self, query: &Query) -> Result<Plan, Unliftable> {
        let extra =
            [(query.with.is_some(), "WITH"), (query.fetch.is_some(), "FETCH"), (!query.locks.is_empty(), "FOR UPDATE")];
        refuse(&extra)?;
        let order = match query.order_by.as_ref().map(|order| &order.kind) {
            Some(OrderByKind::Expressions(keys)) => keys.as_slice(),
            Some(OrderByKind::All(_)) => return Err(Unliftable::Clause("ORDER BY ALL")),
            None => &[],
        };
        let limit = limit(query.limit_clause.as_ref())?;
        let mut selects = Vec::new();
        let first = chain(&query.body, &mut selects)?;
        // ORDER BY and LIMIT are those of all selects together; plans keep them in the first.
        let mut plan = self.select(first, order)?;
        plan.limit = limit;
        let mut set = None;
        for (operation, select) in selects.into_iter().rev() {
            let mut next = self.select(select, &[])?;
            next.set = set;
            set = Some(Box::new((operation, next)));
        }
        plan.set = set;
        Ok(plan)
    }

    fn select(&mut self, select: &Select, order: &[OrderByExpr]) -> Result<Plan, Unliftable> {
        let extra = [
            (matches!(select.distinct, Some(Distinct::On(_))), "DISTINCT ON"),
            (select.into.is_some(), "SELECT INTO"),
            (!select.named_window.is_empty(), "WINDOW"),
            (select.qualify.is_some(), "QUALIFY"),
        ];
        refuse(&extra)?;
        let (scope, conditions) = Scope::of(&select.from, self.catalog)?;
        self.scopes.push(scope);
        let mut plan = Plan { distinct: matches!(select.distinct, Some(Distinct::Distinct)), ..Plan::default() };
        for item in &select.projection {
            self.item(item, &mut plan.select)?;
        }
        let (mut equal, mut filter) = (Vec::new(), Vec::new());
        for condition in &conditions {
            match condition {
                Condition::On(on) => self.conditions(on, &mut equal, &mut filter)?,
                Condition::Equal(left, right) => equal.push((*left, *right)),
            }
        }
        if let Some(condition) = &select.selection {
            self.conditions(condition, &mut equal, &mut filter)?;
        }
        plan.filter = Predicate::all(filter);
        // Below WHERE the names of the select list may be used too.
        self.scope().shown.clone_from(&plan.select);
        plan.group = match &select.group_by {
            GroupByExpr::Expressions(keys, modifiers) if modifiers.is_empty() => {
                keys.iter().map(|key| self.key(key, &plan.select)).collect::<Result<_, _>>()?
            }
            _ => return Err(Unliftable::Clause("grouping sets")),
        };
        if let Some(having) = &select.having {
            plan.having = Some(self.predicate(having)?);
        }
        for key in order {
            refuse(&[
                (key.options.nulls_first == Some(true), "NULLS FIRST"),
                (matches!(key.options.sort, Some(OrderBySort::Using(_))), "ORDER BY ... USING"),
            ])?;
            let expr = self.order_key(&key.expr, &plan.select)?;
            plan.order.push(OrderKey { expr, descending: matches!(key.options.sort, Some(OrderBySort::Desc)) });
        }
        if ungrouped(&plan) {
            return Err(Unliftable::Ungrouped);
        }
        let tables = self.scopes.pop().map(|scope| scope.tables()).unwrap_or_default();
        joins::fit(plan, &tables, &equal, self.graph)
    }

    fn item(&mut self, item: &SelectItem, out: &mut Vec<Item>) -> Result<(), Unliftable> {
        match item {
            SelectItem::UnnamedExpr(expr) => out.push(Item { expr: self.value(expr)?, alias: None }),
            SelectItem::ExprWithAlias { expr, alias } => {
                out.push(Item { expr: self.value(expr)?, alias: Some(alias.value.clone()) });
            }
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                let name = name.0.last().and_then(|part| part.as_ident()).map_or("", |ident| ident.value.as_str());
                let table = self.scope().named(name).ok_or_else(|| Unliftable::UnknownTable(name.to_owned()))?;
                out.push(Item { expr: Expr::AllOf(table), alias: None });
            }
            SelectItem::Wildcard(_) => {
                // USING shows its columns only once.
                refuse(&[(self.scope().merges(), "`*` over tables joined by USING")])?;
                let tables = self.scope().tables();
                out.extend(tables.into_iter().map(|table| Item { expr: Expr::AllOf(table), alias: None }));
            }
            other => return Err(Unliftable::Expression(other.to_string())),
        }
        Ok(())
    }

    /// A key of GROUP BY: an expression, or the number of an item.
    fn key(&mut self, key: &Sql, items: &[Item]) -> Result<Expr, Unliftable> {
        let Sql::Value(value) = unnested(key) else { return self.value(key) };
        let number = match &value.value {
            Value::Number(digits, _) => digits.parse::<usize>().ok(),
            _ => None,
        };
        let item = number.and_then(|number| items.get(number.checked_sub(1)?));
        match item {
            Some(item) if !matches!(item.expr, Expr::AllOf(_)) => Ok(item.expr.clone()),
            _ => Err(Unliftable::Expression(key.to_string())),
        }
    }

    /// A key of ORDER BY: there a name of the select list comes before columns.
    fn order_key(&mut self, key: &Sql, items: &[Item]) -> Result<Expr, Unliftable> {
        if let Sql::Identifier(name) = unnested(key)
            && let Some(item) = from::shown(items, &name.value)
        {
            return Ok(item.clone());
        }
        self.key(key, items)
    }

    fn scope(&mut self) -> &mut Scope {
        if self.scopes.is_empty() {
            self.scopes.push(Scope::default());
        }
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }
}

/// A column beside an aggregate, without a group: SQLite takes some row's value, others refuse.
fn ungrouped(plan: &Plan) -> bool {
    let exprs = || plan.select.iter().map(|item| &item.expr).chain(plan.order.iter().map(|key| &key.expr));
    let aggregated = plan.having.is_some() || exprs().any(Expr::is_aggregate);
    plan.group.is_empty() && aggregated && exprs().any(|expr| matches!(expr, Expr::Column(_) | Expr::AllOf(_)))
}

fn refuse(clauses: &[(bool, &'static str)]) -> Result<(), Unliftable> {
    clauses.iter().find(|(there, _)| *there).map_or(Ok(()), |(_, what)| Err(Unliftable::Clause(what)))
}

fn limit(clause: Option<&LimitClause>) -> Result<Option<u64>, Unliftable> {
    let limit = match clause {
        None => return Ok(None),
        Some(LimitClause::LimitOffset { limit, offset: None, limit_by }) if limit_by.is_empty() => limit,
        Some(_) => return Err(Unliftable::Clause("OFFSET")),
    };
    let Some(limit) = limit else { return Ok(None) };
    let digits = match unnested(limit) {
        Sql::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse().ok(),
            _ => None,
        },
        _ => None,
    };
    digits.map(Some).ok_or_else(|| Unliftable::Expression(limit.to_string()))
}

/// The selects of a chain of set operations, in the order of the text, as [`Plan::set`] nests them; the first is returned.
fn chain<'q>(body: &'q SetExpr, rest: &mut Vec<(SetOperation, &'q Select)>) -> Result<&'q Select, Unliftable> {
    match body {
        SetExpr::Select(select) => Ok(select),
        SetExpr::SetOperation { left, op, set_quantifier, right } => {
            let operation = match op {
                SetOperator::Union => SetOperation::Union,
                SetOperator::Intersect => SetOperation::Intersect,
                SetOperator::Except | SetOperator::Minus => SetOperation::Except,
            };
            if !matches!(set_quantifier, SetQuantifier::None | SetQuantifier::Distinct) {
                return Err(Unliftable::Clause("UNION ALL"));
            }
            let first = chain(left, rest)?;
            let at = rest.len();
            let next = chain(right, rest)?;
            rest.insert(at, (operation, next));
            Ok(first)
        }
        SetExpr::Query(_) => Err(Unliftable::Clause("parentheses around a part of UNION")),
        _ => Err(Unliftable::Clause("VALUES")),
    }
}
