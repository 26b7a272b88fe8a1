//! The pipeline with a model: when it is asked, and what becomes of its answer.

use std::{fs, path::Path, sync::Arc};

use nlq_agents::{AGENTS, Agents, Calibration, Category, Completed, Ended, Failure, Recovery, Settings, System, Task};
use nlq_config::{AgentModel, ConnectionRef, UseModel};
use nlq_engine::{Outcome, ReasoningStage, ReasoningStep};
use nlq_knowledge::Found;
use nlq_llm::{LanguageModel, LlmErrorKind, Meter, ModelCall, Prompts, Spent, Usage};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Ask, Checked, Session, SessionError, Validation, ask::Events, no_workspace, system::Connected};

/// Weights of the confidence of models' answers, relative to the workspace.
pub(crate) const CALIBRATION_FILE: &str = ".nlq/calibration.json";

impl Session {
    /// The model's answer where one is wanted, else the embedded engine's as it is. A model that cannot be asked leaves the
    /// embedded answer with a note.
    pub(super) async fn with_model(
        &self,
        ask: &Ask,
        embedded: Checked,
        examples: &[Found],
        cancel: CancellationToken,
        events: Events<'_>,
    ) -> Result<Checked, SessionError> {
        let view = self.view();
        let settings = view.config.orchestrator;
        let sure = embedded.answer.confidence >= settings.confidence_threshold
            && matches!(embedded.answer.outcome, Outcome::Query { .. })
            && embedded.validation == Validation::Passed;
        let agents = match self.agents() {
            Ok(Some(agents)) if asks(settings.use_model, sure) => agents,
            Ok(_) => return Ok(embedded),
            Err(error) => return Ok(noted(embedded, &error.message)),
        };
        let Some(index) = self.index(&embedded.connection) else { return Ok(embedded) };
        self.know_spending().await;
        let away = match &embedded.validation {
            Validation::Offline(why) => Some(why.clone()),
            _ => None,
        };
        let connected = Connected { session: self, connection: &embedded.connection };
        let system: Option<&dyn System> = if away.is_none() { Some(&connected) } else { None };
        let meter = Meter::default();
        let task = Task {
            question: &ask.text,
            earlier: &ask.earlier,
            replies: &ask.replies,
            today: ask.today.unwrap_or_else(|| chrono::Local::now().date_naive()),
            index: &index,
            embedded: &embedded.answer,
            examples,
            may_sample: self.may_sample(&embedded.connection),
        };
        // Large, and most questions never come here.
        let completed = Box::pin(agents.answer(task, system, &meter, events, &cancel)).await;
        let calls = meter.calls();
        match completed {
            Ok(completed) if completed.needs_steps && !ask.is_step => {
                let answered = checked(completed, embedded.connection, calls, away);
                let noted = answered.calls.len();
                let mut done = self.by_steps(ask, &agents, answered, &meter, (&cancel, events)).await?;
                done.calls.extend(meter.calls().into_iter().skip(noted));
                Ok(done)
            }
            // No query of the model stood, and the embedded engine has one that does. What is refused as unsafe is shown to
            // nobody.
            Ok(Completed { ended: Ended::Failed(failure), answer, .. })
                if failure.category == Category::Refused
                    || (failure.category.recovery() == Recovery::Repair
                        && embedded.validation == Validation::Passed) =>
            {
                let stages = answer.reasoning.stages;
                let mut kept = noted(embedded, &failure.message);
                kept.answer.reasoning.stages = stages;
                kept.answer.reasoning.stages.extend(calls_stage(&calls));
                kept.calls = calls;
                Ok(kept)
            }
            Ok(completed) => Ok(checked(completed, embedded.connection, calls, away)),
            Err(error) if error.kind == LlmErrorKind::Cancelled => Err(SessionError::cancelled()),
            Err(error) => {
                let mut kept = noted(embedded, &error.message);
                kept.answer.reasoning.stages.extend(calls_stage(&calls));
                kept.calls = calls;
                Ok(kept)
            }
        }
    }

