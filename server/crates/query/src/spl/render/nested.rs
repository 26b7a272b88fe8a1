//! Searches within searches: the values of another search, and one value over all events.

use nlq_catalog::TableId;

use super::{Search, beyond, commands, conditions, conjuncts, names};
use crate::{
    language::Unwritable,
    plan::{Aggregate, Expr, Plan, Predicate},
};

/// True of a comparison with the single value of another plan.
pub(super) fn compares(predicate: &Predicate) -> bool {
    matches!(predicate, Predicate::Compare { right: Expr::Plan(_), .. })
}

/// True when that value is taken over all events.
pub(super) fn over_all(predicate: &Predicate) -> bool {
    matches!(predicate, Predicate::Compare { right: Expr::Plan(inner), .. } if inner.filter.is_none())
}

impl Search<'_> {
    /// A term that holds for events whose field is (or is not) among the values of another search. Splunk cuts these off
    /// after 10,000 values; the comment tells so where it is read.
    pub(super) fn among(&self, expr: &Expr, plan: &Plan, negated: bool) -> Result<String, Unwritable> {
        let (Expr::Column(outer), Some(Expr::Column(inner))) = (expr, plan.select.first().map(|item| &item.expr))
        else {
            return Err(beyond("SPL looks up the values of one field in another search: ask by a field".to_owned()));
        };
        let plan = Plan { distinct: true, ..plan.clone() };
        let mut search = commands(&plan, self.catalog, self.graph)?;
        let (outer, inner) = (&self.catalog.column(*outer).name, &self.catalog.column(*inner).name);
        if outer != inner {
            search.push(format!("rename {} AS {}", names::field(inner), names::field(outer)));
        }
        let first = if search[0].starts_with('|') { "" } else { "search " };
        let not = if negated { "NOT " } else { "" };
        Ok(format!("{not}[ {first}{} ] ```at most 10,000 values```", search.join(" | ")))
    }

    /// Comparisons with one value over the events: it is written beside every one of them first.
    pub(super) fn compare(&mut self, parts: &[&Predicate], plan: &Plan, table: TableId) -> Result<(), Unwritable> {
        for &part in parts {
            let Predicate::Compare { left, op, right: Expr::Plan(inner) } = part else { continue };
            let others: Vec<&Predicate> = conjuncts(plan).into_iter().filter(|other| !compares(other)).collect();
            let alike = inner.filter.is_none() || conjuncts(inner) == others;
            let value = match inner.select.as_slice() {
                [item] => match &item.expr {
                    Expr::Aggregate { function, distinct, argument: Some(argument) } => match &**argument {
                        Expr::Column(id) if !distinct || *function == Aggregate::Count => {
                            Some((function, distinct, id))
                        }
                        _ => None,
                    },
                    _ => None,
                },
                _ => None,
            };
            let plain =
                inner.group.is_empty() && inner.having.is_none() && inner.limit.is_none() && inner.set.is_none();
            let Some((function, distinct, id)) =
                value.filter(|_| alike && plain && inner.own_tables() == [table] && matches!(left, Expr::Column(_)))
            else {
                return Err(beyond(
                    "SPL compares events with one value over those same events only: ask for the value first"
                        .to_owned(),
                ));
            };
            let call = if *distinct { "dc" } else { function.name() };
            let field = &self.catalog.column(*id).name;
            let name = format!("{call}_{}", names::simple(field));
            self.commands.push(format!("eventstats {call}({}) AS {name}", names::field(field)));
            let left = conditions::value(left, self.catalog, &|_| None)?;
            let symbol = conditions::symbol(*op);
            self.commands.push(format!("where {left}{symbol}{name}"));
        }
        Ok(())
    }
}
