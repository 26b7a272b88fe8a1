//! Words that are a slip of the pen away from a word of the schema: `salaray` for `salary`. They are taken for it, and that
//! is told: `confidence.rs` caps what rests on them.

use nlq_catalog::{fold, stem};
use nlq_text::similarity;

use crate::{
    cues::cue_at,
    index::SchemaIndex,
    thesaurus,
    words::{Token, is_stop, tokenize},
};

/// Shorter words are like too many others.
const MIN_CHARS: usize = 5;
/// Of five letters one may differ.
const LEAST: f64 = 0.8;

/// The words of a question, with misspelt names of the schema taken for what they are; the second value is where reading
/// stopped, when the text is too long.
pub(crate) fn words(text: &str, index: &SchemaIndex) -> (Vec<Token>, Option<usize>) {
    let (mut tokens, cut) = tokenize(text);
    for at in 0..tokens.len() {
        if is_open(&tokens, at, index)
            && let Some(word) = nearest(&tokens[at], index)
        {
            tokens[at].stem = stem(&word);
            tokens[at].lower = word;
            tokens[at].misspelt = true;
        }
    }
    (tokens, cut)
}

/// No word of English, of the schema or of its values, as far as is known.
fn is_open(tokens: &[Token], at: usize, index: &SchemaIndex) -> bool {
    let token = &tokens[at];
    // Inside a sentence a capital makes it a name of something.
    !(token.quoted || at > 0 && token.is_capital())
        && token.lower.chars().count() >= MIN_CHARS
        && token.lower.chars().all(char::is_alphabetic)
        && !is_stop(&token.lower)
        && !is_stop(&token.stem)
        && cue_at(tokens, at).is_none()
        && index.named(&token.stem).is_empty()
        && index.valued(&token.lower).next().is_none()
        && !thesaurus::knows(&token.lower)
}

/// The word of the schema that is most like a token, if only one is.
fn nearest(token: &Token, index: &SchemaIndex) -> Option<String> {
    let first = token.lower.chars().next();
    let mut best: Option<(f64, String)> = None;
    let tables = index.catalog().table_ids().map(|(id, _)| index.facts(id));
    let spoken = tables.flat_map(|facts| facts.columns.iter().flat_map(|c| &c.spoken).chain(&facts.spoken));
    for word in spoken.map(|word| fold(word)).filter(|word| word.chars().next() == first) {
        for form in [format!("{word}s"), word] {
            let like = similarity(&token.lower, &form);
            if form.len() >= MIN_CHARS && like >= LEAST && best.as_ref().is_none_or(|(known, _)| like > *known) {
                best = Some((like, form));
            }
        }
    }
    best.map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use nlq_catalog::{Annotations, Catalog, Column, Table};

    use super::*;

    fn read(question: &str) -> Vec<String> {
        let columns = ["salary", "certificate"].map(|c| Column { name: c.to_owned(), ..Column::default() });
        let table = Table { name: "employees".to_owned(), columns: columns.to_vec(), ..Table::default() };
        let catalog = Catalog { tables: vec![table], ..Catalog::default() };
        let index = SchemaIndex::new(Arc::new(catalog), Arc::new(Annotations::default()));
        let tokens = words(question, &index).0;
        tokens.into_iter().filter(|token| token.misspelt).map(|token| token.lower).collect()
    }

    #[test]
    fn a_misspelt_name_is_taken_for_what_it_is() {
        assert_eq!(read("the salaray of all emploees"), ["salary", "employees"]);
    }

    #[test]
    fn words_of_english_are_what_they_are() {
        assert_eq!(read("a celery certified for employers"), Vec::<String>::new());
    }
}
