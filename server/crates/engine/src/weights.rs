//! What training has learned: the models of shapes, columns, ranks and confidence. `server/crates/train/README.md`
//! tells how they are made; do not edit them by hand.

use std::{
    fs, io,
    path::Path,
    sync::{Arc, LazyLock},
};

use crate::{
    contrast,
    learned::{judge, roles, slots, structure::Structure, trees::Trees},
    pool,
};

/// Names of the features that the rules give of a reading of theirs.
pub(crate) const RULES: [&str; 84] = [
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

/// Who proposed a reading, and at which place.
const SOURCES: &[&str] = &["by_rules", "rules_order", "rules_place", "by_models", "models_place"];

/// The features of a reading, in order.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let own = judge::NAMES.iter().chain(roles::NAMES);
    own.chain(&RULES).chain(SOURCES).chain(pool::NAMES).chain(contrast::NAMES).copied()
}

/// Where a feature stands.
pub(crate) fn place(name: &str) -> usize {
    names().position(|n| n == name).expect("only features that have a name are asked for")
}

/// Numbers of the lead of the best reading.
pub(crate) const LEAD: usize = 6;

/// The models.
#[derive(Debug, Default)]
pub struct Weights {
    pub(crate) structure: Structure,
    pub(crate) slots: Trees,
    rank: Trees,
    confidence: Trees,
    /// Log odds and what they are worth, both rising.
    calibration: Vec<(f32, f32)>,
}

impl Weights {
    /// Those that nlq comes with, read at the first question.
    pub(crate) fn embedded() -> Arc<Self> {
        static EMBEDDED: LazyLock<Arc<Weights>> = LazyLock::new(|| {
            let read = Weights::parse(
                include_bytes!("../data/structure.bin"),
                include_bytes!("../data/slots.bin"),
                include_bytes!("../data/rank.bin"),
                include_bytes!("../data/confidence.bin"),
                include_bytes!("../data/calibration.json"),
            );
            Arc::new(read.expect("the embedded weights are whole: a test reads them"))
        });
        Arc::clone(&EMBEDDED)
    }

    /// Reads a folder that training is filling; a missing file is an empty model.
    ///
    /// # Errors
    /// When a file cannot be read or holds no model.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let file = |name: &str| match fs::read(folder.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            other => other,
        };
        Self::parse(
            &file("structure.bin")?,
            &file("slots.bin")?,
            &file("rank.bin")?,
            &file("confidence.bin")?,
            &file("calibration.json")?,
        )
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("{} holds no weights", folder.display())))
    }

    fn parse(structure: &[u8], slots: &[u8], rank: &[u8], confidence: &[u8], calibration: &[u8]) -> Option<Self> {
        let width = names().count();
        let trees = |bytes: &[u8], width: usize| match bytes {
            [] => Some(Trees::default()),
            bytes => Trees::read(bytes, width),
        };
        Some(Self {
            structure: if structure.is_empty() { Structure::default() } else { Structure::read(structure)? },
            slots: trees(slots, slots::WIDTH)?,
            rank: trees(rank, width)?,
            confidence: trees(confidence, width + LEAD)?,
            calibration: if calibration.is_empty() { Vec::new() } else { serde_json::from_slice(calibration).ok()? },
        })
    }

    /// The worth of a reading; only differences between readings of one question mean anything.
    pub(crate) fn rank(&self, features: &[f32]) -> f32 {
        if self.rank.is_empty() { features[place("likelihood")] } else { self.rank.score(features) }
    }

    /// How likely the best reading is right.
    pub(crate) fn confidence(&self, features: &[f32], lead: [f32; LEAD]) -> f64 {
        let row: Vec<f32> = features.iter().copied().chain(lead).collect();
        let odds = self.confidence.score(&row);
        let points = &self.calibration;
        let after = points.partition_point(|(x, _)| *x <= odds);
        let value = match (after.checked_sub(1).map(|at| points[at]), points.get(after)) {
            (Some((x0, y0)), Some(&(x1, y1))) => y0 + (y1 - y0) * (odds - x0) / (x1 - x0).max(1e-6),
            (Some((_, y)), None) | (None, Some(&(_, y))) => y,
            (None, None) => 1.0 / (1.0 + (-odds).exp()),
        };
        f64::from(value)
    }
}

/// What speaks most for the first of two readings, in words.
pub(crate) fn why(a: &[f32], b: &[f32]) -> Option<&'static str> {
    // What the features mean to people, and how much a difference of one weighs.
    const REASONS: &[(&str, f32, &str)] = &[
        ("shape", 1.0, "the question is less often put together like this"),
        ("slots", 1.0, "its columns fit the words less"),
        ("texts_unused", -4.0, "a value of the question plays no part"),
        ("numbers_unused", -4.0, "a number of the question plays no part"),
        ("unknown_values", -3.0, "a value is not known to be in its column"),
        ("value_elsewhere", -3.0, "a value stands in another column"),
        ("names_unused_score", -2.0, "a name of the question plays no part"),
        ("tables_unnamed", -1.0, "it needs a table that the question does not name"),
        ("tables_missing", -1.5, "it leaves out a table that the question names"),
        ("columns_unsaid", -1.0, "it uses a column that the question does not name"),
        ("tables", -0.3, "it joins more tables"),
    ];
    let by = |(name, weight, _): &&(&'static str, f32, &'static str)| (a[place(name)] - b[place(name)]) * weight;
    let heaviest = REASONS.iter().max_by(|x, y| by(x).total_cmp(&by(y)))?;
    (by(&heaviest) > 0.0).then_some(heaviest.2)
}
