//! What could stand at the cursor of a request that may be half-typed: told from the brackets and keys before it alone.

use nlq_catalog::{Catalog, ColumnId};
use nlq_text::Span;

use super::{
    fields::Fields,
    json::quoted,
    request::{Request, requests},
    words::{self, Holds},
};
use crate::{Completion, CompletionKind, QueryContext};

/// More than this no menu shows.
const MAX_COMPLETIONS: usize = 200;

/// A bracket that is open at the cursor.
#[derive(Debug, Clone, Default)]
struct Open {
    object: bool,
    /// The key that the bracket is the value of; empty inside lists.
    key: String,
    /// The last key inside, whose value comes next.
    inner: Option<String>,
    /// A `:` has followed it.
    value: bool,
}

/// What could stand at `offset`; best first, at most 200.
pub(super) fn complete(text: &str, offset: usize, context: QueryContext<'_>) -> Vec<Completion> {
    let Some(catalog) = context.catalog else { return Vec::new() };
    let offset = offset.min(text.len());
    let Some(request) = requests(text).into_iter().rev().find(|request| request.span.start <= offset) else {
        return first_line(offset, catalog);
    };
    let line = text.get(request.span.start..offset).unwrap_or("");
    let mut found = if request.method.is_empty() || !line.contains('\n') {
        on_line(&request, text, offset, catalog)
    } else {
        in_body(&request, text, offset, catalog, context)
    };
    found.sort_by_key(|completion| completion.rank);
    found.truncate(MAX_COMPLETIONS);
    found
}

fn completion(label: impl Into<String>, span: Span, kind: CompletionKind, detail: &str, rank: u8) -> Completion {
    Completion { label: label.into(), span, kind, detail: detail.to_owned(), documentation: None, rank }
}

fn documents(catalog: &Catalog) -> impl Iterator<Item = &str> {
    catalog.tables.iter().filter(|table| table.nested.is_none()).map(|table| table.name.as_str())
}

fn first_line(offset: usize, catalog: &Catalog) -> Vec<Completion> {
    let line =
        |index| completion(format!("GET {index}/_search"), Span::at(offset), CompletionKind::Command, "search", 1);
    documents(catalog).take(MAX_COMPLETIONS).map(line).collect()
}

fn on_line(request: &Request, text: &str, offset: usize, catalog: &Catalog) -> Vec<Completion> {
    if request.method.is_empty() || request.method.touches(offset) {
        let begun = if request.method.is_empty() { request.span } else { request.method };
        let mut found = first_line(offset, catalog);
        for completion in &mut found {
            completion.span = begun;
        }
        return found;
    }
    for span in request.segments(text).into_iter().filter(|span| span.touches(offset)) {
        if span.of(text).starts_with('_') {
            let endpoint = |(name, detail)| completion(name, span, CompletionKind::Command, detail, 1);
            return [("_search", "find documents and compute"), ("_count", "how many documents fit")]
                .map(endpoint)
                .into();
        }
    }
    let span = request.indices(text).into_iter().find(|span| span.touches(offset)).unwrap_or(Span::at(offset));
    documents(catalog).map(|index| completion(index, span, CompletionKind::Table, "index", 1)).collect()
}

/// The brackets that are open before `until`, and where the text begins that the cursor stands in.
fn brackets(text: &str, from: usize, until: usize) -> (Vec<Open>, Option<usize>) {
    let mut open: Vec<Open> = Vec::new();
    let mut chars = text.get(from..until).unwrap_or("").char_indices().peekable();
    let next_key = |open: &[Open]| open.last().and_then(|last| last.inner.clone()).unwrap_or_default();
    while let Some((at, ch)) = chars.next() {
        match ch {
            '#' => while chars.next_if(|(_, c)| *c != '\n').is_some() {},
            '/' if chars.peek().is_some_and(|(_, c)| *c == '/') => {
                while chars.next_if(|(_, c)| *c != '\n').is_some() {}
            }
            '{' | '[' => {
                let key = next_key(&open);
                open.push(Open { object: ch == '{', key, inner: None, value: false });
            }
            '}' | ']' => {
                open.pop();
            }
            ',' => {
                if let Some(last) = open.last_mut() {
                    (last.inner, last.value) = (None, false);
                }
            }
            ':' => {
                if let Some(last) = open.last_mut() {
                    last.value = true;
                }
            }
            '"' => {
                let mut content = String::new();
                let mut closed = false;
                while let Some((_, c)) = chars.next() {
                    match c {
                        '"' => {
                            closed = true;
                            break;
                        }
                        '\\' => content.extend(chars.next().map(|(_, c)| c)),
                        c => content.push(c),
                    }
                }
                if !closed {
                    return (open, Some(from + at));
                }
                if let Some(last) = open.last_mut().filter(|last| last.object && !last.value) {
                    last.inner = Some(content);
                }
            }
            _ => {}
        }
    }
    (open, None)
}

