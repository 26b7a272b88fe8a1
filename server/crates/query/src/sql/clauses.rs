//! What a query says, clause by clause, in one way of writing: aliases, letter case, parentheses, the order of conditions and
//! the side of a join from which a column is taken make no difference. For comparing two queries, not for running them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use nlq_catalog::{Catalog, ColumnId, TableId};
use sqlparser::ast::{
    BinaryOperator, DuplicateTreatment, Expr, Function, FunctionArguments, GroupByExpr, Ident, JoinConstraint,
    LimitClause, OrderByKind, OrderBySort, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr,
    Statement, TableFactor, UnaryOperator, Value,
};

use super::{
    children::{Child, argument, children, function_name},
    joined::{conjuncts, constraint},
    lexer::lex,
    parse::{parse, prepare},
};

/// A part of a query that can be right or wrong by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Clause {
    Select,
    Distinct,
    Tables,
    Joins,
    Where,
    Group,
    Having,
    Order,
    Limit,
    Set,
}

impl Clause {
    /// All of them, in the order of a query.
    pub const ALL: [Clause; 10] = [
        Clause::Select,
        Clause::Distinct,
        Clause::Tables,
        Clause::Joins,
        Clause::Where,
        Clause::Group,
        Clause::Having,
        Clause::Order,
        Clause::Limit,
        Clause::Set,
    ];

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Clause::Select => "select",
            Clause::Distinct => "distinct",
            Clause::Tables => "tables",
            Clause::Joins => "joins",
            Clause::Where => "where",
            Clause::Group => "group by",
            Clause::Having => "having",
            Clause::Order => "order by",
            Clause::Limit => "limit",
            Clause::Set => "set operation",
        }
    }
}

/// How much of a query is written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Everything.
    Full,
    /// Every fixed value is a `?`.
    NoLiterals,
    /// Every column is the same, and tables and joins are left out: the structure alone.
    Shape,
}

/// The clauses of a query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Clauses {
    parts: Parts,
    /// Columns named anywhere outside the conditions of joins, also in subqueries.
    pub columns: BTreeSet<ColumnId>,
    /// Tables read anywhere.
    pub tables: BTreeSet<TableId>,
}

impl Clauses {
    /// What a clause says, sorted where order means nothing; empty when the query has no such clause.
    pub fn get(&self, clause: Clause) -> &[String] {
        self.parts.get(&clause).map_or(&[], Vec::as_slice)
    }

    /// The clauses that differ from those of another query.
    pub fn differences(&self, other: &Clauses) -> impl Iterator<Item = Clause> {
        Clause::ALL.into_iter().filter(|clause| self.get(*clause) != other.get(*clause))
    }
}

/// The clauses of a query over a catalog; none when it is not one query that the parser reads.
pub fn clauses(sql: &str, catalog: &Catalog, detail: Detail) -> Option<Clauses> {
    let query = read(sql, catalog)?;
    let mut writer = Writer { catalog, detail, scopes: Vec::new(), columns: BTreeSet::new(), tables: BTreeSet::new() };
    let parts = writer.query(&query);
    Some(Clauses { parts, columns: writer.columns, tables: writer.tables })
}

/// The one query of a text.
pub(super) fn read(sql: &str, catalog: &Catalog) -> Option<Box<Query>> {
    let [span] = super::statements(sql, catalog.dialect)[..] else { return None };
    let sql = span.of(sql);
    let tokens = lex(sql, catalog.dialect);
    match parse(&prepare(sql, &tokens, catalog.dialect, false), &tokens, catalog.dialect) {
        Ok(Statement::Query(query)) => Some(query),
        _ => None,
    }
}

type Parts = BTreeMap<Clause, Vec<String>>;

/// The tables of one SELECT.
#[derive(Default)]
struct Scope {
    relations: Vec<(String, Option<TableId>)>,
    /// Columns that a join makes equal, each with another one of its class.
    equal: HashMap<ColumnId, ColumnId>,
    aliases: HashMap<String, String>,
}

