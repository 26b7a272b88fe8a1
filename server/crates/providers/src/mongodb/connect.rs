use std::{path::Path, time::Duration};

use mongodb::options::{AuthMechanism, ClientOptions, Credential, ServerAddress, Tls, TlsOptions};
use nlq_config::{MongodbConfig, SecretRef, Trusted};

use crate::{ProblemKind, ProviderError};

/// A server that does not answer by then is not there, as far as someone who waits in an editor is concerned.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections kept: the editor's own few questions at a time.
const MAX_CONNECTIONS: u32 = 5;

/// Where a connection leads.
pub(super) struct Target {
    pub(super) options: ClientOptions,
    pub(super) database: String,
}

fn wrong(message: impl Into<String>) -> ProviderError {
    ProviderError::new(ProblemKind::Connection, message)
}

/// The settings with their secrets resolved.
pub(super) async fn target(config: &MongodbConfig, root: &Path, trusted: &Trusted) -> Result<Target, ProviderError> {
    // A secret may be a program that runs for seconds.
    let (given, base, trusted) = (config.clone(), root.to_owned(), trusted.clone());
    let resolved = tokio::task::spawn_blocking(move || {
        let get = |secret: &SecretRef| secret.resolve(&base, &trusted).map_err(|e| wrong(e.to_string()));
        let maybe = |secret: &Option<SecretRef>| secret.as_ref().map(&get).transpose();
        Ok::<_, ProviderError>((
            maybe(&given.uri)?,
            get(&given.host)?,
            get(&given.database)?,
            maybe(&given.user)?,
            maybe(&given.password)?,
        ))
    });
    let (uri, host, database, user, password) = resolved.await.map_err(|e| wrong(e.to_string()))??;
    let mut options = match uri {
        Some(uri) if uri.starts_with("mongodb+srv:") => {
            return Err(wrong(
                "`uri` in nlq.yaml begins with mongodb+srv, which names its servers by DNS: give the servers themselves, \
                 as in mongodb://a:27017,b:27017/?replicaSet=name",
            ));
        }
        // The driver's own words would quote the address, and with it the password.
        Some(uri) => ClientOptions::parse(uri).await.map_err(|_| {
            wrong("`uri` in nlq.yaml is no address of MongoDB: write it as in mongodb://host:27017/?replicaSet=name")
        })?,
        None => ClientOptions::default(),
    };
    if config.uri.is_none() {
        options.hosts = hosts(&host, config.port)?;
        options.credential = user.map(|user| {
            let mut credential = Credential::default();
            credential.username = Some(user);
            credential.password = password;
            credential.source = Some(config.auth_source.clone());
            // Without a mechanism, the driver asks the server which.
            credential.mechanism = None::<AuthMechanism>;
            credential
        });
        if config.tls {
            let mut tls = TlsOptions::default();
            tls.ca_file_path = config.ca_file.as_ref().map(|file| root.join(file));
            options.tls = Some(Tls::Enabled(tls));
        }
        options.repl_set_name.clone_from(&config.replica_set);
        options.direct_connection = config.direct.then_some(true);
    }
    options.app_name = Some("nlq".to_owned());
    options.connect_timeout = Some(CONNECT_TIMEOUT);
    options.server_selection_timeout = Some(CONNECT_TIMEOUT);
    options.max_pool_size = Some(MAX_CONNECTIONS);
    Ok(Target { options, database })
}

/// Host names with commas between them, each with its port or the common one.
fn hosts(text: &str, port: u16) -> Result<Vec<ServerAddress>, ProviderError> {
    if text.contains("://") || text.contains('@') {
        return Err(wrong("`host` in nlq.yaml stands for a whole address: give that as `uri`, by a reference to it"));
    }
    let all: Result<Vec<ServerAddress>, _> = text
        .split(',')
        .map(str::trim)
        .map(|host| {
            let own = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
            ServerAddress::parse(if own { host.to_owned() } else { format!("{host}:{port}") })
        })
        .collect();
    all.map_err(|e| wrong(format!("`host` in nlq.yaml is no host name ({e}): write it as in db.example.com")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_their_own_port_or_the_common_one() {
        let found: Vec<String> = hosts("a, b:1", 27017).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(found, ["a:27017", "b:1"]);
        let error = hosts("mongodb://me:secret@h", 1).unwrap_err().to_string();
        assert!(!error.contains("secret"), "{error}");
    }
}
