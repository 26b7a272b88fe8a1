//! Two runs over the same questions: what became right, what became wrong, and whether that can be chance.

use std::collections::BTreeMap;

use super::{calibration::share, measure::Scored, random::Random};

/// Times that the databases are drawn anew for the interval: its ends are then steady to about a tenth of a point.
const DRAWS: usize = 2_000;

/// What a comparison says. Both runs must be scored on the same questions.
#[derive(Debug)]
pub(super) struct Comparison<'a> {
    pub(super) questions: usize,
    /// Right in the first and in the second run.
    pub(super) right: (usize, usize),
    pub(super) became_right: Vec<(&'a Scored<'a>, &'a Scored<'a>)>,
    pub(super) became_wrong: Vec<(&'a Scored<'a>, &'a Scored<'a>)>,
    /// How likely a difference like this, or a greater one, is when both are equally good (two-sided sign test).
    pub(super) sign_test: f64,
    /// Where the difference of the accuracies lies with 95 percent, when databases are drawn anew.
    pub(super) interval: (f64, f64),
    pub(super) databases: usize,
}

impl<'a> Comparison<'a> {
    /// Compares; right means right on perturbed copies too, where there are any.
    pub(super) fn new(first: &'a [Scored<'a>], second: &'a [Scored<'a>]) -> Self {
        let pairs = || first.iter().zip(second);
        let changed = |from: bool| {
            pairs().filter(|(a, b)| a.right_on_copies == from && b.right_on_copies != from).collect::<Vec<_>>()
        };
        let (became_right, became_wrong) = (changed(false), changed(true));
        let mut by_database: BTreeMap<&str, (i64, usize)> = BTreeMap::new();
        for (a, b) in pairs() {
            let entry = by_database.entry(&a.asked.db_file).or_default();
            entry.0 += i64::from(b.right_on_copies) - i64::from(a.right_on_copies);
            entry.1 += 1;
        }
        let databases: Vec<(i64, usize)> = by_database.into_values().collect();
        Self {
            questions: first.len(),
            right: (count(first), count(second)),
            sign_test: sign_test(became_right.len(), became_wrong.len()),
            interval: bootstrap(&databases),
            databases: databases.len(),
            became_right,
            became_wrong,
        }
    }

    /// The accuracies of both runs.
    pub(super) fn accuracies(&self) -> (f64, f64) {
        (share(self.right.0, self.questions), share(self.right.1, self.questions))
    }
}

fn count(scored: &[Scored<'_>]) -> usize {
    scored.iter().filter(|s| s.right_on_copies).count()
}

/// The exact two-sided binomial test of two counts being equally likely.
fn sign_test(one: usize, other: usize) -> f64 {
    let n = one + other;
    let mut log = -(n as f64) * std::f64::consts::LN_2;
    let mut below = 0.0;
    for k in 0..=one.min(other) {
        below += log.exp();
        log += ((n - k) as f64).ln() - ((k + 1) as f64).ln();
    }
    (2.0 * below).min(1.0)
}

/// The middle 95 percent of the mean difference over databases drawn with replacement.
fn bootstrap(databases: &[(i64, usize)]) -> (f64, f64) {
    if databases.is_empty() {
        return (0.0, 0.0);
    }
    let mut random = Random::of("bootstrap");
    let mut means: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let drawn = (0..databases.len()).map(|_| databases[random.below(databases.len())]);
            let (sum, questions) = drawn.fold((0, 0), |(sum, n), (difference, more)| (sum + difference, n + more));
            sum as f64 / questions as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    (means[DRAWS * 25 / 1000], means[DRAWS * 975 / 1000 - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_test_is_exact() {
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} is not {b}");
        near(sign_test(0, 0), 1.0);
        near(sign_test(5, 0), 2.0 / 32.0);
        // 2 * (1 + 10) / 1024
        near(sign_test(1, 9), 22.0 / 1024.0);
        near(sign_test(3, 3), 1.0);
        assert!(sign_test(900, 1100) < 1e-4);
    }

    #[test]
    fn the_interval_is_wider_where_databases_differ() {
        assert_eq!(bootstrap(&[(2, 10), (2, 10), (2, 10)]), (0.2, 0.2));
        let (low, high) = bootstrap(&[(9, 10), (-1, 10), (0, 10), (1, 10)]);
        assert!(low < 0.0 && high > 0.4, "{low} {high}");
        assert_eq!(bootstrap(&[]), (0.0, 0.0));
    }
}
