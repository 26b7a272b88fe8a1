//! `transaction`: events with the same values, near in time, as one.

use super::{Fatal, Results, Row, Search, arguments::Arguments, expression, filter};
use crate::{time, tree::Part, value::Value};

enum Border {
    None,
    Text(String),
    Filter(filter::Filter),
    Condition(expression::Expression),
}

impl Border {
    fn of(part: Part<'_>, key: &str, now: f64) -> Result<Self, Fatal> {
        let option = part.fields("option").into_iter().find(|o| o.field("key").is_some_and(|k| k.text() == key));
        let Some(value) = option.and_then(|option| option.field("value")) else { return Ok(Self::None) };
        Ok(match value.kind() {
            "eval_call" => {
                let inner = value.children().into_iter().next();
                let inner = inner.ok_or_else(|| Fatal::of("transaction", format!("Invalid value for '{key}'.")))?;
                Self::Condition(expression::compile("transaction", inner)?)
            }
            "group" => {
                let inner = crate::tree::parse(value.text())?;
                let commands = inner.commands()?;
                let first = commands.first().ok_or_else(|| Fatal::of("transaction", "Empty condition."))?;
                Self::Filter(filter::compile(*first, now)?)
            }
            _ => Self::Text(value.word()),
        })
    }

    fn holds(&self, row: &Row, now: f64) -> bool {
        match self {
            Self::None => false,
            Self::Text(text) => row.get("_raw").is_some_and(|raw| raw.text().contains(text.as_str())),
            Self::Filter(filter) => filter.holds(row),
            Self::Condition(expression) => expression.value(row, now) == Value::Bool(true),
        }
    }
}

struct Open {
    key: Vec<Option<String>>,
    /// Newest first.
    rows: Vec<Row>,
    closed: bool,
}

/// `transaction`; rows come newest first.
pub(super) fn transaction(search: &Search<'_>, part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    let arguments = Arguments::of(part);
    let fields = arguments.words();
    let seconds = |key: &str| match arguments.option(key) {
        None => Ok(None),
        Some(text) if text == "-1" => Ok(None),
        Some(text) => {
            time::span(&text).map(|span| Some(span.seconds() as f64)).ok_or_else(|| arguments.invalid(key, &text))
        }
    };
    let (maxspan, maxpause) = (seconds("maxspan")?, seconds("maxpause")?);
    let maxevents = arguments.number("maxevents")?.unwrap_or(1000);
    let starts = Border::of(part, "startswith", search.now)?;
    let ends = Border::of(part, "endswith", search.now)?;
    let time = |row: &Row| row.get("_time").and_then(Value::number).unwrap_or_default();
    let mut all: Vec<Open> = Vec::new();
    for row in std::mem::take(&mut from.rows) {
        let key: Vec<Option<String>> = fields.iter().map(|field| row.get(field).map(Value::text)).collect();
        if !fields.is_empty() && key.iter().all(Option::is_none) {
            continue;
        }
        let begins_new = ends.holds(&row, search.now);
        let fits = |open: &Open| {
            let (newest, oldest) = (time(&open.rows[0]), open.rows.last().map(time).unwrap_or_default());
            !open.closed
                && open.key == key
                && open.rows.len() < maxevents
                && maxspan.is_none_or(|most| newest - time(&row) <= most)
                && maxpause.is_none_or(|most| oldest - time(&row) <= most)
        };
        let found = if begins_new { None } else { all.iter().rposition(fits) };
        let closes = starts.holds(&row, search.now);
        match found {
            Some(at) => {
                all[at].rows.push(row);
                all[at].closed = closes;
            }
            None => all.push(Open { key, rows: vec![row], closed: closes }),
        }
    }
    let rows = all.into_iter().map(|open| merged(open.rows)).collect();
    Ok(Results { rows, ..from })
}

fn merged(mut rows: Vec<Row>) -> Row {
    rows.reverse();
    let time = |row: &Row| row.get("_time").and_then(Value::number).unwrap_or_default();
    let (first, last, count) = (time(&rows[0]), rows.last().map(time).unwrap_or_default(), rows.len());
    let raw: Vec<String> = rows.iter().filter_map(|row| Some(row.get("_raw")?.text())).collect();
    let mut all = Row::new();
    for row in rows {
        for (name, value) in row {
            let known = all.entry(name).or_insert(Value::Null);
            let mut values = known.each();
            values.extend(value.each());
            values.sort();
            values.dedup();
            *known = Value::many(values);
        }
    }
    for (name, value) in [
        ("_time", Value::Number(first)),
        ("_raw", Value::Text(raw.join("\n"))),
        ("duration", Value::Number(((last - first) * 1000.0).round() / 1000.0)),
        ("eventcount", Value::Number(count as f64)),
    ] {
        all.insert(name.to_owned(), value);
    }
    all
}
