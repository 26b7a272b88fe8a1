//! Host languages: prompts in comments, answers in the string literal that follows.
//!
//! A file that does not contain the trigger is not parsed, and only the places around triggers are looked at: the cost
//! of a keystroke is tree-sitter's re-parse of what changed.

mod declare;
mod escape;
mod grammar;
mod literal;

use nlq_text::{LineIndex, Span};
use tree_sitter::{Node, Tree};

pub(crate) use declare::{Scope, case, declaration, inner_edit, replacement};
pub(crate) use literal::Literal;

use crate::{
    Language, Options, Query,
    comment::{self, Comment},
    found::{Form, Found},
    parse::parse,
};

use grammar::{is_container, is_join, is_string};
use literal::{Body, Part};

/// Deeper nesting of strings than this is no query.
const MAX_DEPTH: usize = 64;

/// Reads a file of a host language. `tree` is the tree of the text before its last edits, told of them, and becomes
/// that of `text`.
pub(crate) fn read(
    text: &str,
    lines: &LineIndex,
    language: Language,
    options: &Options,
    tree: &mut Option<Tree>,
) -> Found {
    let marks = marks(text, &options.trigger);
    *tree = if marks.is_empty() { None } else { parse(text, language, tree.as_ref()) };
    let Some(tree) = tree else { return Found::default() };
    let root = tree.root_node();
    let comments = comments(text, lines, root, &marks);
    let mut notes = comment::read(text, lines, &comments, &options.trigger);
    let ignores = std::mem::take(&mut notes.ignores);
    let mut found = Found::from(notes);
    let mut done = 0;
    for index in 0..found.prompts.len() {
        let end = found.prompts[index].span.end;
        let Some((start, literal)) = answer_below(text, language, root, end, &ignores) else { continue };
        if literal.span.start < done {
            continue;
        }
        let (query, map) = literal.read(language, text);
        let above = ignores.iter().filter(|(span, _)| done <= span.start && span.end <= start);
        found.prompts[index].answer = Some(found.queries.len());
        found.queries.push(Query {
            span: literal.span,
            text: query,
            map,
            // A string does not say: it is the language of its connection.
            language: String::new(),
            prompt: Some(index),
            ignored: above.flat_map(|(_, codes)| codes.clone()).collect(),
        });
        done = literal.span.end;
        found.forms.push(Form::Literal(literal));
    }
    found
}

/// Where the trigger stands with something after it that makes a prompt or a directive.
fn marks(text: &str, trigger: &str) -> Vec<usize> {
    let (bytes, trigger) = (text.as_bytes(), trigger.as_bytes());
    if trigger.is_empty() {
        return Vec::new();
    }
    let windows = bytes.windows(trigger.len() + 1).enumerate();
    windows
        .filter(|(_, window)| {
            let (head, next) = window.split_at(trigger.len());
            head.eq_ignore_ascii_case(trigger) && b":(-".contains(&next[0])
        })
        .map(|(at, _)| at)
        .collect()
}

