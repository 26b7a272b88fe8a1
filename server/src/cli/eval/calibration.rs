//! How well confidence tells right answers from wrong ones. Ties of confidence are never taken apart, but in AURC, which
//! takes answers one by one as `score.py` does.

/// Bins of the reliability table, as in `score.py`.
const BINS: usize = 10;
/// 95 percent of a normal distribution lie within this many standard deviations.
const Z: f64 = 1.96;

/// An answer: how sure, and whether it is right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sure {
    pub(super) confidence: f64,
    pub(super) right: bool,
}

/// Answers whose confidence lies within the same tenth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bin {
    pub(super) from: f64,
    pub(super) until: f64,
    pub(super) count: usize,
    /// Mean confidence; 0 of none.
    pub(super) confidence: f64,
    /// Share that is right; 0 of none.
    pub(super) right: f64,
    /// Where that share lies with 95 percent (Wilson).
    pub(super) interval: (f64, f64),
}

/// A point of the risk-coverage curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    /// Least confidence that is still answered.
    pub(super) confidence: f64,
    /// Share of all questions that is then answered.
    pub(super) coverage: f64,
    /// Share of those answers that is wrong.
    pub(super) risk: f64,
}

/// Answers by falling confidence, of so many questions.
#[derive(Debug, Clone)]
pub(super) struct Calibration {
    answers: Vec<Sure>,
    questions: usize,
}

impl Calibration {
    /// Of answers in the order of their questions, and of all questions, also those without an answer.
    pub(super) fn new(mut answers: Vec<Sure>, questions: usize) -> Self {
        answers.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        Self { answers, questions }
    }

    /// The reliability table.
    pub(super) fn bins(&self) -> Vec<Bin> {
        let of = |at: usize| {
            let inside: Vec<&Sure> = self.answers.iter().filter(|a| bin_of(a.confidence) == at).collect();
            let count = inside.len();
            let right = inside.iter().filter(|a| a.right).count();
            let sum: f64 = inside.iter().map(|a| a.confidence).sum();
            Bin {
                from: at as f64 / BINS as f64,
                until: (at + 1) as f64 / BINS as f64,
                count,
                confidence: share_of(sum, count),
                right: share(right, count),
                interval: wilson(right, count),
            }
        };
        (0..BINS).map(of).collect()
    }

    /// Expected calibration error: how far confidence and accuracy of a bin lie apart, weighted by its answers.
    pub(super) fn ece(&self) -> f64 {
        let total = self.answers.len();
        self.bins().iter().map(|bin| share(bin.count, total) * (bin.right - bin.confidence).abs()).sum()
    }

    /// Mean squared distance of confidence from the truth.
    pub(super) fn brier(&self) -> f64 {
        let of = |a: &Sure| (a.confidence - f64::from(u8::from(a.right))).powi(2);
        share_of(self.answers.iter().map(of).sum(), self.answers.len())
    }

    /// How often a right answer is surer than a wrong one, ties counted half; none when all are alike.
    pub(super) fn auroc(&self) -> Option<f64> {
        let (mut wins, mut right_above, mut wrong) = (0.0, 0_usize, 0_usize);
        for tie in self.ties() {
            let rights = tie.iter().filter(|a| a.right).count();
            let wrongs = tie.len() - rights;
            wins += wrongs as f64 * (right_above as f64 + rights as f64 / 2.0);
            right_above += rights;
            wrong += wrongs;
        }
        (right_above > 0 && wrong > 0).then(|| wins / (right_above as f64 * wrong as f64))
    }

    /// The risk-coverage curve.
    pub(super) fn curve(&self) -> Vec<Point> {
        let (mut seen, mut wrong) = (0, 0);
        self.ties()
            .map(|tie| {
                seen += tie.len();
                wrong += tie.iter().filter(|a| !a.right).count();
                let coverage = share(seen, self.questions);
                Point { confidence: tie[0].confidence, coverage, risk: share(wrong, seen) }
            })
            .collect()
    }

    /// Area under the risk-coverage curve: the mean risk of the surest 1, 2, 3, ... answers.
    pub(super) fn aurc(&self) -> f64 {
        let mut wrong = 0;
        let risks = self.answers.iter().enumerate().map(|(at, answer)| {
            wrong += usize::from(!answer.right);
            share(wrong, at + 1)
        });
        share_of(risks.sum(), self.answers.len())
    }

