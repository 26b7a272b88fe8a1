//! Which value of the question each test takes.

use nlq_catalog::{ColumnId, TypeKind};
use nlq_query::plan::Literal;

use super::{
    evidence::{Evidence, Mention, MentionKind},
    sketch::{Filling, Function, How, Limit, Op, Sketch, Term, Test, Value},
};

/// What a test compares with what.
struct Want {
    column: Option<ColumnId>,
    number: bool,
    like: bool,
    /// The number of rows is compared, or what a column sums up to.
    counts: bool,
}

/// Values for the tests of a sketch whose columns are filled.
#[derive(Debug, Clone, Default)]
pub(crate) struct Assigned {
    pub(crate) filling: Filling,
    /// Sum over the tests: how well each value fits.
    pub(crate) fit: f32,
    /// The worst of them.
    pub(crate) worst: f32,
    /// Tests whose column holds the value.
    pub(crate) known: usize,
    /// Text tests whose column is not known to hold it.
    pub(crate) unknown: usize,
    /// Mentions that a test takes.
    pub(crate) used: Vec<usize>,
}

/// Takes the mentions in turn, the best fitting first; none when a test finds no value.
pub(crate) fn assign(sketch: &Sketch, columns: &[ColumnId], evidence: &Evidence<'_>) -> Option<Assigned> {
    let mut wants = Vec::new();
    let mut columns_left = columns.iter().copied();
    collect(sketch, &mut columns_left, &mut wants);
    let mut out = Assigned { worst: 5.0, ..Assigned::default() };
    out.filling.columns = columns.to_vec();
    out.filling.limit = 1;
    for want in &wants {
        let scored = evidence.mentions.iter().enumerate().map(|(at, mention)| {
            let again = if out.used.contains(&at) { 4.0 } else { 0.0 };
            (fit(want, mention, at, evidence) - again, at)
        });
        let (score, at) = scored.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))?;
        let mention = &evidence.mentions[at];
        // One time is one condition.
        if mention.time.is_some() && out.used.contains(&at) {
            return None;
        }
        let holder = want.column.and_then(|id| mention.holders.iter().find(|(c, _)| *c == id));
        out.known += usize::from(holder.is_some());
        out.unknown += usize::from(holder.is_none() && !want.number);
        out.fit += score;
        out.worst = out.worst.min(score);
        out.used.push(at);
        out.filling.values.push(value(want, mention, holder.map(|(_, value)| value.as_str()), evidence)?);
    }
    if has_limit(sketch) {
        let left = evidence.mentions.iter().enumerate().find(|(at, m)| {
            m.kind == MentionKind::Number
                && !out.used.contains(at)
                && m.text.parse::<u64>().is_ok_and(|n| n > 1 && n <= 1000)
        });
        let (at, mention) = left?;
        out.used.push(at);
        out.filling.limit = mention.text.parse().ok()?;
    }
    Some(out)
}

fn has_limit(sketch: &Sketch) -> bool {
    sketch.limit == Limit::Some || sketch.set.as_ref().is_some_and(|set| has_limit(&set.1))
}

fn collect(sketch: &Sketch, columns: &mut dyn Iterator<Item = ColumnId>, out: &mut Vec<Want>) {
    let mut term = |term: Term| match term {
        Term::Column | Term::Of(..) => columns.next(),
        Term::All | Term::Count => None,
    };
    for shown in &sketch.select {
        term(*shown);
    }
    for test in &sketch.filter {
        collect_test(test, columns, out);
    }
    for _ in 0..sketch.group {
        columns.next();
    }
    if let Some(having) = &sketch.having {
        collect_test(having, columns, out);
    }
    for (ordered, _) in &sketch.order {
        if matches!(ordered, Term::Column | Term::Of(..)) {
            columns.next();
        }
    }
    if let Some(set) = &sketch.set {
        collect(&set.1, columns, out);
    }
}

fn collect_test(test: &Test, columns: &mut dyn Iterator<Item = ColumnId>, out: &mut Vec<Want>) {
    let column = match test.term {
        Term::Column | Term::Of(..) => columns.next(),
        Term::All | Term::Count => None,
    };
    let counts = matches!(test.term, Term::Count | Term::Of(Function::Count | Function::Sum | Function::Avg, _));
    let mut want = |number: bool, like: bool| out.push(Want { column, number: number || counts, like, counts });
    match &test.how {
        How::Is(op) => want(!matches!(op, Op::Eq | Op::Ne), false),
        How::Between => {
            want(true, false);
            want(true, false);
        }
        How::Like(_) => want(false, true),
        How::Null(_) => {}
        How::IsOf(_, inner) | How::In(_, inner) => collect(inner, columns, out),
    }
}

