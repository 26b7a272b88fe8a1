//! What comments say to nlq: prompts and directives. The same for every language that has comments.

use nlq_text::{Diagnostic, LineIndex, Span, did_you_mean};

use crate::{FileDirectives, Named, Prompt, Reply, TextMap, limits::MAX_PROMPT_CHARS, name};

/// What makes the trigger the beginning of a reply: `nlq-reply:`.
pub(crate) const REPLY: &str = "-reply:";

/// A comment as the language's reader found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Comment {
    /// All of it, with its markers, without the line's end.
    pub(crate) span: Span,
    /// It has a closing marker.
    pub(crate) block: bool,
}

/// What the comments of a file say, in order.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// Prompts without their answers.
    pub(crate) prompts: Vec<Prompt>,
    /// `nlq-ignore`: where it stands and the codes.
    pub(crate) ignores: Vec<(Span, Vec<String>)>,
    /// Comments that are no concern of nlq.
    pub(crate) plain: Vec<Span>,
    pub(crate) directives: FileDirectives,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// How a comment begins.
enum Opening {
    /// A prompt: its connection, and where the question starts.
    Prompt(Option<Span>, usize),
    /// `nlq-file:` and where its settings start.
    File(usize),
    /// `nlq-ignore:` and where its codes start.
    Ignore(usize),
    /// `nlq-reply:` and where the reply to a question back starts.
    Reply(usize),
}

/// True when the comment opens a prompt.
pub(crate) fn opens_prompt(text: &str, comment: Comment, trigger: &str) -> bool {
    let first = content(text, comment).into_iter().next();
    first.is_some_and(|line| matches!(opening(text, line, trigger), Some(Opening::Prompt(..))))
}

/// True when the comment tells nlq anything.
pub(crate) fn opens(text: &str, comment: Comment, trigger: &str) -> bool {
    let first = content(text, comment).into_iter().next();
    first.is_some_and(|line| opening(text, line, trigger).is_some())
}

/// The codes of a `nlq-ignore` comment.
pub(crate) fn ignored_codes(text: &str, comment: Comment, trigger: &str) -> Option<Vec<String>> {
    let line = content(text, comment).into_iter().next()?;
    match opening(text, line, trigger)? {
        Opening::Ignore(start) => Some(codes(&text[start..line.end])),
        _ => None,
    }
}

fn codes(list: &str) -> Vec<String> {
    list.split([',', ' ']).filter(|code| !code.is_empty()).map(str::to_owned).collect()
}

/// The connection of `nlq(shop/prod):` at the start of a line, and where the question starts.
pub(crate) fn trigger_at(text: &str, line: Span, trigger: &str) -> Option<(Option<Named>, usize)> {
    match opening(text, line, trigger)? {
        Opening::Prompt(connection, start) => {
            Some((connection.map(|span| Named { name: span.of(text).to_owned(), span }), start))
        }
        _ => None,
    }
}

/// Reads the comments of a file; `comments` in order of place.
pub(crate) fn read(text: &str, lines: &LineIndex, comments: &[Comment], trigger: &str) -> Notes {
    let mut notes = Notes::default();
    let mut rest = comments.iter().copied().filter(|comment| stands_alone(text, comment.span)).peekable();
    while let Some(comment) = rest.next() {
        let mut content = content(text, comment);
        let Some(opening) = content.first().and_then(|line| opening(text, *line, trigger)) else {
            notes.plain.push(comment.span);
            continue;
        };
        match opening {
            Opening::File(start) => {
                read_file_directive(text, Span::new(start, content[0].end), &mut notes);
            }
            Opening::Ignore(start) => {
                notes.ignores.push((comment.span, codes(&text[start..content[0].end])));
            }
            // A reply to nothing.
            Opening::Reply(_) => notes.plain.push(comment.span),
            Opening::Prompt(connection, start) => {
                content[0].start = start;
                let mut span = comment.span;
                while let Some(next) = rest.peek().copied().filter(|next| {
                    !comment.block && !next.block && lines.line_of(next.span.start) == lines.line_of(span.end) + 1
                }) {
                    let more = self::content(text, next);
                    let ends = more.iter().all(|line| line.is_empty())
                        || more
                            .iter()
                            .any(|line| !matches!(self::opening(text, *line, trigger), None | Some(Opening::Reply(_))));
                    if ends {
                        break;
                    }
                    content.extend(more);
                    span = span.to(next.span);
                    rest.next();
                }
                let connection = connection.map(|span| Named { name: span.of(text).to_owned(), span });
                let replies = take_replies(text, &mut content, trigger);
                let prompt = prompt(text, span, &content, connection, &mut notes.diagnostics);
                notes.prompts.push(Prompt { replies, ..prompt });
            }
        }
    }
    for prompt in &mut notes.prompts {
        if prompt.connection.is_none() {
            prompt.connection.clone_from(&notes.directives.connection);
        }
    }
    notes
}

