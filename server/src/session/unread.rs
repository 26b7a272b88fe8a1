//! A question that failed before the engine read it: nobody can tell what of it is a value of a sensitive column.

use nlq_config::ConnectionRef;
use nlq_engine::SchemaIndex;

use super::{Session, mask::MASK};

/// Digits of a number that may be somebody's: years, counts and most amounts have fewer.
const DIGITS: usize = 6;

impl Session {
    /// True when a connection is known to have no sensitive column.
    pub(super) fn has_no_secrets(&self, connection: &ConnectionRef) -> bool {
        let is_open = |index: &SchemaIndex| {
            let annotations = index.annotations();
            !annotations.tables.values().any(|table| table.sensitive)
                && !annotations.columns.values().any(|column| column.sensitive)
        };
        self.index(connection).is_some_and(|index| is_open(&index))
    }
}

/// The question without what may be values: what stands in quotes, long numbers, words with `@`.
pub(super) fn guarded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let quoted = quoted(rest);
        let word = &rest[..rest.find(char::is_whitespace).unwrap_or(rest.len())];
        let after_letter = out.chars().next_back().is_some_and(char::is_alphanumeric);
        let number = digits(rest);
        let (kept, passed) = match quoted {
            // An apostrophe opens nothing.
            Some(length) if !after_letter => (format!("{first}{MASK}{}", closing(first)), length),
            _ if !after_letter && word.contains('@') => (MASK.to_owned(), word.len()),
            _ if number > 0 => {
                let digits = &rest[..number];
                let is_long = digits.bytes().filter(u8::is_ascii_digit).count() >= DIGITS;
                (if is_long { MASK } else { digits }.to_owned(), number)
            }
            _ => (first.to_string(), first.len_utf8()),
        };
        out.push_str(&kept);
        rest = &rest[passed..];
    }
    out
}

/// Length of the quotation that a text begins with, quotes included.
fn quoted(text: &str) -> Option<usize> {
    let first = text.chars().next().filter(|first| "'\"`‘“„«".contains(*first))?;
    let inside = &text[first.len_utf8()..];
    let closes = |(at, ch): &(usize, char)| {
        let next = inside[at + ch.len_utf8()..].chars().next();
        *ch == closing(first) && !next.is_some_and(char::is_alphanumeric)
    };
    let (at, close) = inside.char_indices().find(closes)?;
    Some(first.len_utf8() + at + close.len_utf8())
}

fn closing(quote: char) -> char {
    match quote {
        '‘' => '’',
        '“' | '„' => '”',
        '«' => '»',
        same => same,
    }
}

/// Length of the number that a text begins with: digits, grouped by what telephone and card numbers are grouped by.
fn digits(text: &str) -> usize {
    let grouped = text.bytes().take_while(|byte| byte.is_ascii_digit() || b" -./".contains(byte)).count();
    let number = text[..grouped].trim_end_matches([' ', '-', '.', '/']);
    if text.starts_with(|ch: char| ch.is_ascii_digit()) { number.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_value_is_masked() {
        for (typed, kept) in [
            ("customers with email 'ada@example.org'", "customers with email '•••'"),
            ("who is “Ada O'Neil” and \"Bob\"?", "who is “•••” and \"•••\"?"),
            ("mail of ada@example.org in 2024", "mail of ••• in 2024"),
            ("the customer's order 4711", "the customer's order 4711"),
            ("'it's open", "'it's open"),
            ("who has 0171 2345678 or 123-45-6789", "who has ••• or •••"),
            ("card 4111111111111111.", "card •••."),
            ("AB123456 of Zoë", "AB••• of Zoë"),
        ] {
            assert_eq!(guarded(typed), kept);
        }
    }
}
