use std::{collections::BTreeMap, time::Duration};

use nlq_text::{Diagnostic, Span, did_you_mean};

use crate::{
    Parsed, SecretRef,
    check::{change_to, check, is_name, shown, sorted},
    declared::models::PRICES,
    read::Reader,
    yaml::{self, Entry, Node},
};

/// The profile that stands for those that are not given.
pub const DEFAULT_PROFILE: &str = "default";

/// A model profile: a service, a model, and how it is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelConfig {
    /// Who runs the model.
    pub service: ModelService,
    /// The model's name at its service; empty only for the editor's, which then chooses.
    pub model: String,
    /// The key: always a reference, never a literal.
    pub api_key: Option<SecretRef>,
    /// Where the service is, when not at its usual address.
    pub base_url: Option<SecretRef>,
    /// The header that carries the key, when not the service's usual one.
    pub key_header: Option<String>,
    /// Azure's `api-version`.
    pub api_version: Option<String>,
    /// AWS settings.
    pub aws: AwsConfig,
    /// 0 to 2; the prompt's own when none.
    pub temperature: Option<f64>,
    /// Tokens of a reply at most; 4096.
    pub max_tokens: u32,
    /// Tokens that Ollama may be asked to read at once; 32768.
    pub context_tokens: u32,
    /// For a whole reply; 60 s.
    pub timeout: Duration,
    /// Between two pieces of a reply; 30 s.
    pub idle_timeout: Duration,
    /// Requests under way at once; 4.
    pub max_concurrent: usize,
    /// The profile to ask instead.
    pub fallback: Option<String>,
}

/// What Bedrock needs to sign requests; the environment and the credentials file stand in for what is missing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AwsConfig {
    /// The region.
    pub region: Option<SecretRef>,
    /// The access key's id.
    pub access_key_id: Option<SecretRef>,
    /// The access key.
    pub secret_access_key: Option<SecretRef>,
    /// The session token.
    pub session_token: Option<SecretRef>,
    /// The profile of the credentials file.
    pub profile: Option<String>,
}

/// Who runs a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelService {
    /// Anthropic's Messages API.
    Anthropic,
    /// OpenAI's chat completions, and whatever speaks them.
    Openai,
    /// Amazon Bedrock.
    Bedrock,
    /// Google's Gemini API.
    Gemini,
    /// Ollama.
    Ollama,
    /// The editor.
    Editor,
}

/// What models may take; no bound where none.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BudgetConfig {
    /// Tokens of one prompt.
    pub tokens_per_prompt: Option<u64>,
    /// US dollars of one prompt.
    pub usd_per_prompt: Option<f64>,
    /// Tokens of a day.
    pub tokens_per_day: Option<u64>,
    /// US dollars of a day.
    pub usd_per_day: Option<f64>,
    /// US dollars of the workspace in all.
    pub usd_per_workspace: Option<f64>,
}

/// What a model takes, in US dollars for a million tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelPrice {
    /// The beginning of the models' names.
    pub model: String,
    /// Tokens read.
    pub input: f64,
    /// Tokens written.
    pub output: f64,
    /// Tokens read from the service's cache.
    pub cache_read: f64,
    /// Tokens written to the service's cache.
    pub cache_write: f64,
}

/// A price list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PriceList {
    /// The day on which the prices were right.
    pub date: String,
    /// The prices.
    pub prices: Vec<ModelPrice>,
}

/// Reads a price list. Never fails: what is wrong is among the diagnostics.
pub fn parse_prices(text: &str) -> Parsed<PriceList> {
    let tree = yaml::parse(text);
    let reader = Reader::new(Some(&tree.root), &PRICES);
    let value = PriceList { date: reader.text("date").unwrap_or_default(), prices: read_prices(reader) };
    let mut diagnostics = tree.diagnostics;
    if !tree.broken {
        diagnostics.extend(check(&tree.root, &PRICES));
    }
    Parsed { value, diagnostics: sorted(diagnostics) }
}

