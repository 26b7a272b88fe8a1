use nlq_catalog::{
    Annotations, Catalog, Column, ColumnAnnotation, Dialect, ForeignKey, Nested, Table, TableKind, TypeKind,
    ValueSample,
};

use super::language::Mongo;
use crate::{QueryContext, SensitiveOutputs, SymbolKind, language::Language};

fn shop() -> Catalog {
    let column = |(name, kind): &(&str, TypeKind)| Column { name: (*name).into(), kind: *kind, ..Column::default() };
    let table = |name: &str, columns: &[(&str, TypeKind)]| Table {
        name: name.into(),
        kind: TableKind::Documents,
        columns: columns.iter().map(column).collect(),
        primary_key: vec!["_id".into()],
        ..Table::default()
    };
    use TypeKind::{Float, Integer, Text, Timestamp};
    let mut orders = table(
        "orders",
        &[("_id", Integer), ("total", Float), ("status", Text), ("placed_at", Timestamp), ("ship.city", Text)],
    );
    orders.columns[2].values = Some(ValueSample { values: vec!["late".into(), "open".into()], complete: true });
    let mut lines = table("orders.lines", &[("order_id", Integer), ("quantity", Integer)]);
    lines.kind = TableKind::Nested;
    lines.nested = Some(Nested { table: "orders".into(), path: "lines".into() });
    lines.foreign_keys = vec![ForeignKey {
        columns: vec!["order_id".into()],
        to_schema: None,
        to_table: "orders".into(),
        to_columns: vec!["_id".into()],
    }];
    let customers = table("customers", &[("_id", Integer), ("name", Text), ("email", Text)]);
    Catalog { dialect: Dialect::Mongodb, tables: vec![customers, orders, lines], ..Catalog::default() }
}

