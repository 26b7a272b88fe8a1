//! Which attributes a table's items have, as some of them show.

use std::collections::{BTreeMap, BTreeSet};

use nlq_catalog::{Column, TypeKind};
use serde_json::Value as Json;

use super::value::parts;
use crate::samples::{MAX_VALUES, sample_of};

/// Maps inside maps that are told apart: deeper ones are one attribute.
const MAX_DEPTH: usize = 6;
/// Attributes of a table at most: maps that are used as dictionaries have no end of them.
const MAX_ATTRIBUTES: usize = 500;

/// What some items of a table have in common.
#[derive(Debug, Default)]
pub(super) struct Sample {
    items: usize,
    attributes: BTreeMap<String, Attribute>,
}

#[derive(Debug, Default)]
struct Attribute {
    /// Items that have it.
    items: usize,
    types: BTreeSet<String>,
    null: bool,
    fraction: bool,
    /// All its texts are days; all are moments.
    days: bool,
    moments: bool,
    values: BTreeSet<String>,
    /// There were more values than are kept.
    many: bool,
}

impl Sample {
    /// How many items were looked at.
    pub(super) fn items(&self) -> usize {
        self.items
    }

    /// Looks at one item.
    pub(super) fn add(&mut self, item: &Json) {
        self.items += 1;
        let entries = item.as_object().into_iter().flatten();
        for (name, value) in entries {
            self.attribute(name.clone(), value, 1);
        }
    }

    fn attribute(&mut self, path: String, value: &Json, depth: usize) {
        let Some((kind, content)) = parts(value) else { return };
        if let ("M", Json::Object(entries)) = (kind, content)
            && depth < MAX_DEPTH
            && !entries.is_empty()
        {
            for (name, value) in entries.iter().filter(|(name, _)| !name.contains('.')) {
                self.attribute(format!("{path}.{name}"), value, depth + 1);
            }
            return;
        }
        // A dot in a name cannot be told from a map's entry.
        if (depth == 1 && path.contains('.'))
            || (self.attributes.len() >= MAX_ATTRIBUTES && !self.attributes.contains_key(&path))
        {
            return;
        }
        let new = || Attribute { days: true, moments: true, ..Attribute::default() };
        self.attributes.entry(path).or_insert_with(new).add(kind, content);
    }

    /// The attributes that are no keys, as columns; `all` says that no item was left unseen. Values are kept of those that
    /// `keeps` names.
    pub(super) fn columns(self, keys: &[(String, String)], all: bool, keeps: impl Fn(&str) -> bool) -> Vec<Column> {
        let Self { items, mut attributes } = self;
        let mut columns = Vec::new();
        for (name, type_name) in keys {
            let mut seen = attributes.remove(name).unwrap_or_default();
            seen.types = BTreeSet::from([type_name.clone()]);
            columns.push(seen.column(name, items, all, keeps(name)));
        }
        let rest = attributes.into_iter().map(|(name, seen)| {
            let keep = keeps(&name);
            seen.column(&name, items, all, keep)
        });
        columns.extend(rest);
        columns
    }
}

impl Attribute {
    fn add(&mut self, kind: &str, content: &Json) {
        self.items += 1;
        if kind == "NULL" {
            self.null = true;
            return;
        }
        self.types.insert(kind.to_owned());
        let text = content.as_str().unwrap_or_default();
        if kind == "N" {
            self.fraction |= text.contains(['.', 'E', 'e']);
        }
        if kind == "S" {
            self.days &= is_day(text);
            self.moments &= is_moment(text);
            if self.values.len() < MAX_VALUES {
                self.values.insert(text.to_owned());
            } else {
                self.many |= !self.values.contains(text);
            }
        }
    }

