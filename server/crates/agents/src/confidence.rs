//! How likely a model's query is right: signs of what checked it, weighed and calibrated (seeds/000, section 3.3).

use serde::{Deserialize, Serialize};

/// The signs, in the order of [`Signals::values`].
pub const FACTORS: [&str; 10] = [
    "validation",
    "embedded_agreement",
    "candidate_agreement",
    "schema_coverage",
    "example_similarity",
    "simplicity",
    "clarity",
    "model_confidence",
    "first_try",
    "plausible_result",
];

/// A system that was not asked leaves a doubt that no agreement takes away: never sure enough to end on.
const UNASKED_CAP: f64 = 0.8;
/// A result without rows, or of NULLs, may be right; it is not what people ask for.
const IMPLAUSIBLE_CAP: f64 = 0.8;
/// No word of the question names anything known: whether the query is about the same thing, only the model says.
const UNLINKED_CAP: f64 = 0.55;
/// Nothing here is certain.
const TOP: f64 = 0.985;

/// What speaks for a query.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Signals {
    /// 1 run by the system, 0.7 accepted by it, 0 not asked.
    pub validation: f64,
    /// The embedded engine finds the same rows: from -1 (it is sure of others) over 0 (it says nothing) to 1.
    pub embedded_agreement: f64,
    /// The share of the model's own candidates with the same rows; 0.5 when there was only one.
    pub candidate_agreement: f64,
    /// The share of the question's words that name something known.
    pub schema_coverage: f64,
    /// Of the most similar reviewed example.
    pub example_similarity: f64,
    /// 1 for an easy query, 0 for the hardest.
    pub simplicity: f64,
    /// 1 when the model sees one meaning, 0 when it would rather ask or, asked again, finds that the query misses it.
    pub clarity: f64,
    /// As the model says it; 0.5 when it does not.
    pub model_confidence: f64,
    /// One over the number of tries.
    pub first_try: f64,
    /// 0 when the result is empty or of NULLs.
    pub plausible_result: f64,
}

impl Signals {
    /// In the order of [`FACTORS`].
    pub fn values(&self) -> [f64; FACTORS.len()] {
        [
            self.validation,
            self.embedded_agreement,
            self.candidate_agreement,
            self.schema_coverage,
            self.example_similarity,
            self.simplicity,
            self.clarity,
            self.model_confidence,
            self.first_try,
            self.plausible_result,
        ]
    }
}

/// A logistic model over the signs. `nlq eval --model` writes what it is fitted on and fits it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Log odds when all signs are 0.
    pub bias: f64,
    /// In the order of [`FACTORS`].
    pub weights: [f64; FACTORS.len()],
    /// Outcomes it was fitted on; 0 for the weights that nlq comes with, which were set by hand, on the careful side.
    pub outcomes: usize,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { bias: -3.6, weights: [1.0, 1.6, 1.2, 0.8, 1.0, 0.5, 0.6, 1.0, 0.5, 0.5], outcomes: 0 }
    }
}

impl Calibration {
    /// The probability that a query with these signs is right.
    pub fn probability(&self, signals: &Signals) -> f64 {
        let odds: f64 = self.bias + self.weights.iter().zip(signals.values()).map(|(w, x)| w * x).sum::<f64>();
        let sure = 1.0 / (1.0 + (-odds).exp());
        let unasked = if signals.validation == 0.0 { UNASKED_CAP } else { 1.0 };
        let implausible = if signals.plausible_result == 0.0 { IMPLAUSIBLE_CAP } else { 1.0 };
        let unlinked = if signals.schema_coverage == 0.0 { UNLINKED_CAP } else { 1.0 };
        sure.min(unasked).min(implausible).min(unlinked).min(TOP)
    }

