//! A workspace at work: its files read into a [`WorkspaceView`], its connections opened when first needed, its questions
//! answered, validated and run. The command line and the language server both stand on it.

use std::{path::Path, sync::Arc};

use nlq_catalog::Catalog;
use nlq_config::{ConnectionRef, TrustStore};
use nlq_engine::Answer;
use nlq_ide::WorkspaceView;
use nlq_providers::{Limits, QueryProvider, Rows};
use nlq_text::Span;
use tokio_util::sync::CancellationToken;

/// A workspace at work.
#[derive(Debug)]
pub(crate) struct Session {
    _private: (),
}

/// One sentence: what is wrong and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct SessionError {
    /// Stable name: `untrusted`, `unknown-connection`, `no-schema`, `refused`, `syntax`, `schema`, `permission`,
    /// `connection`, `timeout`, `data`, `cancelled`, `secret`, `io`.
    pub(crate) code: &'static str,
    /// The sentence.
    pub(crate) message: String,
    /// Where in the query, when it is about one.
    pub(crate) span: Option<Span>,
}

/// A question with its context.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    /// The question.
    pub(crate) text: String,
    /// Earlier questions of the conversation, oldest first.
    pub(crate) earlier: Vec<String>,
    /// Replies to clarifications, oldest first.
    pub(crate) replies: Vec<String>,
    /// `provider/connection`, or none for the default.
    pub(crate) connection: Option<String>,
    /// Skip the real database: schema snapshot only.
    pub(crate) offline: bool,
    /// What "today" is; the local date when none.
    pub(crate) today: Option<chrono::NaiveDate>,
}

/// An answer and what validation said of it.
#[derive(Debug, Clone)]
pub(crate) struct Checked {
    /// The engine's answer; after repairs, the one that passed.
    pub(crate) answer: Answer,
    /// The connection it is for.
    pub(crate) connection: ConnectionRef,
    /// What validated it.
    pub(crate) validation: Validation,
}

/// What validation said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Validation {
    /// The system itself accepted the query.
    Passed,
    /// Checked against the snapshot only; the sentence says why the system was not asked.
    Offline(String),
    /// The system refused every reading; the last refusal.
    Failed(SessionError),
    /// There was no query to validate.
    NotApplicable,
}

impl Session {
    /// Reads the workspace at or above `path`: files only, nothing is connected. A folder without `nlq.yaml` gives an
    /// empty view whose root is none.
    pub(crate) fn open(path: &Path, trust: TrustStore) -> Self {
        let _ = (path, trust);
        Self { _private: () }
    }

    /// The present view; cheap.
    pub(crate) fn view(&self) -> Arc<WorkspaceView> {
        Arc::new(WorkspaceView::default())
    }

    /// Reads the workspace's files again (those that changed).
    pub(crate) fn reload(&self) {}

    /// Trusts the present content of `nlq.yaml`.
    pub(crate) fn trust(&self) -> Result<(), SessionError> {
        Ok(())
    }

    /// The connection's provider, opened on first use.
    pub(crate) async fn provider(&self, connection: &ConnectionRef) -> Result<Arc<dyn QueryProvider>, SessionError> {
        Err(untrusted(connection))
    }

    /// Reads the schema from the system, writes the snapshot file, and shows it in the view.
    pub(crate) async fn refresh_schema(
        &self,
        connection: &ConnectionRef,
        cancel: CancellationToken,
    ) -> Result<Arc<Catalog>, SessionError> {
        let _ = cancel;
        Err(untrusted(connection))
    }

    /// Answers a question: the engine, then validation against the system, then the next reading when it is refused
    /// (at most `max_iterations`). `progress` is told each stage in a few words.
    pub(crate) async fn ask(
        &self,
        ask: &Ask,
        cancel: CancellationToken,
        progress: &(dyn Fn(&str) + Send + Sync),
    ) -> Result<Checked, SessionError> {
        let _ = (ask, cancel, progress);
        Err(SessionError { code: "no-schema", message: String::new(), span: None })
    }

    /// Runs a query through the read-only guard.
    pub(crate) async fn run(
        &self,
        connection: &ConnectionRef,
        sql: &str,
        limits: Option<Limits>,
        cancel: CancellationToken,
    ) -> Result<Rows, SessionError> {
        let _ = (sql, limits, cancel);
        Err(untrusted(connection))
    }

    /// The system's plan for a query, through the read-only guard.
    pub(crate) async fn explain(
        &self,
        connection: &ConnectionRef,
        sql: &str,
        cancel: CancellationToken,
    ) -> Result<String, SessionError> {
        let _ = (sql, cancel);
        Err(untrusted(connection))
    }

    /// Asks the system whether a query is valid, through the read-only guard.
    pub(crate) async fn validate(
        &self,
        connection: &ConnectionRef,
        sql: &str,
        cancel: CancellationToken,
    ) -> Result<(), SessionError> {
        let _ = (sql, cancel);
        Err(untrusted(connection))
    }

    /// Closes every connection.
    pub(crate) async fn close(&self) {}
}

fn untrusted(connection: &ConnectionRef) -> SessionError {
    SessionError { code: "untrusted", message: format!("{connection} is not connected"), span: None }
}
