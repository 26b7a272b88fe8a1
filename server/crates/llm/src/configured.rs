use std::{path::Path, sync::Arc};

use nlq_config::{Config, ModelConfig, ModelService, SecretRef, Trusted};
use reqwest::Client;

use crate::{
    Anthropic, Bedrock, Budget, Credentials, Deadlines, EditorModel, EditorTransport, Gemini, LanguageModel, Ledger,
    LlmError, Models, Ollama, OpenAi, Prices, Profile, Remote, Secret, Wire, http_client,
};

/// The models of a workspace's `nlq.yaml`. Nothing is resolved or reached before the first question; the proof of trust is
/// kept for then. `root` is the workspace's folder; without an `editor` its models are passed over.
pub fn configured(
    config: &Config,
    root: &Path,
    trusted: &Trusted,
    ledger: Arc<dyn Ledger>,
    editor: Option<Arc<dyn EditorTransport>>,
) -> Result<Models, LlmError> {
    let make = Make { client: http_client()?, root, trusted, editor };
    let profiles = config.models.iter().filter_map(|(name, model)| Some((name.clone(), make.profile(name, model)?)));
    Ok(Models::new(profiles.collect())
        .with_agents(config.agent_models.clone())
        .with_prices(Prices::new(config.prices.clone()))
        .with_budget(Budget(config.budget), ledger))
}

struct Make<'a> {
    client: Client,
    root: &'a Path,
    trusted: &'a Trusted,
    editor: Option<Arc<dyn EditorTransport>>,
}

impl Make<'_> {
    fn profile(&self, name: &str, config: &ModelConfig) -> Option<Profile> {
        let model = match config.service {
            ModelService::Anthropic => self.remote(Anthropic, config),
            ModelService::Openai => {
                let (key_header, api_version) = (config.key_header.clone(), config.api_version.clone());
                self.remote(OpenAi { key_header, api_version }, config)
            }
            ModelService::Bedrock => self.remote(Bedrock { credentials: self.credentials(config) }, config),
            ModelService::Gemini => self.remote(Gemini, config),
            ModelService::Ollama => self.remote(Ollama { context_tokens: config.context_tokens }, config),
            ModelService::Editor => {
                Arc::new(EditorModel::new(self.editor.clone()?, name, &config.model, config.timeout))
            }
        };
        Some(Profile {
            model,
            temperature: config.temperature,
            max_tokens: config.max_tokens,
            max_concurrent: config.max_concurrent,
            fallback: config.fallback.clone(),
        })
    }

    fn remote<W: Wire + 'static>(&self, wire: W, config: &ModelConfig) -> Arc<dyn LanguageModel> {
        let deadlines = Deadlines { total: config.timeout, idle: config.idle_timeout };
        let remote = Remote::new(self.client.clone(), wire, &config.model).deadlines(deadlines);
        Arc::new(remote.key(self.secret(config.api_key.as_ref())).base_url(self.secret(config.base_url.as_ref())))
    }

    fn credentials(&self, config: &ModelConfig) -> Credentials {
        let aws = &config.aws;
        Credentials {
            region: self.secret(aws.region.as_ref()),
            access_key_id: self.secret(aws.access_key_id.as_ref()),
            secret_access_key: self.secret(aws.secret_access_key.as_ref()),
            session_token: self.secret(aws.session_token.as_ref()),
            profile: aws.profile.clone(),
        }
    }

    fn secret(&self, reference: Option<&SecretRef>) -> Option<Secret> {
        let (reference, root, trusted) = (reference?.clone(), self.root.to_owned(), self.trusted.clone());
        Some(Secret::lazy(move || reference.resolve(&root, &trusted).map_err(|error| error.to_string())))
    }
}
