//! The tokens of PartiQL as DynamoDB reads it.

use nlq_text::Span;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or a bare name.
    Word,
    /// A name in double quotes.
    Quoted,
    /// A text in single quotes.
    Text,
    /// A number without a sign.
    Number,
    /// `{{name}}`, or `?`.
    Placeholder,
    /// One or two signs.
    Sign,
    /// A comment.
    Comment,
    /// A text, name or comment that is not closed, or a character that stands nowhere in PartiQL.
    Broken,
}

/// A token and where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

impl Token {
    /// True for a keyword, in any case, or a sign.
    pub(super) fn is(self, text: &str, word: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Sign) && self.span.of(text).eq_ignore_ascii_case(word)
    }

    /// A bare or quoted name without its quotes, or a text without its own; none for anything else.
    pub(super) fn content(self, text: &str) -> Option<String> {
        let raw = self.span.of(text);
        match self.kind {
            Kind::Word => Some(raw.to_owned()),
            Kind::Quoted => Some(raw[1..raw.len() - 1].replace("\"\"", "\"")),
            Kind::Text => Some(raw[1..raw.len() - 1].replace("''", "'")),
            _ => None,
        }
    }
}

const PAIRS: [&str; 6] = ["<=", ">=", "<>", "!=", "<<", ">>"];

/// All tokens of a text, comments too; never fails.
pub(super) fn lex(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let until =
            |found: Option<usize>, closing: usize| found.map_or((rest.len(), false), |end| (end + closing, true));
        let closed = |kind: Kind, (len, closed): (usize, bool)| (if closed { kind } else { Kind::Broken }, len);
        let (kind, len) = if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        } else if rest.starts_with("--") {
            (Kind::Comment, rest.find('\n').unwrap_or(rest.len()))
        } else if let Some(inside) = rest.strip_prefix("/*") {
            closed(Kind::Comment, until(inside.find("*/").map(|end| end + 2), 2))
        } else if rest.starts_with("{{") {
            closed(Kind::Placeholder, until(rest.find("}}"), 2))
        } else if first == '\'' || first == '"' {
            closed(if first == '"' { Kind::Quoted } else { Kind::Text }, quoted(rest, first))
        } else if first == '?' {
            (Kind::Placeholder, 1)
        } else if first.is_ascii_digit() {
            (Kind::Number, number(rest))
        } else if first.is_alphabetic() || first == '_' || first == '$' {
            let word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
            (Kind::Word, rest.find(|c| !word(c)).unwrap_or(rest.len()))
        } else if PAIRS.iter().any(|pair| rest.starts_with(pair)) {
            (Kind::Sign, 2)
        } else if first.is_ascii_punctuation() && !"`\\@#~^&|".contains(first) {
            (Kind::Sign, 1)
        } else {
            (Kind::Broken, first.len_utf8())
        };
        tokens.push(Token { kind, span: Span::new(at, at + len) });
        at += len;
    }
    tokens
}

/// The length of what stands in quotes, with them, and whether it is closed; a doubled quote is part of it.
fn quoted(rest: &str, quote: char) -> (usize, bool) {
    let mut at = 1;
    while let Some(end) = rest[at..].find(quote) {
        at += end + 1;
        if !rest[at..].starts_with(quote) {
            return (at, true);
        }
        at += 1;
    }
    (rest.len(), false)
}

/// The length of a number: digits, a fraction, an exponent.
fn number(rest: &str) -> usize {
    let digits = |from: usize| from + rest[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut end = digits(0);
    if rest[end..].starts_with('.') && rest[end + 1..].starts_with(|c: char| c.is_ascii_digit()) {
        end = digits(end + 1);
    }
    if rest[end..].starts_with(['e', 'E']) {
        let sign = usize::from(rest[end + 1..].starts_with(['+', '-']));
        let exponent = digits(end + 1 + sign);
        if exponent > end + 1 + sign {
            end = exponent;
        }
    }
    end
}

/// The statements of a text, each without its `;` and without the space and comments around it.
pub(super) fn statements(text: &str) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    let mut open = false;
    for token in lex(text) {
        if token.is(text, ";") {
            open = false;
        } else if token.kind == Kind::Comment {
            // Inside a statement it is covered by what comes after it.
        } else if let Some(last) = found.last_mut().filter(|_| open) {
            last.end = token.span.end;
        } else {
            found.push(token.span);
            open = true;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_keep_their_kind_and_their_place() {
        let text = "SELECT \"a\"\"b\".c[0] -- x\nFROM t WHERE d>=-1.5e3 AND e='it''s' AND f = {{day}}";
        let told: Vec<(Kind, &str)> = lex(text).iter().map(|token| (token.kind, token.span.of(text))).collect();
        assert_eq!(told[1], (Kind::Quoted, "\"a\"\"b\""));
        assert!(told.contains(&(Kind::Comment, "-- x")));
        assert!(told.contains(&(Kind::Sign, ">=")) && told.contains(&(Kind::Number, "1.5e3")));
        assert!(told.contains(&(Kind::Text, "'it''s'")) && told.contains(&(Kind::Placeholder, "{{day}}")));
        assert_eq!(lex(text)[1].content(text).as_deref(), Some("a\"b"));
    }

    #[test]
    fn what_is_not_closed_is_broken_to_the_end() {
        for text in ["'a", "\"a", "/* a", "{{a", "\u{200b}", "`x`"] {
            assert_eq!(lex(text)[0].kind, Kind::Broken, "{text}");
        }
    }

    #[test]
    fn statements_end_at_semicolons_outside_of_texts() {
        let text = "-- first\nSELECT ';' FROM t; /* ; */ SELECT * FROM u -- end\n;;";
        let told: Vec<&str> = statements(text).iter().map(|span| span.of(text)).collect();
        assert_eq!(told, ["SELECT ';' FROM t", "SELECT * FROM u"]);
    }
}
