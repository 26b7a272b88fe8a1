//! What names mean, what a request does, and what it shows of sensitive fields.

use std::collections::HashSet;

use nlq_catalog::{Annotations, Catalog, ColumnId, Dialect};
use nlq_text::Span;

use super::{
    fields::{Fields, META},
    json::{Node, Value},
    request::{Request, requests},
    walk::{Usage, What, walk},
    words,
};
use crate::{Outline, QueryContext, SensitiveOutputs, Symbol, SymbolKind};

pub(super) fn statements(text: &str) -> Vec<Span> {
    requests(text).into_iter().map(|request| request.span).collect()
}

/// All names that were understood, in order.
pub(super) fn symbols(text: &str, context: QueryContext<'_>) -> Vec<Symbol> {
    let mut found = Vec::new();
    for request in requests(text) {
        let fields = context.catalog.map(|catalog| Fields::of(&request, text, catalog)).unwrap_or_default();
        found.extend(fields.indices.iter().map(|&(span, id)| Symbol { span, kind: SymbolKind::Table(id) }));
        let segments = request.segments(text);
        for endpoint in segments.into_iter().filter(|span| span.of(text).starts_with('_')) {
            let explanation = match endpoint.of(text) {
                "_search" => "`_search`: finds documents and computes over them.",
                "_count" => "`_count`: how many documents fit.",
                _ => continue,
            };
            found.push(Symbol { span: endpoint, kind: SymbolKind::Word { explanation: explanation.to_owned() } });
        }
        for seen in request.body.iter().flat_map(walk) {
            let explained = match seen.what {
                What::Field(..) => {
                    let known = fields.find(seen.name).map(|(field, _)| field.id);
                    found.extend(known.map(|id| Symbol { span: seen.span, kind: SymbolKind::Column(id) }));
                    None
                }
                What::Body => words::BODY.iter().find(|word| word.0 == seen.name).map(|word| word.1),
                What::Query => words::query_of(seen.name).map(|query| query.explanation),
                What::Aggregation => words::aggregation_of(seen.name).map(|aggregation| aggregation.explanation),
            };
            found.extend(explained.map(|explanation| Symbol {
                span: seen.span,
                kind: SymbolKind::Word { explanation: format!("`{}`: {explanation}", seen.name) },
            }));
        }
    }
    found.sort_by_key(|symbol| symbol.span);
    found.dedup_by_key(|symbol| symbol.span);
    found
}

/// What a request does, in broad strokes.
pub(super) fn outline(text: &str, dialect: Dialect) -> Option<Outline> {
    super::guard::guard(text, dialect).ok()?;
    let request = requests(text).into_iter().next()?;
    let mut tables: Vec<String> = Vec::new();
    for span in request.indices(text) {
        if !tables.iter().any(|known| known == span.of(text)) {
            tables.push(span.of(text).to_owned());
        }
    }
    let seen: Vec<_> = request.body.iter().flat_map(walk).collect();
    let body = |key: &str| request.body.as_ref().and_then(|body| body.get(key));
    let kinds = |wanted: &[&str]| seen.iter().any(|s| matches!(s.what, What::Aggregation) && wanted.contains(&s.name));
    let aggregated = request.endpoint(text) == "_count" || seen.iter().any(|s| matches!(s.what, What::Aggregation));
    let by_time = kinds(&["date_histogram", "auto_date_histogram", "date_range"])
        || request.body.as_ref().is_some_and(|body| has_key(body, "date_histogram"));
    Some(Outline {
        joined: tables.len() > 1 || seen.iter().any(|s| matches!(s.what, What::Field(Usage::Path, _))),
        tables,
        aggregated,
        ranked: body("sort").is_some() || request.body.as_ref().is_some_and(|body| has_key(body, "order")),
        by_time,
        compared: kinds(&["filters"]),
        filtered: seen.iter().any(|s| matches!(s.what, What::Query) && s.name != "match_all"),
        nested: seen.iter().filter(|s| matches!(s.what, What::Aggregation)).count() > 3,
    })
}

