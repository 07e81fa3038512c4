use muster_notify::transport::TransportError;
use secrecy::SecretString;
use url::Url;

use crate::mailbox::Mailbox;

/// What it takes to send by SES.
#[derive(Debug, Clone)]
pub struct SesSettings {
    /// The AWS region whose SES is used, for example `eu-west-1`.
    pub region: String,
    /// Who the messages are from: an address, or `Name <address>`. SES must have verified the address or its domain.
    pub from: String,
    /// The account's keys; without them, the SDK's default chain: environment, profile, web identity, container,
    /// instance. It is asked when the first message goes out.
    pub credentials: Option<StaticCredentials>,
    /// The SES configuration set that messages go through.
    pub configuration_set: Option<String>,
    /// Where SES is, when it is not AWS's own.
    pub endpoint_url: Option<String>,
    /// Where this installation is found; its host is named in the message.
    pub public_url: Option<String>,
}

impl SesSettings {
    /// Takes a region's name.
    ///
    /// # Errors
    /// [`InvalidSesSettings::Region`] when no region has such a name.
    pub fn check_region(name: &str) -> Result<String, InvalidSesSettings> {
        let good = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        good.then(|| name.to_owned()).ok_or(InvalidSesSettings::Region)
    }

    /// Takes who messages are from.
    ///
    /// # Errors
    /// [`InvalidSesSettings::From`] when it is neither an address nor `Name <address>`.
    pub fn check_from(text: &str) -> Result<String, InvalidSesSettings> {
        Mailbox::parse(text).map(|_| text.to_owned()).ok_or(InvalidSesSettings::From)
    }

    /// Takes a configuration set's name.
    ///
    /// # Errors
    /// [`InvalidSesSettings::ConfigurationSet`] when no configuration set has such a name.
    pub fn check_configuration_set(name: &str) -> Result<String, InvalidSesSettings> {
        let good =
            (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        good.then(|| name.to_owned()).ok_or(InvalidSesSettings::ConfigurationSet)
    }

    /// Takes where SES is.
    ///
    /// # Errors
    /// [`InvalidSesSettings::EndpointUrl`] when it is no http or https URL.
    pub fn check_endpoint_url(url: &str) -> Result<String, InvalidSesSettings> {
        host(url).map(|_| url.to_owned()).ok_or(InvalidSesSettings::EndpointUrl)
    }
}

/// The host, and the port unless it goes without saying, of an http or https URL.
pub(crate) fn host(url: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

/// Keys of an AWS account.
#[derive(Debug, Clone)]
pub struct StaticCredentials {
    /// Which key.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: SecretString,
    /// What goes with a key that is lent for a while (`AWS_SESSION_TOKEN`).
    pub session_token: Option<SecretString>,
}

/// Why nothing can be sent with some [`SesSettings`].
#[derive(Debug, thiserror::Error)]
pub enum InvalidSesSettings {
    /// The region is none.
    #[error("must be the name of an AWS region, like eu-west-1")]
    Region,
    /// The sender is none.
    #[error("must be an e-mail address, or one with a name: Muster <muster@example.com>")]
    From,
    /// The configuration set's name is none.
    #[error("must be a configuration set: 1 to 64 letters, digits, _ and -")]
    ConfigurationSet,
    /// The endpoint is none.
    #[error("must be an http or https address")]
    EndpointUrl,
    /// The public URL is none.
    #[error("the public URL must be an http or https URL")]
    PublicUrl,
    /// No connection could be made to anybody.
    #[error("could not set up TLS")]
    Transport(#[from] TransportError),
}
