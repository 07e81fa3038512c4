use std::net::{IpAddr, Ipv6Addr};

use time::{Duration, OffsetDateTime};

use crate::access::{AccessClaims, AccessToken, AccessTokens, Audience, SigningError};
use crate::audit::{AuditChange, AuditEvent, Origin};
use crate::break_glass::{AttemptLimit, BreakGlassService, Credential, Lane, Password, PasswordError, Refusal};
use crate::notice::{Notice, NoticeContent};
use crate::verification::Method;
use crate::{NoticeId, StoreError};

/// A break-glass admin who is signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// What they show.
    pub access_token: AccessToken,
    /// Until when it works.
    pub expires_at: OffsetDateTime,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The name or the password is wrong, or the account works no more, which are one answer.
    #[error("the name or the password is wrong")]
    Refused,
    /// Too many attempts were made from that address.
    #[error("too many attempts were made")]
    TooManyAttempts {
        /// When to try again.
        retry_after: Duration,
    },
    /// The password was not checked.
    #[error("could not check the password")]
    Password(#[from] PasswordError),
    /// No token could be made.
    #[error("could not sign an access token")]
    Signing(#[from] SigningError),
    /// The store failed.
    #[error("could not look up the account")]
    Store(#[from] StoreError),
}

impl BreakGlassService {
    /// How many checked attempts a public address has, and in what time (NIST SP 800-63B, section 5.2.2: the verifier
    /// limits attempts). Behind a proxy that is not named all clients have the proxy's address, which is not public, and
    /// is not counted: ten attempts of a stranger would lock the door.
    const PER_ADDRESS: (u32, Duration) = (10, Duration::minutes(15));

    /// Signs an admin in for [`BreakGlassService::SESSION`] with a token of `access_tokens`. A password that is longer
    /// than any is `None`. No number of attempts locks an account: the cost of a flood is bounded by the hasher's queue,
    /// and a password whose tag is the account's does not wait in the queue of the others. An attempt that was not
    /// checked, because the hasher was busy, is counted nowhere. Every refused attempt is counted, and recorded as
    /// [`crate::break_glass::RefusalRecord`] says; every admin of the directory is told of each sign-in and of each flood.
    ///
    /// # Errors
    /// See [`SignInError`].
    pub async fn sign_in(
        &self,
        name: &str,
        password: Option<&Password>,
        access_tokens: &dyn AccessTokens,
        origin: &Origin,
    ) -> Result<SignedIn, SignInError> {
        let found = self.accounts.find(name).await?;
        let tag = password.map(|password| self.passwords.tag(password));
        let is_likely = tag.is_some() && found.as_ref().is_some_and(|found| found.tag == tag);
        let turn = self.passwords.turn(if is_likely { Lane::Reserved } else { Lane::Common }).await?;
        let now = self.clock.now();
        if let Some(limit) = limit(origin)
            && let Some(until) = self.accounts.count_attempt(&limit, now).await?
        {
            return Err(SignInError::TooManyAttempts { retry_after: until - now });
        }
        // Whatever is wrong, the same work is done, so that time tells nothing either.
        let hash = found.as_ref().map(|found| found.hash.clone());
        let is_right = match password {
            Some(password) => turn.is_password(password, hash).await?,
            None => turn.is_password(&Password::generate(&*self.entropy), None).await?,
        };
        match found {
            Some(found) if is_right && self.record_use(&found, now, origin).await? => {
                // Tokens count in whole seconds.
                let issued_at = now.truncate_to_second();
                let expires_at = issued_at + Self::SESSION;
                let access_token = access_tokens.sign(&AccessClaims {
                    user_id: found.user_id,
                    session_id: None,
                    audience: Audience::BreakGlass,
                    issued_at,
                    expires_at,
                })?;
                Ok(SignedIn { access_token, expires_at })
            }
            found => {
                self.record_refusal(found.map(|found| found.name), now, origin).await?;
                Err(SignInError::Refused)
            }
        }
    }

    async fn record_use(&self, found: &Credential, now: OffsetDateTime, origin: &Origin) -> Result<bool, StoreError> {
        let content = NoticeContent::BreakGlassUsed { account: found.name.clone(), ip: origin.ip, at: now };
        let notices = self.notices(&content, now).await?;
        let change = AuditChange::BreakGlassSignedIn { account: found.name.clone(), told: notices.len() };
        let event = AuditEvent::new(now, &*self.entropy, &origin.by_user(found.user_id), Some(found.user_id), &change);
        self.accounts.record_use(found.user_id, now, &notices, &event).await
    }

    async fn record_refusal(
        &self,
        account: Option<String>,
        now: OffsetDateTime,
        origin: &Origin,
    ) -> Result<(), StoreError> {
        let content = NoticeContent::BreakGlassFlooded { account: account.clone(), at: now };
        let notices = self.notices(&content, now).await?;
        let event = |change| AuditEvent::new(now, &*self.entropy, origin, None, &change);
        let refused = event(AuditChange::BreakGlassRefused { account: account.clone() });
        let told = notices.len();
        let flooded = event(AuditChange::BreakGlassFlooded { account: account.clone(), attempts: 0, told });
        self.accounts.record_refusal(&Refusal { account, at: now, refused, flooded, notices }).await?;
        Ok(())
    }

    /// That content for every admin who can be told.
    async fn notices(&self, content: &NoticeContent, now: OffsetDateTime) -> Result<Vec<Notice>, StoreError> {
        let notice = |user_id| Notice {
            id: NoticeId::new(now, &*self.entropy),
            user_id,
            channel: Method::Email,
            content: content.clone(),
            created_at: now,
            attempts: 0,
        };
        Ok(self.accounts.admins().await?.into_iter().map(notice).collect())
    }
}

/// What an attempt is held to; nothing when its address is not public.
fn limit(origin: &Origin) -> Option<AttemptLimit> {
    let (max, window) = BreakGlassService::PER_ADDRESS;
    origin.public_ip().map(|ip| AttemptLimit { address: network(ip), max, window })
}

/// What counts as one address: of IPv6 the first 64 bits, for whoever has one such network has all addresses in it
/// (RFC 4291, section 2.5.1).
fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
    }
}
