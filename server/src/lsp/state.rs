//! What the server knows, behind short std locks.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use dashmap::DashMap;
use nlq_config::{TrustStore, Workspace};
use nlq_ide::{Options, Snapshot};
use nlq_llm::EditorTransport;
use nlq_text::Encoding;
use tokio_util::sync::CancellationToken;
use tower_lsp_server::ls_types::{ProgressToken, Uri};

use super::{
    capabilities::Negotiated,
    documents::{Documents, Open},
    llm::Listeners,
    progress::Cancellable,
};
use crate::session::{EditorTrust, Session};

/// Shared by all handlers.
#[derive(Debug, Default)]
pub(super) struct State {
    negotiated: RwLock<Negotiated>,
    documents: Mutex<Documents>,
    sessions: Mutex<HashMap<PathBuf, Arc<Session>>>,
    cancellable: Arc<DashMap<String, CancellationToken>>,
    tokens: AtomicU64,
    /// The client's language models, when it lends them.
    pub(super) editor_models: OnceLock<Arc<dyn EditorTransport>>,
    /// Who listens to the replies of those models that are under way.
    pub(super) listeners: Listeners,
    /// The last status sent, so that it is sent only when it changes.
    pub(super) last_status: Mutex<Option<serde_json::Value>>,
}

impl State {
    pub(super) fn negotiated(&self) -> Negotiated {
        *self.negotiated.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn negotiate(&self, change: impl FnOnce(&mut Negotiated)) {
        change(&mut self.negotiated.write().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.negotiated().encoding
    }

    pub(super) fn documents(&self) -> MutexGuard<'_, Documents> {
        self.documents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sessions_lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Arc<Session>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sessions of all workspaces that documents were opened from.
    pub(super) fn sessions(&self) -> Vec<Arc<Session>> {
        self.sessions_lock().values().cloned().collect()
    }

    /// The session of the workspace that a path is in, opened (files only) when it is the first.
    pub(super) fn session(&self, path: &Path) -> Option<Arc<Session>> {
        let root = Workspace::discover(path)?.root;
        let trust = self.negotiated().trust;
        let mut sessions = self.sessions_lock();
        let editor = self.editor_models.get().cloned();
        let open = || Arc::new(Session::open_in_editor(&root, TrustStore::open(), trust, editor));
        Some(Arc::clone(sessions.entry(root.clone()).or_insert_with(open)))
    }

    pub(super) fn set_trust(&self, trust: EditorTrust) {
        self.negotiate(|negotiated| negotiated.trust = trust);
        self.sessions().iter().for_each(|session| session.set_editor_trust(trust));
    }

    /// An open document with the snapshot that features work on.
    pub(super) fn snapshot(&self, uri: &Uri) -> Option<(Open, Snapshot)> {
        let open = self.documents().get(uri)?.clone();
        let snapshot = self.snapshot_of(&open);
        Some((open, snapshot))
    }

    pub(super) fn snapshot_of(&self, open: &Open) -> Snapshot {
        let settings = self.negotiated().settings;
        Snapshot {
            document: Arc::clone(&open.document),
            workspace: open.session.as_ref().map(|session| session.view()).unwrap_or_default(),
            runs: Arc::clone(&open.runs),
            today: chrono::Local::now().date_naive(),
            options: Options {
                all_statements: settings.all_statements,
                inlay_hints: settings.inlay_hints,
                code_lens: settings.code_lens,
            },
        }
    }

    /// True while the document is open at this version.
    pub(super) fn is_at(&self, uri: &Uri, version: i32) -> bool {
        self.documents().get(uri).is_some_and(|open| open.version == version)
    }

    /// A fresh progress token.
    pub(super) fn next_token(&self) -> String {
        format!("nlq/{}", self.tokens.fetch_add(1, Ordering::Relaxed))
    }

    /// Lets the client's `window/workDoneProgress/cancel` reach `cancel` until the result is called.
    pub(super) fn cancellable(&self, token: &ProgressToken, cancel: &CancellationToken) -> Cancellable {
        let key = token_key(token);
        self.cancellable.insert(key.clone(), cancel.clone());
        let map = Arc::clone(&self.cancellable);
        Cancellable {
            forget: Box::new(move || {
                map.remove(&key);
            }),
        }
    }

    pub(super) fn cancel(&self, token: &ProgressToken) {
        if let Some(cancel) = self.cancellable.get(&token_key(token)) {
            cancel.cancel();
        }
    }
}

/// A number and a string that look alike are different tokens.
fn token_key(token: &ProgressToken) -> String {
    match token {
        ProgressToken::Number(number) => format!("#{number}"),
        ProgressToken::String(text) => text.clone(),
    }
}
