use nlq_query::{CompletionKind, complete};
use nlq_syntax::{Language, Prompt};
use nlq_text::{Edit, Span};

use crate::{Snapshot, outline::front_matter, prompt_completion::prompt_completions, view::speaks};

/// One completion in a prompt or a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletionItem {
    /// Shown, and compared with what was typed.
    pub label: String,
    /// What is written in place of `span`: the label as it must stand there, escaped in a string, with a key's colon.
    pub insert: String,
    /// What it replaces, in the document.
    pub span: Span,
    /// What it is.
    pub kind: CompletionItemKind,
    /// One line beside it.
    pub detail: String,
    /// Markdown.
    pub documentation: Option<String>,
    /// Smaller comes first.
    pub rank: u8,
}

/// What a completion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum CompletionItemKind {
    Table,
    Column,
    Term,
    Value,
    Join,
    Alias,
    Keyword,
    Function,
    Connection,
    Key,
}

/// What could stand at `offset`: in prompts terms, tables, columns and values; in queries what `nlq_query` offers; after
/// `nlq(` the connections.
pub fn completions(snapshot: &Snapshot, offset: usize) -> Vec<CompletionItem> {
    if !snapshot.document.text().is_char_boundary(offset) {
        return Vec::new();
    }
    if let Some(typed) = connection_name(snapshot, offset) {
        return connections(snapshot, typed);
    }
    if let Some((prompt, line)) = prompt_line(snapshot, offset) {
        let Ok(connection) = snapshot.prompt_connection(prompt) else { return Vec::new() };
        return connection.schema().map(|schema| prompt_completions(schema, snapshot, line)).unwrap_or_default();
    }
    in_query(snapshot, offset).unwrap_or_default()
}

/// The prompt that the cursor is in, and the part of its line before the cursor. A cursor after trailing white space is
/// still in it.
fn prompt_line(snapshot: &Snapshot, offset: usize) -> Option<(&Prompt, Span)> {
    let document = &snapshot.document;
    let text = document.text();
    let line = document.lines().line_start(document.lines().line_of(offset))?;
    let prompt = document.prompts().iter().rev().find(|prompt| {
        prompt.span.start < offset && text.get(prompt.span.end.min(offset)..offset).is_some_and(is_blank_on_line)
    })?;
    // The question begins after the marker and the trigger: those are no words of it.
    let mut pieces = prompt.map.pieces().iter().map(|(_, document)| document.start);
    let start = pieces.rfind(|start| *start <= offset).map_or(offset, |start| start.max(line));
    Some((prompt, Span::new(start, offset)))
}

fn is_blank_on_line(text: &str) -> bool {
    text.bytes().all(|byte| byte == b' ' || byte == b'\t')
}

fn in_query(snapshot: &Snapshot, offset: usize) -> Option<Vec<CompletionItem>> {
    let document = &snapshot.document;
    let is_after = |end: usize| document.text().get(end..offset).is_some_and(|gap| gap.trim().is_empty());
    let (index, query) = document
        .queries()
        .iter()
        .enumerate()
        .rfind(|(_, query)| query.span.touches(offset) || (query.span.end < offset && is_after(query.span.end)))?;
    let connection = snapshot.query_connection(query).ok().filter(|connection| speaks(query, connection.dialect))?;
    let context = snapshot.query_context(connection);
    // White space at the end of a statement is not part of it, yet what comes next is asked for there.
    let end = query.map.pieces().last().map_or(query.span.end, |(_, document)| document.end);
    let gap = document.text().get(end..offset).filter(|gap| !gap.is_empty() && gap.trim().is_empty());
    let (text, at) = match (gap, query.map.to_extracted(offset)) {
        (Some(gap), _) => (format!("{}{gap}", query.text), query.text.len() + gap.len()),
        (None, at) => (query.text.clone(), at?),
    };
    let items = complete(&text, at, context).into_iter().filter_map(|item| {
        let edit = if item.span.start >= query.text.len() && gap.is_some() {
            let by = |at: usize| at - query.text.len() + end;
            Edit { span: Span::new(by(item.span.start), by(item.span.end)), text: item.label.clone() }
        } else {
            document.query_edit(index, &Edit { span: item.span, text: item.label.clone() })?
        };
        Some(CompletionItem {
            label: item.label,
            insert: edit.text,
            span: edit.span,
            kind: kind(item.kind),
            detail: item.detail,
            documentation: item.documentation,
            rank: item.rank,
        })
    });
    Some(items.collect())
}

fn kind(kind: CompletionKind) -> CompletionItemKind {
    match kind {
        CompletionKind::Table => CompletionItemKind::Table,
        CompletionKind::Column => CompletionItemKind::Column,
        CompletionKind::Join => CompletionItemKind::Join,
        CompletionKind::Alias => CompletionItemKind::Alias,
        CompletionKind::Value => CompletionItemKind::Value,
        CompletionKind::Keyword => CompletionItemKind::Keyword,
        CompletionKind::Function => CompletionItemKind::Function,
        CompletionKind::Command => CompletionItemKind::Keyword,
    }
}

/// The range of a connection's name that is being typed: after `nlq(` in a comment, after `connection=` of a file
/// directive, after `connection:` of front matter.
fn connection_name(snapshot: &Snapshot, offset: usize) -> Option<Span> {
    const MARKERS: [&str; 8] = ["--", "//", "#", "/*", "*", "\"\"\"", "```", "`comment("];
    let document = &snapshot.document;
    let line = document.lines().line_start(document.lines().line_of(offset))?;
    let before = document.text().get(line..offset)?;
    let name_len =
        before.chars().rev().take_while(|ch| ch.is_alphanumeric() || "/_-.".contains(*ch)).map(char::len_utf8);
    let (head, name) = before.split_at(before.len() - name_len.sum::<usize>());
    let trigger = &document.options().trigger;
    let is_comment = MARKERS.iter().any(|marker| head.trim_start().starts_with(marker) || head.contains(marker));
    let asks = head.ends_with(&format!("{trigger}(")) || (head.contains("-file:") && head.ends_with("connection="));
    let in_front_matter = document.language() == Language::Nlq
        && head.trim_end() == "connection:"
        && front_matter(document.text()).is_some_and(|matter| matter.contains(offset));
    let found = (is_comment && asks) || in_front_matter;
    found.then(|| Span::new(offset - name.len(), offset))
}

