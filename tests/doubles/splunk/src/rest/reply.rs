//! Replies: lists of entries and results, as JSON or XML.

use serde_json::{Map, Value as Json, json};

use crate::{search::Results, time, value::Value};

/// What a reply is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Xml,
}

/// A reply.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) kind: &'static str,
    pub(crate) body: String,
}

impl Reply {
    pub(super) fn json(status: u16, value: &Json) -> Self {
        Self { status, kind: "application/json; charset=UTF-8", body: value.to_string() }
    }

    pub(super) fn xml(status: u16, body: &str) -> Self {
        let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{body}\n");
        Self { status, kind: "text/xml; charset=UTF-8", body }
    }
}

/// One message instead of what was asked for.
pub(super) fn failed(status: u16, kind: &str, text: &str, format: Format) -> Reply {
    match format {
        Format::Json => Reply::json(status, &json!({ "messages": [{ "type": kind, "text": text }] })),
        Format::Xml => {
            let body =
                format!("<response><messages><msg type=\"{kind}\">{}</msg></messages></response>", escaped(text));
            Reply::xml(status, &body)
        }
    }
}

/// A thing of the server.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) content: Map<String, Json>,
}

impl Entry {
    pub(super) fn new(name: &str, content: Json) -> Self {
        let Json::Object(content) = content else { return Self { name: name.to_owned(), content: Map::new() } };
        Self { name: name.to_owned(), content }
    }
}

const UPDATED: &str = "2024-01-01T00:00:00+00:00";
/// The version that this stand-in answers as.
pub(super) const VERSION: &str = "9.3.2";

/// A list of entries, a page of it; `path` is where they stand.
pub(super) fn entries(
    path: &str,
    all: Vec<Entry>,
    count: Option<usize>,
    offset: Option<usize>,
    format: Format,
) -> Reply {
    let (total, offset) = (all.len(), offset.unwrap_or(0));
    // Zero stands for all; thirty are a page otherwise.
    let count = count.unwrap_or(30);
    let page = all.into_iter().skip(offset).take(if count == 0 { usize::MAX } else { count });
    let link = |name: &str| {
        let name: String =
            url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20");
        format!("/servicesNS/nobody/search/{path}/{name}")
    };
    let access = access();
    match format {
        Format::Json => {
            let page: Vec<Json> = page
                .map(|entry| {
                    let link = link(&entry.name);
                    json!({
                        "name": entry.name, "id": format!("https://127.0.0.1:8089{link}"), "updated": UPDATED,
                        "links": { "alternate": link, "list": link }, "author": "nobody", "acl": access,
                        "content": entry.content,
                    })
                })
                .collect();
            Reply::json(
                200,
                &json!({
                    "links": {}, "origin": format!("https://127.0.0.1:8089/services/{path}"), "updated": UPDATED,
                    "generator": { "build": "double", "version": VERSION }, "entry": page,
                    "paging": { "total": total, "perPage": count, "offset": offset }, "messages": [],
                }),
            )
        }
        Format::Xml => {
            let mut body = format!(
                "<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:s=\"http://dev.splunk.com/ns/rest\" \
                 xmlns:opensearch=\"http://a9.com/-/spec/opensearch/1.1/\"><title>{path}</title>\
                 <id>https://127.0.0.1:8089/services/{path}</id><updated>{UPDATED}</updated>\
                 <generator build=\"double\" version=\"{VERSION}\"/><author><name>Splunk</name></author>\
                 <opensearch:totalResults>{total}</opensearch:totalResults>\
                 <opensearch:itemsPerPage>{count}</opensearch:itemsPerPage>\
                 <opensearch:startIndex>{offset}</opensearch:startIndex><s:messages/>"
            );
            for entry in page {
                body.push_str(&atom(&entry, &link(&entry.name)));
            }
            body.push_str("</feed>");
            Reply::xml(200, &body)
        }
    }
}

