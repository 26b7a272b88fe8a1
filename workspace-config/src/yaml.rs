//! YAML as a small tree with byte ranges: what every reader here works on.
//!
//! granit-parser (the parser under serde-saphyr) gives events with byte ranges but stops at the first error; the tree
//! keeps what stood before it.

use std::collections::{HashMap, HashSet};

use granit_parser::{Event, Parser, ScalarStyle};
use nlq_text::{Diagnostic, Edit, Fix, Span};

/// Nodes of one file at most, counting those that aliases repeat: keeps a file of nested aliases from filling memory.
const MAX_NODES: usize = 500_000;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    /// `plain` when written without quotes, so that it may be a number or a truth value.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) node: Node,
}

impl Entry {
    /// Where to show what is wrong with the value: the value, or the key when nothing is written.
    pub(crate) fn place(&self) -> Span {
        if self.node.span.is_empty() { self.key_span } else { self.node.span }
    }
}

impl Node {
    fn null(at: usize) -> Self {
        Self { span: Span::at(at), value: Value::Null }
    }

    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// True when nothing is written, or only quotes with nothing in them.
    pub(crate) fn is_blank(&self) -> bool {
        self.value == Value::Null || self.text().is_some_and(|text| text.trim().is_empty())
    }

    /// The items of a list; none for anything else.
    pub(crate) fn items(&self) -> &[Node] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    /// The entries of a mapping; none for anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        if let Value::Map(entries) = &self.value { entries } else { &[] }
    }

    /// The entry of a key of a mapping.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The value of a key of a mapping.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    fn count(&self) -> usize {
        1 + match &self.value {
            Value::List(items) => items.iter().map(Node::count).sum(),
            Value::Map(entries) => entries.iter().map(|entry| 1 + entry.node.count()).sum(),
            _ => 0,
        }
    }
}

/// A file's tree. When it is not valid YAML, `broken` says so and the tree holds what stands before the mistake.
pub(crate) struct Tree {
    pub(crate) root: Node,
    pub(crate) broken: bool,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Reads a text. Never fails.
pub(crate) fn parse(text: &str) -> Tree {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder { base: text.len() - body.len(), text, ..Builder::default() };
    for event in Parser::new_from_str(body) {
        match event {
            Ok((event, span)) => {
                let range = span.byte_range().unwrap_or_default();
                if !builder.event(event, Span::from(range).shift(builder.base)) {
                    break;
                }
            }
            Err(error) => {
                let at = builder.base + error.marker().byte_offset().unwrap_or(body.len());
                if !builder.bare_reference(at) {
                    builder.fail(at, &format!("this is not valid YAML: {}", error.info()));
                }
                break;
            }
        }
    }
    builder.finish()
}

#[derive(Default)]
struct Builder<'a> {
    text: &'a str,
    base: usize,
    root: Option<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    documents: usize,
    broken: bool,
    diagnostics: Vec<Diagnostic>,
}

/// A list or mapping whose end was not seen yet; a mapping's keys and values follow one another in `items`.
struct Open {
    map: bool,
    anchor: usize,
    span: Span,
    items: Vec<Node>,
}

