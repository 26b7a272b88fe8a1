use std::{collections::BTreeMap, env, fs, path::PathBuf};

use aws_credential_types::Credentials as AwsCredentials;

use crate::{LlmError, LlmErrorKind, Secret, services::remote::resolve};

/// Who asks Bedrock: what the settings say, else the environment, else a profile of the AWS credentials file.
#[derive(Debug, Default)]
pub struct Credentials {
    /// The region; `AWS_REGION` or `AWS_DEFAULT_REGION` when none.
    pub region: Option<Secret>,
    /// The access key's id.
    pub access_key_id: Option<Secret>,
    /// The access key.
    pub secret_access_key: Option<Secret>,
    /// The session token.
    pub session_token: Option<Secret>,
    /// The profile of the credentials file; `AWS_PROFILE`, else `default`.
    pub profile: Option<String>,
}

impl Credentials {
    pub(super) async fn region(&self) -> Result<String, LlmError> {
        if let Some(region) = resolve(self.region.as_ref()).await? {
            return Ok(region.to_string());
        }
        let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
        region.ok_or_else(|| missing("no AWS region is known: set the model's `region` in nlq.yaml, or AWS_REGION"))
    }

    pub(super) async fn keys(&self) -> Result<AwsCredentials, LlmError> {
        if let (Some(id), Some(secret)) = (&self.access_key_id, &self.secret_access_key) {
            let token = resolve(self.session_token.as_ref()).await?;
            return Ok(keys(
                id.get().await?.to_string(),
                secret.get().await?.to_string(),
                token.map(|token| token.to_string()),
            ));
        }
        let given = self.profile.is_none();
        if let Some((id, secret)) =
            variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY")).filter(|_| given)
        {
            return Ok(keys(id, secret, variable("AWS_SESSION_TOKEN")));
        }
        let profile = self.profile.clone().or_else(|| variable("AWS_PROFILE")).unwrap_or_else(|| "default".into());
        let text = tokio::task::spawn_blocking(|| fs::read_to_string(credentials_file()?).ok()).await.ok().flatten();
        let mut section = text.map(|text| section(&text, &profile)).unwrap_or_default();
        let mut take = |name: &str| section.remove(name);
        match (take("aws_access_key_id"), take("aws_secret_access_key")) {
            (Some(id), Some(secret)) => Ok(keys(id, secret, take("aws_session_token"))),
            _ => Err(missing(&format!(
                "no AWS credentials are known: set `access_key_id` and `secret_access_key` of the model in nlq.yaml, set \
                 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or add the profile `{profile}` to the AWS credentials file"
            ))),
        }
    }
}

fn keys(id: String, secret: String, token: Option<String>) -> AwsCredentials {
    AwsCredentials::new(id, secret, token, None, "nlq")
}

fn missing(message: &str) -> LlmError {
    LlmError::new(LlmErrorKind::Configuration, message)
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn credentials_file() -> Option<PathBuf> {
    let given = variable("AWS_SHARED_CREDENTIALS_FILE").map(PathBuf::from);
    given.or_else(|| Some(env::home_dir()?.join(".aws/credentials")))
}

/// The settings of one `[profile]`.
fn section(text: &str, profile: &str) -> BTreeMap<String, String> {
    let mut inside = false;
    let mut found = BTreeMap::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            inside = name.trim() == profile;
        } else if let Some((key, value)) = line.split_once('=').filter(|_| inside && !line.starts_with('#')) {
            found.insert(key.trim().to_owned(), value.trim().to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_read() {
        let text =
            "[default]\naws_access_key_id = A\n[team]\n# aws_access_key_id = C\naws_access_key_id=B\r\n[other]\n";
        assert_eq!(section(text, "team"), BTreeMap::from([("aws_access_key_id".into(), "B".into())]));
    }
}
