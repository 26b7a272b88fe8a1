//! A plan as PartiQL: which table or index its keys allow to be asked, and what DynamoDB has no way to say.

use std::collections::HashMap;

use nlq_catalog::{Catalog, Column, ColumnId, Index, Table, TableId, TypeKind};

use super::{
    access::{Access, access},
    ast::Select,
    check::{may_scan, name_a_key, reads_all},
    names, parse,
};
use crate::{
    joins::JoinGraph,
    language::Unwritable,
    plan::{Comparison, Expr, Literal, Moment, Plan, Predicate},
};

/// Values of a partition key in one list at most, as the checker says too.
const MAX_PARTITIONS: usize = 50;

fn beyond<T>(message: impl Into<String>) -> Result<T, Unwritable> {
    Err(Unwritable::Beyond(message.into()))
}

/// A plan as the text of one SELECT.
pub(super) fn write(plan: &Plan, catalog: &Catalog, graph: &JoinGraph) -> Result<String, Unwritable> {
    said(plan)?;
    let (plan, table) = one_table(plan, catalog, graph)?;
    let writer = Writer { catalog, id: table, table: catalog.table(table) };
    writer.write(&plan)
}

/// Refuses what no SELECT of DynamoDB can say, whatever the table.
fn said(plan: &Plan) -> Result<(), Unwritable> {
    let aggregate = |expr: &Expr| matches!(expr, Expr::Aggregate { .. }) || expr.is_aggregate();
    if plan.having.is_some()
        || !plan.group.is_empty()
        || plan.select.iter().any(|item| aggregate(&item.expr))
        || plan.order.iter().any(|key| aggregate(&key.expr))
    {
        return beyond(
            "DynamoDB gives items and computes nothing over them: it has no counts, sums or groups; ask for the items \
             themselves",
        );
    }
    if plan.set.is_some() {
        return beyond("DynamoDB puts no queries together: ask one after the other");
    }
    if let Some(limit) = plan.limit {
        let message = format!(
            "DynamoDB's PartiQL has no LIMIT, so the first {limit} cannot be asked for: ask for all in order, and run \
             the query with a row limit"
        );
        return beyond(message);
    }
    Ok(())
}

/// The plan over the one table that it is about. Columns that a join makes equal to its own are its own: of a table that it
/// refers to, for a row that a reference leads to is there, and of one that refers to it, where that is named for nothing else.
fn one_table(plan: &Plan, catalog: &Catalog, graph: &JoinGraph) -> Result<(Plan, TableId), Unwritable> {
    let named = plan.own_tables();
    if let [only] = named[..] {
        return Ok((plan.clone(), only));
    }
    let tree = graph.tree(&named, &plan.prefer)?;
    for &table in &named {
        let mut own: HashMap<ColumnId, ColumnId> = HashMap::new();
        for (from, into) in tree.edges.iter().flat_map(|edge| edge.on.iter().copied()) {
            if from.table == table {
                own.insert(into, from);
            } else if into.table == table && !plan.tables.contains(&from.table) {
                own.insert(from, into);
            }
        }
        let joined = |other: &TableId| *other == table || own.keys().any(|column| column.table == *other);
        if !tree.tables.iter().all(joined) {
            continue;
        }
        let mut folded = plan.clone();
        folded.map_columns(&|column| own.get(&column).copied().unwrap_or(column));
        folded.tables.retain(|kept| *kept == table);
        if folded.own_tables() == [table] {
            return Ok((folded, table));
        }
    }
    let names: Vec<String> = tree.tables.iter().map(|table| format!("`{}`", catalog.table(*table).name)).collect();
    beyond(format!("DynamoDB joins nothing, and this needs {}: ask them one after the other", names.join(" and ")))
}

/// A condition in text, and what it fixes.
struct Part {
    text: String,
    /// The attribute that has one of so many values.
    bound: Option<(String, usize)>,
    /// The attribute whose presence it asks for.
    present: Option<String>,
}

struct Writer<'a> {
    catalog: &'a Catalog,
    id: TableId,
    table: &'a Table,
}

