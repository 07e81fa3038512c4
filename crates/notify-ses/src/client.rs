use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::provider_config::ProviderConfig;
use aws_sdk_ses::Client;
use aws_sdk_ses::config::retry::RetryConfig;
use aws_sdk_ses::config::timeout::TimeoutConfig;
use aws_sdk_ses::config::{
    BehaviorVersion, Config, Credentials, IdentityCache, Region, SharedCredentialsProvider, SharedHttpClient,
    StalledStreamProtectionConfig,
};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder, Connector};
use secrecy::ExposeSecret;

use crate::settings::{SesSettings, StaticCredentials};

/// How long a connection may take to be made, like with every other provider.
const CONNECTS_WITHIN: Duration = Duration::from_secs(3);

/// The SDK's client, held to a deadline that somebody else keeps: no retries, and no time-out but those that end a part
/// of an attempt early enough to say which part it was.
pub(crate) async fn client(settings: &SesSettings, deadline: Duration) -> Client {
    let http_client = http_client();
    let region = Region::new(settings.region.clone());
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECTS_WITHIN.min(deadline)).build();
    let credentials = if let Some(credentials) = &settings.credentials {
        SharedCredentialsProvider::new(given(credentials))
    } else {
        let config = ProviderConfig::without_region()
            .with_region(Some(region.clone()))
            .with_http_client(http_client.clone())
            .with_timeout_config(timeouts.clone());
        let chain = DefaultCredentialsChain::builder().region(region.clone()).configure(config).build().await;
        SharedCredentialsProvider::new(chain)
    };
    let mut config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(region)
        .credentials_provider(credentials)
        .identity_cache(IdentityCache::lazy().load_timeout(deadline.mul_f32(0.8)).build())
        .http_client(http_client)
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    config.set_endpoint_url(settings.endpoint_url.clone());
    Client::from_conf(config.build())
}

/// rustls on ring and the system's certificates, through the proxy that the environment names, if any.
fn http_client() -> SharedHttpClient {
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = Connector::builder();
        connector
            .set_connector_settings(settings.cloned())
            .set_sleep_impl(components.and_then(aws_sdk_ses::config::RuntimeComponents::sleep_impl));
        connector
            .pool_idle_timeout(Duration::from_secs(30))
            .proxy_config(ProxyConfig::from_env())
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build()
    })
}

fn given(credentials: &StaticCredentials) -> Credentials {
    Credentials::new(
        &credentials.access_key_id,
        credentials.secret_access_key.expose_secret(),
        credentials.session_token.as_ref().map(|token| token.expose_secret().to_owned()),
        None,
        "settings",
    )
}
