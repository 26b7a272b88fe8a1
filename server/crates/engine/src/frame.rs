//! From chunks to frames: which phrase plays which part in the query, before any of them is bound to a column. Where the
//! words allow more than one part, a [`Choice`] is taken both ways; every combination is a frame of its own.

use std::cell::Cell;

use nlq_catalog::TableKind;
use nlq_query::plan::{Aggregate, Comparison, TimeUnit};

use crate::{
    cues::{Cue, Place},
    index::{NameEntry, SchemaIndex, Target},
    linker::{Chunk, ChunkKind},
    time::{step_at, unit_of},
    words::Token,
};

/// A phrase that stands for a column or a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum What {
    /// The chunk of this index.
    Chunk(usize),
    /// A column of one of these stems, said by the cue of this chunk (`oldest`).
    Hint(&'static [&'static str], usize),
    /// Whatever the question is about.
    Subject,
}

/// A shown item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shown {
    pub(crate) what: What,
    pub(crate) aggregate: Option<Aggregate>,
    pub(crate) distinct: bool,
}

/// What a column is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operand {
    /// The value of this chunk.
    Value(usize),
    /// A number of this chunk.
    Number(String, usize),
    /// Two numbers.
    Range(String, String),
    /// A span of time of this chunk.
    Time(usize),
    /// The aggregate of the same column over all rows.
    Overall(Aggregate),
    /// Text of this chunk within the column.
    Pattern(usize, Place),
    /// Another column.
    Column(What),
    /// Nothing is there.
    Missing,
    /// The column is true.
    True,
}

/// A condition on rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    /// None: the column that holds the value.
    pub(crate) what: Option<What>,
    pub(crate) op: Comparison,
    pub(crate) operand: Operand,
    /// Joined to the condition before by `or`.
    pub(crate) or: bool,
}

/// By what rows are ordered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum OrderBy {
    What(What, Option<Aggregate>),
    /// Rows (of the table of this chunk) in the group.
    Count(Option<usize>),
}

/// A condition on the number of rows in a group.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Having {
    /// The table counted, where one is named.
    pub(crate) of: Option<usize>,
    pub(crate) op: Comparison,
    pub(crate) number: String,
}

/// One key of a grouping.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum GroupBy {
    What(What),
    /// The time of the subject's rows, in steps of so many units.
    Time(u32, TimeUnit),
}

/// The parts of a query, bound to phrases.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Frame {
    pub(crate) shown: Vec<Shown>,
    pub(crate) distinct: bool,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) groups: Vec<GroupBy>,
    pub(crate) order: Vec<(OrderBy, bool)>,
    pub(crate) having: Option<Having>,
    pub(crate) limit: Option<u64>,
    /// Tables whose rows must be missing.
    pub(crate) absent: Vec<usize>,
    /// From this condition on, conditions belong inside the absent table's plan.
    pub(crate) absent_from: usize,
    /// Tables that rows must be joined to.
    pub(crate) tables: Vec<usize>,
    /// The first shown thing is divided by the second: the condition and the chunk at which the second begins.
    pub(crate) ratio: Option<(usize, usize)>,
    /// The last two conditions hold for different rows of the same subject.
    pub(crate) both: bool,
    /// Choices that were taken the second way.
    pub(crate) choices: u32,
    /// Chunks that play a part.
    pub(crate) used: u64,
    /// Superlative read as an aggregate, group counts, ... : named facts for the ranker.
    pub(crate) marks: u32,
    /// The subject is shown whole.
    pub(crate) star: bool,
    pub(crate) show_key: bool,
}

/// Things that words leave open; the second way is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Choice {
    /// `highest x` is the aggregate, not the row that has it (or the other way round).
    SuperlativeValue,
    /// `most x` counts rows although a column fits, or takes a column although a table fits.
    SuperlativeCount,
    /// `not` negates a value although a table follows.
    PlainNot,
    /// Equal rows once (or not).
    Distinct,
    /// `how many` counts different values, not rows.
    CountDistinct,
    /// The subject is shown with all columns.
    Star,
    /// The subject is shown by its key.
    Key,
    /// `more than n x` compares a column, not a count (or the other way round).
    CountOrColumn,
    /// The group is not shown.
    HideGroup,
    /// Tables named without columns are not joined.
    NoTables,
    /// Names after the conditions are shown too.
    ShowLate,
    /// `by` orders instead of groups.
    ByOrders,
    /// The aggregate is shown beside other columns although no group is named.
    KeepShown,
    /// `both` is one row with either.
    EitherValue,
}

pub(crate) const CHOICES: usize = 14;

/// Facts about a frame that the ranker weighs.
pub(crate) mod marks {
    pub(crate) const SUPERLATIVE_ROW: u32 = 1;
    pub(crate) const SUPERLATIVE_VALUE: u32 = 2;
    pub(crate) const SUPERLATIVE_COUNT: u32 = 4;
    pub(crate) const SUBJECT_SHOWN: u32 = 8;
    pub(crate) const LATE: u32 = 16;
    pub(crate) const HINTED: u32 = 32;
    pub(crate) const UNBOUND_NUMBER: u32 = 64;
    pub(crate) const DANGLING: u32 = 128;
    pub(crate) const SUPERLATIVE_HINT_COUNT: u32 = 256;
}

/// What is summed or averaged where nothing is named.
const AMOUNT: &[&str] = &["amount", "total", "price", "cost", "sum", "quantiti"];

/// What is done by somebody, where the word does not end in `ed`.
const DONE: &[&str] =
    &["written", "made", "given", "taken", "held", "won", "sold", "bought", "paid", "taught", "sung", "led"];

/// Frames of one question at most.
const MAX_FRAMES: usize = 40;

/// All frames of a question, the plainest first.
pub(crate) fn frames(chunks: &[Chunk], tokens: &[Token], index: &SchemaIndex) -> Vec<Frame> {
    let read = |choices: u32| {
        let asked = Cell::new(0u32);
        let frame = Reader::new(chunks, tokens, index, choices, &asked).read();
        (frame, asked.get())
    };
    let (first, asked) = read(0);
    let mut frames = vec![first];
    let open: Vec<u32> = (0..CHOICES as u32).filter(|bit| asked >> bit & 1 == 1).collect();
    let singles = open.iter().map(|bit| 1 << bit);
    let pairs = open.iter().enumerate().flat_map(|(i, a)| open[i + 1..].iter().map(move |b| 1 << a | 1 << b));
    for choices in singles.chain(pairs) {
        if frames.len() >= MAX_FRAMES {
            break;
        }
        let (frame, _) = read(choices);
        if !frames.iter().any(|f| Frame { choices: 0, ..f.clone() } == Frame { choices: 0, ..frame.clone() }) {
            frames.push(frame);
        }
    }
    frames
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Show,
    Which,
    Group,
    Order,
}

struct Reader<'a> {
    chunks: &'a [Chunk],
    tokens: &'a [Token],
    index: &'a SchemaIndex,
    asked: &'a Cell<u32>,
    frame: Frame,
    mode: Mode,
    aggregates: Vec<Aggregate>,
    count: bool,
    distinct: bool,
    not: bool,
    without: bool,
    or: bool,
    both: bool,
    have: bool,
    which: bool,
    compare: Option<(Comparison, &'static [&'static str], usize)>,
    pattern: Option<Place>,
    between: bool,
    superlative: Option<(bool, &'static [&'static str], usize)>,

    /// The last named column that waits for a value.
    column: Option<usize>,
    /// The last shown column: what a value right after it is compared with.
    shown_column: Option<usize>,
    /// A number that a later superlative may take as its limit.
    number: Option<(usize, u64)>,
    /// The last condition's own column, for `a or b`.
    last: Option<What>,
    /// Direction said before the order's column.
    direction: Option<bool>,
    subject: Option<usize>,
    /// Where the last aggregate was said.
    aggregate_at: usize,
    /// All columns are asked for.
    everything: bool,
    late: Vec<usize>,
    /// `per` was said.
    per: bool,
    /// A superlative without a number was said.
    only_one: bool,
    /// `top 3` was said.
    topped: bool,
    /// `ratio of` was said.
    ratio: bool,
}

