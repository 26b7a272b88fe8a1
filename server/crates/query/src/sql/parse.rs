//! From text to sqlparser's tree, with placeholders accepted and errors as sentences with byte ranges.

use nlq_catalog::Dialect;
use nlq_text::Span;
use sqlparser::{
    ast::Statement,
    dialect::{Dialect as Grammar, PostgreSqlDialect, SQLiteDialect},
    parser::{Parser, ParserError},
    tokenizer::{Location, TokenWithSpan, Tokenizer},
};

use super::lexer::{Kind, Token};

/// Longer statements are not parsed: the tree of a chain of operators is as deep as the chain is long, and freeing it
/// takes stack for each level.
const MAX_WORDS_AND_OPERATORS: usize = 6_000;
/// Operators that stack up without parentheses (`a::b::c`, `x IS NULL IS NULL`, UNION) make deep trees too, and walking
/// one takes more stack than freeing it.
const MAX_STACKING: usize = 400;
const STACKING: &[&str] = &[
    "::",
    "[",
    "is",
    "isnull",
    "notnull",
    "in",
    "between",
    "like",
    "ilike",
    "similar",
    "collate",
    "at",
    "union",
    "intersect",
    "except",
    "overlaps",
];
/// Parentheses and subqueries inside one another; the parser's own default (50) refuses some generated SQL.
const MAX_NESTING: usize = 120;

/// Why a statement could not be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParseError {
    pub(super) span: Span,
    pub(super) message: String,
    /// Not wrong, but beyond what nlq reads.
    pub(super) too_large: bool,
}

/// Turns the parser's lines and columns (counted in characters from 1) into bytes.
pub(super) struct Places<'a> {
    text: &'a str,
    lines: Vec<usize>,
    ascii: bool,
}

impl<'a> Places<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut lines = vec![0];
        lines.extend(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1));
        Self { text, lines, ascii: text.is_ascii() }
    }

    pub(super) fn offset(&self, place: Location) -> usize {
        let (Some(line), Some(column)) = ((place.line as usize).checked_sub(1), (place.column as usize).checked_sub(1))
        else {
            return self.text.len();
        };
        let Some(&start) = self.lines.get(line) else { return self.text.len() };
        if self.ascii {
            return (start + column).min(self.text.len());
        }
        self.text[start..].char_indices().nth(column).map_or(self.text.len(), |(at, _)| start + at)
    }

    pub(super) fn span(&self, span: sqlparser::tokenizer::Span) -> Span {
        Span::new(self.offset(span.start), self.offset(span.end))
    }
}

/// The parser's rules for a dialect.
fn grammar(dialect: Dialect) -> &'static dyn Grammar {
    match dialect {
        Dialect::Postgresql => &PostgreSqlDialect {},
        _ => &SQLiteDialect {},
    }
}

/// The parser's own tokens, for comparison with ours.
pub(super) fn parser_tokens(text: &str, dialect: Dialect) -> Option<Vec<TokenWithSpan>> {
    Tokenizer::new(grammar(dialect), text).tokenize_with_location().ok()
}

/// Parses one statement; `text` is as [`prepare`] returns it, `tokens` are those of the text as written.
pub(super) fn parse(text: &str, tokens: &[Token], dialect: Dialect) -> Result<Statement, ParseError> {
    let code: Vec<Token> = tokens.iter().copied().filter(|token| token.kind != Kind::Comment).collect();
    let whole = Span::new(code.first().map_or(0, |t| t.span.start), code.last().map_or(0, |t| t.span.end));
    if let Some(open) = tokens.iter().find(|token| !token.closed) {
        let what = match open.kind {
            Kind::Comment => "comment has no closing `*/`",
            Kind::Quoted => "quoted name has no closing quote",
            _ => "string has no closing quote",
        };
        return Err(ParseError { span: open.span, message: format!("this {what}"), too_large: false });
    }
    let weight = code.iter().filter(|token| matches!(token.kind, Kind::Word | Kind::Punct) && !token.is(text, ","));
    let stacking = code.iter().filter(|token| STACKING.iter().any(|word| token.is(text, word)));
    if weight.count() > MAX_WORDS_AND_OPERATORS || stacking.count() > MAX_STACKING {
        let message = "the statement is too long to be read: split it".to_owned();
        return Err(ParseError { span: whole, message, too_large: true });
    }
    let parsed =
        Parser::new(grammar(dialect)).with_recursion_limit(MAX_NESTING).try_with_sql(text).and_then(|mut parser| {
            let statement = parser.parse_statement()?;
            while parser.consume_token(&sqlparser::tokenizer::Token::SemiColon) {}
            match parser.peek_token() {
                rest if rest.token == sqlparser::tokenizer::Token::EOF => Ok(statement),
                rest => parser.expected("end of statement", rest),
            }
        });
    parsed.map_err(|error| match error {
        ParserError::RecursionLimitExceeded => ParseError {
            span: whole,
            message: "the statement is nested too deeply to be read: split it with WITH".to_owned(),
            too_large: true,
        },
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => sentence(text, &code, &message),
    })
}

