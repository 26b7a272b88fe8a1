//! Reading `nlq.yaml`, annotations, examples and snapshots again when they change on disk: by the client's watcher, else by ours.

use std::{path::Path, sync::Arc, time::Duration};

use nlq_config::{CONFIG_FILE, is_example_file, is_prompt_file};
use notify::{EventKind, RecursiveMode, Watcher};
use serde_json::json;
use tokio::sync::mpsc;
use tower_lsp_server::ls_types::Registration;

use super::backend::Backend;

/// Files that the client's watcher tells about.
const GLOBS: [&str; 4] =
    ["**/nlq.yaml", "**/*.annotations.{yaml,yml}", "**/.nlq/schema/*.json", "**/.nlq/examples/*.{yaml,yml}"];

/// Editors write a file in several steps; this long after the last one it is read.
const SETTLED: Duration = Duration::from_millis(100);

impl Backend {
    /// Asks the client to watch, or watches the folders of one workspace itself.
    pub(super) fn watch(&self) {
        if !self.state.negotiated().watches_files {
            return;
        }
        let watchers: Vec<_> = GLOBS.iter().map(|glob| json!({ "globPattern": glob })).collect();
        let registration = Registration {
            id: "nlq-files".into(),
            method: "workspace/didChangeWatchedFiles".into(),
            register_options: Some(json!({ "watchers": watchers })),
        };
        let client = self.client.clone();
        tokio::spawn(async move {
            if let Err(error) = client.register_capability(vec![registration]).await {
                tracing::warn!("the client does not watch files after all: {error}");
            }
        });
    }

    /// Watches a workspace's own folders, for clients that cannot. Only its root, its snapshots, its examples and the folders
    /// of its annotation files: a recursive watch of a large tree costs more than it tells.
    pub(super) fn watch_folder(&self, root: &Path) {
        if self.state.negotiated().watches_files {
            return;
        }
        let (sender, mut changes) = mpsc::unbounded_channel();
        let on_event = move |event: notify::Result<notify::Event>| {
            if let Ok(event) = event
                && !matches!(event.kind, EventKind::Access(_))
                && event.paths.iter().any(|path| is_ours(path))
            {
                // The receiver is gone only when the server ends.
                let _ = sender.send(());
            }
        };
        let mut watcher = match notify::recommended_watcher(on_event) {
            Ok(watcher) => watcher,
            Err(error) => return tracing::warn!("changes of {} are not seen: {error}", root.display()),
        };
        let view = self.state.session(root).map(|session| session.view()).unwrap_or_default();
        let annotated = view.annotation_files.iter().filter_map(|file| file.path.parent().map(Path::to_owned));
        let mut folders: Vec<_> = [root.to_owned(), root.join(".nlq/schema"), root.join(".nlq/examples")]
            .into_iter()
            .chain(annotated)
            .collect();
        folders.sort();
        folders.dedup();
        for folder in folders.iter().filter(|folder| folder.is_dir()) {
            if let Err(error) = watcher.watch(folder, RecursiveMode::NonRecursive) {
                tracing::warn!("changes in {} are not seen: {error}", folder.display());
            }
        }
        let backend = self.clone();
        tokio::spawn(async move {
            let _watcher = watcher;
            while changes.recv().await.is_some() {
                tokio::time::sleep(SETTLED).await;
                while changes.try_recv().is_ok() {}
                backend.reload();
            }
        });
    }

    /// Reads all workspaces' files again in the background and shows what came of it.
    pub(super) fn reload(&self) {
        let backend = self.clone();
        tokio::spawn(async move {
            let state = Arc::clone(&backend.state);
            let reading =
                tokio::task::spawn_blocking(move || state.sessions().iter().for_each(|session| session.reload()));
            if let Err(error) = reading.await {
                tracing::error!("reading the workspace again failed: {error}");
            }
            backend.adopt();
            backend.refresh_all();
            backend.send_status(None);
        });
    }
}

fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let snapshot = || {
        path.parent().is_some_and(|folder| folder.ends_with(".nlq/schema"))
            && path.extension().is_some_and(|extension| extension == "json")
    };
    name == CONFIG_FILE
        || name.ends_with(".annotations.yaml")
        || name.ends_with(".annotations.yml")
        || is_example_file(path)
        || is_prompt_file(path)
        || snapshot()
}
