use std::{collections::BTreeMap, time::Duration};

use nlq_text::{Diagnostic, Span, did_you_mean, did_you_mean_all};

use crate::{
    BudgetConfig, ModelConfig, ModelPrice, ObservabilitySettings,
    check::{by_system, change_to, check, is_name, shown, sorted},
    declared::config::{AGENTS, CONFIG, ORCHESTRATOR},
    models::{check_models, read_prices},
    observability::check_observability,
    read::Reader,
    systems::{ConnectionKind, SYSTEMS},
    yaml::{self, Node},
};

/// What was understood of a file, and what is wrong with the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed<T> {
    /// What was understood; defaults stand where something was wrong.
    pub value: T,
    /// What is wrong, with exact ranges.
    pub diagnostics: Vec<Diagnostic>,
}

/// `nlq.yaml`. Its `Default` carries the declared defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The workspace's name.
    pub workspace: String,
    /// The word that begins a prompt; `nlq`.
    pub trigger: String,
    /// Providers by name.
    pub providers: BTreeMap<String, ProviderConfig>,
    /// The connection of prompts that name none; defaults to the only connection there is.
    pub default_connection: Option<ConnectionRef>,
    /// Where `default_connection` is written.
    pub default_connection_span: Option<Span>,
    /// Connections that are named but cannot be used: what is wrong with them is among the diagnostics.
    pub incomplete: Vec<ConnectionRef>,
    /// Model profiles by name.
    pub models: BTreeMap<String, ModelConfig>,
    /// What models may take.
    pub budget: BudgetConfig,
    /// Prices of models, above nlq's own.
    pub prices: Vec<ModelPrice>,
    /// When to stop, ask and retry.
    pub orchestrator: OrchestratorSettings,
    /// The agents' settings.
    pub agents: AgentSettings,
    /// What agents ask their models with, by agent; only those that say something.
    pub agent_models: BTreeMap<String, AgentModel>,
    /// Globs, relative to the workspace, of annotation files; `**/*.annotations.yaml`.
    pub annotations: Vec<String>,
    /// What is kept of questions and answers.
    pub observability: ObservabilitySettings,
    /// First month of the fiscal year, 1 to 12; 1.
    pub fiscal_year_start: u8,
}

/// One system with its connections.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderConfig {
    /// Range of its name.
    pub span: Span,
    /// What people should know of it.
    pub description: Option<String>,
    /// The connection that the provider's name alone stands for.
    pub default_connection: Option<String>,
    /// Connections by name: dev, staging, prod.
    pub connections: BTreeMap<String, ConnectionConfig>,
}

/// One connection.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionConfig {
    /// Range of its name.
    pub span: Span,
    /// How to reach it.
    pub kind: ConnectionKind,
    /// Sampled values may be kept in the snapshot file; true.
    pub sample_values: bool,
}

/// `provider/connection`, or a connection's name alone where it is unique.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionRef {
    /// The provider.
    pub provider: String,
    /// The connection.
    pub connection: String,
}

impl std::fmt::Display for ConnectionRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.provider, self.connection)
    }
}

/// When to stop, ask and retry (seeds: configuration reference).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OrchestratorSettings {
    /// Repairs at most; 5.
    pub max_iterations: u32,
    /// Done at this confidence once validation passed; 0.85.
    pub confidence_threshold: f64,
    /// Ask below this; 0.6.
    pub clarification_threshold: f64,
    /// When a model is asked; when unsure.
    pub use_model: UseModel,
    /// How much of the reasoning is kept with a turn; full.
    pub trace_level: TraceLevel,
}

/// When a model is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UseModel {
    /// When the embedded engine is not sure.
    #[default]
    WhenUnsure,
    /// For every question.
    Always,
    /// Not at all.
    Never,
}

/// How much of the reasoning is kept with a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TraceLevel {
    /// The answer, and what it took.
    None,
    /// Stages and what they came to, without steps and evidence.
    Summary,
    /// Every step with its evidence.
    #[default]
    Full,
}

impl Default for OrchestratorSettings {
    fn default() -> Self {
        Self::read(Reader::new(None, &ORCHESTRATOR))
    }
}