impl Scope {
    /// The least of the columns that are equal to this one.
    fn class(&self, mut id: ColumnId) -> ColumnId {
        while let Some(&next) = self.equal.get(&id) {
            id = next;
        }
        id
    }

    fn unite(&mut self, a: ColumnId, b: ColumnId) {
        let (a, b) = (self.class(a), self.class(b));
        if a != b {
            self.equal.insert(a.max(b), a.min(b));
        }
    }
}

struct Writer<'a> {
    catalog: &'a Catalog,
    detail: Detail,
    scopes: Vec<Scope>,
    columns: BTreeSet<ColumnId>,
    tables: BTreeSet<TableId>,
}

impl Writer<'_> {
    fn query(&mut self, query: &Query) -> Parts {
        let mut with = Vec::new();
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            with.push(format!("with {}", text(self.query(&cte.query))));
        }
        let mut parts = match &*query.body {
            SetExpr::Select(select) => self.select(select, query),
            body => {
                let mut parts = self.body(body);
                self.scopes.push(Scope::default());
                self.order(query, &[], &mut parts);
                self.scopes.pop();
                parts
            }
        };
        if !with.is_empty() && self.detail != Detail::Shape {
            parts.entry(Clause::Tables).or_default().extend(with);
        }
        if let Some(limit) = &query.limit_clause {
            let (limit, offset) = match limit {
                LimitClause::LimitOffset { limit, offset, .. } => (limit.as_ref(), offset.as_ref().map(|o| &o.value)),
                LimitClause::OffsetCommaLimit { offset, limit } => (Some(limit), Some(offset)),
            };
            let said = [("limit", limit), ("offset", offset)];
            let said = said.into_iter().filter_map(|(name, e)| Some(format!("{name} {}", self.expr(e?))));
            parts.insert(Clause::Limit, said.collect());
        }
        parts
    }

    fn body(&mut self, body: &SetExpr) -> Parts {
        match body {
            SetExpr::Query(query) => self.query(query),
            SetExpr::SetOperation { op, set_quantifier, left, right } => {
                let mut parts = self.body(left);
                let right = self.body(right);
                let said = format!("{op} {set_quantifier} {}", text(right));
                parts.entry(Clause::Set).or_default().push(said.to_lowercase());
                parts
            }
            SetExpr::Select(select) => self.select_alone(select),
            other => Parts::from([(Clause::Select, vec![other.to_string().to_lowercase()])]),
        }
    }

    fn select_alone(&mut self, select: &Select) -> Parts {
        self.scopes.push(Scope::default());
        let (parts, _) = self.select_parts(select);
        self.scopes.pop();
        parts
    }

    fn select(&mut self, select: &Select, query: &Query) -> Parts {
        self.scopes.push(Scope::default());
        let (mut parts, shown) = self.select_parts(select);
        self.order(query, &shown, &mut parts);
        self.scopes.pop();
        parts
    }

    fn order(&mut self, query: &Query, shown: &[String], parts: &mut Parts) {
        let Some(OrderByKind::Expressions(keys)) = query.order_by.as_ref().map(|order| &order.kind) else { return };
        let keys = keys.iter().map(|key| {
            let descending = matches!(key.options.sort, Some(OrderBySort::Desc));
            let by = self.position(&key.expr, shown);
            if descending { format!("{by} desc") } else { by }
        });
        parts.insert(Clause::Order, keys.collect());
    }

    /// An expression of GROUP BY or ORDER BY, where a number is the place of a shown one.
    fn position(&mut self, expr: &Expr, shown: &[String]) -> String {
        if let Expr::Value(value) = expr
            && let Value::Number(number, _) = &value.value
            && let Some(item) = number.parse::<usize>().ok().and_then(|n| shown.get(n.wrapping_sub(1)))
        {
            return item.clone();
        }
        self.expr(expr)
    }

    fn select_parts(&mut self, select: &Select) -> (Parts, Vec<String>) {
        let mut parts = Parts::new();
        let mut tables = Vec::new();
        let mut conditions: Vec<&Expr> = Vec::new();
        let mut using: Vec<(usize, &Ident)> = Vec::new();
        for from in &select.from {
            self.relation(&from.relation, &mut tables);
            for join in &from.joins {
                self.relation(&join.relation, &mut tables);
                match constraint(&join.join_operator) {
                    Some(JoinConstraint::On(on)) => conjuncts(on, &mut conditions),
                    Some(JoinConstraint::Using(names)) => {
                        let at = self.scope().relations.len() - 1;
                        let names = names.iter().filter_map(|name| name.0.last()?.as_ident());
                        using.extend(names.map(|name| (at, name)));
                    }
                    _ => {}
                }
            }
        }
        if let Some(selection) = &select.selection {
            conjuncts(selection, &mut conditions);
        }
        let mut joins = Vec::new();
        conditions.retain(|condition| match self.edge(condition) {
            Some(edge) => {
                joins.push(edge);
                false
            }
            None => true,
        });
        joins.extend(using.into_iter().filter_map(|(at, name)| self.using(at, name)));
        for &(a, b) in &joins {
            self.scope().unite(a, b);
        }

        let mut shown = Vec::new();
        for item in &select.projection {
            let said = match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAliases { expr, .. } => self.expr(expr),
                SelectItem::ExprWithAlias { expr, alias } => {
                    let said = self.expr(expr);
                    self.scope().aliases.insert(alias.value.to_lowercase(), said.clone());
                    said
                }
                SelectItem::Wildcard(_) => "*".to_owned(),
                SelectItem::QualifiedWildcard(kind, _) => self.all_of(kind),
            };
            shown.push(said);
        }
        parts.insert(Clause::Select, sorted(shown.clone()));
        if select.distinct.is_some() {
            parts.insert(Clause::Distinct, vec!["distinct".to_owned()]);
        }
        let conditions: Vec<String> = conditions.into_iter().flat_map(|condition| self.conditions(condition)).collect();
        parts.insert(Clause::Where, sorted(conditions));
        if let GroupByExpr::Expressions(keys, _) = &select.group_by {
            let keys: BTreeSet<String> = keys.iter().map(|key| self.position(key, &shown)).collect();
            parts.insert(Clause::Group, keys.into_iter().collect());
        }
        if let Some(having) = &select.having {
            let mut all = Vec::new();
            conjuncts(having, &mut all);
            let said = all.into_iter().flat_map(|condition| self.conditions(condition)).collect();
            parts.insert(Clause::Having, sorted(said));
        }
        if self.detail != Detail::Shape {
            parts.insert(Clause::Tables, sorted(tables));
            let edge = |(a, b): &(ColumnId, ColumnId)| format!("{} = {}", self.name(*a.min(b)), self.name(*a.max(b)));
            let edges: BTreeSet<String> = joins.iter().map(edge).collect();
            parts.insert(Clause::Joins, edges.into_iter().collect());
        }
        parts.retain(|_, said| !said.is_empty());
        (parts, shown)
    }

    fn scope(&mut self) -> &mut Scope {
        if self.scopes.is_empty() {
            self.scopes.push(Scope::default());
        }
        let last = self.scopes.len() - 1;
        &mut self.scopes[last]
    }

    fn relation(&mut self, factor: &TableFactor, tables: &mut Vec<String>) {
        let (said, table, name) = match factor {
            TableFactor::Table { name, alias, .. } => {
                let mut idents = name.0.iter().filter_map(|part| part.as_ident());
                let last = idents.next_back().map_or_else(String::new, |ident| ident.value.clone());
                let schema = idents.next_back().map(|ident| ident.value.as_str());
                let table = self.catalog.find_table(schema, &last);
                self.tables.extend(table);
                let known = alias.as_ref().map_or_else(|| last.clone(), |alias| alias.name.value.clone());
                (last.to_lowercase(), table, known)
            }
            TableFactor::Derived { subquery, alias, .. } => {
                let said = text(self.query(subquery));
                (said, None, alias.as_ref().map_or_else(String::new, |alias| alias.name.value.clone()))
            }
            TableFactor::NestedJoin { table_with_joins, .. } => {
                self.relation(&table_with_joins.relation, tables);
                table_with_joins.joins.iter().for_each(|join| self.relation(&join.relation, tables));
                return;
            }
            other => (other.to_string().to_lowercase(), None, String::new()),
        };
        tables.push(said);
        self.scope().relations.push((name.to_lowercase(), table));
    }

    /// The columns of a condition that joins two relations.
    fn edge(&mut self, condition: &Expr) -> Option<(ColumnId, ColumnId)> {
        let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = condition else { return None };
        let scope = self.scopes.len().checked_sub(1)?;
        let (left, right) = (self.find(left)?, self.find(right)?);
        let own = left.0 == scope && right.0 == scope && left.1 != right.1;
        own.then_some((left.2, right.2))
    }

    fn using(&mut self, at: usize, name: &Ident) -> Option<(ColumnId, ColumnId)> {
        let relations = &self.scopes.last()?.relations;
        let right = self.catalog.find_column(relations.get(at)?.1?, &name.value)?;
        let mut before = relations[..at].iter().filter_map(|(_, table)| *table);
        let left = before.find_map(|table| self.catalog.find_column(table, &name.value))?;
        Some((left, right))
    }

    /// The scope, relation and column that an expression names.
    fn find(&self, expr: &Expr) -> Option<(usize, usize, ColumnId)> {
        let (qualifier, name) = match expr {
            Expr::Identifier(name) => (None, name),
            Expr::CompoundIdentifier(path) => match path.as_slice() {
                [.., qualifier, name] => (Some(qualifier), name),
                _ => return None,
            },
            Expr::Nested(inner) => return self.find(inner),
            _ => return None,
        };
        for (depth, scope) in self.scopes.iter().enumerate().rev() {
            for (at, (known, table)) in scope.relations.iter().enumerate() {
                if qualifier.is_some_and(|qualifier| !qualifier.value.eq_ignore_ascii_case(known)) {
                    continue;
                }
                if let Some(id) = table.and_then(|table| self.catalog.find_column(table, &name.value)) {
                    return Some((depth, at, id));
                }
            }
        }
        None
    }

    fn name(&self, id: ColumnId) -> String {
        format!("{}.{}", self.catalog.table(id.table).name, self.catalog.column(id).name).to_lowercase()
    }

    fn all_of(&mut self, kind: &SelectItemQualifiedWildcardKind) -> String {
        let SelectItemQualifiedWildcardKind::ObjectName(name) = kind else { return "*".to_owned() };
        let name = name.to_string().to_lowercase();
        let relations = &self.scope().relations;
        let table = relations.iter().find(|(known, _)| *known == name).and_then(|(_, table)| *table);
        match table {
            Some(table) if relations.len() > 1 && self.detail != Detail::Shape => {
                format!("{}.*", self.catalog.table(table).name.to_lowercase())
            }
            _ => "*".to_owned(),
        }
    }

    /// One condition; two for BETWEEN.
    fn conditions(&mut self, condition: &Expr) -> Vec<String> {
        match condition {
            Expr::Between { expr, negated: false, low, high } => {
                let (what, low, high) = (self.expr(expr), self.expr(low), self.expr(high));
                vec![format!("{what} >= {low}"), format!("{what} <= {high}")]
            }
            other => vec![self.expr(other)],
        }
    }

    fn literal(&self, said: String) -> String {
        if self.detail == Detail::Full { said } else { "?".to_owned() }
    }

    fn expr(&mut self, expr: &Expr) -> String {
        let not = |negated: bool, said: String| if negated { format!("not {said}") } else { said };
        match expr {
            Expr::Nested(inner) => self.expr(inner),
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => self.column(expr),
            Expr::Value(value) => match &value.value {
                Value::Number(number, _) => self.literal(number_text(number)),
                Value::Null => "null".to_owned(),
                Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => self.literal(format!("'{text}'")),
                other => self.literal(other.to_string()),
            },
            Expr::UnaryOp { op: UnaryOperator::Minus, expr: inner } if matches!(**inner, Expr::Value(_)) => {
                let said = self.expr(inner);
                self.literal(format!("-{said}"))
            }
            Expr::UnaryOp { op: UnaryOperator::Not, expr: inner } => format!("not {}", self.expr(inner)),
            Expr::BinaryOp { left, op, right } => self.binary(expr, left, op, right),
            Expr::Between { expr, negated, low, high } => {
                let (what, low, high) = (self.expr(expr), self.expr(low), self.expr(high));
                not(*negated, format!("({what} <= {high} and {what} >= {low})"))
            }
            Expr::InList { expr, list, negated } => {
                let what = self.expr(expr);
                let values: BTreeSet<String> = list.iter().map(|value| self.expr(value)).collect();
                let values: Vec<String> = values.into_iter().collect();
                match values.as_slice() {
                    [one] if list.len() == 1 => not(*negated, format!("{what} = {one}")),
                    _ => not(*negated, format!("{what} in ({})", values.join(", "))),
                }
            }
            Expr::InSubquery { expr, subquery, negated } => {
                let what = self.expr(expr);
                not(*negated, format!("{what} in {}", text(self.query(subquery))))
            }
            Expr::Subquery(query) => text(self.query(query)),
            Expr::Exists { subquery, negated } => not(*negated, format!("exists {}", text(self.query(subquery)))),
            Expr::Like { negated, expr, pattern, .. } | Expr::ILike { negated, expr, pattern, .. } => {
                let (what, pattern) = (self.expr(expr), self.expr(pattern));
                not(*negated, format!("{what} like {pattern}"))
            }
            Expr::IsNull(inner) => format!("{} is null", self.expr(inner)),
            Expr::IsNotNull(inner) => format!("not {} is null", self.expr(inner)),
            Expr::Function(function) => self.function(function),
            other => {
                let mut inside = Vec::new();
                children(other, &mut |child| {
                    inside.push(match child {
                        Child::Expr(expr) => self.expr(expr),
                        Child::Query(query) => text(self.query(query)),
                    });
                });
                let head = other.to_string().to_lowercase();
                let head = head.split(|ch: char| !ch.is_alphabetic()).next().unwrap_or_default();
                format!("{head}({})", inside.join(", "))
            }
        }
    }

    fn binary(&mut self, whole: &Expr, left: &Expr, op: &BinaryOperator, right: &Expr) -> String {
        match op {
            BinaryOperator::And => {
                let mut all = Vec::new();
                conjuncts(whole, &mut all);
                let said = all.into_iter().flat_map(|condition| self.conditions(condition)).collect();
                format!("({})", sorted(said).join(" and "))
            }
            BinaryOperator::Or => format!("({})", sorted(vec![self.expr(left), self.expr(right)]).join(" or ")),
            _ => {
                let flipped = match op {
                    BinaryOperator::Gt => Some("<"),
                    BinaryOperator::GtEq => Some("<="),
                    BinaryOperator::Lt => Some(">"),
                    BinaryOperator::LtEq => Some(">="),
                    BinaryOperator::Eq | BinaryOperator::NotEq | BinaryOperator::Plus | BinaryOperator::Multiply => {
                        Some("")
                    }
                    _ => None,
                };
                let sign = match op {
                    BinaryOperator::NotEq => "<>".to_owned(),
                    other => other.to_string().to_lowercase(),
                };
                let (a, b) = (self.expr(left), self.expr(right));
                let fixed = |expr: &Expr| self.is_fixed(expr);
                let swap = match flipped {
                    // Of two sides that may be swapped, a fixed value stands right.
                    Some("") => (fixed(left), &a) > (fixed(right), &b),
                    Some(_) => fixed(left) && !fixed(right),
                    None => false,
                };
                match flipped {
                    Some("") if swap => format!("{b} {sign} {a}"),
                    Some(other) if swap => format!("{b} {other} {a}"),
                    _ => format!("{a} {sign} {b}"),
                }
            }
        }
    }

    fn is_fixed(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Value(_) | Expr::UnaryOp { .. } => true,
            Expr::Identifier(ident) => ident.quote_style == Some('"') && self.find(expr).is_none(),
            _ => false,
        }
    }

    fn column(&mut self, expr: &Expr) -> String {
        if let Some((depth, _, id)) = self.find(expr) {
            self.columns.insert(id);
            let id = self.scopes[depth].class(id);
            return if self.detail == Detail::Shape { "column".to_owned() } else { self.name(id) };
        }
        let name = match expr {
            Expr::Identifier(ident) => ident,
            Expr::CompoundIdentifier(path) => match path.last() {
                Some(ident) => ident,
                None => return String::new(),
            },
            _ => return String::new(),
        };
        if let Expr::Identifier(ident) = expr {
            if let Some(said) = self.scope().aliases.get(&ident.value.to_lowercase()) {
                return said.clone();
            }
            // SQLite reads a quoted name that no column has as text.
            if ident.quote_style == Some('"') {
                return self.literal(format!("'{}'", ident.value));
            }
        }
        if self.detail == Detail::Shape { "column".to_owned() } else { name.value.to_lowercase() }
    }

    fn function(&mut self, function: &Function) -> String {
        let name = function_name(function);
        let FunctionArguments::List(list) = &function.args else {
            return match &function.args {
                FunctionArguments::Subquery(query) => format!("{name}{}", text(self.query(query))),
                _ => format!("{name}()"),
            };
        };
        let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
        let mut said = Vec::new();
        let mut always = false;
        for given in &list.args {
            match argument(given) {
                Some(expr) => {
                    always = self.find(expr).is_some_and(|(_, _, id)| !self.may_be_null(id));
                    said.push(self.expr(expr));
                }
                None => said.push("*".to_owned()),
            }
        }
        // Counting what every row has is counting rows.
        if name == "count" && always && !distinct && said.len() == 1 {
            said = vec!["*".to_owned()];
        }
        format!("{name}({}{})", if distinct { "distinct " } else { "" }, said.join(", "))
    }

    fn may_be_null(&self, id: ColumnId) -> bool {
        let table = self.catalog.table(id.table);
        let column = self.catalog.column(id);
        let key = matches!(table.primary_key.as_slice(), [only] if only.eq_ignore_ascii_case(&column.name));
        column.nullable && !key
    }
}

