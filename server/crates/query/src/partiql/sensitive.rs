//! What of a statement shows or names sensitive attributes.

use std::collections::HashSet;

use nlq_catalog::{Catalog, TableId};

use super::{
    ast::{Items, Path},
    lexer::{Kind, Token, lex},
    names::{self, Meaning},
    parse::parse,
};
use crate::{QueryContext, SensitiveOutputs};

/// Which columns of a statement's result show values of sensitive attributes.
pub(super) fn outputs(text: &str, context: QueryContext<'_>) -> SensitiveOutputs {
    let words = words(context);
    if words.is_empty() {
        return SensitiveOutputs::Unknown { named: false };
    }
    known(text, context).unwrap_or_else(|| {
        let lower = text.to_lowercase();
        SensitiveOutputs::Unknown { named: lower.contains('*') || words.iter().any(|word| lower.contains(word)) }
    })
}

fn known(text: &str, context: QueryContext<'_>) -> Option<SensitiveOutputs> {
    let catalog = context.catalog?;
    let [span] = super::lexer::statements(text)[..] else { return None };
    let select = parse(span.of(text), true).ok()?;
    let table = names::table(catalog, &select.table.text)?;
    let sensitive: Vec<String> = columns(context, catalog, table).map(|name| name.to_lowercase()).collect();
    match &select.items {
        // A result calls whole attributes by their names; one that holds something sensitive is.
        Items::All(_) => {
            let whole = sensitive.iter().map(|name| name.split('.').next().unwrap_or(name).to_owned());
            Some(SensitiveOutputs::Named { names: whole.collect() })
        }
        Items::Paths(paths) => {
            let shows = |path: &Path| {
                let dotted = path.dotted().to_lowercase();
                let within = |name: &String| {
                    *name == dotted
                        || name.strip_prefix(&dotted).is_some_and(|rest| rest.starts_with('.'))
                        || dotted.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('.'))
                };
                // What the schema does not know may be anything that is called so.
                let unknown = names::meaning(catalog, table, path) == Meaning::Unknown;
                let last = |name: &String| name.rsplit('.').next() == dotted.rsplit('.').next();
                sensitive.iter().any(within) || (unknown && sensitive.iter().any(last))
            };
            let names: HashSet<String> = HashSet::new();
            Some(SensitiveOutputs::Known { shown: paths.iter().map(shows).collect(), names })
        }
    }
}

fn columns<'a>(
    context: QueryContext<'a>,
    catalog: &'a Catalog,
    table: TableId,
) -> impl Iterator<Item = &'a String> + use<'a> {
    let table = catalog.table(table);
    let names = table.columns.iter().map(|column| &column.name);
    names.filter(move |name| context.annotations.is_sensitive(table.schema.as_deref(), &table.name, name))
}

/// The last parts of the names of everything sensitive, in lower case.
fn words(context: QueryContext<'_>) -> HashSet<String> {
    let told = context.annotations.columns.iter().filter(|(_, told)| told.sensitive).map(|(key, _)| key.as_str());
    let mut words: HashSet<String> = told.filter_map(|key| key.rsplit('.').next()).map(str::to_lowercase).collect();
    if let Some(catalog) = context.catalog {
        for (id, _) in catalog.table_ids() {
            words.extend(
                columns(context, catalog, id).filter_map(|name| name.rsplit('.').next()).map(str::to_lowercase),
            );
        }
    }
    words
}

/// The texts and numbers of a text that names something sensitive: any of them may be a value of it.
pub(super) fn literals(text: &str, context: QueryContext<'_>) -> Vec<String> {
    let words = words(context);
    let tokens = lex(text);
    let named = |token: &Token| {
        let name = matches!(token.kind, Kind::Word | Kind::Quoted).then(|| token.content(text)).flatten();
        name.is_some_and(|name| words.contains(&name.to_lowercase()))
    };
    if !tokens.iter().any(named) {
        return Vec::new();
    }
    let value = |token: &Token| match token.kind {
        Kind::Number => Some(token.span.of(text).to_owned()),
        Kind::Text => token.content(text),
        // A text that is not closed yet is one all the same.
        Kind::Broken => token.span.of(text).strip_prefix('\'').map(str::to_owned),
        _ => None,
    };
    tokens.iter().filter_map(value).filter(|value| !value.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use nlq_catalog::{Annotations, ColumnAnnotation, Dialect};

    use super::*;
    use crate::partiql::fixture::shop;

    fn with<T>(run: impl Fn(QueryContext<'_>) -> T) -> T {
        let catalog = shop();
        let mut annotations = Annotations::default();
        for name in ["customers.email", "customers.contact.phone"] {
            annotations
                .columns
                .insert(name.into(), ColumnAnnotation { sensitive: true, ..ColumnAnnotation::default() });
        }
        run(QueryContext { dialect: Dialect::Dynamodb, catalog: Some(&catalog), annotations: &annotations })
    }

    #[test]
    fn results_are_masked_where_they_show_something_sensitive() {
        for (text, columns, masked) in [
            ("SELECT name, email FROM customers", &["name", "email"][..], &[1][..]),
            ("SELECT contact.phone, name FROM customers", &["phone", "name"], &[0]),
            ("SELECT contact, name FROM customers", &["contact", "name"], &[0]),
            ("SELECT * FROM customers", &["contact", "customer_id", "email", "name"], &[0, 2]),
            ("SELECT name FROM customers WHERE email = 'x'", &["name"], &[]),
            ("SELECT total FROM orders", &["total"], &[]),
            ("SELECT email FROM elsewhere", &["email"], &[0]),
        ] {
            let found = with(|context| crate::sensitive_outputs(text, context).masked(columns));
            assert_eq!(found, masked, "{text}");
        }
    }

    #[test]
    fn values_beside_sensitive_names_are_told() {
        let told = |text: &str| with(|context| crate::sensitive_literals(text, context));
        assert_eq!(told("SELECT * FROM customers WHERE \"email\" = 'a''b' AND x = 3"), ["a'b", "3"]);
        assert_eq!(told("SELECT * FROM customers WHERE email = 'half"), ["half"]);
        assert!(told("SELECT * FROM orders WHERE status = 'open'").is_empty());
    }
}
