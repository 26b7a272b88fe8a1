//! What the words of a question say for every table, column and value: the ground on which slots are filled and readings
//! are weighed.

use std::collections::HashMap;

use nlq_catalog::{ColumnId, TableId, stem};
use nlq_query::plan::{Aggregate, Expr};

use super::parts::Parts;
use crate::{
    index::{NameEntry, SchemaIndex, Target, bag, joined},
    linker::{Chunk, ChunkKind},
    thesaurus::strength,
    time::TimeRange,
    words::{Token, is_stop},
};

/// Words of one name at most.
const MAX_NAME_WORDS: usize = 5;
/// Places kept of one match.
const MAX_PLACES: usize = 3;

/// The best match of a name with words of the question.
#[derive(Debug, Clone, Default)]
pub(crate) struct Match {
    /// 0 none, 1 by a synonym, 2 a weak part, 3 a part, 4 told by people, 5 whole but for the table's own words, 6 whole.
    pub(crate) kind: u8,
    /// 0 to 1: how much of the name is said.
    pub(crate) score: f32,
    /// Where, as tokens from and to, in order.
    pub(crate) places: Vec<(usize, usize)>,
}

impl Match {
    /// The first token of its first place.
    pub(crate) fn at(&self) -> Option<usize> {
        self.places.first().map(|place| place.0)
    }
}

/// What may be compared with a column.
#[derive(Debug, Clone)]
pub(crate) struct Mention {
    pub(crate) kind: MentionKind,
    pub(crate) text: String,
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Columns that hold it, with the value as it stands there.
    pub(crate) holders: Vec<(ColumnId, String)>,
    /// The span of time that it is part of.
    pub(crate) time: Option<TimeRange>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MentionKind {
    Quoted,
    Known,
    Capital,
    Number,
}

/// Words that tell which clause is near.
const CUES: [&[&str]; 13] = [
    &["each", "per", "every", "by", "different"],
    &[
        "most", "least", "highest", "lowest", "largest", "smallest", "oldest", "youngest", "best", "worst", "biggest",
        "fewest", "maximum", "minimum", "longest", "shortest", "latest", "earliest", "greatest", "top", "newest",
        "heaviest", "lightest",
    ],
    &[
        "order",
        "sort",
        "sorted",
        "ordered",
        "ascending",
        "descending",
        "alphabetical",
        "alphabetically",
        "lexicographic",
        "list",
    ],
    &[
        "more", "less", "than", "over", "above", "below", "under", "at", "least", "greater", "larger", "smaller",
        "higher", "lower", "older", "younger", "after", "before", "exceed",
    ],
    &["average", "mean", "avg"],
    &["sum", "total"],
    &["maximum", "max", "highest"],
    &["minimum", "min", "lowest"],
    &["number", "many", "count"],
    &["what", "which", "who", "find", "show", "give", "return", "list"],
    &["not", "without", "no", "never", "except", "but", "neither"],
    &["whose", "with", "having", "that", "where", "in", "from", "named", "called"],
    &["both", "and", "or", "either", "also"],
];
pub(crate) const CUE_CLASSES: usize = CUES.len();

/// All that is known of one question over one schema.
#[derive(Debug)]
pub(crate) struct Evidence<'a> {
    pub(crate) index: &'a SchemaIndex,
    pub(crate) tokens: &'a [Token],
    /// Every column of the schema, by table.
    pub(crate) columns: Vec<ColumnId>,
    offsets: Vec<usize>,
    matches: Vec<Match>,
    tables: Vec<Match>,
    pub(crate) mentions: Vec<Mention>,
    /// Tokens that stand for names, values and numbers replaced by what they are.
    pub(crate) masked: Vec<String>,
    pub(crate) cues: [Vec<usize>; CUE_CLASSES],
    /// Mentions that a column holds, by column.
    held: Vec<Vec<usize>>,
    /// Where tables are named as wholes, in order.
    named: Vec<(usize, TableId)>,
    /// How well any column is said by a phrase with a token in it.
    best: Vec<f32>,
}

