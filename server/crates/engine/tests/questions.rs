//! What the engine answers, one question a capability, over a small shop; and what it must never do.

use std::{fmt::Write as _, sync::Arc};

use chrono::NaiveDate;
use expect_test::expect_file;
use nlq_catalog::{
    Annotations, Catalog, Column, Dialect, ForeignKey, Metric, Table, TableAnnotation, Term, TypeKind, ValueSample,
};
use nlq_engine::{Answer, BoundaryType, Engine, Outcome, Question, SchemaIndex, Settings};
use proptest::prelude::*;

fn column(name: &str, kind: TypeKind) -> Column {
    Column { name: name.to_owned(), kind, ..Column::default() }
}

fn held(name: &str, values: &[&str]) -> Column {
    let mut values: Vec<String> = values.iter().map(|v| (*v).to_owned()).collect();
    values.sort();
    Column { values: Some(ValueSample { values, complete: true }), ..column(name, TypeKind::Text) }
}

fn table(name: &str, columns: Vec<Column>, references: &[(&str, &str)]) -> Table {
    Table {
        name: name.to_owned(),
        primary_key: vec![columns[0].name.clone()],
        columns,
        foreign_keys: references
            .iter()
            .map(|(from, to)| ForeignKey {
                columns: vec![(*from).to_owned()],
                to_schema: None,
                to_table: (*to).to_owned(),
                to_columns: vec!["id".to_owned()],
            })
            .collect(),
        ..Table::default()
    }
}

fn shop(dialect: Dialect) -> SchemaIndex {
    use TypeKind::{Date, Decimal, Integer, Text};
    let tables = vec![
        table(
            "customers",
            vec![
                column("id", Integer),
                held("name", &["Ada Lovelace", "Grace Hopper"]),
                held("country", &["Germany", "France", "Japan"]),
                column("age", Integer),
                column("email", Text),
            ],
            &[],
        ),
        table(
            "order_items",
            vec![
                column("id", Integer),
                column("order_id", Integer),
                column("product_id", Integer),
                column("quantity", Integer),
            ],
            &[("order_id", "orders"), ("product_id", "products")],
        ),
        table(
            "orders",
            vec![
                column("id", Integer),
                column("customer_id", Integer),
                column("placed_at", Date),
                held("status", &["paid", "cancelled", "pending"]),
                column("total_amount", Decimal),
            ],
            &[("customer_id", "customers")],
        ),
        table(
            "products",
            vec![
                column("id", Integer),
                held("title", &["Red Kettle", "Blue Mug"]),
                column("price", Decimal),
                held("category", &["Kitchen", "Garden"]),
                column("in_stock", TypeKind::Boolean),
            ],
            &[],
        ),
    ];
    let catalog = Catalog { dialect, tables, ..Catalog::default() };
    let mut annotations = Annotations::default();
    annotations.tables.insert(
        "customers".to_owned(),
        TableAnnotation { business_terms: vec!["buyers".to_owned()], ..TableAnnotation::default() },
    );
    annotations.terms.push(Term {
        name: "big order".to_owned(),
        table: "orders".to_owned(),
        condition: "total_amount > 1000".to_owned(),
        ..Term::default()
    });
    annotations.metrics.push(Metric {
        name: "revenue".to_owned(),
        table: "orders".to_owned(),
        expression: "sum(total_amount)".to_owned(),
        ..Metric::default()
    });
    SchemaIndex::new(Arc::new(catalog), Arc::new(annotations))
}

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 5, 15).expect("a day")
}

fn ask(text: &str, index: &SchemaIndex) -> Answer {
    Engine::new(Settings::default()).answer(Question { text, earlier: &[], replies: &[], today: today() }, index)
}

/// The best reading's query, also when the engine asks back.
fn query(answer: &Answer) -> &str {
    match &answer.outcome {
        Outcome::Query { sql, .. } => sql,
        Outcome::Clarification(asked) => &asked.options[0].sql,
        Outcome::Abstention { reason } => reason,
    }
}

