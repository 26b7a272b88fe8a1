use std::{collections::BTreeMap, fmt};

use nlq_catalog::{Catalog, Column, Table};
use serde::Serialize;

/// One difference between two snapshots of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Change {
    /// What happened.
    #[serde(rename = "change")]
    kind: Kind,
    /// `table` or `table.column`, with its schema where there is one.
    target: String,
    /// Type, nullability and keys before and after; empty for tables.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    TableAdded,
    TableRemoved,
    ColumnAdded,
    ColumnRemoved,
    ColumnChanged,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = (self.before.as_deref().unwrap_or(""), self.after.as_deref().unwrap_or(""));
        match self.kind {
            Kind::TableAdded => write!(f, "+ table {}", self.target),
            Kind::TableRemoved => write!(f, "- table {}", self.target),
            Kind::ColumnAdded => write!(f, "+ column {} {after}", self.target),
            Kind::ColumnRemoved => write!(f, "- column {}", self.target),
            Kind::ColumnChanged => write!(f, "~ column {}: {before} → {after}", self.target),
        }
    }
}

/// What is different in `after`, in the order of tables.
pub(super) fn changes(before: &Catalog, after: &Catalog) -> Vec<Change> {
    let (old, new) = (tables(before), tables(after));
    let mut out = Vec::new();
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) => columns(name, old, new, &mut out),
            (None, Some(_)) => out.push(change(Kind::TableAdded, name.clone(), None, None)),
            _ => out.push(change(Kind::TableRemoved, name.clone(), None, None)),
        }
    }
    out
}

fn tables(catalog: &Catalog) -> BTreeMap<String, &Table> {
    let name = |table: &Table| match &table.schema {
        Some(schema) => format!("{schema}.{}", table.name),
        None => table.name.clone(),
    };
    catalog.tables.iter().map(|table| (name(table), table)).collect()
}

fn columns(table: &str, old: &Table, new: &Table, out: &mut Vec<Change>) {
    let find = |table: &'_ Table, name: &str| table.columns.iter().find(|column| column.name == name).cloned();
    for column in &new.columns {
        let target = format!("{table}.{}", column.name);
        let after = shape(new, column);
        match find(old, &column.name).map(|column| shape(old, &column)) {
            None => out.push(change(Kind::ColumnAdded, target, None, Some(after))),
            Some(before) if before != after => {
                out.push(change(Kind::ColumnChanged, target, Some(before), Some(after)));
            }
            Some(_) => {}
        }
    }
    for column in old.columns.iter().filter(|column| find(new, &column.name).is_none()) {
        out.push(change(Kind::ColumnRemoved, format!("{table}.{}", column.name), Some(shape(old, column)), None));
    }
}

/// What of a column can make a query right or wrong, in words.
fn shape(table: &Table, column: &Column) -> String {
    let mut text = column.type_name.clone();
    if !column.nullable {
        text.push_str(" not null");
    }
    if table.primary_key.contains(&column.name) {
        text.push_str(" primary key");
    }
    for key in &table.foreign_keys {
        if let Some(at) = key.columns.iter().position(|name| *name == column.name) {
            let to = key.to_columns.get(at).map_or("", String::as_str);
            text.push_str(&format!(" references {}({to})", key.to_table));
        }
    }
    text
}

fn change(kind: Kind, target: String, before: Option<String>, after: Option<String>) -> Change {
    Change { kind, target, before, after }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use nlq_catalog::ForeignKey;

    use super::*;

    fn table(name: &str, columns: &[(&str, &str)]) -> Table {
        let columns = columns.iter().map(|(name, type_name)| Column {
            name: (*name).into(),
            type_name: (*type_name).into(),
            nullable: true,
            ..Column::default()
        });
        Table { name: name.into(), columns: columns.collect(), ..Table::default() }
    }

    #[test]
    fn tables_columns_types_and_keys_are_compared() {
        let before = Catalog {
            tables: vec![
                table("orders", &[("id", "INTEGER"), ("total", "INTEGER"), ("customer_id", "INTEGER")]),
                table("old", &[("id", "INTEGER")]),
            ],
            ..Catalog::default()
        };
        let mut orders = table("orders", &[("id", "INTEGER"), ("total_amount", "REAL"), ("customer_id", "INTEGER")]);
        orders.primary_key = vec!["id".into()];
        orders.foreign_keys = vec![ForeignKey {
            columns: vec!["customer_id".into()],
            to_schema: None,
            to_table: "customers".into(),
            to_columns: vec!["id".into()],
        }];
        let after = Catalog { tables: vec![table("new", &[]), orders], ..Catalog::default() };
        let said: Vec<String> = changes(&before, &after).iter().map(ToString::to_string).collect();
        expect![[r"
            + table new
            - table old
            ~ column orders.id: INTEGER → INTEGER primary key
            + column orders.total_amount REAL
            ~ column orders.customer_id: INTEGER → INTEGER references customers(id)
            - column orders.total"]]
        .assert_eq(&said.join("\n"));
        assert!(changes(&after, &after).is_empty());
    }
}
