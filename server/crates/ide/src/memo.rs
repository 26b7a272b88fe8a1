use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Entries kept at most; beyond it the cache starts anew. A file of 100 prompts needs 100, an hour of typing a few
/// thousand small ones.
const CAPACITY: usize = 4096;

/// A shared cache of pure computations by text.
#[derive(Debug)]
pub(crate) struct Memo<T>(Arc<Mutex<HashMap<String, Arc<T>>>>);

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T> Clone for Memo<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Memo<T> {
    /// The value for `key`, computed (outside the lock) when it is not there yet.
    pub(crate) fn get(&self, key: &str, compute: impl FnOnce() -> T) -> Arc<T> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = lock().get(key) {
            return Arc::clone(found);
        }
        let value = Arc::new(compute());
        self.put(key.to_owned(), Arc::clone(&value));
        value
    }

    /// Sets the value for `key`.
    pub(crate) fn put(&self, key: String, value: Arc<T>) {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if map.len() >= CAPACITY {
            map.clear();
        }
        map.insert(key, value);
    }
}
