//! Time expressions, read against "today" as half-open ranges: of days, of hours and minutes of a day, or counted back from
//! the moment at which the query runs.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, Timelike};
use nlq_query::plan::{FromToday, Moment, TimeUnit};

use crate::words::Token;

/// A span of time that a question names; a missing end is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeRange {
    /// The first moment inside.
    pub(crate) from: Option<Moment>,
    /// The first moment after.
    pub(crate) until: Option<Moment>,
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
    let period = |i: usize| ago_at(tokens, i).or_else(|| timed_at(text, tokens, i, clock));
    match word(at) {
        "since" => {
            let (n, p) = period(at + 1)?;
            Some((n + 1, TimeRange { from: p.from, until: None, year: None }))
        }
        "from" | "between" | "during" => {
            if let Some(found) = hours_at(text, tokens, at, None, clock) {
                return Some(found);
            }
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
        _ => {
            let (n, p) = period(at)?;
            // `yesterday between 8 am and 10 am`
            let day = one_day(&p).filter(|_| matches!(word(at + n), "between" | "from"));
            let hours = day.and_then(|_| hours_at(text, tokens, at + n, Some(&p), clock));
            Some(hours.map_or((n, p), |(more, hours)| (n + more, hours)))
        }
    }
}

/// `between 14:00 and 15:00 on March 3`: hours of one day, which is named before or after them.
fn hours_at(
    text: &str,
    tokens: &[Token],
    at: usize,
    day: Option<&TimeRange>,
    clock: Clock,
) -> Option<(usize, TimeRange)> {
    let word = |i: usize| tokens.get(i).filter(|t| !t.quoted).map_or("", |t| t.lower.as_str());
    let mut i = at + 1;
    let (taken, mut from) = time_of_day(text, tokens, i)?;
    i += taken;
    if !matches!(word(i), "to" | "and" | "until" | "till") {
        return None;
    }
    let (taken, until) = time_of_day(text, tokens, i + 1)?;
    i += 1 + taken;
    // `between 2 and 4 pm`
    if from.bare && until.half && from.time.hour() < 12 && from.time + TimeDelta::hours(12) < until.time {
        from.time += TimeDelta::hours(12);
    }
    // `between 2 and 4` is two numbers.
    if from.bare && (until.bare || !until.half) {
        return None;
    }
    let found;
    let day = match day {
        Some(day) => day,
        None => {
            i += usize::from(word(i) == "on");
            let (taken, day) = period_at(text, tokens, i, clock)?;
            i += taken;
            found = day;
            &found
        }
    };
    (from.time < until.time).then_some(())?;
    let range = TimeRange { from: moment_of(day, from.time), until: moment_of(day, until.time), year: None };
    one_day(day).map(|_| (i - at, range))
}

/// A period, cut down to the time of day that follows a single day: `yesterday 8 am`, `March 3, 2024 at 14:30`.
fn timed_at(text: &str, tokens: &[Token], at: usize, clock: Clock) -> Option<(usize, TimeRange)> {
    let (n, day) = period_at(text, tokens, at, clock)?;
    let next = at + n;
    let at_word = usize::from(tokens.get(next).is_some_and(|t| t.lower == "at"));
    if one_day(&day).is_none() {
        return Some((n, day));
    }
    match time_of_day(text, tokens, next + at_word).filter(|(_, said)| !said.bare) {
        Some((taken, said)) => {
            let (until, past) = said.time.overflowing_add_signed(said.lasts);
            let until = if past == 0 { moment_of(&day, until) } else { day.until };
            let range = TimeRange { from: moment_of(&day, said.time), until, year: None };
            Some((n + at_word + taken, range))
        }
        None => Some((n, day)),
    }
}

/// The day that a range is, if it is one.
fn one_day(range: &TimeRange) -> Option<NaiveDate> {
    let (from, until) = (range.from?.as_day()?, range.until?.as_day()?);
    (from.succ_opt()? == until).then_some(from)
}

/// A time of the day with which a range begins.
fn moment_of(range: &TimeRange, time: NaiveTime) -> Option<Moment> {
    match range.from? {
        Moment::At { moment, said } => Some(Moment::At { moment: moment.date().and_time(time), said }),
        Moment::Ago { .. } => None,
    }
}

/// A time of day as it was said.
#[derive(Debug, Clone, Copy)]
struct Said {
    time: NaiveTime,
    /// How exact: an hour or a minute.
    lasts: TimeDelta,
    /// A number and nothing else.
    bare: bool,
    /// With `am` or `pm`.
    half: bool,
}

