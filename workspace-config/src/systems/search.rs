use nlq_catalog::Dialect;

use crate::{
    HttpTls, SecretRef,
    declared::{Key, Object, Shape},
    read::Reader,
    systems::{SAMPLE_VALUES, http},
};

const KEYS: &[Key] = &[
    Key::new("url", Shape::TextOrReference, "Address of the cluster, such as `https://search.example.com:9200`.")
        .required()
        .others(&["host", "hostname", "server", "address", "endpoint", "node"]),
    Key::new("user", Shape::TextOrReference, "User name; best a user that may only read.")
        .others(&["username", "login"]),
    Key::new(
        "password",
        Shape::Password,
        "The password, as a reference to where it is kept: never written here. Nothing is resolved before the \
         workspace is trusted.",
    )
    .others(&["pass", "passwd", "pwd", "secret"]),
    Key::new(
        "api_key",
        Shape::Password,
        "An API key in its encoded form, as a reference to where it is kept. Stands above `user` and `password`.",
    )
    .others(&["apikey", "key", "token"]),
    Key::new(
        "indices",
        Shape::Texts,
        "Indices to read, by name or with `*`; all but hidden ones and the system's when none is named.",
    )
    .default("[]")
    .others(&["indexes", "index"]),
    http::VERIFY,
    http::CA_FILE,
    SAMPLE_VALUES,
];

pub(super) static OPENSEARCH: Object =
    Object { name: "opensearch", doc: "An OpenSearch cluster, version 2 or later.", keys: KEYS };

pub(super) static ELASTICSEARCH: Object =
    Object { name: "elasticsearch", doc: "An Elasticsearch cluster, version 7.10 or later.", keys: KEYS };

/// A cluster of OpenSearch or Elasticsearch. Text settings may be secrets too.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchConfig {
    /// Which of the two.
    pub dialect: Dialect,
    /// Address of the cluster.
    pub url: SecretRef,
    /// User name.
    pub user: Option<SecretRef>,
    /// Password: always a reference, never a literal.
    pub password: Option<SecretRef>,
    /// An encoded API key; stands above user and password.
    pub api_key: Option<SecretRef>,
    /// Indices to read; all but hidden ones and the system's when empty.
    pub indices: Vec<String>,
    /// How the certificate is checked.
    pub tls: HttpTls,
}

impl SearchConfig {
    pub(super) fn read(reader: Reader<'_>, dialect: Dialect) -> Option<Self> {
        Some(Self {
            dialect,
            url: reader.reference("url")?,
            user: reader.reference("user"),
            password: reader.reference("password"),
            api_key: reader.reference("api_key"),
            indices: reader.texts("indices"),
            tls: HttpTls::read(reader),
        })
    }

    pub(super) fn described(&self) -> String {
        let who = match (&self.api_key, &self.user) {
            (Some(_), _) => "with an API key".to_owned(),
            (None, Some(user)) => format!("as {user}"),
            (None, None) => "without a user".to_owned(),
        };
        let checked = if self.tls.verify { "" } else { ", any certificate" };
        format!("{} {who}{checked}", self.url)
    }

    pub(super) fn secrets(&self) -> Vec<(&'static str, &SecretRef)> {
        let some = [("user", &self.user), ("password", &self.password), ("api_key", &self.api_key)];
        let some = some.into_iter().filter_map(|(name, secret)| Some((name, secret.as_ref()?)));
        std::iter::once(("url", &self.url)).chain(some).collect()
    }
}
