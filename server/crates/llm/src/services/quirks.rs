use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::{LlmError, LlmErrorKind};

/// What a model does not take. No list of models could be kept true: gateways rename them and new ones appear weekly. So
/// the first refusal that names a parameter teaches it, the request is sent again without, and later ones are right at
/// once.
#[derive(Debug, Default)]
pub(super) struct Quirks {
    /// Reasoning models choose their own temperature.
    pub(super) no_temperature: AtomicBool,
    /// OpenAI's newer models call `max_tokens` `max_completion_tokens`.
    pub(super) completion_tokens: AtomicBool,
    /// Older servers count no tokens in streams.
    pub(super) no_stream_options: AtomicBool,
    /// LM Studio, and models behind gateways, cannot be made to call one certain tool.
    pub(super) no_named_tool: AtomicBool,
    /// The service caches no prompts of this model.
    pub(super) no_cache: AtomicBool,
}

impl Quirks {
    pub(super) fn has(quirk: &AtomicBool) -> bool {
        quirk.load(Relaxed)
    }

    /// True when the refusal names a parameter that was not known to be refused: the request is worth another try.
    pub(super) fn learn(&self, error: &LlmError) -> bool {
        if error.kind != LlmErrorKind::BadRequest {
            return false;
        }
        let words = error.message.to_ascii_lowercase();
        let table = [
            ("temperature", &self.no_temperature),
            ("max_completion_tokens", &self.completion_tokens),
            ("stream_options", &self.no_stream_options),
            ("tool_choice", &self.no_named_tool),
            ("toolchoice", &self.no_named_tool),
            ("cachepoint", &self.no_cache),
            ("cache_control", &self.no_cache),
            ("prompt caching", &self.no_cache),
        ];
        table.iter().any(|(name, quirk)| words.contains(name) && !quirk.swap(true, Relaxed))
    }
}
