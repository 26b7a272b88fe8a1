//! `chart` and `timechart`.

use std::collections::BTreeMap;

use super::{
    Fatal, Results, Row, Search,
    aggregate::{self, Aggregation},
    arguments::Arguments,
    fields, stats,
};
use crate::{
    time::{self, Span},
    tree::Part,
    value::{Value, order},
};

/// Buckets of a timechart at most, where no span is given.
const BINS: usize = 100;
/// Series, where no limit is given.
const SERIES: usize = 10;
/// More buckets than that are refused.
const MOST: usize = 50_000;

/// `timechart`.
pub(super) fn timechart(search: &Search<'_>, part: Part<'_>, from: Results) -> Result<Results, Fatal> {
    let aggregations = aggregate::read("timechart", part, &from.shown())?;
    let arguments = Arguments::of(part);
    let times = || from.rows.iter().filter_map(|row| row.get("_time")?.number());
    let (first, last) = (times().min_by(f64::total_cmp), times().max_by(f64::total_cmp));
    let (Some(first), Some(last)) = (first, last) else { return Ok(Results::table(Vec::new(), Vec::new())) };
    // The range that was searched is shown as a whole, not only where events are.
    let (first, last) = from.range.map_or((first, last), |(start, end)| (start, end.max(last + 1.0) - 1.0));
    let span = match arguments.option("span") {
        Some(text) => {
            time::span(text.split('@').next().unwrap_or_default()).ok_or_else(|| arguments.invalid("span", &text))?
        }
        None => usual(last - first, arguments.number("bins")?.unwrap_or(BINS)),
    };
    let mut starts = Vec::new();
    let mut at = span.floor(first);
    while at <= last {
        starts.push(at);
        if starts.len() > MOST {
            return Err(Fatal::of("timechart", "The specified span would result in too many (>50000) rows."));
        }
        at = span.next(at);
    }
    let by = arguments.by();
    let mut rows = from.rows;
    for row in &mut rows {
        if let Some(time) = row.get("_time").and_then(Value::number) {
            row.insert("_time".into(), Value::Number(span.floor(time)));
        }
    }
    let starts: Vec<String> = starts.into_iter().map(|start| Value::Number(start).text()).collect();
    let keys = arguments.flag("cont", true)?.then_some(starts);
    let mut charted = pivot(search, &arguments, &aggregations, &rows, ("_time", &by), keys, span.seconds() as f64)?;
    charted.fields.push("_span".into());
    for row in &mut charted.rows {
        row.insert("_span".into(), Value::Number(span.seconds() as f64));
    }
    Ok(charted)
}

/// The shortest usual span that needs no more than that many buckets.
fn usual(range: f64, bins: usize) -> Span {
    let usual = ["1s", "5s", "10s", "30s", "1m", "5m", "10m", "30m", "1h", "4h", "1d", "1w", "1mon"];
    let spans = usual.iter().filter_map(|text| time::span(text));
    let all: Vec<Span> = spans.collect();
    *all.iter().find(|span| range / span.seconds() as f64 <= bins as f64).unwrap_or(&all[all.len() - 1])
}

/// `chart`.
pub(super) fn chart(search: &Search<'_>, part: Part<'_>, from: Results) -> Result<Results, Fatal> {
    let aggregations = aggregate::read("chart", part, &from.shown())?;
    let arguments = Arguments::of(part);
    let over = part.field("over").and_then(|over| over.field("field")).map(|field| field.word());
    let mut by = arguments.by();
    let over = match over {
        Some(over) => over,
        None if by.is_empty() => {
            let all: Vec<&Row> = from.rows.iter().collect();
            let row = aggregations.iter().map(|a| (a.name.clone(), a.over(&all, 1.0, search.now))).collect();
            return Ok(Results::table(aggregations.iter().map(|a| a.name.clone()).collect(), vec![row]));
        }
        None => by.remove(0),
    };
    let mut rows = from.rows;
    if let Some(text) = arguments.option("span") {
        fields::cut(&mut rows, &over, &over, &text).ok_or_else(|| arguments.invalid("span", &text))?;
    }
    by.truncate(1);
    pivot(search, &arguments, &aggregations, &rows, (&over, &by), None, 1.0)
}

