use nlq_text::{Diagnostic, Span};

use crate::{FileDirectives, Prompt, Query, Section, comment::Notes, host::Literal};

/// Everything that reading a document gave.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) prompts: Vec<Prompt>,
    pub(crate) queries: Vec<Query>,
    /// How the text of each query is written, in the order of `queries`.
    pub(crate) forms: Vec<Form>,
    pub(crate) sections: Vec<Section>,
    pub(crate) directives: FileDirectives,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// How a query is written in its document: what an edit of it must keep or escape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    /// A statement of a SQL file, a search of a file of SPL.
    Statement {
        /// A `;` follows, or none is needed.
        terminated: bool,
    },
    /// A string literal of a host language.
    Literal(Literal),
    /// A fenced block of a .nlq file.
    Fence,
}

impl From<Notes> for Found {
    fn from(notes: Notes) -> Self {
        Self { prompts: notes.prompts, directives: notes.directives, diagnostics: notes.diagnostics, ..Self::default() }
    }
}

impl Found {
    /// Adds a section for each prompt with its answer: the form that files without headings have.
    pub(crate) fn with_prompt_sections(mut self, text: &str) -> Self {
        for prompt in &self.prompts {
            let answer = prompt.answer.map_or(prompt.span, |answer| self.queries[answer].span).end;
            let end = prompt.replies.iter().map(|reply| reply.span.end).fold(answer, usize::max);
            let head = text[prompt.span.start..prompt.span.end].lines().next().map_or(0, str::len);
            self.sections.push(Section {
                name: prompt.name.clone(),
                span: Span::new(prompt.span.start, end),
                head: Span::new(prompt.span.start, prompt.span.start + head),
                level: 0,
            });
        }
        self.sections.sort_by_key(|section| (section.span.start, section.level == 0));
        self
    }
}
