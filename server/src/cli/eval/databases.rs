//! The databases that questions are about: their schemas, their perturbed copies, and queries run on them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Result;
use nlq_catalog::{Annotations, Catalog, Dialect};
use nlq_providers::{Limits, SchemaOptions, Value, sqlite_catalog, sqlite_file};
use nlq_query::sql::guard;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::{perturb::perturbed, questions::Asked};

/// A query that takes longer counts as one that does not run, as for `score.py`.
const TIMEOUT: Duration = Duration::from_secs(10);
/// As many rows as `score.py` looks at.
const MAX_ROWS: usize = 200_000;
/// Results are held two at a time for each thread.
const MAX_BYTES: usize = 256 << 20;

/// One database.
#[derive(Debug)]
pub(super) struct Database {
    pub(super) path: PathBuf,
    pub(super) catalog: Arc<Catalog>,
    /// Empty unless perturbed copies were asked for.
    pub(super) copies: Vec<PathBuf>,
}

/// Every database of the questions, by the questions' own name for it.
#[derive(Debug, Default)]
pub(super) struct Databases {
    all: BTreeMap<String, Database>,
    /// Where the copies are, until this is dropped.
    _copies: Option<tempfile::TempDir>,
}

impl Databases {
    /// Reads the schemas, and makes perturbed copies. What cannot be read is said on standard error and left out.
    pub(super) async fn read(folder: &Path, asked: &[Asked], copies: usize) -> Result<Self> {
        let temporary = if copies > 0 { Some(tempfile::tempdir()?) } else { None };
        let mut names: Vec<&str> = asked.iter().map(|asked| asked.db_file.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let mut all = BTreeMap::new();
        for (at, name) in names.into_iter().enumerate() {
            let path = folder.join(name);
            if !path.is_file() {
                eprintln!("nlq: {} is missing: its questions stay unanswered", path.display());
                continue;
            }
            let options = SchemaOptions { sample_values: true, annotations: &Annotations::default() };
            let catalog = match sqlite_catalog(&path, options).await {
                Ok(catalog) => Arc::new(catalog),
                Err(error) => {
                    eprintln!("nlq: {}: {error}", path.display());
                    continue;
                }
            };
            let copies = match &temporary {
                Some(folder) => perturbed(&path, copies, folder.path(), at).await?,
                None => Vec::new(),
            };
            all.insert(name.to_owned(), Database { path, catalog, copies });
        }
        Ok(Self { all, _copies: temporary })
    }

    pub(super) fn get(&self, name: &str) -> Option<&Database> {
        self.all.get(name)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Database)> {
        self.all.iter().map(|(name, database)| (name.as_str(), database))
    }
}

/// Runs queries from threads that are not the runtime's.
#[derive(Debug)]
pub(super) struct Runner {
    runtime: Handle,
    cancel: CancellationToken,
}

impl Runner {
    /// Must be called inside the runtime; what runs stops when `cancel` is cancelled.
    pub(super) fn new(cancel: CancellationToken) -> Self {
        Self { runtime: Handle::current(), cancel }
    }

    /// The rows of a query that the guard passes, read-only and within the time. With `most`, one row more than that at the
    /// utmost: enough to see that there are too many.
    pub(super) fn rows(&self, path: &Path, sql: &str, most: Option<usize>) -> Result<Vec<Vec<Value>>> {
        let query = guard(sql, Dialect::Sqlite)?;
        let rows = most.map_or(MAX_ROWS, |most| most.saturating_add(1).min(MAX_ROWS));
        let limits = Limits { rows, bytes: MAX_BYTES, timeout: TIMEOUT };
        let file = sqlite_file(path);
        let run = file.execute(&query, limits, self.cancel.clone());
        Ok(self.runtime.block_on(run)?.rows)
    }
}
