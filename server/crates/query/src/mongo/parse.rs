//! Reads what people paste from MongoDB's shell: `db.orders.aggregate([...])`, `db.orders.find({...}).sort({...})`, and
//! the values in it: keys with or without quotes, comments, trailing commas, `ISODate(...)` and its like, Extended JSON.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use nlq_text::{Diagnostic, Span};

use super::value::{Key, Node, Value};

/// Deeper values are no query; MongoDB itself ends at 180 levels with what drivers add.
const MAX_DEPTH: usize = 100;

/// `name(arguments)` in a chain of calls.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    /// The name's range.
    pub span: Span,
    /// The method.
    pub name: String,
    /// Its arguments.
    pub arguments: Vec<Node>,
    /// The range between its parentheses.
    pub inside: Span,
}

/// A text as a chain of calls on a collection.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Script {
    /// The collection's name and where it stands.
    pub collection: Option<(Span, String)>,
    /// The calls in order: `aggregate`, or `find` and what narrows it.
    pub calls: Vec<Call>,
    /// What could not be read.
    pub problems: Vec<Diagnostic>,
    /// A `{{name}}` stands in it.
    pub parameters: bool,
    /// One past the last byte of the chain, without a closing `;`.
    pub end: usize,
    /// Something stands behind the chain.
    pub more: Option<Span>,
}

/// Reads a text; never fails.
pub(super) fn parse(text: &str) -> Script {
    let mut parser = Parser { text, at: 0, problems: Vec::new(), parameters: false };
    let mut script = parser.script();
    script.problems = parser.problems;
    script.parameters = parser.parameters;
    script
}

