//! From words to chunks: every strategy proposes what spans of the question may be, and the cover of the question with
//! the highest worth is taken.

use std::collections::BTreeMap;

use nlq_catalog::{ColumnId, fold};

use crate::{
    cues::{Cue, DATE, cue_at},
    index::{NameEntry, SchemaIndex, Target, bag, joined, value_words},
    similar, thesaurus,
    time::{Clock, TimeRange, step_at, time_at},
    words::{Token, is_stop, stem_of},
};

/// Words of one name at most.
const MAX_NAME_WORDS: usize = 6;
/// Words of one value at most.
const MAX_VALUE_WORDS: usize = 8;
/// Names kept of one span.
const MAX_TARGETS: usize = 24;
/// Related words tried for one word of the question: more only bring words that lie further off.
const MAX_RELATED: usize = 12;
/// Names that a related word says more faintly are not taken: they would be guesses.
const FAINTEST_SYNONYM: f32 = 0.3;
/// No related word says a name as clearly as the name itself, however many words beside it are the name's own.
const CLEAREST_SYNONYM: f32 = 0.85;

/// A span of tokens and what it may be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chunk {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) kind: ChunkKind,
    /// Names it may be, best first; also kept for values.
    pub(crate) names: Vec<NameEntry>,
    /// Columns that hold it as a value.
    pub(crate) values: Vec<(ColumnId, String)>,
    /// The values are only like it, this much.
    pub(crate) similar: Option<f32>,
}

/// What a span is taken as.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ChunkKind {
    /// A name of the schema or the glossary.
    Name,
    /// A value; true when it is known in the database.
    Value(String, bool),
    /// A number.
    Number(String),
    /// A span of time.
    Time(TimeRange),
    /// An operation.
    Cue(Cue),
    /// A content word that nothing explains.
    Unknown,
}

/// Stems of a related lemma, and how near it is.
type Related = (Vec<String>, f32);

type Strategy = fn(&mut Proposals<'_>);

/// Every linking strategy, in the order in which they propose. Each is one function below.
pub(crate) const STRATEGIES: &[(&str, Strategy)] = &[
    ("QuotedValueStrategy", quoted_values),
    ("NameMatchStrategy", names),
    ("SynonymMatchStrategy", synonyms),
    ("ValueMatchStrategy", values),
    ("PersonValueStrategy", persons),
    ("CapitalizedValueStrategy", capitals),
    ("NumberStrategy", numbers),
    ("TimeStrategy", times),
    ("CueStrategy", cues),
];

pub(crate) struct Proposals<'a> {
    text: &'a str,
    tokens: &'a [Token],
    index: &'a SchemaIndex,
    clock: Clock,
    /// By span; the worth decides.
    found: BTreeMap<(usize, usize), (f32, Chunk)>,
}

impl Proposals<'_> {
    fn propose(&mut self, from: usize, to: usize, worth: f32, kind: ChunkKind) -> &mut Chunk {
        let empty = Chunk { from, to, kind: kind.clone(), names: Vec::new(), values: Vec::new(), similar: None };
        let (best, chunk) = self.found.entry((from, to)).or_insert((f32::MIN, empty));
        if worth > *best {
            *best = worth;
            chunk.kind = kind;
        }
        chunk
    }
}

/// The chunks of a question in order, without overlaps.
pub(crate) fn link(text: &str, tokens: &[Token], index: &SchemaIndex, clock: Clock) -> Vec<Chunk> {
    let mut proposals = Proposals { text, tokens, index, clock, found: BTreeMap::new() };
    for (_, strategy) in STRATEGIES {
        strategy(&mut proposals);
    }
    let mut chunks = cover(tokens, proposals.found);
    similar_values(&mut chunks, tokens, index);
    chunks
}

/// What matches nothing may be a value written a little otherwise.
fn similar_values(chunks: &mut [Chunk], tokens: &[Token], index: &SchemaIndex) {
    if index.leaves_out(similar::STRATEGY) {
        return;
    }
    for chunk in chunks.iter_mut().filter(|chunk| chunk.names.is_empty() && chunk.values.is_empty()) {
        let text = match &chunk.kind {
            ChunkKind::Value(text, false) => text.clone(),
            ChunkKind::Unknown => tokens[chunk.from].text.clone(),
            _ => continue,
        };
        let found = index.similar(&text);
        if let Some(best) = found.first() {
            chunk.similar = Some(best.score);
            chunk.kind = ChunkKind::Value(text, true);
            chunk.values = found.into_iter().map(|like| (like.column, like.value)).collect();
        }
    }
}

