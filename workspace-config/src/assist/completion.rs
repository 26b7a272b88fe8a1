use nlq_catalog::{Catalog, Table};
use nlq_text::Span;

use super::cursor::{Cursor, Step, cursor};
use crate::{
    Config,
    check::by_system,
    declared::{Key, Object, Presence, Shape, annotations, config, examples, prompts},
    parse_config,
    yaml::{self, Node, Value},
};

/// Tables and columns offered at most: an editor filters what it has, and thousands of rows only slow it down.
const MAX_OFFERED: usize = 2000;

/// One offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// What is listed, and what the typed word is compared with.
    pub label: String,
    /// What is written in place of `span`.
    pub insert: String,
    /// What it replaces: the word that the cursor touches.
    pub span: Span,
    /// What it is.
    pub kind: CompletionKind,
    /// What it means; Markdown.
    pub doc: String,
}

/// What a [`Completion`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompletionKind {
    /// A key.
    Key,
    /// One of the words that a value may be.
    Word,
    /// A connection of this file.
    Connection,
    /// A table.
    Table,
    /// A column, as `table.column`.
    Column,
}

/// What may stand at a place of `nlq.yaml`: keys, words, connections.
pub fn config_completions(text: &str, offset: usize) -> Vec<Completion> {
    complete(text, offset, &config::CONFIG, |key, siblings, offers| {
        let is_profile = key.name == "fallback" || (key.name == "model" && matches!(key.shape, Shape::Name));
        if is_profile {
            for profile in parse_config(&without_line(text, offset)).value.models.keys() {
                offers.add(CompletionKind::Word, profile, "A model profile.");
            }
        }
        if key.name != "default_connection" {
            return;
        }
        // A provider's default is one of its own connections.
        if let Some(connections) = siblings.and_then(|node| node.get("connections")) {
            for entry in connections.entries() {
                offers.add(CompletionKind::Connection, &entry.key, "");
            }
        } else {
            for (reference, _) in parse_config(&without_line(text, offset)).value.connections() {
                offers.add(CompletionKind::Connection, &reference.to_string(), "");
            }
        }
    })
}

/// What may stand at a place of an annotation file: keys, words, and the names of `catalog`.
pub fn annotation_completions(text: &str, offset: usize, catalog: Option<&Catalog>) -> Vec<Completion> {
    complete(text, offset, &annotations::FILE, |key, _, offers| {
        let Some(catalog) = catalog else { return };
        match key.name {
            "table" => add_tables(catalog, offers),
            "column" | "relationships" => {
                let columns =
                    tables(catalog).flat_map(|(name, table)| table.columns.iter().map(move |c| (name.clone(), c)));
                for (table, column) in columns.take(MAX_OFFERED) {
                    let doc = column.comment.as_deref().unwrap_or(&column.type_name);
                    offers.add(CompletionKind::Column, &format!("{table}.{}", column.name), doc);
                }
            }
            _ => {}
        }
    })
}

/// What may stand at a place of a prompt file: keys, words, and the model profiles of `config`.
pub fn prompt_completions(text: &str, offset: usize, config: &Config) -> Vec<Completion> {
    complete(text, offset, &prompts::PROMPT, |key, _, offers| {
        if key.name == "profile" {
            for profile in config.models.keys() {
                offers.add(CompletionKind::Word, profile, "A model profile of nlq.yaml.");
            }
        }
    })
}

/// What may stand at a place of an example file: keys, words, connections, and the tables of `catalog`.
pub fn example_completions(text: &str, offset: usize, config: &Config, catalog: Option<&Catalog>) -> Vec<Completion> {
    complete(text, offset, &examples::FILE, |key, _, offers| match key.name {
        "connection" => {
            for (reference, _) in config.connections() {
                offers.add(CompletionKind::Connection, &reference.to_string(), "");
            }
            for provider in config.providers.keys() {
                offers.add(CompletionKind::Connection, provider, "All connections of this provider.");
            }
        }
        "tables" => {
            if let Some(catalog) = catalog {
                add_tables(catalog, offers);
            }
        }
        _ => {}
    })
}

/// The tables of a schema by the names that files call them by.
fn tables(catalog: &Catalog) -> impl Iterator<Item = (String, &Table)> {
    catalog.table_ids().map(|(id, table)| {
        let schema = table.schema.as_deref().filter(|_| catalog.needs_schema(id));
        (schema.map_or(table.name.clone(), |schema| format!("{schema}.{}", table.name)), table)
    })
}

fn add_tables(catalog: &Catalog, offers: &mut Offers) {
    for (name, table) in tables(catalog).take(MAX_OFFERED) {
        offers.add(CompletionKind::Table, &name, table.comment.as_deref().unwrap_or_default());
    }
}

struct Offers {
    word: Span,
    list: Vec<Completion>,
}

impl Offers {
    fn add(&mut self, kind: CompletionKind, text: &str, doc: &str) {
        let (label, insert, doc) = (text.to_owned(), text.to_owned(), doc.to_owned());
        self.list.push(Completion { label, insert, span: self.word, kind, doc });
    }
}

