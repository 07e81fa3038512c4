//! What `muster doctor --token` says of a token.

use muster_domain::access::{Identity, IdentityError, TokenRefusal};
use muster_outbound::Finding;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::OidcTokens;
use crate::algorithm::taken;
use crate::document::shown;
use crate::jws::{Jws, MAX_BYTES};
use crate::token::Claims;

/// What was found out about a token. Holds neither the token nor, in the findings, anything that identifies a person.
pub struct ExplainedToken {
    /// Each check, in the order in which signing in makes them.
    pub findings: Vec<Finding>,
    /// Whom it names, if all checks passed.
    pub identity: Option<Identity>,
}

impl OidcTokens {
    /// Makes all checks that signing in makes, and says of each how it went and, when it failed, what to change. Asks the
    /// provider for its keys.
    pub async fn explain(&self, token: &str, now: OffsetDateTime) -> ExplainedToken {
        let refused = |findings| ExplainedToken { findings, identity: None };
        let Some(jws) = Jws::parse(token) else {
            return refused(vec![Finding::bad("form", form(token))]);
        };
        let Some(claims) = Claims::parse(jws.payload()) else {
            let what = "malformed: the payload is not the JSON object of an access token with exp, or a member is \
                        repeated or of the wrong type: the provider's configuration must be mended";
            return refused(vec![Finding::bad("form", what)]);
        };
        let mut findings = vec![Finding::good("form", "a signed JWT")];
        let checks = self.rules().check(&jws, &claims, now);
        let mut good = true;
        for (reason, passed) in checks {
            good &= passed;
            if passed && reason == TokenRefusal::OwnToken {
                continue;
            }
            findings.push(self.explain_check(reason, passed, &jws, &claims));
        }
        // The keys are the provider's, so another's token is not compared with them.
        if checks.iter().any(|(reason, passed)| !passed && *reason != TokenRefusal::Expired) {
            return refused(findings);
        }
        let (found, signed) = self.explain_signature(&jws).await;
        findings.extend(found);
        let identity = if good && signed { claims.into_identity() } else { None };
        if let Some(identity) = &identity {
            findings.push(names(identity, self.asks_userinfo()));
        }
        ExplainedToken { findings, identity }
    }

    fn explain_check(&self, reason: TokenRefusal, passed: bool, jws: &Jws<'_>, claims: &Claims) -> Finding {
        let (check, found, what_to_do) = match reason {
            TokenRefusal::OwnToken => (
                "issuer",
                "is this server itself: it is an access token of Muster's own".to_owned(),
                "give the token that the identity provider made",
            ),
            TokenRefusal::WrongType => (
                "type",
                "an access token or an ID token".to_owned(),
                "give an access token or an ID token; its typ must be JWT or at+jwt, or left out",
            ),
            TokenRefusal::WrongIssuer => (
                "issuer",
                claims.issuer().map_or_else(|| "none".to_owned(), shown),
                "if that is your provider, set MUSTER_OIDC_ISSUER to exactly this",
            ),
            TokenRefusal::WrongAudience => (
                "audience",
                audiences(claims),
                "have the provider make tokens for the audience in MUSTER_OIDC_AUDIENCE, or set that to one of these",
            ),
            TokenRefusal::Algorithm => {
                ("algorithm", shown(jws.algorithm_name()), "have the provider sign this client's tokens with another")
            }
            TokenRefusal::NoSubject => (
                "subject",
                "a sub that can be kept".to_owned(),
                "the provider must give a sub of 1 to 255 characters, without control characters or spaces at its ends",
            ),
            TokenRefusal::Expired => (
                "expiry",
                format!("exp is {}", at(claims.expires_at())),
                "get a new token; if it is new, compare this machine's clock with the provider's",
            ),
            TokenRefusal::NotYetValid => (
                "begin",
                claims.begins_at().map_or_else(|| "nbf and iat are left out".to_owned(), at),
                "compare this machine's clock with the provider's: nbf and iat may be 30 s ahead",
            ),
            TokenRefusal::Malformed
            | TokenRefusal::UnknownKey
            | TokenRefusal::Signature
            | TokenRefusal::NoName
            | TokenRefusal::UnknownPerson
            | TokenRefusal::Deactivated => ("form", reason.to_string(), "give another token"),
        };
        if passed {
            return Finding::good(check, found);
        }
        let found = match reason {
            TokenRefusal::OwnToken => found,
            TokenRefusal::WrongType => "says that it is something else".to_owned(),
            TokenRefusal::NoSubject => "no sub that can be kept".to_owned(),
            TokenRefusal::WrongIssuer => {
                format!("{found} is not {}, which MUSTER_OIDC_ISSUER names", shown(self.keys.issuer().as_str()))
            }
            TokenRefusal::WrongAudience => {
                format!("{found}, and not {}, which MUSTER_OIDC_AUDIENCE names", shown(self.audience.as_str()))
            }
            TokenRefusal::Algorithm => format!("{found} is not taken; taken are {}", taken()),
            TokenRefusal::Expired => format!("{found}, which is over"),
            _ => format!("{found} is in the future"),
        };
        Finding::bad(check, format!("{reason}: {found}: {what_to_do}"))
    }

