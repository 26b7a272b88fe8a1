//! Escapes and interpolations inside string literals.

use nlq_text::Span;

use crate::{Language, TextMap};

use super::literal::Body;

/// How a literal writes characters that would end it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escapes {
    /// Not at all.
    None,
    /// YAML's plain scalar: not at all, and little fits.
    Plain,
    /// The quote twice.
    Doubled,
    /// A backslash before the quote and before itself, nothing else.
    Minimal,
    /// The shell's double quotes: a backslash before `$`, backtick, `"` and itself.
    Shell,
    /// The language's backslash sequences.
    Full,
}

/// How expressions stand inside a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holes {
    None,
    /// `{x}`; braces are written twice.
    Braces,
    /// `${x}`.
    DollarBrace,
    /// `#{x}`.
    Hash,
    /// `$x`, `{$x}`, `${x}`.
    Php,
    /// `$x`, `${x}`, `$(x)`, backticks.
    Shell,
}

/// Appends what a body says; each sequence that is not itself becomes one piece of the map.
pub(crate) fn decode(language: Language, document: &str, body: &Body, text: &mut String, map: &mut TextMap) {
    let source = body.span.of(document);
    let (mut at, mut run) = (0, 0);
    let copy = |run: usize, at: usize, text: &mut String, map: &mut TextMap| {
        if run < at {
            map.push(Span::new(text.len(), text.len() + at - run), Span::new(run, at).shift(body.span.start));
            text.push_str(&source[run..at]);
        }
    };
    while let Some(first) = source[at..].chars().next() {
        let Some((len, means)) = special(language, &source[at..], body) else {
            at += first.len_utf8();
            continue;
        };
        copy(run, at, text, map);
        map.push(Span::new(text.len(), text.len() + means.len()), Span::new(at, at + len).shift(body.span.start));
        text.push_str(&means);
        at += len;
        run = at;
    }
    copy(run, at, text, map);
}

/// The sequence at the start of `rest`: its length and what it means.
fn special(language: Language, rest: &str, body: &Body) -> Option<(usize, String)> {
    if rest.starts_with("\r\n") {
        return Some((2, "\n".into()));
    }
    let quote = body.close.as_str();
    if body.escapes == Escapes::Doubled && rest.starts_with(quote) && rest[quote.len()..].starts_with(quote) {
        return Some((2 * quote.len(), quote.to_owned()));
    }
    if let Some(after) = rest.strip_prefix('\\') {
        let escaped = after.chars().next()?;
        let itself = Some((1 + escaped.len_utf8(), escaped.to_string()));
        match body.escapes {
            Escapes::None | Escapes::Plain | Escapes::Doubled => {}
            Escapes::Minimal => return itself.filter(|_| escaped == '\\' || quote.starts_with(escaped)),
            Escapes::Shell if escaped == '\n' => return Some((2, String::new())),
            Escapes::Shell => return itself.filter(|_| "$`\"\\".contains(escaped)),
            Escapes::Full => return unescape(language, rest, escaped),
        }
    }
    hole(rest, body.holes)
}

fn hole(rest: &str, holes: Holes) -> Option<(usize, String)> {
    let expression = |open: usize, len: usize| Some((len, placeholder(rest.get(open..len - 1)?)));
    match holes {
        Holes::None => None,
        Holes::Braces if rest.starts_with("{{") || rest.starts_with("}}") => Some((2, rest[..1].to_owned())),
        Holes::Braces => expression(1, balanced(rest, 0, b'{', b'}')?),
        Holes::DollarBrace => expression(2, balanced(rest, 1, b'{', b'}').filter(|_| rest.starts_with('$'))?),
        Holes::Hash => expression(2, balanced(rest, 1, b'{', b'}').filter(|_| rest.starts_with('#'))?),
        Holes::Php if rest.starts_with("{$") => expression(2, balanced(rest, 0, b'{', b'}')?),
        Holes::Shell if rest.starts_with("$(") => expression(2, balanced(rest, 1, b'(', b')')?),
        Holes::Shell if rest.starts_with('`') => expression(1, rest[1..].find('`')? + 2),
        Holes::Php | Holes::Shell if rest.starts_with("${") => expression(2, balanced(rest, 1, b'{', b'}')?),
        Holes::Php | Holes::Shell => {
            let name = rest.strip_prefix('$')?;
            let len = name.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
            // `$1` is a shell's argument; in PHP, and in a query, it is itself.
            let variable = len > 0 && (holes == Holes::Shell || !name.as_bytes()[0].is_ascii_digit());
            variable.then(|| (1 + len, placeholder(&name[..len])))
        }
    }
}

/// True when an expression stands in the source of a body.
pub(crate) fn has_hole(source: &str, holes: Holes) -> bool {
    let mut at = 0;
    while let Some(first) = source[at..].chars().next() {
        match hole(&source[at..], holes) {
            Some((_, means)) if means.len() > 1 => return true,
            Some((len, _)) => at += len,
            None => at += first.len_utf8(),
        }
    }
    false
}

/// One past the bracket that closes the one at `at`, which must be `open`.
fn balanced(rest: &str, at: usize, open: u8, close: u8) -> Option<usize> {
    if rest.as_bytes().get(at) != Some(&open) {
        return None;
    }
    let mut depth = 0;
    for (index, byte) in rest.bytes().enumerate().skip(at) {
        if byte == open {
            depth += 1;
        } else if byte == close {
            depth -= 1;
            if depth == 0 {
                return Some(index + 1);
            }
        }
    }
    None
}

