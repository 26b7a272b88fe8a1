use nlq_catalog::Dialect;
use nlq_text::{Severity, apply_edits};

use super::super::{
    QueryContext, SymbolKind, check, complete,
    fixture::{shop, told},
    guard, symbols,
};

const BOTH: [Dialect; 2] = [Dialect::Sqlite, Dialect::Postgresql];

fn found(sql: &str, dialect: Dialect) -> Vec<nlq_text::Diagnostic> {
    let (catalog, annotations) = (shop(dialect), told());
    check(sql, QueryContext { dialect, catalog: Some(&catalog), annotations: &annotations })
}

/// `code at text: message` of every finding.
fn shown(sql: &str, dialect: Dialect) -> Vec<String> {
    found(sql, dialect).iter().map(|d| format!("{} at {}", d.code, d.span.of(sql))).collect()
}

#[track_caller]
fn silent(sql: &str, dialect: Dialect) {
    let found = found(sql, dialect);
    assert!(found.is_empty(), "{}: {sql}\n{found:#?}", dialect.title());
}

/// The first fix of the first finding, applied.
#[track_caller]
fn fixed(sql: &str, dialect: Dialect) -> String {
    let found = found(sql, dialect);
    let fix = found.first().and_then(|d| d.fixes.first()).unwrap_or_else(|| panic!("no fix: {sql}\n{found:#?}"));
    apply_edits(sql, &fix.edits)
}

#[test]
fn good_queries_are_silent() {
    for sql in [
        "SELECT 1",
        "SELECT * FROM orders",
        "SELECT o.*, c.name FROM orders o JOIN customers c ON c.id = o.customer_id",
        "SELECT name AS n FROM customers ORDER BY n, country",
        "SELECT status, count(*) AS n FROM orders GROUP BY status HAVING count(*) > 2 ORDER BY count(*) DESC",
        "SELECT status s, sum(total_amount) FROM orders GROUP BY 1",
        "SELECT upper(status) AS s, count(*) FROM orders GROUP BY upper(status)",
        "SELECT c.name, sum(o.total_amount) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.id",
        "WITH big AS (SELECT customer_id, total_amount t FROM orders) SELECT customer_id, t FROM big WHERE t > 1",
        "WITH big(a, b) AS (SELECT customer_id, total_amount FROM orders) SELECT a, b FROM big",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n",
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n",
        "SELECT d.c FROM (SELECT count(*) AS c FROM orders) d",
        "SELECT name FROM customers c WHERE EXISTS (SELECT 1 FROM orders WHERE customer_id = c.id AND total_amount > 5)",
        "SELECT name FROM customers WHERE id IN (SELECT customer_id FROM orders)",
        "SELECT name FROM customers UNION SELECT status FROM orders ORDER BY name",
        "SELECT id FROM orders JOIN (SELECT id AS cid FROM customers) x ON x.cid = customer_id",
        "SELECT customer_id, rank() OVER (PARTITION BY status ORDER BY total_amount) FROM orders",
        "SELECT count(*) FILTER (WHERE status = 'open') FROM orders",
        "SELECT a.id, b.id FROM orders a, orders b WHERE a.customer_id = b.customer_id",
        "SELECT o.id, m.t FROM orders o CROSS JOIN (SELECT max(total_amount) AS t FROM orders) m",
        "SELECT o.id, m.t FROM orders o, (SELECT max(total_amount) AS t FROM orders) m",
        "SELECT id FROM orders WHERE status = ? AND total_amount > :least AND customer_id = {{größe}}",
        "SELECT id FROM orders WHERE status = $1 AND id = @id AND status LIKE %(pattern)s AND id = %s",
        "SELECT id FROM {{table}} WHERE x = 1",
        "SELECT CASE WHEN status = 'open' THEN 1 ELSE 0 END FROM orders ORDER BY id LIMIT {{n}}",
        "SELECT \"Unit Price\" FROM order_items -- 💣\r\n WHERE quantity > 1",
        "SELECT count(email) FROM customers",
        "SELECT x FROM json_each(1) WHERE value = 2",
        "SELECT customers.name FROM customers NATURAL JOIN orders",
        "SELECT sum(quantity) FROM orders o JOIN order_items i ON i.order_id = o.id",
        "SELECT o.id, sum(o.total_amount) FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY o.id",
        "SELECT count(DISTINCT status) FROM orders WHERE placed_at >= '2024-01-01'",
        "SELECT id FROM orders WHERE total_amount > (SELECT avg(total_amount) FROM orders)",
        "SELECT status FROM orders WHERE status LIKE 'o%' AND total_amount BETWEEN 1 AND 2",
        "VALUES (1, 2), (3, 4)",
        "SELECT column1 FROM (VALUES (1), (2)) v",
    ] {
        for dialect in BOTH {
            silent(sql, dialect);
        }
    }
    for sql in [
        "SELECT status AS s, count(*) FROM orders WHERE s = 'open' GROUP BY s HAVING s > 'a'",
        "SELECT ORDERS.STATUS, rowid FROM Orders WHERE [id] IS 5 AND `status` IS NOT 'open'",
        "SELECT name, max(credit) FROM customers",
        "SELECT name FROM sqlite_master",
        "SELECT id FROM orders WHERE id = 1 LIMIT 1 OFFSET 0 -- x".split(" LIMIT").next().unwrap_or(""),
    ] {
        silent(sql, Dialect::Sqlite);
    }
    for sql in [
        "SELECT Orders.Status FROM ORDERS",
        "SELECT c.ctid, c FROM customers c",
        "SELECT g, u.x FROM generate_series(1, 3) g, unnest(ARRAY[1]) AS u(x)",
        "SELECT c.name, l.n FROM customers c, LATERAL (SELECT count(*) AS n FROM orders o WHERE o.customer_id = c.id) l",
        "SELECT relname FROM pg_class JOIN information_schema.tables t ON t.table_name = relname",
        "SELECT (o).status, o.id::text, (ARRAY[1,2])[1] FROM public.orders o",
        "SELECT DISTINCT ON (status) status, id FROM orders ORDER BY status, id",
        "SELECT date_trunc('month', placed_at) AS m, count(*) FROM orders GROUP BY m",
        "SELECT status, count(*) FROM orders GROUP BY ROLLUP (status)",
    ] {
        silent(sql, Dialect::Postgresql);
    }
}

