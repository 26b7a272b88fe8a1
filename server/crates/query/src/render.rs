//! A plan as SQL text: one clause a line, short aliases only where joins need them, identifiers quoted only when they must
//! be. What is rendered is always a query that the dialect accepts.

use std::fmt::Write as _;

use nlq_catalog::{Catalog, ColumnId, Dialect, TableId, TypeKind};

use crate::{
    identifier::{identifier, is_reserved},
    joins::{Edge, JoinGraph, JoinTree, NoPath},
    plan::{Aggregate, Expr, Item, Literal, Moment, OrderKey, Plan, Predicate, SetOperation, TimeUnit},
};

/// A rendered plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The SQL, without a closing `;`.
    pub sql: String,
    /// Every table that takes part in the outermost query, in join order.
    pub tables: Vec<TableId>,
    /// Joins by references that nobody declared.
    pub inferred_joins: usize,
    /// Another way to join would have been as short.
    pub tied: bool,
}

/// Writes a plan in the catalog's dialect. Fails when tables cannot be joined.
pub fn render(plan: &Plan, catalog: &Catalog, graph: &JoinGraph) -> Result<Rendered, NoPath> {
    let mut renderer = Renderer { catalog, graph, inferred: 0, tied: false };
    let mut tables = Vec::new();
    let sql = renderer.plan(plan, &mut tables)?;
    Ok(Rendered { sql, tables, inferred_joins: renderer.inferred, tied: renderer.tied })
}

struct Renderer<'a> {
    catalog: &'a Catalog,
    graph: &'a JoinGraph,
    inferred: usize,
    tied: bool,
}

/// The tables of one SELECT and how its columns are written.
struct Scope {
    aliases: Vec<(TableId, Option<String>)>,
}