/// The cover of highest worth, by dynamic programming from the end; content words that are left become unknown.
fn cover(tokens: &[Token], found: BTreeMap<(usize, usize), (f32, Chunk)>) -> Vec<Chunk> {
    let n = tokens.len();
    let mut best: Vec<(f32, Option<(usize, usize)>)> = vec![(0.0, None); n + 1];
    for from in (0..n).rev() {
        best[from] = (best[from + 1].0, None);
        for (&(_, to), (worth, _)) in found.range((from, 0)..(from + 1, 0)) {
            let total = worth + best[to].0;
            // At equal worth the longer span says more.
            if total >= best[from].0 {
                best[from] = (total, Some((from, to)));
            }
        }
    }
    let mut chunks = Vec::new();
    let mut at = 0;
    while at < n {
        match best[at].1 {
            Some(span) => {
                chunks.push(found[&span].1.clone());
                at = span.1;
            }
            None => {
                if !is_stop(&tokens[at].lower) {
                    chunks.push(Chunk {
                        from: at,
                        to: at + 1,
                        kind: ChunkKind::Unknown,
                        names: Vec::new(),
                        values: Vec::new(),
                        similar: None,
                    });
                }
                at += 1;
            }
        }
    }
    chunks
}

fn quoted_values(p: &mut Proposals<'_>) {
    for (at, token) in p.tokens.iter().enumerate().filter(|(_, t)| t.quoted) {
        let words = value_words(&token.text).join(" ");
        let values: Vec<_> = p.index.valued(&words).map(|(id, v)| (id, v.to_owned())).collect();
        let chunk = p.propose(at, at + 1, 3.0, ChunkKind::Value(token.text.clone(), !values.is_empty()));
        chunk.values = values;
    }
}

fn names(p: &mut Proposals<'_>) {
    let tokens = p.tokens;
    for from in 0..tokens.len() {
        let mut stems: Vec<String> = Vec::new();
        let mut paired = false;
        for to in from + 1..=tokens.len().min(from + MAX_NAME_WORDS) {
            let token = &tokens[to - 1];
            if token.quoted || (to > from + 1 && (token.after_comma || token.after_stop)) {
                break;
            }
            let joined_by_and = token.lower == "and";
            let small = joined_by_and || matches!(token.lower.as_str(), "of" | "the" | "a" | "an" | "in" | "for");
            if small && to == from + 1 {
                break;
            }
            if small {
                paired |= joined_by_and;
                continue;
            }
            stems.push(token.stem.clone());
            let mut entries: Vec<NameEntry> = p.index.named(&bag(&stems)).to_vec();
            if stems.len() > 1 || token.lower.len() > 5 {
                for entry in p.index.named(&joined(&stems)) {
                    if !entries.iter().any(|e| e.target == entry.target && e.score >= entry.score) {
                        entries.push(*entry);
                    }
                }
            }
            // Only `first and last name` is one name across an `and`.
            entries.retain(|e| !paired || matches!(e.target, Target::Person(_)));
            if entries.is_empty() {
                continue;
            }
            entries.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.target.cmp(&b.target)));
            let mut seen: Vec<Target> = Vec::new();
            entries.retain(|e| {
                !seen.contains(&e.target) && {
                    seen.push(e.target);
                    true
                }
            });
            entries.truncate(MAX_TARGETS);
            let best = entries[0].score;
            let all_stop = tokens[from..to].iter().all(|t| is_stop(&t.lower));
            // `an order`, `each order`: an article makes a noun of it.
            let article = from > 0
                && matches!(tokens[from - 1].lower.as_str(), "a" | "an" | "any" | "each" | "every" | "per" | "no");
            let all_stop = all_stop && !(article && best >= 0.6);
            if all_stop && best < 1.0 {
                continue;
            }
            let words = stems.len() as f32;
            // A small word in the middle makes a phrase a little less likely one name.
            let gaps = (to - from) as f32 - words;
            let stop_cost = if all_stop { 0.2 } else { 0.0 };
            let worth = best * words.powf(1.15) - 0.12 * gaps - stop_cost + if paired { 1.2 } else { 0.0 };
            p.propose(from, to, worth, ChunkKind::Name).names = entries;
        }
    }
}

