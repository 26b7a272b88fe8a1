//! String literals of the host languages: what they say, and how to say something else in the same form.

use nlq_text::Span;

use crate::{Language, TextMap, sql};

use super::escape::{self, Escapes, Holes};

/// A string literal, or several that the language joins to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Literal {
    /// All of it with its quotes.
    pub(crate) span: Span,
    pub(crate) parts: Vec<Part>,
}

/// A part of a literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// Text between delimiters.
    Text(Body),
    /// An expression joined to the text; it reads as a parameter.
    Code(Span),
}

/// What stands between the delimiters of a literal and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) span: Span,
    pub(crate) escapes: Escapes,
    pub(crate) holes: Holes,
    /// What ends the literal; empty where a line of its own does.
    pub(crate) close: String,
    /// It is made for several lines.
    pub(crate) multi_line: bool,
    /// The language takes the common indentation away from every line; elsewhere it is part of the value, harmless
    /// between the words of a query but not inside its strings.
    pub(crate) strips: bool,
    /// A here-document, whose text starts on the line after `span` of the literal's beginning: its opening.
    pub(crate) heredoc: Option<Span>,
}

impl Body {
    fn new(span: Span, escapes: Escapes, close: &str) -> Self {
        let close = close.to_owned();
        Self { span, escapes, holes: Holes::None, close, multi_line: false, strips: false, heredoc: None }
    }

    fn holes(self, holes: Holes) -> Self {
        Self { holes, ..self }
    }

    fn multi_line(self, multi_line: bool) -> Self {
        Self { multi_line, ..self }
    }

    fn strips(self) -> Self {
        Self { strips: true, ..self }
    }

