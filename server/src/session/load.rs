//! Reading a workspace's files into a view. What did not change is taken over from the view before, with its caches.

use std::{
    fs,
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use nlq_catalog::{Annotations, Catalog};
use nlq_config::{
    Config, ConnectionConfig, ConnectionRef, Workspace, merge_annotations, parse_annotations, parse_config,
    parse_examples,
};
use nlq_engine::{Engine, SchemaIndex, Settings};
use nlq_ide::{AnnotationSource, ConnectionState, ConnectionView, ExampleSource, WorkspaceView};

/// Bytes of a workspace file at most; a snapshot of 10,000 tables is about 20 MB.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// Reads the workspace's files. `before` is the last view of the same workspace.
pub(super) fn load(workspace: &Workspace, config_text: &str, trusted: bool, before: &WorkspaceView) -> WorkspaceView {
    let parsed = parse_config(config_text);
    let config = Arc::new(parsed.value);
    let annotation_files = annotation_files(workspace, &config, before);
    let merged = merge_annotations(annotation_files.iter().map(|source| &*source.file));
    let annotations = if merged == *before.annotations { Arc::clone(&before.annotations) } else { Arc::new(merged) };
    let connections = config
        .connections()
        .map(|(reference, connection)| {
            // Answers that are remembered were made under the settings of their time.
            let known = before.connections.get(&reference).filter(|_| settings(&config) == settings(&before.config));
            let view = connection_view(workspace, &reference, connection, &annotations, known);
            (reference, view)
        })
        .collect();
    let engine = Engine::new(settings(&config));
    WorkspaceView {
        root: Some(workspace.root.clone()),
        config,
        config_diagnostics: parsed.diagnostics,
        trusted,
        annotation_files,
        annotations,
        example_files: example_files(workspace, before),
        connections,
        engine,
    }
}

fn settings(config: &Config) -> Settings {
    Settings {
        clarification_threshold: config.orchestrator.clarification_threshold,
        fiscal_year_start: config.fiscal_year_start,
    }
}

/// A text file of the workspace, or why it cannot be read.
pub(super) fn read(path: &Path) -> io::Result<String> {
    // Opening a pipe would wait, and a link in a repository may lead to a device that never ends.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("it is larger than {} MiB", MAX_FILE_BYTES >> 20)));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn annotation_files(workspace: &Workspace, config: &Config, before: &WorkspaceView) -> Vec<AnnotationSource> {
    let read_one = |path: std::path::PathBuf| {
        let text = match read(&path) {
            Ok(text) => text,
            Err(error) => {
                tracing::warn!("cannot read {}: {error}", path.display());
                return None;
            }
        };
        if let Some(known) = before.annotation_files.iter().find(|known| known.path == path && *known.text == *text) {
            return Some(known.clone());
        }
        let parsed = parse_annotations(&text);
        Some(AnnotationSource {
            path,
            text: text.into(),
            file: Arc::new(parsed.value),
            diagnostics: parsed.diagnostics,
        })
    };
    workspace.annotation_files(config).into_iter().filter_map(read_one).collect()
}

fn example_files(workspace: &Workspace, before: &WorkspaceView) -> Vec<ExampleSource> {
    let read_one = |path: std::path::PathBuf| {
        let text = read(&path).inspect_err(|error| tracing::warn!("cannot read {}: {error}", path.display())).ok()?;
        let known = before.example_files.iter().find(|known| known.path == path && *known.text == *text);
        let new = || ExampleSource { file: Arc::new(parse_examples(&text).value), text: text.as_str().into(), path };
        Some(known.cloned().unwrap_or_else(new))
    };
    workspace.example_files().into_iter().filter_map(read_one).collect()
}

fn connection_view(
    workspace: &Workspace,
    reference: &ConnectionRef,
    connection: &ConnectionConfig,
    annotations: &Arc<Annotations>,
    known: Option<&Arc<ConnectionView>>,
) -> Arc<ConnectionView> {
    let file = workspace.snapshot_file(reference);
    let mut state = known.map_or(ConnectionState::Idle, |known| known.state.clone());
    let catalog = match read(&file) {
        Ok(text) => match Catalog::from_snapshot(&text) {
            Ok(catalog) => Some(catalog),
            Err(error) => {
                state = ConnectionState::Failed(error.to_string());
                None
            }
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            state = ConnectionState::Failed(format!("cannot read {}: {error}", file.display()));
            None
        }
    };
    let unchanged = |known: &&Arc<ConnectionView>| {
        known.dialect == connection.kind.dialect()
            && match (&known.index, &catalog) {
                (Some(index), Some(catalog)) => {
                    **index.catalog() == *catalog && Arc::ptr_eq(index.annotations(), annotations)
                }
                (None, None) => true,
                _ => false,
            }
    };
    if let Some(known) = known.filter(unchanged) {
        return Arc::new(known.with_state(state));
    }
    let index = catalog.map(|catalog| Arc::new(SchemaIndex::new(Arc::new(catalog), Arc::clone(annotations))));
    Arc::new(ConnectionView::new(reference.clone(), connection.kind.dialect(), index, Some(file), state))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_device_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("shop.dev.json");
        std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
        assert!(read(&file).is_err());
        assert_eq!(read(&folder.path().join("none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
