use std::collections::BTreeMap;

use nlq_catalog::Dialect;

use crate::{
    SecretRef,
    declared::{Key, Object, Shape},
    read::Reader,
    systems::SAMPLE_VALUES,
};

pub(super) static CUSTOM: Object = Object {
    name: "custom",
    doc: "A program of your own that speaks JSON-RPC on its standard input and output.",
    keys: &[
        Key::new(
            "command",
            Shape::Texts,
            "The program and its arguments, started without a shell in this file's folder, once the workspace is trusted.",
        )
        .required()
        .others(&["program", "cmd", "exec", "executable"]),
        Key::new(
            "dialect",
            Shape::Word(&[
                ("sqlite", "SQL as SQLite reads it."),
                ("postgresql", "SQL as PostgreSQL reads it."),
                ("splunk", "Splunk's SPL."),
                ("mongodb", "MongoDB aggregation in the shell's form."),
                ("opensearch", "Search requests of OpenSearch."),
                ("elasticsearch", "Search requests of Elasticsearch."),
                ("dynamodb", "DynamoDB's PartiQL."),
            ]),
            "What the program's queries are written in: nlq writes, checks and guards them in this language.",
        )
        .required()
        .others(&["language", "query_language"]),
        Key::new(
            "settings",
            Shape::Settings,
            "Settings that the program is given when it starts, as it names them; each text or a reference to a secret.",
        ),
        SAMPLE_VALUES,
    ],
};

/// A program that is a provider.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomConfig {
    /// The program and its arguments; never empty.
    pub command: Vec<String>,
    /// What its queries are written in.
    pub dialect: Dialect,
    /// What it is given when it starts, by the program's own names.
    pub settings: BTreeMap<String, SecretRef>,
}

impl CustomConfig {
    pub(super) fn read(reader: Reader<'_>) -> Option<Self> {
        let command = reader.texts("command");
        let dialect = Dialect::from_name(&reader.text("dialect")?)?;
        (!command.is_empty()).then(|| Self { command, dialect, settings: reader.references("settings") })
    }

    pub(super) fn described(&self) -> String {
        format!("by the program {}", self.command.join(" "))
    }

    pub(super) fn secrets(&self) -> Vec<(&str, &SecretRef)> {
        self.settings.iter().map(|(name, secret)| (name.as_str(), secret)).collect()
    }
}
