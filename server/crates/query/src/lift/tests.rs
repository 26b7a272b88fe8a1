use nlq_catalog::{Annotations, Catalog, Column, ColumnId, Dialect, ForeignKey, TableId, TypeKind};

use super::*;
use crate::{plan::Comparison, render::render, sql::fixture::shop};

fn sqlite() -> Catalog {
    shop(Dialect::Sqlite)
}

/// The query as it is written again, after checking that this says the same plan.
fn again(sql: &str, catalog: &Catalog) -> String {
    let graph = JoinGraph::new(catalog, &Annotations::default());
    let plan = lift(sql, catalog).unwrap_or_else(|error| panic!("{sql}\n{error}"));
    let rendered = render(&plan, catalog, &graph).unwrap_or_else(|error| panic!("{sql}\n{error}")).sql;
    assert_eq!(lift(&rendered, catalog).as_ref(), Ok(&plan), "{sql}\n{rendered}");
    rendered
}

#[track_caller]
fn check(sql: &str, expected: &str) {
    assert_eq!(again(sql, &sqlite()).split_whitespace().collect::<Vec<_>>().join(" "), expected);
}

#[track_caller]
fn refused(sql: &str) -> Unliftable {
    lift(sql, &sqlite()).expect_err(sql)
}

#[test]
fn items() {
    check("select ID, Name as n from Customers", "SELECT id, name AS n FROM customers");
    check("SELECT DISTINCT c.country FROM customers c", "SELECT DISTINCT country FROM customers");
    check("SELECT * FROM orders", "SELECT * FROM orders");
    check(
        "SELECT count(*), COUNT(DISTINCT status), sum(total_amount), avg(total_amount), max(id) - min(id) FROM orders",
        "SELECT count(*), count(DISTINCT status), sum(total_amount), avg(total_amount), max(id) - min(id) FROM orders",
    );
    check("SELECT id - (id - 1) - 2 FROM orders", "SELECT id - (id - 1) - 2 FROM orders");
    check("SELECT (SELECT count(*) FROM orders)", "SELECT ( SELECT count(*) FROM orders )");
    check("SELECT strftime('%Y', placed_at) FROM orders", "SELECT strftime('%Y', placed_at) FROM orders");
}

#[test]
fn parts_of_days() {
    let same = |sql: &str| check(sql, sql);
    same("SELECT strftime('%Y-%m-%d %H:00', placed_at) FROM orders");
    same("SELECT strftime('%Y-%m-%d %H:%M', placed_at) FROM orders");
    same("SELECT datetime(strftime('%s', placed_at) / 300 * 300, 'unixepoch') FROM orders");
    same("SELECT id FROM orders WHERE placed_at >= datetime('now', '-24 hours')");
    same("SELECT id FROM orders WHERE placed_at < datetime('now', '-1 minute')");
    check(
        "SELECT id FROM orders WHERE NOT placed_at < datetime('now', '-24 hours')",
        "SELECT id FROM orders WHERE placed_at >= datetime('now', '-24 hours')",
    );
    refused("SELECT datetime(strftime('%s', placed_at) / 300 * 200, 'unixepoch') FROM orders");
    refused("SELECT id FROM orders WHERE placed_at >= datetime('now', '-24 days')");

    let postgres = shop(Dialect::Postgresql);
    let same = |sql: &str| assert_eq!(again(sql, &postgres).split_whitespace().collect::<Vec<_>>().join(" "), sql);
    same("SELECT date_trunc('hour', placed_at) FROM orders");
    same(
        "SELECT date_trunc('hour', placed_at) + floor(extract(minute FROM placed_at) / 5) * interval '5 minutes' FROM orders",
    );
    same(
        "SELECT date_trunc('day', placed_at) + floor(extract(hour FROM placed_at) / 6) * interval '6 hours' FROM orders",
    );
    same("SELECT id FROM orders WHERE placed_at >= now() - interval '24 hours'");
}

#[test]
fn joins_follow_from_the_tables() {
    let joined = "SELECT c.name FROM customers AS c JOIN orders AS o ON c.id = o.customer_id WHERE o.status = 'open'";
    check(
        "SELECT T1.name FROM customers AS T1 JOIN orders AS T2 ON T1.id = T2.customer_id WHERE status = 'open'",
        joined,
    );
    check("SELECT name FROM customers a, orders b WHERE b.customer_id = a.id AND b.status = 'open'", joined);
    check("SELECT name FROM (customers JOIN orders ON status = 'open' AND customers.id = customer_id)", joined);
    // The table between two others is not named; one at the end is.
    let plan = lift(
        "SELECT quantity FROM customers c JOIN orders o ON c.id = o.customer_id JOIN order_items i ON i.order_id = o.id",
        &sqlite(),
    )
    .unwrap();
    assert_eq!(plan.tables, [TableId(0)]);
    let counted = lift("SELECT count(*) FROM orders", &sqlite()).unwrap();
    assert_eq!(counted.tables, [TableId(2)]);
    // Equalities beyond the references stay conditions.
    check(
        "SELECT name FROM customers c JOIN orders o ON c.id = o.customer_id AND c.credit = o.total_amount",
        "SELECT c.name FROM customers AS c JOIN orders AS o ON c.id = o.customer_id WHERE c.credit = o.total_amount",
    );
    check(
        "SELECT c.*, o.id FROM customers c JOIN orders o ON c.id = o.customer_id",
        "SELECT c.*, o.id FROM customers AS c JOIN orders AS o ON c.id = o.customer_id",
    );
}

