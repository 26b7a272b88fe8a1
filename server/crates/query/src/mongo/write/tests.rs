use chrono::NaiveDate;
use expect_test::{Expect, expect};
use nlq_catalog::{
    Annotations, Catalog, Column, ColumnId, Dialect, ForeignKey, Nested, Table, TableId, TableKind, TypeKind,
};

use super::super::guard;
use crate::{
    joins::JoinGraph,
    language::Unwritable,
    plan::{Aggregate, Comparison, Expr, Item, Literal, Moment, OrderKey, Plan, Predicate, SetOperation, TimeUnit},
};

fn table(name: &str, columns: &[(&str, TypeKind)], refers: &[(&str, &str)]) -> Table {
    let column = |(name, kind): &(&str, TypeKind)| Column {
        name: (*name).into(),
        kind: *kind,
        nullable: *name != "_id" && !name.ends_with('!'),
        ..Column::default()
    };
    let key = |(column, to): &(&str, &str)| ForeignKey {
        columns: vec![(*column).into()],
        to_schema: None,
        to_table: (*to).into(),
        to_columns: vec!["_id".into()],
    };
    Table {
        name: name.into(),
        kind: TableKind::Documents,
        columns: columns.iter().map(column).collect(),
        primary_key: vec!["_id".into()],
        foreign_keys: refers.iter().map(key).collect(),
        ..Table::default()
    }
}

/// Customers, orders with their lines, products with an embedded category.
fn shop() -> Catalog {
    use TypeKind::{Float, Integer, Text, Timestamp};
    let customers = table("customers", &[("_id", Integer), ("name", Text), ("country", Text), ("credit", Float)], &[]);
    let orders = table(
        "orders",
        &[("_id", Integer), ("customer_id", Integer), ("total", Float), ("status", Text), ("placed_at", Timestamp)],
        &[("customer_id", "customers")],
    );
    let mut lines = table(
        "orders.lines",
        &[("order_id", Integer), ("product_id", Integer), ("quantity", Integer)],
        &[("order_id", "orders"), ("product_id", "products")],
    );
    lines.kind = TableKind::Nested;
    lines.primary_key = Vec::new();
    lines.nested = Some(Nested { table: "orders".into(), path: "lines".into() });
    let products =
        table("products", &[("_id", Integer), ("name", Text), ("price", Float), ("category.name", Text)], &[]);
    Catalog { dialect: Dialect::Mongodb, tables: vec![customers, orders, lines, products], ..Catalog::default() }
}

fn id(name: &str) -> ColumnId {
    let catalog = shop();
    let (table, column) = ["orders.lines", "customers", "orders", "products"]
        .iter()
        .find_map(|table| Some((*table, name.strip_prefix(table)?.strip_prefix('.')?)))
        .expect("a table");
    let table = catalog.find_table(None, table).expect("a table");
    catalog.find_column(table, column).unwrap_or_else(|| panic!("{name}"))
}

fn column(name: &str) -> Expr {
    Expr::Column(id(name))
}

fn at(name: &str) -> TableId {
    shop().find_table(None, name).expect("a table")
}

fn item(expr: Expr) -> Item {
    Item { expr, alias: None }
}

fn shown(names: &[&str]) -> Plan {
    Plan { select: names.iter().map(|name| item(column(name))).collect(), ..Plan::default() }
}

fn aggregate(function: Aggregate, distinct: bool, argument: Option<Expr>) -> Expr {
    Expr::Aggregate { function, distinct, argument: argument.map(Box::new) }
}

fn count() -> Expr {
    aggregate(Aggregate::Count, false, None)
}

fn equal(name: &str, text: &str) -> Predicate {
    Predicate::Compare { left: column(name), op: Comparison::Equal, right: Expr::Literal(Literal::Text(text.into())) }
}

fn written(plan: &Plan) -> Result<String, Unwritable> {
    let catalog = shop();
    super::write(plan, &catalog, &JoinGraph::new(&catalog, &Annotations::default()))
}

#[track_caller]
fn check(plan: &Plan, expected: Expect) {
    let text = written(plan).expect("a pipeline");
    guard::guard(&text, Dialect::Mongodb).unwrap_or_else(|refusal| panic!("{text}\n{refusal}"));
    expected.assert_eq(&text);
}

