//! The REST interface, as the vendor's reference documents it: one line a route.

mod jobs;
mod login;
mod objects;
mod reply;

use std::{collections::HashMap, sync::Arc, time::Duration};

pub(crate) use reply::Reply;
use reply::{Format, failed};

use crate::search::Row;

/// How the server behaves.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) now: i64,
    /// Every search takes at least that long.
    pub(crate) slow: Duration,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) token: String,
    /// A token that is known and may do nothing.
    pub(crate) powerless: String,
    /// A server from before version 2 of the search endpoints.
    pub(crate) old: bool,
}

/// The server.
pub(crate) struct Server {
    pub(crate) options: Options,
    events: Vec<Row>,
    jobs: jobs::Jobs,
    sessions: login::Sessions,
}

/// What was asked.
#[derive(Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Segments below `services` or `servicesNS/owner/app`, unescaped.
    pub(crate) path: Vec<String>,
    pub(crate) parameters: HashMap<String, String>,
    pub(crate) authorization: Option<String>,
    pub(crate) cookie: Option<String>,
}

impl Request {
    fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.get(name)?.parse().ok()
    }

    fn format(&self, default: Format) -> Format {
        match self.get("output_mode") {
            Some("json") => Format::Json,
            Some("xml" | "atom") => Format::Xml,
            _ => default,
        }
    }
}

impl Server {
    pub(crate) fn new(options: Options, events: Vec<Row>) -> Self {
        Self { options, events, jobs: jobs::Jobs::default(), sessions: login::Sessions::default() }
    }

    /// Answers a request; takes as long as the search does.
    pub(crate) fn answer(self: &Arc<Self>, request: &Request) -> Reply {
        let format = request.format(Format::Xml);
        let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
        if path == ["auth", "login"] {
            return login::login(self, request, format);
        }
        if let Err(reply) = login::allowed(self, request, format) {
            return reply;
        }
        if self.options.old && path.starts_with(&["search", "v2"]) {
            return failed(404, "ERROR", "Not Found", format);
        }
        let path: Vec<&str> = path.into_iter().filter(|segment| *segment != "v2").collect();
        let post = request.method == "POST";
        match (path.as_slice(), post) {
            (["server", "info"], _) => objects::info(self, format),
            (["authentication", "current-context"], _) => objects::context(self, format),
            (["search", "parser"], _) => jobs::parser(request),
            (["search", "jobs"], true) => jobs::create(self, request, format),
            (["search", "jobs"], false) => jobs::list(self, request, format),
            (["search", "jobs", "export"], _) => jobs::export(self, request, format),
            (["search", "jobs", sid], false) if request.method == "DELETE" => jobs::delete(self, sid, format),
            (["search", "jobs", sid], false) => jobs::status(self, sid, format),
            (["search", "jobs", sid, "control"], true) => jobs::control(self, sid, request, format),
            (["search", "jobs", sid, "results" | "results_preview" | "events"], _) => {
                jobs::results(self, sid, request, format)
            }
            (["saved", "searches"], false) => objects::saved(request, None, format),
            (["saved", "searches", name], false) => objects::saved(request, Some(name), format),
            (["saved", "searches", name, "dispatch"], true) => jobs::dispatch(self, name, request, format),
            (["datamodel", "model"], false) => objects::models(request, None, format),
            (["datamodel", "model", name], false) => objects::models(request, Some(name), format),
            (["data", "indexes"], false) => objects::indexes(self, request, None, format),
            (["data", "indexes", name], false) => objects::indexes(self, request, Some(name), format),
            (["admin", "macros"] | ["configs", "conf-macros"], false) => objects::macros(request, format),
            (["data", "transforms", "lookups"], false) => objects::lookups(request, format),
            (["data", "lookup-table-files"], false) => objects::lookup_files(request, format),
            _ => failed(404, "ERROR", "Not Found", format),
        }
    }
}

/// All results, a JSON object each.
pub(crate) fn lines(found: &crate::search::Results) -> Vec<serde_json::Value> {
    reply::objects(found, Some(0), 0).1
}
