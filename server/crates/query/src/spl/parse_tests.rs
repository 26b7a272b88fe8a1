//! What is read of searches, command by command.

use super::{parse, tree::*};

/// The commands of a search without errors.
fn commands(text: &str) -> Vec<Command> {
    let search = parse(text);
    assert_eq!(search.errors, [], "{text}");
    search.pipeline.commands
}

fn body(text: &str) -> Body {
    commands(text).into_iter().next_back().expect("a command").body
}

fn texts<'a>(names: impl IntoIterator<Item = &'a Name>) -> Vec<&'a str> {
    names.into_iter().map(|name| name.text.as_str()).collect()
}

fn errors(text: &str) -> Vec<(String, String)> {
    parse(text).errors.into_iter().map(|error| (error.span.of(text).to_owned(), error.message)).collect()
}

/// A term as a person would say it.
fn said(term: &Term) -> String {
    let join = |terms: &[Term], word: &str| terms.iter().map(said).collect::<Vec<_>>().join(word);
    match &term.kind {
        TermKind::And(terms) => format!("({})", join(terms, " and ")),
        TermKind::Or(terms) => format!("({})", join(terms, " or ")),
        TermKind::Not(term) => format!("not {}", said(term)),
        TermKind::Compare { field, operator, value } => {
            format!("{} {operator:?} {}", field.text, value.text().unwrap_or("?"))
        }
        TermKind::In { field, values } => format!("{} in {}", field.text, values.len()),
        TermKind::Text(literal) => literal.text.clone(),
        TermKind::Directive { name, text } => format!("{}:{}", name.text, text.text),
        TermKind::Macro(call) => format!("`{}`", call.name.text),
        TermKind::Subsearch(pipeline) => format!("[{}]", pipeline.commands.len()),
    }
}

/// An expression with all its parentheses.
fn written(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Field(name) => name.text.clone(),
        ExprKind::Text(text) => format!("{text:?}"),
        ExprKind::Number(number) => number.to_string(),
        ExprKind::Call { function, arguments } => {
            format!("{}({})", function.text, arguments.iter().map(written).collect::<Vec<_>>().join(", "))
        }
        ExprKind::Binary { left, operator, right } => {
            format!("({} {operator:?} {})", written(left), written(right))
        }
        ExprKind::Not(operand) => format!("not {}", written(operand)),
        ExprKind::Negate(operand) => format!("-{}", written(operand)),
        ExprKind::In { value, list } => format!("{} in {}", written(value), list.len()),
        ExprKind::Macro(call) => format!("`{}`", call.name.text),
        ExprKind::Subsearch(pipeline) => format!("[{}]", pipeline.commands.len()),
        ExprKind::Unread => "?".to_owned(),
    }
}

fn terms(text: &str) -> String {
    match body(text) {
        Body::Search(Some(term)) => said(&term),
        other => panic!("{other:?}"),
    }
}

fn condition(text: &str) -> String {
    match body(&format!("| where {text}")) {
        Body::Where(expr) => written(&expr),
        other => panic!("{other:?}"),
    }
}