/// The entries of `prices` that are complete.
pub(crate) fn read_prices(reader: Reader<'_>) -> Vec<ModelPrice> {
    let prices = reader.list("prices").into_iter().filter_map(|price| {
        let input = price.optional("input")?;
        Some(ModelPrice {
            model: price.text("model")?,
            input,
            output: price.optional("output")?,
            cache_read: price.optional("cache_read").unwrap_or(input),
            cache_write: price.optional("cache_write").unwrap_or(input),
        })
    });
    prices.collect()
}

impl ModelConfig {
    /// The profiles that can be used.
    pub(crate) fn read_all(reader: Reader<'_>) -> BTreeMap<String, Self> {
        let named = reader.named("models").into_iter().filter(|(name, ..)| is_name(name));
        named.filter_map(|(name, _, reader)| Some((name.to_owned(), Self::read(reader)?))).collect()
    }

    fn read(reader: Reader<'_>) -> Option<Self> {
        let service = match reader.text("service")?.as_str() {
            "anthropic" => ModelService::Anthropic,
            "openai" => ModelService::Openai,
            "bedrock" => ModelService::Bedrock,
            "gemini" => ModelService::Gemini,
            "ollama" => ModelService::Ollama,
            _ => ModelService::Editor,
        };
        let model = reader.text("model").unwrap_or_default();
        if model.is_empty() && service != ModelService::Editor {
            return None;
        }
        Some(Self {
            service,
            model,
            api_key: reader.reference("api_key"),
            base_url: reader.reference("base_url"),
            key_header: reader.text("key_header"),
            api_version: reader.text("api_version"),
            aws: AwsConfig {
                region: reader.reference("region"),
                access_key_id: reader.reference("access_key_id"),
                secret_access_key: reader.reference("secret_access_key"),
                session_token: reader.reference("session_token"),
                profile: reader.text("aws_profile"),
            },
            temperature: reader.optional("temperature"),
            max_tokens: reader.number("max_tokens"),
            context_tokens: reader.number("context_tokens"),
            timeout: Duration::from_secs(reader.number("timeout_seconds")),
            idle_timeout: Duration::from_secs(reader.number("idle_timeout_seconds")),
            max_concurrent: reader.number("max_concurrent"),
            fallback: reader.text("fallback"),
        })
    }
}

impl BudgetConfig {
    pub(crate) fn read(reader: Reader<'_>) -> Self {
        Self {
            tokens_per_prompt: reader.optional("tokens_per_prompt"),
            usd_per_prompt: reader.optional("usd_per_prompt"),
            tokens_per_day: reader.optional("tokens_per_day"),
            usd_per_day: reader.optional("usd_per_day"),
            usd_per_workspace: reader.optional("usd_per_workspace"),
        }
    }

    /// True when nothing is bound.
    pub fn is_unbounded(&self) -> bool {
        let Self { tokens_per_prompt, usd_per_prompt, tokens_per_day, usd_per_day, usd_per_workspace } = self;
        tokens_per_prompt.or(*tokens_per_day).is_none()
            && usd_per_prompt.or(*usd_per_day).or(*usd_per_workspace).is_none()
    }

    /// True when dollars are bound.
    pub fn bounds_dollars(&self) -> bool {
        self.usd_per_prompt.or(self.usd_per_day).or(self.usd_per_workspace).is_some()
    }
}

/// What no single key can tell: profiles that are named elsewhere, and what a service cannot do without.
pub(crate) fn check_models(root: &Node, diagnostics: &mut Vec<Diagnostic>) {
    let profiles = root.get("models").map_or(&[][..], Node::entries);
    for profile in profiles {
        let service = profile.node.get("service").and_then(Node::text).unwrap_or_default();
        let needs = |key: &str| profile.node.get(key).is_none_or(Node::is_blank);
        let missing = |message: String| Diagnostic::error(profile.key_span, "missing-key", message);
        if !matches!(service, "" | "editor") && needs("model") {
            diagnostics.push(missing("`model` is missing: it must be the model's name at its service".into()));
        }
        if matches!(service, "anthropic" | "openai" | "gemini") && needs("api_key") && needs("base_url") {
            let message = format!(
                "`api_key` is missing: write a reference such as `${{env:{}_API_KEY}}`",
                service.to_uppercase()
            );
            diagnostics.push(missing(message));
        }
        if let Some(entry) = profile.node.entry("fallback") {
            known_profile(entry, profiles, Some(&profile.key), diagnostics);
        }
    }
    for agent in root.get("agents").map_or(&[][..], Node::entries) {
        if let Some(entry) = agent.node.entry("model") {
            known_profile(entry, profiles, None, diagnostics);
        }
    }
}

