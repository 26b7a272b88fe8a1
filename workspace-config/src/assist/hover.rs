use nlq_text::Span;

use super::completion::describe;
use crate::{
    check::by_system,
    declared::{Object, Shape, annotations, config, examples, prompts},
    yaml::{self, Entry, Node},
};

/// What a key or word of `nlq.yaml` means, as Markdown, with the range it stands in.
pub fn config_hover(text: &str, offset: usize) -> Option<(Span, String)> {
    object(&config::CONFIG, &yaml::parse(text).root, offset)
}

/// What a key or word of an annotation file means, as Markdown, with the range it stands in.
pub fn annotation_hover(text: &str, offset: usize) -> Option<(Span, String)> {
    object(&annotations::FILE, &yaml::parse(text).root, offset)
}

/// What a key or word of an example file means, as Markdown, with the range it stands in.
pub fn example_hover(text: &str, offset: usize) -> Option<(Span, String)> {
    object(&examples::FILE, &yaml::parse(text).root, offset)
}

/// What a key of a prompt file means, as Markdown, with the range it stands in.
pub fn prompt_hover(text: &str, offset: usize) -> Option<(Span, String)> {
    object(&prompts::PROMPT, &yaml::parse(text).root, offset)
}

fn object(declared: &'static Object, node: &Node, offset: usize) -> Option<(Span, String)> {
    let entry = node.entries().iter().find(|entry| entry.key_span.to(entry.node.span).touches(offset))?;
    let key = declared.key(&entry.key)?;
    if entry.key_span.touches(offset) {
        return Some((entry.key_span, format!("**{}**\n\n{}", key.name, describe(key))));
    }
    let value = &entry.node;
    match &key.shape {
        Shape::Object(declared) => object(declared, value, offset),
        Shape::Named(declared) => named(declared, value, offset),
        Shape::NamedBySystem(variants) => named(by_system(variants, node)?, value, offset),
        Shape::List(declared) => object(declared, value.items().iter().find(|item| item.span.touches(offset))?, offset),
        shape => {
            let (word, doc) = shape.words().iter().find(|(word, _)| value.text() == Some(word))?;
            Some((value.span, format!("**{word}**\n\n{doc}")))
        }
    }
}

fn named(declared: &'static Object, node: &Node, offset: usize) -> Option<(Span, String)> {
    let touched = |entry: &&Entry| entry.key_span.to(entry.node.span).touches(offset);
    let entry = node.entries().iter().find(touched)?;
    if entry.key_span.touches(offset) {
        return Some((entry.key_span, format!("**{}**\n\n{}", entry.key, declared.doc)));
    }
    object(declared, &entry.node, offset)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: Expect) {
        let offset = text.find("$0").unwrap();
        let text = text.replacen("$0", "", 1);
        let hover = config_hover(&text, offset).or_else(|| annotation_hover(&text, offset));
        expected.assert_eq(&hover.map_or("nothing".into(), |(span, doc)| format!("{:?} {doc}", span.of(&text))));
    }

    #[test]
    fn keys_names_and_words_are_explained() {
        check(
            "orchestrator: { max_it$0erations: 5 }",
            expect![[r#"
            "max_iterations" **max_iterations**

            Attempts to repair a query at most.

            Must be a whole number from 1 to 20. Default: `5`."#]],
        );
        check(
            "providers:\n  shop:\n    type: sql$0ite\n",
            expect![[r#"
            "sqlite" **sqlite**

            A SQLite 3 file."#]],
        );
        check(
            "providers:\n  sh$0op:\n    type: sqlite\n",
            expect![[r#"
            "shop" **shop**

            One system with its connections, such as development and production."#]],
        );
        let connection = "providers:\n  ü:\n    type: postgresql\n    connections: { dev: { database: x, T } }\n";
        check(
            &connection.replace('T', "tls: verify-full$0"),
            expect![[r#"
            "verify-full" **verify-full**

            Always, and the certificate and the host name are checked."#]],
        );
        check(
            "annotations:\n  - table: x\n  - column: a.b\n    date_fo$0rmat: x\n",
            expect![[r#"
            "date_format" **date_format**

            How dates are written in the column, such as `YYYYMMDD`.

            Must be text."#]],
        );
        check("workspace: sh$0op", expect!["nothing"]);
        check("nonsense$0: [", expect!["nothing"]);
    }
}
