use std::{io, process::ExitCode};

use nlq_config::TrustError;
use nlq_knowledge::state::StateError;

use super::output::Output;
use crate::session::SessionError;

/// How a command that worked ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Exit code 0.
    Clean,
    /// Exit code 1: it found errors, or has no answer. It has said so itself.
    Findings,
}

/// Why a command could not do what was asked; one sentence.
#[derive(Debug)]
pub(super) enum CliError {
    /// Exit code 1: the system or the question said no.
    Failed(String),
    /// Exit code 2: wrong arguments, a missing or unreadable file, no workspace.
    Usage(String),
    /// Whoever read the output has gone: the end of the work, and nobody to tell.
    ClosedPipe,
}

impl CliError {
    /// A file that could not be read or written.
    pub(super) fn file(action: &str, path: &std::path::Path, error: &io::Error) -> Self {
        CliError::Usage(format!("cannot {action} {}: {error}", path.display()))
    }

    /// Says it on standard error and gives the exit code.
    pub(super) fn report(self, out: Output) -> ExitCode {
        match self {
            CliError::Failed(message) => {
                out.error(&message);
                ExitCode::from(1)
            }
            CliError::Usage(message) => {
                out.error(&message);
                ExitCode::from(2)
            }
            CliError::ClosedPipe => ExitCode::SUCCESS,
        }
    }
}

impl From<SessionError> for CliError {
    fn from(error: SessionError) -> Self {
        match error.code {
            "io" | "unknown-connection" => CliError::Usage(error.message),
            _ => CliError::Failed(error.message),
        }
    }
}

impl From<StateError> for CliError {
    fn from(error: StateError) -> Self {
        CliError::Usage(error.to_string())
    }
}

impl From<TrustError> for CliError {
    fn from(error: TrustError) -> Self {
        CliError::Usage(error.to_string())
    }
}
