//! A plan in words.

use nlq_catalog::{ColumnId, split_name};
use nlq_query::plan::{Aggregate, Comparison, Expr, Literal, Plan, Predicate, SetOperation};

use crate::index::SchemaIndex;

/// What a plan does, as one phrase: `the number of orders for each customer's country, most first`.
pub(crate) fn describe(plan: &Plan, index: &SchemaIndex) -> String {
    let aggregated = plan.select.iter().any(|item| item.expr.is_aggregate());
    let shown = plan.select.iter().filter(|i| !aggregated || i.expr.is_aggregate() || plan.group.is_empty());
    let shown: Vec<String> = shown.map(|item| expr(&item.expr, index, Some(plan))).collect();
    let mut text = format!("{}{}", if plan.distinct { "the different values of " } else { "" }, list(&shown));
    if aggregated && !plan.group.is_empty() {
        let plain = |e: &&Expr| !e.is_aggregate();
        let keys: Vec<String> =
            plan.select.iter().map(|i| &i.expr).filter(plain).map(|e| expr(e, index, None)).collect();
        let keys = if keys.is_empty() { plan.group.iter().map(|e| expr(e, index, None)).collect() } else { keys };
        text.push_str(&format!(" for each {}", list(&keys).trim_start_matches("the ")));
    }
    if let Some(filter) = &plan.filter {
        text.push_str(&format!(" where {}", predicate(filter, index)));
    }
    if let Some(having) = &plan.having {
        text.push_str(&format!(" with {}", predicate(having, index)));
    }
    if let Some(set) = &plan.set {
        let word = match set.0 {
            SetOperation::Union => "together with",
            SetOperation::Intersect => "that are also among",
            SetOperation::Except => "that are not among",
        };
        text.push_str(&format!(", {word} {}", describe(&set.1, index)));
    }
    for (at, key) in plan.order.iter().enumerate() {
        let by = expr(&key.expr, index, Some(plan));
        let direction = if key.descending { "largest first" } else { "smallest first" };
        text.push_str(&format!("{} {by}, {direction}", if at == 0 { ", ordered by" } else { " and" }));
    }
    match plan.limit {
        Some(1) => text.push_str(", only the first"),
        Some(n) => text.push_str(&format!(", only the first {n}")),
        None => {}
    }
    text
}

fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

fn name(id: ColumnId, index: &SchemaIndex) -> String {
    let table = split_name(&index.catalog().table(id.table).name).join(" ");
    let column = split_name(&index.column(id).name).join(" ");
    format!("the {column} of {table}")
}

fn expr(of: &Expr, index: &SchemaIndex, plan: Option<&Plan>) -> String {
    match of {
        Expr::Column(id) => name(*id, index),
        Expr::AllOf(table) => format!("all columns of {}", split_name(&index.catalog().table(*table).name).join(" ")),
        Expr::Aggregate { function, distinct, argument } => {
            let word = match function {
                Aggregate::Count if *distinct => "the number of different values of",
                Aggregate::Count => "the number of",
                Aggregate::Sum => "the sum of",
                Aggregate::Avg => "the average of",
                Aggregate::Min => "the lowest value of",
                Aggregate::Max => "the highest value of",
            };
            let what = match (
                argument,
                plan.and_then(|p| p.tables.first().copied().or_else(|| p.own_tables().first().copied())),
            ) {
                (Some(argument), _) => expr(argument, index, None),
                (None, Some(table)) => split_name(&index.catalog().table(table).name).join(" "),
                (None, None) => "rows".to_owned(),
            };
            format!("{word} {what}")
        }
        Expr::Literal(literal) => value(literal),
        Expr::Plan(plan) => describe(plan, index),
        Expr::Bucket { unit, argument } => format!("the {} of {}", unit.name(), expr(argument, index, None)),
        Expr::Minus(left, right) => format!("{} minus {}", expr(left, index, None), expr(right, index, None)),
        Expr::Raw { sql, .. } => sql.clone(),
    }
}

fn value(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) => format!("\u{201c}{text}\u{201d}"),
        Literal::Number(digits) => digits.clone(),
        Literal::Boolean(yes) => if *yes { "true" } else { "false" }.to_owned(),
    }
}

fn predicate(of: &Predicate, index: &SchemaIndex) -> String {
    let side = |e: &Expr| expr(e, index, None);
    match of {
        Predicate::And(parts) => parts.iter().map(|p| predicate(p, index)).collect::<Vec<_>>().join(" and "),
        Predicate::Or(parts) => parts.iter().map(|p| predicate(p, index)).collect::<Vec<_>>().join(" or "),
        Predicate::Compare { left, op, right } => {
            let word = match op {
                Comparison::Equal => "is",
                Comparison::NotEqual => "is not",
                Comparison::Less => "is less than",
                Comparison::LessOrEqual => "is at most",
                Comparison::Greater => "is more than",
                Comparison::GreaterOrEqual => "is at least",
            };
            format!("{} {word} {}", side(left), side(right))
        }
        Predicate::Between { expr: of, low, high } => format!("{} is from {} to {}", side(of), value(low), value(high)),
        Predicate::InPlan { expr: of, plan, negated } => {
            format!("{} is {}among {}", side(of), if *negated { "not " } else { "" }, describe(plan, index))
        }
        Predicate::Like { expr: of, pattern, negated } => {
            let text = pattern.trim_matches('%');
            let word = match (pattern.starts_with('%'), pattern.ends_with('%')) {
                (false, true) => "begin with",
                (true, false) => "end with",
                _ => "contain",
            };
            format!("{} does{} {word} \u{201c}{text}\u{201d}", side(of), if *negated { " not" } else { "" })
        }
        Predicate::IsNull { expr: of, negated } => {
            format!("{} is {}", side(of), if *negated { "known" } else { "missing" })
        }
        Predicate::Within { expr: of, from, until } => match (from, until) {
            (Some(from), Some(until)) => format!("{} is from {from} to before {until}", side(of)),
            (Some(from), None) => format!("{} is on or after {from}", side(of)),
            (None, Some(until)) => format!("{} is before {until}", side(of)),
            (None, None) => format!("{} is known", side(of)),
        },
        Predicate::Raw { sql, .. } => sql.clone(),
    }
}
