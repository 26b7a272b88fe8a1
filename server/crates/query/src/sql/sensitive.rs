//! Which columns of a result show values of columns that are annotated as sensitive.

use std::{collections::HashSet, rc::Rc};

use nlq_catalog::{ColumnId, Dialect, TableKind};
use sqlparser::ast::{Expr, Function, FunctionArg, FunctionArguments, Ident, Statement};

use super::{
    QueryContext, SensitiveOutputs, SymbolKind,
    children::{argument, function_name},
    lexer::{Kind, Token, lex},
    parse::{parse, prepare},
    resolve::Resolver,
    scope::{Columns, Found, Rest, is_pseudo_column, read_name, same},
    statements,
};

/// Which columns of a statement's result show values of sensitive columns, followed through expressions (other than
/// `count(...)` and `EXISTS`), derived tables, CTEs and set operations. A view shows what is named as a sensitive column.
pub(crate) fn sensitive_outputs(text: &str, context: QueryContext<'_>) -> SensitiveOutputs {
    let names = Names::new(context);
    if names.columns.is_empty() && names.tables.is_empty() {
        return SensitiveOutputs::Unknown { named: false };
    }
    resolved(text, context).unwrap_or_else(|| {
        let lower = text.to_lowercase();
        SensitiveOutputs::Unknown { named: names.columns.iter().chain(&names.tables).any(|name| lower.contains(name)) }
    })
}

/// The strings and numbers of a text that names something annotated as sensitive: any of them may be a value of it. Told
/// from words alone, so that no text is too broken for it.
pub(crate) fn sensitive_literals(text: &str, context: QueryContext<'_>) -> Vec<String> {
    let names = Names::new(context);
    let tokens = lex(text, context.dialect);
    let bare = |token: &Token| token.span.of(text).trim_matches(['"', '`', '[', ']']).to_lowercase();
    let named = |token: &Token| matches!(token.kind, Kind::Word | Kind::Quoted) && names.columns.contains(&bare(token));
    if !tokens.iter().any(named) {
        return Vec::new();
    }
    let value = |token: &Token| match token.kind {
        Kind::Number => Some(token.span.of(text).to_owned()),
        Kind::String => {
            let (_, rest) = token.span.of(text).split_once('\'')?;
            // The wildcards of LIKE are no part of the value.
            Some(rest.trim_end_matches('\'').replace("''", "'").trim_matches(['%', '_']).to_owned())
        }
        _ => None,
    };
    tokens.iter().filter_map(value).filter(|value| !value.is_empty()).collect()
}

fn resolved(text: &str, context: QueryContext<'_>) -> Option<SensitiveOutputs> {
    let catalog = context.catalog?;
    let [span] = statements(text, context.dialect)[..] else { return None };
    let text = span.of(text);
    let tokens = lex(text, context.dialect);
    // `@name` may as well be an operator before a column.
    if tokens.iter().any(|token| token.kind == Kind::Placeholder) {
        return None;
    }
    let prepared = prepare(text, &tokens, context.dialect, true);
    let Ok(Statement::Query(query)) = parse(&prepared, &tokens, context.dialect) else { return None };
    let mut resolver = Resolver::new(text, &prepared, &tokens, context, catalog);
    let columns = resolver.query(&query, true);
    if resolver.trace.lost || columns.rest != Rest::None {
        return None;
    }
    let mut names = HashSet::new();
    for symbol in &resolver.symbols {
        if let SymbolKind::Table(table) = symbol.kind {
            let sensitive = catalog.column_ids(table).filter(|(id, _)| resolver.shows_column(*id));
            names.extend(sensitive.map(|(_, column)| column.name.to_lowercase()));
        }
    }
    Some(SensitiveOutputs::Known { shown: columns.list.iter().map(|output| output.sensitive).collect(), names })
}

/// Names of what is annotated as sensitive, in lower case and without what they stand in.
#[derive(Debug, Default)]
struct Names {
    columns: HashSet<String>,
    /// Tables that are sensitive or have a sensitive column.
    tables: HashSet<String>,
}

impl Names {
    fn new(context: QueryContext<'_>) -> Self {
        let mut names = Self::default();
        for (key, _) in context.annotations.columns.iter().filter(|(_, told)| told.sensitive) {
            let mut parts = key.rsplit('.').map(str::to_lowercase);
            names.columns.extend(parts.next());
            names.tables.extend(parts.next());
        }
        for (key, _) in context.annotations.tables.iter().filter(|(_, told)| told.sensitive) {
            names.tables.extend(key.rsplit('.').next().map(str::to_lowercase));
        }
        if let Some(catalog) = context.catalog {
            for (_, table) in catalog.table_ids() {
                if context.annotations.table(table.schema.as_deref(), &table.name).is_some_and(|told| told.sensitive) {
                    names.columns.extend(table.columns.iter().map(|column| column.name.to_lowercase()));
                }
            }
        }
        names
    }
}

/// What a resolver saw of sensitive columns on its way.
#[derive(Debug, Default)]
pub(super) struct Trace {
    names: Names,
    /// How many names that show something sensitive were met; what an expression shows is told by the difference.
    pub(super) seen: usize,
    /// Something stands in the statement of which it is not known how many columns it has, or which.
    pub(super) lost: bool,
    /// Indexes of the CTEs that were read.
    pub(super) cte_uses: Vec<usize>,
}

impl Trace {
    pub(super) fn new(context: QueryContext<'_>) -> Self {
        Self { names: Names::new(context), ..Self::default() }
    }
}

