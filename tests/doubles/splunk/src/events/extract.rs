//! Fields of a log line by its sourcetype, as a server with the usual add-ons extracts them while it searches.

use std::sync::LazyLock;

use fancy_regex::Regex;

use crate::value::Value;

type Fields = Vec<(String, Value)>;

static COMBINED: LazyLock<Regex> = LazyLock::new(|| {
    let line = r#"^(?<clientip>\S+) \S+ (?<user>\S+) \[[^\]]+\] "(?<method>\S+) (?<uri>(?<uri_path>[^\s?]+)(?:\?(?<uri_query>\S*))?) (?<version>\S+)" (?<status>\d+) (?<bytes>\d+|-) "(?<referer>[^"]*)" "(?<useragent>[^"]*)""#;
    Regex::new(line).expect("a constant")
});
static SSHD: LazyLock<Regex> = LazyLock::new(|| {
    let line = r"^\S+ (?<dest>\S+) (?<app>sshd)\[(?<pid>\d+)\]: (?<verb>Failed|Accepted) (?<authentication_method>\S+) for (?:invalid user )?(?<user>\S+) from (?<src>\S+) port (?<src_port>\d+)";
    Regex::new(line).expect("a constant")
});
static PAIR: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"([A-Za-z_][\w.:]*)=(?:"([^"]*)"|([^\s&",;|]+))"#).expect("a constant"));

/// The fields of a line, without those that every event has.
pub(crate) fn fields(sourcetype: &str, raw: &str) -> Fields {
    match sourcetype {
        "access_combined" => {
            let mut fields = named(&COMBINED, raw);
            fields.retain(|(_, value)| value.text() != "-");
            let query = fields.iter().find(|(name, _)| name == "uri_query").map(|(_, query)| query.text());
            add_missing(&mut fields, pairs(&query.unwrap_or_default()));
            fields
        }
        "linux_secure" => {
            let mut fields = named(&SSHD, raw);
            if let Some(at) = fields.iter().position(|(name, _)| name == "verb") {
                let failed = fields.remove(at).1.text() == "Failed";
                fields.push(("action".into(), Value::text_of(if failed { "failure" } else { "success" })));
            }
            fields
        }
        "WinEventLog:Security" => windows(raw),
        "app:json" => json(raw),
        _ => pairs(raw),
    }
}

fn add_missing(fields: &mut Fields, more: Fields) {
    for (name, value) in more {
        if !fields.iter().any(|(known, _)| *known == name) {
            fields.push((name, value));
        }
    }
}

fn named(pattern: &Regex, raw: &str) -> Fields {
    let Ok(Some(found)) = pattern.captures(raw) else { return Vec::new() };
    let names = pattern.capture_names().flatten();
    names.filter_map(|name| Some((name.to_owned(), Value::text_of(found.name(name)?.as_str())))).collect()
}

/// Pairs of `key=value` anywhere in a text; the first of a name counts.
pub(crate) fn pairs(raw: &str) -> Fields {
    let mut fields = Vec::new();
    for found in PAIR.captures_iter(raw).flatten() {
        let (Some(name), Some(value)) = (found.get(1), found.get(2).or(found.get(3))) else { continue };
        add_missing(&mut fields, vec![(name.as_str().to_owned(), Value::text_of(value.as_str()))]);
    }
    fields
}

/// Lines of `Name=value`, and what the Common Information Model calls them.
fn windows(raw: &str) -> Fields {
    let lines = raw.lines().filter_map(|line| line.split_once('='));
    let mut fields: Fields = lines.map(|(name, value)| (name.to_owned(), Value::text_of(value))).collect();
    let get =
        |fields: &Fields, name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    for (from, to) in [("Account_Name", "user"), ("Source_Network_Address", "src"), ("ComputerName", "dest")] {
        if let Some(value) = get(&fields, from) {
            fields.push((to.into(), value));
        }
    }
    let action = match get(&fields, "EventCode").map(|code| code.text()).as_deref() {
        Some("4624") => "success",
        Some("4625") => "failure",
        _ => return fields,
    };
    fields.push(("action".into(), Value::text_of(action)));
    fields.push(("app".into(), Value::text_of("win:remote")));
    fields
}

/// JSON with objects as dotted names and arrays as `name{}` of several values.
pub(crate) fn json(raw: &str) -> Fields {
    let mut fields = Vec::new();
    if let Ok(value) = serde_json::from_str(raw) {
        flatten("", &value, &mut fields);
    }
    fields
}

fn flatten(path: &str, value: &serde_json::Value, fields: &mut Fields) {
    match value {
        serde_json::Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, member, fields);
            }
        }
        serde_json::Value::Array(members) => members.iter().for_each(|m| flatten(&format!("{path}{{}}"), m, fields)),
        _ => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            match fields.iter_mut().find(|(name, _)| name == path) {
                Some((_, known)) => known.push(Value::Text(text)),
                None => fields.push((path.to_owned(), Value::Text(text))),
            }
        }
    }
}
