//! Every system that a connection can be: what `nlq.yaml` says of it, declared and read in one file each.

mod custom;
mod dynamodb;
mod http;
mod mongodb;
mod postgresql;
mod search;
mod splunk;
mod sqlite;

use std::path::Path;

use nlq_catalog::Dialect;

use crate::{
    SecretRef,
    declared::{Key, Object, Shape},
    read::Reader,
};

pub use custom::CustomConfig;
pub use dynamodb::DynamoDbConfig;
pub use http::HttpTls;
pub use mongodb::MongodbConfig;
pub use postgresql::{PostgresConfig, TlsMode};
pub use search::SearchConfig;
pub use splunk::SplunkConfig;
pub use sqlite::SqliteConfig;

/// The keys of a connection, by its provider's `type`.
pub(crate) static SYSTEMS: [(&str, &Object); 8] = [
    ("sqlite", &sqlite::SQLITE),
    ("postgresql", &postgresql::POSTGRESQL),
    ("mongodb", &mongodb::MONGODB),
    ("splunk", &splunk::SPLUNK),
    ("dynamodb", &dynamodb::DYNAMODB),
    ("opensearch", &search::OPENSEARCH),
    ("elasticsearch", &search::ELASTICSEARCH),
    ("custom", &custom::CUSTOM),
];

const SQLITE_WORD: (&str, &str) = ("sqlite", "A SQLite 3 file.");
const POSTGRESQL_WORD: (&str, &str) = ("postgresql", "A PostgreSQL server, version 13 or later.");

/// What `type` may be.
pub(crate) const TYPES: &[(&str, &str)] = &[
    SQLITE_WORD,
    POSTGRESQL_WORD,
    ("mongodb", "A MongoDB server, version 5 or later, or what speaks its protocol."),
    ("splunk", "Splunk Enterprise or Splunk Cloud, version 8.2 or later."),
    ("dynamodb", "Tables of Amazon DynamoDB, asked in PartiQL."),
    ("opensearch", "An OpenSearch cluster, version 2 or later."),
    ("elasticsearch", "An Elasticsearch cluster, version 7.10 or later."),
    ("custom", "A program of your own that speaks JSON-RPC on its standard input and output."),
    ("sql", "The SQL system that `dialect` names."),
];

/// What `dialect` may be, for `type: sql`.
pub(crate) const SQL_DIALECTS: &[(&str, &str)] = &[SQLITE_WORD, POSTGRESQL_WORD];

pub(crate) const SAMPLE_VALUES: Key = Key::new(
    "sample_values",
    Shape::Bool,
    "Keep the distinct values of columns that have few of them in the schema snapshot, so that questions can name \
     them. Columns annotated as sensitive are never sampled.",
)
.default("true");

/// How to reach a system.
#[derive(Debug, Clone, PartialEq)]
pub enum ConnectionKind {
    /// A SQLite file.
    Sqlite(SqliteConfig),
    /// A PostgreSQL server.
    Postgresql(PostgresConfig),
    /// A MongoDB server.
    Mongodb(MongodbConfig),
    /// A Splunk deployment.
    Splunk(SplunkConfig),
    /// Tables of DynamoDB.
    DynamoDb(DynamoDbConfig),
    /// A cluster of OpenSearch or Elasticsearch.
    Search(SearchConfig),
    /// A program of the user's own.
    Custom(CustomConfig),
}

impl ConnectionKind {
    /// None when something without which it cannot be used is missing or wrong.
    pub(crate) fn read(reader: Reader<'_>) -> Option<Self> {
        Some(match reader.system() {
            "sqlite" => Self::Sqlite(SqliteConfig::read(reader)?),
            "mongodb" => Self::Mongodb(MongodbConfig::read(reader)?),
            "splunk" => Self::Splunk(SplunkConfig::read(reader)?),
            "dynamodb" => Self::DynamoDb(DynamoDbConfig::read(reader)?),
            "opensearch" => Self::Search(SearchConfig::read(reader, Dialect::Opensearch)?),
            "elasticsearch" => Self::Search(SearchConfig::read(reader, Dialect::Elasticsearch)?),
            "custom" => Self::Custom(CustomConfig::read(reader)?),
            _ => Self::Postgresql(PostgresConfig::read(reader)?),
        })
    }

    /// What it speaks.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgresql(_) => Dialect::Postgresql,
            Self::Mongodb(_) => Dialect::Mongodb,
            Self::Splunk(_) => Dialect::Splunk,
            Self::DynamoDb(_) => Dialect::Dynamodb,
            Self::Search(cluster) => cluster.dialect,
            Self::Custom(custom) => custom.dialect,
        }
    }

    /// What is reached, in a few words for people who decide whether to trust it; no secrets.
    pub fn described(&self, root: &Path) -> String {
        let what = match self {
            Self::Sqlite(sqlite) => sqlite.described(root),
            Self::Postgresql(server) => server.described(),
            Self::Mongodb(server) => server.described(),
            Self::Splunk(server) => server.described(),
            Self::DynamoDb(tables) => tables.described(),
            Self::Search(cluster) => cluster.described(),
            Self::Custom(custom) => custom.described(),
        };
        format!("{}, {what}", self.dialect().title())
    }

    /// Settings that may be secrets, with their names.
    pub fn secrets(&self) -> Vec<(&str, &SecretRef)> {
        match self {
            Self::Sqlite(_) => Vec::new(),
            Self::Postgresql(server) => server.secrets(),
            Self::Mongodb(server) => server.secrets(),
            Self::Splunk(server) => server.secrets(),
            Self::DynamoDb(tables) => tables.secrets(),
            Self::Search(cluster) => cluster.secrets(),
            Self::Custom(custom) => custom.secrets(),
        }
    }
}
