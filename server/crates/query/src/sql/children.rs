//! The parts of an expression, one level down.

use sqlparser::ast::{
    AccessExpr, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, Query,
    Subscript, WindowSpec, WindowType,
};

/// What stands directly inside an expression.
pub(super) enum Child<'e> {
    Expr(&'e Expr),
    Query(&'e Query),
}

/// Calls `f` with every direct part of `expr`, in order. Expressions of other systems have no parts here.
pub(super) fn children<'e>(expr: &'e Expr, f: &mut dyn FnMut(Child<'e>)) {
    use Child::{Expr as E, Query as Q};
    match expr {
        Expr::CompoundFieldAccess { root, access_chain } => {
            f(E(root));
            for access in access_chain {
                match access {
                    AccessExpr::Dot(_) => {} // a field of the value: not a name of a scope
                    AccessExpr::Subscript(Subscript::Index { index }) => f(E(index)),
                    AccessExpr::Subscript(Subscript::Slice { lower_bound, upper_bound, stride }) => {
                        [lower_bound, upper_bound, stride].into_iter().flatten().for_each(|e| f(E(e)));
                    }
                }
            }
        }
        Expr::JsonAccess { value: expr, .. }
        | Expr::IsFalse(expr)
        | Expr::IsNotFalse(expr)
        | Expr::IsTrue(expr)
        | Expr::IsNotTrue(expr)
        | Expr::IsNull(expr)
        | Expr::IsNotNull(expr)
        | Expr::IsUnknown(expr)
        | Expr::IsNotUnknown(expr)
        | Expr::IsJson { expr, .. }
        | Expr::IsNormalized { expr, .. }
        | Expr::UnaryOp { expr, .. }
        | Expr::Convert { expr, .. }
        | Expr::Cast { expr, .. }
        | Expr::Extract { expr, .. }
        | Expr::Ceil { expr, .. }
        | Expr::Floor { expr, .. }
        | Expr::Collate { expr, .. }
        | Expr::Nested(expr)
        | Expr::Prefixed { value: expr, .. }
        | Expr::Named { expr, .. }
        | Expr::OuterJoin(expr)
        | Expr::Prior(expr) => f(E(expr)),
        Expr::IsDistinctFrom(a, b)
        | Expr::IsNotDistinctFrom(a, b)
        | Expr::InUnnest { expr: a, array_expr: b, .. }
        | Expr::BinaryOp { left: a, right: b, .. }
        | Expr::RLike { expr: a, pattern: b, .. }
        | Expr::AnyOp { left: a, right: b, .. }
        | Expr::AllOp { left: a, right: b, .. }
        | Expr::AtTimeZone { timestamp: a, time_zone: b }
        | Expr::Position { expr: a, r#in: b } => {
            f(E(a));
            f(E(b));
        }
        Expr::Like { expr, pattern, escape_char, .. }
        | Expr::ILike { expr, pattern, escape_char, .. }
        | Expr::SimilarTo { expr, pattern, escape_char, .. } => {
            f(E(expr));
            f(E(pattern));
            if let Some(e) = escape_char {
                f(E(e));
            }
        }
        Expr::InList { expr, list, .. } => {
            f(E(expr));
            for e in list {
                f(E(e));
            }
        }
        Expr::InSubquery { expr, subquery, .. } => {
            f(E(expr));
            f(Q(subquery));
        }
        Expr::Exists { subquery, .. } => f(Q(subquery)),
        Expr::Subquery(query) => f(Q(query)),
        Expr::Between { expr, low, high, .. } => [expr, low, high].into_iter().for_each(|e| f(E(e))),
        Expr::Substring { expr, substring_from, substring_for, .. } => {
            f(E(expr));
            [substring_from, substring_for].into_iter().flatten().for_each(|e| f(E(e)));
        }
        Expr::Trim { expr, trim_what, trim_characters, .. } => {
            if let Some(e) = trim_what {
                f(E(e));
            }
            f(E(expr));
            trim_characters.iter().flatten().for_each(|e| f(E(e)));
        }
        Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
            for e in [expr, overlay_what, overlay_from] {
                f(E(e));
            }
            if let Some(e) = overlay_for {
                f(E(e));
            }
        }
        Expr::Case { operand, conditions, else_result, .. } => {
            if let Some(e) = operand {
                f(E(e));
            }
            for when in conditions {
                f(E(&when.condition));
                f(E(&when.result));
            }
            if let Some(e) = else_result {
                f(E(e));
            }
        }
        Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => sets.iter().flatten().for_each(|e| f(E(e))),
        Expr::Tuple(list) => list.iter().for_each(|e| f(E(e))),
        Expr::Array(array) => array.elem.iter().for_each(|e| f(E(e))),
        Expr::Interval(interval) => f(E(&interval.value)),
        Expr::Function(function) => function_children(function, f),
        _ => {}
    }
}

fn function_children<'e>(function: &'e Function, f: &mut dyn FnMut(Child<'e>)) {
    use Child::{Expr as E, Query as Q};
    match &function.args {
        FunctionArguments::None => {}
        FunctionArguments::Subquery(query) => f(Q(query)),
        FunctionArguments::List(list) => {
            list.args.iter().filter_map(argument).for_each(|e| f(E(e)));
            for clause in &list.clauses {
                match clause {
                    FunctionArgumentClause::OrderBy(order) => order.iter().for_each(|o| f(E(&o.expr))),
                    FunctionArgumentClause::Where(e) | FunctionArgumentClause::Limit(e) => f(E(e)),
                    _ => {}
                }
            }
        }
    }
    function.within_group.iter().for_each(|o| f(E(&o.expr)));
    function.filter.iter().for_each(|e| f(E(e)));
    if let Some(WindowType::WindowSpec(spec)) = &function.over {
        window_parts(spec).for_each(|e| f(E(e)));
    }
}

/// The expressions of a window.
pub(super) fn window_parts(spec: &WindowSpec) -> impl Iterator<Item = &Expr> {
    spec.partition_by.iter().chain(spec.order_by.iter().map(|order| &order.expr))
}

/// The expression that an argument is.
pub(super) fn argument(arg: &FunctionArg) -> Option<&Expr> {
    match arg {
        FunctionArg::Named { arg: FunctionArgExpr::Expr(e), .. }
        | FunctionArg::ExprNamed { arg: FunctionArgExpr::Expr(e), .. }
        | FunctionArg::Unnamed(FunctionArgExpr::Expr(e)) => Some(e),
        _ => None,
    }
}

/// The arguments of a call, `*` counted as none.
pub(crate) fn arguments(function: &Function) -> Vec<&Expr> {
    match &function.args {
        FunctionArguments::List(list) => list.args.iter().filter_map(argument).collect(),
        _ => Vec::new(),
    }
}

/// The name of a function in lower case, without its schema.
pub(crate) fn function_name(function: &Function) -> String {
    let last = function.name.0.last().and_then(|part| part.as_ident());
    last.map(|ident| ident.value.to_lowercase()).unwrap_or_default()
}