/// How well a mention fits a test.
fn fit(want: &Want, mention: &Mention, at: usize, evidence: &Evidence<'_>) -> f32 {
    let held = want.column.is_some_and(|id| evidence.held(id).contains(&at));
    let kind = want.column.map(|id| evidence.index.column(id).kind);
    let numeric = kind.is_none_or(|kind| kind.is_numeric());
    let temporal = kind.is_some_and(|kind| kind.is_temporal());
    let is_number = mention.kind == MentionKind::Number
        || mention.kind == MentionKind::Quoted && mention.text.parse::<f64>().is_ok();
    let mut score = if want.number || numeric {
        match mention.kind {
            MentionKind::Number => 3.0,
            _ if is_number => 2.0,
            // A day in quotes.
            MentionKind::Quoted if temporal => 2.5,
            _ if held => 1.0,
            _ => -3.0,
        }
    } else {
        match mention.kind {
            MentionKind::Quoted => 2.5,
            MentionKind::Capital => 1.0,
            MentionKind::Known => 0.2,
            MentionKind::Number => -0.5,
        }
    };
    if held {
        score += if want.number { 2.0 } else { 4.0 };
    } else if !want.like && !mention.holders.is_empty() && !want.number {
        // It is a value of another column.
        score -= 1.0;
    }
    if want.like && mention.kind == MentionKind::Quoted {
        score += 0.5;
    }
    if let Some(place) = want.column.and_then(|id| evidence.of(id).at()) {
        score -= 0.08 * (mention.from as f32 - place as f32).abs().min(12.0);
        score += if mention.from >= place { 0.3 } else { 0.0 };
    }
    score - 0.01 * at as f32
}

fn value(want: &Want, mention: &Mention, held: Option<&str>, evidence: &Evidence<'_>) -> Option<Value> {
    let kind = want.column.map(|id| evidence.index.column(id).kind);
    if let Some(range) = &mention.time {
        // Of numbers only years lie in time.
        let is_year = |id: ColumnId| evidence.index.column_facts(id).words.iter().any(|w| w == "year");
        let fits = kind.is_some_and(TypeKind::is_temporal) || want.column.is_some_and(is_year);
        // `in 2020` is a number only where the table knows no time.
        let timeless = |id: ColumnId| {
            let mut columns = evidence.index.catalog().column_ids(id.table);
            !columns.any(|(id, column)| column.kind.is_temporal() || is_year(id))
        };
        let said = mention.from.checked_sub(1).map_or("", |at| evidence.tokens[at].lower.as_str());
        let is_time = matches!(said, "in" | "since" | "until" | "during" | "before" | "after" | "of" | "year");
        let plain = range.year.is_some()
            && kind.is_some_and(TypeKind::is_numeric)
            && (!is_time || want.column.is_some_and(timeless));
        if !want.like && fits && !want.counts {
            return Some(Value::Time(range.clone()));
        }
        if !plain && !want.like {
            return None;
        }
    }
    literal(want, mention, held, evidence).map(Value::Literal)
}

fn literal(want: &Want, mention: &Mention, held: Option<&str>, evidence: &Evidence<'_>) -> Option<Literal> {
    if let (Some(value), false) = (held, want.like) {
        return Some(Literal::Text(value.to_owned()));
    }
    let kind = want.column.map(|id| evidence.index.column(id).kind);
    let is_number = mention.text.parse::<f64>().is_ok_and(f64::is_finite);
    if is_number && mention.kind == MentionKind::Number && !want.like && !want.counts {
        // A day is not compared with a number, and words that are all known are not either.
        let wordy = |id: ColumnId| {
            let values = evidence.index.column(id).values.as_ref();
            values.is_some_and(|held| held.values.iter().all(|value| value.parse::<f64>().is_err()))
        };
        if kind.is_some_and(TypeKind::is_temporal) || want.column.is_some_and(wordy) {
            return None;
        }
    }
    if is_number && !want.like && (want.number || kind.is_none_or(|k| k.is_numeric() || k.is_temporal())) {
        return Some(Literal::Number(mention.text.clone()));
    }
    // A word compared with a number is never true.
    if want.column.is_none() || kind.is_some_and(|k| k.is_numeric()) && !want.like {
        return None;
    }
    Some(Literal::Text(mention.text.clone()))
}
