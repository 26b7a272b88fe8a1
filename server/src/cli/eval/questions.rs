//! The files: questions with their golds, predictions.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::model::ModelRun;

/// A question of a file.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    pub(super) id: serde_json::Value,
    pub(super) question: String,
    pub(super) db_file: String,
    #[serde(default)]
    pub(super) db_id: String,
    #[serde(default)]
    pub(super) gold: String,
    /// What is said of its words, such as `big spender refers to total_amount > 1000`.
    #[serde(default)]
    pub(super) evidence: String,
    /// The question's own word for how hard it is.
    #[serde(default)]
    pub(super) difficulty: Option<String>,
}

impl Asked {
    /// The database's name for people.
    pub(super) fn database(&self) -> &str {
        if self.db_id.is_empty() { &self.db_file } else { &self.db_id }
    }

    /// The identifier for people.
    pub(super) fn name(&self) -> String {
        self.id.as_str().map_or_else(|| self.id.to_string(), str::to_owned)
    }
}

/// What was answered to a question.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Prediction {
    pub(super) id: serde_json::Value,
    /// None for no answer.
    #[serde(default)]
    pub(super) query: Option<String>,
    #[serde(default)]
    pub(super) confidence: f64,
    #[serde(default)]
    pub(super) latency_ms: f64,
    /// What the pipeline tells besides, when a model answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<ModelRun>,
}

/// The first objects of a file of JSON lines.
pub(super) fn read_lines<T: DeserializeOwned>(path: &Path, most: Option<usize>) -> Result<Vec<T>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .take(most.unwrap_or(usize::MAX))
        .map(|(at, line)| serde_json::from_str(line).with_context(|| format!("line {} of {}", at + 1, path.display())))
        .collect()
}

/// Writes objects as JSON lines.
pub(super) fn write_lines<T: Serialize>(path: &Path, rows: &[T]) -> Result<()> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut out = BufWriter::new(file);
    for row in rows {
        serde_json::to_writer(&mut out, row)?;
        out.write_all(b"\n")?;
    }
    out.flush().with_context(|| format!("cannot write {}", path.display()))
}
