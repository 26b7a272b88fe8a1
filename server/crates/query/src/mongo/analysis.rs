//! What a query does with the documents on their way through it: which fields there are at each stage, which names mean
//! what, what cannot be, and which fields carry values of sensitive columns.

use std::collections::HashSet;

use nlq_catalog::{Catalog, ColumnId, TableId, TypeKind};
use nlq_text::{Diagnostic, Fix, Span, did_you_mean};

use super::{
    query::{MongoQuery, Operation},
    value::{Key, Node, Value},
    words::{self, Place},
};
use crate::{Outline, QueryContext, Symbol, SymbolKind};

/// A field that documents have at a stage.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    /// Its path.
    pub(super) path: String,
    /// The column whose values it holds as they are.
    pub(super) column: Option<ColumnId>,
    /// It shows values of a sensitive column.
    pub(super) sensitive: bool,
    /// What stands below it is not known.
    closed: bool,
}

/// The fields that documents have at a stage.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Shape {
    pub(super) fields: Vec<Field>,
    /// Others may be there too.
    pub(super) open: bool,
}

/// What was found out of a query.
#[derive(Debug, Default)]
pub(super) struct Analysis {
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) symbols: Vec<Symbol>,
    /// The documents at the end.
    pub(super) result: Shape,
    /// The documents before each stage of the outermost pipeline.
    pub(super) before: Vec<Shape>,
    pub(super) outline: Outline,
}

/// Follows a query.
pub(super) fn analyse(query: &MongoQuery, context: QueryContext<'_>) -> Analysis {
    let mut reader = Reader { context, found: Analysis::default() };
    let mut shape = reader.collection(&query.collection, query.collection_span);
    match &query.operation {
        Operation::Aggregate { pipeline } => {
            let last_sort = pipeline.iter().rposition(|stage| stage.get("$sort").is_some());
            let last_limit = pipeline.iter().rposition(|stage| stage.get("$limit").is_some());
            reader.found.outline.ranked = last_sort.is_some() && last_limit > last_sort;
            shape = reader.pipeline(pipeline, shape, true);
        }
        Operation::Find { filter, projection, sort, limit, .. } => {
            if let Some(filter) = filter {
                reader.filter(filter, &shape);
            }
            if let Some(sort) = sort {
                reader.sort(sort, &shape);
            }
            reader.found.outline.ranked = sort.is_some() && limit.is_some();
            if let Some(projection) = projection {
                shape = reader.project(projection, &shape);
            }
        }
        Operation::Count { filter } => {
            if let Some(filter) = filter {
                reader.filter(filter, &shape);
            }
            reader.found.outline.aggregated = true;
            shape = one("count");
        }
        Operation::Distinct { field, field_span, filter } => {
            if let Some(filter) = filter {
                reader.filter(filter, &shape);
            }
            let inner = Span::new(field_span.start + 1, field_span.end.saturating_sub(1));
            let sensitive = reader.path(field, inner, &shape);
            shape = one(field);
            shape.fields[0].sensitive = sensitive;
        }
    }
    reader.found.result = shape;
    reader.found.diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    reader.found.symbols.sort_by_key(|symbol| symbol.span.start);
    reader.found
}

/// One plain field.
fn one(path: &str) -> Shape {
    Shape { fields: vec![plain(path, false)], open: false }
}

fn plain(path: &str, sensitive: bool) -> Field {
    Field { path: path.to_owned(), column: None, sensitive, closed: true }
}

/// The columns of a collection as fields, those of arrays in it below the arrays' paths.
pub(super) fn fields_of(table: TableId, context: QueryContext<'_>, catalog: &Catalog) -> Shape {
    let mut shape = Shape::default();
    add(table, "", context, catalog, &mut shape, 0);
    shape
}