impl OrchestratorSettings {
    fn read(reader: Reader<'_>) -> Self {
        Self {
            max_iterations: reader.number("max_iterations"),
            confidence_threshold: reader.number("confidence_threshold"),
            clarification_threshold: reader.number("clarification_threshold"),
            use_model: match reader.text("use_model").as_deref() {
                Some("always") => UseModel::Always,
                Some("never") => UseModel::Never,
                _ => UseModel::WhenUnsure,
            },
            trace_level: match reader.text("trace_level").as_deref() {
                Some("none") => TraceLevel::None,
                Some("summary") => TraceLevel::Summary,
                _ => TraceLevel::Full,
            },
        }
    }
}

/// The agents' settings (seeds: configuration reference).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AgentSettings {
    /// A snapshot older than this is refreshed on the next connection; 3600 s.
    pub schema_ttl: Duration,
    /// Tables considered for one question at most; 20.
    pub max_tables_in_context: usize,
    /// Statement timeout; 30 s.
    pub execution_timeout: Duration,
    /// Rows fetched at most; 100.
    pub max_result_rows: usize,
    /// Bytes fetched at most; 16 MiB.
    pub max_result_bytes: usize,
    /// Readings of a question that are run to compare what they find; 6.
    pub compared_readings: usize,
    /// What these runs of one question may take in all; 2 s.
    pub comparison_timeout: Duration,
    /// Examples shown to a model at most; 5.
    pub max_examples: usize,
    /// Queries that a model writes for a hard question; 3.
    pub candidates: usize,
    /// An example less like the question than this is not shown; 0.7.
    pub min_similarity: f64,
}

/// What an agent asks its model with.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AgentModel {
    /// The profile; the prompt's own when none.
    pub profile: Option<String>,
    /// Stands above the prompt's and the profile's.
    pub temperature: Option<f64>,
}

impl Default for AgentSettings {
    fn default() -> Self {
        Self::read(Reader::new(None, &AGENTS))
    }
}

impl AgentSettings {
    fn read(reader: Reader<'_>) -> Self {
        let (schema_expert, validator) = (reader.object("schema_expert"), reader.object("validator"));
        let (query_builder, rag_retrieval) = (reader.object("query_builder"), reader.object("rag_retrieval"));
        Self {
            schema_ttl: Duration::from_secs(schema_expert.number("cache_ttl_seconds")),
            max_tables_in_context: schema_expert.number("max_tables_in_context"),
            execution_timeout: Duration::from_secs(validator.number("execution_timeout_seconds")),
            max_result_rows: validator.number("max_result_rows"),
            max_result_bytes: validator.number("max_result_bytes"),
            compared_readings: validator.number("compared_readings"),
            comparison_timeout: Duration::from_secs(validator.number("comparison_timeout_seconds")),
            max_examples: query_builder.number("max_examples"),
            candidates: query_builder.number("candidates"),
            min_similarity: rag_retrieval.number("min_similarity"),
        }
    }
}

impl AgentModel {
    fn read_all(agents: Reader<'_>) -> BTreeMap<String, Self> {
        let all = AGENTS.keys.iter().map(|agent| {
            let reader = agents.object(agent.name);
            (agent.name.to_owned(), Self { profile: reader.text("model"), temperature: reader.optional("temperature") })
        });
        all.filter(|(_, model)| *model != Self::default()).collect()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::read(None)
    }
}

/// Reads `nlq.yaml`. Never fails: broken YAML gives what stands before the mistake, defaults for the rest, and one
/// diagnostic.
pub fn parse_config(text: &str) -> Parsed<Config> {
    let tree = yaml::parse(text);
    let value = Config::read(Some(&tree.root));
    let mut diagnostics = tree.diagnostics;
    if !tree.broken {
        diagnostics.extend(check(&tree.root, &CONFIG));
        check_names(&tree.root, &value, &mut diagnostics);
        check_models(&tree.root, &mut diagnostics);
        check_observability(&tree.root, &mut diagnostics);
    }
    Parsed { value, diagnostics: sorted(diagnostics) }
}

