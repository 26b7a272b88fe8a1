//! Commands that make rows or bring rows together: `makeresults`, `metadata`, `eventcount`, `append`, `appendcols`, `join`,
//! `transpose`.

use std::collections::BTreeMap;

use super::{Fatal, Results, Row, Search, arguments::Arguments, expand};
use crate::{
    events,
    tree::Part,
    value::{Value, fits},
};

/// Rows that `makeresults` makes at most here: more would only fill the memory of a test.
const MADE: usize = 1_000_000;

/// `makeresults`.
pub(super) fn makeresults(search: &Search<'_>, part: Part<'_>) -> Result<Results, Fatal> {
    let arguments = Arguments::of(part);
    let count = arguments.number("count")?.unwrap_or(1).min(MADE);
    if let Some(data) = arguments.option("data") {
        return match arguments.option("format").as_deref() {
            Some("csv") => Ok(csv(&data)),
            Some("json") => {
                let rows: Vec<serde_json::Value> = serde_json::from_str(&data)
                    .map_err(|_| Fatal::of("makeresults", "The data is not a valid JSON array."))?;
                let rows = rows.iter().map(|row| events::extract::json(&row.to_string()).into_iter().collect());
                Ok(Results { rows: rows.collect(), ..Results::default() })
            }
            _ => Err(Fatal::of("makeresults", "The 'format' argument is required with 'data'.")),
        };
    }
    let row = Row::from([("_time".to_owned(), Value::Number(search.now.floor()))]);
    Ok(Results::table(vec!["_time".into()], vec![row; count]))
}

fn csv(data: &str) -> Results {
    let mut lines = data.lines();
    let fields: Vec<String> = lines.next().unwrap_or_default().split(',').map(|name| name.trim().to_owned()).collect();
    let rows = lines.filter(|line| !line.trim().is_empty()).map(|line| {
        let values = line.split(',').map(|value| Value::text_of(value.trim()));
        fields.iter().cloned().zip(values).filter(|(_, value)| !value.text().is_empty()).collect()
    });
    let rows = rows.collect();
    Results::table(fields, rows)
}

/// `metadata`.
pub(super) fn metadata(search: &Search<'_>, part: Part<'_>) -> Result<Results, Fatal> {
    let arguments = Arguments::of(part);
    let wanted = arguments.option("type").unwrap_or_default();
    let field = match wanted.as_str() {
        "hosts" => "host",
        "sources" => "source",
        "sourcetypes" => "sourcetype",
        other => return Err(Fatal::of("metadata", format!("Invalid 'type' argument: '{other}'."))),
    };
    let index = arguments.option("index").unwrap_or_else(|| "main".into());
    let mut found: BTreeMap<String, (usize, f64, f64)> = BTreeMap::new();
    for row in search.events {
        let text = |name: &str| row.get(name).map(Value::text).unwrap_or_default();
        let time = row.get("_time").and_then(Value::number).unwrap_or_default();
        if time >= search.now || !fits(&index, &text("index"), false) {
            continue;
        }
        let entry = found.entry(text(field)).or_insert((0, time, time));
        *entry = (entry.0 + 1, entry.1.min(time), entry.2.max(time));
    }
    let rows = found.into_iter().map(|(name, (count, first, last))| {
        Row::from([
            (field.to_owned(), Value::Text(name)),
            ("type".to_owned(), Value::text_of(&wanted)),
            ("totalCount".to_owned(), Value::Number(count as f64)),
            ("firstTime".to_owned(), Value::Number(first.floor())),
            ("lastTime".to_owned(), Value::Number(last.floor())),
            ("recentTime".to_owned(), Value::Number(last.floor())),
        ])
    });
    let columns = ["firstTime", "lastTime", "recentTime", field, "totalCount", "type"];
    let rows = rows.collect();
    Ok(Results::table(columns.map(str::to_owned).to_vec(), rows))
}

