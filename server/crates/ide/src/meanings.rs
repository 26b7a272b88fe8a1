//! Everything of a schema that a phrase of a question may name.

use nlq_catalog::{ColumnId, TableId, fold, split_name, stem};
use nlq_engine::{LinkKind, SchemaIndex};

use crate::schema_card::Schema;

/// Meanings told of one phrase: more say only that it is a common word.
const MOST: usize = 5;

/// Something that a phrase may stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// `table`, `column`, `value of`, `term` or `metric`.
    pub kind: &'static str,
    /// Its name; of a value, the column that holds it.
    pub name: String,
}

/// How well a name fits a phrase, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Whole,
    Team,
    Value,
    Part,
}

/// What else a phrase may stand for than what it was taken as, best first: names that it says whole or in part, terms of
/// the team, columns that hold it as a value (of sensitive ones nothing is said).
pub fn other_meanings(phrase: &str, taken: &LinkKind, index: &SchemaIndex) -> Vec<Meaning> {
    let schema = Schema { catalog: index.catalog(), annotations: index.annotations() };
    // A word for an operation, a number or a time is something else only where a name is exactly that word.
    let worst = match taken {
        LinkKind::Table(_) | LinkKind::Column(_) | LinkKind::Term(_) | LinkKind::Value { .. } => Fit::Part,
        LinkKind::Number(_) | LinkKind::Time(_) | LinkKind::Operation(_) => Fit::Team,
        LinkKind::Unknown => Fit::Part,
    };
    let mut found = all(phrase, schema);
    found.retain(|(fit, meaning, target)| *fit <= worst && !is_taken(taken, meaning, *target));
    found.sort_by(|(a, x, _), (b, y, _)| a.cmp(b).then_with(|| x.name.len().cmp(&y.name.len())));
    found.truncate(MOST);
    found.into_iter().map(|(_, meaning, _)| meaning).collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    Table(TableId),
    Column(ColumnId),
    Value(ColumnId),
    Named,
}

fn is_taken(taken: &LinkKind, meaning: &Meaning, target: Target) -> bool {
    match (taken, target) {
        (LinkKind::Table(id), Target::Table(other)) => *id == other,
        (LinkKind::Column(id), Target::Column(other)) => *id == other,
        (LinkKind::Value { columns, .. }, Target::Value(other)) => columns.contains(&other),
        (LinkKind::Term(name), Target::Named) => name.eq_ignore_ascii_case(&meaning.name),
        _ => false,
    }
}

fn all(phrase: &str, schema: Schema<'_>) -> Vec<(Fit, Meaning, Target)> {
    let (said, folded) = (stems(phrase), fold(phrase));
    let mut found = Vec::new();
    if said.is_empty() {
        return found;
    }
    let mut add = |fit, kind, name, target| found.push((fit, Meaning { kind, name }, target));
    let fit = |name: &str, terms: &[String]| {
        let words = stems(name);
        if words == said {
            Some(Fit::Whole)
        } else if terms.iter().any(|term| stems(term) == said) {
            Some(Fit::Team)
        } else {
            said.iter().all(|word| words.contains(word)).then_some(Fit::Part)
        }
    };
    for (id, table) in schema.catalog.table_ids() {
        let annotation = schema.annotations.table(table.schema.as_deref(), &table.name);
        if let Some(fit) = fit(&table.name, annotation.map_or(&[], |a| &a.business_terms)) {
            add(fit, "table", schema.table_name(id), Target::Table(id));
        }
        for (id, column) in schema.catalog.column_ids(id) {
            let annotation = schema.annotations.column(table.schema.as_deref(), &table.name, &column.name);
            if let Some(fit) = fit(&column.name, annotation.map_or(&[], |a| &a.business_terms)) {
                add(fit, "column", schema.column_name(id), Target::Column(id));
            }
            if schema.values(id).0.iter().any(|value| fold(value) == folded) {
                add(Fit::Value, "value of", schema.column_name(id), Target::Value(id));
            }
        }
    }
    let called =
        |name: &str, synonyms: &[String]| stems(name) == said || synonyms.iter().any(|synonym| stems(synonym) == said);
    for term in schema.annotations.terms.iter().filter(|term| called(&term.name, &term.synonyms)) {
        add(Fit::Team, "term", term.name.clone(), Target::Named);
    }
    for metric in schema.annotations.metrics.iter().filter(|metric| called(&metric.name, &metric.synonyms)) {
        add(Fit::Team, "metric", metric.name.clone(), Target::Named);
    }
    found
}

/// The stems of a name or phrase, in no order.
fn stems(text: &str) -> Vec<String> {
    let mut stems: Vec<String> = split_name(text).iter().map(|word| stem(&fold(word))).collect();
    stems.sort_unstable();
    stems.dedup();
    stems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{SECRETS, fixture};

    fn shown(phrase: &str, taken: &LinkKind) -> Vec<String> {
        let fixture = fixture("-- nlq: orders\n");
        let connection = fixture.snapshot.workspace.connections.values().next().expect("a connection");
        let found = other_meanings(phrase, taken, connection.index.as_ref().expect("a schema"));
        found.into_iter().map(|meaning| format!("{} {}", meaning.kind, meaning.name)).collect()
    }

    #[test]
    fn a_phrase_may_name_more_than_one_thing() {
        let customers = LinkKind::Table(TableId(0));
        assert_eq!(shown("customer", &customers), ["column orders.customer_id"]);
        let amount = LinkKind::Column(ColumnId { table: TableId(1), column: 3 });
        assert_eq!(shown("revenue", &amount), [""; 0]);
        assert_eq!(shown("id", &amount), ["column orders.id", "column customers.id", "column orders.customer_id"]);
        assert_eq!(shown("paid", &LinkKind::Unknown), ["value of orders.status"]);
        assert_eq!(shown("total", &LinkKind::Operation("sum".into())), [""; 0]);
        assert_eq!(shown("", &LinkKind::Unknown), [""; 0]);
    }

    #[test]
    fn of_sensitive_values_nothing_is_said() {
        for secret in SECRETS {
            assert_eq!(shown(secret, &LinkKind::Unknown), [""; 0]);
        }
    }
}
