//! The small store that tests query: documents with an object, analysed text and a nested list.

use nlq_catalog::{Catalog, Column, Dialect, ForeignKey, Nested, Table, TableKind, TypeKind, ValueSample};

fn column((name, type_name, kind): (&str, &str, TypeKind)) -> Column {
    Column { name: name.into(), type_name: type_name.into(), kind, ..Column::default() }
}

pub(super) fn store() -> Catalog {
    use TypeKind::{Boolean, Float, Integer, Text, Timestamp};
    let mut orders = Table {
        name: "orders".into(),
        kind: TableKind::Documents,
        row_estimate: Some(1000),
        primary_key: vec!["id".into()],
        columns: [
            ("id", "long", Integer),
            ("country", "keyword", Text),
            ("title", "text with .keyword", Text),
            ("note", "text", Text),
            ("total", "double", Float),
            ("paid", "boolean", Boolean),
            ("placed", "date", Timestamp),
            ("customer.name", "keyword", Text),
        ]
        .map(column)
        .to_vec(),
        ..Table::default()
    };
    let values = ["France", "Germany", "USA"].map(String::from).to_vec();
    orders.columns[1].values = Some(ValueSample { values, complete: true });
    orders.columns[7].nullable = true;
    let lines = Table {
        name: "orders.lines".into(),
        kind: TableKind::Nested,
        row_estimate: Some(5000),
        columns: [
            ("orders_id", "long", Integer),
            ("product", "keyword", Text),
            ("quantity", "long", Integer),
            ("price", "double", Float),
        ]
        .map(column)
        .to_vec(),
        foreign_keys: vec![ForeignKey {
            columns: vec!["orders_id".into()],
            to_schema: None,
            to_table: "orders".into(),
            to_columns: vec!["id".into()],
        }],
        nested: Some(Nested { table: "orders".into(), path: "lines".into() }),
        ..Table::default()
    };
    let visits = Table {
        name: "visits".into(),
        kind: TableKind::Documents,
        columns: [("page", "keyword", Text), ("order_id", "long", Integer)].map(column).to_vec(),
        ..Table::default()
    };
    Catalog { dialect: Dialect::Opensearch, tables: vec![orders, lines, visits], ..Catalog::default() }
}
