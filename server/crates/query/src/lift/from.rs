//! The tables of a FROM clause, and what names mean among them.

use nlq_catalog::{Catalog, ColumnId, TableId};
use sqlparser::ast::{Expr as Sql, Join, JoinConstraint, JoinOperator, ObjectName, TableFactor, TableWithJoins};

use super::Unliftable;
use crate::plan::{Expr, Item};

/// What joins say about rows.
#[derive(Debug)]
pub(super) enum Condition<'q> {
    /// As ON writes it.
    On(&'q Sql),
    /// As USING and NATURAL mean it.
    Equal(ColumnId, ColumnId),
}

/// The tables of one SELECT.
#[derive(Debug, Default)]
pub(super) struct Scope {
    relations: Vec<(String, TableId)>,
    /// Columns that USING or NATURAL made one with an earlier one.
    merged: Vec<ColumnId>,
    /// The select list, once it is read.
    pub(super) shown: Vec<Item>,
}

/// The expression of the select list that has this alias.
pub(super) fn shown<'i>(items: &'i [Item], name: &str) -> Option<&'i Expr> {
    let named = |item: &&Item| item.alias.as_ref().is_some_and(|alias| alias.eq_ignore_ascii_case(name));
    items.iter().find(named).map(|item| &item.expr)
}

impl Scope {
    /// Reads a FROM clause.
    pub(super) fn of<'q>(
        from: &'q [TableWithJoins],
        catalog: &Catalog,
    ) -> Result<(Self, Vec<Condition<'q>>), Unliftable> {
        let (mut scope, mut conditions) = (Self::default(), Vec::new());
        for item in from {
            scope.factor(&item.relation, catalog, &mut conditions)?;
            for join in &item.joins {
                scope.join(join, catalog, &mut conditions)?;
            }
        }
        Ok((scope, conditions))
    }

    fn factor<'q>(
        &mut self,
        factor: &'q TableFactor,
        catalog: &Catalog,
        conditions: &mut Vec<Condition<'q>>,
    ) -> Result<(), Unliftable> {
        match factor {
            TableFactor::Table { name, alias, args: None, sample: None, with_ordinality: false, .. } => {
                let idents: Vec<&str> =
                    name.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.as_str()).collect();
                let unknown = || Unliftable::UnknownTable(name.to_string());
                let (last, before) = idents.split_last().ok_or_else(unknown)?;
                let table = catalog.find_table(before.last().copied(), last).ok_or_else(unknown)?;
                if self.relations.iter().any(|(_, known)| *known == table) {
                    return Err(Unliftable::SelfJoin((*last).to_owned()));
                }
                if alias.as_ref().is_some_and(|alias| !alias.columns.is_empty()) {
                    return Err(Unliftable::Clause("new names for the columns of a table"));
                }
                let name = alias.as_ref().map_or(*last, |alias| alias.name.value.as_str());
                self.relations.push((name.to_owned(), table));
                Ok(())
            }
            TableFactor::NestedJoin { table_with_joins, alias: None } => {
                self.factor(&table_with_joins.relation, catalog, conditions)?;
                table_with_joins.joins.iter().try_for_each(|join| self.join(join, catalog, conditions))
            }
            TableFactor::Derived { .. } => Err(Unliftable::Clause("a query in FROM")),
            _ => Err(Unliftable::Clause("a function or a sample in FROM")),
        }
    }

    fn join<'q>(
        &mut self,
        join: &'q Join,
        catalog: &Catalog,
        conditions: &mut Vec<Condition<'q>>,
    ) -> Result<(), Unliftable> {
        let (JoinOperator::Join(constraint) | JoinOperator::Inner(constraint) | JoinOperator::CrossJoin(constraint)) =
            &join.join_operator
        else {
            return Err(Unliftable::Clause("an outer join"));
        };
        let known = self.relations.len();
        self.factor(&join.relation, catalog, conditions)?;
        match constraint {
            JoinConstraint::On(on) => conditions.push(Condition::On(on)),
            JoinConstraint::None => {}
            JoinConstraint::Using(names) => {
                for name in names {
                    if !self.merge(known, &last_name(name), catalog, conditions) {
                        return Err(Unliftable::UnknownColumn(name.to_string()));
                    }
                }
            }
            JoinConstraint::Natural => {
                let new: Vec<TableId> = self.relations[known..].iter().map(|(_, table)| *table).collect();
                for (_, column) in new.iter().flat_map(|&table| catalog.column_ids(table)) {
                    self.merge(known, &column.name, catalog, conditions);
                }
            }
        }
        Ok(())
    }

    /// Makes one column of the first one with this name before the relation `from` and the one at or after it.
    fn merge(&mut self, from: usize, name: &str, catalog: &Catalog, conditions: &mut Vec<Condition<'_>>) -> bool {
        let find =
            |relations: &[(String, TableId)]| relations.iter().find_map(|(_, table)| catalog.find_column(*table, name));
        let (Some(left), Some(right)) = (find(&self.relations[..from]), find(&self.relations[from..])) else {
            return false;
        };
        self.merged.push(right);
        conditions.push(Condition::Equal(left, right));
        true
    }

    /// Its tables, in the order of FROM.
    pub(super) fn tables(&self) -> Vec<TableId> {
        self.relations.iter().map(|(_, table)| *table).collect()
    }

    /// The table of a name or alias.
    pub(super) fn named(&self, name: &str) -> Option<TableId> {
        self.relations.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, table)| *table)
    }

    /// True when USING or NATURAL stands in it.
    pub(super) fn merges(&self) -> bool {
        !self.merged.is_empty()
    }

    /// The columns of a bare name; more than one is ambiguous.
    pub(super) fn columns(&self, name: &str, catalog: &Catalog) -> Vec<ColumnId> {
        let all = self.relations.iter().filter_map(|(_, table)| catalog.find_column(*table, name));
        all.filter(|column| !self.merged.contains(column)).collect()
    }
}

fn last_name(name: &ObjectName) -> String {
    name.0.last().and_then(|part| part.as_ident()).map(|ident| ident.value.clone()).unwrap_or_default()
}
