//! `nlq eval`: answers a file of questions over a folder of SQLite databases, measures the answers, and compares runs.
//!
//! | file | subject |
//! |---|---|
//! | `questions.rs`, `databases.rs` | what is read: questions, predictions, databases; queries run on them |
//! | `answer.rs`, `ablation.rs` | the engine's answers, also without some part |
//! | `evidence.rs` | what a question says of its own words |
//! | `model.rs` | answers by the pipeline with a model |
//! | `measure.rs` | answers with their golds |
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
mod evidence;
mod grid;
mod measure;
mod model;
mod perturb;
mod questions;
mod random;
mod report;
mod svg;

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, bail};
use chrono::NaiveDate;
use nlq_agents::Signals;
use nlq_llm::LanguageModel;
use rayon::prelude::*;

use self::{
    ablation::Part,
    answer::Answerer,
    compare::Comparison,
    databases::{Databases, Runner},
    measure::{Measure, Scored},
    model::{Kept, ModelRun, Modelled},
    questions::{Asked, Prediction, read_lines, write_lines},
    report::Report,
};
use super::{context::Context, output::Progress};
use crate::session::CALIBRATION_FILE;

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
    /// Answer by the pipeline with this model profile of the workspace's nlq.yaml; goes on where a stopped run stood
    #[arg(long, value_name = "PROFILE", requires = "out", conflicts_with_all = ["ablations", "compare"])]
    model: Option<String>,
    /// Where the model's replies are kept, so that none is asked for twice (default: beside the predictions)
    #[arg(long, value_name = "DIR", requires = "model")]
    replies: Option<PathBuf>,
    /// Fit the confidence of the model's answers to these questions, and write .nlq/calibration.json
    #[arg(long, requires = "model")]
    fit: bool,
    /// Compare two files of predictions for these questions instead of answering
    #[arg(long, num_args = 2, value_names = ["A", "B"], conflicts_with_all = ["out", "without", "ablations"])]
    compare: Option<Vec<PathBuf>>,
    /// Take only the first questions
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Threads (default: one a core); with --model, questions under way at once (default: 8)
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// What "today" is, as YYYY-MM-DD
    #[arg(long, value_name = "DATE")]
    today: Option<NaiveDate>,
}