impl<'a> Reader<'a> {
    fn new(
        chunks: &'a [Chunk],
        tokens: &'a [Token],
        index: &'a SchemaIndex,
        choices: u32,
        asked: &'a Cell<u32>,
    ) -> Self {
        Self {
            chunks,
            tokens,
            index,
            asked,
            frame: Frame { choices, ..Frame::default() },
            mode: Mode::Show,
            aggregates: Vec::new(),
            count: false,
            distinct: false,
            not: false,
            without: false,
            or: false,
            both: false,
            have: false,
            which: false,
            compare: None,
            pattern: None,
            between: false,
            superlative: None,

            column: None,
            shown_column: None,
            number: None,
            last: None,
            direction: None,
            subject: None,
            aggregate_at: 0,
            everything: false,
            late: Vec::new(),
            per: false,
            only_one: false,
            topped: false,
            ratio: false,
        }
    }

    fn choose(&self, choice: Choice) -> bool {
        let bit = 1 << choice as u32;
        self.asked.set(self.asked.get() | bit);
        self.frame.choices & bit != 0
    }

    fn mark(&mut self, mark: u32) {
        self.frame.marks |= mark;
    }

    fn take(&mut self, chunk: usize) {
        if chunk < 64 {
            self.frame.used |= 1 << chunk;
        }
    }

    /// How well a chunk names a table and a column; numeric columns count for `number`.
    fn table_score(&self, at: usize) -> f32 {
        let tables = self.chunks[at].names.iter().filter(|e| matches!(e.target, Target::Table(_)));
        tables.map(|e| e.score).fold(0.0, f32::max)
    }

    fn column_score(&self, at: usize, numeric: bool) -> f32 {
        let fits = |e: &&crate::index::NameEntry| match e.target {
            Target::Column(id) => {
                let kind = self.index.column(id).kind;
                !numeric
                    || ((kind.is_numeric() || kind.is_temporal())
                        && !self.index.column_facts(id).key
                        && !self.index.column_facts(id).reference)
            }
            Target::Metric(_) => true,
            _ => false,
        };
        self.chunks[at].names.iter().filter(fits).map(|e| e.score).fold(0.0, f32::max)
    }

    fn is_name(&self, at: usize) -> bool {
        self.chunks.get(at).is_some_and(|c| c.kind == ChunkKind::Name)
    }

    fn is_table(&self, at: usize) -> bool {
        self.is_name(at) && self.table_score(at) >= 0.6 && self.table_score(at) >= self.column_score(at, false)
    }

    fn cue(&self, at: usize) -> Option<Cue> {
        match self.chunks.get(at)?.kind {
            ChunkKind::Cue(cue) => Some(cue),
            _ => None,
        }
    }

    /// The next name, at most `reach` chunks ahead, past words that only connect.
    fn next_name(&self, at: usize, reach: usize) -> Option<usize> {
        for i in at + 1..=(at + reach).min(self.chunks.len().saturating_sub(1)) {
            match &self.chunks[i].kind {
                ChunkKind::Name => return Some(i),
                ChunkKind::Cue(
                    Cue::Count | Cue::Aggregate(_) | Cue::Of | Cue::Is | Cue::Distinct | Cue::Direction(_),
                )
                | ChunkKind::Unknown => {}
                ChunkKind::Cue(Cue::By) if matches!(self.cue(i - 1), Some(Cue::Direction(_) | Cue::OrderBy)) => {}
                _ => return None,
            }
        }
        None
    }

    /// A value, number or comparison follows a column's name.
    fn value_follows(&self, at: usize) -> bool {
        let mut of = false;
        for i in at + 1..(at + 5).min(self.chunks.len()) {
            match &self.chunks[i].kind {
                ChunkKind::Value(..) | ChunkKind::Number(_) => {
                    return !of || !matches!(self.chunks[i - 1].kind, ChunkKind::Name);
                }
                ChunkKind::Time(_) => return true,
                ChunkKind::Cue(Cue::Compare(..) | Cue::Between | Cue::Like(_) | Cue::Missing) => return true,
                ChunkKind::Cue(Cue::Is | Cue::Not | Cue::Both | Cue::Without) => {}
                ChunkKind::Cue(Cue::Of) if self.mode == Mode::Show && !self.frame.shown.is_empty() => return false,
                ChunkKind::Cue(Cue::Of) => of = true,
                ChunkKind::Cue(Cue::Which)
                    if matches!(
                        self.cue(i + 1),
                        Some(Cue::Is | Cue::Not | Cue::Compare(..) | Cue::Missing | Cue::Like(_))
                    ) => {}
                ChunkKind::Unknown => {}
                _ => return false,
            }
        }
        false
    }

    fn read(mut self) -> Frame {
        let mut at = 0;
        while at < self.chunks.len() {
            at = match self.chunks[at].kind.clone() {
                ChunkKind::Cue(cue) => self.on_cue(at, cue),
                ChunkKind::Name => self.on_name(at),
                ChunkKind::Value(..) => self.on_value(at),
                ChunkKind::Number(number) => self.on_number(at, &number),
                ChunkKind::Time(_) => self.on_time(at),
                ChunkKind::Unknown => self.on_unknown(at),
            };
        }
        self.finish()
    }

