//! Statistical functions, and what is written of them between `stats` and `by`.

use super::{
    Fatal, Row,
    expression::{self, Expression},
};
use crate::{
    tree::Part,
    value::{Value, fits, number_of, order},
};

/// Values that `list` keeps at most.
const LIST: usize = 100;

/// One aggregation.
#[derive(Debug, Clone)]
pub(super) struct Aggregation {
    function: Function,
    of: Of,
    /// The column that it fills.
    pub(super) name: String,
}

#[derive(Debug, Clone)]
enum Of {
    Rows,
    Field(String),
    Expression(Expression),
    /// An expression over other aggregations, as timechart and chart have it.
    Made(Expression, Vec<Aggregation>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Function {
    Count,
    Distinct,
    Sum,
    SumOfSquares,
    Average,
    Minimum,
    Maximum,
    Range,
    Median,
    Mode,
    Percentile(f64),
    Deviation(bool),
    Variance(bool),
    Values,
    List,
    First,
    Last,
    Earliest,
    Latest,
    EarliestTime,
    LatestTime,
    Rate,
    /// A sum by so many seconds.
    Per(f64),
}

impl Function {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "count" | "c" => Self::Count,
            "dc" | "distinct_count" | "estdc" => Self::Distinct,
            "sum" => Self::Sum,
            "sumsq" => Self::SumOfSquares,
            "avg" | "mean" => Self::Average,
            "min" => Self::Minimum,
            "max" => Self::Maximum,
            "range" => Self::Range,
            "median" => Self::Median,
            "mode" => Self::Mode,
            "stdev" => Self::Deviation(true),
            "stdevp" => Self::Deviation(false),
            "var" => Self::Variance(true),
            "varp" => Self::Variance(false),
            "values" => Self::Values,
            "list" => Self::List,
            "first" => Self::First,
            "last" => Self::Last,
            "earliest" => Self::Earliest,
            "latest" => Self::Latest,
            "earliest_time" => Self::EarliestTime,
            "latest_time" => Self::LatestTime,
            "rate" => Self::Rate,
            "per_second" => Self::Per(1.0),
            "per_minute" => Self::Per(60.0),
            "per_hour" => Self::Per(3600.0),
            "per_day" => Self::Per(86_400.0),
            _ => {
                let digits =
                    ["exactperc", "upperperc", "perc", "p"].iter().find_map(|prefix| name.strip_prefix(prefix))?;
                Self::Percentile(digits.parse().ok().filter(|p| (0.0..=100.0).contains(p))?)
            }
        })
    }
}

/// Reads the aggregations of a command; wildcards stand for the fields that match.
pub(super) fn read(command: &str, part: Part<'_>, fields: &[String]) -> Result<Vec<Aggregation>, Fatal> {
    let mut all = Vec::new();
    for aggregation in part.fields("aggregation") {
        all.extend(one(command, aggregation, fields)?);
    }
    Ok(all)
}

fn one(command: &str, part: Part<'_>, fields: &[String]) -> Result<Vec<Aggregation>, Fatal> {
    let alias = part.field("alias").map(|alias| alias.word());
    let written = |part: Part<'_>| match part.field("alias") {
        Some(_) => {
            let text = part.text();
            let at = text.to_lowercase().rfind(" as ").unwrap_or(text.len());
            text[..at].trim().to_owned()
        }
        None => part.text().to_owned(),
    };
    let written = written(part);
    if let Some(eval) = part.field("expression") {
        let mut inner = Vec::new();
        let expression =
            eval.children().first().map_or(Ok(Expression::Literal(Value::Null)), |e| made(command, *e, &mut inner))?;
        let name = alias.unwrap_or_else(|| written.clone());
        return Ok(vec![Aggregation { function: Function::First, of: Of::Made(expression, inner), name }]);
    }
    let name = part.field("function").map(|function| function.text().to_lowercase()).unwrap_or_default();
    let Some(function) = Function::of(&name) else {
        return Err(Fatal::of(command, format!("The argument '{written}' is invalid.")));
    };
    let argument = part.fields("argument").into_iter().next();
    let make = |of: Of, name: String| Aggregation { function, of, name };
    let Some(argument) = argument else {
        if function != Function::Count && command != "tstats" {
            return Err(Fatal::of(command, format!("The argument '{written}' is invalid.")));
        }
        return Ok(vec![make(Of::Rows, alias.unwrap_or_else(|| "count".to_owned()))]);
    };
    match argument.kind() {
        "eval_call" => {
            let inner = argument.children().into_iter().next();
            let expression =
                inner.map_or(Ok(Expression::Literal(Value::Null)), |inner| expression::compile(command, inner))?;
            Ok(vec![make(Of::Expression(expression), alias.unwrap_or_else(|| written.clone()))])
        }
        "field_name" | "quoted_name" | "word" | "string" => {
            let field = argument.word();
            if !field.contains('*') || field == "*" && function == Function::Count {
                let of = if field == "*" { Of::Rows } else { Of::Field(field.clone()) };
                return Ok(vec![make(of, alias.unwrap_or_else(|| format!("{name}({field})")))]);
            }
            let found = fields.iter().filter(|name| !name.starts_with('_') && fits(&field, name, false));
            Ok(found
                .map(|found| {
                    let name = match &alias {
                        // The star of the name stands for what the star of the field stood for.
                        Some(alias) => {
                            let (before, after) = field.split_once('*').unwrap_or_default();
                            let middle = found.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
                            alias.replacen('*', middle.unwrap_or(found), 1)
                        }
                        None => format!("{name}({found})"),
                    };
                    make(Of::Field(found.clone()), name)
                })
                .collect())
        }
        _ => Err(Fatal::of(command, format!("The argument '{written}' is invalid."))),
    }
}

