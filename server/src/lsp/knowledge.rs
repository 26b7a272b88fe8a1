//! What a team learned and what nlq did: requests that answer with the JSON of the command line's `--json`.

use std::sync::Arc;

use nlq_knowledge::state::{AuditFilter, ConversationFilter};
use serde::Deserialize;
use serde_json::{Value, json};
use tower_lsp_server::{
    jsonrpc::{Error, ErrorCode, Result},
    ls_types::Uri,
};

use super::{backend::Backend, documents};
use crate::session::{Session, SessionError, found_json, since, stats_json};

/// Rows of a list when the client does not say how many: what a panel shows.
const ROWS: u32 = 100;
/// Examples of a search when the client does not say how many.
const EXAMPLES: usize = 5;

/// What all these requests take; each uses its part.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Params {
    /// A document of the workspace; the first workspace when none.
    uri: Option<Uri>,
    since: Option<String>,
    limit: Option<u32>,
    conversation: Option<String>,
    turn: Option<String>,
    document: Option<Uri>,
    question: String,
    connection: Option<String>,
}

impl Backend {
    pub(super) async fn conversations(&self, params: Value) -> Result<Value> {
        let (params, session) = self.asked(params)?;
        let filter = ConversationFilter {
            workspace: session.root(),
            document: params.document.as_ref().map(|uri| uri.as_str().to_owned()),
            since: params.since()?,
            limit: Some(params.limit.unwrap_or(ROWS)),
            id: None,
        };
        let state = session.state().await.map_err(failed)?;
        Ok(json!(state.conversations(&filter).await.map_err(failed)?))
    }

    pub(super) async fn turns(&self, params: Value) -> Result<Value> {
        let (params, session) = self.asked(params)?;
        let Some(id) = params.conversation else { return Err(Error::invalid_params("say which `conversation`")) };
        let state = session.state().await.map_err(failed)?;
        let filter = ConversationFilter { workspace: session.root(), id: Some(id), ..ConversationFilter::default() };
        let found = state.conversations(&filter).await.map_err(failed)?;
        let [conversation] = found.as_slice() else {
            let message = format!("{} conversations have an id that begins so", found.len());
            return Err(Error::invalid_params(message));
        };
        let turns = state.turns(&conversation.id).await.map_err(failed)?;
        Ok(json!({ "conversation": conversation, "turns": turns }))
    }

    pub(super) async fn audit(&self, params: Value) -> Result<Value> {
        let (params, session) = self.asked(params)?;
        let filter = AuditFilter {
            workspace: session.root(),
            since: params.since()?,
            limit: Some(params.limit.unwrap_or(ROWS)),
            reasoning: params.turn.is_some(),
            conversation: params.conversation,
            turn: params.turn,
        };
        let state = session.state().await.map_err(failed)?;
        Ok(json!(state.audit(&filter).await.map_err(failed)?))
    }

    pub(super) async fn metrics(&self, params: Value) -> Result<Value> {
        let (params, session) = self.asked(params)?;
        let since = params.since()?;
        let state = session.state().await.map_err(failed)?;
        let stats = state.stats(session.root().as_deref(), since).await.map_err(failed)?;
        Ok(stats_json(&stats))
    }

    #[allow(clippy::unused_async, reason = "the router takes async functions")]
    pub(super) async fn examples(&self, params: Value) -> Result<Value> {
        let (_, session) = self.asked(params)?;
        Ok(json!(session.examples().examples()))
    }

    pub(super) async fn search_examples(&self, params: Value) -> Result<Value> {
        let (params, session) = self.asked(params)?;
        let search = move || {
            let limit = params.limit.map_or(EXAMPLES, |limit| limit as usize);
            session.find_examples(&params.question, params.connection.as_deref(), limit)
        };
        let found = tokio::task::spawn_blocking(search).await.map_err(|_| Error::internal_error())?;
        Ok(found.map_err(failed)?.iter().map(found_json).collect())
    }

    /// The parameters, and the session that they are about.
    fn asked(&self, params: Value) -> Result<(Params, Arc<Session>)> {
        let params: Params =
            serde_json::from_value(params).map_err(|error| Error::invalid_params(error.to_string()))?;
        let named = params.uri.as_ref().and_then(documents::path).and_then(|path| self.state.session(&path));
        let session = named.or_else(|| self.state.sessions().into_iter().next());
        let none = || SessionError::new("no-config", "there is no nlq.yaml in this folder or above it: run `nlq init`");
        Ok((params, session.ok_or_else(none).map_err(failed)?))
    }
}

impl Params {
    fn since(&self) -> Result<Option<chrono::DateTime<chrono::Utc>>> {
        self.since.as_deref().map(since).transpose().map_err(Error::invalid_params)
    }
}

/// `RequestFailed`: the client shows it where it asked.
fn failed(error: impl std::fmt::Display) -> Error {
    Error { code: ErrorCode::ServerError(-32803), message: error.to_string().into(), data: None }
}