#[test]
fn one_of_several_references_is_preferred() {
    let mut catalog = sqlite();
    let orders = &mut catalog.tables[2];
    orders.columns.push(Column { name: "seller_id".into(), kind: TypeKind::Integer, ..Column::default() });
    orders.foreign_keys.push(ForeignKey { columns: vec!["seller_id".into()], ..orders.foreign_keys[0].clone() });
    let buyers = lift("SELECT name FROM customers c JOIN orders o ON c.id = customer_id AND status = 'x'", &catalog);
    assert_eq!(buyers.map(|plan| plan.prefer), Ok(Vec::new()));
    let sellers = lift("SELECT name FROM customers c JOIN orders o ON c.id = seller_id AND status = 'x'", &catalog);
    assert_eq!(sellers.map(|plan| plan.prefer), Ok(vec![ColumnId { table: TableId(2), column: 5 }]));
}

#[test]
fn conditions() {
    check(
        "SELECT id FROM orders WHERE (status = \"open\" OR status LIKE 'c%') AND NOT total_amount BETWEEN 1 AND 2",
        "SELECT id FROM orders WHERE (status = 'open' OR status LIKE 'c%') AND (total_amount < 1 OR total_amount > 2)",
    );
    check(
        "SELECT id FROM orders WHERE id BETWEEN 1 AND -2 AND 3 <= id AND status NOT LIKE 'c%' AND status IS NOT NULL",
        "SELECT id FROM orders WHERE id BETWEEN 1 AND -2 AND id >= 3 AND status NOT LIKE 'c%' AND status IS NOT NULL",
    );
    check(
        "SELECT id FROM orders WHERE status IN ('open', 'shipped') AND id NOT IN (1, 2) AND status IN ('x')",
        "SELECT id FROM orders WHERE (status = 'open' OR status = 'shipped') AND id <> 1 AND id <> 2 AND status = 'x'",
    );
    check(
        "SELECT name FROM customers WHERE id NOT IN (SELECT id FROM orders WHERE status != 'open')",
        "SELECT name FROM customers WHERE id NOT IN ( SELECT id FROM orders WHERE status <> 'open' )",
    );
    check(
        "SELECT id FROM orders WHERE total_amount > (SELECT avg(total_amount) FROM orders)",
        "SELECT id FROM orders WHERE total_amount > ( SELECT avg(total_amount) FROM orders )",
    );
}

#[test]
fn groups_and_orders() {
    check(
        "SELECT status, count(*) AS n FROM orders GROUP BY 1 HAVING avg(total_amount) > 5 ORDER BY n DESC, 1 ASC LIMIT 3",
        "SELECT status, count(*) AS n FROM orders GROUP BY status HAVING avg(total_amount) > 5 \
         ORDER BY n DESC, status NULLS LAST LIMIT 3",
    );
    check(
        "SELECT customer_id FROM orders GROUP BY customer_id \
         HAVING avg(total_amount) >= (SELECT max(credit) FROM customers)",
        "SELECT customer_id FROM orders GROUP BY customer_id \
         HAVING avg(total_amount) >= ( SELECT max(credit) FROM customers )",
    );
}

#[test]
fn what_follows_from_a_group_is_not_added_to_it() {
    let sql = "SELECT c.name, count(*) FROM customers c JOIN orders o ON c.id = o.customer_id GROUP BY o.customer_id";
    let from = "SELECT c.name, count(*) FROM customers AS c JOIN orders AS o ON c.id = o.customer_id";
    check(sql, &format!("{from} GROUP BY o.customer_id"));
    // Over two references.
    check(
        "SELECT name, quantity, count(*) FROM order_items i JOIN orders o ON i.order_id = o.id \
         JOIN customers c ON c.id = o.customer_id GROUP BY i.id",
        "SELECT c.name, oi.quantity, count(*) FROM customers AS c JOIN orders AS o ON c.id = o.customer_id \
         JOIN order_items AS oi ON o.id = oi.order_id GROUP BY oi.id",
    );
    // PostgreSQL wants the key itself.
    let catalog = shop(Dialect::Postgresql);
    let graph = JoinGraph::new(&catalog, &Annotations::default());
    let rendered = render(&lift(sql, &catalog).unwrap(), &catalog, &graph).unwrap().sql;
    assert!(rendered.ends_with("GROUP BY o.customer_id, c.name"), "{rendered}");
}

