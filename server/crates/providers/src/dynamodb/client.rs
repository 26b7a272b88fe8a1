//! Signed requests of the JSON 1.0 protocol.

use std::{
    env,
    path::Path,
    time::{Duration, Instant, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use nlq_config::{DynamoDbConfig, SecretRef, Trusted};
use serde_json::Value as Json;
use tokio_util::sync::CancellationToken;

use super::error;
use crate::{ProblemKind, ProviderError, http::Http, wait::until};

const CONTENT: &str = "application/x-amz-json-1.0";
/// How often a throttled request is sent again.
const RETRIES: u32 = 4;
/// The first pause before that; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(100);

/// DynamoDB of one region and who asks it. Its `Debug` shows no secret.
#[derive(Debug)]
pub(super) struct Client {
    http: Http,
    region: String,
    credentials: Credentials,
}

impl Client {
    pub(super) async fn new(config: &DynamoDbConfig, root: &Path, trusted: &Trusted) -> Result<Self, ProviderError> {
        let (folder, proof, wanted) = (root.to_owned(), trusted.clone(), config.clone());
        // A secret may be a program that runs for seconds.
        let resolved = tokio::task::spawn_blocking(move || {
            let get = |secret: &SecretRef| secret.resolve(&folder, &proof).map_err(|error| failed(error.to_string()));
            let maybe = |secret: &Option<SecretRef>| secret.as_ref().map(get).transpose();
            let keys = credentials(
                maybe(&wanted.access_key_id)?,
                maybe(&wanted.secret_access_key)?,
                maybe(&wanted.session_token)?,
            )?;
            Ok::<_, ProviderError>((get(&wanted.region)?, maybe(&wanted.endpoint)?, keys))
        });
        let (region, endpoint, credentials) = resolved.await.map_err(|error| failed(error.to_string()))??;
        if region.is_empty() || !region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Err(failed("`region` of DynamoDB is a word such as eu-central-1: mend it in nlq.yaml".to_owned()));
        }
        let url = endpoint.unwrap_or_else(|| {
            let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
            format!("https://dynamodb.{region}.{suffix}")
        });
        Ok(Self { http: Http::new("DynamoDB", &url, &config.tls, root)?, region, credentials })
    }

    /// Asks one operation until `end`; what is throttled is asked again.
    pub(super) async fn ask(
        &self,
        operation: &str,
        body: &Json,
        end: Instant,
        cancel: &CancellationToken,
    ) -> Result<Json, ProviderError> {
        let mut pause = PAUSE;
        for tried in 0.. {
            let left = end.checked_duration_since(Instant::now()).ok_or_else(ProviderError::timed_out)?;
            let reply = self.http.send(self.request(operation, body)?, left, cancel).await?;
            if reply.is_success() {
                return Ok(reply.json());
            }
            if tried == RETRIES || !error::is_passing(&reply) {
                return Err(error::of(&reply));
            }
            until(cancel, left, tokio::time::sleep(pause)).await?;
            pause *= 2;
        }
        Err(ProviderError::timed_out())
    }

    fn request(&self, operation: &str, body: &Json) -> Result<reqwest::RequestBuilder, ProviderError> {
        let unsigned = |error: &dyn std::fmt::Display| failed(format!("cannot sign the request to DynamoDB: {error}"));
        let url = self.http.url(&[]);
        let body = body.to_string();
        let target = format!("DynamoDB_20120810.{operation}");
        let headers = [("content-type", CONTENT), ("x-amz-target", target.as_str())];
        let identity = self.credentials.clone().into();
        let settings = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("dynamodb")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| unsigned(&error))?
            .into();
        let signable =
            SignableRequest::new("POST", url.as_str(), headers.into_iter(), SignableBody::Bytes(body.as_bytes()));
        let signed = sign(signable.map_err(|error| unsigned(&error))?, &settings).map_err(|error| unsigned(&error))?;
        let (instructions, _) = signed.into_parts();
        let mut request = self.http.client().post(url);
        for (name, value) in headers.into_iter().chain(instructions.headers()) {
            request = request.header(name, value);
        }
        Ok(request.body(body))
    }
}

fn failed(message: String) -> ProviderError {
    ProviderError::new(ProblemKind::Connection, message)
}

/// The keys of the settings, else the environment's.
fn credentials(
    id: Option<String>,
    secret: Option<String>,
    token: Option<String>,
) -> Result<Credentials, ProviderError> {
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let keys = match (id, secret) {
        (Some(id), Some(secret)) => Some((id, secret, token)),
        (None, None) => variable("AWS_ACCESS_KEY_ID")
            .zip(variable("AWS_SECRET_ACCESS_KEY"))
            .map(|(id, secret)| (id, secret, variable("AWS_SESSION_TOKEN"))),
        _ => {
            return Err(failed(
                "DynamoDB needs both `access_key_id` and `secret_access_key` in nlq.yaml, or neither".into(),
            ));
        }
    };
    let Some((id, secret, token)) = keys else {
        let message = "no AWS keys are known: set `access_key_id` and `secret_access_key` of the connection in nlq.yaml, or \
                       AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
        return Err(failed(message.to_owned()));
    };
    Ok(Credentials::new(id, secret, token, None, "nlq"))
}
