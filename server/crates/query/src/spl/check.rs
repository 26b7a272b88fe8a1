use std::collections::BTreeSet;

use nlq_catalog::{ObjectKind, TableKind};
use nlq_text::{Diagnostic, Fix, Span, did_you_mean};

use super::{
    expand::{definition, expand, macros},
    flow::{DEFAULT_FIELDS, Fields, matches, walk},
    guard::refused,
    parse,
    references::{demanded, references, times},
    statements,
    times::is_time,
    tree::*,
    vocabulary::{
        CommandKind, FunctionInfo, command, commands, eval_function, eval_functions, stats_function, stats_functions,
    },
};
use crate::QueryContext;

/// Everything that is wrong or doubtful in a text of searches, by place.
pub(crate) fn check(text: &str, context: QueryContext<'_>) -> Vec<Diagnostic> {
    let text = &with_parameters(text);
    let mut found = Vec::new();
    for span in statements(text) {
        let mut checker = Checker { context, found: Vec::new() };
        checker.search(span.of(text));
        found.extend(checker.found.into_iter().map(|diagnostic| diagnostic.shift(span.start)));
    }
    found.sort_by_key(|diagnostic| diagnostic.span);
    found
}

/// Each `{{name}}` as a number of the same length: it may stand wherever a value may.
pub(super) fn with_parameters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let name = |inner: &str| !inner.is_empty() && inner.chars().all(|c| c.is_alphanumeric() || "_. \t".contains(c));
        let end = rest[start..].find("}}").map(|length| start + length + 2);
        match end.filter(|end| name(&rest[start + 2..end - 2])) {
            Some(end) => {
                out.push_str(&rest[..start]);
                out.extend(std::iter::repeat_n('1', end - start));
                rest = &rest[end..];
            }
            None => {
                out.push_str(&rest[..start + 2]);
                rest = &rest[start + 2..];
            }
        }
    }
    out + rest
}

struct Checker<'a> {
    context: QueryContext<'a>,
    found: Vec<Diagnostic>,
}

