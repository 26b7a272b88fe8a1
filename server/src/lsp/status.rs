//! `nlq/status`: the one line an editor shows of the workspace, sent when it changes and answered when asked.

use nlq_ide::{ConnectionState, WorkspaceView};
use serde_json::{Value, json};
use tower_lsp_server::ls_types::{Uri, notification::Notification};

use super::backend::Backend;

pub(super) enum Status {}

impl Notification for Status {
    type Params = Value;
    const METHOD: &'static str = "nlq/status";
}

/// `{connection, dialect, state, message, root}`; `state` is one of `idle`, `connecting`, `ready`, `failed`,
/// `untrusted`, `no-config`, `no-schema`.
pub(super) fn status(view: &WorkspaceView) -> Value {
    let Some(root) = &view.root else {
        return json!({ "connection": null, "dialect": null, "state": "no-config", "root": null,
            "message": "There is no nlq.yaml in this folder or above it: run `nlq init`." });
    };
    let root = root.display().to_string();
    let default = view.config.find_connection(None).ok().and_then(|(reference, _)| view.connections.get(&reference));
    let Some(connection) = default else {
        return json!({ "connection": null, "dialect": null, "state": "no-config", "root": root,
            "message": "nlq.yaml names no default connection." });
    };
    let name = connection.reference.to_string();
    let (state, message) = match &connection.state {
        _ if !view.trusted => ("untrusted", "Trust this workspace to let nlq connect to its databases.".to_owned()),
        ConnectionState::Failed(why) => ("failed", why.clone()),
        ConnectionState::Connecting => ("connecting", format!("Reading the schema of {name}.")),
        _ if connection.index.is_none() => ("no-schema", format!("The schema of {name} is not known yet: refresh it.")),
        ConnectionState::Idle => ("idle", format!("{name} will be connected to when it is needed.")),
        ConnectionState::Ready => ("ready", format!("{name} answers.")),
    };
    json!({ "connection": name, "dialect": connection.dialect.title(), "state": state, "message": message, "root": root })
}

impl Backend {
    fn current_status(&self, uri: Option<&Uri>) -> Value {
        let session = {
            let documents = self.state.documents();
            uri.and_then(|uri| documents.get(uri)).and_then(|open| open.session.clone())
        };
        let session = session.or_else(|| self.state.sessions().into_iter().next());
        status(&session.map(|session| session.view()).unwrap_or_default())
    }

    /// Sends the status of the document's workspace if it is not what was sent last.
    pub(super) fn send_status(&self, uri: Option<&Uri>) {
        let status = self.current_status(uri);
        let mut last = self.state.last_status.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.as_ref() != Some(&status) {
            *last = Some(status.clone());
            let client = self.client.clone();
            tokio::spawn(async move { client.send_notification::<Status>(status).await });
        }
    }

    /// The request `nlq/status` `{uri?}`.
    #[allow(clippy::unused_async, reason = "the router takes async functions")]
    pub(super) async fn status(&self, params: Value) -> tower_lsp_server::jsonrpc::Result<Value> {
        let uri: Option<Uri> = params.get("uri").and_then(Value::as_str).and_then(|uri| uri.parse().ok());
        Ok(self.current_status(uri.as_ref()))
    }
}
