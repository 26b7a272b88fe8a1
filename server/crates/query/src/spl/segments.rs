//! Cuts a search at its pipes without reading it: where one command is broken, the others are read all the same.

use nlq_text::Span;

use super::tree::SyntaxError;

/// A search in pieces.
#[derive(Debug, Default)]
pub(super) struct Segments {
    /// The commands, each with the `|` before it.
    pub(super) commands: Vec<Span>,
    /// What is never closed, or never opened.
    pub(super) errors: Vec<SyntaxError>,
}

/// Cuts `text`. Strings, comments, macros and subsearches are never cut.
pub(super) fn segments(text: &str) -> Segments {
    let mut scanner = Scanner { text, found: Segments::default(), open: Vec::new() };
    let mut start = 0;
    let mut at = 0;
    while let Some(&byte) = text.as_bytes().get(at) {
        match byte {
            b'|' if !scanner.open.iter().any(|(bracket, _)| *bracket == b'[') => {
                scanner.close_all();
                scanner.found.commands.push(Span::new(start, at));
                start = at;
                at += 1;
            }
            b'(' | b'[' => {
                scanner.open.push((byte, at));
                at += 1;
            }
            b')' | b']' => {
                scanner.close(byte, at);
                at += 1;
            }
            _ => at = scanner.skip(at),
        }
    }
    scanner.close_all();
    let mut found = scanner.found;
    found.commands.push(Span::new(start, text.len()));
    if found.commands[0].of(text).trim().is_empty() && found.commands.len() > 1 {
        found.commands.remove(0);
    }
    found
}

struct Scanner<'a> {
    text: &'a str,
    found: Segments,
    /// Brackets that are open, outermost first.
    open: Vec<(u8, usize)>,
}

impl Scanner<'_> {
    /// One past what starts at `at`: a string, a comment, a macro, an escape, or one character.
    fn skip(&mut self, at: usize) -> usize {
        let rest = &self.text[at..];
        if rest.starts_with("```") {
            return self.until(at, 3, "```", "This comment is never closed; end it with three backticks.");
        }
        if rest.starts_with("-- nlq:") || rest.starts_with("-- nlq(") {
            return at + rest.find('\n').unwrap_or(rest.len());
        }
        if rest.starts_with('`') {
            return self.until(at, 1, "`", "This macro is never closed; end it with a backtick.");
        }
        if rest.starts_with('"') {
            return self.string(at);
        }
        if let Some(token) = filtered_token(rest) {
            return at + token;
        }
        // `\\`, `\|` and `\"` are characters.
        if rest.starts_with(r"\\") || rest.starts_with(r"\|") || rest.starts_with("\\\"") {
            return at + 2;
        }
        at + rest.chars().next().map_or(1, char::len_utf8)
    }

    fn until(&mut self, at: usize, skipped: usize, end: &str, message: &str) -> usize {
        match self.text[at + skipped..].find(end) {
            Some(length) => at + skipped + length + end.len(),
            None => {
                self.error(Span::new(at, at + skipped), message);
                self.text.len()
            }
        }
    }

    fn string(&mut self, at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut end = at + 1;
        while let Some(&byte) = bytes.get(end) {
            match byte {
                b'"' => return end + 1,
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        self.error(Span::new(at, at + 1), "This string is never closed; end it with a quote.");
        self.text.len()
    }

    fn close(&mut self, bracket: u8, at: usize) {
        let opening = if bracket == b')' { b'(' } else { b'[' };
        match self.open.iter().rposition(|(open, _)| *open == opening) {
            // A parenthesis does not close what was opened outside its brackets.
            Some(index) if bracket == b']' || !self.open[index..].iter().any(|(open, _)| *open == b'[') => {
                for (open, start) in self.open.split_off(index).into_iter().skip(1).rev() {
                    self.unclosed(open, start);
                }
            }
            _ => {
                let message = format!("Nothing is open here that this {} closes; take it away.", bracket as char);
                self.error(Span::new(at, at + 1), &message);
            }
        }
    }

    fn close_all(&mut self) {
        for (open, start) in std::mem::take(&mut self.open) {
            self.unclosed(open, start);
        }
    }

    fn unclosed(&mut self, open: u8, start: usize) {
        let close = if open == b'(' { ')' } else { ']' };
        let message = format!("This {} is never closed; end it with {close}.", open as char);
        self.error(Span::new(start, start + 1), &message);
    }

    fn error(&mut self, span: Span, message: &str) {
        self.found.errors.push(SyntaxError { span, message: message.to_owned() });
    }
}

/// What could be a value in a text that may be no SPL: strings, and words that stand after an operator or are numbers.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['"', '=', '<', '>', '(', ',', ' ']) {
        let opened = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        if opened == b'"' {
            let end = rest.match_indices('"').map(|(end, _)| end).find(|end| !rest[..*end].ends_with('\\'));
            let end = end.unwrap_or(rest.len());
            found.push(rest[..end].trim_matches(['*', '%']).to_owned());
            rest = rest.get(end + 1..).unwrap_or("");
            continue;
        }
        let word = rest.split([' ', ')', ',', '|', ']', '\n', '"']).next().unwrap_or("").trim_matches(['*', '=', '!']);
        let number = word.parse::<f64>().is_ok();
        if !word.is_empty() && (number || b"=<>".contains(&opened)) {
            found.push(word.to_owned());
        }
    }
    found
}

/// The length of a dashboard's token with a filter, `$name|s$`, whose `|` is no pipe.
pub(super) fn filtered_token(text: &str) -> Option<usize> {
    let name = text.strip_prefix('$')?;
    let bar = name.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | ':')))?;
    let filter = name[bar..].strip_prefix('|')?;
    let end = filter.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    (bar > 0 && end > 0 && filter[end..].starts_with('$')).then_some(1 + bar + 1 + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> (Vec<&str>, Vec<String>) {
        let found = segments(text);
        let errors = found.errors.iter().map(|error| format!("{} {}", error.span.start, error.message)).collect();
        (found.commands.iter().map(|span| span.of(text)).collect(), errors)
    }

    #[test]
    fn only_pipes_between_commands_cut() {
        let text = r#"a="x|y" `m("|")` ```a | b``` $t|s$ b\|c | join d [search e | head 1] | eval f=(1)"#;
        let (commands, errors) = cut(text);
        assert_eq!(commands.len(), 3, "{commands:?}");
        assert_eq!(commands[1], "| join d [search e | head 1] ");
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(cut("| a | b").0, ["| a ", "| b"]);
    }

    #[test]
    fn what_is_never_closed_is_told_where_it_opens() {
        assert_eq!(cut("a (b | c").1, ["2 This ( is never closed; end it with )."]);
        assert_eq!(cut("a [b | c").1, ["2 This [ is never closed; end it with ]."]);
        assert_eq!(cut("a ) b").1, ["2 Nothing is open here that this ) closes; take it away."]);
        assert_eq!(cut("a [b ) c]").1.len(), 1);
        assert_eq!(cut("a [b ( c]").1, ["5 This ( is never closed; end it with )."]);
        assert_eq!(cut("a \"b | c").1, ["2 This string is never closed; end it with a quote."]);
        assert_eq!(cut("a `b | c").1, ["2 This macro is never closed; end it with a backtick."]);
        assert_eq!(cut("a ```b | c").1, ["2 This comment is never closed; end it with three backticks."]);
        for text in ["\\", "\"\\", "$", "$é|", "é`", ""] {
            cut(text);
        }
    }
}