fn connections(snapshot: &Snapshot, typed: Span) -> Vec<CompletionItem> {
    let name = typed.of(snapshot.document.text()).to_lowercase();
    let views = snapshot.workspace.connections.values();
    let matching = views.map(|view| (view, view.reference.to_string())).filter(|(_, full)| {
        let full = full.to_lowercase();
        full.starts_with(&name) || full.split('/').any(|part| part.starts_with(&name))
    });
    let items = matching.map(|(view, label)| CompletionItem {
        insert: label.clone(),
        label,
        span: typed,
        kind: CompletionItemKind::Connection,
        detail: view.dialect.title().into(),
        documentation: None,
        rank: 0,
    });
    items.collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::fixture::{Fixture, SECRETS, fixture};

    fn check(fixture: Fixture, expected: Expect) {
        let mut shown = String::new();
        for item in completions(&fixture.snapshot, fixture.offset) {
            let replaced = item.span.of(fixture.text());
            let CompletionItem { rank, kind, label, detail, .. } = &item;
            shown.push_str(&format!("{rank} {kind:?} {label} <- {replaced:?} ({detail})\n"));
        }
        expected.assert_eq(&shown);
    }

    #[test]
    fn prompts_complete_with_the_words_of_business_and_schema() {
        check(
            fixture("-- nlq: revenue of cus$0\n"),
            expect![[r#"
            1 Table customers <- "cus" (People who bought)
            2 Column customer_id <- "cus" (orders.customer_id)
        "#]],
        );
        check(
            fixture("-- nlq: am$0\n"),
            expect![[r#"
            6 Column total_amount <- "am" (orders.total_amount)
        "#]],
        );
        check(
            fixture("-- nlq: orders of cüstomers in zü$0\n"),
            expect![[r#"
            3 Value Zürich <- "zü" (customers.city)
        "#]],
        );
        check(
            fixture("-- nlq: first line\r\n-- then sal$0 of them\r\n"),
            expect![[r#"
            0 Term sales <- "sal" (orders)
        "#]],
        );
        check(
            fixture("//- /a.nlq\n# A\n\nrevenue of 💣 pur$0\n"),
            expect![[r#"
            0 Term purchases <- "pur" (orders)
        "#]],
        );
    }

    #[test]
    fn an_empty_prompt_offers_names() {
        let items = completions(&fixture("-- nlq: orders \n").snapshot, "-- nlq: orders ".len());
        assert!(items.iter().any(|item| item.label == "customers"));
        let empty = fixture("-- nlq: $0\n");
        assert!(completions(&empty.snapshot, empty.offset).iter().any(|item| item.label == "orders"));
    }

    #[test]
    fn values_of_sensitive_columns_are_never_offered() {
        for word in ["ad", "ada@", "gra", "top"] {
            for text in [
                format!("-- nlq: mails of {word}$0\n"),
                format!("-- nlq: x\nSELECT * FROM customers WHERE email = '{word}$0"),
            ] {
                let fixture = fixture(&text);
                for item in completions(&fixture.snapshot, fixture.offset) {
                    assert!(SECRETS.iter().all(|secret| !format!("{item:?}").contains(secret)), "{item:?}");
                }
            }
        }
    }

    #[test]
    fn connections_complete_after_the_trigger_and_in_directives() {
        check(
            fixture("-- nlq($0\n"),
            expect![[r#"
            0 Connection shop/dev <- "" (SQLite)
            0 Connection warehouse/prod <- "" (PostgreSQL)
        "#]],
        );
        check(
            fixture("-- nlq(pr$0): orders\n"),
            expect![[r#"
            0 Connection warehouse/prod <- "pr" (PostgreSQL)
        "#]],
        );
        check(
            fixture("-- nlq-file: connection=sh$0\n"),
            expect![[r#"
            0 Connection shop/dev <- "sh" (SQLite)
        "#]],
        );
        check(
            fixture("//- /a.nlq\n---\nconnection: $0\n---\n"),
            expect![[r#"
            0 Connection shop/dev <- "" (SQLite)
            0 Connection warehouse/prod <- "" (PostgreSQL)
        "#]],
        );
        check(fixture("//- /a.py\nnlq($0\n"), expect![[""]]);
    }

    fn labels(text: &str, prefix: &str) -> Vec<String> {
        let fixture = fixture(text);
        let items = completions(&fixture.snapshot, fixture.offset);
        let shown = items.into_iter().map(|item| format!("{} <- {:?}", item.insert, item.span.of(fixture.text())));
        shown.filter(|label| label.starts_with(prefix)).collect()
    }

    #[test]
    fn queries_complete_where_they_stand() {
        assert_eq!(labels("-- nlq: x\nSELECT total$0 FROM orders;\n", "total"), ["total_amount <- \"total\""]);
        assert_eq!(labels("-- nlq: x\nSELECT id FROM $0\n", "cust"), ["customers <- \"\""]);
        let python = "//- /a.py\n# nlq: 💣\nq = \"\"\"\n    SELECT id\n    FROM cust$0\n\"\"\"\n";
        assert_eq!(labels(python, "cust"), ["customers <- \"cust\""]);
    }
}
