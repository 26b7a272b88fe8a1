//! Typed values of a checked tree: what is written where it fits, else the declared default.

use std::{borrow::Cow, collections::BTreeMap};

use nlq_text::Span;

use crate::{
    SecretRef,
    check::{boolean, item_problem, problem},
    declared::{Key, Object, Shape},
    schema::json_of,
    yaml::{self, Entry, Node},
};

/// A mapping that may not be there.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    node: Option<&'a Node>,
    object: &'static Object,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(node: Option<&'a Node>, object: &'static Object) -> Self {
        Self { node, object }
    }

    fn key(&self, name: &str) -> Option<&'static Key> {
        let key = self.object.key(name);
        debug_assert!(key.is_some(), "{name} is not declared in {}", self.object.name);
        key
    }

    fn written(&self, name: &str) -> Option<&'a Node> {
        let node = self.node?.get(name).filter(|node| !node.is_blank())?;
        self.key(name).is_some_and(|key| problem(key, node).is_none()).then_some(node)
    }

    fn value(&self, name: &str) -> Option<Cow<'a, Node>> {
        let default = || Some(Cow::Owned(yaml::parse(self.key(name)?.default_text()?).root));
        self.written(name).map(Cow::Borrowed).or_else(default)
    }

    /// The key as it is written, with its value's range.
    pub(crate) fn entry(&self, name: &str) -> Option<&'a Entry> {
        self.node?.entry(name)
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.value(name)?.text().map(str::to_owned)
    }

    pub(crate) fn bool(&self, name: &str) -> bool {
        self.value(name).and_then(|node| boolean(node.text()?)).unwrap_or_default()
    }

    /// A number as the type that the setting has; declared ranges keep it inside.
    pub(crate) fn number<T: std::str::FromStr + Default>(&self, name: &str) -> T {
        self.value(name).and_then(|node| node.text()?.parse().ok()).unwrap_or_default()
    }

    /// A number that may be missing.
    pub(crate) fn optional<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.value(name)?.text()?.parse().ok()
    }

    /// A mapping of any keys, as JSON.
    pub(crate) fn free(&self, name: &str) -> Option<serde_json::Value> {
        self.written(name).map(json_of)
    }

    pub(crate) fn reference(&self, name: &str) -> Option<SecretRef> {
        SecretRef::parse(self.value(name)?.text()?).ok()
    }

    /// Every setting of a mapping of settings that fits.
    pub(crate) fn references(&self, name: &str) -> BTreeMap<String, SecretRef> {
        let entries = self.written(name).map_or(&[][..], Node::entries).iter();
        entries.filter_map(|entry| Some((entry.key.clone(), SecretRef::parse(entry.node.text()?).ok()?))).collect()
    }

    /// The texts of a list, without those that do not fit; a lone text is a list of one.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let lone = self.node.and_then(|node| node.get(name)).filter(|node| node.text().is_some());
        let Some(list) = lone.map(Cow::Borrowed).or_else(|| self.value(name)) else { return Vec::new() };
        let shape = self.key(name).map_or(&Shape::Texts, |key| &key.shape);
        let items = if list.text().is_some() { std::slice::from_ref(&*list) } else { list.items() };
        items
            .iter()
            .filter_map(Node::text)
            .filter(|text| item_problem(shape, text).is_none())
            .map(str::to_owned)
            .collect()
    }

    pub(crate) fn object(&self, name: &str) -> Reader<'a> {
        match self.key(name).map(|key| &key.shape) {
            Some(Shape::Object(object)) => Reader::new(self.written(name), object),
            _ => Reader::new(None, self.object),
        }
    }

    /// The mappings of a list.
    pub(crate) fn list(&self, name: &str) -> Vec<Reader<'a>> {
        match self.key(name).map(|key| &key.shape) {
            Some(Shape::List(object)) => {
                let items = self.written(name).map_or(&[][..], Node::items).iter();
                items.map(|item| Reader::new(Some(item), object)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The mappings under names, with the range of each name.
    pub(crate) fn named(&self, name: &str) -> Vec<(&'a str, Span, Reader<'a>)> {
        match self.key(name).map(|key| &key.shape) {
            Some(Shape::Named(object)) => {
                let entries = self.written(name).map_or(&[][..], Node::entries).iter();
                let read =
                    |entry: &'a Entry| (entry.key.as_str(), entry.key_span, Reader::new(Some(&entry.node), object));
                entries.map(read).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The kind of mapping, as its declaration calls it.
    pub(crate) fn system(&self) -> &'static str {
        self.object.name
    }

    pub(crate) fn node(&self) -> Option<&'a Node> {
        self.node
    }
}
