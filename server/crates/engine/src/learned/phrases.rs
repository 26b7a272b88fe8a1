//! What the structure model sees of a question: phrases of its words, names and values replaced by what they are.

use super::evidence::{Evidence, MentionKind};

/// The features of a question, each once, in a fixed order. Hashes of phrases: the weights know no words.
pub(crate) fn phrases(evidence: &Evidence<'_>) -> Vec<u32> {
    let mut out: Vec<u32> = Vec::new();
    let mut add = |parts: &[&str]| out.push(hash(parts));
    // Once with the kinds of columns told apart, once without.
    let fine: Vec<&str> = evidence.masked.iter().map(String::as_str).collect();
    let plain: Vec<&str> = fine.iter().map(|word| if word.starts_with("<col") { "<col>" } else { word }).collect();
    for (tag, words) in [("f", &fine), ("p", &plain)] {
        let mut framed = vec!["<s>"];
        framed.extend(words.iter().copied());
        framed.push("</s>");
        for at in 0..framed.len() {
            add(&[tag, framed[at]]);
            if at + 1 < framed.len() {
                add(&[tag, framed[at], framed[at + 1]]);
            }
            if tag == "p" && at + 2 < framed.len() {
                add(&["t", framed[at], framed[at + 1], framed[at + 2]]);
                add(&["k", framed[at], framed[at + 2]]);
            }
        }
    }
    let stems: Vec<&str> = evidence.tokens.iter().map(|t| if t.quoted { "<q>" } else { t.stem.as_str() }).collect();
    for at in 0..stems.len() {
        add(&["r", stems[at]]);
        if at + 1 < stems.len() {
            add(&["r", stems[at], stems[at + 1]]);
        }
        if at + 2 < stems.len() {
            add(&["r", stems[at], stems[at + 1], stems[at + 2]]);
        }
    }
    // What begins the question, and which cues stand in it together.
    for length in 1..=3.min(stems.len()) {
        let mut parts = vec!["b"];
        parts.extend(&stems[..length]);
        add(&parts);
    }
    let present: Vec<String> =
        (0..evidence.cues.len()).filter(|&c| !evidence.cues[c].is_empty()).map(|c| c.to_string()).collect();
    for (at, first) in present.iter().enumerate() {
        for second in &present[at + 1..] {
            add(&["c", first, second]);
        }
    }
    let count = |n: usize, most: usize| n.min(most).to_string();
    let names = plain.iter().filter(|w| **w == "<col>").count();
    let tables = plain.iter().filter(|w| **w == "<tab>").count();
    let numbers = evidence.mentions.iter().filter(|m| m.kind == MentionKind::Number).count();
    let values = evidence.mentions.len() - numbers;
    add(&["#c", &count(names, 5)]);
    add(&["#t", &count(tables, 3)]);
    add(&["#v", &count(values, 3)]);
    add(&["#n", &count(numbers, 3)]);
    add(&["#vn", &count(values, 3), &count(numbers, 2)]);
    add(&["#cv", &count(names, 4), &count(values, 2), &count(numbers, 2)]);
    add(&["#ct", &count(names, 4), &count(tables, 3)]);
    out.sort_unstable();
    out.dedup();
    out
}

/// FNV-1a over the parts, each ended by a byte that no text holds.
fn hash(parts: &[&str]) -> u32 {
    let mut hash: u32 = 0x811c_9dc5;
    for part in parts {
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    }
    hash
}