impl Builder<'_> {
    /// Takes one event; false when the rest does not count.
    fn event(&mut self, event: Event<'_>, span: Span) -> bool {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.fail(span.start, "a file holds one YAML document: take out the `---` and what follows it");
                    return false;
                }
            }
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                let null = plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let value = if null { Value::Null } else { Value::Scalar { text: text.into_owned(), plain } };
                let span = if null && span.of(self.text).trim().is_empty() { Span::at(span.start) } else { span };
                return self.add(Node { span, value }, anchor);
            }
            Event::SequenceStart(_, anchor, _) => self.open.push(Open { map: false, anchor, span, items: Vec::new() }),
            Event::MappingStart(_, anchor, _) => self.open.push(Open { map: true, anchor, span, items: Vec::new() }),
            Event::SequenceEnd | Event::MappingEnd => return self.close(span),
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(node) => {
                    self.nodes += node.count();
                    let node = node.clone();
                    return self.add(node, 0);
                }
                None => {
                    self.diagnostics.push(syntax(span, "an alias cannot stand inside what it repeats"));
                    return self.add(Node::null(span.start), 0);
                }
            },
            _ => {}
        }
        true
    }

    fn close(&mut self, end: Span) -> bool {
        let Some(Open { map, anchor, span, items }) = self.open.pop() else { return true };
        // A block ends where its last item does; only brackets and braces have an end of their own.
        let end = match (end.is_empty(), items.last()) {
            (true, Some(last)) => last.span.end,
            _ => end.end,
        };
        let span = Span::new(items.first().map_or(span.start, |first| first.span.start.min(span.start)), end);
        let value = if map { Value::Map(self.entries(items)) } else { Value::List(items) };
        self.add(Node { span, value }, anchor)
    }

    fn add(&mut self, node: Node, anchor: usize) -> bool {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            self.fail(node.span.start, "this file is too large: split it, or repeat less with aliases");
            return false;
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut() {
            Some(open) => open.items.push(node),
            None => self.root = Some(node),
        }
        true
    }

    /// Pairs keys with values; the first of two equal keys stands, and `<<` adds what it names (YAML 1.1 merge keys).
    fn entries(&mut self, items: Vec<Node>) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::with_capacity(items.len() / 2);
        let (mut seen, mut merged) = (HashSet::new(), Vec::new());
        let mut items = items.into_iter();
        while let Some(key) = items.next() {
            let node = items.next().unwrap_or_else(|| Node::null(key.span.end));
            let Value::Scalar { text, plain } = key.value else {
                self.diagnostics.push(syntax(key.span, "a key must be a word"));
                continue;
            };
            if plain && text == "<<" {
                merged.push(node);
            } else if !seen.insert(text.clone()) {
                let message = "this key stands here twice; the first one counts: take one out";
                self.diagnostics.push(Diagnostic::error(key.span, "duplicate-key", message));
            } else {
                entries.push(Entry { key: text, key_span: key.span, node });
            }
        }
        for node in merged {
            let sources = if let Value::List(items) = node.value { items } else { vec![node] };
            for entry in sources.iter().flat_map(Node::entries) {
                if seen.insert(entry.key.clone()) {
                    entries.push(entry.clone());
                }
            }
        }
        entries
    }

    /// `${...}` without quotes inside braces or brackets, where YAML takes its `{` for a mapping.
    fn bare_reference(&mut self, at: usize) -> bool {
        let start = self.text.get(..at).and_then(|before| before.strip_suffix('$')).map(str::len);
        let Some((start, end)) = start.and_then(|start| Some((start, at + self.text[at..].find('}')? + 1))) else {
            return false;
        };
        let (span, reference) = (Span::new(start, end), &self.text[start..end]);
        let fix =
            Fix { title: "Put it in quotes".into(), edits: vec![Edit { span, text: format!("\"{reference}\"") }] };
        self.broken = true;
        self.diagnostics.push(syntax(span, "inside braces a reference needs quotes").with_fix(fix));
        true
    }

    fn fail(&mut self, at: usize, message: &str) {
        self.broken = true;
        self.diagnostics.push(syntax(visible(self.text, at), message));
    }

    fn finish(mut self) -> Tree {
        while let Some(open) = self.open.last() {
            let end = open.items.last().map_or(open.span.end, |item| item.span.end);
            if !self.close(Span::at(end)) {
                self.open.clear();
            }
        }
        let root = self.root.unwrap_or_else(|| Node::null(self.base));
        Tree { root, broken: self.broken, diagnostics: self.diagnostics }
    }
}

fn syntax(span: Span, message: &str) -> Diagnostic {
    Diagnostic::error(span, "yaml-syntax", message)
}

