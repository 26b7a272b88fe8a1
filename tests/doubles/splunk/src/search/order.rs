//! `sort`, `head`, `tail`, `dedup`, `uniq`, `top`, `rare`.

use std::{cmp::Ordering, collections::HashMap};

use super::{Fatal, Results, Row, Search, arguments::Arguments, expression, stats};
use crate::{
    tree::Part,
    value::{Value, number_of, order},
};

/// Rows that `sort` keeps where no count is given.
const SORTED: usize = 10_000;

struct Key {
    field: String,
    descending: bool,
    kind: String,
}

/// `sort`.
pub(super) fn sort(part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    let mut keys = keys(part);
    let mut limit = part.fields("option").iter().find_map(|option| option.field("value")?.text().parse().ok());
    // A number that stands first is a count.
    if let Some(first) = keys.first()
        && let Ok(count) = first.field.parse::<usize>()
    {
        limit = Some(count);
        let sign = first.descending;
        keys.remove(0);
        if let Some(next) = keys.first_mut() {
            next.descending |= sign;
        }
    }
    // `sort a, b desc` turns the whole order round.
    let turned = keys.len() > 1 && keys.last().is_some_and(|key| ["d", "desc"].contains(&key.field.as_str()));
    if turned {
        keys.pop();
        keys.iter_mut().for_each(|key| key.descending = !key.descending);
    }
    if keys.is_empty() {
        return Err(Fatal::of("sort", "No sort fields are specified."));
    }
    from.rows.sort_by(|a, b| by(&keys, a, b));
    let limit = limit.unwrap_or(SORTED);
    if limit > 0 {
        from.rows.truncate(limit);
    }
    Ok(from)
}

fn keys(part: Part<'_>) -> Vec<Key> {
    part.fields("key")
        .into_iter()
        .filter(|key| key.kind() == "sort_key")
        .map(|key| Key {
            field: key.field("field").map(|field| field.word()).unwrap_or_default(),
            descending: key.symbol("sign") == Some("-"),
            kind: key.field("kind").map(|kind| kind.text().to_lowercase()).unwrap_or_default(),
        })
        .collect()
}

fn by(keys: &[Key], a: &Row, b: &Row) -> Ordering {
    for key in keys {
        let (left, right) = (a.get(&key.field).map(Value::text), b.get(&key.field).map(Value::text));
        let found = match (left, right) {
            (Some(left), Some(right)) => {
                let found = match key.kind.as_str() {
                    "str" => left.cmp(&right),
                    "num" => number_of(&left).unwrap_or_default().total_cmp(&number_of(&right).unwrap_or_default()),
                    "ip" => address(&left).cmp(&address(&right)),
                    _ => order(&left, &right),
                };
                if key.descending { found.reverse() } else { found }
            }
            // What is missing comes last, whichever way.
            (left, right) => right.is_some().cmp(&left.is_some()),
        };
        if found.is_ne() {
            return found;
        }
    }
    Ordering::Equal
}

fn address(text: &str) -> Vec<u32> {
    text.split('.').map(|part| part.parse().unwrap_or_default()).collect()
}

/// `head`.
pub(super) fn head(search: &Search<'_>, part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    let arguments = Arguments::of(part);
    let count = part.field("count").and_then(|count| count.text().parse().ok());
    let count = count.or(arguments.number("limit")?);
    if let Some(condition) = part.field("condition") {
        let condition = expression::compile("head", condition)?;
        let kept = from.rows.iter().position(|row| condition.value(row, search.now) != Value::Bool(true));
        from.rows.truncate(kept.unwrap_or(from.rows.len()));
        if let Some(count) = count {
            from.rows.truncate(count);
        }
    } else {
        from.rows.truncate(count.unwrap_or(10));
    }
    Ok(from)
}

/// `tail`: the last rows, last first.
pub(super) fn tail(part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    let words = Arguments::of(part).words();
    let count = match words.first() {
        None => 10,
        Some(text) => text.parse().map_err(|_| Fatal::of("tail", format!("Invalid argument: '{text}'")))?,
    };
    from.rows.reverse();
    from.rows.truncate(count);
    Ok(from)
}

