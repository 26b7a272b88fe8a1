use nlq_catalog::Dialect;

use super::super::{
    QueryContext, complete,
    fixture::{shop, told},
};

/// The labels offered at `$0`, in order.
fn offered(sql: &str) -> Vec<String> {
    let (catalog, annotations) = (shop(Dialect::Sqlite), told());
    let context = QueryContext { dialect: Dialect::Sqlite, catalog: Some(&catalog), annotations: &annotations };
    let offset = sql.find("$0").expect("a cursor");
    let text = sql.replace("$0", "");
    complete(&text, offset, context).into_iter().map(|completion| completion.label).collect()
}

#[track_caller]
fn first(sql: &str, expected: &[&str]) {
    let found = offered(sql);
    assert_eq!(found.iter().take(expected.len()).collect::<Vec<_>>(), expected, "{sql}");
}

#[test]
fn tables_stand_after_from() {
    first("SELECT * FROM $0", &["customers", "order_items", "orders"]);
    first("SELECT * FROM ord$0", &["order_items", "orders"]);
    first("WITH big AS (SELECT 1 AS x) SELECT * FROM $0", &["big"]);
    first("SELECT * FROM customers, $0", &["customers"]);
}

#[test]
fn joins_come_with_their_condition() {
    first("SELECT * FROM orders o JOIN $0", &["customers ON customers.id = o.customer_id"]);
    first("SELECT * FROM orders o $0", &["JOIN customers ON customers.id = o.customer_id"]);
    first("SELECT * FROM orders o JOIN customers c ON $0", &["c.id = o.customer_id"]);
}

#[test]
fn columns_of_what_from_names_also_when_it_comes_later() {
    first("SELECT o.$0 FROM orders o", &["id", "customer_id", "total_amount", "status", "placed_at"]);
    first("SELECT $0 FROM customers", &["id", "name", "email", "country"]);
    first("SELECT na$0 FROM customers WHERE", &["name"]);
    first("SELECT c.name FROM customers c JOIN orders o ON true WHERE o.st$0", &["status"]);
    first("SELECT d.$0 FROM (SELECT count(*) AS n FROM orders) d", &["n"]);
    first("WITH big AS (SELECT id AS big_id FROM orders) SELECT b.$0 FROM big b", &["big_id"]);
    first("SELECT id FROM customers WHERE EXISTS (SELECT 1 FROM orders WHERE tot$0)", &["orders.total_amount"]);
    first("SELECT rev$0 FROM orders", &["total_amount"]);
    first("SELECT count(*) AS n FROM orders GROUP BY status ORDER BY $0", &["n"]);
}

#[test]
fn known_values_stand_after_a_comparison() {
    first("SELECT * FROM orders WHERE status = $0", &["'cancelled'", "'open'", "'shipped'"]);
    first("SELECT * FROM orders WHERE status = 'o$0'", &["'open'"]);
    first("SELECT * FROM orders o WHERE o.status IN ('open', $0)", &["'cancelled'", "'open'", "'shipped'"]);
    assert_eq!(offered("SELECT 'o$0'"), Vec::<String>::new());
    assert_eq!(offered("SELECT 1 -- st$0"), Vec::<String>::new());
}

#[test]
fn what_is_typed_is_replaced_whole() {
    let (catalog, annotations) = (shop(Dialect::Postgresql), told());
    let context = QueryContext { dialect: Dialect::Postgresql, catalog: Some(&catalog), annotations: &annotations };
    let sql = "SELECT 'ß', unit FROM order_items";
    let found = complete(sql, sql.find("unit").unwrap() + 4, context);
    assert_eq!((found[0].label.as_str(), found[0].span.of(sql)), ("\"Unit Price\"", "unit"));
    assert!(complete("", 0, context).iter().any(|completion| completion.label == "SELECT"));
}
