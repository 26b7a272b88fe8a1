use nlq_catalog::Dialect;
use nlq_text::Span;

use super::lexer::{Kind, lex};

/// The statements of a text, each without its `;`, leading and trailing space and comments. Never fails: unfinished
/// strings and comments run to the end.
pub(crate) fn statements(text: &str, dialect: Dialect) -> Vec<Span> {
    let mut found = Vec::new();
    let mut current: Option<Span> = None;
    for token in lex(text, dialect) {
        if token.is(text, ";") {
            found.extend(current.take());
        } else if token.kind != Kind::Comment {
            current = Some(current.map_or(token.span, |span| span.to(token.span)));
        }
    }
    found.extend(current);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_empty_statements_are_left_out() {
        let text = "-- a; b\n SELECT 1 /* c */ ;; SELECT ';💣', 2 -- end\n;\n-- ; nothing\nSELECT 'open ; \r\n";
        let found: Vec<_> = statements(text, Dialect::Sqlite).into_iter().map(|span| span.of(text)).collect();
        assert_eq!(found, ["SELECT 1", "SELECT ';💣', 2", "SELECT 'open ; \r\n"]);
        assert!(statements(" -- only a comment", Dialect::Sqlite).is_empty());
    }
}
