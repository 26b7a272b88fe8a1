use std::sync::LazyLock;

use nlq_config::{ModelPrice, PriceList, parse_prices};

use crate::Usage;

/// nlq's own list.
static LIST: LazyLock<PriceList> = LazyLock::new(|| parse_prices(include_str!("../data/prices.yaml")).value);

/// What clouds and gateways write before a model's name; regions of Bedrock's inference profiles, and makers.
const PREFIXES: [&str; 18] = [
    "us.",
    "us-gov.",
    "eu.",
    "apac.",
    "jp.",
    "au.",
    "ca.",
    "global.",
    "anthropic.",
    "amazon.",
    "meta.",
    "mistral.",
    "openai.",
    "cohere.",
    "deepseek.",
    "google.",
    "qwen.",
    "vertex_ai.",
];

/// US dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Price {
    /// Read.
    pub input: f64,
    /// Written.
    pub output: f64,
    /// Read from the service's cache.
    pub cache_read: f64,
    /// Written to the service's cache.
    pub cache_write: f64,
}

/// What models take: nlq's own list, below the workspace's.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prices {
    own: Vec<ModelPrice>,
}

impl Prices {
    /// With a workspace's prices.
    pub fn new(own: Vec<ModelPrice>) -> Self {
        Self { own }
    }

    /// The day on which nlq's own prices were right.
    pub fn date() -> &'static str {
        &LIST.date
    }

    /// The price of a model such as `bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0`; none when it is not known.
    /// What runs on this machine or in the editor takes nothing.
    pub fn price(&self, model: &str) -> Option<Price> {
        let name = plain(model);
        let longest = |list: &[ModelPrice], fits: &dyn Fn(&str) -> bool| {
            list.iter().filter(|price| fits(&price.model)).max_by_key(|price| price.model.len()).map(Price::of)
        };
        let own = |start: &str| model.starts_with(start) || name.starts_with(start);
        let free = || (model.starts_with("ollama/") || model.starts_with("editor/")).then(Price::default);
        let listed = |start: &str| name.strip_prefix(start).is_some_and(is_version);
        longest(&self.own, &own).or_else(free).or_else(|| longest(&LIST.prices, &listed))
    }
}

impl Price {
    fn of(price: &ModelPrice) -> Self {
        let &ModelPrice { input, output, cache_read, cache_write, .. } = price;
        Self { input, output, cache_read, cache_write }
    }

    /// US dollars of a call.
    pub fn of_usage(self, usage: Usage) -> f64 {
        let cost = self.input * usage.input as f64
            + self.output * usage.output as f64
            + self.cache_read * usage.cache_read as f64
            + self.cache_write * usage.cache_write as f64;
        cost / 1e6
    }
}

/// What may follow a model's name without making it another model's: a date, `-latest`, `-preview`, `-v1:0`. `gpt-5` must
/// not price `gpt-5-pro`.
fn is_version(rest: &str) -> bool {
    let Some(version) = rest.strip_prefix(['-', '@', ':']) else { return rest.is_empty() };
    let digits = version.bytes().take_while(u8::is_ascii_digit).count();
    let numbered = version.strip_prefix('v').is_some_and(|rest| rest.starts_with(|ch: char| ch.is_ascii_digit()));
    digits >= 3 || numbered || ["latest", "preview", "exp"].iter().any(|word| version.starts_with(word))
}

/// The model's name alone: without the service, the gateway's path, the region and the maker.
fn plain(model: &str) -> &str {
    let mut name = model.rsplit('/').next().unwrap_or(model);
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| name.strip_prefix(prefix)) {
        name = rest;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole_and_names_are_found_wherever_they_run() {
        let parsed = parse_prices(include_str!("../data/prices.yaml"));
        assert_eq!(parsed.diagnostics, []);
        let prices = Prices::default();
        let input = |model: &str| prices.price(model).map(|price| price.input);
        let direct = input("anthropic/claude-sonnet-4-5-20250929");
        assert!(direct.is_some());
        assert_eq!(input("bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0"), direct);
        let others = ["openai/gpt-5-pro", "openai/gpt-5.9", "anthropic/claude-sonnet-4-9"].map(input);
        assert_eq!(others, [None; 3]);
        assert_eq!((input("openai/gpt-5-2025-08-07"), input("gemini/gemini-3.1-pro-preview")), (Some(1.25), Some(2.0)));
        assert_eq!(input("openai/bedrock/eu.anthropic.claude-sonnet-4-5"), direct);
        assert_eq!(
            (input("ollama/claude-sonnet-4"), input("editor/any"), input("openai/no-such")),
            (Some(0.0), Some(0.0), None)
        );
    }

    #[test]
    fn the_workspace_stands_above_the_list_and_the_longest_beginning_counts() {
        let own = "date: x\nprices: [{model: m, input: 1, output: 2}, {model: m-large, input: 3, output: 4, cache_read: 0.5}]";
        let prices = Prices::new(parse_prices(own).value.prices);
        let usage = Usage { input: 1_000_000, output: 500_000, cache_read: 2_000_000, cache_write: 0 };
        let cost = |model: &str| prices.price(model).map(|price| price.of_usage(usage));
        assert_eq!((cost("openai/m-large-2"), cost("ollama/m")), (Some(3.0 + 2.0 + 1.0), Some(1.0 + 1.0 + 2.0)));
    }
}
