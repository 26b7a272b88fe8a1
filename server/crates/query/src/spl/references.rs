//! Which fields a command reads, where each stands.

use super::tree::*;

/// Words that `search` and `tstats` take like fields and that are none: what is looked in, and when.
const MODIFIERS: &[&str] = &[
    "index",
    "earliest",
    "latest",
    "_index_earliest",
    "_index_latest",
    "now",
    "starttime",
    "endtime",
    "timeformat",
    "startdaysago",
    "enddaysago",
    "starthoursago",
    "endhoursago",
    "startminutesago",
    "endminutesago",
    "startmonthsago",
    "endmonthsago",
    "starttimeu",
    "endtimeu",
    "daysago",
    "hoursago",
    "minutesago",
    "monthsago",
    "searchtimespandays",
    "searchtimespanhours",
    "searchtimespanminutes",
    "searchtimespanmonths",
    "savedsearch",
    "savedsplunk",
    "splunk_server",
    "splunk_server_group",
    "eventtype",
    "eventtypetag",
    "hosttag",
    "tag",
    "nodename",
    "datamodel",
    "sid",
    "typeof",
    "metric_name",
];

/// The fields that a command reads from what comes before it, in order of place. Names with `*` are among them.
pub(super) fn references(command: &Command) -> Vec<&Name> {
    let mut found = Vec::new();
    match &command.body {
        Body::Search(term) => term.iter().for_each(|term| in_term(term, &mut found)),
        Body::Where(expr) | Body::Head { condition: Some(expr), .. } => in_expr(expr, &mut found),
        Body::Eval(assignments) => assignments.iter().for_each(|one| in_expr(&one.value, &mut found)),
        Body::Stats(stats) => {
            stats.aggregations.iter().for_each(|one| in_aggregation(one, &mut found));
            stats.filter.iter().for_each(|term| in_term(term, &mut found));
            found.extend(stats.over.iter().chain(&stats.by));
        }
        Body::Top { fields, by, .. } => found.extend(fields.iter().chain(by)),
        Body::Fields { fields, .. } | Body::Fill(fields) | Body::Join { fields, .. } => found.extend(fields),
        Body::Replace { fields, .. } => found.extend(fields),
        Body::Sort(sort) => found.extend(sort.keys.iter().map(|key| &key.field)),
        Body::Rename(pairs) => found.extend(pairs.iter().map(|pair| &pair.field)),
        Body::Dedup { fields, sort_by, .. } => {
            found.extend(fields);
            found.extend(sort_by.iter().map(|key| &key.field));
        }
        Body::Regex { field, .. } => found.extend(field),
        Body::Bin(bin) => found.extend(bin.iter().map(|bin| &bin.field)),
        Body::Transaction { fields, .. } => found.extend(fields),
        Body::Lookup { matches, .. } => found.extend(matches.iter().map(Renaming::output)),
        Body::Convert(conversions) => found.extend(conversions.iter().map(|one| &one.field)),
        Body::Foreach { fields, .. } => found.extend(fields),
        Body::Head { condition: None, .. }
        | Body::Rex { .. }
        | Body::InputLookup { .. }
        | Body::Combine { .. }
        | Body::Macro { .. }
        | Body::Other { .. } => {}
    }
    found.retain(|name| is_field(name));
    found
}

/// The name is one of a field: no modifier, no macro, no template, no token of a dashboard.
fn is_field(name: &Name) -> bool {
    let text = name.text.to_ascii_lowercase();
    matches!(name.form, NameForm::Bare | NameForm::Single | NameForm::Double)
        && !text.is_empty()
        && !text.contains(['$', '<', '`', '{'])
        && !text.starts_with("tag::")
        && !MODIFIERS.contains(&text.as_str())
}

fn in_term<'a>(term: &'a Term, found: &mut Vec<&'a Name>) {
    match &term.kind {
        TermKind::And(terms) | TermKind::Or(terms) => terms.iter().for_each(|term| in_term(term, found)),
        TermKind::Not(term) => in_term(term, found),
        TermKind::Compare { field, .. } | TermKind::In { field, .. } => found.push(field),
        TermKind::Text(_) | TermKind::Directive { .. } | TermKind::Macro(_) | TermKind::Subsearch(_) => {}
    }
}

pub(super) fn in_expr<'a>(expr: &'a Expr, found: &mut Vec<&'a Name>) {
    match &expr.kind {
        // Bare words that are no fields to those who write them, though Splunk takes them so.
        ExprKind::Field(name) if !["null", "true", "false"].contains(&name.text.to_ascii_lowercase().as_str()) => {
            found.push(name);
        }
        _ => {}
    }
    expr.operands().for_each(|operand| in_expr(operand, found));
}

pub(super) fn in_aggregation<'a>(aggregation: &'a Aggregation, found: &mut Vec<&'a Name>) {
    match &aggregation.kind {
        AggregationKind::Eval(expr) => in_expr(expr, found),
        AggregationKind::Call { function, arguments } => {
            // The second argument of sparkline is a length of time, and no field.
            let fields = if function.text == "sparkline" { 1 } else { arguments.len() };
            for argument in arguments.iter().take(fields) {
                match argument {
                    AggregationArgument::Field(name) if function.text != "sparkline" || name.text != "count" => {
                        found.push(name);
                    }
                    AggregationArgument::Field(_) => {}
                    AggregationArgument::Eval(expr) => in_expr(expr, found),
                    AggregationArgument::Nested(inner) => in_aggregation(inner, found),
                }
            }
        }
        AggregationKind::Macro(_) => {}
    }
}

/// The time modifiers of a search: `earliest`, `latest` and their kin, each with its value.
pub(super) fn times(command: &Command) -> Vec<(&Name, &Literal)> {
    let mut found = Vec::new();
    let terms = match &command.body {
        Body::Search(term) => term.as_ref(),
        Body::Stats(stats) => stats.filter.as_ref(),
        _ => None,
    };
    if let Some(term) = terms {
        times_in(term, &mut found);
    }
    found
}

fn times_in<'a>(term: &'a Term, found: &mut Vec<(&'a Name, &'a Literal)>) {
    match &term.kind {
        TermKind::And(terms) | TermKind::Or(terms) => terms.iter().for_each(|term| times_in(term, found)),
        TermKind::Not(term) => times_in(term, found),
        TermKind::Compare { field, value: Value::Literal(literal), .. }
            if ["earliest", "latest", "_index_earliest", "_index_latest"]
                .contains(&field.text.to_ascii_lowercase().as_str()) =>
        {
            found.push((field, literal));
        }
        _ => {}
    }
}

/// The values that a search demands of a field such as `index`, each with its place; those it excludes are left out.
pub(super) fn demanded<'a>(term: &'a Term, field: &str) -> Vec<&'a Literal> {
    let mut found = Vec::new();
    demanded_in(term, field, &mut found);
    found
}

fn demanded_in<'a>(term: &'a Term, wanted: &str, found: &mut Vec<&'a Literal>) {
    match &term.kind {
        TermKind::And(terms) | TermKind::Or(terms) => terms.iter().for_each(|term| demanded_in(term, wanted, found)),
        TermKind::Compare { field, operator: Comparison::Equal, value: Value::Literal(literal) }
            if field.text.eq_ignore_ascii_case(wanted) =>
        {
            found.push(literal);
        }
        TermKind::In { field, values } if field.text.eq_ignore_ascii_case(wanted) => {
            found.extend(values.iter().filter_map(|value| match value {
                Value::Literal(literal) => Some(literal),
                _ => None,
            }));
        }
        _ => {}
    }
}