impl Checker<'_> {
    fn search(&mut self, text: &str) {
        let search = parse(text);
        for error in &search.errors {
            self.found.push(Diagnostic::error(error.span, "syntax", error.message.clone()));
        }
        self.macros(&search);
        // Only macros so far: what they hold is not known, so anything may follow.
        let led_by_macros = |command: &Command| {
            let before = search.pipeline.commands.iter().take_while(|one| one.span.end <= command.span.start);
            before.clone().next().is_some() && before.clone().all(only_macros)
        };
        let mut visited: Vec<(&Command, Fields, bool)> = Vec::new();
        walk(&search.pipeline, self.context, &mut |command, fields, first| {
            visited.push((command, fields.clone(), first));
        });
        for (command, fields, first) in visited {
            self.command(command, first || led_by_macros(command));
            self.fields(command, &fields, first);
        }
    }

    fn command(&mut self, one: &Command, first: bool) {
        let name = one.name.text.as_str();
        match command(name) {
            _ if matches!(one.body, Body::Macro { .. }) => {}
            None if super::vocabulary::denied(name).is_none() => {
                let names = commands().iter().map(|info| info.name);
                let message = format!("`{name}` is no documented command of Splunk");
                self.unknown(one.name.span, "unknown-command", message, did_you_mean(name, names), true);
            }
            None => {}
            Some(info) => {
                let anywhere = matches!(name, "search" | "union" | "inputlookup" | "inputcsv")
                    && (!name.starts_with("input") || one.flag("append", false))
                    || (one.flag("append", false) && one.flag("prestats", false));
                if info.kind == CommandKind::Generating && !first && !anywhere {
                    let message = format!(
                        "`{name}` makes rows of its own, so it stands only at the start of a search or of a subsearch."
                    );
                    self.found.push(Diagnostic::error(one.name.span, "misplaced-command", message));
                }
                self.options(one, &info.options);
            }
        }
        if let Some(refusal) = refused(one).filter(|_| known_or_denied(name)) {
            let message = format!("{}; it can be written and checked, and must be run elsewhere.", refusal.message);
            self.found.push(Diagnostic::warning(refusal.span, "denied-command", message));
        }
        self.functions(one);
        for (field, literal) in times(one) {
            if !is_time(&literal.text) {
                let message = format!(
                    "`{}` is no time that `{}` takes; write one such as -24h@h, @d, now or 10/27/2024:00:00:00.",
                    literal.text, field.text
                );
                self.found.push(Diagnostic::error(literal.span, "bad-time", message));
            }
        }
        self.objects(one);
        self.sources(one);
    }

    fn options(&mut self, one: &Command, known: &[&str]) {
        if known.contains(&"*") {
            return;
        }
        for setting in one.options.iter().filter(|setting| setting.operator == Comparison::Equal) {
            let key = setting.key.text.as_str();
            if !known.contains(&key) && !key.contains(['$', '<', '`']) {
                let message = format!("`{}` has no option `{key}`", one.name.text);
                let near = did_you_mean(key, known.iter().copied());
                self.unknown(setting.key.span, "unknown-option", message, near, false);
            }
        }
    }

    // ---- functions ----

    fn functions(&mut self, one: &Command) {
        match &one.body {
            Body::Where(expr) | Body::Head { condition: Some(expr), .. } => self.expr(expr, false),
            Body::Eval(assignments) => assignments.iter().for_each(|one| self.expr(&one.value, false)),
            Body::Stats(stats) => stats.aggregations.iter().for_each(|one| self.aggregation(one)),
            Body::Transaction { starts_with, ends_with, .. } => {
                for border in [starts_with, ends_with].into_iter().flatten() {
                    if let Border::Expr(expr) = border {
                        self.expr(expr, false);
                    }
                }
            }
            Body::Convert(conversions) => {
                for one in conversions {
                    self.conversion(&one.function);
                }
            }
            _ => {}
        }
    }

    /// `aggregated`: functions of `stats` may stand here too.
    fn expr(&mut self, expr: &Expr, aggregated: bool) {
        if let ExprKind::Call { function, arguments } = &expr.kind {
            let name = function.text.as_str();
            let info = eval_function(name).or_else(|| aggregated.then(|| stats_function(name)).flatten());
            match info {
                Some(info) => self.arity(function, info, arguments.len()),
                None => {
                    let names = eval_functions().iter().map(|info| info.name);
                    let message = if stats_function(name).is_some() {
                        format!("`{name}` is a function of `stats`, not of `eval`")
                    } else {
                        format!("`{name}` is no function of `eval`")
                    };
                    self.unknown(function.span, "unknown-function", message, did_you_mean(name, names), true);
                }
            }
        }
        expr.operands().for_each(|operand| self.expr(operand, aggregated));
    }

    fn aggregation(&mut self, one: &Aggregation) {
        match &one.kind {
            AggregationKind::Macro(_) => {}
            AggregationKind::Eval(expr) => self.expr(expr, true),
            AggregationKind::Call { function, arguments } => {
                let name = function.text.as_str();
                match stats_function(name) {
                    Some(info) => self.arity(function, info, arguments.len()),
                    None if name.contains(['$', '<']) => {}
                    None => {
                        let names = stats_functions().iter().map(|info| info.name);
                        let message = format!("`{name}` is no function of `stats`");
                        self.unknown(function.span, "unknown-function", message, did_you_mean(name, names), true);
                    }
                }
                for argument in arguments {
                    match argument {
                        AggregationArgument::Field(_) => {}
                        AggregationArgument::Eval(expr) => self.expr(expr, false),
                        AggregationArgument::Nested(inner) => self.aggregation(inner),
                    }
                }
            }
        }
    }

    fn conversion(&mut self, function: &Name) {
        const KNOWN: &[&str] =
            &["auto", "ctime", "dur2sec", "memk", "mktime", "mstime", "none", "num", "rmcomma", "rmunit"];
        let name = function.text.as_str();
        if !KNOWN.contains(&name) {
            let message = format!("`{name}` is no function of `convert`");
            let near = did_you_mean(name, KNOWN.iter().copied());
            self.unknown(function.span, "unknown-function", message, near, true);
        }
    }

    fn arity(&mut self, function: &Name, info: &FunctionInfo, given: usize) {
        if given >= info.least && info.most.is_none_or(|most| given <= most) {
            return;
        }
        let wanted = match (info.least, info.most) {
            (0, Some(0)) => "no arguments".to_owned(),
            (least, Some(most)) if least == most => format!("{least} argument{}", if least == 1 { "" } else { "s" }),
            (least, Some(most)) => format!("{least} to {most} arguments"),
            (least, None) => format!("at least {least} argument{}", if least == 1 { "" } else { "s" }),
        };
        let message = format!("`{}` takes {wanted}, not {given}: {}.", function.text, info.form);
        self.found.push(Diagnostic::error(function.span, "wrong-arguments", message));
    }

    // ---- names of the catalog ----

    fn macros(&mut self, search: &Search) {
        let Some(catalog) = self.context.catalog else { return };
        if macros(catalog).next().is_none() {
            return;
        }
        let all = search.pipeline.all_commands();
        let commanding: Vec<Span> = all
            .iter()
            .filter_map(|one| match &one.body {
                Body::Macro { call, .. } => Some(call.span),
                _ => None,
            })
            .collect();
        for call in &search.macros {
            let name = call.name.text.as_str();
            if name == "comment" || name.contains('$') {
                continue;
            }
            let Some(known) = definition(call, catalog) else {
                let others: Vec<usize> =
                    macros(catalog).filter(|object| object.name == name).map(|object| object.arguments.len()).collect();
                if let Some(count) = others.first() {
                    let message = format!(
                        "Macro `{name}` takes {count} argument{}, not {}.",
                        if *count == 1 { "" } else { "s" },
                        call.arguments.len()
                    );
                    self.found.push(Diagnostic::error(call.span, "wrong-arguments", message));
                } else {
                    let names = macros(catalog).map(|object| object.name.as_str());
                    let near = did_you_mean(name, names);
                    self.unknown(call.name.span, "unknown-macro", format!("There is no macro `{name}`"), near, true);
                }
                continue;
            };
            let Some(written) = &known.definition else { continue };
            let mut written = expand(written, catalog);
            // Behind a pipe a macro starts with a command; elsewhere the same words are terms of a search.
            if commanding.contains(&call.span) && !written.trim_start().starts_with('|') {
                written.insert_str(0, "| ");
            }
            let inner = parse(&written);
            let denied =
                inner.pipeline.all_commands().into_iter().find_map(|one| refused(one).map(|_| one.name.text.clone()));
            if let Some(denied) = denied.filter(|name| known_or_denied(name)) {
                let message = format!("Macro `{name}` holds `{denied}`, which nlq does not run.");
                self.found.push(Diagnostic::warning(call.span, "denied-command", message));
            }
        }
    }

    /// Lookups and saved searches.
    fn objects(&mut self, one: &Command) {
        match &one.body {
            Body::Lookup { table, .. } | Body::InputLookup { table, .. } if one.name.text != "inputcsv" => {
                self.object(table, ObjectKind::Lookup, "unknown-lookup", "lookup");
            }
            Body::Other { .. } if one.name.text == "savedsearch" => {
                if let Some(name) = one.words().next() {
                    self.object(name, ObjectKind::SavedSearch, "unknown-saved-search", "saved search");
                }
            }
            _ => {}
        }
    }

    fn object(&mut self, name: &Name, kind: ObjectKind, code: &'static str, title: &str) {
        let Some(catalog) = self.context.catalog else { return };
        let known: Vec<&str> =
            catalog.objects.iter().filter(|object| object.kind == kind).map(|object| object.name.as_str()).collect();
        if known.is_empty()
            || name.form == NameForm::Macro
            || name.text.contains('$')
            || known.contains(&name.text.as_str())
        {
            return;
        }
        let near = did_you_mean(&name.text, known.iter().copied());
        self.unknown(name.span, code, format!("There is no {title} `{}`", name.text), near, true);
    }

    /// Indexes, sourcetypes and data models.
    fn sources(&mut self, one: &Command) {
        let Some(catalog) = self.context.catalog else { return };
        let terms = match &one.body {
            Body::Search(term) => term.as_ref(),
            Body::Stats(stats) => stats.filter.as_ref(),
            _ => None,
        };
        let events = || catalog.tables.iter().filter(|table| table.kind != TableKind::DataModel);
        let indexes: BTreeSet<&str> = events().filter_map(|table| table.schema.as_deref()).collect();
        let sourcetypes: BTreeSet<&str> = events().map(|table| table.name.as_str()).collect();
        // What an index holds that the catalog does not have is not known either.
        let foreign = terms.into_iter().flat_map(|term| demanded(term, "index")).any(|index| {
            let wanted = index.text.to_lowercase();
            !indexes.iter().any(|known| matches(&wanted, &known.to_lowercase()))
        });
        for (field, known) in [("index", indexes), ("sourcetype", sourcetypes)] {
            if field == "sourcetype" && foreign {
                continue;
            }
            for literal in terms.into_iter().flat_map(|term| demanded(term, field)) {
                self.source(field, literal, &known);
            }
        }
        if let Body::Stats(stats) = &one.body
            && let Some(From { source: Some(source), kind: Some(kind), .. }) = &stats.from
            && kind.text == "datamodel"
            && source.form != NameForm::Macro
            && !source.text.contains('$')
        {
            let models: BTreeSet<&str> = catalog
                .tables
                .iter()
                .filter(|table| table.kind == TableKind::DataModel)
                .filter_map(|table| table.schema.as_deref())
                .collect();
            let name = source.text.split('.').next().unwrap_or("");
            if !models.is_empty() && !models.iter().any(|model| model.eq_ignore_ascii_case(name)) {
                let near = did_you_mean(name, models.iter().copied());
                let span = Span::new(source.span.start, source.span.start + name.len());
                self.unknown(span, "unknown-data-model", format!("There is no data model `{name}`"), near, true);
            }
        }
    }

    fn source(&mut self, field: &str, literal: &Literal, known: &BTreeSet<&str>) {
        let text = literal.text.as_str();
        // Splunk's own indexes are told to few; they exist all the same.
        let hidden = text.starts_with('_') || text.contains(['$', '{']);
        let wanted = text.to_lowercase();
        if known.is_empty() || hidden || known.iter().any(|name| matches(&wanted, &name.to_lowercase())) {
            return;
        }
        let code = if field == "index" { "unknown-index" } else { "unknown-sourcetype" };
        let near = did_you_mean(text, known.iter().copied());
        self.unknown(literal.span, code, format!("There is no {field} `{text}` with events"), near, false);
    }

    // ---- fields ----

    fn fields(&mut self, one: &Command, fields: &Fields, first: bool) {
        let closed = !fields.open;
        if (first && fields.tables.is_empty()) || matches!(one.body, Body::Foreach { .. } | Body::Join { .. }) {
            return;
        }
        let mut told = BTreeSet::new();
        let mut asked = Vec::new();
        tolerated(one, &mut asked);
        for name in references(one) {
            // An assignment sees those before it in the same `eval`.
            let assigned = matches!(&one.body, Body::Eval(assignments)
                if assignments.iter().any(|one| one.span.end <= name.span.start && one.field.text == name.text));
            if asked.contains(&name.span) || assigned {
                continue;
            }
            let text = name.text.as_str();
            let plain = text.parse::<f64>().is_err() && !DEFAULT_FIELDS.contains(&text);
            if !plain || !fields.lacks(text) || !told.insert(name.span) {
                continue;
            }
            let names = fields.list.iter().map(|field| field.name.as_str());
            let near = did_you_mean(text, names.filter(|known| !known.starts_with("date_")));
            if closed {
                // Removing or filling what is not there does nothing, and is often written to be safe.
                if !matches!(&one.body, Body::Fields { remove: true, .. } | Body::Fill(_)) {
                    let message = format!("No field `{text}` is left here: the commands before do not keep or make it");
                    self.unknown(name.span, "unknown-field", message, near, false);
                }
            } else if !fields.tables.is_empty() && near.is_some_and(|near| alike(text, near)) {
                let message = format!("No event that was looked at has a field `{text}`");
                self.unknown(name.span, "unknown-field", message, near, false);
            }
        }
    }

    /// A name that is not known, with the one that was most likely meant.
    fn unknown(&mut self, span: Span, code: &'static str, message: String, near: Option<&str>, error: bool) {
        let make = if error { Diagnostic::error } else { Diagnostic::warning };
        let diagnostic = match near {
            Some(near) => make(span, code, format!("{message}; did you mean `{near}`?")).with_fix(Fix::replace(
                format!("Change to `{near}`"),
                span,
                near,
            )),
            None => make(span, code, format!("{message}.")),
        };
        self.found.push(diagnostic);
    }
}

