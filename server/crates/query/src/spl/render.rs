//! A plan as SPL: one command a line, and what a search can say by itself before the first pipe, for that is what an index is
//! asked. What SPL has no honest way to say is [`Unwritable::Beyond`].

mod aggregates;
mod conditions;
mod model;
mod names;
mod nested;
mod raw;
mod time;

use nlq_catalog::{Catalog, TableId, TableKind};

use self::{aggregates::Summary, conditions::is_time};
use crate::{
    joins::JoinGraph,
    language::Unwritable,
    plan::{Aggregate, Expr, Moment, OrderKey, Plan, Predicate},
};

/// Writes a plan over one set of events or one dataset of a data model.
pub(crate) fn write(plan: &Plan, catalog: &Catalog, graph: &JoinGraph) -> Result<String, Unwritable> {
    Ok(commands(plan, catalog, graph)?.join("\n| "))
}

/// The commands of a plan; the first is a search, or begins with `|`.
fn commands(plan: &Plan, catalog: &Catalog, graph: &JoinGraph) -> Result<Vec<String>, Unwritable> {
    let tables = graph.tree(&plan.own_tables(), &plan.prefer)?.tables;
    let [table] = tables.as_slice() else {
        let names: Vec<String> = tables.iter().map(|id| format!("\"{}\"", catalog.table(*id).name)).collect();
        return Err(beyond(if names.is_empty() {
            "a search needs a set of events to look in: name one, or something that its events hold".to_owned()
        } else {
            format!("nlq does not join the events of {} in SPL: ask about one of them", names.join(" and "))
        }));
    };
    if plan.limit == Some(0) {
        return Err(beyond("no rows are asked for: ask for at least one".to_owned()));
    }
    if plan.set.is_some() {
        return Err(beyond("nlq does not combine two results in SPL: ask for one after the other".to_owned()));
    }
    if catalog.table(*table).kind == TableKind::DataModel {
        return model::commands(plan, *table, catalog);
    }
    let mut search = Search { catalog, graph, commands: Vec::new() };
    search.events(plan, *table)?;
    search.result(plan)?;
    Ok(search.commands)
}

fn beyond(sentence: String) -> Unwritable {
    Unwritable::Beyond(sentence)
}

struct Search<'a> {
    catalog: &'a Catalog,
    graph: &'a JoinGraph,
    commands: Vec<String>,
}

/// The conditions of a plan that must all hold.
fn conjuncts(plan: &Plan) -> Vec<&Predicate> {
    fn flat<'p>(predicate: &'p Predicate, out: &mut Vec<&'p Predicate>) {
        match predicate {
            Predicate::And(parts) => parts.iter().for_each(|part| flat(part, out)),
            other => out.push(other),
        }
    }
    let mut out = Vec::new();
    plan.filter.iter().for_each(|filter| flat(filter, &mut out));
    out
}

/// The span of time of all events, which a search is told first. What a second condition says besides goes to `rest`.
#[derive(Default)]
struct Period {
    from: Option<Moment>,
    until: Option<Moment>,
}

impl Period {
    /// Takes a condition on the time of events; false when it is none, or both ends are taken.
    fn take(&mut self, predicate: &Predicate, catalog: &Catalog) -> bool {
        let Predicate::Within { expr, from, until } = predicate else { return false };
        let free = (from.is_none() || self.from.is_none()) && (until.is_none() || self.until.is_none());
        if !is_time(expr, catalog) || !free || (from.is_none() && until.is_none()) {
            return false;
        }
        self.from = self.from.or(*from);
        self.until = self.until.or(*until);
        true
    }

    fn write(&self, terms: &mut Vec<String>) {
        terms.extend(self.from.map(|from| format!("earliest={}", time::modifier(from))));
        // A search ends now.
        let until = self.until.filter(|until| !(time::is_ahead(*until) && self.from.is_some()));
        terms.extend(until.map(|until| format!("latest={}", time::modifier(until))));
    }
}

