use std::{borrow::Cow, collections::BTreeMap};

use serde_json::{Value, json};

use crate::{Chat, Delta, Message, OnDelta, Reply, Role, Stop, ToolCall, ToolResult, Usage};

/// A reply as its pieces come.
pub(super) struct Gather<'a> {
    on_delta: OnDelta<'a>,
    text: String,
    /// By the service's index.
    calls: BTreeMap<u64, Call>,
    pub(super) stop: Option<Stop>,
    pub(super) usage: Usage,
}

#[derive(Default)]
struct Call {
    id: String,
    name: String,
    arguments: String,
}

impl<'a> Gather<'a> {
    pub(super) fn new(on_delta: OnDelta<'a>) -> Self {
        Self { on_delta, text: String::new(), calls: BTreeMap::new(), stop: None, usage: Usage::default() }
    }

    pub(super) fn text(&mut self, piece: &str) {
        if !piece.is_empty() {
            self.text += piece;
            (self.on_delta)(Delta::Text(piece));
        }
    }

    /// A call begins, or tells more of its id and name.
    pub(super) fn call(&mut self, index: u64, id: Option<&str>, name: Option<&str>) {
        let call = self.calls.entry(index).or_default();
        call.id += id.filter(|_| call.id.is_empty()).unwrap_or_default();
        call.name += name.filter(|_| call.name.is_empty()).unwrap_or_default();
    }

    pub(super) fn arguments(&mut self, index: u64, piece: &str) {
        if !piece.is_empty() {
            self.calls.entry(index).or_default().arguments += piece;
            (self.on_delta)(Delta::Arguments(piece));
        }
    }

    /// A call that comes in one piece.
    pub(super) fn whole_call(&mut self, id: Option<&str>, name: &str, arguments: &Value) {
        let index = self.calls.len() as u64;
        self.call(index, id, Some(name));
        self.arguments(index, &arguments.to_string());
    }

    /// The reply. Arguments that are no JSON stand in its text: a caller may still make sense of them.
    pub(super) fn finish(self) -> Reply {
        let mut reply =
            Reply { text: self.text, calls: Vec::new(), stop: self.stop.unwrap_or_default(), usage: self.usage };
        for (index, call) in self.calls {
            let written = if call.arguments.trim().is_empty() { "{}" } else { &call.arguments };
            let arguments = serde_json::from_str(written).unwrap_or_else(|_| {
                reply.text += written;
                Value::Null
            });
            let id = if call.id.is_empty() { format!("call_{index}") } else { call.id };
            reply.calls.push(ToolCall { id, name: call.name, arguments });
        }
        // A forced call ends as `stop` at some services.
        if !reply.calls.is_empty() && reply.stop == Stop::End {
            reply.stop = Stop::ToolUse;
        }
        reply
    }
}

/// The conversation with a result for every call: services refuse one that leaves a call open, as a structured output
/// does that is talked about further.
pub(super) fn answered(chat: &Chat) -> Vec<Cow<'_, Message>> {
    let mut messages: Vec<Cow<'_, Message>> = Vec::new();
    let mut open: &[ToolCall] = &[];
    for message in &chat.messages {
        let missing = open.iter().filter(|call| !message.results.iter().any(|result| result.id == call.id));
        let missing: Vec<ToolResult> =
            missing.map(|call| ToolResult { id: call.id.clone(), text: "received".into(), is_error: false }).collect();
        let mut message = Cow::Borrowed(message);
        if message.role == Role::User && !missing.is_empty() {
            message.to_mut().results.extend(missing);
        }
        messages.push(message);
        open = &chat.messages[messages.len() - 1].calls;
    }
    messages
}

/// The name of the tool that a result belongs to.
pub(super) fn tool_of<'a>(chat: &'a Chat, id: &str) -> &'a str {
    let mut calls = chat.messages.iter().flat_map(|message| &message.calls);
    calls.find(|call| call.id == id).map_or("", |call| &call.name)
}

/// A count in a reply, 0 where it is missing.
pub(super) fn count(json: &Value, pointer: &str) -> u64 {
    json.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
}

/// A text in a reply, empty where it is missing.
pub(super) fn text<'a>(json: &'a Value, pointer: &str) -> &'a str {
    json.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A call's arguments as services take them back: always an object.
pub(super) fn object(arguments: &Value) -> Value {
    if arguments.is_object() { arguments.clone() } else { json!({}) }
}
