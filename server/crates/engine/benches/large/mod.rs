//! A schema of 100 tables and questions of every shape about it: what benchmarks of speed ask.

use nlq_catalog::{Catalog, Column, ForeignKey, Table, TypeKind, ValueSample};

const FIRST: [&str; 10] =
    ["store", "staff", "web", "field", "partner", "regional", "legacy", "service", "project", "vendor"];
const SECOND: [&str; 10] =
    ["customer", "order", "invoice", "product", "visit", "ticket", "shipment", "contract", "payment", "account"];

/// 100 tables of 14 columns, each referring to two others.
pub(crate) fn schema() -> Catalog {
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

/// 300 questions.
pub(crate) fn questions() -> Vec<String> {
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
