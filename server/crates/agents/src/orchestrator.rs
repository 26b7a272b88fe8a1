//! The orchestrator: context, then query and verdict in a loop, until it is sure, must ask, or has tried often enough
//! (seeds/000, sections 3.1 and 15.3).

use std::sync::Arc;

use nlq_engine::{Answer, Outcome};
use nlq_llm::{LlmError, LlmErrorKind, Meter, Models, Prompts};
use nlq_query::sql::{Hardness, hardness};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    Calibration, Category, Event, Failure, Recovery, Signals, System, Task,
    answering::{self, Found},
    builder::{BUILDER, Builder, NoDraft, render},
    consistency::{Candidate, groups},
    context::{Room, overview},
    draft::Draft,
    stream::Drafting,
    trail::Trail,
    validator::{Verdict, checked, doubts},
};

/// Tokens of schema text at most: enough for twenty wide tables, and little beside what models read.
const SCHEMA_TOKENS: usize = 12_000;
/// How freely further candidates are drawn: at 0 they would all be the same.
const CANDIDATE_TEMPERATURE: f64 = 0.7;
/// The same failed query this often in a row: the model has no better one.
const STUBBORN: usize = 2;

/// Those that ask a model, as settings and audits name them.
pub const AGENTS: [&str; 4] = [SCHEMA_EXPERT, BUILDER, VALIDATOR, ORCHESTRATOR];

const SCHEMA_EXPERT: &str = "schema_expert";
const VALIDATOR: &str = "validator";
pub(crate) const ORCHESTRATOR: &str = "orchestrator";

/// When to stop and ask.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Queries asked for at most.
    pub max_iterations: u32,
    /// Done at this confidence once validation passed.
    pub confidence_threshold: f64,
    /// Ask below this.
    pub clarification_threshold: f64,
    /// Tables the model sees at most.
    pub max_tables: usize,
    /// Good examples shown, and as many bad ones.
    pub max_examples: usize,
    /// Candidates compared when the confidence is between the thresholds; 1 for none but the first.
    pub candidates: usize,
}

/// The agents of a workspace.
#[derive(Debug, Clone)]
pub struct Agents {
    /// The models.
    pub models: Arc<Models>,
    /// What they are asked.
    pub prompts: Arc<Prompts>,
    /// How sure what is.
    pub calibration: Calibration,
    /// When to stop and ask.
    pub settings: Settings,
}

/// What the pipeline came to.
#[derive(Debug, Clone)]
pub struct Completed {
    /// The answer; its reasoning stream has the pipeline's stages after the embedded engine's.
    pub answer: Answer,
    /// How its query stands with the system.
    pub ended: Ended,
    /// Queries that were asked for.
    pub iterations: u32,
    /// The signs behind the confidence, when there is a query.
    pub signals: Option<Signals>,
    /// One query cannot answer, several may: see [`Agents::plan`].
    pub needs_steps: bool,
}

/// How a query stands with the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The system accepted it.
    Passed,
    /// Only the snapshot was asked.
    Unasked,
    /// It was refused, and no repair helped.
    Failed(Failure),
    /// There is no query.
    NoQuery,
}

