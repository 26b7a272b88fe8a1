//! A script as the one query that it is: which method of which collection, with which pipeline, filter and bounds.

use nlq_text::Span;

use super::{
    parse::{Call, Script, parse},
    value::{Key, Node, Value},
};
use crate::Refusal;

/// One query of a collection.
#[derive(Debug, Clone, PartialEq)]
pub struct MongoQuery {
    /// The collection.
    pub collection: String,
    /// Where its name stands.
    pub collection_span: Span,
    /// What is asked of it.
    pub operation: Operation,
    /// `collation`, `hint`, `let` and `allowDiskUse` as given.
    pub options: Vec<(Key, Node)>,
}

/// What is asked of a collection.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// `aggregate`
    Aggregate {
        /// The stages.
        pipeline: Vec<Node>,
    },
    /// `find` and what narrows it.
    Find {
        /// Which documents.
        filter: Option<Node>,
        /// Which fields.
        projection: Option<Node>,
        /// In which order.
        sort: Option<Node>,
        /// How many are left out.
        skip: Option<i64>,
        /// How many at most.
        limit: Option<i64>,
    },
    /// `countDocuments`, `estimatedDocumentCount`
    Count {
        /// Which documents.
        filter: Option<Node>,
    },
    /// `distinct`
    Distinct {
        /// The field.
        field: String,
        /// Where it is named.
        field_span: Span,
        /// Of which documents.
        filter: Option<Node>,
    },
}

/// What may be given beside a pipeline or filter; nothing that writes or reads elsewhere.
const OPTIONS: &[&str] = &["collation", "hint", "let", "allowDiskUse"];
/// Options that say how results are fetched, which nlq decides itself.
const IDLE_OPTIONS: &[&str] = &["batchSize", "comment", "maxTimeMS", "cursor"];
/// The methods that a query may begin with.
pub(super) const METHODS: &[&str] =
    &["aggregate", "find", "findOne", "countDocuments", "estimatedDocumentCount", "distinct"];
/// What may follow `find` or `aggregate`.
pub(super) const FOLLOWING: &[&str] = &[
    "sort",
    "limit",
    "skip",
    "projection",
    "project",
    "collation",
    "hint",
    "count",
    "size",
    "toArray",
    "pretty",
    "allowDiskUse",
    "batchSize",
    "maxTimeMS",
    "comment",
    "itcount",
];

/// Reads a text as one query. The refusal names the place and what is wrong.
pub(super) fn read(text: &str) -> Result<MongoQuery, Refusal> {
    query_of(text, parse(text))
}

pub(super) fn query_of(text: &str, script: Script) -> Result<MongoQuery, Refusal> {
    if let Some(problem) = script.problems.into_iter().next() {
        return Err(Refusal::new(problem.span, "syntax", problem.message));
    }
    if let Some(more) = script.more {
        return Err(Refusal::new(more, "several-statements", "only one query may stand here: remove what follows it"));
    }
    let first = script.calls.first().cloned();
    let Some(first) = first else {
        return Err(Refusal::new(
            Span::new(0, text.len()),
            "syntax",
            "a method is expected, such as `aggregate([...])`",
        ));
    };
    let Some((collection_span, collection)) = script.collection else {
        let message = format!(
            "`db.{}` is not run: nlq reads collections, with `aggregate`, `find`, `countDocuments` or `distinct`",
            first.name
        );
        return Err(Refusal::new(first.span, "denied-command", message));
    };
    let mut options = Vec::new();
    let argument = |at: usize| first.arguments.get(at).filter(|node| node.value != Value::Null).cloned();
    let too_many = |most: usize| match first.arguments.get(most) {
        Some(more) => Err(syntax(more.span, format!("`{}` takes {most} arguments at most", first.name))),
        None => Ok(()),
    };
    let mut operation = match first.name.as_str() {
        "aggregate" => {
            too_many(2)?;
            if let Some(given) = argument(1) {
                take_options(given, &mut options)?;
            }
            let Some(pipeline) = argument(0) else {
                return Err(syntax(
                    first.inside,
                    "`aggregate` takes an array of stages: `[{ $match: {...} }]`".to_owned(),
                ));
            };
            match pipeline.value {
                Value::Array(pipeline) => Operation::Aggregate { pipeline },
                // A single stage may stand without its array.
                Value::Document(_) => Operation::Aggregate { pipeline: vec![pipeline] },
                _ => return Err(syntax(pipeline.span, "an array of stages is expected here".to_owned())),
            }
        }
        "find" | "findOne" => {
            too_many(3)?;
            if let Some(given) = argument(2) {
                take_options(given, &mut options)?;
            }
            let limit = (first.name == "findOne").then_some(1);
            Operation::Find {
                filter: document(argument(0))?,
                projection: document(argument(1))?,
                sort: None,
                skip: None,
                limit,
            }
        }
        "countDocuments" | "estimatedDocumentCount" => {
            too_many(2)?;
            if let Some(given) = argument(1) {
                take_options(given, &mut options)?;
            }
            Operation::Count { filter: document(argument(0))? }
        }
        "distinct" => {
            too_many(3)?;
            if let Some(given) = argument(2) {
                take_options(given, &mut options)?;
            }
            let field = argument(0);
            let Some((field_span, field)) = field.as_ref().and_then(|node| Some((node.span, node.text()?.to_owned())))
            else {
                return Err(syntax(first.inside, "`distinct` takes the name of a field, in quotes".to_owned()));
            };
            Operation::Distinct { field, field_span, filter: document(argument(1))? }
        }
        other => {
            let message = format!(
                "`{other}` is not run: nlq only reads, with `aggregate`, `find`, `countDocuments` or `distinct`"
            );
            return Err(Refusal::new(first.span, "denied-command", message));
        }
    };
    for call in &script.calls[1..] {
        follow(call, &mut operation, &mut options)?;
    }
    Ok(MongoQuery { collection, collection_span, operation, options })
}

