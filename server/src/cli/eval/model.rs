//! Answers by the pipeline with a model: the same questions, the same measure. A run that was stopped goes on where it
//! stood, and a reply that was paid for once is not paid for again.

use std::{
    collections::{BTreeSet, HashMap},
    fs::{self, File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use chrono::NaiveDate;
use futures::StreamExt as _;
use nlq_agents::{Agents, Calibration, Completed, Ended, Failure, Signals, System, Task};
use nlq_catalog::Dialect;
use nlq_engine::{Answer, Outcome};
use nlq_knowledge::{ExampleIndex, ExampleQuery};
use nlq_llm::{Chat, LanguageModel, LlmError, Meter, ModelCall, OnDelta, Reply};
use nlq_providers::{Rows, sqlite_file};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;

use super::{
    ablation::Part,
    answer::{Answerer, Known},
    databases::{Database, Databases},
    grid::Grid,
    questions::{Asked, Prediction, read_lines},
    report::percent,
};
use crate::session::Direct;

/// Questions under way at once, unless the command says otherwise; a profile's own bound holds besides.
pub(super) const AT_ONCE: usize = 8;

/// What the pipeline tells of an answer besides the query.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ModelRun {
    /// `query`, `clarification`, `abstention` or `error`.
    outcome: String,
    /// `passed`, `failed`, `unasked` or `none`.
    validation: String,
    iterations: u32,
    calls: Vec<ModelCall>,
    /// All time but that of waiting for the model and the database, milliseconds.
    own_ms: f64,
    pub(super) signals: Option<Signals>,
    /// Why there is no answer, when the model could not be asked.
    error: Option<String>,
}

/// The pipeline over a folder of databases.
pub(super) struct Modelled<'a> {
    pub(super) agents: Agents,
    pub(super) databases: &'a Databases,
    pub(super) answerer: &'a Answerer,
    pub(super) without: &'a [Part],
    pub(super) today: NaiveDate,
    /// The workspace's reviewed examples; none to answer without.
    pub(super) examples: Option<Arc<ExampleIndex>>,
    /// Questions under way at once.
    pub(super) at_once: usize,
}

impl Modelled<'_> {
    /// Answers every question that the file of predictions has no answer to yet, and adds the answers to it as they come.
    pub(super) async fn answers(
        &self,
        asked: &[Asked],
        out: &Path,
        cancel: &CancellationToken,
        step: &(dyn Fn() + Sync),
    ) -> Result<Vec<Prediction>> {
        let mut known: HashMap<String, Prediction> = HashMap::new();
        if out.is_file() {
            let before: Vec<Prediction> = read_lines(out, None)?;
            // An answer that the model's failure kept away is asked for again.
            let whole = before.into_iter().filter(|p| p.model.as_ref().is_some_and(|model| model.error.is_none()));
            known.extend(whole.map(|prediction| (prediction.id.to_string(), prediction)));
        }
        let file = Mutex::new(rewritten(out, asked, &known)?);
        let left: Vec<&Asked> = asked.iter().filter(|asked| !known.contains_key(&asked.id.to_string())).collect();
        let mut running = futures::stream::iter(left.into_iter().map(|asked| self.answer(asked, cancel)))
            .buffer_unordered(self.at_once);
        let mut written = Ok(());
        while let Some(prediction) = running.next().await {
            step();
            if cancel.is_cancelled() {
                bail!("stopped by Ctrl-C; the same command goes on from here");
            }
            let line = serde_json::to_string(&prediction)?;
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            written = written.and(writeln!(file, "{line}").and_then(|()| file.flush()));
            known.insert(prediction.id.to_string(), prediction);
        }
        written.with_context(|| format!("cannot write {}", out.display()))?;
        Ok(asked.iter().filter_map(|asked| known.remove(&asked.id.to_string())).collect())
    }

    async fn answer(&self, asked: &Asked, cancel: &CancellationToken) -> Prediction {
        let begun = Instant::now();
        let mut prediction =
            Prediction { id: asked.id.clone(), query: None, confidence: 0.0, latency_ms: 0.0, model: None };
        let (Some(database), Some(known)) = (self.databases.get(&asked.db_file), self.answerer.known(asked)) else {
            return prediction;
        };
        let (meter, waiting) = (Meter::default(), Waiting::default());
        let work = self.pipeline(asked, database, known, &meter, cancel);
        let completed = WAITING.scope(waiting.clone(), work).await;
        let calls = meter.calls();
        let (outcome, validation, iterations, signals) = match &completed {
            Ok(done) => {
                prediction.query = best(done);
                prediction.confidence = done.answer.confidence;
                let outcome = match done.answer.outcome {
                    Outcome::Query { .. } => "query",
                    Outcome::Clarification(_) => "clarification",
                    Outcome::Abstention { .. } => "abstention",
                };
                let validation = match done.ended {
                    Ended::Passed => "passed",
                    Ended::Failed(_) => "failed",
                    Ended::Unasked => "unasked",
                    Ended::NoQuery => "none",
                };
                (outcome.to_owned(), validation.to_owned(), done.iterations, done.signals)
            }
            Err(_) => ("error".to_owned(), "none".to_owned(), 0, None),
        };
        let total = begun.elapsed();
        prediction.latency_ms = millis(total);
        let own_ms = millis(total.saturating_sub(waiting.total()));
        let error = completed.err().map(|error| error.message);
        prediction.model = Some(ModelRun { outcome, validation, iterations, calls, own_ms, signals, error });
        prediction
    }

    async fn pipeline(
        &self,
        asked: &Asked,
        database: &Database,
        known: &Known,
        meter: &Meter,
        cancel: &CancellationToken,
    ) -> Result<Completed, LlmError> {
        let embedded = self.embedded(asked, known).await;
        let examples = self.examples.as_ref().map_or_else(Vec::new, |known| {
            known.search(&ExampleQuery {
                question: &asked.question,
                connection: asked.database(),
                dialect: Some(Dialect::Sqlite.name()),
                limit: self.agents.settings.max_examples,
                ..ExampleQuery::default()
            })
        });
        let task = Task {
            question: &asked.question,
            earlier: &[],
            replies: &[],
            today: self.today,
            index: &self.answerer.index(asked, known),
            embedded: &embedded,
            examples: &examples,
            may_sample: true,
        };
        let system = Timed(Direct { provider: sqlite_file(&database.path) });
        self.agents.answer(task, Some(&system), meter, &|_| {}, cancel).await
    }

    /// What the embedded engine makes of a question; without linking, nothing.
    async fn embedded(&self, asked: &Asked, known: &Known) -> Answer {
        let mut answer = self.answerer.answer(asked, known).await;
        if self.without.contains(&Part::Linking) {
            answer.outcome = Outcome::Abstention { reason: String::new() };
            answer.confidence = 0.0;
            answer.links.clear();
            answer.alternatives.clear();
            answer.boundaries.clear();
        }
        answer
    }
}

