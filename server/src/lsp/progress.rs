//! Work-done progress: shown under the client's own token at once, or under ours when the work takes long enough to be
//! noticed. Dropping it ends it; nothing here is ever awaited by a handler.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tower_lsp_server::{
    Client,
    ls_types::{
        ProgressParams, ProgressParamsValue, ProgressToken, WorkDoneProgress, WorkDoneProgressBegin,
        WorkDoneProgressEnd, WorkDoneProgressReport, notification::Progress as ProgressNotification,
    },
};

use super::state::State;

/// Work that ends sooner shows nothing: a flash of a progress bar is noise.
const NOTICEABLE: Duration = Duration::from_millis(200);

/// A running piece of work.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    messages: mpsc::UnboundedSender<String>,
    pub(super) cancel: CancellationToken,
}

impl Progress {
    /// Begins. `token` is the client's, if it sent one with the request.
    pub(super) fn begin(client: &Client, state: &State, title: &str, token: Option<ProgressToken>) -> Self {
        let (messages, receiver) = mpsc::unbounded_channel();
        let cancel = CancellationToken::new();
        let show = Show { client: client.clone(), title: title.to_owned(), receiver };
        let progress = Self { messages, cancel };
        if let Some(token) = token {
            let keep = state.cancellable(&token, &progress.cancel);
            tokio::spawn(show.run(token, None, keep));
        } else if state.negotiated().shows_progress {
            // Zed takes string tokens only.
            let token = ProgressToken::String(state.next_token());
            let keep = state.cancellable(&token, &progress.cancel);
            tokio::spawn(show.run(token, Some(NOTICEABLE), keep));
        }
        progress
    }

    /// Tells what is being done, in a few words.
    pub(super) fn report(&self, message: &str) {
        // No receiver: the client shows no progress.
        let _ = self.messages.send(message.to_owned());
    }
}

/// Keeps a token cancellable until dropped.
pub(super) struct Cancellable {
    pub(super) forget: Box<dyn FnOnce() + Send>,
}

struct Show {
    client: Client,
    title: String,
    receiver: mpsc::UnboundedReceiver<String>,
}

impl Show {
    async fn run(mut self, token: ProgressToken, delay: Option<Duration>, keep: Cancellable) {
        let mut first = None;
        if let Some(delay) = delay {
            let wait = tokio::time::sleep(delay);
            tokio::pin!(wait);
            loop {
                tokio::select! {
                    () = &mut wait => break,
                    message = self.receiver.recv() => match message {
                        Some(message) => first = Some(message),
                        None => return (keep.forget)(),
                    },
                }
            }
            if self.client.create_work_done_progress(token.clone()).await.is_err() {
                return (keep.forget)();
            }
        }
        let begin = WorkDoneProgressBegin {
            title: self.title.clone(),
            cancellable: Some(true),
            message: first,
            percentage: None,
        };
        self.send(&token, WorkDoneProgress::Begin(begin)).await;
        while let Some(message) = self.receiver.recv().await {
            let report = WorkDoneProgressReport { cancellable: Some(true), message: Some(message), percentage: None };
            self.send(&token, WorkDoneProgress::Report(report)).await;
        }
        self.send(&token, WorkDoneProgress::End(WorkDoneProgressEnd { message: None })).await;
        (keep.forget)();
    }

    async fn send(&self, token: &ProgressToken, value: WorkDoneProgress) {
        let params = ProgressParams { token: token.clone(), value: ProgressParamsValue::WorkDone(value) };
        self.client.send_notification::<ProgressNotification>(params).await;
    }
}
