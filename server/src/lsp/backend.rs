//! The routing table: every method nlq answers, in one place. Each handler takes its snapshot or changes state before
//! its first `.await` (tower-lsp-server starts handlers in order and then lets them race), computes on a blocking thread,
//! and answers an internal error when its computation panics.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use nlq_ide::Snapshot;
use nlq_text::Encoding;
use serde_json::Value;
use tower_lsp_server::{
    Client, LanguageServer,
    jsonrpc::{Error, Result},
    ls_types::*,
};

use super::{
    capabilities::{self, Negotiated, changed_settings},
    code_actions, convert,
    documents::{self, Open},
    features,
    llm::EditorModels,
    publish,
    state::State,
};
use crate::session::{EditorTrust, Session};

/// One client's server.
#[derive(Debug, Clone)]
pub(super) struct Backend {
    pub(super) client: Client,
    pub(super) state: Arc<State>,
}

impl Backend {
    pub(super) fn new(client: Client) -> Self {
        Self { client, state: Arc::default() }
    }

    /// Computes one feature of an open document on a blocking thread; nothing for a document that is not open.
    fn feature<T, F>(&self, uri: &Uri, compute: F) -> impl Future<Output = Result<Option<T>>> + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&Open, &Snapshot, Encoding) -> T + Send + 'static,
    {
        let found = self.state.snapshot(uri);
        let encoding = self.state.encoding();
        async move {
            let Some((open, snapshot)) = found else { return Ok(None) };
            let computed = tokio::task::spawn_blocking(move || compute(&open, &snapshot, encoding)).await;
            computed.map(Some).map_err(|error| {
                tracing::error!("a feature failed: {error}");
                Error::internal_error()
            })
        }
    }

    /// A change of state that must never end the server.
    fn guarded(change: impl FnOnce()) {
        if catch_unwind(AssertUnwindSafe(change)).is_err() {
            tracing::error!("a change of state failed; the document may be out of step until it is opened again");
        }
    }

    /// Gives every open document its workspace: after one appeared, vanished or changed its trigger.
    pub(super) fn adopt(&self) {
        for open in self.state.documents().all_mut() {
            let session = documents::path(&open.uri).and_then(|path| self.state.session(&path));
            let trigger = session.as_ref().map(|session| session.view().config.trigger.clone());
            let options = trigger.map_or_else(nlq_syntax::Options::default, |trigger| nlq_syntax::Options { trigger });
            if *open.document.options() != options {
                open.document =
                    Arc::new(nlq_syntax::Document::new(open.document.text(), open.document.language(), options));
            }
            open.session = session;
        }
    }

    /// Reads the schema of a document's connections in the background when none is known yet and the workspace may act.
    fn prepare(&self, uri: &Uri) {
        let Some((open, snapshot)) = self.state.snapshot(uri) else { return };
        let Some(session) = open.session.clone().filter(|_| snapshot.workspace.trusted) else { return };
        let wanted: std::collections::BTreeSet<_> = open
            .document
            .prompts()
            .iter()
            .filter_map(|prompt| snapshot.prompt_connection(prompt).ok())
            .filter(|view| view.index.is_none() && view.state == nlq_ide::ConnectionState::Idle)
            .map(|view| view.reference.clone())
            .collect();
        for reference in wanted {
            let (backend, session): (Self, Arc<Session>) = (self.clone(), Arc::clone(&session));
            tokio::spawn(async move {
                let title = format!("nlq: reading the schema of {reference}");
                let progress = super::progress::Progress::begin(&backend.client, &backend.state, &title, None);
                // What went wrong stands in the connection's state, which status and diagnostics show.
                if let Err(error) = session.refresh_schema(&reference, progress.cancel.clone()).await {
                    tracing::warn!("{reference}: {error}");
                }
                backend.refresh_all();
                backend.send_status(None);
            });
        }
    }

    #[allow(clippy::unused_async, reason = "the router takes async functions")]
    pub(super) async fn progress_cancel(&self, params: WorkDoneProgressCancelParams) {
        self.state.cancel(&params.token);
    }

    #[allow(clippy::unused_async, reason = "the router takes async functions")]
    pub(super) async fn did_grant_trust(&self, _: Value) {
        self.state.set_trust(EditorTrust::Granted);
        self.reload();
    }
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let negotiated = Negotiated::new(&params);
        self.state.negotiate(|state| *state = negotiated);
        if negotiated.lends_models {
            let models = EditorModels::new(self.client.clone(), Arc::clone(&self.state.listeners));
            self.state.editor_models.get_or_init(|| Arc::new(models));
        }
        let version = Some(env!("CARGO_PKG_VERSION").to_owned());
        Ok(InitializeResult {
            capabilities: capabilities::server(negotiated),
            server_info: Some(ServerInfo { name: "nlq".into(), version }),
            offset_encoding: None,
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        self.watch();
    }

    async fn shutdown(&self) -> Result<()> {
        let sessions = self.state.sessions();
        // The editor does not wait for a database: a connection that closes slowly dies with the process.
        let close = async {
            for session in sessions {
                session.close().await;
            }
        };
        let _ = tokio::time::timeout(std::time::Duration::from_millis(150), close).await;
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let uri = params.text_document.uri.clone();
        Self::guarded(|| {
            let known = self.state.sessions().len();
            let session = documents::path(&uri).and_then(|path| self.state.session(&path));
            if let Some(root) = session.as_ref().and_then(|session| session.view().root.clone())
                && self.state.sessions().len() > known
            {
                self.watch_folder(&root);
            }
            if self.state.documents().open(params.text_document, session) {
                self.publish(&uri);
                self.prepare(&uri);
                self.send_status(Some(&uri));
            }
        });
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let VersionedTextDocumentIdentifier { uri, version } = params.text_document;
        let encoding = self.state.encoding();
        Self::guarded(|| self.state.documents().change(&uri, version, params.content_changes, encoding));
        self.publish(&uri);
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        let uri = params.text_document.uri;
        let is_workspace_file =
            self.state.documents().get(&uri).is_some_and(|open| open.kind != documents::Kind::Prompts);
        // Clients that watch files tell it themselves; reading twice is cheap.
        if is_workspace_file {
            self.reload();
        }
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        let uri = params.text_document.uri;
        if self.state.documents().close(&uri) {
            self.unpublish(&uri);
        }
    }

    async fn did_change_watched_files(&self, _: DidChangeWatchedFilesParams) {
        self.reload();
    }

    async fn did_change_workspace_folders(&self, _: DidChangeWorkspaceFoldersParams) {
        // Workspaces are found from the documents; a folder that comes or goes changes no open one.
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        self.state.negotiate(|state| state.settings = changed_settings(&params.settings, state.settings));
        self.refresh_all();
    }

    async fn diagnostic(&self, params: DocumentDiagnosticParams) -> Result<DocumentDiagnosticReportResult> {
        let compute = |open: &Open, snapshot: &Snapshot, encoding: Encoding| {
            let convert = |one: &nlq_text::Diagnostic| convert::diagnostic(&open.document, one, encoding);
            publish::diagnostics(open, snapshot).iter().map(convert).collect::<Vec<_>>()
        };
        let items = self.feature(&params.text_document.uri, compute).await?.unwrap_or_default();
        let full_document_diagnostic_report = FullDocumentDiagnosticReport { result_id: None, items };
        let report = RelatedFullDocumentDiagnosticReport { related_documents: None, full_document_diagnostic_report };
        Ok(DocumentDiagnosticReportResult::Report(DocumentDiagnosticReport::Full(report)))
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position_params;
        let compute =
            move |open: &Open, snapshot: &Snapshot, encoding| features::hover(open, snapshot, position, encoding);
        Ok(self.feature(&text_document.uri, compute).await?.flatten())
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position;
        let compute =
            move |open: &Open, snapshot: &Snapshot, encoding| features::completion(open, snapshot, position, encoding);
        self.feature(&text_document.uri, compute).await
    }

    async fn goto_definition(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        let TextDocumentPositionParams { text_document, position } = params.text_document_position_params;
        let compute =
            move |open: &Open, snapshot: &Snapshot, encoding| features::definition(open, snapshot, position, encoding);
        Ok(self.feature(&text_document.uri, compute).await?.flatten().map(GotoDefinitionResponse::Scalar))
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        let negotiated = self.state.negotiated();
        let compute = move |open: &Open, snapshot: &Snapshot, _: Encoding| {
            code_actions::actions(open, snapshot, params.range, params.context.only.as_deref(), negotiated)
        };
        self.feature(&params.text_document.uri, compute).await
    }

    async fn code_action_resolve(&self, params: CodeAction) -> Result<CodeAction> {
        self.resolve_action(params).await
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        self.feature(&params.text_document.uri, |open: &Open, snapshot: &Snapshot, _| features::lenses(open, snapshot))
            .await
    }

    async fn semantic_tokens_full(&self, params: SemanticTokensParams) -> Result<Option<SemanticTokensResult>> {
        let compute = |open: &Open, snapshot: &Snapshot, encoding| features::tokens(open, snapshot, None, encoding);
        Ok(self.feature(&params.text_document.uri, compute).await?.map(SemanticTokensResult::Tokens))
    }

    async fn semantic_tokens_range(
        &self,
        params: SemanticTokensRangeParams,
    ) -> Result<Option<SemanticTokensRangeResult>> {
        let compute = move |open: &Open, snapshot: &Snapshot, encoding| {
            features::tokens(open, snapshot, Some(params.range), encoding)
        };
        Ok(self.feature(&params.text_document.uri, compute).await?.map(SemanticTokensRangeResult::Tokens))
    }

    async fn document_symbol(&self, params: DocumentSymbolParams) -> Result<Option<DocumentSymbolResponse>> {
        Ok(self.feature(&params.text_document.uri, features::symbols).await?.map(DocumentSymbolResponse::Nested))
    }

    async fn folding_range(&self, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>> {
        self.feature(&params.text_document.uri, |open: &Open, snapshot: &Snapshot, _| features::folds(open, snapshot))
            .await
    }

    async fn inlay_hint(&self, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
        let compute =
            move |open: &Open, snapshot: &Snapshot, encoding| features::hints(open, snapshot, params.range, encoding);
        self.feature(&params.text_document.uri, compute).await
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<LSPAny>> {
        self.command(params).await
    }
}
