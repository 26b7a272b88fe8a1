//! What half-typed text still tells: its relations and their scopes, read from tokens alone.

use nlq_catalog::{Catalog, TableId};
use nlq_text::Span;
use sqlparser::ast::Statement;

use super::{
    QueryContext, Symbol, SymbolKind,
    lexer::{Kind, Token, lex},
    parse::{parse, prepare},
    resolve::Resolver,
    scope::same,
};

/// A relation that the text names.
#[derive(Debug, Clone)]
pub(super) struct Near {
    /// The name that qualifies its columns.
    pub(super) name: String,
    pub(super) aliased: bool,
    pub(super) table: Option<TableId>,
    /// Columns of a derived table or common table expression.
    pub(super) columns: Vec<String>,
    /// Where the table's name stands, and where the alias does.
    pub(super) table_span: Span,
    pub(super) alias_span: Option<Span>,
    scope: Scope,
}

/// A common table expression.
#[derive(Debug, Clone)]
pub(super) struct NearCte {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
}

/// A stretch of text between parentheses, and the arm of a UNION in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Scope {
    open: usize,
    close: usize,
    arm: usize,
}

/// All relations of a text.
#[derive(Debug, Default)]
pub(super) struct Sketch {
    pub(super) relations: Vec<Near>,
    pub(super) ctes: Vec<NearCte>,
    arms: Vec<(usize, usize, usize)>,
}

/// Words that end a FROM clause, and so are never an alias in it.
const CLAUSES: &[&str] = &[
    "where",
    "group",
    "order",
    "having",
    "limit",
    "offset",
    "fetch",
    "window",
    "union",
    "intersect",
    "except",
    "select",
    "for",
];
const JOIN_WORDS: &[&str] =
    &["join", "on", "using", "inner", "left", "right", "full", "outer", "cross", "natural", "lateral", "as"];

impl Sketch {
    pub(super) fn new(text: &str, tokens: &[Token], context: QueryContext<'_>, catalog: &Catalog) -> Self {
        let code: Vec<Token> = tokens.iter().copied().filter(|token| token.kind != Kind::Comment).collect();
        let mut sketch = Sketch::default();
        let mut stack = vec![Open { at: 0, arm: 0, in_from: false, expects: false }];
        let mut index = 0;
        while let Some(token) = code.get(index) {
            let top = stack.len() - 1;
            if token.is(text, "(") {
                sketch.body(text, &code, index, context, catalog);
                let expects = std::mem::take(&mut stack[top].expects);
                if expects && let Some(near) = derived(text, &code, index, stack[top], context, catalog) {
                    sketch.relations.push(near);
                }
                stack.push(Open { at: token.span.start, arm: 0, in_from: false, expects });
            } else if token.is(text, ")") {
                if stack.len() > 1 {
                    stack.pop();
                }
            } else if token.is(text, "from") || token.is(text, "join") {
                // `extract(year FROM d)` has no SELECT before it in its parentheses; a wrong guess only adds a name.
                stack[top].in_from = true;
                stack[top].expects = true;
            } else if token.is(text, ",") {
                stack[top].expects = stack[top].in_from;
            } else if CLAUSES.iter().any(|word| token.is(text, word)) {
                stack[top].in_from = false;
                stack[top].expects = false;
                if ["union", "intersect", "except"].iter().any(|word| token.is(text, word)) {
                    stack[top].arm += 1;
                    sketch.arms.push((stack[top].at, token.span.start, stack[top].arm));
                }
            } else if stack[top].expects
                && matches!(token.kind, Kind::Word | Kind::Quoted)
                && !token.is(text, "lateral")
            {
                stack[top].expects = false;
                index = sketch.relation(text, &code, index, stack[top], context, catalog);
                continue;
            }
            index += 1;
        }
        let closes = closes(text, &code);
        for near in &mut sketch.relations {
            near.scope.close =
                closes.iter().find(|(open, _)| *open == near.scope.open).map_or(usize::MAX, |(_, close)| *close);
        }
        for near in &mut sketch.relations {
            if let (None, Some(cte)) = (
                near.table,
                sketch.ctes.iter().find(|cte| same(&near.table_name(text, context), &cte.name, context.dialect)),
            ) {
                near.columns.clone_from(&cte.columns);
            }
        }
        sketch
    }

