//! `nlq eval`: answers a file of questions over a folder of SQLite databases, measures the answers, and compares runs.
//!
//! | file | subject |
//! |---|---|
//! | `questions.rs`, `databases.rs` | what is read: questions, predictions, databases; queries run on them |
//! | `answer.rs`, `ablation.rs` | the engine's answers, also without some part |
//! | `measure.rs`, `same.rs` | answers with their golds, equality of results |
//! | `perturb.rs`, `random.rs` | perturbed copies of databases, seeded chance |
//! | `cause.rs`, `calibration.rs`, `compare.rs` | what is said of answers |
//! | `report.rs`, `comparison.rs`, `grid.rs`, `svg.rs` | how it is shown |

mod ablation;
mod answer;
mod calibration;
mod cause;
mod compare;
mod comparison;
mod databases;
mod grid;
mod measure;
mod perturb;
mod questions;
mod random;
mod report;
mod svg;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use chrono::NaiveDate;
use rayon::prelude::*;

use self::{
    ablation::Part,
    answer::Answerer,
    compare::Comparison,
    databases::{Databases, Runner},
    measure::{Measure, Scored},
    questions::{Asked, Prediction, read_lines, write_lines},
    report::Report,
};
use super::{context::Context, output::Progress};

/// More copies only repeat what the first have shown.
const MAX_COPIES: u8 = 50;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Questions, a JSON object a line: id, question, db_file; to measure also gold (and difficulty)
    #[arg(long, value_name = "FILE")]
    questions: PathBuf,
    /// Folder that db_file is relative to
    #[arg(long, value_name = "DIR")]
    databases: PathBuf,
    /// Folder of annotations, <db_id>.annotations.yaml a database (default: answer without)
    #[arg(long, value_name = "DIR")]
    annotations: Option<PathBuf>,
    /// Where to write the predictions, a JSON object a line
    #[arg(long, value_name = "FILE", required_unless_present_any = ["report", "perturbed", "ablations", "compare"])]
    out: Option<PathBuf>,
    /// Measure the answers: write report.md, its pictures and errors.jsonl into this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Count an answer only if it is also right on so many perturbed copies of its database
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=i64::from(MAX_COPIES)))]
    perturbed: Option<u8>,
    /// Answer without a part of what answers rest on; may be repeated
    #[arg(long, value_name = "PART", value_parser = part)]
    without: Vec<Part>,
    /// Also measure the answers without each part in turn
    #[arg(long)]
    ablations: bool,
    /// Compare two files of predictions for these questions instead of answering
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["out", "without", "ablations"])]
    compare: Option<Vec<PathBuf>>,
    /// Take only the first questions
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Threads (default: one a core)
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// What "today" is, as YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    today: Option<NaiveDate>,
}

fn part(name: &str) -> Result<Part, String> {
    Part::ALL.into_iter().find(|part| part.name() == name).ok_or_else(|| {
        let names: Vec<&str> = Part::ALL.into_iter().map(Part::name).collect();
        format!("the parts are {}", names.join(", "))
    })
}

/// Answers, measures or compares.
pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let asked: Vec<Asked> = read_lines(&args.questions, args.limit)?;
    if asked.is_empty() {
        bail!("{} has no questions: write one JSON object a line", args.questions.display());
    }
    let copies = usize::from(args.perturbed.unwrap_or(0));
    let databases = Databases::read(&args.databases, args.annotations.as_deref(), &asked, copies).await?;
    let runner = Runner::new(context.cancel.clone());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.jobs.unwrap_or(0)).build()?;
    let work = Work { args: &args, context, asked: &asked, measure: Measure { databases: &databases, runner } };
    pool.install(|| match args.compare.as_deref() {
        Some([a, b]) => work.compare(a, b),
        _ => work.answer(),
    })
}

struct Work<'a> {
    args: &'a Args,
    context: &'a Context,
    asked: &'a [Asked],
    measure: Measure<'a>,
}

