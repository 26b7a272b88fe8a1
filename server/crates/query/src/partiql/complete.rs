//! What could stand at the cursor of a statement that may be half-typed, told from the tokens before it.

use nlq_catalog::{Catalog, ColumnId, TableId};
use nlq_text::Span;

use super::{
    ast::Function,
    lexer::{Kind, Token, lex, statements},
    names,
};
use crate::{Completion, CompletionKind, QueryContext};

/// What could stand at `offset`, best first.
pub(super) fn complete(text: &str, offset: usize, context: QueryContext<'_>) -> Vec<Completion> {
    let start = statements(text).iter().rev().find(|span| span.start <= offset).map_or(0, |span| span.start);
    let tokens: Vec<Token> = lex(text).into_iter().filter(|token| token.span.start >= start).collect();
    if tokens.iter().any(|token| token.kind == Kind::Comment && token.span.start < offset && offset <= token.span.end) {
        return Vec::new();
    }
    // The word that is being typed is replaced; so is a text that is open.
    let typed = tokens.iter().find(|token| {
        let word = matches!(token.kind, Kind::Word | Kind::Quoted | Kind::Text | Kind::Broken);
        word && token.span.start < offset && offset <= token.span.end
    });
    let span = match typed {
        // An open quote runs to the end of the text.
        Some(token) if token.kind == Kind::Broken => Span::new(token.span.start, offset),
        Some(token) => token.span,
        None => Span::at(offset),
    };
    let before: Vec<Token> =
        tokens.iter().filter(|token| token.span.end <= span.start && token.kind != Kind::Comment).copied().collect();
    let table = context.catalog.and_then(|catalog| source(text, &tokens, catalog));
    let mut offer = Offer { context, span, found: Vec::new() };
    offer.at(text, &before, table);
    offer.found.truncate(200);
    offer.found.sort_by_key(|one| one.rank);
    offer.found
}

/// The table after FROM, wherever the cursor stands.
fn source(text: &str, tokens: &[Token], catalog: &Catalog) -> Option<TableId> {
    let from = tokens.iter().position(|token| token.is(text, "from"))?;
    names::table(catalog, &tokens.get(from + 1)?.content(text)?)
}

struct Offer<'a> {
    context: QueryContext<'a>,
    span: Span,
    found: Vec<Completion>,
}

