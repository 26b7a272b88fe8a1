use std::ops::ControlFlow;

use nlq_catalog::Dialect;
use nlq_text::Span;
use sqlparser::{
    ast::{
        Expr, FunctionArguments, GroupByExpr, Ident, JoinOperator, ObjectName, ObjectNamePart, Query, Select,
        SelectFlavor, SetExpr, Spanned, Statement, TableFactor, Visit, Visitor,
    },
    tokenizer::Token as ParserToken,
};

use super::{
    ReadOnlyQuery, Refusal,
    denied::{denied_function, denied_table},
    lexer::{Kind, Token, lex},
    parse::{Places, parse, parser_tokens, prepare},
    statements,
};

/// Passes a text that is exactly one query which can neither write nor reach outside the database.
///
/// An allow-list at heart: what the parser does not understand, and every part of its tree that is not known to only
/// read, is refused. Names are looked at twice, as tokens after the database's own lexical rules and in the tree.
pub(crate) fn guard(text: &str, dialect: Dialect) -> Result<ReadOnlyQuery, Refusal> {
    let found = statements(text, dialect);
    let span = match found.as_slice() {
        [] => return Err(Refusal::new(Span::new(0, text.len()), "syntax", "there is no statement: write a query")),
        [one] => *one,
        [_, second, ..] => {
            let message = "nlq runs one statement at a time: remove this one";
            return Err(Refusal::new(*second, "several-statements", message));
        }
    };
    let sql = span.of(text);
    check_query(sql, dialect).map_err(|refusal| Refusal { span: refusal.span.shift(span.start), ..refusal })?;
    Ok(ReadOnlyQuery::new(sql, dialect))
}

fn check_query(sql: &str, dialect: Dialect) -> Result<(), Refusal> {
    let tokens = lex(sql, dialect);
    check_tokens(sql, &tokens, dialect)?;
    let prepared = prepare(sql, &tokens, dialect, false);
    let statement =
        parse(&prepared, &tokens, dialect).map_err(|error| Refusal::new(error.span, "syntax", error.message))?;
    let whole = Span::new(0, sql.len());
    let Statement::Query(query) = statement else {
        let first = tokens.iter().find(|token| token.kind != Kind::Comment).map_or(whole, |token| token.span);
        let word = first.of(sql).to_uppercase();
        return Err(Refusal::new(first, "not-a-query", format!("nlq runs only queries, and {word} is not one")));
    };
    let mut visitor = GuardVisitor { places: Places::new(&prepared), dialect, whole, relations_left: 0 };
    match Visit::visit(&*query, &mut visitor) {
        ControlFlow::Break(refusal) => Err(refusal),
        ControlFlow::Continue(()) => Ok(()),
    }
}

