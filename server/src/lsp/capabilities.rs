//! What the client can do, negotiated once, and what the server offers.

use nlq_ide::{TokenKind, TokenModifier};
use nlq_text::Encoding;
use serde::Deserialize;
use serde_json::Value;
use tower_lsp_server::ls_types::{
    ClientCapabilities, CodeActionKind, CodeActionOptions, CodeActionProviderCapability, CodeLensOptions,
    CompletionOptions, DiagnosticOptions, DiagnosticServerCapabilities, ExecuteCommandOptions,
    FoldingRangeProviderCapability, HoverProviderCapability, InitializeParams, OneOf, PositionEncodingKind,
    SaveOptions, SemanticTokenModifier, SemanticTokenType, SemanticTokensFullOptions, SemanticTokensLegend,
    SemanticTokensOptions, ServerCapabilities, TextDocumentSyncCapability, TextDocumentSyncKind,
    TextDocumentSyncOptions, TextDocumentSyncSaveOptions, WorkDoneProgressOptions, WorkspaceFoldersServerCapabilities,
    WorkspaceServerCapabilities,
};

use super::commands;
use crate::session::EditorTrust;

/// What matters of the client, as plain switches.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Negotiated {
    pub(super) encoding: Encoding,
    /// The client asks for diagnostics; they are not pushed then, so that none shows twice.
    pub(super) pulls_diagnostics: bool,
    pub(super) refreshes_diagnostics: bool,
    pub(super) refreshes_tokens: bool,
    pub(super) refreshes_hints: bool,
    pub(super) refreshes_lenses: bool,
    pub(super) watches_files: bool,
    pub(super) shows_progress: bool,
    pub(super) document_changes: bool,
    pub(super) resolves_edits: bool,
    /// The client answers `nlq/llm/complete`.
    pub(super) lends_models: bool,
    pub(super) trust: EditorTrust,
    pub(super) settings: EditorSettings,
}

/// The editor's settings (`nlq.*`).
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct EditorSettings {
    pub(super) all_statements: bool,
    pub(super) inlay_hints: bool,
    pub(super) code_lens: bool,
}

impl Default for EditorSettings {
    fn default() -> Self {
        Self { all_statements: false, inlay_hints: true, code_lens: true }
    }
}

/// `initializationOptions`; anything malformed counts as absent.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct InitializationOptions {
    editor_trust: Option<bool>,
    llm: bool,
    settings: EditorSettings,
}

impl Negotiated {
    pub(super) fn new(params: &InitializeParams) -> Self {
        let ClientCapabilities { workspace, text_document, window, general, .. } = &params.capabilities;
        let workspace = workspace.as_ref();
        let text_document = text_document.as_ref();
        let options: InitializationOptions = params
            .initialization_options
            .clone()
            .and_then(|value| serde_json::from_value(value).ok())
            .unwrap_or_default();
        // Any refresh capability is an object with one optional bool; reading it as JSON spares a chain for each.
        let refreshes = |name: &str| {
            serde_json::to_value(workspace)
                .ok()
                .and_then(|json| json.get(name)?.get("refreshSupport")?.as_bool())
                .unwrap_or(false)
        };
        Self {
            encoding: encoding(
                general.as_ref().and_then(|general| general.position_encodings.as_deref()).unwrap_or(&[]),
            ),
            pulls_diagnostics: text_document.is_some_and(|caps| caps.diagnostic.is_some()),
            refreshes_diagnostics: refreshes("diagnostic") || refreshes("diagnostics"),
            refreshes_tokens: refreshes("semanticTokens"),
            refreshes_hints: refreshes("inlayHint"),
            refreshes_lenses: refreshes("codeLens"),
            watches_files: workspace
                .and_then(|caps| caps.did_change_watched_files)
                .is_some_and(|caps| caps.dynamic_registration == Some(true)),
            shows_progress: window.as_ref().is_some_and(|window| window.work_done_progress == Some(true)),
            document_changes: workspace
                .and_then(|caps| caps.workspace_edit.as_ref())
                .is_some_and(|caps| caps.document_changes == Some(true)),
            resolves_edits: text_document
                .and_then(|caps| caps.code_action.as_ref()?.resolve_support.as_ref())
                .is_some_and(|support| support.properties.iter().any(|property| property == "edit")),
            lends_models: options.llm,
            trust: match options.editor_trust {
                None => EditorTrust::Absent,
                Some(true) => EditorTrust::Granted,
                Some(false) => EditorTrust::Refused,
            },
            settings: options.settings,
        }
    }
}

/// The cheapest encoding that the client offers: ours is UTF-8.
fn encoding(offered: &[PositionEncodingKind]) -> Encoding {
    if offered.contains(&PositionEncodingKind::UTF8) {
        Encoding::Utf8
    } else if offered.contains(&PositionEncodingKind::UTF32) {
        Encoding::Utf32
    } else {
        Encoding::Utf16
    }
}

