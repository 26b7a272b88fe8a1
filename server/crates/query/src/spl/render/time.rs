//! Moments and steps of time in SPL.

use chrono::{NaiveDateTime, NaiveTime, Timelike};

use super::names;
use crate::plan::{FromToday, Moment, TimeUnit};

/// A unit as modifiers of time write it.
fn unit(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Minute => "m",
        TimeUnit::Hour => "h",
        TimeUnit::Day => "d",
        TimeUnit::Week => "w",
        TimeUnit::Month => "mon",
        TimeUnit::Quarter => "q",
        TimeUnit::Year => "y",
    }
}

/// The beginning of a unit; weeks begin on Monday.
fn snap(to: TimeUnit) -> &'static str {
    if to == TimeUnit::Week { "w1" } else { unit(to) }
}

/// A moment seen from now, such as `-1d@d+8h`; none for one of the calendar.
fn relative(moment: Moment) -> Option<String> {
    match moment {
        Moment::Ago { count, unit: of } => Some(format!("-{count}{}", unit(of))),
        Moment::At { moment, said: Some(FromToday { back, unit: of, start }) } => {
            let mut text = match back {
                0 => String::new(),
                _ => format!("{}{}{}", if back > 0 { '-' } else { '+' }, back.unsigned_abs(), unit(of)),
            };
            text.push_str(&format!("@{}", snap(start)));
            let time = moment.time();
            for (count, of) in [(time.hour(), "h"), (time.minute(), "m"), (time.second(), "s")] {
                if count > 0 {
                    text.push_str(&format!("+{count}{of}"));
                }
            }
            Some(text)
        }
        Moment::At { said: None, .. } => None,
    }
}

/// A moment after `earliest=` or `latest=`.
pub(super) fn modifier(moment: Moment) -> String {
    match (relative(moment), moment) {
        (Some(text), _) => text,
        (None, Moment::At { moment, .. }) => names::text(&moment.format("%m/%d/%Y:%H:%M:%S").to_string()),
        (None, Moment::Ago { .. }) => String::new(),
    }
}

/// True of a moment ahead, up to which every event lies anyway.
pub(super) fn is_ahead(moment: Moment) -> bool {
    matches!(moment, Moment::At { said: Some(FromToday { back, .. }), .. } if back < 0)
}

/// A moment in an expression, as seconds since 1970.
pub(super) fn seconds(moment: Moment) -> String {
    match (relative(moment), moment) {
        (Some(text), _) => format!("relative_time(now(), {})", names::text(&text)),
        (None, Moment::At { moment, .. }) => parsed(moment),
        (None, Moment::Ago { .. }) => "now()".to_owned(),
    }
}

/// A moment of the calendar in an expression.
pub(super) fn parsed(moment: NaiveDateTime) -> String {
    if moment.time() == NaiveTime::MIN {
        return format!("strptime(\"{}\", \"%Y-%m-%d\")", moment.format("%Y-%m-%d"));
    }
    format!("strptime(\"{}\", \"%Y-%m-%d %H:%M:%S\")", moment.format("%Y-%m-%d %H:%M:%S"))
}

/// How time is cut down.
pub(super) enum Step {
    /// By `span=`.
    Span(String),
    /// By going back to the beginning of a unit: spans of weeks do not begin on Monday, and there are none of quarters.
    Snap(&'static str),
}

/// How time is cut down to so many of a unit.
pub(super) fn step(count: u32, of: TimeUnit) -> Step {
    match of {
        TimeUnit::Week | TimeUnit::Quarter | TimeUnit::Year => Step::Snap(snap(of)),
        _ => Step::Span(format!("{count}{}", unit(of))),
    }
}
