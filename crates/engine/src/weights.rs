//! The ranker and the confidence: linear models over the features of a reading. The numbers are fitted by
//! `crates/engine/train/fit.py`, which says how; do not edit them by hand.

/// Names of the features of a reading.
pub(crate) const FEATURES: [&str; 73] = [
    "fit", "mean", "weakest", "slots", "unused_names", "unused_values", "loose_names", "unknown", "unknown_share", "tables", "joined",
    "tables_3", "tables_4", "inferred", "tied", "unnamed_tables", "missing_tables", "ties", "unknown_values", "known_values",
    "shown", "aggregates", "keys_shown", "star", "show_key", "distinct", "distinct_joined", "grouped", "having", "ordered", "limited", "absent", "both",
    "conditions", "no_condition", "grouped_joined", "how_aggregate", "how",
    "superlative_row", "superlative_value", "superlative_count", "subject_shown", "late", "hinted", "unbound_number", "dangling", "hint_count",
    "choice_superlative_value", "choice_superlative_count", "choice_plain_not", "choice_distinct", "choice_count_distinct", "choice_star", "choice_key", "choice_count_or_column", "choice_hide_group", "choice_no_tables", "choice_show_late", "choice_by_orders", "choice_keep_shown", "choice_either",
    "content", "limit_unordered", "joined_tables", "distinct_flip_joined", "count_distinct_how", "count_distinct_joined",
    "weak", "strong", "all_known", "none_loose", "", "",
];

const RANK: [f32; 73] = include!("rank.in");

/// The worth of a reading; only differences between readings of one question mean anything.
pub(crate) fn rank(features: &[f32; 73]) -> f32 {
    features.iter().zip(RANK).map(|(x, w)| x * w).sum()
}
