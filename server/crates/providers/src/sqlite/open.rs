use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Row, SqliteConnection, ValueRef,
    sqlite::{SqliteConnectOptions, SqliteRow},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::error;
use crate::{ProblemKind, ProviderError, wait::until};

/// How long SQLite waits for another program's lock: writers hold theirs for moments, an editor must not hang.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// Steps of SQLite's virtual machine between two looks at the clock: well under a millisecond.
const STEPS_BETWEEN_LOOKS: i32 = 4_000;

/// Bytes that SQLite may take, for all open files together: its caches are small and it sorts on disk, so only texts and
/// blobs of absurd sizes (`printf('%900000000d', 1)`) pass this, and an editor must not die of them.
const MEMORY_LIMIT: &str = "268435456";

/// An open file whose statements stop at a deadline, on cancellation, and when this is dropped: between two steps of
/// SQLite's machine. One step alone (`instr` over long texts) can take hours, so nobody waits without [`until`]; such a
/// step ends on its own thread, unheard.
pub(super) struct Session {
    /// First, so that it fires before the connection is dropped.
    _stop_on_drop: DropGuard,
    path: PathBuf,
    connection: SqliteConnection,
    deadline: Arc<Mutex<Instant>>,
    cancel: CancellationToken,
}

impl Session {
    pub(super) async fn open(
        path: &Path,
        timeout: Duration,
        cancel: &CancellationToken,
    ) -> Result<Self, ProviderError> {
        look(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .create_if_missing(false)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("query_only", "ON")
            .pragma("trusted_schema", "OFF")
            .pragma("cell_size_check", "ON")
            .pragma("hard_heap_limit", MEMORY_LIMIT)
            .disable_statement_logging();
        let mut connection = options.connect().await.map_err(|e| error::of(e, path, ""))?;
        let cancel = cancel.child_token();
        let deadline = Arc::new(Mutex::new(Instant::now() + timeout));
        let (watched, clock) = (cancel.clone(), Arc::clone(&deadline));
        connection
            .lock_handle()
            .await
            .map_err(|e| error::of(e, path, ""))?
            .set_progress_handler(STEPS_BETWEEN_LOOKS, move || {
                !watched.is_cancelled() && Instant::now() < *clock.lock().unwrap_or_else(PoisonError::into_inner)
            });
        let stop = cancel.clone().drop_guard();
        Ok(Self { path: path.to_owned(), connection, deadline, cancel, _stop_on_drop: stop })
    }

    /// Moves the deadline of what runs next.
    pub(super) fn stop_at(&self, deadline: Instant) {
        *self.deadline.lock().unwrap_or_else(PoisonError::into_inner) = deadline;
    }

    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// All rows of a statement; `binds` are its parameters.
    pub(super) async fn rows(&mut self, sql: &str, binds: &[&str]) -> Result<Vec<SqliteRow>, ProviderError> {
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for bind in binds {
            query = query.bind((*bind).to_owned());
        }
        let deadline = *self.deadline.lock().unwrap_or_else(PoisonError::into_inner);
        let left = deadline.saturating_duration_since(Instant::now());
        let rows = until(&self.cancel, left, query.fetch_all(&mut self.connection)).await?;
        rows.map_err(|e| error::of(e, &self.path, sql))
    }
}

/// The errors of a path that SQLite itself words poorly.
fn look(path: &Path) -> Result<(), ProviderError> {
    let problem = |what: String| Err(ProviderError::new(ProblemKind::Connection, what));
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => problem(format!(
            "{} is a folder, not a SQLite file: set `path` in nlq.yaml to the file inside it",
            path.display()
        )),
        Ok(_) => Ok(()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            problem(format!("there is no SQLite file at {}: check `path` in nlq.yaml", path.display()))
        }
        Err(e) => problem(format!("cannot read {} ({e}): check `path` in nlq.yaml and its rights", path.display())),
    }
}

/// A cell as text; none for NULL. Bytes that are not UTF-8 are replaced.
pub(super) fn text(row: &SqliteRow, index: usize) -> Option<String> {
    let value = row.try_get_raw(index).ok()?;
    if value.is_null() {
        return None;
    }
    let bytes = <&[u8] as sqlx::Decode<sqlx::Sqlite>>::decode(value).ok()?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}

/// A cell as a whole number; none for NULL and anything else.
pub(super) fn int(row: &SqliteRow, index: usize) -> Option<i64> {
    row.try_get_unchecked::<Option<i64>, _>(index).ok().flatten()
}
