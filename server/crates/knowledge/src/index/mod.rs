//! The index of reviewed examples: which of them are like a question.
//!
//! Three strategies search at once (seeds/000, section 3.5) and are fused by reciprocal rank; good and bad examples are
//! ranked apart. Each ranks by BM25 in a tantivy index that lives in memory. Vectors would be a fourth strategy beside
//! them, and a team's store answers the same [`ExampleIndex::search`].

mod strategies;
#[cfg(test)]
mod tests;
mod words;

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use rayon::prelude::*;
use strategies::{Fields, STRATEGIES};
use tantivy::{
    DocAddress, Index, IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, TantivyError, Term,
    collector::TopDocs, query::Query,
};
use words::Words;

use crate::{Example, ExampleQuery, Found};

/// What a rank counts for in the fusion is 1 / (60 + rank): Cormack et al. 2009.
const FUSION: f64 = 60.0;
/// Ranks of one strategy that take part in the fusion.
const DEPTH: usize = 30;
/// Bytes that a writer may fill before it flushes: the least that tantivy takes.
const WRITER_BYTES: usize = 15_000_000;

/// The examples of a workspace, searchable. Shared between threads; a search sees the last update that was finished.
pub struct ExampleIndex {
    index: Index,
    reader: IndexReader,
    fields: Fields,
    entries: RwLock<Entries>,
    /// One update at a time.
    updating: Mutex<()>,
}

#[derive(Default)]
struct Entries {
    by_key: HashMap<u64, Entry>,
    by_file: BTreeMap<PathBuf, Vec<u64>>,
    next: u64,
}

#[derive(Clone)]
struct Entry {
    example: Arc<Example>,
    words: Arc<Words>,
}

impl ExampleIndex {
    /// An index of examples.
    pub fn new(examples: Vec<Example>) -> Self {
        let (schema, fields) = Fields::declare();
        let index = Index::create_in_ram(schema);
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into();
        let reader = reader.expect("an index in memory can be read");
        let index = Self { index, reader, fields, entries: RwLock::default(), updating: Mutex::default() };
        let mut by_file: BTreeMap<PathBuf, Vec<Example>> = BTreeMap::new();
        for example in examples {
            by_file.entry(example.file.clone()).or_default().push(example);
        }
        index.replace(by_file);
        index
    }

    /// Puts a file's examples in place of those that it had; none takes the file out. Searches see it when this returns.
    pub fn update(&self, file: &Path, examples: Vec<Example>) {
        self.replace(BTreeMap::from([(file.to_owned(), examples)]));
    }

    /// The same for several files at once.
    pub fn replace(&self, files: BTreeMap<PathBuf, Vec<Example>>) {
        // What fails in memory is memory itself, or a thread that cannot be had.
        self.write(files).expect("an index in memory can be written");
    }

    fn write(&self, files: BTreeMap<PathBuf, Vec<Example>>) -> Result<(), TantivyError> {
        let _one = self.updating.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |file: &Path| self.entries().by_file.contains_key(file);
        if files.iter().all(|(file, examples)| examples.is_empty() && !known(file)) {
            return Ok(());
        }
        // A writer holds a thread and its memory only while there is something to write.
        let mut writer: IndexWriter = self.index.writer_with_num_threads(1, WRITER_BYTES)?;
        let mut gone = Vec::new();
        for (file, examples) in files {
            let old = self.change(|entries| entries.by_file.remove(&file)).unwrap_or_default();
            for key in &old {
                writer.delete_term(Term::from_field_u64(self.fields.key, *key));
            }
            gone.extend(old);
            let mut keys = Vec::with_capacity(examples.len());
            for example in examples {
                let entry = Entry { words: Arc::new(Words::of(&example.question)), example: Arc::new(example) };
                let key = self.change(|entries| {
                    entries.next += 1;
                    entries.by_key.insert(entries.next, entry.clone());
                    entries.next
                });
                writer.add_document(self.fields.document(key, &entry.example, &entry.words))?;
                keys.push(key);
            }
            if !keys.is_empty() {
                self.change(|entries| entries.by_file.insert(file, keys));
            }
        }
        writer.commit()?;
        self.reader.reload()?;
        self.change(|entries| gone.iter().for_each(|key| drop(entries.by_key.remove(key))));
        writer.wait_merging_threads()?;
        Ok(())
    }

