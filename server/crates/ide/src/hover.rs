use nlq_catalog::Annotations;
use nlq_engine::{Answer, KnowledgeBoundary, Link, LinkKind, Outcome, SchemaIndex};
use nlq_query::{SymbolKind, symbol_at};
use nlq_syntax::Query;
use nlq_text::Span;

use crate::{
    Snapshot,
    diagnostics::boundary_title,
    evidence::{strategy_of, strategy_words},
    hints::run_words,
    markdown::{code, code_list, fenced, percent, prose},
    meanings::other_meanings,
    reasoning::link_kind,
    schema_card::Schema,
    view::{Reading, same_query, speaks},
};

/// Boundaries and factors shown at most; the rest is in the reasoning document.
const SHOWN: usize = 4;

/// What is shown under the pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hover {
    /// What it is about, in the document.
    pub span: Span,
    /// Markdown.
    pub markdown: String,
}

/// On a name in a query: annotation, type, keys, known values. On a word of a prompt: how it was understood. On the
/// trigger, and on words that mean nothing by themselves: the reading of the whole prompt with confidence, factors and
/// boundaries.
pub fn hover(snapshot: &Snapshot, offset: usize) -> Option<Hover> {
    match snapshot.prompt_at(offset) {
        Some((index, _)) => on_prompt(snapshot, index, offset),
        None => snapshot.query_at(offset).and_then(|(_, query)| on_query(snapshot, query, offset)),
    }
}

/// The link of a prompt's word under the cursor.
pub(crate) fn link_at<'a>(reading: &Reading<'_>, answer: &'a Answer, offset: usize) -> Option<&'a Link> {
    let offset = reading.prompt.map.to_extracted(offset)?;
    let touching = answer.links.iter().filter(|link| link.span.touches(offset));
    // Between two words that touch, the one that the cursor stands before; of nested ones the shortest.
    touching.min_by_key(|link| (!link.span.contains(offset), link.span.len()))
}

fn on_prompt(snapshot: &Snapshot, index: usize, offset: usize) -> Option<Hover> {
    let reading = snapshot.reading(index)?;
    let Some(answer) = &reading.answer else {
        let name = code(&reading.connection.reference.to_string());
        let markdown = format!("The schema of {name} has not been read yet: run `nlq schema refresh`.");
        return Some(Hover { span: reading.prompt.span, markdown });
    };
    match (link_at(&reading, answer, offset), &reading.connection.index) {
        (Some(link), Some(index)) => {
            let span = reading.prompt.map.to_document(link.span);
            Some(Hover { span, markdown: word_card(link, answer, &reading.prompt.text, index) })
        }
        _ => Some(Hover { span: reading.prompt.span, markdown: prompt_card(&reading, answer) }),
    }
}

fn on_query(snapshot: &Snapshot, query: &Query, offset: usize) -> Option<Hover> {
    let connection = snapshot.query_connection(query).ok().filter(|connection| speaks(query, connection.dialect))?;
    let at = query.map.to_extracted(offset)?;
    let first_word = query.text.find(|ch: char| !ch.is_alphanumeric()).unwrap_or(query.text.len());
    if at <= first_word {
        let markdown = answer_card(snapshot, query)?;
        return Some(Hover { span: query.map.to_document(Span::new(0, first_word)), markdown });
    }
    let symbol = symbol_at(&query.text, at, snapshot.query_context(connection))?;
    if let SymbolKind::Word { explanation } = symbol.kind {
        return Some(Hover { span: query.map.to_document(symbol.span), markdown: explanation });
    }
    let schema = connection.schema()?;
    let markdown = match &symbol.kind {
        SymbolKind::Table(table) => schema.table_card(*table),
        SymbolKind::Column(column) => schema.column_card(*column),
        SymbolKind::TableAlias { name, table: Some(table) } => {
            format!("{} stands for\n\n{}", code(name), schema.table_card(*table))
        }
        SymbolKind::TableAlias { name, table: None } => format!("{} stands for a part of this query.", code(name)),
        SymbolKind::Derived { name } => format!("{} is named by this query.", code(name)),
        SymbolKind::Function { .. } | SymbolKind::Word { .. } => return None,
    };
    Some(Hover { span: query.map.to_document(symbol.span), markdown })
}

