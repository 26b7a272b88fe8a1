//! Which fields there are behind each command: what it leaves of those before it, and what it makes.

use nlq_catalog::{ColumnId, ObjectKind, TableId, TableKind};

use super::{
    references::{demanded, in_aggregation, in_expr},
    tree::*,
};
use crate::QueryContext;

/// Fields that every event has.
pub(super) const DEFAULT_FIELDS: &[&str] = &[
    "_time",
    "_raw",
    "host",
    "source",
    "sourcetype",
    "index",
    "linecount",
    "punct",
    "splunk_server",
    "timestamp",
    "_indextime",
    "_cd",
    "_bkt",
    "date_hour",
    "date_mday",
    "date_minute",
    "date_month",
    "date_second",
    "date_wday",
    "date_year",
    "date_zone",
    "eventtype",
    "tag",
];

/// A field at some place of a pipeline.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    /// What it is in the catalog, while it is just that.
    pub(super) column: Option<ColumnId>,
    /// It shows something of a sensitive column.
    pub(super) sensitive: bool,
}

/// The fields at some place of a pipeline, in the order of a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Fields {
    pub(super) list: Vec<Field>,
    /// There may be others.
    pub(super) open: bool,
    /// What the others hold may be sensitive.
    pub(super) others_sensitive: bool,
    /// The tables that the events come from, as far as the catalog has them.
    pub(super) tables: Vec<TableId>,
}

impl Fields {
    pub(super) fn find(&self, name: &str) -> Option<&Field> {
        self.list.iter().find(|field| field.name == name)
    }

    /// Whether a name, which may hold `*`, stands for nothing that is known here.
    pub(super) fn lacks(&self, name: &str) -> bool {
        !self.list.iter().any(|field| matches(name, &field.name))
    }

    fn sensitive(&self, name: &str) -> bool {
        let known: Vec<&Field> = self.list.iter().filter(|field| matches(name, &field.name)).collect();
        known.iter().any(|field| field.sensitive)
            || (self.open && self.others_sensitive && (known.is_empty() || name.contains('*')))
    }

    fn set(&mut self, name: &str, sensitive: bool) {
        let field = Field { name: name.to_owned(), column: None, sensitive };
        match self.list.iter_mut().find(|known| known.name == name) {
            Some(known) => *known = field,
            None => self.list.push(field),
        }
    }

    fn set_all(&mut self, names: impl IntoIterator<Item = impl AsRef<str>>, sensitive: bool) {
        for name in names {
            self.set(name.as_ref(), sensitive);
        }
    }

    /// The field as it is, or as far as is known.
    fn copy(&self, name: &str) -> Field {
        let unknown = || Field { name: name.to_owned(), column: None, sensitive: self.sensitive(name) };
        self.find(name).cloned().unwrap_or_else(unknown)
    }

    fn lose(&mut self) {
        self.open = true;
        self.others_sensitive |= self.list.iter().any(|field| field.sensitive);
    }
}

/// Whether a name with `*` stands for another.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(start) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or("");
    for part in parts {
        match name.find(part) {
            Some(at) => name = &name[at + part.len()..],
            None => return false,
        }
    }
    name.ends_with(end)
}

/// Goes through a pipeline; tells `visit` of each command, also of subsearches, and of the fields before it.
pub(super) fn walk<'a>(
    pipeline: &'a Pipeline,
    context: QueryContext<'_>,
    visit: &mut dyn FnMut(&'a Command, &Fields, bool),
) -> Fields {
    Flow { context }.pipeline(pipeline, None, visit)
}

struct Flow<'c> {
    context: QueryContext<'c>,
}

