//! Conditions: as terms of a search where a search can say them, which is what an index is asked for; else as expressions.
//!
//! A comparison never holds for an event without the field, neither in a search (`!=`) nor in an expression: as in SQL.

use chrono::{NaiveDate, NaiveDateTime};
use nlq_catalog::{Catalog, ColumnId};

use super::{names, raw, time};
use crate::{
    language::Unwritable,
    plan::{Comparison, Expr, Literal, Predicate},
};

/// How fields are called where a condition stands.
pub(super) type Named<'a> = dyn Fn(&Expr) -> Option<String> + 'a;

/// The column of time that every event has.
pub(super) const TIME: &str = "_time";

/// A condition as a term of a search; none where only an expression says it.
pub(super) fn term(predicate: &Predicate, catalog: &Catalog, prefix: &str, alone: bool) -> Option<String> {
    let field = |expr: &Expr| match expr {
        Expr::Column(id) if catalog.column(*id).name != TIME => Some(column(*id, catalog, prefix)),
        _ => None,
    };
    // A star stands for anything, and nothing makes it a star.
    let value = |literal: &Literal| {
        let bare = names::bare(literal);
        (!bare.contains('*')).then(|| names::word(&bare))
    };
    Some(match predicate {
        Predicate::And(parts) => {
            let terms: Vec<String> =
                parts.iter().map(|part| term(part, catalog, prefix, false)).collect::<Option<_>>()?;
            if alone { terms.join(" ") } else { format!("({})", terms.join(" ")) }
        }
        Predicate::Or(parts) => match one_of(parts) {
            Some((expr, literals)) => {
                let values: Vec<String> = literals.into_iter().map(value).collect::<Option<_>>()?;
                format!("{} IN ({})", field(expr)?, values.join(", "))
            }
            None => {
                let terms: Vec<String> =
                    parts.iter().map(|part| term(part, catalog, prefix, false)).collect::<Option<_>>()?;
                format!("({})", terms.join(" OR "))
            }
        },
        Predicate::Compare { left, op, right: Expr::Literal(literal) } => {
            format!("{}{}{}", field(left)?, symbol(*op), value(literal)?)
        }
        Predicate::Between { expr, low, high } => {
            let (name, low, high) = (field(expr)?, value(low)?, value(high)?);
            let both = format!("{name}>={low} {name}<={high}");
            if alone { both } else { format!("({both})") }
        }
        Predicate::Like { expr, pattern, negated } if !pattern.contains('*') => {
            let op = if *negated { "!=" } else { "=" };
            format!("{}{op}{}", field(expr)?, names::word(&pattern.replace('%', "*")))
        }
        Predicate::IsNull { expr, negated } => {
            format!("{}{}=*", if *negated { "" } else { "NOT " }, field(expr)?)
        }
        Predicate::Raw { sql, .. } => raw::terms(sql, prefix, alone)?,
        _ => return None,
    })
}

/// The values of which one column is one: `a OR b` of the same field.
fn one_of(parts: &[Predicate]) -> Option<(&Expr, Vec<&Literal>)> {
    let equal = |part| match part {
        &Predicate::Compare { ref left, op: Comparison::Equal, right: Expr::Literal(ref literal) } => {
            Some((left, literal))
        }
        _ => None,
    };
    let all: Vec<(&Expr, &Literal)> = parts.iter().map(equal).collect::<Option<_>>()?;
    let first = all.first()?.0;
    (all.len() > 1 && all.iter().all(|(left, _)| *left == first))
        .then(|| (first, all.into_iter().map(|(_, literal)| literal).collect()))
}

/// A condition as an expression of `where`.
pub(super) fn expression(
    predicate: &Predicate,
    catalog: &Catalog,
    named: &Named<'_>,
    alone: bool,
) -> Result<String, Unwritable> {
    let operand = |expr: &Expr| value(expr, catalog, named);
    let all = |parts: &[Predicate]| -> Result<Vec<String>, Unwritable> {
        parts.iter().map(|part| expression(part, catalog, named, false)).collect()
    };
    Ok(match predicate {
        Predicate::And(parts) if alone => all(parts)?.join(" AND "),
        Predicate::And(parts) => format!("({})", all(parts)?.join(" AND ")),
        Predicate::Or(parts) => match one_of(parts) {
            Some((expr, literals)) => {
                let values: Vec<String> = literals.into_iter().map(names::literal).collect();
                format!("{} IN ({})", operand(expr)?, values.join(", "))
            }
            None => {
                let any = all(parts)?.join(" OR ");
                if alone { any } else { format!("({any})") }
            }
        },
        Predicate::Compare { left, op, right } => {
            let right = match right {
                Expr::Literal(literal) if is_time(left, catalog) => time::parsed(moment(literal)?),
                other => operand(other)?,
            };
            format!("{}{}{right}", operand(left)?, symbol(*op))
        }
        Predicate::Between { expr, low, high } => {
            let ends = |literal: &Literal| -> Result<String, Unwritable> {
                if is_time(expr, catalog) { Ok(time::parsed(moment(literal)?)) } else { Ok(names::literal(literal)) }
            };
            let name = operand(expr)?;
            let both = format!("{name}>={} AND {name}<={}", ends(low)?, ends(high)?);
            if alone { both } else { format!("({both})") }
        }
        Predicate::Like { expr, pattern, negated } => {
            // `like` is exact about case, a search is not.
            let call = format!("like(lower({}), {})", operand(expr)?, names::text(&pattern.to_lowercase()));
            if *negated { format!("NOT {call}") } else { call }
        }
        Predicate::IsNull { expr, negated } => {
            format!("{}({})", if *negated { "isnotnull" } else { "isnull" }, operand(expr)?)
        }
        Predicate::Within { expr, from, until } => {
            let name = operand(expr)?;
            if !is_time(expr, catalog) {
                return within_text(&name, predicate);
            }
            let from = from.map(|from| format!("{name}>={}", time::seconds(from)));
            let until = until.map(|until| format!("{name}<{}", time::seconds(until)));
            match (from, until) {
                (Some(from), Some(until)) if alone => format!("{from} AND {until}"),
                (Some(from), Some(until)) => format!("({from} AND {until})"),
                (Some(one), None) | (None, Some(one)) => one,
                (None, None) => format!("isnotnull({name})"),
            }
        }
        Predicate::Raw { sql, .. } if alone => sql.clone(),
        Predicate::Raw { sql, .. } => format!("({sql})"),
        Predicate::InPlan { .. } => {
            return Err(Unwritable::Beyond(
                "SPL can ask for the values of another search only beside its other conditions, not within an `or`: \
                 ask for each of the two alone"
                    .to_owned(),
            ));
        }
    })
}

