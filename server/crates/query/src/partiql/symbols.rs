//! Names in a statement and what they mean, for hovers and the like.

use nlq_catalog::Catalog;

use super::{
    ast::{Condition, Function, Operand, Path, Select, Step},
    names::{self, Meaning},
    parse::parse,
};
use crate::{QueryContext, Symbol, SymbolKind};

/// All names of one statement that were understood, by place.
pub(super) fn symbols(text: &str, context: QueryContext<'_>) -> Vec<Symbol> {
    let Ok(select) = parse(text, true) else { return Vec::new() };
    let mut found = Vec::new();
    if let Some(filter) = &select.filter {
        functions(filter, &mut found);
    }
    if let Some(catalog) = context.catalog {
        of_schema(catalog, &select, &mut found);
    }
    found.sort_by_key(|symbol| symbol.span.start);
    found
}

fn of_schema(catalog: &Catalog, select: &Select, found: &mut Vec<Symbol>) {
    let Some(id) = names::table(catalog, &select.table.text) else { return };
    let table = catalog.table(id);
    found.push(Symbol { span: select.table.span, kind: SymbolKind::Table(id) });
    if let (Some(name), Some(index)) = (&select.index, names::index(table, select)) {
        let carried = match index.includes.as_slice() {
            [] => "all attributes".to_owned(),
            some => some.join(", "),
        };
        let explanation = format!(
            "Index of `{}`: partition key `{}`{}; it carries {carried}.",
            table.name,
            index.columns.first().map_or("", String::as_str),
            index.columns.get(1).map(|sort| format!(", sort key `{sort}`")).unwrap_or_default(),
        );
        found.push(Symbol { span: name.span, kind: SymbolKind::Word { explanation } });
    }
    for path in select.paths() {
        if let (Some(span), Meaning::Column(column) | Meaning::Inside(column)) =
            (last(path), names::meaning(catalog, id, path))
        {
            found.push(Symbol { span, kind: SymbolKind::Column(column) });
        }
    }
}

/// Where the last name of a path stands.
fn last(path: &Path) -> Option<nlq_text::Span> {
    path.steps.iter().rev().find_map(|step| match step {
        Step::Name(name) => Some(name.span),
        Step::Element(_) => None,
    })
}

fn functions(condition: &Condition, found: &mut Vec<Symbol>) {
    let mut sizes = |operands: &[&Operand]| {
        for operand in operands {
            if let Operand::Size(path, span) = operand {
                let name = nlq_text::Span::new(span.start, span.start + "size".len().min(path.span.start - span.start));
                let explanation = "`size(attribute)`: characters of a text, elements of a list, map or set.".to_owned();
                found.push(Symbol { span: name, kind: SymbolKind::Word { explanation } });
            }
        }
    };
    match condition {
        Condition::And(parts) | Condition::Or(parts) => parts.iter().for_each(|part| functions(part, found)),
        Condition::Not(inner) => functions(inner, found),
        Condition::Compare { left, right, .. } => sizes(&[left, right]),
        Condition::Between { what, low, high, .. } => sizes(&[what, low, high]),
        Condition::Call { function, name, .. } => {
            let explanation = Function::ALL.iter().find(|(one, ..)| one == function).map_or("", |(.., told)| told);
            found.push(Symbol { span: *name, kind: SymbolKind::Word { explanation: explanation.to_owned() } });
        }
        Condition::In { .. } | Condition::Is { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use nlq_catalog::{Annotations, Dialect};

    use super::*;
    use crate::partiql::fixture::shop;

    #[test]
    fn names_are_understood_where_they_stand() {
        let (catalog, annotations) = (shop(), Annotations::default());
        let context = QueryContext { dialect: Dialect::Dynamodb, catalog: Some(&catalog), annotations: &annotations };
        let text = "SELECT ship.city FROM orders.by_status WHERE begins_with(status, 'o') AND size(lines) > 1";
        let told: Vec<String> = crate::symbols(text, context)
            .iter()
            .map(|symbol| {
                let kind = match &symbol.kind {
                    SymbolKind::Table(id) => format!("table {}", catalog.table(*id).name),
                    SymbolKind::Column(id) => format!("column {}", catalog.column(*id).name),
                    SymbolKind::Word { explanation } => explanation.clone(),
                    other => panic!("{other:?}"),
                };
                format!("{}: {kind}", symbol.span.of(text))
            })
            .collect();
        assert_eq!(told[0], "city: column ship.city");
        assert_eq!(told[1], "orders: table orders");
        assert!(
            told[2].starts_with("by_status: Index of `orders`: partition key `status`, sort key `placed`; it carries")
        );
        assert!(told[3].starts_with("begins_with: `begins_with(") && told[4] == "status: column status");
        assert!(told[5].starts_with("size: `size(") && told[6] == "lines: column lines");
    }
}