/// The rest of the line from `at`; at the end of a line, the last thing written before it.
fn visible(text: &str, at: usize) -> Span {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let line = text[at..].split(['\r', '\n']).next().unwrap_or_default().trim_end();
    if !line.is_empty() {
        return Span::new(at, at + line.len());
    }
    let before = text[..at].trim_end();
    let last = before.chars().next_back().map_or(0, char::len_utf8);
    Span::new(before.len() - last, before.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        fn show(text: &str, node: &Node, out: &mut String) {
            match &node.value {
                Value::Null => out.push('~'),
                Value::Scalar { .. } => out.push_str(&format!("<{}>", node.span.of(text))),
                Value::List(items) => {
                    out.push('[');
                    for item in items {
                        show(text, item, out);
                    }
                    out.push(']');
                }
                Value::Map(entries) => {
                    out.push('{');
                    for entry in entries {
                        out.push_str(&format!("{}=", entry.key_span.of(text)));
                        show(text, &entry.node, out);
                    }
                    out.push('}');
                }
            }
        }
        let tree = parse(text);
        let mut out = String::new();
        show(text, &tree.root, &mut out);
        for diagnostic in tree.diagnostics {
            out.push_str(&format!(" !{:?} {}", diagnostic.span.of(text), diagnostic.message));
        }
        out
    }

    #[test]
    fn ranges_are_bytes_of_the_text_as_it_is() {
        for text in [
            "a: 💣x\nb: [\"ü\", 'y' ] # 💣\nc:\n  d: e\n",
            "\u{feff}a: 💣x\r\nb: [\"ü\", 'y' ] # 💣\r\nc:\r\n  d: e\r\n",
        ] {
            assert_eq!(shown(text), "{a=<💣x>b=[<\"ü\"><'y'>]c={d=<e>}}");
        }
        let tree = parse("c:\r\n  - d: e # x\r\n\r\nf: g\r\n");
        assert_eq!(tree.root.get("c").map(|node| node.span), Some(Span::new(6, 12)));
    }

    #[test]
    fn what_stands_before_a_mistake_is_kept() {
        expect_test::expect![[r#"{a=<b>c={d=<e>}} !"f: g" this is not valid YAML: while parsing a block mapping, did not find expected key"#]]
            .assert_eq(&shown("a: b\nc:\n  d: e\n f: g\n"));
        expect_test::expect![[r#"{a=<b>c=[<1>]} !"[1, 2" this is not valid YAML: unclosed bracket '['"#]]
            .assert_eq(&shown("a: b\nc: [1, 2"));
        expect_test::expect![[
            r#"{a=<b>c=~} !"d: e" this is not valid YAML: invalid indentation in multiline quoted scalar"#
        ]]
        .assert_eq(&shown("a: b\nc: \"open\nd: e"));
        expect_test::expect![[r#"{a=<b>c={d=<$>}} !"${env:X}" inside braces a reference needs quotes"#]]
            .assert_eq(&shown("a: b\nc: {d: ${env:X}, e: f}"));
        assert_eq!(shown(""), "~");
        assert!(shown("a: b\n---\nc: d").starts_with("{a=<b>} !"));
    }

    /// Would take minutes if each key were compared with all others.
    #[test]
    fn very_many_keys_are_read() {
        let keys = (0..40_000).map(|number| format!("k{number}: 1\n")).collect::<Vec<_>>().concat();
        assert_eq!(parse(&keys).root.entries().len(), 40_000);
        assert_eq!(crate::parse_config(&keys).diagnostics.len(), 40_001);
    }

    #[test]
    fn duplicate_keys_merge_keys_and_aliases() {
        assert!(shown("a: 1\na: 2").starts_with("{a=<1>} !\"a\""));
        assert_eq!(shown("x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}"), "{x={a=<1>b=<2>}y={b=<3>a=<1>}}");
        assert!(shown("a: &a [*a]").contains("cannot stand inside"));
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x]\n");
        for i in 1..12 {
            bomb.push_str(&format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 8].join(", ")));
        }
        assert!(parse(&bomb).broken);
    }
}