#[test]
fn rows_of_one_collection() {
    let mut plan = shown(&["customers.name", "customers.country"]);
    plan.filter = Some(Predicate::And(vec![
        equal("customers.country", "Côte d'Ivoire"),
        Predicate::Compare {
            left: column("customers.credit"),
            op: Comparison::NotEqual,
            right: Expr::Literal(Literal::Number("5".into())),
        },
        Predicate::Like { expr: column("customers.name"), pattern: "%a.b%".into(), negated: false },
    ]));
    plan.order = vec![OrderKey { expr: column("customers.name"), descending: false }];
    plan.limit = Some(5);
    check(
        &plan,
        expect![[r#"
        db.customers.aggregate([
          { $match: { country: 'Côte d\'Ivoire', credit: { $nin: [5, null] }, name: /a\.b/i } },
          { $match: { name: { $ne: null } } },
          { $sort: { name: 1 } },
          { $limit: 5 },
          { $project: { _id: 0, name: 1, country: 1 } }
        ])"#]],
    );
    check(
        &Plan { select: vec![item(Expr::AllOf(at("products")))], ..Plan::default() },
        expect![[r#"
        db.products.find({})"#]],
    );
    check(
        &shown(&["products.category.name"]),
        expect![[r#"
        db.products.aggregate([
          { $project: { _id: 0, name: '$category.name' } }
        ])"#]],
    );
}

#[test]
fn conditions() {
    let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).map(Moment::day);
    for (filter, expected) in [
        (
            Predicate::Within { expr: column("orders.placed_at"), from: day(2024, 1, 1), until: day(2024, 2, 1) },
            expect![[r#"
                db.orders.aggregate([
                  { $match: { placed_at: { $gte: ISODate('2024-01-01'), $lt: ISODate('2024-02-01') } } },
                  { $project: { _id: 1 } }
                ])"#]],
        ),
        (
            Predicate::Or(vec![equal("orders.status", "open"), equal("orders.status", "late")]),
            expect![[r#"
            db.orders.aggregate([
              { $match: { status: { $in: ['open', 'late'] } } },
              { $project: { _id: 1 } }
            ])"#]],
        ),
        (
            Predicate::And(vec![
                Predicate::Compare {
                    left: column("orders.total"),
                    op: Comparison::Greater,
                    right: Expr::Literal(Literal::Number("10".into())),
                },
                Predicate::Compare {
                    left: column("orders.total"),
                    op: Comparison::Less,
                    right: Expr::Literal(Literal::Number("20".into())),
                },
            ]),
            expect![[r#"
                db.orders.aggregate([
                  { $match: { total: { $gt: 10, $lt: 20 } } },
                  { $project: { _id: 1 } }
                ])"#]],
        ),
        (
            Predicate::IsNull { expr: column("orders.status"), negated: false },
            expect![[r#"
            db.orders.aggregate([
              { $match: { status: null } },
              { $project: { _id: 1 } }
            ])"#]],
        ),
        (
            Predicate::Like { expr: column("orders.status"), pattern: "o%".into(), negated: true },
            expect![[r#"
            db.orders.aggregate([
              { $match: { status: { $not: /^o/i, $ne: null } } },
              { $project: { _id: 1 } }
            ])"#]],
        ),
        (
            Predicate::Compare {
                left: column("orders.total"),
                op: Comparison::Less,
                right: column("orders.customer_id"),
            },
            expect![[r#"
                db.orders.aggregate([
                  {
                    $match: {
                      total: { $ne: null },
                      customer_id: { $ne: null },
                      $expr: { $lt: ['$total', '$customer_id'] }
                    }
                  },
                  { $project: { _id: 1 } }
                ])"#]],
        ),
    ] {
        let mut plan = shown(&["orders._id"]);
        plan.filter = Some(filter);
        check(&plan, expected);
    }
}

#[test]
fn groups() {
    let mut plan = shown(&["orders.status"]);
    plan.select.push(item(count()));
    plan.select.push(Item {
        expr: aggregate(Aggregate::Sum, false, Some(column("orders.total"))),
        alias: Some("revenue".into()),
    });
    plan.having = Some(Predicate::Compare {
        left: count(),
        op: Comparison::Greater,
        right: Expr::Literal(Literal::Number("5".into())),
    });
    plan.order =
        vec![OrderKey { expr: aggregate(Aggregate::Sum, false, Some(column("orders.total"))), descending: true }];
    plan.limit = Some(3);
    check(
        &plan,
        expect![[r#"
        db.orders.aggregate([
          { $group: { _id: '$status', count: { $sum: 1 }, revenue: { $sum: '$total' } } },
          { $match: { count: { $gt: 5 } } },
          { $sort: { revenue: -1 } },
          { $limit: 3 },
          { $project: { _id: 0, status: '$_id', count: 1, revenue: 1 } }
        ])"#]],
    );
    let month = Expr::Bucket { unit: TimeUnit::Month, count: 1, argument: Box::new(column("orders.placed_at")) };
    let plan = Plan {
        select: vec![
            Item { expr: month.clone(), alias: Some("month".into()) },
            item(aggregate(Aggregate::Count, true, Some(column("orders.customer_id")))),
        ],
        group: vec![month.clone()],
        order: vec![OrderKey { expr: month, descending: false }],
        ..Plan::default()
    };
    check(
        &plan,
        expect![[r#"
        db.orders.aggregate([
          {
            $group: {
              _id: { $dateTrunc: { date: '$placed_at', unit: 'month' } },
              count_customer_id: { $addToSet: '$customer_id' }
            }
          },
          { $set: { count_customer_id: { $size: { $setDifference: ['$count_customer_id', [null]] } } } },
          { $sort: { _id: 1 } },
          { $project: { _id: 0, month: '$_id', count_customer_id: 1 } }
        ])"#]],
    );
}

#[test]
fn joins_and_arrays() {
    let mut plan = shown(&["customers.name"]);
    plan.select.push(item(count()));
    plan.tables = vec![at("orders")];
    plan.group = vec![column("customers._id")];
    check(
        &plan,
        expect![[r#"
        db.orders.aggregate([
          {
            $lookup: { from: 'customers', localField: 'customer_id', foreignField: '_id', as: 'customer' }
          },
          { $unwind: '$customer' },
          { $group: { _id: '$customer._id', name: { $first: '$customer.name' }, count: { $sum: 1 } } },
          { $project: { _id: 0, name: 1, count: 1 } }
        ])"#]],
    );
    let mut plan = shown(&["products.name"]);
    plan.select.push(item(aggregate(Aggregate::Sum, false, Some(column("orders.lines.quantity")))));
    plan.filter = Some(equal("customers.country", "Norway"));
    check(
        &plan,
        expect![[r#"
        db.orders.aggregate([
          { $unwind: '$lines' },
          {
            $lookup: {
              from: 'products',
              localField: 'lines.product_id',
              foreignField: '_id',
              as: 'product'
            }
          },
          { $unwind: '$product' },
          {
            $lookup: { from: 'customers', localField: 'customer_id', foreignField: '_id', as: 'customer' }
          },
          { $unwind: '$customer' },
          { $match: { 'customer.country': 'Norway' } },
          { $group: { _id: '$product.name', sum_quantity: { $sum: '$lines.quantity' } } },
          { $project: { _id: 0, name: '$_id', sum_quantity: 1 } }
        ])"#]],
    );
    let mut plan = shown(&["orders.lines.quantity"]);
    plan.filter = Some(Predicate::Compare {
        left: column("orders.lines.order_id"),
        op: Comparison::Equal,
        right: Expr::Literal(Literal::Number("7".into())),
    });
    check(
        &plan,
        expect![[r#"
        db.orders.aggregate([
          { $match: { _id: 7 } },
          { $unwind: '$lines' },
          { $project: { _id: 0, quantity: '$lines.quantity' } }
        ])"#]],
    );
}

#[test]
fn counts_of_nothing_are_zero() {
    let mut plan = Plan { select: vec![item(count())], tables: vec![at("orders")], ..Plan::default() };
    plan.filter = Some(equal("orders.status", "open"));
    check(&plan, expect!["db.orders.countDocuments({ status: 'open' })"]);
    plan.filter = Some(equal("customers.country", "Norway"));
    check(
        &plan,
        expect![[r#"
        db.orders.aggregate([
          {
            $lookup: { from: 'customers', localField: 'customer_id', foreignField: '_id', as: 'customer' }
          },
          { $unwind: '$customer' },
          { $match: { 'customer.country': 'Norway' } },
          { $facet: { groups: [{ $group: { _id: null, count: { $sum: 1 } } }] } },
          { $project: { _id: 0, count: { $ifNull: [{ $first: '$groups.count' }, 0] } } }
        ])"#]],
    );
    let all = Plan { select: vec![item(count())], tables: vec![at("orders")], ..Plan::default() };
    let share = Expr::Ratio(Box::new(Expr::Plan(Box::new(plan))), Box::new(Expr::Plan(Box::new(all))));
    check(
        &Plan { select: vec![item(share)], ..Plan::default() },
        expect![[r#"
        db.orders.aggregate([
          {
            $lookup: { from: 'customers', localField: 'customer_id', foreignField: '_id', as: 'customer' }
          },
          { $unwind: '$customer' },
          { $match: { 'customer.country': 'Norway' } },
          { $facet: { groups: [{ $group: { _id: null, count: { $sum: 1 } } }] } },
          { $project: { _id: 0, count: { $ifNull: [{ $first: '$groups.count' }, 0] } } },
          {
            $lookup: {
              from: 'orders',
              pipeline: [{ $group: { _id: null, count: { $sum: 1 } } }, { $project: { _id: 0, count: 1 } }],
              as: 'figure'
            }
          },
          {
            $project: {
              _id: 0,
              ratio: {
                $cond: [
                  { $eq: [{ $first: '$figure.count' }, 0] },
                  null,
                  { $divide: ['$count', { $first: '$figure.count' }] }
                ]
              }
            }
          }
        ])"#]],
    );
}

#[test]
fn plans_in_plans() {
    let mut plan = shown(&["customers.name"]);
    plan.filter = Some(Predicate::InPlan {
        expr: column("customers._id"),
        plan: Box::new(shown(&["orders.customer_id"])),
        negated: true,
    });
    check(
        &plan,
        expect![[r#"
        db.customers.aggregate([
          { $lookup: { from: 'orders', localField: '_id', foreignField: 'customer_id', as: 'found' } },
          { $match: { found: [] } },
          { $project: { _id: 0, name: 1 } }
        ])"#]],
    );
    let mut plan = shown(&["products.name"]);
    let average = Plan {
        select: vec![item(aggregate(Aggregate::Avg, false, Some(column("products.price"))))],
        ..Plan::default()
    };
    plan.filter = Some(Predicate::Compare {
        left: column("products.price"),
        op: Comparison::Greater,
        right: Expr::Plan(Box::new(average)),
    });
    check(
        &plan,
        expect![[r#"
        db.products.aggregate([
          {
            $lookup: {
              from: 'products',
              pipeline: [
                { $group: { _id: null, avg_price: { $avg: '$price' } } },
                { $project: { _id: 0, avg_price: 1 } }
              ],
              as: 'figure'
            }
          },
          {
            $match: {
              price: { $ne: null },
              'figure.avg_price': { $ne: null },
              $expr: { $gt: ['$price', { $first: '$figure.avg_price' }] }
            }
          },
          { $project: { _id: 0, name: 1 } }
        ])"#]],
    );
    let mut inner = shown(&["customers._id"]);
    inner.filter = Some(equal("products.name", "Tea"));
    inner.tables = vec![at("orders.lines")];
    let mut plan = shown(&["customers.name"]);
    plan.filter = Some(Predicate::InPlan { expr: column("customers._id"), plan: Box::new(inner), negated: false });
    check(
        &plan,
        expect![[r#"
        db.customers.aggregate([
          {
            $lookup: {
              from: 'orders',
              pipeline: [
                { $unwind: '$lines' },
                {
                  $lookup: {
                    from: 'customers',
                    localField: 'customer_id',
                    foreignField: '_id',
                    as: 'customer'
                  }
                },
                { $unwind: '$customer' },
                {
                  $lookup: {
                    from: 'products',
                    localField: 'lines.product_id',
                    foreignField: '_id',
                    as: 'product'
                  }
                },
                { $unwind: '$product' },
                { $match: { 'product.name': 'Tea' } },
                { $project: { _id: '$customer._id' } },
                { $group: { _id: null, values: { $addToSet: '$_id' } } }
              ],
              as: 'found'
            }
          },
          { $match: { found: { $ne: [] } } },
          { $project: { _id: 0, name: 1 } }
        ])"#]],
    );
}

#[test]
fn different_and_combined_rows() {
    let mut plan = shown(&["customers.country"]);
    plan.distinct = true;
    check(
        &plan,
        expect![[r#"
        db.customers.aggregate([
          { $group: { _id: '$country' } },
          { $project: { _id: 0, country: '$_id' } }
        ])"#]],
    );
    let (mut plan, mut other) = (shown(&["customers.country"]), shown(&["customers.country"]));
    plan.filter = Some(equal("customers.name", "A"));
    other.filter = Some(equal("customers.name", "B"));
    plan.set = Some(Box::new((SetOperation::Intersect, other)));
    check(
        &plan,
        expect![[r#"
        db.customers.aggregate([
          { $match: { name: 'A' } },
          { $project: { _id: 0, country: 1 } },
          { $project: { _id: 0, country: 1, side: 'left' } },
          {
            $unionWith: {
              coll: 'customers',
              pipeline: [
                { $match: { name: 'B' } },
                { $project: { _id: 0, country: 1 } },
                { $project: { _id: 0, country: 1, side: 'right' } }
              ]
            }
          },
          { $group: { _id: '$country', sides: { $addToSet: '$side' } } },
          { $match: { sides: { $size: 2 } } },
          { $project: { _id: 0, country: '$_id' } }
        ])"#]],
    );
}

#[test]
fn what_cannot_be_said_is_told() {
    let mut plan = shown(&["orders._id"]);
    plan.filter = Some(equal("orders.placed_at", "soon"));
    assert!(matches!(written(&plan), Err(Unwritable::Beyond(why)) if why.contains("soon")));
    plan.filter = Some(Predicate::Raw { table: at("orders"), sql: "status = 'open'".into() });
    assert!(matches!(written(&plan), Err(Unwritable::Beyond(why)) if why.contains("MongoDB's form")));
    plan.filter = Some(Predicate::Raw { table: at("orders"), sql: "{ status: 'open' }".into() });
    assert!(written(&plan).is_ok());
}
