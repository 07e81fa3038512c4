use std::borrow::Cow;

use url::Url;

/// Where a service is reached instead of at its own address: an egress gateway, or a server for tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(Cow<'static, str>);

/// Why a text is no [`BaseUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an http or https address without user, query or fragment, like https://gateway.example/push")]
pub struct InvalidBaseUrl;

impl BaseUrl {
    /// Takes an address; a slash at its end makes no difference.
    ///
    /// # Errors
    /// When nothing could be reached there, or it has more than a host, a port and a path.
    pub fn parse(text: &str) -> Result<Self, InvalidBaseUrl> {
        let url = Url::parse(text.trim()).map_err(|_| InvalidBaseUrl)?;
        let bare =
            url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
        if matches!(url.scheme(), "http" | "https") && url.has_host() && bare {
            Ok(Self(Cow::Owned(url.as_str().trim_end_matches('/').to_owned())))
        } else {
            Err(InvalidBaseUrl)
        }
    }

    /// A service's own, which ends without a slash.
    pub(crate) const fn of_service(address: &'static str) -> Self {
        Self(Cow::Borrowed(address))
    }

    /// The address, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
