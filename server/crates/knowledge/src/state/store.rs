use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::StateError;

/// How long a writer waits for another one: writes take milliseconds, so more means that a program hangs.
const BUSY: Duration = Duration::from_secs(5);

/// A conversation that waits for its user this long has been given up.
const ABANDONED_AFTER: TimeDelta = TimeDelta::days(1);

/// The tables, a step a version; what is released is never changed, only added to.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/0001_turns.sql")];

/// The user's state: conversations, turns and audit rows of all workspaces, in one SQLite file that several programs
/// may use at once. Cheap to clone.
///
/// What is recorded is stored as it is: callers take out secrets and values of sensitive columns first.
#[derive(Debug, Clone)]
pub struct StateStore {
    pub(super) file: PathBuf,
    pub(super) pool: SqlitePool,
}

impl StateStore {
    /// Opens the file, making it when it is not there, and brings its tables up to date.
    pub async fn open(file: &Path) -> Result<Self, StateError> {
        make(file).map_err(|source| StateError::Make { file: file.to_owned(), source })?;
        let options = SqliteConnectOptions::new()
            .filename(file)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .busy_timeout(BUSY);
        let begun = Instant::now();
        loop {
            match Self::connect(file, options.clone()).await {
                // The change to a write-ahead log does not wait for others that make it: who comes second tries again.
                Err(StateError::Locked { .. }) if begun.elapsed() < BUSY => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                result => return result,
            }
        }
    }

    async fn connect(file: &Path, options: SqliteConnectOptions) -> Result<Self, StateError> {
        let failed = |source| StateError::new(file, source);
        // One to write and one to read beside it.
        let pool = SqlitePoolOptions::new().max_connections(2).acquire_timeout(BUSY);
        let store = Self { file: file.to_owned(), pool: pool.connect_with(options).await.map_err(failed)? };
        store.migrate().await?;
        Ok(store)
    }

    /// Applies the steps that are missing, under the write lock: of two programs that start at once, one waits and
    /// finds it done.
    async fn migrate(&self) -> Result<(), StateError> {
        let version = |version: i64| usize::try_from(version).unwrap_or(usize::MAX);
        let (known,): (i64,) = self.done(sqlx::query_as("PRAGMA user_version").fetch_one(&self.pool).await)?;
        if version(known) == MIGRATIONS.len() {
            return Ok(());
        }
        let mut writing = self.done(self.pool.begin_with("BEGIN IMMEDIATE").await)?;
        let (known,): (i64,) = self.done(sqlx::query_as("PRAGMA user_version").fetch_one(&mut *writing).await)?;
        if version(known) > MIGRATIONS.len() {
            return Err(StateError::Newer { file: self.file.clone() });
        }
        for step in &MIGRATIONS[version(known)..] {
            self.done(sqlx::raw_sql(*step).execute(&mut *writing).await)?;
        }
        let note = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {}", MIGRATIONS.len()));
        self.done(sqlx::query(note).execute(&mut *writing).await)?;
        self.done(writing.commit().await)
    }

    /// Takes out what a workspace has older than `before`, and notes which conversations were given up.
    pub async fn prune(&self, workspace: &str, before: DateTime<Utc>) -> Result<(), StateError> {
        let abandon = "UPDATE conversations SET status = 'abandoned'
            WHERE workspace = ? AND status = 'active' AND updated_at < ?";
        let turns = "DELETE FROM turns WHERE workspace = ? AND created_at < ?";
        let empty = "DELETE FROM conversations
            WHERE workspace = ? AND updated_at < ? AND id NOT IN (SELECT conversation_id FROM turns)";
        for (change, until) in [(abandon, Utc::now() - ABANDONED_AFTER), (turns, before), (empty, before)] {
            let change = sqlx::query(change).bind(workspace).bind(until.timestamp_millis());
            self.done(change.execute(&self.pool).await)?;
        }
        Ok(())
    }

    /// Waits until everything is written, and closes the file.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    pub(super) fn done<T>(&self, result: sqlx::Result<T>) -> Result<T, StateError> {
        result.map_err(|source| StateError::new(&self.file, source))
    }
}

/// The file and its folder, readable to the user alone: questions tell about a business.
fn make(file: &Path) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(|_| ())
}
