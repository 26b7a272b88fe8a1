//! What declared terms and metrics stand for, as parts of a plan: the models know `sum(total_amount)`, not `revenue`.

use nlq_catalog::{Annotations, Catalog};
use nlq_query::{
    lift::lift,
    plan::{Expr, Plan, Predicate},
};

/// The annotations' terms and metrics, read; none for those that a plan cannot say.
#[derive(Debug, Default)]
pub(crate) struct Declared {
    terms: Vec<Option<Predicate>>,
    metrics: Vec<Option<Expr>>,
}

impl Declared {
    pub(crate) fn new(catalog: &Catalog, annotations: &Annotations) -> Self {
        let read = |sql: String| lift(&sql, catalog).ok();
        let term =
            |term: &nlq_catalog::Term| read(format!("SELECT * FROM {} WHERE {}", term.table, term.condition))?.filter;
        let metric = |metric: &nlq_catalog::Metric| {
            let plan = read(format!("SELECT {} FROM {}", metric.expression, metric.table))?;
            plan.select.into_iter().next().map(|item| item.expr).filter(Expr::is_aggregate)
        };
        Self {
            terms: annotations.terms.iter().map(term).collect(),
            metrics: annotations.metrics.iter().map(metric).collect(),
        }
    }

    /// What a term stands for.
    pub(crate) fn term(&self, at: u32) -> Option<&Predicate> {
        self.terms.get(at as usize)?.as_ref()
    }

    /// What a metric stands for.
    pub(crate) fn metric(&self, at: u32) -> Option<&Expr> {
        self.metrics.get(at as usize)?.as_ref()
    }

    /// A plan with its terms and metrics written out; none when it has none that can be.
    pub(crate) fn written_out(&self, plan: &Plan, annotations: &Annotations) -> Option<Plan> {
        let mut changed = false;
        let mut metric = |expr: &mut Expr| {
            let Expr::Raw { sql, .. } = &*expr else { return };
            let place = annotations.metrics.iter().position(|metric| metric.expression == *sql);
            if let Some(stands) = place.and_then(|at| self.metric(at as u32)) {
                *expr = stands.clone();
                changed = true;
            }
        };
        let mut out = plan.clone();
        out.select.iter_mut().for_each(|item| metric(&mut item.expr));
        out.order.iter_mut().for_each(|key| metric(&mut key.expr));
        let mut term = |predicate: &mut Predicate| {
            let Predicate::Raw { sql, .. } = &*predicate else { return };
            let place = annotations.terms.iter().position(|term| term.condition == *sql);
            if let Some(stands) = place.and_then(|at| self.term(at as u32)) {
                *predicate = stands.clone();
                changed = true;
            }
        };
        match &mut out.filter {
            Some(Predicate::And(parts)) => parts.iter_mut().for_each(&mut term),
            Some(predicate) => term(predicate),
            None => {}
        }
        changed.then_some(out)
    }
}
