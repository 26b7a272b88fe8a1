use std::sync::{Mutex, PoisonError};

use crate::{ModelCall, Usage};

/// What one prompt of a user has taken so far: every call is noted here, failed ones too.
#[derive(Debug, Default)]
pub struct Meter {
    calls: Mutex<Vec<ModelCall>>,
}

impl Meter {
    /// The calls so far.
    pub fn calls(&self) -> Vec<ModelCall> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tokens of all calls.
    pub fn usage(&self) -> Usage {
        let mut all = Usage::default();
        self.calls().iter().for_each(|call| all += call.usage);
        all
    }

    /// US dollars of all calls that have a price.
    pub fn cost_usd(&self) -> f64 {
        self.calls().iter().filter_map(|call| call.cost_usd).sum()
    }

    pub(crate) fn note(&self, call: ModelCall) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }
}
