use std::path::Path;

use crate::Trusted;

/// A setting that is written as it is, or as a reference to a secret: `${env:NAME}`, `${file:path}`,
/// `${keyring:service/user}`, `${command:program args}`. Its `Debug` shows the reference, never a resolved value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// Written as it is (never for passwords).
    Literal(String),
    /// An environment variable.
    Env(String),
    /// A file's content without its last line end, relative to the workspace.
    File(String),
    /// The system's keyring.
    Keyring {
        /// Service.
        service: String,
        /// User.
        user: String,
    },
    /// What a program prints, without its last line end.
    Command(String),
}

/// Why a secret could not be had; never contains one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(pub String);

impl SecretRef {
    /// The value. `root` is the workspace's folder. Programs get ten seconds.
    pub fn resolve(&self, root: &Path, trusted: &Trusted) -> Result<String, SecretError> {
        let _ = (root, trusted);
        Err(SecretError(String::new()))
    }
}
