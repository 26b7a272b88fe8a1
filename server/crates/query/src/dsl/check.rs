//! What is wrong or doubtful in requests: JSON, words of the language, names of the schema, fields asked in a way that they
//! cannot answer.

use nlq_catalog::{Catalog, TypeKind};
use nlq_text::{Diagnostic, Fix, Span, did_you_mean};

use super::{
    fields::{Field, Fields},
    json::Node,
    request::{Request, requests},
    walk::{Seen, Usage, What, walk},
    words,
};
use crate::QueryContext;

/// Longer texts are not checked.
const TOO_LONG: usize = 1 << 20;

pub(super) fn check(text: &str, context: QueryContext<'_>) -> Vec<Diagnostic> {
    if text.len() > TOO_LONG {
        let message = "the request is too long for nlq to read, so it was not checked";
        return vec![Diagnostic::information(Span::new(0, text.len()), "too-large", message)];
    }
    let mut found = Vec::new();
    for request in requests(text) {
        found.extend(request.wrong.iter().map(|wrong| Diagnostic::error(wrong.span, "syntax", wrong.message.clone())));
        check_one(&request, text, context, &mut found);
    }
    found.sort_by_key(|diagnostic| diagnostic.span);
    found.dedup_by(|a, b| a.span == b.span && a.code == b.code);
    found
}

fn check_one(request: &Request, text: &str, context: QueryContext<'_>, found: &mut Vec<Diagnostic>) {
    let endpoint = request.endpoint(text);
    let reads = ["GET", "POST"].iter().any(|known| known.eq_ignore_ascii_case(request.method.of(text)));
    let search = reads && matches!(endpoint, "_search" | "_count");
    if !request.path.is_empty() && !search {
        let message = "this is no search: nlq runs only `GET index/_search` and `GET index/_count`";
        found.push(Diagnostic::warning(request.method.to(request.path), "not-a-query", message));
        return;
    }
    let fields = context.catalog.map(|catalog| (Fields::of(request, text, catalog), catalog));
    if let Some((fields, catalog)) = &fields {
        for span in &fields.unknown {
            found.push(unknown_index(*span, text, catalog));
        }
    }
    let Some(body) = &request.body else { return };
    for seen in walk(body) {
        let known = match seen.what {
            What::Body => unknown_word(&seen, "unknown-key", "key of a search", words::BODY.iter().map(|word| word.0)),
            What::Query => unknown_word(&seen, "unknown-query", "query", words::QUERIES.iter().map(|query| query.name)),
            What::Aggregation => unknown_word(
                &seen,
                "unknown-aggregation",
                "aggregation",
                words::AGGREGATIONS.iter().map(|aggregation| aggregation.name),
            ),
            What::Field(usage, value) => {
                // Of an index that is not known no field is known.
                if let Some((fields, catalog)) = fields.as_ref().filter(|(fields, _)| fields.unknown.is_empty()) {
                    check_field(&seen, usage, value, fields, catalog, context, found);
                }
                None
            }
        };
        found.extend(known);
    }
}

/// A word that nlq does not know: also what it refuses to run.
fn unknown_word<'w>(
    seen: &Seen<'_>,
    code: &'static str,
    what: &str,
    known: impl Iterator<Item = &'w str> + Clone,
) -> Option<Diagnostic> {
    if known.clone().any(|word| word == seen.name) {
        return None;
    }
    if words::DENIED.contains(&seen.name) {
        let message = format!("`{}` runs a script or reaches elsewhere: nlq does not run it", seen.name);
        return Some(Diagnostic::warning(seen.span, code, message));
    }
    let Some(near) = did_you_mean(seen.name, known) else {
        return Some(Diagnostic::warning(
            seen.span,
            code,
            format!("nlq knows no {what} `{}` and does not run it", seen.name),
        ));
    };
    let message = format!("there is no {what} `{}`: did you mean `{near}`?", seen.name);
    Some(Diagnostic::error(seen.span, code, message).with_fix(Fix::replace(
        format!("Change to `{near}`"),
        seen.span,
        near,
    )))
}

