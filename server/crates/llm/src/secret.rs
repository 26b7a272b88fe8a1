use std::{fmt, sync::Arc};

use tokio::sync::Mutex;

use crate::{LlmError, LlmErrorKind};

/// A key, or another setting that may be one: resolved at its first use, on a thread that may wait, and never shown.
#[derive(Clone)]
pub struct Secret(Arc<Inner>);

struct Inner {
    resolve: Box<dyn Fn() -> Result<String, String> + Send + Sync>,
    known: Mutex<Option<Arc<str>>>,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// What `resolve` gives; its error is one sentence without the secret.
    pub fn lazy(resolve: impl Fn() -> Result<String, String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner { resolve: Box::new(resolve), known: Mutex::default() }))
    }

    /// A text that is known already.
    pub fn known(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::lazy(move || Ok(text.clone()))
    }

    /// The text, without white space around it: a line end after a key is never meant.
    pub(crate) async fn get(&self) -> Result<Arc<str>, LlmError> {
        let mut known = self.0.known.lock().await;
        if let Some(text) = &*known {
            return Ok(text.clone());
        }
        let inner = self.0.clone();
        let resolved = tokio::task::spawn_blocking(move || (inner.resolve)()).await;
        let failed = |message: String| LlmError::new(LlmErrorKind::Configuration, message);
        let text = resolved.map_err(|_| failed("a secret could not be resolved".into()))?.map_err(failed)?;
        let text: Arc<str> = text.trim().into();
        *known = Some(text.clone());
        Ok(text)
    }

    /// Resolves anew at the next use: the service did not take it, and it may have been changed since.
    pub(crate) async fn forget(&self) {
        *self.0.known.lock().await = None;
    }
}
