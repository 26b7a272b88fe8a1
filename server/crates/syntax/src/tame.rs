//! What the grammars' own scanners, which are written in C, cannot stand. A crash there ends the whole server, and
//! opening a file would be enough for it.

use std::borrow::Cow;

use crate::Language;

/// Bytes of a here-document's end word at most: tree-sitter-ruby keeps the length in one byte and aborts on more.
const MAX_END_WORD: usize = 200;

/// Blocks inside one another at most: the scanners of YAML and Python write the levels into 1,024 bytes, some of them
/// four bytes a level (two levels may share a column), and write past the end.
const MAX_LEVELS: usize = 100;

/// The text as the grammar may read it: of the same length, with what would crash its scanner painted over. None where
/// that is not possible.
pub(crate) fn tame(text: &str, language: Language) -> Option<Cow<'_, str>> {
    match language {
        // `isdigit` of such a character reads far outside of its table.
        Language::Bash if text.chars().any(is_beyond_a_byte) => Some(Cow::Owned(painted(text))),
        Language::Ruby => Some(without_long_end_words(text)),
        Language::Yaml | Language::Python if levels(text, language == Language::Yaml) > MAX_LEVELS => None,
        _ => Some(Cow::Borrowed(text)),
    }
}

fn is_beyond_a_byte(ch: char) -> bool {
    ch > '\u{ff}'
}

fn painted(text: &str) -> String {
    let mut painted = String::with_capacity(text.len());
    for ch in text.chars() {
        if is_beyond_a_byte(ch) {
            painted.extend(std::iter::repeat_n('x', ch.len_utf8()));
        } else {
            painted.push(ch);
        }
    }
    painted
}

/// `<<` before a long word becomes `< `.
fn without_long_end_words(text: &str) -> Cow<'_, str> {
    let mut bytes = Cow::Borrowed(text.as_bytes());
    for (at, _) in text.match_indices('<') {
        if text.as_bytes().get(at + 1) != Some(&b'<') {
            continue;
        }
        let word = &text.as_bytes()[at + 2..];
        let word = word.strip_prefix(b"-").or_else(|| word.strip_prefix(b"~")).unwrap_or(word);
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
        let within = MAX_END_WORD + 1;
        let length = match word.first() {
            Some(quote @ (b'\'' | b'"' | b'`')) => {
                word[1..].iter().take(within).take_while(|byte| *byte != quote).count()
            }
            _ => word.iter().take(within).take_while(|byte| is_part(byte)).count(),
        };
        if length > MAX_END_WORD {
            bytes.to_mut()[at + 1] = b' ';
        }
    }
    match bytes {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        // Only ASCII was put in the place of ASCII.
        Cow::Owned(bytes) => String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned),
    }
}

/// How many blocks stand inside one another at most: by growing indentation, and with `marks` by YAML's `- `, `? ` and
/// `: ` in a line.
fn levels(text: &str, marks: bool) -> usize {
    let (mut columns, mut most): (Vec<usize>, usize) = (Vec::new(), 0);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let column = line.len() - line.trim_start().len();
        while columns.last().is_some_and(|last| *last >= column) {
            columns.pop();
        }
        columns.push(column);
        if marks {
            let ends_word = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_whitespace);
            let bytes = line.as_bytes();
            let mark = |at: &usize| matches!(bytes[*at], b'-' | b'?' | b':') && ends_word(bytes.get(at + 1));
            columns.extend((column..bytes.len()).filter(mark).skip(1));
        }
        most = most.max(columns.len());
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Document, Options};

    /// Parses; a crash of the scanner would end the test program.
    fn prompts(text: &str, language: Language) -> usize {
        Document::new(text, language, Options::default()).prompts().len()
    }

    #[test]
    fn texts_that_crash_a_scanner_are_read_all_the_same() {
        let long = "long ".repeat(100);
        for end in [format!("<<\"{long}\""), format!("<<~'{long}'"), format!("<<-{}", "é1".repeat(300))] {
            assert_eq!(prompts(&format!("# nlq: orders\nx {end}\n"), Language::Ruby), 1, "{end}");
        }
        assert_eq!(prompts("# nlq: orders\nx='💣' {\u{10ffff}\n{1..💣}", Language::Bash), 1);
    }

    #[test]
    fn depth_has_a_bound() {
        let nested =
            |line: &str| (0..400).map(|depth| format!("{}{line}\n", " ".repeat(depth))).collect::<Vec<_>>().concat();
        for text in [nested("a:"), nested("- a:"), "- ".repeat(600), "? ".repeat(600), "a: ".repeat(600)] {
            prompts(&format!("# nlq: orders\n{text}"), Language::Yaml);
            assert!(tame(&text, Language::Yaml).is_none(), "{text:.40}");
        }
        let python = format!("# nlq: orders\n{}{}x = 'a'\n", nested("if x:"), " ".repeat(600));
        prompts(&python, Language::Python);
    }

    #[test]
    fn ordinary_texts_stay_as_they_are() {
        let texts = [
            (Language::Ruby, "x = <<~SQL\n  SELECT 1\nSQL\na <<\"b\" << \"long\"\n"),
            (Language::Yaml, "a:\n  - b: c\n    d: [{e: f}]\n"),
            (Language::Bash, "echo \"é\" {1..5}\n"),
        ];
        for (language, text) in texts {
            assert!(matches!(tame(text, language), Some(Cow::Borrowed(same)) if same == text), "{text}");
        }
    }
}
