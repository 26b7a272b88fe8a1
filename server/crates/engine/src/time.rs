//! Time expressions, read against "today" as half-open ranges of days.

use chrono::{Datelike, Days, Months, NaiveDate};
use nlq_query::plan::TimeUnit;

use crate::words::Token;

/// A span of time that a question names; a missing end is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeRange {
    /// The first day inside.
    pub(crate) from: Option<NaiveDate>,
    /// The first day after.
    pub(crate) until: Option<NaiveDate>,
    /// Set when the words are just a year: it may also be a plain number.
    pub(crate) year: Option<i32>,
}

/// What "now" means.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    /// Today.
    pub(crate) today: NaiveDate,
    /// First month of the fiscal year, 1 to 12.
    pub(crate) fiscal_start: u32,
}

/// The time expression that begins at token `at`, with the number of tokens it takes; words such as `since` and `between`
/// belong to it.
pub(crate) fn time_at(text: &str, tokens: &[Token], at: usize, clock: Clock) -> Option<(usize, TimeRange)> {
    let word = |i: usize| tokens.get(i).filter(|t| !t.quoted).map_or("", |t| t.lower.as_str());
    let period = |i: usize| period_at(text, tokens, i, clock);
    match word(at) {
        "since" => {
            let (n, p) = period(at + 1)?;
            Some((n + 1, TimeRange { from: p.from, until: None, year: None }))
        }
        "from" | "between" | "during" => {
            let (n, p) = period(at + 1)?;
            let next = at + 1 + n;
            if matches!(word(next), "to" | "and" | "until" | "till" | "through")
                && word(at) != "during"
                && let Some((m, q)) = period(next + 1)
            {
                return Some((n + m + 2, TimeRange { from: p.from, until: q.until, year: None }));
            }
            (word(at) == "during").then_some((n + 1, p))
        }
        "before" | "until" | "till" | "after" => {
            let (n, p) = period(at + 1)?;
            let range = match word(at) {
                "before" => TimeRange { from: None, until: p.from, year: None },
                "after" => TimeRange { from: p.until, until: None, year: None },
                _ => TimeRange { from: None, until: p.until, year: None },
            };
            Some((n + 1, range))
        }
        _ => period(at),
    }
}

/// A unit named in words, such as `monthly`, `month` or `quarters`.
pub(crate) fn unit_of(word: &str) -> Option<TimeUnit> {
    Some(match word {
        "day" | "days" | "daily" => TimeUnit::Day,
        "week" | "weeks" | "weekly" => TimeUnit::Week,
        "month" | "months" | "monthly" => TimeUnit::Month,
        "quarter" | "quarters" | "quarterly" => TimeUnit::Quarter,
        "year" | "years" | "yearly" | "annually" | "annual" => TimeUnit::Year,
        _ => return None,
    })
}

