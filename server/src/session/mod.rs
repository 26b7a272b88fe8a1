//! A workspace at work: its files read into a [`WorkspaceView`], its connections opened when first needed, its questions
//! answered, validated and run. The command line and the language server both stand on it.

mod ask;
mod compared;
mod error;
mod examples;
mod load;
mod mask;
mod model;
mod record;
mod recorder;
mod reviewed;
mod since;
mod steps;
mod system;
mod telemetry;
mod unread;
mod validated;

use std::{
    borrow::Cow,
    collections::HashMap,
    fs, io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

pub(crate) use ask::{Ask, Checked, Validation};
pub(crate) use compared::{limits, runs_on, worth_running};
pub(crate) use error::SessionError;
pub(crate) use examples::found_json;
pub(crate) use model::{CALIBRATION_FILE, calls_in_words, totals};
use nlq_agents::Agents;
use nlq_catalog::{Catalog, Dialect};
use nlq_config::{ConnectionConfig, ConnectionRef, TrustState, TrustStore, Trusted, Workspace};
use nlq_engine::SchemaIndex;
use nlq_ide::{ConnectionState, ConnectionView, WorkspaceView};
use nlq_knowledge::ExampleIndex;
use nlq_llm::{EditorTransport, InMemoryLedger};
use nlq_providers::{Limits, ProblemKind, ProviderError, QueryProvider, Rows, SchemaOptions, connect};
use nlq_query::{ReadOnlyQuery, expand, guard};
pub(crate) use record::stats_json;
use recorder::Recorder;
pub(crate) use since::since;
pub(crate) use steps::{Combined, DoneStep, Stepped};
pub(crate) use system::Direct;
use telemetry::Telemetry;
use tokio_util::sync::CancellationToken;

/// A workspace at work.
#[derive(Debug)]
pub(crate) struct Session {
    workspace: Option<Workspace>,
    trust_store: TrustStore,
    state: Mutex<State>,
    examples: Arc<ExampleIndex>,
    recorder: Recorder,
    /// One schema reading at a time: a second one waits and finds it done.
    refreshing: tokio::sync::Mutex<()>,
    reloading: Mutex<()>,
    /// What models have taken.
    ledger: Arc<InMemoryLedger>,
    /// The editor's own models, in an editor that lends them.
    editor: Option<Arc<dyn EditorTransport>>,
}

#[derive(Debug, Default)]
struct State {
    view: Arc<WorkspaceView>,
    config_text: String,
    editor_trust: EditorTrust,
    trusted: Option<Trusted>,
    providers: HashMap<ConnectionRef, (ConnectionConfig, Arc<dyn QueryProvider>)>,
    /// Made at the first question that a model is to answer, under the present settings and trust.
    agents: Option<Arc<Agents>>,
    /// Begun at the first turn that is exported, under the present settings and trust.
    telemetry: Option<Telemetry>,
}

/// What a workspace's trust rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum EditorTrust {
    /// The editor has no trust of its own: only the user's store counts.
    #[default]
    Absent,
    /// The editor's user trusts the folder: content never seen before is accepted, changed content is not.
    Granted,
    /// The editor's user does not trust the folder: nothing acts.
    Refused,
}

impl Session {
    /// Reads the workspace at or above `path`: files only, nothing is connected. A folder without `nlq.yaml` gives an
    /// empty view whose root is none.
    pub(crate) fn open(path: &Path, trust_store: TrustStore) -> Self {
        Self::open_in_editor(path, trust_store, EditorTrust::Absent, None)
    }

    /// The same under an editor's own trust, with the models that it lends.
    pub(crate) fn open_in_editor(
        path: &Path,
        trust_store: TrustStore,
        trust: EditorTrust,
        editor: Option<Arc<dyn EditorTransport>>,
    ) -> Self {
        let session = Self {
            examples: Arc::new(ExampleIndex::new(Vec::new())),
            workspace: Workspace::discover(path),
            recorder: Recorder::new(trust_store.folder()),
            trust_store,
            state: Mutex::new(State { editor_trust: trust, ..State::default() }),
            refreshing: tokio::sync::Mutex::default(),
            reloading: Mutex::default(),
            ledger: Arc::new(InMemoryLedger::default()),
            editor,
        };
        session.reload();
        session
    }