fn unknown_index(span: Span, text: &str, catalog: &Catalog) -> Diagnostic {
    let name = span.of(text);
    let known = catalog.tables.iter().filter(|table| table.nested.is_none()).map(|table| table.name.as_str());
    let Some(near) = did_you_mean(name, known) else {
        return Diagnostic::error(
            span,
            "unknown-table",
            format!("the schema has no index `{name}`: refresh it if it is new"),
        );
    };
    Diagnostic::error(span, "unknown-table", format!("the schema has no index `{name}`: did you mean `{near}`?"))
        .with_fix(Fix::replace(format!("Change to `{near}`"), span, near))
}

fn check_field(
    seen: &Seen<'_>,
    usage: Usage,
    value: Option<&Node>,
    fields: &Fields<'_>,
    catalog: &Catalog,
    context: QueryContext<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let Some((field, whole)) = fields.find(seen.name) else {
        if !fields.is_other(seen.name) {
            found.push(unknown_field(seen, usage, fields));
        }
        return;
    };
    if usage == Usage::Shown && super::editor::is_sensitive(field.id, catalog, context.annotations) {
        let message = format!("`{}` is annotated as sensitive and would be shown", seen.name);
        found.push(Diagnostic::warning(seen.span, "sensitive-column", message));
    }
    if super::is_analysed(field.column) && !whole {
        found.extend(analysed(seen, usage, field));
    }
    let number = field.column.kind.is_numeric();
    if usage == Usage::Numbers
        && !number
        && !(field.column.kind == TypeKind::Boolean)
        && !field.column.kind.is_temporal()
    {
        let message = format!("`{}` holds {}, not numbers", seen.name, field.column.type_name);
        found.push(Diagnostic::error(seen.span, "wrong-type", message));
    }
    if usage == Usage::Exact
        && let Some(value) = value
    {
        let values: Vec<&Node> =
            value.get("value").or_else(|| value.get("query")).unwrap_or(value).elements().iter().collect();
        for one in values {
            found.extend(check_value(one, field, number));
        }
    }
}

fn check_value(value: &Node, field: &Field<'_>, number: bool) -> Option<Diagnostic> {
    let text = value.text()?;
    if number && text.parse::<f64>().is_err() {
        let message = format!("`{}` holds numbers, and this is none", field.path);
        return Some(Diagnostic::error(value.span, "wrong-type", message));
    }
    let known = field.column.values.as_ref().filter(|known| known.complete && !text.contains(['*', '?']))?;
    if known.values.iter().any(|known| known == text) {
        return None;
    }
    let near = did_you_mean(text, known.values.iter().map(String::as_str))?;
    let message = format!("`{}` held no `{text}` when the schema was read: did you mean `{near}`?", field.path);
    let fix = Fix::replace(format!("Change to `{near}`"), value.span, super::json::quoted(near));
    Some(Diagnostic::warning(value.span, "unknown-value", message).with_fix(fix))
}

/// Text that is analysed has no whole values: only its words are found.
fn analysed(seen: &Seen<'_>, usage: Usage, field: &Field<'_>) -> Option<Diagnostic> {
    let what = match usage {
        Usage::Exact => "only its single words in lower case can be found like this",
        Usage::Aggregated | Usage::Sorted => "it cannot be grouped or sorted by",
        _ => return None,
    };
    let at_fault = |message: String| match usage {
        Usage::Exact => Diagnostic::warning(seen.span, "analysed-text", message),
        _ => Diagnostic::error(seen.span, "analysed-text", message),
    };
    let Some(sub) = super::keyword_of(field.column) else {
        let instead = if usage == Usage::Exact { ": ask with `match`" } else { "" };
        return Some(at_fault(format!("`{}` is analysed text: {what}{instead}", seen.name)));
    };
    let better = format!("{}.{sub}", seen.name);
    let diagnostic = at_fault(format!("`{}` is analysed text: {what}; `{better}` holds whole values", seen.name));
    Some(diagnostic.with_fix(Fix::replace(format!("Change to `{better}`"), seen.span, better)))
}