fn known_profile(entry: &Entry, profiles: &[Entry], own: Option<&str>, diagnostics: &mut Vec<Diagnostic>) {
    let Some(name) = entry.node.text().filter(|name| is_name(name)) else { return };
    let others = || profiles.iter().map(|profile| profile.key.as_str()).filter(|&other| Some(other) != own);
    if others().any(|other| other == name) {
        return;
    }
    let place: Span = entry.place();
    let near = did_you_mean(name, others());
    let hint = match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "add it under `models`".into(),
    };
    let message = if Some(name) == own {
        "a profile cannot be its own fallback".to_owned()
    } else {
        format!("there is no model profile {}: {hint}", shown(name))
    };
    let found = Diagnostic::error(place, "unknown-model", message);
    diagnostics.push(near.into_iter().fold(found, |found, near| found.with_fix(change_to(place, near))));
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::{TraceLevel, UseModel, parse_config};

    fn check(text: &str, expected: Expect) {
        let text = format!("providers: {{}}\n{text}");
        let shown = parse_config(&text).diagnostics.into_iter().map(|found| {
            let fix = found.fixes.first().map(|fix| format!(" -> {}", fix.edits[0].text)).unwrap_or_default();
            format!("{:?} [{}] {}{fix}\n", found.span.of(&text), found.code, found.message)
        });
        expected.assert_eq(&shown.collect::<String>());
    }

    const WHOLE: &str = r"
models:
  default: { service: anthropic, model: claude-sonnet-5-5, api_key: '${env:ANTHROPIC_API_KEY}', fallback: local, temperature: 0.1 }
  high_accuracy:
    service: bedrock
    model: eu.anthropic.claude-opus-5-5-v1:0
    region: eu-central-1
    access_key_id: ${env:AWS_ID}
    secret_access_key: ${keyring:aws/key}
    max_tokens: 8192
    timeout_seconds: 120
  azure: { service: openai, model: gpt-5, base_url: '${env:AZURE}', api_key: '${file:key}', key_header: api-key, api_version: 2024-10-21 }
  local: { service: ollama, model: 'qwen3:8b', context_tokens: 16384 }
  copilot: { service: editor }
budget: { tokens_per_prompt: 100000, usd_per_day: 2.5 }
prices:
  - { model: our-model, input: 1, output: 2.5 }
agents:
  query_builder: { model: high_accuracy, temperature: 0, max_examples: 8, candidates: 1 }
  rag_retrieval: { min_similarity: 0.5 }
  orchestrator: { model: local }
