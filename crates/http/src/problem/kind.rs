use actix_web::http::StatusCode;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident, $slug:literal, $status:ident, $title:literal;)*) => {
        /// What can go wrong. Each has a `type` URI that clients may rely on and `docs/errors.md` explains.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The last part of the `type` URI, and the heading in `docs/errors.md`.
            #[must_use]
            pub fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)* }
            }

            /// The HTTP status.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// The short summary, the same for every occurrence.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

kinds! {
    /// The request cannot be read: not JSON, not UTF-8, cut short.
    MalformedRequest, "malformed-request", BAD_REQUEST, "The request cannot be read";
    /// No valid credential, or its owner is deactivated.
    Unauthenticated, "unauthenticated", UNAUTHORIZED, "A valid credential is needed";
    /// The refresh token is not good, for whatever reason.
    InvalidRefreshToken, "invalid-refresh-token", UNAUTHORIZED, "The refresh token is not valid";
    /// The name or the password of a break-glass account is not right, for whatever reason.
    SignInRefused, "sign-in-refused", UNAUTHORIZED, "The sign-in is refused";
    /// The caller may not do that.
    Forbidden, "forbidden", FORBIDDEN, "The caller may not do that";
    /// There is nothing there.
    NotFound, "not-found", NOT_FOUND, "There is nothing here";
    /// The resource does not take that method.
    MethodNotAllowed, "method-not-allowed", METHOD_NOT_ALLOWED, "The resource does not take this method";
    /// Nothing is on file to send a code to.
    NoDestination, "no-destination", CONFLICT, "There is no destination on file";
    /// Text messages do not go to the country of the number on file.
    DestinationNotAllowed, "destination-not-allowed", CONFLICT, "Text messages do not go to that country";
    /// The installation has the channel off.
    ChannelOff, "channel-off", CONFLICT, "The channel is switched off";
    /// Nobody could undo it.
    LastAdmin, "last-admin", CONFLICT, "The last active admin cannot be demoted";
    /// The person has as many devices as they may.
    DeviceLimit, "device-limit", CONFLICT, "No more devices can be registered";
    /// Others kept changing the same thing meanwhile.
    Conflict, "conflict", CONFLICT, "The resource changed meanwhile";
    /// What is stored is not what the client last saw.
    PreconditionFailed, "precondition-failed", PRECONDITION_FAILED, "The resource is not as the client expects";
    /// The body did not arrive in time.
    RequestTimeout, "request-timeout", REQUEST_TIMEOUT, "The request took too long to arrive";
    /// The body is larger than any request needs.
    PayloadTooLarge, "payload-too-large", PAYLOAD_TOO_LARGE, "The body is too large";
    /// The body is not declared as JSON.
    UnsupportedMediaType, "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "The body must be JSON";
    /// The input breaks rules; `errors` names each field.
    ValidationFailed, "validation-failed", UNPROCESSABLE_ENTITY, "The input breaks rules";
    /// Not the code of a live challenge.
    InvalidOrExpiredCode, "invalid-or-expired-code", UNPROCESSABLE_ENTITY, "The code is invalid or has expired";
    /// Too many wrong codes.
    TooManyAttempts, "too-many-attempts", TOO_MANY_REQUESTS, "Too many wrong codes";
    /// The wait after the last code is not over.
    TooSoon, "too-soon", TOO_MANY_REQUESTS, "A code was sent too recently";
    /// As many codes were sent to the destination as may be.
    DestinationQuota, "destination-quota", TOO_MANY_REQUESTS, "Too many codes were sent there";
    /// As many codes were sent to the person as may be.
    UserQuota, "user-quota", TOO_MANY_REQUESTS, "Too many codes were sent to this person";
    /// As many codes were sent by the installation as may be.
    InstallationQuota, "installation-quota", TOO_MANY_REQUESTS, "Too many codes were sent by this installation";
    /// As many sign-ins were tried for the name or from the address as may be.
    TooManySignIns, "too-many-sign-ins", TOO_MANY_REQUESTS, "Too many sign-ins were tried";
    /// Too many requests without a good credential came from one address.
    TooManyRequests, "too-many-requests", TOO_MANY_REQUESTS, "Too many requests came from this address";
    /// Something failed here.
    Internal, "internal", INTERNAL_SERVER_ERROR, "Something failed on the server";
    /// The store cannot be reached now.
    Unavailable, "unavailable", SERVICE_UNAVAILABLE, "The service is unavailable for the moment";
    /// More passwords are to be checked than may be at once.
    Busy, "busy", SERVICE_UNAVAILABLE, "Too many passwords are being checked";
    /// As many requests are worked on as may be at once.
    Overloaded, "overloaded", SERVICE_UNAVAILABLE, "The server has more to do than it can";
}

impl Kind {
    /// The stable URI that names the kind.
    #[must_use]
    pub fn uri(self) -> String {
        format!("urn:muster:problem:{}", self.slug())
    }

    /// The kind that fits a bare status, for answers that the framework itself gave.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthenticated,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            StatusCode::PAYLOAD_TOO_LARGE => Self::PayloadTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            other if other.is_client_error() => Self::MalformedRequest,
            _ => Self::Internal,
        }
    }
}