/// `eval(sum(a)/count)`: calls of statistical functions become fields of their own.
fn made(command: &str, part: Part<'_>, inner: &mut Vec<Aggregation>) -> Result<Expression, Fatal> {
    let name = part.field("function").map(|name| name.text().to_lowercase()).unwrap_or_default();
    let bare =
        (part.kind() == "field_name").then(|| part.text().to_lowercase()).filter(|name| name == "count" || name == "c");
    let statistical = part.kind() == "function_call"
        && Function::of(&name).is_some()
        && !["min", "max", "sum", "avg"].contains(&name.as_str())
        || part.kind() == "function_call" && part.fields("argument").len() == 1 && Function::of(&name).is_some()
        || bare.is_some();
    if statistical {
        let function = Function::of(bare.as_deref().unwrap_or(&name)).unwrap_or(Function::Count);
        let of = match part.fields("argument").first() {
            None => Of::Rows,
            Some(argument) => match expression::compile(command, *argument)? {
                Expression::Field(name) => Of::Field(name),
                expression => Of::Expression(expression),
            },
        };
        let field = format!("\u{1}{}", inner.len());
        inner.push(Aggregation { function, of, name: field.clone() });
        return Ok(Expression::Field(field));
    }
    let below = |part: Option<Part<'_>>, inner: &mut Vec<Aggregation>| {
        part.map_or(Ok(Expression::Literal(Value::Null)), |part| made(command, part, inner))
    };
    Ok(match part.kind() {
        "binary_expression" => {
            let operator = part.symbol("operator").unwrap_or_default().to_lowercase();
            let left = below(part.field("left"), inner)?;
            Expression::Binary(operator, Box::new(left), Box::new(below(part.field("right"), inner)?))
        }
        "parenthesized" => below(part.children().into_iter().next(), inner)?,
        "function_call" => {
            let mut arguments = Vec::new();
            for argument in part.fields("argument") {
                arguments.push(made(command, argument, inner)?);
            }
            Expression::Call(name, arguments)
        }
        _ => expression::compile(command, part)?,
    })
}

impl Aggregation {
    pub(super) fn is_count(&self) -> bool {
        matches!(self.function, Function::Count | Function::Distinct)
    }

    /// What rows come to; `span` is the length of their bucket in seconds.
    pub(super) fn over(&self, rows: &[&Row], span: f64, now: f64) -> Value {
        let values = || -> Vec<String> {
            match &self.of {
                Of::Field(field) => rows.iter().filter_map(|row| row.get(field)).flat_map(Value::each).collect(),
                Of::Expression(expression) => rows.iter().flat_map(|row| expression.value(row, now).each()).collect(),
                Of::Rows | Of::Made(..) => Vec::new(),
            }
        };
        match &self.of {
            Of::Rows => match self.function {
                Function::Per(seconds) => Value::Number(rows.len() as f64 * seconds / span),
                _ => Value::Number(rows.len() as f64),
            },
            Of::Made(expression, inner) => {
                let row: Row = inner.iter().map(|a| (a.name.clone(), a.over(rows, span, now))).collect();
                expression.value(&row, now)
            }
            Of::Expression(expression) if self.function == Function::Count => {
                let holds = |row: &&&Row| !matches!(expression.value(row, now), Value::Null | Value::Bool(false));
                Value::Number(rows.iter().filter(holds).count() as f64)
            }
            _ => match self.function {
                Function::Earliest
                | Function::Latest
                | Function::EarliestTime
                | Function::LatestTime
                | Function::Rate => self.by_time(rows, now),
                Function::Per(seconds) => {
                    let numbers = numbers(&values());
                    Value::Number(numbers.iter().sum::<f64>() * seconds / span)
                }
                function => summary(function, values()),
            },
        }
    }

