//! A plan in words, clause by clause, so that two plans can be told apart by the clauses in which they differ.

use chrono::{Datelike, Months};
use nlq_catalog::{ColumnId, TableId, TypeKind, split_name};
use nlq_query::plan::{Aggregate, Comparison, Expr, Literal, Moment, OrderKey, Plan, Predicate, SetOperation};

use crate::{index::SchemaIndex, meaning::counted};

/// Clauses of a plan in words, in the order in which they are said. An empty text is a clause that is not there.
const CLAUSES: usize = 7;

/// What a plan does, as one phrase: `number of orders per country in 2023, most orders first`.
pub(crate) fn describe(plan: &Plan, index: &SchemaIndex) -> String {
    clauses(plan, index).concat()
}

/// How a plan differs from another, as one phrase each: what this plan and what the other one says there.
pub(crate) fn differ(plan: &Plan, from: &Plan, index: &SchemaIndex) -> (String, String) {
    const MISSING: [&str; CLAUSES] = ["", "not grouped", "no condition", "all groups", "", "in any order", "all rows"];
    let (own, other) = (clauses(plan, index), clauses(from, index));
    let mut texts = (Vec::new(), Vec::new());
    for at in (0..CLAUSES).filter(|&at| own[at] != other[at]) {
        let text = |clause: &str| {
            let said = if clause.is_empty() { MISSING[at] } else { clause };
            said.trim_start_matches(',').trim().to_owned()
        };
        texts.0.push(text(&own[at]));
        texts.1.push(text(&other[at]));
    }
    let said = |texts: Vec<String>| texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ");
    (said(texts.0), said(texts.1))
}

/// A column as people point at it: `orders.placed_at`.
pub(crate) fn dotted(id: ColumnId, index: &SchemaIndex) -> String {
    format!("{}.{}", index.catalog().table(id.table).name, index.column(id).name)
}

fn clauses(plan: &Plan, index: &SchemaIndex) -> [String; CLAUSES] {
    let words = Words { index, plan, tables: plan.own_tables() };
    let opened = |opening: &str, text: Option<String>| text.map_or_else(String::new, |t| format!("{opening}{t}"));
    let orders: Vec<String> = plan.order.iter().map(|key| words.order(key)).filter(|said| !said.is_empty()).collect();
    let set = plan.set.as_ref().map(|set| {
        let word = match set.0 {
            SetOperation::Union => "together with",
            SetOperation::Intersect => "that are also among",
            SetOperation::Except => "that are not among",
        };
        format!("{word} {}", describe(&set.1, index))
    });
    [
        words.shown(),
        words.groups(),
        plan.filter.as_ref().map_or_else(String::new, |filter| words.filter(filter)),
        opened(" with ", plan.having.as_ref().map(|having| words.having(having))),
        opened(", ", set),
        opened(", ", (!orders.is_empty()).then(|| orders.join(", then "))),
        match plan.limit {
            Some(1) => ", only the first".to_owned(),
            Some(n) => format!(", only the first {n}"),
            None => String::new(),
        },
    ]
}

struct Words<'a> {
    index: &'a SchemaIndex,
    plan: &'a Plan,
    tables: Vec<TableId>,
}

