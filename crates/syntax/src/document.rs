use nlq_text::{Diagnostic, Edit, LineIndex, Span};

use crate::{FileDirectives, Language, Prompt, Query, Section};

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
/// Never fails: half-typed input gives what was understood plus [`Document::diagnostics`].
#[derive(Debug, Clone)]
pub struct Document {
    text: String,
    lines: LineIndex,
    language: Language,
    options: Options,
}

impl Document {
    /// Reads a text.
    pub fn new(text: &str, language: Language, options: Options) -> Self {
        Self { text: text.to_owned(), lines: LineIndex::new(text), language, options }
    }

    /// Applies one edit and re-reads what it changed. Returns false, changing nothing, when the range does not fit.
    pub fn edit(&mut self, edit: &Edit) -> bool {
        let _ = (edit, &self.options);
        false
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its lines.
    pub fn lines(&self) -> &LineIndex {
        &self.lines
    }

    /// Its language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The prompts, in order.
    pub fn prompts(&self) -> &[Prompt] {
        &[]
    }

    /// The queries, in order: answers, and in SQL files every statement.
    pub fn queries(&self) -> &[Query] {
        &[]
    }

    /// Sections for outline and folding, in order.
    pub fn sections(&self) -> &[Section] {
        &[]
    }

    /// What the file says about itself.
    pub fn directives(&self) -> &FileDirectives {
        const NONE: &FileDirectives = &FileDirectives { connection: None, check_all: false };
        NONE
    }

    /// What is wrong with the prompts themselves: an empty prompt, broken front matter, an unclosed fence.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &[]
    }

    /// The edit that writes `query` as the answer of a prompt: replaces the answer that stands there, or inserts a new
    /// one in the language's own form, indented as its surroundings, with the document's line ends.
    pub fn answer_edit(&self, prompt: usize, query: &str, language: &str) -> Edit {
        let _ = (query, language);
        Edit { span: Span::at(prompt), text: String::new() }
    }

    /// A clarification written below a prompt of a .nlq file (block quote and the chosen reply), or as one more comment
    /// line in code.
    pub fn reply_edit(&self, prompt: usize, question: &str, reply: &str) -> Edit {
        let _ = (question, reply);
        Edit { span: Span::at(prompt), text: String::new() }
    }

    /// An edit of a query's text as an edit of the document: escaped for the literal it stands in. None when the range
    /// crosses something that cannot be mapped.
    pub fn query_edit(&self, query: usize, edit: &Edit) -> Option<Edit> {
        let _ = (query, edit);
        None
    }
}