fn with<T>(run: impl FnOnce(QueryContext<'_>) -> T) -> T {
    let (catalog, mut annotations) = (shop(), Annotations::default());
    let secret = ColumnAnnotation { sensitive: true, ..ColumnAnnotation::default() };
    annotations.columns.insert("customers.email".into(), secret);
    run(QueryContext { dialect: Dialect::Mongodb, catalog: Some(&catalog), annotations: &annotations })
}

/// The findings of a text as `code at place`.
fn found(text: &str) -> Vec<String> {
    let all = with(|context| Mongo.check(text, context));
    all.iter().map(|d| format!("{} at {}", d.code, d.span.of(text))).collect()
}

#[test]
fn what_is_right_is_not_told() {
    for text in [
        "db.orders.find({ status: 'open', total: { $gt: 5 }, 'ship.city': /x/i }).sort({ placed_at: -1 }).limit(3)",
        "db.orders.find({ 'lines.quantity': 5, lines: { $elemMatch: { quantity: { $gt: 1 } } }, 'lines.0.quantity': 1 })",
        "db.orders.aggregate([{ $unwind: '$lines' }, { $group: { _id: '$status', n: { $sum: '$lines.quantity' } } }, { $sort: { n: 1 } }])",
        "db.orders.aggregate([{ $group: { _id: { s: '$status' } } }, { $project: { _id: 0, s: '$_id.s' } }, { $match: { s: 'open' } }])",
        "db.orders.aggregate([{ $lookup: { from: 'customers', localField: 'customer', foreignField: '_id', as: 'c' } }, { $match: { 'c.name': 'x' } }])".replace("'customer'", "'_id'").as_str(),
        "db.orders.find({ placed_at: { $gte: ISODate('2024-01-01') }, total: {{least}} })",
        "db.orders.countDocuments({ status: { $in: ['open'] } })",
        "// one\ndb.orders.find({});\n\ndb.customers.find({ name: null })",
    ] {
        assert_eq!(found(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn what_is_wrong_is_told_at_its_place() {
    for (text, expected) in [
        ("db.order.find({})", "unknown-table at order"),
        ("db.orders.find({ statu: 'x' })", "unknown-column at statu"),
        ("db.orders.find({ 'ship.town': 'x' })", "unknown-column at ship.town"),
        ("db.orders.aggregate([{ $group: { _id: '$status' } }, { $match: { total: 5 } }])", "unknown-column at total"),
        ("db.orders.aggregate([{ $project: { status: 1 } }, { $sort: { total: 1 } }])", "unknown-column at total"),
        ("db.orders.aggregate([{ $match: { $expr: { $gt: ['$totl', 1] } } }])", "unknown-column at totl"),
        ("db.orders.aggregate([{ $mach: {} }])", "denied-command at $mach"),
        ("db.orders.aggregate([{ $group: { _id: null, n: { $summ: 1 } } }])", "denied-function at $summ"),
        ("db.orders.aggregate([{ $group: { _id: null, n: { $toUpper: '$status' } } }])", "syntax at $toUpper"),
        ("db.orders.aggregate([{ $group: { n: { $sum: 1 } } }])", "syntax at { n: { $sum: 1 } }"),
        ("db.orders.aggregate([{ $sort: { total: 'up' } }])", "syntax at 'up'"),
        ("db.orders.aggregate([{ $limit: 'x' }])", "syntax at 'x'"),
        ("db.orders.find({ status: { $in: 'open' } })", "syntax at 'open'"),
        ("db.orders.find({ status: 5 })", "type-mismatch at 5"),
        ("db.orders.find({ placed_at: { $gt: '2024-01-01' } })", "type-mismatch at '2024-01-01'"),
        ("db.orders.aggregate([{ $out: 'x' }])", "denied-command at $out"),
        ("db.orders.find({)", "syntax at )"),
        ("db.orders.find({});\ndb.orders.drop()", "denied-command at drop"),
    ] {
        assert_eq!(found(text), [expected], "{text}");
    }
}

#[test]
fn names_are_known_where_they_stand() {
    let text =
        "db.orders.aggregate([{ $match: { status: 'open' } }, { $group: { _id: '$ship.city', n: { $sum: 1 } } }])";
    let symbols = with(|context| Mongo.symbols(text, context));
    let shown: Vec<String> = symbols
        .iter()
        .map(|symbol| {
            let kind = match &symbol.kind {
                SymbolKind::Table(_) => "table",
                SymbolKind::Column(_) => "column",
                SymbolKind::Word { .. } => "word",
                _ => "name",
            };
            format!("{kind} {}", symbol.span.of(text))
        })
        .collect();
    assert_eq!(
        shown,
        ["table orders", "word $match", "column status", "word $group", "column ship.city", "name n", "word $sum"]
    );
}

#[track_caller]
fn first(text: &str, expected: &[&str]) {
    let offset = text.find('|').expect("a cursor");
    let offered = with(|context| Mongo.complete(&text.replace('|', ""), offset, context));
    let labels: Vec<&str> = offered.iter().map(|completion| completion.label.as_str()).collect();
    assert_eq!(labels.iter().take(expected.len()).copied().collect::<Vec<_>>(), expected, "{text}: {labels:?}");
}

#[test]
fn what_could_stand_is_offered() {
    first("db.|", &["customers", "orders"]);
    first("db.orders.agg|", &["aggregate"]);
    first("db.orders.aggregate([{ $mat|", &["$match"]);
    first("db.orders.aggregate([{ $match: { st|", &["status"]);
    first("db.orders.aggregate([{ $match: { status: '|", &["late", "open"]);
    first("db.orders.aggregate([{ $match: { status: |", &["'late'", "'open'"]);
    first("db.orders.aggregate([{ $match: { total: { $gt|", &["$gt", "$gte"]);
    first("db.orders.aggregate([{ $group: { _id: '$st|", &["$status"]);
    first("db.orders.aggregate([{ $group: { _id: null, n: { $su|", &["$sum"]);
    first("db.orders.aggregate([{ $lookup: { from: 'c|", &["customers"]);
    first("db.orders.find({ to|", &["total"]);
    first("db.orders.find({}) // db.|", &[]);
}

#[test]
fn sensitive_fields_are_followed() {
    let masked = |text: &str, columns: &[&str]| with(|context| Mongo.sensitive_outputs(text, context).masked(columns));
    let one = |pipeline: &str, columns: &[&str]| masked(&format!("db.customers.aggregate([{pipeline}])"), columns);
    assert_eq!(one("{ $project: { _id: 0, name: 1, email: 1 } }", &["name", "email"]), [1]);
    assert_eq!(one("{ $project: { _id: 0, name: 1, mail: { $toLower: '$email' } } }", &["name", "mail"]), [1]);
    assert_eq!(one("{ $group: { _id: '$email', n: { $sum: 1 } } }", &["_id", "n"]), [0]);
    assert_eq!(one("{ $group: { _id: '$name', all: { $push: '$$ROOT' } } }", &["_id", "all"]), [1]);
    assert_eq!(one("{ $set: { x: '$email' } }, { $project: { _id: 0, y: '$x' } }", &["y"]), [0]);
    assert_eq!(one("{ $project: { _id: 0, name: 1 } }", &["name"]), Vec::<usize>::new());
    assert_eq!(one("{ $group: { _id: null, n: { $sum: 1 } } }", &["_id", "n"]), Vec::<usize>::new());
    assert_eq!(masked("db.customers.find({})", &["_id", "name", "email"]), [0, 1, 2]);
    assert_eq!(masked("db.customers.distinct('email')", &["email"]), [0]);
    assert_eq!(masked("db.customers.countDocuments({ email: 'x' })", &["count"]), Vec::<usize>::new());
    assert_eq!(masked("db.orders.find({})", &["_id"]), Vec::<usize>::new());
    let joined = "db.orders.aggregate([{ $lookup: { from: 'customers', localField: '_id', foreignField: '_id', as: 'c' } }, { $project: { _id: 0, a: '$c.email', b: '$c.name', c: '$c' } }])";
    assert_eq!(masked(joined, &["a", "b", "c"]), [0, 2]);
    assert!(with(|context| matches!(
        Mongo.sensitive_outputs("db.customers.find(", context),
        SensitiveOutputs::Unknown { named: true }
    )));
    let literals =
        with(|context| Mongo.sensitive_literals("db.customers.find({ email: 'a@b.c', name: /^x/ })", context));
    assert_eq!(literals, ["a@b.c", "x"]);
}

#[test]
fn outlines_tell_what_a_query_does() {
    let outline = |text: &str| Mongo.outline(text, Dialect::Mongodb).expect("a query");
    let found = outline(
        "db.a.aggregate([{ $match: { x: 1 } }, { $lookup: { from: 'b', as: 'c', localField: 'x', foreignField: '_id' } }, { $group: { _id: { $year: '$at' } } }, { $sort: { n: 1 } }, { $limit: 1 }])",
    );
    assert_eq!(found.tables, ["a", "b"]);
    assert!(found.joined && found.aggregated && found.ranked && found.by_time && found.filtered && !found.nested);
    assert!(Mongo.outline("db.a.drop()", Dialect::Mongodb).is_none());
}