fn complete(
    text: &str,
    offset: usize,
    root: &'static Object,
    names: impl FnOnce(&Key, Option<&Node>, &mut Offers),
) -> Vec<Completion> {
    let Some(cursor) = cursor(text, offset) else { return Vec::new() };
    // The line that is being typed is seldom valid; the others say what surrounds it.
    let tree = yaml::parse(&without_line(text, offset)).root;
    let mut offers = Offers { word: cursor.word, list: Vec::new() };
    match place(root, &tree, &cursor.path) {
        Some(Place::Keys(object)) if !cursor.value => keys(object, &cursor, &mut offers),
        Some(Place::Value(key, siblings)) => {
            for (word, doc) in key.shape.words() {
                offers.add(CompletionKind::Word, word, doc);
            }
            if matches!(key.shape, Shape::Password | Shape::TextOrReference) {
                references(&mut offers);
            }
            names(key, siblings, &mut offers);
        }
        _ => {}
    }
    offers.list
}

fn keys(object: &Object, cursor: &Cursor, offers: &mut Offers) {
    for key in object.keys.iter().filter(|key| !cursor.siblings.iter().any(|sibling| sibling == key.name)) {
        let nested = matches!(
            key.shape,
            Shape::Object(_) | Shape::Named(_) | Shape::NamedBySystem(_) | Shape::List(_) | Shape::Texts | Shape::Joins
        );
        let insert = match (cursor.column, &key.shape) {
            _ if cursor.colon => key.name.to_owned(),
            (Some(column), Shape::List(_) | Shape::Texts | Shape::Joins) => {
                format!("{}:\n{}- ", key.name, " ".repeat(column + 2))
            }
            (Some(column), _) if nested => format!("{}:\n{}", key.name, " ".repeat(column + 2)),
            _ => format!("{}: ", key.name),
        };
        let (label, doc, span) = (key.name.to_owned(), describe(key), offers.word);
        offers.list.push(Completion { label, insert, span, kind: CompletionKind::Key, doc });
    }
}

fn references(offers: &mut Offers) {
    for (word, doc) in [
        ("\"${env:NAME}\"", "The value of an environment variable."),
        ("\"${file:path}\"", "A file's content, without its last line end."),
        ("\"${keyring:service/user}\"", "An entry of the system's keyring."),
        ("\"${command:program args}\"", "What a program prints; it is started without a shell."),
    ] {
        offers.add(CompletionKind::Word, word, doc);
    }
}

/// A key's meaning as Markdown: what it is for, what it must be, its default.
pub(super) fn describe(key: &Key) -> String {
    let presence = match key.presence {
        Presence::Required => " Required.".into(),
        Presence::Optional => String::new(),
        Presence::Default(yaml) => format!(" Default: `{yaml}`."),
    };
    format!("{}\n\nMust be {}.{presence}", key.doc, key.shape.describe())
}

