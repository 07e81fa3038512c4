//! What a PostgreSQL URL says about TLS, in libpq's words, and the rest of it.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, SslNegotiation};

const DEFAULT_PORT: u16 = 5432;

/// Why a URL cannot be used. It never holds the URL, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub(super) enum InvalidPostgresUrl {
    #[error("the PostgreSQL URL is malformed")]
    Malformed(#[from] tokio_postgres::Error),
    #[error("sslmode in the PostgreSQL URL must be disable, prefer, require, verify-ca or verify-full")]
    SslMode,
    #[error("sslrootcert in the PostgreSQL URL needs sslmode=require, verify-ca or verify-full")]
    NothingToVerify,
    #[error("sslrootcert in the PostgreSQL URL is not UTF-8")]
    NotText,
    #[error("sslnegotiation=direct in the PostgreSQL URL needs sslmode=require, verify-ca or verify-full")]
    DirectWithoutTls,
    #[error("the PostgreSQL URL must name Unix sockets or hosts, not both")]
    MixedHosts,
}

/// What a server must show before it is told anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trust {
    /// Nothing: without TLS, or against those who only listen.
    Anyone,
    /// A certificate of one of these roots.
    SignedBy(Roots),
    /// A certificate of one of these roots for the host's name.
    Named(Roots),
}

/// The certificates that others are traced back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Roots {
    System,
    File(PathBuf),
}

#[derive(Clone)]
pub(super) struct ParsedUrl {
    pub(super) server: Config,
    pub(super) trust: Trust,
}

impl ParsedUrl {
    /// Each server with its port, as an operator looks for it.
    pub(super) fn servers(&self) -> String {
        let server = |(number, host): (usize, &Host)| match host {
            Host::Tcp(name) if name.contains(':') => format!("[{name}]:{}", port_of(&self.server, number)),
            Host::Tcp(name) => format!("{name}:{}", port_of(&self.server, number)),
            #[cfg(unix)]
            Host::Unix(folder) => format!("{}/.s.PGSQL.{}", folder.display(), port_of(&self.server, number)),
        };
        self.server.get_hosts().iter().enumerate().map(server).collect::<Vec<_>>().join(", ")
    }

    /// The servers and the database, without user and password.
    pub(super) fn place(&self) -> String {
        let name = self.server.get_dbname().or(self.server.get_user()).unwrap_or_default();
        format!("{}/{name}", self.servers())
    }
}

/// The port of the server of that number, as libpq takes them: one for each, or one for all.
pub(super) fn port_of(server: &Config, number: usize) -> u16 {
    let ports = server.get_ports();
    ports.get(number).or_else(|| ports.first()).copied().unwrap_or(DEFAULT_PORT)
}