impl<'c> Flow<'c> {
    fn pipeline<'a>(
        &self,
        pipeline: &'a Pipeline,
        start: Option<&Fields>,
        visit: &mut dyn FnMut(&'a Command, &Fields, bool),
    ) -> Fields {
        let mut fields = start.cloned().unwrap_or_default();
        for (index, command) in pipeline.commands.iter().enumerate() {
            let first = index == 0 && start.is_none();
            if first {
                fields = self.source(command);
            }
            visit(command, &fields, first);
            let inner: Vec<Fields> = command
                .subsearches()
                .into_iter()
                .map(|search| {
                    let starts = matches!(command.name.text.as_str(), "appendpipe" | "foreach");
                    self.pipeline(search, starts.then_some(&fields), visit)
                })
                .collect();
            fields = self.after(command, fields, &inner);
        }
        fields
    }

    /// What a first command finds: of `search` the fields of its events, of other commands what they make.
    fn source(&self, command: &Command) -> Fields {
        let tables = match &command.body {
            Body::Search(Some(term)) => self.tables_of(term),
            Body::Stats(stats) if command.name.text == "tstats" => match (&stats.from, &stats.filter) {
                (Some(from), _) => self.model(from),
                (None, Some(term)) => self.tables_of(term),
                (None, None) => Vec::new(),
            },
            _ => Vec::new(),
        };
        let Some(catalog) = self.context.catalog else {
            return Fields {
                open: true,
                others_sensitive: self.context.annotations.has_sensitive(),
                ..Fields::default()
            };
        };
        let mut fields = Fields { open: true, tables, ..Fields::default() };
        // Nothing pins the events to one table: they may be of any.
        let all: Vec<TableId>;
        let sources = if fields.tables.is_empty() {
            all = catalog.table_ids().map(|(id, _)| id).collect();
            &all
        } else {
            &fields.tables
        };
        for table in sources {
            let model = catalog.table(*table).kind == TableKind::DataModel;
            for (id, column) in catalog.column_ids(*table) {
                let told = catalog.table(*table);
                let sensitive = self.context.annotations.is_sensitive(told.schema.as_deref(), &told.name, &column.name);
                let prefixed = model && !column.name.contains('.') && !column.name.starts_with('_');
                let name = if prefixed { format!("{}.{}", told.name, column.name) } else { column.name.clone() };
                fields.others_sensitive |= sensitive;
                if fields.find(&name).is_none() {
                    fields.list.push(Field { name, column: Some(id), sensitive });
                }
            }
        }
        for name in DEFAULT_FIELDS {
            if fields.find(name).is_none() {
                let sensitive = *name == "_raw" && fields.others_sensitive;
                fields.list.push(Field { name: (*name).to_owned(), column: None, sensitive });
            }
        }
        fields
    }

    /// The tables of the catalog that a search looks in, by its index and sourcetype.
    pub(super) fn tables_of(&self, term: &Term) -> Vec<TableId> {
        let Some(catalog) = self.context.catalog else { return Vec::new() };
        let (indexes, sourcetypes) = (demanded(term, "index"), demanded(term, "sourcetype"));
        if indexes.is_empty() && sourcetypes.is_empty() {
            return Vec::new();
        }
        let fits = |wanted: &[&Literal], name: &str| {
            let name = name.to_lowercase();
            wanted.is_empty() || wanted.iter().any(|literal| matches(&literal.text.to_lowercase(), &name))
        };
        let events = catalog.table_ids().filter(|(_, table)| {
            table.kind != TableKind::DataModel
                && fits(&indexes, table.schema.as_deref().unwrap_or(""))
                && fits(&sourcetypes, &table.name)
        });
        events.map(|(id, _)| id).collect()
    }

    fn model(&self, from: &From) -> Vec<TableId> {
        let (Some(catalog), Some(source)) = (self.context.catalog, &from.source) else { return Vec::new() };
        let mut parts = source.text.split('.');
        let model = parts.next().unwrap_or("");
        let dataset = parts.next_back();
        let datasets = catalog.table_ids().filter(|(_, table)| {
            table.kind == TableKind::DataModel
                && table.schema.as_deref().is_some_and(|schema| schema.eq_ignore_ascii_case(model))
                && dataset.is_none_or(|dataset| table.name.eq_ignore_ascii_case(dataset))
        });
        datasets.map(|(id, _)| id).collect()
    }