    /// Precision of the surest answers, as many as it takes to answer a share of the questions.
    pub(super) fn precision_at_coverage(&self, coverage: f64) -> Option<f64> {
        self.curve().iter().find(|point| point.coverage >= coverage - 1e-9).map(|point| 1.0 - point.risk)
    }

    /// The largest share of the questions that can be answered with a precision.
    pub(super) fn coverage_at_precision(&self, precision: f64) -> f64 {
        let fits = |point: &&Point| 1.0 - point.risk >= precision - 1e-9;
        self.curve().iter().filter(fits).map(|point| point.coverage).fold(0.0, f64::max)
    }

    /// Answers of one confidence together, the surest first.
    fn ties(&self) -> impl Iterator<Item = &[Sure]> {
        self.answers.chunk_by(|a, b| a.confidence == b.confidence)
    }
}

fn bin_of(confidence: f64) -> usize {
    ((confidence * BINS as f64) as usize).min(BINS - 1)
}

/// A part of a whole; 0 of nothing.
pub(super) fn share(part: usize, whole: usize) -> f64 {
    share_of(part as f64, whole)
}

fn share_of(part: f64, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part / whole as f64 }
}

/// Wilson's interval of a share, with 95 percent.
pub(super) fn wilson(part: usize, whole: usize) -> (f64, f64) {
    if whole == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (whole as f64, share(part, whole));
    let middle = p + Z * Z / (2.0 * n);
    let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    (((middle - spread) / scale).max(0.0), ((middle + spread) / scale).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 8 questions, 6 answers: confidence and truth as the pairs say.
    fn calibration() -> Calibration {
        let answers = [(0.55, true), (0.95, true), (0.95, true), (0.85, false), (0.55, false), (0.15, false)];
        Calibration::new(answers.map(|(confidence, right)| Sure { confidence, right }).to_vec(), 8)
    }

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    }

    #[test]
    fn the_figures_are_those_of_pencil_and_paper() {
        let c = calibration();
        let bins = c.bins();
        assert_eq!(bins.iter().map(|b| b.count).collect::<Vec<_>>(), [0, 1, 0, 0, 0, 2, 0, 0, 1, 2]);
        near(bins[5].right, 0.5);
        near(bins[5].confidence, 0.55);
        // (1 * 0.15 + 2 * 0.05 + 1 * 0.85 + 2 * 0.05) / 6
        near(c.ece(), 0.2);
        // (0.45² + 0.05² + 0.05² + 0.85² + 0.55² + 0.15²) / 6
        near(c.brier(), 1.255 / 6.0);
        // Rights 0.95, 0.95, 0.55 against wrongs 0.85, 0.55, 0.15: 3 + 3 + (0 + 0.5 + 1) of 9.
        near(c.auroc().expect("both kinds"), 7.5 / 9.0);
        // Wrong among the first 1 to 6: 0, 0, 1/3, 1/4, 2/5, 3/6, as 0.55 comes in the order of the questions.
        near(c.aurc(), (1.0 / 3.0 + 0.25 + 0.4 + 0.5) / 6.0);
        let curve: Vec<(f64, f64)> = c.curve().iter().map(|p| (p.coverage, p.risk)).collect();
        assert_eq!(curve, [(0.25, 0.0), (0.375, 1.0 / 3.0), (0.625, 0.4), (0.75, 0.5)]);
    }

    #[test]
    fn precision_and_coverage_trade() {
        let c = calibration();
        assert_eq!(c.precision_at_coverage(0.10), Some(1.0));
        assert_eq!(c.precision_at_coverage(0.25), Some(1.0));
        assert_eq!(c.precision_at_coverage(0.5), Some(0.6));
        assert_eq!(c.precision_at_coverage(0.9), None);
        near(c.coverage_at_precision(0.9), 0.25);
        near(c.coverage_at_precision(0.6), 0.625);
        let none = Calibration::new(Vec::new(), 3);
        assert_eq!((none.ece(), none.brier(), none.auroc(), none.aurc()), (0.0, 0.0, None, 0.0));
        assert_eq!((none.precision_at_coverage(0.1), none.coverage_at_precision(0.9)), (None, 0.0));
    }

    #[test]
    fn wilsons_interval() {
        let (low, high) = wilson(9, 10);
        assert!((low - 0.596).abs() < 0.001 && (high - 0.982).abs() < 0.001, "{low} {high}");
        assert_eq!(wilson(0, 0), (0.0, 1.0));
    }
}
