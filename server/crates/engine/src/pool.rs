//! What a reading is beside the others: its place, and how many of them, by their likelihood, agree with each of its parts.

use std::collections::HashMap;

use crate::{contrast::contrasts, readings::Reading};

/// Names of the features, in order.
pub(crate) const NAMES: &[&str] = &[
    "pool",
    "lead",
    "place",
    "agree_select",
    "agree_filter",
    "agree_group",
    "agree_order",
    "agree_set",
    "agree_tables",
    "agree_rules_select",
    "agree_rules_filter",
    "agree_rules_order",
    "best_shape",
    "best_slots",
    "best_shown_worst",
    "best_filter_worst",
    "best_names_unused_score",
    "best_uncovered_words",
    "best_tables",
    "best_columns_unsaid",
    "best_unknown_values",
    "best_tables_unnamed",
    "best_columns_score",
    "best_texts_unused",
    "best_numbers_unused",
    "best_tables_missing",
    "best_shown_tables_unsaid",
    "best_shown_unclaimed",
    "best_columns_unclaimed",
    "best_tables_idle",
    "best_columns_gap",
];

/// Features whose distance from the best of the pool is one more; true where less is better.
const COMPARED: &[(&str, bool)] = &[
    ("shape", false),
    ("slots", false),
    ("shown_worst", false),
    ("filter_worst", false),
    ("names_unused_score", true),
    ("uncovered_words", true),
    ("tables", true),
    ("columns_unsaid", true),
    ("unknown_values", true),
    ("tables_unnamed", true),
    ("columns_score", false),
    ("texts_unused", true),
    ("numbers_unused", true),
    ("tables_missing", true),
    ("shown_tables_unsaid", true),
    ("shown_unclaimed", true),
    ("columns_unclaimed", true),
    ("tables_idle", true),
    ("columns_gap", false),
];

/// Adds the features to each reading. `likelihood` is the sum of what the models say of shape and columns.
pub(crate) fn compare(readings: &mut [Reading]) {
    let at = crate::weights::place("likelihood");
    let by_rules = crate::weights::place("by_rules");
    let place = crate::weights::place("rules_place");
    let likely: Vec<f32> = readings.iter().map(|r| r.features[at]).collect();
    let top = likely.iter().copied().fold(f32::MIN, f32::max);
    let weights: Vec<f32> = likely.iter().map(|l| ((l - top) * 0.5).exp()).collect();
    let mass: f32 = weights.iter().sum::<f32>().max(f32::MIN_POSITIVE);
    let rules: Vec<f32> = readings.iter().map(|r| r.features[by_rules] / (1.0 + r.features[place])).collect();
    let rules_mass: f32 = rules.iter().sum::<f32>().max(1e-6);
    let parts: Vec<[String; 6]> = readings
        .iter()
        .map(|r| {
            let plan = &r.bound.plan;
            let mut tables = r.rendered.tables.clone();
            tables.sort_unstable();
            let select: Vec<_> = plan.select.iter().map(|item| &item.expr).collect();
            [
                format!("{select:?}{}", plan.distinct),
                format!("{:?}", plan.filter),
                format!("{:?}{:?}", plan.group, plan.having),
                format!("{:?}{:?}", plan.order, plan.limit),
                format!("{:?}", plan.set),
                format!("{tables:?}"),
            ]
        })
        .collect();
    let mut votes: Vec<HashMap<&str, (f32, f32)>> = vec![HashMap::new(); 6];
    for (reading, parts) in parts.iter().enumerate() {
        for (part, votes) in parts.iter().zip(&mut votes) {
            let vote = votes.entry(part).or_default();
            vote.0 += weights[reading] / mass;
            vote.1 += rules[reading] / rules_mass;
        }
    }
    let best: Vec<(usize, f32)> = COMPARED
        .iter()
        .map(|&(name, less)| {
            let at = crate::weights::place(name);
            let values = readings.iter().map(|r| r.features[at]);
            (at, if less { values.fold(f32::MAX, f32::min) } else { values.fold(f32::MIN, f32::max) })
        })
        .collect();
    let share = |values: &[f32], sum: f32| -> Vec<f32> { values.iter().map(|value| value / sum).collect() };
    let contrasts = contrasts(readings, &share(&weights, mass), &share(&rules, rules_mass));
    let added: Vec<Vec<f32>> = (0..readings.len())
        .map(|reading| {
            let place = likely.iter().filter(|l| **l > likely[reading]).count();
            let mut out = vec![readings.len() as f32, likely[reading] - top, place as f32];
            out.extend((0..6).map(|part| votes[part][parts[reading][part].as_str()].0));
            out.extend([0, 1, 3].map(|part: usize| votes[part][parts[reading][part].as_str()].1));
            out.extend(best.iter().map(|(at, best)| readings[reading].features[*at] - best));
            out.extend(&contrasts[reading]);
            out
        })
        .collect();
    for (reading, mut added) in readings.iter_mut().zip(added) {
        reading.features.append(&mut added);
    }
}
