//! What is wrong or doubtful in one statement.

use nlq_catalog::{Catalog, ColumnId, TableId};
use nlq_text::{Diagnostic, Fix, Span, did_you_mean};

use super::{
    SCAN_LIMIT,
    access::{Access, access, bound},
    ast::{Condition, Function, Items, Literal, Operand, Operator, Path, Select},
    names::{self, Meaning, quoted},
    parse::parse,
};
use crate::QueryContext;

/// Values of a partition key in one list, and of other attributes, by DynamoDB's own limits.
const MAX_PARTITIONS: usize = 50;
const MAX_VALUES: usize = 100;

/// Everything that is wrong or doubtful in one statement.
pub(super) fn check(text: &str, context: QueryContext<'_>) -> Vec<Diagnostic> {
    let select = match parse(text, true) {
        Ok(select) => select,
        Err(error) if error.code == "not-a-query" => {
            return vec![Diagnostic::warning(error.span, "not-a-query", error.message)];
        }
        Err(error) if error.code == "reserved-word" => {
            let fix = Fix::replace("Put it in double quotes", error.span, quoted(error.span.of(text)));
            return vec![Diagnostic::error(error.span, error.code, error.message).with_fix(fix)];
        }
        Err(error) => return vec![Diagnostic::error(error.span, error.code, error.message)],
    };
    let mut found = Vec::new();
    outputs(&select, &mut found);
    if let Some(catalog) = context.catalog {
        match names::table(catalog, &select.table.text) {
            Some(table) => {
                let mut checker = Checker { context, catalog, table, select: &select, found };
                checker.all();
                found = checker.found;
            }
            None => found.push(unknown_table(catalog, &select)),
        }
    }
    found
}

/// Two shown attributes must not have one name, for a result calls them by the last part of their paths.
fn outputs(select: &Select, found: &mut Vec<Diagnostic>) {
    let Items::Paths(paths) = &select.items else { return };
    for (at, path) in paths.iter().enumerate() {
        if paths[..at].iter().any(|other| other.output() == path.output()) {
            let message = format!("two shown attributes would be called `{}`, which DynamoDB refuses", path.output());
            found.push(Diagnostic::error(path.span, "duplicate-name", message));
        }
    }
}

fn unknown_table(catalog: &Catalog, select: &Select) -> Diagnostic {
    let name = &select.table;
    let found = Diagnostic::error(name.span, "unknown-table", format!("there is no table `{}`", name.text));
    near(found, name.span, &name.text, catalog.tables.iter().map(|table| table.name.as_str()))
}

/// Adds the nearest of the known names: that of other letters' case first.
fn near<'a>(mut found: Diagnostic, span: Span, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Diagnostic {
    let same = known.clone().find(|other| other.eq_ignore_ascii_case(name));
    let Some(near) = same.or_else(|| did_you_mean(name, known)) else { return found };
    found.message = format!("{}; did you mean `{near}`?", found.message);
    found.with_fix(Fix::replace(format!("Change to `{near}`"), span, names::path(near)))
}

struct Checker<'a> {
    context: QueryContext<'a>,
    catalog: &'a Catalog,
    table: TableId,
    select: &'a Select,
    found: Vec<Diagnostic>,
}

