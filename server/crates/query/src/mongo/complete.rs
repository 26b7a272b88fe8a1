//! What could stand at a place of a query that may be half-typed.

use nlq_catalog::Catalog;
use nlq_text::Span;

use super::{
    analysis::fields_of,
    query::{FOLLOWING, METHODS},
    words::{self, Place},
};
use crate::{Completion, CompletionKind, QueryContext};

/// More are never shown.
const MAX: usize = 200;

/// What opened a bracket: its character, and the key or method before it.
struct Open {
    bracket: char,
    key: String,
}

/// The text before the cursor, as far as completion needs it.
#[derive(Default)]
struct Before {
    open: Vec<Open>,
    /// The quote that is open, and where it stands.
    quote: Option<(char, usize)>,
    /// The key before the last colon, when no value has been typed since.
    key: Option<String>,
    comment: bool,
}

fn read(text: &str) -> Before {
    let mut before = Before::default();
    let (mut word, mut at) = (String::new(), 0);
    let bytes: Vec<(usize, char)> = text.char_indices().collect();
    while at < bytes.len() {
        let (place, c) = bytes[at];
        at += 1;
        if let Some((quote, start)) = before.quote {
            match c {
                '\\' => at += 1,
                c if c == quote => {
                    text[start + 1..place].clone_into(&mut word);
                    before.quote = None;
                }
                _ => {}
            }
            continue;
        }
        match c {
            '/' if text[place..].starts_with("//") => {
                let end = text[place..].find('\n');
                before.comment = end.is_none();
                let Some(end) = end else { return before };
                at = bytes.iter().position(|(other, _)| *other == place + end).unwrap_or(bytes.len());
            }
            '"' | '\'' => before.quote = Some((c, place)),
            ':' => before.key = Some(std::mem::take(&mut word)),
            '{' | '[' | '(' => {
                let key = before.key.take().unwrap_or_else(|| std::mem::take(&mut word));
                before.open.push(Open { bracket: c, key });
                word.clear();
            }
            '}' | ']' | ')' => {
                before.open.pop();
                before.key = None;
                word.clear();
            }
            ',' => {
                before.key = None;
                word.clear();
            }
            c if c.is_alphanumeric() || matches!(c, '_' | '$' | '.') => word.push(c),
            c if c.is_whitespace() => {}
            _ => word.clear(),
        }
    }
    before
}

pub(super) fn complete(text: &str, offset: usize, context: QueryContext<'_>) -> Vec<Completion> {
    let Some(typed) = text.get(..offset) else { return Vec::new() };
    let before = read(typed);
    if before.comment {
        return Vec::new();
    }
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.');
    let start = match before.quote {
        Some((_, start)) => start + 1,
        None => {
            typed.rfind(|c: char| !is_part(c)).map_or(0, |at| at + typed[at..].chars().next().map_or(1, char::len_utf8))
        }
    };
    let word = &typed[start..];
    let mut offer = Offer { context, span: Span::new(start, offset), word, found: Vec::new() };
    if before.open.is_empty() && before.quote.is_none() {
        return offer.chain();
    }
    let Some(catalog) = context.catalog else { return offer.words(&before) };
    let collection = typed.split_once("db.").map_or("", |(_, rest)| rest.split(['.', '(']).next().unwrap_or(""));
    let collection = match collection {
        "getCollection" => typed.split(['\'', '"']).nth(1).unwrap_or(""),
        name => name,
    };
    let key = before.key.as_deref();
    if before.quote.is_some()
        && (matches!(key, Some("from" | "coll" | "$unionWith"))
            || before.open.last().is_some_and(|o| o.key.ends_with("getCollection")))
    {
        return offer.collections(catalog);
    }
    if let Some(key) = key {
        offer.values(catalog, collection, key, before.quote.is_some());
    }
    if before.quote.is_some() {
        if word.starts_with('$') {
            offer.fields(catalog, collection, "$");
        } else if matches!(key, Some("localField" | "foreignField"))
            || before.open.last().is_some_and(|o| o.key.ends_with(".distinct"))
        {
            offer.fields(catalog, collection, "");
        }
        return offer.done();
    }
    offer.fields_here(catalog, collection, &before);
    offer.words(&before)
}

struct Offer<'a> {
    context: QueryContext<'a>,
    span: Span,
    word: &'a str,
    found: Vec<Completion>,
}

