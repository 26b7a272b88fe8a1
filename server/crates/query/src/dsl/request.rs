//! A text as requests: a line with method and path, then a JSON body.

use nlq_text::Span;

use super::json::{Node, Reader, Wrong};

/// Methods that the developer tools know.
const METHODS: &[&str] = &["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"];

/// One request with its places.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    /// From the method to the end of the body.
    pub(crate) span: Span,
    pub(crate) method: Span,
    /// The path with its parameters; empty when there is none.
    pub(crate) path: Span,
    pub(crate) body: Option<Node>,
    /// What is wrong with it.
    pub(crate) wrong: Vec<Wrong>,
}

impl Request {
    /// The parts of the path between slashes, with their places; parameters are no part of it.
    pub(crate) fn segments(&self, text: &str) -> Vec<Span> {
        let path = self.path.of(text).split('?').next().unwrap_or("");
        let mut start = self.path.start;
        let mut found = Vec::new();
        for part in path.split('/') {
            found.push(Span::new(start, start + part.len()));
            start += part.len() + 1;
        }
        // A slash may stand first.
        if found.first().is_some_and(|first| first.is_empty()) {
            found.remove(0);
        }
        found
    }

    /// The names of the indices that it reads, with their places.
    pub(crate) fn indices(&self, text: &str) -> Vec<Span> {
        let segments = self.segments(text);
        let Some(first) = segments.first().filter(|span| !span.of(text).starts_with('_')) else { return Vec::new() };
        let mut start = first.start;
        let mut found = Vec::new();
        for part in first.of(text).split(',') {
            found.push(Span::new(start, start + part.len()));
            start += part.len() + 1;
        }
        found
    }

    /// What is asked of them, such as `_search`.
    pub(crate) fn endpoint<'t>(&self, text: &'t str) -> &'t str {
        self.segments(text).iter().map(|span| span.of(text)).find(|part| part.starts_with('_')).unwrap_or("")
    }
}

/// The requests of a text; never fails.
pub(crate) fn requests(text: &str) -> Vec<Request> {
    let mut reader = Reader::new(text, 0);
    let mut found: Vec<Request> = Vec::new();
    loop {
        reader.skip();
        if reader.rest().is_empty() {
            return found;
        }
        let start = reader.at;
        let line = reader.rest().lines().next().unwrap_or("");
        if is_first_line(line) {
            found.push(first_line(line, start));
            reader.at = start + line.len();
            reader.skip();
        } else if let Some(last) = found.last_mut().filter(|last| last.body.is_some()) {
            let span = Span::new(start, start + line.trim_end().len());
            let message = "only one JSON body may follow the line with the path: leave this out";
            last.wrong.push(Wrong { span, message: message.to_owned() });
            last.span = last.span.to(span);
            reader.at = start + line.len();
            continue;
        } else {
            let span = Span::new(start, start + line.trim_end().len());
            let message = "a request begins with a line such as `GET index/_search`: write one above this";
            let wrong = vec![Wrong { span, message: message.to_owned() }];
            let none = Span::at(start);
            found.push(Request { span: none, method: none, path: none, body: None, wrong });
            if !line.starts_with('{') {
                reader.at = start + line.len();
                if let Some(last) = found.last_mut() {
                    last.span = span;
                }
                continue;
            }
        }
        let bodied = reader.rest().starts_with(['{', '[']) && found.last().is_some();
        if let Some(last) = found.last_mut().filter(|_| bodied) {
            let body = reader.value();
            last.wrong.append(&mut reader.wrong);
            last.span = last.span.to(body.span);
            last.body = Some(body);
        }
    }
}

fn is_first_line(line: &str) -> bool {
    let word = line.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("");
    METHODS.iter().any(|method| method.eq_ignore_ascii_case(word)) && !line[word.len()..].starts_with(['"', ':', '_'])
}

fn first_line(line: &str, start: usize) -> Request {
    let word = line.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(line.len());
    let method = Span::new(start, start + word);
    let rest = &line[word..];
    let begin = start + word + (rest.len() - rest.trim_start().len());
    // A comment may follow.
    let path: &str = rest.split_whitespace().next().filter(|path| !path.starts_with(['#', '{'])).unwrap_or("");
    let path = if path.is_empty() { Span::at(method.end) } else { Span::new(begin, begin + path.len()) };
    let mut wrong = Vec::new();
    let after = line.get(path.end - start..).unwrap_or("").trim();
    if !after.is_empty() && !after.starts_with('#') && !after.starts_with("//") {
        let at = start + line.rfind(after).unwrap_or(0);
        let message = "this belongs neither to the path nor to the body: put the body on the next line";
        wrong.push(Wrong { span: Span::new(at, at + after.len()), message: message.to_owned() });
    }
    Request { span: method.to(path), method, path, body: None, wrong }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_their_parts() {
        let text = "# all\nGET /a,b-*/_search\n{\"size\": 1}\n\npost c/_count // no body\nGET d/_search?pretty\n{}";
        let found = requests(text);
        let paths: Vec<&str> = found.iter().map(|request| request.path.of(text)).collect();
        assert_eq!(paths, ["/a,b-*/_search", "c/_count", "d/_search?pretty"]);
        assert!(found.iter().all(|request| request.wrong.is_empty()), "{found:?}");
        let indices: Vec<&str> = found[0].indices(text).into_iter().map(|span| span.of(text)).collect();
        assert_eq!((indices, found[2].endpoint(text)), (vec!["a", "b-*"], "_search"));
        assert_eq!(found[0].span.of(text), "GET /a,b-*/_search\n{\"size\": 1}");
    }

    #[test]
    fn what_is_no_request_is_told() {
        for (text, place) in [
            ("{\"query\": {}}", "{\"query\": {}}"),
            ("hello", "hello"),
            ("GET a/_search {\"size\": 1}", "{\"size\": 1}"),
            ("GET a/_search\n{}\n{}", "{}"),
            ("GET a/_search\n{} x", "x"),
        ] {
            let wrong: Vec<_> = requests(text).into_iter().flat_map(|request| request.wrong).collect();
            assert_eq!(wrong.first().map(|wrong| wrong.span.of(text)), Some(place), "{text}");
        }
        for text in ["GET", "GET ä", "G", "GET a/_search\n[", "\u{feff}GET a", "😀"] {
            requests(text);
        }
    }
}