/// Who owns an entry and may read it.
fn access() -> Json {
    json!({
        "app": "search", "owner": "nobody", "sharing": "global", "can_write": false, "modifiable": false,
        "removable": false, "perms": { "read": ["*"], "write": ["admin"] },
    })
}

/// One entry on its own, in XML.
pub(super) fn atom(entry: &Entry, link: &str) -> String {
    let mut content = entry.content.clone();
    content.insert("eai:acl".into(), access());
    format!(
        "<entry xmlns=\"http://www.w3.org/2005/Atom\" xmlns:s=\"http://dev.splunk.com/ns/rest\"><title>{}</title>\
         <id>https://127.0.0.1:8089{link}</id><updated>{UPDATED}</updated><link href=\"{link}\" rel=\"alternate\"/>\
         <author><name>nobody</name></author><content type=\"text/xml\">{}</content></entry>",
        escaped(&entry.name),
        dict(&content)
    )
}

fn dict(map: &Map<String, Json>) -> String {
    let keys: String = map
        .iter()
        .map(|(name, value)| format!("<s:key name=\"{}\">{}</s:key>", escaped(name), element(value)))
        .collect();
    format!("<s:dict>{keys}</s:dict>")
}

fn element(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::Bool(value) => u8::from(*value).to_string(),
        Json::String(text) => escaped(text),
        Json::Array(items) => {
            let items: String = items.iter().map(|item| format!("<s:item>{}</s:item>", element(item))).collect();
            format!("<s:list>{items}</s:list>")
        }
        Json::Object(map) => dict(map),
        Json::Number(number) => number.to_string(),
    }
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn cell(name: &str, value: &Value) -> Json {
    match value {
        Value::Number(number) if name == "_time" => json!(time::shown(*number)),
        Value::Many(values) => json!(values),
        other => json!(other.text()),
    }
}

/// A page of results, each a JSON object of texts.
pub(super) fn objects(results: &Results, count: Option<usize>, offset: usize) -> (Vec<String>, Vec<Json>) {
    let names = results.shown();
    let count = count.unwrap_or(100);
    let page = results.rows.iter().skip(offset).take(if count == 0 { usize::MAX } else { count });
    let page = page.map(|row| {
        let cells = names.iter().filter_map(|name| Some((name.clone(), cell(name, row.get(name)?))));
        Json::Object(cells.collect())
    });
    let page = page.collect();
    (names, page)
}

/// A page of results.
pub(super) fn results(
    found: &Results,
    count: Option<usize>,
    offset: usize,
    messages: &[Json],
    format: Format,
) -> Reply {
    let (names, page) = objects(found, count, offset);
    if format == Format::Json {
        let fields: Vec<Json> = names.iter().map(|name| json!({ "name": name })).collect();
        return Reply::json(
            200,
            &json!({
                "preview": false, "init_offset": offset, "messages": messages, "fields": fields, "results": page,
                "highlighted": {},
            }),
        );
    }
    let order: String = names.iter().map(|name| format!("<field>{}</field>", escaped(name))).collect();
    let mut body = format!("<results preview='0'><meta><fieldOrder>{order}</fieldOrder></meta>");
    for message in messages {
        let text = |key: &str| escaped(message[key].as_str().unwrap_or_default());
        body.push_str(&format!("<messages><msg type=\"{}\">{}</msg></messages>", text("type"), text("text")));
    }
    for (index, row) in page.iter().enumerate() {
        body.push_str(&format!("<result offset='{}'>", offset + index));
        for (name, value) in row.as_object().into_iter().flatten() {
            let one = |text: &str| format!("<value><text>{}</text></value>", escaped(text));
            let values: String = match value {
                Json::Array(items) => items.iter().filter_map(Json::as_str).map(one).collect(),
                other => one(other.as_str().unwrap_or_default()),
            };
            body.push_str(&format!("<field k='{}'>{values}</field>", escaped(name)));
        }
        body.push_str("</result>");
    }
    body.push_str("</results>");
    Reply::xml(200, &body)
}
