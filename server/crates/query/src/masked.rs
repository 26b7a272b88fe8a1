//! Which columns of a result must be masked.

use std::collections::HashSet;

/// What the result of a statement shows of sensitive columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SensitiveOutputs {
    /// The statement is understood.
    Known {
        /// For each column of the result, in order: it shows sensitive values, as they are or through an expression.
        shown: Vec<bool>,
        /// The sensitive columns' names, in lower case, of the tables that the statement reads.
        names: HashSet<String>,
    },
    /// The statement is understood, but not which columns its result has: each is called as what it shows.
    Named {
        /// The names, in lower case, of columns that show sensitive values.
        names: HashSet<String>,
    },
    /// The statement is not understood.
    Unknown {
        /// The text holds the name of a sensitive column, or of a table that has one.
        named: bool,
    },
}

impl SensitiveOutputs {
    /// The positions of the columns to mask in a result with columns of these names. What is not certain is masked.
    pub fn masked(&self, columns: &[&str]) -> Vec<usize> {
        let mask = |at: usize, name: &str| match self {
            Self::Unknown { named } => *named,
            Self::Named { names } => names.contains(&name.to_lowercase()),
            Self::Known { shown, names } if shown.len() == columns.len() => {
                shown[at] || names.contains(&name.to_lowercase())
            }
            // The schema has changed since it was read.
            Self::Known { shown, names } => shown.contains(&true) || !names.is_empty(),
        };
        columns.iter().enumerate().filter(|(at, name)| mask(*at, name)).map(|(at, _)| at).collect()
    }
}
