//! What a question's `evidence` says of its words (`big spender refers to total_amount > 1000`), as annotations for that one
//! question. A statement is `WORDS refers to MEANING`, with `means`, `stands for`, `is` and `=` as other verbs; a meaning is a
//! column, conditions over one table's columns, or an aggregate of a column. What is not understood is left out.

use std::sync::Arc;

use nlq_catalog::{Annotations, Catalog, ColumnId, Metric, Term, stem};
use nlq_query::lift::lift;

/// Between words and their meaning; of those that a statement has, the first of this list counts.
const VERBS: [&str; 7] = [" refers to ", " refer to ", " stands for ", " means ", " mean ", " is the ", " = "];
/// Words before what is meant that mean nothing themselves.
const ARTICLES: [&str; 4] = ["the ", "a ", "an ", "refers to "];
/// Aggregates that name a figure; the least and the greatest more often say in which order rows come.
const AGGREGATES: [&str; 3] = ["avg", "sum", "count"];

/// The annotations with what the evidence says besides; the same when nothing of it is understood.
pub(super) fn with_evidence(annotations: &Arc<Annotations>, evidence: &str, catalog: &Catalog) -> Arc<Annotations> {
    let mut said = Arc::clone(annotations);
    for statement in statements(evidence) {
        let lower = statement.to_ascii_lowercase();
        let verb = VERBS.iter().find_map(|verb| Some((lower.find(verb)?, verb.len())));
        if let Some((at, length)) = verb {
            let (words, meaning) = (&statement[..at], &statement[at + length..]);
            add(&mut said, without_article(words), without_article(meaning), catalog);
        }
    }
    said
}

/// The parts between semicolons, also where a sentence ends before another begins.
fn statements(evidence: &str) -> impl Iterator<Item = &str> {
    let parts = outside_quotes(evidence, &[";", ". "]);
    parts.into_iter().map(|part| part.trim().trim_end_matches('.')).filter(|part| !part.is_empty())
}

fn without_article(text: &str) -> &str {
    let mut text = text.trim();
    while let Some(article) = ARTICLES
        .iter()
        .find(|article| text.get(..article.len()).is_some_and(|start| start.eq_ignore_ascii_case(article)))
    {
        text = text[article.len()..].trim_start();
    }
    text
}

fn add(said: &mut Arc<Annotations>, words: &str, meaning: &str, catalog: &Catalog) {
    let words: String = words.chars().filter(|ch| !matches!(ch, '"' | '\'')).collect();
    let is_name = |text: &str| !text.is_empty() && text.chars().all(|ch| ch.is_alphanumeric() || "_.".contains(ch));
    if words.is_empty() || is_name(&words) && column(&words, catalog).is_some() {
        return;
    }
    let parts = outside_quotes(meaning, &[" and ", " where "]);
    let parts = ranges_whole(&parts);
    let tests: Vec<&str> = parts.iter().map(|part| part.trim()).filter(|part| !is_join(part, catalog)).collect();
    if let [name] = tests.as_slice()
        && is_name(name)
    {
        if let Some(id) = column(name, catalog) {
            let table = catalog.table(id.table);
            let key = format!("{}.{}", table.name, catalog.column(id).name).to_lowercase();
            Arc::make_mut(said).columns.entry(key).or_default().business_terms.push(words);
        }
        return;
    }
    if let Some((table, expression)) = aggregate(meaning, catalog) {
        let metric = Metric { name: words, table, expression, ..Metric::default() };
        Arc::make_mut(said).metrics.push(metric);
        return;
    }
    let tests: Option<Vec<(ColumnId, String)>> = tests.into_iter().map(|part| test(part, catalog)).collect();
    let Some(tests) = tests.filter(|tests| !tests.is_empty()) else { return };
    let table = tests[0].0.table;
    if tests.iter().any(|(id, _)| id.table != table) {
        return;
    }
    // What the words say themselves is found by them.
    if let [(id, text)] = tests.as_slice()
        && says_value(&words, *id, text, catalog)
    {
        return;
    }
    let condition = tests.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(" AND ");
    let table = catalog.table(table).name.clone();
    let words = without_tables(&words, catalog);
    if words.is_empty() {
        return;
    }
    if lift(&format!("SELECT * FROM {table} WHERE {condition}"), catalog).is_ok() {
        Arc::make_mut(said).terms.push(Term { name: words, table, condition, ..Term::default() });
    }
}

