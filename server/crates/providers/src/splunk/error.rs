//! What a server says against a request, as a [`ProviderError`].

use nlq_text::Span;
use serde_json::Value as Json;

use crate::{ProblemKind, ProviderError, http::Reply};

/// True when a message of a reply holds the word.
pub(super) fn tells(reply: &Reply, word: &str) -> bool {
    message(&reply.json()).is_some_and(|text| text.contains(word))
}

/// The first message of a reply that is an error.
pub(super) fn message(body: &Json) -> Option<String> {
    let all = body["messages"].as_array()?;
    let grave = |message: &&Json| {
        message["type"].as_str().is_some_and(|kind| ["FATAL", "ERROR"].iter().any(|k| kind.eq_ignore_ascii_case(k)))
    };
    let found = all.iter().find(grave).or(all.first())?;
    found["text"].as_str().map(|text| text.trim().trim_end_matches('.').to_owned())
}

/// A message of results that says that the search failed.
pub(super) fn fatal(body: &Json) -> Option<String> {
    let all = body["messages"].as_array()?;
    let fatal = |message: &&Json| message["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("fatal"));
    all.iter().find(fatal)?["text"].as_str().map(|text| text.trim().trim_end_matches('.').to_owned())
}

/// Why a request was refused; `query` is what was asked.
pub(super) fn of_reply(reply: &Reply, query: &str) -> ProviderError {
    let told = message(&reply.json());
    match reply.status {
        401 => ProviderError::new(
            ProblemKind::Permission,
            "Splunk does not accept the token or the user and password: check what nlq.yaml refers to",
        ),
        403 => {
            let told = told.unwrap_or_else(|| "insufficient permission".to_owned());
            let message =
                format!("Splunk does not let this user do that ({told}): ask for a role with the right to search");
            ProviderError::new(ProblemKind::Permission, message)
        }
        400 => of_message(&told.unwrap_or_else(|| "the search is not valid".to_owned()), query),
        503 => {
            let told = told.unwrap_or_else(|| "it is busy".to_owned());
            ProviderError::new(ProblemKind::Connection, format!("Splunk takes no search now ({told}): try again later"))
        }
        status => {
            let told = told.map(|told| format!(" ({told})")).unwrap_or_default();
            let message = format!("Splunk answers with status {status}{told}: check `url` and `app` in nlq.yaml");
            ProviderError::new(ProblemKind::Connection, message)
        }
    }
}

/// Why signing in failed; never with the password.
pub(super) fn of_sign_in(reply: &Reply, user: &str) -> ProviderError {
    match reply.status {
        400 | 401 | 403 => ProviderError::new(
            ProblemKind::Permission,
            format!("Splunk refuses the password of {user}: check what `password` in nlq.yaml refers to"),
        ),
        _ => of_reply(reply, ""),
    }
}

/// The server's word on a search, with the place of the name that it speaks of.
pub(super) fn of_message(told: &str, query: &str) -> ProviderError {
    let has = |words: &[&str]| words.iter().any(|word| told.contains(word));
    let kind = if has(&["permission", "not allowed", "not have the required", "capability"]) {
        ProblemKind::Permission
    } else if has(&[
        "cannot be found",
        "was not found",
        "does not exist",
        "Could not construct lookup",
        "Could not find",
    ]) {
        ProblemKind::Schema
    } else if has(&["quota", "maximum number of concurrent", "disk usage"]) {
        ProblemKind::Connection
    } else {
        ProblemKind::Syntax
    };
    ProviderError::new(kind, told.to_owned()).at(place(told, query))
}

/// Where the query has what the message quotes: the last such word that stands in it, for messages name the command first.
fn place(told: &str, query: &str) -> Option<Span> {
    let quoted = told.split('\'').skip(1).step_by(2);
    let found = quoted.filter_map(|word| {
        // A macro is quoted with the number of its arguments.
        let bare = word.split_once('(').map_or(word, |(name, _)| name);
        [word, bare].into_iter().find_map(|word| whole(query, word.trim()))
    });
    found.last()
}

/// The first place of a word that is no part of a longer one.
fn whole(query: &str, word: &str) -> Option<Span> {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    query.match_indices(word).filter(|_| !word.is_empty()).find_map(|(start, _)| {
        let end = start + word.len();
        let before = query[..start].chars().next_back().is_some_and(part) && word.starts_with(part);
        let after = query[end..].chars().next().is_some_and(part) && word.ends_with(part);
        (!before && !after).then(|| Span::new(start, end))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_a_kind_and_a_place() {
        let query = "index=a wherever=1 | where x=1 | stats count by y | wher z `slow(1)`";
        for (told, kind, word) in [
            ("Unknown search command 'wher'", ProblemKind::Syntax, Some("wher")),
            (
                "Error in 'where' command: The expression is malformed. An unexpected character is reached at 'x=1'",
                ProblemKind::Syntax,
                Some("x=1"),
            ),
            (
                "Error in 'SearchParser': The search specifies a macro 'slow(1)' that cannot be found",
                ProblemKind::Schema,
                Some("slow(1)"),
            ),
            (
                "Error in 'SearchParser': The search specifies a macro 'slow(2)' that cannot be found",
                ProblemKind::Schema,
                Some("slow"),
            ),
            ("Error in 'stats' command: The argument is invalid", ProblemKind::Syntax, Some("stats")),
            ("You do not have permission", ProblemKind::Permission, None),
            ("Unbalanced quotes", ProblemKind::Syntax, None),
        ] {
            let error = of_message(told, query).0;
            assert_eq!((error.kind, error.span.map(|span| span.of(query))), (kind, word), "{told}");
        }
    }

    #[test]
    fn the_gravest_message_is_told() {
        let reply = |body: &str| Reply { status: 400, body: body.as_bytes().to_vec() };
        let body = r#"{"messages":[{"type":"INFO","text":"a"},{"type":"FATAL","text":"Unknown search command 'x'."}]}"#;
        assert_eq!(of_reply(&reply(body), "| x").0.message, "Unknown search command 'x'");
        let error = of_reply(&Reply { status: 502, body: b"<html>".to_vec() }, "");
        assert_eq!(error.0.kind, ProblemKind::Connection);
    }
}
