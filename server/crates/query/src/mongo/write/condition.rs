//! Conditions as what `$match` and `find` take.

use nlq_catalog::TypeKind;

use super::{
    Groups, Places, Value, Writer, beyond, lookup,
    text::{Out, quoted},
};
use crate::{
    language::Unwritable,
    mongo::{parse::parse_value, value},
    plan::{Aggregate, Comparison, Expr, Literal, Moment, Predicate},
};

/// What conditions are written with.
pub(super) struct Conditions<'w, 'a> {
    pub(super) writer: Writer<'a>,
    pub(super) places: &'w mut Places<'a>,
    /// Stages that must stand before the condition: lookups of other plans.
    pub(super) before: &'w mut Vec<Out>,
    /// Behind `$group`: where figures stand.
    pub(super) groups: Option<&'w mut Groups<'a>>,
}

type Entries = Vec<(String, Out)>;

impl Conditions<'_, '_> {
    /// A whole condition as a document.
    pub(super) fn document(&mut self, predicate: &Predicate) -> Result<Out, Unwritable> {
        Ok(Out::Doc(self.entries(predicate)?))
    }

    fn entries(&mut self, predicate: &Predicate) -> Result<Entries, Unwritable> {
        Ok(match predicate {
            Predicate::And(parts) => {
                let mut all: Vec<Entries> = Vec::new();
                for part in parts {
                    all.push(self.entries(part)?);
                }
                merged(all)
            }
            Predicate::Or(parts) => self.or(parts)?,
            Predicate::Compare { left, op, right } => self.compare(left, *op, right)?,
            Predicate::Between { expr, low, high } => {
                let (low, high) = (self.literal(low, expr)?, self.literal(high, expr)?);
                self.on(expr, vec![("$gte".into(), low), ("$lte".into(), high)])?
            }
            Predicate::Within { expr, from, until } => {
                let text = matches!(expr, Expr::Column(id) if self.writer.catalog.column(*id).kind == TypeKind::Text);
                let mut bounds: Entries = Vec::new();
                let mut back: Entries = Vec::new();
                for (word, bound) in [("$gte", from), ("$lt", until)] {
                    match bound {
                        None => {}
                        Some(Moment::At { moment, .. }) => {
                            let form = match bound.and_then(Moment::as_day) {
                                Some(_) => "%Y-%m-%d",
                                None if text => "%Y-%m-%d %H:%M:%S",
                                None => "%Y-%m-%dT%H:%M:%SZ",
                            };
                            let moment = quoted(&moment.format(form).to_string());
                            bounds.push((
                                word.into(),
                                Out::Bare(if text { moment } else { format!("ISODate({moment})") }),
                            ));
                        }
                        Some(Moment::Ago { count, unit }) => {
                            if text {
                                return beyond(
                                    "A time that is counted back from now needs a field of dates, and this one holds text.",
                                );
                            }
                            let ago = vec![
                                ("startDate".to_owned(), Out::text("$$NOW")),
                                ("unit".to_owned(), Out::text(unit.name())),
                                ("amount".to_owned(), Out::bare(count)),
                            ];
                            let ago = Out::one("$dateSubtract", Out::Doc(ago));
                            let value = self.value(expr)?.out();
                            back.push((word.into(), Out::Array(vec![value, ago])));
                        }
                    }
                }
                if from.is_none() && until.is_none() {
                    bounds.push(("$ne".to_owned(), Out::bare("null")));
                }
                let mut all = Vec::new();
                if !bounds.is_empty() {
                    all.push(self.on(expr, bounds)?);
                }
                if !back.is_empty() {
                    // In expressions, what is missing is less than anything.
                    all.push(self.on(expr, vec![("$ne".into(), Out::bare("null"))])?);
                    let tests: Vec<Out> = back.into_iter().map(|(word, sides)| Out::one(word, sides)).collect();
                    all.push(vec![("$expr".into(), Out::one("$and", Out::Array(tests)))]);
                }
                merged(all)
            }
            Predicate::IsNull { expr, negated: false } => {
                let value = self.value(expr)?;
                match value {
                    Value::Path(path) => vec![(path, Out::bare("null"))],
                    Value::Computed(computed) => test("$lte", computed, Out::bare("null")),
                }
            }
            Predicate::IsNull { expr, negated: true } => self.on(expr, vec![("$ne".into(), Out::bare("null"))])?,
            Predicate::Like { expr, pattern, negated } => self.like(expr, pattern, *negated)?,
            Predicate::InPlan { expr, plan, negated } => self.member(expr, plan, *negated)?,
            Predicate::Raw { sql, table } => {
                let (inner, negated) = match sql.strip_prefix("NOT ") {
                    Some(inner) => (inner.trim().trim_start_matches('(').trim_end_matches(')'), true),
                    None => (sql.trim(), false),
                };
                let prefix = self.places.of(*table).to_owned();
                let node = parse_value(inner).filter(|node| prefix.is_empty() && is_condition(node));
                let Some(node) = node else {
                    return beyond(format!(
                        "The annotation `{sql}` is no condition in MongoDB's form: write it as a document such as {{ status: 'open' }}."
                    ));
                };
                let inner = Out::Bare(node.span.of(inner).to_owned());
                if negated {
                    vec![("$nor".into(), Out::Array(vec![inner]))]
                } else {
                    vec![("$and".into(), Out::Array(vec![inner]))]
                }
            }
        })
    }

