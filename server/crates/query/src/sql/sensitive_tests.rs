use nlq_catalog::{ColumnAnnotation, Dialect};

use super::*;
use crate::sql::fixture::{shop, told};

fn outputs(text: &str, dialect: Dialect) -> SensitiveOutputs {
    let (catalog, annotations) = (shop(dialect), told());
    sensitive_outputs(text, QueryContext { dialect, catalog: Some(&catalog), annotations: &annotations })
}

/// Which outputs show `customers.email`, as a word of 1 and 0; `?` for a statement that is not understood.
fn shown_in(text: &str, dialect: Dialect) -> String {
    match outputs(text, dialect) {
        SensitiveOutputs::Known { shown, .. } => shown.iter().map(|shown| if *shown { '1' } else { '0' }).collect(),
        SensitiveOutputs::Named { names } => panic!("columns of SQL have places: {names:?}"),
        SensitiveOutputs::Unknown { named } => if named { "?!" } else { "?" }.to_owned(),
    }
}

#[track_caller]
fn both(text: &str, expected: &str) {
    for dialect in [Dialect::Sqlite, Dialect::Postgresql] {
        assert_eq!(shown_in(text, dialect), expected, "{dialect:?}: {text}");
    }
}

#[test]
fn columns_and_expressions_over_them_show_it() {
    both("SELECT name, email FROM customers", "01");
    both("-- who\nSELECT c.email AS contact, c.id FROM customers c;", "10");
    both("SELECT upper(email), name || ' <' || email || '>', length(name) FROM customers", "110");
    both("SELECT max(email), CASE WHEN email LIKE 'a%' THEN 1 END, CAST(email AS text) FROM customers", "111");
    both("SELECT name FROM customers WHERE email LIKE 'a%' ORDER BY email", "0");
}

#[test]
fn counting_and_existence_show_nothing() {
    both("SELECT count(email), count(DISTINCT c.email), count(*) FROM customers c", "000");
    both("SELECT count(email) || max(email) FROM customers", "1");
    both("SELECT id, EXISTS (SELECT * FROM customers WHERE email = 'x') FROM orders", "00");
}

#[test]
fn wildcards_are_expanded() {
    both("SELECT * FROM customers", "001000");
    both("SELECT 1, c.*, o.id FROM orders o JOIN customers c ON c.id = o.customer_id", "00010000");
    both("SELECT o.* FROM orders o JOIN customers c ON c.id = o.customer_id", "00000");
    both("SELECT * FROM (SELECT count(*), max(email) FROM customers) t", "01");
}

#[test]
fn lineage_goes_through_derived_tables_and_ctes() {
    both("SELECT t.a, t.b FROM (SELECT id AS a, lower(email) AS b FROM customers) t", "01");
    both("WITH t AS (SELECT email AS e, id FROM customers), u AS (SELECT * FROM t) SELECT id, e FROM u", "01");
    both("WITH t(a, b) AS (SELECT email, count(*) FROM customers GROUP BY email) SELECT b, a || '' FROM t", "01");
    both("WITH t AS (SELECT email FROM customers) SELECT count(email) FROM t", "0");
    let moving = "(SELECT email, 'x' FROM customers UNION ALL SELECT b, a FROM r) SELECT b FROM r";
    both(&format!("WITH RECURSIVE r(a, b) AS {moving}"), "1");
    both("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, email FROM n, customers", "01");
}

#[test]
fn every_branch_of_a_set_operation_counts() {
    both("SELECT name, id FROM customers UNION ALL SELECT email, id FROM customers", "10");
    both("SELECT email FROM customers UNION SELECT name FROM customers", "1");
    both("SELECT x FROM (SELECT status AS x FROM orders UNION SELECT email FROM customers) t", "1");
    both("VALUES (1, 'a'), (2, (SELECT max(email) FROM customers))", "01");
}

#[test]
fn subqueries_show_what_they_give() {
    both("SELECT id, (SELECT c.email FROM customers c WHERE c.id = o.customer_id) FROM orders o", "01");
    both("SELECT (SELECT count(*) FROM orders WHERE status = c.email) FROM customers c", "0");
    both("SELECT (SELECT o.status || c.email FROM orders o LIMIT 1) FROM customers c", "1");
}

#[test]
fn whole_rows_and_table_functions_show_it() {
    for (text, expected) in [
        ("SELECT c FROM customers c", "1"),
        ("SELECT row_to_json(c.*), to_json(c) FROM customers c", "11"),
        ("SELECT (c).email FROM customers c", "1"),
        ("SELECT u.x FROM customers c, unnest(string_to_array(c.email, '@')) AS u(x)", "1"),
        ("SELECT u.x FROM customers c, unnest(string_to_array(c.name, ' ')) AS u(x)", "0"),
        ("SELECT c.* FROM customers c JOIN orders o USING (id)", "001000"),
        ("SELECT (c).* FROM customers c", "?!"),
        ("SELECT @credit FROM customers", "?!"),
    ] {
        assert_eq!(shown_in(text, Dialect::Postgresql), expected, "{text}");
    }
    assert_eq!(shown_in("SELECT j.value FROM customers c, json_each(c.email) j", Dialect::Sqlite), "1");
}

#[test]
fn a_view_shows_what_is_named_as_a_sensitive_column() {
    let (mut catalog, annotations) = (shop(Dialect::Sqlite), told());
    let mut view = catalog.tables[0].clone();
    view.name = "people".into();
    view.kind = TableKind::View;
    catalog.tables.push(view);
    let context = QueryContext { dialect: Dialect::Sqlite, catalog: Some(&catalog), annotations: &annotations };
    assert_eq!(sensitive_outputs("SELECT id, email AS e FROM people", context).masked(&["id", "e"]), [1]);
}

#[test]
fn what_is_not_understood_is_masked_when_it_names_something_sensitive() {
    both("SELECT email FROM", "?!");
    both("SELECT x FROM nowhere", "?");
    both("SELECT * FROM nowhere, customers", "?!");
    let annotations = told();
    let context = QueryContext { dialect: Dialect::Sqlite, catalog: None, annotations: &annotations };
    assert_eq!(sensitive_outputs("SELECT * FROM Customers", context).masked(&["a", "b"]), [0, 1]);
    assert!(sensitive_outputs("SELECT * FROM orders", context).masked(&["a", "b"]).is_empty());
}

#[test]
fn names_and_widths_of_the_result_are_minded() {
    let outputs = |text| outputs(text, Dialect::Sqlite);
    assert_eq!(outputs("SELECT id, name AS email FROM customers").masked(&["id", "EMAIL"]), [1]);
    assert!(outputs("SELECT id, status AS email FROM orders").masked(&["id", "email"]).is_empty());
    // A column more than the snapshot knows: nothing can be told by position.
    assert_eq!(outputs("SELECT * FROM customers").masked(&["a", "b", "c", "d", "e", "f", "g"]).len(), 7);
}

#[test]
fn a_sensitive_table_is_sensitive_in_every_column() {
    let catalog = shop(Dialect::Sqlite);
    let mut annotations = told();
    annotations.columns.insert("orders.id".into(), ColumnAnnotation::default());
    annotations.tables.entry("orders".into()).or_default().sensitive = true;
    let context = QueryContext { dialect: Dialect::Sqlite, catalog: Some(&catalog), annotations: &annotations };
    let outputs = sensitive_outputs("SELECT status, count(*), rowid FROM orders", context);
    assert_eq!(outputs.masked(&["status", "count(*)", "rowid"]), [0, 2]);
}
