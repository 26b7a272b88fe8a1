use serde::{Deserialize, Serialize};

use crate::{declared::observability::OBSERVABILITY, read::Reader};

/// What is kept of questions and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObservabilitySettings {
    /// How much of the reasoning; full.
    pub trace_level: TraceKept,
    /// For how many days; 90.
    pub trace_retention_days: u32,
}

/// How much of a reasoning stream is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TraceKept {
    /// Nothing.
    None,
    /// Stages and what they came to, without steps and evidence.
    Summary,
    /// All of it.
    #[default]
    Full,
}

impl Default for ObservabilitySettings {
    fn default() -> Self {
        Self::read(Reader::new(None, &OBSERVABILITY))
    }
}

impl ObservabilitySettings {
    pub(crate) fn read(reader: Reader<'_>) -> Self {
        Self {
            trace_level: match reader.text("trace_level").as_deref() {
                Some("none") => TraceKept::None,
                Some("summary") => TraceKept::Summary,
                _ => TraceKept::Full,
            },
            trace_retention_days: reader.number("trace_retention_days"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_config;

    #[test]
    fn settings_are_read_or_have_their_defaults() {
        let kept = |text: &str| parse_config(text).value.observability;
        let told = ObservabilitySettings { trace_level: TraceKept::Summary, trace_retention_days: 7 };
        assert_eq!(kept("observability: { trace_level: summary, trace_retention_days: 7 }"), told);
        let default = ObservabilitySettings { trace_level: TraceKept::Full, trace_retention_days: 90 };
        assert_eq!((kept(""), kept("observability: { trace_level: some }")), (default, default));
    }
}
