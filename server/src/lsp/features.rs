//! Hover, completion, tokens, lenses, hints, outline, folding, definition: each a snapshot, one call into `nlq_ide`, and
//! a conversion.

use nlq_ide::{CompletionItemKind, LensCommand, OutlineItem, Snapshot};
use nlq_syntax::Document;
use nlq_text::{Encoding, Span};
use serde_json::json;
use tower_lsp_server::ls_types as lsp;

use super::{
    capabilities::{token_modifiers, token_type},
    convert,
    documents::{self, Kind, Open},
};

pub(super) fn hover(
    open: &Open,
    snapshot: &Snapshot,
    position: lsp::Position,
    encoding: Encoding,
) -> Option<lsp::Hover> {
    let offset = convert::offset(&open.document, position, encoding);
    let text = open.document.text();
    let found = match open.kind {
        Kind::Prompts => nlq_ide::hover(snapshot, offset),
        Kind::Config => nlq_ide::config_hover(text, offset, &snapshot.workspace),
        Kind::Annotations => nlq_ide::annotation_hover(text, offset, &snapshot.workspace),
        Kind::Examples => nlq_ide::example_hover(text, offset, &snapshot.workspace),
        Kind::Templates => nlq_ide::prompt_file_hover(text, offset),
    }?;
    Some(lsp::Hover {
        contents: lsp::HoverContents::Markup(convert::markdown(found.markdown)),
        range: Some(convert::range(&open.document, found.span, encoding)),
    })
}

pub(super) fn completion(
    open: &Open,
    snapshot: &Snapshot,
    position: lsp::Position,
    encoding: Encoding,
) -> lsp::CompletionResponse {
    let offset = convert::offset(&open.document, position, encoding);
    let text = open.document.text();
    let found = match open.kind {
        Kind::Prompts => nlq_ide::completions(snapshot, offset),
        Kind::Config => nlq_ide::config_completions(text, offset),
        Kind::Annotations => nlq_ide::annotation_completions(text, offset, &snapshot.workspace),
        Kind::Examples => nlq_ide::example_completions(text, offset, &snapshot.workspace),
        Kind::Templates => {
            let path = documents::path(&open.uri).unwrap_or_default();
            nlq_ide::prompt_file_completions(text, offset, &path, &snapshot.workspace)
        }
    };
    let items = found.into_iter().enumerate().map(|(index, item)| lsp::CompletionItem {
        kind: Some(match item.kind {
            CompletionItemKind::Table => lsp::CompletionItemKind::CLASS,
            CompletionItemKind::Column => lsp::CompletionItemKind::FIELD,
            CompletionItemKind::Term => lsp::CompletionItemKind::REFERENCE,
            CompletionItemKind::Value => lsp::CompletionItemKind::VALUE,
            CompletionItemKind::Join => lsp::CompletionItemKind::SNIPPET,
            CompletionItemKind::Alias => lsp::CompletionItemKind::VARIABLE,
            CompletionItemKind::Keyword => lsp::CompletionItemKind::KEYWORD,
            CompletionItemKind::Function => lsp::CompletionItemKind::FUNCTION,
            CompletionItemKind::Connection => lsp::CompletionItemKind::MODULE,
            CompletionItemKind::Key => lsp::CompletionItemKind::PROPERTY,
        }),
        detail: Some(item.detail),
        documentation: item.documentation.map(|text| lsp::Documentation::MarkupContent(convert::markdown(text))),
        sort_text: Some(format!("{:03}{index:04}", item.rank)),
        // The client filters by what it is about to replace; a label with other words in front would be dropped.
        filter_text: Some(item.label.clone()),
        text_edit: Some(lsp::CompletionTextEdit::Edit(lsp::TextEdit {
            range: convert::range(&open.document, item.span, encoding),
            new_text: item.insert,
        })),
        label: item.label,
        ..lsp::CompletionItem::default()
    });
    lsp::CompletionResponse::List(lsp::CompletionList { is_incomplete: true, items: items.collect() })
}

pub(super) fn tokens(
    open: &Open,
    snapshot: &Snapshot,
    range: Option<lsp::Range>,
    encoding: Encoding,
) -> lsp::SemanticTokens {
    let span = range.map(|range| convert::span(&open.document, range, encoding));
    let found = if open.kind == Kind::Prompts { nlq_ide::tokens(snapshot, span) } else { Vec::new() };
    let mut last = lsp::Position::default();
    let data = found.into_iter().map(|token| {
        let lsp::Range { start, end } = convert::range(&open.document, token.span, encoding);
        let delta_line = start.line - last.line;
        let delta_start = if delta_line == 0 { start.character - last.character } else { start.character };
        last = start;
        lsp::SemanticToken {
            delta_line,
            delta_start,
            length: end.character.saturating_sub(start.character),
            token_type: token_type(token.kind),
            token_modifiers_bitset: token_modifiers(token.modifier),
        }
    });
    lsp::SemanticTokens { result_id: None, data: data.collect() }
}

