//! `workspace/executeCommand`: each command takes one JSON object and answers with one.

use std::time::Duration;

use nlq_ide::LastRun;
use nlq_providers::Rows;
use serde::Deserialize;
use serde_json::{Value, json};
use tower_lsp_server::{
    jsonrpc::{Error, Result},
    ls_types::{self as lsp, ExecuteCommandParams, MessageType},
};

use super::{backend::Backend, code_actions::Pick, convert, documents::Open, progress::Progress, resolve::stale};
use crate::session::{Session, SessionError};

/// All commands.
pub(super) const NAMES: [&str; 7] = [
    "nlq.generate",
    "nlq.run",
    "nlq.explainPlan",
    "nlq.showReasoning",
    "nlq.refreshSchema",
    "nlq.testConnection",
    "nlq.trust",
];

/// A command's argument: the place in a document, as an index that a lens carries or as the cursor's position.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Argument {
    uri: Option<lsp::Uri>,
    prompt: Option<usize>,
    query: Option<usize>,
    position: Option<lsp::Position>,
    connection: Option<String>,
    pick: Option<Pick>,
}

impl Backend {
    pub(super) async fn command(&self, params: ExecuteCommandParams) -> Result<Option<Value>> {
        let argument: Argument = match params.arguments.into_iter().next() {
            Some(value) => serde_json::from_value(value).map_err(|error| Error::invalid_params(error.to_string()))?,
            None => Argument::default(),
        };
        // Snapshot before the first await.
        let open = argument.uri.as_ref().and_then(|uri| self.state.documents().get(uri).cloned());
        let token = params.work_done_progress_params.work_done_token;
        let begin = |title: &str| Progress::begin(&self.client, &self.state, title, token);
        let result = match params.command.as_str() {
            "nlq.generate" => self.generate(open, &argument, begin("nlq: generating a query")).await,
            "nlq.run" => self.run(open, &argument, begin("nlq: running the query")).await,
            "nlq.explainPlan" => self.explain_plan(open, &argument, begin("nlq: asking for the plan")).await,
            "nlq.showReasoning" => self.reasoning(open, &argument),
            "nlq.refreshSchema" => self.refresh_schema(open, &argument, begin("nlq: reading the schema")).await,
            "nlq.testConnection" => self.test_connection(open, &argument, begin("nlq: testing the connection")).await,
            "nlq.trust" => self.trust(open),
            other => return Err(Error::invalid_params(format!("nlq has no command {other}"))),
        };
        self.send_status(argument.uri.as_ref());
        result.map(Some).map_err(|error| if error.code == "stale" { stale() } else { self.tell(&error) })
    }

    /// Writes the prompt's answer by `workspace/applyEdit`, which is not waited for.
    async fn generate(&self, open: Option<Open>, argument: &Argument, progress: Progress) -> Answered {
        let _stop = progress.cancel.clone().drop_guard();
        let open = open.ok_or_else(no_document)?;
        let prompt = prompt_at(self, &open, argument)?;
        let connection = self.connection_of(&open, prompt, argument)?;
        let work = self.generate_answer(&open, prompt, &connection, argument.pick.unwrap_or(Pick::Best), &progress);
        let generated = cancellable(&progress, work).await?;
        if !self.state.is_at(&open.uri, open.version) {
            return Err(SessionError::new("stale", ""));
        }
        if let Some((kind, message)) = generated.message {
            self.show(kind, message);
        }
        let written = !generated.edits.is_empty();
        if written {
            let negotiated = self.state.negotiated();
            let edit =
                convert::workspace_edit(&open, &generated.edits, negotiated.encoding, negotiated.document_changes);
            let backend = self.clone();
            tokio::spawn(async move {
                match backend.client.apply_edit(edit).await {
                    Ok(applied) if !applied.applied => {
                        let why = applied.failure_reason.unwrap_or_else(|| "the editor refused the edit".into());
                        backend.show(MessageType::ERROR, format!("nlq: the query was not written: {why}"));
                    }
                    Ok(_) => {}
                    Err(error) => tracing::error!("workspace/applyEdit: {error}"),
                }
            });
        }
        Ok(json!({ "written": written, "connection": connection }))
    }

