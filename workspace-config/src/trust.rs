use std::{
    collections::BTreeMap,
    env,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Proof that the user trusts the present content of a workspace's `nlq.yaml`. Whoever resolves a secret, opens a
/// connection or starts a program asks for one; only a [`TrustStore`] makes one.
#[derive(Debug, Clone)]
pub struct Trusted(());

/// Whether a workspace may act.
#[derive(Debug, Clone)]
pub enum TrustState {
    /// The present content was accepted.
    Trusted(Trusted),
    /// Never accepted.
    Unknown,
    /// Another content was accepted before.
    Changed,
}

/// The trusted workspaces of this user: path and SHA-256 of each `nlq.yaml`, in the user's state folder (or
/// `NLQ_STATE_DIR`).
#[derive(Debug, Clone)]
pub struct TrustStore {
    /// None when the user has no folder for it; then nothing is trusted.
    file: Option<PathBuf>,
}

/// The store could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}", file.display())]
pub struct TrustError {
    action: &'static str,
    file: PathBuf,
    source: io::Error,
}

/// The store's file: canonical path of each `nlq.yaml` and the SHA-256 of its accepted content, in hex.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Accepted {
    trusted: BTreeMap<PathBuf, String>,
}

impl TrustStore {
    /// The store of this user.
    pub fn open() -> Self {
        Self { file: state_folder().map(|folder| folder.join("trust.json")) }
    }

    /// A store in a folder of its own (tests).
    pub fn in_folder(folder: &Path) -> Self {
        Self { file: Some(folder.join("trust.json")) }
    }

    /// The user's state folder, which the store stands in.
    pub fn folder(&self) -> Option<&Path> {
        self.file.as_deref().and_then(Path::parent)
    }

    /// Whether the present content of a workspace's `nlq.yaml` was accepted.
    pub fn check(&self, config_file: &Path, content: &str) -> TrustState {
        let accepted = self.file.as_deref().and_then(|file| read(file).ok()).unwrap_or_default();
        match accepted.trusted.get(&canonical(config_file)) {
            Some(hash) if *hash == digest(content) => TrustState::Trusted(Trusted(())),
            Some(_) => TrustState::Changed,
            None => TrustState::Unknown,
        }
    }

    /// Accepts the present content.
    pub fn accept(&self, config_file: &Path, content: &str) -> Result<Trusted, TrustError> {
        self.change(|trusted| {
            trusted.insert(canonical(config_file), digest(content));
        })?;
        Ok(Trusted(()))
    }

    /// Takes trust back.
    pub fn revoke(&self, config_file: &Path) -> Result<(), TrustError> {
        self.change(|trusted| {
            trusted.remove(&canonical(config_file));
        })
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<PathBuf, String>)) -> Result<(), TrustError> {
        let Some(file) = &self.file else {
            let source = io::Error::new(io::ErrorKind::NotFound, "there is no home folder; set NLQ_STATE_DIR");
            return Err(TrustError { action: "keep", file: "trust.json".into(), source });
        };
        let failed = |action| move |source| TrustError { action, file: file.clone(), source };
        let folder = file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(failed("make the folder of"))?;
        // Two programs may accept at once; the lock goes with the file handle.
        let lock = File::create(folder.join("trust.lock")).map_err(failed("lock"))?;
        lock.lock().map_err(failed("lock"))?;
        let mut accepted = match read(file) {
            Ok(accepted) => accepted,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                fs::rename(file, file.with_extension("json.bak")).map_err(failed("set aside the damaged"))?;
                Accepted::default()
            }
            Err(error) => return Err(failed("read")(error)),
        };
        change(&mut accepted.trusted);
        write(file, folder, &accepted).map_err(failed("write"))
    }
}

/// What is accepted; nothing when there is no file. A damaged file is `InvalidData`.
fn read(file: &Path) -> io::Result<Accepted> {
    match fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Accepted::default()),
        Err(error) => Err(error),
    }
}