orchestrator: { use_model: always, trace_level: full }
";

    #[test]
    fn profiles_budgets_prices_and_agents_are_read() {
        check(WHOLE, expect![[r#""#]]);
        let config = parse_config(WHOLE).value;
        let default = &config.models["default"];
        assert_eq!((default.service, default.model.as_str()), (ModelService::Anthropic, "claude-sonnet-5-5"));
        assert_eq!(default.api_key, Some(SecretRef::Env("ANTHROPIC_API_KEY".into())));
        assert_eq!((default.temperature, default.max_tokens, default.max_concurrent), (Some(0.1), 4096, 4));
        assert_eq!((default.timeout, default.idle_timeout), (Duration::from_mins(1), Duration::from_secs(30)));
        let bedrock = &config.models["high_accuracy"];
        assert_eq!((bedrock.max_tokens, bedrock.timeout), (8192, Duration::from_mins(2)));
        assert_eq!(bedrock.aws.region, Some(SecretRef::Literal("eu-central-1".into())));
        assert_eq!(config.models["azure"].api_version.as_deref(), Some("2024-10-21"));
        assert_eq!(config.models["local"].context_tokens, 16384);
        assert_eq!(config.models["copilot"].model, "");
        assert_eq!((config.budget.tokens_per_prompt, config.budget.usd_per_day), (Some(100_000), Some(2.5)));
        assert!(config.budget.bounds_dollars() && BudgetConfig::default().is_unbounded());
        assert_eq!((config.prices[0].input, config.prices[0].cache_read), (1.0, 1.0));
        let agents = config.agent_models.iter().map(|(name, model)| (name.as_str(), model.profile.as_deref()));
        assert_eq!(
            agents.collect::<Vec<_>>(),
            [("orchestrator", Some("local")), ("query_builder", Some("high_accuracy"))]
        );
        let agents = config.agents;
        assert_eq!((agents.max_examples, agents.candidates, agents.min_similarity), (8, 1, 0.5));
        let orchestrator = config.orchestrator;
        assert_eq!((orchestrator.use_model, orchestrator.trace_level), (UseModel::Always, TraceLevel::Full));
    }

    #[test]
    fn what_is_missing_or_written_out_is_shown() {
        check(
            "models: { default: { service: anthropic, model: m, api_key: sk-ant-123 } }",
            expect![[r#"
            "sk-ant-123" [literal-password] a password or key must not be written here: write a reference such as `${env:NAME}`, and change it if this file was shared -> "${env:ANTHROPIC_API_KEY}"
        "#]],
        );
        check(
            "models: { default: { service: anthropic, model: m, token: sk-ant-123 } }",
            expect![[r#"
            "default" [missing-key] `api_key` is missing: write a reference such as `${env:ANTHROPIC_API_KEY}`
            "token" [unknown-key] `token` is not a key here: did you mean `api_key`? -> api_key
            "sk-ant-123" [literal-password] a password or key must not be written here: write a reference such as `${env:NAME}`, and change it if this file was shared -> "${env:ANTHROPIC_API_KEY}"
        "#]],
        );
        check(
            "models: { default: { service: openai } }",
            expect![[r#"
            "default" [missing-key] `model` is missing: it must be the model's name at its service
            "default" [missing-key] `api_key` is missing: write a reference such as `${env:OPENAI_API_KEY}`
        "#]],
        );
        check(
            "models: { default: { service: openai, model: m, base_url: 'http://localhost:8000/v1' } }",
            expect![[r#""#]],
        );
        check(
            "models: { default: { service: claude, modle: x } }",
            expect![[r#"
            "default" [missing-key] `model` is missing: it must be the model's name at its service
            "claude" [unknown-word] `service` must be `anthropic`, `openai`, `bedrock`, `gemini`, `ollama` or `editor`
            "modle" [unknown-key] `modle` is not a key here: did you mean `model`? -> model
        "#]],
        );
        check(
            "models: { a: { service: editor, fallback: a }, b: { service: editor, fallback: defualt }, default: { service: editor } }",
            expect![[r#"
                "a" [unknown-model] a profile cannot be its own fallback
                "defualt" [unknown-model] there is no model profile `defualt`: did you mean `default`? -> default
            "#]],
        );
        check(
            "models: { fast: { service: editor } }\nagents: { validator: { model: fats } }",
            expect![[r#"
            "fats" [unknown-model] there is no model profile `fats`: did you mean `fast`? -> fast
        "#]],
        );
    }

    #[test]
    fn a_price_list_is_read_as_far_as_it_is_whole() {
        let parsed = parse_prices("date: d\nprices: [{model: a, input: 1, output: 2}, {model: b, input: 1}]");
        assert_eq!((parsed.value.prices.len(), parsed.diagnostics[0].code), (1, "missing-key"));
    }
}
