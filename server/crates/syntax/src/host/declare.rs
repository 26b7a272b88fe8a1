//! New answers in a host language: a multi-line literal bound to a name.

use nlq_text::{Edit, Span};
use tree_sitter::Node;

use crate::{
    Language, TextMap,
    layout::{indent, indentation, line_start},
    name::Case,
    sql,
};

use super::{
    escape::{self, Escapes, Holes},
    literal::{Body, Literal, Part},
};

/// What surrounds a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Statements.
    Statements,
    /// Items or members: what stands here is declared for good.
    Members,
    /// Arguments or elements: an expression and a comma.
    Elements,
}

/// The scope whose node is `parent`.
pub(super) fn scope(language: Language, parent: Option<Node>) -> Scope {
    let Some(parent) = parent else { return Scope::Statements };
    let grand = parent.parent().map_or("", |node| node.kind());
    match (language, parent.kind()) {
        (_, "argument_list" | "arguments" | "array" | "list" | "array_expression" | "initializer_list") => {
            Scope::Elements
        }
        (Language::Rust, "source_file" | "declaration_list")
        | (Language::Java, "class_body" | "interface_body" | "enum_body_declarations")
        | (Language::JavaScript | Language::TypeScript | Language::Tsx, "class_body")
        | (Language::CSharp | Language::Php, "declaration_list") => Scope::Members,
        (Language::Ruby, "class" | "module") => Scope::Members,
        (Language::Ruby, "body_statement") if matches!(grand, "class" | "module") => Scope::Members,
        _ => Scope::Statements,
    }
}

/// How the language writes the name of a new constant.
pub(crate) fn case(language: Language, scope: Scope) -> Case {
    match (language, scope) {
        (Language::Rust | Language::Java | Language::Ruby | Language::Php, Scope::Members) => Case::Upper,
        (Language::CSharp, Scope::Members) => Case::Pascal,
        (
            Language::JavaScript
            | Language::TypeScript
            | Language::Tsx
            | Language::Go
            | Language::Java
            | Language::CSharp
            | Language::Php,
            _,
        ) => Case::Camel,
        _ => Case::Snake,
    }
}

/// A declaration of `name` with the literal of `query`; its first line has no margin.
pub(crate) fn declaration(language: Language, scope: Scope, name: &str, query: &str, margin: &str) -> String {
    let literal = standard(language, query, margin);
    if scope == Scope::Elements {
        return format!("{literal},");
    }
    let members = scope == Scope::Members;
    match language {
        Language::Rust if members => format!("const {name}: &str = {literal};"),
        Language::Rust => format!("let {name} = {literal};"),
        Language::JavaScript | Language::TypeScript | Language::Tsx if members => format!("{name} = {literal};"),
        Language::JavaScript | Language::TypeScript | Language::Tsx => format!("const {name} = {literal};"),
        Language::Go => format!("const {name} = {literal}"),
        Language::Java if members => format!("static final String {name} = {literal};"),
        Language::Java => format!("String {name} = {literal};"),
        Language::CSharp if members => format!("const string {name} = {literal};"),
        Language::CSharp => format!("var {name} = {literal};"),
        Language::Php if members => format!("const {name} = {literal};"),
        Language::Php => format!("${name} = {literal};"),
        Language::Bash => format!("{name}={literal}"),
        Language::Lua => format!("local {name} = {literal}"),
        Language::C => format!("const char *{name} ={literal};"),
        Language::Cpp => format!("const char* {name} = {literal};"),
        Language::Yaml => format!("{name}: {literal}"),
        Language::Python | Language::Ruby | Language::Sql | Language::Spl | Language::Nlq => {
            format!("{name} = {literal}")
        }
    }
}

/// `query` in the language's own multi-line form.
fn standard(language: Language, query: &str, margin: &str) -> String {
    let full = |close: &str, holes: Holes| form(Escapes::Full, close, holes);
    let raw = |close: &str| form(Escapes::None, close, Holes::None);
    // A delimiter that the query does not contain.
    let free = |delimiter: &dyn Fn(usize) -> String| {
        // One of more delimiters than the query has bytes is not among them.
        (0..=query.len()).map(delimiter).find(|close| !query.contains(close.as_str())).unwrap_or_default()
    };
    let written = |open: &str, body: &Body| block(open, query, body, margin);
    let text = match language {
        Language::Python if query.contains('\\') && !query.contains("\"\"\"") => written("r\"\"\"", &raw("\"\"\"")),
        Language::Python => written("\"\"\"", &full("\"\"\"", Holes::None)),
        Language::Rust => {
            let close = free(&|level| format!("\"{}", "#".repeat(level + 1)));
            written(&format!("r{}\"", &close[1..]), &raw(&close))
        }
        Language::JavaScript | Language::TypeScript | Language::Tsx => written("`", &full("`", Holes::DollarBrace)),
        Language::Go if query.contains('`') => Some(lines(query, " +\n", &format!("{margin}\t"))),
        Language::Go => written("`", &raw("`")),
        Language::Java => written("\"\"\"", &Body { strips: true, ..full("\"\"\"", Holes::None) }),
        Language::CSharp => written("@\"", &form(Escapes::Doubled, "\"", Holes::None)),
        Language::Ruby => return heredoc(query, margin, ""),
        Language::Php => {
            let tag = free(&|level| tag("SQL", level));
            return format!("<<<'{tag}'\n{}\n{margin}{tag}", indent(query, margin, &[]));
        }
        Language::Bash => written("\"", &form(Escapes::Shell, "\"", Holes::Shell)),
        Language::Lua => {
            let close = free(&|level| format!("]{}]", "=".repeat(level)));
            written(&close.replace(']', "["), &raw(&close))
        }
        Language::Cpp => {
            let close = free(&|level| format!("){}\"", tag("sql", level)));
            written(&format!("R\"{}(", &close[1..close.len() - 1]), &raw(&close))
        }
        Language::C => Some(format!("\n{margin}    {}", lines(query, "\n", &format!("{margin}    ")))),
        Language::Yaml => Some(format!("|-\n{}", indent(query, &format!("{margin}  "), &[]))),
        Language::Sql | Language::Spl | Language::Nlq => Some(query.to_owned()),
    };
    text.unwrap_or_else(|| query.to_owned())
}

