//! The read-only guard: one search or count over named indices, of kinds that are known to do nothing else.

use nlq_catalog::Dialect;
use nlq_text::Span;

use super::{
    json::{Node, Value},
    request::{Request, requests},
    walk::{Seen, What, walk},
    words,
};
use crate::{ReadOnlyQuery, Refusal};

/// Documents that one search may show: what an index allows unless it is told otherwise.
const MOST_DOCUMENTS: u64 = 10_000;
/// Groups that one aggregation may make: what a cluster allows unless it is told otherwise.
const MOST_GROUPS: u64 = 65_535;

/// Passes a text that is exactly one request which only reads.
pub(super) fn guard(text: &str, dialect: Dialect) -> Result<ReadOnlyQuery, Refusal> {
    let all = requests(text);
    let [request] = all.as_slice() else {
        return Err(match all.get(1) {
            None => Refusal::new(Span::new(0, text.len()), "syntax", "there is no request: write `GET index/_search`"),
            Some(second) => {
                Refusal::new(second.span, "several-statements", "only one request runs at a time: leave the others out")
            }
        });
    };
    if let Some(wrong) = request.wrong.first() {
        return Err(Refusal::new(wrong.span, "syntax", wrong.message.clone()));
    }
    line(request, text)?;
    if let Some(body) = &request.body {
        bodied(body, request.endpoint(text))?;
    }
    Ok(ReadOnlyQuery::new(request.span.of(text), dialect))
}

/// The line with method and path.
fn line(request: &Request, text: &str) -> Result<(), Refusal> {
    let method = request.method.of(text);
    let path = request.path.of(text);
    if !["GET", "POST"].iter().any(|known| known.eq_ignore_ascii_case(method)) {
        let message = format!("`{method}` changes something: only GET and POST of `_search` or `_count` run");
        return Err(Refusal::new(request.method, "not-a-query", message));
    }
    if path.contains('%') || path.contains("..") || path.contains('\\') || path.contains("://") {
        let message = "the path may hold names only: no `%`, `..`, `\\` or address";
        return Err(Refusal::new(request.path, "denied-syntax", message));
    }
    if let Some((_, parameters)) = path.split_once('?')
        && !matches!(parameters, "" | "pretty" | "pretty=true")
    {
        let message = format!("`?{parameters}` is not read: write it into the body");
        return Err(Refusal::new(request.path, "denied-syntax", message));
    }
    let segments = request.segments(text);
    let (index, endpoint) = match segments.as_slice() {
        [index, endpoint] => (index, endpoint),
        [only] if only.of(text).starts_with('_') => {
            let message = format!("name the index before `{}`, such as `GET orders/_search`", only.of(text));
            return Err(Refusal::new(*only, "denied-syntax", message));
        }
        _ => {
            let message = "the path must be an index and `_search` or `_count`, such as `GET orders/_search`";
            return Err(Refusal::new(request.path, "not-a-query", message));
        }
    };
    if !matches!(endpoint.of(text), "_search" | "_count") {
        let message =
            format!("`{}` is not passed: only `_search` and `_count` read and do nothing else", endpoint.of(text));
        return Err(Refusal::new(*endpoint, "denied-command", message));
    }
    if request.indices(text).is_empty() {
        let message = format!("`{}` is no index: name one that holds documents", index.of(text));
        return Err(Refusal::new(*index, "denied-table", message));
    }
    for span in request.indices(text) {
        let name = span.of(text);
        let message = if name.contains(':') {
            "an index of another cluster is not read: leave the part before `:` out"
        } else if name.starts_with('.') {
            "indices whose names begin with a dot belong to the system and are not read"
        } else if name.is_empty() || name.starts_with(['_', '-', '+', '<', '*']) || !name.chars().all(is_of_name) {
            "this is no index that may be read: write its name, or the beginning of it and `*`"
        } else {
            continue;
        };
        return Err(Refusal::new(span, "denied-table", message));
    }
    Ok(())
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '*' | '+' | '@' | '$' | '~' | '\'' | '!' | '=')
}

fn bodied(body: &Node, endpoint: &str) -> Result<(), Refusal> {
    if !matches!(body.value, Value::Object(_)) {
        return Err(Refusal::new(body.span, "syntax", "the body must be an object in `{ }`"));
    }
    denied_keys(body)?;
    for Seen { span, name, what } in walk(body) {
        match what {
            What::Body if endpoint == "_count" && name != "query" => {
                return Err(Refusal::new(
                    span,
                    "denied-syntax",
                    format!("`_count` takes a `query` only, not `{name}`"),
                ));
            }
            What::Body if !words::BODY.iter().any(|(known, _)| *known == name) => {
                let message = format!("`{name}` is not passed in a search: nlq does not know that it only reads");
                return Err(Refusal::new(span, "denied-syntax", message));
            }
            What::Query if words::query_of(name).is_none() => {
                let message = format!("the query `{name}` is not passed: nlq does not know that it only reads");
                return Err(Refusal::new(span, "denied-function", message));
            }
            What::Aggregation if words::aggregation_of(name).is_none() => {
                let message = format!("the aggregation `{name}` is not passed: nlq does not know that it only reads");
                return Err(Refusal::new(span, "denied-function", message));
            }
            // `terms` may look its values up in another index.
            What::Field(super::walk::Usage::Exact, Some(value)) if value.get("index").is_some() => {
                let message = "values of another index are not looked up: write them as a list";
                return Err(Refusal::new(value.span, "denied-table", message));
            }
            _ => {}
        }
    }
    let shown = body.get("size").map_or(10, |size| size.whole().unwrap_or(u64::MAX));
    let left_out = body.get("from").map_or(0, |from| from.whole().unwrap_or(u64::MAX));
    if shown.saturating_add(left_out) > MOST_DOCUMENTS {
        let span = body.get("size").or_else(|| body.get("from")).map_or(body.span, |node| node.span);
        let message = format!("`size` and `from` must be whole numbers, together at most {MOST_DOCUMENTS}");
        return Err(Refusal::new(span, "denied-syntax", message));
    }
    body.get("aggs").into_iter().chain(body.get("aggregations")).try_for_each(sizes)
}

