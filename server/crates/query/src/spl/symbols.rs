use nlq_catalog::{Catalog, Object, ObjectKind, TableId, TableKind};
use nlq_text::Span;

use super::{
    check::with_parameters,
    expand::{definition, macros},
    flow::{Fields, walk},
    parse,
    references::{demanded, references},
    statements,
    tree::*,
    vocabulary::{CommandInfo, CommandKind, FunctionInfo, command, denied, eval_function, stats_function},
};
use crate::{QueryContext, Symbol, SymbolKind};

/// All names of a text of searches that were understood, by place: commands, functions, macros, lookups, indexes, sourcetypes,
/// data models, fields.
pub(crate) fn symbols(text: &str, context: QueryContext<'_>) -> Vec<Symbol> {
    let text = &with_parameters(text);
    let mut found = Vec::new();
    for span in statements(text) {
        let search = parse(span.of(text));
        let mut collector = Collector { context, found: Vec::new() };
        collector.search(&search);
        found.extend(collector.found.into_iter().map(|one| Symbol { span: one.span.shift(span.start), ..one }));
    }
    found.sort_by_key(|symbol| symbol.span);
    found.dedup_by_key(|symbol| symbol.span);
    found
}

struct Collector<'a> {
    context: QueryContext<'a>,
    found: Vec<Symbol>,
}

impl Collector<'_> {
    fn search(&mut self, search: &Search) {
        for call in &search.macros {
            let known = self.context.catalog.and_then(|catalog| definition(call, catalog));
            self.word(call.name.span, explain_macro(&call.name.text, known));
        }
        let mut fields: Vec<Symbol> = Vec::new();
        walk(&search.pipeline, self.context, &mut |one, before, _| {
            if let Some(info) = command(&one.name.text).filter(|_| !one.name.span.is_empty()) {
                let kind = SymbolKind::Word { explanation: explain_command(info) };
                fields.push(Symbol { span: one.name.span, kind });
            }
            fields.extend(references(one).into_iter().filter_map(|name| field(name, before)));
        });
        self.found.extend(fields);
        for one in search.pipeline.all_commands() {
            self.functions(one);
            self.objects(one);
        }
    }

    fn word(&mut self, span: Span, explanation: String) {
        self.found.push(Symbol { span, kind: SymbolKind::Word { explanation } });
    }

    fn functions(&mut self, one: &Command) {
        match &one.body {
            Body::Where(expr) | Body::Head { condition: Some(expr), .. } => self.expr(expr),
            Body::Eval(assignments) => assignments.iter().for_each(|one| self.expr(&one.value)),
            Body::Stats(stats) => stats.aggregations.iter().for_each(|one| self.aggregation(one)),
            _ => {}
        }
    }

    fn expr(&mut self, expr: &Expr) {
        if let ExprKind::Call { function, .. } = &expr.kind
            && let Some(info) = eval_function(&function.text).or_else(|| stats_function(&function.text))
        {
            self.word(function.span, explain_function(info));
        }
        expr.operands().for_each(|operand| self.expr(operand));
    }

    fn aggregation(&mut self, one: &Aggregation) {
        match &one.kind {
            AggregationKind::Macro(_) => {}
            AggregationKind::Eval(expr) => self.expr(expr),
            AggregationKind::Call { function, arguments } => {
                if let Some(info) = stats_function(&function.text) {
                    self.word(function.span, explain_function(info));
                }
                for argument in arguments {
                    match argument {
                        AggregationArgument::Field(_) => {}
                        AggregationArgument::Eval(expr) => self.expr(expr),
                        AggregationArgument::Nested(inner) => self.aggregation(inner),
                    }
                }
            }
        }
    }

    fn objects(&mut self, one: &Command) {
        let Some(catalog) = self.context.catalog else { return };
        match &one.body {
            Body::Lookup { table, .. } | Body::InputLookup { table, .. } => {
                if let Some(object) = object(catalog, ObjectKind::Lookup, &table.text) {
                    let columns: Vec<String> = object.arguments.iter().map(|column| format!("`{column}`")).collect();
                    let columns = if columns.is_empty() {
                        String::new()
                    } else {
                        format!("\n\nIts columns: {}.", columns.join(", "))
                    };
                    self.word(table.span, format!("**{}** *lookup*{columns}", object.name));
                }
            }
            Body::Search(Some(term)) => self.sources(term, catalog),
            Body::Stats(stats) => {
                stats.filter.iter().for_each(|term| self.sources(term, catalog));
                if let Some(From { source: Some(source), .. }) = &stats.from {
                    let mut parts = source.text.split('.');
                    let (model, dataset) = (parts.next().unwrap_or(""), parts.next_back());
                    let table = catalog.table_ids().find(|(_, table)| {
                        table.kind == TableKind::DataModel
                            && table.schema.as_deref().is_some_and(|schema| schema.eq_ignore_ascii_case(model))
                            && table.name.eq_ignore_ascii_case(dataset.unwrap_or(model))
                    });
                    self.table(source.span, table.map(|(id, _)| id));
                }
            }
            _ => {}
        }
    }

    fn sources(&mut self, term: &Term, catalog: &Catalog) {
        let (indexes, sourcetypes) = (demanded(term, "index"), demanded(term, "sourcetype"));
        for literal in &sourcetypes {
            let table = catalog.table_ids().find(|(_, table)| {
                table.kind != TableKind::DataModel
                    && table.name.eq_ignore_ascii_case(&literal.text)
                    && (indexes.is_empty()
                        || indexes.iter().any(|index| {
                            table.schema.as_deref().is_some_and(|schema| schema.eq_ignore_ascii_case(&index.text))
                        }))
            });
            self.table(literal.span, table.map(|(id, _)| id));
        }
        for literal in indexes {
            let inside: Vec<String> = catalog
                .tables
                .iter()
                .filter(|table| {
                    table.schema.as_deref().is_some_and(|schema| schema.eq_ignore_ascii_case(&literal.text))
                })
                .filter(|table| table.kind != TableKind::DataModel)
                .map(|table| format!("`{}`", table.name))
                .collect();
            if !inside.is_empty() {
                self.word(literal.span, format!("**{}** *index*\n\nSourcetypes: {}.", literal.text, inside.join(", ")));
            }
        }
    }

    fn table(&mut self, span: Span, table: Option<TableId>) {
        self.found.extend(table.map(|id| Symbol { span, kind: SymbolKind::Table(id) }));
    }
}