#[test]
fn syntax_errors_say_what_was_expected_where() {
    let sql = "SELECT id FROM orders WHERE";
    let found_ = found(sql, Dialect::Sqlite);
    assert_eq!(found_[0].message, "expected an expression after `WHERE`, found the end of the statement");
    assert_eq!(found_[0].span.of(sql), "WHERE");
    assert_eq!(fixed("SELECT id, FROM orders", Dialect::Postgresql), "SELECT id FROM orders");
    let sql = "SELECT 'ß💣'\r\n FROM orders x y";
    assert_eq!(found(sql, Dialect::Postgresql)[0].span.of(sql), "y");
    assert_eq!(shown("SELECT 'open", Dialect::Sqlite), ["syntax at 'open"]);
    assert_eq!(shown("DELETE FROM orders", Dialect::Sqlite), ["not-a-query at DELETE"]);
    assert_eq!(found("DROP TABLE orders", Dialect::Sqlite)[0].severity, Severity::Warning);
}

#[test]
fn unknown_names_come_with_the_nearest_and_the_told_ones() {
    for dialect in BOTH {
        assert_eq!(fixed("SELECT id FROM ordrs", dialect), "SELECT id FROM orders");
        assert_eq!(fixed("SELECT id FROM clients", dialect), "SELECT id FROM customers");
        assert_eq!(fixed("SELECT x.total_amount FROM sales x", dialect), "SELECT x.total_amount FROM orders x");
        assert_eq!(fixed("SELECT total_amout FROM orders", dialect), "SELECT total_amount FROM orders");
        assert_eq!(
            fixed("SELECT 'ß💣', o.revenue\r\nFROM orders o", dialect),
            "SELECT 'ß💣', o.total_amount\r\nFROM orders o"
        );
        assert_eq!(fixed("SELECT unit_price FROM order_items", dialect), "SELECT \"Unit Price\" FROM order_items");
        assert_eq!(fixed("SELECT ordres.id FROM orders", dialect), "SELECT orders.id FROM orders");
        assert_eq!(fixed("SELECT orders.id FROM orders o", dialect), "SELECT o.id FROM orders o");
        assert_eq!(fixed("SELECT c.id FROM customers", dialect), "SELECT customers.id FROM customers");
    }
}

#[test]
fn a_column_of_a_table_that_is_not_joined_offers_the_join() {
    for dialect in BOTH {
        assert_eq!(
            fixed("SELECT name FROM orders o WHERE o.id > 1", dialect),
            "SELECT name FROM orders o JOIN customers ON customers.id = o.customer_id WHERE o.id > 1"
        );
        assert_eq!(
            fixed("SELECT customers.name FROM orders", dialect),
            "SELECT customers.name FROM orders JOIN customers ON customers.id = orders.customer_id"
        );
    }
}

#[test]
fn ambiguous_columns_offer_each_table() {
    let sql = "SELECT id FROM orders o JOIN customers c ON c.id = o.customer_id";
    let titles: Vec<_> = found(sql, Dialect::Sqlite)[0].fixes.iter().map(|fix| fix.title.clone()).collect();
    assert_eq!(titles, ["Change to `o.id`", "Change to `c.id`"]);
}

#[test]
fn postgresql_minds_case_and_grouping() {
    let pg = Dialect::Postgresql;
    assert_eq!(fixed("SELECT \"Status\" FROM orders", pg), "SELECT status FROM orders");
    assert_eq!(shown("SELECT total_amount AS t FROM orders WHERE t > 1", pg), ["unknown-column at t"]);
    let sql = "SELECT country, name, count(*) FROM customers GROUP BY country";
    assert_eq!(found(sql, pg)[0].severity, Severity::Error);
    assert_eq!(found(sql, Dialect::Sqlite)[0].severity, Severity::Warning);
    assert_eq!(fixed(sql, pg), "SELECT country, name, count(*) FROM customers GROUP BY country, name");
    assert_eq!(shown("SELECT name FROM customers WHERE active = 1", pg), ["wrong-type at 1"]);
    assert_eq!(shown("SELECT sum(name) FROM customers", pg), ["wrong-type at sum"]);
}