fn part(name: &str) -> Result<Part, String> {
    Part::all().find(|part| part.name() == name).ok_or_else(|| {
        let names: Vec<&str> = Part::all().map(Part::name).collect();
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
    let today = args.today.unwrap_or_else(|| chrono::Local::now().date_naive());
    let answerer = Answerer::new(&databases, today, &args.without, &runner);
    let work = Work { args: &args, context, asked: &asked, measure: Measure { databases: &databases, runner }, today };
    let by_model = match &args.model {
        Some(profile) => Some(work.by_model(profile, &answerer).await?),
        None => None,
    };
    if let Some(part) = args.without.iter().find(|part| by_model.is_none() && Part::PIPELINE.contains(part)) {
        bail!("`--without {}` is about a model's answers: add `--model PROFILE`", part.name());
    }
    pool.install(|| match args.compare.as_deref() {
        Some([a, b]) => work.compare(a, b),
        _ => work.answer(&answerer, by_model),
    })
}

struct Work<'a> {
    args: &'a Args,
    context: &'a Context,
    asked: &'a [Asked],
    measure: Measure<'a>,
    today: NaiveDate,
}

impl Work<'_> {
    /// The answers of the pipeline with a model.
    async fn by_model(&self, profile: &str, answerer: &Answerer) -> Result<Vec<Prediction>> {
        let Some(out) = &self.args.out else { bail!("say where the answers go: add `--out FILE`") };
        let replies = self.args.replies.clone().unwrap_or_else(|| out.with_extension("replies"));
        let session = self.context.session().map_err(said)?;
        let keep = |model| -> Arc<dyn LanguageModel> { Arc::new(Kept::new(model, &replies)) };
        let mut agents = session.agents_of(profile, &keep)?;
        if self.args.without.contains(&Part::Repair) {
            agents.settings.max_iterations = 1;
        }
        let (databases, without) = (self.measure.databases, self.args.without.as_slice());
        let at_once = self.args.jobs.unwrap_or(model::AT_ONCE).max(1);
        let examples = (!without.contains(&Part::Examples)).then(|| Arc::clone(session.examples()));
        let modelled = Modelled { agents, databases, answerer, without, today: self.today, examples, at_once };
        let progress = Progress::bar(self.asked.len(), "asking the model");
        modelled.answers(self.asked, out, &self.context.cancel, &|| progress.step()).await
    }

    fn answer(&self, answerer: &Answerer, by_model: Option<Vec<Prediction>>) -> Result<()> {
        let (today, is_model) = (self.today, by_model.is_some());
        let predictions = match by_model {
            Some(predictions) => predictions,
            None => {
                let predictions = self.stepped("answering", |step| answerer.answers(self.asked, step))?;
                if let Some(out) = &self.args.out {
                    write_lines(out, &predictions)?;
                }
                predictions
            }
        };
        let runs: Vec<&ModelRun> = predictions.iter().filter_map(|prediction| prediction.model.as_ref()).collect();
        if is_model {
            self.say(&model::grid(&runs).table().render(self.context.out))?;
        }
        let latency = latency(&predictions);
        let answered = predictions.iter().filter(|p| p.query.is_some()).count();
        let (total, unanswered) = (predictions.len(), predictions.len() - answered);
        self.say(&format!(
            "{total} questions, {answered} answered, {unanswered} not; p50 {:.3} ms, p95 {:.3} ms",
            latency.0, latency.1
        ))?;
        let measured = self.args.report.is_some() || self.args.perturbed.is_some() || self.args.ablations;
        if !measured && !self.args.fit {
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
        if self.args.fit {
            self.fit(&predictions, &scored)?;
        }
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

    /// Fits the confidence of the model's answers.
    fn fit(&self, predictions: &[Prediction], scored: &[Scored<'_>]) -> Result<()> {
        let signals: HashMap<String, Signals> =
            predictions.iter().filter_map(|p| Some((p.id.to_string(), p.model.as_ref()?.signals?))).collect();
        let outcomes: Vec<_> = scored
            .iter()
            .filter(|scored| scored.query.is_some())
            .filter_map(|s| Some((s.asked.database(), *signals.get(&s.asked.id.to_string())?, s.right)))
            .collect();
        let Some((calibration, before, after)) = model::fitted(&outcomes) else {
            bail!("{} answers are too few to fit the confidence to, or all alike: ask more questions", outcomes.len());
        };
        let path = self.context.workspace().map_err(said)?.root.join(CALIBRATION_FILE);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&calibration)?))
            .with_context(|| format!("cannot write {}", path.display()))?;
        self.say(&format!(
            "{} fits {} answers; Brier score on databases left out: {after:.4}, with nlq's own weights {before:.4}",
            path.display(),
            outcomes.len()
        ))
    }

    /// The right answers without each part that is not left out already.
    fn ablations(&self, today: NaiveDate) -> Result<Vec<(&'static str, usize)>> {
        let left = Part::ENGINE.into_iter().filter(|part| !self.args.without.contains(part));
        left.map(|part| {
            let mut without = self.args.without.clone();
            without.push(part);
            let answerer = Answerer::new(self.measure.databases, today, &without, &self.measure.runner);
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
            Err(error) => Err(said(error)),
        }
    }
}

fn said(error: super::CliError) -> anyhow::Error {
    match error {
        super::CliError::ClosedPipe => anyhow::anyhow!("nobody reads the output"),
        super::CliError::Failed(message) | super::CliError::Usage(message) => anyhow::anyhow!(message),
    }
}

/// What half and 95 percent of the answers took at most, in milliseconds.
fn latency(predictions: &[Prediction]) -> (f64, f64) {
    let mut times: Vec<f64> = predictions.iter().map(|p| p.latency_ms).collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or(0.0);
    (at(0.5), at(0.95))
}
