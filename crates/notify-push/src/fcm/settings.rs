use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use crate::base_url::BaseUrl;
use crate::key::{InvalidKey, Rs256Key};

/// How FCM is reached.
#[derive(Debug, Clone)]
pub struct FcmSettings {
    /// Who sends.
    pub account: ServiceAccount,
    /// Where FCM is reached instead of at its own address. It is shown the access token.
    pub base_url: Option<BaseUrl>,
    /// Where access tokens are fetched instead of at the account's `token_uri`. They are asked for in its name still.
    pub token_url: Option<BaseUrl>,
}

/// A Google service account's key, as the console gives it. Redacted in `Debug`.
#[derive(Clone)]
pub struct ServiceAccount(pub(super) Arc<Account>);

pub(super) struct Account {
    pub(super) client_email: String,
    pub(super) project: String,
    pub(super) token_uri: Url,
    pub(super) key: Rs256Key,
    pub(super) key_id: Option<String>,
}

/// Why a text is no [`ServiceAccount`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidServiceAccount {
    /// Not an object in JSON, or a field of it has the wrong type.
    #[error("must be the JSON file of a service account's key, as the Google Cloud console gives it")]
    NotJson,
    /// Credentials of another kind.
    #[error("must be the key of a service account: its `type` is not `service_account`")]
    OtherKind,
    /// A field is missing or empty.
    #[error("has no `{0}`")]
    Missing(&'static str),
    /// The project's id would not fit an address.
    #[error("has a `project_id` that is none: lower-case letters, digits and hyphens")]
    Project,
    /// Tokens would be fetched without TLS, or nowhere.
    #[error("has a `token_uri` that is no https address")]
    TokenUri,
    /// The key cannot be used.
    #[error("has a `private_key` that cannot be used: it {0}")]
    Key(InvalidKey),
}

#[derive(Deserialize)]
struct File {
    r#type: Option<String>,
    client_email: Option<String>,
    private_key: Option<SecretString>,
    private_key_id: Option<String>,
    project_id: Option<String>,
    token_uri: Option<String>,
}

impl ServiceAccount {
    /// Takes the JSON of a service account's key.
    ///
    /// # Errors
    /// See [`InvalidServiceAccount`].
    pub fn parse(text: &str) -> Result<Self, InvalidServiceAccount> {
        use InvalidServiceAccount as Invalid;

        let file: File = serde_json::from_str(text).map_err(|_| Invalid::NotJson)?;
        if file.r#type.is_some_and(|kind| kind != "service_account") {
            return Err(Invalid::OtherKind);
        }
        let given = |field: Option<String>, name| field.filter(|text| !text.is_empty()).ok_or(Invalid::Missing(name));
        let client_email = given(file.client_email, "client_email")?;
        let project = given(file.project_id, "project_id")?;
        let token_uri = given(file.token_uri, "token_uri")?;
        let private_key = file.private_key.ok_or(Invalid::Missing("private_key"))?;
        // Older projects are named after a domain, like example.com:project.
        if !project.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.:".contains(&byte)) {
            return Err(Invalid::Project);
        }
        let token_uri = Url::parse(&token_uri).ok().filter(|url| url.scheme() == "https").ok_or(Invalid::TokenUri)?;
        let key = Rs256Key::from_pem(private_key.expose_secret()).map_err(Invalid::Key)?;
        Ok(Self(Arc::new(Account { client_email, project, token_uri, key, key_id: file.private_key_id })))
    }

    /// The account's name.
    #[must_use]
    pub fn client_email(&self) -> &str {
        &self.0.client_email
    }

    /// The project whose apps it sends to.
    #[must_use]
    pub fn project_id(&self) -> &str {
        &self.0.project
    }
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount").field("project_id", &self.0.project).finish_non_exhaustive()
    }
}
