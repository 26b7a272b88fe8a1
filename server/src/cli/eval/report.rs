//! What a run gave, as tables: `report.md` with its pictures, and a summary for the terminal.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use anyhow::{Context as _, Result};
use nlq_query::sql::{Clause, Clauses};
use serde::Serialize;

use super::{
    calibration::{Calibration, Sure, share},
    cause::Cause,
    grid::Grid,
    measure::Scored,
    questions::write_lines,
    svg,
};

/// Answers at least this sure are shown as sure, here as in `score.py`.
const THRESHOLD: f64 = 0.85;
/// Examples of a cause: the report is read, `errors.jsonl` has all.
const EXAMPLES: usize = 3;
/// Databases told of: those where most can be won.
const WORST_DATABASES: usize = 10;
/// The words of Spider and BIRD, from easy to hard; others follow by name.
const DIFFICULTIES: [&str; 7] = ["easy", "simple", "medium", "moderate", "hard", "challenging", "extra"];

/// A run as it was scored.
#[derive(Debug)]
pub(super) struct Report<'a> {
    pub(super) scored: &'a [Scored<'a>],
    /// Questions whose gold does not run.
    pub(super) unscored: usize,
    /// Perturbed copies of each database; 0 for none.
    pub(super) copies: usize,
    /// Half and 95 percent of the answers took at most this, in milliseconds.
    pub(super) latency: (f64, f64),
    /// Names of the parts that were left out.
    pub(super) without: Vec<&'static str>,
    /// The right answers without each of some parts.
    pub(super) ablations: Vec<(&'static str, usize)>,
}

/// A wrong answer in `errors.jsonl`.
#[derive(Debug, Serialize)]
struct Wrong<'a> {
    id: &'a serde_json::Value,
    database: &'a str,
    cause: &'static str,
    difficulty: &'a str,
    question: &'a str,
    gold: &'a str,
    query: Option<&'a str>,
    confidence: f64,
    runs: bool,
}