const QUESTIONS: &[&str] = &[
    "list all customers",
    "names and emails of customers",
    "how many orders are there?",
    "how many different countries do customers come from?",
    "customers from Germany",
    "what is the average age of customers?",
    "total amount of paid orders",
    "maximum and minimum price of products",
    "number of orders for each customer",
    "average price for each category",
    "which customer has the most orders?",
    "the youngest customer",
    "top 3 products by price",
    "the 5 most expensive products",
    "what is the most common category?",
    "names of customers older than 30",
    "products with price between 10 and 20",
    "customers who have no orders",
    "orders that are not paid",
    "customers with at least 3 orders",
    "customers from Germany or France",
    "products whose price is above the average price",
    "products whose title contains 'Kettle'",
    "customers whose name starts with 'A'",
    "orders placed in Q2 2023",
    "orders placed last month",
    "orders since March 2024",
    "number of orders per month",
    "revenue per country",
    "revenue in 2023",
    "how many big orders are there?",
    "emails of buyers from Japan",
    "titles of products ordered by customers from Germany",
    "list product titles in descending order of price",
    "customers whose email is missing",
    "revenue per month in 2023",
    "top 5 customers by revenue",
    "number of customers per country, highest first",
    "products, cheapest first",
    "average price per category, best first",
    "newest orders first",
    "oldest order",
    "orders with their customers",
    "orders per customer",
    "how many big orders per country",
    "revenue by country last year",
    "average total amount by country",
    "number of orders by customer",
    "orders over 500",
    "products in stock",
    "products that are not in stock",
    "orders in the past 30 days, inclusive of today",
    "orders in the last 2 weeks (excluding the current week)",
    "countries by number of customers: top 2 countries and their number of customers",
    "customer id and name of customers who have no orders",
    "which country has the most orders?",
    "customers from Germany and their age",
    "orders over two thousand",
    "products that have 'Kettle' in their title",
    "order count per customer",
    "top 3 best selling products by total quantity",
    "monthly average total amount of orders",
    "products with the highest price, ordered from highest to lowest",
    "ratio of orders to customers",
    "ratio of the price of 'Red Kettle' to the price of 'Blue Mug'",
    "ratio of orders to customers per country",
];

#[test]
fn prefixes_are_not_said_and_keys_need_no_declaration() {
    use TypeKind::{Decimal, Text};
    let columns = |names: &[&str]| names.iter().map(|name| column(name, Text)).collect::<Vec<_>>();
    let mut payments = table("zzPayment", columns(&["zzPyId", "zzPyCustId", "zzPyType"]), &[]);
    payments.columns.push(column("zzPyFee", Decimal));
    let tables = vec![
        table("zzCustomer", columns(&["zzCustId", "zzCustName", "zzCustTown"]), &[]),
        payments,
        table("zzTicket", columns(&["zzTicketId", "zzTicketState", "zzTicketText"]), &[]),
    ];
    let index = SchemaIndex::new(Arc::new(Catalog { tables, ..Catalog::default() }), Arc::default());
    for (text, parts) in [
        ("average fee per payment type", ["avg(zzPyFee)", "GROUP BY zzPyType"]),
        ("names of customers from the town Ulm", ["SELECT zzCustName", "zzCustTown = 'Ulm'"]),
        ("number of payments per customer name", ["zzCustName", ".zzCustId = zp.zzPyCustId"]),
    ] {
        let answer = ask(text, &index);
        assert!(parts.iter().all(|part| query(&answer).contains(part)), "{text}: {}", query(&answer));
    }
}