impl Renderer<'_> {
    fn plan(&mut self, plan: &Plan, tables: &mut Vec<TableId>) -> Result<String, NoPath> {
        let JoinTree { tables: joined, edges, tied } = self.graph.tree(&plan.own_tables(), &plan.prefer)?;
        self.tied |= tied;
        self.inferred += edges.iter().filter(|edge| edge.inferred).count();
        let scope = self.scope(&joined);
        tables.extend(&joined);
        let mut group = plan.group.clone();
        let aggregated = plan.having.is_some()
            || plan.select.iter().any(|item| item.expr.is_aggregate())
            || plan.order.iter().any(|key| key.expr.is_aggregate());
        if !group.is_empty() || (aggregated && plan.select.iter().any(|item| !item.expr.is_aggregate())) {
            let shown = plan.select.iter().map(|item| &item.expr).chain(plan.order.iter().map(|key| &key.expr));
            let one = self.one_of(&joined, &group, &edges);
            let follows = |expr: &Expr| match expr {
                Expr::Column(ColumnId { table, .. }) | Expr::AllOf(table) => one.contains(table),
                _ => false,
            };
            for expr in shown.filter(|expr| !expr.is_aggregate()) {
                if !group.contains(expr) && !follows(expr) {
                    group.push(expr.clone());
                }
            }
        }
        let mut sql = String::from(if plan.distinct { "SELECT DISTINCT " } else { "SELECT " });
        let items: Vec<String> = plan.select.iter().map(|item| self.item(item, &scope)).collect::<Result<_, _>>()?;
        sql.push_str(&items.join(", "));
        for (i, table) in joined.iter().enumerate() {
            sql.push_str(if i == 0 { "\nFROM " } else { "\nJOIN " });
            sql.push_str(&self.table(*table));
            if let Some(alias) = &scope.aliases[i].1 {
                let _ = write!(sql, " AS {alias}");
            }
            if i > 0 {
                let _ = write!(sql, " ON {}", self.condition(&edges[i - 1], *table, &scope));
            }
        }
        if let Some(filter) = &plan.filter {
            let _ = write!(sql, "\nWHERE {}", self.predicate(filter, &scope, Level::Top)?);
        }
        if !group.is_empty() {
            let keys: Vec<String> = group.iter().map(|expr| self.expr(expr, &scope)).collect::<Result<_, _>>()?;
            let _ = write!(sql, "\nGROUP BY {}", keys.join(", "));
        }
        if let Some(having) = &plan.having {
            let _ = write!(sql, "\nHAVING {}", self.predicate(having, &scope, Level::Top)?);
        }
        if let Some(set) = &plan.set {
            let word = match set.0 {
                SetOperation::Union => "UNION",
                SetOperation::Intersect => "INTERSECT",
                SetOperation::Except => "EXCEPT",
            };
            let _ = write!(sql, "\n{word}\n{}", self.plan(&set.1, &mut Vec::new())?);
        }
        if !plan.order.is_empty() {
            let keys: Vec<String> =
                plan.order.iter().map(|key| self.order(key, plan, &scope)).collect::<Result<_, _>>()?;
            let _ = write!(sql, "\nORDER BY {}", keys.join(", "));
        }
        if let Some(limit) = plan.limit {
            let _ = write!(sql, "\nLIMIT {limit}");
        }
        Ok(sql)
    }

    /// The tables of which a group has only one row: it holds their primary key; in SQLite, which does not insist on the
    /// key itself, also what the joins make equal to the key.
    fn one_of(&self, tables: &[TableId], group: &[Expr], edges: &[Edge]) -> Vec<TableId> {
        let mut one: Vec<TableId> = Vec::new();
        loop {
            let held = |key: ColumnId| group.contains(&Expr::Column(key));
            let joined = |key: ColumnId| {
                let pairs = edges.iter().flat_map(|edge| &edge.on);
                let mut others = pairs.filter_map(|&(a, b)| if a == key { Some(b) } else { (b == key).then_some(a) });
                self.catalog.dialect == Dialect::Sqlite && others.any(|at| held(at) || one.contains(&at.table))
            };
            let next = tables.iter().copied().find(|&table| {
                let mut key = self.catalog.table(table).primary_key.iter().peekable();
                !one.contains(&table)
                    && key.peek().is_some()
                    && key.all(|name| self.catalog.find_column(table, name).is_some_and(|key| held(key) || joined(key)))
            });
            match next {
                Some(table) => one.push(table),
                None => return one,
            }
        }
    }

    fn scope(&self, tables: &[TableId]) -> Scope {
        let mut used: Vec<String> = Vec::new();
        let aliases = tables.iter().map(|&table| {
            if tables.len() == 1 {
                return (table, None);
            }
            let words = nlq_catalog::split_name(&self.catalog.table(table).name);
            let letters: String =
                words.iter().filter_map(|w| w.chars().next()).filter(char::is_ascii_alphabetic).collect();
            let base = if letters.is_empty() { "t".to_owned() } else { letters };
            let taken = |alias: &String| used.contains(alias) || is_reserved(alias);
            let alias = std::iter::once(base.clone())
                .chain((2..=2 * tables.len() + 2).map(|n| format!("{base}{n}")))
                .find(|alias| !taken(alias))
                .unwrap_or(base);
            used.push(alias.clone());
            (table, Some(alias))
        });
        Scope { aliases: aliases.collect() }
    }

    fn table(&self, id: TableId) -> String {
        let table = self.catalog.table(id);
        let name = identifier(&table.name, self.catalog.dialect);
        match &table.schema {
            Some(schema) if self.catalog.needs_schema(id) => {
                format!("{}.{name}", identifier(schema, self.catalog.dialect))
            }
            _ => name,
        }
    }

    fn column(&self, id: ColumnId, scope: &Scope) -> String {
        let name = identifier(&self.catalog.column(id).name, self.catalog.dialect);
        match scope.aliases.iter().find(|(table, _)| *table == id.table) {
            Some((_, Some(alias))) => format!("{alias}.{name}"),
            _ => name,
        }
    }

    fn condition(&self, edge: &Edge, joined: TableId, scope: &Scope) -> String {
        let pairs: Vec<String> = edge
            .on
            .iter()
            .map(|&(from, into)| {
                // The table that is already there stands on the left.
                let (left, right) = if from.table == joined { (into, from) } else { (from, into) };
                format!("{} = {}", self.column(left, scope), self.column(right, scope))
            })
            .collect();
        pairs.join(" AND ")
    }

    fn item(&mut self, item: &Item, scope: &Scope) -> Result<String, NoPath> {
        let text = self.expr(&item.expr, scope)?;
        Ok(match &item.alias {
            Some(alias) => format!("{text} AS {}", identifier(alias, self.catalog.dialect)),
            None => text,
        })
    }

    fn order(&mut self, key: &OrderKey, plan: &Plan, scope: &Scope) -> Result<String, NoPath> {
        let named = plan.select.iter().find(|item| item.expr == key.expr).and_then(|item| item.alias.as_ref());
        let mut text = match (named, &key.expr) {
            (Some(alias), _) => identifier(alias, self.catalog.dialect),
            // The rows of two plans put together have names, but no tables any more.
            (None, Expr::Column(id)) if plan.set.is_some() => {
                identifier(&self.catalog.column(*id).name, self.catalog.dialect)
            }
            (None, _) => self.expr(&key.expr, scope)?,
        };
        if key.descending {
            text.push_str(" DESC");
        }
        // Where the first rows count, a missing value must not be the largest (PostgreSQL) or the smallest (SQLite).
        let nullable = match &key.expr {
            Expr::Column(id) => self.catalog.column(*id).nullable,
            Expr::Aggregate { function, .. } => *function != Aggregate::Count,
            _ => false,
        };
        let first = if self.catalog.dialect == Dialect::Sqlite { !key.descending } else { key.descending };
        if nullable && first && plan.limit.is_some() {
            text.push_str(" NULLS LAST");
        }
        Ok(text)
    }

    fn expr(&mut self, expr: &Expr, scope: &Scope) -> Result<String, NoPath> {
        Ok(match expr {
            Expr::Column(id) => self.column(*id, scope),
            Expr::AllOf(table) => match scope.aliases.iter().find(|(t, _)| t == table) {
                Some((_, Some(alias))) => format!("{alias}.*"),
                _ => "*".to_owned(),
            },
            Expr::Aggregate { function, distinct, argument } => {
                let argument = match argument {
                    Some(argument) => self.expr(argument, scope)?,
                    None => "*".to_owned(),
                };
                format!("{}({}{argument})", function.name(), if *distinct { "DISTINCT " } else { "" })
            }
            Expr::Literal(literal) => text_of(literal),
            Expr::Plan(plan) => self.nested(plan)?,
            Expr::Bucket { unit, count, argument } => {
                let inner = self.expr(argument, scope)?;
                bucket(*unit, *count, &inner, self.catalog.dialect)
            }
            Expr::Minus(left, right) => {
                let (left, subtracted) = (self.expr(left, scope)?, self.expr(right, scope)?);
                let bracketed = matches!(**right, Expr::Minus(..));
                format!("{left} - {}", if bracketed { format!("({subtracted})") } else { subtracted })
            }
            Expr::Ratio(left, right) => {
                let (left, right) = (self.expr(left, scope)?, self.expr(right, scope)?);
                let number = if self.catalog.dialect == Dialect::Sqlite { "REAL" } else { "numeric" };
                format!("CAST({left} AS {number}) / NULLIF({right}, 0)")
            }
            Expr::Raw { table, sql } => self.qualify(*table, sql, scope),
        })
    }

    fn nested(&mut self, plan: &Plan) -> Result<String, NoPath> {
        let text = self.plan(plan, &mut Vec::new())?;
        Ok(format!("(\n    {}\n)", text.replace('\n', "\n    ")))
    }

    fn predicate(&mut self, predicate: &Predicate, scope: &Scope, level: Level) -> Result<String, NoPath> {
        Ok(match predicate {
            Predicate::And(parts) => {
                let texts: Vec<String> =
                    parts.iter().map(|p| self.predicate(p, scope, Level::And)).collect::<Result<_, _>>()?;
                let text = texts.join(if level == Level::Top { "\n  AND " } else { " AND " });
                if level == Level::Or { format!("({text})") } else { text }
            }
            Predicate::Or(parts) => {
                let texts: Vec<String> =
                    parts.iter().map(|p| self.predicate(p, scope, Level::Or)).collect::<Result<_, _>>()?;
                let text = texts.join(" OR ");
                if level == Level::Top { text } else { format!("({text})") }
            }
            Predicate::Compare { left, op, right } => {
                // Postgres compares text and numbers only after a cast; a literal is written as the other side's type.
                let right = self.fit(right, left);
                format!("{} {} {}", self.expr(left, scope)?, op.symbol(), self.expr(&right, scope)?)
            }
            Predicate::Between { expr, low, high } => {
                let low = self.fit(&Expr::Literal(low.clone()), expr);
                let high = self.fit(&Expr::Literal(high.clone()), expr);
                format!(
                    "{} BETWEEN {} AND {}",
                    self.expr(expr, scope)?,
                    self.expr(&low, scope)?,
                    self.expr(&high, scope)?
                )
            }
            Predicate::InPlan { expr, plan, negated } => {
                let inner = if *negated { without_nulls(plan, self.catalog) } else { (**plan).clone() };
                let word = if *negated { "NOT IN" } else { "IN" };
                format!("{} {word} {}", self.expr(expr, scope)?, self.nested(&inner)?)
            }
            Predicate::Like { expr, pattern, negated } => {
                let like = match (self.catalog.dialect, negated) {
                    (Dialect::Postgresql, false) => "ILIKE",
                    (Dialect::Postgresql, true) => "NOT ILIKE",
                    (_, false) => "LIKE",
                    (_, true) => "NOT LIKE",
                };
                let mut left = self.expr(expr, scope)?;
                if self.catalog.dialect == Dialect::Postgresql && self.kind(expr) != Some(TypeKind::Text) {
                    left.push_str("::text");
                }
                format!("{left} {like} {}", quote(pattern))
            }
            Predicate::IsNull { expr, negated } => {
                format!("{} IS {}NULL", self.expr(expr, scope)?, if *negated { "NOT " } else { "" })
            }
            Predicate::Within { expr, from, until } => {
                let left = self.expr(expr, scope)?;
                let at = |end: &Moment| moment(*end, self.catalog.dialect);
                match (from, until) {
                    (Some(from), Some(until)) => format!("{left} >= {} AND {left} < {}", at(from), at(until)),
                    (Some(from), None) => format!("{left} >= {}", at(from)),
                    (None, Some(until)) => format!("{left} < {}", at(until)),
                    (None, None) => format!("{left} IS NOT NULL"),
                }
            }
            Predicate::Raw { table, sql } => format!("({})", self.qualify(*table, sql, scope)),
        })
    }

    fn kind(&self, expr: &Expr) -> Option<TypeKind> {
        match expr {
            Expr::Column(id) => Some(self.catalog.column(*id).kind),
            _ => None,
        }
    }

    /// A literal in the form that the type of the other side asks for.
    fn fit(&self, literal: &Expr, other: &Expr) -> Expr {
        match (literal, self.kind(other)) {
            (Expr::Literal(Literal::Number(digits)), Some(kind)) if !kind.is_numeric() => {
                // SQLite's types are loose: only text wants quotes.
                if self.catalog.dialect == Dialect::Sqlite && kind != TypeKind::Text {
                    return literal.clone();
                }
                Expr::Literal(Literal::Text(digits.clone()))
            }
            _ => literal.clone(),
        }
    }

    /// Writes the alias before the table's own columns in an annotation's text.
    fn qualify(&self, table: TableId, sql: &str, scope: &Scope) -> String {
        let Some((_, Some(alias))) = scope.aliases.iter().find(|(t, _)| *t == table) else { return sql.to_owned() };
        let mut out = String::with_capacity(sql.len() + 8);
        let mut rest = sql;
        while let Some(ch) = rest.chars().next() {
            if ch == '\'' {
                let end = rest[1..].find('\'').map_or(rest.len(), |at| at + 2);
                out.push_str(&rest[..end]);
                rest = &rest[end..];
            } else if ch.is_alphabetic() || ch == '_' {
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                let word = &rest[..end];
                let after = rest[end..].trim_start();
                if !out.ends_with('.')
                    && !after.starts_with(['(', '.'])
                    && self.catalog.find_column(table, word).is_some()
                {
                    let _ = write!(out, "{alias}.{word}");
                } else {
                    out.push_str(word);
                }
                rest = &rest[end..];
            } else {
                out.push(ch);
                rest = &rest[ch.len_utf8()..];
            }
        }
        out
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Top,
    And,
    Or,
}

