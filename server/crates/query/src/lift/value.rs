//! Expressions: what a row or a group has.

use nlq_catalog::{ColumnId, Dialect};
use sqlparser::ast::{
    BinaryOperator, DuplicateTreatment, Expr as Sql, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident,
    UnaryOperator, Value,
};

use super::{Lifter, Unliftable, from};
use crate::{
    plan::{Aggregate, Expr, Literal},
    sql::{function_name, unnested},
};

/// More of them in a row are refused: each is one level deeper, and walking a level takes stack.
const MOST_SUBTRACTIONS: usize = 100;

impl Lifter<'_> {
    pub(super) fn value(&mut self, expr: &Sql) -> Result<Expr, Unliftable> {
        let unsaid = || Unliftable::Expression(expr.to_string());
        match unnested(expr) {
            Sql::Identifier(name) => self.bare(name),
            Sql::CompoundIdentifier(parts) => Ok(Expr::Column(self.qualified(parts)?)),
            Sql::Value(value) => literal(&value.value).map(Expr::Literal).ok_or_else(unsaid),
            Sql::UnaryOp { op: UnaryOperator::Minus, expr: inner } => match self.value(inner)? {
                Expr::Literal(Literal::Number(digits)) if !digits.starts_with('-') => {
                    Ok(Expr::Literal(Literal::Number(format!("-{digits}"))))
                }
                _ => Err(unsaid()),
            },
            Sql::BinaryOp { op: BinaryOperator::Plus, .. } => self.steps(expr)?.ok_or_else(unsaid),
            Sql::BinaryOp { op: BinaryOperator::Minus, .. } if chain_length(expr) > MOST_SUBTRACTIONS => Err(unsaid()),
            Sql::BinaryOp { left, op: BinaryOperator::Minus, right } => {
                Ok(Expr::Minus(Box::new(self.value(left)?), Box::new(self.value(right)?)))
            }
            Sql::Subquery(query) => Ok(Expr::Plan(Box::new(self.query(query)?))),
            Sql::Function(function) => match self.bucket(function)? {
                Some(bucket) => Ok(bucket),
                None => self.aggregate(function)?.ok_or_else(unsaid),
            },
            _ => Err(unsaid()),
        }
    }

    /// The column that an expression is, none when it is something else.
    pub(super) fn column(&mut self, expr: &Sql) -> Option<ColumnId> {
        match unnested(expr) {
            Sql::Identifier(_) | Sql::CompoundIdentifier(_) => match self.value(expr) {
                Ok(Expr::Column(column)) => Some(column),
                _ => None,
            },
            _ => None,
        }
    }

    /// A name without a table: a column, else a name of the select list, else (in SQLite's double quotes) text.
    fn bare(&mut self, name: &Ident) -> Result<Expr, Unliftable> {
        let catalog = self.catalog;
        if let [column] = self.scope().columns(&name.value, catalog).as_slice() {
            return Ok(Expr::Column(*column));
        }
        if let Some(expr) = from::shown(&self.scope().shown, &name.value) {
            return Ok(expr.clone());
        }
        let [around @ .., here] = self.scopes.as_slice() else {
            return Err(Unliftable::UnknownColumn(name.value.clone()));
        };
        if !here.columns(&name.value, catalog).is_empty() {
            return Err(Unliftable::UnknownColumn(name.value.clone()));
        }
        if around.iter().any(|scope| !scope.columns(&name.value, catalog).is_empty()) {
            return Err(Unliftable::Correlated(name.value.clone()));
        }
        if catalog.dialect == Dialect::Sqlite && name.quote_style == Some('"') {
            return Ok(Expr::Literal(Literal::Text(name.value.clone())));
        }
        Err(Unliftable::UnknownColumn(name.value.clone()))
    }

    fn qualified(&mut self, parts: &[Ident]) -> Result<ColumnId, Unliftable> {
        let written = || parts.iter().map(|part| part.value.as_str()).collect::<Vec<_>>().join(".");
        let [.., table, column] = parts else { return Err(Unliftable::UnknownColumn(written())) };
        if let Some(table) = self.scope().named(&table.value) {
            let found = self.catalog.find_column(table, &column.value);
            return found.ok_or_else(|| Unliftable::UnknownColumn(written()));
        }
        let around = self.scopes.iter().any(|scope| scope.named(&table.value).is_some());
        Err(if around { Unliftable::Correlated(written()) } else { Unliftable::UnknownColumn(written()) })
    }

    /// One of the five aggregates.
    fn aggregate(&mut self, function: &Function) -> Result<Option<Expr>, Unliftable> {
        const ALL: [Aggregate; 5] = [Aggregate::Count, Aggregate::Sum, Aggregate::Avg, Aggregate::Min, Aggregate::Max];
        let name = function_name(function);
        let (Some(function), Some((distinct, argument))) =
            (ALL.into_iter().find(|known| known.name() == name), single(function))
        else {
            return Ok(None);
        };
        let argument = match argument {
            FunctionArgExpr::Expr(expr) => Some(Box::new(self.value(expr)?)),
            FunctionArgExpr::Wildcard if function == Aggregate::Count && !distinct => None,
            _ => return Ok(None),
        };
        Ok(Some(Expr::Aggregate { function, distinct, argument }))
    }
}

/// Operators in a row, each the left side of the next.
fn chain_length(mut expr: &Sql) -> usize {
    let mut length = 0;
    while let Sql::BinaryOp { left, .. } = unnested(expr) {
        (expr, length) = (left, length + 1);
    }
    length
}

/// A call without FILTER, OVER and the like.
pub(super) fn plain(function: &Function) -> bool {
    function.over.is_none()
        && function.filter.is_none()
        && function.null_treatment.is_none()
        && function.within_group.is_empty()
}

/// The one argument of a plain call, and whether DISTINCT stands before it.
fn single(function: &Function) -> Option<(bool, &FunctionArgExpr)> {
    let FunctionArguments::List(list) = &function.args else { return None };
    let [FunctionArg::Unnamed(argument)] = list.args.as_slice() else { return None };
    let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
    (plain(function) && list.clauses.is_empty()).then_some((distinct, argument))
}

fn literal(value: &Value) -> Option<Literal> {
    Some(match value {
        Value::Number(digits, _) => Literal::Number(digits.clone()),
        Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Literal::Text(text.clone()),
        Value::Boolean(truth) => Literal::Boolean(*truth),
        _ => return None,
    })
}