/// Whole or not at all: into a file beside it that only this user can read, then renamed.
fn write(file: &Path, folder: &Path, accepted: &Accepted) -> io::Result<()> {
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer_pretty(&mut new, accepted)?;
    new.write_all(b"\n")?;
    new.as_file().sync_all()?;
    new.persist(file)?;
    Ok(())
}

/// One name for a file however its folder is reached. A link to a trusted file is not that file: relative paths and
/// programs in it mean another folder's.
fn canonical(file: &Path) -> PathBuf {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    match (file.parent().map(fs::canonicalize), file.file_name()) {
        (Some(Ok(folder)), Some(name)) => folder.join(name),
        _ => file,
    }
}

fn digest(content: &str) -> String {
    format!("{:x}", Sha256::digest(content))
}

/// Where the platform keeps a program's state. Never inside the working folder: a repository could bring its own trust.
fn state_folder() -> Option<PathBuf> {
    let folder = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(own) = folder("NLQ_STATE_DIR") {
        return std::path::absolute(own).ok();
    }
    let absolute = |name| folder(name).filter(|path| path.is_absolute());
    let base = if cfg!(windows) {
        absolute("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        env::home_dir().map(|home| home.join("Library/Application Support"))
    } else {
        absolute("XDG_STATE_HOME").or_else(|| env::home_dir().map(|home| home.join(".local/state")))
    };
    base.filter(|base| base.is_absolute()).map(|base| base.join("nlq"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_is_for_the_exact_content_of_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = TrustStore::in_folder(&folder.path().join("state"));
        let (one, two) = (folder.path().join("one.yaml"), folder.path().join("two.yaml"));
        fs::write(&one, "a").unwrap();
        assert!(matches!(store.check(&one, "a"), TrustState::Unknown));
        store.accept(&one, "a").unwrap();
        store.accept(&two, "b").unwrap();
        assert!(matches!(store.check(&folder.path().join(".").join("one.yaml"), "a"), TrustState::Trusted(_)));
        assert!(matches!(store.check(&one, "a "), TrustState::Changed));
        store.revoke(&one).unwrap();
        assert!(matches!(store.check(&one, "a"), TrustState::Unknown));
        assert!(matches!(store.check(&two, "b"), TrustState::Trusted(_)));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_trusted_file_is_not_trusted_in_its_own_folder() {
        let folder = tempfile::tempdir().unwrap();
        let store = TrustStore::in_folder(&folder.path().join("state"));
        let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
        fs::create_dir_all(&ours).unwrap();
        fs::create_dir_all(&theirs).unwrap();
        fs::write(ours.join("nlq.yaml"), "a").unwrap();
        store.accept(&ours.join("nlq.yaml"), "a").unwrap();
        std::os::unix::fs::symlink("../ours/nlq.yaml", theirs.join("nlq.yaml")).unwrap();
        assert!(matches!(store.check(&theirs.join("nlq.yaml"), "a"), TrustState::Unknown));
        std::os::unix::fs::symlink("ours", folder.path().join("same")).unwrap();
        assert!(matches!(store.check(&folder.path().join("same/nlq.yaml"), "a"), TrustState::Trusted(_)));
    }

    #[test]
    fn a_damaged_store_trusts_nothing_and_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let store = TrustStore::in_folder(folder.path());
        let file = folder.path().join("nlq.yaml");
        fs::write(folder.path().join("trust.json"), "{ damaged").unwrap();
        assert!(matches!(store.check(&file, "a"), TrustState::Unknown));
        store.accept(&file, "a").unwrap();
        assert!(matches!(store.check(&file, "a"), TrustState::Trusted(_)));
        assert_eq!(fs::read_to_string(folder.path().join("trust.json.bak")).unwrap(), "{ damaged");
    }

    #[test]
    fn without_a_folder_nothing_is_trusted() {
        let store = TrustStore { file: None };
        let error = store.accept(Path::new("nlq.yaml"), "a").unwrap_err();
        assert!(error.to_string().contains("NLQ_STATE_DIR"));
        assert!(matches!(store.check(Path::new("nlq.yaml"), "a"), TrustState::Unknown));
    }
}