impl<'a> Evidence<'a> {
    pub(crate) fn new(tokens: &'a [Token], chunks: &[Chunk], index: &'a SchemaIndex) -> Self {
        let mut columns = Vec::new();
        let mut offsets = Vec::new();
        for (table, _) in index.catalog().table_ids() {
            offsets.push(columns.len());
            columns.extend(index.catalog().column_ids(table).map(|(id, _)| id));
        }
        let mut this = Self {
            index,
            tokens,
            matches: vec![Match::default(); columns.len()],
            tables: vec![Match::default(); offsets.len()],
            held: vec![Vec::new(); columns.len()],
            columns,
            offsets,
            named: Vec::new(),
            best: vec![0.0; tokens.len()],
            mentions: mentions(tokens, chunks),
            masked: mask(tokens, chunks, index),
            cues: CUES.map(|words| {
                let is = |token: &Token| !token.quoted && words.contains(&token.lower.as_str());
                (0..tokens.len()).filter(|&at| is(&tokens[at])).collect()
            }),
        };
        this.link_names();
        this.link_synonyms(chunks);
        for (id, _) in index.catalog().table_ids() {
            let own = this.of_table(id);
            if own.kind >= 5 || own.score >= 0.6 {
                let places: Vec<_> = own.places.iter().map(|place| (place.0, id)).collect();
                this.named.extend(places);
            }
        }
        this.named.sort_unstable();
        for own in &this.matches {
            for at in own.places.iter().flat_map(|place| place.0..place.1) {
                this.best[at] = this.best[at].max(own.score);
            }
        }
        for at in 0..this.mentions.len() {
            for holder in 0..this.mentions[at].holders.len() {
                let flat = this.flat(this.mentions[at].holders[holder].0);
                if this.held[flat].last() != Some(&at) {
                    this.held[flat].push(at);
                }
            }
        }
        this
    }

    /// The next table that is named after a token.
    pub(crate) fn table_after(&self, at: usize) -> Option<TableId> {
        self.named.iter().find(|(place, _)| *place > at).map(|(_, id)| *id)
    }

    /// The last table that is named before a token.
    pub(crate) fn table_before(&self, at: usize) -> Option<TableId> {
        self.named.iter().rev().find(|(place, _)| *place < at).map(|(_, id)| *id)
    }

    /// The first table that is named.
    pub(crate) fn main_table(&self) -> Option<TableId> {
        self.named.first().map(|(_, id)| *id)
    }

    pub(crate) fn flat(&self, id: ColumnId) -> usize {
        self.offsets[id.table.0 as usize] + id.column as usize
    }

    pub(crate) fn of(&self, id: ColumnId) -> &Match {
        &self.matches[self.flat(id)]
    }

    pub(crate) fn of_table(&self, id: TableId) -> &Match {
        &self.tables[id.0 as usize]
    }

    /// How well any column is said by the words of a match, at its likeliest place.
    pub(crate) fn best_at(&self, own: &Match) -> f32 {
        let place = |place: &(usize, usize)| self.best[place.0..place.1].iter().copied().fold(0.0, f32::max);
        own.places.iter().map(place).fold(f32::MAX, f32::min).min(1.0)
    }

    /// The mentions that a column holds.
    pub(crate) fn held(&self, id: ColumnId) -> &[usize] {
        &self.held[self.flat(id)]
    }

    fn note(&mut self, entry: &NameEntry, from: usize, to: usize, factor: f32) {
        let (score, kind) = (entry.score.min(1.0) * factor, kind(entry));
        let put = |target: &mut Match, kind: u8, score: f32| {
            if score > target.score + 1e-4 {
                *target = Match { kind, score, places: vec![(from, to)] };
            } else if (score - target.score).abs() <= 1e-4 && target.places.len() < MAX_PLACES {
                target.places.push((from, to));
            }
        };
        match entry.target {
            Target::Table(id) => put(&mut self.tables[id.0 as usize], kind, score),
            Target::Column(id) => {
                let flat = self.flat(id);
                put(&mut self.matches[flat], kind, score);
            }
            Target::Person(id) => {
                if let Some((first, last)) = self.index.facts(id).person {
                    for id in [first, last] {
                        let flat = self.flat(id);
                        put(&mut self.matches[flat], 4, score * 0.95);
                    }
                }
            }
            Target::Term(at) => {
                if let Some(predicate) = self.index.declared().term(at) {
                    let mut parts = Parts::default();
                    parts.predicate(predicate);
                    self.note_parts(&parts, from, to);
                }
            }
            Target::Metric(at) => {
                if let Some(expr) = self.index.declared().metric(at) {
                    let mut parts = Parts::default();
                    parts.expr(expr);
                    self.note_parts(&parts, from, to);
                    for function in &parts.functions {
                        let class = &mut self.cues[class_of(*function)];
                        if !class.contains(&from) {
                            class.push(from);
                            class.sort_unstable();
                        }
                    }
                }
            }
        }
    }

