use nlq_text::Span;

use crate::yaml::Node;

/// A text in a file, and where each of its characters is written there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Where it is written: without quotes, where what is between them is the text.
    pub span: Span,
    /// The place in the file of each byte of the text; none where escapes hide it.
    places: Option<Vec<usize>>,
}

impl Written {
    /// The text of a scalar of `file`.
    pub(crate) fn of(node: &Node, file: &str) -> Option<Self> {
        let text = node.text()?.to_owned();
        let inner = Span::new(node.span.start + 1, node.span.end.saturating_sub(1).max(node.span.start + 1));
        let quoted = node.span.of(file).starts_with(['"', '\'']);
        let span = if quoted && inner.of(file) == text { inner } else { node.span };
        let places = places(&text, node.span.of(file), node.span.start);
        Some(Self { text, span, places })
    }

    /// The range in the file of a range of the text; all of it when that cannot be told.
    pub fn place(&self, span: Span) -> Span {
        let Some(places) = &self.places else { return self.span };
        let Some(&start) = places.get(span.start).or(places.last()) else { return self.span };
        let end = match span.end.checked_sub(1) {
            Some(last) if span.end > span.start => places.get(last).map_or(start, |last| last + 1),
            _ => start,
        };
        Span::new(start, end.max(start))
    }
}

/// Walks through text and source together. White space, which YAML folds and indents, and marks of blocks and quotes may
/// stand in the source alone; anything else must be the same.
fn places(text: &str, source: &str, base: usize) -> Option<Vec<usize>> {
    let block = source.starts_with(['|', '>']);
    let mut at = if block { source.find('\n')? } else { 0 };
    let mut places = Vec::with_capacity(text.len() + 1);
    for ch in text.chars() {
        if !ch.is_whitespace() {
            let rest = &source[at..];
            let skipped = rest.len() - rest.trim_start().len();
            at += skipped;
            // The mark that opens a quoted text, and those that escape a quote in it.
            if !source[at..].starts_with(ch) && source[at..].starts_with(['"', '\'', '\\']) {
                at += 1;
            }
            if !source[at..].starts_with(ch) {
                return None;
            }
        }
        let here = if ch.is_whitespace() { at.min(source.len()) } else { at };
        places.extend((0..ch.len_utf8()).map(|byte| base + here + if ch.is_whitespace() { 0 } else { byte }));
        if !ch.is_whitespace() || source[at..].starts_with(ch) {
            at += ch.len_utf8();
        }
    }
    places.push(base + at);
    Some(places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    fn check(file: &str, word: &str) {
        let root = yaml::parse(file).root;
        let written = Written::of(root.get("q").expect("the key"), file).expect("a text");
        let at = written.text.find(word).expect("the word");
        assert_eq!(written.place(Span::new(at, at + word.len())).of(file), word, "{file:?}");
    }

    #[test]
    fn a_word_of_a_text_is_found_in_the_file() {
        check("q: SELECT a, größe FROM t", "größe");
        check("q: 'SELECT ''x'', größe'", "größe");
        check("q: \"SELECT \\\"x\\\", größe\"", "größe");
        check("q: |\n  SELECT a,\n    größe\n\n  FROM t\n", "größe");
        check("q: |-\r\n  SELECT a,\r\n  FROM t\r\n", "FROM");
        check("q: >\n  SELECT a,\n  größe FROM t\n", "größe");
        check("q: SELECT a\n  FROM t", "FROM");
    }

    #[test]
    fn what_cannot_be_told_is_the_whole() {
        let file = "q: \"SELECT \\u00e4\"";
        let root = yaml::parse(file).root;
        let written = Written::of(root.get("q").expect("the key"), file).expect("a text");
        assert_eq!(written.place(Span::new(7, 9)).of(file), "\"SELECT \\u00e4\"");
    }
}
