use std::{collections::BTreeMap, sync::Arc, time::Instant};

use chrono::Utc;
use nlq_config::{AgentModel, DEFAULT_PROFILE};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::{
    Budget, Chat, InMemoryLedger, LanguageModel, Ledger, LlmError, LlmErrorKind, Meter, ModelCall, OnDelta, Prices,
    Rendered, Reply, budget::estimate, listener::Listener, retry::Retry,
};

/// The models of a workspace, by profile.
#[derive(Debug)]
pub struct Models {
    profiles: BTreeMap<String, Bounded>,
    agents: BTreeMap<String, AgentModel>,
    prices: Prices,
    budget: Budget,
    ledger: Arc<dyn Ledger>,
}

/// A named way to use a model (seeds/000, section 8.2).
#[derive(Debug)]
pub struct Profile {
    /// The model.
    pub model: Arc<dyn LanguageModel>,
    /// 0 to 2; a prompt's own wins.
    pub temperature: Option<f64>,
    /// Tokens of a reply at most; a prompt's own wins.
    pub max_tokens: u32,
    /// Requests under way at once.
    pub max_concurrent: usize,
    /// The profile to ask instead when this one's service does not answer.
    pub fallback: Option<String>,
}

#[derive(Debug)]
struct Bounded {
    profile: Profile,
    places: Semaphore,
}

impl Profile {
    /// A model with the declared defaults.
    pub fn new(model: Arc<dyn LanguageModel>) -> Self {
        Self { model, temperature: None, max_tokens: 4096, max_concurrent: 4, fallback: None }
    }
}

impl Default for Models {
    fn default() -> Self {
        Self::new(BTreeMap::new())
    }
}

impl Models {
    /// The models of these profiles; `default` stands for profiles that are not given.
    pub fn new(profiles: BTreeMap<String, Profile>) -> Self {
        let bounded = |profile: Profile| Bounded { places: Semaphore::new(profile.max_concurrent.max(1)), profile };
        Self {
            profiles: profiles.into_iter().map(|(name, profile)| (name, bounded(profile))).collect(),
            agents: BTreeMap::new(),
            prices: Prices::default(),
            budget: Budget::default(),
            ledger: Arc::new(InMemoryLedger::default()),
        }
    }

    /// With every model wrapped, such as in a cache of replies.
    pub fn wrapped(mut self, wrap: &dyn Fn(Arc<dyn LanguageModel>) -> Arc<dyn LanguageModel>) -> Self {
        for bounded in self.profiles.values_mut() {
            bounded.profile.model = wrap(Arc::clone(&bounded.profile.model));
        }
        self
    }

    /// With what agents ask their models with: stands above the prompts' own profiles.
    pub fn with_agents(self, agents: BTreeMap<String, AgentModel>) -> Self {
        Self { agents, ..self }
    }

    /// With other prices.
    pub fn with_prices(self, prices: Prices) -> Self {
        Self { prices, ..self }
    }

    /// With bounds, and where what is spent is kept.
    pub fn with_budget(self, budget: Budget, ledger: Arc<dyn Ledger>) -> Self {
        Self { budget, ledger, ..self }
    }

    /// True when no model is configured.
    pub fn is_empty(&self) -> bool {
        self.profiles.is_empty()
    }

    /// Asks the model of the agent's or else the prompt's profile. Failures that pass are tried again, and then the
    /// fallback is asked; `on_delta` hears [`Restart`](crate::Delta::Restart) when the reply begins anew. The call is noted in `meter`, also
    /// when it fails.
    pub async fn ask(
        &self,
        agent: &str,
        prompt: &Rendered,
        meter: &Meter,
        on_delta: OnDelta<'_>,
        cancel: CancellationToken,
    ) -> Result<Reply, LlmError> {
        let settings = self.agents.get(agent);
        let mut name = settings.and_then(|settings| settings.profile.as_deref()).unwrap_or(&prompt.profile);
        let mut chat = prompt.chat.clone();
        chat.temperature = settings.and_then(|settings| settings.temperature).or(chat.temperature);
        let listener = Listener::new(on_delta);
        let mut asked: Vec<&str> = Vec::new();
        loop {
            let (known, bounded) = self.profile(name)?;
            asked.push(known);
            let mut call = ModelCall {
                agent: agent.to_owned(),
                profile: known.to_owned(),
                model: bounded.profile.model.id(),
                prompt: prompt.name.clone(),
                prompt_version: prompt.version.clone(),
                started_at: Some(Utc::now()),
                ..ModelCall::default()
            };
            let result = self.call(bounded, &chat, &mut call, meter, &listener, &cancel).await;
            call.error = result.as_ref().err().map(ToString::to_string);
            self.ledger.record(&call);
            meter.note(call);
            let error = match result {
                Ok(reply) => return Ok(reply),
                Err(error) if !error.asks_for_another_model() => return Err(error),
                Err(error) => error,
            };
            let fallback = bounded.profile.fallback.as_deref().and_then(|name| Some(self.profile(name).ok()?.0));
            let Some(next) = fallback.filter(|next| !asked.contains(next)) else { return Err(error) };
            tracing::warn!(profile = known, fallback = next, %error, "asking the fallback model");
            listener.restart();
            name = next;
        }
    }

    /// One profile, as often as it takes.
    async fn call(
        &self,
        Bounded { profile, places }: &Bounded,
        chat: &Chat,
        call: &mut ModelCall,
        meter: &Meter,
        listener: &Listener<'_>,
        cancel: &CancellationToken,
    ) -> Result<Reply, LlmError> {
        let mut chat = chat.clone();
        chat.temperature = chat.temperature.or(profile.temperature);
        if chat.max_tokens == 0 {
            chat.max_tokens = profile.max_tokens;
        }
        let price = self.prices.price(&call.model);
        self.budget.check(&call.model, &chat, price, meter, &*self.ledger)?;
        let begun = Instant::now();
        let mut retry = Retry::default();
        let result = loop {
            let place = tokio::select! {
                biased;
                () = cancel.cancelled() => break Err(LlmError::cancelled()),
                place = places.acquire() => place,
            };
            retry.attempts += 1;
            let error = match profile.model.chat(&chat, &|delta| listener.hear(delta), cancel.clone()).await {
                Ok(reply) => {
                    call.usage += reply.usage;
                    break Ok(reply);
                }
                Err(error) => error,
            };
            if listener.has_heard() {
                // The service tells what a reply took only at its end.
                call.usage.input += estimate(&chat);
            }
            if cancel.is_cancelled() {
                break Err(LlmError::cancelled());
            }
            match retry.after(error) {
                Err(error) => break Err(error),
                Ok(wait) => {
                    listener.restart();
                    drop(place);
                    tokio::select! {
                        biased;
                        () = cancel.cancelled() => break Err(LlmError::cancelled()),
                        () = tokio::time::sleep(wait) => {}
                    }
                }
            }
        };
        call.attempts = retry.attempts;
        call.latency_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        call.cost_usd = price.map(|price| price.of_usage(call.usage));
        result
    }

    /// The profile of a name, or `default`.
    fn profile(&self, name: &str) -> Result<(&str, &Bounded), LlmError> {
        let found = self.profiles.get_key_value(name).or_else(|| self.profiles.get_key_value(DEFAULT_PROFILE));
        let found = found.map(|(name, bounded)| (name.as_str(), bounded));
        found.ok_or_else(|| {
            let message =
                format!("there is no model profile `{name}` and no `default`: add one under `models` in nlq.yaml");
            LlmError::new(LlmErrorKind::Configuration, message)
        })
    }
}