    fn after(&self, command: &Command, mut fields: Fields, inner: &[Fields]) -> Fields {
        match &command.body {
            Body::Search(_)
            | Body::Where(_)
            | Body::Sort(_)
            | Body::Dedup { .. }
            | Body::Head { .. }
            | Body::Regex { .. }
            | Body::Fill(_)
            | Body::Replace { .. } => {}
            Body::Eval(assignments) => {
                for one in assignments {
                    if one.field.text.contains(['{', '$', '<']) {
                        fields.lose();
                    } else {
                        let sensitive = expr_sensitive(&one.value, &fields);
                        fields.set(&one.field.text, sensitive);
                    }
                }
            }
            Body::Stats(stats) => return after_stats(command, stats, fields),
            Body::Top { fields: counted, by, .. } => {
                let mut list: Vec<Field> = by.iter().chain(counted).map(|name| fields.copy(&name.text)).collect();
                for (option, name) in [("countfield", "count"), ("percentfield", "percent")] {
                    let name = command.option(option).unwrap_or(name).to_owned();
                    list.push(Field { name, column: None, sensitive: false });
                }
                return Fields { list, tables: fields.tables, ..Fields::default() };
            }
            Body::Fields { remove: true, fields: gone } => {
                fields.list.retain(|field| !gone.iter().any(|name| matches(&name.text, &field.name)));
            }
            Body::Fields { remove: false, fields: kept } => {
                let mut list: Vec<Field> = Vec::new();
                let mut open = false;
                for name in kept {
                    if name.form == NameForm::Macro || name.text.contains('$') {
                        open = true;
                    } else if name.text.contains('*') {
                        open |= fields.open;
                        list.extend(fields.list.iter().filter(|field| matches(&name.text, &field.name)).cloned());
                    } else {
                        list.push(fields.copy(&name.text));
                    }
                }
                if command.name.text == "fields" {
                    let inner = ["_time", "_raw"].into_iter().filter(|name| fields.find(name).is_some());
                    list.extend(inner.map(|name| fields.copy(name)).collect::<Vec<_>>());
                }
                let mut names = std::collections::HashSet::new();
                list.retain(|field| names.insert(field.name.clone()));
                return Fields { list, open, ..fields };
            }
            Body::Rename(pairs) => {
                for pair in pairs {
                    rename(&mut fields, &pair.field.text, &pair.output().text);
                }
            }
            Body::Rex { pattern } => {
                let sensitive = fields.sensitive(command.option("field").unwrap_or("_raw"));
                if command.option("mode") != Some("sed") {
                    let groups = pattern.as_ref().map(|pattern| named_groups(&pattern.text)).unwrap_or_default();
                    fields.set_all(&groups, sensitive);
                }
            }
            Body::Bin(Some(bin)) => {
                if let Some(alias) = &bin.alias {
                    let sensitive = fields.sensitive(&bin.field.text);
                    fields.set(&alias.text, sensitive);
                }
            }
            Body::Bin(None) => {}
            Body::Transaction { .. } => {
                for name in ["duration", "eventcount", "closed_txn", "field_match_sum", "linecount"] {
                    fields.set(name, false);
                }
            }
            Body::Lookup { table, outputs, .. } => {
                let columns = self.lookup(&table.text);
                if outputs.is_empty() {
                    match columns {
                        Some(columns) => fields.set_all(columns, false),
                        None => fields.lose(),
                    }
                }
                fields.set_all(outputs.iter().map(|output| &output.output().text), false);
            }
            Body::InputLookup { table, .. } => {
                let made = match self.lookup(&table.text) {
                    Some(columns) => {
                        let mut made = Fields::default();
                        made.set_all(columns, false);
                        made
                    }
                    None => Fields { open: true, ..Fields::default() },
                };
                if command.flag("append", false) { merge(&mut fields, &made) } else { return made }
            }
            Body::Join { .. } | Body::Combine { .. } => {
                if ["multisearch", "union", "set"].contains(&command.name.text.as_str()) && fields.tables.is_empty() {
                    fields = Fields::default();
                }
                let words = matches!(&command.body, Body::Combine { words, .. } if command.name.text == "union" && !words.is_empty());
                for other in inner {
                    merge(&mut fields, other);
                }
                if words {
                    fields.lose();
                }
            }
            Body::Foreach { .. } => fields.lose(),
            Body::Convert(conversions) => {
                for one in conversions {
                    if let Some(alias) = &one.alias {
                        let sensitive = fields.sensitive(&one.field.text);
                        fields.set(&alias.text, sensitive);
                    }
                }
            }
            Body::Macro { .. } => fields.lose(),
            Body::Other { arguments, .. } => return other(command, arguments, fields),
        }
        fields
    }