/// The columns of a set operation: what either side shows is shown.
pub(super) fn united<'a>(left: Columns<'a>, right: &Columns<'a>) -> Columns<'a> {
    if !right.may_show() {
        return left;
    }
    let mut list = (*left.list).clone();
    for (index, output) in list.iter_mut().enumerate() {
        output.sensitive |= right.list.get(index).is_none_or(|other| other.sensitive);
    }
    let rest = if right.rest == Rest::Sensitive { right.rest } else { left.rest };
    Columns { list: Rc::new(list), rest, ..left }
}

impl<'a> Resolver<'a> {
    /// Resolves an expression and tells whether its value shows something sensitive.
    pub(super) fn shows(&mut self, expr: &'a Expr) -> bool {
        let before = self.trace.seen;
        self.expr(expr);
        self.trace.seen > before
    }

    /// True for a sensitive column, and for a view's column that is named as one: a view's query is not followed.
    pub(super) fn shows_column(&self, id: ColumnId) -> bool {
        let names = &self.trace.names;
        if names.tables.is_empty() && names.columns.is_empty() {
            return false;
        }
        let view = matches!(self.catalog.table(id.table).kind, TableKind::View | TableKind::MaterializedView);
        self.is_sensitive(id) || (view && names.columns.contains(&self.catalog.column(id).name.to_lowercase()))
    }

    /// Resolves the arguments of a table function and tells what its columns may show.
    pub(super) fn rest_from(&mut self, arguments: impl Iterator<Item = &'a FunctionArg>) -> Rest {
        let mut sensitive = false;
        for given in arguments {
            sensitive |= match argument(given) {
                Some(expr) => self.shows(expr),
                None => self.scope_may_show(),
            };
        }
        if sensitive { Rest::Sensitive } else { Rest::Plain }
    }

    /// A CTE that reads itself may move its values between its columns; one that reads a later one is not followed.
    pub(super) fn close_recursion(&mut self, columns: &mut Columns<'a>, own: usize, first_use: usize) {
        let uses = &self.trace.cte_uses[first_use..];
        if uses.contains(&own) && columns.may_show() {
            let all = columns.list.iter().cloned().map(|mut output| {
                output.sensitive = true;
                output
            });
            columns.list = Rc::new(all.collect());
        }
        self.trace.lost |= uses.iter().any(|at| (own + 1..self.ctes.len()).contains(at));
    }

    /// Called when the parts of an expression were resolved; `before` is what had been seen before them.
    pub(super) fn trace_expr(&mut self, expr: &Expr, before: usize) {
        match expr {
            Expr::Exists { .. } => self.trace.seen = before,
            Expr::Function(function) if is_count(function) => self.trace.seen = before,
            // Whole rows are given by `t.*`; parts of other systems' expressions are not looked into.
            Expr::Function(function) if has_rows(function) => self.trace.seen += usize::from(self.scope_may_show()),
            Expr::Wildcard(_)
            | Expr::QualifiedWildcard(..)
            | Expr::Struct { .. }
            | Expr::Dictionary(_)
            | Expr::Map(_)
            | Expr::MatchAgainst { .. }
            | Expr::Lambda(_)
            | Expr::MemberOf(_) => self.trace.seen += usize::from(self.scope_may_show()),
            _ => {}
        }
    }

    fn scope_may_show(&self) -> bool {
        self.frames.iter().any(|frame| frame.relations.iter().any(|relation| relation.columns.may_show()))
    }

    pub(super) fn trace_name(&mut self, last: &Ident, qualifiers: &[Ident], found: &Found) {
        let name = read_name(last, self.dialect);
        let shows = match *found {
            Found::Alias(_) => false,
            Found::Row(frame, relation) => self.frames[frame].relations[relation].columns.may_show(),
            Found::Column(frame, relation, column) => {
                let frame = &self.frames[frame];
                let merged = qualifiers.is_empty() && frame.merged.iter().any(|n| same(&name, n, self.dialect));
                let mut all = frame.relations.iter().flat_map(|relation| relation.columns.list.iter());
                frame.relations[relation].columns.list[column].sensitive
                    || (merged && all.any(|output| output.sensitive && same(&name, &output.name, self.dialect)))
            }
            _ => self.may_be_sensitive(last, &name, qualifiers, found),
        };
        self.trace.seen += usize::from(shows);
    }

    /// For a name that was not found.
    fn may_be_sensitive(&self, last: &Ident, name: &str, qualifiers: &[Ident], found: &Found) -> bool {
        if self.trace.names.columns.contains(&name.to_lowercase()) {
            return true;
        }
        let sqlite = self.dialect == Dialect::Sqlite;
        if sqlite && *found == Found::Missing && last.quote_style == Some('"') && qualifiers.is_empty() {
            return false; // SQLite reads it as a string
        }
        let beyond_lists = *found == Found::Unsure && qualifiers.len() < 2 && !is_pseudo_column(name, self.dialect);
        let meant = qualifiers.last().map(|qualifier| read_name(qualifier, self.dialect));
        let mut relations = self.frames.iter().flat_map(|frame| &frame.relations);
        relations.any(|relation| {
            meant.as_ref().is_none_or(|meant| same(meant, &relation.name, self.dialect))
                && if beyond_lists { relation.columns.rest == Rest::Sensitive } else { relation.columns.may_show() }
        })
    }
}

/// Counting a sensitive column shows none of it.
fn is_count(function: &Function) -> bool {
    function.name.0.len() == 1 && function_name(function) == "count"
}

/// True for arguments that are not expressions, such as `t.*`.
fn has_rows(function: &Function) -> bool {
    matches!(&function.args, FunctionArguments::List(list) if list.args.iter().any(|given| argument(given).is_none()))
}

#[cfg(test)]
#[path = "sensitive_tests.rs"]
mod tests;
