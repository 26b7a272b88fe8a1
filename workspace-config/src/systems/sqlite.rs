use std::path::{Path, PathBuf};

use crate::{
    declared::{Key, Object, Shape},
    read::Reader,
    systems::SAMPLE_VALUES,
};

pub(super) static SQLITE: Object = Object {
    name: "sqlite",
    doc: "A SQLite file.",
    keys: &[
        Key::new("path", Shape::Text, "The database file, relative to this file. It is opened read-only.")
            .required()
            .others(&["file", "filename", "database", "url"]),
        SAMPLE_VALUES,
    ],
};

/// A SQLite file.
#[derive(Debug, Clone, PartialEq)]
pub struct SqliteConfig {
    /// Relative to the workspace.
    pub path: PathBuf,
}

impl SqliteConfig {
    pub(super) fn read(reader: Reader<'_>) -> Option<Self> {
        Some(Self { path: reader.text("path")?.into() })
    }

    pub(super) fn described(&self, root: &Path) -> String {
        root.join(&self.path).display().to_string()
    }
}
