//! Values that are written a little otherwise than in the database: `Germny`, or `Lovelace` for `Ada Lovelace`. Found by
//! shared trigrams, so that no list is walked; what is found is evidence, never certain (`confidence.rs` caps it).

use std::collections::{BTreeMap, HashMap};

use nlq_catalog::{Annotations, Catalog, ColumnId};
use nlq_text::similarity;

use crate::index::value_words;

/// Values that can be found so, over the whole schema: a bound on memory.
const MAX_VALUES: usize = 30_000;
/// Longer values are prose.
const MAX_CHARS: usize = 48;
/// Shorter words are like too many others.
const MIN_CHARS: usize = 4;
/// Values compared letter by letter: those that share the most trigrams.
const COMPARED: usize = 32;
/// Of five letters one may differ.
const LEAST: f32 = 0.8;
/// A word of a longer value says this much of it at least.
const PART: f32 = 0.6;

/// The name of this way of finding a value.
pub(crate) const STRATEGY: &str = "SimilarValueStrategy";

/// A value like a phrase.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SimilarValue {
    pub(crate) column: ColumnId,
    /// As it stands in the database.
    pub(crate) value: String,
    /// Above 0, below 1.
    pub(crate) score: f32,
}

#[derive(Debug)]
struct Held {
    column: ColumnId,
    at: u32,
    words: Vec<String>,
    trigrams: u16,
}

/// The values of a schema by their trigrams.
#[derive(Debug, Default)]
pub(crate) struct SimilarValues {
    held: Vec<Held>,
    by_trigram: HashMap<[char; 3], Vec<u32>>,
}

impl SimilarValues {
    /// Of columns all of whose values are known: elsewhere the very word may be there, only not in the sample.
    pub(crate) fn new(catalog: &Catalog, annotations: &Annotations) -> Self {
        let mut this = Self::default();
        for (id, table) in catalog.table_ids() {
            for (column_id, column) in catalog.column_ids(id) {
                let is_sensitive = annotations.is_sensitive(table.schema.as_deref(), &table.name, &column.name);
                let sample = column.values.as_ref().filter(|sample| sample.complete && !is_sensitive);
                for (at, value) in sample.iter().flat_map(|sample| sample.values.iter().enumerate()) {
                    if value.chars().count() <= MAX_CHARS && this.held.len() < MAX_VALUES {
                        this.add(column_id, at as u32, value);
                    }
                }
            }
        }
        this
    }

    fn add(&mut self, column: ColumnId, at: u32, value: &str) {
        let words = value_words(value);
        let trigrams = trigrams(&words.join(" "));
        let place = self.held.len() as u32;
        self.held.push(Held { column, at, words, trigrams: trigrams.len() as u16 });
        for trigram in trigrams {
            self.by_trigram.entry(trigram).or_default().push(place);
        }
    }

    /// Values like a phrase, of each column the likest; a part of a value only where no other value of the column has it.
    pub(crate) fn find(&self, phrase: &str, catalog: &Catalog) -> Vec<SimilarValue> {
        let words = value_words(phrase);
        let said = words.join(" ");
        if said.chars().count() < MIN_CHARS {
            return Vec::new();
        }
        let own = trigrams(&said);
        let mut shared: HashMap<u32, u16> = HashMap::new();
        for place in own.iter().filter_map(|trigram| self.by_trigram.get(trigram)).flatten() {
            *shared.entry(*place).or_default() += 1;
        }
        // The share of the smaller side, so that a part of a value counts in full.
        let share = |place: u32, shared: u16| {
            f32::from(shared) / f32::from(self.held[place as usize].trigrams.min(own.len() as u16).max(1))
        };
        let mut near: Vec<(f32, u32)> = shared.into_iter().map(|(place, n)| (share(place, n), place)).collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        near.truncate(COMPARED);
        let mut alike_of: BTreeMap<ColumnId, Vec<(f32, bool, &Held)>> = BTreeMap::new();
        for held in near.iter().map(|(_, place)| &self.held[*place as usize]) {
            if let Some((score, whole)) = alike(&words, &said, &held.words) {
                alike_of.entry(held.column).or_default().push((score, whole, held));
            }
        }
        let mut found: Vec<SimilarValue> = Vec::new();
        for (column, mut alike) in alike_of {
            alike.sort_by(|a, b| b.0.total_cmp(&a.0));
            // Where two values are as like the phrase, or have the same part, neither is meant.
            let (score, whole, held) = alike[0];
            let alone = alike.get(1).is_none_or(|(next, ..)| whole && *next < score);
            let value = catalog.column(column).values.as_ref().and_then(|sample| sample.values.get(held.at as usize));
            found.extend(value.filter(|_| alone).map(|value| SimilarValue { column, value: value.clone(), score }));
        }
        found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.column.cmp(&b.column)));
        found
    }
}

/// How like a value is to a phrase, and whether it is so as a whole.
fn alike(words: &[String], said: &str, value: &[String]) -> Option<(f32, bool)> {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let whole = value.join(" ");
    // Numbers are right or wrong, never similar.
    if digits(said) != digits(&whole) {
        return None;
    }
    let likeness = similarity(said, &whole) as f32;
    if likeness >= LEAST {
        return Some((likeness.min(0.99), true));
    }
    let part = words.iter().all(|word| value.contains(word));
    let share = said.len() as f32 / whole.len().max(1) as f32;
    part.then_some((PART + (LEAST - 0.01 - PART) * share, false))
}

/// Every run of three letters once, the ends padded.
fn trigrams(text: &str) -> Vec<[char; 3]> {
    let padded: Vec<char> = std::iter::once(' ').chain(text.chars()).chain(std::iter::once(' ')).collect();
    let mut all: Vec<[char; 3]> = padded.windows(3).map(|w| [w[0], w[1], w[2]]).collect();
    all.sort_unstable();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use nlq_catalog::{Column, Table, ValueSample};

    use super::*;

    fn found(values: &[&str], complete: bool, phrase: &str) -> Vec<String> {
        let values = values.iter().map(|v| (*v).to_owned()).collect();
        let column =
            Column { name: "c".to_owned(), values: Some(ValueSample { values, complete }), ..Column::default() };
        let table = Table { name: "t".to_owned(), columns: vec![column], ..Table::default() };
        let catalog = Catalog { tables: vec![table], ..Catalog::default() };
        let similar = SimilarValues::new(&catalog, &Annotations::default());
        similar.find(phrase, &catalog).into_iter().map(|found| found.value).collect()
    }

    #[test]
    fn a_slip_of_the_pen_finds_its_value() {
        assert_eq!(found(&["France", "Germany", "Japan"], true, "Germny"), ["Germany"]);
        assert_eq!(found(&["France", "Germany", "Japan"], true, "Grmeany"), Vec::<String>::new());
    }

    #[test]
    fn a_part_finds_the_only_value_that_has_it() {
        let names = ["Ada Lovelace", "Grace Hopper"];
        assert_eq!(found(&names, true, "Lovelace"), ["Ada Lovelace"]);
        assert_eq!(found(&["East Berlin", "West Berlin"], true, "Berlin"), Vec::<String>::new());
    }

    #[test]
    fn numbers_and_cut_samples_are_not_guessed() {
        assert_eq!(found(&["AB1234"], true, "AB1235"), Vec::<String>::new());
        assert_eq!(found(&["Germany"], false, "Germny"), Vec::<String>::new());
    }
}