#[test]
fn or_binds_closer_than_and_in_a_search() {
    assert_eq!(terms("a b OR c NOT d"), "(a and (b or c) and not d)");
    assert_eq!(terms("a AND (b c) OR d"), "(a and ((b and c) or d))");
    assert_eq!(
        terms(r#"host=w* status!=200 "x \"y\"" TERM(1.2)"#),
        "(host Equal w* and status NotEqual 200 and x \"y\" and TERM:1.2)"
    );
    assert_eq!(terms("a IN (1, \"2\") `m(x)` [search b]"), "(a in 2 and `m` and [1])");
    assert_eq!(terms("index=a earliest=-24h@h"), "(index Equal a and earliest Equal -24h@h)");
    assert_eq!(terms("path=\"C:\\\\temp\\x\""), "path Equal C:\\temp\\x");
    assert_eq!(body("search"), Body::Search(None));
}

#[test]
fn and_binds_closer_than_or_in_an_expression() {
    assert_eq!(condition("a=1 OR b>2 AND NOT c"), "((a Compare(Equal) 1) Or ((b Compare(Greater) 2) And not c))");
    assert_eq!(condition("a+b*-c . \"x\" like \"%\""), "(((a Add (b Multiply -c)) Concat \"x\") Like \"%\")");
    assert_eq!(condition("NOT a in (1, 2) XOR 'b c' == null()"), "(not a in 2 Xor (b c Compare(Equal) null()))");
    assert_eq!(condition("match(x, \"a\\\\.b\\d\") AND `m`"), "(match(x, \"a\\\\.b\\\\d\") And `m`)");
    assert_eq!(condition("1.5e3 - .5 > +x % 2"), "((1500 Subtract 0.5) Compare(Greater) (x Modulo 2))");
}

#[test]
fn names_come_without_their_quotes() {
    let Body::Eval(assignments) = body("| eval 'a b'=1, \"c d\"=2, e=3") else { panic!() };
    let fields: Vec<_> = assignments.iter().map(|one| (one.field.text.as_str(), one.field.form)).collect();
    assert_eq!(fields, [("a b", NameForm::Single), ("c d", NameForm::Double), ("e", NameForm::Bare)]);
}

#[test]
fn statistics_with_their_names_and_groups() {
    let command = commands(
        "| timechart SPAN=1h count AS n, dc( host ) sum(eval(a*2)) P95(x) BY host limit=3 WHERE count IN top5",
    )
    .remove(0);
    assert_eq!(command.option("span"), Some("1h"));
    assert_eq!(command.option("limit"), Some("3"));
    let Body::Stats(stats) = command.body else { panic!() };
    let outputs: Vec<_> = stats.aggregations.iter().map(Aggregation::output).collect();
    assert_eq!(outputs, ["n", "dc(host)", "sum(eval(a*2))", "P95(x)"]);
    let AggregationKind::Call { function, .. } = &stats.aggregations[3].kind else { panic!() };
    assert_eq!(function.text, "p95");
    assert_eq!(texts(&stats.by), ["host"]);
    assert_eq!(stats.series.map(|series| (series.operator, series.value.text)), Some(("in".into(), "top5".into())));
}

#[test]
fn data_models_with_filter_and_groups() {
    let command = commands("| tstats `s` count FROM datamodel=M.D WHERE D.a=1 `m` BY D.b _time span=1d").remove(0);
    let Body::Stats(stats) = &command.body else { panic!() };
    assert!(matches!(&stats.aggregations[0].kind, AggregationKind::Macro(call) if call.name.text == "s"));
    let from = stats.from.as_ref().unwrap();
    assert_eq!(
        (from.kind.as_ref().unwrap().text.as_str(), from.source.as_ref().unwrap().text.as_str()),
        ("datamodel", "M.D")
    );
    assert_eq!(said(stats.filter.as_ref().unwrap()), "(D.a Equal 1 and `m`)");
    assert_eq!(texts(&stats.by), ["D.b", "_time"]);
    assert_eq!(command.option("span"), Some("1d"));
}

#[test]
fn orders_with_limit_direction_and_kind() {
    let Body::Sort(sort) = body("| sort 10 -a, +num(b) \"c d\" desc") else { panic!() };
    assert_eq!((sort.limit, sort.reversed), (Some(10), true));
    let keys: Vec<_> = sort.keys.iter().map(|key| (key.field.text.as_str(), key.descending)).collect();
    assert_eq!(keys, [("a", true), ("b", false), ("c d", false)]);
    assert_eq!(sort.keys[1].kind.as_ref().unwrap().text, "num");
    let Body::Sort(sort) = body("| sort limit=0 5") else { panic!() };
    assert_eq!((sort.limit, sort.keys.len()), (Some(0), 1));
}

#[test]
fn lists_of_fields() {
    let Body::Fields { remove, fields } = body("| fields - a*, \"b c\" d") else { panic!() };
    assert!(remove);
    assert_eq!(texts(&fields), ["a*", "b c", "d"]);
    let Body::Top { limit, fields, by } = body("| top 3 a, b by c") else { panic!() };
    assert_eq!((limit, texts(&fields), texts(&by)), (Some(3), vec!["a", "b"], vec!["c"]));
    let Body::Dedup { count, fields, sort_by } = body("| dedup 2 a b sortby -_time") else { panic!() };
    assert_eq!((count, texts(&fields), sort_by[0].descending), (Some(2), vec!["a", "b"], true));
    let Body::Rename(pairs) = body("| rename a AS b, \"c d\" AS e") else { panic!() };
    assert_eq!(pairs.iter().map(|pair| pair.output().text.as_str()).collect::<Vec<_>>(), ["b", "e"]);
    assert_eq!(body("| fillnull value=0"), Body::Fill(Vec::new()));
}

#[test]
fn how_many_are_kept() {
    assert!(matches!(body("| head 5"), Body::Head { count: Some(5), condition: None }));
    assert!(matches!(body("| head limit=7 (a>1)"), Body::Head { count: Some(7), condition: Some(_) }));
    assert!(matches!(body("| tail 2"), Body::Head { count: Some(2), condition: None }));
    assert!(matches!(body("| tail"), Body::Head { count: None, condition: None }));
}

#[test]
fn regular_expressions_keep_their_backslashes() {
    let command = commands(r#"| rex field=uri max_match=0 "(?<a>\d+\\\"x)""#).remove(0);
    assert_eq!(command.option("field"), Some("uri"));
    let Body::Rex { pattern: Some(pattern) } = command.body else { panic!() };
    assert_eq!(pattern.text, r#"(?<a>\d+\\"x)"#);
    let Body::Regex { field, negated, pattern } = body(r#"| regex a!="^\w" "#) else { panic!() };
    assert_eq!((field.unwrap().text.as_str(), negated, pattern.text.as_str()), ("a", true, r"^\w"));
}

#[test]
fn lookups_with_what_they_match_and_give() {
    let Body::Lookup { table, matches, keep, outputs } = body("| lookup t a AS b, c OUTPUTNEW d AS e f") else {
        panic!()
    };
    assert_eq!((table.text.as_str(), keep), ("t", true));
    assert_eq!(matches.iter().map(|one| one.output().text.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    assert_eq!(outputs.iter().map(|one| one.field.text.as_str()).collect::<Vec<_>>(), ["d", "f"]);
    let Body::InputLookup { table, filter } = body("| inputlookup append=t x.csv where a>1") else { panic!() };
    assert_eq!((table.text.as_str(), said(&filter.unwrap())), ("x.csv", "a Greater 1".into()));
}

#[test]
fn subsearches_are_found_wherever_they_stand() {
    let text = "a [search b [search c]] | join type=left k, l [| inputlookup x] | eval y=[search d | return e] \
                | append [stats count] | foreach f* [eval <<FIELD>>=1] | where z IN (1) | map [search g]";
    let search = parse(text);
    assert_eq!(search.errors, []);
    let names: Vec<_> = search.pipeline.all_commands().iter().map(|one| one.name.text.clone()).collect();
    assert_eq!(
        names,
        [
            "search",
            "search",
            "search",
            "join",
            "inputlookup",
            "eval",
            "search",
            "return",
            "append",
            "stats",
            "foreach",
            "eval",
            "where",
            "map",
            "search"
        ]
    );
    let Body::Join { fields, search: Some(side) } = &search.pipeline.commands[1].body else { panic!() };
    assert_eq!((texts(fields), side.commands.len()), (vec!["k", "l"], 1));
    let Body::Foreach { template: Some(template), .. } = &search.pipeline.commands[4].body else { panic!() };
    let Body::Eval(assignments) = &template.commands[0].body else { panic!() };
    assert_eq!(assignments[0].field.text, "<<FIELD>>");
}

#[test]
fn transactions_convert_and_replace() {
    let Body::Transaction { fields, starts_with, ends_with } =
        body("| transaction a b maxspan=5m startswith=(c=1 d) endswith=eval(e>1)")
    else {
        panic!()
    };
    assert_eq!(texts(&fields), ["a", "b"]);
    assert!(matches!(starts_with, Some(Border::Terms(term)) if said(&term) == "(c Equal 1 and d)"));
    assert!(matches!(ends_with, Some(Border::Expr(expr)) if written(&expr) == "(e Compare(Greater) 1)"));
    let Body::Convert(conversions) = body("| convert timeformat=\"%F\" CTIME(a) AS b num(c*)") else { panic!() };
    assert_eq!(conversions[0].function.text, "ctime");
    assert_eq!(conversions[1].field.text, "c*");
    let Body::Replace { pairs, fields } = body("| replace a* WITH b, \"c d\" WITH e IN f g") else { panic!() };
    assert_eq!((pairs.len(), pairs[1].0.text.as_str(), texts(&fields)), (2, "c d", vec!["f", "g"]));
    let Body::Bin(Some(bin)) = body("| bin span=1h _time AS hour") else { panic!() };
    assert_eq!((bin.field.text.as_str(), bin.output().text.as_str()), ("_time", "hour"));
}

#[test]
fn macros_are_listed_once_each_with_their_arguments() {
    let text = "`a(1, \"x, y\")` b=`c` | `d` | stats `e` by `f` | eval `g`, h=`i(j(k))` | search [`l` | `m(n)`]";
    let search = parse(text);
    assert_eq!(search.errors, []);
    let names: Vec<_> = search.macros.iter().map(|call| call.name.text.as_str()).collect();
    assert_eq!(names, ["a", "c", "d", "e", "f", "g", "i", "l", "m"]);
    let arguments: Vec<_> = search.macros[0].arguments.iter().map(|one| one.text.as_str()).collect();
    assert_eq!(arguments, ["1", "x, y"]);
    assert_eq!(search.macros[6].arguments[0].text, "j(k)");
}

#[test]
fn unknown_commands_keep_their_words() {
    let command = commands("| frobnicate 3 a=b x AS y (c, d) f(g) by h").remove(0);
    assert_eq!(command.name.text, "frobnicate");
    assert_eq!(command.option("a"), Some("b"));
    assert_eq!(texts(command.words()), ["3", "x"]);
    let Body::Other { arguments, by } = &command.body else { panic!() };
    assert_eq!((arguments.len(), texts(by)), (4, vec!["h"]));
}

#[test]
fn an_error_says_what_is_wrong_and_leaves_the_rest_read() {
    let text = "index=a | stats count by | where a> | head 5";
    let search = parse(text);
    assert_eq!(search.errors.len(), 2, "{:?}", search.errors);
    let last = search.pipeline.commands.last().unwrap();
    assert!(matches!(last.body, Body::Head { count: Some(5), .. }), "{last:?}");
    assert_eq!(
        errors("a | | head 5"),
        [("|".into(), "A command is missing after this |; write one, or take the | away.".into())]
    );
    assert_eq!(errors("a |")[0].0, "|");
    assert_eq!(errors("| eval a=f(b | head 5"), [("(".into(), "This ( is never closed; end it with ).".into())]);
    assert_eq!(errors("| where x y"), [("y".into(), "`y` is not expected here.".into())]);
    assert_eq!(errors("\"a"), [("\"".into(), "This string is never closed; end it with a quote.".into())]);
}

#[test]
fn any_text_is_read_without_a_panic_and_ranges_fit() {
    let text = "index=a (b OR \"c\") `m(x, \"y\")` [search d | head 1] ```é``` | stats count(eval(x=1)) AS n by h, \"é f\" \
                | eval a=if(b>1, \"c\", null()), 'd'=e.f | sort - n | lookup t g OUTPUT h AS i | rex \"(?<j>\\d+)\"";
    for (at, _) in text.char_indices() {
        for part in [&text[..at], &text[at..]] {
            let search = parse(part);
            for command in search.pipeline.all_commands() {
                assert!(command.span.end <= part.len() && part.is_char_boundary(command.span.start), "{part}");
            }
            for error in &search.errors {
                assert!(error.span.end <= part.len() && part.is_char_boundary(error.span.end), "{part}: {error:?}");
            }
        }
    }
}

#[test]
fn what_is_nested_too_deep_is_an_error() {
    let deep = format!("| where {}1{}", "(".repeat(5000), ")".repeat(5000));
    let search = parse(&deep);
    assert_eq!(search.errors.len(), 1, "{:?}", search.errors);
    assert!(search.errors[0].message.contains("deep"));
    let long = format!("| where x=0{}", " OR x=1".repeat(100_000));
    assert_eq!(parse(&long).errors.len(), 1);
    parse(&"[".repeat(50_000));
    parse(&"| a".repeat(20_000));
    assert!(parse(&"| a |".repeat(20_000)).errors.len() <= 2 * 500);
}

#[test]
fn searches_as_people_write_them_are_read_without_an_error() {
    for text in [
        "`sysmon` EventCode=1 (Image=\"*\\\\a.exe\" OR process=*get()*) | stats min(_time) as first by dest, user",
        "stats count by a | eventstats sum(count) as total",
        "| rest /services/saved/searches splunk_server=local count=0 | search title=\"A - *\"",
        "| inputlookup a.csv | sort -added | fields added b c",
        "index=a | stats count by x, , y | collect `summary`",
        "index=a | transaction x startswith=(a=1 b=\"%%2\") | search short = TRUE",
        "index=a NOT (b IN (\"-\",,\"c\",)) | timechart count by d useother=false",
        "| streamstats reset_before=(a==\"b\") window=3 count by c | fields - predicted(x)",
    ] {
        assert_eq!(parse(text).errors, [], "{text}");
    }
}
