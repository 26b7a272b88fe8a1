use std::cell::RefCell;

use nlq_text::Span;
use tree_sitter::{Node, Parser, Range};

use super::{
    read::Reader,
    segments::segments,
    tree::{Pipeline, Search, SyntaxError},
};

thread_local! {
    static PARSER: RefCell<Parser> = RefCell::new({
        let mut parser = Parser::new();
        parser.set_language(&tree_sitter_spl::LANGUAGE.into()).expect("the grammar is of this tree-sitter's version");
        parser
    });
}

/// Longer texts are not read: nobody writes such a search, and no editor should wait for it.
const MAX_BYTES: usize = 256 * 1024;

/// In a search with an error so many commands are read one by one; what follows them is left out.
const MAX_COMMANDS: usize = 500;

/// Reads a search. Never fails: what is no SPL becomes errors, and the commands without one are read all the same.
pub fn parse(text: &str) -> Search {
    if text.len() > MAX_BYTES {
        let message = format!("A search of more than {} KiB is not read; make it shorter.", MAX_BYTES / 1024);
        let errors = vec![SyntaxError { span: Span::new(0, 0), message }];
        return Search { errors, ..Search::default() };
    }
    let Some(tree) = tree_of(text, None) else { return Search::default() };
    let mut reader = Reader::new(text);
    if !tree.root_node().has_error() {
        let pipeline = reader.source(tree.root_node());
        return reader.finish(pipeline, Vec::new());
    }
    let cut = segments(text);
    let mut errors = cut.errors;
    let mut pipeline = Pipeline::default();
    for span in cut.commands.iter().take(MAX_COMMANDS) {
        let before = errors.len();
        if let Some(message) = empty(text, *span, cut.commands.len()) {
            errors.push(SyntaxError { span: trimmed(text, *span), message });
            continue;
        }
        let Some(tree) = tree_of(text, Some(*span)) else { continue };
        pipeline.commands.extend(reader.source(tree.root_node()).commands);
        let known = errors[..before].iter().any(|error| span.covers(error.span));
        if let (Some(error), false) = (first_error(tree.root_node()), known) {
            errors.push(describe(text, error, *span));
        }
    }
    if let (Some(first), Some(last)) = (pipeline.commands.first(), pipeline.commands.last()) {
        pipeline.span = first.span.to(last.span);
    }
    if errors.is_empty() {
        // Each command is SPL by itself and their sequence is not: a prompt or a subsearch broken over several lines.
        if let Some(error) = first_error(tree.root_node()) {
            errors.push(describe(text, error, Span::new(0, text.len())));
        }
    }
    errors.sort_by_key(|error| error.span);
    reader.finish(pipeline, errors)
}

fn tree_of(text: &str, part: Option<Span>) -> Option<tree_sitter::Tree> {
    PARSER.with_borrow_mut(|parser| {
        let ranges: Vec<Range> = part.map(|span| range(text, span)).into_iter().collect();
        parser.set_included_ranges(&ranges).ok()?;
        parser.parse(text, None)
    })
}

fn range(text: &str, span: Span) -> Range {
    let point = |offset: usize| {
        let before = &text[..offset];
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        tree_sitter::Point::new(before.matches('\n').count(), offset - line)
    };
    Range { start_byte: span.start, end_byte: span.end, start_point: point(span.start), end_point: point(span.end) }
}

/// What is wrong with a command of which there is nothing but its pipe.
fn empty(text: &str, span: Span, count: usize) -> Option<String> {
    let command = span.of(text).trim();
    let bare = command == "|" || (command.is_empty() && count > 1);
    bare.then(|| "A command is missing after this |; write one, or take the | away.".to_owned())
}

fn trimmed(text: &str, span: Span) -> Span {
    let part = span.of(text);
    let start = span.start + (part.len() - part.trim_start().len());
    Span::new(start, start + part.trim().len())
}

/// The first node that is an error or stands for a missing token.
fn first_error(node: Node<'_>) -> Option<Node<'_>> {
    if !node.has_error() {
        return None;
    }
    if node.is_error() || node.is_missing() {
        // The error inside an error is nearer to what is wrong.
        let mut cursor = node.walk();
        return node.children(&mut cursor).find_map(first_error).or(Some(node));
    }
    let mut cursor = node.walk();
    node.children(&mut cursor).find_map(first_error)
}

/// The most of a text that a message quotes.
const QUOTED: usize = 40;

fn describe(text: &str, node: Node<'_>, command: Span) -> SyntaxError {
    let span = trimmed(text, Span::from(node.byte_range()));
    if node.is_missing() || span.is_empty() {
        let at = text[..span.start.max(command.start)].trim_end().len();
        let message = if node.is_named() || node.kind().chars().any(char::is_alphabetic) {
            "Something is missing here: a field, a value or an expression.".to_owned()
        } else {
            format!("A {} is missing here.", node.kind())
        };
        return SyntaxError { span: Span::new(at.saturating_sub(1).max(command.start), at), message };
    }
    let end = span.of(text).find('\n').map_or(span.end, |length| span.start + length);
    let span = Span::new(span.start, end);
    let quoted: String = span.of(text).chars().take(QUOTED).collect();
    let more = if quoted.len() < span.len() { "…" } else { "" };
    SyntaxError { span, message: format!("`{}{more}` is not expected here.", quoted.trim()) }
}
