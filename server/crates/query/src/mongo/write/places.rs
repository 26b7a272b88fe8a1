//! Where the tables of a plan stand in the documents of one pipeline: which collection it begins with, what is unwound,
//! what is looked up.

use nlq_catalog::{Catalog, ColumnId, Table, TableId};

use super::text::Out;
use crate::{
    joins::{Edge, JoinGraph, JoinTree},
    language::Unwritable,
};

/// The tables that a pipeline has reached so far.
#[derive(Debug, Clone)]
pub(super) struct Places<'a> {
    catalog: &'a Catalog,
    /// Where each table's columns stand: the path before their names; empty for the collection itself.
    reached: Vec<(TableId, String)>,
    /// Fields that lookups have made, to be left out where whole documents are shown.
    pub(super) made: Vec<String>,
}

/// One step of reaching tables.
#[derive(Debug)]
pub(super) enum Step {
    /// The arrays of a nested table become documents.
    Unwind(TableId),
    /// The documents of another collection are looked up.
    Join(Edge),
}

/// A catalog's table of that name as a nested table names its parent.
pub(super) fn parent(catalog: &Catalog, table: &Table) -> Option<TableId> {
    let nested = table.nested.as_ref()?;
    catalog.find_table(table.schema.as_deref(), &nested.table)
}

/// The collection that holds a table's rows.
pub(super) fn collection_of(catalog: &Catalog, table: TableId) -> Result<TableId, Unwritable> {
    let mut at = table;
    // A chain of parents is shorter than the list of tables, unless a snapshot was broken by hand.
    for _ in 0..=catalog.tables.len() {
        if catalog.table(at).nested.is_none() {
            return Ok(at);
        }
        match parent(catalog, catalog.table(at)) {
            Some(parent) => at = parent,
            None => break,
        }
    }
    let name = &catalog.table(table).name;
    Err(Unwritable::Beyond(format!(
        "The collection that holds {name} is not in the schema: refresh it with `nlq schema refresh`."
    )))
}

impl<'a> Places<'a> {
    /// Begins with a collection.
    pub(super) fn new(catalog: &'a Catalog, root: TableId) -> Self {
        Self { catalog, reached: vec![(root, String::new())], made: Vec::new() }
    }

    fn prefix(&self, table: TableId) -> Option<&str> {
        self.reached.iter().find(|(reached, _)| *reached == table).map(|(_, prefix)| prefix.as_str())
    }

    /// True when a table's columns can be named.
    pub(super) fn has(&self, table: TableId) -> bool {
        self.prefix(table).is_some()
    }

    /// The path of a table's documents; empty for the whole document.
    pub(super) fn of(&self, table: TableId) -> &str {
        self.prefix(table).unwrap_or_default()
    }

    /// The path of a column, without `$`. A nested table's copy of its parent's key is the parent's key.
    pub(super) fn path(&self, column: ColumnId) -> String {
        let column = self.real(column);
        joined(self.of(column.table), &self.catalog.column(column).name)
    }

    /// The column that really stands in documents.
    pub(super) fn real(&self, column: ColumnId) -> ColumnId {
        real(self.catalog, column)
    }

    /// The path of a column inside its collection's documents, through arrays.
    fn inside(&self, column: ColumnId) -> String {
        let column = self.real(column);
        let mut path = self.catalog.column(column).name.clone();
        let mut at = column.table;
        for _ in 0..=self.catalog.tables.len() {
            let table = self.catalog.table(at);
            let (Some(nested), Some(parent)) = (&table.nested, parent(self.catalog, table)) else { break };
            path = joined(&nested.path, &path);
            at = parent;
        }
        path
    }

    /// The stages that unwind a nested table, and its parents where they are nested too.
    pub(super) fn unwind(&mut self, table: TableId, stages: &mut Vec<Out>) {
        if self.has(table) {
            return;
        }
        let own = self.catalog.table(table);
        let (Some(nested), Some(parent)) = (&own.nested, parent(self.catalog, own)) else { return };
        self.unwind(parent, stages);
        let path = joined(self.of(parent), &nested.path);
        stages.push(Out::one("$unwind", Out::field(&path)));
        self.reached.push((table, path));
    }

    /// The stages that look up the collection at the other end of an edge.
    pub(super) fn join(&mut self, edge: &Edge, stages: &mut Vec<Out>) -> Result<(), Unwritable> {
        let known = |column: ColumnId| collection_of(self.catalog, column.table).map(|base| self.has(base));
        let turned = !known(edge.on[0].0)?;
        let pairs: Vec<(ColumnId, ColumnId)> =
            edge.on.iter().map(|&(from, into)| if turned { (into, from) } else { (from, into) }).collect();
        let (here, there) = pairs[0];
        self.unwind(self.real(here).table, stages);
        let base = collection_of(self.catalog, there.table)?;
        let mut checks = pairs[1..].to_vec();
        if self.has(base) {
            // Both ends are there already: parts of one document.
            checks.insert(0, pairs[0]);
        } else {
            let other = self.catalog.table(base);
            let foreign = self.inside(there);
            if foreign != "_id" && self.catalog.column(self.real(here)).nullable {
                // A lookup finds documents without the field for documents without the field.
                stages.push(Out::one("$match", Out::one(self.path(here), Out::one("$ne", Out::bare("null")))));
            }
            let name = self.free_name(&singular(&other.name));
            stages.push(Out::one(
                "$lookup",
                Out::Doc(vec![
                    ("from".into(), Out::text(&other.name)),
                    ("localField".into(), Out::text(&self.path(here))),
                    ("foreignField".into(), Out::text(&foreign)),
                    ("as".into(), Out::text(&name)),
                ]),
            ));
            stages.push(Out::one("$unwind", Out::field(&name)));
            self.reached.push((base, name.clone()));
            self.made.push(name);
            let there = self.real(there);
            if there.table != base {
                self.unwind(there.table, stages);
                checks.insert(0, (here, there));
            }
        }
        for (here, there) in checks {
            self.unwind(self.real(here).table, stages);
            self.unwind(self.real(there).table, stages);
            let (left, right) = (self.path(here), self.path(there));
            if left != right {
                let same = Out::one("$eq", Out::Array(vec![Out::field(&left), Out::field(&right)]));
                stages.push(Out::one("$match", Out::one("$expr", same)));
            }
        }
        Ok(())
    }

