use std::sync::Arc;

use nlq_text::{Diagnostic, Edit, LineIndex, Span};

use crate::{
    FileDirectives, Language, Prompt, Query, Section,
    found::Found,
    layout::{line_ending, unix},
    limits::MAX_FILE_BYTES,
    sql, write,
};

/// How prompts are recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The word before the colon: `nlq`.
    pub trigger: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { trigger: "nlq".into() }
    }
}

/// An open document: its text, what was found in it, and the parse tree that makes the next edit cheap.
///
/// Never fails: half-typed input gives what was understood plus [`Document::diagnostics`]. A clone copies the text and
/// its line starts and shares the rest.
#[derive(Debug, Clone)]
pub struct Document {
    text: String,
    lines: LineIndex,
    language: Language,
    options: Options,
    found: Arc<Found>,
}

impl Document {
    /// Reads a text.
    pub fn new(text: &str, language: Language, options: Options) -> Self {
        let mut document =
            Self { text: text.to_owned(), lines: LineIndex::new(text), language, options, found: Arc::default() };
        document.read();
        document
    }

    /// Applies one edit and re-reads what it changed. Returns false, changing nothing, when the range does not fit.
    pub fn edit(&mut self, edit: &Edit) -> bool {
        if self.text.get(edit.span.start..edit.span.end).is_none() {
            return false;
        }
        self.text.replace_range(edit.span.start..edit.span.end, &edit.text);
        self.lines = LineIndex::new(&self.text);
        self.read();
        true
    }

    fn read(&mut self) {
        if self.text.len() > MAX_FILE_BYTES {
            let message = format!(
                "This file is larger than {} MB, so nlq does not read its prompts; move them to a file of their own.",
                MAX_FILE_BYTES / 1024 / 1024
            );
            let diagnostics = vec![Diagnostic::information(Span::at(0), "large-file", message)];
            self.found = Arc::new(Found { diagnostics, ..Found::default() });
            return;
        }
        let found = sql::read(&self.text, &self.lines, &self.options);
        self.found = Arc::new(found.with_prompt_sections(&self.text));
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its lines.
    pub fn lines(&self) -> &LineIndex {
        &self.lines
    }

    /// How prompts are recognised.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Its language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The prompts, in order. One that is still empty is among them, with an empty text.
    pub fn prompts(&self) -> &[Prompt] {
        &self.found.prompts
    }

    /// The queries, in order: answers, and in SQL files every statement.
    pub fn queries(&self) -> &[Query] {
        &self.found.queries
    }

    /// Sections for outline and folding, in order.
    pub fn sections(&self) -> &[Section] {
        &self.found.sections
    }

    /// What the file says about itself.
    pub fn directives(&self) -> &FileDirectives {
        &self.found.directives
    }

    /// What is wrong with the prompts themselves: an empty prompt, broken front matter, an unclosed fence.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.found.diagnostics
    }

    /// The edit that writes `query` as the answer of a prompt: replaces the answer that stands there, or inserts a new
    /// one in the language's own form, indented as its surroundings, with the document's line ends. An edit that
    /// changes nothing when there is no such prompt.
    pub fn answer_edit(&self, prompt: usize, query: &str, language: &str) -> Edit {
        let none = Edit { span: Span::at(0), text: String::new() };
        let Some(prompt) = self.prompts().get(prompt) else { return none };
        let _ = language;
        let existing = prompt.answer.and_then(|index| Some((self.queries().get(index)?, self.found.forms.get(index)?)));
        write::statement(&self.text, prompt, existing, query)
    }

    /// A clarification written below a prompt of a .nlq file (block quote and the chosen reply), or as one more comment
    /// line in code.
    pub fn reply_edit(&self, prompt: usize, question: &str, reply: &str) -> Edit {
        let none = Edit { span: Span::at(0), text: String::new() };
        let Some(prompt) = self.prompts().get(prompt) else { return none };
        let _ = question;
        write::comment_line(&self.text, prompt, reply)
    }

    /// An edit of a query's text as an edit of the document: escaped for the literal it stands in. None when the range
    /// crosses something that cannot be mapped.
    pub fn query_edit(&self, query: usize, edit: &Edit) -> Option<Edit> {
        let found = self.queries().get(query)?;
        found.text.get(edit.span.start..edit.span.end)?;
        let text = unix(&edit.text).replace('\n', line_ending(&self.text));
        Some(Edit { span: found.map.to_document(edit.span), text })
    }
}
