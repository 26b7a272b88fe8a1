//! `$group`: its keys, its figures, and where both stand behind it.

use nlq_catalog::{ColumnId, TableId, TypeKind};

use super::{JoinTree, Places, Value, Writer, beyond, joined, key_document, ratio, text::Out};
use crate::{
    language::Unwritable,
    mongo::parse::parse_value,
    plan::{Aggregate, Expr, Item, Plan},
};

/// The groups of a plan.
pub(super) struct Groups<'a> {
    writer: Writer<'a>,
    /// Keys: the expression, the name, the value before the group.
    keys: Vec<(Expr, String, Value)>,
    /// Figures: the expression, the name, the accumulator.
    figures: Vec<(Expr, String, Out)>,
    /// Fields that are computed of figures right behind the group.
    computed: Vec<(String, Out)>,
    /// Tables of which a group has one row.
    one: Vec<TableId>,
    /// Names that the plan's items give.
    named: Vec<(Expr, String)>,
}

impl<'a> Groups<'a> {
    pub(super) fn new(
        writer: Writer<'a>,
        plan: &Plan,
        tree: &JoinTree,
        places: &mut Places<'a>,
        stages: &mut Vec<Out>,
    ) -> Result<Self, Unwritable> {
        let mut exprs = plan.group.clone();
        let key_is_held = |table: TableId, exprs: &[Expr]| {
            let key = &writer.catalog.table(table).primary_key;
            let held = |name: &String| {
                writer.catalog.find_column(table, name).is_some_and(|id| {
                    exprs.iter().any(|expr| matches!(expr, Expr::Column(other) if places.real(*other) == id))
                })
            };
            !key.is_empty() && key.iter().all(held)
        };
        let one: Vec<TableId> = tree.tables.iter().copied().filter(|table| key_is_held(*table, &exprs)).collect();
        let shown = plan.select.iter().map(|item| &item.expr).chain(plan.order.iter().map(|key| &key.expr));
        for expr in shown.filter(|expr| !expr.is_aggregate() && !matches!(expr, Expr::Literal(_) | Expr::Plan(_))) {
            let follows = match expr {
                Expr::Column(ColumnId { table, .. }) | Expr::AllOf(table) => one.contains(table),
                _ => false,
            };
            if !exprs.contains(expr) && !follows {
                exprs.push(expr.clone());
            }
        }
        let mut groups =
            Self { writer, keys: Vec::new(), figures: Vec::new(), computed: Vec::new(), one, named: Vec::new() };
        for item in &plan.select {
            let taken: Vec<(String, Value)> =
                groups.named.iter().map(|(_, name)| (name.clone(), Value::Path(name.clone()))).collect();
            let name = writer.name_of(item, &taken);
            groups.named.push((item.expr.clone(), name));
        }
        let mut before = Vec::new();
        for expr in exprs {
            if let Expr::Column(id) = &expr
                && writer.catalog.column(*id).kind == TypeKind::Array
            {
                // A group for each element.
                stages.push(Out::one("$unwind", Out::field(&places.path(*id))));
            }
            let value = writer.value(&expr, places, &mut before)?;
            let name = groups.name(&expr);
            groups.keys.push((expr, name, value));
        }
        stages.append(&mut before);
        Ok(groups)
    }

    /// A name that neither a key nor a figure has.
    fn name(&self, expr: &Expr) -> String {
        if let Some((_, name)) = self.named.iter().find(|(known, _)| known == expr) {
            return if name == "_id" { "id".to_owned() } else { name.clone() };
        }
        let item = Item { expr: expr.clone(), alias: None };
        let names = self.named.iter().map(|(_, name)| name);
        let taken: Vec<(String, Value)> = names
            .chain(self.keys.iter().map(|(_, name, _)| name))
            .chain(self.figures.iter().map(|(_, name, _)| name))
            .map(|name| (name.clone(), Value::Path(String::new())))
            .collect();
        let name = self.writer.name_of(&item, &taken);
        if name == "_id" { "id".to_owned() } else { name }
    }

    /// The name that an item gives.
    pub(super) fn name_for(&self, item: &Item) -> Option<String> {
        self.named.iter().find(|(expr, _)| *expr == item.expr).map(|(_, name)| name.clone())
    }

    pub(super) fn has_no_key(&self) -> bool {
        self.keys.is_empty()
    }

    /// A number of documents is among the figures.
    pub(super) fn counts(&self) -> bool {
        self.figures.iter().any(|(expr, ..)| matches!(expr, Expr::Aggregate { function: Aggregate::Count, .. }))
    }

    /// The whole document of a table of which a group has one row.
    pub(super) fn document(&mut self, table: TableId, places: &Places<'a>) -> String {
        let expr = Expr::AllOf(table);
        if let Some(at) = self.keys.iter().position(|(key, ..)| *key == expr) {
            return self.key_path(at);
        }
        let whole = match places.of(table) {
            "" => Out::text("$$ROOT"),
            path => Out::field(path),
        };
        self.figures.push((expr, "document".to_owned(), Out::one("$first", whole)));
        "document".to_owned()
    }