fn period_at(text: &str, tokens: &[Token], at: usize, clock: Clock) -> Option<(usize, TimeRange)> {
    let token = tokens.get(at).filter(|t| !t.quoted)?;
    let word = |i: usize| tokens.get(i).filter(|t| !t.quoted).map_or("", |t| t.lower.as_str());
    let number = |i: usize| tokens.get(i).and_then(Token::number).and_then(|n| n.parse::<u32>().ok());
    let year = |i: usize| tokens.get(i).and_then(year_of);
    let first = token.lower.as_str();
    let day = |d: NaiveDate| span(d, d.checked_add_days(Days::new(1)));
    match first {
        "today" => return Some((1, day(clock.today)?)),
        "yesterday" => return Some((1, day(clock.today.pred_opt()?)?)),
        "tomorrow" => return Some((1, day(clock.today.succ_opt()?)?)),
        "ytd" => return Some((1, to_date(clock, TimeUnit::Year)?)),
        "mtd" => return Some((1, to_date(clock, TimeUnit::Month)?)),
        _ => {}
    }
    if let Some(unit) = unit_of(first)
        && word(at + 1) == "to"
        && word(at + 2) == "date"
    {
        return Some((3, to_date(clock, unit)?));
    }
    if matches!(first, "last" | "past" | "previous" | "this" | "current" | "next" | "coming") {
        return relative(tokens, at, clock);
    }
    // Q2 2023, second quarter of 2023
    let named =
        first.strip_prefix('q').and_then(|n| n.parse::<u32>().ok()).filter(|n| (1..=4).contains(n)).map(|q| (q, 1));
    let ordinals = [["first", "1st"], ["second", "2nd"], ["third", "3rd"], ["fourth", "4th"]];
    let ordinal = ordinals.iter().position(|words| words.contains(&first));
    let spelled = ordinal.filter(|_| word(at + 1) == "quarter").map(|q| (q as u32 + 1, 2));
    if let Some((quarter, mut taken)) = named.or(spelled) {
        taken += usize::from(word(at + taken) == "of");
        let (year, more) = year(at + taken).map_or((clock.today.year(), 0), |y| (y, 1));
        let from = NaiveDate::from_ymd_opt(year, (quarter - 1) * 3 + 1, 1)?;
        let until = from.checked_add_months(Months::new(3));
        return Some((taken + more, span(from, until)?));
    }
    // 2023-04-01
    if let (Some(y), Some(m), Some(d)) = (year(at), number(at + 1), number(at + 2)) {
        let joined = |i: usize| matches!(&text[tokens[i].span.end..tokens[i + 1].span.start], "-" | "/");
        if joined(at) && joined(at + 1) {
            return Some((3, day(NaiveDate::from_ymd_opt(y, m, d)?)?));
        }
    }
    if let Some(month) = month_of(token) {
        let (number_at, year_at) = (number(at + 1), year(at + 1));
        if let (Some(d), Some(y)) = (number_at.filter(|d| (1..=31).contains(d)), year(at + 2)) {
            return Some((3, day(NaiveDate::from_ymd_opt(y, month, d)?)?));
        }
        let of = usize::from(word(at + 1) == "of");
        let (y, taken) = match (year_at, year(at + 1 + of)) {
            (Some(y), _) => (y, 2),
            (None, Some(y)) => (y, 2 + of),
            (None, None) => return None,
        };
        let from = NaiveDate::from_ymd_opt(y, month, 1)?;
        return Some((taken, span(from, from.checked_add_months(Months::new(1)))?));
    }
    // 5 March 2023
    if let (Some(d), Some(m), Some(y)) = (number(at), tokens.get(at + 1).and_then(month_of), year(at + 2)) {
        return Some((3, day(NaiveDate::from_ymd_opt(y, m, d)?)?));
    }
    let plain = usize::from(first == "year" && year(at + 1).is_some());
    let y = year(at + plain)?;
    let range = span(NaiveDate::from_ymd_opt(y, 1, 1)?, NaiveDate::from_ymd_opt(y + 1, 1, 1))?;
    Some((1 + plain, TimeRange { year: Some(y), ..range }))
}

