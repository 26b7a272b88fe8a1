/// The candidate that the user most likely meant by `word`, or none when nothing is near.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    did_you_mean_all(word, candidates).into_iter().next()
}

/// Candidates near `word`, nearest first: at most a third of the longer word differs (Damerau-Levenshtein), or one
/// contains the other from its start. Case does not count.
pub fn did_you_mean_all<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let lower = word.to_lowercase();
    let mut near: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let other = candidate.to_lowercase();
            let distance = strsim::damerau_levenshtein(&lower, &other);
            let longest = lower.chars().count().max(other.chars().count());
            let prefix =
                lower.len() >= 3 && other.len() >= 3 && (other.starts_with(&lower) || lower.starts_with(&other));
            (distance * 3 <= longest || prefix).then_some((distance, candidate))
        })
        .collect();
    near.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.cmp(b.1)));
    near.dedup_by(|a, b| a.1 == b.1);
    near.into_iter().map(|(_, candidate)| candidate).collect()
}

/// How alike two texts are, letter by letter (Damerau-Levenshtein): 1 for equal ones, 0 for those that share nothing.
pub fn similarity(a: &str, b: &str) -> f64 {
    strsim::normalized_damerau_levenshtein(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_wins_and_far_ones_are_silent() {
        let columns = ["total_amount", "placed_at", "customer_id"];
        assert_eq!(did_you_mean("total_amout", columns), Some("total_amount"));
        assert_eq!(did_you_mean("Placed", columns), Some("placed_at"));
        assert_eq!(did_you_mean("colour", columns), None);
    }
}