/// The nodes around a byte, outermost first. One way down: asking a node for its parent goes down again each time.
fn path(root: Node<'_>, at: usize) -> Vec<Node<'_>> {
    let mut cursor = root.walk();
    let mut path = vec![root];
    while cursor.goto_first_child_for_byte(at).is_some() && cursor.node().start_byte() <= at {
        path.push(cursor.node());
    }
    path
}

/// The comment in which a byte stands, and its parent.
fn comment_at(root: Node<'_>, at: usize) -> Option<(Node<'_>, Node<'_>)> {
    let path = path(root, at);
    let index = path.iter().position(|node| node.kind().contains("comment") && node.end_byte() > at)?;
    Some((path[index], path[index.checked_sub(1)?]))
}

/// The comments with a trigger and those directly below them.
fn comments(text: &str, lines: &LineIndex, root: Node, marks: &[usize]) -> Vec<Comment> {
    let mut found: Vec<Comment> = Vec::new();
    for &mark in marks {
        let mut at = mark;
        while let Some((node, _)) = comment_at(root, at) {
            let span = Span::from(node.byte_range());
            let span = Span::new(span.start, span.start + span.of(text).trim_end().len());
            let block = comment::is_block(span.of(text));
            if found.last().is_none_or(|last| last.span.end <= span.start) {
                found.push(Comment { span, block });
            }
            let Some(below) = lines.line_start(lines.line_of(span.end) + 1).filter(|_| !block) else { break };
            at = below + text[below..].len() - text[below..].trim_start_matches([' ', '\t']).len();
        }
    }
    found
}

/// The literal in the statement below a prompt that ends at `end`, and where that statement starts.
fn answer_below(
    text: &str,
    language: Language,
    root: Node,
    end: usize,
    ignores: &[(Span, Vec<String>)],
) -> Option<(usize, Literal)> {
    let mut start = end;
    loop {
        start += text[start..].len() - text[start..].trim_start().len();
        match ignores.iter().find(|(span, _)| span.start == start) {
            Some((span, _)) => start = span.end,
            None => break,
        }
    }
    // The outermost node that starts here and holds no other statements.
    let statement = |node: &Node| node.start_byte() == start && !is_container(node.kind());
    let node = path(root, start).into_iter().skip(1).find(statement).filter(|_| start < text.len())?;
    if node.kind().contains("comment") {
        return None;
    }
    find_literal(text, language, node, 0).map(|literal| (start, literal))
}

/// The first literal of a statement that is a query; nested blocks are other statements.
fn find_literal(text: &str, language: Language, node: Node, depth: usize) -> Option<Literal> {
    if depth > MAX_DEPTH {
        return None;
    }
    if is_string(node.kind()) || is_join(node, text) {
        let mut parts = Vec::new();
        if join(text, language, node, 0, &mut parts) && matches!(parts.first(), Some(Part::Text(_))) {
            let end = parts.iter().filter_map(|part| match part {
                Part::Text(body) if body.heredoc.is_some() => Some(line_with(text, body.span.end)),
                _ => None,
            });
            let span = content_range(text, node);
            let span = Span::new(span.start, end.fold(span.end, usize::max));
            let literal = Literal { span, parts };
            if literal::is_query(&literal.read(language, text).0) {
                return Some(literal);
            }
        }
        if is_string(node.kind()) {
            return None;
        }
    }
    let mut cursor = node.walk();
    let children: Vec<Node> = node.named_children(&mut cursor).collect();
    let key = node.child_by_field_name("key").filter(|_| language == Language::Yaml);
    // YAML's nodes without a block collection in them are containers of one scalar.
    let enters = |child: &Node| {
        let scalar = child.kind() == "block_node" && child.named_child(0).is_some_and(|n| is_string(n.kind()));
        Some(*child) != key && (!is_container(child.kind()) || scalar)
    };
    children.into_iter().filter(enters).find_map(|child| find_literal(text, language, child, depth + 1))
}

/// The end of the here-document's last line, which is its tag.
fn line_with(text: &str, tag: usize) -> usize {
    crate::layout::line_end(text, tag)
}

/// A node without the white space at its end, which YAML's block scalars have.
fn content_range(text: &str, node: Node) -> Span {
    let span = Span::from(node.byte_range());
    Span::new(span.start, span.start + span.of(text).trim_end().len())
}

/// Collects the parts of a literal; false when it has a form that nlq cannot write.
fn join(text: &str, language: Language, node: Node, depth: usize, parts: &mut Vec<Part>) -> bool {
    let span = content_range(text, node);
    if depth > MAX_DEPTH {
        return false;
    }
    if is_string(node.kind()) {
        let Some(body) = Body::of(language, node.kind(), text, span) else { return false };
        parts.push(Part::Text(body));
        return true;
    }
    if !is_join(node, text) {
        parts.push(Part::Code(span));
        return true;
    }
    let mut cursor = node.walk();
    let children: Vec<Node> = node.named_children(&mut cursor).filter(|child| !child.is_extra()).collect();
    children.into_iter().all(|child| join(text, language, child, depth + 1, parts))
}

/// What surrounds a prompt: decides how a new answer is declared.
pub(crate) fn scope(root: Node, language: Language, prompt: Span) -> Scope {
    declare::scope(language, comment_at(root, prompt.start).map(|(_, parent)| parent))
}