    /// Several values of one field are a list.
    fn or(&mut self, parts: &[Predicate]) -> Result<Entries, Unwritable> {
        let mut same: Option<(&Expr, Vec<Out>)> = None;
        for part in parts {
            let Predicate::Compare { left, op: Comparison::Equal, right: Expr::Literal(literal) } = part else {
                same = None;
                break;
            };
            let value = self.literal(literal, left)?;
            match &mut same {
                None => same = Some((left, vec![value])),
                Some((expr, values)) if *expr == left => values.push(value),
                Some(_) => {
                    same = None;
                    break;
                }
            }
        }
        if let Some((expr, values)) = same.filter(|(_, values)| values.len() == parts.len()) {
            return self.on(expr, vec![("$in".into(), Out::Array(values))]);
        }
        let mut all = Vec::new();
        for part in parts {
            all.push(Out::Doc(self.entries(part)?));
        }
        Ok(vec![("$or".into(), Out::Array(all))])
    }

    fn value(&mut self, expr: &Expr) -> Result<Value, Unwritable> {
        match &mut self.groups {
            Some(groups) => groups.value(expr, self.places, self.before),
            None => self.writer.value(expr, self.places, self.before),
        }
    }

    fn literal(&self, literal: &Literal, other: &Expr) -> Result<Out, Unwritable> {
        self.writer.literal(literal, Some(other))
    }

    /// Tests of one value.
    fn on(&mut self, expr: &Expr, tests: Entries) -> Result<Entries, Unwritable> {
        Ok(match self.value(expr)? {
            Value::Path(path) => vec![(path, Out::Doc(tests))],
            Value::Computed(out) => {
                let mut all: Vec<Out> = tests
                    .into_iter()
                    .map(|(name, value)| Out::one(name, Out::Array(vec![out.clone(), value])))
                    .collect();
                // Nothing is less than anything, in expressions.
                all.push(Out::one("$gt", Out::Array(vec![out.clone(), Out::bare("null")])));
                vec![("$expr".into(), Out::one("$and", Out::Array(all)))]
            }
        })
    }

