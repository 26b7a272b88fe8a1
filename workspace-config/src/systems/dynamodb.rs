use crate::{
    SecretRef,
    declared::{Key, Object, Shape},
    read::Reader,
    systems::{
        SAMPLE_VALUES,
        http::{CA_FILE, HttpTls, VERIFY},
    },
};

pub(super) static DYNAMODB: Object = Object {
    name: "dynamodb",
    doc: "Tables of Amazon DynamoDB in one region of one account.",
    keys: &[
        Key::new("region", Shape::TextOrReference, "The region, such as `eu-central-1`.")
            .required()
            .others(&["aws_region", "region_name"]),
        Key::new(
            "endpoint",
            Shape::TextOrReference,
            "Where DynamoDB is, when not at the region's own address: a local one for tests, as in \
             `http://localhost:8000`, or a private one.",
        )
        .others(&["url", "endpoint_url", "host", "base_url"]),
        Key::new(
            "access_key_id",
            Shape::TextOrReference,
            "The access key's id; best of a user that may only read. Without it the environment's `AWS_ACCESS_KEY_ID`, \
             `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN` are used.",
        )
        .others(&["aws_access_key_id", "access_key", "user"]),
        Key::new(
            "secret_access_key",
            Shape::Password,
            "The secret access key, as a reference to where it is kept: never written here. Nothing is resolved before \
             the workspace is trusted.",
        )
        .others(&["aws_secret_access_key", "secret_key", "password"]),
        Key::new("session_token", Shape::Password, "The session token of temporary keys, as a reference.")
            .others(&["aws_session_token", "token"]),
        Key::new("tables", Shape::Texts, "Tables to read; all of the region when none is named.").default("[]"),
        Key::new(
            "sample_size",
            Shape::Integer { min: 0, max: 100_000 },
            "Items of each table that are read to learn which attributes there are, of which types: reading the schema \
             costs read units. With 0 only keys are known.",
        )
        .default("1000"),
        Key::new(
            "scan_limit",
            Shape::Integer { min: 0, max: 1_000_000_000 },
            "Items that a table may have for a question without a key, which reads all of it, to be answered; larger \
             tables need a key. Refresh the schema after a change.",
        )
        .default("10000"),
        VERIFY,
        CA_FILE,
        SAMPLE_VALUES,
    ],
};

/// Tables of DynamoDB. Text settings may be secrets too.
#[derive(Debug, Clone, PartialEq)]
pub struct DynamoDbConfig {
    /// The region.
    pub region: SecretRef,
    /// The address, where it is not the region's own.
    pub endpoint: Option<SecretRef>,
    /// The access key's id; the environment's when none.
    pub access_key_id: Option<SecretRef>,
    /// The access key: always a reference, never a literal.
    pub secret_access_key: Option<SecretRef>,
    /// The session token of temporary keys.
    pub session_token: Option<SecretRef>,
    /// Tables to read; all when empty.
    pub tables: Vec<String>,
    /// Items of each table that are looked at; 1,000.
    pub sample_size: u32,
    /// Items of a table that a query may read without a key; 10,000.
    pub scan_limit: u64,
    /// How much its certificate is trusted.
    pub tls: HttpTls,
}

impl DynamoDbConfig {
    pub(super) fn read(reader: Reader<'_>) -> Option<Self> {
        Some(Self {
            region: reader.reference("region")?,
            endpoint: reader.reference("endpoint"),
            access_key_id: reader.reference("access_key_id"),
            secret_access_key: reader.reference("secret_access_key"),
            session_token: reader.reference("session_token"),
            tables: reader.texts("tables"),
            sample_size: reader.number("sample_size"),
            scan_limit: reader.number("scan_limit"),
            tls: HttpTls::read(reader),
        })
    }

    pub(super) fn described(&self) -> String {
        let at = self.endpoint.as_ref().map(|endpoint| format!(" at {endpoint}")).unwrap_or_default();
        let by = self.access_key_id.as_ref().map_or("the environment's keys".to_owned(), ToString::to_string);
        format!("region {}{at}, by {by}", self.region)
    }

    pub(super) fn secrets(&self) -> Vec<(&'static str, &SecretRef)> {
        let optional = [
            ("endpoint", &self.endpoint),
            ("access_key_id", &self.access_key_id),
            ("secret_access_key", &self.secret_access_key),
            ("session_token", &self.session_token),
        ];
        let given = optional.into_iter().filter_map(|(name, secret)| Some((name, secret.as_ref()?)));
        std::iter::once(("region", &self.region)).chain(given).collect()
    }
}
