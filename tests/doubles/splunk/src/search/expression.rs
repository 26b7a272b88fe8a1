//! Expressions of `eval` and `where`.

use super::{Fatal, Results, Row, Search, functions};
use crate::{
    tree::{Part, unquoted},
    value::{Value, fits, number_of},
};

/// A compiled expression.
#[derive(Debug, Clone)]
pub(super) enum Expression {
    Literal(Value),
    Field(String),
    Not(Box<Expression>),
    Negative(Box<Expression>),
    Binary(String, Box<Expression>, Box<Expression>),
    In(Box<Expression>, Vec<Expression>),
    Call(String, Vec<Expression>),
}

/// Compiles what a command holds.
pub(super) fn check(command: &str, part: Part<'_>) -> Result<(), Fatal> {
    if command == "where" {
        let Some(expression) = part.field("expression") else { return Ok(()) };
        return compile(command, expression).map(|_| ());
    }
    for assignment in part.fields("assignment") {
        if let Some(value) = assignment.field("value") {
            compile(command, value)?;
        }
    }
    Ok(())
}

/// `where`.
pub(super) fn filter(search: &Search<'_>, part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    let Some(expression) = part.field("expression") else { return Ok(from) };
    let expression = compile("where", expression)?;
    from.rows.retain(|row| expression.value(row, search.now) == Value::Bool(true));
    Ok(from)
}

/// `eval`.
pub(super) fn assign(search: &Search<'_>, part: Part<'_>, mut from: Results) -> Result<Results, Fatal> {
    for assignment in part.fields("assignment") {
        let (Some(field), Some(value)) = (assignment.field("field"), assignment.field("value")) else { continue };
        let (field, value) = (field.word(), compile("eval", value)?);
        for row in &mut from.rows {
            match value.value(row, search.now) {
                Value::Null => drop(row.remove(&field)),
                Value::Bool(_) => {
                    return Err(Fatal::of(
                        "eval",
                        "Fields cannot be assigned a boolean result. Instead, try if([bool expr], [expr], [expr]).",
                    ));
                }
                found => drop(row.insert(field.clone(), found)),
            }
        }
        from.add(&field);
    }
    Ok(from)
}

/// Compiles an expression; unknown functions and wrong counts of arguments are the server's errors.
pub(super) fn compile(command: &str, part: Part<'_>) -> Result<Expression, Fatal> {
    let below = |part: Part<'_>| compile(command, part);
    let field = |name: &str| part.field(name).map(below).unwrap_or(Ok(Expression::Literal(Value::Null)));
    Ok(match part.kind() {
        "number" => Expression::Literal(Value::Number(part.text().parse().unwrap_or_default())),
        "string" => Expression::Literal(Value::Text(part.word())),
        "field_name" | "quoted_name" => match part.text() {
            text if text.starts_with('"') => Expression::Literal(Value::Text(unquoted(text))),
            text => Expression::Field(unquoted(text)),
        },
        "parenthesized" => {
            part.children().first().map_or(Ok(Expression::Literal(Value::Null)), |inner| below(*inner))?
        }
        "unary_expression" => {
            let operand = Box::new(field("operand")?);
            match part.symbol("operator").unwrap_or_default() {
                "-" => Expression::Negative(operand),
                "+" => *operand,
                _ => Expression::Not(operand),
            }
        }
        "binary_expression" => {
            let operator = part.symbol("operator").unwrap_or_default().to_lowercase();
            Expression::Binary(operator, Box::new(field("left")?), Box::new(field("right")?))
        }
        "in_expression" => {
            let values = part.fields("value").into_iter().map(below).collect::<Result<_, _>>()?;
            Expression::In(Box::new(field("left")?), values)
        }
        "function_call" => {
            let name = part.field("function").map(|name| name.text().to_lowercase()).unwrap_or_default();
            let arguments: Vec<_> = part.fields("argument").into_iter().map(below).collect::<Result<_, _>>()?;
            let Some(counts) = functions::arguments(&name) else {
                return Err(Fatal::of(command, format!("The '{name}' function is unsupported or undefined.")));
            };
            if !counts.contains(&arguments.len()) {
                return Err(Fatal::of(command, format!("The arguments to the '{name}' function are invalid.")));
            }
            Expression::Call(name, arguments)
        }
        _ => {
            return Err(Fatal::of(
                command,
                format!("The expression is malformed. An unexpected character is reached at '{}'.", part.text()),
            ));
        }
    })
}

