//! A small shop in DynamoDB that tests query.

use nlq_catalog::{Catalog, Column, Dialect, Index, Table, TypeKind, ValueSample};

pub(super) fn column(name: &str, type_name: &str, kind: TypeKind) -> Column {
    Column { name: name.into(), type_name: type_name.into(), kind, ..Column::default() }
}

/// Orders by customer and moment, with two indexes; customers by number.
pub(super) fn shop() -> Catalog {
    use TypeKind::{Array, Boolean, Decimal, Integer, Text, Timestamp};
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let index = |name: &str, columns: &[&str], includes: &[&str]| Index {
        name: name.into(),
        columns: names(columns),
        includes: names(includes),
    };
    let mut orders = Table {
        name: "orders".into(),
        row_estimate: Some(2_000_000),
        columns: vec![
            column("customer_id", "N", Integer),
            column("placed", "S", Timestamp),
            column("status", "S", Text),
            column("total", "N", Decimal),
            column("ship.city", "S", Text),
            column("ship.name", "S", Text),
            column("paid", "BOOL", Boolean),
            column("lines", "L", Array),
            column("note", "S", Text),
            column("name", "S", Text),
        ],
        primary_key: names(&["customer_id", "placed"]),
        indexes: vec![
            index("by_status", &["status", "placed"], &["customer_id", "status", "placed", "total"]),
            index("by_total", &["customer_id", "total"], &[]),
        ],
        ..Table::default()
    };
    orders.columns[2].values = Some(ValueSample { values: names(&["open", "shipped"]), complete: false });
    orders.columns[8].nullable = true;
    let customers = Table {
        name: "customers".into(),
        row_estimate: Some(90),
        columns: vec![
            column("customer_id", "N", Integer),
            column("name", "S", Text),
            column("email", "S", Text),
            column("contact.phone", "S", Text),
        ],
        primary_key: names(&["customer_id"]),
        ..Table::default()
    };
    Catalog { dialect: Dialect::Dynamodb, tables: vec![customers, orders], ..Catalog::default() }
}
