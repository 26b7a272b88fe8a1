//! What the ranker sees of a plan, whoever proposed it: how likely its shape and its columns are, what of the question it
//! explains, and what it uses that the question does not say.

use nlq_catalog::{ColumnId, TableId};
use nlq_query::{
    plan::{Aggregate, Expr, Plan, SetOperation},
    render::Rendered,
};

use super::{
    evidence::{Evidence, MentionKind},
    fill::Scorer,
    parts::Parts,
    sketch::{Level, Part, Sketch},
    structure::Shapes,
};
use crate::{
    cues::Cue,
    index::Target,
    linker::{Chunk, ChunkKind},
    words::is_stop,
};

/// In place of a log probability of what the models do not know.
const UNKNOWN: f32 = -20.0;

/// Names of the features, in order.
pub(crate) const NAMES: &[&str] = &[
    "shape",
    "shape_rank",
    "shape_gap",
    "slots",
    "slots_mean",
    "slots_worst",
    "slot_count",
    "shown_worst",
    "filter_worst",
    "group_worst",
    "order_worst",
    "inner_worst",
    "likelihood",
    "known_values",
    "unknown_values",
    "texts_unused",
    "numbers_unused",
    "texts",
    "numbers",
    "value_elsewhere",
    "names_unused",
    "names_unused_score",
    "names",
    "unknown_words",
    "uncovered_words",
    "uncovered_share",
    "words",
    "tables",
    "inner_tables",
    "tables_unnamed",
    "tables_missing",
    "tables_missing_score",
    "inferred",
    "tied",
    "columns",
    "columns_unsaid",
    "columns_whole",
    "columns_score",
    "columns_weakest",
    "columns_overlapping",
    "columns_twice",
    "shown",
    "aggregates",
    "shown_keys",
    "whole_rows",
    "distinct",
    "count_distinct",
    "group",
    "having",
    "order",
    "order_aggregate",
    "limit",
    "limit_many",
    "set",
    "nested",
    "tests",
    "or",
    "negated",
    "compared",
    "count_rows",
    "shown_unsaid",
    "shown_display",
    "group_key",
    "group_shown",
    "filter_shown",
    "order_shown",
    "said_distinct",
    "said_not",
    "said_order",
    "said_most",
    "said_each",
    "said_count",
    "said_compare",
    "said_or",
    "said_both",
    "miss_distinct",
    "extra_distinct",
    "miss_not",
    "extra_not",
    "miss_order",
    "extra_order",
    "miss_most",
    "miss_each",
    "extra_group",
    "miss_count",
    "extra_count",
    "miss_compare",
    "extra_compare",
    "miss_or",
    "extra_or",
    "miss_limit_number",
    "first_how",
    "first_which",
    "source_rows",
    "fact_rows",
    "one_table_named",
    "number_for_text",
    "text_compared",
    "shown_tables_unsaid",
    "shown_before_table",
    "shown_first_table",
    "group_without_aggregate",
    "aggregates_mixed",
    "tests_columns_unsaid",
    "shown_whole",
    "shown_score",
    "filter_same_column",
    "said_unit",
    "miss_unit",
    "extra_unit",
    "miss_average",
    "extra_average",
    "miss_sum",
    "extra_sum",
    "miss_highest",
    "extra_highest",
    "miss_lowest",
    "extra_lowest",
    "miss_descending",
    "miss_ascending",
    "directions",
    "group_reference",
    "shown_reference",
    "names_shown_missing",
];

