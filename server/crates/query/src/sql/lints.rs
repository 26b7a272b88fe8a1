//! What parses and resolves and still is wrong, or most likely not meant. Where a finding is not certain, nothing is said.

use crate::identifier;
use std::collections::{HashMap, HashSet};

use nlq_catalog::{ColumnId, Dialect, TableId, TypeKind};
use nlq_text::{Diagnostic, Edit, Fix, Span, did_you_mean};
use sqlparser::ast::{
    BinaryOperator, DuplicateTreatment, Expr, Function, FunctionArguments, GroupByExpr, OrderBy, Query, Select,
    SelectItem, SetExpr, Value,
};

use super::{
    children::{Child, arguments, children, function_name},
    functions::is_scalar,
    names::{is_key, links},
    resolve::{Ref, Resolver, order_exprs, unnested},
    scope::{Columns, Frame},
};

/// Told of a column that is not grouped: its relation and index, and where it stands.
type LooseColumn<'f> = dyn FnMut((usize, usize), Span) + 'f;

impl<'a> Resolver<'a> {
    /// Everything that needs a whole SELECT; tells whether it gives at most one row.
    pub(super) fn lint_select(
        &mut self,
        select: &'a Select,
        order: Option<&'a OrderBy>,
        projected: &[Ref],
        top: bool,
    ) -> bool {
        let groups: &[Expr] = match &select.group_by {
            GroupByExpr::Expressions(groups, modifiers) if modifiers.is_empty() => groups,
            _ => return false,
        };
        let items: Vec<&'a Expr> = select.projection.iter().filter_map(item_expr).collect();
        let aggregated = items.iter().any(|expr| self.has_aggregate(expr))
            || select.having.as_ref().is_some_and(|having| self.has_aggregate(having));
        if !groups.is_empty() || aggregated {
            self.ungrouped_columns(select, groups, &items, order);
        }
        self.cartesian();
        self.fan_out(&items, groups);
        if top {
            self.sensitive_refs(&items, projected);
        }
        groups.is_empty() && aggregated
    }

    // --- grouping ----------------------------------------------------------------------------------------------------

    fn ungrouped_columns(
        &mut self,
        select: &'a Select,
        groups: &[Expr],
        items: &[&'a Expr],
        order: Option<&'a OrderBy>,
    ) {
        let has_wildcard = items.len() != select.projection.len();
        let here = self.frames.len() - 1;
        let mut exprs: Vec<&Expr> = Vec::new();
        for group in groups {
            match self.group_target(group, items, select) {
                Some(expr) => exprs.push(expr),
                None => return, // grouping sets, a position that is none: leave it to the database
            }
        }
        let mut columns: HashSet<(usize, usize)> = HashSet::new();
        for expr in &exprs {
            if let Some((frame, relation, column)) = self.column_of(expr)
                && frame == here
            {
                columns.insert((relation, column));
            }
        }
        if self.dialect == Dialect::Sqlite {
            columns.extend(&self.frames[here].pinned); // one value in all rows is one value in each group
            self.close_over_equalities(&mut columns);
            // With one min() or max(), SQLite takes the other columns from the row that has it.
            let mut extremes = 0;
            for item in items {
                self.aggregates(item, &mut |f| {
                    extremes += usize::from(matches!(function_name(f).as_str(), "min" | "max"));
                });
            }
            if extremes == 1 || has_wildcard {
                return;
            }
        }
        let determined: HashSet<usize> = self.determined(&columns);
        let mut loose: Vec<(usize, usize, Span)> = Vec::new();
        let ordered: Vec<&Expr> =
            if self.dialect == Dialect::Postgresql { order_exprs(order).collect() } else { Vec::new() };
        let having = select.having.as_ref().filter(|_| self.dialect == Dialect::Postgresql);
        for expr in items.iter().copied().chain(having).chain(ordered) {
            self.loose_columns(expr, &exprs, &mut |(relation, column), span| {
                let frame = &self.frames[here];
                let alias = is_alias(expr, frame);
                if !columns.contains(&(relation, column)) && !determined.contains(&relation) && !alias {
                    loose.push((relation, column, span));
                }
            });
        }
        let mut said = HashSet::new();
        for (relation, column, span) in loose {
            if !said.insert((relation, column)) {
                continue;
            }
            let name = self.frames[here].relations[relation].columns.list[column].name.to_string();
            let postgres = self.dialect == Dialect::Postgresql;
            let message = if groups.is_empty() {
                format!("`{name}` stands beside an aggregate: group by it, or aggregate it too")
            } else if postgres {
                format!("`{name}` is neither grouped nor aggregated: add it to GROUP BY, or aggregate it")
            } else {
                format!("`{name}` is neither grouped nor aggregated: SQLite takes it from any row of the group")
            };
            let mut diagnostic = Diagnostic::warning(span, "not-grouped", message);
            if postgres {
                diagnostic.severity = nlq_text::Severity::Error;
            }
            if let Some(last) = groups.last() {
                // The end of a bare name is known exactly; of other expressions it is not.
                if matches!(last, Expr::Identifier(_) | Expr::CompoundIdentifier(_)) {
                    let place = Span::at(self.span(last).end);
                    let title = format!("Add `{}` to GROUP BY", span.of(self.text));
                    let text = format!(", {}", self.as_qualified(span));
                    diagnostic = diagnostic.with_fix(Fix { title, edits: vec![Edit { span: place, text }] });
                }
            }
            self.diagnostics.push(diagnostic);
        }
    }

    /// The text of a column with the qualifier before it.
    fn as_qualified(&self, span: Span) -> &'a str {
        let at = self.tokens.iter().position(|token| token.span == span).unwrap_or(0);
        let start = match at.checked_sub(2).map(|first| (&self.tokens[first], &self.tokens[first + 1])) {
            Some((qualifier, dot)) if dot.is(self.text, ".") => qualifier.span.start,
            _ => span.start,
        };
        Span::new(start, span.end).of(self.text)
    }

