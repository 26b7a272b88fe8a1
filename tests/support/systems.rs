//! Real systems other than PostgreSQL (`tests/systems`), for tests. Included by path where needed.
//!
//! All tests of one program share one server of a kind; it ends when the program does, however it ends.
#![allow(dead_code, reason = "each includer uses its part")]

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use serde_json::Value;

/// A running server.
pub(crate) struct System {
    process: Child,
    /// What its launcher tells: `url`, and `user` and `password` where it asks for them.
    pub(crate) told: Value,
}

impl System {
    /// OpenSearch without a password.
    pub(crate) fn opensearch() -> Option<&'static Self> {
        static RUNNING: OnceLock<Option<System>> = OnceLock::new();
        RUNNING.get_or_init(|| Self::start("opensearch", &["opensearch"])).as_ref()
    }

    /// Elasticsearch, which asks for the password that it tells.
    pub(crate) fn elasticsearch() -> Option<&'static Self> {
        static RUNNING: OnceLock<Option<System>> = OnceLock::new();
        RUNNING.get_or_init(|| Self::start("elasticsearch", &["elasticsearch"])).as_ref()
    }

    /// FerretDB over DocumentDB, which speaks MongoDB's protocol.
    pub(crate) fn mongodb() -> Option<&'static Self> {
        static RUNNING: OnceLock<Option<System>> = OnceLock::new();
        RUNNING.get_or_init(|| Self::start("mongodb", &["documentdb", "ferretdb"])).as_ref()
    }

    /// DynamoDB Local, which takes the keys that it tells.
    pub(crate) fn dynamodb() -> Option<&'static Self> {
        static RUNNING: OnceLock<Option<System>> = OnceLock::new();
        RUNNING.get_or_init(|| Self::start("dynamodb", &["dynamodb"])).as_ref()
    }

    /// Starts a server and waits until it answers; none, said loudly, without the parts of tests/setup that it is made of.
    /// With `NLQ_REQUIRE_SYSTEMS=1` that is a failure.
    fn start(name: &str, parts: &[&str]) -> Option<Self> {
        let tools = std::env::var_os("NLQ_TEST_TOOLS").map(PathBuf::from);
        let there = |part: &&str| tools.as_ref().is_some_and(|tools| tools.join(format!("{part}.done")).exists());
        if !parts.iter().all(there) {
            let required = std::env::var_os("NLQ_REQUIRE_SYSTEMS").is_some_and(|value| value == "1");
            assert!(!required, "NLQ_TEST_TOOLS names no folder with {name}, and NLQ_REQUIRE_SYSTEMS=1");
            println!("SKIPPED: NLQ_TEST_TOOLS names no folder with {name}");
            eprintln!("SKIPPED: NLQ_TEST_TOOLS names no folder with {name}");
            return None;
        }
        let mut process =
            program(&format!("{name}.py")).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python3 runs");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("UTF-8");
        let told = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{name} did not start; it says why above"));
        Some(Self { process, told })
    }

    /// Its address, with the scheme.
    pub(crate) fn url(&self) -> &str {
        self.told["url"].as_str().expect("the launcher tells an address")
    }
}

impl Drop for System {
    fn drop(&mut self) {
        // The end of its standard input is its signal.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// A Python program of `tests/systems`.
fn program(name: &str) -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root =
        folder.ancestors().find(|folder| folder.join("tests/systems").is_dir()).expect("the folder of the project");
    let mut command = Command::new("python3");
    command.arg("-B").arg(root.join("tests/systems").join(name));
    command
}
