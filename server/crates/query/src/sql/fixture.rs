//! The small shop that tests query.

use nlq_catalog::{
    Annotations, Catalog, Column, ColumnAnnotation, Dialect, ForeignKey, Table, TableAnnotation, TypeKind, ValueSample,
};

fn table(schema: Option<&str>, name: &str, columns: &[(&str, &str, TypeKind)], keys: &[(&str, &str)]) -> Table {
    let columns = columns.iter().map(|(name, type_name, kind)| Column {
        name: (*name).into(),
        type_name: (*type_name).into(),
        kind: *kind,
        nullable: *name != "id",
        ..Column::default()
    });
    let foreign_keys = keys.iter().map(|(column, to)| ForeignKey {
        columns: vec![(*column).into()],
        to_schema: schema.map(str::to_owned),
        to_table: (*to).into(),
        to_columns: vec!["id".into()],
    });
    Table {
        schema: schema.map(str::to_owned),
        name: name.into(),
        columns: columns.collect(),
        primary_key: vec!["id".into()],
        foreign_keys: foreign_keys.collect(),
        ..Table::default()
    }
}

pub(crate) fn shop(dialect: Dialect) -> Catalog {
    use TypeKind::{Boolean, Date, Decimal, Integer, Text};
    let schema = (dialect == Dialect::Postgresql).then_some("public");
    let mut orders = table(
        schema,
        "orders",
        &[
            ("id", "integer", Integer),
            ("customer_id", "integer", Integer),
            ("total_amount", "numeric(10,2)", Decimal),
            ("status", "text", Text),
            ("placed_at", "date", Date),
        ],
        &[("customer_id", "customers")],
    );
    let values = ["cancelled", "open", "shipped"].map(String::from).to_vec();
    orders.columns[3].values = Some(ValueSample { values, complete: true });
    let customers = table(
        schema,
        "customers",
        &[
            ("id", "integer", Integer),
            ("name", "text", Text),
            ("email", "text", Text),
            ("country", "text", Text),
            ("active", "boolean", Boolean),
            ("credit", "integer", Integer),
        ],
        &[],
    );
    let items = table(
        schema,
        "order_items",
        &[
            ("id", "integer", Integer),
            ("order_id", "integer", Integer),
            ("quantity", "integer", Integer),
            ("Unit Price", "numeric", Decimal),
        ],
        &[("order_id", "orders")],
    );
    let search_path = schema.map(str::to_owned).into_iter().collect();
    Catalog { dialect, search_path, tables: vec![customers, items, orders], ..Catalog::default() }
}

pub(super) fn told() -> Annotations {
    let mut told = Annotations::default();
    let revenue = ColumnAnnotation { business_terms: vec!["revenue".into()], ..ColumnAnnotation::default() };
    told.columns.insert("orders.total_amount".into(), revenue);
    told.columns.insert("customers.email".into(), ColumnAnnotation { sensitive: true, ..ColumnAnnotation::default() });
    let clients = TableAnnotation { business_terms: vec!["client".into()], ..TableAnnotation::default() };
    told.tables.insert("customers".into(), clients);
    told
}
