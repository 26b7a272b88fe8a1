//! A question as words to search and compare by.

use std::collections::HashMap;

use nlq_catalog::{fold, is_word_char, stem};

/// Words that questions are held together by. They count for little when questions are compared, and nothing is found
/// by them.
const COMMON: &[&str] = &[
    "a", "all", "an", "and", "are", "as", "at", "be", "been", "by", "can", "could", "display", "did", "do", "does",
    "each", "every", "find", "for", "from", "get", "give", "had", "has", "have", "how", "i", "in", "is", "it", "its",
    "list", "me", "of", "on", "or", "our", "per", "please", "show", "tell", "that", "the", "their", "them", "there",
    "these", "they", "this", "those", "to", "was", "we", "were", "what", "when", "where", "which", "who", "whose",
    "will", "with", "would", "you",
];

/// What a common word counts for beside another's 1.
const COMMON_WEIGHT: f64 = 0.2;

/// What the likeness of questions that are not word for word the same is held below.
const NOT_THE_SAME: f64 = 0.97;

/// A question as words.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Words {
    /// In order: stems, and `#` or `"` for numbers and quoted texts.
    masked: Vec<String>,
    /// In order, folded, values as they are.
    exact: Vec<String>,
}

impl Words {
    pub(super) fn of(text: &str) -> Self {
        let mut words = Self::default();
        let mut rest = text;
        while let Some(ch) = rest.chars().next() {
            let quoted = matches!(ch, '"' | '\'' | '“').then(|| quoted(rest)).flatten();
            let word = rest.len() - rest.trim_start_matches(is_word_char).len();
            let taken = match (quoted, word) {
                (Some(end), _) => {
                    words.masked.push("\"".into());
                    words.exact.push(fold(&rest[..end]));
                    end
                }
                (None, 0) => ch.len_utf8(),
                (None, _) => {
                    let exact = fold(&rest[..word]);
                    let number = exact.starts_with(|ch: char| ch.is_ascii_digit());
                    words.masked.push(if number { "#".into() } else { stem(&exact) });
                    words.exact.push(exact);
                    word
                }
            };
            rest = &rest[taken..];
        }
        words
    }

    /// The stems that a search goes by, each once: those of content, or all when there are no others.
    pub(super) fn content(&self) -> Vec<String> {
        let mut stems: Vec<String> = Vec::new();
        let mut add = |all: bool| {
            for (masked, exact) in self.masked.iter().zip(&self.exact) {
                let word = if masked == "#" || masked == "\"" { exact.trim_matches(['"', '\'']) } else { masked };
                if (all || !COMMON.contains(&exact.as_str())) && !stems.iter().any(|stem| stem == word) {
                    stems.push(word.to_owned());
                }
            }
            stems.is_empty()
        };
        if add(false) {
            add(true);
        }
        stems
    }

    /// How like two questions are, 0 to 1: the cosine of their words with values as placeholders; 1 only word for word.
    pub(super) fn likeness(&self, other: &Self) -> f64 {
        if self.exact == other.exact {
            return 1.0;
        }
        let (one, two) = (self.weights(), other.weights());
        let dot: f64 = one.iter().filter_map(|(word, weight)| Some(weight * two.get(word)?)).sum();
        let length = |weights: &HashMap<&str, f64>| weights.values().map(|weight| weight * weight).sum::<f64>().sqrt();
        let product = length(&one) * length(&two);
        if product == 0.0 { 0.0 } else { (dot / product).min(NOT_THE_SAME) }
    }

    fn weights(&self) -> HashMap<&str, f64> {
        let mut weights = HashMap::new();
        for (masked, exact) in self.masked.iter().zip(&self.exact) {
            let weight = if COMMON.contains(&exact.as_str()) { COMMON_WEIGHT } else { 1.0 };
            *weights.entry(masked.as_str()).or_default() += weight;
        }
        weights
    }
}

/// Where a quoted text ends; none when the mark is an apostrophe.
fn quoted(text: &str) -> Option<usize> {
    let mut chars = text.char_indices();
    let (_, open) = chars.next()?;
    let close = if open == '“' { '”' } else { open };
    let (end, close) = chars.find(|(_, ch)| *ch == close)?;
    let end = end + close.len_utf8();
    (end > 2 && !text[end..].starts_with(is_word_char)).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(one: &str, two: &str) -> f64 {
        (Words::of(one).likeness(&Words::of(two)) * 100.0).round() / 100.0
    }

    #[test]
    fn only_the_same_words_are_the_same() {
        assert_eq!(like("Revenue per month?", "revenue per month"), 1.0);
        assert_eq!(like("orders above 100", "orders above 200"), 0.97);
        assert_eq!(like("orders of 'Ada'", "orders of \"Bruno K.\""), 0.97);
        assert_eq!(like("orders without customers", "customers without orders"), 0.97);
        assert_eq!(like("", "orders"), 0.0);
    }

    #[test]
    fn likeness_is_by_content_and_stems() {
        assert!(like("show me the total revenue of each month", "total revenues by month") > 0.9);
        assert!((0.4..0.8).contains(&like("revenue per month", "revenue per country")));
        assert!(like("how many customers are there", "how many invoices are there") < 0.6);
    }

    #[test]
    fn a_search_goes_by_content() {
        assert_eq!(Words::of("Show me the orders of 'São Paulo' in 2023").content(), ["order", "sao paulo", "2023"]);
        assert_eq!(Words::of("what is it").content(), ["what", "is", "it"]);
    }
}