/// What stands at the end of a path.
enum Place<'a> {
    Keys(&'static Object),
    Names(&'static Object),
    Items(&'static Object),
    /// A value's key, and the mapping it stands in.
    Value(&'static Key, Option<&'a Node>),
}

fn place<'a>(root: &'static Object, tree: &'a Node, path: &[Step]) -> Option<Place<'a>> {
    let (mut here, mut node) = (Place::Keys(root), Some(tree));
    for step in path {
        let next = if let Step::Key(name) = step { node.and_then(|node| node.get(name)) } else { None };
        here = match (here, step) {
            (Place::Keys(object), Step::Key(name)) => {
                let key = object.key(name)?;
                match &key.shape {
                    Shape::Object(object) => Place::Keys(object),
                    Shape::Named(object) => Place::Names(object),
                    Shape::NamedBySystem(variants) => Place::Names(by_system(variants, node?)?),
                    Shape::List(object) => Place::Items(object),
                    _ => Place::Value(key, node),
                }
            }
            (Place::Names(object), Step::Key(_)) | (Place::Items(object), Step::Item(_)) => Place::Keys(object),
            (Place::Value(key, node), Step::Item(_)) => Place::Value(key, node),
            _ => return None,
        };
        node = next.filter(|node| node.value != Value::Null);
    }
    Some(here)
}

/// The text with the line of `offset` as blanks, so that all other ranges stay.
fn without_line(text: &str, offset: usize) -> String {
    let offset = offset.min(text.len());
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let end = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
    format!("{}{}{}", &text[..start], " ".repeat(end - start), &text[end..])
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::targets::tests::catalog;

    const SHOP: &str = "default_connection: A\nproviders:\n  shop:\n    type: sqlite\n    connections:\n      dev: { path: shop.db, B }\n  crm:\n    type: postgresql\n    default_connection: C\n    connections:\n      prod:\n        database: crm\n        user: u\n        tls: ver\n        D\n        host: h\n";

    /// The labels offered where `$0` stands in the text.
    fn offered(text: &str, complete: impl Fn(&str, usize) -> Vec<Completion>) -> String {
        let offset = text.find("$0").unwrap();
        let text = text.replacen("$0", "", 1);
        let offers = complete(&text, offset);
        let word = offers.first().map(|offer| offer.span.of(&text).to_owned()).unwrap_or_default();
        let labels: Vec<_> = offers.iter().map(|offer| offer.label.as_str()).collect();
        format!("{word:?}: {}", labels.join(" "))
    }

    fn config(text: &str, expected: Expect) {
        expected.assert_eq(&offered(text, config_completions));
        assert_eq!(
            offered(&text.replace('\n', "\r\n"), config_completions),
            offered(text, config_completions),
            "line ends make no difference"
        );
    }

    fn annotation(text: &str, expected: Expect) {
        let catalog = catalog();
        expected.assert_eq(&offered(text, |text, offset| annotation_completions(text, offset, Some(&catalog))));
    }

    #[test]
    fn keys_words_and_connections_of_the_configuration() {
        config(
            "$0",
            expect![[
                r#""": workspace trigger default_connection providers models budget prices orchestrator agents engine observability annotations"#
            ]],
        );
        config(
            "trig$0\nworkspace: x\n",
            expect![[
                r#""trig": trigger default_connection providers models budget prices orchestrator agents engine observability annotations"#
            ]],
        );
        config(
            "orchestrator:\n  max_iterations: 3\n  $0\n",
            expect![[r#""": confidence_threshold clarification_threshold use_model trace_level"#]],
        );
        config(&SHOP.replace('A', "sh$0"), expect![[r#""sh": crm/prod shop/dev"#]]);
        config(&SHOP.replace('B', "$0"), expect![[r#""": sample_values"#]]);
        config(&SHOP.replace('C', "$0"), expect![[r#""": prod"#]]);
        config(&SHOP.replace("tls: ver", "tls: ver$0"), expect![[r#""ver": disable prefer require verify-full"#]]);
        config(&SHOP.replace('D', "pa$0"), expect![[r#""pa": port password schemas sample_values"#]]);
        config(
            &SHOP.replace("user: u", "user: $0"),
            expect![[r#""": "${env:NAME}" "${file:path}" "${keyring:service/user}" "${command:program args}""#]],
        );
        config(
            "providers:\n  shop:\n    type: $0",
            expect![[r#""": sqlite postgresql mongodb splunk dynamodb opensearch elasticsearch custom sql"#]],
        );
        config(
            "agents: { validator: { max_result_rows: 1, max$0 } }",
            expect![[
                r#""max": model temperature execution_timeout_seconds max_result_bytes compared_readings comparison_timeout_seconds"#
            ]],
        );
        config("# comment $0", expect![[r#""": "#]]);
        config("providers:\n  $0", expect![[r#""": "#]]);
    }

    #[test]
    fn keys_and_names_of_annotations() {
        annotation(
            "annotations:\n  - $0",
            expect![[
                r#""": table column description business_terms examples relationships date_format enum_values sensitive provider_id created_by created_at updated_at"#
            ]],
        );
        annotation("annotations:\n- table: or$0\n", expect![[r#""or": customers orders"#]]);
        annotation(
            "annotations:\n  - column: $0\n    sensitive: true\n",
            expect![[
                r#""": customers.id customers.name orders.id orders.customer_id orders.status orders.total_amount orders.größe"#
            ]],
        );
        annotation("annotations:\n  - column: a.b\n    sensitive: $0\n", expect![[r#""": true false"#]]);
        annotation(
            "annotations:\n  - table: a\n    $0\n    sensitive: true\n  - table: b\n    description: x\n",
            expect![[
                r#""": column description business_terms examples relationships date_format enum_values provider_id created_by created_at updated_at"#
            ]],
        );
        annotation(
            "annotations:\n  - table: a\n    relationships:\n      - orders.customer_id -> cu$0\n",
            expect![[
                r#""cu": customers.id customers.name orders.id orders.customer_id orders.status orders.total_amount orders.größe"#
            ]],
        );
        annotation(
            "annotations:\n  - table: a\n    relationships: [\"orders.customer_id -> cu$0\"]\n",
            expect![[
                r#""cu": customers.id customers.name orders.id orders.customer_id orders.status orders.total_amount orders.größe"#
            ]],
        );
        annotation("terms:\n- {name: x, $0}\n", expect![[r#""": synonyms description table condition"#]]);
    }

    #[test]
    fn a_key_brings_what_follows_it() {
        let offers = config_completions("a: b\nprov", 9);
        let providers = offers.iter().find(|offer| offer.label == "providers").unwrap();
        assert_eq!((providers.insert.as_str(), providers.span), ("providers:\n  ", Span::new(5, 9)));
        assert_eq!(config_completions("tri: x", 2)[1].insert, "trigger");
        assert!(offers.iter().any(|offer| offer.insert == "trigger: " && offer.doc.contains("Default: `nlq`")));
    }

    proptest::proptest! {
        #[test]
        fn no_place_makes_it_panic(text in "[a: {}\\[\\],\\-\\n\r#'\"ü💣]{0,60}", offset in 0..80_usize) {
            config_completions(&text, offset);
            crate::config_hover(&text, offset);
        }
    }
}
