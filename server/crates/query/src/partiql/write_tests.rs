use expect_test::{Expect, expect};
use nlq_catalog::Annotations;

use super::*;
use crate::{
    partiql::fixture::shop,
    plan::{Aggregate, Item, OrderKey},
};

/// A column of the shop by `table.column`.
fn at(catalog: &Catalog, name: &str) -> ColumnId {
    let (table, column) = name.split_once('.').expect("a table");
    let table = names::table(catalog, table).expect(name);
    catalog.find_column(table, column).expect(name)
}

fn expr(name: &str) -> Expr {
    Expr::Column(at(&shop(), name))
}

fn shows(names: &[&str]) -> Vec<Item> {
    names.iter().map(|name| Item { expr: expr(name), alias: None }).collect()
}

fn is(name: &str, op: Comparison, value: &str) -> Predicate {
    let number = value.parse::<f64>().is_ok();
    let value = if number { Literal::Number(value.into()) } else { Literal::Text(value.into()) };
    Predicate::Compare { left: expr(name), op, right: Expr::Literal(value) }
}

fn equal(name: &str, value: &str) -> Predicate {
    is(name, Comparison::Equal, value)
}

fn since(name: &str, day: &str) -> Predicate {
    let from = Moment::day(day.parse().expect("a day"));
    Predicate::Within { expr: expr(name), from: Some(from), until: None }
}

fn by(name: &str, descending: bool) -> Vec<OrderKey> {
    vec![OrderKey { expr: expr(name), descending }]
}

fn says(plan: &Plan, wanted: &Expect) {
    let catalog = shop();
    let graph = JoinGraph::new(&catalog, &Annotations::default());
    let text = match crate::write(plan, &catalog, &graph) {
        Ok(text) => {
            crate::guard(&text, catalog.dialect).expect("what is written is passed");
            text
        }
        Err(error) => format!("beyond: {error}"),
    };
    wanted.assert_eq(&text);
}

