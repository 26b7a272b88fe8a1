use std::sync::Arc;

use nlq_text::{Diagnostic, Edit, Encoding, LineIndex, Position, Span, apply_edits};
use ropey::Rope;
use tree_sitter::Tree;

use crate::{
    FileDirectives, Language, Prompt, Query, Section,
    found::{Form, Found},
    host::{self, Scope},
    layout::{line_ending, unix},
    limits::MAX_FILE_BYTES,
    nlq, rope, spl, sql, write,
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

/// One change of an open document, as an editor tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The range that is replaced, first and last position; none for the whole text. A position outside the text is
    /// moved inside as [`LineIndex::offset`] does; an end before the start is the start.
    pub range: Option<(Position, Position)>,
    /// The new text of the range.
    pub text: String,
}

/// An open document: its text, what was found in it, and the parse tree that makes the next edit cheap.
///
/// Never fails: half-typed input gives what was understood plus [`Document::diagnostics`]. Edits go to a rope; what
/// readers see is made from it once after each batch. A clone shares the text and all that was found in it.
#[derive(Debug, Clone)]
pub struct Document {
    rope: Rope,
    text: Arc<str>,
    lines: Arc<LineIndex>,
    language: Language,
    options: Options,
    tree: Option<Tree>,
    found: Arc<Found>,
}

impl Document {
    /// Reads a text.
    pub fn new(text: &str, language: Language, options: Options) -> Self {
        let mut document = Self {
            rope: Rope::from_str(text),
            text: text.into(),
            lines: Arc::new(LineIndex::new(text)),
            language,
            options,
            tree: None,
            found: Arc::default(),
        };
        document.read();
        document
    }

    /// Applies one edit and re-reads what it changed. Returns false, changing nothing, when the range does not fit.
    pub fn edit(&mut self, edit: &Edit) -> bool {
        if self.text.get(edit.span.start..edit.span.end).is_none() {
            return false;
        }
        self.replace(edit.span, &edit.text);
        self.update();
        true
    }

    /// Applies changes one after the other, each to the text that the one before it left, and reads the last text.
    /// Positions count in `encoding`. Returns false, reading nothing, when there are no changes.
    pub fn change(&mut self, changes: impl IntoIterator<Item = Change>, encoding: Encoding) -> bool {
        let mut changed = false;
        for Change { range, text } in changes {
            match range {
                Some((start, end)) => {
                    let offset = |position| rope::offset(&self.rope, position, encoding);
                    self.replace(Span::new(offset(start), offset(end)), &text);
                }
                None => {
                    self.rope = Rope::from_str(&text);
                    self.tree = None;
                }
            }
            changed = true;
        }
        if changed {
            self.update();
        }
        changed
    }

    fn replace(&mut self, span: Span, text: &str) {
        let edit = rope::replace(&mut self.rope, span, text);
        if let Some(tree) = &mut self.tree {
            tree.edit(&edit);
        }
    }

    /// Makes all that readers see from the rope.
    fn update(&mut self) {
        self.text = String::from(&self.rope).into();
        self.lines = Arc::new(LineIndex::new(&self.text));
        self.read();
    }

    fn read(&mut self) {
        if self.text.len() > MAX_FILE_BYTES {
            let message = format!(
                "This file is larger than {} MB, so nlq does not read its prompts; move them to a file of their own.",
                MAX_FILE_BYTES / 1024 / 1024
            );
            let diagnostics = vec![Diagnostic::information(Span::at(0), "large-file", message)];
            self.tree = None;
            self.found = Arc::new(Found { diagnostics, ..Found::default() });
            return;
        }
        let found = match self.language {
            Language::Sql => sql::read(&self.text, &self.lines, &self.options).with_prompt_sections(&self.text),
            Language::Spl => spl::read(&self.text, &self.lines, &self.options).with_prompt_sections(&self.text),
            Language::Nlq => nlq::read(&self.text, &self.options, &mut self.tree),
            language => host::read(&self.text, &self.lines, language, &self.options, &mut self.tree)
                .with_prompt_sections(&self.text),
        };
        self.found = Arc::new(found);
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

    /// The queries, in order: answers, and in files of SQL or SPL every statement.
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
        let Some(prompt) = self.prompts().get(prompt) else { return nothing() };
        let answer = prompt.answer.and_then(|index| Some((self.queries().get(index)?, self.found.forms.get(index)?)));
        match answer {
            Some((answer, Form::Literal(literal))) => {
                let text = host::replacement(self.language, &self.text, literal, &write::bare(query));
                Edit { span: answer.span, text: text.replace('\n', line_ending(&self.text)) }
            }
            answer if self.language == Language::Nlq => {
                nlq::answer(&self.text, prompt, answer.map(|(query, _)| query), query, language)
            }
            None if !matches!(self.language, Language::Sql | Language::Spl) => {
                let scope = self.tree.as_ref().map(|tree| host::scope(tree.root_node(), self.language, prompt.span));
                write::declaration(&self.text, self.language, scope.unwrap_or(Scope::Statements), prompt, query)
            }
            answer => write::statement(&self.text, self.language, prompt, answer, query),
        }
    }

    /// A clarification written below a prompt of a .nlq file (block quote and the chosen reply), or as one more comment
    /// line in code.
    pub fn reply_edit(&self, prompt: usize, question: &str, reply: &str) -> Edit {
        let Some(prompt) = self.prompts().get(prompt) else { return nothing() };
        if self.language == Language::Nlq {
            let answer = prompt.answer.and_then(|index| self.queries().get(index));
            return nlq::reply(&self.text, prompt, answer, question, reply);
        }
        write::comment_reply(&self.text, prompt, &self.options.trigger, reply)
    }

    /// An edit of a query's text as an edit of the document: escaped for the literal it stands in. None when the range
    /// crosses something that cannot be mapped.
    pub fn query_edit(&self, query: usize, edit: &Edit) -> Option<Edit> {
        let (found, form) = (self.queries().get(query)?, self.found.forms.get(query)?);
        found.text.get(edit.span.start..edit.span.end)?;
        let eol = line_ending(&self.text);
        let plain = Edit { span: found.map.to_document(edit.span), text: unix(&edit.text).replace('\n', eol) };
        if matches!(form, Form::Statement { .. }) {
            return Some(plain);
        }
        let whole = apply_edits(&found.text, std::slice::from_ref(edit));
        let says = |candidate: &Edit| {
            let mut after = self.clone();
            let same = |query: &Query| query.text.trim() == whole.trim();
            after.edit(candidate) && after.queries().get(query).is_some_and(same)
        };
        // Where the small edit would say something else (it closes the literal, say), all of it is written anew.
        let (small, text) = match form {
            Form::Literal(literal) => {
                let small = host::inner_edit(&self.text, literal, &found.map, edit)
                    .map(|edit| Edit { text: edit.text.replace('\n', eol), ..edit });
                let text = (!literal.has_holes(&self.text))
                    .then(|| host::replacement(self.language, &self.text, literal, whole.trim()));
                (small, text)
            }
            _ => (Some(plain), Some(nlq::fence(&self.text, found, &whole))),
        };
        let anew = || Some(Edit { span: found.span, text: text?.replace('\n', eol) }).filter(says);
        small.filter(says).or_else(anew)
    }
}

fn nothing() -> Edit {
    Edit { span: Span::at(0), text: String::new() }
}
