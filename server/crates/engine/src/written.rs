//! Readings as text of the connection's language. They are weighed as SQL, which all plans can be written in; a language
//! that has no way to say the best one is a knowledge boundary, never a reason to answer something else.

use nlq_catalog::QueryLanguage;
use nlq_query::{Unwritable, write};

use crate::{SchemaIndex, readings::Understood};

/// Readings written: more are never shown.
const WRITTEN: usize = 24;

/// Puts every reading in the connection's language. Others than the best that it cannot say are dropped.
pub(crate) fn write_all(understood: &mut Understood, index: &SchemaIndex) {
    if index.catalog().dialect.language() == QueryLanguage::Sql {
        return;
    }
    for (place, mut reading) in std::mem::take(&mut understood.readings).into_iter().take(WRITTEN).enumerate() {
        match write(&reading.bound.plan, index.catalog(), index.graph()) {
            // Readings that differ only in what the language cannot say are one.
            Ok(text) if understood.readings.iter().any(|better| better.rendered.sql == text) => {}
            Ok(text) => {
                reading.rendered.sql = text;
                understood.readings.push(reading);
            }
            Err(Unwritable::Beyond(why)) if place == 0 => {
                understood.beyond = Some(why);
                understood.readings.clear();
                return;
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use nlq_catalog::{Catalog, Column, Dialect, Table, TypeKind};

    use crate::{Engine, Outcome, Question, SchemaIndex};

    fn table(name: &str, key: &str, more: &[&str]) -> Table {
        let column = |name: &str, type_name: &str, kind| Column {
            name: name.to_owned(),
            type_name: type_name.to_owned(),
            kind,
            ..Column::default()
        };
        let mut columns = vec![column(key, "N", TypeKind::Integer)];
        columns.extend(more.iter().map(|name| column(name, "S", TypeKind::Text)));
        Table { name: name.to_owned(), columns, primary_key: vec![key.to_owned()], ..Table::default() }
    }

    /// The texts of a question's answer and of what else it may mean.
    fn texts(question: &str) -> Vec<String> {
        let tables = vec![table("employees", "EmployeeId", &["Name", "City"]), table("rooms", "RoomId", &["Floor"])];
        let catalog = Catalog { dialect: Dialect::Dynamodb, tables, ..Catalog::default() };
        let index = SchemaIndex::new(Arc::new(catalog), Arc::default());
        let question = Question { text: question, earlier: &[], replies: &[], today: Default::default() };
        let answer = Engine::default().answer(question, &index);
        let first = match answer.outcome {
            Outcome::Query { sql, .. } => sql,
            other => panic!("{other:?}"),
        };
        std::iter::once(first).chain(answer.alternatives.into_iter().map(|one| one.sql)).collect()
    }

    #[test]
    fn a_number_beside_a_table_is_its_key_and_no_text_comes_twice() {
        let mut all = texts("what is the city of employee 3");
        assert_eq!(all[0], "SELECT \"City\"\nFROM \"employees\"\nWHERE \"EmployeeId\" = 3");
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count, "{all:?}");
    }
}
