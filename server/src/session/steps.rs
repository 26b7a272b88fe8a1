//! A question that takes several queries: each step is asked, validated, repaired and run on its own connection; what they
//! find is combined by a query over their results, or told by the model.

use std::{fmt::Write as _, sync::Arc};

use nlq_agents::{Agents, CombineKind, Event, Plan, Step, Task, outline};
use nlq_catalog::Annotations;
use nlq_engine::{Outcome, Question, ReasoningStage, ReasoningStep, SchemaIndex};
use nlq_llm::Meter;
use nlq_providers::{Rows, SchemaOptions, Scratch, sqlite_catalog};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Ask, Checked, Session, SessionError, Validation, ask::Events, system::Direct};

/// Rows of a result that a later step, or the model's answer, is told.
const MAX_TOLD_ROWS: usize = 30;

/// What steps came to.
#[derive(Debug, Clone)]
pub(crate) struct Stepped {
    /// In order.
    pub(crate) steps: Vec<DoneStep>,
    /// What was made of them; none when the last step's rows are the answer.
    pub(crate) combined: Option<Combined>,
}

/// A step with its query and rows.
#[derive(Debug, Clone)]
pub(crate) struct DoneStep {
    /// What was asked.
    pub(crate) step: Step,
    /// The query.
    pub(crate) sql: String,
    /// How sure it is right.
    pub(crate) confidence: f64,
    /// What it gave.
    pub(crate) rows: Rows,
}

/// What was made of the results of steps.
#[derive(Debug, Clone)]
pub(crate) enum Combined {
    /// By a query over tables named after the steps.
    Query {
        /// The query, in SQLite's dialect.
        sql: String,
        /// What it gave.
        rows: Rows,
    },
    /// By the model, in words.
    Answer(String),
}