/// `dedup`.
pub(super) fn dedup(part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    let arguments = Arguments::of(part);
    let mut fields = arguments.words();
    let keep = match fields.first().and_then(|first| first.parse::<usize>().ok()) {
        Some(count) => {
            fields.remove(0);
            count
        }
        None => 1,
    };
    let (events, empty) = (arguments.flag("keepevents", false)?, arguments.flag("keepempty", false)?);
    let consecutive = arguments.flag("consecutive", false)?;
    let mut seen: HashMap<Vec<String>, usize> = HashMap::new();
    let mut last = None;
    from.rows.retain_mut(|row| {
        let key: Option<Vec<String>> = fields.iter().map(|field| row.get(field).map(Value::text)).collect();
        let Some(key) = key else { return empty };
        if consecutive && last.as_ref() != Some(&key) {
            seen.clear();
        }
        last = Some(key.clone());
        let count = seen.entry(key).or_default();
        *count += 1;
        if *count > keep && events {
            fields.iter().for_each(|field| drop(row.remove(field)));
        }
        *count <= keep || events
    });
    if let Some(sortby) = part.field("sortby") {
        let keys = keys(sortby);
        from.rows.sort_by(|a, b| by(&keys, a, b));
    }
    Ok(from)
}

/// `uniq`: rows that are like the one before go.
pub(super) fn uniq(mut from: Results) -> Results {
    from.rows.dedup();
    from
}

/// `top` and `rare`.
pub(super) fn top(part: Part<'_>, from: Results) -> Result<Results, Fatal> {
    let arguments = Arguments::of(part);
    let rare = part.command() == "rare";
    let mut fields = arguments.words();
    let mut limit = arguments.number("limit")?;
    if let Some(count) = fields.first().and_then(|first| first.parse().ok()) {
        limit = Some(count);
        fields.remove(0);
    }
    let limit = limit.unwrap_or(10);
    let by = arguments.by();
    let (count_field, percent_field) = (
        arguments.option("countfield").unwrap_or_else(|| "count".into()),
        arguments.option("percentfield").unwrap_or_else(|| "percent".into()),
    );
    let (show_count, show_percent) = (arguments.flag("showcount", true)?, arguments.flag("showperc", true)?);
    let useother = arguments.flag("useother", false)?;
    let otherstr = arguments.option("otherstr").unwrap_or_else(|| "OTHER".into());
    let mut rows = Vec::new();
    for (outer, group) in stats::groups(&from.rows, &by) {
        let group: Vec<Row> = group.into_iter().cloned().collect();
        let mut counted: Vec<(Vec<String>, usize)> =
            stats::groups(&group, &fields).into_iter().map(|(key, rows)| (key, rows.len())).collect();
        let total: usize = counted.iter().map(|(_, count)| count).sum();
        counted.sort_by(|a, b| if rare { a.1.cmp(&b.1) } else { b.1.cmp(&a.1) });
        let keep = if limit == 0 { counted.len() } else { limit.min(counted.len()) };
        let rest: usize = counted[keep..].iter().map(|(_, count)| count).sum();
        counted.truncate(keep);
        if useother && rest > 0 {
            counted.push((fields.iter().map(|_| otherstr.clone()).collect(), rest));
        }
        for (key, count) in counted {
            let names = by.iter().chain(&fields).cloned();
            let mut row: Row = names.zip(outer.iter().chain(&key).cloned().map(Value::Text)).collect();
            if show_count {
                row.insert(count_field.clone(), Value::Number(count as f64));
            }
            if show_percent {
                let share = count as f64 * 100.0 / total.max(1) as f64;
                row.insert(percent_field.clone(), Value::Text(format!("{share:.6}")));
            }
            rows.push(row);
        }
    }
    let mut columns: Vec<String> = by.into_iter().chain(fields).collect();
    columns.extend(show_count.then_some(count_field));
    columns.extend(show_percent.then_some(percent_field));
    Ok(Results::table(columns, rows))
}
