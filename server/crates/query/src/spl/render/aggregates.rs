//! Groups and what is computed over them: `top`, `rare`, `timechart`, or `stats` with what stands around it.

use nlq_catalog::Catalog;

use super::{
    beyond, conditions,
    conditions::{TIME, is_time},
    is_count, names, raw, sort,
    time::{self, Step},
};
use crate::{
    language::Unwritable,
    plan::{Aggregate, Expr, OrderKey, Plan, Predicate},
};

/// A plan with groups or aggregates, its parts under the names that the search gives them.
pub(super) struct Summary<'a> {
    plan: &'a Plan,
    catalog: &'a Catalog,
    /// What rows are grouped by.
    keys: Vec<(Expr, String)>,
    /// Calls of aggregates: what the plan says, how `stats` says it, the name of the result. Calls inside an annotated
    /// metric are no part of the plan of their own.
    calls: Vec<(Option<Expr>, String, String)>,
    /// What is made of them: as the plan says it, its name, the expression.
    made: Vec<(Expr, String, Option<String>)>,
}

impl<'a> Summary<'a> {
    /// True when a plan's rows are groups.
    pub(super) fn is_one(plan: &Plan) -> bool {
        !plan.group.is_empty()
            || plan.having.is_some()
            || plan.select.iter().any(|item| item.expr.is_aggregate())
            || plan.order.iter().any(|key| key.expr.is_aggregate())
    }

    pub(super) fn new(plan: &'a Plan, catalog: &'a Catalog) -> Result<Self, Unwritable> {
        let mut summary = Self { plan, catalog, keys: Vec::new(), calls: Vec::new(), made: Vec::new() };
        let shown = plan.select.iter().map(|item| &item.expr).chain(plan.order.iter().map(|key| &key.expr));
        // What is shown beside aggregates is a key too.
        for key in plan.group.iter().chain(shown.filter(|expr| !expr.is_aggregate())) {
            summary.key(key)?;
        }
        for item in &plan.select {
            summary.aggregate(&item.expr, item.alias.as_deref())?;
        }
        for key in &plan.order {
            summary.aggregate(&key.expr, None)?;
        }
        plan.having.iter().try_for_each(|having| summary.condition(having))?;
        let cut = summary.keys.iter().any(|(key, _)| matches!(key, Expr::Bucket { .. }));
        if cut && summary.calls.iter().any(|(_, call, _)| call.contains(TIME)) {
            return Err(beyond(
                "the time of events cannot be grouped by and computed over at once: ask for one of them".to_owned(),
            ));
        }
        Ok(summary)
    }

    fn key(&mut self, expr: &Expr) -> Result<(), Unwritable> {
        if self.keys.iter().any(|(key, _)| key == expr) {
            return Ok(());
        }
        let name = match expr {
            Expr::Column(id) => self.catalog.column(*id).name.clone(),
            Expr::Bucket { argument, .. } if is_time(argument, self.catalog) => TIME.to_owned(),
            Expr::Bucket { .. } => {
                return Err(beyond(
                    "SPL cuts down the time of events, not another field: ask per hour, day or month of the events"
                        .to_owned(),
                ));
            }
            _ => {
                return Err(beyond("SPL groups by fields and by time: ask for groups of one of those".to_owned()));
            }
        };
        if self.keys.iter().any(|(_, known)| *known == name) {
            return Err(beyond(format!("events cannot be grouped by {name} in two ways: ask for one of them")));
        }
        self.keys.push((expr.clone(), name));
        Ok(())
    }

    fn condition(&mut self, predicate: &Predicate) -> Result<(), Unwritable> {
        match predicate {
            Predicate::And(parts) | Predicate::Or(parts) => parts.iter().try_for_each(|part| self.condition(part)),
            Predicate::Compare { left, right, .. } => {
                self.aggregate(left, None)?;
                self.aggregate(right, None)
            }
            Predicate::Between { expr, .. }
            | Predicate::InPlan { expr, .. }
            | Predicate::Like { expr, .. }
            | Predicate::IsNull { expr, .. }
            | Predicate::Within { expr, .. } => self.aggregate(expr, None),
            Predicate::Raw { .. } => Ok(()),
        }
    }

