//! The open documents.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::Arc,
};

use nlq_config::{CONFIG_FILE, is_example_file, is_prompt_file};
use nlq_ide::LastRun;
use nlq_syntax::{Change, Document, Language, Options};
use nlq_text::Encoding;
use tower_lsp_server::ls_types::{TextDocumentContentChangeEvent, TextDocumentItem, Uri};

use super::convert;
use crate::session::Session;

/// What kind of file an open document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Prompts may be in it.
    Prompts,
    /// `nlq.yaml`.
    Config,
    /// `*.annotations.yaml`.
    Annotations,
    /// `.nlq/examples/*.yaml`.
    Examples,
    /// `.nlq/prompts/*.yaml`: what models are told.
    Templates,
}

/// One open document.
#[derive(Debug, Clone)]
pub(super) struct Open {
    /// The client's own spelling, echoed back.
    pub(super) uri: Uri,
    pub(super) version: i32,
    pub(super) kind: Kind,
    pub(super) document: Arc<Document>,
    pub(super) session: Option<Arc<Session>>,
    /// Last runs by query text.
    pub(super) runs: Arc<BTreeMap<String, LastRun>>,
    /// A task that publishes its diagnostics is under way; it will see the newest version.
    pub(super) publishing: bool,
}

/// The open documents by canonical key.
#[derive(Debug, Default)]
pub(super) struct Documents(HashMap<String, Open>);

/// One spelling for one document: `file:///c%3A/x` and `file:///C:/x` are the same.
pub(super) fn key(uri: &Uri) -> String {
    match path(uri) {
        Some(path) => path.to_string_lossy().into_owned(),
        None => uri.as_str().to_owned(),
    }
}

/// The path of a `file:` URI, its drive letter in upper case.
pub(super) fn path(uri: &Uri) -> Option<PathBuf> {
    if uri.scheme().as_str() != "file" {
        return None;
    }
    let path = uri.to_file_path()?.into_owned();
    let text = path.to_str()?;
    // Windows paths reach every platform's tests as `/c:/x`.
    let letter = text.strip_prefix('/').unwrap_or(text);
    let mut chars = letter.chars();
    if let (Some(drive), Some(':')) = (chars.next(), chars.next())
        && drive.is_ascii_lowercase()
    {
        let prefix = &text[..text.len() - letter.len()];
        return Some(PathBuf::from(format!("{prefix}{}{}", drive.to_ascii_uppercase(), &letter[1..])));
    }
    Some(path)
}

fn kind(path: &Path) -> Option<Kind> {
    let name = path.file_name()?.to_str()?;
    if name == CONFIG_FILE {
        Some(Kind::Config)
    } else if name.ends_with(".annotations.yaml") || name.ends_with(".annotations.yml") {
        Some(Kind::Annotations)
    } else if is_example_file(path) {
        Some(Kind::Examples)
    } else if is_prompt_file(path) {
        Some(Kind::Templates)
    } else {
        None
    }
}

impl Documents {
    pub(super) fn get(&self, uri: &Uri) -> Option<&Open> {
        self.0.get(&key(uri))
    }

    pub(super) fn get_mut(&mut self, uri: &Uri) -> Option<&mut Open> {
        self.0.get_mut(&key(uri))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Open> {
        self.0.values()
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Open> {
        self.0.values_mut()
    }

    /// Takes in an opened document; one of an unknown language is left alone. Returns whether it was taken.
    pub(super) fn open(&mut self, item: TextDocumentItem, session: Option<Arc<Session>>) -> bool {
        let path = path(&item.uri);
        let special = path.as_deref().and_then(kind);
        let language = match special {
            Some(_) => Some(Language::Yaml),
            None => Language::from_id(&item.language_id).or_else(|| Language::from_path(path.as_deref()?)),
        };
        let Some(language) = language else { return false };
        let trigger = session.as_ref().map(|session| session.view().config.trigger.clone());
        let options = trigger.map_or_else(Options::default, |trigger| Options { trigger });
        let open = Open {
            document: Arc::new(Document::new(&item.text, language, options)),
            version: item.version,
            kind: special.unwrap_or(Kind::Prompts),
            session,
            runs: Arc::default(),
            publishing: false,
            uri: item.uri,
        };
        self.0.insert(key(&open.uri), open);
        true
    }

    /// Applies the client's changes in order.
    pub(super) fn change(
        &mut self,
        uri: &Uri,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) {
        let Some(open) = self.get_mut(uri) else { return };
        let changes = changes.into_iter().map(|change| Change {
            range: change.range.map(|range| (convert::place(range.start), convert::place(range.end))),
            text: change.text,
        });
        Arc::make_mut(&mut open.document).change(changes, encoding);
        open.version = version;
    }

    pub(super) fn close(&mut self, uri: &Uri) -> bool {
        self.0.remove(&key(uri)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_uri_share_a_key() {
        let key = |text: &str| key(&text.parse().unwrap());
        assert_eq!(key("file:///c%3A/My%20Files/a.sql"), key("file:///C:/My%20Files/a.sql"));
        assert_eq!(key("file:///tmp/100%25%20sure.sql"), "/tmp/100% sure.sql");
        assert_eq!(key("untitled:Untitled-1"), "untitled:Untitled-1");
    }
}
