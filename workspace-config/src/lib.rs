//! nlq.yaml, annotations, secrets and trust: every file of a workspace, typed, with source ranges.
//!
//! Start reading at `declared`: every setting stands there once. `yaml` reads a file as a tree with ranges, `check`
//! holds it against the declared keys, `read` takes typed values out; `schema` and `assist` show the same keys to other
//! tools and to editors.

#![cfg_attr(test, allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them"))]

mod annotations;
mod assist;
mod check;
mod config;
mod declared;
mod examples;
mod models;
mod observability;
mod place;
mod prompts;
mod read;
mod schema;
mod secret;
mod systems;
mod targets;
mod trust;
mod workspace;
mod yaml;

pub use annotations::{AnnotationFile, Place, merge_annotations, parse_annotations};
pub use assist::{
    Completion, CompletionKind, annotation_completions, annotation_hover, config_completions, config_hover,
    example_completions, example_hover, prompt_completions, prompt_hover,
};
pub use config::{
    AgentModel, AgentSettings, Config, ConnectionConfig, ConnectionRef, OrchestratorSettings, Parsed, ProviderConfig,
    TraceLevel, UseModel, parse_config,
};
pub use declared::editor::{EditorSetting, editor_configuration, editor_settings};
pub use examples::{ExampleEntry, ExampleFile, parse_examples};
pub use models::{
    AwsConfig, BudgetConfig, DEFAULT_PROFILE, ModelConfig, ModelPrice, ModelService, PriceList, parse_prices,
};
pub use observability::ObservabilitySettings;
pub use place::Written;
pub use prompts::{PromptFile, PromptOutput, Template, parse_prompt};
pub use schema::{annotations_schema, config_schema, examples_schema, prompt_schema};
pub use secret::{SecretError, SecretRef};
pub use systems::{
    ConnectionKind, CustomConfig, DynamoDbConfig, HttpTls, MongodbConfig, PostgresConfig, SearchConfig, SplunkConfig,
    SqliteConfig, TlsMode,
};
pub use targets::check_annotations;
pub use trust::{TrustError, TrustState, TrustStore, Trusted};
pub use workspace::{CONFIG_FILE, Workspace, is_example_file, is_prompt_file};