/// A query inside another, as one text.
fn text(parts: Parts) -> String {
    let parts = parts.into_iter().map(|(clause, said)| format!("{}: {}", clause.name(), said.join(", ")));
    format!("[{}]", parts.collect::<Vec<_>>().join("; "))
}

fn number_text(number: &str) -> String {
    number.parse::<f64>().map_or_else(|_| number.to_owned(), |number| number.to_string())
}

fn sorted(mut said: Vec<String>) -> Vec<String> {
    said.sort();
    said
}

#[cfg(test)]
mod tests {
    use nlq_catalog::Dialect;

    use super::*;
    use crate::sql::fixture::shop;

    fn differences(a: &str, b: &str, detail: Detail) -> Vec<&'static str> {
        let catalog = shop(Dialect::Sqlite);
        let of = |sql: &str| clauses(sql, &catalog, detail).unwrap_or_else(|| panic!("{sql} is read"));
        of(a).differences(&of(b)).map(Clause::name).collect()
    }

    #[test]
    fn the_way_of_writing_makes_no_difference() {
        for (a, b) in [
            ("SELECT T1.name FROM customers AS T1", "select NAME from Customers"),
            ("SELECT name, id FROM customers", "SELECT id, name FROM customers"),
            (
                "SELECT name FROM customers WHERE country = 'France' AND credit > 3",
                "SELECT name FROM customers WHERE (3 < credit) AND \"France\" = country",
            ),
            (
                "SELECT c.name FROM customers c JOIN orders o ON c.id = o.customer_id",
                "SELECT name FROM orders, customers WHERE orders.customer_id = customers.id",
            ),
            (
                "SELECT c.id FROM customers c JOIN orders o ON c.id = o.customer_id",
                "SELECT o.customer_id FROM customers c JOIN orders o ON o.customer_id = c.id",
            ),
            (
                "SELECT country, count(*) AS n FROM customers GROUP BY country ORDER BY n DESC",
                "SELECT country, count(id) FROM customers GROUP BY 1 ORDER BY count(*) DESC",
            ),
            (
                "SELECT id FROM customers WHERE credit BETWEEN 1 AND 2",
                "SELECT id FROM customers WHERE credit <= 2.0 AND credit >= 1",
            ),
            (
                "SELECT id FROM customers WHERE id NOT IN (SELECT customer_id FROM orders)",
                "SELECT id FROM customers WHERE NOT id IN (SELECT o.customer_id FROM orders o)",
            ),
        ] {
            assert_eq!(differences(a, b, Detail::Full), [""; 0], "{a}\n{b}");
        }
    }

    #[test]
    fn a_difference_is_in_its_clause() {
        let base = "SELECT name FROM customers WHERE credit > 3 ORDER BY name LIMIT 2";
        for (other, clauses) in [
            ("SELECT email FROM customers WHERE credit > 3 ORDER BY name LIMIT 2", vec!["select"]),
            ("SELECT DISTINCT name FROM customers WHERE credit > 3 ORDER BY name LIMIT 2", vec!["distinct"]),
            ("SELECT name FROM customers WHERE credit > 4 ORDER BY name LIMIT 2", vec!["where"]),
            ("SELECT name FROM customers WHERE credit > 3 ORDER BY name DESC LIMIT 2", vec!["order by"]),
            ("SELECT name FROM customers WHERE credit > 3", vec!["order by", "limit"]),
            ("SELECT name FROM customers", vec!["where", "order by", "limit"]),
            (
                "SELECT name FROM customers JOIN orders ON customers.id = customer_id WHERE credit > 3 \
                 ORDER BY name LIMIT 2",
                vec!["tables", "joins"],
            ),
        ] {
            assert_eq!(differences(base, other, Detail::Full), clauses, "{other}");
        }
        let (one, other) =
            ("SELECT id FROM customers", "SELECT id FROM customers EXCEPT SELECT customer_id FROM orders");
        assert_eq!(differences(one, other, Detail::Full), ["set operation"]);
        let having = "SELECT country FROM customers GROUP BY country HAVING count(*) > 1";
        assert_eq!(differences("SELECT country FROM customers", having, Detail::Full), ["group by", "having"]);
    }

    #[test]
    fn literals_and_columns_can_be_left_out() {
        let (a, b) =
            ("SELECT id FROM orders WHERE status = 'open' LIMIT 3", "SELECT id FROM orders WHERE status = 'x'");
        assert_eq!(differences(a, b, Detail::NoLiterals), ["limit"]);
        let b = "SELECT id FROM orders WHERE status = \"shipped\" LIMIT 1";
        assert_eq!(differences(a, b, Detail::NoLiterals), [""; 0]);
        let c = "SELECT name FROM customers WHERE country = 'France' LIMIT 1";
        assert_eq!(differences(a, c, Detail::NoLiterals), ["select", "tables", "where"]);
        assert_eq!(differences(a, c, Detail::Shape), [""; 0]);
        let d = "SELECT name FROM customers WHERE country > 'France' LIMIT 1";
        assert_eq!(differences(a, d, Detail::Shape), ["where"]);
    }

    #[test]
    fn names_are_gathered_everywhere_but_in_joins() {
        let catalog = shop(Dialect::Sqlite);
        let sql = "SELECT name FROM customers JOIN orders ON customers.id = customer_id \
                   WHERE credit IN (SELECT quantity FROM order_items)";
        let found = clauses(sql, &catalog, Detail::Full).expect("it is read");
        let names: Vec<&str> = found.columns.iter().map(|id| catalog.column(*id).name.as_str()).collect();
        assert_eq!((names, found.tables.len()), (vec!["name", "credit", "quantity"], 3));
        assert_eq!(clauses("SELECT 1; SELECT 2", &catalog, Detail::Full), None);
        assert_eq!(clauses("DELETE FROM orders", &catalog, Detail::Full), None);
    }
}