    /// No value at all may stand here: then no comparison holds.
    fn nullable(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Column(id) => self.writer.catalog.column(self.places.real(*id)).nullable,
            Expr::Aggregate { function, .. } => *function != Aggregate::Count,
            Expr::Literal(_) => false,
            _ => true,
        }
    }

    fn compare(&mut self, left: &Expr, op: Comparison, right: &Expr) -> Result<Entries, Unwritable> {
        if let Expr::Literal(literal) = right {
            let value = self.literal(literal, left)?;
            let bare = match &value {
                Out::Bare(text) => text != "null",
                _ => true,
            };
            if let (Comparison::Equal, true, Value::Path(path)) = (op, bare, self.value(left)?) {
                return Ok(vec![(path, value)]);
            }
            if op == Comparison::NotEqual && self.nullable(left) {
                return self.on(left, vec![("$nin".into(), Out::Array(vec![value, Out::bare("null")]))]);
            }
            return self.on(left, vec![(word(op).into(), value)]);
        }
        if matches!(left, Expr::Literal(_)) {
            return self.compare(right, turned(op), left);
        }
        let mut guards: Vec<Entries> = Vec::new();
        let mut sides = Vec::new();
        for side in [left, right] {
            if let Expr::Plan(plan) = side {
                let (_, path) = self.writer.figure(plan, self.places, self.before)?;
                guards.push(vec![(path.clone(), Out::one("$ne", Out::bare("null")))]);
                sides.push(Out::one("$first", Out::field(&path)));
                continue;
            }
            let value = self.value(side)?;
            if self.nullable(side)
                && let Value::Path(path) = &value
            {
                guards.push(vec![(path.clone(), Out::one("$ne", Out::bare("null")))]);
            }
            sides.push(value.out());
        }
        guards.push(vec![("$expr".into(), Out::one(word(op), Out::Array(sides)))]);
        Ok(merged(guards))
    }

    fn like(&mut self, expr: &Expr, pattern: &str, negated: bool) -> Result<Entries, Unwritable> {
        let regex = regex(pattern);
        let text = match expr {
            Expr::Column(id) => matches!(self.writer.catalog.column(*id).kind, TypeKind::Text | TypeKind::Array),
            _ => false,
        };
        let value = self.value(expr)?;
        if let (true, Value::Path(path)) = (text, &value) {
            let literal = Out::Bare(format!("/{}/i", regex.replace('/', "\\/")));
            let test = if negated {
                Out::Doc(vec![("$not".into(), literal), ("$ne".into(), Out::bare("null"))])
            } else {
                literal
            };
            return Ok(vec![(path.clone(), test)]);
        }
        let found = Out::one(
            "$regexMatch",
            Out::Doc(vec![
                ("input".into(), Out::one("$toString", value.out())),
                ("regex".into(), Out::text(&regex)),
                ("options".into(), Out::text("i")),
            ]),
        );
        if !negated {
            return Ok(vec![("$expr".into(), found)]);
        }
        let there = Out::one("$gt", Out::Array(vec![value.out(), Out::bare("null")]));
        let not = Out::one("$not", Out::Array(vec![found]));
        Ok(vec![("$expr".into(), Out::one("$and", Out::Array(vec![there, not])))])
    }

    /// One of the values of another plan, or none of them.
    fn member(&mut self, expr: &Expr, plan: &crate::plan::Plan, negated: bool) -> Result<Entries, Unwritable> {
        let writer = self.writer.deeper()?;
        if self.writer.kind(expr).is_some_and(TypeKind::is_temporal) {
            return beyond("A moment is hardly ever exactly another one: ask for what is before, after, or missing.");
        }
        let mut guards: Vec<Entries> = Vec::new();
        let value = self.value(expr)?;
        if self.nullable(expr)
            && let Value::Path(path) = &value
        {
            guards.push(vec![(path.clone(), Out::one("$ne", Out::bare("null")))]);
        }
        let field = self.places.free_name("found");
        let empty = Out::Array(Vec::new());
        let inner = writer.pipeline(plan)?;
        let [name] = &inner.names[..] else {
            return beyond("Values of one field are needed where the question names several.");
        };
        let from = writer.catalog.table(inner.root).name.clone();
        let stages = match (&value, simple(&inner.stages, name)) {
            // The other collection's own field: its index finds it.
            (Value::Path(path), Some((foreign, conditions))) => {
                let mut entries = vec![
                    ("from".to_owned(), Out::text(&from)),
                    ("localField".to_owned(), Out::text(path)),
                    ("foreignField".to_owned(), Out::text(&foreign)),
                ];
                if !conditions.is_empty() {
                    entries.push(("pipeline".to_owned(), Out::Array(conditions)));
                }
                entries.push(("as".to_owned(), Out::text(&field)));
                Out::one("$lookup", Out::Doc(entries))
            }
            _ => {
                // Found once for all documents, then looked through.
                let all = Out::one(
                    "$group",
                    Out::Doc(vec![
                        ("_id".into(), Out::bare("null")),
                        ("values".into(), Out::one("$addToSet", Out::field(name))),
                    ]),
                );
                let mut stages = inner.stages;
                stages.push(all);
                lookup(&from, stages, &field)
            }
        };
        let by_list = !stages.line().contains("foreignField");
        self.before.push(stages);
        self.places.made.push(field.clone());
        if by_list {
            let list = Out::one(
                "$ifNull",
                Out::Array(vec![Out::one("$first", Out::field(&format!("{field}.values"))), empty]),
            );
            let within = Out::one("$in", Out::Array(vec![value.out(), list]));
            let test = if negated { Out::one("$not", Out::Array(vec![within])) } else { within };
            guards.push(vec![("$expr".into(), test)]);
        } else {
            let test = if negated { empty } else { Out::one("$ne", empty) };
            guards.push(vec![(field, test)]);
        }
        Ok(merged(guards))
    }
}

