//! Times as searches write them: modifiers such as `-7d@d`, spans such as `1h`, formats of `strftime`. All in UTC.

use chrono::{DateTime, Datelike, Duration, Months, NaiveDate, NaiveDateTime, TimeZone, Timelike, Utc, Weekday};

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    /// A week, which starts on that day.
    Week(Weekday),
    Month,
    Quarter,
    Year,
}

impl Unit {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "s" | "sec" | "secs" | "second" | "seconds" => Unit::Second,
            "m" | "min" | "mins" | "minute" | "minutes" => Unit::Minute,
            "h" | "hr" | "hrs" | "hour" | "hours" => Unit::Hour,
            "d" | "day" | "days" => Unit::Day,
            "w" | "week" | "weeks" | "w0" | "w7" => Unit::Week(Weekday::Sun),
            "w1" => Unit::Week(Weekday::Mon),
            "w2" => Unit::Week(Weekday::Tue),
            "w3" => Unit::Week(Weekday::Wed),
            "w4" => Unit::Week(Weekday::Thu),
            "w5" => Unit::Week(Weekday::Fri),
            "w6" => Unit::Week(Weekday::Sat),
            "mon" | "month" | "months" => Unit::Month,
            "q" | "qtr" | "qtrs" | "quarter" | "quarters" => Unit::Quarter,
            "y" | "yr" | "yrs" | "year" | "years" => Unit::Year,
            _ => return None,
        })
    }

    fn seconds(self) -> Option<i64> {
        Some(match self {
            Unit::Second => 1,
            Unit::Minute => 60,
            Unit::Hour => 3600,
            Unit::Day => 86_400,
            Unit::Week(_) => 7 * 86_400,
            Unit::Month | Unit::Quarter | Unit::Year => return None,
        })
    }
}

/// A span such as `30m` or `1mon`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) count: i64,
    pub(crate) unit: Unit,
}

/// Reads a span; a number alone is seconds.
pub(crate) fn span(text: &str) -> Option<Span> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let count = if digits == 0 { 1 } else { text[..digits].parse().ok().filter(|n| (1..1_000_000_000).contains(n))? };
    let unit = if digits == text.len() { Unit::Second } else { Unit::of(&text[digits..].to_lowercase())? };
    Some(Span { count, unit })
}

impl Span {
    /// The start of the bucket that holds a time.
    pub(crate) fn floor(self, time: f64) -> f64 {
        let seconds = time.floor() as i64;
        let bucket = match self.unit {
            Unit::Week(_) if self.count == 1 => snap(seconds, self.unit),
            unit => match unit.seconds() {
                Some(length) => seconds.div_euclid(length * self.count) * (length * self.count),
                None => {
                    let moment = moment(seconds);
                    let months = i64::from(moment.year()) * 12 + i64::from(moment.month0());
                    let first = months.div_euclid(self.months()) * self.months();
                    first_of_month(first)
                }
            },
        };
        bucket as f64
    }

    /// The start of the next bucket.
    pub(crate) fn next(self, start: f64) -> f64 {
        match self.unit.seconds() {
            Some(length) => start + (length * self.count) as f64,
            None => {
                let moment = moment(start as i64);
                first_of_month(i64::from(moment.year()) * 12 + i64::from(moment.month0()) + self.months()) as f64
            }
        }
    }

    /// Its length in seconds; months count thirty days.
    pub(crate) fn seconds(self) -> i64 {
        self.unit.seconds().map_or_else(|| self.months() * 30 * 86_400, |length| length * self.count)
    }

    fn months(self) -> i64 {
        self.count
            * match self.unit {
                Unit::Quarter => 3,
                Unit::Year => 12,
                _ => 1,
            }
    }
}

fn moment(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

fn first_of_month(months: i64) -> i64 {
    let date = NaiveDate::from_ymd_opt(months.div_euclid(12) as i32, months.rem_euclid(12) as u32 + 1, 1);
    date.and_then(|date| date.and_hms_opt(0, 0, 0)).map_or(0, |start| start.and_utc().timestamp())
}

fn snap(seconds: i64, unit: Unit) -> i64 {
    let at = moment(seconds);
    match unit {
        Unit::Second => seconds,
        Unit::Minute => seconds - i64::from(at.second()),
        Unit::Hour => seconds.div_euclid(3600) * 3600,
        Unit::Day => seconds.div_euclid(86_400) * 86_400,
        Unit::Week(first) => {
            let days = (at.weekday().num_days_from_monday() + 7 - first.num_days_from_monday()) % 7;
            (seconds.div_euclid(86_400) - i64::from(days)) * 86_400
        }
        Unit::Month => first_of_month(i64::from(at.year()) * 12 + i64::from(at.month0())),
        Unit::Quarter => first_of_month(i64::from(at.year()) * 12 + i64::from(at.month0() / 3 * 3)),
        Unit::Year => first_of_month(i64::from(at.year()) * 12),
    }
}

/// Moves a time by a modifier such as `-7d@d+2h`, `@w1` or `now`; seconds since 1970 and calendar forms too.
pub(crate) fn modified(now: f64, text: &str) -> Option<f64> {
    let text = text.trim().trim_matches('"');
    if let Ok(seconds) = text.parse::<f64>()
        && !text.starts_with(['-', '+'])
    {
        return Some(seconds);
    }
    if let Some(at) = absolute(text) {
        return Some(at);
    }
    let mut rest = text.strip_prefix("now").unwrap_or(text);
    let mut at = now;
    if rest.len() == text.len() && !rest.starts_with(['-', '+', '@']) {
        return None;
    }
    while !rest.is_empty() {
        let sign = rest.chars().next()?;
        let body = &rest[1..];
        let end = body.find(['-', '+', '@']).unwrap_or(body.len());
        let (step, after) = body.split_at(end);
        match sign {
            '@' => at = snap(at as i64, Unit::of(&step.to_lowercase())?) as f64,
            '-' | '+' => at = moved(at, span(step)?, if sign == '-' { -1 } else { 1 })?,
            _ => return None,
        }
        rest = after;
    }
    Some(at)
}

fn moved(at: f64, by: Span, sign: i64) -> Option<f64> {
    if let Some(length) = by.unit.seconds() {
        return Some(at + (length * by.count * sign) as f64);
    }
    let months = Months::new(by.months().try_into().ok()?);
    let from = moment(at as i64);
    let to = if sign < 0 { from.checked_sub_months(months)? } else { from.checked_add_months(months)? };
    Some(to.timestamp() as f64 + at.fract())
}

/// Calendar forms that searches and the REST interface take.
fn absolute(text: &str) -> Option<f64> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.timestamp_millis() as f64 / 1000.0);
    }
    for format in ["%m/%d/%Y:%H:%M:%S", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"] {
        if let Ok(at) = NaiveDateTime::parse_from_str(text, format) {
            return Some(Utc.from_utc_datetime(&at).timestamp_millis() as f64 / 1000.0);
        }
    }
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").or_else(|_| NaiveDate::parse_from_str(text, "%m/%d/%Y"));
    date.ok()?.and_hms_opt(0, 0, 0).map(|at| at.and_utc().timestamp() as f64)
}

