//! Commands on fields: `rename`, `table`, `fields`, `fillnull`, `filldown`, `bin`, `mvexpand`, `addtotals`, `fieldsummary`.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Fatal, Results, Row, arguments::Arguments};
use crate::{
    time,
    tree::Part,
    value::{Value, fits, number_of, number_text},
};

/// Fields of an event that `fields` never takes away.
const KEPT: [&str; 2] = ["_time", "_raw"];

/// `rename`.
pub(super) fn rename(part: Part<'_>, mut from: Results) -> Results {
    for renaming in part.fields("renaming") {
        let (Some(old), Some(new)) = (renaming.field("field"), renaming.field("alias")) else { continue };
        let (old, new) = (old.word(), new.word());
        let found: Vec<(String, String)> = if let Some((before, after)) = old.split_once('*') {
            let names = from.shown().into_iter().filter(|name| fits(&old, name, false));
            names
                .filter_map(|name| {
                    let middle = name.strip_prefix(before)?.strip_suffix(after)?;
                    Some((name.clone(), new.replacen('*', middle, 1)))
                })
                .collect()
        } else {
            vec![(old, new)]
        };
        for (old, new) in found {
            for row in &mut from.rows {
                if let Some(value) = row.remove(&old) {
                    row.insert(new.clone(), value);
                }
            }
            from.fields.retain(|field| *field != new);
            from.fields.iter_mut().filter(|field| **field == old).for_each(|field| field.clone_from(&new));
        }
    }
    from
}

fn named(patterns: &[String], names: &[String]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for pattern in patterns {
        if pattern.contains('*') {
            let all =
                names.iter().filter(|name| fits(pattern, name, false) && !(pattern == "*" && name.starts_with('_')));
            found.extend(all.cloned().collect::<Vec<_>>());
        } else {
            found.push(pattern.clone());
        }
    }
    let mut unique = Vec::new();
    found.into_iter().for_each(|name| {
        if !unique.contains(&name) {
            unique.push(name);
        }
    });
    unique
}

fn listed(part: Part<'_>) -> Vec<String> {
    part.fields("field").into_iter().map(|field| field.word()).collect()
}

/// `table`.
pub(super) fn table(part: Part<'_>, mut from: Results) -> Results {
    let fields = named(&listed(part), &from.shown());
    for row in &mut from.rows {
        row.retain(|name, _| fields.contains(name));
    }
    Results::table(fields, from.rows)
}

/// `fields`.
pub(super) fn fields(part: Part<'_>, mut from: Results) -> Results {
    let patterns = listed(part);
    let names = from.shown();
    if part.symbol("sign") == Some("-") {
        let goes = |name: &str| patterns.iter().any(|pattern| fits(pattern, name, false));
        for row in &mut from.rows {
            row.retain(|name, _| !goes(name));
        }
        from.fields.retain(|name| !goes(name));
        return from;
    }
    let mut fields = named(&patterns, &names);
    for kept in KEPT {
        if names.iter().any(|name| name == kept) && !fields.iter().any(|name| name == kept) {
            fields.push(kept.to_owned());
        }
    }
    for row in &mut from.rows {
        row.retain(|name, _| fields.contains(name));
    }
    Results { fields, only: true, ..from }
}

/// `fillnull`.
pub(super) fn fillnull(part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    let arguments = Arguments::of(part);
    let value = Value::Text(arguments.option("value").unwrap_or_else(|| "0".into()));
    let mut fields = arguments.words();
    if fields.is_empty() {
        fields = from.shown();
    }
    for field in &fields {
        for row in &mut from.rows {
            let empty = row.get(field).is_none_or(|found| found.text().is_empty());
            if empty {
                row.insert(field.clone(), value.clone());
            }
        }
        from.add(field);
    }
    Ok(from)
}

/// `filldown`.
pub(super) fn filldown(part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    let mut fields = Arguments::of(part).words();
    if fields.is_empty() {
        fields = from.shown();
    }
    for field in &fields {
        let mut last: Option<Value> = None;
        for row in &mut from.rows {
            match (row.get(field), &last) {
                (Some(found), _) => last = Some(found.clone()),
                (None, Some(value)) => drop(row.insert(field.clone(), value.clone())),
                (None, None) => {}
            }
        }
    }
    Ok(from)
}

/// `bin`.
pub(super) fn bin(part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    let arguments = Arguments::of(part);
    let aliased = part.fields("argument").into_iter().find(|argument| argument.kind() == "aliased");
    let (field, name) = match aliased {
        Some(part) => (
            part.field("source").map(|source| source.word()).unwrap_or_default(),
            part.field("alias").map(|alias| alias.word()).unwrap_or_default(),
        ),
        None => {
            let field =
                arguments.words().into_iter().next().ok_or_else(|| Fatal::of("bin", "No field is specified."))?;
            (field.clone(), field)
        }
    };
    let span = match (arguments.option("span"), arguments.number("bins")?) {
        (Some(span), _) => span,
        (None, bins) => widest(&from, &field, bins.unwrap_or(100)),
    };
    cut(&mut from.rows, &field, &name, &span).ok_or_else(|| arguments.invalid("span", &span))?;
    from.add(&name);
    Ok(from)
}

