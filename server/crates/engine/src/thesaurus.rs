//! Words that mean the same or nearly the same. Most are from WordNet (see `data/wordnet-license.txt`), compiled into
//! `data/thesaurus.bin` by `train/words/thesaurus.py`, which also says what the file looks like. To them come words that people
//! were seen to put in the place of a schema's words: `data/pairs.txt`, made by `train/words/pairs.py`.

use std::{collections::HashMap, sync::OnceLock};

static DATA: &[u8] = include_bytes!("../data/thesaurus.bin");
static PAIRS: &str = include_str!("../data/pairs.txt");

/// Forms of which a word can be: `rated` is of `rate` and, as an adjective, itself.
const MAX_LEMMAS: usize = 4;

/// Related words that one word is given at most. The file holds more only for words that many others point at.
const MAX_RELATED: usize = 40;

/// Endings that English adds to a word, with what stood there instead, by WordNet's rules of detachment.
const ENDINGS: &[(&str, &str)] = &[
    ("ies", "y"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("ses", "s"),
    ("xes", "x"),
    ("zes", "z"),
    ("men", "man"),
    ("es", "e"),
    ("es", ""),
    ("s", ""),
    ("ed", "e"),
    ("ed", ""),
    ("ing", "e"),
    ("ing", ""),
    ("est", "e"),
    ("est", ""),
    ("er", "e"),
    ("er", ""),
];

/// Endings that leave another word behind where the form is a word of its own: `news` is not `new`.
const OWN: &[&str] = &["s", "men", "er", "est"];

struct Thesaurus {
    words: Vec<&'static str>,
    /// Lemmas and irregular forms.
    places: HashMap<&'static str, u16>,
    /// Where the related words of each word begin in `related`.
    starts: Vec<u32>,
    /// The other word and the strength of the pair in 1/255, strongest first.
    related: Vec<(u16, u8)>,
}

/// Lemmas related to a folded word (or two, with a space between), strongest first, each with a strength above 0 and
/// below 1. The word may be inflected.
pub(crate) fn related(word: &str) -> impl Iterator<Item = (&'static str, f32)> {
    let thesaurus = thesaurus();
    let (lemmas, count) = thesaurus.lemmas(word);
    let mut found: Vec<(u16, u8)> = Vec::new();
    for &lemma in &lemmas[..count] {
        for &(other, strength) in thesaurus.of(lemma) {
            match found.iter_mut().find(|(id, _)| *id == other) {
                Some(known) => known.1 = known.1.max(strength),
                None if lemmas[..count].contains(&other) => {}
                None => found.push((other, strength)),
            }
        }
    }
    found.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    found.truncate(MAX_RELATED);
    found.into_iter().map(|(id, strength)| (thesaurus.words[usize::from(id)], f32::from(strength) / 255.0))
}

/// A folded word or what it is a form of is listed.
pub(crate) fn knows(word: &str) -> bool {
    thesaurus().lemmas(word).1 > 0
}

/// How near two folded words are: 1 for forms of one lemma, 0 for unrelated words, the same both ways.
pub(crate) fn strength(a: &str, b: &str) -> f32 {
    if a == b {
        return 1.0;
    }
    let thesaurus = thesaurus();
    let (left, left_count) = thesaurus.lemmas(a);
    let (right, right_count) = thesaurus.lemmas(b);
    let mut best = 0;
    for &one in &left[..left_count] {
        for &other in &right[..right_count] {
            if one == other {
                return 1.0;
            }
            let pair = thesaurus.of(one).iter().find(|(id, _)| *id == other);
            best = best.max(pair.map_or(0, |(_, strength)| *strength));
        }
    }
    f32::from(best) / 255.0
}

fn thesaurus() -> &'static Thesaurus {
    static THESAURUS: OnceLock<Thesaurus> = OnceLock::new();
    THESAURUS.get_or_init(|| read(DATA, PAIRS))
}

