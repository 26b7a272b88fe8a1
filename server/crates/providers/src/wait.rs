use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::ProviderError;

/// The system gets this long to notice its own timeout before it is waited for no longer.
pub(crate) const GRACE: Duration = Duration::from_millis(500);

/// Waits for `work`, unless it is cancelled or the system misses its own timeout.
pub(crate) async fn until<T>(
    cancel: &CancellationToken,
    timeout: Duration,
    work: impl Future<Output = T>,
) -> Result<T, ProviderError> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(ProviderError::cancelled()),
        done = tokio::time::timeout(timeout + GRACE, work) => done.map_err(|_| ProviderError::timed_out()),
    }
}
