//! What a search shows of fields that are annotated as sensitive.

use std::collections::HashSet;

use super::{check::with_parameters, flow::walk, parse, references::references, segments, statements, tree::*};
use crate::{QueryContext, SensitiveOutputs};

/// Which columns of a search's result show values of sensitive fields, followed through its commands. Where the fields of the
/// result are not known, or the search is not understood, whether it shows any.
pub(crate) fn sensitive_outputs(text: &str, context: QueryContext<'_>) -> SensitiveOutputs {
    if !context.annotations.has_sensitive() {
        return SensitiveOutputs::Unknown { named: false };
    }
    let [span] = statements(text)[..] else { return SensitiveOutputs::Unknown { named: true } };
    let search = parse(&with_parameters(span.of(text)));
    if context.catalog.is_none() || !search.errors.is_empty() || !search.macros.is_empty() {
        return SensitiveOutputs::Unknown { named: true };
    }
    let mut names = HashSet::new();
    let mut others = false;
    let fields = walk(&search.pipeline, context, &mut |_, fields, _| {
        others |= fields.others_sensitive;
        names.extend(fields.list.iter().filter(|field| field.sensitive).map(|field| field.name.to_lowercase()));
    });
    names.extend(fields.list.iter().filter(|field| field.sensitive).map(|field| field.name.to_lowercase()));
    if fields.open && fields.others_sensitive {
        return SensitiveOutputs::Unknown { named: true };
    }
    if !others && names.is_empty() {
        return SensitiveOutputs::Unknown { named: false };
    }
    names.retain(|name| !fields.list.iter().any(|field| field.name.to_lowercase() == *name && !field.sensitive));
    SensitiveOutputs::Known { shown: fields.list.iter().map(|field| field.sensitive).collect(), names }
}

/// The strings and words of a search that names a sensitive field: any of them may be a value of it.
pub(crate) fn sensitive_literals(text: &str, context: QueryContext<'_>) -> Vec<String> {
    let sensitive: HashSet<String> = context
        .annotations
        .columns
        .iter()
        .filter(|(_, told)| told.sensitive)
        .filter_map(|(key, _)| key.rsplit('.').next().map(str::to_lowercase))
        .collect();
    let tables: HashSet<String> = context
        .catalog
        .into_iter()
        .flat_map(|catalog| &catalog.tables)
        .filter(|table| {
            context.annotations.table(table.schema.as_deref(), &table.name).is_some_and(|told| told.sensitive)
        })
        .flat_map(|table| table.columns.iter().map(|column| column.name.to_lowercase()))
        .collect();
    let search = parse(text);
    let named = search.pipeline.all_commands().into_iter().flat_map(references).any(|name| {
        let name = name.text.rsplit('.').next().unwrap_or("").to_lowercase();
        sensitive.contains(&name) || tables.contains(&name)
    });
    // A text that is not understood may name it anywhere.
    let lower = text.to_lowercase();
    let hidden = !search.errors.is_empty() && sensitive.iter().chain(&tables).any(|name| lower.contains(name));
    if !named && !hidden {
        return Vec::new();
    }
    let mut found = segments::words(text);
    for one in search.pipeline.all_commands() {
        if let Body::Search(Some(term)) = &one.body {
            values(term, &mut found);
        }
    }
    found.retain(|value| !value.is_empty());
    found
}

fn values(term: &Term, found: &mut Vec<String>) {
    let mut add = |value: &Value| found.extend(value.text().map(|text| text.trim_matches('*').to_owned()));
    match &term.kind {
        TermKind::And(terms) | TermKind::Or(terms) => terms.iter().for_each(|term| values(term, found)),
        TermKind::Not(term) => values(term, found),
        TermKind::Compare { value, .. } => add(value),
        TermKind::In { values, .. } => values.iter().for_each(add),
        TermKind::Text(literal) => found.push(literal.text.trim_matches('*').to_owned()),
        TermKind::Directive { text, .. } => found.push(text.text.clone()),
        TermKind::Macro(_) | TermKind::Subsearch(_) => {}
    }
}