    /// What a GROUP BY item stands for: itself, the item at its position, or the item of its name.
    fn group_target<'e>(&self, group: &'e Expr, items: &[&'e Expr], select: &'e Select) -> Option<&'e Expr> {
        match unnested(group) {
            Expr::Value(value) => match &value.value {
                Value::Number(number, _) if items.len() == select.projection.len() => {
                    items.get(number.parse::<usize>().ok()?.checked_sub(1)?).copied()
                }
                _ => None,
            },
            Expr::Identifier(ident) if self.column_of(group).is_none() => {
                let named = select.projection.iter().find_map(|item| match item {
                    SelectItem::ExprWithAlias { expr, alias } if alias.value.eq_ignore_ascii_case(&ident.value) => {
                        Some(expr)
                    }
                    _ => None,
                });
                Some(named.unwrap_or(group))
            }
            Expr::GroupingSets(_) | Expr::Cube(_) | Expr::Rollup(_) | Expr::Tuple(_) => None,
            other => Some(other),
        }
    }

    fn close_over_equalities(&self, columns: &mut HashSet<(usize, usize)>) {
        let Some(frame) = self.frames.last() else { return };
        loop {
            let before = columns.len();
            for edge in &frame.edges {
                if columns.contains(&edge.a) {
                    columns.insert(edge.b);
                }
                if columns.contains(&edge.b) {
                    columns.insert(edge.a);
                }
            }
            let whole = self.determined(columns);
            for relation in whole {
                columns.extend((0..frame.relations[relation].columns.list.len()).map(|column| (relation, column)));
            }
            if columns.len() == before {
                return;
            }
        }
    }

    /// The relations of which the grouped columns hold a key: all their columns have one value a group.
    fn determined(&self, columns: &HashSet<(usize, usize)>) -> HashSet<usize> {
        let Some(frame) = self.frames.last() else { return HashSet::new() };
        let relations = frame.relations.iter().enumerate().filter(|(index, relation)| {
            let own: Vec<&str> = columns
                .iter()
                .filter(|(at, _)| at == index)
                .filter_map(|(_, column)| relation.columns.list.get(*column))
                .map(|output| &*output.name)
                .collect();
            relation.table.is_some_and(|table| self.is_key(table, &own))
        });
        relations.map(|(index, _)| index).collect()
    }

    /// PostgreSQL infers from primary keys only.
    fn is_key(&self, table: TableId, columns: &[&str]) -> bool {
        match self.dialect {
            Dialect::Postgresql => {
                let key = &self.catalog.table(table).primary_key;
                !key.is_empty() && key.iter().all(|name| columns.contains(&name.as_str()))
            }
            _ => is_key(self.catalog, table, columns),
        }
    }

    /// Calls `f` with every column of this query in `expr` that stands outside aggregates and grouped expressions.
    fn loose_columns(&self, expr: &Expr, groups: &[&Expr], f: &mut LooseColumn<'_>) {
        let mut rest = vec![expr];
        while let Some(expr) = rest.pop() {
            if groups.iter().any(|group| unnested(expr) == *group) {
                continue;
            }
            match expr {
                Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
                    if let Some((frame, relation, column)) = self.column_of(expr)
                        && frame + 1 == self.frames.len()
                    {
                        let span = match expr {
                            Expr::CompoundIdentifier(parts) => parts.last().map(|part| self.ident_span(part)),
                            _ => Some(self.span(expr)),
                        };
                        f((relation, column), span.unwrap_or_default());
                    }
                    continue;
                }
                // An unknown function may be an aggregate that someone defined.
                Expr::Function(function) if !is_scalar(&function_name(function), self.dialect) => continue,
                _ => {}
            }
            children(expr, &mut |child| {
                if let Child::Expr(expr) = child {
                    rest.push(expr);
                }
            });
        }
    }

    pub(super) fn aggregates_forbidden(&mut self, condition: &'a Expr, clause: &str) {
        let mut found: Vec<&'a Function> = Vec::new();
        self.aggregates(condition, &mut |function| found.push(function));
        for function in found {
            let name = function_name(function);
            let Some(ident) = function.name.0.last().and_then(|part| part.as_ident()) else { continue };
            let own = arguments(function)
                .iter()
                .all(|argument| self.column_of(argument).is_none_or(|(frame, ..)| frame + 1 == self.frames.len()));
            if own {
                let hint = if clause == "WHERE" { "use HAVING" } else { "aggregate in a subquery" };
                let message = format!("{name}() is an aggregate and cannot stand in {clause}: {hint}");
                let code = "misplaced-aggregate";
                self.diagnostics.push(Diagnostic::error(self.ident_span(ident), code, message));
            }
        }
    }

    // --- joins -------------------------------------------------------------------------------------------------------

    fn cartesian(&mut self) {
        let frame = &self.frames[self.frames.len() - 1];
        if frame.relations.len() < 2 {
            return;
        }
        let mut group: Vec<usize> = (0..frame.relations.len()).collect();
        let root = |group: &[usize], mut at: usize| {
            while group[at] != at {
                at = group[at];
            }
            at
        };
        let single = |index: usize| {
            let relation = &frame.relations[index];
            let pinned: Vec<&str> = frame
                .pinned
                .iter()
                .filter(|(at, _)| *at == index)
                .filter_map(|(_, column)| relation.columns.list.get(*column).map(|output| &*output.name))
                .collect();
            relation.columns.single_row
                || (relation.table.is_none() && relation.columns.open)
                || relation.table.is_some_and(|table| is_key(self.catalog, table, &pinned))
        };
        for &(a, b) in &frame.united {
            let (a, b) = (root(&group, a), root(&group, b));
            group[b.max(a)] = a.min(b);
        }
        let mut found = Vec::new();
        let first = root(&group, 0);
        let lone_first = (0..group.len()).filter(|at| root(&group, *at) == first).all(single);
        let mut parts = HashSet::from([first]);
        for (index, relation) in frame.relations.iter().enumerate().skip(1) {
            let part = root(&group, index);
            let harmless = (0..group.len()).filter(|at| root(&group, *at) == part).all(single) || lone_first;
            if !parts.insert(part) || harmless || relation.span.is_empty() {
                continue;
            }
            let message = format!(
                "nothing connects `{}` with the tables before it: every row is paired with every other",
                if relation.name.is_empty() { "this subquery" } else { &relation.name }
            );
            let mut diagnostic = Diagnostic::warning(relation.span, "cartesian-product", message);
            if let (Some(end), Some(table)) = (relation.bare_join, relation.table) {
                let condition = frame.relations[..index].iter().find_map(|before| {
                    let pairs = links(self.context, self.catalog, before.table?, table).into_iter().next()?;
                    let name = |id: ColumnId| identifier(&self.catalog.column(id).name, self.dialect);
                    let (left, right) =
                        (identifier(&before.name, self.dialect), identifier(&relation.name, self.dialect));
                    let pairs: Vec<String> =
                        pairs.iter().map(|(a, b)| format!("{left}.{} = {right}.{}", name(*a), name(*b))).collect();
                    Some(pairs.join(" AND "))
                });
                if let Some(condition) = condition {
                    let edits = vec![Edit { span: Span::at(end), text: format!(" ON {condition}") }];
                    diagnostic = diagnostic.with_fix(Fix { title: format!("Join on `{condition}`"), edits });
                }
            }
            found.push(diagnostic);
        }
        self.diagnostics.extend(found);
    }

    /// A sum over a table whose rows a join repeats.
    fn fan_out(&mut self, items: &[&'a Expr], groups: &[Expr]) {
        let here = self.frames.len() - 1;
        if self.frames[here].edges.is_empty() || self.frames[here].relations.len() < 2 {
            return;
        }
        let mut sums: Vec<&'a Function> = Vec::new();
        for item in items {
            self.aggregates(item, &mut |function| {
                if matches!(function_name(function).as_str(), "sum" | "avg" | "total") && !is_distinct(function) {
                    sums.push(function);
                }
            });
        }
        let grouped: HashSet<(usize, usize)> = groups
            .iter()
            .filter_map(|group| self.column_of(group))
            .filter(|(frame, ..)| *frame == here)
            .map(|(_, relation, column)| (relation, column))
            .collect();
        for function in sums {
            let mut of: HashSet<usize> = HashSet::new();
            for argument in arguments(function) {
                self.loose_columns(argument, &[], &mut |(relation, _), _| {
                    of.insert(relation);
                });
            }
            let &[relation] = of.iter().copied().collect::<Vec<_>>().as_slice() else { continue };
            let Some(many) = self.repeats(relation) else { continue };
            // Grouped by the repeating table's own key, each group holds one of its rows.
            if self.determined(&grouped).contains(&many) {
                continue;
            }
            let Some(ident) = function.name.0.last().and_then(|part| part.as_ident()) else { continue };
            let name = |at: usize| self.frames[here].relations[at].name.clone();
            let message = format!(
                "each row of `{}` counts once for every matching row of `{}`: aggregate before joining",
                name(relation),
                name(many)
            );
            self.diagnostics.push(Diagnostic::warning(self.ident_span(ident), "join-fan-out", message));
        }
    }

    /// A relation that joins several rows to one row of `start`, when keys say so for sure.
    fn repeats(&self, start: usize) -> Option<usize> {
        let frame = self.frames.last()?;
        // All columns that join two relations, as a composite key is unique only as a whole.
        let mut sides: HashMap<(usize, usize), Vec<(usize, usize)>> = HashMap::new();
        for edge in &frame.edges {
            sides.entry((edge.a.0, edge.b.0)).or_default().push((edge.a.1, edge.b.1));
            sides.entry((edge.b.0, edge.a.0)).or_default().push((edge.b.1, edge.a.1));
        }
        let key = |relation: usize, columns: Vec<usize>| {
            let relation = &frame.relations[relation];
            let names: Vec<&str> = columns.iter().map(|column| &*relation.columns.list[*column].name).collect();
            relation.table.map(|table| is_key(self.catalog, table, &names))
        };
        let (mut seen, mut rest) = (HashSet::from([start]), vec![start]);
        while let Some(from) = rest.pop() {
            for ((a, b), pairs) in &sides {
                if *a != from || seen.contains(b) {
                    continue;
                }
                let near = key(*a, pairs.iter().map(|(near, _)| *near).collect());
                let pinned = frame.pinned.iter().filter(|(relation, _)| relation == b).map(|(_, column)| *column);
                let far = key(*b, pairs.iter().map(|(_, far)| *far).chain(pinned).collect());
                if near == Some(true) && far == Some(false) {
                    return Some(*b);
                }
                if far == Some(true) {
                    seen.insert(*b);
                    rest.push(*b);
                }
            }
        }
        None
    }

    // --- values and types --------------------------------------------------------------------------------------------

    pub(super) fn lint_operation(&mut self, left: &'a Expr, op: &BinaryOperator, right: &'a Expr) {
        let comparison = matches!(
            op,
            BinaryOperator::Eq
                | BinaryOperator::NotEq
                | BinaryOperator::Lt
                | BinaryOperator::LtEq
                | BinaryOperator::Gt
                | BinaryOperator::GtEq
        );
        if !comparison {
            return;
        }
        let equality = matches!(op, BinaryOperator::Eq | BinaryOperator::NotEq);
        for (side, other) in [(left, right), (right, left)] {
            let Expr::Value(value) = unnested(side) else { continue };
            let span = self.span(side);
            // Text that `prepare` changed is not what stands there.
            let literal = span.of(self.text);
            if value.value == Value::Null && equality {
                self.compared_with_null(left, op, right, literal);
                return;
            }
            self.compare_literal(other, &value.value, span, equality);
        }
    }

    fn compared_with_null(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr, literal: &str) {
        let span = self.span(left).to(self.span(right));
        if !literal.eq_ignore_ascii_case("null") {
            return;
        }
        let (word, negated) = if *op == BinaryOperator::Eq { ("IS NULL", "") } else { ("IS NOT NULL", "not ") };
        // The text must say `= NULL`: SQLite's `IS` was read as `=`.
        let tokens: Vec<_> = self.tokens.iter().filter(|token| span.covers(token.span)).collect();
        let Some(null) = tokens.iter().rposition(|token| token.is(self.text, "null")) else { return };
        let start = match tokens[..null] {
            [.., a, b] if b.is(self.text, "=") && ["=", "!"].iter().any(|c| a.is(self.text, c)) => a.span.start,
            [.., a, b] if b.is(self.text, ">") && a.is(self.text, "<") => a.span.start,
            [.., b] if b.is(self.text, "=") => b.span.start,
            _ => return,
        };
        let place = Span::new(start, tokens[null].span.end);
        let message =
            format!("a comparison with NULL is never true, also where the value is {negated}NULL: write {word}");
        let fix = Fix::replace(format!("Change to {word}"), place, word);
        self.diagnostics.push(Diagnostic::warning(place, "compared-with-null", message).with_fix(fix));
    }

    fn compare_literal(&mut self, column: &'a Expr, value: &Value, span: Span, equality: bool) {
        let Some(output) = self.output_of(column) else { return };
        let (Some(kind), id, name) = (output.kind, output.id, output.name.to_string()) else { return };
        let literal = span.of(self.text);
        let postgres = self.dialect == Dialect::Postgresql;
        let wrong = |resolver: &Self, what: &str, to: Option<String>| {
            let type_name = id.map_or(String::new(), |id| format!(" ({})", resolver.catalog.column(id).type_name));
            let message = format!("`{name}`{type_name} is compared with {what}");
            let diagnostic = Diagnostic::error(span, "wrong-type", message);
            match to {
                Some(text) => diagnostic.with_fix(Fix::replace(format!("Change to {text}"), span, text)),
                None => diagnostic,
            }
        };
        match value {
            Value::SingleQuotedString(text) if literal.starts_with('\'') && !text.contains("{{") => {
                if kind.is_numeric() && text.trim().parse::<f64>().is_err() {
                    let mut diagnostic = wrong(self, "text that is not a number", None);
                    if !postgres {
                        diagnostic.severity = nlq_text::Severity::Warning;
                    }
                    self.diagnostics.push(diagnostic);
                } else if let (TypeKind::Text, true, Some(id)) = (kind, equality, id) {
                    self.unknown_value(id, text, span);
                }
            }
            Value::Number(number, _) if postgres && literal == number => match kind {
                TypeKind::Text if !self.is_domain(id) => {
                    let diagnostic = wrong(self, "a number", Some(format!("'{number}'")));
                    self.diagnostics.push(diagnostic);
                }
                TypeKind::Boolean => {
                    let truth = match number.as_str() {
                        "1" => Some("TRUE".to_owned()),
                        "0" => Some("FALSE".to_owned()),
                        _ => None,
                    };
                    let diagnostic = wrong(self, "a number", truth);
                    self.diagnostics.push(diagnostic);
                }
                TypeKind::Date | TypeKind::Timestamp | TypeKind::Uuid => {
                    let diagnostic = wrong(self, "a number", None);
                    self.diagnostics.push(diagnostic);
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// Only the plain text types surely have no operator with numbers.
    fn is_domain(&self, id: Option<ColumnId>) -> bool {
        id.is_none_or(|id| {
            let name = self.catalog.column(id).type_name.to_lowercase();
            !(name.starts_with("text") || name.starts_with("varchar") || name.starts_with("char"))
        })
    }

    /// A value that the column is known not to hold.
    fn unknown_value(&mut self, id: ColumnId, value: &str, span: Span) {
        // The message and its fixes name what the column holds.
        if self.is_sensitive(id) {
            return;
        }
        let (table, column) = (self.catalog.table(id.table), self.catalog.column(id));
        let told = self.context.annotations.column(table.schema.as_deref(), &table.name, &column.name);
        let enumerated = told.map(|told| told.enum_values.as_slice()).filter(|values| !values.is_empty());
        let sampled = column.values.as_ref().filter(|sample| sample.complete).map(|sample| sample.values.as_slice());
        let Some(values) = enumerated.or(sampled).filter(|values| !values.is_empty()) else { return };
        if values.iter().any(|known| known == value) {
            return;
        }
        let message = format!("`{}` is not known to hold '{value}'", column.name);
        let mut diagnostic = Diagnostic::warning(span, "unknown-value", message);
        let same_case = values.iter().find(|known| known.eq_ignore_ascii_case(value)).map(String::as_str);
        if let Some(near) = same_case.or_else(|| did_you_mean(value, values.iter().map(String::as_str))) {
            let text = format!("'{}'", near.replace('\'', "''"));
            diagnostic.message.push_str(&format!(": did you mean {text}?"));
            diagnostic = diagnostic.with_fix(Fix::replace(format!("Change to {text}"), span, text));
        } else if values.len() <= 8 {
            diagnostic.message.push_str(&format!(": it holds {}", values.join(", ")));
        }
        self.diagnostics.push(diagnostic);
    }

    pub(super) fn lint_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::InList { expr, list, .. } => {
                for item in list {
                    if let Expr::Value(value) = item {
                        self.compare_literal(expr, &value.value, self.span(item), true);
                    }
                }
            }
            Expr::InSubquery { expr, subquery, negated: true } => self.not_in(expr, subquery),
            _ => {}
        }
    }

    /// NOT IN over a column that may be NULL gives no rows as soon as one NULL is there.
    fn not_in(&mut self, expr: &Expr, subquery: &Query) {
        let SetExpr::Select(select) = &*subquery.body else { return };
        let [SelectItem::UnnamedExpr(item)] = select.projection.as_slice() else { return };
        let name = match item {
            Expr::Identifier(ident) => ident,
            Expr::CompoundIdentifier(parts) => match parts.last() {
                Some(ident) => ident,
                None => return,
            },
            _ => return,
        };
        let [table] = select.from.as_slice() else { return };
        let sqlparser::ast::TableFactor::Table { name: relation, args: None, .. } = &table.relation else { return };
        if !table.joins.is_empty()
            || select.selection.as_ref().is_some_and(|where_| where_.to_string().contains("NOT NULL"))
        {
            return;
        }
        let parts: Vec<_> = relation.0.iter().filter_map(|part| part.as_ident()).collect();
        let schema = parts.len().checked_sub(2).map(|index| parts[index].value.as_str());
        let Some(id) = parts.last().and_then(|table| self.catalog.find_table(schema, &table.value)) else { return };
        let Some(column) = self.catalog.find_column(id, &name.value) else { return };
        let (table, column) = (self.catalog.table(id), self.catalog.column(column));
        if !column.nullable || table.primary_key.contains(&column.name) {
            return;
        }
        let span = self.span(expr);
        let message = format!(
            "`{}` may be NULL, and one NULL makes NOT IN give no rows: add WHERE {} IS NOT NULL, or use NOT EXISTS",
            column.name,
            identifier(&column.name, self.dialect)
        );
        self.diagnostics.push(Diagnostic::warning(span, "not-in-null", message));
    }

    pub(super) fn lint_function(&mut self, function: &'a Function, name: &str, span: Span) {
        if self.dialect != Dialect::Postgresql || !matches!(name, "sum" | "avg") {
            return;
        }
        let arguments = arguments(function);
        let [argument] = arguments.as_slice() else { return };
        let Some(output) = self.output_of(argument) else { return };
        let wrong = match output.kind {
            Some(TypeKind::Text) => !self.is_domain(output.id),
            Some(TypeKind::Boolean | TypeKind::Date | TypeKind::Timestamp | TypeKind::Uuid | TypeKind::Json) => true,
            _ => false,
        };
        if wrong {
            let type_name = output.id.map_or("text", |id| self.catalog.column(id).type_name.as_str());
            let message = format!("{name}() needs numbers, and `{}` is {type_name}", output.name);
            self.diagnostics.push(Diagnostic::error(span, "wrong-type", message));
        }
    }

    // --- the whole statement -----------------------------------------------------------------------------------------

    pub(super) fn limit_without_order(&mut self, query: &Query) {
        let limited = query.limit_clause.is_some() || query.fetch.is_some();
        let SetExpr::Select(select) = &*query.body else { return };
        if !limited || query.order_by.is_some() {
            return;
        }
        let grouped = !matches!(&select.group_by, GroupByExpr::Expressions(groups, _) if groups.is_empty());
        let one_row = !grouped && select.projection.iter().filter_map(item_expr).any(|expr| self.has_aggregate(expr));
        let word = if query.fetch.is_some() { "fetch" } else { "limit" };
        let token = self.tokens.iter().rev().find(|token| token.is(self.text, word));
        if let (false, Some(token), false) = (one_row, token, select.from.is_empty()) {
            let message = "without ORDER BY, which rows these are is left to chance";
            self.diagnostics.push(Diagnostic::information(token.span, "limit-without-order", message));
        }
    }

    pub(super) fn is_sensitive(&self, id: ColumnId) -> bool {
        let table = self.catalog.table(id.table);
        self.context.annotations.is_sensitive(table.schema.as_deref(), &table.name, &self.catalog.column(id).name)
    }

    pub(super) fn sensitive_wildcard(&mut self, span: Span, columns: &Columns<'a>) {
        let names: Vec<String> = columns
            .list
            .iter()
            .filter(|o| o.id.is_some_and(|id| self.is_sensitive(id)))
            .map(|o| o.name.to_string())
            .collect();
        if !names.is_empty() {
            let message = format!("this shows sensitive columns: {}", names.join(", "));
            self.diagnostics.push(Diagnostic::warning(span, "sensitive-column", message));
        }
    }

    fn sensitive_refs(&mut self, items: &[&'a Expr], projected: &[Ref]) {
        // Counting a sensitive column shows none of it.
        let mut counted: Vec<Span> = Vec::new();
        for item in items {
            self.aggregates(item, &mut |function| {
                if function_name(function) == "count" {
                    counted.extend(arguments(function).iter().map(|argument| self.span(*argument)));
                }
            });
        }
        for reference in projected {
            let Some(id) = reference.id else { continue };
            if self.is_sensitive(id) && !counted.iter().any(|span| span.covers(reference.span)) {
                let message = format!("`{}` is sensitive: leave it out, or count it", self.catalog.column(id).name);
                self.diagnostics.push(Diagnostic::warning(reference.span, "sensitive-column", message));
            }
        }
    }
}

/// True for the bare name of a SELECT item.
fn is_alias(expr: &Expr, frame: &Frame<'_>) -> bool {
    matches!(expr, Expr::Identifier(ident) if frame.aliases.iter().any(|(alias, _)| alias.eq_ignore_ascii_case(&ident.value)))
}

fn item_expr(item: &SelectItem) -> Option<&Expr> {
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    }
}

fn is_distinct(function: &Function) -> bool {
    matches!(&function.args, FunctionArguments::List(list) if list.duplicate_treatment == Some(DuplicateTreatment::Distinct))
}
