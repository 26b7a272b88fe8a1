//! What linking and reading need of one schema, prepared once: names under every form a question may use, values, display
//! columns, and the graph of joins.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use nlq_catalog::{Annotations, Catalog, Column, ColumnId, PlainNames, TableId, TableKind, TypeKind, split_name, stem};
use nlq_query::joins::JoinGraph;

use crate::{
    declared::Declared,
    similar::{SimilarValue, SimilarValues},
    words::{self, WEAK},
};

/// Values kept at most: a bound on memory for schemas with very many sampled columns.
const MAX_VALUES: usize = 200_000;
/// Longer values are prose; nobody names them word by word.
const MAX_VALUE_WORDS: usize = 9;

/// Names, terms and values of one catalog with its annotations, prepared for linking. Made once a schema, shared by all
/// questions.
#[derive(Debug)]
pub struct SchemaIndex {
    catalog: Arc<Catalog>,
    annotations: Arc<Annotations>,
    left_out: Vec<&'static str>,
    names: HashMap<String, Vec<NameEntry>>,
    values: HashMap<String, Vec<(ColumnId, u32)>>,
    /// Made when a word first matches nothing.
    similar: OnceLock<SimilarValues>,
    declared: Declared,
    tables: Vec<TableFacts>,
    graph: JoinGraph,
    /// Joins between any two tables, by table; 9 when there is no way.
    hops: Vec<Vec<u8>>,
}

/// What a name may stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Target {
    Table(TableId),
    Column(ColumnId),
    /// First and last name of the table's rows.
    Person(TableId),
    /// Index in the annotations' terms.
    Term(u32),
    /// Index in the annotations' metrics.
    Metric(u32),
}

/// A form of a name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct NameEntry {
    pub(crate) target: Target,
    /// 0 to 1: how much of the name the form says.
    pub(crate) score: f32,
    /// The strategy that finds it.
    pub(crate) strategy: &'static str,
}

/// What reading needs to know of a table.
#[derive(Debug, Clone, Default)]
pub(crate) struct TableFacts {
    /// The column that people call its rows by.
    pub(crate) display: Option<ColumnId>,
    /// First and last name, where persons have both.
    pub(crate) person: Option<(ColumnId, ColumnId)>,
    /// The only column of the primary key, or the first that looks like one.
    pub(crate) key: Option<ColumnId>,

    /// By column.
    pub(crate) columns: Vec<ColumnFacts>,
    /// Stems of its name.
    pub(crate) words: Vec<String>,
    /// The words of its name as they are written.
    pub(crate) spoken: Vec<String>,
}

/// What reading needs to know of a column.
#[derive(Debug, Clone, Default)]
pub(crate) struct ColumnFacts {
    /// Stems of its name, abbreviations written out.
    pub(crate) words: Vec<String>,
    /// The words of its name as they are written.
    pub(crate) spoken: Vec<String>,
    /// Part of the primary key.
    pub(crate) key: bool,
    /// Refers to another table.
    pub(crate) reference: bool,
    /// Named like an identifier.
    pub(crate) id_like: bool,
}

impl SchemaIndex {
    /// Prepares a catalog.
    pub fn new(catalog: Arc<Catalog>, annotations: Arc<Annotations>) -> Self {
        Self::without(catalog, annotations, &[])
    }