    /// Who names what the team declared names its columns.
    fn note_parts(&mut self, parts: &Parts, from: usize, to: usize) {
        for id in &parts.columns {
            let flat = self.flat(*id);
            self.matches[flat] = Match { kind: 6, score: 1.0, places: vec![(from, to)] };
        }
    }

    /// What the thesaurus relates to words of the question, for names that no word says.
    fn link_synonyms(&mut self, chunks: &[Chunk]) {
        for chunk in chunks {
            for entry in chunk.names.iter().filter(|entry| entry.strategy == "SynonymMatchStrategy") {
                self.note(entry, chunk.from, chunk.to, 1.0);
            }
        }
        let (tokens, index) = (self.tokens, self.index);
        let open = |token: &Token| {
            !token.quoted && token.lower.len() > 2 && !is_stop(&token.lower) && token.number().is_none()
        };
        let open: Vec<usize> = (0..tokens.len()).filter(|at| open(&tokens[*at])).collect();
        let mut known: HashMap<&str, (f32, usize)> = HashMap::new();
        let mut nearest = |words: &'a [String]| {
            let words = words.iter().filter(|word| word.len() > 2 && !is_stop(word));
            let best = words.map(|word| {
                *known.entry(word).or_insert_with(|| {
                    let strengths = open.iter().map(|at| (strength(word, &tokens[*at].lower), *at));
                    strengths.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))).unwrap_or_default()
                })
            });
            best.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|best| best.0 > 0.0)
        };
        for at in 0..self.columns.len() {
            let spoken = &index.column_facts(self.columns[at]).spoken;
            if self.matches[at].kind == 0
                && let Some((strength, place)) = nearest(spoken)
            {
                let score = 0.5 * strength / spoken.len() as f32;
                self.matches[at] = Match { kind: 1, score, places: vec![(place, place + 1)] };
            }
        }
        for (id, _) in index.catalog().table_ids() {
            let at = id.0 as usize;
            if self.tables[at].kind == 0
                && let Some((strength, place)) = nearest(&index.facts(id).spoken)
            {
                self.tables[at] = Match { kind: 1, score: 0.4 * strength, places: vec![(place, place + 1)] };
            }
        }
    }

    fn link_names(&mut self) {
        let (tokens, index) = (self.tokens, self.index);
        for from in 0..tokens.len() {
            let mut stems: Vec<String> = Vec::new();
            for to in from + 1..=tokens.len().min(from + MAX_NAME_WORDS) {
                let token = &tokens[to - 1];
                if token.quoted || to > from + 1 && (token.after_comma || token.after_stop) {
                    break;
                }
                if matches!(token.lower.as_str(), "of" | "the" | "a" | "an" | "in" | "for" | "and") {
                    if to == from + 1 {
                        break;
                    }
                    continue;
                }
                stems.push(token.stem.clone());
                let all_stop = tokens[from..to].iter().all(|t| is_stop(&t.lower));
                for entry in index.named(&bag(&stems)) {
                    if !all_stop || entry.score >= 1.0 {
                        self.note(entry, from, to, if all_stop { 0.7 } else { 1.0 });
                    }
                }
                if stems.len() > 1 || token.lower.len() > 5 {
                    for entry in index.named(&joined(&stems)) {
                        self.note(entry, from, to, 1.0);
                    }
                }
            }
        }
    }
}

/// The usual word for an aggregate.
fn word_of(function: Aggregate) -> &'static str {
    match function {
        Aggregate::Avg => "average",
        Aggregate::Sum => "total",
        Aggregate::Max => "maximum",
        Aggregate::Min => "minimum",
        Aggregate::Count => "number",
    }
}

/// The class of [`CUES`] that says an aggregate.
fn class_of(function: Aggregate) -> usize {
    match function {
        Aggregate::Avg => 4,
        Aggregate::Sum => 5,
        Aggregate::Max => 6,
        Aggregate::Min => 7,
        Aggregate::Count => 8,
    }
}