/// A time as results show it.
pub(crate) fn shown(time: f64) -> String {
    at(time).format("%Y-%m-%dT%H:%M:%S%.3f+00:00").to_string()
}

fn at(time: f64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis((time * 1000.0).round() as i64).unwrap_or_default()
}

/// `strftime` of eval.
pub(crate) fn format(time: f64, format: &str) -> String {
    use std::fmt::Write;
    let format = format
        .replace("%3N", &at(time).format("%3f").to_string())
        .replace("%6N", &at(time).format("%6f").to_string())
        .replace("%N", &at(time).format("%9f").to_string())
        .replace("%Q", &at(time).format("%3f").to_string());
    let mut text = String::new();
    // A format that chrono does not know gives nothing, as an unknown variable does.
    if write!(text, "{}", at(time).format(&format)).is_err() {
        text.clear();
    }
    text
}

/// `strptime` of eval.
pub(crate) fn read(text: &str, format: &str) -> Option<f64> {
    let format = format.replace("%3N", "%3f").replace("%6N", "%6f").replace("%N", "%f").replace("%Q", "%3f");
    if let Ok(at) = DateTime::parse_from_str(text, &format) {
        return Some(at.timestamp_micros() as f64 / 1e6);
    }
    if let Ok(at) = NaiveDateTime::parse_from_str(text, &format) {
        return Some(at.and_utc().timestamp_micros() as f64 / 1e6);
    }
    let date = NaiveDate::parse_from_str(text, &format).ok()?;
    Some(date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp() as f64)
}

/// Seconds as `1+02:03:04`, as `tostring(x, "duration")` has it.
pub(crate) fn duration(seconds: f64) -> String {
    let whole = Duration::seconds(seconds as i64);
    let (days, rest) = (whole.num_days(), whole.num_seconds().rem_euclid(86_400));
    let clock = format!("{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
    if days > 0 { format!("{days}+{clock}") } else { clock }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thursday, 2024-06-20 12:34:56 UTC.
    const NOW: f64 = 1_718_886_896.0;

    #[test]
    fn modifiers_move_and_snap() {
        for (modifier, expected) in [
            ("now", "2024-06-20T12:34:56"),
            ("-1h", "2024-06-20T11:34:56"),
            ("-7d@d", "2024-06-13T00:00:00"),
            ("@w0", "2024-06-16T00:00:00"),
            ("@w1", "2024-06-17T00:00:00"),
            ("-1mon@mon", "2024-05-01T00:00:00"),
            ("@q", "2024-04-01T00:00:00"),
            ("@y+1d", "2024-01-02T00:00:00"),
            ("06/01/2024:10:00:00", "2024-06-01T10:00:00"),
            ("2024-06-01", "2024-06-01T00:00:00"),
            ("1718886896", "2024-06-20T12:34:56"),
        ] {
            let at = modified(NOW, modifier).map(|at| shown(at)[..19].to_owned());
            assert_eq!(at.as_deref(), Some(expected), "{modifier}");
        }
        for wrong in ["yesterday", "-7x", "@", "-1d@fortnight"] {
            assert_eq!(modified(NOW, wrong), None, "{wrong}");
        }
    }

    #[test]
    fn spans_cut_time_into_buckets() {
        for (text, start, next) in [
            ("1d", "2024-06-20T00", "2024-06-21T00"),
            ("6h", "2024-06-20T12", "2024-06-20T18"),
            ("1mon", "2024-06-01T00", "2024-07-01T00"),
            ("1w", "2024-06-16T00", "2024-06-23T00"),
            ("1q", "2024-04-01T00", "2024-07-01T00"),
        ] {
            let span = span(text).unwrap();
            let bucket = span.floor(NOW);
            assert_eq!((&shown(bucket)[..13], &shown(span.next(bucket))[..13]), (start, next), "{text}");
        }
    }
}
