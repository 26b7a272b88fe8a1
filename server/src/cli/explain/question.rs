//! The question with its links underlined, and what each of them became.

use nlq_ide::Word;
use nlq_text::Span;
use unicode_width::UnicodeWidthStr;

use super::super::output::{Output, Style, visible};

/// Columns of a line of the question; longer questions go on in the next line.
const WIDTH: usize = 96;
/// Below what is understood.
const KNOWN: char = '─';
/// Below what nothing explains: told apart also without colours.
const UNKNOWN: char = '?';

/// The question underlined, then its words, a line each.
pub(super) fn text(question: &str, words: &[Word], out: Output) -> String {
    let mut text = String::new();
    for line in lines(question) {
        let (shown, marks) = underlined(question, line, words, out);
        text.push_str(&shown);
        text.push('\n');
        if !marks.trim().is_empty() {
            text.push_str(&marks);
            text.push('\n');
        }
    }
    let said = |word: &Word| visible(&flat(word.span.of(question)), false);
    let width = words.iter().map(|word| said(word).width()).max().unwrap_or(0);
    let kinds = words.iter().map(|word| word.kind.width()).max().unwrap_or(0);
    for word in words {
        let said = said(word);
        let pad = " ".repeat(width - said.width());
        text.push_str(&format!("\n{}{pad}  {:<kinds$}  {}", painted(word, &said, out), word.kind, became(word, out)));
        if !word.others.is_empty() {
            let others: Vec<String> =
                word.others.iter().map(|other| format!("{} {}", other.kind, other.name)).collect();
            let others = visible(&format!("or: {}", others.join(", ")), false);
            text.push_str(&format!("\n{}  {}", " ".repeat(width + 2 + kinds), out.paint(Style::Dim, others)));
        }
    }
    text
}

fn became(word: &Word, out: Output) -> String {
    if !word.is_known() {
        return out.paint(Style::Yellow, "nothing explains it");
    }
    let why = match &word.strategy {
        Some(strategy) if word.why.is_empty() => strategy.clone(),
        Some(strategy) => format!("{} ({strategy})", word.why),
        None => word.why.clone(),
    };
    let sure = out.paint(Style::Dim, format!("{:.2}: {}", word.sure, visible(&why, false)));
    format!("{}  {sure}", visible(&word.stands_for, false))
}

/// The question cut into lines at white space.
fn lines(question: &str) -> Vec<Span> {
    let mut lines: Vec<Span> = Vec::new();
    let mut start = 0;
    for part in question.split_inclusive(char::is_whitespace) {
        let span = Span::new(start, start + part.trim_end().len());
        start += part.len();
        match lines.last_mut() {
            _ if span.is_empty() => {}
            Some(line) if flat(Span::new(line.start, span.end).of(question)).width() <= WIDTH => line.end = span.end,
            _ => lines.push(span),
        }
    }
    lines
}

/// One line of the question and the marks below it.
fn underlined(question: &str, line: Span, words: &[Word], out: Output) -> (String, String) {
    let (mut shown, mut marks, mut at) = (String::new(), String::new(), line.start);
    let plain = |to: usize, at: usize| visible(&flat(Span::new(at, to.max(at)).of(question)), false);
    for word in words {
        let (start, end) = (word.span.start.max(at), word.span.end.min(line.end));
        if start >= end {
            continue;
        }
        let before = plain(start, at);
        let said = plain(end, start);
        marks.push_str(&" ".repeat(before.width()));
        let mark = if word.is_known() { KNOWN } else { UNKNOWN };
        marks.push_str(&painted(word, &mark.to_string().repeat(said.width()), out));
        shown.push_str(&before);
        shown.push_str(&painted(word, &said, out));
        at = end;
    }
    shown.push_str(&plain(line.end, at));
    (shown, marks)
}

fn painted(word: &Word, text: &str, out: Output) -> String {
    let style = match word.kind {
        "table" => Style::Blue,
        "column" => Style::Cyan,
        "value" | "number" | "time" => Style::Green,
        "term" => Style::Bold,
        "unknown" => Style::Yellow,
        _ => return text.to_owned(),
    };
    out.paint(style, text)
}

/// White space, line ends too, as one space each: marks stand below what they are about.
fn flat(text: &str) -> String {
    text.chars().map(|ch| if ch.is_whitespace() { ' ' } else { ch }).collect()
}
