//! The databases that questions are about: their schemas, their perturbed copies, and queries run on them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use nlq_catalog::{Annotations, Catalog, Dialect};
use nlq_config::{AnnotationFile, check_annotations, parse_annotations};
use nlq_providers::{Limits, SchemaOptions, Value, sqlite_catalog, sqlite_file};
use nlq_query::guard;
use nlq_text::{Diagnostic, Severity};
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
    /// Empty unless annotations were given.
    pub(super) annotations: Arc<Annotations>,
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
    /// Reads the schemas with the annotations of the second folder, and makes perturbed copies. What cannot be read is
    /// said on standard error and left out.
    ///
    /// # Errors
    /// When an annotation file is there and has a mistake: figures with half of it would mislead.
    pub(super) async fn read(
        folder: &Path,
        annotations: Option<&Path>,
        asked: &[Asked],
        copies: usize,
    ) -> Result<Self> {
        let temporary = if copies > 0 { Some(tempfile::tempdir()?) } else { None };
        let names: BTreeMap<&str, &str> =
            asked.iter().map(|asked| (asked.db_file.as_str(), asked.database())).collect();
        let mut all = BTreeMap::new();
        for (at, (name, called)) in names.into_iter().enumerate() {
            let path = folder.join(name);
            if !path.is_file() {
                eprintln!("nlq: {} is missing: its questions stay unanswered", path.display());
                continue;
            }
            let said = annotations.map(|folder| Said::read(folder, called)).transpose()?.flatten();
            let none = Annotations::default();
            let options = SchemaOptions {
                sample_values: true,
                annotations: said.as_ref().map_or(&none, |said| &said.file.annotations),
            };
            let catalog = match sqlite_catalog(&path, options).await {
                Ok(catalog) => Arc::new(catalog),
                Err(error) => {
                    eprintln!("nlq: {}: {error}", path.display());
                    continue;
                }
            };
            let annotations = said.map(|said| said.checked(&catalog)).transpose()?.unwrap_or_default();
            let copies = match &temporary {
                Some(folder) => perturbed(&path, copies, folder.path(), at).await?,
                None => Vec::new(),
            };
            all.insert(name.to_owned(), Database { path, catalog, annotations: Arc::new(annotations), copies });
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

/// The annotation file of a database.
struct Said {
    path: PathBuf,
    text: String,
    file: AnnotationFile,
}

impl Said {
    /// `<database>.annotations.yaml`, where there is one.
    fn read(folder: &Path, database: &str) -> Result<Option<Self>> {
        let path = folder.join(format!("{database}.annotations.yaml"));
        if !path.is_file() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let parsed = parse_annotations(&text);
        let said = Self { path, text, file: parsed.value };
        said.sound(&parsed.diagnostics)?;
        Ok(Some(said))
    }

    /// The annotations, when all that they name is there.
    fn checked(self, catalog: &Catalog) -> Result<Annotations> {
        self.sound(&check_annotations(&self.file, &self.text, catalog))?;
        Ok(self.file.annotations)
    }

    fn sound(&self, found: &[Diagnostic]) -> Result<()> {
        let Some(first) = found.iter().find(|diagnostic| diagnostic.severity <= Severity::Warning) else {
            return Ok(());
        };
        let line = self.text[..first.span.start].lines().count().max(1);
        bail!("{}, line {line}: {}", self.path.display(), first.message)
    }
}

/// Runs queries from threads that are not the runtime's.
#[derive(Debug, Clone)]
pub(super) struct Runner {
    runtime: Handle,
    cancel: CancellationToken,
}

impl Runner {
    /// Must be called inside the runtime; what runs stops when `cancel` is cancelled.
    pub(super) fn new(cancel: CancellationToken) -> Self {
        Self { runtime: Handle::current(), cancel }
    }

    /// What comes of something that waits.
    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Cancelled when nothing more is to run.
    pub(super) fn cancel(&self) -> CancellationToken {
        self.cancel.clone()
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
