use std::num::NonZeroU32;

use ipnet::IpNet;

/// How the server treats its clients before any route does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeSettings {
    /// Whose word is taken for the address of a client.
    pub trusted_proxies: Vec<IpNet>,
    /// The origins (RFC 6454) whose pages may call from a browser, like `https://oncall.example.com`.
    pub cors_origins: Vec<String>,
    /// Whether pages that were loaded from this machine may do so too, on whichever port: in development.
    pub cors_loopback: bool,
    /// How many connections are open at once.
    pub max_connections: usize,
    /// How many requests are worked on at once; further ones are shed.
    pub max_requests: usize,
    /// How many requests without a credential one address may make in a minute; as many as it likes, when left out.
    pub anonymous_per_minute: Option<NonZeroU32>,
    /// Whether clients reach the server over TLS, its own or a proxy's.
    pub over_tls: bool,
}

impl Default for EdgeSettings {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            cors_loopback: false,
            max_connections: 10_000,
            max_requests: 512,
            anonymous_per_minute: NonZeroU32::new(600),
            over_tls: false,
        }
    }
}
