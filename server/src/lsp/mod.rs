//! The language server: the only place that knows LSP.
//!
//! tower-lsp-server is the transport only. Each handler takes its snapshot or changes state before its first `.await`,
//! never awaits a client's reply, and does its work on a blocking thread or in a task of its own.

mod backend;
mod capabilities;
mod code_actions;
mod commands;
mod convert;
mod documents;
mod features;
mod generate;
mod knowledge;
mod llm;
mod progress;
mod publish;
mod resolve;
mod state;
mod status;
mod watch;

use tower_lsp_server::{LspService, Server};

use backend::Backend;

/// Requests that may be under way at once: far above what an editor sends, so that a cancel never waits behind them.
const CONCURRENCY: usize = 256;

/// Serves one client over standard input and output until it says `exit`.
pub(crate) async fn serve() -> anyhow::Result<()> {
    let (service, socket) = LspService::build(Backend::new)
        .custom_method("window/workDoneProgress/cancel", Backend::progress_cancel)
        .custom_method("nlq/didGrantTrust", Backend::did_grant_trust)
        .custom_method("nlq/llm/delta", Backend::llm_delta)
        .custom_method("nlq/status", Backend::status)
        .custom_method("nlq/conversations/list", Backend::conversations)
        .custom_method("nlq/conversations/turns", Backend::turns)
        .custom_method("nlq/audit", Backend::audit)
        .custom_method("nlq/metrics", Backend::metrics)
        .custom_method("nlq/examples/list", Backend::examples)
        .custom_method("nlq/examples/search", Backend::search_examples)
        .finish();
    Server::new(tokio::io::stdin(), tokio::io::stdout(), socket).concurrency_level(CONCURRENCY).serve(service).await;
    Ok(())
}
