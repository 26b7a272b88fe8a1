use crate::identifier;
use nlq_catalog::{Catalog, ColumnId, TableId};
use nlq_text::Span;

use super::{
    Completion, CompletionKind, QueryContext,
    functions::offered,
    lexer::{Kind, Token, lex},
    names::{links, written_table},
    scope::same,
    sketch::{Near, Sketch},
};

/// More than this no menu shows.
const MAX_COMPLETIONS: usize = 200;

/// What could stand at `offset` of a statement that may be half-typed; best first, at most 200.
pub(crate) fn complete(text: &str, offset: usize, context: QueryContext<'_>) -> Vec<Completion> {
    let Some(catalog) = context.catalog else { return Vec::new() };
    let tokens = lex(text, context.dialect);
    let touched = tokens.iter().find(|token| token.span.start < offset && offset <= token.span.end);
    if touched.is_some_and(|token| {
        token.kind == Kind::Comment && (offset < token.span.end || !token.of(text).ends_with("*/"))
    }) {
        return Vec::new();
    }
    let typed = touched.filter(|token| matches!(token.kind, Kind::Word | Kind::Quoted | Kind::String));
    let span = typed.map_or(Span::at(offset), |token| token.span);
    let before = tokens.iter().filter(|token| token.kind != Kind::Comment && token.span.end <= span.start);
    let prefix =
        Span::new(span.start, offset.min(span.end)).of(text).trim_start_matches(['"', '\'', '`', '[']).to_lowercase();
    let mut completer = Completer {
        text,
        context,
        catalog,
        sketch: Sketch::new(text, &tokens, context, catalog),
        before: before.copied().collect(),
        span,
        offset,
        prefix,
        found: Vec::new(),
    };
    completer.run(typed.is_some_and(|token| token.kind == Kind::String));
    let mut found = completer.found;
    found.sort_by_key(|completion| completion.rank);
    let mut seen = std::collections::HashSet::new();
    found.retain(|completion| seen.insert(completion.label.clone()));
    found.truncate(MAX_COMPLETIONS);
    found
}

struct Completer<'a> {
    text: &'a str,
    context: QueryContext<'a>,
    catalog: &'a Catalog,
    sketch: Sketch,
    /// The tokens before what is being typed.
    before: Vec<Token>,
    span: Span,
    offset: usize,
    prefix: String,
    found: Vec<Completion>,
}

/// Words that tell what comes next.
const CLAUSES: &[&str] = &[
    "select", "distinct", "from", "join", "on", "using", "where", "group", "by", "order", "having", "limit", "offset",
    "and", "or", "not", "union", "all", "case", "when", "then", "else", "between", "in", "like", "is", "as", "with",
    "values", "with",
];