fn has_key(node: &Node, key: &str) -> bool {
    let inside = |node: &Node| has_key(node, key);
    match &node.value {
        Value::Object(members) => members.iter().any(|member| member.key == key || inside(&member.value)),
        Value::Array(elements) => elements.iter().any(inside),
        _ => false,
    }
}

/// True when a column, or its whole table, is annotated as sensitive.
pub(super) fn is_sensitive(id: ColumnId, catalog: &Catalog, annotations: &Annotations) -> bool {
    let table = catalog.table(id.table);
    annotations.is_sensitive(table.schema.as_deref(), &table.name, &catalog.column(id).name)
}

/// Names of sensitive fields of the indices that a request reads, as results call them.
fn sensitive_fields(request: &Request, text: &str, context: QueryContext<'_>) -> Option<HashSet<String>> {
    let catalog = context.catalog?;
    let fields = Fields::of(request, text, catalog);
    if !fields.unknown.is_empty() {
        return None;
    }
    let sensitive = fields.all.iter().filter(|field| is_sensitive(field.id, catalog, context.annotations));
    let mut names = HashSet::new();
    for field in sensitive {
        let path = field.path.to_lowercase();
        names.extend(super::keyword_of(field.column).map(|sub| format!("{path}.{sub}")));
        // Objects and lists around it show it too.
        let ends = path.match_indices('.').map(|(at, _)| path[..at].to_owned()).collect::<Vec<_>>();
        names.extend(ends);
        names.insert(path);
    }
    Some(names)
}

/// Which columns show sensitive values: fields by their names, and what is computed over a sensitive field by the name that
/// the request gives it. Counts show nothing.
pub(super) fn sensitive_outputs(text: &str, context: QueryContext<'_>) -> SensitiveOutputs {
    if !context.annotations.has_sensitive() {
        return SensitiveOutputs::Unknown { named: false };
    }
    let all = requests(text);
    let [request] = all.as_slice() else { return SensitiveOutputs::Unknown { named: true } };
    let Some(mut names) = sensitive_fields(request, text, context).filter(|_| request.wrong.is_empty()) else {
        return SensitiveOutputs::Unknown { named: true };
    };
    if let Some(body) = &request.body {
        for aggs in body.get("aggs").into_iter().chain(body.get("aggregations")) {
            let mut shown = Vec::new();
            if !computed(aggs, &names, &mut shown) {
                return SensitiveOutputs::Unknown { named: true };
            }
            names.extend(shown);
        }
    }
    SensitiveOutputs::Named { names }
}

/// Names of aggregations, and of sources of a composite, over these fields. False when one of them shows values under names
/// that only the answer tells.
fn computed(aggs: &Node, fields: &HashSet<String>, out: &mut Vec<String>) -> bool {
    let names = |node: &Node| {
        let mut seen = Vec::new();
        texts(node, &mut seen);
        seen.iter().any(|text| fields.contains(&text.to_lowercase()))
    };
    for named in aggs.members() {
        for member in named.value.members() {
            match member.key.as_str() {
                "aggs" | "aggregations" if !computed(&member.value, fields, out) => return false,
                "aggs" | "aggregations" => {}
                "value_count" | "cardinality" | "filter" | "meta" => {}
                "composite" => {
                    let sources = member.value.get("sources").into_iter().flat_map(Node::elements);
                    let shown = sources.flat_map(Node::members).filter(|source| names(&source.value));
                    out.extend(shown.map(|source| source.key.to_lowercase()));
                }
                "top_hits" => return false,
                "avg" | "sum" | "min" | "max" | "terms" | "date_histogram" | "histogram" | "range" | "nested" => {
                    out.extend(names(&member.value).then(|| named.key.to_lowercase()));
                }
                _ if names(&member.value) => return false,
                _ => {}
            }
        }
    }
    true
}

/// All texts inside a value.
fn texts(node: &Node, out: &mut Vec<String>) {
    out.extend(node.text().map(str::to_owned));
    for member in node.members() {
        texts(&member.value, out);
    }
    if let Value::Array(elements) = &node.value {
        for element in elements {
            texts(element, out);
        }
    }
}