impl Work<'_> {
    fn answer(&self) -> Result<()> {
        let today = self.args.today.unwrap_or_else(|| chrono::Local::now().date_naive());
        let answerer = Answerer::new(self.measure.databases, today, &self.args.without);
        let predictions = self.stepped("answering", |step| answerer.answers(self.asked, step))?;
        if let Some(out) = &self.args.out {
            write_lines(out, &predictions)?;
        }
        let latency = latency(&predictions);
        let answered = predictions.iter().filter(|p| p.query.is_some()).count();
        let (total, unanswered) = (predictions.len(), predictions.len() - answered);
        self.say(&format!(
            "{total} questions, {answered} answered, {unanswered} not; p50 {:.3} ms, p95 {:.3} ms",
            latency.0, latency.1
        ))?;
        if self.args.report.is_none() && self.args.perturbed.is_none() && !self.args.ablations {
            return Ok(());
        }

        let mut scored = self.scored(&predictions)?;
        self.stepped("finding causes", |step| {
            scored.par_iter_mut().for_each(|scored| {
                step();
                if let Some(database) = self.measure.databases.get(&scored.asked.db_file).filter(|_| !scored.right) {
                    let readings = answerer.queries(scored.asked);
                    scored.cause = Some(cause::cause(&self.measure, database, scored, &readings));
                }
            });
        })?;
        let report = Report {
            scored: &scored,
            unscored: total - scored.len(),
            copies: usize::from(self.args.perturbed.unwrap_or(0)),
            latency,
            without: self.args.without.iter().map(|part| part.name()).collect(),
            ablations: if self.args.ablations { self.ablations(today)? } else { Vec::new() },
        };
        for grid in report.grids() {
            self.say(&format!("\n{}", grid.table().render(self.context.out)))?;
        }
        if let Some(folder) = &self.args.report {
            report.write(folder)?;
            self.say(&format!("\nThe report is {}", folder.join("report.md").display()))?;
        }
        Ok(())
    }

    /// The right answers without each part that is not left out already.
    fn ablations(&self, today: NaiveDate) -> Result<Vec<(&'static str, usize)>> {
        let left = Part::ALL.into_iter().filter(|part| !self.args.without.contains(part));
        left.map(|part| {
            let mut without = self.args.without.clone();
            without.push(part);
            let answerer = Answerer::new(self.measure.databases, today, &without);
            let message = format!("answering without {}", part.name());
            let predictions = self.stepped(&message, |step| answerer.answers(self.asked, step))?;
            let right = self.scored(&predictions)?.iter().filter(|scored| scored.right).count();
            Ok((part.name(), right))
        })
        .collect()
    }

    fn compare(&self, a: &Path, b: &Path) -> Result<()> {
        let runs = [a, b].map(|path| self.predictions(path));
        let [first, second] = runs;
        let (first, second) = (first?, second?);
        let (first, second) = (self.scored(&first)?, self.scored(&second)?);
        let comparison = Comparison::new(&first, &second);
        let names = [a, b].map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        let shown = comparison::Shown { comparison: &comparison, names, copies: self.args.perturbed.unwrap_or(0) };
        self.say(&shown.summary().table().render(self.context.out))?;
        self.say(&shown.verdict())?;
        self.say(&shown.changes(Some(comparison::SHOWN)))?;
        if let Some(folder) = &self.args.report {
            let path = shown.write(folder)?;
            self.say(&format!("\nThe comparison is {}", path.display()))?;
        }
        Ok(())
    }

    fn predictions(&self, path: &Path) -> Result<Vec<Prediction>> {
        let predictions: Vec<Prediction> = read_lines(path, None)?;
        if !predictions.iter().any(|prediction| self.asked.iter().any(|asked| asked.id == prediction.id)) {
            bail!(
                "{} answers no question of {}: give the questions that it was made from",
                path.display(),
                self.args.questions.display()
            );
        }
        Ok(predictions)
    }

    fn scored<'q>(&'q self, predictions: &'q [Prediction]) -> Result<Vec<Scored<'q>>> {
        let scored = self.stepped("measuring", |step| self.measure.score(self.asked, predictions, step))?;
        if scored.is_empty() {
            bail!(
                "no question of {} can be measured: give each a `gold` that runs on its `db_file` under {}",
                self.args.questions.display(),
                self.args.databases.display()
            );
        }
        Ok(scored)
    }

    /// Does something for each question, with progress, until Ctrl-C.
    fn stepped<T>(&self, message: &str, work: impl FnOnce(&(dyn Fn() + Sync)) -> T) -> Result<T> {
        let progress = Progress::bar(self.asked.len(), message);
        let done = work(&|| progress.step());
        if self.context.cancel.is_cancelled() {
            bail!("stopped by Ctrl-C");
        }
        Ok(done)
    }

    fn say(&self, text: &str) -> Result<()> {
        match self.context.out.line(text) {
            Ok(()) | Err(super::CliError::ClosedPipe) => Ok(()),
            Err(super::CliError::Failed(message) | super::CliError::Usage(message)) => bail!(message),
        }
    }
}

/// What half and 95 percent of the answers took at most, in milliseconds.
fn latency(predictions: &[Prediction]) -> (f64, f64) {
    let mut times: Vec<f64> = predictions.iter().map(|p| p.latency_ms).collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or(0.0);
    (at(0.5), at(0.95))
}
