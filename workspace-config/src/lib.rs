//! nlq.yaml, annotations, secrets and trust: every file of a workspace, typed, with source ranges.

mod annotations;
mod config;
mod secret;
mod trust;
mod workspace;

pub use annotations::{AnnotationFile, Place, check_annotations, merge_annotations, parse_annotations};
pub use config::{
    AgentSettings, Config, ConnectionConfig, ConnectionKind, ConnectionRef, OrchestratorSettings, Parsed,
    PostgresConfig, ProviderConfig, SqliteConfig, TlsMode, parse_config,
};
pub use secret::{SecretError, SecretRef};
pub use trust::{TrustError, TrustState, TrustStore, Trusted};
pub use workspace::{CONFIG_FILE, Workspace};