#[test]
fn a_key_question_asks_the_table() {
    let plan = Plan {
        select: shows(&["orders.placed", "orders.total", "orders.ship.city"]),
        filter: Some(Predicate::And(vec![equal("orders.customer_id", "5"), since("orders.placed", "2024-05-01")])),
        order: by("orders.placed", true),
        ..Plan::default()
    };
    says(
        &plan,
        &expect![[r#"
            SELECT "placed", "total", "ship"."city"
            FROM "orders"
            WHERE "customer_id" = 5
              AND "placed" >= '2024-05-01'
            ORDER BY "placed" DESC"#]],
    );
}

#[test]
fn an_index_is_asked_where_it_carries_everything() {
    let plan =
        |shown: &[&str]| Plan { select: shows(shown), filter: Some(equal("orders.status", "open")), ..Plan::default() };
    says(
        &plan(&["orders.total", "orders.customer_id"]),
        &expect![[r#"
            SELECT "total", "customer_id"
            FROM "orders"."by_status"
            WHERE "status" = 'open'"#]],
    );
    says(
        &plan(&["orders.note"]),
        &expect![
            "beyond: this reads the whole table `orders`, about 2000000 items: name a value of `customer_id` or `status` (index `by_status`)"
        ],
    );
}

#[test]
fn an_order_chooses_the_index_that_has_it() {
    let plan = |filter: Option<Predicate>, order: &str| Plan {
        select: shows(&["orders.placed", "orders.total"]),
        filter,
        order: by(order, false),
        ..Plan::default()
    };
    says(
        &plan(Some(equal("orders.customer_id", "5")), "orders.total"),
        &expect![[r#"
            SELECT "placed", "total"
            FROM "orders"."by_total"
            WHERE "customer_id" = 5
            ORDER BY "total""#]],
    );
    says(
        &plan(Some(equal("orders.customer_id", "5")), "orders.note"),
        &expect!["beyond: DynamoDB cannot sort by `note`: it is the sort key of nothing that this asks"],
    );
    says(
        &plan(None, "orders.placed"),
        &expect!["beyond: DynamoDB sorts by `placed` only among items of one `customer_id`: name a value of it"],
    );
}

#[test]
fn several_values_of_a_key_are_a_list() {
    let plan = Plan {
        select: vec![Item { expr: Expr::AllOf(TableId(1)), alias: None }],
        filter: Some(Predicate::Or(vec![equal("orders.customer_id", "5"), equal("orders.customer_id", "7")])),
        ..Plan::default()
    };
    says(
        &plan,
        &expect![[r#"
            SELECT *
            FROM "orders"
            WHERE "customer_id" IN [5, 7]"#]],
    );
}

#[test]
fn a_small_table_may_be_read_whole() {
    let plan =
        Plan { select: shows(&["customers.email"]), filter: Some(equal("customers.name", "Ann")), ..Plan::default() };
    says(
        &plan,
        &expect![[r#"
            SELECT "email"
            FROM "customers"
            WHERE "name" = 'Ann'"#]],
    );
}

#[test]
fn conditions_are_said_as_dynamodb_understands_them() {
    let plan = |filter: Predicate| Plan {
        select: shows(&["orders.total"]),
        filter: Some(Predicate::And(vec![equal("orders.customer_id", "5"), filter])),
        ..Plan::default()
    };
    let like =
        |pattern: &str, negated| Predicate::Like { expr: expr("orders.ship.name"), pattern: pattern.into(), negated };
    for (filter, wanted) in [
        (
            is("orders.note", Comparison::NotEqual, "x"),
            r#""note" <> 'x' AND "note" IS NOT MISSING AND "note" IS NOT NULL"#,
        ),
        (is("orders.status", Comparison::NotEqual, "open"), r#""status" <> 'open'"#),
        (equal("orders.paid", "1"), r#""paid" = true"#),
        (equal("orders.status", "17"), r#""status" = '17'"#),
        (Predicate::IsNull { expr: expr("orders.note"), negated: false }, r#"("note" IS MISSING OR "note" IS NULL)"#),
        (
            Predicate::IsNull { expr: expr("orders.note"), negated: true },
            r#""note" IS NOT MISSING AND "note" IS NOT NULL"#,
        ),
        (like("a%", false), r#"(begins_with("ship"."name", 'a') OR begins_with("ship"."name", 'A'))"#),
        (like("%7%", false), r#"contains("ship"."name", '7')"#),
        (like("7%", true), r#"NOT begins_with("ship"."name", '7')"#),
        (
            Predicate::Or(vec![equal("orders.status", "open"), is("orders.total", Comparison::Greater, "9")]),
            r#"("status" = 'open' OR "total" > 9)"#,
        ),
        (
            Predicate::Between {
                expr: expr("orders.total"),
                low: Literal::Number("1".into()),
                high: Literal::Number("2.5".into()),
            },
            r#""total" BETWEEN 1 AND 2.5"#,
        ),
    ] {
        let catalog = shop();
        let graph = JoinGraph::new(&catalog, &Annotations::default());
        let text = crate::write(&plan(filter), &catalog, &graph).expect(wanted);
        let (_, last) = text.split_once("\n  AND ").expect("two conditions");
        assert_eq!(last, wanted);
    }
}

#[test]
fn what_dynamodb_cannot_say_is_refused_with_the_reason() {
    let base =
        || Plan { select: shows(&["orders.total"]), filter: Some(equal("orders.customer_id", "5")), ..Plan::default() };
    let count = Expr::Aggregate { function: Aggregate::Count, distinct: false, argument: None };
    let ends = Predicate::Like { expr: expr("orders.note"), pattern: "%x".into(), negated: false };
    let inner = Predicate::InPlan { expr: expr("orders.customer_id"), plan: Box::new(base()), negated: false };
    for (plan, part) in [
        (Plan { select: vec![Item { expr: count, alias: None }], ..base() }, "it has no counts, sums or groups"),
        (Plan { group: vec![expr("orders.status")], ..base() }, "it has no counts, sums or groups"),
        (Plan { limit: Some(3), ..base() }, "has no LIMIT, so the first 3"),
        (Plan { distinct: true, ..base() }, "has no DISTINCT"),
        (Plan { select: shows(&["orders.ship.name", "orders.name"]), ..base() }, "would be called `name`"),
        (Plan { filter: Some(ends), ..base() }, "not how it ends"),
        (Plan { filter: Some(inner), ..base() }, "nests no queries"),
        (Plan { filter: Some(equal("orders.customer_id", "Ann")), ..base() }, "`customer_id` holds numbers"),
        (Plan { select: shows(&["orders.total", "customers.email"]), ..base() }, "joins nothing"),
    ] {
        let catalog = shop();
        let graph = JoinGraph::new(&catalog, &Annotations::default());
        let error = crate::write(&plan, &catalog, &graph).expect_err(part).to_string();
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn a_reference_stands_for_the_key_that_it_repeats() {
    let plan =
        Plan { select: shows(&["orders.total"]), filter: Some(equal("customers.customer_id", "5")), ..Plan::default() };
    says(
        &plan,
        &expect![[r#"
            SELECT "total"
            FROM "orders"
            WHERE "customer_id" = 5"#]],
    );
}

#[test]
fn a_reference_that_is_named_alone_stands_for_what_it_refers_to() {
    let plan = |tables: Vec<TableId>| Plan {
        select: shows(&["customers.email"]),
        tables,
        filter: Some(equal("orders.customer_id", "5")),
        ..Plan::default()
    };
    says(
        &plan(Vec::new()),
        &expect![[r#"
            SELECT "email"
            FROM "customers"
            WHERE "customer_id" = 5"#]],
    );
    says(
        &plan(vec![TableId(1)]),
        &expect![
            "beyond: DynamoDB joins nothing, and this needs `customers` and `orders`: ask them one after the other"
        ],
    );
}

#[test]
fn the_connection_says_how_much_may_be_read() {
    let mut catalog = shop();
    let plan = Plan { select: shows(&["customers.email"]), ..Plan::default() };
    let graph = JoinGraph::new(&catalog, &Annotations::default());
    assert!(crate::write(&plan, &catalog, &graph).is_ok());
    catalog.scan_limit = Some(50);
    let error = crate::write(&plan, &catalog, &graph).expect_err("90 items").to_string();
    assert!(error.contains("about 90 items: name a value of `customer_id`"), "{error}");
}