/// A span that cuts the numbers of a field into no more buckets than that: a power of ten.
fn widest(from: &Results, field: &str, bins: usize) -> String {
    let numbers: Vec<f64> = from.rows.iter().filter_map(|row| row.get(field)?.number()).collect();
    let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut span = 1.0;
    while (high - low) / span > bins as f64 {
        span *= 10.0;
    }
    number_text(span)
}

/// Puts the values of a field into buckets: times by their start, numbers as `0-10`. None where the span is no span.
pub(super) fn cut(rows: &mut [Row], field: &str, name: &str, span: &str) -> Option<()> {
    let bucket: Box<dyn Fn(f64) -> Value> = if field == "_time" {
        let span = time::span(span)?;
        Box::new(move |time| Value::Number(span.floor(time)))
    } else {
        let width = number_of(span).filter(|width| *width > 0.0)?;
        Box::new(move |number| {
            let low = (number / width).floor() * width;
            Value::Text(format!("{}-{}", number_text(low), number_text(low + width)))
        })
    };
    for row in rows {
        if let Some(number) = row.get(field).and_then(Value::number) {
            row.insert(name.to_owned(), bucket(number));
        }
    }
    Some(())
}

/// `mvexpand`.
pub(super) fn mvexpand(part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    let words = Arguments::of(part).words();
    let field = words.first().ok_or_else(|| Fatal::of("mvexpand", "No field is specified."))?;
    let rows = from.rows.into_iter().flat_map(|row| match row.get(field).map(Value::each) {
        Some(values) if values.len() > 1 => values
            .into_iter()
            .map(|value| {
                let mut row = row.clone();
                row.insert(field.clone(), Value::Text(value));
                row
            })
            .collect(),
        _ => vec![row],
    });
    from.rows = rows.collect();
    Ok(from)
}

/// `addtotals`.
pub(super) fn addtotals(part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    let arguments = Arguments::of(part);
    let fields = arguments.words();
    let (in_rows, in_columns) = (arguments.flag("row", true)?, arguments.flag("col", false)?);
    let total = arguments.option("fieldname").unwrap_or_else(|| "Total".into());
    let names = from.shown();
    let summed = |name: &str| {
        if fields.is_empty() { !name.starts_with('_') } else { fields.iter().any(|field| fits(field, name, false)) }
    };
    if in_rows {
        for row in &mut from.rows {
            let sum: f64 = row.iter().filter(|(name, _)| summed(name)).filter_map(|(_, value)| value.number()).sum();
            row.insert(total.clone(), Value::Number(sum));
        }
        from.add(&total);
    }
    if in_columns {
        let mut row = Row::new();
        for name in names.into_iter().chain(in_rows.then_some(total)) {
            let numbers: Vec<f64> = from.rows.iter().filter_map(|row| row.get(&name)?.number()).collect();
            if summed(&name) && !numbers.is_empty() {
                row.insert(name, Value::Number(numbers.iter().sum()));
            }
        }
        if let (Some(field), Some(label)) = (arguments.option("labelfield"), arguments.option("label")) {
            from.add(&field);
            row.insert(field, Value::Text(label));
        }
        from.rows.push(row);
    }
    Ok(from)
}

/// `fieldsummary`.
pub(super) fn summary(part: Part<'_>, from: Results) -> Result<Results, Fatal> {
    let arguments = Arguments::of(part);
    let most = arguments.number("maxvals")?.unwrap_or(100);
    let wanted = arguments.words();
    let mut rows = Vec::new();
    for name in from.shown() {
        let asked = wanted.is_empty() || wanted.iter().any(|pattern| fits(pattern, &name, false));
        if !asked || name.starts_with('_') {
            continue;
        }
        let values: Vec<String> = from.rows.iter().filter_map(|row| row.get(&name)).flat_map(Value::each).collect();
        if values.is_empty() {
            continue;
        }
        let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
        values.iter().for_each(|value| *counted.entry(value).or_default() += 1);
        let numbers: Vec<f64> = values.iter().filter_map(|value| number_of(value)).collect();
        let mut most_frequent: Vec<(&str, usize)> = counted.iter().map(|(value, count)| (*value, *count)).collect();
        most_frequent.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let listed: Vec<_> =
            most_frequent.iter().take(most).map(|(value, count)| json!({ "value": value, "count": count })).collect();
        let mut row = Row::from([
            ("field".to_owned(), Value::Text(name)),
            ("count".to_owned(), Value::Number(values.len() as f64)),
            ("distinct_count".to_owned(), Value::Number(counted.len() as f64)),
            ("is_exact".to_owned(), Value::Number(1.0)),
            ("numeric_count".to_owned(), Value::Number(numbers.len() as f64)),
            ("values".to_owned(), Value::Text(serde_json::Value::Array(listed).to_string())),
        ]);
        if !numbers.is_empty() {
            let count = numbers.len() as f64;
            let mean = numbers.iter().sum::<f64>() / count;
            let variance = numbers.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
            for (name, number) in [
                ("min", numbers.iter().copied().fold(f64::INFINITY, f64::min)),
                ("max", numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
                ("mean", mean),
                ("stdev", variance.sqrt()),
            ] {
                row.insert(name.to_owned(), Value::Number(number));
            }
        }
        rows.push(row);
    }
    let columns =
        ["field", "count", "distinct_count", "is_exact", "max", "mean", "min", "numeric_count", "stdev", "values"];
    Ok(Results::table(columns.map(str::to_owned).to_vec(), rows))
}