fn form(escapes: Escapes, close: &str, holes: Holes) -> Body {
    let close = close.to_owned();
    Body { span: Span::at(0), escapes, holes, close, multi_line: true, strips: false, heredoc: None }
}

/// `SQL`, `SQL1`, ...
fn tag(name: &str, level: usize) -> String {
    if level == 0 { name.to_owned() } else { format!("{name}{level}") }
}

/// A literal on several lines with its delimiters on lines of their own.
fn block(open: &str, query: &str, body: &Body, margin: &str) -> Option<String> {
    let strings = if body.strips { Vec::new() } else { sql::lex(query, "").multi_line };
    let content = format!("\n{}\n{margin}", indent(query, margin, &strings));
    Some(format!("{open}{}{}", escape::encode(&content, body)?, body.close))
}

/// One literal a line, joined by `between` and a margin.
fn lines(query: &str, between: &str, margin: &str) -> String {
    let body = Body { multi_line: false, ..form(Escapes::Full, "\"", Holes::None) };
    let literal = |line: &str| format!("\"{}\"", escape::encode(line, &body).unwrap_or_default());
    let lines: Vec<String> = query.split_inclusive('\n').map(literal).collect();
    lines.join(&format!("{between}{margin}"))
}

/// Ruby's here-document, raw when the query has what Ruby would read; `rest` is what stands after its opening.
fn heredoc(query: &str, margin: &str, rest: &str) -> String {
    let raw = query.contains('\\') || ["#{", "#@", "#$"].iter().any(|hole| query.contains(hole));
    let mut tags = (0..=query.len()).map(|level| tag("SQL", level));
    let tag = tags.find(|tag| !query.lines().any(|line| line.trim() == tag)).unwrap_or_default();
    let quote = if raw { "'" } else { "" };
    format!("<<~{quote}{tag}{quote}{rest}\n{}\n{margin}{tag}", indent(query, margin, &[]))
}

/// A literal that says `query`: in the form it has, or in the language's multi-line form where that cannot hold it.
/// Line ends are `\n`.
pub(crate) fn replacement(language: Language, document: &str, literal: &Literal, query: &str) -> String {
    let margin = indentation(document, literal.span.start);
    let kept = match literal.parts.as_slice() {
        [Part::Text(body)] => keep(language, document, literal, body, query, margin),
        _ => None,
    };
    let alone = document[line_start(document, literal.span.start)..literal.span.start].trim().is_empty();
    kept.unwrap_or_else(|| match language {
        // One literal a line needs no further indentation where the first has a line of its own.
        Language::C if alone => lines(query, "\n", margin),
        _ => standard(language, query, margin),
    })
}

fn keep(
    language: Language,
    document: &str,
    literal: &Literal,
    body: &Body,
    query: &str,
    margin: &str,
) -> Option<String> {
    if let Some(opening) = body.heredoc {
        let rest = Span::new(opening.end, body.span.start).of(document);
        return Some(heredoc(query, margin, rest));
    }
    let head = Span::new(literal.span.start, body.span.start).of(document);
    let tail = Span::new(body.span.end, literal.span.end).of(document);
    let one_line = !query.contains('\n') && !body.span.of(document).contains('\n');
    if one_line {
        return Some(format!("{head}{}{tail}", escape::encode(query, body)?));
    }
    if !body.multi_line {
        return None;
    }
    if language == Language::Yaml {
        // A folded scalar would join the lines; the header says how.
        return Some(format!("{}\n{}", head.replacen('>', "|", 1), indent(query, &format!("{margin}  "), &[])));
    }
    if language == Language::Php && query.contains(tail.trim()) {
        return None;
    }
    let written = block("", query, body, margin)?;
    let written = written.strip_suffix(body.close.as_str()).unwrap_or(&written);
    Some(format!("{head}{written}{tail}"))
}

/// An edit of what a literal says as an edit of the document, escaped; none when it crosses an escape or a delimiter.
/// Line ends are `\n`.
pub(crate) fn inner_edit(document: &str, literal: &Literal, map: &TextMap, edit: &Edit) -> Option<Edit> {
    let span = map.to_document(edit.span);
    let bodies = literal.parts.iter().filter_map(|part| match part {
        Part::Text(body) => Some(body),
        Part::Code(_) => None,
    });
    let body = bodies.into_iter().find(|body| body.span.covers(span))?;
    let margin = indentation(document, span.start);
    let text = edit.text.replace("\r\n", "\n");
    // New lines are indented as the one they come from, which the reader takes away again.
    let text = if body.multi_line { text.replace('\n', &format!("\n{margin}")) } else { text };
    Some(Edit { span, text: escape::encode(&text, body)? })
}