#[test]
fn sets_keep_the_order_of_the_text() {
    check(
        "SELECT id FROM orders UNION SELECT id FROM customers INTERSECT SELECT order_id FROM order_items \
         EXCEPT SELECT id FROM customers WHERE credit > 1 ORDER BY id LIMIT 2",
        "SELECT id FROM orders UNION SELECT id FROM customers INTERSECT SELECT order_id FROM order_items \
         EXCEPT SELECT id FROM customers WHERE credit > 1 ORDER BY id LIMIT 2",
    );
}

#[test]
fn other_dialect() {
    let postgres = shop(Dialect::Postgresql);
    let sql = "SELECT c.name\nFROM customers AS c\nJOIN orders AS o ON c.id = o.customer_id\nWHERE o.status ILIKE 'o%'";
    assert_eq!(again(sql, &postgres), sql);
    let sql = "SELECT id\nFROM orders\nWHERE placed_at::text NOT ILIKE '2024%'";
    assert_eq!(again(sql, &postgres), sql);
    let sql = "SELECT date_trunc('month', placed_at)\nFROM orders";
    assert_eq!(again(sql, &postgres), sql);
    // Double quotes are names there.
    let quoted = lift("SELECT id FROM orders WHERE status = \"open\"", &postgres);
    assert_eq!(quoted, Err(Unliftable::UnknownColumn("open".to_owned())));
}

#[test]
fn a_fixed_value_stands_on_the_right() {
    let plan = lift("SELECT id FROM orders WHERE 5 < total_amount", &sqlite()).unwrap();
    let Some(Predicate::Compare { op, .. }) = plan.filter else { panic!("{plan:?}") };
    assert_eq!(op, Comparison::Greater);
}

#[test]
fn what_does_not_fit() {
    assert!(matches!(refused("SELECT"), Unliftable::Syntax(_)));
    assert!(matches!(refused("DELETE FROM orders"), Unliftable::Syntax(_)));
    for sql in [
        "WITH o AS (SELECT 1) SELECT * FROM orders",
        "SELECT id FROM orders UNION ALL SELECT id FROM customers",
        "SELECT id FROM orders LIMIT 2 OFFSET 1",
        "SELECT id FROM orders ORDER BY id NULLS FIRST",
        "SELECT name FROM customers LEFT JOIN orders ON customers.id = customer_id",
        "SELECT count(*) FROM (SELECT id FROM orders)",
        "SELECT * FROM customers JOIN orders USING (id)",
    ] {
        assert!(matches!(refused(sql), Unliftable::Clause(_)), "{sql}: {:?}", refused(sql));
    }
    for sql in [
        "SELECT id + 1 FROM orders",
        "SELECT sum(id) OVER () FROM orders",
        "SELECT lower(status) FROM orders",
        "SELECT id FROM orders WHERE EXISTS (SELECT 1 FROM customers)",
        "SELECT id FROM orders ORDER BY 2",
    ] {
        assert!(matches!(refused(sql), Unliftable::Expression(_)), "{sql}: {:?}", refused(sql));
    }
    let long = format!("SELECT id{} FROM orders", " - id".repeat(2_000));
    assert!(matches!(refused(&long), Unliftable::Expression(_)));
    assert_eq!(refused("SELECT id FROM invoices"), Unliftable::UnknownTable("invoices".to_owned()));
    assert_eq!(refused("SELECT colour FROM orders"), Unliftable::UnknownColumn("colour".to_owned()));
    assert_eq!(refused("SELECT id FROM orders, customers"), Unliftable::UnknownColumn("id".to_owned()));
    let twice = "SELECT a.id FROM orders a JOIN orders b ON a.id = b.customer_id";
    assert_eq!(refused(twice), Unliftable::SelfJoin("orders".to_owned()));
    let correlated =
        "SELECT name FROM customers c WHERE credit > (SELECT sum(total_amount) FROM orders WHERE customer_id = c.id)";
    assert_eq!(refused(correlated), Unliftable::Correlated("c.id".to_owned()));
    assert_eq!(refused("SELECT name FROM customers JOIN orders ON credit = total_amount"), Unliftable::Joins);
    assert_eq!(refused("SELECT name, status FROM customers, orders"), Unliftable::Joins);
    assert_eq!(refused("SELECT status, max(total_amount) FROM orders"), Unliftable::Ungrouped);
}
