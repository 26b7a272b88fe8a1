//! Which column stands in a slot: features of a column in its slot, given the slots before.

use nlq_catalog::{ColumnId, TypeKind};

use super::{
    evidence::{CUE_CLASSES, Evidence, MentionKind},
    sketch::{Function, Level, Part, Slot},
};

/// Columns weighed for one slot at most.
const MAX_COLUMNS: usize = 24;
const PARTS: [Part; 15] = [
    Part::Select,
    Part::Equal,
    Part::NotEqual,
    Part::Less,
    Part::More,
    Part::Between,
    Part::Like,
    Part::Null,
    Part::In,
    Part::NotIn,
    Part::Of,
    Part::Group,
    Part::Having,
    Part::Ascending,
    Part::Descending,
];
const LEVELS: [Level; 7] =
    [Level::Top, Level::Union, Level::Intersect, Level::Except, Level::In, Level::NotIn, Level::Of];
const ROLE: usize = PARTS.len() + 4 + LEVELS.len() + 2;
/// Numbers of one row.
pub(crate) const WIDTH: usize = ROLE + STATIC + 16;
const STATIC: usize = 28 + CUE_CLASSES;
/// In place of a distance, when there is none.
const FAR: f32 = 20.0;

/// What does not change while slots are filled: by column.
pub(crate) struct Columns<'e> {
    evidence: &'e Evidence<'e>,
    /// The best match of any column.
    best: f32,
    /// Of the columns worth weighing, in their order.
    rows: Vec<[f32; STATIC]>,
    /// The columns worth weighing, best evidence first.
    pub(crate) worthwhile: Vec<ColumnId>,
}

impl<'e> Columns<'e> {
    pub(crate) fn new(evidence: &'e Evidence<'e>) -> Self {
        let best = evidence.columns.iter().map(|id| evidence.of(*id).score).fold(0.0, f32::max);
        let mut order: Vec<(f32, ColumnId)> = evidence
            .columns
            .iter()
            .map(|&id| {
                let index = evidence.index;
                let table = evidence.of_table(id.table).score;
                let held = if evidence.held(id).is_empty() { 0.0 } else { 0.6 };
                let facts = index.facts(id.table);
                let display = if facts.display == Some(id) { 0.25 } else { 0.0 };
                let key = if facts.key == Some(id) { 0.15 } else { 0.0 };
                let own = evidence.of(id);
                let whole = if own.kind >= 5 { 0.3 } else { 0.0 };
                (own.score + whole + 0.3 * table + held + (display + key) * (0.3 + table), id)
            })
            .collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let worthwhile: Vec<ColumnId> = order.iter().take(MAX_COLUMNS).map(|(_, id)| *id).collect();
        let rows = worthwhile.iter().map(|id| fixed(*id, evidence, best)).collect();
        Self { evidence, best, rows, worthwhile }
    }

    /// What the slots before say of a slot: the same for all its columns.
    pub(crate) fn around<'b>(&self, slot: Slot, before: &'b [(Slot, ColumnId)]) -> Around<'b> {
        let flag = |b: bool| f32::from(u8::from(b));
        let evidence = self.evidence;
        let mut role = Vec::with_capacity(ROLE);
        for part in PARTS {
            role.push(flag(slot.part == part));
        }
        role.push(flag(slot.function == Some(Function::Count)));
        role.push(flag(matches!(slot.function, Some(Function::Sum | Function::Avg))));
        role.push(flag(matches!(slot.function, Some(Function::Min | Function::Max))));
        role.push(flag(slot.function.is_none()));
        for level in LEVELS {
            role.push(flag(slot.level == level));
        }
        let columns = |want: &dyn Fn(&Slot) -> bool| -> Vec<ColumnId> {
            before.iter().filter(|(s, _)| want(s)).map(|(_, c)| *c).collect()
        };
        let inner = slot.level != Level::Top;
        let same = columns(&|s| s.part == slot.part && (s.level == Level::Top) != inner);
        role.extend([same.len() as f32, before.len() as f32]);
        let outer = columns(&|s| s.level == Level::Top && s.part == slot.part);
        let place = before.iter().filter(|(s, _)| s.level != Level::Top && s.part == slot.part).count();
        // The values before this one are taken, in the order of the question.
        let compares = |part: Part| matches!(part, Part::Equal | Part::NotEqual | Part::Like);
        let taken = before.iter().filter(|(s, _)| compares(s.part)).count();
        let mut texts = evidence.mentions.iter().enumerate().filter(|(_, m)| m.kind != MentionKind::Number);
        let any_due = texts.clone().any(|(_, m)| !m.holders.is_empty());
        Around {
            role,
            before,
            mirrored: outer.get(place).copied().filter(|_| inner),
            shown: columns(&|s| s.part == Part::Select && s.level == Level::Top),
            compared: columns(&|s| compares(s.part) && s.level == Level::Top),
            due: texts.nth(taken).map(|(at, _)| at),
            any_due,
            same,
        }
    }

    /// The row of a column.
    pub(crate) fn row(&self, around: &Around<'_>, id: ColumnId, out: &mut Vec<f32>) {
        let flag = |b: bool| f32::from(u8::from(b));
        let evidence = self.evidence;
        let start = out.len();
        let Around { role, before, same, mirrored, shown, compared, due, any_due } = around;
        out.extend(role);
        match self.worthwhile.iter().position(|column| *column == id) {
            Some(at) => out.extend(self.rows[at]),
            None => out.extend(fixed(id, evidence, self.best)),
        }
        let own = evidence.of(id);
        let overlaps = |other: ColumnId| {
            let other = evidence.of(other);
            own.places.iter().any(|a| other.places.iter().any(|b| a.0 < b.1 && b.0 < a.1))
        };
        let after = same.last().and_then(|last| evidence.of(*last).at()).zip(own.at());
        let refers = |a: ColumnId, b: ColumnId| {
            a.table != b.table
                && evidence.index.hops(a.table, b.table) == 1
                && evidence.index.graph().of(a.table).any(|e| e.on.contains(&(a, b)) || e.on.contains(&(b, a)))
        };
        let last = before.last().map(|(_, c)| *c);
        let due = due.is_some_and(|at| evidence.held(id).contains(&at));
        out.extend([
            before.iter().map(|(_, c)| evidence.index.hops(id.table, c.table)).min().map_or(-1.0, f32::from),
            before.iter().filter(|(_, c)| c.table == id.table).count() as f32,
            flag(same.contains(&id)),
            flag(before.iter().any(|(_, c)| *c == id)),
            flag(before.iter().any(|(_, c)| *c != id && overlaps(*c))),
            after.map_or(FAR, |(last, own)| own as f32 - last as f32),
            flag(last.is_some_and(|c| refers(id, c))),
            flag(before.iter().any(|(_, c)| refers(id, *c))),
            flag(*mirrored == Some(id)),
            flag(compared.contains(&id)),
            flag(last == Some(id)),
            flag(shown.contains(&id)),
            flag(shown.iter().any(|c| c.table == id.table)),
            flag(due),
            flag(*any_due && !due),
            flag(shown.iter().any(|c| c.table == id.table && evidence.index.facts(c.table).key == Some(id))),
        ]);
        debug_assert_eq!(out.len() - start, WIDTH, "a row has a fixed width");
    }
}

