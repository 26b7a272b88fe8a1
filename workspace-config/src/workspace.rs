use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use walkdir::{DirEntry, WalkDir};

use crate::{Config, ConnectionRef};

/// The file that makes a folder a workspace.
pub const CONFIG_FILE: &str = "nlq.yaml";

/// The folder of reviewed examples.
const EXAMPLES: &str = ".nlq/examples";

/// The folder of the workspace's own prompts.
const PROMPTS: &str = ".nlq/prompts";

/// Files and folders looked at for annotations at most: a large repository has tens of thousands; a home folder that
/// someone made a workspace has millions.
const MAX_VISITED: usize = 100_000;

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

    /// The example files, sorted.
    pub fn example_files(&self) -> Vec<PathBuf> {
        yaml_files(&self.root.join(EXAMPLES))
    }

    /// The workspace's own prompts, sorted.
    pub fn prompt_files(&self) -> Vec<PathBuf> {
        yaml_files(&self.root.join(PROMPTS))
    }

    /// The annotation files that the configuration's globs name, sorted; hidden folders, `node_modules` and `target`
    /// are passed over.
    pub fn annotation_files(&self, config: &Config) -> Vec<PathBuf> {
        let globs = globs(&config.annotations);
        let walk = WalkDir::new(&self.root).into_iter().filter_entry(|entry| entry.depth() == 0 || !passed_over(entry));
        let mut files: Vec<PathBuf> = walk
            .take(MAX_VISITED)
            .filter_map(Result::ok)
            .filter(|entry| entry.path().strip_prefix(&self.root).is_ok_and(|path| globs.is_match(path)))
            .filter(|entry| entry.path().is_file())
            .map(DirEntry::into_path)
            .collect();
        files.sort();
        files
    }
}

/// True for a YAML file in a folder `.nlq/examples`.
pub fn is_example_file(path: &Path) -> bool {
    is_yaml(path) && path.parent().is_some_and(|folder| folder.ends_with(EXAMPLES))
}

/// True for a YAML file in a folder `.nlq/prompts`.
pub fn is_prompt_file(path: &Path) -> bool {
    is_yaml(path) && path.parent().is_some_and(|folder| folder.ends_with(PROMPTS))
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| is_yaml(path)).collect();
    files.sort();
    files
}

fn passed_over(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    entry.file_type().is_dir() && (name.starts_with('.') || name == "node_modules" || name == "target")
}

/// Patterns that are no globs have their diagnostic in `nlq.yaml`.
fn globs(patterns: &[String]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
        if let Ok(glob) = GlobBuilder::new(pattern).literal_separator(true).build() {
            set.add(glob);
        }
    }
    set.build().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn annotation_files_are_found_by_glob_outside_of_built_and_hidden_folders() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "a.annotations.yaml",
            "x/ü.annotations.yaml",
            ".git/b.annotations.yaml",
            "node_modules/c.annotations.yaml",
            "target/d.annotations.yaml",
            "x/other.yaml",
        ];
        for name in names {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let workspace = Workspace { root: folder.path().to_owned() };
        let found = |globs: &[&str]| -> Vec<String> {
            let annotations = globs.iter().map(|&glob| glob.into()).collect();
            let config = Config { annotations, ..Config::default() };
            let files = workspace.annotation_files(&config).into_iter();
            files.map(|file| file.strip_prefix(folder.path()).unwrap().display().to_string()).collect()
        };
        assert_eq!(found(&["**/*.annotations.yaml"]), ["a.annotations.yaml", "x/ü.annotations.yaml"]);
        assert_eq!(found(&["*.annotations.yaml"]), ["a.annotations.yaml"]);
        assert_eq!(found(&["./x/*.yaml", "[broken"]), ["x/other.yaml", "x/ü.annotations.yaml"]);
    }
}