/// What can be seen without a tree: characters that hide, tokens that the parser reads differently from the database,
/// and denied names that are called.
fn check_tokens(sql: &str, tokens: &[Token], dialect: Dialect) -> Result<(), Refusal> {
    let holds_nul = sql.contains('\0');
    for token in tokens {
        let hidden = |ch: char| (ch.is_control() && !ch.is_ascii_whitespace()) || is_invisible(ch);
        let quoted = matches!(token.kind, Kind::String | Kind::Comment);
        if holds_nul || (!quoted && token.of(sql).chars().any(hidden)) {
            let message = "the statement holds an invisible character outside a string: remove it";
            return Err(Refusal::new(token.span, "syntax", message));
        }
        if token.kind == Kind::Quoted && token.of(sql).starts_with(['u', 'U']) {
            let message = "names with Unicode escapes (U&\"...\") are refused: write the name as it is";
            return Err(Refusal::new(token.span, "denied-syntax", message));
        }
    }
    if !same_tokens(sql, tokens, dialect) {
        let message = "the statement cannot be read without doubt: simplify its strings and comments";
        return Err(Refusal::new(Span::new(0, sql.len()), "syntax", message));
    }
    let code: Vec<&Token> = tokens.iter().filter(|token| token.kind != Kind::Comment).collect();
    for (index, token) in code.iter().enumerate() {
        // Wherever it stands: after words that the parser takes for a table's name, as in `FROM ONLY pg_authid`, the tree
        // shows an alias. PostgreSQL keeps these names for itself; SQLite's are also good names of columns.
        if dialect == Dialect::Postgresql
            && let Some(name) = token.name(sql, dialect)
            && let Some(reason) = denied_table(&name, dialect)
        {
            return Err(Refusal::new(token.span, "denied-table", format!("`{name}` is refused: {reason}")));
        }
        let called = code.get(index + 1).is_some_and(|next| next.is(sql, "("));
        // PostgreSQL also calls a function of one argument as `argument.function`.
        let attribute = dialect == Dialect::Postgresql && index > 0 && code[index - 1].is(sql, ".");
        if !(called || attribute) {
            continue;
        }
        if let Some(name) = token.name(sql, dialect)
            && let Some(reason) = denied_function(&name, dialect)
        {
            return Err(Refusal::new(token.span, "denied-function", format!("`{name}` is refused: {reason}")));
        }
    }
    Ok(())
}

/// True for characters that show as nothing and are not white space to the database.
fn is_invisible(ch: char) -> bool {
    (ch.is_whitespace() && !ch.is_ascii())
        || matches!(ch, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// True when our lexer and the parser's agree where words, quoted names and strings stand: a statement that the two
/// read differently could hide something from one of them.
fn same_tokens(sql: &str, tokens: &[Token], dialect: Dialect) -> bool {
    if tokens.iter().any(|token| !token.closed) {
        return true; // refused as a syntax error, with a better sentence
    }
    let Some(theirs) = parser_tokens(sql, dialect) else { return true };
    let places = Places::new(sql);
    let theirs = theirs.iter().filter_map(|token| match &token.token {
        ParserToken::Word(word) => Some((places.offset(token.span.start), word.quote_style.is_some())),
        ParserToken::SingleQuotedString(_)
        | ParserToken::DollarQuotedString(_)
        | ParserToken::EscapedStringLiteral(_)
        | ParserToken::UnicodeStringLiteral(_)
        | ParserToken::NationalStringLiteral(_)
        | ParserToken::SingleQuotedByteStringLiteral(_)
        | ParserToken::HexStringLiteral(_) => Some((places.offset(token.span.start), true)),
        _ => None,
    });
    let ours = tokens.iter().filter_map(|token| match token.kind {
        Kind::Word => Some((token.span.start, false)),
        Kind::Quoted | Kind::String => Some((token.span.start, true)),
        // `:name` and `@name` are two tokens to the parser.
        Kind::Placeholder
            if token.of(sql).starts_with([':', '@'])
                && !token.of(sql)[1..].starts_with(|c: char| c.is_ascii_digit()) =>
        {
            Some((token.span.start + 1, false))
        }
        _ => None,
    });
    ours.eq(theirs)
}

struct GuardVisitor<'a> {
    places: Places<'a>,
    dialect: Dialect,
    whole: Span,
    /// How many names of relations are still to come that were judged with their table factor.
    relations_left: usize,
}

impl GuardVisitor<'_> {
    fn refuse(
        &self,
        span: sqlparser::tokenizer::Span,
        code: &'static str,
        message: impl Into<String>,
    ) -> ControlFlow<Refusal> {
        let span = if span == sqlparser::tokenizer::Span::empty() { self.whole } else { self.places.span(span) };
        ControlFlow::Break(Refusal::new(span, code, message))
    }

    fn syntax(&self, span: sqlparser::tokenizer::Span, what: &str) -> ControlFlow<Refusal> {
        self.refuse(
            span,
            "denied-syntax",
            format!("{what} is refused: nlq runs only queries that it knows to just read"),
        )
    }

    fn function(&self, name: &ObjectName) -> ControlFlow<Refusal> {
        for part in &name.0 {
            let ObjectNamePart::Identifier(ident) = part else { return self.syntax(name.span(), "this name") };
            if let Some(reason) = denied_function(&folded(ident, self.dialect), self.dialect) {
                return self.refuse(ident.span, "denied-function", format!("`{}` is refused: {reason}", ident.value));
            }
        }
        ControlFlow::Continue(())
    }

    fn table(&self, span: sqlparser::tokenizer::Span, name: &str) -> ControlFlow<Refusal> {
        match denied_table(name, self.dialect) {
            Some(reason) => self.refuse(span, "denied-table", format!("`{name}` is refused: {reason}")),
            None => ControlFlow::Continue(()),
        }
    }

    fn set_expr(&self, body: &SetExpr) -> ControlFlow<Refusal> {
        let empty = sqlparser::tokenizer::Span::empty();
        match body {
            SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => ControlFlow::Continue(()),
            SetExpr::SetOperation { left, right, .. } => {
                self.set_expr(left)?;
                self.set_expr(right)
            }
            SetExpr::Table(table) => self.table(empty, &table.table_name.as_deref().unwrap_or("").to_lowercase()),
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                self.refuse(empty, "not-a-query", "the statement changes data, and nlq runs only queries")
            }
        }
    }
}