pub(super) fn lenses(open: &Open, snapshot: &Snapshot) -> Vec<lsp::CodeLens> {
    let found = if open.kind == Kind::Prompts { nlq_ide::lenses(snapshot) } else { Vec::new() };
    let uri = open.uri.as_str();
    let lines = open.document.lines();
    let mut placed = (usize::MAX, 0);
    found
        .into_iter()
        .map(|lens| {
            // Neovim orders a line's lenses by their ranges: each stands one column further than the one before.
            let line = lines.line_of(lens.span.start);
            placed = if placed.0 == line { (line, placed.1 + 1) } else { (line, 0) };
            let place = lsp::Position { line: line as u32, character: placed.1 };
            let (command, argument) = match &lens.command {
                LensCommand::Generate { prompt, connection } => {
                    ("nlq.generate", json!({ "uri": uri, "prompt": prompt, "connection": connection.to_string() }))
                }
                LensCommand::Run { query, connection } => {
                    ("nlq.run", json!({ "uri": uri, "query": query, "connection": connection.to_string() }))
                }
                LensCommand::ExplainPlan { query, connection } => {
                    ("nlq.explainPlan", json!({ "uri": uri, "query": query, "connection": connection.to_string() }))
                }
                LensCommand::ShowReasoning { prompt, connection } => {
                    ("nlq.showReasoning", json!({ "uri": uri, "prompt": prompt, "connection": connection.to_string() }))
                }
                LensCommand::Trust => ("nlq.trust", json!({ "uri": uri })),
            };
            lsp::CodeLens {
                range: lsp::Range { start: place, end: place },
                command: Some(lsp::Command::new(lens.title, command.into(), Some(vec![argument]))),
                data: None,
            }
        })
        .collect()
}

pub(super) fn hints(open: &Open, snapshot: &Snapshot, range: lsp::Range, encoding: Encoding) -> Vec<lsp::InlayHint> {
    let span = convert::span(&open.document, range, encoding);
    let found = if open.kind == Kind::Prompts { nlq_ide::hints(snapshot, span) } else { Vec::new() };
    found
        .into_iter()
        .map(|hint| lsp::InlayHint {
            position: convert::position(&open.document, hint.offset, encoding),
            label: lsp::InlayHintLabel::String(hint.label),
            kind: None,
            text_edits: None,
            tooltip: hint.tooltip.map(|text| lsp::InlayHintTooltip::MarkupContent(convert::markdown(text))),
            padding_left: Some(true),
            padding_right: None,
            data: None,
        })
        .collect()
}

pub(super) fn symbols(open: &Open, snapshot: &Snapshot, encoding: Encoding) -> Vec<lsp::DocumentSymbol> {
    let found = if open.kind == Kind::Prompts { nlq_ide::outline(snapshot) } else { Vec::new() };
    found.into_iter().map(|item| symbol(&open.document, item, encoding)).collect()
}

#[allow(deprecated, reason = "the protocol's type has a deprecated field without a default")]
fn symbol(document: &Document, item: OutlineItem, encoding: Encoding) -> lsp::DocumentSymbol {
    let range = convert::range(document, item.span, encoding);
    let children: Vec<_> = item.children.into_iter().map(|child| symbol(document, child, encoding)).collect();
    lsp::DocumentSymbol {
        // An empty name makes VS Code drop the whole outline.
        name: if item.name.trim().is_empty() { "(empty)".into() } else { item.name },
        detail: Some(item.detail).filter(|detail| !detail.is_empty()),
        kind: if children.is_empty() { lsp::SymbolKind::STRING } else { lsp::SymbolKind::NAMESPACE },
        tags: None,
        deprecated: None,
        range,
        selection_range: convert::range(document, item.head, encoding),
        children: Some(children).filter(|children| !children.is_empty()),
    }
}

pub(super) fn folds(open: &Open, snapshot: &Snapshot) -> Vec<lsp::FoldingRange> {
    let found = if open.kind == Kind::Prompts { nlq_ide::folds(snapshot) } else { Vec::new() };
    let lines = open.document.lines();
    // A fold whose text ends with a line end does not take the next line in.
    let last = |span: Span| lines.line_of(span.end.saturating_sub(usize::from(!span.is_empty())));
    found
        .into_iter()
        .map(|fold| (lines.line_of(fold.span.start) as u32, last(fold.span) as u32))
        .filter(|(start, end)| start < end)
        .map(|(start_line, end_line)| lsp::FoldingRange { start_line, end_line, ..lsp::FoldingRange::default() })
        .collect()
}

pub(super) fn definition(
    open: &Open,
    snapshot: &Snapshot,
    position: lsp::Position,
    encoding: Encoding,
) -> Option<lsp::Location> {
    if open.kind != Kind::Prompts {
        return None;
    }
    let found = nlq_ide::definition(snapshot, convert::offset(&open.document, position, encoding))?;
    let uri = lsp::Uri::from_file_path(&found.path)?;
    Some(lsp::Location { uri, range: convert::range_in(&found.text, found.span, encoding) })
}