/// The legend's types, in the order of [`TokenKind`]. Standard types where one fits, so that every theme has a colour.
const TOKEN_TYPES: [(TokenKind, SemanticTokenType); 9] = [
    (TokenKind::Trigger, SemanticTokenType::MACRO),
    (TokenKind::Table, SemanticTokenType::CLASS),
    (TokenKind::Column, SemanticTokenType::PROPERTY),
    (TokenKind::Value, SemanticTokenType::STRING),
    (TokenKind::Number, SemanticTokenType::NUMBER),
    (TokenKind::Time, SemanticTokenType::EVENT),
    (TokenKind::Operation, SemanticTokenType::OPERATOR),
    (TokenKind::Term, SemanticTokenType::TYPE),
    // What is not understood stays as plain as the rest of a comment.
    (TokenKind::Unknown, SemanticTokenType::COMMENT),
];

/// Index of a token's type in the legend.
pub(super) fn token_type(kind: TokenKind) -> u32 {
    TOKEN_TYPES.iter().position(|(known, _)| *known == kind).unwrap_or_default() as u32
}

/// The legend's modifiers. They are nlq's own: by them an editor gives the words of a prompt another look than code.
const TOKEN_MODIFIERS: [(TokenModifier, &str); 2] =
    [(TokenModifier::Unresolved, "unresolved"), (TokenModifier::Resolved, "resolved")];

/// A token's modifier as the bit of its place in the legend.
pub(super) fn token_modifiers(modifier: Option<TokenModifier>) -> u32 {
    let place = TOKEN_MODIFIERS.iter().position(|(known, _)| Some(*known) == modifier);
    place.map_or(0, |place| 1 << place)
}

/// What the server offers.
pub(super) fn server(negotiated: Negotiated) -> ServerCapabilities {
    let progress = WorkDoneProgressOptions { work_done_progress: Some(true) };
    ServerCapabilities {
        position_encoding: Some(match negotiated.encoding {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
            Encoding::Utf32 => PositionEncodingKind::UTF32,
        }),
        text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
            open_close: Some(true),
            change: Some(TextDocumentSyncKind::INCREMENTAL),
            save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions { include_text: Some(false) })),
            ..TextDocumentSyncOptions::default()
        })),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some([".", "(", " ", "|", "`", "="].map(String::from).to_vec()),
            ..CompletionOptions::default()
        }),
        definition_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        folding_range_provider: Some(FoldingRangeProviderCapability::Simple(true)),
        inlay_hint_provider: Some(OneOf::Left(true)),
        code_lens_provider: Some(CodeLensOptions { resolve_provider: Some(false) }),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QUICKFIX, CodeActionKind::REFACTOR_REWRITE]),
            resolve_provider: Some(true),
            work_done_progress_options: WorkDoneProgressOptions::default(),
        })),
        semantic_tokens_provider: Some(
            SemanticTokensOptions {
                legend: SemanticTokensLegend {
                    token_types: TOKEN_TYPES.iter().map(|(_, name)| name.clone()).collect(),
                    token_modifiers: TOKEN_MODIFIERS.iter().map(|(_, name)| SemanticTokenModifier::new(name)).collect(),
                },
                range: Some(true),
                full: Some(SemanticTokensFullOptions::Bool(true)),
                work_done_progress_options: WorkDoneProgressOptions::default(),
            }
            .into(),
        ),
        diagnostic_provider: negotiated.pulls_diagnostics.then(|| {
            DiagnosticServerCapabilities::Options(DiagnosticOptions {
                identifier: Some("nlq".into()),
                // A statement's findings depend on the schema and annotations too; refreshes say when those change.
                inter_file_dependencies: true,
                workspace_diagnostics: false,
                ..DiagnosticOptions::default()
            })
        }),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: commands::NAMES.map(String::from).to_vec(),
            work_done_progress_options: progress,
        }),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(OneOf::Left(true)),
            }),
            ..WorkspaceServerCapabilities::default()
        }),
        ..ServerCapabilities::default()
    }
}

/// The settings in a `workspace/didChangeConfiguration`, which may hold them under `nlq` and with dotted groups as the
/// VS Code manifest declares them.
pub(super) fn changed_settings(value: &Value, before: EditorSettings) -> EditorSettings {
    let root = value.get("nlq").unwrap_or(value);
    let flag = |group: &str, name: &str, before: bool| {
        root.get(group).and_then(|group| group.get(name)).and_then(Value::as_bool).unwrap_or(before)
    };
    EditorSettings {
        all_statements: flag("diagnostics", "allStatements", before.all_statements),
        inlay_hints: flag("inlayHints", "enabled", before.inlay_hints),
        code_lens: flag("codeLens", "enabled", before.code_lens),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_encodings_are_negotiated() {
        assert_eq!(encoding(&[]), Encoding::Utf16);
        assert_eq!(encoding(&[PositionEncodingKind::UTF16, PositionEncodingKind::UTF32]), Encoding::Utf32);
        assert_eq!(encoding(&[PositionEncodingKind::UTF16, PositionEncodingKind::UTF8]), Encoding::Utf8);
    }

    #[test]
    fn every_token_kind_has_its_place_in_the_legend() {
        for (index, (kind, _)) in TOKEN_TYPES.iter().enumerate() {
            assert_eq!(token_type(*kind), index as u32);
        }
    }
}
