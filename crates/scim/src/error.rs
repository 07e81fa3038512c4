use muster_domain::directory::{Brake, ChangeError};
use muster_domain::{FieldError, StoreError};
use serde_json::{Value, json};

/// Why a request was refused, as the client is told (RFC 7644, section 3.12, and RFC 9865, section 2.1).
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub struct ScimError {
    /// The HTTP status.
    pub status: u16,
    /// The kind of a refusal, where the RFC names one.
    pub scim_type: Option<&'static str>,
    /// What is wrong, without anybody's data.
    pub detail: String,
    /// When it makes sense to try again, for `Retry-After`.
    pub retry_after_seconds: Option<u64>,
    /// What failed here, for the log and never for the client.
    #[source]
    pub source: Option<StoreError>,
}

impl ScimError {
    /// The answer's body.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": self.status.to_string(),
            "detail": self.detail,
        });
        if let Some(scim_type) = self.scim_type {
            body["scimType"] = scim_type.into();
        }
        body
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, None, "there is no such resource")
    }

    pub(crate) fn precondition_failed() -> Self {
        Self::new(412, None, "the resource is not at the version that If-Match names")
    }

    pub(crate) fn invalid_syntax(detail: impl Into<String>) -> Self {
        Self::new(400, Some("invalidSyntax"), detail)
    }

    pub(crate) fn invalid_value(detail: impl Into<String>) -> Self {
        Self::new(400, Some("invalidValue"), detail)
    }

    pub(crate) fn invalid_filter(detail: impl Into<String>) -> Self {
        Self::new(400, Some("invalidFilter"), detail)
    }

    pub(crate) fn invalid_path(detail: impl Into<String>) -> Self {
        Self::new(400, Some("invalidPath"), detail)
    }

    pub(crate) fn invalid_cursor(detail: impl Into<String>) -> Self {
        Self::new(400, Some("invalidCursor"), detail)
    }

    pub(crate) fn expired_cursor(detail: impl Into<String>) -> Self {
        Self::new(400, Some("expiredCursor"), detail)
    }

    pub(crate) fn invalid_count(detail: impl Into<String>) -> Self {
        Self::new(400, Some("invalidCount"), detail)
    }

    pub(crate) fn no_target(detail: impl Into<String>) -> Self {
        Self::new(400, Some("noTarget"), detail)
    }

    pub(crate) fn mutability(detail: impl Into<String>) -> Self {
        Self::new(400, Some("mutability"), detail)
    }

    /// Everything that is wrong with a resource.
    pub(crate) fn fields(errors: &[FieldError]) -> Self {
        let told: Vec<String> = errors.iter().map(|error| format!("{} {}", error.field, error.detail)).collect();
        Self::invalid_value(told.join("; "))
    }

    fn new(status: u16, scim_type: Option<&'static str>, detail: impl Into<String>) -> Self {
        Self { status, scim_type, detail: detail.into(), retry_after_seconds: None, source: None }
    }
}

impl From<ChangeError> for ScimError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::NotFound => Self::not_found(),
            ChangeError::PreconditionFailed => Self::precondition_failed(),
            ChangeError::Taken => Self::new(
                409,
                Some("uniqueness"),
                "another resource has that name (userName, displayName) or externalId",
            ),
            ChangeError::Braked => Self {
                retry_after_seconds: Some(Brake::RETRY_AFTER.whole_seconds().unsigned_abs()),
                ..Self::new(
                    429,
                    None,
                    "too many people were deactivated within an hour, so further deactivations are refused until an \
                     administrator of Muster has looked and run `muster directory release`",
                )
            },
            // Nothing about the request is wrong: the same one succeeds a moment later.
            ChangeError::Contended => Self {
                retry_after_seconds: Some(1),
                ..Self::new(503, None, "the resource is being changed by others; try again")
            },
            ChangeError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for ScimError {
    fn from(error: StoreError) -> Self {
        let told = match error {
            StoreError::Unavailable(_) => Self {
                retry_after_seconds: Some(5),
                ..Self::new(503, None, "the service cannot reach its store; try again")
            },
            StoreError::Inconsistent { .. } | StoreError::Backend(_) => Self::new(500, None, "the service failed"),
        };
        Self { source: Some(error), ..told }
    }
}