/// Words that match nothing are looked up in the thesaurus: what a related word names, alone or with its neighbours, may be
/// meant. It never takes the place of a name that is said.
fn synonyms(p: &mut Proposals<'_>) {
    if p.index.leaves_out("SynonymMatchStrategy") {
        return;
    }
    let tokens = p.tokens;
    let unexplained = |at: usize| {
        let token = &tokens[at];
        // Inside a sentence a capital makes it a name; at the front stands what is to be done, unless it is many.
        let is_open = if at > 0 { !token.is_capital() } else { token.lower.ends_with('s') };
        !token.quoted
            && is_open
            && !is_stop(&token.lower)
            && !is_stop(&token.stem)
            && token.number().is_none()
            && p.index.named(&token.stem).is_empty()
            && cue_at(tokens, at).is_none()
    };
    // In `teachers who teach` the verb adds no second teacher.
    let said = |stem: &String| tokens.iter().any(|token| token.stem == *stem);
    let near = |words: &str| -> Vec<Related> {
        thesaurus::related(words)
            .map(|(lemma, strength)| (lemma.split(' ').map(stem_of).collect::<Vec<_>>(), strength))
            .filter(|(stems, _)| !p.index.named(&bag(stems)).is_empty() && !stems.iter().all(said))
            .take(MAX_RELATED)
            .collect()
    };
    let mut open: Vec<(usize, usize, Vec<Related>)> = Vec::new();
    for at in 0..tokens.len() {
        if unexplained(at) {
            open.push((at, at + 1, near(&tokens[at].lower)));
        }
        // Two words that mean one: `last name`, `date of birth`.
        let second = at + if tokens.get(at + 1).is_some_and(|t| t.lower == "of") { 2 } else { 1 };
        let Some(other) = tokens.get(second) else { continue };
        let parted = tokens[at + 1..=second].iter().any(|t| t.quoted || t.after_comma || t.after_stop);
        let stems = [tokens[at].stem.clone(), other.stem.clone()];
        if !parted && !tokens[at].quoted && p.index.named(&bag(&stems)).is_empty() {
            open.push((at, second + 1, near(&format!("{} {}", tokens[at].lower, other.lower))));
        }
    }
    let mut found: Vec<(usize, usize, Vec<NameEntry>)> = Vec::new();
    for (first, end, near) in open.iter().filter(|(_, _, near)| !near.is_empty()) {
        for from in end.saturating_sub(MAX_NAME_WORDS)..=*first {
            for to in *end..=tokens.len().min(from + MAX_NAME_WORDS) {
                let others = || tokens[from..*first].iter().chain(&tokens[*end..to]);
                let parted = tokens[from + 1..to].iter().any(|t| t.after_comma || t.after_stop);
                if parted || others().any(|t| t.quoted || is_stop(&t.lower)) {
                    continue;
                }
                let others: Vec<String> = others().map(|t| t.stem.clone()).collect();
                let entries = meant(p.index, &others, near);
                if !entries.is_empty() {
                    found.push((from, to, entries));
                }
            }
        }
    }
    for (from, to, entries) in found {
        if !p.found.contains_key(&(from, to)) {
            let worth = entries[0].score * ((to - from) as f32).powf(1.15);
            p.propose(from, to, worth, ChunkKind::Name).names = entries;
        }
    }
}