impl Thesaurus {
    fn of(&self, word: u16) -> &[(u16, u8)] {
        let at = usize::from(word);
        &self.related[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// What a form may be a form of, the form itself first.
    fn lemmas(&self, form: &str) -> ([u16; MAX_LEMMAS], usize) {
        let mut out = [0; MAX_LEMMAS];
        let mut count = 0;
        let mut add = |word: &str| {
            if let Some(&id) = self.places.get(word)
                && count < MAX_LEMMAS
                && !out[..count].contains(&id)
            {
                out[count] = id;
                count += 1;
            }
            count > 0
        };
        let known = add(form);
        let mut base = String::with_capacity(form.len() + 1);
        for (ending, instead) in ENDINGS {
            let Some(rest) = form.strip_suffix(ending) else { continue };
            if rest.len() < 2 || (known && OWN.iter().any(|own| ending.ends_with(own))) {
                continue;
            }
            base.clear();
            base.push_str(rest);
            base.push_str(instead);
            add(&base);
        }
        (out, count)
    }
}

/// Reads both files. They are part of the program, so what is cut short is only left out.
fn read(data: &'static [u8], mined: &'static str) -> Thesaurus {
    let mut rest = data;
    let mut part = || {
        let (length, tail) = rest.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
        let (part, tail) = tail.split_at((u32::from_le_bytes(*length) as usize).min(tail.len()));
        rest = tail;
        part
    };
    let (lemmas, forms, edges) = (text(part()), text(part()), part());

    let mut words: Vec<&'static str> = Vec::new();
    // Kept for as long as the program runs, as the file itself.
    let whole: &'static str = unshared(lemmas).leak();
    words.extend(whole.lines());
    let mut places: HashMap<&'static str, u16> = HashMap::with_capacity(words.len() * 2);
    places.extend(words.iter().zip(0..).map(|(word, id)| (*word, id)));
    for (form, lemma) in forms.lines().filter_map(|line| line.split_once(' ')) {
        if let Some(&id) = places.get(lemma) {
            places.entry(form).or_insert(id);
        }
    }

    let mut pairs: Vec<(u16, u16, u8)> = Vec::with_capacity(edges.len() / 3);
    let mut bytes = edges.iter().copied();
    for (id, _) in (0..).zip(&words) {
        for _ in 0..bytes.next().unwrap_or(0) {
            let (Some(low), Some(high), Some(strength)) = (bytes.next(), bytes.next(), bytes.next()) else { break };
            pairs.push((id, u16::from_le_bytes([low, high]), strength));
        }
    }
    // Sorted, as they stand in the file: a pair that is in both files counts as the stronger one.
    let compiled = pairs.len();
    for (one, other, strength) in mined.lines().filter_map(mined_pair) {
        let mut place = |word: &'static str| {
            *places.entry(word).or_insert_with(|| {
                words.push(word);
                (words.len() - 1) as u16
            })
        };
        let (one, other) = (place(one), place(other));
        let (first, last) = (one.min(other), one.max(other));
        match pairs[..compiled].binary_search_by_key(&(first, last), |pair| (pair.0, pair.1)) {
            Ok(at) => pairs[at].2 = pairs[at].2.max(strength),
            Err(_) => pairs.push((first, last, strength)),
        }
    }
    let (starts, related) = both_ways(&pairs, words.len());
    Thesaurus { words, places, starts, related }
}

fn text(bytes: &'static [u8]) -> &'static str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// The words of a list in which every line begins with a letter for how many characters it shares with the one before.
fn unshared(lines: &str) -> String {
    let mut out = String::with_capacity(lines.len() * 2);
    let mut before = 0;
    for line in lines.lines() {
        let (shared, tail) = line.split_at(1);
        let shared = usize::from(shared.as_bytes()[0].saturating_sub(b'a'));
        let start = out.len();
        out.extend_from_within(before..before + shared);
        out.push_str(tail);
        out.push('\n');
        before = start;
    }
    out
}

/// A line of `data/pairs.txt` with its strength: the more databases, the more general.
fn mined_pair(line: &'static str) -> Option<(&'static str, &'static str, u8)> {
    let mut fields = line.split('\t');
    let (one, other) = (fields.next()?, fields.next()?);
    let databases: f32 = fields.next()?.parse().ok()?;
    Some((one, other, (255.0 * 0.95 * (1.0 - 0.8 / databases.max(1.0))) as u8))
}

/// Every pair at both of its words, strongest first.
fn both_ways(pairs: &[(u16, u16, u8)], words: usize) -> (Vec<u32>, Vec<(u16, u8)>) {
    let mut starts = vec![0u32; words + 1];
    for &(a, b, _) in pairs {
        starts[usize::from(a) + 1] += 1;
        starts[usize::from(b) + 1] += 1;
    }
    for at in 0..words {
        starts[at + 1] += starts[at];
    }
    let mut next = starts.clone();
    let mut related = vec![(0, 0); pairs.len() * 2];
    for &(a, b, strength) in pairs {
        for (from, to) in [(a, b), (b, a)] {
            let place = &mut next[usize::from(from)];
            related[*place as usize] = (to, strength);
            *place += 1;
        }
    }
    for range in starts.windows(2) {
        related[range[0] as usize..range[1] as usize].sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    }
    (starts, related)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(word: &str, count: usize) -> Vec<&'static str> {
        related(word).take(count).map(|(other, _)| other).collect()
    }

    #[test]
    fn common_words_have_their_synonyms_first() {
        assert!(first("theme", 2).contains(&"topic"), "{:?}", first("theme", 2));
        for (word, other) in [
            ("teacher", "instructor"),
            ("shops", "store"),
            ("nations", "country"),
            ("cars", "automobile"),
            ("bought", "purchase"),
            ("surname", "last name"),
            ("last names", "surname"),
            ("children", "kid"),
            ("salaries", "wage"),
            ("costly", "expensive"),
        ] {
            assert!(first(word, 10).contains(&other), "{word}: {:?}", first(word, 10));
        }
    }

    #[test]
    fn strength_is_the_same_both_ways_and_bounded() {
        for (a, b) in [("teacher", "instructor"), ("buy", "purchased"), ("employee", "employ"), ("city", "town")] {
            let both = strength(a, b);
            assert_eq!(both, strength(b, a), "{a} {b}");
            assert!(both > 0.0 && both < 1.0, "{a} {b} {both}");
        }
        for word in thesaurus().words.iter().step_by(97) {
            for (other, near) in related(word) {
                assert!(strength(word, other) >= near, "{word} {other}");
                assert_eq!(strength(word, other), strength(other, word), "{word} {other}");
            }
        }
    }

    #[test]
    fn forms_of_one_word_are_one_word() {
        for (a, b) in
            [("cities", "city"), ("women", "woman"), ("wrote", "write"), ("largest", "large"), ("xyzzy", "xyzzy")]
        {
            assert_eq!(strength(a, b), 1.0, "{a} {b}");
        }
    }

    #[test]
    fn unrelated_words_and_opposites_are_nothing_to_one_another() {
        for (a, b) in
            [("teacher", "banana"), ("news", "new"), ("xyzzy", "city"), ("buy", "sell"), ("high", "low"), ("", "")]
        {
            assert!(strength(a, b) == 0.0 || a == b, "{a} {b} {}", strength(a, b));
        }
    }

    /// A meaning that is rare for one of the two words counts less.
    #[test]
    fn the_common_meaning_counts_more() {
        assert!(strength("car", "automobile") > strength("car", "machine"));
        assert!(strength("teacher", "instructor") > strength("teacher", "tutor"));
    }

    #[test]
    fn what_people_were_seen_to_say_is_known_too() {
        for (a, b) in [("category", "type"), ("goods", "products"), ("forename", "first name")] {
            assert!(strength(a, b) > 0.5, "{a} {b} {}", strength(a, b));
        }
    }

    #[test]
    fn a_file_cut_short_is_read_as_far_as_it_goes() {
        for end in [0, 3, 100, DATA.len() / 2, DATA.len() - 1] {
            let cut = read(&DATA[..end], PAIRS);
            assert_eq!(cut.starts.len(), cut.words.len() + 1);
        }
    }
}
