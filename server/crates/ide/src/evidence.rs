//! The evidence of a reasoning step, and the strategies that found it, in words.

use serde_json::Value;

/// What a strategy goes by, in words; none for one that is not known.
pub fn strategy_words(strategy: &str) -> Option<&'static str> {
    Some(match strategy {
        "DirectTableMatchStrategy" => "the table is called so",
        "DirectColumnMatchStrategy" => "the column is called so",
        "PartialTableMatchStrategy" => "a part of the table's name",
        "PartialColumnMatchStrategy" => "a part of the column's name",
        "GlossaryTermMatchStrategy" => "the team calls it so",
        "SemanticConceptMatchStrategy" => "a related word",
        "SynonymMatchStrategy" => "a synonym",
        "CommentMatchStrategy" => "the schema's own comment calls it so",
        "PersonNameStrategy" => "first and last name together",
        "DisplayColumnStrategy" => "the column that names the table's rows",
        "QuotedValueStrategy" => "it stands in quotes",
        "ValueMatchStrategy" => "the database holds this value",
        "SimilarValueStrategy" => "the database holds a value written nearly so",
        "PersonValueStrategy" => "a name that the database holds",
        "CapitalizedValueStrategy" => "it is written like a name",
        "NumberStrategy" => "a number",
        "TimeStrategy" => "a time or a unit of time",
        "CueStrategy" => "a word for an operation",
        _ => return None,
    })
}

/// A link's evidence as the strategy's name, when it begins with one, and the rest.
pub fn strategy_of(evidence: &str) -> (Option<&str>, &str) {
    let (head, rest) = evidence.split_once(':').unwrap_or((evidence, ""));
    if head.ends_with("Strategy") { (Some(head), rest.trim()) } else { (None, evidence) }
}

/// One line of evidence, and how deep it stands below the step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceLine {
    /// 0 for the step's own entries.
    pub depth: usize,
    /// `name: value`, or `name:` above deeper lines.
    pub text: String,
}

/// A step's evidence, a line a fact: names with spaces, numbers with two decimals, lists in one line where they are plain.
pub fn evidence_lines(evidence: &Value) -> Vec<EvidenceLine> {
    let mut lines = Vec::new();
    for (name, value) in evidence.as_object().into_iter().flatten() {
        entry(&name.replace('_', " "), value, 0, &mut lines);
    }
    lines
}

fn entry(name: &str, value: &Value, depth: usize, lines: &mut Vec<EvidenceLine>) {
    let nested: Vec<&Value> = match value {
        Value::Array(items) if items.iter().any(|item| plain(item).is_none()) => items.iter().collect(),
        Value::Object(fields) if fields.values().any(|field| plain(field).is_none()) => {
            lines.push(EvidenceLine { depth, text: format!("{name}:") });
            for (name, value) in fields {
                entry(&name.replace('_', " "), value, depth + 1, lines);
            }
            return;
        }
        _ => {
            let text = if let Value::Object(_) = value { flat(value) } else { plain(value).unwrap_or_default() };
            let text = if text.is_empty() { "none".to_owned() } else { text };
            lines.push(EvidenceLine { depth, text: format!("{name}: {text}") });
            return;
        }
    };
    lines.push(EvidenceLine { depth, text: format!("{name}:") });
    lines.extend(nested.into_iter().map(|item| EvidenceLine { depth: depth + 1, text: flat(item) }));
}

/// A value that fits one line; none for lists of objects and for objects.
fn plain(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => "none".to_owned(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(number) => format!("{number:.2}"),
            None => number.to_string(),
        },
        Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        Value::Array(items) => items.iter().map(plain).collect::<Option<Vec<_>>>()?.join(", "),
        Value::Object(_) => return None,
    })
}

/// Any value on one line.
fn flat(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| format!("{} {}", name.replace('_', " "), flat(value)));
            fields.collect::<Vec<_>>().join(", ")
        }
        Value::Array(items) => items.iter().map(flat).collect::<Vec<_>>().join("; "),
        value => plain(value).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;

    #[test]
    fn evidence_reads_as_lines() {
        let evidence = json!({
            "strategies_used": ["A", "B"],
            "entities_resolved": [{ "mention": "orders", "confidence": 0.9234 }, { "mention": "x" }],
            "unknown": [],
            "tied": false,
            "details": { "noun_phrases": { "candidates": ["a"] }, "count": 2 },
            "sql": "SELECT 1\nFROM a",
        });
        let lines: Vec<String> = evidence_lines(&evidence)
            .into_iter()
            .map(|line| format!("{}{}\n", "  ".repeat(line.depth), line.text))
            .collect();
        expect![[r#"
            strategies used: A, B
            entities resolved:
              mention orders, confidence 0.92
              mention x
            unknown: none
            tied: no
            details:
              noun phrases: candidates a
              count: 2
            sql: SELECT 1 FROM a
        "#]]
        .assert_eq(&lines.concat());
    }

    #[test]
    fn the_strategy_is_told_from_its_words() {
        assert_eq!(strategy_of("TimeStrategy"), (Some("TimeStrategy"), ""));
        assert_eq!(strategy_of("TimeStrategy: a day"), (Some("TimeStrategy"), "a day"));
        assert_eq!(strategy_of("near: `email`"), (None, "near: `email`"));
    }
}
