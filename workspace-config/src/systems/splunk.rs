use crate::{
    HttpTls, SecretRef,
    declared::{Key, Object, Shape},
    read::Reader,
    systems::{SAMPLE_VALUES, http},
};

pub(super) static SPLUNK: Object = Object {
    name: "splunk",
    doc: "A Splunk Enterprise or Splunk Cloud deployment, by its REST interface.",
    keys: &[
        Key::new(
            "url",
            Shape::TextOrReference,
            "Address of the management port of a search head, such as `https://splunk.example.com:8089`.",
        )
        .required()
        .others(&["host", "hostname", "server", "address", "base_url"]),
        Key::new(
            "token",
            Shape::Password,
            "An authentication token, as a reference to where it is kept. Stands above `user` and `password`.",
        )
        .others(&["bearer", "auth_token", "splunk_token"]),
        Key::new("user", Shape::TextOrReference, "User name; best a user that may only search.")
            .others(&["username", "login"]),
        Key::new(
            "password",
            Shape::Password,
            "The password, as a reference to where it is kept: never written here. Nothing is resolved before the \
             workspace is trusted.",
        )
        .others(&["pass", "passwd", "pwd", "secret"]),
        Key::new(
            "sign_in",
            Shape::Word(&[
                ("session", "Once, for a session."),
                ("basic", "With every request, where a gateway in between asks for that."),
            ]),
            "How user and password are sent.",
        )
        .default("session"),
        Key::new(
            "app",
            Shape::Name,
            "The app whose macros, lookups and field extractions searches see; that user's default app otherwise.",
        ),
        Key::new("owner", Shape::Name, "Whose private objects of the app are seen besides.").default("nobody"),
        Key::new("indexes", Shape::Texts, "Indexes to read the schema of; all but internal ones when none is named.")
            .default("[]"),
        Key::new(
            "earliest",
            Shape::Text,
            "From when searches look that name no time themselves, as `-7d@d` or `0` for all time.",
        )
        .default("\"0\"")
        .others(&["earliest_time", "default_earliest"]),
        http::VERIFY,
        http::CA_FILE,
        SAMPLE_VALUES,
    ],
};

/// A Splunk deployment. Text settings may be secrets too.
#[derive(Debug, Clone, PartialEq)]
pub struct SplunkConfig {
    /// Address of the management port.
    pub url: SecretRef,
    /// An authentication token; stands above user and password.
    pub token: Option<SecretRef>,
    /// User name.
    pub user: Option<SecretRef>,
    /// Password: always a reference, never a literal.
    pub password: Option<SecretRef>,
    /// User and password go with every request instead of opening a session; false.
    pub basic: bool,
    /// The app that searches run in.
    pub app: Option<String>,
    /// Whose private objects are seen; `nobody`.
    pub owner: String,
    /// Indexes to read; all but internal ones when empty.
    pub indexes: Vec<String>,
    /// From when searches look that name no time; `0`, which is all time.
    pub earliest: String,
    /// How the certificate is checked.
    pub tls: HttpTls,
}

impl SplunkConfig {
    pub(super) fn read(reader: Reader<'_>) -> Option<Self> {
        Some(Self {
            url: reader.reference("url")?,
            token: reader.reference("token"),
            user: reader.reference("user"),
            password: reader.reference("password"),
            basic: reader.text("sign_in").as_deref() == Some("basic"),
            app: reader.text("app"),
            owner: reader.text("owner")?,
            indexes: reader.texts("indexes"),
            earliest: reader.text("earliest")?,
            tls: HttpTls::read(reader),
        })
    }

    pub(super) fn described(&self) -> String {
        let who = match (&self.token, &self.user) {
            (Some(_), _) => "with a token".to_owned(),
            (None, Some(user)) => format!("as {user}"),
            (None, None) => "without a user".to_owned(),
        };
        let checked = if self.tls.verify { "" } else { ", any certificate" };
        format!("{} {who}{checked}", self.url)
    }

    pub(super) fn secrets(&self) -> Vec<(&'static str, &SecretRef)> {
        let some = [("token", &self.token), ("user", &self.user), ("password", &self.password)];
        let some = some.into_iter().filter_map(|(name, secret)| Some((name, secret.as_ref()?)));
        std::iter::once(("url", &self.url)).chain(some).collect()
    }
}
