//! The events that are searched: three sets written by a seeded generator in public log formats, and nothing else.
//!
//! A record is made first and its log line from it. Searches see only the line, out of which [`extract`] takes fields again
//! as a Splunk server does for the sourcetype; `splunk-double events` writes the records themselves, so that a test can
//! compute what a search must find without any code of the search.

mod app;
pub(crate) mod extract;
mod random;
mod security;
mod tables;
mod web;

use serde_json::{Map, Value};

pub(crate) use tables::{LOOKUPS, lookup};

/// Seconds that the events span before now.
const SPAN: i64 = 14 * 86_400;

/// One event as it was made.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// Seconds since 1970, UTC.
    pub(crate) time: f64,
    pub(crate) index: &'static str,
    pub(crate) sourcetype: &'static str,
    pub(crate) source: &'static str,
    pub(crate) host: String,
    /// The line of the log.
    pub(crate) raw: String,
    /// What a search should find in the line.
    pub(crate) fields: Map<String, Value>,
}

/// All events of the two weeks before `now`, newest first, as a search returns them.
pub(crate) fn generate(now: i64) -> Vec<Record> {
    let mut records = web::records(now);
    records.extend(security::records(now));
    records.extend(app::records(now));
    records.sort_by(|a, b| b.time.total_cmp(&a.time));
    records
}

/// Adds a field.
fn put(fields: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    fields.insert(name.to_owned(), value.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_718_884_800;

    #[test]
    fn the_same_now_gives_the_same_events_within_two_weeks() {
        let (first, second) = (generate(NOW), generate(NOW));
        assert!(first.len() > 4000, "{}", first.len());
        assert!(first.iter().zip(&second).all(|(a, b)| a.raw == b.raw && a.time == b.time));
        assert!(first.iter().all(|r| r.time < NOW as f64 && r.time >= (NOW - SPAN) as f64));
    }

    #[test]
    fn fields_are_read_out_of_the_line_as_they_were_put_in() {
        for record in generate(NOW) {
            let read = extract::fields(record.sourcetype, &record.raw);
            for (name, value) in &record.fields {
                let expected = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let found = read.iter().find(|(field, _)| field == name).map(|(_, value)| value.text());
                assert_eq!(found.as_deref(), Some(expected.as_str()), "{name} of {}", record.raw);
            }
        }
    }
}