fn add(table: TableId, before: &str, context: QueryContext<'_>, catalog: &Catalog, shape: &mut Shape, depth: usize) {
    let own = catalog.table(table);
    let copied: HashSet<&String> = match &own.nested {
        Some(nested) => {
            let keys = own.foreign_keys.iter().filter(|key| key.to_table.eq_ignore_ascii_case(&nested.table));
            keys.flat_map(|key| &key.columns).collect()
        }
        None => HashSet::new(),
    };
    for (id, column) in catalog.column_ids(table).filter(|(_, column)| !copied.contains(&column.name)) {
        let path = if before.is_empty() { column.name.clone() } else { format!("{before}.{}", column.name) };
        let sensitive = context.annotations.is_sensitive(own.schema.as_deref(), &own.name, &column.name);
        let closed = !matches!(column.kind, TypeKind::Other | TypeKind::Json | TypeKind::Array);
        shape.fields.push(Field { path, column: Some(id), sensitive, closed: !closed });
    }
    // What is sensitive stays so where no sampled document had it.
    let own_prefix = format!("{}.", own.name.to_lowercase());
    for (key, _) in context.annotations.columns.iter().filter(|(_, told)| told.sensitive) {
        let Some(name) = key.strip_prefix(&own_prefix) else { continue };
        let path = if before.is_empty() { name.to_owned() } else { format!("{before}.{name}") };
        if !shape.fields.iter().any(|field| field.path.eq_ignore_ascii_case(&path)) {
            shape.fields.push(Field { closed: true, ..plain(&path, true) });
        }
    }
    if depth > 8 {
        return;
    }
    for (id, inner) in catalog.table_ids() {
        if let Some(nested) = &inner.nested
            && nested.table.eq_ignore_ascii_case(&own.name)
        {
            let path = if before.is_empty() { nested.path.clone() } else { format!("{before}.{}", nested.path) };
            add(id, &path, context, catalog, shape, depth + 1);
        }
    }
}

impl Shape {
    /// A path without the places of array elements.
    fn bare(path: &str) -> String {
        path.split('.').filter(|part| part.parse::<u32>().is_err() && *part != "$").collect::<Vec<_>>().join(".")
    }

    /// True when documents may have the path.
    fn has(&self, path: &str) -> bool {
        let path = Self::bare(path);
        self.open
            || self.fields.iter().any(|field| {
                field.path == path || below(&field.path, &path) || (field.closed && below(&path, &field.path))
            })
    }

    /// The column that a path holds.
    fn column(&self, path: &str) -> Option<ColumnId> {
        let path = Self::bare(path);
        self.fields.iter().find(|field| field.path == path)?.column
    }

    /// True when what stands at a path shows something sensitive.
    pub(super) fn shows(&self, path: &str) -> bool {
        // Annotations are kept in lower case.
        let path = Self::bare(path).to_lowercase();
        let touches = |field: &Field| {
            let own = field.path.to_lowercase();
            own == path || own == "*" || below(&own, &path) || below(&path, &own)
        };
        self.fields.iter().any(|field| field.sensitive && touches(field))
    }

    /// True when anything in it is sensitive.
    pub(super) fn shows_any(&self) -> bool {
        self.fields.iter().any(|field| field.sensitive)
    }

    /// Takes away what stands at a path.
    fn without(&mut self, path: &str) {
        self.fields.retain(|field| field.path != path && !below(&field.path, path));
    }

    /// What stands below a path, as documents of their own.
    fn part(&self, path: &str) -> Self {
        let inner = |field: &Field| {
            let path = field.path.strip_prefix(path)?.strip_prefix('.')?;
            Some(Field { path: path.to_owned(), ..field.clone() })
        };
        let fields: Vec<Field> = self.fields.iter().filter_map(inner).collect();
        let open = self.open || fields.is_empty();
        Self { fields, open }
    }

    /// Puts documents at a path.
    fn put(&mut self, path: &str, inner: &Self) {
        self.without(path);
        if inner.open || inner.fields.is_empty() {
            self.fields.push(Field { closed: true, ..plain(path, inner.shows_any()) });
        }
        self.fields
            .extend(inner.fields.iter().map(|field| Field { path: format!("{path}.{}", field.path), ..field.clone() }));
    }
}

/// True for a path inside another.
fn below(path: &str, outer: &str) -> bool {
    path.len() > outer.len() && path.starts_with(outer) && path.as_bytes()[outer.len()] == b'.'
}

struct Reader<'a> {
    context: QueryContext<'a>,
    found: Analysis,
}

