//! Reads files of SPL: comments and the searches between prompts. SPL has no terminator, so a search goes on until the next
//! prompt or the end of the file; blank lines are part of it.
//!
//! A prompt is a line that starts with `-- nlq:` (and the lines below it that start with `--`), a comment of triple backticks, or
//! the macro `comment("nlq: ...")`. Lines with `--` are no SPL: they are for nlq alone.

use nlq_text::{LineIndex, Span};

use crate::{
    Options,
    comment::{self, Comment},
    found::Found,
    layout::{line_end, line_start},
    sql::{Lexed, Statement, found},
};

/// Reads a file of SPL.
pub(crate) fn read(text: &str, lines: &LineIndex, options: &Options) -> Found {
    found(text, lines, options, lex(text, &options.trigger), "spl", |_| false)
}

/// Splits a text of searches. A prompt always ends the search above it, also where a string, a macro or a comment is still being
/// typed.
pub(crate) fn lex(text: &str, trigger: &str) -> Lexed {
    let mut lexer = Lexer { text, at: 0, open: None, line_comment: None, lexed: Lexed::default() };
    let prompts = prompts(text, trigger);
    while lexer.at < text.len() {
        let start = lexer.at;
        let rest = &text[start..];
        let next = prompts.get(prompts.partition_point(|prompt| *prompt <= start)).copied();
        let is_prompt = prompts.binary_search(&start).is_ok();
        if rest.starts_with(char::is_whitespace) {
            lexer.at += rest.chars().next().map_or(1, char::len_utf8);
        } else if rest.starts_with("--") && lexer.is_line_comment(trigger, is_prompt) {
            let span = Span::new(start, line_end(text, start));
            lexer.line_comment = Some(span.end);
            lexer.comment(Comment { span, block: false }, is_prompt);
        } else if let Some(end) = block_end(rest) {
            let end = start + end;
            // What is never closed ends before the next prompt.
            let end = next.map_or(end, |next| if end > next { line_end(text, start) } else { end });
            lexer.comment(Comment { span: Span::new(start, end), block: true }, is_prompt);
        } else if rest.starts_with('"') || rest.starts_with('`') {
            lexer.quoted(next);
        } else {
            lexer.token(start + rest.chars().next().map_or(1, char::len_utf8));
        }
    }
    lexer.end_search();
    lexer.lexed
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// The search so far.
    open: Option<Span>,
    /// Where the last `--` line ended: the line below may go on with it.
    line_comment: Option<usize>,
    lexed: Lexed,
}

impl Lexer<'_> {
    fn token(&mut self, end: usize) {
        let token = Span::new(self.at, end);
        self.open = Some(self.open.map_or(token, |open| open.to(token)));
        self.at = end;
    }

    /// A `--` at the start of a line that nlq is told something by, or that goes on with such a line.
    fn is_line_comment(&self, trigger: &str, is_prompt: bool) -> bool {
        let comment = Comment { span: Span::new(self.at, line_end(self.text, self.at)), block: false };
        let first = self.text[line_start(self.text, self.at)..self.at].trim().is_empty();
        let goes_on =
            self.line_comment.is_some_and(|end| self.text[end..self.at].matches('\n').count() == 1 && end <= self.at);
        first && (is_prompt || goes_on || comment::opens(self.text, comment, trigger))
    }

    fn comment(&mut self, comment: Comment, is_prompt: bool) {
        if is_prompt {
            self.end_search();
        }
        self.at = comment.span.end;
        self.lexed.comments.push(comment);
    }

    /// A string or a macro; one that would reach over the next prompt ends with its line.
    fn quoted(&mut self, next_prompt: Option<usize>) {
        let end = closing(&self.text[self.at..]).map(|length| self.at + length);
        let end = match end {
            Some(end) if next_prompt.is_none_or(|prompt| end <= prompt) => end,
            _ => line_end(self.text, self.at),
        };
        if self.text[self.at..end].contains('\n') {
            self.lexed.multi_line.push(Span::new(self.at, end));
        }
        self.token(end);
    }

    fn end_search(&mut self) {
        if let Some(span) = self.open.take() {
            self.lexed.statements.push(Statement { span, terminated: true });
        }
    }
}

/// Where comments that open a prompt start, if they were comments: a cheap scan of line heads.
fn prompts(text: &str, trigger: &str) -> Vec<usize> {
    let mut at = 0;
    let mut found = Vec::new();
    for line in text.split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        let rest = &text[start.min(text.len())..];
        let comment = if rest.starts_with("--") {
            Comment { span: Span::new(start, line_end(text, start)), block: false }
        } else if rest.starts_with('`') {
            // The trigger stands near its start; looking for the end of each would be slow where none is closed.
            let end = text.floor_char_boundary(start + 256).min(text.len());
            let Some(length) = block_end(&text[start..end]) else { continue };
            Comment { span: Span::new(start, start + length), block: true }
        } else {
            continue;
        };
        if comment::opens_prompt(text, comment, trigger) {
            found.push(start);
        }
    }
    found
}

/// The length of the comment of triple backticks, or of the macro `comment`, that starts a text; one that is not closed has the
/// whole text.
fn block_end(rest: &str) -> Option<usize> {
    if let Some(inner) = rest.strip_prefix("```") {
        return Some(inner.find("```").map_or(rest.len(), |at| at + 6));
    }
    let name = rest.strip_prefix('`')?.trim_start().strip_prefix("comment")?;
    name.trim_start().starts_with('(').then(|| {
        let string = rest.find('"').unwrap_or(rest.len());
        let after = string + closing(&rest[string..]).unwrap_or(rest.len() - string);
        rest[after..].find('`').map_or(rest.len(), |at| after + at + 1)
    })
}

/// The length of the string or macro that starts a text.
fn closing(rest: &str) -> Option<usize> {
    let quote = *rest.as_bytes().first()?;
    let mut bytes = rest.bytes().enumerate().skip(1);
    while let Some((at, byte)) = bytes.next() {
        if quote == b'"' && byte == b'\\' {
            bytes.next();
        } else if byte == quote {
            return Some(at + 1);
        }
    }
    None
}
