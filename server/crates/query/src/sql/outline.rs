//! What a query does, in broad strokes: for filing it, not for judging it.

use std::ops::ControlFlow;

use nlq_catalog::Dialect;
use sqlparser::ast::{
    Expr, FunctionArguments, GroupByExpr, ObjectName, Query, Select, SelectItem, SetExpr, TableFactor, Visit, Visitor,
};

use super::{Outline, children::function_name, functions::is_aggregate};

/// Functions that make a period out of a time.
const PERIODS: &[&str] =
    &["date_trunc", "date_part", "strftime", "to_char", "date", "date_bin", "year", "month", "day", "week", "quarter"];

/// The outline of a text that is one query; none for anything else.
pub(crate) fn outline(text: &str, dialect: Dialect) -> Option<Outline> {
    let [span] = super::statements(text, dialect)[..] else { return None };
    let query = super::read_query(span.of(text), dialect).ok()?;
    let mut reader = Reader { dialect, queries: 0, aggregates: 0, ctes: Vec::new(), outline: Outline::default() };
    let _ = query.visit(&mut reader);
    let Reader { queries, ctes, mut outline, .. } = reader;
    outline.tables.retain(|table| !ctes.iter().any(|cte| cte.eq_ignore_ascii_case(table)));
    outline.nested |= queries > 1;
    outline.ranked = query.order_by.is_some() && (query.limit_clause.is_some() || query.fetch.is_some());
    if let SetExpr::Select(select) = &*query.body {
        outline.by_time = grouped_by_time(select);
    }
    Some(outline)
}

struct Reader {
    dialect: Dialect,
    queries: usize,
    /// Aggregates around the present place.
    aggregates: usize,
    ctes: Vec<String>,
    outline: Outline,
}

impl Reader {
    fn aggregate(&self, expr: &Expr) -> bool {
        let Expr::Function(function) = expr else { return false };
        let arguments = match &function.args {
            FunctionArguments::List(list) => list.args.len(),
            _ => 0,
        };
        function.over.is_none() && is_aggregate(&function_name(function), arguments, self.dialect)
    }
}

impl Visitor for Reader {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        self.queries += 1;
        let ctes = query.with.iter().flat_map(|with| &with.cte_tables);
        self.ctes.extend(ctes.map(|cte| cte.alias.name.value.clone()));
        if matches!(*query.body, SetExpr::SetOperation { .. }) {
            (self.outline.compared, self.outline.nested) = (true, true);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        let relations: usize = select.from.iter().map(|from| 1 + from.joins.len()).sum();
        self.outline.joined |= relations > 1;
        self.outline.filtered |= select.selection.is_some() || select.having.is_some();
        self.outline.aggregated |= !matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        // `f(x)` in FROM is a function, not a table.
        if let TableFactor::Table { name, args: None, .. } = factor {
            let name = written(name);
            if !self.outline.tables.iter().any(|table| table.eq_ignore_ascii_case(&name)) {
                self.outline.tables.push(name);
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if self.aggregate(expr) {
            self.aggregates += 1;
            self.outline.aggregated = true;
        }
        match expr {
            Expr::Case { .. } if self.aggregates > 0 => self.outline.compared = true,
            Expr::Function(function) if function.over.is_some() => self.outline.nested = true,
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if self.aggregate(expr) {
            self.aggregates -= 1;
        }
        ControlFlow::Continue(())
    }
}

/// A name without its quotes.
fn written(name: &ObjectName) -> String {
    let parts: Vec<&str> = name.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.as_str()).collect();
    parts.join(".")
}

/// True when a key of GROUP BY, also by its alias or position, is a period.
fn grouped_by_time(select: &Select) -> bool {
    let GroupByExpr::Expressions(keys, _) = &select.group_by else { return false };
    let shown = |key: &Expr| {
        let name = key.to_string();
        let at: Option<usize> = name.parse().ok();
        select.projection.iter().enumerate().find_map(|(place, item)| match item {
            SelectItem::UnnamedExpr(expr) if at == Some(place + 1) => Some(expr.clone()),
            SelectItem::ExprWithAlias { expr, alias } if at == Some(place + 1) || alias.to_string() == name => {
                Some(expr.clone())
            }
            _ => None,
        })
    };
    keys.iter().any(|key| is_period(&shown(key).unwrap_or_else(|| key.clone())))
}

fn is_period(expr: &Expr) -> bool {
    struct Finder;
    impl Visitor for Finder {
        type Break = ();
        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            let period = match expr {
                Expr::Extract { .. } => true,
                Expr::Function(function) => PERIODS.contains(&function_name(function).as_str()),
                _ => false,
            };
            if period { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    expr.visit(&mut Finder).is_break()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sql: &str) -> Outline {
        outline(sql, Dialect::Sqlite).unwrap_or_else(|| panic!("{sql}"))
    }

    #[test]
    fn a_query_in_broad_strokes() {
        let plain = Outline { tables: vec!["orders".into()], ..Outline::default() };
        assert_eq!(read("SELECT * FROM orders;"), plain);
        assert_eq!(read("SELECT * FROM orders WHERE id > 3"), Outline { filtered: true, ..plain.clone() });
        assert_eq!(read("SELECT max(id) FROM orders"), Outline { aggregated: true, ..plain.clone() });
        assert_eq!(read("SELECT * FROM orders ORDER BY id LIMIT 3"), Outline { ranked: true, ..plain.clone() });
        let trend = Outline { aggregated: true, by_time: true, ..plain.clone() };
        for keys in ["strftime('%Y', day)", "1", "year"] {
            assert_eq!(
                read(&format!("SELECT strftime('%Y', day) AS year, count(*) FROM orders GROUP BY {keys}")),
                trend
            );
        }
        let split = read("SELECT sum(CASE WHEN x THEN 1 END), sum(y) FROM orders");
        assert_eq!(split, Outline { aggregated: true, compared: true, ..plain.clone() });
        let window = read("SELECT rank() OVER (ORDER BY id) FROM orders");
        assert_eq!(window, Outline { nested: true, ..plain });
    }

    #[test]
    fn tables_are_named_once_and_expressions_are_none() {
        let found = read(
            "WITH big AS (SELECT * FROM main.orders o) \
             SELECT * FROM big JOIN \"Customers\" c ON c.id = big.id WHERE EXISTS (SELECT 1 FROM CUSTOMERS)",
        );
        assert_eq!(found.tables, ["main.orders", "Customers"]);
        assert!(found.joined && found.nested && found.filtered && !found.compared);
        assert!(read("SELECT a FROM x UNION SELECT b FROM y").compared);
    }

    #[test]
    fn what_is_no_query_has_none() {
        for text in ["", "DELETE FROM orders", "SELECT 1; SELECT 2", "SELECT a FROM (x"] {
            assert_eq!(outline(text, Dialect::Postgresql), None, "{text}");
        }
    }
}
