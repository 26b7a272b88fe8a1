use super::*;

fn wrong(text: &str) -> (String, &'static str, String) {
    let error = parse(text, false).expect_err(text);
    (error.span.of(text).to_owned(), error.code, error.message)
}

#[test]
fn what_dynamodb_takes_is_read() {
    for text in [
        "SELECT * FROM t",
        "select a, b.c[0].\"d e\" from \"my-table\".\"by_x\" where a = 1",
        "SELECT a FROM t WHERE a = 'it''s' AND NOT (b > -1.5e3 OR c <> true) ORDER BY d DESC, e",
        "SELECT a FROM t WHERE a IN [1, 2] AND b NOT IN ('x') AND c BETWEEN 1 AND 2 AND d NOT BETWEEN 'a' AND 'b'",
        "SELECT a FROM t WHERE a IS MISSING AND b IS NOT NULL AND size(c) >= 3 AND 1 = d",
        "SELECT a FROM t WHERE begins_with(a, 'x') AND contains(b.c, 3) AND attribute_type(d, 'S') AND NOT contains(e, 'x')",
        "SELECT a FROM t WHERE a = {'x': [1, {'y': null}]} AND b = <<'p', 'q'>> AND c = []",
        "SELECT a /* x */ FROM t -- y",
        "SELECT \"from\" FROM \"where\" WHERE \"order\" = 1",
    ] {
        parse(text, false).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
    assert!(parse("SELECT a FROM t WHERE a = {{x}} AND b = ?", true).is_ok());
    assert!(parse("SELECT a FROM t WHERE a = {{x}}", false).is_err());
}

#[test]
fn conditions_nest_as_they_are_written() {
    let select = parse("SELECT a FROM t WHERE (a = 1 AND b = 2) AND (c = 3 OR d = 4 AND e = 5)", false).unwrap();
    let Some(Condition::And(parts)) = select.filter else { panic!() };
    assert_eq!(parts.len(), 3);
    assert!(matches!(&parts[2], Condition::Or(any) if any.len() == 2 && matches!(&any[1], Condition::And(_))));
}

#[test]
fn what_dynamodb_lacks_is_told_by_its_name() {
    for (text, place, part) in [
        ("SELECT a FROM t LIMIT 3", "LIMIT", "has no LIMIT"),
        ("SELECT a FROM t WHERE a = 1 LIMIT 3", "LIMIT", "has no LIMIT"),
        ("SELECT a FROM t GROUP BY a", "GROUP", "no GROUP BY"),
        ("SELECT DISTINCT a FROM t", "DISTINCT", "no DISTINCT"),
        ("SELECT count(*) FROM t", "count", "no count()"),
        ("SELECT size(a) FROM t", "size", "attributes only"),
        ("SELECT a FROM t JOIN u ON t.a = u.a", "JOIN", "joins nothing"),
        ("SELECT a FROM t, u", ",", "joins nothing"),
        ("SELECT a FROM t x WHERE x.a = 1", "x", "no other names"),
        ("SELECT a AS b FROM t", "AS", "no other names"),
        ("SELECT a FROM t WHERE a LIKE 'x%'", "LIKE", "begins_with"),
        ("SELECT a FROM t WHERE a + 1 = 2", "+", "computes nothing"),
        ("SELECT a FROM t WHERE a IN (SELECT b FROM u)", "SELECT", "nests no queries"),
        ("SELECT a FROM t WHERE lower(a) = 'x'", "lower", "no function lower"),
        ("SELECT a FROM t WHERE begin_with(a, 'x')", "begin_with", "did you mean begins_with?"),
        ("SELECT a FROM t UNION SELECT b FROM u", "UNION", "puts no queries together"),
    ] {
        let (span, code, message) = wrong(text);
        assert_eq!((span.as_str(), code), (place, "unsupported"), "{text}: {message}");
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn slips_have_a_place_and_a_sentence() {
    for (text, place, part) in [
        ("", "", "`SELECT` is missing"),
        ("SELECT", "", "an attribute or `*` is missing at the end"),
        ("SELECT a, FROM t", "FROM", "an attribute or `*` is expected"),
        ("SELECT a FROM my-table", "my-", "double quotes"),
        ("SELECT a FROM 't'", "'t'", "double quotes"),
        ("SELECT a FROM t WHER b = 1", "WHER", "`WHERE`"),
        ("SELECT a FROM t WHERE", "", "an attribute or a value is missing"),
        ("SELECT a FROM t WHERE b = 'x", "'x", "not closed"),
        ("SELECT a FROM t WHERE b = 1 )(", ")", "`AND`, `OR`"),
        ("SELECT a FROM t WHERE b[x] = 1", "x", "number of an element"),
        ("SELECT a FROM t WHERE b = {'x' 1}", "1", "`:`"),
    ] {
        let (span, code, message) = wrong(text);
        assert_eq!((span.as_str(), code), (place, "syntax"), "{text}: {message}");
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn no_text_is_too_deep_or_too_long() {
    let deep = format!("SELECT a FROM t WHERE {}a = 1{}", "(".repeat(3000), ")".repeat(3000));
    assert_eq!(wrong(&deep).1, "too-large");
    let lists = format!("SELECT a FROM t WHERE a = {}", "[".repeat(4000));
    assert_eq!(wrong(&lists).1, "too-large");
    assert_eq!(wrong(&format!("SELECT a FROM t WHERE a = '{}'", "x".repeat(9000))).1, "too-large");
    let text =
        "SELECT \"a\".b[0] FROM t.\"i\" WHERE a IN [1, 'x'] AND begins_with(c, {'d': <<1>>}) IS NOT MISSING ORDER BY é";
    for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
        let _ = parse(&text[..end], true);
        let _ = parse(&text[end..], false);
    }
}
