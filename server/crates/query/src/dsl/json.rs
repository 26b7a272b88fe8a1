//! JSON as people write it in developer tools: with the place of every key and value, with comments (`#`, `//`, `/* */`),
//! texts in `"""`, and `{{name}}` for a value. Reading never fails: what is wrong is told, and the rest is read.

use nlq_text::Span;

/// Deeper than any request goes; what lies below is refused, so that no text exhausts the stack.
const MAX_DEPTH: usize = 64;

/// A value with its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// Where.
    pub(crate) span: Span,
    /// What.
    pub(crate) value: Value,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Object(Vec<Member>),
    Array(Vec<Node>),
    Text(String),
    /// As it is written.
    Number(String),
    Boolean(bool),
    Null,
    /// `{{name}}`.
    Placeholder,
    /// Nothing that could be read.
    Wrong,
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Member {
    pub(crate) key: String,
    /// With its quotes.
    pub(crate) place: Span,
    pub(crate) value: Node,
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) span: Span,
    pub(crate) message: String,
}

impl Node {
    /// The members of an object; none of anything else.
    pub(crate) fn members(&self) -> &[Member] {
        match &self.value {
            Value::Object(members) => members,
            _ => &[],
        }
    }

    /// The elements of a list, or the one value that stands instead of a list.
    pub(crate) fn elements(&self) -> &[Node] {
        match &self.value {
            Value::Array(elements) => elements,
            _ => std::slice::from_ref(self),
        }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.members().iter().find(|member| member.key == key).map(|member| &member.value)
    }

    /// The text of a text.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number.
    pub(crate) fn whole(&self) -> Option<u64> {
        match &self.value {
            Value::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// Plain JSON, on one line; what could not be read is null.
    pub(crate) fn json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match &self.value {
            Value::Object(members) => {
                out.push('{');
                for (at, member) in members.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    out.push_str(&quoted(&member.key));
                    out.push(':');
                    member.value.write(out);
                }
                out.push('}');
            }
            Value::Array(elements) => {
                out.push('[');
                for (at, element) in elements.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    element.write(out);
                }
                out.push(']');
            }
            Value::Text(text) => out.push_str(&quoted(text)),
            Value::Number(digits) => out.push_str(digits),
            Value::Boolean(truth) => out.push_str(if *truth { "true" } else { "false" }),
            Value::Null | Value::Placeholder | Value::Wrong => out.push_str("null"),
        }
    }
}

/// A text as JSON writes it.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for ch in text.chars() {
        match ch {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ch if ch < ' ' => out.push_str(&format!("\\u{:04x}", ch as u32)),
            ch => out.push(ch),
        }
    }
    out.push('"');
    out
}