    /// The same without some strategies that find names (the crate's documentation lists them), to measure what they are
    /// worth.
    pub fn without(catalog: Arc<Catalog>, annotations: Arc<Annotations>, strategies: &[&'static str]) -> Self {
        let graph = JoinGraph::new(&catalog, &annotations);
        let hops = catalog.table_ids().map(|(id, _)| graph.hops(id, catalog.tables.len())).collect();
        let plain = PlainNames::new(&catalog);
        let mut index = Self {
            hops,
            names: HashMap::new(),
            values: HashMap::new(),
            similar: OnceLock::new(),
            declared: Declared::new(&catalog, &annotations),
            tables: catalog.table_ids().map(|(id, _)| facts(&catalog, &graph, &plain, id)).collect(),
            graph,
            catalog,
            annotations,
            left_out: strategies.to_vec(),
        };
        index.add_names();
        index.add_terms();
        index.add_values();
        for entries in index.names.values_mut() {
            entries.sort_by(|a, b| a.target.cmp(&b.target).then(b.score.total_cmp(&a.score)));
            entries.dedup_by(|a, b| a.target == b.target);
            entries.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.target.cmp(&b.target)));
        }
        index
    }

    /// The catalog.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// How its tables can be joined.
    pub fn graph(&self) -> &JoinGraph {
        &self.graph
    }

    /// The annotations.
    pub fn annotations(&self) -> &Arc<Annotations> {
        &self.annotations
    }

    /// True when a strategy is not to find names.
    pub(crate) fn leaves_out(&self, strategy: &str) -> bool {
        self.left_out.contains(&strategy)
    }

    /// Joins between two tables at least; 9 when there is no way or a longer one.
    pub(crate) fn hops(&self, a: TableId, b: TableId) -> u8 {
        self.hops[a.0 as usize][b.0 as usize]
    }

    pub(crate) fn facts(&self, table: TableId) -> &TableFacts {
        &self.tables[table.0 as usize]
    }

    pub(crate) fn column_facts(&self, id: ColumnId) -> &ColumnFacts {
        &self.facts(id.table).columns[id.column as usize]
    }

    pub(crate) fn column(&self, id: ColumnId) -> &Column {
        self.catalog.column(id)
    }

    /// What a phrase (see [`bag`] and [`joined`]) may name, best first.
    pub(crate) fn named(&self, phrase: &str) -> &[NameEntry] {
        self.names.get(phrase).map_or(&[], Vec::as_slice)
    }

    /// Everything is an event: there are no rows with an order of their own, and none that something else tells.
    pub(crate) fn holds_events(&self) -> bool {
        let tables = &self.catalog.tables;
        !tables.is_empty() && tables.iter().all(|t| matches!(t.kind, TableKind::Events | TableKind::DataModel))
    }

    /// Columns that hold a value of these folded words, with the value as it stands there.
    pub(crate) fn valued(&self, words: &str) -> impl Iterator<Item = (ColumnId, &str)> {
        self.values.get(words).into_iter().flatten().filter_map(|&(id, at)| {
            let values = &self.column(id).values.as_ref()?.values;
            Some((id, values.get(at as usize)?.as_str()))
        })
    }

    /// What its terms and metrics stand for.
    pub(crate) fn declared(&self) -> &Declared {
        &self.declared
    }

    /// Values that are written nearly like a phrase.
    pub(crate) fn similar(&self, phrase: &str) -> Vec<SimilarValue> {
        let similar = self.similar.get_or_init(|| SimilarValues::new(&self.catalog, &self.annotations));
        similar.find(phrase, &self.catalog)
    }

    fn add(&mut self, phrase: &[String], target: Target, score: f32, strategy: &'static str) {
        if phrase.is_empty() || self.leaves_out(strategy) {
            return;
        }
        let entry = NameEntry { target, score, strategy };
        self.names.entry(bag(phrase)).or_default().push(entry);
        if phrase.len() > 1 || score >= 0.9 {
            self.names.entry(joined(phrase)).or_default().push(entry);
        }
    }

    fn add_names(&mut self) {
        let catalog = Arc::clone(&self.catalog);
        let annotations = Arc::clone(&self.annotations);
        for (id, table) in catalog.table_ids() {
            let words = self.tables[id.0 as usize].words.clone();
            let target = Target::Table(id);
            if self.tables[id.0 as usize].person.is_some() {
                let whole = self.tables[id.0 as usize].columns.iter().any(|c| c.words == ["name"]);
                let person = Target::Person(id);
                self.add(&["full".to_owned(), "name".to_owned()], person, 0.95, "PersonNameStrategy");
                self.add(
                    &["first".to_owned(), "last".to_owned(), "name".to_owned()],
                    person,
                    1.0,
                    "PersonNameStrategy",
                );
                if !whole {
                    self.add(&["name".to_owned()], person, 0.6, "PersonNameStrategy");
                }
            }
            // What people call `the name` of a company, whatever stands before it in the column's own name.
            if let Some(display) = self.tables[id.0 as usize].display
                && self.column_facts(display).words.last().is_some_and(|w| w == "name")
            {
                self.add(&["name".to_owned()], Target::Column(display), 0.5, "DisplayColumnStrategy");
            }
            self.add(&words, target, 1.0, "DirectTableMatchStrategy");
            // The name run together, as in `credit score` for `creditscore`.
            self.add(&[stem(&nlq_catalog::fold(&table.name))], target, 1.0, "DirectTableMatchStrategy");
            if words.len() > 1 {
                for (at, word) in words.iter().enumerate().filter(|(_, w)| !WEAK.contains(&w.as_str())) {
                    let score = if at + 1 == words.len() { 0.62 } else { 0.45 };
                    self.add(std::slice::from_ref(word), target, score, "PartialTableMatchStrategy");
                }
                if words.len() > 2 {
                    self.add(&words[1..], target, 0.75, "PartialTableMatchStrategy");
                    self.add(&words[..words.len() - 1], target, 0.7, "PartialTableMatchStrategy");
                }
            }
            for word in words.iter().take(3) {
                for other in words::synonyms(word).collect::<Vec<_>>() {
                    let score = if words.len() == 1 { 0.6 } else { 0.35 };
                    self.add(&[other.to_owned()], target, score, "SemanticConceptMatchStrategy");
                }
            }
            if let Some(said) = annotations.table(table.schema.as_deref(), &table.name) {
                for term in &said.business_terms {
                    self.add(&stems(term), target, 1.0, "GlossaryTermMatchStrategy");
                }
            }
            for (column_id, column) in catalog.column_ids(id) {
                let full = self.column_facts(column_id).words.clone();
                self.add_column(column_id, &full, &words);
                let last = full.last().map_or("", String::as_str);
                if self.facts(id).key == Some(column_id) && full.iter().all(|word| !words.contains(word)) {
                    // `customer id` for the key `id` of customers, as other tables call it.
                    let named = [words.as_slice(), full.as_slice()].concat();
                    self.add(&named, Target::Column(column_id), 1.0, "DirectColumnMatchStrategy");
                } else if column.kind == TypeKind::Text
                    && !WEAK.contains(&last)
                    && !self.column_facts(column_id).id_like
                {
                    // `country name` for `country`
                    let bare = full.iter().filter(|word| !words.contains(word)).cloned();
                    let named: Vec<String> = bare.chain(["name".to_owned()]).collect();
                    if named.len() > 1 {
                        self.add(&named, Target::Column(column_id), 0.85, "PartialColumnMatchStrategy");
                    }
                }
                let said = annotations.column(table.schema.as_deref(), &table.name, &column.name);
                for term in said.into_iter().flat_map(|s| &s.business_terms) {
                    self.add(&stems(term), Target::Column(column_id), 1.0, "GlossaryTermMatchStrategy");
                }
                // A short comment is another name; a long one is prose.
                let comment = column.comment.as_deref().map(stems).unwrap_or_default();
                if comment.len() <= 4 {
                    self.add(&comment, Target::Column(column_id), 0.8, "CommentMatchStrategy");
                }
            }
        }
    }

    fn add_column(&mut self, id: ColumnId, words: &[String], table_words: &[String]) {
        let target = Target::Column(id);
        self.add(words, target, 1.0, "DirectColumnMatchStrategy");
        let name = nlq_catalog::fold(&self.column(id).name);
        self.add(&[stem(&name)], target, 1.0, "DirectColumnMatchStrategy");
        let bare: Vec<String> = words.iter().filter(|w| !table_words.contains(w)).cloned().collect();
        if bare.len() < words.len() {
            self.add(&bare, target, 0.9, "DirectColumnMatchStrategy");
        }
        let weight = |word: &String| if WEAK.contains(&word.as_str()) { 0.4 } else { 1.0 };
        let total: f32 = words.iter().map(weight).sum();
        for from in 0..words.len() {
            for to in from + 1..=words.len() {
                let part = &words[from..to];
                if part.len() == words.len() || part.iter().all(|w| table_words.contains(w)) {
                    continue;
                }
                let share = part.iter().map(weight).sum::<f32>() / total;
                let head = if to == words.len() { 0.05 } else { 0.0 };
                let only_weak = part.iter().all(|w| WEAK.contains(&w.as_str()));
                let score = if only_weak { 0.15 + 0.35 * share } else { 0.3 + 0.45 * share } + head;
                self.add(part, target, score, "PartialColumnMatchStrategy");
            }
        }
        for (at, word) in words.iter().enumerate().take(4) {
            for other in words::synonyms(word).collect::<Vec<_>>() {
                let mut phrase = words.to_vec();
                other.clone_into(&mut phrase[at]);
                self.add(&phrase, target, 0.7, "SemanticConceptMatchStrategy");
                let share = weight(word) / total;
                if words.len() > 1 {
                    self.add(&[other.to_owned()], target, 0.15 + 0.35 * share, "SemanticConceptMatchStrategy");
                }
                let mut short = bare.clone();
                if let Some(place) = short.iter().position(|w| w == word)
                    && short.len() < words.len()
                {
                    other.clone_into(&mut short[place]);
                    self.add(&short, target, 0.65, "SemanticConceptMatchStrategy");
                }
            }
        }
    }

    fn add_terms(&mut self) {
        let annotations = Arc::clone(&self.annotations);
        for (at, term) in annotations.terms.iter().enumerate() {
            if self.catalog.find_table(None, &term.table).is_some() {
                for name in std::iter::once(&term.name).chain(&term.synonyms) {
                    self.add(&stems(name), Target::Term(at as u32), 1.05, "GlossaryTermMatchStrategy");
                }
            }
        }
        for (at, metric) in annotations.metrics.iter().enumerate() {
            if self.catalog.find_table(None, &metric.table).is_some() {
                for name in std::iter::once(&metric.name).chain(&metric.synonyms) {
                    self.add(&stems(name), Target::Metric(at as u32), 1.05, "GlossaryTermMatchStrategy");
                }
            }
        }
    }

    fn add_values(&mut self) {
        let catalog = Arc::clone(&self.catalog);
        let mut count = 0;
        for (id, table) in catalog.table_ids() {
            for (column_id, column) in catalog.column_ids(id) {
                // A sample may be older than the annotation: what is sensitive now is neither matched nor shown.
                let is_sensitive = self.annotations.is_sensitive(table.schema.as_deref(), &table.name, &column.name);
                let Some(sample) = column.values.as_ref().filter(|_| !is_sensitive) else { continue };
                for (at, value) in sample.values.iter().enumerate() {
                    let words = value_words(value);
                    if words.is_empty() || words.len() > MAX_VALUE_WORDS || count >= MAX_VALUES {
                        continue;
                    }
                    count += 1;
                    let exact = words.join(" ");
                    let stemmed = words.iter().map(|w| stem(w)).collect::<Vec<_>>().join(" ");
                    if stemmed != exact {
                        self.values.entry(format!("~{stemmed}")).or_default().push((column_id, at as u32));
                    } else {
                        self.values.entry(format!("~{exact}")).or_default().push((column_id, at as u32));
                    }
                    self.values.entry(exact).or_default().push((column_id, at as u32));
                }
            }
        }
    }
}

