use std::sync::Arc;

use chrono::NaiveDate;
use nlq_catalog::{Catalog, Column, ColumnId, ForeignKey, Table, TableId, TypeKind, ValueSample};
use nlq_query::plan::{Aggregate, Comparison, Expr, Item, Literal, OrderKey, Plan, Predicate, SetOperation};

use super::{
    evidence::{Evidence, MentionKind},
    phrases::phrases,
    sketch::{Level, Part, Sketch, Value},
    structure::Structure,
    trees::Trees,
    values::assign,
};
use crate::{
    SchemaIndex,
    linker::{Chunk, link},
    time::Clock,
    words::{Token, tokenize},
};

fn school() -> SchemaIndex {
    let column = |name: &str, kind| Column { name: name.to_owned(), kind, ..Column::default() };
    let held = |name: &str, values: &[&str]| Column {
        values: Some(ValueSample { values: values.iter().map(|v| (*v).to_owned()).collect(), complete: true }),
        ..column(name, TypeKind::Text)
    };
    let table = |name: &str, columns: Vec<Column>, references: &[(&str, &str)]| Table {
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
    };
    let tables = vec![
        table(
            "pupil",
            vec![
                column("id", TypeKind::Integer),
                held("name", &["Ada", "Grace"]),
                column("age", TypeKind::Integer),
                held("city", &["Bonn", "Oslo"]),
                column("teacher_id", TypeKind::Integer),
            ],
            &[("teacher_id", "teacher")],
        ),
        table("teacher", vec![column("id", TypeKind::Integer), held("name", &["Emmy"])], &[]),
    ];
    SchemaIndex::new(Arc::new(Catalog { tables, ..Catalog::default() }), Arc::default())
}

const AGE: ColumnId = ColumnId { table: TableId(0), column: 2 };
const CITY: ColumnId = ColumnId { table: TableId(0), column: 3 };
const NAME: ColumnId = ColumnId { table: TableId(0), column: 1 };
const TEACHER: ColumnId = ColumnId { table: TableId(1), column: 1 };

fn words(text: &str, index: &SchemaIndex) -> (Vec<Token>, Vec<Chunk>) {
    let today = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let (tokens, _) = tokenize(text);
    let chunks = link(text, &tokens, index, Clock { today, fiscal_start: 1 });
    (tokens, chunks)
}

fn item(expr: Expr) -> Item {
    Item { expr, alias: None }
}

fn equal(id: ColumnId, value: &str) -> Predicate {
    Predicate::Compare {
        left: Expr::Column(id),
        op: Comparison::Equal,
        right: Expr::Literal(Literal::Text(value.to_owned())),
    }
}

fn average(id: ColumnId) -> Expr {
    Expr::Aggregate { function: Aggregate::Avg, distinct: false, argument: Some(Box::new(Expr::Column(id))) }
}

#[test]
fn a_plan_is_its_sketch_filled_again() {
    let inner = Plan { select: vec![item(average(AGE))], ..Plan::default() };
    let second = Plan { select: vec![item(Expr::Column(NAME))], filter: Some(equal(CITY, "Bonn")), ..Plan::default() };
    let plan = Plan {
        distinct: true,
        select: vec![item(Expr::Column(NAME)), item(average(AGE))],
        filter: Predicate::all(vec![
            Predicate::Or(vec![equal(CITY, "Bonn"), equal(CITY, "Oslo")]),
            Predicate::Compare { left: Expr::Column(AGE), op: Comparison::Greater, right: Expr::Plan(Box::new(inner)) },
        ]),
        group: vec![Expr::Column(TEACHER)],
        having: Some(Predicate::Between {
            expr: average(AGE),
            low: Literal::Number("1".to_owned()),
            high: Literal::Number("2".to_owned()),
        }),
        order: vec![OrderKey { expr: average(AGE), descending: true }],
        limit: Some(3),
        set: Some(Box::new((SetOperation::Except, second))),
        ..Plan::default()
    };
    let (sketch, filling) = Sketch::of(&plan).unwrap();
    assert_eq!(sketch.plan(&filling, None, &[], &|_| TypeKind::Text).unwrap(), plan);
    let text = serde_json::to_string(&sketch).unwrap();
    assert_eq!(serde_json::from_str::<Sketch>(&text).unwrap(), sketch, "weights keep sketches as JSON");
    let slots = sketch.slots();
    assert_eq!(slots.len(), filling.columns.len());
    assert_eq!((slots[4].part, slots[5].level), (Part::Of, Level::Of));
}

#[test]
fn a_plan_with_parts_that_no_sketch_knows_has_none() {
    let minus = Expr::Minus(Box::new(Expr::Column(AGE)), Box::new(Expr::Column(AGE)));
    assert!(Sketch::of(&Plan { select: vec![item(minus)], ..Plan::default() }).is_none());
}