    /// The relations that a name at `offset` can see, nearest scope first.
    pub(super) fn visible(&self, offset: usize) -> Vec<&Near> {
        let mut seen: Vec<&Near> = self
            .relations
            .iter()
            .filter(|near| {
                let Scope { open, close, arm } = near.scope;
                let here = self.arms.iter().filter(|(at, start, _)| *at == open && *start <= offset).count();
                (open == 0 || open < offset) && offset <= close && arm == here
            })
            .collect();
        seen.sort_by_key(|near| std::cmp::Reverse(near.scope.open));
        seen
    }

    fn relation(
        &mut self,
        text: &str,
        code: &[Token],
        start: usize,
        open: Open,
        context: QueryContext<'_>,
        catalog: &Catalog,
    ) -> usize {
        let mut last = start;
        while code.get(last + 1).is_some_and(|token| token.is(text, "."))
            && code.get(last + 2).is_some_and(|token| matches!(token.kind, Kind::Word | Kind::Quoted))
        {
            last += 2;
        }
        let name = code[last].name(text, context.dialect).unwrap_or_default();
        let schema = if last > start { code[last - 2].name(text, context.dialect) } else { None };
        let table = catalog.find_table(schema.as_deref(), &name);
        let mut next = last + 1;
        if code.get(next).is_some_and(|token| token.is(text, "(")) {
            return next; // a function: its arguments are read as usual
        }
        let alias = alias_at(text, code, &mut next);
        let aliased = alias.is_some();
        let shown = alias.and_then(|token| token.name(text, context.dialect)).unwrap_or(name);
        self.relations.push(Near {
            name: shown,
            aliased,
            table,
            columns: Vec::new(),
            table_span: code[last].span,
            alias_span: alias.map(|token| token.span),
            scope: Scope { open: open.at, close: usize::MAX, arm: open.arm },
        });
        next
    }

    /// `name [(columns)] AS (` before a parenthesis: a common table expression.
    fn body(&mut self, text: &str, code: &[Token], open: usize, context: QueryContext<'_>, catalog: &Catalog) {
        let mut before = open;
        let mut step = |code: &[Token]| {
            before = before.checked_sub(1)?;
            code.get(before).copied()
        };
        let mut token = step(code);
        while token.is_some_and(|t| t.is(text, "materialized") || t.is(text, "not")) {
            token = step(code);
        }
        if !token.is_some_and(|token| token.is(text, "as")) {
            return;
        }
        let mut named = step(code);
        let mut given: Vec<String> = Vec::new();
        if named.is_some_and(|token| token.is(text, ")")) {
            loop {
                named = step(code);
                match named {
                    Some(token) if token.is(text, "(") => break,
                    Some(token) => given.extend(token.name(text, context.dialect)),
                    None => return,
                }
            }
            given.reverse();
            named = step(code);
        }
        let starts =
            code.get(open + 1).is_some_and(|t| ["select", "with", "values"].iter().any(|word| t.is(text, word)));
        let Some(name) = named.and_then(|token| token.name(text, context.dialect)) else { return };
        if starts {
            let columns = if given.is_empty() { body_columns(text, code, open, context, catalog) } else { given };
            self.ctes.push(NearCte { name, columns });
        }
    }
}

impl Near {
    fn table_name(&self, text: &str, context: QueryContext<'_>) -> String {
        let token = lex(self.table_span.of(text), context.dialect).into_iter().next();
        token.and_then(|token| token.name(self.table_span.of(text), context.dialect)).unwrap_or_default()
    }
}

#[derive(Clone, Copy)]
struct Open {
    at: usize,
    arm: usize,
    in_from: bool,
    expects: bool,
}

/// Reads `[AS] alias` at `next` and moves past it.
fn alias_at(text: &str, code: &[Token], next: &mut usize) -> Option<Token> {
    let explicit = code.get(*next).is_some_and(|token| token.is(text, "as"));
    let token = *code.get(*next + usize::from(explicit))?;
    let word = |words: &[&str]| words.iter().any(|word| token.is(text, word));
    if !matches!(token.kind, Kind::Word | Kind::Quoted) || word(CLAUSES) || word(JOIN_WORDS) {
        return None;
    }
    *next += 1 + usize::from(explicit);
    Some(token)
}

