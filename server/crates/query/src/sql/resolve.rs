//! One walk over a parsed query that gives every name its meaning: checks and symbols both come out of it.

use crate::identifier;
use std::{borrow::Cow, collections::HashSet, rc::Rc};

use nlq_catalog::{Catalog, ColumnId, Dialect, TableId, TypeKind};
use nlq_text::{Diagnostic, Fix, Span};
use sqlparser::ast::{
    BinaryOperator, Cte, Expr, Function, GroupByExpr, Ident, Join, JoinConstraint, JoinOperator, LimitClause,
    NamedWindowExpr, ObjectName, OrderBy, OrderByKind, Query, Select, SelectItem, SelectItemQualifiedWildcardKind,
    SetExpr, Spanned, TableAlias, TableFactor, TableWithJoins, Value,
};

use super::{
    QueryContext, Symbol, SymbolKind,
    children::{Child, arguments, children, function_name, window_parts},
    functions::is_aggregate,
    lexer::{Kind, Token},
    names::written_table,
    parse::Places,
    scope::{AliasUse, Columns, Edge, Found, Frame, Output, Relation, Rest, find, read_name, same},
    sensitive::{Trace, united},
};

/// A column of a frame's relation that was named.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ref {
    /// The frame's id (not its index: frames come and go).
    pub(super) frame: usize,
    pub(super) relation: usize,
    pub(super) id: Option<ColumnId>,
    pub(super) span: Span,
}