/// Alike enough to be a slip of the keys: fields that are not known may well exist.
fn alike(written: &str, known: &str) -> bool {
    nlq_text::similarity(&written.to_lowercase(), &known.to_lowercase()) >= 0.75
}

/// The fields that a command only asks for, so that they may be missing: arguments of `coalesce`, `isnull` and `isnotnull`.
fn tolerated(one: &Command, found: &mut Vec<Span>) {
    fn in_expr(expr: &Expr, asked: bool, found: &mut Vec<Span>) {
        match &expr.kind {
            ExprKind::Field(name) if asked => found.push(name.span),
            ExprKind::Call { function, .. } => {
                let asks = asked || matches!(function.text.as_str(), "coalesce" | "isnull" | "isnotnull" | "nullif");
                expr.operands().for_each(|operand| in_expr(operand, asks, found));
            }
            _ => expr.operands().for_each(|operand| in_expr(operand, asked, found)),
        }
    }
    match &one.body {
        Body::Where(expr) => in_expr(expr, false, found),
        Body::Eval(assignments) => assignments.iter().for_each(|one| in_expr(&one.value, false, found)),
        _ => {}
    }
}

fn known_or_denied(name: &str) -> bool {
    command(name).is_some() || super::vocabulary::denied(name).is_some()
}

/// A command that is a macro, or a search of nothing but macros.
fn only_macros(one: &Command) -> bool {
    match &one.body {
        Body::Macro { .. } => true,
        Body::Search(Some(term)) => macro_term(term),
        _ => false,
    }
}

fn macro_term(term: &Term) -> bool {
    match &term.kind {
        TermKind::Macro(_) => true,
        TermKind::And(terms) => terms.iter().all(macro_term),
        _ => false,
    }
}