fn unknown_field(seen: &Seen<'_>, usage: Usage, fields: &Fields<'_>) -> Diagnostic {
    if usage == Usage::Path {
        let message = format!("`{}` is no nested list of this index", seen.name);
        return Diagnostic::error(seen.span, "unknown-column", message);
    }
    let near = did_you_mean(seen.name, fields.all.iter().map(|field| field.path.as_str())).or_else(|| {
        // The last part alone.
        let last = |path: &str| path.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(seen.name));
        fields.all.iter().map(|field| field.path.as_str()).find(|path| last(path))
    });
    let Some(near) = near else {
        return Diagnostic::error(seen.span, "unknown-column", format!("this index has no field `{}`", seen.name));
    };
    Diagnostic::error(
        seen.span,
        "unknown-column",
        format!("this index has no field `{}`: did you mean `{near}`?", seen.name),
    )
    .with_fix(Fix::replace(format!("Change to `{near}`"), seen.span, near))
}

#[cfg(test)]
mod tests {
    use nlq_catalog::{Annotations, Dialect};

    use super::*;
    use crate::dsl::fixture::store;

    fn found(text: &str) -> Vec<(&'static str, String)> {
        let (catalog, annotations) = (store(), Annotations::default());
        let context = QueryContext { dialect: Dialect::Opensearch, catalog: Some(&catalog), annotations: &annotations };
        check(text, context).into_iter().map(|it| (it.code, it.span.of(text).to_owned())).collect()
    }

    #[track_caller]
    fn finds(body: &str, code: &str, place: &str) {
        let text = format!("GET orders/_search\n{body}");
        assert_eq!(found(&text), [(code, place.to_owned())].map(|(code, place)| (leak(code), place)), "{text}");
    }

    fn leak(code: &str) -> &'static str {
        Box::leak(code.to_owned().into_boxed_str())
    }

    #[test]
    fn good_requests_are_left_alone() {
        for body in [
            r#"{"query": {"term": {"country": "France"}}, "sort": [{"placed": "desc"}, "_doc"], "_source": ["id", "lines.*"]}"#,
            r#"{"query": {"nested": {"path": "lines", "query": {"range": {"lines.quantity": {"gte": 3}}}}}}"#,
            r#"{"aggs": {"a": {"terms": {"field": "title.keyword"}, "aggs": {"b": {"avg": {"field": "total"}}}}}}"#,
            r#"{"query": {"match": {"title": "red shoes"}}, "_source": "customer"}"#,
            r#"{"query": {"term": {"country": {{country}}}}}"#,
        ] {
            assert_eq!(found(&format!("GET orders/_search\n{body}")), [], "{body}");
        }
    }

    #[test]
    fn mistakes_are_told_where_they_stand() {
        finds(r#"{"query": {"term": {"country": "France",}}}"#, "syntax", ",");
        finds(r#"{"query": {"trem": {"country": "France"}}}"#, "unknown-query", "trem");
        finds(r#"{"aggs": {"a": {"carditality": {"field": "country"}}}}"#, "unknown-aggregation", "carditality");
        finds(r#"{"sise": 1}"#, "unknown-key", "sise");
        finds(r#"{"query": {"term": {"contry": "France"}}}"#, "unknown-column", "contry");
        finds(r#"{"query": {"exists": {"field": "quantity"}}}"#, "unknown-column", "quantity");
        finds(r#"{"query": {"nested": {"path": "line", "query": {"match_all": {}}}}}"#, "unknown-column", "line");
        finds(r#"{"query": {"term": {"title": "Red"}}}"#, "analysed-text", "title");
        finds(r#"{"aggs": {"a": {"terms": {"field": "title"}}}}"#, "analysed-text", "title");
        finds(r#"{"aggs": {"a": {"sum": {"field": "country"}}}}"#, "wrong-type", "country");
        finds(r#"{"query": {"terms": {"total": [1, "x"]}}}"#, "wrong-type", "\"x\"");
        finds(r#"{"query": {"term": {"country": "Frence"}}}"#, "unknown-value", "\"Frence\"");
        assert_eq!(found("GET ordrs/_search"), [("unknown-table", "ordrs".to_owned())]);
        assert_eq!(found("PUT orders/_doc/1\n{}"), [("not-a-query", "PUT orders/_doc/1".to_owned())]);
    }
}
