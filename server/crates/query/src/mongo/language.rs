//! MongoDB's shell form as a [`Language`].

use std::collections::HashSet;

use nlq_catalog::{Annotations, Catalog, Dialect};
use nlq_text::{Diagnostic, Span};

use super::{Node, Value, analysis::analyse, columns, complete::complete, guard, parse::parse, query, write};
use crate::{
    Completion, Outline, QueryContext, ReadOnlyQuery, Refusal, SensitiveOutputs, Symbol,
    joins::JoinGraph,
    language::{Language, Unwritable},
    plan::Plan,
};

pub(crate) struct Mongo;

impl Language for Mongo {
    fn statements(&self, text: &str, _: Dialect) -> Vec<Span> {
        statements(text)
    }

    fn guard(&self, text: &str, dialect: Dialect) -> Result<ReadOnlyQuery, Refusal> {
        guard::guard(text, dialect)
    }

    fn check(&self, text: &str, context: QueryContext<'_>) -> Vec<Diagnostic> {
        let mut all = Vec::new();
        for span in statements(text) {
            let found = match query::read(span.of(text)) {
                Ok(query) => {
                    let mut found = analyse(&query, context).diagnostics;
                    if let Err(refusal) = guard::allowed(&query) {
                        // What is refused is told once.
                        found.retain(|diagnostic| diagnostic.span != refusal.span);
                        found.push(Diagnostic::error(refusal.span, refusal.code, refusal.message));
                    }
                    found
                }
                Err(refusal) => vec![Diagnostic::error(refusal.span, refusal.code, refusal.message)],
            };
            all.extend(found.into_iter().map(|diagnostic| diagnostic.shift(span.start)));
        }
        all.sort_by_key(|diagnostic| diagnostic.span.start);
        all
    }

    fn symbols(&self, text: &str, context: QueryContext<'_>) -> Vec<Symbol> {
        let of = |span: Span| {
            let found = query::read(span.of(text)).map(|query| analyse(&query, context).symbols).unwrap_or_default();
            found.into_iter().map(move |symbol| Symbol { span: symbol.span.shift(span.start), ..symbol })
        };
        statements(text).into_iter().flat_map(of).collect()
    }

    fn complete(&self, text: &str, offset: usize, context: QueryContext<'_>) -> Vec<Completion> {
        complete(text, offset, context)
    }

    fn write(&self, plan: &Plan, catalog: &Catalog, graph: &JoinGraph) -> Result<String, Unwritable> {
        write::write(plan, catalog, graph)
    }

    fn outline(&self, text: &str, dialect: Dialect) -> Option<Outline> {
        let annotations = Annotations::default();
        let context = QueryContext { dialect, catalog: None, annotations: &annotations };
        Some(analyse(&query::read(text).ok()?, context).outline)
    }

    fn sensitive_outputs(&self, text: &str, context: QueryContext<'_>) -> SensitiveOutputs {
        if !context.annotations.has_sensitive() {
            return SensitiveOutputs::Unknown { named: false };
        }
        let (Ok(query), Some(_)) = (query::read(text), context.catalog) else {
            return SensitiveOutputs::Unknown { named: true };
        };
        let result = analyse(&query, context).result;
        match columns(&query) {
            Some(names) => {
                let shown =
                    names.iter().map(|name| result.shows(name) || (result.open && result.shows_any())).collect();
                SensitiveOutputs::Known { shown, names: HashSet::new() }
            }
            // Which columns there are depends on the documents.
            None => SensitiveOutputs::Unknown { named: result.open || result.shows_any() },
        }
    }

    fn sensitive_literals(&self, text: &str, context: QueryContext<'_>) -> Vec<String> {
        let lower = text.to_lowercase();
        let named = |key: &str| key.rsplit('.').next().is_some_and(|name| lower.contains(name));
        let columns = context.annotations.columns.iter().filter(|(_, told)| told.sensitive).map(|(key, _)| key);
        let tables = context.annotations.tables.iter().filter(|(_, told)| told.sensitive).map(|(key, _)| key);
        if !columns.chain(tables).any(|key| named(key)) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for call in parse(text).calls {
            call.arguments.iter().for_each(|node| literals(node, &mut found));
        }
        found
    }
}

/// The values of a query that are neither names nor paths.
fn literals(node: &Node, found: &mut Vec<String>) {
    match &node.value {
        Value::Document(entries) => entries.iter().for_each(|(_, value)| literals(value, found)),
        Value::Array(items) => items.iter().for_each(|item| literals(item, found)),
        Value::Text(text) if !text.starts_with('$') && !text.is_empty() => found.push(text.clone()),
        Value::Regex { pattern, .. } => found.push(pattern.trim_matches(['^', '$']).to_owned()),
        Value::Int(number) => found.push(number.to_string()),
        Value::Long(number) => found.push(number.to_string()),
        Value::Double(number) => found.push(number.to_string()),
        Value::Decimal(text) | Value::ObjectId(text) | Value::Uuid(text) => found.push(text.clone()),
        _ => {}
    }
}

/// The queries of a text: each chain of calls that begins with `db`.
fn statements(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let script = parse(&text[at..]);
        let rest = &text[at..];
        let start = rest.len() - after_comments(rest).len();
        if start >= rest.trim_end().len() {
            break;
        }
        match script.more {
            Some(more) if more.start > start => {
                found.push(Span::new(at + start, at + script.end.max(start)));
                at += more.start;
            }
            _ => {
                let end = if script.problems.is_empty() { script.end } else { rest.trim_end().len() };
                found.push(Span::new(at + start, at + end.max(start)));
                break;
            }
        }
    }
    found
}

/// A text without the space and comments at its start.
fn after_comments(text: &str) -> &str {
    let mut rest = text.trim_start();
    loop {
        let next = if rest.starts_with("//") {
            &rest[rest.find('\n').unwrap_or(rest.len())..]
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or("", |end| &rest[end + 2..])
        } else {
            return rest;
        };
        rest = next.trim_start();
    }
}
