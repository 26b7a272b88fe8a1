//! Writes down what happens, one thing after the other, beside the work and never in its way: a state that cannot be
//! written costs the record, not the answer.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use chrono::{TimeDelta, Utc};
use nlq_config::TraceLevel;
use nlq_knowledge::state::{StateError, StateStore, TurnRecord};
use tokio::sync::{OnceCell, mpsc, oneshot};

use super::SessionError;

/// The state's file in the user's state folder.
const FILE: &str = "nlq.db";

/// At the end of the program: how long what is not yet written may take.
const FLUSH: Duration = Duration::from_secs(2);

/// One thing to write down.
#[derive(Debug)]
pub(super) enum Entry {
    /// A turn, and how much of it is kept for how many days.
    Turn { record: Arc<TurnRecord>, level: TraceLevel, days: u32 },
    /// How a query's run went.
    Run { workspace: String, connection: String, query: String, ok: bool },
    /// Everything before this is written.
    Flushed(oneshot::Sender<()>),
}

/// Where things are written down; nothing is opened before the first.
#[derive(Debug)]
pub(super) struct Recorder {
    state: State,
    entries: OnceLock<mpsc::UnboundedSender<Entry>>,
}

#[derive(Debug, Clone)]
struct State {
    /// None when the user has no folder for it.
    file: Option<PathBuf>,
    store: Arc<OnceCell<StateStore>>,
}

impl Recorder {
    pub(super) fn new(folder: Option<&Path>) -> Self {
        let state = State { file: folder.map(|folder| folder.join(FILE)), store: Arc::default() };
        Self { state, entries: OnceLock::new() }
    }

    /// The state, opened when it was not yet.
    pub(super) async fn store(&self) -> Result<StateStore, SessionError> {
        if self.state.file.is_none() {
            return Err(SessionError::new("io", "there is no folder for nlq's state: set NLQ_STATE_DIR"));
        }
        Ok(self.state.open().await?)
    }

    /// Has something written down, in its turn. Must be called inside the runtime.
    pub(super) fn note(&self, entry: Entry) {
        let entries = self.entries.get_or_init(|| {
            let (sender, entries) = mpsc::unbounded_channel();
            tokio::spawn(write(self.state.clone(), entries));
            sender
        });
        // The writer ends only with the runtime.
        let _ = entries.send(entry);
    }

    /// Waits until everything is written, and closes the state.
    pub(super) async fn close(&self) {
        if self.entries.get().is_some() {
            let (sender, flushed) = oneshot::channel();
            self.note(Entry::Flushed(sender));
            if tokio::time::timeout(FLUSH, flushed).await.is_err() {
                tracing::warn!("the last questions may not have been recorded: the state was not written in time");
            }
        }
        if let Some(store) = self.state.store.get() {
            store.close().await;
        }
    }
}

impl State {
    async fn open(&self) -> Result<StateStore, StateError> {
        let file = self.file.clone().unwrap_or_else(|| FILE.into());
        self.store.get_or_try_init(|| async move { StateStore::open(&file).await }).await.cloned()
    }
}

async fn write(state: State, mut entries: mpsc::UnboundedReceiver<Entry>) {
    let (mut pruned, mut failed) = (false, state.file.is_none());
    while let Some(entry) = entries.recv().await {
        if let Entry::Flushed(waiting) = entry {
            // Who no longer waits need not be told.
            let _ = waiting.send(());
            continue;
        }
        if failed {
            continue;
        }
        let store = match state.open().await {
            Ok(store) => store,
            Err(error) => {
                failed = true;
                tracing::warn!("questions are not recorded: {error}");
                continue;
            }
        };
        let written = match entry {
            Entry::Turn { record, level, days } => keep(&store, &record, level, days, &mut pruned).await,
            Entry::Run { workspace, connection, query, ok } => {
                store.executed(&workspace, &connection, &query, ok).await
            }
            Entry::Flushed(_) => Ok(()),
        };
        if let Err(error) = written {
            tracing::warn!("this was not recorded: {error}");
        }
    }
}

/// Stores a turn and, the first time, takes out what is too old.
async fn keep(
    store: &StateStore,
    record: &TurnRecord,
    level: TraceLevel,
    days: u32,
    pruned: &mut bool,
) -> Result<(), StateError> {
    store.record(record, level).await?;
    if !std::mem::replace(pruned, true) {
        let oldest = Utc::now() - TimeDelta::days(i64::from(days));
        store.prune(&record.workspace, oldest).await?;
    }
    Ok(())
}