/// Reads one value, such as a filter that stands in an annotation; none when it is not exactly one.
pub(crate) fn parse_value(text: &str) -> Option<Node> {
    let mut parser = Parser { text, at: 0, problems: Vec::new(), parameters: false };
    let node = parser.value(0);
    parser.space();
    (parser.problems.is_empty() && parser.at == text.len()).then_some(node)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    problems: Vec<Diagnostic>,
    parameters: bool,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn problem(&mut self, span: Span, message: impl Into<String>) {
        // One mistake is told once; what follows from it helps nobody.
        if self.problems.is_empty() {
            self.problems.push(Diagnostic::error(span, "syntax", message));
        }
    }

    /// The word or character at the present place, to point at.
    fn here(&self) -> Span {
        let word: usize = self.rest().chars().take_while(|c| is_name(*c)).map(char::len_utf8).sum();
        Span::new(self.at, self.at + word.max(self.peek().map_or(0, char::len_utf8)))
    }

    /// Skips space and comments.
    fn space(&mut self) {
        loop {
            let rest = self.rest();
            let skipped = rest.trim_start();
            self.at += rest.len() - skipped.len();
            if skipped.starts_with("//") {
                self.at += skipped.find('\n').unwrap_or(skipped.len());
            } else if skipped.starts_with("/*") {
                match skipped.find("*/") {
                    Some(end) => self.at += end + 2,
                    None => {
                        self.problem(Span::new(self.at, self.text.len()), "this comment has no end: add `*/`");
                        self.at = self.text.len();
                    }
                }
            } else {
                return;
            }
        }
    }

    fn take(&mut self, what: char) -> bool {
        self.space();
        if self.rest().starts_with(what) {
            self.at += what.len_utf8();
            return true;
        }
        false
    }

    fn expect(&mut self, what: char) -> bool {
        let found = self.take(what);
        if !found {
            let found = match self.peek() {
                Some(c) => format!("`{c}`"),
                None => "the end".to_owned(),
            };
            self.problem(self.here(), format!("`{what}` is expected here instead of {found}"));
        }
        found
    }

    fn name(&mut self) -> Option<(Span, String)> {
        self.space();
        let length: usize = self.rest().chars().take_while(|c| is_name(*c)).map(char::len_utf8).sum();
        let span = Span::new(self.at, self.at + length);
        let name = span.of(self.text).to_owned();
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        self.at = span.end;
        Some((span, name))
    }

    fn script(&mut self) -> Script {
        let mut script = Script::default();
        self.space();
        let first = self.here();
        match self.name() {
            Some((_, name)) if name == "db" => {}
            _ => {
                self.problem(first, "a query begins with `db.` and the name of a collection");
                script.end = self.text.len();
                return script;
            }
        }
        let mut dotted: Vec<(Span, String)> = Vec::new();
        loop {
            self.space();
            script.end = self.at.min(self.text.trim_end().len());
            if self.take('[') {
                // `db["name"]`
                let node = self.value(0);
                match node.text() {
                    Some(text) => dotted.push((node.span, text.to_owned())),
                    None => self.problem(node.span, "the name of a collection is expected here, in quotes"),
                }
                self.expect(']');
                continue;
            }
            if !self.take('.') {
                break;
            }
            let Some((span, name)) = self.name() else {
                self.problem(self.here(), "a name is expected behind the dot");
                break;
            };
            self.space();
            if !self.rest().starts_with('(') {
                if !script.calls.is_empty() {
                    self.problem(span, format!("`{name}` is a method: write `{name}()`"));
                    break;
                }
                dotted.push((span, name));
                continue;
            }
            let call = self.call(span, name);
            script.end = self.at;
            if call.name == "getCollection" && script.calls.is_empty() && dotted.is_empty() {
                match call.arguments.as_slice() {
                    [only] if only.text().is_some() => {
                        dotted.push((only.span, only.text().unwrap_or_default().to_owned()));
                    }
                    _ => self.problem(call.inside, "`getCollection` takes the name of a collection, in quotes"),
                }
                continue;
            }
            script.calls.push(call);
            if !self.problems.is_empty() {
                break;
            }
        }
        if let (Some(first), Some(last)) = (dotted.first(), dotted.last()) {
            // Names of collections may hold dots.
            let name = dotted.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(".");
            script.collection = Some((first.0.to(last.0), name));
        }
        if script.calls.is_empty() {
            self.problem(self.here(), "a method is expected here, such as `aggregate([...])` or `find({...})`");
        }
        while self.take(';') {}
        self.space();
        if self.at < self.text.len() && self.problems.is_empty() {
            script.more = Some(Span::new(self.at, self.text.trim_end().len()));
        }
        script
    }

    fn call(&mut self, span: Span, name: String) -> Call {
        self.expect('(');
        let start = self.at;
        let arguments = self.list(')', 0);
        let closed = self.text[..self.at].ends_with(')');
        Call { span, name, arguments, inside: Span::new(start, self.at - usize::from(closed)) }
    }

    /// Values up to and with a closing character.
    fn list(&mut self, end: char, depth: usize) -> Vec<Node> {
        let mut items = Vec::new();
        loop {
            if self.take(end) {
                return items;
            }
            items.push(self.value(depth + 1));
            if !self.take(',') {
                self.expect(end);
                return items;
            }
        }
    }

    fn value(&mut self, depth: usize) -> Node {
        self.space();
        let start = self.at;
        let value = if depth > MAX_DEPTH {
            self.problem(self.here(), format!("values are nested deeper than {MAX_DEPTH} levels here"));
            self.at = self.text.len();
            Value::Broken
        } else {
            self.bare(depth)
        };
        Node { span: Span::new(start, self.at.max(start)), value }
    }

    fn bare(&mut self, depth: usize) -> Value {
        if let Some(name) = self.parameter() {
            return Value::Parameter(name);
        }
        match self.peek() {
            Some('{') => self.document(depth),
            Some('[') => {
                self.at += 1;
                Value::Array(self.list(']', depth))
            }
            Some(quote @ ('"' | '\'')) => Value::Text(self.string(quote)),
            Some('/') => self.regex(),
            Some(c) if c.is_ascii_digit() || matches!(c, '-' | '+' | '.') => self.number(),
            Some(c) if is_name(c) => self.word(depth),
            _ => {
                self.problem(self.here(), "a value is expected here");
                Value::Broken
            }
        }
    }

    /// `{{name}}`
    fn parameter(&mut self) -> Option<String> {
        let inner = self.rest().strip_prefix("{{")?;
        let (name, _) = inner.split_once("}}")?;
        let name = name.trim().to_owned();
        if name.is_empty() || !name.chars().all(is_name) {
            return None;
        }
        self.at += 4 + inner.find("}}")?;
        self.parameters = true;
        Some(name)
    }

    fn document(&mut self, depth: usize) -> Value {
        self.at += 1;
        let mut entries: Vec<(Key, Node)> = Vec::new();
        loop {
            if self.take('}') {
                break;
            }
            let Some(key) = self.key() else {
                self.problem(self.here(), "a key is expected here, or `}`");
                break;
            };
            if !self.expect(':') {
                entries.push((key, Node { span: Span::at(self.at), value: Value::Broken }));
                break;
            }
            let node = self.value(depth + 1);
            entries.push((key, node));
            if !self.take(',') {
                self.expect('}');
                break;
            }
        }
        if self.problems.is_empty() { extended(entries) } else { Value::Document(entries) }
    }

    fn key(&mut self) -> Option<Key> {
        self.space();
        let start = self.at;
        let name = match self.peek()? {
            quote @ ('"' | '\'') => self.string(quote),
            c if is_name(c) => {
                let length: usize = self.rest().chars().take_while(|c| is_name(*c)).map(char::len_utf8).sum();
                self.at += length;
                self.text[start..self.at].to_owned()
            }
            _ => return None,
        };
        Some(Key { span: Span::new(start, self.at), name })
    }

    fn string(&mut self, quote: char) -> String {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        let mut chars = self.text[self.at..].char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.at += at + 1;
                    return out;
                }
                '\n' => break,
                '\\' => match chars.next().map(|(_, c)| c) {
                    Some('n') => out.push('\n'),
                    Some('t') => out.push('\t'),
                    Some('r') => out.push('\r'),
                    Some('b') => out.push('\u{8}'),
                    Some('f') => out.push('\u{c}'),
                    Some('u') => {
                        let hex: String = chars.by_ref().take(4).map(|(_, c)| c).collect();
                        out.push(u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32).unwrap_or('\u{fffd}'));
                    }
                    Some(other) => out.push(other),
                    None => break,
                },
                c => out.push(c),
            }
        }
        let end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        self.problem(Span::new(start, end), "this text has no end: add a closing quote");
        self.at = end;
        out
    }

    fn regex(&mut self) -> Value {
        let start = self.at;
        let (mut escaped, mut class, mut end) = (false, false, None);
        for (at, c) in self.rest().char_indices().skip(1) {
            match c {
                '\n' => break,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '[' => class = true,
                ']' => class = false,
                '/' if !class => {
                    end = Some(start + at);
                    break;
                }
                _ => {}
            }
        }
        let Some(end) = end else {
            self.problem(self.here(), "this regular expression has no end: add `/`");
            self.at = self.text.len();
            return Value::Broken;
        };
        let pattern = self.text[start + 1..end].replace("\\/", "/");
        self.at = end + 1;
        let options: String = self.rest().chars().take_while(char::is_ascii_alphabetic).collect();
        self.at += options.len();
        if let Some(wrong) = options.chars().find(|c| !"imsxu".contains(*c)) {
            self.problem(Span::new(end + 1, self.at), format!("`{wrong}` is no option of a regular expression"));
        }
        Value::Regex { pattern, options }
    }

    fn number(&mut self) -> Value {
        let start = self.at;
        if self.rest().starts_with("-Infinity") {
            self.at += "-Infinity".len();
            return Value::Double(f64::NEG_INFINITY);
        }
        let mut before = ' ';
        let length: usize = self
            .rest()
            .chars()
            .take_while(|c| {
                let signed = matches!(c, '-' | '+') && matches!(before, ' ' | 'e' | 'E');
                before = *c;
                signed || is_name(*c) || *c == '.'
            })
            .map(char::len_utf8)
            .sum();
        self.at += length;
        let text = &self.text[start..self.at];
        if let Ok(whole) = text.parse::<i64>() {
            return i32::try_from(whole).map_or(Value::Long(whole), Value::Int);
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Value::Double(number),
            _ => {
                self.problem(Span::new(start, self.at), format!("`{text}` is no number"));
                Value::Broken
            }
        }
    }

    fn word(&mut self, depth: usize) -> Value {
        let Some((mut span, mut name)) = self.name() else {
            self.problem(self.here(), "a value is expected here");
            return Value::Broken;
        };
        if name == "new"
            && let Some((next, class)) = self.name()
        {
            (span, name) = (span.to(next), class);
        }
        match name.as_str() {
            "true" => return Value::Boolean(true),
            "false" => return Value::Boolean(false),
            "null" | "undefined" => return Value::Null,
            "NaN" => return Value::Double(f64::NAN),
            "Infinity" => return Value::Double(f64::INFINITY),
            _ => {}
        }
        if !self.take('(') {
            self.problem(span, format!("`{name}` is no value: text stands in quotes"));
            return Value::Broken;
        }
        let arguments = self.list(')', depth);
        let span = Span::new(span.start, self.at);
        let texts: Option<Vec<String>> = arguments.iter().map(plain).collect();
        let texts = texts.unwrap_or_default();
        let given: Vec<&str> = texts.iter().map(String::as_str).collect();
        match made(&name, &given) {
            Some(value) if arguments.len() == given.len() => value,
            _ => {
                let message = match name.as_str() {
                    "ISODate" | "Date" => {
                        format!("`{name}` takes a day or moment such as '2024-01-31' or '2024-01-31T10:00:00Z'")
                    }
                    "ObjectId" => "`ObjectId` takes 24 hexadecimal digits in quotes".to_owned(),
                    _ => format!(
                        "`{}` is not understood: only values such as ISODate('2024-01-31') may stand here",
                        span.of(self.text)
                    ),
                };
                self.problem(span, message);
                Value::Broken
            }
        }
    }
}

