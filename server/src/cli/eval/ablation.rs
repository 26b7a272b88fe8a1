//! Parts that can be left out, to measure what each is worth.

use std::sync::Arc;

use nlq_catalog::{Annotations, Catalog};
use nlq_engine::SchemaIndex;

/// Something that answers rest on and that a catalog, or the search for names, can be without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Values of the database.
    Values,
    /// Words that mean what a name says.
    Synonyms,
    /// Parts of names that stand for the whole.
    PartialNames,
    /// References that the database declares; joins are then guessed from names.
    References,
    /// What the likeliest readings find when they are run.
    Results,
    /// What questions say of their own words.
    Evidence,
    /// With a model: what the embedded engine derives.
    Linking,
    /// With a model: asking again with what was wrong.
    Repair,
    /// With a model: reviewed examples.
    Examples,
}

impl Part {
    /// Those of the embedded engine.
    pub(super) const ENGINE: [Part; 6] =
        [Part::Values, Part::Synonyms, Part::PartialNames, Part::References, Part::Results, Part::Evidence];
    /// Those of the pipeline with a model.
    pub(super) const PIPELINE: [Part; 3] = [Part::Linking, Part::Repair, Part::Examples];

    /// All of them.
    pub(super) fn all() -> impl Iterator<Item = Part> {
        Self::ENGINE.into_iter().chain(Self::PIPELINE)
    }

    /// As the command line writes it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Part::Values => "values",
            Part::Synonyms => "synonyms",
            Part::PartialNames => "partial-names",
            Part::References => "references",
            Part::Results => "results",
            Part::Evidence => "evidence",
            Part::Linking => "linking",
            Part::Repair => "repair",
            Part::Examples => "examples",
        }
    }

    /// The engine's strategies that work by it.
    fn strategies(self) -> &'static [&'static str] {
        match self {
            Part::Synonyms => &["SemanticConceptMatchStrategy", "SynonymMatchStrategy"],
            Part::PartialNames => &["PartialTableMatchStrategy", "PartialColumnMatchStrategy"],
            _ => &[],
        }
    }
}

/// What the engine knows of a database without some parts.
pub(super) fn index(catalog: &Arc<Catalog>, annotations: &Arc<Annotations>, without: &[Part]) -> SchemaIndex {
    let strategies: Vec<&str> = without.iter().flat_map(|part| part.strategies()).copied().collect();
    SchemaIndex::without(stripped(catalog, without), Arc::clone(annotations), &strategies)
}

fn stripped(catalog: &Arc<Catalog>, without: &[Part]) -> Arc<Catalog> {
    let mut catalog = Arc::clone(catalog);
    for part in without.iter().filter(|part| matches!(part, Part::References | Part::Values)) {
        for table in &mut Arc::make_mut(&mut catalog).tables {
            match part {
                Part::References => table.foreign_keys.clear(),
                _ => table.columns.iter_mut().for_each(|column| column.values = None),
            }
        }
    }
    catalog
}

#[cfg(test)]
mod tests {
    use nlq_catalog::{Column, ForeignKey, Table, ValueSample};
    use nlq_engine::{Engine, Question, Settings};

    use super::*;

    #[test]
    fn without_parts_of_names_only_whole_names_are_found() {
        let column = |name: &str| Column { name: name.to_owned(), ..Column::default() };
        let guests =
            Table { name: "guests".to_owned(), columns: vec![column("id"), column("home_town")], ..Table::default() };
        let catalog = Arc::new(Catalog { tables: vec![guests], ..Catalog::default() });
        let evidence = |without: &[Part]| {
            let question = Question { text: "town of guests", earlier: &[], replies: &[], today: Default::default() };
            let answer = Engine::new(Settings::default()).answer(question, &index(&catalog, &Arc::default(), without));
            answer.links.into_iter().map(|link| link.evidence).collect::<Vec<_>>().join("; ")
        };
        assert!(evidence(&[]).contains("PartialColumnMatchStrategy"), "{}", evidence(&[]));
        assert!(!evidence(&[Part::PartialNames]).contains("PartialColumnMatchStrategy"));
    }

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
            let index = index(&catalog, &Arc::default(), parts);
            let table = &index.catalog().tables[0];
            (table.columns[0].values.is_some(), table.foreign_keys.len())
        };
        assert_eq!(left(&[]), (true, 1));
        assert_eq!(left(&[Part::Values]), (false, 1));
        assert_eq!(left(&[Part::References]), (true, 0));
        assert_eq!(left(&Part::ENGINE), (false, 0));
    }
}
