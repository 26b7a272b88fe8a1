//! MongoDB's queries in the shell's form: `db.orders.aggregate([...])`, `find`, `countDocuments`, `distinct`.

mod analysis;
mod complete;
mod guard;
mod language;
mod parse;
mod query;
#[cfg(test)]
mod tests;
mod value;
mod words;
mod write;

pub(crate) use language::Mongo;
pub use query::{MongoQuery, Operation};
pub use value::{Key, Node, Value};

use crate::ReadOnlyQuery;

/// What a guarded query asks for, as values; none for a query of another language.
pub fn read(query: &ReadOnlyQuery) -> Option<MongoQuery> {
    query::read(query.text()).ok()
}

/// The names of a result's columns in order, where the query itself says them.
pub fn columns(query: &MongoQuery) -> Option<Vec<String>> {
    let shown = match &query.operation {
        Operation::Count { .. } => return Some(vec!["count".to_owned()]),
        Operation::Distinct { field, .. } => return Some(vec![field.clone()]),
        Operation::Find { projection, .. } => projection.as_ref()?.entries()?,
        Operation::Aggregate { pipeline } => {
            let (key, inside) = pipeline.last()?.only()?;
            match key.name.as_str() {
                "$project" => inside.entries()?,
                "$count" => return Some(vec![inside.text()?.to_owned()]),
                "$group" => return Some(inside.entries()?.iter().map(|(key, _)| key.name.clone()).collect()),
                "$sortByCount" => return Some(vec!["_id".to_owned(), "count".to_owned()]),
                _ => return None,
            }
        }
    };
    let hides = |node: &Node| matches!(node.value, Value::Boolean(false)) || node.whole() == Some(0);
    // What is left when fields are left out is not said here.
    if shown.iter().any(|(key, node)| key.name != "_id" && hides(node))
        || shown.iter().all(|(key, _)| key.name == "_id")
    {
        return None;
    }
    let mut names: Vec<String> = Vec::new();
    if !shown.iter().any(|(key, _)| key.name == "_id") {
        names.push("_id".to_owned());
    }
    for (key, _) in shown.iter().filter(|(_, node)| !hides(node)) {
        // `a.b: 1` shows a part of `a`.
        let first = key.name.split('.').next().unwrap_or(&key.name).to_owned();
        if !names.contains(&first) {
            names.push(first);
        }
    }
    Some(names)
}