/// The parser's message in our words, with the range of the token it stumbled over.
fn sentence(text: &str, code: &[Token], message: &str) -> ParseError {
    let (said, place) = message.rsplit_once(" at Line: ").unwrap_or((message, ""));
    let location = place.split_once(", Column: ").and_then(|(line, column)| {
        Some(Location { line: line.trim().parse().ok()?, column: column.trim().parse().ok()? })
    });
    let offset = location.map_or(text.len(), |location| Places::new(text).offset(location));
    let index = code.partition_point(|token| token.span.end <= offset);
    let found = code.get(index).copied().filter(|token| !token.is(text, ";"));
    let before = index.checked_sub(1).and_then(|index| code.get(index)).copied();
    let after = before.map_or_else(String::new, |token| format!(" after `{}`", shortened(token.of(text))));
    let found_text =
        found.map_or_else(|| "the end of the statement".to_owned(), |token| format!("`{}`", shortened(token.of(text))));
    let expected = said.strip_prefix("Expected: ").and_then(|rest| rest.rsplit_once(", found: ")).map(|(what, _)| what);
    let message = match (expected, found) {
        (Some("end of statement"), Some(_)) => format!("unexpected {found_text}{after}"),
        (Some(what), _) => format!("expected {}{after}, found {found_text}", readable(what)),
        (None, _) => format!("{} near {found_text}", said.trim_end_matches('.')),
    };
    let span = found.or(before).map_or(Span::at(text.len()), |token| token.span);
    ParseError { span, message, too_large: false }
}

fn readable(expected: &str) -> String {
    match expected {
        "an expression" | "an expression:" => "an expression".to_owned(),
        "identifier" => "a name".to_owned(),
        "joined table" => "a joined table".to_owned(),
        "an SQL statement" => "a statement such as SELECT".to_owned(),
        "SELECT, VALUES, or a subquery in the query body" => "SELECT, VALUES or a subquery".to_owned(),
        "literal string" => "a string".to_owned(),
        "literal int" | "a number" => "a number".to_owned(),
        word if word.len() <= 2 || word.chars().all(|ch| ch.is_ascii_uppercase() || ch == ' ') => format!("`{word}`"),
        other => other.trim_end_matches(':').to_owned(),
    }
}

fn shortened(text: &str) -> String {
    const MOST: usize = 40;
    let line = text.lines().next().unwrap_or("");
    if line.chars().count() > MOST {
        format!("{}…", line.chars().take(MOST).collect::<String>())
    } else {
        line.to_owned()
    }
}

/// The text as the parser should read it, of the same length: SQLite's own words that the parser does not know become
/// words that it does, and with `placeholders` each placeholder becomes one that every grammar accepts.
pub(super) fn prepare(text: &str, tokens: &[Token], dialect: Dialect, placeholders: bool) -> String {
    let code: Vec<&Token> = tokens.iter().filter(|token| token.kind != Kind::Comment).collect();
    let mut bytes = text.as_bytes().to_vec();
    let mut write = |span: Span, with: &str, pad: u8| {
        let with = with.bytes().chain(std::iter::repeat(pad));
        bytes[span.start..span.end].iter_mut().zip(with).for_each(|(byte, new)| *byte = new);
    };
    let is = |index: usize, word: &str| code.get(index).is_some_and(|token| token.is(text, word));
    for (index, token) in code.iter().enumerate() {
        if placeholders && token.kind == Kind::Placeholder {
            let before = index.checked_sub(1).map(|index| code[index]);
            let name = before.is_some_and(|b| ["from", "join", ".", "as", "using"].iter().any(|word| b.is(text, word)));
            match name {
                true => write(token.span, "_", b'_'),
                false if dialect == Dialect::Sqlite && token.span.len() == 1 => {}
                false => write(token.span, "$", b'a'),
            }
        }
        if dialect != Dialect::Sqlite {
            continue;
        }
        if token.is(text, "is") {
            let negated = is(index + 1, "not");
            let next = index + 1 + usize::from(negated);
            let known = ["null", "true", "false", "distinct", "unknown"].iter().any(|word| is(next, word));
            if !known && next < code.len() {
                write(token.span, if negated { "<>" } else { "=" }, b' ');
                if negated {
                    write(code[index + 1].span, "", b' ');
                }
            }
        } else if token.is(text, "indexed") {
            if index > 0 && is(index - 1, "not") {
                write(code[index - 1].span.to(token.span), "", b' ');
            } else if is(index + 1, "by")
                && matches!(code.get(index + 2).map(|t| t.kind), Some(Kind::Word | Kind::Quoted))
            {
                write(token.span.to(code[index + 2].span), "", b' ');
            }
        }
    }
    // Only whole tokens were overwritten, and with ASCII, so the bytes are still UTF-8.
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}
