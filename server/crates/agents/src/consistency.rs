//! Self-consistency: candidates with the same rows are one answer; the largest group wins (Wang et al. 2023).

use nlq_providers::{Rows, same_results};

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
        (Some(first), Some(second)) => same_results((&a.draft.query, first), (&b.draft.query, second)),
        _ => false,
    }
}
