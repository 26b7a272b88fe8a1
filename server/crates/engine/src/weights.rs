//! The ranker and the confidence: linear models over the features of a reading. The numbers are fitted by
//! `server/crates/engine/train/fit.py`, which says how; do not edit them by hand.

/// Names of the features of a reading.
pub(crate) const FEATURES: [&str; 84] = [
    "fit",
    "mean",
    "weakest",
    "slots",
    "unused_names",
    "unused_values",
    "loose_names",
    "unknown",
    "unknown_share",
    "tables",
    "joined",
    "tables_3",
    "tables_4",
    "inferred",
    "tied",
    "unnamed_tables",
    "missing_tables",
    "ties",
    "unknown_values",
    "known_values",
    "shown",
    "aggregates",
    "keys_shown",
    "star",
    "show_key",
    "distinct",
    "distinct_joined",
    "grouped",
    "having",
    "ordered",
    "limited",
    "absent",
    "both",
    "conditions",
    "no_condition",
    "grouped_joined",
    "how_aggregate",
    "how",
    "superlative_row",
    "superlative_value",
    "superlative_count",
    "subject_shown",
    "late",
    "hinted",
    "unbound_number",
    "dangling",
    "hint_count",
    "choice_superlative_value",
    "choice_superlative_count",
    "choice_plain_not",
    "choice_distinct",
    "choice_count_distinct",
    "choice_star",
    "choice_key",
    "choice_count_or_column",
    "choice_hide_group",
    "choice_no_tables",
    "choice_show_late",
    "choice_by_orders",
    "choice_keep_shown",
    "choice_either",
    "content",
    "limit_unordered",
    "joined_tables",
    "distinct_flip_joined",
    "count_distinct_how",
    "count_distinct_joined",
    "weak",
    "strong",
    "all_known",
    "none_loose",
    "distinct_ignored",
    "distinct_unasked",
    "not_ignored",
    "not_unasked",
    "orders",
    "order_ignored",
    "order_unasked",
    "most_ignored",
    "each_ignored",
    "count_ignored",
    "compare_ignored",
    "or_ignored",
    "more_groups",
];

const RANK: [f32; 84] = include!("rank.in");

/// The worth of a reading; only differences between readings of one question mean anything.
pub(crate) fn rank(features: &[f32; 84]) -> f32 {
    features.iter().zip(RANK).map(|(x, w)| x * w).sum()
}

/// One number a feature, then those of [`crate::confidence`]: constant, share of the mass, margin, readings, score.
const CONFIDENCE: [f32; 89] = include!("confidence.in");

/// Log odds that the best reading is right.
pub(crate) fn confidence(features: &[f32; 84], lead: &[f32; 5]) -> f32 {
    features.iter().chain(lead).zip(CONFIDENCE).map(|(x, w)| x * w).sum()
}

/// The feature that speaks most for the first of two readings.
pub(crate) fn heaviest(a: &[f32; 84], b: &[f32; 84]) -> Option<&'static str> {
    let by = |at: usize| (a[at] - b[at]) * RANK[at];
    (0..FEATURES.len()).filter(|&at| by(at) > 0.0).max_by(|&x, &y| by(x).total_cmp(&by(y))).map(|at| FEATURES[at])
}
