//! Names made of questions.

use crate::limits::MAX_NAME_CHARS;

/// The first words of a question, at most one line of an outline.
pub(crate) fn short(question: &str) -> String {
    let mut name = String::new();
    for word in question.split_whitespace() {
        if !name.is_empty() && name.chars().count() + 1 + word.chars().count() > MAX_NAME_CHARS {
            name.push('…');
            break;
        }
        if !name.is_empty() {
            name.push(' ');
        }
        name.extend(word.chars().take(MAX_NAME_CHARS));
    }
    name
}
