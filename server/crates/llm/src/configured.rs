use std::{path::Path, sync::Arc};

use nlq_config::{Config, ModelConfig, ModelService, SecretRef, Trusted, UseModel};
use reqwest::Client;

use crate::{
    Anthropic, Bedrock, Budget, Credentials, Deadlines, EditorModel, EditorTransport, Gemini, LanguageModel, Ledger,
    LlmError, Models, Ollama, OpenAi, Prices, Profile, Remote, Secret, Wire, http_client,
};

/// The models of a workspace's `nlq.yaml`. Nothing is resolved or reached before the first question; the proof of trust is
/// kept for then. `root` is the workspace's folder; `editor` asks the editor's models, where there is an editor. There are
/// no models at all with `use_model: never`.
pub fn configured(
    config: &Config,
    root: &Path,
    trusted: &Trusted,
    ledger: Arc<dyn Ledger>,
    editor: Option<Arc<dyn EditorTransport>>,
) -> Result<Models, LlmError> {
    if config.orchestrator.use_model == UseModel::Never {
        return Ok(Models::default());
    }
    let make = Make { client: http_client()?, root, trusted, editor };
    let profiles = config.models.iter().map(|(name, model)| (name.clone(), make.profile(name, model)));
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
    fn profile(&self, name: &str, config: &ModelConfig) -> Profile {
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
                Arc::new(EditorModel::new(self.editor.clone(), name, &config.model, config.timeout))
            }
        };
        Profile {
            model,
            temperature: config.temperature,
            max_tokens: config.max_tokens,
            max_concurrent: config.max_concurrent,
            fallback: config.fallback.clone(),
        }
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

#[cfg(test)]
mod tests {
    use nlq_config::{TrustStore, parse_config};
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{
        InMemoryLedger, Meter, Rendered,
        wire_double::{Double, question, reply},
    };

    #[tokio::test]
    async fn a_profile_is_asked_as_it_is_written_and_keys_are_resolved_at_its_first_question() {
        let double = Double::start(vec![reply("401 Unauthorized", "", r#"{"error":{"message":"no"}}"#)]).await;
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "providers: {{}}\nmodels:\n  default:\n    service: openai\n    model: m\n    base_url: {}\n    api_key: ${{file:key}}\n  \
             editors: {{ service: editor, fallback: default }}\nagents: {{ validator: {{ model: editors }} }}\n",
            double.url
        );
        let trusted = TrustStore::in_folder(folder.path()).accept(&folder.path().join("nlq.yaml"), &text).unwrap();
        let parsed = parse_config(&text);
        assert_eq!(parsed.diagnostics, []);
        let ledger = Arc::new(InMemoryLedger::default());
        let models = configured(&parsed.value, folder.path(), &trusted, ledger, None).unwrap();
        let prompt = Rendered { chat: question(), ..Rendered::default() };
        let (meter, cancel) = (Meter::default(), CancellationToken::new());
        let missing = models.ask("query_builder", &prompt, &meter, &|_| {}, cancel.clone()).await.unwrap_err();
        assert!(missing.message.starts_with("cannot resolve ${file:key}"), "{missing}");
        std::fs::write(folder.path().join("key"), "secret\n").unwrap();
        models.ask("validator", &prompt, &meter, &|_| {}, cancel).await.unwrap_err();
        assert!(double.asked()[0].head.contains("authorization: Bearer secret\r\n"));
        let models: Vec<String> = meter.calls().into_iter().map(|call| call.model).collect();
        assert_eq!(models, ["openai/m", "editor/any", "openai/m"]);
    }
}