/// Takes the replies out of the lines of a prompt; the first line is always the question's.
fn take_replies(text: &str, content: &mut Vec<Span>, trigger: &str) -> Vec<Reply> {
    let mut replies = Vec::new();
    let mut first = true;
    content.retain(|line| {
        if std::mem::take(&mut first) {
            return true;
        }
        let Some(Opening::Reply(start)) = opening(text, *line, trigger) else { return true };
        let reply = trim(text, Span::new(start, line.end)).of(text).to_owned();
        replies.push(Reply { question: String::new(), reply, span: *line });
        false
    });
    replies
}

/// A prompt whose question is the pieces `content` of the document; complains when there is nothing, or too much.
pub(crate) fn prompt(
    text: &str,
    span: Span,
    content: &[Span],
    connection: Option<Named>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Prompt {
    let (mut question, mut map) = (String::new(), TextMap::default());
    let mut left = MAX_PROMPT_CHARS;
    for line in content {
        let line = trim(text, *line);
        if line.is_empty() {
            continue;
        }
        if left == 0 {
            break;
        }
        if !question.is_empty() {
            question.push(' ');
        }
        let kept = line.of(text).char_indices().nth(left).map_or(line.len(), |(at, _)| at);
        left -= line.of(text)[..kept].chars().count();
        map.push(Span::new(question.len(), question.len() + kept), Span::new(line.start, line.start + kept));
        question.push_str(&line.of(text)[..kept]);
    }
    if left == 0 {
        let message = format!(
            "This question is longer than {MAX_PROMPT_CHARS} characters and only its beginning is read; shorten it."
        );
        diagnostics.push(Diagnostic::warning(span, "long-prompt", message));
    }
    if question.is_empty() {
        let place = content.first().copied().unwrap_or(span);
        map.push(Span::at(0), Span::at(place.start.max(place.end)));
        let message = "This prompt is empty; write a question after the colon.";
        diagnostics.push(Diagnostic::information(span, "empty-prompt", message));
    }
    let name = name::short(&question);
    Prompt { span, text: question, map, connection, name, answer: None, replies: Vec::new(), continues: None }
}

fn read_file_directive(text: &str, settings: Span, notes: &mut Notes) {
    let mut at = settings.start;
    for word in text[settings.start..settings.end].split_inclusive(|c: char| c.is_whitespace() || c == ',') {
        let span = Span::new(at, at + word.trim_end_matches(|c: char| c.is_whitespace() || c == ',').len());
        at += word.len();
        match span.of(text).split_once('=') {
            _ if span.is_empty() => {}
            Some(("connection", name)) if !name.is_empty() => {
                let span = Span::new(span.end - name.len(), span.end);
                notes.directives.connection.get_or_insert_with(|| Named { name: name.to_owned(), span });
            }
            Some(("check", "all")) => notes.directives.check_all = true,
            Some(("check", "prompts")) => notes.directives.check_all = false,
            _ => {
                let word = span.of(text);
                let meant = did_you_mean(word, ["connection=", "check=all", "check=prompts"]);
                let meant = meant.map_or_else(
                    || "use connection=provider/connection or check=all".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                let message = format!("`{word}` is not a setting of a file; {meant}");
                notes.diagnostics.push(Diagnostic::warning(span, "unknown-directive", message));
            }
        }
    }
}

/// Nothing but white space stands beside it on its lines.
fn stands_alone(text: &str, span: Span) -> bool {
    let before = text[..span.start].bytes().rev().take_while(|b| *b != b'\n');
    let after = text[span.end..].bytes().take_while(|b| *b != b'\n');
    before.chain(after).all(|b| b.is_ascii_whitespace())
}

/// The lines of a comment without its markers, decoration and surrounding space; never empty.
pub(crate) fn content(text: &str, comment: Comment) -> Vec<Span> {
    let Span { mut start, mut end } = trim(text, comment.span);
    if !comment.block {
        start += text[start..end].bytes().take_while(|b| b"/#-!".contains(b)).count();
        return vec![trim(text, Span::new(start, end))];
    }
    let whole = &text[start..end];
    if let Some(level) = lua_level(whole) {
        // `--[==[ ... ]==]`
        start += 4 + level;
        let close = format!("]{}]", "=".repeat(level));
        end -= if text[start..end].ends_with(&close) { close.len() } else { 0 };
    } else if let Some(rest) = whole.strip_prefix("<!--") {
        start = end - rest.len();
        end -= if rest.ends_with("-->") { 3 } else { 0 };
    } else if let Some(rest) = whole.strip_prefix("```") {
        // SPL.
        start = end - rest.len();
        end -= if rest.ends_with("```") { 3 } else { 0 };
    } else if whole.starts_with('`') {
        // SPL's macro: `comment("...")`.
        start += whole.find('"').map_or(whole.len(), |at| at + 1);
        let inner = &text[start.min(end)..end];
        end -= inner.len() - inner.trim_end_matches(['`', ')', ' ', '\t']).trim_end_matches('"').len();
    } else if whole.starts_with("=begin") {
        // Ruby.
        start += "=begin".len();
        end -= if whole.ends_with("=end") { "=end".len() } else { 0 };
    } else {
        start += whole.bytes().take_while(|b| b"/*!".contains(b)).count();
        if start < end && whole.ends_with("*/") {
            end -= 2;
            end -= text[start..end].bytes().rev().take_while(|b| *b == b'*').count();
        }
    }
    let mut at = start;
    let mut content: Vec<Span> = Vec::new();
    for line in text[start..end.max(start)].split_inclusive('\n') {
        let mut span = trim(text, Span::new(at, at + line.len()));
        if at > start && span.of(text).starts_with('*') {
            span = trim(text, Span::new(span.start + 1, span.end));
        }
        at += line.len();
        // The question may start on the line below the opening marker.
        if !(content.is_empty() && span.is_empty()) {
            content.push(span);
        }
    }
    if content.is_empty() {
        content.push(Span::at(start));
    }
    content
}

/// The level of a comment that opens with Lua's long bracket.
fn lua_level(comment: &str) -> Option<usize> {
    let rest = comment.strip_prefix("--[")?;
    let level = rest.bytes().take_while(|b| *b == b'=').count();
    rest[level..].starts_with('[').then_some(level)
}

/// True for a comment with a closing marker of its own.
pub(crate) fn is_block(comment: &str) -> bool {
    ["/*", "=begin", "<!--", "`"].iter().any(|open| comment.starts_with(open)) || lua_level(comment).is_some()
}

fn opening(text: &str, line: Span, trigger: &str) -> Option<Opening> {
    let content = line.of(text);
    let head = content.get(..trigger.len()).filter(|head| !head.is_empty() && head.eq_ignore_ascii_case(trigger))?;
    let rest = &content[head.len()..];
    let after = |rest: &str| line.end - rest.len();
    if let Some(rest) = rest.strip_prefix("-file:") {
        return Some(Opening::File(after(rest)));
    }
    if let Some(rest) = rest.strip_prefix("-ignore:") {
        return Some(Opening::Ignore(after(rest)));
    }
    if let Some(rest) = rest.strip_prefix(REPLY) {
        return Some(Opening::Reply(after(rest)));
    }
    if let Some(rest) = rest.strip_prefix('(') {
        let (name, rest) = rest.split_once(')')?;
        let start = line.end - rest.len() - 1 - name.len();
        let span = trim(text, Span::new(start, start + name.len()));
        let rest = rest.strip_prefix(':')?;
        return Some(Opening::Prompt((!span.is_empty()).then_some(span), after(rest)));
    }
    rest.strip_prefix(':').map(|rest| Opening::Prompt(None, after(rest)))
}

/// The range without the white space at its ends; of an all-white range its end.
pub(crate) fn trim(text: &str, span: Span) -> Span {
    let inner = span.of(text);
    let start = span.start + (inner.len() - inner.trim_start().len());
    Span::new(start, start + inner.trim().len())
}
