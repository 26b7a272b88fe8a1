//! Conditions as queries in filter context: nothing here is scored.

use chrono::NaiveTime;
use nlq_catalog::{ColumnId, TypeKind};

use super::{
    Scope, beyond,
    text::{Json, object, one, text},
};
use crate::{
    dsl::{fields, is_analysed, keyword_of},
    language::Unwritable,
    plan::{Comparison, Expr, Literal, Moment, Plan, Predicate, TimeUnit},
};

/// The conditions that must all hold.
pub(super) fn conjuncts(filter: Option<&Predicate>) -> Vec<&Predicate> {
    fn flat<'p>(predicate: &'p Predicate, out: &mut Vec<&'p Predicate>) {
        match predicate {
            Predicate::And(parts) => parts.iter().for_each(|part| flat(part, out)),
            other => out.push(other),
        }
    }
    let mut out = Vec::new();
    if let Some(filter) = filter {
        flat(filter, &mut out);
    }
    out
}

/// Queries that must all hold, as one.
pub(super) fn all(mut queries: Vec<Json>) -> Json {
    let negative =
        |query: &Json| matches!(query, Json::Object(members) if members.len() == 1 && members[0].0 == "bool");
    match queries.len() {
        0 => one("match_all", Json::Object(Vec::new())),
        1 if negative(&queries[0]) => queries.remove(0),
        _ => one("bool", one("filter", Json::List(queries))),
    }
}

/// Queries that must all hold, as one that may stand in a filter.
pub(super) fn every(mut queries: Vec<Json>) -> Json {
    if queries.len() == 1 { queries.remove(0) } else { all(queries) }
}

fn none_of(query: Json) -> Json {
    one("bool", one("must_not", Json::List(vec![query])))
}

