use rust_stemmers::{Algorithm, Stemmer};

/// Lower case, with Latin accents and typographic quotes folded to plain ASCII.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for ch in text.chars().flat_map(char::to_lowercase) {
        match ch {
            'à'..='å' => out.push('a'),
            'ç' => out.push('c'),
            'è'..='ë' => out.push('e'),
            'ì'..='ï' => out.push('i'),
            'ñ' => out.push('n'),
            'ò'..='ö' | 'ø' => out.push('o'),
            'ù'..='ü' => out.push('u'),
            'ý' | 'ÿ' => out.push('y'),
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            '’' | '‘' => out.push('\''),
            other => out.push(other),
        }
    }
    out
}

/// True for what a word is made of.
pub fn is_word_char(ch: char) -> bool {
    ch.is_alphanumeric()
}

/// The folded words of a schema name: `orderDate2`, `ORDER_DATE` and `order date` all begin `order`, `date`.
pub fn split_name(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let chars: Vec<char> = name.chars().collect();
    for (i, &ch) in chars.iter().enumerate() {
        let previous = i.checked_sub(1).map(|i| chars[i]);
        let next = chars.get(i + 1);
        let camel = ch.is_uppercase()
            && previous
                .is_some_and(|p| p.is_lowercase() || (p.is_uppercase() && next.is_some_and(|n| n.is_lowercase())));
        let digits = previous.is_some_and(|p| p.is_alphanumeric() && p.is_numeric() != ch.is_numeric());
        if (!is_word_char(ch) || camel || digits) && !word.is_empty() {
            words.push(fold(&std::mem::take(&mut word)));
        }
        if is_word_char(ch) {
            word.push(ch);
        }
    }
    if !word.is_empty() {
        words.push(fold(&word));
    }
    words
}

/// The stem of a folded English word (Porter2).
pub fn stem(word: &str) -> String {
    thread_local! {
        static ENGLISH: Stemmer = Stemmer::create(Algorithm::English);
    }
    ENGLISH.with(|stemmer| stemmer.stem(word).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_split_on_case_separators_and_digits() {
        for (name, words) in [
            ("orderDate", vec!["order", "date"]),
            ("ORDER_DATE", vec!["order", "date"]),
            ("HTTPServer", vec!["http", "server"]),
            ("address2", vec!["address", "2"]),
            ("Größe cm", vec!["grosse", "cm"]),
            ("__", vec![]),
        ] {
            assert_eq!(split_name(name), words, "{name}");
        }
    }

    #[test]
    fn plurals_and_tenses_share_a_stem() {
        assert_eq!(stem("customers"), stem("customer"));
        assert_eq!(stem("ordered"), stem("orders"));
    }
}
