//! Parts that can be left out, to measure what each is worth.

use std::sync::Arc;

use nlq_catalog::Catalog;

/// Something that answers rest on and that a catalog can be without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Values of the database.
    Values,
    /// References that the database declares; joins are then guessed from names.
    References,
}

impl Part {
    /// All of them.
    pub(super) const ALL: [Part; 2] = [Part::Values, Part::References];

    /// As the command line writes it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Part::Values => "values",
            Part::References => "references",
        }
    }
}

/// A catalog without some parts.
pub(super) fn without(catalog: &Arc<Catalog>, parts: &[Part]) -> Arc<Catalog> {
    let mut catalog = Arc::clone(catalog);
    for part in parts {
        for table in &mut Arc::make_mut(&mut catalog).tables {
            match part {
                Part::Values => table.columns.iter_mut().for_each(|column| column.values = None),
                Part::References => table.foreign_keys.clear(),
            }
        }
    }
    catalog
}

#[cfg(test)]
mod tests {
    use nlq_catalog::{Column, ForeignKey, Table, ValueSample};

    use super::*;

    #[test]
    fn what_is_left_out_is_not_in_the_catalog() {
        let values = Some(ValueSample { values: vec!["Ulm".to_owned()], complete: true });
        let town = Column { name: "town".to_owned(), values, ..Column::default() };
        let key = ForeignKey {
            columns: vec!["town".to_owned()],
            to_schema: None,
            to_table: "towns".to_owned(),
            to_columns: vec!["name".to_owned()],
        };
        let people = Table { columns: vec![town], foreign_keys: vec![key], ..Table::default() };
        let catalog = Arc::new(Catalog { tables: vec![people], ..Catalog::default() });
        let left = |parts: &[Part]| {
            let table = &without(&catalog, parts).tables[0];
            (table.columns[0].values.is_some(), table.foreign_keys.len())
        };
        assert_eq!(left(&[]), (true, 1));
        assert_eq!(left(&[Part::Values]), (false, 1));
        assert_eq!(left(&[Part::References]), (true, 0));
        assert_eq!(left(&Part::ALL), (false, 0));
    }
}
