use super::{
    parse,
    references::demanded,
    statements,
    tree::*,
    vocabulary::{CommandKind, command},
};
use crate::Outline;

/// What a search does, in broad strokes; none for a text that is not one search.
pub(crate) fn outline(text: &str) -> Option<Outline> {
    let [span] = statements(text)[..] else { return None };
    let search = parse(span.of(text));
    if !search.errors.is_empty() || search.pipeline.commands.is_empty() {
        return None;
    }
    let mut outline = Outline::default();
    let all = search.pipeline.all_commands();
    outline.nested = all.len() > search.pipeline.commands.len();
    for one in &all {
        for table in read_by(one) {
            if !outline.tables.contains(&table) {
                outline.tables.push(table);
            }
        }
        outline.joined |= matches!(one.body, Body::Join { .. } | Body::Lookup { .. }) || one.name.text == "appendcols";
        outline.compared |=
            matches!(one.name.text.as_str(), "set" | "append" | "union" | "multisearch" | "appendpipe" | "chart");
        outline.filtered |= match &one.body {
            Body::Where(_) | Body::Regex { .. } => true,
            Body::Search(term) => term.as_ref().is_some_and(narrows),
            Body::Stats(stats) => stats.filter.as_ref().is_some_and(narrows),
            _ => false,
        };
        let transforming = command(&one.name.text).is_some_and(|info| info.kind == CommandKind::Transforming);
        let lists = matches!(one.body, Body::Fields { .. } | Body::Sort(_) | Body::Head { .. });
        outline.aggregated |= matches!(one.body, Body::Stats(_) | Body::Top { .. }) || (transforming && !lists);
    }
    for one in &search.pipeline.commands {
        match &one.body {
            Body::Stats(stats) => {
                let times = ["_time", "date_hour", "date_mday", "date_wday", "date_month", "date_year"];
                outline.by_time = one.name.text.ends_with("timechart")
                    || stats.over.iter().chain(&stats.by).any(|name| times.contains(&name.text.as_str()));
            }
            Body::Top { .. } => outline.ranked = true,
            Body::Sort(sort) => outline.ranked |= sort.limit.is_some_and(|limit| limit > 0),
            _ => {}
        }
    }
    let ordered = search.pipeline.commands.iter().position(|one| matches!(one.body, Body::Sort(_)));
    let taken = search.pipeline.commands.iter().rposition(|one| matches!(one.body, Body::Head { .. }));
    outline.ranked |= ordered.zip(taken).is_some_and(|(ordered, taken)| ordered < taken);
    Some(outline)
}

/// What a command reads: sourcetypes, else indexes; data models; lookups.
fn read_by(one: &Command) -> Vec<String> {
    let terms = match &one.body {
        Body::Search(term) => term.as_ref(),
        Body::Stats(stats) => match &stats.from {
            Some(From { source: Some(source), .. }) => return vec![source.text.clone()],
            _ => stats.filter.as_ref(),
        },
        Body::InputLookup { table, .. } | Body::Lookup { table, .. } => return vec![table.text.clone()],
        _ => None,
    };
    let Some(term) = terms else { return Vec::new() };
    let texts = |field: &str| demanded(term, field).into_iter().map(|literal| literal.text.clone()).collect::<Vec<_>>();
    let sourcetypes = texts("sourcetype");
    if sourcetypes.is_empty() { texts("index") } else { sourcetypes }
}

/// The terms ask for more than a place to look in.
fn narrows(term: &Term) -> bool {
    match &term.kind {
        TermKind::And(terms) | TermKind::Or(terms) => terms.iter().any(narrows),
        TermKind::Compare { field, .. } | TermKind::In { field, .. } => {
            !["index", "sourcetype", "earliest", "latest"].contains(&field.text.to_ascii_lowercase().as_str())
        }
        TermKind::Not(_)
        | TermKind::Text(_)
        | TermKind::Directive { .. }
        | TermKind::Macro(_)
        | TermKind::Subsearch(_) => true,
    }
}