    fn key_path(&self, at: usize) -> String {
        if self.keys.len() == 1 { "_id".to_owned() } else { joined("_id", &self.keys[at].1) }
    }

    /// Where an expression stands behind the group.
    pub(super) fn value(
        &mut self,
        expr: &Expr,
        places: &mut Places<'a>,
        before: &mut Vec<Out>,
    ) -> Result<Value, Unwritable> {
        if let Some(at) = self.keys.iter().position(|(key, ..)| key == expr) {
            return Ok(Value::Path(self.key_path(at)));
        }
        if let Some((_, name, _)) = self.figures.iter().find(|(known, ..)| known == expr) {
            return Ok(Value::Path(name.clone()));
        }
        match expr {
            Expr::Aggregate { function, distinct, argument } => {
                let name = self.name(expr);
                let accumulator = self.accumulator(*function, *distinct, argument.as_deref(), &name, places)?;
                self.figures.push((expr.clone(), name.clone(), accumulator));
                Ok(Value::Path(name))
            }
            Expr::Column(id) if self.one.contains(&id.table) => {
                let name = self.name(expr);
                let first = Out::one("$first", Out::field(&places.path(*id)));
                self.figures.push((expr.clone(), name.clone(), first));
                Ok(Value::Path(name))
            }
            Expr::Minus(left, right) => {
                let left = self.value(left, places, before)?.out();
                let right = self.value(right, places, before)?.out();
                Ok(Value::Computed(Out::one("$subtract", Out::Array(vec![left, right]))))
            }
            Expr::Ratio(left, right) => {
                let left = self.value(left, places, before)?.out();
                Ok(ratio(left, self.value(right, places, before)?.out()))
            }
            Expr::Raw { table, sql } => {
                let node = parse_value(sql).filter(|node| places.of(*table).is_empty() && node.only().is_some());
                let Some(node) = node else {
                    return beyond(format!(
                        "The annotation `{sql}` is no figure in MongoDB's form: write it as in {{ $sum: '$total' }}."
                    ));
                };
                let name = self.name(expr);
                self.figures.push((expr.clone(), name.clone(), Out::Bare(node.span.of(sql).to_owned())));
                Ok(Value::Path(name))
            }
            other => self.writer.value(other, places, before),
        }
    }

    fn accumulator(
        &mut self,
        function: Aggregate,
        distinct: bool,
        argument: Option<&Expr>,
        name: &str,
        places: &mut Places<'a>,
    ) -> Result<Out, Unwritable> {
        let Some(argument) = argument else { return Ok(Out::one("$sum", Out::bare(1))) };
        let nullable = match argument {
            Expr::Column(id) => self.writer.catalog.column(places.real(*id)).nullable,
            _ => true,
        };
        let mut before = Vec::new();
        let value = self.writer.value(argument, places, &mut before)?;
        if !before.is_empty() {
            return beyond("A figure of figures cannot be grouped: ask for the inner one first.");
        }
        let value = value.out();
        if distinct && !matches!(function, Aggregate::Min | Aggregate::Max) {
            let all = Out::field(name);
            let there = if nullable && function == Aggregate::Count {
                Out::one("$setDifference", Out::Array(vec![all, Out::Array(vec![Out::bare("null")])]))
            } else {
                all
            };
            let word = match function {
                Aggregate::Count => "$size",
                Aggregate::Sum => "$sum",
                _ => "$avg",
            };
            self.computed.push((name.to_owned(), Out::one(word, there)));
            return Ok(Out::one("$addToSet", value));
        }
        Ok(match function {
            Aggregate::Count if nullable => {
                let there = Out::one("$gt", Out::Array(vec![value, Out::bare("null")]));
                Out::one("$sum", Out::one("$cond", Out::Array(vec![there, Out::bare(1), Out::bare(0)])))
            }
            Aggregate::Count => Out::one("$sum", Out::bare(1)),
            Aggregate::Sum => Out::one("$sum", value),
            Aggregate::Avg => Out::one("$avg", value),
            Aggregate::Min => Out::one("$min", value),
            Aggregate::Max => Out::one("$max", value),
        })
    }

    /// The stages of the groups.
    pub(super) fn stages(&self) -> Vec<Out> {
        let keys: Vec<(String, Value)> =
            self.keys.iter().map(|(_, name, value)| (name.clone(), value.clone())).collect();
        let mut entries = vec![("_id".to_owned(), key_document(&keys))];
        entries.extend(self.figures.iter().map(|(_, name, figure)| (name.clone(), figure.clone())));
        let mut stages = vec![Out::one("$group", Out::Doc(entries))];
        if !self.computed.is_empty() {
            stages.push(Out::one("$set", Out::Doc(self.computed.clone())));
        }
        stages
    }
}