#[test]
fn one_question_a_capability() {
    let mut out = String::new();
    let (sqlite, postgres) = (shop(Dialect::Sqlite), shop(Dialect::Postgresql));
    for text in QUESTIONS {
        let (a, b) = (ask(text, &sqlite), ask(text, &postgres));
        let _ = writeln!(out, "# {text}\n{}", query(&a));
        if query(&a) != query(&b) {
            let _ = writeln!(out, "-- PostgreSQL\n{}", query(&b));
        }
        if let Outcome::Query { description, .. } = &a.outcome {
            let _ = writeln!(out, "-- {description}");
        }
        out.push('\n');
    }
    expect_file!["./snapshots/questions.txt"].assert_eq(&out);
}

#[test]
fn the_same_question_gives_the_same_bytes() {
    for text in QUESTIONS {
        let render = || {
            let mut answer = ask(text, &shop(Dialect::Sqlite));
            // Time taken is the one thing that may differ.
            answer.reasoning.stages.iter_mut().for_each(|stage| stage.micros = 0);
            serde_json::to_string(&answer).expect("plain data")
        };
        assert_eq!(render(), render(), "{text}");
    }
}

#[test]
fn what_is_not_in_the_schema_is_a_boundary() {
    let index = shop(Dialect::Sqlite);
    let nothing = ask("the weather tomorrow morning in the mountains", &index);
    assert!(matches!(nothing.outcome, Outcome::Abstention { .. }), "{:?}", nothing.outcome);
    assert!(!nothing.boundaries.is_empty());
    let text = "average custmers age by zodiac";
    let partly = ask(text, &index);
    let words: Vec<&str> = partly
        .boundaries
        .iter()
        .filter(|b| b.boundary_type == BoundaryType::UnknownEntity)
        .map(|b| b.span.of(text))
        .collect();
    assert_eq!(words, ["custmers", "zodiac"]);
    assert_eq!(partly.boundaries[0].suggestions[0], "Did you mean customers?");
    assert!(partly.confidence < 0.6, "{}", partly.confidence);
    assert!(matches!(ask("", &index).outcome, Outcome::Abstention { .. }));
}

#[test]
fn tables_that_nothing_joins_are_a_missing_relationship() {
    let catalog = Catalog {
        tables: vec![
            table("planets", vec![column("id", TypeKind::Integer), column("mass", TypeKind::Float)], &[]),
            table("recipes", vec![column("id", TypeKind::Integer), column("taste", TypeKind::Text)], &[]),
        ],
        ..Catalog::default()
    };
    let index = SchemaIndex::new(Arc::new(catalog), Arc::default());
    let answer = ask("mass of planets and taste of recipes", &index);
    assert!(matches!(answer.outcome, Outcome::Abstention { .. }), "{:?}", answer.outcome);
    assert_eq!(answer.boundaries[0].boundary_type, BoundaryType::MissingRelationship);
}

#[test]
fn follow_ups_and_replies_change_the_reading() {
    let index = shop(Dialect::Sqlite);
    let engine = Engine::new(Settings::default());
    let follow = |text: &str, earlier: &[&str]| {
        let answer = engine.answer(Question { text, earlier, replies: &[], today: today() }, &index);
        query(&answer).to_owned()
    };
    let refined = follow("now only for Germany", &["number of orders per customer"]);
    assert!(refined.contains("'Germany'") && refined.contains("count(*)"), "{refined}");
    let moved = follow("and in 2022?", &["how many orders were placed in 2021?"]);
    assert!(moved.contains("2022-01-01") && !moved.contains("2021-"), "{moved}");
    let plain = ask("orders", &index);
    let other = &plain.alternatives[0];
    let pinned = engine
        .answer(Question { text: "orders", earlier: &[], replies: &[&other.description], today: today() }, &index);
    assert_eq!(query(&pinned), other.sql);
}

