//! Tokens with byte ranges, after the databases' own lexical rules. Unlike the parser's tokenizer it never fails: an
//! unfinished string or comment runs to the end. Everything that must work on half-typed text stands on it.

use nlq_catalog::Dialect;
use nlq_text::Span;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or a bare name.
    Word,
    /// A quoted name.
    Quoted,
    /// A string, with its prefix if it has one.
    String,
    /// A number.
    Number,
    /// A place for a value: `?`, `$1`, `:name`, `@name`, `{{name}}`, `%s`, `%(name)s`.
    Placeholder,
    /// A comment.
    Comment,
    /// One character of an operator or punctuation (`::` is one token).
    Punct,
}

/// One token; white space is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Span,
    /// False when a string, quoted name or comment has no end.
    pub(super) closed: bool,
}

impl Token {
    pub(super) fn of(self, text: &str) -> &str {
        self.span.of(text)
    }

    pub(super) fn is(self, text: &str, what: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Punct) && self.of(text).eq_ignore_ascii_case(what)
    }

    /// The name that a word or quoted name stands for, without quotes; PostgreSQL folds bare words to lower case.
    pub(super) fn name(self, text: &str, dialect: Dialect) -> Option<String> {
        let written = self.of(text);
        match self.kind {
            Kind::Word if dialect == Dialect::Postgresql => Some(written.to_lowercase()),
            Kind::Word => Some(written.to_owned()),
            Kind::Quoted => {
                let open = written.chars().next()?;
                let close = if open == '[' { ']' } else { open };
                let inner = written.get(1..written.len() - usize::from(self.closed))?;
                Some(if open == '[' {
                    inner.to_owned()
                } else {
                    inner.replace(&format!("{close}{close}"), &close.to_string())
                })
            }
            _ => None,
        }
    }
}

/// Words after which a value is expected, so that `?` or `:name` after them is a placeholder and not an operator.
const BEFORE_VALUE: &[&str] = &[
    "select",
    "distinct",
    "where",
    "and",
    "or",
    "not",
    "in",
    "like",
    "ilike",
    "glob",
    "limit",
    "offset",
    "between",
    "then",
    "else",
    "when",
    "case",
    "on",
    "having",
    "by",
    "values",
    "is",
    "fetch",
    "first",
    "any",
    "all",
    "some",
    "similar",
    "to",
    "from",
    "for",
    "interval",
    "escape",
    "regexp",
    "match",
    "join",
    "using",
    "as",
    "return",
    "returning",
    "set",
    "next",
    "into",
];

/// The tokens of a text.
pub(super) fn lex(text: &str, dialect: Dialect) -> Vec<Token> {
    let mut lexer = Lexer { text, bytes: text.as_bytes(), at: 0, dialect, tokens: Vec::with_capacity(text.len() / 5) };
    while lexer.at < text.len() {
        lexer.step();
    }
    lexer.tokens
}

struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    dialect: Dialect,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn push(&mut self, kind: Kind, end: usize, closed: bool) {
        self.tokens.push(Token { kind, span: Span::new(self.at, end), closed });
        self.at = end;
    }

    fn step(&mut self) {
        let postgres = self.dialect == Dialect::Postgresql;
        let byte = self.byte(0);
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => self.at += 1,
            b'-' if self.byte(1) == b'-' => self.line_comment(),
            b'/' if self.byte(1) == b'*' => self.block_comment(),
            b'\'' => self.quoted(Kind::String, self.at, b'\'', false),
            b'"' => self.quoted(Kind::Quoted, self.at, b'"', false),
            b'`' if !postgres => self.quoted(Kind::Quoted, self.at, b'`', false),
            b'[' if !postgres => {
                let end = self.text[self.at..].find(']').map(|i| self.at + i + 1);
                self.push(Kind::Quoted, end.unwrap_or(self.text.len()), end.is_some());
            }
            b'$' if postgres && self.dollar_string() => {}
            b'{' if self.byte(1) == b'{' => {
                let end = self.text[self.at..].find("}}").map(|i| self.at + i + 2);
                match end {
                    Some(end) => self.push(Kind::Placeholder, end, true),
                    None => self.push(Kind::Punct, self.at + 1, true),
                }
            }
            b'0'..=b'9' => self.number(),
            b'.' if self.byte(1).is_ascii_digit() && !self.after_operand() => self.number(),
            b'?' | b'$' | b':' | b'@' | b'%' if self.placeholder(byte) => {}
            b':' if self.byte(1) == b':' => self.push(Kind::Punct, self.at + 2, true),
            _ if is_word_start(byte) => self.word(),
            _ => self.push(Kind::Punct, self.at + 1, true),
        }
    }

    fn line_comment(&mut self) {
        let ends: &[char] = if self.dialect == Dialect::Postgresql { &['\n', '\r'] } else { &['\n'] };
        let end = self.text[self.at..].find(ends).map_or(self.text.len(), |i| self.at + i);
        self.push(Kind::Comment, end, true);
    }

    fn block_comment(&mut self) {
        let (mut at, mut depth) = (self.at + 2, 1);
        while at < self.bytes.len() {
            match &self.bytes[at..(at + 2).min(self.bytes.len())] {
                b"*/" => {
                    at += 2;
                    depth -= 1;
                    if depth == 0 {
                        return self.push(Kind::Comment, at, true);
                    }
                }
                b"/*" if self.dialect == Dialect::Postgresql => {
                    at += 2;
                    depth += 1;
                }
                _ => at += 1,
            }
        }
        self.push(Kind::Comment, self.text.len(), false);
    }

    /// From an opening quote at `open`; a doubled quote, and with `escapes` a backslash, does not close.
    fn quoted(&mut self, kind: Kind, open: usize, quote: u8, escapes: bool) {
        let mut at = open + 1;
        while let Some(&byte) = self.bytes.get(at) {
            if escapes && byte == b'\\' {
                at += 2;
            } else if byte != quote {
                at += 1;
            } else if self.bytes.get(at + 1) == Some(&quote) {
                at += 2;
            } else {
                return self.push(kind, at + 1, true);
            }
        }
        self.push(kind, self.text.len(), false);
    }

    fn dollar_string(&mut self) -> bool {
        let tag = self.bytes[self.at + 1..].iter().take_while(|b| is_word_start(**b) || b.is_ascii_digit()).count();
        if self.byte(tag + 1) != b'$' || self.byte(1).is_ascii_digit() {
            return false;
        }
        let (start, delimiter) = (self.at + tag + 2, &self.text[self.at..self.at + tag + 2]);
        let end = self.text[start..].find(delimiter).map(|i| start + i + delimiter.len());
        self.push(Kind::String, end.unwrap_or(self.text.len()), end.is_some());
        true
    }

    fn number(&mut self) {
        let rest = &self.bytes[self.at..];
        let mut len = rest
            .iter()
            .enumerate()
            .take_while(|(i, b)| {
                b.is_ascii_alphanumeric()
                    || matches!(b, b'.' | b'_')
                    || (matches!(b, b'+' | b'-')
                        && *i > 0
                        && matches!(rest[i - 1], b'e' | b'E')
                        && !rest.starts_with(b"0x"))
            })
            .count();
        while len > 1 && matches!(rest[len - 1], b'+' | b'-') {
            len -= 1;
        }
        self.push(Kind::Number, self.at + len, true);
    }

    fn word(&mut self) {
        let dollar = self.dialect == Dialect::Postgresql;
        let len = self.bytes[self.at..]
            .iter()
            .take_while(|b| is_word_start(**b) || b.is_ascii_digit() || (dollar && **b == b'$'))
            .count();
        let end = self.at + len;
        if self.bytes.get(end) == Some(&b'\'') {
            let prefix = self.text[self.at..end].to_ascii_lowercase();
            let known: &[&str] = if dollar { &["e", "b", "x", "n"] } else { &["x"] };
            if known.contains(&prefix.as_str()) {
                return self.quoted(Kind::String, end, b'\'', prefix == "e");
            }
        }
        if dollar && len == 1 && self.byte(1) == b'&' && matches!(self.byte(0), b'u' | b'U') {
            match self.byte(2) {
                b'\'' => return self.quoted(Kind::String, end + 1, b'\'', false),
                b'"' => return self.quoted(Kind::Quoted, end + 1, b'"', false),
                _ => {}
            }
        }
        self.push(Kind::Word, end, true);
    }

    fn after_operand(&self) -> bool {
        let Some(last) = self.tokens.iter().rev().find(|token| token.kind != Kind::Comment) else { return false };
        match last.kind {
            Kind::Word => !BEFORE_VALUE.iter().any(|word| last.is(self.text, word)),
            Kind::Punct => matches!(last.of(self.text), ")" | "]" | "." | "::" | "@"),
            _ => true,
        }
    }

    fn placeholder(&mut self, byte: u8) -> bool {
        let rest = &self.bytes[self.at + 1..];
        let word = rest.iter().take_while(|b| is_word_start(**b) || b.is_ascii_digit()).count();
        let starts_word = rest.first().is_some_and(|b| is_word_start(*b));
        let postgres = self.dialect == Dialect::Postgresql;
        let len = match byte {
            b'?' if postgres && (self.after_operand() || matches!(rest.first(), Some(b'|' | b'&' | b'-' | b'#'))) => 0,
            b'?' => 1 + rest.iter().take_while(|b| b.is_ascii_digit()).count(),
            b'$' if word > 0 => 1 + word,
            b':' if word > 0 && !self.after_operand() && self.bytes[..self.at].last() != Some(&b':') => 1 + word,
            b'@' if starts_word
                && !self.after_operand()
                && !matches!(self.bytes[..self.at].last(), Some(b'@' | b'<' | b'-' | b'~')) =>
            {
                1 + word
            }
            b'%' if self.after_operand() => 0,
            b'%' if rest.first() == Some(&b'(') => {
                let name = rest[1..].iter().take_while(|b| is_word_start(**b) || b.is_ascii_digit()).count();
                if name > 0 && rest[1 + name..].starts_with(b")s") { name + 4 } else { 0 }
            }
            b'%' if rest.first() == Some(&b's') && word == 1 => 2,
            _ => 0,
        };
        if len > 0 {
            self.push(Kind::Placeholder, self.at + len, true);
        }
        len > 0
    }
}

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, dialect: Dialect) -> Vec<(Kind, &str)> {
        lex(text, dialect).into_iter().map(|token| (token.kind, token.of(text))).collect()
    }

    #[test]
    fn placeholders_are_told_from_operators() {
        use Kind::{Placeholder as P, Punct, Word};
        assert_eq!(shown("a = ?", Dialect::Sqlite)[2], (P, "?"));
        assert_eq!(shown("a ? b", Dialect::Postgresql)[1], (Punct, "?"));
        assert_eq!(shown("a::text", Dialect::Postgresql)[1], (Punct, "::"));
        for placeholder in ["$1", ":name", "@name", "{{größe}}", "%(name)s", "%s"] {
            for dialect in [Dialect::Sqlite, Dialect::Postgresql] {
                let text = format!("WHERE a = {placeholder} and");
                assert_eq!(shown(&text, dialect)[3..], [(P, placeholder), (Word, "and")], "{placeholder}");
            }
        }
        assert_eq!(shown("a %(b)s", Dialect::Sqlite)[1], (Punct, "%"));
    }

    #[test]
    fn quotes_and_comments_follow_the_dialect() {
        let pg = shown("E'a\\'b' $x$;$x$ /* /* */ ; */ U&\"d\" `", Dialect::Postgresql);
        assert_eq!(pg.len(), 5, "{pg:?}");
        let lite = shown("/* /* */ ; [a;b] `c;` 'open ;", Dialect::Sqlite);
        assert_eq!(lite.iter().filter(|(_, t)| *t == ";").count(), 1);
        assert_eq!(lite.last(), Some(&(Kind::String, "'open ;")));
    }
}
