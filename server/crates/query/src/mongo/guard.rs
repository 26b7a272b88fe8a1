//! The allow-list: what is not known to only read this database's collections is refused.

use nlq_catalog::Dialect;
use nlq_text::{Span, did_you_mean};

use super::{
    parse::parse,
    query::{MongoQuery, Operation, query_of},
    value::{Node, Value},
    words::{self, Place},
};
use crate::{ReadOnlyQuery, Refusal};

/// Keys that begin with `$` and are no words: parts of values in Extended JSON and of references.
const PARTS: &[&str] = &["$ref", "$id", "$db"];

pub(super) fn guard(text: &str, dialect: Dialect) -> Result<ReadOnlyQuery, Refusal> {
    let script = parse(text);
    let (start, end) = (text.len() - text.trim_start().len(), script.end);
    let query = query_of(text, script)?;
    allowed(&query)?;
    Ok(ReadOnlyQuery::new(text.get(start..end).unwrap_or(text).trim_end(), dialect))
}

/// Refuses what reads beyond the database's own collections, writes, or is not known.
pub(super) fn allowed(query: &MongoQuery) -> Result<(), Refusal> {
    collection(&query.collection, query.collection_span)?;
    for (_, value) in &query.options {
        keys(value)?;
    }
    match &query.operation {
        Operation::Aggregate { pipeline } => stages(pipeline),
        Operation::Find { filter, projection, sort, .. } => {
            [filter, projection, sort].into_iter().flatten().try_for_each(keys)
        }
        Operation::Count { filter } | Operation::Distinct { filter, .. } => filter.iter().try_for_each(keys),
    }
}

/// The system's own collections hold users, other people's queries, and code.
fn collection(name: &str, span: Span) -> Result<(), Refusal> {
    if name.starts_with("system.") || name.contains('$') || name.contains('\0') || name.is_empty() {
        let message = format!("`{name}` belongs to the system and is not read");
        return Err(Refusal::new(span, "denied-table", message));
    }
    Ok(())
}

fn stages(pipeline: &[Node]) -> Result<(), Refusal> {
    for stage in pipeline {
        let Some((key, inside)) = stage.only() else {
            let message = "a stage is a document of one key, such as `{ $match: {...} }`";
            return Err(Refusal::new(stage.span, "syntax", message));
        };
        if let Some(why) = words::denied(&key.name) {
            let message = format!("`{}` {why}: nlq only reads data", key.name);
            return Err(Refusal::new(key.span, "denied-command", message));
        }
        if !words::is_known(&key.name, Place::Stage) {
            let known = words::of(Place::Stage).map(|(word, ..)| *word);
            let message = match did_you_mean(&key.name, known) {
                Some(near) => format!("there is no stage `{}`: did you mean `{near}`?", key.name),
                None => format!("there is no stage `{}` that nlq passes", key.name),
            };
            return Err(Refusal::new(key.span, "denied-command", message));
        }
        inner(&key.name, inside)?;
        keys(inside)?;
    }
    Ok(())
}

/// Other collections and pipelines that a stage names.
fn inner(stage: &str, inside: &Node) -> Result<(), Refusal> {
    let named = |node: &Node| match node.text() {
        Some(name) => collection(name, node.span),
        None => Err(Refusal::new(
            node.span,
            "denied-table",
            "the name of a collection of this database is expected here, in quotes",
        )),
    };
    let pipeline = |node: &Node| match node.items() {
        Some(items) => stages(items),
        None => Err(Refusal::new(node.span, "syntax", "an array of stages is expected here")),
    };
    match stage {
        "$lookup" | "$graphLookup" => {
            inside.get("from").map_or(Ok(()), named)?;
            inside.get("pipeline").map_or(Ok(()), pipeline)
        }
        "$unionWith" if inside.text().is_some() => named(inside),
        "$unionWith" => {
            inside.get("coll").map_or(Ok(()), named)?;
            inside.get("pipeline").map_or(Ok(()), pipeline)
        }
        "$facet" => inside.entries().unwrap_or_default().iter().try_for_each(|(_, node)| pipeline(node)),
        _ => Ok(()),
    }
}