type Events<'a> = &'a (dyn Fn(Event<'_>) + Send + Sync);

impl Agents {
    /// Answers a question. `system` is none when the system must not or cannot be asked. What the model calls took is in
    /// `meter`. Fails when the model could not be asked at all; the embedded engine's answer stands then.
    pub async fn answer(
        &self,
        task: Task<'_>,
        system: Option<&dyn System>,
        meter: &Meter,
        events: Events<'_>,
        cancel: &CancellationToken,
    ) -> Result<Completed, LlmError> {
        let mut trail = Trail::new();
        events(Event::Stage("Choosing what the model sees"));
        let room = Room { tables: self.settings.max_tables, tokens: SCHEMA_TOKENS };
        let picked = self.pick_tables(task, room, meter, &mut trail, cancel).await?;
        let parts = (&*self.models, &*self.prompts, meter);
        let builder = Builder::new(parts, task, &picked, room, self.settings.max_examples)?;
        note_context(task, &builder, &mut trail);
        let mut run =
            Run { agents: self, task, system, events, cancel, builder, trail, candidates: Vec::new(), iterations: 0 };
        let built = run.build().await?;
        let mut found = match built {
            Built::Query(at) => {
                let found = run.weigh(at).await;
                run.judged(found, meter).await
            }
            Built::Failed(at, failure) => Found::failed(at, failure),
            Built::Unanswerable(why) => Found::none(why, false),
            Built::Several(why) => Found::none(why, true),
        };
        // A query that failed is told with its failure; what nobody can answer leaves nothing to choose.
        let stands = found.failure.is_none() && found.unanswerable.is_none();
        if stands && found.confidence < self.settings.clarification_threshold {
            found.asked = run.clarification(found.chosen, meter).await?;
        }
        if cancel.is_cancelled() {
            return Err(LlmError::cancelled());
        }
        let Run { trail, candidates, iterations, .. } = run;
        Ok(answering::completed(task, found, &candidates, trail, iterations))
    }

    /// Lets a model pick tables when there are more than fit. Without its help, linking alone decides.
    async fn pick_tables(
        &self,
        task: Task<'_>,
        room: Room,
        meter: &Meter,
        trail: &mut Trail,
        cancel: &CancellationToken,
    ) -> Result<Vec<String>, LlmError> {
        trail.stage("Schema Expert", "Choosing the tables and columns that the model sees");
        let all = task.index.catalog().tables.len();
        if all <= room.tables {
            return Ok(Vec::new());
        }
        let variables = [("tables", overview(task)), ("question", task.question.to_owned())];
        let prompt = render(&self.prompts, "select_tables", &variables)?;
        let reply = self.models.ask(SCHEMA_EXPERT, &prompt, meter, &|_| {}, cancel.clone()).await;
        let picked = match reply {
            Ok(reply) => prompt.read_output(&reply),
            Err(error) if error.kind == LlmErrorKind::Cancelled => return Err(error),
            Err(error) => Err(error.message),
        };
        let names = picked.map(|output| {
            let names = output["tables"].as_array().cloned().unwrap_or_default();
            names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect::<Vec<_>>()
        });
        match names {
            Ok(names) => {
                trail.step("The model picks tables", json!({ "of": all, "picked": names }), 0.9);
                Ok(names)
            }
            Err(why) => {
                trail.step("The model picked no tables; the linked ones are taken", json!({ "message": why }), 0.5);
                Ok(Vec::new())
            }
        }
    }
}

fn note_context(task: Task<'_>, builder: &Builder<'_>, trail: &mut Trail) {
    let tables = &builder.schema.tables;
    trail.step("Tables shown to the model", json!({ "tables": tables, "bytes": builder.schema.text.len() }), 1.0);
    trail.conclude(format!("{} of {} tables are shown", tables.len(), task.index.catalog().tables.len()));
    trail.stage("Example Retrieval", "Reviewed examples like the question");
    for found in task.examples {
        let evidence = json!({
            "example": found.example.id,
            "good": found.example.good,
            "strategies": found.strategies,
        });
        trail.step(found.example.question.clone(), evidence, found.similarity);
    }
    let none = task.examples.is_empty();
    trail.conclude(if none {
        "No reviewed example is like it".into()
    } else {
        format!("{} found", task.examples.len())
    });
}

/// What building came to; queries are indices of candidates.
enum Built {
    Query(usize),
    Failed(usize, Failure),
    Unanswerable(String),
    Several(String),
}

/// One question on its way.
struct Run<'a> {
    agents: &'a Agents,
    task: Task<'a>,
    system: Option<&'a dyn System>,
    events: Events<'a>,
    cancel: &'a CancellationToken,
    builder: Builder<'a>,
    trail: Trail,
    candidates: Vec<Candidate>,
    iterations: u32,
}

impl Run<'_> {
    /// Asks for queries until one stands, or nothing more can be done.
    async fn build(&mut self) -> Result<Built, LlmError> {
        let mut last: Option<(usize, Failure)> = None;
        let mut narrowed = false;
        while self.iterations < self.agents.settings.max_iterations {
            self.iterations += 1;
            let iteration = self.iterations;
            let stage =
                if iteration == 1 { "Asking the model".to_owned() } else { format!("Repairing, try {iteration}") };
            (self.events)(Event::Stage(&stage));
            self.trail.stage("Query Builder", if iteration == 1 { "Asking the model for a query" } else { &stage });
            let drafting = Drafting::new(self.events);
            let proposed = self.builder.propose(None, &|delta| drafting.hear(delta), self.cancel).await;
            let draft = match proposed {
                Ok(draft) => draft,
                Err(NoDraft::Unreadable(why)) => {
                    self.trail.step("The reply cannot be read", json!({ "iteration": iteration, "message": why }), 0.0);
                    self.builder.unreadable(&why)?;
                    continue;
                }
                // What was found before a service broke still counts.
                Err(NoDraft::Service(error)) => match last {
                    Some((at, failure)) if error.kind != LlmErrorKind::Cancelled => {
                        self.trail.step("The model cannot be asked again", json!({ "message": error.message }), 0.0);
                        return Ok(Built::Failed(at, failure));
                    }
                    _ => return Err(error),
                },
                Err(NoDraft::Declined) => {
                    return Err(LlmError::new(LlmErrorKind::BadRequest, "the model declined to answer this question"));
                }
            };
            self.trail.step(
                "The model proposes",
                json!({
                    "iteration": iteration,
                    "query": draft.query,
                    "explanation": draft.explanation,
                    "unanswerable": draft.unanswerable,
                }),
                draft.confidence.unwrap_or(0.5),
            );
            if let Some(why) = draft.several_queries.clone().filter(|why| !why.trim().is_empty()) {
                self.trail.conclude(format!("The model would take several queries: {why}"));
                return Ok(Built::Several(why));
            }
            if let Some(why) = draft.unanswerable.clone() {
                self.trail.conclude(format!("The model sees no way to answer: {why}"));
                return Ok(Built::Unanswerable(why));
            }
            let at = self.check(draft).await;
            let checked = &self.candidates[at].checked;
            let Verdict::Failed(failure) = checked.verdict.clone() else {
                let unknown = checked.notes.clone();
                let empty = checked.verdict.rows().and_then(doubts);
                // An empty result of a query that the checker doubts is most often a misspelled value.
                match empty.filter(|_| !unknown.is_empty() && !narrowed && self.has_iterations()) {
                    Some(doubt) => {
                        narrowed = true;
                        let failure = Failure::new(Category::Data, format!("the query is valid, but {doubt}"));
                        self.builder.failed(&self.candidates[at].draft, &failure, &unknown)?;
                        continue;
                    }
                    None => return Ok(Built::Query(at)),
                }
            };
            let notes = checked.notes.clone();
            let same = self.candidates.iter().rev().take_while(|c| c.draft.query == self.candidates[at].draft.query);
            let stubborn = same.count() > STUBBORN;
            let hopeless = match failure.category.recovery() {
                Recovery::Repair => stubborn,
                Recovery::RepairOnce => std::mem::replace(&mut narrowed, true),
                Recovery::End => true,
            };
            if hopeless {
                return Ok(Built::Failed(at, failure));
            }
            self.builder.failed(&self.candidates[at].draft, &failure, &notes)?;
            last = Some((at, failure));
        }
        // A query that stood and was only doubted is better than a repair that failed.
        if let Some(at) = self.candidates.iter().position(|candidate| !candidate.checked.verdict.is_failure()) {
            return Ok(Built::Query(at));
        }
        match last {
            Some((at, failure)) => Ok(Built::Failed(at, failure)),
            None => Err(LlmError::new(LlmErrorKind::InvalidReply, "no reply of the model could be read")),
        }
    }

    fn has_iterations(&self) -> bool {
        self.iterations < self.agents.settings.max_iterations
    }

    /// Validates a proposal and keeps it.
    async fn check(&mut self, draft: Draft) -> usize {
        (self.events)(Event::Stage("Validating the query"));
        self.trail.stage("Validation", "The read-only guard, the checker, the system itself, its rows");
        let checked = checked(&draft.query, self.task, self.system, true, self.cancel).await;
        let (message, sure) = match &checked.verdict {
            Verdict::Passed(Some(rows)) => (format!("It is valid and gives {}", counted(rows)), 1.0),
            Verdict::Passed(None) => ("The system accepts it".to_owned(), 0.9),
            Verdict::Unasked => ("Nothing is wrong with it as far as the snapshot tells".to_owned(), 0.6),
            Verdict::Failed(failure) => (format!("{}: {}", failure.category.name(), failure.message), 0.0),
        };
        let evidence = json!({ "iteration": self.iterations, "query": draft.query, "notes": checked.notes });
        self.trail.step(message.clone(), evidence, sure);
        self.trail.conclude(message);
        self.candidates.push(Candidate { draft, checked });
        self.candidates.len() - 1
    }

    /// How sure the query is; between the thresholds, further candidates and the embedded engine have a say.
    async fn weigh(&mut self, at: usize) -> Found {
        let settings = self.agents.settings;
        let agreement = self.embedded_agreement(at).await;
        let signals = self.signals(at, agreement, 0.5);
        let sure = self.agents.calibration.probability(&signals);
        let middle = sure >= settings.clarification_threshold && sure < settings.confidence_threshold;
        // Without rows, candidates could only be compared by their text.
        if !middle || settings.candidates < 2 || self.candidates[at].checked.verdict.rows().is_none() {
            return Found::query(at, sure, signals);
        }
        (self.events)(Event::Stage("Comparing candidates"));
        let drawn =
            (1..settings.candidates).map(|_| self.builder.ask(Some(CANDIDATE_TEMPERATURE), &|_| {}, self.cancel));
        let drawn: Vec<Draft> = futures::future::join_all(drawn).await.into_iter().filter_map(Result::ok).collect();
        let mut pool = vec![at];
        for draft in drawn.into_iter().filter(|draft| draft.unanswerable.is_none()) {
            pool.push(self.check(draft).await);
        }
        if pool.len() == 1 {
            return Found::query(at, sure, signals);
        }
        self.trail.stage("Self-Consistency", "Candidates with the same rows are one answer");
        let candidates: Vec<Candidate> = pool.iter().map(|&at| self.candidates[at].clone()).collect();
        let groups = groups(&candidates);
        let Some(largest) = groups.first() else { return Found::query(at, sure, signals) };
        let winner = pool[largest[0]];
        let share = largest.len() as f64 / pool.len() as f64;
        self.trail.step(
            "Candidates grouped by their rows",
            json!({ "candidates": pool.len(), "groups": groups.iter().map(Vec::len).collect::<Vec<_>>() }),
            share,
        );
        self.trail.conclude(format!("{} of {} candidates give the same rows", largest.len(), pool.len()));
        let agreement = if winner == at { agreement } else { self.embedded_agreement(winner).await };
        let signals = self.signals(winner, agreement, share);
        Found::query(winner, self.agents.calibration.probability(&signals), signals)
    }

    /// Where it is still open whether a query is right, the validator's model is asked whether it answers the question: by
    /// the shape of its result, never by its values.
    async fn judged(&mut self, found: Found, meter: &Meter) -> Found {
        let settings = self.agents.settings;
        let open = (settings.clarification_threshold..settings.confidence_threshold).contains(&found.confidence);
        let (Some(at), Some(mut signals)) = (found.chosen, found.signals) else { return found };
        let Candidate { draft, checked } = &self.candidates[at];
        let Some(rows) = checked.verdict.rows().filter(|_| open) else { return found };
        let columns: Vec<&str> = rows.columns.iter().map(|column| column.name.as_str()).collect();
        let variables = [
            ("question", self.task.question.to_owned()),
            ("query", draft.query.clone()),
            ("result", format!("{} with the columns {}", counted(rows), columns.join(", "))),
        ];
        let Ok(prompt) = render(&self.agents.prompts, "judge_query", &variables) else { return found };
        let reply = self.agents.models.ask(VALIDATOR, &prompt, meter, &|_| {}, self.cancel.clone()).await;
        let Some(said) = reply.ok().and_then(|reply| prompt.read_output(&reply).ok()) else { return found };
        let fits = said["answers_question"].as_bool().unwrap_or(true);
        self.trail.stage("Judgement", "Whether the query answers the question");
        self.trail.step("The model reads the query anew", said.clone(), if fits { 1.0 } else { 0.0 });
        if fits {
            self.trail.conclude("It does");
            return found;
        }
        let problem = said["problem"].as_str().map(crate::context::plain).unwrap_or_default();
        self.trail.conclude(format!("It may not: {problem}"));
        signals.clarity = 0.0;
        Found::query(at, self.agents.calibration.probability(&signals), signals)
    }

    /// What the embedded engine says of a query: how sure it is of the same rows, or (negative) of others.
    async fn embedded_agreement(&mut self, at: usize) -> f64 {
        let embedded = self.task.embedded;
        let sql = match &embedded.outcome {
            Outcome::Query { sql, .. } => sql,
            Outcome::Clarification(asked) => match asked.options.first() {
                Some(option) => &option.sql,
                None => return 0.0,
            },
            Outcome::Abstention { .. } => return 0.0,
        };
        let draft = &self.candidates[at].draft;
        let rows = self.candidates[at].checked.verdict.rows();
        let (same, how) = if *sql == draft.query {
            (true, "the same query")
        } else {
            let (Some(system), Some(rows)) = (self.system, rows) else { return 0.0 };
            // Whatever a run says against it, it says nothing about the model's query.
            let Ok(other) = system.run(sql, self.cancel.clone()).await else { return 0.0 };
            if other.rows.is_empty() && rows.rows.is_empty() {
                return 0.0;
            }
            let same = nlq_providers::same_results((sql, &other), (&draft.query, rows));
            (same, if same { "the same rows" } else { "other rows" })
        };
        let agreement = if same { embedded.confidence.max(0.5) } else { -embedded.confidence };
        self.trail.stage("Independent Check", "The embedded engine reads the question by itself");
        self.trail.step(
            format!("Its own query gives {how}"),
            json!({ "query": sql, "confidence": embedded.confidence }),
            f64::midpoint(1.0, agreement),
        );
        self.trail.conclude(if same { "The two agree" } else { "The two differ" });
        agreement
    }

    fn signals(&self, at: usize, embedded_agreement: f64, candidate_agreement: f64) -> Signals {
        let Candidate { draft, checked } = &self.candidates[at];
        let task = self.task;
        let links = &task.embedded.links;
        let unknown = links.iter().filter(|link| link.kind == nlq_engine::LinkKind::Unknown).count();
        let simplicity = match hardness(&draft.query, task.index.catalog()) {
            Some(Hardness::Easy) => 1.0,
            Some(Hardness::Medium) => 0.66,
            Some(Hardness::Hard) => 0.33,
            Some(Hardness::Extra) | None => 0.0,
        };
        let good = task.examples.iter().filter(|found| found.example.good);
        Signals {
            validation: match checked.verdict {
                Verdict::Passed(Some(_)) => 1.0,
                Verdict::Passed(None) => 0.7,
                _ => 0.0,
            },
            embedded_agreement,
            candidate_agreement,
            schema_coverage: if links.is_empty() { 0.0 } else { 1.0 - unknown as f64 / links.len() as f64 },
            example_similarity: good.map(|found| found.similarity).fold(0.0, f64::max),
            simplicity,
            clarity: if draft.ambiguities.is_empty() { 1.0 } else { 0.0 },
            model_confidence: draft.confidence.unwrap_or(0.5),
            first_try: 1.0 / f64::from(self.iterations.max(1)),
            plausible_result: match checked.verdict.rows().and_then(doubts) {
                Some(_) => 0.0,
                None => 1.0,
            },
        }
    }

    /// A question to the user with queries that stand, from the model's own doubts, from queries with other rows, or from the
    /// model when it is asked outright; none when there is nothing to choose from.
    async fn clarification(
        &mut self,
        chosen: Option<usize>,
        meter: &Meter,
    ) -> Result<Option<nlq_engine::Clarification>, LlmError> {
        let doubts: Vec<_> = self.candidates.iter().rev().flat_map(|c| c.draft.ambiguities.clone()).collect();
        for doubt in doubts {
            let options = doubt.options.into_iter().map(|option| (option.label, option.query)).collect();
            if let Some(asked) = self.asked(&doubt.question, options).await {
                return Ok(Some(asked));
            }
        }
        let readings = answering::readings(self.task, chosen.map(|at| &self.candidates[at].draft));
        if readings.len() < 2 || self.cancel.is_cancelled() {
            return Ok(None);
        }
        let told: Vec<String> = readings.iter().map(|(label, sql)| format!("{label}\n{sql}")).collect();
        let variables = [
            ("schema", self.builder.schema.text.clone()),
            ("question", self.task.question.to_owned()),
            ("readings", told.join("\n\n")),
        ];
        let prompt = render(&self.agents.prompts, "clarify", &variables)?;
        let reply = self.agents.models.ask(ORCHESTRATOR, &prompt, meter, &|_| {}, self.cancel.clone()).await;
        let output = reply.ok().and_then(|reply| prompt.read_output(&reply).ok());
        if let Some(output) = output
            && let Ok(doubt) = serde_json::from_value::<crate::draft::Ambiguity>(output)
        {
            let options = doubt.options.into_iter().map(|option| (option.label, option.query)).collect();
            if let Some(asked) = self.asked(&doubt.question, options).await {
                return Ok(Some(asked));
            }
        }
        Ok(self.asked("Which of these is meant?", readings).await)
    }

    /// A question whose options are valid and different, when at least two are.
    async fn asked(&mut self, question: &str, options: Vec<(String, String)>) -> Option<nlq_engine::Clarification> {
        const MAX_OPTIONS: usize = 4;
        let mut kept: Vec<nlq_engine::ClarificationOption> = Vec::new();
        for (label, query) in options.into_iter().take(MAX_OPTIONS) {
            let sql = query.trim().trim_end_matches(';').trim_end().to_owned();
            let label = crate::context::plain(&label);
            let taken = kept.iter().any(|option| option.sql == sql || option.label == label);
            if sql.is_empty() || label.is_empty() || taken {
                continue;
            }
            if !checked(&sql, self.task, self.system, false, self.cancel).await.verdict.is_failure() {
                kept.push(nlq_engine::ClarificationOption { label, sql });
            }
        }
        let question = crate::context::plain(question);
        (kept.len() > 1 && !question.is_empty()).then_some(nlq_engine::Clarification { question, options: kept })
    }
}

fn counted(rows: &nlq_providers::Rows) -> String {
    match (rows.rows.len(), rows.truncated.is_some()) {
        (1, false) => "1 row".to_owned(),
        (n, false) => format!("{n} rows"),
        (n, true) => format!("more than {n} rows"),
    }
}
