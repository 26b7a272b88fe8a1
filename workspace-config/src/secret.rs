use std::{
    fmt,
    io::Read,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use nlq_text::did_you_mean;

use crate::Trusted;

/// A program that does not answer within this is stopped: long enough for a vault's round trip, short enough to wait for.
const PROGRAM_LIMIT: Duration = Duration::from_secs(10);

/// Bytes of a secret at most: passwords and tokens are far smaller, and a wrong path may name a huge file.
const MAX_BYTES: u64 = 64 << 10;

const KINDS: [&str; 4] = ["env", "file", "keyring", "command"];

/// A setting that is written as it is, or as a reference to a secret: `${env:NAME}`, `${file:path}`,
/// `${keyring:service/user}`, `${command:program args}`. Its `Debug` shows the reference, never a resolved value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// Written as it is (never for passwords).
    Literal(String),
    /// An environment variable.
    Env(String),
    /// A file's content without its last line end, relative to the workspace.
    File(String),
    /// The system's keyring.
    Keyring {
        /// Service.
        service: String,
        /// User.
        user: String,
    },
    /// What a program prints, without its last line end. It is started without a shell; words are split at spaces,
    /// `'...'` and `"..."` keep them together.
    Command(String),
}

/// Why a secret could not be had; never contains one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(pub String);

/// The reference as it is written.
impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretRef::Literal(text) => f.write_str(text),
            SecretRef::Env(name) => write!(f, "${{env:{name}}}"),
            SecretRef::File(path) => write!(f, "${{file:{path}}}"),
            SecretRef::Keyring { service, user } => write!(f, "${{keyring:{service}/{user}}}"),
            SecretRef::Command(line) => write!(f, "${{command:{line}}}"),
        }
    }
}

impl SecretRef {
    /// Reads a setting's text. The error says what is wrong without repeating the text, with a mend where there is one.
    pub(crate) fn parse(text: &str) -> Result<Self, (String, Option<String>)> {
        let fail = |message: String| Err((message, None));
        if !text.contains("${") {
            return Ok(SecretRef::Literal(text.to_owned()));
        }
        let Some(inner) = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) else {
            return fail("a reference must be the whole value, as in `${env:NAME}`".into());
        };
        let Some((kind, target)) = inner.split_once(':') else {
            let instead = (!inner.is_empty() && is_variable(inner)).then(|| format!("${{env:{inner}}}"));
            return Err(("a reference names its kind: `${env:NAME}`, `${file:path}` and so on".into(), instead));
        };
        if !KINDS.contains(&kind) {
            let near = did_you_mean(kind, KINDS);
            let message = "a reference is one of `env`, `file`, `keyring` and `command`".to_owned();
            return Err((message, near.map(|near| format!("${{{near}:{target}}}"))));
        }
        if target.trim().is_empty() {
            return fail(format!("the reference `${{{kind}:...}}` names nothing"));
        }
        match kind {
            "env" if is_variable(target) => Ok(SecretRef::Env(target.into())),
            "env" => fail("an environment variable is named with letters, digits and `_`".into()),
            "file" => Ok(SecretRef::File(target.into())),
            "keyring" => match target.split_once('/') {
                Some((service, user)) if !service.is_empty() && !user.is_empty() => {
                    Ok(SecretRef::Keyring { service: service.into(), user: user.into() })
                }
                _ => fail("a keyring reference is written `${keyring:service/user}`".into()),
            },
            _ if split_words(target).is_none() => fail("a quote in this command is not closed".into()),
            _ => Ok(SecretRef::Command(target.into())),
        }
    }

    /// The value. `root` is the workspace's folder. Programs get ten seconds.
    ///
    /// Blocks: reads files and waits for programs. Call it on a thread that may wait.
    pub fn resolve(&self, root: &Path, _: &Trusted) -> Result<String, SecretError> {
        let fail = |why: String| Err(SecretError(format!("cannot resolve {self}: {why}")));
        let value = match self {
            SecretRef::Literal(text) => return Ok(text.clone()),
            SecretRef::Env(name) => match std::env::var(name) {
                Ok(value) => return Ok(value),
                Err(std::env::VarError::NotPresent) => {
                    return fail(format!("set the environment variable {name} before nlq starts"));
                }
                Err(std::env::VarError::NotUnicode(_)) => return fail(format!("{name} is not UTF-8 text")),
            },
            SecretRef::File(path) => read_file(&root.join(path)),
            SecretRef::Keyring { service, user } => match keyring_command(service, user) {
                Some(words) => run(&words, root),
                None => Err("this system's keyring cannot be read; use ${env:...} or ${command:...}".into()),
            },
            SecretRef::Command(line) => {
                split_words(line).ok_or_else(|| "a quote is not closed".into()).and_then(|words| run(&words, root))
            }
        };
        value.map(without_line_end).or_else(fail)
    }
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|ch| ch.is_ascii_alphanumeric() || ch == '_')
}

fn without_line_end(mut text: String) -> String {
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    text
}

fn read_file(path: &Path) -> Result<String, String> {
    let file = std::fs::File::open(path).map_err(|error| format!("cannot open {}: {error}", path.display()))?;
    let bytes = read_some(file).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    secret_text(bytes)
}

fn read_some(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn secret_text(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("it is longer than {} KiB, so hardly a secret", MAX_BYTES >> 10));
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".into())
}

/// The platform's own tool: a link to a keyring library would cost every user its weight.
fn keyring_command(service: &str, user: &str) -> Option<Vec<String>> {
    let words: &[&str] = if cfg!(target_os = "macos") {
        &["security", "find-generic-password", "-s", service, "-a", user, "-w"]
    } else if cfg!(unix) {
        &["secret-tool", "lookup", "service", service, "username", user]
    } else {
        return None;
    };
    Some(words.iter().map(|&word| word.into()).collect())
}

