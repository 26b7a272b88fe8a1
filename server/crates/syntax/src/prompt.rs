use nlq_text::Span;

use crate::TextMap;

/// A question that the user wrote, in a comment or as a paragraph of a .nlq file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// All of it in the document: the comment lines with their markers, or the paragraph.
    pub span: Span,
    /// The question, lines joined by a space, trigger and connection left out.
    pub text: String,
    /// Where `text` stands in the document.
    pub map: TextMap,
    /// `shop/prod` of `nlq(shop/prod):`, or of the front matter or file directive, with its range.
    pub connection: Option<Named>,
    /// A short name: the heading above it in .nlq, else its first words.
    pub name: String,
    /// Index in [`crate::Document::queries`] of the answer that stands below it.
    pub answer: Option<usize>,
    /// The user's replies to questions back, in order: in .nlq below block quotes (the system's questions), in comments
    /// lines `nlq-reply: ...` of the prompt's own comment.
    pub replies: Vec<Reply>,
    /// .nlq only: index of the prompt whose conversation this one continues.
    pub continues: Option<usize>,
}

/// A clarification and its reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// What was asked; comments do not keep it.
    pub question: String,
    /// What the user said; empty when not yet answered.
    pub reply: String,
    /// Both in the document; of a comment its line without the marker.
    pub span: Span,
}

/// A name in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// Its range.
    pub span: Span,
}

/// A query in the document: a statement of a SQL file, a string literal, or a fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// All of it: the statement without its `;`, the literal with its quotes, the block with its fences.
    pub span: Span,
    /// The query itself, escapes undone, with `\n` between lines whatever the document's line ends are.
    pub text: String,
    /// Where `text` stands in the document.
    pub map: TextMap,
    /// `sql`, or the fence's info string.
    pub language: String,
    /// Index in [`crate::Document::prompts`] of the prompt it answers; none for the other statements of a SQL file.
    pub prompt: Option<usize>,
    /// Codes that a `nlq-ignore: code, code` comment directly above it silences.
    pub ignored: Vec<String>,
}

/// A part of a document that folds and shows in the outline: a heading's section, a prompt with its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What the outline shows.
    pub name: String,
    /// All of it.
    pub span: Span,
    /// The line that stays visible.
    pub head: Span,
    /// 1 to 6 for headings of .nlq, 0 for a prompt with its answer.
    pub level: u8,
}

/// What a file says about itself: front matter of .nlq, or a comment `nlq-file: connection=shop/dev check=all`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileDirectives {
    /// The connection of every prompt that names none.
    pub connection: Option<Named>,
    /// Check all statements of this SQL file, not only those below a prompt.
    pub check_all: bool,
}
