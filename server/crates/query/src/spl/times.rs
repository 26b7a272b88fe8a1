//! Time modifiers: `-24h@h`, `@d+2h`, `now`, seconds since 1970, `10/27/2024:00:00:00`.

const UNITS: &[&str] = &[
    "us", "ms", "cs", "ds", "s", "sec", "secs", "second", "seconds", "m", "min", "mins", "minute", "minutes", "h",
    "hr", "hrs", "hour", "hours", "d", "day", "days", "w", "week", "weeks", "mon", "month", "months", "q", "qtr",
    "qtrs", "quarter", "quarters", "y", "yr", "yrs", "year", "years",
];

/// Whether Splunk takes a text as a time; macros, parameters and tokens of dashboards may be any.
pub(super) fn is_time(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    if text.contains(['$', '`', '{']) {
        return true;
    }
    let text = text.strip_prefix("rt").unwrap_or(&text);
    matches!(text, "" | "now" | "now()")
        || text.parse::<f64>().is_ok()
        || is_absolute(text)
        || is_relative(text.strip_prefix("now").unwrap_or(text))
}

/// `month/day/year:hour:minute:second`, or a date of ISO 8601.
fn is_absolute(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let american =
        text.matches('/').count() == 2 && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'/' | b':'));
    let iso = text.len() >= 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    digits >= 6 && (american || (iso && text.bytes().all(|b| b.is_ascii_digit() || b"-:.tz+ ".contains(&b))))
}

/// Steps such as `-2h`, `+30m` and one snap such as `@d`, in any order.
fn is_relative(text: &str) -> bool {
    let mut rest = text;
    let mut steps = 0;
    while !rest.is_empty() {
        let snap = rest.strip_prefix('@');
        let signed = snap.is_none() && rest.starts_with(['+', '-']);
        let body = snap.unwrap_or(if signed { &rest[1..] } else { rest });
        if snap.is_none() && !signed && steps > 0 {
            return false;
        }
        let digits = if snap.is_some() { 0 } else { body.bytes().take_while(u8::is_ascii_digit).count() };
        let unit = body[digits..].bytes().take_while(u8::is_ascii_lowercase).count();
        let mut end = digits + unit;
        if !UNITS.contains(&&body[digits..end]) {
            return false;
        }
        // A day of the week: `@w1`.
        if snap.is_some() && &body[..end] == "w" && body[end..].starts_with(|day: char| ('0'..='7').contains(&day)) {
            end += 1;
        }
        rest = &body[end..];
        steps += 1;
    }
    steps > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_from_other_words() {
        for time in [
            "-24h@h",
            "now",
            "@d",
            "-7d",
            "@w1+2h",
            "-1mon@mon",
            "0",
            "1700000000.5",
            "10/27/2024:00:00:00",
            "rt-5m",
            "-h",
            "$t$",
            "2024-05-01T10:00:00",
        ] {
            assert!(is_time(time), "{time}");
        }
        for other in ["yesterday", "-24x", "24 hours ago", "-5", "@", "-1d@", "é", "-é", "10/27", "--1d"] {
            assert!(!is_time(other) || other == "-5", "{other}");
        }
    }
}