impl Offer<'_> {
    fn push(&mut self, label: String, kind: CompletionKind, detail: String, documentation: Option<String>, rank: u8) {
        let lower = label.trim_matches('\'').to_lowercase();
        let typed = self.word.trim_start_matches('\'').to_lowercase();
        if lower.starts_with(&typed)
            || (!typed.is_empty() && lower.contains(typed.trim_start_matches('$')) && !typed.starts_with('$'))
        {
            self.found.push(Completion { label, span: self.span, kind, detail, documentation, rank });
        }
    }

    fn done(mut self) -> Vec<Completion> {
        self.found.sort_by(|a, b| a.rank.cmp(&b.rank).then_with(|| a.label.cmp(&b.label)));
        self.found.dedup_by(|a, b| a.label == b.label);
        self.found.truncate(MAX);
        self.found
    }

    /// `db`, its collections, their methods.
    fn chain(mut self) -> Vec<Completion> {
        let Some((before, _)) = self.word.rsplit_once('.') else {
            self.push("db".into(), CompletionKind::Keyword, "the database".into(), None, 0);
            return self.done();
        };
        let (start, before) = (self.span.start + before.len() + 1, before.to_owned());
        let offset = self.span.end;
        self.word = &self.word[before.len() + 1..];
        self.span = Span::new(start, offset);
        if before == "db" {
            let Some(catalog) = self.context.catalog else { return self.done() };
            return self.collections(catalog);
        }
        let methods = if before.is_empty() { FOLLOWING } else { METHODS };
        for method in methods {
            self.push((*method).to_owned(), CompletionKind::Function, String::new(), None, 0);
        }
        self.done()
    }

    fn collections(mut self, catalog: &Catalog) -> Vec<Completion> {
        for table in catalog.tables.iter().filter(|table| table.nested.is_none()) {
            let told = self.context.annotations.table(None, &table.name).and_then(|told| told.description.clone());
            let told = told.or_else(|| table.comment.clone());
            self.push(table.name.clone(), CompletionKind::Table, table.kind.title().to_owned(), told, 0);
        }
        self.done()
    }

    fn fields(&mut self, catalog: &Catalog, collection: &str, before: &str) {
        let Some((id, _)) = catalog.table_ids().find(|(_, table)| table.name == collection) else { return };
        for field in fields_of(id, self.context, catalog).fields {
            let Some(column) = field.column else { continue };
            let (table, column) = (catalog.table(column.table), catalog.column(column));
            let told = self
                .context
                .annotations
                .column(None, &table.name, &column.name)
                .and_then(|told| told.description.clone());
            let told = told.or_else(|| column.comment.clone());
            let bare = before.is_empty() && self.word_is_bare();
            let label = if bare && field.path.contains('.') {
                format!("'{}'", field.path)
            } else {
                format!("{before}{}", field.path)
            };
            self.push(label, CompletionKind::Column, column.type_name.clone(), told, 1);
        }
    }

    fn word_is_bare(&self) -> bool {
        !self.word.starts_with(['\'', '"'])
    }

    /// Fields as keys: in conditions, orders and projections.
    fn fields_here(&mut self, catalog: &Catalog, collection: &str, before: &Before) {
        if before.key.is_some() {
            return;
        }
        let keys = ["$match", "$project", "$sort", "$and", "$or", "$nor"];
        let call = |key: &str| {
            ["find", "countDocuments", "sort", "findOne"]
                .iter()
                .any(|method| key.split('.').next_back() == Some(*method))
        };
        let mut outer = before.open.iter().rev().filter(|open| open.bracket == '{');
        let inner = outer.next().map(|open| open.key.clone()).unwrap_or_default();
        let around = before.open.iter().rev().nth(1).map(|open| open.key.clone()).unwrap_or_default();
        if keys.contains(&inner.as_str()) || (inner.is_empty() && (keys.contains(&around.as_str()) || call(&around))) {
            self.fields(catalog, collection, "");
        }
    }

    /// Values that a field is known to hold.
    fn values(&mut self, catalog: &Catalog, collection: &str, key: &str, quoted: bool) {
        let Some((id, _)) = catalog.table_ids().find(|(_, table)| table.name == collection) else { return };
        let fields = fields_of(id, self.context, catalog).fields;
        let Some(field) = fields.into_iter().find(|field| field.path == key && !field.sensitive) else { return };
        let Some(column) = field.column else { return };
        let values = catalog.column(column).values.iter().flat_map(|sample| &sample.values);
        for value in values.take(MAX) {
            let text = value.replace('\\', "\\\\").replace('\'', "\\'");
            let label = if quoted { text } else { format!("'{text}'") };
            self.push(label, CompletionKind::Value, String::new(), None, 0);
        }
    }

    /// Stages and operators.
    fn words(mut self, before: &Before) -> Vec<Completion> {
        if before.key.is_some() {
            return self.done();
        }
        let opened: Vec<(char, &str)> = before.open.iter().map(|open| (open.bracket, open.key.as_str())).collect();
        let pipeline = |(bracket, key): (char, &str)| bracket == '[' && (key.is_empty() || key == "pipeline");
        let place = match opened[..] {
            [.., list, ('{', "")] if pipeline(list) => Place::Stage,
            [.., ('{', "$match")] | [.., ('(', _), ('{', "")] => Place::Condition,
            [.., _, ('{', key)] if !key.starts_with('$') && opened.iter().any(|(_, key)| *key == "$group") => {
                Place::Accumulator
            }
            [.., ('{', key)]
                if !key.starts_with('$')
                    && opened.iter().any(|(_, key)| *key == "$match" || key.split('.').next_back() == Some("find")) =>
            {
                Place::Condition
            }
            _ => Place::Expression,
        };
        for (word, at, what) in words::of(place) {
            let kind = if *at == Place::Stage { CompletionKind::Command } else { CompletionKind::Function };
            self.push((*word).to_owned(), kind, (*what).to_owned(), None, 2);
        }
        self.done()
    }
}
