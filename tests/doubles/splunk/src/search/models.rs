//! Data models, and `tstats` over them and over indexed fields.

use serde_json::{Value as Json, json};

use super::{Fatal, Results, Row, Search, aggregate, arguments::Arguments, fields, filter, stats};
use crate::{tree::Part, value::Value};

/// A data model.
pub(crate) struct Model {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) datasets: &'static [Dataset],
}

/// A dataset of a model. The first has the fields, the others narrow it down.
pub(crate) struct Dataset {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) constraint: &'static str,
    pub(crate) fields: &'static [(&'static str, &'static str)],
}

/// Every model of the server.
pub(crate) static MODELS: [Model; 2] = [
    Model {
        name: "Authentication",
        title: "Authentication",
        datasets: &[
            Dataset {
                name: "Authentication",
                title: "Authentication",
                constraint: "index=security tag=authentication",
                fields: &[
                    ("action", "string"),
                    ("app", "string"),
                    ("authentication_method", "string"),
                    ("dest", "string"),
                    ("src", "string"),
                    ("user", "string"),
                ],
            },
            Dataset {
                name: "Failed_Authentication",
                title: "Failed Authentication",
                constraint: "action=\"failure\"",
                fields: &[],
            },
            Dataset {
                name: "Successful_Authentication",
                title: "Successful Authentication",
                constraint: "action=\"success\"",
                fields: &[],
            },
        ],
    },
    Model {
        name: "Web",
        title: "Web",
        datasets: &[Dataset {
            name: "Web",
            title: "Web",
            constraint: "index=web sourcetype=access_combined",
            fields: &[
                ("bytes", "number"),
                ("clientip", "ipv4"),
                ("method", "string"),
                ("status", "number"),
                ("uri_path", "string"),
                ("user", "string"),
                ("useragent", "string"),
            ],
        }],
    },
];

/// A model as the REST interface describes it: a JSON document, which is sent as text.
pub(crate) fn description(model: &Model) -> Json {
    let inherited = [("_time", "timestamp"), ("host", "string"), ("source", "string"), ("sourcetype", "string")];
    let field = |name: &str, kind: &str, owner: &str| {
        json!({
            "fieldName": name, "owner": owner, "type": kind, "fieldSearch": "", "required": false, "multivalue": false,
            "hidden": false, "editable": true, "displayName": name, "comment": "",
        })
    };
    let root = model.datasets[0].name;
    let objects: Vec<Json> = model
        .datasets
        .iter()
        .enumerate()
        .map(|(at, dataset)| {
            let parent = if at == 0 { "BaseEvent".to_owned() } else { root.to_owned() };
            let lineage = if at == 0 { root.to_owned() } else { format!("{root}.{}", dataset.name) };
            let mut fields: Vec<Json> = inherited.iter().map(|(name, kind)| field(name, kind, "BaseEvent")).collect();
            // Children inherit the fields of their parent.
            fields.extend(model.datasets[0].fields.iter().map(|(name, kind)| field(name, kind, root)));
            json!({
                "objectName": dataset.name, "displayName": dataset.title, "parentName": parent, "lineage": lineage,
                "comment": "", "fields": fields, "calculations": [],
                "constraints": [{ "search": dataset.constraint, "owner": dataset.name }],
                "objectSearchNoFields": "", "objectSearch": "", "autoextractSearch": "", "previewSearch": "",
            })
        })
        .collect();
    json!({
        "modelName": model.name, "displayName": model.title, "description": "", "editable": true,
        "objectNameList": model.datasets.iter().map(|dataset| dataset.name).collect::<Vec<_>>(),
        "objectSummary": { "Event-Based": objects.len(), "Transaction-Based": 0, "Search-Based": 0 },
        "objects": objects,
    })
}

/// Fields that are indexed with every event, which `tstats` knows without a model.
const INDEXED: [&str; 6] = ["_time", "host", "source", "sourcetype", "index", "splunk_server"];