pub(super) struct Resolver<'a> {
    pub(super) context: QueryContext<'a>,
    pub(super) catalog: &'a Catalog,
    pub(super) dialect: Dialect,
    pub(super) text: &'a str,
    pub(super) tokens: &'a [Token],
    placeholders: HashSet<usize>,
    places: Places<'a>,
    pub(super) frames: Vec<Frame<'a>>,
    next_frame: usize,
    pub(super) ctes: Vec<(String, Columns<'a>)>,
    /// What was seen of sensitive columns.
    pub(super) trace: Trace,
    pub(super) refs: Vec<Ref>,
    pub(super) symbols: Vec<Symbol>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl<'a> Resolver<'a> {
    /// `text` is the text as written; `prepared` is what was parsed, of the same length.
    pub(super) fn new(
        text: &'a str,
        prepared: &'a str,
        tokens: &'a [Token],
        context: QueryContext<'a>,
        catalog: &'a Catalog,
    ) -> Self {
        let placeholders = tokens.iter().filter(|token| token.kind == Kind::Placeholder).map(|token| token.span.start);
        Self {
            context,
            catalog,
            dialect: context.dialect,
            text,
            tokens,
            placeholders: placeholders.collect(),
            places: Places::new(prepared),
            frames: Vec::new(),
            next_frame: 0,
            ctes: Vec::new(),
            trace: Trace::new(context),
            refs: Vec::new(),
            symbols: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    pub(super) fn span(&self, node: &impl Spanned) -> Span {
        self.places.span(node.span())
    }

    pub(super) fn ident_span(&self, ident: &Ident) -> Span {
        self.places.span(ident.span)
    }

    fn is_placeholder(&self, ident: &Ident) -> bool {
        self.placeholders.contains(&self.ident_span(ident).start)
    }

    fn symbol(&mut self, span: Span, kind: SymbolKind) {
        self.symbols.push(Symbol { span, kind });
    }

    // --- queries -----------------------------------------------------------------------------------------------------

    /// Resolves a query; `top` for the whole statement.
    pub(super) fn query(&mut self, query: &'a Query, top: bool) -> Columns<'a> {
        let kept = self.ctes.len();
        if let Some(with) = &query.with {
            let ahead = with.recursive || self.dialect == Dialect::Sqlite;
            if ahead {
                for cte in &with.cte_tables {
                    let named = self.renamed(Columns::unknown(), &cte.alias);
                    self.ctes.push((read_name(&cte.alias.name, self.dialect), named));
                }
            }
            for (index, cte) in with.cte_tables.iter().enumerate() {
                let first_use = self.trace.cte_uses.len();
                let mut columns = self.cte(cte);
                if ahead {
                    self.close_recursion(&mut columns, kept + index, first_use);
                }
                let name = read_name(&cte.alias.name, self.dialect);
                match self.ctes.get_mut(kept + index) {
                    Some(slot) if ahead => slot.1 = columns,
                    _ => self.ctes.push((name, columns)),
                }
            }
        }
        let mut columns = match &*query.body {
            SetExpr::Select(select) => self.select(select, query.order_by.as_ref(), top),
            body => {
                let columns = self.set_expr(body);
                self.order_of_set(query.order_by.as_ref(), &columns);
                columns
            }
        };
        match &query.limit_clause {
            Some(LimitClause::LimitOffset { limit, offset, .. }) => {
                limit.iter().chain(offset.iter().map(|offset| &offset.value)).for_each(|e| self.expr(e));
                if limit.as_ref().is_some_and(is_one) {
                    columns.single_row = true;
                }
            }
            Some(LimitClause::OffsetCommaLimit { offset, limit }) => {
                self.expr(offset);
                self.expr(limit);
            }
            None => {}
        }
        if top {
            self.limit_without_order(query);
        }
        self.ctes.truncate(kept);
        columns
    }

    fn cte(&mut self, cte: &'a Cte) -> Columns<'a> {
        let span = self.ident_span(&cte.alias.name);
        self.symbol(span, SymbolKind::Derived { name: cte.alias.name.value.clone() });
        let columns = self.query(&cte.query, false);
        self.renamed(columns, &cte.alias)
    }

    /// The columns under the names of an alias such as `t(a, b)`.
    fn renamed(&self, columns: Columns<'a>, alias: &TableAlias) -> Columns<'a> {
        if alias.columns.is_empty() {
            return columns;
        }
        let known = columns.list.len();
        let mut list: Vec<Output<'a>> = (*columns.list).clone();
        for (index, column) in alias.columns.iter().enumerate() {
            let name = Cow::Owned(read_name(&column.name, self.dialect));
            match list.get_mut(index) {
                Some(output) => output.name = name,
                None => {
                    let sensitive = columns.rest == Rest::Sensitive;
                    list.push(Output { name, id: None, kind: None, sensitive });
                }
            }
        }
        let open = columns.open && known > 0;
        Columns { list: Rc::new(list), open, ..columns }
    }

    fn set_expr(&mut self, body: &'a SetExpr) -> Columns<'a> {
        match body {
            SetExpr::Select(select) => self.select(select, None, false),
            SetExpr::Query(query) => self.query(query, false),
            SetExpr::SetOperation { left, right, .. } => {
                let left = self.set_expr(left);
                let right = self.set_expr(right);
                Columns { single_row: false, ..united(left, &right) }
            }
            SetExpr::Values(values) => {
                let width = values.rows.first().map_or(0, |row| row.len());
                let mut list: Vec<Output<'a>> = (1..=width)
                    .map(|i| Output { name: Cow::Owned(format!("column{i}")), id: None, kind: None, sensitive: false })
                    .collect();
                for (index, expr) in values.rows.iter().flat_map(|row| row.iter().enumerate()) {
                    let sensitive = self.shows(expr);
                    if let Some(output) = list.get_mut(index) {
                        output.sensitive |= sensitive;
                    }
                }
                Columns { list: Rc::new(list), single_row: values.rows.len() == 1, ..Columns::default() }
            }
            _ => {
                self.trace.lost = true;
                Columns::unknown()
            }
        }
    }

    /// ORDER BY after UNION and its like: PostgreSQL knows only the names of the result there.
    fn order_of_set(&mut self, order: Option<&'a OrderBy>, columns: &Columns<'a>) {
        for expr in order_exprs(order) {
            let Expr::Identifier(ident) = expr else { continue };
            let name = read_name(ident, self.dialect);
            let known = columns.list.iter().any(|output| same(&name, &output.name, self.dialect));
            if !known && !columns.open && self.dialect == Dialect::Postgresql && ident.quote_style.is_none() {
                let span = self.ident_span(ident);
                let names: Vec<&str> = columns.list.iter().map(|output| &*output.name).collect();
                let diagnostic = self.with_near_names(
                    Diagnostic::error(
                        span,
                        "unknown-column",
                        format!("`{name}` is not a column of the combined result"),
                    ),
                    &name,
                    names,
                );
                self.diagnostics.push(diagnostic);
            }
        }
    }

    fn select(&mut self, select: &'a Select, order: Option<&'a OrderBy>, top: bool) -> Columns<'a> {
        self.next_frame += 1;
        let frame = Frame { id: self.next_frame, ..Frame::default() };
        let id = frame.id;
        self.frames.push(frame);
        for table in &select.from {
            self.table_with_joins(table);
        }
        let first_item = self.refs.len();
        let columns = self.projection(select, top);
        let projected = self.refs[first_item..].to_vec();
        let aliases: Vec<(String, Span)> = select
            .projection
            .iter()
            .filter_map(|item| match item {
                SelectItem::ExprWithAlias { alias, .. } => {
                    Some((read_name(alias, self.dialect), self.ident_span(alias)))
                }
                _ => None,
            })
            .collect();
        for (name, span) in &aliases {
            self.symbol(*span, SymbolKind::Derived { name: name.clone() });
        }
        self.frame().aliases = aliases;
        let sqlite = self.dialect == Dialect::Sqlite;
        let fallback = if sqlite { AliasUse::AfterColumns } else { AliasUse::Never };
        self.frame().alias_use = fallback;
        if let Some(condition) = &select.selection {
            self.condition(condition);
            self.aggregates_forbidden(condition, "WHERE");
        }
        if let GroupByExpr::Expressions(groups, _) = &select.group_by {
            for group in groups {
                let bare = matches!(group, Expr::Identifier(_));
                self.frame().alias_use = if bare { AliasUse::AfterColumns } else { fallback };
                self.expr(group);
                self.aggregates_forbidden(group, "GROUP BY");
            }
        }
        self.frame().alias_use = fallback;
        if let Some(having) = &select.having {
            self.expr(having);
        }
        for window in &select.named_window {
            if let NamedWindowExpr::WindowSpec(spec) = &window.1 {
                window_parts(spec).for_each(|e| self.expr(e));
            }
        }
        for expr in order_exprs(order) {
            let bare = matches!(expr, Expr::Identifier(_));
            self.frame().alias_use = if bare { AliasUse::First } else { fallback };
            self.expr(expr);
        }
        self.frame().alias_use = fallback;
        let single_row = self.lint_select(select, order, &projected, top);
        debug_assert!(self.frames.last().is_some_and(|frame| frame.id == id), "frames are balanced");
        self.frames.pop();
        Columns { single_row, ..columns }
    }

    pub(super) fn frame(&mut self) -> &mut Frame<'a> {
        if self.frames.is_empty() {
            self.frames.push(Frame::default());
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    fn projection(&mut self, select: &'a Select, top: bool) -> Columns<'a> {
        let mut list: Vec<Output<'a>> = Vec::new();
        let mut open = false;
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    let sensitive = self.shows(expr);
                    let output = self.output(expr);
                    open |= output.name.is_empty();
                    list.push(Output { sensitive, ..output });
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let sensitive = self.shows(expr);
                    let name = Cow::Owned(read_name(alias, self.dialect));
                    list.push(Output { name, sensitive, ..self.output(expr) });
                }
                SelectItem::ExprWithAliases { expr, .. } => {
                    self.expr(expr);
                    self.trace.lost = true;
                    open = true;
                }
                SelectItem::Wildcard(options) => {
                    let span = self.places.span(options.wildcard_token.0.span);
                    let all: Vec<usize> = (0..self.frame().relations.len()).collect();
                    // PostgreSQL puts the columns of USING first.
                    self.trace.lost |= self.dialect == Dialect::Postgresql && !self.frame().merged.is_empty();
                    open |= self.wildcard(&all, span, top, &mut list);
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options) => {
                    let idents: Vec<&Ident> = name.0.iter().filter_map(|part| part.as_ident()).collect();
                    let Some(last) = idents.last() else { continue };
                    let read = read_name(last, self.dialect);
                    let dialect = self.dialect;
                    let at = self.frame().relations.iter().position(|r| same(&read, &r.name, dialect));
                    let hits = self.frame().relations.iter().filter(|r| same(&read, &r.name, dialect)).count();
                    self.trace.lost |= hits != 1;
                    if let Some(at) = at {
                        let span = self.ident_span(last);
                        self.relation_symbol(span, self.frames.len() - 1, at);
                        let star = self.places.span(options.wildcard_token.0.span);
                        open |= self.wildcard(&[at], star, top, &mut list);
                    } else {
                        open = true;
                        let outer =
                            self.frames.iter().any(|f| f.relations.iter().any(|r| same(&read, &r.name, self.dialect)));
                        if idents.len() == 1 && !outer {
                            self.unknown_relation(last, None);
                        }
                    }
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::Expr(expr), _) => {
                    self.expr(expr);
                    self.trace.lost = true;
                    open = true;
                }
            }
        }
        Columns { list: Rc::new(list), open, ..Columns::default() }
    }

    fn wildcard(&mut self, relations: &[usize], span: Span, top: bool, list: &mut Vec<Output<'a>>) -> bool {
        let mut open = false;
        for &at in relations {
            let relation = &self.frame().relations[at];
            open |= relation.columns.open;
            let columns = relation.columns.clone();
            self.trace.lost |= columns.rest != Rest::None;
            for output in columns.list.iter() {
                let dialect = self.dialect;
                let merged = self.frame().merged.iter().any(|name| same(name, &output.name, dialect));
                match list.iter_mut().find(|o| merged && same(&o.name, &output.name, dialect)) {
                    Some(twice) => twice.sensitive |= output.sensitive,
                    None => list.push(output.clone()),
                }
            }
            if top {
                self.sensitive_wildcard(span, &columns);
            }
        }
        open
    }

    /// What a SELECT item gives when it has no alias.
    fn output(&self, expr: &'a Expr) -> Output<'a> {
        let parts: &[Ident] = match expr {
            Expr::Identifier(ident) => std::slice::from_ref(ident),
            Expr::CompoundIdentifier(parts) => parts,
            _ => &[],
        };
        if let Found::Column(frame, relation, column) = find(&self.frames, parts, self.dialect) {
            return self.frames[frame].relations[relation].columns.list[column].clone();
        }
        let name = match expr {
            Expr::Identifier(ident) => Cow::Owned(read_name(ident, self.dialect)),
            Expr::CompoundIdentifier(parts) => {
                parts.last().map_or(Cow::Borrowed(""), |ident| Cow::Owned(read_name(ident, self.dialect)))
            }
            Expr::Function(function) if self.dialect == Dialect::Postgresql => Cow::Owned(function_name(function)),
            _ => Cow::Borrowed(""),
        };
        Output { name, id: None, kind: self.kind(expr), sensitive: false }
    }

    // --- FROM --------------------------------------------------------------------------------------------------------

    fn table_with_joins(&mut self, table: &'a TableWithJoins) {
        self.factor(&table.relation);
        for join in &table.joins {
            self.join(join);
        }
    }

    fn join(&mut self, join: &'a Join) {
        let first = self.frame().relations.len();
        self.factor(&join.relation);
        let (JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)) = &join.join_operator
        else {
            return self.unite_all(first); // CROSS JOIN says that it means it
        };
        match constraint {
            JoinConstraint::On(condition) => {
                self.condition(condition);
                self.aggregates_forbidden(condition, "ON");
            }
            JoinConstraint::Using(names) => {
                for ident in names.iter().filter_map(|name| name.0.last().and_then(|part| part.as_ident())) {
                    self.using(ident, first);
                }
                self.unite_all(first);
            }
            JoinConstraint::Natural => {
                let (left, right) = self.frame().relations.split_at(first);
                let shared: Vec<String> = right
                    .iter()
                    .flat_map(|r| r.columns.list.iter())
                    .filter(|c| {
                        left.iter().any(|l| l.columns.list.iter().any(|o| o.name.eq_ignore_ascii_case(&c.name)))
                    })
                    .map(|c| c.name.to_string())
                    .collect();
                self.frame().merged.extend(shared);
                self.unite_all(first);
            }
            JoinConstraint::None => {
                let end = self.span_end_of_factor(&join.relation);
                if let Some(relation) = self.frame().relations.get_mut(first) {
                    relation.bare_join = Some(end);
                }
            }
        }
    }

    fn span_end_of_factor(&self, factor: &TableFactor) -> usize {
        match factor {
            TableFactor::Table { alias: Some(alias), .. } => self.ident_span(&alias.name).end,
            TableFactor::Table { name, .. } => self.span(name).end,
            _ => self.text.len(),
        }
    }

    fn unite_all(&mut self, first: usize) {
        let frame = self.frame();
        for at in first..frame.relations.len() {
            frame.united.push((at.saturating_sub(1), at));
        }
    }

    fn using(&mut self, ident: &'a Ident, first: usize) {
        let (name, span) = (read_name(ident, self.dialect), self.ident_span(ident));
        let dialect = self.dialect;
        let find_in = |relations: &[Relation<'a>], offset: usize| {
            let found = relations.iter().enumerate().find_map(|(at, r)| {
                let column = r.columns.list.iter().position(|output| same(&name, &output.name, dialect))?;
                Some((at + offset, column, r.columns.list[column].id))
            });
            (found, relations.iter().any(|r| r.columns.open))
        };
        let (left, right) = self.frame().relations.split_at(first);
        let ((left, open_left), (right, open_right)) = (find_in(left, 0), find_in(right, first));
        if let (Some(a), Some(b)) = (left, right) {
            let frame = self.frame();
            frame.edges.push(Edge { a: (a.0, a.1), b: (b.0, b.1) });
        }
        if let Some(id) = left.or(right).and_then(|(_, _, id)| id) {
            self.symbol(span, SymbolKind::Column(id));
        }
        for (found, open, relations) in
            [(left, open_left, 0..first), (right, open_right, first..self.frame().relations.len())]
        {
            if found.is_none() && !open && !relations.is_empty() && !self.is_placeholder(ident) {
                let message = format!("`{name}` is not a column of both sides of this join");
                let names: Vec<String> = self.frame().relations[relations]
                    .iter()
                    .flat_map(|r| r.columns.list.iter().map(|o| o.name.to_string()))
                    .collect();
                let diagnostic = Diagnostic::error(span, "unknown-column", message);
                let diagnostic = self.with_near_names(diagnostic, &name, names.iter().map(String::as_str).collect());
                self.diagnostics.push(diagnostic);
                break;
            }
        }
        self.frame().merged.push(name);
    }

    fn push_relation(
        &mut self,
        alias: Option<&'a TableAlias>,
        name: String,
        span: Span,
        table: Option<TableId>,
        columns: Columns<'a>,
    ) {
        let columns = alias.map_or(columns.clone(), |alias| self.renamed(columns, alias));
        let schema = table.and_then(|id| self.catalog.table(id).schema.clone());
        let (name, span, aliased) = match alias {
            Some(alias) => (read_name(&alias.name, self.dialect), self.ident_span(&alias.name), true),
            None => (name, span, false),
        };
        if aliased && !span.is_empty() {
            self.symbol(span, SymbolKind::TableAlias { name: name.clone(), table });
        }
        self.frame().relations.push(Relation { name, aliased, schema, table, columns, span, bare_join: None });
    }

    fn factor(&mut self, factor: &'a TableFactor) {
        match factor {
            TableFactor::Table { name, alias, args: None, .. } => self.table(name, alias.as_ref()),
            TableFactor::Table { name, alias, args: Some(args), .. } => {
                let rest = self.rest_from(args.args.iter());
                self.table_function(name, alias.as_ref(), rest);
            }
            TableFactor::Function { name, args, alias, .. } => {
                let rest = self.rest_from(args.iter());
                self.table_function(name, alias.as_ref(), rest);
            }
            TableFactor::UNNEST { alias, array_exprs, .. } => {
                let mut rest = Rest::Plain;
                for expr in array_exprs {
                    if self.shows(expr) {
                        rest = Rest::Sensitive;
                    }
                }
                let columns = Columns { rest, ..Columns::unknown() };
                self.push_relation(alias.as_ref(), "unnest".to_owned(), Span::default(), None, columns);
                self.unite_last();
            }
            TableFactor::Derived { lateral, subquery, alias, .. } => {
                let columns = if *lateral {
                    self.query(subquery, false)
                } else {
                    // A derived table sees what is around the query, not its neighbours.
                    let current = self.frames.pop();
                    let columns = self.query(subquery, false);
                    self.frames.extend(current);
                    columns
                };
                let span = self.span(&**subquery);
                self.push_relation(alias.as_ref(), String::new(), span, None, columns);
                if *lateral {
                    self.unite_last();
                }
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                self.table_with_joins(table_with_joins);
                if alias.is_some() {
                    let sensitive = self.frame().relations.iter().any(|relation| relation.columns.may_show());
                    let rest = if sensitive { Rest::Sensitive } else { Rest::Plain };
                    let columns = Columns { rest, ..Columns::unknown() };
                    self.push_relation(alias.as_ref(), String::new(), Span::default(), None, columns);
                    self.unite_last();
                }
            }
            other => {
                self.trace.lost = true;
                let alias = match other {
                    TableFactor::JsonTable { alias, .. } | TableFactor::XmlTable { alias, .. } => alias.as_ref(),
                    _ => None,
                };
                self.push_relation(alias, String::new(), Span::default(), None, Columns::unknown());
                self.unite_last();
            }
        }
    }

    fn unite_last(&mut self) {
        let last = self.frame().relations.len() - 1;
        self.unite_all(last);
    }

    fn table_function(&mut self, name: &'a ObjectName, alias: Option<&'a TableAlias>, rest: Rest) {
        let Some(ident) = name.0.last().and_then(|part| part.as_ident()) else { return };
        let span = self.ident_span(ident);
        self.symbol(span, SymbolKind::Function { name: ident.value.to_lowercase() });
        // A column list on the alias names only the first columns for sure.
        let columns = Columns { rest, ..Columns::unknown() };
        self.push_relation(alias, read_name(ident, self.dialect), span, None, columns);
        let last = self.frame().relations.len() - 1;
        self.frame().relations[last].columns.open = true;
        self.unite_last();
    }

    fn table(&mut self, name: &'a ObjectName, alias: Option<&'a TableAlias>) {
        let idents: Vec<&Ident> = name.0.iter().filter_map(|part| part.as_ident()).collect();
        let Some((last, qualifiers)) = idents.split_last() else { return };
        let (read, span) = (read_name(last, self.dialect), self.ident_span(last));
        if qualifiers.is_empty()
            && let Some(at) = self.ctes.iter().rposition(|(name, _)| same(&read, name, self.dialect))
        {
            let columns = self.ctes[at].1.clone();
            self.trace.cte_uses.push(at);
            self.symbol(span, SymbolKind::Derived { name: read.clone() });
            return self.push_relation(alias, read, span, None, columns);
        }
        let schema = qualifiers.last().map(|ident| read_name(ident, self.dialect));
        let found = if self.is_placeholder(last) { None } else { self.find_table(schema.as_deref(), &read, last) };
        match found {
            Some(id) => {
                self.symbol(span, SymbolKind::Table(id));
                let columns = self.table_columns(id);
                self.push_relation(alias, read, span, Some(id), columns);
            }
            None => {
                self.trace.lost = true;
                self.push_relation(alias, read, span, None, Columns::unknown());
                self.unite_last();
            }
        }
    }

    fn table_columns(&self, id: TableId) -> Columns<'a> {
        let catalog: &'a Catalog = self.catalog;
        let table = catalog.table(id);
        let list = catalog.column_ids(id).map(|(id, column)| Output {
            name: Cow::Borrowed(column.name.as_str()),
            id: Some(id),
            kind: Some(column.kind),
            sensitive: self.shows_column(id),
        });
        let open = table.columns.is_empty();
        let rest = if open { Rest::Plain } else { Rest::None };
        Columns { list: Rc::new(list.collect()), open, single_row: false, rest }
    }

    /// The catalog's table, or none when it is missing (which is then said) or not the catalog's to know.
    fn find_table(&mut self, schema: Option<&str>, name: &str, ident: &Ident) -> Option<TableId> {
        let (catalog, dialect, span) = (self.catalog, self.dialect, self.ident_span(ident));
        let lower = name.to_lowercase();
        let system = match dialect {
            Dialect::Postgresql => {
                lower.starts_with("pg_") || schema.is_some_and(|s| s == "information_schema" || s.starts_with("pg_"))
            }
            _ => {
                lower.starts_with("sqlite_")
                    || lower.starts_with("pragma_")
                    || schema.is_some_and(|s| !s.eq_ignore_ascii_case("main"))
            }
        };
        if let Some(id) = catalog.find_table(schema, name) {
            let table = catalog.table(id);
            // The catalog looks without regard to case: PostgreSQL does not.
            let exact = same(name, &table.name, dialect);
            let twin = || {
                let mut all = catalog.table_ids();
                all.find(|(_, t)| t.name == name && (schema.is_none() || t.schema.as_deref() == schema))
                    .map(|(id, _)| id)
            };
            if exact {
                let outside = schema.is_none()
                    && !catalog.search_path.is_empty()
                    && table.schema.as_ref().is_some_and(|schema| !catalog.search_path.contains(schema));
                if outside {
                    let full = written_table(catalog, id, dialect);
                    let message = format!("table `{name}` is not on the search path: write `{full}`");
                    let fix = Fix::replace(format!("Change to `{full}`"), span, full);
                    self.diagnostics.push(Diagnostic::error(span, "unknown-table", message).with_fix(fix));
                }
                return Some(id);
            }
            if let Some(id) = twin() {
                return Some(id);
            }
            self.case_differs("table", span, &table.name);
            return Some(id);
        }
        if !system && !catalog.tables.is_empty() {
            self.unknown_table(schema, name, ident);
        }
        None
    }

    pub(super) fn case_differs(&mut self, what: &str, span: Span, kept: &str) {
        let quoted = identifier(kept, self.dialect);
        let message = if quoted.starts_with('"') {
            format!("the {what} is named {quoted}: PostgreSQL reads bare names in lower case, so write it in quotes")
        } else {
            format!("the {what} is named `{quoted}`: names in quotes must match letter by letter")
        };
        let fix = Fix::replace(format!("Change to `{quoted}`"), span, quoted);
        self.diagnostics.push(Diagnostic::error(span, "wrong-case", message).with_fix(fix));
    }

    // --- expressions -------------------------------------------------------------------------------------------------

    /// A condition of ON or WHERE: besides its names, which relations its parts bring together.
    fn condition(&mut self, condition: &'a Expr) {
        for part in conjuncts(condition) {
            let first = self.refs.len();
            self.expr(part);
            let frame = self.frame().id;
            let mut touched: Vec<usize> =
                self.refs[first..].iter().filter(|r| r.frame == frame).map(|r| r.relation).collect();
            touched.sort_unstable();
            touched.dedup();
            let pairs: Vec<(usize, usize)> = touched.windows(2).map(|pair| (pair[0], pair[1])).collect();
            self.frame().united.extend(pairs);
            if let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = unnested(part) {
                let here = self.frames.len() - 1;
                let column = |side: &Expr| match self.column_of(side) {
                    Some((frame, relation, column)) if frame == here => Some((relation, column)),
                    _ => None,
                };
                match (column(left), column(right)) {
                    (Some(a), Some(b)) if a.0 != b.0 => self.frame().edges.push(Edge { a, b }),
                    (Some(column), None) | (None, Some(column)) if touched.len() == 1 => {
                        self.frame().pinned.push(column);
                    }
                    _ => {}
                }
            }
        }
    }

    /// The column that an expression is: frame, relation, column.
    pub(super) fn column_of(&self, expr: &Expr) -> Option<(usize, usize, usize)> {
        let parts: &[Ident] = match unnested(expr) {
            Expr::Identifier(ident) => std::slice::from_ref(ident),
            Expr::CompoundIdentifier(parts) => parts,
            _ => return None,
        };
        match find(&self.frames, parts, self.dialect) {
            Found::Column(frame, relation, column) => Some((frame, relation, column)),
            _ => None,
        }
    }

    pub(super) fn output_of(&self, expr: &Expr) -> Option<&Output<'a>> {
        let (frame, relation, column) = self.column_of(expr)?;
        self.frames[frame].relations[relation].columns.list.get(column)
    }

    /// The type of an expression, when it is certain.
    pub(super) fn kind(&self, expr: &Expr) -> Option<TypeKind> {
        match unnested(expr) {
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => self.output_of(expr)?.kind,
            Expr::Function(function) if function_name(function) == "count" => Some(TypeKind::Integer),
            _ => None,
        }
    }

    pub(super) fn expr(&mut self, expr: &'a Expr) {
        // A chain of operators is a tree as deep as the chain is long: walk its left side in a loop.
        let mut chain = Vec::new();
        let mut at = expr;
        while let Expr::BinaryOp { left, .. } = at {
            chain.push(at);
            at = left;
        }
        if chain.is_empty() {
            return self.one_expr(expr);
        }
        self.one_expr(at);
        for operation in chain.into_iter().rev() {
            if let Expr::BinaryOp { left, op, right } = operation {
                self.expr(right);
                self.lint_operation(left, op, right);
            }
        }
    }

    fn one_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Identifier(ident) => self.name(std::slice::from_ref(ident)),
            Expr::CompoundIdentifier(parts) => self.name(parts),
            _ => {
                let before = self.trace.seen;
                if let Expr::Function(function) = expr {
                    self.function(function);
                }
                self.lint_expr(expr);
                let mut parts = Vec::new();
                children(expr, &mut |child| parts.push(child));
                for part in parts {
                    match part {
                        Child::Expr(part) => self.expr(part),
                        Child::Query(query) => {
                            let before = self.trace.seen;
                            let columns = self.query(query, false);
                            self.trace.seen = before + usize::from(columns.may_show());
                        }
                    }
                }
                self.trace_expr(expr, before);
            }
        }
    }

    fn function(&mut self, function: &'a Function) {
        let Some(ident) = function.name.0.last().and_then(|part| part.as_ident()) else { return };
        let span = self.ident_span(ident);
        let name = function_name(function);
        self.lint_function(function, &name, span);
        self.symbol(span, SymbolKind::Function { name });
    }

    fn relation_symbol(&mut self, span: Span, frame: usize, relation: usize) {
        let relation = &self.frames[frame].relations[relation];
        let kind = match (relation.aliased, relation.table) {
            (false, Some(table)) => SymbolKind::Table(table),
            (false, None) => SymbolKind::Derived { name: relation.name.clone() },
            (true, table) => SymbolKind::TableAlias { name: relation.name.clone(), table },
        };
        self.symbol(span, kind);
    }

    fn name(&mut self, parts: &'a [Ident]) {
        let Some((last, qualifiers)) = parts.split_last() else { return };
        if parts.iter().any(|part| self.is_placeholder(part)) {
            return;
        }
        let span = self.ident_span(last);
        let found = find(&self.frames, parts, self.dialect);
        self.trace_name(last, qualifiers, &found);
        if let ([.., qualifier], Found::Column(..) | Found::Unsure | Found::Missing) = (qualifiers, &found) {
            let read = read_name(qualifier, self.dialect);
            let relation = self.frames.iter().enumerate().rev().find_map(|(index, frame)| {
                let at = frame.relations.iter().position(|r| same(&read, &r.name, self.dialect))?;
                Some((index, at))
            });
            if let Some((frame, relation)) = relation {
                self.relation_symbol(self.ident_span(qualifier), frame, relation);
            }
        }
        match found {
            Found::Column(frame, relation, column) => {
                let id = self.frames[frame].relations[relation].columns.list[column].id;
                self.refs.push(Ref { frame: self.frames[frame].id, relation, id, span });
                match id {
                    Some(id) => self.symbol(span, SymbolKind::Column(id)),
                    None => self.symbol(span, SymbolKind::Derived { name: last.value.clone() }),
                }
            }
            Found::Alias(_) => self.symbol(span, SymbolKind::Derived { name: last.value.clone() }),
            Found::Row(frame, relation) => {
                self.relation_symbol(span, frame, relation);
                self.refs.push(Ref { frame: self.frames[frame].id, relation, id: None, span });
            }
            Found::Ambiguous(frame, hits) => self.ambiguous(last, frame, &hits),
            Found::Unsure => {
                // Something of each open relation may be meant.
                let here =
                    self.frames.last().map(|frame| (frame.id, frame.relations.iter().position(|r| r.columns.open)));
                if let Some((frame, Some(relation))) = here {
                    self.refs.push(Ref { frame, relation, id: None, span });
                }
            }
            Found::Missing => self.unknown_column(parts),
            Found::NoRelation => self.unknown_relation(&qualifiers[qualifiers.len() - 1], Some(last)),
        }
    }

    /// True when an expression holds an aggregate of this query (not one inside a subquery or a window).
    pub(super) fn has_aggregate(&self, expr: &Expr) -> bool {
        let mut found = false;
        self.aggregates(expr, &mut |_| found = true);
        found
    }

    /// Calls `f` with every aggregate of an expression, not looking into subqueries.
    pub(super) fn aggregates<'e>(&self, expr: &'e Expr, f: &mut dyn FnMut(&'e Function)) {
        let mut rest = vec![expr];
        while let Some(expr) = rest.pop() {
            if let Expr::Function(function) = expr
                && function.over.is_none()
                && is_aggregate(&function_name(function), arguments(function).len(), self.dialect)
            {
                f(function);
                continue;
            }
            children(expr, &mut |child| {
                if let Child::Expr(expr) = child {
                    rest.push(expr);
                }
            });
        }
    }
}

/// The expressions of ORDER BY.
pub(super) fn order_exprs(order: Option<&OrderBy>) -> impl Iterator<Item = &Expr> {
    let exprs = order.map_or(&[][..], |order| match &order.kind {
        OrderByKind::Expressions(exprs) => exprs.as_slice(),
        OrderByKind::All(_) => &[],
    });
    exprs.iter().map(|order| &order.expr)
}

/// The parts of a condition that AND joins.
pub(crate) fn conjuncts(condition: &Expr) -> Vec<&Expr> {
    let (mut parts, mut rest) = (Vec::new(), vec![condition]);
    while let Some(expr) = rest.pop() {
        match expr {
            Expr::BinaryOp { left, op: BinaryOperator::And, right } => rest.extend([&**right, &**left]),
            Expr::Nested(inner) if matches!(**inner, Expr::BinaryOp { op: BinaryOperator::And, .. }) => {
                rest.push(inner);
            }
            other => parts.push(other),
        }
    }
    parts
}

/// The expression without the parentheses around it.
pub(crate) fn unnested(mut expr: &Expr) -> &Expr {
    while let Expr::Nested(inner) = expr {
        expr = inner;
    }
    expr
}

fn is_one(limit: &Expr) -> bool {
    matches!(limit, Expr::Value(value) if matches!(&value.value, Value::Number(number, _) if number == "1"))
}