impl Reader<'_> {
    fn word(&mut self, key: &Key, place: Place) {
        if let Some(what) = words::explained(&key.name, place) {
            let explanation = format!("`{}`: {what}", key.name);
            self.found.symbols.push(Symbol { span: key.span, kind: SymbolKind::Word { explanation } });
        }
    }

    /// A collection's documents; unknown ones are told.
    fn collection(&mut self, name: &str, span: Span) -> Shape {
        let outline = &mut self.found.outline;
        if outline.tables.is_empty() {
            outline.tables.push(name.to_owned());
        } else {
            outline.joined = true;
            if !outline.tables.iter().any(|table| table == name) {
                outline.tables.push(name.to_owned());
            }
        }
        let Some(catalog) = self.context.catalog else { return Shape { fields: Vec::new(), open: true } };
        // Names of collections differ by case.
        let known = catalog.table_ids().find(|(_, table)| table.name == name && table.nested.is_none());
        if let Some((id, _)) = known {
            self.found.symbols.push(Symbol { span, kind: SymbolKind::Table(id) });
            return fields_of(id, self.context, catalog);
        }
        let names = catalog.tables.iter().filter(|table| table.nested.is_none()).map(|table| table.name.as_str());
        let diagnostic = match did_you_mean(name, names) {
            Some(near) => {
                Diagnostic::error(span, "unknown-table", format!("there is no collection {name}: did you mean {near}?"))
                    .with_fix(Fix::replace(format!("Change to `{near}`"), span, near))
            }
            None => Diagnostic::error(span, "unknown-table", format!("there is no collection {name} in the schema")),
        };
        self.found.diagnostics.push(diagnostic);
        Shape { fields: Vec::new(), open: true }
    }

    fn named_collection(&mut self, node: Option<&Node>) -> Shape {
        match node.and_then(|node| Some((node.text()?.to_owned(), node.span))) {
            Some((name, span)) => self.collection(&name, Span::new(span.start + 1, span.end.saturating_sub(1))),
            None => Shape { fields: Vec::new(), open: true },
        }
    }

    /// A path of a document; true when it shows something sensitive.
    fn path(&mut self, path: &str, span: Span, shape: &Shape) -> bool {
        if !shape.has(path) {
            let names = shape.fields.iter().map(|field| field.path.as_str());
            let near = did_you_mean(path, names).or_else(|| {
                let last = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
                let wanted = last(path);
                shape
                    .fields
                    .iter()
                    .map(|field| field.path.as_str())
                    .find(|name| last(name).eq_ignore_ascii_case(&wanted))
            });
            self.found.diagnostics.push(match near {
                Some(near) => {
                    Diagnostic::warning(span, "unknown-column", format!("no document has {path} here: did you mean {near}?"))
                        .with_fix(Fix::replace(format!("Change to `{near}`"), span, near))
                }
                None => Diagnostic::warning(
                    span,
                    "unknown-column",
                    format!("no document has {path} here: the stages before leave only what they name, and the schema knows no such field"),
                ),
            });
        }
        let kind = match shape.column(path) {
            Some(column) => SymbolKind::Column(column),
            None => SymbolKind::Derived { name: path.to_owned() },
        };
        self.found.symbols.push(Symbol { span, kind });
        shape.shows(path)
    }

    fn pipeline(&mut self, pipeline: &[Node], mut shape: Shape, outermost: bool) -> Shape {
        for stage in pipeline {
            if outermost {
                self.found.before.push(shape.clone());
            }
            if let Some((key, inside)) = stage.only() {
                self.word(key, Place::Stage);
                shape = self.stage(&key.name, inside, shape);
            }
        }
        shape
    }

    fn stage(&mut self, name: &str, inside: &Node, mut shape: Shape) -> Shape {
        match name {
            "$match" => {
                self.filter(inside, &shape);
                shape
            }
            "$sort" => {
                self.sort(inside, &shape);
                shape
            }
            "$limit" | "$skip" => {
                if inside.whole().is_none_or(|number| number < i64::from(name == "$limit"))
                    && !matches!(inside.value, Value::Parameter(_))
                {
                    self.shape_error(inside, &format!("`{name}` takes a whole number"));
                }
                shape
            }
            "$sample" | "$densify" | "$redact" => shape,
            "$project" => self.project(inside, &shape),
            "$set" | "$addFields" => {
                let before = shape.clone();
                for (key, value) in self.document(inside, name) {
                    let sensitive = self.expression(value, &before);
                    shape.without(&key.name);
                    shape.fields.push(plain(&key.name, sensitive));
                    self.derived(key);
                }
                shape
            }
            "$unset" => {
                let texts: Vec<&Node> = inside.items().map_or_else(|| vec![inside], |items| items.iter().collect());
                for node in texts {
                    if let Some(path) = node.text() {
                        shape.without(path);
                    }
                }
                shape
            }
            "$group" => self.group(inside, &shape),
            "$sortByCount" => {
                let sensitive = self.expression(inside, &shape);
                self.found.outline.aggregated = true;
                Shape { fields: vec![plain("_id", sensitive), plain("count", false)], open: false }
            }
            "$count" => {
                self.found.outline.aggregated = true;
                one(inside.text().unwrap_or("count"))
            }
            "$bucket" | "$bucketAuto" => {
                self.found.outline.aggregated = true;
                let sensitive = inside.get("groupBy").is_some_and(|by| self.expression(by, &shape));
                let mut out = Shape { fields: vec![plain("_id", sensitive)], open: false };
                match inside.get("output").and_then(Node::entries) {
                    Some(entries) => {
                        for (key, value) in entries {
                            let sensitive = self.figure(value, &shape);
                            out.fields.push(plain(&key.name, sensitive));
                        }
                    }
                    None => out.fields.push(plain("count", false)),
                }
                out
            }
            "$unwind" => {
                let node = inside.get("path").unwrap_or(inside);
                match node.text() {
                    Some(text) if text.starts_with('$') => {
                        self.reference(text, node.span, &shape);
                    }
                    _ => self.shape_error(node, "`$unwind` takes the path of an array with `$` before it"),
                }
                if let Some(index) = inside.get("includeArrayIndex").and_then(Node::text) {
                    shape.fields.push(plain(index, false));
                }
                shape
            }
            "$lookup" => {
                let mut other = self.named_collection(inside.get("from"));
                if let Some(node) = inside.get("localField") {
                    self.name(node, &shape);
                }
                if let Some(node) = inside.get("foreignField") {
                    self.name(node, &other);
                }
                if let Some(given) = inside.get("let") {
                    self.expression(given, &shape);
                }
                if let Some(pipeline) = inside.get("pipeline").and_then(Node::items) {
                    self.found.outline.nested = true;
                    // Its variables carry values of this side.
                    let carried = inside.get("let").is_some_and(|given| shows(given, &shape));
                    other = self.pipeline(pipeline, other, false);
                    if carried {
                        other.fields.iter_mut().for_each(|field| field.sensitive = true);
                    }
                }
                match inside.get("as").and_then(Node::text) {
                    Some(name) => shape.put(name, &other),
                    None => self.shape_error(inside, "`$lookup` needs `as`: the field that takes what is found"),
                }
                shape
            }
            "$graphLookup" => {
                let other = self.named_collection(inside.get("from"));
                if let Some(name) = inside.get("as").and_then(Node::text) {
                    shape.put(name, &other);
                }
                shape
            }
            "$unionWith" => {
                let mut other = self.named_collection(inside.get("coll").or(Some(inside)));
                (self.found.outline.compared, self.found.outline.nested) = (true, true);
                if let Some(pipeline) = inside.get("pipeline").and_then(Node::items) {
                    other = self.pipeline(pipeline, other, false);
                }
                shape.open |= other.open;
                for field in other.fields {
                    match shape.fields.iter_mut().find(|known| known.path == field.path) {
                        Some(known) => known.sensitive |= field.sensitive,
                        None => shape.fields.push(field),
                    }
                }
                shape
            }
            "$facet" => {
                self.found.outline.nested = true;
                let mut out = Shape::default();
                for (key, value) in self.document(inside, name) {
                    let inner = self.pipeline(value.items().unwrap_or_default(), shape.clone(), false);
                    out.put(&key.name, &inner);
                }
                out
            }
            "$replaceRoot" | "$replaceWith" => {
                let root = if name == "$replaceRoot" { inside.get("newRoot") } else { Some(inside) };
                let Some(root) = root else { return Shape { fields: Vec::new(), open: true } };
                match root.text().and_then(|text| text.strip_prefix('$')).filter(|path| !path.starts_with('$')) {
                    Some(path) => {
                        self.reference(root.text().unwrap_or_default(), root.span, &shape);
                        shape.part(path)
                    }
                    None => {
                        // What it is put together of may be anything that it names.
                        let sensitive = self.expression(root, &shape);
                        let mut out = Shape { fields: Vec::new(), open: true };
                        if sensitive {
                            out.fields = shape.fields.into_iter().filter(|field| field.sensitive).collect();
                            out.fields.push(plain("*", true));
                        }
                        out
                    }
                }
            }
            // What these add is not followed.
            _ => {
                let sensitive = shows(inside, &shape);
                shape.open = true;
                if sensitive {
                    shape.fields.push(plain("*", true));
                }
                shape
            }
        }
    }

    fn shape_error(&mut self, node: &Node, message: &str) {
        self.found.diagnostics.push(Diagnostic::error(node.span, "syntax", message));
    }

    /// The entries of what must be a document.
    fn document<'n>(&mut self, node: &'n Node, stage: &str) -> &'n [(Key, Node)] {
        match node.entries() {
            Some(entries) => entries,
            None => {
                if !matches!(node.value, Value::Parameter(_)) {
                    self.shape_error(node, &format!("`{stage}` takes a document `{{...}}`"));
                }
                &[]
            }
        }
    }

    fn derived(&mut self, key: &Key) {
        self.found.symbols.push(Symbol { span: key.span, kind: SymbolKind::Derived { name: key.name.clone() } });
    }

    /// The name of a field in quotes, without `$`.
    fn name(&mut self, node: &Node, shape: &Shape) {
        if let Some(path) = node.text() {
            let span = Span::new(node.span.start + 1, node.span.end.saturating_sub(1));
            self.path(path, span, shape);
        }
    }

    fn sort(&mut self, node: &Node, shape: &Shape) {
        for (key, value) in self.document(node, "$sort") {
            self.path(&key.name, key_span(key), shape);
            let known = matches!(value.whole(), Some(1 | -1))
                || value.get("$meta").is_some()
                || matches!(value.value, Value::Parameter(_));
            if !known {
                self.shape_error(value, "an order is 1 for the smallest first or -1 for the largest first");
            }
        }
    }

    fn group(&mut self, node: &Node, shape: &Shape) -> Shape {
        self.found.outline.aggregated = true;
        let mut out = Shape::default();
        let entries = self.document(node, "$group");
        if !entries.is_empty() && !entries.iter().any(|(key, _)| key.name == "_id") {
            self.shape_error(node, "`$group` needs `_id`: what the groups are made by, null for one group of all");
        }
        for (key, value) in entries {
            if key.name != "_id" {
                let sensitive = self.figure(value, shape);
                out.fields.push(plain(&key.name, sensitive));
                self.derived(key);
                continue;
            }
            let sensitive = self.expression(value, shape);
            let text = |node: &Node| node.text().and_then(|text| text.strip_prefix('$')).map(str::to_owned);
            match value.entries() {
                Some(parts) if !parts.iter().any(|(part, _)| part.name.starts_with('$')) => {
                    for (part, inner) in parts {
                        let column = text(inner).and_then(|path| shape.column(&path));
                        out.fields.push(Field { column, ..plain(&format!("_id.{}", part.name), shows(inner, shape)) });
                    }
                    let times = parts.iter().any(|(_, inner)| is_time(inner));
                    self.found.outline.by_time |= times;
                }
                _ => {
                    let column = text(value).and_then(|path| shape.column(&path));
                    out.fields.push(Field { column, ..plain("_id", sensitive) });
                    self.found.outline.by_time |= is_time(value);
                }
            }
        }
        out
    }

    /// An accumulator; counting shows nothing of what is counted.
    fn figure(&mut self, node: &Node, shape: &Shape) -> bool {
        let Some((key, inside)) = node.only() else {
            if !matches!(node.value, Value::Parameter(_)) {
                self.shape_error(node, "a figure such as `{ $sum: '$total' }` is expected here");
            }
            return self.expression(node, shape);
        };
        if key.name.starts_with('$') {
            self.word(key, Place::Accumulator);
            if !words::is_known(&key.name, Place::Accumulator) {
                let names = words::of(Place::Accumulator).map(|(word, ..)| *word);
                let near =
                    did_you_mean(&key.name, names).map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
                let message = format!("`{}` computes nothing over a group{near}", key.name);
                self.found.diagnostics.push(Diagnostic::error(key.span, "syntax", message));
            }
        }
        self.expression(inside, shape) && key.name != "$count"
    }

    fn project(&mut self, node: &Node, shape: &Shape) -> Shape {
        let entries = self.document(node, "$project");
        let hides = |node: &Node| matches!(node.value, Value::Boolean(false)) || node.whole() == Some(0);
        let excluding = entries.iter().any(|(key, value)| key.name != "_id" && hides(value))
            || (!entries.is_empty() && entries.iter().all(|(key, value)| key.name == "_id" && hides(value)));
        if excluding {
            let mut out = shape.clone();
            for (key, value) in entries.iter().filter(|(_, value)| hides(value)) {
                self.path(&key.name, key_span(key), shape);
                let _ = value;
                out.without(&key.name);
            }
            return out;
        }
        let mut out = Shape::default();
        if !entries.iter().any(|(key, _)| key.name == "_id") {
            out.fields
                .extend(shape.fields.iter().filter(|field| field.path == "_id" || below(&field.path, "_id")).cloned());
        }
        for (key, value) in entries {
            if hides(value) {
                continue;
            }
            let shown = matches!(value.value, Value::Boolean(true) | Value::Int(_) | Value::Double(_) | Value::Long(_));
            if shown {
                self.path(&key.name, key_span(key), shape);
                let own: Vec<Field> = shape
                    .fields
                    .iter()
                    .filter(|field| field.path == key.name || below(&field.path, &key.name))
                    .cloned()
                    .collect();
                if own.is_empty() {
                    out.fields.push(plain(&key.name, shape.shows(&key.name)));
                }
                out.fields.extend(own);
            } else {
                let sensitive = self.expression(value, shape);
                let column = value.text().and_then(|text| text.strip_prefix('$')).and_then(|path| shape.column(path));
                out.fields.push(Field { column, ..plain(&key.name, sensitive) });
                self.derived(key);
            }
        }
        out
    }

    /// Conditions on a document.
    fn filter(&mut self, node: &Node, shape: &Shape) {
        for (key, value) in self.document(node, "$match") {
            self.found.outline.filtered = true;
            match key.name.as_str() {
                "$and" | "$or" | "$nor" => {
                    self.word(key, Place::Condition);
                    match value.items() {
                        Some(items) => items.iter().for_each(|item| self.filter(item, shape)),
                        None => self.shape_error(value, &format!("`{}` takes an array of conditions", key.name)),
                    }
                }
                "$expr" => {
                    self.word(key, Place::Condition);
                    self.expression(value, shape);
                }
                name if name.starts_with('$') => self.word(key, Place::Condition),
                path => {
                    self.path(path, key_span(key), shape);
                    self.tests(value, path, shape);
                }
            }
        }
    }

    /// The tests of one field.
    fn tests(&mut self, node: &Node, path: &str, shape: &Shape) {
        let kind = shape.column(path).and_then(|id| Some(self.context.catalog?.column(id).kind));
        let Some(entries) = node.entries().filter(|entries| entries.iter().any(|(key, _)| key.name.starts_with('$')))
        else {
            self.fits(node, path, kind);
            return;
        };
        for (key, value) in entries {
            self.word(key, Place::Condition);
            match key.name.as_str() {
                "$eq" | "$ne" | "$gt" | "$gte" | "$lt" | "$lte" => self.fits(value, path, kind),
                "$in" | "$nin" | "$all" => match value.items() {
                    Some(items) => items.iter().for_each(|item| self.fits(item, path, kind)),
                    None if matches!(value.value, Value::Parameter(_)) => {}
                    None => self.shape_error(value, &format!("`{}` takes an array of values", key.name)),
                },
                "$not" => self.tests(value, path, shape),
                "$elemMatch" => {
                    let inner = shape.part(path);
                    if value.entries().is_some_and(|all| all.iter().all(|(key, _)| !key.name.starts_with('$'))) {
                        self.filter(value, &inner);
                    }
                }
                name if !words::is_known(name, Place::Condition) => {
                    let names = words::of(Place::Condition).map(|(word, ..)| *word);
                    let near =
                        did_you_mean(name, names).map(|near| format!(": did you mean `{near}`?")).unwrap_or_default();
                    let message = format!("`{name}` is no condition on a field{near}");
                    self.found.diagnostics.push(Diagnostic::error(key.span, "syntax", message));
                }
                _ => {}
            }
        }
    }

    /// A value of another type than the field's is never equal to it, nor less or greater.
    fn fits(&mut self, node: &Node, path: &str, kind: Option<TypeKind>) {
        let Some(kind) = kind else { return };
        let fits = match (&node.value, kind) {
            (Value::Text(_), kind) => {
                !(kind.is_numeric() || kind.is_temporal() || matches!(kind, TypeKind::Boolean | TypeKind::Uuid))
            }
            (Value::Int(_) | Value::Long(_) | Value::Double(_) | Value::Decimal(_), kind) => {
                !(kind.is_temporal() || matches!(kind, TypeKind::Text | TypeKind::Boolean | TypeKind::Uuid))
            }
            (Value::Boolean(_), kind) => {
                !(kind.is_numeric() || kind.is_temporal() || matches!(kind, TypeKind::Text | TypeKind::Uuid))
            }
            (Value::Date(_), kind) => {
                !(kind.is_numeric() || matches!(kind, TypeKind::Text | TypeKind::Boolean | TypeKind::Uuid))
            }
            _ => true,
        };
        if !fits {
            let what = match kind {
                TypeKind::Text => "text",
                TypeKind::Boolean => "true or false",
                TypeKind::Uuid => "an id: write ObjectId('...')",
                kind if kind.is_temporal() => "a date: write ISODate('...')",
                _ => "a number",
            };
            let message = format!("{path} holds {what}, and values of other types never match it");
            self.found.diagnostics.push(Diagnostic::warning(node.span, "type-mismatch", message));
        }
    }

    /// An expression; true when its value shows something sensitive.
    fn expression(&mut self, node: &Node, shape: &Shape) -> bool {
        match &node.value {
            Value::Text(text) if text.starts_with('$') => self.reference(text, node.span, shape),
            Value::Array(items) => items.iter().fold(false, |found, item| self.expression(item, shape) | found),
            Value::Document(entries) => {
                let mut found = false;
                for (key, value) in entries {
                    if key.name == "$literal" {
                        self.word(key, Place::Expression);
                        continue;
                    }
                    if key.name.starts_with('$') {
                        self.word(key, Place::Expression);
                        if !words::is_known(&key.name, Place::Expression) {
                            let names = words::of(Place::Expression).map(|(word, ..)| *word);
                            let near = did_you_mean(&key.name, names)
                                .map(|near| format!(": did you mean `{near}`?"))
                                .unwrap_or_default();
                            let message = format!("there is no operator `{}`{near}", key.name);
                            self.found.diagnostics.push(Diagnostic::error(key.span, "syntax", message));
                        }
                        if matches!(key.name.as_str(), "$cond" | "$switch") {
                            self.found.outline.compared = true;
                        }
                    }
                    found |= self.expression(value, shape);
                }
                found
            }
            _ => false,
        }
    }

    /// `$path`, or a variable.
    fn reference(&mut self, text: &str, span: Span, shape: &Shape) -> bool {
        let path = &text[1..];
        let inner = Span::new(span.start + 2, span.end.saturating_sub(1));
        match path.strip_prefix('$') {
            None => self.path(path, inner, shape),
            Some(variable) => {
                let (name, rest) = variable.split_once('.').unwrap_or((variable, ""));
                match (name, rest) {
                    ("ROOT" | "CURRENT", "") => shape.shows_any(),
                    ("ROOT" | "CURRENT", rest) => {
                        self.path(rest, Span::new(inner.end - rest.len().min(inner.len()), inner.end), shape)
                    }
                    ("NOW" | "CLUSTER_TIME" | "REMOVE" | "DESCEND" | "PRUNE" | "KEEP", _) => false,
                    // What it was bound to stands around it.
                    _ => shape.shows_any(),
                }
            }
        }
    }
}

/// True when an expression names something sensitive, without telling of its names.
fn shows(node: &Node, shape: &Shape) -> bool {
    match &node.value {
        Value::Text(text) => match text.strip_prefix('$') {
            Some(path) if path.starts_with('$') => shape.shows_any(),
            Some(path) => shape.shows(path),
            None => false,
        },
        Value::Array(items) => items.iter().any(|item| shows(item, shape)),
        Value::Document(entries) => entries.iter().any(|(_, value)| shows(value, shape)),
        _ => false,
    }
}

/// True for what makes a period out of a moment.
fn is_time(node: &Node) -> bool {
    let periods = ["$dateTrunc", "$dateToString", "$year", "$month", "$week", "$dayOfMonth", "$isoWeek", "$hour"];
    node.entries().is_some_and(|entries| {
        entries.iter().any(|(key, value)| periods.contains(&key.name.as_str()) || is_time(value))
    })
}

/// A key without its quotes.
fn key_span(key: &Key) -> Span {
    let quoted = key.span.len() == key.name.len() + 2;
    if quoted { Span::new(key.span.start + 1, key.span.end - 1) } else { key.span }
}
