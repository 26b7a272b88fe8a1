//! Which tables are joined, and by what: a cheap tree over declared references, hints of annotations and (dearer)
//! columns that look like references.

mod infer;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::OnceLock,
};

use nlq_catalog::{Annotations, Catalog, ColumnId, TableId};

/// Cost of a declared reference; also of a hint, which a person wrote.
const DECLARED: u32 = 100;
/// What a reference gets off when the question names its column.
const PREFERRED: u32 = 10;

/// How two tables can be joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Pairs of columns that must be equal: from the referring to the referred table.
    pub on: Vec<(ColumnId, ColumnId)>,
    /// Neither declared nor written by a person.
    pub inferred: bool,
    cost: u32,
}

impl Edge {
    fn ends(&self) -> (TableId, TableId) {
        (self.on[0].0.table, self.on[0].1.table)
    }
}

/// The tables of one schema and how they can be joined. Made once a schema.
#[derive(Debug, Clone, Default)]
pub struct JoinGraph {
    edges: Vec<Edge>,
    by_table: BTreeMap<TableId, Vec<usize>>,
    /// What each table is away from a table, once that was asked.
    distances: Vec<OnceLock<HashMap<TableId, u32>>>,
}

/// A tree of joins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinTree {
    /// Tables in the order in which they are joined.
    pub tables: Vec<TableId>,
    /// For each table but the first: the edge that joins it to an earlier one.
    pub edges: Vec<Edge>,
    /// Another tree would have been as cheap.
    pub tied: bool,
}

/// Two tables between which no way is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no relationship is known between the tables that the question names")]
pub struct NoPath {
    /// A table that is reached.
    pub from: TableId,
    /// The table that is not.
    pub to: TableId,
}

impl JoinGraph {
    /// The graph of a catalog.
    pub fn new(catalog: &Catalog, annotations: &Annotations) -> Self {
        let mut edges = Edges::default();
        for (id, table) in catalog.table_ids() {
            for key in &table.foreign_keys {
                let schema = key.to_schema.as_deref().or(table.schema.as_deref());
                let Some(to) = catalog.find_table(schema, &key.to_table) else { continue };
                // A reference that names no columns means the primary key.
                let into = if key.to_columns.is_empty() { &catalog.table(to).primary_key } else { &key.to_columns };
                let on: Vec<_> = key
                    .columns
                    .iter()
                    .zip(into)
                    .filter_map(|(from, into)| Some((catalog.find_column(id, from)?, catalog.find_column(to, into)?)))
                    .collect();
                if !on.is_empty() {
                    edges.push(Edge { on, inferred: false, cost: DECLARED });
                }
            }
        }
        let hints = annotations.tables.values().flat_map(|t| &t.relationships);
        for hint in hints.chain(annotations.columns.values().flat_map(|c| &c.relationships)) {
            if let Some((from, into)) = hint.split_once("->")
                && let (Some(from), Some(into)) = (find(catalog, from.trim()), find(catalog, into.trim()))
            {
                edges.push(Edge { on: vec![(from, into)], inferred: false, cost: DECLARED });
            }
        }
        infer::infer(catalog, &mut edges);
        let edges = edges.all;
        let mut by_table: BTreeMap<TableId, Vec<usize>> = BTreeMap::new();
        for (index, edge) in edges.iter().enumerate() {
            let (from, to) = edge.ends();
            by_table.entry(from).or_default().push(index);
            if from != to {
                by_table.entry(to).or_default().push(index);
            }
        }
        Self { edges, by_table, distances: vec![OnceLock::new(); catalog.tables.len()] }
    }

    /// The edges that touch a table.
    pub fn of(&self, table: TableId) -> impl Iterator<Item = &Edge> {
        self.by_table.get(&table).into_iter().flatten().map(|&index| &self.edges[index])
    }

    /// Edges that lead straight from one table to another.
    pub fn between(&self, a: TableId, b: TableId) -> impl Iterator<Item = &Edge> {
        self.of(a).filter(move |edge| edge.ends() == (a, b) || edge.ends() == (b, a))
    }

    /// The column that a column refers to, where a declared reference is of this one column; else itself. Both hold the
    /// same values in joined rows.
    pub fn referred(&self, column: ColumnId) -> ColumnId {
        let mut to = self.of(column.table).filter(|e| !e.inferred && e.on.len() == 1 && e.on[0].0 == column);
        to.next().map_or(column, |edge| edge.on[0].1)
    }

    /// True for a column that refers to another table, as declared or as its name tells.
    pub fn refers(&self, column: ColumnId) -> bool {
        self.of(column.table).any(|e| e.cost < infer::SAME_NAME && e.on.iter().any(|(from, _)| *from == column))
    }

