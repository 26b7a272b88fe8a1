//! Holds a tree against the declared keys and says everything that is wrong. Values are never repeated in messages:
//! any of them may be a secret that stands in the wrong place.

use globset::Glob;
use nlq_text::{Diagnostic, Edit, Fix, Span, did_you_mean};

use crate::{
    SecretRef,
    declared::{Key, Object, Presence, Shape},
    yaml::{Entry, Node, Value},
};

/// Everything wrong below `root`, in the order of the text.
pub(crate) fn check(root: &Node, object: &'static Object) -> Vec<Diagnostic> {
    let mut checker = Checker { names: Vec::new(), found: Vec::new() };
    let start = root.entries().first().map_or(Span::at(root.span.start), |entry| entry.key_span);
    if root.value == Value::Null {
        checker.missing(start, root, object);
    } else {
        checker.object(start, root, object, "the file");
    }
    sorted(checker.found)
}

/// In the order of the text, each once: an alias shows the same mistake again.
pub(crate) fn sorted(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span.start, diagnostic.span.end));
    diagnostics.dedup();
    diagnostics
}

/// Why a single value does not fit, with the text that would.
pub(crate) struct Problem {
    code: &'static str,
    message: String,
    instead: Option<String>,
}

impl Problem {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), instead: None }
    }

    fn instead(self, text: Option<String>) -> Self {
        Self { instead: text, ..self }
    }
}

/// Why a written value does not fit what its key declares. Lists and mappings are only judged by their kind.
pub(crate) fn problem(key: &Key, node: &Node) -> Option<Problem> {
    let name = key.name;
    let must = || format!("`{name}` must be {}", key.shape.describe());
    let wrong = || Some(Problem::new("wrong-type", must()));
    let (text, plain) = match (&node.value, &key.shape) {
        (Value::Null, _) => return None,
        (
            Value::Map(_),
            Shape::Free | Shape::Settings | Shape::Object(_) | Shape::Named(_) | Shape::NamedBySystem(_),
        ) => return None,
        (Value::List(_), Shape::Texts | Shape::Globs | Shape::Joins | Shape::List(_)) => return None,
        (Value::Scalar { text, plain }, _) => (text.as_str(), *plain),
        _ => return wrong(),
    };
    match &key.shape {
        Shape::Text if text.starts_with("${") => {
            let message = format!("`{name}` cannot be a reference: write the value itself");
            Some(Problem::new("bad-reference", message))
        }
        Shape::Text => password_inside(text, false).then(|| literal_password(name)),
        Shape::Name if is_name(text) => None,
        Shape::Name => Some(Problem::new("bad-name", must())),
        Shape::TextOrReference => match SecretRef::parse(text) {
            Err(problem) => Some(bad_reference(problem)),
            Ok(SecretRef::Literal(_)) if password_inside(text, name == "user") => Some(literal_password(name)),
            Ok(_) => None,
        },
        Shape::Password => match SecretRef::parse(text) {
            Err(problem) => Some(bad_reference(problem)),
            Ok(SecretRef::Literal(_)) => {
                let message = "a password or key must not be written here: write a reference such as `${env:NAME}`, \
                               and change it if this file was shared";
                Some(Problem::new("literal-password", message))
            }
            Ok(_) => None,
        },
        Shape::Bool => match (boolean(text), text.to_ascii_lowercase().as_str()) {
            (Some(_), _) if plain => None,
            (Some(value), _) => wrong().map(|problem| problem.instead(Some(value.to_string()))),
            (None, "yes" | "on" | "y" | "1") => wrong().map(|problem| problem.instead(Some("true".into()))),
            (None, "no" | "off" | "n" | "0") => wrong().map(|problem| problem.instead(Some("false".into()))),
            _ => wrong(),
        },
        Shape::Integer { min, max } => match text.replace('_', "").parse::<i64>() {
            Ok(number) if !(*min..=*max).contains(&number) => Some(Problem::new("out-of-range", must())),
            Ok(_) if plain && !text.contains('_') => None,
            Ok(number) => wrong().map(|problem| problem.instead(Some(number.to_string()))),
            Err(_) => wrong(),
        },
        Shape::Number { min, max } => match text.parse::<f64>() {
            Ok(number) if (*min..=*max).contains(&number) && plain => None,
            Ok(number) if (*min..=*max).contains(&number) => {
                wrong().map(|problem| problem.instead(Some(number.to_string())))
            }
            Ok(_) => Some(Problem::new("out-of-range", must())),
            Err(_) => wrong(),
        },
        Shape::Word(words) if words.iter().any(|(word, _)| *word == text) => None,
        Shape::Word(words) => {
            let near = did_you_mean(text, words.iter().map(|(word, _)| *word));
            let meant = near.map(|word| format!("; did you mean `{word}`?")).unwrap_or_default();
            let problem = Problem::new("unknown-word", must() + &meant);
            Some(problem.instead(near.map(str::to_owned)))
        }
        Shape::Texts | Shape::Globs | Shape::Joins => {
            let quoted = serde_json::Value::from(text).to_string();
            wrong().map(|problem| problem.instead(Some(format!("[{quoted}]"))))
        }
        _ => wrong(),
    }
}

