//! Self-consistency: candidates with the same rows are one answer; the largest group wins (Wang et al. 2023).

use nlq_providers::{Rows, is_ordered, same_rows};

use crate::{draft::Draft, validator::Checked};

/// A proposal with what validation said of it.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) draft: Draft,
    pub(crate) checked: Checked,
}

impl Candidate {
    fn rows(&self) -> Option<&Rows> {
        self.checked.verdict.rows()
    }
}

/// The candidates that did not fail, in groups of equal rows; the largest first, of equal ones the earliest.
pub(crate) fn groups(candidates: &[Candidate]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (at, candidate) in candidates.iter().enumerate().filter(|(_, c)| !c.checked.verdict.is_failure()) {
        match groups.iter_mut().find(|group| agree(&candidates[group[0]], candidate)) {
            Some(group) => group.push(at),
            None => groups.push(vec![at]),
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    groups
}

fn agree(a: &Candidate, b: &Candidate) -> bool {
    if a.draft.query == b.draft.query {
        return true;
    }
    match (a.rows(), b.rows()) {
        (Some(first), Some(second)) => equal(first, &a.draft.query, second, &b.draft.query),
        _ => false,
    }
}

/// True when two results are the same. Nothing is known of rows that a limit left out, and empty results say nothing.
pub(crate) fn equal(first: &Rows, sql: &str, second: &Rows, other: &str) -> bool {
    let cut = first.truncated.is_some() != second.truncated.is_some();
    let order = is_ordered(sql) && is_ordered(other);
    !cut && !first.rows.is_empty() && same_rows(&first.rows, &second.rows, order)
}