    fn by_time(&self, rows: &[&Row], now: f64) -> Value {
        let value = |row: &Row| match &self.of {
            Of::Field(field) => row.get(field).cloned().unwrap_or_default(),
            Of::Expression(expression) => expression.value(row, now),
            _ => Value::Null,
        };
        let mut all: Vec<(f64, Value)> = rows
            .iter()
            .filter_map(|row| Some((row.get("_time")?.number()?, value(row))).filter(|(_, value)| !value.is_null()))
            .collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (Some(first), Some(last)) = (all.first(), all.last()) else { return Value::Null };
        match self.function {
            Function::Earliest => first.1.clone(),
            Function::Latest => last.1.clone(),
            Function::EarliestTime => Value::Number(first.0),
            Function::LatestTime => Value::Number(last.0),
            _ => match (first.1.number(), last.1.number()) {
                (Some(a), Some(b)) if last.0 > first.0 => Value::Number((b - a) / (last.0 - first.0)),
                _ => Value::Null,
            },
        }
    }
}

fn numbers(values: &[String]) -> Vec<f64> {
    values.iter().filter_map(|value| number_of(value)).collect()
}

fn typed(text: String) -> Value {
    number_of(&text).map_or(Value::Text(text), Value::Number)
}

fn summary(function: Function, mut values: Vec<String>) -> Value {
    match function {
        Function::Count => return Value::Number(values.len() as f64),
        Function::Distinct => {
            values.sort();
            values.dedup();
            return Value::Number(values.len() as f64);
        }
        Function::Values => {
            values.sort();
            values.dedup();
            return Value::many(values);
        }
        Function::List => {
            values.truncate(LIST);
            return Value::many(values);
        }
        Function::First => return values.into_iter().next().map_or(Value::Null, Value::Text),
        Function::Last => return values.into_iter().next_back().map_or(Value::Null, Value::Text),
        Function::Minimum => return values.into_iter().min_by(|a, b| order(a, b)).map_or(Value::Null, typed),
        Function::Maximum => {
            // Where any is a number, texts do not count.
            let numbers = numbers(&values);
            let largest = numbers.into_iter().max_by(f64::total_cmp).map(Value::Number);
            return largest.or_else(|| values.into_iter().max().map(Value::Text)).unwrap_or_default();
        }
        Function::Mode => {
            values.sort();
            let counted = values.chunk_by(|a, b| a == b).map(|same| (same.len(), &same[0]));
            let most = counted.max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(a.1)));
            return most.map_or(Value::Null, |(_, value)| typed(value.clone()));
        }
        _ => {}
    }
    let mut numbers = numbers(&values);
    if numbers.is_empty() {
        return Value::Null;
    }
    let count = numbers.len() as f64;
    let sum: f64 = numbers.iter().sum();
    numbers.sort_by(f64::total_cmp);
    let at = |place: f64| numbers[(place.max(0.0) as usize).min(numbers.len() - 1)];
    let variance = |sample: bool| {
        let mean = sum / count;
        let squares: f64 = numbers.iter().map(|n| (n - mean).powi(2)).sum();
        if sample { if count > 1.0 { squares / (count - 1.0) } else { 0.0 } } else { squares / count }
    };
    Value::Number(match function {
        Function::Sum => sum,
        Function::SumOfSquares => numbers.iter().map(|n| n * n).sum(),
        Function::Average => sum / count,
        Function::Range => at(count) - at(0.0),
        // Of an even number of values the higher of the two in the middle, as documented.
        Function::Median => at((count / 2.0).floor()),
        // The nearest rank, as documented.
        Function::Percentile(share) => at((share / 100.0 * count).ceil() - 1.0),
        Function::Deviation(sample) => variance(sample).sqrt(),
        Function::Variance(sample) => variance(sample),
        _ => return Value::Null,
    })
}