/// The features of a plan, in the order of [`NAMES`]; its terms and metrics are written out, `raw` holds their texts.
pub(crate) fn features(
    plan: &Plan,
    raw: Vec<String>,
    rendered: &Rendered,
    evidence: &Evidence<'_>,
    chunks: &[Chunk],
    shapes: &Shapes<'_>,
    scorer: &mut Scorer<'_>,
) -> Vec<f32> {
    let flag = |b: bool| f32::from(u8::from(b));
    let index = evidence.index;
    let parts = Parts { raw, ..Parts::of(plan) };
    let mut out: Vec<f32> = Vec::with_capacity(NAMES.len());

    // How likely its shape and its columns are.
    let sketched = Sketch::of(plan);
    let shape = sketched.as_ref().map_or(UNKNOWN, |(sketch, _)| shapes.log_probability(sketch).max(UNKNOWN));
    let rank = shapes.ranked.iter().take(100).take_while(|(_, p)| *p > shape + 1e-4).count();
    let top = shapes.ranked.first().map_or(0.0, |(_, p)| *p);
    let slots = sketched.as_ref().map(|(sketch, _)| sketch.slots()).unwrap_or_default();
    let judged = sketched.as_ref().map(|(_, filling)| scorer.judge(&slots, &filling.columns)).unwrap_or_default();
    let sum: f32 = judged.iter().sum();
    let worst = |want: &dyn Fn(Part, Level) -> bool| {
        slots.iter().zip(&judged).filter(|(s, _)| want(s.part, s.level)).map(|(_, p)| *p).fold(0.0, f32::min)
    };
    let is_order = |part| matches!(part, Part::Ascending | Part::Descending);
    let is_test = |part| !matches!(part, Part::Select | Part::Group) && !is_order(part);
    let slot_sum = if sketched.is_some() { sum } else { UNKNOWN };
    out.extend([
        shape,
        rank as f32,
        shape - top,
        slot_sum,
        slot_sum / judged.len().max(1) as f32,
        worst(&|_, _| true),
        judged.len() as f32,
        worst(&|part, level| part == Part::Select && level == Level::Top),
        worst(&|part, level| is_test(part) && level == Level::Top),
        worst(&|part, level| part == Part::Group && level == Level::Top),
        worst(&|part, level| is_order(part) && level == Level::Top),
        worst(&|_, level| level != Level::Top),
        shape + slot_sum,
    ]);

    // What becomes of the question's values.
    let mut used = vec![false; evidence.mentions.len()];
    let (mut known, mut unknown, mut elsewhere) = (0, 0, 0);
    let limit = plan.limit.filter(|n| *n > 1).map(|n| n.to_string());
    for (column, text, is_text) in &parts.literals {
        let mut holds = false;
        for (at, mention) in evidence.mentions.iter().enumerate() {
            let holder = mention.holders.iter().find(|(id, value)| Some(*id) == *column && value == text);
            let same = holder.is_some() || mention.text.eq_ignore_ascii_case(text);
            used[at] |= same;
            holds |= holder.is_some();
            elsewhere += usize::from(same && holder.is_none() && !mention.holders.is_empty() && *is_text);
        }
        known += usize::from(holds);
        unknown += usize::from(!holds && *is_text);
    }
    for (at, mention) in evidence.mentions.iter().enumerate() {
        used[at] |= limit.as_deref() == Some(mention.text.as_str()) || plan.limit == Some(1) && mention.text == "1";
        used[at] |= mention.time.is_some() && parts.within > 0;
    }
    let unused = |number: bool| {
        let all = evidence.mentions.iter().zip(&used);
        all.filter(|(m, used)| !**used && (m.kind == MentionKind::Number) == number).count() as f32
    };
    let numbers = evidence.mentions.iter().filter(|m| m.kind == MentionKind::Number).count();
    out.extend([
        known as f32,
        unknown as f32,
        unused(false),
        unused(true),
        (evidence.mentions.len() - numbers) as f32,
        numbers as f32,
        elsewhere as f32,
    ]);

    // Which names and words it explains.
    let mut tables: Vec<TableId> =
        parts.columns.iter().map(|id| id.table).chain(parts.tables.iter().copied()).collect();
    tables.extend(&rendered.tables);
    tables.sort_unstable();
    tables.dedup();
    let mut columns = parts.columns.clone();
    columns.sort_unstable();
    columns.dedup();
    let explains = |chunk: &Chunk| {
        let best = chunk.names.first().map_or(0.0, |e| e.score);
        chunk.names.iter().filter(|e| e.score >= best - 0.3).any(|e| match e.target {
            Target::Table(id) => tables.contains(&id),
            Target::Column(id) => columns.contains(&id),
            Target::Person(id) => {
                index.facts(id).person.is_some_and(|(a, b)| columns.contains(&a) || columns.contains(&b))
            }
            Target::Term(at) => parts.raw.contains(&index.annotations().terms[at as usize].condition),
            Target::Metric(at) => parts.raw.contains(&index.annotations().metrics[at as usize].expression),
        })
    };
    let is_name = |chunk: &&Chunk| chunk.kind == ChunkKind::Name && chunk.names.first().is_some_and(|e| e.score >= 0.5);
    let names: Vec<&Chunk> = chunks.iter().filter(is_name).collect();
    let unexplained: Vec<&&Chunk> = names.iter().filter(|chunk| !explains(chunk)).collect();
    let unknown_words = chunks.iter().filter(|c| c.kind == ChunkKind::Unknown).count();
    let mut covered = vec![false; evidence.tokens.len()];
    let mut cover = |from: usize, to: usize| covered[from..to].iter_mut().for_each(|c| *c = true);
    for id in &columns {
        evidence.of(*id).places.iter().for_each(|place| cover(place.0, place.1));
    }
    for id in &tables {
        evidence.of_table(*id).places.iter().for_each(|place| cover(place.0, place.1));
    }
    for (mention, _) in evidence.mentions.iter().zip(&used).filter(|(_, used)| **used) {
        cover(mention.from, mention.to);
    }
    for chunk in chunks.iter().filter(|c| matches!(c.kind, ChunkKind::Cue(_))) {
        cover(chunk.from, chunk.to);
    }
    let content = |at: &usize| !is_stop(&evidence.tokens[*at].lower);
    let words = (0..evidence.tokens.len()).filter(content).count();
    let uncovered = (0..evidence.tokens.len()).filter(content).filter(|at| !covered[*at]).count();
    out.extend([
        unexplained.len() as f32,
        unexplained.iter().map(|c| c.names[0].score).sum(),
        names.len() as f32,
        unknown_words as f32,
        uncovered as f32,
        uncovered as f32 / words.max(1) as f32,
        evidence.tokens.len() as f32,
    ]);

    // Which tables take part.
    let said = |id: &TableId| {
        evidence.of_table(*id).score >= 0.3
            || columns.iter().any(|c| c.table == *id && (evidence.of(*c).score >= 0.5 || !evidence.held(*c).is_empty()))
    };
    let missing = index.catalog().table_ids().map(|(id, _)| id).filter(|id| !tables.contains(id));
    let missing: Vec<f32> = missing.map(|id| evidence.of_table(id)).filter(|m| m.kind >= 5).map(|m| m.score).collect();
    out.extend([
        rendered.tables.len() as f32,
        (tables.len() - rendered.tables.len().min(tables.len())) as f32,
        tables.iter().filter(|id| !said(id)).count() as f32,
        missing.len() as f32,
        missing.iter().copied().fold(0.0, f32::max),
        rendered.inferred_joins as f32,
        flag(rendered.tied),
    ]);

    // How its columns are said.
    let scores: Vec<f32> = columns.iter().map(|id| evidence.of(*id).score).collect();
    let unsaid = |id: &ColumnId| evidence.of(*id).kind == 0 && evidence.held(*id).is_empty();
    let overlapping = columns.iter().enumerate().filter(|(at, a)| {
        let own = evidence.of(**a);
        columns[..*at].iter().any(|b| {
            let other = evidence.of(*b);
            own.places.first().zip(other.places.first()).is_some_and(|(x, y)| x.0 < y.1 && y.0 < x.1)
        })
    });
    out.extend([
        columns.len() as f32,
        columns.iter().filter(|id| unsaid(id)).count() as f32,
        columns.iter().filter(|id| evidence.of(**id).kind >= 5).count() as f32,
        scores.iter().sum::<f32>() / scores.len().max(1) as f32,
        scores.iter().copied().fold(1.0, f32::min),
        overlapping.count() as f32,
        (parts.columns.len() - columns.len()) as f32,
    ]);

    // Its shape.
    let shown: Vec<ColumnId> = plan
        .select
        .iter()
        .filter_map(|item| match &item.expr {
            Expr::Column(id) => Some(*id),
            _ => None,
        })
        .collect();
    let shown_aggregates = plan.select.iter().filter(|item| item.expr.is_aggregate()).count();
    let ordered: Vec<ColumnId> = plan
        .order
        .iter()
        .filter_map(|key| match &key.expr {
            Expr::Column(id) => Some(*id),
            _ => None,
        })
        .collect();
    let grouped: Vec<ColumnId> = plan
        .group
        .iter()
        .filter_map(|expr| match expr {
            Expr::Column(id) => Some(*id),
            _ => None,
        })
        .collect();
    let mut own = Parts::default();
    plan.filter.iter().for_each(|predicate| own.predicate(predicate));
    let count_distinct = plan.select.iter().any(|item| matches!(item.expr, Expr::Aggregate { distinct: true, .. }));
    let count_rows = plan.select.iter().any(|item| matches!(item.expr, Expr::Aggregate { argument: None, .. }));
    let whole = plan.select.iter().any(|item| matches!(item.expr, Expr::AllOf(_)));
    let order_aggregate = plan.order.iter().any(|key| key.expr.is_aggregate());
    out.extend([
        plan.select.len() as f32,
        shown_aggregates as f32,
        shown.iter().filter(|id| index.column_facts(**id).id_like).count() as f32,
        flag(whole),
        flag(plan.distinct),
        flag(count_distinct),
        plan.group.len() as f32,
        flag(plan.having.is_some()),
        plan.order.len() as f32,
        flag(order_aggregate),
        flag(plan.limit.is_some()),
        flag(plan.limit.is_some_and(|n| n > 1)),
        match plan.set.as_ref().map(|set| set.0) {
            None => 0.0,
            Some(SetOperation::Union) => 1.0,
            Some(SetOperation::Intersect) => 2.0,
            Some(SetOperation::Except) => 3.0,
        },
        parts.nested as f32,
        parts.tests as f32,
        parts.or as f32,
        parts.negated as f32,
        parts.compared as f32,
        flag(count_rows),
        shown.iter().filter(|id| unsaid(id)).count() as f32,
        shown.iter().filter(|id| index.facts(id.table).display == Some(**id)).count() as f32,
        grouped.iter().filter(|id| index.column_facts(**id).key).count() as f32,
        grouped.iter().filter(|id| shown.contains(id)).count() as f32,
        own.columns.iter().filter(|id| shown.contains(id)).count() as f32,
        ordered.iter().filter(|id| shown.contains(id)).count() as f32,
    ]);

    // What the words ask for and the plan does not do, and the other way round.
    let has = |want: &dyn Fn(&Cue) -> bool| chunks.iter().any(|c| matches!(&c.kind, ChunkKind::Cue(cue) if want(cue)));
    let distinct = has(&|c| matches!(c, Cue::Distinct));
    let not = has(&|c| matches!(c, Cue::Not | Cue::Without));
    let order = has(&|c| matches!(c, Cue::OrderBy | Cue::Direction(_) | Cue::First(..)));
    let most = has(&|c| matches!(c, Cue::Superlative(..) | Cue::Common(_) | Cue::Top));
    let each = has(&|c| matches!(c, Cue::Each));
    let count = has(&|c| matches!(c, Cue::Count));
    let compare = has(&|c| matches!(c, Cue::Compare(..) | Cue::Between));
    let or = has(&|c| matches!(c, Cue::Or));
    let both = has(&|c| matches!(c, Cue::Both));
    let is_distinct = plan.distinct || count_distinct;
    let is_extreme = plan.limit.is_some() || parts.aggregates > parts.counts || parts.nested > 0;
    let first = evidence.tokens.first().map_or("", |t| t.lower.as_str());
    out.extend([
        flag(distinct),
        flag(not),
        flag(order),
        flag(most),
        flag(each),
        flag(count),
        flag(compare),
        flag(or),
        flag(both),
        flag(distinct && !is_distinct),
        flag(!distinct && is_distinct),
        flag(not && parts.negated == 0),
        flag(!not && parts.negated > 0),
        flag(order && plan.order.is_empty()),
        flag(!order && !most && !plan.order.is_empty()),
        flag(most && !is_extreme),
        flag(each && plan.group.is_empty()),
        flag(!each && !plan.group.is_empty()),
        flag(count && parts.counts == 0),
        flag(!count && parts.counts > 0),
        flag(compare && parts.compared == 0),
        flag(!compare && parts.compared > 0),
        flag(or && parts.or == 0 && plan.set.is_none()),
        flag(!or && parts.or > 0),
        flag(numbers > 0 && plan.limit == Some(1) && unused(true) > 0.0),
        flag(first == "how"),
        flag(matches!(first, "which" | "who" | "whose")),
        index.graph().rows_of(&rendered.tables).len() as f32,
        rendered.tables.first().map_or(0.0, |main| evidence.of_table(*main).score),
        flag(rendered.tables.len() == 1 && rendered.tables.iter().all(|id| evidence.of_table(*id).kind >= 5)),
    ]);
    let is_text = |id: &ColumnId| {
        let kind = index.column(*id).kind;
        !kind.is_numeric() && !kind.is_temporal()
    };
    let number = |text: &str| text.parse::<f64>().is_ok();
    let number_for_text = parts.literals.iter().filter(|(column, text, _)| {
        column.is_some_and(|id| is_text(&id) && number(text) && evidence.held(id).is_empty())
    });
    let next = |id: &&ColumnId| evidence.of(**id).at().is_some_and(|at| evidence.table_after(at) == Some(id.table));
    let mut tested: Vec<ColumnId> = own.columns.clone();
    tested.sort_unstable();
    let same = tested.windows(2).filter(|pair| pair[0] == pair[1]).count();
    out.extend([
        number_for_text.count() as f32,
        parts.sized.iter().filter(|id| is_text(id)).count() as f32,
        shown.iter().filter(|id| evidence.of_table(id.table).score < 0.3).count() as f32,
        shown.iter().filter(next).count() as f32,
        shown.iter().filter(|id| evidence.main_table() == Some(id.table)).count() as f32,
        flag(!plan.group.is_empty() && parts.aggregates == 0),
        flag(plan.group.is_empty() && shown_aggregates > 0 && shown_aggregates < plan.select.len()),
        own.columns.iter().filter(|id| unsaid(id)).count() as f32,
        shown.iter().filter(|id| evidence.of(**id).kind >= 5).count() as f32,
        shown.iter().map(|id| evidence.of(*id).score).fold(1.0, f32::min),
        same as f32,
    ]);
    // `per month`: a phrase that names nothing but a unit of time.
    let unit = chunks.iter().any(|c| c.kind == ChunkKind::Name && c.names.is_empty());
    out.extend([flag(unit), flag(unit && parts.buckets == 0), flag(!unit && parts.buckets > 0)]);

    // Aggregates and directions that are said, against those that are there; an extreme may also be the first row.
    let aggregates = |function: Aggregate| parts.functions.iter().filter(|f| **f == function).count();
    let down = parts.descending.iter().filter(|d| **d).count();
    let up = parts.descending.len() - down;
    let first = usize::from(plan.limit.is_some());
    for (class, function, other) in [
        (4, Aggregate::Avg, 0),
        (5, Aggregate::Sum, 0),
        (6, Aggregate::Max, down.min(first)),
        (7, Aggregate::Min, up.min(first)),
    ] {
        let (said, there) = (evidence.cues[class].len(), aggregates(function));
        out.extend([said.saturating_sub(there + other) as f32, there.saturating_sub(said) as f32]);
    }
    let directed = |descending| chunks.iter().filter(|c| c.kind == ChunkKind::Cue(Cue::Direction(descending))).count();
    let refers = |id: &&ColumnId| index.column_facts(**id).reference && evidence.of(**id).kind < 6;
    let before = chunks.iter().position(|c| matches!(c.kind, ChunkKind::Value(..) | ChunkKind::Number(_)));
    let early = |chunk: &&&&Chunk| before.is_none_or(|at| chunk.from < chunks[at].from);
    out.extend([
        directed(true).saturating_sub(down) as f32,
        directed(false).saturating_sub(up) as f32,
        (directed(true) + directed(false)) as f32,
        grouped.iter().filter(refers).count() as f32,
        shown.iter().filter(refers).count() as f32,
        unexplained.iter().filter(early).count() as f32,
    ]);
    debug_assert_eq!(out.len(), NAMES.len(), "every feature has its name");
    out
}