    /// The present view; cheap.
    pub(crate) fn view(&self) -> Arc<WorkspaceView> {
        Arc::clone(&self.lock().view)
    }

    /// The reviewed examples, searchable; up to date with the view.
    pub(crate) fn examples(&self) -> &Arc<ExampleIndex> {
        &self.examples
    }

    /// Reads the workspace's files again; what did not change keeps its caches.
    pub(crate) fn reload(&self) {
        let Some(workspace) = &self.workspace else { return };
        // One at a time: an older reading must not bring back trust or settings that a newer one has taken away.
        let _one = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let file = workspace.config_file();
        let text = load::read(&file).unwrap_or_default();
        let trust = self.lock().editor_trust;
        let trusted = match (trust, self.trust_store.check(&file, &text)) {
            (EditorTrust::Refused, _) => None,
            (_, TrustState::Trusted(trusted)) => Some(trusted),
            (EditorTrust::Granted, TrustState::Unknown) => self.trust_store.accept(&file, &text).ok(),
            _ => None,
        };
        let before = self.view();
        let view = Arc::new(load::load(workspace, &text, trusted.is_some(), &before));
        examples::follow(&self.examples, &before, &view);
        let mut state = self.lock();
        // A connection that was changed or taken out is dropped with its provider; a workspace that lost trust keeps none.
        let config = Arc::clone(&view.config);
        let keep = trusted.is_some();
        state.providers.retain(|reference, (used, _)| {
            keep && config.connections().any(|(known, connection)| known == *reference && connection == used)
        });
        state.trusted = trusted;
        state.agents = None;
        state.telemetry = None;
        state.config_text = text;
        state.view = view;
    }

    /// Trusts the present content of `nlq.yaml`.
    pub(crate) fn trust(&self) -> Result<(), SessionError> {
        let Some(workspace) = &self.workspace else { return Err(no_workspace()) };
        let text = self.lock().config_text.clone();
        self.trust_store
            .accept(&workspace.config_file(), &text)
            .map_err(|error| SessionError::new("io", error.to_string()))?;
        self.reload();
        Ok(())
    }

    /// The editor's user changed their mind about the folder.
    pub(crate) fn set_editor_trust(&self, trust: EditorTrust) {
        self.lock().editor_trust = trust;
        self.reload();
    }

    /// Finds a connection by name, or the default one.
    pub(crate) fn find_connection(&self, name: Option<&str>) -> Result<ConnectionRef, SessionError> {
        if self.workspace.is_none() {
            return Err(no_workspace());
        }
        let view = self.view();
        let (reference, _) =
            view.config.find_connection(name).map_err(|message| SessionError::new("unknown-connection", message))?;
        Ok(reference)
    }

    /// The connection's provider, opened on first use.
    pub(crate) async fn provider(&self, reference: &ConnectionRef) -> Result<Arc<dyn QueryProvider>, SessionError> {
        let (root, connection, trusted) = {
            let state = self.lock();
            if let Some((_, provider)) = state.providers.get(reference) {
                return Ok(Arc::clone(provider));
            }
            let trusted = state.trusted.clone().ok_or_else(|| SessionError::untrusted(reference))?;
            let connection = state.view.config.find_connection(Some(&reference.to_string()));
            let (_, connection) = connection.map_err(|message| SessionError::new("unknown-connection", message))?;
            (state.view.root.clone().unwrap_or_default(), connection.clone(), trusted)
        };
        let provider = self.noting(reference, connect(&connection, &root, &trusted).await)?;
        let mut state = self.lock();
        // While secrets were resolved, trust may have gone or the connection may have become another.
        let config = Arc::clone(&state.view.config);
        let now = config.find_connection(Some(&reference.to_string()));
        if state.trusted.is_none() || now.is_err() || now.is_ok_and(|(_, now)| *now != connection) {
            let message = format!("{reference} changed while it was connected to: try again");
            return Err(SessionError::new("connection", message));
        }
        let (_, kept) = state.providers.entry(reference.clone()).or_insert((connection, provider));
        Ok(Arc::clone(kept))
    }

