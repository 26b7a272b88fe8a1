//! What a cluster says against a request, as a [`ProviderError`].

use nlq_catalog::Dialect;
use nlq_text::Span;
use serde_json::Value as Json;

use crate::{ProblemKind, ProviderError, http::Reply};

/// Why a request was refused; `query` is what was asked.
pub(super) fn of_reply(reply: &Reply, dialect: Dialect, query: &str) -> ProviderError {
    let system = dialect.title();
    let body = reply.json();
    match reply.status {
        401 => ProviderError::new(
            ProblemKind::Permission,
            format!("{system} does not accept the user and password or the API key: check what nlq.yaml refers to"),
        ),
        403 => ProviderError::new(
            ProblemKind::Permission,
            format!("{system} does not let this user do that ({}): ask for a role that may read", told(&body["error"])),
        ),
        400 | 404 => of_error(&body["error"], query),
        429 | 503 => ProviderError::new(
            ProblemKind::Connection,
            format!("{system} takes no request now ({}): try again later", told(&body["error"])),
        ),
        status => {
            let message =
                format!("{system} answers with status {status} ({}): check `url` in nlq.yaml", told(&body["error"]));
            ProviderError::new(ProblemKind::Connection, message)
        }
    }
}

/// The innermost reason, without a full stop.
fn told(error: &Json) -> String {
    let cause = cause(error);
    let reason = cause["reason"].as_str().or(error.as_str()).unwrap_or("it says nothing more");
    reason.trim().trim_end_matches('.').to_owned()
}

/// Where the cause stands.
fn cause(error: &Json) -> &Json {
    let mut at = error;
    for inner in [&error["failed_shards"][0]["reason"], &error["root_cause"][0]] {
        if inner["reason"].is_string() {
            at = inner;
            break;
        }
    }
    while at["caused_by"]["reason"].is_string() {
        at = &at["caused_by"];
    }
    at
}

/// An `error` of a reply.
pub(super) fn of_error(error: &Json, query: &str) -> ProviderError {
    let told = told(error);
    let class = error["type"].as_str().unwrap_or_default();
    let inner = cause(error)["type"].as_str().unwrap_or_default();
    let kind = match (class, inner) {
        ("index_not_found_exception", _) | (_, "index_not_found_exception" | "query_shard_exception") => {
            ProblemKind::Schema
        }
        ("parsing_exception" | "x_content_parse_exception" | "json_parse_exception", _)
        | (_, "parsing_exception" | "x_content_parse_exception" | "named_object_not_found_exception") => {
            ProblemKind::Syntax
        }
        (_, "time_exceeded_exception" | "task_cancelled_exception") => return ProviderError::timed_out(),
        ("security_exception", _) => ProblemKind::Permission,
        _ => ProblemKind::Data,
    };
    let span = place(&told, query);
    ProviderError::new(kind, told).at(span)
}

/// Where the query has what the message puts in brackets: the first that stands in it as a whole word.
pub(super) fn place(told: &str, query: &str) -> Option<Span> {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
    told.split('[').skip(1).filter_map(|rest| rest.split(']').next()).filter(|word| !word.is_empty()).find_map(|word| {
        query.match_indices(word).find_map(|(start, _)| {
            let end = start + word.len();
            let before = query[..start].chars().next_back().is_some_and(part);
            let after = query[end..].chars().next().is_some_and(part);
            (!before && !after).then(|| Span::new(start, end))
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn errors_have_a_kind_and_a_place() {
        let query = "GET orders/_search\n{\"query\": {\"trem\": {\"a\": 1}}}";
        let error = json!({"type": "parsing_exception", "reason": "unknown query [trem] did you mean [term]?",
            "root_cause": [{"type": "parsing_exception", "reason": "unknown query [trem] did you mean [term]?"}]});
        let made = of_error(&error, query).0;
        assert_eq!((made.kind, made.span.map(|span| span.of(query))), (ProblemKind::Syntax, Some("trem")));
        let missing = json!({"type": "index_not_found_exception", "reason": "no such index [orders]"});
        let made = of_error(&missing, query).0;
        assert_eq!((made.kind, made.span.map(|span| span.of(query))), (ProblemKind::Schema, Some("orders")));
        let shards = json!({"type": "search_phase_execution_exception", "reason": "all shards failed",
            "failed_shards": [{"reason": {"type": "illegal_argument_exception", "reason": "Text fields are bad."}}]});
        assert_eq!(of_error(&shards, query).0.message, "Text fields are bad");
    }
}
