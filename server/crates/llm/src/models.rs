use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use tokio_util::sync::CancellationToken;

use crate::{LanguageModel, LlmError, LlmErrorKind, ModelCall, OnDelta, Rendered, Reply};

/// The models of a workspace, by profile.
#[derive(Debug, Default)]
pub struct Models {
    profiles: BTreeMap<String, Profile>,
}

/// A named way to use a model (seeds/000, section 8.2).
#[derive(Debug)]
pub struct Profile {
    /// The model.
    pub model: Arc<dyn LanguageModel>,
    /// 0 to 1; a prompt's own wins.
    pub temperature: Option<f64>,
    /// Tokens of a reply at most.
    pub max_tokens: u32,
}

/// What one prompt of a user has taken so far: every call is noted here, failed ones too.
#[derive(Debug, Default)]
pub struct Meter {
    calls: Mutex<Vec<ModelCall>>,
}

impl Meter {
    /// The calls so far.
    pub fn calls(&self) -> Vec<ModelCall> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, call: ModelCall) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }
}

impl Models {
    /// The models of these profiles.
    pub fn new(profiles: BTreeMap<String, Profile>) -> Self {
        Self { profiles }
    }

    /// True when no model is configured.
    pub fn is_empty(&self) -> bool {
        self.profiles.is_empty()
    }

    /// Asks the model of the prompt's profile, for an agent. The call is noted in `meter`, also when it fails.
    pub async fn ask(
        &self,
        agent: &str,
        prompt: &Rendered,
        meter: &Meter,
        on_delta: OnDelta<'_>,
        cancel: CancellationToken,
    ) -> Result<Reply, LlmError> {
        let Some(profile) = self.profiles.get(&prompt.profile) else {
            let message = format!("there is no model profile `{}`: add it under `models` in nlq.yaml", prompt.profile);
            return Err(LlmError::new(LlmErrorKind::Configuration, message));
        };
        let mut chat = prompt.chat.clone();
        chat.temperature = chat.temperature.or(profile.temperature);
        chat.max_tokens = profile.max_tokens;
        let begun = Instant::now();
        let reply = profile.model.chat(&chat, on_delta, cancel).await;
        meter.note(ModelCall {
            agent: agent.to_owned(),
            profile: prompt.profile.clone(),
            model: profile.model.id(),
            prompt: prompt.name.clone(),
            prompt_version: prompt.version.clone(),
            usage: reply.as_ref().map(|reply| reply.usage).unwrap_or_default(),
            cost_usd: None,
            latency_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            attempts: 1,
            error: reply.as_ref().err().map(ToString::to_string),
        });
        reply
    }
}
