//! Every setting, declared once: reading, checking, JSON Schemas, the settings page, completion and hover work from
//! these tables.

pub(crate) mod annotations;
pub(crate) mod config;
pub(crate) mod editor;
pub(crate) mod examples;
pub(crate) mod models;
pub(crate) mod observability;
pub(crate) mod prompts;

/// A kind of mapping and the keys it may have.
#[derive(Debug)]
pub(crate) struct Object {
    /// Its name in the JSON Schema.
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) keys: &'static [Key],
}

/// One key of a mapping.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) shape: Shape,
    pub(crate) presence: Presence,
    /// Names that other tools give it: suggested, never read.
    pub(crate) others: &'static [&'static str],
}

/// Whether a key must be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Required,
    Optional,
    /// The default, as YAML.
    Default(&'static str),
}

/// What a value may be.
#[derive(Debug)]
pub(crate) enum Shape {
    Text,
    /// A word that can be part of a file name and of `provider/connection`: letters, digits, `_`, `-`.
    Name,
    /// Text, or a reference to a secret.
    TextOrReference,
    /// Only a reference to a secret.
    Password,
    Bool,
    Integer {
        min: i64,
        max: i64,
    },
    Number {
        min: f64,
        max: f64,
    },
    /// One of these words, each with its meaning.
    Word(&'static [(&'static str, &'static str)]),
    Texts,
    /// Texts, each a glob.
    Globs,
    /// Texts, each `table.column -> table.column`.
    Joins,
    /// A mapping of any keys and values.
    Free,
    /// A mapping from names that another program chooses to texts or references; what is named like a password must be a
    /// reference.
    Settings,
    Object(&'static Object),
    List(&'static Object),
    /// A mapping from names that the user chooses.
    Named(&'static Object),
    /// The same; the kind is that of the system that the surrounding mapping's `type` (or `dialect`) names.
    NamedBySystem(&'static [(&'static str, &'static Object)]),
}

impl Object {
    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Key {
    pub(crate) const fn new(name: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self { name, doc, shape, presence: Presence::Optional, others: &[] }
    }

    pub(crate) const fn required(self) -> Self {
        Self { presence: Presence::Required, ..self }
    }

    pub(crate) const fn default(self, yaml: &'static str) -> Self {
        Self { presence: Presence::Default(yaml), ..self }
    }

    pub(crate) const fn others(self, others: &'static [&'static str]) -> Self {
        Self { others, ..self }
    }

    /// The default as a person reads it.
    pub(crate) fn default_text(&self) -> Option<&'static str> {
        match self.presence {
            Presence::Default(yaml) => Some(yaml),
            _ => None,
        }
    }
}

impl Shape {
    /// The words that the value is one of.
    pub(crate) fn words(&self) -> &'static [(&'static str, &'static str)] {
        match self {
            Shape::Word(words) => words,
            Shape::Bool => &[("true", "Yes."), ("false", "No.")],
            _ => &[],
        }
    }

    /// What a value must be, as the end of a sentence.
    pub(crate) fn describe(&self) -> String {
        match self {
            Shape::Text => "text".into(),
            Shape::Name => "a name of letters, digits, `_` and `-`".into(),
            Shape::TextOrReference => "text or a reference such as `${env:NAME}`".into(),
            Shape::Password => {
                "a reference: `${env:NAME}`, `${file:path}`, `${keyring:service/user}` or `${command:program args}`"
                    .into()
            }
            Shape::Bool => "`true` or `false`".into(),
            Shape::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Shape::Number { min, max } => format!("a number from {min} to {max}"),
            Shape::Word(words) => {
                let words: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
                match words.split_last() {
                    Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
                    _ => words.join(""),
                }
            }
            Shape::Texts => "a list of texts".into(),
            Shape::Globs => "a list of globs".into(),
            Shape::Joins => "a list of `table.column -> table.column`".into(),
            Shape::Free | Shape::Object(_) => "a mapping".into(),
            Shape::Settings => "a mapping from names to texts or references".into(),
            Shape::List(_) => "a list of mappings".into(),
            Shape::Named(_) | Shape::NamedBySystem(_) => "a mapping from names".into(),
        }
    }
}
