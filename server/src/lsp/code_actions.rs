//! The code-action menu: from memory, edits filled in on pick.

use nlq_ide::{ActionKind, ActionTarget, Snapshot};
use nlq_text::Encoding;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tower_lsp_server::ls_types as lsp;

use super::{
    capabilities::Negotiated,
    convert,
    documents::{Kind, Open},
    publish,
};

/// What a picked action needs to find its way back; the document's version guards against edits in between.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ActionData {
    pub(super) uri: lsp::Uri,
    pub(super) version: i32,
    pub(super) prompt: usize,
    pub(super) connection: String,
    pub(super) pick: Pick,
}

/// Which query of the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Pick {
    /// The best one.
    Best,
    /// Another reading.
    Alternative(usize),
    /// An option of the clarification.
    Option(usize),
}

/// The actions that touch a range; `only` is the client's filter.
pub(super) fn actions(
    open: &Open,
    snapshot: &Snapshot,
    range: lsp::Range,
    only: Option<&[lsp::CodeActionKind]>,
    Negotiated { encoding, document_changes: versioned, resolves_edits, .. }: Negotiated,
) -> lsp::CodeActionResponse {
    let span = convert::span(&open.document, range, encoding);
    let wanted = |kind: &lsp::CodeActionKind| {
        only.is_none_or(|only| {
            only.iter().any(|wanted| wanted.as_str().is_empty() || kind.as_str().starts_with(wanted.as_str()))
        })
    };
    if open.kind != Kind::Prompts {
        return fixes(open, snapshot, span, encoding, versioned)
            .filter(|action| action.kind.as_ref().is_some_and(wanted))
            .map(Into::into)
            .collect();
    }
    // Done on pick: in `codeAction/resolve`, or by command where the client cannot resolve, or where a model may take longer
    // than clients wait for an action.
    let config = &snapshot.workspace.config;
    let may_take_long = snapshot.workspace.trusted
        && !config.models.is_empty()
        && config.orchestrator.use_model != nlq_config::UseModel::Never;
    let on_pick = |item: &mut lsp::CodeAction, prompt, connection: &nlq_config::ConnectionRef, pick| {
        let connection = connection.to_string();
        if resolves_edits && !(may_take_long && pick == Pick::Best) {
            let data = ActionData { uri: open.uri.clone(), version: open.version, prompt, connection, pick };
            item.data = serde_json::to_value(data).ok();
        } else {
            let argument = json!({ "uri": open.uri, "prompt": prompt, "connection": connection, "pick": pick });
            item.command = Some(lsp::Command::new(item.title.clone(), "nlq.generate".into(), Some(vec![argument])));
        }
    };
    let convert = |action: nlq_ide::Action| {
        let mut item = lsp::CodeAction {
            title: action.title,
            kind: Some(match action.kind {
                ActionKind::QuickFix => lsp::CodeActionKind::QUICKFIX,
                ActionKind::Rewrite => lsp::CodeActionKind::REFACTOR_REWRITE,
            }),
            is_preferred: action.preferred.then_some(true),
            ..lsp::CodeAction::default()
        };
        match action.target {
            ActionTarget::Edits(edits) => item.edit = Some(convert::workspace_edit(open, &edits, encoding, versioned)),
            ActionTarget::Generate { prompt, connection } => {
                on_pick(&mut item, prompt, &connection, Pick::Best);
            }
            ActionTarget::Alternative { prompt, connection, alternative } => {
                on_pick(&mut item, prompt, &connection, Pick::Alternative(alternative));
            }
            ActionTarget::Clarify { prompt, connection, option } => {
                on_pick(&mut item, prompt, &connection, Pick::Option(option));
            }
        }
        item
    };
    let all = nlq_ide::actions(snapshot, span).into_iter().map(convert);
    all.filter(|action| action.kind.as_ref().is_some_and(wanted)).map(Into::into).collect()
}

/// Quick fixes of a workspace file's diagnostics.
fn fixes<'a>(
    open: &'a Open,
    snapshot: &Snapshot,
    span: nlq_text::Span,
    encoding: Encoding,
    versioned: bool,
) -> impl Iterator<Item = lsp::CodeAction> + 'a {
    let found = publish::diagnostics(open, snapshot)
        .into_iter()
        .filter(move |one| one.span.intersects(span) || one.span.touches(span.start));
    found.flat_map(move |diagnostic| {
        let only = diagnostic.fixes.len() == 1;
        let shown = convert::diagnostic(&open.document, &diagnostic, encoding);
        diagnostic.fixes.into_iter().map(move |fix| lsp::CodeAction {
            title: fix.title,
            kind: Some(lsp::CodeActionKind::QUICKFIX),
            is_preferred: only.then_some(true),
            diagnostics: Some(vec![shown.clone()]),
            edit: Some(convert::workspace_edit(open, &fix.edits, encoding, versioned)),
            ..lsp::CodeAction::default()
        })
    })
}