    /// Fits the weights to outcomes by Newton's method on the penalised likelihood; none below `MIN_OUTCOMES`, or when all
    /// outcomes are the same.
    pub fn fitted(outcomes: &[(Signals, bool)]) -> Option<Self> {
        const MIN_OUTCOMES: usize = 50;
        /// Pulls every weight to that of the default, so that few outcomes change little.
        const PENALTY: f64 = 1.0;
        const STEPS: usize = 50;
        let right = outcomes.iter().filter(|(_, right)| *right).count();
        if outcomes.len() < MIN_OUTCOMES || right == 0 || right == outcomes.len() {
            return None;
        }
        const N: usize = FACTORS.len() + 1;
        let prior: [f64; N] = Self::default().vector();
        let mut weights = prior;
        for _ in 0..STEPS {
            let mut gradient = [0.0; N];
            let mut hessian = [[0.0; N]; N];
            for at in 0..N {
                // The bias is free: how often a model is right is what outcomes tell best.
                let penalty = if at == 0 { 1e-3 } else { PENALTY };
                gradient[at] = penalty * (weights[at] - prior[at]);
                hessian[at][at] = penalty;
            }
            for (signals, right) in outcomes {
                let mut x = [1.0; N];
                x[1..].copy_from_slice(&signals.values());
                let odds: f64 = weights.iter().zip(x).map(|(w, x)| w * x).sum();
                let p = 1.0 / (1.0 + (-odds).exp());
                let error = p - f64::from(u8::from(*right));
                for a in 0..N {
                    gradient[a] += error * x[a];
                    for b in 0..N {
                        hessian[a][b] += p * (1.0 - p) * x[a] * x[b];
                    }
                }
            }
            let step = solve(hessian, gradient);
            for (weight, step) in weights.iter_mut().zip(step) {
                *weight -= step;
            }
            if step.iter().all(|step| step.abs() < 1e-9) {
                break;
            }
        }
        let mut fitted = Self { outcomes: outcomes.len(), ..Self::default() };
        fitted.bias = weights[0];
        fitted.weights.copy_from_slice(&weights[1..]);
        Some(fitted)
    }

    fn vector(&self) -> [f64; FACTORS.len() + 1] {
        let mut all = [self.bias; FACTORS.len() + 1];
        all[1..].copy_from_slice(&self.weights);
        all
    }
}

/// Solves a symmetric positive definite system by elimination.
fn solve<const N: usize>(mut a: [[f64; N]; N], mut b: [f64; N]) -> [f64; N] {
    for pivot in 0..N {
        let (top, value) = (a[pivot], b[pivot]);
        for row in pivot + 1..N {
            let factor = a[row][pivot] / top[pivot];
            a[row].iter_mut().zip(top).for_each(|(cell, above)| *cell -= factor * above);
            b[row] -= factor * value;
        }
    }
    for row in (0..N).rev() {
        let known: f64 = (row + 1..N).map(|column| a[row][column] * b[column]).sum();
        b[row] = (b[row] - known) / a[row][row];
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Signals {
        Signals {
            validation: 1.0,
            candidate_agreement: 0.5,
            schema_coverage: 1.0,
            simplicity: 0.66,
            clarity: 1.0,
            model_confidence: 0.9,
            first_try: 1.0,
            plausible_result: 1.0,
            ..Signals::default()
        }
    }

    #[test]
    fn one_unconfirmed_query_is_not_enough_and_agreement_is() {
        let calibration = Calibration::default();
        assert!(calibration.probability(&good()) < 0.85);
        assert!(calibration.probability(&Signals { embedded_agreement: 0.7, ..good() }) > 0.85);
        assert!(calibration.probability(&Signals { candidate_agreement: 1.0, ..good() }) > 0.85);
        assert!(calibration.probability(&Signals { embedded_agreement: -0.9, ..good() }) < 0.6);
    }

    #[test]
    fn what_was_not_asked_or_is_empty_or_names_nothing_is_never_sure() {
        let calibration = Calibration::default();
        let all = Signals { embedded_agreement: 1.0, candidate_agreement: 1.0, example_similarity: 1.0, ..good() };
        assert!(calibration.probability(&all) > 0.95);
        assert!(calibration.probability(&Signals { validation: 0.0, ..all }) <= 0.8);
        assert!(calibration.probability(&Signals { plausible_result: 0.0, ..all }) <= 0.8);
        assert!(calibration.probability(&Signals { schema_coverage: 0.0, ..all }) <= 0.55);
    }

    #[test]
    fn fitting_learns_what_the_outcomes_say() {
        // Right when the embedded engine agrees, wrong when it does not, whatever the model says of itself.
        let outcomes: Vec<(Signals, bool)> = (0..400)
            .map(|i| {
                let agrees = i % 2 == 0;
                let noise = i % 10 == 3 || i % 10 == 4;
                let signals = Signals {
                    embedded_agreement: if agrees { 1.0 } else { -1.0 },
                    model_confidence: f64::from(i % 7) / 7.0,
                    ..good()
                };
                (signals, agrees != noise)
            })
            .collect();
        let fitted = Calibration::fitted(&outcomes).unwrap();
        let of = |agreement| fitted.probability(&Signals { embedded_agreement: agreement, ..good() });
        assert!((of(1.0) - 0.8).abs() < 0.05, "{}", of(1.0));
        assert!((of(-1.0) - 0.2).abs() < 0.05, "{}", of(-1.0));
        assert_eq!(Calibration::fitted(&outcomes[..10]), None);
    }
}