fn field(name: &Name, before: &Fields) -> Option<Symbol> {
    let known = before.find(&name.text)?;
    let kind = match known.column {
        Some(column) => SymbolKind::Column(column),
        None => SymbolKind::Derived { name: known.name.clone() },
    };
    Some(Symbol { span: name.span, kind })
}

fn object<'a>(catalog: &'a Catalog, kind: ObjectKind, name: &str) -> Option<&'a Object> {
    catalog.objects.iter().find(|object| object.kind == kind && object.name == name)
}

/// A command for people, Markdown.
pub(super) fn explain_command(info: &CommandInfo) -> String {
    let kind = match info.kind {
        CommandKind::Generating => "generating command",
        CommandKind::Streaming => "streaming command",
        CommandKind::Transforming => "transforming command",
    };
    let mut text = format!("**{}** *{kind}*\n\nIt {}.", info.name, info.does);
    let options: Vec<String> = info.options.iter().filter(|key| **key != "*").map(|key| format!("`{key}`")).collect();
    if !options.is_empty() {
        text += &format!("\n\nOptions: {}.", options.join(", "));
    }
    if let Some(reason) = denied(info.name) {
        text += &format!("\n\nnlq does not run it, because it {reason}.");
    }
    text
}

/// A function for people, Markdown.
pub(super) fn explain_function(info: &FunctionInfo) -> String {
    format!("`{}`\n\nGives {}.", info.form, info.gives)
}

/// A macro for people, Markdown.
pub(super) fn explain_macro(name: &str, known: Option<&Object>) -> String {
    let Some(known) = known else { return format!("**{name}** *macro*") };
    let arguments =
        if known.arguments.is_empty() { String::new() } else { format!("({})", known.arguments.join(", ")) };
    let text = known.definition.as_ref().map(|text| format!("\n\n````spl\n{text}\n````")).unwrap_or_default();
    format!("**{name}{arguments}** *macro*{text}")
}

/// The macros of a catalog, each with its explanation.
pub(super) fn explained_macros(catalog: &Catalog) -> Vec<(&Object, String)> {
    macros(catalog).map(|object| (object, explain_macro(&object.name, Some(object)))).collect()
}