impl Expression {
    /// Its value for a row.
    pub(super) fn value(&self, row: &Row, now: f64) -> Value {
        match self {
            Expression::Literal(value) => value.clone(),
            Expression::Field(name) => row.get(name).cloned().unwrap_or_default(),
            Expression::Not(inner) => match inner.value(row, now) {
                Value::Bool(value) => Value::Bool(!value),
                _ => Value::Null,
            },
            Expression::Negative(inner) => inner.value(row, now).number().map_or(Value::Null, |n| Value::Number(-n)),
            Expression::Binary(operator, left, right) => {
                let left = left.value(row, now);
                match (operator.as_str(), &left) {
                    ("and", Value::Bool(false)) => return Value::Bool(false),
                    ("or", Value::Bool(true)) => return Value::Bool(true),
                    _ => {}
                }
                binary(operator, &left, &right.value(row, now))
            }
            Expression::In(left, values) => {
                let left = left.value(row, now);
                if left.is_null() {
                    return Value::Null;
                }
                Value::Bool(values.iter().any(|value| binary("=", &left, &value.value(row, now)) == Value::Bool(true)))
            }
            Expression::Call(name, arguments) => functions::call(name, arguments, row, now),
        }
    }
}

/// What an operator makes of two values; anything with nothing is nothing, but for AND and OR.
pub(super) fn binary(operator: &str, left: &Value, right: &Value) -> Value {
    match operator {
        "and" => match (left, right) {
            (Value::Bool(a), Value::Bool(b)) => Value::Bool(*a && *b),
            (_, Value::Bool(false)) => Value::Bool(false),
            _ => Value::Null,
        },
        "or" => match (left, right) {
            (Value::Bool(a), Value::Bool(b)) => Value::Bool(*a || *b),
            (_, Value::Bool(true)) => Value::Bool(true),
            _ => Value::Null,
        },
        "xor" => match (left, right) {
            (Value::Bool(a), Value::Bool(b)) => Value::Bool(a != b),
            _ => Value::Null,
        },
        _ if left.is_null() || right.is_null() => Value::Null,
        "." => Value::Text(format!("{}{}", left.text(), right.text())),
        "+" => match (left.number(), right.number()) {
            (Some(a), Some(b)) => Value::Number(a + b),
            (None, None) => Value::Text(format!("{}{}", left.text(), right.text())),
            _ => Value::Null,
        },
        "-" | "*" | "/" | "%" => match (left.number(), right.number()) {
            (Some(a), Some(b)) => match operator {
                "-" => Value::Number(a - b),
                "*" => Value::Number(a * b),
                _ if b == 0.0 => Value::Null,
                "/" => Value::Number(a / b),
                _ => Value::Number(a % b),
            },
            _ => Value::Null,
        },
        "like" => Value::Bool(like(&left.text(), &right.text())),
        _ => {
            // A field of several values compares as any of them.
            let any = left.each().iter().any(|one| right.each().iter().any(|other| compares(operator, one, other)));
            Value::Bool(any)
        }
    }
}

fn compares(operator: &str, left: &str, right: &str) -> bool {
    let order = match (number_of(left), number_of(right)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => left.cmp(right),
    };
    match operator {
        "=" | "==" => order.is_eq(),
        "!=" => order.is_ne(),
        "<" => order.is_lt(),
        "<=" => order.is_le(),
        ">" => order.is_gt(),
        _ => order.is_ge(),
    }
}

/// `%` stands for anything, `_` for one character.
pub(super) fn like(text: &str, pattern: &str) -> bool {
    if !pattern.contains('_') {
        return fits(&pattern.replace('%', "*"), text, false);
    }
    let body: String = pattern
        .chars()
        .map(|c| match c {
            '%' => ".*".to_owned(),
            '_' => ".".to_owned(),
            c => fancy_regex::escape(&c.to_string()).into_owned(),
        })
        .collect();
    fancy_regex::Regex::new(&format!("(?s)^{body}$")).is_ok_and(|found| found.is_match(text).unwrap_or(false))
}