    /// Reads the delimiters of a literal; none for forms that nlq does not write into.
    pub(crate) fn of(language: Language, kind: &str, text: &str, span: Span) -> Option<Self> {
        let source = span.of(text);
        // A prefix and a suffix of so many bytes.
        let inner = |open: usize, close: usize| {
            (open + close <= source.len()).then(|| Span::new(span.start + open, span.end - close))
        };
        let letters = source.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let (prefix, quoted) = source.split_at(letters);
        let quote = quoted.get(..1)?;
        match language {
            Language::Python => {
                let prefix_has = |c: char| prefix.chars().any(|p| p.eq_ignore_ascii_case(&c));
                let triple = quoted.starts_with("\"\"\"") || quoted.starts_with("'''");
                let len = if triple { 3 } else { 1 };
                let escapes = if prefix_has('r') { Escapes::None } else { Escapes::Full };
                let holes = if prefix_has('f') { Holes::Braces } else { Holes::None };
                let body = Body::new(inner(letters + len, len)?, escapes, quoted.get(..len)?);
                Some(body.holes(holes).multi_line(triple))
            }
            Language::Rust if prefix.contains('r') => {
                let hashes = quoted.bytes().take_while(|b| *b == b'#').count();
                let close = format!("\"{}", "#".repeat(hashes));
                let body = Body::new(inner(letters + hashes + 1, hashes + 1)?, Escapes::None, &close);
                Some(body.multi_line(true))
            }
            Language::Cpp | Language::C if prefix.ends_with('R') => {
                let open = quoted.find('(')?;
                let close = format!("){}\"", quoted.get(1..open)?);
                let body = Body::new(inner(letters + open + 1, close.len())?, Escapes::None, &close);
                Some(body.multi_line(true))
            }
            Language::JavaScript | Language::TypeScript | Language::Tsx if quote == "`" => {
                let body = Body::new(inner(1, 1)?, Escapes::Full, "`");
                Some(body.holes(Holes::DollarBrace).multi_line(true))
            }
            Language::Go if quote == "`" => Some(Body::new(inner(1, 1)?, Escapes::None, "`").multi_line(true)),
            Language::Java if source.starts_with("\"\"\"") => {
                Some(Body::new(inner(3, 3)?, Escapes::Full, "\"\"\"").multi_line(true).strips())
            }
            Language::CSharp => {
                let signs = source.bytes().take_while(|b| b"$@".contains(b)).count();
                let quotes = source[signs..].bytes().take_while(|b| *b == b'"').count();
                let holes = if source[..signs].matches('$').count() == 1 { Holes::Braces } else { Holes::None };
                let body = if quotes >= 3 && !source[..signs].contains('@') && source.len() >= signs + 2 * quotes {
                    let close = "\"".repeat(quotes);
                    Body::new(inner(signs + quotes, quotes)?, Escapes::None, &close).multi_line(true).strips()
                } else if source[..signs].contains('@') {
                    Body::new(inner(signs + 1, 1)?, Escapes::Doubled, "\"").multi_line(true)
                } else {
                    Body::new(inner(signs + 1, 1)?, Escapes::Full, "\"")
                };
                Some(body.holes(holes))
            }
            Language::Ruby if kind == "heredoc_beginning" => heredoc(text, span),
            Language::Ruby if quote == "'" => Some(Body::new(inner(1, 1)?, Escapes::Minimal, "'")),
            Language::Ruby if quote == "\"" => Some(Body::new(inner(1, 1)?, Escapes::Full, "\"").holes(Holes::Hash)),
            Language::Php if source.starts_with("<<<") => {
                let open = source.find('\n')?;
                let close = source.rfind('\n')?;
                let close = close + 1 + source[close + 1..].bytes().take_while(u8::is_ascii_whitespace).count();
                let open = if source[..open].ends_with('\r') { open - 1 } else { open };
                let body = Body::new(inner(open, source.len() - close)?, Escapes::None, "");
                let body = body.multi_line(true).strips();
                let full = Body { escapes: Escapes::Full, ..body.clone() }.holes(Holes::Php);
                Some(if kind == "nowdoc" { body } else { full })
            }
            Language::Php if quote == "'" => Some(Body::new(inner(1, 1)?, Escapes::Minimal, "'")),
            Language::Php => Some(Body::new(inner(letters + 1, 1)?, Escapes::Full, "\"").holes(Holes::Php)),
            Language::Bash if quote == "'" => Some(Body::new(inner(1, 1)?, Escapes::None, "'").multi_line(true)),
            Language::Bash if quote == "\"" => {
                let body = Body::new(inner(1, 1)?, Escapes::Shell, "\"");
                Some(body.holes(Holes::Shell).multi_line(true))
            }
            Language::Lua if quote == "[" => {
                let level = source[1..].bytes().take_while(|b| *b == b'=').count();
                let close = format!("]{}]", "=".repeat(level));
                Some(Body::new(inner(level + 2, level + 2)?, Escapes::None, &close).multi_line(true))
            }
            Language::Yaml => match kind {
                "block_scalar" => {
                    let open = source.find('\n')?;
                    let open = if source[..open].ends_with('\r') { open - 1 } else { open };
                    Some(Body::new(inner(open, 0)?, Escapes::None, "").multi_line(true).strips())
                }
                "single_quote_scalar" => Some(Body::new(inner(1, 1)?, Escapes::Doubled, "'")),
                "double_quote_scalar" => Some(Body::new(inner(1, 1)?, Escapes::Full, "\"")),
                "plain_scalar" => Some(Body::new(span, Escapes::Plain, "")),
                _ => None,
            },
            _ if quote == "\"" || quote == "'" => Some(Body::new(inner(letters + 1, 1)?, Escapes::Full, quote)),
            _ => None,
        }
    }
}

