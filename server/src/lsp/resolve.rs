//! `codeAction/resolve`: fills in the edit of a picked action.

use std::time::Duration;

use tower_lsp_server::{
    jsonrpc::{Error, ErrorCode, Result},
    ls_types::{CodeAction, MessageType},
};

use super::{backend::Backend, code_actions::ActionData, convert, progress::Progress};
use crate::session::SessionError;

/// Helix gives a request 20 s, others less patience than that.
const DEADLINE: Duration = Duration::from_secs(14);

impl Backend {
    pub(super) async fn resolve_action(&self, mut action: CodeAction) -> Result<CodeAction> {
        // Neovim resolves actions that already carry their edit.
        let Some(data) = action.data.clone().filter(|_| action.edit.is_none()) else { return Ok(action) };
        let data: ActionData =
            serde_json::from_value(data).map_err(|error| Error::invalid_params(error.to_string()))?;
        let Some((open, _)) = self.state.snapshot(&data.uri) else { return Err(stale()) };
        if open.version != data.version {
            return Err(stale());
        }
        let progress = Progress::begin(&self.client, &self.state, &format!("nlq: asking {}", data.connection), None);
        let _stop = progress.cancel.clone().drop_guard();
        let work = self.generate_answer(&open, data.prompt, &data.connection, data.pick, &progress);
        let result = match tokio::time::timeout(DEADLINE, work).await {
            Ok(result) => result,
            Err(_) => {
                let message = format!("{} did not answer within {} s", data.connection, DEADLINE.as_secs());
                Err(SessionError::new("timeout", message))
            }
        };
        self.send_status(Some(&data.uri));
        let generated = result.map_err(|error| self.tell(&error))?;
        if !self.state.is_at(&data.uri, data.version) {
            return Err(stale());
        }
        if let Some((kind, message)) = generated.message {
            self.show(kind, message);
        }
        let negotiated = self.state.negotiated();
        action.edit = (!generated.edits.is_empty()).then(|| {
            convert::workspace_edit(&open, &generated.edits, negotiated.encoding, negotiated.document_changes)
        });
        Ok(action)
    }

    /// An error that the user sees, as the protocol's.
    pub(super) fn tell(&self, error: &SessionError) -> Error {
        if error.code == "cancelled" {
            return Error::request_cancelled();
        }
        self.show(MessageType::ERROR, format!("nlq: {error}"));
        Error { code: ErrorCode::ServerError(-32803), message: error.to_string().into(), data: None }
    }

    /// Shows a message without waiting for it.
    pub(super) fn show(&self, kind: MessageType, message: String) {
        let client = self.client.clone();
        tokio::spawn(async move { client.show_message(kind, message).await });
    }
}

/// The document changed since the action was offered.
pub(super) fn stale() -> Error {
    let mut error = Error::content_modified();
    error.message = "the document changed in the meantime, so nothing was written; ask again".into();
    error
}
