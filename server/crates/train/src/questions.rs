//! The questions and the schemas that they are asked of.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use chrono::NaiveDate;
use nlq_catalog::Annotations;
use nlq_engine::{Engine, SchemaIndex, Settings, Weights};
use nlq_providers::SchemaOptions;
use serde::Deserialize;

/// "Today" while training: any fixed day.
pub(crate) fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 1).unwrap_or_default()
}

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    pub(crate) id: String,
    pub(crate) question: String,
    pub(crate) db_id: String,
    pub(crate) db_file: String,
    pub(crate) gold: String,
}

/// The questions of files, a JSON object a line.
pub(crate) fn read(files: &[PathBuf]) -> Result<Vec<Asked>> {
    let mut all = Vec::new();
    for file in files {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        for (at, line) in text.lines().enumerate() {
            let asked = serde_json::from_str(line).with_context(|| format!("line {} of {}", at + 1, file.display()))?;
            all.push(asked);
        }
    }
    Ok(all)
}

/// The schema of every database that is asked, by its file.
pub(crate) async fn indexes(asked: &[Asked], databases: &Path) -> Result<BTreeMap<String, SchemaIndex>> {
    let mut all = BTreeMap::new();
    for question in asked {
        if !all.contains_key(&question.db_file) {
            let path = databases.join(&question.db_file);
            let options = SchemaOptions { sample_values: true, annotations: &Annotations::default() };
            let catalog = nlq_providers::sqlite_catalog(&path, options)
                .await
                .with_context(|| format!("cannot read {}", path.display()))?;
            all.insert(question.db_file.clone(), SchemaIndex::new(Arc::new(catalog), Arc::default()));
        }
    }
    Ok(all)
}

/// The engine for each database: one whose weights have not seen it.
pub(crate) struct Folds {
    of: BTreeMap<String, PathBuf>,
    engines: BTreeMap<PathBuf, Engine>,
}

impl Folds {
    /// From a JSON object: the folder of the weights for each database.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let of: BTreeMap<String, PathBuf> = serde_json::from_str(&text)?;
        let mut engines = BTreeMap::new();
        for folder in of.values() {
            if !engines.contains_key(folder) {
                let engine = Engine::with_weights(Settings::default(), Arc::new(Weights::read(folder)?));
                engines.insert(folder.clone(), engine);
            }
        }
        Ok(Self { of, engines })
    }

    pub(crate) fn engine(&self, database: &str) -> Option<&Engine> {
        self.engines.get(self.of.get(database)?)
    }
}
