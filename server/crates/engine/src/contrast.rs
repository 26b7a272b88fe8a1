//! What one reading has that another has not: every part of every reading is weighed by the readings that have it, so that a
//! reading with a part that few others have, or without one that most have, is told from them.

use std::collections::HashMap;

use nlq_query::plan::Predicate;

use crate::readings::Reading;

/// Names of the features, in order.
pub(crate) const NAMES: &[&str] = &[
    "shown_rarest",
    "shown_lacking",
    "tests_rarest",
    "tests_lacking",
    "group_rarest",
    "group_lacking",
    "order_rarest",
    "order_lacking",
    "tables_rarest",
    "tables_lacking",
    "disagreement",
    "disagreement_rules",
];

/// What a part does in a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Shown,
    Test,
    Group,
    Order,
    Table,
}

const KINDS: usize = 5;

/// A part that readings have.
struct Part {
    kind: Kind,
    /// The weight of the readings that have it: by their likelihood, and by the rules.
    mass: f32,
    by_rules: f32,
}

/// For each reading its features; `weights` and `by_rules` say how much each reading counts, each with a sum of one.
pub(crate) fn contrasts(readings: &[Reading], weights: &[f32], by_rules: &[f32]) -> Vec<Vec<f32>> {
    let mut parts: Vec<Part> = Vec::new();
    let mut known: HashMap<(Kind, String), usize> = HashMap::new();
    let mut owned: Vec<Vec<usize>> = Vec::with_capacity(readings.len());
    for (at, reading) in readings.iter().enumerate() {
        let mut own: Vec<usize> = Vec::new();
        for (kind, text) in parts_of(reading) {
            let part = *known.entry((kind, text)).or_insert(parts.len());
            if part == parts.len() {
                parts.push(Part { kind, mass: 0.0, by_rules: 0.0 });
            }
            if !own.contains(&part) {
                own.push(part);
                parts[part].mass += weights[at];
                parts[part].by_rules += by_rules[at];
            }
        }
        owned.push(own);
    }
    owned.iter().map(|own| contrast(own, &parts)).collect()
}

fn contrast(own: &[usize], parts: &[Part]) -> Vec<f32> {
    let mut has = vec![false; parts.len()];
    for part in own {
        has[*part] = true;
    }
    let (mut rarest, mut lacking) = ([1.0_f32; KINDS], [0.0_f32; KINDS]);
    let (mut apart, mut apart_by_rules) = (0.0, 0.0);
    for (part, has) in parts.iter().zip(has) {
        let kind = part.kind as usize;
        if has {
            rarest[kind] = rarest[kind].min(part.mass);
            apart += 1.0 - part.mass;
            apart_by_rules += 1.0 - part.by_rules;
        } else {
            lacking[kind] = lacking[kind].max(part.mass);
            apart += part.mass;
            apart_by_rules += part.by_rules;
        }
    }
    let mut out: Vec<f32> = rarest.into_iter().zip(lacking).flat_map(|(rarest, lacking)| [rarest, lacking]).collect();
    out.extend([apart, apart_by_rules]);
    out
}

/// The parts of a reading.
fn parts_of(reading: &Reading) -> Vec<(Kind, String)> {
    let plan = &reading.bound.plan;
    let mut out: Vec<(Kind, String)> = Vec::new();
    out.extend(plan.select.iter().map(|item| (Kind::Shown, format!("{:?}", item.expr))));
    out.extend(plan.distinct.then(|| (Kind::Shown, "distinct".to_owned())));
    for (place, predicate) in plan.filter.iter().map(|p| ("", p)).chain(plan.having.iter().map(|p| ("having ", p))) {
        let each = match predicate {
            Predicate::And(parts) => parts.as_slice(),
            other => std::slice::from_ref(other),
        };
        out.extend(each.iter().map(|predicate| (Kind::Test, format!("{place}{predicate:?}"))));
    }
    out.extend(plan.group.iter().map(|expr| (Kind::Group, format!("{expr:?}"))));
    out.extend(plan.order.iter().map(|key| (Kind::Order, format!("{:?} {}", key.expr, key.descending))));
    out.extend(plan.limit.map(|limit| (Kind::Order, limit.to_string())));
    out.extend(plan.set.as_ref().map(|set| (Kind::Test, format!("{set:?}"))));
    out.extend(reading.rendered.tables.iter().map(|id| (Kind::Table, format!("{id:?}"))));
    out
}
