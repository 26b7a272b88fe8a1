use crate::{
    SecretRef,
    declared::{Key, Object, Shape},
    read::Reader,
    systems::SAMPLE_VALUES,
};

pub(super) static POSTGRESQL: Object = Object {
    name: "postgresql",
    doc: "A PostgreSQL server.",
    keys: &[
        Key::new("host", Shape::TextOrReference, "Host name, or the folder of a Unix socket.")
            .default("localhost")
            .others(&["hostname", "server", "url"]),
        Key::new("port", Shape::Integer { min: 1, max: 65535 }, "Port.").default("5432"),
        Key::new("database", Shape::TextOrReference, "Database name.").required().others(&["dbname", "db"]),
        Key::new("user", Shape::TextOrReference, "User name; best a user that may only read.")
            .required()
            .others(&["username", "login"]),
        Key::new(
            "password",
            Shape::Password,
            "The password, as a reference to where it is kept: never written here. Nothing is resolved before the \
             workspace is trusted.",
        )
        .others(&["pass", "passwd", "pwd", "passphrase", "secret"]),
        Key::new(
            "tls",
            Shape::Word(&[
                ("disable", "Never."),
                ("prefer", "If the server offers it."),
                ("require", "Always, with any certificate."),
                ("verify-full", "Always, and the certificate and the host name are checked."),
            ]),
            "How much TLS to ask for.",
        )
        .default("prefer")
        .others(&["sslmode", "ssl"]),
        Key::new("schemas", Shape::Texts, "Schemas to read; all but the system's when none is named.").default("[]"),
        SAMPLE_VALUES,
    ],
};

/// A PostgreSQL server. Text settings may be secrets too.
#[derive(Debug, Clone, PartialEq)]
pub struct PostgresConfig {
    /// Host name or the folder of a Unix socket; `localhost`.
    pub host: SecretRef,
    /// Port; 5432.
    pub port: u16,
    /// Database name.
    pub database: SecretRef,
    /// User name.
    pub user: SecretRef,
    /// Password: always a reference, never a literal.
    pub password: Option<SecretRef>,
    /// TLS; `prefer`.
    pub tls: TlsMode,
    /// Schemas to read; all but the system's when empty.
    pub schemas: Vec<String>,
}

/// How much TLS a connection asks for (libpq's `sslmode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsMode {
    /// Never.
    Disable,
    /// If the server offers it.
    #[default]
    Prefer,
    /// Always, any certificate.
    Require,
    /// Always, the certificate and the host name are checked.
    VerifyFull,
}

impl PostgresConfig {
    pub(super) fn read(reader: Reader<'_>) -> Option<Self> {
        Some(Self {
            host: reader.reference("host")?,
            port: reader.number("port"),
            database: reader.reference("database")?,
            user: reader.reference("user")?,
            password: reader.reference("password"),
            tls: match reader.text("tls")?.as_str() {
                "disable" => TlsMode::Disable,
                "require" => TlsMode::Require,
                "verify-full" => TlsMode::VerifyFull,
                _ => TlsMode::Prefer,
            },
            schemas: reader.texts("schemas"),
        })
    }

    pub(super) fn described(&self) -> String {
        let tls = match self.tls {
            TlsMode::Disable => "without TLS",
            TlsMode::Prefer => "with TLS if offered",
            TlsMode::Require => "with TLS",
            TlsMode::VerifyFull => "with verified TLS",
        };
        format!("{}@{}:{}/{}, {tls}", self.user, self.host, self.port, self.database)
    }

    pub(super) fn secrets(&self) -> Vec<(&'static str, &SecretRef)> {
        let always = [("host", &self.host), ("database", &self.database), ("user", &self.user)];
        always.into_iter().chain(self.password.as_ref().map(|password| ("password", password))).collect()
    }
}