/// `14:00`, `8 am`, `8:30pm`, `noon`, with the number of tokens it takes.
fn time_of_day(text: &str, tokens: &[Token], at: usize) -> Option<(usize, Said)> {
    let word = |i: usize| tokens.get(i).filter(|t| !t.quoted).map_or("", |t| t.lower.as_str());
    let said = |hour: u32, minute: u32, lasts, bare, half| {
        Some(Said { time: NaiveTime::from_hms_opt(hour, minute, 0)?, lasts, bare, half })
    };
    let hour_long = TimeDelta::hours(1);
    match word(at) {
        "noon" | "midday" => return Some((1, said(12, 0, hour_long, false, true)?)),
        "midnight" => return Some((1, said(0, 0, hour_long, false, true)?)),
        _ => {}
    }
    let digits: &str = word(at);
    let letters = digits.trim_start_matches(|c: char| c.is_ascii_digit());
    let mut hour: u32 = digits[..digits.len() - letters.len()].parse().ok()?;
    let (mut taken, mut minute, mut lasts, mut bare) = (1, 0, hour_long, true);
    let mut suffix = letters;
    let joined = |i: usize| tokens.get(i + 1).is_some_and(|next| &text[tokens[i].span.end..next.span.start] == ":");
    if letters.is_empty() && joined(at) {
        let next = word(at + 1);
        suffix = next.trim_start_matches(|c: char| c.is_ascii_digit());
        minute = Some(&next[..next.len() - suffix.len()]).filter(|digits| digits.len() == 2)?.parse().ok()?;
        (taken, lasts, bare) = (2, TimeDelta::minutes(1), false);
    }
    if suffix.is_empty() && matches!(word(at + taken), "am" | "pm" | "h") {
        suffix = word(at + taken);
        taken += 1;
    }
    match suffix {
        "am" | "pm" if (1..=12).contains(&hour) => hour = hour % 12 + if suffix == "pm" { 12 } else { 0 },
        "" | "h" => {}
        _ => return None,
    }
    Some((taken, said(hour, minute, lasts, bare && suffix.is_empty(), matches!(suffix, "am" | "pm"))?))
}

/// A span of hours or minutes that ends when the query runs: `the last 24 hours`, `past hour`, `15 minutes ago`.
fn ago_at(tokens: &[Token], at: usize) -> Option<(usize, TimeRange)> {
    let word = |i: usize| tokens.get(i).filter(|t| !t.quoted).map_or("", |t| t.lower.as_str());
    let last = matches!(word(at), "last" | "past" | "previous");
    let mut i = at + usize::from(last);
    // `the last 24h`
    let letters = word(i).trim_start_matches(|c: char| c.is_ascii_digit());
    let short = &word(i)[..word(i).len() - letters.len()];
    let (count, unit) = match tokens.get(i).and_then(Token::number).and_then(|n| n.parse::<u32>().ok()) {
        _ if !short.is_empty() && !letters.is_empty() => {
            (short.parse().ok()?, unit_of(letters).or(short_unit(letters))?)
        }
        Some(count) => {
            i += 1;
            (count, unit_of(word(i))?)
        }
        None => (1, unit_of(word(i)).filter(|_| last)?),
    };
    i += 1;
    let said = unit.seconds().is_some() && (1..=100_000).contains(&count) && !word(i - 1).ends_with("ly");
    let ended = usize::from(word(i) == "ago");
    let ago = Moment::Ago { count, unit };
    (said && (last != (ended == 1)))
        .then_some((i + ended - at, TimeRange { from: Some(ago), until: (ended == 1).then_some(ago), year: None }))
}

/// `h`, `min`: only right after digits.
fn short_unit(letters: &str) -> Option<TimeUnit> {
    match letters {
        "h" | "hr" | "hrs" => Some(TimeUnit::Hour),
        "m" | "min" | "mins" => Some(TimeUnit::Minute),
        _ => None,
    }
}

/// A unit to group by with how many of it, and the number of tokens: `month`, `5 minutes`, `15-minute intervals`, `4h`.
pub(crate) fn step_at(tokens: &[Token], at: usize) -> Option<(usize, (u32, TimeUnit))> {
    let word = |i: usize| tokens.get(i).filter(|t| !t.quoted).map_or("", |t| t.lower.as_str());
    let letters = word(at).trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &word(at)[..word(at).len() - letters.len()];
    let (mut taken, count, unit) = if let Some(unit) = unit_of(word(at)) {
        (1, 1, unit)
    } else if !digits.is_empty() && !letters.is_empty() {
        (1, digits.parse().ok()?, short_unit(letters)?)
    } else {
        (2, tokens.get(at)?.number()?.parse().ok()?, unit_of(word(at + 1))?)
    };
    // Only what divides the next larger unit begins anew with it.
    let divides = match unit {
        TimeUnit::Minute => count > 0 && 60 % count == 0,
        TimeUnit::Hour => count > 0 && 24 % count == 0,
        _ => count == 1,
    };
    taken +=
        usize::from(matches!(word(at + taken), "interval" | "intervals" | "bucket" | "buckets" | "window" | "windows"));
    divides.then_some((taken, (count, unit)))
}