/// Every key with a `$` anywhere inside must be a word that is known; stages stand only where pipelines do.
fn keys(node: &Node) -> Result<(), Refusal> {
    match &node.value {
        Value::Document(entries) => entries.iter().try_for_each(|(key, value)| {
            if let Some(why) = words::denied(&key.name) {
                let message = format!("`{}` {why}: nlq only reads data", key.name);
                return Err(Refusal::new(key.span, "denied-function", message));
            }
            if key.name.starts_with('$') && !words::is_word(&key.name) && !PARTS.contains(&key.name.as_str()) {
                let message = format!("`{}` is no operator that nlq passes", key.name);
                return Err(Refusal::new(key.span, "denied-function", message));
            }
            keys(value)
        }),
        Value::Array(items) => items.iter().try_for_each(keys),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> &'static str {
        guard(text, Dialect::Mongodb).map_or_else(|refusal| refusal.code, |query| panic!("passed: {}", query.text()))
    }

    #[test]
    fn queries_pass_without_what_stands_around_them() {
        for (text, passed) in [
            ("// all\ndb.orders.find({});\n", "// all\ndb.orders.find({})"),
            (
                "db.orders.aggregate([{ $match: { a: 1 } }, { $lookup: { from: 'b', localField: 'x', foreignField: '_id', as: 'y' } }])",
                "",
            ),
            ("db.orders.find({ a: { $gt: 1 } }, { _id: 0 }).sort({ a: -1 }).limit(5).skip(2).toArray()", ""),
            ("db.orders.countDocuments({ a: 1 })", ""),
            ("db.orders.distinct('a', { b: 2 })", ""),
            ("db.orders.aggregate([{ $facet: { a: [{ $count: 'n' }] } }], { allowDiskUse: true })", ""),
        ] {
            let found = guard(text, Dialect::Mongodb).unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
            assert_eq!(found.text(), if passed.is_empty() { text } else { passed });
        }
    }

    #[test]
    fn what_writes_runs_code_or_looks_elsewhere_is_refused() {
        for text in [
            "db.orders.insertOne({ a: 1 })",
            "db.orders.deleteMany({})",
            "db.orders.updateMany({}, { $set: { a: 1 } })",
            "db.orders.drop()",
            "db.orders.mapReduce('f', 'g', 'out')",
            "db.orders.find({}).forEach('x')",
            "db.orders.find({}).explain()",
            "db.runCommand({ dropDatabase: 1 })",
            "db.dropDatabase()",
            "db.adminCommand({ shutdown: 1 })",
            "db.getSiblingDB('admin').getCollection('x').find()",
            "db.orders.aggregate([{ $out: 'x' }])",
            "db.orders.aggregate([{ $merge: { into: 'x' } }])",
            "db.orders.aggregate([{ $currentOp: {} }])",
            "db.orders.aggregate([{ $collStats: {} }])",
            "db.orders.aggregate([{ $unknown: {} }])",
            "db.orders.aggregate([{ $lookup: { from: 'x', as: 'y', pipeline: [{ $out: 'z' }] } }])",
            "db.orders.aggregate([{ $facet: { a: [{ $merge: 'z' }] } }])",
            "db.orders.aggregate([{ $unionWith: { coll: 'x', pipeline: [{ $listSessions: {} }] } }])",
        ] {
            assert_eq!(refused(text), "denied-command", "{text}");
        }
        for text in [
            "db.orders.find({ $where: 'true' })",
            "db.orders.find({ a: { $not: { $where: 'true' } } })",
            "db.orders.aggregate([{ $match: { $expr: { $function: { body: 'x', args: [], lang: 'js' } } } }])",
            "db.orders.aggregate([{ $group: { _id: 1, a: { $accumulator: {} } } }])",
            "db.orders.aggregate([{ $project: { a: { $newOperator: 1 } } }])",
            "db.orders.countDocuments({ '$where': 'true' })",
            "db.orders.distinct('a', { $where: 'true' })",
            "db.orders.find({}, { a: { $function: {} } })",
        ] {
            assert_eq!(refused(text), "denied-function", "{text}");
        }
        for text in [
            "db.system.users.find()",
            "db.getCollection('system.profile').find()",
            "db.orders.aggregate([{ $lookup: { from: 'system.users', as: 'x', pipeline: [] } }])",
            "db.orders.aggregate([{ $lookup: { from: { db: 'other', coll: 'x' }, as: 'x', pipeline: [] } }])",
            "db.orders.aggregate([{ $unionWith: 'system.users' }])",
            "db.orders.aggregate([{ $graphLookup: { from: 'system.js' } }])",
        ] {
            assert_eq!(refused(text), "denied-table", "{text}");
        }
        assert_eq!(refused("db.orders.find(); db.orders.drop()"), "several-statements");
        assert_eq!(refused("db.orders.find({}) db.x.find()"), "several-statements");
        assert_eq!(refused("db.orders.find({ a: db.drop() })"), "syntax");
        assert_eq!(refused("db.orders.aggregate([{ $match: {}, $out: 'x' }])"), "syntax");
        assert_eq!(refused("db.orders.find({}, {}, { readConcern: 1 })"), "denied-syntax");
        assert_eq!(refused(""), "syntax");
    }
}