/// Rows by one field, and a column for every value of another.
fn pivot(
    search: &Search<'_>,
    arguments: &Arguments<'_>,
    aggregations: &[Aggregation],
    rows: &[Row],
    (over, by): (&str, &[String]),
    keys: Option<Vec<String>>,
    span: f64,
) -> Result<Results, Fatal> {
    let grouped = stats::groups(rows, &[over.to_owned()]);
    let mut lines: Vec<(String, Vec<&Row>)> =
        grouped.into_iter().map(|(mut key, rows)| (key.remove(0), rows)).collect();
    if let Some(keys) = keys {
        let mut found: BTreeMap<String, Vec<&Row>> = lines.into_iter().collect();
        lines = keys.into_iter().map(|key| (key.clone(), found.remove(&key).unwrap_or_default())).collect();
    }
    let Some(split) = by.first() else {
        let mut columns = vec![over.to_owned()];
        columns.extend(aggregations.iter().map(|a| a.name.clone()));
        let rows = lines.into_iter().map(|(key, rows)| {
            let mut row: Row = aggregations.iter().map(|a| (a.name.clone(), a.over(&rows, span, search.now))).collect();
            row.retain(|_, value| !value.is_null());
            row.insert(over.to_owned(), stats::value_of(over, key));
            row
        });
        let rows = rows.collect();
        return Ok(Results::table(columns, rows));
    };
    let series = Series::of(search, arguments, aggregations, rows, split, span)?;
    let mut columns = vec![over.to_owned()];
    for aggregation in aggregations {
        columns.extend(series.names.iter().map(|name| column(aggregations, aggregation, name)));
    }
    let rows = lines.into_iter().map(|(key, rows)| {
        let mut row = Row::from([(over.to_owned(), stats::value_of(over, key))]);
        for name in &series.names {
            let of: Vec<&Row> = rows.iter().filter(|row| series.of_row(row, split).contains(name)).copied().collect();
            for aggregation in aggregations {
                // Nothing counted is 0, anything else of nothing is nothing.
                let value = if of.is_empty() && !aggregation.is_count() {
                    Value::Null
                } else {
                    aggregation.over(&of, span, search.now)
                };
                if !value.is_null() {
                    row.insert(column(aggregations, aggregation, name), value);
                }
            }
        }
        row
    });
    let rows = rows.collect();
    Ok(Results::table(columns, rows))
}

fn column(all: &[Aggregation], aggregation: &Aggregation, series: &str) -> String {
    if all.len() == 1 { series.to_owned() } else { format!("{}: {series}", aggregation.name) }
}

/// Which values of the split field have a column of their own.
struct Series {
    names: Vec<String>,
    own: Vec<String>,
    others: Option<String>,
    missing: Option<String>,
}

impl Series {
    fn of(
        search: &Search<'_>,
        arguments: &Arguments<'_>,
        aggregations: &[Aggregation],
        rows: &[Row],
        split: &str,
        span: f64,
    ) -> Result<Self, Fatal> {
        let limit = match arguments.option("limit") {
            None => SERIES,
            Some(text) => {
                let digits = text.trim_start_matches("top").trim_start_matches("bottom");
                digits.trim().parse().map_err(|_| arguments.invalid("limit", &text))?
            }
        };
        let mut groups: Vec<(String, f64)> = stats::groups(rows, &[split.to_owned()])
            .into_iter()
            .map(|(mut key, rows)| {
                let worth = aggregations.first().map(|a| a.over(&rows, span, search.now)).and_then(|v| v.number());
                (key.remove(0), worth.unwrap_or_default())
            })
            .collect();
        let bottom = arguments.option("limit").is_some_and(|text| text.starts_with("bottom"));
        groups.sort_by(|a, b| if bottom { a.1.total_cmp(&b.1) } else { b.1.total_cmp(&a.1) });
        let keep = if limit == 0 { groups.len() } else { limit };
        let rest = groups.len() > keep;
        let mut own: Vec<String> = groups.into_iter().take(keep).map(|(name, _)| name).collect();
        own.sort_by(|a, b| order(a, b));
        let mut names = own.clone();
        let named = |option: &str, usual: &str| arguments.option(option).unwrap_or_else(|| usual.to_owned());
        let missing = rows.iter().any(|row| !row.contains_key(split)) && arguments.flag("usenull", true)?;
        let missing = missing.then(|| named("nullstr", "NULL"));
        let others = (rest && arguments.flag("useother", true)?).then(|| named("otherstr", "OTHER"));
        names.extend(others.clone());
        names.extend(missing.clone());
        Ok(Self { names, own, others, missing })
    }

    fn of_row(&self, row: &Row, split: &str) -> Vec<String> {
        let values = row.get(split).map(Value::each).unwrap_or_default();
        if values.is_empty() {
            return self.missing.iter().cloned().collect();
        }
        let of = |value: String| if self.own.contains(&value) { Some(value) } else { self.others.clone() };
        values.into_iter().filter_map(of).collect()
    }
}
