//! Questions that ask for a change of data: nlq only reads, so it says so instead of guessing at a query.

use nlq_text::Span;

use crate::{
    index::{SchemaIndex, bag},
    words::tokenize,
};

/// Words that may stand before the verb.
const OPENING: &[&str] = &[
    "please", "can", "could", "would", "will", "you", "i", "we", "want", "need", "like", "to", "let", "us", "now",
    "then", "and", "also", "just", "go", "ahead",
];
/// Verbs that change data whatever follows.
const CHANGES: &[&str] =
    &["delete", "drop", "truncate", "insert", "update", "remove", "erase", "purge", "wipe", "upsert", "alter"];
/// Verbs that change data when they take one of [`OBJECTS`].
const MAKES: &[&str] = &["create", "add", "rename", "modify", "replace", "grant", "revoke", "make"];
const OBJECTS: &[&str] = &[
    "table",
    "tables",
    "column",
    "columns",
    "index",
    "view",
    "row",
    "rows",
    "record",
    "records",
    "entry",
    "entries",
    "database",
    "schema",
    "user",
    "role",
    "trigger",
    "constraint",
    "access",
    "privileges",
];
/// Words after the verb among which its object must stand.
const REACH: usize = 4;

/// The verb by which a question asks for a change.
pub(crate) fn asked(text: &str, index: &SchemaIndex) -> Option<Span> {
    let (tokens, _) = tokenize(text);
    let at = tokens.iter().position(|t| !OPENING.contains(&t.lower.as_str()))?;
    let verb = &tokens[at];
    let following = || tokens[at + 1..].iter().take(REACH).map(|t| t.lower.as_str());
    let word = verb.lower.as_str();
    let is_change = CHANGES.contains(&word)
        || MAKES.contains(&word) && following().any(|w| OBJECTS.contains(&w))
        || matches!(word, "set" | "change") && tokens[at + 1..].iter().any(|t| t.lower == "to");
    // `update date of orders`: part of a name.
    let is_name = tokens.get(at + 1).is_some_and(|next| {
        let stems = [verb.stem.clone(), next.stem.clone()];
        index.named(&bag(&stems)).iter().any(|e| e.score >= 0.85)
    });
    (is_change && !verb.quoted && !is_name).then_some(verb.span)
}
