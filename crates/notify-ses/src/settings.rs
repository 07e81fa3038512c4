use muster_notify::transport::TransportError;
use secrecy::SecretString;

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
    #[error("the region must be a name like eu-west-1")]
    Region,
    /// The sender is none.
    #[error("the sender must be an e-mail address, or one with a name: Muster <muster@example.com>")]
    From,
    /// The configuration set's name is none.
    #[error("the configuration set's name must be 1 to 64 letters, digits, _ and -")]
    ConfigurationSet,
    /// The endpoint is none.
    #[error("the endpoint must be an http or https URL")]
    EndpointUrl,
    /// The public URL is none.
    #[error("the public URL must be an http or https URL")]
    PublicUrl,
    /// No connection could be made to anybody.
    #[error("could not set up TLS")]
    Transport(#[from] TransportError),
}
