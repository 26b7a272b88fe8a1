//! `nlq explain`: the whole way from a question to its answer.

use crate::cli_support::Sandbox;

/// Where each of `parts` stands, which must be in this order.
#[track_caller]
fn in_order(text: &str, parts: &[&str]) {
    let mut from = 0;
    for part in parts {
        let found = text[from..].find(part).unwrap_or_else(|| panic!("no {part:?} after byte {from} of:\n{text}"));
        from += found + part.len();
    }
}

#[test]
fn the_whole_way_is_printed() {
    let sandbox = Sandbox::shop();
    // Whether nlq answers this one or asks back is the engine's to say.
    let ran = sandbox.nlq(&["explain", "number of orders per country"]);
    in_order(
        &ran.stdout,
        &[
            "Question\n  number of orders per country\n  ",
            "orders     table      orders",
            "DirectTableMatchStrategy",
            "country    column     customers.country",
            "Joins\n  orders.customer_id = customers.id: declared by a foreign key",
            "SELECT",
            "Confidence",
            "How it came about",
            "Intent Analysis",
            "Entity Recognition",
            "Relationship Discovery",
            "Attribute Processing",
            "SQL Generation",
        ],
    );
    assert!(!ran.stdout.contains('\x1b'), "{ran:#?}");
    let sure = sandbox.ok(&["explain", "how many orders are there", "--color", "always"]);
    assert!(sure.stdout.contains('\x1b'), "{sure:#?}");
    let sure = sandbox.ok(&["explain", "how many orders are there"]);
    in_order(&sure.stdout, &["In words\n", "Joins\n  none", "Query\n  SELECT", "shop/dev accepts it", "Validation"]);
}

#[test]
fn every_link_is_underlined_where_it_stands() {
    let sandbox = Sandbox::shop();
    let ran = sandbox.nlq(&["explain", "number of orders\nfrom Gërmany for wombats", "--offline"]);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let (question, marks) = (lines[1], lines[2]);
    assert_eq!(question, "  number of orders from Gërmany for wombats");
    let below = |word: &str| {
        let start = question.find(word).map(|at| question[..at].chars().count()).expect("the word");
        marks.chars().skip(start).take(word.chars().count()).collect::<String>()
    };
    assert_eq!((below("orders").as_str(), below("wombats").as_str()), ("──────", "???????"));
    in_order(&ran.stdout, &["wombats    unknown", "nothing explains it", "unknown entity \"wombats\""]);
}

#[test]
fn other_readings_say_how_they_differ_and_why_they_lost() {
    let sandbox = Sandbox::shop();
    let json = sandbox.nlq(&["explain", "number of orders per country", "--json"]).json();
    let alternatives = json["alternatives"].as_array().expect("alternatives");
    assert!(!alternatives.is_empty(), "{json:#}");
    for other in alternatives {
        for part in ["sql", "description", "lost_because"] {
            assert!(other[part].as_str().is_some_and(|text| !text.is_empty()), "no {part} in {other:#}");
        }
    }
    let told = sandbox.nlq(&["explain", "number of orders per country"]).stdout;
    in_order(&told, &["Other readings, and why they lost", "1. ", "lost: ", "SELECT"]);
}

#[test]
fn json_has_the_words_the_joins_and_the_stream() {
    let sandbox = Sandbox::shop();
    let json = sandbox.nlq(&["explain", "number of orders per country", "--json", "--offline"]).json();
    assert_eq!(json["joins"][0]["on"], "orders.customer_id = customers.id", "{json:#}");
    assert_eq!(json["joins"][0]["strategy"], "DirectForeignKeyStrategy");
    assert_eq!(json["joins_tied"], false);
    let words = json["words"].as_array().expect("words");
    let country = words.iter().find(|word| word["text"] == "country").expect("the word");
    assert_eq!((&country["kind"], &country["stands_for"]), (&"column".into(), &"customers.country".into()));
    assert_eq!(country["strategy"], "DirectColumnMatchStrategy");
    assert_eq!(country["span"]["start"], 21);
    let stages = json["reasoning"]["stages"].as_array().expect("stages");
    let evidence = |name: &str| {
        let stage = stages.iter().find(|stage| stage["name"] == name).unwrap_or_else(|| panic!("no {name}: {json:#}"));
        let steps = stage["steps"].as_array().expect("steps").iter();
        steps
            .flat_map(|step| step["evidence"].as_object().expect("evidence").clone())
            .collect::<serde_json::Map<_, _>>()
    };
    assert!(evidence("Intent Analysis").contains_key("pattern_matches"));
    assert!(evidence("Entity Recognition")["potential_entities"].as_array().is_some_and(|all| all.len() >= 2));
    assert_eq!(evidence("Relationship Discovery")["join_paths_found"][0]["strategy"], "DirectForeignKeyStrategy");
    let resolved = &evidence("Attribute Processing")["resolution_details"];
    assert!(resolved.to_string().contains("customers.country"), "{resolved}");
    assert_eq!(evidence("SQL Generation")["has_joins"], true);
    assert!(json["factors"].is_array(), "{json:#}");
}

#[test]
fn a_refusal_is_explained_by_its_boundaries() {
    let sandbox = Sandbox::shop();
    let ran = sandbox.nlq(&["explain", "how happy are the unicorns"]);
    assert_eq!(ran.code, 1, "{ran:#?}");
    in_order(&ran.stdout, &["No answer: ", "Knowledge boundaries", "unknown entity \"unicorns\"", "→ "]);
    let change = sandbox.nlq(&["explain", "delete all orders"]);
    in_order(&change.stdout, &["No answer: nlq only reads", "complex implementation", "show all orders"]);
}

#[test]
fn what_cannot_be_explained_is_said_in_one_sentence() {
    let sandbox = Sandbox::shop();
    sandbox.nlq(&["explain", " "]).refused(2, &["empty"]);
    sandbox.nlq(&["explain", "orders", "-c", "shop/prod"]).refused(2, &["shop/prod"]);
    Sandbox::new().nlq(&["explain", "orders"]).refused(2, &["nlq.yaml"]);
}

#[test]
fn sensitive_values_are_not_told() {
    let sandbox = Sandbox::shop();
    sandbox.write("shop.annotations.yaml", "annotations:\n  - column: customers.email\n    sensitive: true\n");
    sandbox.ok(&["schema", "refresh"]);
    for arguments in
        [&["explain", "orders of customers with an email"][..], &["explain", "customers named ada", "--json"]]
    {
        let ran = sandbox.nlq(arguments);
        assert!(!ran.stdout.contains("@example.com"), "{ran:#?}");
    }
}

#[test]
fn tables_that_nothing_joins_are_a_missing_relationship() {
    let sandbox = Sandbox::shop();
    sandbox
        .sql("shop.db", "CREATE TABLE machines (serial TEXT, voltage REAL); INSERT INTO machines VALUES ('x', 220);");
    sandbox.ok(&["schema", "refresh"]);
    let ran = sandbox.nlq(&["explain", "voltage of machines per country of customers"]);
    in_order(&ran.stdout, &["No answer: ", "missing relationship", "machines", "→ Declare a foreign key"]);
}
