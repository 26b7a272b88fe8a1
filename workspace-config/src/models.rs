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