    /// Reads the schema from the system, writes the snapshot file, and shows it in the view.
    pub(crate) async fn refresh_schema(
        &self,
        reference: &ConnectionRef,
        cancel: CancellationToken,
    ) -> Result<Arc<Catalog>, SessionError> {
        let Some(workspace) = &self.workspace else { return Err(no_workspace()) };
        let asked = SystemTime::now();
        let _one = self.refreshing.lock().await;
        let read_meanwhile = |view: &&Arc<ConnectionView>| view.schema_taken_at.is_some_and(|taken| taken >= asked);
        if let Some(index) =
            self.view().connections.get(reference).filter(read_meanwhile).and_then(|view| view.index.clone())
        {
            return Ok(Arc::clone(index.catalog()));
        }
        let provider = self.provider(reference).await?;
        let view = self.view();
        let sample_values = view
            .config
            .find_connection(Some(&reference.to_string()))
            .is_ok_and(|(_, connection)| connection.sample_values);
        let options = SchemaOptions { sample_values, annotations: &view.annotations };
        self.set_state(reference, ConnectionState::Connecting);
        let read = self.noting(reference, provider.schema(options, cancel).await);
        if matches!(&read, Err(error) if error.code == "cancelled") {
            self.set_state(reference, ConnectionState::Idle);
        }
        let catalog = read?;
        let file = workspace.snapshot_file(reference);
        write(&file, &catalog.to_snapshot())
            .map_err(|error| SessionError::new("io", format!("cannot write {}: {error}", file.display())))?;
        let catalog = Arc::new(catalog);
        let index = Arc::new(SchemaIndex::new(Arc::clone(&catalog), Arc::clone(&view.annotations)));
        self.replace(reference, |known| {
            ConnectionView::new(
                reference.clone(),
                known.dialect,
                Some(index),
                known.snapshot_file.clone(),
                ConnectionState::Ready,
            )
        });
        Ok(catalog)
    }

    /// A query that the guard has passed, as it is sent: with what its macros stand for.
    pub(in crate::session) fn guarded(
        &self,
        reference: &ConnectionRef,
        sql: &str,
    ) -> Result<ReadOnlyQuery, SessionError> {
        let dialect = self.dialect(reference)?;
        let index = self.index(reference);
        let sent = index.as_ref().map_or(Cow::Borrowed(sql), |index| expand(sql, index.catalog()));
        guard(&sent, dialect).map_err(|refusal| {
            let error = SessionError::from(refusal);
            // A place in the expanded text is none in the user's.
            SessionError { span: error.span.filter(|_| sent == sql), ..error }
        })
    }

    /// Runs a query through the read-only guard; values of sensitive columns are masked.
    pub(crate) async fn run(
        &self,
        reference: &ConnectionRef,
        sql: &str,
        limits: Option<Limits>,
        cancel: CancellationToken,
    ) -> Result<Rows, SessionError> {
        let dialect = self.dialect(reference)?;
        let query = self.guarded(reference, sql)?;
        let agents = self.view().config.agents;
        let limits = limits.unwrap_or(Limits {
            rows: agents.max_result_rows,
            bytes: agents.max_result_bytes,
            timeout: agents.execution_timeout,
        });
        let provider = self.provider(reference).await?;
        let result = self.noting(reference, provider.execute(&query, limits, cancel).await);
        let result = result.map_err(|error| mask::mask_error(error, sql, &self.view()));
        self.note_run(reference, sql, &result);
        let mut rows = result?;
        mask::mask(&mut rows, query.text(), &self.view(), reference, dialect);
        Ok(rows)
    }

