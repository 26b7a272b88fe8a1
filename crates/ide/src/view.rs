use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use chrono::NaiveDate;
use nlq_catalog::{Annotations, Dialect};
use nlq_config::{AnnotationFile, Config, ConnectionRef};
use nlq_engine::{Answer, Engine, SchemaIndex};
use nlq_syntax::Document;
use nlq_text::Diagnostic;

use crate::memo::Memo;

/// One document in its workspace, at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The document.
    pub document: Arc<Document>,
    /// The workspace it belongs to; an empty view for a file outside any.
    pub workspace: Arc<WorkspaceView>,
    /// Results of queries of this document that were run in this session, by query text.
    pub runs: Arc<BTreeMap<String, LastRun>>,
    /// What "today" is.
    pub today: NaiveDate,
}

/// How the last run of a query went.
#[derive(Debug, Clone, PartialEq)]
pub struct LastRun {
    /// Rows that came.
    pub rows: usize,
    /// True when a limit cut them.
    pub truncated: bool,
    /// How long the system took.
    pub elapsed: Duration,
    /// What the system said against it.
    pub error: Option<String>,
}

/// What is known of a workspace: its files, read and merged.
#[derive(Debug, Default)]
pub struct WorkspaceView {
    /// Its folder; none for a file outside any workspace.
    pub root: Option<PathBuf>,
    /// `nlq.yaml`.
    pub config: Arc<Config>,
    /// What is wrong with `nlq.yaml`.
    pub config_diagnostics: Vec<Diagnostic>,
    /// Whether its present content may act.
    pub trusted: bool,
    /// Annotation files in order.
    pub annotation_files: Vec<AnnotationSource>,
    /// All of them merged.
    pub annotations: Arc<Annotations>,
    /// Connections with their schemas.
    pub connections: BTreeMap<ConnectionRef, Arc<ConnectionView>>,
    /// The embedded engine with this workspace's settings.
    pub engine: Engine,
}

/// One annotation file.
#[derive(Debug, Clone)]
pub struct AnnotationSource {
    /// Where it is.
    pub path: PathBuf,
    /// Its text.
    pub text: Arc<str>,
    /// What it says.
    pub file: Arc<AnnotationFile>,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
}

/// One connection with its schema.
#[derive(Debug)]
pub struct ConnectionView {
    /// Its name.
    pub reference: ConnectionRef,
    /// Its SQL.
    pub dialect: Dialect,
    /// Its schema, prepared for linking; none before the first snapshot.
    pub index: Option<Arc<SchemaIndex>>,
    /// Where its snapshot file is.
    pub snapshot_file: Option<PathBuf>,
    /// When its schema was read.
    pub schema_taken_at: Option<SystemTime>,
    /// How it stands.
    pub state: ConnectionState,
    /// Answers of the embedded engine to prompts of this schema: a cache, filled as features ask.
    pub(crate) answers: Memo<Answer>,
    /// Findings of the checker on queries of this schema: a cache.
    pub(crate) checks: Memo<Vec<Diagnostic>>,
}

/// How a connection stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ConnectionState {
    /// Not used in this session.
    #[default]
    Idle,
    /// Being opened or read.
    Connecting,
    /// The last use went well.
    Ready,
    /// The last use failed; the sentence says why.
    Failed(String),
}

impl ConnectionView {
    /// A connection with its schema.
    pub fn new(
        reference: ConnectionRef,
        dialect: Dialect,
        index: Option<Arc<SchemaIndex>>,
        snapshot_file: Option<PathBuf>,
        state: ConnectionState,
    ) -> Self {
        let schema_taken_at = index.as_ref().map(|index| index.catalog().taken_at.into());
        Self {
            reference,
            dialect,
            index,
            snapshot_file,
            schema_taken_at,
            state,
            answers: Memo::default(),
            checks: Memo::default(),
        }
    }

    /// The same connection and schema (and caches) in another state.
    pub fn with_state(&self, state: ConnectionState) -> Self {
        Self {
            reference: self.reference.clone(),
            dialect: self.dialect,
            index: self.index.clone(),
            snapshot_file: self.snapshot_file.clone(),
            schema_taken_at: self.schema_taken_at,
            state,
            answers: self.answers.clone(),
            checks: self.checks.clone(),
        }
    }
}