/// Folded words of a value, as questions would write them.
pub(crate) fn value_words(value: &str) -> Vec<String> {
    let folded = nlq_catalog::fold(value);
    folded.split(|c: char| !nlq_catalog::is_word_char(c)).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

/// Stems of a phrase of prose, small words left out.
fn stems(phrase: &str) -> Vec<String> {
    split_name(phrase).iter().filter(|w| !matches!(w.as_str(), "of" | "the" | "a" | "an")).map(|w| stem(w)).collect()
}

/// The key of stems without regard to their order.
pub(crate) fn bag(stems: &[String]) -> String {
    let mut sorted: Vec<&str> = stems.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    sorted.join("+")
}

/// The key of stems run together.
pub(crate) fn joined(stems: &[String]) -> String {
    stems.concat()
}

/// Stems of a schema name's words with abbreviations written out.
fn name_stems(name: &[String]) -> Vec<String> {
    let mut out = Vec::new();
    for word in name {
        match words::expand(word) {
            Some(full) => out.extend(full.iter().map(|w| stem(w))),
            None => out.push(words::stem_of(word)),
        }
    }
    out.retain(|w| !matches!(w.as_str(), "of" | "the" | "a" | "an" | "in" | "for"));
    out
}

/// `flno` of flights is the flight number, `eid` of employees their id: a short form of the table's name and of a word that
/// ends many names, run together.
fn unglued(column: &str, table: &str) -> Option<Vec<String>> {
    const ENDS: [(&str, &str); 8] = [
        ("id", "id"),
        ("no", "number"),
        ("num", "number"),
        ("name", "name"),
        ("code", "code"),
        ("date", "date"),
        ("type", "type"),
        ("desc", "description"),
    ];
    let [word] = split_name(column).try_into().ok()?;
    let own = split_name(table);
    let (end, full) = ENDS.into_iter().find(|(end, _)| word.len() > end.len() && word.ends_with(end))?;
    let short = &word[..word.len() - end.len()];
    let initials: String = own.iter().filter_map(|w| w.chars().next()).collect();
    let stands =
        own.iter().any(|w| w.len() > short.len() && w.starts_with(short)) || own.len() > 1 && initials == short;
    stands.then(|| own.iter().map(|w| words::stem_of(w)).chain([stem(full)]).collect())
}

fn facts(catalog: &Catalog, graph: &JoinGraph, plain: &PlainNames, id: TableId) -> TableFacts {
    let table = catalog.table(id);
    let mut words: Vec<String> = name_stems(&plain.table(id).words);
    if words.len() > 1 {
        words.retain(|w| !matches!(w.as_str(), "refer" | "tbl" | "tabl"));
    }
    let columns: Vec<ColumnFacts> = catalog
        .column_ids(id)
        .map(|(column_id, column)| {
            let is = |name: &String| name.eq_ignore_ascii_case(&column.name);
            let words = unglued(&column.name, &table.name).unwrap_or_else(|| name_stems(&plain.column(column_id)));
            let lower = column.name.to_lowercase();
            ColumnFacts {
                spoken: split_name(&column.name),
                key: table.primary_key.iter().any(is),
                reference: graph.refers(column_id),
                id_like: lower == "id"
                    || lower.ends_with("id")
                    || lower.ends_with("code")
                    || words.last().is_some_and(|w| w == "id"),
                words,
            }
        })
        .collect();
    let column = |at: usize| ColumnId { table: id, column: at as u32 };

    let find = |want: &dyn Fn(&ColumnFacts) -> bool| (0..columns.len()).find(|&at| want(&columns[at]));
    let pair = |a: &str, b: &str| {
        let has =
            |x: &str| find(&|c: &ColumnFacts| c.words.iter().any(|w| w == x) && c.words.iter().any(|w| w == "name"));
        Some((column(has(a)?), column(has(b)?)))
    };
    let person = pair("first", "last").or_else(|| pair("forenam", "surnam"));
    let named = |c: &ColumnFacts| c.words.last().is_some_and(|w| matches!(w.as_str(), "name" | "titl"));
    let own = |c: &ColumnFacts| named(c) && c.words[..c.words.len() - 1].iter().all(|w| words.contains(w));
    // `ShipName` beside `ShipAddress` and `ShipCity` names what the prefix says, not the row.
    let aside = |c: &ColumnFacts| {
        let prefix = &c.words[..c.words.len() - 1];
        let alike = |other: &&ColumnFacts| other.words.len() > prefix.len() && other.words.starts_with(prefix);
        !prefix.is_empty() && !prefix.iter().any(|w| words.contains(w)) && columns.iter().filter(alike).count() > 3
    };
    let display = find(&|c| own(c))
        .or_else(|| find(&|c| c.words == words))
        .or_else(|| find(&|c| named(c) && !c.reference && !aside(c)))
        .or_else(|| find(&|c| c.words.iter().any(|w| w == "name" || w == "titl") && !aside(c)))
        .or_else(|| find(&|c| c.words.last().is_some_and(|w| matches!(w.as_str(), "descript" | "detail" | "label"))));
    let key = match table.primary_key.as_slice() {
        [only] => catalog.find_column(id, only),
        _ => None,
    };
    let guessed =
        || (0..columns.len()).find(|&at| columns[at].id_like && !columns[at].reference && at == 0).map(column);

    TableFacts {
        display: display.map(column),
        person,
        key: key.or_else(guessed),
        columns,
        words,
        spoken: split_name(&table.name),
    }
}
