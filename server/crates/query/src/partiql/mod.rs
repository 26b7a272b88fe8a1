//! PartiQL as DynamoDB takes it: SELECT over one table or one of its indexes, parsed here, for what general parsers of SQL
//! know differs in both directions (`"table"."index"`, `a.b[0]`, `IS MISSING`, lists in brackets; no joins, no grouping).

mod access;
mod ast;
mod check;
mod complete;
#[cfg(test)]
mod fixture;
mod lexer;
mod names;
mod parse;
mod reserved;
mod sensitive;
mod symbols;
mod write;

use nlq_catalog::{Catalog, Dialect};
use nlq_text::{Diagnostic, Span};

pub use self::{
    access::{Access, access},
    ast::{Condition, Function, Items, Literal, Name, Operand, Operator, Order, Path, Select, Step},
    parse::{ParseError, parse},
};
use crate::{
    Completion, Outline, QueryContext, ReadOnlyQuery, Refusal, SensitiveOutputs, Symbol,
    joins::JoinGraph,
    language::{Language, Unwritable},
    plan::Plan,
};

/// Items that a query may read without a key where the connection sets no other number: some 10 MB, which is a second and a
/// fraction of a cent.
pub const SCAN_LIMIT: u64 = 10_000;

/// DynamoDB's PartiQL as a [`Language`].
pub(crate) struct Partiql;

impl Language for Partiql {
    fn statements(&self, text: &str, _: Dialect) -> Vec<Span> {
        lexer::statements(text)
    }

    fn guard(&self, text: &str, dialect: Dialect) -> Result<ReadOnlyQuery, Refusal> {
        let span = match lexer::statements(text)[..] {
            [] => return Err(Refusal::new(Span::new(0, text.len()), "not-a-query", "there is no statement")),
            [only] => only,
            [_, second, ..] => {
                let message = "there are several statements: nlq runs one at a time";
                return Err(Refusal::new(second, "several-statements", message));
            }
        };
        let refused = |error: ParseError| {
            let code = if error.code == "not-a-query" { error.code } else { "syntax" };
            Refusal::new(error.span.shift(span.start), code, error.message)
        };
        parse(span.of(text), false).map_err(refused)?;
        Ok(ReadOnlyQuery::new(span.of(text), dialect))
    }

    fn check(&self, text: &str, context: QueryContext<'_>) -> Vec<Diagnostic> {
        let all = lexer::statements(text).into_iter();
        let mut found: Vec<Diagnostic> = all
            .flat_map(|span| check::check(span.of(text), context).into_iter().map(move |one| one.shift(span.start)))
            .collect();
        found.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.severity));
        found
    }

    fn symbols(&self, text: &str, context: QueryContext<'_>) -> Vec<Symbol> {
        let all = lexer::statements(text).into_iter();
        let shifted = |span: Span| {
            let found = symbols::symbols(span.of(text), context).into_iter();
            found.map(move |symbol| Symbol { span: symbol.span.shift(span.start), ..symbol })
        };
        all.flat_map(shifted).collect()
    }

    fn complete(&self, text: &str, offset: usize, context: QueryContext<'_>) -> Vec<Completion> {
        complete::complete(text, offset, context)
    }

    fn write(&self, plan: &Plan, catalog: &Catalog, graph: &JoinGraph) -> Result<String, Unwritable> {
        write::write(plan, catalog, graph)
    }

    fn outline(&self, text: &str, _: Dialect) -> Option<Outline> {
        let [span] = lexer::statements(text)[..] else { return None };
        let select = parse(span.of(text), true).ok()?;
        Some(Outline { tables: vec![select.table.text], filtered: select.filter.is_some(), ..Outline::default() })
    }

    fn sensitive_outputs(&self, text: &str, context: QueryContext<'_>) -> SensitiveOutputs {
        sensitive::outputs(text, context)
    }

    fn sensitive_literals(&self, text: &str, context: QueryContext<'_>) -> Vec<String> {
        sensitive::literals(text, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard;

    #[test]
    fn the_guard_passes_one_select_and_nothing_else() {
        let passed = guard("-- x\nSELECT * FROM \"t\" WHERE a = ';';", Dialect::Dynamodb).unwrap();
        assert_eq!(passed.text(), "SELECT * FROM \"t\" WHERE a = ';'");
        for (text, code) in [
            ("", "not-a-query"),
            ("INSERT INTO \"t\" VALUE {'id': '1'}", "not-a-query"),
            ("UPDATE \"t\" SET a = 1 WHERE id = '1'", "not-a-query"),
            ("delete from t where id = 1", "not-a-query"),
            ("SELECT * FROM t; SELECT * FROM u", "several-statements"),
            ("SELECT * FROM t; DELETE FROM t WHERE id = '1'", "several-statements"),
            ("EXISTS(SELECT * FROM t WHERE a = 1)", "syntax"),
            ("SELECT * FROM t WHERE a = {{x}}", "syntax"),
            ("SELECT * FROM t\u{200b}", "syntax"),
            ("SELECT * FROM t WHERE a = 'x", "syntax"),
        ] {
            assert_eq!(guard(text, Dialect::Dynamodb).expect_err(text).code, code, "{text}");
        }
    }

    #[test]
    fn a_query_in_broad_strokes() {
        let told = crate::outline("SELECT a FROM \"t\".\"i\" WHERE a = 1", Dialect::Dynamodb).unwrap();
        assert_eq!(told, Outline { tables: vec!["t".into()], filtered: true, ..Outline::default() });
        assert_eq!(crate::outline("DELETE FROM t", Dialect::Dynamodb), None);
    }
}
