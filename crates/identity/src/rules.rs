use muster_domain::access::TokenRefusal;
use time::OffsetDateTime;

use crate::jws::Jws;
use crate::settings::{Issuer, TokenAudience};
use crate::token::Claims;

/// What a token must say, whatever its signature. Signing in and `muster doctor --token` check by the same list.
pub(crate) struct Rules<'a> {
    pub(crate) issuer: &'a Issuer,
    pub(crate) audience: &'a TokenAudience,
    /// The issuer of Muster's own access tokens.
    pub(crate) own_issuer: Option<&'a str>,
}

impl Rules<'_> {
    /// Each check by the reason for which it refuses, and whether the token passes it. The first that fails is the reason
    /// of the whole: who made the token comes before how, so that `algorithm` is always the configured provider's.
    pub(crate) fn check(&self, jws: &Jws<'_>, claims: &Claims, now: OffsetDateTime) -> [(TokenRefusal, bool); 8] {
        let issuer = claims.issuer();
        let from_provider = issuer == Some(self.issuer.as_str());
        let own = !from_provider && issuer.is_some() && issuer == self.own_issuer;
        let audiences = claims.audiences().unwrap_or_default();
        [
            (TokenRefusal::OwnToken, !own),
            (TokenRefusal::WrongType, jws.has_right_type() && !claims.is_event()),
            (TokenRefusal::WrongIssuer, from_provider),
            (TokenRefusal::WrongAudience, audiences.contains(&self.audience.as_str())),
            (TokenRefusal::Algorithm, jws.algorithm().is_some()),
            (TokenRefusal::NoSubject, claims.subject().is_some()),
            (TokenRefusal::Expired, now < claims.expires_at()),
            (TokenRefusal::NotYetValid, claims.has_begun(now)),
        ]
    }
}