/// The query that a user would be shown first; one that the system refuses is not an answer.
fn best(done: &Completed) -> Option<String> {
    match &done.answer.outcome {
        Outcome::Query { .. } if matches!(done.ended, Ended::Failed(_)) => None,
        Outcome::Query { sql, .. } => Some(sql.clone()),
        Outcome::Clarification(asked) => asked.options.first().map(|option| option.sql.clone()),
        Outcome::Abstention { .. } => None,
    }
}

fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

/// Writes the answers that are kept, and leaves the file open for more: a line that was cut is gone.
fn rewritten(out: &Path, asked: &[Asked], known: &HashMap<String, Prediction>) -> Result<File> {
    let kept: Vec<&Prediction> = asked.iter().filter_map(|asked| known.get(&asked.id.to_string())).collect();
    super::questions::write_lines(out, &kept)?;
    OpenOptions::new().append(true).open(out).with_context(|| format!("cannot write {}", out.display()))
}

tokio::task_local! {
    /// The present question's waiting.
    static WAITING: Waiting;
}

/// How long a question waited for the model or the database: the time during which at least one of them was at work.
#[derive(Debug, Clone, Default)]
struct Waiting(Arc<Mutex<Waited>>);

#[derive(Debug, Default)]
struct Waited {
    now: usize,
    since: Option<Instant>,
    total: Duration,
}

impl Waiting {
    fn total(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).total
    }

    async fn during<T>(work: impl Future<Output = T>) -> T {
        let change = |by: isize| {
            // Outside a question nothing is measured.
            let _ = WAITING.try_with(|waiting| {
                let mut waited = waiting.0.lock().unwrap_or_else(PoisonError::into_inner);
                waited.now = waited.now.saturating_add_signed(by);
                match (waited.since, waited.now) {
                    (None, 1..) => waited.since = Some(Instant::now()),
                    (Some(since), 0) => {
                        waited.total += since.elapsed();
                        waited.since = None;
                    }
                    _ => {}
                }
            });
        };
        change(1);
        let result = work.await;
        change(-1);
        result
    }
}

/// A system whose time does not count as nlq's own.
struct Timed(Direct);

#[async_trait::async_trait]
impl System for Timed {
    async fn validate(&self, sql: &str, cancel: CancellationToken) -> std::result::Result<(), Failure> {
        Waiting::during(self.0.validate(sql, cancel)).await
    }

    async fn run(&self, sql: &str, cancel: CancellationToken) -> std::result::Result<Rows, Failure> {
        Waiting::during(self.0.run(sql, cancel)).await
    }
}

/// A model whose replies are kept in files by the hash of what was asked; several replies to the same request, drawn for
/// self-consistency, are kept apart by their number.
#[derive(Debug)]
pub(super) struct Kept {
    model: Arc<dyn LanguageModel>,
    folder: PathBuf,
    drawn: Mutex<HashMap<String, usize>>,
}

impl Kept {
    pub(super) fn new(model: Arc<dyn LanguageModel>, folder: &Path) -> Self {
        Self { model, folder: folder.to_owned(), drawn: Mutex::default() }
    }

