use muster_domain::StoreError;
use muster_domain::access::{AuthenticateError, Denied, IdentityError, SigningError};
use muster_domain::api_key::RotateKeyError;
use muster_domain::break_glass::{PasswordError, SignInError};
use muster_domain::device::RegisterDeviceError;
use muster_domain::preferences::ReplacePreferencesError;
use muster_domain::session::{IssueSessionError, RefreshError};
use muster_domain::team::{AuthorizeError, ChangeMemberRoleError};
use muster_domain::user::ChangeRoleError;
use muster_domain::verification::{QuotaScope, SendCodeError, VerifyCodeError};
use serde_json::Value;
use time::Duration;

use super::{Kind, Problem};
use crate::authentication::refused;
use crate::telemetry;

/// How long a client should wait while the store cannot be reached.
const UNAVAILABLE_WAIT: Duration = Duration::seconds(5);

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Unavailable(_) => {
                Self::failure(Kind::Unavailable, "try again in a few seconds", &error).retry_after(UNAVAILABLE_WAIT)
            }
            StoreError::Inconsistent { .. } | StoreError::Backend(_) => internal(&error),
        }
    }
}

impl From<SigningError> for Problem {
    fn from(error: SigningError) -> Self {
        internal(&error)
    }
}

fn internal(error: &(dyn std::error::Error + 'static)) -> Problem {
    let detail = "this is a fault of the server; its operators can find it by the request id in instance";
    Problem::failure(Kind::Internal, detail, error)
}

impl From<Denied> for Problem {
    fn from(_: Denied) -> Self {
        Self::new(Kind::Forbidden, "the caller's role or scopes do not allow this")
    }
}

impl From<AuthorizeError> for Problem {
    fn from(error: AuthorizeError) -> Self {
        match error {
            AuthorizeError::Denied(denied) => denied.into(),
            AuthorizeError::Store(error) => error.into(),
        }
    }
}

impl From<AuthenticateError> for Problem {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Refused => refused(),
            AuthenticateError::TokenRefused(reason) => {
                telemetry::token_refused(reason);
                refused()
            }
            // No failure: the client tries again when the provider may be asked again.
            AuthenticateError::Unavailable(IdentityError::NotYet { retry_after }) => {
                telemetry::token_deferred(retry_after);
                let detail = "the identity provider is asked about the credential in a moment; try again then";
                Self::new(Kind::Unavailable, detail).retry_after(retry_after).with_undecided_credential()
            }
            AuthenticateError::Unavailable(cause) => {
                let detail = "the identity provider cannot be asked about the credential; try again in a few seconds";
                Self::failure(Kind::Unavailable, detail, &cause).retry_after(UNAVAILABLE_WAIT)
            }
            AuthenticateError::Store(error) => error.into(),
        }
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Refused => Self::new(Kind::SignInRefused, "the name or the password is wrong"),
            SignInError::TooManyAttempts { retry_after } => {
                Self::new(Kind::TooManySignIns, "wait, then try again").retry_after(retry_after)
            }
            SignInError::Password(PasswordError::Busy { retry_after }) => {
                Self::new(Kind::Busy, "try again in a moment").retry_after(retry_after)
            }
            SignInError::Password(error @ PasswordError::Failed(_)) => internal(&error),
            SignInError::Signing(error) => error.into(),
            SignInError::Store(error) => error.into(),
        }
    }
}

impl From<RotateKeyError> for Problem {
    fn from(error: RotateKeyError) -> Self {
        match error {
            RotateKeyError::NotLive => Self::not_found("key that works"),
            RotateKeyError::Store(error) => error.into(),
        }
    }
}

impl From<ChangeRoleError> for Problem {
    fn from(error: ChangeRoleError) -> Self {
        match error {
            ChangeRoleError::NotFound => Self::not_found("user"),
            ChangeRoleError::LastAdmin => Self::new(Kind::LastAdmin, "make somebody else an admin first"),
            ChangeRoleError::Store(error) => error.into(),
        }
    }
}

