use std::path::PathBuf;

use crate::{
    declared::{Key, Shape},
    read::Reader,
};

/// How the certificate of an HTTPS server is checked: keys that all such systems have.
pub(super) const VERIFY: Key = Key::new(
    "verify_certificates",
    Shape::Bool,
    "Check the server's certificate and host name. Switch it off only for a server on your own machine.",
)
.default("true");

pub(super) const CA_FILE: Key = Key::new(
    "ca_file",
    Shape::Text,
    "A file of certificates (PEM) to trust besides the system's, relative to this file.",
)
.others(&["ca", "cafile", "ca_cert", "certificate_authority"]);

/// How much an HTTPS server's certificate is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpTls {
    /// The certificate and the host name are checked; true.
    pub verify: bool,
    /// Certificates to trust besides the system's, PEM, relative to the workspace.
    pub ca_file: Option<PathBuf>,
}

impl Default for HttpTls {
    fn default() -> Self {
        Self { verify: true, ca_file: None }
    }
}

impl HttpTls {
    pub(super) fn read(reader: Reader<'_>) -> Self {
        Self { verify: reader.bool("verify_certificates"), ca_file: reader.text("ca_file").map(Into::into) }
    }
}
