use std::path::PathBuf;

use ipnet::IpNet;
use muster_http::EdgeSettings;
use url::Url;

use super::parser::Parser;

/// The server's certificate and its key, as files in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// The certificate and what it is signed by.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Where traces go.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tracing {
    /// A collector that speaks OTLP over HTTP.
    pub endpoint: Url,
    /// Which part of the traces that begin here is sent, 0 to 1.
    pub share: f64,
}

const TLS: [&str; 2] = ["MUSTER_TLS_CERTIFICATE_FILE", "MUSTER_TLS_KEY_FILE"];

impl Parser<'_> {
    pub(super) fn edge(&mut self, public_url: Option<&str>, cors_loopback: bool) -> EdgeSettings {
        let default = EdgeSettings::default();
        let how = "must be addresses or networks with commas between them, like 10.0.0.0/8";
        let trusted_proxies = self.value("MUSTER_TRUSTED_PROXIES", default.trusted_proxies, how, |text| {
            text.split(',').map(|each| network(each.trim())).collect()
        });
        let how = "must be origins with commas between them, like https://oncall.example.com";
        let cors_origins = self.value("MUSTER_CORS_ORIGINS", default.cors_origins, how, |text| {
            text.split(',').map(|each| origin(each.trim())).collect()
        });
        let how = "must be a number from 1 to 1000000";
        let max_connections = self.value("MUSTER_MAX_CONNECTIONS", default.max_connections, how, |text| {
            text.parse().ok().filter(|most| (1..=1_000_000).contains(most))
        });
        let how = "must be a number from 1 to 100000";
        let max_requests = self.value("MUSTER_MAX_REQUESTS", default.max_requests, how, |text| {
            text.parse().ok().filter(|most| (1..=100_000).contains(most))
        });
        let how = "must be a number from 0 to 1000000";
        let name = "MUSTER_ANONYMOUS_REQUESTS_PER_MINUTE";
        let anonymous_per_minute = self.value(name, default.anonymous_per_minute, how, |text| {
            text.parse().ok().filter(|most| *most <= 1_000_000).map(std::num::NonZeroU32::new)
        });
        let over_tls = self.any_given(&TLS) || public_url.is_some_and(|url| url.starts_with("https://"));
        EdgeSettings {
            trusted_proxies,
            cors_origins,
            cors_loopback,
            max_connections,
            max_requests,
            anonymous_per_minute,
            over_tls,
        }
    }

    pub(super) fn tls(&mut self) -> Option<TlsFiles> {
        if self.any_given(&TLS) {
            self.require(&TLS, "the certificate and its key are given together");
        }
        let [certificate, key] = TLS.map(|name| self.settings.get(name).map(PathBuf::from));
        Some(TlsFiles { certificate: certificate?, key: key? })
    }

    pub(super) fn tracing(&mut self) -> Option<Tracing> {
        let how = "must be a number from 0 to 100";
        let percent: u8 =
            self.value("MUSTER_TRACE_PERCENT", 100, how, |text| text.parse().ok().filter(|percent| *percent <= 100));
        let how = "must be an http or https address, like http://127.0.0.1:4318";
        let endpoint = self.optional("OTEL_EXPORTER_OTLP_ENDPOINT", how, |text| {
            Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        });
        Some(Tracing { endpoint: endpoint?, share: f64::from(percent) / 100.0 })
    }

    pub(super) fn audit_retention(&mut self) -> Option<time::Duration> {
        let how = "must be a number of days from 30 to 36500";
        self.optional("MUSTER_AUDIT_RETENTION_DAYS", how, |text| {
            text.parse().ok().filter(|days| (30..=36_500).contains(days)).map(time::Duration::days)
        })
    }
}

/// A network, or one address.
fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| Some(IpNet::from(text.parse::<std::net::IpAddr>().ok()?)))
}

/// An origin as browsers write it (RFC 6454, section 6.2).
fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let origin = url.origin().ascii_serialization();
    (origin == text.trim_end_matches('/')).then_some(origin)
}
