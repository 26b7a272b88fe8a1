//! What a server keeps, as lists of entries.

use serde_json::json;

use super::{
    Reply, Request, Server,
    reply::{Entry, Format, VERSION, entries, failed},
};
use crate::{events::LOOKUPS, objects, search, time};

fn listed(path: &str, all: Vec<Entry>, request: &Request, format: Format) -> Reply {
    entries(path, all, request.number("count"), request.number("offset"), format)
}

/// `server/info`.
pub(super) fn info(server: &Server, format: Format) -> Reply {
    let version = if server.options.old { "8.2.12" } else { VERSION };
    let content = json!({
        "version": version, "build": "double", "serverName": "double", "instance_type": "splunk", "product_type":
        "enterprise", "os_name": "Linux", "cpu_arch": "x86_64", "guid": "00000000-0000-0000-0000-000000000000",
    });
    entries("server/info", vec![Entry::new("server-info", content)], None, None, format)
}

/// `authentication/current-context`.
pub(super) fn context(server: &Server, format: Format) -> Reply {
    let content = json!({
        "username": server.options.username, "roles": ["user"], "capabilities": ["search"], "defaultApp": "search",
    });
    entries("authentication/current-context", vec![Entry::new("context", content)], None, None, format)
}

/// `saved/searches`.
pub(super) fn saved(request: &Request, name: Option<&str>, format: Format) -> Reply {
    let all: Vec<Entry> = objects::SAVED
        .iter()
        .filter(|(known, ..)| name.is_none_or(|name| name == *known))
        .map(|(name, description, text)| {
            let content = json!({
                "search": text, "description": description, "disabled": false, "is_scheduled": false,
                "dispatch.earliest_time": "-14d", "dispatch.latest_time": "now",
            });
            Entry::new(name, content)
        })
        .collect();
    match name {
        Some(name) if all.is_empty() => failed(404, "ERROR", &format!("Could not find object id={name}"), format),
        _ => listed("saved/searches", all, request, format),
    }
}

/// `datamodel/model`.
pub(super) fn models(request: &Request, name: Option<&str>, format: Format) -> Reply {
    let all: Vec<Entry> = search::MODELS
        .iter()
        .filter(|model| name.is_none_or(|name| name == model.name))
        .map(|model| {
            let content = json!({
                "displayName": model.title, "description": search::description(model).to_string(), "disabled": false,
                "acceleration": "{\"enabled\":false}",
            });
            Entry::new(model.name, content)
        })
        .collect();
    match name {
        Some(name) if all.is_empty() => failed(404, "ERROR", &format!("Could not find object id={name}"), format),
        _ => listed("datamodel/model", all, request, format),
    }
}

/// `data/indexes`.
pub(super) fn indexes(server: &Server, request: &Request, name: Option<&str>, format: Format) -> Reply {
    let wanted = objects::INDEXES.iter().filter(|known| name.is_none_or(|name| name == **known));
    let all = wanted.map(|name| {
        let times = server
            .events
            .iter()
            .filter(|row| row.get("index").is_some_and(|index| index.text() == *name))
            .filter_map(|row| row.get("_time")?.number());
        let times: Vec<f64> = times.collect();
        // Newest first.
        let shown = |at: Option<&f64>| at.map(|at| time::shown(*at)).unwrap_or_default();
        let content = json!({
            "totalEventCount": times.len(), "minTime": shown(times.last()), "maxTime": shown(times.first()),
            "datatype": "event", "disabled": false, "isInternal": name.starts_with('_'), "currentDBSizeMB": 1,
        });
        Entry::new(name, content)
    });
    let all: Vec<Entry> = all.collect();
    match name {
        Some(name) if all.is_empty() => failed(404, "ERROR", &format!("Could not find object id={name}"), format),
        _ => listed("data/indexes", all, request, format),
    }
}

/// `admin/macros`.
pub(super) fn macros(request: &Request, format: Format) -> Reply {
    let all = objects::MACROS.iter().map(|found| {
        let name = match found.arguments.len() {
            0 => found.name.to_owned(),
            count => format!("{}({count})", found.name),
        };
        let content = json!({
            "args": found.arguments.join(","), "definition": found.definition, "disabled": false, "iseval": "0",
        });
        Entry::new(&name, content)
    });
    listed("admin/macros", all.collect(), request, format)
}

/// `data/transforms/lookups`.
pub(super) fn lookups(request: &Request, format: Format) -> Reply {
    let all = LOOKUPS.iter().map(|lookup| {
        let fields: Vec<&str> = lookup.columns.to_vec();
        let content = json!({
            "type": "file", "filename": lookup.file, "fields_list": fields.join(", "), "fields_array": fields,
            "disabled": false,
        });
        Entry::new(lookup.definition, content)
    });
    listed("data/transforms/lookups", all.collect(), request, format)
}

/// `data/lookup-table-files`.
pub(super) fn lookup_files(request: &Request, format: Format) -> Reply {
    let all = LOOKUPS.iter().map(|lookup| Entry::new(lookup.file, json!({ "disabled": false })));
    listed("data/lookup-table-files", all.collect(), request, format)
}
