use nlq_text::{Diagnostic, Fix, Span};
use sqlparser::ast::Statement;

use super::{
    QueryContext,
    lexer::{Kind, Token, lex},
    parse::{parse, prepare},
    resolve::Resolver,
    statements,
};

/// Everything that is wrong or doubtful in one statement; ranges are bytes of `text`. Placeholders (`?`, `$1`, `:name`,
/// `@name`, `{{name}}`) are accepted wherever a value may stand. A text of several statements is checked one by one.
pub(crate) fn check(text: &str, context: QueryContext<'_>) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for span in statements(text, context.dialect) {
        found.extend(check_one(span.of(text), context).into_iter().map(|diagnostic| diagnostic.shift(span.start)));
    }
    found.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.severity));
    found
}

fn check_one(text: &str, context: QueryContext<'_>) -> Vec<Diagnostic> {
    let tokens = lex(text, context.dialect);
    let prepared = prepare(text, &tokens, context.dialect, true);
    match parse(&prepared, &tokens, context.dialect) {
        Err(error) if error.too_large => vec![Diagnostic::information(error.span, "too-large", error.message)],
        Err(error) => {
            let lone = lone_comma(text, &tokens);
            vec![lone.unwrap_or_else(|| Diagnostic::error(error.span, "syntax", error.message))]
        }
        Ok(Statement::Query(query)) => match context.catalog {
            Some(catalog) => {
                let mut resolver = Resolver::new(text, &prepared, &tokens, context, catalog);
                resolver.query(&query, true);
                resolver.diagnostics
            }
            None => Vec::new(),
        },
        Ok(_) => {
            let first: Option<&Token> = tokens.iter().find(|token| token.kind != Kind::Comment);
            let span = first.map_or(Span::new(0, text.len()), |token| token.span);
            let message = format!("nlq runs only queries, and {} is not one", span.of(text).to_uppercase());
            vec![Diagnostic::warning(span, "not-a-query", message)]
        }
    }
}

/// The slip that parsers explain worst: a comma with nothing after it.
fn lone_comma(text: &str, tokens: &[Token]) -> Option<Diagnostic> {
    const NEXT: &[&str] = &[")", ";", "from", "where", "group", "having", "order", "limit", "union"];
    let code: Vec<&Token> = tokens.iter().filter(|token| token.kind != Kind::Comment).collect();
    let followed = |next: Option<&&Token>| next.is_none_or(|next| NEXT.iter().any(|word| next.is(text, word)));
    let (_, comma) = code.iter().enumerate().find(|(at, token)| token.is(text, ",") && followed(code.get(at + 1)))?;
    let fix = Fix::replace("Remove the comma", comma.span, "");
    Some(Diagnostic::error(comma.span, "syntax", "nothing stands after this comma").with_fix(fix))
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