    /// All examples, by file and place.
    pub fn examples(&self) -> Vec<Arc<Example>> {
        let entries = self.entries();
        let keys = entries.by_file.values().flatten();
        keys.filter_map(|key| entries.by_key.get(key)).map(|entry| Arc::clone(&entry.example)).collect()
    }

    /// The examples most like a question: good ones, best first, then bad ones.
    pub fn search(&self, query: &ExampleQuery<'_>) -> Vec<Found> {
        if query.limit == 0 || self.entries().by_key.is_empty() {
            return Vec::new();
        }
        let words = Words::of(query.question);
        let searcher = self.reader.searcher();
        let searches: Vec<(bool, &'static str, Box<dyn Query>)> = [true, false]
            .into_iter()
            .flat_map(|good| STRATEGIES.iter().map(move |(name, strategy)| (good, *name, *strategy)))
            .filter_map(|(good, name, strategy)| {
                let ranked = strategy(&self.fields, query, &words)?;
                Some((good, name, self.fields.among(ranked, query, good)))
            })
            .collect();
        let ranks: Vec<_> =
            searches.into_par_iter().map(|(good, name, asked)| (good, name, top(&searcher, &*asked))).collect();
        let entries = self.entries();
        let mut found: BTreeMap<u64, (bool, f64, Vec<&'static str>)> = BTreeMap::new();
        for (good, strategy, keys) in ranks {
            for (rank, key) in keys.into_iter().enumerate() {
                let (_, score, strategies) = found.entry(key).or_insert((good, 0.0, Vec::new()));
                *score += 1.0 / (FUSION + rank as f64 + 1.0);
                strategies.push(strategy);
            }
        }
        let of = |good: bool| {
            let found = found.iter().filter(|(_, (is, ..))| *is == good);
            let mut found: Vec<Found> = found
                .filter_map(|(key, (_, score, strategies))| {
                    let entry = entries.by_key.get(key)?;
                    Some(Found {
                        example: Arc::clone(&entry.example),
                        similarity: words.likeness(&entry.words),
                        score: *score,
                        strategies: strategies.clone(),
                    })
                })
                .collect();
            found.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.similarity.total_cmp(&a.similarity)));
            found.truncate(query.limit);
            found
        };
        [of(true), of(false)].concat()
    }

    fn entries(&self) -> std::sync::RwLockReadGuard<'_, Entries> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Entries) -> T) -> T {
        change(&mut self.entries.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl std::fmt::Debug for ExampleIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExampleIndex").field("examples", &self.entries().by_key.len()).finish_non_exhaustive()
    }
}

/// The keys of the best documents, best first; of equals the first in the files.
fn top(searcher: &Searcher, query: &dyn Query) -> Vec<u64> {
    let best = TopDocs::with_limit(DEPTH).order_by_score();
    // Reading memory does not fail; should it, the other strategies still find.
    let Ok(best) = searcher.search(query, &best) else { return Vec::new() };
    let mut keys: Vec<(f32, u64)> =
        best.into_iter().filter_map(|(score, at)| Some((score, key(searcher, at)?))).collect();
    keys.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    keys.into_iter().map(|(_, key)| key).collect()
}

fn key(searcher: &Searcher, at: DocAddress) -> Option<u64> {
    let keys = searcher.segment_reader(at.segment_ord).fast_fields().u64(strategies::KEY).ok()?;
    keys.first(at.doc_id)
}

/// What is written of one example.
type Document = TantivyDocument;
