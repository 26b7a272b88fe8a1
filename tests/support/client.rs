//! A language client over the real binary's standard input and output: what an editor does, without the editor.
//!
//! Server requests are answered as an editor would; anything the client does not know makes the test fail.

#![allow(dead_code, unreachable_pub, reason = "tests and benches use different parts")]

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// A loaded machine may be slow; a hang is longer than this.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// One running server and what it has said.
pub struct Client {
    child: Child,
    input: ChildStdin,
    messages: Receiver<(Instant, Value)>,
    next_id: i64,
    replies: HashMap<i64, (Instant, Value)>,
    /// Notifications that were not asked for yet.
    pub notifications: Vec<(Instant, Value)>,
    /// Edits that the server asked the editor to apply.
    pub applied: Vec<Value>,
    /// Requests for the editor's language model, which the test itself answers.
    asked: Vec<Value>,
    versions: HashMap<String, i64>,
}

/// What a client says of itself, with what most editors have.
pub fn capabilities() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-8", "utf-16"] },
        "window": { "workDoneProgress": true },
        "textDocument": {
            "codeAction": { "resolveSupport": { "properties": ["edit"] }, "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } } },
            "publishDiagnostics": { "versionSupport": true }
        },
        "workspace": { "workspaceEdit": { "documentChanges": true }, "applyEdit": true, "didChangeWatchedFiles": { "dynamicRegistration": true } }
    })
}

/// The URI of a path.
pub fn uri(path: &Path) -> String {
    url::Url::from_file_path(path).expect("an absolute path").to_string()
}

impl Client {
    /// Starts the server in a folder; `state` is its own state folder.
    pub fn spawn(binary: &str, folder: &Path, state: &Path) -> Self {
        Self::over(Command::new(binary).arg("lsp").current_dir(folder).env("NLQ_STATE_DIR", state))
    }