    /// The system's plan for a query, through the read-only guard.
    pub(crate) async fn explain(
        &self,
        reference: &ConnectionRef,
        sql: &str,
        cancel: CancellationToken,
    ) -> Result<String, SessionError> {
        let query = self.guarded(reference, sql)?;
        let timeout = self.view().config.agents.execution_timeout;
        let provider = self.provider(reference).await?;
        let plan = self.noting(reference, provider.explain(&query, timeout, cancel).await);
        plan.map_err(|error| mask::mask_error(error, sql, &self.view()))
    }

    /// Closes every connection, once what was recorded is written and told.
    pub(crate) async fn close(&self) {
        let telemetry = self.lock().telemetry.take();
        let told = async {
            if let Some(telemetry) = telemetry {
                telemetry.close().await;
            }
        };
        tokio::join!(self.recorder.close(), told);
        let providers: Vec<_> = self.lock().providers.drain().collect();
        for (_, (_, provider)) in providers {
            provider.close().await;
        }
    }

    /// The schema of a connection, prepared for linking, if it is known.
    pub(crate) fn index(&self, reference: &ConnectionRef) -> Option<Arc<SchemaIndex>> {
        self.view().connections.get(reference)?.index.clone()
    }

    /// True before the first snapshot, and when the snapshot is older than the settings allow and the connection was not
    /// yet used in this session.
    pub(crate) fn schema_is_missing_or_old(&self, reference: &ConnectionRef) -> bool {
        let state = self.lock();
        let ttl = state.view.config.agents.schema_ttl;
        match state.view.connections.get(reference) {
            Some(view) if view.index.is_some() => {
                let age = view.schema_taken_at.and_then(|taken| taken.elapsed().ok()).unwrap_or_default();
                age > ttl && !state.providers.contains_key(reference)
            }
            _ => true,
        }
    }

    pub(crate) fn dialect(&self, reference: &ConnectionRef) -> Result<Dialect, SessionError> {
        let view = self.view();
        let (_, connection) = view
            .config
            .find_connection(Some(&reference.to_string()))
            .map_err(|message| SessionError::new("unknown-connection", message))?;
        Ok(connection.kind.dialect())
    }

    /// Keeps in the view how the last use of a connection went.
    fn noting<T>(&self, reference: &ConnectionRef, result: Result<T, ProviderError>) -> Result<T, SessionError> {
        match &result {
            Err(ProviderError(problem)) if problem.kind == ProblemKind::Connection => {
                self.set_state(reference, ConnectionState::Failed(problem.message.clone()));
            }
            // Whatever else the system says, it was there to say it; a cancel says nothing.
            Err(ProviderError(problem)) if problem.kind == ProblemKind::Cancelled => {}
            _ => self.set_state(reference, ConnectionState::Ready),
        }
        result.map_err(SessionError::from)
    }

    fn set_state(&self, reference: &ConnectionRef, state: ConnectionState) {
        if self.view().connections.get(reference).is_some_and(|known| known.state != state) {
            self.replace(reference, |known| known.with_state(state));
        }
    }

    /// Puts a new version of one connection into the view.
    fn replace(&self, reference: &ConnectionRef, change: impl FnOnce(&ConnectionView) -> ConnectionView) {
        let mut state = self.lock();
        let Some(known) = state.view.connections.get(reference) else { return };
        let changed = Arc::new(change(known));
        let mut connections = state.view.connections.clone();
        connections.insert(reference.clone(), changed);
        state.view = Arc::new(WorkspaceView {
            root: state.view.root.clone(),
            config: Arc::clone(&state.view.config),
            config_diagnostics: state.view.config_diagnostics.clone(),
            trusted: state.view.trusted,
            annotation_files: state.view.annotation_files.clone(),
            annotations: Arc::clone(&state.view.annotations),
            example_files: state.view.example_files.clone(),
            connections,
            engine: state.view.engine.clone(),
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn no_workspace() -> SessionError {
    SessionError::new("no-config", "there is no nlq.yaml in this folder or above it: run `nlq init`")
}

/// Writes a file whole or not at all, making its folders.
fn write(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let draft = file.with_extension(format!("{}.tmp", std::process::id()));
    fs::write(&draft, text)?;
    fs::rename(&draft, file).inspect_err(|_| {
        let _ = fs::remove_file(&draft);
    })
}