impl From<ChangeMemberRoleError> for Problem {
    fn from(error: ChangeMemberRoleError) -> Self {
        match error {
            ChangeMemberRoleError::NotMember => Self::not_found("member of such a team"),
            ChangeMemberRoleError::Denied(denied) => denied.into(),
            ChangeMemberRoleError::Store(error) => error.into(),
        }
    }
}

impl From<ReplacePreferencesError> for Problem {
    fn from(error: ReplacePreferencesError) -> Self {
        match error {
            ReplacePreferencesError::Invalid(errors) => Self::validation(&errors),
            ReplacePreferencesError::PreconditionFailed { .. } => {
                Self::new(Kind::PreconditionFailed, "read the preferences again and send the new ETag in If-Match")
            }
            ReplacePreferencesError::Contended => {
                Self::new(Kind::Conflict, "the preferences kept changing meanwhile; try again")
            }
            ReplacePreferencesError::Store(error) => error.into(),
        }
    }
}

impl From<SendCodeError> for Problem {
    fn from(error: SendCodeError) -> Self {
        match error {
            SendCodeError::NoUser => refused(),
            SendCodeError::DeviceNotApplicable => Self::field("deviceId", "is only for the method push"),
            SendCodeError::NoDevice => Self::field("deviceId", "is not one of your devices"),
            SendCodeError::NoDestination { method } => {
                let detail = format!("there is nowhere to send a code by {method}");
                Self::new(Kind::NoDestination, detail)
            }
            SendCodeError::ChannelOff { method } => {
                Self::new(Kind::ChannelOff, format!("nobody is asked to prove {method} here"))
            }
            SendCodeError::DestinationNotAllowed => {
                Self::new(Kind::DestinationNotAllowed, "ask whoever runs this server whether it should send there")
            }
            SendCodeError::OverQuota { scope, retry_after } => {
                let kind = match scope {
                    QuotaScope::Destination(_) => Kind::DestinationQuota,
                    QuotaScope::User(_) => Kind::UserQuota,
                    QuotaScope::Installation => Kind::InstallationQuota,
                };
                Self::new(kind, "wait, then ask for a new code").retry_after(retry_after)
            }
            SendCodeError::TooSoon { retry_after } => {
                Self::new(Kind::TooSoon, "wait, then ask for a new code").retry_after(retry_after)
            }
            SendCodeError::Store(error) => error.into(),
        }
    }
}

impl From<VerifyCodeError> for Problem {
    fn from(error: VerifyCodeError) -> Self {
        match error {
            VerifyCodeError::InvalidOrExpired { attempts_left } => {
                let problem = Self::new(Kind::InvalidOrExpiredCode, "check the code, or ask for a new one");
                match attempts_left {
                    Some(left) => problem.with("attemptsLeft", Value::from(left)),
                    None => problem,
                }
            }
            VerifyCodeError::Exhausted { retry_after } => {
                Self::new(Kind::TooManyAttempts, "this code is dead; ask for a new one").retry_after(retry_after)
            }
            VerifyCodeError::Store(error) => error.into(),
        }
    }
}

impl From<RegisterDeviceError> for Problem {
    fn from(error: RegisterDeviceError) -> Self {
        match error {
            RegisterDeviceError::InvalidToken(error) => Self::field("token", error.to_string()),
            RegisterDeviceError::SessionEnded => refused(),
            RegisterDeviceError::LimitReached => Self::new(Kind::DeviceLimit, "remove a device first"),
            RegisterDeviceError::Store(error) => error.into(),
        }
    }
}

impl From<IssueSessionError> for Problem {
    fn from(error: IssueSessionError) -> Self {
        match error {
            IssueSessionError::NoUser | IssueSessionError::SessionEnded => refused(),
            IssueSessionError::NoDevice => Self::field("deviceId", "is not one of your devices"),
            IssueSessionError::Signing(error) => error.into(),
            IssueSessionError::Store(error) => error.into(),
        }
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Refused(reason) => {
                tracing::info!(?reason, "refresh token refused");
                Self::new(Kind::InvalidRefreshToken, "sign in again")
            }
            RefreshError::Signing(error) => error.into(),
            RefreshError::Store(error) => error.into(),
        }
    }
}