    /// Starts the server by a command of one's own.
    pub fn over(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the server starts");
        let input = child.stdin.take().expect("piped");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if sender.send((Instant::now(), message)).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            input,
            messages,
            next_id: 0,
            replies: HashMap::new(),
            notifications: Vec::new(),
            applied: Vec::new(),
            asked: Vec::new(),
            versions: HashMap::new(),
        }
    }

    /// Starts the server and shakes hands.
    pub fn start(binary: &str, folder: &Path, state: &Path) -> Self {
        Self::start_with(binary, folder, state, capabilities(), Value::Null)
    }

    /// Starts the server and shakes hands with capabilities and options of one's own.
    pub fn start_with(binary: &str, folder: &Path, state: &Path, capabilities: Value, options: Value) -> Self {
        let mut client = Self::spawn(binary, folder, state);
        client.initialize(folder, capabilities, options);
        client
    }

    /// The handshake; returns what the server offers.
    pub fn initialize(&mut self, folder: &Path, capabilities: Value, options: Value) -> Value {
        let root = uri(folder);
        let params = json!({
            "processId": std::process::id(), "rootUri": root, "capabilities": capabilities, "initializationOptions": options,
            "workspaceFolders": [{ "uri": root, "name": "workspace" }],
        });
        let result = self.request("initialize", params);
        self.notify("initialized", json!({}));
        result
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends the server without a word.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
    }

    /// Sends a notification.
    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request without waiting.
    pub fn ask(&mut self, method: &str, params: Value) -> i64 {
        self.next_id += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params }));
        self.next_id
    }

    /// Waits for a reply: when it came, and its result or error.
    pub fn reply(&mut self, id: i64) -> (Instant, Result<Value, Value>) {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some((at, mut reply)) = self.replies.remove(&id) {
                let error = reply.get("error").cloned();
                return (at, error.map_or_else(|| Ok(reply["result"].take()), Err));
            }
            assert!(self.receive(end), "no reply to request {id} within {PATIENCE:?}");
        }
    }

    /// Sends a request and waits for its result; an error fails the test.
    pub fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        self.reply(id).1.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Waits for the first notification of a method that fits.
    pub fn notification(&mut self, method: &str, fits: impl Fn(&Value) -> bool) -> Value {
        self.timed_notification(method, fits).1
    }

    /// The same with the moment it came.
    pub fn timed_notification(&mut self, method: &str, fits: impl Fn(&Value) -> bool) -> (Instant, Value) {
        let end = Instant::now() + PATIENCE;
        loop {
            let found = self.notifications.iter().position(|(_, one)| one["method"] == method && fits(&one["params"]));
            if let Some(index) = found {
                let (at, mut message) = self.notifications.remove(index);
                return (at, message["params"].take());
            }
            let seen: Vec<_> = self.notifications.iter().map(|(_, one)| one.to_string()).collect();
            assert!(self.receive(end), "no fitting {method} within {PATIENCE:?}; seen: {seen:#?}");
        }
    }

    /// Takes in whatever arrives for a while.
    pub fn settle(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while self.receive(end) {}
    }

    /// Waits until the server asks for the editor's language model: the request's id and its parameters.
    pub fn asked(&mut self) -> (Value, Value) {
        let end = Instant::now() + PATIENCE;
        while self.asked.is_empty() {
            assert!(self.receive(end), "no nlq/llm/complete within {PATIENCE:?}");
        }
        let mut request = self.asked.remove(0);
        (request["id"].take(), request["params"].take())
    }

    /// Answers a request of the server.
    pub fn respond(&mut self, id: &Value, reply: Result<Value, Value>) {
        let (name, value) = match reply {
            Ok(result) => ("result", result),
            Err(error) => ("error", error),
        };
        self.send(&json!({ "jsonrpc": "2.0", "id": id, name: value }));
    }

    /// Opens a document that need not exist on disk; returns its URI.
    pub fn open(&mut self, path: &Path, language: &str, text: &str) -> String {
        let uri = uri(path);
        self.versions.insert(uri.clone(), 1);
        let document = json!({ "uri": uri, "languageId": language, "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
        uri
    }

    /// Sends a change; `range` none replaces the whole text. Returns the new version.
    pub fn change(&mut self, uri: &str, range: Option<Value>, text: &str) -> i64 {
        let version = self.versions.get_mut(uri).expect("open");
        *version += 1;
        let version = *version;
        let change = match range {
            Some(range) => json!({ "range": range, "text": text }),
            None => json!({ "text": text }),
        };
        let params = json!({ "textDocument": { "uri": uri, "version": version }, "contentChanges": [change] });
        self.notify("textDocument/didChange", params);
        version
    }

    /// The diagnostics published for a version of a document.
    pub fn diagnostics(&mut self, uri: &str, version: i64) -> Vec<Value> {
        let fits = |params: &Value| params["uri"] == uri && params["version"] == version;
        self.notification("textDocument/publishDiagnostics", fits)["diagnostics"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    /// The code actions on a range.
    pub fn actions(&mut self, uri: &str, range: Value) -> Vec<Value> {
        let params = json!({ "textDocument": { "uri": uri }, "range": range, "context": { "diagnostics": [] } });
        self.request("textDocument/codeAction", params).as_array().cloned().unwrap_or_default()
    }

    /// Says goodbye as the protocol asks; returns how long the server took to end.
    pub fn shutdown(mut self) -> Duration {
        let begin = Instant::now();
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        let end = begin + PATIENCE;
        while Instant::now() < end {
            if let Ok(Some(status)) = self.child.try_wait() {
                assert!(status.success(), "the server ended with {status}");
                return begin.elapsed();
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        panic!("the server did not end within {PATIENCE:?}");
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("the server reads");
        self.input.flush().expect("the server reads");
    }

    /// Takes in one message; false when none came before `end`.
    fn receive(&mut self, end: Instant) -> bool {
        let (at, message) = match self.messages.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => return false,
            Err(RecvTimeoutError::Disconnected) => panic!("the server went away"),
        };
        match (message.get("method").and_then(Value::as_str), message.get("id")) {
            (Some("nlq/llm/complete"), Some(_)) => self.asked.push(message),
            (Some(method), Some(id)) => {
                let result = self.answer(method, &message["params"]);
                let reply = json!({ "jsonrpc": "2.0", "id": id, "result": result });
                self.send(&reply);
            }
            (Some(_), None) => self.notifications.push((at, message)),
            (None, _) => {
                let id = message["id"].as_i64().unwrap_or_else(|| panic!("a reply without a known id: {message}"));
                assert!(self.replies.insert(id, (at, message)).is_none(), "two replies to request {id}");
            }
        }
        true
    }

    fn answer(&mut self, method: &str, params: &Value) -> Value {
        match method {
            "window/workDoneProgress/create" | "client/registerCapability" => Value::Null,
            "workspace/diagnostic/refresh" | "workspace/semanticTokens/refresh" => Value::Null,
            "workspace/codeLens/refresh" | "workspace/inlayHint/refresh" => Value::Null,
            "workspace/applyEdit" => {
                self.applied.push(params["edit"].clone());
                json!({ "applied": true })
            }
            other => panic!("the server asked for {other}, which no editor here knows"),
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            header => {
                if let Some(text) = header.strip_prefix("Content-Length: ") {
                    length = text.parse().ok()?;
                }
            }
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// A zero-based range.
pub fn range(start: (usize, usize), end: (usize, usize)) -> Value {
    let position = |(line, character): (usize, usize)| json!({ "line": line, "character": character });
    json!({ "start": position(start), "end": position(end) })
}

/// The position of the first byte of `needle` in `text`, columns in UTF-8.
pub fn position_of(text: &str, needle: &str) -> (usize, usize) {
    let offset = text.find(needle).unwrap_or_else(|| panic!("{needle:?} is not in the text"));
    let line = text[..offset].matches('\n').count();
    (line, offset - text[..offset].rfind('\n').map_or(0, |newline| newline + 1))
}

/// `text` with a `WorkspaceEdit` for one document applied; columns in UTF-8.
pub fn apply(text: &str, edit: &Value) -> String {
    let edits = edit["documentChanges"][0]["edits"]
        .as_array()
        .or_else(|| edit["changes"].as_object()?.values().next()?.as_array());
    let index = nlq_text::LineIndex::new(text);
    let place = |value: &Value| {
        let position = serde_json::from_value(value.clone()).expect("a position");
        index.offset(text, position, nlq_text::Encoding::Utf8)
    };
    let edits: Vec<nlq_text::Edit> = edits
        .unwrap_or_else(|| panic!("no edits in {edit}"))
        .iter()
        .map(|edit| nlq_text::Edit {
            span: nlq_text::Span::new(place(&edit["range"]["start"]), place(&edit["range"]["end"])),
            text: edit["newText"].as_str().expect("text").to_owned(),
        })
        .collect();
    nlq_text::apply_edits(text, &edits)
}

/// A small shop: a workspace with a SQLite database, annotations and trust, made anew for each test.
pub struct Shop {
    folder: tempfile::TempDir,
}

impl Shop {
    /// The workspace, trusted, its schema read.
    pub fn new(binary: &str) -> Self {
        let shop = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        let demo = shop.root();
        let output = Command::new(binary)
            .args(["demo", "--no-run"])
            .arg(&demo)
            .env("NLQ_STATE_DIR", shop.state())
            .output()
            .expect("nlq runs");
        assert!(output.status.success(), "nlq demo: {}", String::from_utf8_lossy(&output.stderr));
        shop
    }

    /// The workspace's folder.
    pub fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("it exists").join("shop")
    }

    /// The server's state folder.
    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }
}
