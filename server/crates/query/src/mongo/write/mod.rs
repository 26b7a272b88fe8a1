//! A plan as an aggregation pipeline.
//!
//! Rows of joined tables are documents: the pipeline begins with one collection, unwinds arrays and looks up others, so
//! that every table's columns stand somewhere in one document. From there on each part of the plan is a stage.

mod condition;
mod group;
mod places;
mod text;

use nlq_catalog::{Catalog, ColumnId, TableId, TypeKind};

use self::{
    condition::Conditions,
    group::Groups,
    places::{Places, Step, joined, order, singular},
    text::{Out, collection},
};
use crate::{
    joins::{JoinGraph, JoinTree},
    language::Unwritable,
    plan::{Aggregate, Expr, Item, Literal, OrderKey, Plan, Predicate, SetOperation, TimeUnit},
};

/// Plans in plans at most; deeper ones come from no question.
const MAX_NESTING: usize = 8;

/// Writes a plan in the shell's form.
pub(super) fn write(plan: &Plan, catalog: &Catalog, graph: &JoinGraph) -> Result<String, Unwritable> {
    let writer = Writer { catalog, graph, depth: 0 };
    if let Some(count) = writer.plain_count(plan)? {
        return Ok(count);
    }
    let written = writer.pipeline(plan)?;
    let name = collection(&catalog.table(written.root).name);
    if written.stages.is_empty() {
        return Ok(format!("{name}.find({{}})"));
    }
    let mut text = format!("{name}.aggregate([\n");
    for (at, stage) in written.stages.iter().enumerate() {
        let comma = if at + 1 < written.stages.len() { "," } else { "" };
        text.push_str(&format!("  {}{comma}\n", stage.pretty(2, 3)));
    }
    text.push_str("])");
    Ok(text)
}

#[derive(Clone, Copy)]
struct Writer<'a> {
    catalog: &'a Catalog,
    graph: &'a JoinGraph,
    depth: usize,
}

/// A plan as stages over a collection.
struct Written {
    root: TableId,
    stages: Vec<Out>,
    /// The names of the fields of its documents, in order; none where whole documents are shown.
    names: Vec<String>,
}

/// A value of a document: a field, or something computed.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    /// The path of a field, without `$`.
    Path(String),
    /// An expression.
    Computed(Out),
}

impl Value {
    /// As an expression.
    fn out(&self) -> Out {
        match self {
            Value::Path(path) => Out::field(path),
            Value::Computed(out) => out.clone(),
        }
    }
}

fn beyond<T>(why: impl Into<String>) -> Result<T, Unwritable> {
    Err(Unwritable::Beyond(why.into()))
}

