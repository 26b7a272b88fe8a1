//! Annotations of a Splunk connection are expressions of SPL: what of them a search can say, and which aggregates they hold.

use super::names;

/// A condition such as `status>=500 AND method="GET"` as terms of a search; none where it holds more than comparisons of
/// fields with values, or a value whose star would stand for anything.
pub(super) fn terms(condition: &str, prefix: &str, alone: bool) -> Option<String> {
    let mut rest = condition.trim();
    let mut terms = Vec::new();
    let mut either = None;
    loop {
        let (name, after) = field(rest)?;
        let (op, after) = operator(after.trim_start())?;
        let (value, after) = value(after.trim_start())?;
        let name = names::field(&names::of_model(&name, prefix));
        terms.push(format!("{name}{op}{}", names::word(&value)));
        rest = after.trim_start();
        if rest.is_empty() {
            break;
        }
        let word = rest.split_whitespace().next()?;
        let or = word.eq_ignore_ascii_case("or");
        if !(or || word.eq_ignore_ascii_case("and")) || *either.get_or_insert(or) != or {
            return None;
        }
        rest = rest[word.len()..].trim_start();
    }
    let text = terms.join(if either == Some(true) { " OR " } else { " " });
    let bracketed = terms.len() > 1 && (either == Some(true) || !alone);
    Some(if bracketed { format!("({text})") } else { text })
}

fn field(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('\'') {
        let end = quoted.find('\'')?;
        return Some((quoted[..end].to_owned(), &quoted[end + 1..]));
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let name = &text[..end];
    let begins = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    (begins && !name.eq_ignore_ascii_case("not")).then(|| (name.to_owned(), &text[end..]))
}

fn operator(text: &str) -> Option<(&'static str, &str)> {
    const ALL: [(&str, &str); 7] =
        [("==", "="), ("!=", "!="), (">=", ">="), ("<=", "<="), ("=", "="), (">", ">"), ("<", "<")];
    ALL.iter().find_map(|(written, meant)| Some((*meant, text.strip_prefix(written)?)))
}

fn value(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let end = quoted.find('"')?;
        let value = &quoted[..end];
        return (!value.contains(['*', '\\'])).then(|| (value.to_owned(), &quoted[end + 1..]));
    }
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-')).unwrap_or(text.len());
    let follows = text[end..].chars().next().is_none_or(char::is_whitespace);
    let number = text[..end].parse::<f64>().is_ok_and(f64::is_finite);
    (follows && number).then(|| (text[..end].to_owned(), &text[end..]))
}

/// A metric's calls of aggregates, each in place of which a name stands: `100*sum(a)/count` is `100*x/count`.
pub(super) struct Metric {
    /// The aggregates with the names of their results.
    pub(super) calls: Vec<(String, String)>,
    /// What is made of them; none where the one call is the metric itself.
    pub(super) expression: Option<String>,
}

