//! What could be typed in a question: the words of the business and of the schema.

use std::collections::BTreeMap;

use nlq_catalog::{ColumnId, fold, split_name};
use nlq_text::Span;

use crate::{CompletionItem, CompletionItemKind, Snapshot, markdown::one_line, schema_card::Schema};

/// Items at most: a list longer than this is not read, and the next letter narrows it.
const MOST: usize = 50;

/// Values are offered from this many letters on: they are many, and most questions name tables first.
const LETTERS_FOR_VALUES: usize = 2;

/// Words of a name that may have been typed already: `order it` continues as `order_items`.
const LONGEST_NAME: usize = 4;

/// The names and values that go on from the words before the cursor (`line`: the question's part of the line up to the
/// cursor). A name is found by the start of any of its words.
pub(crate) fn prompt_completions(schema: Schema<'_>, snapshot: &Snapshot, line: Span) -> Vec<CompletionItem> {
    let typed = Typed::new(line.of(snapshot.document.text()), line.start);
    let mut found = Found { typed, items: BTreeMap::new() };
    glossary(schema, &mut found);
    names(schema, &mut found);
    if found.typed.last().chars().count() >= LETTERS_FOR_VALUES {
        values(schema, &mut found);
    }
    let mut items: Vec<(CompletionItem, Target)> = found.items.into_values().collect();
    items.sort_by(|(a, _), (b, _)| a.rank.cmp(&b.rank).then_with(|| a.label.cmp(&b.label)));
    items.truncate(MOST);
    let document = |(item, target): (CompletionItem, Target)| {
        let documentation = match target {
            Target::Table(table) => Some(schema.table_card(table)),
            Target::Column(column) => Some(schema.column_card(column)),
            Target::Nothing => None,
        };
        CompletionItem { documentation, ..item }
    };
    items.into_iter().map(document).collect()
}

fn glossary(schema: Schema<'_>, found: &mut Found) {
    let annotations = schema.annotations;
    let terms = annotations.terms.iter().map(|term| (&term.name, &term.synonyms, &term.table));
    let metrics = annotations.metrics.iter().map(|metric| (&metric.name, &metric.synonyms, &metric.table));
    for (name, synonyms, table) in terms.chain(metrics) {
        for word in [name].into_iter().chain(synonyms) {
            let detail = if word == name { format!("over {table}") } else { format!("{name}, over {table}") };
            found.offer(word, CompletionItemKind::Term, &detail, Target::Nothing);
        }
    }
}

fn names(schema: Schema<'_>, found: &mut Found) {
    for (id, table) in schema.catalog.table_ids() {
        let annotation = schema.annotations.table(table.schema.as_deref(), &table.name);
        let described =
            annotation.and_then(|a| a.description.as_deref()).or(table.comment.as_deref()).unwrap_or("table");
        found.offer(&table.name, CompletionItemKind::Table, described, Target::Table(id));
        for term in annotation.iter().flat_map(|annotation| &annotation.business_terms) {
            found.offer(term, CompletionItemKind::Term, &table.name, Target::Table(id));
        }
        for (id, column) in schema.catalog.column_ids(id) {
            let name = schema.column_name(id);
            found.offer(&column.name, CompletionItemKind::Column, &name, Target::Column(id));
            let annotation = schema.annotations.column(table.schema.as_deref(), &table.name, &column.name);
            for term in annotation.iter().flat_map(|annotation| &annotation.business_terms) {
                found.offer(term, CompletionItemKind::Term, &name, Target::Column(id));
            }
        }
    }
}

fn values(schema: Schema<'_>, found: &mut Found) {
    for (table, _) in schema.catalog.table_ids() {
        for (id, _) in schema.catalog.column_ids(table) {
            for value in schema.values(id).0 {
                found.offer(value, CompletionItemKind::Value, &schema.column_name(id), Target::Nothing);
            }
        }
    }
}

/// What an item is about: its card is written only for items that are shown.
#[derive(Debug, Clone, Copy)]
enum Target {
    Table(nlq_catalog::TableId),
    Column(ColumnId),
    Nothing,
}

