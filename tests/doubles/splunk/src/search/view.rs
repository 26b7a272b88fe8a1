//! What the parser of a server says of a search that it can read.

use serde_json::{Value as Json, json};

use super::{Fatal, checked};
use crate::tree::Part;

/// The reply of `search/parser`.
pub(crate) fn view(text: &str) -> Result<Json, Fatal> {
    let parsed = checked(text)?;
    let parts = parsed.commands()?;
    let commands: Vec<Json> = parts
        .iter()
        .map(|part| {
            let name = part.command();
            let kind = kind(&name);
            let raw = part.field("name").map_or(part.text(), |name| part.text()[name.text().len()..].trim());
            json!({
                "command": name, "rawargs": raw, "pipeline": if kind == "streaming" { "streaming" } else { "report" },
                "args": arguments(*part, raw), "isGenerating": kind == "generating" || name == "search" && part.field("name").is_none(),
                "streamType": kind.to_uppercase().replace("REPORTING", "NON-STREAMING").replace("GENERATING", "SP_EVENTS"),
            })
        })
        .collect();
    let at = parts.iter().position(|part| !["streaming", "generating"].contains(&kind(&part.command())));
    let split = at.map_or(parsed.text.len(), |at| parts[at].range().start);
    let events = parsed.text[..split].trim().trim_end_matches('|').trim();
    let reports = parsed.text[split..].trim();
    Ok(json!({
        "remoteSearch": format!("litsearch {events}"),
        "remoteTimeOrdered": true,
        "eventsSearch": events,
        "eventsTimeOrdered": true,
        "eventsStreaming": at.is_none(),
        "reportsSearch": reports,
        "canSummarize": at.is_some(),
        "commands": commands,
    }))
}

fn arguments(part: Part<'_>, raw: &str) -> Json {
    if part.command() == "search" { json!({ "search": [raw] }) } else { json!(raw) }
}

fn kind(command: &str) -> &'static str {
    match command {
        "makeresults" | "metadata" | "eventcount" | "inputlookup" | "tstats" => "generating",
        "search" | "where" | "eval" | "fields" | "rename" | "rex" | "regex" | "fillnull" | "bin" | "bucket"
        | "lookup" | "spath" | "mvexpand" | "makemv" | "replace" | "streamstats" | "head" => "streaming",
        _ => "reporting",
    }
}