    fn on_cue(&mut self, at: usize, cue: Cue) -> usize {
        self.take(at);
        let first = self.tokens[self.chunks[at].from].after_stop;
        match cue {
            Cue::Count => {
                if matches!(self.mode, Mode::Order) || self.superlative.is_some() {
                    self.count = true;
                } else {
                    if self.mode == Mode::Which && (first || self.have_shown_group()) {
                        self.mode = Mode::Show;
                    }
                    self.count = true;
                }
            }
            Cue::Aggregate(aggregate) => {
                if let Some((op, _, _)) = self.compare.filter(|_| aggregate != Aggregate::Sum) {
                    return self.compare_overall(at, op, aggregate);
                }
                // `how many were there in total`
                let counted = self.count || self.frame.shown.iter().any(|s| s.aggregate == Some(Aggregate::Count));
                if counted && self.chunk_words(at) == "in total" {
                    return at + 1;
                }
                self.aggregates.push(aggregate);
                self.aggregate_at = at;
            }
            Cue::Ratio => {
                self.ratio = true;
                self.mode = Mode::Show;
            }
            Cue::Each => {
                self.mode = Mode::Group;
                self.per |= self.chunk_words(at) == "per";
            }
            Cue::By if self.frame.limit.is_some() && self.ranks_by(at) => {
                self.frame.order.clear();
                self.mode = Mode::Order;
                self.direction = Some(true);
            }
            Cue::By if self.is_agent(at) => {}
            Cue::By => {
                if let Some(next) = self.next_name(at, 1) {
                    let metric = self.frame.shown.iter().any(|s| self.is_metric(s));
                    let aggregated = !self.aggregates.is_empty()
                        || self.frame.shown.iter().any(|s| s.aggregate.is_some())
                        || self.shows_events();
                    // `revenue by country`, `number of orders by customer` at the end or before a time
                    let after = self.chunks.get(next + 1).map(|c| &c.kind);
                    let timed = matches!(after, Some(ChunkKind::Time(_))) && !self.is_timed(next);
                    let ends = after.is_none() || timed || matches!(after, Some(ChunkKind::Cue(_)));
                    let valued = !timed && self.value_follows(next);
                    if self.frame.groups.is_empty() && (metric || aggregated && ends) && !valued {
                        self.mode = Mode::Group;
                    } else if aggregated && self.frame.groups.is_empty() && !self.is_table(next) {
                        self.mode = if self.choose(Choice::ByOrders) { Mode::Which } else { Mode::Group };
                    } else if self.is_unit(next).is_some() {
                        self.mode = Mode::Group;
                    }
                }
            }
            Cue::OrderBy => {
                self.mode = Mode::Order;
                if self.next_name(at, 3).is_none() && self.frame.order.is_empty() {
                    self.order_by_shown();
                }
            }
            Cue::Direction(descending) => {
                let waits = self.mode == Mode::Order && self.frame.order.is_empty();
                let ranked = self.frame.order.last_mut().filter(|_| self.only_one);
                if waits {
                    self.direction = Some(descending);
                } else if let Some(last) = ranked {
                    // `the longest rivers, from longest to shortest`: all of them, with what ranks them.
                    last.1 = descending;
                    let by = last.0;
                    self.frame.limit = None;
                    self.only_one = false;
                    if let OrderBy::What(what, aggregate) = by {
                        self.frame.shown.push(Shown { what, aggregate, distinct: false });
                    }
                } else if let Some(last) = self.frame.order.last_mut().filter(|_| self.frame.limit.is_none()) {
                    last.1 = descending;
                } else {
                    self.direction = Some(descending);
                    self.mode = Mode::Order;
                    if self.next_name(at, 2).is_none() {
                        self.order_by_shown();
                    }
                }
            }
            Cue::First(descending, hints) => self.on_first(at, descending, hints),
            Cue::Superlative(descending, hints) => return self.on_superlative(at, descending, hints),
            Cue::Common(descending) => return self.on_common(at, descending),
            Cue::Top => {
                if let Some(ChunkKind::Number(n)) = self.chunks.get(at + 1).map(|c| c.kind.clone()) {
                    self.frame.limit = n.parse().ok();
                    self.topped = self.chunk_words(at) == "top";
                    self.take(at + 1);
                    return at + 2;
                }
            }
            Cue::Compare(op, hints) => self.compare = Some((op, hints, at)),
            Cue::Between => self.between = true,
            Cue::Not => self.not = true,
            Cue::Without => {
                self.without = true;
                self.not = true;
                self.mode = Mode::Which;
            }
            Cue::Both => self.both = true,
            Cue::And => {}
            Cue::Or => self.or = true,
            Cue::Distinct => self.distinct = true,
            Cue::Like(place) => {
                self.pattern = Some(place);
                self.mode = Mode::Which;
            }
            // `products with their category`
            Cue::Which if self.chunk_words(at) == "with" && self.is_owned(self.chunks[at].to) => {}
            Cue::Which => {
                self.which = true;
                // `, which ...` and `that` begin conditions once something is shown.
                if !self.frame.shown.is_empty() || self.subject.is_some() || !self.frame.groups.is_empty() {
                    self.mode = Mode::Which;
                }
            }
            Cue::Have => {
                self.have = true;
                if !self.frame.shown.is_empty() || self.subject.is_some() {
                    self.mode = Mode::Which;
                }
            }
            Cue::Of | Cue::Is => {
                if self.mode == Mode::Order {
                    self.mode = Mode::Which;
                }
            }
            Cue::Show => {
                if at == 0
                    || first
                    || self.tokens[self.chunks[at].from].after_comma
                    || matches!(self.cue(at - 1), Some(Cue::And))
                    || self.tokens[self.chunks[at].from].lower == "and"
                {
                    self.mode = Mode::Show;
                    self.column = None;
                    // `Which room is cheapest? List its name.`: the second sentence says what is shown.
                    let whole =
                        |s: &Shown| s.aggregate.is_none() && matches!(s.what, What::Chunk(c) if self.is_table(c));
                    let replaced =
                        first && at > 0 && !self.frame.shown.is_empty() && self.frame.shown.iter().all(whole);
                    if replaced && !self.choose(Choice::KeepShown) {
                        let named = std::mem::take(&mut self.frame.shown);
                        self.frame.tables.extend(named.iter().filter_map(|s| match s.what {
                            What::Chunk(c) => Some(c),
                            _ => None,
                        }));
                    }
                }
            }
            Cue::Asked(hints) => {
                // `where` and `when` ask for a column that the words do not name.
                self.frame.shown.push(Shown { what: What::Hint(hints, at), aggregate: None, distinct: false });
                self.mark(marks::HINTED);
            }
            Cue::Everything => self.everything = true,
            Cue::Missing => {
                if let Some(column) = self.column.take() {
                    let op = if std::mem::take(&mut self.not) { Comparison::NotEqual } else { Comparison::Equal };
                    self.condition(Some(What::Chunk(column)), op, Operand::Missing);
                }
            }
        }
        at + 1
    }

    /// `top 5 products by price`, also `best selling products by revenue`: what is measured outdoes the number of rows.
    fn ranks_by(&self, at: usize) -> bool {
        let Some(next) = self.next_name(at, 3) else { return false };
        let metric = self.chunks[next].names.first().is_some_and(|e| matches!(e.target, Target::Metric(_)));
        let measured = metric || matches!(self.cue(at + 1), Some(Cue::Aggregate(_) | Cue::Count));
        self.frame.order.is_empty() || measured && self.frame.order == [(OrderBy::Count(None), true)]
    }

    /// `received by publications`: who did it, not what is grouped by.
    fn is_agent(&self, at: usize) -> bool {
        let before = self.chunks[at].from.checked_sub(1).map(|i| self.tokens[i].lower.as_str());
        let done = before.is_some_and(|word| word.ends_with("ed") || DONE.contains(&word));
        let many = |next: usize| self.is_table(next) && self.tokens[self.chunks[next].to - 1].lower.ends_with('s');
        done && self.next_name(at, 1).is_some_and(many)
    }

    fn have_shown_group(&self) -> bool {
        !self.frame.groups.is_empty() && self.frame.shown.is_empty()
    }

    fn order_by_shown(&mut self) {
        let descending = self.direction.take().unwrap_or(false);
        if let Some(shown) =
            self.frame.shown.iter().rev().find(|s| s.aggregate.is_none()).or(self.frame.shown.last()).copied()
        {
            let first = self.frame.shown.iter().find(|s| s.aggregate.is_none()).copied().unwrap_or(shown);
            self.frame.order.push((OrderBy::What(first.what, first.aggregate), descending));
        } else if self.subject.is_some() {
            self.frame.order.push((OrderBy::What(What::Subject, None), descending));
        }
    }