/// A place in a text that is read.
pub(crate) struct Reader<'a> {
    text: &'a str,
    pub(crate) at: usize,
    depth: usize,
    pub(crate) wrong: Vec<Wrong>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str, at: usize) -> Self {
        Self { text, at, depth: 0, wrong: Vec::new() }
    }

    pub(crate) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn next(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Goes past space and comments.
    pub(crate) fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            let ends = if trimmed.starts_with('#') || trimmed.starts_with("//") {
                trimmed.find('\n').unwrap_or(trimmed.len())
            } else if trimmed.starts_with("/*") {
                trimmed.find("*/").map_or(trimmed.len(), |end| end + 2)
            } else {
                return;
            };
            self.at += ends;
        }
    }

    fn error(&mut self, span: Span, message: impl Into<String>) {
        // One mistake leads to more: the first ones tell.
        if self.wrong.len() < 20 {
            self.wrong.push(Wrong { span, message: message.into() });
        }
    }

    /// The range of the next word or sign, to point at.
    fn here(&self) -> Span {
        let rest = self.rest();
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let length = if word > 0 { word } else { rest.chars().next().map_or(0, char::len_utf8) };
        Span::new(self.at, self.at + length)
    }

    /// Reads one value.
    pub(crate) fn value(&mut self) -> Node {
        self.skip();
        let start = self.at;
        let value = match self.next() {
            Some('{') if self.rest().starts_with("{{") => self.placeholder(),
            Some('{' | '[') if self.depth >= MAX_DEPTH => {
                self.error(self.here(), format!("this is nested more than {MAX_DEPTH} deep: make it flatter"));
                self.at = self.text.len();
                Value::Wrong
            }
            Some('{') => self.nested(Self::object),
            Some('[') => self.nested(Self::array),
            Some('"') => Value::Text(self.string()),
            Some('-' | '0'..='9') => self.number(),
            Some(c) if c.is_alphabetic() => self.word(),
            _ => {
                let message = if self.next().is_some() { "a value must stand here" } else { "a value is missing here" };
                self.error(self.here(), message);
                Value::Wrong
            }
        };
        Node { span: Span::new(start, self.at), value }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Value) -> Value {
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn placeholder(&mut self) -> Value {
        let end = self.rest().find("}}");
        if end.is_none() {
            self.error(Span::new(self.at, self.at + 2), "`{{` has no `}}`");
        }
        self.at += end.map_or(2, |end| end + 2);
        Value::Placeholder
    }

    fn word(&mut self) -> Value {
        let span = self.here();
        self.at = span.end;
        match span.of(self.text) {
            "true" => Value::Boolean(true),
            "false" => Value::Boolean(false),
            "null" => Value::Null,
            other => {
                self.error(span, format!("`{other}` is no JSON value: put it in double quotes"));
                Value::Wrong
            }
        }
    }

    fn number(&mut self) -> Value {
        let rest = self.rest();
        let length =
            rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | '+')).unwrap_or(rest.len());
        let digits = &rest[..length];
        let span = Span::new(self.at, self.at + length);
        self.at = span.end;
        if is_number(digits) {
            return Value::Number(digits.to_owned());
        }
        self.error(span, format!("`{digits}` is no number: put it in double quotes if it is text"));
        Value::Wrong
    }

    /// A text in quotes, or in three of them.
    fn string(&mut self) -> String {
        let start = self.at;
        if self.rest().starts_with("\"\"\"") {
            let inner = &self.rest()[3..];
            let end = inner.find("\"\"\"");
            if end.is_none() {
                self.error(Span::new(start, start + 3), "this text has no closing `\"\"\"`");
            }
            let text = &inner[..end.unwrap_or(inner.len())];
            self.at += 3 + text.len() + if end.is_some() { 3 } else { 0 };
            return text.to_owned();
        }
        self.at += 1;
        let mut out = String::new();
        while let Some(ch) = self.next() {
            match ch {
                '"' => {
                    self.at += 1;
                    return out;
                }
                '\n' => break,
                '\\' => self.escape(&mut out),
                ch => {
                    out.push(ch);
                    self.at += ch.len_utf8();
                }
            }
        }
        self.error(Span::new(start, self.at), "this text has no closing quote");
        out
    }

    fn escape(&mut self, out: &mut String) {
        let start = self.at;
        self.at += 1;
        let Some(ch) = self.next() else { return };
        self.at += ch.len_utf8();
        match ch {
            '"' | '\\' | '/' => out.push(ch),
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'u' => match self.code() {
                Some(ch) => out.push(ch),
                None => self.error(Span::new(start, self.at), "`\\u` needs four hexadecimal digits"),
            },
            _ => self.error(Span::new(start, self.at), format!("`\\{ch}` means nothing in JSON: write `\\\\{ch}`")),
        }
    }

    /// The character of `\uXXXX`, or of two of them.
    fn code(&mut self) -> Option<char> {
        let unit = |reader: &mut Self| {
            let digits = reader.rest().get(..4)?;
            let unit =
                digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())??;
            reader.at += 4;
            Some(unit)
        };
        let first = unit(self)?;
        if (0xd800..0xdc00).contains(&first) && self.rest().starts_with("\\u") {
            self.at += 2;
            let second = unit(self)?;
            if !(0xdc00..0xe000).contains(&second) {
                return None;
            }
            return char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
        }
        char::from_u32(first)
    }

    fn object(&mut self) -> Value {
        let open = Span::new(self.at, self.at + 1);
        self.at += 1;
        let mut members: Vec<Member> = Vec::new();
        loop {
            self.skip();
            match self.next() {
                Some('}') => {
                    self.at += 1;
                    return Value::Object(members);
                }
                Some('"') => {}
                Some(']') | None => {
                    self.error(open, "this `{` has no closing `}`");
                    return Value::Object(members);
                }
                Some(',') => {
                    self.error(self.here(), "a key in double quotes must stand before this comma");
                    self.at += 1;
                    continue;
                }
                Some(_) => {
                    let span = self.here();
                    self.error(span, format!("`{}` must be a key in double quotes", span.of(self.text)));
                    self.at = span.end;
                    continue;
                }
            }
            let start = self.at;
            let key = self.string();
            let place = Span::new(start, self.at);
            self.skip();
            let value = if self.next() == Some(':') {
                self.at += 1;
                self.value()
            } else {
                self.error(place, format!("the key `{key}` has no value: write `: ` and a value after it"));
                Node { span: Span::at(self.at), value: Value::Wrong }
            };
            if members.iter().any(|member| member.key == key) {
                self.error(place, format!("the key `{key}` stands here twice: the first would be ignored"));
            }
            members.push(Member { key, place, value });
            self.separator('}');
        }
    }

    fn array(&mut self) -> Value {
        let open = Span::new(self.at, self.at + 1);
        self.at += 1;
        let mut elements = Vec::new();
        loop {
            self.skip();
            match self.next() {
                Some(']') => {
                    self.at += 1;
                    return Value::Array(elements);
                }
                Some('}') | None => {
                    self.error(open, "this `[` has no closing `]`");
                    return Value::Array(elements);
                }
                _ => {}
            }
            let before = self.at;
            elements.push(self.value());
            if self.at == before {
                // A sign that begins no value was told of.
                self.at += self.next().map_or(0, char::len_utf8);
            }
            self.separator(']');
        }
    }

    /// The comma between two members or elements.
    fn separator(&mut self, close: char) {
        let end = self.at;
        self.skip();
        match self.next() {
            Some(',') => {
                let comma = Span::new(self.at, self.at + 1);
                self.at += 1;
                self.skip();
                if self.next() == Some(close) {
                    self.error(comma, format!("nothing follows this comma: leave it out before `{close}`"));
                }
            }
            Some('}' | ']') | None => {}
            Some(_) => self.error(Span::new(end.saturating_sub(1), end), "a comma is missing after this"),
        }
    }
}

