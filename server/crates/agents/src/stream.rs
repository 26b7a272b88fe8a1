//! The query out of a reply that is still being written.

use std::sync::Mutex;

use nlq_llm::Delta;

use crate::Event;

/// Collects the pieces of a structured output and tells the query in it as it grows.
pub(crate) struct Drafting<'a> {
    events: &'a (dyn Fn(Event<'_>) + Send + Sync),
    written: Mutex<String>,
}

impl<'a> Drafting<'a> {
    pub(crate) fn new(events: &'a (dyn Fn(Event<'_>) + Send + Sync)) -> Self {
        Self { events, written: Mutex::default() }
    }

    pub(crate) fn hear(&self, delta: Delta<'_>) {
        let mut written = self.written.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match delta {
            Delta::Arguments(piece) | Delta::Text(piece) => written.push_str(piece),
            Delta::Restart => written.clear(),
        }
        if let Some(query) = partial_string(&written, "query").filter(|query| !query.trim().is_empty()) {
            (self.events)(Event::Draft(&query));
        }
    }
}

/// The string under `key` in JSON that may end anywhere.
fn partial_string(json: &str, key: &str) -> Option<String> {
    let at = json.find(&format!("\"{key}\""))? + key.len() + 2;
    let value = json[at..].trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let mut out = String::new();
    let mut chars = value.chars();
    while let Some(ch) = chars.next() {
        match ch {
            '"' => break,
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('r') => {}
                Some('u') => {
                    let code: String = chars.by_ref().take(4).collect();
                    // Half of a pair, or not yet written to its end.
                    let code = Some(code).filter(|code| code.len() == 4);
                    out.extend(code.and_then(|code| u32::from_str_radix(&code, 16).ok()).and_then(char::from_u32));
                }
                Some(other) => out.push(other),
                None => break,
            },
            ch => out.push(ch),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_read_as_far_as_it_goes() {
        let whole = r#"{"explanation": "x", "query": "SELECT \"a\"\nFROM t\u00e9", "confidence": 0.9}"#;
        assert_eq!(partial_string(whole, "query").as_deref(), Some("SELECT \"a\"\nFROM té"));
        for cut in 0..whole.len() {
            if let Some(part) = whole.get(..cut).and_then(|part| partial_string(part, "query")) {
                assert!("SELECT \"a\"\nFROM té".starts_with(&part), "{part}");
            }
        }
    }
}