/// `eventcount`.
pub(super) fn eventcount(search: &Search<'_>, part: Part<'_>) -> Result<Results, Fatal> {
    let arguments = Arguments::of(part);
    let index = arguments.option("index").unwrap_or_else(|| "main".into());
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for row in search.events {
        let name = row.get("index").map(Value::text).unwrap_or_default();
        if fits(&index, &name, false) {
            *found.entry(name).or_default() += 1;
        }
    }
    let row = |count: usize, index: Option<String>| {
        let mut row = Row::from([("count".to_owned(), Value::Number(count as f64))]);
        if let Some(index) = index {
            row.insert("index".into(), Value::Text(index));
            row.insert("server".into(), Value::text_of("double"));
        }
        row
    };
    if arguments.flag("summarize", true)? {
        return Ok(Results::table(vec!["count".into()], vec![row(found.values().sum(), None)]));
    }
    let rows = found.into_iter().map(|(index, count)| row(count, Some(index))).collect();
    Ok(Results::table(["count", "index", "server"].map(str::to_owned).to_vec(), rows))
}

fn inner(search: &Search<'_>, part: Part<'_>) -> Result<Results, Fatal> {
    let found = part.fields("subsearch").into_iter().next();
    let found = found.ok_or_else(|| Fatal::of(&part.command(), "You must specify a subsearch."))?;
    expand::subsearch(search, found)
}

/// `append` and `appendcols`.
pub(super) fn append(search: &Search<'_>, part: Part<'_>, mut from: Results, name: &str) -> Result<Results, Fatal> {
    let more = inner(search, part)?;
    more.shown().iter().for_each(|field| from.add(field));
    if name == "append" {
        from.rows.extend(more.rows);
        return Ok(from);
    }
    for (index, row) in more.rows.into_iter().enumerate() {
        match from.rows.get_mut(index) {
            Some(known) => {
                known.extend(row.into_iter().filter(|(name, _)| !known.contains_key(name)).collect::<Vec<_>>());
            }
            None => from.rows.push(row),
        }
    }
    Ok(from)
}

/// `join`.
pub(super) fn join(search: &Search<'_>, part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    let arguments = Arguments::of(part);
    let outer = matches!(arguments.option("type").as_deref(), Some("outer" | "left"));
    let (max, overwrite) = (arguments.number("max")?.unwrap_or(1), arguments.flag("overwrite", true)?);
    let more = inner(search, part)?;
    let mut fields = arguments.words();
    if fields.is_empty() {
        let theirs = more.shown();
        fields = from.shown().into_iter().filter(|name| theirs.contains(name)).collect();
    }
    let key = |row: &Row| fields.iter().map(|field| row.get(field).map(Value::text)).collect::<Option<Vec<_>>>();
    let mut found: BTreeMap<Vec<String>, Vec<&Row>> = BTreeMap::new();
    for row in &more.rows {
        if let Some(key) = key(row) {
            found.entry(key).or_default().push(row);
        }
    }
    let mut rows = Vec::new();
    for row in &from.rows {
        let matches = key(row).and_then(|key| found.get(&key)).map(Vec::as_slice).unwrap_or_default();
        let keep = if max == 0 { matches.len() } else { max };
        for other in matches.iter().take(keep) {
            let mut row = row.clone();
            for (name, value) in *other {
                if overwrite || !row.contains_key(name) {
                    row.insert(name.clone(), value.clone());
                }
            }
            rows.push(row);
        }
        if matches.is_empty() && outer {
            rows.push(row.clone());
        }
    }
    more.shown().iter().for_each(|field| from.add(field));
    from.rows = rows;
    Ok(from)
}

/// `transpose`.
pub(super) fn transpose(part: Part<'_>, from: Results) -> Result<Results, Fatal> {
    let arguments = Arguments::of(part);
    let count = arguments.words().first().and_then(|word| word.parse().ok()).unwrap_or(5);
    let header = arguments.option("header_field");
    let first = arguments.option("column_name").unwrap_or_else(|| "column".into());
    let kept = &from.rows[..from.rows.len().min(if count == 0 { usize::MAX } else { count })];
    let titles: Vec<String> = kept
        .iter()
        .enumerate()
        .map(|(index, row)| {
            let named = header.as_ref().and_then(|field| row.get(field)).map(Value::text);
            named.unwrap_or_else(|| format!("row {}", index + 1))
        })
        .collect();
    let names = from.shown().into_iter().filter(|name| Some(name) != header.as_ref() && !name.starts_with('_'));
    let rows = names.map(|name| {
        let cells = titles.iter().cloned().zip(kept).filter_map(|(title, row)| Some((title, row.get(&name)?.clone())));
        let mut made: Row = cells.collect();
        made.insert(first.clone(), Value::Text(name));
        made
    });
    let rows = rows.collect();
    let mut columns = vec![first.clone()];
    columns.extend(titles.clone());
    Ok(Results::table(columns, rows))
}