/// An expression as a parameter of the query: `{{user_id}}` for `user.id`.
pub(crate) fn placeholder(expression: &str) -> String {
    let words: Vec<&str> =
        expression.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).collect();
    let name: String = words.join("_").chars().take(40).collect();
    format!("{{{{{}}}}}", if name.is_empty() { "value" } else { &name })
}

fn unescape(language: Language, rest: &str, escaped: char) -> Option<(usize, String)> {
    let one = |c: char| Some((1 + escaped.len_utf8(), c.to_string()));
    let coded = |prefix: usize, digits: usize, radix: u32| {
        let code = rest.get(prefix..prefix + digits).and_then(|code| u32::from_str_radix(code, radix).ok())?;
        Some((prefix + digits, char::from_u32(code)?.to_string()))
    };
    let count = |from: usize, most: usize, radix: u32| {
        rest[from..].chars().take(most).take_while(|c| c.is_digit(radix)).count()
    };
    match escaped {
        'n' => one('\n'),
        't' => one('\t'),
        'r' => one('\r'),
        'a' => one('\x07'),
        'b' => one('\x08'),
        'f' => one('\x0c'),
        'v' => one('\x0b'),
        'e' if matches!(language, Language::Ruby | Language::Php | Language::C | Language::Cpp) => one('\x1b'),
        's' if matches!(language, Language::Java | Language::Ruby) => one(' '),
        '0'..='9' if language == Language::Lua => coded(1, count(1, 3, 10), 10),
        '0'..='7' => coded(1, count(1, 3, 8), 8),
        'x' => coded(2, count(2, if language == Language::CSharp { 4 } else { 2 }, 16), 16),
        'u' if rest[2..].starts_with('{') => {
            let digits = count(3, 6, 16);
            let (len, means) = coded(3, digits, 16)?;
            rest[len..].starts_with('}').then_some((len + 1, means))
        }
        'u' => coded(2, 4, 16).or_else(|| surrogates(rest)),
        'U' => coded(2, 8, 16),
        '\n' | '\r' => {
            let mut len = if rest[1..].starts_with("\r\n") { 3 } else { 2 };
            if language == Language::Rust {
                len += rest[len..].len() - rest[len..].trim_start().len();
            }
            Some((len, if language == Language::Lua { "\n".into() } else { String::new() }))
        }
        'z' if language == Language::Lua => Some((2 + rest[2..].len() - rest[2..].trim_start().len(), String::new())),
        // These languages keep the backslash of a sequence that they do not know.
        _ if matches!(language, Language::Python | Language::Php) && !"\\'\"$".contains(escaped) => None,
        _ => one(escaped),
    }
}

/// `\uD83D\uDCA3`: one character in two halves.
fn surrogates(rest: &str) -> Option<(usize, String)> {
    let unit = |from: usize| u16::from_str_radix(rest.get(from..from + 4)?, 16).ok();
    let second = rest.get(6..8).filter(|head| *head == "\\u").and_then(|_| unit(8))?;
    let means = String::from_utf16(&[unit(2)?, second]).ok()?;
    Some((12, means))
}

/// `text` as it is written inside a body; none when it cannot be.
pub(crate) fn encode(text: &str, body: &Body) -> Option<String> {
    let quote = body.close.chars().next();
    let mut out = String::with_capacity(text.len() + 8);
    match body.escapes {
        Escapes::None => {
            if !body.close.is_empty() && format!("{text}{}", body.close).find(&body.close) != Some(text.len()) {
                return None;
            }
            out.push_str(text);
        }
        Escapes::Plain => {
            let plain = !text.contains(": ") && !text.contains(" #") && !text.contains('\n') && !text.ends_with(':');
            // The first character decides what kind of scalar it is.
            let word = text.chars().next().is_none_or(char::is_alphanumeric);
            return (plain && word).then(|| text.to_owned());
        }
        Escapes::Doubled => match quote {
            Some(quote) => out.push_str(&text.replace(quote, &format!("{quote}{quote}"))),
            None => out.push_str(text),
        },
        Escapes::Minimal | Escapes::Shell | Escapes::Full => {
            let mut chars = text.chars().peekable();
            while let Some(c) = chars.next() {
                let next = chars.peek().copied();
                let special = match c {
                    '\\' => true,
                    _ if Some(c) == quote => body.close.len() == 1 || next.is_none_or(|next| next == c),
                    '$' | '`' if body.escapes == Escapes::Shell => true,
                    '$' if body.holes == Holes::Php => true,
                    '$' if body.holes == Holes::DollarBrace => next == Some('{'),
                    '#' if body.holes == Holes::Hash => next.is_some_and(|next| "{@$".contains(next)),
                    _ => false,
                };
                match c {
                    '\n' if body.escapes == Escapes::Full && !body.multi_line => out.push_str("\\n"),
                    '\r' if body.escapes == Escapes::Full => out.push_str("\\r"),
                    _ if special => out.extend(['\\', c]),
                    _ => out.push(c),
                }
            }
        }
    }
    if body.holes == Holes::Braces {
        out = out.replace('{', "{{").replace('}', "}}");
    }
    Some(out)
}