    /// Of joined tables those that no other of them refers to: joining a table to the ones it refers to adds no rows, so
    /// these are what the rows are.
    pub fn rows_of(&self, tables: &[TableId]) -> Vec<TableId> {
        let referred = |table: TableId| {
            self.of(table).any(|e| e.ends().1 == table && e.ends().0 != table && tables.contains(&e.ends().0))
        };
        let mut rows: Vec<TableId> = tables.iter().copied().filter(|&t| !referred(t)).collect();
        rows.sort_unstable();
        rows
    }

    /// The cheapest tree found that holds all of `tables`: the nearest missing table is joined first.
    pub fn tree(&self, tables: &[TableId], prefer: &[ColumnId]) -> Result<JoinTree, NoPath> {
        let Some(&first) = tables.first() else {
            return Ok(JoinTree { tables: Vec::new(), edges: Vec::new(), tied: false });
        };
        let mut tree = JoinTree { tables: vec![first], edges: Vec::new(), tied: false };
        loop {
            let missing: Vec<TableId> = tables.iter().copied().filter(|t| !tree.tables.contains(t)).collect();
            if missing.is_empty() {
                return Ok(tree);
            }
            let (ways, nearest) = self.ways(&tree.tables, prefer, &missing);
            let Some(target) = nearest else { return Err(NoPath { from: first, to: missing[0] }) };
            let mut steps = Vec::new();
            let mut at = target;
            while let Some(way) = ways.get(&at) {
                let Some((edge, from)) = way.by else { break };
                tree.tied |= way.tied;
                steps.push((at, edge));
                at = from;
            }
            for (table, edge) in steps.into_iter().rev() {
                tree.tables.push(table);
                tree.edges.push(self.edges[edge].clone());
            }
        }
    }

    /// Cost between two tables, none when there is no way.
    pub fn distance(&self, a: TableId, b: TableId) -> Option<u32> {
        let all = || self.ways(&[a], &[], &[]).0.into_iter().map(|(table, way)| (table, way.cost)).collect();
        self.distances.get(a.0 as usize)?.get_or_init(all).get(&b).copied()
    }

    /// Joins from one table to each of the first `tables` tables; 9 for none or more.
    pub fn hops(&self, from: TableId, tables: usize) -> Vec<u8> {
        let mut out = vec![9; tables];
        let mut open = std::collections::VecDeque::from([(from, 0)]);
        while let Some((table, steps)) = open.pop_front() {
            match out.get_mut(table.0 as usize) {
                Some(known) if *known > steps => *known = steps,
                _ => continue,
            }
            for edge in self.of(table) {
                let (a, b) = edge.ends();
                open.push_back((if a == table { b } else { a }, steps + 1));
            }
        }
        out
    }

    /// The cheapest ways up to the nearest of `to`, and which that is; the search goes no further.
    fn ways(&self, from: &[TableId], prefer: &[ColumnId], to: &[TableId]) -> (HashMap<TableId, Way>, Option<TableId>) {
        let mut ways: HashMap<TableId, Way> =
            from.iter().map(|&t| (t, Way { cost: 0, by: None, tied: false })).collect();
        let mut open: std::collections::BTreeSet<(u32, TableId)> = from.iter().map(|&t| (0, t)).collect();
        while let Some((cost, table)) = open.pop_first() {
            if ways[&table].cost < cost {
                continue;
            }
            if to.contains(&table) {
                return (ways, Some(table));
            }
            for &index in self.by_table.get(&table).into_iter().flatten() {
                let edge = &self.edges[index];
                let (a, b) = edge.ends();
                let next = if a == table { b } else { a };
                if next == table || from.contains(&next) {
                    continue;
                }
                let named = edge.on.iter().any(|(x, y)| prefer.contains(x) || prefer.contains(y));
                let step = edge.cost - if named { PREFERRED } else { 0 };
                let total = cost + step;
                match ways.get_mut(&next) {
                    Some(way) if way.cost < total => {}
                    Some(way) if way.cost == total => way.tied = true,
                    _ => {
                        ways.insert(next, Way { cost: total, by: Some((index, table)), tied: false });
                        open.insert((total, next));
                    }
                }
            }
        }
        (ways, None)
    }
}

#[derive(Debug)]
struct Way {
    cost: u32,
    by: Option<(usize, TableId)>,
    tied: bool,
}

/// Edges, each once.
#[derive(Default)]
struct Edges {
    all: Vec<Edge>,
    known: HashSet<Vec<(ColumnId, ColumnId)>>,
}

impl Edges {
    /// Adds an edge that is not known yet, in either direction.
    fn push(&mut self, edge: Edge) {
        let turned = |&(a, b): &(ColumnId, ColumnId)| (a.min(b), a.max(b));
        if self.known.insert(edge.on.iter().map(turned).collect()) {
            self.all.push(edge);
        }
    }
}

fn find(catalog: &Catalog, name: &str) -> Option<ColumnId> {
    let (table, column) = name.rsplit_once('.')?;
    let (schema, table) = table.rsplit_once('.').map_or((None, table), |(schema, table)| (Some(schema), table));
    catalog.find_column(catalog.find_table(schema, table)?, column)
}
