use expect_test::{Expect, expect};
use nlq_catalog::{Annotations, Dialect};

use super::*;
use crate::{dsl::fixture::store, lift::lift};

fn written(sql: &str) -> Result<String, Unwritable> {
    let as_sql = Catalog { dialect: Dialect::Sqlite, ..store() };
    let plan = lift(sql, &as_sql).unwrap_or_else(|error| panic!("{sql}\n{error}"));
    let catalog = store();
    let text = write(&plan, &catalog, &JoinGraph::new(&catalog, &Annotations::default()))?;
    crate::guard(&text, Dialect::Opensearch).unwrap_or_else(|error| panic!("{text}\n{error}"));
    let annotations = Annotations::default();
    let context =
        crate::QueryContext { dialect: Dialect::Opensearch, catalog: Some(&catalog), annotations: &annotations };
    assert_eq!(crate::check(&text, context), [], "{text}");
    Ok(text)
}

#[track_caller]
fn check(sql: &str, expected: &Expect) {
    expected.assert_eq(&written(sql).unwrap_or_else(|error| panic!("{sql}\n{error}")));
}

#[track_caller]
fn refused(sql: &str, part: &str) {
    let error = written(sql).expect_err(sql).to_string();
    assert!(error.contains(part), "{error}");
}

#[test]
fn documents() {
    check(
        "SELECT * FROM orders",
        &expect![[r#"
        GET orders/_search
        {
          "size": 10000
        }"#]],
    );
    check(
        "SELECT id, title FROM orders WHERE country = 'France' AND total >= 10 ORDER BY total DESC, title LIMIT 3",
        &expect![[r#"
            GET orders/_search
            {
              "size": 3,
              "_source": ["id", "title"],
              "query": {
                "bool": {
                  "filter": [
                    { "term": { "country": "France" } },
                    { "range": { "total": { "gte": 10 } } }
                  ]
                }
              },
              "sort": [{ "total": "desc" }, { "title.keyword": "asc" }]
            }"#]],
    );
    check(
        "SELECT id FROM orders WHERE country IN ('France', 'USA') AND \"customer.name\" LIKE 'An%' AND paid = 1",
        &expect![[r#"
            GET orders/_search
            {
              "size": 10000,
              "_source": ["id"],
              "query": {
                "bool": {
                  "filter": [
                    { "terms": { "country": ["France", "USA"] } },
                    { "wildcard": { "customer.name": { "value": "An*", "case_insensitive": true } } },
                    { "term": { "paid": true } }
                  ]
                }
              }
            }"#]],
    );
    check(
        "SELECT id FROM orders WHERE country <> 'USA' AND \"customer.name\" <> 'Ann' AND title IS NOT NULL",
        &expect![[r#"
            GET orders/_search
            {
              "size": 10000,
              "_source": ["id"],
              "query": {
                "bool": {
                  "filter": [
                    {
                      "bool": {
                        "must_not": [{ "term": { "country": "USA" } }]
                      }
                    },
                    {
                      "bool": {
                        "filter": [{ "exists": { "field": "customer.name" } }],
                        "must_not": [{ "term": { "customer.name": "Ann" } }]
                      }
                    },
                    { "exists": { "field": "title" } }
                  ]
                }
              }
            }"#]],
    );
    check(
        "SELECT id FROM orders WHERE total BETWEEN 1 AND 2 OR (note LIKE '%late%' AND paid = 0)",
        &expect![[r#"
        # note is analysed text: whole words are found, in any case
        GET orders/_search
        {
          "size": 10000,
          "_source": ["id"],
          "query": {
            "bool": {
              "should": [
                { "range": { "total": { "gte": 1, "lte": 2 } } },
                {
                  "bool": {
                    "filter": [{ "match_phrase": { "note": "late" } }, { "term": { "paid": false } }]
                  }
                }
              ],
              "minimum_should_match": 1
            }
          }
        }"#]],
    );
    check(
        "SELECT id FROM orders WHERE placed >= '2024-01-01' AND placed < '2024-02-01'",
        &expect![[r#"
        GET orders/_search
        {
          "size": 10000,
          "_source": ["id"],
          "query": {
            "bool": {
              "filter": [
                { "range": { "placed": { "gte": "2024-01-01" } } },
                { "range": { "placed": { "lt": "2024-02-01" } } }
              ]
            }
          }
        }"#]],
    );
    check(
        "SELECT id FROM orders WHERE id NOT IN (SELECT orders_id FROM \"orders.lines\")",
        &expect![[r#"
        GET orders/_search
        {
          "size": 10000,
          "_source": ["id"],
          "query": {
            "bool": {
              "must_not": [
                {
                  "nested": { "path": "lines", "query": { "match_all": {} } }
                }
              ]
            }
          }
        }"#]],
    );
}

#[test]
fn objects_in_lists() {
    check(
        "SELECT o.id, l.quantity FROM orders o JOIN \"orders.lines\" l ON l.orders_id = o.id \
         WHERE l.product = 'tea' AND o.paid = 1",
        &expect![[r#"
            GET orders/_search
            {
              "size": 10000,
              "_source": ["id"],
              "query": {
                "bool": {
                  "filter": [
                    { "term": { "paid": true } },
                    {
                      "nested": {
                        "path": "lines",
                        "query": { "term": { "lines.product": "tea" } },
                        "inner_hits": { "size": 100, "_source": ["lines.quantity"] }
                      }
                    }
                  ]
                }
              }
            }"#]],
    );
    check(
        "SELECT DISTINCT o.id FROM orders o JOIN \"orders.lines\" l ON l.orders_id = o.id WHERE l.product = 'tea'",
        &expect![[r#"
            GET orders/_search
            {
              "size": 10000,
              "_source": ["id"],
              "query": {
                "bool": {
                  "filter": [
                    {
                      "nested": { "path": "lines", "query": { "term": { "lines.product": "tea" } } }
                    }
                  ]
                }
              }
            }"#]],
    );
    check(
        "SELECT sum(quantity), count(*) FROM \"orders.lines\" WHERE product = 'tea'",
        &expect![[r#"
        GET orders/_search
        {
          "size": 0,
          "query": {
            "bool": {
              "filter": [
                {
                  "nested": { "path": "lines", "query": { "term": { "lines.product": "tea" } } }
                }
              ]
            }
          },
          "aggs": {
            "lines": {
              "nested": { "path": "lines" },
              "meta": { "columns": ["sum_lines_quantity", "matching"] },
              "aggs": {
                "matching": {
                  "filter": { "term": { "lines.product": "tea" } },
                  "aggs": { "sum_lines_quantity": { "sum": { "field": "lines.quantity" } } }
                }
              }
            }
          }
        }"#]],
    );
    check(
        "SELECT product, sum(quantity) FROM \"orders.lines\" GROUP BY product ORDER BY sum(quantity) DESC LIMIT 2",
        &expect![[r#"
            GET orders/_search
            {
              "size": 0,
              "aggs": {
                "lines": {
                  "nested": { "path": "lines" },
                  "aggs": {
                    "lines.product": {
                      "terms": {
                        "field": "lines.product",
                        "size": 2,
                        "order": { "sum_lines_quantity": "desc" }
                      },
                      "aggs": { "sum_lines_quantity": { "sum": { "field": "lines.quantity" } } }
                    }
                  }
                }
              }
            }"#]],
    );
    check(
        "SELECT o.country, sum(l.quantity) FROM orders o JOIN \"orders.lines\" l ON l.orders_id = o.id \
         WHERE l.price > 5 GROUP BY o.country ORDER BY 2 DESC",
        &expect![[r#"
            GET orders/_search
            {
              "size": 0,
              "query": {
                "bool": {
                  "filter": [
                    {
                      "nested": {
                        "path": "lines",
                        "query": { "range": { "lines.price": { "gt": 5 } } }
                      }
                    }
                  ]
                }
              },
              "aggs": {
                "country": {
                  "terms": {
                    "field": "country",
                    "size": 10000,
                    "order": { "lines>matching>sum_lines_quantity": "desc" }
                  },
                  "aggs": {
                    "lines": {
                      "nested": { "path": "lines" },
                      "aggs": {
                        "matching": {
                          "filter": { "range": { "lines.price": { "gt": 5 } } },
                          "aggs": { "sum_lines_quantity": { "sum": { "field": "lines.quantity" } } }
                        }
                      }
                    }
                  }
                }
              }
            }"#]],
    );
    check(
        "SELECT product, count(DISTINCT orders_id) FROM \"orders.lines\" GROUP BY product ORDER BY 2 DESC LIMIT 1",
        &expect![[r#"
            GET orders/_search
            {
              "size": 0,
              "aggs": {
                "lines": {
                  "nested": { "path": "lines" },
                  "aggs": {
                    "lines.product": {
                      "terms": { "field": "lines.product", "size": 1, "order": { "documents": "desc" } },
                      "aggs": { "documents": { "reverse_nested": {} } }
                    }
                  }
                }
              }
            }"#]],
    );
    refused(
        "SELECT l.product, sum(o.total) FROM orders o JOIN \"orders.lines\" l ON l.orders_id = o.id GROUP BY l.product",
        "once for each",
    );
}

#[test]
fn counts_and_metrics() {
    check(
        "SELECT count(*) FROM orders WHERE paid = 1",
        &expect![[r#"
        GET orders/_count
        {
          "query": {
            "bool": {
              "filter": [{ "term": { "paid": true } }]
            }
          }
        }"#]],
    );
    check(
        "SELECT avg(total), max(placed) FROM orders",
        &expect![[r#"
        GET orders/_search
        {
          "size": 0,
          "aggs": {
            "avg_total": { "avg": { "field": "total" } },
            "max_placed": { "max": { "field": "placed" } }
          }
        }"#]],
    );
    check(
        "SELECT count(DISTINCT country), count(*) FROM orders",
        &expect![[r#"
        GET orders/_search
        {
          "size": 0,
          "track_total_hits": true,
          "aggs": {
            "distinct_country": {
              "cardinality": { "field": "country", "precision_threshold": 40000 },
              "meta": { "columns": ["distinct_country", "count"] }
            }
          }
        }"#]],
    );
    check(
        "SELECT count(\"customer.name\") FROM orders",
        &expect![[r#"
        GET orders/_search
        {
          "size": 0,
          "aggs": { "count_customer_name": { "value_count": { "field": "customer.name" } } }
        }"#]],
    );
}

#[test]
fn groups() {
    check(
        "SELECT country, count(*) FROM orders GROUP BY country ORDER BY count(*) DESC LIMIT 5",
        &expect![[r#"
        GET orders/_search
        {
          "size": 0,
          "aggs": { "country": { "terms": { "field": "country", "size": 5 } } }
        }"#]],
    );
    check(
        "SELECT country FROM orders GROUP BY country ORDER BY sum(total) DESC LIMIT 1",
        &expect![[r#"
        GET orders/_search
        {
          "size": 0,
          "aggs": {
            "country": {
              "terms": { "field": "country", "size": 1, "order": { "sum_total": "desc" } },
              "meta": { "columns": ["country"] },
              "aggs": { "sum_total": { "sum": { "field": "total" } } }
            }
          }
        }"#]],
    );
    check(
        "SELECT title, avg(total) FROM orders GROUP BY title HAVING count(*) > 3",
        &expect![[r#"
        GET orders/_search
        {
          "size": 0,
          "aggs": {
            "title": {
              "terms": { "field": "title.keyword", "size": 10000, "min_doc_count": 4 },
              "aggs": { "avg_total": { "avg": { "field": "total" } } }
            }
          }
        }"#]],
    );
    check(
        "SELECT \"customer.name\", count(*) FROM orders GROUP BY \"customer.name\"",
        &expect![[r#"
        GET orders/_search
        {
          "size": 0,
          "aggs": {
            "groups": {
              "composite": {
                "size": 1000,
                "sources": [
                  { "customer.name": { "terms": { "field": "customer.name", "missing_bucket": true } } }
                ]
              }
            }
          }
        }"#]],
    );
    check(
        "SELECT country, paid, sum(total) FROM orders GROUP BY country, paid ORDER BY country",
        &expect![[r#"
        GET orders/_search
        {
          "size": 0,
          "aggs": {
            "groups": {
              "composite": {
                "size": 1000,
                "sources": [
                  { "country": { "terms": { "field": "country" } } },
                  { "paid": { "terms": { "field": "paid" } } }
                ]
              },
              "aggs": { "sum_total": { "sum": { "field": "total" } } }
            }
          }
        }"#]],
    );
    check(
        "SELECT country, paid FROM orders GROUP BY country, paid ORDER BY count(*) DESC, paid",
        &expect![[r#"
        GET orders/_search
        {
          "size": 0,
          "aggs": {
            "paid, country": {
              "multi_terms": {
                "terms": [{ "field": "paid" }, { "field": "country" }],
                "size": 10000,
                "order": [{ "_count": "desc" }, { "_key": "asc" }]
              },
              "meta": { "columns": ["country", "paid"] }
            }
          }
        }"#]],
    );
    check(
        "SELECT DISTINCT country FROM orders",
        &expect![[r#"
        GET orders/_search
        {
          "size": 0,
          "aggs": {
            "country": {
              "terms": { "field": "country", "size": 10000 },
              "meta": { "columns": ["country"] }
            }
          }
        }"#]],
    );
}

#[test]
fn steps_of_time() {
    check(
        "SELECT strftime('%Y-%m', placed), sum(total) FROM orders GROUP BY 1 ORDER BY 1",
        &expect![[r#"
            GET orders/_search
            {
              "size": 0,
              "aggs": {
                "month": {
                  "date_histogram": {
                    "field": "placed",
                    "calendar_interval": "month",
                    "format": "yyyy-MM",
                    "min_doc_count": 1
                  },
                  "aggs": { "sum_total": { "sum": { "field": "total" } } }
                }
              }
            }"#]],
    );
    check(
        "SELECT strftime('%Y', placed), count(*) FROM orders GROUP BY 1 ORDER BY count(*) DESC LIMIT 1",
        &expect![[r#"
            GET orders/_search
            {
              "size": 0,
              "aggs": {
                "year": {
                  "date_histogram": {
                    "field": "placed",
                    "calendar_interval": "year",
                    "format": "yyyy",
                    "min_doc_count": 1,
                    "order": { "_count": "desc" }
                  },
                  "aggs": { "first": { "bucket_sort": { "size": 1 } } }
                }
              }
            }"#]],
    );
    check(
        "SELECT strftime('%Y', placed), country, count(*) FROM orders GROUP BY 1, 2",
        &expect![[r#"
        GET orders/_search
        {
          "size": 0,
          "aggs": {
            "groups": {
              "composite": {
                "size": 1000,
                "sources": [
                  {
                    "year": {
                      "date_histogram": {
                        "field": "placed",
                        "calendar_interval": "year",
                        "format": "yyyy"
                      }
                    }
                  },
                  { "country": { "terms": { "field": "country" } } }
                ]
              }
            }
          }
        }"#]],
    );
}

#[test]
fn what_cannot_be_said() {
    refused("SELECT page FROM visits JOIN orders ON visits.order_id = orders.id", "does not join indices");
    refused("SELECT country FROM orders GROUP BY country HAVING sum(total) > 3", "script");
    refused("SELECT max(total) - min(total) FROM orders", "script");
    refused("SELECT id FROM orders WHERE total > (SELECT avg(total) FROM orders)", "compute first");
    refused("SELECT country FROM orders UNION SELECT page FROM visits", "combine");
    refused("SELECT id FROM orders WHERE note = 'x'", "analysed");
    refused("SELECT max(country) FROM orders", "no numbers");
    refused("SELECT id FROM orders WHERE id NOT IN (SELECT order_id FROM visits)", "in another");
    refused("SELECT id FROM orders LIMIT 0", "at least one");
}