impl Session {
    /// Plans and takes the steps of a question. `answered` is the answer so far; it is told of what was done.
    pub(super) async fn by_steps(
        &self,
        ask: &Ask,
        agents: &Agents,
        mut answered: Checked,
        meter: &Meter,
        (cancel, events): (&CancellationToken, Events<'_>),
    ) -> Result<Checked, SessionError> {
        events(Event::Stage("Planning steps"));
        let connections = self.outlines();
        let said = ask.earlier.join("\n");
        let today = ask.today.unwrap_or_else(|| chrono::Local::now().date_naive());
        let planned = agents.plan(&ask.text, &said, today, &connections, meter, cancel).await;
        let plan = match planned {
            Ok(plan) => plan,
            Err(_) if cancel.is_cancelled() => return Err(SessionError::cancelled()),
            Err(error) => {
                answered.notes.push(format!("The question takes several queries and no plan was found: {error}"));
                return Ok(answered);
            }
        };
        let mut done = Vec::new();
        for (at, step) in plan.steps.iter().enumerate() {
            events(Event::Stage(&format!("Step {} of {}: {}", at + 1, plan.steps.len(), step.description)));
            match self.take(step, &done, ask, (cancel, events)).await {
                Ok((taken, checked)) => {
                    answered.answer.reasoning.stages.push(stage_of(&taken));
                    answered.calls.extend(checked.calls);
                    answered.iterations += checked.iterations;
                    done.push(taken);
                }
                Err(error) if error.code == "cancelled" => return Err(error),
                Err(error) => {
                    let step = &step.description;
                    answered.notes.push(format!("Step {} ({step}) could not be taken: {error}", at + 1));
                    return Ok(answered);
                }
            }
        }
        events(Event::Stage("Combining the results"));
        let combined = match self.combined(&plan, &done, ask, agents, meter, cancel).await {
            Ok(combined) => combined,
            Err(error) if error.code == "cancelled" => return Err(error),
            Err(error) => {
                answered.notes.push(format!("The results could not be combined: {error}"));
                None
            }
        };
        let count = done.len();
        let reason = format!("One query cannot answer this: it takes {count} queries, which were run; see the steps.");
        answered.answer.outcome = Outcome::Abstention { reason };
        answered.answer.confidence = done.iter().map(|step| step.confidence).product();
        answered.validation = Validation::NotApplicable;
        answered.steps = Some(Arc::new(Stepped { steps: done, combined }));
        Ok(answered)
    }

    /// Every connection whose schema is known, with it in words.
    fn outlines(&self) -> Vec<(String, String)> {
        let view = self.view();
        let known = view.connections.iter().filter_map(|(name, view)| Some((name.to_string(), view.index.as_ref()?)));
        known.map(|(name, index)| (name, outline(index))).collect()
    }

    /// Asks one step, and runs what came of it.
    async fn take(
        &self,
        step: &Step,
        done: &[DoneStep],
        ask: &Ask,
        (cancel, events): (&CancellationToken, Events<'_>),
    ) -> Result<(DoneStep, Checked), SessionError> {
        let mut text = step.question.clone();
        for earlier in done.iter().filter(|done| step.depends_on.contains(&done.step.id)) {
            let _ =
                write!(text, "\n\nWhat an earlier step, {}, found:\n{}", earlier.step.description, self.told(earlier));
        }
        let asked =
            Ask { text, connection: Some(step.connection.clone()), today: ask.today, is_step: true, ..Ask::default() };
        // A step asks as a question does, so the future would hold itself.
        let checked = Box::pin(self.ask(&asked, cancel.clone(), events)).await?;
        let sql = match (&checked.answer.outcome, &checked.validation) {
            (Outcome::Query { sql, .. }, Validation::Passed) => sql.clone(),
            (Outcome::Query { .. }, Validation::Failed(error)) => return Err(error.clone()),
            (Outcome::Query { .. }, Validation::Offline(why)) => return Err(SessionError::new("connection", why)),
            (Outcome::Clarification(asked), _) => return Err(SessionError::new("clarification", &asked.question)),
            (Outcome::Abstention { reason }, _) => return Err(SessionError::new("abstention", reason)),
            (Outcome::Query { .. }, Validation::NotApplicable) => {
                return Err(SessionError::new("internal", "no query"));
            }
        };
        let rows = self.run(&checked.connection, &sql, None, cancel.clone()).await?;
        let confidence = checked.answer.confidence;
        Ok((DoneStep { step: step.clone(), sql, confidence, rows }, checked))
    }

    /// A result in words for a model; without values where its connection keeps them.
    fn told(&self, step: &DoneStep) -> String {
        let names: Vec<&str> = step.rows.columns.iter().map(|column| column.name.as_str()).collect();
        let mut out = format!("{} ({} rows)", names.join(" | "), step.rows.rows.len());
        let shares = self.find_connection(Some(&step.step.connection)).is_ok_and(|found| self.may_sample(&found));
        if shares {
            for row in step.rows.rows.iter().take(MAX_TOLD_ROWS) {
                let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
                let _ = write!(out, "\n{}", cells.join(" | "));
            }
        }
        out
    }

    async fn combined(
        &self,
        plan: &Plan,
        done: &[DoneStep],
        ask: &Ask,
        agents: &Agents,
        meter: &Meter,
        cancel: &CancellationToken,
    ) -> Result<Option<Combined>, SessionError> {
        let model = |error: nlq_llm::LlmError| SessionError::new("model", error.message);
        match plan.combine.kind {
            CombineKind::None => Ok(None),
            CombineKind::Answer => {
                let told: Vec<String> =
                    done.iter().map(|step| format!("{}\n{}", step.step.description, self.told(step))).collect();
                let said = agents.combine(&ask.text, &told.join("\n\n"), meter, cancel).await.map_err(model)?;
                Ok(Some(Combined::Answer(said)))
            }
            CombineKind::Query => {
                let tables: Vec<(String, Rows)> =
                    done.iter().map(|done| (done.step.id.clone(), done.rows.clone())).collect();
                let scratch = Scratch::new(&tables).await?;
                let annotations = Arc::new(Annotations::default());
                // Values of a connection that keeps them to itself are not shown to a model here either.
                let may_sample = done.iter().all(|step| {
                    self.find_connection(Some(&step.step.connection)).is_ok_and(|found| self.may_sample(&found))
                });
                let options = SchemaOptions { sample_values: may_sample, annotations: &annotations };
                let catalog = sqlite_catalog(&scratch.path(), options).await?;
                let index = SchemaIndex::new(Arc::new(catalog), annotations.clone());
                let today = ask.today.unwrap_or_else(|| chrono::Local::now().date_naive());
                let question = &plan.combine.question;
                let asked = Question { text: question, earlier: &[], replies: &[], today };
                let embedded = self.view().engine.answer(asked, &index);
                let task = Task {
                    question,
                    earlier: &[],
                    replies: &[],
                    today,
                    index: &index,
                    embedded: &embedded,
                    examples: &[],
                    may_sample,
                };
                let system = Direct { provider: scratch.provider() };
                let completed = agents.answer(task, Some(&system), meter, &|_| {}, cancel).await.map_err(model)?;
                match (completed.answer.outcome, completed.ended) {
                    (Outcome::Query { sql, .. }, nlq_agents::Ended::Passed) => {
                        let rows = nlq_agents::System::run(&system, &sql, cancel.clone()).await?;
                        Ok(Some(Combined::Query { sql, rows }))
                    }
                    (_, nlq_agents::Ended::Failed(failure)) => Err(failure.into()),
                    (Outcome::Abstention { reason }, _) => Err(SessionError::new("abstention", reason)),
                    _ => Err(SessionError::new("clarification", "it is not clear how they belong together")),
                }
            }
        }
    }
}

fn stage_of(done: &DoneStep) -> ReasoningStage {
    let rows = done.rows.rows.len();
    ReasoningStage {
        name: format!("Step {}", done.step.id),
        description: done.step.description.clone(),
        steps: vec![ReasoningStep {
            description: done.step.question.clone(),
            evidence: json!({ "connection": done.step.connection, "query": done.sql, "rows": rows }),
            confidence: done.confidence,
        }],
        conclusion: format!("{} gives {rows} rows", done.step.connection),
        ..ReasoningStage::default()
    }
}
