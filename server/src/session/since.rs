use chrono::{DateTime, Local, NaiveDate, NaiveTime, TimeDelta, Utc};

/// The moment that `7d`, `24h`, `30m`, `2w` or a day such as `2026-11-20` stands for; the error is one sentence.
pub(crate) fn since(text: &str) -> Result<DateTime<Utc>, String> {
    let wrong =
        || format!("`{text}` is no time: write how long ago, such as 7d, 24h or 30m, or a day, such as 2026-11-20");
    if let Ok(day) = text.parse::<NaiveDate>() {
        let begin = day.and_time(NaiveTime::MIN).and_local_timezone(Local).earliest();
        return begin.map(|begin| begin.to_utc()).ok_or_else(wrong);
    }
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let number: i64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| wrong())?;
    let span = match unit {
        'm' => TimeDelta::try_minutes(number),
        'h' => TimeDelta::try_hours(number),
        'd' => TimeDelta::try_days(number),
        'w' => TimeDelta::try_weeks(number),
        _ => None,
    };
    span.filter(|_| number >= 0).and_then(|span| Utc::now().checked_sub_signed(span)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_ago_and_days_are_read() {
        for (text, minutes) in [("90m", 90), ("24h", 24 * 60), ("7d", 7 * 24 * 60), ("2w", 14 * 24 * 60)] {
            let ago = Utc::now() - since(text).unwrap();
            // Clocks are set while tests run.
            assert!((ago.num_minutes() - minutes).abs() <= 1, "{text}: {ago}");
        }
        assert_eq!(since("2026-11-20").unwrap().with_timezone(&Local).date_naive().to_string(), "2026-11-20");
        for text in ["", "d", "7", "7x", "-7d", "99999999999w", "ä", "2026-13-01"] {
            assert!(since(text).unwrap_err().contains("7d"), "{text}");
        }
    }
}
