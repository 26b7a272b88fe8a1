//! Which tables a query joins, by what, and who says that they belong together.

use nlq_catalog::{Catalog, ColumnId};
use nlq_engine::SchemaIndex;
use nlq_query::{
    joins::{Edge, JoinGraph},
    lift::lift_with,
};

/// Two tables of a query and what joins them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// Pairs of `table.column` that are equal, the referring side first.
    pub on: Vec<(String, String)>,
    /// Who says so.
    pub source: JoinSource,
}

/// Who says that two tables belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinSource {
    /// A foreign key of the database.
    Declared,
    /// A relationship in an annotation file.
    Annotated,
    /// Nobody: the names look like a reference.
    Inferred,
}

/// All joins of a query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Joins {
    /// In the order in which the tables are joined; none for a query of one table.
    pub joins: Vec<Join>,
    /// The tables could have been joined in another way of equal length.
    pub tied: bool,
}

impl Join {
    /// `orders.customer_id = customers.id`.
    pub fn condition(&self) -> String {
        let pairs: Vec<String> = self.on.iter().map(|(from, to)| format!("{from} = {to}")).collect();
        pairs.join(" AND ")
    }
}

impl JoinSource {
    /// In the words of the agents (seeds/004).
    pub fn strategy(self) -> &'static str {
        match self {
            Self::Declared => "DirectForeignKeyStrategy",
            Self::Annotated => "AnnotatedRelationshipStrategy",
            Self::Inferred => "CommonColumnStrategy",
        }
    }

    /// In words.
    pub fn why(self) -> &'static str {
        match self {
            Self::Declared => "declared by a foreign key of the database",
            Self::Annotated => "written by the team in an annotation file",
            Self::Inferred => "inferred from the names: nothing declares it",
        }
    }
}

/// The joins of a query; none when it joins in a way that the schema's references do not lead to.
pub fn joins(sql: &str, index: &SchemaIndex) -> Option<Joins> {
    let (catalog, annotations) = (index.catalog(), index.annotations());
    let graph = JoinGraph::new(catalog, annotations);
    let mut plan = lift_with(sql, catalog, &graph).ok()?;
    let mut found = Joins::default();
    loop {
        let tree = graph.tree(&plan.own_tables(), &plan.prefer).ok()?;
        found.tied |= tree.tied;
        for join in tree.edges.iter().map(|edge| join(edge, catalog)) {
            if !found.joins.contains(&join) {
                found.joins.push(join);
            }
        }
        match plan.set {
            Some(set) => plan = set.1,
            None => return Some(found),
        }
    }
}

fn join(edge: &Edge, catalog: &Catalog) -> Join {
    let name = |id: ColumnId| format!("{}.{}", catalog.table(id.table).name, catalog.column(id).name);
    let references = catalog.references();
    let source = match edge.inferred {
        true => JoinSource::Inferred,
        false if edge.on.iter().all(|pair| references.contains(pair)) => JoinSource::Declared,
        false => JoinSource::Annotated,
    };
    Join { on: edge.on.iter().map(|(from, to)| (name(*from), name(*to))).collect(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::fixture;

    fn shown(sql: &str) -> Option<Vec<String>> {
        let fixture = fixture("-- nlq: orders\n");
        let connection = fixture.snapshot.workspace.connections.values().next().expect("a connection");
        let found = joins(sql, connection.index.as_ref().expect("a schema"))?;
        Some(found.joins.iter().map(|join| format!("{}: {:?}", join.condition(), join.source)).collect())
    }

    #[test]
    fn a_join_tells_what_it_rests_on() {
        let sql = "SELECT c.city, count(*) FROM orders o JOIN customers c ON o.customer_id = c.id GROUP BY c.city";
        assert_eq!(shown(sql), Some(vec!["orders.customer_id = customers.id: Declared".to_owned()]));
        assert_eq!(shown("SELECT id FROM orders"), Some(Vec::new()));
        assert_eq!(shown("SELECT 1 FROM orders o JOIN customers c ON o.id = c.id"), None);
        assert_eq!(shown("no query"), None);
    }
}
