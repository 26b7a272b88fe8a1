use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::{Delta, OnDelta};

/// Who hears a reply, and whether anything of the attempt at hand was heard.
pub(crate) struct Listener<'a> {
    on_delta: OnDelta<'a>,
    heard: AtomicBool,
}

impl<'a> Listener<'a> {
    pub(crate) fn new(on_delta: OnDelta<'a>) -> Self {
        Self { on_delta, heard: AtomicBool::new(false) }
    }

    pub(crate) fn hear(&self, delta: Delta<'_>) {
        self.heard.store(true, Relaxed);
        (self.on_delta)(delta);
    }

    /// Something of the reply came.
    pub(crate) fn has_heard(&self) -> bool {
        self.heard.load(Relaxed)
    }

    /// Another attempt begins: what was heard does not count.
    pub(crate) fn restart(&self) {
        if self.heard.swap(false, Relaxed) {
            (self.on_delta)(Delta::Restart);
        }
    }
}
