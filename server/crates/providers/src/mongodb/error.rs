use mongodb::error::{Error, ErrorKind};

use super::Mongodb;
use crate::{ProblemKind, ProviderError};

/// The driver's or the server's word, without secrets.
pub(super) fn of(error: &Error, server: &Mongodb) -> ProviderError {
    let place = &server.place;
    let problem = |kind, message: String| ProviderError::new(kind, message);
    let who = server.options.credential.as_ref().and_then(|credential| credential.username.clone());
    match error.kind.as_ref() {
        ErrorKind::Command(command) => match command.code {
            50 | 262 => ProviderError::timed_out(),
            11601 => ProviderError::cancelled(),
            18 => refused(place, who.as_deref()),
            code => problem(kind_of(code), sentence(&command.message)),
        },
        ErrorKind::Authentication { .. } => refused(place, who.as_deref()),
        ErrorKind::ServerSelection { message, .. } if message.contains("certificate") || message.contains("TLS") => {
            problem(
                ProblemKind::Connection,
                format!("TLS with {place} failed: check the server's certificate, and `tls` and `ca_file` in nlq.yaml"),
            )
        }
        ErrorKind::ServerSelection { .. } => problem(
            ProblemKind::Connection,
            format!("nothing answers at {place}: start the server, or check `host` and `port` in nlq.yaml"),
        ),
        ErrorKind::Io(e) => {
            problem(ProblemKind::Connection, format!("the connection to {place} broke ({e}): try again"))
        }
        ErrorKind::DnsResolve { .. } => {
            problem(ProblemKind::Connection, format!("the host of {place} is unknown: check `host` in nlq.yaml"))
        }
        ErrorKind::InvalidTlsConfig { message, .. } => {
            problem(ProblemKind::Connection, format!("`ca_file` in nlq.yaml cannot be used ({message})"))
        }
        ErrorKind::InvalidArgument { message, .. } => problem(ProblemKind::Syntax, sentence(message)),
        _ => problem(
            ProblemKind::Connection,
            format!("{place} does not answer as MongoDB does: check `host` and `port` in nlq.yaml"),
        ),
    }
}

fn refused(place: &str, who: Option<&str>) -> ProviderError {
    let message = match who {
        Some(user) => format!(
            "{place} refuses the password of {user}: check what `password` in nlq.yaml refers to, and `auth_source`"
        ),
        None => format!("{place} asks for a user: set `user` and `password` in nlq.yaml"),
    };
    ProviderError::new(ProblemKind::Permission, message)
}

/// The category of a server's code (its `error_codes.yml`; codes of five digits are of one place in its source, mostly of
/// reading a query).
fn kind_of(code: i32) -> ProblemKind {
    match code {
        13 | 11 | 31 | 33 => ProblemKind::Permission,
        26 | 73 | 27 => ProblemKind::Schema,
        6 | 7 | 89 | 91 | 189 | 9001 | 10107 | 13435 => ProblemKind::Connection,
        // Values that an operator does not take, met while running.
        241 | 10065 | 16020 | 16555 | 16608 | 16609 | 16554 | 28765 | 34471 => ProblemKind::Data,
        2 | 9 | 14 | 40 | 52 | 56 | 59 | 72 | 168 | 197 | 224 | 238 | 303 | 304 => ProblemKind::Syntax,
        code if code >= 10_000 => ProblemKind::Syntax,
        _ => ProblemKind::Data,
    }
}

/// The server's words without a closing stop.
fn sentence(message: &str) -> String {
    message.trim().trim_end_matches('.').to_owned()
}