/// What some words may name together with one of the related words, best first.
fn meant(index: &SchemaIndex, words: &[String], related: &[Related]) -> Vec<NameEntry> {
    let mut entries: Vec<NameEntry> = Vec::new();
    for (stems, strength) in related {
        let mut phrase = words.to_vec();
        phrase.extend_from_slice(stems);
        for entry in index.named(&bag(&phrase)) {
            // A glossary says itself what else its terms are called.
            let is_schema = matches!(entry.target, Target::Table(_) | Target::Column(_));
            // Of a longer name only the one word is less sure.
            let share = 1.0 / (words.len() + 1) as f32;
            let score = (entry.score * (1.0 - share * (0.6 - 0.35 * strength))).min(CLEAREST_SYNONYM);
            let known = entries.iter().any(|e| e.target == entry.target && e.score >= score);
            if is_schema && score >= FAINTEST_SYNONYM && !known {
                entries.retain(|e| e.target != entry.target);
                entries.push(NameEntry { target: entry.target, score, strategy: "SynonymMatchStrategy" });
            }
        }
    }
    entries.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.target.cmp(&b.target)));
    entries.truncate(MAX_TARGETS);
    entries
}

fn values(p: &mut Proposals<'_>) {
    let tokens = p.tokens;
    for from in 0..tokens.len() {
        let mut words: Vec<String> = Vec::new();
        let mut stems: Vec<&str> = Vec::new();
        for to in from + 1..=tokens.len().min(from + MAX_VALUE_WORDS) {
            let token = &tokens[to - 1];
            if token.quoted || (to > from + 1 && token.after_stop && !token.is_capital()) {
                break;
            }
            words.extend(value_words(&token.text));
            stems.push(&token.stem);
            let single = to == from + 1;
            if single && !is_code(p, from) && (is_stop(&token.lower) || (token.lower.len() < 3 && !token.is_capital()))
            {
                continue;
            }
            let mut known: Vec<_> = p.index.valued(&words.join(" ")).map(|(id, v)| (id, v.to_owned())).collect();
            let exact = !known.is_empty();
            if known.is_empty() {
                known = p.index.valued(&format!("~{}", stems.join(" "))).map(|(id, v)| (id, v.to_owned())).collect();
            }
            if known.is_empty() || (token.number().is_some() && single) {
                continue;
            }
            let capital = tokens[from].is_capital() && (from > 0 || to > 1);
            let worth = (to - from) as f32 * if capital { 1.1 } else { 0.93 } - if exact { 0.0 } else { 0.2 }
                + 0.15 * (to - from - 1) as f32;
            // `production` where that is held says no `product`.
            let worth = if single && exact && !is_called(p, token) { worth.max(1.05) } else { worth };
            let text = p.text.get(tokens[from].span.start..token.span.end).unwrap_or_default().to_owned();
            p.propose(from, to, worth, ChunkKind::Value(text, true)).values = known;
        }
    }
}

/// A first and a last name that one table holds in two columns.
fn persons(p: &mut Proposals<'_>) {
    let tokens = p.tokens;
    for at in 1..tokens.len().max(1) {
        let (given, family) = (&tokens[at - 1], &tokens[at]);
        if !given.is_capital() || !family.is_capital() || given.quoted || family.quoted || family.after_stop {
            continue;
        }
        let index = p.index;
        let holds = |word: &str, id: ColumnId| index.valued(word).any(|(column, _)| column == id);
        let tables = index.catalog().table_ids().filter_map(|(id, _)| Some((id, index.facts(id).person?)));
        let names: Vec<NameEntry> = tables
            .filter(|(_, (first, last))| holds(&given.lower, *first) && holds(&family.lower, *last))
            .map(|(id, _)| NameEntry { target: Target::Person(id), score: 1.0, strategy: "PersonValueStrategy" })
            .collect();
        if !names.is_empty() {
            let text = p.text[given.span.start..family.span.end].to_owned();
            p.propose(at - 1, at + 1, 2.6, ChunkKind::Value(text, true)).names = names;
        }
    }
}

/// Runs of capitalised words inside a sentence are names of something, known or not.
fn capitals(p: &mut Proposals<'_>) {
    let tokens = p.tokens;
    let mut at = 1;
    while at < tokens.len() {
        let start = at;
        while at < tokens.len()
            && tokens[at].is_capital()
            && !tokens[at].quoted
            && !tokens[at].after_stop
            && (at == start || !tokens[at].after_comma)
        {
            at += 1;
        }
        if at > start && !(at - start == 1 && is_stop(&tokens[start].lower) && tokens[start].text.len() > 1) {
            let text = p.text[tokens[start].span.start..tokens[at - 1].span.end].to_owned();
            let worth = 0.7 * (at - start) as f32;
            p.propose(start, at, worth, ChunkKind::Value(text, false));
        } else {
            at = start + 1;
        }
    }
}