impl Offer<'_> {
    fn push(&mut self, label: String, kind: CompletionKind, detail: impl Into<String>, rank: u8) {
        let completion = Completion { label, span: self.span, kind, detail: detail.into(), documentation: None, rank };
        self.found.push(completion);
    }

    fn keywords(&mut self, words: &[&str], rank: u8) {
        for word in words {
            self.push((*word).to_owned(), CompletionKind::Keyword, "", rank);
        }
    }

    fn at(&mut self, text: &str, before: &[Token], table: Option<TableId>) {
        let Some(last) = before.last() else { return self.keywords(&["SELECT"], 0) };
        let is = |word: &str| last.is(text, word);
        if is(".") {
            return self.part(text, before, table);
        }
        if is("from") {
            return self.tables();
        }
        if is("order") {
            return self.keywords(&["BY"], 0);
        }
        if is("is") {
            return self.keywords(&["MISSING", "NOT MISSING", "NULL", "NOT NULL"], 0);
        }
        let clause = before
            .iter()
            .rev()
            .find_map(|token| ["select", "from", "where", "by"].into_iter().find(|word| token.is(text, word)));
        let name = matches!(last.kind, Kind::Word | Kind::Quoted)
            && !["select", "where", "by", "and", "or", "not"].iter().any(|word| is(word));
        match clause {
            Some("select") if name || is("*") => self.keywords(&["FROM"], 0),
            Some("select") => {
                self.keywords(&["*"], 1);
                self.columns(table, 0);
            }
            Some("from") => self.keywords(&["WHERE", "ORDER BY"], 0),
            Some("where") => {
                if let Some(column) = self.compared(text, before, table) {
                    self.values(column);
                } else if name {
                    self.keywords(
                        &["=", "<", ">", "<=", ">=", "<>", "BETWEEN", "IN", "IS MISSING", "IS NOT MISSING"],
                        0,
                    );
                } else if matches!(last.kind, Kind::Text | Kind::Number | Kind::Placeholder)
                    || is(")")
                    || is("]")
                    || is("missing")
                    || is("null")
                {
                    self.keywords(&["AND", "OR", "ORDER BY"], 0);
                } else {
                    self.keys_first(table);
                    for (_, function, told) in Function::ALL {
                        self.push(format!("{function}("), CompletionKind::Function, told.replace('`', ""), 2);
                    }
                    self.push("size(".to_owned(), CompletionKind::Function, "size(attribute)", 2);
                    self.keywords(&["NOT"], 3);
                }
            }
            Some("by") if name => self.keywords(&["DESC", "ASC"], 0),
            Some("by") => self.sort_key(text, before, table),
            _ => self.keywords(&["FROM"], 0),
        }
    }

    fn tables(&mut self) {
        let Some(catalog) = self.context.catalog else { return };
        for table in &catalog.tables {
            let told = self.context.annotations.table(table.schema.as_deref(), &table.name);
            let documentation = told.and_then(|told| told.description.clone());
            let items =
                table.row_estimate.map_or_else(|| "table".to_owned(), |items| format!("table, about {items} items"));
            self.push(names::quoted(&table.name), CompletionKind::Table, items, 0);
            if let Some(last) = self.found.last_mut() {
                last.documentation = documentation;
            }
            for index in &table.indexes {
                let label = format!("{}.{}", names::quoted(&table.name), names::quoted(&index.name));
                self.push(label, CompletionKind::Table, format!("index by {}", index.columns.join(", ")), 1);
            }
        }
    }

    /// After a dot: an index of the table after FROM, else what a map holds.
    fn part(&mut self, text: &str, before: &[Token], table: Option<TableId>) {
        let (Some(catalog), Some(owner)) = (self.context.catalog, before.len().checked_sub(2).map(|at| before[at]))
        else {
            return;
        };
        let Some(name) = owner.content(text) else { return };
        if before.len() >= 3 && before[before.len() - 3].is(text, "from") {
            let Some(table) = names::table(catalog, &name) else { return };
            for index in &catalog.table(table).indexes {
                self.push(
                    names::quoted(&index.name),
                    CompletionKind::Table,
                    format!("index by {}", index.columns.join(", ")),
                    0,
                );
            }
            return;
        }
        let mut outer = vec![name];
        let mut at = before.len() - 2;
        while at >= 2 && before[at - 1].is(text, ".") {
            at -= 2;
            outer.insert(0, before[at].content(text).unwrap_or_default());
        }
        let prefix = format!("{}.", outer.join("."));
        let Some(table) = table else { return };
        for (_, column) in catalog.column_ids(table) {
            if let Some(rest) = column.name.strip_prefix(&prefix) {
                self.push(names::path(rest), CompletionKind::Column, column.type_name.clone(), 0);
            }
        }
    }

    fn columns(&mut self, table: Option<TableId>, rank: u8) {
        let Some(catalog) = self.context.catalog else { return };
        let tables: Vec<TableId> = match table {
            Some(table) => vec![table],
            None => catalog.table_ids().map(|(id, _)| id).collect(),
        };
        for table in tables {
            for (id, _) in catalog.column_ids(table) {
                self.column(catalog, id, rank);
            }
        }
    }

    fn column(&mut self, catalog: &Catalog, id: ColumnId, rank: u8) {
        let (table, column) = (catalog.table(id.table), catalog.column(id));
        let key = match table.primary_key.iter().position(|key| *key == column.name) {
            Some(0) => ", partition key",
            Some(_) => ", sort key",
            None => "",
        };
        let detail = format!("{}{key} of {}", column.type_name, table.name);
        let told = self.context.annotations.column(table.schema.as_deref(), &table.name, &column.name);
        let documentation = told.and_then(|told| told.description.clone());
        self.push(names::path(&column.name), CompletionKind::Column, detail, rank);
        if let Some(last) = self.found.last_mut() {
            last.documentation = documentation;
        }
    }

    /// Attributes for a condition: those first that spare a scan.
    fn keys_first(&mut self, table: Option<TableId>) {
        let (Some(catalog), Some(table)) = (self.context.catalog, table) else { return };
        let described = catalog.table(table);
        for (id, column) in catalog.column_ids(table) {
            let of_index = described.indexes.iter().any(|index| index.columns.contains(&column.name));
            let rank = u8::from(!(described.primary_key.contains(&column.name) || of_index));
            self.column(catalog, id, rank);
        }
    }

    /// The sort key of what is read.
    fn sort_key(&mut self, text: &str, before: &[Token], table: Option<TableId>) {
        let (Some(catalog), Some(id)) = (self.context.catalog, table) else { return };
        let table = catalog.table(id);
        let from = before.iter().position(|token| token.is(text, "from")).unwrap_or(0);
        let index = before
            .get(from + 2)
            .filter(|dot| dot.is(text, "."))
            .and_then(|_| before.get(from + 3)?.content(text))
            .and_then(|name| table.indexes.iter().find(|index| index.name == name));
        let keys = index.map_or(&table.primary_key, |index| &index.columns);
        for name in keys.get(1).into_iter().chain(keys.first()) {
            self.push(names::quoted(name), CompletionKind::Column, "key", 0);
        }
    }

    /// The attribute that a value is about to be compared with.
    fn compared(&self, text: &str, before: &[Token], table: Option<TableId>) -> Option<ColumnId> {
        let (catalog, table) = (self.context.catalog?, table?);
        let mut at = before.len().checked_sub(1)?;
        while before[at].is(text, ",") || matches!(before[at].kind, Kind::Text | Kind::Number) {
            if at == before.len() - 1 && !before[at].is(text, ",") {
                return None;
            }
            at = at.checked_sub(1)?;
        }
        if before[at].is(text, "[") || before[at].is(text, "(") {
            at = at.checked_sub(1)?;
            if !before[at].is(text, "in") {
                return None;
            }
            if before[at.checked_sub(1)?].is(text, "not") {
                at -= 1;
            }
        } else if !["=", "<>", "!=", "<", ">", "<=", ">="].iter().any(|sign| before[at].is(text, sign)) {
            return None;
        }
        let mut names = vec![before[at.checked_sub(1)?].content(text)?];
        at -= 1;
        while at >= 2 && before[at - 1].is(text, ".") {
            at -= 2;
            names.insert(0, before[at].content(text)?);
        }
        let name = names.join(".");
        catalog.column_ids(table).find(|(_, column)| column.name == name).map(|(id, _)| id)
    }

    fn values(&mut self, id: ColumnId) {
        let Some(catalog) = self.context.catalog else { return };
        let (table, column) = (catalog.table(id.table), catalog.column(id));
        let (schema, annotations) = (table.schema.as_deref(), self.context.annotations);
        if annotations.is_sensitive(schema, &table.name, &column.name) {
            return;
        }
        if column.type_name == "BOOL" {
            return self.keywords(&["true", "false"], 0);
        }
        let told = annotations.column(schema, &table.name, &column.name).map(|told| told.enum_values.clone());
        let sampled = || column.values.as_ref().map(|sample| sample.values.clone());
        for value in told.filter(|values| !values.is_empty()).or_else(sampled).unwrap_or_default() {
            self.push(names::text(&value), CompletionKind::Value, format!("value of {}", column.name), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use nlq_catalog::{Annotations, ColumnAnnotation, Dialect};

    use super::*;
    use crate::partiql::fixture::shop;

    /// The first few labels at `|`.
    fn at(marked: &str) -> Vec<String> {
        let offset = marked.find('|').expect("a cursor");
        let text = marked.replace('|', "");
        let catalog = shop();
        let mut annotations = Annotations::default();
        annotations
            .columns
            .insert("customers.email".into(), ColumnAnnotation { sensitive: true, ..ColumnAnnotation::default() });
        let context = QueryContext { dialect: Dialect::Dynamodb, catalog: Some(&catalog), annotations: &annotations };
        crate::complete(&text, offset, context).into_iter().map(|one| one.label).take(4).collect()
    }

    #[test]
    fn what_fits_stands_first() {
        for (text, labels) in [
            ("|", &["SELECT"][..]),
            ("SELECT | FROM orders", &["\"customer_id\"", "\"placed\""]),
            ("SELECT * FROM |", &["\"customers\"", "\"orders\"", "\"orders\".\"by_status\""]),
            ("SELECT * FROM \"orders\".|", &["\"by_status\"", "\"by_total\""]),
            ("SELECT ship.| FROM orders", &["\"city\"", "\"name\""]),
            ("SELECT * FROM orders |", &["WHERE", "ORDER BY"]),
            ("SELECT * FROM orders WHERE |", &["\"customer_id\"", "\"placed\"", "\"status\"", "\"total\""]),
            ("SELECT * FROM orders WHERE status = |", &["'open'", "'shipped'"]),
            ("SELECT * FROM orders WHERE status = 'o|", &["'open'", "'shipped'"]),
            ("SELECT * FROM orders WHERE status IN ['open', |", &["'open'", "'shipped'"]),
            ("SELECT * FROM orders WHERE paid = |", &["true", "false"]),
            ("SELECT * FROM orders WHERE status = 'open' |", &["AND", "OR", "ORDER BY"]),
            ("SELECT * FROM orders WHERE note IS |", &["MISSING", "NOT MISSING"]),
            ("SELECT * FROM orders.by_total WHERE customer_id = 1 ORDER BY |", &["\"total\"", "\"customer_id\""]),
        ] {
            let found = at(text);
            assert_eq!(found[..labels.len().min(found.len())], *labels, "{text}");
        }
        assert!(at("SELECT * FROM customers WHERE email = |").is_empty());
        assert!(at("SELECT * -- |").is_empty());
    }
}
