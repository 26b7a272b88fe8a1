use nlq_text::{Diagnostic, Encoding, LineIndex, Position, Severity, Span};
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use super::{Output, Style, visible};

/// Lines longer than this are shown around the finding only.
const MAX_LINE: usize = 160;

/// A file's text with its lines, shared by its findings.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Source {
    /// As the user would write it.
    pub(in crate::cli) path: String,
    text: String,
    lines: LineIndex,
}

impl Source {
    /// A file's text.
    pub(in crate::cli) fn new(path: String, text: String) -> Self {
        let lines = LineIndex::new(&text);
        Self { path, text, lines }
    }

    /// The text without the passwords that were found in it: the log of a build is read by more people than the file.
    pub(in crate::cli) fn hiding(path: String, mut text: String, diagnostics: &[Diagnostic]) -> Self {
        for found in diagnostics.iter().filter(|found| found.code == "literal-password") {
            // Byte for byte, so that all that follows stays where it is.
            let star = |byte| if byte == b'\n' { '\n' } else { '*' };
            let stars: String = found.span.of(&text).bytes().map(star).collect();
            if stars.len() == found.span.len() {
                text.replace_range(found.span.start..found.span.end, &stars);
            }
        }
        Self::new(path, text)
    }

    fn position(&self, offset: usize) -> Position {
        self.lines.position(&self.text, offset, Encoding::Utf32)
    }

    /// A line without its end, with its first byte.
    fn line(&self, line: usize) -> (usize, &str) {
        let start = self.lines.line_start(line).unwrap_or(self.text.len());
        let end = self.lines.line_start(line + 1).unwrap_or(self.text.len());
        (start, self.text.get(start..end).unwrap_or("").trim_end_matches(['\n', '\r']))
    }
}

/// A diagnostic in its file.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Finding<'a> {
    /// The file.
    pub(in crate::cli) source: &'a Source,
    /// What is wrong.
    pub(in crate::cli) diagnostic: &'a Diagnostic,
}

impl Finding<'_> {
    /// As people read it: a head line, the source line with the range underlined, the fixes.
    pub(in crate::cli) fn render(&self, out: Output) -> String {
        let (source, found) = (self.source, self.diagnostic);
        let place = source.position(found.span.start);
        let (name, style) = match found.severity {
            Severity::Error => ("error", Style::Red),
            Severity::Warning => ("warning", Style::Yellow),
            Severity::Information => ("note", Style::Blue),
            Severity::Hint => ("hint", Style::Cyan),
        };
        let at = format!("{}:{}:{}", source.path, place.line + 1, place.character + 1);
        let head = out.paint(style, format!("{name}[{}]", found.code));
        let mut lines = vec![format!("{}: {head} {}", out.paint(Style::Bold, at), visible(&found.message, true))];

        let number = (place.line + 1).to_string();
        let gutter = |text: &str| out.paint(Style::Blue, format!("{text:>width$} |", width = number.len()));
        let (line, lead, mark) = excerpt(source, found.span, place.line as usize);
        lines.push(gutter(""));
        lines.push(format!("{} {line}", gutter(&number)));
        lines.push(format!("{} {}{}", gutter(""), " ".repeat(lead), out.paint(style, "^".repeat(mark))));
        for fix in &found.fixes {
            lines.push(format!("{} {}", out.paint(Style::Green, "  = fix:"), visible(&fix.title, false)));
        }
        lines.join("\n")
    }

    /// As scripts read it; documented in docs/cli.md.
    pub(in crate::cli) fn json(&self) -> Value {
        let range = |span: Span| {
            let (start, end) = (self.source.position(span.start), self.source.position(span.end));
            json!({
                "start": { "offset": span.start, "line": start.line + 1, "column": start.character + 1 },
                "end": { "offset": span.end, "line": end.line + 1, "column": end.character + 1 },
            })
        };
        let fixes = self.diagnostic.fixes.iter().map(|fix| {
            let edits = fix.edits.iter().map(|edit| json!({ "range": range(edit.span), "text": edit.text }));
            json!({ "title": fix.title, "edits": edits.collect::<Vec<_>>() })
        });
        json!({
            "path": self.source.path,
            "range": range(self.diagnostic.span),
            "severity": self.diagnostic.severity,
            "code": self.diagnostic.code,
            "message": self.diagnostic.message,
            "fixes": fixes.collect::<Vec<_>>(),
        })
    }
}

/// The line as shown, the cells before the mark, and the mark's length in cells.
fn excerpt(source: &Source, span: Span, line: usize) -> (String, usize, usize) {
    let (start, text) = source.line(line);
    let from = floor(text, span.start.saturating_sub(start));
    let to = floor(text, span.end.saturating_sub(start)).max(from);
    // A long line (minified, generated) is shown from a little before the finding.
    let first = if text.len() > MAX_LINE { floor(text, from.saturating_sub(MAX_LINE / 4)) } else { 0 };
    let last = if text.len() > MAX_LINE { floor(text, first + MAX_LINE) } else { text.len() };
    let shown = |from: usize, to: usize| visible(&text[from..to.max(from)].replace('\t', "    "), false);
    let lead = shown(first, from).width();
    let mark = shown(from, to.min(last)).width().max(1);
    (shown(first, last), lead, mark)
}

fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use nlq_text::Fix;

    use super::*;
    use crate::cli::output::ColorChoice;

    #[test]
    fn the_range_is_underlined_also_after_wide_characters_and_tabs() {
        let source = Source::new("a.sql".into(), "-- one\n\tSELECT '東京', totl FROM t\r\n".into());
        let at = source.text.find("totl").unwrap();
        let span = Span::new(at, at + 4);
        let diagnostic = Diagnostic::error(span, "unknown-column", "There is no column `totl`.")
            .with_fix(Fix::replace("Change to `total`", span, "total"));
        let finding = Finding { source: &source, diagnostic: &diagnostic };
        expect![[r"
            a.sql:2:15: error[unknown-column] There is no column `totl`.
              |
            2 |     SELECT '東京', totl FROM t
              |                    ^^^^
              = fix: Change to `total`"]]
        .assert_eq(&finding.render(Output::new(ColorChoice::Never)));
        assert_eq!(finding.json()["range"]["end"], json!({ "offset": at + 4, "line": 2, "column": 19 }));
    }

    #[test]
    fn a_password_is_not_shown() {
        let text = "providers:\n  shop:\n    type: postgresql\n    connections:\n      dev: { host: a, prot: 1, password: hünter2 }\n";
        let diagnostics = nlq_config::parse_config(text).diagnostics;
        let source = Source::hiding("nlq.yaml".into(), text.into(), &diagnostics);
        let output = Output::new(ColorChoice::Never);
        let shown: String =
            diagnostics.iter().map(|diagnostic| Finding { source: &source, diagnostic }.render(output)).collect();
        assert!(diagnostics.len() > 1 && shown.contains("prot") && !shown.contains("nter2"), "{shown}");
    }

    #[test]
    fn places_past_the_end_and_long_lines_are_shown() {
        let source = Source::new("a.sql".into(), "x".repeat(1000));
        for span in [Span::new(990, 2000), Span::at(5000), Span::new(0, 1000)] {
            let diagnostic = Diagnostic::error(span, "syntax", "Broken.");
            let text = Finding { source: &source, diagnostic: &diagnostic }.render(Output::new(ColorChoice::Never));
            assert!(text.lines().all(|line| line.len() < 200), "{text}");
            assert!(text.contains('^'));
        }
    }
}