/// Splits a command into words; none when a quote is not closed.
fn split_words(line: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for ch in line.chars() {
        match quote {
            Some(open) if ch == open => quote = None,
            Some(_) => word.get_or_insert_default().push(ch),
            None if ch == '"' || ch == '\'' => {
                quote = Some(ch);
                word.get_or_insert_default();
            }
            None if ch.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(ch),
        }
    }
    words.extend(word);
    (quote.is_none() && !words.is_empty()).then_some(words)
}

fn run(words: &[String], root: &Path) -> Result<String, String> {
    run_within(words, root, PROGRAM_LIMIT)
}

fn run_within(words: &[String], root: &Path, limit: Duration) -> Result<String, String> {
    let (program, arguments) = words.split_first().ok_or("it names no program")?;
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root).stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("there is no program {program} on the PATH: install it"),
        _ => format!("cannot start {program}: {error}"),
    })?;
    let Some(stdout) = child.stdout.take() else { return Err(format!("{program} has no output")) };
    let deadline = Instant::now() + limit;
    let (send, receive) = mpsc::channel();
    // Not joined: a grandchild may keep the pipe open after the program was stopped.
    thread::spawn(move || send.send(read_some(stdout)));
    let output = receive.recv_timeout(limit);
    let status = if output.is_ok() { wait_until(&mut child, deadline) } else { None };
    let (Ok(output), Some(status)) = (output, status) else {
        // Both fail only when the program has ended already.
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("{program} did not answer within {} seconds", limit.as_secs()));
    };
    if !status.success() {
        return Err(format!("{program} failed ({status})"));
    }
    secret_text(output.map_err(|error| format!("cannot read what {program} prints: {error}"))?)
}

fn wait_until(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use expect_test::expect;

    use super::*;
    use crate::TrustStore;

    fn resolve(text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret.txt"), "hunter2 \r\n").unwrap();
        fs::write(folder.path().join("huge.txt"), "x".repeat(70_000)).unwrap();
        let trusted = TrustStore::in_folder(folder.path()).accept(&folder.path().join("nlq.yaml"), "").unwrap();
        let reference = SecretRef::parse(text).unwrap();
        assert_eq!(reference.to_string(), text);
        let result = reference.resolve(folder.path(), &trusted);
        result.unwrap_or_else(|error| error.to_string().replace(&folder.path().display().to_string(), "ROOT"))
    }

    #[test]
    fn references_resolve_or_say_why_not() {
        assert_eq!(resolve("localhost"), "localhost");
        assert_eq!(resolve("${file:secret.txt}"), "hunter2 ");
        assert_eq!(resolve("${env:CARGO_PKG_NAME}"), "nlq-config");
        let failures = ["${env:NLQ_NOT_SET}", "${file:none.txt}", "${file:huge.txt}", "${command:nlq-no-such-program}"];
        expect![[r#"
            cannot resolve ${env:NLQ_NOT_SET}: set the environment variable NLQ_NOT_SET before nlq starts
            cannot resolve ${file:none.txt}: cannot open ROOT/none.txt: No such file or directory (os error 2)
            cannot resolve ${file:huge.txt}: it is longer than 64 KiB, so hardly a secret
            cannot resolve ${command:nlq-no-such-program}: there is no program nlq-no-such-program on the PATH: install it"#]].assert_eq(&failures.map(resolve).join("\n"));
    }

    #[cfg(unix)]
    #[test]
    fn commands_run_without_a_shell_and_only_their_output_counts() {
        assert_eq!(resolve("${command:printf '%s|%s\n' \"a b\" $HOME}"), "a b|$HOME");
        assert_eq!(resolve("${command:cat secret.txt}"), "hunter2 ");
        let failed = resolve("${command:sh -c 'echo hunter2; echo hunter2 >&2; exit 3'}");
        assert!(failed.ends_with("sh failed (exit status: 3)"), "{failed}");
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_hangs_is_stopped() {
        let folder = tempfile::tempdir().unwrap();
        let words = ["sleep".to_owned(), "600".to_owned()];
        let error = run_within(&words, folder.path(), Duration::from_millis(50)).unwrap_err();
        assert!(error.starts_with("sleep did not answer"), "{error}");
    }

    #[test]
    fn mistaken_references_are_explained_without_their_text() {
        let mistakes =
            ["a${env:X}", "${X}", "${env:}", "${env:a-b}", "${evn:X}", "${vault:X}", "${keyring:x}", "${command:a 'b}"];
        let shown = mistakes.map(|text| format!("{text}: {:?}\n", SecretRef::parse(text).unwrap_err()));
        expect![[r#"
            a${env:X}: ("a reference must be the whole value, as in `${env:NAME}`", None)
            ${X}: ("a reference names its kind: `${env:NAME}`, `${file:path}` and so on", Some("${env:X}"))
            ${env:}: ("the reference `${env:...}` names nothing", None)
            ${env:a-b}: ("an environment variable is named with letters, digits and `_`", None)
            ${evn:X}: ("a reference is one of `env`, `file`, `keyring` and `command`", Some("${env:X}"))
            ${vault:X}: ("a reference is one of `env`, `file`, `keyring` and `command`", None)
            ${keyring:x}: ("a keyring reference is written `${keyring:service/user}`", None)
            ${command:a 'b}: ("a quote in this command is not closed", None)
        "#]]
        .assert_eq(&shown.concat());
    }
}