#[test]
fn names_and_values_are_found_where_they_stand() {
    let index = school();
    let (tokens, chunks) = words("Average age of pupils in Oslo older than 7", &index);
    let evidence = Evidence::new(&tokens, &chunks, &index);
    assert_eq!((evidence.of(AGE).kind, evidence.of(AGE).at()), (6, Some(1)));
    assert_eq!(evidence.of_table(TableId(0)).at(), Some(3));
    assert_eq!(evidence.of_table(TableId(1)).kind, 0);
    assert_eq!(evidence.held(CITY), [0]);
    let kinds: Vec<_> = evidence.mentions.iter().map(|m| (m.kind, m.text.as_str())).collect();
    assert_eq!(kinds, [(MentionKind::Known, "Oslo"), (MentionKind::Number, "7")]);
    assert_eq!(evidence.masked, ["averag", "<coln>", "of", "<tab>", "in", "<val>", "older", "than", "<num>"]);
}

#[test]
fn the_same_question_about_other_things_has_the_same_masked_phrases() {
    let index = school();
    let of = |text: &str| {
        let (tokens, chunks) = words(text, &index);
        phrases(&Evidence::new(&tokens, &chunks, &index))
    };
    let (a, b, c) = (of("names of pupils in Oslo"), of("names of pupils in Bonn"), of("how old is each teacher"));
    let shared = |x: &[u32], y: &[u32]| x.iter().filter(|p| y.contains(p)).count() as f32 / x.len() as f32;
    assert!(shared(&a, &b) > 0.8 && shared(&a, &c) < 0.3);
}

#[test]
fn tests_take_the_values_that_fit_them() {
    let index = school();
    let (tokens, chunks) = words("pupils older than 7 who live in Oslo", &index);
    let evidence = Evidence::new(&tokens, &chunks, &index);
    let number = Expr::Literal(Literal::Number("0".to_owned()));
    let older = Predicate::Compare { left: Expr::Column(AGE), op: Comparison::Greater, right: number };
    let plan = Plan {
        select: vec![item(Expr::Column(NAME))],
        filter: Predicate::all(vec![equal(CITY, ""), older]),
        ..Plan::default()
    };
    let (sketch, filling) = Sketch::of(&plan).unwrap();
    let assigned = assign(&sketch, &filling.columns, &evidence).unwrap();
    let taken = [Literal::Text("Oslo".to_owned()), Literal::Number("7".to_owned())].map(Value::Literal);
    assert_eq!((assigned.filling.values.as_slice(), assigned.known, assigned.unknown), (taken.as_slice(), 1, 0));

    let (tokens, chunks) = words("names of pupils", &index);
    let evidence = Evidence::new(&tokens, &chunks, &index);
    assert!(assign(&sketch, &filling.columns, &evidence).is_none(), "there is nothing to compare with");
}

/// One tree: `row[1] <= 2` ? -1 : (`row[0] <= 5` ? 10 : 20).
fn tree() -> Vec<u8> {
    let mut bytes = 1u32.to_le_bytes().to_vec();
    bytes.extend(2u16.to_le_bytes());
    for (feature, threshold, left, right) in [(1u16, 2f32, !0i16, 1i16), (0, 5.0, !1, !2)] {
        bytes.extend(feature.to_le_bytes());
        bytes.extend(threshold.to_le_bytes());
        bytes.extend(left.to_le_bytes());
        bytes.extend(right.to_le_bytes());
    }
    bytes.extend([-1f32, 10.0, 20.0].iter().flat_map(|leaf| leaf.to_le_bytes()));
    bytes
}

#[test]
fn a_tree_is_walked_to_its_leaf() {
    let trees = Trees::read(&tree(), 2).unwrap();
    assert_eq!([[9.0, 2.0], [5.0, 3.0], [6.0, 3.0]].map(|row| trees.score(&row)), [-1.0, 10.0, 20.0]);
}

#[test]
fn bytes_that_are_no_trees_are_refused() {
    let bytes = tree();
    assert!(Trees::read(&bytes[..bytes.len() - 1], 2).is_none(), "cut");
    assert!(Trees::read(&bytes, 1).is_none(), "a feature that does not exist");
    let mut turning = bytes;
    turning[12] = 0; // The first node's left child is the node itself.
    turning[13] = 0;
    assert!(Trees::read(&turning, 2).is_none(), "a walk without end");
}

#[test]
fn shapes_are_ranked_by_the_phrases_of_the_question() {
    let sketch = |select: &str| format!("{{\"select\":[\"{select}\"]}}");
    let head = format!(
        "{{\"rank\":1,\"scale\":0.5,\"phrases\":2,\"elements\":[\"shows c\",\"shows count\"],\"sketches\":[{},{}]}}\n",
        sketch("Column"),
        sketch("Count")
    );
    let mut bytes = head.into_bytes();
    bytes.extend([7u32, 9].iter().flat_map(|phrase| phrase.to_le_bytes()));
    bytes.extend([4i8 as u8, (-4i8) as u8]);
    bytes.extend([1f32, 0.1, -1.0, 0.0].iter().flat_map(|x| x.to_le_bytes()));
    let structure = Structure::read(&bytes).unwrap();
    let ranked = |phrases: &[u32]| structure.shapes(phrases).ranked;
    assert_eq!(ranked(&[7])[0].0, 0);
    assert_eq!(ranked(&[9])[0].0, 1);
    let sure: f32 = ranked(&[9]).iter().map(|(_, p)| p.exp()).sum();
    assert!((sure - 1.0).abs() < 1e-5);
    assert!(Structure::read(&bytes[..bytes.len() - 1]).is_none());
}
