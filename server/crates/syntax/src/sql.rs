//! Reads SQL files: a lexer that finds comments and splits statements, in whatever state of being typed.

use nlq_text::{LineIndex, Span};

use crate::{
    Options, Query,
    comment::{self, Comment},
    found::{Form, Found},
    layout::{indentation, line_end, outdented},
};

/// What the lexer found.
#[derive(Debug, Default)]
pub(crate) struct Lexed {
    pub(crate) comments: Vec<Comment>,
    pub(crate) statements: Vec<Statement>,
    /// Strings and quoted names that reach over a line's end: nothing may be indented inside them.
    pub(crate) multi_line: Vec<Span>,
}

/// A statement without the space and comments around it and without its `;`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) span: Span,
    /// A `;` follows, or none is needed.
    pub(crate) terminated: bool,
}

/// Reads a SQL file.
pub(crate) fn read(text: &str, lines: &LineIndex, options: &Options) -> Found {
    found(text, lines, options, lex(text, &options.trigger), "sql", is_command)
}

/// Prompts and statements of a file that holds nothing else. A statement of which `no_answer` is true answers no prompt.
pub(crate) fn found(
    text: &str,
    lines: &LineIndex,
    options: &Options,
    lexed: Lexed,
    language: &str,
    no_answer: fn(&str) -> bool,
) -> Found {
    let mut notes = comment::read(text, lines, &lexed.comments, &options.trigger);
    let (ignores, plain) = (std::mem::take(&mut notes.ignores), std::mem::take(&mut notes.plain));
    let mut found = Found::from(notes);
    let mut done = 0;
    for Statement { span, terminated } in lexed.statements {
        let last = found.prompts.partition_point(|prompt| prompt.span.start < span.start).checked_sub(1);
        // A comment of its own between the two belongs to the statement, which was there for another reason.
        let prompt = last.filter(|index| {
            let end = found.prompts[*index].span.end;
            let next = plain.partition_point(|plain| plain.start < end);
            let apart = plain.get(next).is_some_and(|plain| plain.start < span.start);
            done <= end && !apart && !no_answer(span.of(text))
        });
        if let Some(prompt) = prompt {
            found.prompts[prompt].answer = Some(found.queries.len());
        }
        let first = ignores.partition_point(|(ignore, _)| ignore.start < done);
        let above = ignores[first..].iter().take_while(|(ignore, _)| ignore.end <= span.start);
        found.forms.push(Form::Statement { terminated });
        let (query, map) = outdented(text, span, indentation(text, span.start), &lexed.multi_line);
        found.queries.push(Query {
            span,
            text: query,
            map,
            language: language.into(),
            prompt,
            ignored: above.flat_map(|(_, codes)| codes.clone()).collect(),
        });
        done = span.end;
    }
    found
}

/// Statements that change something: no answer is one, so a question above one must not cost the user that statement.
/// Anything else may be a query that is still being typed.
fn is_command(statement: &str) -> bool {
    const COMMANDS: &[&str] = &[
        "alter",
        "analyze",
        "attach",
        "begin",
        "call",
        "comment",
        "commit",
        "copy",
        "create",
        "declare",
        "delete",
        "detach",
        "do",
        "drop",
        "end",
        "execute",
        "grant",
        "insert",
        "lock",
        "merge",
        "prepare",
        "reindex",
        "release",
        "replace",
        "reset",
        "revoke",
        "rollback",
        "savepoint",
        "set",
        "start",
        "truncate",
        "update",
        "use",
        "vacuum",
    ];
    let word: String = statement.chars().take_while(char::is_ascii_alphabetic).collect();
    COMMANDS.contains(&word.to_ascii_lowercase().as_str())
}

/// So many dollar quotes without an end are looked for; more are no SQL, and looking takes time for each.
const MAX_UNCLOSED: usize = 100;