fn in_body(
    request: &Request,
    text: &str,
    offset: usize,
    catalog: &Catalog,
    context: QueryContext<'_>,
) -> Vec<Completion> {
    let (open, begun) = brackets(text, request.path.end, offset);
    let Some(last) = open.last() else { return Vec::new() };
    // What is typed so far, to the closing quote where it stands on the line.
    let span = begun.map_or(Span::at(offset), |start| {
        let line = text[offset..].lines().next().unwrap_or("");
        let end = line.find('"').filter(|&at| !line[..at].contains([',', ':', '}', ']']));
        Span::new(start, offset + end.map_or(0, |at| at + 1))
    });
    let fields = Fields::of(request, text, catalog);
    let key = |back: usize| open.len().checked_sub(back).and_then(|at| open.get(at)).map_or("", |one| one.key.as_str());
    let named = |name: &str, kind, detail: &str, rank| completion(quoted(name), span, kind, detail, rank);
    let all_fields = |whole: bool| -> Vec<Completion> {
        let mut found = Vec::new();
        for field in &fields.all {
            let sub = super::keyword_of(field.column).filter(|_| whole);
            let path = sub.map_or_else(|| field.path.clone(), |sub| format!("{}.{sub}", field.path));
            let mut one = named(&path, CompletionKind::Column, &field.column.type_name, 1);
            one.documentation = told(field.id, catalog, context);
            found.push(one);
        }
        found
    };
    if last.object && !last.value {
        return match (key(1), key(2)) {
            ("", _) if open.len() == 1 => {
                words::BODY.iter().map(|(name, what)| named(name, CompletionKind::Keyword, what, 1)).collect()
            }
            // `{ "aggs": { "name": {` takes a kind.
            (_, "aggs" | "aggregations") => {
                let kinds = words::AGGREGATIONS.iter();
                let mut found: Vec<Completion> =
                    kinds.map(|kind| named(kind.name, CompletionKind::Function, kind.explanation, 1)).collect();
                found.push(named("aggs", CompletionKind::Keyword, "What is computed in each group.", 2));
                found
            }
            (kind, _) if words::query_of(kind).is_some_and(|query| by_field(query.holds)) => {
                all_fields(words::query_of(kind).is_some_and(|query| query.holds == Holds::Exact))
            }
            ("query" | "filter" | "must" | "must_not" | "should" | "post_filter" | "positive" | "negative", _) => {
                words::QUERIES
                    .iter()
                    .map(|kind| named(kind.name, CompletionKind::Function, kind.explanation, 1))
                    .collect()
            }
            ("bool", _) => {
                ["filter", "must", "should", "must_not"].map(|name| named(name, CompletionKind::Keyword, "", 1)).into()
            }
            ("sort", _) => all_fields(true),
            // A list of queries has them one level further in.
            ("", "filter" | "must" | "must_not" | "should" | "queries") => words::QUERIES
                .iter()
                .map(|kind| named(kind.name, CompletionKind::Function, kind.explanation, 1))
                .collect(),
            ("", "sort") => all_fields(true),
            _ if fields.find(key(1)).is_some() && key(2) == "range" => {
                ["gte", "lt", "gt", "lte", "format", "time_zone"]
                    .map(|name| named(name, CompletionKind::Keyword, "", 1))
                    .into()
            }
            (kind, _) if words::aggregation_of(kind).is_some() => {
                ["field", "size", "order"].map(|name| named(name, CompletionKind::Keyword, "", 1)).into()
            }
            _ => Vec::new(),
        };
    }
    let asked = if last.object { last.inner.as_deref().unwrap_or("") } else { last.key.as_str() };
    match asked {
        "path" => fields.lists.iter().map(|list| named(list, CompletionKind::Column, "nested list", 1)).collect(),
        "field" => all_fields(key(1) != "exists"),
        "_source" | "fields" => all_fields(false),
        "sort" => all_fields(true),
        _ => {
            // A value beside a field, be it in `{ "value": ... }` or in a list.
            let field = [asked, key(1), key(2)].into_iter().find_map(|name| fields.find(name));
            let Some((field, _)) = field else { return Vec::new() };
            if super::editor::is_sensitive(field.id, catalog, context.annotations) {
                return Vec::new();
            }
            let values = field.column.values.iter().flat_map(|known| &known.values);
            values.map(|value| named(value, CompletionKind::Value, &field.path, 0)).collect()
        }
    }
}

