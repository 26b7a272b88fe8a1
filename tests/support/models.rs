//! The scripted model (`tests/support/models`) and real gateways in front of it, for tests. Included by path where needed.
//!
//! All tests of one program share them; they end when the program does, however it ends. Each test gives its models names of
//! its own (`repaired.my-test`), so that no test plays another's scenario on.
#![allow(dead_code, reason = "each includer uses its part")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use serde_json::Value;

/// What runs: the scripted model, and the gateways if they were asked for.
pub(crate) struct Models {
    process: Child,
    told: Value,
    log: PathBuf,
    _folder: tempfile::TempDir,
}

impl Models {
    /// Starts what `arguments` ask for (`tests/support/models/__main__.py`) and waits until it answers.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log = folder.path().join("requests.jsonl");
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/support/models");
        let mut process = Command::new("python3")
            .arg("-B")
            .arg(program)
            .args(arguments)
            .arg("--log")
            .arg(&log)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 runs");
        let mut told = String::new();
        BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut told).expect("UTF-8");
        let told = serde_json::from_str(&told).expect("the models' program says where it listens");
        Self { process, told, log, _folder: folder }
    }

    /// The scripted model alone.
    pub(crate) fn scripted() -> &'static Self {
        static RUNNING: OnceLock<Models> = OnceLock::new();
        RUNNING.get_or_init(|| Self::start(&[]))
    }

    /// With LiteLLM and Bedrock in front; none, said loudly, without the tools of tests/setup. With
    /// `NLQ_REQUIRE_GATEWAYS=1` that is a failure.
    pub(crate) fn gateways() -> Option<&'static Self> {
        static RUNNING: OnceLock<Models> = OnceLock::new();
        let tools = std::env::var_os("NLQ_TEST_TOOLS").map(PathBuf::from);
        if !tools.is_some_and(|tools| tools.join("models.done").exists()) {
            let required = std::env::var_os("NLQ_REQUIRE_GATEWAYS").is_some_and(|value| value == "1");
            assert!(!required, "NLQ_TEST_TOOLS names no folder with LiteLLM, and NLQ_REQUIRE_GATEWAYS=1");
            println!("SKIPPED: NLQ_TEST_TOOLS names no folder with LiteLLM");
            eprintln!("SKIPPED: NLQ_TEST_TOOLS names no folder with LiteLLM");
            return None;
        }
        Some(RUNNING.get_or_init(|| Self::start(&["--litellm", "--bedrock"])))
    }

    /// The address of `upstream`, `litellm` or `bedrock`.
    pub(crate) fn url(&self, which: &str) -> &str {
        self.told[which].as_str().unwrap_or_else(|| panic!("{which} was not started"))
    }

    /// Adds to what is played: `{gold, scenarios, models}` (`tests/support/models/scenarios.py`).
    pub(crate) fn script(&self, script: &Value) {
        let address = self.url("upstream").strip_prefix("http://").expect("http");
        let body = script.to_string();
        let mut stream = TcpStream::connect(address).expect("the scripted model listens");
        let head =
            format!("POST /script HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}", body.len());
        write!(stream, "{head}\r\n\r\n{body}").expect("it reads");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("it answers");
        assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    }

    /// The requests so far whose model has this name, oldest first: `{time, path, body}`, the body as text.
    pub(crate) fn requests(&self, model: &str) -> Vec<Value> {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let requests = log.lines().map(|line| serde_json::from_str(line).expect("JSON"));
        let of = |request: &Value| {
            let body: Value = serde_json::from_str(request["body"].as_str().unwrap_or_default()).unwrap_or_default();
            body["model"] == model
        };
        requests.filter(of).collect()
    }

    /// Everything that was ever received, as one text.
    pub(crate) fn received(&self) -> String {
        std::fs::read_to_string(&self.log).expect("the log")
    }
}

impl Drop for Models {
    fn drop(&mut self) {
        // The end of its standard input is its signal; it ends the gateways.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