/// An argument of a constructor as text.
fn plain(node: &Node) -> Option<String> {
    match &node.value {
        Value::Text(text) | Value::Decimal(text) => Some(text.clone()),
        Value::Int(number) => Some(number.to_string()),
        Value::Long(number) => Some(number.to_string()),
        Value::Double(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The value of a constructor of the shell.
fn made(name: &str, arguments: &[&str]) -> Option<Value> {
    Some(match (name, arguments) {
        ("ISODate" | "Date", [text]) => Value::Date(moment(text)?),
        ("ObjectId", [hex]) if is_object_id(hex) => Value::ObjectId(hex.to_lowercase()),
        ("NumberInt" | "Int32", [digits]) => Value::Int(digits.parse().ok()?),
        ("NumberLong" | "Long", [digits]) => Value::Long(digits.parse().ok()?),
        ("NumberDecimal" | "Decimal128", [digits]) => {
            digits.parse::<f64>().ok()?;
            Value::Decimal((*digits).to_owned())
        }
        ("Double" | "Number", [digits]) => Value::Double(digits.parse().ok()?),
        ("RegExp", [pattern]) => Value::Regex { pattern: (*pattern).to_owned(), options: String::new() },
        ("RegExp", [pattern, options]) if options.chars().all(|c| "imsxu".contains(c)) => {
            Value::Regex { pattern: (*pattern).to_owned(), options: (*options).to_owned() }
        }
        ("UUID", [text]) if text.chars().filter(char::is_ascii_hexdigit).count() == 32 => {
            Value::Uuid((*text).to_owned())
        }
        ("MinKey", []) => Value::MinKey,
        ("MaxKey", []) => Value::MaxKey,
        _ => return None,
    })
}

/// Extended JSON's forms of values that JSON has not; a document of other keys stays one.
fn extended(entries: Vec<(Key, Node)>) -> Value {
    let text = |at: usize| plain(&entries[at].1);
    let found = match entries.iter().map(|(key, _)| key.name.as_str()).collect::<Vec<_>>()[..] {
        ["$oid"] => text(0).and_then(|hex| made("ObjectId", &[&hex])),
        ["$date"] => match &entries[0].1.value {
            Value::Text(iso) => moment(iso).map(Value::Date),
            _ => entries[0].1.whole().map(Value::Date),
        },
        ["$numberInt"] => text(0).and_then(|digits| made("NumberInt", &[&digits])),
        ["$numberLong"] => text(0).and_then(|digits| made("NumberLong", &[&digits])),
        ["$numberDouble"] => text(0).and_then(|digits| digits.parse().ok().map(Value::Double)),
        ["$numberDecimal"] => text(0).and_then(|digits| made("NumberDecimal", &[&digits])),
        ["$uuid"] => text(0).and_then(|uuid| made("UUID", &[&uuid])),
        ["$regularExpression"] => {
            let pattern = entries[0].1.get("pattern").and_then(Node::text);
            let options = entries[0].1.get("options").and_then(Node::text).unwrap_or_default();
            pattern.and_then(|pattern| made("RegExp", &[pattern, options]))
        }
        ["$minKey"] => Some(Value::MinKey),
        ["$maxKey"] => Some(Value::MaxKey),
        _ => None,
    };
    found.unwrap_or(Value::Document(entries))
}

fn is_object_id(text: &str) -> bool {
    text.len() == 24 && text.chars().all(|c| c.is_ascii_hexdigit())
}

/// A day or moment in ISO form, or milliseconds since 1970, as milliseconds.
pub(super) fn moment(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.timestamp_millis());
    }
    for form in
        ["%Y-%m-%dT%H:%M:%S%.fZ", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M"]
    {
        if let Ok(at) = NaiveDateTime::parse_from_str(text, form) {
            return Some(at.and_utc().timestamp_millis());
        }
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis());
    }
    text.parse().ok()
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Value {
        parse_value(text).unwrap_or_else(|| panic!("{text}")).value
    }

    #[test]
    fn values_as_the_shell_writes_them() {
        assert_eq!(only("ISODate('2024-01-31')"), Value::Date(1_706_659_200_000));
        assert_eq!(only("new Date(\"2024-01-31T00:00:00Z\")"), Value::Date(1_706_659_200_000));
        assert_eq!(only("{ $date: '2024-01-31T00:00:00Z' }"), Value::Date(1_706_659_200_000));
        assert_eq!(only("{\"$date\": {\"$numberLong\": \"5\"}}"), Value::Date(5));
        assert_eq!(only("ObjectId('65A000000000000000000001')"), Value::ObjectId("65a000000000000000000001".into()));
        assert_eq!(only("NumberLong('5')"), Value::Long(5));
        assert_eq!(only("5000000000"), Value::Long(5_000_000_000));
        assert_eq!(only("-1.5e3"), Value::Double(-1500.0));
        assert_eq!(only("/a\\/b[/]/i"), Value::Regex { pattern: "a/b[/]".into(), options: "i".into() });
        assert_eq!(only("'it\\'s \\u00e9'"), Value::Text("it's é".into()));
        assert!(
            matches!(only("{ a: 1, 'b': [1, 2,], /* c */ \"d\": null, }"), Value::Document(entries) if entries.len() == 3)
        );
        assert_eq!(only("{{day}}"), Value::Parameter("day".into()));
    }

    #[test]
    fn what_is_no_value_is_told_at_its_place() {
        for (text, place) in [
            ("db.a.find({ a: b })", "b"),
            ("db.a.find({ a: 'x })", "'x })"),
            ("db.a.find({ a 1 })", "1"),
            ("db.a.find({ a: 1", ""),
            ("db.a.find({ a: f(1) })", "f(1)"),
            ("select 1", "select"),
            ("db.a", ""),
            ("db.a.find(() => 1)", "("),
        ] {
            let script = parse(text);
            assert_eq!(script.problems.first().map(|problem| problem.span.of(text)), Some(place), "{text}");
        }
    }

    #[test]
    fn collections_in_all_their_forms() {
        for (text, name) in [
            ("db.orders.find()", "orders"),
            ("db.getCollection('a b').find()", "a b"),
            ("db[\"x.y\"].find();", "x.y"),
            ("db.x.y.find()", "x.y"),
        ] {
            let script = parse(text);
            assert_eq!(script.problems, [], "{text}");
            assert_eq!(script.collection.map(|c| c.1).as_deref(), Some(name), "{text}");
        }
    }

    #[test]
    fn whatever_comes_is_read_to_an_end() {
        let deep = format!("db.a.find({}", "[".repeat(50_000));
        assert_eq!(parse(&deep).problems.len(), 1);
        let text = "db.a.aggregate([{ $match: { a: ISODate('2024-01-31'), b: /x/i, c: {{d}} } }]) // e";
        for end in 0..text.len() {
            parse(&text[..end]);
            parse(&text[end..]);
        }
    }
}