impl Config {
    fn read(root: Option<&Node>) -> Self {
        let reader = Reader::new(root, &CONFIG);
        let mut incomplete = Vec::new();
        let providers = reader.named("providers").into_iter().filter(|(name, ..)| is_name(name));
        let providers = providers
            .map(|(name, span, reader)| (name.to_owned(), ProviderConfig::read(name, span, reader, &mut incomplete)))
            .collect();
        let mut config = Self {
            workspace: reader.text("workspace").unwrap_or_default(),
            trigger: reader.text("trigger").unwrap_or_default(),
            providers,
            default_connection: None,
            default_connection_span: reader.entry("default_connection").map(|entry| entry.place()),
            incomplete,
            models: ModelConfig::read_all(reader),
            budget: BudgetConfig::read(reader.object("budget")),
            prices: read_prices(reader),
            orchestrator: OrchestratorSettings::read(reader.object("orchestrator")),
            agents: AgentSettings::read(reader.object("agents")),
            agent_models: AgentModel::read_all(reader.object("agents")),
            annotations: reader.texts("annotations"),
            observability: ObservabilitySettings::read(reader.object("observability")),
            fiscal_year_start: reader.object("engine").number("fiscal_year_start"),
        };
        let named = reader.text("default_connection");
        config.default_connection = match named {
            Some(name) => config.find_connection(Some(&name)).ok().map(|(reference, _)| reference),
            None => {
                let mut all = config.connections().map(|(reference, _)| reference);
                all.next().filter(|_| all.next().is_none())
            }
        };
        config
    }

    /// All connections, sorted.
    pub fn connections(&self) -> impl Iterator<Item = (ConnectionRef, &ConnectionConfig)> {
        self.providers.iter().flat_map(|(provider, config)| {
            config.connections.iter().map(move |(connection, config)| {
                (ConnectionRef { provider: provider.clone(), connection: connection.clone() }, config)
            })
        })
    }

    /// Finds a connection by `provider/connection`, by provider alone when it has one connection or a default, or by
    /// connection alone when the name is unique. The error is one sentence with the nearest names.
    pub fn find_connection(&self, name: Option<&str>) -> Result<(ConnectionRef, &ConnectionConfig), String> {
        let Some(name) = name.map(str::trim) else {
            let default = self.default_connection.as_ref().and_then(|reference| self.connection(reference));
            return default.ok_or_else(|| match self.listed() {
                None => "nlq.yaml has no connection: add one under `providers`".into(),
                Some(all) => format!("no connection is the default: set `default_connection` in nlq.yaml to {all}"),
            });
        };
        if let Some((provider, connection)) = name.split_once('/') {
            let reference = ConnectionRef { provider: provider.into(), connection: connection.into() };
            return self.connection(&reference).ok_or_else(|| self.not_found(name));
        }
        let reference = |provider: &str, connection: &str| ConnectionRef {
            provider: provider.into(),
            connection: connection.into(),
        };
        let found: Vec<ConnectionRef> = match self.providers.get(name) {
            Some(provider) => match &provider.default_connection {
                Some(connection) => vec![reference(name, connection)],
                None => provider.connections.keys().map(|connection| reference(name, connection)).collect(),
            },
            None => self.connections().map(|(reference, _)| reference).filter(|r| r.connection == name).collect(),
        };
        match found.as_slice() {
            [] => Err(self.not_found(name)),
            [only] => self.connection(only).ok_or_else(|| self.not_found(&only.to_string())),
            several => Err(format!("{} stands for several connections: say {}", shown(name), one_of(several))),
        }
    }

    fn connection(&self, reference: &ConnectionRef) -> Option<(ConnectionRef, &ConnectionConfig)> {
        let connection = self.providers.get(&reference.provider)?.connections.get(&reference.connection)?;
        Some((reference.clone(), connection))
    }

    /// Every connection that is named, usable or not.
    fn names(&self) -> Vec<ConnectionRef> {
        let mut names = self.incomplete.clone();
        names.extend(self.connections().map(|(reference, _)| reference));
        names.sort();
        names
    }

    fn listed(&self) -> Option<String> {
        let all = self.names();
        (!all.is_empty()).then(|| one_of(&all))
    }

