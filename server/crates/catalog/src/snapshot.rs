use serde::{Deserialize, Serialize};

use crate::Catalog;

/// Written into every snapshot; a file of another version is refused with a sentence that says to refresh it.
pub const SNAPSHOT_VERSION: u32 = 1;

/// Why a snapshot could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Not JSON, or not of the right shape.
    #[error("the schema snapshot is damaged ({0}): run `nlq schema refresh`")]
    Damaged(#[from] serde_json::Error),
    /// Written by another version of nlq.
    #[error("the schema snapshot has version {0}, this nlq reads version {SNAPSHOT_VERSION}: run `nlq schema refresh`")]
    Version(u32),
}

#[derive(Serialize, Deserialize)]
struct Snapshot<C> {
    #[serde(rename = "nlq_snapshot")]
    version: u32,
    fingerprint: String,
    #[serde(flatten)]
    catalog: C,
}

impl Catalog {
    /// The snapshot file's text: JSON, one item a line, ending in a newline, so that drift reads well in a review.
    pub fn to_snapshot(&self) -> String {
        let snapshot = Snapshot { version: SNAPSHOT_VERSION, fingerprint: self.fingerprint(), catalog: self };
        let mut text = serde_json::to_string_pretty(&snapshot).expect("a catalog is plain data");
        text.push('\n');
        text
    }

    /// Reads a snapshot file's text.
    pub fn from_snapshot(text: &str) -> Result<Self, SnapshotError> {
        let version: Version = serde_json::from_str(text)?;
        if version.nlq_snapshot != SNAPSHOT_VERSION {
            return Err(SnapshotError::Version(version.nlq_snapshot));
        }
        Ok(serde_json::from_str::<Snapshot<Catalog>>(text)?.catalog)
    }
}

#[derive(Deserialize)]
struct Version {
    nlq_snapshot: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_reads_back_and_damage_is_said() {
        let catalog = Catalog::default();
        assert_eq!(Catalog::from_snapshot(&catalog.to_snapshot()).unwrap(), catalog);
        let newer = catalog.to_snapshot().replace("\"nlq_snapshot\": 1", "\"nlq_snapshot\": 9");
        assert!(Catalog::from_snapshot(&newer).unwrap_err().to_string().contains("version 9"));
        assert!(Catalog::from_snapshot("{").unwrap_err().to_string().contains("nlq schema refresh"));
    }
}