fn kind(entry: &NameEntry) -> u8 {
    match entry.strategy {
        "DirectTableMatchStrategy" | "DirectColumnMatchStrategy" if entry.score >= 1.0 => 6,
        "DirectTableMatchStrategy" | "DirectColumnMatchStrategy" => 5,
        "GlossaryTermMatchStrategy" => 6,
        "CommentMatchStrategy" | "PersonNameStrategy" => 4,
        "SemanticConceptMatchStrategy" | "SynonymMatchStrategy" => 1,
        _ if entry.score >= 0.5 => 3,
        _ => 2,
    }
}

fn mentions(tokens: &[Token], chunks: &[Chunk]) -> Vec<Mention> {
    let mut out = Vec::new();
    for chunk in chunks {
        let time = match &chunk.kind {
            ChunkKind::Time(range) => Some(range.clone()),
            _ => None,
        };
        let mut add = |kind, text: &str, from, to| {
            let holders = chunk.values.clone();
            out.push(Mention { kind, text: text.to_owned(), from, to, holders, time: time.clone() });
        };
        match &chunk.kind {
            ChunkKind::Value(text, known) => {
                let quoted = tokens[chunk.from].quoted;
                let kind = match (quoted, known) {
                    (true, _) => MentionKind::Quoted,
                    (false, true) => MentionKind::Known,
                    (false, false) => MentionKind::Capital,
                };
                add(kind, text, chunk.from, chunk.to);
            }
            ChunkKind::Number(number) => add(MentionKind::Number, number, chunk.from, chunk.to),
            ChunkKind::Time(_) => {
                let numbers = (chunk.from..chunk.to).filter_map(|at| Some((tokens[at].number()?, at)));
                let numbers: Vec<_> = numbers.collect();
                for (number, at) in &numbers {
                    add(MentionKind::Number, number, *at, at + 1);
                }
                // `last month`
                if numbers.is_empty() {
                    add(MentionKind::Number, "", chunk.from, chunk.to);
                }
            }
            _ => {}
        }
    }
    out
}

/// Names become what they name, with the kind of a column; values and numbers what they are.
fn mask(tokens: &[Token], chunks: &[Chunk], index: &SchemaIndex) -> Vec<String> {
    let mut out = Vec::new();
    let mut push = |word: &str| {
        // Runs of one kind are one.
        let runs = word.starts_with('<') && out.last().is_some_and(|last: &String| last == word);
        if !runs {
            out.push(word.to_owned());
        }
    };
    let mut at = 0;
    let mut chunks = chunks.iter().peekable();
    while at < tokens.len() {
        while chunks.peek().is_some_and(|c| c.to <= at) {
            chunks.next();
        }
        let Some(chunk) = chunks.peek().filter(|c| c.from <= at) else {
            push(&tokens[at].stem);
            at += 1;
            continue;
        };
        let label = match &chunk.kind {
            ChunkKind::Value(..) => Some("<val>"),
            ChunkKind::Number(_) => Some("<num>"),
            ChunkKind::Time(_) => Some("<time>"),
            ChunkKind::Name => chunk.names.first().filter(|e| e.score >= 0.5).map(|e| match e.target {
                Target::Table(_) => "<tab>",
                Target::Column(id) => {
                    let kind = index.column(id).kind;
                    if kind.is_numeric() {
                        "<coln>"
                    } else if kind.is_temporal() {
                        "<colt>"
                    } else {
                        "<col>"
                    }
                }
                Target::Person(_) => "<col>",
                Target::Term(_) => "<term>",
                // As people say it who have no word for it.
                Target::Metric(at) => match index.declared().metric(at) {
                    Some(Expr::Aggregate { function, argument: Some(_), .. }) => {
                        push(&stem(word_of(*function)));
                        "<coln>"
                    }
                    Some(Expr::Aggregate { argument: None, .. }) => {
                        push("number");
                        push("of");
                        "<tab>"
                    }
                    _ => "<metric>",
                },
            }),
            ChunkKind::Cue(_) | ChunkKind::Unknown => None,
        };
        match label {
            Some(label) => {
                push(label);
                at = chunk.to;
            }
            None => {
                push(&tokens[at].stem);
                at += 1;
            }
        }
    }
    out
}
