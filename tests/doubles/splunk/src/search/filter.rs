//! `search`: terms, comparisons, lists, NOT, OR and AND.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use fancy_regex::Regex;

use super::{Fatal, Results, Row, Search};
use crate::{
    time,
    tree::Part,
    value::{Value, fits, number_of},
};

/// A compiled search expression.
pub(super) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Compare(String, Comparison, String),
    In(String, Vec<String>),
    Term(Box<Regex>),
    /// At or after (true), or before that time.
    Time(bool, f64),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What the filter of a search says of the whole search.
#[derive(Default)]
struct Range {
    earliest: bool,
    latest: bool,
    index: bool,
    archive: bool,
}

/// Compiles the expression of a search command; times are relative to `now`.
pub(super) fn compile(part: Part<'_>, now: f64) -> Result<Filter, Fatal> {
    part.field("expression").map_or(Ok(Filter::All(Vec::new())), |expression| filter(expression, now))
}

/// Searching this index takes as long as a search of years of events does.
const ARCHIVE: &str = "archive";
const ARCHIVE_TAKES: Duration = Duration::from_mins(1);

/// Waits as long as that takes, unless the job is stopped.
fn read_archive(search: &Search<'_>) -> Result<(), Fatal> {
    let begun = Instant::now();
    while begun.elapsed() < ARCHIVE_TAKES {
        if search.stop.load(Ordering::Relaxed) {
            return Err(Fatal::new("Search was canceled"));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// The events that a search starts with.
pub(super) fn events(search: &Search<'_>, part: Part<'_>) -> Result<Results, Fatal> {
    let filter = compile(part, search.now)?;
    let mut range = Range::default();
    filter.range(&mut range);
    if range.archive {
        read_archive(search)?;
    }
    let earliest = search.earliest.filter(|_| !range.earliest && !range.latest);
    let latest = search.latest.filter(|_| !range.latest && !range.earliest).unwrap_or(search.now);
    let (own, until) = filter.bounds();
    let searched = own.or(earliest).map(|from| (from, until.unwrap_or(latest)));
    let rows = search.events.iter().filter(|row| {
        let time = row.get("_time").and_then(Value::number).unwrap_or_default();
        // A search that names no index looks into those that a role searches by default: `main`.
        earliest.is_none_or(|earliest| time >= earliest)
            && (range.latest || time < latest)
            && (range.index || row.get("index").is_some_and(|index| index.text() == "main"))
            && filter.holds(row)
    });
    let fields = vec!["_time".into(), "_raw".into()];
    Ok(Results { rows: rows.cloned().collect(), events: true, fields, only: false, range: searched })
}

/// `search` further down.
pub(super) fn rows(search: &Search<'_>, part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    let filter = compile(part, search.now)?;
    from.rows.retain(|row| filter.holds(row));
    Ok(from)
}

/// The filter of `tstats ... where` and `inputlookup ... where`.
pub(super) fn of_clause(part: Option<Part<'_>>, now: f64) -> Result<Filter, Fatal> {
    part.map_or(Ok(Filter::All(Vec::new())), |clause| compile(clause, now))
}

fn filter(part: Part<'_>, now: f64) -> Result<Filter, Fatal> {
    let below = || part.children().into_iter().map(|child| filter(child, now)).collect::<Result<Vec<_>, _>>();
    Ok(match part.kind() {
        "and_expression" => Filter::All(
            part.children()
                .into_iter()
                .filter(|child| child.kind() != "AND")
                .map(|child| filter(child, now))
                .collect::<Result<_, _>>()?,
        ),
        "or_expression" => Filter::Any(
            part.children()
                .into_iter()
                .filter(|child| child.kind() != "OR")
                .map(|child| filter(child, now))
                .collect::<Result<_, _>>()?,
        ),
        "not_expression" => {
            let inner = part.children().into_iter().next_back();
            Filter::Not(Box::new(inner.map_or(Ok(Filter::All(Vec::new())), |inner| filter(inner, now))?))
        }
        "group" => Filter::All(below()?),
        "comparison" => {
            let field = part.field("field").map(|field| field.word()).unwrap_or_default();
            let value = part.field("value").map(literal).transpose()?.unwrap_or_default();
            let comparison = match part.symbol("operator").unwrap_or_default() {
                "!=" => Comparison::NotEqual,
                "<" => Comparison::Less,
                "<=" => Comparison::LessOrEqual,
                ">" => Comparison::Greater,
                ">=" => Comparison::GreaterOrEqual,
                _ => Comparison::Equal,
            };
            match field.as_str() {
                "earliest" | "latest" => {
                    let at = time::modified(now, &value).ok_or_else(|| {
                        Fatal::of("search", format!("Invalid value \"{value}\" for time term '{field}'"))
                    })?;
                    Filter::Time(field == "earliest", at)
                }
                _ => Filter::Compare(field, comparison, value),
            }
        }
        "in_list" => {
            let field = part.field("field").map(|field| field.word()).unwrap_or_default();
            Filter::In(field, part.fields("value").into_iter().map(literal).collect::<Result<_, _>>()?)
        }
        "term" => Filter::Term(Box::new(term(&part.word())?)),
        "directive" => {
            let text = part.field("argument").map(|argument| argument.word()).unwrap_or_default();
            Filter::Term(Box::new(term(&text)?))
        }
        other => return Err(Fatal::of("search", format!("Unable to parse the search: unexpected {other}."))),
    })
}

fn literal(part: Part<'_>) -> Result<String, Fatal> {
    match part.kind() {
        "word" | "string" => Ok(part.word()),
        "directive" => Ok(part.field("argument").map(|argument| argument.word()).unwrap_or_default()),
        _ => Err(Fatal::of("search", "Unable to parse the search: a comparison must have a literal value.")),
    }
}

/// A word or phrase of a raw event, from one break between words to another; `*` stands for what is left of a word.
fn term(text: &str) -> Result<Regex, Fatal> {
    let body: Vec<String> = text.split('*').map(|part| fancy_regex::escape(part).into_owned()).collect();
    let body = body.join(r"[^\s\[\]<>(){}|!;,'\x22]*");
    let start = if text.starts_with(|c: char| c.is_alphanumeric()) { r"(?<![[:alnum:]])" } else { "" };
    let end = if text.ends_with(|c: char| c.is_alphanumeric()) { r"(?![[:alnum:]])" } else { "" };
    Regex::new(&format!("(?i){start}{body}{end}")).map_err(|error| Fatal::of("search", error))
}

impl Filter {
    fn range(&self, range: &mut Range) {
        match self {
            Filter::All(parts) | Filter::Any(parts) => parts.iter().for_each(|part| part.range(range)),
            Filter::Not(part) => part.range(range),
            Filter::Compare(field, _, value) => {
                range.index |= field == "index";
                range.archive |= field == "index" && value == ARCHIVE;
            }
            Filter::In(field, _) => range.index |= field == "index",
            Filter::Time(true, _) => range.earliest = true,
            Filter::Time(false, _) => range.latest = true,
            Filter::Term(_) => {}
        }
    }

    /// The time range that it asks for.
    pub(super) fn bounds(&self) -> (Option<f64>, Option<f64>) {
        match self {
            Filter::All(parts) => {
                parts.iter().map(Filter::bounds).fold((None, None), |(from, to), (a, b)| (a.or(from), b.or(to)))
            }
            Filter::Time(true, at) => (Some(*at), None),
            Filter::Time(false, at) => (None, Some(*at)),
            _ => (None, None),
        }
    }

    pub(super) fn holds(&self, row: &Row) -> bool {
        match self {
            Filter::All(parts) => parts.iter().all(|part| part.holds(row)),
            Filter::Any(parts) => parts.iter().any(|part| part.holds(row)),
            Filter::Not(part) => !part.holds(row),
            Filter::Compare(field, comparison, value) => {
                let found = row.get(field).map(Value::each).unwrap_or_default();
                match comparison {
                    Comparison::NotEqual => !found.is_empty() && !found.iter().any(|one| equal(value, one)),
                    Comparison::Equal => found.iter().any(|one| equal(value, one)),
                    other => found.iter().any(|one| other.holds(one, value)),
                }
            }
            Filter::In(field, values) => {
                let found = row.get(field).map(Value::each).unwrap_or_default();
                found.iter().any(|one| values.iter().any(|value| equal(value, one)))
            }
            Filter::Term(pattern) => {
                let raw = row.get("_raw").map(Value::text).unwrap_or_default();
                pattern.is_match(&raw).unwrap_or(false)
            }
            Filter::Time(from, at) => {
                let time = row.get("_time").and_then(Value::number).unwrap_or_default();
                if *from { time >= *at } else { time < *at }
            }
        }
    }
}

fn equal(pattern: &str, value: &str) -> bool {
    let as_numbers = !pattern.contains('*') && number_of(pattern).is_some_and(|n| number_of(value) == Some(n));
    as_numbers || fits(pattern, value, true)
}

impl Comparison {
    fn holds(self, left: &str, right: &str) -> bool {
        let order = match (number_of(left), number_of(right)) {
            (Some(left), Some(right)) => left.total_cmp(&right),
            // What is no number is never less or greater than one.
            (None, Some(_)) => return false,
            _ => left.cmp(right),
        };
        match self {
            Comparison::Equal => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterOrEqual => order.is_ge(),
        }
    }
}
