//! Time as the renderer writes it: moments cut down, and moments counted back from now.

use nlq_catalog::Dialect;
use sqlparser::ast::{BinaryOperator, DateTimeField, Expr as Sql, Function, Value};

use super::{Lifter, Unliftable, value::plain};
use crate::{
    plan::{Expr, Moment, TimeUnit},
    sql::{arguments, function_name, unnested},
};

impl Lifter<'_> {
    /// A moment cut down by a function.
    pub(super) fn bucket(&mut self, function: &Function) -> Result<Option<Expr>, Unliftable> {
        if !plain(function) {
            return Ok(None);
        }
        let parts = arguments(function);
        let (unit, count, argument) = match (self.catalog.dialect, function_name(function).as_str(), parts.as_slice()) {
            (Dialect::Sqlite, "date", [argument]) => (Some(TimeUnit::Day), 1, *argument),
            (Dialect::Sqlite, "strftime", [format, argument]) => {
                let unit = match text(format) {
                    Some("%Y-%m-%d %H:%M") => Some(TimeUnit::Minute),
                    Some("%Y-%m-%d %H:00") => Some(TimeUnit::Hour),
                    Some("%Y-%W") => Some(TimeUnit::Week),
                    Some("%Y-%m") => Some(TimeUnit::Month),
                    Some("%Y") => Some(TimeUnit::Year),
                    _ => None,
                };
                (unit, 1, *argument)
            }
            (Dialect::Sqlite, "datetime", [seconds, format]) if text(format) == Some("unixepoch") => {
                match whole_seconds(seconds) {
                    Some((argument, unit, count)) => (Some(unit), count, argument),
                    None => return Ok(None),
                }
            }
            (Dialect::Postgresql, "date_trunc", [unit, argument]) => {
                (TimeUnit::ALL.into_iter().find(|known| text(unit) == Some(known.name())), 1, *argument)
            }
            _ => return Ok(None),
        };
        let Some(unit) = unit else { return Ok(None) };
        Ok(Some(Expr::Bucket { unit, count, argument: Box::new(self.value(argument)?) }))
    }

    /// PostgreSQL's several minutes or hours: the beginning of the larger unit, and how many steps of it have gone.
    pub(super) fn steps(&mut self, expr: &Sql) -> Result<Option<Expr>, Unliftable> {
        let read = || {
            let (around, gone) = operands(expr, &BinaryOperator::Plus)?;
            let (steps, step) = operands(gone, &BinaryOperator::Multiply)?;
            let (count, unit) = interval(step)?;
            let larger = match unit {
                TimeUnit::Minute => TimeUnit::Hour,
                TimeUnit::Hour => TimeUnit::Day,
                _ => return None,
            };
            let [unit_name, argument] = call(around, "date_trunc")?.try_into().ok()?;
            let Sql::Floor { expr: steps, .. } = unnested(steps) else { return None };
            let (part, by) = operands(steps, &BinaryOperator::Divide)?;
            let Sql::Extract { field, expr: extracted, .. } = unnested(part) else { return None };
            let of_unit = match unit {
                TimeUnit::Minute => matches!(field, DateTimeField::Minute),
                _ => matches!(field, DateTimeField::Hour),
            };
            let same = **extracted == *argument && number(by) == Some(count) && text(unit_name) == Some(larger.name());
            (same && of_unit).then_some((unit, count, argument))
        };
        if self.catalog.dialect != Dialect::Postgresql {
            return Ok(None);
        }
        let Some((unit, count, argument)) = read() else { return Ok(None) };
        Ok(Some(Expr::Bucket { unit, count, argument: Box::new(self.value(argument)?) }))
    }

    /// A moment counted back from now in hours or minutes.
    pub(super) fn ago(&self, expr: &Sql) -> Option<Moment> {
        let (count, unit) = match self.catalog.dialect {
            Dialect::Postgresql => {
                let (now, back) = operands(expr, &BinaryOperator::Minus)?;
                call(now, "now")?.is_empty().then(|| interval(back))??
            }
            _ => {
                let [now, back] = call(expr, "datetime")?.try_into().ok()?;
                (text(now) == Some("now")).then(|| spoken(text(back)?.strip_prefix('-')?))??
            }
        };
        unit.seconds().is_some().then_some(Moment::Ago { count, unit })
    }
}

/// `strftime('%s', x) / 300 * 300`: what is cut down, and to what.
fn whole_seconds(expr: &Sql) -> Option<(&Sql, TimeUnit, u32)> {
    let (divided, times) = operands(expr, &BinaryOperator::Multiply)?;
    let (seconds, by) = operands(divided, &BinaryOperator::Divide)?;
    let [format, argument] = call(seconds, "strftime")?.try_into().ok()?;
    let step = number(by).filter(|step| number(times) == Some(*step) && text(format) == Some("%s"))?;
    // Of several minutes or hours: one of them is written otherwise.
    let (unit, count) = if step % 3600 == 0 { (TimeUnit::Hour, step / 3600) } else { (TimeUnit::Minute, step / 60) };
    (count > 1 && step % 60 == 0).then_some((argument, unit, count))
}

fn operands<'e>(expr: &'e Sql, of: &BinaryOperator) -> Option<(&'e Sql, &'e Sql)> {
    match unnested(expr) {
        Sql::BinaryOp { left, op, right } if op == of => Some((left, right)),
        _ => None,
    }
}

fn call<'e>(expr: &'e Sql, name: &str) -> Option<Vec<&'e Sql>> {
    match unnested(expr) {
        Sql::Function(function) if plain(function) && function_name(function) == name => Some(arguments(function)),
        _ => None,
    }
}

fn interval(expr: &Sql) -> Option<(u32, TimeUnit)> {
    match unnested(expr) {
        Sql::Interval(interval) => spoken(text(&interval.value)?),
        _ => None,
    }
}

/// `15 minutes`
fn spoken(words: &str) -> Option<(u32, TimeUnit)> {
    let (count, unit) = words.split_once(' ')?;
    let count = count.parse().ok().filter(|count| *count > 0)?;
    let unit =
        TimeUnit::ALL.into_iter().find(|known| unit == known.name() || unit.strip_suffix('s') == Some(known.name()))?;
    Some((count, unit))
}

fn text(expr: &Sql) -> Option<&str> {
    match unnested(expr) {
        Sql::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

fn number(expr: &Sql) -> Option<u32> {
    match unnested(expr) {
        Sql::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}