impl Words<'_> {
    fn table(&self, id: TableId) -> String {
        split_name(&self.index.catalog().table(id).name).join(" ")
    }

    /// With its table where more than one has a column of that name.
    fn column(&self, id: ColumnId) -> String {
        let name = &self.index.column(id).name;
        let held = |table: &&TableId| self.index.catalog().find_column(**table, name).is_some();
        if self.tables.len() == 1 || self.tables.iter().filter(held).count() == 1 {
            return name.clone();
        }
        let table = self.table(id.table);
        format!("{table}{} {name}", if table.ends_with('s') { "\u{2019}" } else { "\u{2019}s" })
    }

    fn rows(&self) -> String {
        counted(self.plan, self.index).map_or_else(|| "rows".to_owned(), |table| self.table(table))
    }

    fn shown(&self) -> String {
        let plan = self.plan;
        let aggregated = plan.select.iter().any(|item| item.expr.is_aggregate());
        // Of groups the keys are said after `per`.
        let items: Vec<&Expr> = plan
            .select
            .iter()
            .map(|item| &item.expr)
            .filter(|e| !aggregated || e.is_aggregate() || plan.group.is_empty())
            .collect();
        let mut parts: Vec<String> = items.iter().map(|e| self.expr(e)).collect();
        // `name and email of customers`: the only table is said once.
        let is_column = |e: &&&Expr| match e {
            Expr::Column(_) => true,
            Expr::Aggregate { argument, .. } => argument.is_some(),
            _ => false,
        };
        let mut tables = Vec::new();
        items.iter().filter(|e| is_column(e)).for_each(|e| e.tables(&mut tables));
        tables.dedup();
        let bare = Words { index: self.index, plan, tables: tables.clone() };
        if let ([table], Some(at)) = (tables.as_slice(), items.iter().rposition(|e| is_column(&e))) {
            for (part, expr) in parts.iter_mut().zip(&items).filter(|(_, e)| is_column(e)) {
                *part = bare.expr(expr);
            }
            parts[at] = format!("{} of {}", parts[at], self.table(*table));
        }
        format!("{}{}", if plan.distinct { "different values of " } else { "" }, list(&parts))
    }

    fn groups(&self) -> String {
        let plan = self.plan;
        if plan.group.is_empty() || !plan.select.iter().any(|item| item.expr.is_aggregate()) {
            return String::new();
        }
        let keys: Vec<String> = plan.group.iter().map(|key| self.key(key)).collect();
        let text = format!(" per {}", list(&keys));
        // Keys that stay unsaid in the result are worth a word.
        if plan.select.iter().all(|item| item.expr.is_aggregate()) { format!("{text} (not shown)") } else { text }
    }

    fn key(&self, expr: &Expr) -> String {
        let Expr::Column(id) = expr else { return self.expr(expr) };
        let shown = self.plan.select.iter().any(|item| item.expr == *expr);
        if self.index.facts(id.table).key == Some(*id) && !shown {
            return singular(&self.table(id.table));
        }
        if shown && (self.index.column_facts(*id).key || self.index.column_facts(*id).reference) {
            return self.column(*id);
        }
        self.index.column(*id).name.clone()
    }

    fn order(&self, key: &OrderKey) -> String {
        let down = key.descending;
        let kind = match &key.expr {
            Expr::Column(id) => self.index.column(*id).kind,
            _ => TypeKind::Decimal,
        };
        match &key.expr {
            Expr::Aggregate { function: Aggregate::Count, argument: None, .. } => {
                format!("{} {} first", if down { "most" } else { "fewest" }, self.rows())
            }
            Expr::Bucket { unit, count: 1, .. } if down => format!("latest {} first", unit.name()),
            Expr::Bucket { .. } if down => "latest first".to_owned(),
            // Time goes on by itself.
            Expr::Bucket { .. } => String::new(),
            other if kind.is_temporal() => {
                format!("{} {} first", if down { "latest" } else { "earliest" }, self.expr(other))
            }
            other if kind == TypeKind::Text => {
                format!("by {}{}", self.expr(other), if down { " from Z to A" } else { "" })
            }
            other => format!("{} {} first", if down { "highest" } else { "lowest" }, self.expr(other)),
        }
    }

    fn expr(&self, of: &Expr) -> String {
        match of {
            Expr::Column(id) => self.column(*id),
            Expr::AllOf(table) => format!("all columns of {}", self.table(*table)),
            Expr::Aggregate { function, distinct, argument } => {
                let Some(argument) = argument else { return format!("number of {}", self.rows()) };
                let word = match function {
                    Aggregate::Count if *distinct => "number of different values of",
                    Aggregate::Count => "number of values of",
                    Aggregate::Sum => "sum of",
                    Aggregate::Avg => "average",
                    Aggregate::Min => "lowest",
                    Aggregate::Max => "highest",
                };
                format!("{word} {}", self.expr(argument))
            }
            Expr::Literal(literal) => value(literal),
            Expr::Plan(plan) => format!("the {}", describe(plan, self.index)),
            Expr::Bucket { unit, count: 1, .. } => unit.name().to_owned(),
            Expr::Bucket { unit, count, .. } => format!("{count} {}s", unit.name()),
            Expr::Minus(left, right) => format!("{} minus {}", self.expr(left), self.expr(right)),
            Expr::Ratio(left, right) => format!("ratio of {} to {}", self.expr(left), self.expr(right)),
            Expr::Raw { table, sql } => {
                let named =
                    self.index.annotations().metrics.iter().find(|m| {
                        m.expression == *sql && self.index.catalog().find_table(None, &m.table) == Some(*table)
                    });
                named.map_or_else(|| sql.clone(), |metric| metric.name.clone())
            }
        }
    }

    /// Spans of time of the only column of days that the plan speaks of stand alone: `in 2023`.
    fn filter(&self, filter: &Predicate) -> String {
        let parts: &[Predicate] = match filter {
            Predicate::And(parts) => parts,
            one => std::slice::from_ref(one),
        };
        let measured = self.plan.select.iter().all(|i| i.expr.is_aggregate() || matches!(i.expr, Expr::Bucket { .. }));
        let plain = |part: &&Predicate| match part {
            Predicate::Within { expr: Expr::Column(id), .. } => {
                let days = self.index.catalog().column_ids(id.table).filter(|(_, c)| c.kind.is_temporal()).count();
                measured && days == 1
            }
            _ => false,
        };
        let (times, others): (Vec<&Predicate>, Vec<&Predicate>) = parts.iter().partition(plain);
        let mut text = String::new();
        for time in times {
            if let Predicate::Within { from, until, .. } = time {
                text.push_str(&format!(" {}", period(*from, *until)));
            }
        }
        if !others.is_empty() {
            let others: Vec<String> = others.iter().map(|p| self.predicate(p)).collect();
            text.push_str(&format!(" where {}", others.join(" and ")));
        }
        text
    }

    fn having(&self, having: &Predicate) -> String {
        match having {
            Predicate::Compare {
                left: Expr::Aggregate { function: Aggregate::Count, argument: None, .. },
                op,
                right: Expr::Literal(number),
            } => {
                let word = match op {
                    Comparison::Equal => "exactly",
                    Comparison::NotEqual => "other than",
                    Comparison::Less => "fewer than",
                    Comparison::LessOrEqual => "at most",
                    Comparison::Greater => "more than",
                    Comparison::GreaterOrEqual => "at least",
                };
                format!("{word} {} {}", value(number), self.rows())
            }
            other => self.predicate(other),
        }
    }

    fn predicate(&self, of: &Predicate) -> String {
        match of {
            Predicate::And(parts) => parts.iter().map(|p| self.predicate(p)).collect::<Vec<_>>().join(" and "),
            Predicate::Or(parts) => self.either(parts),
            Predicate::Compare { left, op, right } => {
                let word = match op {
                    Comparison::Equal => "is",
                    Comparison::NotEqual => "is not",
                    Comparison::Less => "is less than",
                    Comparison::LessOrEqual => "is at most",
                    Comparison::Greater => "is more than",
                    Comparison::GreaterOrEqual => "is at least",
                };
                format!("{} {word} {}", self.expr(left), self.expr(right))
            }
            Predicate::Between { expr, low, high } => {
                format!("{} is between {} and {}", self.expr(expr), value(low), value(high))
            }
            Predicate::InPlan { plan, negated, .. } => {
                let inner = Words { index: self.index, plan, tables: plan.own_tables() };
                let rows = inner.tables.last().map_or_else(|| "rows".to_owned(), |table| self.table(*table));
                let only = plan.filter.as_ref().map_or_else(String::new, |filter| inner.filter(filter));
                format!("there are {}{rows}{only}", if *negated { "no " } else { "" })
            }
            Predicate::Like { expr, pattern, negated } => {
                let text = pattern.trim_matches('%');
                let word = match (pattern.starts_with('%'), pattern.ends_with('%'), negated) {
                    (false, true, false) => "begins with",
                    (false, true, true) => "does not begin with",
                    (true, false, false) => "ends with",
                    (true, false, true) => "does not end with",
                    (_, _, false) => "contains",
                    (_, _, true) => "does not contain",
                };
                format!("{} {word} \u{201c}{text}\u{201d}", self.expr(expr))
            }
            Predicate::IsNull { expr, negated } => {
                format!("{} is {}", self.expr(expr), if *negated { "known" } else { "missing" })
            }
            Predicate::Within { expr, from, until } => format!("{} is {}", self.expr(expr), period(*from, *until)),
            Predicate::Raw { table, sql } => {
                let named = |condition: &str| {
                    let of_table = |t: &str| self.index.catalog().find_table(None, t) == Some(*table);
                    let mut terms = self.index.annotations().terms.iter();
                    terms.find(|t| t.condition == condition && of_table(&t.table)).map(|t| t.name.clone())
                };
                let inner = sql.strip_prefix("NOT (").and_then(|s| s.strip_suffix(')'));
                match (named(sql), inner.and_then(named)) {
                    (Some(name), _) => format!("it is a {name}"),
                    (None, Some(name)) => format!("it is no {name}"),
                    (None, None) => sql.clone(),
                }
            }
        }
    }

    /// `country is Germany or France`.
    fn either(&self, parts: &[Predicate]) -> String {
        let same = |p: &Predicate| match (p, &parts[0]) {
            (
                Predicate::Compare { left, op: Comparison::Equal, right: right @ Expr::Literal(_) },
                Predicate::Compare { left: first, op: Comparison::Equal, right: Expr::Literal(_) },
            ) if left == first => Some(self.expr(right)),
            _ => None,
        };
        match (parts.iter().map(same).collect::<Option<Vec<_>>>(), &parts[0]) {
            (Some(values), Predicate::Compare { left, .. }) => {
                format!("{} is {}", self.expr(left), values.join(" or "))
            }
            _ => parts.iter().map(|p| self.predicate(p)).collect::<Vec<_>>().join(" or "),
        }
    }
}

fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

fn value(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) if text.trim() == text && !text.is_empty() => text.clone(),
        Literal::Text(text) => format!("\u{201c}{text}\u{201d}"),
        Literal::Number(digits) => digits.clone(),
        Literal::Boolean(yes) => if *yes { "true" } else { "false" }.to_owned(),
    }
}

/// A half-open span of time as people say it.
fn period(from: Option<Moment>, until: Option<Moment>) -> String {
    if let (Some(Moment::Ago { count, unit }), None) = (from, until) {
        return match count {
            1 => format!("in the last {}", unit.name()),
            _ => format!("in the last {count} {}s", unit.name()),
        };
    }
    if from.into_iter().chain(until).any(|end| end.as_day().is_none()) {
        return match (from, until) {
            (Some(from), Some(until)) => format!("from {} to before {}", moment(from), moment(until)),
            (Some(from), None) => format!("at or after {}", moment(from)),
            (None, Some(until)) => format!("before {}", moment(until)),
            (None, None) => "known".to_owned(),
        };
    }
    let (from, until) = match (from.and_then(Moment::as_day), until.and_then(Moment::as_day)) {
        (Some(from), Some(until)) => (from, until),
        (Some(from), None) => return format!("on or after {from}"),
        (None, Some(until)) => return format!("before {until}"),
        (None, None) => return "known".to_owned(),
    };
    let lasts = |months: u32| from.day() == 1 && from.checked_add_months(Months::new(months)) == Some(until);
    if lasts(12) && from.month() == 1 {
        format!("in {}", from.year())
    } else if lasts(3) && from.month0() % 3 == 0 {
        format!("in Q{} {}", from.month0() / 3 + 1, from.year())
    } else if lasts(1) {
        from.format("in %B %Y").to_string()
    } else {
        match until.pred_opt() {
            Some(last) if last == from => format!("on {from}"),
            Some(last) => format!("from {from} to {last}"),
            None => format!("on or after {from}"),
        }
    }
}

/// A moment as people say it; only the day where that is meant.
pub(crate) fn moment(of: Moment) -> String {
    match of {
        Moment::At { moment, .. } if of.as_day().is_some() => moment.format("%Y-%m-%d").to_string(),
        Moment::At { moment, .. } => moment.format("%Y-%m-%d %H:%M").to_string(),
        Moment::Ago { count, unit } => format!("{count} {}{} ago", unit.name(), if count == 1 { "" } else { "s" }),
    }
}

/// One of many, in words.
fn singular(name: &str) -> String {
    match name.strip_suffix("ies") {
        Some(base) if base.len() > 1 => format!("{base}y"),
        _ => name.strip_suffix('s').filter(|b| !b.ends_with('s') && b.len() > 1).unwrap_or(name).to_owned(),
    }
}
