//! Who may ask: sessions, tokens, a user's password.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{
    Reply, Request, Server,
    reply::{Format, failed},
};

/// Keys of those who have signed in.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashSet<String>>);

impl Sessions {
    fn add(&self) -> String {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = format!("session-{}-{}", std::process::id(), keys.len() + 1);
        keys.insert(key.clone());
        key
    }

    fn has(&self, key: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(key)
    }
}

/// `auth/login`.
pub(super) fn login(server: &Server, request: &Request, format: Format) -> Reply {
    if request.method != "POST" {
        return failed(405, "ERROR", "Method Not Allowed", format);
    }
    let (Some(user), Some(password)) = (request.get("username"), request.get("password")) else {
        return failed(400, "ERROR", "Login parameters missing", format);
    };
    if user != server.options.username || password != server.options.password {
        return failed(401, "WARN", "Login failed", format);
    }
    let key = server.sessions.add();
    match format {
        Format::Json => Reply::json(200, &json!({ "sessionKey": key, "message": "", "code": "" })),
        Format::Xml => Reply::xml(200, &format!("<response>\n  <sessionKey>{key}</sessionKey>\n</response>")),
    }
}

/// Lets a request through or says why not.
pub(super) fn allowed(server: &Server, request: &Request, format: Format) -> Result<(), Reply> {
    let options = &server.options;
    let unknown = || failed(401, "WARN", "call not properly authenticated", format);
    let given = request.authorization.as_deref().unwrap_or_default();
    let (scheme, value) = given.split_once(' ').unwrap_or(("", ""));
    let known = match scheme.to_lowercase().as_str() {
        "splunk" | "bearer" if value == options.powerless => {
            let open = request.path.first().is_some_and(|first| first == "server");
            return if open {
                Ok(())
            } else {
                let text = "insufficient permission to access this resource";
                Err(failed(403, "ERROR", text, format))
            };
        }
        "splunk" => server.sessions.has(value) || value == options.token,
        "bearer" => value == options.token || server.sessions.has(value),
        "basic" => {
            let plain = STANDARD.decode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
            plain == format!("{}:{}", options.username, options.password)
        }
        _ => request.cookie.as_deref().is_some_and(|cookie| {
            cookie.split(';').filter_map(|part| part.trim().split_once('=')).any(|(_, key)| server.sessions.has(key))
        }),
    };
    if known { Ok(()) } else { Err(unknown()) }
}