    /// Gives an aggregate, or what is made of several, a name.
    fn aggregate(&mut self, expr: &Expr, alias: Option<&str>) -> Result<(), Unwritable> {
        let known =
            self.calls.iter().any(|(of, ..)| of.as_ref() == Some(expr)) || self.made.iter().any(|(of, ..)| of == expr);
        if known || !expr.is_aggregate() {
            return Ok(());
        }
        match expr {
            Expr::Aggregate { function, distinct, argument } => {
                let (call, usual) = self.call(*function, *distinct, argument.as_deref())?;
                let wanted = match (is_count(expr), alias) {
                    (false, Some(alias)) => names::simple(alias),
                    _ => usual,
                };
                let name = self.free(&wanted);
                self.calls.push((Some(expr.clone()), call, name));
            }
            Expr::Raw { sql, .. } => {
                let wanted = self.free(&names::simple(alias.unwrap_or("metric")));
                let metric = raw::metric(sql, &wanted).ok_or_else(|| {
                    beyond(format!(
                        "the metric `{sql}` has no aggregate of stats, such as avg(duration): write it with one"
                    ))
                })?;
                for (call, name) in metric.calls {
                    if !self.calls.iter().any(|(.., known)| *known == name) {
                        self.calls.push((None, call, name));
                    }
                }
                self.made.push((expr.clone(), wanted, metric.expression));
            }
            Expr::Minus(left, right) | Expr::Ratio(left, right) => {
                self.aggregate(left, None)?;
                self.aggregate(right, None)?;
                let usual = if matches!(expr, Expr::Ratio(..)) { "ratio" } else { "difference" };
                let name = self.free(&names::simple(alias.unwrap_or(usual)));
                let value = conditions::value(expr, self.catalog, &|part| self.name(part))?;
                self.made.push((expr.clone(), name, Some(value)));
            }
            _ => {}
        }
        Ok(())
    }

    /// A call as `stats` writes it, and a name for its result.
    fn call(
        &self,
        function: Aggregate,
        distinct: bool,
        argument: Option<&Expr>,
    ) -> Result<(String, String), Unwritable> {
        let Some(argument) = argument else { return Ok(("count".to_owned(), "count".to_owned())) };
        let Expr::Column(id) = argument else {
            return Err(beyond("SPL computes over fields: ask for an aggregate of one field".to_owned()));
        };
        let name = &self.catalog.column(*id).name;
        let call = match (function, distinct) {
            (Aggregate::Count, true) => "dc",
            (Aggregate::Sum | Aggregate::Avg, true) => {
                return Err(beyond(format!(
                    "SPL has no {} over different values only: ask for it over all of them",
                    function.name()
                )));
            }
            (function, _) => function.name(),
        };
        // A moment is shown as one only under its own name.
        let moment = name == TIME && matches!(function, Aggregate::Min | Aggregate::Max);
        let usual = if moment { TIME.to_owned() } else { format!("{call}_{}", names::simple(name)) };
        Ok((format!("{call}({})", names::field(name)), usual))
    }

