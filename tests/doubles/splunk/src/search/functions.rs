//! Functions of `eval`.

use std::{net::IpAddr, ops::RangeInclusive};

use fancy_regex::Regex;

use super::{
    Row,
    expression::{Expression, like},
};
use crate::{
    events::extract,
    time,
    value::{Value, number_of, number_text, order},
};

const MANY: usize = 1000;

/// How many arguments a function takes; none for what is no function.
pub(super) fn arguments(name: &str) -> Option<RangeInclusive<usize>> {
    Some(match name {
        "now" | "time" | "pi" | "true" | "false" | "null" => 0..=0,
        "abs" | "ceil" | "ceiling" | "exact" | "exp" | "floor" | "ln" | "sqrt" | "isnull" | "isnotnull" | "isnum"
        | "isint" | "isstr" | "isbool" | "len" | "lower" | "upper" | "typeof" | "mvcount" | "mvdedup" | "mvsort"
        | "urldecode" | "sigfig" => 1..=1,
        "log" | "round" | "trim" | "ltrim" | "rtrim" | "tostring" | "tonumber" => 1..=2,
        "pow" | "nullif" | "match" | "like" | "cidrmatch" | "split" | "mvjoin" | "mvfind" | "mvfilter"
        | "relative_time" | "strftime" | "strptime" | "json_extract" | "spath" => {
            if name == "mvfilter" {
                1..=1
            } else {
                2..=2
            }
        }
        "if" | "replace" => 3..=3,
        "substr" | "mvindex" | "mvzip" => 2..=3,
        "case" | "validate" | "in" => 2..=MANY,
        "coalesce" | "min" | "max" | "sum" | "avg" | "mvappend" => 1..=MANY,
        _ => return None,
    })
}

/// Calls a function; what it cannot do with its arguments is nothing.
pub(super) fn call(name: &str, arguments: &[Expression], row: &Row, now: f64) -> Value {
    let value = |index: usize| arguments.get(index).map(|a: &Expression| a.value(row, now)).unwrap_or_default();
    let text = |index: usize| Some(value(index)).filter(|value| !value.is_null()).map(|value| value.text());
    let number = |index: usize| value(index).number();
    // Those that look at what is missing, or choose.
    match name {
        "if" => return if value(0) == Value::Bool(true) { value(1) } else { value(2) },
        "case" => {
            let found = (0..arguments.len() / 2).find(|pair| value(pair * 2) == Value::Bool(true));
            return found.map(|pair| value(pair * 2 + 1)).unwrap_or_default();
        }
        "validate" => {
            let found = (0..arguments.len() / 2).find(|pair| value(pair * 2) != Value::Bool(true));
            return found.map(|pair| value(pair * 2 + 1)).unwrap_or_default();
        }
        "coalesce" => return (0..arguments.len()).map(value).find(|value| !value.is_null()).unwrap_or_default(),
        "isnull" => return Value::Bool(value(0).is_null()),
        "isnotnull" => return Value::Bool(!value(0).is_null()),
        "isnum" => return Value::Bool(number(0).is_some()),
        "isint" => return Value::Bool(number(0).is_some_and(|n| n.fract() == 0.0)),
        "isstr" => return Value::Bool(!value(0).is_null() && number(0).is_none()),
        "isbool" => return Value::Bool(matches!(value(0), Value::Bool(_))),
        "typeof" => {
            let word = match value(0) {
                Value::Null => "Invalid",
                Value::Bool(_) => "Boolean",
                found if found.number().is_some() => "Number",
                Value::Many(_) => "Multivalue",
                _ => "String",
            };
            return Value::text_of(word);
        }
        "null" => return Value::Null,
        "true" => return Value::Bool(true),
        "false" => return Value::Bool(false),
        "now" | "time" => return Value::Number(now.floor()),
        "pi" => return Value::Number(std::f64::consts::PI),
        "mvappend" => return Value::many((0..arguments.len()).flat_map(|index| value(index).each()).collect()),
        "mvcount" => {
            return Some(value(0).each().len()).filter(|n| *n > 0).map_or(Value::Null, |n| Value::Number(n as f64));
        }
        "min" | "max" => {
            let mut all: Vec<String> = (0..arguments.len()).flat_map(|index| value(index).each()).collect();
            all.sort_by(|a, b| order(a, b));
            let found = if name == "min" { all.into_iter().next() } else { all.into_iter().next_back() };
            return found.map_or(Value::Null, |text| number_of(&text).map_or(Value::Text(text.clone()), Value::Number));
        }
        "sum" | "avg" => {
            let all: Vec<f64> = (0..arguments.len()).filter_map(number).collect();
            let sum: f64 = all.iter().sum();
            return match (name, all.len()) {
                (_, 0) => Value::Null,
                ("sum", _) => Value::Number(sum),
                (_, count) => Value::Number(sum / count as f64),
            };
        }
        "mvfilter" => {
            let Some((field, values)) = filtered(&arguments[0], row) else { return Value::Null };
            let kept = values.into_iter().filter(|one| {
                let mut row = row.clone();
                row.insert(field.clone(), Value::Text(one.clone()));
                arguments[0].value(&row, now) == Value::Bool(true)
            });
            return Value::many(kept.collect());
        }
        "in" => {
            let found = value(0);
            return Value::Bool((1..arguments.len()).any(|index| value(index).text() == found.text()));
        }
        _ => {}
    }
    of_given(name, arguments.len(), &value, &text, &number).unwrap_or_default()
}

