//! Annotations against a schema: what they name must be there.

use nlq_catalog::{Catalog, QueryLanguage, TableId};
use nlq_text::{Diagnostic, Span, did_you_mean};

use crate::{
    AnnotationFile,
    annotations::join_sides,
    check::{change_to, shown, sorted},
    yaml::{self, Entry, Node},
};

/// Checks targets, relationships, terms and metrics against the schema: unknown tables and columns with did-you-mean.
/// `text` is the text that `file` was read from.
pub fn check_annotations(file: &AnnotationFile, text: &str, catalog: &Catalog) -> Vec<Diagnostic> {
    if file.places.is_empty() {
        return Vec::new();
    }
    let root = yaml::parse(text).root;
    let mut checker = Checker { catalog, text, found: Vec::new() };
    let items = |key| root.get(key).map_or(&[][..], Node::items).iter();
    for item in items("annotations") {
        let (table, column) = (item.entry("table"), item.entry("column"));
        if let Some(entry) = table {
            checker.table(entry);
        } else if let Some(entry) = column {
            checker.column(&entry.node);
        }
        for join in item.get("relationships").map_or(&[][..], Node::items) {
            checker.join(join);
        }
    }
    for (key, expression) in [("terms", "condition"), ("metrics", "expression")] {
        for item in items(key) {
            if let Some(table) = item.entry("table").and_then(|entry| checker.table(entry))
                && let Some(entry) = item.entry(expression)
            {
                checker.expression(table, &entry.node);
            }
        }
    }
    sorted(checker.found)
}

struct Checker<'a> {
    catalog: &'a Catalog,
    text: &'a str,
    found: Vec<Diagnostic>,
}

impl Checker<'_> {
    fn table(&mut self, entry: &Entry) -> Option<TableId> {
        let name = entry.node.text()?;
        self.find_table(name, self.inner(&entry.node, name))
    }

    fn find_table(&mut self, name: &str, span: Span) -> Option<TableId> {
        let (schema, table) = match name.rsplit_once('.') {
            Some((schema, table)) => (Some(schema), table),
            None => (None, name),
        };
        let found = self.named(name);
        if found.is_none() {
            let names = self.catalog.tables.iter().map(|t| t.name.as_str());
            let near = did_you_mean(table, names);
            let qualified = near.map(|near| schema.map_or(near.to_owned(), |schema| format!("{schema}.{near}")));
            self.unknown("unknown-table", &format!("there is no table {}", shown(name)), span, qualified);
        }
        found
    }

    /// The table of a name with or without its schema; both may have dots of their own, as data models and documents have.
    fn named(&self, name: &str) -> Option<TableId> {
        let split = |(dot, _): (usize, &str)| self.catalog.find_table(Some(&name[..dot]), &name[dot + 1..]);
        self.catalog.find_table(None, name).or_else(|| name.rmatch_indices('.').find_map(split))
    }

    fn column(&mut self, node: &Node) {
        if let Some(name) = node.text() {
            self.find_column(name, self.inner(node, name));
        }
    }

    fn find_column(&mut self, name: &str, span: Span) {
        // A column's name may have dots of its own: what stands before it is the longest name of a table.
        let known = |(dot, _): &(usize, &str)| self.named(&name[..*dot]).is_some();
        let dot = name.rmatch_indices('.').find(known).map(|(dot, _)| dot).or_else(|| name.rfind('.'));
        let Some((table, column)) = dot.map(|dot| (&name[..dot], &name[dot + 1..])) else { return };
        // The column's own range when the whole is written as it is.
        let exact = span.of(self.text) == name;
        let table_span = if exact { Span::new(span.start, span.start + table.len()) } else { span };
        let Some(id) = self.find_table(table, table_span) else { return };
        if self.catalog.find_column(id, column).is_none() {
            let column_span = if exact { Span::new(span.end - column.len(), span.end) } else { span };
            self.unknown_column(id, column, column_span);
        }
    }

    fn unknown_column(&mut self, table: TableId, column: &str, span: Span) {
        let table = self.catalog.table(table);
        let near = did_you_mean(column, table.columns.iter().map(|c| c.name.as_str())).map(str::to_owned);
        let message = format!("{} has no column {}", shown(&table.name), shown(column));
        self.unknown("unknown-column", &message, span, near);
    }

    fn unknown(&mut self, code: &'static str, message: &str, span: Span, near: Option<String>) {
        let meant = near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let found = Diagnostic::warning(span, code, format!("{message}{meant}"));
        self.found.push(near.iter().fold(found, |found, near| found.with_fix(change_to(span, near))));
    }

    fn join(&mut self, node: &Node) {
        let Some((left, right)) = node.text().and_then(join_sides) else { return };
        let whole = self.inner(node, node.text().unwrap_or_default());
        for (side, at) in [(left, whole.of(self.text).find(left)), (right, whole.of(self.text).rfind(right))] {
            let span = at.map_or(whole, |at| Span::new(whole.start + at, whole.start + at + side.len()));
            self.find_column(side, span);
        }
    }

    /// Words of an expression that are nearly a column's name. Others are left alone: without the system's own parser
    /// they may be keywords or functions.
    fn expression(&mut self, table: TableId, node: &Node) {
        let Some(text) = node.text() else { return };
        let span = self.inner(node, text);
        if span.of(self.text) != text {
            return;
        }
        let quotes: &[char] =
            if self.catalog.dialect.language() == QueryLanguage::Sql { &['\''] } else { &['\'', '"'] };
        for (start, word) in words(text, quotes) {
            let columns = || self.catalog.table(table).columns.iter().map(|column| column.name.as_str());
            if word.len() > 3
                && self.catalog.find_column(table, word).is_none()
                && did_you_mean(word, columns()).is_some()
            {
                self.unknown_column(table, word, Span::new(span.start + start, span.start + start + word.len()));
            }
        }
    }

    /// The range of a scalar's text, without its quotes when nothing in it is escaped.
    fn inner(&self, node: &Node, text: &str) -> Span {
        let inner = Span::new(node.span.start + 1, node.span.end.saturating_sub(1));
        if inner.of(self.text) == text { inner } else { node.span }
    }
}