impl Checker<'_> {
    fn all(&mut self) {
        let table = self.catalog.table(self.table);
        if let Some(index) = &self.select.index
            && names::index(table, self.select).is_none()
        {
            let message = format!("the table `{}` has no index `{}`", table.name, index.text);
            let known = table.indexes.iter().map(|index| index.name.as_str());
            self.found.push(near(
                Diagnostic::error(index.span, "unknown-index", message),
                index.span,
                &index.text,
                known,
            ));
            return;
        }
        self.paths();
        if let Some(filter) = &self.select.filter {
            self.condition(filter);
        }
        self.order();
        self.scan();
        self.shown();
    }

    fn column(&self, path: &Path) -> Option<ColumnId> {
        match names::meaning(self.catalog, self.table, path) {
            Meaning::Column(id) => Some(id),
            _ => None,
        }
    }

    fn paths(&mut self) {
        let table = self.catalog.table(self.table);
        let index = names::index(table, self.select);
        for path in self.select.paths() {
            let name = path.dotted();
            if names::meaning(self.catalog, self.table, path) == Meaning::Unknown {
                let message = format!("no item of `{}` that was looked at has an attribute `{name}`", table.name);
                let found = Diagnostic::warning(path.span, "unknown-column", message);
                // Only whole attributes are mended: a path into a list has no name to compare.
                let known = table.columns.iter().map(|column| column.name.as_str());
                self.found.push(if path.has_element() { found } else { near(found, path.span, &name, known) });
            }
            if let Some(index) = index.filter(|index| !index.includes.is_empty()) {
                let first = path.first();
                let carried = |names: &[String]| names.iter().any(|carried| carried == first || *carried == name);
                if ![&index.columns, &index.includes, &table.primary_key].into_iter().any(|names| carried(names)) {
                    let message = format!(
                        "the index `{}` does not carry `{first}`: ask the table itself, or leave `{first}` out",
                        index.name
                    );
                    self.found.push(Diagnostic::error(path.span, "not-in-index", message));
                }
            }
        }
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::And(parts) | Condition::Or(parts) => parts.iter().for_each(|part| self.condition(part)),
            Condition::Not(inner) => self.condition(inner),
            Condition::Compare { left, op, right } => {
                self.compare(left, *op, right);
                self.compare(right, *op, left);
            }
            Condition::Between { what, low, high, .. } => {
                if let Operand::Path(path) = what {
                    self.fits(path, low);
                    self.fits(path, high);
                }
            }
            Condition::In { what, values, negated, span } => {
                for value in values {
                    self.fits(what, value);
                }
                let keys = names::keys(self.catalog.table(self.table), self.select);
                let key = !negated && keys.first().is_some_and(|key| what.is(key));
                let most = if key { MAX_PARTITIONS } else { MAX_VALUES };
                if values.len() > most {
                    let message = format!("DynamoDB takes at most {most} values here, and these are {}", values.len());
                    self.found.push(Diagnostic::error(*span, "too-many-values", message));
                }
            }
            Condition::Is { .. } => {}
            Condition::Call { function, what, argument, .. } => self.call(*function, what, argument),
        }
    }

    fn call(&mut self, function: Function, what: &Path, argument: &Operand) {
        let text = matches!(argument, Operand::Literal(Literal::Text(_) | Literal::Placeholder, _) | Operand::Path(_));
        if !text && function != Function::Contains {
            let message = format!("{} compares with text in single quotes", function.name());
            self.found.push(Diagnostic::error(argument.span(), "wrong-type", message));
        }
        let type_name = self.column(what).map(|id| self.catalog.column(id).type_name.clone()).unwrap_or_default();
        if function == Function::BeginsWith && matches!(type_name.as_str(), "N" | "BOOL" | "L" | "M" | "SS" | "NS") {
            let message = format!("`{}` holds {}, and begins_with looks at text only", what.dotted(), held(&type_name));
            self.found.push(Diagnostic::warning(what.span, "wrong-type", message));
        }
    }

    /// One side of a comparison with the other.
    fn compare(&mut self, side: &Operand, op: Operator, other: &Operand) {
        let (Operand::Path(path), Operand::Literal(literal, span)) = (side, other) else { return };
        if *literal == Literal::Null {
            let name = path.dotted();
            let message =
                format!("nothing is compared with null: write `{name}` IS NULL, or IS MISSING for items without it");
            self.found.push(Diagnostic::warning(*span, "compared-with-null", message));
            return;
        }
        self.fits(path, other);
        let Some(id) = self.column(path) else { return };
        let column = self.catalog.column(id);
        if op == Operator::NotEqual && column.nullable && !self.excludes_missing(path) {
            let name = &column.name;
            let message = format!(
                "items without `{name}` are found too: add AND {} IS NOT MISSING to leave them out",
                names::path(name)
            );
            self.found.push(Diagnostic::information(path.span, "missing-found", message));
        }
    }

    fn excludes_missing(&self, path: &Path) -> bool {
        let Some(Condition::And(parts)) = &self.select.filter else { return false };
        let says = |part: &Condition| matches!(part, Condition::Is { what, missing: true, negated: true } if what.dotted() == path.dotted());
        parts.iter().any(says)
    }

    /// A value of the type that the attribute holds, and one that it is known to have.
    fn fits(&mut self, path: &Path, value: &Operand) {
        let (Operand::Literal(literal, span), Some(id)) = (value, self.column(path)) else { return };
        let column = self.catalog.column(id);
        let given = match literal {
            Literal::Text(_) => "S",
            Literal::Number(_) => "N",
            Literal::Bool(_) => "BOOL",
            Literal::Null | Literal::Composite | Literal::Placeholder => return,
        };
        let single = ["S", "N", "BOOL", "B", "L", "M", "SS", "NS", "BS"].contains(&column.type_name.as_str());
        if single && column.type_name != given {
            let name = &column.name;
            let key = names::keys(self.catalog.table(self.table), self.select).contains(name);
            let message =
                format!("`{name}` holds {}, so it is never {}", held(&column.type_name), shown_literal(literal));
            let mut found = if key {
                Diagnostic::error(*span, "wrong-type", message)
            } else {
                Diagnostic::warning(*span, "wrong-type", message)
            };
            match (literal, column.type_name.as_str()) {
                (Literal::Number(digits), "S") => {
                    found = found.with_fix(Fix::replace("Write it as text", *span, names::text(digits)));
                }
                (Literal::Text(text), "N") if text.parse::<f64>().is_ok_and(f64::is_finite) => {
                    found = found.with_fix(Fix::replace("Write it as a number", *span, text.trim()));
                }
                _ => {}
            }
            self.found.push(found);
            return;
        }
        let Literal::Text(text) = literal else { return };
        let table = &self.catalog.table(self.table).name;
        let told = self.context.annotations.column(None, table, &column.name).map(|told| told.enum_values.as_slice());
        let told = told.filter(|values| !values.is_empty());
        let sampled = column.values.as_ref().filter(|sample| sample.complete).map(|sample| sample.values.as_slice());
        if let Some(known) = told.or(sampled)
            && !known.contains(text)
        {
            let message = format!("no item has `{text}` as its `{}`", column.name);
            let mut found = Diagnostic::warning(*span, "unknown-value", message);
            let same = known.iter().find(|value| value.eq_ignore_ascii_case(text)).map(String::as_str);
            if let Some(near) = same.or_else(|| did_you_mean(text, known.iter().map(String::as_str))) {
                found.message = format!("{}; did you mean `{near}`?", found.message);
                found = found.with_fix(Fix::replace(format!("Change to `{near}`"), *span, names::text(near)));
            }
            self.found.push(found);
        }
    }

    fn order(&mut self) {
        let Some(first) = self.select.order.first() else { return };
        let table = self.catalog.table(self.table);
        let keys = names::keys(table, self.select);
        let partition = keys.first().map_or("", String::as_str);
        let fixed = self.select.filter.as_ref().is_some_and(|filter| bound(filter, partition).is_some());
        if !fixed {
            let message = format!(
                "DynamoDB sorts only inside a partition: fix its key first, as in WHERE {} = ...",
                quoted(partition)
            );
            self.found.push(Diagnostic::error(first.path.span, "order-by", message));
            return;
        }
        for key in &self.select.order {
            if !keys.iter().any(|name| key.path.is(name)) {
                let sorts = keys.get(1).map_or_else(
                    || "there is no sort key here".to_owned(),
                    |sort| format!("DynamoDB sorts only by the sort key `{sort}` here"),
                );
                let other =
                    table.indexes.iter().find(|index| index.columns.get(1).is_some_and(|sort| key.path.is(sort)));
                let hint = other.map(|index| format!("; the index `{}` sorts by it", index.name)).unwrap_or_default();
                let message = format!("`{}` cannot be sorted by: {sorts}{hint}", key.path.dotted());
                self.found.push(Diagnostic::error(key.path.span, "order-by", message));
            }
        }
    }

    fn scan(&mut self) {
        let table = self.catalog.table(self.table);
        if access(self.select, names::keys(table, self.select)) != Access::Scan {
            return;
        }
        let span =
            self.select.index.as_ref().map_or(self.select.table.span, |index| self.select.table.span.to(index.span));
        let message = format!("{}: {}", reads_all(self.catalog, self.table), name_a_key(self.catalog, self.table));
        self.found.push(Diagnostic::warning(span, "full-scan", message));
    }

    /// Sensitive attributes among the shown ones.
    fn shown(&mut self) {
        let table = &self.catalog.table(self.table).name;
        let sensitive =
            |id: ColumnId| self.context.annotations.is_sensitive(None, table, &self.catalog.column(id).name);
        let (names, span): (Vec<String>, Span) = match &self.select.items {
            Items::All(span) => {
                let all = self.catalog.column_ids(self.table).filter(|(id, _)| sensitive(*id));
                (all.map(|(_, column)| column.name.clone()).collect(), *span)
            }
            Items::Paths(paths) => {
                let shows = |path: &&Path| match names::meaning(self.catalog, self.table, path) {
                    Meaning::Column(id) | Meaning::Inside(id) => sensitive(id),
                    Meaning::Map(ids) => ids.into_iter().any(sensitive),
                    Meaning::Unknown => false,
                };
                let found: Vec<&Path> = paths.iter().filter(shows).collect();
                let Some(first) = found.first() else { return };
                (found.iter().map(|path| path.dotted()).collect(), first.span)
            }
        };
        if !names.is_empty() {
            let message = format!("{} would be shown and is annotated as sensitive", names.join(", "));
            self.found.push(Diagnostic::warning(span, "sensitive-column", message));
        }
    }
}