/// The field that an expression speaks of, with its values.
fn filtered(expression: &Expression, row: &Row) -> Option<(String, Vec<String>)> {
    match expression {
        Expression::Field(name) => row.get(name).map(|value| (name.clone(), value.each())),
        Expression::Not(inner) | Expression::Negative(inner) => filtered(inner, row),
        Expression::Binary(_, a, b) => filtered(a, row).or_else(|| filtered(b, row)),
        Expression::In(inner, _) => filtered(inner, row),
        Expression::Call(_, arguments) => arguments.iter().find_map(|argument| filtered(argument, row)),
        Expression::Literal(_) => None,
    }
}

fn of_given(
    name: &str,
    count: usize,
    value: &dyn Fn(usize) -> Value,
    text: &dyn Fn(usize) -> Option<String>,
    number: &dyn Fn(usize) -> Option<f64>,
) -> Option<Value> {
    let finite = |number: f64| Some(number).filter(|number| number.is_finite()).map(Value::Number);
    let slice = |from: usize, to: usize, chars: &[char]| {
        chars.get(from..to.min(chars.len())).unwrap_or_default().iter().collect()
    };
    Some(match name {
        "abs" => Value::Number(number(0)?.abs()),
        "ceil" | "ceiling" => Value::Number(number(0)?.ceil()),
        "floor" => Value::Number(number(0)?.floor()),
        "exact" | "sigfig" => Value::Number(number(0)?),
        "exp" => return finite(number(0)?.exp()),
        "ln" => return finite(number(0)?.ln()),
        "sqrt" => return finite(number(0)?.sqrt()),
        "log" => return finite(number(0)?.log(number(1).unwrap_or(10.0))),
        "pow" => return finite(number(0)?.powf(number(1)?)),
        "round" => {
            let digits = number(1).unwrap_or(0.0).clamp(0.0, 15.0) as usize;
            let scale = 10_f64.powi(digits as i32);
            let rounded = (number(0)? * scale).round() / scale;
            // As many digits as were asked for are shown.
            Value::Text(format!("{rounded:.digits$}"))
        }
        "nullif" => {
            let found = value(0);
            if found.text() == value(1).text() { Value::Null } else { found }
        }
        "len" => Value::Number(text(0)?.chars().count() as f64),
        "lower" => Value::Text(text(0)?.to_lowercase()),
        "upper" => Value::Text(text(0)?.to_uppercase()),
        "trim" | "ltrim" | "rtrim" => {
            let (text, set) = (text(0)?, text(1).unwrap_or_else(|| " \t".to_owned()));
            let within = |c: char| set.contains(c);
            Value::text_of(match name {
                "trim" => text.trim_matches(within),
                "ltrim" => text.trim_start_matches(within),
                _ => text.trim_end_matches(within),
            })
        }
        "substr" => {
            let chars: Vec<char> = text(0)?.chars().collect();
            let at = number(1)? as i64;
            let from = if at < 0 { (chars.len() as i64 + at).max(0) } else { (at - 1).max(0) } as usize;
            let to = number(2).map_or(chars.len(), |length| from + length.max(0.0) as usize);
            Value::Text(slice(from, to, &chars))
        }
        "replace" => {
            let pattern = Regex::new(&text(1)?).ok()?;
            // Groups are written \1 here.
            let with = text(2)?.replace('$', "$$");
            let with = Regex::new(r"\\(\d)").ok()?.replace_all(&with, "$${$1}").into_owned();
            Value::Text(pattern.replace_all(&text(0)?, with.as_str()).into_owned())
        }
        "match" => {
            let pattern = Regex::new(&text(1)?).ok()?;
            Value::Bool(value(0).each().iter().any(|one| pattern.is_match(one).unwrap_or(false)))
        }
        "like" => Value::Bool(like(&text(0)?, &text(1)?)),
        "cidrmatch" => Value::Bool(cidr(&text(0)?, &text(1)?)?),
        "split" => {
            let (text, by) = (text(0)?, text(1)?);
            let parts: Vec<String> = if by.is_empty() {
                text.chars().map(String::from).collect()
            } else {
                text.split(by.as_str()).map(str::to_owned).collect()
            };
            Value::many(parts)
        }
        "mvjoin" => Value::Text(value(0).each().join(&text(1)?)),
        "mvdedup" => {
            let mut kept: Vec<String> = Vec::new();
            for one in value(0).each() {
                if !kept.contains(&one) {
                    kept.push(one);
                }
            }
            Value::many(kept)
        }
        "mvsort" => {
            let mut all = value(0).each();
            all.sort();
            Value::many(all)
        }
        "mvfind" => {
            let pattern = Regex::new(&text(1)?).ok()?;
            Value::Number(value(0).each().iter().position(|one| pattern.is_match(one).unwrap_or(false))? as f64)
        }
        "mvindex" => {
            let all = value(0).each();
            let place = |at: f64| if at < 0.0 { all.len() as i64 + at as i64 } else { at as i64 };
            let from = place(number(1)?);
            let to = if count > 2 { place(number(2)?) } else { from };
            let kept = all.iter().enumerate().filter(|(at, _)| (from..=to).contains(&(*at as i64)));
            Value::many(kept.map(|(_, one)| one.clone()).collect())
        }
        "mvzip" => {
            let by = text(2).unwrap_or_else(|| ",".to_owned());
            Value::many(value(0).each().iter().zip(value(1).each()).map(|(a, b)| format!("{a}{by}{b}")).collect())
        }
        "tostring" => match (value(0), text(1).as_deref()) {
            (Value::Bool(_), _) | (_, None) => Value::Text(text(0)?),
            (_, Some("commas")) => Value::Text(commas(number(0)?)),
            (_, Some("duration")) => Value::Text(time::duration(number(0)?)),
            (_, Some("hex")) => Value::Text(format!("0x{:X}", number(0)? as i64)),
            _ => return None,
        },
        "tonumber" => match number(1) {
            Some(base) if base != 10.0 => {
                Value::Number(i64::from_str_radix(&text(0)?, (base as u32).clamp(2, 36)).ok()? as f64)
            }
            _ => Value::Number(number(0)?),
        },
        "relative_time" => Value::Number(time::modified(number(0)?, &text(1)?)?),
        "strftime" => Value::Text(time::format(number(0)?, &text(1)?)),
        "strptime" => Value::Number(time::read(&text(0)?, &text(1)?)?),
        "urldecode" => Value::Text(decoded(&text(0)?)),
        "json_extract" | "spath" => {
            let path = text(1)?;
            extract::json(&text(0)?).into_iter().find(|(name, _)| *name == path)?.1
        }
        _ => return None,
    })
}

fn decoded(text: &str) -> String {
    url::form_urlencoded::parse(format!("x={text}").as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

fn cidr(network: &str, address: &str) -> Option<bool> {
    let (base, bits) = network.split_once('/').unwrap_or((network, "32"));
    let (IpAddr::V4(base), IpAddr::V4(address)) = (base.parse().ok()?, address.parse().ok()?) else { return None };
    let bits: u32 = bits.parse().ok().filter(|bits| *bits <= 32)?;
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    Some(u32::from(base) & mask == u32::from(address) & mask)
}

fn commas(number: f64) -> String {
    let text = if number.fract() == 0.0 { number_text(number) } else { format!("{number:.2}") };
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
    let digits = whole.trim_start_matches('-');
    let mut grouped = String::new();
    for (at, c) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(c);
    }
    let sign = if number < 0.0 { "-" } else { "" };
    fraction.map_or_else(|| format!("{sign}{grouped}"), |fraction| format!("{sign}{grouped}.{fraction}"))
}
