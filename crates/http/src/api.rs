use std::sync::Arc;

pub use futures_util::future::BoxFuture;
use muster_domain::access::AccessService;
use muster_domain::audit::AuditReader;
use muster_domain::break_glass::BreakGlassService;
use muster_domain::device::DeviceService;
use muster_domain::preferences::PreferenceService;
use muster_domain::session::SessionService;
use muster_domain::team::TeamService;
use muster_domain::user::UserService;
use muster_domain::verification::{ChannelSet, Method, VerificationService};
use muster_domain::{Clock, StoreHealth};
use muster_scim::ScimService;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::openapi::schemas;

/// Everything the routes work with. Built once by the server and shared by its workers.
pub struct Api {
    pub users: UserService,
    pub teams: TeamService,
    pub preferences: PreferenceService,
    /// Shared, because a send goes on when its client has hung up.
    pub verification: Arc<VerificationService>,
    pub devices: DeviceService,
    pub sessions: SessionService,
    pub audit: Arc<dyn AuditReader>,
    /// Admins of last resort; what they show is signed like [`AccessService::access_tokens`].
    pub break_glass: BreakGlassService,
    /// What the company directory's clients are given and give.
    pub scim: ScimService,
    /// Who is calling.
    pub access: AccessService,
    /// The public keys of access tokens as a JWK set (RFC 7517), ready to be served.
    pub jwks: serde_json::Value,
    /// The channels that are on.
    pub channels: ChannelSet,
    pub front_end: FrontEnd,
    pub health: Arc<dyn StoreHealth>,
    pub vitals: Arc<dyn Vitals>,
    pub clock: Arc<dyn Clock>,
    /// Present in development mode only; its routes exist only then.
    pub development: Option<Development>,
}

/// What a front end is told before anybody has signed in, as `GET /api/configuration` shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Configuration)]
pub struct FrontEnd {
    /// The identity provider that people sign in with; null where there is none.
    #[schema(required, examples("https://example.okta.com/oauth2/default"))]
    pub issuer: Option<String>,
    /// The provider's `client_id` of the front end, by `MUSTER_OIDC_CLIENT_ID`; null where none is set.
    #[schema(required, examples("0oa1b2c3d4e5f6g7h8i9"))]
    pub client_id: Option<String>,
    /// The channels that are on.
    #[schema(value_type = Vec<String>, min_items = 1, examples(json!(["email", "sms", "push"])))]
    pub channels: Vec<Method>,
    /// The public key that browsers subscribe to push with (`applicationServerKey`, RFC 8292): an uncompressed point in
    /// base64url. Null where Web Push is off.
    #[schema(
        required,
        examples("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8")
    )]
    pub vapid_public_key: Option<String>,
}

/// What the server knows of itself, for those who run it.
pub trait Vitals: Send + Sync {
    /// Every provider that messages go through, and whether they reach it.
    fn providers(&self) -> Vec<ProviderView>;

    /// All metrics in Prometheus' text format. `brakes` is how many brakes on deactivations hold, when the store says so.
    fn metrics(&self, brakes: Option<usize>) -> BoxFuture<'_, String>;
}

/// A provider, as `GET /readyz` shows it.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = Provider)]
pub struct ProviderView {
    /// For example `ses`.
    #[schema(examples("ses"))]
    pub name: &'static str,
    /// `closed` while messages reach it, `open` while it is left alone because it failed again and again, `half-open`
    /// when the next message tries it.
    #[schema(pattern = "^(closed|open|half-open)$", examples("closed"))]
    pub circuit: &'static str,
}

/// What development mode adds.
pub struct Development {
    /// The messages that were captured instead of sent.
    pub outbox: Arc<dyn Outbox>,
}

/// Where development mode keeps the messages that it does not send.
pub trait Outbox: Send + Sync {
    /// The captured messages, newest first.
    fn messages(&self) -> Vec<OutboxMessage>;
}

/// A captured message, as `GET /dev/outbox` shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OutboxMessage {
    pub id: String,
    /// `email`, `sms` or `push`.
    #[schema(pattern = "^(email|sms|push)$", examples("email"))]
    pub channel: String,
    /// The address, the number or the push token: whole, for this is development.
    #[schema(examples("grace@example.com"))]
    pub to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub subject: Option<String>,
    pub body: String,
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = schemas::Time)]
    pub at: OffsetDateTime,
}
