//! How DynamoDB reaches the items of a SELECT: by whole keys, by the partitions that it names, or by reading everything.

use super::ast::{Condition, Operand, Operator, Select};

/// A way to the items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// By so many whole keys.
    Lookup(usize),
    /// By so many values of the partition key; `sorted` when the sort key is limited too.
    Query {
        /// Values of the partition key.
        partitions: usize,
        /// The sort key is compared too.
        sorted: bool,
    },
    /// Everything is read.
    Scan,
}

/// The way to the items of a table or index with these key attributes, the partition key first.
pub fn access(select: &Select, keys: &[String]) -> Access {
    let (Some(filter), Some(partition)) = (&select.filter, keys.first()) else { return Access::Scan };
    let Some(partitions) = bound(filter, partition) else { return Access::Scan };
    let items = match keys.get(1) {
        _ if select.index.is_some() => None,
        Some(sort) => bound(filter, sort).map(|values| values.saturating_mul(partitions)),
        None => Some(partitions),
    };
    match items {
        Some(items) => Access::Lookup(items),
        None => {
            let sorted = keys.get(1).is_some_and(|sort| limits(filter, sort));
            Access::Query { partitions, sorted }
        }
    }
}

/// How many values a condition leaves for an attribute; none when it may have any.
pub(super) fn bound(condition: &Condition, name: &str) -> Option<usize> {
    match condition {
        Condition::And(parts) => parts.iter().filter_map(|part| bound(part, name)).min(),
        Condition::Or(parts) => {
            parts.iter().map(|part| bound(part, name)).try_fold(0, |sum: usize, one| Some(sum + one?))
        }
        Condition::Compare { left: Operand::Path(path), op: Operator::Equal, right: Operand::Literal(..) }
        | Condition::Compare { left: Operand::Literal(..), op: Operator::Equal, right: Operand::Path(path) } => {
            path.is(name).then_some(1)
        }
        Condition::In { what, values, negated: false, .. } => what.is(name).then_some(values.len()),
        _ => None,
    }
}

/// True when every item that is left has the attribute between two ends, or beginning so.
fn limits(condition: &Condition, name: &str) -> bool {
    let is = |operand: &Operand| matches!(operand, Operand::Path(path) if path.is(name));
    match condition {
        Condition::And(parts) => parts.iter().any(|part| limits(part, name)),
        Condition::Compare { left, op, right } => *op != Operator::NotEqual && (is(left) || is(right)),
        Condition::Between { what, negated: false, .. } => is(what),
        Condition::Call { function: super::ast::Function::BeginsWith, what, .. } => what.is(name),
        Condition::In { what, negated: false, .. } => what.is(name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partiql::parse;

    #[test]
    fn only_a_fixed_partition_key_spares_a_scan() {
        let keys = ["p".to_owned(), "s".to_owned()];
        let query = |partitions, sorted| Access::Query { partitions, sorted };
        for (condition, way) in [
            ("p = 1", query(1, false)),
            ("1 = p AND s > 2", query(1, true)),
            ("p = 1 AND begins_with(s, 'x') AND c = 3", query(1, true)),
            ("p IN [1, 2]", query(2, false)),
            ("(p = 1 OR p = 2) AND s < 3", query(2, true)),
            ("p = 1 AND s = 2", Access::Lookup(1)),
            ("p IN [1, 2] AND s IN ['a', 'b', 'c']", Access::Lookup(6)),
            ("p > 1", Access::Scan),
            ("p = 1 OR c = 2", Access::Scan),
            ("NOT p = 1", Access::Scan),
            ("p <> 1", Access::Scan),
            ("p = c", Access::Scan),
            ("p.x = 1", Access::Scan),
            ("P = 1", Access::Scan),
            ("s = 1", Access::Scan),
        ] {
            let select = parse(&format!("SELECT * FROM t WHERE {condition}"), false).unwrap();
            assert_eq!(access(&select, &keys), way, "{condition}");
        }
        let of_index = parse("SELECT * FROM t.i WHERE p = 1 AND s = 2", false).unwrap();
        assert_eq!(access(&of_index, &keys), query(1, true));
    }
}
