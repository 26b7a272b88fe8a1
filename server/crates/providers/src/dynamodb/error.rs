//! What DynamoDB says when it refuses.

use crate::{ProblemKind, ProviderError, http::Reply};

/// The exception's name without its namespace.
fn name(reply: &Reply) -> String {
    let json = reply.json();
    let full = json["__type"].as_str().unwrap_or_default();
    full.rsplit('#').next().unwrap_or(full).to_owned()
}

/// True for a refusal that may pass: too many requests at once.
pub(super) fn is_passing(reply: &Reply) -> bool {
    matches!(
        name(reply).as_str(),
        "ThrottlingException" | "ProvisionedThroughputExceededException" | "RequestLimitExceeded"
    ) || reply.status == 503
}

/// A refusal as a problem of nlq's own.
pub(super) fn of(reply: &Reply) -> ProviderError {
    let (json, name) = (reply.json(), name(reply));
    let told = json["message"].as_str().or(json["Message"].as_str()).unwrap_or_default();
    let new = |kind, message: String| ProviderError::new(kind, message);
    match name.as_str() {
        "ResourceNotFoundException" => {
            new(ProblemKind::Schema, format!("DynamoDB has no such table or index: {told}; refresh the schema"))
        }
        // What goes with these repeats what was signed, which holds the session token.
        "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "IncompleteSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "InvalidClientTokenId" => new(
            ProblemKind::Permission,
            "DynamoDB does not take the access key: check `access_key_id`, `secret_access_key` and `region` in nlq.yaml".to_owned(),
        ),
        "ExpiredTokenException" | "ExpiredToken" => {
            new(ProblemKind::Permission, "the AWS session token is no longer valid: get new keys".to_owned())
        }
        "AccessDeniedException" => new(ProblemKind::Permission, format!("DynamoDB does not allow it: {told}")),
        "ValidationException" | "SerializationException" => {
            let lower = told.to_lowercase();
            let schema = ["index", "schema", "project", "key attribute", "primary key"];
            let kind =
                if schema.iter().any(|word| lower.contains(word)) { ProblemKind::Schema } else { ProblemKind::Syntax };
            new(kind, format!("DynamoDB refuses the statement: {told}"))
        }
        "ThrottlingException" | "ProvisionedThroughputExceededException" | "RequestLimitExceeded" => new(
            ProblemKind::Connection,
            "DynamoDB is asked for more than it may give at once: try again later, or ask for less".to_owned(),
        ),
        "InternalFailure" | "InternalServerError" => {
            new(ProblemKind::Connection, "DynamoDB failed by an error of its own: try again".to_owned())
        }
        "" => new(
            ProblemKind::Connection,
            format!("what answers at this address is not DynamoDB (HTTP {})", reply.status),
        ),
        other => new(ProblemKind::Data, format!("DynamoDB refuses with {other}: {told}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, body: &str) -> (ProblemKind, String) {
        let error = of(&Reply { status, body: body.as_bytes().to_vec() });
        (error.0.kind, error.0.message)
    }

    #[test]
    fn refusals_have_their_kind_and_never_what_was_signed() {
        let space = "com.amazonaws.dynamodb.v20120810#";
        for (name, message, kind) in [
            ("ResourceNotFoundException", "Requested resource not found", ProblemKind::Schema),
            ("AccessDeniedException", "User: x is not authorized", ProblemKind::Permission),
            ("UnrecognizedClientException", "The security token canary is invalid.", ProblemKind::Permission),
            ("InvalidSignatureException", "x-amz-security-token:canary", ProblemKind::Permission),
            ("ValidationException", "Statement wasn't well formed", ProblemKind::Syntax),
            ("ValidationException", "The table does not have the specified index: x", ProblemKind::Schema),
            ("ProvisionedThroughputExceededException", "slow down", ProblemKind::Connection),
            ("ItemCollectionSizeLimitExceededException", "?", ProblemKind::Data),
        ] {
            let body = serde_json::json!({ "__type": format!("{space}{name}"), "message": message });
            let (found, words) = told(400, &body.to_string());
            assert_eq!(found, kind, "{name}");
            assert!(!words.contains("canary"), "{words}");
        }
        assert!(told(404, "<html>").1.contains("not DynamoDB"));
    }
}