/// The values of a request that names a sensitive field: any of them may be a value of it.
pub(super) fn sensitive_literals(text: &str, context: QueryContext<'_>) -> Vec<String> {
    let keys = context.annotations.columns.iter().filter(|(_, told)| told.sensitive).map(|(key, _)| key);
    let mut names: HashSet<String> = keys.filter_map(|key| key.rsplit('.').next().map(str::to_lowercase)).collect();
    let all = requests(text);
    for request in &all {
        names.extend(sensitive_fields(request, text, context).unwrap_or_default());
    }
    let lower = text.to_lowercase();
    if !names.iter().any(|name| lower.contains(name.as_str())) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for request in &all {
        request.body.iter().for_each(|body| literals(body, &mut found));
    }
    found.retain(|value| !value.is_empty() && !META.contains(&value.as_str()));
    found
}

fn literals(node: &Node, out: &mut Vec<String>) {
    match &node.value {
        Value::Text(text) => out.push(text.trim_matches('*').to_owned()),
        Value::Number(digits) => out.push(digits.clone()),
        Value::Object(members) => members.iter().for_each(|member| literals(&member.value, out)),
        Value::Array(elements) => elements.iter().for_each(|element| literals(element, out)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use nlq_catalog::ColumnAnnotation;

    use super::*;
    use crate::dsl::fixture::store;

    fn with<T>(act: impl FnOnce(QueryContext<'_>) -> T) -> T {
        let (catalog, mut annotations) = (store(), Annotations::default());
        annotations
            .columns
            .insert("orders.customer.name".into(), ColumnAnnotation { sensitive: true, ..ColumnAnnotation::default() });
        act(QueryContext { dialect: Dialect::Opensearch, catalog: Some(&catalog), annotations: &annotations })
    }

    #[test]
    fn names_mean_indices_fields_and_words() {
        let text = "GET orders/_search\n{\"query\": {\"nested\": {\"path\": \"lines\", \"query\": {\"term\": {\"lines.product\": \"x\"}}}}}";
        let found = with(|context| symbols(text, context));
        let names: Vec<&str> = found.iter().map(|symbol| symbol.span.of(text)).collect();
        assert_eq!(names, ["orders", "_search", "query", "nested", "term", "lines.product"]);
        assert!(matches!(found[0].kind, SymbolKind::Table(_)) && matches!(found[5].kind, SymbolKind::Column(_)));
    }

    #[test]
    fn an_outline_says_what_a_request_does() {
        let text = r#"GET orders/_search
            {"size": 0, "query": {"term": {"paid": true}}, "aggs": {"m": {"date_histogram": {"field": "placed"}}}}"#;
        let found = outline(text, Dialect::Opensearch).unwrap();
        assert!(found.aggregated && found.by_time && found.filtered && !found.joined && !found.ranked, "{found:?}");
        assert_eq!(found.tables, ["orders"]);
        assert_eq!(outline("DELETE orders", Dialect::Opensearch), None);
    }

    #[test]
    fn sensitive_fields_are_masked_under_every_name() {
        let masked = |body: &str, columns: &[&str]| {
            with(|context| sensitive_outputs(&format!("GET orders/_search\n{body}"), context).masked(columns))
        };
        assert_eq!(masked(r#"{"_source": ["id", "customer.name"]}"#, &["id", "customer.name"]), [1]);
        let groups =
            r#"{"aggs": {"who": {"terms": {"field": "customer.name"}, "aggs": {"s": {"sum": {"field": "total"}}}}}}"#;
        assert_eq!(masked(groups, &["who", "s"]), [0]);
        let count = r#"{"aggs": {"people": {"cardinality": {"field": "customer.name"}}}}"#;
        assert_eq!(masked(count, &["people"]), [] as [usize; 0]);
        let told = with(|context| {
            sensitive_literals("GET orders/_search\n{\"query\": {\"term\": {\"customer.name\": \"Ann\"}}}", context)
        });
        assert_eq!(told, ["Ann"]);
        assert!(
            with(|context| sensitive_literals("GET orders/_search\n{\"query\": {\"term\": {\"id\": 3}}}", context))
                .is_empty()
        );
    }
}
