use nlq_catalog::{Catalog, ObjectKind, TableKind};
use nlq_text::Span;

use super::{
    flow::{Fields, walk},
    parse,
    statements::search_start,
    symbols::{explain_command, explain_function, explained_macros},
    vocabulary::{CommandKind, FunctionInfo, command, commands, eval_functions, stats_functions},
};
use crate::{Completion, CompletionKind, QueryContext};

/// More than this no menu shows.
const MAX_COMPLETIONS: usize = 200;

/// What could stand at `offset` of a search that may be half-typed; best first.
pub(crate) fn complete(text: &str, offset: usize, context: QueryContext<'_>) -> Vec<Completion> {
    let offset = (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let Some(start) = search_start(text, offset) else { return Vec::new() };
    let place = Place::of(&text[start..offset]);
    let mut completer = Completer { context, place, shift: start, found: Vec::new() };
    completer.run(&text[start..offset]);
    let mut found = completer.found;
    found.sort_by(|a, b| a.rank.cmp(&b.rank).then_with(|| a.label.cmp(&b.label)));
    found.dedup_by(|a, b| a.label == b.label);
    found.truncate(MAX_COMPLETIONS);
    found
}

/// Where the cursor stands in what was typed before it.
#[derive(Debug, Default)]
struct Place {
    /// Where the command starts, behind its `|` or `[`; 0 where there is none.
    command: usize,
    /// The command follows a `|` or `[`.
    piped: bool,
    /// Where the word starts that is being typed.
    word: usize,
    inside: Inside,
    /// Open parentheses of this command.
    parentheses: usize,
}

#[derive(Debug, Default, PartialEq)]
enum Inside {
    #[default]
    Command,
    String,
    Macro,
    Comment,
}

impl Place {
    fn of(text: &str) -> Self {
        let mut place = Self::default();
        let mut outer: Vec<(usize, bool, usize)> = Vec::new();
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let rest = &text[at..];
            let closed = |open: usize, end: &str| rest[open..].find(end).map(|length| at + open + length + end.len());
            match bytes[at] {
                b'`' => {
                    let comment = rest.starts_with("```");
                    let (open, end) = if comment { (3, "```") } else { (1, "`") };
                    match closed(open, end) {
                        Some(end) => at = end,
                        None => {
                            place.inside = if comment { Inside::Comment } else { Inside::Macro };
                            place.word = at + open;
                            return place;
                        }
                    }
                    place.word = at;
                }
                b'"' => {
                    place.word = at + 1;
                    at += 1;
                    while at < bytes.len() && bytes[at] != b'"' {
                        at += if bytes[at] == b'\\' { 2 } else { 1 };
                    }
                    if at >= bytes.len() {
                        place.inside = Inside::String;
                        return place;
                    }
                    at += 1;
                    place.word = at;
                }
                b'\\' if matches!(bytes.get(at + 1), Some(b'|' | b'"' | b'\\')) => at += 2,
                b'|' | b'[' => {
                    if bytes[at] == b'[' {
                        outer.push((place.command, place.piped, place.parentheses));
                    }
                    at += 1;
                    (place.command, place.piped, place.word, place.parentheses) = (at, true, at, 0);
                }
                b']' => {
                    at += 1;
                    if let Some((command, piped, parentheses)) = outer.pop() {
                        (place.command, place.piped, place.parentheses) = (command, piped, parentheses);
                    }
                    place.word = at;
                }
                byte => {
                    match byte {
                        b'(' => place.parentheses += 1,
                        b')' => place.parentheses = place.parentheses.saturating_sub(1),
                        _ => {}
                    }
                    at += rest.chars().next().map_or(1, char::len_utf8);
                    if byte.is_ascii_whitespace() || b"(),=<>!+".contains(&byte) {
                        place.word = at;
                    }
                }
            }
        }
        place.word = place.word.min(text.len());
        place
    }
}