/// Splits a SQL text. A prompt always ends the statement above it, and a string that is still being typed ends with its
/// line when its other quote would stand below the next prompt, so that one unfinished statement spoils nothing else.
pub(crate) fn lex(text: &str, trigger: &str) -> Lexed {
    let mut lexer = Lexer { text, at: 0, open: None, depth: 0, create: false, lexed: Lexed::default() };
    let prompts = prompt_lines(text, trigger);
    let bytes = text.as_bytes();
    let mut unclosed = 0;
    while let Some(&byte) = bytes.get(lexer.at) {
        let start = lexer.at;
        match byte {
            _ if byte.is_ascii_whitespace() => lexer.at += 1,
            b'-' if bytes.get(start + 1) == Some(&b'-') => {
                let comment = Comment { span: Span::new(start, line_end(text, start)), block: false };
                lexer.comment(comment, prompts.binary_search(&start).is_ok());
            }
            b'/' if bytes.get(start + 1) == Some(&b'*') => {
                let end = text[start + 2..].find("*/").map_or(text.len(), |at| start + 2 + at + 2);
                let comment = Comment { span: Span::new(start, end), block: true };
                lexer.comment(comment, prompts.binary_search(&start).is_ok());
            }
            b'\'' | b'"' | b'`' => {
                let escapes = byte == b'\'' && is_escape_prefix(bytes, start);
                lexer.quoted(closing_quote(bytes, start, escapes), &prompts);
            }
            b'$' => match dollar_tag(text, start) {
                Some(tag) if unclosed < MAX_UNCLOSED => {
                    let end = text[start + tag.len()..].find(tag).map(|at| start + 2 * tag.len() + at);
                    unclosed += usize::from(end.is_none());
                    lexer.quoted(end, &prompts);
                }
                _ => lexer.token(start + 1),
            },
            b';' => lexer.semicolon(),
            _ if is_word(byte) => lexer.word(),
            _ => lexer.token(start + 1),
        }
    }
    lexer.end_statement(false);
    lexer.lexed
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// The statement so far.
    open: Option<Span>,
    /// How many BEGIN and CASE are open inside a CREATE: a trigger's or function's body has its own `;`.
    depth: usize,
    create: bool,
    lexed: Lexed,
}

impl Lexer<'_> {
    fn token(&mut self, end: usize) {
        let token = Span::new(self.at, end);
        self.open = Some(self.open.map_or(token, |open| open.to(token)));
        self.at = end;
    }

    fn word(&mut self) {
        let rest = &self.text[self.at..];
        let word = &rest[..rest.bytes().position(|b| !is_word(b)).unwrap_or(rest.len())];
        if self.open.is_none() {
            self.create = word.eq_ignore_ascii_case("create");
        } else if self.create && (word.eq_ignore_ascii_case("begin") || word.eq_ignore_ascii_case("case")) {
            self.depth += 1;
        } else if self.create && word.eq_ignore_ascii_case("end") {
            self.depth = self.depth.saturating_sub(1);
        }
        self.token(self.at + word.len());
    }

    fn quoted(&mut self, end: Option<usize>, prompts: &[usize]) {
        let next_prompt = prompts.get(prompts.partition_point(|prompt| *prompt <= self.at));
        let end = match end {
            Some(end) if next_prompt.is_none_or(|prompt| end <= *prompt) => end,
            _ => line_end(self.text, self.at),
        };
        if self.text[self.at..end].contains('\n') {
            self.lexed.multi_line.push(Span::new(self.at, end));
        }
        self.token(end);
    }

    fn comment(&mut self, comment: Comment, is_prompt: bool) {
        if is_prompt {
            self.end_statement(false);
        }
        self.at = comment.span.end;
        self.lexed.comments.push(comment);
    }

    fn semicolon(&mut self) {
        if self.depth > 0 {
            self.token(self.at + 1);
        } else {
            self.end_statement(true);
            self.at += 1;
        }
    }

    fn end_statement(&mut self, terminated: bool) {
        if let Some(span) = self.open.take() {
            self.lexed.statements.push(Statement { span, terminated });
        }
        (self.depth, self.create) = (0, false);
    }
}