/// How one word was understood, and what is known of what it means.
fn word_card(link: &Link, answer: &Answer, question: &str, index: &SchemaIndex) -> String {
    let schema = Schema { catalog: index.catalog(), annotations: index.annotations() };
    let word = code(link.span.of(question));
    let head = match &link.kind {
        LinkKind::Unknown => format!("**{word}** was not understood"),
        kind => format!("**{word}** is read as {}, {} sure", link_kind(kind), percent(link.score)),
    };
    let evidence = if link.kind == LinkKind::Unknown { String::new() } else { found_by(&link.evidence) };
    let mut parts = vec![format!("{head}{evidence}")];
    // Above the card: editors cut long hovers at their end.
    let others = other_meanings(link.span.of(question), &link.kind, index);
    let others: Vec<String> = others.iter().map(|other| format!("{} {}", other.kind, code(&other.name))).collect();
    if !others.is_empty() {
        parts.push(format!("It may also stand for: {}", others.join(", ")));
    }
    match &link.kind {
        LinkKind::Table(table) => parts.push(schema.table_card(*table)),
        LinkKind::Column(column) => parts.push(schema.column_card(*column)),
        LinkKind::Value { value, columns } => {
            let names: Vec<String> = columns.iter().map(|column| schema.column_name(*column)).collect();
            let names = code_list(names.iter().map(String::as_str), SHOWN);
            if columns.iter().any(|column| schema.is_sensitive(*column)) {
                // The evidence may quote the value as it stands in the database.
                parts[0] = head;
                parts.push(format!("A value of {names}, which is sensitive: values are not shown."));
            } else if !names.is_empty() {
                parts.push(format!("{} in {names}", code(value)));
            }
        }
        LinkKind::Time(words) | LinkKind::Operation(words) => parts.push(prose(words)),
        LinkKind::Term(name) => parts.extend(term_card(name, schema.annotations)),
        LinkKind::Number(_) => {}
        LinkKind::Unknown => {
            let at_it = answer.boundaries.iter().filter(|boundary| boundary.span.intersects(link.span));
            parts.extend(at_it.take(1).map(boundary_words));
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

/// How a link was found: the strategy's words and its name; what does not tell its strategy is quoted.
fn found_by(evidence: &str) -> String {
    let (strategy, _) = strategy_of(evidence);
    match strategy.map(|name| (name, strategy_words(name))) {
        Some((name, Some(words))) => format!(": {words} ({})", prose(name)),
        _ if evidence.is_empty() => String::new(),
        _ => format!(": {}", prose(evidence)),
    }
}

/// A boundary with its type and what can be done about it.
fn boundary_words(boundary: &KnowledgeBoundary) -> String {
    let suggestions: Vec<String> = boundary.suggestions.iter().map(|one| prose(one)).collect();
    let explanation = prose(boundary.explanation.trim_end_matches('.'));
    let said = format!("*{}:* {explanation}.", boundary_title(boundary.boundary_type));
    if suggestions.is_empty() { said } else { format!("{said} {}", suggestions.join(" ")) }
}

/// What the team's glossary says of a term or metric.
fn term_card(name: &str, annotations: &Annotations) -> Option<String> {
    let term = annotations.terms.iter().find(|term| term.name.eq_ignore_ascii_case(name));
    let metric = annotations.metrics.iter().find(|metric| metric.name.eq_ignore_ascii_case(name));
    let (description, table, expression) = match (term, metric) {
        (Some(term), _) => (&term.description, &term.table, &term.condition),
        (None, Some(metric)) => (&metric.description, &metric.table, &metric.expression),
        (None, None) => return None,
    };
    let description = description.as_ref().map(|text| format!("{}\n\n", prose(text))).unwrap_or_default();
    Some(format!("{description}{} over {}", code(expression), code(table)))
}

/// What an answer does, in words, when the engine wrote it, and how its last run went.
fn answer_card(snapshot: &Snapshot, query: &Query) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(reading) = query.prompt.and_then(|prompt| snapshot.reading(prompt))
        && let Some(answer) = &reading.answer
    {
        match &answer.outcome {
            Outcome::Query { sql, description } if same_query(sql, &query.text) => {
                parts.push(format!("**{} sure:** {}", percent(answer.confidence), prose(description)));
            }
            _ => {
                let other = answer.alternatives.iter().find(|other| same_query(&other.sql, &query.text));
                parts.extend(other.map(|o| format!("**{} sure:** {}", percent(o.confidence), prose(&o.description))));
            }
        }
    }
    if let Some(run) = snapshot.runs.get(&query.text) {
        let error = run.error.as_ref().map(|error| format!(": {}", prose(error))).unwrap_or_default();
        parts.push(format!("Last run: {}{error}", run_words(run)));
    }
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

/// The reading of a whole prompt.
fn prompt_card(reading: &Reading<'_>, answer: &Answer) -> String {
    let mut parts = vec![format!("Asked of **{}**", prose(&reading.connection.title()))];
    match &answer.outcome {
        Outcome::Query { sql, description } => {
            parts.push(format!("**{} sure:** {}", percent(answer.confidence), prose(description)));
            parts.push(fenced(reading.connection.dialect.fence(), sql));
            if reading.standing.is_some_and(|query| !same_query(sql, &query.text)) {
                parts.push("The query below the question is another one.".into());
            }
        }
        Outcome::Clarification(clarification) => {
            parts.push(format!("**Asks:** {}", prose(&clarification.question)));
            parts.push(list("", clarification.options.iter().map(|option| prose(&option.label))));
        }
        Outcome::Abstention { reason } => parts.push(format!("**No answer:** {}", prose(reason))),
    }
    let boundaries = answer.boundaries.iter().take(SHOWN).map(boundary_words);
    parts.push(list("Not known:\n", boundaries));
    let factors = answer.factors.iter().take(SHOWN);
    let factors = factors.map(|factor| {
        format!("{} {}: {}", prose(&factor.name.replace('_', " ")), percent(factor.value), prose(&factor.explanation))
    });
    parts.push(list("What the confidence is made of:\n", factors));
    match answer.alternatives.len() {
        0 => {}
        1 => parts.push("There is one other reading.".into()),
        more => parts.push(format!("There are {more} other readings.")),
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

/// A list under its title; nothing when the list is empty.
fn list(title: &str, lines: impl Iterator<Item = String>) -> String {
    let lines: Vec<String> = lines.map(|line| format!("- {line}")).collect();
    if lines.is_empty() { String::new() } else { format!("{title}{}", lines.join("\n")) }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::fixture::{Fixture, SECRETS, abstains, asks, fixture, sure};

    fn check(fixture: Fixture, expected: Expect) {
        let hover = hover(&fixture.snapshot, fixture.offset);
        let shown = hover.map(|hover| format!("{:?}\n{}\n", hover.span.of(fixture.text()), hover.markdown));
        expected.assert_eq(&shown.unwrap_or_default());
    }

    #[test]
    fn a_table_of_a_query_shows_what_is_known_of_it() {
        check(
            fixture("-- nlq: x\nSELECT * FROM ord$0ers;"),
            expect![[r#"
            "orders"
            **`orders`** table, about 56,789 rows

            What customers bought, one row a purchase

            Also called: purchases, sales

            Key: `id`

            References: `orders.customer_id → customers.id`

            Columns: `id INTEGER`, `customer_id INTEGER`, `status TEXT`, `total_amount NUMERIC(10,2)`, `placed_at TEXT`
        "#]],
        );
        check(
            fixture("-- nlq: x\nSELECT o$0.id FROM orders o;"),
            expect![[r#"
            "o"
            `o` stands for

            **`orders`** table, about 56,789 rows

            What customers bought, one row a purchase

            Also called: purchases, sales

            Key: `id`

            References: `orders.customer_id → customers.id`

            Columns: `id INTEGER`, `customer_id INTEGER`, `status TEXT`, `total_amount NUMERIC(10,2)`, `placed_at TEXT`
        "#]],
        );
    }

    #[test]
    fn a_column_of_a_query_shows_type_keys_terms_and_values() {
        check(
            fixture("-- nlq: x\nSELECT total$0_amount FROM orders;"),
            expect![[r#"
            "total_amount"
            **`orders.total_amount`** `NUMERIC(10,2)`, never NULL

            What the customer paid, with \*taxes\* included

            Also called: revenue
        "#]],
        );
        check(
            fixture("-- nlq: x\nSELECT id FROM orders WHERE stat$0us = 'paid';"),
            expect![[r#"
            "status"
            **`orders.status`** `TEXT`, never NULL

            Values: `new`, `paid`, `shipped`
        "#]],
        );
        check(
            fixture("-- nlq: x\nSELECT customer_i$0d FROM orders;"),
            expect![[r#"
            "customer_id"
            **`orders.customer_id`** `INTEGER`, never NULL

            References: `customers.id`
        "#]],
        );
        check(
            fixture("-- nlq: x\nSELECT email$0 FROM customers;"),
            expect![[r#"
            "email"
            **`customers.email`** `TEXT`, may be NULL

            Where to write to

            Unique.

            Sensitive: values are not shown.
        "#]],
        );
    }

    #[test]
    fn a_name_in_a_string_of_a_host_language_is_hovered_where_it_stands() {
        check(
            fixture("//- /report.py\n# nlq: größe 💣\nq = \"SELECT cit$0y FROM customers\"\n"),
            expect![[r#"
            "city"
            **`customers.city`** `TEXT`, may be NULL

            Values such as: `Berlin`, `Zürich`
        "#]],
        );
    }

    #[test]
    fn a_word_of_a_prompt_shows_how_it_was_understood() {
        let hovered = |word: &str| {
            let question = "show mails and revenue of customers in Zürich last year for wombats";
            let text = format!("-- nlq: {}\n", question.replacen(word, &format!("{word}$0"), 1));
            fixture(&text).answering(0, sure(question, "SELECT 1"))
        };
        check(
            hovered("revenue"),
            expect![[r#"
                "revenue"
                **`revenue`** is read as a column, 90 % sure: the team calls it so

                **`orders.total_amount`** `NUMERIC(10,2)`, never NULL

                What the customer paid, with \*taxes\* included

                Also called: revenue
            "#]],
        );
        check(
            hovered("Zürich"),
            expect![[r#"
                "Zürich"
                **`Zürich`** is read as a value, 90 % sure: a known value

                `Zürich` in `customers.city`
            "#]],
        );
        check(
            hovered("last"),
            expect![[r#"
                "last year"
                **`last year`** is read as a time, 90 % sure: before 2026

                2025
            "#]],
        );
        check(
            hovered("wombats"),
            expect![[r#"
                "wombats"
                **`wombats`** was not understood
            "#]],
        );
    }

    #[test]
    fn a_value_of_a_sensitive_column_is_not_shown() {
        let fixture = fixture("-- nlq: orders of ad$0a\n").answering(0, sure("orders of ada", "SELECT 1"));
        let markdown = hover(&fixture.snapshot, fixture.offset).map(|hover| hover.markdown).unwrap_or_default();
        assert!(SECRETS.iter().all(|secret| !markdown.contains(secret)), "{markdown}");
        expect![[r#"
            **`ada`** is read as a value, 90 % sure

            A value of `customers.email`, which is sensitive: values are not shown."#]]
        .assert_eq(&markdown);
    }

    #[test]
    fn the_trigger_shows_the_reading_of_the_whole_prompt() {
        let question = "revenue of orders";
        let text = "-- n$0lq: revenue of orders\n";
        check(
            fixture(text).answering(0, sure(question, "SELECT sum(total_amount) FROM orders")),
            expect![[r#"
                "-- nlq: revenue of orders"
                Asked of **shop/dev (SQLite)**

                **92 % sure:** Sums `orders.total_amount`.

                ```sql
                SELECT sum(total_amount) FROM orders
                ```

                What the confidence is made of:
                - schema coverage 92 %: Most words are known.

                There is one other reading.
            "#]],
        );
        check(
            fixture(text).answering(0, asks(question)),
            expect![[r#"
                "-- nlq: revenue of orders"
                Asked of **shop/dev (SQLite)**

                **Asks:** Which amount is meant?

                - total_amount
                - id

                What the confidence is made of:
                - schema coverage 50 %: Most words are known.
            "#]],
        );
        check(
            fixture(text).answering(0, abstains(question)),
            expect![[r#"
                "-- nlq: revenue of orders"
                Asked of **shop/dev (SQLite)**

                **No answer:** A word is not known.

                Not known:
                - *unknown entity:* Something is odd. Name a table.
                - *unknown entity:* `wombats` names nothing in shop/dev. Name a table.

                What the confidence is made of:
                - schema coverage 10 %: Most words are known.
            "#]],
        );
        let answered = fixture(&format!("{text}SELECT 2;\n")).answering(0, sure(question, "SELECT 1"));
        check(
            answered,
            expect![[r#"
                "-- nlq: revenue of orders"
                Asked of **shop/dev (SQLite)**

                **92 % sure:** Sums `orders.total_amount`.

                ```sql
                SELECT 1
                ```

                The query below the question is another one.

                What the confidence is made of:
                - schema coverage 92 %: Most words are known.

                There is one other reading.
            "#]],
        );
    }

    #[test]
    fn before_the_schema_is_known_the_hover_says_so() {
        check(
            fixture("-- nl$0q(warehouse/prod): orders\n"),
            expect![[r#"
            "-- nlq(warehouse/prod): orders"
            The schema of `warehouse/prod` has not been read yet: run `nlq schema refresh`.
        "#]],
        );
    }
}
