//! Which distinct values of a text column are worth keeping: limits that all systems share.

use nlq_catalog::ValueSample;

/// A text column with more distinct values than this is not low in cardinality: names, mails, free text.
pub(crate) const MAX_VALUES: usize = 1_000;

/// Longer values are prose, not labels that a question names.
pub(crate) const MAX_VALUE_CHARS: usize = 100;

/// Rows looked at for one column.
pub(crate) const MAX_ROWS: u64 = 20_000;

/// Sorted values without the long ones; none when there is nothing to name, or most of it is prose.
/// `all_rows` says that no row was left unseen.
pub(crate) fn sample_of(found: Vec<String>, all_rows: bool) -> Option<ValueSample> {
    let total = found.len();
    let mut values: Vec<String> =
        found.into_iter().filter(|value| value.chars().nth(MAX_VALUE_CHARS).is_none()).collect();
    if values.len() * 2 < total || values.is_empty() {
        return None;
    }
    let complete = all_rows && values.len() == total;
    values.sort_unstable();
    values.dedup();
    Some(ValueSample { values, complete })
}

/// A name as SQL text, whatever it holds.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_complete_only_when_nothing_was_left_out() {
        let long = "x".repeat(MAX_VALUE_CHARS + 1);
        let values = |found: &[&str]| found.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        let sample = |values: &[&str], complete| {
            Some(ValueSample { values: values.iter().map(|v| (*v).to_owned()).collect(), complete })
        };
        assert_eq!(sample_of(values(&["b", "a"]), true), sample(&["a", "b"], true));
        assert_eq!(sample_of(values(&["b", "a"]), false), sample(&["a", "b"], false));
        assert_eq!(sample_of(values(&["b", &long]), true), sample(&["b"], false));
        assert_eq!(sample_of(values(&["b", &long, &(long.clone() + "y")]), true), None);
        assert_eq!(sample_of(Vec::new(), true), None);
    }
}