/// Keys that are refused wherever they stand.
fn denied_keys(node: &Node) -> Result<(), Refusal> {
    for member in node.members() {
        if words::DENIED.contains(&member.key.as_str()) {
            let message = format!("`{}` is not passed: it runs a script or reaches elsewhere", member.key);
            return Err(Refusal::new(member.place, "denied-function", message));
        }
        denied_keys(&member.value)?;
    }
    match &node.value {
        Value::Array(elements) => elements.iter().try_for_each(denied_keys),
        _ => Ok(()),
    }
}

/// Sizes of aggregations.
fn sizes(node: &Node) -> Result<(), Refusal> {
    for member in node.members() {
        if matches!(member.key.as_str(), "size" | "shard_size")
            && matches!(member.value.value, Value::Number(_))
            && member.value.whole().is_none_or(|size| size > MOST_GROUPS)
        {
            let message = format!("`{}` must be a whole number of at most {MOST_GROUPS}", member.key);
            return Err(Refusal::new(member.value.span, "denied-syntax", message));
        }
        sizes(&member.value)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<ReadOnlyQuery, Refusal> {
        guard(text, Dialect::Opensearch)
    }

    #[test]
    fn searches_and_counts_pass() {
        for text in [
            "GET orders/_search",
            "POST /orders,logs-2024*/_search?pretty\n{\"size\": 0, \"aggs\": {\"a\": {\"terms\": {\"field\": \"x\"}}}}",
            "GET orders/_count\n{\"query\": {\"match_all\": {}}}",
            "# all\nGET orders/_search\n{\"query\": {\"bool\": {\"filter\": [{\"term\": {\"a\": 1}}]}}} # end",
        ] {
            assert_eq!(of(text).map(|_| ()), Ok(()), "{text}");
        }
        assert_eq!(of("# x\nGET a/_search\n{} # end").unwrap().text(), "GET a/_search\n{}");
    }

    #[test]
    fn everything_else_is_refused_where_it_stands() {
        let body = |body: &str| format!("GET t/_search\n{body}");
        for (text, code, place) in [
            (String::new(), "syntax", ""),
            ("GET a/_search\nGET b/_search".into(), "several-statements", "GET b/_search"),
            ("DELETE t".into(), "not-a-query", "DELETE"),
            ("PUT t/_doc/1\n{}".into(), "not-a-query", "PUT"),
            ("POST t/_delete_by_query\n{}".into(), "denied-command", "_delete_by_query"),
            ("POST t/_search/scroll\n{}".into(), "not-a-query", "t/_search/scroll"),
            ("GET t/_search/template\n{}".into(), "not-a-query", "t/_search/template"),
            ("GET _search".into(), "denied-syntax", "_search"),
            ("GET _all/_search".into(), "denied-table", "_all"),
            ("GET */_search".into(), "denied-table", "*"),
            ("GET ../_cluster/settings".into(), "denied-syntax", "../_cluster/settings"),
            ("GET t%2f..%2f_nodes/_search".into(), "denied-syntax", "t%2f..%2f_nodes/_search"),
            ("GET other:t/_search".into(), "denied-table", "other:t"),
            ("GET t,.security/_search".into(), "denied-table", ".security"),
            ("GET t,-x/_search".into(), "denied-table", "-x"),
            ("GET <t-{now}>/_search".into(), "denied-table", "<t-{now}>"),
            ("GET t/_search?scroll=1m".into(), "denied-syntax", "t/_search?scroll=1m"),
            (body("[]"), "syntax", "[]"),
            (body("{\"a\": 1}"), "denied-syntax", "a"),
            (body("{\"script_fields\": {}}"), "denied-function", "\"script_fields\""),
            (body("{\"query\": {\"script_score\": {}}}"), "denied-function", "\"script_score\""),
            (body("{\"query\": {\"percolate\": {}}}"), "denied-function", "\"percolate\""),
            (body("{\"query\": {\"nested\": {\"query\": {\"wrapper\": {}}}}}"), "denied-function", "wrapper"),
            (
                body("{\"aggs\": {\"x\": {\"terms\": {\"script\": {\"source\": \"1\"}}}}}"),
                "denied-function",
                "\"script\"",
            ),
            (body("{\"aggs\": {\"x\": {\"t_test\": {}}}}"), "denied-function", "t_test"),
            (body("{\"sort\": [{\"_script\": {}}]}"), "denied-function", "\"_script\""),
            (
                body("{\"query\": {\"terms\": {\"a\": {\"index\": \"u\", \"id\": \"1\", \"path\": \"p\"}}}}"),
                "denied-table",
                "{\"index\": \"u\", \"id\": \"1\", \"path\": \"p\"}",
            ),
            (body("{\"size\": 10001}"), "denied-syntax", "10001"),
            (body("{\"size\": 5, \"from\": 9999}"), "denied-syntax", "5"),
            (body("{\"aggs\": {\"x\": {\"terms\": {\"field\": \"a\", \"size\": 99999}}}}"), "denied-syntax", "99999"),
            ("GET t/_count\n{\"aggs\": {}}".into(), "denied-syntax", "aggs"),
            (body("{\"size\": 1"), "syntax", "{"),
        ] {
            let refusal = of(&text).expect_err(&text);
            assert_eq!((refusal.code, refusal.span.of(&text)), (code, place), "{text}: {refusal}");
        }
    }
}
