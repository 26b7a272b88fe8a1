//! What to ask back: readings that find other rows, the one thing in which they differ, and short names for it.

use nlq_catalog::TypeKind;
use nlq_query::plan::{Aggregate, Expr, Plan};

use crate::{
    Clarification, ClarificationOption,
    describe::{describe, differ, dotted},
    index::{SchemaIndex, Target},
    linker::ChunkKind,
    meaning,
    readings::{Reading, Understood},
    results,
};

/// Options of a clarification.
const MAX_OPTIONS: usize = 4;
/// Readings less than this likely beside the best one (as a share of it) are not worth a question.
const RIVAL: f32 = 0.05;
/// Readings this likely beside the best one are as good as it.
const TIED: f32 = 0.97;
/// A question longer than this names no options: they stand below it anyway.
const LONGEST: usize = 120;
/// Readings compared: the likeliest.
const COMPARED: usize = 24;

/// In what two readings differ.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Difference {
    /// The phrase that they understand differently; none when they are put together differently.
    chunk: Option<usize>,
    /// The best reading's side, in few words.
    best: String,
    /// The other's.
    other: String,
}

/// In what a reading differs from the best one.
pub(crate) fn difference(best: &Reading, other: &Reading, index: &SchemaIndex) -> Difference {
    let target =
        |reading: &Reading, chunk: usize| reading.bound.bindings.iter().find(|b| b.chunk == chunk).map(|b| b.target);
    if best.frame == other.frame {
        let mut changed = best.bound.bindings.iter().filter_map(|b| {
            let to = target(other, b.chunk).filter(|to| *to != b.target)?;
            Some((b.chunk, name(b.target, index), name(to, index)))
        });
        if let (Some((chunk, best, other)), None) = (changed.next(), changed.next()) {
            return Difference { chunk: Some(chunk), best, other };
        }
    }
    let (other, best) = differ(&other.bound.plan, &best.bound.plan, index);
    Difference { chunk: None, best, other }
}

impl Difference {
    /// How the other reading differs, for people who know the best one.
    pub(crate) fn phrase(&self) -> String {
        match self.chunk {
            Some(_) => format!("{} instead of {}", self.other, self.best),
            None => self.other.clone(),
        }
    }
}

fn name(target: Target, index: &SchemaIndex) -> String {
    match target {
        Target::Column(id) => dotted(id, index),
        Target::Table(id) => index.catalog().table(id).name.clone(),
        Target::Person(id) => format!("{} by first and last name", index.catalog().table(id).name),
        Target::Term(at) => index.annotations().terms[at as usize].name.clone(),
        Target::Metric(at) => index.annotations().metrics[at as usize].name.clone(),
    }
}

/// True when another reading that finds other rows is as likely as the best one.
pub(crate) fn is_tied(understood: &Understood, index: &SchemaIndex) -> bool {
    rivals(understood, index, TIED).next().is_some()
}

/// The likeliest reading of each other meaning, best first.
fn rivals<'a>(
    understood: &'a Understood,
    index: &'a SchemaIndex,
    share: f32,
) -> impl Iterator<Item = &'a Reading> + use<'a> {
    let top = understood.readings.first().map_or(0.0, |best| best.score);
    let mut seen: Vec<String> =
        understood.readings.first().map(|best| meaning::rows(best, index)).into_iter().collect();
    let near = move |r: &&Reading| (r.score - top).exp() >= share;
    results::different(&understood.readings).take(COMPARED).skip(1).filter(near).filter(move |reading| {
        let rows = meaning::rows(reading, index);
        !seen.contains(&rows) && {
            seen.push(rows);
            true
        }
    })
}

