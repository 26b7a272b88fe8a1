use serde::{Deserialize, Serialize};

/// What a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// SQLite 3.
    #[default]
    Sqlite,
    /// PostgreSQL 13 and later.
    Postgresql,
    /// Splunk's Search Processing Language, Splunk Enterprise 9 and Splunk Cloud.
    Splunk,
    /// MongoDB 5 and later: aggregation pipelines as the shell writes them.
    Mongodb,
    /// OpenSearch 2 and later: a search request as its developer tools write it.
    Opensearch,
    /// Elasticsearch 7.10 and later: the same form.
    Elasticsearch,
    /// DynamoDB's PartiQL.
    Dynamodb,
}

/// A family of dialects that is read and written the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QueryLanguage {
    /// SQL.
    Sql,
    /// Splunk's Search Processing Language.
    Spl,
    /// MongoDB aggregation, in the shell's form.
    Mongodb,
    /// Search requests of OpenSearch and Elasticsearch: a line with method and path, then a JSON body.
    QueryDsl,
    /// Amazon's PartiQL for DynamoDB.
    Partiql,
}

/// Every language: how fences and editors call it, first the name that nlq writes.
const LANGUAGES: &[(QueryLanguage, &[&str])] = &[
    (
        QueryLanguage::Sql,
        &["sql", "sqlite", "sqlite3", "postgresql", "postgres", "pgsql", "plpgsql", "mysql", "mariadb"],
    ),
    (QueryLanguage::Spl, &["spl", "splunk", "splunk-spl"]),
    (QueryLanguage::Mongodb, &["mongodb", "mongo", "mongosh"]),
    (QueryLanguage::QueryDsl, &["opensearch", "elasticsearch", "querydsl", "es-console"]),
    (QueryLanguage::Partiql, &["partiql", "dynamodb"]),
];

impl Dialect {
    /// Every dialect.
    pub const ALL: [Self; 7] = [
        Self::Sqlite,
        Self::Postgresql,
        Self::Splunk,
        Self::Mongodb,
        Self::Opensearch,
        Self::Elasticsearch,
        Self::Dynamodb,
    ];

    /// The name as it stands in files.
    pub fn name(self) -> &'static str {
        match self {
            Dialect::Sqlite => "sqlite",
            Dialect::Postgresql => "postgresql",
            Dialect::Splunk => "splunk",
            Dialect::Mongodb => "mongodb",
            Dialect::Opensearch => "opensearch",
            Dialect::Elasticsearch => "elasticsearch",
            Dialect::Dynamodb => "dynamodb",
        }
    }

    /// The dialect of a name as it stands in files.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name().eq_ignore_ascii_case(name))
    }

    /// The name as a person writes it.
    pub fn title(self) -> &'static str {
        match self {
            Dialect::Sqlite => "SQLite",
            Dialect::Postgresql => "PostgreSQL",
            Dialect::Splunk => "Splunk",
            Dialect::Mongodb => "MongoDB",
            Dialect::Opensearch => "OpenSearch",
            Dialect::Elasticsearch => "Elasticsearch",
            Dialect::Dynamodb => "DynamoDB",
        }
    }

    /// What its queries are written in.
    pub fn language(self) -> QueryLanguage {
        match self {
            Dialect::Sqlite | Dialect::Postgresql => QueryLanguage::Sql,
            Dialect::Splunk => QueryLanguage::Spl,
            Dialect::Mongodb => QueryLanguage::Mongodb,
            Dialect::Opensearch | Dialect::Elasticsearch => QueryLanguage::QueryDsl,
            Dialect::Dynamodb => QueryLanguage::Partiql,
        }
    }

    /// What a fenced block of its queries is called.
    pub fn fence(self) -> &'static str {
        match self {
            Dialect::Elasticsearch => "elasticsearch",
            other => other.language().fence(),
        }
    }
}

impl QueryLanguage {
    /// The language of a name as fences and editors write it.
    pub fn from_fence(name: &str) -> Option<Self> {
        LANGUAGES.iter().find(|(_, names)| names.iter().any(|known| known.eq_ignore_ascii_case(name))).map(|row| row.0)
    }

    /// What a fenced block of it is called.
    pub fn fence(self) -> &'static str {
        LANGUAGES.iter().find(|row| row.0 == self).map_or("", |row| row.1[0])
    }

    /// As a person writes it.
    pub fn title(self) -> &'static str {
        match self {
            QueryLanguage::Sql => "SQL",
            QueryLanguage::Spl => "SPL",
            QueryLanguage::Mongodb => "MongoDB aggregation",
            QueryLanguage::QueryDsl => "Query DSL",
            QueryLanguage::Partiql => "PartiQL",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back() {
        for dialect in Dialect::ALL {
            assert_eq!(Dialect::from_name(dialect.name()), Some(dialect));
            assert_eq!(QueryLanguage::from_fence(dialect.fence()), Some(dialect.language()));
        }
        assert_eq!(QueryLanguage::from_fence("Postgres"), Some(QueryLanguage::Sql));
        assert_eq!(QueryLanguage::from_fence("python"), None);
    }
}