/// Takes a metric's expression apart; `name` is what it is called. None where it has no aggregate.
pub(super) fn metric(expression: &str, name: &str) -> Option<Metric> {
    let mut calls: Vec<(String, String)> = Vec::new();
    let mut out = String::new();
    let mut rest = expression.trim();
    while let Some(ch) = rest.chars().next() {
        if ch == '"' || ch == '\'' {
            let end = rest[1..].find(ch).map_or(rest.len(), |at| at + 2);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        if !(ch.is_alphabetic() || ch == '_') {
            out.push(ch);
            rest = &rest[ch.len_utf8()..];
            continue;
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let word = &rest[..end];
        let close = rest[end..].starts_with('(').then(|| closing(&rest[end..])).flatten();
        // A longer call: `max(a, b)` is the function, not the aggregate.
        let aggregate = match close {
            Some(close) => is_aggregate(word) && !has_comma(&rest[end + 1..end + close]),
            None => matches!(word, "count" | "c"),
        };
        if !aggregate {
            out.push_str(word);
            rest = &rest[end..];
            continue;
        }
        let call = &rest[..close.map_or(end, |close| end + close + 1)];
        let known = calls.iter().find(|(text, _)| text == call).map(|(_, name)| name.clone());
        let result = known.unwrap_or_else(|| {
            let result = if call == rest.trim() && out.is_empty() { name.to_owned() } else { names::simple(call) };
            calls.push((call.to_owned(), result.clone()));
            result
        });
        out.push_str(&result);
        rest = &rest[call.len()..];
    }
    let only = matches!(calls.as_slice(), [(_, result)] if *result == out);
    (!calls.is_empty()).then_some(Metric { calls, expression: (!only).then_some(out) })
}

/// Aggregates of `stats`; percentiles carry their number.
fn is_aggregate(name: &str) -> bool {
    const ALL: &[&str] = &[
        "count",
        "c",
        "dc",
        "distinct_count",
        "estdc",
        "sum",
        "sumsq",
        "avg",
        "mean",
        "min",
        "max",
        "median",
        "mode",
        "range",
        "stdev",
        "stdevp",
        "var",
        "varp",
        "first",
        "last",
        "earliest",
        "latest",
        "earliest_time",
        "latest_time",
        "rate",
        "values",
        "list",
    ];
    let name = name.to_ascii_lowercase();
    let percentile = |prefix: &str| {
        name.strip_prefix(prefix).is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()))
    };
    ALL.contains(&name.as_str()) || ["perc", "exactperc", "upperperc", "p"].into_iter().any(percentile)
}

/// Where the parenthesis closes with which a text begins.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0u32, None);
    for (at, ch) in text.char_indices() {
        match (quote, ch) {
            (Some(open), _) if open == ch => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(ch),
            (None, '(') => depth += 1,
            (None, ')') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

fn has_comma(arguments: &str) -> bool {
    let mut depth = 0i32;
    arguments.chars().any(|ch| {
        depth += i32::from(ch == '(') - i32::from(ch == ')');
        ch == ',' && depth == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_comparisons_are_terms_of_a_search() {
        let say = |condition: &str| terms(condition, "", true);
        assert_eq!(say("status>=500").as_deref(), Some("status>=500"));
        assert_eq!(say(r#"action == "failure" and app = "sshd""#).as_deref(), Some("action=failure app=sshd"));
        assert_eq!(say(r#"level="ERROR" OR level="FATAL""#).as_deref(), Some("(level=ERROR OR level=FATAL)"));
        assert_eq!(say("'request.region'!=\"eu west\"").as_deref(), Some(r#"request.region!="eu west""#));
        assert_eq!(
            terms("status>=500 AND status<600", "Web", false).as_deref(),
            Some("(Web.status>=500 Web.status<600)")
        );
        for more in [
            "isnull(user)",
            "a>b",
            r#"uri="*.css""#,
            "a=1 AND b=2 OR c=3",
            "NOT a=1",
            "a=1 b=2",
            "like(uri, \"%x\")",
            "status>=500 AND (a=1)",
            "",
        ] {
            assert_eq!(say(more), None, "{more}");
        }
    }

    #[test]
    fn metrics_come_apart_into_their_aggregates() {
        let say = |expression: &str| {
            let metric = metric(expression, "m")?;
            let calls: Vec<String> = metric.calls.iter().map(|(call, name)| format!("{call} AS {name}")).collect();
            Some((calls.join(" "), metric.expression.unwrap_or_default()))
        };
        let some = |calls: &str, made: &str| Some((calls.to_owned(), made.to_owned()));
        assert_eq!(say("avg(duration_ms)"), some("avg(duration_ms) AS m", ""));
        assert_eq!(say("p95(bytes)"), some("p95(bytes) AS m", ""));
        assert_eq!(
            say("round(100*count(eval(status>=500))/count, 2)"),
            some(
                "count(eval(status>=500)) AS count_eval_status_500 count AS value_count",
                "round(100*count_eval_status_500/value_count, 2)"
            )
            .map(|(calls, made)| (calls.replace("value_count", "count"), made.replace("value_count", "count")))
        );
        assert_eq!(say("sum(a)-sum(a)"), some("sum(a) AS sum_a", "sum_a-sum_a"));
        assert_eq!(say("max(a, b)"), None);
        assert_eq!(say("\"count\""), None);
    }
}
