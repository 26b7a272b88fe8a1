//! Errors of a database may quote a stored value, which may be a sensitive one; what goes to a model may not, nor what is kept
//! where anything is sensitive.

/// The message with every quoted text left out that the query itself does not have.
pub fn redacted(message: &str, query: &str) -> String {
    let known = query.to_lowercase();
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(open) = rest.find(['\'', '"', '`']) {
        let quote = &rest[open..=open];
        let after = &rest[open + 1..];
        // An apostrophe inside a word opens nothing.
        let in_word = rest[..open].chars().next_back().is_some_and(char::is_alphanumeric);
        let Some(close) = after.find(quote).filter(|_| !in_word) else {
            out.push_str(&rest[..=open]);
            rest = after;
            continue;
        };
        let inside = &after[..close];
        out.push_str(&rest[..open]);
        let shown = if known.contains(&inside.to_lowercase()) { inside } else { "..." };
        out.push_str(&format!("{quote}{shown}{quote}"));
        rest = &after[close + 1..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_query_has_is_quoted() {
        let query = "SELECT ssn::int FROM people WHERE city = 'Rome'";
        for (message, expected) in [
            ("invalid input syntax for type integer: \"123-45\"", "invalid input syntax for type integer: \"...\""),
            ("column \"SSN\" isn't numeric", "column \"SSN\" isn't numeric"),
            ("no such value: 'Rome', only 'Bern'", "no such value: 'Rome', only '...'"),
            ("an open \" quote", "an open \" quote"),
        ] {
            assert_eq!(redacted(message, query), expected);
        }
    }
}