fn relative(tokens: &[Token], at: usize, clock: Clock) -> Option<(usize, TimeRange)> {
    let word = |i: usize| tokens.get(i).filter(|t| !t.quoted).map_or("", |t| t.lower.as_str());
    let mut i = at + 1;
    let count = tokens.get(i).and_then(Token::number).and_then(|n| n.parse::<u32>().ok());
    i += usize::from(count.is_some());
    let whole = matches!(word(i), "full" | "whole" | "complete" | "calendar" | "iso");
    i += usize::from(whole);
    let fiscal = word(i) == "fiscal";
    i += usize::from(fiscal);
    let unit = unit_of(word(i)).filter(|_| !word(i).ends_with("ly") && word(i) != "annual")?;
    // A fiscal unit begins with the fiscal year's months.
    let fiscal_start = if fiscal { clock.fiscal_start } else { 1 };
    let start = floor(clock.today, unit, fiscal_start)?;
    let edge = edge(tokens, i + 1);
    let taken = i + 1 - at + edge.map_or(0, |(taken, _)| taken);
    // `the past month, inclusive of 1 month ago` is no calendar month.
    let count = count.or(matches!(edge, Some((_, Edge::Included))).then_some(1));
    let range = match (word(at), count) {
        ("this" | "current", _) => span(start, step(start, unit, 1))?,
        ("next" | "coming", None) => span(step(start, unit, 1)?, step(start, unit, 2))?,
        ("next" | "coming", Some(n)) => {
            let from = clock.today.succ_opt()?;
            span(from, step(from, unit, i64::from(n)))?
        }
        (_, None) => span(step(start, unit, -1)?, Some(start))?,
        // The last n units up to and including today, from the day that many units ago, as SQL's intervals count.
        (_, Some(n)) => {
            let back = |until: NaiveDate| step(until, unit, -i64::from(n));
            match edge {
                Some((_, Edge::Excluded(current))) => {
                    let until = floor(clock.today, current, fiscal_start)?;
                    span(back(until)?, Some(until))?
                }
                None if whole => span(back(start)?, Some(start))?,
                _ => span(back(clock.today)?, clock.today.succ_opt())?,
            }
        }
    };
    Some((taken, range))
}

/// What is said of the end of a relative time.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Edge {
    /// `inclusive of today`, `including 30 days ago`
    Included,
    /// `excluding the current week`
    Excluded(TimeUnit),
}

/// The words about the ends of a time, with the number of tokens they take.
fn edge(tokens: &[Token], at: usize) -> Option<(usize, Edge)> {
    let word = |i: usize| tokens.get(i).filter(|t| !t.quoted).map_or("", |t| t.lower.as_str());
    let (included, mut i) = match (word(at), word(at + 1)) {
        ("excluding", _) => (false, at + 1),
        ("exclusive", "of") | ("not", "including" | "counting") => (false, at + 2),
        ("including", _) => (true, at + 1),
        ("inclusive", "of") => (true, at + 2),
        _ => return None,
    };
    i += usize::from(word(i) == "the");
    let ago = unit_of(word(i + 1)).is_some() && word(i + 2) == "ago";
    let (unit, taken) = match word(i) {
        // `today's date`
        "today" => (TimeUnit::Day, if word(i + 1) == "date" { 2 } else { 1 }),
        "current" | "this" => (unit_of(word(i + 1))?, 2),
        _ if ago && tokens[i].number().is_some() => (TimeUnit::Day, 3),
        _ => return None,
    };
    Some((i + taken - at, if included { Edge::Included } else { Edge::Excluded(unit) }))
}

fn to_date(clock: Clock, unit: TimeUnit) -> Option<TimeRange> {
    span(floor(clock.today, unit, 1)?, clock.today.succ_opt())
}

fn floor(day: NaiveDate, unit: TimeUnit, fiscal_start: u32) -> Option<NaiveDate> {
    // Months since the beginning of the fiscal year.
    let month = (day.month() + 12 - fiscal_start) % 12;
    let first = day.with_day(1)?;
    match unit {
        TimeUnit::Day => Some(day),
        TimeUnit::Week => day.checked_sub_days(Days::new(u64::from(day.weekday().num_days_from_monday()))),
        TimeUnit::Month => Some(first),
        TimeUnit::Quarter => first.checked_sub_months(Months::new(month % 3)),
        TimeUnit::Year => first.checked_sub_months(Months::new(month)),
    }
}