    fn lookup(&self, name: &str) -> Option<&'c [String]> {
        let objects = &self.context.catalog?.objects;
        let found = objects.iter().find(|object| object.kind == ObjectKind::Lookup && object.name == name)?;
        (!found.arguments.is_empty()).then_some(found.arguments.as_slice())
    }
}

fn after_stats(command: &Command, stats: &Stats, mut fields: Fields) -> Fields {
    let outputs: Vec<Field> = stats
        .aggregations
        .iter()
        .map(|one| Field {
            name: one.output().to_owned(),
            column: None,
            sensitive: aggregation_sensitive(one, &fields),
        })
        .collect();
    let unknown = outputs.iter().any(|output| output.name.contains(['*', '`', '$']))
        || stats.by.iter().any(|name| name.form == NameForm::Macro || name.text.contains('$'));
    let name = command.name.text.as_str();
    if matches!(name, "eventstats" | "streamstats") {
        for output in &outputs {
            fields.set(&output.name, output.sensitive);
        }
        if unknown {
            fields.lose();
        }
        return fields;
    }
    let mut groups: Vec<&Name> = stats.over.iter().chain(&stats.by).collect();
    let chart = matches!(name, "chart" | "sichart");
    let over_time = matches!(name, "timechart" | "sitimechart");
    // The values of the last group become the names of columns.
    let split = if (chart && groups.len() > 1) || over_time { groups.pop() } else { None };
    let mut made = Fields { tables: fields.tables.clone(), ..Fields::default() };
    if over_time {
        made.list.push(Field { name: "_time".into(), column: None, sensitive: false });
    }
    made.list.extend(groups.iter().map(|name| fields.copy(&name.text)));
    made.open =
        unknown || split.is_some() || name.starts_with("si") || name == "geostats" || command.flag("prestats", false);
    made.others_sensitive =
        split.is_some_and(|name| fields.sensitive(&name.text)) || outputs.iter().any(|output| output.sensitive);
    if split.is_none() || stats.by.is_empty() {
        made.list.extend(outputs.into_iter().filter(|output| !output.name.contains(['*', '`'])));
    }
    made
}

fn expr_sensitive(expr: &Expr, fields: &Fields) -> bool {
    let mut names = Vec::new();
    in_expr(expr, &mut names);
    names.iter().any(|name| fields.sensitive(&name.text))
}

/// An aggregation shows values of what it reads, but for one that counts.
fn aggregation_sensitive(one: &Aggregation, fields: &Fields) -> bool {
    if let AggregationKind::Call { function, .. } = &one.kind
        && matches!(function.text.as_str(), "count" | "c" | "dc" | "distinct_count" | "estdc" | "estdc_error")
    {
        return false;
    }
    let mut names = Vec::new();
    in_aggregation(one, &mut names);
    matches!(one.kind, AggregationKind::Macro(_)) && fields.others_sensitive
        || names.iter().any(|name| fields.sensitive(&name.text))
}

fn merge(fields: &mut Fields, other: &Fields) {
    fields.open |= other.open;
    fields.others_sensitive |= other.others_sensitive;
    for field in &other.list {
        match fields.list.iter_mut().find(|known| known.name == field.name) {
            Some(known) => known.sensitive |= field.sensitive,
            None => fields.list.push(field.clone()),
        }
    }
}