#[test]
fn an_option_picked_is_the_query_that_it_promised() {
    let engine = Engine::new(Settings { clarification_threshold: 0.97, ..Settings::default() });
    let index = shop(Dialect::Sqlite);
    let mut options = 0;
    for text in QUESTIONS.iter().copied().chain(["id", "total per customer", "quantity or price", "customers in 2023"])
    {
        let answer = |replies: &[&str]| engine.answer(Question { text, earlier: &[], replies, today: today() }, &index);
        let Outcome::Clarification(asked) = answer(&[]).outcome else { continue };
        assert!((2..=4).contains(&asked.options.len()), "{text}: {asked:?}");
        for option in &asked.options {
            options += 1;
            let picked = answer(&[&option.label]);
            let Outcome::Query { sql, .. } = &picked.outcome else { panic!("{text}: {} is asked again", option.label) };
            assert_eq!(*sql, option.sql, "{text}: {}", option.label);
        }
        let mut labels: Vec<&str> = asked.options.iter().map(|o| o.label.as_str()).collect();
        labels.dedup();
        assert_eq!(labels.len(), asked.options.len(), "{text}");
    }
    assert!(options >= 6, "{options}");
}

#[test]
fn a_date_that_may_be_two_is_asked_for_by_name() {
    let mut orders = table(
        "orders",
        vec![
            column("id", TypeKind::Integer),
            column("packed_on", TypeKind::Date),
            column("picked_on", TypeKind::Date),
            column("total", TypeKind::Decimal),
        ],
        &[],
    );
    orders.primary_key = vec!["id".to_owned()];
    let index = SchemaIndex::new(Arc::new(Catalog { tables: vec![orders], ..Catalog::default() }), Arc::default());
    let named = ask("total of orders picked in 2023", &index);
    assert!(query(&named).contains("picked_on >= '2023-01-01'"), "{}", query(&named));
    let first = ask("how many orders in 2023?", &index);
    assert!(query(&first).contains("packed_on"), "{}", query(&first));
}

#[test]
fn a_guess_is_offered_and_not_given() {
    let index = shop(Dialect::Sqlite);
    for text in ["products between 10 and 20", "zorblax of the quirky customers by frob"] {
        let answer = ask(text, &index);
        let given = matches!(answer.outcome, Outcome::Query { .. });
        assert!(!given || answer.confidence >= 0.2, "{text}: {:?}", answer.outcome);
    }
    // The column's own words are not a second aggregate.
    assert_eq!(query(&ask("average total amount of orders", &index)).matches('(').count(), 1);
}

#[test]
fn nothing_is_offered_for_a_change() {
    let index = shop(Dialect::Postgresql);
    for text in
        ["delete all orders", "please drop table customers", "Update customers set age to 3", "add a column to orders"]
    {
        let answer = ask(text, &index);
        assert!(matches!(answer.outcome, Outcome::Abstention { .. }), "{text}: {:?}", answer.outcome);
        assert!(answer.alternatives.is_empty());
        assert_eq!(answer.boundaries[0].boundary_type, BoundaryType::ComplexImplementation);
        assert!(answer.boundaries[0].suggestions[0].contains("show "), "{:?}", answer.boundaries);
    }
    assert!(matches!(ask("list deleted orders", &index).outcome, Outcome::Query { .. } | Outcome::Clarification(_)));
}

#[test]
fn a_very_long_text_is_read_within_bounds() {
    let text = "customers and orders from Germany ".repeat(4000);
    let answer = ask(&text, &shop(Dialect::Sqlite));
    assert!(answer.boundaries.iter().any(|b| b.boundary_type == BoundaryType::ComplexImplementation));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}", words in proptest::collection::vec(0usize..24, 0..14)) {
        const WORDS: [&str; 24] = [
            "customers", "orders", "most", "each", "not", "without", "at least", "3", "2023", "average", "both", "or",
            "price", "'x'", "more than", "number of", "sorted by", "top", "whose", "Germany", "between", "last", "𝔘𝔫𝔦", "name",
        ];
        let index = shop(Dialect::Postgresql);
        let built: Vec<&str> = words.iter().map(|w| WORDS[*w]).collect();
        for text in [text.as_str(), built.join(" ").as_str()] {
            let answer = ask(text, &index);
            for link in &answer.links {
                prop_assert!(text.get(link.span.start..link.span.end).is_some());
            }
        }
    }
}
