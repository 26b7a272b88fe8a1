//! Plans over a dataset of a data model: `tstats`, which counts from the model's summaries and shows no events.

use nlq_catalog::{Catalog, TableId};

use super::{Period, aggregates::Summary, beyond, conditions, conjuncts, names};
use crate::{
    language::Unwritable,
    plan::{Expr, Plan},
};

pub(super) fn commands(plan: &Plan, table: TableId, catalog: &Catalog) -> Result<Vec<String>, Unwritable> {
    let dataset = catalog.table(table);
    let model = dataset.schema.as_deref().unwrap_or(&dataset.name);
    let root = root(catalog, table);
    // Different rows of fields are groups of which nothing is counted.
    let columns = plan.select.iter().all(|item| matches!(item.expr, Expr::Column(_)));
    let grouped;
    let plan = if Summary::is_one(plan) {
        plan
    } else if plan.distinct && columns {
        let group = plan.select.iter().map(|item| item.expr.clone()).collect();
        grouped = Plan { group, distinct: false, ..plan.clone() };
        &grouped
    } else {
        return Err(beyond(format!(
            "the data model {model} counts and does not show events: ask how many there are, or about the events themselves"
        )));
    };
    let mut summary = Summary::new(plan, catalog)?;
    let (mut period, mut terms) = (Period::default(), Vec::new());
    for part in conjuncts(plan) {
        if !period.take(part, catalog) {
            let term = conditions::term(part, catalog, &root, true);
            terms.push(term.ok_or_else(|| {
                beyond(format!(
                    "tstats over the data model {model} takes comparisons of fields with values only: ask about the events"
                ))
            })?);
        }
    }
    period.write(&mut terms);
    let prefix = |name: &str| names::field(&names::of_model(name, &root));
    let (calls, by) = summary.over_model(&prefix)?;
    let mut command = format!("| tstats {calls} FROM datamodel={model}.{}", dataset.name);
    if !terms.is_empty() {
        command.push_str(&format!(" WHERE {}", terms.join(" ")));
    }
    command.push_str(&by);
    let mut commands = vec![command];
    if by.contains(&format!("{root}.")) {
        commands.push(format!("rename {root}.* AS *"));
    }
    summary.after(&mut commands)?;
    Ok(commands)
}

/// The dataset whose name stands before a model's fields: the one that the others narrow down. A dataset's own name tells
/// it where that is its whole line of descent.
fn root(catalog: &Catalog, table: TableId) -> String {
    let dataset = catalog.table(table);
    let model = dataset.schema.as_deref().unwrap_or_default();
    if let Some((root, _)) = dataset.name.split_once('.') {
        return root.to_owned();
    }
    // By custom a model's root is called as the model is.
    let named = catalog
        .tables
        .iter()
        .any(|other| other.kind == dataset.kind && other.schema == dataset.schema && other.name == model);
    if named { model.to_owned() } else { dataset.name.clone() }
}