fn is_number(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Node, Vec<(String, String)>) {
        let mut reader = Reader::new(text, 0);
        let node = reader.value();
        let wrong = reader.wrong.into_iter().map(|w| (w.span.of(text).to_owned(), w.message)).collect();
        (node, wrong)
    }

    #[test]
    fn values_with_comments_and_long_texts_are_plain_json_again() {
        let text = "{ # one\n \"a\": [1, -2.5e3, true, null], // two\n \"b\\n\": \"\"\"x \"y\" z\"\"\", /* three */ \"c\": {{n}}}";
        let (node, wrong) = read(text);
        assert_eq!(wrong, [], "{text}");
        assert_eq!(node.json(), r#"{"a":[1,-2.5e3,true,null],"b\n":"x \"y\" z","c":null}"#);
        let member = &node.members()[0];
        assert_eq!((member.place.of(text), member.value.span.of(text)), ("\"a\"", "[1, -2.5e3, true, null]"));
        assert_eq!(read(r#""\ud83d\ude00\u00e4""#).0.text(), Some("😀ä"));
    }

    #[test]
    fn mistakes_have_their_place() {
        for (text, place) in [
            ("{\"a\": 1,}", ","),
            ("{\"a\" 1}", "\"a\""),
            ("{\"a\": 1 \"b\": 2}", "1"),
            ("{\"a\": yes}", "yes"),
            ("{a: 1}", "a"),
            ("{\"a\": [1, 2}", "["),
            ("{\"a\": 1", "{"),
            ("[1, }", "["),
            ("{\"a\": \"x}", "\"x}"),
            ("{\"a\": 1, \"a\": 2}", "\"a\""),
            ("[01]", "01"),
        ] {
            let (_, wrong) = read(text);
            assert_eq!(wrong.first().map(|(place, _)| place.as_str()), Some(place), "{text}: {wrong:?}");
        }
    }

    #[test]
    fn nothing_is_too_deep_or_too_broken() {
        assert!(!read(&"[".repeat(100_000)).1.is_empty());
        assert!(!read(&"{\"a\":".repeat(100_000)).1.is_empty());
        let whole = "{\"query\": {\"bool\": {\"filter\": [{\"term\": {\"ä\": \"\\u00e4\"}}, {{x}}]}}} # end";
        for end in (0..whole.len()).filter(|&end| whole.is_char_boundary(end)) {
            read(&whole[..end]);
            read(&whole[end..]);
        }
    }
}
