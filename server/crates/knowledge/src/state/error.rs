use std::path::{Path, PathBuf};

/// Why the state cannot be read or written. Asking questions goes on without it.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It is no database, or a damaged one.
    #[error("the state in {} is damaged: move the file away, and nlq begins a new one", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
    },
    /// Another program holds it for longer than writers wait.
    #[error("the state in {} is locked by another program: end that program, then try again", file.display())]
    Locked {
        /// The file.
        file: PathBuf,
    },
    /// A later version of nlq has changed its tables.
    #[error("the state in {} was written by a newer nlq: update nlq, or set NLQ_STATE_DIR to another folder", file.display())]
    Newer {
        /// The file.
        file: PathBuf,
    },
    /// Its folder or file cannot be made.
    #[error("cannot make {}: {source}; set NLQ_STATE_DIR to a folder that can be written to", file.display())]
    Make {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Something else.
    #[error("cannot use the state in {}: {source}", file.display())]
    Failed {
        /// The file.
        file: PathBuf,
        /// What the database says.
        source: sqlx::Error,
    },
}

impl StateError {
    pub(super) fn new(file: &Path, source: sqlx::Error) -> Self {
        let file = file.to_owned();
        // SQLite's primary result codes: BUSY, LOCKED, CORRUPT, NOTADB.
        match code(&source) {
            Some(5 | 6) => Self::Locked { file },
            Some(11 | 26) => Self::Damaged { file },
            _ => Self::Failed { file, source },
        }
    }
}

/// SQLite's primary result code.
fn code(error: &sqlx::Error) -> Option<u32> {
    let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}