/// `NOT IN` over a NULL is never true, so NULLs are left out where they can be.
fn without_nulls(plan: &Plan, catalog: &Catalog) -> Plan {
    let mut plan = plan.clone();
    if let Some(Item { expr: Expr::Column(id), .. }) = plan.select.first()
        && catalog.column(*id).nullable
        && plan.group.is_empty()
    {
        let present = Predicate::IsNull { expr: Expr::Column(*id), negated: true };
        plan.filter = Some(match plan.filter.take() {
            None => present,
            Some(Predicate::And(mut parts)) => {
                parts.push(present);
                Predicate::And(parts)
            }
            Some(other) => Predicate::And(vec![other, present]),
        });
    }
    plan
}

fn moment(end: Moment, dialect: Dialect) -> String {
    match (end, dialect) {
        (Moment::At { moment, .. }, _) => {
            let format = if end.as_day().is_some() { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M:%S" };
            quote(&moment.format(format).to_string())
        }
        (Moment::Ago { count, unit }, Dialect::Postgresql) => format!("now() - interval '{}'", spoken(count, unit)),
        (Moment::Ago { count, unit }, _) => format!("datetime('now', '-{}')", spoken(count, unit)),
    }
}

/// `1 hour`, `15 minutes`: as SQLite and PostgreSQL read it.
fn spoken(count: u32, unit: TimeUnit) -> String {
    format!("{count} {}{}", unit.name(), if count == 1 { "" } else { "s" })
}

fn bucket(unit: TimeUnit, count: u32, inner: &str, dialect: Dialect) -> String {
    match (dialect, unit) {
        // PostgreSQL 13 has no date_bin.
        (Dialect::Postgresql, TimeUnit::Minute | TimeUnit::Hour) if count > 1 => {
            let (around, name) = if unit == TimeUnit::Hour { ("day", "hour") } else { ("hour", "minute") };
            let part = format!("floor(extract({name} FROM {inner}) / {count}) * interval '{}'", spoken(count, unit));
            format!("date_trunc('{around}', {inner}) + {part}")
        }
        (_, TimeUnit::Minute | TimeUnit::Hour) if count > 1 => {
            let seconds = unit.seconds().unwrap_or(1).saturating_mul(count);
            format!("datetime(strftime('%s', {inner}) / {seconds} * {seconds}, 'unixepoch')")
        }
        (Dialect::Postgresql, unit) => format!("date_trunc('{}', {inner})", unit.name()),
        (_, TimeUnit::Minute) => format!("strftime('%Y-%m-%d %H:%M', {inner})"),
        (_, TimeUnit::Hour) => format!("strftime('%Y-%m-%d %H:00', {inner})"),
        (_, TimeUnit::Day) => format!("date({inner})"),
        (_, TimeUnit::Week) => format!("strftime('%Y-%W', {inner})"),
        (_, TimeUnit::Month) => format!("strftime('%Y-%m', {inner})"),
        (_, TimeUnit::Quarter) => {
            format!("strftime('%Y', {inner}) || '-Q' || ((strftime('%m', {inner}) + 2) / 3)")
        }
        (_, TimeUnit::Year) => format!("strftime('%Y', {inner})"),
    }
}

fn text_of(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) => quote(text),
        Literal::Number(digits) => digits.clone(),
        Literal::Boolean(true) => "TRUE".to_owned(),
        Literal::Boolean(false) => "FALSE".to_owned(),
    }
}

fn quote(text: &str) -> String {
    // A NUL cannot stand in SQL text.
    format!("'{}'", text.replace('\0', "").replace('\'', "''"))
}