/// What the slots before say of a slot.
pub(crate) struct Around<'b> {
    role: Vec<f32>,
    before: &'b [(Slot, ColumnId)],
    /// Filled columns of the same part.
    same: Vec<ColumnId>,
    /// In the second query of a set: the column that stands here in the first.
    mirrored: Option<ColumnId>,
    shown: Vec<ColumnId>,
    compared: Vec<ColumnId>,
    /// The value that is next to be taken.
    due: Option<usize>,
    any_due: bool,
}

fn fixed(id: ColumnId, evidence: &Evidence<'_>, best: f32) -> [f32; STATIC] {
    let flag = |b: bool| f32::from(u8::from(b));
    let index = evidence.index;
    let length = evidence.tokens.len().max(1) as f32;
    let own = evidence.of(id);
    let table = evidence.of_table(id.table);
    let facts = index.column_facts(id);
    let of_table = index.facts(id.table);
    let kind = index.column(id).kind;
    let place = |at: Option<usize>| at.map_or(-1.0, |at| at as f32 / length);
    let between = own.at().zip(table.at()).map_or(FAR, |(a, b)| (a as f32 - b as f32).clamp(-FAR, FAR));
    let alike = if own.places.is_empty() {
        0
    } else {
        let rivals = |other: &&ColumnId| {
            let other = evidence.of(**other);
            other.score >= own.score - 1e-4 && other.at() == own.at()
        };
        evidence.columns.iter().filter(rivals).count() - 1
    };
    let far = |to: &dyn Fn(usize) -> bool| {
        let at = own.places.iter().flat_map(|place| {
            evidence
                .mentions
                .iter()
                .enumerate()
                .filter(|(m, _)| to(*m))
                .map(move |(_, m)| (m.from as f32 - place.0 as f32).clamp(-FAR, FAR))
        });
        at.min_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(FAR)
    };
    let held = evidence.held(id);
    let siblings = index.catalog().column_ids(id.table).filter(|(other, _)| evidence.of(*other).score >= 0.7).count();
    let last = facts.words.last().map_or("", String::as_str);
    let values = [
        f32::from(own.kind),
        own.score,
        place(own.at()),
        own.places.first().map_or(0.0, |p| (p.1 - p.0) as f32),
        own.places.len() as f32,
        f32::from(table.kind),
        table.score,
        place(table.at()),
        between,
        held.len() as f32,
        match kind {
            TypeKind::Text => 0.0,
            TypeKind::Boolean => 3.0,
            kind if kind.is_numeric() => 1.0,
            kind if kind.is_temporal() => 2.0,
            _ => 4.0,
        },
        flag(facts.key),
        flag(facts.reference),
        flag(of_table.display == Some(id)),
        flag(of_table.key == Some(id)),
        flag(matches!(last, "name" | "titl")),
        flag(facts.id_like),
        alike as f32,
        flag(own.score > 0.0 && own.score >= best - 1e-4),
        facts.words.len() as f32,
        far(&|_| true),
        far(&|m| held.contains(&m)),
        siblings as f32,
        flag(index.column(id).values.is_some()),
        flag(own.at().is_some_and(|at| evidence.table_after(at) == Some(id.table))),
        flag(own.at().is_some_and(|at| evidence.table_before(at) == Some(id.table))),
        flag(own.at().is_some_and(|at| evidence.table_after(at).is_some())),
        flag(evidence.main_table() == Some(id.table)),
    ];
    let mut out = [FAR; STATIC];
    out[..values.len()].copy_from_slice(&values);
    for (class, cues) in evidence.cues.iter().enumerate() {
        let distances = own.places.iter().flat_map(|place| cues.iter().map(|cue| place.0 as f32 - *cue as f32));
        if let Some(distance) = distances.min_by(|a, b| a.abs().total_cmp(&b.abs())) {
            out[values.len() + class] = distance.clamp(-9.0, 9.0);
        }
    }
    out
}