    /// A name that nothing else has.
    fn free(&self, wanted: &str) -> String {
        let taken = |name: &String| {
            self.keys.iter().any(|(_, known)| known == name)
                || self.calls.iter().any(|(.., known)| known == name)
                || self.made.iter().any(|(_, known, _)| known == name)
        };
        let numbered = (2..).map(|n| format!("{wanted}_{n}"));
        std::iter::once(wanted.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
    }

    /// What a part of the plan is called.
    pub(super) fn name(&self, expr: &Expr) -> Option<String> {
        let keys = self.keys.iter().map(|(key, name)| (key, name));
        let calls = self.calls.iter().filter_map(|(of, _, name)| Some((of.as_ref()?, name)));
        let made = self.made.iter().map(|(of, name, _)| (of, name));
        keys.chain(calls).chain(made).find(|(known, _)| *known == expr).map(|(_, name)| name.clone())
    }

    /// `top` or `rare`: the most or least frequent values and nothing else.
    pub(super) fn ranking(&self) -> Option<String> {
        let limit = self.plan.limit?;
        let [OrderKey { expr, descending }] = self.plan.order.as_slice() else { return None };
        let plain = self.keys.iter().all(|(key, _)| matches!(key, Expr::Column(_)));
        let all_shown = self.keys.iter().all(|(key, _)| self.plan.select.iter().any(|item| item.expr == *key));
        if !is_count(expr)
            || self.keys.is_empty()
            || !plain
            || !all_shown
            || self.plan.having.is_some()
            || self.calls.len() > 1
            || !self.made.is_empty()
        {
            return None;
        }
        let counted = self.plan.select.iter().any(|item| is_count(&item.expr));
        let fields: Vec<String> = self.keys.iter().map(|(_, name)| names::field(name)).collect();
        let command = if *descending { "top" } else { "rare" };
        let count = if counted { "" } else { " showcount=false" };
        Some(format!("{command} limit={limit} showperc=false{count} {}", fields.join(", ")))
    }

    /// `timechart`: one row for each step of time, in order. Steps without an event have no row, as in any other grouping.
    pub(super) fn chart(&self) -> Option<String> {
        let [(Expr::Bucket { unit, count, .. }, _)] = self.keys.as_slice() else { return None };
        let Step::Span(span) = time::step(*count, *unit) else { return None };
        let in_order = match self.plan.order.as_slice() {
            [] => true,
            [OrderKey { expr, descending: false }] => *expr == self.keys[0].0,
            _ => false,
        };
        let shown = self.plan.select.iter().any(|item| item.expr == self.keys[0].0);
        if !in_order
            || !shown
            || self.calls.is_empty()
            || self.plan.having.is_some()
            || self.plan.limit.is_some()
            || !self.made.is_empty()
        {
            return None;
        }
        Some(format!("timechart span={span} cont=false {}", self.aggregations(names::field).join(", ")))
    }

    /// Calls with the names of their results.
    fn aggregations(&self, field: impl Fn(&str) -> String) -> Vec<String> {
        let written = |(_, call, name): &(Option<Expr>, String, String)| {
            if call == name { call.clone() } else { format!("{call} AS {}", field(name)) }
        };
        self.calls.iter().map(written).collect()
    }

    /// What must be computed of each event first.
    pub(super) fn before(&self, commands: &mut Vec<String>) {
        for (key, _) in &self.keys {
            if let Expr::Bucket { unit, count, .. } = key {
                commands.push(match time::step(*count, *unit) {
                    Step::Span(span) => format!("bin {TIME} span={span}"),
                    Step::Snap(unit) => format!("eval {TIME}=relative_time({TIME}, \"@{unit}\")"),
                });
            }
        }
    }

    pub(super) fn stats(&self) -> String {
        let mut calls = self.aggregations(names::field);
        if calls.is_empty() {
            // Groups alone.
            calls.push("count".to_owned());
        }
        let mut command = format!("stats {}", calls.join(", "));
        if !self.keys.is_empty() {
            let keys: Vec<String> = self.keys.iter().map(|(_, name)| names::field(name)).collect();
            command.push_str(&format!(" BY {}", keys.join(", ")));
        }
        command
    }

    /// How often each key is counted, as `tstats` asks for it.
    pub(super) fn over_model(&self, prefix: &dyn Fn(&str) -> String) -> Result<(String, String), Unwritable> {
        let mut calls = Vec::new();
        for (of, call, name) in &self.calls {
            let call = match of {
                Some(Expr::Aggregate { argument: Some(argument), .. }) => {
                    let Expr::Column(id) = &**argument else { continue };
                    let function = call.split('(').next().unwrap_or_default();
                    format!("{function}({})", prefix(&self.catalog.column(*id).name))
                }
                Some(_) => call.clone(),
                None => {
                    return Err(beyond(
                        "a metric of annotations is written for events, not for a data model: ask about the events"
                            .to_owned(),
                    ));
                }
            };
            calls.push(if call == *name { call } else { format!("{call} AS {}", names::field(name)) });
        }
        if calls.is_empty() {
            calls.push("count".to_owned());
        }
        let (mut keys, mut span) = (Vec::new(), String::new());
        for (key, name) in &self.keys {
            if let Expr::Bucket { unit, count, .. } = key {
                let Step::Span(step) = time::step(*count, *unit) else {
                    return Err(beyond(format!("tstats has no span of a {}: ask per day or per month", unit.name())));
                };
                span = format!(" span={step}");
            }
            keys.push(prefix(name));
        }
        let by = if keys.is_empty() { String::new() } else { format!(" BY {}{span}", keys.join(", ")) };
        Ok((calls.join(", "), by))
    }

    /// What is made of the groups: computed, kept, ordered, shown.
    pub(super) fn after(&mut self, commands: &mut Vec<String>) -> Result<(), Unwritable> {
        for (_, name, value) in &self.made {
            commands.extend(value.as_ref().map(|value| format!("eval {name}={value}")));
        }
        if let Some(having) = &self.plan.having {
            let condition = conditions::expression(having, self.catalog, &|expr| self.name(expr), true)?;
            commands.push(format!("where {condition}"));
        }
        let named = |expr: &Expr| {
            let unnamed = || beyond("SPL cannot order or show this beside groups: ask for a field of them".to_owned());
            self.name(expr).map(|name| names::field(&name)).ok_or_else(unnamed)
        };
        if !self.plan.order.is_empty() {
            let keys = self.plan.order.iter().map(|key| Ok((named(&key.expr)?, key.descending)));
            let keys: Vec<(String, bool)> = keys.collect::<Result<_, Unwritable>>()?;
            commands.push(sort(&keys, self.plan.limit));
        } else if let Some(limit) = self.plan.limit {
            commands.push(format!("head {limit}"));
        }
        let mut shown: Vec<String> = Vec::new();
        for item in &self.plan.select {
            let name = named(&item.expr)?;
            if !shown.contains(&name) {
                shown.push(name);
            }
        }
        let there = self.keys.len() + self.calls.len().max(usize::from(self.calls.is_empty()));
        let computed = self.made.iter().filter(|(.., value)| value.is_some()).count();
        if shown.len() < there + computed {
            commands.push(format!("table {}", shown.join(", ")));
        }
        if self.plan.distinct && shown.len() < there + computed {
            commands.push(format!("dedup {}", shown.join(", ")));
        }
        Ok(())
    }
}