    /// A field's name that no document of the first collection has.
    pub(super) fn free_name(&self, wanted: &str) -> String {
        let root = self.catalog.table(self.reached[0].0);
        let taken = |name: &str| {
            let first = |column: &str| column.split('.').next().unwrap_or(column).eq_ignore_ascii_case(name);
            let array = |table: &Table| {
                table.nested.as_ref().is_some_and(|nested| nested.table == root.name && first(&nested.path))
            };
            root.columns.iter().any(|column| first(&column.name))
                || self.catalog.tables.iter().any(array)
                || self.made.iter().any(|made| made == name)
        };
        let wanted: String = wanted.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
        let mut tried = (1..).map(|n| if n == 1 { wanted.clone() } else { format!("{wanted}_{n}") });
        tried.find(|name| !taken(name)).unwrap_or(wanted)
    }
}

/// The column that really stands in documents: a nested table's copy of its parent's key is the parent's key.
pub(super) fn real(catalog: &Catalog, column: ColumnId) -> ColumnId {
    let mut at = column;
    for _ in 0..=catalog.tables.len() {
        let table = catalog.table(at.table);
        let Some(parent) = parent(catalog, table) else { return at };
        let name = &catalog.column(at).name;
        let keys = table
            .foreign_keys
            .iter()
            .filter(|key| catalog.find_table(table.schema.as_deref(), &key.to_table) == Some(parent));
        let own = keys.flat_map(|key| key.columns.iter().zip(&key.to_columns)).find(|(own, _)| *own == name);
        match own.and_then(|(_, of)| catalog.find_column(parent, of)) {
            Some(of) => at = of,
            None => return at,
        }
    }
    at
}

/// The tables of a tree in the order in which a pipeline reaches them, and the collection that it begins with.
pub(super) fn order(tree: &JoinTree, catalog: &Catalog, graph: &JoinGraph) -> Result<(TableId, Vec<Step>), Unwritable> {
    let own_edge = |edge: &Edge| {
        let (from, into) = edge.on[0];
        let nests = |inner: TableId, outer: TableId| parent(catalog, catalog.table(inner)) == Some(outer);
        nests(from.table, into.table) || nests(into.table, from.table)
    };
    for &table in &tree.tables {
        let Some(outer) = parent(catalog, catalog.table(table)).filter(|outer| tree.tables.contains(outer)) else {
            continue;
        };
        let joins = |edge: &&Edge| {
            let (from, into) = edge.on[0];
            own_edge(edge) && [from.table, into.table].contains(&table) && [from.table, into.table].contains(&outer)
        };
        if !tree.edges.iter().any(|edge| joins(&edge)) {
            return Err(Unwritable::Beyond(format!(
                "The question joins {} with {} in another way than by what holds what: ask for one of them at a time.",
                catalog.table(table).name,
                catalog.table(outer).name
            )));
        }
    }
    // From the collection whose documents refer to the others: each then finds one.
    let first = graph.rows_of(&tree.tables).first().copied().or(tree.tables.first().copied());
    let root = collection_of(catalog, first.unwrap_or(TableId(0)))?;
    let mut bases = vec![root];
    let mut steps = Vec::new();
    let mut open: Vec<&Edge> = tree.edges.iter().filter(|edge| !own_edge(edge)).collect();
    let mut nested: Vec<TableId> =
        tree.tables.iter().copied().filter(|&table| catalog.table(table).nested.is_some()).collect();
    loop {
        let mut kept = Vec::new();
        for table in nested {
            if bases.contains(&collection_of(catalog, table)?) {
                steps.push(Step::Unwind(table));
            } else {
                kept.push(table);
            }
        }
        nested = kept;
        let mut next = None;
        for (at, edge) in open.iter().enumerate() {
            let ends = [edge.on[0].0.table, edge.on[0].1.table];
            let (a, b) = (collection_of(catalog, ends[0])?, collection_of(catalog, ends[1])?);
            if bases.contains(&a) || bases.contains(&b) {
                next = Some((at, a, b));
                break;
            }
        }
        let Some((at, a, b)) = next else { break };
        steps.push(Step::Join(open.remove(at).clone()));
        for base in [a, b] {
            if !bases.contains(&base) {
                bases.push(base);
            }
        }
    }
    Ok((root, steps))
}

/// Two parts of a path.
pub(super) fn joined(before: &str, name: &str) -> String {
    if before.is_empty() { name.to_owned() } else { format!("{before}.{name}") }
}

/// One of what a name tells many of.
pub(super) fn singular(name: &str) -> String {
    let lower = name.to_lowercase();
    if lower.ends_with("ies") && name.len() > 4 {
        return format!("{}y", &name[..name.len() - 3]);
    }
    if ["sses", "xes", "ches", "shes"].iter().any(|end| lower.ends_with(end)) {
        return name[..name.len() - 2].to_owned();
    }
    if lower.ends_with('s') && !lower.ends_with("ss") && !lower.ends_with("us") && name.len() > 2 {
        return name[..name.len() - 1].to_owned();
    }
    name.to_owned()
}
