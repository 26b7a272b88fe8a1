//! Between nlq's plain data and the protocol's.

use std::collections::HashMap;

use nlq_syntax::Document;
use nlq_text::{Diagnostic, Edit, Encoding, LineIndex, Position, Severity, Span};
use tower_lsp_server::ls_types as lsp;

use super::documents::Open;

pub(super) fn place(position: lsp::Position) -> Position {
    Position { line: position.line, character: position.character }
}

pub(super) fn offset(document: &Document, position: lsp::Position, encoding: Encoding) -> usize {
    document.lines().offset(document.text(), place(position), encoding)
}

pub(super) fn span(document: &Document, range: lsp::Range, encoding: Encoding) -> Span {
    Span::new(offset(document, range.start, encoding), offset(document, range.end, encoding))
}

pub(super) fn position(document: &Document, offset: usize, encoding: Encoding) -> lsp::Position {
    position_in(document.text(), document.lines(), offset, encoding)
}

pub(super) fn range(document: &Document, span: Span, encoding: Encoding) -> lsp::Range {
    lsp::Range { start: position(document, span.start, encoding), end: position(document, span.end, encoding) }
}

/// A range of a text that is not an open document.
pub(super) fn range_in(text: &str, span: Span, encoding: Encoding) -> lsp::Range {
    let lines = LineIndex::new(text);
    lsp::Range {
        start: position_in(text, &lines, span.start, encoding),
        end: position_in(text, &lines, span.end, encoding),
    }
}

fn position_in(text: &str, lines: &LineIndex, offset: usize, encoding: Encoding) -> lsp::Position {
    let position = lines.position(text, offset, encoding);
    lsp::Position { line: position.line, character: position.character }
}

pub(super) fn diagnostic(document: &Document, diagnostic: &Diagnostic, encoding: Encoding) -> lsp::Diagnostic {
    lsp::Diagnostic {
        range: range(document, diagnostic.span, encoding),
        severity: Some(match diagnostic.severity {
            Severity::Error => lsp::DiagnosticSeverity::ERROR,
            Severity::Warning => lsp::DiagnosticSeverity::WARNING,
            Severity::Information => lsp::DiagnosticSeverity::INFORMATION,
            Severity::Hint => lsp::DiagnosticSeverity::HINT,
        }),
        code: Some(lsp::NumberOrString::String(diagnostic.code.into())),
        source: Some("nlq".into()),
        message: diagnostic.message.clone(),
        ..lsp::Diagnostic::default()
    }
}

/// Edits of one open document, tied to its version where the client can check that.
pub(super) fn workspace_edit(open: &Open, edits: &[Edit], encoding: Encoding, versioned: bool) -> lsp::WorkspaceEdit {
    let edits: Vec<lsp::TextEdit> = edits
        .iter()
        .map(|edit| lsp::TextEdit { range: range(&open.document, edit.span, encoding), new_text: edit.text.clone() })
        .collect();
    if !versioned {
        return lsp::WorkspaceEdit { changes: Some(HashMap::from([(open.uri.clone(), edits)])), ..Default::default() };
    }
    let text_document =
        lsp::OptionalVersionedTextDocumentIdentifier { uri: open.uri.clone(), version: Some(open.version) };
    let edits = edits.into_iter().map(lsp::OneOf::Left).collect();
    let changes = lsp::DocumentChanges::Edits(vec![lsp::TextDocumentEdit { text_document, edits }]);
    lsp::WorkspaceEdit { document_changes: Some(changes), ..Default::default() }
}

pub(super) fn markdown(value: String) -> lsp::MarkupContent {
    lsp::MarkupContent { kind: lsp::MarkupKind::Markdown, value }
}
