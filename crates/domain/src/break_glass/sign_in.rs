use std::net::{IpAddr, Ipv6Addr};

use time::{Duration, OffsetDateTime};

use crate::access::{AccessClaims, AccessToken, AccessTokens, Audience, SigningError};
use crate::audit::{AuditChange, AuditEvent, Origin};
use crate::break_glass::{AttemptLimit, AttemptScope, BreakGlassService, Credential, Password, PasswordError};
use crate::notice::{Notice, NoticeContent};
use crate::user::fold;
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
    /// Too many attempts were made for that name or from that address, whether or not there is such an account.
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
    /// How many attempts a public address has. Behind a proxy everybody has the proxy's, and ten strangers' attempts
    /// would lock the door; whoever is on the machine itself has none either.
    const PER_ADDRESS: (u32, Duration) = (10, Duration::minutes(15));
    /// How many attempts an account has, from wherever. Generous: 150 random bits are not guessed, and whoever could use
    /// attempts up could lock the door in an emergency.
    const PER_ACCOUNT: (u32, Duration) = (1_000, Duration::HOUR);

    /// Signs an admin in for [`BreakGlassService::SESSION`] with a token of `access_tokens`. A password that is longer
    /// than any is `None`. Every attempt that is within the limits is on the audit trail, and every admin of the
    /// directory is told of each that succeeded.
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
        let now = self.clock.now();
        if let Some(until) = self.accounts.count_attempt(&limits(name, origin), now).await? {
            return Err(SignInError::TooManyAttempts { retry_after: until - now });
        }
        let found = self.accounts.find(name).await?;
        // Whatever is wrong, the same work is done, so that time tells nothing either.
        let hash = found.as_ref().map(|found| found.hash.clone());
        let is_right = match password {
            Some(password) => self.passwords.is_password(password, hash).await?,
            None => self.passwords.is_password(&Password::generate(&*self.entropy), None).await?,
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
                let change = AuditChange::BreakGlassRefused { account: found.map(|found| found.name) };
                let event = AuditEvent::new(now, &*self.entropy, origin, None, &change);
                self.accounts.record_refusal(&event).await?;
                Err(SignInError::Refused)
            }
        }
    }

    async fn record_use(&self, found: &Credential, now: OffsetDateTime, origin: &Origin) -> Result<bool, StoreError> {
        let content = NoticeContent::BreakGlassUsed { account: found.name.clone(), ip: origin.ip, at: now };
        let notices: Vec<Notice> = self
            .accounts
            .admins()
            .await?
            .into_iter()
            .map(|user_id| Notice {
                id: NoticeId::new(now, &*self.entropy),
                user_id,
                channel: Method::Email,
                content: content.clone(),
                created_at: now,
                attempts: 0,
            })
            .collect();
        let change = AuditChange::BreakGlassSignedIn { account: found.name.clone(), told: notices.len() };
        let event = AuditEvent::new(now, &*self.entropy, &origin.by_user(found.user_id), Some(found.user_id), &change);
        self.accounts.record_use(found.user_id, now, &notices, &event).await
    }
}

fn limits(name: &str, origin: &Origin) -> Vec<AttemptLimit> {
    let limit = |scope, (max, window)| AttemptLimit { scope, max, window };
    // A name that is longer than any account's is nobody's, and takes no more room.
    let name = fold(name).chars().take(64).collect();
    let account = limit(AttemptScope::Account(name), BreakGlassService::PER_ACCOUNT);
    let address =
        origin.public_ip().map(|ip| limit(AttemptScope::Address(network(ip)), BreakGlassService::PER_ADDRESS));
    std::iter::once(account).chain(address).collect()
}

/// What counts as one address: of IPv6 the first 64 bits, for whoever has one such network has all addresses in it
/// (RFC 4291, section 2.5.1).
fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
    }
}