/// What kind of value a literal is.
fn shown_literal(literal: &Literal) -> &'static str {
    match literal {
        Literal::Text(_) => "a text in single quotes",
        Literal::Number(_) => "a number",
        _ => "true or false",
    }
}

/// What a type of DynamoDB holds.
fn held(type_name: &str) -> &'static str {
    match type_name {
        "S" => "text",
        "N" => "numbers",
        "BOOL" => "true or false",
        "B" => "bytes",
        "L" => "lists",
        "M" => "maps",
        _ => "sets",
    }
}

/// That a table would be read as a whole, and how much that is.
pub(super) fn reads_all(catalog: &Catalog, table: TableId) -> String {
    let table = catalog.table(table);
    match table.row_estimate {
        Some(items) => format!("this reads the whole table `{}`, about {items} items", table.name),
        None => format!("this reads the whole table `{}`", table.name),
    }
}

/// Which keys would spare it.
pub(super) fn name_a_key(catalog: &Catalog, table: TableId) -> String {
    let table = catalog.table(table);
    let mut keys: Vec<String> = table.primary_key.first().map(|key| format!("`{key}`")).into_iter().collect();
    for index in &table.indexes {
        if let Some(key) = index.columns.first()
            && !keys.iter().any(|known| known.starts_with(&format!("`{key}`")))
        {
            keys.push(format!("`{key}` (index `{}`)", index.name));
        }
    }
    match keys.split_last() {
        Some((only, [])) => format!("name a value of {only}"),
        Some((last, rest)) => format!("name a value of {} or {last}", rest.join(", ")),
        None => "its keys are not known".to_owned(),
    }
}

/// True when a query may read the whole table.
pub(super) fn may_scan(catalog: &Catalog, table: TableId) -> bool {
    catalog.table(table).row_estimate.unwrap_or(0) <= catalog.scan_limit.unwrap_or(SCAN_LIMIT)
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