impl<'a> Writer<'a> {
    fn deeper(self) -> Result<Self, Unwritable> {
        if self.depth >= MAX_NESTING {
            return beyond("The question nests too many questions: ask for a part of it first.");
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    /// `countDocuments`, which also counts none, where all that is asked for is how many documents fit.
    fn plain_count(self, plan: &Plan) -> Result<Option<String>, Unwritable> {
        let [Item { expr: Expr::Aggregate { function: Aggregate::Count, distinct: false, argument: None }, .. }] =
            &plan.select[..]
        else {
            return Ok(None);
        };
        let plain = plan.group.is_empty() && plan.having.is_none() && plan.order.is_empty() && plan.set.is_none();
        let [table] = plan.own_tables()[..] else { return Ok(None) };
        if !plain || plan.limit == Some(0) || self.catalog.table(table).nested.is_some() {
            return Ok(None);
        }
        let (mut places, mut before) = (Places::new(self.catalog, table), Vec::new());
        let mut filter = Out::Doc(Vec::new());
        if let Some(predicate) = &plan.filter {
            filter = Conditions { writer: self, places: &mut places, before: &mut before, groups: None }
                .document(predicate)?;
        }
        let name = collection(&self.catalog.table(table).name);
        let start = name.chars().count() + ".countDocuments(".len();
        let filter = match &filter {
            Out::Doc(entries) if entries.is_empty() => String::new(),
            filter => filter.pretty(0, start + 1),
        };
        Ok(before.is_empty().then(|| format!("{name}.countDocuments({filter})")))
    }

    fn pipeline(self, plan: &Plan) -> Result<Written, Unwritable> {
        if let Some((operation, other)) = plan.set.as_deref() {
            return self.combined(plan, *operation, other);
        }
        let own = plan.own_tables();
        if own.is_empty() {
            return self.figures(plan);
        }
        let tree = self.graph.tree(&own, &plan.prefer)?;
        let (root, steps) = order(&tree, self.catalog, self.graph)?;
        let mut places = Places::new(self.catalog, root);
        let mut stages = Vec::new();
        let mut filters: Vec<&Predicate> = match &plan.filter {
            Some(Predicate::And(parts)) => parts.iter().collect(),
            Some(one) => vec![one],
            None => Vec::new(),
        };
        self.matches(&mut filters, &mut places, &mut stages)?;
        for step in &steps {
            match step {
                Step::Unwind(table) => places.unwind(*table, &mut stages),
                Step::Join(edge) => places.join(edge, &mut stages)?,
            }
            self.matches(&mut filters, &mut places, &mut stages)?;
        }
        if let Some(left) = filters.first() {
            let mut tables = Vec::new();
            left.tables(&mut tables);
            let name =
                tables.iter().find(|table| !places.has(**table)).map(|table| self.catalog.table(*table).name.clone());
            return beyond(format!("No way leads to {}: name how it belongs to the rest.", name.unwrap_or_default()));
        }
        let aggregated = !plan.group.is_empty()
            || plan.having.is_some()
            || plan.select.iter().any(|item| item.expr.is_aggregate())
            || plan.order.iter().any(|key| key.expr.is_aggregate());
        let names = if aggregated {
            let filtered = plan.filter.is_some() || !steps.is_empty();
            self.grouped(plan, &tree, &mut places, &mut stages, filtered)?
        } else if plan.distinct {
            self.distinct(plan, &mut places, &mut stages)?
        } else {
            self.plain(plan, root, &mut places, &mut stages)?
        };
        Ok(Written { root, stages, names })
    }

    /// Adds the conditions whose tables are reached.
    fn matches(
        self,
        filters: &mut Vec<&Predicate>,
        places: &mut Places<'a>,
        stages: &mut Vec<Out>,
    ) -> Result<(), Unwritable> {
        let (ready, waiting): (Vec<&Predicate>, Vec<&Predicate>) = filters.iter().copied().partition(|predicate| {
            let mut tables = Vec::new();
            predicate.tables(&mut tables);
            tables.iter().all(|table| places.has(*table) || is_key_only(predicate, *table, places))
        });
        *filters = waiting;
        // What needs no lookup of its own narrows first.
        let (plain, nesting): (Vec<&Predicate>, Vec<&Predicate>) = ready.into_iter().partition(|p| !nests(p));
        for group in [plain, nesting] {
            if group.is_empty() {
                continue;
            }
            let all = Predicate::And(group.into_iter().cloned().collect());
            let mut before = Vec::new();
            let filter = Conditions { writer: self, places, before: &mut before, groups: None }.document(&all)?;
            stages.append(&mut before);
            stages.push(Out::one("$match", filter));
        }
        Ok(())
    }

    /// The value of an expression over one document.
    fn value(self, expr: &Expr, places: &mut Places<'a>, before: &mut Vec<Out>) -> Result<Value, Unwritable> {
        Ok(match expr {
            Expr::Column(column) => Value::Path(places.path(*column)),
            Expr::Literal(literal) => Value::Computed(self.literal(literal, None)?),
            Expr::Bucket { unit, count, argument } => {
                let kind = self.kind(argument);
                let inner = self.value(argument, places, before)?.out();
                Value::Computed(bucket(
                    *unit,
                    *count,
                    if kind == Some(TypeKind::Text) { Out::one("$toDate", inner) } else { inner },
                ))
            }
            Expr::Minus(left, right) => {
                let sides = vec![self.value(left, places, before)?.out(), self.value(right, places, before)?.out()];
                Value::Computed(Out::one("$subtract", Out::Array(sides)))
            }
            Expr::Ratio(left, right) => {
                ratio(self.value(left, places, before)?.out(), self.value(right, places, before)?.out())
            }
            Expr::Plan(plan) => {
                let (name, path) = self.figure(plan, places, before)?;
                let _ = name;
                Value::Computed(Out::one("$first", Out::field(&path)))
            }
            Expr::AllOf(table) => match places.of(*table) {
                "" => Value::Computed(Out::text("$$ROOT")),
                path => Value::Path(path.to_owned()),
            },
            Expr::Aggregate { .. } => {
                return beyond("A total cannot be computed of single documents: ask for it by groups.");
            }
            Expr::Raw { sql, .. } => {
                return beyond(format!(
                    "The annotation `{sql}` is no pipeline expression: write it in MongoDB's form."
                ));
            }
        })
    }

    /// Looks up the single value of another plan; gives the field's name and the path of its value.
    fn figure(
        self,
        plan: &Plan,
        places: &mut Places<'a>,
        before: &mut Vec<Out>,
    ) -> Result<(String, String), Unwritable> {
        let inner = self.deeper()?.pipeline(plan)?;
        let [name] = &inner.names[..] else {
            return beyond("A single value is needed where the question names several.");
        };
        let field = places.free_name("figure");
        before.push(lookup(&self.catalog.table(inner.root).name, inner.stages, &field));
        places.made.push(field.clone());
        let path = format!("{field}.{name}");
        Ok((field, path))
    }

    /// Figures of several plans side by side, in one document.
    fn figures(self, plan: &Plan) -> Result<Written, Unwritable> {
        let mut first = None;
        for item in &plan.select {
            first_plan(&item.expr, &mut first);
        }
        let Some(base) = first.filter(|_| plan.filter.is_none() && plan.order.is_empty()) else {
            return beyond("The question names no collection: say of what.");
        };
        // The first figure's own pipeline gives exactly one document; the others are looked up beside it.
        let inner = self.deeper()?.pipeline(base)?;
        let [name] = &inner.names[..] else {
            return beyond("A single value is needed where the question names several.");
        };
        if !always_one(base) {
            return beyond("The question sets values against each other that may be missing: ask for each of them.");
        }
        let (root, mut stages) = (inner.root, inner.stages);
        let mut places = Places::new(self.catalog, root);
        places.made.push(name.clone());
        let mut before = Vec::new();
        let mut shown = Vec::new();
        for item in &plan.select {
            let value = self.side(&item.expr, base, name, &mut places, &mut before)?;
            shown.push((self.name_of(item, &shown), value));
        }
        stages.append(&mut before);
        let names = shown.iter().map(|(name, _)| name.clone()).collect();
        stages.push(project(&shown));
        Ok(Written { root, stages, names })
    }

    /// A figure of [`Writer::figures`]: the first stands in the document, others are looked up.
    fn side(
        self,
        expr: &Expr,
        base: &Plan,
        name: &str,
        places: &mut Places<'a>,
        before: &mut Vec<Out>,
    ) -> Result<Value, Unwritable> {
        Ok(match expr {
            Expr::Plan(plan) if **plan == *base => Value::Path(name.to_owned()),
            Expr::Minus(left, right) => {
                let left = self.side(left, base, name, places, before)?.out();
                let right = self.side(right, base, name, places, before)?.out();
                Value::Computed(Out::one("$subtract", Out::Array(vec![left, right])))
            }
            Expr::Ratio(left, right) => {
                let left = self.side(left, base, name, places, before)?.out();
                ratio(left, self.side(right, base, name, places, before)?.out())
            }
            other => self.value(other, places, before)?,
        })
    }

    /// Rows as they are.
    fn plain(
        self,
        plan: &Plan,
        root: TableId,
        places: &mut Places<'a>,
        stages: &mut Vec<Out>,
    ) -> Result<Vec<String>, Unwritable> {
        let mut before = Vec::new();
        let mut keys = Vec::new();
        for key in &plan.order {
            keys.push((self.value(&key.expr, places, &mut before)?, key));
        }
        stages.append(&mut before);
        self.sort(keys, plan.limit, places, stages);
        if let [Item { expr: Expr::AllOf(table), .. }] = &plan.select[..] {
            match places.of(*table) {
                "" if *table == root && places.made.is_empty() => {}
                "" => stages
                    .push(Out::one("$unset", Out::Array(places.made.iter().map(|made| Out::text(made)).collect()))),
                path => stages.push(Out::one("$replaceRoot", Out::one("newRoot", Out::field(path)))),
            }
            return Ok(Vec::new());
        }
        let shown = self.shown(plan, places, &mut before)?;
        stages.append(&mut before);
        if let Some(whole) = plan.select.iter().find_map(|item| match item.expr {
            Expr::AllOf(table) => Some(table),
            _ => None,
        }) {
            let document = match places.of(whole) {
                "" => Out::text("$$ROOT"),
                path => Out::field(path),
            };
            let rest = shown.iter().map(|(name, value)| (name.clone(), value.out())).collect();
            let merged = Out::one("$mergeObjects", Out::Array(vec![document, Out::Doc(rest)]));
            stages.push(Out::one("$replaceRoot", Out::one("newRoot", merged)));
            if places.of(whole).is_empty() && !places.made.is_empty() {
                stages.push(Out::one("$unset", Out::Array(places.made.iter().map(|made| Out::text(made)).collect())));
            }
            return Ok(Vec::new());
        }
        stages.push(project(&shown));
        Ok(shown.into_iter().map(|(name, _)| name).collect())
    }

    /// The named values of a plan's items, without whole documents.
    fn shown(
        self,
        plan: &Plan,
        places: &mut Places<'a>,
        before: &mut Vec<Out>,
    ) -> Result<Vec<(String, Value)>, Unwritable> {
        let mut shown: Vec<(String, Value)> = Vec::new();
        for item in plan.select.iter().filter(|item| !matches!(item.expr, Expr::AllOf(_))) {
            let name = self.name_of(item, &shown);
            let value = self.value(&item.expr, places, before)?;
            shown.push((name, value));
        }
        Ok(shown)
    }

    /// Different rows once.
    fn distinct(self, plan: &Plan, places: &mut Places<'a>, stages: &mut Vec<Out>) -> Result<Vec<String>, Unwritable> {
        let mut before = Vec::new();
        if let [Item { expr: Expr::AllOf(table), .. }] = &plan.select[..] {
            let path = places.of(*table).to_owned();
            let key = match self.catalog.find_column(*table, "_id") {
                Some(id) => Out::field(&places.path(id)),
                None => Out::field(&path),
            };
            let whole = if path.is_empty() { Out::text("$$ROOT") } else { Out::field(&path) };
            stages.push(Out::one(
                "$group",
                Out::Doc(vec![("_id".into(), key), ("document".into(), Out::one("$first", whole))]),
            ));
            stages.push(Out::one("$replaceRoot", Out::one("newRoot", Out::field("document"))));
            if path.is_empty() && !places.made.is_empty() {
                stages.push(Out::one("$unset", Out::Array(places.made.iter().map(|made| Out::text(made)).collect())));
            }
            let fresh = Places::new(self.catalog, *table);
            let mut keys = Vec::new();
            for key in &plan.order {
                keys.push((self.value(&key.expr, &mut fresh.clone(), &mut before)?, key));
            }
            self.sort(keys, plan.limit, places, stages);
            return Ok(Vec::new());
        }
        let shown = self.shown(plan, places, &mut before)?;
        stages.append(&mut before);
        stages.push(Out::one("$group", Out::one("_id", key_document(&shown))));
        let one = shown.len() == 1;
        let path = |name: &str| if one { "_id".to_owned() } else { format!("_id.{name}") };
        let result: Vec<(String, Value)> =
            shown.iter().map(|(name, _)| (name.clone(), Value::Path(path(name)))).collect();
        let mut keys = Vec::new();
        for key in &plan.order {
            let Some(at) = plan.select.iter().position(|item| item.expr == key.expr) else {
                return beyond("Different rows cannot be ordered by what they do not show: show it too.");
            };
            keys.push((result[at].1.clone(), key));
        }
        self.sort(keys, plan.limit, places, stages);
        stages.push(project(&result));
        Ok(shown.into_iter().map(|(name, _)| name).collect())
    }

    /// Groups with their figures.
    fn grouped(
        self,
        plan: &Plan,
        tree: &JoinTree,
        places: &mut Places<'a>,
        stages: &mut Vec<Out>,
        filtered: bool,
    ) -> Result<Vec<String>, Unwritable> {
        let mut groups = Groups::new(self, plan, tree, places, stages)?;
        let mut before = Vec::new();
        let mut shown: Vec<(String, Value)> = Vec::new();
        let mut whole = None;
        for item in &plan.select {
            if let Expr::AllOf(table) = item.expr {
                whole = Some(groups.document(table, places));
                continue;
            }
            let name = groups.name_for(item).unwrap_or_else(|| self.name_of(item, &shown));
            let value = groups.value(&item.expr, places, &mut before)?;
            shown.push((name, value));
        }
        let mut keys = Vec::new();
        for key in &plan.order {
            keys.push((groups.value(&key.expr, places, &mut before)?, key));
        }
        let having = match &plan.having {
            Some(having) => Some(
                Conditions { writer: self, places, before: &mut before, groups: Some(&mut groups) }.document(having)?,
            ),
            None => None,
        };
        let counts = plan.group.is_empty() && groups.has_no_key() && filtered && groups.counts();
        let made = groups.stages();
        if counts && having.is_none() && before.is_empty() && whole.is_none() {
            // A group of no documents is no document, but their number is 0.
            stages.push(Out::one("$facet", Out::one("groups", Out::Array(made))));
            let of = |value: &Value, counted: bool| {
                let Value::Path(path) = value else { return None };
                let first = Out::one("$first", Out::field(&format!("groups.{path}")));
                Some(Value::Computed(if counted {
                    Out::one("$ifNull", Out::Array(vec![first, Out::bare(0)]))
                } else {
                    first
                }))
            };
            let mut facts = Vec::new();
            for (item, (name, value)) in plan.select.iter().zip(&shown) {
                let counted = matches!(item.expr, Expr::Aggregate { function: Aggregate::Count, .. });
                let Some(value) = of(value, counted) else {
                    return beyond(
                        "The question sets figures against each other that may be missing: ask for each of them.",
                    );
                };
                facts.push((name.clone(), value));
            }
            stages.push(project(&facts));
            return Ok(facts.into_iter().map(|(name, _)| name).collect());
        }
        stages.extend(made);
        stages.append(&mut before);
        if let Some(having) = having {
            stages.push(Out::one("$match", having));
        }
        self.sort(keys, plan.limit, places, stages);
        if let Some(document) = whole {
            let rest: Vec<(String, Out)> = shown.iter().map(|(name, value)| (name.clone(), value.out())).collect();
            let merged = if rest.is_empty() {
                Out::field(&document)
            } else {
                Out::one("$mergeObjects", Out::Array(vec![Out::field(&document), Out::Doc(rest)]))
            };
            stages.push(Out::one("$replaceRoot", Out::one("newRoot", merged)));
            if !places.made.is_empty() {
                stages.push(Out::one("$unset", Out::Array(places.made.iter().map(|made| Out::text(made)).collect())));
            }
            return Ok(Vec::new());
        }
        if plan.distinct {
            stages.push(Out::one("$group", Out::one("_id", key_document(&shown))));
            let one = shown.len() == 1;
            for (name, value) in &mut shown {
                *value = Value::Path(if one { "_id".to_owned() } else { format!("_id.{name}") });
            }
        }
        stages.push(project(&shown));
        Ok(shown.into_iter().map(|(name, _)| name).collect())
    }

    /// `$sort` and `$limit`. Where the first documents count, those without the value are not among them.
    fn sort(self, keys: Vec<(Value, &OrderKey)>, limit: Option<u64>, places: &mut Places<'a>, stages: &mut Vec<Out>) {
        let mut sorted: Vec<(String, Out)> = Vec::new();
        let mut computed = Vec::new();
        for (value, key) in keys {
            let path = match value {
                Value::Path(path) => path,
                Value::Computed(out) => {
                    let name = places.free_name("sort_key");
                    computed.push((name.clone(), out));
                    places.made.push(name.clone());
                    name
                }
            };
            let nullable = match &key.expr {
                Expr::Column(id) => self.catalog.column(places.real(*id)).nullable,
                _ => false,
            };
            if nullable && limit.is_some() && !key.descending && sorted.is_empty() {
                stages.push(Out::one("$match", Out::one(path.clone(), Out::one("$ne", Out::bare("null")))));
            }
            if !sorted.iter().any(|(known, _)| *known == path) {
                sorted.push((path, Out::bare(if key.descending { -1 } else { 1 })));
            }
        }
        if !computed.is_empty() {
            stages.push(Out::one("$set", Out::Doc(computed)));
        }
        if !sorted.is_empty() {
            stages.push(Out::one("$sort", Out::Doc(sorted)));
        }
        match limit {
            // The stage takes no 0.
            Some(0) => stages.push(Out::one("$match", Out::one("$expr", Out::bare("false")))),
            Some(limit) => stages.push(Out::one("$limit", Out::bare(limit))),
            None => {}
        }
    }

    /// Two plans put together: each row is marked with the side that it comes from.
    fn combined(self, plan: &Plan, operation: SetOperation, other: &Plan) -> Result<Written, Unwritable> {
        let column = |item: Option<&Item>| match item.map(|item| &item.expr) {
            Some(Expr::Column(id)) => Some(places::real(self.catalog, *id)),
            _ => None,
        };
        for (at, item) in plan.select.iter().enumerate() {
            let (left, right) = (column(Some(item)), column(other.select.get(at)));
            let alike = match (left, right) {
                (Some(left), Some(right)) => {
                    let refer = |edge: &crate::joins::Edge| {
                        edge.on.contains(&(left, right)) || edge.on.contains(&(right, left))
                    };
                    let same_name =
                        self.own_name(&Expr::Column(left)).eq_ignore_ascii_case(&self.own_name(&Expr::Column(right)));
                    left == right || same_name || self.graph.between(left.table, right.table).any(refer)
                }
                (None, None) => true,
                _ => false,
            };
            if !alike {
                return beyond(
                    "The question compares values of different fields: say which field both conditions are about.",
                );
            }
        }
        let alone = Plan { set: None, order: Vec::new(), limit: None, ..plan.clone() };
        let left = self.deeper()?.pipeline(&alone)?;
        let right = self.deeper()?.pipeline(other)?;
        if left.names.is_empty() || left.names.len() != right.names.len() {
            return beyond("Whole documents of two conditions cannot be compared: ask for one field of them.");
        }
        let renamed = |names: &[String], side: &str| {
            let mut shown: Vec<(String, Value)> =
                left.names.iter().zip(names).map(|(to, from)| (to.clone(), Value::Path(from.clone()))).collect();
            shown.push(("side".to_owned(), Value::Computed(Out::text(side))));
            project(&shown)
        };
        if left.names.iter().any(|name| name == "side") {
            return beyond("A field called `side` stands in the way of comparing two conditions: ask for one of them.");
        }
        let (root, mut stages) = (left.root, left.stages);
        stages.push(renamed(&left.names, "left"));
        let mut inner = right.stages;
        inner.push(renamed(&right.names, "right"));
        let from = Out::text(&self.catalog.table(right.root).name);
        stages.push(Out::one(
            "$unionWith",
            Out::Doc(vec![("coll".into(), from), ("pipeline".into(), Out::Array(inner))]),
        ));
        let keys: Vec<(String, Value)> =
            left.names.iter().map(|name| (name.clone(), Value::Path(name.clone()))).collect();
        let sides = Out::one("$addToSet", Out::field("side"));
        stages.push(Out::one("$group", Out::Doc(vec![("_id".into(), key_document(&keys)), ("sides".into(), sides)])));
        match operation {
            SetOperation::Union => {}
            SetOperation::Intersect => {
                stages.push(Out::one("$match", Out::one("sides", Out::one("$size", Out::bare(2)))));
            }
            SetOperation::Except => {
                stages.push(Out::one("$match", Out::one("sides", Out::Array(vec![Out::text("left")]))));
            }
        }
        let one = keys.len() == 1;
        let shown: Vec<(String, Value)> = left
            .names
            .iter()
            .map(|name| (name.clone(), Value::Path(if one { "_id".to_owned() } else { format!("_id.{name}") })))
            .collect();
        let mut order = Vec::new();
        for key in &plan.order {
            let Some(at) = plan.select.iter().position(|item| item.expr == key.expr) else {
                return beyond("Combined rows cannot be ordered by what they do not show: show it too.");
            };
            order.push((shown[at].1.clone(), key));
        }
        self.sort(order, plan.limit, &mut Places::new(self.catalog, root), &mut stages);
        stages.push(project(&shown));
        Ok(Written { root, stages, names: left.names })
    }

    /// The name of a shown value in the result.
    fn name_of(self, item: &Item, taken: &[(String, Value)]) -> String {
        let free = |name: &String| !taken.iter().any(|(other, _)| other == name);
        let clean = |name: &str| {
            let name: String = name.chars().map(|c| if matches!(c, '.' | '$' | '\0') { '_' } else { c }).collect();
            if name.is_empty() { "value".to_owned() } else { name }
        };
        let wanted = match (&item.alias, &item.expr) {
            (Some(alias), _) => clean(alias),
            (None, expr) => self.own_name(expr),
        };
        if free(&wanted) {
            return wanted;
        }
        let longer = match item.expr {
            Expr::Column(id) => {
                clean(&format!("{}_{}", singular(&self.catalog.table(id.table).name), self.catalog.column(id).name))
            }
            _ => wanted.clone(),
        };
        let mut tried = std::iter::once(longer).chain((2..).map(|n| format!("{wanted}_{n}")));
        tried.find(free).unwrap_or(wanted)
    }

    /// The name that an expression gives.
    fn own_name(self, expr: &Expr) -> String {
        match expr {
            Expr::Column(id) => {
                let real = places::real(self.catalog, *id);
                let name = &self.catalog.column(real).name;
                let last = name.rsplit('.').next().unwrap_or(name);
                // A key beside others is one of something.
                if last == "_id" && real != *id { self.catalog.column(*id).name.clone() } else { last.to_owned() }
            }
            Expr::Aggregate { argument: None, .. } => "count".to_owned(),
            Expr::Aggregate { function, argument: Some(argument), .. } => {
                format!("{}_{}", function.name(), self.own_name(argument))
            }
            Expr::Bucket { unit, .. } => unit.name().to_owned(),
            Expr::Minus(..) => "difference".to_owned(),
            Expr::Ratio(..) => "ratio".to_owned(),
            _ => "value".to_owned(),
        }
    }

    fn kind(self, expr: &Expr) -> Option<TypeKind> {
        match expr {
            Expr::Column(id) => Some(self.catalog.column(*id).kind),
            _ => None,
        }
    }

    /// A literal as the other side's type asks for.
    fn literal(self, literal: &Literal, other: Option<&Expr>) -> Result<Out, Unwritable> {
        let column = match other {
            Some(Expr::Column(id)) => Some(self.catalog.column(places::real(self.catalog, *id))),
            _ => None,
        };
        let kind = column.map(|column| column.kind);
        let type_name = column.map_or("", |column| column.type_name.as_str());
        Ok(match (literal, kind) {
            (Literal::Boolean(value), _) => Out::bare(value),
            (Literal::Number(digits), Some(TypeKind::Decimal)) => {
                Out::Bare(format!("NumberDecimal({})", text::quoted(digits)))
            }
            (Literal::Number(digits), Some(TypeKind::Text)) => Out::text(digits),
            (Literal::Number(digits) | Literal::Text(digits), Some(kind)) if kind.is_temporal() => {
                match super::parse::moment(digits).filter(|_| digits.len() >= "2024-01-01".len()) {
                    Some(_) => Out::Bare(format!("ISODate({})", text::quoted(digits))),
                    None => {
                        return beyond(format!(
                            "\u{2018}{digits}\u{2019} is no day or moment: write it as in 2024-01-31."
                        ));
                    }
                }
            }
            (Literal::Number(digits), _) => {
                if digits.parse::<f64>().is_err() {
                    return beyond(format!("\u{2018}{digits}\u{2019} is no number."));
                }
                Out::bare(digits.trim_start_matches('+'))
            }
            (Literal::Text(text), _) if type_name == "objectId" && text.len() == 24 => {
                Out::Bare(format!("ObjectId({})", text::quoted(text)))
            }
            (Literal::Text(text), Some(kind)) if kind.is_numeric() && text.parse::<f64>().is_ok() => Out::bare(text),
            (Literal::Text(text), Some(TypeKind::Boolean)) if matches!(text.as_str(), "true" | "false") => {
                Out::bare(text)
            }
            (Literal::Text(text), _) => Out::text(text),
        })
    }
}

/// A nested table of which only the copy of its parent's key is asked needs not be unwound for that; the rows are still
/// its own, so that it is unwound later.
fn is_key_only(predicate: &Predicate, table: TableId, places: &Places<'_>) -> bool {
    let mut columns = Vec::new();
    columns_of(predicate, &mut columns);
    let own: Vec<ColumnId> = columns.into_iter().filter(|column| column.table == table).collect();
    !own.is_empty() && own.iter().all(|column| places.has(places.real(*column).table))
}

/// What `$group` takes as `_id` for some values.
fn key_document(keys: &[(String, Value)]) -> Out {
    match keys {
        [] => Out::bare("null"),
        [(_, only)] => only.out(),
        // In a document, a missing field and null would be different keys.
        several => Out::Doc(
            several
                .iter()
                .map(|(name, value)| {
                    (name.clone(), Out::one("$ifNull", Out::Array(vec![value.out(), Out::bare("null")])), value)
                })
                .map(|(name, guarded, value)| match value {
                    Value::Path(_) => (name, guarded),
                    Value::Computed(out) => (name, out.clone()),
                })
                .collect(),
        ),
    }
}

/// A part of time that a moment belongs to.
fn bucket(unit: TimeUnit, count: u32, moment: Out) -> Out {
    if unit == TimeUnit::Year {
        return Out::one("$year", moment);
    }
    let mut parts = vec![("date".to_owned(), moment), ("unit".to_owned(), Out::text(unit.name()))];
    if count > 1 {
        parts.push(("binSize".to_owned(), Out::bare(count)));
    }
    if unit == TimeUnit::Week {
        parts.push(("startOfWeek".to_owned(), Out::text("monday")));
    }
    Out::one("$dateTrunc", Out::Doc(parts))
}

fn ratio(left: Out, right: Out) -> Value {
    let zero = Out::one("$eq", Out::Array(vec![right.clone(), Out::bare(0)]));
    let divided = Out::one("$divide", Out::Array(vec![left, right]));
    Value::Computed(Out::one("$cond", Out::Array(vec![zero, Out::bare("null"), divided])))
}

/// `$lookup` by a pipeline.
fn lookup(from: &str, pipeline: Vec<Out>, field: &str) -> Out {
    Out::one(
        "$lookup",
        Out::Doc(vec![
            ("from".into(), Out::text(from)),
            ("pipeline".into(), Out::Array(pipeline)),
            ("as".into(), Out::text(field)),
        ]),
    )
}

/// The last stage: which fields there are, and how they are called.
fn project(shown: &[(String, Value)]) -> Out {
    let mut entries: Vec<(String, Out)> = Vec::new();
    if !shown.iter().any(|(name, _)| name == "_id") {
        entries.push(("_id".to_owned(), Out::bare(0)));
    }
    for (name, value) in shown {
        entries.push((
            name.clone(),
            match value {
                Value::Path(path) if path == name => Out::bare(1),
                // A bare number or truth would say whether the field is shown.
                Value::Computed(Out::Bare(text)) if !text.starts_with('\'') => {
                    Out::one("$literal", Out::Bare(text.clone()))
                }
                value => value.out(),
            },
        ));
    }
    Out::one("$project", Out::Doc(entries))
}

fn nests(predicate: &Predicate) -> bool {
    let plan = |expr: &Expr| matches!(expr, Expr::Plan(_));
    match predicate {
        Predicate::And(parts) | Predicate::Or(parts) => parts.iter().any(nests),
        Predicate::InPlan { .. } => true,
        Predicate::Compare { left, right, .. } => plan(left) || plan(right),
        _ => false,
    }
}

/// A plan that gives one row whatever it finds.
fn always_one(plan: &Plan) -> bool {
    let count = |expr: &Expr| matches!(expr, Expr::Aggregate { function: Aggregate::Count, .. });
    let whole = plan.filter.is_none() && plan.own_tables().len() == 1;
    plan.group.is_empty()
        && plan.having.is_none()
        && plan.limit != Some(0)
        && plan.select.iter().all(|item| if whole { item.expr.is_aggregate() } else { count(&item.expr) })
}

fn first_plan<'p>(expr: &'p Expr, found: &mut Option<&'p Plan>) {
    match expr {
        Expr::Plan(plan) => {
            found.get_or_insert(plan);
        }
        Expr::Minus(left, right) | Expr::Ratio(left, right) => {
            first_plan(left, found);
            first_plan(right, found);
        }
        _ => {}
    }
}

/// The columns that a condition names itself.
fn columns_of(predicate: &Predicate, out: &mut Vec<ColumnId>) {
    let mut of = |expr: &Expr| match expr {
        Expr::Column(id) => out.push(*id),
        Expr::Bucket { argument, .. } => {
            if let Expr::Column(id) = **argument {
                out.push(id);
            }
        }
        _ => {}
    };
    match predicate {
        Predicate::And(parts) | Predicate::Or(parts) => parts.iter().for_each(|part| columns_of(part, out)),
        Predicate::Compare { left, right, .. } => {
            of(left);
            of(right);
        }
        Predicate::Between { expr, .. }
        | Predicate::InPlan { expr, .. }
        | Predicate::Like { expr, .. }
        | Predicate::IsNull { expr, .. }
        | Predicate::Within { expr, .. } => of(expr),
        Predicate::Raw { .. } => {}
    }
}

#[cfg(test)]
mod tests;