    async fn run(&self, open: Option<Open>, argument: &Argument, progress: Progress) -> Answered {
        let _stop = progress.cancel.clone().drop_guard();
        let open = open.ok_or_else(no_document)?;
        let (sql, connection) = self.query_of(&open, argument)?;
        let session = session(&open)?;
        let reference = session.find_connection(Some(&connection))?;
        progress.report(&connection);
        let result = session.run(&reference, &sql, None, progress.cancel.clone()).await;
        // Only what the system itself said is worth keeping beside the query.
        if !matches!(&result, Err(error) if matches!(error.code, "cancelled" | "untrusted" | "unknown-connection")) {
            self.note_run(&open, &sql, &result);
        }
        let rows = result?;
        Ok(json!({
            "connection": connection,
            "sql": sql,
            "columns": rows.columns,
            "rows": rows.rows,
            "truncated": rows.truncated,
            "elapsed_ms": rows.elapsed.as_secs_f64() * 1000.0,
        }))
    }

    /// Keeps how a run went, for hints.
    fn note_run(&self, open: &Open, sql: &str, result: &std::result::Result<Rows, SessionError>) {
        let last = match result {
            Ok(rows) => LastRun {
                rows: rows.rows.len(),
                truncated: rows.truncated.is_some(),
                elapsed: rows.elapsed,
                error: None,
            },
            Err(error) => {
                LastRun { rows: 0, truncated: false, elapsed: Duration::ZERO, error: Some(error.to_string()) }
            }
        };
        if let Some(open) = self.state.documents().get_mut(&open.uri) {
            std::sync::Arc::make_mut(&mut open.runs).insert(sql.to_owned(), last);
        }
        self.refresh_all();
    }

    async fn explain_plan(&self, open: Option<Open>, argument: &Argument, progress: Progress) -> Answered {
        let _stop = progress.cancel.clone().drop_guard();
        let open = open.ok_or_else(no_document)?;
        let (sql, connection) = self.query_of(&open, argument)?;
        let session = session(&open)?;
        let reference = session.find_connection(Some(&connection))?;
        let plan = session.explain(&reference, &sql, progress.cancel.clone()).await?;
        Ok(json!({ "connection": connection, "sql": sql, "plan": plan }))
    }

    fn reasoning(&self, open: Option<Open>, argument: &Argument) -> Answered {
        let open = open.ok_or_else(no_document)?;
        let prompt = prompt_at(self, &open, argument)?;
        let name = self.connection_of(&open, prompt, argument)?;
        let reference = session(&open)?.find_connection(Some(&name))?;
        let snapshot = self.state.snapshot_of(&open);
        let view = snapshot.workspace.connections.get(&reference).cloned();
        let Some(answer) = view.as_ref().and_then(|view| snapshot.answer(prompt, view)) else {
            return Err(SessionError::new(
                "no-schema",
                format!("no schema of {reference} is known yet: refresh it first"),
            ));
        };
        let found = &open.document.prompts()[prompt];
        let index = view.as_ref().and_then(|view| view.index.as_deref());
        let markdown = nlq_ide::reasoning_markdown(&answer, &found.text, &reference, index);
        Ok(json!({ "title": found.name, "markdown": markdown }))
    }

    async fn refresh_schema(&self, open: Option<Open>, argument: &Argument, progress: Progress) -> Answered {
        let _stop = progress.cancel.clone().drop_guard();
        let session = self.session_of(open)?;
        let reference = session.find_connection(argument.connection.as_deref())?;
        progress.report(&reference.to_string());
        let before = session.index(&reference).map(|index| index.catalog().fingerprint());
        let result = session.refresh_schema(&reference, progress.cancel.clone()).await;
        self.refresh_all();
        let catalog = result?;
        let changed = before.as_deref() != Some(&catalog.fingerprint());
        Ok(json!({ "connection": reference.to_string(), "tables": catalog.tables.len(), "changed": changed }))
    }