/// The words without names of tables at their ends: of `small boats` only `small` is the condition, and boats are still asked
/// for.
fn without_tables(words: &str, catalog: &Catalog) -> String {
    let is_table = |word: &&str| {
        let (word, mut tables) = (stem(&word.to_lowercase()), catalog.tables.iter());
        tables.any(|table| stem(&table.name.to_lowercase()) == word)
    };
    let mut words: Vec<&str> = words.split_whitespace().collect();
    while words.last().is_some_and(is_table) {
        words.pop();
    }
    let first = words.iter().position(|word| !is_table(word)).unwrap_or(words.len());
    words[first..].join(" ")
}

/// True when a value that the column is known to hold stands in the words.
fn says_value(words: &str, id: ColumnId, test: &str, catalog: &Catalog) -> bool {
    let Some(known) = &catalog.column(id).values else { return false };
    let (words, test) = (words.to_lowercase(), test.to_lowercase());
    known
        .values
        .iter()
        .map(|value| value.to_lowercase())
        .any(|value| words.contains(&value) && test.ends_with(&format!("= '{}'", value.replace('\'', "''"))))
}

/// Splits a text at separators in any case that stand outside quotes.
fn outside_quotes<'a>(text: &'a str, separators: &[&str]) -> Vec<&'a str> {
    let lower = text.to_ascii_lowercase();
    let (mut parts, mut from, mut at, mut quote) = (Vec::new(), 0, 0, None);
    while let Some(ch) = text[at..].chars().next() {
        let separator = separators.iter().find(|separator| lower[at..].starts_with(**separator));
        match (quote, separator) {
            (None, Some(separator)) => {
                parts.push(&text[from..at]);
                at += separator.len();
                from = at;
                continue;
            }
            (None, None) if opens(text, at, ch) => quote = Some(ch),
            (Some(open), _) if open == ch => quote = None,
            _ => {}
        }
        at += ch.len_utf8();
    }
    parts.push(&text[from..]);
    parts
}

/// A quote that closes again, not an apostrophe within a word.
fn opens(text: &str, at: usize, ch: char) -> bool {
    let in_word = text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
    matches!(ch, '"' | '\'') && !in_word && text[at + 1..].contains(ch)
}

/// `x BETWEEN 1`, `2` is one part.
fn ranges_whole(parts: &[&str]) -> Vec<String> {
    let mut whole: Vec<String> = Vec::new();
    for part in parts {
        match whole.last_mut() {
            Some(last)
                if last.to_ascii_lowercase().contains(" between ") && !last.to_ascii_lowercase().contains(" and ") =>
            {
                last.push_str(" AND ");
                last.push_str(part);
            }
            _ => whole.push((*part).to_owned()),
        }
    }
    whole
}

/// The one column of a name, with its table or without.
fn column(name: &str, catalog: &Catalog) -> Option<ColumnId> {
    let own = name.rsplit('.').next()?;
    let table = name.rsplit_once('.').and_then(|(table, _)| catalog.find_table(None, table));
    if let Some(table) = table {
        return catalog.find_column(table, own);
    }
    let mut found = catalog.table_ids().filter_map(|(table, _)| catalog.find_column(table, own));
    found.next().filter(|_| found.next().is_none())
}

/// `x = t.y`: how tables are joined, which the schema knows.
fn is_join(part: &str, catalog: &Catalog) -> bool {
    part.split_once('=')
        .is_some_and(|(one, other)| [one, other].iter().all(|side| column(side.trim(), catalog).is_some()))
}

/// A test of a column against fixed values, as a condition of its table.
fn test(part: &str, catalog: &Catalog) -> Option<(ColumnId, String)> {
    let end = part.find(|ch: char| !(ch.is_alphanumeric() || ch == '_' || ch == '.'))?;
    let (id, rest) = (column(&part[..end], catalog)?, part[end..].trim());
    let known = &catalog.column(id).values;
    let value = rest.strip_prefix('=').map(|value| value.trim().trim_matches('\''));
    // Values are often written in another case than they are held in.
    let held = value
        .zip(known.as_ref())
        .and_then(|(value, known)| known.values.iter().find(|held| held.eq_ignore_ascii_case(value)));
    let rest = match held {
        Some(held) if rest.contains('\'') => format!("= '{}'", held.replace('\'', "''")),
        _ => rest.to_owned(),
    };
    let fixed =
        rest.contains('\'') || rest.chars().any(|ch| ch.is_ascii_digit()) || rest.to_lowercase().contains("null");
    fixed.then(|| (id, format!("{} {rest}", catalog.column(id).name)))
}