fn derived(
    text: &str,
    code: &[Token],
    open: usize,
    outer: Open,
    context: QueryContext<'_>,
    catalog: &Catalog,
) -> Option<Near> {
    if !code.get(open + 1).is_some_and(|token| token.is(text, "select") || token.is(text, "with")) {
        return None;
    }
    let mut next = closing(text, code, open)? + 1;
    let alias = alias_at(text, code, &mut next)?;
    Some(Near {
        name: alias.name(text, context.dialect)?,
        aliased: true,
        table: None,
        columns: body_columns(text, code, open, context, catalog),
        table_span: Span::at(code[open].span.start),
        alias_span: Some(alias.span),
        scope: Scope { open: outer.at, close: usize::MAX, arm: outer.arm },
    })
}

/// The index of the parenthesis that closes the one at `open`.
fn closing(text: &str, code: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0;
    for (index, token) in code.iter().enumerate().skip(open) {
        if token.is(text, "(") {
            depth += 1;
        } else if token.is(text, ")") {
            depth -= 1;
            if depth == 0 {
                return Some(index);
            }
        }
    }
    None
}

/// Every pair of parentheses, by bytes.
fn closes(text: &str, code: &[Token]) -> Vec<(usize, usize)> {
    let (mut stack, mut pairs) = (Vec::new(), Vec::new());
    for token in code {
        if token.is(text, "(") {
            stack.push(token.span.start);
        } else if token.is(text, ")")
            && let Some(open) = stack.pop()
        {
            pairs.push((open, token.span.start));
        }
    }
    pairs
}

/// The columns that the query in parentheses gives, when it is whole.
fn body_columns(text: &str, code: &[Token], open: usize, context: QueryContext<'_>, catalog: &Catalog) -> Vec<String> {
    let Some(close) = closing(text, code, open) else { return Vec::new() };
    let body = Span::new(code[open].span.end, code[close].span.start).of(text);
    let tokens = lex(body, context.dialect);
    let prepared = prepare(body, &tokens, context.dialect, true);
    match parse(&prepared, &tokens, context.dialect) {
        Ok(Statement::Query(query)) => {
            let mut resolver = Resolver::new(body, &prepared, &tokens, context, catalog);
            let columns = resolver.query(&query, false);
            columns.list.iter().map(|output| output.name.to_string()).filter(|name| !name.is_empty()).collect()
        }
        _ => Vec::new(),
    }
}

/// The names that can be understood without a tree: relations, and columns that are qualified.
pub(super) fn symbols(text: &str, tokens: &[Token], context: QueryContext<'_>, catalog: &Catalog) -> Vec<Symbol> {
    let sketch = Sketch::new(text, tokens, context, catalog);
    let mut found: Vec<Symbol> = Vec::new();
    for near in &sketch.relations {
        if let Some(table) = near.table {
            found.push(Symbol { span: near.table_span, kind: SymbolKind::Table(table) });
        }
        if let Some(span) = near.alias_span {
            found.push(Symbol { span, kind: SymbolKind::TableAlias { name: near.name.clone(), table: near.table } });
        }
    }
    let code: Vec<&Token> = tokens.iter().filter(|token| token.kind != Kind::Comment).collect();
    for (index, token) in code.iter().enumerate() {
        let Some(name) = token.name(text, context.dialect) else { continue };
        if found.iter().any(|symbol| symbol.span == token.span) {
            continue;
        }
        let visible = sketch.visible(token.span.start);
        let qualified = index >= 2 && code[index - 1].is(text, ".");
        let qualifier = if qualified { code[index - 2].name(text, context.dialect) } else { None };
        let before_dot = code.get(index + 1).is_some_and(|next| next.is(text, "."));
        if before_dot {
            if let Some(near) = visible.iter().find(|near| same(&name, &near.name, context.dialect)) {
                let kind = match (near.aliased, near.table) {
                    (false, Some(table)) => SymbolKind::Table(table),
                    (_, table) => SymbolKind::TableAlias { name: near.name.clone(), table },
                };
                found.push(Symbol { span: token.span, kind });
            }
            continue;
        }
        let mut hits = visible
            .iter()
            .filter(|near| qualifier.as_ref().is_none_or(|q| same(q, &near.name, context.dialect)))
            .filter_map(|near| catalog.find_column(near.table?, &name));
        if let (Some(column), None) = (hits.next(), hits.next()) {
            found.push(Symbol { span: token.span, kind: SymbolKind::Column(column) });
        }
    }
    found.sort_by_key(|symbol| symbol.span);
    found
}
