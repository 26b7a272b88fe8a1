//! The workspace's reviewed examples, searchable: the index follows the files.

use std::{collections::BTreeMap, path::PathBuf};

use nlq_catalog::Dialect;
use nlq_config::{Config, ConnectionRef, ExampleEntry};
use nlq_engine::{Answer, Question};
use nlq_ide::{ExampleSource, WorkspaceView};
use nlq_knowledge::{Complexity, Example, ExampleIndex, ExampleQuery, Found, Intent};
use nlq_query::{Outline, outline};
use serde_json::{Value, json};

use super::{Session, SessionError};

impl Session {
    /// The examples most like a question to a connection, by its words and by the tables that it is linked to: good
    /// ones, best first, then bad ones.
    pub(crate) fn find_examples(
        &self,
        question: &str,
        connection: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Found>, SessionError> {
        let reference = self.find_connection(connection)?;
        let view = self.view();
        let answer = self.index(&reference).map(|index| {
            let today = chrono::Local::now().date_naive();
            view.engine.answer(Question { text: question, earlier: &[], replies: &[], today }, &index)
        });
        Ok(self.examples_like(question, &reference, answer.as_ref(), limit))
    }

    /// The same of a question of which the engine makes `answer`.
    pub(super) fn examples_like(
        &self,
        question: &str,
        reference: &ConnectionRef,
        answer: Option<&Answer>,
        limit: usize,
    ) -> Vec<Found> {
        let view = self.view();
        let dialect = view.connections.get(reference).map(|view| view.dialect);
        // What the engine makes of the question says which tables it is about, and what it asks for.
        let told = answer.and_then(|answer| outline(nlq_ide::best_query(answer)?, dialect?));
        let intent = told.as_ref().map(Intent::of);
        let tables = told.map(|told| told.tables).unwrap_or_default();
        let (dialect, connection) = (dialect.map(Dialect::name), reference.to_string());
        self.examples.search(&ExampleQuery {
            question,
            connection: &connection,
            dialect,
            tables: &tables,
            intent,
            limit,
        })
    }
}

/// Documented in docs/cli.md.
pub(crate) fn found_json(found: &Found) -> Value {
    let mut object = json!(*found.example);
    object["similarity"] = json!(found.similarity);
    object["score"] = json!(found.score);
    object["strategies"] = json!(found.strategies);
    object
}

/// Brings the index up to date: files that changed or are gone since `before`, and all files when the connections, by
/// which queries are read, did.
pub(super) fn follow(index: &ExampleIndex, before: &WorkspaceView, view: &WorkspaceView) {
    let moved = before.config.providers != view.config.providers;
    let same = |one: &ExampleSource, other: &ExampleSource| one.path == other.path && one.text == other.text;
    let gone = before.example_files.iter().filter(|old| !view.example_files.iter().any(|new| new.path == old.path));
    let mut files: BTreeMap<PathBuf, Vec<Example>> = gone.map(|old| (old.path.clone(), Vec::new())).collect();
    for source in &view.example_files {
        if moved || !before.example_files.iter().any(|old| same(old, source)) {
            files.insert(source.path.clone(), examples(source, &view.config));
        }
    }
    index.replace(files);
}

fn examples(source: &ExampleSource, config: &Config) -> Vec<Example> {
    let stem = source.path.file_stem().unwrap_or_default().to_string_lossy();
    source.file.examples.iter().map(|entry| example(entry, &stem, source, config)).collect()
}

/// What is not written is told from the query.
fn example(entry: &ExampleEntry, stem: &str, source: &ExampleSource, config: &Config) -> Example {
    let dialect = entry.dialect.or_else(|| dialect(entry, config));
    // Where nobody says which SQL it is, SQLite's reader takes most of what others write.
    let told = outline(&entry.query.text, dialect.unwrap_or(Dialect::Sqlite)).unwrap_or_default();
    Example {
        id: entry.id.as_ref().map_or_else(|| format!("{stem}/{}", entry.number), |id| id.text.clone()),
        question: entry.question.clone(),
        query: entry.query.text.trim().to_owned(),
        connection: entry.connection.as_ref().map(|connection| connection.text.clone()),
        dialect: dialect.map(|dialect| dialect.name().to_owned()),
        good: entry.good,
        intent: entry.intent.as_deref().and_then(word).unwrap_or_else(|| Intent::of(&told)),
        complexity: entry.complexity.as_deref().and_then(word).unwrap_or_else(|| Complexity::of(&told)),
        tables: tables(entry, told),
        reviewer: entry.reviewer.clone(),
        note: entry.note.clone(),
        file: source.path.clone(),
        at: entry.span.start,
    }
}

fn tables(entry: &ExampleEntry, told: Outline) -> Vec<String> {
    if entry.tables.is_empty() { told.tables } else { entry.tables.iter().map(|table| table.text.clone()).collect() }
}

/// A word of the file as the value that it names.
fn word<T: serde::de::DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(word.into()).ok()
}

/// The SQL of the example's connection, or of all connections where they share one.
fn dialect(entry: &ExampleEntry, config: &Config) -> Option<Dialect> {
    let named = entry.connection.as_ref().map(|connection| connection.text.as_str());
    let holds = |provider: &str, whole: &str| named.is_none_or(|named| named == provider || named == whole);
    let mut spoken = config
        .connections()
        .filter(|(reference, _)| holds(&reference.provider, &reference.to_string()))
        .map(|(_, connection)| connection.kind.dialect());
    let first = spoken.next()?;
    spoken.all(|other| other == first).then_some(first)
}