fn numbers(p: &mut Proposals<'_>) {
    for (at, token) in p.tokens.iter().enumerate() {
        if let Some(number) = token.number() {
            // `one` is more often a pronoun.
            let worth = if token.lower == "one" { 0.6 } else { 0.95 };
            let words = value_words(&token.text).join(" ");
            let values: Vec<_> = p.index.valued(&words).map(|(id, v)| (id, v.to_owned())).collect();
            p.propose(at, at + 1, worth, ChunkKind::Number(number)).values = values;
        }
    }
}

fn times(p: &mut Proposals<'_>) {
    for at in 0..p.tokens.len() {
        if let Some((taken, range)) = time_at(p.text, p.tokens, at, p.clock) {
            p.propose(at, at + taken, taken as f32 * 1.05, ChunkKind::Time(range));
        }
    }
}

/// True when the words of a longer cue behind an aggregate are a column's own name: `average total amount of` where there
/// is a `total_amount`.
fn is_column(p: &Proposals<'_>, at: usize, taken: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| cue_at(p.tokens, before));
    if !matches!(before, Some((1, Cue::Aggregate(_)))) {
        return false;
    }
    let words = p.tokens[at..at + taken].iter().filter(|token| token.lower != "of");
    let stems: Vec<String> = words.map(|token| token.stem.clone()).collect();
    let named = |entry: &NameEntry| entry.score >= 1.0 && matches!(entry.target, Target::Column(_));
    stems.len() > 1 && p.index.named(&bag(&stems)).iter().any(named)
}

/// `products ordered by customers`: they order, nothing is put in order, where the word behind names a table and no column.
fn is_passive(p: &Proposals<'_>, at: usize, taken: usize, cue: Cue) -> bool {
    let Some(behind) = p.tokens.get(at + taken).filter(|_| cue == Cue::OrderBy && taken == 2) else { return false };
    let entries = p.index.named(&behind.stem);
    let whole = |entry: &&NameEntry| entry.score >= 0.9;
    let is_table = |entry: &NameEntry| matches!(entry.target, Target::Table(_));
    p.tokens[at].lower == "ordered"
        && entries.iter().filter(whole).any(is_table)
        && entries.iter().filter(whole).all(is_table)
}

/// Something is called by a word itself, or by one or many of it: not only by another word of the same stem.
fn is_called(p: &Proposals<'_>, token: &Token) -> bool {
    let base = |word: &str| fold(word).trim_end_matches('s').trim_end_matches('e').to_owned();
    let word = base(&token.text);
    let says = |text: &str| nlq_catalog::split_name(text).iter().any(|part| base(part) == word);
    let catalog = p.index.catalog();
    let annotations = p.index.annotations();
    let named = |entry: &NameEntry| match entry.target {
        Target::Column(id) => {
            let (table, column) = (catalog.table(id.table), catalog.column(id));
            let said = annotations.column(table.schema.as_deref(), &table.name, &column.name);
            says(&column.name) || says(&table.name) || said.is_some_and(|a| a.business_terms.iter().any(|t| says(t)))
        }
        // Names of other things are few; they are taken at their word.
        _ => true,
    };
    let entries = p.index.named(&token.stem);
    entries.is_empty() || entries.iter().filter(|e| e.score >= 0.9).any(named)
}

/// `GET` where a column holds just that: a value, whatever the word says in lower case.
fn is_code(p: &Proposals<'_>, at: usize) -> bool {
    let word = &p.tokens[at].text;
    let loud = |text: &str| text.len() > 1 && text.chars().all(|c| c.is_ascii_uppercase());
    let held = |word: &str| p.index.valued(&fold(word)).any(|(_, value)| value == word);
    loud(word) && p.text.chars().any(char::is_lowercase) && held(word)
}