    fn not_found(&self, name: &str) -> String {
        if self.incomplete.iter().any(|reference| reference.to_string() == name || reference.connection == name) {
            return format!("the connection {} is not complete: mend what is marked in nlq.yaml", shown(name));
        }
        let hint = match (self.near(name), self.listed()) {
            (near, _) if !near.is_empty() => format!("did you mean {}?", one_of(&near)),
            (_, Some(all)) => format!("there is {all}"),
            _ => "nlq.yaml has none: add one under `providers`".into(),
        };
        format!("there is no connection {}: {hint}", shown(name))
    }

    /// The connections most like a name, nearest first: like the whole `provider/connection`, or like either part.
    fn near(&self, name: &str) -> Vec<ConnectionRef> {
        let all: Vec<(String, ConnectionRef)> = self.names().into_iter().map(|name| (name.to_string(), name)).collect();
        let mut near: Vec<&str> = did_you_mean_all(name, all.iter().map(|(whole, _)| whole.as_str()));
        let (provider, connection) = name.split_once('/').unwrap_or((name, name));
        let parts = all.iter().filter(|(_, reference)| {
            did_you_mean(provider, [reference.provider.as_str()]).is_some()
                || did_you_mean(connection, [reference.connection.as_str()]).is_some()
        });
        near.extend(parts.map(|(whole, _)| whole.as_str()));
        let mut found: Vec<ConnectionRef> = Vec::new();
        for whole in near {
            found.extend(all.iter().find(|(other, _)| other == whole).map(|(_, reference)| reference.clone()));
        }
        let mut seen = std::collections::BTreeSet::new();
        found.retain(|reference| seen.insert(reference.clone()));
        found.truncate(3);
        found
    }
}

/// At most five names, as the end of a sentence.
fn one_of(references: &[ConnectionRef]) -> String {
    let names: Vec<String> = references.iter().take(5).map(|reference| format!("`{reference}`")).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => names.join(""),
    }
}

impl ProviderConfig {
    fn read(name: &str, span: Span, reader: Reader<'_>, incomplete: &mut Vec<ConnectionRef>) -> Self {
        let system = reader.node().and_then(|node| by_system(&SYSTEMS, node));
        let mut connections = BTreeMap::new();
        let named = reader.entry("connections").map_or(&[][..], |entry| entry.node.entries());
        for entry in named.iter().filter(|entry| is_name(&entry.key)) {
            let connection = system.map(|object| Reader::new(Some(&entry.node), object));
            match connection.and_then(|reader| ConnectionConfig::read(entry.key_span, reader)) {
                Some(connection) => {
                    connections.insert(entry.key.clone(), connection);
                }
                None => incomplete.push(ConnectionRef { provider: name.into(), connection: entry.key.clone() }),
            }
        }
        let default_connection = reader.text("default_connection").filter(|name| connections.contains_key(name));
        Self { span, description: reader.text("description"), default_connection, connections }
    }
}

impl ConnectionConfig {
    /// None when something without which it cannot be used is missing or wrong.
    fn read(span: Span, reader: Reader<'_>) -> Option<Self> {
        let kind = ConnectionKind::read(reader)?;
        Some(Self { span, kind, sample_values: reader.bool("sample_values") })
    }
}