pub(super) fn parse(url: &str) -> Result<ParsedUrl, InvalidPostgresUrl> {
    // A password may hold a question mark, so the query is looked for behind it.
    let host = url.find('@').unwrap_or(0);
    let (base, query) = match url[host..].find('?') {
        Some(mark) => (&url[..host + mark], &url[host + mark + 1..]),
        None => (url, ""),
    };
    let (ours, theirs): (Vec<&str>, Vec<&str>) = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .partition(|pair| pair.starts_with("sslmode=") || pair.starts_with("sslrootcert="));
    let value = |name: &str| ours.iter().find_map(|pair| pair.strip_prefix(name));

    let roots = match value("sslrootcert=") {
        None | Some("system") => Roots::System,
        Some(path) => {
            let path = percent_decode_str(path).decode_utf8().map_err(|_| InvalidPostgresUrl::NotText)?;
            Roots::File(path.into_owned().into())
        }
    };
    let (mode, trust) = match value("sslmode=").unwrap_or("prefer") {
        "disable" => (SslMode::Disable, Trust::Anyone),
        "prefer" => (SslMode::Prefer, Trust::Anyone),
        "verify-ca" => (SslMode::Require, Trust::SignedBy(roots)),
        // Encryption with whoever answers protects from nobody who can answer.
        "require" | "verify-full" => (SslMode::Require, Trust::Named(roots)),
        _ => return Err(InvalidPostgresUrl::SslMode),
    };
    if trust == Trust::Anyone && value("sslrootcert=").is_some() {
        return Err(InvalidPostgresUrl::NothingToVerify);
    }

    let rest = if theirs.is_empty() { base.to_owned() } else { format!("{base}?{}", theirs.join("&")) };
    let mut server: Config = rest.parse()?;
    if server.get_hosts().is_empty() {
        // The address is the name that a certificate is for.
        for address in server.get_hostaddrs().to_vec() {
            server.host(address.to_string());
        }
    }
    #[cfg(unix)]
    let sockets = server.get_hosts().iter().filter(|host| matches!(host, Host::Unix(_))).count();
    #[cfg(not(unix))]
    let sockets = 0;
    if sockets > 0 && sockets < server.get_hosts().len() {
        return Err(InvalidPostgresUrl::MixedHosts);
    }
    // As in libpq: a Unix socket has no TLS, and needs none.
    let mode = if sockets > 0 { SslMode::Disable } else { mode };
    if server.get_ssl_negotiation() == SslNegotiation::Direct && mode == SslMode::Prefer {
        return Err(InvalidPostgresUrl::DirectWithoutTls);
    }
    server.ssl_mode(mode);
    Ok(ParsedUrl { server, trust })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(query: &str) -> (SslMode, Trust) {
        let parsed = parse(&format!("postgres://ada:pa?s@db.example/muster{query}")).unwrap();
        assert_eq!(parsed.server.get_password(), Some("pa?s".as_bytes()));
        assert_eq!(parsed.server.get_dbname(), Some("muster"));
        (parsed.server.get_ssl_mode(), parsed.trust)
    }

    fn refused(query: &str) -> String {
        let Err(error) = parse(&format!("postgres://ada:s3cret@db.example/muster{query}")) else {
            panic!("{query} is accepted");
        };
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("s3cret"), "{shown}");
        error.to_string()
    }

    #[test]
    fn each_mode_asks_for_its_certificate() {
        let file = || Roots::File("/etc/my ca.pem".into());
        assert_eq!(trust(""), (SslMode::Prefer, Trust::Anyone));
        assert_eq!(trust("?sslmode=disable"), (SslMode::Disable, Trust::Anyone));
        assert_eq!(trust("?sslmode=require"), (SslMode::Require, Trust::Named(Roots::System)));
        assert_eq!(trust("?sslrootcert=system&sslmode=verify-ca"), (SslMode::Require, Trust::SignedBy(Roots::System)));
        let full = "?sslmode=verify-full&application_name=muster&sslrootcert=/etc/my%20ca.pem";
        assert_eq!(trust(full), (SslMode::Require, Trust::Named(file())));
    }

    #[test]
    fn servers_are_told_without_user_and_password() {
        for (url, place) in [
            ("postgres://ada:s3cret@db.example/muster", "db.example:5432/muster"),
            ("postgres://ada:s3cret@a.example:1,b.example:2/muster?sslmode=disable", "a.example:1, b.example:2/muster"),
            ("postgres://ada:s3cret@[::1]:5433", "[::1]:5433/ada"),
            ("postgres:///muster?host=/run/postgresql&port=6", "/run/postgresql/.s.PGSQL.6/muster"),
        ] {
            assert_eq!(parse(url).unwrap().place(), place);
        }
    }

    #[test]
    fn a_unix_socket_has_no_tls() {
        let parsed = parse("postgres:///muster?host=/run/postgresql&sslmode=require").unwrap();
        assert_eq!(parsed.server.get_ssl_mode(), SslMode::Disable);
        assert_eq!(parsed.server.get_hosts(), [Host::Unix("/run/postgresql".into())]);
    }

    #[test]
    fn an_address_without_a_name_is_its_own_name() {
        let parsed = parse("postgres:///muster?hostaddr=127.0.0.1").unwrap();
        assert_eq!(parsed.server.get_hosts(), [Host::Tcp("127.0.0.1".into())]);
    }

    #[test]
    fn what_is_wrong_is_said_without_the_url() {
        assert!(refused("?sslmode=yes").contains("sslmode"));
        assert!(refused("?sslrootcert=/etc/ca.pem").contains("sslrootcert"));
        assert!(refused("?sslmode=disable&sslrootcert=/etc/ca.pem").contains("needs sslmode"));
        assert!(refused("?no_such_option=1").contains("malformed"));
        assert!(refused("?sslnegotiation=direct").contains("sslnegotiation=direct"));
        assert!(refused("?host=/run/postgresql").contains("not both"));
    }
}