    /// What comes of its key and signature, and whether that is right.
    async fn explain_signature(&self, jws: &Jws<'_>) -> (Vec<Finding>, bool) {
        let key = jws.key_id().map_or_else(|| "names no key".to_owned(), |kid| format!("kid {}", shown(kid)));
        match self.keys.for_token(jws).await {
            Ok(keys) => {
                let found = Finding::good("key", format!("{key} is among the provider's"));
                if keys.verify(jws) {
                    return (vec![found, Finding::good("signature", "is the provider's")], true);
                }
                let what = "signature: it does not match: the token was changed, or another key of that id signed it";
                (vec![found, Finding::bad("signature", what)], false)
            }
            Err(IdentityError::Refused(reason)) => {
                let ids = self.keys.held().map(|keys| {
                    keys.ids().map(|id| id.map_or_else(|| "one without an id".to_owned(), shown)).collect::<Vec<_>>()
                });
                let ids = ids.unwrap_or_default().join(", ");
                let what = format!(
                    "{reason}: {key}: for {} the provider publishes no such key (it has {ids}): get a new token; if it \
                     is new, the provider signs with a key that it has not published, or has several for tokens that \
                     name none",
                    jws.algorithm_name()
                );
                (vec![Finding::bad("key", what)], false)
            }
            Err(error @ (IdentityError::NotYet { .. } | IdentityError::Unavailable(_))) => {
                let what = format!("{}: run muster doctor, which looks at the provider", with_causes(&error));
                (vec![Finding::bad("key", what)], false)
            }
        }
    }
}

/// What a text is that is no signed JWT.
fn form(token: &str) -> String {
    let what = match token.split('.').count() {
        1 => {
            "an opaque token, which only the provider can read: have it give JWT access tokens for the audience in \
             MUSTER_OIDC_AUDIENCE"
        }
        5 => "an encrypted token: have the provider sign it and not encrypt it",
        3 if token.len() > MAX_BYTES => "longer than 16 KiB: have the provider put fewer claims into it",
        3 => {
            "its header is not that of a plain signed JWT (RFC 7515), or a part is no base64url: critical extensions, \
             compressed and nested tokens are not read"
        }
        _ => "no JWT in compact form: give the token alone",
    };
    format!("{}: {what}", TokenRefusal::Malformed)
}

fn audiences(claims: &Claims) -> String {
    let audiences = claims.audiences().unwrap_or_default();
    if audiences.is_empty() {
        return "none".to_owned();
    }
    let first: Vec<_> = audiences.iter().take(20).map(|audience| shown(audience)).collect();
    first.join(", ")
}

fn at(instant: OffsetDateTime) -> String {
    instant.format(&Rfc3339).unwrap_or_default()
}

/// Whether there is a name, and not which.
fn names(identity: &Identity, asks_userinfo: bool) -> Finding {
    match (identity.logins.len(), asks_userinfo) {
        (0, true) => Finding::warning(
            "name",
            "no email or preferred_username: the person is found by externalId alone, else userinfo is asked",
        ),
        (0, false) => Finding::warning(
            "name",
            "no email or preferred_username: the person is found by externalId alone; have the provider put a name into \
             the token, or set MUSTER_OIDC_USERINFO to true",
        ),
        (1, _) => Finding::good("name", "one name: a verified email or preferred_username"),
        _ => Finding::good("name", "two names: a verified email and preferred_username"),
    }
}

fn with_causes(error: &IdentityError) -> String {
    muster_domain::with_causes(error)
}