/// Where comments that open a prompt start, if they were comments: a cheap scan of line heads.
fn prompt_lines(text: &str, trigger: &str) -> Vec<usize> {
    let mut at = 0;
    let mut found = Vec::new();
    for line in text.split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        let head = &text[start.min(at)..at];
        let comment = if head.starts_with("--") {
            Comment { span: Span::new(start, line_end(text, start)), block: false }
        } else if head.starts_with("/*") {
            // The trigger stands near its start; looking for the end of each would be slow where none is closed.
            let end = text.floor_char_boundary(start + 256).min(text.len());
            Comment { span: Span::new(start, end), block: true }
        } else {
            continue;
        };
        if comment::opens_prompt(text, comment, trigger) {
            found.push(start);
        }
    }
    found
}

/// One past the quote that closes the one at `start`.
fn closing_quote(bytes: &[u8], start: usize, escapes: bool) -> Option<usize> {
    let quote = bytes[start];
    let mut at = start + 1;
    while let Some(&byte) = bytes.get(at) {
        if escapes && byte == b'\\' {
            at += 1;
        } else if byte == quote {
            if bytes.get(at + 1) != Some(&quote) {
                return Some(at + 1);
            }
            at += 1;
        }
        at += 1;
    }
    None
}

/// PostgreSQL's `E'...'`, where a backslash escapes.
fn is_escape_prefix(bytes: &[u8], quote: usize) -> bool {
    quote >= 1 && bytes[quote - 1].eq_ignore_ascii_case(&b'e') && (quote == 1 || !is_word(bytes[quote - 2]))
}

/// `$tag$` of a dollar-quoted string that starts here; `$1` and `a$b$` are none.
fn dollar_tag(text: &str, start: usize) -> Option<&str> {
    let bytes = text.as_bytes();
    if start > 0 && is_word(bytes[start - 1]) || bytes.get(start + 1).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let end = bytes[start + 1..].iter().position(|b| !is_word(*b) || *b == b'$')? + start + 1;
    (bytes[end] == b'$').then(|| &text[start..=end])
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: Expect) {
        let lexed = lex(text, "nlq");
        let lines: Vec<String> = lexed
            .statements
            .iter()
            .map(|s| format!("{:?}{}", s.span.of(text), if s.terminated { ";" } else { "" }))
            .collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn semicolons_inside_strings_names_and_comments_do_not_split() {
        check(
            "SELECT ';', \"a;b\", `c;d` -- no; \n/* ; */ FROM t;\nSELECT $$ ; $$, $x$ $$; $x$, E'\\';', 'it''s;', $1;",
            expect![[r#"
                "SELECT ';', \"a;b\", `c;d` -- no; \n/* ; */ FROM t";
                "SELECT $$ ; $$, $x$ $$; $x$, E'\\';', 'it''s;', $1";"#]],
        );
    }

    #[test]
    fn a_body_keeps_its_own_semicolons() {
        check(
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE b SET c = CASE WHEN 1 THEN 2 END; DELETE FROM d; END; SELECT 1",
            expect![[r#"
                "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE b SET c = CASE WHEN 1 THEN 2 END; DELETE FROM d; END";
                "SELECT 1""#]],
        );
    }

    #[test]
    fn half_typed_sql_does_not_swallow_the_next_prompt() {
        check(
            "SELECT 'abc\nFROM t\n-- nlq: größte Städte 💣\nSELECT 'x';\nSELECT (\n  -- nlq: two\nSELECT 2",
            expect![[r#"
                "SELECT 'abc\nFROM t"
                "SELECT 'x'";
                "SELECT ("
                "SELECT 2""#]],
        );
    }

    #[test]
    fn nothing_gives_no_statement() {
        check(" ;; -- x\n /* never closed ;", expect![""]);
    }
}
