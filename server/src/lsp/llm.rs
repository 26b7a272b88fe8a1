//! `nlq/llm/complete`: a model of the editor's own is asked through the client. The pipeline waits for the reply in a task of
//! its own, never a handler that others stand behind.

use std::{fmt, sync::Arc};

use dashmap::DashMap;
use nlq_llm::{EditorFailure, EditorFailureKind, EditorReply, EditorRequest, EditorTransport, OnText};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;
use tower_lsp_server::{
    Client,
    jsonrpc::{Error, Id, Request},
    ls_types::{CancelParams, NumberOrString, notification::Cancel},
};
use tower_service::Service;

use super::backend::Backend;

/// The client's models.
#[derive(Clone)]
pub(super) struct EditorModels {
    client: Client,
    listeners: Listeners,
}

/// Who listens to the pieces of the replies that are under way.
pub(super) type Listeners = Arc<DashMap<String, UnboundedSender<String>>>;

impl EditorModels {
    pub(super) fn new(client: Client, listeners: Listeners) -> Self {
        Self { client, listeners }
    }
}

#[async_trait::async_trait]
impl EditorTransport for EditorModels {
    async fn complete(
        &self,
        mut request: EditorRequest,
        on_text: OnText<'_>,
        cancel: CancellationToken,
    ) -> Result<EditorReply, EditorFailure> {
        let id = self.client.next_request_id();
        // One name in all messages: a client that is told of a cancel by the request's id knows what to stop.
        request.id = id.to_string();
        let (sender, mut pieces) = unbounded_channel();
        self.listeners.insert(request.id.clone(), sender);
        let mut under_way = UnderWay { models: self, id: id.clone(), replied: false };
        let request = Request::build("nlq/llm/complete").id(id).params(json!(request)).finish();
        let reply = self.client.clone().call(request);
        tokio::pin!(reply);
        let reply = loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(failure(EditorFailureKind::Cancelled, "")),
                Some(piece) = pieces.recv() => on_text(&piece),
                reply = &mut reply => break reply,
            }
        };
        under_way.replied = true;
        match reply.ok().flatten().map(|reply| reply.into_parts().1) {
            Some(Ok(said)) => serde_json::from_value(said).map_err(|error| {
                failure(EditorFailureKind::Failed, &format!("its reply is not what nlq/llm/complete asks for: {error}"))
            }),
            Some(Err(error)) => Err(failed(error)),
            None => Err(failure(EditorFailureKind::Failed, "it went away")),
        }
    }
}

fn failure(kind: EditorFailureKind, message: &str) -> EditorFailure {
    EditorFailure { kind, message: message.to_owned() }
}

/// An error of the client, with the kind that its data names.
fn failed(error: Error) -> EditorFailure {
    let kind = error.data.as_ref().and_then(|data| data.get("kind")).cloned().unwrap_or(Value::Null);
    failure(serde_json::from_value(kind).unwrap_or(EditorFailureKind::Failed), &error.message)
}

/// A request that the client works on; dropped before the reply, it ends the client's work too.
struct UnderWay<'a> {
    models: &'a EditorModels,
    id: Id,
    replied: bool,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.models.listeners.remove(&self.id.to_string());
        let (false, Id::Number(id)) = (self.replied, &self.id) else { return };
        let Ok(id) = i32::try_from(*id) else { return };
        let client = self.models.client.clone();
        tokio::spawn(async move {
            client.send_notification::<Cancel>(CancelParams { id: NumberOrString::Number(id) }).await;
        });
    }
}

/// `nlq/llm/delta`
#[derive(Debug, Deserialize)]
pub(super) struct Piece {
    id: String,
    text: String,
}

impl Backend {
    #[allow(clippy::unused_async, reason = "the router takes async functions")]
    pub(super) async fn llm_delta(&self, piece: Piece) {
        if let Some(listener) = self.state.listeners.get(&piece.id) {
            // Nobody listens: the reply was whole, or is not wanted any more.
            let _ = listener.send(piece.text);
        }
    }
}

impl fmt::Debug for EditorModels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EditorModels")
    }
}