/// A unit named in words, such as `monthly`, `month` or `quarters`.
pub(crate) fn unit_of(word: &str) -> Option<TimeUnit> {
    Some(match word {
        "minute" | "minutes" => TimeUnit::Minute,
        "hour" | "hours" | "hourly" => TimeUnit::Hour,
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
        "today" => return Some((1, seen(day(clock.today)?, (0, -1), TimeUnit::Day, TimeUnit::Day))),
        "yesterday" => return Some((1, seen(day(clock.today.pred_opt()?)?, (1, 0), TimeUnit::Day, TimeUnit::Day))),
        "tomorrow" => return Some((1, seen(day(clock.today.succ_opt()?)?, (-1, -2), TimeUnit::Day, TimeUnit::Day))),
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
        // `on March 3`: the last one.
        let said = at.checked_sub(1).map_or("", word);
        if let (Some(d), None) = (number_at.filter(|d| (1..=31).contains(d)), year_at)
            && matches!(said, "on" | "since" | "before" | "after" | "until")
        {
            let this = NaiveDate::from_ymd_opt(clock.today.year(), month, d);
            let last = this.filter(|day| *day <= clock.today);
            return Some((2, day(last.or_else(|| NaiveDate::from_ymd_opt(clock.today.year() - 1, month, d))?)?));
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
    let unit =
        unit_of(word(i)).filter(|unit| unit.seconds().is_none() && !word(i).ends_with("ly") && word(i) != "annual")?;
    // A fiscal unit begins with the fiscal year's months.
    let fiscal_start = if fiscal { clock.fiscal_start } else { 1 };
    let start = floor(clock.today, unit, fiscal_start)?;
    let edge = edge(tokens, i + 1);
    let taken = i + 1 - at + edge.map_or(0, |(taken, _)| taken);
    // `the past month, inclusive of 1 month ago` is no calendar month.
    let count = count.or(matches!(edge, Some((_, Edge::Included))).then_some(1));
    // How it looks from today is lost where years do not begin in January.
    let whole_units = |range: TimeRange, ends| if fiscal { range } else { seen(range, ends, unit, unit) };
    let range = match (word(at), count) {
        ("this" | "current", _) => whole_units(span(start, step(start, unit, 1))?, (0, -1)),
        ("next" | "coming", None) => whole_units(span(step(start, unit, 1)?, step(start, unit, 2))?, (-1, -2)),
        ("next" | "coming", Some(n)) => {
            let from = clock.today.succ_opt()?;
            span(from, step(from, unit, i64::from(n)))?
        }
        (_, None) => whole_units(span(step(start, unit, -1)?, Some(start))?, (1, 0)),
        // The last n units up to and including today, from the day that many units ago, as SQL's intervals count.
        (_, Some(n)) => {
            let back = |until: NaiveDate| step(until, unit, -i64::from(n));
            match edge {
                Some((_, Edge::Excluded(current))) => {
                    let until = floor(clock.today, current, fiscal_start)?;
                    let range = span(back(until)?, Some(until))?;
                    if current == unit { whole_units(range, (i32::try_from(n).ok()?, 0)) } else { range }
                }
                None if whole => whole_units(span(back(start)?, Some(start))?, (i32::try_from(n).ok()?, 0)),
                _ => {
                    let range = span(back(clock.today)?, clock.today.succ_opt())?;
                    let range = seen(range, (i32::try_from(n).ok()?, 0), unit, TimeUnit::Day);
                    let until = seen(range.clone(), (0, -1), TimeUnit::Day, TimeUnit::Day).until;
                    TimeRange { until, ..range }
                }
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
    let range = span(floor(clock.today, unit, 1)?, clock.today.succ_opt())?;
    let until = seen(range.clone(), (0, -1), TimeUnit::Day, TimeUnit::Day).until;
    Some(TimeRange { until, ..seen(range, (0, 0), unit, unit) })
}

fn floor(day: NaiveDate, unit: TimeUnit, fiscal_start: u32) -> Option<NaiveDate> {
    // Months since the beginning of the fiscal year.
    let month = (day.month() + 12 - fiscal_start) % 12;
    let first = day.with_day(1)?;
    match unit {
        TimeUnit::Minute | TimeUnit::Hour | TimeUnit::Day => Some(day),
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
        // Parts of a day are counted from now, not from a day.
        (TimeUnit::Minute | TimeUnit::Hour, _) => None,
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
    Some(TimeRange { from: Some(Moment::day(from)), until: Some(Moment::day(until?)), year: None })
}

/// The same range with how its ends look from today: units back, then back to the beginning of a unit.
fn seen(range: TimeRange, (from, until): (i32, i32), unit: TimeUnit, start: TimeUnit) -> TimeRange {
    let say = |end: Option<Moment>, back| match end {
        Some(Moment::At { moment, .. }) => Some(Moment::At { moment, said: Some(FromToday { back, unit, start }) }),
        other => other,
    };
    TimeRange { from: say(range.from, from), until: say(range.until, until), year: range.year }
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
        let show = |end: Option<Moment>| match end {
            None => "open".to_owned(),
            Some(Moment::Ago { count, unit }) => format!("{count} {} ago", unit.name()),
            Some(Moment::At { moment, .. }) => end
                .and_then(Moment::as_day)
                .map_or_else(|| moment.format("%Y-%m-%d %H:%M").to_string(), |d| d.to_string()),
        };
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
            ("last 24 hours", "24 hour ago", "open"),
            ("past hour", "1 hour ago", "open"),
            ("last 15 minutes", "15 minute ago", "open"),
            ("last 24h", "24 hour ago", "open"),
            ("since 2 hours ago", "2 hour ago", "open"),
            ("before 30 minutes ago", "open", "30 minute ago"),
            ("since yesterday 8 am", "2024-05-14 08:00", "open"),
            ("since yesterday at 8:30pm", "2024-05-14 20:30", "open"),
            ("today at 14:00", "2024-05-15 14:00", "2024-05-15 14:01"),
            ("yesterday 11 pm", "2024-05-14 23:00", "2024-05-15"),
            ("between 14:00 and 15:00 on March 3", "2024-03-03 14:00", "2024-03-03 15:00"),
            ("between 2 and 4 pm yesterday", "2024-05-14 14:00", "2024-05-14 16:00"),
            ("yesterday between 8 am and 10 am", "2024-05-14 08:00", "2024-05-14 10:00"),
            ("from 22:15 until 23:45 on March 3, 2023", "2023-03-03 22:15", "2023-03-03 23:45"),
            ("since June 3", "2023-06-03", "open"),
        ] {
            assert_eq!(read(text), Some((from.to_owned(), until.to_owned())), "{text}");
        }
        assert_eq!(read("may"), None);
        assert_eq!(read("last 99999999 years"), None);
        assert_eq!(read("last 99999999 hours"), None);
        assert_eq!(read("between 2 and 4"), None);
        assert_eq!(read("between 25:00 and 26:00 today"), None);
    }

    #[test]
    fn days_know_how_they_look_from_today() {
        let ends = |text: &str| {
            let (tokens, _) = tokenize(text);
            let today = NaiveDate::from_ymd_opt(2024, 5, 15)?;
            let (_, range) = time_at(text, &tokens, 0, Clock { today, fiscal_start: 4 })?;
            let show = |end: Option<Moment>| match end {
                Some(Moment::At { said: Some(FromToday { back, unit, start }), .. }) => {
                    format!("{back} {} to {}", unit.name(), start.name())
                }
                _ => "-".to_owned(),
            };
            Some(format!("{} / {}", show(range.from), show(range.until)))
        };
        for (text, expected) in [
            ("today", "0 day to day / -1 day to day"),
            ("last month", "1 month to month / 0 month to month"),
            ("this week", "0 week to week / -1 week to week"),
            ("last 2 weeks", "2 week to day / -1 day to day"),
            ("last 7 days excluding today", "7 day to day / 0 day to day"),
            ("since yesterday", "1 day to day / -"),
            ("last fiscal quarter", "- / -"),
            ("2023", "- / -"),
        ] {
            assert_eq!(ends(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_step_is_a_unit_and_how_many_of_it() {
        let step = |text: &str| {
            let (tokens, _) = tokenize(text);
            step_at(&tokens, 0).map(|(taken, step)| (taken == tokens.len(), step))
        };
        assert_eq!(step("month"), Some((true, (1, TimeUnit::Month))));
        assert_eq!(step("5 minutes"), Some((true, (5, TimeUnit::Minute))));
        assert_eq!(step("15-minute intervals"), Some((true, (15, TimeUnit::Minute))));
        assert_eq!(step("4h"), Some((true, (4, TimeUnit::Hour))));
        assert_eq!(step("7 minutes"), None);
        assert_eq!(step("3 months"), None);
        assert_eq!(step("0 hours"), None);
    }
}