/// What a setting of another program may be: by its name alone it may be a password.
fn setting_shape(name: &str) -> Shape {
    const SECRETS: [&str; 8] = ["password", "passwd", "passphrase", "pwd", "secret", "token", "credential", "apikey"];
    let bare: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    if SECRETS.iter().any(|word| bare.contains(word)) || bare.ends_with("key") {
        Shape::Password
    } else {
        Shape::TextOrReference
    }
}

/// Why one text of a list does not fit.
pub(crate) fn item_problem(shape: &Shape, text: &str) -> Option<(&'static str, String)> {
    match shape {
        Shape::Globs => {
            Glob::new(text).err().map(|error| ("bad-glob", format!("this is not a glob: {}", error.kind())))
        }
        Shape::Joins => crate::annotations::join_sides(text)
            .is_none()
            .then(|| ("bad-relationship", "write a relationship as `table.column -> table.column`".into())),
        _ => None,
    }
}

/// True or false as YAML 1.2 writes them.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// Letters, digits, `_` and `-`: safe in file names and in `provider/connection`.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|ch| ch.is_alphanumeric() || ch == '_' || ch == '-')
}

/// A name as a message may show it: cut short, and hidden where it could hold a password.
pub(crate) fn shown(name: &str) -> String {
    if name.contains("://") || name.contains('@') {
        return "this".into();
    }
    let short: String = name.chars().take(60).collect();
    if short.len() < name.len() { format!("`{short}…`") } else { format!("`{short}`") }
}

/// A fix that replaces a range.
pub(crate) fn change_to(span: Span, text: &str) -> Fix {
    Fix { title: format!("Change to `{text}`"), edits: vec![Edit { span, text: text.into() }] }
}

fn bad_reference((message, instead): (String, Option<String>)) -> Problem {
    Problem::new("bad-reference", message).instead(instead.map(|reference| format!("\"{reference}\"")))
}

fn literal_password(name: &str) -> Problem {
    let message = format!(
        "`{name}` holds a password: take it out and set `password` to a reference such as `${{env:NAME}}`, and change \
         the password if this file was shared"
    );
    Problem::new("literal-password", message)
}

/// A URL with `user:password@`, `host` written like one, libpq's `password=...`, or `user:password` as a user's name.
fn password_inside(text: &str, user: bool) -> bool {
    let spelled = text.to_ascii_lowercase().split_once("password=").is_some_and(|(_, rest)| !rest.trim().is_empty());
    let authority = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
    // Prose has spaces; a name of a host or a user, or a URL, has none.
    let login = authority.rsplit_once('@').is_some_and(|(login, _)| {
        login
            .split(char::is_whitespace)
            .next_back()
            .and_then(|login| login.split_once(':'))
            .is_some_and(|(_, p)| !p.is_empty())
    });
    spelled || login || (user && text.split_once(':').is_some_and(|(_, rest)| !rest.is_empty()))
}

/// The kind of mapping that `NamedBySystem` holds beside these siblings.
pub(crate) fn by_system(
    variants: &'static [(&'static str, &'static Object)],
    siblings: &Node,
) -> Option<&'static Object> {
    let word = |key| siblings.get(key).and_then(Node::text);
    let system = match word("type")? {
        "sql" => word("dialect")?,
        other => other,
    };
    variants.iter().find(|(name, _)| *name == system).map(|(_, object)| *object)
}