impl Writer<'_> {
    fn write(&self, plan: &Plan) -> Result<String, Unwritable> {
        let filter: Vec<Predicate> = match &plan.filter {
            None => Vec::new(),
            Some(Predicate::And(parts)) => parts.clone(),
            Some(other) => vec![other.clone()],
        };
        let parts: Vec<Part> = filter.iter().map(|part| self.part(part)).collect::<Result<_, _>>()?;
        let (shown, all) = self.shown(plan)?;
        self.distinct(plan, &parts, all)?;
        let order = self.order(plan)?;
        let used = used(plan);
        let index = self.reached(&parts, &order, &used, all)?;
        let mut text = format!("SELECT {shown}\nFROM {}", names::quoted(&self.table.name));
        if let Some(index) = index {
            text.push('.');
            text.push_str(&names::quoted(&index.name));
        }
        let conditions: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
        if !conditions.is_empty() {
            text.push_str("\nWHERE ");
            text.push_str(&conditions.join("\n  AND "));
        }
        if let Some((column, descending)) = order.first() {
            let direction = if *descending { " DESC" } else { "" };
            text.push_str(&format!("\nORDER BY {}{direction}", names::path(column)));
        }
        // Annotations may hold text that is no PartiQL, and a statement may be longer than DynamoDB takes.
        match parse(&text, false) {
            Ok(select) => self.affordable(&select, index).map(|()| text),
            Err(error) => beyond(format!("this cannot be asked of DynamoDB: {error}")),
        }
    }

    /// What is shown, and whether that is every attribute.
    fn shown(&self, plan: &Plan) -> Result<(String, bool), Unwritable> {
        if plan.select.iter().any(|item| matches!(item.expr, Expr::AllOf(_))) {
            return Ok(("*".to_owned(), true));
        }
        let mut shown: Vec<(String, String)> = Vec::new();
        for item in &plan.select {
            let Expr::Column(id) = &item.expr else {
                return beyond(
                    "DynamoDB shows attributes as they are and computes nothing: ask for the attributes themselves",
                );
            };
            let name = &self.catalog.column(*id).name;
            let path = names::path(name);
            if shown.iter().any(|(other, _)| *other == path) {
                continue;
            }
            let output = name.rsplit('.').next().unwrap_or(name).to_owned();
            if shown.iter().any(|(_, other)| *other == output) {
                let message = format!(
                    "two shown attributes would be called `{output}`, which DynamoDB refuses: ask for one of them"
                );
                return beyond(message);
            }
            shown.push((path, output));
        }
        if shown.is_empty() {
            return beyond("nothing is shown: name an attribute");
        }
        Ok((shown.into_iter().map(|(path, _)| path).collect::<Vec<_>>().join(", "), false))
    }

    /// There is no DISTINCT: rows must differ by themselves.
    fn distinct(&self, plan: &Plan, parts: &[Part], all: bool) -> Result<(), Unwritable> {
        let shows = |name: &String| {
            let shown = |expr: &Expr| matches!(expr, Expr::Column(id) if self.catalog.column(*id).name == *name);
            let one = |part: &Part| part.bound.as_ref().is_some_and(|(bound, count)| bound == name && *count == 1);
            plan.select.iter().any(|item| shown(&item.expr)) || parts.iter().any(one)
        };
        if !plan.distinct || all || (!self.table.primary_key.is_empty() && self.table.primary_key.iter().all(shows)) {
            return Ok(());
        }
        beyond(
            "DynamoDB's PartiQL has no DISTINCT, so each value cannot be shown only once: ask for the items themselves",
        )
    }

    /// The keys of the order, by the names of their attributes.
    fn order(&self, plan: &Plan) -> Result<Vec<(String, bool)>, Unwritable> {
        let key = |expr: &Expr, descending| match expr {
            Expr::Column(id) => Ok((self.catalog.column(*id).name.clone(), descending)),
            _ => beyond("DynamoDB sorts by a sort key only, never by something computed"),
        };
        plan.order.iter().map(|one| key(&one.expr, one.descending)).collect()
    }

    /// The index to ask, none for the table itself. An order that no way gives is refused.
    fn reached(
        &self,
        parts: &[Part],
        order: &[(String, bool)],
        used: &[ColumnId],
        all: bool,
    ) -> Result<Option<&Index>, Unwritable> {
        let bound = |name: &String| parts.iter().filter_map(|part| part.bound.as_ref()).find(|(one, _)| one == name);
        // Keys that are the same everywhere order nothing.
        let order: Vec<&(String, bool)> =
            order.iter().filter(|(name, _)| bound(name).is_none_or(|(_, count)| *count != 1)).collect();
        let worth = |keys: &[String], index: bool| {
            let (_, partitions) = keys.first().and_then(bound)?;
            let sorts = match (order.first(), keys.get(1)) {
                (None, _) => true,
                // Behind a key that tells all items of a partition apart, further ones order nothing.
                (Some((name, _)), Some(sort)) => name == sort && *partitions == 1 && (order.len() == 1 || !index),
                (Some(_), None) => false,
            };
            let sorted = keys.get(1).map_or(1, |sort| match bound(sort) {
                Some(_) => 2,
                None => usize::from(parts.iter().any(|part| part.present.as_ref() == Some(sort))),
            });
            sorts.then_some((usize::from(!order.is_empty()), sorted, usize::from(!index)))
        };
        let table = worth(&self.table.primary_key, false).map(|worth| (worth, None));
        let indexes = self.table.indexes.iter().filter(|index| self.carries(index, parts, used, all));
        let ways = indexes.filter_map(|index| Some((worth(&index.columns, true)?, Some(index))));
        let best = table.into_iter().chain(ways).max_by_key(|(worth, _)| *worth);
        match (best, order.first()) {
            (Some((_, way)), _) => Ok(way),
            (None, None) => Ok(None),
            (None, Some((name, _))) => {
                let sorts = |keys: &[String]| Some((keys.first()?.clone(), keys.get(1)?.clone()));
                let all = std::iter::once(self.table.primary_key.as_slice());
                let all = all.chain(self.table.indexes.iter().map(|index| index.columns.as_slice()));
                let fitting = all.filter_map(sorts).find(|(_, sort)| sort == name);
                beyond(match fitting {
                    Some((partition, _)) => {
                        format!("DynamoDB sorts by `{name}` only among items of one `{partition}`: name a value of it")
                    }
                    None => format!("DynamoDB cannot sort by `{name}`: it is the sort key of nothing that this asks"),
                })
            }
        }
    }

    /// True when an index holds every item and every attribute that is asked for.
    fn carries(&self, index: &Index, parts: &[Part], used: &[ColumnId], all: bool) -> bool {
        let has = |name: &str| {
            let whole = name.split('.').next().unwrap_or(name);
            let names = index.columns.iter().chain(&index.includes).chain(&self.table.primary_key);
            index.includes.is_empty() || names.into_iter().any(|carried| carried == name || carried == whole)
        };
        // Items without one of its keys are not in it.
        let there = |key: &String| {
            let column = self.table.columns.iter().find(|column| column.name == *key);
            let asked = parts.iter().any(|part| part.present.as_ref() == Some(key));
            asked || column.is_some_and(|column| !column.nullable)
        };
        index.columns.iter().all(there)
            && (!all || index.includes.is_empty())
            && used.iter().all(|id| has(&self.catalog.column(*id).name))
    }

    /// Refuses to read a whole table that is large.
    fn affordable(&self, select: &Select, index: Option<&Index>) -> Result<(), Unwritable> {
        let keys = index.map_or(&self.table.primary_key, |index| &index.columns);
        if access(select, keys) != Access::Scan || may_scan(self.catalog, self.id) {
            return Ok(());
        }
        beyond(format!("{}: {}", reads_all(self.catalog, self.id), name_a_key(self.catalog, self.id)))
    }

    fn column(&self, expr: &Expr) -> Result<&Column, Unwritable> {
        match expr {
            Expr::Column(id) => Ok(self.catalog.column(*id)),
            Expr::Plan(_) => beyond("DynamoDB nests no queries: ask for the inner value first, then with it"),
            _ => beyond("DynamoDB compares attributes as they are and computes nothing"),
        }
    }

    fn part(&self, predicate: &Predicate) -> Result<Part, Unwritable> {
        let plain = |text: String| Part { text, bound: None, present: None };
        Ok(match predicate {
            Predicate::And(parts) => plain(self.joined(parts, " AND ")?),
            Predicate::Or(parts) => match self.one_of(parts)? {
                Some((name, values)) if values.len() <= MAX_PARTITIONS => Part {
                    text: format!("{} IN [{}]", names::path(&name), values.join(", ")),
                    bound: Some((name.clone(), values.len())),
                    present: Some(name),
                },
                _ => plain(self.joined(parts, " OR ")?),
            },
            Predicate::Compare { left: Expr::Literal(value), op, right } if !matches!(right, Expr::Literal(_)) => {
                self.compare(right, turned(*op), &Expr::Literal(value.clone()))?
            }
            Predicate::Compare { left, op, right } => self.compare(left, *op, right)?,
            Predicate::Between { expr, low, high } => {
                let column = self.column(expr)?;
                let (low, high) = (literal(column, low)?, literal(column, high)?);
                let text = format!("{} BETWEEN {low} AND {high}", names::path(&column.name));
                Part { text, bound: None, present: Some(column.name.clone()) }
            }
            Predicate::InPlan { .. } => {
                return beyond("DynamoDB nests no queries: ask for the inner values first, then with them");
            }
            Predicate::Like { expr, pattern, negated } => self.like(expr, pattern, *negated)?,
            Predicate::IsNull { expr, negated } => {
                let column = self.column(expr)?;
                let path = names::path(&column.name);
                if *negated {
                    Part {
                        text: format!("{path} IS NOT MISSING AND {path} IS NOT NULL"),
                        bound: None,
                        present: Some(column.name.clone()),
                    }
                } else {
                    plain(format!("({path} IS MISSING OR {path} IS NULL)"))
                }
            }
            Predicate::Within { expr, from, until } => self.within(expr, from.as_ref(), until.as_ref())?,
            Predicate::Raw { sql, .. } => plain(format!("({sql})")),
        })
    }

    fn joined(&self, parts: &[Predicate], word: &str) -> Result<String, Unwritable> {
        let texts: Vec<String> = parts
            .iter()
            .map(|part| {
                let text = self.part(part)?.text;
                Ok::<_, Unwritable>(if text.contains(" AND ") || text.contains(" OR ") {
                    format!("({text})")
                } else {
                    text
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(format!("({})", texts.join(word)))
    }

    /// Equalities of one attribute as its values.
    fn one_of(&self, parts: &[Predicate]) -> Result<Option<(String, Vec<String>)>, Unwritable> {
        let mut found: Option<(ColumnId, Vec<String>)> = None;
        for part in parts {
            let Predicate::Compare { left: Expr::Column(id), op: Comparison::Equal, right: Expr::Literal(value) } =
                part
            else {
                return Ok(None);
            };
            let value = literal(self.catalog.column(*id), value)?;
            match &mut found {
                None => found = Some((*id, vec![value])),
                Some((known, values)) if known == id => values.push(value),
                Some(_) => return Ok(None),
            }
        }
        Ok(found.map(|(id, values)| (self.catalog.column(id).name.clone(), values)))
    }

    fn compare(&self, left: &Expr, op: Comparison, right: &Expr) -> Result<Part, Unwritable> {
        let column = self.column(left)?;
        let path = names::path(&column.name);
        let Expr::Literal(value) = right else {
            let other = self.column(right)?;
            let text = format!("{path} {} {}", op.symbol(), names::path(&other.name));
            return Ok(Part { text: with_presence(text, op, [column, other]), bound: None, present: None });
        };
        let text = format!("{path} {} {}", op.symbol(), literal(column, value)?);
        let equal = op == Comparison::Equal;
        let name = column.name.clone();
        Ok(Part {
            text: with_presence(text, op, [column]),
            bound: equal.then(|| (name.clone(), 1)),
            present: Some(name),
        })
    }

    /// Only the beginning of a text and what it holds can be asked for, and both letter for letter.
    fn like(&self, expr: &Expr, pattern: &str, negated: bool) -> Result<Part, Unwritable> {
        let column = self.column(expr)?;
        let path = names::path(&column.name);
        let open = pattern.starts_with('%');
        let wanted = pattern.strip_prefix('%').unwrap_or(pattern);
        let (wanted, ends) = wanted.strip_suffix('%').map_or((wanted, false), |wanted| (wanted, true));
        if wanted.contains(['%', '_']) || wanted.is_empty() || !ends {
            let message = format!(
                "DynamoDB can ask what `{}` begins with or holds, not how it ends or what it is like",
                column.name
            );
            return beyond(message);
        }
        if column.kind == TypeKind::Array && open {
            let text = format!("{}contains({path}, {})", if negated { "NOT " } else { "" }, names::text(wanted));
            return Ok(Part { text, bound: None, present: None });
        }
        if column.type_name != "S" {
            return beyond(format!("DynamoDB looks into text only, and `{}` holds none", column.name));
        }
        let function = if open { "contains" } else { "begins_with" };
        // A key is asked for as it is kept, and DynamoDB takes one condition on it.
        let spellings = if self.is_key(&column.name) { vec![wanted.to_owned()] } else { spellings(wanted) };
        let calls: Vec<String> =
            spellings.iter().map(|one| format!("{function}({path}, {})", names::text(one))).collect();
        let one = calls.len() == 1;
        let any = if one { calls.join("") } else { format!("({})", calls.join(" OR ")) };
        Ok(if negated {
            let text = format!("NOT {any}");
            Part { text: with_presence(text, Comparison::NotEqual, [column]), bound: None, present: None }
        } else {
            Part { text: any, bound: None, present: Some(column.name.clone()) }
        })
    }

    fn is_key(&self, name: &String) -> bool {
        self.table.primary_key.contains(name) || self.table.indexes.iter().any(|index| index.columns.contains(name))
    }

    fn within(&self, expr: &Expr, from: Option<&Moment>, until: Option<&Moment>) -> Result<Part, Unwritable> {
        let column = self.column(expr)?;
        let path = names::path(&column.name);
        if column.type_name != "S" {
            let message = format!("`{}` holds no time as text, which is all that DynamoDB could compare", column.name);
            return beyond(message);
        }
        let end = |end: &Moment| match end {
            Moment::At { moment, .. } => match end.as_day() {
                Some(day) => Ok(names::text(&day.format("%Y-%m-%d").to_string())),
                // Whether a day and its time stand apart by T or by a space is known of times only.
                None if column.kind == TypeKind::Timestamp => {
                    Ok(names::text(&moment.format("%Y-%m-%dT%H:%M:%S").to_string()))
                }
                None => beyond(format!("`{}` is known to hold days only, not times of day", column.name)),
            },
            Moment::Ago { .. } => beyond("DynamoDB's PartiQL knows no present time: name the day or the moment"),
        };
        let text = match (from, until) {
            (Some(from), Some(until)) => format!("{path} >= {} AND {path} < {}", end(from)?, end(until)?),
            (Some(from), None) => format!("{path} >= {}", end(from)?),
            (None, Some(until)) => format!("{path} < {}", end(until)?),
            (None, None) => format!("{path} IS NOT MISSING AND {path} IS NOT NULL"),
        };
        Ok(Part { text, bound: None, present: Some(column.name.clone()) })
    }
}

/// Attributes that a plan names.
fn used(plan: &Plan) -> Vec<ColumnId> {
    let all = std::cell::RefCell::new(Vec::new());
    let note = |column: ColumnId| {
        all.borrow_mut().push(column);
        column
    };
    plan.clone().map_columns(&note);
    all.into_inner()
}

/// The other way round.
fn turned(op: Comparison) -> Comparison {
    match op {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}

/// A missing attribute differs from every value in DynamoDB, and from none in a plan.
fn with_presence<'a>(text: String, op: Comparison, columns: impl IntoIterator<Item = &'a Column>) -> String {
    if op != Comparison::NotEqual {
        return text;
    }
    columns.into_iter().filter(|column| column.nullable).fold(text, |text, column| {
        let path = names::path(&column.name);
        format!("{text} AND {path} IS NOT MISSING AND {path} IS NOT NULL")
    })
}

/// A value as the attribute's type asks for.
fn literal(column: &Column, value: &Literal) -> Result<String, Unwritable> {
    let is_number = |text: &str| {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        digits.starts_with(|c: char| c.is_ascii_digit()) && text.parse::<f64>().is_ok_and(f64::is_finite)
    };
    let never = |what: &str| {
        beyond(format!("`{}` holds {what}, and the question compares it with something else", column.name))
    };
    match (column.type_name.as_str(), value) {
        ("N", Literal::Number(text) | Literal::Text(text)) if is_number(text) => {
            Ok(text.trim_start_matches('+').to_owned())
        }
        ("N", Literal::Boolean(_) | Literal::Text(_) | Literal::Number(_)) => never("numbers"),
        ("BOOL", Literal::Boolean(value)) => Ok(value.to_string()),
        ("BOOL", Literal::Number(text) | Literal::Text(text)) => match text.to_lowercase().as_str() {
            "1" | "true" | "yes" => Ok("true".to_owned()),
            "0" | "false" | "no" => Ok("false".to_owned()),
            _ => never("true or false"),
        },
        ("S", Literal::Number(text) | Literal::Text(text)) => Ok(names::text(text)),
        ("S", Literal::Boolean(_)) => never("text"),
        (_, Literal::Text(text)) => Ok(names::text(text)),
        (_, Literal::Number(text)) => Ok(text.clone()),
        (_, Literal::Boolean(value)) => Ok(value.to_string()),
    }
}

/// The ways in which a text that a question asks for without regard to case is usually written: as it is, in small letters,
/// with a capital first, and in capitals; all there are of a single letter.
fn spellings(wanted: &str) -> Vec<String> {
    let lower = wanted.to_lowercase();
    let mut first = lower.chars();
    let capital = first.next().map(|c| c.to_uppercase().collect::<String>() + first.as_str()).unwrap_or_default();
    let mut all = vec![wanted.to_owned()];
    for other in [lower, capital, wanted.to_uppercase()] {
        if !all.contains(&other) {
            all.push(other);
        }
    }
    all
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
