//! A real PostgreSQL server in a temporary folder, for tests. Included by path where it is needed.
//!
//! Tests of one program share one server; it stops when the last of them is done. Connections over TCP need a password
//! (SCRAM, and MD5 for `md5_user`); the socket in [`Server::folder`] lets everyone in.
#![allow(dead_code, reason = "each includer uses its part")]

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{SystemTime, UNIX_EPOCH},
};

/// A running server.
pub(crate) struct Server {
    binaries: PathBuf,
    folder: PathBuf,
    /// Its port on 127.0.0.1.
    pub(crate) port: u16,
}

static RUNNING: Mutex<Weak<Server>> = Mutex::new(Weak::new());

/// The server of this test program; none, said loudly, where PostgreSQL is not installed. With `NLQ_REQUIRE_POSTGRES=1`
/// that is a failure.
pub(crate) fn server() -> Option<Arc<Server>> {
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = running.upgrade() {
        return Some(server);
    }
    let Some(binaries) = binaries() else {
        assert!(
            std::env::var_os("NLQ_REQUIRE_POSTGRES").is_none_or(|value| value != "1"),
            "PostgreSQL is not installed, and NLQ_REQUIRE_POSTGRES=1"
        );
        println!("SKIPPED: PostgreSQL is not installed");
        eprintln!("SKIPPED: PostgreSQL is not installed");
        return None;
    };
    let server = Arc::new(Server::start(binaries));
    *running = Arc::downgrade(&server);
    Some(server)
}

/// The folder of `initdb` and `pg_ctl`: Debian's newest, else what `pg_config` names.
fn binaries() -> Option<PathBuf> {
    let debian =
        fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    let configured = Command::new("pg_config").arg("--bindir").output().ok();
    let configured = configured.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let mut found: Vec<PathBuf> = debian
        .chain(configured)
        .filter(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists())
        .collect();
    found.sort();
    found.pop()
}

impl Server {
    fn start(binaries: PathBuf) -> Self {
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_nanos();
        let folder = std::env::temp_dir().join(format!("nlq-pg-{}-{nanos}", std::process::id()));
        fs::create_dir(&folder).expect("a temporary folder");
        // The port may be taken between here and the server's start; then the start fails and says so.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let server = Self { binaries, folder, port };
        if is_root() {
            run(Command::new("chown").arg(NOBODY).arg(&server.folder));
        }
        let data = server.folder.join("data");
        run(server
            .command("initdb")
            .args(["-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C", "-D"])
            .arg(&data));
        let rules = "local all all trust\n\
                     host all md5_user 127.0.0.1/32 md5\n\
                     host all all 127.0.0.1/32 scram-sha-256\n";
        fs::write(data.join("pg_hba.conf"), rules).expect("pg_hba.conf");
        let options = format!("-p {port} -h 127.0.0.1 -k {} -F", server.folder.display());
        run(server
            .command("pg_ctl")
            .arg("-D")
            .arg(&data)
            .arg("-l")
            .arg(server.folder.join("log"))
            .args(["-w", "-o", &options, "start"]));
        server
    }

    /// The folder of its socket, where no password is needed.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes a database of that name and runs statements in it.
    pub(crate) fn database(&self, name: &str, sql: &str) {
        self.psql("postgres", &format!("CREATE DATABASE \"{name}\""));
        self.psql(name, sql);
    }

    /// What psql shows for statements run by the superuser: unaligned, without heads, `|` between columns, NULL as `NULL`.
    pub(crate) fn psql(&self, database: &str, sql: &str) -> String {
        let output = Command::new(self.binaries.join("psql"))
            .args([
                "-X",
                "-q",
                "-A",
                "-t",
                "-P",
                "null=NULL",
                "-v",
                "ON_ERROR_STOP=1",
                "-U",
                "postgres",
                "-d",
                database,
            ])
            .arg("-h")
            .arg(&self.folder)
            .args(["-p", &self.port.to_string(), "-c", sql])
            .env("PGTZ", "UTC")
            .env("PGCLIENTENCODING", "UTF8")
            .output()
            .expect("psql runs");
        assert!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned()
    }

    /// A server program, as a user that PostgreSQL agrees to run as.
    fn command(&self, program: &str) -> Command {
        let program = self.binaries.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(&self.folder);
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let data = self.folder.join("data");
        let mut stop = self.command("pg_ctl");
        let _ = stop.arg("-D").arg(data).args(["-m", "immediate", "-w", "stop"]).stdout(Stdio::null()).status();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The user and group `nobody`, by number.
const NOBODY: &str = "65534";

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.starts_with(b"0\n"))
}

fn run(command: &mut Command) {
    // Not captured through a pipe: the server would keep it open.
    let status = command.stdout(Stdio::null()).status();
    assert!(status.as_ref().is_ok_and(|status| status.success()), "{command:?}: {status:?}");
}