    fn column(self, name: &str, items: usize, all: bool, keep: bool) -> Column {
        let types: Vec<&str> = self.types.iter().map(String::as_str).collect();
        let texts = !self.values.is_empty();
        let kind = match types[..] {
            ["S"] if texts && self.days => TypeKind::Date,
            ["S"] if texts && self.moments => TypeKind::Timestamp,
            ["S"] => TypeKind::Text,
            ["N"] if self.fraction => TypeKind::Decimal,
            ["N"] => TypeKind::Integer,
            ["BOOL"] => TypeKind::Boolean,
            ["B"] => TypeKind::Binary,
            ["L" | "SS" | "NS" | "BS"] => TypeKind::Array,
            ["M"] => TypeKind::Json,
            _ => TypeKind::Other,
        };
        // Values that nearly every item has its own of are names and numbers, not labels.
        let labels = kind == TypeKind::Text && keep && !self.many;
        let values = if labels { sample_of(self.values.into_iter().collect(), all) } else { None };
        let share = if items == 0 { 1.0 } else { self.items as f64 / items as f64 };
        Column {
            name: name.to_owned(),
            type_name: if types.is_empty() { "NULL".to_owned() } else { types.join(" | ") },
            kind,
            nullable: self.null || self.items < items || !all,
            presence: (share > 0.0 && share < 1.0).then_some(share),
            values,
            ..Column::default()
        }
    }
}

/// `2024-05-01`.
fn is_day(text: &str) -> bool {
    text.len() == 10 && text.parse::<chrono::NaiveDate>().is_ok()
}

/// `2024-05-01T10:00:00` with or without a fraction, in no zone or UTC: what is later is also the greater text.
fn is_moment(text: &str) -> bool {
    let bare = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00")).unwrap_or(text);
    bare.len() >= 16
        && bare.as_bytes().get(10) == Some(&b'T')
        && ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
            .iter()
            .any(|form| chrono::NaiveDateTime::parse_from_str(bare, form).is_ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn attributes_are_told_by_what_items_have() {
        let mut sample = Sample::default();
        sample.add(&json!({"id": {"N": "1"}, "at": {"S": "2024-05-01T10:00:00Z"}, "m": {"M": {"x": {"S": "a"}, "y": {"N": "1.5"}}},
            "tags": {"SS": ["p"]}, "flag": {"BOOL": true}, "odd": {"S": "x"}, "day": {"S": "2024-05-01"}, "gone": {"NULL": true},
            "a.b": {"S": "x"}}));
        sample.add(&json!({"id": {"N": "2"}, "at": {"S": "2024-05-02T10:00:00Z"}, "m": {"M": {"x": {"S": "b"}}},
            "odd": {"N": "1"}, "day": {"S": "2024-05-02"}, "gone": {"S": "here"}}));
        assert_eq!(sample.items(), 2);
        let columns = sample.columns(&[("id".into(), "N".into())], true, |name| name != "gone");
        let told: Vec<String> = columns
            .iter()
            .map(|c| {
                let values = c.values.as_ref().map(|sample| sample.values.join(",")).unwrap_or_default();
                format!("{} {} {:?} {} {:?} {values}", c.name, c.type_name, c.kind, c.nullable, c.presence)
            })
            .collect();
        assert_eq!(
            told,
            [
                "id N Integer false None ",
                "at S Timestamp false None ",
                "day S Date false None ",
                "flag BOOL Boolean true Some(0.5) ",
                "gone S Text true None ",
                "m.x S Text false None a,b",
                "m.y N Decimal true Some(0.5) ",
                "odd N | S Other false None ",
                "tags SS Array true Some(0.5) ",
            ]
        );
    }

    #[test]
    fn a_table_used_as_a_dictionary_has_an_end() {
        let mut sample = Sample::default();
        for n in 0..2 * MAX_ATTRIBUTES {
            sample.add(&json!({"id": {"N": "1"}, "by_day": {"M": {format!("day{n}"): {"N": "1"}}}}));
        }
        assert!(sample.columns(&[], true, |_| true).len() <= MAX_ATTRIBUTES);
    }

    #[test]
    fn times_that_do_not_sort_as_texts_are_no_times() {
        assert!(is_moment("2024-05-01T10:00:00.123+00:00") && is_moment("2024-05-01T10:00"));
        for text in ["2024-05-01 10:00:00", "2024-05-01T10:00:00+02:00", "1.5.2024", "2024-13-01T00:00:00"] {
            assert!(!is_moment(text), "{text}");
        }
    }
}