fn syntax(span: Span, message: String) -> Refusal {
    Refusal::new(span, "syntax", message)
}

fn document(node: Option<Node>) -> Result<Option<Node>, Refusal> {
    match node {
        Some(node) if !matches!(node.value, Value::Document(_) | Value::Parameter(_)) => {
            Err(syntax(node.span, "a document `{...}` is expected here".to_owned()))
        }
        node => Ok(node),
    }
}

fn take_options(node: Node, options: &mut Vec<(Key, Node)>) -> Result<(), Refusal> {
    let Value::Document(entries) = node.value else {
        return Err(syntax(node.span, "a document of options is expected here".to_owned()));
    };
    for (key, value) in entries {
        if OPTIONS.contains(&key.name.as_str()) {
            options.push((key, value));
        } else if !IDLE_OPTIONS.contains(&key.name.as_str()) {
            let message = format!("the option `{}` is not passed: {} are", key.name, OPTIONS.join(", "));
            return Err(Refusal::new(key.span, "denied-syntax", message));
        }
    }
    Ok(())
}

/// What is called on the documents of `find` or `aggregate`.
fn follow(call: &Call, operation: &mut Operation, options: &mut Vec<(Key, Node)>) -> Result<(), Refusal> {
    let name = call.name.as_str();
    let argument = call.arguments.first().cloned();
    let number = || {
        let number = argument.as_ref().and_then(Node::whole).filter(|number| *number >= 0);
        number.ok_or_else(|| syntax(call.inside, format!("`{name}` takes a whole number")))
    };
    match (name, &mut *operation) {
        (
            "toArray" | "pretty" | "batchSize" | "maxTimeMS" | "comment",
            Operation::Find { .. } | Operation::Aggregate { .. },
        ) => {}
        ("allowDiskUse", _) => {}
        ("collation" | "hint", Operation::Find { .. }) => {
            let key = Key { span: call.span, name: name.to_owned() };
            options.extend(argument.map(|argument| (key, argument)));
        }
        ("sort", Operation::Find { sort, .. }) => *sort = document(argument)?,
        ("projection" | "project", Operation::Find { projection, .. }) => *projection = document(argument)?,
        ("limit", Operation::Find { limit, .. }) => *limit = Some(number()?).filter(|number| *number > 0),
        ("skip", Operation::Find { skip, .. }) => *skip = Some(number()?),
        ("count" | "size" | "itcount", Operation::Find { filter, skip: None, limit: None, .. }) => {
            *operation = Operation::Count { filter: filter.take() };
        }
        _ => {
            let message = format!("`{name}` cannot follow here: `sort`, `limit` and `skip` may follow `find`");
            return Err(Refusal::new(call.span, "denied-command", message));
        }
    }
    Ok(())
}
