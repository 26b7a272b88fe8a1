//! The stand-in for a Splunk server (`tests/doubles/splunk`), for tests. Included by path where it is needed.
#![allow(dead_code, reason = "each includer uses its part")]

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// A running stand-in; it ends with this value.
pub(crate) struct Double {
    process: Child,
    /// Where it answers, such as `http://127.0.0.1:34567`.
    pub(crate) url: String,
}

impl Double {
    /// Starts one with these options; it answers when this returns.
    pub(crate) fn start(options: &[&str]) -> Self {
        let mut process = Command::new(binary())
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the stand-in starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("no address: {line}")).to_owned();
        Self { process, url }
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The program, beside the test's own; built where only some packages are tested and it is not there.
fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("this test's path");
    let folder = test.parent().and_then(Path::parent).expect("the folder of programs");
    let program = folder.join(format!("splunk-double{}", std::env::consts::EXE_SUFFIX));
    if !program.exists() {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "splunk-double"]);
        if folder.ends_with("release") {
            build.arg("--release");
        }
        let built = build.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cargo runs");
        assert!(built.success() && program.exists(), "splunk-double is not built: cargo build -p splunk-double");
    }
    program
}