struct Checker<'a> {
    /// The names chosen by the user on the way here: provider, connection.
    names: Vec<&'a str>,
    found: Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    fn object(&mut self, owner: Span, node: &'a Node, object: &'static Object, name: &str) {
        match &node.value {
            Value::Map(_) => {}
            Value::Null => return self.missing(owner, node, object),
            _ => {
                let place = if node.span.is_empty() { owner } else { node.span };
                let message = format!("{name} must be a mapping of {}", listed(object));
                self.found.push(Diagnostic::error(place, "wrong-type", message));
                return;
            }
        }
        let free: Vec<&'static Key> = object.keys.iter().filter(|key| node.get(key.name).is_none()).collect();
        for entry in node.entries() {
            match object.key(&entry.key) {
                Some(key) => self.value(entry, key, node),
                // A place for anchors that aliases repeat, as in Compose files.
                None if entry.key.starts_with("x-") => {}
                None => self.unknown(entry, &free, object),
            }
        }
        self.missing(owner, node, object);
    }

    fn missing(&mut self, owner: Span, node: &Node, object: &Object) {
        for key in object.keys.iter().filter(|key| key.presence == Presence::Required) {
            let entry = node.entry(key.name);
            if entry.is_none_or(|entry| entry.node.is_blank()) {
                let place = entry.map_or(owner, |entry| entry.key_span);
                let message = format!("`{}` is missing: it must be {}", key.name, key.shape.describe());
                self.found.push(Diagnostic::error(place, "missing-key", message));
            }
        }
    }

    /// `free` are the keys of the object that are not written yet.
    fn unknown(&mut self, entry: &'a Entry, free: &[&'static Key], object: &Object) {
        let free = free.iter().copied();
        let alias = free.clone().find(|key| key.others.iter().any(|other| other.eq_ignore_ascii_case(&entry.key)));
        let near = alias.map(|key| key.name).or_else(|| did_you_mean(&entry.key, free.map(|key| key.name)));
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", listed(object)),
        };
        let message = format!("{} is not a key here: {hint}", shown(&entry.key));
        let mut found = Diagnostic::error(entry.key_span, "unknown-key", message);
        if let Some(near) = near {
            found = found.with_fix(change_to(entry.key_span, near));
        }
        self.found.push(found);
        // A password under another key's name is still a password.
        let meant = alias.or_else(|| near.and_then(|near| object.key(near)));
        if let Some(problem) = meant.and_then(|key| problem(key, &entry.node)).filter(|p| p.code == "literal-password")
        {
            self.report(entry, problem, meant);
        } else if entry.node.text().is_some_and(|text| password_inside(text, false)) {
            self.report(entry, literal_password(&entry.key), None);
        }
    }

    /// `key` is what the entry is, or was most likely meant to be.
    fn report(&mut self, entry: &Entry, problem: Problem, key: Option<&Key>) {
        let place = entry.place();
        let mut found = Diagnostic::error(place, problem.code, problem.message);
        if let Some(text) = problem.instead {
            found = found.with_fix(change_to(place, &text));
        } else if problem.code == "literal-password"
            && let Some(Key { shape: Shape::Password, name, .. }) = key
        {
            let name = self.names.iter().chain([name]).map(|name| variable(name)).collect::<Vec<_>>();
            // In quotes, which inside braces it needs.
            found = found.with_fix(change_to(place, &format!("\"${{env:{}}}\"", name.join("_"))));
        }
        self.found.push(found);
    }

    fn value(&mut self, entry: &'a Entry, key: &'static Key, siblings: &'a Node) {
        if let Some(problem) = problem(key, &entry.node) {
            return self.report(entry, problem, Some(key));
        }
        match &key.shape {
            Shape::Object(object) if !entry.node.entries().is_empty() => {
                self.object(entry.key_span, &entry.node, object, &format!("`{}`", key.name));
            }
            Shape::List(object) => {
                for item in entry.node.items() {
                    let owner = item.entries().first().map_or(item.span, |entry| entry.key_span);
                    let owner = if owner.is_empty() { entry.key_span } else { owner };
                    self.object(owner, item, object, &format!("each of `{}`", key.name));
                }
            }
            Shape::Named(object) => self.named(entry, object),
            Shape::NamedBySystem(variants) => {
                if let Some(object) = by_system(variants, siblings) {
                    self.named(entry, object);
                } else if siblings.get("type").and_then(Node::text) == Some("sql") && siblings.get("dialect").is_none()
                {
                    let place = siblings.entry("type").map_or(entry.key_span, Entry::place);
                    let message = "`type: sql` needs `dialect`: `sqlite` or `postgresql`";
                    self.found.push(Diagnostic::error(place, "missing-key", message));
                }
            }
            Shape::Settings => {
                for setting in entry.node.entries() {
                    let key = Key::new("settings", setting_shape(&setting.key), "");
                    if let Some(problem) = problem(&key, &setting.node) {
                        self.report(setting, problem, None);
                    }
                }
            }
            Shape::Texts | Shape::Globs | Shape::Joins => {
                for item in entry.node.items() {
                    let problem = match item.text() {
                        Some(text) => item_problem(&key.shape, text),
                        None => Some(("wrong-type", format!("each of `{}` must be text", key.name))),
                    };
                    if let Some((code, message)) = problem {
                        let place = if item.span.is_empty() { entry.key_span } else { item.span };
                        self.found.push(Diagnostic::error(place, code, message));
                    }
                }
            }
            _ => {}
        }
    }

    fn named(&mut self, entry: &'a Entry, object: &'static Object) {
        for named in entry.node.entries() {
            if !is_name(&named.key) {
                let message = "a name here has only letters, digits, `_` and `-`";
                self.found.push(Diagnostic::error(named.key_span, "bad-name", message));
            }
            // A model's key is commonly named after its service.
            self.names.push(named.node.get("service").and_then(Node::text).unwrap_or(&named.key));
            self.object(named.key_span, &named.node, object, &shown(&named.key));
            self.names.pop();
        }
    }
}

/// A name as part of an environment variable's.
fn variable(name: &str) -> String {
    name.chars().map(|ch| if ch.is_ascii_alphanumeric() { ch.to_ascii_uppercase() } else { '_' }).collect()
}

fn listed(object: &Object) -> String {
    object.keys.iter().map(|key| format!("`{}`", key.name)).collect::<Vec<_>>().join(", ")
}