impl Visitor for GuardVisitor<'_> {
    type Break = Refusal;

    fn pre_visit_statement(&mut self, _: &Statement) -> ControlFlow<Refusal> {
        self.refuse(
            sqlparser::tokenizer::Span::empty(),
            "not-a-query",
            "the statement changes data, and nlq runs only queries",
        )
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Refusal> {
        let Query { with, body, locks, for_clause, settings, format_clause, pipe_operators, .. } = query;
        if !locks.is_empty() {
            return self.syntax(query.span(), "locking rows (FOR UPDATE, FOR SHARE)");
        }
        if for_clause.is_some() || settings.is_some() || format_clause.is_some() || !pipe_operators.is_empty() {
            return self.syntax(query.span(), "this clause");
        }
        if with.iter().flat_map(|with| &with.cte_tables).any(|cte| cte.from.is_some()) {
            return self.syntax(query.span(), "FROM after a common table expression");
        }
        self.set_expr(body)
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Refusal> {
        if select.into.is_some() {
            return self.refuse(
                select.select_token.0.span,
                "not-a-query",
                "SELECT INTO makes a table, and nlq runs only queries",
            );
        }
        let known = select.optimizer_hints.is_empty()
            && select.select_modifiers.is_none()
            && select.top.is_none()
            && select.exclude.is_none()
            && select.lateral_views.is_empty()
            && select.prewhere.is_none()
            && select.connect_by.is_empty()
            && select.cluster_by.is_empty()
            && select.distribute_by.is_empty()
            && select.sort_by.is_empty()
            && select.qualify.is_none()
            && select.value_table_mode.is_none()
            && select.flavor == SelectFlavor::Standard
            && matches!(select.group_by, GroupByExpr::Expressions(..));
        let joins = select.from.iter().flat_map(|table| &table.joins).all(|join| {
            !join.global
                && matches!(
                    join.join_operator,
                    JoinOperator::Join(_)
                        | JoinOperator::Inner(_)
                        | JoinOperator::Left(_)
                        | JoinOperator::LeftOuter(_)
                        | JoinOperator::Right(_)
                        | JoinOperator::RightOuter(_)
                        | JoinOperator::FullOuter(_)
                        | JoinOperator::CrossJoin(_)
                )
        });
        if known && joins { ControlFlow::Continue(()) } else { self.syntax(select.select_token.0.span, "this clause") }
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Refusal> {
        match factor {
            TableFactor::Table { name, args, with_hints, version, partitions, json_path, index_hints, .. } => {
                let plain = with_hints.is_empty()
                    && version.is_none()
                    && partitions.is_empty()
                    && json_path.is_none()
                    && index_hints.is_empty();
                if !plain || args.as_ref().is_some_and(|args| args.settings.is_some()) {
                    return self.syntax(name.span(), "this form of table");
                }
                if args.is_some() {
                    self.relations_left += 1;
                    self.function(name)?;
                }
                ControlFlow::Continue(())
            }
            TableFactor::Function { name, .. } => self.function(name),
            TableFactor::Derived { .. }
            | TableFactor::UNNEST { .. }
            | TableFactor::NestedJoin { .. }
            | TableFactor::JsonTable { .. }
            | TableFactor::XmlTable { .. } => ControlFlow::Continue(()),
            other => self.syntax(other.span(), "this form of table"),
        }
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<Refusal> {
        let function = std::mem::take(&mut self.relations_left) > 0;
        let Some(ident) = relation.0.last().and_then(ObjectNamePart::as_ident) else {
            return self.syntax(relation.span(), "this name");
        };
        if function {
            return self.function(relation);
        }
        self.table(ident.span, &folded(ident, self.dialect))
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Refusal> {
        match expr {
            Expr::Function(function) => {
                let subquery = matches!(function.args, FunctionArguments::Subquery(_));
                if function.uses_odbc_syntax || (subquery && !function.name.to_string().eq_ignore_ascii_case("array")) {
                    return self.syntax(function.name.span(), "this form of function call");
                }
                if function.parameters != FunctionArguments::None {
                    return self.syntax(function.name.span(), "this form of function call");
                }
                self.function(&function.name)
            }
            Expr::Identifier(_)
            | Expr::CompoundIdentifier(_)
            | Expr::CompoundFieldAccess { .. }
            | Expr::JsonAccess { .. }
            | Expr::IsFalse(_)
            | Expr::IsNotFalse(_)
            | Expr::IsTrue(_)
            | Expr::IsNotTrue(_)
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsUnknown(_)
            | Expr::IsNotUnknown(_)
            | Expr::IsDistinctFrom(..)
            | Expr::IsNotDistinctFrom(..)
            | Expr::IsJson { .. }
            | Expr::IsNormalized { .. }
            | Expr::InList { .. }
            | Expr::InSubquery { .. }
            | Expr::InUnnest { .. }
            | Expr::Between { .. }
            | Expr::BinaryOp { .. }
            | Expr::Like { .. }
            | Expr::ILike { .. }
            | Expr::SimilarTo { .. }
            | Expr::AnyOp { .. }
            | Expr::AllOp { .. }
            | Expr::UnaryOp { .. }
            | Expr::Cast { .. }
            | Expr::AtTimeZone { .. }
            | Expr::Extract { .. }
            | Expr::Ceil { .. }
            | Expr::Floor { .. }
            | Expr::Position { .. }
            | Expr::Substring { .. }
            | Expr::Trim { .. }
            | Expr::Overlay { .. }
            | Expr::Collate { .. }
            | Expr::Nested(_)
            | Expr::Value(_)
            | Expr::TypedString(_)
            | Expr::Case { .. }
            | Expr::Exists { .. }
            | Expr::Subquery(_)
            | Expr::GroupingSets(_)
            | Expr::Cube(_)
            | Expr::Rollup(_)
            | Expr::Tuple(_)
            | Expr::Array(_)
            | Expr::Interval(_)
            | Expr::Wildcard(_)
            | Expr::QualifiedWildcard(..) => ControlFlow::Continue(()),
            other => self.syntax(other.span(), "this expression"),
        }
    }
}

fn folded(ident: &Ident, dialect: Dialect) -> String {
    // Denied names are all lower case; SQLite never minds case, PostgreSQL minds it only inside quotes, and there a
    // name in capitals is another function.
    if ident.quote_style.is_some() && dialect == Dialect::Postgresql {
        ident.value.clone()
    } else {
        ident.value.to_lowercase()
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
