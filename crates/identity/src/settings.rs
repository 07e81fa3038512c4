use std::str::FromStr;

use url::{Host, Url};

/// Whose tokens are taken, and for whom they must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcSettings {
    /// Who makes them.
    pub issuer: Issuer,
    /// For whom they must be made (`aud`): the id of the provider's application or API.
    pub audience: TokenAudience,
    /// Whether the provider is asked for the names of people who are not on record and whose tokens have none.
    pub asks_userinfo: bool,
}

/// Why a setting cannot be what it was given as. Says what it must be and never repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OidcSettingError {
    /// No provider can be there, or it could not be trusted.
    #[error(
        "must be the issuer's https address exactly as it is in its tokens, without a user, a query or a fragment (http \
         only on this machine)"
    )]
    Issuer,
    /// No token is made for it.
    #[error("must be 1 to 255 characters without spaces at its ends, as in the `aud` of the issuer's tokens")]
    Audience,
}

/// A provider's issuer identifier. Compared byte by byte (OIDC Discovery 1.0, section 4.3), so it is kept as it
/// was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer(String);

impl Issuer {
    /// The identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where its discovery document is (OIDC Discovery 1.0, section 4).
    pub(crate) fn discovery_url(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.0.strip_suffix('/').unwrap_or(&self.0))
    }

    /// Whether an address that its discovery document names may be called: encrypted, or on this machine where the
    /// issuer is there too.
    pub(crate) fn may_be_called_at(&self, url: &Url) -> bool {
        let here = Url::parse(&self.0).is_ok_and(|issuer| issuer.scheme() == "http");
        is_plain(url) && (url.scheme() == "https" || here && is_on_this_machine(url))
    }
}

impl FromStr for Issuer {
    type Err = OidcSettingError;

    fn from_str(text: &str) -> Result<Self, OidcSettingError> {
        let url = Url::parse(text).map_err(|_| OidcSettingError::Issuer)?;
        let safe = url.scheme() == "https" || url.scheme() == "http" && is_on_this_machine(&url);
        // A URL's parser forgives spaces and line breaks, which no token has.
        let odd = |c: char| c.is_whitespace() || c.is_control();
        if !safe || !is_plain(&url) || url.query().is_some() || text.contains(odd) {
            return Err(OidcSettingError::Issuer);
        }
        Ok(Self(text.to_owned()))
    }
}

fn is_plain(url: &Url) -> bool {
    url.has_host() && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
}

fn is_on_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What a token's `aud` must name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenAudience(String);

impl TokenAudience {
    /// The audience.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TokenAudience {
    type Err = OidcSettingError;

    fn from_str(text: &str) -> Result<Self, OidcSettingError> {
        let fits = (1..=255).contains(&text.chars().count());
        if !fits || text.trim() != text || text.chars().any(char::is_control) {
            return Err(OidcSettingError::Audience);
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://example.okta.com")]
    #[case("https://example.okta.com/oauth2/default")]
    #[case("https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0")]
    #[case("https://accounts.example.com/")]
    #[case("http://localhost:8080")]
    #[case("http://127.0.0.1:1/realm")]
    #[case("http://[::1]:1")]
    fn issuer_is_kept_as_it_was_given(#[case] text: &str) {
        assert_eq!(text.parse::<Issuer>().unwrap().as_str(), text);
    }

    #[rstest]
    #[case("")]
    #[case("example.okta.com")]
    #[case("http://example.okta.com")]
    #[case("http://localhost.example.com")]
    #[case("ftp://localhost")]
    #[case("https://user@example.com")]
    #[case("https://:secret@example.com")]
    #[case("https://example.com/?tenant=1")]
    #[case("https://example.com/#a")]
    #[case(" https://example.com")]
    #[case("https://example.com\n")]
    #[case("https://exa\tmple.com")]
    fn issuer_that_cannot_be_trusted_is_refused(#[case] text: &str) {
        assert_eq!(text.parse::<Issuer>(), Err(OidcSettingError::Issuer));
    }

    #[rstest]
    #[case("https://a.example", "https://a.example/.well-known/openid-configuration")]
    #[case("https://a.example/", "https://a.example/.well-known/openid-configuration")]
    #[case("https://a.example/t/v2.0", "https://a.example/t/v2.0/.well-known/openid-configuration")]
    fn discovery_document_is_below_the_issuer(#[case] issuer: &str, #[case] url: &str) {
        assert_eq!(issuer.parse::<Issuer>().unwrap().discovery_url(), url);
    }

    #[rstest]
    #[case("https://a.example", "https://keys.example/jwks?v=1", true)]
    #[case("https://a.example", "http://keys.example/jwks", false)]
    #[case("https://a.example", "http://127.0.0.1/jwks", false)]
    #[case("https://a.example", "https://u:p@keys.example/jwks", false)]
    #[case("https://a.example", "file:///etc/passwd", false)]
    #[case("http://localhost:1", "http://127.0.0.1:2/jwks", true)]
    #[case("http://localhost:1", "http://keys.example/jwks", false)]
    fn only_safe_addresses_are_called(#[case] issuer: &str, #[case] url: &str, #[case] safe: bool) {
        assert_eq!(issuer.parse::<Issuer>().unwrap().may_be_called_at(&Url::parse(url).unwrap()), safe);
    }

    #[rstest]
    #[case("")]
    #[case(" muster")]
    #[case("mus\0ter")]
    #[case(&"x".repeat(256))]
    fn audience_that_no_token_has_is_refused(#[case] text: &str) {
        assert_eq!(text.parse::<TokenAudience>(), Err(OidcSettingError::Audience));
    }
}
