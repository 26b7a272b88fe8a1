//! Diagnostics: pushed to clients that do not ask, given to those that do, and refreshed when something beside the
//! document changed.

use nlq_ide::Snapshot;
use tower_lsp_server::ls_types as lsp;

use super::{
    backend::Backend,
    convert,
    documents::{self, Kind, Open},
};

/// Everything to say about one open document.
pub(super) fn diagnostics(open: &Open, snapshot: &Snapshot) -> Vec<nlq_text::Diagnostic> {
    let mut found = match open.kind {
        Kind::Prompts => nlq_ide::diagnostics(snapshot),
        Kind::Config => nlq_ide::config_diagnostics(open.document.text()),
        Kind::Annotations => nlq_ide::annotation_diagnostics(open.document.text(), &snapshot.workspace),
        Kind::Examples => {
            let path = documents::path(&open.uri).unwrap_or_default();
            nlq_ide::example_diagnostics(open.document.text(), &path, &snapshot.workspace)
        }
        Kind::Templates => {
            let path = documents::path(&open.uri).unwrap_or_default();
            nlq_ide::prompt_file_diagnostics(open.document.text(), &path)
        }
    };
    found.truncate(nlq_ide::MAX_DIAGNOSTICS);
    found
}

impl Backend {
    /// Publishes a document's diagnostics in the background, unless the client pulls them. Coalesces: while one task is
    /// at work later changes only make it look again, and only the newest version is published.
    pub(super) fn publish(&self, uri: &lsp::Uri) {
        if self.state.negotiated().pulls_diagnostics {
            return;
        }
        match self.state.documents().get_mut(uri) {
            Some(open) if !open.publishing => open.publishing = true,
            _ => return,
        }
        let (backend, uri) = (self.clone(), uri.clone());
        tokio::spawn(async move {
            while let Some((open, snapshot)) = backend.state.snapshot(&uri) {
                let encoding = backend.state.encoding();
                let (version, echoed) = (open.version, open.uri.clone());
                let compute = move || {
                    let convert = |one: &nlq_text::Diagnostic| convert::diagnostic(&open.document, one, encoding);
                    diagnostics(&open, &snapshot).iter().map(convert).collect::<Vec<_>>()
                };
                // A panic there is a bug in one feature: nothing is published for this version, the server lives on.
                let computed = tokio::task::spawn_blocking(compute).await;
                {
                    let mut documents = backend.state.documents();
                    match documents.get_mut(&uri) {
                        Some(open) if open.version == version => open.publishing = false,
                        Some(_) => continue,
                        None => return,
                    }
                }
                match computed {
                    Ok(found) => backend.client.publish_diagnostics(echoed, found, Some(version)).await,
                    Err(error) => tracing::error!("diagnostics of {}: {error}", uri.as_str()),
                }
                return;
            }
        });
    }

    /// Something beside the documents changed (schema, annotations, configuration, trust, a run): shows it everywhere.
    pub(super) fn refresh_all(&self) {
        let uris: Vec<lsp::Uri> = self.state.documents().all().map(|open| open.uri.clone()).collect();
        for uri in &uris {
            self.publish(uri);
        }
        let (client, negotiated) = (self.client.clone(), self.state.negotiated());
        tokio::spawn(async move {
            // A client that answers with an error has nothing to refresh.
            if negotiated.pulls_diagnostics && negotiated.refreshes_diagnostics {
                let _ = client.workspace_diagnostic_refresh().await;
            }
            if negotiated.refreshes_tokens {
                let _ = client.semantic_tokens_refresh().await;
            }
            if negotiated.refreshes_lenses {
                let _ = client.code_lens_refresh().await;
            }
            if negotiated.refreshes_hints {
                let _ = client.inlay_hint_refresh().await;
            }
        });
    }

    /// Takes back what was published for a closed document.
    pub(super) fn unpublish(&self, uri: &lsp::Uri) {
        if !self.state.negotiated().pulls_diagnostics {
            let (client, uri) = (self.client.clone(), uri.clone());
            tokio::spawn(async move { client.publish_diagnostics(uri, Vec::new(), None).await });
        }
    }
}
