//! When two results are the same, as `score.py` says: the same multiset of rows under some order of columns, in the same order
//! where the gold's outermost query has ORDER BY; numbers within 1e-6 relative, text as it is.

use std::collections::HashMap;

use crate::{Rows, Value};

/// Wider results are compared in their own order of columns only, as `score.py` does: there are too many others.
const MAX_PERMUTED: usize = 7;

/// True when a prediction's rows are those of the gold.
pub fn same_rows(gold: &[Vec<Value>], found: &[Vec<Value>], keep_order: bool) -> bool {
    if gold.len() != found.len() {
        return false;
    }
    let (Some(first), Some(other)) = (gold.first(), found.first()) else { return true };
    let width = first.len();
    if other.len() != width {
        return false;
    }
    let (gold, found) = (cells(gold), cells(found));
    let matches = |order: &[usize]| {
        if keep_order {
            gold.iter().zip(&found).all(|(g, f)| g.iter().zip(order).all(|(cell, &at)| cell.equals(&f[at])))
        } else {
            counted(gold.iter().map(|row| row.iter().collect::<Vec<_>>()))
                == counted(found.iter().map(|row| order.iter().map(|&at| &row[at]).collect::<Vec<_>>()))
        }
    };
    let own: Vec<usize> = (0..width).collect();
    if matches(&own) {
        return true;
    }
    if width > MAX_PERMUTED {
        return false;
    }
    let column = |rows: &[Vec<Cell>], at: usize| counted(rows.iter().map(|row| row[at].clone()));
    let found_columns: Vec<_> = (0..width).map(|at| column(&found, at)).collect();
    let choices: Vec<Vec<usize>> = (0..width)
        .map(|at| {
            let wanted = column(&gold, at);
            (0..width).filter(|&other| found_columns[other] == wanted).collect()
        })
        .collect();
    any_order(&choices, &mut Vec::new(), &matches)
}

/// True when some order that takes each column once, from the choices of its place, matches.
fn any_order(choices: &[Vec<usize>], order: &mut Vec<usize>, matches: &dyn Fn(&[usize]) -> bool) -> bool {
    let Some(here) = choices.get(order.len()) else { return matches(order) };
    here.iter().any(|&at| {
        if order.contains(&at) {
            return false;
        }
        order.push(at);
        let found = any_order(choices, order, matches);
        order.pop();
        found
    })
}

fn counted<T: std::hash::Hash + Eq>(items: impl Iterator<Item = T>) -> HashMap<T, usize> {
    let mut counts = HashMap::new();
    for item in items {
        *counts.entry(item).or_default() += 1;
    }
    counts
}

/// A value with numbers cut to six digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Cell {
    Null,
    /// The number's bits.
    Number(u64),
    Text(String),
}

impl Cell {
    fn equals(&self, other: &Cell) -> bool {
        match (self, other) {
            (Cell::Number(a), Cell::Number(b)) => f64::from_bits(*a) == f64::from_bits(*b),
            _ => self == other,
        }
    }
}

fn cells(rows: &[Vec<Value>]) -> Vec<Vec<Cell>> {
    let cell = |value: &Value| match value {
        Value::Null => Cell::Null,
        Value::Bool(truth) => Cell::Number(f64::from(u8::from(*truth)).to_bits()),
        Value::Int(number) => Cell::Number(six_digits(*number as f64).to_bits()),
        Value::Float(number) => Cell::Number(six_digits(*number).to_bits()),
        Value::Text(text) => Cell::Text(text.clone()),
    };
    rows.iter().map(|row| row.iter().map(cell).collect()).collect()
}

fn six_digits(number: f64) -> f64 {
    format!("{number:.5e}").parse().unwrap_or(number)
}

/// True when two queries find the same. Nothing is known of rows that a limit left out, and empty results say nothing.
pub fn same_results(one: (&str, &Rows), other: (&str, &Rows)) -> bool {
    let cut = one.1.truncated.is_some() != other.1.truncated.is_some();
    let order = is_ordered(one.0) && is_ordered(other.0);
    !cut && !one.1.rows.is_empty() && same_rows(&one.1.rows, &other.1.rows, order)
}

/// True when the outermost query has ORDER BY: outside strings, quoted names and parentheses.
pub fn is_ordered(sql: &str) -> bool {
    let mut depth = 0_i32;
    let mut top = String::new();
    let mut chars = sql.chars();
    while let Some(ch) = chars.next() {
        match ch {
            '\'' | '"' => {
                chars.by_ref().find(|&next| next == ch);
                top.push('\'');
            }
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if depth == 0 => top.push(ch),
            _ => {}
        }
    }
    let words: Vec<&str> = top.split(|ch: char| !ch.is_alphanumeric() && ch != '_').filter(|w| !w.is_empty()).collect();
    words.windows(2).any(|pair| pair[0].eq_ignore_ascii_case("order") && pair[1].eq_ignore_ascii_case("by"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Vec<Value>> {
        let value = |cell: &str| match cell {
            "-" => Value::Null,
            _ => cell
                .parse()
                .map(Value::Int)
                .or_else(|_| cell.parse().map(Value::Float))
                .unwrap_or_else(|_| Value::Text(cell.to_owned())),
        };
        text.split('|').filter(|row| !row.is_empty()).map(|row| row.split(',').map(value).collect()).collect()
    }

    #[test]
    fn rows_are_a_multiset_under_some_order_of_columns() {
        for (gold, found, unordered, in_order) in [
            ("1,a|2,b", "1,a|2,b", true, true),
            ("1,a|2,b", "2,b|1,a", true, false),
            ("1,a|2,b", "a,1|b,2", true, true),
            ("1,a|2,b", "1,b|2,a", false, false),
            ("1,a|1,a|2,b", "1,a|2,b|2,b", false, false),
            ("1|1", "1", false, false),
            ("1,2", "1", false, false),
            ("", "", true, true),
            ("1.0", "1", true, true),
            ("0.3333333", "0.33333334", true, true),
            ("0.33333", "0.33334", false, false),
            ("1000005", "1000000", true, true),
            ("-", "0", false, false),
            ("1", "x", false, false),
            ("1,2,1|2,1,2", "2,1,1|1,2,2", true, true),
            ("1,2,3,4,5,6,7,8", "2,1,3,4,5,6,7,8", false, false),
        ] {
            assert_eq!(same_rows(&rows(gold), &rows(found), false), unordered, "{gold} / {found}");
            assert_eq!(same_rows(&rows(gold), &rows(found), true), in_order, "{gold} / {found} in order");
        }
    }

    #[test]
    fn only_the_outermost_order_counts() {
        assert!(is_ordered("SELECT a FROM t ORDER  BY a"));
        assert!(is_ordered("select (a) from t\norder\nby a"));
        assert!(!is_ordered("SELECT a FROM (SELECT a FROM t ORDER BY a)"));
        assert!(!is_ordered("SELECT a FROM t WHERE b = 'order by'"));
        assert!(!is_ordered("SELECT \"order by\" FROM t"));
        assert!(!is_ordered("SELECT order_by FROM t"));
    }
}
