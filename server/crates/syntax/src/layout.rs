//! Line ends and indentation of text that is written into a document.

use nlq_text::Span;

use crate::TextMap;

/// The line end that the document uses: that of its first line.
pub(crate) fn line_ending(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if text[..at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// `text` with only `\n` line ends.
pub(crate) fn unix(text: &str) -> String {
    text.replace("\r\n", "\n")
}

/// A range of the document with `\n` line ends and without the indentation that its later lines share with `margin`:
/// a query is the same wherever it stands. Lines that start inside one of `untouched` (multi-line strings) are kept.
pub(crate) fn outdented(document: &str, span: Span, margin: &str, untouched: &[Span]) -> (String, TextMap) {
    let raw = span.of(document);
    if !raw.contains('\n') {
        return (raw.to_owned(), TextMap::identity(span));
    }
    let kept = |at: usize| at == span.start || untouched.iter().any(|span| span.start < at && at < span.end);
    let lines = || {
        raw.split_inclusive('\n').scan(span.start, |at, line| {
            *at += line.len();
            Some((*at - line.len(), line))
        })
    };
    let shared = lines().all(|(at, line)| kept(at) || line.trim().is_empty() || line.starts_with(margin));
    let margin = if shared { margin } else { "" };
    let (mut text, mut map) = (String::with_capacity(raw.len()), TextMap::default());
    for (at, line) in lines() {
        let skip = if kept(at) { 0 } else { line.strip_prefix(margin).map_or(0, |_| margin.len()) };
        let content = line.strip_suffix("\r\n").unwrap_or(line);
        let skip = skip.min(content.len());
        let start = text.len();
        text.push_str(&content[skip..]);
        map.push(Span::new(start, text.len()), Span::new(at + skip, at + content.len()));
        if content.len() < line.len() {
            map.push(Span::new(text.len(), text.len() + 1), Span::new(at + content.len(), at + line.len()));
            text.push('\n');
        }
    }
    (text, map)
}

/// The white space at the start of the line in which `offset` stands.
pub(crate) fn indentation(text: &str, offset: usize) -> &str {
    let start = line_start(text, offset);
    let line = &text[start..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// Where the line of `offset` starts.
pub(crate) fn line_start(text: &str, offset: usize) -> usize {
    text[..offset].rfind('\n').map_or(0, |at| at + 1)
}

/// One past the line's content at `offset`, before its `\r\n` or `\n`.
pub(crate) fn line_end(text: &str, offset: usize) -> usize {
    let end = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
    if text[offset..end].ends_with('\r') { end - 1 } else { end }
}

/// `text` with `indent` before each line that has content, except where a line starts inside one of `untouched`.
pub(crate) fn indent(text: &str, indent: &str, untouched: &[Span]) -> String {
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for line in text.split_inclusive('\n') {
        let inside = untouched.iter().any(|span| span.start < at && at < span.end);
        if !inside && !line.trim().is_empty() {
            out.push_str(indent);
        }
        out.push_str(line);
        at += line.len();
    }
    out
}
