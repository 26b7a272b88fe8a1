//! A folder of its own for each test, with its own state, and the real binary run in it.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

/// A workspace's folder and, beside it, the user's state.
pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
}

/// What a run of the binary left.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let sandbox = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        fs::create_dir(sandbox.root()).expect("the workspace's folder");
        sandbox
    }

    /// A trusted workspace `shop/dev` over [`Sandbox::database`], its schema read.
    pub(crate) fn shop() -> Self {
        let sandbox = Self::new();
        sandbox.database("shop.db");
        sandbox.write("nlq.yaml", SHOP);
        sandbox.ok(&["trust", "--yes"]);
        sandbox.ok(&["schema", "refresh"]);
        sandbox
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// The user's state folder.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        fs::write(path, text).expect("the file");
    }

    /// A database with customers and orders.
    pub(crate) fn database(&self, name: &str) {
        self.sql(name, DATABASE);
    }

    /// Runs statements on a database file, made when it is not there.
    pub(crate) fn sql(&self, name: &str, sql: &'static str) {
        let options = SqliteConnectOptions::new().filename(self.path(name)).create_if_missing(true);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut connection = SqliteConnection::connect_with(&options).await.expect("a database");
            sqlx::raw_sql(sql).execute(&mut connection).await.expect("the statements run");
            connection.close().await.expect("it closes");
        });
    }

    pub(crate) fn nlq(&self, arguments: &[&str]) -> Ran {
        self.nlq_with(arguments, &[], "")
    }

    /// The binary with more environment variables and a text on standard input.
    pub(crate) fn nlq_with(&self, arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Ran {
        let mut child = self.command(arguments, variables).spawn().expect("the binary starts");
        // The binary may end without reading: then there is nobody to write to.
        let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        let output = child.wait_with_output().expect("the binary ends");
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// The same, which must succeed.
    pub(crate) fn ok(&self, arguments: &[&str]) -> Ran {
        let ran = self.nlq(arguments);
        assert_eq!(ran.code, 0, "nlq {}: {ran:#?}", arguments.join(" "));
        ran
    }

    pub(crate) fn command(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nlq"));
        command.args(arguments).current_dir(self.root());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for (variable, folder) in [
            ("NLQ_STATE_DIR", "state"),
            ("HOME", "home"),
            ("XDG_STATE_HOME", "xdg/state"),
            ("XDG_CONFIG_HOME", "xdg/config"),
            ("XDG_CACHE_HOME", "xdg/cache"),
            ("XDG_DATA_HOME", "xdg/data"),
        ] {
            command.env(variable, self.folder.path().join(folder));
        }
        command.env_remove("NLQ_LOG").envs(variables.iter().copied());
        command
    }

    /// Every file of the workspace with its content.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        collect(&self.root(), &mut files);
        files.sort();
        files
    }
}

impl Ran {
    /// Standard output as one JSON value.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Standard output as one JSON value a line.
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.stdout.lines().map(parse).collect()
    }

    /// Fails unless it ended with `code` and said one sentence with all of `parts` on standard error.
    #[track_caller]
    pub(crate) fn refused(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, code, "{self:#?}");
        assert!(self.stderr.starts_with("nlq: "), "{self:#?}");
        for part in parts {
            assert!(self.stderr.contains(part), "no {part:?} in {self:#?}");
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            let content = fs::read(&path).expect("a file");
            files.push((path, content));
        }
    }
}

pub(crate) const SHOP: &str = "\
workspace: shop
default_connection: shop/dev
providers:
  shop:
    type: sqlite
    connections:
      dev:
        path: shop.db
";

const DATABASE: &str = "
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT, email TEXT);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    placed_at TIMESTAMP NOT NULL,
    status TEXT NOT NULL,
    total_amount DECIMAL(10, 2)
);
INSERT INTO customers VALUES
    (1, 'Ada', 'Germany', 'ada@example.com'),
    (2, 'Bruno', 'France', 'bruno@example.com'),
    (3, 'Clara', NULL, 'clara@example.com');
INSERT INTO orders VALUES
    (1, 1, '2023-01-15 10:00:00', 'delivered', 10.5),
    (2, 1, '2023-02-20 11:00:00', 'cancelled', 20),
    (3, 2, '2024-03-05 12:00:00', 'delivered', 700),
    (4, 2, '2024-04-05 12:00:00', 'pending', NULL);
";