fn by_field(holds: Holds) -> bool {
    matches!(holds, Holds::Exact | Holds::Words | Holds::Range)
}

/// What the team says about a field.
fn told(id: ColumnId, catalog: &Catalog, context: QueryContext<'_>) -> Option<String> {
    let table = catalog.table(id.table);
    let told = context.annotations.column(table.schema.as_deref(), &table.name, &catalog.column(id).name)?;
    told.description.clone()
}

#[cfg(test)]
mod tests {
    use nlq_catalog::{Annotations, Dialect};

    use super::*;
    use crate::dsl::fixture::store;

    /// The first labels at `|`, and what they replace.
    fn at(text: &str) -> (Vec<String>, String) {
        let (catalog, annotations) = (store(), Annotations::default());
        let context = QueryContext { dialect: Dialect::Opensearch, catalog: Some(&catalog), annotations: &annotations };
        let offset = text.find('|').expect("a cursor");
        let text = text.replacen('|', "", 1);
        let found = complete(&text, offset, context);
        let replaced = found.first().map(|one| one.span.of(&text).to_owned()).unwrap_or_default();
        (found.into_iter().map(|one| one.label).collect(), replaced)
    }

    #[track_caller]
    fn offers(text: &str, label: &str, replaced: &str) {
        let (labels, span) = at(text);
        assert!(labels.iter().any(|known| known == label), "{text}: {labels:?}");
        assert_eq!(span, replaced, "{text}");
    }

    #[test]
    fn what_fits_is_offered() {
        offers("|", "GET orders/_search", "");
        offers("GET or|/_search", "orders", "or");
        offers("GET orders/_se|", "_search", "_se");
        offers("GET orders/_search\n{|", "\"query\"", "");
        offers("GET orders/_search\n{\"query\": {\"te|\"}}", "\"term\"", "\"te\"");
        offers("GET orders/_search\n{\"query\": {\"bool\": {\"filter\": [{|", "\"range\"", "");
        offers("GET orders/_search\n{\"query\": {\"term\": {\"cou|", "\"country\"", "\"cou");
        offers("GET orders/_search\n{\"query\": {\"term\": {\"|", "\"title.keyword\"", "\"");
        offers("GET orders/_search\n{\"query\": {\"term\": {\"country\": \"|\"}}}", "\"France\"", "\"\"");
        offers("GET orders/_search\n{\"query\": {\"terms\": {\"country\": [\"USA\", |", "\"France\"", "");
        offers("GET orders/_search\n{\"aggs\": {\"a\": {\"|", "\"date_histogram\"", "\"");
        offers("GET orders/_search\n{\"aggs\": {\"a\": {\"terms\": {\"field\": \"|", "\"title.keyword\"", "\"");
        offers("GET orders/_search\n{\"query\": {\"nested\": {\"path\": \"|", "\"lines\"", "\"");
        offers("GET orders/_search\n{\"_source\": [\"id\", \"|", "\"lines.product\"", "\"");
        assert_eq!(at("GET orders/_search\n{\"x\": {\"y\": |").0, [] as [&str; 0]);
    }
}