/// A span of time of a field that holds text in ISO form.
fn within_text(name: &str, predicate: &Predicate) -> Result<String, Unwritable> {
    let Predicate::Within { from, until, .. } = predicate else { return Ok(String::new()) };
    let end = |op: &str, end: crate::plan::Moment| match end {
        crate::plan::Moment::At { moment, .. } => {
            let format = if end.as_day().is_some() { "%Y-%m-%d" } else { "%Y-%m-%dT%H:%M:%S" };
            Ok(format!("{name}{op}{}", names::text(&moment.format(format).to_string())))
        }
        crate::plan::Moment::Ago { .. } => Err(Unwritable::Beyond(format!(
            "{name} holds text, which cannot be counted back from now: ask for the time of the events"
        ))),
    };
    let ends = from.map(|from| end(">=", from)).into_iter().chain(until.map(|until| end("<", until)));
    let ends: Vec<String> = ends.collect::<Result<_, _>>()?;
    Ok(if ends.is_empty() { format!("isnotnull({name})") } else { format!("({})", ends.join(" AND ")) })
}

/// A value in an expression. What was made under a name of its own is called by that.
pub(super) fn value(expr: &Expr, catalog: &Catalog, named: &Named<'_>) -> Result<String, Unwritable> {
    if let Some(name) = named(expr) {
        return Ok(names::operand(&name));
    }
    Ok(match expr {
        Expr::Column(id) => names::operand(&catalog.column(*id).name),
        Expr::Literal(literal) => names::literal(literal),
        Expr::Minus(left, right) => {
            let (left, subtracted) = (value(left, catalog, named)?, value(right, catalog, named)?);
            let bracketed = matches!(**right, Expr::Minus(..));
            format!("{left}-{}", if bracketed { format!("({subtracted})") } else { subtracted })
        }
        Expr::Ratio(left, right) => {
            let side = |expr: &Expr| {
                let text = value(expr, catalog, named)?;
                Ok::<_, Unwritable>(if matches!(expr, Expr::Minus(..) | Expr::Ratio(..)) {
                    format!("({text})")
                } else {
                    text
                })
            };
            format!("{}/{}", side(left)?, side(right)?)
        }
        Expr::Raw { sql, .. } => sql.clone(),
        Expr::Bucket { .. } | Expr::Aggregate { .. } | Expr::AllOf(_) | Expr::Plan(_) => {
            return Err(Unwritable::Beyond(
                "SPL cannot say this comparison in one search: ask for the two values one after the other".to_owned(),
            ));
        }
    })
}

/// A column as a search calls it.
pub(super) fn column(id: ColumnId, catalog: &Catalog, prefix: &str) -> String {
    names::field(&names::of_model(&catalog.column(id).name, prefix))
}

pub(super) fn is_time(expr: &Expr, catalog: &Catalog) -> bool {
    matches!(expr, Expr::Column(id) if catalog.column(*id).name == TIME)
}

/// Days and moments of annotations and reviewed queries.
fn moment(literal: &Literal) -> Result<NaiveDateTime, Unwritable> {
    let text = names::bare(literal);
    let day = || text.parse::<NaiveDate>().ok().and_then(|day| day.and_hms_opt(0, 0, 0));
    let moment = || text.replace(' ', "T").parse::<NaiveDateTime>().ok();
    day().or_else(moment).ok_or_else(|| {
        Unwritable::Beyond(format!("the time of events cannot be compared with \"{text}\": name a day as YYYY-MM-DD"))
    })
}

pub(super) fn symbol(op: Comparison) -> &'static str {
    match op {
        Comparison::NotEqual => "!=",
        other => other.symbol(),
    }
}