#[test]
fn doubtful_queries_are_warned_of() {
    for (sql, expected) in [
        ("SELECT id FROM orders WHERE status = NULL", "compared-with-null at = NULL"),
        ("SELECT id FROM orders WHERE sum(total_amount) > 5", "misplaced-aggregate at sum"),
        ("SELECT id FROM orders WHERE status = 'shiped'", "unknown-value at 'shiped'"),
        ("SELECT o.id FROM orders o, customers c", "cartesian-product at c"),
        ("SELECT sum(o.total_amount) FROM orders o JOIN order_items i ON i.order_id = o.id", "join-fan-out at sum"),
        ("SELECT name FROM customers WHERE id NOT IN (SELECT customer_id FROM orders)", "not-in-null at id"),
        ("SELECT id FROM orders LIMIT 5", "limit-without-order at LIMIT"),
        ("SELECT email FROM customers", "sensitive-column at email"),
        ("SELECT * FROM customers", "sensitive-column at *"),
        ("SELECT id FROM orders WHERE customer_id = 'x'", "wrong-type at 'x'"),
    ] {
        for dialect in BOTH {
            assert_eq!(shown(sql, dialect), [expected], "{sql}");
        }
    }
    assert_eq!(
        fixed("SELECT id FROM orders WHERE status <> NULL", Dialect::Sqlite),
        "SELECT id FROM orders WHERE status IS NOT NULL"
    );
    assert_eq!(
        fixed("SELECT id FROM orders WHERE status = 'Open'", Dialect::Sqlite),
        "SELECT id FROM orders WHERE status = 'open'"
    );
    let sql = "SELECT id FROM orders WHERE status = \"open\"";
    assert_eq!(fixed(sql, Dialect::Sqlite), "SELECT id FROM orders WHERE status = 'open'");
}

#[test]
fn several_statements_are_checked_in_their_places() {
    let sql = "SELECT id FROM orders; SELECT x1 FROM orders;";
    assert_eq!(shown(sql, Dialect::Sqlite), ["unknown-column at x1"]);
}

#[test]
fn names_mean_what_they_mean_also_in_half_typed_text() {
    let (catalog, annotations) = (shop(Dialect::Sqlite), told());
    let context = QueryContext { dialect: Dialect::Sqlite, catalog: Some(&catalog), annotations: &annotations };
    for sql in ["SELECT o.status FROM orders o", "SELECT o.status, FROM orders o WHERE"] {
        let names: Vec<_> = symbols(sql, context).iter().map(|symbol| symbol.span.of(sql)).collect();
        assert_eq!(names, ["o", "status", "orders", "o"], "{sql}");
        let column = crate::symbol_at(sql, sql.find("status").unwrap() + 2, context).unwrap();
        assert!(matches!(column.kind, SymbolKind::Column(id) if catalog.column(id).name == "status"));
    }
}

/// Chains make trees as deep as they are long: none may overflow a thread's stack.
#[test]
fn long_chains_are_survived() {
    for dialect in BOTH {
        for chain in [
            format!("SELECT id{} FROM orders", "::int".repeat(2_900)),
            format!("SELECT id{} FROM orders", " IS NULL".repeat(2_900)),
            format!("SELECT id{} FROM orders", " + id".repeat(2_900)),
            format!("SELECT {}id FROM orders", "NOT ".repeat(5_000)),
            format!("SELECT id FROM orders{}", " UNION SELECT 1".repeat(1_900)),
            format!("SELECT id FROM orders{}", " JOIN orders USING (id)".repeat(1_100)),
            format!("SELECT count(*) FROM orders GROUP BY id{}", "::int".repeat(2_900)),
            format!("SELECT {}1{}", "(SELECT ".repeat(1_900), ")".repeat(1_900)),
        ] {
            found(&chain, dialect);
            let _ = guard(&chain, dialect);
        }
    }
}

/// Every prefix of a statement, with and without the rest after it: nothing panics.
#[test]
fn any_prefix_is_survived() {
    let sql = "WITH a(b) AS (SELECT count(*) FROM orders o WHERE o.status IN ('ö', \"x\")) SELECT a.b, c.* FROM a JOIN customers c ON c.id = a.b GROUP BY 1 ORDER BY 2 LIMIT 3";
    for dialect in BOTH {
        let (catalog, annotations) = (shop(dialect), told());
        let context = QueryContext { dialect, catalog: Some(&catalog), annotations: &annotations };
        for (at, _) in sql.char_indices() {
            for text in [&sql[..at], &sql[at..]] {
                check(text, context);
                symbols(text, context);
                complete(text, text.len(), context);
            }
            complete(sql, at, context);
        }
    }
}
