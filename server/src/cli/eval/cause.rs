//! Why an answer is wrong: the first of these that holds, from what is nearest to a right answer to what is farthest.

use std::collections::BTreeSet;

use nlq_catalog::Catalog;
use nlq_providers::is_ordered;
use nlq_query::sql::{Clause, Clauses, Detail, clauses};

use super::{
    databases::Database,
    measure::{Measure, Scored},
};

/// Where the way from question to query went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Cause {
    Ranking,
    Linking,
    Value,
    Join,
    Slot,
    Structure,
    Unanswered,
}

impl Cause {
    pub(super) const ALL: [Cause; 7] =
        [Cause::Ranking, Cause::Linking, Cause::Value, Cause::Join, Cause::Slot, Cause::Structure, Cause::Unanswered];

    pub(super) fn name(self) -> &'static str {
        match self {
            Cause::Ranking => "ranking",
            Cause::Linking => "linking",
            Cause::Value => "value",
            Cause::Join => "join",
            Cause::Slot => "slot",
            Cause::Structure => "structure",
            Cause::Unanswered => "unanswered",
        }
    }

    /// What it means, for the report.
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Cause::Ranking => "a right query is among the readings, but not the best",
            Cause::Linking => "no reading has some column or table of the gold",
            Cause::Value => "the gold but for fixed values",
            Cause::Join => "the gold but for joined tables or what joins them",
            Cause::Slot => "the structure of the gold with other columns",
            Cause::Structure => "another structure than the gold",
            Cause::Unanswered => "no query, and no reading that is right",
        }
    }
}

/// The cause of a wrong answer. `readings` are the engine's, best first.
pub(super) fn cause(measure: &Measure<'_>, database: &Database, scored: &Scored<'_>, readings: &[String]) -> Cause {
    if right_reading(measure, database, scored, readings) {
        return Cause::Ranking;
    }
    let Some(query) = scored.query else { return Cause::Unanswered };
    let Some(gold) = &scored.gold else { return Cause::Structure };
    compared(&scored.asked.gold, gold, query, readings, &database.catalog)
}

fn right_reading(measure: &Measure<'_>, database: &Database, scored: &Scored<'_>, readings: &[String]) -> bool {
    let Ok(wanted) = measure.runner.rows(&database.path, &scored.asked.gold, None) else { return false };
    let keep_order = is_ordered(&scored.asked.gold);
    let others = readings.iter().filter(|reading| scored.query != Some(reading.as_str()));
    others.into_iter().any(|reading| measure.matches(&database.path, reading, &wanted, keep_order))
}

fn compared(gold_sql: &str, gold: &Clauses, query: &str, readings: &[String], catalog: &Catalog) -> Cause {
    let mut columns = BTreeSet::new();
    let mut tables = BTreeSet::new();
    for reading in readings.iter().map(String::as_str).chain([query]) {
        if let Some(said) = clauses(reading, catalog, Detail::Full) {
            columns.extend(said.columns);
            tables.extend(said.tables);
        }
    }
    if !gold.columns.is_subset(&columns) || !gold.tables.is_subset(&tables) {
        return Cause::Linking;
    }
    let differ = |detail: Detail| -> Option<Vec<Clause>> {
        let (gold, said) = (clauses(gold_sql, catalog, detail)?, clauses(query, catalog, detail)?);
        Some(gold.differences(&said).collect())
    };
    let about_joins = |clause: &Clause| matches!(clause, Clause::Tables | Clause::Joins);
    match (differ(Detail::NoLiterals), differ(Detail::Shape)) {
        (Some(plan), _) if plan.is_empty() => Cause::Value,
        (Some(plan), _) if plan.iter().all(about_joins) => Cause::Join,
        (_, Some(shape)) if shape.is_empty() => Cause::Slot,
        _ => Cause::Structure,
    }
}

#[cfg(test)]
mod tests {
    use nlq_catalog::{Column, Dialect, Table};

    use super::*;

    fn table(name: &str, columns: &[&str]) -> Table {
        let column = |name: &&str| Column { name: (*name).to_owned(), ..Column::default() };
        Table { name: name.to_owned(), columns: columns.iter().map(column).collect(), ..Table::default() }
    }

    #[test]
    fn each_cause_has_its_sign() {
        let tables = vec![table("orders", &["id", "customer_id", "status"]), table("people", &["id", "name", "town"])];
        let catalog = Catalog { dialect: Dialect::Sqlite, tables, ..Catalog::default() };
        let readings = ["SELECT name, town, status, customer_id FROM people JOIN orders ON people.id = customer_id"];
        let readings = readings.map(str::to_owned);
        let of = |gold: &str, query: &str, readings: &[String]| {
            let said = clauses(gold, &catalog, Detail::Full).expect("it is read");
            compared(gold, &said, query, readings, &catalog)
        };
        let gold = "SELECT name FROM people WHERE town = 'Ulm'";
        assert_eq!(of(gold, "SELECT name FROM people", &[]), Cause::Linking);
        assert_eq!(of(gold, "SELECT count(*) FROM orders", &[]), Cause::Linking);
        assert_eq!(of(gold, "SELECT name FROM people WHERE town = 'Bonn'", &readings), Cause::Value);
        let joined = "SELECT name FROM people JOIN orders ON people.id = orders.customer_id WHERE town = 'Ulm'";
        assert_eq!(of(gold, joined, &readings), Cause::Join);
        assert_eq!(of(gold, "SELECT town FROM people WHERE name = 'Ulm'", &readings), Cause::Slot);
        assert_eq!(of(gold, "SELECT name FROM people", &readings), Cause::Structure);
        assert_eq!(of(gold, "SELECT name FROM people WHERE town <> 'Ulm'", &readings), Cause::Structure);
    }
}
