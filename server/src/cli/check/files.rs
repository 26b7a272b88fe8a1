use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use nlq_config::{CONFIG_FILE, Workspace, is_example_file, is_prompt_file};
use nlq_ide::WorkspaceView;
use nlq_syntax::Language;
use walkdir::{DirEntry, WalkDir};

use crate::cli::error::CliError;

/// Larger files are generated; editors refuse them as well.
const MAX_BYTES: u64 = 16 << 20;

/// Folders of things that nobody here wrote. Hidden folders are passed over too.
const SKIPPED: [&str; 4] = ["node_modules", "target", "__pycache__", "venv"];

/// A file that may have something of nlq's in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Config,
    Annotations,
    Examples,
    /// What models are told.
    Templates,
    Document(Language),
}

/// The files at or below `path` that belong to the workspace of `view`. Symbolic links are not followed.
pub(super) fn find(path: &Path, view: &WorkspaceView) -> Result<Vec<Found>, CliError> {
    let mut found = Vec::new();
    for entry in WalkDir::new(path).sort_by_file_name().into_iter().filter_entry(|entry| enters(entry, view)) {
        let entry = entry.map_err(|error| CliError::Usage(format!("cannot read a folder: {error}")))?;
        if entry.file_type().is_file()
            && let Some(kind) = kind(entry.path(), view)
        {
            found.push(Found { path: entry.into_path(), kind });
        }
    }
    // They stand in a hidden folder, which is not walked into.
    let examples = view.example_files.iter().filter(|source| source.path.starts_with(path));
    found.extend(examples.map(|source| Found { path: source.path.clone(), kind: Kind::Examples }));
    let prompts = view.root.iter().flat_map(|root| Workspace { root: root.clone() }.prompt_files());
    found.extend(prompts.filter(|file| file.starts_with(path)).map(|path| Found { path, kind: Kind::Templates }));
    Ok(found)
}

fn enters(entry: &DirEntry, view: &WorkspaceView) -> bool {
    if entry.depth() == 0 {
        return true;
    }
    let name = entry.file_name().to_string_lossy();
    if name.starts_with('.') {
        return false;
    }
    if !entry.file_type().is_dir() {
        return true;
    }
    // A folder with its own nlq.yaml is another workspace with other connections.
    let other = view.root.as_deref() != Some(entry.path()) && entry.path().join(CONFIG_FILE).is_file();
    !SKIPPED.contains(&name.as_ref()) && !other
}

fn kind(path: &Path, view: &WorkspaceView) -> Option<Kind> {
    if path.file_name() == Some(OsStr::new(CONFIG_FILE)) && path.parent() == view.root.as_deref() {
        return Some(Kind::Config);
    }
    if view.annotation_files.iter().any(|source| source.path == path) {
        return Some(Kind::Annotations);
    }
    // A file that is named itself is met on the walk as well.
    if is_example_file(path) {
        return Some(Kind::Examples);
    }
    if is_prompt_file(path) {
        return Some(Kind::Templates);
    }
    Language::from_path(path).map(Kind::Document)
}

/// A file's text, or one sentence why it is passed over.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("this file cannot be read: {error}");
    if fs::metadata(path).map_err(failed)?.len() > MAX_BYTES {
        return Err(format!("this file is larger than {} MiB and was not checked", MAX_BYTES >> 20));
    }
    String::from_utf8(fs::read(path).map_err(failed)?)
        .map_err(|_| "this file is not UTF-8 text and was not checked".to_owned())
}

/// False when a look at the text shows that parsing it would find nothing: most files of a repository.
pub(super) fn may_hold_prompts(text: &str, language: Language, trigger: &str) -> bool {
    let holds = |word: &str| {
        let word = word.as_bytes();
        !word.is_empty() && text.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word))
    };
    language == Language::Nlq || holds(trigger) || holds("nlq-file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_folders_and_other_workspaces_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for file in
            ["nlq.yaml", "a.sql", "sub/b.py", ".git/c.sql", "node_modules/d.js", "other/nlq.yaml", "other/e.sql"]
        {
            fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            fs::write(root.join(file), "").unwrap();
        }
        let view = WorkspaceView { root: Some(root.to_owned()), ..WorkspaceView::default() };
        let found = find(root, &view).unwrap();
        let names: Vec<_> = found.iter().map(|f| f.path.strip_prefix(root).unwrap().display().to_string()).collect();
        assert_eq!(names, ["a.sql", "nlq.yaml", "sub/b.py"]);
    }

    #[test]
    fn text_that_is_not_text_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.sql");
        fs::write(&file, [0xff, 0xfe, 0]).unwrap();
        assert!(read(&file).unwrap_err().contains("UTF-8"));
    }
}