/// The bare words of an expression that are not called: what stands in quotes, numbers and function names are left out.
fn words<'t>(text: &'t str, quotes: &[char]) -> Vec<(usize, &'t str)> {
    let mut words = Vec::new();
    let mut rest = 0;
    while let Some(ch) = text[rest..].chars().next() {
        let tail = &text[rest..];
        let word = tail.len() - tail.trim_start_matches(|ch: char| ch.is_alphanumeric() || ch == '_').len();
        if quotes.contains(&ch) {
            rest += 1 + tail[1..].find(ch).map_or(tail.len() - 1, |end| end + 1);
        } else if word == 0 {
            rest += ch.len_utf8();
        } else {
            let called = tail[word..].trim_start().starts_with(['(', '.']);
            if !ch.is_ascii_digit() && !called {
                words.push((rest, &tail[..word]));
            }
            rest += word;
        }
    }
    words
}

#[cfg(test)]
pub(crate) mod tests {
    use expect_test::expect;
    use nlq_catalog::{Column, Table};

    use super::*;
    use crate::parse_annotations;

    pub(crate) fn catalog() -> Catalog {
        let table = |schema: Option<&str>, name: &str, columns: &[&str]| Table {
            schema: schema.map(Into::into),
            name: name.into(),
            columns: columns.iter().map(|&name| Column { name: name.into(), ..Column::default() }).collect(),
            ..Table::default()
        };
        Catalog {
            tables: vec![
                table(Some("public"), "customers", &["id", "name"]),
                table(Some("public"), "orders", &["id", "customer_id", "status", "total_amount", "größe"]),
            ],
            search_path: vec!["public".into()],
            ..Catalog::default()
        }
    }

    #[test]
    fn unknown_names_are_shown_with_the_nearest() {
        let text = r#"
annotations:
  - table: "order"
  - table: public.orders
  - table: public.ordrs
    relationships: [orders.custmer_id -> customers.id, "orders.customer_id -> custmers.id"]
  - column: orders.statsu
  - column: orders.größe
  - column: 'orders.grösse'
  - column: public.orders.nothing_like_it
terms:
  - { name: big, table: orders, condition: "total_amout > 1000 and lower(status) = 'statsu'" }
metrics:
  - { name: revenue, table: invoices, expression: sum(x) }
"#;
        let file = parse_annotations(text).value;
        let shown = check_annotations(&file, text, &catalog()).into_iter().map(|found| {
            let fix = found.fixes.first().map(|fix| format!(" -> {}", fix.edits[0].text)).unwrap_or_default();
            format!("{:?} [{}] {}{fix}\n", found.span.of(text), found.code, found.message)
        });
        expect![[r#"
            "order" [unknown-table] there is no table `order`; did you mean `orders`? -> orders
            "public.ordrs" [unknown-table] there is no table `public.ordrs`; did you mean `public.orders`? -> public.orders
            "custmer_id" [unknown-column] `orders` has no column `custmer_id`; did you mean `customer_id`? -> customer_id
            "custmers" [unknown-table] there is no table `custmers`; did you mean `customers`? -> customers
            "statsu" [unknown-column] `orders` has no column `statsu`; did you mean `status`? -> status
            "grösse" [unknown-column] `orders` has no column `grösse`; did you mean `größe`? -> größe
            "nothing_like_it" [unknown-column] `orders` has no column `nothing_like_it`
            "total_amout" [unknown-column] `orders` has no column `total_amout`; did you mean `total_amount`? -> total_amount
            "invoices" [unknown-table] there is no table `invoices`
        "#]].assert_eq(&shown.collect::<String>());
    }

    #[test]
    fn names_with_dots_and_expressions_of_other_languages() {
        let text = r#"
annotations:
  - table: Sessions.Expired
  - column: app:json.request.region
  - column: app:json.request.regoin
  - column: app.app:json.levle
terms:
  - { name: error, table: "app:json", condition: 'levle="LEVLE" OR x="leve"' }
"#;
        let table = |schema: &str, name: &str, columns: &[&str]| Table {
            schema: Some(schema.into()),
            name: name.into(),
            columns: columns.iter().map(|&name| Column { name: name.into(), ..Column::default() }).collect(),
            ..Table::default()
        };
        let catalog = Catalog {
            dialect: nlq_catalog::Dialect::Splunk,
            tables: vec![
                table("Model", "Sessions.Expired", &["user"]),
                table("app", "app:json", &["level", "request.region"]),
            ],
            ..Catalog::default()
        };
        let found = check_annotations(&parse_annotations(text).value, text, &catalog);
        let said: Vec<&str> = found.iter().map(|found| found.message.as_str()).collect();
        assert_eq!(
            said,
            [
                "`app:json` has no column `request.regoin`; did you mean `request.region`?",
                "`app:json` has no column `levle`; did you mean `level`?",
                "`app:json` has no column `levle`; did you mean `level`?",
            ]
        );
    }
}