struct Completer<'a> {
    context: QueryContext<'a>,
    place: Place,
    /// Where the search starts in the whole text.
    shift: usize,
    found: Vec<Completion>,
}

impl Completer<'_> {
    fn run(&mut self, text: &str) {
        let typed = &text[self.place.word..];
        match self.place.inside {
            Inside::Comment => return,
            Inside::Macro => return self.macros(typed),
            Inside::String | Inside::Command => {}
        }
        let body = text[self.place.command..self.place.word.max(self.place.command)].trim_start();
        // The word after a pipe is a command's name; what starts a text is a search.
        if self.place.piped && body.is_empty() && self.place.inside == Inside::Command {
            return self.commands(typed, text);
        }
        let name = if self.place.piped {
            body.split(|c: char| c.is_whitespace() || c == '(').next().unwrap_or("").to_ascii_lowercase()
        } else {
            "search".to_owned()
        };
        let before = text[..self.place.word].trim_end_matches('"').trim_end();
        if let Some(field) = compared(before) {
            self.values(&field, typed, self.place.inside == Inside::String);
            // In an expression the other side may as well be computed.
            if !matches!(name.as_str(), "eval" | "where" | "fieldformat") {
                return;
            }
        }
        if self.place.inside == Inside::String {
            return;
        }
        let last = before.rsplit(|c: char| c.is_whitespace() || c == ',').next().unwrap_or("").to_ascii_lowercase();
        let fields = self.fields_before(text);
        let words = body.split_whitespace().count();
        let grouped = body.split_whitespace().any(|word| word.eq_ignore_ascii_case("by"));
        match name.as_str() {
            "search" | "metasearch" => {
                self.words(typed, &["index=", "sourcetype=", "source=", "host=", "earliest=", "latest="], 1);
                self.words(typed, &["AND", "OR", "NOT", "IN"], 4);
                self.fields(typed, &fields, 1);
            }
            "eval" | "where" | "fieldformat" => {
                self.fields(typed, &fields, 1);
                self.functions(typed, eval_functions(), 2);
                self.words(typed, &["AND", "OR", "NOT", "LIKE", "IN", "XOR"], 4);
            }
            "lookup" | "inputlookup" | "outputlookup" if words <= 1 => self.lookups(typed),
            "lookup" => {
                self.fields(typed, &fields, 1);
                self.words(typed, &["AS", "OUTPUT", "OUTPUTNEW"], 3);
            }
            _ if is_stats(&name) => {
                let fields_only = self.place.parentheses > 0 || grouped;
                self.fields(typed, &fields, if fields_only { 1 } else { 3 });
                if !fields_only && last != "as" {
                    self.functions(typed, stats_functions(), 1);
                    self.words(typed, &["AS", "BY"], 2);
                    if name == "tstats" {
                        self.words(typed, &["FROM", "WHERE"], 2);
                    }
                }
                if name == "tstats" && last == "from" {
                    self.models(typed, true);
                }
                self.options(typed, &name);
            }
            _ => {
                self.fields(typed, &fields, 1);
                self.options(typed, &name);
            }
        }
    }

    /// The fields in front of the command that is being typed.
    fn fields_before(&self, text: &str) -> Fields {
        let whole = parse(text);
        let mut at: Option<Fields> = None;
        walk(&whole.pipeline, self.context, &mut |one, fields, _| {
            if one.span.start <= self.place.word {
                at = Some(fields.clone());
            }
        });
        let Some(last) = at else {
            // A search of no command yet.
            let mut source = None;
            walk(&parse("search").pipeline, self.context, &mut |_, fields, _| source = Some(fields.clone()));
            return source.unwrap_or_default();
        };
        // A command that is only named is not in the tree: what stands before it counts.
        let command = text[..self.place.command].trim_end().trim_end_matches(['|', '[']);
        let known = whole.pipeline.all_commands().iter().any(|one| one.span.start >= self.place.command);
        if known || !self.place.piped || command.trim().is_empty() {
            return last;
        }
        walk(&parse(command).pipeline, self.context, &mut |_, _, _| {})
    }

    fn add(
        &mut self,
        label: &str,
        typed: &str,
        kind: CompletionKind,
        detail: &str,
        documentation: Option<String>,
        rank: u8,
    ) {
        // What starts as typed comes before what only holds it.
        let (lower, wanted) = (label.to_lowercase(), typed.trim_start_matches(['\'', '-', '+']).to_lowercase());
        if !lower.contains(&wanted) {
            return;
        }
        let rank = rank * 2 + u8::from(!lower.starts_with(&wanted));
        let start = self.shift + self.place.word;
        let span = Span::new(start + (typed.len() - typed.trim_start_matches(['-', '+']).len()), start + typed.len());
        self.found.push(Completion {
            label: label.to_owned(),
            span,
            kind,
            detail: detail.to_owned(),
            documentation,
            rank,
        });
    }

    fn commands(&mut self, typed: &str, text: &str) {
        let typed = typed.trim_start();
        self.place.word = text.len() - typed.len();
        let before = text[..self.place.command].trim_end();
        let opening = before.strip_suffix('|').unwrap_or(before).trim_end();
        let first = opening.is_empty() || opening.ends_with('[');
        for info in commands() {
            let kind = match info.kind {
                CommandKind::Generating => "generating",
                CommandKind::Streaming => "streaming",
                CommandKind::Transforming => "transforming",
            };
            let fits = (info.kind == CommandKind::Generating) == first || info.name == "search";
            let denied = super::vocabulary::denied(info.name).is_some();
            let rank = u8::from(!fits) + 3 * u8::from(denied);
            self.add(info.name, typed, CompletionKind::Command, kind, Some(explain_command(info)), rank);
        }
    }

    fn macros(&mut self, typed: &str) {
        let Some(catalog) = self.context.catalog else { return };
        for (object, explanation) in explained_macros(catalog) {
            let label = if object.arguments.is_empty() {
                object.name.clone()
            } else {
                format!("{}({})", object.name, object.arguments.join(", "))
            };
            self.add(&label, typed, CompletionKind::Function, "macro", Some(explanation), 1);
        }
    }

    fn functions(&mut self, typed: &str, functions: &[FunctionInfo], rank: u8) {
        for info in functions {
            self.add(info.name, typed, CompletionKind::Function, info.form, Some(explain_function(info)), rank);
        }
    }

    fn words(&mut self, typed: &str, words: &[&str], rank: u8) {
        for word in words {
            self.add(word, typed, CompletionKind::Keyword, "", None, rank);
        }
    }

    fn options(&mut self, typed: &str, name: &str) {
        let Some(info) = command(name) else { return };
        for key in info.options.iter().filter(|key| **key != "*") {
            self.add(&format!("{key}="), typed, CompletionKind::Keyword, "option", None, 3);
        }
    }

    fn fields(&mut self, typed: &str, fields: &Fields, rank: u8) {
        for field in &fields.list {
            let known = field.column.and_then(|column| Some((self.context.catalog?, column)));
            let (detail, told) = match known {
                Some((catalog, id)) => {
                    let table = catalog.table(id.table);
                    let column = catalog.column(id);
                    let told = self.context.annotations.column(table.schema.as_deref(), &table.name, &column.name);
                    (format!("{} · {}", table.name, column.type_name), told.and_then(|told| told.description.clone()))
                }
                None => ("field".to_owned(), None),
            };
            let rank = if super::flow::DEFAULT_FIELDS.contains(&field.name.as_str()) { rank + 1 } else { rank };
            self.add(&field.name, typed, CompletionKind::Column, &detail, told, rank);
        }
    }

    fn lookups(&mut self, typed: &str) {
        let Some(catalog) = self.context.catalog else { return };
        for object in catalog.objects.iter().filter(|object| object.kind == ObjectKind::Lookup) {
            let detail = if object.arguments.is_empty() { "lookup".to_owned() } else { object.arguments.join(", ") };
            self.add(&object.name, typed, CompletionKind::Table, &detail, None, 1);
        }
    }

    fn models(&mut self, typed: &str, with_key: bool) {
        let Some(catalog) = self.context.catalog else { return };
        for table in catalog.tables.iter().filter(|table| table.kind == TableKind::DataModel) {
            let name = format!("{}.{}", table.schema.as_deref().unwrap_or(""), table.name);
            let label = if with_key { format!("datamodel={name}") } else { name };
            self.add(&label, typed, CompletionKind::Table, "data model", None, 0);
        }
    }

    /// The values of a field that stands before a comparison.
    fn values(&mut self, field: &str, typed: &str, quoted: bool) {
        let Some(catalog) = self.context.catalog else { return };
        let events = || catalog.tables.iter().filter(|table| table.kind != TableKind::DataModel);
        match field.to_ascii_lowercase().as_str() {
            "index" => {
                for index in events().filter_map(|table| table.schema.clone()) {
                    self.add(&index, typed, CompletionKind::Table, "index", None, 0);
                }
            }
            "sourcetype" => {
                for table in events() {
                    let index = table.schema.clone().unwrap_or_default();
                    self.add(&table.name, typed, CompletionKind::Table, &index, table.comment.clone(), 0);
                }
            }
            "datamodel" => self.models(typed, false),
            "earliest" | "latest" => {
                self.words(typed, &["-15m", "-60m@m", "-24h@h", "-7d@d", "-30d@d", "@d", "@w0", "@mon", "now"], 0);
            }
            _ => self.column_values(catalog, field, typed, quoted),
        }
    }

    fn column_values(&mut self, catalog: &Catalog, field: &str, typed: &str, quoted: bool) {
        let name = field.rsplit('.').next().unwrap_or(field);
        for (table, column) in
            catalog.tables.iter().flat_map(|table| table.columns.iter().map(move |column| (table, column)))
        {
            let schema = table.schema.as_deref();
            if column.name != name || self.context.annotations.is_sensitive(schema, &table.name, &column.name) {
                continue;
            }
            let told = self.context.annotations.column(schema, &table.name, &column.name);
            let told = told.map(|told| told.enum_values.clone()).unwrap_or_default();
            let sampled = column.values.as_ref().map(|sample| sample.values.clone()).unwrap_or_default();
            for value in told.into_iter().chain(sampled) {
                let bare = quoted || value.chars().all(|c| c.is_alphanumeric() || "_.-:/".contains(c));
                let label =
                    if bare { value } else { format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")) };
                self.add(&label, typed, CompletionKind::Value, field, None, 0);
            }
        }
    }
}

fn is_stats(name: &str) -> bool {
    matches!(
        name.strip_prefix("si").unwrap_or(name),
        "stats" | "eventstats" | "streamstats" | "chart" | "timechart" | "geostats" | "tstats" | "mstats"
    ) || matches!(name, "stats" | "streamstats")
}

/// The field of a comparison whose value comes next: after `field=`, `field!=`, or inside `field IN (`.
fn compared(before: &str) -> Option<String> {
    let word = |text: &str| {
        let text = text.trim_end().trim_end_matches('\'');
        let start = text.rfind(|c: char| c.is_whitespace() || "(,|['\"".contains(c)).map_or(0, |at| at + 1);
        (start < text.len()).then(|| text[start..].to_owned())
    };
    if let Some(text) = before.strip_suffix('=') {
        return word(text.trim_end_matches(['=', '!', '<', '>']));
    }
    let open = before.rfind('(').filter(|open| !before[*open..].contains(')'))?;
    let head = before[..open].trim_end();
    let cut = head
        .len()
        .checked_sub(2)
        .filter(|cut| head.is_char_boundary(*cut) && head[*cut..].eq_ignore_ascii_case("in"))?;
    head[..cut].ends_with(char::is_whitespace).then(|| word(&head[..cut])).flatten()
}
