use std::fmt;

/// Why a token of the identity provider was refused. For operators, in the log and the metrics: the client gets one and
/// the same answer for all of them.
///
/// The checks run in the order of the variants, and the first that fails is the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenRefusal {
    /// Not a signed JWT in compact form that is read here: an opaque or an encrypted token, a critical extension, a
    /// repeated or missing member.
    Malformed,
    /// Muster's own access token, which has expired or was signed with a key that is not in use.
    OwnToken,
    /// A JWT that is no access or ID token, for example a logout token (RFC 8725, section 3.11).
    WrongType,
    /// `iss` is not the configured issuer.
    WrongIssuer,
    /// `aud` does not name the configured audience.
    WrongAudience,
    /// Signed with an algorithm that is not taken: `none`, HMAC, ES512 and others.
    Algorithm,
    /// `sub` is missing or holds characters that are not safe to keep.
    NoSubject,
    /// `exp` has passed.
    Expired,
    /// `nbf` or `iat` is in the future.
    NotYetValid,
    /// The provider publishes no key of that id for that algorithm.
    UnknownKey,
    /// The signature does not match.
    Signature,
    /// Neither `sub` nor a name says who on record this is: the token has no name, and userinfo gave none.
    NoName,
    /// The token names somebody who is not on record, and was not added.
    UnknownPerson,
    /// The person is deactivated.
    Deactivated,
}

impl TokenRefusal {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Malformed,
        Self::OwnToken,
        Self::WrongType,
        Self::WrongIssuer,
        Self::WrongAudience,
        Self::Algorithm,
        Self::NoSubject,
        Self::Expired,
        Self::NotYetValid,
        Self::UnknownKey,
        Self::Signature,
        Self::NoName,
        Self::UnknownPerson,
        Self::Deactivated,
    ];

    /// The reason as log lines and the label `reason` of metrics have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::OwnToken => "own-token",
            Self::WrongType => "wrong-type",
            Self::WrongIssuer => "wrong-issuer",
            Self::WrongAudience => "wrong-audience",
            Self::Algorithm => "algorithm",
            Self::NoSubject => "no-subject",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::UnknownKey => "unknown-key",
            Self::Signature => "signature",
            Self::NoName => "no-name",
            Self::UnknownPerson => "unknown-person",
            Self::Deactivated => "deactivated",
        }
    }
}

impl fmt::Display for TokenRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
