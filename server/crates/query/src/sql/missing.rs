//! What to say, and offer, when a name means nothing.

use crate::identifier;
use nlq_catalog::{ColumnId, Dialect, TableId, split_name, stem};
use nlq_text::{Diagnostic, Edit, Fix, Span, did_you_mean_all};
use sqlparser::ast::Ident;

use super::{
    lexer::{Kind, Token},
    names::{links, written_table},
    resolve::Resolver,
    scope::{AliasUse, read_name, same},
};

/// More suggestions than this are noise in a menu.
const MAX_FIXES: usize = 4;

impl Resolver<'_> {
    /// Adds the nearest of `names` to a diagnostic: in its sentence and as fixes that replace its range.
    pub(super) fn with_near_names(&self, diagnostic: Diagnostic, name: &str, names: Vec<&str>) -> Diagnostic {
        let near: Vec<String> =
            did_you_mean_all(name, names).into_iter().map(|n| identifier(n, self.dialect)).collect();
        with_suggestions(diagnostic, near)
    }

    pub(super) fn unknown_table(&mut self, schema: Option<&str>, name: &str, ident: &Ident) {
        let span = self.ident_span(ident);
        let catalog = self.catalog;
        let names = catalog.tables.iter().map(|table| table.name.as_str());
        let near = did_you_mean_all(name, names);
        let mut found: Vec<TableId> = Vec::new();
        for name in near {
            found.extend(catalog.table_ids().filter(|(_, table)| table.name == name).map(|(id, _)| id));
        }
        let wanted = stems(name);
        for (id, table) in catalog.table_ids() {
            let told = self.context.annotations.table(table.schema.as_deref(), &table.name);
            if told.is_some_and(|told| told.business_terms.iter().any(|term| stems(term) == wanted)) {
                found.push(id);
            }
        }
        if found.is_empty() {
            let used = self.columns_used_with(span);
            let holds = |id: TableId| used.iter().all(|column| catalog.find_column(id, column).is_some());
            let holding: Vec<TableId> = catalog.table_ids().map(|(id, _)| id).filter(|id| holds(*id)).collect();
            if !used.is_empty() && holding.len() < MAX_FIXES {
                found = holding;
            }
        }
        let mut suggestions: Vec<String> = Vec::new();
        for id in found {
            let text = match schema {
                Some(schema) if catalog.table(id).schema.as_deref().is_some_and(|s| s.eq_ignore_ascii_case(schema)) => {
                    identifier(&catalog.table(id).name, self.dialect)
                }
                _ => written_table(catalog, id, self.dialect),
            };
            if !suggestions.contains(&text) {
                suggestions.push(text);
            }
        }
        let full = schema.map_or_else(|| name.to_owned(), |schema| format!("{schema}.{name}"));
        let message = format!("there is no table `{full}` in the schema");
        self.diagnostics.push(with_suggestions(Diagnostic::error(span, "unknown-table", message), suggestions));
    }

    /// The columns that the statement takes from the table named at `span`, by its alias or name.
    fn columns_used_with(&self, span: Span) -> Vec<String> {
        let code: Vec<&Token> = self.tokens.iter().filter(|token| token.kind != Kind::Comment).collect();
        let Some(at) = code.iter().position(|token| token.span == span) else { return Vec::new() };
        let after = code.get(at + 1).filter(|token| token.is(self.text, "as")).map_or(at + 1, |_| at + 2);
        let names: Vec<String> = [Some(&code[at]), code.get(after)]
            .into_iter()
            .flatten()
            .filter_map(|token| token.name(self.text, self.dialect))
            .collect();
        let mut used: Vec<String> = code
            .windows(3)
            .filter(|three| three[1].is(self.text, "."))
            .filter(|three| three[0].name(self.text, self.dialect).is_some_and(|name| names.contains(&name)))
            .filter_map(|three| three[2].name(self.text, self.dialect))
            .collect();
        used.sort_unstable();
        used.dedup();
        used
    }

    pub(super) fn ambiguous(&mut self, ident: &Ident, frame: usize, hits: &[(usize, usize)]) {
        let span = self.ident_span(ident);
        let relations = &self.frames[frame].relations;
        let column = ident.to_string();
        let choices: Vec<String> = hits
            .iter()
            .filter(|(relation, _)| !relations[*relation].name.is_empty())
            .map(|(relation, _)| format!("{}.{column}", identifier(&relations[*relation].name, self.dialect)))
            .collect();
        let message = format!("`{column}` is ambiguous: write {}", list_of(&choices, "or"));
        let mut diagnostic = Diagnostic::error(span, "ambiguous-column", message);
        for choice in choices.into_iter().take(MAX_FIXES) {
            diagnostic = diagnostic.with_fix(Fix::replace(format!("Change to `{choice}`"), span, choice));
        }
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn unknown_column(&mut self, parts: &[Ident]) {
        let Some((last, qualifiers)) = parts.split_last() else { return };
        let (name, span, dialect) = (read_name(last, self.dialect), self.ident_span(last), self.dialect);
        // Which relations may be meant: the one that is named, or all that can be seen.
        let qualifier = qualifiers.last().map(|ident| read_name(ident, dialect));
        let relations: Vec<(usize, usize)> = self
            .frames
            .iter()
            .enumerate()
            .rev()
            .flat_map(|(frame, f)| (0..f.relations.len()).map(move |relation| (frame, relation)))
            .filter(|(frame, relation)| {
                let relation = &self.frames[*frame].relations[*relation];
                qualifier.as_ref().is_none_or(|q| same(q, &relation.name, dialect))
            })
            .collect();
        let columns: Vec<(String, Option<ColumnId>)> = relations
            .iter()
            .flat_map(|(frame, relation)| self.frames[*frame].relations[*relation].columns.list.iter())
            .map(|output| (output.name.to_string(), output.id))
            .collect();
        if dialect == Dialect::Postgresql
            && let Some((kept, _)) = columns.iter().find(|(column, _)| column.eq_ignore_ascii_case(&name))
        {
            return self.case_differs("column", span, &kept.clone());
        }
        if dialect == Dialect::Sqlite && qualifiers.is_empty() && last.quote_style == Some('"') {
            // SQLite takes a quoted name that means nothing as a string.
            let text = format!("'{}'", last.value.replace('\'', "''"));
            let message =
                format!("no column is named \"{}\", so SQLite reads it as a string: write {text}", last.value);
            let mut diagnostic = Diagnostic::warning(span, "double-quoted-string", message);
            diagnostic = diagnostic.with_fix(Fix::replace(format!("Change to {text}"), span, text));
            self.diagnostics.push(diagnostic);
            return;
        }
        if self.frames.iter().all(|frame| frame.relations.is_empty()) && !self.frames.is_empty() {
            let message = format!("`{}` is a column's name, and there is no FROM to take it from", last.value);
            self.diagnostics.push(Diagnostic::error(span, "unknown-column", message));
            return;
        }
        let as_written = last.value.clone();
        if qualifiers.is_empty()
            && let Some(frame) = self.frames.last()
            && frame.alias_use != AliasUse::First
            && frame.aliases.iter().any(|(alias, _)| same(&name, alias, dialect))
        {
            let message = format!(
                "`{as_written}` is a name given in SELECT, which {} does not know here: repeat its expression",
                dialect.title()
            );
            self.diagnostics.push(Diagnostic::error(span, "unknown-column", message));
            return;
        }
        let mut suggestions: Vec<String> = did_you_mean_all(&name, columns.iter().map(|(column, _)| column.as_str()))
            .into_iter()
            .map(|column| identifier(column, dialect))
            .collect();
        for (column, id) in &columns {
            if id.is_some_and(|id| self.is_called(id, &as_written)) {
                suggestions.push(identifier(column, dialect));
            }
        }
        dedup(&mut suggestions);
        let place = match (&qualifier, relations.first()) {
            (Some(qualifier), _) => format!("`{qualifier}`"),
            (None, Some((frame, relation)))
                if relations.len() == 1 && !self.frames[*frame].relations[*relation].name.is_empty() =>
            {
                format!("`{}`", self.frames[*frame].relations[*relation].name)
            }
            _ => "the tables of this query".to_owned(),
        };
        let message = format!("there is no column `{as_written}` in {place}");
        let mut diagnostic = with_suggestions(Diagnostic::error(span, "unknown-column", message), suggestions);
        if let Some((message, fix)) = self.column_elsewhere(&name, qualifiers, span) {
            diagnostic.message.push_str(&message);
            diagnostic.fixes.extend(fix);
        }
        self.diagnostics.push(diagnostic);
    }

    /// True when the team calls a column by this name, or describes it with these words.
    fn is_called(&self, id: ColumnId, name: &str) -> bool {
        let (table, column) = (self.catalog.table(id.table), self.catalog.column(id));
        let wanted = stems(name);
        if wanted.is_empty() {
            return false;
        }
        let told = self.context.annotations.column(table.schema.as_deref(), &table.name, &column.name);
        let described = |text: &str| {
            let words = stems(text);
            wanted.iter().all(|word| words.contains(word))
        };
        let by_team = told.is_some_and(|told| {
            told.business_terms.iter().any(|term| stems(term) == wanted)
                || told.description.as_deref().is_some_and(described)
        });
        let own = stems(&column.name);
        by_team
            || column.comment.as_deref().is_some_and(described)
            || (own.len() > 1 && wanted.iter().all(|word| own.contains(word)))
    }

    /// Where else the column is: in a table that is joined under another name, or in one that is not joined.
    fn column_elsewhere(&self, name: &str, qualifiers: &[Ident], span: Span) -> Option<(String, Option<Fix>)> {
        let frame = self.frames.last()?;
        if let Some(qualifier) = qualifiers.last() {
            let other = frame.relations.iter().find(|relation| {
                !relation.name.is_empty()
                    && relation.columns.list.iter().any(|output| same(name, &output.name, self.dialect))
            })?;
            let right = identifier(&other.name, self.dialect);
            let title = format!("Change to `{right}.{}`", span.of(self.text));
            let fix = Fix::replace(title, self.ident_span(qualifier), right.clone());
            return Some((format!("; `{right}` has one"), Some(fix)));
        }
        let holding: Vec<TableId> = self
            .catalog
            .table_ids()
            .filter(|(_, table)| table.columns.iter().any(|column| same(name, &column.name, self.dialect)))
            .map(|(id, _)| id)
            .collect();
        let linked: Option<(TableId, Fix)> = holding.iter().find_map(|id| Some((*id, self.join_fix(*id)?)));
        match (linked, holding.as_slice()) {
            (Some((id, fix)), _) => {
                let table = &self.catalog.table(id).name;
                Some((format!("; `{table}` has one and is not joined"), Some(fix)))
            }
            (None, [id]) => {
                let table = &self.catalog.table(*id).name;
                Some((format!("; `{table}` has one, and no foreign key leads there"), None))
            }
            _ => None,
        }
    }

    /// A fix that joins a table to the innermost FROM along a key.
    fn join_fix(&self, id: TableId) -> Option<Fix> {
        let frame = self.frames.last()?;
        let last = frame.relations.last()?;
        let name = written_table(self.catalog, id, self.dialect);
        let own = identifier(&self.catalog.table(id).name, self.dialect);
        if frame.relations.iter().any(|relation| relation.table == Some(id)) {
            return None;
        }
        let (relation, pairs) = frame.relations.iter().find_map(|relation| {
            let pairs = links(self.context, self.catalog, relation.table?, id).into_iter().next()?;
            Some((relation, pairs))
        })?;
        let left = identifier(&relation.name, self.dialect);
        let conditions: Vec<String> = pairs
            .iter()
            .map(|(from, to)| {
                let column = |id: ColumnId| identifier(&self.catalog.column(id).name, self.dialect);
                format!("{own}.{} = {left}.{}", column(*to), column(*from))
            })
            .collect();
        let join = format!(" JOIN {name} ON {}", conditions.join(" AND "));
        let end = self.end_of_from(last.span)?;
        Some(Fix { title: format!("Join `{name}`"), edits: vec![Edit { span: Span::at(end), text: join }] })
    }

    /// Where the FROM clause that holds `inside` ends.
    fn end_of_from(&self, inside: Span) -> Option<usize> {
        const AFTER: &[&str] = &[
            "where",
            "group",
            "having",
            "order",
            "limit",
            "offset",
            "fetch",
            "window",
            "union",
            "intersect",
            "except",
            "for",
            ";",
        ];
        let (mut depth, mut end) = (0_i32, None);
        for token in self.tokens.iter().filter(|token| token.kind != Kind::Comment && token.span.start >= inside.start)
        {
            if token.is(self.text, "(") {
                depth += 1;
            } else if token.is(self.text, ")") {
                depth -= 1;
            }
            if depth < 0 || (depth == 0 && AFTER.iter().any(|word| token.is(self.text, word))) {
                break;
            }
            end = Some(token.span.end);
        }
        end
    }

    /// A qualifier that names no relation; `column` is what it qualifies, none for `*`.
    pub(super) fn unknown_relation(&mut self, ident: &Ident, column: Option<&Ident>) {
        let (name, span, dialect) = (read_name(ident, self.dialect), self.ident_span(ident), self.dialect);
        let visible: Vec<(String, Option<TableId>)> = self
            .frames
            .iter()
            .rev()
            .flat_map(|frame| frame.relations.iter())
            .filter(|relation| !relation.name.is_empty())
            .map(|relation| (relation.name.clone(), relation.table))
            .collect();
        if dialect == Dialect::Postgresql
            && let Some((kept, _)) = visible.iter().find(|(kept, _)| kept.eq_ignore_ascii_case(&name))
        {
            return self.case_differs("table", span, &kept.clone());
        }
        let table = self.catalog.find_table(None, &name);
        if let Some(table) = table
            && let Some((alias, _)) = visible.iter().find(|(_, id)| *id == Some(table))
        {
            let right = identifier(alias, dialect);
            let message = format!("table `{name}` is called `{right}` in this query");
            let fix = Fix::replace(format!("Change to `{right}`"), span, right);
            self.diagnostics.push(Diagnostic::error(span, "unknown-alias", message).with_fix(fix));
            return;
        }
        if let Some(table) = table {
            let message = format!("table `{name}` is not in FROM: join it");
            let mut diagnostic = Diagnostic::error(span, "unknown-alias", message);
            diagnostic.fixes.extend(self.join_fix(table));
            self.diagnostics.push(diagnostic);
            return;
        }
        let mut suggestions: Vec<String> = did_you_mean_all(&name, visible.iter().map(|(name, _)| name.as_str()))
            .into_iter()
            .map(|n| identifier(n, dialect))
            .collect();
        if let Some(column) = column {
            let column = read_name(column, dialect);
            for relation in self.frames.iter().rev().flat_map(|frame| frame.relations.iter()) {
                if !relation.name.is_empty()
                    && relation.columns.list.iter().any(|output| same(&column, &output.name, dialect))
                {
                    suggestions.push(identifier(&relation.name, dialect));
                }
            }
        }
        dedup(&mut suggestions);
        let message = format!("no table of this query is called `{}`", ident.value);
        self.diagnostics.push(with_suggestions(Diagnostic::error(span, "unknown-alias", message), suggestions));
    }
}

fn dedup(names: &mut Vec<String>) {
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
}

/// The diagnostic with ": did you mean ..." and a fix for each suggestion.
pub(super) fn with_suggestions(mut diagnostic: Diagnostic, suggestions: Vec<String>) -> Diagnostic {
    if let Some(first) = suggestions.first() {
        diagnostic.message.push_str(&format!(": did you mean `{first}`?"));
    }
    let span = diagnostic.span;
    for text in suggestions.into_iter().take(MAX_FIXES) {
        diagnostic = diagnostic.with_fix(Fix::replace(format!("Change to `{text}`"), span, text));
    }
    diagnostic
}

/// `a`, `b` or `c`.
pub(super) fn list_of(names: &[String], word: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} {word} {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

/// The word stems of a name or phrase.
fn stems(text: &str) -> Vec<String> {
    split_name(text).iter().map(|word| stem(word)).collect()
}