impl Report<'_> {
    /// Writes `report.md`, the pictures and `errors.jsonl` into a folder.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let calibration = self.calibration();
        let bins = calibration.bins();
        let curve = calibration.curve();
        for (name, text) in [
            ("reliability.svg", svg::reliability(&bins, calibration.ece())),
            ("risk-coverage.svg", svg::risk_coverage(&curve, self.scored.len(), calibration.aurc())),
            ("report.md", self.markdown(&calibration)),
        ] {
            let path = folder.join(name);
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        let wrong = self.scored.iter().filter_map(|scored| {
            Some(Wrong {
                id: &scored.asked.id,
                database: scored.asked.database(),
                cause: scored.cause?.name(),
                difficulty: &scored.difficulty,
                question: &scored.asked.question,
                gold: &scored.asked.gold,
                query: scored.query,
                confidence: scored.confidence,
                runs: scored.valid,
            })
        });
        write_lines(&folder.join("errors.jsonl"), &wrong.collect::<Vec<_>>())
    }

    /// What is shown on the terminal.
    pub(super) fn grids(&self) -> Vec<Grid> {
        let mut grids = vec![self.summary(), self.difficulties(), self.causes()];
        if !self.ablations.is_empty() {
            grids.push(self.ablations());
        }
        grids
    }

    fn calibration(&self) -> Calibration {
        let answered = self.scored.iter().filter(|s| s.query.is_some());
        let answers = answered.map(|s| Sure { confidence: s.confidence, right: s.right }).collect();
        Calibration::new(answers, self.scored.len())
    }

    fn count(&self, want: impl Fn(&Scored<'_>) -> bool) -> usize {
        self.scored.iter().filter(|scored| want(scored)).count()
    }

    /// The main figures.
    fn summary(&self) -> Grid {
        let all = self.scored.len();
        let answered = self.count(|s| s.query.is_some());
        let right = self.count(|s| s.right);
        let sure = self.count(|s| s.query.is_some() && s.confidence >= THRESHOLD);
        let sure_right = self.count(|s| s.right && s.confidence >= THRESHOLD);
        let mut grid = Grid::new(&["figure", "share", "questions"]);
        let mut add = |name: String, part: usize, whole: usize| {
            grid.row([name, percent(share(part, whole)), format!("{part} of {whole}")]);
        };
        add("right (ex)".to_owned(), right, all);
        if self.copies > 0 {
            let kept = self.count(|s| s.right_on_copies);
            add(format!("right also on {} perturbed copies", self.copies), kept, all);
            add("right by luck".to_owned(), right - kept, right);
        }
        add("answered (coverage)".to_owned(), answered, all);
        add("right of the answered (precision)".to_owned(), right, answered);
        add("answers that run (valid)".to_owned(), self.count(|s| s.valid), answered);
        add(format!("confidence at least {THRESHOLD}"), sure, all);
        add("right of those".to_owned(), sure_right, sure);
        grid
    }

    /// Wrong answers by cause.
    fn causes(&self) -> Grid {
        let wrong = self.count(|s| !s.right);
        let mut grid = Grid::new(&["cause", "questions", "of the wrong", "meaning"]).told();
        for cause in Cause::ALL {
            let count = self.count(|s| s.cause == Some(cause));
            let (share, meaning) = (percent(share(count, wrong)), cause.meaning().to_owned());
            grid.row([cause.name().to_owned(), count.to_string(), share, meaning]);
        }
        grid
    }

    /// Right answers by the questions' difficulty.
    fn difficulties(&self) -> Grid {
        let mut names: Vec<&str> = self.scored.iter().map(|s| s.difficulty.as_str()).collect();
        let place = |name: &str| DIFFICULTIES.iter().position(|known| *known == name).unwrap_or(DIFFICULTIES.len());
        names.sort_by_key(|name| (place(name), *name));
        names.dedup();
        let mut grid = self.right_grid("difficulty");
        for name in names {
            self.right_row(&mut grid, name, |s| s.difficulty == name);
        }
        grid
    }

    fn right_grid(&self, what: &'static str) -> Grid {
        if self.copies > 0 {
            Grid::new(&[what, "questions", "right", "ex", "ex on copies"])
        } else {
            Grid::new(&[what, "questions", "right", "ex"])
        }
    }

    fn right_row(&self, grid: &mut Grid, name: &str, want: impl Fn(&Scored<'_>) -> bool) {
        let (all, right) = (self.count(&want), self.count(|s| want(s) && s.right));
        let mut cells = vec![name.to_owned(), all.to_string(), right.to_string(), percent(share(right, all))];
        if self.copies > 0 {
            cells.push(percent(share(self.count(|s| want(s) && s.right_on_copies), all)));
        }
        grid.row(cells);
    }

    /// Golds that have a clause, how many of them are answered right, and how often the clause is the same.
    fn clauses(&self) -> Grid {
        let alone = |clause: Clause| {
            self.count(|s| {
                let differ: Option<Vec<Clause>> =
                    s.gold.as_ref().zip(s.said.as_ref()).map(|(gold, said)| gold.differences(said).collect());
                !s.right && differ.is_some_and(|differ| differ == [clause])
            })
        };
        let mut grid = Grid::new(&[
            "clause",
            "golds with it",
            "ex",
            "answers with it",
            "the same",
            "precision",
            "recall",
            "alone wrong",
        ]);
        let has = |said: Option<&Clauses>, clause: Clause| said.is_some_and(|said| !said.get(clause).is_empty());
        for clause in Clause::ALL {
            let in_gold = self.count(|s| has(s.gold.as_ref(), clause));
            if in_gold == 0 {
                continue;
            }
            let right = self.count(|s| has(s.gold.as_ref(), clause) && s.right);
            let in_answer = self.count(|s| has(s.said.as_ref(), clause));
            let same = self.count(|s| {
                has(s.gold.as_ref(), clause)
                    && s.gold.as_ref().map(|g| g.get(clause)) == s.said.as_ref().map(|a| a.get(clause))
            });
            grid.row([
                clause.name().to_owned(),
                in_gold.to_string(),
                percent(share(right, in_gold)),
                in_answer.to_string(),
                same.to_string(),
                percent(share(same, in_answer)),
                percent(share(same, in_gold)),
                alone(clause).to_string(),
            ]);
        }
        grid
    }

    fn databases(&self) -> Grid {
        let mut by_name: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for scored in self.scored {
            let entry = by_name.entry(scored.asked.database()).or_default();
            entry.0 += 1;
            entry.1 += usize::from(!scored.right);
        }
        let mut worst: Vec<(&str, (usize, usize))> = by_name.into_iter().collect();
        worst.sort_by_key(|(name, (_, wrong))| (std::cmp::Reverse(*wrong), *name));
        let mut grid = Grid::new(&["database", "questions", "wrong", "ex"]);
        for (name, (all, wrong)) in worst.into_iter().take(WORST_DATABASES) {
            grid.row([name.to_owned(), all.to_string(), wrong.to_string(), percent(share(all - wrong, all))]);
        }
        grid
    }

    fn ablations(&self) -> Grid {
        let all = self.scored.len();
        let right = self.count(|s| s.right);
        let mut grid = Grid::new(&["without", "right", "ex", "difference in points"]);
        grid.row(["nothing more".to_owned(), right.to_string(), percent(share(right, all)), "-".to_owned()]);
        for &(name, less) in &self.ablations {
            let points = points(share(less, all) - share(right, all));
            grid.row([name.to_owned(), less.to_string(), percent(share(less, all)), points]);
        }
        grid
    }

    fn markdown(&self, calibration: &Calibration) -> String {
        let mut out = String::from("# Answers measured\n\n");
        let _ = writeln!(
            out,
            "nlq {} on {} questions; {} whose gold does not run are left out. {}These figures are nlq's own: an independent \
             score of the same predictions is the judge, and the two must agree.\n",
            env!("CARGO_PKG_VERSION"),
            self.scored.len(),
            self.unscored,
            if self.without.is_empty() {
                String::new()
            } else {
                format!("Answered without {}. ", self.without.join(", "))
            }
        );
        let mut section = |title: &str, note: &str, grid: &Grid| {
            let _ = writeln!(out, "## {title}\n{note}\n\n{}", grid.markdown());
        };
        let latency = format!(
            "Right: the same multiset of rows under some order of columns, in the gold's order where it has one. Half of \
             the answers took at most {:.3} ms, 95 % at most {:.3} ms.",
            self.latency.0, self.latency.1
        );
        section("Summary", &latency, &self.summary());
        let hardness = "A question's own `difficulty`, else Spider's hardness of its gold.";
        section("By difficulty", hardness, &self.difficulties());
        let clauses = "Clauses are the same when they say the same whatever the way of writing; a right answer may say a \
                       clause in another way. Precision: of the answers with the clause. Recall: of the golds with it. Alone \
                       wrong: wrong answers in which no other clause differs.";
        section("By clause", clauses, &self.clauses());
        section("Wrong answers by cause", "The first cause that holds counts.", &self.causes());
        section("Databases with most wrong answers", "Where most can be won.", &self.databases());
        if !self.ablations.is_empty() {
            section("Ablations", "The same questions, each time without one part.", &self.ablations());
        }
        let figures = figures(calibration);
        section("Confidence", "Of the answered questions; coverage is of all.", &figures);
        section("Reliability", "![Reliability diagram](reliability.svg)", &reliability(calibration));
        section("Risk and coverage", "![Risk-coverage curve](risk-coverage.svg)", &trade(calibration));
        out.push_str(&self.examples());
        out
    }

    fn examples(&self) -> String {
        let mut out = String::from("## Examples\nAll wrong answers are in `errors.jsonl`.\n");
        for cause in Cause::ALL {
            let all: Vec<&Scored<'_>> = self.scored.iter().filter(|s| s.cause == Some(cause)).collect();
            // Taken from all over: neighbours ask the same in other words.
            let examples = all.iter().step_by(all.len().div_ceil(EXAMPLES).max(1));
            for (at, scored) in examples.enumerate() {
                if at == 0 {
                    let _ = writeln!(out, "\n### {}", cause.name());
                }
                let said = scored.query.map_or_else(|| "no query".to_owned(), code);
                let _ = writeln!(
                    out,
                    "- {} ({}): {}\n  - gold: {}\n  - answer, confidence {:.2}: {said}",
                    code(&scored.asked.name()),
                    scored.asked.database(),
                    scored.asked.question.replace('\n', " "),
                    code(&scored.asked.gold),
                    scored.confidence,
                );
            }
        }
        out
    }
}

fn figures(calibration: &Calibration) -> Grid {
    let mut grid = Grid::new(&["figure", "value"]);
    grid.row(["expected calibration error, 10 bins (ECE)".to_owned(), format!("{:.4}", calibration.ece())]);
    grid.row(["Brier score".to_owned(), format!("{:.4}", calibration.brier())]);
    let auroc = calibration.auroc().map_or_else(|| "-".to_owned(), |auroc| format!("{auroc:.4}"));
    grid.row(["right answers surer than wrong ones (AUROC)".to_owned(), auroc]);
    grid.row(["area under the risk-coverage curve (AURC)".to_owned(), format!("{:.4}", calibration.aurc())]);
    grid
}

fn reliability(calibration: &Calibration) -> Grid {
    let mut grid = Grid::new(&["confidence", "answers", "mean confidence", "right", "95 % interval"]);
    for bin in calibration.bins().iter().filter(|bin| bin.count > 0) {
        grid.row([
            format!("{:.1} to {:.1}", bin.from, bin.until),
            bin.count.to_string(),
            format!("{:.3}", bin.confidence),
            format!("{:.3}", bin.right),
            format!("{:.3} to {:.3}", bin.interval.0, bin.interval.1),
        ]);
    }
    grid
}

fn trade(calibration: &Calibration) -> Grid {
    let mut grid = Grid::new(&["wanted", "given"]);
    for coverage in [0.10, 0.25, 0.50] {
        let precision = calibration.precision_at_coverage(coverage).map_or_else(|| "-".to_owned(), percent);
        grid.row([format!("precision of the surest {:.0} % of the questions", coverage * 100.0), precision]);
    }
    for precision in [0.90, 0.95, 0.98] {
        let coverage = percent(calibration.coverage_at_precision(precision));
        grid.row([format!("questions answered with a precision of {:.0} %", precision * 100.0), coverage]);
    }
    grid
}

/// A share as a percentage.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A difference of shares in points, with its sign.
pub(super) fn points(difference: f64) -> String {
    let points = format!("{:+.1}", difference * 100.0);
    if points.ends_with("0.0") && points.len() == 4 { "0.0".to_owned() } else { points }
}

/// Text as code, also when it holds a backtick.
pub(super) fn code(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use nlq_catalog::{Catalog, Column, Dialect, Table};
    use nlq_query::sql::{Detail, clauses};

    use super::*;
    use crate::cli::eval::questions::Asked;

    fn asked(gold: &str) -> Asked {
        Asked {
            id: "q".into(),
            question: "how many".to_owned(),
            db_file: "t.db".to_owned(),
            db_id: String::new(),
            gold: gold.to_owned(),
            evidence: String::new(),
            difficulty: None,
        }
    }

    #[test]
    fn the_tables_count_what_they_say() {
        let column = |name: &str| Column { name: name.to_owned(), ..Column::default() };
        let table = Table { name: "t".to_owned(), columns: vec![column("a"), column("b")], ..Table::default() };
        let catalog = Catalog { dialect: Dialect::Sqlite, tables: vec![table], ..Catalog::default() };
        let asked = ["SELECT a FROM t", "SELECT a FROM t WHERE b = 1", "SELECT b FROM t WHERE a = 1"].map(asked);
        let answers = [
            (Some("SELECT a FROM t"), 0.9, true, true, None, "easy"),
            (Some("SELECT a FROM t WHERE b = 2"), 0.9, true, false, None, "hard"),
            (Some("SELECT a FROM t"), 0.1, false, false, Some(Cause::Structure), "easy"),
        ];
        let said = |sql: &str| clauses(sql, &catalog, Detail::Full);
        let scored: Vec<Scored<'_>> = asked
            .iter()
            .zip(answers)
            .map(|(asked, (query, confidence, right, right_on_copies, cause, difficulty))| Scored {
                asked,
                query,
                confidence,
                valid: true,
                right,
                right_on_copies,
                gold: said(&asked.gold),
                said: query.and_then(said),
                difficulty: difficulty.to_owned(),
                cause,
            })
            .collect();
        let report = Report {
            scored: &scored,
            unscored: 1,
            copies: 2,
            latency: (0.1, 0.2),
            without: vec!["values"],
            ablations: vec![("synonyms", 1)],
        };
        let tables = [report.summary(), report.difficulties(), report.clauses(), report.causes(), report.ablations()];
        expect![[r"
            | figure | share | questions |
            | --- | ---: | ---: |
            | right (ex) | 66.7 % | 2 of 3 |
            | right also on 2 perturbed copies | 33.3 % | 1 of 3 |
            | right by luck | 50.0 % | 1 of 2 |
            | answered (coverage) | 100.0 % | 3 of 3 |
            | right of the answered (precision) | 66.7 % | 2 of 3 |
            | answers that run (valid) | 100.0 % | 3 of 3 |
            | confidence at least 0.85 | 66.7 % | 2 of 3 |
            | right of those | 100.0 % | 2 of 2 |

            | difficulty | questions | right | ex | ex on copies |
            | --- | ---: | ---: | ---: | ---: |
            | easy | 2 | 1 | 50.0 % | 50.0 % |
            | hard | 1 | 1 | 100.0 % | 0.0 % |

            | clause | golds with it | ex | answers with it | the same | precision | recall | alone wrong |
            | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
            | select | 3 | 66.7 % | 3 | 2 | 66.7 % | 66.7 % | 0 |
            | tables | 3 | 66.7 % | 3 | 3 | 100.0 % | 100.0 % | 0 |
            | where | 2 | 50.0 % | 1 | 0 | 0.0 % | 0.0 % | 0 |

            | cause | questions | of the wrong | meaning |
            | --- | ---: | ---: | --- |
            | ranking | 0 | 0.0 % | a right query is among the readings, but not the best |
            | linking | 0 | 0.0 % | no reading has some column or table of the gold |
            | value | 0 | 0.0 % | the gold but for fixed values |
            | join | 0 | 0.0 % | the gold but for joined tables or what joins them |
            | slot | 0 | 0.0 % | the structure of the gold with other columns |
            | structure | 1 | 100.0 % | another structure than the gold |
            | unanswered | 0 | 0.0 % | no query, and no reading that is right |

            | without | right | ex | difference in points |
            | --- | ---: | ---: | ---: |
            | nothing more | 2 | 66.7 % | - |
            | synonyms | 1 | 33.3 % | -33.3 |
        "]]
        .assert_eq(&tables.map(|grid| grid.markdown()).join("\n"));
        assert!(report.markdown(&report.calibration()).contains("Answered without values."));
    }

    #[test]
    fn differences_have_a_sign() {
        assert_eq!([0.1, -0.0123, -0.0001, 0.0001].map(points), ["+10.0", "-1.2", "0.0", "0.0"]);
    }

    #[test]
    fn code_holds_backticks() {
        assert_eq!((code("a  b"), code("a`b")), ("`a b`".to_owned(), "`` a`b ``".to_owned()));
    }
}