/// Matches so far, one a kind and label.
struct Found {
    typed: Typed,
    items: BTreeMap<(u8, String), (CompletionItem, Target)>,
}

impl Found {
    fn offer(&mut self, name: &str, kind: CompletionItemKind, detail: &str, target: Target) {
        let Some((span, is_start)) = self.typed.matches(name) else { return };
        let group = match kind {
            CompletionItemKind::Term => 0,
            CompletionItemKind::Table => 1,
            CompletionItemKind::Column => 2,
            _ => 3,
        };
        // What begins with the typed word comes before what only contains one that does.
        let rank = if is_start { group } else { group + 4 };
        let detail = one_line(detail, 60);
        let item = CompletionItem {
            label: name.to_owned(),
            insert: name.to_owned(),
            span,
            kind,
            detail: detail.clone(),
            documentation: None,
            rank,
        };
        self.items
            .entry((group, name.to_owned()))
            .and_modify(|(known, _)| {
                // The same column name in several tables is one item.
                if !known.detail.split(", ").any(|one| one == detail) && known.detail.len() < 60 {
                    known.detail = format!("{}, {detail}", known.detail);
                }
            })
            .or_insert((item, target));
    }
}

/// The words before the cursor, folded; the last one is being typed and may be empty.
struct Typed {
    words: Vec<(String, usize)>,
    end: usize,
}

impl Typed {
    fn new(line: &str, start: usize) -> Self {
        let is_word = |ch: char| ch.is_alphanumeric() || ch == '_';
        let mut words = Vec::new();
        let mut begin = None;
        for (at, ch) in line.char_indices() {
            match (is_word(ch), begin) {
                (true, None) => begin = Some(at),
                (false, Some(from)) => {
                    words.push((fold(&line[from..at]), start + from));
                    begin = None;
                }
                _ => {}
            }
        }
        let from = begin.unwrap_or(line.len());
        words.push((fold(&line[from..]), start + from));
        let surplus = words.len().saturating_sub(LONGEST_NAME);
        words.drain(..surplus);
        Self { words, end: start + line.len() }
    }

    fn last(&self) -> &str {
        self.words.last().map_or("", |(word, _)| word)
    }

    /// The range that a name would replace, and whether it goes on from the name's own start.
    fn matches(&self, name: &str) -> Option<(Span, bool)> {
        let last = self.last();
        let place = self.words.last().map_or(self.end, |(_, at)| *at);
        if last.is_empty() {
            return Some((Span::at(self.end), true));
        }
        let folded = fold(name);
        // `order_it` is one typed word and a start of `order_items`.
        if folded.starts_with(last) {
            return Some((Span::new(place, self.end), true));
        }
        let last_part = last.rsplit('_').next().unwrap_or(last);
        if !folded.contains(last_part) {
            return None;
        }
        let name = split_name(name);
        for before in (1..self.words.len()).rev() {
            let words = &self.words[self.words.len() - 1 - before..];
            let is_typed = words.iter().zip(&name).take(before).all(|((word, _), part)| word == part);
            if is_typed && name.get(before).is_some_and(|part| part.starts_with(last)) {
                return Some((Span::new(words[0].1, self.end), true));
            }
        }
        name.iter().any(|part| part.starts_with(last)).then(|| (Span::new(place, self.end), false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_goes_on_from_the_words_that_were_typed() {
        for (line, name, expected) in [
            ("revenue per ord", "orders", Some(("ord", true))),
            ("sum of am", "total_amount", Some(("am", false))),
            ("sum of total am", "total_amount", Some(("total am", true))),
            ("sum of total_am", "total_amount", Some(("total_am", true))),
            ("Größe größ", "groesse", None),
            ("kunden in züri", "Zürich", Some(("züri", true))),
            ("show x", "orders", None),
        ] {
            let found = Typed::new(line, 0).matches(name).map(|(span, is_start)| (span.of(line), is_start));
            assert_eq!(found, expected, "{line} -> {name}");
        }
    }
}
