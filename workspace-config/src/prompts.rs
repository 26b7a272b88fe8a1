use serde_json::Value;

use crate::{
    Parsed,
    check::{check, sorted},
    declared::prompts::PROMPT,
    read::Reader,
    yaml::{self, Node},
};
use nlq_text::Span;

/// A prompt file.
#[derive(Debug, Clone, PartialEq)]
pub struct PromptFile {
    /// The prompt's name.
    pub name: String,
    /// The model profile that is asked; `default`.
    pub profile: String,
    /// The part that stays the same from question to question.
    pub system: Template,
    /// The part that changes.
    pub user: Template,
    /// Stands above the profile's.
    pub temperature: Option<f64>,
    /// Stands above the profile's.
    pub max_tokens: Option<u32>,
    /// The form of the reply; free text when none.
    pub output: Option<PromptOutput>,
}

/// A text with `{{variables}}`, and where it stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The text.
    pub text: String,
    /// Its range, quotes or block indicators included.
    pub span: Span,
}

/// The form of a reply.
#[derive(Debug, Clone, PartialEq)]
pub struct PromptOutput {
    /// What the form is called.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// JSON Schema: an object.
    pub schema: Value,
}

/// Reads a prompt file; none when it lacks its name or a text, which then is among the diagnostics.
pub fn parse_prompt(text: &str) -> Parsed<Option<PromptFile>> {
    let tree = yaml::parse(text);
    let value = PromptFile::read(Reader::new(Some(&tree.root), &PROMPT));
    let mut diagnostics = tree.diagnostics;
    if !tree.broken {
        diagnostics.extend(check(&tree.root, &PROMPT));
    }
    Parsed { value: value.filter(|_| !tree.broken), diagnostics: sorted(diagnostics) }
}

impl PromptFile {
    fn read(reader: Reader<'_>) -> Option<Self> {
        let output = reader.object("output");
        Some(Self {
            name: reader.text("name")?,
            profile: reader.text("profile")?,
            system: template(reader, "system")?,
            user: template(reader, "user")?,
            temperature: reader.optional("temperature"),
            max_tokens: reader.optional("max_tokens"),
            output: output
                .text("name")
                .zip(output.text("description"))
                .zip(output.free("schema"))
                .map(|((name, description), schema)| PromptOutput { name, description, schema }),
        })
    }
}

fn template(reader: Reader<'_>, name: &str) -> Option<Template> {
    let span = reader.node().and_then(|node| node.get(name)).map(|node: &Node| node.span)?;
    Some(Template { text: reader.text(name)?, span })
}
