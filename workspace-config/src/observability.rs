use nlq_text::Diagnostic;

use crate::{SecretRef, declared::observability::OBSERVABILITY, read::Reader, yaml::Node};

/// For how long questions and answers are kept, and who is told what they took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservabilitySettings {
    /// For how many days turns are kept; 90.
    pub trace_retention_days: u32,
    /// Where traces and metrics go; nowhere.
    pub otlp_endpoint: Option<SecretRef>,
}

impl Default for ObservabilitySettings {
    fn default() -> Self {
        Self::read(Reader::new(None, &OBSERVABILITY))
    }
}

impl ObservabilitySettings {
    pub(crate) fn read(reader: Reader<'_>) -> Self {
        Self {
            trace_retention_days: reader.number("trace_retention_days"),
            otlp_endpoint: reader.reference("otlp_endpoint"),
        }
    }
}

/// What is written as an address must be one.
pub(crate) fn check_observability(root: &Node, diagnostics: &mut Vec<Diagnostic>) {
    let entry = root.get("observability").and_then(|node| node.entry("otlp_endpoint"));
    let Some((entry, text)) = entry.and_then(|entry| Some((entry, entry.node.text()?))) else { return };
    let address = ["http://", "https://"].iter().any(|scheme| text.trim().starts_with(scheme));
    if !address && matches!(SecretRef::parse(text), Ok(SecretRef::Literal(_))) {
        let message = "`otlp_endpoint` must be an address such as `http://localhost:4318`, or a reference to one";
        diagnostics.push(Diagnostic::error(entry.place(), "wrong-type", message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse_config;

    #[test]
    fn settings_are_read_or_have_their_defaults() {
        let kept = |text: &str| parse_config(text).value.observability;
        let told =
            ObservabilitySettings { trace_retention_days: 7, otlp_endpoint: Some(SecretRef::Env("COLLECTOR".into())) };
        assert_eq!(kept("observability: { trace_retention_days: 7, otlp_endpoint: \"${env:COLLECTOR}\" }"), told);
        let default = ObservabilitySettings { trace_retention_days: 90, otlp_endpoint: None };
        assert_eq!((kept(""), kept("observability: { trace_retention_days: some }")), (default.clone(), default));
    }

    #[test]
    fn an_endpoint_is_an_address_or_a_reference() {
        let codes = |endpoint: &str| {
            let found = parse_config(&format!("observability: {{ otlp_endpoint: \"{endpoint}\" }}")).diagnostics;
            found
                .iter()
                .filter(|found| found.message.contains("otlp_endpoint"))
                .map(|found| found.code)
                .collect::<Vec<_>>()
        };
        assert_eq!(codes("localhost:4318"), ["wrong-type"]);
        assert_eq!(codes("https://otel.example.com"), [""; 0]);
        assert_eq!(codes("${env:COLLECTOR}"), [""; 0]);
    }
}