fn step(day: NaiveDate, unit: TimeUnit, by: i64) -> Option<NaiveDate> {
    let count = by.unsigned_abs();
    // More than this is no time that a question means.
    if count > 10_000 {
        return None;
    }
    let months = |n: u64| Months::new((n * count) as u32);
    let days = |n: u64| Days::new(n * count);
    match (unit, by >= 0) {
        (TimeUnit::Day, true) => day.checked_add_days(days(1)),
        (TimeUnit::Day, false) => day.checked_sub_days(days(1)),
        (TimeUnit::Week, true) => day.checked_add_days(days(7)),
        (TimeUnit::Week, false) => day.checked_sub_days(days(7)),
        (TimeUnit::Month, true) => day.checked_add_months(months(1)),
        (TimeUnit::Month, false) => day.checked_sub_months(months(1)),
        (TimeUnit::Quarter, true) => day.checked_add_months(months(3)),
        (TimeUnit::Quarter, false) => day.checked_sub_months(months(3)),
        (TimeUnit::Year, true) => day.checked_add_months(months(12)),
        (TimeUnit::Year, false) => day.checked_sub_months(months(12)),
    }
}

fn span(from: NaiveDate, until: Option<NaiveDate>) -> Option<TimeRange> {
    Some(TimeRange { from: Some(from), until: Some(until?), year: None })
}

fn year_of(token: &Token) -> Option<i32> {
    (token.lower.len() == 4).then(|| token.number()).flatten()?.parse().ok().filter(|y| (1500..2200).contains(y))
}

fn month_of(token: &Token) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let lower = token.lower.as_str();
    let short = lower.len() == 3 && token.is_capital();
    MONTHS.iter().position(|m| *m == lower || (short && m.starts_with(lower))).map(|m| m as u32 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::tokenize;

    fn read(text: &str) -> Option<(String, String)> {
        let (tokens, _) = tokenize(text);
        let today = NaiveDate::from_ymd_opt(2024, 5, 15)?;
        let (taken, range) = time_at(text, &tokens, 0, Clock { today, fiscal_start: 4 })?;
        assert_eq!(taken, tokens.len(), "{text}");
        let show = |d: Option<NaiveDate>| d.map_or("open".to_owned(), |d| d.to_string());
        Some((show(range.from), show(range.until)))
    }

    #[test]
    fn time_in_words_is_a_half_open_range() {
        for (text, from, until) in [
            ("2023", "2023-01-01", "2024-01-01"),
            ("Q2 2023", "2023-04-01", "2023-07-01"),
            ("second quarter of 2023", "2023-04-01", "2023-07-01"),
            ("March 2023", "2023-03-01", "2023-04-01"),
            ("March 5, 2023", "2023-03-05", "2023-03-06"),
            ("2023-03-05", "2023-03-05", "2023-03-06"),
            ("last month", "2024-04-01", "2024-05-01"),
            ("this week", "2024-05-13", "2024-05-20"),
            ("last 30 days", "2024-04-15", "2024-05-16"),
            ("past two years", "2022-05-15", "2024-05-16"),
            ("past 7 days, inclusive of today's date", "2024-05-08", "2024-05-16"),
            ("last 7 days excluding today", "2024-05-08", "2024-05-15"),
            ("last 8 weeks (excluding the current week)", "2024-03-18", "2024-05-13"),
            ("last 2 full months", "2024-03-01", "2024-05-01"),
            ("last week, exclusive of the current week", "2024-05-06", "2024-05-13"),
            ("past month, inclusive of 1 month ago", "2024-04-15", "2024-05-16"),
            ("1st quarter of 2023", "2023-01-01", "2023-04-01"),
            ("this fiscal year", "2024-04-01", "2025-04-01"),
            ("last fiscal quarter", "2024-01-01", "2024-04-01"),
            ("yesterday", "2024-05-14", "2024-05-15"),
            ("since 2020", "2020-01-01", "open"),
            ("after March 2020", "2020-04-01", "open"),
            ("before 2020", "open", "2020-01-01"),
            ("between 2019 and 2021", "2019-01-01", "2022-01-01"),
            ("YTD", "2024-01-01", "2024-05-16"),
        ] {
            assert_eq!(read(text), Some((from.to_owned(), until.to_owned())), "{text}");
        }
        assert_eq!(read("may"), None);
        assert_eq!(read("last 99999999 years"), None);
    }
}