/// What no single key can tell: connections that are named elsewhere, thresholds that cross.
fn check_names(root: &Node, config: &Config, diagnostics: &mut Vec<Diagnostic>) {
    let unknown = |name: &str, span: Span, message: String, near: Option<String>| {
        let found = Diagnostic::error(span, "unknown-connection", message);
        near.filter(|near| near != name).into_iter().fold(found, |found, near| found.with_fix(change_to(span, &near)))
    };
    let reader = Reader::new(Some(root), &CONFIG);
    if let Some((name, entry)) = reader.text("default_connection").zip(reader.entry("default_connection"))
        && !config.incomplete.iter().any(|reference| reference.to_string() == name || reference.connection == name)
        && let Err(message) = config.find_connection(Some(&name))
        && root.get("providers").is_some_and(|providers| !providers.entries().is_empty())
    {
        let near = config.near(&name).first().map(ToString::to_string);
        diagnostics.push(unknown(&name, entry.place(), message, near));
    }
    for provider in root.get("providers").map_or(&[][..], Node::entries) {
        let names = || provider.node.get("connections").map_or(&[][..], Node::entries).iter().map(|e| e.key.as_str());
        if let Some((name, entry)) = provider.node.entry("default_connection").and_then(|e| Some((e.node.text()?, e)))
            && !names().any(|known| known == name)
        {
            let near = did_you_mean(name, names()).map(str::to_owned);
            let message = format!("{} has no connection {}", shown(&provider.key), shown(name));
            diagnostics.push(unknown(name, entry.place(), message, near));
        }
    }
    let OrchestratorSettings { confidence_threshold, clarification_threshold, .. } = config.orchestrator;
    if clarification_threshold > confidence_threshold
        && let Some(entry) = root
            .get("orchestrator")
            .and_then(|node| node.entry("clarification_threshold").or_else(|| node.entry("confidence_threshold")))
    {
        let message = "`clarification_threshold` is above `confidence_threshold`, so no answer is ever done";
        diagnostics.push(Diagnostic::warning(entry.place(), "crossed-thresholds", message));
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use nlq_text::apply_edits;

    use super::*;
    use crate::{SecretRef, TlsMode};

    const SHOP: &str = r#"
workspace: shop
default_connection: shop/dev
providers:
  shop:
    type: sqlite
    description: The web shop
    connections:
      dev: { path: shop.db }
  crm:
    type: sql
    dialect: postgresql
    default_connection: prod
    connections:
      prod: &prod
        host: ${env:PGHOST}
        port: 5433
        database: crm
        user: nlq_reader
        password: ${file:secrets/crm}
        tls: verify-full
        schemas: [public, sales]
        sample_values: false
      stage: { <<: *prod, host: stage.example.com }
"#;

    /// `line:text [code] message (-> mend)` for every diagnostic.
    fn check(text: &str, expected: Expect) {
        let shown = parse_config(text).diagnostics.into_iter().map(|found| {
            let fix = found.fixes.first().map(|fix| format!(" -> {}", fix.edits[0].text)).unwrap_or_default();
            let line = text[..found.span.start].matches('\n').count();
            format!("{line} {:?} [{}] {}{fix}\n", found.span.of(text), found.code, found.message)
        });
        expected.assert_eq(&shown.collect::<String>());
    }

    #[test]
    fn a_whole_file_is_read() {
        check(SHOP, expect![""]);
        let config = parse_config(SHOP).value;
        expect![[r#"
            [
                "crm/prod",
                "crm/stage",
                "shop/dev",
            ]
        "#]]
        .assert_debug_eq(&config.connections().map(|(reference, _)| reference.to_string()).collect::<Vec<_>>());
        let ConnectionKind::Postgresql(prod) = &config.providers["crm"].connections["prod"].kind else { panic!() };
        assert_eq!((&prod.host, prod.port), (&SecretRef::Env("PGHOST".into()), 5433));
        assert_eq!(prod.password, Some(SecretRef::File("secrets/crm".into())));
        assert_eq!((prod.tls, prod.schemas.len()), (TlsMode::VerifyFull, 2));
        let stage = &config.providers["crm"].connections["stage"];
        let ConnectionKind::Postgresql(server) = &stage.kind else { panic!() };
        assert_eq!((server.host.to_string().as_str(), server.port), ("stage.example.com", 5433));
        assert!(!stage.sample_values);
        assert_eq!(config.providers["crm"].connections["prod"].span.of(SHOP), "prod");
        assert_eq!(config.default_connection_span.unwrap().of(SHOP), "shop/dev");
    }

    #[test]
    fn defaults_are_the_declared_ones() {
        let config = Config::default();
        assert_eq!(config, parse_config("").value);
        assert_eq!((config.trigger.as_str(), config.fiscal_year_start), ("nlq", 1));
        assert_eq!(config.annotations, ["**/*.annotations.yaml"]);
        expect![[r#"
            (
                OrchestratorSettings {
                    max_iterations: 5,
                    confidence_threshold: 0.85,
                    clarification_threshold: 0.6,
                    use_model: WhenUnsure,
                    trace_level: Full,
                },
                AgentSettings {
                    schema_ttl: 3600s,
                    max_tables_in_context: 20,
                    execution_timeout: 30s,
                    max_result_rows: 100,
                    max_result_bytes: 16777216,
                    compared_readings: 6,
                    comparison_timeout: 2s,
                    max_examples: 5,
                    candidates: 3,
                    min_similarity: 0.7,
                },
            )
        "#]]
        .assert_debug_eq(&(config.orchestrator, config.agents));
    }

    #[test]
    fn every_mistake_is_shown_at_its_place() {
        check(
            "x-a: &a {path: ''}\nproviders: {p: {type: sqlite, connections: {c: {path: ''}, d: *a}}}",
            expect![[r#"
            0 "path" [missing-key] `path` is missing: it must be text
            1 "path" [missing-key] `path` is missing: it must be text
        "#]],
        );
        check(
            "",
            expect![[r#"
            0 "" [missing-key] `providers` is missing: it must be a mapping from names
        "#]],
        );
        let text = r#"
workspce: shop # 💣
default_connection: shop/dve
trigger: "a b"
providers:
  shop:
    type: postgres
    connections: {}
  crm:
    type: postgresql
    default_connection: prd
    connections:
      prod:
        hostname: h
        port: 70000
        user: [u]
        tls: verify
        sample_values: yes
        schemas: public
      ../x: {}
orchestrator: { max_iterations: five, confidence_threshold: 1.5, confidence_threshold: 1 }
agents:
  validator: { max_result_rows: "100", execution_timeout: 3 }
engine: 7
annotations: ["{a", {}]
"#;
        check(
            text,
            expect![[r#"
                1 "workspce" [unknown-key] `workspce` is not a key here: did you mean `workspace`? -> workspace
                2 "shop/dve" [unknown-connection] there is no connection `shop/dve`: there is `crm/prod`
                3 "\"a b\"" [bad-name] `trigger` must be a name of letters, digits, `_` and `-`
                6 "postgres" [unknown-word] `type` must be `sqlite`, `postgresql`, `mongodb`, `splunk`, `dynamodb`, `opensearch`, `elasticsearch`, `custom` or `sql`; did you mean `postgresql`? -> postgresql
                10 "prd" [unknown-connection] `crm` has no connection `prd` -> prod
                12 "prod" [missing-key] `database` is missing: it must be text or a reference such as `${env:NAME}`
                13 "hostname" [unknown-key] `hostname` is not a key here: did you mean `host`? -> host
                14 "70000" [out-of-range] `port` must be a whole number from 1 to 65535
                15 "[u]" [wrong-type] `user` must be text or a reference such as `${env:NAME}`
                16 "verify" [unknown-word] `tls` must be `disable`, `prefer`, `require` or `verify-full`; did you mean `verify-full`? -> verify-full
                17 "yes" [wrong-type] `sample_values` must be `true` or `false` -> true
                18 "public" [wrong-type] `schemas` must be a list of texts -> ["public"]
                19 "../x" [bad-name] a name here has only letters, digits, `_` and `-`
                19 "../x" [missing-key] `database` is missing: it must be text or a reference such as `${env:NAME}`
                19 "../x" [missing-key] `user` is missing: it must be text or a reference such as `${env:NAME}`
                20 "five" [wrong-type] `max_iterations` must be a whole number from 1 to 20
                20 "1.5" [out-of-range] `confidence_threshold` must be a number from 0 to 1
                20 "confidence_threshold" [duplicate-key] this key stands here twice; the first one counts: take one out
                22 "\"100\"" [wrong-type] `max_result_rows` must be a whole number from 1 to 1000000 -> 100
                22 "execution_timeout" [unknown-key] `execution_timeout` is not a key here: did you mean `execution_timeout_seconds`? -> execution_timeout_seconds
                23 "7" [wrong-type] `engine` must be a mapping
                24 "\"{a\"" [bad-glob] this is not a glob: unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?)
                24 "{}" [wrong-type] each of `annotations` must be text
            "#]],
        );
        check(
            &text.replace('\n', "\r\n"),
            expect![[r#"
                1 "workspce" [unknown-key] `workspce` is not a key here: did you mean `workspace`? -> workspace
                2 "shop/dve" [unknown-connection] there is no connection `shop/dve`: there is `crm/prod`
                3 "\"a b\"" [bad-name] `trigger` must be a name of letters, digits, `_` and `-`
                6 "postgres" [unknown-word] `type` must be `sqlite`, `postgresql`, `mongodb`, `splunk`, `dynamodb`, `opensearch`, `elasticsearch`, `custom` or `sql`; did you mean `postgresql`? -> postgresql
                10 "prd" [unknown-connection] `crm` has no connection `prd` -> prod
                12 "prod" [missing-key] `database` is missing: it must be text or a reference such as `${env:NAME}`
                13 "hostname" [unknown-key] `hostname` is not a key here: did you mean `host`? -> host
                14 "70000" [out-of-range] `port` must be a whole number from 1 to 65535
                15 "[u]" [wrong-type] `user` must be text or a reference such as `${env:NAME}`
                16 "verify" [unknown-word] `tls` must be `disable`, `prefer`, `require` or `verify-full`; did you mean `verify-full`? -> verify-full
                17 "yes" [wrong-type] `sample_values` must be `true` or `false` -> true
                18 "public" [wrong-type] `schemas` must be a list of texts -> ["public"]
                19 "../x" [bad-name] a name here has only letters, digits, `_` and `-`
                19 "../x" [missing-key] `database` is missing: it must be text or a reference such as `${env:NAME}`
                19 "../x" [missing-key] `user` is missing: it must be text or a reference such as `${env:NAME}`
                20 "five" [wrong-type] `max_iterations` must be a whole number from 1 to 20
                20 "1.5" [out-of-range] `confidence_threshold` must be a number from 0 to 1
                20 "confidence_threshold" [duplicate-key] this key stands here twice; the first one counts: take one out
                22 "\"100\"" [wrong-type] `max_result_rows` must be a whole number from 1 to 1000000 -> 100
                22 "execution_timeout" [unknown-key] `execution_timeout` is not a key here: did you mean `execution_timeout_seconds`? -> execution_timeout_seconds
                23 "7" [wrong-type] `engine` must be a mapping
                24 "\"{a\"" [bad-glob] this is not a glob: unclosed alternate group; missing '}' (maybe escape '{' with '[{]'?)
                24 "{}" [wrong-type] each of `annotations` must be text
            "#]],
        );
    }

    #[test]
    fn passwords_are_found_wherever_they_hide_and_never_repeated() {
        let text = r#"
default_connection: "postgres://reader:hunter2@db/shop"
providers:
  shop:
    type: postgresql
    description: "host=x password=hunter2"
    connections:
      dev:
        database: shop
        user: reader:hunter2
        host: reader:hunter2@db
        password: hunter2
      prod: { database: shop, user: "${env:U}", passwd: hunter2, host: "postgres://a:hunter2@h/x" }
      test: { database: shop, user: u, password: "${evn:X}", url: "postgres://a:hunter2@h/x" }
      more: { database: shop, user: u, password: "a${env:X}" }
"#;
        check(
            text,
            expect![[r#"
                1 "\"postgres://reader:hunter2@db/shop\"" [literal-password] `default_connection` holds a password: take it out and set `password` to a reference such as `${env:NAME}`, and change the password if this file was shared
                5 "\"host=x password=hunter2\"" [literal-password] `description` holds a password: take it out and set `password` to a reference such as `${env:NAME}`, and change the password if this file was shared
                9 "reader:hunter2" [literal-password] `user` holds a password: take it out and set `password` to a reference such as `${env:NAME}`, and change the password if this file was shared
                10 "reader:hunter2@db" [literal-password] `host` holds a password: take it out and set `password` to a reference such as `${env:NAME}`, and change the password if this file was shared
                11 "hunter2" [literal-password] a password or key must not be written here: write a reference such as `${env:NAME}`, and change it if this file was shared -> "${env:SHOP_DEV_PASSWORD}"
                12 "passwd" [unknown-key] `passwd` is not a key here: did you mean `password`? -> password
                12 "hunter2" [literal-password] a password or key must not be written here: write a reference such as `${env:NAME}`, and change it if this file was shared -> "${env:SHOP_PROD_PASSWORD}"
                12 "\"postgres://a:hunter2@h/x\"" [literal-password] `host` holds a password: take it out and set `password` to a reference such as `${env:NAME}`, and change the password if this file was shared
                13 "\"${evn:X}\"" [bad-reference] a reference is one of `env`, `file`, `keyring` and `command` -> "${env:X}"
                13 "url" [unknown-key] `url` is not a key here: did you mean `host`? -> host
                13 "\"postgres://a:hunter2@h/x\"" [literal-password] `host` holds a password: take it out and set `password` to a reference such as `${env:NAME}`, and change the password if this file was shared
                14 "\"a${env:X}\"" [bad-reference] a reference must be the whole value, as in `${env:NAME}`
            "#]],
        );
        let parsed = parse_config(text);
        assert!(!format!("{parsed:?}").contains("hunter2"));
        let literal = parsed.diagnostics.iter().find(|d| d.code == "literal-password" && !d.fixes.is_empty()).unwrap();
        assert!(
            apply_edits(text, &literal.fixes[0].edits).contains("        password: \"${env:SHOP_DEV_PASSWORD}\"\n")
        );
    }

    #[test]
    fn broken_yaml_is_one_diagnostic_and_what_stands_before_it_counts() {
        let text = format!("{SHOP}orchestrator:\n  max_iterations: 3\n broken: 1\nunknown: 1\n");
        check(
            &text,
            expect![[r#"
            26 "broken: 1" [yaml-syntax] this is not valid YAML: while parsing a block mapping, did not find expected key
        "#]],
        );
        let config = parse_config(&text).value;
        assert_eq!((config.connections().count(), config.orchestrator.max_iterations), (3, 3));
    }

    #[test]
    fn connections_are_found_by_any_clear_name() {
        let config = parse_config(SHOP).value;
        let find = |name| config.find_connection(name).map_or_else(|error| error, |(found, _)| found.to_string());
        let all = [None, Some("crm"), Some("dev"), Some("crm/stage"), Some("shop/dve"), Some("crm/dev"), Some("zzz")];
        expect![[r#"
            None shop/dev
            Some("crm") crm/prod
            Some("dev") shop/dev
            Some("crm/stage") crm/stage
            Some("shop/dve") there is no connection `shop/dve`: did you mean `shop/dev`?
            Some("crm/dev") there is no connection `crm/dev`: did you mean `crm/prod`, `crm/stage` or `shop/dev`?
            Some("zzz") there is no connection `zzz`: there is `crm/prod`, `crm/stage` or `shop/dev`
        "#]]
        .assert_eq(&all.map(|name| format!("{name:?} {}\n", find(name))).concat());
        let two = parse_config(&SHOP.replace("default_connection", "x-off")).value;
        assert_eq!(two.default_connection, None);
        expect![[r#"
            [
                Some(
                    "no connection is the default: set `default_connection` in nlq.yaml to `crm/prod`, `crm/stage` or `shop/dev`",
                ),
                Some(
                    "`crm` stands for several connections: say `crm/prod` or `crm/stage`",
                ),
            ]
        "#]].assert_debug_eq(&[None, Some("crm")].map(|name| two.find_connection(name).err()));
        let ambiguous = "providers: {a: {type: sqlite, connections: {d: {path: x}, e: {}}}, b: {type: sqlite, connections: {d: {path: y}}}}";
        let ambiguous = parse_config(ambiguous).value;
        expect![[r#"
            [
                Some(
                    "`d` stands for several connections: say `a/d` or `b/d`",
                ),
                Some(
                    "the connection `a/e` is not complete: mend what is marked in nlq.yaml",
                ),
            ]
        "#]]
        .assert_debug_eq(&[Some("d"), Some("a/e")].map(|name| ambiguous.find_connection(name).err()));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic_or_point_outside(cut in 0..SHOP.len(), noise in "[\\PC\\n\r\t:{}\\[\\]&*!|>'\"-]{0,12}") {
            let text = format!("{}{noise}{}", &SHOP[..cut], &SHOP[cut..]);
            for found in parse_config(&text).diagnostics {
                proptest::prop_assert!(text.get(found.span.start..found.span.end).is_some());
            }
        }
    }
}