    fn file(&self, chat: &Chat) -> PathBuf {
        let request = serde_json::to_string(&(self.model.id(), chat)).unwrap_or_default();
        let hash = format!("{:x}", Sha256::digest(request));
        let number = {
            let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
            let number = drawn.entry(hash.clone()).or_default();
            *number += 1;
            *number
        };
        self.folder.join(format!("{hash}-{number}.json"))
    }
}

#[async_trait::async_trait]
impl LanguageModel for Kept {
    fn id(&self) -> String {
        self.model.id()
    }

    async fn chat(
        &self,
        chat: &Chat,
        on_delta: OnDelta<'_>,
        cancel: CancellationToken,
    ) -> std::result::Result<Reply, LlmError> {
        let file = self.file(chat);
        if let Some(reply) = fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok()) {
            return Ok(reply);
        }
        let reply = Waiting::during(self.model.chat(chat, on_delta, cancel)).await?;
        let kept = serde_json::to_vec(&reply).map_err(std::io::Error::from).and_then(|text| {
            fs::create_dir_all(&self.folder)?;
            fs::write(&file, text)
        });
        if let Err(error) = kept {
            eprintln!("nlq: {}: {error}; the reply is not kept", file.display());
        }
        Ok(reply)
    }
}

/// What the runs came to, for the report.
pub(super) fn grid(runs: &[&ModelRun]) -> Grid {
    let all = runs.len();
    let share = |part: usize| percent(if all == 0 { 0.0 } else { part as f64 / all as f64 });
    let count = |want: &dyn Fn(&ModelRun) -> bool| runs.iter().filter(|run| want(run)).count();
    let mut grid = Grid::new(&["with the model", "value", "questions"]);
    let mut add = |name: &str, part: usize| grid.row([name.to_owned(), share(part), format!("{part} of {all}")]);
    add("answered with a query", count(&|run| run.outcome == "query" && run.validation != "failed"));
    add("validation passed", count(&|run| run.validation == "passed"));
    add("a query stood at the first try", count(&|run| run.signals.is_some() && run.iterations == 1));
    add("a query stood after repairs", count(&|run| run.signals.is_some() && run.iterations > 1));
    add("asked back", count(&|run| run.outcome == "clarification"));
    add("declined", count(&|run| run.outcome == "abstention"));
    add("refused to the end", count(&|run| run.validation == "failed"));
    add("the model failed", count(&|run| run.error.is_some()));
    let calls = || runs.iter().flat_map(|run| &run.calls);
    let mean = |sum: f64| if all == 0 { 0.0 } else { sum / all as f64 };
    let mut figure = |name: &str, value: String| grid.row([name.to_owned(), value, String::new()]);
    figure("iterations a question", format!("{:.2}", mean(runs.iter().map(|run| f64::from(run.iterations)).sum())));
    figure("calls a question", format!("{:.2}", mean(calls().count() as f64)));
    let tokens: u64 = calls().map(|call| call.usage.total()).sum();
    figure("tokens a question", format!("{:.0}", mean(tokens as f64)));
    let cost: Option<f64> = calls().map(|call| call.cost_usd).sum();
    figure("US dollars in all", cost.map_or_else(|| "not known".to_owned(), |cost| format!("{cost:.4}")));
    let mut own: Vec<f64> = runs.iter().map(|run| run.own_ms).collect();
    own.sort_by(f64::total_cmp);
    let at = |share: f64| own.get((own.len() as f64 * share) as usize).copied().unwrap_or(0.0);
    figure("nlq's own time, p50", format!("{:.1} ms", at(0.5)));
    figure("nlq's own time, p95", format!("{:.1} ms", at(0.95)));
    grid
}

/// Weights for the confidence from answers that are known to be right or wrong, and how well such weights do on databases
/// that they were not fitted on: the mean of the squared error of the probability (Brier score) before and after.
pub(super) fn fitted(outcomes: &[(&str, Signals, bool)]) -> Option<(Calibration, f64, f64)> {
    let all: Vec<(Signals, bool)> = outcomes.iter().map(|(_, signals, right)| (*signals, *right)).collect();
    let fitted = Calibration::fitted(&all)?;
    let databases: BTreeSet<&str> = outcomes.iter().map(|(database, ..)| *database).collect();
    let error = |calibration: &Calibration, signals: &Signals, right: bool| {
        (calibration.probability(signals) - f64::from(u8::from(right))).powi(2)
    };
    let own = Calibration::default();
    let (mut before, mut after) = (0.0, 0.0);
    for left_out in &databases {
        let others: Vec<(Signals, bool)> =
            outcomes.iter().filter(|(name, ..)| name != left_out).map(|(_, s, right)| (*s, *right)).collect();
        let others = Calibration::fitted(&others).unwrap_or_default();
        for (_, signals, right) in outcomes.iter().filter(|(name, ..)| name == left_out) {
            before += error(&own, signals, *right);
            after += error(&others, signals, *right);
        }
    }
    let count = outcomes.len() as f64;
    Some((fitted, before / count, after / count))
}