    /// Where there is a budget, what was spent before this process and beside it counts.
    async fn know_spending(&self) {
        if self.view().config.budget.is_unbounded() {
            return;
        }
        let Some(root) = self.root() else { return };
        let spent = match self.state().await {
            Ok(state) => state.spent(&root).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.message),
        };
        match spent {
            Ok(spent) => self.ledger.at_least(Spent {
                today_tokens: spent.tokens_today,
                today_usd: spent.usd_today,
                workspace_usd: spent.usd_workspace,
            }),
            Err(error) => tracing::warn!("the budget only knows what this process has spent: {error}"),
        }
    }

    /// The agents with their models; none when no model is configured or the workspace is not trusted.
    pub(crate) fn agents(&self) -> Result<Option<Arc<Agents>>, SessionError> {
        let config = {
            let state = self.lock();
            if let Some(agents) = &state.agents {
                return Ok(Some(Arc::clone(agents)));
            }
            Arc::clone(&state.view.config)
        };
        let Some(agents) = self.built(None, &|model| model)?.map(Arc::new) else { return Ok(None) };
        let mut state = self.lock();
        // Settings or trust may have changed in between: then these agents serve this question only.
        if Arc::ptr_eq(&state.view.config, &config) && state.trusted.is_some() {
            state.agents = Some(Arc::clone(&agents));
        }
        Ok(Some(agents))
    }

    fn built(
        &self,
        profile: Option<&str>,
        wrap: &dyn Fn(Arc<dyn LanguageModel>) -> Arc<dyn LanguageModel>,
    ) -> Result<Option<Agents>, SessionError> {
        let (view, trusted) = {
            let state = self.lock();
            (Arc::clone(&state.view), state.trusted.clone())
        };
        let (Some(trusted), Some(root)) = (trusted, view.root.as_deref()) else { return Ok(None) };
        let config = &view.config;
        if config.models.is_empty() {
            return Ok(None);
        }
        let mut models = nlq_llm::configured(config, root, &trusted, self.ledger.clone(), self.editor.clone())
            .map_err(|error| SessionError::new("model", error.message))?
            .wrapped(wrap);
        if let Some(profile) = profile {
            let one = AgentModel { profile: Some(profile.to_owned()), temperature: None };
            models = models.with_agents(AGENTS.map(|agent| (agent.to_owned(), one.clone())).into());
        }
        let (prompts, problems) = Prompts::load(Some(root));
        for problem in problems {
            tracing::warn!("{}: {}", problem.file.display(), problem.diagnostic.message);
        }
        Ok(Some(Agents {
            models: Arc::new(models),
            prompts: Arc::new(prompts),
            calibration: calibration(root),
            settings: Settings {
                max_iterations: config.orchestrator.max_iterations.max(1),
                confidence_threshold: config.orchestrator.confidence_threshold,
                clarification_threshold: config.orchestrator.clarification_threshold,
                max_tables: config.agents.max_tables_in_context.max(1),
                max_examples: config.agents.max_examples,
                candidates: config.agents.candidates,
            },
        }))
    }

    /// The agents with one profile for all of them, each model wrapped: what measures the pipeline.
    pub(crate) fn agents_of(
        &self,
        profile: &str,
        wrap: &dyn Fn(Arc<dyn LanguageModel>) -> Arc<dyn LanguageModel>,
    ) -> Result<Agents, SessionError> {
        let view = self.view();
        if !view.trusted {
            let message = "this workspace is not trusted, so its models are not asked; run `nlq trust`";
            return Err(SessionError::new("untrusted", message));
        }
        if !view.config.models.contains_key(profile) {
            let names: Vec<&str> = view.config.models.keys().map(String::as_str).collect();
            let hint =
                if names.is_empty() { "it has none".to_owned() } else { format!("it has `{}`", names.join("`, `")) };
            let message = format!("nlq.yaml has no model profile `{profile}`: {hint}; add it under `models`");
            return Err(SessionError::new("model", message));
        }
        self.built(Some(profile), wrap)?.ok_or_else(no_workspace)
    }

    /// True when values of a connection may be shown to a model.
    pub(super) fn may_sample(&self, connection: &ConnectionRef) -> bool {
        let view = self.view();
        view.config.find_connection(Some(&connection.to_string())).is_ok_and(|(_, found)| found.sample_values)
    }
}

