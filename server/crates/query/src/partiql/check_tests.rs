use nlq_catalog::{Annotations, ColumnAnnotation, Dialect};

use super::*;
use crate::partiql::fixture::shop;

fn annotations() -> Annotations {
    let mut annotations = Annotations::default();
    annotations
        .columns
        .insert("customers.email".into(), ColumnAnnotation { sensitive: true, ..ColumnAnnotation::default() });
    annotations.columns.insert(
        "orders.status".into(),
        ColumnAnnotation { enum_values: vec!["open".into(), "shipped".into()], ..ColumnAnnotation::default() },
    );
    annotations
}

fn found(text: &str) -> Vec<(String, String)> {
    let (catalog, annotations) = (shop(), annotations());
    let context = QueryContext { dialect: Dialect::Dynamodb, catalog: Some(&catalog), annotations: &annotations };
    let all = crate::check(text, context);
    all.iter().map(|one| (format!("{} at {}", one.code, one.span.of(text)), one.message.clone())).collect()
}

#[test]
fn a_key_query_is_clean() {
    for text in [
        "SELECT total, ship.city FROM orders WHERE customer_id = 5 AND placed > '2024-05-01' ORDER BY placed DESC",
        "SELECT * FROM \"orders\".\"by_total\" WHERE customer_id = 5 AND total > 10 ORDER BY total",
        "SELECT total FROM orders.by_status WHERE status = 'open' AND placed BETWEEN '2024' AND '2025'",
        "SELECT ship, lines[0].sku FROM orders WHERE customer_id IN [1, 2]",
        "SELECT total FROM orders WHERE customer_id = {{customer}} AND status <> 'open'",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, place, part) in [
        ("SELECT * FROM WHERE a = 1", "syntax at WHERE", "a table"),
        ("SELECT * FROM Orders WHERE customer_id = 1", "unknown-table at Orders", "did you mean `orders`?"),
        (
            "SELECT * FROM orders.by_state WHERE status = 'open'",
            "unknown-index at by_state",
            "did you mean `by_status`?",
        ),
        ("SELECT totl FROM orders WHERE customer_id = 1", "unknown-column at totl", "did you mean `total`?"),
        ("SELECT Total FROM orders WHERE customer_id = 1", "unknown-column at Total", "did you mean `total`?"),
        (
            "SELECT ship.cty FROM orders WHERE customer_id = 1",
            "unknown-column at ship.cty",
            "did you mean `ship.city`?",
        ),
        ("SELECT note FROM orders.by_status WHERE status = 'open'", "not-in-index at note", "does not carry `note`"),
        ("SELECT * FROM orders WHERE customer_id = '5'", "wrong-type at '5'", "`customer_id` holds numbers"),
        ("SELECT * FROM orders WHERE customer_id = 5 AND status = 3", "wrong-type at 3", "holds text"),
        (
            "SELECT * FROM orders WHERE customer_id = 5 AND status = 'opne'",
            "unknown-value at 'opne'",
            "did you mean `open`?",
        ),
        ("SELECT * FROM orders WHERE customer_id = 5 AND note = null", "compared-with-null at null", "IS MISSING"),
        ("SELECT * FROM orders WHERE customer_id = 5 AND note <> 'x'", "missing-found at note", "IS NOT MISSING"),
        ("SELECT * FROM orders WHERE customer_id = 5 AND begins_with(total, '1')", "wrong-type at total", "text only"),
        ("SELECT * FROM orders WHERE customer_id = 5 AND begins_with(status, 1)", "wrong-type at 1", "single quotes"),
        (
            "SELECT * FROM orders WHERE customer_id = 5 ORDER BY total",
            "order-by at total",
            "`placed` here; the index `by_total`",
        ),
        (
            "SELECT * FROM orders WHERE total > 5",
            "full-scan at orders",
            "about 2000000 items: name a value of `customer_id` or `status` (index `by_status`)",
        ),
        ("SELECT email FROM customers WHERE customer_id = 1", "sensitive-column at email", "email would be shown"),
        ("SELECT * FROM customers WHERE customer_id = 1", "sensitive-column at *", "email would be shown"),
        ("SELECT ship.name, name FROM orders WHERE customer_id = 1", "duplicate-name at name", "`name`"),
        ("SELECT date FROM orders WHERE customer_id = 1", "reserved-word at date", "double quotes"),
        ("SELECT total FROM orders WHERE user = 1", "reserved-word at user", "double quotes"),
        ("UPDATE orders SET a = 1", "not-a-query at UPDATE", "UPDATE is not one"),
        ("SELECT * FROM orders LIMIT 5", "unsupported at LIMIT", "no LIMIT"),
    ] {
        let all = found(text);
        assert_eq!(all.len(), 1, "{text}: {all:?}");
        assert_eq!(all[0].0, place, "{text}");
        assert!(all[0].1.contains(part), "{text}: {}", all[0].1);
    }
}

#[test]
fn an_order_without_a_partition_cannot_work() {
    let all = found("SELECT * FROM orders ORDER BY placed");
    assert_eq!(all.iter().map(|one| one.0.as_str()).collect::<Vec<_>>(), ["full-scan at orders", "order-by at placed"]);
}

#[test]
fn lists_have_dynamodbs_own_limits() {
    let list = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let keys = format!("SELECT * FROM orders WHERE customer_id IN [{}]", list(51));
    assert!(found(&keys)[0].1.contains("at most 50"));
    let others = format!("SELECT * FROM orders WHERE customer_id = 1 AND total IN [{}]", list(101));
    assert!(found(&others)[0].1.contains("at most 100"));
}

#[test]
fn every_statement_of_a_text_is_checked_in_its_place() {
    let all = found("SELECT total FROM orders WHERE customer_id = 1;\nSELECT totl FROM orders WHERE customer_id = 1");
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].0, "unknown-column at totl");
}