impl Scope<'_> {
    /// A condition as a query over the objects of a level; the levels of what it names are `level`.
    pub(super) fn condition(&mut self, predicate: &Predicate) -> Result<Json, Unwritable> {
        Ok(match predicate {
            Predicate::And(parts) => {
                let parts = parts.iter().map(|part| self.condition(part)).collect::<Result<Vec<_>, _>>()?;
                every(parts)
            }
            Predicate::Or(parts) => match one_of(parts) {
                Some((expr, literals)) => {
                    let (field, id) = self.exact(expr)?;
                    let values = literals.into_iter().map(|literal| self.value(id, literal)).collect();
                    one("terms", one(&field, Json::List(values)))
                }
                None => {
                    let parts = parts.iter().map(|part| self.condition(part)).collect::<Result<Vec<_>, _>>()?;
                    one(
                        "bool",
                        object([("should", Json::List(parts)), ("minimum_should_match", Json::Bare("1".into()))]),
                    )
                }
            },
            Predicate::Compare { left, op, right: Expr::Literal(literal) } => self.compare(left, *op, literal)?,
            Predicate::Compare { right: Expr::Plan(_), .. } => {
                return Err(beyond(format!(
                    "{} cannot compare documents with a value that it must compute first: ask for the value, then with it",
                    self.system()
                )));
            }
            Predicate::Compare { .. } => {
                return Err(beyond(format!(
                    "{} compares two fields of a document only by a script, which nlq does not run: compare with a value",
                    self.system()
                )));
            }
            Predicate::Between { expr, low, high } => {
                let (field, id) = self.exact(expr)?;
                one("range", one(&field, object([("gte", self.value(id, low)), ("lte", self.value(id, high))])))
            }
            Predicate::Like { expr, pattern, negated } => {
                let found = self.like(expr, pattern)?;
                if *negated { self.not(expr, found)? } else { found }
            }
            Predicate::IsNull { expr, negated } => {
                let (id, _) = self.column(expr)?;
                let found = one("exists", one("field", text(self.path(id))));
                if *negated { found } else { none_of(found) }
            }
            Predicate::Within { expr, from, until } => {
                let (field, _) = self.exact(expr)?;
                let mut ends = Vec::new();
                ends.extend(from.map(|from| ("gte".to_owned(), moment(from))));
                ends.extend(until.map(|until| ("lt".to_owned(), moment(until))));
                if ends.is_empty() {
                    return Ok(one("exists", one("field", text(field))));
                }
                one("range", one(&field, Json::Object(ends)))
            }
            Predicate::InPlan { expr, plan, negated } => {
                let found = self.among(expr, plan)?;
                if *negated { none_of(found) } else { found }
            }
            Predicate::Raw { sql, .. } => {
                return Err(beyond(format!(
                    "the condition `{sql}` is written in another language than {} reads: name the fields in the question",
                    self.system()
                )));
            }
        })
    }

    /// A field in the form that holds whole values.
    pub(super) fn exact(&self, expr: &Expr) -> Result<(String, ColumnId), Unwritable> {
        let (id, _) = self.column(expr)?;
        let (path, column) = (self.path(id), self.catalog.column(id));
        if !is_analysed(column) {
            return Ok((path, id));
        }
        let sub = keyword_of(column).ok_or_else(|| {
            beyond(format!(
                "{path} is analysed text, of which {} knows single words only: ask for documents that contain a word",
                self.system()
            ))
        })?;
        Ok((format!("{path}.{sub}"), id))
    }

    fn compare(&mut self, left: &Expr, op: Comparison, literal: &Literal) -> Result<Json, Unwritable> {
        let (field, id) = self.exact(left)?;
        let value = self.value(id, literal);
        let bound = match op {
            Comparison::Equal => return Ok(one("term", one(&field, value))),
            Comparison::NotEqual => return self.not(left, one("term", one(&field, value))),
            Comparison::Less => "lt",
            Comparison::LessOrEqual => "lte",
            Comparison::Greater => "gt",
            Comparison::GreaterOrEqual => "gte",
        };
        Ok(one("range", one(&field, one(bound, value))))
    }

    /// What does not fit, of the documents that have the field: a comparison never holds where there is nothing to compare.
    fn not(&mut self, expr: &Expr, found: Json) -> Result<Json, Unwritable> {
        let (id, _) = self.column(expr)?;
        if !self.catalog.column(id).nullable {
            return Ok(none_of(found));
        }
        let exists = one("exists", one("field", text(self.path(id))));
        Ok(one("bool", object([("filter", Json::List(vec![exists])), ("must_not", Json::List(vec![found]))])))
    }

    fn like(&mut self, expr: &Expr, pattern: &str) -> Result<Json, Unwritable> {
        let (id, _) = self.column(expr)?;
        let (path, column) = (self.path(id), self.catalog.column(id));
        if column.kind != TypeKind::Text {
            return Err(beyond(format!("{path} holds no text, so {} finds no part of it", self.system())));
        }
        if is_analysed(column) && keyword_of(column).is_none() {
            let words = pattern.trim_matches('%');
            if words.contains(['%', '_']) || words.is_empty() {
                return Err(beyond(format!(
                    "{path} is analysed text, of which {} knows whole words only",
                    self.system()
                )));
            }
            self.notes.push(format!("{path} is analysed text: whole words are found, in any case"));
            return Ok(one("match_phrase", one(&path, text(words))));
        }
        let (field, _) = self.exact(expr)?;
        let mut wanted = String::new();
        for ch in pattern.chars() {
            match ch {
                '%' => wanted.push('*'),
                '*' | '?' | '\\' => wanted.extend(['\\', ch]),
                ch => wanted.push(ch),
            }
        }
        let folded = object([("value", text(wanted)), ("case_insensitive", Json::Bare("true".into()))]);
        Ok(one("wildcard", one(&field, folded)))
    }

    /// A literal as a field holds it.
    pub(super) fn value(&self, id: ColumnId, literal: &Literal) -> Json {
        let kind = self.catalog.column(id).kind;
        match literal {
            Literal::Text(value) if kind.is_numeric() && value.parse::<f64>().is_ok_and(f64::is_finite) => {
                // Digits such as `007` are no JSON.
                value.parse::<i64>().map_or_else(|_| text(value), |whole| Json::Bare(whole.to_string()))
            }
            Literal::Text(value) => text(value),
            Literal::Number(digits) if kind == TypeKind::Boolean => Json::Bare((digits != "0").to_string()),
            Literal::Number(digits) if kind.is_numeric() => Json::Bare(digits.trim_start_matches('+').to_owned()),
            Literal::Number(digits) => text(digits),
            Literal::Boolean(truth) if kind.is_numeric() => Json::Bare(u8::from(*truth).to_string()),
            Literal::Boolean(truth) => Json::Bare(truth.to_string()),
        }
    }

    /// Documents that are among those of another plan: where that plan looks into a nested list of the same documents.
    fn among(&mut self, expr: &Expr, plan: &Plan) -> Result<Json, Unwritable> {
        let joined = || {
            beyond(format!(
                "{} cannot look up in one index what it finds in another: ask for the one, then for the other",
                self.system()
            ))
        };
        let (outer, level) = self.column(expr)?;
        let [item] = plan.select.as_slice() else { return Err(joined()) };
        let Expr::Column(inner) = &item.expr else { return Err(joined()) };
        let inner_table = inner.table;
        let inner = fields::carried(self.catalog, *inner).unwrap_or(*inner);
        let plain = plan.group.is_empty() && plan.having.is_none() && plan.limit.is_none() && plan.set.is_none();
        let key = self.catalog.table(outer.table).primary_key == [self.catalog.column(outer).name.clone()];
        if inner != outer || level > 0 || !plain || !key || plan.own_tables() != [inner_table] {
            return Err(joined());
        }
        let Some(place) = fields::place(self.catalog, inner_table).filter(|place| place.lists.len() == 1) else {
            return Err(joined());
        };
        let parts = conjuncts(plan.filter.as_ref());
        let parts = parts.into_iter().map(|part| self.condition(part)).collect::<Result<Vec<_>, _>>()?;
        let query = if parts.is_empty() { all(parts) } else { every(parts) };
        Ok(one("nested", object([("path", text(&place.lists[0])), ("query", query)])))
    }
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

fn moment(moment: Moment) -> Json {
    match moment {
        Moment::At { moment, .. } if moment.time() == NaiveTime::MIN => text(moment.format("%Y-%m-%d").to_string()),
        Moment::At { moment, .. } => text(moment.format("%Y-%m-%dT%H:%M:%S").to_string()),
        Moment::Ago { count, unit } => text(match unit {
            TimeUnit::Minute => format!("now-{count}m"),
            TimeUnit::Hour => format!("now-{count}h"),
            TimeUnit::Day => format!("now-{count}d"),
            TimeUnit::Week => format!("now-{count}w"),
            TimeUnit::Month => format!("now-{count}M"),
            TimeUnit::Quarter => format!("now-{}M", count.saturating_mul(3)),
            TimeUnit::Year => format!("now-{count}y"),
        }),
    }
}