/// `AVG(x)` with its table.
fn aggregate(meaning: &str, catalog: &Catalog) -> Option<(String, String)> {
    let (function, rest) = meaning.split_once('(')?;
    let function = function.trim().to_ascii_lowercase();
    let id = column(rest.strip_suffix(')')?.trim(), catalog)?;
    AGGREGATES
        .contains(&function.as_str())
        .then(|| (catalog.table(id.table).name.clone(), format!("{function}({})", catalog.column(id).name)))
}

#[cfg(test)]
mod tests {
    use nlq_catalog::{Column, Table, ValueSample};

    use super::*;

    fn catalog() -> Catalog {
        let column = |name: &str, values: &[&str]| Column {
            name: name.into(),
            values: (!values.is_empty()).then(|| ValueSample {
                values: values.iter().map(|value| (*value).to_owned()).collect(),
                complete: true,
            }),
            ..Column::default()
        };
        let boats =
            vec![column("id", &[]), column("length_m", &[]), column("harbour_id", &[]), column("rig", &["Sloop"])];
        let harbours = vec![column("id", &[]), column("town", &["Kiel", "Stralsund"])];
        let table = |name: &str, columns| Table { name: name.into(), columns, ..Table::default() };
        Catalog { tables: vec![table("boats", boats), table("harbours", harbours)], ..Catalog::default() }
    }

    fn said(evidence: &str) -> String {
        let said = with_evidence(&Arc::default(), evidence, &catalog());
        let terms = said.terms.iter().map(|term| format!("{} -> {}: {}", term.name, term.table, term.condition));
        let metrics = said.metrics.iter().map(|m| format!("{} -> {}: {}", m.name, m.table, m.expression));
        let columns = said
            .columns
            .iter()
            .flat_map(|(key, column)| column.business_terms.iter().map(move |term| format!("{term} -> {key}")));
        terms.chain(metrics).chain(columns).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn conditions_become_terms() {
        for (evidence, expected) in [
            ("big boats refers to length_m > 20", "big -> boats: length_m > 20"),
            ("single-masted means rig = 'sloop'", "single-masted -> boats: rig = 'Sloop'"),
            (
                "\"far north\" refers to town = 'Kiel' where harbour_id = harbours.id;",
                "far north -> harbours: town = 'Kiel'",
            ),
            (
                "of middling size refers to length_m BETWEEN 8 AND 12",
                "of middling size -> boats: length_m BETWEEN 8 AND 12",
            ),
            ("homeless boats refers to harbour_id IS NULL", "homeless -> boats: harbour_id IS NULL"),
            (
                "small sloops means rig = 'Sloop' and length_m < 8",
                "small sloops -> boats: rig = 'Sloop' AND length_m < 8",
            ),
        ] {
            assert_eq!(said(evidence), expected, "{evidence}");
        }
    }

    #[test]
    fn columns_get_other_names_and_aggregates_become_metrics() {
        assert_eq!(said("the berth is the town"), "berth -> harbours.town");
        assert_eq!(
            said("how long refers to boats.length_m; berth stands for town"),
            "how long -> boats.length_m; berth -> harbours.town"
        );
        assert_eq!(said("mean size = AVG(length_m)"), "mean size -> boats: avg(length_m)");
    }

    #[test]
    fn what_is_not_understood_is_left_out() {
        for evidence in [
            "",
            "boats are fine",
            "share = DIVIDE(SUM(rig = 'Sloop'), COUNT(id))",
            "key refers to id",
            "longest boat refers to MAX(length_m)",
            "kind refers to rig = Sloop",
            "in the port of Kiel refers to town = 'Kiel'",
            "boats refers to length_m > 20",
            "it refers to length_m > 20 and town = 'Kiel'",
            "x refers to nobody = 1",
            "refers to",
            "'; ' refers to 'a",
            "é refers to é",
        ] {
            assert_eq!(said(evidence), "", "{evidence}");
        }
    }

    #[test]
    fn several_statements_stand_beside_each_other() {
        let evidence =
            "big refers to length_m > 20;berth refers to town; share = DIVIDE(1, 2). single-masted means rig = 'Sloop'";
        assert_eq!(
            said(evidence),
            "big -> boats: length_m > 20; single-masted -> boats: rig = 'Sloop'; berth -> harbours.town"
        );
    }
}