impl Completer<'_> {
    fn run(&mut self, in_string: bool) {
        let (before, dialect) = (std::mem::take(&mut self.before), self.context.dialect);
        let is = |back: usize, word: &str| {
            before.len().checked_sub(back).and_then(|at| before.get(at)).is_some_and(|token| token.is(self.text, word))
        };
        let name = |back: usize| {
            before.len().checked_sub(back).and_then(|at| before.get(at)).and_then(|t| t.name(self.text, dialect))
        };
        if let Some(column) = self.compared(&before) {
            self.values(column);
            if in_string {
                return;
            }
        }
        if in_string {
            return;
        }
        if is(1, ".") {
            if let Some(qualifier) = name(2) {
                self.after_dot(&qualifier);
            }
            return;
        }
        let clause = before.iter().rev().scan(0_i32, |depth, token| {
            // The clause of the innermost open parenthesis.
            *depth += i32::from(token.is(self.text, ")")) - i32::from(token.is(self.text, "("));
            Some((*depth, *token))
        });
        let clause = clause
            .take_while(|(depth, _)| *depth >= 0)
            .find(|(depth, token)| {
                *depth == 0
                    && token.kind == Kind::Word
                    && ["select", "from", "join", "on", "where", "by", "having", "limit", "using", "with"]
                        .iter()
                        .any(|w| token.is(self.text, w))
            })
            .map(|(_, token)| token.of(self.text).to_lowercase());
        let after_name = before.last().is_some_and(|token| {
            matches!(token.kind, Kind::Quoted | Kind::Number | Kind::String | Kind::Placeholder)
                || token.is(self.text, ")")
                || (token.kind == Kind::Word && !CLAUSES.iter().any(|word| token.is(self.text, word)))
        });
        match clause.as_deref() {
            None => self.keywords(&["SELECT", "WITH", "VALUES"]),
            Some("from" | "join") if !after_name => {
                self.tables();
                if is(1, "join") {
                    self.joins("");
                }
                self.keywords(&["LATERAL", "SELECT"]);
            }
            Some("from" | "join") => {
                self.joins("JOIN ");
                self.keywords(&[
                    "JOIN",
                    "LEFT JOIN",
                    "ON",
                    "USING",
                    "WHERE",
                    "GROUP BY",
                    "ORDER BY",
                    "LIMIT",
                    "AS",
                    "UNION",
                    "CROSS JOIN",
                ]);
            }
            Some("limit") => self.keywords(&["OFFSET"]),
            Some("with") => self.keywords(&["AS", "RECURSIVE", "SELECT"]),
            Some(clause) if after_name => {
                if clause == "on" {
                    self.joins("JOIN ");
                }
                self.keywords(match clause {
                    "select" => &["AS", "FROM", "OVER", "FILTER", "END", "WHEN", "THEN", "ELSE"],
                    "by" => &["ASC", "DESC", "HAVING", "ORDER BY", "LIMIT", "NULLS LAST", "NULLS FIRST"],
                    _ => &[
                        "AND",
                        "OR",
                        "IN",
                        "NOT IN",
                        "LIKE",
                        "BETWEEN",
                        "IS NULL",
                        "IS NOT NULL",
                        "WHERE",
                        "GROUP BY",
                        "HAVING",
                        "ORDER BY",
                        "LIMIT",
                        "JOIN",
                        "LEFT JOIN",
                        "UNION",
                    ],
                });
            }
            Some(clause) => {
                if clause == "on" {
                    self.conditions();
                }
                self.columns();
                if clause == "by" {
                    self.outputs();
                }
                for function in offered(dialect) {
                    self.offer(function, CompletionKind::Function, String::from("function"), None, 5);
                }
                self.keywords(match clause {
                    "select" => &["DISTINCT", "CASE", "NULL", "FROM", "*"],
                    _ => &["NOT", "EXISTS", "CASE", "NULL", "TRUE", "FALSE", "SELECT"],
                });
            }
        }
    }

    fn offer(&mut self, label: &str, kind: CompletionKind, detail: String, documentation: Option<String>, rank: u8) {
        let plain = label.trim_start_matches(['"', '\'']).to_lowercase();
        let own = plain.rsplit('.').next().unwrap_or("").trim_start_matches('"');
        let told = || documentation.as_deref().is_some_and(|told| told.to_lowercase().contains(&self.prefix));
        let start = plain.starts_with(&self.prefix) || own.starts_with(&self.prefix);
        let fits = start || plain.contains(&self.prefix) || (self.prefix.len() > 2 && told());
        if fits {
            let rank = if start { rank } else { rank + 10 };
            self.found.push(Completion { label: label.to_owned(), span: self.span, kind, detail, documentation, rank });
        }
    }

    fn keywords(&mut self, words: &[&str]) {
        for word in words {
            self.offer(word, CompletionKind::Keyword, String::from("keyword"), None, 6);
        }
    }

    fn tables(&mut self) {
        let ctes: Vec<String> =
            self.sketch.ctes.iter().map(|cte| identifier(&cte.name, self.context.dialect)).collect();
        for cte in ctes {
            self.offer(&cte, CompletionKind::Alias, String::from("common table expression"), None, 0);
        }
        for (id, table) in self.catalog.table_ids() {
            let label = written_table(self.catalog, id, self.context.dialect);
            let detail = format!("{} columns", table.columns.len());
            self.offer(&label, CompletionKind::Table, detail, self.told_of_table(id), 2);
        }
    }

    /// Joins along keys from the relations that are there; `before` is what must be written first.
    fn joins(&mut self, before: &str) {
        let dialect = self.context.dialect;
        let visible: Vec<(String, TableId, Span)> = self
            .sketch
            .visible(self.offset)
            .into_iter()
            .filter(|near| !self.span.covers(near.table_span))
            .filter_map(|near| Some((near.name.clone(), near.table?, near.table_span)))
            .collect();
        for (name, from, _) in &visible {
            for (to, table) in self.catalog.table_ids() {
                for pairs in links(self.context, self.catalog, *from, to) {
                    let mut alias = table.name.clone();
                    let mut number = 2;
                    while visible.iter().any(|(name, ..)| same(name, &alias, dialect)) {
                        alias = format!("{}_{number}", table.name);
                        number += 1;
                    }
                    let (own, left) = (identifier(&alias, dialect), identifier(name, dialect));
                    let column = |id: ColumnId| identifier(&self.catalog.column(id).name, dialect);
                    let on: Vec<String> =
                        pairs.iter().map(|(a, b)| format!("{own}.{} = {left}.{}", column(*b), column(*a))).collect();
                    let target = written_table(self.catalog, to, dialect);
                    let named = if alias == table.name { target } else { format!("{target} AS {own}") };
                    let label = format!("{before}{named} ON {}", on.join(" AND "));
                    let joined = visible.iter().any(|(_, id, _)| *id == to);
                    self.offer(
                        &label,
                        CompletionKind::Join,
                        String::from("along a key"),
                        self.told_of_table(to),
                        if joined { 3 } else { 1 },
                    );
                }
            }
        }
    }

    /// After ON: what connects the last relation with those before it.
    fn conditions(&mut self) {
        let dialect = self.context.dialect;
        let near: Vec<(String, TableId)> = {
            let mut visible = self.sketch.visible(self.offset);
            visible.retain(|near| near.table_span.start < self.offset);
            visible.sort_by_key(|near| near.table_span.start);
            visible.into_iter().filter_map(|near| Some((near.name.clone(), near.table?))).collect()
        };
        let Some(((last, table), rest)) = near.split_last() else { return };
        for (name, other) in rest {
            for pairs in links(self.context, self.catalog, *table, *other) {
                let (right, left) = (identifier(last, dialect), identifier(name, dialect));
                let column = |id: ColumnId| identifier(&self.catalog.column(id).name, dialect);
                let on: Vec<String> =
                    pairs.iter().map(|(a, b)| format!("{right}.{} = {left}.{}", column(*a), column(*b))).collect();
                self.offer(&on.join(" AND "), CompletionKind::Join, String::from("along a key"), None, 0);
            }
        }
    }

    fn after_dot(&mut self, qualifier: &str) {
        let dialect = self.context.dialect;
        let near: Option<Near> =
            self.sketch.visible(self.offset).into_iter().find(|near| same(qualifier, &near.name, dialect)).cloned();
        match near {
            Some(near) => self.columns_of(&near, false),
            None => {
                for (id, table) in self.catalog.table_ids() {
                    if table.schema.as_deref().is_some_and(|schema| same(qualifier, schema, dialect)) {
                        let label = identifier(&table.name, dialect);
                        self.offer(
                            &label,
                            CompletionKind::Table,
                            format!("table of {qualifier}"),
                            self.told_of_table(id),
                            0,
                        );
                    }
                }
                if let Some(id) = self.catalog.find_table(None, qualifier) {
                    self.columns_of_table(id, None, 1);
                }
            }
        }
    }

    fn columns(&mut self) {
        let visible: Vec<Near> = self.sketch.visible(self.offset).into_iter().cloned().collect();
        if visible.is_empty() {
            for (id, _) in self.catalog.table_ids() {
                self.columns_of_table(id, None, 3);
            }
            return;
        }
        for near in &visible {
            self.columns_of(near, visible.len() > 1);
            if !near.name.is_empty() {
                let detail =
                    near.table.map_or_else(String::new, |id| format!("alias of {}", self.catalog.table(id).name));
                self.offer(&identifier(&near.name, self.context.dialect), CompletionKind::Alias, detail, None, 4);
            }
        }
    }

    fn columns_of(&mut self, near: &Near, qualify: bool) {
        let dialect = self.context.dialect;
        let qualifier = qualify.then(|| identifier(&near.name, dialect));
        if let Some(table) = near.table {
            return self.columns_of_table(table, qualifier.as_deref(), 1);
        }
        for column in &near.columns {
            let label = identifier(column, dialect);
            let label = qualifier.as_ref().map_or(label.clone(), |qualifier| format!("{qualifier}.{label}"));
            self.offer(&label, CompletionKind::Column, format!("of {}", near.name), None, 1);
        }
    }

    fn columns_of_table(&mut self, id: TableId, qualifier: Option<&str>, rank: u8) {
        let table = self.catalog.table(id);
        for column in &table.columns {
            let label = identifier(&column.name, self.context.dialect);
            let label = qualifier.map_or(label.clone(), |qualifier| format!("{qualifier}.{label}"));
            let told = self.context.annotations.column(table.schema.as_deref(), &table.name, &column.name);
            let mut lines: Vec<String> = Vec::new();
            lines.extend(told.and_then(|told| told.description.clone()).or_else(|| column.comment.clone()));
            if let Some(told) = told.filter(|told| !told.business_terms.is_empty()) {
                lines.push(format!("Also called: {}", told.business_terms.join(", ")));
            }
            let detail = format!("{} of {}", column.type_name, table.name);
            let documentation = (!lines.is_empty()).then(|| lines.join("\n\n"));
            self.offer(&label, CompletionKind::Column, detail, documentation, rank);
        }
    }

    /// The names that SELECT gives, for ORDER BY and GROUP BY.
    fn outputs(&mut self) {
        let tokens = lex(self.text, self.context.dialect);
        let names: Vec<String> = tokens
            .windows(2)
            .filter(|pair| pair[0].is(self.text, "as") && !self.span.covers(pair[1].span))
            .filter(|pair| !self.sketch.relations.iter().any(|near| near.alias_span == Some(pair[1].span)))
            .filter_map(|pair| pair[1].name(self.text, self.context.dialect))
            .collect();
        for name in names {
            self.offer(
                &identifier(&name, self.context.dialect),
                CompletionKind::Alias,
                String::from("given in SELECT"),
                None,
                0,
            );
        }
    }

    fn told_of_table(&self, id: TableId) -> Option<String> {
        let table = self.catalog.table(id);
        let told = self.context.annotations.table(table.schema.as_deref(), &table.name);
        let mut lines: Vec<String> = Vec::new();
        lines.extend(told.and_then(|told| told.description.clone()).or_else(|| table.comment.clone()));
        if let Some(told) = told.filter(|told| !told.business_terms.is_empty()) {
            lines.push(format!("Also called: {}", told.business_terms.join(", ")));
        }
        (!lines.is_empty()).then(|| lines.join("\n\n"))
    }

    /// The column that a value is about to be compared with: `column =`, `column <>`, `column IN (`, `column LIKE`.
    fn compared(&self, before: &[Token]) -> Option<ColumnId> {
        let mut at = before.len();
        let mut back = || {
            at = at.checked_sub(1)?;
            Some((at, before[at]))
        };
        let (mut index, mut token) = back()?;
        // Inside IN (..., ...) go back to its parenthesis.
        while token.is(self.text, ",") || matches!(token.kind, Kind::String | Kind::Number) {
            (index, token) = back()?;
        }
        if token.is(self.text, "(") {
            (index, token) = back()?;
            if !token.is(self.text, "in") {
                return None;
            }
            if index > 0 && before[index - 1].is(self.text, "not") {
                (index, _) = back()?;
            }
        } else if index + 1 != before.len() {
            return None;
        } else if ["=", ">", "<"].iter().any(|op| token.is(self.text, op)) {
            while index > 0 && ["=", "<", ">", "!"].iter().any(|op| before[index - 1].is(self.text, op)) {
                index -= 1;
            }
        } else if !token.is(self.text, "like") {
            return None;
        }
        let column = before.get(index.checked_sub(1)?)?;
        let name = column.name(self.text, self.context.dialect)?;
        let qualified = index >= 3 && before[index - 2].is(self.text, ".");
        let qualifier = if qualified { before[index - 3].name(self.text, self.context.dialect) } else { None };
        self.sketch
            .visible(self.offset)
            .into_iter()
            .filter(|near| qualifier.as_ref().is_none_or(|q| same(q, &near.name, self.context.dialect)))
            .find_map(|near| self.catalog.find_column(near.table?, &name))
    }

    fn values(&mut self, id: ColumnId) {
        let (table, column) = (self.catalog.table(id.table), self.catalog.column(id));
        if self.context.annotations.is_sensitive(table.schema.as_deref(), &table.name, &column.name) {
            return;
        }
        let told = self.context.annotations.column(table.schema.as_deref(), &table.name, &column.name);
        let told = told.map(|told| told.enum_values.as_slice()).filter(|values| !values.is_empty());
        let sampled = column.values.as_ref().map(|sample| sample.values.as_slice());
        for value in told.or(sampled).unwrap_or_default() {
            let label = format!("'{}'", value.replace('\'', "''"));
            self.offer(&label, CompletionKind::Value, format!("value of {}", column.name), None, 0);
        }
    }
}

#[cfg(test)]
#[path = "complete_tests.rs"]
mod tests;