fn cues(p: &mut Proposals<'_>) {
    for at in 0..p.tokens.len() {
        let said = cue_at(p.tokens, at);
        let said = said.filter(|(taken, cue)| {
            let code = *taken == 1 && is_code(p, at);
            !code && !is_column(p, at, *taken) && !is_passive(p, at, *taken, *cue)
        });
        if let Some((taken, cue)) = said {
            let order_of_rows = matches!(cue, Cue::OrderBy | Cue::Direction(_) | Cue::First(..));
            let connects = matches!(cue, Cue::Of | Cue::And | Cue::Is | Cue::Which | Cue::Have | Cue::Show);
            p.propose(
                at,
                at + taken,
                if connects { 0.25 } else { 0.88 } * taken as f32 + if order_of_rows { 0.05 } else { 0.0 },
                ChunkKind::Cue(cue),
            );
        }
        let token = &p.tokens[at];
        // `the last 10 errors`: events by their time; `last 10 days` is a longer phrase.
        if token.lower == "last" && !token.quoted && p.index.holds_events() {
            p.propose(at, at + 1, 0.88, ChunkKind::Cue(Cue::Superlative(true, DATE)));
        }
        // `monthly`, `per month`: the unit is what follows a grouping word; read by the attribute agent from the token.
        if let Some((taken, _)) = step_at(p.tokens, at)
            && p.index.named(&token.stem).is_empty()
            && p.tokens
                .get(at.wrapping_sub(1))
                .is_some_and(|t| matches!(t.lower.as_str(), "per" | "by" | "each" | "every"))
        {
            p.propose(at, at + taken, 0.9 * taken as f32, ChunkKind::Name);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use nlq_catalog::{Annotations, Catalog, Column, Dialect, Table};

    use super::*;
    use crate::words::tokenize;

    fn linked(tables: &[(&str, &[&str])], question: &str) -> Vec<String> {
        let table = |(name, columns): &(&str, &[&str])| Table {
            name: (*name).to_owned(),
            columns: columns.iter().map(|c| Column { name: (*c).to_owned(), ..Column::default() }).collect(),
            ..Table::default()
        };
        let mut catalog = Catalog { dialect: Dialect::Sqlite, ..Catalog::default() };
        catalog.tables = tables.iter().map(table).collect();
        let index = SchemaIndex::new(Arc::new(catalog), Arc::new(Annotations::default()));
        let (tokens, _) = tokenize(question);
        let chunks = link(question, &tokens, &index, Clock { today: chrono::NaiveDate::default(), fiscal_start: 1 });
        let named = chunks.iter().filter_map(|chunk| {
            let entry = chunk.names.first()?;
            let name = match entry.target {
                Target::Table(id) => index.catalog().table(id).name.clone(),
                Target::Column(id) => index.column(id).name.clone(),
                other => format!("{other:?}"),
            };
            Some(format!(
                "{name} {} {}",
                entry.strategy,
                if entry.score <= CLEAREST_SYNONYM { "faint" } else { "clear" }
            ))
        });
        named.collect()
    }

    const CLINIC: &[(&str, &[&str])] = &[("lawyers", &["id", "surname", "wage"]), ("towns", &["id", "nation"])];

    #[test]
    fn a_related_word_names_what_nothing_else_names() {
        assert_eq!(
            linked(CLINIC, "the remuneration of attorneys"),
            ["wage SynonymMatchStrategy faint", "lawyers SynonymMatchStrategy faint"]
        );
    }

    #[test]
    fn two_words_can_mean_one() {
        assert_eq!(linked(CLINIC, "show last names"), ["surname SynonymMatchStrategy faint"]);
    }

    #[test]
    fn a_name_that_is_said_is_taken_as_it_is() {
        let tables: &[(&str, &[&str])] = &[("lawyers", &["id"]), ("attorneys", &["id"])];
        assert_eq!(linked(tables, "all attorneys"), ["attorneys DirectTableMatchStrategy clear"]);
    }

    #[test]
    fn a_verb_beside_its_noun_names_nothing_more() {
        let tables: &[(&str, &[&str])] = &[("climbers", &["id", "height"])];
        assert_eq!(linked(tables, "climbers who climb"), ["climbers DirectTableMatchStrategy clear"]);
    }

    #[test]
    fn what_is_far_off_stays_unknown() {
        assert_eq!(linked(CLINIC, "every banana"), Vec::<String>::new());
    }
}