/// Ruby's `<<~SQL`: its text stands between the next line and the line that is the tag.
fn heredoc(text: &str, opening: Span) -> Option<Body> {
    let source = opening.of(text).strip_prefix("<<")?;
    let tag = source.trim_start_matches(['~', '-']);
    let quoted = tag.starts_with('\'');
    let tag = tag.trim_matches(['\'', '"', '`']);
    let start = text[opening.end..].find('\n')? + opening.end;
    let mut at = start + 1;
    for line in text[at..].split_inclusive('\n') {
        if line.trim() == tag {
            let end = at + line.len() - line.trim_start().len();
            let start = if text[..start].ends_with('\r') { start - 1 } else { start };
            let escapes = if quoted { Escapes::None } else { Escapes::Full };
            let body = Body::new(Span::new(start, end), escapes, "");
            let body = body.holes(if quoted { Holes::None } else { Holes::Hash }).multi_line(true);
            let body = if source.starts_with('~') { body.strips() } else { body };
            return Some(Body { heredoc: Some(opening), ..body });
        }
        at += line.len();
    }
    None
}

impl Literal {
    /// True when expressions stand in it: a rewrite would lose them.
    pub(crate) fn has_holes(&self, document: &str) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Text(body) => escape::has_hole(body.span.of(document), body.holes),
            Part::Code(_) => true,
        })
    }

    /// What the literal says, without the white space at its ends and the indentation of its block; expressions in it
    /// read as parameters `{{name}}`.
    pub(crate) fn read(&self, language: Language, document: &str) -> (String, TextMap) {
        let (mut text, mut map) = (String::new(), TextMap::default());
        for part in &self.parts {
            match part {
                Part::Text(body) => escape::decode(language, document, body, &mut text, &mut map),
                Part::Code(span) => {
                    let start = text.len();
                    text.push_str(&escape::placeholder(span.of(document)));
                    map.push(Span::new(start, text.len()), *span);
                }
            }
        }
        let strips = matches!(self.parts.as_slice(), [Part::Text(Body { strips: true, .. })]);
        outdent(&text, &map, strips)
    }
}

/// Takes the common indentation of a text away that starts with a line end, and the white space at both ends.
fn outdent(text: &str, map: &TextMap, every_line: bool) -> (String, TextMap) {
    let inner = Span::new(text.len() - text.trim_start().len(), text.trim_end().len());
    let inner = Span::new(inner.start.min(inner.end), inner.end);
    let block = text[..inner.start].contains('\n');
    let strings = if every_line || !block { Vec::new() } else { sql::lex(text, "").multi_line };
    let free = |at: usize| block && !strings.iter().any(|string| string.start < at && at < string.end);
    let lines: Vec<Span> = text
        .split_inclusive('\n')
        .scan(0, |at, line| {
            *at += line.len();
            Some(Span::new(*at - line.len(), *at))
        })
        .collect();
    let mut margin: Option<&str> = None;
    for line in lines.iter().filter(|line| free(line.start) && !line.of(text).trim().is_empty()) {
        let line = line.of(text);
        let own = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        margin = Some(match margin {
            Some(margin) => &margin[..margin.bytes().zip(own.bytes()).take_while(|(a, b)| a == b).count()],
            None => own,
        });
    }
    let margin = margin.unwrap_or("");
    let kept = lines.iter().map(|line| {
        let skip = if free(line.start) && line.of(text).starts_with(margin) { margin.len() } else { 0 };
        Span::new((line.start + skip).max(inner.start), line.end.min(inner.end))
    });
    let kept: Vec<Span> = kept.filter(|span| !span.is_empty()).collect();
    (kept.iter().map(|span| span.of(text)).collect(), map.select(&kept))
}

/// True for a text that is a query or has no content yet: only such a literal is an answer, so that a question above
/// other code never costs that code its strings.
pub(crate) fn is_query(text: &str) -> bool {
    let start = sql::lex(text, "").statements.first().map_or(text.len(), |statement| statement.span.start);
    let words = text[start..].trim_start_matches(|c: char| c == '(' || c.is_whitespace());
    let word: String = words.chars().take_while(|c| c.is_alphabetic()).collect();
    let word = word.to_lowercase();
    words.is_empty()
        || ["select", "with", "values", "explain", "pragma"].contains(&word.as_str())
        || word.len() > 3 && nlq_text::did_you_mean(&word, ["select"]).is_some()
}
