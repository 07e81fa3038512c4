//! Where a request comes from, when proxies stand in between.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::{HttpRequest, web};
use ipnet::IpNet;

use super::Edge;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address: the peer's, or what the proxies that are trusted say of it.
pub(crate) fn client_address(request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let trusted = request.app_data::<web::Data<Edge>>().map_or(&[][..], |edge| &edge.settings.trusted_proxies);
    Some(walk(peer, request.headers(), trusted))
}

/// Goes from the peer back towards the client for as long as the one who speaks is trusted, and stops at whom nobody
/// vouches for. Each proxy adds at the end, so what stands left of an untrusted address may be made up. The standard's
/// header (RFC 7239) counts only where there is no `X-Forwarded-For`: a proxy that writes the one passes the other on as
/// the client sent it.
fn walk(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    if !is_trusted(peer) {
        return peer;
    }
    let hops: Vec<Option<IpAddr>> = if headers.contains_key(X_FORWARDED_FOR) {
        parts(headers, &X_FORWARDED_FOR, ',').map(node).collect()
    } else {
        parts(headers, &header::FORWARDED, ',').map(forwarded_for).collect()
    };
    let mut client = peer;
    for hop in hops.into_iter().rev() {
        let Some(address) = hop else { break };
        client = address;
        if !is_trusted(address) {
            break;
        }
    }
    client
}

/// What stands between separators, over all lines of a header. A line that is no text is one part that says nothing.
fn parts<'a>(headers: &'a HeaderMap, name: &HeaderName, separator: char) -> impl Iterator<Item = &'a str> {
    headers.get_all(name).flat_map(move |line| line.to_str().unwrap_or_default().split(separator)).map(str::trim)
}

/// The address in `for=` of an element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(name, _)| name.eq_ignore_ascii_case("for")).map(|(_, value)| value);
    let value = values.next()?;
    // Twice is against the grammar (RFC 7239, section 4).
    if values.next().is_some() {
        return None;
    }
    let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    node(quoted.unwrap_or(value))
}

/// An address with or without a port, of IPv6 with or without brackets.
fn node(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    const PROXIES: [&str; 3] = ["10.0.0.0/8", "192.0.2.7/32", "2001:db8:1::/48"];

    fn from(peer: &str, lines: &[(&str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        let trusted = PROXIES.map(|network| network.parse().unwrap());
        walk(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(from("203.0.113.9", &[("x-forwarded-for", "198.51.100.1")]), "203.0.113.9");
        assert_eq!(from("203.0.113.9", &[("forwarded", "for=198.51.100.1")]), "203.0.113.9");
    }

    #[test]
    fn the_walk_ends_at_the_first_whom_nobody_trusts() {
        for (given, client) in [
            ("198.51.100.1", "198.51.100.1"),
            ("1.1.1.1, 198.51.100.1", "198.51.100.1"),
            ("1.1.1.1, 198.51.100.1, 10.1.1.1,192.0.2.7", "198.51.100.1"),
            ("198.51.100.1:4711, 10.1.1.1:80", "198.51.100.1"),
            ("[2a00::1]:4711", "2a00::1"),
            ("2a00::1", "2a00::1"),
            ("2a00::1, 2001:db8:1::5", "2a00::1"),
            ("::ffff:198.51.100.1", "198.51.100.1"),
            // All are trusted: the farthest is the client.
            ("10.9.9.9, 10.1.1.1", "10.9.9.9"),
        ] {
            assert_eq!(from("10.0.0.1", &[("x-forwarded-for", given)]), client, "{given}");
        }
    }

    #[test]
    fn what_is_malformed_ends_the_walk() {
        for given in ["", "unknown", "198.51.100.1, ", "198.51.100.1, x", "198.51.100.1, 10.1.1.1x", "300.1.1.1"] {
            assert_eq!(from("10.0.0.1", &[("x-forwarded-for", given)]), "10.0.0.1", "{given}");
        }
        assert_eq!(from("10.0.0.1", &[("x-forwarded-for", "198.51.100.1, x, 10.1.1.1")]), "10.1.1.1");
        assert_eq!(from("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn lines_are_one_list() {
        let lines = [("x-forwarded-for", "198.51.100.1, 203.0.113.5"), ("x-forwarded-for", "10.1.1.1")];
        assert_eq!(from("10.0.0.1", &lines), "203.0.113.5");
    }

    #[test]
    fn the_standards_header_is_read_where_there_is_no_other() {
        for (given, client) in [
            ("for=198.51.100.1", "198.51.100.1"),
            ("for=198.51.100.1;proto=https;by=10.0.0.1", "198.51.100.1"),
            (r#"proto=https; For="198.51.100.1:4711""#, "198.51.100.1"),
            (r#"for="[2a00::1]:4711""#, "2a00::1"),
            ("for=1.1.1.1, for=198.51.100.1, for=10.1.1.1", "198.51.100.1"),
            ("for=198.51.100.1, for=unknown", "10.0.0.1"),
            ("for=198.51.100.1, for=_hidden", "10.0.0.1"),
            ("for=198.51.100.1, proto=https", "10.0.0.1"),
            ("for=198.51.100.1;for=198.51.100.2", "10.0.0.1"),
        ] {
            assert_eq!(from("10.0.0.1", &[("forwarded", given)]), client, "{given}");
        }
        let both = [("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "198.51.100.1")];
        assert_eq!(from("10.0.0.1", &both), "198.51.100.1");
        let both = [("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "unknown")];
        assert_eq!(from("10.0.0.1", &both), "10.0.0.1");
    }

    #[test]
    fn a_line_that_is_no_text_ends_the_walk() {
        let mut headers = HeaderMap::new();
        headers.append(X_FORWARDED_FOR, HeaderValue::from_static("198.51.100.1"));
        headers.append(X_FORWARDED_FOR, HeaderValue::from_bytes(b"\xff\xfe").unwrap());
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        assert_eq!(walk([10, 0, 0, 1].into(), &headers, &trusted), IpAddr::from([10, 0, 0, 1]));
    }
}