impl Search<'_> {
    /// The events that the plan speaks of.
    fn events(&mut self, plan: &Plan, table: TableId) -> Result<(), Unwritable> {
        let catalog = self.catalog;
        let mut first = source(catalog, table);
        let (mut period, mut terms, mut wheres, mut later) = (Period::default(), Vec::new(), Vec::new(), Vec::new());
        for part in conjuncts(plan) {
            if nested::compares(part) {
                later.push(part);
            } else if let Predicate::InPlan { expr, plan: inner, negated } = part {
                terms.push(self.among(expr, inner, *negated)?);
            } else if !period.take(part, catalog) {
                match conditions::term(part, catalog, "", true) {
                    Some(term) => terms.push(term),
                    None => wheres.push(conditions::expression(part, catalog, &|_| None, false)?),
                }
            }
        }
        let whole = later.iter().any(|part| nested::over_all(part));
        if whole && !(terms.is_empty() && wheres.is_empty() && period.from.is_none() && period.until.is_none()) {
            // What is compared with is taken over all events, so they are narrowed down afterwards.
            self.commands.push(first.join(" "));
            self.compare(&later, plan, table)?;
            let mut wanted = Vec::new();
            for part in conjuncts(plan).into_iter().filter(|part| !nested::compares(part)) {
                wanted.push(conditions::expression(part, catalog, &|_| None, false)?);
            }
            self.commands.push(format!("where {}", wanted.join(" AND ")));
            return Ok(());
        }
        period.write(&mut first);
        first.extend(terms);
        self.commands.push(first.join(" "));
        if !wheres.is_empty() {
            self.commands.push(format!("where {}", wheres.join(" AND ")));
        }
        self.compare(&later, plan, table)
    }

    /// What is shown of them.
    fn result(&mut self, plan: &Plan) -> Result<(), Unwritable> {
        if Summary::is_one(plan) {
            let mut summary = Summary::new(plan, self.catalog)?;
            if let Some(command) = summary.ranking().or_else(|| summary.chart()) {
                self.commands.push(command);
                return Ok(());
            }
            summary.before(&mut self.commands);
            self.commands.push(summary.stats());
            return summary.after(&mut self.commands);
        }
        let mut shown = Vec::new();
        for (at, item) in plan.select.iter().enumerate() {
            match &item.expr {
                // Events as they are.
                Expr::AllOf(_) => shown.clear(),
                Expr::Column(id) => shown.push(names::field(&self.catalog.column(*id).name)),
                other => {
                    let name = names::simple(item.alias.as_deref().unwrap_or(&format!("value_{}", at + 1)));
                    let value = conditions::value(other, self.catalog, &|_| None)?;
                    self.commands.push(format!("eval {name}={value}"));
                    shown.push(name);
                }
            }
        }
        if plan.select.iter().any(|item| matches!(item.expr, Expr::AllOf(_))) {
            shown.clear();
        }
        if plan.distinct && !shown.is_empty() {
            self.commands.push(format!("dedup {}", shown.join(", ")));
        }
        // Events come latest first anyway.
        let natural = match plan.order.as_slice() {
            [] => true,
            [OrderKey { expr, descending: true }] => is_time(expr, self.catalog),
            _ => false,
        };
        if natural {
            self.commands.extend(plan.limit.map(|limit| format!("head {limit}")));
        } else {
            let mut keys = Vec::new();
            for key in &plan.order {
                let Expr::Column(id) = &key.expr else {
                    return Err(beyond("SPL orders events by a field: ask for an order by one".to_owned()));
                };
                keys.push((names::field(&self.catalog.column(*id).name), key.descending));
            }
            self.commands.push(sort(&keys, plan.limit));
        }
        if !shown.is_empty() {
            self.commands.push(format!("table {}", shown.join(", ")));
        }
        Ok(())
    }
}

/// Where events stand.
fn source(catalog: &Catalog, table: TableId) -> Vec<String> {
    let table = catalog.table(table);
    let index = table.schema.as_deref().unwrap_or("*");
    vec![format!("index={}", names::word(index)), format!("sourcetype={}", names::word(&table.name))]
}

/// `sort`, which gives 10,000 rows unless told otherwise; 0 is all of them.
fn sort(keys: &[(String, bool)], limit: Option<u64>) -> String {
    let keys: Vec<String> = keys.iter().map(|(name, down)| format!("{}{name}", if *down { "-" } else { "" })).collect();
    format!("sort {} {}", limit.unwrap_or(0), keys.join(", "))
}

/// True when an expression is `count(*)`.
fn is_count(expr: &Expr) -> bool {
    matches!(expr, Expr::Aggregate { function: Aggregate::Count, distinct: false, argument: None })
}

#[cfg(test)]
mod tests;
