//! How long an answer takes over a schema of 100 tables, without execution: percentiles over questions of every shape.
//! `cargo bench -p nlq-engine`.

use std::{sync::Arc, time::Instant};

use chrono::NaiveDate;
use nlq_catalog::{Catalog, Column, ForeignKey, Table, TypeKind, ValueSample};
use nlq_engine::{Engine, Question, SchemaIndex, Settings};

const FIRST: [&str; 10] =
    ["store", "staff", "web", "field", "partner", "regional", "legacy", "service", "project", "vendor"];
const SECOND: [&str; 10] =
    ["customer", "order", "invoice", "product", "visit", "ticket", "shipment", "contract", "payment", "account"];

/// 100 tables of 14 columns, each referring to two others.
fn schema() -> Catalog {
    let names: Vec<String> =
        FIRST.iter().flat_map(|first| SECOND.iter().map(move |second| format!("{first}_{second}"))).collect();
    let column = |name: &str, kind| Column { name: name.to_owned(), kind, ..Column::default() };
    let held = |name: &str, values: Vec<String>| Column {
        values: Some(ValueSample { values, complete: true }),
        ..column(name, TypeKind::Text)
    };
    let list = |prefix: &str, count: usize| (0..count).map(|n| format!("{prefix} {n}")).collect::<Vec<_>>();
    let table = |at: usize, name: &String| {
        let others = [(at * 7 + 3) % names.len(), (at * 13 + 11) % names.len()];
        let mut columns = vec![column("id", TypeKind::Integer), held("name", list(name, 200))];
        columns.extend(others.iter().map(|other| column(&format!("{}_id", names[*other]), TypeKind::Integer)));
        columns.push(held("status", ["open", "closed", "late"].map(str::to_owned).to_vec()));
        columns.push(held("city", ["Berlin", "Paris", "Oslo", "Rome", "Lyon"].map(str::to_owned).to_vec()));
        columns.push(held("category", list("category", 40)));
        columns.extend(["total_amount", "unit_price", "discount"].map(|name| column(name, TypeKind::Decimal)));
        columns.extend(["created_at", "closed_on"].map(|name| column(name, TypeKind::Date)));
        columns.extend(["quantity", "age"].map(|name| column(name, TypeKind::Integer)));
        Table {
            name: name.clone(),
            columns,
            primary_key: vec!["id".to_owned()],
            foreign_keys: others
                .iter()
                .map(|other| ForeignKey {
                    columns: vec![format!("{}_id", names[*other])],
                    to_schema: None,
                    to_table: names[*other].clone(),
                    to_columns: vec!["id".to_owned()],
                })
                .collect(),
            ..Table::default()
        }
    };
    Catalog { tables: names.iter().enumerate().map(|(at, name)| table(at, name)).collect(), ..Catalog::default() }
}

fn questions() -> Vec<String> {
    let shapes = [
        "How many {t} are there?",
        "What are the names and cities of all {t} that are open?",
        "total amount of {t} per category in 2023",
        "Which {u} has the most {t}?",
        "List the name of each {u} and the number of {t} it has, most first.",
        "top 5 {t} by unit price",
        "{t} in Berlin or Paris with a quantity over 20",
        "What is the average discount of {t} whose status is not closed?",
        "Find the {u} names without any {t}.",
        "Show the names of {t} whose total amount is above the average total amount of {t} in Oslo.",
        "Which cities have both {t} with status open and {t} with status late?",
        "For each {u} category, what is the highest unit price of its {t} created since March 2024?",
    ];
    let plural = |at: usize| format!("{} {}s", FIRST[at % 10], SECOND[at / 10 % 10]);
    let ask = |(at, shape): (usize, &&str)| shape.replace("{t}", &plural(at * 7)).replace("{u}", &plural(at * 31 + 5));
    (0..25)
        .flat_map(|round| shapes.iter().enumerate().map(move |(at, s)| (at + round * shapes.len(), s)))
        .map(ask)
        .collect()
}

fn main() {
    let begun = Instant::now();
    let index = SchemaIndex::new(Arc::new(schema()), Arc::default());
    println!(
        "schema of {} tables prepared in {:.1} ms",
        index.catalog().tables.len(),
        begun.elapsed().as_secs_f64() * 1e3
    );
    let engine = Engine::new(Settings::default());
    let today = NaiveDate::from_ymd_opt(2024, 6, 1).expect("a day");
    let time = |text: &str| {
        let begun = Instant::now();
        std::hint::black_box(engine.answer(Question { text, earlier: &[], replies: &[], today }, &index));
        begun.elapsed().as_secs_f64() * 1e3
    };
    println!("first question, weights read: {:.1} ms", time("how many store orders are there?"));
    let mut times: Vec<f64> = questions().iter().map(|text| time(text)).collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[(times.len() as f64 * share) as usize];
    println!("{} questions: p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms", times.len(), at(0.5), at(0.95), at(0.99));
}