fn dataset(part: Part<'_>) -> Result<Option<(&'static Model, &'static Dataset)>, Fatal> {
    let Some(from) = part.field("from") else { return Ok(None) };
    let written = from.field("source").map(|source| source.word()).unwrap_or_default();
    let unknown = || Fatal::of("tstats", format!("Data model '{written}' was not found."));
    let (model, name) = written.split_once('.').unwrap_or((written.as_str(), ""));
    let model = MODELS.iter().find(|found| found.name == model).ok_or_else(unknown)?;
    // `datamodel=M.Root.Child`, or the child by `where nodename=`.
    let name = name.rsplit('.').next().unwrap_or_default();
    let found = if name.is_empty() { model.datasets.first() } else { model.datasets.iter().find(|d| d.name == name) };
    found.map(|dataset| Some((model, dataset))).ok_or_else(unknown)
}

/// What can be told of a `tstats` without events.
pub(super) fn check(part: Part<'_>) -> Result<(), Fatal> {
    dataset(part)?;
    aggregate::read("tstats", part, &[]).map(|_| ())
}

/// `tstats`.
pub(super) fn tstats(search: &Search<'_>, part: Part<'_>) -> Result<Results, Fatal> {
    let model = dataset(part)?;
    let arguments = Arguments::of(part);
    let filter = filter::of_clause(part.field("where"), search.now)?;
    let (earliest, latest) = filter.bounds();
    let base = |constraint: &str| -> Result<filter::Filter, Fatal> {
        let parsed = crate::tree::parse(constraint)?;
        let commands = parsed.commands()?;
        commands.first().map_or(Err(Fatal::new("An empty constraint.")), |part| filter::compile(*part, search.now))
    };
    let mut bounds = Vec::new();
    if let Some((model, dataset)) = model {
        bounds.push(base(model.datasets[0].constraint)?);
        if dataset.name != model.datasets[0].name {
            bounds.push(base(dataset.constraint)?);
        }
    }
    let mut rows = Vec::new();
    for event in search.events {
        let time = event.get("_time").and_then(Value::number).unwrap_or_default();
        let from = earliest.or(search.earliest.filter(|_| latest.is_none()));
        let to = latest.or(search.latest.filter(|_| earliest.is_none())).unwrap_or(search.now);
        if from.is_some_and(|from| time < from) || time >= to || !bounds.iter().all(|bound| bound.holds(event)) {
            continue;
        }
        let mut row: Row =
            INDEXED.iter().filter_map(|name| Some(((*name).to_owned(), event.get(*name)?.clone()))).collect();
        if let Some((model, dataset)) = model {
            let root = &model.datasets[0];
            for (name, _) in root.fields {
                // A model gives a field that an event lacks the value `unknown`, as the usual models do.
                let value = event.get(*name).cloned().unwrap_or_else(|| Value::text_of("unknown"));
                // Named after the dataset that brought it, also in its children.
                row.insert(format!("{}.{name}", root.name), value);
            }
            row.insert("nodename".into(), Value::text_of(dataset.name));
        }
        if filter.holds(&row) {
            rows.push(row);
        }
    }
    let by = arguments.by();
    if let Some(span) = arguments.option("span") {
        fields::cut(&mut rows, "_time", "_time", &span).ok_or_else(|| arguments.invalid("span", &span))?;
    }
    let names: Vec<String> = rows.first().map(|row| row.keys().cloned().collect()).unwrap_or_default();
    let aggregations = aggregate::read("tstats", part, &names)?;
    let mut columns = by.clone();
    columns.extend(aggregations.iter().map(|a| a.name.clone()));
    let made = |rows: &[&Row]| -> Row {
        let values = aggregations.iter().map(|a| (a.name.clone(), a.over(rows, 1.0, search.now)));
        values.filter(|(_, value)| !value.is_null()).collect()
    };
    let all: Vec<Row> = if by.is_empty() {
        vec![made(&rows.iter().collect::<Vec<_>>())]
    } else {
        stats::groups(&rows, &by)
            .into_iter()
            .map(|(key, rows)| {
                let mut row = made(&rows);
                row.extend(
                    by.iter().cloned().zip(key).map(|(field, text)| (field.clone(), stats::value_of(&field, text))),
                );
                row
            })
            .collect()
    };
    Ok(Results::table(columns, all))
}