/// What to ask, when readings differ in more than the columns shown.
pub(crate) fn clarification(understood: &Understood, index: &SchemaIndex) -> Option<Clarification> {
    let best = understood.readings.first()?;
    let mut others = rivals(understood, index, RIVAL).map(|r| (difference(best, r, index), r));
    let (first, rival) = others.next()?;
    let option = |label: &str, reading: &Reading| ClarificationOption {
        label: label.to_owned(),
        sql: reading.rendered.sql.clone(),
    };
    let own = if first.best.is_empty() { describe(&best.bound.plan, index) } else { first.best.clone() };
    let mut options = vec![option(&own, best)];
    // One question asks one thing: only readings that differ in the same.
    let same = others.filter(|(d, _)| d.chunk == first.chunk && d.best == first.best);
    for (difference, reading) in std::iter::once((first.clone(), rival)).chain(same) {
        let taken = |label: &str| options.iter().any(|o| o.label.eq_ignore_ascii_case(label));
        let whole = describe(&reading.bound.plan, index);
        let label = [difference.other, whole].into_iter().find(|label| !label.is_empty() && !taken(label));
        if let Some(label) = label.filter(|_| options.len() < MAX_OPTIONS) {
            options.push(option(&label, reading));
        }
    }
    if options.len() < 2 {
        return None;
    }
    let labels: Vec<&str> = options.iter().map(|o| o.label.as_str()).collect();
    let question = asked(understood, index, &first, [best, rival], &labels);
    Some(Clarification { question, options })
}

/// What to ask when even the best reading is most likely wrong: whether any of the likeliest is meant.
pub(crate) fn doubt(understood: &Understood, index: &SchemaIndex) -> Option<Clarification> {
    let mut options: Vec<ClarificationOption> = Vec::new();
    for reading in results::different(&understood.readings).take(COMPARED) {
        let label = describe(&reading.bound.plan, index);
        if options.len() < MAX_OPTIONS && !options.iter().any(|option| option.label == label) {
            options.push(ClarificationOption { label, sql: reading.rendered.sql.clone() });
        }
    }
    let question = "The question was not well understood: is one of these meant?".to_owned();
    (options.len() > 1).then_some(Clarification { question, options })
}

fn asked(
    understood: &Understood,
    index: &SchemaIndex,
    difference: &Difference,
    [best, rival]: [&Reading; 2],
    labels: &[&str],
) -> String {
    let either = |labels: &[&str]| match labels {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        all => all.concat(),
    };
    if let Some(at) = difference.chunk {
        let chunk = &understood.chunks[at];
        let words: Vec<&str> = understood.tokens[chunk.from..chunk.to].iter().map(|t| t.text.as_str()).collect();
        let words = words.join(" ");
        let is_day = best.bound.bindings.iter().any(|b| {
            let days = |kind: TypeKind| kind.is_temporal();
            b.chunk == at && matches!(b.target, Target::Column(id) if days(index.column(id).kind))
        });
        return match chunk.kind {
            ChunkKind::Time(_) => format!("Which date is meant: {}?", either(labels)),
            _ if is_day => format!("Which date is meant: {}?", either(labels)),
            ChunkKind::Value(..) => format!("Where is \u{201c}{words}\u{201d} meant: {}?", either(labels)),
            _ => format!("Which \u{201c}{words}\u{201d} is meant: {}?", either(labels)),
        };
    }
    let functions = |plan: &Plan| {
        let of = |e: &Expr| match e {
            Expr::Aggregate { function, .. } => Some(*function),
            _ => None,
        };
        plan.select.iter().find_map(|item| of(&item.expr))
    };
    match (functions(&best.bound.plan), functions(&rival.bound.plan)) {
        (Some(a), Some(b)) if a != b && labels.len() == 2 => {
            let word = |function| match function {
                Aggregate::Count => "number",
                Aggregate::Sum => "sum",
                Aggregate::Avg => "average",
                Aggregate::Min => "lowest value",
                Aggregate::Max => "highest value",
            };
            format!("Is it the {} or the {}?", word(a), word(b))
        }
        _ => {
            let question = format!("Which is meant: {}?", either(labels));
            if question.len() > LONGEST { "Which of these is meant?".to_owned() } else { question }
        }
    }
}
