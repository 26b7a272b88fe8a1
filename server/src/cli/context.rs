use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use nlq_config::{CONFIG_FILE, TrustStore, Workspace};
use nlq_text::{Encoding, LineIndex, Severity};
use tokio_util::sync::CancellationToken;

use super::{error::CliError, output::Output};
use crate::session::Session;

/// What every command gets: where to print, where to work, and when to stop.
#[derive(Debug)]
pub(super) struct Context {
    /// Where to print.
    pub(super) out: Output,
    /// Cancelled by Ctrl-C.
    pub(super) cancel: CancellationToken,
    folder: PathBuf,
}

/// After Ctrl-C: how long a running query has to be stopped in the database before the process ends anyway.
const GRACE: Duration = Duration::from_millis(700);

impl Context {
    /// A context that works in `workspace`, or in the present folder. Must be called inside the runtime.
    pub(super) fn new(out: Output, workspace: Option<PathBuf>) -> Result<Self, CliError> {
        let folder = workspace.unwrap_or_else(|| PathBuf::from("."));
        let folder = std::path::absolute(&folder).map_err(|error| CliError::file("find", &folder, &error))?;
        let cancel = CancellationToken::new();
        let token = cancel.clone();
        tokio::spawn(async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                token.cancel();
                tokio::time::sleep(GRACE).await;
                std::process::exit(130);
            }
        });
        Ok(Self { out, cancel, folder: normal(&folder) })
    }

    /// The folder to work in.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The workspace at or above the folder to work in.
    pub(super) fn workspace(&self) -> Result<Workspace, CliError> {
        if !self.folder.is_dir() {
            return Err(CliError::Usage(format!("{} is not a folder", self.folder.display())));
        }
        Workspace::discover(&self.folder).ok_or_else(|| {
            let folder = self.folder.display();
            CliError::Usage(format!("there is no {CONFIG_FILE} in {folder} or above it: make one with `nlq init`"))
        })
    }

    /// The workspace's session; a configuration with errors is one itself.
    pub(super) fn session(&self) -> Result<Session, CliError> {
        let workspace = self.workspace()?;
        let session = Session::open(&workspace.root, TrustStore::open());
        require_valid_config(&workspace, &session)?;
        Ok(session)
    }
}

/// A path as the user would write it from the present folder.
pub(super) fn short(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let short = path.strip_prefix(&here).unwrap_or(path);
    if short.as_os_str().is_empty() { ".".into() } else { short.display().to_string() }
}

/// The path without `.` and `..`, so that it prints well and `ancestors` means its parents.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    out
}

fn require_valid_config(workspace: &Workspace, session: &Session) -> Result<(), CliError> {
    let view = session.view();
    let mut errors = view.config_diagnostics.iter().filter(|d| d.severity == Severity::Error);
    let Some(first) = errors.next() else { return Ok(()) };
    let file = workspace.config_file();
    let text = std::fs::read_to_string(&file).map_err(|error| CliError::file("read", &file, &error))?;
    let place = LineIndex::new(&text).position(&text, first.span.start, Encoding::Utf32);
    let more = match errors.count() {
        0 => String::new(),
        count => format!(" ({count} more: see `nlq check`)"),
    };
    let (file, line, column) = (short(&file), place.line + 1, place.character + 1);
    Err(CliError::Usage(format!("{file}:{line}:{column}: {}{more}", first.message)))
}