    async fn test_connection(&self, open: Option<Open>, argument: &Argument, progress: Progress) -> Answered {
        let _stop = progress.cancel.clone().drop_guard();
        let session = self.session_of(open)?;
        let reference = session.find_connection(argument.connection.as_deref())?;
        let result = session.validate(&reference, "SELECT 1", progress.cancel.clone()).await;
        let message = match &result {
            Ok(()) => format!("{reference} answers."),
            Err(error) => error.to_string(),
        };
        Ok(json!({ "connection": reference.to_string(), "ok": result.is_ok(), "message": message }))
    }

    fn trust(&self, open: Option<Open>) -> Answered {
        let session = self.session_of(open)?;
        session.trust()?;
        self.refresh_all();
        Ok(json!({ "trusted": session.view().trusted }))
    }

    fn session_of(&self, open: Option<Open>) -> std::result::Result<std::sync::Arc<Session>, SessionError> {
        let session = open.and_then(|open| open.session).or_else(|| self.state.sessions().into_iter().next());
        session.ok_or_else(|| {
            SessionError::new("no-config", "there is no nlq.yaml in this folder or above it: run `nlq init`")
        })
    }

    fn connection_of(
        &self,
        open: &Open,
        prompt: usize,
        argument: &Argument,
    ) -> std::result::Result<String, SessionError> {
        if let Some(connection) = &argument.connection {
            return Ok(connection.clone());
        }
        let snapshot = self.state.snapshot_of(open);
        let view = snapshot.prompt_connection(&open.document.prompts()[prompt]);
        view.map(|view| view.reference.to_string()).map_err(|message| SessionError::new("unknown-connection", message))
    }

    /// The query's text and its connection.
    fn query_of(&self, open: &Open, argument: &Argument) -> std::result::Result<(String, String), SessionError> {
        let queries = open.document.queries();
        let offset = argument.position.map(|position| convert::offset(&open.document, position, self.state.encoding()));
        let at_cursor = || {
            let offset = offset?;
            let inside = queries.iter().position(|query| query.span.touches(offset));
            let of_prompt = || open.document.prompts().iter().find(|prompt| prompt.span.touches(offset))?.answer;
            inside.or_else(of_prompt)
        };
        let Some(query) = argument.query.or_else(at_cursor).and_then(|index| queries.get(index)) else {
            return Err(SessionError::new("no-query", "there is no query here; put the cursor on one"));
        };
        let snapshot = self.state.snapshot_of(open);
        let named = || snapshot.query_connection(query).map(|view| view.reference.to_string());
        let connection = argument.connection.clone().map_or_else(named, Ok);
        Ok((query.text.clone(), connection.map_err(|message| SessionError::new("unknown-connection", message))?))
    }
}

type Answered = std::result::Result<Value, SessionError>;

/// The work, or `cancelled` as soon as the user cancels.
async fn cancellable<T>(
    progress: &Progress,
    work: impl Future<Output = std::result::Result<T, SessionError>>,
) -> std::result::Result<T, SessionError> {
    tokio::select! {
        () = progress.cancel.cancelled() => Err(SessionError::cancelled()),
        result = work => result,
    }
}

fn no_document() -> SessionError {
    SessionError::new("no-document", "the document is not open, or nlq does not know its language")
}

fn session(open: &Open) -> std::result::Result<std::sync::Arc<Session>, SessionError> {
    let none = || SessionError::new("no-config", "there is no nlq.yaml in this folder or above it: run `nlq init`");
    open.session.clone().ok_or_else(none)
}

fn prompt_at(backend: &Backend, open: &Open, argument: &Argument) -> std::result::Result<usize, SessionError> {
    let prompts = open.document.prompts();
    let offset = argument.position.map(|position| convert::offset(&open.document, position, backend.state.encoding()));
    let at_cursor = || {
        let offset = offset?;
        let answers = |prompt: &nlq_syntax::Prompt| {
            prompt
                .answer
                .and_then(|answer| open.document.queries().get(answer))
                .is_some_and(|query| query.span.touches(offset))
        };
        prompts.iter().position(|prompt| prompt.span.touches(offset) || answers(prompt))
    };
    let index = argument.prompt.or_else(at_cursor).filter(|index| *index < prompts.len());
    index.ok_or_else(|| SessionError::new("no-prompt", "there is no prompt here; put the cursor on one"))
}
