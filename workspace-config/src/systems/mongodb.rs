use std::path::PathBuf;

use crate::{
    SecretRef,
    declared::{Key, Object, Shape},
    read::Reader,
    systems::SAMPLE_VALUES,
};

pub(super) static MONGODB: Object = Object {
    name: "mongodb",
    doc: "A MongoDB server, replica set or cluster.",
    keys: &[
        Key::new(
            "uri",
            Shape::TextOrReference,
            "The whole address, such as mongodb://host:27017, as a reference where it holds a password. It stands in \
             place of `host`, `port`, `user` and the others.",
        )
        .others(&["url", "connection_string", "dsn"]),
        Key::new("host", Shape::TextOrReference, "Host name; several with commas, each with its port.")
            .default("localhost")
            .others(&["hosts", "hostname", "server"]),
        Key::new("port", Shape::Integer { min: 1, max: 65535 }, "Port.").default("27017"),
        Key::new("database", Shape::TextOrReference, "Database name.").required().others(&["dbname", "db"]),
        Key::new("user", Shape::TextOrReference, "User name; best a user that may only read.")
            .others(&["username", "login"]),
        Key::new(
            "password",
            Shape::Password,
            "The password, as a reference to where it is kept: never written here. Nothing is resolved before the \
             workspace is trusted.",
        )
        .others(&["pass", "passwd", "pwd", "passphrase", "secret"]),
        Key::new("auth_source", Shape::Text, "The database that knows the user.")
            .default("admin")
            .others(&["authSource", "authentication_database"]),
        Key::new("tls", Shape::Bool, "Encrypt the connection, and check the server's certificate and host name.")
            .default("false")
            .others(&["ssl"]),
        Key::new(
            "ca_file",
            Shape::Text,
            "Certificates to trust in place of the public ones, PEM, relative to this file.",
        )
        .others(&["ca", "cafile", "tlsCAFile"]),
        Key::new("replica_set", Shape::Text, "The name of the replica set.").others(&["replicaSet"]),
        Key::new("direct", Shape::Bool, "Speak with this one server, whatever set it belongs to.")
            .default("false")
            .others(&["directConnection"]),
        Key::new("collections", Shape::Texts, "Collections to read; all but the system's when none is named.")
            .default("[]"),
        Key::new(
            "sample_size",
            Shape::Integer { min: 1, max: 100_000 },
            "Documents of each collection that are looked at to learn its fields.",
        )
        .default("1000"),
        SAMPLE_VALUES,
    ],
};

/// A MongoDB server. Text settings may be secrets too.
#[derive(Debug, Clone, PartialEq)]
pub struct MongodbConfig {
    /// The whole address; stands in place of what says where the server is and who asks.
    pub uri: Option<SecretRef>,
    /// Host name, or several; `localhost`.
    pub host: SecretRef,
    /// Port; 27017.
    pub port: u16,
    /// Database name.
    pub database: SecretRef,
    /// User name.
    pub user: Option<SecretRef>,
    /// Password: always a reference, never a literal.
    pub password: Option<SecretRef>,
    /// The database that knows the user; `admin`.
    pub auth_source: String,
    /// Encrypted, with a checked certificate; false.
    pub tls: bool,
    /// Certificates to trust, PEM, relative to the workspace.
    pub ca_file: Option<PathBuf>,
    /// The replica set's name.
    pub replica_set: Option<String>,
    /// This one server only; false.
    pub direct: bool,
    /// Collections to read; all but the system's when empty.
    pub collections: Vec<String>,
    /// Documents looked at in each collection; 1000.
    pub sample_size: u32,
}

impl MongodbConfig {
    pub(super) fn read(reader: Reader<'_>) -> Option<Self> {
        Some(Self {
            uri: reader.reference("uri"),
            host: reader.reference("host")?,
            port: reader.number("port"),
            database: reader.reference("database")?,
            user: reader.reference("user"),
            password: reader.reference("password"),
            auth_source: reader.text("auth_source")?,
            tls: reader.bool("tls"),
            ca_file: reader.text("ca_file").map(Into::into),
            replica_set: reader.text("replica_set"),
            direct: reader.bool("direct"),
            collections: reader.texts("collections"),
            sample_size: reader.number("sample_size"),
        })
    }

    pub(super) fn described(&self) -> String {
        if let Some(uri) = &self.uri {
            // A literal address may hold a password.
            let uri = match uri {
                SecretRef::Literal(text) => text.rsplit_once('@').map_or(text.clone(), |(_, host)| host.to_owned()),
                reference => reference.to_string(),
            };
            return format!("{uri}, database {}", self.database);
        }
        let user = self.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        let tls = if self.tls { "with verified TLS" } else { "without TLS" };
        format!("{user}{}:{}/{}, {tls}", self.host, self.port, self.database)
    }

    pub(super) fn secrets(&self) -> Vec<(&'static str, &SecretRef)> {
        let given = [("uri", &self.uri), ("user", &self.user), ("password", &self.password)];
        let given = given.into_iter().filter_map(|(name, secret)| Some((name, secret.as_ref()?)));
        given.chain([("host", &self.host), ("database", &self.database)]).collect()
    }
}
