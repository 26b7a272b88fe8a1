use std::time::Duration;

use chrono::{TimeDelta, Utc};

use crate::{LlmError, LlmErrorKind};

/// Requests for one call at most: the service's SDKs make three.
const MAX_ATTEMPTS: u32 = 4;

/// Requests at most when they took all their time: each has cost the user a whole deadline.
const MAX_LATE_ATTEMPTS: u32 = 2;

/// Waits of one call in all at most: a person waits for the answer.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// The first wait is up to this, each further one up to twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// No single wait without the service's word is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// The attempts of one call: exponential backoff with full jitter, or what the service asks for.
#[derive(Debug, Default)]
pub(crate) struct Retry {
    /// Requests made.
    pub(crate) attempts: u32,
    waited: Duration,
}

impl Retry {
    /// How long to wait before the same request is sent again; the error when it is not to be.
    pub(crate) fn after(&mut self, error: LlmError) -> Result<Duration, LlmError> {
        let most = if error.kind == LlmErrorKind::Timeout { MAX_LATE_ATTEMPTS } else { MAX_ATTEMPTS };
        if !error.is_transient() || self.attempts >= most {
            return Err(error);
        }
        let longest = (FIRST_WAIT * 2_u32.saturating_pow(self.attempts.saturating_sub(1))).min(LONGEST_WAIT);
        let jitter = longest.mul_f64(fastrand::f64());
        let wait = match error.kind {
            // Not before the service says, and not all at the same moment.
            LlmErrorKind::RateLimited(Some(asked)) | LlmErrorKind::Overloaded(Some(asked)) => {
                if asked > MAX_WAIT.saturating_sub(self.waited) {
                    return Err(later(error, asked));
                }
                asked + jitter.min(FIRST_WAIT)
            }
            _ => jitter,
        };
        if self.waited + wait > MAX_WAIT + FIRST_WAIT {
            return Err(error);
        }
        self.waited += wait;
        Ok(wait)
    }
}

/// The error with the time at which asking again makes sense.
fn later(error: LlmError, asked: Duration) -> LlmError {
    let at = TimeDelta::from_std(asked).ok().and_then(|asked| Utc::now().checked_add_signed(asked));
    let when = at.map(|at| format!(" at {} UTC", at.format("%H:%M:%S"))).unwrap_or_default();
    let said = error.message.trim_end_matches(": ask again later");
    LlmError::new(error.kind, format!("{said}: it may be asked again in {} s{when}", asked.as_secs()))
}