fn rename(fields: &mut Fields, from: &str, to: &str) {
    if from.contains(['`', '$']) || to.contains(['`', '$']) {
        return fields.lose();
    }
    if let (Some((start, end)), Some((new_start, new_end))) = (from.split_once('*'), to.split_once('*')) {
        for field in &mut fields.list {
            let middle = field.name.strip_prefix(start).and_then(|rest| rest.strip_suffix(end));
            if let Some(middle) = middle {
                field.name = format!("{new_start}{middle}{new_end}");
            }
        }
        return;
    }
    let field = Field { name: to.to_owned(), ..fields.copy(from) };
    let place = fields.list.iter().position(|known| known.name == from).unwrap_or(fields.list.len());
    fields.list.retain(|known| known.name != from && known.name != to);
    fields.list.insert(place.min(fields.list.len()), field);
}

/// The names of the groups `(?<name>..)` and `(?P<name>..)` of a regular expression.
fn named_groups(pattern: &str) -> Vec<String> {
    let starts = pattern.match_indices("(?").map(|(at, _)| &pattern[at + 2..]);
    let names = starts.filter_map(|rest| rest.strip_prefix('P').unwrap_or(rest).strip_prefix('<')?.split_once('>'));
    names
        .map(|(name, _)| name)
        .filter(|name| !name.is_empty() && !name.starts_with(['=', '!']))
        .map(str::to_owned)
        .collect()
}

/// What commands without a body of their own make.
fn other(command: &Command, arguments: &[Argument], mut fields: Fields) -> Fields {
    let made = |names: &[&str]| {
        let mut made = Fields::default();
        made.set_all(names, false);
        made
    };
    match command.name.text.as_str() {
        "makeresults" if command.setting("data").is_none() => {
            let mut made = made(&["_time"]);
            if command.flag("annotate", false) {
                made.set_all(["_raw", "host", "source", "sourcetype", "splunk_server", "splunk_server_group"], false);
            }
            return made;
        }
        "eventcount" => return made(&["count", "index", "server", "size_bytes", "list_vix", "provider"]),
        "metadata" => {
            let kind = command.option("type").unwrap_or("hosts").trim_end_matches('s').to_owned();
            return made(&[kind.as_str(), "type", "firstTime", "lastTime", "recentTime", "totalCount"]);
        }
        "fieldsummary" => {
            return made(&[
                "field",
                "count",
                "distinct_count",
                "is_exact",
                "max",
                "mean",
                "min",
                "numeric_count",
                "stdev",
                "values",
            ]);
        }
        "addinfo" => {
            fields.set_all(["info_min_time", "info_max_time", "info_sid", "info_search_time"], false);
        }
        "addtotals" => fields.set(command.option("fieldname").unwrap_or("Total"), false),
        "rangemap" => fields.set("range", false),
        "mvexpand" | "makemv" | "nomv" | "mvcombine" | "reverse" | "uniq" | "localop" | "require" | "highlight"
        | "makecontinuous" | "addcoltotals" | "redistribute" | "outlier" => {}
        "accum" | "delta" | "autoregress" => {
            for alias in arguments.iter().filter_map(|argument| argument.alias.as_ref()) {
                fields.set(&alias.text, true);
            }
            if arguments.iter().all(|argument| argument.alias.is_none()) {
                fields.lose();
            }
        }
        "strcat" => {
            if let Some(target) = command.words().last() {
                let sensitive = fields.others_sensitive || fields.list.iter().any(|field| field.sensitive);
                fields.set(&target.text.clone(), sensitive);
            }
        }
        "iplocation" => {
            let prefix = command.option("prefix").unwrap_or("").to_owned();
            for name in ["City", "Country", "Region", "lat", "lon"] {
                fields.set(&format!("{prefix}{name}"), false);
            }
        }
        _ => fields.lose(),
    }
    fields
}