/// A pipeline that only filters and shows one field of its collection: that field, and the stages before.
fn simple(stages: &[Out], name: &str) -> Option<(String, Vec<Out>)> {
    let (Out::Doc(last), before) = stages.split_last()? else { return None };
    let [(stage, Out::Doc(shown))] = &last[..] else { return None };
    let matches = |stage: &Out| matches!(stage, Out::Doc(entries) if entries.len() == 1 && entries[0].0 == "$match");
    if stage != "$project" || !before.iter().all(matches) {
        return None;
    }
    let (_, shown) = shown.iter().find(|(key, _)| key == name)?;
    let Out::Bare(path) = shown else { return None };
    let path = if path == "1" { name.to_owned() } else { path.strip_prefix("'$")?.strip_suffix('\'')?.to_owned() };
    Some((path, before.to_vec()))
}

/// A document of conditions that the guard knows.
fn is_condition(node: &value::Node) -> bool {
    node.entries().is_some_and(|entries| !entries.is_empty())
}

fn test(word: &str, left: Out, right: Out) -> Entries {
    vec![("$expr".into(), Out::one(word, Out::Array(vec![left, right])))]
}

fn word(op: Comparison) -> &'static str {
    match op {
        Comparison::Equal => "$eq",
        Comparison::NotEqual => "$ne",
        Comparison::Less => "$lt",
        Comparison::LessOrEqual => "$lte",
        Comparison::Greater => "$gt",
        Comparison::GreaterOrEqual => "$gte",
    }
}

/// The comparison with its sides exchanged.
fn turned(op: Comparison) -> Comparison {
    match op {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}

/// Conditions that all hold, in one document where no key stands twice.
fn merged(all: Vec<Entries>) -> Entries {
    let mut out: Entries = Vec::new();
    let mut rest: Vec<Out> = Vec::new();
    for entries in all {
        let operators = |value: &Out| match value {
            Out::Doc(tests) => tests.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(),
            _ => vec![String::new()],
        };
        let fits = |out: &Entries| {
            entries.iter().all(|(key, value)| match out.iter().find(|(known, _)| known == key) {
                None => true,
                Some((_, known)) => {
                    let (known, more) = (operators(known), operators(value));
                    let plain = |names: &[String]| names.iter().all(|name| name.starts_with('$') && name != "$expr");
                    !key.starts_with('$')
                        && plain(&known)
                        && plain(&more)
                        && known.iter().all(|name| !more.contains(name))
                }
            })
        };
        if !fits(&out) {
            // `a: { $ne: null }` twice says the same once.
            if !entries.iter().all(|entry| out.contains(entry)) {
                rest.push(Out::Doc(entries));
            }
            continue;
        }
        for (key, value) in entries {
            match out.iter_mut().find(|(known, _)| *known == key) {
                Some((_, Out::Doc(tests))) => {
                    if let Out::Doc(more) = value {
                        tests.extend(more);
                    }
                }
                _ => out.push((key, value)),
            }
        }
    }
    if rest.is_empty() {
        return out;
    }
    if !out.is_empty() {
        rest.insert(0, Out::Doc(out));
    }
    vec![("$and".into(), Out::Array(rest))]
}

/// A pattern of LIKE as a regular expression.
fn regex(pattern: &str) -> String {
    let begins = !pattern.starts_with('%');
    let ends = !pattern.ends_with('%');
    let inner = pattern.trim_matches('%');
    let mut out = String::from(if begins { "^" } else { "" });
    for c in inner.chars() {
        match c {
            '%' => out.push_str(".*"),
            '_' => out.push('.'),
            c if ".+*?()[]{}|^$\\".contains(c) => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    if ends {
        out.push('$');
    }
    out
}
