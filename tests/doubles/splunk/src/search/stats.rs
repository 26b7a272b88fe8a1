//! `stats`, `eventstats`, `streamstats`.

use std::collections::HashMap;

use super::{
    Fatal, Results, Row, Search,
    aggregate::{self, Aggregation},
    arguments::Arguments,
};
use crate::{
    tree::Part,
    value::{Value, order},
};

/// Reads the aggregations without rows.
pub(super) fn check(command: &str, part: Part<'_>) -> Result<(), Fatal> {
    let aggregations = part.fields("aggregation");
    if aggregations.is_empty() {
        return Err(Fatal::of(command, "You must specify at least one aggregator."));
    }
    aggregate::read(command, part, &[]).map(|_| ())
}

/// The combinations of values of the fields of a row: none where it lacks one, several where one has several.
pub(super) fn keys(row: &Row, by: &[String]) -> Vec<Vec<String>> {
    let mut keys = vec![Vec::new()];
    for field in by {
        let values = row.get(field).map(Value::each).unwrap_or_default();
        keys = keys
            .into_iter()
            .flat_map(|key: Vec<String>| {
                values.iter().map(move |value| [key.as_slice(), std::slice::from_ref(value)].concat())
            })
            .collect();
    }
    keys
}

/// Rows by the values of fields, in the order of those values.
pub(super) fn groups<'a>(rows: &'a [Row], by: &[String]) -> Vec<(Vec<String>, Vec<&'a Row>)> {
    let mut places: HashMap<Vec<String>, usize> = HashMap::new();
    let mut groups: Vec<(Vec<String>, Vec<&Row>)> = Vec::new();
    for row in rows {
        for key in keys(row, by) {
            let place = *places.entry(key.clone()).or_insert_with(|| {
                groups.push((key, Vec::new()));
                groups.len() - 1
            });
            groups[place].1.push(row);
        }
    }
    groups.sort_by(|(a, _), (b, _)| {
        a.iter().zip(b).map(|(a, b)| order(a, b)).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
    });
    groups
}

pub(super) fn value_of(field: &str, text: String) -> Value {
    // Times stay numbers, so that they are shown as times.
    if field == "_time" { text.parse().map_or(Value::Text(text), Value::Number) } else { Value::Text(text) }
}

/// `stats`.
pub(super) fn stats(search: &Search<'_>, part: Part<'_>, from: Results) -> Result<Results, Fatal> {
    let aggregations = aggregate::read("stats", part, &from.shown())?;
    let by = Arguments::of(part).by();
    let mut fields = by.clone();
    fields.extend(aggregations.iter().map(|a| a.name.clone()));
    if by.is_empty() {
        let all: Vec<&Row> = from.rows.iter().collect();
        let row = filled(&aggregations, &all, search.now);
        return Ok(Results::table(fields, vec![row]));
    }
    let rows = groups(&from.rows, &by).into_iter().map(|(key, rows)| {
        let mut row = filled(&aggregations, &rows, search.now);
        row.extend(by.iter().cloned().zip(key).map(|(field, text)| (field.clone(), value_of(&field, text))));
        row
    });
    let rows = rows.collect();
    Ok(Results::table(fields, rows))
}

fn filled(aggregations: &[Aggregation], rows: &[&Row], now: f64) -> Row {
    let values = aggregations.iter().map(|a| (a.name.clone(), a.over(rows, 1.0, now)));
    values.filter(|(_, value)| !value.is_null()).collect()
}

/// `eventstats`.
pub(super) fn eventstats(search: &Search<'_>, part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    let aggregations = aggregate::read("eventstats", part, &from.shown())?;
    let by = Arguments::of(part).by();
    let made: HashMap<Vec<String>, Row> = if by.is_empty() {
        let all: Vec<&Row> = from.rows.iter().collect();
        HashMap::from([(Vec::new(), filled(&aggregations, &all, search.now))])
    } else {
        let groups = groups(&from.rows, &by).into_iter();
        groups.map(|(key, rows)| (key, filled(&aggregations, &rows, search.now))).collect()
    };
    for row in &mut from.rows {
        if let Some(more) = keys(row, &by).first().and_then(|key| made.get(key)) {
            row.extend(more.clone());
        }
    }
    aggregations.iter().for_each(|a| from.add(&a.name));
    Ok(from)
}

/// `streamstats`.
pub(super) fn streamstats(search: &Search<'_>, part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    let aggregations = aggregate::read("streamstats", part, &from.shown())?;
    let arguments = Arguments::of(part);
    let by = arguments.by();
    let window = arguments.number("window")?.filter(|window| *window > 0);
    let current = arguments.flag("current", true)?;
    let mut seen: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
    let mut added = Vec::new();
    for (index, row) in from.rows.iter().enumerate() {
        let Some(key) = keys(row, &by).into_iter().next() else {
            added.push(Row::new());
            continue;
        };
        let before = seen.entry(key).or_default();
        if current {
            before.push(index);
        }
        let start = window.map_or(0, |window| before.len().saturating_sub(window));
        let rows: Vec<&Row> = before[start..].iter().map(|index| &from.rows[*index]).collect();
        added.push(filled(&aggregations, &rows, search.now));
        if !current {
            before.push(index);
        }
    }
    for (row, more) in from.rows.iter_mut().zip(added) {
        row.extend(more);
    }
    aggregations.iter().for_each(|a| from.add(&a.name));
    Ok(from)
}
