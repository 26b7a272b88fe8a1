use serde::Serialize;

use crate::Span;

/// How much a diagnostic matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The thing is wrong and cannot work.
    Error,
    /// It works, and most likely not as meant.
    Warning,
    /// Worth knowing.
    Information,
    /// A faint suggestion.
    Hint,
}

/// One finding with its place and, where nlq knows one, its mend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Where, in bytes of the text that was checked.
    pub span: Span,
    /// How much it matters.
    pub severity: Severity,
    /// A stable name such as `unknown-column`; documented in docs/diagnostics.md.
    pub code: &'static str,
    /// One sentence: what is wrong and what to do next.
    pub message: String,
    /// Ready edits, best first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    /// An error at `span`.
    pub fn error(span: Span, code: &'static str, message: impl Into<String>) -> Self {
        Self { span, severity: Severity::Error, code, message: message.into(), fixes: Vec::new() }
    }

    /// A warning at `span`.
    pub fn warning(span: Span, code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(span, code, message) }
    }

    /// A note at `span`.
    pub fn information(span: Span, code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Information, ..Self::error(span, code, message) }
    }

    /// The same with one more fix.
    pub fn with_fix(mut self, fix: Fix) -> Self {
        self.fixes.push(fix);
        self
    }

    /// The same with every range moved right by `by` bytes.
    pub fn shift(mut self, by: usize) -> Self {
        self.span = self.span.shift(by);
        for edit in self.fixes.iter_mut().flat_map(|fix| &mut fix.edits) {
            edit.span = edit.span.shift(by);
        }
        self
    }
}

/// A ready mend for a diagnostic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// What the user reads in the menu: "Change to `total_amount`".
    pub title: String,
    /// What it changes; ranges do not overlap.
    pub edits: Vec<Edit>,
}

impl Fix {
    /// A fix that replaces one range.
    pub fn replace(title: impl Into<String>, span: Span, text: impl Into<String>) -> Self {
        Self { title: title.into(), edits: vec![Edit { span, text: text.into() }] }
    }
}

/// Replace `span` by `text`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// What goes away; empty for an insertion.
    pub span: Span,
    /// What comes instead.
    pub text: String,
}

/// `text` with all `edits` applied. Edits outside the text, or that overlap an earlier one, are left out.
pub fn apply_edits(text: &str, edits: &[Edit]) -> String {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let (mut out, mut done) = (String::with_capacity(text.len()), 0);
    for edit in sorted {
        let Some(kept) = text.get(done..edit.span.start) else { continue };
        if !text.is_char_boundary(edit.span.end) || edit.span.end > text.len() {
            continue;
        }
        out.push_str(kept);
        out.push_str(&edit.text);
        done = edit.span.end;
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit { span: Span::new(start, end), text: text.into() }
    }

    #[test]
    fn edits_apply_in_order_of_place() {
        assert_eq!(apply_edits("abcdef", &[edit(4, 5, "E"), edit(0, 1, "A"), edit(2, 2, "-")]), "Ab-cdEf");
    }

    #[test]
    fn overlapping_or_outside_edits_are_left_out() {
        assert_eq!(apply_edits("abc", &[edit(0, 2, "X"), edit(1, 3, "Y"), edit(9, 9, "Z")]), "Xc");
        assert_eq!(apply_edits("ä", &[edit(1, 1, "x")]), "ä");
    }
}
