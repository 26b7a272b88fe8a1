//! The fields of the index, and how each strategy searches them.

use nlq_catalog::fold;
use tantivy::{
    Term,
    query::{BooleanQuery, BoostQuery, ConstScoreQuery, Occur, Query, TermQuery},
    schema::{FAST, Field, INDEXED, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions},
};

use super::{Document, words::Words};
use crate::{Example, ExampleQuery, Intent};

/// The name of the field that documents are told apart by.
pub(super) const KEY: &str = "key";

/// A note tells why, in other words than a question has.
const NOTE_WEIGHT: f32 = 0.3;
/// Beside the tables, or the intent, that a strategy goes by, the words only order.
const WORDS_BESIDE: f32 = 0.5;
/// Under this name stand examples of any provider, and those of any dialect.
const ANY: &str = "*";

/// Makes the ranking query of a strategy; none when the question gives it nothing to go by.
type Strategy = fn(&Fields, &ExampleQuery<'_>, &Words) -> Option<Box<dyn Query>>;

/// The strategies by name.
pub(super) const STRATEGIES: [(&str, Strategy); 3] =
    [("keyword", Fields::keyword), ("schema_aware", Fields::schema_aware), ("intent", Fields::intent)];

#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    pub(super) key: Field,
    question: Field,
    note: Field,
    table: Field,
    intent: Field,
    good: Field,
    provider: Field,
    dialect: Field,
}

impl Fields {
    pub(super) fn declare() -> (Schema, Self) {
        let mut schema = Schema::builder();
        // Words are cut and stemmed before they come here, so that search and comparison see the same ones.
        let words =
            TextFieldIndexing::default().set_tokenizer("whitespace").set_index_option(IndexRecordOption::WithFreqs);
        let text = TextOptions::default().set_indexing_options(words);
        let fields = Self {
            key: schema.add_u64_field(KEY, INDEXED | FAST),
            question: schema.add_text_field("question", text.clone()),
            note: schema.add_text_field("note", text),
            table: schema.add_text_field("table", STRING),
            intent: schema.add_text_field("intent", STRING),
            good: schema.add_bool_field("good", INDEXED),
            provider: schema.add_text_field("provider", STRING),
            dialect: schema.add_text_field("dialect", STRING),
        };
        (schema.build(), fields)
    }

    pub(super) fn document(&self, key: u64, example: &Example, words: &Words) -> Document {
        let mut document = Document::default();
        document.add_u64(self.key, key);
        document.add_text(self.question, words.content().join(" "));
        if let Some(note) = &example.note {
            document.add_text(self.note, Words::of(note).content().join(" "));
        }
        for table in &example.tables {
            document.add_text(self.table, bare(table));
        }
        document.add_text(self.intent, intent(example.intent));
        document.add_bool(self.good, example.good);
        document.add_text(self.provider, example.connection.as_deref().map_or(ANY, provider));
        document.add_text(self.dialect, example.dialect.as_deref().unwrap_or(ANY));
        document
    }

    /// Ranks among the examples of one kind that hold for the connection.
    pub(super) fn among(&self, ranked: Box<dyn Query>, query: &ExampleQuery<'_>, good: bool) -> Box<dyn Query> {
        let mut clauses =
            vec![(Occur::Must, ranked), (Occur::Must, filter(vec![Term::from_field_bool(self.good, good)]))];
        let mut only = |field: Field, name: &str| {
            let terms = vec![Term::from_field_text(field, name), Term::from_field_text(field, ANY)];
            clauses.push((Occur::Must, filter(terms)));
        };
        if !query.connection.is_empty() {
            only(self.provider, provider(query.connection));
        }
        if let Some(dialect) = query.dialect {
            only(self.dialect, dialect);
        }
        Box::new(BooleanQuery::new(clauses))
    }

    /// The words of the question, in questions and notes.
    fn keyword(&self, _: &ExampleQuery<'_>, words: &Words) -> Option<Box<dyn Query>> {
        self.words(words)
    }

    /// The tables that the question was linked to, the first ones most; then its words.
    fn schema_aware(&self, query: &ExampleQuery<'_>, words: &Words) -> Option<Box<dyn Query>> {
        let tables = query.tables.iter().enumerate().map(|(rank, table)| {
            let term = Term::from_field_text(self.table, &bare(table));
            boosted(term, 1.0 / (1.0 + rank as f32 / 2.0))
        });
        let tables = any(tables.collect())?;
        Some(beside(tables, self.words(words)))
    }

    /// Examples that do what the question asks for; then its words.
    fn intent(&self, query: &ExampleQuery<'_>, words: &Words) -> Option<Box<dyn Query>> {
        let same = filter(vec![Term::from_field_text(self.intent, intent(query.intent?))]);
        Some(beside(same, Some(self.words(words)?)))
    }

    fn words(&self, words: &Words) -> Option<Box<dyn Query>> {
        let terms = words.content().into_iter().flat_map(|word| {
            let in_question = boosted(Term::from_field_text(self.question, &word), 1.0);
            [in_question, boosted(Term::from_field_text(self.note, &word), NOTE_WEIGHT)]
        });
        any(terms.collect())
    }
}

/// Ranks what `main` finds by it and, less, by `more`.
fn beside(main: Box<dyn Query>, more: Option<Box<dyn Query>>) -> Box<dyn Query> {
    let more = more.map(|more| (Occur::Should, Box::new(BoostQuery::new(more, WORDS_BESIDE)) as Box<dyn Query>));
    Box::new(BooleanQuery::new(std::iter::once((Occur::Must, main)).chain(more).collect()))
}

fn boosted(term: Term, weight: f32) -> Box<dyn Query> {
    Box::new(BoostQuery::new(Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)), weight))
}

fn any(queries: Vec<Box<dyn Query>>) -> Option<Box<dyn Query>> {
    let clauses: Vec<_> = queries.into_iter().map(|query| (Occur::Should, query)).collect();
    (!clauses.is_empty()).then(|| Box::new(BooleanQuery::new(clauses)) as Box<dyn Query>)
}

/// What has any of the terms; it adds nothing to the score.
fn filter(terms: Vec<Term>) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(Box::new(BooleanQuery::new_multiterms_query(terms)), 0.0))
}

/// A table's own name, folded: examples and schemas do not agree on when to name the schema.
fn bare(table: &str) -> String {
    fold(table.rsplit('.').next().unwrap_or(table))
}

/// The provider of `provider/connection`.
fn provider(connection: &str) -> &str {
    connection.split('/').next().unwrap_or(connection)
}

fn intent(intent: Intent) -> &'static str {
    intent.name()
}