    /// `highest first`: turns the order that was said, or orders by what is measured.
    fn on_first(&mut self, at: usize, descending: bool, hints: &'static [&'static str]) {
        if let Some(last) = self.frame.order.last_mut().filter(|_| self.frame.limit.is_none()) {
            last.1 = descending;
            return;
        }
        let measured = self.frame.shown.iter().rev().find(|s| s.aggregate.is_some() || self.is_metric(s)).copied();
        let numeric = |s: &&Shown| matches!(s.what, What::Chunk(c) if self.column_score(c, true) >= 0.4);
        let by = match measured {
            Some(Shown { aggregate: Some(Aggregate::Count), .. }) => Some(OrderBy::Count(None)),
            Some(shown) => Some(OrderBy::What(shown.what, shown.aggregate)),
            None if self.count => Some(OrderBy::Count(None)),
            None if !hints.is_empty() => {
                self.mark(marks::HINTED);
                Some(OrderBy::What(What::Hint(hints, at), None))
            }
            None => self.frame.shown.iter().rev().find(numeric).map(|s| OrderBy::What(s.what, None)),
        };
        match by {
            Some(by) => self.frame.order.push((by, descending)),
            None => {
                self.direction = Some(descending);
                self.order_by_shown();
            }
        }
        self.mode = Mode::Which;
    }

    /// `discontinued products`, `products that are not discontinued`: a column of truth values that says which rows.
    fn is_adjective(&self, at: usize) -> bool {
        let truth = |target| match target {
            Target::Column(id) => self.index.column(id).kind == nlq_catalog::TypeKind::Boolean,
            _ => false,
        };
        let is_truth = self.chunks[at].names.first().is_some_and(|e| e.score >= 0.89 && truth(e.target));
        let before = at.checked_sub(1).and_then(|i| self.cue(i));
        let says = matches!(before, Some(Cue::Is | Cue::Not | Cue::Without | Cue::Have | Cue::Which))
            // `products in stock`
            || before == Some(Cue::Of) && !self.frame.shown.is_empty();
        is_truth && !self.value_follows(at) && (says || self.is_table(at + 1))
    }

    /// A name of days right before a span of time: `shipped in 2014`.
    fn waits_for_time(&self, at: usize) -> bool {
        let is_time = |i: usize| matches!(self.chunks.get(i).map(|c| &c.kind), Some(ChunkKind::Time(_)));
        let follows = is_time(at + 1) || matches!(self.cue(at + 1), Some(Cue::Of)) && is_time(at + 2);
        follows && !self.is_table(at) && self.is_timed(at)
    }

    fn is_metric(&self, shown: &Shown) -> bool {
        match shown.what {
            What::Chunk(at) => self.chunks[at].names.first().is_some_and(|e| matches!(e.target, Target::Metric(_))),
            _ => false,
        }
    }

    /// `their`, `its`: what follows belongs to what is shown and is shown with it.
    fn is_owned(&self, token: usize) -> bool {
        self.tokens.get(token).is_some_and(|t| matches!(t.lower.as_str(), "their" | "its" | "his" | "her"))
    }

    fn compare_overall(&mut self, at: usize, op: Comparison, aggregate: Aggregate) -> usize {
        self.compare = None;
        let named = self.next_name(at, 2).filter(|&i| self.column_score(i, true) >= 0.4);
        let what = match (self.column.take(), named) {
            (Some(column), _) => Some(What::Chunk(column)),
            (None, Some(named)) => Some(What::Chunk(named)),
            _ => self.shown_column.map(What::Chunk).or(self.last),
        };
        if let Some(named) = named {
            self.take(named);
        }
        if let Some(what) = what {
            let op = if std::mem::take(&mut self.not) { op.negated() } else { op };
            self.condition(Some(what), op, Operand::Overall(aggregate));
        }
        named.map_or(at + 1, |n| n + 1)
    }

    fn is_unit(&self, at: usize) -> Option<(u32, TimeUnit)> {
        let chunk = &self.chunks[at];
        // `day` is no name of a column that is called otherwise and holds moments.
        let moment = |e: &NameEntry| {
            e.score < 0.6 && matches!(e.target, Target::Column(id) if self.index.column(id).kind.is_temporal())
        };
        step_at(self.tokens, chunk.from).filter(|_| chunk.names.iter().all(moment)).map(|(_, step)| step)
    }

    fn on_superlative(&mut self, at: usize, descending: bool, hints: &'static [&'static str]) -> usize {
        if self.mode == Mode::Order && self.frame.order.is_empty() {
            // `sorted by the highest price first`
            self.direction = Some(descending);
            return at + 1;
        }
        if let Some((op, _, _)) = self.compare
            && let Some(name) = self.next_name(at, 3)
            && self.column_score(name, true) >= 0.4
        {
            self.take(name);
            let what = self.column.take().unwrap_or(name);
            let extreme = if descending { Aggregate::Max } else { Aggregate::Min };
            self.condition(Some(What::Chunk(what)), op, Operand::Overall(extreme));
            return name + 1;
        }
        // `top 3 most`, `3 most`, `the 3 oldest`
        if let Some(ChunkKind::Number(n)) = at.checked_sub(1).map(|i| self.chunks[i].kind.clone())
            && self.frame.limit.is_none()
        {
            self.frame.limit = n.parse().ok();
            self.take(at - 1);
        }
        let mut next_number = at + 1;
        if let Some(ChunkKind::Number(n)) = self.chunks.get(at + 1).map(|c| c.kind.clone()) {
            if self.frame.limit.is_none() {
                self.frame.limit = n.parse().ok();
            }
            self.take(at + 1);
            next_number = at + 2;
        }
        let counted = (at + 1..self.chunks.len().min(at + 3)).any(|i| self.cue(i) == Some(Cue::Count))
            || self.chunk_words(at).ends_with("number of");
        let summed = (at + 1..self.chunks.len().min(at + 3)).find_map(|i| match self.cue(i) {
            Some(Cue::Aggregate(a)) => Some(a),
            _ => None,
        });
        let name = self.next_name(next_number - 1, 3);
        let shown_before = !self.frame.shown.is_empty() || self.subject.is_some();
        self.take_number();
        self.only_one = self.frame.limit.is_none();
        let limit = self.frame.limit.unwrap_or(1);
        let mut default_count = false;
        if let Some(name) = name {
            default_count = counted && self.column_score(name, true) < 0.95
                || hints.is_empty() && self.table_score(name) >= 0.6 && self.column_score(name, true) < 0.9;
            if hints.is_empty()
                && !counted
                && summed.is_none()
                && self.column_score(name, false) >= 0.6
                && self.column_score(name, true) < 0.4
                && self.table_score(name) < 0.6
            {
                // `the most cities`: a text column is counted.
                default_count = true;
            }
        }
        // `newest orders first`: an order over all rows.
        if let Some(name) = name
            && self.is_table(name)
            && self.cue(name + 1) == Some(Cue::Top)
            && self.chunk_words(name + 1) == "first"
            && !matches!(self.chunks.get(name + 2).map(|c| &c.kind), Some(ChunkKind::Number(_)))
            && self.frame.limit.is_none()
        {
            if !shown_before {
                self.on_shown(name);
            }
            self.take(name);
            self.take(name + 1);
            self.on_first(at, descending, hints);
            return name + 2;
        }
        let hinted = !hints.is_empty()
            && name.is_none_or(|n| self.column_score(n, true) < 0.4 || n > at + 1 || self.is_table(n));
        if hinted {
            // `the oldest student`: the adjective itself names the column.
            let count = hints.is_empty() || self.choose(Choice::SuperlativeCount);
            if !count {
                let value = self.mode == Mode::Show && !shown_before && name.is_none();
                if value {
                    return at + 1;
                }
                self.mark(marks::SUPERLATIVE_ROW | marks::HINTED);
                self.frame.order.push((OrderBy::What(What::Hint(hints, at), None), descending));
                self.frame.limit = Some(limit);
                return next_number;
            }
            self.mark(marks::SUPERLATIVE_HINT_COUNT);
        }
        let Some(name) = name else {
            // `the most` about nothing named: rows are counted.
            if shown_before {
                self.mark(marks::SUPERLATIVE_COUNT);
                self.frame.order.push((OrderBy::Count(None), descending));
                self.frame.limit = Some(limit);
            }
            return next_number;
        };
        let flip = self.choose(Choice::SuperlativeCount) && !hinted;
        if (default_count != flip) || hinted {
            if hinted {
                self.frame.order.push((OrderBy::Count(None), descending));
                self.frame.limit = Some(limit);
                return next_number;
            }
            self.mark(marks::SUPERLATIVE_COUNT);
            self.frame.order.push((OrderBy::Count(Some(name)), descending));
            self.frame.limit = Some(limit);
            self.take(name);
            return name + 1;
        }
        self.take(name);
        let value_default = self.mode == Mode::Show && !shown_before && limit == 1 && summed.is_none();
        let value_possible = summed.is_none() && limit == 1 && self.mode != Mode::Which;
        let value = value_possible && (value_default != self.choose(Choice::SuperlativeValue));
        if value {
            self.mark(marks::SUPERLATIVE_VALUE);
            let aggregate = if descending { Aggregate::Max } else { Aggregate::Min };
            self.frame.shown.push(Shown { what: What::Chunk(name), aggregate: Some(aggregate), distinct: false });
        } else {
            self.mark(marks::SUPERLATIVE_ROW);
            if value_default {
                self.frame.shown.push(Shown { what: What::Chunk(name), aggregate: None, distinct: false });
            }
            self.frame.order.push((OrderBy::What(What::Chunk(name), summed), descending));
            self.frame.limit = Some(limit);
        }
        name + 1
    }

    /// `which 3 cities have the most ...`
    fn take_number(&mut self) {
        if let Some((at, number)) = self.number.take()
            && self.frame.limit.is_none()
        {
            self.frame.limit = Some(number);
            self.take(at);
        }
    }

    fn chunk_words(&self, at: usize) -> String {
        let chunk = &self.chunks[at];
        self.tokens[chunk.from..chunk.to].iter().map(|t| t.lower.as_str()).collect::<Vec<_>>().join(" ")
    }

    fn on_common(&mut self, at: usize, descending: bool) -> usize {
        let mut next = at + 1;
        if let Some(ChunkKind::Number(n)) = at.checked_sub(1).map(|i| self.chunks[i].kind.clone()) {
            self.frame.limit = self.frame.limit.or(n.parse().ok());
            self.take(at - 1);
        }
        self.take_number();
        self.mark(marks::SUPERLATIVE_COUNT);
        self.frame.order.push((OrderBy::Count(None), descending));
        self.frame.limit = Some(self.frame.limit.unwrap_or(1));
        if self.frame.shown.is_empty()
            && self.subject.is_none()
            && let Some(name) = self.next_name(at, 2)
        {
            self.take(name);
            self.frame.shown.push(Shown { what: What::Chunk(name), aggregate: None, distinct: false });
            next = name + 1;
        }
        next
    }

    fn condition(&mut self, what: Option<What>, op: Comparison, operand: Operand) {
        let or = std::mem::take(&mut self.or);
        self.last = what.or(self.last);
        self.frame.conditions.push(Condition { what, op, operand, or });
        self.without = false;
        self.compare = None;
        self.pattern = None;
        if self.both && self.frame.conditions.len() >= 2 {
            self.both = false;
            if self.choose(Choice::EitherValue) {
                if let Some(last) = self.frame.conditions.last_mut() {
                    last.or = true;
                }
            } else {
                self.frame.both = true;
            }
        }
        if self.mode != Mode::Group {
            self.mode = if self.frame.shown.is_empty() && self.subject.is_none() { self.mode } else { Mode::Which };
        }
    }

    fn on_value(&mut self, at: usize) -> usize {
        self.take(at);
        let op = if std::mem::take(&mut self.not) { Comparison::NotEqual } else { Comparison::Equal };
        let held = !self.chunks[at].values.is_empty();
        // `name is x` asks nothing of other columns; further away a shown column is just shown.
        let beside = |c: usize| {
            (c + 1..at).all(|i| matches!(self.cue(i), Some(Cue::Is | Cue::Not))) && at - c <= if held { 2 } else { 3 }
        };
        let person = self.chunks[at].values.is_empty()
            && self.chunks[at].names.first().is_some_and(|e| matches!(e.target, Target::Person(_)));
        let explicit = self.column.filter(|&c| at - c <= 5).or(self.shown_column.filter(|&c| beside(c)));
        let what = match explicit {
            _ if person => Some(What::Chunk(at)),
            Some(column) => Some(What::Chunk(column)),
            // `a or b`, `both a and b`: the second value is of the same column.
            None if !held
                && self
                    .frame
                    .conditions
                    .last()
                    .is_some_and(|c| matches!(c.operand, Operand::Value(v) if at - v <= 2)) =>
            {
                self.last
            }
            // `the Tokyo office`, `student John`
            None if !held => {
                let near = |i: Option<usize>| i.filter(|&i| i < self.chunks.len() && self.is_name(i));
                near(at.checked_sub(1)).or(near(Some(at + 1))).or(near(at.checked_sub(2))).map(What::Chunk)
            }
            None => None,
        };
        // `products that have 'x' in their title`
        let within = at + if self.cue(at + 1) == Some(Cue::Of) { 2 } else { 1 };
        let named = self.chunks.get(within).is_some_and(|c| c.from > 0 && self.is_owned(c.from - 1));
        if named && self.tokens[self.chunks[at].to].lower == "in" && self.is_name(within) && !self.is_table(within) {
            self.take(within);
            self.condition(Some(What::Chunk(within)), op, Operand::Pattern(at, Place::Anywhere));
            return within + 1;
        }
        // `contains a or b`
        let again = match self.frame.conditions.last() {
            Some(Condition { operand: Operand::Pattern(_, place), .. }) if self.or && explicit.is_none() => {
                Some(*place)
            }
            _ => None,
        };
        if let Some(place) = self.pattern.or(again) {
            let what = if again.is_some() { self.last } else { what.or(self.last) };
            self.condition(what, op, Operand::Pattern(at, place));
            self.frame.conditions.last_mut().expect("just pushed").op = op;
        } else if let Some((compare, _, _)) = self.compare
            && held
        {
            // `above Tokyo`: the value names the row to compare with; too much for this form, the value is kept.
            let _ = compare;
            self.mark(marks::DANGLING);
            self.condition(what, op, Operand::Value(at));
        } else {
            self.condition(what, op, Operand::Value(at));
        }
        // The next value may be of the same column.
        at + 1
    }

    fn on_number(&mut self, at: usize, number: &str) -> usize {
        self.take(at);
        // `50 to 100`
        let to = self.chunks.get(at + 1).is_some_and(|c| self.tokens[c.from].lower == "to" && c.to == c.from + 1);
        self.between |= to && matches!(self.chunks.get(at + 2).map(|c| &c.kind), Some(ChunkKind::Number(_)));
        // `3 or more`
        if self.compare.is_none()
            && let Some(Cue::Compare(op @ (Comparison::GreaterOrEqual | Comparison::LessOrEqual), _)) = self.cue(at + 1)
            && self.chunk_words(at + 1).starts_with("or ")
        {
            self.take(at + 1);
            self.compare = Some((op, &[], at + 1));
            return self.number_condition(at, at + 1, number);
        }
        // `the 3 oldest`, `3 most ...`: taken by the superlative.
        if matches!(self.cue(at + 1), Some(Cue::Superlative(..) | Cue::Common(_))) && self.compare.is_none() {
            return at + 1;
        }
        self.number_condition(at, at, number)
    }

    fn number_condition(&mut self, at: usize, end: usize, number: &str) -> usize {
        if let Some(place) = self.pattern {
            let what = self.column.take().map(What::Chunk).or(self.last);
            let op = if std::mem::take(&mut self.not) { Comparison::NotEqual } else { Comparison::Equal };
            self.condition(what, op, Operand::Pattern(at, place));
            return end + 1;
        }
        if self.between
            && let Some(second) =
                (end + 1..self.chunks.len().min(end + 3)).find(|&i| matches!(self.chunks[i].kind, ChunkKind::Number(_)))
            && let ChunkKind::Number(high) = self.chunks[second].kind.clone()
        {
            self.between = false;
            self.take(second);
            let what = self
                .column
                .take()
                .or_else(|| self.next_name(second, 1).filter(|&n| self.column_score(n, true) > 0.4))
                .or(self.shown_column.filter(|&c| self.column_score(c, true) > 0.4));
            if let Some(what) = what {
                self.take(what);
                self.condition(Some(What::Chunk(what)), Comparison::Equal, Operand::Range(number.to_owned(), high));
            } else {
                self.mark(marks::UNBOUND_NUMBER);
            }
            return second + 1;
        }
        // `people older than 20`: the table is no column to compare.
        if self.column.is_some_and(|c| self.is_table(c) && self.column_score(c, true) < 0.3) {
            self.column = None;
        }
        let (op, hints, cue_at) = self.compare.take().unwrap_or((Comparison::Equal, &[], at));
        let compared = cue_at != at;
        let op = if std::mem::take(&mut self.not) { op.negated() } else { op };
        let next = self.next_name(end, 1);
        if !hints.is_empty() {
            let what = self.column.take().map_or(What::Hint(hints, cue_at), What::Chunk);
            self.condition(Some(what), op, Operand::Number(number.to_owned(), at));
            return end + 1;
        }
        // `more than 20 errors`: rows that a term picks.
        if let Some(term) = next.filter(|&n| self.is_term(n) && (compared || self.have)) {
            self.take(term);
            self.frame.having = Some(Having { of: None, op, number: number.to_owned() });
            self.condition(Some(What::Chunk(term)), Comparison::Equal, Operand::Missing);
            self.mode = Mode::Which;
            return term + 1;
        }
        let countable = next.is_some_and(|n| self.table_score(n) >= 0.5)
            && !self.tokens[self.chunks[next.unwrap_or(0)].from].after_comma;
        let before = self.column;
        if let Some(next) =
            next.filter(|_| (compared || self.have) && before.is_none_or(|b| self.column_score(b, true) < 0.5))
        {
            let numeric = self.column_score(next, true);
            let count_default = countable && numeric < 0.95;
            if countable || numeric >= 0.3 {
                let flip = countable && numeric >= 0.3 && self.choose(Choice::CountOrColumn);
                self.take(next);
                if count_default != flip {
                    self.frame.having = Some(Having { of: Some(next), op, number: number.to_owned() });
                    self.mode = Mode::Which;
                } else {
                    self.condition(Some(What::Chunk(next)), op, Operand::Number(number.to_owned(), at));
                }
                return next + 1;
            }
            // `more than 3 cities`: different values of a text column, or rows.
            if self.column_score(next, false) >= 0.5 {
                self.take(next);
                self.frame.having = Some(Having { of: None, op, number: number.to_owned() });
                return next + 1;
            }
        }
        // `top 5`, `limit 5`
        let times = next.is_none()
            && self.tokens.get(self.chunks[end].to).is_some_and(|t| matches!(t.lower.as_str(), "times" | "time"));
        if times || (self.count && compared && self.mode == Mode::Which && before.is_none()) {
            self.frame.having = Some(Having { of: None, op, number: number.to_owned() });
            self.count = false;
            return end + 1;
        }
        if let Some(column) = self.column.take() {
            if self.count_waits(column) {
                self.frame.having = Some(Having { of: Some(column), op, number: number.to_owned() });
            } else {
                self.condition(Some(What::Chunk(column)), op, Operand::Number(number.to_owned(), at));
                self.column = None;
            }
            return end + 1;
        }
        if matches!(self.frame.conditions.last(), Some(c) if matches!(c.operand, Operand::Number(..)))
            && (self.or || self.both)
        {
            let what = self.last;
            self.condition(what, op, Operand::Number(number.to_owned(), at));
            return end + 1;
        }
        if !self.chunks[at].values.is_empty() {
            self.condition(None, op, Operand::Value(at));
            return end + 1;
        }
        // `id 5`, `year 2010` with the name before or after
        let near = at
            .checked_sub(1)
            .filter(|&i| self.is_name(i) && self.column_score(i, false) >= 0.4)
            .or(next.filter(|&n| self.column_score(n, true) >= 0.5));
        if let Some(near) = near {
            self.take(near);
            self.condition(Some(What::Chunk(near)), op, Operand::Number(number.to_owned(), at));
            return end.max(near) + 1;
        }
        if !compared && self.mode == Mode::Show && self.number.is_none() && next.is_some() {
            self.number = number.parse().ok().map(|n| (at, n));
            return end + 1;
        }
        if let Some(column) =
            self.shown_column.filter(|&c| self.column_score(c, true) > 0.4 && (compared || at - c <= 2))
        {
            self.condition(Some(What::Chunk(column)), op, Operand::Number(number.to_owned(), at));
            return end + 1;
        }
        // `employee 3`: the row of this key.
        if !compared && let Some(table) = at.checked_sub(1).filter(|&before| self.is_table(before)) {
            self.condition(Some(What::Chunk(table)), op, Operand::Number(number.to_owned(), at));
            return end + 1;
        }
        if compared && let Some(shown) = self.frame.shown.last().copied().filter(|s| s.aggregate.is_none()) {
            // `orders over 500`: not the key of a table, but what is measured of it.
            let what = match shown.what {
                What::Chunk(at) if self.is_table(at) => What::Hint(AMOUNT, cue_at),
                other => other,
            };
            self.condition(Some(what), op, Operand::Number(number.to_owned(), at));
            return end + 1;
        }
        self.mark(marks::UNBOUND_NUMBER);
        end + 1
    }

    /// `whose number of x is more than 3`
    fn count_waits(&mut self, column: usize) -> bool {
        let counted = column.checked_sub(1).is_some_and(|i| self.cue(i) == Some(Cue::Count));
        if counted && self.mode == Mode::Which && self.table_score(column) >= 0.5 {
            self.count = false;
            return true;
        }
        false
    }

    fn on_time(&mut self, at: usize) -> usize {
        self.take(at);
        let ChunkKind::Time(range) = &self.chunks[at].kind else { return at + 1 };
        let compared = self.compare;
        // A year may be a plain number: after a comparison with a column that is no time, it is.
        if let Some(year) = range.year
            && (self.column.is_some_and(|c| !self.is_timed(c))
                || compared.is_some()
                || self.between
                || (self.or || self.both)
                    && matches!(self.frame.conditions.last(), Some(c) if !matches!(c.operand, Operand::Time(_)))
                || self.chunks.get(at + 1).is_some_and(|c| c.kind == ChunkKind::Name && compared.is_some()))
        {
            return self.number_condition(at, at, &year.to_string());
        }
        // `over the last 7 days` is within them.
        let over = compared.is_some_and(|c| self.chunk_words(c.2) == "over") && range.year.is_none();
        let op = if std::mem::take(&mut self.not) {
            Comparison::NotEqual
        } else {
            compared.filter(|_| !over).map_or(Comparison::Equal, |c| c.0)
        };
        let what = self.column.take().filter(|&c| self.is_timed(c)).map(What::Chunk);
        self.condition(what, op, Operand::Time(at));
        at + 1
    }

    /// `the monthly average`, `total quarterly sales`: an adjective of time beside what is aggregated groups by it.
    fn on_unknown(&mut self, at: usize) -> usize {
        let word = self.tokens[self.chunks[at].from].lower.as_str();
        let unit = unit_of(word).filter(|_| word.ends_with("ly") || word == "annual");
        let aggregated = self.count
            || !self.aggregates.is_empty()
            || matches!(self.cue(at + 1), Some(Cue::Aggregate(_) | Cue::Count));
        if let Some(unit) = unit.filter(|_| aggregated) {
            self.take(at);
            self.frame.groups.push(GroupBy::Time(1, unit));
        }
        at + 1
    }

    /// A name that may be a column of days or years.
    fn is_timed(&self, at: usize) -> bool {
        self.chunks[at].names.iter().any(|e| match e.target {
            Target::Column(id) => {
                let timed = |w: &String| matches!(w.as_str(), "year" | "date" | "time" | "day" | "month");
                let facts = self.index.column_facts(id);
                e.score >= 0.3 && (self.index.column(id).kind.is_temporal() || facts.words.iter().any(timed))
            }
            _ => false,
        })
    }

    fn on_name(&mut self, at: usize) -> usize {
        self.take(at);
        let is_term = self.chunks[at].names.first().is_some_and(|e| matches!(e.target, Target::Term(_)));
        if is_term {
            let op = if std::mem::take(&mut self.not) { Comparison::NotEqual } else { Comparison::Equal };
            if std::mem::take(&mut self.count) {
                // `how many big orders`: the term says of which table.
                self.frame.shown.push(Shown {
                    what: What::Chunk(at),
                    aggregate: Some(Aggregate::Count),
                    distinct: false,
                });
                self.subject = self.subject.or(Some(at));
            } else if self.mode == Mode::Show
                && self.frame.shown.is_empty()
                && self.aggregates.is_empty()
                && self.is_of_events(at)
            {
                // `the last errors`: the events themselves.
                self.frame.shown.push(Shown { what: What::Chunk(at), aggregate: None, distinct: false });
            }
            self.condition(Some(What::Chunk(at)), op, Operand::Missing);
            return at + 1;
        }
        self.on_ratio(at);
        if self.mode == Mode::Group {
            return self.on_group(at);
        }
        if self.mode == Mode::Order {
            return self.on_order(at);
        }
        // `products from Ulm and their prices`
        let added = |token: usize| self.is_owned(token) && token > 0 && self.tokens[token - 1].lower == "and";
        let owned = self.chunks[at].from.checked_sub(1).is_some_and(added);
        if self.mode == Mode::Which && owned && !self.is_table(at) && !self.value_follows(at) {
            return self.on_shown(at);
        }
        let follows = self.value_follows(at);
        if self.is_adjective(at) {
            let op = if std::mem::take(&mut self.not) { Comparison::NotEqual } else { Comparison::Equal };
            self.condition(Some(What::Chunk(at)), op, Operand::True);
            return at + 1;
        }
        // `orders shipped in 2014`: which of the days is meant, not what is shown.
        if self.mode == Mode::Show
            && (!self.frame.shown.is_empty() || self.subject.is_some())
            && self.aggregates.is_empty()
            && self.waits_for_time(at)
        {
            self.column = Some(at);
            return at + 1;
        }
        if self.not || self.without {
            let named = self.is_table(at)
                || (self.without && self.table_score(at) >= 0.4 && self.column_score(at, false) < 0.5);
            if named && !follows && !self.choose(Choice::PlainNot) {
                self.frame.absent.push(at);
                self.frame.absent_from = self.frame.conditions.len();
                self.not = false;
                self.without = false;
                return at + 1;
            }
            if self.without && !follows && self.column_score(at, false) >= 0.5 && !self.is_table(at) {
                self.not = false;
                self.condition(Some(What::Chunk(at)), Comparison::Equal, Operand::Missing);
                return at + 1;
            }
        }
        // Two columns compared: `x larger than y`.
        if let Some((op, _, cue)) = self.compare
            && cue + 1 == at
            && let Some(left) = self.column.or_else(|| cue.checked_sub(1).filter(|&i| self.is_name(i)))
            && self.column_score(at, true) >= 0.5
            && !follows
        {
            self.condition(Some(What::Chunk(left)), op, Operand::Column(What::Chunk(at)));
            return at + 1;
        }
        if self.mode == Mode::Which
            || (follows
                && (!self.frame.shown.is_empty() || self.subject.is_some() || self.which)
                && !self.count
                && self.aggregates.is_empty())
        {
            if follows && !(self.is_table(at) && self.column_score(at, false) < 0.3) {
                self.column = Some(at);
                return at + 1;
            }
            if self.is_table(at) {
                self.column = None;
                self.frame.tables.push(at);
                if follows {
                    self.column = Some(at);
                }
                return at + 1;
            }
            if !self.aggregates.is_empty() && self.frame.having.is_none() && follows {
                self.column = Some(at);
                return at + 1;
            }
            self.late.push(at);
            return at + 1;
        }
        self.on_shown(at)
    }

    /// `ratio of x to y`, `ratio of x per y`: a table stands for the number of its rows.
    fn on_ratio(&mut self, at: usize) {
        if !self.ratio || self.frame.ratio.is_some() {
            return;
        }
        let begins = match self.frame.shown.as_slice() {
            [] => true,
            [Shown { what: What::Chunk(first), .. }] => {
                let between = &self.tokens[self.chunks[*first].to..self.chunks[at].from];
                let parted = between.iter().any(|t| matches!(t.lower.as_str(), "to" | "per" | "and"));
                if parted {
                    self.frame.ratio = Some((self.frame.conditions.len(), at));
                    self.mode = Mode::Show;
                    (self.column, self.shown_column) = (None, None);
                }
                parted
            }
            _ => false,
        };
        self.count |= begins && self.is_table(at) && self.aggregates.is_empty();
    }

    fn on_shown(&mut self, at: usize) -> usize {
        let distinct = std::mem::take(&mut self.distinct);
        // `order count`, `total sales count`
        let counted = self.is_table(at) && self.cue(at + 1) == Some(Cue::Count) && self.chunk_words(at + 1) == "count";
        if counted && !self.tokens[self.chunks[at + 1].from].after_comma && self.next_name(at + 1, 1).is_none() {
            self.take(at + 1);
            self.aggregates.clear();
            self.subject = self.subject.or(Some(at));
            self.frame.shown.push(Shown { what: What::Chunk(at), aggregate: Some(Aggregate::Count), distinct });
            return at + 2;
        }
        self.frame.distinct |= distinct && !self.count;
        let numeric = self.column_score(at, true);
        let is_number = self.count && numeric >= 0.55 && numeric > self.table_score(at) && !distinct;
        if self.count && numeric >= 0.3 && (is_number != self.choose(Choice::CountOrColumn)) {
            // `the number of floors`, `the average number of votes`: the column holds the number.
            self.count = false;
            if self.chunk_words(at.saturating_sub(1)).starts_with("total") {
                self.aggregates.push(Aggregate::Sum);
            }
        }
        if std::mem::take(&mut self.count) {
            self.aggregates.clear();
            let table = self.is_table(at);
            let flip = self.choose(Choice::CountDistinct);
            let distinct = distinct != flip;
            self.frame.shown.push(Shown { what: What::Chunk(at), aggregate: Some(Aggregate::Count), distinct });
            if table {
                self.subject = self.subject.or(Some(at));
            }
            return at + 1;
        }
        if !self.aggregates.is_empty() {
            let next = self.next_name(at, 2).filter(|&next| !self.waits_for_time(next));
            if self.column_score(at, true) < 0.3 && self.is_table(at) && next.is_none() {
                // `the total amount of orders`: the table's own column of that kind.
                self.subject = self.subject.or(Some(at));
                self.frame.tables.push(at);
                let what = What::Hint(AMOUNT, self.aggregate_at);
                for aggregate in std::mem::take(&mut self.aggregates) {
                    self.frame.shown.push(Shown { what, aggregate: Some(aggregate), distinct: false });
                }
                self.mark(marks::HINTED);
                return at + 1;
            }
            if self.column_score(at, true) < 0.3 && self.is_table(at) && next.is_some() {
                // `the average of all students' ages`
                self.subject = self.subject.or(Some(at));
                self.frame.tables.push(at);
                return at + 1;
            }
            for aggregate in std::mem::take(&mut self.aggregates) {
                self.frame.shown.push(Shown { what: What::Chunk(at), aggregate: Some(aggregate), distinct: false });
            }
            return at + 1;
        }
        let owner = at.checked_sub(1).and_then(|i| self.cue(i)) == Some(Cue::Of);
        if self.is_table(at) {
            // `names of students`: the table whose columns were shown; `students`: shown by name.
            let owns = owner && !self.frame.shown.is_empty();
            // `student name`: the next phrase is its column.
            let compound =
                self.is_name(at + 1) && !self.is_table(at + 1) && !self.tokens[self.chunks[at + 1].from].after_comma;
            self.subject = self.subject.or(Some(at));
            let beside = matches!(at.checked_sub(1).and_then(|i| self.cue(i)), Some(Cue::And))
                || self.chunks[at].from.checked_sub(1).is_some_and(|token| self.is_owned(token));
            if owns || compound || !self.frame.shown.is_empty() && !beside {
                self.frame.tables.push(at);
                return at + 1;
            }
            self.frame.shown.push(Shown { what: What::Chunk(at), aggregate: None, distinct });
            self.frame.distinct |= distinct;
            return at + 1;
        }
        // `the total amount of orders`: a column of that name may also be summed.
        let total = self.tokens[self.chunks[at].from].lower == "total" && self.column_score(at, true) >= 0.9;
        let aggregate = (total && self.choose(Choice::CountOrColumn)).then_some(Aggregate::Sum);
        self.frame.shown.push(Shown { what: What::Chunk(at), aggregate, distinct: false });
        self.shown_column = Some(at);
        // `the maximum price and score`: the second column is aggregated as the first.
        let before = self.frame.shown.len().checked_sub(2).map(|i| self.frame.shown[i]);
        let paired = at >= 2 && self.cue(at - 1) == Some(Cue::And);
        if let Some(Shown { what: What::Chunk(first), aggregate: Some(aggregate), .. }) = before
            && paired
            && first + 2 == at
            && aggregate != Aggregate::Count
            && self.column_score(at, true) >= 0.4
            && !self.choose(Choice::KeepShown)
            && let Some(last) = self.frame.shown.last_mut()
        {
            last.aggregate = Some(aggregate);
        }
        at + 1
    }

    fn on_group(&mut self, at: usize) -> usize {
        let group = self.is_unit(at).map_or(GroupBy::What(What::Chunk(at)), |(count, unit)| GroupBy::Time(count, unit));
        // `per student name`, `per product category`
        let compound = self.is_table(at) && self.is_name(at + 1) && !self.tokens[self.chunks[at + 1].from].after_comma;
        if compound {
            self.frame.tables.push(at);
            return at + 1;
        }
        self.frame.groups.push(group);
        let another =
            matches!(self.cue(at + 1), Some(Cue::And)) && self.is_name(at + 2) && !self.frame.shown.is_empty();
        if !another {
            self.mode = if self.frame.shown.is_empty() { Mode::Show } else { Mode::Which };
        }
        if self.count && self.frame.shown.is_empty() {
            // `how many for each x`
            self.count = false;
            self.frame.shown.push(Shown { what: What::Subject, aggregate: Some(Aggregate::Count), distinct: false });
        }
        at + 1
    }

    fn on_order(&mut self, at: usize) -> usize {
        let descending = self.direction.unwrap_or(false);
        if std::mem::take(&mut self.count) {
            let numeric = self.column_score(at, true);
            let by = if numeric >= 0.95 { OrderBy::What(What::Chunk(at), None) } else { OrderBy::Count(Some(at)) };
            self.frame.order.push((by, descending));
        } else {
            let aggregate = self.aggregates.pop();
            let owns = at.checked_sub(1).and_then(|i| self.cue(i)) == Some(Cue::Of)
                && !self.frame.order.is_empty()
                && self.is_table(at);
            let compound = self.is_table(at) && self.is_name(at + 1) && !self.is_table(at + 1);
            if owns || compound {
                self.frame.tables.push(at);
                return at + 1;
            }
            self.frame.order.push((OrderBy::What(What::Chunk(at), aggregate), descending));
        }
        if !matches!(self.cue(at + 1), Some(Cue::And)) && !self.is_name(at + 1) {
            self.mode = Mode::Which;
        }
        at + 1
    }

    /// `orders per customer`: rows of a table in groups are counted.
    fn count_rows(&mut self) {
        let events = self.shows_events();
        if self.frame.shown.is_empty() && !self.frame.groups.is_empty() {
            // `errors per service`: rows that a term picks.
            let term = self.frame.conditions.iter().find_map(|c| match c.what {
                Some(What::Chunk(at)) if self.is_term(at) => Some(What::Chunk(at)),
                _ => None,
            });
            let count = |what| Shown { what, aggregate: Some(Aggregate::Count), distinct: false };
            self.frame.shown.extend(term.map(count));
        }
        let is_term =
            |this: &Self, s: &Shown| s.aggregate.is_none() && matches!(s.what, What::Chunk(at) if this.is_term(at));
        if self.frame.shown.len() > 1 {
            // What is named of them is shown instead.
            let mut shown = std::mem::take(&mut self.frame.shown);
            shown.retain(|s| !is_term(self, s));
            self.frame.shown = shown;
        }
        let [only] = self.frame.shown.as_mut_slice() else { return };
        let What::Chunk(at) = only.what else { return };
        if (self.per || events && !self.frame.groups.is_empty())
            && only.aggregate.is_none()
            && self.chunks[at].names.first().is_some_and(|e| matches!(e.target, Target::Table(_) | Target::Term(_)))
        {
            only.aggregate = Some(Aggregate::Count);
        }
    }

    /// What a chunk names is a term: a word for some rows of a table.
    fn is_term(&self, at: usize) -> bool {
        self.chunks[at].names.first().is_some_and(|e| matches!(e.target, Target::Term(_)))
    }

    /// Nothing is shown so far but rows, and they are events: those are counted rather than put in order.
    fn shows_events(&self) -> bool {
        let mut rows = match self.frame.shown.as_slice() {
            [] => self.frame.conditions.iter().filter_map(|c| c.what).collect(),
            [Shown { what, aggregate: None, .. }] => vec![*what],
            _ => Vec::new(),
        };
        rows.retain(|what| matches!(what, What::Chunk(at) if self.is_term(*at) || self.is_table(*at)));
        rows.iter().any(|what| matches!(what, What::Chunk(at) if self.is_of_events(*at)))
    }

    /// What a chunk names belongs to events.
    fn is_of_events(&self, at: usize) -> bool {
        let catalog = self.index.catalog();
        let table = self.chunks[at].names.first().and_then(|e| match e.target {
            Target::Table(table) | Target::Person(table) => Some(table),
            Target::Column(id) => Some(id.table),
            Target::Term(at) => catalog.find_table(None, &self.index.annotations().terms[at as usize].table),
            Target::Metric(at) => catalog.find_table(None, &self.index.annotations().metrics[at as usize].table),
        });
        table.is_some_and(|table| matches!(catalog.table(table).kind, TableKind::Events | TableKind::DataModel))
    }

    /// The table that a chunk names best.
    fn table_of(&self, at: usize) -> Option<nlq_catalog::TableId> {
        let tables = self.chunks[at].names.iter().filter_map(|e| match e.target {
            Target::Table(table) => Some((e.score, table)),
            _ => None,
        });
        tables.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, table)| table)
    }

    /// `the top 3 states and their number of customers`: by what is measured, where nothing else is said.
    fn order_top(&mut self) {
        let measured = |s: &&Shown| s.aggregate.is_some() || self.is_metric(s);
        // `top 3 users`, of events: those that most of them have.
        if let [Shown { what: What::Chunk(at), aggregate: None, .. }] = self.frame.shown.as_slice()
            && self.topped
            && self.frame.order.is_empty()
            && self.is_of_events(*at)
            && !self.is_table(*at)
            && self.column_score(*at, true) < 0.4
        {
            self.frame.order.push((OrderBy::Count(None), true));
            return;
        }
        if !self.topped || self.frame.limit.is_none() || !self.frame.order.is_empty() || self.frame.shown.len() < 2 {
            return;
        }
        let by = self.frame.shown.iter().find(measured).map(|shown| match shown.aggregate {
            Some(Aggregate::Count) => OrderBy::Count(None),
            aggregate => OrderBy::What(shown.what, aggregate),
        });
        self.frame.order.extend(by.map(|by| (by, true)));
    }

    fn finish(mut self) -> Frame {
        self.count_rows();
        // A table whose rows must be missing is not joined.
        let absent: Vec<_> = self.frame.absent.iter().filter_map(|&at| self.table_of(at)).collect();
        let joined: Vec<usize> = std::mem::take(&mut self.frame.tables);
        self.frame.tables =
            joined.into_iter().filter(|&at| self.table_of(at).is_none_or(|t| !absent.contains(&t))).collect();
        let uncounted = self.frame.shown.iter().all(|s| s.aggregate.is_none());
        if self.count && uncounted && (self.frame.having.is_none() || self.frame.shown.is_empty()) {
            self.frame.shown.push(Shown { what: What::Subject, aggregate: Some(Aggregate::Count), distinct: false });
        }
        if !self.aggregates.is_empty()
            && !self.late.is_empty()
            && self.frame.shown.iter().all(|s| s.aggregate.is_none())
        {
            let at = self.late.remove(0);
            for aggregate in std::mem::take(&mut self.aggregates) {
                self.frame.shown.push(Shown { what: What::Chunk(at), aggregate: Some(aggregate), distinct: false });
            }
        }
        if !self.late.is_empty() {
            if self.frame.shown.is_empty() {
                let at = self.late.remove(0);
                self.frame.shown.push(Shown { what: What::Chunk(at), aggregate: None, distinct: false });
            } else if self.choose(Choice::ShowLate) {
                self.mark(marks::LATE);
                for &at in &self.late {
                    self.frame.shown.push(Shown { what: What::Chunk(at), aggregate: None, distinct: false });
                }
            } else {
                self.mark(marks::DANGLING);
            }
        }
        if self.frame.shown.is_empty() {
            self.frame.shown.push(Shown { what: What::Subject, aggregate: None, distinct: false });
        }
        let subject_shown = self.frame.shown.iter().any(|s| {
            s.aggregate.is_none()
                && match s.what {
                    What::Chunk(at) => self.is_table(at),
                    What::Subject => true,
                    What::Hint(..) => false,
                }
        });
        if subject_shown {
            self.mark(marks::SUBJECT_SHOWN);
            if self.frame.order.iter().all(|(by, _)| !matches!(by, OrderBy::Count(_)))
                && self.frame.having.is_none()
                && self.frame.groups.is_empty()
            {
                self.frame.star = self.choose(Choice::Star) != self.everything;
            }
            self.frame.show_key = self.choose(Choice::Key);
        }
        let aggregated = self.frame.shown.iter().any(|s| s.aggregate.is_some() || self.is_metric(s));
        if !aggregated && self.choose(Choice::Distinct) {
            self.frame.distinct = !self.frame.distinct;
        }
        if !self.frame.groups.is_empty() && aggregated {
            let of_table = |g: &GroupBy| matches!(g, GroupBy::What(What::Chunk(c)) if self.is_table(*c));
            if self.frame.groups.iter().any(of_table) {
                self.frame.show_key = self.choose(Choice::Key);
            }
            let hide = self.choose(Choice::HideGroup);
            if !hide {
                for group in &self.frame.groups {
                    if let GroupBy::What(what) = group
                        && !self.frame.shown.iter().any(|s| s.what == *what)
                    {
                        self.frame.shown.push(Shown { what: *what, aggregate: None, distinct: false });
                    }
                }
            }
        }
        self.order_top();
        let groups = std::mem::take(&mut self.frame.groups);
        for group in groups {
            if !self.frame.groups.contains(&group) {
                self.frame.groups.push(group);
            }
        }
        if !self.frame.tables.is_empty() && self.choose(Choice::NoTables) {
            self.frame.tables.clear();
        }
        self.frame
    }
}