fn asks(when: UseModel, embedded_is_sure: bool) -> bool {
    match when {
        UseModel::Always => true,
        UseModel::WhenUnsure => !embedded_is_sure,
        UseModel::Never => false,
    }
}

/// What `nlq eval --fit` found for this workspace's models, else the careful weights that nlq comes with.
fn calibration(root: &Path) -> Calibration {
    let text = fs::read_to_string(root.join(CALIBRATION_FILE)).ok();
    let read = text.and_then(|text| match serde_json::from_str(&text) {
        Ok(calibration) => Some(calibration),
        Err(error) => {
            tracing::warn!("{CALIBRATION_FILE} is not used: {error}");
            None
        }
    });
    read.unwrap_or_default()
}

/// The embedded answer with the reason why no model improved on it.
fn noted(mut embedded: Checked, why: &str) -> Checked {
    embedded.notes.push(format!("No answer of the model stands ({why}): this is the reading of the embedded engine."));
    embedded
}

fn checked(completed: Completed, connection: ConnectionRef, calls: Vec<ModelCall>, away: Option<String>) -> Checked {
    let Completed { mut answer, ended, iterations, .. } = completed;
    let validation = match ended {
        Ended::Passed => Validation::Passed,
        Ended::Unasked => Validation::Offline(away.unwrap_or_else(|| "the system was not asked".into())),
        Ended::Failed(Failure { category: Category::Connection, message, .. }) => Validation::Offline(message),
        Ended::Failed(failure) => Validation::Failed(failure.into()),
        Ended::NoQuery => Validation::NotApplicable,
    };
    answer.reasoning.stages.extend(calls_stage(&calls));
    Checked { iterations, calls, ..Checked::of(answer, connection, validation) }
}

/// What the calls of models took, for the reasoning stream.
fn calls_stage(calls: &[ModelCall]) -> Option<ReasoningStage> {
    if calls.is_empty() {
        return None;
    }
    let steps = calls.iter().map(|call| ReasoningStep {
        description: format!("{} asks {}", call.agent.replace('_', " "), call.model),
        evidence: json!({
            "prompt": format!("{} {}", call.prompt, call.prompt_version),
            "profile": call.profile,
            "tokens": { "read": call.usage.input, "from_cache": call.usage.cache_read, "written": call.usage.output },
            "cost_usd": call.cost_usd,
            "milliseconds": call.latency_ms,
            "attempts": call.attempts,
            "error": call.error,
        }),
        confidence: if call.error.is_none() { 1.0 } else { 0.0 },
    });
    Some(ReasoningStage {
        name: "Model Calls".into(),
        description: "What the model was asked and what it took".into(),
        steps: steps.collect(),
        conclusion: calls_in_words(calls),
        micros: calls.iter().map(|call| call.latency_ms * 1000).sum(),
        ..ReasoningStage::default()
    })
}

/// "3 calls, 4,210 tokens, $0.0123"; a cost that is not known in full is said as such.
pub(crate) fn calls_in_words(calls: &[ModelCall]) -> String {
    let (usage, cost) = totals(calls);
    let count = if calls.len() == 1 { "1 call".to_owned() } else { format!("{} calls", calls.len()) };
    let cost = cost.map_or_else(|| "cost not known".to_owned(), |cost| format!("${cost:.4}"));
    format!("{count}, {} tokens, {cost}", usage.total())
}

/// All tokens, and the cost when every call has one.
pub(crate) fn totals(calls: &[ModelCall]) -> (Usage, Option<f64>) {
    let mut usage = Usage::default();
    for call in calls {
        usage += call.usage;
    }
    (usage, calls.iter().map(|call| call.cost_usd).sum())
}
